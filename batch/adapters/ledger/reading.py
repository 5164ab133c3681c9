"""How entries are read back: one, many, their history and their attempts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, or_, select

from batch.adapters.ledger.bulk import in_list
from batch.adapters.ledger.findings import add_open
from batch.adapters.ledger.forms import (
    KINDS,
    STATUSES,
    Cells,
    read_issues,
    read_texts,
    read_time,
    read_time_or_none,
    write_time,
)
from batch.adapters.ledger.tables import attempts, batch_rows, batches, entries, history
from batch.model import Attempt, Change, Entry, Status
from batch.model.places import place_of

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
    entries.c.cells,
    batches.c.file,
)
_ALL = select(
    entries.c.id,
    entries.c.batch,
    entries.c.row,
    entries.c.key,
    entries.c.fingerprint,
    entries.c.tag,
    entries.c.reference,
    entries.c.campaign_name,
    entries.c.provider_name,
    entries.c.message,
    entries.c.group_ids,
    entries.c.group_names,
    entries.c.send_at,
    entries.c.send_at_provider,
    entries.c.zone,
    entries.c.type_recipients,
    entries.c.status,
    entries.c.mms_template_id,
    entries.c.mms_high_resolution,
    entries.c.subject,
    entries.c.expected_contacts,
    entries.c.owner,
    entries.c.purpose,
    entries.c.cells,
    entries.c.parts,
    entries.c.encoding,
    entries.c.provider_id,
    entries.c.contacts_count,
    entries.c.provider_status_id,
    entries.c.provider_status,
    entries.c.issues,
    entries.c.attempts,
    entries.c.approved_by,
    entries.c.cancel_why,
    entries.c.replaced_by,
    entries.c.changed_at,
    entries.c.provider_zone,
    entries.c.cancel_source,
    entries.c.bound_payload,
).join(batches, batches.c.id == entries.c.batch)
"""The columns of an Entry in its own order: unpacked by place, which is twice as fast as by name.

What an entry has of its batch is read once a batch, not once an entry; the join is there for those who ask by it.
"""


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
    return _entries(connection, connection.execute(statement).all())


def select_planned(connection: Connection, batch: int | None) -> tuple[Entry, ...]:
    """Read the entries that are to be submitted, the earliest send time first."""
    statement = _narrow(_ALL, Wanted(batch=batch, statuses=(Status.PLANNED,)), connection)
    ordered = statement.order_by(entries.c.send_at, entries.c.id)
    return tuple(_entries(connection, connection.execute(ordered).all()))


def select_cancellations(connection: Connection) -> tuple[Entry, ...]:
    """Read the entries that a person wants deleted in the dashboard and that may still be there."""
    # A held one has such a wish only while nobody is sure that it is not there: any other was dropped at once.
    places = (Status.ACCEPTED, Status.IN_DOUBT, Status.SUBMITTING, Status.HELD)
    there = entries.c.status.in_([status.value for status in places])
    statement = _ALL.where(entries.c.cancel_why != "", there).order_by(entries.c.send_at, entries.c.id)
    return tuple(_entries(connection, connection.execute(statement).all()))


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
        history.c.kind,
    )
    asked = history.c.entry.in_(in_list(ids, connection.dialect))
    found: dict[int, list[Change]] = {entry: [] for entry in ids}
    rows = connection.execute(select(*columns).where(asked).order_by(history.c.id))
    for entry, at, old, new, why, who, evidence, kind in rows:
        moved = STATUSES[old] if old else None, STATUSES[new]
        found[entry].append(Change(read_time(at), *moved, why, who, evidence, KINDS[kind]))
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
    # SQLite's lower() knows ASCII only: an accented word is looked for as small and as capital letters.
    forms = dict.fromkeys(_lower_ascii(form) for form in (word.lower(), word.upper()))
    patterns = [form.replace("/", "//").replace("%", "/%").replace("_", "/_") for form in forms]
    return or_(*(func.lower(column).like(f"%{pattern}%", escape="/") for column in _SEARCHED for pattern in patterns))


def _lower_ascii(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _entries(connection: Connection, rows: Sequence[Any]) -> list[Entry]:
    numbers = {row[1] for row in rows}
    columns = (batches.c.file, batches.c.sheet, batches.c.header, batches.c.submitted_by, batches.c.machine)
    asked = select(batches.c.id, *columns).where(batches.c.id.in_(in_list(numbers, connection.dialect)))
    of_batch = {number: tuple(of) for number, *of in connection.execute(asked)} if rows else {}
    return add_open(connection, [_entry(row, of_batch[row[1]]) for row in rows])


def _entry(row: Any, of_batch: tuple[str, ...]) -> Entry:
    file, sheet, header, submitted_by, machine = of_batch
    (
        entry,
        batch,
        row,
        key,
        fingerprint,
        tag,
        reference,
        campaign_name,
        provider_name,
        message,
        group_ids,
        group_names,
        send_at,
        send_at_provider,
        zone,
        type_recipients,
        status,
        mms_template_id,
        mms_high_resolution,
        subject,
        expected_contacts,
        owner,
        purpose,
        cells,
        parts,
        encoding,
        provider_id,
        contacts_count,
        provider_status_id,
        provider_status,
        issues,
        attempts,
        approved_by,
        cancel_why,
        replaced_by,
        changed_at,
        provider_zone,
        cancel_source,
        bound_payload,
    ) = row
    fields = Cells(header, cells)
    return Entry(
        entry,
        batch,
        file,
        sheet,
        place_of(row, fields),
        key,
        fingerprint,
        tag,
        reference,
        campaign_name,
        provider_name,
        message,
        read_texts(group_ids),
        read_texts(group_names),
        read_time_or_none(send_at),
        send_at_provider,
        zone,
        type_recipients,
        STATUSES[status],
        mms_template_id,
        mms_high_resolution,
        subject,
        expected_contacts,
        owner,
        purpose,
        fields,
        parts,
        encoding,
        provider_id,
        contacts_count,
        provider_status_id,
        provider_status,
        read_issues(issues),
        attempts,
        submitted_by,
        machine,
        approved_by,
        cancel_why,
        replaced_by,
        read_time_or_none(changed_at),
        provider_zone,
        cancel_source,
        bound_payload,
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
        tag=row.tag,
        provider_zone=row.provider_zone,
        clock_offset=row.clock_offset,
    )
