"""Write what the history teaches as a page, a workbook and JSON: a picture, a sentence and the numbers of each."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from markupsafe import Markup

from batch.adapters.report.bars import draw_bar
from batch.adapters.report.page import embed_logo, render_page
from batch.adapters.report.workbook import INK, plain_text
from batch.core.json_text import write_json
from batch.model import Insight, Insights, Mark
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


def insights_xlsx(insights: Insights) -> bytes:
    """Give a workbook: an overview with each sentence, then a sheet a table; no text becomes a formula or a link."""
    import xlsxwriter

    memory = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(memory, plain)
    head = book.add_format({"bold": True, "bg_color": INK, "font_color": "#ffffff", "text_wrap": True, "valign": "top"})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    share = book.add_format({"num_format": "0.0%"})
    number = book.add_format({"num_format": "#,##0.##"})
    overview = book.add_worksheet("Overview")
    overview.set_column(0, 0, 34)
    overview.set_column(1, 1, 90)
    overview.write_row(0, 0, ("Question", "What the history says"), head)
    for place, one in enumerate(insights.found, start=1):
        overview.write_url(place, 0, f"internal:'{one.name}'!A1", string=one.title)
        overview.write_string(place, 1, plain_text(one.sentence), wrap)
        _write_sheet(book.add_worksheet(one.name), one, head, share, number)
    _write_sheet(book.add_worksheet("Sendings"), _every_sending(insights), head, share, number)
    book.close()
    return memory.getvalue()


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


def _write_sheet(sheet: Any, one: Insight, head: Any, share: Any, number: Any) -> None:
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    sheet.set_row(0, 32)
    for column, title in enumerate(one.head):
        longest = max([len(str(row[column] or "")) for row in one.rows[:_LONGEST]], default=0)
        sheet.set_column(column, column, min(48, max(11, longest + 2)) if column == 0 or longest > 12 else 12)
        sheet.write_string(0, column, title, head)
    for place, row in enumerate(one.rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(place, column, plain_text(value))
            elif value is not None:
                sheet.write_number(place, column, value, share if column in one.shares else number)


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
