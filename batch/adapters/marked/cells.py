"""Read and mark the cells of one sheet in its own XML, so that all that is not a mark stays byte for byte.

Parsing it into a library's objects and writing those again would lose pictures, shapes, drop-downs that lie on
another sheet, and what every formula last showed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import field
from html import escape
from typing import NamedTuple

from batch.adapters.marked.styles import Paint
from batch.model.columns import column_letter
from batch.model.records import dataclass

WIDTH = 90
"""Of the Problem column, in characters."""


class RawCell(NamedTuple):
    """One cell as the file has it."""

    kind: str
    """`n`, `s`, `str`, `b`, `e`, `d` or `inlineStr`."""
    value: str
    """What stands in `<v>`: for a shared text only its number."""
    style: int
    formula: bool


@dataclass(slots=True)
class RowMark:
    """What is to be written into one row."""

    cells: dict[int, Paint] = field(default_factory=dict)
    words: dict[int, str] = field(default_factory=dict)
    """Texts by position."""
    style: int | None = None
    """The style of the texts, where it is not that of the Problem column."""


class Marking(NamedTuple):
    """How rows are marked."""

    style_of: Callable[[int, Paint], int]
    ours: Collection[int]
    """Styles that bear a mark of an earlier time."""
    empty: Collection[int]
    """The positions of our columns of an earlier time."""
    header: int
    """The number of the header row: these columns are emptied only below it."""
    words: Paint = Paint.WORDS
    """How the Problem column is written."""
    share: Callable[[str], int] | None = None
    """Gives the number of a text that cells share; None where each text stands in its cell."""


class SheetXml:
    """The XML of one sheet."""

    def __init__(self, content: bytes) -> None:
        found = _DATA.search(content)
        if found is None:
            raise ValueError("the sheet has no rows")
        self._head, self._rows, self._tail = content[: found.start(2)], found.group(2), content[found.end(2) :]
        self._prefix: bytes = found.group(1)
        self._columns = _read_columns(self._head)

    def widths(self) -> dict[int, float]:
        """Give the widths that were set, by position."""
        return {
            at: one.width
            for one in self._columns
            if one.width
            for at in range(one.first, min(one.last, one.first + 200) + 1)
        }

    def filled(self) -> set[int]:
        """Give the positions of the columns in which something stands."""
        return {_position(one) for one in {found.group(1) for found in _FILLED.finditer(self._rows)}}

    def has_formulas(self, position: int) -> bool:
        """Whether a cell of a column holds a formula."""
        letters = re.escape(column_letter(position).encode())
        return re.search(_FORMULA % letters, self._rows) is not None

    def read(self, wanted: Collection[int]) -> dict[int, dict[int, RawCell]]:
        """Read the cells of some rows, as they are in the file."""
        return {number: dict(_raw(row)) for number, row in self._each() if number in wanted}

    def mark(self, marks: Mapping[int, RowMark], marking: Marking) -> None:
        """Write marks into their rows, take older ones of ours off, and empty the older Problem column."""
        pieces, at = [], 0
        all_rows = bool(marking.ours) or bool(marking.empty)
        for number, row in self._each():
            mark = marks.get(number)
            if mark is None and not all_rows:
                continue
            pieces.append(self._rows[at : row.start()])
            pieces.append(self._write_row(number, row, mark or RowMark(), marking))
            at = row.end()
        self._rows = b"".join((*pieces, self._rows[at:]))

    def widen(self, position: int, width: float) -> None:
        """Give a column its width, and the sheet its new extent."""
        name = self._prefix.decode()
        columns = [piece for one in self._columns for piece in one.without(position)]
        columns.append(_Columns(position, position, width, 0, f'width="{width:g}" customWidth="1"'))
        self._columns = columns
        written = "".join(one.write(name) for one in sorted(columns, key=lambda one: one.first))
        head = _COLS.sub(b"", self._head)
        cut = head.rindex(b"<" + self._prefix + b"sheetData")
        self._head = head[:cut] + f"<{name}cols>{written}</{name}cols>".encode() + head[cut:]
        self._head = _DIMENSION.sub(lambda found: _stretch(found, position), self._head, count=1)

    def show_drawing(self, relation: str, namespace: str) -> None:
        """Speak of the drawing that holds the comments' boxes, in the place where the standard wants it."""
        tag = f'<{self._prefix.decode()}legacyDrawing xmlns:mark="{namespace}" mark:id="{relation}"/>'.encode()
        at = _place_for_drawing(self._tail)
        self._tail = self._tail[:at] + tag + self._tail[at:]

    def write(self) -> bytes:
        """Give the part."""
        return self._head + self._rows + self._tail

    def _write_row(self, number: int, row: re.Match[bytes], mark: RowMark, marking: Marking) -> bytes:
        """Write one row again: painted cells, words, and all others as they were."""
        prefix, attributes, inner = row.group(1), row.group(2), row.group(3) or b""
        written: dict[int, bytes] = {}
        last = 0
        empty = marking.empty if number > marking.header else ()
        for position, found in _cells(row):
            last = found.end()
            if position not in empty:
                written[position] = _repaint(position, found, mark, marking)
        for position in mark.cells.keys() - written.keys():
            style = marking.style_of(self._default(attributes, position), mark.cells[position])
            written[position] = _cell(prefix, number, position, style)
        for position, words in mark.words.items():
            style = mark.style if mark.style is not None else marking.style_of(0, marking.words)
            written[position] = _cell(prefix, number, position, style, clean(words), marking.share)
        cells = b"".join(written[position] for position in sorted(written))
        opening = b"<" + prefix + b"row" + _SPANS.sub(b"", attributes)
        return opening + b">" + cells + inner[last:] + b"</" + prefix + b"row>"

    def _each(self) -> Iterator[tuple[int, re.Match[bytes]]]:
        number = 0
        for found in _ROW.finditer(self._rows):
            number = int(_attribute(found.group(2), b"r") or number + 1)
            yield number, found

    def _default(self, row: bytes, position: int) -> int:
        """Give the style of a cell that is not there: its row's, else its column's."""
        if _attribute(row, b"customFormat") in {"1", "true"}:
            return int(_attribute(row, b"s") or 0)
        return next((one.style for one in self._columns if one.first <= position <= one.last), 0)


class _Columns(NamedTuple):
    """One `<col>`: columns that stand together."""

    first: int
    last: int
    width: float
    style: int
    rest: str
    """Its attributes but `min` and `max`, as written."""

    def without(self, position: int) -> list[_Columns]:
        pieces = [self._replace(last=min(self.last, position - 1)), self._replace(first=max(self.first, position + 1))]
        return (
            [piece for piece in pieces if piece.first <= piece.last] if self.first <= position <= self.last else [self]
        )

    def write(self, prefix: str) -> str:
        """Give the element."""
        return f'<{prefix}col min="{self.first + 1}" max="{self.last + 1}" {self.rest}/>'


def _read_columns(head: bytes) -> list[_Columns]:
    found = _COLS.search(head)
    return [_columns(one.group(1)) for one in _COL.finditer(found.group(0))] if found else []


def _columns(attributes: bytes) -> _Columns:
    first, last = (int(_attribute(attributes, name) or 1) - 1 for name in (b"min", b"max"))
    rest = _MIN_MAX.sub(b"", attributes).decode().strip().removesuffix("/").strip()
    width, style = _attribute(attributes, b"width"), _attribute(attributes, b"style")
    return _Columns(first, last, float(width or 0), int(style or 0), rest)


def _raw(row: re.Match[bytes]) -> Iterator[tuple[int, RawCell]]:
    for position, found in _cells(row):
        inner = found.group(3) or b""
        value = _VALUE.search(inner)
        kind = _attribute(found.group(2), b"t") or "n"
        text = value.group(1).decode("utf-8", "replace") if value else ""
        style = int(_attribute(found.group(2), b"s") or 0)
        yield position, RawCell(kind, text, style, _HAS_FORMULA.search(inner) is not None)


def _cells(row: re.Match[bytes]) -> Iterator[tuple[int, re.Match[bytes]]]:
    position = -1
    for found in _CELL.finditer(row.group(3) or b""):
        reference = _attribute(found.group(2), b"r")
        position = _position(reference.rstrip("0123456789").encode()) if reference else position + 1
        yield position, found


def _repaint(position: int, found: re.Match[bytes], mark: RowMark, marking: Marking) -> bytes:
    style = int(_attribute(found.group(2), b"s") or 0)
    paint = mark.cells.get(position, Paint.CLEAN if style in marking.ours else None)
    if paint is None:
        return found.group(0)
    attributes = _STYLE.sub(b"", found.group(2)) + f' s="{marking.style_of(style, paint)}"'.encode()
    start = b"<" + found.group(1) + b"c" + attributes
    if found.group(3) is None:
        return start + b"/>"
    return start + b">" + found.group(3) + b"</" + found.group(1) + b"c>"


def _cell(  # noqa: PLR0917 where, how, what
    prefix: bytes, number: int, position: int, style: int, words: str | None = None,
    share: Callable[[str], int] | None = None,
) -> bytes:  # fmt: skip
    """Write a cell; words always as a text, whatever they begin with."""
    name = prefix.decode()
    start = f'<{name}c r="{column_letter(position)}{number}" s="{style}"'
    if words is None:
        return f"{start}/>".encode()
    if share is not None:
        return f'{start} t="s"><{name}v>{share(words)}</{name}v></{name}c>'.encode()
    text = f'<{name}is><{name}t xml:space="preserve">{escape(words, quote=False)}</{name}t></{name}is>'
    return f'{start} t="inlineStr">{text}</{name}c>'.encode()


def clean(text: str) -> str:
    """Take off what no workbook may hold: control characters, lone surrogates, more than a cell's room."""
    text = _FORBIDDEN.sub("\ufffd", text)[:32_000]
    return text + " " * text.endswith("</r>")  # XlsxWriter writes a text from <r> to </r> as it is, as its own markup


def _stretch(found: re.Match[bytes], position: int) -> bytes:
    """Widen `<dimension ref="A1:J9"/>` to a column; one that is in no such form is left out, nobody needs it."""
    reference = _RANGE.fullmatch(_attribute(found.group(1), b"ref") or "")
    if reference is None:
        return b""
    last = column_letter(max(position, _position(reference[3].encode())))
    old = (_attribute(found.group(1), b"ref") or "").encode()
    return found.group(0).replace(old, f"{reference[1]}{reference[2]}:{last}{reference[4]}".encode())


def _place_for_drawing(tail: bytes) -> int:
    """Find the first element behind the rows before which `legacyDrawing` must stand (ECMA-376, CT_Worksheet)."""
    depth = 0
    for found in _TAG.finditer(tail):
        closing, name, alone = found.group(1), found.group(2).rpartition(b":")[2], found.group(3)
        if closing:
            depth -= 1
            if name == b"worksheet":
                return found.start()
            continue
        if depth <= 0 and name in _BEHIND_DRAWING:
            return found.start()
        depth += not alone
    raise ValueError("the sheet has no end")


def _position(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number - 1


def _attribute(attributes: bytes, name: bytes) -> str:
    found = _ATTRIBUTE[name].search(attributes)
    return found.group(2).decode("utf-8", "replace") if found else ""


_ATTRIBUTE = {
    name: re.compile(rb"(?:^|\s)" + name + rb"\s*=\s*([\"'])(.*?)\1", re.DOTALL)
    for name in (b"r", b"s", b"t", b"min", b"max", b"width", b"style", b"ref", b"customFormat")
}
_DATA = re.compile(rb"<((?:[\w.-]+:)?)sheetData(?:\s[^>]*?)?(?<!/)>(.*)</\1sheetData\s*>", re.DOTALL)
_ROW = re.compile(rb"<((?:[\w.-]+:)?)row(?=[\s/>])([^>]*?)(?:/>|>(.*?)</\1row\s*>)", re.DOTALL)
_CELL = re.compile(rb"<((?:[\w.-]+:)?)c(?=[\s/>])([^>]*?)(?:/>|>(.*?)</\1c\s*>)", re.DOTALL)
_VALUE = re.compile(rb"<(?:[\w.-]+:)?v(?:\s[^>]*)?>([^<]*)</")
_FILLED = re.compile(rb"<(?:[\w.-]+:)?c\s(?:[^>]*?\s)?r=[\"']([A-Za-z]{1,3})\d+[\"'][^>]*?(?<!/)><")
_FORMULA = rb"<(?:[\w.-]+:)?c\s(?:[^>]*?\s)?r=[\"']%s\d+[\"'][^>]*?(?<!/)><(?:[\w.-]+:)?f[\s/>]"
_HAS_FORMULA = re.compile(rb"<(?:[\w.-]+:)?f[\s/>]")
_COLS = re.compile(rb"<((?:[\w.-]+:)?)cols(?:\s[^>]*)?>.*?</\1cols\s*>", re.DOTALL)
_COL = re.compile(rb"<(?:[\w.-]+:)?col\s([^>]*)>")
_MIN_MAX = re.compile(rb"(?:^|\s*)\b(?:min|max)\s*=\s*([\"']).*?\1")
_DIMENSION = re.compile(rb"<(?:[\w.-]+:)?dimension\s([^>]*?)/?>")
_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?(\d+):\$?([A-Z]{1,3})\$?(\d+)")
_SPANS = re.compile(rb"\s+spans\s*=\s*([\"']).*?\1")
_STYLE = re.compile(rb"\s+s\s*=\s*([\"']).*?\1")
_TAG = re.compile(rb"<(/?)([\w:.-]+)(?:\"[^\"]*\"|'[^']*'|[^\"'>/]|/(?!>))*(/?)>")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_BEHIND_DRAWING = frozenset(
    {
        b"legacyDrawingHF", b"drawingHF", b"picture", b"oleObjects", b"controls", b"webPublishItems", b"tableParts",
        b"extLst", b"AlternateContent",
    }
)  # fmt: skip
