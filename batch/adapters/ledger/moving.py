"""Move a whole ledger to another database, SQLite to PostgreSQL or back: it counts once every table is compared."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Connection, Table, func, insert, select, text

from batch.adapters.ledger import postgres
from batch.adapters.ledger.bulk import in_chunks, is_in
from batch.adapters.ledger.columns import Json, sort_keys
from batch.adapters.ledger.purging import FREED
from batch.adapters.ledger.tables import alembic_version, entries, metadata, notes
from batch.adapters.ledger.transactions import Transactions
from batch.model.errors import LedgerError, LedgerMovedError, UsageError

MOVED = "moved-to"
"""The note that a ledger keeps once it was moved, with the name of its new place."""
_TABLES = tuple(table for table in metadata.sorted_tables if table is not alembic_version)
_OF_THE_PLACE = (MOVED, FREED, *postgres.NOTES)
"""Notes about the database itself, which stay where they are."""

Sums = Mapping[str, tuple[int, int]]
"""By table: how many rows, and the sum of what each hashes to, in whatever order they come."""


def move_all(source: Transactions, target: Transactions) -> Sums:
    """Copy every row, compare both sides, and leave a note in the old place that it is the ledger no more.

    The copy is committed before the note: killed in between, both are whole, and moving again leaves the note only.
    Nobody else writes to either meanwhile. Raises UsageError where the target holds another ledger, or is this one.
    """
    _refuse_itself(source, target)
    with source.write() as old:
        postgres.wait_in_transaction(old)
        with target.write() as new:
            postgres.wait_in_transaction(new)
            sums = copy_whole(old, new, target.name)
        _leave_note(old, target.name)
    return sums


def _refuse_itself(source: Transactions, target: Transactions) -> None:
    """Raise UsageError where two URLs name one database: who writes to both would wait for himself, for good."""
    turns = []
    for one in (source, target):
        with one.read() as connection:
            turns.append(postgres.read_turn(connection))
    if turns[0] == turns[1] and any(turns[0]):  # each hold has a turn of its own, and it is never copied
        raise UsageError(f"{target.name} is the ledger itself, under another URL", "name the URL of a new ledger")


def copy_whole(old: Connection, new: Connection, place: str) -> Sums:
    """Copy every row and compare both sides; raises UsageError where another ledger is there already."""
    sums = _sum_up(old)
    if _is_fresh(new):
        _copy_all(old, new)
    elif _sum_up(new) != sums:
        remedy = "name a file that does not exist yet, or an empty database"
        raise UsageError(f"{place} already holds another ledger", remedy)
    _compare(sums, _sum_up(new), place)
    return sums


def _leave_note(connection: Connection, place: str) -> None:
    connection.execute(insert(notes).values(name=MOVED, value=place))


def refuse_moved(connection: Connection, name: str) -> None:
    """Raise LedgerMovedError for a ledger that lies elsewhere by now: what it says is old."""
    place = connection.execute(select(notes.c.value).where(notes.c.name == MOVED)).scalar()
    if place:
        raise LedgerMovedError(name, place)


def _is_fresh(connection: Connection) -> bool:
    """Say whether nothing was ever written down here but what every new ledger has."""
    filled = [table for table in _TABLES if table is not notes]
    return not any(connection.execute(select(func.count()).select_from(table)).scalar() for table in filled)


def _copy_all(old: Connection, new: Connection) -> None:
    new.execute(notes.delete().where(notes.c.name.not_in(_OF_THE_PLACE)))
    for table in _TABLES:
        for rows in in_chunks(_rows_of(old, table)):
            new.execute(insert(table), rows)
        _number_on(new, table)


def _rows_of(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    """Give the rows of a table, an entry after the one that it replaces."""
    statement = select(table).execution_options(yield_per=1000)
    if table is notes:
        statement = statement.where(notes.c.name.not_in(_OF_THE_PLACE))
    if table is entries:
        statement = statement.order_by(entries.c.id)
    for row in connection.execute(statement).mappings():
        yield dict(row)


def _number_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL go on counting behind the highest number; SQLite does so by itself."""
    column = table.autoincrement_column
    if connection.dialect.name != postgres.DIALECT or column is None:
        return
    highest = connection.execute(select(func.max(column))).scalar()
    if highest is not None:
        counter = {"table": table.name, "column": column.name, "highest": highest}
        connection.execute(text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)"), counter)


def _sum_up(connection: Connection) -> Sums:
    return {table.name: _sum_of(connection, table) for table in _TABLES}


def _sum_of(connection: Connection, table: Table) -> tuple[int, int]:
    """Count a table's rows and add up their hashes: the two kinds of database sort texts each in its own way."""
    count = total = 0
    hash_ = _hash_of(table)
    for row in _rows_of(connection, table):
        count += 1
        total += hash_(row)
    return count, total % 2**256


def find_same(old: Connection, new: Connection, column: Column[Any], ids: Collection[int]) -> set[int]:
    """Give those of some numbers of which the rows that bear them in a column are alike on both sides."""
    ours, theirs = (_sums_by(connection, column, ids) for connection in (old, new))
    return {number for number in ids if ours.get(number) == theirs.get(number)}


def _sums_by(connection: Connection, column: Column[Any], ids: Collection[int]) -> Counter[int]:
    hash_, sums = _hash_of(column.table), Counter[int]()
    for row in connection.execute(select(column.table).where(is_in(column, ids, connection.dialect))).mappings():
        sums[row[column.name]] += hash_(row)
    return sums


def _hash_of(table: Table) -> Callable[[Mapping[Any, Any]], int]:
    forms = [sort_keys if isinstance(column.type, Json) else _plain for column in table.columns]

    def hash_(row: Mapping[Any, Any]) -> int:
        plain = [form(value) for form, value in zip(forms, row.values(), strict=True)]
        return int.from_bytes(hashlib.sha256(repr(plain).encode()).digest())

    return hash_


def _plain(value: Any) -> Any:
    """Give a value as both kinds of database hold it."""
    if isinstance(value, str):
        return postgres.without_nul(value)
    return bytes(value) if isinstance(value, memoryview) else value


def _compare(ours: Sums, theirs: Sums, place: str) -> None:
    for name, (count, _) in ours.items():
        if theirs[name] != ours[name]:
            words = f'{place} did not keep the table "{name}" as it is ({count} rows, there {theirs[name][0]})'
            raise LedgerError(words, "nothing was moved; this ledger goes on")
