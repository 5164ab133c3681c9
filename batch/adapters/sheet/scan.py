"""Look through the XML of a worksheet for what calamine cannot see.

That is: hidden rows and columns, merged cells, how far the cells truly reach (a single cell at XFD1048576
makes calamine ask for more memory than there is, and abort); and, cell by cell, number formats, errors and
formulas that were never calculated.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from xml.parsers import expat

from batch.adapters.sheet import formats
from batch.adapters.sheet.archive import SAVE_AGAIN, Archive, safe_parser
from batch.adapters.sheet.bounds import LAST_COLUMN
from batch.adapters.sheet.plain import doubled_row, plain_xml, to_int
from batch.adapters.sheet.shapes import Merge
from batch.core.bounds import beyond
from batch.model.columns import column_letter, column_position
from batch.model.errors import SheetError
from batch.model.limits import Limits

MAX_CELLS = 7_000_000
"""Cells of the rectangle that calamine lays out in memory, at up to 32 bytes each; a larger one is read without it."""
END_OF_THE_WORLD = (1_000_000, 16_000)
"""Rows and columns beyond which nobody put a cell on purpose (a sheet ends at XFD1048576)."""
MAX_CARRY = 64 * 2**20
"""The longest stretch of XML without the end of a row."""
_FAR_DOWN = 100_000
"""The first row whose cells are looked at one by one."""
END = 2**31
"""Behind every row."""
STRINGS = frozenset((b"s", b"str", b"inlineStr"))
"""The types of cells that hold a text."""

Cell = tuple[int, bytes, bytes, bytes]
"""Position, style, type (`e`, `f` for a formula without value, `d`, `s`, ...), raw value, all as written."""


class Scan:
    """One sheet's XML: how far it reaches and what is hidden at once, its special cells as far as `read_on` came.

    Two passes, so that calamine can be at work during the second: what it lays out must be known to fit before. The
    second keeps step with the rows that are handed on, so that others are at work on those meanwhile.
    """

    def __init__(
        self, archive: Archive, part: str, styles: list[formats.Format | None], *, recalculates: bool, limits: Limits
    ) -> None:
        self.hidden_rows: set[int] = set()
        self.hidden_columns: list[int] = []
        self.merges: list[Merge] = []
        self.cells: dict[int, list[Cell]] = {}
        self.last_row = 0
        self.last_column = 26
        self.read_to = 0
        """The row up to which `cells` is whole."""
        self.shared = 0
        """Cells that hold a shared text."""
        self._limits = limits
        self._archive, self._part, self._recalculates = archive, part, recalculates
        self._texts = any(style is not None and style.text is not None for style in styles)
        self._styled = _styled_cells(styles)
        self.unusual = False
        """Written in a way that only a full parser understands."""
        self._last = 0
        self._watch = XmlCheck(part)
        self._chunks = _by_row(self._watch.over(archive.blocks(part)))
        self._survey()
        self.far = self.last_row * self.last_column > MAX_CELLS
        if self.far and (self.last_row > END_OF_THE_WORLD[0] or self.last_column > END_OF_THE_WORLD[1]):
            raise SheetError(
                f"the sheet reaches to cell {column_letter(self.last_column - 1)}{self.last_row}, far beyond its rows",
                "delete the empty rows and columns behind the table and save it again",
            )

    @property
    def damage(self) -> str:
        """Where the XML is malformed."""
        self.read_on(to=END)
        return self._watch.damage

    def read_on(self, to: int = 0) -> None:
        """Find the cells that calamine alone would show wrongly, some rows further, or as far as a row."""
        if self.read_to == END:
            return
        for chunk in self._chunks:
            _refuse_doubled_cells(chunk)
            self._read_cells(chunk)
            self.read_to = max(self.read_to, _last_row(chunk))
            if self.read_to >= to:
                return
        self.read_to = END

    def expand(self, lengths: list[int]) -> int:
        """Count the characters of all shared texts as often as cells show them; `lengths` are those of the texts."""
        blocks = self._archive.blocks(self._part)
        return sum(
            lengths[number]
            for chunk in _by_row(plain_xml(blocks, self._part) if self.unusual else blocks)
            for number in map(int, _SHARED.findall(chunk))
            if number < len(lengths)
        )

    def _survey(self) -> None:
        try:
            if self._part not in self._archive.plain:
                raise _UnusualXmlError
            for at, chunk in enumerate(_by_row(self._archive.blocks(self._part))):
                _expect_plain(chunk, first=at == 0)
                self._look_around(chunk)
        except (_UnusualXmlError, _EndlessRowError):
            self.unusual, self._last = True, 0
            self.hidden_rows, self.hidden_columns, self.merges, self.shared = set(), [], [], 0
            for chunk in _by_row(plain_xml(self._archive.blocks(self._part), self._part)):
                self._look_around(chunk)
                self._read_cells(chunk)  # at once, since the rewriting is slow
            self.read_to = END

    def _look_around(self, chunk: bytes) -> None:
        number = 0
        last = 0
        for row, attributes, cell, tag, rest in _LANDMARK.findall(chunk):
            if tag:
                self._look_at(tag, rest)
                continue
            number = int(row)
            if number <= self._last or (cell and cell != row):
                raise doubled_row(number)
            self._last = number
            if attributes and _HIDDEN.search(attributes):
                self.hidden_rows.add(number)
            if number < _FAR_DOWN:  # further down only cells count: programs write empty rows to the end of the sheet
                last = max(last, number)
        self.last_row = max(self.last_row, last)
        self.shared += chunk.count(b' t="s"')
        if b"<mergeCell " in chunk:
            self._read_merges(chunk)

    def _look_at(self, tag: bytes, rest: bytes) -> None:
        """Look at a tag that begins like a cell or a row, and is none in the first 26 columns and 99,999 rows."""
        if found := _FAR.match(rest):
            if rest.endswith((b"/>", b"></c>")):
                return  # an empty one
            self.last_column = max(self.last_column, position(found[1]) + 1)
            self.last_row = max(self.last_row, int(found[2]))
        elif tag == b"c" and _COLUMN.match(rest):
            self._read_column(rest)
        elif (rest[2:3] if rest[:2] == b"ol" else rest[:1]) in b">/ \t\r\n":
            raise _UnusualXmlError

    def _read_column(self, attributes: bytes) -> None:
        has = dict(_ATTRIBUTE.findall(attributes))
        if has.get(b"hidden") in (b"1", b"true") or has.get(b"width") == b"0":
            first, last = to_int(has.get(b"min", b"")), to_int(has.get(b"max", b""))
            self.hidden_columns.extend(range(first - 1, min(last, LAST_COLUMN)))
            if len(self.hidden_columns) > LAST_COLUMN:
                self.hidden_columns = sorted(set(self.hidden_columns))

    def _read_merges(self, chunk: bytes) -> None:
        for left, top, right, bottom in _MERGE.findall(chunk):
            first, last = sorted((int(top), int(bottom)))
            near, far = sorted((position(left), position(right)))
            if (first, near) != (last, far):
                self.merges.append((first, near, last, far))
        if len(self.merges) > self._limits.merges:
            raise beyond("merges", self._limits)

    def _read_cells(self, chunk: bytes) -> None:
        if self._styled is not None:
            self._keep(self._styled.findall(chunk))
        if b' t="e"' in chunk or b' t="d"' in chunk:
            self._keep(_ERROR.findall(chunk))
        if b"<f" in chunk:
            self._keep_uncalculated(chunk)

    def _keep(self, found: Iterable[tuple[bytes, ...]]) -> None:
        plain_texts, last, row = not self._texts, b"", []
        for letters, number, before, style, after, value in found:
            kind = before or after
            if plain_texts and kind in STRINGS:
                continue
            if number != last:
                last, row = number, self.cells.setdefault(int(number), [])
            row.append((_POSITIONS.get(letters) or position(letters), style, kind, value))

    def _keep_uncalculated(self, chunk: bytes) -> None:
        for letters, number, head, there, value in _FORMULA.findall(chunk):
            empty = not value and not (there and b't="str"' in head)  # a text may be empty, but it must be there
            if empty or (self._recalculates and value == b"0"):
                self.cells.setdefault(int(number), []).append((position(letters), b"", b"f", b""))


class XmlCheck:
    """Looks whether a part that is read without a parser is well-formed XML, in passing."""

    def __init__(self, part: str) -> None:
        self.damage = ""
        """Where it first is not; empty when it is."""
        self._part = part

    def over(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Hand the blocks on."""
        parser = safe_parser(self._part)
        for block in blocks:
            self._parse(parser, block, last=False)
            yield block
        self._parse(parser, b"", last=True)

    def _parse(self, parser: expat.XMLParserType, block: bytes, *, last: bool) -> None:
        if self.damage:
            return
        try:
            parser.Parse(block, last)
        except expat.ExpatError as error:
            self.damage = f'line {error.lineno}, column {error.offset + 1} of "{self._part}"'


def claimed_cells(start: bytes) -> int:
    """Count the cells of the rectangle that a sheet says it fills, by its first kilobytes; 0 when it does not say."""
    found = _DIMENSION.search(start)
    return (position(found[1]) + 1) * int(found[2]) if found else 0


def position(letters: bytes) -> int:
    """Turn a column's letters into its position; beyond any column, at 20,000, where they name none."""
    known = _POSITIONS.get(letters)
    if known is None:
        known = _POSITIONS[letters] = min(column_position(letters[:8].decode("ascii")), 20_000)
    return known


def _styled_cells(styles: list[formats.Format | None]) -> re.Pattern[bytes] | None:
    """Give the expression that finds the cells whose style shows a number otherwise than General; None for no such."""
    special = [number for number, style in enumerate(styles) if style is not None]
    if not special:
        return None
    if special[0] == 0:  # a cell without a style has the first one
        return _ANY
    ids = b"|".join(b"%d" % number for number in special) if len(special) < 200 else rb"\d+"
    return re.compile(_STYLED % ids)


def _by_row(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Cut a stream of XML at ends of rows."""
    carry = b""
    for block in blocks:
        text = carry + block
        cut = text.rfind(b"</row>") + 6
        if cut < 6:
            carry = text
            if len(carry) > MAX_CARRY:
                raise _EndlessRowError("the sheet has a row without end", SAVE_AGAIN)
            continue
        yield text[:cut]
        carry = text[cut:]
    yield carry


class _UnusualXmlError(Exception):
    """The XML is written in a way that the expressions below do not cover."""


class _EndlessRowError(SheetError):
    """A row does not end, or not in the usual way."""


def _last_row(chunk: bytes) -> int:
    at = chunk.rfind(_ROW) + len(_ROW)
    return to_int(chunk[at : chunk.find(b'"', at)]) if at >= len(_ROW) else 0


def _refuse_doubled_cells(chunk: bytes) -> None:
    """Refuse two cells in one place: calamine would show the later one, Excel may show the other."""
    addresses = _ADDRESS.findall(chunk)
    if len(set(addresses)) < len(addresses):
        twice, _ = Counter(addresses).most_common(1)[0]
        raise doubled_row(int(twice.lstrip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")))


def _expect_plain(chunk: bytes, *, first: bool) -> None:
    """Raise _UnusualXmlError unless a stretch of XML is written in the way that the expressions below cover.

    What they take in themselves (the attributes of cells, rows and columns) is checked where they are used.
    """
    odd = (
        b"='" in chunk
        or _ODD_TAG.search(chunk) is not None
        or chunk.count(b"<?") > first
        or len(_SPACE.findall(chunk)) != len(_OWN_SPACE.findall(chunk))
        or (first and _PREFIXED.search(chunk[:2000]) is not None)
        or (b"&#" in chunk and _REFERENCE.search(chunk) is not None)
        or (b"<mergeCell" in chunk and chunk.count(b"<mergeCell") != _count_merges(chunk))
    )
    if odd:
        raise _UnusualXmlError


def _count_merges(chunk: bytes) -> int:
    return len(_MERGE.findall(chunk)) + chunk.count(b"<mergeCells")


_ROW = b'<row r="'
_ADDRESS = re.compile(rb'<c r="([A-Z]+\d+)"')
_POSITIONS: dict[bytes, int] = {}
_VALUE = rb"\s*(?:<f\b[^>]*?(?:/>|>[^<]*</f>)\s*)?(?:<v[^>]*>([^<]*)</v>)?"
_STYLED = rb'<c r="([A-Z]+)(\d+)"(?: t="(\w+)")? s="(%s)"(?: t="(\w+)")?[^>]*>' + _VALUE
_ANY = re.compile(rb'<c r="([A-Z]+)(\d+)"(?: t="(\w+)")?(?: s="(\d+)")?(?: t="(\w+)")?[^>]*>' + _VALUE)
_ERROR = re.compile(rb'<c r="([A-Z]+)(\d+)"()(?: s="(\d+)")?[^>]*? t="([ed])"[^>]*>' + _VALUE)
_FORMULA = re.compile(rb'<c r="([A-Z]+)(\d+)"([^>]*)>\s*<f\b[^>]*?(?:/>|>[^<]*</f>)\s*(?:(<v\s?/?>)(?:([^<]*)</v>)?)?')
_DIMENSION = re.compile(rb'<dimension ref="\$?[A-Z]{1,3}\$?\d{1,7}:\$?([A-Z]{1,3})\$?(\d{1,7})"')
_KNOWN = rb'(?: t="\w+")?(?: s="\d+")?(?: t="\w+")?(?: (?:cm|vm|ph)="\d+")*/?>'
"""What may stand in the tag of a cell behind its address: the attributes of the usual writers, in their order."""
_ATTRIBUTES = rb'((?: [\w:.-]+="[^"&<]*")*) ?/?>'
_LANDMARK = re.compile(
    rb'<row r="(\d{1,9})"(?: spans="[\d:]*")?' + _ATTRIBUTES + rb'(?:(?=\s*<c r="[A-Z]+(\d+)")|)'
    rb'|<(c|row)(?! r="[A-Z]\d{1,5}"' + _KNOWN + rb")([^>]*>(?:</c>)?)"
)
_ODD_TAG = re.compile(rb"<(?:v(?!>|/>| />)|/(?:[vf]|row)(?!>))")
_SHARED = re.compile(rb' t="s"[^>]*>\s*<v[^>]*>\s*(\d{1,9})')
_FAR = re.compile(rb' r="([A-Z]{2,}|[A-Z](?=\d{6}))(\d{1,9})"' + _KNOWN)
_COLUMN = re.compile(rb"ol" + _ATTRIBUTES)
_HIDDEN = re.compile(rb' (?:hidden="(?:1|true)"|ht="0(?:\.0*)?")')
_ATTRIBUTE = re.compile(rb'(\w+)="([^"]*)"')
_MERGE = re.compile(rb'<mergeCell [^>]*?ref="\$?([A-Z]{1,3})\$?(\d{1,7}):\$?([A-Z]{1,3})\$?(\d{1,7})"')
_SPACE = re.compile(rb"/(?:spreadsheetml/2006|ooxml/spreadsheetml)/main")
_OWN_SPACE = re.compile(
    rb' xmlns="http://(?:schemas\.openxmlformats\.org/spreadsheetml/2006|purl\.oclc\.org/ooxml/spreadsheetml)/main"'
)
_REFERENCE = re.compile(rb"<v>[^<&]*&#")
_PREFIXED = re.compile(rb"<[\w.-]+:worksheet\b")
