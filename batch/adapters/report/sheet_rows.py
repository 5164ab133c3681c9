"""Fill the long tables of a finished workbook with their rows: written as XML here, a cell takes a tenth of the time.

This needs no part of the library, only what each such file has: sheets, the style of a column, shared strings. Texts in
the cells themselves would be simpler, and iPhones and Numbers show none of them.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from batch.model.columns import column_letter

Lines = Sequence[Sequence[object]]
"""The rows of a table, each value as what it is."""
Written = Mapping[int, re.Match[str]]
"""The rows that the library wrote, by number: the head, the sums, and of others their height and their links."""

LEVEL = 5
"""Of the compression: 6 takes half as long again for 2 % less."""
_FIRST_DAY, _A_DAY = datetime(1899, 12, 30), timedelta(days=1)  # noqa: DTZ001 - a cell has no zone
"""What Excel counts a time from, and in."""
_STRINGS = "xl/sharedStrings.xml"
_ROW = re.compile(r'<row r="(?P<number>\d+)"(?: spans="[\d:]+")?(?P<how>[^>]*?)(?:/>|>(?P<cells>.*?)</row>)', re.DOTALL)
_CELL = re.compile(r"<c [^>]*?(?:/>|>.*?</c>)", re.DOTALL)
_STYLE = re.compile(r'<col min="(\d+)" max="(\d+)"[^>]*? style="(\d+)"')
_UNSAFE, _LIKE_ESCAPED = re.compile(r"[&<>_\x00-\x08\x0b-\x1f\ufffe\uffff]"), re.compile(r"_x[0-9a-fA-F]{4}_")
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


class Strings(dict[str, int]):
    """The number of each text that cells share; the library's own come first."""

    def __init__(self, first: int) -> None:
        self.first = first

    def __missing__(self, text: str) -> int:
        number = self[text] = self.first + len(self)
        return number


def fill_rows(book: bytes, tables: Mapping[tuple[int, int], Lines], shown: Callable[[str], str]) -> bytes:
    """Give a workbook with the rows of its tables, each by the numbers of its sheet and of itself, from 1.

    The library made them with one row. `shown` gives a text as a cell shows it.
    """
    with zipfile.ZipFile(io.BytesIO(book)) as finished:
        parts = {part.filename: (part, finished.read(part)) for part in finished.infolist()}
    texts = parts[_STRINGS][1].decode()
    strings, changed = Strings(texts.count("<si>")), {}
    for (number, table), lines in tables.items():
        name, described = f"xl/worksheets/sheet{number}.xml", f"xl/tables/table{table}.xml"
        changed[name] = _fill(parts[name][1].decode(), lines, strings)
        changed[described] = _stretch(parts[described][1].decode(), len(lines) - 1)
    changed[_STRINGS] = _add_texts(texts, strings, shown)
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as filled:
        for name, (part, content) in parts.items():
            new = changed[name].encode() if name in changed else content
            filled.writestr(part, new, zipfile.ZIP_DEFLATED, LEVEL)
    return memory.getvalue()


@lru_cache(maxsize=16_384)
def days_of(moment: datetime) -> float:
    """Give a time by the clock of its zone, which it no longer has, as Excel counts it."""
    return (moment - _FIRST_DAY) / _A_DAY


def _stretch(table: str, rows: int) -> str:
    """Let a table and its filter go some rows further down."""
    return re.sub(r'(?<= ref="A1:)([A-Z]+)(\d+)', lambda end: f"{end[1]}{int(end[2]) + rows}", table)


def _fill(sheet: str, lines: Lines, strings: Strings) -> str:
    """Put rows between the head and the sums of a sheet."""
    before, body, after = re.split(r"</?sheetData>", sheet)
    written = {int(row["number"]): row for row in _ROW.finditer(body)}
    styles = [style for first, last, style in _STYLE.findall(before) for _ in range(int(first), int(last) + 1)]
    columns = [(f'<c r="{column_letter(place)}', f'" s="{style}"') for place, style in enumerate(styles)]
    rows = [_row(number, values, columns, strings, written) for number, values in enumerate(lines, 2)]
    sums = (row[0] for number, row in written.items() if number > len(lines) + 1)
    return "".join((before, "<sheetData>", written[1][0], *rows, *sums, "</sheetData>", after))


def _row(
    number: int, values: Sequence[object], columns: Sequence[tuple[str, str]], strings: Strings, written: Written
) -> str:
    cells = []
    for (begin, style), value in zip(columns, values, strict=True):
        if isinstance(value, str):
            if value:
                cells.append(f'{begin}{number}{style} t="s"><v>{strings[value]}</v></c>')
        elif isinstance(value, int):
            cells.append(f"{begin}{number}{style}><v>{value:d}</v></c>")
        elif isinstance(value, datetime):
            cells.append(f"{begin}{number}{style}><v>{days_of(value.replace(tzinfo=None)):.16G}</v></c>")
        elif isinstance(value, float):
            cells.append(f"{begin}{number}{style}><v>{value:.16G}</v></c>")
        elif value is not None:
            cells.append(_link(written[number], f'{begin}{number}"'))
    how = written[number]["how"] if number in written else ""
    return f'<row r="{number}"{how}>{"".join(cells)}</row>'


def _link(row: re.Match[str], begin: str) -> str:
    return next(cell[0] for cell in _CELL.finditer(row["cells"]) if cell[0].startswith(begin))


def _add_texts(texts: str, strings: Strings, shown: Callable[[str], str]) -> str:
    """Add to the texts that the library wrote."""
    number = f'uniqueCount="{strings.first + len(strings)}"'
    written = re.sub(r'count="\d+" uniqueCount="\d+"', number, texts, count=1).removesuffix("</sst>")
    return "".join((written, *(_text(shown(text)) for text in strings), "</sst>"))


def _text(text: str) -> str:
    plain = _UNSAFE.sub(_escape, text)
    kept = ' xml:space="preserve"' if plain != plain.strip() else ""
    return f"<si><t{kept}>{plain}</t></si>"


def _escape(found: re.Match[str]) -> str:
    """Write a character that XML or Excel would take for something else."""
    sign = found[0]
    if sign == "_" and not _LIKE_ESCAPED.match(found.string, found.start()):
        return sign
    return _ESCAPED.get(sign) or f"_x{ord(sign):04X}_"
