"""What lies in a claim: the copy that is read and filed, what was opened for it, and how often it failed."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from batch.adapters.inbox.plain_files import copy_plain, read_small
from batch.model.records import dataclass
from batch.system.disk import Readers, write_whole

_TAKEN, _PART, _ORIGINAL, _FAILURES = ".taken", ".part", ".original", ".failures"


@dataclass(frozen=True, slots=True)
class Taken:
    """A file as it was when it was opened: only this counts, whatever is written to it later."""

    size: int
    mtime_ns: int
    uid: int | None
    """Its owner's number, where the system has one."""


def make_private(place: Path) -> None:
    """Make a folder that nobody else can look into or write to, where the system has rights."""
    place.mkdir(mode=0o700)


def is_private(place: Path) -> bool:
    """Whether a claim's folder is still the one that was made, and nobody else's."""
    state = place.lstat()
    if not stat.S_ISDIR(state.st_mode):
        return False
    return os.name != "posix" or (state.st_uid == os.geteuid() and not state.st_mode & 0o022)


def take_copy(path: Path) -> Taken:
    """Put a copy of what one opening of a file gives in its place; it goes on to be `path`.

    Raises OddFileError for what is not a plain file. Asked again after a kill it makes another copy; who owned the file
    that was dropped is remembered.
    """
    before = read_taken(path)
    with contextlib.suppress(OSError):
        path.with_name(_PART).unlink()
    with contextlib.suppress(OSError):
        path.with_name(_ORIGINAL).unlink()  # linked just before a kill: the file has one name again
    state = copy_plain(path, path.with_name(_PART))
    owner = state.st_uid if os.name == "posix" else None
    taken = before or Taken(state.st_size, state.st_mtime_ns, owner)
    with contextlib.suppress(OSError):
        path.with_name(_PART).chmod(stat.S_IMODE(state.st_mode) & 0o666 | 0o600)
        os.utime(path.with_name(_PART), ns=(state.st_atime_ns, state.st_mtime_ns))
    note_taken(path, taken.size, taken.mtime_ns, taken.uid)
    with contextlib.suppress(OSError, NotImplementedError):
        os.link(path, path.with_name(_ORIGINAL))
    path.with_name(_PART).replace(path)
    return taken


def note_taken(path: Path, size: int, mtime_ns: int, uid: int | None) -> None:
    """Note of a file how it was when it was taken, and whose."""
    write_whole(path.with_name(_TAKEN), f"{size} {mtime_ns} {_number(uid)}".encode(), Readers.OWNER)


def find_newer(path: Path, taken: Taken) -> Path | None:
    """Give the file that was dropped, where somebody went on writing to it after it was taken."""
    original = path.with_name(_ORIGINAL)
    try:
        state = original.stat()
    except OSError:
        return None
    return None if (state.st_size, state.st_mtime_ns) == (taken.size, taken.mtime_ns) else original


def read_taken(path: Path) -> Taken | None:
    """Read what was noted of a file when it was taken."""
    try:
        size, mtime, uid = map(int, read_small(path.with_name(_TAKEN)).split())
    except ValueError:
        return None
    return Taken(size, mtime, None if uid < 0 else uid)


def read_failures(path: Path) -> int:
    """Give how many runs began with a file and did not end."""
    try:
        return int(read_small(path.with_name(_FAILURES)))
    except ValueError:
        return 0


def write_failures(path: Path, number: int) -> None:
    """Note how many runs began with a file and did not end."""
    with contextlib.suppress(OSError):
        write_whole(path.with_name(_FAILURES), str(number).encode(), Readers.OWNER)


def remove_empty(place: Path) -> None:
    """Remove a claim's folder once its file is gone, with what else of ours lies in it."""
    with contextlib.suppress(OSError):
        for file in list(place.iterdir()):
            if file.name.startswith("."):
                file.unlink()
        place.rmdir()


def _number(uid: int | None) -> int:
    return -1 if uid is None else uid
