"""What went out in a time, added up by the database: a trend must not read every campaign of a quarter."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise

from sqlalchemy import Connection, and_, bindparam, case, exists, func, select

from batch.adapters.ledger.forms import write_time
from batch.adapters.ledger.tables import deliveries, entries, findings
from batch.adapters.ledger.transactions import Transactions
from batch.core.identity import TEST_MARK
from batch.model import DeliveryCount, SentTotals, Status

IS_OPEN_ON = exists().where(findings.c.entry == entries.c.id, findings.c.open == 1)
IS_PLAINLY_SENT = and_(
    entries.c.status == Status.SENT.value,
    entries.c.cancel_why == "",
    func.coalesce(entries.c.contacts_count, 1) != 0,
    ~IS_OPEN_ON,
)
"""It was seen as sent, and nothing about it needs a look: what all of these say in a report is their number."""

_CONTACTS = func.coalesce(entries.c.contacts_count, 0)
_IS_MMS = func.coalesce(entries.c.mms_template_id, 0) != 0
_TOTALS = select(
    func.count(),
    func.sum(_CONTACTS),
    func.sum(case((_IS_MMS, _CONTACTS), else_=0)),
    func.sum(case((_IS_MMS, 0), else_=_CONTACTS * entries.c.parts)),
)
_ARRIVED = select(
    deliveries.c.status_id,
    func.max(deliveries.c.status).label("status"),
    func.sum(deliveries.c.contacts).label("total"),
).join(entries, entries.c.id == deliveries.c.entry)


_NO_TEST = func.substr(entries.c.key, 1, len(TEST_MARK) + 1) != f"{TEST_MARK}:"
_WITHIN = and_(
    IS_PLAINLY_SENT, _NO_TEST, entries.c.send_at >= bindparam("from_"), entries.c.send_at < bindparam("until_")
)
_TOTALS_WITHIN = _TOTALS.where(_WITHIN)
_ARRIVED_WITHIN = _ARRIVED.where(_WITHIN).group_by(deliveries.c.status_id)


class Weeks:
    """What went out of one ledger, week by week."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def plainly_sent(self, bounds: Iterable[datetime]) -> tuple[SentTotals, ...]:
        """Add up what was due from each moment to the next one and is plainly sent, tests left out."""
        with self._transactions.read() as connection:
            return tuple(
                _add_up(connection, {"from_": write_time(start), "until_": write_time(end)})
                for start, end in pairwise(bounds)
            )


def _add_up(connection: Connection, within: dict[str, str]) -> SentTotals:
    rows, texts, mms, parts = connection.execute(_TOTALS_WITHIN, within).one()
    if not rows:
        return SentTotals(0, 0, 0, 0)
    arrived = connection.execute(_ARRIVED_WITHIN, within)
    counts = tuple(DeliveryCount(row.status_id, row.status, int(row.total)) for row in arrived)
    return SentTotals(int(rows), int(texts or 0), int(mms or 0), int(parts or 0), counts)
