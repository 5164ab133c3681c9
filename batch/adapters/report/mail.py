"""Write the mail about a report: HTML that stands in Outlook and Gmail, a plain twin, and the subject."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path

from batch.adapters.report.advice import without_commands
from batch.adapters.report.contents import Figures, Report
from batch.adapters.report.figures import KeyFigure, count, differing, done_words, key_figures, loose_findings
from batch.adapters.report.page import render_part
from batch.adapters.report.rows import by_time
from batch.adapters.report.tasks import Task, tasks_of
from batch.adapters.report.verdict import verdict
from batch.core.standing import Concern
from batch.model.plurals import plural
from batch.model.times import local_time, time_left
from batch.model.wording import TONES, WORDS, group_words

TOLD = 5
"""Causes told; a mail is read on a phone, the rest is in the report."""
COMING = 3
"""Campaigns named under what goes out next."""
IN_THE_REPORT = frozenset({"not_approved", "parts", "failed", "opted_out"})
"""Totals that a phone leaves to the plain twin and to the report."""
FIRST = 2
"""Causes about which any mail says what to do, where they are urgent; about the first in any case."""
ROOMY = 3
"""Causes up to which the mail says what to do about each: the screen has room."""
LONGEST = 100
"""Characters of a cause on a phone; the plain twin and the report have all of it."""
DELETED = 3
"""Campaigns to be deleted that are named."""


def subject(report: Report) -> str:
    """Say the verdict in a subject line: `Week 48 of 2026: 2 need attention; 25 scheduled`; it holds no line break."""
    figures = count(report)
    said = verdict(report, figures)
    done = done_words(figures) if figures.rows else ""
    told = f"{done}, all well" if said.tone == "good" else "; ".join(filter(None, (said.words.rstrip("."), done)))
    line = f"{'REHEARSAL ' if report.rehearsal else ''}{report.title}: {told}"
    return " ".join("".join(c if c.isprintable() else " " for c in line).split())[:200]


def mail_html(
    report: Report,
    *,
    templates: Sequence[Path] = (),
    lines: Sequence[str] = (),
    facts: Sequence[str] = (),
    short: bool = False,
    commands: bool = True,
    url: str = "",
) -> str:
    """Write the mail's body: tables and inline styles, 600 px wide, no script, nothing to load.

    `lines` are what the sender adds under the verdict: how to approve, what is off; one that begins with a warning
    sign stands out. `facts` stand below what goes out next: that the tool is alive, what the history shows.
    `short` leaves the totals out, for a mail that is only about what needs somebody.
    `commands` is for those who run the tool: all others read no command, and a mail with totals
    has steps only where there is room.
    `url` is where the page is.
    """
    figures = count(report)
    said = verdict(report, figures)
    found = tasks_of(report)
    steps = _has_room(found, commands=commands, short=short)
    tasks = [
        _shown(task, commands=commands, whole=steps, steps=steps or not place or (task.urgent and place < FIRST))
        for place, task in enumerate(found)
    ]
    told = tasks[:TOLD]
    loose = [finding.words for finding in loose_findings(report)]
    room = TOLD - len(told)
    return render_part(
        "mail.html.j2",
        templates,
        report=report,
        subject=subject(report),
        verdict=replace(said, words=_told(said.words, commands=commands)),
        url=url,
        tones=TONES,
        figures=figures,
        tiles=[one for one in _tiles(report, figures, short=short) if one.name not in IN_THE_REPORT],
        tasks=told,
        task_owners=len({task.who for task in found}) > 1,
        findings=loose[:room],
        more=len(tasks) - len(told) + len(loose[room:]),
        to_cancel=_to_cancel(report),
        deleted=DELETED,
        coming=_coming(report),
        made_at=local_time(report.made_at, report.zone, 0),
        lines=lines,
        facts=facts,
    )


def _has_room(tasks: Sequence[Task], *, commands: bool, short: bool) -> bool:
    """Say whether the mail tells of each cause what to do."""
    return short or commands or len(tasks) <= ROOMY


def _shown(task: Task, *, commands: bool, whole: bool, steps: bool) -> Task:
    """Give a task as a phone has room for it; what went wrong is told whole."""
    words = (
        task.words
        if whole or task.concern is Concern.WENT_WRONG
        else textwrap.shorten(task.brief, LONGEST, placeholder=" …")
    )
    return replace(task, words=words, next=_told(task.next, commands=commands) if steps else "")


def mail_text(
    report: Report,
    *,
    lines: Sequence[str] = (),
    facts: Sequence[str] = (),
    short: bool = False,
    commands: bool = True,
    url: str = "",
) -> str:
    """Write the mail's plain twin, with the same totals."""
    figures = count(report)
    said = verdict(report, figures)
    blocks = [
        ["REHEARSAL: nothing went to the real provider"] if report.rehearsal else [],
        [report.title, _told(said.words, commands=commands), said.more],
        list(said.next),
        list(lines),
        _task_lines(report, commands=commands, short=short),
        _listed("Goes out next", [" | ".join(line) for line in _coming(report)]),
        _listed("The tool and the history", list(facts)),
        [f"The report: {url}"] if url else [],
        [
            f"{tile.label}: {tile.shown}{f' ({tile.change})' if tile.change else ''}"
            for tile in _tiles(report, figures, short=short)
        ],
        [f"{number:,} {WORDS[key].text}" for key, number in figures.by_status.items()] + [f"{figures.rows:,} in total"],
        _listed("Delete in the dashboard", [" | ".join(line) for line in _to_cancel(report)]),
        _listed("What the comparison found", [finding.words for finding in loose_findings(report)[:TOLD]]),
        _listed("Notes", list(report.notes)),
        [f"Made {local_time(report.made_at, report.zone, 0)}. The report has all the details."],
    ]
    return "\n\n".join("\n".join(_wrap(line) for line in block if line) for block in blocks if any(block)) + "\n"


def _tiles(report: Report, figures: Figures, *, short: bool) -> list[KeyFigure]:
    """Give the totals that say something: a phone shows few lines at once."""
    always = {"needs_person", "scheduled"}
    tiles = [] if short else differing(key_figures(report, figures))
    return [one for one in tiles if one.value or one.name in always]


def _told(words: str, *, commands: bool) -> str:
    """Leave out what is to be typed, for readers who do not run the tool."""
    return words if commands else without_commands(words)


def _task_lines(report: Report, *, commands: bool, short: bool) -> list[str]:
    tasks = tasks_of(report)
    steps = _has_room(tasks, commands=commands, short=short)
    lines = ["WHAT TO DO"] if tasks else []
    for task in tasks[:TOLD]:
        lines += [
            f"- {task.words}",
            f"  {_whose(task)}",
            f"  {_names(task)}" if task.rows > 1 else "",
            f"  next: {told}" if steps and (told := _told(task.next, commands=commands)) else "",
        ]
    if len(tasks) > TOLD:
        lines.append(f"and {len(tasks) - TOLD:,} more in the report")
    return lines


def _whose(task: Task) -> str:
    named = (task.rows_words, task.who, f"{task.deadline} ({task.left})" if task.left else task.deadline)
    return ", ".join(part for part in named if part)


def _names(task: Task) -> str:
    """Name the first rows of a task: their cards hold the campaign and the cell."""
    named = ", ".join(f"{card.name} ({card.where})" for card in task.cards[:TOLD])
    return named + (f" and {task.rows - TOLD:,} more" if task.rows > TOLD else "")


def _to_cancel(report: Report) -> list[tuple[str, ...]]:
    """Give what is to be deleted and is none of the report's own rows, which are tasks."""
    year = report.made_at.astimezone(UTC).year
    here = {entry.id for entry in report.entries}
    return [
        (
            entry.provider_name or entry.campaign_name,
            f"Id {entry.provider_id}",
            group_words(entry),
            local_time(entry.send_at, entry.zone or report.zone, year) if entry.send_at else "",
            time_left(entry.send_at, report.made_at) if entry.send_at else "",
        )
        for entry in sorted(report.to_cancel, key=by_time)
        if entry.id not in here
    ]


def _coming(report: Report) -> list[tuple[str, ...]]:
    year = report.made_at.astimezone(UTC).year
    coming = [
        entry
        for entry, standing in report.stands()
        if entry.send_at and entry.send_at > report.made_at and standing.word.standing == "scheduled"
    ]
    return [
        (
            local_time(entry.send_at, entry.zone or report.zone, year) if entry.send_at else "",
            entry.campaign_name,
            plural(entry.contacts_count or 0, "text"),
        )
        for entry in sorted(coming, key=by_time)[:COMING]
    ]


def _listed(title: str, lines: list[str]) -> list[str]:
    return [title.upper(), *(f"- {line}" for line in lines)] if lines else []


def _wrap(line: str) -> str:
    indent = " " * (len(line) - len(line.lstrip()) + (2 if line.lstrip().startswith("- ") else 0))
    return textwrap.fill(line, 78, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
