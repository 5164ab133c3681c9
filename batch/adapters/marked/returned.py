"""What goes to the process that makes marked workbooks, and what it says first: all that others load of this room."""

from __future__ import annotations

from batch.model import Issue, Row
from batch.model.records import dataclass

ROW_ID = "RowId"
READY = b"."
"""What the process says before it takes its job: a death before that has nothing to do with a file."""


@dataclass(frozen=True, slots=True)
class Returned:
    """One row on its way back to the person who wrote it."""

    row: Row
    issues: tuple[Issue, ...]
    """What is wrong with it, the most basic first."""
    row_id: str = ""
    """Names its place in the ledger; empty when it has none."""
    result: tuple[str, ...] = ()
    """What became of it, a text for each of RESULTS; empty where nothing is known."""
