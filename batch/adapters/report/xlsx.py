"""Write the Excel report: its sheets and their columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from batch.adapters.report.amounts import AMOUNTS, CountedRow, RowGroup, amounts_of, by_cause, by_owner, count_rows
from batch.adapters.report.charts import texts_by_day
from batch.adapters.report.contents import Report
from batch.adapters.report.figures import count, loose_findings
from batch.adapters.report.rows import by_time, status_words
from batch.adapters.report.tasks import in_task_order
from batch.adapters.report.workbook import MOST_ROWS, Column, Drawing, Link, WorkbookWriter, Written
from batch.adapters.report.xlsx_checks import write_checks
from batch.adapters.report.xlsx_summary import listed_attempts, signed, write_summary
from batch.core.standing import Standing
from batch.model import Entry
from batch.model.places import row_value
from batch.model.times import zone_of, zone_word
from batch.model.wording import FINDING_WORDS, WORDS, group_words
from batch.system.disk import make_folder, write_whole


def write_xlsx(report: Report, path: Path) -> Path:
    """Write the workbook for a report; one that `is_long` has no sheet of all rows, and names the CSV beside it."""
    writer, figures = WorkbookWriter(report), count(report)
    elsewhere = path.with_suffix(".csv").name if is_long(report) else ""
    ordered = sorted(count_rows(report), key=lambda row: by_time(row.entry))
    summary = write_summary(writer, figures, ordered, elsewhere)
    tables = [_write_needed(writer, {} if elsewhere else _lines(ordered))]
    if not elsewhere:
        tables.append(_write_rows(writer, ordered))
    tables += [_write_causes(writer, ordered, linked=not elsewhere), _write_owners(writer, ordered)]
    tables += [_write_by_day(writer), _write_by_week(writer)]
    if not elsewhere:
        _write_attempts(writer)
    _write_findings(writer)
    write_checks(writer, figures, summary, {table.name: table for table in tables})
    make_folder(path.parent)
    return write_whole(path, writer.finish())


def is_long(report: Report) -> bool:
    """Tell whether a report has more rows than an Excel report is of use for: then they belong in a CSV beside it."""
    return len(report.entries) + len(report.skipped) > MOST_ROWS


def _lines(ordered: Sequence[CountedRow]) -> dict[tuple[int, int], int]:
    """Give the line of the sheet Rows for each entry and row."""
    return {(row.entry.id, row.entry.row): line for line, row in enumerate(ordered, 2)}


NEEDED = (
    Column("Status", 30), Column("Within a day", 8), Column("Row", 6, "number"), Column("Campaign", 34),
    Column("Goes out (local)", 29, "date"), Column("Zone", 8), Column("Owner", 34), Column("Contacts", 10, "number"),
    Column("Cell", 10), Column("Why", 50), Column("Next step", 50), Column("Id", 14), Column("File", 26),
)  # fmt: skip
DAYS = (
    Column("Day", 20, "day"), Column("Campaigns", 12, "number", total=True), Column("Texts", 12, "number", total=True),
)  # fmt: skip
ATTEMPTS = (
    Column("Entry", 8, "number"), Column("Attempt", 9, "number"), Column("Campaign", 34),
    Column("Started (team's zone)", 29, "date"), Column("Seconds", 9, "number"), Column("Outcome", 16),
    Column("HTTP", 7, "number"), Column("Why", 50), Column("Hash of what was sent", 70), Column("Answer", 60, "line"),
)  # fmt: skip
FINDINGS = (
    Column("Kind", 34), Column("Campaign", 34), Column("Id", 14), Column("Field", 18), Column("Ours", 40),
    Column("Theirs", 40), Column("What it means", 70), Column("Entry", 8, "number"),
)  # fmt: skip


def amount_columns(report: Report, *, same: bool = False) -> tuple[Column, ...]:
    """Give the columns of what is added up; those that say nothing are hidden, so that letters stay what they are.

    `same` hides the contacts: every row's are its texts.
    """
    hidden = {
        "Contacts": same,
        "Parts": _is_one_part_each(report),
        "Cost": report.credit_price is None,
    } | dict.fromkeys(("Delivered", "Failed", "Opted out"), not report.deliveries)
    return tuple(
        Column(name, 12, "money" if name == "Cost" else "number", total=True, hidden=hidden.get(name, False))
        for name in AMOUNTS
    )


def _is_one_part_each(report: Report) -> bool:
    """Tell whether parts are texts everywhere: the same number twice makes a reader look for the difference."""
    return all(entry.parts <= 1 or entry.mms_template_id for entry in report.entries)


def _row_columns(report: Report, rows: Sequence[CountedRow]) -> tuple[Column, ...]:
    same = all(row.amounts[0] == row.amounts[1] for row in rows)
    return (
        Column("Status", 30), Column("Campaign", 40), Column("Row", 7, "number"), Column("File", 26),
        Column("Goes out (local)", 29, "date"), Column("Zone", 8), Column("At the provider", 29, "date"),
        Column("Groups", 30), Column("Owner", 34), *amount_columns(report, same=same), Column("Id", 14),
        Column("Provider says", 26), Column("Why", 80), Column("Next step", 80), Column("Group ids", 18),
        Column("Reference", 18), Column("Batch", 8, "number"), Column("Entry", 8, "number"),
        Column("Message", 60, "line"),
    )  # fmt: skip


def _write_needed(writer: WorkbookWriter, lines: dict[tuple[int, int], int]) -> Written:
    report = writer.report

    def values() -> Iterator[Sequence[object]]:
        for entry, standing in in_task_order(report):
            yield _needed_values(entry, standing, report, lines.get((entry.id, entry.row)))
        for one in loose_findings(report):
            sign = WORDS["missing" if one.loud else "unapproved"].sign
            yield (
                f"{sign} {FINDING_WORDS[one.kind][0]}", "", None, one.name, None, "", "", None, one.field, one.words,
                "look at it in the provider's dashboard", one.provider_id, "",
            )  # fmt: skip

    return writer.table("Needs attention", NEEDED, values(), tab="look", status=0)[1]


def _needed_values(entry: Entry, standing: Standing, report: Report, line: int | None) -> tuple[object, ...]:
    cells = ", ".join(dict.fromkeys(cause.cell for cause in standing.causes if cause.cell))
    local, row = _local(entry, report), row_value(entry.row)
    return (
        signed(standing, standing.word.text), "yes" if standing.is_due(report.made_at) else "",
        row if line is None else Link(row, f"Rows!A{line}"), entry.campaign_name, local,
        zone_word(local) if local else "", entry.owner, amounts_of(entry, standing, report)[0], cells, standing.reason,
        standing.next, entry.provider_id, entry.file,
    )  # fmt: skip


def _write_rows(writer: WorkbookWriter, ordered: Sequence[CountedRow]) -> Written:
    report = writer.report
    places = {entry.id: entry for entry in report.entries}
    columns = _row_columns(report, ordered)
    titles = [column.title for column in columns]

    def values() -> Iterator[Sequence[object]]:
        for row in ordered:
            yield _row_values(row, report, signed(row.standing, status_words(row.entry, places, row.standing)))
        skipped = WORDS["skipped"]
        for left in report.skipped:
            known = {
                "Status": f"{skipped.sign} {skipped.text}", "Campaign": left.name, "Row": row_value(left.row),
                "Id": left.provider_id, "Why": left.why, "Batch": left.batch, "Entry": left.entry,
            }  # fmt: skip
            yield [known.get(title) for title in titles]

    return writer.table("Rows", columns, values(), tab="good", status=0, printed=17)[1]


def _row_values(row: CountedRow, report: Report, status: str) -> tuple[object, ...]:
    entry, standing, amounts = row
    local = _local(entry, report)
    provider = entry.send_at.astimezone(zone_of(report.provider_zone)) if entry.send_at else None
    told = standing.needs_attention or not standing.word.fate.is_there
    return (
        status, entry.campaign_name, row_value(entry.row), entry.file, local, zone_word(local) if local else "",
        provider, group_words(entry), entry.owner, *amounts, entry.provider_id,
        entry.provider_status, standing.reason if told else "", standing.next, ", ".join(entry.group_ids),
        entry.reference, entry.batch, entry.id, entry.message,
    )  # fmt: skip


def _write_causes(writer: WorkbookWriter, ordered: Sequence[CountedRow], *, linked: bool) -> Written:
    columns = (
        Column("Status", 34), Column("Cause", 28), Column("What it means", 60), *_counts(writer.report),
    )  # fmt: skip
    rows = [_group_values(group, linked=linked) for group in by_cause(writer.report, ordered)]
    return writer.table("By cause", columns, rows, tab="look", status=0)[1]


def _write_owners(writer: WorkbookWriter, ordered: Sequence[CountedRow]) -> Written:
    rows = [_group_values(group, linked=False) for group in by_owner(writer.report, ordered)]
    return writer.table("By owner", (Column("Owner", 50), *_counts(writer.report)), rows)[1]


def _counts(report: Report) -> tuple[Column, ...]:
    rows, needs = Column("Rows", 8, "number", total=True), Column("Need attention", 12, "number", total=True)
    return rows, needs, *amount_columns(report)


def _group_values(group: RowGroup, *, linked: bool) -> tuple[object, ...]:
    rows = Link(group.rows, f"Rows!A{group.first + 2}") if linked else group.rows
    return *group.labels, rows, group.needs or None, *(amount or None for amount in group.amounts)


def _write_by_day(writer: WorkbookWriter) -> Written:
    days = texts_by_day(writer.report)
    rows = [(datetime(day.year, day.month, day.day, tzinfo=UTC), n, texts) for day, (n, texts) in days.items()]
    sheet, written = writer.table("By day", DAYS, rows, tab="wait", drawn=True)
    if rows:
        tones = ["good"] * len(rows)
        writer.draw(sheet, Drawing("column", "Texts by day", (1, len(rows)), (0, 2), "E2", tones, days=True))
    return written


def _write_by_week(writer: WorkbookWriter) -> Written:
    report = writer.report
    amounts = [column for column in amount_columns(report) if column.title in {"Texts", "Parts", "Credits", "Cost"}]
    columns = (
        Column("Week", 12), Column("Campaigns", 12, "number", total=True),
        Column("Needed attention", 12, "number", total=True), *amounts,
    )  # fmt: skip
    weeks = report.trend[-12:]
    rows = [
        (w.week, w.figures.rows, w.figures.needs_person, w.figures.contacts, w.figures.parts, w.figures.credits,
         w.figures.money)
        for w in weeks
    ]  # fmt: skip
    sheet, written = writer.table("By week", columns, rows, tab="wait", drawn=True)
    if len(rows) > 1:
        writer.draw(sheet, Drawing("column", "Campaigns a week", (1, len(rows)), (0, 1), "I2", ["wait"] * len(rows)))
    return written


def _write_attempts(writer: WorkbookWriter) -> None:
    report = writer.report
    names = {entry.id: entry.campaign_name for entry in report.entries}
    rows = (
        (
            entry, attempt.number, names.get(entry, ""), attempt.started_at.astimezone(zone_of(report.zone)),
            (attempt.ended_at - attempt.started_at).total_seconds() if attempt.ended_at else None,
            attempt.outcome.replace("_", " "), attempt.http_status, attempt.why, attempt.payload_hash, attempt.answer,
        )
        for entry, attempt in listed_attempts(report)
    )  # fmt: skip
    writer.table("Attempts", ATTEMPTS, rows)


def _write_findings(writer: WorkbookWriter) -> None:
    rows = (
        (
            FINDING_WORDS[finding.kind][0], finding.name, finding.provider_id, finding.field, finding.ours,
            finding.theirs, finding.words, finding.entry,
        )
        for finding in sorted(writer.report.findings, key=lambda finding: not finding.loud)
    )  # fmt: skip
    writer.table("Findings", FINDINGS, rows)


def _local(entry: Entry, report: Report) -> datetime | None:
    return entry.send_at.astimezone(zone_of(entry.zone or report.zone)) if entry.send_at else None
