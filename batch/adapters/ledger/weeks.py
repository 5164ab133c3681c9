"""What went out in a time, added up by the database: a trend must not read every campaign of a quarter."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select

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


class Weeks:
    """What went out of one ledger, week by week."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def plainly_sent(self, due_from: datetime, due_until: datetime) -> SentTotals:
        """Add up what was due in a time and is plainly sent, tests left out."""
        with self._transactions.read() as connection:
            rows, texts, mms, parts = connection.execute(_within(_TOTALS, due_from, due_until)).one()
            arrived = _within(_ARRIVED, due_from, due_until).group_by(deliveries.c.status_id)
            counts = tuple(
                DeliveryCount(row.status_id, row.status, int(row.total)) for row in connection.execute(arrived)
            )
        return SentTotals(int(rows), int(texts or 0), int(mms or 0), int(parts or 0), counts)


def _within(statement: Select[Any], due_from: datetime, due_until: datetime) -> Select[Any]:
    due: tuple[ColumnElement[bool], ...] = (
        entries.c.send_at >= write_time(due_from), entries.c.send_at < write_time(due_until)
    )  # fmt: skip
    no_test = func.substr(entries.c.key, 1, len(TEST_MARK) + 1) != f"{TEST_MARK}:"
    return statement.where(IS_PLAINLY_SENT, no_test, *due)
