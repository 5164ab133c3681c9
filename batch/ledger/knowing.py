"""What the plan asks of the ledger: which keys, fingerprints, tags and Ids it knows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import chain

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from batch.ledger.bulk import in_list
from batch.ledger.forms import STATUSES, read_texts, read_time_or_none, write_time
from batch.ledger.tables import attempts, batches, entries
from batch.model import KnownEntry, Status

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
            row,
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


def select_provider_ids(connection: Connection) -> dict[str, int]:
    """Read every Id of the provider with the entry that has it."""
    statement = select(entries.c.provider_id, entries.c.id).where(entries.c.provider_id != "")
    return dict(connection.execute(statement).all())


def _how_to_search(connection: Connection, asked: int) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """Give key and fingerprint as columns, or as expressions that keep SQLite from its indexes.

    Once a good part of the ledger is asked for, one scan is a third faster than two look-ups an entry and a sort.
    """
    newest = connection.execute(select(func.max(entries.c.id))).scalar() or 0
    if asked * 4 < newest:
        return entries.c.key, entries.c.fingerprint
    return entries.c.key.concat(""), entries.c.fingerprint.concat("")
