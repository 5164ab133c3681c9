"""Read .xlsx and .xlsm: cells by calamine, and one pass over the XML for what calamine cannot see.

That is: hidden rows and columns, number formats, error cells, formulas that were never calculated,
merged cells, the 1904 date system, and how far the cells truly reach (a single cell at XFD1048576
makes calamine ask for more memory than there is, and abort).
"""

from __future__ import annotations

import posixpath
import re

from batch.errors import SheetError
from batch.sheet import formats
from batch.sheet.archive import SAVE_AGAIN, Archive, parse, safe_parser

TYPE_CHECKING = False  # `typing` itself would cost the reading process a part of its start
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from python_calamine import CalamineSheet, CalamineWorkbook

    from batch.sheet.far import FarSheet
    from batch.sheet.shapes import Extra, Merge, RawRow

MAX_CELLS = 14_000_000
"""Cells of the rectangle that calamine lays out in memory, at up to 32 bytes each."""
END_OF_THE_WORLD = (1_000_000, 16_000)
"""Rows and columns beyond which nobody put a cell on purpose (a sheet ends at XFD1048576)."""
MAX_CARRY = 64 * 2**20
"""The longest stretch of XML without the end of a row."""
MAX_SEEN = 60_000
"""Shown numbers remembered, so that the same date is not written out twice."""

Cell = tuple[int, bytes, bytes, bytes]
"""Position, style, type (`e`, `f` for a formula without value, `d`, `s`, ...), raw value, all as written."""


class Book:
    """An .xlsx workbook: its sheets, its number formats and its date system."""

    def __init__(self, path: str, *, date_order: str = "month") -> None:
        self._path = path
        self._archive = Archive(path)
        self.nuls = self._archive.search(for_text=b"_x0000_")
        root = self._root()
        workbook = self._archive.elements(root)
        relations = self._relations(root)
        self._calamine: CalamineWorkbook | None = None
        self._strings = next((target for kind, target in relations.values() if kind == "sharedStrings"), "")
        self.epoch_1904 = any(name == "workbookPr" and _true(has.get("date1904", "")) for _, name, has in workbook)
        self.recalculates = any(name == "calcPr" and _true(has.get("fullCalcOnLoad", "")) for _, name, has in workbook)
        self.macros = any(name.endswith("vbaProject.bin") for name in self._archive.names)
        self.formats = self._formats(relations, date_order)
        self.tabs = [
            SheetTab(self, has.get("name", ""), relations[key][1], hidden=has.get("state", "visible") != "visible")
            for parent, name, has in workbook
            if parent == "sheets" and name == "sheet" and (key := _relation(has)) in relations
            if relations[key][0] == "worksheet"
        ]

    def scan(self, part: str) -> Scan:
        """Look through the XML of one sheet."""
        return Scan(self._archive, part, self.formats, recalculates=self.recalculates)

    def cells(self, name: str) -> CalamineSheet:
        """Let calamine lay out one sheet."""
        if self._calamine is None:
            from python_calamine import load_workbook

            self._calamine = load_workbook(str(self._path))
        return self._calamine.get_sheet_by_name(name)

    def far_cells(self, part: str) -> FarSheet:
        """Read one sheet without laying it out."""
        from batch.sheet.far import FarSheet

        return FarSheet(self._archive, part, self._strings, _position)

    def close(self) -> None:
        """Let the file go."""
        self._archive.close()
        if self._calamine is not None:
            self._calamine.close()

    def _root(self) -> str:
        if "EncryptedPackage" in self._archive.names:
            raise SheetError("the file is protected by a password", "save it without one")
        if "_rels/.rels" in self._archive.names:
            for _, _, has in self._archive.elements("_rels/.rels"):
                if has.get("Type", "").endswith("/officeDocument"):
                    return posixpath.normpath(has.get("Target", "").lstrip("/"))
        if "xl/workbook.bin" in self._archive.names:
            raise SheetError("the file is a binary workbook (.xlsb) by its content", "save it as .xlsx")
        raise SheetError("the file is a zip archive, but not an Excel workbook", SAVE_AGAIN)

    def _relations(self, root: str) -> dict[str, tuple[str, str]]:
        folder, name = posixpath.split(root)
        part = posixpath.join(folder, "_rels", name + ".rels")
        return {
            has.get("Id", ""): (has.get("Type", "").rpartition("/")[2], _target(folder, has.get("Target", "")))
            for _, tag, has in self._archive.elements(part)
            if tag == "Relationship"
        }

    def _formats(self, relations: dict[str, tuple[str, str]], date_order: str) -> list[formats.Format | None]:
        """Give the format of each style; None for one that shows any number as General does."""
        part = next((target for kind, target in relations.values() if kind == "styles"), "")
        if part not in self._archive.names:
            return []
        found = self._archive.elements(part)
        codes = dict(formats.BUILT_IN) | {14: "m/d/yyyy", 22: "m/d/yyyy h:mm"}
        codes |= {"day": formats.DAY_FIRST, "iso": formats.ISO_FIRST}.get(date_order, {})
        codes |= {_int(has.get("numFmtId", "")): has.get("formatCode", "") for _, tag, has in found if tag == "numFmt"}
        made: dict[int, formats.Format | None] = {}
        styles = [_int(has.get("numFmtId", "0")) for parent, tag, has in found if parent == "cellXfs" and tag == "xf"]
        for number in set(styles):
            code = codes.get(number, "") or ("General" if number not in codes else "")
            code = "[$unknown]" if number not in codes and number > 22 else code
            plain = code.lower() in ("", "general", "@")
            made[number] = None if plain else formats.Format(code, epoch_1904=self.epoch_1904)
        return [made[number] for number in styles]


class Scan:
    """What one pass over a sheet's XML brings up."""

    def __init__(self, archive: Archive, part: str, styles: list[formats.Format | None], *, recalculates: bool) -> None:
        self.hidden_rows: set[int] = set()
        self.hidden_columns: list[int] = []
        self.merges: list[Merge] = []
        self.cells: dict[int, list[Cell]] = {}
        self.last_row = self.last_column = 0
        self._part, self._recalculates = part, recalculates
        special = [number for number, style in enumerate(styles) if style is not None]
        self._texts = any(style is not None and style.text is not None for style in styles)
        self._every = bool(styles) and styles[0] is not None
        ids = b"|".join(b"%d" % number for number in special) if len(special) < 200 else rb"\d+"
        self._styled = re.compile(_STYLED % (ids or b"none")) if special else None
        self._run(archive)
        self.far = self.last_row * self.last_column > MAX_CELLS
        if self.far and (self.last_row > END_OF_THE_WORLD[0] or self.last_column > END_OF_THE_WORLD[1]):
            raise SheetError(
                f"the sheet reaches to cell {_letters(self.last_column - 1)}{self.last_row}, far beyond its rows",
                "delete the empty rows and columns behind the table and save it again",
            )

    def _run(self, archive: Archive) -> None:
        try:
            for at, chunk in enumerate(_by_row(archive.blocks(self._part))):
                if _unusual(chunk) or (at == 0 and _PREFIXED.search(chunk[:2000])):
                    raise _UnusualXmlError
                self._read(chunk)
        except _UnusualXmlError:
            self.hidden_rows, self.hidden_columns, self.merges, self.cells = set(), [], [], {}
            for chunk in _by_row(_plain_xml(archive.blocks(self._part), self._part)):
                self._read(chunk)

    def _read(self, chunk: bytes) -> None:
        numbers = _ROW.findall(chunk)
        if numbers:
            self.last_row = max(self.last_row, *map(int, numbers))
        for letters, number in set(_FAR.findall(chunk)):
            self.last_row = max(self.last_row, int(number))
            self.last_column = max(self.last_column, _position(letters) + 1)
        self.last_column = max(self.last_column, 26)
        if b"hidden=" in chunk or b'ht="0' in chunk:
            self.hidden_rows.update(int(number) for number in _HIDDEN_ROW.findall(chunk))
        if b"<col " in chunk:
            self._read_columns(chunk)
        if b"<mergeCell " in chunk:
            self._read_merges(chunk)
        self._read_cells(chunk)

    def _read_cells(self, chunk: bytes) -> None:
        if self._styled is not None:
            self._keep((_ANY if self._every else self._styled).findall(chunk))
        if b' t="e"' in chunk or b' t="d"' in chunk:
            self._keep(_ERROR.findall(chunk))
        if b"<f" in chunk:
            self._keep_uncalculated(chunk)

    def _keep(self, found: list[tuple[bytes, ...]]) -> None:
        cells, plain_texts = self.cells, not self._texts
        for letters, number, before, style, after, value in found:
            kind = before or after
            if plain_texts and kind in _STRINGS:
                continue
            row = int(number)
            cell = (_POSITIONS.get(letters) or _position(letters), style, kind, value)
            if row in cells:
                cells[row].append(cell)
            else:
                cells[row] = [cell]

    def _keep_uncalculated(self, chunk: bytes) -> None:
        for letters, number, head, value in _FORMULA.findall(chunk):
            empty = not value and b't="str"' not in head
            if empty or (self._recalculates and value == b"0"):
                self.cells.setdefault(int(number), []).append((_position(letters), b"", b"f", b""))

    def _read_columns(self, chunk: bytes) -> None:
        for attributes in _COLUMN.findall(chunk):
            has = dict(_ATTRIBUTE.findall(attributes))
            if has.get(b"hidden") in (b"1", b"true") or has.get(b"width") == b"0":
                first, last = _int(has.get(b"min", b"")), _int(has.get(b"max", b""))
                self.hidden_columns.extend(range(first - 1, min(last, first + 16_384)))

    def _read_merges(self, chunk: bytes) -> None:
        for left, top, right, bottom in _MERGE.findall(chunk):
            first, last = sorted((int(top), int(bottom)))
            near, far = sorted((_position(left), _position(right)))
            if (first, near) != (last, far):
                self.merges.append((first, near, last, far))
        if len(self.merges) > 100_000:
            raise SheetError("the sheet has more than 100,000 merged cells", "take the merging off and save it again")


class SheetTab:
    """One worksheet of a workbook."""

    text_only = False

    def __init__(self, book: Book, name: str, part: str, *, hidden: bool) -> None:
        self._book, self._part = book, part
        self.name, self.hidden = name, hidden
        self._found: Scan | None = None
        self._sheet: CalamineSheet | FarSheet | None = None
        self._seen: dict[tuple[bytes, bytes], tuple[str, Extra | None]] = {}

    @property
    def _scan(self) -> Scan:
        if self._found is None:
            self._found = self._book.scan(self._part)
        return self._found

    @property
    def hidden_columns(self) -> tuple[int, ...]:
        """Positions of the hidden columns."""
        return tuple(self._scan.hidden_columns)

    @property
    def merges(self) -> list[Merge]:
        """Give the merged ranges."""
        return self._scan.merges

    @property
    def width(self) -> int:
        """Columns up to the last that holds something."""
        end = self._cells().end
        return end[1] + 1 if end else 0

    def rows(self) -> Iterator[RawRow]:
        """Give every row, from row 1 on."""
        scan, sheet = self._scan, self._cells()
        start = sheet.start
        lead = [""] * (start[1] if start else 0)
        number = 0
        for values in sheet.iter_rows():
            number += 1
            texts = [*lead, *[value.strip() if type(value) is str else _plain(value) for value in values]]
            care = scan.cells.get(number)
            if care is not None or None in texts or self._book.nuls:
                filled, extras = self._care(texts, care or (), values, len(lead))
                yield number, filled, number in scan.hidden_rows, extras
            else:
                yield number, texts, number in scan.hidden_rows, None  # type: ignore[misc]
        yield from self._below(number)

    def _cells(self) -> CalamineSheet | FarSheet:
        if self._sheet is None:
            self._sheet = self._book.far_cells(self._part) if self._scan.far else self._book.cells(self.name)
        return self._sheet

    def _below(self, number: int) -> Iterator[RawRow]:
        """Give the rows that hold nothing but errors, which calamine does not see."""
        for row in sorted(row for row in self._scan.cells if row > number):
            texts, extras = self._care([], self._scan.cells[row], [], 0)
            if extras or any(texts):
                yield from ((blank, [], False, None) for blank in range(number + 1, row))
                yield row, texts, row in self._scan.hidden_rows, extras
                number = row

    def _care(
        self, texts: list[str | None], care: Any, values: list[Any], lead: int
    ) -> tuple[list[str], list[Extra] | None]:
        extras: list[Extra] = []
        for at, style, kind, raw in care:
            if at >= len(texts):
                texts.extend([""] * (at + 1 - len(texts)))
            known = self._seen.get((style, raw)) if not kind else None
            texts[at], extra = known or self._show(texts[at] or "", style, kind, raw)
            if extra is not None:
                extras.append((at, *extra))
        if None in texts or self._book.nuls:
            self._mend(texts, extras, values, lead)
        return texts, extras or None  # type: ignore[return-value]

    def _mend(self, texts: list[str | None], extras: list[Extra], values: list[Any], lead: int) -> None:
        for at, text in enumerate(texts):
            if text is None:
                texts[at], extra = _show_general(values[at - lead])
                if extra is not None:
                    extras.append((at, *extra))
            elif "\0" in text:
                extras.append((at, "broken"))

    def _show(self, text: str, style: bytes, kind: bytes, raw: bytes) -> tuple[str, Extra | None]:
        if kind == b"e":
            return "", ("error", raw.decode("utf-8", "replace") or "#N/A")
        if kind == b"f":
            return "", ("uncalculated",)
        styles, number = self._book.formats, int(style or 0)
        shape = styles[number] if number < len(styles) else None
        if kind in _STRINGS:
            return (shape.show_text(text).strip() if shape and text else text), None
        if kind == b"b" or not raw:
            return text, None
        words = raw.decode("utf-8", "replace")
        if kind == b"d":
            words = _serial(words, epoch_1904=self._book.epoch_1904)
        known = show_number(words, shape, epoch_1904=self._book.epoch_1904)
        if len(self._seen) < MAX_SEEN and kind != b"d":
            self._seen[style, raw] = known
        return known


def show_number(raw: str, shape: formats.Format | None, *, epoch_1904: bool) -> tuple[str, Extra | None]:
    """Give what a number cell shows, and what is to say about it."""
    try:
        value = float(raw)
    except ValueError:
        return raw.strip(), None
    if shape is None:
        shown = formats.general(value)
        plain = formats.exact(value)
        return (plain, ("unclear", plain, "General")) if shown is None else (shown, None)
    shown = shape.show(value)
    dated = shape.has_date or shape.has_time
    if dated and 0 <= value < 2_958_466:
        return (shown or "").strip(), _dated(value, shape, shown, epoch_1904=epoch_1904)
    plain = formats.exact(value)
    if shown is None:
        return plain, ("unclear", plain, shape.code)
    if shape.thousands and abs(value) >= 1000:
        return shown.strip(), ("thousands", plain)
    if shape.scientific:
        return shown.strip(), ("scientific", plain)
    if abs(value) >= 1e15:
        return shown.strip(), ("long", plain)
    return shown.strip(), None


def _dated(value: float, shape: formats.Format, shown: str | None, *, epoch_1904: bool) -> Extra:
    return ("date", value, epoch_1904, shape.has_date, shape.has_time, shape.code if shown is None else "")


def _plain(value: Any) -> str | None:
    """Write a value that has no format of its own; None for one that needs care."""
    if type(value) is float:
        return str(int(value)) if value.is_integer() and -1e11 < value < 1e11 else None
    if type(value) is bool:
        return "TRUE" if value else "FALSE"
    return None


def _show_general(value: Any) -> tuple[str, Extra | None]:
    if type(value) is not float:
        return str(value), None
    shown = formats.general(value)
    return (shown, None) if shown is not None else (formats.exact(value), ("unclear", formats.exact(value), "General"))


def _serial(text: str, *, epoch_1904: bool) -> str:
    """Turn a date in ISO 8601 (cells of type `d`) into Excel's count of days."""
    from datetime import datetime

    try:
        moment = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return text
    origin = datetime(1904, 1, 1) if epoch_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 cells know no zone
    return repr((moment.replace(tzinfo=None) - origin).total_seconds() / 86_400)


def _by_row(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Cut a stream of XML at ends of rows."""
    carry = b""
    for block in blocks:
        text = carry + block
        cut = text.rfind(b"</row>") + 6
        if cut < 6:
            carry = text
            if len(carry) > MAX_CARRY:
                raise SheetError("the sheet has a row without end", SAVE_AGAIN)
            continue
        yield text[:cut]
        carry = text[cut:]
    yield carry


def _unusual(chunk: bytes) -> bool:
    """Say whether the XML is written in a way that the expressions below do not cover."""
    if b"<!" in chunk or b"\0" in chunk or b"='" in chunk:
        return True
    if chunk.count(b"<c") == chunk.count(b'<c r="') and chunk.count(b"<row") == chunk.count(b'<row r="'):
        return False
    return _ODD.search(chunk) is not None


class _UnusualXmlError(Exception):
    pass


def _plain_xml(blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Write a sheet's XML anew, in the one way that the expressions cover: slow, and right for any writer."""
    out: list[str] = []
    row = column = 0
    text = False

    def start(tag: str, has: dict[str, str]) -> None:
        nonlocal row, column, text
        tag = tag.rpartition(":")[2]
        has = {key.rpartition(":")[2]: value for key, value in has.items()}
        if tag == "row":
            row, column = _int(has.pop("r", "")) or row + 1, 0
            out.append(f'<row r="{row}"' + _written(has, ("hidden", "ht")) + ">")
        elif tag == "c":
            found = _ADDRESS.fullmatch(has.get("r", "").upper())
            column = _position(found[1].encode()) if found else column
            out.append(f'<c r="{_letters(column)}{found[2] if found else row}"' + _written(has, ("s", "t")) + ">")
            column += 1
        elif tag in ("f", "v"):
            text = tag == "v"
            out.append(f"<{tag}>")
        elif tag in ("col", "mergeCell"):
            out.append(f"<{tag}" + _written(has, ("min", "max", "hidden", "width", "ref")) + "/>")

    def end(tag: str) -> None:
        nonlocal text
        tag = tag.rpartition(":")[2]
        text = False
        if tag in ("row", "c", "f", "v"):
            out.append(f"</{tag}>")

    def characters(words: str) -> None:
        if text:
            out.append(words.replace("&", "&amp;").replace("<", "&lt;"))

    parser = safe_parser(name)
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    for block in blocks:
        parse(parser, block, name, last=False)
        yield "".join(out).encode()
        out.clear()
    parse(parser, b"", name)
    yield "".join(out).encode()


def _written(has: dict[str, str], names: tuple[str, ...]) -> str:
    return "".join(f' {name}="{has[name]}"' for name in names if name in has and '"' not in has[name])


def _target(folder: str, target: str) -> str:
    if target.startswith("/"):
        return posixpath.normpath(target.lstrip("/"))
    return posixpath.normpath(posixpath.join(folder, target))


def _relation(has: dict[str, str]) -> str:
    return next((value for key, value in has.items() if key.endswith(":id")), "")


def _true(text: str) -> bool:
    return text in ("1", "true", "on")


def _int(text: str | bytes) -> int:
    try:
        return int(text)
    except ValueError:
        return 0


def _position(letters: bytes) -> int:
    known = _POSITIONS.get(letters)
    if known is None:
        known = 0
        for sign in letters.upper():
            known = known * 26 + sign - 64
        known = _POSITIONS[letters] = min(known - 1, 20_000)
    return known


def _letters(position: int) -> str:
    letters = ""
    number = position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


_POSITIONS: dict[bytes, int] = {}
_VALUE = rb"(?:<f\b[^>]*?(?:/>|>[^<]*</f>))?(?:<v[^>]*>([^<]*)</v>)?"
_STYLED = rb'<c r="([A-Z]+)(\d+)"(?: t="(\w+)")? s="(%s)"(?: t="(\w+)")?[^>]*>' + _VALUE
_ANY = re.compile(rb'<c r="([A-Z]+)(\d+)"(?: t="(\w+)")?(?: s="(\d+)")?(?: t="(\w+)")?[^>]*>' + _VALUE)
_ERROR = re.compile(rb'<c r="([A-Z]+)(\d+)"()(?: s="(\d+)")?[^>]*? t="([ed])"[^>]*>' + _VALUE)
_STRINGS = frozenset((b"s", b"str", b"inlineStr"))
_FORMULA = re.compile(rb'<c r="([A-Z]+)(\d+)"([^>]*)><f\b[^>]*?(?:/>|>[^<]*</f>)(?:<v[^>]*>([^<]*)</v>)?')
_ROW = re.compile(rb'<row r="(\d{1,9})"')
_FAR = re.compile(rb'<c r="([A-Za-z]{2,}|[A-Za-z](?=\d{6}))(\d{1,9})"')
_HIDDEN_ROW = re.compile(rb'<row r="(\d+)"[^>]*? (?:hidden="(?:1|true)"|ht="0(?:\.0*)?")')
_COLUMN = re.compile(rb"<col ([^>]*)>")
_ATTRIBUTE = re.compile(rb'(\w+)="([^"]*)"')
_MERGE = re.compile(rb'<mergeCell [^>]*?ref="\$?([A-Z]{1,3})\$?(\d{1,7}):\$?([A-Z]{1,3})\$?(\d{1,7})"')
_ODD = re.compile(rb'<[\w.-]+:(?:worksheet|sheetData|row|c)\b|<(?:c|row)(?:[>/\t\r\n]| (?!r="))')
_PREFIXED = re.compile(rb"<[\w.-]+:worksheet\b")
_ADDRESS = re.compile(r"([A-Z]{1,4})(\d{1,9})")
