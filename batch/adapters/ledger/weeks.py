"""What went out in a time, added up by the database: a trend must not read every campaign of a quarter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, exists, func, or_, select

from batch.adapters.ledger.forms import write_time
from batch.adapters.ledger.postgres import DIALECT
from batch.adapters.ledger.tables import deliveries, entries, findings
from batch.adapters.ledger.transactions import Transactions
from batch.adapters.ledger.week_totals import keep_totals, read_totals
from batch.core.identity import TEST_MARK
from batch.core.standing import UNSEEN_AFTER
from batch.model import DeliveryCount, SentTotals, Status
from batch.model.errors import LedgerError
from batch.model.wording import APPROVED

IS_OPEN_ON = exists().where(findings.c.entry == entries.c.id, findings.c.open == 1)
_REACHES_SOMEBODY = func.coalesce(entries.c.contacts_count, 1) != 0
IS_PLAINLY_SENT = and_(
    entries.c.status == Status.SENT.value,
    entries.c.cancel_why == "",
    _REACHES_SOMEBODY,
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
LONG = 5_000
"""Campaigns of a week from which on its totals are kept: fewer are counted in a moment."""
_NO_TEST = func.substr(entries.c.key, 1, len(TEST_MARK) + 1) != f"{TEST_MARK}:"
_WITHIN = and_(
    IS_PLAINLY_SENT, _NO_TEST, entries.c.send_at >= bindparam("from_"), entries.c.send_at < bindparam("until_")
)
_TOTALS_WITHIN = _TOTALS.where(_WITHIN)
_DUE = select(entries.c.id).where(entries.c.send_at >= bindparam("from_"), entries.c.send_at < bindparam("until_"))
_ARRIVED_WITHIN = _ARRIVED.where(_WITHIN).group_by(deliveries.c.status_id)


def is_plainly_scheduled(now: datetime) -> ColumnElement[bool]:
    """Say what goes as it should, and what went so lately that nobody can have seen it; open findings are not asked."""
    goes = and_(entries.c.status == Status.PLANNED.value, entries.c.send_at > write_time(now))
    there = and_(
        entries.c.status == Status.ACCEPTED.value,
        entries.c.send_at > write_time(now - UNSEEN_AFTER),
        func.coalesce(entries.c.provider_status_id, 0) == APPROVED,
        _REACHES_SOMEBODY,
    )
    return and_(entries.c.cancel_why == "", or_(goes, there))


class Weeks:
    """What went out of one ledger, week by week."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def plainly_sent(self, bounds: Sequence[datetime]) -> tuple[SentTotals, ...]:
        """Add up what was due from each moment to the next one and is plainly sent, tests left out.

        What long weeks add up to is kept, but for the last one, which still changes.
        """
        weeks = [{"from_": write_time(start), "until_": write_time(end)} for start, end in pairwise(bounds)]
        with self._transactions.read() as connection:
            found = [_look_up(connection, week, is_last=week is weeks[-1]) for week in weeks]
        return tuple(one or self._keep(week) for week, one in zip(weeks, found, strict=True))

    def _keep(self, week: dict[str, str]) -> SentTotals:
        """Count a week in the turn of a writer, and keep that; who may only read counts it each time."""
        try:
            with self._transactions.write() as connection:
                totals = _add_up(connection, week)
                keep_totals(connection, week, totals)
        except LedgerError:
            with self._transactions.read() as connection:
                return _add_up(connection, week)
        return totals


def _look_up(connection: Connection, week: dict[str, str], *, is_last: bool) -> SentTotals | None:
    """Give what a week adds up to; None where it is to be counted and kept."""
    if connection.dialect.name != DIALECT or is_last:
        return _add_up(connection, week)
    if (kept := read_totals(connection, week)) is not None:
        return kept
    is_long = connection.execute(_DUE.offset(LONG).limit(1), week).first() is not None
    return None if is_long else _add_up(connection, week)


def _add_up(connection: Connection, within: dict[str, str]) -> SentTotals:
    rows, texts, mms, parts = connection.execute(_TOTALS_WITHIN, within).one()
    if not rows:
        return SentTotals(0, 0, 0, 0)
    arrived = connection.execute(_ARRIVED_WITHIN, within)
    counts = tuple(DeliveryCount(row.status_id, row.status, int(row.total)) for row in arrived)
    return SentTotals(int(rows), int(texts or 0), int(mms or 0), int(parts or 0), counts)
