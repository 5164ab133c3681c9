"""Where a campaign stands, at every moment of its life: one answer for every output."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from report_support import APART, CHICAGO, HOLD, NEW_YORK, NOW, REFUSED, WRONG_TIME, make_entry

from batch.adapters.report.figures import findings_for_people
from batch.core.excerpts import excerpts
from batch.core.sentences import sentence
from batch.core.standing import GETS_IT, NO_CONTACTS, Concern, Standing, needs_look, standing_of
from batch.model import DeliveryCount, Entry, Finding, FindingKind, Issue, Level, Status
from batch.model.wording import TONES, WORDS
from batch.workflows.tally import Comparison

PASSED, AHEAD, FAR = NOW - timedelta(hours=5), NOW + timedelta(hours=5), NOW + timedelta(days=3)


def standing(entry: Entry, now: datetime = NOW) -> Standing:
    return standing_of(entry, now, CHICAGO)


def drift(field: str, *, loud: bool = False) -> Finding:
    """Make a finding that a field differs at the provider."""
    return Finding(
        FindingKind.DRIFTED, f'{field} is "x" at the provider', "drifted", 1, "50001", "A", field, "y", "x", loud
    )


def test_only_approved_and_scheduled_is_called_scheduled() -> None:
    """Accepted with any other provider status, an unknown one too, is not yet approved and needs attention."""
    assert standing(make_entry(1)).word.text == "scheduled"
    for status in (1, 2, 7, None):
        found = standing(make_entry(1, provider_status_id=status))
        assert found.word.text == "at the provider, not yet approved"
        assert found.needs_attention


@pytest.mark.parametrize("send_at", [PASSED, AHEAD, FAR, None], ids=["passed", "ahead", "far", "none"])
@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_words_a_tone_and_a_next_step(status: Status, send_at: datetime | None) -> None:
    """No entry can stand anywhere that has no words, and none that needs attention leaves it open what to do."""
    found = standing(make_entry(1, status, send_at=send_at))
    assert WORDS[found.word.standing].standing == found.word.standing
    assert (found.word.tone in TONES, bool(found.word.text), bool(found.reason)) == (True, True, True)
    assert bool(found.next) == found.needs_attention
    assert "{" not in found.next


def test_what_is_over_stands_last() -> None:
    """The order of the words is the order of everything: what needs attention first, what is done last."""
    assert list(WORDS)[-1] == "replaced"


CASES = [
    ("cancelled by a person, went out", {"status": Status.SENT, "cancel_why": "wrong price", "send_at": PASSED},
     "went_out", "bad", Concern.WENT_WRONG),
    ("sent with another text", {"status": Status.SENT, "findings": (drift("Message"),)},
     "went_wrong", "bad", Concern.WENT_WRONG),
    ("sent at another time", {"status": Status.SENT, "findings": (drift("DateTime"),)},
     "went_wrong", "bad", Concern.WENT_WRONG),
    ("unapproved, time passed", {"provider_status_id": 1, "send_at": PASSED}, "did_not_go", "bad", Concern.DID_NOT_GO),
    ("held, time passed", {"status": Status.HELD, "issues": (HOLD,), "send_at": PASSED},
     "did_not_go", "bad", Concern.DID_NOT_GO),
    ("invalid, time passed", {"status": Status.INVALID, "send_at": PASSED}, "did_not_go", "bad", Concern.DID_NOT_GO),
    ("planned, time passed", {"status": Status.PLANNED, "send_at": PASSED}, "did_not_go", "bad", Concern.DID_NOT_GO),
    ("waiting, time passed", {"status": Status.WAITING, "send_at": PASSED}, "did_not_go", "bad", Concern.DID_NOT_GO),
    ("refused, time passed", {"status": Status.REJECTED, "issues": (REFUSED,), "send_at": PASSED},
     "did_not_go", "bad", Concern.DID_NOT_GO),
    ("too late", {"status": Status.EXPIRED, "send_at": PASSED}, "expired", "bad", Concern.DID_NOT_GO),
    ("missing, time passed", {"status": Status.MISSING, "send_at": PASSED}, "missing", "bad", Concern.DID_NOT_GO),
    ("missing, ahead", {"status": Status.MISSING, "send_at": FAR}, "missing", "bad", Concern.OPEN),
    ("cancelled and still scheduled", {"cancel_why": "wrong price", "send_at": FAR}, "to_cancel", "look", Concern.OPEN),
    ("the same within the hour", {"cancel_why": "wrong price", "send_at": NOW + timedelta(minutes=50)},
     "to_cancel", "bad", Concern.OPEN),
    ("held, ahead", {"status": Status.HELD, "issues": (HOLD,), "send_at": FAR}, "held", "look", Concern.OPEN),
    ("a time that cannot be read", {"status": Status.INVALID, "issues": (WRONG_TIME,), "send_at": None},
     "invalid", "bad", Concern.OPEN),
    ("waiting, far ahead", {"status": Status.WAITING, "send_at": FAR}, "waiting", "look", Concern.OPEN),
    ("waiting, within a day", {"status": Status.WAITING, "send_at": AHEAD}, "waiting", "bad", Concern.OPEN),
    ("in doubt, time passed", {"status": Status.IN_DOUBT, "send_at": PASSED}, "in_doubt", "bad", Concern.OPEN),
    ("scheduled, ahead", {"send_at": FAR}, "scheduled", "good", Concern.NONE),
    ("just due, not yet seen as sent", {"send_at": PASSED}, "unseen", "wait", Concern.NONE),
    ("due two days ago, not seen as sent", {"send_at": NOW - timedelta(days=2)}, "unseen", "look", Concern.OPEN),
    ("scheduled with nobody to get it", {"contacts_count": 0, "send_at": FAR}, "scheduled", "bad", Concern.OPEN),
    ("scheduled, a text changed there", {"findings": (drift("Message"),), "send_at": FAR},
     "scheduled", "look", Concern.OPEN),
    ("scheduled for another time", {"findings": (drift("DateTime", loud=True),), "send_at": FAR},
     "scheduled", "bad", Concern.OPEN),
    ("sent", {"status": Status.SENT, "send_at": PASSED}, "sent", "good", Concern.NONE),
    ("cancelled in time", {"status": Status.CANCELLED, "send_at": PASSED}, "cancelled", "quiet", Concern.NONE),
    ("replaced", {"status": Status.REPLACED, "send_at": PASSED}, "replaced", "quiet", Concern.NONE),
    ("went out although cancelled, acknowledged", {"status": Status.SENT, "cancel_why": "wrong price",
     "acknowledged": frozenset({("went-out", "", "")})}, "went_out", "quiet", Concern.NONE),
    ("sent to nobody", {"status": Status.SENT, "contacts_count": 0, "send_at": PASSED}, "sent", "bad",
     Concern.WENT_WRONG),
    ("sent to nobody, acknowledged", {"status": Status.SENT, "contacts_count": 0, "send_at": PASSED,
     "acknowledged": frozenset({NO_CONTACTS})}, "sent", "quiet", Concern.NONE),
    ("to decide within a day", {"status": Status.HELD, "issues": (HOLD,), "send_at": AHEAD},
     "held", "bad", Concern.OPEN),
    ("to be approved", {"status": Status.PLANNED, "to_approve": True, "send_at": FAR}, "to_approve", "wait",
     Concern.NONE),
    ("to be approved within a day", {"status": Status.PLANNED, "to_approve": True, "send_at": AHEAD}, "to_approve",
     "bad", Concern.NONE),
    ("did not go, acknowledged", {"status": Status.HELD, "send_at": PASSED,
     "acknowledged": frozenset({("did-not-go", "", "")})},
     "did_not_go", "quiet", Concern.NONE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "name", "tone", "concern"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_a_campaign_stands_where_the_facts_put_it(
    changes: dict[str, object], name: str, tone: str, concern: Concern
) -> None:
    """Status, time, findings and wishes together say how it stands, and how loud that is."""
    found = standing(make_entry(1, **changes))  # type: ignore[arg-type]
    assert (found.word.standing, found.word.tone, found.concern) == (name, tone, concern)


def test_what_somebody_must_decide_has_a_deadline_and_an_owner() -> None:
    """Until its time comes; what has passed has none."""
    ahead = standing(make_entry(1, Status.HELD, issues=(HOLD,), send_at=AHEAD))
    assert (ahead.by, ahead.is_due(NOW), ahead.who) == (AHEAD, True, "maria@northwind.example")
    assert not standing(make_entry(1, Status.HELD, issues=(HOLD,), send_at=FAR)).is_due(NOW)
    assert standing(make_entry(1, Status.HELD, issues=(HOLD,), send_at=PASSED)).by is None


def test_past_advice_is_in_the_past_tense() -> None:
    """What did not go says when it was due, and never what to do before its time comes."""
    found = standing(make_entry(1, Status.HELD, issues=(HOLD,), send_at=PASSED, zone=CHICAGO))
    assert found.next.startswith("it was due Mon, Nov 23, 4:30 AM CST and did not go")
    assert "before" not in standing(make_entry(1, provider_status_id=2, send_at=PASSED)).next


def test_a_wish_to_cancel_whose_time_has_passed_is_red_and_asks_whether_it_went_out() -> None:
    """Nothing is left to delete then, and nobody may read that it is still scheduled."""
    entry = make_entry(1, send_at=PASSED, cancel_why="wrong price")
    found = standing(entry)
    assert (found.word.tone, found.word.text) == ("bad", "to be cancelled, and its time has passed")
    assert found.next == "run campaign-batch reconcile: it says whether it went out"
    assert sentence(entry, found, CHICAGO, (), NOW).startswith("was due ")


def test_the_cause_of_what_is_kept_back_stands_in_its_reason() -> None:
    """The code that rows are put together by, the cell and the words of each cause."""
    found = standing(make_entry(1, Status.HELD, issues=(HOLD,), send_at=FAR))
    assert (found.cause, found.causes[0].cell, found.reason) == ("quiet-hours", "D9", HOLD.message)
    waits = Issue(4, "B", "MmsTemplateId", "template-pending", "template 31 is not approved yet", Level.HOLD)
    waiting = standing(make_entry(1, Status.WAITING, issues=(waits,), send_at=FAR))
    assert waiting.reason == "template 31 is not approved yet"


def test_what_was_cancelled_before_it_was_submitted_says_so() -> None:
    """No dashboard and no list had a part in it; a campaign that was there was deleted there."""
    never = standing(make_entry(1, Status.CANCELLED))
    assert never.reason == "cancelled before it was submitted: nothing was sent"
    there = standing(make_entry(1, Status.CANCELLED, provider_id="50001", attempts=1))
    assert there.reason.startswith("deleted in the dashboard")


def test_a_waiting_row_says_what_it_waits_for_and_what_to_do() -> None:
    """Also where the cause only is a warning; near its time somebody must see to it."""
    waits = Issue(4, "", "", "credits-short", "it needs 3 credits and 0 are left by then", Level.WARNING)
    found = standing(make_entry(1, Status.WAITING, issues=(waits,), send_at=AHEAD))
    assert (found.cause, found.reason) == ("credits-short", waits.message)
    assert found.next == "buy credits, then run campaign-batch resume"


@pytest.mark.parametrize(
    ("code", "value", "words"),
    [
        ("credits-short", "", "there were not enough credits"),
        ("group-empty", "100", "group 100 had no contacts"),
        ("template-not-approved", "10586", "MMS template 10586 was not approved"),
    ],
)
def test_what_a_row_waited_for_is_told_in_the_past_once_its_time_has_passed(code: str, value: str, words: str) -> None:
    """No advice that comes too late: "the row waits until ..." helps nobody then."""
    waits = Issue(4, "", "", code, "the row waits until it is there", Level.WARNING, value)
    assert standing(make_entry(1, Status.WAITING, issues=(waits,), send_at=PASSED)).reason == words


def test_what_was_sent_to_nobody_says_why_and_can_be_acknowledged() -> None:
    """Also where a comparison found it: told once, and what to do ends it."""
    finding = Finding(FindingKind.DRIFTED, GETS_IT[Status.SENT], *NO_CONTACTS[:1], 1, "50001", "Sale", "ContactsCount",
                      "412", "0", loud=True)  # fmt: skip
    sent = make_entry(1, Status.SENT, contacts_count=0, findings=(finding,), send_at=PASSED)
    found = standing(sent)
    assert found.reason == "it was sent to 0 contacts: the group was empty"
    assert found.next.endswith('then put it on the record: campaign-batch acknowledge 1 --why "..."')
    assert finding.mark == NO_CONTACTS


def test_a_finding_is_told_once_though_the_entry_tells_it_too() -> None:
    """The same words stand once among the causes."""
    same = Issue(2, "", "ContactsCount", "drifted", drift("ContactsCount").words, Level.WARNING)
    found = standing(make_entry(1, issues=(same,), findings=(drift("ContactsCount"),), send_at=FAR))
    assert len(found.causes) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"status": Status.SENT, "contacts_count": 412},
            "sent Mon, Dec 1, 2025, 9:00 AM CST to 412 contacts, 398 delivered, ",
        ),
        (
            {"status": Status.SENT, "contacts_count": 412, "cancel_why": "wrong price"},
            "went out although cancelled, Mon, Dec 1, 2025, 9:00 AM CST to 412 contacts, 398 delivered, 5 opted out",
        ),
        ({}, "was due Mon, Dec 1, 2025, 9:00 AM CST to 1,203 contacts, not yet seen as sent"),
        (
            {"provider_status_id": 1, "provider_status": "Pending"},
            "did not go, was due Mon, Dec 1, 2025, 9:00 AM CST: ",
        ),
        ({"status": Status.HELD, "issues": (HOLD,)}, "did not go, was due Mon, Dec 1, 2025, 9:00 AM CST: "),
        ({"status": Status.MISSING}, "not found at the provider (Id 50001), was due Mon, Dec 1"),
        ({"status": Status.REPLACED, "replaced_by": 9}, "fixed in entry 9; this version"),
        ({"status": Status.CANCELLED}, "cancelled, was for Mon, Dec 1"),
        ({"status": Status.IN_DOUBT}, "not sure it arrived, was for Mon, Dec 1"),
        (
            {"status": Status.INVALID, "send_at": None},
            "will not go as things stand, needs fixing, for a time that cannot be read",
        ),
        ({"status": Status.INVALID, "send_at": FAR}, "will not go as things stand, needs fixing, for "),
        ({"status": Status.REJECTED, "send_at": FAR}, "will not go as things stand, refused by the provider, for "),
        ({"status": Status.HELD, "send_at": FAR}, "waiting for a decision, for "),
        ({"status": Status.MISSING, "send_at": FAR}, "not found at the provider (Id 50001), due "),
        ({"status": Status.EXPIRED}, "did not go, too late, was for Mon, Dec 1, 2025, 9:00 AM CST: "),
    ],
)
def test_a_sentence_says_what_became_of_a_campaign(changes: dict[str, object], words: str) -> None:
    """Each standing has a sentence, with the local time of the row's own zone."""
    moment = NOW.replace(year=2025, month=12, day=1, hour=15, minute=0)
    entry = make_entry(1, **{"send_at": moment} | changes)  # type: ignore[arg-type]
    delivery = (DeliveryCount(2, "Delivered", 398), DeliveryCount(9, "Optedout", 5))
    assert sentence(entry, standing(entry), NEW_YORK, delivery, NOW).startswith(words)


def test_a_sentence_of_this_year_leaves_the_year_out() -> None:
    """The year stands only where it is another one."""
    sent = make_entry(1, Status.SENT, send_at=NOW, contacts_count=1)
    assert sentence(sent, standing(sent), CHICAGO, (), NOW) == "sent Mon, Nov 23, 9:30 AM CST to 1 contact"


def test_the_next_step_names_the_entry_and_the_id() -> None:
    """What a person has to type or to look for is filled in."""
    assert "campaign-batch resolve 8 --send" in standing(make_entry(8, Status.HELD)).next
    assert "Id 50017" in standing(make_entry(17, provider_status_id=2)).next
    assert standing(make_entry(1)).next == ""
    edited = Issue(4, "B", "Message", "edited-after-submission", "it was changed", Level.HOLD)
    held = standing(replace(make_entry(3, Status.HELD, issues=(edited,)), provider_id="")).next
    assert ("reconcile" in held, "delete the Id named above" in held) == (True, True)


def test_a_scheduled_campaign_can_need_attention() -> None:
    """No contacts, a count far from what was expected, or a wish to cancel are more than a remark."""
    assert standing(make_entry(1, contacts_count=0)).needs_attention
    assert standing(make_entry(1, issues=(APART,))).needs_attention
    assert standing(make_entry(1, cancel_why="wrong price")).needs_attention
    assert not standing(make_entry(1, issues=(replace(APART, code="no-opt-out"),))).needs_attention


@pytest.mark.parametrize(
    ("kind", "code", "loud", "looked_at"),
    [
        (FindingKind.MISSING, "missing", True, True),
        (FindingKind.DRIFTED, "went-out", True, True),
        (FindingKind.IN_DOUBT, "in-doubt", False, True),
        (FindingKind.MATCHED, "not-approved", False, True),
        (FindingKind.MATCHED, "status-moved", False, False),
        (FindingKind.MATCHED, "cancelled", False, False),
        (FindingKind.UNEXPECTED, "maybe-other-ledger", False, True),
        (FindingKind.UNEXPECTED, "not-counted", True, True),
        (FindingKind.UNEXPECTED, "made-elsewhere", False, False),
        (FindingKind.DRIFTED, "a-code-of-tomorrow", False, True),
    ],
)
def test_page_mail_and_exit_code_ask_one_question_of_a_finding(
    kind: FindingKind, code: str, loud: bool, looked_at: bool
) -> None:
    """What the exit code calls for a look stands on the page, too; a code that nobody knows yet needs a look."""
    finding = Finding(kind, "words", code, loud=loud)
    assert needs_look(finding) is looked_at
    assert (findings_for_people([finding]) == [finding]) is looked_at
    assert Comparison(findings=(finding,)).needs_look is looked_at


def test_what_went_out_stands_beside_what_the_sheet_says() -> None:
    """A manager reads the one difference, not two long texts."""
    ours = "Northwind Dallas: come in this weekend, everything in the store is 20% off until Sunday evening. Reply STOP"
    drift = Finding(
        FindingKind.DRIFTED, "x", "drifted", 1, "50001", "A", "Message", ours, ours.replace("20%", "30%"), loud=True
    )
    found = standing(make_entry(1, status=Status.SENT, send_at=PASSED, findings=(drift,)))
    first, second = "… the store is 20% off until Sunday …", "… the store is 30% off until Sunday …"
    assert found.reason == f'the sheet says "{first}", and "{second}" went out'
    assert "below" not in found.next


@pytest.mark.parametrize(
    ("first", "second", "cut"),
    [
        ("short", "shorter", ("short", "shorter")),
        ("a " * 60 + "b", "a " * 60 + "c", ("… a a a b", "… a a a c")),
        ("b " + "a " * 60, "c " + "a " * 60, ("b a a a …", "c a a a …")),
        ("a " * 60, "a " * 61, ("… a a a", "… a a a a")),
        ("a " * 60, "", ("a " * 59 + "a", "")),
    ],
)
def test_long_texts_are_cut_down_to_where_they_differ(first: str, second: str, cut: tuple[str, str]) -> None:
    """Three words before and after; what is alike at both ends is left out once."""
    assert excerpts(first, second) == cut
