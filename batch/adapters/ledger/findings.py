"""What stays open on a campaign: findings of the last comparison that showed it, less what a person acknowledged."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from batch.adapters.ledger.bulk import insert_rows, is_in
from batch.adapters.ledger.forms import write_time
from batch.adapters.ledger.tables import acknowledged, acknowledgements, findings, reconciliations
from batch.adapters.ledger.transactions import Transactions
from batch.model import Entry, Finding, FindingKind

_TOLD_BY_THE_WISH = frozenset({"still-there", "went-out"})
"""Codes that an entry's status and its wish to be cancelled tell already."""
_FIELDS = tuple(field.name for field in dataclasses.fields(Finding))


class Findings:
    """The findings of one ledger's comparisons, and what people know of already."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def record(self, found: Iterable[Finding], compared: Collection[int], now: datetime) -> int:
        """Keep the findings of one comparison of some entries; give its number."""
        with self._transactions.write() as connection:
            _close(connection, compared)
            key = connection.execute(insert(reconciliations).values(at=write_time(now))).inserted_primary_key
            assert key is not None
            rows = [(key.id, number, *_values(finding)) for number, finding in enumerate(found, start=1)]
            insert_rows(connection, findings, ("reconciliation", "number", *_FIELDS, "open"), rows)
            return int(key.id)

    def acknowledge(self, provider_id: str, why: str, who: str, now: datetime) -> None:
        """Note that a person knows of a campaign that was made elsewhere; the newest word counts."""
        values = {"provider_id": provider_id, "why": why, "who": who, "at": write_time(now)}
        with self._transactions.write() as connection:
            connection.execute(delete(acknowledged).where(acknowledged.c.provider_id == provider_id))
            connection.execute(insert(acknowledged).values(values))

    def acknowledged(self) -> set[str]:
        """Give the Ids of campaigns made elsewhere that nobody needs to hear of again."""
        with self._transactions.read() as connection:
            return set(connection.execute(select(acknowledged.c.provider_id)).scalars())

    def acknowledge_entry(
        self, entry: int, found: Iterable[tuple[str, str, str]], *, why: str, who: str, now: datetime
    ) -> None:
        """Note that a person knows of some findings about an entry: code, field, and what the provider showed."""
        said = {"entry": entry, "why": why, "who": who, "at": write_time(now)}
        rows = [{**said, "code": code, "field": field, "theirs": theirs} for code, field, theirs in found]
        with self._transactions.write() as connection:
            connection.execute(insert(acknowledgements), rows)


def _stays_open(finding: Finding) -> bool:
    """Whether a finding is about a campaign of ours and stays with it until it is resolved."""
    return (
        finding.entry is not None
        and (finding.kind is FindingKind.DRIFTED or finding.code == "not-proven")
        and finding.code not in _TOLD_BY_THE_WISH
    )


def _close(connection: Connection, compared: Collection[int]) -> None:
    """Close what was open on campaigns that were compared anew: what still holds is found again."""
    of_compared = is_in(findings.c.entry, compared, connection.dialect)
    connection.execute(update(findings).where(findings.c.open == 1, of_compared).values(open=0))


def _values(finding: Finding) -> tuple[Any, ...]:
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
        int(_stays_open(finding)),
    )


def add_open(connection: Connection, found: Sequence[Entry]) -> list[Entry]:
    """Give entries with the findings that are open on them, and the codes of what was acknowledged."""
    if not found:
        return []
    ids = [entry.id for entry in found]
    known, open_ones = _acknowledged(connection, ids), _open(connection, ids)
    return [_add(entry, known, open_ones) for entry in found] if known or open_ones else list(found)


_Known = Mapping[int, Collection[tuple[str, str, str]]]


def _add(entry: Entry, known: _Known, open_ones: Mapping[int, Sequence[Finding]]) -> Entry:
    said = frozenset(known.get(entry.id, ()))
    left = tuple(one for one in open_ones.get(entry.id, ()) if one.mark not in said)
    return dataclasses.replace(entry, findings=left, acknowledged=said) if left or said else entry


def _acknowledged(connection: Connection, ids: Sequence[int]) -> _Known:
    found: dict[int, set[tuple[str, str, str]]] = defaultdict(set)
    between = acknowledgements.c.entry.between(min(ids), max(ids))
    for row in connection.execute(select(acknowledgements).where(between)):
        found[row.entry].add((row.code, row.field, row.theirs))
    return found


def _open(connection: Connection, ids: Sequence[int]) -> Mapping[int, Sequence[Finding]]:
    found: dict[int, list[Finding]] = defaultdict(list)
    asked = select(findings).where(findings.c.open == 1, findings.c.entry.between(min(ids), max(ids)))
    for row in connection.execute(asked.order_by(findings.c.reconciliation, findings.c.number)):
        found[row.entry].append(_read_finding(row))
    return found


def _read_finding(row: Row[tuple[object, ...]]) -> Finding:
    """Read a finding back."""
    return Finding(
        kind=FindingKind(row.kind),
        words=row.words,
        code=row.code,
        entry=row.entry,
        provider_id=row.provider_id,
        name=row.name,
        field=row.field,
        ours=row.ours,
        theirs=row.theirs,
        loud=bool(row.loud),
    )
