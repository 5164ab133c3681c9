"""The ledger against the provider's lists: one to one, and the totals tie."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from core_support import NOW, PAST, SOON, ZONE, list_entry, make_entry, read
from examples_support import tries
from hypothesis import given
from hypothesis import strategies as st

from batch.core.identity import add_tag, make_fingerprint, make_key, make_tag
from batch.core.match import Matches
from batch.core.payload import from_provider_time
from batch.core.plain_matches import find_plain
from batch.core.reconcile import Move, ReconcileRules, Reconciliation, reconcile
from batch.core.settle import Reading
from batch.core.trust import Coverage, Evidence, Sentinel
from batch.model import Entry, Finding, FindingKind, Listed, Posted, Status

RULES = ReconcileRules(ZONE)
ENTRY = make_entry()
LISTED = list_entry(ENTRY)
PROVEN = Evidence(lowest=1, highest=9_999, observed={1})
"""The reading shows every other campaign, older and newer ones, and has shown entry 1 before."""
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def compare(entries: list[Entry], scheduled: list[Listed] | None = None, sent: list[Listed] | None = None, **more):
    wanted = {"rules": RULES, "now": NOW, "tags": {entry.tag for entry in entries if entry.tag}, **more}
    reading = read(scheduled, sent)
    whole = reconcile(iter(entries), reading, **wanted)
    plain = find_plain_of(entries, reading, wanted["rules"], wanted["now"])
    others = [entry for entry in entries if entry.id not in dict(plain)]
    short = reconcile(others, reading, plain=plain, **wanted)
    assert replace(short, seen=()) == replace(whole, seen=())
    assert set(short.seen) == set(whole.seen)
    return whole


def find_plain_of(entries: list[Entry], reading: Reading, rules: ReconcileRules, now: datetime):
    """Find those that need not be read whole, of those that the ledger would give."""
    asked = [entry for entry in entries if entry.status is Status.ACCEPTED and not entry.cancel_why]
    coming = [entry for entry in asked if entry.send_at and entry.send_at > now and entry.id not in rules.meant]
    posted = [Posted(*(getattr(entry, name) for name in Posted._fields)) for entry in coming]
    return list(find_plain(posted, reading, rules.zone, now))


def only(found: Reconciliation) -> Finding:
    (finding,) = found.findings
    return finding


def kinds(found: Reconciliation) -> dict[str, int]:
    return {kind.value: number for kind, number in found.counts.items() if number}


def test_what_is_as_it_was_accepted_is_matched_and_nothing_is_said():
    """It is seen, and where."""
    found = compare([ENTRY], [LISTED])
    assert kinds(found) == {"matched": 1}
    assert (found.findings, found.moves, found.seen) == ((), (), ((1, LISTED, "scheduled"),))
    assert found.counts[FindingKind.UNEXPECTED] == 0


def test_what_is_compared_has_or_had_a_place_at_the_provider():
    """All else stays out of the counts."""
    others = [make_entry(n, status=status, provider_id="") for n, status in enumerate(Status) if status not in {
        Status.IN_DOUBT, Status.SUBMITTING}]  # fmt: skip
    others += [make_entry(n + 50, status=status) for n, status in enumerate([Status.HELD, Status.REPLACED])]
    assert kinds(compare(others)) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Spring sale"}, {"message": "Sale"}, {"send_at": "2026-02-03 09:31:00"}, {"group_ids": None},
        {"group_ids": ("7",)}, {"type_recipients": None}, {"contacts_count": 0}, {"status_id": 1}, {"subject": "S"},
        {"mms_template_id": 3}, {"id": "5002"},
    ],
)  # fmt: skip
def test_what_differs_at_all_is_read_whole(change):
    """What is the same in everything, and is to come, is not; each test here holds that both ways say the same."""
    assert find_plain_of([ENTRY], read([LISTED]), RULES, NOW) == [(1, LISTED)]
    assert find_plain_of([ENTRY], read([replace(LISTED, **change)]), RULES, NOW) == []
    assert find_plain_of([ENTRY], read([LISTED]), RULES, ENTRY.send_at - timedelta(minutes=1)) == []


# Missing.


def test_what_is_on_neither_list_is_missing_and_loud():
    """Somebody deleted it, or it was never kept."""
    found = compare([ENTRY])
    assert kinds(found) == {"missing": 1}
    why = "it is on neither of the provider's lists, in two readings"
    assert found.moves == (Move(1, Status.ACCEPTED, Status.MISSING, why),)
    finding = only(found)
    assert (finding.kind, finding.code, finding.entry, finding.provider_id) == (
        FindingKind.MISSING,
        "missing",
        1,
        "5001",
    )
    assert (finding.loud, finding.name) == (True, "Spring sale")
    assert finding.words == (
        '"Spring sale" (Id 5001) is on neither of the provider\'s lists: somebody deleted it there, or the lists lack '
        'it; ask who did, and look in the dashboard. If it is deleted, type "campaign-batch resolve 1 --deleted --why '
        '..."'
    )
    again = compare([replace(ENTRY, status=Status.MISSING)])
    assert (kinds(again), again.moves, again.seen) == ({"missing": 1}, (), ())


def test_what_an_earlier_reading_showed_is_not_missing_yet():
    """One reading may lack what is there."""
    found = compare([ENTRY], shown_before={1})
    assert (kinds(found), found.findings, found.moves) == ({"matched": 1}, (), ())


def test_what_was_sent_stays_sent_when_the_history_forgets_it():
    """How long the provider keeps it is not known."""
    found = compare([make_entry(at=PAST, status=Status.SENT)])
    assert (kinds(found), found.findings, found.moves) == ({"matched": 1}, (), ())


def test_what_is_found_again_is_accepted_again():
    """A list may have lacked it."""
    found = compare([replace(ENTRY, status=Status.MISSING)], [LISTED])
    assert kinds(found) == {"matched": 1}
    why = "seen on the provider's list of scheduled campaigns"
    assert found.moves == (Move(1, Status.MISSING, Status.ACCEPTED, why, LISTED),)


# Sent.


def test_what_the_sent_history_shows_was_sent():
    """It carries no groups, no type and no status, and none of them is missed."""
    item = replace(LISTED, group_ids=None, type_recipients=None, status_id=None, status="")
    found = compare([ENTRY], [], [item])
    assert (kinds(found), found.findings) == ({"matched": 1}, ())
    assert [(move.new, move.listed) for move in found.moves] == [(Status.SENT, item)]
    assert found.moves[0].why == "seen on the provider's list of sent campaigns"
    assert found.seen == ((1, item, "sent"),)
    assert compare([replace(ENTRY, status=Status.SENT)], [], [item]).moves == ()


def test_what_was_sent_does_not_go_back_when_the_other_list_lags():
    """It stands on the scheduled list for a while."""
    sent = make_entry(at=PAST, status=Status.SENT)
    assert compare([sent], [list_entry(sent)]).moves == ()


def test_a_sent_campaign_may_have_another_id_there():
    """Tag, or name, time and text tell it; whether Ids stay the same is not documented."""
    moved = replace(LISTED, id="88")
    assert kinds(compare([ENTRY], [], [moved])) == {"matched": 1}
    untagged = make_entry(tag="")
    assert kinds(compare([untagged], [], [list_entry(untagged, id="88", name=" spring  SALE")])) == {"drifted": 1}
    lost = replace(LISTED, id="88", name="Spring sale")
    assert kinds(compare([ENTRY], [], [lost])) == {"drifted": 1}


@pytest.mark.parametrize(
    ("change", "ours"),
    [
        ({"name": "Spring sale #zzzzzzzz"}, False),
        ({"name": "Spring sale"}, True),
        ({"name": "Renamed", "message": "other"}, False),
        ({"message": "other"}, True),
    ],
)
def test_an_id_of_the_sent_history_alone_proves_nothing(change, ours):
    """The tag or the text must be ours too."""
    found = compare([ENTRY], [], [replace(LISTED, **change)])
    assert (found.counts[FindingKind.MISSING] == 0) is ours


def test_about_its_time_a_campaign_may_stand_on_both_lists():
    """It is one; earlier than that the second one is a second sending."""
    late, twin = NOW + timedelta(minutes=5), "88"
    for at, unexpected in ((late, 0), (late + SECOND, 1), (PAST, 0)):
        entry = make_entry(at=at)
        found = compare([entry], [list_entry(entry)], [list_entry(entry, id=twin)])
        assert (found.counts[FindingKind.UNEXPECTED], found.counts[FindingKind.MATCHED]) == (unexpected, 1)
        assert found.seen[0][2] == "scheduled"
    entry = make_entry(at=PAST)
    twins = [list_entry(entry, id=twin), list_entry(entry, id="89")]
    assert only(compare([entry], [list_entry(entry)], twins)).code == "held-twice"
    same_id = compare([ENTRY], [LISTED], [LISTED])
    assert (kinds(same_id), same_id.seen) == ({"matched": 1}, ((1, LISTED, "scheduled"),))


# One to one.


def test_ids_are_matched_for_all_before_any_tag():
    """A deleted campaign and the one sent in its place bear one tag: each keeps its own."""
    old = replace(ENTRY, status=Status.CANCELLED)
    new = replace(ENTRY, id=2, provider_id="6000")
    found = compare([old, new], [list_entry(new)])
    assert (kinds(found), found.moves) == ({"matched": 2}, ())
    assert found.seen == ((2, list_entry(new), "scheduled"),)
    history = compare([old, new], [], [list_entry(new, id="9")])
    assert [move.entry for move in history.moves] == [2]


def test_a_copy_that_is_left_of_a_double_is_ours_under_its_new_id():
    """A person deleted the one whose Id we had: from now on the other counts."""
    other = replace(LISTED, id="6000")
    found = compare([ENTRY], [other])
    why = "the provider's list shows it as 6000 now, not as 5001"
    assert found.moves == (Move(1, Status.ACCEPTED, Status.ACCEPTED, why, other),)
    finding = only(found)
    assert (finding.field, finding.ours, finding.theirs) == ("Id", "5001", "6000")


def test_campaigns_that_nothing_tells_apart_are_shared_out():
    """As many as there are entries; what is left over is said to be there twice."""
    entries = [make_entry(n, tag="", provider_id=f"{n}", at=PAST) for n in (1, 2)]
    items = [list_entry(entries[0], id=f"9{n}") for n in range(3)]
    found = compare(entries, [], items)
    assert kinds(found) == {"matched": 2, "unexpected": 1}
    assert only(found).code == "held-twice"
    assert [item.id for _, item, _ in found.seen] == ["90", "91"]


def test_the_same_one_twice_on_a_list_is_one():
    """The list moved between two pages."""
    assert kinds(compare([ENTRY], [LISTED, LISTED])) == {"matched": 1}
    nameless = replace(LISTED, id="", name="x")
    assert kinds(compare([], [nameless, nameless])) == {"unexpected": 2}


# Drifted.


@pytest.mark.parametrize(
    ("field", "change", "ours", "theirs"),
    [
        ("CampaignName", {"name": f"Renamed #{ENTRY.tag}"}, ENTRY.provider_name, f"Renamed #{ENTRY.tag}"),
        ("Message", {"message": "30% off"}, "20% off", "30% off"),
        ("MmsTemplateId", {"mms_template_id": 7}, "", "7"),
        ("Subject", {"subject": "Look"}, "", "Look"),
        ("GroupIds", {"group_ids": ("101",)}, "100, 101", "101"),
        ("TypeRecipients", {"type_recipients": 1}, "0", "1"),
    ],
)
def test_whatever_differs_is_shown_with_both_values(field, change, ours, theirs):
    """And what to do."""
    found = compare([ENTRY], [replace(LISTED, **change)])
    assert kinds(found) == {"drifted": 1}
    finding = only(found)
    assert (finding.kind, finding.code, finding.entry) == (FindingKind.DRIFTED, "drifted", 1)
    assert (finding.field, finding.ours, finding.theirs, finding.loud) == (field, ours, theirs, False)
    assert finding.words == (
        f'{field} is "{theirs}" at the provider, but was scheduled as "{ours}": look at it in the dashboard'
    )


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        (
            "2026-02-05 13:00:00",
            "goes out on Thu, Feb 5, 2026, 1:00 PM EST, 3 hours late: Thu, Feb 5, 2026, 10:00 AM EST is meant",
        ),
        (
            "2026-02-05T09:30:00",
            "goes out on Thu, Feb 5, 2026, 9:30 AM EST, 30 minutes early: Thu, Feb 5, 2026, 10:00 AM EST is meant",
        ),
        ("tomorrow", 'DateTime is "tomorrow" at the provider, but "2026-02-05 10:00" (America/New_York) is meant'),
    ],
)
def test_another_time_is_loud_and_says_both_times_and_how_far_they_lie_apart(shown, says):
    """It is the only thing that nobody sees before it is too late."""
    finding = only(compare([ENTRY], [replace(LISTED, send_at=shown)]))
    assert (finding.code, finding.field, finding.loud) == ("drifted", "DateTime", True)
    assert (finding.ours, finding.theirs) == ("2026-02-05 10:00", shown.replace("T", " ")[:16])
    assert says in finding.words


def test_what_was_posted_by_another_zone_is_drifted_by_the_zone_of_today():
    """The text is the one that was posted, and the moment is not the one that was meant."""
    ours = replace(ENTRY, send_at_provider="2026-02-05 07:00:00", provider_zone="America/Los_Angeles")
    found = compare([ours], [list_entry(ours)])
    assert kinds(found) == {"drifted": 1}
    assert "goes out on Thu, Feb 5, 2026, 7:00 AM EST, 3 hours early" in only(found).words
    assert "it was submitted for the zone America/Los_Angeles" in only(found).words
    assert kinds(compare([ours], [list_entry(ours, send_at="2026-02-05 10:00:00")])) == {"matched": 1}


def test_a_campaign_without_a_tag_is_found_by_the_time_that_was_posted_or_meant():
    """A corrected zone makes no campaign missing, and none a stranger."""
    ours = replace(ENTRY, tag="", provider_name="Spring sale", send_at_provider="2026-02-05 07:00:00")
    for shown in ("2026-02-05 07:00:00", "2026-02-05 10:00:00"):
        found = compare([ours], [list_entry(ours, id="99", send_at=shown)])
        assert FindingKind.MISSING not in {one.kind for one in found.findings}
        assert FindingKind.UNEXPECTED not in {one.kind for one in found.findings}


def test_the_hour_that_the_end_of_daylight_saving_doubles_drifts_not():
    """The provider's text fits both hours: it is what was posted."""
    ours = make_entry(at=datetime(2026, 11, 1, 6, 30, tzinfo=UTC))
    assert kinds(compare([ours], [list_entry(ours)])) == {"matched": 1}


@pytest.mark.parametrize(
    "change",
    [
        {"message": " 20%  off\n"},
        {"send_at": "2026-02-05 10:00:59"},
        {"group_ids": ("101", "100")},
        {"group_ids": None, "type_recipients": None, "contacts_count": None, "status_id": None},
        {"name": f"Spring  sale #{ENTRY.tag} "},
    ],
)
def test_what_nobody_would_notice_is_no_difference(change):
    """Blanks, seconds, order; and what the list does not carry."""
    found = compare([ENTRY], [replace(LISTED, **change)])
    assert (kinds(found), found.findings) == ({"matched": 1}, ())


def test_a_picture_is_compared_too():
    """As it was sent."""
    entry = replace(ENTRY, mms_template_id=7, subject="Look")
    assert kinds(compare([entry], [list_entry(entry)])) == {"matched": 1}
    assert {one.field for one in compare([entry], [LISTED]).findings} == {"MmsTemplateId", "Subject"}


@pytest.mark.parametrize("number", ["5001", "77"])
def test_what_looks_like_a_tag_in_a_name_without_ours_hides_no_campaign(number):
    """It was typed by hand: the campaign is found by its Id, and under another one by name, time and text."""
    name = "Sale #weekend1"
    entries = [make_entry(n, name=name, tag="", provider_name=name, at=PAST - n * timedelta(days=7)) for n in (1, 2)]
    shown = [list_entry(entries[0], id=number), list_entry(entries[1])]
    found = compare(entries, sent=shown)
    assert found.counts == {FindingKind.MATCHED: 2, FindingKind.UNEXPECTED: 0}
    assert {move.new for move in found.moves} == {Status.SENT}


def test_a_name_without_a_tag_is_compared_as_it_was_sent():
    """Or as the sheet had it, for an entry of which no more is known."""
    entry = make_entry(provider_name="")
    assert kinds(compare([entry], [list_entry(entry, name="Spring sale")])) == {"matched": 1}


@pytest.mark.parametrize(
    ("accepted", "expected", "count", "codes"),
    [
        (100, None, 110, []),
        (100, None, 90, []),
        (100, None, 111, ["contacts-changed"]),
        (100, None, 89, ["contacts-changed"]),
        (None, 100, 111, ["contacts-differ"]),
        (150, 100, 150, ["contacts-differ"]),
        (1000, 500, 1200, ["contacts-changed", "contacts-differ"]),
        (0, 0, 1, ["contacts-changed", "contacts-differ"]),
        (None, None, 5, []),
        (30, None, 33, []),
        (100, 100, 0, ["no-contacts"]),
    ],
)
def test_contacts_are_compared_with_what_was_accepted_and_expected(accepted, expected, count, codes):
    """Within the tolerance; none at all is always loud."""
    entry = replace(ENTRY, contacts_count=accepted, expected_contacts=expected)
    found = compare([entry], [list_entry(entry, contacts_count=count)])
    assert [finding.code for finding in found.findings] == codes
    assert kinds(found) == ({"drifted": 1} if codes else {"matched": 1})
    assert all(finding.loud is (finding.code == "no-contacts") for finding in found.findings)


def test_the_words_about_contacts_name_both_numbers():
    """With their thousands apart."""
    entry = replace(ENTRY, contacts_count=4000)
    finding = only(compare([entry], [list_entry(entry, contacts_count=1200)]))
    assert (finding.field, finding.ours, finding.theirs) == ("ContactsCount", "4000", "1200")
    assert finding.words == "the provider counts 1,200 contacts, 4,000 were accepted: look at the group's members"
    none = only(compare([entry], [list_entry(entry, contacts_count=0)]))
    assert (none.field, none.theirs) == ("ContactsCount", "0")
    assert none.words == "the provider counts 0 contacts: nobody would get it"
    wide = ReconcileRules(ZONE, tolerance=0.7)
    assert kinds(compare([entry], [list_entry(entry, contacts_count=1200)], rules=wide)) == {"matched": 1}


# The provider's own status.


@pytest.mark.parametrize(("left", "loud"), [(timedelta(days=1), True), (timedelta(days=1) + SECOND, False)])
def test_what_the_provider_has_not_approved_needs_a_person(left, loud):
    """The sooner the nearer its time; it is there as we sent it anyway."""
    entry = make_entry(at=NOW + left)
    found = compare([entry], [list_entry(entry, status_id=2, status="Action Required")])
    assert kinds(found) == {"matched": 1}
    finding = only(found)
    assert (finding.kind, finding.code, finding.loud) == (FindingKind.MATCHED, "not-approved", loud)
    assert (finding.field, finding.ours, finding.theirs) == ("Status", "Approved and Scheduled", "Action Required")
    assert finding.words == (
        '"Spring sale" is at the provider but not approved ("Action Required"): it will not go out before it is '
        "approved; see in the dashboard what is asked for"
    )


def test_a_status_that_moved_on_is_told_once():
    """From then on the ledger knows it."""
    entry = replace(ENTRY, provider_status_id=1, provider_status="Pending")
    finding = only(compare([entry], [LISTED]))
    assert (finding.kind, finding.code, finding.loud) == (FindingKind.MATCHED, "status-moved", False)
    assert (finding.ours, finding.theirs) == ("Pending", "Approved and Scheduled")
    assert finding.words == '"Spring sale" was "Pending" at the provider and is "Approved and Scheduled" now'
    assert compare([replace(entry, provider_status_id=None)], [LISTED]).findings == ()
    assert compare([entry], [], [LISTED]).findings == ()


# What is to be cancelled.


@pytest.mark.parametrize(("left", "loud"), [(HOUR, True), (HOUR + SECOND, False)])
def test_what_is_to_be_cancelled_and_still_there_is_said(left, loud):
    """Within the hour it is an alarm."""
    entry = make_entry(at=NOW + left, cancel_why="wrong date")
    found = compare([entry], [list_entry(entry)])
    finding = only(found)
    assert (kinds(found), finding.code, finding.loud) == ({"drifted": 1}, "still-there", loud)
    assert finding.theirs == ("goes out within the hour" if loud else "scheduled")
    assert finding.words == (
        '"Spring sale" (Id 5001) should be cancelled but is still scheduled: delete it in the dashboard'
        + (" NOW, it goes out within the hour" if loud else "")
    )
    past = replace(entry, send_at=NOW - HOUR)
    found = compare([past], [list_entry(past)]).findings
    late = next(one for one in found if one.code == "still-there")
    assert (late.theirs, late.loud, "within the hour" in late.words) == ("past its time", True, False)
    timeless = replace(entry, send_at=None)
    assert only(compare([timeless], [list_entry(entry)])).loud is False


def test_what_was_to_be_cancelled_and_went_out_is_loud():
    """Those who asked must know."""
    entry = make_entry(cancel_why="wrong date")
    finding = next(one for one in compare([entry], [], [list_entry(entry)]).findings)
    assert (finding.kind, finding.code, finding.loud) == (FindingKind.DRIFTED, "went-out", True)
    assert finding.words == '"Spring sale" was to be cancelled (wrong date), but it went out: tell those who asked'
    told = replace(entry, status=Status.SENT)
    assert compare([told], [], [list_entry(entry)]).findings == ()


def test_what_was_to_be_cancelled_and_is_gone_is_checked_off():
    """As asked, and said once; it stays paused."""
    found = compare([make_entry(cancel_why="wrong date")], rules=replace(RULES, evidence=PROVEN))
    why = "it is on neither of the provider's lists any more, as asked (wrong date)"
    assert kinds(found) == {"matched": 1}
    assert found.moves == (Move(1, Status.ACCEPTED, Status.CANCELLED, why),)
    finding = only(found)
    assert (finding.kind, finding.code, finding.loud) == (FindingKind.MATCHED, "cancelled", False)
    assert finding.words == '"Spring sale" (Id 5001) is cancelled: it is gone from the provider, as asked (wrong date)'
    after = compare([make_entry(status=Status.CANCELLED, cancel_why="wrong date")])
    assert (after.moves, after.findings) == ((), ())


@pytest.mark.parametrize(
    ("change", "new"),
    [
        ({}, Status.CANCELLED),
        ({"send_at": NOW + SECOND}, Status.CANCELLED),
        ({"send_at": NOW}, Status.MISSING),
        ({"send_at": None}, Status.MISSING),
    ],
)
def test_what_is_gone_in_a_pause_was_taken_back_on_purpose(change, new):
    """While its time was still to come; a campaign that was missing before stays missing."""
    rules = replace(RULES, paused='by Ann ("wrong prices")', evidence=PROVEN)
    found = compare([make_entry(**change)], rules=rules)
    assert [move.new for move in found.moves] == [new]
    if new is Status.CANCELLED:
        assert found.moves[0].why.endswith('any more, deleted while everything was paused by Ann ("wrong prices")')
    assert kinds(compare([make_entry(status=Status.MISSING)], rules=rules)) == {"missing": 1}


LACKING = Coverage(lacking=(Sentinel(2, "5002"),))


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        ({"lowest": None, "highest": None}, "the list shows no campaign of this ledger, so it may be the wrong one"),
        ({"reach": LACKING}, "the provider's lists lack 1 campaign accepted earlier (Id 5002)"),
        ({"observed": {2}}, "no list has ever shown it, so it may only be late"),
        ({"lowest": 5002}, "it would be the first of this ledger's campaigns on the list"),
        ({"highest": 5000}, "it would be the last of this ledger's campaigns on the list"),
    ],
)
@pytest.mark.parametrize("paused", ["", 'by Ann ("wrong prices")'])
def test_what_is_not_proven_to_be_gone_is_not_ticked_off(evidence, why, paused):
    """It stays to be deleted, and a person may say that it is; in a pause others may be gone on purpose, too."""
    rules = replace(RULES, paused=paused, evidence=replace(PROVEN, **evidence))
    entry = make_entry() if paused else make_entry(cancel_why="wrong date")
    found = compare([entry], rules=rules)
    if paused and "reach" in evidence:
        assert [move.new for move in found.moves] == [Status.CANCELLED]
        return
    assert (kinds(found), found.moves) == ({"missing": 1}, ())
    assert (only(found).code, only(found).loud) == ("not-proven", True)
    assert f"that does not prove that it is deleted: {why}" in only(found).words
    assert only(found).words.endswith('type "campaign-batch resolve 1 --deleted --why ..."')


def test_what_counts_as_cancelled_and_is_there_all_the_same_is_said():
    """It will go out."""
    found = compare([replace(ENTRY, status=Status.CANCELLED)], [LISTED])
    assert (only(found).code, kinds(found)) == ("still-there", {"drifted": 1})
    assert [move.new for move in found.moves] == [Status.ACCEPTED]
    gone = compare([replace(ENTRY, status=Status.CANCELLED)], [], [LISTED])
    assert only(gone).words == '"Spring sale" was to be cancelled, but it went out: tell those who asked'


# In doubt.


@pytest.mark.parametrize("status", [Status.IN_DOUBT, Status.SUBMITTING])
def test_what_is_in_doubt_is_left_to_the_settling(status):
    """Its campaign is nobody else's, and no stranger."""
    entry = make_entry(status=status, provider_id="")
    found = compare([entry], [list_entry(entry, id="3")])
    assert kinds(found) == {"in_doubt": 1}
    assert (found.moves, found.seen, only(found).code) == ((), (), "in-doubt")
    assert only(found).words == 'it is not sure that "Spring sale" arrived: type "campaign-batch resume"'
    accepted = make_entry(2, provider_id="77")
    both = compare([entry, accepted], [], [list_entry(accepted, id="3")])
    assert [number for number, _, _ in both.seen] == [2]


def test_an_old_id_of_a_doubt_claims_nothing():
    """Its present attempt is another one."""
    entry = make_entry(status=Status.IN_DOUBT, tag="")
    other = Listed("5001", "Else", "other", "2026-02-05 10:00:00")
    assert kinds(compare([entry], [other])) == {"in_doubt": 1, "unexpected": 1}


# Unexpected.


def stranger(**changes) -> Listed:
    return replace(Listed("700", "Bake sale", "cake", "2026-02-06 09:00:00", ("1",)), **changes)


def test_what_was_made_elsewhere_is_said_until_it_is_acknowledged():
    """Quietly."""
    found = compare([ENTRY], [LISTED, stranger()])
    assert kinds(found) == {"matched": 1, "unexpected": 1}
    finding = only(found)
    assert (finding.kind, finding.code, finding.loud) == (FindingKind.UNEXPECTED, "made-elsewhere", False)
    assert (finding.provider_id, finding.name, finding.theirs) == ("700", "Bake sale", "2026-02-06 09:00:00")
    assert finding.words == (
        '"Bake sale" (Id 700, for 2026-02-06 09:00:00) was made elsewhere, not by this ledger: if that is expected, '
        'type "campaign-batch reconcile --acknowledge"'
    )
    assert kinds(compare([ENTRY], [LISTED, stranger()], acknowledged={"700"})) == {"matched": 1}


def of_another_ledger(at: str = "2026-02-06 09:00:00", **changes) -> Listed:
    """Make a campaign as another ledger on this account would have made it."""
    item = replace(stranger(send_at=at, type_recipients=0), **changes)
    moment = from_provider_time(at, ZONE)
    words = make_fingerprint(message=item.message, group_ids=item.group_ids, send_at=moment, subject=item.subject)
    return replace(item, name=add_tag(item.name, make_tag("main", make_key("", item.name, moment), words)))


@pytest.mark.parametrize(("at", "loud"), [("2026-02-02 10:01:00", True), ("2026-02-02 10:00:00", False)])
def test_a_tag_that_only_another_ledger_can_have_made_is_another_ledgers(at, loud):
    """It comes from that very name, time, text and groups. Loud while it may still go out."""
    item = of_another_ledger(at)
    finding = only(compare([], [item]))
    assert (finding.code, finding.loud) == ("other-ledger", loud)
    assert finding.words == (
        f'"{item.name}" (Id 700, {"for" if loud else "at"} {at}) has a tag that did not come from this ledger: another '
        "ledger works on this account, find out who"
    )


def test_what_the_list_does_not_show_of_it_is_tried():
    """Some lists leave the type of recipients out; without groups nothing can be proven."""
    item = of_another_ledger(subject="Look")
    assert only(compare([], [replace(item, type_recipients=None)])).code == "other-ledger"
    assert only(compare([], [replace(item, group_ids=None)])).code != "other-ledger"


@pytest.mark.parametrize("word", ["save2024", "weekend1", "2024save", "zzzzzzzz", "20261127"])
def test_a_word_that_a_hand_typed_is_no_tag(word):
    """No other ledger is claimed: it was made elsewhere, as any other."""
    finding = only(compare([ENTRY], [LISTED, stranger(name=f"Spring Sale #{word}")]))
    assert (finding.code, finding.loud) == ("made-elsewhere", False)
    assert "ledger works" not in finding.words


@pytest.mark.parametrize(("at", "loud"), [("2026-02-02 10:00:01", True), ("2026-02-02 10:00:00", False), ("?", True)])
def test_what_may_be_a_tag_and_cannot_be_proven_is_a_question(at, loud):
    """A row with a Reference has such a tag, and so has a name like `b2g1free`: a person knows."""
    finding = only(compare([], [stranger(name="Sale #k7f3q2m9", send_at=at)]))
    assert (finding.code, finding.loud) == ("maybe-other-ledger", loud)
    assert finding.words.endswith(
        "ends like a campaign with a tag: if nobody typed #k7f3q2m9 there, another ledger works on this account, find "
        'out who; else type "campaign-batch reconcile --acknowledge"'
    )
    assert compare([], [stranger(name="Sale #b2g1free", send_at=at)], acknowledged={"700"}).findings == ()


def test_a_word_like_a_tag_disturbs_no_matching():
    """Neither where the provider drops our own tag, nor where names carry none and one is there twice."""
    name = "Spring sale #save2024"
    lost = replace(ENTRY, campaign_name=name, provider_name=f"{name} #{ENTRY.tag}")
    shown = list_entry(lost, id="99", name=name)
    assert compare([lost], [shown]).counts[FindingKind.UNEXPECTED] == 0
    plain = replace(ENTRY, tag="", campaign_name=name, provider_name=name)
    found = compare([plain], [list_entry(plain), list_entry(plain, id="99")])
    assert only(found).code == "held-twice"
    others = [stranger(name="Spring sale #save2024"), stranger(id="701", name="Fall sale #save2024", message="nuts")]
    assert {one.code for one in compare([ENTRY], [LISTED, *others]).findings} == {"made-elsewhere"}


def test_a_second_campaign_with_a_tag_of_ours_is_a_double():
    """The first thing in the report."""
    found = compare([ENTRY], [stranger(), LISTED, replace(LISTED, id="6000")])
    assert [finding.code for finding in found.findings] == ["held-twice", "made-elsewhere"]
    assert found.findings[0].loud
    assert found.findings[0].words.endswith("duplicates one of this ledger's campaigns, delete one of them")
    copy = compare([ENTRY], [LISTED, replace(LISTED, id="6000", name="Spring sale")])
    assert only(copy).code == "held-twice"


def test_two_with_a_tag_of_a_held_row_are_a_double_too():
    """The settling found both and gave the row to a person."""
    found = compare([], [LISTED, replace(LISTED, id="6000")], tags={ENTRY.tag})
    assert [finding.code for finding in found.findings] == ["held-twice", "held-twice"]


def test_one_with_the_tag_of_a_row_that_does_not_count_as_scheduled_is_loud():
    """Planned, or given up too early."""
    found = compare([], [LISTED], tags={ENTRY.tag})
    finding = only(found)
    assert (finding.code, finding.loud) == ("not-counted", True)
    assert 'is not scheduled in this ledger: type "campaign-batch resume", and if' in finding.words
    foreign = compare([], [of_another_ledger(), of_another_ledger(id="1")], tags={ENTRY.tag})
    assert {one.code for one in foreign.findings} == {"other-ledger"}


@pytest.mark.parametrize(
    ("at", "since", "counts"),
    [
        ("2026-01-01 09:00:00", NOW, 0),
        ("2026-02-02 10:00:00", NOW, 1),
        ("2026-01-01 09:00:00", None, 1),
        ("?", NOW, 1),
    ],
)
def test_what_was_sent_before_the_ledgers_first_day_is_nobodys_news(at, since, counts):
    """A campaign that is still scheduled is, whatever its time."""
    assert compare([], [], [stranger(send_at=at)], since=since).counts[FindingKind.UNEXPECTED] == counts
    assert compare([], [stranger(send_at=at)], [], since=since).counts[FindingKind.UNEXPECTED] == 1


# Any books.

entries_of = st.lists(
    st.builds(
        dict,
        name=st.sampled_from(["A", "B"]),
        at=st.sampled_from([PAST, NOW + timedelta(minutes=1), SOON]),
        status=st.sampled_from(list(Status)),
        tagged=st.booleans(),
        provider_id=st.sampled_from(["", "1", "2", "3", "4"]),
        cancel_why=st.sampled_from(["", "why"]),
    ),
    max_size=6,
)
items_of = st.lists(
    st.builds(
        dict,
        name=st.sampled_from(["A", "B", "C"]),
        at=st.sampled_from([PAST, NOW + timedelta(minutes=1), SOON]),
        tagged=st.booleans(),
        id=st.sampled_from(["", "1", "2", "3", "4", "5"]),
        message=st.sampled_from(["20% off", "20% off", "other"]),
    ),
    max_size=6,
)


def entry_of(number: int, *, name: str, at: datetime, tagged: bool, **more) -> Entry:
    return (
        make_entry(number, name=name, at=at, **more) if tagged else make_entry(number, name=name, at=at, tag="", **more)
    )


def item_of(*, name: str, at: datetime, tagged: bool, id: str, message: str) -> Listed:
    return list_entry(entry_of(0, name=name, at=at, tagged=tagged), id=id, message=message)


@tries(300)
@given(entries_of, items_of, items_of, st.lists(st.sampled_from("12345"), max_size=2))
def test_every_entry_counts_once_and_every_campaign_has_one_owner_at_most(ours, scheduled, sent, known):
    """The totals tie, whatever stands in the books."""
    entries = [entry_of(number, **wanted) for number, wanted in enumerate(ours, start=1)]
    reading = read([item_of(**wanted) for wanted in scheduled], [item_of(**wanted) for wanted in sent])
    found = reconcile(
        entries, reading, rules=RULES, now=NOW, acknowledged=known, tags={e.tag for e in entries if e.tag}
    )
    unsure = {Status.IN_DOUBT, Status.SUBMITTING}
    placed = {Status.ACCEPTED, Status.SENT, Status.MISSING, Status.CANCELLED}
    tracked = [e for e in entries if e.status in unsure or (e.status in placed and e.provider_id)]
    counts = Counter(found.counts)
    assert sum(counts[kind] for kind in FindingKind if kind is not FindingKind.UNEXPECTED) == len(tracked)
    assert counts[FindingKind.IN_DOUBT] == sum(entry.status in unsure for entry in entries)
    assert counts[FindingKind.UNEXPECTED] == sum(one.kind is FindingKind.UNEXPECTED for one in found.findings)
    seen = [number for number, _, _ in found.seen]
    assert len(seen) == len(set(seen))
    with_id = [(where, item.id) for _, item, where in found.seen if item.id]
    assert len(with_id) == len(set(with_id))
    assert len({move.entry for move in found.moves}) == len(found.moves)
    assert [finding.loud for finding in found.findings] == sorted((f.loud for f in found.findings), reverse=True)


@tries(200)
@given(entries_of, items_of, items_of)
def test_no_campaign_is_claimed_twice(ours, scheduled, sent):
    """By no two entries, and what is left over is all there is besides."""
    entries = [entry_of(number, **{**wanted, "status": Status.ACCEPTED}) for number, wanted in enumerate(ours, start=1)]
    reading = read([item_of(**wanted) for wanted in scheduled], [item_of(**wanted) for wanted in sent])
    matches = Matches(reading, ZONE)
    total = len(list(matches.unclaimed()))
    matches.match(entries)
    assert len(matches.found) + len(list(matches.unclaimed())) <= total
    before = len(list(matches.unclaimed()))
    matches.claim_twins(entries, NOW)
    assert 0 <= before - len(list(matches.unclaimed())) <= len(matches.found)
