"""The guards: each finds one way in which a row that seems new would be a second sending."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from core_support import NOW, SOON, ZONE, codes_of, decide, know, make_row, plan

from batch.core.guards import PlanRules, held_for, is_coming, is_doubtful, show_time
from batch.core.identity import make_tag
from batch.model import Action, Checked, Decision, KnownEntry, Level, Listed, Status

ROW = make_row()
SAME = "same-text-same-groups-same-time"
HOUR = timedelta(hours=1)


def other(**changes) -> Checked:
    """Make a row of another key with the same text, groups and time."""
    return make_row(**{"name": "Autumn sale", "number": 7, **changes})


def found(row: Checked, *known: KnownEntry, **rules) -> list[str]:
    return codes_of(decide(row, *known, **rules))


# The same text to the same groups at the same time.


@pytest.mark.parametrize(
    "status",
    [Status.PLANNED, Status.HELD, Status.WAITING, Status.SUBMITTING, Status.IN_DOUBT, Status.ACCEPTED, Status.SENT],
)
def test_the_same_sending_under_another_name_is_held(status):
    """Whether it went or may still go."""
    decision = decide(ROW, know(other(), status), close_hours=-1)
    assert codes_of(decision) == [SAME]
    assert decision.why == (
        'row 7 of "week.xlsx" (entry 1, "Autumn sale") already has this text for these groups at this time: '
        'delete one of them, or send it anyway with "campaign-batch submit FILE '
        '--allow same-text-same-groups-same-time"'
    )
    assert (decision.issues[0].field, decision.issues[0].value) == ("CampaignName", "Spring sale")


@pytest.mark.parametrize(
    "status", [Status.INVALID, Status.EXPIRED, Status.REJECTED, Status.MISSING, Status.CANCELLED, Status.REPLACED]
)
def test_what_will_not_go_is_in_nobodys_way(status):
    """Refused, deleted, too late."""
    assert found(ROW, know(other(), status)) == []


def test_the_newest_of_several_is_named():
    """By its number."""
    assert "(entry 2," in decide(ROW, know(other(), Status.SENT), know(other(), Status.SENT, 2)).why


def test_two_rows_of_one_file_that_say_the_same_are_held_but_for_the_first():
    """Under two names they are one text twice."""
    first, second = plan([ROW, other()]).decisions
    assert (first.action, codes_of(second)) == (Action.SUBMIT, [SAME])
    assert second.why == (
        'row 2 ("Spring sale") sends the same text to the same groups at the same time: '
        'delete one of them, or send it anyway with "campaign-batch submit FILE '
        '--allow same-text-same-groups-same-time"'
    )
    assert (second.issues[0].value, second.issues[0].row) == ("Autumn sale", 7)


@pytest.mark.parametrize("status", [Status.HELD, Status.WAITING, Status.PLANNED])
def test_two_kept_rows_of_one_file_do_not_hold_each_other_for_ever(status):
    """Each is planned again with its row, so one of them can go."""
    known = [know(ROW, status), know(other(), Status.HELD, 2)]
    assert [one.action for one in plan([ROW, other()], known).decisions] == [Action.SUBMIT, Action.HOLD]


def test_a_doubt_stands_in_the_way_though_its_row_is_in_the_file():
    """It may have gone."""
    doubt = know(other(), Status.HELD, 2, last_codes=("looks-alike",))
    first, second = plan([ROW, other()], [doubt]).decisions
    assert (codes_of(first), second.action) == ([SAME], Action.SETTLE)


def test_a_row_never_stands_in_its_own_way():
    """Its own entry has the same fingerprint, and a row that repeats it is the checks' affair."""
    assert found(ROW, know(ROW, Status.HELD), know(ROW, Status.PLANNED, 2)) == []
    assert codes_of(plan([ROW, make_row(number=3)]).decisions[1]) == []


# A group that would get two texts shortly after one another.


def near(delta: timedelta, status: Status = Status.ACCEPTED, **changes) -> Decision:
    entry = know(other(message="other", at=SOON + delta, groups=("100", "300")), status, file="else.xlsx")
    return decide(make_row(groups=("200", "100")), entry._replace(**changes))


@pytest.mark.parametrize("delta", [2 * HOUR, -2 * HOUR, timedelta(0), timedelta(minutes=-1)])
def test_a_group_that_gets_another_text_within_two_hours_holds_the_row(delta):
    """Two hours exactly are still close."""
    decision = near(delta)
    assert codes_of(decision) == ["close-to-another"]
    assert decision.why == (
        f'group 100 also gets "Autumn sale" (entry 1, row 7 of "else.xlsx") at {show_time(SOON + delta, ZONE)}, '
        'within 2 hours: move one, or send it anyway with "campaign-batch submit FILE --allow close-to-another"'
    )
    assert (decision.issues[0].field, decision.issues[0].value) == ("DateTime", "Thu, Feb 5, 2026, 10:00 AM EST")


@pytest.mark.parametrize("delta", [2 * HOUR + timedelta(seconds=1), -2 * HOUR - timedelta(seconds=1)])
def test_a_text_further_away_is_not_close(delta):
    """By a second."""
    assert codes_of(near(delta)) == []


@pytest.mark.parametrize(
    ("status", "close"),
    [
        (Status.PLANNED, True), (Status.SUBMITTING, True), (Status.IN_DOUBT, True), (Status.HELD, False),
        (Status.WAITING, True), (Status.SENT, False), (Status.MISSING, False), (Status.INVALID, False),
    ],
)  # fmt: skip
def test_only_what_may_go_by_itself_is_close(status, close):
    """What waits for a person is not."""
    assert codes_of(near(HOUR, status)) == (["close-to-another"] if close else [])
    assert codes_of(near(HOUR, Status.HELD, last_codes=("no-tag",))) == ["close-to-another"]


def test_the_reach_is_a_setting():
    """In hours; of several the nearest in time to come is named."""
    entries = [know(other(message=f"{n}", at=SOON + n * HOUR), Status.ACCEPTED, 9 - n, file="x") for n in (5, 4, 3)]
    assert found(ROW, *entries) == []
    assert '(entry 6, row 7 of "x")' in decide(ROW, *entries, close_hours=4.5).why
    assert "within 4 hours 30 minutes" in decide(ROW, *entries, close_hours=4.5).why


def test_what_is_past_or_of_this_file_is_not_close():
    """Rows of one file were made together."""
    soon = make_row(at=NOW + HOUR)
    assert found(soon, know(other(message="other", at=NOW), Status.ACCEPTED, file="x")) == []
    assert found(soon, know(other(message="other", at=NOW + timedelta(seconds=1)), Status.ACCEPTED, file="x")) != []
    twin = other(message="other", at=SOON + HOUR)
    assert [codes_of(one) for one in plan([ROW, twin], [know(twin, Status.ACCEPTED)]).decisions] == [[], []]
    assert found(ROW, know(other(message="other"), Status.ACCEPTED, send_at=None)) == []


@pytest.mark.parametrize("rule", ["close", "moved"])
def test_a_test_is_no_campaign_that_a_row_could_be_close_to_or_move(rule):
    """It goes to the team's own phones and says nothing about the campaigns themselves."""
    key = "TEST:20260202T100000000000:2"
    if rule == "close":
        assert codes_of(near(HOUR, Status.ACCEPTED)) == ["close-to-another"]
        assert codes_of(near(HOUR, Status.ACCEPTED, key=key)) == []
    else:
        assert found(MOVED, moved()) == ["same-campaign-other-time"]
        assert found(MOVED, moved(key=key)) == []


# A campaign that was moved.


def moved(**changes) -> KnownEntry:
    entry = know(make_row("spring  SALE", message="old", groups=("2", "1"), at=SOON + 24 * HOUR), Status.ACCEPTED)
    return entry._replace(**{"file": "Week.xlsx", "batch": 4, **changes})


MOVED = make_row(groups=("1", "2"))


def test_the_same_campaign_at_another_time_is_held():
    """From a file of this name: perhaps this row moves it."""
    decision = decide(MOVED, moved())
    assert codes_of(decision) == ["same-campaign-other-time"]
    assert decision.why == (
        '"spring  SALE" to these groups is at the provider as 9001 for Fri, Feb 6, 2026, 10:00 AM EST (entry 1, row 2 '
        'of "Week.xlsx"): if this row moves it, delete that one in the dashboard first; if it is another sending, give '
        'it another name or a Reference, or send it anyway with "campaign-batch submit FILE '
        '--allow same-campaign-other-time"'
    )
    assert decision.issues[0].value == "Thu, Feb 5, 2026, 10:00 AM EST"
    going = [decide(MOVED, moved(status=status, provider_id="")).why for status in (Status.PLANNED, Status.WAITING)]
    assert all("is about to be submitted for" in why for why in going)
    assert all('cancel that one first with "campaign-batch cancel 1 --why ..."' in why for why in going)


def test_a_file_with_rows_in_common_is_an_earlier_version_too():
    """Whatever its name."""
    common = make_row("Common", message="c", groups=("9",), number=3)
    entries = [moved(file="else.xlsx"), know(common, Status.ACCEPTED, 2, file="else.xlsx", batch=4)]
    assert codes_of(plan([MOVED, common], entries).decisions[0]) == ["same-campaign-other-time"]
    apart = [entries[0], entries[1]._replace(batch=5)]
    assert codes_of(plan([MOVED, common], apart).decisions[0]) == []


@pytest.mark.parametrize(
    "change",
    [
        {"file": "else.xlsx"}, {"name": "Autumn sale"}, {"group_ids": ("1",)}, {"send_at": NOW - HOUR},
        {"send_at": SOON + timedelta(seconds=30), "group_ids": ("1", "2"), "key": "ref:x"}, {"status": Status.SENT},
        {"status": Status.HELD},
    ],
)  # fmt: skip
def test_another_campaign_is_not_the_same_one(change):
    """Other file, name, groups; gone by; or the same minute."""
    assert found(MOVED, moved(**change), close_hours=-1) == []


def test_a_reference_says_that_it_is_another_campaign():
    """That is what it is for."""
    assert found(make_row(groups=("1", "2"), reference="R1"), moved()) == []


def test_of_several_the_one_at_another_time_counts():
    """One at this very time is no move."""
    entries = [moved(send_at=SOON, key="ref:x"), moved(id=2)]
    assert found(MOVED, *entries, close_hours=-1) == ["same-campaign-other-time"]


# What the provider's list holds and the ledger does not know.


def listed(**changes) -> Listed:
    item = Listed("77", "spring sale #zzzzzzzz", "20% off", "2026-02-05 10:00:30", ("300",))
    return replace(item, **changes)


def looks(item: Listed, row: Checked = ROW, **rules) -> list[str]:
    return codes_of(plan([row], [], [item], **rules).decisions[0])


@pytest.mark.parametrize(
    "item",
    [
        listed(),
        listed(name="Spring  Sale"),
        listed(group_ids=None),
        listed(group_ids=("100",), send_at="2026-03-01 09:00:00"),
    ],
)
def test_an_unknown_campaign_of_this_name_and_time_or_groups_holds_the_row(item):
    """It may be an earlier version of it, from a ledger that was lost."""
    assert looks(item) == ["looks-edited"]


def test_the_words_name_the_unknown_campaign():
    """With the time as the dashboard shows it."""
    decision = plan([ROW], [], [listed()]).decisions[0]
    assert decision.why == (
        'the provider already holds "spring sale #zzzzzzzz" (Id 77) for 2026-02-05 10:00:30 (America/New_York), which '
        "this ledger does not know: if it is an earlier version of this row, delete it in the dashboard; "
        'else send it anyway with "campaign-batch submit FILE --allow looks-edited"'
    )
    assert (decision.issues[0].field, decision.issues[0].value) == ("CampaignName", "Spring sale")


@pytest.mark.parametrize(
    "item", [listed(name="Autumn sale"), listed(send_at="2026-02-05 10:01:00"), listed(send_at="", group_ids=None)]
)
def test_other_unknown_campaigns_hold_nothing(item):
    """Other name, or other time and other groups."""
    assert looks(item) == []


def test_a_row_that_stands_there_under_its_own_tag_will_be_adopted():
    """So do the other weeks of a series: a lost ledger takes back what it had, and nothing is held."""
    later = make_row(at=SOON + 168 * HOUR, number=3)
    items = [
        listed(name=f"Spring sale #{make_tag('main', row.key, row.campaign.fingerprint)}", group_ids=("100",))
        for row in (ROW, later)
    ]
    assert [codes_of(one) for one in plan([ROW, later], [], items).decisions] == [[], []]
    assert [codes_of(one) for one in plan([ROW], [], items).decisions] == [["looks-edited"]]


def test_without_tags_every_namesake_holds_the_row():
    """Nothing tells its own from another's."""
    tag = make_tag("main", ROW.key, ROW.campaign.fingerprint)
    assert looks(listed(name=f"Spring sale #{tag}"), tag_names=False) == ["looks-edited"]
    assert looks(listed(name="Spring sale"), tag_names=False) == ["looks-edited"]


def test_a_name_that_was_cut_is_known_by_what_is_left():
    """The provider's list shows no more."""
    row = make_row("Spring sale of winter coats")
    assert looks(listed(name="Spring sale #zzzzzzzz"), row, max_name=21) == ["looks-edited"]
    assert looks(listed(name="Spring sale #zzzzzzzz"), row) == []


def test_each_guard_has_its_say():
    """In one order, whatever came first."""
    entry = know(other(at=SOON), Status.ACCEPTED, group_ids=("100",))
    decision = plan([ROW], [entry, moved(id=2, group_ids=("100",))], [listed()]).decisions[0]
    assert codes_of(decision) == [SAME, "same-campaign-other-time", "close-to-another", "looks-edited"]


# Small words.


def test_the_rules_begin_as_the_settings_do():
    """Nobody has to say them."""
    rules = PlanRules()
    assert (rules.account, rules.tag_names, rules.max_name, rules.provider_zone) == ("main", True, None, ZONE)
    assert (rules.close_hours, rules.stop_above, rules.all_or_nothing) == (2.0, 0.2, False)
    assert (rules.allowed, rules.levels, rules.file) == (frozenset(), {}, "")


def test_an_issue_keeps_no_more_of_a_cell_than_a_report_can_show():
    """200 characters; a column that the sheet lacks has no letter."""
    issue = held_for(ROW, "Reference", "in-doubt", "words", "x" * 300)
    assert (issue.column, issue.field, issue.level, len(issue.value), issue.message) == (
        "", "Reference", Level.HOLD, 200, "words",
    )  # fmt: skip
    assert held_for(ROW, "Message", "in-doubt", "words").value == ""


def test_a_time_is_shown_as_people_of_its_zone_read_it():
    """Without a zone in UTC."""
    assert show_time(SOON, "America/Denver") == "Thu, Feb 5, 2026, 8:00 AM MST"
    assert show_time(SOON, "") == "Thu, Feb 5, 2026, 3:00 PM UTC"


def test_doubtful_and_coming_are_said_in_one_place():
    """The plan and the guards ask the same question."""
    assert is_doubtful(know(ROW, Status.SUBMITTING))
    assert is_doubtful(know(ROW, Status.HELD, last_codes=("x", "tried-often")))
    assert not is_doubtful(know(ROW, Status.HELD, last_codes=("quiet-hours",)))
    assert not is_doubtful(know(ROW, Status.EXPIRED, last_codes=("no-tag",)))
    assert not is_coming(know(ROW, Status.HELD, send_at=None), NOW)
    assert not is_coming(know(ROW, Status.HELD, send_at=NOW), NOW)
    assert is_coming(know(ROW, Status.HELD), NOW)
