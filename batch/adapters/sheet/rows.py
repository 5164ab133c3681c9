"""Turn what a file shows into `Row`s: what is to say about a cell, in words, once its column has a meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from batch.adapters.sheet.headers import ID_FIELDS, TIME_FIELDS
from batch.adapters.sheet.shown import NARROW
from batch.model import Header, Issue, Level, Row
from batch.model.columns import column_letter
from batch.model.places import list_row, sheet_row

if TYPE_CHECKING:
    from batch.adapters.sheet.shapes import Extra, RowOut


"""The codes of reading that a person may let go, each with what it means."""


class RowMaker:
    """Makes the rows of one sheet; knows which columns hold ids and times."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._ids = {header.columns[name]: name for name in ID_FIELDS if name in header.columns}
        self._times = {header.columns[name]: name for name in TIME_FIELDS if name in header.columns}
        self._fields = {position: name for name, position in header.columns.items()}
        self._watched = sorted({**self._ids, **self._times})
        self._moments: dict[tuple[float, bool, bool, bool], datetime | date | time | None] = {}

    def make(self, block: Iterable[RowOut]) -> Iterator[Row]:
        """Give a row for each."""
        header, watched = self._header, self._watched
        for number, texts, extras in block:
            if extras is None:
                for at in watched:
                    if _suspect(texts[at]):
                        break
                else:
                    yield Row(number, header, texts)
                    continue
            yield self._one_date(number, texts, extras) or self._with_extras(number, texts, extras or [])

    def _one_date(self, number: int, texts: tuple[str, ...], extras: list[Extra] | None) -> Row | None:
        """Make the commonest row with something to say, one with a real date, without further ado."""
        if extras is None or len(extras) > 1 or extras[0][1] != "date" or extras[0][0] not in self._times:
            return None
        at, unclear = extras[0][0], extras[0][6]
        moment = self._moment(extras[0])
        if unclear or moment is None:
            return None
        for other in self._watched:
            if other != at and _suspect(texts[other]):
                return None
        return Row(number, self._header, texts, {at: moment})

    def _moment(self, extra: Extra) -> datetime | date | time | None:
        """Give the date of an extra; equal ones are the same object, which those who remember times find at once."""
        what = extra[2:6]
        if what not in self._moments:
            if len(self._moments) >= _ROOM:
                self._moments.clear()
            serial, epoch_1904, has_date, has_time = what
            self._moments[what] = to_moment(serial, epoch_1904=epoch_1904, has_date=has_date, has_time=has_time)
        return self._moments[what]

    def _with_extras(self, number: int, texts: tuple[str, ...], extras: list[Extra]) -> Row:
        cells = list(texts)
        issues: list[Issue] = []
        unshown: dict[int, Issue] = {}
        dates: dict[int, datetime | date | time] = {}
        for extra in extras:
            at, kind = extra[0], extra[1]
            if kind == "date":
                self._date(number, extra, cells, dates, issues, unshown)
            elif kind == "unclear":
                self._unclear(number, extra, cells, issues, unshown)
            elif kind in _MANGLED:
                if at in self._ids:
                    issues.append(self._mangled(number, at, kind, cells[at], extra[2]))
            elif kind == "merged":
                issues.extend(self._merged(number, extra))
            else:
                issues.append(self._spoilt(number, extra))
        told = {extra[0] for extra in extras}
        for at in self._watched:
            if at not in told:
                issues.extend(self._look_at(number, at, cells))
        return (
            Row(number, self._header, tuple(cells), dates, tuple(issues), unshown)
            if dates or unshown
            else Row(number, self._header, tuple(cells), issues=tuple(issues))
        )

    def _date(  # noqa: PLR0917 each is filled here
        self, number: int, extra: Extra, cells: list[str], dates: dict[int, datetime | date | time],
        issues: list[Issue], unshown: dict[int, Issue],
    ) -> None:  # fmt: skip
        at, serial, unclear = extra[0], extra[2], extra[6]
        if at in self._ids:
            issues.append(self._mangled(number, at, "date", cells[at], ""))
            return
        moment = self._moment(extra)
        if at in self._times and moment is not None:
            dates[at] = moment
        if unclear:
            cells[at] = cells[at] or write_plainly(serial, moment)
            unshown[at] = self._issue(
                number, at, "format-unclear",
                f'the date format "{unclear}" does not look the same on every computer: '
                "give the cell a plain date format, or type the date as text",
                cells[at],
            )  # fmt: skip

    def _unclear(
        self, number: int, extra: Extra, cells: list[str], issues: list[Issue], unshown: dict[int, Issue]
    ) -> None:
        at, _, raw, code = extra
        digits = raw.lstrip("-")
        if at in self._ids and digits.isdigit() and len(digits) <= 15:
            cells[at] = raw
            return
        if at in self._ids:
            issues.append(self._mangled(number, at, "long" if "." not in raw else "decimal", cells[at], raw))
            return
        unshown[at] = self._issue(
            number, at, "format-unclear",
            f'the number {raw} in the format "{code}" cannot be shown as Excel shows it: '
            "choose a plain number format, or format the cell as Text and type what the reader should see",
            raw,
        )  # fmt: skip

    def _mangled(self, number: int, at: int, kind: str, shown: str, raw: str) -> Issue:
        words = _MANGLED[kind].format(shown=shown, raw=raw)
        return self._issue(number, at, "number-mangled", f"{words}: {_AS_TEXT}", shown or raw)

    def _merged(self, number: int, extra: Extra) -> Iterator[Issue]:
        _, _, left, right, top, bottom = extra
        names = [
            self._header.names[at] for at in range(left, min(right + 1, len(self._header.names))) if at in self._fields
        ]
        if len(names) > 1:
            place = f"{column_letter(left)}{top}:{column_letter(right)}{bottom}"
            words = ", ".join(f'"{name}"' for name in names)
            yield self._issue(
                number, left, "merged-cells",
                f"the merged cell {place} covers the columns {words}, and it is not clear which of them it means: "
                "unmerge it and fill each cell",
            )  # fmt: skip

    def _spoilt(self, number: int, extra: Extra) -> Issue:
        at, kind = extra[0], extra[1]
        address = self._address(number, at)
        if kind == "list":
            return self._issue(number, at, extra[2], extra[3], extra[4])
        if kind == "error":
            return self._issue(number, at, "cell-error", f"{address} shows {extra[2]}{_why(extra[2])}", extra[2])
        if kind == "formula":
            words = (
                f'{address} shows the formula "{extra[2][:60]}", not its value: save the sheet with its values '
                "(Show Formulas, and a cell formatted as Text, keep the formula), or type the value"
            )
            return self._issue(number, at, "formula-not-calculated", words, extra[2])
        if kind == "uncalculated":
            words = f"{address} holds a formula that was never calculated: open the file in Excel and save it"
            return self._issue(number, at, "formula-not-calculated", words)
        if kind == "hidden-unknown":
            words = (
                "only part of the file could be read, so it is not known whether this row is hidden: save the file "
                f"as .xlsx, or send the row anyway with --allow {kind}"
            )
            return Issue(number, "", "", kind, words, Level.HOLD)
        if kind == "broken":
            return self._issue(
                number,
                at,
                "broken-character",
                f"{address} holds a character that is not text (NUL): type the cell again",
            )
        return self._ragged(number, extra[2])

    def _address(self, number: int, at: int) -> str:
        letter = self._header.letter_at(at)
        return f"{letter}{list_row(number) if '!' in letter else sheet_row(number)}"

    def _ragged(self, number: int, found: int) -> Issue:
        width = len(self._header.names)
        why = (
            "a comma or semicolon in a text that is not in quotes?"
            if found > width
            else "a line break in a text that is not in quotes?"
        )
        words = f"the row has {found} cells where the header has {width} ({why}): save the sheet from Excel again"
        return Issue(number, "", "", "ragged-row", words)

    def _look_at(self, number: int, at: int, cells: list[str]) -> Iterator[Issue]:
        """Look at the text of an id or a time for what only numbers turn into."""
        text = cells[at]
        if at in self._times:
            if _SERIAL.fullmatch(text):
                words = f'"{text}" is an Excel day number, not a date: format the cell as a date and a time'
                yield self._issue(number, at, "date-as-number", words, text)
            return
        if _WHOLE.fullmatch(text) and self._ids[at] != "Reference":
            cells[at] = text.partition(".")[0]
        elif _DECIMAL.fullmatch(text) and self._ids[at] != "Reference":
            yield self._mangled(number, at, "decimal", text, text)
        elif _SCIENTIFIC.fullmatch(text):
            yield self._mangled(number, at, "scientific", text, text)

    def _issue(self, number: int, at: int, code: str, words: str, value: str = "") -> Issue:
        return Issue(
            number, self._header.letter_at(at), self._fields.get(at, ""), code, words, Level.ERROR, value[:200]
        )


def _why(shown: str) -> str:
    if NARROW.fullmatch(shown):
        return ": the column was too narrow when the file was saved: widen it and save again, or type the value"
    return ": fix its formula or type the value"


def to_moment(serial: float, *, epoch_1904: bool, has_date: bool, has_time: bool) -> datetime | date | time | None:
    """Turn a serial into the date or time it stands for, rounded to the second; None when it stands for none.

    Excel counts a 29 February 1900 that never was, so days before 1 March 1900 stand for none
    (https://learn.microsoft.com/office/troubleshoot/excel/wrongly-assumes-1900-is-leap-year).
    """
    seconds = round(serial * 86_400)
    if has_date and serial >= 61:
        moment = (_EPOCH_1904 if epoch_1904 else _EPOCH) + timedelta(seconds=seconds)
        return moment if has_time or seconds % 86_400 else moment.date()
    days, rest = divmod(seconds, 86_400)
    clock = time(rest // 3600, rest // 60 % 60, rest % 60)
    if not has_date and (days == 0 or (not has_time)):
        return clock
    if not epoch_1904 and days < 61:
        return clock if days == 0 and has_time else None
    moment = (_EPOCH_1904 if epoch_1904 else _EPOCH) + timedelta(seconds=seconds)
    return moment if rest or has_time else moment.date()


def write_plainly(serial: float, moment: datetime | date | time | None) -> str:
    """Write a date or time whose format cannot be shown, so that it does not look empty."""
    return str(moment) if moment is not None else format(serial, ".15g")


_ROOM = 16_384
"""Different times of one file that are remembered."""
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 cells know no zone
_EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
_AS_TEXT = 'format the column as Text and type the value again (ids separated by ";")'
_MANGLED = {
    "thousands": 'Excel took the cell for one number, {raw}, shown as {shown}; "100,101" becomes such a number',
    "scientific": "Excel shows {shown}, a number in scientific notation, whose digits may be lost",
    "long": "the number {raw} is longer than the digits that Excel keeps, so its last ones are lost",
    "decimal": "{raw} is a number with decimals, not an id",
    "date": 'Excel took the cell for a date and shows {shown}, as "1-2" becomes 2 January',
}
_suspect = re.compile(r"\d+\.\d+$|\d(?:\.\d+)?[eE]\+?\d+$|[2-9]\d{4}$").match
_SERIAL = re.compile(r"[2-9]\d{4}(?:\.\d+)?")
_WHOLE = re.compile(r"\d+\.0+")
_DECIMAL = re.compile(r"\d+\.\d+")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")
