"""The transactions of one ledger: every part of it reads and writes through these."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine

from batch.adapters.ledger.troubles import explained
from batch.adapters.ledger.witness import Witness


class Transactions:
    """Opens a transaction on the database, and looks each time whether its file is still the same."""

    def __init__(self, engine: Engine, path: Path | None, name: str, redact: Callable[[str], str]) -> None:
        self.engine = engine
        self.name = name
        """How the ledger is called in an error message."""
        self.redact = redact
        """Takes the token out of a text before it is kept."""
        self._writer = engine.execution_options(writing=True)
        self._witness = Witness(path)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Read in one transaction."""
        # Rolled back at its end: there is nothing to commit, and a damaged file cannot even commit nothing.
        self._witness.look()
        with explained(self.name), self.engine.connect() as connection:
            self._witness.compare(connection)
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Write in one transaction: all or nothing."""
        self._witness.look()
        with explained(self.name), self._writer.begin() as connection:
            self._witness.compare(connection)
            yield connection
            left = self._witness.keep(connection)
        self._witness.remember(left)
        self._witness.look()  # what went into a file that lies elsewhere by now was not written down
