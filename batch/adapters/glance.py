"""Read the pause, the last settings and the zones in use from the ledger's file directly, without SQLAlchemy."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime
from typing import Any, NamedTuple

from batch.core.ledger_urls import sqlite_path

_PAUSE = "SELECT who, since, why FROM pauses WHERE lifted_at IS NULL ORDER BY id LIMIT 1"

_ZONES = (
    "SELECT group_concat(zone) FROM (SELECT zone FROM (SELECT id, zone FROM entries ORDER BY id DESC LIMIT 2000)"
    " GROUP BY zone ORDER BY max(id) DESC)"
)
_SETTINGS = "SELECT value, (SELECT count(*) FROM entries WHERE status = 'planned') FROM notes WHERE name = 'settings'"


class Glance(NamedTuple):
    """A pause as it stands in the file."""

    who: str
    since: datetime
    why: str


def glance_at_pause(url: str) -> Glance | None:
    """Give the pause that stands, if any; None, too, for a ledger that is not there, no SQLite file, or busy."""
    found = _glance(url, _PAUSE)
    return None if found is None else Glance(found[0], datetime.fromisoformat(found[1]), found[2])


def glance_at_settings(url: str) -> tuple[dict[str, Any], int]:
    """Give the settings of the last run, and how many rows are planned; nothing where a pause could not be seen."""
    found = _glance(url, _SETTINGS)
    return ({}, 0) if found is None else (dict(json.loads(found[0])), int(found[1]))


def glance_at_zones(url: str) -> tuple[str, ...]:
    """Give the zones of the latest rows, the latest first; nothing where a pause could not be seen."""
    found = _glance(url, _ZONES)
    return tuple(zone for zone in str(found[0] or "").split(",") if zone) if found else ()


def _glance(url: str, question: str) -> tuple[Any, ...] | None:
    path = sqlite_path(url)
    if path is None or not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=0.5)) as file:
            found: tuple[Any, ...] | None = file.execute(question).fetchone()
    except sqlite3.Error:
        return None
    return found
