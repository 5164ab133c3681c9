"""Slips of a copied sheet that show only beside the file's name or last week's campaigns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from validate_support import check

from batch.core.validate import find_other_week, find_same_offers
from batch.model import Level


def other_week(file: str, moment: str = "2026-02-05 14:30", week_start: str = "monday") -> list[str]:
    campaign = check({"DateTime": moment}).campaign
    assert campaign is not None
    day = campaign.send_at.astimezone(ZoneInfo(campaign.zone)).date()
    return [issue.code for issue in find_other_week(file, [day], week_start)]


@pytest.mark.parametrize(
    "file",
    [
        "campaigns.xlsx", "week 6.xlsx", "Week06 2026.xlsx", "2026-W06.csv", "sms_wk6.xlsx", "2026-02-02.xlsx",
        "20260208.xlsx", "Feb 2 final.xlsx", "campaigns February-8.xlsx", "Newark 55.xlsx", "2026-13-45.xlsx",
        "week 99.xlsx", "v2.xlsx",
    ],
)  # fmt: skip
def test_a_file_named_for_its_week_or_for_none_is_fine(file: str) -> None:
    """5 February 2026 is a Thursday of week 6."""
    assert other_week(file) == []


@pytest.mark.parametrize(
    "file", ["week 5.xlsx", "2025-W06.csv", "2026-01-29.xlsx", "20260209.xlsx", "Jan 29.xlsx", "Week07 2026.xlsx"]
)
def test_a_file_named_for_another_week_is_pointed_out(file: str) -> None:
    """Last week's file with new rows, or last week's rows in a new file."""
    assert other_week(file) == ["file-other-week"]


def test_the_week_starts_as_the_team_says() -> None:
    """Sunday 8 February is in the week of 2 February, or in the next."""
    assert other_week("2026-02-02.xlsx", "2026-02-08 14:30") == []
    assert other_week("2026-02-02.xlsx", "2026-02-08 14:30", "sunday") == ["file-other-week"]


def test_a_file_without_campaigns_has_no_week() -> None:
    """Nothing to compare with."""
    assert find_other_week("week 5.xlsx", []) == ()


@dataclass
class Sent:
    campaign_name: str
    send_at: datetime | None
    fields: dict[str, str]


@pytest.mark.parametrize(
    ("name", "offer", "days", "found"),
    [
        ("Winter sale", "20% off", 7, True),
        (" winter SALE", "20% OFF", 7, True),
        ("Winter sale", "30% off", 7, False),
        ("Summer sale", "20% off", 7, False),
        ("Winter sale", "20% off", 30, False),
        ("Winter sale", "20% off", 0, False),
    ],
)
def test_last_weeks_offer_is_pointed_out(name: str, offer: str, days: int, found: bool) -> None:
    """The date was changed and the offer was not."""
    row = check({"Offer": "20% off"})
    sent = Sent(name, datetime(2026, 2, 5, 19, 30, tzinfo=UTC) - timedelta(days=days), {"Offer": offer})
    issues = find_same_offers([row], [sent, Sent("x", None, {})])
    assert [(issue.code, issue.level, issue.column) for issue in issues.values()] == [
        ("offer-as-before", Level.WARNING, "F")
    ] * found


def test_a_sheet_without_offers_has_none_to_compare() -> None:
    """An empty offer is like no other."""
    row = check()
    sent = Sent("Winter sale", datetime(2026, 1, 29, 19, 30, tzinfo=UTC), {})
    assert find_same_offers([row], [sent]) == {}
