"""What a database says when it fails, in words for a person; PostgreSQL by its code, or by how its text begins."""

from __future__ import annotations

import re
from collections.abc import Mapping

from batch.model.errors import LedgerError

_AGAIN = "then run the command again"
_BACKUP = "restore the database from its own backup"
_WORDS = {
    "08": (
        "{where} cannot be reached ({detail})",
        f"check that the database runs, and host and port in [ledger] url, {_AGAIN}",
    ),
    "57P": ("{where} was shut down or restarted", f"wait until the database is back, {_AGAIN}"),
    "57014": (
        "{where} stopped what this command asked for ({detail})",
        f"if that was a time limit of the database (statement_timeout), raise it for this user, {_AGAIN}",
    ),
    "28": (
        "{where} refuses this user or password",
        "check the user in [ledger] url, and its password in ~/.pgpass or PGPASSWORD of the user that runs this",
    ),
    "28-none": (
        "{where} asks for a password, and there is none",
        "put it into ~/.pgpass of the user that runs this (which nobody else may read), or into PGPASSWORD",
    ),
    "3D": ("{where} does not exist", "create the database, or correct [ledger] url"),
    "3F": (
        "{where} has no schema that this user may use ({detail})",
        f"ask the database's administrator to grant one (GRANT USAGE, CREATE ON ...) or to set search_path, {_AGAIN}",
    ),
    "42501": (
        "{where} denies this user what the command needs ({detail})",
        f"ask the database's administrator to make this user its owner (ALTER DATABASE ... OWNER TO ...), {_AGAIN}",
    ),
    "53100": ("the disk of {where} is full", f"free some space there, {_AGAIN}"),
    "53300": (
        "{where} has too many connections open ({detail})",
        f"end some of them, or raise the limit of the database or of this user, {_AGAIN}",
    ),
    "53": ("{where} has no room for this command ({detail})", "try again in a while, or raise the database's limits"),
    "58": ("the disk of {where} failed ({detail})", f"check the server's disks and its log, {_AGAIN}"),
    "25006": (
        "{where} is read-only",
        f"use the primary server, or let this user write there (default_transaction_read_only), {_AGAIN}",
    ),
    "25P0": (
        "{where} ended a change in which this process stood still for too long; nothing of it was kept",
        "run the command again",
    ),
    "40": ("{where} was changed by another process at the same moment", "run the command again"),
    "55000": ("{where} takes no connections ({detail})", "ask the database's administrator"),
    "55P03": ("{where} is locked by another program", "try again in a while"),
    "23": (
        "{where} refused a change that would break its own rules ({detail})",
        'nothing was changed; run "campaign-batch ledger verify"',
    ),
    "url": ("{where} cannot be opened as its URL stands ({detail})", "correct [ledger] url"),
    "XX001": ("{where} is damaged ({detail})", _BACKUP),
    "XX002": ("{where} is damaged ({detail})", _BACKUP),
}
"""By how its error code begins, the longest first where two fit.
See https://www.postgresql.org/docs/current/errcodes-appendix.html."""
_UNCODED = (
    ("3D", r'database ".*" does not exist'),
    ("28", r"role .* (does not exist|is not permitted to log in)|no pg_hba|.*authentication failed"),
    ("28-none", r".*no password supplied"),
    ("53300", r"sorry, too many clients|too many connections|remaining connection slots"),
    ("42501", r"permission denied"),
    ("57P", r"the database system is|terminating connection"),
    ("55000", r"database .* is not currently accepting"),
)
"""What a server says before it has let anybody in comes without its code."""
_MISWRITTEN = re.compile(
    r"(connection is bad: )?(invalid|missing|unexpected|unrecognized|bad value|definition of service) "
)
"""What the library says that opens the connection, before it asks any server."""
_SAID = re.compile(r"\b(?:FATAL|ERROR|PANIC): +(.*)")
_OTHERWISE = f'run "campaign-batch ledger verify"; if it finds damage, {_BACKUP}'


def explain_postgresql(error: BaseException | None, where: str, *, lost: bool = True) -> LedgerError:
    """Find words for one failure; `where` names what failed, `lost` says that one without a code cut the connection."""
    text, code = str(error) or type(error).__name__, str(getattr(error, "sqlstate", "") or "")
    said = None if code else _SAID.search(text)
    detail = said[1] if said else text.splitlines()[0]
    if not code and _MISWRITTEN.match(detail):
        code = "url"
    if lost and not code:
        code = _code_of(detail)
    return put_into_words(_WORDS, code, where, detail, _OTHERWISE)


def explain_no_schema(where: str, detail: str) -> LedgerError:
    """Find words for a schema that PostgreSQL passes over in silence, as if nothing were there."""
    return put_into_words(_WORDS, "3F", where, detail, _OTHERWISE)


def refuse_encoding(database: str, encoding: str | None) -> None:
    """Raise LedgerError for a database in which not every text has a place: one made where no language was set."""
    if encoding != "UTF8":
        words = f'the database "{database}" is encoded in {encoding}, which cannot hold every text'
        remedy = (
            "make one that can (CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0) and name it in [ledger] url"
        )
        raise LedgerError(words, remedy)


def put_into_words(
    known: Mapping[str, tuple[str, str]], code: str, where: str, detail: str, otherwise: str
) -> LedgerError:
    """Give what is known of a code by how it begins, the longest first; `otherwise` is the remedy of all others."""
    for start, (words, remedy) in sorted(known.items(), key=lambda item: -len(item[0])):
        if code.startswith(start):
            return LedgerError(words.format(where=where, detail=detail), remedy, code=start)
    return LedgerError(f"{where} failed ({detail})", otherwise)


def _code_of(said: str) -> str:
    """Give the code of why a connection did not come about; one whose reason nobody knows was lost."""
    return next((code for code, pattern in _UNCODED if re.match(pattern, said)), "08")
