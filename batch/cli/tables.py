"""Tables and totals for a terminal: what needs attention first, then the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from batch.core.bounds import beyond
from batch.core.printable import printable
from batch.model import Action, Decision, Issue, Level
from batch.model.codes import ALLOWED, HARD
from batch.model.plurals import plural
from batch.model.wording import cell_of
from batch.workflows.tally import describe_counts

if TYPE_CHECKING:
    from batch.cli.screen import Screen
    from batch.model.limits import Limits
    from batch.workflows.check import Check
    from batch.workflows.tally import Tally

_MOST = 40
"""Lines of a table before it is cut: the rest stands in the report."""

_NAMED = 4
"""Rows that are named one by one where they have the same trouble."""
_WEIGHT = {Level.ERROR: 0, Level.HOLD: 1, Level.WARNING: 2}


def show_issues(screen: Screen, check: Check) -> None:
    """Show what a check found, errors first, then one line of totals."""
    for issue in check.warnings:
        if issue.row == 0:
            screen.say(f"note: {issue.message}")
    hidden = check.left_out - sum(issue.code == "example-row" for issue in check.warnings)
    if hidden:
        screen.say(f"note: {plural(hidden, 'hidden row')} left out: unhide the rows that should go", loud=True)
    rows = [issue for issue in (*check.errors, *check.warnings) if issue.row]
    rows.sort(key=lambda issue: (_WEIGHT[issue.level], issue.row))
    show_issue_table(screen, _say_once(screen, rows))
    left_out = f", {plural(check.left_out, 'row')} left out" if check.left_out else ""
    if not check.rows:
        screen.say(f"{check.file}: no rows to send yet{left_out}: fill in your rows, one campaign each")
        return
    screen.say(
        f"{check.file}: {plural(check.rows, 'row')}: {check.valid - check.held:,} ready, {check.held:,} waiting for a decision, "
        f"{check.rows - check.valid:,} with errors{left_out}; total SMS parts per contact: {check.parts:,}"
        + (f", about {plural(check.credits, 'credit')}" if check.credits is not None else "")
    )
    _show_fields(screen, check)


def _say_once(screen: Screen, issues: list[Issue]) -> list[Issue]:
    """Say what has one cause for many rows in one line, and give the issues that are left."""
    once: dict[str, list[int]] = {}
    for issue in issues:
        if issue.code in _ONE_CAUSE:
            once.setdefault(issue.code, []).append(issue.row)
    many = {code: rows for code, rows in once.items() if len(rows) > 1}
    for code, rows in many.items():
        screen.say(f"{_ONE_CAUSE[code].format(plural(len(rows), 'row'))} [{code}]")
    return [issue for issue in issues if issue.code not in many]


_ONE_CAUSE = {
    "group-not-looked-up": "group names could not be looked up offline: {}; check again with --online",
    "template-not-looked-up": "MMS templates could not be looked up offline: {}; check again with --online",
    "groups-not-readable": "the account's groups could not be read, so no name is known: {}; write the ids, or try again",
    "templates-not-readable": "the account's MMS templates could not be read: {}; write the ids, or try again",
}
"""The codes whose cause lies in no row, each with what is said of all its rows together."""


def _show_fields(screen: Screen, check: Check) -> None:
    if check.fields:
        screen.say(f"fields that the texts use: {', '.join(check.fields)}")
    if check.unused and check.rows:
        screen.say(f"columns that no text uses: {', '.join(check.unused)}")


def how_to_go_on(check: Check, typed: str, limits: Limits) -> str:
    """Give the next command to type after a check; `typed` are the file and the options that chose its rows."""
    if check.valid < check.rows:
        marked = f"to see the errors marked in a copy, type: campaign-batch check {typed} --marked CHECKED.xlsx"
        return f"fix what is wrong and check again; {marked}"
    if check.rows > limits.taken_rows:
        return str(beyond("taken_rows", limits))
    codes = sorted({issue.code for issue in check.warnings if issue.row and issue.level is Level.HOLD})
    allow = " ".join(f"--allow {code}" for code in codes)
    if codes and check.held == check.rows:
        return f"to send the held rows anyway, type: campaign-batch submit {typed} {allow}"
    too = f" (and {allow}, if the rows that wait for you should go as they are)" if codes else ""
    return f"next, type: campaign-batch submit {typed}{too}" if check.rows else ""


def show_issue_table(screen: Screen, issues: Iterable[Issue]) -> None:
    """Show issues as a table on a terminal, as lines in a pipe."""
    if not screen.moving:
        for issue in issues:
            screen.say(f"row {issue.row} {_cell(issue)}{issue.level}: {issue.message} [{issue.code}]")
        return
    listed = _together(issues)
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Row", "Cell", "", "What is wrong, and what to do", "Code"):
        table.add_column(name, overflow="fold")
    for issue, rows in listed[:_MOST]:
        colour = {"error": "red", "hold": "yellow", "warning": "dim"}[issue.level]
        cell = _cell(issue) if len(rows) == 1 else f"{issue.column} {issue.field}".strip()
        cells = (_name_rows(rows), cell, issue.level.value, issue.message, issue.code)
        table.add_row(*(Text(printable(cell), style=colour if place == 2 else "") for place, cell in enumerate(cells)))
    if listed:
        screen.show(table)
    if len(listed) > _MOST:
        screen.say(f"... and {len(listed) - _MOST} more")


def _together(issues: Iterable[Issue]) -> list[tuple[Issue, list[int]]]:
    """Say once what is the same in many rows: one slip that was filled down is one line, not a thousand."""
    found: dict[tuple[str, ...], tuple[Issue, list[int]]] = {}
    for issue in issues:
        same = (issue.level.value, issue.code, issue.column, issue.field, issue.message)
        found.setdefault(same, (issue, []))[1].append(issue.row)
    return list(found.values())


def _name_rows(rows: Sequence[int]) -> str:
    """Name rows shortly: `7`, `7, 9, 12`, `7-31`, `7 and 380 more`."""
    if len(rows) > 2 and rows[-1] - rows[0] == len(rows) - 1:
        return f"{rows[0]}-{rows[-1]}"
    if len(rows) <= _NAMED:
        return ", ".join(map(str, rows))
    return f"{rows[0]} and {len(rows) - 1} more"


def _cell(issue: Issue) -> str:
    return f"{cell_of(issue)} {issue.field} ".lstrip() if issue.column else (f"{issue.field} " if issue.field else "")


def show_decisions(screen: Screen, decisions: Sequence[Decision], file_issues: Iterable[Issue]) -> None:
    """Show what became of each row that did not simply go."""
    for issue in file_issues:
        screen.say(f"note: {issue.message}")
    troubled = [one for one in decisions if one.action in {Action.INVALID, Action.HOLD, Action.WAIT}]
    show_issue_table(screen, [issue for one in troubled for issue in _telling(one) if issue.code != "too-many-errors"])
    stopped = [issue for one in troubled for issue in _telling(one) if issue.code == "too-many-errors"]
    if stopped:
        held = plural(len(stopped), "good row is", "good rows are")
        screen.say(f"{held} held: {stopped[0].message}", loud=True)
    _show_how_to_allow(screen, troubled)
    skipped = [one for one in decisions if one.action in {Action.SKIP, Action.SETTLE, Action.REFUSED, Action.CANCEL}]
    for one in skipped[:_MOST]:
        screen.say(f"row {one.checked.row.number} {one.checked.name}: {one.why}")
    if len(skipped) > _MOST:
        screen.say(f"... and {plural(len(skipped) - _MOST, 'more row')} already taken in")


def _show_how_to_allow(screen: Screen, troubled: Iterable[Decision]) -> None:
    """Say with which option a person sends what is held, where one may."""
    held = [issue.code for one in troubled if one.action is Action.HOLD for issue in _telling(one)]
    codes = sorted(set(held) & set(ALLOWED) - HARD)
    if codes:
        allow = " ".join(f"--allow {code}" for code in codes)
        screen.say(f"to send what waits for you as it is, submit the file again with {allow}")


def _telling(decision: Decision) -> list[Issue]:
    weighty = [issue for issue in decision.issues if issue.level is not Level.WARNING]
    waits = decision.checked.campaign.waits if decision.checked.campaign is not None else ()
    return weighty or list(waits)


def show_totals(screen: Screen, tally: Tally) -> None:
    """Say in one line where the rows are, and what is to be done."""
    if tally.declined:
        screen.say("nothing was submitted and nothing written")
        return
    counts = describe_counts(tally.counts, approval=tally.approval)
    head = f'batch {tally.batch} "{tally.file}"' if tally.batch is not None else tally.file or "done"
    left_out = f" ({plural(tally.left_out, 'hidden or example row')} left out)" if tally.left_out else ""
    screen.say(f"{head}: {plural(tally.rows, 'row')}{left_out}: {counts or 'nothing to do'}")
    if tally.counts["waiting"]:
        screen.say('to submit what no longer has to wait, type "campaign-batch resume" later')
    for line in tally.to_do:
        screen.say(line)
    if tally.approval:
        screen.say(f'nothing is sent yet: another person types "campaign-batch approve {tally.batch}"')


def show_files(screen: Screen, tally: Tally) -> None:
    """Say where the reports and the marked copies are."""
    for path in tally.reports:
        screen.say(f"report: {path}")
    for path, what in zip(
        tally.marked, ("marked", "only the rows to fix: fix them there and submit that file"), strict=False
    ):
        screen.say(f"{what}: {path}")
