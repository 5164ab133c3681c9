"""The files that a watch hands to the workers: their bytes, what became of them, and what is to lie beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from batch.adapters.ledger.forms import read_time, write_time
from batch.adapters.ledger.moving import refuse_moved
from batch.adapters.ledger.tables import drop_results, drops
from batch.adapters.ledger.transactions import Transactions
from batch.model import Person
from batch.model.records import dataclass

BESIDE, PREVIEW = "beside", "preview"
"""What a result is: a file to lie beside the sheet, or a preview for those who can approve."""
ANYWHERE = ""
"""The place of what any watch of the account may take: the sheet of it was filed away long ago."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A file as a watch hands it over."""

    place: str
    """The watched folder, with its machine."""
    claim: str
    """What the watch calls its claim of the file: nothing else in its place has it."""
    name: str
    """As it was dropped."""
    content: bytes
    dropper: Person | None = None
    """Whose file it was, where the system of the watch tells."""
    came_from: str = ""
    """The account in whose folder it was dropped, where that is another."""
    elsewhere: str = ""
    """What the note beside it says of the rows that went to other accounts."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A file that waits for a worker."""

    id: int
    handed: Handed
    handed_at: datetime
    failures: int
    """Runs that began with it and did not end."""


@dataclass(frozen=True, slots=True)
class Result:
    """One file that a worker made of a drop."""

    kind: str
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a file that was handed over; `id` and `claim` are the ledger's to say."""

    batch: int | None
    needs_look: bool
    words: str
    results: tuple[Result, ...] = ()
    claim: str = ""
    id: int = 0


class Drops:
    """The files between one ledger's watch and its workers; `place` is the watched folder, with its machine."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def hand_in(
        self, file: Handed, now: datetime, also: Callable[[Connection], object] = lambda _connection: None
    ) -> bool:
        """Keep a file for the workers; False where this claim is there already.

        `also` is done in the same transaction: a file that is kept is a file that a worker is told of. Raises
        LedgerError where the ledger was moved.
        """
        by = file.dropper or Person("")
        values = {"place": file.place, "claim": file.claim, "name": file.name, "content": file.content}
        more = {"dropper": by.name, "uid": by.uid, "came_from": file.came_from, "elsewhere": file.elsewhere}
        with self._transactions.write() as connection:
            refuse_moved(connection, self._transactions.name)
            there = select(drops.c.id).where(drops.c.place == file.place, drops.c.claim == file.claim)
            if connection.execute(there).first() is not None:
                return False
            connection.execute(insert(drops).values(**values, **more, handed_at=write_time(now)))
            also(connection)
            return True

    def waiting(self) -> int:
        """Give how many files no worker has ended yet."""
        with self._transactions.read() as connection:
            return int(connection.execute(select(func.count()).where(drops.c.ended_at.is_(None))).scalar_one())

    def next(self) -> Drop | None:
        """Give the file that waits longest, counted as begun once more; None where none waits."""
        oldest = select(drops.c.id).where(drops.c.ended_at.is_(None)).order_by(drops.c.id).limit(1)
        with self._transactions.write() as connection:
            number = connection.execute(oldest).scalar()
            if number is None:
                return None
            mine = drops.c.id == number
            connection.execute(update(drops).where(mine).values(failures=drops.c.failures + 1))
            row = connection.execute(select(drops).where(mine)).one()
        by = Person(row.dropper, row.uid) if row.dropper else None
        handed = Handed(row.place, row.claim, row.name, bytes(row.content), by, row.came_from, row.elsewhere)
        return Drop(row.id, handed, read_time(row.handed_at), row.failures)

    def forgive(self, drop: int) -> None:
        """Take back that a file was begun: not it failed, but the provider or the database."""
        statement = update(drops).where(drops.c.id == drop, drops.c.failures > 0)
        with self._transactions.write() as connection:
            connection.execute(statement.values(failures=drops.c.failures - 1))

    def end(self, drop: int, now: datetime, outcome: Ended) -> bool:
        """Write down what became of a file; False where another worker was faster."""
        values = {"batch": outcome.batch, "needs_look": int(outcome.needs_look), "words": outcome.words, "content": b""}
        mine = update(drops).where(drops.c.id == drop, drops.c.ended_at.is_(None))
        with self._transactions.write() as connection:
            if not connection.execute(mine.values(**values, ended_at=write_time(now))).rowcount:
                return False
            for number, one in enumerate(outcome.results):
                made = {"kind": one.kind, "name": one.name, "content": one.content}
                connection.execute(insert(drop_results).values(drop=drop, number=number, **made))
            return True

    def offer(self, preview: Result, now: datetime) -> None:
        """Keep a preview for the watch that looks first; once by its name."""
        at, about = write_time(now), {"place": ANYWHERE, "claim": preview.name, "name": preview.name, "content": b""}
        made = {"kind": preview.kind, "name": preview.name, "content": preview.content}
        with self._transactions.write() as connection:
            there = select(drops.c.id).where(drops.c.place == ANYWHERE, drops.c.claim == preview.name)
            if connection.execute(there).first() is None:
                kept = insert(drops).values(**about, handed_at=at, ended_at=at).returning(drops.c.id)
                number = connection.execute(kept).scalar_one()
                connection.execute(insert(drop_results).values(drop=number, number=0, **made))

    def ended(self, place: str) -> tuple[Ended, ...]:
        """Give what became of the files of one place that its watch has not filed away yet."""
        wanted = select(drops).where(drops.c.place == place, drops.c.ended_at.is_not(None)).order_by(drops.c.id)
        with self._transactions.read() as connection:
            rows = connection.execute(wanted).all()
            return tuple(
                Ended(row.batch, bool(row.needs_look), row.words, _results(connection, row.id), row.claim, row.id)
                for row in rows
            )

    def take_back(self, place: str) -> None:
        """Forget all files of a place whose watch takes them in itself from now on: they lie there still."""
        mine = select(drops.c.id).where(drops.c.place == place)
        with self._transactions.write() as connection:
            connection.execute(delete(drop_results).where(drop_results.c.drop.in_(mine)))
            connection.execute(delete(drops).where(drops.c.place == place))

    def forget(self, drop: int) -> None:
        """Forget a file that its watch has filed away."""
        with self._transactions.write() as connection:
            connection.execute(delete(drop_results).where(drop_results.c.drop == drop))
            connection.execute(delete(drops).where(drops.c.id == drop))


def _results(connection: Connection, drop: int) -> tuple[Result, ...]:
    wanted = select(drop_results).where(drop_results.c.drop == drop).order_by(drop_results.c.number)
    return tuple(Result(row.kind, row.name, bytes(row.content)) for row in connection.execute(wanted))
