"""A command that a signal ends leaves nothing behind: no copy of a sheet, no process, no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from batch.cli.session import DONE, LOOK

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows ends processes without a signal")
LONG = 60_000
"""Rows: a check of so many takes seconds."""


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    row = ",".join(["Sale {0}", "Come in today for 20% off. Reply STOP to opt out", "101", "2031-03-04 14:30"])
    path = tmp_path_factory.mktemp("sheets") / "week.csv"
    lines = ["CampaignName,Message,GroupIds,DateTime", *(row.format(at) for at in range(LONG))]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@contextmanager
def started(folder: Path, *words: object, **more: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command whose temporary files go into `folder`/temporary."""
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    environ = {**os.environ, "TMPDIR": str(temporary), "CAMPAIGN_BATCH_SHEET__TIMEZONE": "America/Chicago", **more}
    command = [sys.executable, "-m", "batch", *map(str, words)]
    with subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def left(folder: Path) -> list[str]:
    """Give what stands in the folder of temporary files; some of it may go meanwhile."""
    return sorted(name for _, folders, files in os.walk(folder / "temporary") for name in (*folders, *files))


def wait_for(condition: object, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 60
    while not condition():  # type: ignore[operator]
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.005)


def children(pid: int) -> list[int]:
    """Give the processes that a process started, and theirs."""
    told = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in told.splitlines()]
    own = [one for one, above in pairs if above == pid]
    return own + [one for above in own for one in children(above)]


def lives(pid: int) -> bool:
    """Say whether a process runs: neither gone nor waiting to be asked how it ended."""
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(told.strip()) and not told.startswith("Z")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_a_check_that_is_ended_takes_its_copies_away(
    tmp_path: Path, sheet: Path, number: signal.Signals, seconds: float
) -> None:
    """At whatever moment: the exit code is the shells', and the processes that it started end, too."""
    with started(tmp_path, "check", sheet) as process:
        wait_for(lambda: sheet.name in left(tmp_path) and children(process.pid), process)
        others = children(process.pid)
        time.sleep(seconds)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (128 + number, "")
    assert err.strip() == "interrupted; nothing was sent: type the same command again"
    assert left(tmp_path) == []
    assert [pid for pid in others if lives(pid)] == []


def test_a_terminal_that_is_closed_ends_a_check(tmp_path: Path, sheet: Path) -> None:
    """Nothing can be written there any more: that is no internal error, and no other exit code."""
    import pty

    master, slave = pty.openpty()
    environ = {**os.environ, "TMPDIR": str(tmp_path), "CAMPAIGN_BATCH_SHEET__TIMEZONE": "America/Chicago"}
    code = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); from batch.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "check", str(sheet)],
        stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True,
    ) as process:  # fmt: skip
        os.close(slave)
        wait_for(lambda: any(sheet.name in files for _, _, files in os.walk(tmp_path)), process)
        os.close(master)
        assert process.wait(60) == 128 + signal.SIGHUP
    assert list(tmp_path.iterdir()) == []


def test_a_hangup_that_was_to_be_ignored_is(tmp_path: Path, sheet: Path) -> None:
    """`nohup campaign-batch ...` goes on when the terminal is closed."""
    code = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "os.execv(sys.executable, [sys.executable, '-m', 'batch', 'check', sys.argv[1]])"
    )
    environ = {**os.environ, "TMPDIR": str(tmp_path), "CAMPAIGN_BATCH_SHEET__TIMEZONE": "America/Chicago"}
    with subprocess.Popen([sys.executable, "-c", code, str(sheet)], env=environ, stderr=subprocess.DEVNULL) as process:
        wait_for(lambda: any(sheet.name in files for _, _, files in os.walk(tmp_path)), process)
        process.send_signal(signal.SIGHUP)
        assert process.wait(60) in (DONE, LOOK)


def test_what_a_killed_check_left_goes_with_the_next_one(tmp_path: Path, sheet: Path) -> None:
    """A kill leaves the copy; whoever reads a sheet next takes it away, and leaves alone what others read just now."""
    with started(tmp_path, "check", sheet) as killed:
        wait_for(lambda: sheet.name in left(tmp_path), killed)
        killed.kill()
        killed.wait(60)
        remains = set((tmp_path / "temporary").iterdir())
    assert remains
    with started(tmp_path, "check", sheet) as other:
        wait_for(lambda: sheet.name in left(tmp_path) and not any(map(Path.exists, remains)), other)
        with started(tmp_path, "check", tmp_path / "none.csv") as third:
            third.wait(60)
        assert sheet.name in left(tmp_path)


def test_a_second_signal_ends_a_run_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    """The first is a wish; after the second nothing is waited for."""
    code = (
        "import os, signal, time\n"
        "from batch.cli.interrupt import Interrupt\nfrom batch.cli.screen import Screen\n"
        "from batch.system.temporary import make_temporary_folder\n"
        "interrupt = Interrupt()\ninterrupt.command = 'submit'\ninterrupt.listen(Screen())\n"
        "(make_temporary_folder() / 'week.csv').write_text('texts')\n"
        "os.kill(os.getpid(), signal.SIGHUP)\n"
        "print(interrupt.asked(), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGHUP)\n"
        "time.sleep(60)\n"
    )
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (-signal.SIGHUP, "True\n")
    assert "finishing the campaign" in done.stderr
    assert list(tmp_path.iterdir()) == []
