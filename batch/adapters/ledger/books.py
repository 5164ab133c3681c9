"""What the provider's own lists said of our entries: observations, findings, deliveries."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, delete, func, insert, select, update

from batch.adapters.ledger.bulk import in_list, insert_rows, update_rows
from batch.adapters.ledger.findings import close_findings, stays_open
from batch.adapters.ledger.forms import read_time, write_json, write_time
from batch.adapters.ledger.tables import (
    acknowledged,
    deliveries,
    delivery_readings,
    entries,
    findings,
    observations,
    reconciliations,
)
from batch.model import DeliveryCount, Finding, Listed


@dataclass(frozen=True, slots=True)
class Observation:
    """How the provider showed an entry's campaign from one moment on."""

    at: datetime
    where: str
    """`scheduled` or `sent`: on which list."""
    listed: Listed


@dataclass(frozen=True, slots=True)
class DeliveryProgress:
    """How far the delivery of one sent campaign has been read."""

    page: int
    """The last page that was read."""
    final: bool
    """Nothing on it can change any more."""
    at: datetime


_CHANGED = (
    update(entries)
    .where(entries.c.id == bindparam("entry_"))
    .values(
        observed=bindparam("mark"),
        provider_status=func.coalesce(bindparam("status_"), entries.c.provider_status),
        provider_status_id=func.coalesce(bindparam("status_id", type_=Integer), entries.c.provider_status_id),
        contacts_count=func.coalesce(bindparam("contacts", type_=Integer), entries.c.contacts_count),
        changed_at=bindparam("at"),
    )
)


def insert_observations(connection: Connection, items: Sequence[tuple[int, Listed, str]], now: datetime) -> int:
    """Append what differs from the last observation of its entry; give how many did."""
    at = write_time(now)
    last = _last_marks(connection, [entry for entry, _, _ in items])
    rows, changes = [], []
    for entry, listed, where in items:
        shown = write_json(_as_dict(listed))
        mark = sha256(f"{where} {shown}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
        if last.get(entry, mark) == mark:
            continue
        last[entry] = mark
        rows.append((entry, at, where, shown))
        changes.append(_as_change(entry, listed, mark, at))
    insert_rows(connection, observations, ("entry", "at", "place", "listed"), rows)
    update_rows(connection, _CHANGED, ("mark", "status_", "status_id", "contacts", "at", "entry_"), changes)
    return len(rows)


def select_observations(connection: Connection, entry: int) -> tuple[Observation, ...]:
    """Read how the provider showed an entry's campaign over time."""
    statement = select(observations).where(observations.c.entry == entry).order_by(observations.c.id)
    return tuple(
        Observation(read_time(row.at), row.place, _read_listed(row.listed)) for row in connection.execute(statement)
    )


def select_shown_times(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """Read the time, as the provider wrote it, at which each of these campaigns was shown last."""
    asked = observations.c.entry.in_(in_list(ids, connection.dialect))
    last = select(func.max(observations.c.id)).where(asked).group_by(observations.c.entry)
    statement = select(observations.c.entry, observations.c.listed).where(observations.c.id.in_(last))
    return {entry: _read_listed(listed).send_at for entry, listed in connection.execute(statement)}


def insert_acknowledgement(connection: Connection, provider_id: str, *, why: str, who: str, now: datetime) -> None:
    """Note that a person knows of a campaign that was made elsewhere; the newest word counts."""
    connection.execute(delete(acknowledged).where(acknowledged.c.provider_id == provider_id))
    values = {"provider_id": provider_id, "why": why, "who": who, "at": write_time(now)}
    connection.execute(insert(acknowledged).values(values))


def select_acknowledged(connection: Connection) -> set[str]:
    """Read the Ids that nobody needs to hear of again."""
    return set(connection.execute(select(acknowledged.c.provider_id)).scalars())


def insert_findings(connection: Connection, found: Iterable[Finding], compared: Collection[int], now: datetime) -> int:
    """Write the findings of one comparison of some entries; give its number."""
    close_findings(connection, compared)
    key = connection.execute(insert(reconciliations).values(at=write_time(now))).inserted_primary_key
    assert key is not None
    names = [field.name for field in dataclasses.fields(Finding)]
    rows = [(key[0], number, *_finding_values(finding)) for number, finding in enumerate(found, start=1)]
    insert_rows(connection, findings, ("reconciliation", "number", *names, "open"), rows)
    return int(key[0])


def insert_delivery(
    connection: Connection, entry: int, page: int, counts: Iterable[DeliveryCount], *, final: bool, now: datetime
) -> None:
    """Keep the counts of one page of contacts; page 1 begins a new count, a page read again takes its own place."""
    stale = deliveries.c.page >= 1 if page <= 1 else deliveries.c.page == page
    connection.execute(delete(deliveries).where(deliveries.c.entry == entry, stale))
    rows = [(entry, page, count.status_id, count.status, count.contacts) for count in counts]
    insert_rows(connection, deliveries, ("entry", "page", "status_id", "status", "contacts"), rows)
    connection.execute(delete(delivery_readings).where(delivery_readings.c.entry == entry))
    values = {"entry": entry, "page": page, "final": int(final), "at": write_time(now)}
    connection.execute(insert(delivery_readings).values(values))


def select_deliveries(connection: Connection, ids: Collection[int]) -> dict[int, tuple[DeliveryCount, ...]]:
    """Add up the pages of several entries; entries without any are left out."""
    asked = deliveries.c.entry.in_(in_list(ids, connection.dialect))
    total = func.sum(deliveries.c.contacts)
    columns = (deliveries.c.entry, deliveries.c.status_id, func.max(deliveries.c.status), total)
    statement = select(*columns).where(asked).group_by(deliveries.c.entry, deliveries.c.status_id)
    found: dict[int, list[DeliveryCount]] = {}
    for entry, status_id, status, contacts in connection.execute(
        statement.order_by(deliveries.c.entry, deliveries.c.status_id)
    ):
        found.setdefault(entry, []).append(DeliveryCount(status_id, status, int(contacts)))
    return {entry: tuple(counts) for entry, counts in found.items()}


def select_delivery_progress(connection: Connection, entry: int) -> DeliveryProgress | None:
    """Read how far an entry's delivery was read; None when never."""
    row = connection.execute(select(delivery_readings).where(delivery_readings.c.entry == entry)).first()
    return None if row is None else DeliveryProgress(row.page, bool(row.final), read_time(row.at))


def _last_marks(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    asked = entries.c.id.in_(in_list(ids, connection.dialect))
    found = connection.execute(select(entries.c.id, entries.c.observed).where(asked))
    return dict(found.all())


def _as_dict(listed: Listed) -> dict[str, Any]:
    """Keep of a campaign only what the provider shows."""
    return {name: value for name, value in zip(_LISTED, _values(listed), strict=True) if value not in _NOT_SHOWN}


def _as_change(entry: int, listed: Listed, mark: str, at: str) -> tuple[Any, ...]:
    return mark, listed.status or None, listed.status_id, listed.contacts_count, at, entry


def _read_listed(text: str) -> Listed:
    shown = json.loads(text)
    if "group_ids" in shown:
        shown["group_ids"] = tuple(shown["group_ids"])
    return Listed(**{"id": "", **shown})


def _finding_values(finding: Finding) -> tuple[Any, ...]:
    return (
        finding.kind.value,
        finding.words,
        finding.code,
        finding.entry,
        finding.provider_id,
        finding.name,
        finding.field,
        finding.ours,
        finding.theirs,
        int(finding.loud),
        int(stays_open(finding)),
    )


_LISTED = tuple(field.name for field in dataclasses.fields(Listed))
_values = attrgetter(*_LISTED)
_NOT_SHOWN = (None, "")
