"""Fill a ledger as a run would, and let the provider have accepted everything in it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from batch.adapters.config import Settings, load_settings
from batch.adapters.ledger import Ledger, open_ledger
from batch.core.guards import PlanRules
from batch.core.plan import make_plan
from batch.core.unchanged import Unchanged
from batch.model import Checked, Entry, Plan
from batch.model.codes import ALL_CODES, HARD
from batch.workflows.check import check_sheet, open_file

ZONE = "America/New_York"
APPROVED = (3, "Approved and Scheduled")


def settings_of(folder: Path, **changes: str) -> Settings:
    """Load the settings of a folder."""
    environ = {
        f"CAMPAIGN_BATCH_{name.upper()}": value for name, value in {"sheet__max_rows": "2000000", **changes}.items()
    }
    return load_settings(None, environ, folder, ALL_CODES, HARD)


def open_at(place: str | Path) -> Ledger:
    """Open a ledger: in a file, or at a URL."""
    url = str(place) if "://" in str(place) else f"sqlite:///{Path(place).as_posix()}"
    return open_ledger(url, now=datetime.now(UTC))


def read(path: Path, settings: Settings) -> list[Checked]:
    """Read, render and check a file, and keep its rows."""
    return check_sheet(open_file(path, settings), settings, zone=ZONE, now=datetime.now(UTC), keep=True).kept


def plan_into(ledger: Ledger, rows: list[Checked], file: str) -> Plan:
    """Plan rows against the ledger and record the plan, as a submission does before its first request."""
    now = datetime.now(UTC)
    unchanged = Unchanged(rows, now)
    keys = (row.key for row in rows)
    known = ledger.known.matching(keys, unchanged.fingerprints(), now, unchanged.set_aside)
    plan = make_plan(rows, known, rules=PlanRules(file=file, provider_zone=ZONE), now=now, unchanged=unchanged)
    ledger.batches.take_in(
        plan.decisions, account="main", taken_in_at=now, file=file, sheet="", file_hash="", rows=len(rows), blank=0,
        left_out=0, submitted_by="bench", machine="bench",
    )  # fmt: skip
    return plan


def accept_all(path: Path) -> None:
    """Let the provider have accepted every planned entry of a closed ledger, in one statement."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "UPDATE entries SET status = 'accepted', provider_id = CAST(id + 1000000 AS TEXT), contacts_count = 100, "
            "provider_status_id = ?, provider_status = ? WHERE status = 'planned'",
            APPROVED,
        )


def list_as_provider(entries: Iterable[Entry]) -> bytes:
    """Write entries as the provider's list of scheduled campaigns shows them."""
    shown = [
        {
            "Id": int(entry.provider_id), "CampaignName": entry.provider_name, "Message": entry.message,
            "DateTime": entry.send_at_provider, "GroupIds": list(entry.group_ids),
            "TypeRecipients": entry.type_recipients, "ContactsCount": 100,
            "Status_Id": APPROVED[0], "Status_Description": APPROVED[1],
        }
        for entry in entries
    ]  # fmt: skip
    return json.dumps(shown).encode()
