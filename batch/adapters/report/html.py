"""Write the HTML report: one file that opens by double click, asks nobody for anything and runs only its own script."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path

from batch.adapters.report.charts import charts_of
from batch.adapters.report.contents import Report
from batch.adapters.report.figures import count, done_words, key_figures, loose_findings, tiles_first, worst
from batch.adapters.report.page import embed, embed_logo, render_page, write_page
from batch.adapters.report.rows import FACTS, ReportRow, pack, shown_rows
from batch.adapters.report.tasks import tasks_of
from batch.adapters.report.verdict import verdict
from batch.model import Entry, Finding, FindingKind
from batch.model.times import local_time, time_left
from batch.model.wording import FINDING_WORDS, ORDER, TONES, WORDS, Word, group_words, kind_words

WHOLE_LIMIT = 20_000
"""Rows up to which the page holds all of them; above, only what needs attention: a browser would take seconds."""
NEEDED_LIMIT = 2_000
"""Rows that need attention, at most, in a page that does not hold all rows."""
PLAIN_LIMIT = 500
"""Rows that stand in the page ready to read, for those without a script."""
FEW = 2_000
"""Rows up to which so many stand ready to read; a longer page would weigh too much with them."""
TASK_LIMIT = 100
"""Things to do that are told; the rows of all others are in the table."""

COLUMNS = (
    ("status", "Status"),
    ("row", "Row"),
    ("name", "Campaign"),
    ("when", "Goes out"),
    ("groups", "Groups"),
    ("contacts", "Texts"),
    ("credits", "Credits"),
    ("id", "Id"),
    ("reason", "Why"),
)
"""The last one is for paper, where no row can be opened."""


def write_html(report: Report, path: Path, *, templates: Sequence[Path] = ()) -> Path:
    """Write the page for a report; `templates` are folders with a team's own partials."""
    figures = count(report)
    whole = figures.rows <= WHOLE_LIMIT
    rows = shown_rows(report, only_needed=not whole)[: WHOLE_LIMIT if whole else NEEDED_LIMIT]
    year = report.made_at.astimezone(UTC).year
    tasks = tasks_of(report)
    page = render_page(
        "report.html.j2",
        templates,
        "rows.js",
        report=report,
        logo=embed_logo(report.logo),
        verdict=verdict(report, figures),
        tones=TONES,
        figures=figures,
        tiles=tiles_first(key_figures(report, figures)),
        sum_words=" + ".join(f"{number:,} {WORDS[key].text}" for key, number in figures.by_status.items()),
        done=done_words(figures),
        tasks=tasks[:TASK_LIMIT],
        more=len(tasks[TASK_LIMIT:]),
        findings=_finding_lines(report.findings),
        loose=[_finding_line(finding) for finding in loose_findings(report)],
        to_cancel=[_cancel_line(entry, report) for entry in sorted(report.to_cancel, key=_soonest)],
        charts=charts_of(report),
        columns=[one for one in COLUMNS if one[0] != "credits" or figures.credits != figures.contacts],
        facts=FACTS,
        plain=rows[: PLAIN_LIMIT if len(rows) <= FEW else PLAIN_LIMIT // 5],
        shown=len(rows),
        whole=whole,
        standings=chips(rows),
        needs=sum(row.needs for row in rows),
        needing=len(report.needed()),
        cut=len(report.needed()) > len(rows),
        packed=embed(pack(rows), report.account),
        made_at=local_time(report.made_at, report.zone, 0),
        batches=[(batch, local_time(batch.taken_in_at, report.zone, year)) for batch in report.batches[:100]],
    )
    return write_page(page, path, report.account)


def chips(rows: Sequence[ReportRow]) -> list[tuple[Word, int]]:
    """Count the rows of each standing, in the one order, each in the worst tone that one of its rows has.

    What is scheduled or sent and needs a look has a chip of its own: a red one called `sent` reads as not sent.
    """
    tones: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        tones[row.standing, kind_words(row.standing, row.status)].append(row.tone)
    ordered = sorted(tones, key=lambda key: (ORDER[key[0]], key[1]))
    return [
        (replace(WORDS[key], text=text, tone=worst(*tones[key, text])), len(tones[key, text])) for key, text in ordered
    ]


def _cancel_line(entry: Entry, report: Report) -> dict[str, str]:
    year = report.made_at.astimezone(UTC).year
    return {
        "name": entry.provider_name or entry.campaign_name,
        "id": entry.provider_id,
        "groups": group_words(entry),
        "when": local_time(entry.send_at, entry.zone or report.zone, year) if entry.send_at else "",
        "provider_when": local_time(entry.send_at, report.provider_zone, year) if entry.send_at else "",
        "left": time_left(entry.send_at, report.made_at) if entry.send_at else "",
        "why": entry.cancel_why,
        "status": report.standing_of(entry).word.text,
    }


def _finding_lines(findings: Iterable[Finding]) -> list[dict[str, str]]:
    shown = [finding for finding in findings if finding.kind is not FindingKind.MATCHED]
    return [_finding_line(finding) for finding in sorted(shown, key=lambda finding: not finding.loud)[:500]]


def _finding_line(finding: Finding) -> dict[str, str]:
    text, tone = FINDING_WORDS[finding.kind]
    return {
        "text": text,
        "tone": "bad" if finding.loud else tone,
        "sign": TONES["bad" if finding.loud else tone].sign,
        "name": finding.name,
        "id": finding.provider_id,
        "field": finding.field,
        "ours": finding.ours,
        "theirs": finding.theirs,
        "words": finding.words,
    }


def _soonest(entry: Entry) -> float:
    return entry.send_at.timestamp() if entry.send_at else float("inf")
