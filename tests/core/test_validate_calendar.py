"""Quiet hours, days off and the hours at the recipients' place."""

from __future__ import annotations

import pytest
from validate_support import ACCOUNT, check, codes, the_issue

from batch.core.validate import GroupRule, Rules
from batch.model import Level


@pytest.mark.parametrize(
    ("moment", "found"),
    [
        ("2026-02-05 07:59:59", ["quiet-hours"]),
        ("2026-02-05 08:00", []),
        ("2026-02-05 20:59:59", []),
        ("2026-02-05 21:00", ["quiet-hours"]),
        ("2026-02-05 00:00", ["quiet-hours"]),
    ],
)
def test_the_quiet_hours_run_from_nine_to_eight(moment: str, found: list[str]) -> None:
    """Nine is quiet, eight is not."""
    assert codes({"DateTime": moment}) == found


def test_a_row_in_the_quiet_hours_is_held_and_the_rule_named() -> None:
    """In a watched folder nobody reads a warning."""
    checked = check({"DateTime": "2026-02-05 22:00"})
    issue = the_issue(checked, "quiet-hours")
    assert issue.level is Level.HOLD
    assert "47 CFR 64.1200(c)(1)" in issue.message
    assert checked.campaign is not None


def test_quiet_hours_go_by_the_rows_own_zone() -> None:
    """Nine in the evening in New York is six in Los Angeles."""
    assert codes({"DateTime": "2026-02-05 21:30", "TimeZone": "ET"}) == ["quiet-hours"]
    assert codes({"DateTime": "2026-02-05 18:30", "TimeZone": "PT"}) == []


@pytest.mark.parametrize(
    ("hours", "moment", "found"),
    [
        ("", "2026-02-05 03:00", []),
        ("12:00-14:00", "2026-02-05 12:00", ["quiet-hours"]),
        ("12:00-14:00", "2026-02-05 14:00", []),
        ("20-9", "2026-02-05 08:59", ["quiet-hours"]),
    ],
)
def test_the_team_sets_its_own_quiet_hours(hours: str, moment: str, found: list[str]) -> None:
    """Over midnight, within the day, or none."""
    assert codes({"DateTime": moment}, Rules(quiet_hours=hours)) == found


@pytest.mark.parametrize(
    ("blackout", "moment", "found"),
    [
        ("2026-02-05", "2026-02-05 14:30", True),
        ("2026-02-05", "2026-02-06 14:30", False),
        ("2026-02-03..2026-02-05", "2026-02-05 14:30", True),
        ("2026-02-03..2026-02-05", "2026-02-06 14:30", False),
        ("02-05", "2026-02-05 14:30", True),
        ("02-06", "2026-02-05 14:30", False),
        ("sunday", "2026-02-08 14:30", True),
        ("Sun 00:00-13:00", "2026-02-08 12:59", True),
        ("Sun 00:00-13:00", "2026-02-08 13:00", False),
        ("2026-02-05 14:00-15:00", "2026-02-05 14:30", True),
        ("12:00-15:00", "2026-02-05 14:30", True),
        ("12:00-14:30", "2026-02-05 14:30", False),
    ],
)
def test_own_blackouts_are_a_hold(blackout: str, moment: str, found: bool) -> None:
    """Days, stretches of days, yearly days, weekdays and hours of them."""
    checked = check({"DateTime": moment}, Rules(blackout=(blackout,)))
    assert [(issue.code, issue.level) for issue in checked.issues] == [("blackout-day", Level.HOLD)] * found


@pytest.mark.parametrize(
    ("country", "state", "moment", "found"),
    [
        ("US", "", "2026-11-26 14:30", "Thanksgiving"),
        ("us", "tx", "2026-03-02 14:30", "Texas Independence Day"),
        ("US", "", "2026-03-02 14:30", ""),
        ("US", "", "2026-11-25 14:30", ""),
        ("", "", "2026-11-26 14:30", ""),
    ],
)
def test_public_holidays_are_a_warning(country: str, state: str, moment: str, found: str) -> None:
    """Of the country, and of the state where one is named."""
    checked = check({"DateTime": moment}, Rules(holiday_country=country, holiday_state=state))
    assert [issue.code for issue in checked.issues] == ["holiday"] * bool(found)
    assert not found or found in checked.issues[0].message


def there(rules: dict[str, GroupRule], moment: str, **cells: str) -> list[str]:
    return codes({"GroupIds": "100", "DateTime": moment, **cells}, Rules(groups=rules), ACCOUNT)


@pytest.mark.parametrize(
    ("moment", "found"),
    [
        ("2026-02-05 09:59", ["quiet-hours-there"]),
        ("2026-02-05 10:00", []),
        ("2026-02-05 20:59", []),
        ("2026-02-05 21:00", ["quiet-hours-there"]),
    ],
)
def test_a_groups_hours_count_by_its_own_clocks(moment: str, found: list[str]) -> None:
    """9:00 to 20:00 in Dallas is 10:00 to 21:00 in New York, and the row's own zone no longer matters."""
    assert there({"Dallas stores": GroupRule(("CT",))}, moment) == found


def test_every_zone_of_every_group_counts() -> None:
    """Ten in New York is seven in Los Angeles."""
    rules = {"Dallas stores": GroupRule(("ET", "PT")), "101": GroupRule(("CT",))}
    assert there(rules, "2026-02-05 10:30", GroupIds="100, 101") == ["quiet-hours-there"]
    assert there(rules, "2026-02-05 12:00", GroupIds="100, 101") == []


def test_outside_the_lawful_hours_the_law_is_named() -> None:
    """Within them it is the team's own window."""
    rules = Rules(groups={"100": GroupRule(("PT",))})
    early = check({"GroupIds": "100", "DateTime": "2026-02-05 10:30"}, rules)
    late = check({"GroupIds": "100", "DateTime": "2026-02-05 23:30"}, rules)
    assert "47 CFR 64.1200(c)(1)" in the_issue(early, "quiet-hours-there").message
    assert "47 CFR" not in the_issue(late, "quiet-hours-there").message
    assert "America/Los_Angeles" in the_issue(late, "quiet-hours-there").message


def test_a_group_without_zones_keeps_its_hours_in_the_rows_zone() -> None:
    """And the quiet hours of the row as well."""
    rules = {"Dallas stores": GroupRule(hours="07:00-09:00")}
    assert there(rules, "2026-02-05 08:30") == []
    assert there(rules, "2026-02-05 07:30") == ["quiet-hours"]
    assert there(rules, "2026-02-05 14:30") == ["quiet-hours-there"]


def test_a_group_that_no_rule_knows_keeps_the_rows_quiet_hours() -> None:
    """One group with zones does not speak for the other."""
    rules = {"Dallas stores": GroupRule(("PT",), hours="00:00-24:00")}
    assert there(rules, "2026-02-05 22:00") == []
    assert there(rules, "2026-02-05 22:00", GroupIds="100, 101") == ["quiet-hours"]


def test_offline_a_groups_name_finds_its_rule() -> None:
    """The check at the desk is as strict as the one before submitting."""
    rules = Rules(groups={"dallas Stores": GroupRule(("PT",))})
    cells = {"GroupIds": "Dallas stores", "DateTime": "2026-02-05 10:30"}
    assert codes(cells, rules) == ["group-not-looked-up", "quiet-hours-there"]


@pytest.mark.parametrize(("day", "found"), [("06", []), ("07", ["day-not-allowed"])])
def test_a_group_is_texted_on_its_days_only(day: str, found: list[str]) -> None:
    """Friday is fine, Saturday is not."""
    days = ("mon", "tuesday", "wed", "thu", "fri")
    assert there({"100": GroupRule(("CT",), days=days)}, f"2026-02-{day} 14:30") == found


@pytest.mark.parametrize(
    ("purpose", "found"),
    [("", ["purpose-not-agreed"]), ("marketing", ["purpose-not-agreed"]), ("information", []), ("emergency", [])],
)
def test_a_rows_purpose_is_one_that_the_group_agreed_to(purpose: str, found: list[str]) -> None:
    """A row that does not say is marketing: the strictest."""
    rules = {"100": GroupRule(purpose=("information", "Emergency"))}
    assert there(rules, "2026-02-05 14:30", Purpose=purpose) == found


def test_an_emergency_has_no_hours() -> None:
    """A recall on Saturday night goes out."""
    assert codes({"DateTime": "2026-02-07 23:00", "Purpose": "emergency"}) == []
    assert there({"100": GroupRule(("PT",), days=("mon",))}, "2026-02-07 23:00", Purpose="emergency") == []
    assert there({"100": GroupRule(("PT",))}, "2026-02-07 23:30", Purpose="information") == ["quiet-hours-there"]


def test_a_row_with_broken_groups_or_time_is_not_judged_by_windows() -> None:
    """First things first."""
    rules = Rules(groups={"100": GroupRule(("PT",))})
    assert codes({"GroupIds": "0"}, rules) == ["group-id-invalid"]
    assert codes({"GroupIds": "100", "DateTime": "soon"}, rules) == ["time-unreadable"]
