"""Ctrl-C: what each command ends, what it leaves, and what it says to type next."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_support import Shell, row, write_csv
from terminal_support import answer_at_terminal

from batch.cli.interrupt import AT_ONCE, Interrupt
from batch.cli.usage import WEEK

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another thing there")
AGAIN = "type the same command again"


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A provider that takes a connection and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        yield server


def interrupt(words: tuple[object, ...], silent: socket.socket, number: int, folder: Path) -> tuple[int, str]:
    """Run a command until it waits for the provider, then interrupt it; give its exit code and what it said."""
    url = f"http://127.0.0.1:{silent.getsockname()[1]}"
    environ = {
        **os.environ, "CAMPAIGN_BATCH_PROVIDER__URL": url, "CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN": "t",
        "CAMPAIGN_BATCH_PROVIDER__TIMEZONE": "America/New_York",
    }  # fmt: skip
    command = [sys.executable, "-m", "batch", *map(str, words)]
    with subprocess.Popen(command, cwd=folder, env=environ, stderr=subprocess.PIPE, text=True) as process:
        connection, _ = silent.accept()
        with connection:
            process.send_signal(number)
            _, said = process.communicate(timeout=60)
    return process.returncode, said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_check_ends_at_once_and_names_no_other_command(number: int, silent: socket.socket, tmp_path: Path) -> None:
    """Nothing is to resume: it decides nothing and sends nothing."""
    path = write_csv(tmp_path / "a.csv", [row()])
    code, said = interrupt(("check", path, "--online"), silent, number, tmp_path)
    assert (code, said.splitlines()[-1]) == (128 + number, f"interrupted; nothing was sent: {AGAIN}")
    assert "on its way" not in said


def test_a_doctor_that_waits_ends_at_once(silent: socket.socket, tmp_path: Path) -> None:
    """Who cannot reach the provider need not wait for it."""
    code, said = interrupt(("doctor",), silent, signal.SIGINT, tmp_path)
    assert (code, said.splitlines()[-1]) == (130, f"interrupted; nothing was sent: {AGAIN}")


def test_who_is_asked_may_leave(ready: Shell, tmp_path: Path) -> None:
    """Ctrl-C at the question is no answer: nothing was begun, nothing is on its way, and nothing is to resume."""
    path = write_csv(tmp_path / "a.csv", [row()])
    code, shown = answer_at_terminal(["submit", str(path)], [("[y/N]", "\x03")], tmp_path)
    assert code == 130
    assert f"interrupted; nothing was sent: {AGAIN}" in shown.splitlines()[-1]
    assert "on its way" not in shown
    assert ready.run("ledger", "list").out == ""


@pytest.mark.parametrize("command", [*WEEK, *sorted(AT_ONCE)])
def test_no_command_names_one_that_has_nothing_to_do(
    command: str, shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only what left rows in the ledger is to resume; a watch is started again as it was, with its folder or --once."""
    from batch.cli.screen import Screen

    wish = Interrupt()
    wish.command = command
    wish.tell(Screen())
    said = capsys.readouterr().err
    assert ("campaign-batch resume" in said) == (command in {"approve", "resume"})
    assert (f"campaign-batch {command}" in said) == (command == "resume")
    assert (f"nothing is lost: {AGAIN}" in said) or command not in {"watch", "worker"}
    wish.planned = True
    wish.tell(Screen())
    assert 'type "campaign-batch resume" to go on' in capsys.readouterr().err
