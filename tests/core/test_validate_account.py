"""What the account says of campaigns: what they wait for, whom they reach, what they cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from validate_support import ACCOUNT, check

from batch.core.validate import (
    Rules,
    account_waits,
    credits_needed,
    find_moved_names,
    find_short_credits,
    often_texted,
)
from batch.core.validate.groups import spell_groups
from batch.model import Account, Campaign, Group, Level, Parts
from batch.model.plurals import plural

AT = datetime(2026, 2, 5, 19, 30, tzinfo=UTC)


def make_campaign(row: int = 2, at: datetime = AT, groups: tuple[str, ...] = ("100",), **more: Any) -> Campaign:
    return Campaign(
        row=row,
        name="Sale",
        message="Sale",
        group_ids=groups,
        group_names=("",) * len(groups),
        send_at=at,
        zone="America/New_York",
        type_recipients=0,
        **{"parts": Parts("GSM-7", 4, 1), "contacts": 100, **more},
    )


@pytest.mark.parametrize(
    ("groups", "template", "found"),
    [
        (("100", "101"), None, []),
        (("104",), None, ["group-empty"]),
        (("999", "104"), 8, ["group-empty", "template-not-approved"]),
        (("100",), 7, []),
        (("100",), 8, ["template-not-approved"]),
        (("100",), 99, []),
    ],
)
def test_what_is_not_in_the_sheets_power_makes_a_row_wait(
    groups: tuple[str, ...], template: int | None, found: list[str]
) -> None:
    """A group that is empty, a template that is not approved; what is not there at all is no cause to wait."""
    assert [issue.code for issue in account_waits(groups, template, ACCOUNT)] == found


@pytest.mark.parametrize(
    ("cells", "code", "words"),
    [
        ({"GroupIds": "100, 7000"}, "group-unknown", "no group of the account has the id 7000: write the id as the"),
        ({"GroupIds": "1004"}, "group-unknown", "no group of the account has the id 1004, did you mean 10"),
        ({"MmsTemplateId": "77"}, "template-unknown", "no MMS template of the account has the id 77"),
    ],
)
def test_an_id_that_does_not_exist_is_an_error_that_names_the_near_ones(
    cells: dict[str, str], code: str, words: str
) -> None:
    """Never a wait; offline nobody knows. A row sent long ago keeps its campaign, so that the plan sees it."""
    [issue] = check(cells, account=ACCOUNT).issues
    assert (issue.code, issue.level) == (code, Level.ERROR)
    assert issue.message.startswith(words)
    assert check(cells).issues == ()
    assert check(cells, account=ACCOUNT).campaign is not None


@pytest.mark.parametrize("account", [Account(), Account(groups=())])
def test_a_list_that_could_not_be_read_proves_nothing(account: Account) -> None:
    """No group counts as missing for it."""
    assert account_waits(("999",), None, account) == ()
    assert account_waits(("999",), 7, Account(templates=None)) == ()
    assert check({"GroupIds": "999", "MmsTemplateId": "99"}, account=account).issues == ()


def test_a_group_of_unknown_size_is_not_empty() -> None:
    """Only a zero says so."""
    assert account_waits(("1",), None, Account(groups=(Group("1", "A"),))) == ()


def test_a_cause_for_waiting_is_no_error_of_the_row() -> None:
    """It stands in the campaign, with its cell."""
    checked = check({"GroupIds": "100, 104", "MmsTemplateId": "8"}, account=ACCOUNT)
    assert checked.issues == ()
    assert checked.campaign is not None
    assert [(issue.code, issue.row, issue.column) for issue in checked.campaign.waits] == [
        ("group-empty", 2, "C"),
        ("template-not-approved", 2, "F"),
    ]


@pytest.mark.parametrize(
    ("groups", "contacts"),
    [("100", 3), ("100, 101", 4), ("100, 102", 8), ("102", 5), ("104", 0)],
)
def test_contacts_are_counted_once_where_the_members_are_known(groups: str, contacts: int | None) -> None:
    """Contact 3 is in both groups and gets one text; without members the sizes are added."""
    campaign = check({"GroupIds": groups}, account=ACCOUNT).campaign
    assert campaign is not None
    assert campaign.contacts == contacts


@pytest.mark.parametrize(
    ("expected", "found"),
    [("90", True), ("91", False), ("100", False), ("111", False), ("112", True), ("0", True), ("", False)],
)
def test_the_groups_size_is_compared_with_what_was_expected(expected: str, found: bool) -> None:
    """Within a tenth of what the sheet says."""
    account = Account(groups=(Group("100", "A", 100),))
    checked = check({"GroupIds": "100", "ExpectedContacts": expected}, account=account)
    assert [(issue.code, issue.level) for issue in checked.issues] == [
        ("expected-contacts-differ", Level.WARNING)
    ] * found


def test_the_tolerance_is_a_setting() -> None:
    """None at all, if the team wants it so."""
    account = Account(groups=(Group("100", "A", 100),))
    cells = {"GroupIds": "100", "ExpectedContacts": "99"}
    assert [issue.code for issue in check(cells, Rules(contacts_tolerance=0), account).issues] == [
        "expected-contacts-differ"
    ]


@pytest.mark.parametrize(
    ("campaign", "credits"),
    [
        (make_campaign(), 100),
        (make_campaign(parts=Parts("GSM-7", 320, 3)), 300),
        (make_campaign(parts=Parts("GSM-7", 320, 2), mms_template_id=7), 300),
        (make_campaign(contacts=None), 0),
    ],
)
def test_credits_are_contacts_times_parts_or_three_for_an_mms(campaign: Campaign, credits: int) -> None:
    """An estimate; nothing is known about a group whose size is not."""
    assert credits_needed(campaign) == credits


def test_credits_go_by_send_time_and_the_rest_waits() -> None:
    """What is already scheduled takes its share first."""
    rows = [make_campaign(2, AT + timedelta(hours=2)), make_campaign(3), make_campaign(4, AT + timedelta(hours=1))]
    assert list(find_short_credits(rows, 300)) == []
    assert list(find_short_credits(rows, 299)) == [2]
    assert list(find_short_credits(rows, 300, reserved=101)) == [4, 2]
    assert find_short_credits(rows, 199)[2].code == "credits-short"
    assert find_short_credits(rows, None) == {}


def test_a_small_row_still_goes_where_a_large_one_waits() -> None:
    """The credits that are left are used."""
    rows = [make_campaign(2, contacts=500), make_campaign(3, AT + timedelta(hours=1))]
    assert list(find_short_credits(rows, 100)) == [2]


def test_a_name_that_meant_another_id_before_is_a_hold() -> None:
    """A group that was renamed in the dashboard must not take over another's campaigns."""
    moved = find_moved_names(("100", "101"), ("Dallas stores", "Austin"), {"dallas stores": "55", "austin": "101"})
    assert [(issue.code, issue.level, issue.value) for issue in moved] == [
        ("group-name-moved", Level.HOLD, "Dallas stores")
    ]
    assert find_moved_names(("100",), ("",), {"": "55"}) == ()


def often(
    *campaigns: Campaign, known: tuple[Campaign, ...] = (), per_day: int = 1, per_week: int = 3
) -> dict[int, list[str]]:
    found = often_texted(campaigns, known, ACCOUNT, per_day, per_week)
    return {row: [issue.message.split(":")[0] for issue in issues] for row, issues in found.items()}


def test_people_in_two_groups_of_one_day_are_counted() -> None:
    """Only contact 3 gets both."""
    rows = (make_campaign(2), make_campaign(3, AT + timedelta(hours=2), ("101",)))
    words = "1 person of this row gets more than 1 text on one day"
    assert often(*rows) == {2: [words], 3: [words]}
    assert often(*rows, per_day=2) == {}


def test_a_campaign_to_two_groups_is_one_text_to_who_is_in_both() -> None:
    """The provider sends it once to a contact."""
    assert often(make_campaign(2, groups=("100", "101"))) == {}


def test_what_the_ledger_knows_counts_too_but_is_not_warned_about() -> None:
    """The warning is the new row's."""
    assert list(often(make_campaign(2), known=(make_campaign(77, AT + timedelta(hours=3)),))) == [2]


def test_the_day_is_the_rows_own() -> None:
    """Eleven in the evening and one in the morning are two days."""
    late = make_campaign(2, datetime(2026, 2, 6, 4, 0, tzinfo=UTC))
    early = make_campaign(3, datetime(2026, 2, 6, 6, 0, tzinfo=UTC))
    assert often(late, early) == {}


def test_seven_days_on_end_count_together_whatever_the_weekday() -> None:
    """The fourth text within seven days is one too many; on the eighth day it is not."""
    rows = [make_campaign(row, AT + timedelta(days=2 * row)) for row in range(4)]
    words = "3 people of this row get more than 3 texts within seven days"
    assert often(*rows) == {row: [words] for row in range(4)}
    spread = [*rows[:3], replace(rows[3], send_at=AT + timedelta(days=7))]
    assert often(*spread) == {}


_PEOPLE = st.sets(st.integers(1, 8)).map(lambda people: tuple(sorted(people)))
_SENDINGS = st.lists(st.tuples(st.integers(0, 9), st.sets(st.sampled_from("ABCX"), min_size=1)), max_size=12)


@given(groups=st.tuples(_PEOPLE, _PEOPLE, _PEOPLE), sendings=_SENDINGS, own=st.integers(1, 12), limit=st.integers(1, 3))
def test_people_are_counted_one_by_one(
    groups: tuple[tuple[int, ...], ...], sendings: list[tuple[int, set[str]]], own: int, limit: int
) -> None:
    """However groups overlap: each person's texts in the worst seven days that a row is in."""
    account = Account(tuple(Group(name, name, None, people) for name, people in zip("ABC", groups, strict=True)))
    made = [make_campaign(row, AT + timedelta(days=day), tuple(to)) for row, (day, to) in enumerate(sendings)]
    reached = [{person for name in to if name != "X" for person in groups["ABC".index(name)]} for _, to in sendings]

    def over(row: int, days: int) -> int:
        firsts = range(sendings[row][0] - days + 1, sendings[row][0] + 1)
        texts = [
            Counter(chain(*(reached[i] for i, (at, _) in enumerate(sendings) if at - first in range(days))))
            for first in firsts
        ]
        return max(sum(one[person] > limit for person in reached[row]) for one in texts)

    counts = {
        row: [plural(people, "person", "people") for days in (1, 7) if (people := over(row, days))]
        for row in range(len(made[:own]))
    }
    found = often_texted(made[:own], made[own:], account, limit, limit)
    told = {row: [issue.message.split(" of ")[0] for issue in issues] for row, issues in found.items()}
    assert told == {row: words for row, words in counts.items() if words}


def test_groups_without_known_members_count_nobody() -> None:
    """Where nothing is known nothing is claimed."""
    assert often(make_campaign(2, groups=("102",)), make_campaign(3, groups=("102",))) == {}


def test_cells_spell_ids_and_names_without_an_account() -> None:
    """So that a rehearsal knows the groups of a file before its rows are checked."""
    cells = ["100, 0101;1e3", "Dallas; Fort Worth, TX", "", "0, 12345678901234567890", "Dallas"]
    assert spell_groups(cells) == ({"100", "101"}, {"Dallas", "Fort Worth, TX"})
