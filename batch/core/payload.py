"""Build what is posted for one entry, and turn times into the provider's zone and back."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from batch.core.identity import add_tag, make_tag
from batch.model import Campaign, Entry
from batch.model.records import dataclass
from batch.model.times import local_time

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
_USUAL_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class PostingRules:
    """What today's settings say about the name and the time of everything that is posted."""

    account: str = "main"
    """The label of the settings, part of every tag."""
    zone: str = "America/New_York"
    """The provider's zone, in which it reads times."""
    tag_names: bool = True
    max_name: int | None = None
    """The longest name that the provider keeps whole; None when it is not known."""


def make_payload(entry: Entry, rules: PostingRules) -> dict[str, object]:
    """Make the JSON object of `POST /sms/send-group-schedule-message`, with no key for what is absent.

    Name and time come from the campaign and today's settings, never from what was planned with older ones.
    TypeRecipients always stands there: the provider does not document its default.
    """
    entry = address(entry, rules)
    return _fill_in(entry, entry.provider_name, entry.send_at_provider)


def hash_campaign(campaign: Campaign, rules: PostingRules, known: str = "") -> str:
    """Hash what would be posted for a row now, with the tag that it has already if it is `known`."""
    name = name_by(rules, campaign.name, make_tag_by(rules, campaign.key, campaign.fingerprint, known))
    return hash_payload(_fill_in(campaign, name, to_provider_time(campaign.send_at, rules.zone)))


def _fill_in(what: Entry | Campaign, name: str, time: str) -> dict[str, object]:
    payload: dict[str, object] = {
        "CampaignName": name,
        "Message": what.message,
        "GroupIds": list(what.group_ids),
        "DateTime": time,
        "TypeRecipients": what.type_recipients,
    }
    if what.mms_template_id is not None:
        payload["MmsTemplateId"] = what.mms_template_id
    if what.mms_high_resolution is not None:
        payload["MmsHighResolution"] = what.mms_high_resolution
    if what.subject:
        payload["Subject"] = what.subject
    return payload


def address(entry: Entry, rules: PostingRules) -> Entry:
    """Give an entry with the tag, the name, the time and the zone with which it would be posted now."""
    tag = make_tag_by(rules, entry.key, entry.fingerprint, entry.tag)
    return replace(
        entry,
        tag=tag,
        provider_name=name_by(rules, entry.campaign_name, tag),
        send_at_provider=to_provider_time(entry.send_at, rules.zone) if entry.send_at is not None else "",
        provider_zone=rules.zone,
    )


def make_tag_by(rules: PostingRules, key: str, fingerprint: str, known: str = "") -> str:
    """Give a campaign's tag, the one it has already if it is `known`; empty when names carry none."""
    if not rules.tag_names or not fingerprint:
        return ""
    return known or make_tag(rules.account, key, fingerprint)


def name_by(rules: PostingRules, name: str, tag: str) -> str:
    """Give a campaign's name as the provider gets it: with the tag, no longer than it may be."""
    return add_tag(name, tag, rules.max_name) if tag else name[: rules.max_name].rstrip()


def hash_payload(payload: Mapping[str, object]) -> str:
    """Hash a payload, whatever the order of its keys; 64 hexadecimal digits."""
    canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def to_provider_time(moment: datetime, zone: str) -> str:
    """Write an aware time as the provider wants it: `YYYY-MM-DD HH:MM:SS` in its zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be sent")
    return _write_time(moment.astimezone(UTC), ZoneInfo(zone))


@lru_cache(maxsize=16_384)
def _write_time(moment: datetime, zone: ZoneInfo) -> str:
    # In UTC only: two times of one zone that its clocks show twice are equal to Python.
    # strftime takes five times as long.
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(" ", "seconds")


def from_provider_time(text: str, zone: str) -> datetime | None:
    """Read a time of the provider's as an aware one in UTC; None when it is none.

    In the hour that the end of daylight saving doubles, the first of the two is meant.
    """
    try:
        return _read_time(text, ZoneInfo(zone))
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=16_384)
def _read_time(text: str, zone: ZoneInfo) -> datetime:
    plain = text.strip().replace("T", " ", 1)
    # strptime takes ten times as long.
    usual = _USUAL_TIME.fullmatch(plain) is not None
    local = datetime.fromisoformat(plain) if usual else datetime.strptime(plain, TIME_FORMAT)  # noqa: DTZ007
    return local.replace(tzinfo=zone).astimezone(UTC)


def is_time(text: str, moment: datetime, zone: str) -> bool:
    """Whether a time of the provider's is this moment, to the minute; in the doubled hour both may be meant."""
    return minute_of(text) == to_provider_time(moment, zone)[:16]


def minute_of(text: str) -> str:
    """Give the minute of a time as the provider writes it: `YYYY-MM-DD HH:MM`, in its own zone."""
    return text.strip().replace("T", " ", 1)[:16]


def show_time(moment: datetime, zone: str) -> str:
    """Write a time as people of a zone read it: `Tue, Dec 1, 2026, 10:00 AM EST`."""
    return local_time(moment, zone, 0)
