"""Write a workbook sheet by sheet, so that no text in it becomes a formula or a link."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from batch.adapters.report.contents import Report
from batch.model.wording import TONES

MOST_ROWS = 20_000
"""Rows that a sheet of the workbook takes: 100,000 would take 40 s, and nobody reads them in Excel."""
LONGEST_TEXT = 32_000
"""Excel holds 32,767 characters in a cell."""
LINE = 15.5
"""Points: the height of one line of a wrapped text."""
INK, RULE = "#1d2530", "#d5dae1"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet."""

    title: str
    width: float
    kind: str = "text"
    """`text`, `wrap`, `number`, `date`, `day` or `share`."""


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
    days: bool = False
    """Whether its labels are days."""


class WorkbookWriter:
    """One workbook while it is written: its formats, and a sheet, a table or a chart as one call."""

    def __init__(self, report: Report) -> None:
        import xlsxwriter

        self.report = report
        self._memory = io.BytesIO()
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self._book = book = xlsxwriter.Workbook(self._memory, {**options, "in_memory": True})
        book.set_properties(_properties(report))
        base = {"font_name": "Calibri", "font_size": 11, "font_color": INK, "valign": "top"}
        self._formats = {
            "text": book.add_format(base | {"num_format": "@"}),
            "wrap": book.add_format(base | {"num_format": "@", "text_wrap": True}),
            "number": book.add_format(base | {"num_format": "#,##0"}),
            "share": book.add_format(base | {"num_format": "0.0%"}),
            "date": book.add_format(base | {"num_format": "ddd d mmm yyyy hh:mm", "align": "left"}),
            "day": book.add_format(base | {"num_format": "ddd d mmm yyyy", "align": "left"}),
            "head": book.add_format(base | {"bold": True, "bg_color": INK, "font_color": "#ffffff", "text_wrap": True}),
            "title": book.add_format(base | {"bold": True, "font_size": 18}),
            "section": book.add_format(base | {"bold": True, "font_size": 13, "bottom": 1, "bottom_color": RULE}),
            "label": book.add_format(base | {"font_color": "#4a5563"}),
            "beside": book.add_format(base | {"font_color": "#4a5563", "indent": 1}),
            "right": book.add_format(base | {"bold": True, "align": "right", "bottom": 1, "bottom_color": RULE}),
            "total": book.add_format(base | {"bold": True, "num_format": "#,##0", "top": 1, "top_color": INK}),
            "bold": book.add_format(base | {"bold": True}),
        }
        for name, tone in TONES.items():
            colours = {"font_color": tone.light, "bg_color": tone.light_wash}
            self._formats[f"tone-{name}"] = book.add_format(base | colours | {"bold": True})
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
        elif isinstance(value, datetime):
            sheet.write_datetime(row, column, value.replace(tzinfo=None), style)
        elif isinstance(value, (int, float)):
            sheet.write_number(row, column, value, style)
        else:
            sheet.write_string(row, column, plain_text(str(value)), style)

    def table(
        self,
        name: str,
        columns: Sequence[Column],
        rows: Iterable[Sequence[object]],
        *,
        length: int,
        tab: str = "quiet",
        status: int | None = None,
        printed: int = 0,
    ) -> Any:
        """Write a sheet that is one table of `length` rows; of more than MOST_ROWS, the first.

        `status` is the column that gets colours, `printed` how many columns are printed.
        """
        sheet = self.sheet(name, tab)
        last = max(1, min(length, MOST_ROWS))
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width, self._formats[column.kind])
        sheet.freeze_panes(1, 2)
        sheet.repeat_rows(0)
        if status is not None:
            self._colour(sheet, status, last)
        heads = [{"header": column.title, "header_format": self._formats["head"]} for column in columns]
        style = {"name": name.replace(" ", "_"), "columns": heads, "style": "Table Style Light 1"}
        sheet.add_table(0, 0, last, len(columns) - 1, style)
        if printed:
            sheet.print_area(0, 0, last, printed - 1)
        for number, values in enumerate(islice(rows, MOST_ROWS), 1):
            self._write_line(sheet, number, columns, values)
        return sheet

    def _write_line(self, sheet: Any, number: int, columns: Sequence[Column], values: Sequence[object]) -> None:
        lines = 0.0
        for place, (column, value) in enumerate(zip(columns, values, strict=True)):
            if value is not None and value != "":
                self.put(sheet, number, place, value, column.kind)
            if column.kind == "wrap":
                lines = max(lines, len(str(value or "")) / column.width)
        if lines > 0.95:  # not every program works the height out by itself
            sheet.set_row(number, LINE * min(12, 1 + int(lines * 1.1)))

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
                "data_labels": {"value": True, "num_format": "#,##0"},
                "gap": 40,
            }
        )
        chart.set_title({"name": title, "name_font": {"size": 12, "color": INK}})
        chart.set_legend({"none": True})
        lies = drawing.kind == "bar"
        chart.set_y_axis({"reverse": True} if lies else {"major_gridlines": {"visible": True, "line": {"color": RULE}}})
        dates = {"num_format": "ddd d mmm", "text_axis": True} if drawing.days else {}
        chart.set_x_axis(dates | {"visible": not lies, "major_gridlines": {"visible": False}})
        chart.set_size({"width": 620, "height": 300})
        words = f"{title}: the numbers are in the columns to the left"
        sheet.insert_chart(drawing.cell, chart, {"description": words})

    def finish(self) -> bytes:
        """Give the workbook."""
        self._book.close()
        return self._memory.getvalue()

    def _colour(self, sheet: Any, status: int, last: int) -> None:
        """Colour by what the cell says, so that sorting and filtering carry the colour along."""
        for name, tone in TONES.items():
            rule = {"type": "text", "criteria": "begins with", "value": f"{tone.sign} "}
            sheet.conditional_format(1, status, last, status, rule | {"format": self._formats[f"if-{name}"]})


def plain_text(text: str) -> str:
    """Bring a text into what a cell can hold: half a surrogate pair is shown as a mark, the length is bounded."""
    return (
        text[:LONGEST_TEXT]
        if text.isascii()
        else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")[:LONGEST_TEXT]
    )


def _properties(report: Report) -> dict[str, Any]:
    return {
        "title": plain_text(report.title),
        "subject": "rehearsal" if report.rehearsal else "campaigns",
        "author": plain_text(report.team or "campaign-batch"),
        "company": plain_text(report.team),
        "comments": "made by campaign-batch",
        "created": report.made_at.astimezone(UTC).replace(tzinfo=None),
    }
