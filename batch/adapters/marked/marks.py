"""Mark a user's own workbook, or make one of its failed rows; a file of a stranger's is opened only when confined."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from xml.dom import DOMException
from xml.parsers.expat import ExpatError

from batch.adapters.marked.cells import WIDTH, Marking, RawCell, RowMark, SheetXml
from batch.adapters.marked.comments import write_comments
from batch.adapters.marked.package import CONTENT_TYPES, Package, check_whole
from batch.adapters.marked.plain import as_filed, as_shown, write_rows
from batch.adapters.marked.returned import ROW_ID, Returned
from batch.adapters.marked.shared import find_shared
from batch.adapters.marked.styles import Paint, Styles
from batch.model import Header, Issue, Level
from batch.model.columns import OURS, PROBLEM, RESULTS
from batch.model.errors import SheetError
from batch.model.limits import Limits

_OURS = {name.casefold(): name for name in OURS}
_RESULT_WIDTH = 24
_BROKEN = (
    zipfile.BadZipFile,
    KeyError,
    IndexError,
    ValueError,
    ExpatError,
    NotImplementedError,
    EOFError,
    DOMException,
    StopIteration,
)


def mark_workbook(source: Path, rows: Sequence[Returned], sheet: str, limits: Limits) -> bytes:
    """Give a workbook with its bad cells coloured, a comment in each, and a Problem column; empty where it is none.

    Needed are only the rows that something is said about. Raises SheetError for one that goes beyond a limit.
    """
    package = _open(source, limits)
    if package is None:
        return b""
    try:
        _mark(package, sheet, rows)
        return package.pack()
    except _BROKEN:
        return b""
    finally:
        package.close()


def mark_plain(rows: Sequence[Returned]) -> bytes:
    """Give a workbook of rows as they were read, marked; no file is opened for it."""
    header = rows[0].row.header if rows else Header(1, (), {})
    lines = {one.row.number: as_shown(one.row) for one in rows}
    package = Package(write_rows(header.names, lines, first=header.row))
    _mark(package, "Campaigns", rows)
    return package.pack()


def collect_rows(source: Path, rows: Sequence[Returned], sheet: str, limits: Limits) -> bytes:
    """Give a workbook of some rows only, their cells as they were, with RowId and Problem at the end."""
    header = rows[0].row.header
    kept = [at for at, name in enumerate(header.names) if not _is_ours(header, at)]
    names = (*(header.names[at] for at in kept), ROW_ID, PROBLEM)
    cells, widths, epoch_1904 = _cells_of(source, sheet, rows, limits)
    moved = {at: place for place, at in enumerate(kept)}
    columns = {name: moved[at] for name, at in header.columns.items() if at in moved} | {ROW_ID: len(kept)}
    fresh = Header(1, names, columns)
    lines = [_move(one, number, fresh, moved) for number, one in enumerate(rows, start=2)]
    values = {number: [*(cells[one.row.number][at] for at in kept), one.row_id] for number, one in enumerate(rows, 2)}
    heights = {one.row.number: sum(1 + len(issue.message) // WIDTH for issue in one.issues) or 1 for one in lines}
    widths = {moved[at]: width for at, width in widths.items() if at in moved} | {len(kept): 14}
    written = write_rows(names, _padded(values), widths=widths, heights=heights, epoch_1904=epoch_1904)
    package = Package(written)
    _mark(package, "Campaigns", lines, lines=True)
    return package.pack()


def _open(source: Path, limits: Limits) -> Package | None:
    """Open a file as a workbook; None when it is something else."""
    try:
        package = Package(source, limits)
    except (OSError, *_BROKEN):
        return None
    if CONTENT_TYPES in package.names:
        return package
    package.close()
    return None


def _mark(package: Package, sheet: str, rows: Sequence[Returned], *, lines: bool = False) -> None:
    """Write all marks into the parts of a workbook; `lines` lets the Problem column break into lines."""
    if not rows:
        return
    header = rows[0].row.header
    part, styles_part = _find_parts(package, sheet)
    xml, styles = SheetXml(package.read(part)), Styles(package.read_judged(styles_part))
    shared = find_shared(package, _find_book(package))
    top = xml.read({header.row}).get(header.row, {})
    earlier = set(_find_ours(header, xml).values())
    named = _place_columns(header, xml, with_results=any(one.result for one in rows))
    bad = [one for one in rows if one.issues]
    between, words = ("\n", Paint.LINES) if lines else ("  •  ", Paint.WORDS)
    marks = {
        one.row.number: RowMark(_paints(one), dict(_cells_of_row(one, named, between)))
        for one in rows
        if one.issues or one.result
    }
    if marks or earlier:
        last = max(earlier) if earlier & top.keys() else max(top, default=-1)
        style = top[last].style if last in top else 0
        marks[header.row] = RowMark(words={at: name for name, at in named.items()}, style=style)
        for name, at in named.items():
            xml.widen(at, WIDTH if name == PROBLEM else _RESULT_WIDTH)
    share = shared.number if shared is not None else None
    xml.mark(marks, Marking(styles.paint, styles.ours, earlier, header.row, words, share))
    if shared is not None:
        shared.write()
    write_comments(package, part, xml, dict(_comments(bad)))
    package.write(styles_part, styles.write())
    package.write(part, xml.write())
    check_whole(package.read(part))


def _find_book(package: Package) -> str:
    return next(one.target for one in package.relations("") if one.kind == "officeDocument")


def _find_parts(package: Package, sheet: str) -> tuple[str, str]:
    """Find the sheet of that name (the first one when none has it) and the styles."""
    book = _find_book(package)
    related = {one.id: one for one in package.relations(book)}
    named = {}
    for node in package.tree(book).getElementsByTagName("*"):
        if node.localName == "sheet":
            id = next((value for key, value in node.attributes.items() if key.rpartition(":")[2] == "id"), "")
            if id in related and related[id].kind == "worksheet":
                named[node.getAttribute("name")] = related[id].target
    styles = next(one.target for one in related.values() if one.kind == "styles")
    return named[sheet] if sheet in named else next(iter(named.values())), styles


def _place_columns(header: Header, xml: SheetXml, *, with_results: bool) -> dict[str, int]:
    """Place each column of ours: where it was, else behind the header in a column in which nothing stands.

    The problem stands last: its words may be longer than any column, and then nothing beside them cuts them.
    """
    there, taken = _find_ours(header, xml), xml.filled()
    free = (position for position in range(len(header.names), 16_384) if position not in taken)
    return {name: there[name] if name in there else next(free) for name in (*RESULTS * with_results, PROBLEM)}


def _find_ours(header: Header, xml: SheetXml) -> dict[str, int]:
    """Find the columns of ours from an earlier time; one with formulas is somebody's own."""
    found: dict[str, int] = {}
    for at, name in enumerate(header.names):
        if (own := _OURS.get(name.strip().casefold())) and not xml.has_formulas(at):
            found.setdefault(own, at)
    return found


def _cells_of_row(one: Returned, named: Mapping[str, int], between: str) -> Iterator[tuple[int, str]]:
    """Give the words of a row's cells that are ours."""
    said = {PROBLEM: _words(one.issues, between), **dict(zip(RESULTS, one.result, strict=False))}
    for name, words in said.items():
        if words and name in named:
            yield named[name], words


def _paints(one: Returned) -> dict[int, Paint]:
    """Give each cell that is spoken of the colour of the weightiest thing said about it."""
    found: dict[int, Paint] = {}
    for issue in sorted(one.issues, key=_weight):
        position = _position(one.row.header, issue)
        if position is not None:
            found.setdefault(position, Paint(issue.level.value))
    return found


def _comments(rows: Iterable[Returned]) -> Iterable[tuple[tuple[int, int], str]]:
    for one in rows:
        said: dict[int, list[Issue]] = {}
        for issue in one.issues:
            position = _position(one.row.header, issue)
            if position is not None:
                said.setdefault(position, []).append(issue)
        for position, issues in said.items():
            yield (one.row.number, position), _words(issues)


def _words(issues: Iterable[Issue], between: str = "\n") -> str:
    """Write issues one after another, errors first; warnings say that they are none."""
    return between.join(_PREFIX[issue.level] + issue.message for issue in sorted(issues, key=_weight))


_PREFIX = {Level.ERROR: "", Level.HOLD: "to decide: ", Level.WARNING: "worth a look: "}


def _weight(issue: Issue) -> int:
    return list(Level).index(issue.level)


def _position(header: Header, issue: Issue) -> int | None:
    """Give the position of the cell that an issue is about."""
    if not issue.column:
        return header.columns.get(issue.field)
    number = 0
    for letter in issue.column:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _is_ours(header: Header, at: int) -> bool:
    return header.columns.get(ROW_ID) == at or header.names[at].strip().casefold() in _OURS


def _move(one: Returned, number: int, header: Header, moved: Mapping[int, int]) -> Returned:
    """Give a row with its issues as they stand in the workbook of failed rows."""
    fields = {at: name for name, at in header.columns.items()}
    was = f"row {one.row.number}: " if number != one.row.number else ""
    issues = []
    for place, issue in enumerate(sorted(one.issues, key=_weight)):
        position = _position(one.row.header, issue)
        field = fields.get(moved.get(position, -1), "") if position is not None else ""
        words = f"{was}{issue.message}" if place == 0 else issue.message
        issues.append(replace(issue, row=number, column="", field=field, message=words))
    return Returned(replace(one.row, number=number, header=header), tuple(issues), one.row_id)


def _padded(values: Mapping[int, list[object]]) -> dict[int, list[object]]:
    return {number: [*row, ""] for number, row in values.items()}


def _cells_of(
    source: Path, sheet: str, rows: Sequence[Returned], limits: Limits
) -> tuple[dict[int, list[object]], dict[int, float], bool]:
    """Give the cells of some rows as the file has them, its column widths, and whether its days count from 1904.

    Of a file that is too large for that, and of one that is not a workbook, as they were read.
    """
    package = _open(source, limits)
    if package is not None:
        try:
            return _filed_cells(package, sheet, rows)
        except (SheetError, *_BROKEN):
            pass
        finally:
            package.close()
    return {one.row.number: as_shown(one.row) for one in rows}, {}, False


def _filed_cells(
    package: Package, sheet: str, rows: Sequence[Returned]
) -> tuple[dict[int, list[object]], dict[int, float], bool]:
    part, styles_part = _find_parts(package, sheet)
    xml, styles = SheetXml(package.read(part)), Styles(package.read_judged(styles_part))
    raw = xml.read({one.row.number for one in rows})
    codes = {cell.style: styles.code(cell.style) for cells in raw.values() for cell in cells.values()}
    none: dict[int, RawCell] = {}
    cells = {one.row.number: as_filed(one.row, raw.get(one.row.number, none), codes) for one in rows}
    return cells, xml.widths(), _counts_from_1904(package)


def _counts_from_1904(package: Package) -> bool:
    book = _find_book(package)
    nodes = (node for node in package.tree(book).getElementsByTagName("*") if node.localName == "workbookPr")
    return any(node.getAttribute("date1904").casefold() in {"1", "true"} for node in nodes)
