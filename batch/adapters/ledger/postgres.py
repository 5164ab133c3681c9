"""What only a ledger on PostgreSQL needs: its locks, and texts without NUL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Float,
    Text,
    cast,
    delete,
    exists,
    insert,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from batch.adapters.ledger.tables import notes
from batch.core.database_words import refuse_encoding
from batch.core.ledger_urls import PATIENCE
from batch.core.ledger_urls import SCHEMA as _SCHEMA

DIALECT = "postgresql"
SUBMITTER, MAILER = 0x7375626D6974, 0x6D61696C6572
"""Its advisory locks of the one process that submits, and of the one that sends mail: the letters of their names."""
_TURN, _HOLDER, _UNTIL = NOTES = ("submitter-turn", "submitter", "submitter-until")
LEASE = 60.0
"""Seconds after which a submitter that renewed nothing may be overtaken: by far more than a request is on the wire."""
CLOCK = "extract(epoch FROM clock_timestamp())"
"""The database's own clock, which all machines share; seconds."""
_PLACE = (
    f"CASE WHEN starts_with(current_schema(), '{_SCHEMA}') "
    "THEN hashtextextended(current_schema(), :place) ELSE CAST(:place AS bigint) END"
)
"""The place of a lock: a database has one set of them, and each account in it needs its own."""
RULES = """
SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()
UNION ALL
SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
 WHERE tgenabled <> 'D' AND relnamespace = to_regnamespace(quote_ident(current_schema()))
"""
"""Asks which indexes there are, and which triggers that are not switched off."""
_REPLACEMENT = "\ufffd"
_SETTINGS = {
    "timezone": "UTC",  # whatever the server's own is
    "datestyle": "ISO",  # the only one that psycopg reads
    "jit": "off",  # to compile a question takes longer than most take to be answered
    "random_page_cost": "1.1",  # to read whole tables pays from a disk that turns, and our questions are small
}


def set_up(connection: Any, _record: object) -> None:
    """Let a NUL, which PostgreSQL has no place for, stand as the sign for a broken character.

    And let the server end a transaction in which nothing is asked for a lease: a process that was stopped within one
    would keep all others from writing for good.
    """
    from psycopg.types.string import StrDumper, TextLoader

    class WithoutNul(StrDumper):
        def dump(self, obj: str) -> Any:
            return super().dump(without_nul(obj))

    connection.adapters.register_dumper(str, WithoutNul)
    connection.adapters.register_loader("jsonb", TextLoader)  # whoever asks reads it
    settings = {"idle_in_transaction_session_timeout": round(LEASE * 1000), **_SETTINGS}
    connection.execute("; ".join(f"SET {name} = '{value}'" for name, value in settings.items()))
    connection.commit()


def look_at_encoding(connection: Any, _record: object) -> None:
    """Refuse a new connection to a database that cannot hold every sign, before anything is read from it."""
    refuse_encoding(connection.info.dbname, connection.info.parameter_status("server_encoding"))


def wait_in_transaction(connection: Connection) -> None:
    """Let this transaction be idle as long as it takes."""
    if connection.dialect.name == DIALECT:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def complete(url: URL) -> URL:
    """Add to a URL what each connection begins with: how it writes texts, and how long it waits for a silent server."""
    url = url.update_query_dict({"client_encoding": "UTF8"})
    if "connect_timeout" in url.query or "PGCONNECT_TIMEOUT" in os.environ:
        return url
    return url.update_query_dict({"connect_timeout": str(PATIENCE)})


def without_nul(value: str) -> str:
    """Give a text as PostgreSQL can hold it."""
    return value.replace("\0", _REPLACEMENT)


def read_as_of_one_moment(engine: Engine) -> Engine:
    """Let a reader see no change that is made while it reads: totals and rows of two questions tie, as in a file.

    A writer must see what the one before it wrote, so it looks anew with every statement.
    """
    return engine.execution_options(isolation_level="REPEATABLE READ") if engine.dialect.name == DIALECT else engine


WRITERS_TURN = f"SELECT pg_advisory_xact_lock({_PLACE.replace(':place', str(0x6C6564676572))})"
"""Waits for the one writer at a time, until the transaction ends."""


def begin_turn(connection: Connection, holder: str) -> int:
    """Give the next submitter its number and note who it is; one writes at a time, so no two get the same."""
    turn = read_turn(connection)[0] + 1
    for name, value in ((_TURN, str(turn)), (_HOLDER, holder), (_UNTIL, "0")):
        connection.execute(delete(notes).where(notes.c.name == name))
        connection.execute(insert(notes).values(name=name, value=value))
    renew_turn(connection, turn)
    return turn


def renew_turn(connection: Connection, turn: int, seconds: float | None = None) -> None:
    """Let the turn last for a lease from now, or for some seconds, if it is still the newest."""
    until = cast(literal_column(CLOCK) + (LEASE if seconds is None else seconds), Text)
    ours = notes.alias("ours")
    newest = exists().where(ours.c.name == _TURN, ours.c.value == str(turn))
    connection.execute(update(notes).where(notes.c.name == _UNTIL, newest).values(value=until))


def is_turn_over(connection: Connection) -> bool:
    """Say whether the newest submitter renewed nothing for a lease: it was stopped, or cut off."""
    until = select(notes.c.value).where(notes.c.name == _UNTIL).scalar_subquery()
    return bool(connection.execute(select(cast(until, Float) < literal_column(CLOCK))).scalar())


def read_turn(connection: Connection) -> tuple[int, str]:
    """Give the number of the newest submitter, and what it wrote about itself."""
    rows = connection.execute(select(notes.c.name, notes.c.value).where(notes.c.name.in_((_TURN, _HOLDER))))
    found = {row.name: row.value for row in rows}
    return int(found.get(_TURN, 0)), found.get(_HOLDER, "")


@contextmanager
def hold_lock_of(engine: Engine, place: int) -> Iterator[bool]:
    """Hold one of the locks on a connection of its own; False when another process has it.

    The connection never goes back to the pool: the lock would go with it.
    """
    connection = engine.connect()
    connection.detach()
    try:
        taken = connection.execute(text(f"SELECT pg_try_advisory_lock({_PLACE})"), {"place": place}).scalar()
        connection.commit()
        yield bool(taken)
    finally:
        with suppress(SQLAlchemyError):  # the server may have ended it long ago
            connection.execute(text("SELECT pg_advisory_unlock_all()"))
            connection.close()
