"""Read .ods: the file itself says what each cell shows, so its texts are taken as they stand.

Format: OpenDocument 1.3 part 3 (https://docs.oasis-open.org/office/OpenDocument/v1.3/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from batch.adapters.sheet import formats
from batch.adapters.sheet.archive import SAVE_AGAIN, Archive, parse, safe_parser
from batch.adapters.sheet.bounds import LAST_COLUMN, LAST_ROW, SizeGuard
from batch.adapters.sheet.shapes import Extra, Merge, RawRow
from batch.core.bounds import beyond
from batch.model.columns import column_letter
from batch.model.errors import SheetError
from batch.model.limits import Limits


class OdsBook:
    """An .ods workbook: its sheets, read in one pass."""

    macros = False

    def __init__(self, path: str, *, limits: Limits) -> None:
        archive = Archive(path, limits)
        try:
            archive.search(for_text=b"\0")
            self.tabs = _read(archive, limits)
        finally:
            archive.close()

    def close(self) -> None:
        """Nothing is left open."""


class Table:
    """One sheet; a row that is repeated is kept once."""

    text_only = False

    def __init__(self, name: str, style: str) -> None:
        self.name, self.style = name, style
        self.hidden = False
        self.hidden_columns: tuple[int, ...] = ()
        self.merges: list[Merge] = []
        self.kept: list[tuple[int, int, list[str], bool, list[Extra] | None]] = []

    @property
    def width(self) -> int:
        """Columns up to the last that holds something."""
        return max((len(texts) for _, _, texts, _, _ in self.kept), default=0)

    def rows(self) -> Iterator[RawRow]:
        """Give every row, from row 1 on."""
        at = 1
        for first, times, texts, hidden, extras in self.kept:
            for number in range(at, first):
                yield number, [], False, None
            for number in range(first, first + times):
                yield number, list(texts), hidden, extras
            at = first + times


class _Reader:
    """Follows the XML and fills the tables."""

    def __init__(self, limits: Limits) -> None:
        self._limits, self._tally = limits, SizeGuard(limits)
        self.tables: list[Table] = []
        self.hidden_styles: set[str] = set()
        self._style = ""
        self._columns: list[int] = []
        self._column = self._row = self._long = 0
        self._folded: list[bool] = []
        self._times = 1
        self._hidden = False
        self._texts: list[str] = []
        self._extras: list[Extra] = []
        self._cell: dict[str, str] | None = None
        self._lines: list[str] = []
        self._skip = self._paragraph = 0

    def start(self, tag: str, has: dict[str, str]) -> None:
        if self._skip or tag == "office:annotation":
            self._skip += 1
            return
        if tag in ("table:table-cell", "table:covered-table-cell"):
            self._cell, self._lines, self._long = has, [], 0
        elif self._cell is not None:
            self._start_text(tag, has)
        elif tag == "table:table-row":
            self._texts, self._extras = [], []
            self._times = _count(has, "table:number-rows-repeated", LAST_ROW)
            self._hidden = has.get("table:visibility", "visible") != "visible" or any(self._folded)
        elif tag in ("table:table-row-group", "table:table-column-group"):
            self._folded.append(has.get("table:display") == "false")
        elif tag == "table:table-column":
            self._start_column(has)
        elif tag == "table:table":
            if len(self.tables) == self._limits.sheets:
                raise beyond("sheets", self._limits, found=len(self.tables) + 1)
            self._tally = SizeGuard(self._limits)
            self.tables.append(Table(has.get("table:name", ""), has.get("table:style-name", "")))
            self._row = self._column = 0
            self._columns = []
        elif tag == "style:style":
            self._style = has.get("style:name", "")
        elif tag == "style:table-properties" and has.get("table:display") == "false":
            self.hidden_styles.add(self._style)

    def end(self, tag: str) -> None:
        if self._skip:
            self._skip -= 1
        elif tag == "text:p":
            self._paragraph -= 1
        elif tag in ("table:table-cell", "table:covered-table-cell"):
            self._end_cell()
        elif tag == "table:table-row" and self.tables:
            self._end_row()
        elif tag in ("table:table-row-group", "table:table-column-group") and self._folded:
            self._folded.pop()
        elif tag == "table:table" and self.tables:
            self.tables[-1].hidden_columns = tuple(self._columns)

    def characters(self, text: str) -> None:
        if self._paragraph and not self._skip and self._lines:
            self._say(text)

    def _say(self, text: str) -> None:
        """Add to what the cell shows, piece by piece: one long text would be copied for each."""
        self._lines.append(text)
        self._long += len(text)
        if self._long > self._limits.cell_characters:
            place = f"the cell {column_letter(len(self._texts))}{self._row + 1}"
            raise beyond("cell_characters", self._limits, place)

    def _start_column(self, has: dict[str, str]) -> None:
        times = _count(has, "table:number-columns-repeated", LAST_COLUMN)
        if has.get("table:visibility", "visible") != "visible" or any(self._folded):
            self._columns.extend(range(self._column, min(self._column + times, LAST_COLUMN)))
        self._column += times

    def _start_text(self, tag: str, has: dict[str, str]) -> None:
        if tag == "text:p":
            self._paragraph += 1
            self._say("\n" if self._lines else "")
        elif self._paragraph and self._lines:
            if tag == "text:s":
                self._say(" " * min(_count(has, "text:c", 1000), 1000))
            elif tag in ("text:tab", "text:line-break"):
                self._say("\t" if tag == "text:tab" else "\n")

    def _end_cell(self) -> None:
        has, self._cell = self._cell or {}, None
        text = "".join(self._lines).strip()
        times = _count(has, "table:number-columns-repeated", LAST_COLUMN)
        text, extra = _understand(text, has)
        at = len(self._texts)
        if not text and extra is None:
            self._texts.extend([""] * min(times, LAST_COLUMN - at))
        else:
            if at + times > LAST_COLUMN:
                raise SheetError("the sheet repeats its cells beyond the last column (XFD)", SAVE_AGAIN)
            self._texts.extend([text] * times)
            if extra is not None:
                self._extras.extend((place, *extra) for place in range(at, at + times))
        wide, high = (
            _count(has, "table:number-columns-spanned", LAST_COLUMN),
            _count(has, "table:number-rows-spanned", LAST_ROW),
        )
        if (wide > 1 or high > 1) and self.tables:
            self.tables[-1].merges.append((self._row + 1, at, self._row + high, at + wide - 1))
            if len(self.tables[-1].merges) > self._limits.merges:
                raise beyond("merges", self._limits)

    def _end_row(self) -> None:
        while self._texts and not self._texts[-1]:
            self._texts.pop()
        if self._texts or self._extras:
            self._tally.add(self._texts, self._row + self._times, self._times)
            kept = (self._row + 1, self._times, self._texts, self._hidden, self._extras or None)
            self.tables[-1].kept.append(kept)
        self._row += self._times


def _read(archive: Archive, limits: Limits) -> list[Table]:
    if "content.xml" not in archive.names:
        raise archive.refuse_kind("an OpenDocument spreadsheet")
    if "META-INF/manifest.xml" in archive.names:
        manifest = archive.elements("META-INF/manifest.xml")
        if any(name == "encryption-data" for _, name, _ in manifest):
            raise SheetError("the file is protected by a password", "save it without one")
    reader = _Reader(limits)
    parser = safe_parser("content.xml")
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.characters
    for block in archive.blocks("content.xml"):
        parse(parser, block, "content.xml", last=False)
    parse(parser, b"", "content.xml")
    if not reader.tables:
        raise SheetError("the file holds no sheet", SAVE_AGAIN)
    for table in reader.tables:
        table.hidden = table.style in reader.hidden_styles
    return reader.tables


def _understand(text: str, has: dict[str, str]) -> tuple[str, tuple[object, ...] | None]:
    """Give what a cell shows, and what is to say about it."""
    kind = has.get("office:value-type", "")
    formula = "table:formula" in has
    if has.get("calcext:value-type") == "error" or (formula and text.startswith(_ERRORS)):
        return "", ("error", text or "#N/A")
    if formula and not kind and not text:
        return "", ("uncalculated",)
    if kind == "string":
        return text or has.get("office:string-value", "").strip(), None
    if kind in ("float", "percentage", "currency"):
        return _number(text, has.get("office:value", ""))
    if kind in ("date", "time"):
        serial = _serial(has.get("office:date-value", ""), has.get("office:time-value", ""))
        if serial is not None:
            clock = kind == "time" or "T" in has.get("office:date-value", "")
            return text, ("date", serial, False, kind == "date", clock, "" if text else "date")
    if kind == "boolean" and not text:
        return has.get("office:boolean-value", "").upper(), None
    return text, None


def _number(text: str, raw: str) -> tuple[str, tuple[object, ...] | None]:
    try:
        value = float(raw)
    except ValueError:
        return text, None
    plain = formats.exact(value)
    if not text:
        shown = formats.general(value)
        return (plain, ("unclear", plain, "General")) if shown is None else (shown, None)
    if text.strip("#") == "":
        return plain, ("unclear", plain, "a column too narrow")
    if _GROUPED.search(text) and abs(value) >= 1000:
        return text, ("thousands", plain)
    if _SCIENTIFIC.search(text):
        return text, ("scientific", plain)
    return text, ("long", plain) if abs(value) >= 1e15 else None


def _serial(day: str, clock: str) -> float | None:
    """Turn `2026-11-27T10:00:00` or `PT10H30M00S` into a spreadsheet's count of days since 1899-12-30."""
    if match := _DURATION.fullmatch(clock):
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return (hours * 3600 + minutes * 60 + seconds) / 86_400
    try:
        moment = datetime.fromisoformat(day[:26])
    except ValueError:
        return None
    return (moment.replace(tzinfo=None) - datetime(1899, 12, 30)).total_seconds() / 86_400  # noqa: DTZ001 no zone


def _count(has: dict[str, str], name: str, most: int) -> int:
    text = has.get(name, "1")
    return max(1, min(int(text), most)) if text.isdigit() and len(text) < 10 else 1 if not text.isdigit() else most


_ERRORS = ("#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "Err:")
_GROUPED = re.compile(r"\d[,.'\u2019\u00a0\u202f ]\d{3}(?!\d)")
_SCIENTIFIC = re.compile(r"\d[eE][+-]?\d")
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?")
