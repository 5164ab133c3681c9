"""The transactions of one ledger: every part of it reads and writes through these."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from batch.adapters.ledger import postgres
from batch.adapters.ledger.troubles import explained
from batch.adapters.ledger.witness import Witness
from batch.model.errors import LedgerTakenOverError


class Transactions:
    """Opens a transaction on the database, and looks each time whether its file is still the same."""

    def __init__(self, engine: Engine, path: Path | None, name: str, redact: Callable[[str], str]) -> None:
        self.engine = engine
        self.name = name
        """How the ledger is called in an error message."""
        self.redact = redact
        """Takes the token out of a text before it is kept."""
        self._writer = engine.execution_options(writing=True)
        self._reader = postgres.read_as_of_one_moment(engine)
        self._witness = Witness(path)
        self._turn: int | None = None

    @contextmanager
    def take_turn(self, holder: str, *, free: bool = True) -> Iterator[bool]:
        """Write as the one submitter: whoever takes the next turn makes each further write of this one fail.

        The lock of a database ends with its connection, so a process that was cut off may still believe it holds it,
        and one that was stopped holds it for good. Where it is not `free`, only a turn that nobody renewed is taken;
        else False.
        """
        if self.engine.dialect.name != postgres.DIALECT:
            yield True
            return
        with self.write() as connection:
            if not free and not postgres.is_turn_over(connection):
                yield False
                return
            turn = postgres.begin_turn(connection, holder)
        self._turn = turn
        try:
            with self._renewing(turn):
                yield True
        finally:
            self._turn = None

    @contextmanager
    def _renewing(self, turn: int) -> Iterator[None]:
        """Renew the turn as long as this process runs, also while it waits or reads; a stopped one renews nothing."""
        done = threading.Event()
        beats = threading.Thread(target=self._renew, args=(turn, done), daemon=True)
        beats.start()
        try:
            yield
        finally:
            done.set()
            beats.join()
            self._try_to_renew(turn, 0.0)

    def _renew(self, turn: int, done: threading.Event) -> None:
        while not done.wait(postgres.LEASE / 4):
            self._try_to_renew(turn)

    def _try_to_renew(self, turn: int, seconds: float | None = None) -> None:
        with suppress(SQLAlchemyError), self.engine.begin() as connection:
            postgres.renew_turn(connection, turn, seconds)

    def turn_of(self) -> str:
        """Give what the newest submitter wrote about itself."""
        with self.read() as connection:
            return postgres.read_turn(connection)[1]

    def has_turn(self) -> bool:
        """Say whether a database's newest submitter is still at work."""
        if self.engine.dialect.name != postgres.DIALECT:
            return False
        with self.read() as connection:
            return bool(postgres.read_turn(connection)[0]) and not postgres.is_turn_over(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Read in one transaction, all of it as of one moment."""
        # Rolled back at its end: there is nothing to commit, and a damaged file cannot even commit nothing.
        self._witness.look()
        with explained(self.name), self._reader.connect() as connection:
            self._witness.compare(connection)
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Write in one transaction: all or nothing."""
        self._witness.look()
        with explained(self.name), self._writer.begin() as connection:
            self._witness.compare(connection)
            if self._turn is not None and self._turn != postgres.read_turn(connection)[0]:
                raise LedgerTakenOverError(self.name)
            yield connection
            left = self._witness.keep(connection)
        self._witness.remember(left)
        self._witness.look()  # what went into a file that lies elsewhere by now was not written down
