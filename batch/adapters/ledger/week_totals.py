"""What whole weeks add up to, kept in PostgreSQL: a trend over millions of campaigns is then read, not counted.

The database itself takes the kept totals of a week away with each change of what they count, whoever makes it. They
are counted and kept in the turn of a writer, so no change is under way meanwhile.
"""

from __future__ import annotations

import json
from dataclasses import astuple

from sqlalchemy import Connection, text

from batch.adapters.ledger.forms import write_json
from batch.adapters.ledger.postgres import DIALECT
from batch.model import DeliveryCount, SentTotals

_COUNTED = ("status", "cancel_why", "contacts_count", "send_at", "mms_template_id", "parts", "key")
"""What of an entry decides whether and how it counts."""
_MOVED = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in _COUNTED)
_OF_ENTRY = "begins <= {0}.send_at AND ends > {0}.send_at"
_FUNCTION = (
    "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM week_totals {}; RETURN NULL; END $$"
)
_TRIGGER = "CREATE TRIGGER {0} AFTER {1} FOR EACH ROW {2} EXECUTE FUNCTION {3}()"
_ENTRY = "entries_take_week_totals"
WATCHERS = ("entries_add_to_weeks", _ENTRY, "deliveries_take_week_totals", "findings_take_week_totals")
"""The triggers without which a kept number may be old."""
_SCHEMA = (
    "CREATE TABLE week_totals (begins timestamptz, ends timestamptz, totals jsonb, PRIMARY KEY (begins, ends))",
    _FUNCTION.format(_ENTRY, f"WHERE {_OF_ENTRY.format('OLD')} OR {_OF_ENTRY.format('NEW')}"),
    _FUNCTION.format(
        "week_totals_of_an_entry", f"USING entries e WHERE e.id IN (OLD.entry, NEW.entry) AND {_OF_ENTRY.format('e')}"
    ),
    _TRIGGER.format(WATCHERS[0], "INSERT ON entries", "WHEN (NEW.status = 'sent')", _ENTRY),
    _TRIGGER.format(_ENTRY, "UPDATE ON entries", f"WHEN ('sent' IN (OLD.status, NEW.status) AND ({_MOVED}))", _ENTRY),
    *(
        _TRIGGER.format(name, f"INSERT OR UPDATE OR DELETE ON {table}", "", "week_totals_of_an_entry")
        for name, table in zip(WATCHERS[2:], ("deliveries", "findings"), strict=True)
    ),
)
_KEPT = text(
    "SELECT totals FROM week_totals WHERE begins = CAST(:from_ AS timestamptz) AND ends = CAST(:until_ AS timestamptz)"
)
_KEEP = text(
    "INSERT INTO week_totals VALUES (CAST(:from_ AS timestamptz), CAST(:until_ AS timestamptz),"
    " CAST(:totals AS jsonb)) ON CONFLICT DO NOTHING"
)


def add_week_totals(connection: Connection) -> None:
    """Make the table and what empties it; a ledger in a file counts fast enough without."""
    if connection.dialect.name == DIALECT:
        for statement in _SCHEMA:
            connection.exec_driver_sql(statement)


def read_totals(connection: Connection, week: dict[str, str]) -> SentTotals | None:
    """Give what a week adds up to, if that is kept."""
    found = connection.execute(_KEPT, week).scalar()
    if found is None:
        return None
    rows, texts, mms_texts, sms_parts, delivery = json.loads(found)
    return SentTotals(rows, texts, mms_texts, sms_parts, tuple(DeliveryCount(*count) for count in delivery))


def keep_totals(connection: Connection, week: dict[str, str], totals: SentTotals) -> None:
    """Keep what a week adds up to, as long as nothing in it changes."""
    connection.execute(_KEEP, {**week, "totals": write_json(astuple(totals))})
