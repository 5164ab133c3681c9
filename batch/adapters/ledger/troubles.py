"""What the database says when it fails, in words for a person."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from batch.core.database_words import explain_postgresql, put_into_words
from batch.model.errors import HOW_TO_RESTORE, LedgerError

_WORDS = {
    "SQLITE_FULL": ("the disk is full, so {where} cannot be written", "free some space, then run the command again"),
    "SQLITE_READONLY": (
        "{where} is read-only",
        "let this user write to the file and to its folder, then run the command again",
    ),
    "SQLITE_PERM": ("{where} may not be opened by this user", "let this user read and write the file and its folder"),
    "SQLITE_AUTH": ("{where} may not be opened by this user", "let this user read and write the file and its folder"),
    "SQLITE_BUSY": (
        "{where} is locked by another program",
        "close what has it open (a database viewer, a backup), then run the command again",
    ),
    "SQLITE_LOCKED": (
        "{where} is locked by another program",
        "close what has it open (a database viewer, a backup), then run the command again",
    ),
    "SQLITE_NOTADB": (
        "{where} is not a ledger: it is not an SQLite database",
        f"give another file with --ledger; if it was a ledger, {HOW_TO_RESTORE}",
    ),
    "SQLITE_CORRUPT": ("{where} is damaged", HOW_TO_RESTORE),
    "SQLITE_CANTOPEN": ("{where} cannot be opened", "check that its folder exists and is writable"),
    "SQLITE_IOERR": (
        "the disk failed while {where} was read or written",
        "check the disk's free space and health, then run the command again",
    ),
    "SQLITE_CONSTRAINT": (
        "{where} refused a change that would break its own rules ({detail})",
        'nothing was changed; run "campaign-batch ledger verify"',
    ),
    "SQLITE_TOOBIG": ("a text is too long for {where}", "shorten the row's cells"),
}
_OTHERWISE = f'run "campaign-batch ledger verify"; if it finds damage, {HOW_TO_RESTORE}'


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn what the database raises into a LedgerError that says what to do."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise explain(error, where) from None


def explain(error: Exception, where: str) -> LedgerError:
    """Find words for one failure; `where` names the ledger."""
    cause: BaseException | None = error.orig if isinstance(error, DBAPIError) else error
    if hasattr(cause, "sqlstate"):
        return explain_postgresql(cause, where, lost=isinstance(error, OperationalError))
    detail = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
    name = getattr(cause, "sqlite_errorname", "") or ""
    return put_into_words(_WORDS, name, where, detail, _OTHERWISE)
