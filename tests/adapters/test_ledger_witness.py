"""A ledger file that is replaced while a command runs is named as that, and nothing is sent any more.

About files alone: who replaces a database ends every connection to it, and with it the turn of who submits.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli_support import Shell, row, write_csv

from batch.adapters.ledger import open_ledger
from batch.adapters.sandbox import Sandbox
from batch.model.errors import LedgerReplacedError
from tests.ledger_support import NOW, accept, claim, decide, open_at, plan, plan_one

pytestmark = pytest.mark.proof


def by_rename(path: Path, copy: Path) -> None:
    shutil.copy(copy, path.with_name("copy"))
    path.with_name("copy").replace(path)


def by_content(path: Path, copy: Path) -> None:
    path.write_bytes(copy.read_bytes())


def by_database(path: Path, copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)


def by_taking_away(path: Path, _copy: Path) -> None:
    path.rename(path.with_name("gone"))


WAYS = (by_rename, by_content, by_database, by_taking_away)


@pytest.mark.parametrize("replace", WAYS)
def test_an_older_state_in_the_ledgers_place_is_named(tmp_path: Path, replace: Callable[[Path, Path], None]) -> None:
    """By another file or in the same one: no intent is written, and nothing else."""
    with open_at(tmp_path) as ledger:
        first = plan_one(ledger)
        copy = ledger.upkeep.backup(NOW)
        second = plan(ledger, decide(3))[3]
        assert ledger.entries.get(second).status == "planned"
        replace(tmp_path / "ledger.sqlite3", copy)
        for act in (
            lambda: claim(ledger, first),
            ledger.entries.planned,
            lambda: ledger.journal.note_run("submit", NOW),
        ):
            with pytest.raises(LedgerReplacedError, match="while this command ran"):
                act()


def test_another_ledger_in_its_place_is_named_though_it_knows_more(tmp_path: Path) -> None:
    """Each ledger has a mark of its own."""
    (tmp_path / "other").mkdir()
    with open_at(tmp_path / "other") as other:
        plan(other, *(decide(number) for number in range(2, 30)))
        copy = other.upkeep.backup(NOW)
    with open_at(tmp_path) as ledger:
        entry = plan_one(ledger)
        by_content(tmp_path / "ledger.sqlite3", copy)
        with pytest.raises(LedgerReplacedError, match="other content"):
            claim(ledger, entry)


def test_two_processes_on_one_ledger_are_no_replacement(tmp_path: Path) -> None:
    """What the one writes the other sees, as ever; a migration and a backup beside are none either."""
    with open_at(tmp_path) as ledger, open_at(tmp_path) as other:
        entry = plan_one(ledger)
        accept(other, entry)
        ledger.upkeep.backup(NOW + timedelta(days=1))
        assert ledger.entries.get(entry).status == "accepted"
        assert plan(other, decide(5))


def _replace_after(sandbox: Sandbox, posts: int, act: Callable[[], None]) -> threading.Thread:
    """Do something as soon as so many requests have come."""

    def wait() -> None:
        while len(sandbox.posts) < posts:
            threading.Event().wait(0.002)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.parametrize("replace", [by_rename, by_database, by_taking_away])
def test_a_run_stops_with_3_before_its_next_request(
    shell: Shell, tmp_path: Path, replace: Callable[[Path, Path], None]
) -> None:
    """What went before is found again by the next run, and nothing goes twice."""
    path = tmp_path / "ledger.sqlite3"
    with Sandbox(limit=0, latency=0.05) as sandbox:
        shell.set(PROVIDER__URL=sandbox.url, PROVIDER__ACCESS_TOKEN=sandbox.token)
        shell.set(PROVIDER__SETTLE="0.4", PROVIDER__SETTLE_GAP="0.1")
        write_csv(tmp_path / "first.csv", [row(1)])
        assert shell.run("submit", "first.csv").code == 0
        with open_ledger(f"sqlite:///{path}", now=datetime.now(UTC)) as ledger:
            copy = ledger.upkeep.backup(datetime.now(UTC))
        write_csv(tmp_path / "week.csv", (row(number) for number in range(11, 30)))
        thread = _replace_after(sandbox, 4, lambda: replace(path, copy))
        ran = shell.run("submit", "week.csv")
        thread.join()
        assert (ran.code, "while this command ran" in ran.err) == (3, True), ran.err
        assert len(sandbox.posts) <= 6

        assert shell.run("ledger", "restore", "--yes", copy.name).code == 0
        assert shell.run("submit", "week.csv").code == 0
        names = [campaign.name for campaign in sandbox.campaigns]
        assert len(names) == len(set(names)) == 20


def test_a_watch_ends_with_3(ready: Shell, tmp_path: Path) -> None:
    """The one that is started next opens the file that lies there now."""
    from batch.workflows.context import World
    from batch.workflows.watch import watch_folder

    session_settings = _settings(ready)
    looks = 0

    def wait(_seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            path = tmp_path / "ledger.sqlite3"
            shutil.copy(path, tmp_path / "copy")
            (tmp_path / "copy").replace(path)
        assert looks < 5

    with pytest.raises(LedgerReplacedError):
        watch_folder(session_settings, World(), wait=wait, folder=tmp_path / "inbox")


def _settings(shell: Shell) -> object:
    import os

    from batch.cli.session import session

    shell.set(SHEET__TIMEZONE="America/New_York")
    session.__init__()  # type: ignore[misc]
    session.environ = dict(os.environ)
    return session.settings()
