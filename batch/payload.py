"""Build what is posted for one entry, and turn times into the provider's zone and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from batch.model import Entry

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"


def make_payload(entry: Entry) -> dict[str, object]:
    """Make the JSON object of `POST /sms/send-group-schedule-message`, with no key for what is absent.

    TypeRecipients always stands there: the provider does not document its default.
    """
    payload: dict[str, object] = {
        "CampaignName": entry.provider_name,
        "Message": entry.message,
        "GroupIds": list(entry.group_ids),
        "DateTime": entry.send_at_provider,
        "TypeRecipients": entry.type_recipients,
    }
    if entry.mms_template_id is not None:
        payload["MmsTemplateId"] = entry.mms_template_id
    if entry.mms_high_resolution is not None:
        payload["MmsHighResolution"] = entry.mms_high_resolution
    if entry.subject:
        payload["Subject"] = entry.subject
    return payload


def hash_payload(payload: Mapping[str, object]) -> str:
    """Hash a payload, whatever the order of its keys; 64 hexadecimal digits."""
    canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def to_provider_time(moment: datetime, zone: str) -> str:
    """Write an aware time as the provider wants it: `YYYY-MM-DD HH:MM:SS` in its zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be sent")
    return moment.astimezone(ZoneInfo(zone)).strftime(TIME_FORMAT)


def from_provider_time(text: str, zone: str) -> datetime | None:
    """Read a time of the provider's as an aware one in UTC; None when it is none.

    In the hour that the end of daylight saving doubles, the first of the two is meant.
    """
    try:
        local = datetime.strptime(text.strip().replace("T", " ", 1), TIME_FORMAT)  # noqa: DTZ007  the zone comes next
        return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
