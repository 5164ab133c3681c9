"""How the ledger is handed over: one entry a line, with the keys that other programs rely on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from batch.adapters.ledger.forms import issue_as_dict, write_time, write_time_or_none
from batch.model import Attempt, Change, DeliveryCount, Entry
from batch.model.wording import DELIVERED, FAILED, OPTED_OUT, counted

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
    "delivered",
    "failed",
    "opted_out",
)
"""In this order; an interface: keep it, extend it."""

EXPORT_ONLY: Mapping[str, str] = {
    "row": "as Excel numbers it; of a row that a list made (ForEach) one number that holds both rows",
    "send_at": "when it is meant to go out, also where the provider shows another time: UTC, ISO 8601",
    "parts": "single messages that one text takes",
    "issues": "each with row, column, field, code, level and message",
    "fingerprint": "of what it says, to whom and when",
    "mms_high_resolution": "the template of an MMS in high resolution, or empty",
    "expected_contacts": "as in the sheet, or empty",
    "purpose": "as in the sheet",
    "fields": "the sheet's cells, by column",
    "encoding": "GSM-7 or UCS-2",
    "machine": "where it was submitted",
    "cancel_why": "why somebody wants it cancelled, or empty",
    "replaced_by": "the entry that took its place, or empty",
    "changed_at": "when its status last changed: UTC, ISO 8601",
    "attempt_log": "every attempt: when, by whom, what came back",
    "history": "every change of its status: when, by whom, why",
}
"""The fields of `ledger export` that a report lacks, or where they hold something else."""


def as_dict(entry: Entry, delivery: Sequence[DeliveryCount]) -> dict[str, Any]:
    """Give an entry as `ledger export` writes it: times as ISO 8601 in UTC, lists as lists.

    Delivery is empty until it has been read, so that nobody takes unknown for none.
    """
    changed = {
        "entry": entry.id,
        "group_ids": list(entry.group_ids),
        "group_names": list(entry.group_names),
        "send_at": write_time_or_none(entry.send_at),
        "status": entry.status.value,
        "issues": [issue_as_dict(issue) for issue in entry.issues],
        "fields": dict(entry.fields.items()),
        "changed_at": write_time_or_none(entry.changed_at),
        "delivered": counted(delivery, DELIVERED) if delivery else None,
        "failed": counted(delivery, FAILED) if delivery else None,
        "opted_out": counted(delivery, OPTED_OUT) if delivery else None,
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
