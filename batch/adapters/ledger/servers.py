"""The connections of one process to a database on PostgreSQL, shared by the ledgers of all accounts in it.

A ledger opened with connections of its own costs a worker 26 ms of processor time, and the server a process, before the
first question; and fifty accounts of one watch would hold more connections than a server is installed with.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import field

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL

from batch.adapters.ledger.postgres import complete
from batch.core.ledger_urls import ACCOUNT_SCHEMA, SCHEMA
from batch.model.records import dataclass

_PATH, _SERVER = "search_path", "server"
"""The options by which an engine knows the schema that it looks into, and whose connections it shares."""
_KEPT = 10
"""Connections that are kept open while nobody uses them; more are opened for as long as they are needed."""


@dataclass(slots=True)
class _Server:
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
            server = _servers[plain] = _Server(_make_engine(plain))
            set_up(server.engine)
        path = f'"{SCHEMA}{account}"' if account else ""
        user = server.engine.execution_options(**{_PATH: path, _SERVER: plain})
        server.users.add(user)
    return user


def _make_engine(url: URL) -> Engine:
    how = {"pool_size": _KEPT, "max_overflow": -1, "pool_use_lifo": True, "pool_pre_ping": True}
    return create_engine(complete(url), isolation_level="READ COMMITTED", **how)


def look_into(connection: Connection) -> str:
    """Write what lets this transaction see the schema of the account that asks, alone; the next may be another's."""
    path = connection.get_execution_options().get(_PATH)
    return f"SET LOCAL search_path TO {path}" if path else ""


def make_schema(connection: Connection) -> None:
    """Make the schema of the account that asks, where it is one of several."""
    if path := connection.get_execution_options().get(_PATH):
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {path}")


def let_go(engine: Engine) -> None:
    """Close what an engine has open; connections that it shares only where it is the last that used them."""
    plain = engine.get_execution_options().get(_SERVER)
    if plain is None:
        engine.dispose()
        return
    with _turn:
        server = _servers.get(plain)
        if server is not None and engine in server.users:
            server.users.remove(engine)
            if not server.users:
                _servers.pop(plain).engine.dispose()
