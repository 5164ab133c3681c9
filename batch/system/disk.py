"""The disk: what lies under a name is whole or not there, and only those read it who may.

It alone writes beside a place and renames, and sets rights: those of POSIX. Where the system has none, as on Windows, a
folder's own list decides.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from batch.model.errors import UsageError

HAS_MODES = os.name == "posix"

_CANNOT_FLUSH = frozenset({errno.EINVAL, errno.ENOTSUP})
"""What a file system says that has no fsync, as some shares have none: no reason to lose the file."""

_OTHERS = stat.S_IRWXO
_GROUPS_OWN = stat.S_ISGID | stat.S_IRWXG
"""What a folder bears that belongs to a group: what is made in it is that group's, too."""


class Readers(Enum):
    """Who may read what is written, whatever the umask."""

    OWNER = "owner"
    """This user (0600), and the group in a folder that was given to one (0660)."""
    FOLDER = "folder"
    """Whoever may read the folder that it lies in: people share that one."""
    UMASK = "umask"
    """Whoever the system lets: it holds nothing of anybody."""


@contextmanager
def replacing(path: Path, readers: Readers = Readers.OWNER) -> Iterator[BinaryIO]:
    """Open a draft beside `path`, in a folder that is there, that takes the path's place when the block ends well.

    When it does not, or on a full disk, what was there before stays. Nobody takes a draft for a sheet: its name
    begins with a dot. Raises OSError.
    """
    draft = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with open(draft, "xb", opener=_open_private if readers is not Readers.UMASK else _open_by_umask) as file:
            _give(file.fileno(), path.parent, readers)
            yield file
            file.flush()
            flush_to_disk(file.fileno())
        draft.replace(path)  # only now that it is closed: Windows renames no open file
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def write_whole(path: Path, content: bytes, readers: Readers = Readers.OWNER) -> Path:
    """Write a file in one step; see `replacing`."""
    with replacing(path, readers) as file:
        file.write(content)
    return path


def copy_whole(source: Path, path: Path, readers: Readers = Readers.OWNER) -> Path:
    """Copy a file to another place in one step; see `replacing`."""
    with source.open("rb") as read, replacing(path, readers) as file:
        shutil.copyfileobj(read, file)
    return path


def make_folder(path: Path, readers: Readers = Readers.OWNER, *, parents: bool = True) -> Path:
    """Make a folder, and with `parents` those above it; one that is there stays as it is. Raises OSError."""
    if path.is_dir():
        return path
    if parents and not path.parent.is_dir():
        make_folder(path.parent, readers)
    try:
        path.mkdir(mode=0o775 if readers is Readers.UMASK else 0o700)
    except FileExistsError:
        if not path.is_dir():
            raise
        return path  # somebody else made it meanwhile
    if HAS_MODES and readers is not Readers.UMASK:
        with suppress(OSError):  # a share that keeps rights of its own
            path.chmod(_folder_mode(path.parent, readers))
    return path


def make_private(path: Path) -> Path:
    """Make an empty file that only its owner, or its folder's group, reads; one that is there gets such rights."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    if HAS_MODES:
        with suppress(PermissionError):  # another member of the group made it
            path.chmod(mode_within(path.parent))
    return path


def make_beside(path: Path, other: Path) -> Path:
    """Make an empty file with the rights and the group of another one; one that is there stays as it is."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        if HAS_MODES:
            found = other.stat()
            with suppress(PermissionError):
                os.chown(path, -1, found.st_gid)
                path.chmod(found.st_mode & 0o660)
    return path


def mode_within(folder: Path, readers: Readers = Readers.OWNER) -> int:
    """Give the mode of a file that is made in a folder."""
    found = _mode(folder)
    if readers is Readers.FOLDER:
        return (found & 0o664) | 0o600
    return 0o660 if _is_a_groups(found) else 0o600


def tighten(path: Path, group: int | None = None, keep: int = 0) -> int | None:
    """Take a file or a folder away from everybody but this user, or but one group; give its mode before.

    None when nothing had to be changed; see `wanted_mode`. Raises PermissionError for what is another user's.
    """
    wanted = wanted_mode(path, group, keep)
    if wanted is None:
        return None
    found = path.lstat()
    if group is not None and found.st_gid != group:
        os.chown(path, -1, group, follow_symlinks=False)
    path.chmod(wanted)  # behind the chown, which takes the folder's own bit away
    return stat.S_IMODE(found.st_mode)


def wanted_mode(path: Path, group: int | None = None, keep: int = 0) -> int | None:
    """Give the mode that a file or folder needs and has not: 0600 and 0700, or for a group 0660 and 2770.

    `keep` are bits for others that stay where they are. None when it is right, not there, a link or something else, or
    where the system has no modes.
    """
    if not HAS_MODES:
        return None
    try:
        found = path.lstat()
    except OSError:
        return None
    is_folder, mode = stat.S_ISDIR(found.st_mode), stat.S_IMODE(found.st_mode)
    if not is_folder and not stat.S_ISREG(found.st_mode):
        return None
    if group is None:
        open_to = mode & (stat.S_IRWXG | _OTHERS) & ~keep
        return (0o700 if is_folder else 0o600) | (mode & keep) if open_to else None
    wanted = (0o2770 if is_folder else 0o660) | (mode & keep & _OTHERS)
    return wanted if mode != wanted or found.st_gid != group else None


def find_group(name: str) -> int | None:
    """Give the number of a group of this system; None for no name, or where there are no groups. Raises UsageError."""
    if not name or not HAS_MODES:
        return None
    import grp

    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        remedy = "correct [ledger] group, or let an administrator make it"
        raise UsageError(f'there is no group "{name}" on this machine', remedy) from None


def is_sticky(folder: Path) -> bool:
    """Whether a folder is everybody's, as `/tmp` is."""
    return bool(_mode(folder) & stat.S_ISVTX)


def _open_private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _open_by_umask(name: str, flags: int) -> int:
    return os.open(name, flags, 0o664)  # never for everybody to change, even where no umask is set


def _give(handle: int, folder: Path, readers: Readers) -> None:
    if HAS_MODES and readers is not Readers.UMASK:
        with suppress(OSError):  # a share that keeps rights of its own
            os.fchmod(handle, mode_within(folder, readers))


def _folder_mode(above: Path, readers: Readers) -> int:
    found = _mode(above)
    if readers is Readers.FOLDER:
        return (found & 0o2775) | 0o700
    return 0o2770 if _is_a_groups(found) else 0o700


def _is_a_groups(mode: int) -> bool:
    return mode & _GROUPS_OWN == _GROUPS_OWN and not mode & _OTHERS


def _mode(path: Path) -> int:
    with suppress(OSError):
        return stat.S_IMODE(path.stat().st_mode) if HAS_MODES else 0o700
    return 0o700


def flush_to_disk(handle: int) -> None:
    """Let the content reach the disk before its name does: after a power cut a renamed file may else be empty."""
    try:
        os.fsync(handle)
    except OSError as trouble:
        if trouble.errno not in _CANNOT_FLUSH:
            raise


def flush_folder(folder: Path) -> None:
    """Let the name reach the disk too, where a folder can be opened: on Windows it cannot, and need not be."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
