"""A zone whose rules change between reading and sending: a newer time-zone database, and what is said about it."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from torture_support import Bench, bench

from batch.core.validate.zones import find_zone
from batch.core.zone_rules import meant_by_today, note_offsets
from batch.model import Status
from batch.model.times import zone_of
from batch.workflows.find import find_entries

CHICAGO, DENVER, NEW_YORK = "America/Chicago", "America/Denver", "America/New_York"
NewRules = Callable[[str, str], None]


def forget_zones() -> None:
    """Begin anew, as the next process does."""
    zoneinfo.ZoneInfo.clear_cache()
    for cached in (zone_of, find_zone):
        cached.cache_clear()


@pytest.fixture
def desk() -> Iterator[Bench]:
    with bench() as found:
        found.set(sheet__timezone=CHICAGO)
        yield found


@pytest.fixture
def new_rules(tmp_path: Path) -> Iterator[NewRules]:
    """Give a zone the rules of another one, as if its country had decided so; a newer database says it."""

    def change(zone: str, like: str) -> None:
        package = files("tzdata.zoneinfo").joinpath(*like.split("/"))
        (tmp_path / zone).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / zone).write_bytes(package.read_bytes())
        zoneinfo.reset_tzpath([str(tmp_path)])
        forget_zones()

    yield change
    zoneinfo.reset_tzpath()
    forget_zones()


def test_a_scheduled_campaign_whose_zone_changed_is_said_at_the_next_comparison(
    desk: Bench, new_rules: NewRules
) -> None:
    """The finding names both times of that zone's clock and what to do; without a change there is none."""
    desk.submit(desk.sheet(2))
    assert desk.reconcile().findings == ()
    new_rules(CHICAGO, DENVER)
    first, second = desk.reconcile().findings
    assert (first.code, first.field, first.loud, second.code) == ("drifted", "DateTime", True, "drifted")
    assert "goes out on Wed, Mar 4, 2026, 10:00 AM MST, but Wed, Mar 4, 2026, 11:00 AM MST is meant" in first.words
    assert "the clock rules of America/Chicago changed after its file was read. Delete it" in first.words
    [(_, told)] = find_entries(desk.settings, desk.world, "Sale 0")
    assert "Mar 4, 10:00 AM MST" in told


def test_a_planned_row_whose_zone_changed_is_held(desk: Bench, new_rules: NewRules) -> None:
    """It does not go an hour off; the file that is submitted again sends it at the time that it says."""
    path = desk.sheet(2)
    desk.submit(path, limit=1)
    new_rules(CHICAGO, DENVER)
    desk.resume()
    [held] = desk.entries(Status.HELD)
    words = held.issues[-1].message
    assert "the clock rules of America/Chicago changed after its file was read, which meant Wed" in words
    desk.submit(path)
    posted = {post.payload["CampaignName"][:6]: post.payload["DateTime"] for post in desk.sandbox.posts}
    assert posted["Sale 1"] == "2026-03-04 13:01:00"


def test_where_sheet_and_provider_share_the_zone_nothing_is_off(desk: Bench, new_rules: NewRules) -> None:
    """The provider was given 11:00 of that zone's clock, and 11:00 it stays: no false alarm."""
    desk.set(sheet__timezone=NEW_YORK)
    desk.submit(desk.sheet(1))
    new_rules(NEW_YORK, CHICAGO)
    assert desk.reconcile().findings == ()


def test_the_providers_own_rules_may_change_too(desk: Bench, new_rules: NewRules) -> None:
    """Then the text that it was given means another moment."""
    desk.submit(desk.sheet(1))
    new_rules(NEW_YORK, CHICAGO)
    [finding] = desk.reconcile().findings
    assert (finding.code, "1 hour late" in finding.words) == ("drifted", True)


def test_offsets_are_kept_by_step_and_compared_by_the_clock() -> None:
    """Zones of half an hour and of 45 minutes, both sides of a clock change, and moments that nobody asked for."""
    start = datetime(2026, 2, 1, 15, tzinfo=UTC)
    zones = (NEW_YORK, "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe")
    moments = [(zone, start + timedelta(days=day)) for zone in zones for day in range(90)]
    noted = note_offsets(moments)
    assert {zone: [offset / 60 for _, offset in steps] for zone, steps in noted.items()} == {
        NEW_YORK: [-300, -240], "Asia/Kolkata": [330], "Asia/Kathmandu": [345], "Australia/Lord_Howe": [660, 630],
    }  # fmt: skip
    assert all(meant_by_today(moment, zone, noted) == moment for zone, moment in moments)
    old = {NEW_YORK: [(start.isoformat(), -300 * 60.0)]}
    summer = start + timedelta(days=60)
    assert meant_by_today(summer, NEW_YORK, old) == summer - timedelta(hours=1)
    assert meant_by_today(start - timedelta(days=1), NEW_YORK, old) == start - timedelta(days=1)
    assert meant_by_today(summer, "", {}) == summer
