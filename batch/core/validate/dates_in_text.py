"""Finds weekdays and dates in a text that do not fit the day it is sent: the slip of a copied sheet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from batch.core.patterns import pattern
from batch.model.days import MONTH_PATTERN, MONTHS, SHORT_MONTHS, WEEKDAYS, month_number
from batch.model.times import day_words

_SHORT_DAYS = {"mon": 0, "tue": 1, "tues": 1, "wed": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4, "sat": 5, "sun": 6}

_LONG_DAYS = frozenset(day.casefold() for day in WEEKDAYS)
_DAY_WORDS = frozenset({*_LONG_DAYS, *_SHORT_DAYS})
_MONTH_WORDS = frozenset({*(month.casefold() for month in (*MONTHS, *SHORT_MONTHS)), "sept"})
DATE_WORDS = _DAY_WORDS | _MONTH_WORDS | {"weekend"}
"""Words without which a text names no day but in figures."""

_DAY = "|".join((*WEEKDAYS, *_SHORT_DAYS))
_WEEKDAY = pattern(rf"\b(?:({_DAY})\b\.?)", re.IGNORECASE)
_THROUGH = pattern(rf"\b({_DAY})\.?\s*(?:-|–|—|through|thru|until|till|to)\s*({_DAY})\b", re.IGNORECASE)
_EVENT = pattern(
    r"(?:black|good|casual|first|every|each|next)\s+friday|cyber\s+monday|easter\s+(?:sunday|monday)|giving\s*tuesday"
    r"|(?:shrove|fat|taco|every|each|next)\s+tuesday|ash\s+wednesday|(?:maundy|throwback)\s+thursday"
    r"|small\s+business\s+saturday|super\s+(?:bowl\s+)?(?:sunday|saturday)|(?:palm|every|each|next)\s+sunday"
    r"|(?:every|each|next)\s+(?:monday|wednesday|thursday|saturday)",
    re.IGNORECASE,
)
_NUMBERS = pattern(
    r"(?<![\d/.$-])(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?(?![\d/])(?!\s*-?\s*(?:off|price|lb|pound|hour|dozen)\b)"
)
_ISO = pattern(r"-(?<=(?<!\d)(\d{4})-)(\d{1,2})-(\d{1,2})(?!\d)")
"""From the dash behind the year on, since Python looks for a sign more quickly than for a digit."""
_MONTH_DAY = pattern(
    rf"\b({MONTH_PATTERN})\b\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(\d{{4}}))?(?!%)", re.IGNORECASE
)
_DAY_MONTH = pattern(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({MONTH_PATTERN})\b\.?(?:,?\s+(\d{{4}}))?", re.IGNORECASE
)
_ENDS_OF_DAYS = (*"0123456789", "st", "nd", "rd", "th", "of")
"""What stands before the month in "27 November", "1st of May"."""
_WEEKEND = pattern(r"\bthis\s+weekend\b", re.IGNORECASE)
_NEAR_A_DAY = pattern(r"\s*(?:[-–—&/]|and|\d)", re.IGNORECASE)


class Mention(NamedTuple):
    """One day that a text names."""

    written: str
    why: str


def find_misfits(text: str, words: frozenset[str], sent: date, date_order: str) -> tuple[Mention, ...]:
    """Name the weekdays that are not the send date's and the dates that lie before it.

    `words` are those of DATE_WORDS (and whatever else) that stand in the text; most texts name no day at all.
    A date without a year is taken as the nearest one. A weekday is not a misfit when the text also names a date from
    the send date on that falls on it, lies in a stretch (`Fri-Sun`) that holds the send date, or is part of a name
    (Black Friday).
    """
    dates = _find_iso_dates(text, sent) if "-" in text else []
    if "/" in text:
        dates[:0] = _find_numbers(text, sent, date_order)
    if words.isdisjoint(DATE_WORDS) and not dates:
        return ()
    if months := _MONTH_WORDS & words:
        dates.extend(_find_months(text, sent, months))
    found = [Mention(written, f"is before the send date ({day_words(sent)})") for written, day in dates if day < sent]
    if not words.isdisjoint(_DAY_WORDS):
        found.extend(_find_weekdays(text, sent, {day.weekday() for _, day in dates if day >= sent}))
    if "weekend" in words:
        found.extend(_find_weekend(text, sent))
    return tuple(found)


def _find_numbers(text: str, sent: date, order: str) -> Iterator[tuple[str, date]]:
    # No date begins further before its first stroke than its first number is long.
    for found in _NUMBERS.finditer(text, max(0, text.find("/") - 2)):
        if found[0] != "24/7" and (day := _from_numbers(found, sent, order)):
            yield found[0], day


def _find_iso_dates(text: str, sent: date) -> list[tuple[str, date]]:
    return [
        (f"{year}-{month}-{day}", found)
        for year, month, day in _ISO.findall(text)
        if (found := _near(year, int(month), int(day), sent))
    ]


def _find_months(text: str, sent: date, months: Iterable[str]) -> Iterator[tuple[str, date]]:
    lowered = text.lower()
    # In ASCII a month stands where its word does; elsewhere a mark that breaks no words may stand before it.
    places = sorted({at for month in months for at in _places(lowered, month)}) if text.isascii() else None
    for found in _find_month_days(text, places):
        if found[1][0].isupper() and (day := _near(found[3], month_number(found[1]), int(found[2]), sent)):
            yield found[0], day
    if places is not None and not any(lowered[:at].rstrip().endswith(_ENDS_OF_DAYS) for at in places):
        return
    for found in _DAY_MONTH.finditer(text):
        if found[2][0].isupper() and (day := _near(found[3], month_number(found[2]), int(found[1]), sent)):
            yield found[0], day


def _find_month_days(text: str, places: Iterable[int] | None) -> Iterator[re.Match[str]]:
    if places is None:
        return _MONTH_DAY.finditer(text)
    return (found for at in places if (found := _MONTH_DAY.match(text, at)))


def _places(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def _from_numbers(found: re.Match[str], sent: date, order: str) -> date | None:
    one, two = int(found[1]), int(found[2])
    month, day = (two, one) if order == "day" else (one, two)
    return _near(found[3], month, day, sent)


@lru_cache(maxsize=4096)
def _near(year: str | None, month: int, day: int, sent: date) -> date | None:
    """Make a date; without a year it is the one nearest to the send date."""
    if year is not None:
        return _to_date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    days = (_to_date(one, month, day) for one in (sent.year - 1, sent.year, sent.year + 1))
    return min((found for found in days if found), key=lambda found: abs((found - sent).days), default=None)


def _to_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _find_weekdays(text: str, sent: date, coming: set[int]) -> Iterator[Mention]:
    named = [(found[1], _weekday(found[1])) for found in _WEEKDAY.finditer(_EVENT.sub(" ", text)) if _is_meant(found)]
    days = {day for _, day in named} | _in_stretches(text)
    if not days or sent.weekday() in days:
        return
    if "tomorrow" in text.casefold() and (sent + timedelta(days=1)).weekday() in days:
        return
    for word in dict.fromkeys(word for word, day in named if day not in coming):
        yield Mention(word, f"is not the weekday of the send date ({day_words(sent)})")


def _is_meant(found: re.Match[str]) -> bool:
    """Tell the day from the sun and from those who sat or wed: short names count with a capital and company."""
    word = found[1]
    if word.casefold() in _LONG_DAYS:
        return True
    if not word[0].isupper():
        return False
    if word.casefold() not in {"sun", "sat", "wed"}:
        return True
    before = found.string[max(0, found.start() - 2) : found.start()].rstrip()
    return before.endswith(("-", "–", "&", "/")) or _NEAR_A_DAY.match(found.string, found.end()) is not None


def _in_stretches(text: str) -> set[int]:
    days: set[int] = set()
    for found in _THROUGH.finditer(text):
        first, last = _weekday(found[1]), _weekday(found[2])
        days.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    return days


def _weekday(word: str) -> int:
    return _SHORT_DAYS[word.casefold()[:3]]


def _find_weekend(text: str, sent: date) -> Iterator[Mention]:
    found = _WEEKEND.search(text)
    if found and sent.weekday() < 3:
        yield Mention(found[0], f"is days away from the send date ({day_words(sent)})")
