"""Write the Excel report; it alone knows its sheets, and that no text of a row may become a formula or a link."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from batch.disk import write_whole
from batch.model import Entry, Finding
from batch.report.cast import LONGEST_TEXT, Pour, pour
from batch.report.charts import texts_by_day
from batch.report.contents import Report
from batch.report.figures import (
    AT_THE_PROVIDER,
    arrivals,
    count,
    credits_of,
    findings_by_entry,
    key_figures,
    needed_entries,
    parts_of,
    urgent_first,
    verdict,
)
from batch.report.rows import by_time, status_words
from batch.report.words import (
    DELIVERED,
    FAILED,
    FINDING_WORDS,
    OPTED_OUT,
    TONES,
    WORDS,
    cell_of,
    counted,
    group_words,
    heading_of,
    is_due,
    local_time,
    needs_a_person,
    next_step,
    reason,
    reasons,
    standing_of,
    word_of,
    zone_of,
    zone_word,
)

INK, RULE, BAND = "#1d2530", "#d5dae1", "#f5f7f9"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet."""

    title: str
    width: float
    kind: str = "text"
    """`text`, `wrap`, `number`, `date`, `day` or `share`."""


def write_xlsx(report: Report, path: Path) -> Path:
    """Write the workbook for a report."""
    import xlsxwriter

    figures = count(report)
    memory = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(memory, {**options, "in_memory": True})
    book.set_properties(_properties(report))
    pen = Pen(book, report)
    _write_summary(pen, figures)
    _write_needed(pen)
    _write_rows(pen)
    _write_by_day(pen)
    _write_attempts(pen)
    _write_findings(pen)
    book.get_worksheet_by_name("Summary").activate()
    book.close()
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_whole(path, pour(memory.getvalue(), pen.pours))


class Pen:
    """One workbook while it is written: its formats, and a table as one call."""

    def __init__(self, book: Any, report: Report) -> None:
        self.book = book
        self.report = report
        self.pours: dict[str, Pour] = {}
        self.tables = 0
        base = {"font_name": "Calibri", "font_size": 11, "font_color": INK, "valign": "top"}
        self.formats = {
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
            self.formats[f"tone-{name}"] = book.add_format(base | colours | {"bold": True})
            self.formats[f"if-{name}"] = book.add_format(colours)

    def sheet(self, name: str, colour: str = "quiet") -> Any:
        """Add a sheet that prints well: landscape, one page wide, its name and page number below."""
        sheet = self.book.add_worksheet(name)
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
        style = self.formats[kind]
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
        """Write a sheet that is one table of `length` rows, which are poured in when the workbook is done.

        `status` is the column that gets colours, `printed` how many columns are printed.
        """
        sheet = self.sheet(name, tab)
        last = max(1, length)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
            sheet.write_blank(1, place, None, self.formats[column.kind])
        sheet.freeze_panes(1, 2)
        sheet.repeat_rows(0)
        if status is not None:
            self._colour(sheet, status, last)
        heads = [{"header": column.title, "header_format": self.formats["head"]} for column in columns]
        style = {"name": name.replace(" ", "_"), "columns": heads, "style": "Table Style Light 1"}
        sheet.add_table(0, 0, 1, len(columns) - 1, style)  # as far as the mould; the rows stretch it
        self.tables += 1
        if printed:
            sheet.print_area(0, 0, last, printed - 1)
        if length:
            wrapped = {place: column.width for place, column in enumerate(columns) if column.kind == "wrap"}
            self.pours[f"xl/worksheets/sheet{sheet.index + 1}.xml"] = Pour(
                rows, length, f"xl/tables/table{self.tables}.xml", wrapped
            )
        return sheet

    def _colour(self, sheet: Any, status: int, last: int) -> None:
        """Colour by what the cell says, so that sorting and filtering carry the colour along."""
        for name, tone in TONES.items():
            rule = {"type": "text", "criteria": "begins with", "value": f"{tone.sign} "}
            sheet.conditional_format(1, status, last, status, rule | {"format": self.formats[f"if-{name}"]})


def plain_text(text: str) -> str:
    """Bring a text into what a cell can hold: half a surrogate pair is shown as a mark, the length is bounded."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")[:LONGEST_TEXT]


def signed(entry: Entry, text: str) -> str:
    """Write an entry's standing with its sign, so that colour is never alone."""
    return f"{word_of(entry).sign} {text}"


def _properties(report: Report) -> dict[str, Any]:
    return {
        "title": plain_text(report.title),
        "subject": "rehearsal" if report.rehearsal else "campaigns",
        "author": plain_text(report.team or "campaign-batch"),
        "company": plain_text(report.team),
        "comments": "made by campaign-batch",
        "created": report.made_at.astimezone(UTC).replace(tzinfo=None),
    }


def _write_summary(pen: Pen, figures: Any) -> None:
    report, sheet = pen.report, pen.sheet("Summary", verdict(pen.report, figures).tone)
    said = verdict(report, figures)
    sheet.set_column(0, 0, 38)
    sheet.set_column(1, 1, 16)
    sheet.set_column(2, 2, 30)
    sheet.set_column(3, 9, 13)
    line = _write_heading(pen, sheet, said)
    pen.put(sheet, line, 0, "Key figures", "section")
    for figure in key_figures(report, figures):
        line += 1
        pen.put(sheet, line, 0, figure.label, "label")
        share = figure.shown.endswith("%")
        pen.put(
            sheet, line, 1, figure.value / figures.reported if share else figure.value, "share" if share else "number"
        )
        pen.put(sheet, line, 2, figure.change or figure.note, "beside")
    first = line + 2
    pen.put(sheet, first, 0, "Where every row ended", "section")
    line = _write_counts(
        pen, sheet, first + 1, [(WORDS[k].sign, WORDS[k].text, WORDS[k].tone, n) for k, n in figures.by_status.items()]
    )
    pen.put(sheet, line, 0, "rows in all", "bold")
    pen.put(sheet, line, 1, figures.rows, "total")
    _outcome_chart(pen, sheet, figures, first + 1)
    line = _write_delivery(pen, sheet, line + 2)
    line = _write_trend(pen, sheet, line)
    _write_notes(pen, sheet, line, figures)


def _write_heading(pen: Pen, sheet: Any, said: Any) -> int:
    report = pen.report
    title = f"REHEARSAL: {report.title}" if report.rehearsal else report.title
    sheet.set_row(0, 27)
    pen.put(sheet, 0, 0, title, "title")
    pen.put(sheet, 1, 0, f"{TONES[said.tone].sign} {said.words}", f"tone-{said.tone}")
    pen.put(sheet, 2, 0, said.more, "label")
    made = f"made {local_time(report.made_at, report.zone, 0)}; the provider's clock is {report.provider_zone}"
    pen.put(sheet, 3, 0, f"{report.team}: {made}" if report.team else made, "label")
    return 5


def _write_counts(pen: Pen, sheet: Any, line: int, counts: Iterable[tuple[str, str, str, int]]) -> int:
    for sign, text, tone, number in counts:
        pen.put(sheet, line, 0, f"{sign} {text}", f"tone-{tone}")
        pen.put(sheet, line, 1, number, "number")
        line += 1
    return line


def _outcome_chart(pen: Pen, sheet: Any, figures: Any, first: int) -> None:
    if not figures.by_status:
        return
    last = first + len(figures.by_status) - 1
    tones = [WORDS[key].tone for key in figures.by_status]
    _insert_chart(pen, sheet, Drawing("bar", "Where every row ended", "Summary", (first, last), (0, 1), "D6", tones))


def _write_delivery(pen: Pen, sheet: Any, line: int) -> int:
    totals = arrivals(pen.report)
    if not totals:
        return line
    pen.put(sheet, line, 0, "How the texts arrived", "section")
    last = _write_counts(pen, sheet, line + 1, [(TONES[t].sign, w, t, n) for (w, t), n in totals.items()])
    tones = [tone for _, tone in totals]
    _insert_chart(
        pen, sheet, Drawing("bar", "How the texts arrived", "Summary", (line + 1, last - 1), (0, 1), "D22", tones)
    )
    return last + 1


def _write_trend(pen: Pen, sheet: Any, line: int) -> int:
    weeks = pen.report.trend[-12:]
    if len(weeks) < 2:
        return line
    pen.put(sheet, line, 0, "The last weeks", "section")
    pen.put(sheet, line, 1, "campaigns", "right")
    pen.put(sheet, line, 2, "texts", "right")
    for place, week in enumerate(weeks, line + 1):
        figures = week.figures
        pen.put(sheet, place, 0, week.week, "label")
        pen.put(sheet, place, 1, figures.scheduled + figures.not_approved + figures.sent, "number")
        pen.put(sheet, place, 2, figures.contacts, "number")
    last = line + len(weeks)
    _insert_chart(
        pen,
        sheet,
        Drawing("column", "Campaigns a week", "Summary", (line + 1, last), (0, 1), "D38", ["wait"] * len(weeks)),
    )
    return last + 2


def _write_notes(pen: Pen, sheet: Any, line: int, figures: Any) -> None:
    report = pen.report
    notes = [*report.notes]
    if figures.blank or figures.left_out:
        notes.append(
            f"not counted: {figures.blank:,} blank rows, {figures.left_out:,} hidden or filtered rows left out"
        )
    notes += [
        f"batch {batch.id}: {batch.file}, taken in {local_time(batch.taken_in_at, report.zone, 0)} "
        f"by {batch.submitted_by}"
        for batch in report.batches[:50]
    ]
    notes += ["scheduled means Approved and Scheduled by the provider; parts and credits are estimates"]
    pen.put(sheet, line, 0, "Notes", "section")
    for place, note in enumerate(notes, line + 1):
        pen.put(sheet, place, 0, note, "label")


@dataclass(frozen=True, slots=True)
class Drawing:
    """One native chart: what it is called, where its numbers stand, where it goes."""

    kind: str
    title: str
    sheet: str
    lines: tuple[int, int]
    """The first and last line of its numbers, from 0."""
    columns: tuple[int, int]
    """The columns of its labels and its numbers."""
    cell: str
    """Where its upper left corner stands."""
    tones: Sequence[str]


def _insert_chart(pen: Pen, sheet: Any, drawing: Drawing) -> None:
    kind, title, where, lines, columns = drawing.kind, drawing.title, drawing.sheet, drawing.lines, drawing.columns
    chart = pen.book.add_chart({"type": kind})
    chart.add_series(
        {
            "name": title,
            "categories": [where, lines[0], columns[0], lines[1], columns[0]],
            "values": [where, lines[0], columns[1], lines[1], columns[1]],
            "points": [{"fill": {"color": TONES[tone].light}} for tone in drawing.tones],
            "data_labels": {"value": True, "num_format": "#,##0"},
            "gap": 40,
        }
    )
    chart.set_title({"name": title, "name_font": {"size": 12, "color": INK}})
    chart.set_legend({"none": True})
    chart.set_y_axis(
        {"reverse": True} if kind == "bar" else {"major_gridlines": {"visible": True, "line": {"color": RULE}}}
    )
    dates = {"num_format": "ddd d mmm", "text_axis": True} if drawing.sheet == "By day" else {}
    chart.set_x_axis(dates | {"visible": kind != "bar", "major_gridlines": {"visible": False}})
    chart.set_size({"width": 620, "height": 300})
    sheet.insert_chart(drawing.cell, chart, {"description": f"{title}: the numbers stand in the columns to the left"})


NEEDED = (
    Column("Status", 28), Column("Within a day", 8), Column("Row", 6, "number"), Column("Campaign", 28, "wrap"),
    Column("Goes out (local)", 22, "date"), Column("Zone", 6), Column("Cell", 7), Column("Why", 48, "wrap"),
    Column("Next step", 46, "wrap"), Column("Id", 10), Column("Owner", 22), Column("File", 18),
)  # fmt: skip
ROWS = (
    Column("Status", 30), Column("Campaign", 30), Column("Row", 7, "number"), Column("File", 22),
    Column("Goes out (local)", 23, "date"), Column("Zone", 8), Column("At the provider", 23, "date"),
    Column("Groups", 28), Column("Group ids", 16), Column("Texts", 10, "number"), Column("Parts", 10, "number"),
    Column("Credits", 10, "number"), Column("Id", 12), Column("Provider says", 24), Column("Delivered", 11, "number"),
    Column("Failed", 9, "number"), Column("Opted out", 10, "number"), Column("Message", 60, "text"),
    Column("Why", 50, "text"), Column("Next step", 40, "text"), Column("Reference", 14), Column("Owner", 16),
    Column("Batch", 8, "number"), Column("Entry", 8, "number"),
)  # fmt: skip
DAYS = (
    Column("Day", 18, "day"), Column("Campaigns", 12, "number"), Column("Texts", 12, "number"),
)  # fmt: skip
ATTEMPTS = (
    Column("Entry", 8, "number"), Column("Attempt", 9, "number"), Column("Campaign", 30),
    Column("Started (team's zone)", 23, "date"),
    Column("Seconds", 9, "number"), Column("Outcome", 16), Column("HTTP", 7, "number"), Column("Why", 50, "wrap"),
    Column("Answer", 60), Column("Hash of what was sent", 24),
)  # fmt: skip
FINDINGS = (
    Column("Kind", 32), Column("Campaign", 30), Column("Id", 12), Column("Field", 16), Column("Ours", 28),
    Column("Theirs", 28), Column("What it means", 70, "wrap"), Column("Entry", 8, "number"),
)  # fmt: skip


def _write_needed(pen: Pen) -> None:
    report = pen.report
    needed = urgent_first(needed_entries(report), report.made_at)
    found = findings_by_entry(report)
    pen.table(
        "Needs attention",
        NEEDED,
        (_needed_values(entry, report, found) for entry in needed),
        length=len(needed),
        tab="look",
        status=0,
    )


def _needed_values(entry: Entry, report: Report, found: dict[int, list[Finding]]) -> tuple[object, ...]:
    cells = ", ".join(dict.fromkeys(cell_of(issue) for issue in reasons(entry) if issue.column))
    local = _local(entry, report)
    heading = heading_of(entry)
    brought_up = (finding.words for finding in found.get(entry.id, ()))
    why = "; ".join(words for words in (_own_reason(entry), *brought_up) if words)
    return (
        f"{heading.sign} {heading.text}", "yes" if is_due(entry, report.made_at) else "", entry.row,
        entry.campaign_name, local, zone_word(local) if local else "", cells, why,
        next_step(entry, "drifted" if entry.id in found else ""),
        entry.provider_id, entry.owner, entry.file,
    )  # fmt: skip


def _own_reason(entry: Entry) -> str:
    """Say why the entry itself needs somebody; a scheduled one may need it only for what a comparison found."""
    return reason(entry) if needs_a_person(entry) else ""


def _write_rows(pen: Pen) -> None:
    report = pen.report
    places = {entry.id: entry for entry in report.entries}
    ordered = sorted(report.entries, key=by_time)

    def values() -> Iterable[Sequence[object]]:
        for entry in ordered:
            yield _row_values(entry, report, signed(entry, status_words(entry, places)))
        skipped = WORDS["skipped"]
        for row in report.skipped:
            blank: list[object] = [None] * len(ROWS)
            blank[0], blank[1], blank[2] = f"{skipped.sign} {skipped.text}", row.name, row.row
            blank[12], blank[18], blank[22], blank[23] = row.provider_id, row.why, row.batch, row.entry
            yield blank

    length = len(ordered) + len(report.skipped)
    pen.table("Rows", ROWS, values(), length=length, tab="good", status=0, printed=13)


def _row_values(entry: Entry, report: Report, status: str) -> tuple[object, ...]:
    local = _local(entry, report)
    provider = entry.send_at.astimezone(zone_of(report.provider_zone)) if entry.send_at else None
    there = standing_of(entry) in AT_THE_PROVIDER
    delivery = report.deliveries.get(entry.id)
    return (
        status, entry.campaign_name, entry.row, entry.file, local, zone_word(local) if local else "", provider,
        group_words(entry), ", ".join(entry.group_ids), entry.contacts_count, parts_of(entry) if there else None,
        credits_of(entry) if there else None, entry.provider_id, entry.provider_status,
        None if delivery is None else counted(delivery, DELIVERED),
        None if delivery is None else counted(delivery, FAILED),
        None if delivery is None else counted(delivery, OPTED_OUT),
        entry.message, reason(entry) if needs_a_person(entry) or not there else "", next_step(entry), entry.reference,
        entry.owner, entry.batch, entry.id,
    )  # fmt: skip


def _write_by_day(pen: Pen) -> None:
    days = texts_by_day(pen.report.entries, pen.report.zone)
    rows = [(datetime(day.year, day.month, day.day, tzinfo=UTC), n, texts) for day, (n, texts) in days.items()]
    sheet = pen.table("By day", DAYS, rows, length=len(rows), tab="wait")
    if rows:
        _insert_chart(
            pen, sheet, Drawing("column", "Texts by day", "By day", (1, len(rows)), (0, 2), "E2", ["good"] * len(rows))
        )


def _write_attempts(pen: Pen) -> None:
    report = pen.report
    names = {entry.id: entry.campaign_name for entry in report.entries}
    rows = (
        (
            entry, attempt.number, names.get(entry, ""), attempt.started_at.astimezone(zone_of(report.zone)),
            (attempt.ended_at - attempt.started_at).total_seconds() if attempt.ended_at else None,
            attempt.outcome, attempt.http_status, attempt.why, attempt.answer, attempt.payload_hash,
        )
        for entry, attempts in report.attempts.items()
        for attempt in attempts
    )  # fmt: skip
    length = sum(len(attempts) for attempts in report.attempts.values())
    pen.table("Attempts", ATTEMPTS, rows, length=length)


def _write_findings(pen: Pen) -> None:
    rows = (
        (
            FINDING_WORDS[finding.kind][0], finding.name, finding.provider_id, finding.field, finding.ours,
            finding.theirs, finding.words, finding.entry,
        )
        for finding in sorted(pen.report.findings, key=lambda finding: not finding.loud)
    )  # fmt: skip
    pen.table("Findings", FINDINGS, rows, length=len(pen.report.findings))


def _local(entry: Entry, report: Report) -> datetime | None:
    return entry.send_at.astimezone(zone_of(entry.zone or report.zone)) if entry.send_at else None
