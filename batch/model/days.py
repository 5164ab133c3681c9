"""The English names of weekdays and months, and which number a written name means."""

from __future__ import annotations

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
SHORT_WEEKDAYS = tuple(day[:3] for day in WEEKDAYS)
SHORT_MONTHS = tuple(month[:3] for month in MONTHS)
MONTH_PATTERN = "|".join(f"{month[:3]}(?:{month[3:]})?" if month[3:] else month for month in MONTHS) + "|Sept"
"""Matches a month's name, whole or short; for a regular expression that ignores case."""


def weekday_number(name: str) -> int | None:
    """Read a weekday, whole or by its first letters (three or more), as 0 (Monday) to 6; None when it is none."""
    plain = name.strip().casefold()
    found = (number for number, day in enumerate(WEEKDAYS) if len(plain) >= 3 and day.casefold().startswith(plain))
    return next(found, None)


def month_number(name: str) -> int:
    """Give the number of a month that is written whole or short."""
    return SHORT_MONTHS.index(name[:3].capitalize()) + 1
