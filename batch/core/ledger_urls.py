"""How a ledger's URL names an SQLite file."""

from __future__ import annotations

from pathlib import Path

IN_MEMORY = "sqlite://"
_FILE = "sqlite:///"


def sqlite_url(path: Path) -> str:
    """Write the URL of a ledger in this file."""
    return _FILE + path.as_posix()


def sqlite_path(url: str) -> Path | None:
    """Give the file that a ledger's URL names, without what follows a question mark; None where it names none."""
    plain = url.partition("?")[0]
    return Path(plain.removeprefix(_FILE)) if plain.startswith(_FILE) and plain != _FILE else None
