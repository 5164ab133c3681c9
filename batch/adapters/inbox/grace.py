"""Which dropped files are complete and have waited long enough, and the notes written beside them."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Collection
from dataclasses import field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from batch.adapters.inbox.names import lock_names, note_name
from batch.adapters.inbox.plain_files import OddFileError, open_plain, read_small
from batch.core.file_names import safe_name
from batch.core.printable import printable
from batch.model.records import dataclass
from batch.system.disk import Readers, write_whole

EMPTY_GRACE = timedelta(minutes=5)
"""So long an empty file must stand still before somebody is told, however short the grace of others is."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A file that is whole and may be claimed."""

    name: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Settling:
    """A file that is not to be taken yet."""

    name: str
    why: str
    """For the log: `still open in Excel or LibreOffice`, `may still be growing`, `in its grace`."""
    ready_at: datetime
    """When it would be ready if it stands still from now on."""
    lock: str = ""
    """The file beside it that says it is open; a program that crashed leaves it there for good."""
    note: str = field(default="", compare=False)
    """What people are told when it stays so; empty in its grace, of which a note of its own tells."""


@dataclass(slots=True)
class _Seen:
    size: int
    mtime_ns: int
    since: datetime
    """When it was first seen as it is now."""
    taken_at: datetime | None = None
    """When its grace ends, once it is whole."""
    note: str = ""


class Grace:
    """The files of one folder as they were seen from scan to scan, until each may be claimed."""

    def __init__(self, folder: Path, stable: timedelta, grace: timedelta, zone: tzinfo | None) -> None:
        self._folder, self._stable, self._grace, self._zone = folder, stable, grace, zone
        self._seen: dict[str, _Seen] = {}

    def look(self, name: str, locks: dict[str, str], notes: set[str], now: datetime) -> Ready | Settling | None:
        """Say how far a file is; None for anything but a plain file, or one that is gone."""
        try:
            state = (self._folder / name).lstat()
            if not stat.S_ISREG(state.st_mode):
                return None
        except OSError:
            return None  # gone between listing and looking
        grace = self._grace_of(state.st_size)
        seen = self._seen.get(name)
        locked = next((locks[lock] for lock in lock_names(name) if lock in locks), "")
        if seen is None:
            seen = self._seen[name] = self._recall(name, state, notes, now)
        if locked or (seen.size, seen.mtime_ns) != (state.st_size, state.st_mtime_ns) or now < seen.since:
            self.drop_note(name)
            seen = self._seen[name] = _Seen(state.st_size, state.st_mtime_ns, now)
        if locked:
            why = "still open in Excel or LibreOffice"
            return Settling(name, why, now + self._stable + grace, locked, _tell_open(name, locked))
        if now - seen.since < self._stable:
            growing = f'"{name}" is still being written: it is taken when it has stopped growing'
            return Settling(name, "may still be growing", seen.since + self._stable + grace, note=growing)
        return self._wait_out_grace(name, seen, now)

    def _recall(self, name: str, state: os.stat_result, notes: set[str], now: datetime) -> _Seen:
        """Begin to look at a file, or go on where an earlier run left its note: a grace is not begun anew."""
        fresh, grace = _Seen(state.st_size, state.st_mtime_ns, now), self._grace_of(state.st_size)
        for note in sorted(notes):
            if not note.startswith(f"{safe_name(name)} - will be taken at "):
                continue
            told = _read_note(self._folder / note)
            if told and told[:2] == (state.st_size, state.st_mtime_ns) and told[2] <= now + grace:
                return _Seen(state.st_size, state.st_mtime_ns, told[2] - grace - self._stable, told[2], note)
        return fresh

    def _grace_of(self, size: int) -> timedelta:
        """Give how long a file may still be taken out; an empty one may be a copy that has only begun."""
        return self._grace if size else max(self._grace, EMPTY_GRACE)

    def _wait_out_grace(self, name: str, seen: _Seen, now: datetime) -> Ready | Settling:
        if seen.taken_at is None:
            seen.taken_at = now + self._grace_of(seen.size)
        if now < seen.taken_at:
            self._keep_note(name, seen, seen.taken_at)
            return Settling(name, "in its grace", seen.taken_at)
        if not _opens(self._folder / name):
            closed = f'"{name}" cannot be opened, so it waits: close it where it is open, and check who may read it'
            return Settling(name, "cannot be opened", now + self._stable, note=closed)
        return Ready(name, seen.size, seen.mtime_ns)

    def _keep_note(self, name: str, seen: _Seen, taken_at: datetime) -> None:
        if seen.note:
            return
        seen.note = note_name(name, taken_at, self._zone)
        clock = f"{taken_at.astimezone(self._zone):%H:%M}"
        text = (
            f'"{printable(name)}" will be taken at {clock}.\n'
            "To stop it, remove it from this folder before then. This note is removed automatically.\n"
            f"\n[{seen.size} {seen.mtime_ns} {taken_at.isoformat()}]\n"
        )
        with contextlib.suppress(OSError):
            write_whole(self._folder / seen.note, text.encode(), Readers.FOLDER)

    def drop_note(self, name: str) -> None:
        """Forget a file, and remove the note beside it."""
        seen = self._seen.pop(name, None)
        if seen is not None and seen.note:
            with contextlib.suppress(OSError):
                (self._folder / seen.note).unlink()

    def forget(self, there: Collection[str], notes: set[str]) -> None:
        """Forget files that were taken out, and remove every note of ours that belongs to none that is there."""
        for name in [name for name in self._seen if name not in there]:
            self.drop_note(name)
        needed = {seen.note for seen in self._seen.values()}
        for note in notes - needed:
            if _read_note(self._folder / note) is not None:
                with contextlib.suppress(OSError):
                    (self._folder / note).unlink()


def _tell_open(name: str, lock: str) -> str:
    words = f'"{name}" waits, because it is open in Excel or LibreOffice: close it there'
    return f'{words}; if nobody has it open, delete "{lock}" beside it'


def _opens(path: Path) -> bool:
    try:
        with open_plain(path) as (file, _):
            file.read(1)
    except OSError:
        return False
    except OddFileError:
        return True  # it is claimed, told, and put aside
    return True


def _read_note(note: Path) -> tuple[int, int, datetime] | None:
    """Read what a note of ours says about its file: size, mtime, when its grace ends; None when it is not ours."""
    try:
        last = read_small(note).decode().rstrip().rpartition("\n")[2]
        size, mtime, moment = last.removeprefix("[").removesuffix("]").split()
        return int(size), int(mtime), datetime.fromisoformat(moment)
    except ValueError:
        return None
