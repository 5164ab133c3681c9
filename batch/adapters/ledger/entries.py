"""The entries: each is one row's place in the ledger, and how it stands."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    not_,
    or_,
    select,
    tuple_,
    union,
)

from batch.adapters.ledger.bulk import in_chunks, is_in
from batch.adapters.ledger.columns import Json, Time
from batch.adapters.ledger.findings import add_open
from batch.adapters.ledger.forms import (
    STATUSES,
    Cells,
    read_issues,
    read_texts,
    read_time,
    read_time_or_none,
    write_time,
)
from batch.adapters.ledger.searching import SEARCHED, WordIndex
from batch.adapters.ledger.tables import (
    IS_TEST,
    IS_TO_CANCEL,
    LOOKED_AT,
    TURNED_DOWN,
    batch_rows,
    batches,
    entries,
    findings,
)
from batch.adapters.ledger.transactions import Transactions
from batch.adapters.ledger.weeks import is_plainly_scheduled
from batch.core.identity import TEST_MARK
from batch.model import NOT_SHOWN, WAITS, Entry, Posted, Status
from batch.model.errors import UsageError
from batch.model.places import place_of
from batch.model.records import dataclass

PAGE = 2_000
"""Entries read at a time: no transaction stays open while the caller works on them, or it would lock writers out."""

_PERHAPS_THERE = (Status.ACCEPTED, Status.IN_DOUBT, Status.SUBMITTING, Status.HELD)
"""A held one is to be cancelled only while nobody is sure that it is not there: any other was dropped at once."""

_IN_ITS_PLACE = (Status.HELD, Status.PLANNED, Status.WAITING, Status.ACCEPTED, Status.IN_DOUBT)

_COLUMNS = tuple(entries.c[field.name] for field in dataclasses.fields(Entry) if field.name in entries.c)
_ALL = select(*_COLUMNS, entries.c.cells).join(batches, batches.c.id == entries.c.batch)
"""What an entry has of its batch is read once a batch, not once an entry; the join is there for those who ask by it."""

_NUMBERS = select(entries.c.id).join(batches, batches.c.id == entries.c.batch)

_BARE_NUMBERS = select(entries.c.id)
"""An index alone may give them, for whom no file's name is asked about."""
_TIMES = select(entries.c.id, entries.c.send_at)
_COUNT = select(func.count()).select_from(entries)
"""PostgreSQL counts by an index alone only where no column is asked for."""

_POSTED = (
    select(*(entries.c[name] for name in Posted._fields))
    .where(entries.c.status == Status.ACCEPTED.value, entries.c.cancel_why == "")
    .where(tuple_(entries.c.send_at, entries.c.id) > tuple_(bindparam("at_", type_=Time), bindparam("id_")))
    .order_by(entries.c.send_at, entries.c.id)
)

_OF_BATCH = ("file", "sheet", "submitted_by", "machine")
_READ = (*(column.name for column in _COLUMNS), "cells", *_OF_BATCH, "fields", "to_approve")
"""What is known of an entry when its row has been read, by its place."""
_PLACES = {name: place for place, name in enumerate(_READ)}
_LATER = {"findings", "acknowledged"}
_FIELDS_OF = itemgetter(*(_PLACES[field.name] for field in dataclasses.fields(Entry) if field.name not in _LATER))
"""Takes an Entry's fields in its own order; by name they cost more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for; what is None does not matter."""

    batch: int | None = None
    statuses: Collection[Status] | None = None
    ids: Collection[int] | None = None
    due_from: datetime | None = None
    due_until: datetime | None = None
    changed_since: datetime | None = None
    words: str | tuple[str, ...] | None = None
    timeless: bool = False
    """Only those whose time cannot be read."""
    uncounted: bool = False
    """Only those that `Weeks.plainly_sent` does not add up."""
    at: datetime | None = None
    """Of these only those that are not plainly scheduled at this moment, either."""


class Bearers(NamedTuple):
    """What a search gives."""

    entries: tuple[Entry, ...]
    left: int
    """How many more bear the words, at least."""
    unseen: int
    """How many of the oldest were not looked through."""


class Entries:
    """The entries of one ledger, as they stand."""

    def __init__(self, transactions: Transactions, words: WordIndex) -> None:
        self._transactions = transactions
        self._index = words

    def get(self, id: int) -> Entry:
        """Give one entry; UsageError when there is none."""
        for found in self.select(ids=(id,)):
            return found
        raise UsageError(f"there is no entry {id}", '"campaign-batch find WORDS" shows entries with their numbers')

    def select(
        self,
        *,
        batch: int | None = None,
        statuses: Collection[Status] | None = None,
        ids: Collection[int] | None = None,
        due_from: datetime | None = None,
        due_until: datetime | None = None,
        changed_since: datetime | None = None,
        words: str | Iterable[str] | None = None,
        timeless: bool = False,
        uncounted: bool = False,
    ) -> Iterator[Entry]:
        """Stream the entries that fit all that is given, by number.

        `batch`: those that a row of it made or met; `due_from` is within, `due_until` without; `words` must all stand
        in the names, message, groups, Ids or cells; of the rest see `Wanted`. The ledger may be written to between
        two entries.
        """
        words = words if words is None or isinstance(words, str) else tuple(words)
        wanted = Wanted(batch, statuses, ids, due_from, due_until, changed_since, words, timeless, uncounted)
        if wanted == Wanted():
            yield from self._walk()
            return
        for chunk in in_chunks(self._find(wanted), PAGE):
            with self._transactions.read() as connection:
                page = _read(connection, _by_id(connection, chunk))
            yield from (entry for entry in page if _fits_still(entry, wanted))

    def newest(self, words: str | tuple[str, ...], most: int) -> Bearers:
        """Give the newest so many entries that bear some words, by number, and what else there may be."""
        asked, found = [_forms(word) for word in _words(words)], list[int]()
        for where in self._index.windows(asked, 2 * most):
            with self._transactions.read() as connection:
                narrowed = _narrow(_NUMBERS, Wanted(words=words), connection).where(where)
                found += connection.execute(narrowed).scalars()
            if len(found) > most:
                break
        chosen = sorted(found, reverse=True)[:most]
        left = len(found) - len(chosen)
        return Bearers(tuple(self.select(ids=chosen)), left, 0 if left else self._index.beyond(asked))

    def _walk(self) -> Iterator[Entry]:
        """Stream every entry, each page found by the number that the last one ended with."""
        after = 0
        while True:
            with self._transactions.read() as connection:
                page = _read(connection, _ALL.where(entries.c.id > after).order_by(entries.c.id).limit(PAGE))
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].id

    def _find(self, wanted: Wanted) -> list[int]:
        """Give the numbers of the entries that fit, in order: one question, whose answer no page asks anew."""
        if wanted == Wanted(ids=wanted.ids):
            return sorted(set(wanted.ids or ()))
        words = _words(wanted.words)
        if words and wanted.ids is None:
            wanted = replace(wanted, ids=self._index.candidates(_forms(word) for word in words))
        with self._transactions.read() as connection:
            asked = _NUMBERS if words else _BARE_NUMBERS
            return sorted(connection.execute(_narrow(asked, wanted, connection)).scalars())

    def numbers(self, statuses: Collection[Status], *, due_from: datetime) -> frozenset[int]:
        """Give the numbers of the entries that have one of some statuses and are due from a moment on."""
        return frozenset(self._find(Wanted(statuses=statuses, due_from=due_from)))

    def posted(self, *, due_from: datetime) -> Iterator[Posted]:
        """Stream what was posted of the accepted entries that nobody wants cancelled, the soonest first."""
        at = (write_time(due_from), 0)
        while True:
            with self._transactions.read() as connection:
                page = connection.execute(_POSTED.limit(PAGE), {"at_": at[0], "id_": at[1]}).all()
            yield from map(_posted, page)
            if len(page) < PAGE:
                return
            at = (page[-1].send_at, page[-1].id)

    def count(
        self,
        statuses: Collection[Status] | None = None,
        *,
        due_from: datetime | None = None,
        due_until: datetime | None = None,
    ) -> int:
        """Count the entries that have one of some statuses, and are due in a time."""
        wanted = Wanted(statuses=statuses, due_from=due_from, due_until=due_until)
        with self._transactions.read() as connection:
            return int(connection.execute(_narrow(_COUNT, wanted, connection)).scalar() or 0)

    def age(self, statuses: Collection[Status]) -> tuple[int, datetime | None]:
        """Give how many entries have one of the statuses, and when the oldest of them was changed last."""
        wanted = entries.c.status.in_([status.value for status in statuses])
        with self._transactions.read() as connection:
            count, oldest = connection.execute(select(func.count(), func.min(entries.c.changed_at)).where(wanted)).one()
        return int(count), read_time(oldest) if oldest else None

    def nearest(
        self,
        moment: datetime,
        most: int,
        *,
        due_from: datetime,
        statuses: Collection[Status] | None = None,
        uncounted: bool = False,
    ) -> list[int]:
        """Give the numbers of the entries due since a time that are due next to a moment, before it and after it.

        Of these statuses, and only those that are neither plainly sent nor plainly scheduled, where that is asked for.
        """
        before = Wanted(statuses=statuses, uncounted=uncounted, due_from=due_from, due_until=moment, at=moment)
        after = replace(before, due_from=moment, due_until=None)
        found: list[Row[Any]] = []
        with self._transactions.read() as connection:
            for side, order in ((after, entries.c.send_at), (before, entries.c.send_at.desc())):
                found += connection.execute(_narrow(_TIMES, side, connection).order_by(order).limit(most))
        found.sort(key=lambda row: abs(read_time(row.send_at) - moment))
        return [row.id for row in found[:most]]

    def turned_down(self, most: int, *, since: datetime) -> list[int]:
        """Give the numbers of the newest invalid entries that were changed since a time."""
        wanted = Wanted(statuses=(Status.INVALID,), changed_since=since)
        with self._transactions.read() as connection:
            asked = _narrow(_BARE_NUMBERS, wanted, connection).order_by(entries.c.changed_at.desc())
            return list(connection.execute(asked.limit(most)).scalars())

    def planned(self, batch: int | None = None) -> tuple[Entry, ...]:
        """Give the entries to be submitted, the earliest send time first."""
        with self._transactions.read() as connection:
            asked = _narrow(_ALL, Wanted(batch=batch, statuses=(Status.PLANNED,)), connection)
            return tuple(_read(connection, asked.order_by(entries.c.send_at, entries.c.id)))

    def has_good(self) -> bool:
        """Whether any row was ever good enough to be sent: where none was, nothing can be at the provider."""
        bad = (Status.INVALID.value, Status.REPLACED.value)
        with self._transactions.read() as connection:
            return (
                connection.execute(select(entries.c.id).where(entries.c.status.not_in(bad)).limit(1)).first()
                is not None
            )

    def cancellations(self) -> tuple[Entry, ...]:
        """Give the entries that are to be deleted in the dashboard and may still be there."""
        there = entries.c.status.in_([status.value for status in _PERHAPS_THERE])
        asked = _ALL.where(IS_TO_CANCEL, there).order_by(entries.c.send_at, entries.c.id)
        with self._transactions.read() as connection:
            return tuple(_read(connection, asked))

    def tests(self) -> tuple[Entry, ...]:
        """Give the entries that `test` made, the oldest first."""
        with self._transactions.read() as connection:
            # Up to the first that no such key begins with.
            between = and_(entries.c.key >= f"{TEST_MARK}:", entries.c.key < f"{TEST_MARK};")
            asked = _ALL.where(between if connection.dialect.name == "sqlite" else IS_TEST)
            return tuple(_read(connection, asked.order_by(entries.c.id)))

    def twins(self, entry: int) -> tuple[Entry, ...]:
        """Give the newer entries of the same key that took its place while it seemed gone, the oldest first."""
        key = select(entries.c.key).where(entries.c.id == entry).scalar_subquery()
        waiting = entries.c.status.in_([status.value for status in _IN_ITS_PLACE])
        asked = _ALL.where(entries.c.key == key, entries.c.id > entry, waiting).order_by(entries.c.id)
        with self._transactions.read() as connection:
            return tuple(_read(connection, asked))


def _posted(row: Sequence[Any]) -> Posted:
    return Posted._make((*row[:-2], read_texts(row[-2]), read_time(row[-1])))


def _by_id(connection: Connection, ids: Collection[int]) -> Select[Any]:
    return _ALL.where(is_in(entries.c.id, ids, connection.dialect)).order_by(entries.c.id)


def _fits_still(entry: Entry, wanted: Wanted) -> bool:
    """Whether an entry that fitted when it was found has not moved on until its page was read."""
    return wanted.statuses is None or entry.status in wanted.statuses


def _narrow(statement: Select[Any], wanted: Wanted, connection: Connection) -> Select[Any]:
    if wanted.batch is not None:
        of_batch = select(batch_rows.c.entry).where(batch_rows.c.batch == wanted.batch)
        statement = statement.where(entries.c.id.in_(of_batch))
    if wanted.statuses is not None:
        statement = statement.where(entries.c.status.in_([status.value for status in wanted.statuses]))
    if wanted.ids is not None:
        statement = statement.where(is_in(entries.c.id, wanted.ids, connection.dialect))
    due = _due(wanted)
    if not wanted.uncounted:
        statement = statement.where(*due)
    if wanted.changed_since is not None:
        statement = statement.where(entries.c.changed_at >= write_time(wanted.changed_since))
        if set(wanted.statuses or Status) <= {Status.INVALID, Status.REPLACED}:
            statement = statement.where(TURNED_DOWN)
    if wanted.uncounted:
        plain = [] if wanted.at is None else [not_(is_plainly_scheduled(wanted.at))]
        looked_at = select(entries.c.id).where(LOOKED_AT, *due, *plain)
        found = select(entries.c.id).join(findings, findings.c.entry == entries.c.id).where(findings.c.open == 1, *due)
        statement = statement.where(entries.c.id.in_(union(looked_at, found)))
    if wanted.timeless:
        statement = statement.where(entries.c.send_at.is_(None))
    for word in _words(wanted.words):
        statement = statement.where(_bears(word))
    return statement


def _due(wanted: Wanted) -> list[ColumnElement[bool]]:
    begins = [entries.c.send_at >= write_time(wanted.due_from)] if wanted.due_from is not None else []
    ends = [entries.c.send_at < write_time(wanted.due_until)] if wanted.due_until is not None else []
    return [*begins, *ends]


def _words(words: str | Iterable[str] | None) -> list[str]:
    if words is None:
        return []
    return words.split() if isinstance(words, str) else list(words)


def _bears(word: str) -> Any:
    """Look for a word in everything people may remember of a campaign, in capitals or not."""
    patterns = [form.replace("/", "//").replace("%", "/%").replace("_", "/_") for form in _forms(word)]
    searched = [cast(column, Text) if isinstance(column.type, Json) else column for column in SEARCHED]
    return or_(*(func.lower(column).like(f"%{pattern}%", escape="/") for column in searched for pattern in patterns))


def _forms(word: str) -> list[str]:
    """Give an accented word as small and as capital letters: the database's lower() may know ASCII only."""
    return list(dict.fromkeys(_lower_ascii(form) for form in (word.lower(), word.upper())))


def _lower_ascii(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _read(connection: Connection, statement: Select[Any]) -> list[Entry]:
    rows = connection.execute(statement).all()
    columns = (batches.c.id, batches.c.header, batches.c.state, *(batches.c[name] for name in _OF_BATCH))
    asked = is_in(batches.c.id, {row.batch for row in rows}, connection.dialect)
    found: Iterable[Row[Any]] = connection.execute(select(*columns).where(asked)) if rows else ()
    of_batch = {batch.id: batch for batch in found}
    return add_open(connection, [_entry(row, of_batch[row.batch]) for row in rows])


_FORMS: Mapping[int, Callable[[Any], Any]] = {
    _PLACES["group_ids"]: read_texts, _PLACES["group_names"]: read_texts, _PLACES["send_at"]: read_time_or_none,
    _PLACES["status"]: STATUSES.__getitem__, _PLACES["issues"]: read_issues, _PLACES["changed_at"]: read_time_or_none,
}  # fmt: skip
"""What makes a value of the ledger what it is, by its place."""
_ROW, _CELLS, _STATUS, _APPROVED_BY = (_PLACES[name] for name in ("row", "cells", "status", "approved_by"))


def _entry(row: Row[Any], batch: Row[Any]) -> Entry:
    cells = Cells(batch.header, row[_CELLS])
    planned = row[_STATUS] == Status.PLANNED and not row[_APPROVED_BY]
    values = [*row, *batch[3:], cells, planned and batch.state in {NOT_SHOWN, WAITS}]
    for place, read in _FORMS.items():
        values[place] = read(values[place])
    values[_ROW] = place_of(values[_ROW], cells)
    return Entry(*_FIELDS_OF(values))
