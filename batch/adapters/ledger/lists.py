"""What the provider's own lists showed of our entries."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, func, select, update

from batch.adapters.ledger.bulk import in_chunks, insert_rows, is_in, update_rows
from batch.adapters.ledger.forms import read_time, write_json, write_time
from batch.adapters.ledger.tables import entries, observations
from batch.adapters.ledger.transactions import Transactions
from batch.model import Listed
from batch.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Observation:
    """How the provider showed an entry's campaign from one moment on."""

    at: datetime
    where: str
    """`scheduled` or `sent`: on which list."""
    listed: Listed


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


class ProviderLists:
    """What the provider's lists showed of the entries of one ledger."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def observe(self, items: Iterable[tuple[int, Listed, str]], now: datetime) -> int:
        """Keep what the lists show of entries where it differs from the last time; give how many did.

        Each item is entry, campaign as listed, and the list: `scheduled` or `sent`.
        """
        at, differing = write_time(now), 0
        with self._transactions.write() as connection:
            for chunk in in_chunks(items):  # so that only one chunk is held as JSON
                rows, changes = _differing(chunk, _last_marks(connection, [entry for entry, _, _ in chunk]), at)
                insert_rows(connection, observations, ("entry", "at", "place", "listed"), rows)
                update_rows(connection, _CHANGED, ("mark", "status_", "status_id", "contacts", "at", "entry_"), changes)
                differing += len(rows)
        return differing

    def observations(self, entry: int) -> tuple[Observation, ...]:
        """Give how the provider showed an entry's campaign over time."""
        asked = select(observations).where(observations.c.entry == entry).order_by(observations.c.id)
        with self._transactions.read() as connection:
            rows = connection.execute(asked).all()
        return tuple(Observation(read_time(row.at), row.place, _read_listed(row.listed)) for row in rows)

    def shown_times(self, ids: Collection[int]) -> dict[int, str]:
        """Give the provider's own text of the time at which it showed each of these campaigns last."""
        with self._transactions.read() as connection:
            asked = is_in(observations.c.entry, ids, connection.dialect)
            last = select(func.max(observations.c.id)).where(asked).group_by(observations.c.entry)
            statement = select(observations.c.entry, observations.c.listed).where(observations.c.id.in_(last))
            return {row.entry: _read_listed(row.listed).send_at for row in connection.execute(statement)}


def _differing(
    items: Iterable[tuple[int, Listed, str]], last: dict[int, str], at: str
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Make the rows and the changes of what differs from the last observation of its entry."""
    rows: list[tuple[Any, ...]] = []
    changes: list[tuple[Any, ...]] = []
    for entry, listed, where in items:
        shown = _write_listed(listed)
        mark = sha256(f"{where} {shown}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
        if last.get(entry, mark) == mark:
            continue
        last[entry] = mark
        rows.append((entry, at, where, shown))
        changes.append(_as_change(entry, listed, mark, at))
    return rows, changes


def _last_marks(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    asked = is_in(entries.c.id, ids, connection.dialect)
    found = connection.execute(select(entries.c.id, entries.c.observed).where(asked))
    return dict(found.all())


def _write_listed(listed: Listed) -> str:
    """Write of a campaign only what the provider shows, as JSON.

    Piece by piece, since a new encoder for each as a whole takes 1.7 times as long; all but texts is shared by many.
    """
    pieces = [
        head + (encode_basestring(value) if isinstance(value, str) else _write_shared(value))
        for head, value in zip(_HEADS, _values(listed), strict=True)
        if value not in _NOT_SHOWN
    ]
    return f"{{{','.join(pieces)}}}"


def _as_change(entry: int, listed: Listed, mark: str, at: str) -> tuple[Any, ...]:
    return mark, listed.status or None, listed.status_id, listed.contacts_count, at, entry


def _read_listed(text: str) -> Listed:
    shown = json.loads(text)
    if "group_ids" in shown:
        shown["group_ids"] = tuple(shown["group_ids"])
    return Listed(**{"id": "", **shown})


_LISTED = tuple(field.name for field in dataclasses.fields(Listed))
_HEADS = tuple(f'"{name}":' for name in _LISTED)
_values = attrgetter(*_LISTED)
_write_shared = lru_cache(4096)(write_json)
_NOT_SHOWN = (None, "")
