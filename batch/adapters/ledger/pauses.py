"""The pauses: while one stands, nothing is submitted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from batch.adapters.ledger.forms import read_time, write_time
from batch.adapters.ledger.tables import pauses
from batch.adapters.ledger.transactions import Transactions
from batch.model import PauseCause
from batch.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is submitted until somebody lifts it."""

    why: str
    who: str
    since: datetime
    cause: PauseCause = PauseCause.PERSON
    folder: str = ""
    """The watched folder in which the file named STOP lies; empty for any other cause."""


class Pauses:
    """The pauses of one ledger: all must be lifted before anything is submitted."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def add(self, why: str, who: str, now: datetime, cause: PauseCause = PauseCause.PERSON, folder: str = "") -> bool:
        """Let nothing be submitted until it is lifted; False when one of its cause and folder stands, which stays."""
        values = {"why": why, "who": who, "cause": cause.value, "folder": folder, "since": write_time(now)}
        with self._transactions.write() as connection:
            if any((one.cause, one.folder) == (cause, folder) for one in _select(connection)):
                return False
            connection.execute(insert(pauses).values(values))
            return True

    def lift(self, who: str, now: datetime, cause: PauseCause | None = None, folder: str = "") -> bool:
        """Lift the pauses of one cause and folder, or without a cause all of them; False when there was none."""
        statement = update(pauses).where(pauses.c.lifted_at.is_(None)).values(lifted_by=who, lifted_at=write_time(now))
        if cause is not None:
            statement = statement.where(pauses.c.cause == cause.value, pauses.c.folder == folder)
        with self._transactions.write() as connection:
            return connection.execute(statement).rowcount > 0

    def first(self) -> Pause | None:
        """Tell why, by whom and since when nothing is submitted: the oldest of the pauses that stand."""
        return next(iter(self.all()), None)

    def all(self) -> tuple[Pause, ...]:
        """Tell every pause that stands, the oldest first."""
        with self._transactions.read() as connection:
            return _select(connection)


def _select(connection: Connection) -> tuple[Pause, ...]:
    rows = connection.execute(select(pauses).where(pauses.c.lifted_at.is_(None)).order_by(pauses.c.id))
    return tuple(
        Pause(why=row.why, who=row.who, since=read_time(row.since), cause=_cause(row.cause), folder=row.folder)
        for row in rows
    )


def _cause(text: str) -> PauseCause:
    return PauseCause(text) if text else PauseCause.PERSON
