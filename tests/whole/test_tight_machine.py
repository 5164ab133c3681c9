"""A machine without room for a process, a file or a thread: no sheet is blamed for it, and none is lost."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cli_support import Shell, narrowed, row, write_csv
from sheet_support import READY_TO
from weekly_support import weekly

from batch.adapters.marked import child as marked_room
from batch.adapters.sheet import child as child_room
from batch.adapters.sheet import open_sheet
from batch.model.errors import MachineError, SheetError
from batch.workflows.doctor import examine

POSIX = pytest.mark.skipif(os.name != "posix", reason="these are limits of POSIX")
Tight = Callable[[pytest.MonkeyPatch], None]


def no_program(patch: pytest.MonkeyPatch) -> None:
    """The interpreter is not there any more: somebody updates it."""
    patch.setattr(sys, "executable", "/nowhere/python")


def no_folder(patch: pytest.MonkeyPatch) -> None:
    """There is nowhere for temporary files."""
    patch.setattr(tempfile, "tempdir", "/nowhere")


def no_memory(patch: pytest.MonkeyPatch) -> None:
    """The process is made, and has no room to load what it needs: it ends before it has seen any file."""
    boot = "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**20, 2**20))\n"
    for room in (child_room, marked_room):
        patch.setattr(room, "_BOOT", boot + room._BOOT)


TIGHT = [no_program, no_folder, pytest.param(no_memory, marks=POSIX)]


def sheet(folder: Path, name: str = "a.csv") -> Path:
    """Write a sheet of one good and one bad row."""
    return write_csv(folder / name, [row(1), row(2, Message="")])


@pytest.mark.parametrize("make", TIGHT)
def test_a_reader_that_cannot_start_is_no_fault_of_the_file(
    make: Tight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trouble of the machine, with its word and what to do; once there is room the same file is read."""
    path = sheet(tmp_path)
    with monkeypatch.context() as patch:
        make(patch)
        with pytest.raises(MachineError, match="this machine cannot") as caught:
            open_sheet(path)
        assert "try again" in str(caught.value)
        assert "a.csv" not in str(caught.value)
    assert len(list(open_sheet(path))) == 2


@POSIX
def test_too_few_open_files_are_no_fault_of_the_file(tmp_path: Path) -> None:
    """The file itself cannot be opened, or no pipe to a reader."""
    path = sheet(tmp_path)
    spare = os.dup(0)
    os.close(spare)
    for more in (0, 2, 4):
        with narrowed("RLIMIT_NOFILE", spare + more), pytest.raises(MachineError, match="Too many open files"):
            open_sheet(path)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_NPROC counts so there")
def test_no_process_and_no_thread_are_no_fault_of_the_file() -> None:
    """A user who may start nothing more; root may always, so the test becomes somebody else."""
    with tempfile.TemporaryDirectory() as folder:  # pytest's own is closed to others
        Path(folder).chmod(0o777)
        path = sheet(Path(folder))
        path.chmod(0o644)
        assert "this machine cannot start the process that reads files (Resource temp" in _said_by(path)


def _said_by(path: Path) -> str:
    """Give what a forked process says that may start nothing."""
    said, told = os.pipe()
    if os.fork() == 0:
        with suppress(BaseException):
            os.write(told, _without_processes(path, path.parent).encode())
        os._exit(0)
    os.close(told)
    with os.fdopen(said, encoding="utf-8") as answer:
        return answer.read()


def _without_processes(path: Path, folder: Path) -> str:
    import resource

    if os.geteuid() == 0:
        os.setgroups([])
        os.setuid(65_534)
    tempfile.tempdir = str(folder)
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    try:
        open_sheet(path)
    except BaseException as trouble:
        return f"{type(trouble).__name__} {trouble}"
    return "read"


@POSIX
def test_a_full_disk_for_temporary_files_is_no_fault_of_the_file(tmp_path: Path, shell: Shell) -> None:
    """The copy that would be read cannot be kept."""
    shell.set(SHEET__TIMEZONE="America/New_York")
    path = sheet(tmp_path)
    with narrowed("RLIMIT_FSIZE", 10):
        ran = shell.run("check", path)
    assert ran.code == 3
    assert "this machine cannot keep a temporary file (File too large): make room in the folder for" in ran.err


@pytest.mark.parametrize("make", TIGHT)
def test_a_dropped_sheet_stays_and_goes_once_there_is_room(make: Tight, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not filed as bad, nobody is told that it is, and it counts no failure, however long that lasts."""
    with weekly() as team:
        team.drop(2)
        with monkeypatch.context() as patch:
            make(patch)
            watched = team.watch(400)
        assert isinstance(watched.trouble, MachineError)
        assert team.files("attention") == []
        assert len(list(team.folder.glob("working/*/week.csv"))) == 1
        assert "cannot be taken in" not in team.desk.words()
        assert team.desk.sandbox.posts == []
        team.watch(400)
        assert [name.rpartition(" ")[2] for name in team.sheets("done")] == ["week.csv"]
        assert len(team.desk.sandbox.posts) == 2


def test_campaigns_go_where_only_the_marked_copy_cannot_be_made(
    ready: Shell, sandbox: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, and not as if the file were at fault; `check --marked` ends in the same words."""
    path = sheet(tmp_path)
    monkeypatch.setattr(marked_room, "_BOOT", "import os; os._exit(1)")
    ran = ready.run("submit", path, "--yes")
    assert len(sandbox.posts) == 1
    words = "this machine cannot start the process that reads files (exit code 1)"
    assert words in " ".join(ran.err.split())
    ran = ready.run("check", path, "--marked", tmp_path / "m.xlsx")
    assert ran.code == 3
    assert words in " ".join(ran.err.split())


def test_a_reader_that_the_system_ends_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a file, as Linux does when memory is short."""
    monkeypatch.setattr(child_room, "_BOOT", READY_TO + "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(SheetError, match="the system ended the reader, most likely because memory is short"):
        open_sheet(sheet(tmp_path))


def test_doctor_tries_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """And names what is in its way."""
    with weekly() as team:
        no_folder(monkeypatch)
        line = next(one for one in examine(team.desk.settings, team.desk.world) if one.line == "reader of files")
        assert (line.state, "temporary file" in line.words) == ("broken", True)
