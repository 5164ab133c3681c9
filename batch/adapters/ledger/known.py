"""What the plan and the lists ask of the ledger: which keys, fingerprints, tags and Ids it knows, and since when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, case, func, or_, select, union

from batch.adapters.ledger.bulk import ask_one, is_in
from batch.adapters.ledger.forms import STATUSES, read_texts, read_time_or_none, write_time
from batch.adapters.ledger.tables import attempts, batches, entries, history
from batch.adapters.ledger.transactions import Transactions
from batch.core.trust import Sentinel, Span
from batch.model import KnownEntry, Status
from batch.model.places import place_of

COMING = (Status.PLANNED, Status.SUBMITTING, Status.IN_DOUBT, Status.ACCEPTED, Status.HELD, Status.WAITING)
"""What the guards compare a new row with, while its time is still to come."""

_NAMED_OTHERWISE = {
    "name": entries.c.campaign_name, "last_codes": entries.c.codes, "file": batches.c.file, "sheet": batches.c.sheet
}  # fmt: skip
_COLUMNS = ({**entries.c, **_NAMED_OTHERWISE}[name] for name in KnownEntry._fields)
_KNOWN = select(*_COLUMNS).join(batches, batches.c.id == entries.c.batch)
"""In the order in which a KnownEntry has them."""
_HOLDER = select(func.max(entries.c.id)).where(
    entries.c.provider_id != "", entries.c.provider_id == bindparam("listed")
)


class Known:
    """What one ledger knows of already: keys, fingerprints, tags and Ids."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def matching(self, keys: Collection[str], fingerprints: Collection[str], now: datetime) -> tuple[KnownEntry, ...]:
        """Give the entries with one of these keys or fingerprints, and all that are still to come; none replaced."""
        coming = and_(entries.c.status.in_([status.value for status in COMING]), entries.c.send_at > write_time(now))
        with self._transactions.read() as connection:
            key, fingerprint = _how_to_search(connection, len(keys))
            has_key = is_in(key, keys, connection.dialect)
            says_it = is_in(fingerprint, [one for one in fingerprints if one], connection.dialect)
            return _read_known(connection, _any_of(connection, has_key, says_it, coming))

    def with_keys(self, keys: Collection[str]) -> tuple[KnownEntry, ...]:
        """Give the entries with one of these keys, and no others; none replaced."""
        with self._transactions.read() as connection:
            key, _ = _how_to_search(connection, len(keys))
            return _read_known(connection, is_in(key, keys, connection.dialect))

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


def _any_of(connection: Connection, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Ask for what one condition or another takes; PostgreSQL uses an index for each only where they stand apart."""
    if connection.dialect.name == "sqlite":
        return or_(*conditions)
    return entries.c.id.in_(union(*(select(entries.c.id).where(condition) for condition in conditions)))


def _how_to_search(connection: Connection, asked: int) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """Give key and fingerprint as columns, or as expressions that keep SQLite from its indexes.

    Once a good part of the ledger is asked for, one scan is a third faster than two look-ups an entry and a sort.
    """
    newest = connection.execute(select(func.max(entries.c.id))).scalar() or 0
    if asked * 4 < newest:
        return entries.c.key, entries.c.fingerprint
    return entries.c.key.concat(""), entries.c.fingerprint.concat("")


def _first(status: Status) -> ColumnElement[int]:
    """Take the first line of the history at which an entry came to a status."""
    return func.min(case((history.c.new == status.value, history.c.id)))


def _last(status: Status) -> ColumnElement[int]:
    return func.max(case((history.c.new == status.value, history.c.id)))


def _span(row: Row[Any]) -> Span:
    return Span(row.begun, row.known)


def _read_known(connection: Connection, which: ColumnElement[bool]) -> tuple[KnownEntry, ...]:
    asked = _KNOWN.where(entries.c.status != Status.REPLACED.value, which)
    return tuple(_known_entry(row) for row in connection.execute(asked.order_by(entries.c.id)))


def _known_entry(row: Sequence[Any]) -> KnownEntry:
    """Read a row of `_KNOWN`; by name its columns would take twice as long."""
    place, group_ids, send_at, status = row[7:11]
    codes, released = row[15:]
    moment = read_time_or_none(send_at)
    met = (*row[:7], place_of(place), read_texts(group_ids), moment, STATUSES[status])
    return KnownEntry._make((*met, *row[11:15], tuple(codes.split()), read_texts(released)))
