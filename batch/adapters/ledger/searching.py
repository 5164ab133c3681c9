"""An index of words beside a ledger in a file: it names the entries that may bear a word, and is never needed.

It lies in a file of its own, holds no text, and can be taken away at any time. What it does not know yet, or cannot
answer, is looked for in the entries themselves.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from batch.adapters.ledger.bulk import in_chunks, is_in
from batch.adapters.ledger.postgres import DIALECT
from batch.adapters.ledger.tables import batches, entries, history, notes
from batch.adapters.ledger.transactions import Transactions
from batch.adapters.ledger.trigrams import SHORTEST, add_index, find_bearers, has_index
from batch.model.errors import LedgerError
from batch.system.disk import make_beside

SEARCHED = (
    entries.c.campaign_name,
    entries.c.provider_name,
    entries.c.message,
    entries.c.reference,
    entries.c.subject,
    entries.c.group_ids,
    entries.c.group_names,
    entries.c.provider_id,
    entries.c.owner,
    entries.c.cells,
    batches.c.file,
)
"""Everything that people may remember of a campaign."""
MOST = 20_000
"""Entries that one search takes in on its way; the night takes in the rest."""
NEWEST = 20_000
"""Entries that are looked through in a moment."""
REACH = 200_000
"""The most that are looked through for words of one or two letters, which no index looks up."""
_WINDOW = 2_000
_TABLES = (
    "CREATE VIRTUAL TABLE words USING fts5(text, content='', detail='none', tokenize='trigram')",
    "CREATE TABLE documents (id INTEGER PRIMARY KEY, entry INTEGER NOT NULL)",
    "CREATE TABLE reach (lineage TEXT, entry INTEGER, line INTEGER, written TEXT)",
    "INSERT INTO reach VALUES ('', 0, 0, '')",
)
_FOUND = "SELECT DISTINCT entry FROM documents WHERE id IN (SELECT rowid FROM words WHERE words MATCH ?)"
"""All words in one question: the rarest of their trigrams decides how much is read."""
_LINEAGE = select(notes.c.value).where(notes.c.name == "lineage")
_NEWEST = select(func.max(entries.c.id))
_WRITTEN = select(history.c.at)
_TEXTS = select(entries.c.id, *SEARCHED).join(batches, batches.c.id == entries.c.batch).order_by(entries.c.id)


class WordIndex:
    """The index of words of one ledger; without a file, or without the means, it knows nothing."""

    def __init__(self, transactions: Transactions, path: Path | None) -> None:
        self._transactions = transactions
        self._ledger = path
        self._place = path.with_name(f"{path.name}-words") if path is not None else None

    def candidates(self, words: Iterable[Iterable[str]]) -> list[int] | None:
        """Give every entry that may bear all of some words, each in one of its forms; None where nothing is known."""
        asked_for = [tuple(forms) for forms in words]
        if self._transactions.engine.dialect.name == DIALECT:
            with self._transactions.read() as connection:
                return find_bearers(connection, asked_for)
        asked = [question for forms in asked_for if (question := _question(forms))]
        if self._place is None or not asked:
            return None
        with suppress(sqlite3.Error, OSError), self._open() as index:
            self._take_in(index, MOST)
            found = index.execute(_FOUND, (" AND ".join(f"({question})" for question in asked),)).fetchall()
            (reach,) = index.execute("SELECT entry FROM reach").fetchone()
            return [*(entry for (entry,) in found), *self._later(reach)]
        return None

    def windows(self, words: Iterable[Sequence[str]], most: int) -> Iterator[ColumnElement[bool]]:
        """Give part by part, the newest entries first, where so many that bear some words are to be looked for.

        In PostgreSQL the newest are looked through themselves: of a word that many of them bear, its index would give
        every bearer in no order at all.
        """
        asked = list(words)
        with self._transactions.read() as connection:
            below = (connection.execute(_NEWEST).scalar() or 0) + 1
        if self._transactions.engine.dialect.name == DIALECT:
            below -= NEWEST
            yield entries.c.id >= below
        found = self._older(asked, below, most) if below > 0 else []
        if found is None:
            yield from _ever_older(below, self.beyond(asked))
        else:
            for chunk in in_chunks(found, _WINDOW):
                yield is_in(entries.c.id, chunk, self._transactions.engine.dialect)

    def beyond(self, words: Sequence[Sequence[str]]) -> int:
        """Give up to which of the oldest entries nothing is looked through, since no word can be looked up."""
        on_server = self._transactions.engine.dialect.name == DIALECT
        looked_up = any(all(len(form) >= SHORTEST for form in forms) for forms in words)
        if looked_up or not words or self.lacks_index() or not (on_server or self._place):
            return 0
        with self._transactions.read() as connection:
            return max(0, (connection.execute(_NEWEST).scalar() or 0) - REACH)

    def _older(self, words: Sequence[Sequence[str]], below: int, most: int) -> Sequence[int] | None:
        """Give those with a number below one that may bear all of some words, the newest first."""
        if self._transactions.engine.dialect.name == DIALECT:
            with self._transactions.read() as connection:
                return find_bearers(connection, words, below=below, most=most)
        found = self.candidates(words)
        return None if found is None else sorted((entry for entry in found if entry < below), reverse=True)

    def refresh(self) -> None:
        """Take in all that the index does not know yet; PostgreSQL keeps its own, once it has one."""
        if self._transactions.engine.dialect.name == DIALECT:
            with self._transactions.write() as connection:
                add_index(connection)
        if self._place is not None:
            with suppress(sqlite3.Error, OSError), self._open() as index:
                self._take_in(index, None)

    def lacks_index(self) -> bool:
        """Say whether a database that could have the index has none, so that each search reads every entry."""
        if self._transactions.engine.dialect.name != DIALECT:
            return False
        with self._transactions.read() as connection:
            return not has_index(connection)

    def forget(self) -> None:
        """Take the index away: what is forgotten must not be found by its trigrams."""
        try:
            self._remove()
        except OSError as trouble:
            words = f'the index of words "{self._place}" cannot be taken away ({trouble.strerror})'
            raise LedgerError(words, "close what has it open, and type the command again") from None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open it in one transaction; one that cannot be trusted is made anew."""
        assert self._place is not None
        assert self._ledger is not None
        make_beside(self._place, self._ledger)
        try:
            with closing(sqlite3.connect(self._place, timeout=1.0, isolation_level=None)) as index:
                index.execute("BEGIN IMMEDIATE")
                if not index.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                    for statement in _TABLES:
                        index.execute(statement)
                self._begin_anew_if_strange(index)
                yield index
                index.execute("COMMIT")
        except sqlite3.DatabaseError as trouble:
            if not isinstance(trouble, sqlite3.OperationalError):
                self._remove()  # it is damaged
            raise

    def _remove(self) -> None:
        if self._place is not None:
            for path in (self._place, self._place.with_name(f"{self._place.name}-journal")):
                path.unlink(missing_ok=True)

    def _begin_anew_if_strange(self, index: sqlite3.Connection) -> None:
        """Empty it where it is of another ledger, or of a state that was given up for a backup."""
        lineage, _, line, written = index.execute("SELECT * FROM reach").fetchone()
        with self._transactions.read() as connection:
            ours = connection.execute(_LINEAGE).scalar()
            found = connection.execute(_WRITTEN.where(history.c.id == line)).scalar() or ""
        if (lineage, written) != (ours, found):
            index.execute("INSERT INTO words (words) VALUES ('delete-all')")
            index.execute("DELETE FROM documents")
            index.execute("UPDATE reach SET lineage = ?, entry = 0, line = 0, written = ''", (ours,))

    def _take_in(self, index: sqlite3.Connection, most: int | None) -> None:
        """Take in what is new, and anew what has a new line in its history: nothing changes without one."""
        _, reach, line, _ = index.execute("SELECT * FROM reach").fetchone()
        with self._transactions.read() as connection:
            newest = connection.execute(select(func.max(history.c.id))).scalar() or 0
            written = connection.execute(_WRITTEN.where(history.c.id == newest)).scalar() or ""
            moved = select(history.c.entry).where(history.c.id > line, history.c.entry <= reach).distinct()
            changed = connection.execute(moved).scalars().all()
        for chunk in in_chunks(changed, _WINDOW):
            with self._transactions.read() as connection:
                _add(index, connection, is_in(entries.c.id, chunk, connection.dialect))
        left = most
        while left is None or left > 0:
            with self._transactions.read() as connection:
                last = _add(index, connection, entries.c.id > reach)
            if last is None:
                break
            reach, left = last, None if left is None else left - _WINDOW
        index.execute("UPDATE reach SET entry = ?, line = ?, written = ?", (reach, newest, written))

    def _later(self, reach: int) -> Sequence[int]:
        with self._transactions.read() as connection:
            return connection.execute(select(entries.c.id).where(entries.c.id > reach)).scalars().all()


def _ever_older(below: int, end: int) -> Iterator[ColumnElement[bool]]:
    """Take twice as many entries each time: no index helps, and most searches end soon."""
    many = NEWEST
    while below > end + 1:
        yield entries.c.id.between(max(below - many, end + 1), below - 1)
        below, many = below - many, 2 * many


def _add(index: sqlite3.Connection, connection: Connection, which: ColumnElement[bool]) -> int | None:
    """Take in a window of entries; give the last of them. The folded text is what a search compares, too."""
    rows = connection.execute(_TEXTS.where(which).limit(_WINDOW)).all()
    if not rows:
        return None
    (last,) = index.execute("SELECT coalesce(max(id), 0) FROM documents").fetchone()
    numbered = list(enumerate(rows, last + 1))
    index.executemany("INSERT INTO documents VALUES (?, ?)", [(place, row[0]) for place, row in numbered])
    index.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", [(place, _text(row)) for place, row in numbered])
    return int(rows[-1][0])


def _text(row: Sequence[Any]) -> str:
    return "\n".join(str(value) for value in row[1:]).casefold().replace("\0", " ")


def _question(forms: Iterable[str]) -> str:
    """Ask for all trigrams of a word, in any of its forms; nothing where one of them is too short to ask by."""
    asked = []
    for form in forms:
        trigrams = {form[place : place + SHORTEST] for place in range(len(form) - SHORTEST + 1)}
        if not trigrams or "\0" in form:
            return ""
        asked.append(" AND ".join('"' + trigram.replace('"', '""') + '"' for trigram in sorted(trigrams)))
    return " OR ".join(f"({one})" for one in asked)
