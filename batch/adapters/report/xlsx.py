"""Write the Excel report: its sheets and their columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from batch.adapters.report.charts import texts_by_day
from batch.adapters.report.contents import Figures, Report
from batch.adapters.report.figures import (
    AT_THE_PROVIDER,
    arrivals,
    count,
    credits_of,
    key_figures,
    needed_entries,
    parts_of,
    urgent_first,
)
from batch.adapters.report.rows import by_time, status_words
from batch.adapters.report.verdict import Verdict, verdict
from batch.adapters.report.workbook import MOST_ROWS, Column, Drawing, WorkbookWriter
from batch.core.standing import Standing
from batch.model import Entry
from batch.model.places import row_value
from batch.model.times import local_time, zone_of, zone_word
from batch.model.wording import DELIVERED, FAILED, FINDING_WORDS, OPTED_OUT, TONES, WORDS, counted, group_words
from batch.system.disk import make_folder, write_whole


def write_xlsx(report: Report, path: Path) -> Path:
    """Write the workbook for a report; one that `is_long` has no sheet of all rows, and names the CSV beside it."""
    writer = WorkbookWriter(report)
    whole = not is_long(report)
    _write_summary(writer, count(report), "" if whole else path.with_suffix(".csv").name)
    _write_needed(writer)
    if whole:
        _write_rows(writer)
    _write_by_day(writer)
    if whole:
        _write_attempts(writer)
    _write_findings(writer)
    make_folder(path.parent)
    return write_whole(path, writer.finish())


def is_long(report: Report) -> bool:
    """Tell whether a report has more rows than an Excel report is of use for: then they belong in a CSV beside it."""
    return len(report.entries) + len(report.skipped) > MOST_ROWS


def signed(standing: Standing, text: str) -> str:
    """Write a standing with its sign, so that color is never alone."""
    return f"{standing.sign} {text}"


def _write_summary(writer: WorkbookWriter, figures: Figures, elsewhere: str) -> None:
    said = verdict(writer.report, figures)
    sheet = writer.sheet("Summary", said.tone)
    sheet.set_column(0, 0, 38)
    sheet.set_column(1, 1, 16)
    sheet.set_column(2, 2, 30)
    sheet.set_column(3, 9, 13)
    line = _write_heading(writer, sheet, said)
    line = _write_figures(writer, sheet, line, figures)
    line = _write_outcome(writer, sheet, line, figures)
    line = _write_delivery(writer, sheet, line)
    line = _write_trend(writer, sheet, line)
    _write_notes(writer, sheet, line, figures, elsewhere)


def _write_heading(writer: WorkbookWriter, sheet: Any, said: Verdict) -> int:
    report = writer.report
    title = f"REHEARSAL: {report.title}" if report.rehearsal else report.title
    sheet.set_row(0, 27)
    writer.put(sheet, 0, 0, title, "title")
    writer.put(sheet, 1, 0, f"{TONES[said.tone].sign} {said.words}", f"tone-{said.tone}")
    writer.put(sheet, 2, 0, said.more, "label")
    made = f"made {local_time(report.made_at, report.zone, 0)}; the provider's clock is {report.provider_zone}"
    writer.put(sheet, 3, 0, f"{report.team}: {made}" if report.team else made, "label")
    return 5


def _write_figures(writer: WorkbookWriter, sheet: Any, line: int, figures: Figures) -> int:
    writer.put(sheet, line, 0, "Key figures", "section")
    shown = key_figures(writer.report, figures)
    for place, figure in enumerate(shown, line + 1):
        writer.put(sheet, place, 0, figure.label, "label")
        if figure.shown.endswith("%"):
            writer.put(sheet, place, 1, figure.value / figures.reported, "share")
        else:
            writer.put(sheet, place, 1, figure.value, "number")
        writer.put(sheet, place, 2, "; ".join(filter(None, (figure.note, figure.change))), "beside")
    return line + len(shown) + 2


def _write_outcome(writer: WorkbookWriter, sheet: Any, line: int, figures: Figures) -> int:
    writer.put(sheet, line, 0, "Where every row ended", "section")
    counts = [(WORDS[key], number) for key, number in figures.by_status.items()]
    last = _write_counts(writer, sheet, line + 1, [(word.sign, word.text, word.tone, n) for word, n in counts])
    writer.put(sheet, last, 0, "rows in total", "bold")
    writer.put(sheet, last, 1, figures.rows, "total")
    if counts:
        tones = [word.tone for word, _ in counts]
        writer.draw(sheet, Drawing("bar", "Where every row ended", (line + 1, last - 1), (0, 1), "D6", tones))
    return last + 2


def _write_counts(writer: WorkbookWriter, sheet: Any, line: int, counts: Iterable[tuple[str, str, str, int]]) -> int:
    for sign, text, tone, number in counts:
        writer.put(sheet, line, 0, f"{sign} {text}", f"tone-{tone}")
        writer.put(sheet, line, 1, number, "number")
        line += 1
    return line


def _write_delivery(writer: WorkbookWriter, sheet: Any, line: int) -> int:
    totals = arrivals(writer.report)
    if not totals:
        return line
    writer.put(sheet, line, 0, "How the texts arrived", "section")
    last = _write_counts(writer, sheet, line + 1, [(TONES[t].sign, w, t, n) for (w, t), n in totals.items()])
    tones = [tone for _, tone in totals]
    writer.draw(sheet, Drawing("bar", "How the texts arrived", (line + 1, last - 1), (0, 1), "D22", tones))
    return last + 1


def _write_trend(writer: WorkbookWriter, sheet: Any, line: int) -> int:
    weeks = writer.report.trend[-12:]
    if len(weeks) < 2:
        return line
    writer.put(sheet, line, 0, "The last weeks", "section")
    writer.put(sheet, line, 1, "campaigns", "right")
    writer.put(sheet, line, 2, "texts", "right")
    for place, week in enumerate(weeks, line + 1):
        figures = week.figures
        writer.put(sheet, place, 0, week.week, "label")
        writer.put(sheet, place, 1, figures.scheduled + figures.not_approved + figures.sent, "number")
        writer.put(sheet, place, 2, figures.contacts, "number")
    last = line + len(weeks)
    tones = ["wait"] * len(weeks)
    writer.draw(sheet, Drawing("column", "Campaigns a week", (line + 1, last), (0, 1), "D38", tones))
    return last + 2


def _write_notes(writer: WorkbookWriter, sheet: Any, line: int, figures: Figures, elsewhere: str) -> None:
    report = writer.report
    notes = [*report.notes]
    if elsewhere:
        notes.insert(0, f"more than {MOST_ROWS:,} rows: all {figures.rows:,} are in {elsewhere}, in the same folder")
    attempts = 0 if elsewhere else _count_attempts(report)
    lengths = {"Needs attention": len(needed_entries(report)), "Attempts": attempts, "Findings": len(report.findings)}
    for name, number in lengths.items():
        if number > MOST_ROWS:
            notes.insert(0, f"the sheet {name} has the first {MOST_ROWS:,} of {number:,}")
    if figures.blank or figures.left_out:
        notes.append(
            f"not counted: {figures.blank:,} empty rows, {figures.left_out:,} hidden, filtered or example rows left out"
        )
    notes += [
        f"batch {batch.id}: {batch.file}, taken in {local_time(batch.taken_in_at, report.zone, 0)} "
        f"by {batch.submitted_by}"
        for batch in report.batches[:50]
    ]
    notes += ["scheduled means Approved and Scheduled by the provider; parts and credits are estimates"]
    writer.put(sheet, line, 0, "Notes", "section")
    for place, note in enumerate(notes, line + 1):
        writer.put(sheet, place, 0, note, "label")


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


def _write_needed(writer: WorkbookWriter) -> None:
    report = writer.report
    needed = urgent_first(report)
    writer.table(
        "Needs attention",
        NEEDED,
        (_needed_values(entry, report) for entry in needed),
        length=len(needed),
        tab="look",
        status=0,
    )


def _needed_values(entry: Entry, report: Report) -> tuple[object, ...]:
    standing = report.standing_of(entry)
    cells = ", ".join(dict.fromkeys(cause.cell for cause in standing.causes if cause.cell))
    local = _local(entry, report)
    return (
        signed(standing, standing.word.text), "yes" if standing.is_due(report.made_at) else "", row_value(entry.row),
        entry.campaign_name, local, zone_word(local) if local else "", cells, standing.reason,
        standing.next,
        entry.provider_id, entry.owner, entry.file,
    )  # fmt: skip


def _write_rows(writer: WorkbookWriter) -> None:
    report = writer.report
    places = {entry.id: entry for entry in report.entries}
    ordered = sorted(report.entries, key=by_time)

    def values() -> Iterable[Sequence[object]]:
        for entry in ordered:
            standing = report.standing_of(entry)
            yield _row_values(entry, report, standing, signed(standing, status_words(entry, places, standing)))
        skipped = WORDS["skipped"]
        for row in report.skipped:
            blank: list[object] = [None] * len(ROWS)
            blank[0], blank[1], blank[2] = f"{skipped.sign} {skipped.text}", row.name, row_value(row.row)
            blank[12], blank[18], blank[22], blank[23] = row.provider_id, row.why, row.batch, row.entry
            yield blank

    length = len(ordered) + len(report.skipped)
    writer.table("Rows", ROWS, values(), length=length, tab="good", status=0, printed=13)


def _row_values(entry: Entry, report: Report, standing: Standing, status: str) -> tuple[object, ...]:
    local = _local(entry, report)
    provider = entry.send_at.astimezone(zone_of(report.provider_zone)) if entry.send_at else None
    there = standing.word.standing in AT_THE_PROVIDER
    delivery = report.deliveries.get(entry.id)
    return (
        status, entry.campaign_name, row_value(entry.row), entry.file, local, zone_word(local) if local else "",
        provider, group_words(entry), ", ".join(entry.group_ids), entry.contacts_count,
        parts_of(entry) if there else None,
        credits_of(entry) if there else None, entry.provider_id, entry.provider_status,
        None if delivery is None else counted(delivery, DELIVERED),
        None if delivery is None else counted(delivery, FAILED),
        None if delivery is None else counted(delivery, OPTED_OUT),
        entry.message, standing.reason if standing.needs_attention or not there else "", standing.next, entry.reference,
        entry.owner, entry.batch, entry.id,
    )  # fmt: skip


def _write_by_day(writer: WorkbookWriter) -> None:
    days = texts_by_day(writer.report)
    rows = [(datetime(day.year, day.month, day.day, tzinfo=UTC), n, texts) for day, (n, texts) in days.items()]
    sheet = writer.table("By day", DAYS, rows, length=len(rows), tab="wait")
    if rows:
        tones = ["good"] * len(rows)
        writer.draw(sheet, Drawing("column", "Texts by day", (1, len(rows)), (0, 2), "E2", tones, days=True))


def _write_attempts(writer: WorkbookWriter) -> None:
    report = writer.report
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
    writer.table("Attempts", ATTEMPTS, rows, length=_count_attempts(report))


def _count_attempts(report: Report) -> int:
    return sum(len(attempts) for attempts in report.attempts.values())


def _write_findings(writer: WorkbookWriter) -> None:
    rows = (
        (
            FINDING_WORDS[finding.kind][0], finding.name, finding.provider_id, finding.field, finding.ours,
            finding.theirs, finding.words, finding.entry,
        )
        for finding in sorted(writer.report.findings, key=lambda finding: not finding.loud)
    )  # fmt: skip
    writer.table("Findings", FINDINGS, rows, length=len(writer.report.findings))


def _local(entry: Entry, report: Report) -> datetime | None:
    return entry.send_at.astimezone(zone_of(entry.zone or report.zone)) if entry.send_at else None
