"""Open what other people put into a folder: only a plain file, once, and without waiting; the rest is named."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from batch.model.records import dataclass

LARGEST_PREVIEW = 256 * 2**20
"""Bytes of a preview that are read at all."""
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_KINDS = (
    (stat.S_ISLNK, "a link"), (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"),
)  # fmt: skip


class OddFileError(Exception):
    """What lies there is no plain file of its own; the words say what it is."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A file in `approved/`, as it was when it was opened."""

    sha256: str
    uid: int
    """Its owner's number."""
    open_to_all: bool
    """Whether anybody may write into it, so that its owner says nothing."""


def name_kind(path: Path) -> str:
    """Say what lies there when it is not a plain file of one name; empty for one that is, or when nothing is there."""
    try:
        state = path.lstat()
    except OSError:
        return ""
    return _odd(state)


@contextmanager
def open_plain(path: Path) -> Iterator[tuple[BinaryIO, os.stat_result]]:
    """Open a plain file that has one name only; raises OddFileError for anything else, OSError for no file."""
    if os.name != "posix" and (kind := name_kind(path)):
        raise OddFileError(kind)
    try:
        handle = os.open(path, _FLAGS)
    except OSError as trouble:
        if trouble.errno in {errno.ELOOP, errno.EMLINK, errno.ENXIO, errno.ENODEV} and (kind := name_kind(path)):
            raise OddFileError(kind) from None
        raise
    with os.fdopen(handle, "rb") as file:
        state = os.fstat(handle)
        if kind := _odd(state):
            raise OddFileError(kind)
        yield file, state


def copy_plain(path: Path, target: Path) -> os.stat_result:
    """Copy what is read through one opening of a plain file to a new private file; give how it is after that."""
    with open_plain(path) as (file, _):
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(handle, "wb") as copy:
            shutil.copyfileobj(file, copy, 2**20)
            copy.flush()
            os.fsync(handle)
        return os.fstat(file.fileno())


def hash_offer(path: Path) -> Offered:
    """Hash a file in `approved/` and read its owner, both of the very file that was opened."""
    with open_plain(path) as (file, state):
        if state.st_size > LARGEST_PREVIEW:
            raise OddFileError("larger than any preview")
        content = file.read(LARGEST_PREVIEW)
        return Offered(hashlib.sha256(content).hexdigest(), state.st_uid, bool(state.st_mode & 0o002))


def read_small(path: Path) -> bytes:
    """Read a note or marker of our own, which somebody may have replaced; empty for what is not a plain file."""
    try:
        with open_plain(path) as (file, _):
            return file.read(4096)
    except (OSError, OddFileError):
        return b""


def _odd(state: os.stat_result) -> str:
    for is_kind, name in _KINDS:
        if is_kind(state.st_mode):
            return name
    if not stat.S_ISREG(state.st_mode):
        return "no plain file"
    return "a file with a second name (a hard link)" if state.st_nlink > 1 else ""
