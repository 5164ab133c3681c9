"""The connections of one process to a database on PostgreSQL, shared by the ledgers of all accounts in it.

A ledger opened with connections of its own costs a worker 26 ms of processor time, and the server a process, before the
first question; and fifty accounts of one watch would hold more connections than a server is installed with.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import field

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL

from batch.adapters.ledger.postgres import complete
from batch.core.database_words import explain_no_schema
from batch.core.ledger_urls import ACCOUNT_SCHEMA, SCHEMA
from batch.model.errors import LedgerError
from batch.model.records import dataclass

_PATH, _SERVER = "search_path", "server"
"""The options by which an engine knows the schema that it looks into, and whose connections it shares."""
_KEPT = 10
"""Connections that are kept open while nobody uses them; more are opened for as long as they are needed."""
_SEEN = text("""
SELECT current_schema() AS first, to_regnamespace(:own) IS NOT NULL AS is_made, (
    SELECT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = to_regclass('entries')
) AS found
""")
"""Asks which schema comes first, whether the account's own is there, and whose the entries are that are seen."""


@dataclass(slots=True)
class _Server:
    url: URL
    engine: Engine
    users: set[Engine] = field(default_factory=set)


_servers: dict[URL, _Server] = {}
_turn = threading.Lock()


def connect_to(url: URL, set_up: Callable[[Engine], None]) -> Engine:
    """Give an engine for the ledger that the URL names; `set_up` is given the one that is shared when it is new."""
    account = url.query.get(ACCOUNT_SCHEMA)
    plain = url.difference_update_query([ACCOUNT_SCHEMA])
    with _turn:
        server = _servers.get(plain)
        if server is None:
            server = _servers[plain] = _Server(plain, _make_engine(plain))
            set_up(server.engine)
        path = f'"{SCHEMA}{account}"' if account else ""
        user = server.engine.execution_options(**{_PATH: path, _SERVER: server})
        server.users.add(user)
    return user


def _make_engine(url: URL) -> Engine:
    how = {"pool_size": _KEPT, "max_overflow": -1, "pool_use_lifo": True, "pool_pre_ping": True}
    return create_engine(complete(url), isolation_level="READ COMMITTED", **how)


def look_into(connection: Connection) -> str:
    """Write what lets this transaction see the schema of the account that asks, alone; the next may be another's."""
    path = connection.get_execution_options().get(_PATH)
    return f"SET LOCAL search_path TO {path}" if path else ""


def refuse_schema(connection: Connection, where: str) -> None:
    """Raise LedgerError where what this user sees is not what it asks for: `where` names the ledger.

    A schema that the user may not use is passed over as if it were empty, and a search_path of the user's own may lead
    whoever asks for no account into the ledger of one, past its locks.
    """
    path = connection.get_execution_options().get(_PATH)
    if path is None:  # no PostgreSQL
        return
    first, is_made, found = connection.execute(_SEEN, {"own": path or None}).one()
    if first is None and (is_made or not path):
        raise explain_no_schema(where, f"schema {path}" if path else "its search_path names none")
    if not path and str(found).startswith(SCHEMA):
        words = f"the search_path of this user leads {where} into the schema of an account, {found}"
        raise LedgerError(words, "take that schema out of it (ALTER ROLE ... SET search_path), or use --account")


def make_schema(connection: Connection) -> None:
    """Make the schema of the account that asks, where it is one of several and nobody made it before.

    Even to say that it is there already, PostgreSQL asks for the right to make one.
    """
    path = connection.get_execution_options().get(_PATH)
    if path and not connection.execute(_SEEN, {"own": path}).one().is_made:
        connection.exec_driver_sql(f"CREATE SCHEMA {path}")


def let_go(engine: Engine) -> None:
    """Close what an engine has open; connections that it shares only where it is the last that used them.

    A closed ledger that is used again may open one anew: whoever closes it once more closes that, too.
    """
    server = engine.get_execution_options().get(_SERVER)
    if server is None:
        engine.dispose()
        return
    with _turn:
        server.users.discard(engine)
        if server.users:
            return
        newest = _servers.get(server.url)
        if newest is not None and newest.engine is server.engine:
            _servers.pop(server.url)
        server.engine.dispose()
