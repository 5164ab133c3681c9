"""Every row of a file becomes a campaign or bears an error, and all that is wrong is said at once."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from examples_support import tries
from hypothesis import given
from hypothesis import strategies as st
from validate_support import ACCOUNT, GOOD, NOW, check, codes, make_row, the_issue

from batch.core.identity import make_fingerprint, make_key
from batch.core.validate import Checker, GroupRule, Rules, check_all
from batch.core.validate.checker import NEW_ROW_CODES
from batch.model import Draft, Issue, Level, Row
from batch.model.errors import UsageError


def test_a_good_row_is_a_campaign_without_a_word() -> None:
    """Nothing is said about a row that is right, and every value stands in its place."""
    checked = check({"Reference": "W-1", "Owner": "Maria"})
    campaign = checked.campaign
    assert campaign is not None
    assert checked.issues == ()
    assert (campaign.name, campaign.group_ids, campaign.group_names) == ("Winter sale", ("100", "101"), ("", ""))
    assert campaign.send_at == datetime(2026, 2, 5, 19, 30, tzinfo=UTC)
    assert (campaign.zone, campaign.type_recipients, campaign.owner) == ("America/New_York", 0, "Maria")
    assert (campaign.parts.encoding, campaign.parts.count, campaign.contacts) == ("GSM-7", 1, None)
    assert campaign.key == checked.key == make_key("W-1", "", None)
    assert campaign.fingerprint == make_fingerprint(
        message=GOOD["Message"], group_ids=["100", "101"], send_at=campaign.send_at
    )


def test_everything_wrong_with_a_row_is_said_at_once_the_most_basic_first() -> None:
    """One look is enough to fix a row."""
    wrong = {
        "CampaignName": "",
        "GroupIds": "",
        "DateTime": "soon",
        "TypeRecipients": "3",
        "Subject": "Hi",
        "ExpectedContacts": "many",
    }
    checked = check(wrong)
    assert [issue.code for issue in checked.issues] == [
        "name-missing",
        "groups-missing",
        "time-unreadable",
        "type-recipients-invalid",
        "expected-contacts-invalid",
        "mms-only",
    ]
    assert checked.campaign is None


def test_an_issue_names_row_column_field_and_value() -> None:
    """The marked workbook finds the cell."""
    issue = the_issue(check({"GroupIds": "100, x5"}, account=ACCOUNT), "group-unknown")
    assert (issue.row, issue.column, issue.field, issue.level) == (2, "C", "GroupIds", Level.ERROR)
    assert issue.value == "100, x5"


def test_a_long_cell_is_cut_in_the_issue() -> None:
    """An issue stays small whatever the cell holds."""
    issue = the_issue(check({"DateTime": "x" * 5000}), "time-unreadable")
    assert len(issue.value) == 200
    assert len(issue.message) < 200


def test_a_row_without_a_draft_keeps_the_renderers_word() -> None:
    """A text that could not be made is one error, not two."""
    row, _, _ = make_row()
    broken = Issue(2, "B", "Message", "field-unknown", "no column Ofer")
    checked = check_all([(row, None, (broken,))], Rules(), NOW)[0]
    assert checked.issues == (broken,)
    assert checked.campaign is None


def test_a_row_without_a_text_has_an_error_even_if_nobody_said_so() -> None:
    """No draft and no word: the row is still invalid."""
    assert codes({"Message": ""}) == ["message-missing"]


def test_what_reading_found_comes_first_and_hides_its_consequences() -> None:
    """`#N/A` in the name cell is one error, not also an empty name."""
    row, draft, _ = make_row({"CampaignName": ""})
    broken = Issue(2, "A", "CampaignName", "cell-error", "#N/A")
    row = replace(row, issues=(broken,))
    assert check_all([(row, draft, ())], Rules(), NOW)[0].issues == (broken,)


def test_a_format_nobody_can_show_counts_only_where_it_is_used() -> None:
    """An odd format in a column that no text uses is nobody's trouble."""
    row, _, _ = make_row({"Offer": "?", "Unused": "?"})
    offer = Issue(2, "F", "Offer", "format-not-shown", "odd")
    unused = Issue(2, "G", "Unused", "format-not-shown", "odd")
    row = replace(row, unshown={5: offer, 6: unused})
    draft = Draft(row, GOOD["Message"], used=("Offer",))
    assert check_all([(row, draft, ())], Rules(), NOW)[0].issues == (offer,)


def test_a_format_nobody_can_show_counts_in_a_column_of_ours() -> None:
    """Group ids in an odd format may be other ids."""
    row, draft, _ = make_row()
    odd = Issue(2, "C", "GroupIds", "format-not-shown", "odd")
    assert check_all([(replace(row, unshown={2: odd}), draft, ())], Rules(), NOW)[0].issues == (odd,)


def test_an_invalid_row_still_has_a_key() -> None:
    """The fixed row meets its entry again."""
    assert check({"GroupIds": ""}).key == make_key("", "Winter sale", datetime(2026, 2, 5, 19, 30, tzinfo=UTC))
    assert check({"DateTime": "soon"}).key == make_key("", "Winter sale", None, "soon")
    assert check({"DateTime": "soon", "Reference": "A 1"}).key == "ref:a 1"


@pytest.mark.parametrize("code", ["time-past", "lead-time"])
def test_a_row_that_came_too_late_keeps_its_campaign(code: str) -> None:
    """Only the plan knows whether it was sent long ago."""
    moment = {"time-past": "2026-02-02 10:00", "lead-time": "2026-02-02 10:09"}[code]
    checked = check({"DateTime": moment})
    assert [issue.code for issue in checked.issues] == [code]
    assert checked.campaign is not None
    assert checked.past is (code == "time-past")


def test_a_row_that_came_too_late_and_has_another_error_has_no_campaign() -> None:
    """Lateness excuses nothing else."""
    checked = check({"DateTime": "2026-02-02 10:00", "GroupIds": "0"})
    assert checked.campaign is None
    assert checked.past


# Rows of one file that meet each other.


def check_rows(*cells: dict[str, Any]) -> list[Any]:
    rows = [make_row(one, number) for number, one in enumerate(cells, 2)]
    return check_all(rows, Rules(), NOW)


def test_the_second_of_two_equal_rows_is_an_error_that_names_the_first() -> None:
    """A row that was copied and not changed goes once."""
    first, second = check_rows({}, {"CampaignName": " winter  SALE", "GroupIds": "101;100"})
    assert first.issues == ()
    assert first.campaign is not None
    issue = the_issue(second, "row-repeated")
    assert "row 2" in issue.message
    assert second.campaign is None


def test_two_rows_with_one_key_and_other_content_are_both_errors() -> None:
    """Which one is meant cannot be known."""
    first, second = check_rows({}, {"GroupIds": "102"})
    assert "row 3" in the_issue(first, "same-key-twice").message
    assert "row 2" in the_issue(second, "same-key-twice").message
    assert first.campaign is None
    assert second.campaign is None
    assert (the_issue(first, "same-key-twice").row, the_issue(second, "same-key-twice").row) == (2, 3)


def test_one_reference_for_two_rows_is_pointed_out_at_the_reference() -> None:
    """The cell to fix is the one that is the same."""
    first, second = check_rows({"Reference": "R"}, {"Reference": "r", "GroupIds": "102"})
    assert the_issue(first, "same-key-twice").field == "Reference"
    assert the_issue(second, "same-key-twice").column == "F"


def test_three_rows_with_one_key_are_all_errors() -> None:
    """The first is told once, of the first that disagrees."""
    rows = check_rows({}, {"GroupIds": "102"}, {"GroupIds": "103"})
    assert [[issue.code for issue in row.issues] for row in rows] == [["same-key-twice"]] * 3


def test_rows_that_differ_in_name_or_time_do_not_meet() -> None:
    """Another minute is another campaign."""
    rows = check_rows({}, {"DateTime": "2026-02-05 14:31"}, {"CampaignName": "Another"}, {"Reference": "R"})
    assert all(row.campaign is not None and not row.issues for row in rows)


def test_late_issues_come_from_the_streaming_checker() -> None:
    """A caller who streams learns of the earlier row after the last."""
    checker = Checker(Rules(), NOW)
    for number, cells in enumerate(({}, {"GroupIds": "102"}), 2):
        checker.check([make_row(cells, number)])
    assert {row: issue.code for row, issue in checker.late_issues().items()} == {2: "same-key-twice"}


# Levels.


def test_a_level_of_the_team_replaces_the_default() -> None:
    """A warning can be made an error, and then the row stays here."""
    text = {"Message": "Acme: 20% off all coats."}
    for level, there in (("error", False), ("hold", True), ("warning", True)):
        checked = check(text, Rules(levels={"no-opt-out": level}))
        assert the_issue(checked, "no-opt-out").level == level
        assert (checked.campaign is not None) is there
    assert codes(text, Rules(levels={"no-opt-out": "off"})) == []


@pytest.mark.parametrize("levels", [{"time-past": "off"}, {"no-opt-out": "maybe"}])
def test_hard_codes_and_unknown_levels_are_refused(levels: Mapping[str, str]) -> None:
    """Nobody switches off what keeps a campaign from going wrong."""
    with pytest.raises(UsageError):
        Checker(Rules(levels=levels), NOW)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (Rules(zone="Mars/Base"), "Mars/Base"),
        (Rules(date_order="year"), "date_order"),
        (Rules(quiet_hours="late"), "quiet_hours"),
        (Rules(quiet_hours="9-9"), "quiet_hours"),
        (Rules(blackout=("someday",)), "someday"),
        (Rules(blackout=("2026-02-30",)), "2026-02-30"),
        (Rules(groups={"A": GroupRule(timezones=("Nowhere",))}), "Nowhere"),
        (Rules(groups={"A": GroupRule(purpose=("fun",))}), "fun"),
        (Rules(groups={"A": GroupRule(days=("someday",))}), "someday"),
        (Rules(holiday_country="XX"), "XX"),
        (Rules(holiday_country="US", holiday_state="QQ"), "QQ"),
    ],
)
def test_rules_that_cannot_be_followed_are_refused_by_name(rules: Rules, words: str) -> None:
    """A wrong setting is found with the first row."""
    with pytest.raises(UsageError, match=words):
        check(rules=rules)


def test_holidays_are_not_loaded_for_nothing() -> None:
    """The library is heavy; only a team that names a country pays for it."""
    sys.modules.pop("holidays", None)
    check()
    assert "holidays" not in sys.modules


CELL = st.one_of(
    st.sampled_from(
        ["", "100", "100;101", "Dallas stores", "2026-02-05 14:30", "3/4/2026 9:00 AM", "1", "x", "7", "ET"]
    ),
    st.text(max_size=20),
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(9999, 12, 31)),  # noqa: DTZ001
    st.times(),
)


@tries(150)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(
                ["CampaignName", "Message", "GroupIds", "DateTime", "Date", "Time", "TimeZone", "TypeRecipients",
                 "MmsTemplateId", "MmsHighResolution", "Subject", "ExpectedContacts", "Purpose", "Reference", "Cancel"]
            ),
            CELL,
        ),
        max_size=4,
    ),
    st.sampled_from([None, ACCOUNT]),
)  # fmt: skip
def test_each_row_is_a_campaign_or_has_an_error(sheet: list[dict[str, Any]], account: Any) -> None:
    """Whatever the cells hold, no row falls between; only a late one is both."""
    rows = [make_row(cells, number) for number, cells in enumerate(sheet, 2)]
    checked = check_all(rows, Rules(), NOW, account)
    assert [row.row.number for row in checked] == [row.number for row, _, _ in rows]
    for one in checked:
        errors = {issue.code for issue in one.issues if issue.level is Level.ERROR}
        assert errors <= NEW_ROW_CODES if one.campaign is not None else errors - {"time-past", "lead-time"}
        assert one.key
        if one.campaign is not None and account is not None:
            assert one.campaign.group_ids


@tries(50)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["100", "101"])), max_size=8))
def test_of_the_rows_with_one_key_at_most_one_goes(pairs: list[tuple[str, str]]) -> None:
    """However rows repeat each other, a key never goes twice."""
    checked = check_rows(*({"CampaignName": name, "GroupIds": group} for name, group in pairs))
    going = [row.key for row in checked if row.campaign is not None]
    assert len(going) == len(set(going))
    said = {name: {group for other, group in pairs if other == name} for name, _ in pairs}
    assert len(going) == sum(len(groups) == 1 for groups in said.values())


def test_the_memory_of_cells_does_not_change_what_is_found() -> None:
    """More distinct cells than are remembered: the same answers."""
    start = datetime(2026, 3, 1, 12, 0)  # noqa: DTZ001
    rows: list[tuple[Row, Draft | None, tuple[Issue, ...]]] = [
        make_row(
            {"DateTime": f"{start + timedelta(minutes=step % 4200):%Y-%m-%d %H:%M}", "CampaignName": str(step)}, step
        )
        for step in range(2, 4300)
    ]
    checked = check_all(rows, Rules(quiet_hours=""), NOW)
    assert all(row.campaign is not None for row in checked)
