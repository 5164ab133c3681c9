"""How a ledger's URL names an SQLite file."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.core.ledger_urls import IN_MEMORY, sqlite_path, sqlite_url


def test_the_url_of_a_file_names_it() -> None:
    """There and back, relative and absolute; what follows a question mark is no part of the name."""
    for path in (Path("a.sqlite3"), Path("/srv/a b/ledger.sqlite3")):
        assert sqlite_path(sqlite_url(path)) == path
        assert sqlite_path(f"{sqlite_url(path)}?timeout=5") == path


@pytest.mark.parametrize("url", [IN_MEMORY, "sqlite:///", "postgresql://me@there/ledger", "ledger.sqlite3"])
def test_any_other_url_names_no_file(url: str) -> None:
    """A database in memory or on a server is no file."""
    assert sqlite_path(url) is None
