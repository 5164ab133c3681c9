"""Take a copy of a file with one opening: what is read, hashed and given back marked are the very same bytes."""

from __future__ import annotations

import hashlib
import os
import stat
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from batch.model.errors import SheetError
from batch.model.records import dataclass
from batch.system.temporary import make_temporary_folder, no_room, remove_folder

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Snapshot:
    """A file as it was when it was opened; its copy is gone when nobody holds this any more."""

    path: Path
    """The copy, under the file's own name."""
    hash: str
    """Of its bytes; 64 hexadecimal digits."""


def take_snapshot(path: Path, longest: int) -> Snapshot | None:
    """Copy a file into a folder that only this user can look into; None for what is not a plain file of a fitting size.

    It is opened once: whoever saves, swaps or truncates it meanwhile changes nothing of what is read here.
    """
    try:
        source = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError):
        return None  # who reads it says in words what is wrong with it
    state = os.fstat(source)
    if not stat.S_ISREG(state.st_mode) or state.st_size > longest:
        os.close(source)
        return None
    with os.fdopen(source, "rb") as file:
        folder = make_temporary_folder()
        try:
            snapshot = Snapshot(folder / path.name, _copy(file, folder / path.name, longest))
        except BaseException:
            remove_folder(folder)
            raise
    weakref.finalize(snapshot, remove_folder, folder)
    return snapshot


def hash_file(path: Path) -> str:
    """Hash a file of our own; 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(file: BinaryIO, copy: Path, longest: int) -> str:
    """Copy and hash block by block, no further than one block beyond what may be read at all."""
    digest = hashlib.sha256()
    try:
        with copy.open("wb") as target:
            for block in _blocks(file, longest, copy.name):
                digest.update(block)
                target.write(block)
    except OSError as trouble:
        raise no_room(trouble) from None
    return digest.hexdigest()


def _blocks(file: BinaryIO, longest: int, name: str) -> Iterator[bytes]:
    read = 0
    while read <= longest and (block := _read(file, name)):
        read += len(block)
        yield block


def _read(file: BinaryIO, name: str) -> bytes:
    try:
        return file.read(_BLOCK)
    except OSError as trouble:
        why = trouble.strerror or type(trouble).__name__
        raise SheetError(f'"{name}" could not be read to its end ({why})', "copy it once more", file=name) from None
