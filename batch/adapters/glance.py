"""Read the pause, the last settings and the zones in use from the ledger directly, without SQLAlchemy."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from batch.core.ledger_urls import is_postgresql, libpq_url, sqlite_path

_PAUSE = "SELECT who, {since}, why FROM pauses WHERE lifted_at IS NULL ORDER BY id LIMIT 1"

_ZONES = (
    "SELECT {concat} FROM (SELECT zone FROM (SELECT id, zone FROM entries ORDER BY id DESC LIMIT 2000)"
    " AS latest GROUP BY zone ORDER BY max(id) DESC) AS zones"
)
_OF_DATABASE = {"concat": "string_agg(zone, ',')", "since": "to_json(since)"}
"""How PostgreSQL puts it: as JSON a time is ISO 8601, whatever the server is set to."""
_OF_FILE = {"concat": "group_concat(zone)", "since": "since"}
_SETTINGS = "SELECT value, (SELECT count(*) FROM entries WHERE status = 'planned') FROM notes WHERE name = 'settings'"


class Glance(NamedTuple):
    """A pause as it stands in the ledger."""

    who: str
    since: datetime
    why: str


def glance_at_pause(url: str) -> Glance | None:
    """Give the pause that stands, if any; None, too, for a ledger that is not there, is none, or busy."""
    found = _glance(url, _PAUSE)
    return None if found is None else Glance(found[0], datetime.fromisoformat(found[1]).astimezone(UTC), found[2])


def glance_at_settings(url: str) -> tuple[dict[str, Any], int]:
    """Give the settings of the last run, and how many rows are planned; nothing where a pause could not be seen."""
    found = _glance(url, _SETTINGS)
    return ({}, 0) if found is None else (dict(json.loads(found[0])), int(found[1]))


def glance_at_zones(url: str) -> tuple[str, ...]:
    """Give the zones of the latest rows, the latest first; nothing where a pause could not be seen."""
    found = _glance(url, _ZONES)
    return tuple(zone for zone in str(found[0] or "").split(",") if zone) if found else ()


def _glance(url: str, question: str) -> tuple[Any, ...] | None:
    if is_postgresql(url):
        return _ask_database(url, question.format(**_OF_DATABASE))
    path = sqlite_path(url)
    if path is None or not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=0.5)) as file:
            found: tuple[Any, ...] | None = file.execute(question.format(**_OF_FILE)).fetchone()
    except sqlite3.Error:
        return None
    return found


def _ask_database(url: str, question: str) -> tuple[Any, ...] | None:
    try:
        import psycopg
    except ImportError:
        return None  # the first command that needs the ledger says so
    with suppress(psycopg.Error), psycopg.connect(libpq_url(url), connect_timeout=2) as connection:
        return connection.execute(question.encode()).fetchone()
    return None
