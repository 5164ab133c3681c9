"""Temporary folders that only this user can look into, and which of them nobody uses any more."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from batch.model.errors import MachineError

_PREFIX = "campaign-batch-"
_HELD = "held"
"""Stands in the name of a folder that its maker holds locked as long as it lives: without the lock nobody uses it."""
_FORGOTTEN = 24 * 3600.0
"""Seconds after which one goes that cannot be locked, as on Windows: no command works for that long on one."""
_BETWEEN_LOOKS = 600
"""Seconds until a process that runs on, as a watch does, looks again for what others left."""
_locks: dict[str, int] = {}
"""The folders of this process, each with the descriptor whose lock says so to others, or -1."""


def make_temporary_folder() -> Path:
    """Make a folder that only this user can look into; `remove_folder` takes it away. Raises MachineError.

    Now and then this also takes away what killed processes left: copies of sheets hold people's texts.
    """
    _remove_left(int(time.monotonic() / _BETWEEN_LOOKS))
    try:
        while not (folder := _make_locked()):
            pass  # whoever looks for what was left saw it before its lock, and takes it away
    except OSError as error:
        raise no_room(error) from error
    return Path(folder)


def remove_folder(folder: Path | str) -> None:
    """Take a temporary folder away with all that is in it; it may be gone already."""
    shutil.rmtree(folder, ignore_errors=True)
    _let_go(str(folder))


def remove_all() -> None:
    """Take all folders of this process away: it ends at once."""
    for folder in list(_locks):
        remove_folder(folder)


def keep_temporarily(path: Path, content: bytes) -> None:
    """Write a file into such a folder; raises MachineError."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise no_room(error) from error


def no_room(error: OSError) -> MachineError:
    """Say that no temporary file can be kept."""
    why = error.strerror or type(error).__name__
    remedy = "make room in the folder for temporary files (TMPDIR names it), then try again"
    return MachineError(f"this machine cannot keep a temporary file ({why})", remedy)


@lru_cache(maxsize=1)
def _remove_left(_look: int) -> None:
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and entry.name.count("-") > _PREFIX.count("-"):
                with suppress(OSError):
                    _remove_if_left(entry)


def _remove_if_left(entry: os.DirEntry[str]) -> None:
    """Remove a folder of ours whose maker is gone; what others own, or a link, is left alone."""
    state = entry.stat(follow_symlinks=False)
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != getattr(os, "getuid", lambda: 0)():
        return
    pid, kind = entry.name.split("-")[2:4]
    lock = _lock(entry.path) if kind == _HELD else -1
    if lock >= 0 or (time.time() - state.st_mtime > _FORGOTTEN and not _lives(pid)):
        shutil.rmtree(entry.path, ignore_errors=True)
    if lock >= 0:
        os.close(lock)


def _make_locked() -> str:
    """Make a folder and lock it; empty where another process was faster."""
    folder = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-{_HELD}-")
    with suppress(FileNotFoundError, BlockingIOError):
        _locks[folder] = _lock(folder)
        if os.path.isdir(folder):  # noqa: PTH112  str, as it is kept
            return folder
    _let_go(folder)
    return ""


def _lock(folder: str) -> int:
    """Lock a folder against other processes, those in other containers too; -1 where the system has no such locks.

    Raises BlockingIOError where it is locked.
    """
    try:
        import fcntl
    except ImportError:
        return -1
    handle = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if isinstance(error, BlockingIOError):
            raise
        return -1
    return handle


def _let_go(folder: str) -> None:
    if (lock := _locks.pop(folder, -1)) >= 0:
        os.close(lock)


def _lives(pid: str) -> bool:
    if os.name != "posix" or not pid.isdecimal():
        return False  # on Windows signal 0 would end the process; a file that is open there cannot be removed anyway
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True
