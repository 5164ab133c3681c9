"""How a ledger's URL names an SQLite file."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.core.ledger_urls import IN_MEMORY, is_misspelled, libpq_url, sqlite_path, sqlite_url


def test_the_url_of_a_file_names_it() -> None:
    """There and back, relative and absolute; what follows a question mark is no part of the name."""
    for path in (Path("a.sqlite3"), Path("/srv/a b/ledger.sqlite3")):
        assert sqlite_path(sqlite_url(path)) == path
        assert sqlite_path(f"{sqlite_url(path)}?timeout=5") == path


@pytest.mark.parametrize("url", [IN_MEMORY, "sqlite:///", "postgresql://me@there/ledger", "ledger.sqlite3"])
def test_any_other_url_names_no_file(url: str) -> None:
    """A database in memory or on a server is no file."""
    assert sqlite_path(url) is None


@pytest.mark.parametrize(
    ("url", "schema", "expected"),
    [
        ("postgresql+psycopg://ana@db/ledger", "", "postgresql://ana@db/ledger"),
        ("postgresql://ana:p%40ss@db:5433/ledger", "", "postgresql://ana:p%40ss@db:5433/ledger"),
        ("postgresql+psycopg://@/x?host=/tmp/a%20b", "", "postgresql://@/x?host=%2Ftmp%2Fa%20b"),
        (
            "postgresql+psycopg://db/x?account_schema=dallas", "",
            "postgresql://db/x?options=-csearch_path%3D%22account_dallas%22",
        ),
        (
            "postgresql+psycopg://db/x?options=-cwork_mem%3D1MB&account_schema=dallas", "queue",
            "postgresql://db/x?options=-cwork_mem%3D1MB%20-csearch_path%3D%22queue%22",
        ),
    ],
)  # fmt: skip
def test_a_database_is_named_as_its_own_library_wants_it(url: str, schema: str, expected: str) -> None:
    """Without the driver, and with the schema that is looked into."""
    assert libpq_url(url, schema) == expected


def test_postgresql_by_another_name_is_noticed() -> None:
    """As other programs write it; SQLAlchemy would ask for a driver by that name."""
    others = ("postgres://u@h/d", " postgres://u@h/d", "POSTGRESQL://u@h/d", "postgresql+psycopg2://h/d", "pgsql:h")
    assert [is_misspelled(url) for url in others] == [True] * len(others)
    good = ("postgresql+psycopg://u@h/d", "postgresql://u@h/d", "sqlite:///postgres.sqlite3", "postgres.sqlite3")
    assert [is_misspelled(url) for url in good] == [False] * len(good)
