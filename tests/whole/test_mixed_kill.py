"""Killed in the middle of a sheet of two accounts, on either database: resumed and dropped again, nothing twice."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from accounts_support import Town, open_town
from cli_support import Shell, row, write_csv

ROWS = 6


@pytest.fixture
def town(shell: Shell, tmp_path: Path, database: str) -> Iterator[Town]:
    with open_town(shell, tmp_path) as opened:
        opened.settings(top=f'[ledger]\nurl = "{database}"\n[checks]\ntexts_per_day = 0\nclose_hours = 0\n')
        yield opened


def kill_at(town: Town, account: str, count: int, *words: str) -> None:
    """Run a command until an account's provider holds so many campaigns, and kill it there."""
    with subprocess.Popen(
        [sys.executable, "-m", "batch", *words], cwd=town.folder, env=dict(os.environ), stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None and len(town.names(account)) < count:
            time.sleep(0.005)
        process.kill()


def test_a_kill_in_either_account_doubles_and_loses_nothing(town: Town) -> None:
    """Each account resumes by itself; the same file brings what was never begun."""
    rows = [row(number, Account=("dallas", "austin")[number % 2]) for number in range(1, 2 * ROWS + 1)]
    sheet = write_csv(town.folder / "week.csv", rows)
    kill_at(town, "austin", 2, "submit", str(sheet), "--yes")
    kill_at(town, "dallas", 3, "submit", str(sheet), "--yes")
    for account in ("dallas", "austin"):
        assert town.shell.run("resume", "--account", account).code in {0, 1}
    ran = town.shell.run("submit", sheet, "--yes", "--json")
    assert ran.code == 0, ran.err
    assert [one["account"] for one in ran.lines] == ["austin", "dallas"]
    wanted = {"dallas": range(2, 2 * ROWS + 1, 2), "austin": range(1, 2 * ROWS, 2)}
    for account, numbers in wanted.items():
        assert town.names(account) == sorted(f"Campaign {number}" for number in numbers)
        assert "the ledger is whole" in town.shell.run("ledger", "verify", "--account", account).err
