"""Whether the ledger is still the one that was opened: the same file, and a content that only grew."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, func, literal_column, select
from sqlalchemy.dialects import sqlite

from batch.adapters.ledger.bulk import driver_of
from batch.adapters.ledger.tables import history, notes
from batch.model.errors import LedgerReplacedError

_CONTENT = str(
    select(
        select(notes.c.value).where(notes.c.name == literal_column("'lineage'")).scalar_subquery(),
        select(func.max(history.c.id)).scalar_subquery(),
    ).compile(dialect=sqlite.dialect())
)
"""Asked twice in each transaction, so of the driver itself: only SQLite's ledgers are files."""


class Witness:
    """What one opening saw of a ledger's file; a ledger without a file has nothing that could be replaced."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file = self._identity()
        self._lineage: str | None = None
        self._newest = -1

    def look(self) -> None:
        """Raise LedgerReplacedError when another file, or none, lies under the ledger's name."""
        if self._identity() != self._file:
            self._refuse("was replaced by another file, or moved away,")

    def compare(self, connection: Connection) -> None:
        """Raise LedgerReplacedError when the content is another ledger's, or an older state of this one."""
        if self._path is None:
            return
        lineage, newest = self._content(connection)
        if self._newest >= 0 and (lineage != self._lineage or newest < self._newest):
            self._refuse("was overwritten with other content")
        self._lineage, self._newest = lineage, newest

    def keep(self, connection: Connection) -> tuple[str | None, int]:
        """Read what a transaction leaves behind, to be remembered when it is committed."""
        return self._content(connection) if self._path is not None else (None, -1)

    def remember(self, content: tuple[str | None, int]) -> None:
        """Expect this content, or more, from now on."""
        self._lineage, self._newest = content

    def _content(self, connection: Connection) -> tuple[str | None, int]:
        with suppress(sqlite3.Error):  # a damaged file is told by what is asked of it
            lineage, newest = driver_of(connection).execute(_CONTENT).fetchone()
            return lineage, newest or 0
        return self._lineage, self._newest

    def _identity(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        with suppress(OSError):
            found = self._path.stat()
            return found.st_dev, found.st_ino
        return None

    def _refuse(self, how: str) -> None:
        raise LedgerReplacedError(
            f'the ledger "{self._path}" {how} while this command ran, so nothing more is submitted',
            'make sure that the right file is there ("campaign-batch ledger list" shows its batches), then type '
            '"campaign-batch resume"',
        )
