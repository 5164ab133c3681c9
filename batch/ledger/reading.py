"""How entries are read back: one, many, their history and their attempts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, or_, select

from batch.ledger.bulk import in_list
from batch.ledger.forms import (
    STATUSES,
    read_issues,
    read_mapping,
    read_texts,
    read_time,
    read_time_or_none,
    write_time,
)
from batch.ledger.tables import attempts, batch_rows, batches, entries, history
from batch.model import Attempt, Change, Entry, Status

PAGE = 2_000
"""Entries read at a time: no transaction stays open while the caller works on them, or it would lock writers out."""

_SEARCHED = (
    entries.c.campaign_name,
    entries.c.provider_name,
    entries.c.message,
    entries.c.reference,
    entries.c.subject,
    entries.c.group_ids,
    entries.c.group_names,
    entries.c.provider_id,
    entries.c.owner,
    entries.c.fields,
)
_ALL = select(entries, batches.c.file, batches.c.sheet, batches.c.submitted_by, batches.c.machine).join(
    batches, batches.c.id == entries.c.batch
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for; what is None does not matter."""

    batch: int | None = None
    statuses: Collection[Status] | None = None
    ids: Collection[int] | None = None
    due_from: datetime | None = None
    due_until: datetime | None = None
    changed_since: datetime | None = None
    words: str | Iterable[str] | None = None


def select_entries(connection: Connection, wanted: Wanted, *, after: int) -> list[Entry]:
    """Read the next page of entries, by number, behind entry `after`."""
    statement = _narrow(_ALL, wanted, connection).where(entries.c.id > after).order_by(entries.c.id).limit(PAGE)
    return [_entry(row) for row in connection.execute(statement)]


def select_planned(connection: Connection, batch: int | None) -> tuple[Entry, ...]:
    """Read the entries that are to be submitted, the earliest send time first."""
    statement = _narrow(_ALL, Wanted(batch=batch, statuses=(Status.PLANNED,)), connection)
    return tuple(_entry(row) for row in connection.execute(statement.order_by(entries.c.send_at, entries.c.id)))


def select_cancellations(connection: Connection) -> tuple[Entry, ...]:
    """Read the entries that a person wants deleted in the dashboard and that may still be there."""
    there = entries.c.status.in_([Status.ACCEPTED.value, Status.IN_DOUBT.value, Status.SUBMITTING.value])
    statement = _ALL.where(entries.c.cancel_why != "", there).order_by(entries.c.send_at, entries.c.id)
    return tuple(_entry(row) for row in connection.execute(statement))


def select_histories(connection: Connection, ids: Collection[int]) -> dict[int, tuple[Change, ...]]:
    """Read the history of several entries, each from its beginning."""
    columns = (
        history.c.entry,
        history.c.at,
        history.c.old,
        history.c.new,
        history.c.why,
        history.c.who,
        history.c.evidence,
    )
    asked = history.c.entry.in_(in_list(ids, connection.dialect))
    found: dict[int, list[Change]] = {entry: [] for entry in ids}
    for entry, at, old, new, *rest in connection.execute(select(*columns).where(asked).order_by(history.c.id)):
        found[entry].append(Change(read_time(at), STATUSES[old] if old else None, STATUSES[new], *rest))
    return {entry: tuple(changes) for entry, changes in found.items()}


def select_attempts(connection: Connection, ids: Collection[int]) -> dict[int, tuple[Attempt, ...]]:
    """Read the attempts of several entries, the first one first."""
    asked = attempts.c.entry.in_(in_list(ids, connection.dialect))
    found: dict[int, list[Attempt]] = {entry: [] for entry in ids}
    for row in connection.execute(select(attempts).where(asked).order_by(attempts.c.entry, attempts.c.number)):
        found[row.entry].append(_attempt(row))
    return {entry: tuple(made) for entry, made in found.items()}


def _narrow(statement: Select[Any], wanted: Wanted, connection: Connection) -> Select[Any]:
    if wanted.batch is not None:
        of_batch = select(batch_rows.c.entry).where(batch_rows.c.batch == wanted.batch)
        statement = statement.where(entries.c.id.in_(of_batch))
    if wanted.statuses is not None:
        statement = statement.where(entries.c.status.in_([status.value for status in wanted.statuses]))
    if wanted.ids is not None:
        statement = statement.where(entries.c.id.in_(in_list(wanted.ids, connection.dialect)))
    if wanted.due_from is not None:
        statement = statement.where(entries.c.send_at >= write_time(wanted.due_from))
    if wanted.due_until is not None:
        statement = statement.where(entries.c.send_at < write_time(wanted.due_until))
    if wanted.changed_since is not None:
        statement = statement.where(entries.c.changed_at >= write_time(wanted.changed_since))
    for word in _words(wanted.words):
        statement = statement.where(_bears(word))
    return statement


def _words(words: str | Iterable[str] | None) -> list[str]:
    if words is None:
        return []
    return words.split() if isinstance(words, str) else list(words)


def _bears(word: str) -> Any:
    """Look for a word in everything people may remember of a campaign, in capitals or not."""
    pattern = word.casefold().replace("/", "//").replace("%", "/%").replace("_", "/_")
    return or_(*(func.lower(column).like(f"%{pattern}%", escape="/") for column in _SEARCHED))


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        id=row.id,
        batch=row.batch,
        file=row.file,
        sheet=row.sheet,
        row=row.row,
        key=row.key,
        fingerprint=row.fingerprint,
        tag=row.tag,
        reference=row.reference,
        campaign_name=row.campaign_name,
        provider_name=row.provider_name,
        message=row.message,
        group_ids=read_texts(row.group_ids),
        group_names=read_texts(row.group_names),
        send_at=read_time_or_none(row.send_at),
        send_at_provider=row.send_at_provider,
        zone=row.zone,
        type_recipients=row.type_recipients,
        status=STATUSES[row.status],
        mms_template_id=row.mms_template_id,
        mms_high_resolution=row.mms_high_resolution,
        subject=row.subject,
        expected_contacts=row.expected_contacts,
        owner=row.owner,
        purpose=row.purpose,
        fields=read_mapping(row.fields),
        parts=row.parts,
        encoding=row.encoding,
        provider_id=row.provider_id,
        contacts_count=row.contacts_count,
        provider_status_id=row.provider_status_id,
        provider_status=row.provider_status,
        issues=read_issues(row.issues),
        attempts=row.attempts,
        submitted_by=row.submitted_by,
        machine=row.machine,
        approved_by=row.approved_by,
        cancel_why=row.cancel_why,
        replaced_by=row.replaced_by,
        changed_at=read_time_or_none(row.changed_at),
    )


def _attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        number=row.number,
        started_at=read_time(row.started_at),
        ended_at=read_time_or_none(row.ended_at),
        payload_hash=row.payload_hash,
        outcome=row.outcome,
        http_status=row.http_status,
        why=row.why,
        answer=row.answer,
    )
