"""Write a workbook sheet by sheet, so that no text in it becomes a formula or a link."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from textwrap import wrap
from typing import Any

from batch.adapters.report.contents import Report
from batch.adapters.report.sheet_rows import Lines, days_of, fill_rows
from batch.core.hints import name_account
from batch.model.columns import column_letter
from batch.model.records import dataclass
from batch.model.wording import TONES

MOST_ROWS = 20_000
"""Rows that a sheet of the workbook takes: nobody reads 100,000 in Excel."""
FILLED_FROM = 500
"""Rows from which on `fill_rows` writes a table, and not the library."""
LONGEST_TEXT = 32_000
"""Excel holds 32,767 characters in a cell, counted as UTF-16."""
COUNT = "#,##0"
MOMENT, DAY = "ddd, mmm d, yyyy, h:mm AM/PM", "ddd, mmm d, yyyy"
"""A time and a day, written as on every page."""
LINE = 15.5
"""Points: the height of one line of a wrapped text."""
MOST_LABELS = 31
"""Bars that have their numbers above them; of more, the numbers would lie on each other."""
_NUMBERS = frozenset({"number", "decimal", "money", "share"})
"""Kinds of columns whose cells, and so whose heads, stand at the right."""
CHART = 500, 300
"""Pixels: width and height of a chart."""
INK, RULE, QUIET = "#1d2530", "#d5dae1", "#4a5563"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet."""

    title: str
    width: float
    """Of a text the most that it takes: a longer one wraps. It is narrower where all its cells are."""
    kind: str = "text"
    """`text`, `line` (never wrapped: the last column), `number`, `decimal`, `money`, `date`, `day` or `share`."""
    total: bool = False
    """Whether its sum stands below."""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads to another one of the workbook."""

    value: str | int
    target: str
    """As a formula names it: `Rows!A17`. Made by this program alone, never from a cell of a sheet."""

    def __str__(self) -> str:
        """Give what the cell shows."""
        return str(self.value)


@dataclass(frozen=True, slots=True)
class Written:
    """A table as it stands in the workbook, for formulas that add it up again."""

    name: str
    places: Mapping[str, str]
    """Column by its title: `K`."""
    rows: int
    sums: Mapping[str, float]
    """What the cells of a column add up to, of those that have a sum."""

    def cells(self, title: str) -> str:
        """Name the cells of a column without its head and its sum: `Rows!$K$2:$K$29`."""
        place = self.places[title]
        return f"'{self.name}'!${place}$2:${place}${max(2, self.rows + 1)}"


@dataclass(frozen=True, slots=True)
class Drawing:
    """One native chart: what it is called, where on its sheet its numbers stand, where it goes."""

    kind: str
    title: str
    lines: tuple[int, int]
    """The first and last line of its numbers, from 0."""
    columns: tuple[int, int]
    """The columns of its labels and its numbers."""
    cell: str
    """Where its upper left corner stands."""
    tones: Sequence[str]
    down: int = 0
    """Pixels below that corner: a second chart under the first, however high the rows are."""
    days: bool = False
    """Whether its labels are days."""


class WorkbookWriter:
    """One workbook while it is written: its formats, and a sheet, a table or a chart as one call."""

    def __init__(self, report: Report) -> None:
        import xlsxwriter

        self.report = report
        self._memory = io.BytesIO()
        self._tables = 0
        self._long: dict[tuple[int, int], Lines] = {}
        """The rows of long tables, by the numbers of their sheet and of themselves."""
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self._book = book = xlsxwriter.Workbook(self._memory, {**options, "in_memory": True})
        book.set_properties(_properties(report))
        base: dict[str, Any] = {"font_name": "Calibri", "font_size": 11, "font_color": INK, "valign": "top"}
        money = _money_format(report.currency)
        bold: dict[str, Any] = {"bold": True}
        head: dict[str, Any] = {"bg_color": INK, "font_color": "#ffffff", "text_wrap": True, "valign": "vcenter"} | bold
        left, right = {"align": "left", "indent": 1}, {"align": "right", "indent": 1}
        below, above = {"bottom": 1, "bottom_color": RULE}, {"bold": True, "top": 1, "top_color": INK}
        styles: dict[str, dict[str, Any]] = {
            "text": {"num_format": "@", "text_wrap": True} | left,
            "line": {"num_format": "@"} | left,
            "number": {"num_format": COUNT} | right,
            "decimal": {"num_format": "#,##0.0"} | right,
            "money": {"num_format": money} | right,
            "share": {"num_format": "0.0%"} | right,
            "date": {"num_format": MOMENT} | left,
            "day": {"num_format": DAY} | left,
            "head": head | left,
            "head-right": head | {"align": "right", "indent": 2},  # beside the button of the filter
            "title": {"font_size": 18} | bold,
            "section": {"font_size": 13} | bold | below,
            "label": {"font_color": QUIET},
            "note": {"font_color": QUIET, "text_wrap": True},
            "beside": {"font_color": QUIET, "text_wrap": True} | left,
            "section-beside": {"font_size": 13} | bold | below | left,
            "right": right | bold | below,
            "total": {"num_format": COUNT} | above | right,
            "total-word": above | left,
            "money-total": {"num_format": money} | above | right,
            "bold": bold,
            "good": {"font_color": TONES["good"].light, "align": "center"} | bold,
        }
        self._formats = {name: book.add_format(base | style) for name, style in styles.items()}
        for name in ("text", "number", "label", "note"):
            self._formats[f"{name}-link"] = book.add_format(base | styles[name] | {"underline": 1})
        for name, tone in TONES.items():
            colours = {"font_color": tone.light, "bg_color": tone.light_wash}
            self._formats[f"tone-{name}"] = book.add_format(base | colours | bold)
            self._formats[f"tone-{name}-link"] = book.add_format(base | colours | bold | {"underline": 1})
            self._formats[f"if-{name}"] = book.add_format(colours)

    def sheet(self, name: str, colour: str = "quiet") -> Any:
        """Add a sheet that prints well: landscape, one page wide, its name and page number below."""
        sheet = self._book.add_worksheet(name)
        sheet.set_tab_color(TONES[colour].light)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(1 if self.report.currency == "USD" else 9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        sheet.set_footer("&L&8&F&C&8&A&R&8page &P of &N")
        return sheet

    def put(self, sheet: Any, row: int, column: int, value: object, kind: str) -> None:
        """Write one value as what it is; a text is always a text."""
        style = self._formats[kind]
        if value is None or value == "":
            sheet.write_blank(row, column, None, style)
        elif isinstance(value, Link):
            shown = plain_text(str(value.value))
            sheet.write_url(row, column, f"internal:{value.target}", self._linked(kind), shown)
            if isinstance(value.value, int):
                sheet.write_number(row, column, value.value, self._linked(kind))
        elif isinstance(value, datetime):
            sheet.write_number(row, column, days_of(value.replace(tzinfo=None)), style)
        elif isinstance(value, (int, float)):
            sheet.write_number(row, column, value, style)
        else:
            sheet.write_string(row, column, self._shown(str(value)), style)

    def _shown(self, text: str) -> str:
        return plain_text(name_account(text, self.report.account))

    def compute(  # noqa: PLR0917 - as put
        self, sheet: Any, row: int, column: int, formula: str, value: object, kind: str
    ) -> None:
        """Write a formula with what it gives, for programs that show a file without computing."""
        sheet.write_formula(row, column, formula, self._formats[kind], value)

    def table(
        self,
        name: str,
        columns: Sequence[Column],
        rows: Iterable[Sequence[object]],
        *,
        tab: str = "quiet",
        status: int | None = None,
        printed: int = 0,
        drawn: bool = False,
    ) -> tuple[Any, Written]:
        """Write a sheet that is one table, with sums below it; of more than MOST_ROWS rows, the first.

        `status` is the column that gets colours, `printed` how many columns are printed, `drawn` says that charts are
        drawn of it: they keep the numbers that the library wrote.
        """
        sheet, lines = self.sheet(name, tab), list(islice(rows, MOST_ROWS))
        cells = list(zip(*lines, strict=True)) or [()] * len(columns)
        sums = {place: _sum(cells[place]) for place, column in enumerate(columns) if column.total and lines}
        last, long = max(1, len(lines)) + bool(sums), len(lines) >= FILLED_FROM and not drawn
        self._tables += 1
        widths = [_width(column, cells[place], sums.get(place)) for place, column in enumerate(columns)]
        for place, (column, width) in enumerate(zip(columns, widths, strict=True)):
            sheet.set_column(place, place, width, self._formats[column.kind], {"hidden": column.hidden})
        sheet.set_row(0, LINE * max(2, *map(_head_lines, columns, widths)))
        sheet.freeze_panes(1, 2)
        sheet.repeat_rows(0)
        if status is not None:
            self._colour(sheet, status, max(1, len(lines)))
        heads = [self._head(column, sums.get(place)) for place, column in enumerate(columns)]
        if sums:
            heads[0]["total_string"] = "Total"
        style: dict[str, Any] = {"name": re.sub(r"\W", "_", name), "columns": heads, "style": "Table Style Light 1"}
        end = 1 + bool(sums) if long else last  # a long one grows when it is filled: the library would note each cell
        sheet.add_table(0, 0, end, len(columns) - 1, style | {"total_row": bool(sums)})
        self._write_lines(sheet, columns, lines, long=long)
        for row, high in _heights(columns, widths, cells).items():
            sheet.set_row(row, LINE * min(12, high))
        for place, column in enumerate(columns if sums else ()):
            self._write_total(sheet, (last, place), style["name"], column, sums.get(place))
        if printed:
            sheet.print_area(0, 0, last, printed - 1)
        places = {column.title: column_letter(place) for place, column in enumerate(columns)}
        told = {column.title: sums.get(place, 0) for place, column in enumerate(columns) if column.total}
        return sheet, Written(name, places, len(lines), told)

    def _head(self, column: Column, total: float | None) -> dict[str, Any]:
        kind = "head-right" if column.kind in _NUMBERS else "head"
        head: dict[str, Any] = {"header": column.title, "header_format": self._formats[kind]}
        return head | ({"total_function": "sum", "total_value": total} if total is not None else {})

    def _write_total(self, sheet: Any, cell: tuple[int, int], table: str, column: Column, total: float | None) -> None:
        """Write the cell below a column: the sum of what a filter leaves, as Excel's own row of totals has it."""
        kind = "money-total" if column.kind == "money" else "total"
        if total is not None:
            self.compute(sheet, *cell, f"=SUBTOTAL(109,{table}[{column.title}])", total, kind)
        else:
            self.put(sheet, *cell, "Total" if cell[1] == 0 else None, "total-word")

    def _write_lines(self, sheet: Any, columns: Sequence[Column], lines: Lines, *, long: bool) -> None:
        """Write the rows; those of a long table are kept until the workbook is finished, all but their links."""
        if long:
            self._long[len(self._book.worksheets()), self._tables] = lines
            sheet.set_row(len(lines), None)  # so that the library knows how far the sheet goes
        for row, values in enumerate(lines, 1):
            if long and Link not in map(type, values):
                continue
            for place, (column, value) in enumerate(zip(columns, values, strict=True)):
                if isinstance(value, Link) if long else value not in {None, ""}:
                    self.put(sheet, row, place, value, column.kind)

    def _linked(self, kind: str) -> Any:
        """Give a format with the line under it that says: this leads somewhere."""
        return self._formats.get(f"{kind}-link", self._formats[kind])

    def draw(self, sheet: Any, drawing: Drawing) -> None:
        """Put a native chart of numbers that stand on a sheet beside them."""
        where, title, (first, last), (labels, numbers) = sheet.get_name(), drawing.title, drawing.lines, drawing.columns
        chart = self._book.add_chart({"type": drawing.kind})
        chart.add_series(
            {
                "name": title,
                "categories": [where, first, labels, last, labels],
                "values": [where, first, numbers, last, numbers],
                "points": [{"fill": {"color": TONES[tone].light}} for tone in drawing.tones],
                "data_labels": {"value": last - first < MOST_LABELS, "num_format": "#,##0"},
                "gap": 40,
            }
        )
        chart.set_title({"name": title, "name_font": {"size": 12, "color": INK}})
        chart.set_legend({"none": True})
        lies = drawing.kind == "bar"
        chart.set_y_axis({"reverse": True} if lies else {"major_gridlines": {"visible": True, "line": {"color": RULE}}})
        dates = {"num_format": "ddd mmm d", "text_axis": True} if drawing.days else {}
        chart.set_x_axis(dates | {"visible": not lies, "major_gridlines": {"visible": False}})
        chart.set_size({"width": CHART[0], "height": CHART[1]})
        words = f"{title}: the numbers are in the columns to the left"
        sheet.insert_chart(drawing.cell, chart, {"description": words, "y_offset": drawing.down})

    def finish(self) -> bytes:
        """Give the workbook."""
        self._book.close()
        book = self._memory.getvalue()
        return fill_rows(book, self._long, self._shown) if self._long else book

    def _colour(self, sheet: Any, status: int, last: int) -> None:
        """Colour by what the cell says, so that sorting and filtering carry the colour along."""
        for name, tone in TONES.items():
            rule = {"type": "text", "criteria": "begins with", "value": f"{tone.sign} "}
            sheet.conditional_format(1, status, last, status, rule | {"format": self._formats[f"if-{name}"]})


def plain_text(text: str) -> str:
    """Bring a text into what a cell can hold: half a surrogate pair is shown as a mark, the length is bounded."""
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass")[: 2 * LONGEST_TEXT].decode("utf-16-le", "replace")
    text = text[:LONGEST_TEXT]
    return text + " " * text.endswith("</r>")  # the library writes a text from <r> to </r> as it is, as its own markup


def _sum(cells: Iterable[object]) -> float:
    return round(sum(_numbers(cells)), 6)


def _numbers(cells: Iterable[object]) -> list[float]:
    shown = (cell.value if isinstance(cell, Link) else cell for cell in cells if cell)
    return [value for value in shown if isinstance(value, (int, float))]


def _width(column: Column, cells: Sequence[object], total: float | None) -> float:
    """Give a width that cuts nothing: of numbers by the largest, of texts by the longest up to the column's own."""
    head = max(map(len, column.title.split())) + 4  # the button of the filter takes some
    if column.kind in {"number", "decimal", "money"}:
        longest = max((*map(abs, _numbers(cells)), total or 0))
        return max(head, len(f"{longest:,.0f}") + (8 if column.kind == "money" else 3))
    if column.kind == "share":
        return max(head, len("100.0%") + 3)
    if column.kind != "text":
        return max(head, column.width)
    return max(head, min(column.width, 3 + max(map(len, map(str, filter(None, cells))), default=0)))


def _heights(columns: Sequence[Column], widths: Sequence[float], cells: Sequence[Sequence[object]]) -> dict[int, float]:
    """Give the lines that a row takes, where more than one: not every program works the height out by itself."""
    found: dict[int, float] = {}
    for column, width, values in zip(columns, widths, cells, strict=True):
        if column.kind != "text" or width < column.width:
            continue
        for row, length in enumerate(map(_length, values), 1):
            if length > width - 1:
                found[row] = max(found.get(row, 1), -(-length // (width - 1)))
    return found


def _head_lines(column: Column, width: float) -> int:
    """Give the lines that a head takes beside the button of its filter."""
    return len(wrap(column.title, max(1, int(width - 3))))


def _length(value: object) -> int:
    """Give the characters that a cell shows."""
    return len(str("" if value is None else value))


def _money_format(currency: str) -> str:
    word = "".join(letter for letter in currency if letter.isalnum())
    return "$#,##0.00" if currency == "USD" else f'"{word} "#,##0.00'


def _properties(report: Report) -> dict[str, Any]:
    return {
        "title": plain_text(report.title),
        "subject": "rehearsal" if report.rehearsal else "campaigns",
        "author": plain_text(report.team or "campaign-batch"),
        "company": plain_text(report.team),
        "comments": "made by campaign-batch",
        "created": report.made_at.astimezone(UTC).replace(tzinfo=None),
    }
