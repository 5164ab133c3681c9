"""The disk: whatever lies under a name is there whole or not at all; it alone writes beside a place and renames."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_CANNOT_FLUSH = frozenset({errno.EINVAL, errno.ENOTSUP})
"""What a file system says that has no fsync, as some shares have none: no reason to lose the file."""


@contextmanager
def replacing(path: Path, *, private: bool = False) -> Iterator[BinaryIO]:
    """Open a draft beside `path`, in a folder that is there, that takes the path's place when the block ends well.

    When it does not, or on a full disk, what was there before stays. Nobody takes a draft for a sheet: its name
    begins with a dot. A `private` file can be read by its owner only (0600). Raises OSError.
    """
    draft = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with open(draft, "xb", opener=_open_private if private else None) as file:
            yield file
            file.flush()
            flush_to_disk(file.fileno())
        draft.replace(path)  # only now that it is closed: Windows renames no open file
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def write_whole(path: Path, content: bytes, *, private: bool = False) -> Path:
    """Write a file in one step; see `replacing`."""
    with replacing(path, private=private) as file:
        file.write(content)
    return path


def copy_whole(source: Path, path: Path) -> Path:
    """Copy a file to another place in one step; see `replacing`."""
    with source.open("rb") as read, replacing(path) as file:
        shutil.copyfileobj(read, file)
    return path


def _open_private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


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
