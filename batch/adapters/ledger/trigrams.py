"""The index of words in PostgreSQL, where the database has pg_trgm; without it a search reads every entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, Text, func, literal_column, or_, select, text
from sqlalchemy.exc import DBAPIError

from batch.adapters.ledger.postgres import DIALECT
from batch.adapters.ledger.tables import batches, entries

INDEX = "entries_by_words"
SHORTEST = 3
"""Letters of a trigram: a shorter word is in too many of them."""
_COLUMNS = (
    "campaign_name", "provider_name", "message", "reference", "subject", "group_ids::text", "group_names::text",
    "provider_id", "owner", "cells",
)  # fmt: skip
_TEXT = f"lower({' || chr(10) || '.join(f'entries.{name}' for name in _COLUMNS)})"
"""What the index holds, to be asked for in the very same words."""
_TEXTS = literal_column(_TEXT, Text)
_MOST_FILES = 500
"""Files whose names bear a word: of more the word narrows nothing down."""
_PLACE = text(
    "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm'"
)


def add_index(connection: Connection) -> None:
    """Make the index where there is none, if the database has the extension or lets it be added."""
    if connection.dialect.name != DIALECT or has_index(connection):
        return
    place = connection.execute(_PLACE).scalar() or _add_extension(connection)
    if place is not None:
        connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '512MB'")  # or a million entries take minutes more
        indexed = _TEXT.replace("entries.", "")
        connection.exec_driver_sql(f'CREATE INDEX {INDEX} ON entries USING gin (({indexed}) "{place}".gin_trgm_ops)')


def _add_extension(connection: Connection) -> str | None:
    try:
        with connection.begin_nested():
            connection.exec_driver_sql("CREATE EXTENSION pg_trgm WITH SCHEMA public")
    except DBAPIError:
        return None
    return "public"


def has_index(connection: Connection) -> bool:
    """Say whether this ledger has the index."""
    asked = text("SELECT to_regclass(:name) IS NOT NULL")
    return bool(connection.execute(asked, {"name": INDEX}).scalar())


def find_bearers(
    connection: Connection, words: Iterable[Sequence[str]], *, below: int | None = None, most: int | None = None
) -> list[int] | None:
    """Give every entry that bears all of some words, each in one of its forms; None where no word can be looked up.

    Or the newest so many with a number below one: how the database finds these depends on how common the words are.
    """
    if not has_index(connection):
        return None
    asked_for = list(words)
    long = [forms for forms in asked_for if all(len(form) >= SHORTEST for form in forms)]
    conditions = [found for forms in long if (found := _bear(connection, forms)) is not None]
    if not conditions:
        return None
    asked = select(entries.c.id).where(*conditions)
    if below is not None:
        enough = most if len(conditions) == len(asked_for) else None  # else they are looked at for the other words
        asked = asked.where(entries.c.id < below).order_by(entries.c.id.desc()).limit(enough)
    return list(connection.execute(asked).scalars())


def _bear(connection: Connection, forms: Sequence[str]) -> ColumnElement[bool] | None:
    """Ask who bears a word itself, or by the name of its file; None where nearly every file is called so."""
    patterns = [f"%{form.replace('/', '//').replace('%', '/%').replace('_', '/_')}%" for form in forms]
    called = or_(*(func.lower(batches.c.file).like(pattern, escape="/") for pattern in patterns))
    files = connection.execute(select(batches.c.id).where(called).limit(_MOST_FILES + 1)).scalars().all()
    if len(files) > _MOST_FILES:
        return None
    bear = [_TEXTS.like(pattern, escape="/") for pattern in patterns]
    return or_(*bear, entries.c.batch.in_(files)) if files else or_(*bear)
