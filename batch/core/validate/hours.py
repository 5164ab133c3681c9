"""Hours and days as settings write them: `21:00-08:00`, `sunday 00:00-13:00`, `12-25`, `2026-12-24..2026-12-26`."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import NamedTuple

from batch.model.days import weekday_number
from batch.model.errors import UsageError
from batch.model.times import hour_words

_HOURS = re.compile(r"\s*(\d{1,2})(?::(\d{2}))?\s*(?:-|–|to)\s*(\d{1,2})(?::(\d{2}))?\s*", re.ASCII)
_BLACKOUT = re.compile(
    r"\s*(?:(?P<first>\d{4}-\d{2}-\d{2})(?:\s*\.\.\s*(?P<last>\d{4}-\d{2}-\d{2}))?"
    r"|(?P<yearly>\d{2}-\d{2})|(?P<weekday>[A-Za-z]+))?\s*(?P<hours>\d{1,2}(?::\d{2})?\s*(?:-|–|to)\s*[\d:]+)?\s*",
    re.ASCII,
)


class Hours(NamedTuple):
    """A stretch of the day in minutes since midnight; over midnight when it ends before it starts."""

    start: int
    end: int

    def hold(self, moment: datetime) -> bool:
        """Say whether a time of day lies within; the end does not."""
        minute = moment.hour * 60 + moment.minute
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    def __str__(self) -> str:
        return f"{hour_words(*divmod(self.start, 60))} to {hour_words(*divmod(self.end, 60))}"


class Blackout(NamedTuple):
    """One of the team's own stretches without texts."""

    written: str
    first: date | None
    last: date | None
    yearly: str
    weekday: int | None
    hours: Hours | None

    def hold(self, local: datetime) -> bool:
        """Say whether a local time lies within."""
        day = local.date()
        if self.first is not None and not self.first <= day <= (self.last or self.first):
            return False
        if self.yearly and f"{day:%m-%d}" != self.yearly:
            return False
        if self.weekday is not None and day.weekday() != self.weekday:
            return False
        return self.hours is None or self.hours.hold(local)


def parse_hours(text: str, setting: str) -> Hours:
    """Read `21:00-08:00`; raises UsageError that names the setting."""
    found = _HOURS.fullmatch(text)
    if found is None:
        raise UsageError(f"{setting} is not a time range", "write it like 21:00-08:00")
    start = int(found[1]) * 60 + int(found[2] or 0)
    end = int(found[3]) * 60 + int(found[4] or 0)
    if start > 1440 or end > 1440 or start == end:
        raise UsageError(f"{setting} is not a time range", "write it like 21:00-08:00, from 00:00 to 24:00")
    return Hours(start, end)


def parse_weekday(text: str, setting: str) -> int:
    """Read a weekday, whole or by its first three letters, as 0 (Monday) to 6; raises UsageError."""
    number = weekday_number(text.strip().rstrip("."))
    if number is None:
        raise UsageError(f'"{text}" in {setting} is not a weekday', "write it like monday")
    return number


def parse_blackout(text: str, setting: str) -> Blackout:
    """Read one blackout: a day, a stretch of days, a day of each year, a weekday, with hours or without."""
    found = _BLACKOUT.fullmatch(text)
    if found is None or not text.strip():
        raise UsageError(
            f'"{text}" in {setting} is not a date', "write it like 2026-12-25, 12-25 or sunday 00:00-13:00"
        )
    weekday = parse_weekday(found["weekday"], setting) if found["weekday"] else None
    hours = parse_hours(found["hours"], setting) if found["hours"] else None
    try:
        first = date.fromisoformat(found["first"]) if found["first"] else None
        last = date.fromisoformat(found["last"]) if found["last"] else None
        date.fromisoformat(f"2024-{found['yearly'] or '01-01'}")
    except ValueError:
        raise UsageError(f'"{text}" in {setting} is not a valid date', "write it like 2026-12-25") from None
    return Blackout(text.strip(), first, last, found["yearly"] or "", weekday, hours)
