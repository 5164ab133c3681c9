"""Write rows into a workbook of their own: where the file is no .xlsx, and for the rows that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING

from batch.adapters.marked.cells import RawCell, clean
from batch.model import Row

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

WIDEST = 60
LINE = 15
"""Points."""
_MOST_LINES = 8
TEXT = "@"
_SPOILT = ("cell-error", "formula-not-calculated")
ERRORS = frozenset({"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!"})
_DATE_FORMATS = {datetime: "mmm d, yyyy h:mm AM/PM", date: "mmm d, yyyy", time: "h:mm AM/PM"}


def write_rows(
    header: Sequence[str],
    rows: Mapping[int, Sequence[object]],
    *,
    first: int = 1,
    widths: Mapping[int, float] | None = None,
    heights: Mapping[int, int] | None = None,
    epoch_1904: bool = False,
) -> BytesIO:
    """Write a header into row `first` and each row under its number; a cell is a text or a (value, format).

    `widths` by position and `heights` in lines by row number, where they are not what fits; rows in their order.
    """
    from xlsxwriter import Workbook

    written = BytesIO()
    book = Workbook(written, {"in_memory": True, "date_1904": epoch_1904})
    sheet = book.add_worksheet("Campaigns")
    sheet.freeze_panes(first, 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(first - 1)
    fits = [
        (widths or {}).get(at) or _fit([name, *(row[at] for row in islice(rows.values(), 200))])
        for at, name in enumerate(header)
    ]
    for at, width in enumerate(fits):
        sheet.set_column(at, at, width)
    looks = _CellFormats(book)
    for at, name in enumerate(header):
        sheet.write_string(first - 1, at, clean(name), looks.bold)
    for number, row in rows.items():
        lines = max((heights or {}).get(number, 1), *map(_lines, row, fits))
        if lines > 1:
            sheet.set_row(number - 1, LINE * lines)
        for at, value in enumerate(row):
            _write(sheet, number - 1, at, value, looks, wrap=_lines(value, fits[at]) > 1)
    book.close()
    return written


class _CellFormats:
    """The cell formats of a workbook, each made once."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[tuple[str | int, bool, bool], Format] = {}
        self.bold = book.add_format({"bold": True, "valign": "top"})

    def find(self, code: str | int, *, quoted: bool = False, wrap: bool = False) -> Format:
        """Give the look of a number format; `quoted` keeps a text a text when somebody types into it."""
        if (code, quoted, wrap) not in self._made:
            made = self._book.add_format({"num_format": code, "valign": "top", "text_wrap": wrap})
            if quoted:
                made.set_quote_prefix()
            self._made[code, quoted, wrap] = made
        return self._made[code, quoted, wrap]


def _lines(value: object, width: float) -> int:
    """Give the lines that a text takes where the column is narrower, so that the next one cuts nothing off."""
    return min(_MOST_LINES, -(-len(value) // max(1, int(width)))) if isinstance(value, str) else 1


def _write(sheet: Worksheet, row: int, at: int, value: object, looks: _CellFormats, *, wrap: bool) -> None:
    """Write a text, or a value with its number format; a text never becomes a formula."""
    if not isinstance(value, tuple):
        if text := clean(str(value)):
            sheet.write_string(row, at, text, looks.find(TEXT, quoted=text[0] in "=+-@", wrap=wrap))
        return
    shown, code = value
    if shown in ERRORS:
        sheet.write_formula(row, at, f"={shown}", looks.find(code), shown)
    elif isinstance(shown, (datetime, date, time)):
        sheet.write_datetime(row, at, shown, looks.find(code))
    elif isinstance(shown, bool):
        sheet.write_boolean(row, at, shown, looks.find(code))
    else:
        sheet.write_number(row, at, shown, looks.find(code))


def as_shown(row: Row) -> list[object]:
    """Give a row's cells as a person sees them, real dates as dates, and error values as such.

    A row whose error value became a blank would be a good one when it comes back as it is.
    """
    return [_dated(row, at) for at in range(len(row.texts))]


def as_filed(row: Row, cells: Mapping[int, RawCell], codes: Mapping[int, str | int]) -> list[object]:
    """Give a row's cells with the numbers and formats of the file; what is text there is text here."""
    return [_filed(row, at, cells.get(at), codes) for at in range(len(row.texts))]


def _dated(row: Row, at: int) -> object:
    moment = row.dates.get(at)
    if moment is None:
        return row.texts[at] or _error_value(row, at)
    return moment, _DATE_FORMATS[type(moment)]


def _error_value(row: Row, at: int) -> str:
    """Give what stood in an empty cell that must not come back empty; what was never calculated as #N/A."""
    column = row.header.letter_at(at) if row.issues else ""
    spoilt = (issue for issue in row.issues if issue.column == column and issue.code in _SPOILT)
    return next((issue.value or "#N/A" for issue in spoilt), "")


def _filed(row: Row, at: int, cell: RawCell | None, codes: Mapping[int, str | int]) -> object:
    if cell is None or not cell.value or (cell.formula and not row.texts[at]):
        return _dated(row, at)
    if cell.kind == "b":
        return cell.value == "1", "General"
    number = _number(cell.value) if cell.kind == "n" else None
    if number is not None:
        return number, codes.get(cell.style, "General")
    return (cell.value, "General") if cell.value in ERRORS and cell.kind == "e" else row.texts[at]


def _number(text: str) -> int | float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return int(text) if text.lstrip("-").isdigit() and len(text) < 16 else number


def _fit(texts: Sequence[object]) -> float:
    longest = max((len(text) for text in texts if isinstance(text, str)), default=10)
    return min(WIDEST, max(12, longest * 1.1 + 2))
