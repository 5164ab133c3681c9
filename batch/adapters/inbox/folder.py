"""The watch folder: who takes its files, and where they end (`grace` says which are whole).

A file is always in exactly one of the folder, `working/`, `done/` and `attention/`: it only ever moves by one atomic
rename, and whatever is written about it is written before that. In `working/` it has a folder of its own, so that it
keeps its name: the name tells a fixed sheet from a new one.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Literal

from batch.adapters.inbox.copies import (
    find_newer,
    is_private,
    make_private,
    read_failures,
    read_taken,
    remove_empty,
    take_copy,
    write_failures,
)
from batch.adapters.inbox.grace import Grace, Ready, Settling
from batch.adapters.inbox.left_alone import LeftAlone
from batch.adapters.inbox.names import (
    claim_name,
    filed_name,
    is_note,
    is_stop,
    make_mark,
    may_be_sheet,
    split_claim,
)
from batch.adapters.inbox.plain_files import OddFileError, name_kind, read_small
from batch.adapters.inbox.troubles import explain
from batch.core.file_names import safe_name
from batch.core.printable import printable, printable_lines
from batch.model.errors import BatchError, InboxBusyError
from batch.model.records import dataclass
from batch.system.disk import Readers, copy_whole, make_folder, mode_within, write_whole

FOLDERS = ("working", "done", "attention", "waiting", "approved")
MOST_FAILURES = 3
GIVEN_UP = (
    "this file could not be processed in three attempts, so it was set aside.\n"
    'Type "campaign-batch check" with its name to see what is wrong with it, and "campaign-batch resume" to go on\n'
    "with what was started. Then fix it and drop it again: nothing is sent twice.\n"
)


_NOTE = "what happened.txt"
_DROP_A_COPY = "Drop a plain copy of the file instead.\n"
_JUNCTION = 0xA0000003
"""What Windows calls a folder that leads elsewhere."""


class InboxGoneError(BatchError):
    """The folder, or the share it lies on, cannot be reached just now."""

    name = "InboxGoneError"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A file that was taken, and lies in `working/` until it is filed away."""

    name: str
    """As it was dropped."""
    path: Path
    claimed_at: datetime
    mark: str
    failures: int = 0
    """Runs that began with it and did not end."""
    uid: int | None = None
    """The number of the user whose file was dropped, where the system has one."""


class Inbox:
    """One drop folder. `now` is handed into each call, aware; `zone` is the one that names and notes speak in."""

    def __init__(
        self, folder: Path, *, stable_seconds: float = 5.0, grace_seconds: float = 300.0, zone: tzinfo | None = None,
        others: Sequence[str] = (), above: Path | None = None,
    ) -> None:  # fmt: skip
        """`others` are folders within it that others watch; in `above` a file named STOP counts, too."""
        self.folder = folder
        self.stops = [folder] if above is None else [folder, above]
        self.working, self.done, self.attention, self.waiting, self.approved = (folder / name for name in FOLDERS)
        self._zone = zone
        self._grace = Grace(folder, timedelta(seconds=stable_seconds), timedelta(seconds=grace_seconds), zone)
        self.left_alone = LeftAlone(folder, (*FOLDERS, *others))
        self.refused: list[str] = []
        """What was put aside unread since somebody last asked, in words."""

    def prepare(self) -> None:
        """Make the folder and those within it; a folder whose parent is not there counts as gone."""
        with self._reaching(self.folder.parent):
            make_folder(self.folder, Readers.UMASK, parents=False)
            for name in FOLDERS:
                _need_folder(self.folder / name)
            with contextlib.suppress(OSError):
                self.working.chmod(0o700)  # what is taken is nobody else's any more

    @contextmanager
    def only_watcher(self, owner: str = "") -> Iterator[None]:
        """Hold the folder against other watchers; raises InboxBusyError, with `owner` of the one that has it."""
        from filelock import FileLock, Timeout

        lock = FileLock(self.folder / ".watcher.lock", timeout=0, mode=mode_within(self.folder, Readers.FOLDER))
        holder = self.folder / ".watcher.txt"
        with self._reaching(self.folder):
            if name_kind(self.folder / ".watcher.lock"):
                (self.folder / ".watcher.lock").unlink()  # a link or pipe in its place: never opened
            try:
                lock.acquire()
            except Timeout:
                raise InboxBusyError(
                    f'"{self.folder}" is already being watched{_read_owner(holder)}', "run only one watch per folder"
                ) from None
        try:
            with contextlib.suppress(OSError):
                write_whole(holder, owner.encode(), Readers.FOLDER)
            yield
        finally:
            with contextlib.suppress(OSError):
                holder.unlink()
            lock.release()

    def stop_requested(self) -> bool:
        """Say whether somebody put a file named STOP into the folder, or into the one of all accounts."""
        return any(has_stop(folder) for folder in self.stops)

    def stopped_in(self) -> tuple[Path, ...]:
        """Give the folders in which a file named STOP lies: this one, that of all accounts, or both."""
        return tuple(folder for folder in self.stops if has_stop(folder))

    def scan(self, now: datetime) -> tuple[Ready | Settling, ...]:
        """Look at every dropped file; whole are those that stood still over scans, were closed, and had their grace.

        Writes, moves and removes the notes beside them. Raises InboxGoneError.
        """
        with self._reaching(self.working):
            self._touch_working()
            entries = set(_names(self.folder))
        locks = {name.casefold(): name for name in entries if name.startswith(("~$", ".~lock."))}
        notes = {name for name in entries if is_note(name)}
        found: dict[str, Ready | Settling] = {}
        for name in sorted(entries):
            if may_be_sheet(name) and (looked := self._grace.look(name, locks, notes, now)):
                found[name] = looked
        self._grace.forget(found.keys(), notes)
        self.left_alone.note(entries, found, now)
        return tuple(found.values())

    def claim(self, ready: Ready, now: datetime) -> Claimed | None:
        """Take a file by one atomic rename; None when another was faster, or it was changed or taken out meanwhile.

        Raises BatchError where none can be taken, as from one disk to another, or on a full one.
        """
        source = self.folder / ready.name
        mark = make_mark()
        _need_folder(self.working)
        place = self.working / claim_name(now, mark)
        claimed = Claimed(ready.name, place / ready.name, now.replace(microsecond=0), mark)
        try:
            if not _is_still(source, ready):
                return None
            make_private(place)
            source.replace(claimed.path)
        except OSError as trouble:
            remove_empty(place)
            if lasting := explain(trouble, self.folder, FOLDERS):
                raise lasting from None
            return None
        self._grace.drop_note(ready.name)
        return self._copy(claimed, ready)

    def _copy(self, claimed: Claimed, ready: Ready | None = None) -> Claimed | None:
        """Put a copy in the place of what was claimed: only that is read and filed, whoever writes to the file."""
        try:
            taken = take_copy(claimed.path) if is_private(claimed.path.parent) else None
        except OddFileError as odd:
            words = f'"{claimed.name}" is {odd}, so it was not read'
            self.file_away(claimed, "attention", (), f"{printable(words)}.\n{_DROP_A_COPY}")
            self.refused.append(words)
            return None
        except OSError as trouble:
            taken, lasting = None, explain(trouble, self.folder, FOLDERS)
            if lasting is not None:
                if ready is not None:
                    self._put_back(claimed.path, claimed.name)
                raise lasting from None
        if taken is None or (ready is not None and (taken.size, taken.mtime_ns) != (ready.size, ready.mtime_ns)):
            self._put_back(claimed.path, claimed.name)
            return None
        return replace(claimed, uid=taken.uid)

    def unfinished(self, but: Collection[str] = ()) -> tuple[Claimed, ...]:
        """Give the claims that a run left in `working/`, each counted as one failure more; the oldest first.

        Without those whose folder bears a name in `but`. Ask between files only. One that failed three times is put
        aside into `attention/` with a note.
        """
        with self._reaching(self.working):
            claims = [
                claimed for name in sorted(set(_names(self.working)) - set(but)) if (claimed := self._read_claim(name))
            ]
            claims = [copied for claimed in claims if (copied := self._copy(claimed))]
        for claimed in claims:
            if claimed.failures >= MOST_FAILURES:
                self.file_away(claimed, "attention", (), GIVEN_UP)
            else:
                write_failures(claimed.path, claimed.failures)
        return tuple(claimed for claimed in claims if claimed.failures < MOST_FAILURES)

    def forgive(self, claimed: Claimed) -> None:
        """Leave a file in `working/` for the next run without a mark against it: not it failed, but the provider."""
        write_failures(claimed.path, claimed.failures - 1)

    def file_away(
        self,
        claimed: Claimed,
        where: Literal["done", "attention"],
        beside: Sequence[Path] = (),
        words: str = "",
    ) -> Path:
        """Put a file where it stays, dated, with copies of its results and a note of `words` beside it; give its place.

        The results come first and the file last: killed in between, it is still in `working/`, and the next run writes
        the same results again under the same names.
        """
        folder = self.folder / where
        with self._reaching(self.working):
            _need_folder(folder)
            target = self._free_place(folder, claimed)
            for result in beside:
                if result.is_file():
                    copy_whole(result, folder / f"{target.stem} - {safe_name(result.name)}", Readers.FOLDER)
            if words:
                self._explain(target, words)
            self._give_back_newer(claimed)
            claimed.path.replace(target)
        remove_empty(claimed.path.parent)
        return target

    def find_filed(self, companion: str, suffix: str) -> Path | None:
        """Find a sheet that was filed away, by what the name of the report beside it ends with."""
        for folder in (self.done, self.attention):
            for name in sorted(_names(folder) if folder.is_dir() else (), reverse=True):
                sheet = folder / f"{name.removesuffix(companion)}{suffix}"
                if sheet.name != f"{name}{suffix}" and sheet.is_file() and not name_kind(sheet):
                    return sheet
        return None

    def refile(
        self, sheet: Path, where: Literal["done", "attention"], beside: Sequence[Path], words: str, old: Sequence[str]
    ) -> None:
        """Write anew what lies beside a filed sheet, and move all of it where it belongs now; `old` are its results."""
        with self._reaching(self.working):
            target = self.folder / where / sheet.name
            _need_folder(target.parent)
            if target != sheet and os.path.lexists(target):
                target = sheet
            for name in (*old, _NOTE):
                with contextlib.suppress(FileNotFoundError):
                    (sheet.parent / f"{sheet.stem} - {name}").unlink()
            for result in beside:
                if result.is_file():
                    copy_whole(result, target.parent / f"{target.stem} - {safe_name(result.name)}", Readers.FOLDER)
            self._explain(target, words)
            sheet.replace(target)

    def _explain(self, target: Path, words: str) -> None:
        note = target.with_name(f"{target.stem} - {_NOTE}")
        write_whole(note, printable_lines(words).encode(), Readers.FOLDER)

    def _give_back_newer(self, claimed: Claimed) -> None:
        """Put back what somebody went on writing to after it was taken: it is a new file, and taken as one."""
        taken = read_taken(claimed.path)
        newer = find_newer(claimed.path, taken) if taken is not None else None
        if newer is not None:
            self._return(newer, claimed.name)

    def offer(self, preview: bytes, name: str) -> Path:
        """Put a preview into `waiting/`, from where a person may move it to `approved/`."""
        with self._reaching(self.working):
            _need_folder(self.waiting)
            write_whole(self.waiting / name, preview, Readers.FOLDER)
        return self.waiting / name

    def approvals(self) -> tuple[Path, ...]:
        """Give the files that a person moved to `approved/`; whoever dealt with one removes it."""
        with self._reaching(self.working):
            self._touch_working()
            if not self.approved.exists():
                return ()
            _need_folder(self.approved)
            names = sorted(entry.name for entry in os.scandir(self.approved) if not entry.is_dir(follow_symlinks=False))
        return tuple(self.approved / name for name in names if may_be_sheet(name))

    def put_aside(self, preview: Path, words: str, now: datetime) -> Path:
        """Move a preview that cannot be approved from `approved/` to `attention/`, with a note of `words` beside it."""
        with self._reaching(self.working):
            _need_folder(self.attention)
            target = self.attention / filed_name(preview.name, now, self._zone)
            if target.exists():
                target = self.attention / filed_name(preview.name, now, self._zone, make_mark())
            self._explain(target, words)
            preview.replace(target)
        return target

    def _touch_working(self) -> None:
        """Make sure that it is our folder, and not the bare place where a share is usually mounted."""
        self.working.stat()

    def _put_back(self, claimed: Path, name: str) -> None:
        """Give back a file that was still being written when it was taken, without covering a newer one."""
        self._return(claimed, name)
        remove_empty(claimed.parent)

    def _return(self, file: Path, name: str) -> None:
        target = self.folder / name
        if os.path.lexists(target):
            target = self.folder / f"{Path(name).stem} ({make_mark()}){Path(name).suffix}"
        with contextlib.suppress(OSError):
            file.replace(target)

    def _read_claim(self, name: str) -> Claimed | None:
        parts, place = split_claim(name), self.working / name
        if parts is None or name_kind(place) != "a folder":
            return None
        files = [file for file in sorted(_names(place)) if not file.startswith(".")]
        if not files:
            remove_empty(place)  # its file was filed away, or never came, an instant before a kill
            return None
        moment, mark = parts
        claimed = Claimed(files[0], place / files[0], moment, mark)
        return replace(claimed, failures=read_failures(claimed.path) + 1)

    def _free_place(self, folder: Path, claimed: Claimed) -> Path:
        plain = folder / filed_name(claimed.name, claimed.claimed_at, self._zone)
        if plain.stem.casefold() not in {os.path.splitext(name)[0].casefold() for name in _names(folder)}:  # noqa: PTH122
            return plain  # what lies beside a sheet is named for it, without its ending
        return folder / filed_name(claimed.name, claimed.claimed_at, self._zone, claimed.mark)

    @contextmanager
    def _reaching(self, needed: Path) -> Iterator[None]:
        """Tell a folder that is away for a while from a single file that cannot be read."""
        try:
            yield
        except OSError as trouble:
            if lasting := explain(trouble, self.folder, FOLDERS):
                raise lasting from None
            gone = not needed.is_dir()
            words = trouble.strerror or "not available"
        else:
            return
        if gone:
            raise InboxGoneError(
                f'the folder "{self.folder}" cannot be reached', "waiting for it; check the share or the drive"
            )
        raise BatchError(f'a file of "{self.folder}" cannot be written or moved ({words})', "close it where it is open")


def _need_folder(folder: Path) -> None:
    """Make a folder of the watch's own, or see that it is one: through a link files would land elsewhere."""
    with contextlib.suppress(FileExistsError):
        make_folder(folder, Readers.FOLDER, parents=False)
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or getattr(state, "st_reparse_tag", 0) == _JUNCTION:
        raise BatchError(f'"{folder}" is a link or a file, not a folder', "remove it: the watch makes a new one")


def _is_still(path: Path, ready: Ready) -> bool:
    state = path.lstat()
    return (state.st_size, state.st_mtime_ns) == (ready.size, ready.mtime_ns)


def _read_owner(holder: Path) -> str:
    owner = read_small(holder).decode("utf-8", "replace").strip()
    return f" by {owner}" if owner else ""


def has_stop(folder: Path) -> bool | None:
    """Say whether a file named STOP lies in a folder; None where nobody can see."""
    with contextlib.suppress(OSError):
        return any(map(is_stop, _names(folder)))
    return None


def _names(folder: Path) -> list[str]:
    return [entry.name for entry in os.scandir(folder)]
