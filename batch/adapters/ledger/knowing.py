"""What the plan and the lists ask of the ledger: which keys, fingerprints, tags and Ids it knows, and since when."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import chain

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from batch.adapters.ledger.bulk import in_list
from batch.adapters.ledger.forms import STATUSES, read_texts, read_time_or_none, write_time
from batch.adapters.ledger.tables import attempts, batches, entries, history
from batch.core.trust import Sentinel, Span
from batch.model import KnownEntry, Status
from batch.model.places import place_of

COMING = (Status.PLANNED, Status.SUBMITTING, Status.IN_DOUBT, Status.ACCEPTED, Status.HELD, Status.WAITING)
"""What the guards compare a new row with, while its time is still to come."""

_PAGE = 5_000


def select_known(
    connection: Connection, keys: Collection[str], fingerprints: Collection[str], now: datetime
) -> tuple[KnownEntry, ...]:
    """Read the entries with one of these keys or fingerprints, and all that are still to come; never a replaced one."""
    dialect = connection.dialect
    coming = and_(entries.c.status.in_([status.value for status in COMING]), entries.c.send_at > write_time(now))
    key, fingerprint = _how_to_search(connection, len(keys))
    asked = or_(
        key.in_(in_list(keys, dialect)),
        fingerprint.in_(in_list([one for one in fingerprints if one], dialect)),
        coming,
    )
    columns = (
        entries.c.id,
        entries.c.batch,
        batches.c.file,
        entries.c.row,
        entries.c.key,
        entries.c.fingerprint,
        entries.c.tag,
        entries.c.campaign_name,
        entries.c.group_ids,
        entries.c.send_at,
        entries.c.status,
        entries.c.provider_id,
        entries.c.message,
        entries.c.codes,
        entries.c.released,
        entries.c.subject,
        batches.c.sheet,
    )
    statement = (
        select(*columns)
        .join(batches, batches.c.id == entries.c.batch)
        .where(entries.c.status != Status.REPLACED.value, asked)
        .order_by(entries.c.id)
    )
    rows = chain.from_iterable(connection.execute(statement).partitions(_PAGE))
    return tuple(
        KnownEntry(
            entry,
            batch,
            file,
            place_of(row),
            key,
            fingerprint,
            tag,
            name,
            read_texts(group_ids),
            read_time_or_none(send_at),
            STATUSES[status],
            provider_id,
            message,
            tuple(codes.split()),
            read_texts(released),
            subject,
            sheet,
        )
        for (
            entry,
            batch,
            file,
            row,
            key,
            fingerprint,
            tag,
            name,
            group_ids,
            send_at,
            status,
            provider_id,
            message,
            codes,
            released,
            subject,
            sheet,
        ) in rows
    )


def select_tags(connection: Connection) -> set[str]:
    """Read every tag that this ledger ever gave or sent."""
    given = select(entries.c.tag).where(entries.c.tag != "")
    sent = select(attempts.c.tag).where(attempts.c.tag != "")
    return {tag for (tag,) in connection.execute(given.union(sent))}


def select_planned_tags(connection: Connection) -> set[str]:
    """Read the tags of what is planned and was never accepted."""
    planned = select(entries.c.tag).where(entries.c.status == Status.PLANNED.value, entries.c.tag != "")
    return set(connection.execute(planned).scalars())


def select_provider_ids(connection: Connection) -> dict[str, int]:
    """Read every Id of the provider with the entry that has it."""
    statement = select(entries.c.provider_id, entries.c.id).where(entries.c.provider_id != "")
    return dict(connection.execute(statement).all())


def select_sentinels(connection: Connection, after: datetime) -> tuple[Sentinel, ...]:
    """Read which campaigns the provider must show: accepted, to come after a moment, and called gone by nobody."""
    statement = select(entries.c.id, entries.c.provider_id, entries.c.status).where(
        entries.c.status.in_([Status.ACCEPTED.value, Status.MISSING.value]),
        entries.c.send_at > write_time(after),
        entries.c.provider_id != "",
        entries.c.cancel_why == "",
    )
    missing = Status.MISSING.value
    found = connection.execute(statement.order_by(entries.c.id))
    return tuple(Sentinel(entry, number, status == missing) for entry, number, status in found)


def select_spans(connection: Connection, after: datetime) -> dict[str, Span]:
    """Read when each campaign with an Id and still to come was posted and accepted, as lines of the history; by Id."""
    begun = func.min(case((history.c.new == Status.SUBMITTING.value, history.c.id)))
    known = func.min(case((history.c.new == Status.ACCEPTED.value, history.c.id)))
    statement = (
        select(entries.c.provider_id, begun, known)
        .join(history, history.c.entry == entries.c.id)
        .where(entries.c.provider_id != "", entries.c.send_at > write_time(after))
        .group_by(entries.c.id)
    )
    return {number: Span(first, last) for number, first, last in connection.execute(statement) if last is not None}


def select_doubt_spans(connection: Connection, ids: Collection[int]) -> dict[int, Span]:
    """Read when doubts came to be: the lines of their last intent and of the doubt itself."""
    begun = func.max(case((history.c.new == Status.SUBMITTING.value, history.c.id)))
    known = func.max(case((history.c.new == Status.IN_DOUBT.value, history.c.id)))
    asked = history.c.entry.in_(in_list(ids, connection.dialect))
    statement = select(history.c.entry, begun, known).where(asked).group_by(history.c.entry)
    return {entry: Span(first, last) for entry, first, last in connection.execute(statement) if last is not None}


def select_unobserved(connection: Connection, after: datetime) -> dict[str, int]:
    """Read which campaigns to come no list has shown since they were accepted: Id to entry."""
    statement = select(entries.c.provider_id, entries.c.id).where(
        entries.c.status.in_([Status.ACCEPTED.value, Status.MISSING.value]),
        entries.c.send_at > write_time(after),
        entries.c.provider_id != "",
        entries.c.observed == "",
    )
    return dict(connection.execute(statement).all())


def select_twins(connection: Connection, entry: int) -> tuple[int, ...]:
    """Read the newer entries of an entry's key that took its place while it seemed gone: its own key alone counts."""
    key = select(entries.c.key).where(entries.c.id == entry).scalar_subquery()
    waiting = [
        status.value for status in (Status.HELD, Status.PLANNED, Status.WAITING, Status.ACCEPTED, Status.IN_DOUBT)
    ]
    statement = select(entries.c.id).where(entries.c.key == key, entries.c.id > entry, entries.c.status.in_(waiting))
    return tuple(connection.execute(statement.order_by(entries.c.id)).scalars())


def _how_to_search(connection: Connection, asked: int) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """Give key and fingerprint as columns, or as expressions that keep SQLite from its indexes.

    Once a good part of the ledger is asked for, one scan is a third faster than two look-ups an entry and a sort.
    """
    newest = connection.execute(select(func.max(entries.c.id))).scalar() or 0
    if asked * 4 < newest:
        return entries.c.key, entries.c.fingerprint
    return entries.c.key.concat(""), entries.c.fingerprint.concat("")
