"""Say in a note beside it why something in the folder is not taken, once that has lasted a minute."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from batch.adapters.inbox.grace import Ready, Settling
from batch.adapters.inbox.names import LITTER, is_left_note, is_unfinished, left_note_name, may_be_sheet
from batch.adapters.inbox.plain_files import name_kind
from batch.core.printable import printable
from batch.system.disk import Readers, write_whole

PATIENCE = timedelta(minutes=1)
"""So long nothing is said: most files are closed, copied or moved by then."""
SHEETS = (".xlsx", ".xlsm", ".xls", ".ods", ".csv", ".tsv")
_MOST_LOOKED_AT = 1_000
"""Names of a subfolder that are looked at."""


class LeftAlone:
    """What lies in one folder and is not taken, since when, and the notes about it."""

    def __init__(self, folder: Path, own: tuple[str, ...]) -> None:
        self._folder, self._own = folder, own
        self._since: dict[str, tuple[str, datetime]] = {}
        self.told: list[str] = []
        """What was written since somebody last asked, in words."""

    def note(self, names: set[str], found: Mapping[str, Ready | Settling], now: datetime) -> None:
        """Write, keep and remove the notes beside what is left alone now."""
        reasons = {name: why for name in sorted(names) if (why := self._why(name, found.get(name)))}
        self._since = {name: self._begin(name, why, found.get(name), now) for name, why in reasons.items()}
        late = {name: why for name, why in reasons.items() if now - self._since[name][1] >= PATIENCE}
        needed = {left_note_name(name): why for name, why in late.items()}
        for note in {name for name in names if is_left_note(name)} - needed.keys():
            with contextlib.suppress(OSError):
                (self._folder / note).unlink()
        for note, why in needed.items():
            self._write(note, why)

    def _why(self, name: str, looked: Ready | Settling | None) -> str:
        """Say why a file or folder is not taken; empty where it is, and for what is nobody's sheet."""
        if isinstance(looked, Settling):
            return looked.note
        if looked is not None or name.startswith((".", "~$")) or name.casefold() in LITTER or is_left_note(name):
            return ""
        kind = name_kind(self._folder / name)
        if kind == "a folder":
            holds = name not in self._own and _holds_sheet(self._folder / name)
            return f'"{name}" is a folder, and sheets in it are not taken: move them out of it' if holds else ""
        if kind and may_be_sheet(name):
            return f'"{name}" is {kind}, so it is not taken: drop a plain copy of the file instead'
        if is_unfinished(name):
            return f'"{name}" is an unfinished copy or download: wait for its end, or hand the file in again'
        return ""

    def _begin(self, name: str, why: str, looked: Ready | Settling | None, now: datetime) -> tuple[str, datetime]:
        """Say since when a reason holds; single looks from a scheduler remember nothing, but the lock's age tells."""
        before = self._since.get(name)
        if before is not None and before[0] == why:
            return before
        witness = looked.lock if isinstance(looked, Settling) else name
        with contextlib.suppress(OSError, OverflowError, ValueError):
            if witness:
                return why, min(now, datetime.fromtimestamp((self._folder / witness).lstat().st_ctime, UTC))
        return why, now

    def _write(self, note: str, why: str) -> None:
        path, text = self._folder / note, f"{printable(why)}.\nThis note is removed automatically.\n".encode()
        with contextlib.suppress(OSError):
            if not os.path.lexists(path):
                write_whole(path, text, Readers.FOLDER)
                self.told.append(why)


def _holds_sheet(folder: Path) -> bool:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for _, entry in zip(range(_MOST_LOOKED_AT), entries, strict=False):
            if entry.name.casefold().endswith(SHEETS) and not entry.name.startswith((".", "~$")):
                return True
    return False
