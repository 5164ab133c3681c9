"""Write times, days, zones and spans as people say them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from batch.model.days import SHORT_MONTHS, SHORT_WEEKDAYS
from batch.model.plurals import plural


def local_time(moment: datetime, zone: str, year: int | None = None) -> str:
    """Write a time as people say it, with its zone: `Mon, Dec 1, 9:00 AM CST`; the year when it is not `year`."""
    return _local_time(moment.astimezone(UTC), zone_of(zone), year)


@lru_cache(maxsize=16_384)
def _local_time(moment: datetime, zone: tzinfo, year: int | None) -> str:
    # In UTC only: two times of one zone that its clocks show twice are equal to Python.
    local = moment.astimezone(zone)
    shown_year = "" if year is None or local.year == year else f", {local.year}"
    return f"{day_words(local)}{shown_year}, {clock(local)}"


def wall_time(local: datetime) -> str:
    """Write what a clock and a calendar show, whatever the zone: `Mon, Dec 1, 2025, 9:00 AM`."""
    return f"{date_words(local)}, {hour_words(local.hour, local.minute)}"


def clock(local: datetime) -> str:
    """Write the hour with its zone: `9:00 AM CST`."""
    return f"{hour_words(local.hour, local.minute)} {zone_word(local)}"


def hour_words(hour: int, minute: int = 0) -> str:
    """Write a time of day: `9:00 AM`, `12:30 PM`."""
    return f"{hour % 12 or 12}:{minute:02} {'AM' if hour < 12 else 'PM'}"


def day_words(moment: date) -> str:
    """Write a day as people say it: `Mon, Dec 1`."""
    return f"{SHORT_WEEKDAYS[moment.weekday()]}, {SHORT_MONTHS[moment.month - 1]} {moment.day}"


def date_words(day: date) -> str:
    """Write a day with its year: `Mon, Dec 1, 2025`."""
    return f"{day_words(day)}, {day.year}"


def week_words(week: str) -> str:
    """Write an ISO week as people say it: `2026-W48` is `Week 48 of 2026`."""
    return f"Week {int(week[-2:])} of {week[:4]}"


def zone_word(moment: datetime) -> str:
    """Give the short name of a time's zone; one that has none is written as its distance: `UTC-03`."""
    name = moment.tzname() or ""
    return f"UTC{name}" if name[:1] in {"+", "-"} else name


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo:
    """Find a zone by its name; an unknown one is read as UTC, so that a report is always written."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def time_left(moment: datetime, now: datetime) -> str:
    """Say how long is left: `in 3 days`, `in 5 hours`, `in 20 minutes`, `2 days ago`."""
    seconds = abs((moment - now).total_seconds())
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size or (size == 60):
            amount = f"{plural(int(seconds // size), name)}"
            return f"in {amount}" if moment >= now else f"{amount} ago"
    return "now"


def span_words(span: timedelta) -> str:
    """Say how long a span is, in the unit that people would use: `40 seconds`, `3 hours`, `2 hours 30 minutes`."""
    seconds = round(abs(span.total_seconds()))
    if seconds < 60:
        return plural(seconds, "second")
    minutes = round(seconds / 60)
    if minutes < 60:
        return plural(minutes, "minute")
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return plural(hours, "hour") + (f" {plural(rest, 'minute')}" if rest else "")
    return plural(round(hours / 24), "day")
