"""Write a report as CSV and as JSON, for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from batch.adapters.report.amounts import Amounts, CountedRow, cost_of, count_rows
from batch.adapters.report.contents import Figures, Report
from batch.adapters.report.figures import count, key_figures
from batch.adapters.report.verdict import verdict
from batch.core.csv_text import csv_record
from batch.core.json_text import write_json
from batch.model import Batch, Entry
from batch.model.places import list_row, sheet_row
from batch.model.times import zone_of

FIELDS: Mapping[str, str] = {
    "entry": "the entry's number in the ledger; empty for a row already taken in that names none",
    "batch": "the number of the batch that took the row in",
    "file": "the spreadsheet's name",
    "sheet": "the sheet's name in it",
    "row": "the row as Excel numbers it",
    "key": "which campaign it is",
    "reference": "the team's own id of it",
    "tag": "the mark in the campaign's name at the provider",
    "campaign_name": "as in the sheet",
    "provider_name": "as sent",
    "message": "the text as its recipients read it",
    "group_ids": "the groups' ids; in CSV with blanks between",
    "group_names": "their names as of then; in CSV with | between",
    "send_at": "when it goes out: UTC, ISO 8601",
    "send_at_provider": "as sent, in the provider's zone",
    "zone": "the IANA zone that the row's time was read in",
    "type_recipients": "0 single opt-in, 1 double opt-in",
    "mms_template_id": "the MMS template's id, or empty",
    "subject": "of an MMS",
    "status": "the ledger's own status, or skipped for a row already taken in",
    "standing": "the status as people see it: accepted is scheduled or unapproved, planned may be to_approve",
    "shown_as": "the words for it",
    "needs_a_person": "true or false",
    "reason": "why it stands there",
    "next_step": "what a person does about it",
    "provider_id": "the provider's Id, a text",
    "contacts_count": "the provider's ContactsCount",
    "provider_status_id": "1 pending, 2 action required, 3 approved and scheduled",
    "provider_status": "the provider's words for it",
    "parts": "single messages, estimated: texts times the parts of each",
    "credits": "estimated: a part is one, an MMS to a contact three",
    "delivered": "contacts; empty while unknown, like the two that follow",
    "failed": "contacts",
    "opted_out": "contacts",
    "owner": "who gets the word about this row",
    "issues": "codes; in JSON each with row, column, field, level and message",
    "attempts": "how often it was submitted, those that count",
    "submitted_by": "who",
    "approved_by": "the second person, if one was asked",
    "list_row": "the row of the list that the row was made for (ForEach), or empty",
    "send_at_local": "when it goes out by the row's own clock: ISO 8601 with its distance from UTC",
    "cause": "the code by which rows with the same trouble are put together; empty where nobody needs to act",
    "texts": "the contacts that the report's total of texts counts: of what is at the provider or sent, else 0",
    "cost": "credits times the price of one, estimated; empty without a price in the settings",
    "currency": "of the cost",
}
"""Every column of the CSV and every key of a JSON row, with what it holds."""


def to_csv(report: Report) -> str:
    """Give the rows as CSV with the columns of `FIELDS`.

    A text that a spreadsheet program would take for a formula gets an apostrophe in front: people open this file by
    double click. `to_json` gives it untouched.
    """
    rows = ([_cell(record[name]) for name in FIELDS] for record in _records(report))
    return "".join(map(csv_record, (FIELDS, *rows)))


def to_json(report: Report) -> str:
    """Give everything as one JSON object: `figures`, `rows` with the keys of `FIELDS`, `findings`, `to_cancel`."""
    figures = count(report)
    said = verdict(report, figures)
    content = {
        "title": report.title,
        "kind": report.kind,
        "team": report.team,
        "made_at": _iso(report.made_at),
        "zone": report.zone,
        "provider_zone": report.provider_zone,
        "rehearsal": report.rehearsal,
        "stopped": report.stopped,
        "paused": report.paused,
        "verdict": {"words": said.words, "tone": said.tone, "more": said.more, "next": list(said.next)},
        "figures": _totals(figures),
        "shown": {figure.name: figure.shown for figure in key_figures(report, figures)},
        "before": None if report.before is None else _totals(report.before),
        "trend": [{"week": week.week, **_totals(week.figures)} for week in report.trend],
        "batches": [_plain(batch) for batch in report.batches],
        "notes": list(report.notes),
        "rows": list(_records(report)),
        "findings": [asdict(finding) for finding in report.findings],
        "to_cancel": [entry.id for entry in report.to_cancel],
    }
    return write_json(content, indent=1) + "\n"


def _records(report: Report) -> list[dict[str, Any]]:
    rows = [_record(row, report) for row in count_rows(report)]
    return rows + [
        dict.fromkeys(FIELDS, None)
        | {
            "entry": row.entry, "batch": row.batch, "row": sheet_row(row.row),
            "list_row": list_row(row.row), "campaign_name": row.name, "status": "skipped",
            "standing": "skipped", "shown_as": "already taken in", "needs_a_person": False, "reason": row.why,
            "provider_id": row.provider_id, "group_ids": [], "group_names": [], "issues": [],
        }
        for row in report.skipped
    ]  # fmt: skip


def _record(row: CountedRow, report: Report) -> dict[str, Any]:
    entry, standing, amounts = row
    same = {name: getattr(entry, name) for name in FIELDS if name in _SAME}
    return same | {
        "entry": entry.id,
        "row": sheet_row(entry.row),
        "list_row": list_row(entry.row),
        "group_ids": list(entry.group_ids),
        "group_names": list(entry.group_names),
        "send_at": _iso(entry.send_at) if entry.send_at else None,
        "status": entry.status.value,
        "standing": standing.word.standing,
        "shown_as": standing.word.text,
        "needs_a_person": standing.needs_attention,
        "reason": standing.reason,
        "next_step": standing.next,
        "send_at_local": _local(entry, report),
        "cause": standing.cause if standing.needs_attention else "",
        **_amounts(amounts, report),
        "issues": [asdict(issue) for issue in entry.issues],
    }


def _amounts(amounts: Amounts, report: Report) -> dict[str, Any]:
    """Give what the row adds to the totals: their sums over all rows are the report's figures."""
    _, texts, parts, credits, cost, delivered, failed, opted_out = amounts
    return {
        "texts": texts or 0, "parts": parts or 0, "credits": credits or 0,
        "cost": cost_of(credits or 0, report) if cost is None else cost,
        "currency": None if report.credit_price is None else report.currency,
        "delivered": delivered, "failed": failed, "opted_out": opted_out,
    }  # fmt: skip


def _local(entry: Entry, report: Report) -> str | None:
    moment = entry.send_at
    return moment.astimezone(zone_of(entry.zone or report.zone)).isoformat(timespec="seconds") if moment else None


_SAME = frozenset(FIELDS) & frozenset(Entry.__dataclass_fields__) - {
    "group_ids", "group_names", "send_at", "status", "issues", "parts",
}  # fmt: skip


def _cell(value: Any) -> object:
    if not isinstance(value, list):
        return value
    glue = " " if value and isinstance(value[0], str) and value[0].isdigit() else "|"
    return glue.join(str(item["code"]) if isinstance(item, dict) else item for item in value)


def _totals(figures: Figures) -> dict[str, Any]:
    values = {field.name: getattr(figures, field.name) for field in fields(figures)}
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}


def _plain(batch: Batch) -> dict[str, Any]:
    return {name: _iso(value) if isinstance(value, datetime) else value for name, value in asdict(batch).items()}


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
