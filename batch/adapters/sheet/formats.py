"""Write a number as a spreadsheet shows it by its number format.

The language: ECMA-376 part 1, 18.8.30 and 18.8.31 (https://ecma-international.org/publications-and-standards/standards/ecma-376/).
What the file cannot tell (the reader's own regional settings, fractions, the calendars of other
countries) is not guessed: `show` gives None, and the caller says how to fix the cell.

By hand, since calamine and openpyxl give the value of a cell and not what it shows.
"""

from __future__ import annotations

import math
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from batch.adapters.sheet.format_sections import FormatSection, split_sections
from batch.model.days import MONTHS, WEEKDAYS

BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: '"$"#,##0_);("$"#,##0)',
    6: '"$"#,##0_);[Red]("$"#,##0)', 7: '"$"#,##0.00_);("$"#,##0.00)', 8: '"$"#,##0.00_);[Red]("$"#,##0.00)', 9: "0%",
    10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??", 14: "m/d/yyyy", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy",
    18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "m/d/yyyy h:mm", 37: "#,##0 ;(#,##0)",
    38: "#,##0 ;[Red](#,##0)", 39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;[Red](#,##0.00)",
    41: '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)', 42: '_("$"* #,##0_);_("$"* (#,##0);_("$"* "-"_);_(@_)',
    43: '_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)',
    44: '_("$"* #,##0.00_);_("$"* (#,##0.00);_("$"* "-"??_);_(@_)',
    45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
}  # fmt: skip
"""The formats that a file names by number only (18.8.30), as an English (US) Excel shows them."""

UNKNOWN = "[unknown]"
"""Stands for a format that a file names by number only and that differs from country to country."""

_OTHER_MONEY = dict.fromkeys((5, 6, 7, 8, 42, 44), UNKNOWN)
REGIONAL = {
    "month": {number: BUILT_IN[number] for number in (14, 22)},
    "day": {14: "dd/mm/yyyy", 22: "dd/mm/yyyy h:mm", **_OTHER_MONEY},
    "iso": {14: "yyyy-mm-dd", 22: "yyyy-mm-dd h:mm", **_OTHER_MONEY},
}
"""What the formats that follow the reader's regional settings show, by the order of dates that is usual there."""


class Format:
    """One number format, taken apart once: what it shows, and of what kind it is.

    The last section is for texts when there are four, or when it has an @ in it; numbers use those before it, and
    General where there is none.
    """

    __slots__ = ("_epoch", "_show", "code", "has_date", "has_time", "numbers", "scientific", "text", "thousands")

    def __init__(self, code: str, *, epoch_1904: bool = False) -> None:
        self.code = code
        sections = [FormatSection(part) for part in split_sections(code)]
        words = sections[3:] or (sections[-1:] if sections[-1].has_text else [])
        self.numbers = sections[: len(sections) - len(words)] or [FormatSection("General")]
        self._epoch = epoch_1904
        self.has_date = any(section.has_date for section in self.numbers)
        self.has_time = any(section.has_time for section in self.numbers)
        self.thousands = any(section.thousands for section in self.numbers)
        self.scientific = any(section.exponent for section in self.numbers)
        self.text = words[0] if words and (len(sections) > 3 or words[0].adds_words) else None

    def show(self, value: float) -> str | None:
        """Give what the cell shows for a number; None when that cannot be said for sure."""
        section, shown = self._choose(value)
        if section is None or section.unclear:
            return None
        if section.has_date or section.has_time or section.elapsed:
            return None if value < 0 else _show_date(section, value, epoch_1904=self._epoch)
        if section.general:
            return _around_general(section, shown)
        return _show_number(section, shown)

    def show_text(self, text: str) -> str:
        """Give what the cell shows for a text, when the format has a section for texts."""
        if self.text is None:
            return text
        return "".join(text if kind == "text" else sign for kind, sign in self.text.tokens if kind in ("lit", "text"))

    def _choose(self, value: float) -> tuple[FormatSection | None, float]:
        numbers = self.numbers
        if any(section.condition for section in numbers):
            return self._by_condition(numbers, value)
        if len(numbers) == 1 or value > 0 or (value == 0 and len(numbers) < 3):
            return numbers[0], value
        if value < 0:
            unsure = len(numbers) == 2 and self.code.endswith(";")  # a lone minus sign or nothing
            return (None if unsure else numbers[1]), abs(value)
        return numbers[2], value

    def _by_condition(self, numbers: list[FormatSection], value: float) -> tuple[FormatSection | None, float]:
        for at, section in enumerate(numbers):
            if section.condition is None:
                fits = at == len(numbers) - 1 or (value > 0 if at == 0 else value < 0)
            else:
                fits = _compare(value, *section.condition)
            if fits:
                unsure = at > 0 and value < 0  # with the sign or without: programs differ
                return (None if unsure else section), value
        return None, value


def general(value: float) -> str | None:
    """Write a number in the format General; None where Excel would turn to scientific notation."""
    if value.is_integer():
        return str(int(value)) if abs(value) < 1e11 else None
    if abs(value) >= 1e11 or abs(value) < 1e-4 or not math.isfinite(value):
        return None
    short = repr(value)
    if len(short) <= 11:
        return short
    decimals = max(0, 10 - len(str(int(abs(value)))))
    text = format(_rounded(_decimal(value), decimals), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def exact(value: float) -> str:
    """Write a number out as it is kept, in the 15 digits that a spreadsheet keeps."""
    return str(int(_decimal(value))) if value.is_integer() and abs(value) < 1e21 else format(value, ".15g")


def _around_general(section: FormatSection, value: float) -> str | None:
    inner = general(value)
    if inner is None:
        return None
    return "".join(inner if kind == "general" else sign for kind, sign in section.tokens if kind in ("lit", "general"))


def _show_number(section: FormatSection, value: float) -> str | None:
    kinds = [kind for kind, _ in section.tokens]
    if "digit" not in kinds:
        sign = "-" if value < 0 and section.tokens else ""
        return sign + "".join("%" if kind == "percent" else text for kind, text in section.tokens if kind != "text")
    if ("foreign", "") in section.tokens or "slash" in kinds:
        return None
    if section.exponent:
        return _show_scientific(section, value)
    number = _decimal(value).scaleb(2 * kinds.count("percent") - 3 * kinds.count("scale"))
    point = kinds.index("point") if "point" in kinds else len(kinds)
    whole, decimals = section.tokens[:point], section.tokens[point:]
    places = sum(kind == "digit" for kind, _ in decimals)
    number = _rounded(number, places)
    digits = format(abs(number), "f")
    left, _, right = digits.partition(".")
    sign = "-" if number < 0 else ""
    return sign + _fill_whole(whole, left, thousands=section.thousands) + _fill_decimals(decimals, right)


def _fill_whole(tokens: list[tuple[str, str]], digits: str, *, thousands: bool) -> str:
    """Put digits into the placeholders from the right; what is over goes before the first one."""
    digits = "" if digits == "0" else digits
    out: list[str] = []
    places = sum(kind == "digit" for kind, _ in tokens)
    done = 0
    for kind, sign in reversed(tokens):
        if kind != "digit":
            out.append("%" if kind == "percent" else sign if kind == "lit" else "")
            continue
        places -= 1
        wanted = len(digits) - done if places == 0 else 1
        for _ in range(max(1, wanted)):
            digit = digits[-1 - done] if done < len(digits) else {"0": "0", "?": " "}.get(sign, "")
            if digit and thousands and done and done % 3 == 0 and digit != " ":
                out.append(",")
            out.append(digit)
            done += 1
    return "".join(reversed(out))


def _fill_decimals(tokens: list[tuple[str, str]], digits: str) -> str:
    out: list[str] = []
    left = digits
    for kind, sign in tokens:
        if kind == "point":
            out.append(".")
        elif kind == "digit":
            rest, digit = left, left[:1]
            left = left[1:]
            keep = sign == "0" or rest.strip("0")
            out.append(digit if keep else {"?": " "}.get(sign, ""))
        elif kind in ("lit", "percent"):
            out.append(sign)
    return "".join(out)


def _show_scientific(section: FormatSection, value: float) -> str | None:
    """Show `0.00E+00`; formats with more than one whole digit (`##0.0E+0`) count in steps and are left alone."""
    at = next(at for at, (kind, _) in enumerate(section.tokens) if kind == "exp")
    mantissa, tail = section.tokens[:at], section.tokens[at + 1 :]
    point = next((i for i, (kind, _) in enumerate(mantissa) if kind == "point"), len(mantissa))
    if sum(kind == "digit" for kind, _ in mantissa[:point]) != 1 or any(kind == "lit" for kind, _ in mantissa):
        return None
    places = sum(kind == "digit" for kind, _ in mantissa[point:])
    number = _decimal(value)
    power = number.adjusted() if number else 0
    scaled = _rounded(number.scaleb(-power), places)
    if abs(scaled) >= 10:
        power, scaled = power + 1, _rounded(scaled.scaleb(-1), places)
    plus = "+" if section.tokens[at][1][1] == "+" and power >= 0 else "-" if power < 0 else ""
    width = sum(kind == "digit" for kind, _ in tail)
    after = "".join(sign for kind, sign in tail if kind == "lit")
    return f"{format(scaled, 'f')}E{plus}{abs(power):0{width}d}{after}"


def _show_date(section: FormatSection, value: float, *, epoch_1904: bool) -> str | None:
    kinds = [kind for kind, _ in section.tokens]
    if "calendar" in kinds:
        return None
    if "foreign" in kinds and any(
        kind == "date" and len(sign) > 2 and sign[0] in "md" for kind, sign in section.tokens
    ):
        return None
    places = sum(kind == "digit" for kind in kinds)
    unit = 10**places
    ticks = _ticks(value, unit)
    day, rest = divmod(ticks, 86_400 * unit)
    parts = civil(day, epoch_1904=epoch_1904) if section.has_date else (0, 0, 0, 0)
    if parts is None:
        return None
    seconds, fraction = divmod(rest, unit)
    clock = _Clock(parts, seconds, day * 86_400 + seconds, f"{fraction:0{places}d}" if places else "")
    twelve = any(sign[0] in "aA" for kind, sign in section.tokens if kind == "date")
    return "".join(clock.write(kind, sign, twelve=twelve) for kind, sign in section.tokens)


class _Clock:
    """One moment, ready to be written token by token."""

    __slots__ = ("day", "fraction", "month", "second", "total", "weekday", "year")

    def __init__(self, parts: tuple[int, int, int, int], second: int, total: int, fraction: str) -> None:
        self.year, self.month, self.day, self.weekday = parts
        self.second, self.total, self.fraction = second, total, fraction

    def write(self, kind: str, sign: str, *, twelve: bool) -> str:
        if kind == "point":
            return "."
        if kind == "digit":
            digit, self.fraction = self.fraction[:1], self.fraction[1:]
            return digit
        if kind == "elapsed":
            return f"{self.total // {'h': 3600, 'm': 60, 's': 1}[sign[0]]:0{len(sign)}d}"
        if kind == "date":
            return self._date(sign, twelve=twelve)
        return sign if kind == "lit" else ""

    def _date(self, sign: str, *, twelve: bool) -> str:
        first, width = sign[0], len(sign)
        if first in "aA":
            return self._half(sign)
        if first == "y":
            return f"{self.year % 100:02d}" if width < 3 else f"{self.year:04d}"
        if first in "md" and width > 2:
            name = MONTHS[self.month - 1] if first == "m" else WEEKDAYS[self.weekday]
            return name[:1] if width == 5 and first == "m" else name[:3] if width == 3 else name
        hour = self.second // 3600
        hour = (hour + 11) % 12 + 1 if twelve else hour
        number = {"m": self.month, "d": self.day, "h": hour, "n": self.second // 60 % 60, "s": self.second % 60}[first]
        return f"{number:02d}" if width > 1 else str(number)

    def _half(self, sign: str) -> str:
        first, second = sign.split("/")
        return first if self.second < 43_200 else second


def civil(day: int, *, epoch_1904: bool) -> tuple[int, int, int, int] | None:
    """Turn a serial's whole days into year, month, day, weekday (0 is Monday).

    None before 1900-03-01 in the 1900 system, where Excel counts a 29 February that never was, and
    after the year 9999.
    """
    ordinal = day + (695_056 if epoch_1904 else 693_594)
    if ordinal > 3_652_059 or (not epoch_1904 and day < 61) or day < 0:
        return None
    found = date.fromordinal(ordinal)
    return found.year, found.month, found.day, found.weekday()


def _ticks(value: float, unit: int) -> int:
    """Round a serial to whole seconds (or their parts), as 9:59:59.9995 is meant to be 10:00."""
    return int((_decimal(value) * 86_400 * unit).to_integral_value(ROUND_HALF_UP))


def _decimal(value: float) -> Decimal:
    """Take a number as its 15 digits say, which is how a spreadsheet rounds."""
    return Decimal(format(value, ".15g"))


def _rounded(number: Decimal, places: int) -> Decimal:
    if number.adjusted() + places > 25:
        return number
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _compare(value: float, sign: str, limit: float) -> bool:
    if sign in ("=", "<>"):
        return (value == limit) is (sign == "=")
    if sign in ("<", "<="):
        return value < limit or (sign == "<=" and value == limit)
    return value > limit or (sign == ">=" and value == limit)
