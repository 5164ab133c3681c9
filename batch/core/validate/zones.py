"""Find time zones by the names that people use, and explain what is none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from batch.core.patterns import pattern
from batch.core.printable import cut
from batch.core.validate.trouble import Trouble, suggest
from batch.model import Checked

_ZONE_OFFSET = pattern(
    r"(?:utc|gmt)?\s*(?P<sign>[-+\u2212])\s*(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?", re.ASCII | re.IGNORECASE
)
_US_ZONES = {
    "America/New_York": "et est edt eastern",
    "America/Chicago": "ct cst cdt central",
    "America/Denver": "mt mst mdt mountain",
    "America/Los_Angeles": "pt pst pdt pacific",
    "America/Anchorage": "akt akst akdt alaska",
    "Pacific/Honolulu": "ht hst hdt hawaii",
    "America/Phoenix": "arizona az",
    "UTC": "utc gmt z",
}
_COMMON_ZONES = (
    *_US_ZONES, "America/Puerto_Rico", "America/Halifax", "America/Sao_Paulo", "Europe/London", "Europe/Paris",
    "Europe/Athens", "Europe/Istanbul", "Asia/Dubai", "Asia/Karachi", "Asia/Tashkent", "Asia/Kolkata", "Asia/Kathmandu",
    "Asia/Dhaka", "Asia/Bangkok", "Asia/Manila", "Asia/Singapore", "Asia/Tokyo", "Australia/Adelaide",
    "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip
"""What is named where somebody writes an offset, and found without a look at all zones that there are."""
_ALIASES = {alias: zone for zone, aliases in _US_ZONES.items() for alias in aliases.split()}


@lru_cache(maxsize=512)
def find_zone(text: str) -> ZoneInfo | None:
    """Find a zone by its IANA name in any case, or by the names that people use for the US zones."""
    plain = " ".join(text.split())
    short = plain.casefold().removesuffix(" time").removesuffix(" standard").removesuffix(" daylight")
    short = short.removeprefix("us/").removeprefix("us ")
    written = plain.replace(" ", "_")
    # To list all zones opens a file of each: these are there without a look.
    usual = _ALIASES.get(short) or (written if written in _COMMON_ZONES else "")
    name = usual or _zones_by_fold().get(written.casefold())
    return ZoneInfo(name) if name else None


def read_zone(text: str, *usual: str) -> tuple[ZoneInfo | None, Trouble | None]:
    """Find the zone of a cell, or say what is wrong with it; `usual` are the sheet's own and those used before."""
    zone = find_zone(text)
    if zone is not None:
        return zone, None
    if offset := _ZONE_OFFSET.fullmatch(text.strip()):
        return None, Trouble("zone-unknown", "TimeZone", _explain_offset(text, offset, usual), text)
    near = suggest(text, [*_zones_by_fold().values(), "ET", "CT", "MT", "PT"])
    words = f'"{cut(text)}" is not a time zone{near or ":"} write it like ET, CT, MT, PT or America/Chicago'
    return None, Trouble("zone-unknown", "TimeZone", words, text)


def _explain_offset(text: str, offset: re.Match[str], usual: Iterable[str]) -> str:
    """Name zones whose clocks have an offset in winter or summer, the usual ones first."""
    ahead = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
    ahead = ahead if offset["sign"] == "+" else -ahead
    names = dict.fromkeys(zone.key for name in (*usual, *_COMMON_ZONES) if (zone := find_zone(name)))
    known = [name for name in names if ahead in _offsets(ZoneInfo(name))]
    such = " or ".join(known[:3]) or "America/Chicago"
    return (
        f'"{cut(text)}" is an offset from UTC, not a time zone: it does not say when daylight saving begins; '
        f"write the zone, like {such}"
    )


def _offsets(zone: ZoneInfo) -> set[timedelta]:
    """Give what the clocks of a zone are ahead of UTC, in winter and in summer."""
    moments = (datetime(2026, month, 1, 12, tzinfo=zone) for month in (1, 7))
    return {moment.utcoffset() or timedelta() for moment in moments}


@lru_cache(maxsize=1)
def _zones_by_fold() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones() if name != "localtime"}


def zone_of_row(checked: Checked) -> str:
    """Give the zone in which a row's time is read, of a row with errors too; empty for the team's own."""
    if checked.campaign is not None:
        return checked.campaign.zone
    zone = find_zone(checked.row.text("TimeZone"))
    return zone.key if zone else ""
