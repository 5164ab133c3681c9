"""Reads send times: forms of dates, and the hours that clocks skip or show twice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from batch.core.patterns import pattern
from batch.core.printable import cut
from batch.core.validate.trouble import NO_TROUBLE, Trouble
from batch.core.validate.zones import find_zone, read_zone
from batch.model import Row
from batch.model.days import MONTH_PATTERN, month_number
from batch.model.times import date_words, wall_time

Cell = str | datetime | date | time
"""What a cell of a time column holds: a text as shown, or a real date or time."""

_HOW_DATE = "write it like 2026-11-27"
_HOW = f"{_HOW_DATE} 14:30"
_CLOCK = (
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d+))?)?)?"
    r"\s*(?P<half>[ap]\.?\s?m\.?)?"
)
_FLAGS = re.ASCII | re.IGNORECASE
_YEAR_FIRST = pattern(
    rf"(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}})(?:(?:\s*t\s*|,?\s+){_CLOCK})?",
    _FLAGS,
)
_YEAR_LAST = pattern(
    rf"(?P<one>\d{{1,2}})(?P<mark>[-/.])(?P<two>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}|\d{{2}})(?:(?:\s*t\s*|,?\s+){_CLOCK})?",
    _FLAGS,
)
_WEEKDAY = r"(?:(?P<weekday>mon|tue|wed|thu|fri|sat|sun)(?:[a-z]{0,3}day|s|rs?)?\.?,?\s+)?"
_BEHIND = rf"(?:,?\s+(?:at\s+)?{_CLOCK})?"
_MONTH_DAY = pattern(
    rf"{_WEEKDAY}(?P<name>{MONTH_PATTERN})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}){_BEHIND}",
    _FLAGS,
)
_DAY_MONTH = pattern(
    rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s-]+(?:of\s+)?(?P<name>{MONTH_PATTERN})\.?,?[\s-]+(?P<year>\d{{4}}){_BEHIND}",
    _FLAGS,
)
_CLOCK_ALONE = pattern(_CLOCK, _FLAGS)
_OWN_ZONE = pattern(r"\d\s*(?:z|utc|gmt|[+-]\d{2}:?\d{2}|[a-z]{2,4})", _FLAGS)

_SHOWS_TIME = pattern(r"\d:\d\d|\d\s*[ap]\.?m\b", _FLAGS)
_OFFSET = pattern(
    r"(?P<sign>[-+\u2212]?)\s*(?:(?P<hours>\d{1,2}):(?=\d\d\s*$))?(?P<minutes>\d{1,4})(?:\s*min(?:utes)?)?", _FLAGS
)


class SendTime(NamedTuple):
    """A send time as far as it could be read."""

    send_at: datetime | None
    """Aware, UTC; None when there is an error that leaves no one time."""
    local: datetime | None
    """The same on the clocks of `zone`, aware."""
    zone: str
    troubles: tuple[Trouble, ...] = NO_TROUBLE
    raw: str = ""
    """What stands in the cells, for the key of a row whose time cannot be read."""


class TimeCells(NamedTuple):
    """The cells of one row that say when."""

    field: str
    """The column that a person has to look at: `DateTime`, or `Date` beside a `Time`."""
    day: Cell
    clock: Cell | None
    """None when date and time stand in one cell."""
    zone: str
    offset: str = ""
    """How much later a store of a list is texted, or earlier: `+30`, `-1:30`."""
    shows_time: bool = False
    """Whether a real date's format shows a time of day: then midnight is one."""


WHEN_FIELDS = ("DateTime", "Date", "Time", "TimeZone", "TimeOffset")
"""The cells that `find_time_cells` picks from."""


def find_time_cells(row: Row) -> TimeCells:
    """Pick the cells that say when a row goes out: DateTime, else Date and Time together."""
    columns = row.header.columns
    zone, offset = row.text("TimeZone"), row.text("TimeOffset") if row.header.lists else ""
    at = columns.get("DateTime")
    if at is not None and (row.texts[at] or at in row.dates or "Date" not in columns):
        timed = _SHOWS_TIME.search(row.texts[at]) is not None
        return TimeCells("DateTime", row.dates.get(at, row.texts[at]), None, zone, offset, shows_time=timed)
    return TimeCells("Date", _cell(row, "Date"), _cell(row, "Time"), zone, offset)


def read_moment(
    cells: TimeCells, default_zone: str, provider_zone: str, date_order: str, used: Iterable[str] = ()
) -> SendTime:
    """Turn the cells into one instant, or say everything that is wrong with them; `used` are zones used before."""
    raw = " ".join(str(cell) for cell in (cells.day, cells.clock) if cell is not None and cell != "")
    naive, trouble = _read_cells(cells, date_order)
    if naive is not None and cells.offset:
        naive, trouble = _move(naive, cells.offset)
    zone, unknown = read_zone(cells.zone or default_zone, default_zone, *used)
    troubles = tuple(found for found in (trouble, unknown) if found is not None)
    if naive is None or zone is None:
        return SendTime(None, None, zone.key if zone else "", troubles, raw)
    local = naive.replace(tzinfo=zone)
    send_at = local.astimezone(UTC)
    uneven = _find_clock_change(naive, zone, cells.field) or _find_doubled_there(send_at, provider_zone, cells.field)
    if uneven is not None:
        return SendTime(None, None, zone.key, (uneven,), raw)
    return SendTime(send_at, local, zone.key, NO_TROUBLE, raw)


def parse_send_time(text: str, date_order: str, field: str = "DateTime") -> tuple[datetime | None, Trouble | None]:
    """Read a text as date and time of day, without a zone; a date alone is `time-missing`.

    `date_order` is `month`, `day` or `iso`; under `iso` a date like 3/4/2026 is `date-order-unclear`.
    """
    if not text.strip():
        return None, Trouble("time-empty", field, f"the send time is empty, and an empty time never means now: {_HOW}")
    day, found, trouble = _read_day(text.strip(), date_order, field)
    if day is None or found is None:
        return None, trouble
    if found["hour"] is None:
        return None, _time_missing(text, field)
    clock = _to_clock(found)
    if clock is None:
        words = f'"{cut(text)}" has no time of day that a clock shows: {_HOW}'
        return None, Trouble("time-unreadable", field, words, text)
    return datetime.combine(day, clock[0]) + clock[1], None


def doubled(naive: datetime, zone: ZoneInfo) -> bool:
    """Say whether the clocks of a zone show this time twice (daylight saving ends)."""
    return _offset(naive, zone, 0) > _offset(naive, zone, 1)


def skipped(naive: datetime, zone: ZoneInfo) -> bool:
    """Say whether the clocks of a zone never show this time (daylight saving begins)."""
    return _offset(naive, zone, 0) < _offset(naive, zone, 1)


def _cell(row: Row, field: str) -> Cell:
    position = row.header.columns.get(field)
    return "" if position is None else row.dates.get(position, row.texts[position])


def _read_cells(cells: TimeCells, date_order: str) -> tuple[datetime | None, Trouble | None]:
    if cells.clock is not None:
        return _read_two_cells(cells.day, cells.clock, date_order)
    if isinstance(cells.day, str):
        return parse_send_time(cells.day, date_order, cells.field)
    return _read_real(cells.day, cells.field, shows_time=cells.shows_time)


def _move(naive: datetime, offset: str) -> tuple[datetime | None, Trouble | None]:
    """Move a time by what a list says: minutes, or hours and minutes, later or earlier."""
    found = _OFFSET.fullmatch(offset.strip())
    if found is None:
        words = f'"{cut(offset)}" is not a time offset: write minutes, like 30 or -15, or hours and minutes, like 1:30'
        return None, Trouble("time-unreadable", "TimeOffset", words, offset)
    minutes = 60 * int(found["hours"] or 0) + int(found["minutes"])
    return naive + timedelta(minutes=-minutes if found["sign"] in ("-", "\u2212") else minutes), None


def _read_real(cell: datetime | date | time, field: str, *, shows_time: bool) -> tuple[datetime | None, Trouble | None]:
    if isinstance(cell, time):
        words = f'"{cell:%H:%M}" is a time without a date: {_HOW}'
        return None, Trouble("time-unreadable", field, words, str(cell))
    if not isinstance(cell, datetime):
        return None, _time_missing(cell.isoformat(), field)
    near = _to_second(cell)
    if near.time() == time(0) and not shows_time:
        return None, _time_missing(near.date().isoformat(), field)
    return _within_reason(near, str(cell), field)


def _read_two_cells(day: Cell, clock: Cell, date_order: str) -> tuple[datetime | None, Trouble | None]:
    if day == "":
        words = f"the date is empty, and an empty date never means today: {_HOW_DATE} in Date and 14:30 in Time"
        return None, Trouble("time-empty", "Date", words)
    if clock == "":
        return None, _time_missing(_shown(day), "Time")
    date_part, trouble = _read_date_cell(day, date_order)
    if date_part is None:
        return None, trouble
    time_part = _read_clock_cell(clock)
    if time_part is None:
        words = f'"{cut(_shown(clock))}" is not a time of day: write it like 14:30 or 2:30 PM'
        return None, Trouble("time-unreadable", "Time", words, _shown(clock))
    return datetime.combine(date_part, time_part[0]) + time_part[1], None


def _read_date_cell(cell: Cell, date_order: str) -> tuple[date | None, Trouble | None]:
    if isinstance(cell, str):
        day, found, trouble = _read_day(cell.strip(), date_order, "Date")
        both = found is not None and found["hour"] is not None and _to_clock(found) != (time(0), timedelta())
        return (None, _two_times(cell)) if both else (day, trouble)
    if isinstance(cell, time):
        words = f'"{cell:%H:%M}" is a time, not a date: write the date like 2026-11-27'
        return None, Trouble("time-unreadable", "Date", words, str(cell))
    if isinstance(cell, datetime) and _to_second(cell).time() != time(0):
        return None, _two_times(_shown(cell))
    return (cell.date() if isinstance(cell, datetime) else cell), None


def _read_clock_cell(cell: Cell) -> tuple[time, timedelta] | None:
    if isinstance(cell, datetime):
        return _to_second(cell).time(), timedelta()
    if isinstance(cell, time):
        near = _to_second(datetime.combine(date(2000, 1, 1), cell))
        return near.time(), timedelta(days=near.day - 1)
    found = _CLOCK_ALONE.fullmatch(" ".join(cell.split())) if isinstance(cell, str) else None
    return _to_clock(found) if found else None


def _read_day(text: str, order: str, field: str) -> tuple[date | None, re.Match[str] | None, Trouble | None]:
    text = " ".join(text.split())  # odd blanks too: some programs put a narrow one before PM
    found = _YEAR_FIRST.fullmatch(text)
    if found:
        day = _to_date(found["year"], found["month"], found["day"])
        return (day, found, None) if day else (None, None, _no_such_day(text, field))
    if found := _MONTH_DAY.fullmatch(text) or _DAY_MONTH.fullmatch(text):
        return _read_named(text, found, field)
    found = _YEAR_LAST.fullmatch(text)
    if not found:
        return None, None, _unreadable(text, field)
    if len(found["year"]) != 4:
        words = f'"{cut(text)}" has a year of two digits: {_HOW}'
        return None, None, Trouble("time-unreadable", field, words, text)
    return _read_ordered(text, found, order, field)


def _read_named(
    text: str, found: re.Match[str], field: str
) -> tuple[date | None, re.Match[str] | None, Trouble | None]:
    """Read a date whose month is a word, which can only mean one day."""
    number = month_number(found["name"])
    day = _to_date(found["year"], str(number), found["day"])
    if day is None:
        return None, None, _no_such_day(text, field)
    said = (found["weekday"] or "").lower()
    if said and f"{day:%a}".lower() != said:
        words = f'"{cut(text)}" names the wrong weekday for that date ({date_words(day)}): fix the one that is wrong'
        return None, None, Trouble("time-unreadable", field, words, text)
    return day, found, None


def _read_ordered(
    text: str, found: re.Match[str], order: str, field: str
) -> tuple[date | None, re.Match[str] | None, Trouble | None]:
    year, one, two = found["year"], found["one"], found["two"]
    month_first, day_first = _to_date(year, one, two), _to_date(year, two, one)
    if order == "iso" and month_first and day_first and month_first != day_first:
        words = (
            f'"{cut(text)}" can be {month_first:%d %B %Y} or {day_first:%d %B %Y}: '
            f"write it like {month_first.isoformat()} or {day_first.isoformat()}, or set date_order under [sheet]"
        )
        return None, None, Trouble("date-order-unclear", field, words, text)
    if found["mark"] == "." and order == "month":
        words = f'"{cut(text)}" has dots, as where the day comes first, but date_order under [sheet] is month: {_HOW}'
        return None, None, Trouble("date-order-unclear", field, words, text)
    readings = {"month": month_first, "day": day_first}
    day = readings.get(order, month_first or day_first)
    if day:
        return day, found, None
    if month_first or day_first:
        words = f'"{cut(text)}" has no such month when the {order} comes first (date_order under [sheet]): {_HOW}'
        return None, None, Trouble("time-unreadable", field, words, text)
    return None, None, _no_such_day(text, field)


def _to_date(year: str, month: str, day: str) -> date | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if 1970 <= found.year <= 2199 else None


def _to_clock(found: re.Match[str]) -> tuple[time, timedelta] | None:
    hour, half = int(found["hour"]), (found["half"] or "")[:1].lower()
    if found["minute"] is None and not half:
        return None
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    minute, second = int(found["minute"] or 0), int(found["second"] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    up = (found["fraction"] or "0")[0] >= "5"
    near = datetime(2000, 1, 1, hour, minute, second) + timedelta(seconds=up)  # noqa: DTZ001 - a clock face has no zone
    return near.time(), timedelta(days=near.day - 1)


def _to_second(moment: datetime) -> datetime:
    """Round to the second: Excel's fractions of a day come out as 59.999999 s."""
    return (moment + timedelta(milliseconds=500)).replace(microsecond=0, tzinfo=None)


def _within_reason(moment: datetime, text: str, field: str) -> tuple[datetime | None, Trouble | None]:
    if 1970 <= moment.year <= 2199:
        return moment, None
    return None, _no_such_day(text, field)


def _shown(cell: Cell) -> str:
    return cell if isinstance(cell, str) else str(cell)


def _time_missing(text: str, field: str) -> Trouble:
    words = f'"{cut(text)}" is a date without a time of day: {_HOW}'
    return Trouble("time-missing", field, words, text)


def _two_times(text: str) -> Trouble:
    words = f'"{cut(text)}" in Date has a time of day too: keep the date there and the time in Time'
    return Trouble("time-unreadable", "Date", words, text)


def _no_such_day(text: str, field: str) -> Trouble:
    return Trouble("time-unreadable", field, f'"{cut(text)}" is not a valid date: {_HOW}', text)


def _unreadable(text: str, field: str) -> Trouble:
    if text[:4].isdigit() and _OWN_ZONE.search(text[10:]):
        words = f'"{cut(text)}" names a zone of its own: {_HOW}, and put the zone into the column TimeZone'
        return Trouble("time-unreadable", field, words, text)
    return Trouble("time-unreadable", field, f'"{cut(text)}" is not a time that can be read: {_HOW}', text)


def _find_clock_change(naive: datetime, zone: ZoneInfo, field: str) -> Trouble | None:
    early, late = _offset(naive, zone, 0), _offset(naive, zone, 1)
    if early == late:
        return None
    if early < late:
        words = f"the clocks of {zone.key} skip {wall_time(naive)} (daylight saving begins): choose an hour later"
        return Trouble("time-in-gap", field, words, wall_time(naive))
    words = (
        f"the clocks of {zone.key} show {wall_time(naive)} twice (daylight saving ends): "
        "choose a time before or after that hour"
    )
    return Trouble("time-doubled", field, words, wall_time(naive))


def _find_doubled_there(send_at: datetime, provider_zone: str, field: str) -> Trouble | None:
    zone = find_zone(provider_zone)
    if zone is None:
        return None
    there = send_at.astimezone(zone).replace(tzinfo=None)
    if not doubled(there, zone):
        return None
    words = (
        f"the provider's clocks ({zone.key}) show {wall_time(there)} twice, so it could go out an hour off: "
        "choose a time an hour earlier or later"
    )
    return Trouble("time-doubled-at-provider", field, words, wall_time(there))


def _offset(naive: datetime, zone: ZoneInfo, fold: int) -> timedelta:
    return naive.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta()
