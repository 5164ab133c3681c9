"""Temporary folders: private, and those that a killed process left behind do not stay forever."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from batch.system import temporary
from batch.system.temporary import make_temporary_folder

DAY = 24 * 3600


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    temporary._remove_left.cache_clear()


def leave(parent: Path, pid: int, age: float) -> Path:
    folder = parent / f"campaign-batch-{pid}-left"
    folder.mkdir()
    (folder / "week.csv").write_text("texts")
    then = folder.stat().st_mtime - age
    os.utime(folder, (then, then))
    return folder


def ended_process() -> int:
    """Give the number of a process that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_what_a_killed_process_left_is_taken_away(tmp_path: Path) -> None:
    """A copy of a sheet whose reader was killed goes after a day, not one of a running process, nor a fresh one."""
    ended = ended_process()
    old, running = leave(tmp_path, ended, 2 * DAY), leave(tmp_path, os.getpid(), 2 * DAY)
    foreign, link = tmp_path / "campaign-batch-notes", tmp_path / f"campaign-batch-{ended}-link"
    foreign.mkdir()
    link.symlink_to(foreign)
    made = make_temporary_folder()
    assert not old.exists()
    assert running.exists()
    assert foreign.exists()
    assert link.is_symlink()
    assert made.stat().st_mode & 0o777 == 0o700


def test_what_nobody_holds_any_more_goes_at_once(tmp_path: Path) -> None:
    """The lock of a folder ends with its maker, whoever has its number now; one that is held stays, however old."""
    code = (
        "import os; from batch.system.temporary import make_temporary_folder\n"
        "print(make_temporary_folder(), flush=True); os._exit(0)"
    )
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    dead = Path(subprocess.check_output([sys.executable, "-c", code], env=environ, text=True).strip())
    renamed = dead.rename(tmp_path / f"campaign-batch-{os.getpid()}-held-left")
    mine = make_temporary_folder()
    os.utime(mine, (0, 0))
    assert not renamed.exists()
    temporary._remove_left.cache_clear()
    other = make_temporary_folder()
    assert mine.exists()
    temporary.remove_folder(mine)
    temporary.remove_folder(other)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_today_stays(tmp_path: Path) -> None:
    """Whose maker lives elsewhere, in another container say, is not to be known: only what is old goes."""
    fresh = leave(tmp_path, ended_process(), DAY / 2)
    make_temporary_folder()
    assert fresh.exists()
