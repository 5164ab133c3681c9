"""Make workbooks from plain data, at the level of their XML, so that each oddity can be written on purpose."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

HEADER = ("CampaignName", "Message", "GroupIds", "DateTime", "Offer")
GOOD = ("Spring sale", "Hello", "100", "2027-03-01 10:00", "two for one")
READY_TO = "import marshal, os; m = marshal.dumps(('ready', ()), 2); os.write(1, len(m).to_bytes(4, 'big') + m)\n"
"""What a reading process of a test says first; what it does then follows."""


@dataclass(frozen=True)
class N:
    """A number in a number format."""

    value: float | str
    format: str = "General"


@dataclass(frozen=True)
class E:
    """An error cell."""

    value: str


@dataclass(frozen=True)
class F:
    """A formula, with what was calculated for it, if anything."""

    formula: str
    cached: float | str | None = None


@dataclass(frozen=True)
class B:
    """A truth value."""

    value: bool


@dataclass(frozen=True)
class X:
    """A cell written by hand; `{r}` stands for its address."""

    xml: str


Cell = str | int | float | N | E | F | B | X | None


@dataclass
class Sheet:
    """One worksheet: its rows, and what is odd about it."""

    rows: list[tuple[Cell, ...]]
    name: str = "Campaigns"
    state: str = ""
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: tuple[int, ...] = ()
    merges: tuple[str, ...] = ()
    dimension: str = ""
    first: int = 1
    numbers: dict[int, int] = field(default_factory=dict)
    """Position in `rows` to the row number that it gets."""
    tail: str = ""


@dataclass
class Book:
    """A workbook; `parts` are added or put in the place of those that are made."""

    sheets: list[Sheet]
    properties: str = ""
    after: str = ""
    parts: dict[str, str | bytes] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    inline: bool = False
    declare_types: bool = True

    def save(self, path: Path) -> None:
        """Write the file, the same bytes each time."""
        strings: dict[str, int] = {}
        formats: dict[str, int] = {"General": 0}
        parts: dict[str, str | bytes] = {}
        for number, sheet in enumerate(self.sheets, start=1):
            parts[f"xl/worksheets/sheet{number}.xml"] = _sheet(sheet, strings, formats, inline=self.inline)
        parts["xl/workbook.xml"] = _workbook(self)
        parts["xl/_rels/workbook.xml.rels"] = _relations(len(self.sheets))
        parts["xl/styles.xml"] = _styles(formats)
        parts["xl/sharedStrings.xml"] = _strings(strings)
        parts["_rels/.rels"] = _root()
        parts["[Content_Types].xml"] = _types(len(self.sheets))
        parts |= self.parts
        pack(path, {name: text for name, text in parts.items() if name not in self.without})


def pack(path: Path, parts: dict[str, str | bytes]) -> None:
    """Zip parts with a date that never changes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)


def letters(position: int) -> str:
    """Turn a position into a column's letters."""
    text, number = "", position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def _sheet(sheet: Sheet, strings: dict[str, int], formats: dict[str, int], *, inline: bool) -> str:
    out = [HEAD, f'<worksheet xmlns="{MAIN}" xmlns:r="{REL}">']
    if sheet.dimension:
        out.append(f'<dimension ref="{sheet.dimension}"/>')
    if sheet.hidden_columns:
        columns = (f'<col min="{at + 1}" max="{at + 1}" width="9" hidden="1"/>' for at in sheet.hidden_columns)
        out.append("<cols>" + "".join(columns) + "</cols>")
    out.append("<sheetData>")
    for at, row in enumerate(sheet.rows):
        number = sheet.numbers.get(at, sheet.first + at)
        hidden = ' hidden="1"' if number in sheet.hidden_rows else ""
        cells = (
            _cell(f"{letters(place)}{number}", cell, strings, formats, inline=inline) for place, cell in enumerate(row)
        )
        out.append(f'<row r="{number}"{hidden}>' + "".join(cells) + "</row>")
    out.append("</sheetData>")
    if sheet.merges:
        merges = "".join(f'<mergeCell ref="{ref}"/>' for ref in sheet.merges)
        out.append(f'<mergeCells count="{len(sheet.merges)}">{merges}</mergeCells>')
    return "".join(out) + sheet.tail + "</worksheet>"


def _cell(address: str, cell: Cell, strings: dict[str, int], formats: dict[str, int], *, inline: bool) -> str:
    if cell is None:
        return ""
    if isinstance(cell, X):
        return cell.xml.replace("{r}", address)
    if isinstance(cell, str):
        if inline:
            return f'<c r="{address}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
        return f'<c r="{address}" t="s"><v>{strings.setdefault(cell, len(strings))}</v></c>'
    if isinstance(cell, N):
        return f'<c r="{address}" s="{formats.setdefault(cell.format, len(formats))}"><v>{cell.value}</v></c>'
    if isinstance(cell, E):
        return f'<c r="{address}" t="e"><v>{cell.value}</v></c>'
    if isinstance(cell, B):
        return f'<c r="{address}" t="b"><v>{int(cell.value)}</v></c>'
    if isinstance(cell, F):
        kind = ' t="str"' if isinstance(cell.cached, str) else ""
        value = "" if cell.cached is None else f"<v>{escape(str(cell.cached))}</v>"
        return f'<c r="{address}"{kind}><f>{escape(cell.formula)}</f>{value}</c>'
    return f'<c r="{address}"><v>{cell}</v></c>'


def _workbook(book: Book) -> str:
    sheets = "".join(
        f'<sheet name={quoteattr(sheet.name)} sheetId="{number}"'
        + (f' state="{sheet.state}"' if sheet.state else "")
        + f' r:id="rId{number}"/>'
        for number, sheet in enumerate(book.sheets, start=1)
    )
    body = f"{book.properties}<sheets>{sheets}</sheets>{book.after}"
    return f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{REL}">{body}</workbook>'


def _relations(count: int) -> str:
    kinds = [(number, "worksheet", f"worksheets/sheet{number}.xml") for number in range(1, count + 1)]
    kinds += [(count + 1, "styles", "styles.xml"), (count + 2, "sharedStrings", "sharedStrings.xml")]
    inner = "".join(f'<Relationship Id="rId{at}" Type="{REL}/{kind}" Target="{to}"/>' for at, kind, to in kinds)
    return f'{HEAD}<Relationships xmlns="{PACKAGE}">{inner}</Relationships>'


def _root() -> str:
    inner = f'<Relationship Id="rId1" Type="{REL}/officeDocument" Target="xl/workbook.xml"/>'
    return f'{HEAD}<Relationships xmlns="{PACKAGE}">{inner}</Relationships>'


def _styles(formats: dict[str, int]) -> str:
    own = [(163 + number, code) for code, number in formats.items() if not _built_in(code) and number]
    codes = "".join(f'<numFmt numFmtId="{number}" formatCode={quoteattr(code)}/>' for number, code in own)
    styles = "".join(
        f'<xf numFmtId="{_built_in(code) or 163 + number}"/>' if number else '<xf numFmtId="0"/>'
        for code, number in formats.items()
    )
    return (
        f'{HEAD}<styleSheet xmlns="{MAIN}"><numFmts count="{len(own)}">{codes}</numFmts>'
        f'<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>'
        f'<cellXfs count="{len(formats)}">{styles}</cellXfs></styleSheet>'
    ).replace('<numFmts count="0"></numFmts>', "")


def _built_in(code: str) -> int:
    """Read `#14` as the format that files name by its number only."""
    return int(code[1:]) if code[:1] == "#" and code[1:].isdigit() else 0


def _strings(strings: dict[str, int]) -> str:
    inner = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in strings)
    return f'{HEAD}<sst xmlns="{MAIN}" count="{len(strings)}" uniqueCount="{len(strings)}">{inner}</sst>'


def _types(count: int) -> str:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    sheets = "".join(
        f'<Override PartName="/xl/worksheets/sheet{at}.xml" ContentType="{kind}.worksheet+xml"/>'
        for at in range(1, count + 1)
    )
    return (
        f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>{sheets}'
        f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}.sharedStrings+xml"/></Types>'
    )
