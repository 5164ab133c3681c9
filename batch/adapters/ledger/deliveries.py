"""How the contacts of sent campaigns fared: counts by delivery status, page by page."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update

from batch.adapters.ledger.bulk import insert_rows, is_in
from batch.adapters.ledger.forms import read_time, write_time
from batch.adapters.ledger.tables import NOT_READ, deliveries, delivery_readings, entries
from batch.adapters.ledger.transactions import Transactions
from batch.model import DeliveryCount
from batch.model.records import dataclass

_WINDOW = 1_000


@dataclass(frozen=True, slots=True)
class DeliveryProgress:
    """How far the delivery of one sent campaign has been read."""

    page: int
    """The last page that was read."""
    final: bool
    """Nothing on it can change any more."""
    at: datetime


class Deliveries:
    """How the contacts of the campaigns of one ledger fared."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def record(self, entry: int, page: int, counts: Iterable[DeliveryCount], final: bool, now: datetime) -> None:  # noqa: FBT001
        """Keep the counts of one page of contacts; page 1 begins a new count, `final` ends it for good.

        A page that is read again takes its own place.
        """
        stale = deliveries.c.page >= 1 if page <= 1 else deliveries.c.page == page
        rows = [(entry, page, count.status_id, count.status, count.contacts) for count in counts]
        progress = {"entry": entry, "page": page, "final": int(final), "at": write_time(now)}
        with self._transactions.write() as connection:
            connection.execute(delete(deliveries).where(deliveries.c.entry == entry, stale))
            insert_rows(connection, deliveries, ("entry", "page", "status_id", "status", "contacts"), rows)
            connection.execute(delete(delivery_readings).where(delivery_readings.c.entry == entry))
            connection.execute(insert(delivery_readings).values(progress))
            connection.execute(update(entries).where(entries.c.id == entry).values(delivery_read=int(final)))

    def of_each(self, ids: Collection[int]) -> dict[int, tuple[DeliveryCount, ...]]:
        """Give the numbers of contacts by delivery status, all pages together; entries without any are left out."""
        if not ids:
            return {}
        status, total = func.max(deliveries.c.status).label("status"), func.sum(deliveries.c.contacts).label("total")
        asked = select(deliveries.c.entry, deliveries.c.status_id, status, total)
        by = (deliveries.c.entry, deliveries.c.status_id)
        found: dict[int, list[DeliveryCount]] = {}
        with self._transactions.read() as connection:
            asked = asked.where(is_in(deliveries.c.entry, ids, connection.dialect))
            for row in connection.execute(asked.group_by(*by).order_by(*by)):
                found.setdefault(row.entry, []).append(DeliveryCount(row.status_id, row.status, int(row.total)))
        return {entry: tuple(counts) for entry, counts in found.items()}

    def unread(self) -> Iterator[int]:
        """Give the sent entries whose delivery is not read to its end, by number, a window at a time."""
        asked = select(entries.c.id).where(NOT_READ, entries.c.delivery_read == 0).order_by(entries.c.id)
        after = 0
        while True:
            with self._transactions.read() as connection:
                page = connection.execute(asked.where(entries.c.id > after).limit(_WINDOW)).scalars().all()
            yield from page
            if len(page) < _WINDOW:
                return
            after = page[-1]

    def progress(self, entry: int) -> DeliveryProgress | None:
        """Tell which page was read last, and whether it is final; None when none was."""
        asked = select(delivery_readings).where(delivery_readings.c.entry == entry)
        with self._transactions.read() as connection:
            row = connection.execute(asked).first()
        return None if row is None else DeliveryProgress(row.page, bool(row.final), read_time(row.at))
