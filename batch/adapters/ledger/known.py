"""What the plan and the lists ask of the ledger: which keys, fingerprints, tags and Ids it knows, and since when."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, case, func, select

from batch.adapters.ledger.bulk import ask_one, in_chunks, is_in
from batch.adapters.ledger.forms import STATUSES, read_texts, read_time_or_none, write_time
from batch.adapters.ledger.tables import attempts, batches, entries, history
from batch.adapters.ledger.transactions import Transactions
from batch.core.trust import Sentinel, Span
from batch.model import Brief, KnownEntry, Status
from batch.model.places import place_of

SetAside = Callable[[Sequence[Brief]], set[int]]
_Briefs = tuple[Sequence[Any], Sequence[int]]
_BLOCK = 2_000
"""Keys, or other values, that are asked for at a time."""
COMING = (Status.PLANNED, Status.SUBMITTING, Status.IN_DOUBT, Status.ACCEPTED, Status.HELD, Status.WAITING)
"""What the guards compare a new row with, while its time is still to come."""

_NAMED_OTHERWISE = {"name": entries.c.campaign_name, "last_codes": entries.c.codes}
_OF_BATCHES = ("file", "sheet")
_COLUMNS = [{**entries.c, **_NAMED_OTHERWISE}[name] for name in KnownEntry._fields if name not in _OF_BATCHES]
_COUNTS = entries.c.status != Status.REPLACED.value
_KNOWN = select(*_COLUMNS).where(_COUNTS)
"""In the order in which a KnownEntry has them."""
_DOUBLED = select(entries.c.key).group_by(entries.c.key).having(func.count() > 1)
"""The keys that more than one entry has, replaced ones too."""
_REPLACED = select(entries.c.key, entries.c.id).where(
    entries.c.status == Status.REPLACED.value, entries.c.replaced_by.is_not(None)
)
_HOLDER = select(func.max(entries.c.id)).where(
    entries.c.provider_id != "", entries.c.provider_id == bindparam("listed")
)


class Known:
    """What one ledger knows of already: keys, fingerprints, tags and Ids."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def matching(
        self,
        keys: Iterable[str],
        fingerprints: Iterable[str],
        now: datetime,
        set_aside: SetAside = lambda _known: set(),
    ) -> tuple[KnownEntry, ...]:
        """Give the entries with one of these keys or fingerprints, and all that are still to come; none replaced.

        `set_aside` gets all entries of some keys at a time, in brief, and says which are left out. Only after that the
        `fingerprints` are gone through.
        """
        asked, wanted = dict.fromkeys(keys), set[int]()
        with self._transactions.read() as connection:
            for block, others in _read_briefs(connection, asked, now):
                wanted.update(others, [entry[0] for entry in block])
                wanted -= set_aside(block)
            wanted |= _find_saying(connection, fingerprints)
            return tuple(_read_known(connection, entries.c.id, sorted(wanted)))

    def with_keys(self, keys: Iterable[str]) -> tuple[KnownEntry, ...]:
        """Give the entries with one of these keys, and no others; none replaced."""
        with self._transactions.read() as connection:
            return tuple(sorted(_read_known(connection, entries.c.key, dict.fromkeys(keys)), key=itemgetter(0)))

    def replaced(self, keys: Iterable[str]) -> dict[str, int]:
        """Give the newest entry of each of these keys whose place a fixed row has taken."""
        found: dict[str, int] = {}
        with self._transactions.read() as connection:
            if connection.execute(_REPLACED.limit(1)).first() is None:
                return found
            for block in in_chunks(dict.fromkeys(keys), _BLOCK):
                asked = _REPLACED.where(is_in(entries.c.key, block, connection.dialect)).order_by(entries.c.id)
                found.update(connection.execute(asked).all())
        return found

    def tags(self, listed: Collection[str]) -> set[str]:
        """Give which of these tags this ledger ever gave or sent: as many are asked for as a list shows, not all."""
        with self._transactions.read() as connection:
            given, sent = (
                select(table.c.tag).where(table.c.tag != "", is_in(table.c.tag, listed, connection.dialect))
                for table in (entries, attempts)
            )
            return set(connection.execute(given.union(sent)).scalars())

    def planned_tags(self) -> set[str]:
        """Give the tags of what is planned: nobody else may have sent it."""
        with self._transactions.read() as connection:
            planned = select(entries.c.tag).where(entries.c.status == Status.PLANNED.value, entries.c.tag != "")
            return set(connection.execute(planned).scalars())

    def provider_ids(self, listed: Collection[str]) -> dict[str, int]:
        """Give which of these Ids of the provider are known, each with the entry that has it."""
        with self._transactions.read() as connection:
            asked = is_in(entries.c.provider_id, listed, connection.dialect)
            statement = select(entries.c.provider_id, entries.c.id).where(entries.c.provider_id != "", asked)
            return dict(connection.execute(statement).all())

    def holder(self, provider_id: str) -> int | None:
        """Give the entry that has an Id of the provider; None when none has."""
        with self._transactions.read() as connection:
            found = ask_one(connection, _HOLDER, {"listed": provider_id})
            return found[0] if found else None

    def sentinels(self, after: datetime) -> tuple[Sentinel, ...]:
        """Give what the provider's lists must show: accepted, to come after a moment, and called gone by nobody."""
        with self._transactions.read() as connection:
            statement = select(entries.c.id, entries.c.provider_id, entries.c.status).where(
                entries.c.status.in_([Status.ACCEPTED.value, Status.MISSING.value]),
                entries.c.send_at > write_time(after),
                entries.c.provider_id != "",
                entries.c.cancel_why == "",
            )
            missing = Status.MISSING.value
            found = connection.execute(statement.order_by(entries.c.id))
            return tuple(Sentinel(row.id, row.provider_id, row.status == missing) for row in found)

    def spans(self, after: datetime) -> dict[str, Span]:
        """Give when each campaign with an Id that is to come was posted and accepted, by Id."""
        with self._transactions.read() as connection:
            begun = _first(Status.SUBMITTING).label("begun")
            known = _first(Status.ACCEPTED).label("known")
            statement = (
                select(entries.c.provider_id, begun, known)
                .join(history, history.c.entry == entries.c.id)
                .where(entries.c.provider_id != "", entries.c.send_at > write_time(after))
                .group_by(history.c.entry, entries.c.provider_id)  # by the entry's own number SQLite reads all of them
            )
            return {row.provider_id: _span(row) for row in connection.execute(statement) if row.known is not None}

    def doubt_spans(self, ids: Collection[int]) -> dict[int, Span]:
        """Give when doubts came to be, by entry."""
        with self._transactions.read() as connection:
            begun = _last(Status.SUBMITTING).label("begun")
            known = _last(Status.IN_DOUBT).label("known")
            asked = is_in(history.c.entry, ids, connection.dialect)
            statement = select(history.c.entry, begun, known).where(asked).group_by(history.c.entry)
            return {row.entry: _span(row) for row in connection.execute(statement) if row.known is not None}

    def observed(self, after: datetime) -> set[int]:
        """Give the campaigns to come that a list has shown since they were accepted."""
        with self._transactions.read() as connection:
            statement = select(entries.c.id).where(
                entries.c.send_at > write_time(after), entries.c.provider_id != "", entries.c.observed != ""
            )
            return set(connection.execute(statement).scalars())

    def unobserved(self, after: datetime) -> dict[str, int]:
        """Give the campaigns to come that no list has shown since they were accepted: Id to entry."""
        with self._transactions.read() as connection:
            statement = select(entries.c.provider_id, entries.c.id).where(
                entries.c.status.in_([Status.ACCEPTED.value, Status.MISSING.value]),
                entries.c.send_at > write_time(after),
                entries.c.provider_id != "",
                entries.c.observed == "",
            )
            return dict(connection.execute(statement).all())


def _first(status: Status) -> ColumnElement[int]:
    """Take the first line of the history at which an entry came to a status."""
    return func.min(case((history.c.new == status.value, history.c.id)))


def _last(status: Status) -> ColumnElement[int]:
    return func.max(case((history.c.new == status.value, history.c.id)))


def _span(row: Row[Any]) -> Span:
    return Span(row.begun, row.known)


def _read_briefs(connection: Connection, keys: Mapping[str, None], now: datetime) -> Iterator[_Briefs]:
    """Read what has one of these keys, all entries of a key in one block, and which others are to come.

    Once a good part of the ledger is asked for, one scan takes half the time of two look-ups an entry.
    """
    newest = connection.execute(select(func.max(entries.c.id))).scalar() or 0
    if len(keys) * 2 >= newest:
        yield from _scan(connection, keys, now)
        return
    yield (), connection.execute(select(entries.c.id).where(_is_coming(now))).scalars().all()
    for block in in_chunks(keys, _BLOCK):
        yield connection.execute(_brief(now).where(is_in(entries.c.key, block, connection.dialect))).all(), ()


def _scan(connection: Connection, keys: Mapping[str, None], now: datetime) -> Iterator[_Briefs]:
    doubled = set(connection.execute(_DOUBLED).scalars())
    last: list[Any] = []
    block: Any
    for block in connection.execute(_brief(now).execution_options(yield_per=_BLOCK)).partitions():
        found = [entry for entry in block if entry[2] in keys]
        last += [entry for entry in found if entry[2] in doubled]
        once = [entry for entry in found if entry[2] not in doubled] if doubled else found
        yield once, [entry[0] for entry in block if entry[6] and entry[2] not in keys]
    yield last, ()


def _brief(now: datetime) -> Select[Any]:
    """Ask for all that counts, in the order in which a `Brief` has it."""
    first, last = ("id", "batch", "key", "fingerprint", "tag", "status"), ("provider_id", "message", "subject")
    columns = (*(entries.c[name] for name in first), _is_coming(now), *(entries.c[name] for name in last))
    return select(*columns).where(_COUNTS)


def _is_coming(now: datetime) -> ColumnElement[bool]:
    """Ask for what is still to come, and goes or may go."""
    return and_(entries.c.status.in_([status.value for status in COMING]), entries.c.send_at > write_time(now))


def _find_saying(connection: Connection, fingerprints: Iterable[str]) -> set[int]:
    found: set[int] = set()
    for block in in_chunks(filter(None, fingerprints), _BLOCK):
        asked = is_in(entries.c.fingerprint, block, connection.dialect)
        found.update(connection.execute(select(entries.c.id).where(asked)).scalars())
    return found


def _read_known(
    connection: Connection, column: ColumnElement[Any], values: Iterable[str | int]
) -> Iterator[KnownEntry]:
    """Read what has one of these values there, in blocks: a ledger may know every row of a large file."""
    batches_ = _Batches(connection)
    for block in in_chunks(values, _BLOCK):
        found = connection.execute(_KNOWN.where(is_in(column, block, connection.dialect)))
        yield from [_known_entry(row, batches_[row[1]]) for row in found.all()]


class _Batches(dict[int, tuple[str, str]]):
    """File and sheet of each batch, read when they are first asked for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __missing__(self, batch: int) -> tuple[str, str]:
        asked = select(batches.c.file, batches.c.sheet).where(batches.c.id == batch)
        found = self[batch] = tuple(self._connection.execute(asked).one())
        return found


def _known_entry(row: Sequence[Any], place: tuple[str, str]) -> KnownEntry:
    """Read a row of `_KNOWN`; by name its columns would take twice as long."""
    file, sheet = place
    number, batch, key, fingerprint, tag, name, at, groups, send_at, status, provider_id, message, subject = row[:13]
    codes, released = row[13:]
    values = (
        number, batch, file, key, fingerprint, tag, name, place_of(at), read_texts(groups), read_time_or_none(send_at),
        STATUSES[status], provider_id, message, subject, sheet, tuple(codes.split()), read_texts(released),
    )  # fmt: skip
    return KnownEntry._make(values)
