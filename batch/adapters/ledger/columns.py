"""The kinds of columns of a ledger: texts and numbers in SQLite, PostgreSQL's own types there.

Whoever asks hands in and gets the same texts and numbers, whichever of the two has them. In SQLite they stand as they
are handed in, also by statements that go past these types.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import TIMESTAMP, Boolean, Column, Dialect, Identity, Integer, Text, TextClause, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeDecorator, TypeEngine

from batch.adapters.ledger.forms import write_json, write_time

T = TypeVar("T")
DIALECT = "postgresql"
_in_order = json.JSONEncoder(sort_keys=True).encode
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


class _Kind(TypeDecorator[T]):
    """A type that PostgreSQL has and SQLite has not."""

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(self._there()) if dialect.name == DIALECT else self.impl_instance

    def bind_processor(self, dialect: Dialect) -> Callable[[T | None], Any] | None:
        return self._hand_in if dialect.name == DIALECT else None

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], T | None] | None:  # noqa: ARG002
        return self._read if dialect.name == DIALECT else None

    def _there(self) -> TypeEngine[Any]:
        """Make PostgreSQL's own type; only there, since loading it takes a sixth of the start of a ledger."""
        raise NotImplementedError

    def _hand_in(self, value: T | None) -> Any:
        raise NotImplementedError

    def _read(self, value: Any) -> T | None:
        raise NotImplementedError


class Time(_Kind[str]):
    """A moment, as `write_time` writes it."""

    impl, cache_ok = Text, True

    def _there(self) -> TypeEngine[Any]:
        return TIMESTAMP(timezone=True)

    def _hand_in(self, value: str | None) -> str | None:
        return value or None

    def _read(self, value: datetime | None) -> str | None:
        return None if value is None else write_time(value)


class Flag(_Kind[int]):
    """A yes or no, as 1 or 0."""

    impl, cache_ok = Integer, True

    def _there(self) -> TypeEngine[Any]:
        return Boolean()

    def _hand_in(self, value: int | None) -> bool | None:
        return None if value is None else bool(value)

    def _read(self, value: bool | None) -> int | None:  # noqa: FBT001
        return None if value is None else int(value)


class Json(_Kind[str]):
    """A list or an object as JSON; nothing at all is an empty list. PostgreSQL orders the keys of objects anew."""

    impl, cache_ok = Text, True

    def _there(self) -> TypeEngine[Any]:
        from sqlalchemy.dialects.postgresql import JSONB

        return JSONB()

    def _hand_in(self, value: str | None) -> str | None:
        return None if value is None else _without_nul(value) or "[]"

    def _read(self, value: str | None) -> str | None:
        return None if value is None else _without_blanks(value)


def sort_keys(written: str) -> str:
    """Give what a column of JSON says in the one form that it has in both kinds of database."""
    return _in_order(json.loads(_without_nul(written) or "[]"))


@lru_cache(4096)
def _without_blanks(written: str) -> str:
    """Write what PostgreSQL tells as the rooms write it; most rows say what others said."""
    return "" if written == "[]" else write_json(json.loads(written))


def _without_nul(written: str) -> str:
    """Give a JSON text as PostgreSQL can hold it: as `postgres.without_nul` does any other."""
    return _NUL.sub(r"\1\\ufffd", written) if "\\u0000" in written else written


class _Empty(TextClause):
    """What a column says of which nothing was said, as each kind of database writes it."""

    inherit_cache = False

    def __init__(self, here: str, there: str) -> None:
        super().__init__(here)
        self.there = there


@compiles(_Empty, DIALECT)
def _write_empty(element: _Empty, _compiler: Any, **_how: Any) -> str:
    return element.there


NO_JSON = _Empty("''", "'[]'")
"""An empty list, written out within a statement."""


def id_column() -> Column[int]:
    """Make the column of the numbers that the database gives out."""
    return Column("id", Integer, Identity(), primary_key=True)


def text_column(name: str, **more: Any) -> Column[str]:
    """Make a column of texts, empty where nothing is said."""
    return Column(name, Text, nullable=False, server_default=text("''"), **more)


def number_column(name: str, default: int = 0, **more: Any) -> Column[int]:
    """Make a column of numbers, 0 where nothing is said."""
    return Column(name, Integer, nullable=False, server_default=text(str(default)), **more)


def time_column(name: str) -> Column[str]:
    """Make a column of moments, which are always said."""
    return Column(name, Time, nullable=False, server_default=_Empty("''", "NULL"))


def flag_column(name: str) -> Column[int]:
    """Make a column of flags, none of them set where nothing is said."""
    return Column(name, Flag, nullable=False, server_default=_Empty("0", "false"))


def json_column(name: str) -> Column[str]:
    """Make a column of lists or objects, empty where nothing is said."""
    return Column(name, Json, nullable=False, server_default=NO_JSON)
