"""Keep other users from reading the ledger, backups, reports and settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from batch.core.ledger_urls import sqlite_path
from batch.model.plurals import plural
from batch.model.records import dataclass
from batch.system.disk import find_group, is_sticky, tighten, wanted_mode
from batch.workflows.events import Note, Tell

if TYPE_CHECKING:
    from batch.adapters.config import Settings

_READABLE = 0o055
"""What others keep of a folder within which the watched folder lies: they must get there."""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Exposed:
    """Something that others may read or change."""

    path: Path
    mode: int
    keep: int = 0

    def __str__(self) -> str:
        return f'"{self.path}" ({self.mode:04o})'


def secure(settings: Settings, tell: Tell) -> None:
    """Take away from others what they should not read, and say so; what is another user's is left to that one."""
    group = find_group(settings.ledger.group)
    done, left = [], []
    for one in find_exposed(settings):
        try:
            tighten(one.path, group, one.keep)
            done.append(one)
        except OSError:
            left.append(one)
    left = [one for one in left if one.path != settings.source]  # an administrator may have put that one there
    if left:
        tell(Note(_describe_left(settings, left), loud=True))
    if done:
        tell(Note(_describe_done(settings, done)))


def _describe_left(settings: Settings, left: list[Exposed]) -> str:
    if settings.ledger.group:
        group = settings.ledger.group
        return f'{name_some(left)} could not be given to the group "{group}": is this user in it, and do they own it?'
    words = f"others may read or change {name_some(left)}, and this user cannot take that away"
    return f'{words}: ask the user they belong to, to type "campaign-batch ledger list"'


def _describe_done(settings: Settings, done: list[Exposed]) -> str:
    if settings.ledger.group:
        return f'only the group "{settings.ledger.group}" reads and changes {name_some(done)} now'
    only = "now only this user can (several users share a ledger with [ledger] group)"
    return f"others could read or change {name_some(done)}: {only}"


def find_exposed(settings: Settings) -> list[Exposed]:
    """Find what others than this user, or than the group of the settings, may read or change."""
    group = find_group(settings.ledger.group)
    found = []
    for path, keep in _places(settings):
        if wanted_mode(path, group, keep) is not None:
            found.append(Exposed(path, path.lstat().st_mode & 0o7777, keep))
    return found


def name_some(found: list[Exposed]) -> str:
    """Name the first of them, and how many more there are."""
    more = len(found) - _SHOWN
    named = ", ".join(str(one) for one in found[:_SHOWN])
    return f"{named} and {plural(more, 'more', 'more')}" if more > 0 else named


def ledger_path(settings: Settings) -> Path | None:
    """Give the ledger's file; None where it is none."""
    return sqlite_path(settings.ledger.url)


def _places(settings: Settings) -> Iterator[tuple[Path, int]]:
    """Give what holds texts, names and numbers, each with the bits that others keep."""
    if settings.source is not None:
        yield settings.source, 0
    yield settings.folder / "running" / "watch.log", 0
    if (path := ledger_path(settings)) is not None:
        yield from _ledger_places(settings, path)
    reports = Path(settings.reports.folder)
    if _is_own(reports, settings) and reports != settings.folder:
        yield reports, 0
        yield from ((file, 0) for file in _files(reports))


def _ledger_places(settings: Settings, path: Path) -> Iterator[tuple[Path, int]]:
    folder = path.parent
    given = bool(settings.ledger.group) or (settings.source is not None and settings.source.parent == folder)
    if given and not is_sticky(folder) and folder not in _everybodys():
        yield folder, 0 if _is_own(folder, settings) else _READABLE
    yield from ((file, 0) for file in _files(folder) if file.name.startswith(path.name))
    yield folder / "backups", 0
    yield from ((file, 0) for file in _files(folder / "backups"))


def _is_own(folder: Path, settings: Settings) -> bool:
    """Whether a folder is the tool's alone: not everybody's, and none that people drop their sheets into."""
    shared = Path(settings.watch.folder)
    return not (folder == shared or folder in shared.parents or folder in _everybodys() or is_sticky(folder))


def _everybodys() -> set[Path]:
    with suppress(RuntimeError):
        return {Path(os.sep), Path.home()}
    return {Path(os.sep)}


def _files(folder: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(Path(one.path) for one in os.scandir(folder) if one.is_file(follow_symlinks=False))
    return []
