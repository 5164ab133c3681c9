"""How the ledger is handed over: one entry a line, with the keys that other programs rely on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from batch.adapters.ledger.forms import issue_as_dict, write_time, write_time_or_none
from batch.model import Attempt, Change, Entry

if TYPE_CHECKING:
    import pandas as pd

EXPORT_KEYS = (
    "entry",
    "batch",
    "file",
    "sheet",
    "row",
    "key",
    "reference",
    "tag",
    "campaign_name",
    "provider_name",
    "message",
    "group_ids",
    "group_names",
    "send_at",
    "send_at_provider",
    "type_recipients",
    "mms_template_id",
    "subject",
    "status",
    "provider_id",
    "contacts_count",
    "provider_status_id",
    "provider_status",
    "issues",
    "attempts",
    "submitted_by",
    "approved_by",
    "fingerprint",
    "zone",
    "mms_high_resolution",
    "expected_contacts",
    "owner",
    "purpose",
    "fields",
    "parts",
    "encoding",
    "machine",
    "cancel_why",
    "replaced_by",
    "changed_at",
)
"""In this order; an interface: keep it, extend it."""


def as_dict(entry: Entry) -> dict[str, Any]:
    """Give an entry as `ledger export` writes it: times as ISO 8601 in UTC, lists as lists."""
    changed = {
        "entry": entry.id,
        "group_ids": list(entry.group_ids),
        "group_names": list(entry.group_names),
        "send_at": write_time_or_none(entry.send_at),
        "status": entry.status.value,
        "issues": [issue_as_dict(issue) for issue in entry.issues],
        "fields": dict(entry.fields.items()),
        "changed_at": write_time_or_none(entry.changed_at),
    }
    return {key: changed[key] if key in changed else getattr(entry, key) for key in EXPORT_KEYS}


def as_account(attempts: Iterable[Attempt], history: Iterable[Change]) -> dict[str, Any]:
    """Give what was tried and what became of an entry, with who did it: what a ledger is moved for."""
    return {
        "attempt_log": [
            {**asdict(one), "started_at": write_time(one.started_at), "ended_at": write_time_or_none(one.ended_at)}
            for one in attempts
        ],
        "history": [
            {
                **asdict(one),
                "at": write_time(one.at),
                "old": one.old.value if one.old else None,
                "new": one.new.value,
            }
            for one in history
        ],
    }


def as_frame(lines: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Make a table of exported entries, with real times."""
    import pandas as pd

    frame = pd.DataFrame(lines, columns=list(EXPORT_KEYS))
    frame["send_at"] = pd.to_datetime(frame["send_at"], utc=True, format="ISO8601")
    return frame
