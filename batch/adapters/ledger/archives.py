"""The archives of one ledger: made, known, and taken away."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from batch.adapters.ledger import archiving, postgres
from batch.adapters.ledger.bulk import in_chunks
from batch.adapters.ledger.moving import copy_whole, find_same
from batch.adapters.ledger.opening import name_of, prepare, resolve_url
from batch.adapters.ledger.purging import (
    PIECE,
    Purge,
    count_purge,
    find_bearing,
    find_closed,
    find_mailed,
    forget_batches,
    forget_entries,
    forget_mails,
    is_freed,
    note_freed,
    overwrite_freed,
)
from batch.adapters.ledger.tables import attempts, batch_rows, entries, findings, history, mails, observations
from batch.adapters.ledger.transactions import Transactions
from batch.adapters.ledger.troubles import explained
from batch.system.disk import flush_folder, make_beside

_PAGES, _REST = 1_000, 0.01
"""Pages of a file that are copied at once, and the seconds in which others may write in between."""
_BUSY_SECONDS = 15.0
_OF_AN_ENTRY = (
    entries.c.id, history.c.entry, attempts.c.entry, observations.c.entry, batch_rows.c.entry, findings.c.entry,
)  # fmt: skip
"""Where texts of an entry stand: all of it is alike in the archive before it leaves the ledger."""


class Archives:
    """The archives of one ledger."""

    def __init__(self, transactions: Transactions, path: Path | None) -> None:
        self._transactions = transactions
        self._path = path

    def make(self, place: Path, limit: datetime, *, why: str, who: str, now: datetime) -> Purge:
        """Copy all of it into a new file, then let the texts of what is closed before `limit` leave, piece by piece.

        Each piece is compared with the file in the transaction in which it leaves: killed anywhere, the ledger or the
        file has each text, and `go_on` ends it.
        """
        with self._transactions.write() as connection:
            counted = count_purge(connection, limit)
            archiving.note_begun(connection, place)
        draft = archiving.draft_of(place)
        if self._path is not None:
            make_beside(draft, self._path)
        self._copy(draft, now)
        draft.rename(place)
        flush_folder(place.parent)
        with self._transactions.write() as connection:
            archiving.note_archive(connection, place, limit)
        return replace(counted, entries=self.go_on(place, place, limit, why=why, who=who, now=now))

    def _copy(self, draft: Path, now: datetime) -> None:
        """Copy a file some pages at a time, anew where another process writes; a database as of one moment."""
        if self._path is None:
            with self._transactions.read() as old, _opened(draft, now, create=True) as copy, copy.write() as new:
                postgres.wait_in_transaction(old)
                copy_whole(old, new, copy.name)
            return
        with explained(self._transactions.name), closing(self._transactions.engine.raw_connection()) as raw:
            source = raw.driver_connection
            assert isinstance(source, sqlite3.Connection)
            with closing(sqlite3.connect(draft)) as target:
                source.backup(target, pages=_PAGES, sleep=_REST)

    def go_on(self, place: Path, found: Path, limit: datetime, *, why: str, who: str, now: datetime) -> int:
        """Let what an archive holds leave the ledger, where it is alike in both; give how many entries did."""
        left = 0
        with self._transactions.read() as connection:
            closed = find_closed(connection, limit)
        with _opened(found, now) as archive:
            for ids in in_chunks(closed, PIECE):
                with self._transactions.write() as connection, archive.read() as copy:
                    left += forget_entries(connection, _alike(connection, copy, ids), why=why, who=who, now=now)
            with self._transactions.write() as connection, archive.read() as copy:
                forget_mails(connection, find_same(connection, copy, mails.c.id, find_mailed(connection, limit)))
                forget_batches(connection, limit)
                note_freed(connection)
                archiving.note_left(connection, place)
        overwrite_freed(self._transactions)
        return left

    def leaving(self) -> tuple[tuple[Path, datetime], ...]:
        """Give the archives whose texts are still in the ledger, too, since somebody was killed, with their limits."""
        with self._transactions.read() as connection:
            return archiving.list_leaving(connection)

    def is_unfinished(self) -> bool:
        """Say whether a killed try to archive or to forget left something to do."""
        with self._transactions.read() as connection:
            return archiving.has_unfinished(connection) or is_freed(connection)

    def remove_begun(self) -> None:
        """Take away what killed tries to archive left."""
        with self._transactions.write() as connection:
            archiving.remove_begun(connection)

    def drop(self, place: Path, found: Path) -> None:
        """Delete an archive where it was found, then the note of its place: killed between, doing it again ends it."""
        for path in (found, found.with_name(f"{found.name}-words")):
            path.unlink(missing_ok=True)
        with self._transactions.write() as connection:
            archiving.drop_note(connection, place)

    def all(self) -> tuple[tuple[Path, datetime], ...]:
        """Give the file of each archive of this ledger, and the moment before which it holds all that was closed."""
        with self._transactions.read() as connection:
            return archiving.list_archives(connection)

    def find_doubted(self, limit: datetime) -> list[int]:
        """Give the closed entries before `limit` with a finding that a comparison left open."""
        with self._transactions.read() as connection:
            return archiving.doubted(connection, limit)

    def waiting_mail(self, limit: datetime) -> int:
        """Count the mails from before `limit` that no server took yet."""
        with self._transactions.read() as connection:
            return archiving.count_waiting_mail(connection, limit)


@contextmanager
def _opened(path: Path, now: datetime, *, create: bool = False) -> Iterator[Transactions]:
    """Open an archive for as long as it is compared."""
    url, _ = resolve_url(f"sqlite:///{path.as_posix()}")
    engine = prepare(url, path, now=now, create=create, busy_seconds=_BUSY_SECONDS)
    try:
        yield Transactions(engine, path, name_of(url, path), str)
    finally:
        engine.dispose()


def _alike(connection: Connection, copy: Connection, ids: Sequence[int]) -> list[int]:
    """Give those of some entries that the archive holds as they are; one that changed since stays."""
    bearing = find_bearing(connection, ids)
    same = set(bearing)
    for column in _OF_AN_ENTRY if bearing else ():
        same &= find_same(connection, copy, column, bearing)
    changed = set(bearing) - same
    return [number for number in ids if number not in changed]
