"""What refuses to rewrite the past, whoever asks the database: part of the schema that `tables` describes."""

from __future__ import annotations

from sqlalchemy import Connection

from batch.adapters.ledger import postgres, trigrams
from batch.adapters.ledger.tables import metadata
from batch.adapters.ledger.week_totals import add_week_totals

_REFUSALS = {
    "history_is_never_changed": ("UPDATE ON history", "", "history is append-only"),
    "history_is_never_deleted": ("DELETE ON history", "", "history is append-only"),
    "attempts_are_closed_once": ("UPDATE ON attempts", "WHEN (OLD.ended_at IS NOT NULL)", "an attempt is closed once"),
    "attempts_are_never_deleted": ("DELETE ON attempts", "", "attempts are append-only"),
    "entries_are_never_deleted": ("DELETE ON entries", "", "entries are never deleted"),
}

TRIGGERS = {
    name: f"CREATE TRIGGER {name} BEFORE {what} {when} BEGIN SELECT RAISE(ABORT, '{words}'); END"
    for name, (what, when, words) in _REFUSALS.items()
}
"""What refuses to rewrite the past, as SQLite writes it."""

POSTGRESQL_TRIGGERS = tuple(
    statement
    for name, (what, when, words) in _REFUSALS.items()
    for statement in (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{words}'; END $$",
        f"CREATE TRIGGER {name} BEFORE {what} FOR EACH ROW {when} EXECUTE FUNCTION {name}()",
    )
)
"""The same for PostgreSQL."""


def create_schema(connection: Connection) -> None:
    """Make every table of a new ledger, and what guards them."""
    if connection.dialect.name == postgres.DIALECT:
        _limit_indexes()
    metadata.create_all(connection, checkfirst=False)
    statements = POSTGRESQL_TRIGGERS if connection.dialect.name == postgres.DIALECT else TRIGGERS.values()
    for statement in statements:
        connection.exec_driver_sql(statement)
    trigrams.add_index(connection)
    add_week_totals(connection)


def _limit_indexes() -> None:
    """Say to PostgreSQL, too, which rows an index holds: said in the tables, it would load that part of SQLAlchemy."""
    for index in (one for table in metadata.tables.values() for one in table.indexes):
        index.dialect_options["postgresql"]["where"] = index.info.get(
            "postgresql", index.dialect_options["sqlite"]["where"]
        )
