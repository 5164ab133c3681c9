"""The filters of the message language, what each one takes, and how it reads what a cell shows.

    {{ EndDate | date }}              Nov 27        from 2026-11-27, 11/27/2026, November 27, 2026, 27-Nov-26, ...
    {{ EndDate | date("%A, %B %-d") }}  Friday, November 27
    {{ DateTime | date("%-I:%M %p") }}  9:00 AM
    {{ Price | money }}               $1,234.50     from 1234.5, $1234.5, 1,234.50
    {{ Price | money("€", 0) }}       €1,235
    {{ City | title }}                Fort Worth    from FORT WORTH; also `upper`, `lower`, `trim`
    {{ Offer | default("10% off") }}  10% off       where the cell is empty

Dates know `%Y %y %m %d %H %I %M %p %B %b %A %a %%`, with `-` after the `%` for no leading zero (`%-d`), in English
and the same on every system.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from batch.core.patterns import pattern
from batch.model.days import MONTHS, SHORT_MONTHS, SHORT_WEEKDAYS, WEEKDAYS, month_number
from batch.model.records import dataclass

EMPTY = "\0"
"""Begins what stands in for an empty cell until it is seen whether it reaches the text: filters let it pass."""


class FilterError(Exception):
    """A filter, or a comparison, cannot read what the cell says."""

    def __init__(self, field: str, value: object, words: str) -> None:
        super().__init__(words)
        self.field = field
        self.value = value if isinstance(value, str) else str(value)
        self.words = words


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter, as the docs show it."""

    name: str
    does: str
    """What it does, in a few words."""
    example: str
    result: str
    arguments: int
    """How many it takes at most."""
    complain: Callable[..., str]
    """Says what is wrong with the arguments, or nothing; they are constants (those of `default` may be fields)."""


def _fine(*_: object) -> str:
    return ""


def _complain_date(layout: object = "") -> str:
    if not isinstance(layout, str) or len(layout) > 40:
        return 'date takes a short layout in quotes, such as "%b %-d"'
    unknown = _UNKNOWN.search(_KNOWN.sub("", layout))
    return f'date does not know "{unknown[0]}": it knows %Y %y %m %d %H %I %M %p %B %b %A %a' if unknown else ""


def _complain_money(symbol: object = "$", decimals: object = 2) -> str:
    if not isinstance(symbol, str) or len(symbol) > 4:
        return 'money takes a currency sign of at most four characters, such as "$"'
    return "" if decimals in (0, 2) and not isinstance(decimals, bool) else "money shows 0 or 2 decimals"


_KNOWN = pattern(r"%[-#]?[mdHIyMYpBbAa]|%%")
_UNKNOWN = pattern(r"%[-#]?.?")

FILTERS: Mapping[str, Filter] = {
    each.name: each
    for each in (
        Filter("date", "writes a date or time", '{{ EndDate | date("%b %-d") }}', "Nov 27", 1, _complain_date),
        Filter("money", "writes an amount", "{{ Price | money }}", "$1,234.50", 2, _complain_money),
        Filter("title", "writes Each Word Large", "{{ City | title }}", "Fort Worth", 0, _fine),
        Filter("upper", "WRITES ALL LARGE", "{{ Offer | upper }}", "20% OFF", 0, _fine),
        Filter("lower", "writes all small", "{{ Offer | lower }}", "20% off", 0, _fine),
        Filter("trim", "removes spaces at both ends", "{{ Offer | trim }}", "20% off", 0, _fine),
        Filter("default", "stands in for an empty cell", '{{ Offer | default("10% off") }}', "10% off", 1, _fine),
    )
}
"""All there are, for the check of a template and for the docs."""


NEEDS_FIELD = frozenset({"date", "money", "compare"})
"""The functions that can fail, and so are told which field they read."""


def make_filters(date_order: str) -> dict[str, Callable[..., Any]]:
    """Give the functions behind FILTERS, and `compare`, which no template can name."""
    return {
        "date": lambda value, layout="%b %-d", *, field: _or_empty(value, write_date, layout, field, date_order),
        "money": lambda value, symbol="$", decimals=2, *, field: _or_empty(value, write_money, symbol, decimals, field),
        "title": lambda value: _or_empty(value, _title),
        "upper": lambda value: str(value).upper(),
        "lower": lambda value: str(value).lower(),
        "trim": lambda value: str(value).strip(),
        "default": lambda value, other="": value or other,
        "compare": lambda left, sign, right, *, field: compare(left, sign, right, field, date_order),
    }


@lru_cache(maxsize=4_096, typed=True)
def write_date(value: object, layout: str, field: str, date_order: str = "month") -> str:
    """Write a date or time, given as one or as the text that a cell shows; raises FilterError."""
    moment = _read_date(value, date_order)
    if moment is None:
        raise FilterError(field, value, "is not a date: write it as 2026-11-27 or November 27, 2026")
    return _KNOWN.sub(lambda found: _write_piece(found[0], moment, field, value), layout)


def write_money(value: object, symbol: str, decimals: int, field: str) -> str:
    """Write an amount with its sign, thousands and decimals; raises FilterError."""
    amount = read_number(value)
    if amount is None or _is_percent(value):
        raise FilterError(field, value, "is not an amount of money: write it as 1234.50")
    rounded = abs(amount).quantize(Decimal(10) ** -decimals, ROUND_HALF_UP)
    return f"{'-' if amount < 0 and rounded else ''}{symbol}{rounded:,}"


def compare(left: object, sign: str, right: object, field: str, date_order: str = "month") -> bool:
    """Compare two values as a person means it: a number beside a number by size, dates by day, else texts as written.

    Larger and smaller need two numbers or two dates; else FilterError.
    """
    if sign in ("in", "notin"):
        return _holds(right, left) is (sign == "in")
    if sign in ("eq", "ne"):
        return _equals(left, right) is (sign == "eq")
    first, second = _comparable(left, right, date_order, field)
    return bool({"lt": first < second, "gt": first > second, "lteq": first <= second, "gteq": first >= second}[sign])


def read_number(value: object) -> Decimal | None:
    """Read a number as a cell shows it (`1,234.50`, `$5`, `20%` is 20); None when it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return Decimal(str(value))
    found = _NUMBER.fullmatch(str(value))
    if not found or not (found[2] or found[3]):
        return None
    number = Decimal((found[2] or "0").replace(",", "") + (found[3] or ""))
    return -number if "-" in found[1] else number


def _or_empty(value: Any, write: Callable[..., str], *arguments: Any) -> str:
    if not value or (isinstance(value, str) and value.startswith(EMPTY)):
        return str(value)
    return write(value, *arguments)


def _title(value: object) -> str:
    return re.sub(r"\S+", lambda word: word[0][:1].upper() + word[0][1:].lower(), str(value))


_NUMBER = pattern(r"\s*(-?[$€£¥]?-?)\s*(\d{1,3}(?:,\d{3}){1,4}|\d{1,15})?(\.\d{1,9})?\s*%?\s*", re.ASCII)


def _is_percent(value: object) -> bool:
    return isinstance(value, str) and "%" in value


def _equals(left: object, right: object) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return str(left).strip().casefold() == str(right).strip().casefold()
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    number = read_number(left)
    return number is not None and number == read_number(right)


def _holds(whole: object, value: object) -> bool:
    if isinstance(whole, (list, tuple)):
        return any(_equals(value, each) for each in whole)
    return str(value) in str(whole)


def _comparable(left: object, right: object, date_order: str, field: str) -> tuple[Any, Any]:
    numbers = read_number(left), read_number(right)
    if None not in numbers:
        return numbers
    dates = _day(left, date_order), _day(right, date_order)
    if None not in dates:
        return dates
    value, other = (left, right) if isinstance(left, str) else (right, left)
    raise FilterError(field, value, f'cannot be compared with "{other}" by size: both must be numbers, or both dates')


@dataclass(frozen=True, slots=True)
class _Moment:
    """As much of a date and time as a cell shows."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    hour: int | None = None
    minute: int | None = None


_TIME = pattern(
    r"(?:^|[\sT,]+)(?:at\s+)?(\d{1,2})(?::(\d{2}))?(?::\d{2}(?:\.\d+)?)?\s*([ap])?\.?(?:m\.?)?$", re.I | re.A
)
_WEEKDAY = pattern(rf"({'|'.join(SHORT_WEEKDAYS)})[a-z]*\.?,?\s+(?=\S)", re.I)
_ISO = pattern(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.A)
_SLASHED = pattern(r"(\d{1,2})([-/.])(\d{1,2})(?:\2(\d{4}|\d{2}))?", re.A)
_MONTH = f"({'|'.join(SHORT_MONTHS)})[a-z]*\\.?"
_MONTH_DAY = pattern(rf"{_MONTH}[\s-]+(\d{{1,2}})(?:st|nd|rd|th)?(?:[\s,-]+(\d{{4}}|\d{{2}}))?", re.I | re.A)
_DAY_MONTH = pattern(rf"(\d{{1,2}})(?:st|nd|rd|th)?[\s-]+{_MONTH}(?:[\s,-]+(\d{{4}}|\d{{2}}))?", re.I | re.A)


def _read_date(value: object, date_order: str) -> _Moment | None:
    if isinstance(value, datetime):
        return _Moment(value.year, value.month, value.day, value.hour, value.minute)
    if isinstance(value, date):
        return _Moment(value.year, value.month, value.day)
    if isinstance(value, time):
        return _Moment(hour=value.hour, minute=value.minute)
    return _read_text(" ".join(str(value).split()), date_order)


def _read_text(text: str, date_order: str) -> _Moment | None:
    weekday = _WEEKDAY.match(text)
    rest = text[weekday.end() :] if weekday else text
    whole = _read_day(rest, date_order)
    if whole is None and (found := _TIME.search(rest)) and (found[2] or found[3]):
        clock = _read_clock(found)
        day = _read_day(rest[: found.start()].strip(), date_order) if found.start() else _Moment()
        whole = _Moment(day.year, day.month, day.day, *clock) if clock and day else None
    return whole if whole and _stands(whole, weekday[1] if weekday else "") else None


def _read_clock(found: re.Match[str]) -> tuple[int, int] | None:
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if minute > 59 or hour > 23 or (half and not 1 <= hour <= 12):
        return None
    return (hour % 12 + (12 if half == "p" else 0), minute) if half else (hour, minute)


def _read_day(text: str, date_order: str) -> _Moment | None:
    if found := _ISO.fullmatch(text):
        return _Moment(int(found[1]), int(found[2]), int(found[3]))
    if found := _MONTH_DAY.fullmatch(text):
        return _Moment(_year(found[3]), month_number(found[1]), int(found[2]))
    if found := _DAY_MONTH.fullmatch(text):
        return _Moment(_year(found[3]), month_number(found[2]), int(found[1]))
    if (found := _SLASHED.fullmatch(text)) and not (found[2] == "." and date_order == "month"):  # dots: day first
        return _read_slashed(int(found[1]), int(found[3]), _year(found[4]), date_order)
    return None


def _read_slashed(first: int, second: int, year: int | None, date_order: str) -> _Moment | None:
    if date_order == "iso" and first != second and max(first, second) <= 12:
        return None  # either reading would be a guess
    day_first = date_order == "day" or (date_order == "iso" and first > 12)
    return _Moment(year, second, first) if day_first else _Moment(year, first, second)


def _year(text: str | None) -> int | None:
    if not text:
        return None
    return int(text) if len(text) == 4 else 2000 + int(text)


def _stands(moment: _Moment, weekday: str) -> bool:
    if moment.month is None or moment.day is None:
        return not weekday
    if moment.year == 0:
        return False
    try:
        day = date(moment.year or 2000, moment.month, moment.day)  # 2000 has a 29 February
    except ValueError:
        return False
    return not (weekday and moment.year) or SHORT_WEEKDAYS[day.weekday()].lower() == weekday.lower()


def _day(value: object, date_order: str) -> tuple[int, int, int] | None:
    moment = _read_date(value, date_order)
    if moment is None or moment.year is None or moment.month is None or moment.day is None:
        return None
    return (moment.year, moment.month, moment.day)


def _write_piece(piece: str, moment: _Moment, field: str, value: object) -> str:
    letter = piece[-1]
    if letter == "%":
        return "%"
    numbers: dict[str, int | None] = {"m": moment.month, "d": moment.day, "H": moment.hour, "M": moment.minute}
    numbers |= {"I": None if moment.hour is None else moment.hour % 12 or 12}
    numbers |= {"Y": moment.year, "y": None if moment.year is None else moment.year % 100}
    if letter in numbers:
        number = _need(numbers[letter], letter, field, value)
        return str(number) if len(piece) == 3 else f"{number:02d}"
    if letter == "p":
        return "AM" if _need(moment.hour, letter, field, value) < 12 else "PM"
    return _write_word(letter, moment, field, value)


def _write_word(letter: str, moment: _Moment, field: str, value: object) -> str:
    month = _need(moment.month, letter, field, value)
    if letter in "Bb":
        return (MONTHS if letter == "B" else SHORT_MONTHS)[month - 1]
    year = _need(moment.year, letter, field, value)
    weekday = date(year, month, _need(moment.day, letter, field, value)).weekday()
    return (WEEKDAYS if letter == "A" else SHORT_WEEKDAYS)[weekday]


_PIECES = {"Y": "year", "y": "year", "A": "year", "a": "year", "H": "time", "I": "time", "M": "time", "p": "time"}


def _need(number: int | None, letter: str, field: str, value: object) -> int:
    if number is None:
        piece = _PIECES.get(letter, "day")
        raise FilterError(field, value, f'shows no {piece}, which "%{letter}" needs: write the {piece} into the cell')
    return number
