"""Write rows into a workbook of their own: where the file is no .xlsx, and for the rows that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from io import BytesIO
from typing import TYPE_CHECKING

from batch.marked.cells import RawCell, clean
from batch.model import Row, column_letter

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell, MergedCell

WIDEST = 60
LINE = 15
"""Points."""
TEXT = "@"
_ERRORS = frozenset({"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!"})
_DATE_FORMATS = {datetime: "yyyy-mm-dd hh:mm", date: "yyyy-mm-dd", time: "hh:mm"}


def write_rows(
    header: Sequence[str],
    rows: Mapping[int, Sequence[object]],
    *,
    first: int = 1,
    title: str = "Campaigns",
    widths: Mapping[int, float] | None = None,
    heights: Mapping[int, int] | None = None,
    epoch_1904: bool = False,
) -> BytesIO:
    """Write a header into row `first` and each row under its number; a cell is a text or a (value, format).

    `widths` by position and `heights` in lines by row number, where they are not what fits.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = Workbook()
    if epoch_1904:
        book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for at, name in enumerate(header):
        cell = sheet.cell(first, at + 1)
        put(cell, name)
        cell.font, cell.alignment = Font(bold=True), Alignment(vertical="top")
        width = (widths or {}).get(at) or _fit([name, *(row[at] for row in list(rows.values())[:200])])
        sheet.column_dimensions[column_letter(at)].width = width
    for number, row in rows.items():
        for at, value in enumerate(row):
            cell = sheet.cell(number, at + 1)
            put(cell, value)
            cell.alignment = Alignment(vertical="top")
        if heights and number in heights:
            sheet.row_dimensions[number].height = LINE * heights[number]
    sheet.freeze_panes = f"B{first + 1}"
    written = BytesIO()
    book.save(written)
    return written


def put(cell: Cell | MergedCell, value: object) -> None:
    """Write a text, or a value with its number format; a text never becomes a formula."""
    if isinstance(value, tuple):
        cell.value, cell.number_format = value
        return
    text = clean(str(value))
    if not text:
        return
    cell.value = text
    cell.data_type = "s"
    cell.number_format = TEXT
    cell.quotePrefix = text[0] in "=+-@"


def as_shown(row: Row) -> list[object]:
    """Give a row's cells as a person sees them, real dates as dates."""
    return [_dated(row, at) for at in range(len(row.texts))]


def as_filed(row: Row, cells: Mapping[int, RawCell], code: Mapping[int, str]) -> list[object]:
    """Give a row's cells with the numbers and formats of the file; what is text there is text here."""
    return [_filed(row, at, cells.get(at), code) for at in range(len(row.texts))]


def _dated(row: Row, at: int) -> object:
    moment = row.dates.get(at)
    if moment is None:
        return row.texts[at]
    return moment, _DATE_FORMATS[type(moment)]


def _filed(row: Row, at: int, cell: RawCell | None, codes: Mapping[int, str]) -> object:
    if cell is None or not cell.value or (cell.formula and not row.texts[at]):
        return _dated(row, at)
    if cell.kind == "b":
        return cell.value == "1", "General"
    number = _number(cell.value) if cell.kind == "n" else None
    if number is not None:
        return number, codes.get(cell.style, "General")
    return (cell.value, "General") if cell.value in _ERRORS and cell.kind == "e" else row.texts[at]


def _number(text: str) -> int | float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return int(text) if text.lstrip("-").isdigit() and len(text) < 16 else number


def _fit(texts: Sequence[object]) -> float:
    longest = max((len(text) for text in texts if isinstance(text, str)), default=10)
    return min(WIDEST, max(12, longest * 1.1 + 2))
