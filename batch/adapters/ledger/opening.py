"""How a ledger is opened: its place, its durability, its schema."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Inspector, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from batch.adapters.ledger import postgres
from batch.adapters.ledger.moving import refuse_moved
from batch.adapters.ledger.places import refuse_place
from batch.adapters.ledger.servers import connect_to, let_go, look_into, make_schema, refuse_schema
from batch.adapters.ledger.tables import REVISIONS, alembic_version, notes
from batch.adapters.ledger.triggers import create_schema
from batch.adapters.ledger.troubles import explained
from batch.adapters.ledger.upkeep import write_backup
from batch.core.ledger_urls import ACCOUNT_SCHEMA, HOW, PROPER, is_misspelled, names_no_account
from batch.model.errors import LedgerError, NewerLedgerError, NoLedgerError, UsageError
from batch.system.disk import make_private

PRAGMAS = {"foreign_keys": 1, "synchronous": 3, "journal_mode": "delete"}
"""What every connection must show when it is read back: synchronous 3 is EXTRA, which also syncs the folder after the
journal is gone. See https://www.sqlite.org/pragma.html#pragma_synchronous."""

_CACHE_KIB = 32_000


def resolve_url(url: str, folder: Path | None = None) -> tuple[URL, Path | None]:
    """Read a ledger's URL, a bare path too; give it with the file's absolute path (None when there is no file)."""
    if is_misspelled(url):  # never shown: it may hold a password
        raise UsageError("the URL of the ledger cannot be read", f"write {HOW}")
    if "://" not in url:
        url = f"sqlite:///{url}"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        remedy = f"write sqlite:///ledger.sqlite3, or {PROPER}"
        raise UsageError("the URL of the ledger cannot be read", remedy) from None
    if names_no_account(url):
        words = f'the URL of the ledger must name one account by its name behind "{ACCOUNT_SCHEMA}="'
        raise UsageError(words, f'leave "{ACCOUNT_SCHEMA}" out, and name the account with --account')
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return parsed, None
    path = Path(os.path.abspath((folder or Path()) / str(parsed.database)))  # noqa: PTH100  # a link stays a link
    return parsed.set(database=str(path)), path


def prepare(
    url: URL, path: Path | None, *, now: datetime, create: bool, busy_seconds: float, look: bool = False
) -> Engine:
    """Open the database and bring its schema up to date; raises LedgerError where that must not or cannot be.

    With `look` an older one stays as it is: a copy in memory is brought up to date and opened in its place.
    """
    if path is not None:
        refuse_place(path)
        _look_at_file(path, create=create)
    engine, name = _make_engine(url, busy_seconds), name_of(url, path)
    try:
        with explained(name):
            if look:
                engine, path = _leave_as_it_is(engine, path, name)
            _bring_up_to_date(engine, path, name, now, create=create)
    except BaseException:
        let_go(engine)
        raise
    return engine


@contextmanager
def keep_connections(url: str) -> Iterator[None]:
    """Keep what ledgers of this database on PostgreSQL have open once one is closed, for the next one."""
    engine = _make_engine(resolve_url(url)[0], 0.0)
    try:
        yield
    finally:
        let_go(engine)


def name_of(url: URL, path: Path | None) -> str:
    """Name a ledger in words to people, never with a password."""
    if path is not None:
        return f'the ledger "{path}"'
    if url.get_backend_name() == "sqlite":
        return "the temporary ledger"
    account = f' of account "{url.query[ACCOUNT_SCHEMA]}"' if ACCOUNT_SCHEMA in url.query else ""
    name = f'the ledger "{url.database}"' if url.database else "the ledger in the user's own database"
    return f"{name}{account}" + (f" on {url.host}" if url.host else "")


def _look_at_file(path: Path, *, create: bool) -> None:
    if path.is_dir():
        raise LedgerError(f'the ledger "{path}" is a folder', "name a file in it")
    if not path.parent.is_dir():
        raise LedgerError(
            f'the folder of the ledger, "{path.parent}", is not there', "create it, or correct [ledger] url"
        )
    if not path.exists() and not create:
        raise UsageError(f'there is no ledger "{path}"', "run this in its folder, or name it with --ledger")
    if path.exists() and not os.access(path, os.R_OK):
        remedy = "run this as that user, or let that user share it with a group of the system: [ledger] group"
        raise LedgerError(f'the ledger "{path}" belongs to another user', remedy)
    if not os.access(path if path.exists() else path.parent, os.W_OK) or not os.access(path.parent, os.W_OK):
        remedy = "let this user write to the file and to its folder, then run the command again"
        raise LedgerError(f'the ledger "{path}" is read-only', remedy)
    if not path.exists():
        make_private(path)  # SQLite gives its journal the rights of its file


def _make_engine(url: URL, busy_seconds: float) -> Engine:
    try:
        if url.get_backend_name() != "sqlite":
            return connect_to(url, _listen)
        if url.database in (None, "", ":memory:"):
            engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
        else:
            engine = create_engine(url, connect_args={"timeout": busy_seconds})
    except (NoSuchModuleError, ImportError, ArgumentError) as error:
        remedy = "pip install 'campaign-batch[postgres]'"
        if url.get_backend_name() != postgres.DIALECT or url.get_driver_name() != "psycopg":
            remedy = f"write sqlite:///ledger.sqlite3, or {PROPER}"
        raise UsageError(f"{name_of(url, None)} cannot be used here ({error})", remedy) from None
    _listen(engine)
    return engine


def _listen(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
    elif engine.driver == "psycopg":
        event.listen(engine, "connect", postgres.look_at_encoding, insert=True)
        event.listen(engine, "connect", postgres.set_up)
    event.listen(engine, "begin", _begin)


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    """Make a new connection durable, and look whether it is."""
    connection.isolation_level = None  # the driver's own BEGIN would come too late for a writer
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("PRAGMA synchronous=EXTRA")
    connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    connection.create_function("lower", 1, _lower, deterministic=True)
    shown = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in PRAGMAS}
    wanted = PRAGMAS | ({"journal_mode": "memory"} if shown["journal_mode"] == "memory" else {})
    if shown != wanted:
        remedy = "close every other program that has it open, then run the command again"
        raise LedgerError(f"the ledger does not take the settings that make it durable ({shown})", remedy)


def _lower(value: Any) -> Any:
    """Fold letters of every language; SQLite's own knows ASCII only."""
    return value.casefold() if isinstance(value, str) else value


def _begin(connection: Connection) -> None:
    """Begin as a reader or as the one writer; with the default a writer would only find out at its first write."""
    writing = connection.get_execution_options().get("writing", False)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
        return
    asked = [look_into(connection), postgres.WRITERS_TURN if writing else ""]
    if any(asked):
        connection.exec_driver_sql("; ".join(filter(None, asked)))


def _leave_as_it_is(engine: Engine, path: Path | None, name: str) -> tuple[Engine, Path | None]:
    """Give an engine that brings nothing up to date: an old file is copied, an empty database is not made a ledger."""
    with engine.connect() as connection:
        found = _revision(connection, name)
    if found == REVISIONS[-1] or (path is None and engine.dialect.name == "sqlite") or (path and found is None):
        return engine, path
    if found is not None and path is None:
        remedy = 'back the database up, then type "campaign-batch ledger list": it brings the ledger up to date'
        raise LedgerError(f"{name} was made by an older campaign-batch", remedy)
    memory = _make_engine(make_url("sqlite://"), 0.0)
    if found is not None:
        _copy_into(memory, engine)
    let_go(engine)
    return memory, None


def _copy_into(memory: Engine, engine: Engine) -> None:
    with engine.connect() as source, memory.connect() as target:
        source.connection.driver_connection.backup(target.connection.driver_connection)  # type: ignore[union-attr]


def _bring_up_to_date(engine: Engine, path: Path | None, name: str, now: datetime, *, create: bool) -> None:
    with engine.connect() as connection:
        found = _revision(connection, name)
        if found is not None:
            refuse_moved(connection, name)
    if found == REVISIONS[-1]:
        return
    if found is None:
        if not create and engine.dialect.name == postgres.DIALECT:
            raise NoLedgerError(
                f"there is no {name.removeprefix('the ')}", "correct [ledger] url, or name the ledger with --ledger"
            )
        _create(engine, name)
        return
    if path is not None:
        write_backup(engine, path, now)
    _migrate(engine)


def _revision(connection: Connection, name: str) -> str | None:
    """Tell which schema the database has: None for none at all; raises LedgerError for a strange or newer one."""
    seen: Inspector = inspect(connection)
    names = set(seen.get_table_names())
    refuse_schema(connection, name)
    if not names:
        return None
    where = f'the database "{connection.engine.url.database}"'
    if alembic_version.name not in names or "entries" not in names:
        raise LedgerError(f"{where} is not a ledger", "give another file with --ledger")
    found = connection.execute(alembic_version.select()).scalar()
    if found not in REVISIONS:
        remedy = "install the newest campaign-batch on this machine"
        raise NewerLedgerError(f'{where} was made by a newer campaign-batch (schema "{found}")', remedy)
    return str(found)


def _create(engine: Engine, name: str) -> None:
    """Make a fresh ledger with today's schema, unless another process was faster."""
    with engine.execution_options(writing=True).begin() as connection:
        if _revision(connection, name) is not None:
            return
        make_schema(connection)
        create_schema(connection)
        connection.execute(alembic_version.insert().values(version_num=REVISIONS[-1]))
        connection.execute(notes.insert().values(name="lineage", value=secrets.token_hex(8)))


def _migrate(engine: Engine) -> None:
    """Bring an older schema up to date, all of it or nothing."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    folder = Path(__file__).with_name("migrations")
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    with engine.execution_options(writing=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
