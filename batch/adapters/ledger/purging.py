"""Forget what old campaigns said and who owned them: texts go, numbers, Ids, times, statuses and hashes stay."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from batch.adapters.ledger.bulk import in_chunks, is_in, update_rows
from batch.adapters.ledger.forms import write_json, write_time
from batch.adapters.ledger.tables import (
    attempts,
    batch_rows,
    batches,
    entries,
    findings,
    history,
    mails,
    notes,
    observations,
)
from batch.adapters.ledger.transactions import Transactions
from batch.adapters.ledger.triggers import TRIGGERS
from batch.adapters.ledger.troubles import explained
from batch.model import Status
from batch.model.records import dataclass

CLOSED = (Status.SENT, Status.CANCELLED, Status.REPLACED, Status.EXPIRED, Status.INVALID, Status.REJECTED)
"""What is over once its time has passed; all else may still go out, is in doubt, or waits for a person."""

FORGOTTEN = "(forgotten)"
_QUOTED = re.compile(r'".*"', re.DOTALL)
_TEXTS = ("message", "subject", "owner", "cells", "cancel_why")
PIECE = 2_000
"""Entries that are forgotten in one transaction."""
FREED = "texts-in-free-pages"
_GUARDED = {"history": "history_is_never_changed", "attempts": "attempts_are_closed_once"}
"""The rules that keep the past as it is make way for this one thing, within one transaction."""


@dataclass(frozen=True, slots=True)
class Purge:
    """What a purge would take, or took."""

    entries: int
    mails: int
    kept: Counter[str]
    """Status to how many of the same weeks stay, since they are open to somebody."""


def count_purge(connection: Connection, limit: datetime) -> Purge:
    """Count what a purge of everything before `limit` would take."""
    taken = connection.execute(select(func.count()).where(closed_before(limit), _has_texts())).scalar() or 0
    mailed = connection.execute(select(func.count()).where(_mailed(limit))).scalar() or 0
    over = entries.c.send_at < write_time(limit)
    closed = [status.value for status in CLOSED]
    left = select(entries.c.status, func.count()).where(over, entries.c.status.not_in(closed)).group_by("status")
    return Purge(int(taken), int(mailed), Counter(dict(connection.execute(left).all())))


def forget(transactions: Transactions, limit: datetime, *, why: str, who: str, now: datetime) -> Purge:
    """Forget the texts of what is closed and lies before `limit`; each entry's history says so.

    Each piece is a transaction of its own, so that others who write wait for no more. Killed between two, doing it
    again ends it.
    """
    with transactions.read() as connection:
        counted, closed = count_purge(connection, limit), find_closed(connection, limit)
    for ids in in_chunks(closed, PIECE):
        with transactions.write() as connection:
            forget_entries(connection, ids, why=why, who=who, now=now)
    with transactions.write() as connection:
        forget_mails(connection, find_mailed(connection, limit))
        forget_batches(connection, limit)
        note_freed(connection)
    overwrite_freed(transactions)
    return counted


def find_closed(connection: Connection, limit: datetime) -> list[int]:
    """Give the numbers of all that is closed and lies before `limit`."""
    return list(connection.execute(select(entries.c.id).where(closed_before(limit)).order_by(entries.c.id)).scalars())


def find_mailed(connection: Connection, limit: datetime) -> list[int]:
    """Give the numbers of the mails that were sent before `limit`."""
    return list(connection.execute(select(mails.c.id).where(_mailed(limit))).scalars())


def find_bearing(connection: Connection, ids: Collection[int]) -> list[int]:
    """Give those of some entries that still have texts."""
    asked = select(entries.c.id).where(is_in(entries.c.id, ids, connection.dialect), _has_texts())
    return list(connection.execute(asked.order_by(entries.c.id)).scalars())


def forget_entries(connection: Connection, ids: Sequence[int], *, why: str, who: str, now: datetime) -> int:
    """Forget the texts of some entries, and what later looks showed of them again; give how many had any."""
    if bearing := find_bearing(connection, ids):
        with _rules_lifted(connection):
            _forget_entries(connection, bearing)
            _note(connection, bearing, why=why, who=who, now=now)
        note_freed(connection)
    shown = is_in(observations.c.entry, ids, connection.dialect)
    _rewrite(connection, observations, shown, ("id",), {"listed": _bare_listed})
    return len(bearing)


def forget_mails(connection: Connection, ids: Collection[int]) -> None:
    """Forget what mails said, and to whom they went."""
    emptied = {"recipients": "[]", "body": b"", "words": ""}
    connection.execute(update(mails).where(is_in(mails.c.id, ids, connection.dialect)).values(emptied))


def closed_before(limit: datetime) -> ColumnElement[bool]:
    """Take what is over; a row whose time nobody could read is as old as its batch."""
    at = write_time(limit)
    before = select(batches.c.id).where(batches.c.taken_in_at < at)
    timeless = and_(entries.c.send_at.is_(None), entries.c.batch.in_(before))
    return and_(entries.c.status.in_([status.value for status in CLOSED]), or_(entries.c.send_at < at, timeless))


def _has_texts() -> ColumnElement[bool]:
    return or_(*(entries.c[name] != "" for name in _TEXTS if name != "cancel_why"))


def _mailed(limit: datetime) -> ColumnElement[bool]:
    sent = and_(mails.c.sent_at.is_not(None), mails.c.sent_at < write_time(limit))
    return and_(sent, or_(mails.c.recipients != "[]", mails.c.body != b""))


def _forget_entries(connection: Connection, ids: Sequence[int]) -> None:
    asked = is_in(entries.c.id, ids, connection.dialect)
    _rewrite(connection, entries, asked, ("id",), {"issues": _bare_issues, "cancel_why": _unquote})
    emptied = dict.fromkeys((name for name in _TEXTS if name != "cancel_why"), "")
    connection.execute(update(entries).where(asked).values(emptied))
    answered = and_(is_in(attempts.c.entry, ids, connection.dialect), attempts.c.answer != "")
    connection.execute(update(attempts).where(answered).values(answer=""))
    for table, keys in ((attempts, ("entry", "number")), (history, ("id",)), (batch_rows, ("batch", "row"))):
        _rewrite(connection, table, is_in(table.c.entry, ids, connection.dialect), keys, {"why": _unquote})
    told = and_(is_in(findings.c.entry, ids, connection.dialect), findings.c.field.in_(("Message", "Subject")))
    connection.execute(update(findings).where(told).values(words=FORGOTTEN, ours="", theirs=""))


def forget_batches(connection: Connection, limit: datetime) -> None:
    """Forget what the warnings about whole files quote, once nothing of such a file is open any more."""
    # By its rows, since a ledger in a file has no index of the entries by batch.
    its_own = and_(batch_rows.c.entry == entries.c.id, batch_rows.c.batch == entries.c.batch)
    still = exists().where(batch_rows.c.batch == batches.c.id, its_own, _has_texts())
    done = and_(batches.c.taken_in_at < write_time(limit), ~still)
    _rewrite(connection, batches, done, ("id",), {"issues": _bare_issues})


def _rewrite(
    connection: Connection, table: Table, which: ColumnElement[bool], keys: Collection[str], changes: dict[str, Any]
) -> None:
    """Rewrite some columns of some rows, each by a function of its own; what stays the same is not written."""
    columns = [table.c[name] for name in (*keys, *changes)]
    rows = []
    for row in connection.execute(select(*columns).where(which)).all():
        found = dict(row._mapping)
        new = {name: change(found[name]) for name, change in changes.items()}
        if any(new[name] != found[name] for name in new):
            rows.append(tuple({**found, **new}.values()))
    given = {column.name: bindparam(f"{column.name}_", type_=column.type) for column in columns}
    place = and_(*(table.c[name] == given[name] for name in keys))
    changed = update(table).where(place).values({name: given[name] for name in changes})
    update_rows(connection, changed, [one.key for one in given.values()], rows)


def _unquote(words: str) -> str:
    """Take what words quote out of them: cells, texts, names."""
    return _QUOTED.sub(f'"{FORGOTTEN}"', words)


def _bare_issues(written: str) -> str:
    """Keep of issues where they were and what they were called."""
    if not written:
        return written
    return write_json([{**issue, "message": FORGOTTEN, "value": ""} for issue in json.loads(written)])


def _bare_listed(written: str) -> str:
    shown = json.loads(written) if written else {}
    return write_json({name: value for name, value in shown.items() if name not in {"message", "subject"}})


def _note(connection: Connection, ids: Sequence[int], *, why: str, who: str, now: datetime) -> None:
    asked = select(entries.c.id, entries.c.status).where(is_in(entries.c.id, ids, connection.dialect))
    lines = [
        {"entry": entry, "at": write_time(now), "old": status, "new": status, "why": why, "who": who, "evidence": ""}
        for entry, status in connection.execute(asked.order_by(entries.c.id))
    ]
    connection.execute(insert(history), lines)


@contextmanager
def _rules_lifted(connection: Connection) -> Iterator[None]:
    """Let the past be rewritten, for this transaction alone: when it fails, the rules stand as they stood."""
    if connection.dialect.name == "postgresql":
        for table, rule in _GUARDED.items():
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {rule}"))
        yield
        for table, rule in _GUARDED.items():
            connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER {rule}"))
        return
    for rule in _GUARDED.values():
        connection.execute(text(f"DROP TRIGGER IF EXISTS {rule}"))
    yield
    for rule in _GUARDED.values():
        connection.execute(text(TRIGGERS[rule]))


def note_freed(connection: Connection) -> None:
    """Write down, with what is forgotten, that it still stands in pages that are free: whoever comes next knows."""
    if connection.dialect.name == "sqlite":
        connection.execute(delete(notes).where(notes.c.name == FREED))
        connection.execute(insert(notes).values(name=FREED, value=""))


def is_freed(connection: Connection) -> bool:
    """Say whether forgotten texts still stand in free pages."""
    return connection.execute(select(notes.c.name).where(notes.c.name == FREED)).first() is not None


def overwrite_freed(transactions: Transactions) -> None:
    """Let SQLite write its file anew where what was forgotten still stands in pages that are free.

    In a database on PostgreSQL only an older version left the note, when it moved a file's there.
    """
    with transactions.read() as connection:
        if not is_freed(connection):
            return
    if transactions.engine.dialect.name == "sqlite":
        with explained(transactions.name), closing(transactions.engine.raw_connection()) as raw:
            raw.cursor().execute("VACUUM")
    with transactions.write() as connection:
        connection.execute(delete(notes).where(notes.c.name == FREED))
