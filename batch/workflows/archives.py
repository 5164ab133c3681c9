"""Read what was archived: the ledger knows every entry, the archives hold the texts of those from closed weeks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from batch.model import Batch, Entry
from batch.model.errors import BatchError
from batch.model.plurals import plural
from batch.model.times import zone_of
from batch.workflows.context import World
from batch.workflows.events import Note

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Bearers, Ledger
    from batch.adapters.ledger.ledger import Accounts


@contextmanager
def open_archives(ledger: Ledger, world: World) -> Iterator[tuple[Ledger, ...]]:
    """Open every archive of a ledger; one that is not in its place is told, and what it holds has no texts."""
    with ExitStack() as stack:
        found = []
        for noted, _ in ledger.archives.all():
            path = _where(ledger, noted)
            if path.exists():
                found.append(stack.enter_context(_open(path, world, look=True)))
            else:
                words = f'the archive "{path}" is not there, so its campaigns have no texts: put it back'
                world.tell(Note(words, loud=True))
        yield tuple(found)


def fill_from(ledger: Ledger, archives: Sequence[Ledger]) -> None:
    """Let what a ledger exports have what its archives hold."""
    ledger.fill = partial(with_texts, archives)
    ledger.accounts = partial(accounts_of, ledger, archives)


def accounts_of(ledger: Ledger, archives: Sequence[Ledger], entries: Sequence[Entry]) -> Accounts:
    """Give the attempts and the history of entries as the ledger gave them, by number; what is archived, whole."""
    attempts, histories = ledger.accounts_of(entries)
    for archive in archives:
        bare = [entry.id for entry in entries if not has_texts(entry)]
        kept = [one for one in archive.entries.select(ids=bare) if has_texts(one)] if bare else []
        before, lines = archive.accounts_of(kept)
        attempts |= before
        histories |= {number: (*found, *histories[number][len(found) :]) for number, found in lines.items()}
    return attempts, histories


def examine_archives(ledger: Ledger, world: World, *, whole: bool) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Give each archive with what is wrong with it; a long one is looked through only where all of it is asked for."""
    for noted, _ in ledger.archives.all():
        path = _where(ledger, noted)
        try:
            if not path.exists():
                yield path, ("it is not there",)
                continue
            with _open(path, world, look=True) as archive:
                yield path, archive.upkeep.verify(world.now()) if whole else archive.upkeep.examine(world.now())[0]
        except BatchError as trouble:
            yield path, (trouble.words,)


def left_out_of_backups(ledger: Ledger) -> str:
    """Say that the copy of a ledger holds no archive; nothing where there is none."""
    count = len(ledger.archives.all())
    return f"{plural(count, 'archive')} not in the backups: keep a copy of each elsewhere" if count else ""


def with_texts(archives: Sequence[Ledger], entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Give entries with the texts that the archives hold of them; all else is what the ledger says."""
    found = {entry.id: entry for entry in entries}
    for archive in archives:
        bare = [entry.id for entry in found.values() if not has_texts(entry)]
        for kept in archive.entries.select(ids=bare) if bare else ():
            if has_texts(kept):
                found[kept.id] = _fill(found[kept.id], kept)
    return tuple(found.values())


def with_notes(archives: Sequence[Ledger], batches: Iterable[Batch]) -> tuple[Batch, ...]:
    """Give batches with what was said about their files as a whole, where an archive holds it."""
    found = {batch.id: batch for batch in batches}
    noted = [batch.id for batch in found.values() if batch.issues]
    for archive in reversed(archives):  # the oldest one that has a batch was made before its words went
        for kept in archive.batches.all(ids=noted) if noted else ():
            found[kept.id] = replace(found[kept.id], issues=kept.issues)
    return tuple(found.values())


def find_archived(ledger: Ledger, archives: Sequence[Ledger], words: str | tuple[str, ...], most: int) -> Bearers:
    """Give the newest so many entries that bear some words, in the ledger or in an archive, and what else there may be.

    What an archive holds may be in the ledger, too, so the longest of them says how many there are.
    """
    found = ledger.entries.newest(words, most)
    if not archives:
        return found
    numbers, every = {entry.id for entry in found.entries}, len(found.entries) + found.left
    for archive in archives:
        kept = archive.entries.newest(words, most)
        numbers.update(entry.id for entry in kept.entries if has_texts(entry))
        every = max(every, len(kept.entries) + kept.left)
    chosen = sorted(numbers, reverse=True)[:most]
    entries = with_texts(archives, ledger.entries.select(ids=chosen))
    left = max(every, len(numbers)) - len(chosen) if len(chosen) == most else 0
    return found._replace(entries=entries, left=left)


def keeper_of(ledger: Ledger, archives: Sequence[Ledger], entry: Entry) -> Ledger:
    """Give the ledger that holds the answers and reasons of an entry: its archive, if it is archived."""
    if has_texts(entry):
        return ledger
    for archive in archives:
        if any(has_texts(kept) for kept in archive.entries.select(ids=[entry.id])):
            return archive
    return ledger


def has_texts(entry: Entry) -> bool:
    """Say whether anything is left of what an entry said; archived and forgotten ones are bare."""
    return bool(entry.message or entry.subject or entry.owner or any(entry.fields.values()))


def purge_archives(ledger: Ledger, world: World, limit: datetime, why: str) -> list[Path]:
    """Forget before `limit` in the archives, too; give the files that went whole, since all they held is meant."""
    ledger.archives.remove_begun()
    gone = []
    for noted, reach in ledger.archives.all():
        path = _where(ledger, noted)
        if reach <= limit:
            ledger.archives.drop(noted, path)
            gone.append(path)
        elif path.exists():
            with _open(path, world) as archive:
                archive.upkeep.purge(limit, why=why, who=world.signature, now=world.now())
                archive.words.forget()
    return gone


def end_archiving(settings: Settings, ledger: Ledger, world: World) -> list[Path]:
    """End what killed tries to archive began; give the archives whose texts have left the ledger only now."""
    if not ledger.archives.is_unfinished():
        return []
    with ledger.lock.hold(world.who, world.now()):
        ledger.archives.remove_begun()
        found = [(noted, _where(ledger, noted), limit) for noted, limit in ledger.archives.leaving()]
        for noted, path, limit in found:
            if path.exists():
                why = f"archived: archive --before {limit.astimezone(zone_of(settings.team_zone)):%Y-%m-%d}"
                ledger.archives.go_on(noted, path, limit, why=why, who=world.signature, now=world.now())
        ledger.upkeep.overwrite_freed()
    return [path for _, path, _ in found if path.exists()]


def count_archived(ledger: Ledger, world: World, limit: datetime) -> int:
    """Count the entries before `limit` of which an archive holds the texts."""
    count = 0
    for noted, reach in ledger.archives.all():
        path = _where(ledger, noted)
        if path.exists():
            with _open(path, world) as archive:
                count += archive.upkeep.count_purge(min(limit, reach)).entries
    return count


def _open(path: Path, world: World, *, look: bool = False) -> Ledger:
    from batch.adapters.ledger import open_ledger

    return open_ledger(f"sqlite:///{path.as_posix()}", now=world.now(), create=False, look=look)


def _where(ledger: Ledger, noted: Path) -> Path:
    """Look beside the ledger for an archive that is not where it was: the folder may have been moved whole."""
    beside = ledger.path.with_name(noted.name) if ledger.path is not None else noted
    return beside if not noted.exists() and beside.exists() else noted


def _fill(entry: Entry, kept: Entry) -> Entry:
    return replace(
        entry,
        row=kept.row,  # a row of a list has its name from the cells
        message=kept.message,
        subject=kept.subject,
        owner=kept.owner,
        fields=kept.fields,
        issues=kept.issues,
        cancel_why=kept.cancel_why,
    )
