"""Write what the history teaches as a page, a workbook and JSON: a picture, a sentence and the numbers of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

from markupsafe import Markup

from batch.adapters.report.bars import draw_bar
from batch.adapters.report.contents import Report
from batch.adapters.report.page import embed_logo, render_page
from batch.adapters.report.workbook import Column, Link, WorkbookWriter
from batch.core.json_text import write_json
from batch.model import Insight, Insights, Mark
from batch.model.records import dataclass
from batch.model.times import local_time

_LONGEST = 200
"""Rows of a table on the page; the workbook and the JSON hold all."""


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One line of a picture."""

    mark: Mark
    svg: Markup


def insights_html(
    insights: Insights, *, zone: str, templates: Sequence[Path] = (), team: str = "", logo: Path | None = None
) -> str:
    """Give the page."""
    return render_page(
        "insights.html.j2",
        templates,
        title=insights.title,
        team=team,
        logo=embed_logo(logo),
        made_at=local_time(insights.made_at, zone, 0),
        campaigns=insights.campaigns,
        texts=insights.texts,
        found=[
            (
                one,
                [ChartLine(mark, draw_bar(mark.tone, mark.value, mark.low, mark.high)) for mark in one.marks],
                _cells(one),
            )
            for one in insights.found
        ],
        longest=_LONGEST,
    )


def insights_json(insights: Insights) -> str:
    """Give everything as one JSON object; shares are numbers from 0 to 1."""
    content = {
        "title": insights.title,
        "since": insights.since.astimezone(UTC).isoformat(timespec="seconds"),
        "made_at": insights.made_at.astimezone(UTC).isoformat(timespec="seconds"),
        "campaigns": insights.campaigns,
        "texts": insights.texts,
        "insights": [
            {
                "name": one.name,
                "title": one.title,
                "sentence": one.sentence,
                "rows": [dict(zip(one.head, row, strict=True)) for row in one.rows],
                "note": one.note,
            }
            for one in insights.found
        ],
    }
    return write_json(content, indent=1) + "\n"


def insights_xlsx(insights: Insights, *, team: str = "") -> bytes:
    """Give a workbook: an overview with each sentence, then a sheet a table; no text becomes a formula or a link."""
    writer = WorkbookWriter(Report(insights.title, "week", insights.made_at, "UTC", "UTC", team=team))
    overview = writer.sheet("Overview")
    overview.freeze_panes(1, 0)
    for place, (title, width) in enumerate((("Question", 34), ("What the history says", 100))):
        overview.set_column(place, place, width)
        writer.put(overview, 0, place, title, "head")
    for line, one in enumerate(insights.found, start=1):
        writer.put(overview, line, 0, Link(one.title, f"'{one.name}'!A1"), "text")
        writer.put(overview, line, 1, one.sentence, "text")
    for one in insights.found:
        writer.table(one.name, _columns(one), one.rows)
    sendings = _every_sending(insights)
    writer.table(sendings.name, _columns(sendings, totals=_ADDED_UP), sendings.rows)
    return writer.finish()


_ADDED_UP = frozenset({"Contacts", "Credits", "Delivered", "Failed", "Opted out"})


def _columns(one: Insight, totals: frozenset[str] = frozenset()) -> list[Column]:
    """Say of each column what its cells are, by what stands in them."""
    return [
        Column(title, 48, _kind(one, place), total=title in totals and bool(one.rows))
        for place, title in enumerate(one.head)
    ]


def _kind(one: Insight, place: int) -> str:
    if place in one.shares:
        return "share"
    values = [row[place] for row in one.rows]
    numbers = [value for value in values if isinstance(value, (int, float))]
    if not numbers or any(isinstance(value, str) for value in values):
        return "text"
    return "number" if all(map(float.is_integer, map(float, numbers))) else "decimal"


def _every_sending(insights: Insights) -> Insight:
    """Give what every sentence was counted from, a row a sending; unknown delivery is empty, not none."""
    head = (
        "Entry", "Campaign", "Groups", "Goes out", "Contacts", "Credits", "Delivered", "Failed", "Opted out",
    )  # fmt: skip
    rows = tuple(
        (
            one.entry, one.name, ", ".join(one.groups), one.local.isoformat(timespec="minutes"),
            one.contacts, one.credits,
            *((one.delivered, one.failed, one.opted_out) if one.known else (None, None, None)),
        )
        for one in insights.sendings
    )  # fmt: skip
    return Insight("Sendings", "Every sending", "", head, rows)


def _cells(one: Insight) -> list[list[str]]:
    return [
        [_cell(value, share=column in one.shares) for column, value in enumerate(row)] for row in one.rows[:_LONGEST]
    ]


def _cell(value: str | int | float | None, *, share: bool) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if share:
        return f"{value:.1%}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
