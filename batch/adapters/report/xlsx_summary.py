"""Write the first sheet of the Excel report: how things stand, what to do, the totals, and where every row ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any

from batch.adapters.report.amounts import CountedRow
from batch.adapters.report.contents import Figures, Report
from batch.adapters.report.figures import (
    SKIPPED,
    RowKind,
    arrivals,
    differing,
    key_figures,
    outcome_of,
    outcomes,
)
from batch.adapters.report.tasks import Task, in_task_order, tasks_of
from batch.adapters.report.verdict import Verdict, verdict
from batch.adapters.report.workbook import CHART, LINE, MOST_ROWS, Drawing, Link, WorkbookWriter
from batch.core.standing import Standing
from batch.model import Attempt
from batch.model.plurals import plural
from batch.model.records import dataclass
from batch.model.times import local_time
from batch.model.wording import TONES

ALL_ATTEMPTS = 2_000
"""Up to so many, every attempt is listed; of more, those that did not go through at once."""
WIDTHS = (44, 14, 60)
TASKS = 8
"""Things to do that the summary names; the others are on the sheets By cause and Needs attention."""
CHARTS = "E6"
"""The cell where charts begin: right of every word."""


@dataclass(slots=True)
class Summary:
    """The summary sheet while it is written: its next line, and where its numbers stand."""

    writer: WorkbookWriter
    sheet: Any
    line: int = 0
    """From 0."""
    cells: dict[str, str] = field(default_factory=dict)
    """Name of a figure to its cell: `Summary!$B$9`."""
    checks: int = 0
    """The line that is left to the checks, which are known when all other sheets are written."""

    def put(self, *values: tuple[object, str], name: str = "") -> None:
        """Write the cells of one line, each with its kind; the height follows the longest text."""
        high = 1
        for place, (value, kind) in enumerate(values):
            self.writer.put(self.sheet, self.line, place, value, kind)
            if kind.startswith(("note", "beside")):
                shown = value.value if isinstance(value, Link) else value
                high = max(high, -(-len(str(shown)) // WIDTHS[place]))
        if high > 1:
            self.sheet.set_row(self.line, LINE * high)
        if name:
            self.cells[name] = f"Summary!$B${self.line + 1}"
        self.line += 1


def write_summary(writer: WorkbookWriter, figures: Figures, ordered: Sequence[CountedRow], elsewhere: str) -> Summary:
    """Write the sheet; `elsewhere` names the CSV that has the rows when the workbook has not."""
    said = verdict(writer.report, figures)
    summary = Summary(writer, writer.sheet("Summary", said.tone))
    for place, width in enumerate(WIDTHS):
        summary.sheet.set_column(place, place, width)
    _write_heading(summary, said)
    _write_tasks(summary)
    _write_figures(summary, figures)
    _write_outcome(summary, figures, {} if elsewhere else _first_lines(ordered))
    _write_delivery(summary)
    _write_notes(summary, figures, elsewhere)
    summary.sheet.print_area(0, 0, max(summary.line, 40), 11)
    return summary


def signed(standing: Standing, text: str) -> str:
    """Write a standing with its sign, so that color is never alone."""
    return f"{standing.sign} {text}"


def listed_attempts(report: Report) -> list[tuple[int, Attempt]]:
    """Give the attempts that the workbook lists, each with its entry."""
    found = [(entry, attempt) for entry, attempts in report.attempts.items() for attempt in attempts]
    if len(found) <= ALL_ATTEMPTS:
        return found
    return [(entry, attempt) for entry, attempt in found if attempt.number > 1 or attempt.outcome != "accepted"]


def _first_lines(ordered: Sequence[CountedRow]) -> dict[RowKind, int]:
    """Give the first line of each kind of row on the sheet Rows."""
    found: dict[RowKind, int] = {}
    for line, row in enumerate(ordered, 2):
        found.setdefault(outcome_of(row.standing), line)
    return found | {SKIPPED: len(ordered) + 2}


def _write_heading(summary: Summary, said: Verdict) -> None:
    report = summary.writer.report
    summary.sheet.set_row(0, 27)
    summary.put((f"REHEARSAL: {report.title}" if report.rehearsal else report.title, "title"))
    summary.put((f"{TONES[said.tone].sign} {said.words}", f"tone-{said.tone}"))
    for line in filter(None, (said.more, *said.next)):
        summary.put((line, "label"))
    made = f"made {local_time(report.made_at, report.zone, 0)}; the provider's clock is {report.provider_zone}"
    summary.put((f"{report.team}: {made}" if report.team else made, "label"))
    summary.checks = summary.line
    summary.line += 2


def _write_tasks(summary: Summary) -> None:
    report = summary.writer.report
    tasks = tasks_of(report)
    if not tasks:
        return
    lines = _needed_lines(report)
    summary.put(("What to do", "section"), ("rows", "right"), ("who, by when, next step", "section-beside"))
    for task in tasks[:TASKS]:
        line = lines[task.cause, task.owner]
        rows = Link(task.rows, f"'Needs attention'!A{line}")
        summary.put((f"{task.sign} {task.words}", "note"), (rows, "number"), (_who(task), "beside"))
    if len(tasks) > TASKS:
        more = f"and {plural(len(tasks) - TASKS, 'more thing')} to do"
        summary.put((Link(more, "'Needs attention'!A2"), "label"))
    summary.line += 1


def _needed_lines(report: Report) -> dict[tuple[str, str], int]:
    """Give the first line of each cause and owner on the sheet Needs attention."""
    found: dict[tuple[str, str], int] = {}
    for line, (entry, standing) in enumerate(in_task_order(report), 2):
        found.setdefault((standing.cause, entry.owner), line)
    return found


def _who(task: Task) -> str:
    by = f"{task.deadline} ({task.left})" if task.left else task.deadline
    return ": ".join(filter(None, (", ".join(filter(None, (task.who, by))), task.next)))


def _write_figures(summary: Summary, figures: Figures) -> None:
    report = summary.writer.report
    summary.put(("Key figures", "section"), ("", "right"), ("", "section"))
    for figure in differing(key_figures(report, figures)):
        note = "" if figure.name == "credits" else figure.note
        beside = "; ".join(filter(None, (note, figure.change)))
        value = (figure.value / figures.reported, "share") if figure.shown.endswith("%") else (figure.value, "number")
        label = Link(figure.label, "'Needs attention'!A2") if figure.name == "needs_person" else figure.label
        summary.put((label, "label"), value, (beside, "beside"), name=figure.name)
    if figures.money is not None:
        price = f"{report.credit_price:.6f}".rstrip("0").rstrip(".")
        note = f"{plural(figures.credits, 'credit')} at {report.currency} {price}"
        summary.put(("cost, estimated", "label"), (figures.money, "money"), (note, "beside"), name="money")
    summary.line += 1


def _write_outcome(summary: Summary, figures: Figures, first: dict[RowKind, int]) -> None:
    summary.put(("Where every row ended", "section"), ("", "right"), ("", "section"))
    begin = summary.line
    ended = outcomes(summary.writer.report)
    for one, rows in ended.items():
        text, line = f"{TONES[one.tone].sign} {one.text}", first.get(one)
        label = Link(text, f"Rows!A{line}") if line else text
        summary.put((label, f"tone-{one.tone}"), (rows, "number"))
    last = summary.line - 1
    summary.put(("rows in total", "bold"), (figures.rows, "total"), name="rows")
    if ended:
        summary.cells["by_status"] = f"Summary!$B${begin + 1}:$B${last + 1}"
    if len(ended) > 1:
        _draw(summary, "Where every row ended", (begin, last), [one.tone for one in ended])
    summary.line += 1


def _write_delivery(summary: Summary) -> None:
    totals = arrivals(summary.writer.report)
    if not totals:
        return
    summary.put(("How the texts arrived", "section"), ("", "right"), ("", "section"))
    begin = summary.line
    for (word, tone), number in totals.items():
        summary.put((f"{TONES[tone].sign} {word}", f"tone-{tone}"), (number, "number"))
    _draw(summary, "How the texts arrived", (begin, summary.line - 1), [tone for _, tone in totals], below=True)
    summary.line += 1


def _draw(summary: Summary, title: str, lines: tuple[int, int], tones: Sequence[str], *, below: bool = False) -> None:
    down = CHART[1] + 20 if below else 0
    summary.writer.draw(summary.sheet, Drawing("bar", title, lines, (0, 1), CHARTS, tones, down))


def _write_notes(summary: Summary, figures: Figures, elsewhere: str) -> None:
    report = summary.writer.report
    summary.put(("Notes", "section"), ("", "right"), ("", "section"))
    for note in (*_lengths(report, figures, elsewhere), *report.notes, *_about(report, figures)):
        summary.put((note, "label"))


def _lengths(report: Report, figures: Figures, elsewhere: str) -> list[str]:
    """Say what the workbook leaves to another file."""
    notes = []
    needed = len(report.needed())
    if elsewhere:
        notes.append(f"more than {MOST_ROWS:,} rows: all {figures.rows:,} are in {elsewhere}, in the same folder")
    for name, number in {"Needs attention": needed, "Findings": len(report.findings)}.items():
        if number > MOST_ROWS:
            notes.append(f"the sheet {name} has the first {MOST_ROWS:,} of {number:,}")
    attempts = sum(map(len, report.attempts.values()))
    if attempts > ALL_ATTEMPTS and not elsewhere:
        notes.append(f"of {attempts:,} attempts the sheet Attempts has those that did not go through at once")
    return notes


def _about(report: Report, figures: Figures) -> list[str]:
    notes = []
    if figures.blank or figures.left_out:
        notes.append(
            f"not counted: {plural(figures.blank, 'empty row')}, "
            f"{plural(figures.left_out, 'hidden, filtered or example row')} left out"
        )
    notes += [
        f"batch {batch.id}: {batch.file}, taken in {local_time(batch.taken_in_at, report.zone, 0)} "
        f"by {batch.submitted_by}"
        for batch in report.batches[:50]
    ]
    notes.append("scheduled means Approved and Scheduled by the provider; parts, credits and cost are estimates")
    notes.append(
        "contacts are all that a row would reach; texts, parts, credits and cost are of what is at the provider"
    )
    if report.credit_price is None:
        notes.append("no cost: the settings have no price of a credit ([reports] credit_price)")
    return notes
