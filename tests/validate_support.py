"""Rows, drafts and an account to check, made from plain words."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from batch.core.validate import Rules, check_all
from batch.model import Account, Checked, Draft, Group, Header, Issue, MmsTemplate, Row

NOW = datetime(2026, 2, 2, 15, 0, tzinfo=UTC)
"""A Monday, 10:00 in New York."""

GOOD: dict[str, Any] = {
    "CampaignName": "Winter sale",
    "Message": "Acme: 20% off all coats. Reply STOP to opt out.",
    "GroupIds": "100, 101",
    "DateTime": "2026-02-05 14:30",
    "TimeZone": "ET",
}
ACCOUNT = Account(
    groups=(
        Group("100", "Dallas stores", 3, (1, 2, 3)),
        Group("101", "Austin, TX", 2, (3, 4)),
        Group("102", "Twins", 5),
        Group("103", "Twins", 5),
        Group("104", "Nobody yet", 0),
    ),
    templates=(
        MmsTemplate(7, "Coats", 3, "Approved"),
        MmsTemplate(8, "Boots", 2, "Processed pending approval"),
        MmsTemplate(9, "Hats", 3),
        MmsTemplate(10, "Hats", 3),
    ),
    credits=1000,
)

Sheet = tuple[Row, Draft | None, tuple[Issue, ...]]


def make_row(cells: dict[str, Any] | None = None, number: int = 2, **more: Any) -> Sheet:
    """Make one row of a good campaign with some cells changed; a cell of None is a column that is not there."""
    said = {field: cell for field, cell in {**GOOD, **(cells or {}), **more}.items() if cell is not None}
    header = Header(1, tuple(said), {field: position for position, field in enumerate(said)})
    real = {place: cell for place, cell in enumerate(said.values()) if isinstance(cell, date | datetime | time)}
    row = Row(number, header, tuple(str(cell) for cell in said.values()), real)
    message = str(said.get("Message", ""))
    return row, Draft(row, message) if message else None, ()


def check(cells: dict[str, Any] | None = None, rules: Rules | None = None, account: Account | None = None) -> Checked:
    """Check one row."""
    return check_all([make_row(cells)], rules or Rules(), NOW, account)[0]


def codes(cells: dict[str, Any] | None = None, rules: Rules | None = None, account: Account | None = None) -> list[str]:
    """Check one row and give the codes of what was found, in order."""
    return [issue.code for issue in check(cells, rules, account).issues]


def the_issue(checked: Checked, code: str) -> Issue:
    """Give the one issue with a code."""
    (found,) = [issue for issue in checked.issues if issue.code == code]
    return found
