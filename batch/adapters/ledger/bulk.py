"""Many rows in one statement, or one row many times: what SQLAlchemy's own way costs is saved where it adds up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    Select,
    Table,
    Text,
    Update,
    bindparam,
    cast,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects import sqlite

from batch.adapters.ledger.forms import write_json

T = TypeVar("T")
CHUNK = 5_000


def insert_rows(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert tuples whose places are named by `names`."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_insert_text(table, tuple(names)), list(rows))
        return
    connection.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])


def update_rows(
    connection: Connection, statement: Update, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Run an update with parameters, once for each tuple whose places are named by `names`."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        written, order = _update_text(statement, tuple(names))
        connection.exec_driver_sql(written, [order(row) for row in rows])
        return
    connection.execute(statement, [dict(zip(names, row, strict=True)) for row in rows])


def ask_one(connection: Connection, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Any] | None:
    """Give the first row of a question that each submission asks anew; None when there is none.

    SQLite's driver is asked itself: its statements are as short as what SQLAlchemy does around one is long.
    """
    if connection.dialect.name != "sqlite":
        return connection.execute(statement, values).first()
    written, fixed = _text_of(statement)
    found: Sequence[Any] | None = driver_of(connection).execute(written, {**fixed, **values}).fetchone()
    return found


def run_one(connection: Connection, statement: Insert | Update, values: Mapping[str, Any]) -> int:
    """Run a change that each submission makes anew; give how many rows it changed.

    SQLite's is written as SQL once; it still goes through SQLAlchemy, where others may listen to it.
    """
    if connection.dialect.name != "sqlite":
        return connection.execute(statement, values).rowcount
    written, fixed = _text_of(statement)
    return connection.exec_driver_sql(written, {**fixed, **values}).rowcount


def driver_of(connection: Connection) -> Any:
    """Give the driver's own connection beneath one of SQLAlchemy's."""
    return connection.connection.driver_connection


def is_in(column: ColumnElement[Any], values: Collection[Any], dialect: Dialect) -> ColumnElement[bool]:
    """Ask whether a column holds one of any number of texts or numbers, handed over as one JSON text."""
    handed = literal(write_json(list(values)), Text)
    if dialect.name == "sqlite":
        return column.in_(select(func.json_each(handed).table_valued("value").c.value))
    each = func.json_array_elements_text(cast(handed, JSON)).table_valued("value")
    return column.in_(select(cast(each.c.value, column.type)))


def in_chunks(rows: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Cut a stream into lists of at most `size`."""
    stream = iter(rows)
    while chunk := list(islice(stream, size)):
        yield chunk


@lru_cache(64)
def _insert_text(table: Table, names: tuple[str, ...]) -> str:
    statement = insert(table).values({name: bindparam(name) for name in names})
    compiled = statement.compile(dialect=sqlite.dialect(), column_keys=list(names))
    order = compiled.positiontup or []
    assert tuple(order) == names, f"{table.name} is filled in the order {order}"
    return str(compiled)


@lru_cache(64)
def _update_text(statement: Update, names: tuple[str, ...]) -> tuple[str, Callable[[tuple[Any, ...]], tuple[Any, ...]]]:
    """Write an update as SQL, with what brings a tuple into the order of its question marks."""
    compiled = statement.compile(dialect=sqlite.dialect())
    return str(compiled), itemgetter(*(names.index(name) for name in compiled.positiontup or []))


@lru_cache(64)
def _text_of(statement: Select[Any] | Insert | Update) -> tuple[str, Mapping[str, Any]]:
    """Write a statement as SQL, with the values that stand in it."""
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="named"))
    return str(compiled), {name: value for name, value in compiled.params.items() if value is not None}
