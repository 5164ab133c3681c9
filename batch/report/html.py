"""Write the HTML report: one file that opens by double click, asks nobody for anything and runs only its own script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from itertools import groupby
from pathlib import Path

from batch.model import Entry, Finding, FindingKind
from batch.report.charts import charts_of
from batch.report.contents import Report
from batch.report.figures import count, done_words, findings_for_people, key_figures, urgent_first, verdict
from batch.report.page import embed, embed_logo, render_page, write_page
from batch.report.rows import FACTS, Shown, group_words, pack, shown_rows, status_words
from batch.report.words import (
    FINDING_WORDS,
    TONES,
    WORDS,
    Word,
    cell_of,
    is_urgent,
    local_time,
    needs_a_person,
    next_step,
    reason,
    reasons,
    standing_of,
    time_left,
)

WHOLE_LIMIT = 20_000
"""Rows up to which the page holds all of them; above, only what needs a person: a browser would take seconds."""
NEEDED_LIMIT = 2_000
"""Rows that need a person, at most, in a page that does not hold all rows."""
PLAIN_LIMIT = 500
"""Rows that stand in the page ready to read, for those without a script."""
CARD_LIMIT = 200
"""Rows told one by one under what needs a person; the rest is in the table."""
OPEN_CARDS = 5
"""Rows of one kind that are told before the others are folded away."""

COLUMNS = (
    ("status", "Status"),
    ("row", "Row"),
    ("name", "Campaign"),
    ("when", "Goes out"),
    ("groups", "Groups"),
    ("contacts", "Texts"),
    ("credits", "Credits"),
    ("id", "Id"),
)


@dataclass(frozen=True, slots=True)
class Card:
    """One row that needs a person."""

    where: str
    name: str
    when: str
    left: str
    urgent: bool
    reasons: tuple[tuple[str, str], ...]
    """Cell and words."""
    next: str
    id: str
    owner: str


@dataclass(frozen=True, slots=True)
class Cards:
    """Rows that need a person for the same kind of reason."""

    word: Word
    total: int
    first: tuple[Card, ...]
    rest: tuple[Card, ...]


def write_html(report: Report, path: Path, *, templates: Sequence[Path] = ()) -> Path:
    """Write the page for a report; `templates` are folders with a team's own partials."""
    figures = count(report)
    whole = figures.rows <= WHOLE_LIMIT
    rows = shown_rows(report, only_needed=not whole)[: WHOLE_LIMIT if whole else NEEDED_LIMIT]
    year = report.made_at.astimezone(UTC).year
    page = render_page(
        "report.html.j2",
        templates,
        "rows.js",
        report=report,
        logo=embed_logo(report.logo),
        verdict=verdict(report, figures),
        tones=TONES,
        figures=figures,
        tiles=key_figures(report, figures),
        sum_words=_sum_words(figures.by_status),
        done=done_words(figures),
        groups=needed_cards(report),
        findings=_finding_lines(report.findings),
        open_findings=[_finding_line(finding) for finding in findings_for_people(report.findings)],
        to_cancel=[_cancel_line(entry, report) for entry in sorted(report.to_cancel, key=_soonest)],
        charts=charts_of(report, figures),
        columns=COLUMNS,
        facts=FACTS,
        plain=rows[:PLAIN_LIMIT],
        shown=len(rows),
        whole=whole,
        standings=_chips(rows),
        packed=embed(pack(rows)),
        made_at=local_time(report.made_at, report.zone, 0),
        batches=[(batch, local_time(batch.taken_in_at, report.zone, year)) for batch in report.batches[:100]],
    )
    return write_page(page, path)


def needed_cards(report: Report) -> tuple[Cards, ...]:
    """Put together the rows that need a person, what is due within a day first."""
    needed = urgent_first((entry for entry in report.entries if needs_a_person(entry)), report.made_at)
    grouped = []
    for (_, standing), entries in groupby(needed, lambda e: (is_urgent(e, report.made_at), standing_of(e))):
        found = list(entries)
        cards = tuple(_card(entry, report) for entry in found[:CARD_LIMIT])
        grouped.append(Cards(_word(standing, found), len(found), cards[:OPEN_CARDS], cards[OPEN_CARDS:]))
    return tuple(grouped)


def _word(standing: str, entries: Sequence[Entry]) -> Word:
    """A scheduled campaign that needs somebody is not fine: it gets words and a tone of its own."""
    if standing != "scheduled":
        return WORDS[standing]
    text = "to be cancelled" if all(entry.cancel_why for entry in entries) else "scheduled, but look at it"
    return Word(standing, text, "look", "scheduled, but not as it should be")


def _card(entry: Entry, report: Report) -> Card:
    year = report.made_at.astimezone(UTC).year
    told = tuple((cell_of(issue), issue.message) for issue in reasons(entry))
    if not told or (entry.cancel_why and standing_of(entry) == "scheduled"):
        told = (("", reason(entry)),)
    moment = entry.send_at
    return Card(
        where=f"row {entry.row}" + (f" of {entry.file}" if len(report.batches) != 1 else ""),
        name=entry.campaign_name or "(no name)",
        when=local_time(moment, entry.zone or report.zone, year) if moment else "",
        left=time_left(moment, report.made_at) if moment else "",
        urgent=is_urgent(entry, report.made_at),
        reasons=told,
        next=next_step(entry),
        id=entry.provider_id,
        owner=entry.owner,
    )


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
        "status": status_words(entry, {}),
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


def _chips(rows: Sequence[Shown]) -> list[tuple[Word, int]]:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.standing] = counts.get(row.standing, 0) + 1
    return [(word, counts[key]) for key, word in WORDS.items() if key in counts]


def _sum_words(by_status: object) -> str:
    counts: dict[str, int] = dict(by_status)  # type: ignore[call-overload]
    return " + ".join(f"{number:,} {WORDS[key].text}" for key, number in counts.items())


def _soonest(entry: Entry) -> float:
    return entry.send_at.timestamp() if entry.send_at else float("inf")
