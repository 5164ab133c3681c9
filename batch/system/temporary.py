"""Temporary folders that only this user can look into."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from batch.model.errors import MachineError

_PREFIX = "campaign-batch-"
_FORGOTTEN = 24 * 3600.0
"""Seconds after which a folder is taken away whose maker was killed; no command works for that long on one."""


def make_temporary_folder() -> Path:
    """Make a folder that only this user can look into; whoever made it removes it. Raises MachineError.

    The first of a process also takes away what killed processes left: copies of sheets hold people's texts.
    """
    _remove_forgotten()
    try:
        return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    except OSError as error:
        raise no_room(error) from error


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


@cache
def _remove_forgotten() -> None:
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and entry.name.count("-") > _PREFIX.count("-"):
                with suppress(OSError):
                    if _is_forgotten(entry):
                        shutil.rmtree(entry.path, ignore_errors=True)


def _is_forgotten(entry: os.DirEntry[str]) -> bool:
    """Say whether a folder of ours is old and its maker gone; what others own, or a link, is left alone."""
    state = entry.stat(follow_symlinks=False)
    ours = stat.S_ISDIR(state.st_mode) and state.st_uid == getattr(os, "getuid", lambda: 0)()
    return ours and time.time() - state.st_mtime > _FORGOTTEN and not _lives(entry.name.split("-")[2])


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
