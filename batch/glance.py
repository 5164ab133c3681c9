"""Glances into the ledger's file for a pause, without opening the ledger: for commands that need nothing else of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

_PREFIX = "sqlite:///"
_PAUSE = "SELECT who, since, why FROM pauses WHERE lifted_at IS NULL ORDER BY id LIMIT 1"


class Glance(NamedTuple):
    """A pause as it stands in the file."""

    who: str
    since: datetime
    why: str


def glance_at_pause(url: str) -> Glance | None:
    """Give the pause that stands, if any; None, too, for a ledger that is not there, no SQLite file, or busy."""
    path = Path(url.removeprefix(_PREFIX))
    if not url.startswith(_PREFIX) or not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=0.5)) as file:
            found = file.execute(_PAUSE).fetchone()
    except sqlite3.Error:
        return None
    return None if found is None else Glance(found[0], datetime.fromisoformat(found[1]), found[2])
