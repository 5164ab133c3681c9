"""Finds the slips of a copied sheet that no single row shows: the file's name, and last week's offer."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Protocol

from batch.core.identity import fold
from batch.core.validate.hours import parse_weekday
from batch.model import Checked, Issue, Level
from batch.model.days import SHORT_MONTHS, month_number
from batch.model.plurals import from_to
from batch.model.times import date_words, day_words

_ISO_DAY = re.compile(r"(?<!\d)(20\d{2})[-_.]?(\d{2})[-_.]?(\d{2})(?!\d)")
_WEEK = re.compile(
    r"(?:(20\d{2})[-_ ]?)?(?<![a-z])(?:week|wk|kw|w)[-_ ]?(\d{1,2})(?!\d)(?:[-_ ]+(20\d{2}))?", re.IGNORECASE
)
_MONTH_DAY = re.compile(rf"(?<![a-z])({'|'.join(SHORT_MONTHS)})[a-z]*[-_ .]*(\d{{1,2}})(?!\d)", re.IGNORECASE)
_OFFER = "Offer"


class Earlier(Protocol):
    """As much of a ledger entry as shows what was offered before."""

    @property
    def campaign_name(self) -> str: ...
    @property
    def send_at(self) -> datetime | None: ...
    @property
    def fields(self) -> Mapping[str, str]: ...


def find_other_week(file: str, days: Collection[date], week_start: str = "monday") -> tuple[Issue, ...]:
    """Warn when the file is named for a week or day in which none of its campaigns goes out; the issue is of row 0.

    `days` are those on which they go out, by their own clocks.

    Names that are read: `2026-11-23`, `20261123`, `week 48`, `2026-W48` (ISO 8601 weeks), `Nov 23`.
    """
    if not days:
        return ()
    start = parse_weekday(week_start, "week_start")
    weeks = {_first_day(day, start) for day in days}
    named = _named_day(file, min(days))
    if named is None or _first_day(named, start) in weeks:
        return ()
    words = (
        f'"{file}" is named for the week of {date_words(_first_day(named, start))}, but its campaigns go out '
        f"{from_to(date_words(min(days)), date_words(max(days)))}: did you forget to change the dates or the file name?"
    )
    return (Issue(0, "", "", "file-other-week", words, Level.WARNING, file),)


def find_same_offers(rows: Iterable[Checked], earlier: Iterable[Earlier]) -> dict[int, Issue]:
    """Warn of rows whose Offer is that of the campaign of the same name in the week before; row to issue."""
    before: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for entry in earlier:
        if entry.send_at is not None:
            before[fold(entry.campaign_name), fold(entry.fields.get(_OFFER, ""))].append(entry.send_at)
    found = {}
    for checked in rows:
        offer = checked.row.text(_OFFER)
        times = before.get((fold(checked.name), fold(offer)), []) if offer else []
        week_before = [moment for moment in times if _is_week_before(moment, checked.send_at)]
        if not week_before:
            continue
        day = day_words(week_before[-1])
        words = f'the offer "{offer}" is the same as a week before ({day}): did you forget to change it?'
        letter = checked.row.header.letter(_OFFER)
        found[checked.row.number] = Issue(
            checked.row.number, letter, _OFFER, "offer-as-before", words, Level.WARNING, offer
        )
    return found


def _is_week_before(earlier: datetime, later: datetime | None) -> bool:
    return later is not None and timedelta(hours=12) < later - earlier < timedelta(days=10)


def _named_day(file: str, near: date) -> date | None:
    if found := _ISO_DAY.search(file):
        return _to_date(int(found[1]), int(found[2]), int(found[3]))
    if found := _WEEK.search(file):
        return _to_week(int(found[1] or found[3] or near.isocalendar().year), int(found[2]))
    if found := _MONTH_DAY.search(file):
        month = month_number(found[1])
        days = [_to_date(year, month, int(found[2])) for year in (near.year - 1, near.year, near.year + 1)]
        return min((day for day in days if day), key=lambda day: abs(day - near), default=None)
    return None


def _to_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _to_week(year: int, week: int) -> date | None:
    try:
        return date.fromisocalendar(year, week, 4)
    except ValueError:
        return None


def _first_day(day: date, start: int) -> date:
    return day - timedelta(days=(day.weekday() - start) % 7)
