"""How a ledger's URL names an SQLite file."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.core.ledger_urls import (
    IN_MEMORY,
    account_url,
    is_misspelled,
    libpq_url,
    password_of,
    sqlite_path,
    sqlite_url,
)


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
        ("postgresql+psycopg://ana@db/ledger", "", "postgresql://ana@db/ledger?client_encoding=UTF8"),
        ("postgresql://ana:p%40ss@db:5433/ledger", "", "postgresql://ana:p%40ss@db:5433/ledger?client_encoding=UTF8"),
        ("postgresql://ana:p?s/s#%zz@db/ledger", "", "postgresql://ana:p%3Fs%2Fs%23%25zz@db/ledger?client_encoding=UTF8"),
        ("postgresql://ana:p?s@[::1]:5433/x?sslmode=a", "", "postgresql://ana:p%3Fs@[::1]:5433/x?sslmode=a&client_encoding=UTF8"),
        ("postgresql+psycopg://@/x?host=/tmp/a%20b", "", "postgresql://@/x?host=%2Ftmp%2Fa%20b&client_encoding=UTF8"),
        (
            "postgresql+psycopg://db/x?account_schema=dallas", "",
            "postgresql://db/x?client_encoding=UTF8&options=-csearch_path%3D%22account_dallas%22",
        ),
        (
            "postgresql+psycopg://db/x?options=-cwork_mem%3D1MB&account_schema=dallas", "queue",
            "postgresql://db/x?options=-cwork_mem%3D1MB%20-csearch_path%3D%22queue%22&client_encoding=UTF8",
        ),
    ],
)  # fmt: skip
def test_a_database_is_named_as_its_own_library_wants_it(url: str, schema: str, expected: str) -> None:
    """Without the driver, and with the schema that is looked into."""
    assert libpq_url(url, schema) == expected


def test_postgresql_by_another_name_is_noticed() -> None:
    """As other programs write it; SQLAlchemy would ask for a driver by that name."""
    others = ("postgres://u@h/d", " postgres://u@h/d", "POSTGRESQL://u@h/d", "postgresql+psycopg2://h/d", "pgsql:h",
              "postgresql://u:p@ss@h/d")  # fmt: skip
    assert [is_misspelled(url) for url in others] == [True] * len(others)
    good = ("postgresql+psycopg://u@h/d", "postgresql://u@h/d", "sqlite:///postgres.sqlite3", "postgres.sqlite3")
    assert [is_misspelled(url) for url in good] == [False] * len(good)


def test_a_sign_in_the_password_is_no_part_of_the_address() -> None:
    """An account's schema goes behind the database, whatever the password holds."""
    assert account_url("postgresql://ana:p?ss@db/x", "dallas") == "postgresql://ana:p?ss@db/x?account_schema=dallas"
    there = account_url("postgresql://ana:p?ss@db/x?sslmode=a", "dallas")
    assert there == "postgresql://ana:p?ss@db/x?sslmode=a&account_schema=dallas"


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("postgresql+psycopg://ana:p%40ss%zz@db/x", "p@ss%zz"),
        ("postgresql+psycopg://ana@/x?host=/tmp&password=p%26s", "p&s"),
        ("postgresql+psycopg://ana@db/x", ""),
        ("sqlite:///a:b@c.sqlite3", ""),
    ],
)
def test_the_password_of_a_database_is_known_to_whoever_keeps_it_out_of_logs(url: str, password: str) -> None:
    """Wherever it stands in the URL."""
    assert password_of(url) == password
