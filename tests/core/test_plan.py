"""What becomes of each row: the identity table cell by cell, and what must hold for any sequence of files."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from core_support import (
    NOW,
    PAST,
    SOON,
    codes_of,
    decide,
    know,
    make_bad_row,
    make_issue,
    make_row,
    plan,
    plan_both_ways,
)
from examples_support import tries
from hypothesis import given
from hypothesis import strategies as st

from batch.core.identity import make_tag
from batch.model import Action, Checked, Decision, Issue, KnownEntry, Level, Status

ROW = make_row(reference="R1")
EDITED = make_row(message="30% off", reference="R1")
OVER = make_row(at=PAST, reference="R1")
FRESH = [Status.HELD, Status.WAITING, Status.INVALID, Status.EXPIRED]
DOUBT_CODES = ["held-twice", "looks-alike", "no-tag", "tried-often"]


def met(decision: Decision) -> tuple[Action, int | None, int | None]:
    return decision.action, decision.entry, decision.replaces


# The identity table, cell by cell.


BREAK, BLANKS = make_row(message="20%\noff", reference="R1"), make_row(message="20%\u00a0off", reference="R1")


@pytest.mark.parametrize("edited", [BREAK, BLANKS])
def test_an_edit_of_line_breaks_or_blanks_after_acceptance_is_an_edit(edited):
    """Key, fingerprint and tag are the same, and the phone shows another text."""
    assert edited.campaign.fingerprint == ROW.campaign.fingerprint
    decision = decide(edited, know(ROW, Status.ACCEPTED))
    assert (decision.action, codes_of(decision)) == (Action.HOLD, ["edited-after-submission"])
    assert 'text was "20% off", now "20%' in decision.issues[0].message
    doubt = decide(edited, know(ROW, Status.IN_DOUBT))
    assert (doubt.action, codes_of(doubt)) == (Action.HOLD, ["in-doubt"])


def test_what_such_an_edit_changed_can_be_seen():
    """A break is a sign, an odd blank has its name."""
    assert 'now "20%\u23ceoff"' in decide(BREAK, know(ROW, Status.ACCEPTED)).issues[0].message
    assert 'now "20%[no-break space]off"' in decide(BLANKS, know(ROW, Status.ACCEPTED)).issues[0].message


def test_such_an_edit_of_what_is_over_or_gone_is_what_it_was():
    """Sent is sent; what was deleted in order to be replaced is replaced; what was refused is tried anew."""
    over = make_row(message="20%\noff", at=PAST, reference="R1")
    assert decide(over, know(OVER, Status.SENT)).action is Action.SKIP
    assert decide(BREAK, know(ROW, Status.MISSING)).action is Action.SUBMIT
    assert met(decide(BREAK, know(ROW, Status.REJECTED))) == (Action.SUBMIT, None, 1)


@pytest.mark.parametrize("message", ["20% off", " 20% off\n", ""])
def test_what_nobody_can_see_is_no_edit(message):
    """Blanks around a text, the other sign for a line break; and a text that was forgotten cannot tell."""
    assert decide(ROW, know(ROW, Status.ACCEPTED)._replace(message=message)).action is Action.SKIP
    broken = know(BREAK, Status.ACCEPTED)._replace(message="20%\r\noff")
    assert decide(BREAK, broken).action is Action.SKIP


def test_of_two_entries_that_differ_so_the_row_meets_its_own():
    """Whichever is newer."""
    for numbers in ((1, 2), (2, 1)):
        one, two = (know(row, Status.ACCEPTED)._replace(id=id) for row, id in zip((ROW, BREAK), numbers, strict=True))
        assert met(decide(ROW, one, two)) == (Action.SKIP, one.id, None)
        assert met(decide(BREAK, one, two)) == (Action.SKIP, two.id, None)


def test_a_row_that_the_ledger_does_not_know_is_submitted():
    """With its tag, its name and its time as the provider will get them."""
    decision = decide(make_row())
    tag = make_tag("main", make_row().key, make_row().campaign.fingerprint)
    assert met(decision) == (Action.SUBMIT, None, None)
    assert (decision.tag, decision.provider_name) == (tag, f"Spring sale #{tag}")
    assert decision.send_at_provider == "2026-02-05 10:00:00"
    assert (decision.issues, decision.why) == ((), "")


def test_a_planned_row_is_submitted_in_the_entry_that_it_has():
    """It was about to go when the file came again."""
    assert met(decide(ROW, know(ROW, Status.PLANNED))) == (Action.SUBMIT, 1, None)


def test_a_planned_row_that_was_edited_goes_in_place_of_the_planned_one():
    """The older version never left."""
    assert met(decide(EDITED, know(ROW, Status.PLANNED))) == (Action.SUBMIT, None, 1)


@pytest.mark.parametrize("status", [Status.SUBMITTING, Status.IN_DOUBT])
def test_a_row_in_doubt_is_left_to_settle(status):
    """Nothing is planned again for it."""
    decision = decide(ROW, know(ROW, status))
    assert met(decision) == (Action.SETTLE, 1, None)
    assert decision.why == (
        'entry 1 may or may not have arrived at the provider: run "campaign-batch resume" to settle it'
    )


@pytest.mark.parametrize("status", [Status.SUBMITTING, Status.IN_DOUBT])
def test_an_edited_row_waits_while_its_older_version_is_in_doubt(status):
    """And neither a rule nor `--allow` lets it go."""
    decision = decide(EDITED, know(ROW, status), allowed=frozenset({"in-doubt"}), levels={"in-doubt": "off"})
    assert met(decision) == (Action.HOLD, None, None)
    assert codes_of(decision) == ["in-doubt"]
    assert decision.why == decision.issues[0].message
    assert "entry 1) may or may not have arrived" in decision.why
    assert decision.why.endswith('run "campaign-batch resume" to settle it; then hand the file in again')
    assert (decision.issues[0].column, decision.issues[0].value) == ("A", "Spring sale")


@pytest.mark.parametrize("code", DOUBT_CODES)
def test_what_settling_left_to_a_person_is_never_planned_anew(code):
    """It is held, but it may be at the provider: sending it again would text people twice."""
    entry = know(ROW, Status.HELD, last_codes=("quiet-hours", code))
    decision = decide(ROW, entry)
    assert met(decision) == (Action.SETTLE, 1, None)
    assert 'resolve 1 --accepted ID (or --not-sent) --why ..."' in decision.why
    edited = decide(EDITED, entry)
    assert (met(edited), codes_of(edited)) == ((Action.HOLD, None, None), ["in-doubt"])
    assert "look for it in the dashboard" in edited.why
    assert met(decide(make_bad_row(reference="R1"), entry)) == (Action.INVALID, None, None)


@pytest.mark.parametrize("status", FRESH)
def test_what_never_left_is_planned_anew_in_the_same_entry(status):
    """Held, waiting, invalid, expired: checked again."""
    assert met(decide(ROW, know(ROW, status))) == (Action.SUBMIT, 1, None)


@pytest.mark.parametrize("status", [*FRESH, Status.REJECTED])
def test_a_mended_row_takes_the_place_of_what_never_left(status):
    """The older version becomes `replaced`."""
    assert met(decide(EDITED, know(ROW, status))) == (Action.SUBMIT, None, 1)


def test_a_refused_row_stays_refused_until_a_person_sends_it_again():
    """The same payload would be refused again."""
    decision = decide(ROW, know(ROW, Status.REJECTED))
    assert met(decision) == (Action.REFUSED, 1, None)
    assert decision.why == (
        'the provider refused it before (entry 1): fix the row, or type "campaign-batch resolve 1 --send --why ..."'
    )


def test_an_accepted_row_is_skipped_and_its_id_said():
    """Its time is still to come. Warnings stay, a hold means nothing any more."""
    row = replace(ROW, issues=(make_issue("no-opt-out", Level.WARNING), make_issue("quiet-hours")))
    decision = decide(row, know(ROW, Status.ACCEPTED))
    assert met(decision) == (Action.SKIP, 1, None)
    assert decision.why == "already scheduled as 9001 (entry 1)"
    assert codes_of(decision) == ["no-opt-out"]


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.SENT])
def test_a_row_changed_after_it_was_scheduled_is_held_with_both_versions(status):
    """The API cannot change it, and sending it anew would text people twice."""
    other = make_row(message="30% off", groups=("101", "100"), at=SOON + timedelta(hours=1), reference="R1")
    decision = decide(other, know(ROW, status), levels={"edited-after-submission": "off"})
    assert met(decision) == (Action.HOLD, None, None)
    assert codes_of(decision) == ["edited-after-submission"]
    assert decision.why == (
        "this row was changed after it was scheduled as 9001 (entry 1): "
        'text was "20% off", now "30% off"; groups was "100", now "100, 101"; '
        'time was "Thu, Feb 5, 2026, 10:00 AM EST", now "Thu, Feb 5, 2026, '
        '11:00 AM EST". For a new sending give it a new Reference; for '
        'a correction delete 9001 in the dashboard, run "campaign-batch reconcile" and hand the file in again'
    )
    assert (decision.issues[0].field, decision.issues[0].column) == ("Message", "B")


def test_what_differs_may_be_what_the_plan_does_not_see():
    """Subject, picture, recipients are in the fingerprint only."""
    decision = decide(make_row(reference="R1", subject="Look"), know(ROW, Status.ACCEPTED))
    assert "subject, picture or type of recipients differ. For" in decision.why


def test_times_are_shown_in_the_zone_of_the_row():
    """Nobody in Chicago thinks in UTC."""
    other = make_row(at=SOON + timedelta(hours=1), reference="R1", zone="America/Chicago")
    assert (
        'time was "Thu, Feb 5, 2026, 9:00 AM CST", now "Thu, Feb 5, 2026, 10:00 AM CST"'
        in decide(other, know(ROW, Status.SENT)).why
    )
    timeless = decide(other, know(ROW, Status.SUBMITTING, send_at=None))
    assert timeless.action is Action.HOLD


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.SENT])
def test_a_row_of_the_past_that_went_out_is_skipped(status):
    """It is no error that its time has passed."""
    decision = decide(OVER, know(OVER, status))
    assert met(decision) == (Action.SKIP, 1, None)
    assert (decision.why, decision.issues) == ("already sent as 9001 (entry 1)", ())


def test_a_campaign_sent_before_its_time_is_said_to_be_sent():
    """The provider's list shows it so."""
    assert decide(ROW, know(ROW, Status.SENT)).why == "already sent as 9001 (entry 1)"


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.SENT])
def test_a_row_of_the_past_is_asked_about_when_others_are_new(status):
    """The commonest slip of a copied sheet: a date that was not changed."""
    first, second = plan([OVER, make_row("New", number=3)], [know(OVER, status)]).decisions
    assert met(first) == (Action.HOLD, None, None)
    assert codes_of(first) == ["date-not-changed"]
    assert first.why == (
        "this row is old (already sent as 9001 (entry 1)), while other rows of the file are new: "
        "did you forget to change its date? Fix the date, or remove the row from the sheet"
    )
    assert (first.issues[0].field, first.issues[0].value) == ("DateTime", "2026-01-29 15:00")
    assert first.tag
    assert second.action is Action.SUBMIT


@pytest.mark.parametrize("status", [Status.REJECTED, Status.MISSING, Status.CANCELLED])
def test_a_row_of_the_past_that_never_went_is_asked_about_too(status):
    """It is an old row anyway; alone it is skipped."""
    first, _ = plan([OVER, make_row("New", number=3)], [know(OVER, status)]).decisions
    assert codes_of(first) == ["date-not-changed"]
    assert met(decide(OVER, know(OVER, status))) == (Action.SKIP, 1, None)
    assert "its time has passed" in decide(OVER, know(OVER, status)).why


def test_the_question_about_an_old_date_stays_open_when_the_file_comes_again():
    """Nothing of it is new any more by then, and still nobody has answered."""
    new = make_row("New", number=3)
    asked = know(OVER, Status.EXPIRED, 2, last_codes=("date-not-changed",))
    first, second = plan([OVER, new], [know(OVER, Status.SENT), asked, know(new, Status.ACCEPTED, 3)]).decisions
    assert (met(first), met(second)) == ((Action.HOLD, 2, None), (Action.SKIP, 3, None))


def test_no_question_about_an_old_date_when_the_other_rows_are_mended_ones():
    """A sheet that comes again in the middle of its week is no copied sheet."""
    mended = make_row("Other", message="fixed", reference="R2", number=3)
    known = [know(OVER, Status.SENT), know(make_row("Other", reference="R2"), Status.HELD, 2)]
    assert [one.action for one in plan([OVER, mended], known).decisions] == [Action.SKIP, Action.SUBMIT]
    known[1] = know(mended, Status.HELD, 2)
    assert [one.action for one in plan([OVER, mended], known).decisions] == [Action.SKIP, Action.SUBMIT]
    known[1] = know(make_row("Other", at=PAST, reference="R2"), Status.MISSING, 2)
    assert [one.action for one in plan([OVER, mended], known).decisions] == [Action.SKIP, Action.SUBMIT]
    known[1] = know(make_row("Other", reference="R2"), Status.ACCEPTED, 2)
    assert [one.action for one in plan([OVER, mended], known).decisions] == [Action.SKIP, Action.HOLD]


def test_a_key_used_again_counts_as_new_beside_an_old_date():
    """With References the copied sheet shows so."""
    again = make_row("Other", reference="R2", number=3)
    known = [know(OVER, Status.SENT), know(make_row("Other", at=PAST, reference="R2"), Status.SENT, 2)]
    assert [one.action for one in plan([OVER, again], known).decisions] == [Action.HOLD, Action.SUBMIT]


@pytest.mark.parametrize(
    ("level", "action"), [("error", Action.INVALID), ("warning", Action.SKIP), ("off", Action.SKIP)]
)
def test_the_rules_say_how_much_an_old_date_weighs(level, action):
    """And so does a person, with --allow."""
    rows, known = [OVER, make_row("New", number=3)], [know(OVER, Status.SENT)]
    assert plan(rows, known, levels={"date-not-changed": level}).decisions[0].action is action
    let_go = plan(rows, known, allowed=frozenset({"date-not-changed"})).decisions[0]
    assert (let_go.action, codes_of(let_go, Level.WARNING)) == (Action.SKIP, ["date-not-changed"])


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.SENT])
def test_a_key_is_free_again_once_its_time_has_passed(status):
    """A Reference may be used every week."""
    assert met(decide(ROW, know(OVER, status))) == (Action.SUBMIT, None, None)


def test_a_time_that_is_just_now_has_passed():
    """To the second."""
    now = know(make_row(at=NOW, reference="R1"), Status.ACCEPTED)
    assert decide(ROW, now).action is Action.SUBMIT
    assert decide(make_row(at=NOW, reference="R1"), now).why == "already sent as 9001 (entry 1)"


@pytest.mark.parametrize("status", [Status.MISSING, Status.CANCELLED])
def test_a_row_deleted_in_the_dashboard_is_held(status):
    """Somebody did not want it to go."""
    decision = decide(ROW, know(ROW, status))
    assert (met(decision), codes_of(decision)) == ((Action.HOLD, None, None), ["deleted-in-dashboard"])
    assert decision.why == (
        "this campaign was scheduled as 9001 (entry 1) and is not at the provider any more: to send it after all, "
        'type "campaign-batch submit FILE --allow deleted-in-dashboard"; else remove the row'
    )
    allowed = decide(ROW, know(ROW, status), allowed=frozenset({"deleted-in-dashboard"}))
    assert (allowed.action, codes_of(allowed, Level.WARNING)) == (Action.SUBMIT, ["deleted-in-dashboard"])


def test_a_row_dropped_by_a_person_is_held_too():
    """It never was at the provider, and the words say so."""
    decision = decide(ROW, know(ROW, Status.CANCELLED, provider_id=""))
    assert codes_of(decision) == ["deleted-in-dashboard"]
    assert "was dropped before it was submitted (entry 1): to" in decision.why


def test_a_deleted_row_is_held_the_second_time_too():
    """The entry that holds it is not what decides."""
    known = [know(ROW, Status.MISSING), know(ROW, Status.HELD, 2, last_codes=("deleted-in-dashboard",))]
    decision = decide(ROW, *known)
    assert (met(decision), codes_of(decision)) == ((Action.HOLD, 2, None), ["deleted-in-dashboard"])


@pytest.mark.parametrize("status", [Status.MISSING, Status.CANCELLED])
def test_a_corrected_row_goes_once_the_old_one_is_deleted(status):
    """It was deleted there in order to be replaced; the deleted entry stays what it is."""
    assert met(decide(EDITED, know(ROW, status))) == (Action.SUBMIT, None, None)


# Which of several entries decides.


def test_the_same_sending_decides_before_a_newer_version():
    """A row put back to what is scheduled is skipped, and the version that was held is done with."""
    known = [know(ROW, Status.ACCEPTED), know(EDITED, Status.HELD, 2)]
    assert met(decide(ROW, *known)) == (Action.SKIP, 1, 2)
    assert met(decide(EDITED, *known)) == (Action.HOLD, 2, None)
    known = [know(ROW, Status.IN_DOUBT), know(EDITED, Status.HELD, 2)]
    assert met(decide(ROW, *known)) == (Action.SETTLE, 1, 2)
    known = [know(ROW, Status.REJECTED), know(EDITED, Status.HELD, 2)]
    assert met(decide(ROW, *known)) == (Action.REFUSED, 1, 2)


def test_what_may_yet_go_out_decides_before_what_is_gone():
    """Whatever order they came in."""
    gone, other = know(ROW, Status.MISSING), make_row(message="other", reference="R1")
    assert codes_of(decide(ROW, gone, know(other, Status.ACCEPTED, 2))) == ["edited-after-submission"]
    assert codes_of(decide(ROW, know(other, Status.ACCEPTED), gone._replace(id=2))) == ["edited-after-submission"]
    both = [know(other, Status.ACCEPTED), know(EDITED, Status.IN_DOUBT, 2)]
    assert codes_of(decide(ROW, *both)) == ["in-doubt"]
    assert decide(EDITED, know(other, Status.IN_DOUBT), know(EDITED, Status.SENT, 2)).action is Action.SKIP


def test_what_decides_does_not_depend_on_which_came_last():
    """The same sending, a doubt, what is scheduled, what is gone, what was refused: in this order."""
    other = make_row(message="other", reference="R1")
    assert met(decide(ROW, know(ROW, Status.SENT), know(EDITED, Status.ACCEPTED, 2))) == (Action.SKIP, 1, None)
    doubt = decide(ROW, know(EDITED, Status.IN_DOUBT), know(other, Status.ACCEPTED, 2))
    assert codes_of(doubt) == ["in-doubt"]
    gone = decide(ROW, know(ROW, Status.MISSING), know(OVER, Status.SENT, 2))
    assert codes_of(gone) == ["deleted-in-dashboard"]
    assert met(decide(ROW, know(ROW, Status.REJECTED), know(other, Status.CANCELLED, 2))) == (Action.REFUSED, 1, None)


def test_of_equals_the_newest_decides_and_gives_its_place():
    """The order in which the ledger hands them over does not matter."""
    known = [know(ROW, Status.SENT, 3), know(ROW, Status.SENT, 2)]
    assert decide(ROW, *known).entry == 3
    assert met(decide(EDITED, know(ROW, Status.HELD, 3), know(ROW, Status.HELD, 2))) == (Action.SUBMIT, None, 3)


def test_a_place_of_the_same_content_comes_before_a_newer_one():
    """What a person let go for it is kept."""
    known = [know(ROW, Status.HELD, 1, released=("quiet-hours",)), know(EDITED, Status.INVALID, 2)]
    row = replace(ROW, issues=(make_issue("quiet-hours"),))
    assert met(decide(row, *known)) == (Action.SUBMIT, 1, None)


@pytest.mark.parametrize("going", [Status.PLANNED, Status.WAITING])
def test_another_version_that_would_go_by_itself_always_gives_way(going):
    """Whatever else the row finds to take: two of one key would go out."""
    known = [know(EDITED, going), know(make_bad_row(reference="R1"), Status.INVALID, 2)]
    assert met(decide(ROW, *known)) == (Action.SUBMIT, None, 1)
    known = [know(EDITED, going), know(ROW, Status.HELD, 2)]
    assert met(decide(ROW, *known)) == (Action.SUBMIT, 2, 1)
    assert met(decide(EDITED, *known)) == (Action.SUBMIT, 1, None)
    known = [know(ROW, Status.ACCEPTED), know(EDITED, going, 2), know(ROW, Status.HELD, 3)]
    assert met(decide(ROW, *known)) == (Action.SKIP, 1, 2)


def test_a_refused_entry_gives_its_place_only_while_it_is_the_newest():
    """Later ones of its key tell more."""
    known = [know(ROW, Status.REJECTED), know(OVER, Status.SENT, 2)]
    assert met(decide(EDITED, *known)) == (Action.SUBMIT, None, None)


def test_a_place_is_taken_by_one_row_only():
    """Two rows of one key: the second one makes an entry of its own."""
    bad, worse = make_bad_row(reference="R1"), make_bad_row(reference="R1", number=3)
    assert [met(one)[1:] for one in plan([bad, worse], [know(bad, Status.INVALID)]).decisions] == [
        (1, None),
        (None, None),
    ]
    refused = plan([bad, worse], [know(ROW, Status.REJECTED)]).decisions
    assert [met(one)[1:] for one in refused] == [(None, 1), (None, None)]


def test_a_skipped_row_leaves_its_place_to_the_row_that_repeats_it():
    """So a file dropped many times makes no entry more."""
    twin = make_bad_row(reference="R1", number=3)
    for status, action in ((Status.ACCEPTED, Action.SKIP), (Status.REJECTED, Action.REFUSED)):
        known = [know(ROW, status), know(twin, Status.INVALID, 2)]
        first, second = plan([ROW, twin], known).decisions
        assert (met(first), met(second)) == ((action, 1, None), (Action.INVALID, 2, None))


# Rows with errors, times, marks, and what people let go.


def test_a_row_with_errors_is_invalid_in_an_entry_of_its_own():
    """And again in the same one; the planned version of it is withdrawn."""
    bad = make_bad_row(reference="R1")
    assert met(decide(bad)) == (Action.INVALID, None, None)
    assert decide(bad).why == "words about groups-missing"
    assert (decide(bad).tag, decide(bad).provider_name, decide(bad).send_at_provider) == ("", "", "")
    assert met(decide(bad, know(bad, Status.INVALID))) == (Action.INVALID, 1, None)
    assert met(decide(bad, know(ROW, Status.PLANNED))) == (Action.INVALID, None, 1)
    assert met(decide(bad, know(ROW, Status.ACCEPTED))) == (Action.INVALID, None, None)


def test_a_new_row_whose_time_has_gone_by_is_invalid():
    """A known one that changed into the past too."""
    assert (decide(OVER).action, codes_of(decide(OVER))) == (Action.INVALID, ["time-past"])
    edited = decide(OVER, know(ROW, Status.ACCEPTED))
    assert (edited.action, codes_of(edited)) == (Action.INVALID, ["time-past", "edited-after-submission"])
    assert edited.why == "words about time-past"


def test_an_error_that_leaves_the_campaign_keeps_the_row_here():
    """Too close to its time."""
    row = replace(ROW, issues=(make_issue("lead-time", Level.ERROR),))
    assert met(decide(row, know(ROW, Status.PLANNED))) == (Action.INVALID, 1, None)


def test_a_hold_of_the_checks_holds_the_row():
    """Its words are the reason, unless the plan has a weightier one."""
    row = replace(ROW, issues=(make_issue("emoji", Level.WARNING), make_issue("quiet-hours")))
    assert (decide(row).action, decide(row).why) == (Action.HOLD, "words about quiet-hours")
    assert decide(row, know(ROW, Status.MISSING)).why.startswith("this campaign was scheduled as")


def test_a_code_is_let_go_for_one_run_and_becomes_a_warning():
    """With --allow; an error is never softened."""
    row = replace(ROW, issues=(make_issue("quiet-hours"), make_issue("b")))
    decision = decide(row, allowed=frozenset({"quiet-hours"}))
    assert (codes_of(decision, Level.WARNING), codes_of(decision, Level.HOLD)) == (["quiet-hours"], ["b"])
    bad = replace(ROW, issues=(make_issue("lead-time", Level.ERROR),))
    assert decide(bad, allowed=frozenset({"lead-time"})).action is Action.INVALID


def test_what_a_person_let_go_counts_for_this_very_content():
    """Edited, the row asks again."""
    held = know(ROW, Status.HELD, released=("quiet-hours",))
    hold = (make_issue("quiet-hours"),)
    assert met(decide(replace(ROW, issues=hold), held)) == (Action.SUBMIT, 1, None)
    assert met(decide(replace(EDITED, issues=hold), held)) == (Action.HOLD, None, 1)


def test_a_correction_that_a_person_sent_goes_beside_the_scheduled_one():
    """`resolve --send` is an answer; the file dropped again does not take it back."""
    known = [know(ROW, Status.ACCEPTED), know(EDITED, Status.PLANNED, 2, released=("edited-after-submission",))]
    assert met(decide(EDITED, *known)) == (Action.SUBMIT, 2, None)


def test_what_is_planned_is_not_held_again_for_what_was_let_go_when_it_was_planned():
    """A run with --allow that was killed goes on."""
    known = [know(ROW, Status.CANCELLED), know(ROW, Status.PLANNED, 2, last_codes=("deleted-in-dashboard",))]
    assert met(decide(ROW, *known)) == (Action.SUBMIT, 2, None)


def test_a_row_that_is_let_go_still_passes_the_guards():
    """Being a correction does not make it the only one."""
    twin = make_row("Other", message="30% off", number=3)
    allowed = frozenset({"edited-after-submission"})
    first, second = plan([EDITED, twin], [know(ROW, Status.ACCEPTED)], allowed=allowed).decisions
    assert first.action is Action.SUBMIT
    assert codes_of(second) == ["same-text-same-groups-same-time"]


@pytest.mark.parametrize(
    ("level", "action", "codes"),
    [
        ("error", Action.INVALID, ["same-text-same-groups-same-time"]),
        ("hold", Action.HOLD, ["same-text-same-groups-same-time"]),
        ("warning", Action.SUBMIT, ["same-text-same-groups-same-time"]),
        ("off", Action.SUBMIT, []),
    ],
)
def test_the_rules_say_how_much_a_code_of_the_plan_weighs(level, action, codes):
    """A code of the checks has had its level from them already."""
    rows = [ROW, make_row("Other", number=3)]
    decision = plan(rows, levels={"same-text-same-groups-same-time": level}).decisions[1]
    assert (decision.action, codes_of(decision)) == (action, codes)
    row = replace(ROW, issues=(make_issue("quiet-hours"),))
    assert decide(row, levels={"quiet-hours": "off"}).action is Action.HOLD


@pytest.mark.parametrize("level", ["error", "warning", "off"])
def test_no_rule_softens_what_may_be_a_second_sending(level):
    """A person decides it for each row, with --allow and its question."""
    decision = decide(ROW, know(ROW, Status.MISSING), levels={"deleted-in-dashboard": level})
    assert (decision.action, codes_of(decision)) == (Action.HOLD, ["deleted-in-dashboard"])
    allowed = decide(ROW, know(ROW, Status.MISSING), allowed=frozenset({"deleted-in-dashboard"}))
    assert allowed.action is Action.SUBMIT


def test_a_row_waits_for_what_the_sheet_cannot_change():
    """The first cause is the reason."""
    waits = (make_issue("template-not-approved", Level.WARNING), make_issue("group-empty", Level.WARNING))
    row = replace(ROW, campaign=replace(ROW.campaign, waits=waits))
    decision = decide(row, know(ROW, Status.WAITING))
    assert (met(decision), decision.why) == ((Action.WAIT, 1, None), "words about template-not-approved")
    assert decide(replace(row, issues=(make_issue("quiet-hours"),))).action is Action.HOLD


def test_a_name_without_a_tag_is_cut_at_its_longest():
    """Where tags are switched off."""
    decision = decide(make_row("Spring sale of coats"), tag_names=False, max_name=12)
    assert (decision.tag, decision.provider_name) == ("", "Spring sale")
    assert decide(make_row(), tag_names=False).provider_name == "Spring sale"
    assert decide(make_row("Spring sale of coats"), max_name=21).provider_name.startswith("Spring sale #")


def test_the_account_is_in_the_tag_and_the_zone_in_the_time():
    """Two accounts never share a tag."""
    decision = decide(make_row(), account="other", provider_zone="Etc/GMT+5")
    assert decision.tag == make_tag("other", make_row().key, make_row().campaign.fingerprint)
    assert decide(make_row(at=SOON + timedelta(days=180)), provider_zone="Etc/GMT+5").send_at_provider == (
        "2026-08-04 10:00:00"
    )


# Cancel.


def cancelled(row: Checked) -> Checked:
    return replace(row, campaign=replace(row.campaign, cancel=True))


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.SUBMITTING, Status.IN_DOUBT])
@pytest.mark.parametrize("row", [ROW, EDITED])
def test_a_cancelled_row_that_is_at_the_provider_is_left_to_a_person(status, row):
    """Whatever its cells say now: the API cannot delete it."""
    decision = decide(cancelled(row), know(ROW, status))
    assert met(decision) == (Action.SKIP, 1, None)
    assert (
        decision.why
        == f"marked Cancel; it is at the provider as {'9001' if status is Status.ACCEPTED else 'not sure'} (entry 1)"
    )


def test_a_cancelled_row_takes_its_open_correction_with_it():
    """Nothing of that row may go any more."""
    known = [know(ROW, Status.ACCEPTED), know(EDITED, Status.HELD, 2)]
    assert met(decide(cancelled(ROW), *known)) == (Action.SKIP, 1, 2)


@pytest.mark.parametrize("status", [*FRESH, Status.PLANNED])
def test_a_cancelled_row_that_never_left_is_dropped(status):
    """In its own entry, or in place of the older version."""
    assert met(decide(cancelled(ROW), know(ROW, status))) == (Action.CANCEL, 1, None)
    assert met(decide(cancelled(EDITED), know(ROW, status))) == (Action.CANCEL, None, 1)
    assert decide(cancelled(ROW), know(ROW, status)).why == "marked Cancel before it was submitted"


def test_a_cancelled_row_that_nobody_knows_is_noted_once():
    """Dropped again it makes no other entry."""
    assert met(decide(cancelled(ROW))) == (Action.CANCEL, None, None)
    again = decide(cancelled(ROW), know(ROW, Status.CANCELLED, provider_id=""))
    assert (met(again), again.why) == ((Action.SKIP, 1, None), "marked Cancel; it was cancelled before (entry 1)")
    assert met(decide(cancelled(ROW), know(ROW, Status.MISSING), know(ROW, Status.HELD, 2))) == (Action.CANCEL, 2, None)
    assert met(decide(cancelled(ROW), know(ROW, Status.REJECTED))) == (Action.CANCEL, None, 1)


def test_a_cancelled_row_of_the_past_is_no_question_about_its_date():
    """It went out, or it did not; nobody copies a cancelled row to send it."""
    first, _ = plan([cancelled(OVER), make_row("New", number=3)], [know(OVER, Status.SENT)]).decisions
    assert met(first) == (Action.SKIP, 1, None)
    assert met(decide(cancelled(ROW), know(OVER, Status.SENT))) == (Action.CANCEL, None, None)


# RowIds of sheets that were handed back.


def name_entry(row: Checked, entry: KnownEntry, *others: Checked) -> list[Decision]:
    from batch.core.plan import PlanRules

    rules = PlanRules(file="other.xlsx")
    named = {row.row.number: entry.id}
    return list(plan_both_ways([row, *others], [entry], [], named, rules).decisions)


@pytest.mark.parametrize("status", [Status.INVALID, Status.HELD, Status.REJECTED, Status.PLANNED])
def test_a_mended_row_takes_the_place_of_the_entry_that_its_row_id_names(status):
    """Its key changed with its name."""
    assert met(name_entry(make_row("Mended"), know(make_row("Mendde"), status))[0]) == (Action.SUBMIT, None, 1)


def test_a_renamed_row_that_is_at_the_provider_counts_as_edited():
    """With a new name it would be sent a second time."""
    decision = name_entry(make_row("Mended"), know(make_row("Mendde"), Status.ACCEPTED))[0]
    assert codes_of(decision)[0] == "edited-after-submission"
    assert 'name was "Mendde", now "Mended"' in decision.why


def test_a_row_id_that_was_copied_with_its_row_speaks_of_the_other_row():
    """People copy a row to make the next one."""
    original = make_row("Original", number=3)
    first, second = name_entry(make_row("Copy", message="other"), know(original, Status.ACCEPTED), original)
    assert (met(first), met(second)) == ((Action.SUBMIT, None, None), (Action.SKIP, 1, None))


def test_a_row_id_of_an_entry_that_is_not_known_here_says_nothing():
    """The plan looks only at what it was given."""
    from batch.core.plan import PlanRules

    decisions = plan_both_ways([ROW], [], [], {2: 77}, PlanRules()).decisions
    assert met(decisions[0]) == (Action.SUBMIT, None, None)


# Too many errors.


def bad_rows(bad: int, good: int) -> list[Checked]:
    rows = [make_bad_row(f"Bad {number}", number=number + 2) for number in range(bad)]
    return [*rows, *(make_row(f"Good {n}", message=f"text {n}", number=bad + n + 2) for n in range(good))]


@pytest.mark.parametrize(("bad", "good", "stopped"), [(2, 1, False), (3, 12, False), (3, 11, True), (4, 1, True)])
def test_three_bad_rows_and_more_than_a_fifth_stop_the_file(bad, good, stopped):
    """The good rows are held; exactly a fifth is not more than that."""
    decisions = plan(bad_rows(bad, good)).decisions
    assert {one.action for one in decisions[bad:]} == {Action.HOLD if stopped else Action.SUBMIT}
    assert {one.action for one in decisions[:bad]} == {Action.INVALID}


def test_the_words_of_a_stopped_file_say_how_many():
    """And how to go on."""
    decision = plan(bad_rows(3, 1)).decisions[3]
    assert codes_of(decision) == ["too-many-errors"]
    assert decision.why == (
        "3 of 4 rows have errors, so none of this file is sent: fix them and hand the file in again, or send the good "
        'rows with "campaign-batch submit FILE --allow too-many-errors"'
    )
    assert decision.issues[0].row == 5


def test_all_or_nothing_stops_at_one_bad_row():
    """And not without one."""
    assert plan(bad_rows(1, 9), all_or_nothing=True).decisions[9].action is Action.HOLD
    assert plan(bad_rows(0, 3), all_or_nothing=True).decisions[0].action is Action.SUBMIT


def test_a_stopped_file_leaves_alone_what_does_not_go_anyway():
    """Skipped and held rows keep their reason; waiting ones are held."""
    known = make_row("Known", message="known", reference="R9", number=9)
    held = replace(make_row("Held", message="held", number=10), issues=(make_issue("quiet-hours"),))
    waiting = make_row("Waits", message="waits", number=11)
    waiting = replace(waiting, campaign=replace(waiting.campaign, waits=(make_issue("group-empty"),)))
    decisions = plan([*bad_rows(3, 0), known, held, waiting], [know(known, Status.ACCEPTED)]).decisions
    assert [one.action for one in decisions[3:]] == [Action.SKIP, Action.HOLD, Action.HOLD]
    assert [codes_of(one) for one in decisions[3:]] == [[], ["quiet-hours"], ["too-many-errors"]]


@pytest.mark.parametrize(
    ("rules", "action", "codes"),
    [
        ({"allowed": frozenset({"too-many-errors"})}, Action.SUBMIT, ["too-many-errors"]),
        ({"levels": {"too-many-errors": "warning"}}, Action.SUBMIT, ["too-many-errors"]),
        ({"levels": {"too-many-errors": "off"}}, Action.SUBMIT, []),
        ({"levels": {"too-many-errors": "error"}}, Action.INVALID, ["too-many-errors"]),
        ({"stop_above": 0.75}, Action.SUBMIT, []),
    ],
)
def test_a_file_with_many_errors_is_let_go_by_a_person_or_a_rule(rules, action, codes):
    """A rule that makes it an error never lets it go."""
    decision = plan(bad_rows(3, 1), **rules).decisions[3]
    assert (decision.action, codes_of(decision)) == (action, codes)
    assert decision.why == ("" if action is Action.SUBMIT else decision.issues[0].message)


def test_what_a_person_let_go_stays_let_go_in_a_file_with_errors():
    """The level is given once, not again for each reason."""
    row = replace(ROW, row=replace(ROW.row, number=9), issues=())
    known = know(row, Status.MISSING)
    held = know(row, Status.HELD, 2, released=("deleted-in-dashboard",))
    decision = plan(
        [*bad_rows(3, 0), row], [known, held], levels={"deleted-in-dashboard": "hold"},
        allowed=frozenset({"too-many-errors"}),
    ).decisions[3]  # fmt: skip
    assert (decision.action, codes_of(decision, Level.HOLD)) == (Action.SUBMIT, [])


# Any sequence of files.

STATUS_OF = {
    Action.SUBMIT: Status.PLANNED,
    Action.HOLD: Status.HELD,
    Action.WAIT: Status.WAITING,
    Action.INVALID: Status.INVALID,
    Action.CANCEL: Status.CANCELLED,
}


class Matches:
    """The ledger and the provider as far as the plan sees them, in memory."""

    def __init__(self) -> None:
        self.entries: dict[int, KnownEntry] = {}
        self.sent: list[tuple[str, str]] = []
        self.arrived: list[int] = []

    def drop(self, rows: list[Checked], allowed: frozenset[str] = frozenset()) -> list[Decision]:
        known = [entry for entry in self.entries.values() if entry.status is not Status.REPLACED]
        decisions = list(plan(rows, known, allowed=allowed).decisions)
        assert len(decisions) == len(rows)
        self._check_places(decisions)
        for decision in decisions:
            self._apply(decision)
        return decisions

    def submit(self, ends: list[Status]) -> None:
        """Send what is planned, each with the end that the provider has for it."""
        planned = [entry for entry in self.entries.values() if entry.status is Status.PLANNED]
        for entry, end in zip(planned, ends * len(planned), strict=False):
            if end in {Status.ACCEPTED, Status.IN_DOUBT}:
                self.sent.append((entry.key, entry.fingerprint))
                self.arrived.append(entry.id)
            changes = {"provider_id": str(9000 + entry.id)} if end is Status.ACCEPTED else {}
            self.entries[entry.id] = entry._replace(status=end, **changes)

    def is_gone(self, number: int) -> bool:
        """Whether somebody deleted it at the provider."""
        return self.entries[number].status in {Status.MISSING, Status.CANCELLED}

    def _check_places(self, decisions: list[Decision]) -> None:
        placed = [one.entry for one in decisions if one.action in STATUS_OF and one.entry is not None]
        taken = [*placed, *(one.replaces for one in decisions if one.replaces is not None)]
        assert len(taken) == len(set(taken))
        for number in taken:
            assert self.entries[number].status in {*FRESH, Status.PLANNED, Status.REJECTED}
            assert not set(self.entries[number].last_codes) & set(DOUBT_CODES)

    def _apply(self, decision: Decision) -> None:
        if decision.replaces is not None:
            self.entries[decision.replaces] = self.entries[decision.replaces]._replace(status=Status.REPLACED)
        if decision.action not in STATUS_OF:
            return
        number = decision.entry or len(self.entries) + 1
        released = self.entries[number].released if decision.entry else ()
        codes = tuple(codes_of(decision))
        entry = know(decision.checked, STATUS_OF[decision.action], number, last_codes=codes, released=released)
        self.entries[number] = entry._replace(provider_id="", tag=decision.tag)


def _some_row(*, name, message, groups, hours, reference, bad, hold, cancel) -> Checked:
    at = NOW + timedelta(hours=hours)
    if bad:
        return make_bad_row(name, at=at, reference=reference)
    issues: tuple[Issue, ...] = (make_issue("quiet-hours"),) if hold else ()
    row = make_row(name, message=message, groups=groups, at=at, reference=reference, issues=issues)
    return cancelled(row) if cancel else row


some_rows = st.builds(
    _some_row,
    name=st.sampled_from(["A", "B"]),
    message=st.sampled_from(["x", "y"]),
    groups=st.sampled_from([("1",), ("1", "2")]),
    hours=st.sampled_from([-50, 1, 2, 30]),
    reference=st.sampled_from(["", "R1", "R2"]),
    bad=st.sampled_from([False, False, False, True]),
    hold=st.sampled_from([False, False, True]),
    cancel=st.sampled_from([False, False, False, True]),
)


@st.composite
def files(draw) -> list[Checked]:
    """Rows as the checks leave them: of one key at most one has a campaign."""
    rows, keys = [], set()
    for number, row in enumerate(draw(st.lists(some_rows, max_size=6)), start=2):
        repeated = row.campaign is not None and row.key in keys
        kept = replace(row, campaign=None, issues=(make_issue("row-repeated", Level.ERROR),)) if repeated else row
        rows.append(replace(kept, row=replace(kept.row, number=number)))
        keys.add(row.key)
    return rows


ENDS = [Status.ACCEPTED, Status.ACCEPTED, Status.IN_DOUBT, Status.REJECTED, Status.PLANNED]
LATER = {
    Status.ACCEPTED: [Status.ACCEPTED, Status.SENT, Status.MISSING, Status.CANCELLED],
    Status.IN_DOUBT: [Status.IN_DOUBT, Status.ACCEPTED, Status.HELD],
    Status.HELD: [Status.HELD, Status.EXPIRED, Status.CANCELLED],
    Status.SENT: [Status.SENT],
}


@tries(150)
@given(st.data(), st.lists(files(), min_size=1, max_size=4))
def test_no_sequence_of_files_sends_one_sending_twice(data, dropped):
    """Each row is decided on, each place is taken once, and the same file dropped again submits nothing."""
    matches = Matches()
    for rows in dropped:
        matches.drop(rows)
        matches.submit(data.draw(st.lists(st.sampled_from(ENDS), min_size=1, max_size=3)))
        for number, entry in matches.entries.items():
            follows = LATER.get(entry.status, [entry.status])
            if entry.status is Status.HELD and set(entry.last_codes) & set(DOUBT_CODES):
                follows = [Status.HELD, Status.CANCELLED]  # what may have gone out is never called too late
            later = data.draw(st.sampled_from(follows))
            doubt = ("looks-alike",) if (entry.status, later) == (Status.IN_DOUBT, Status.HELD) else entry.last_codes
            matches.entries[number] = entry._replace(status=later, last_codes=doubt)
        assert len(matches.sent) == len(set(matches.sent))
        there = [matches.entries[number].fingerprint for number in matches.arrived if not matches.is_gone(number)]
        assert len(there) == len(set(there))


@tries(150)
@given(files(), st.lists(st.sampled_from([Status.ACCEPTED, Status.IN_DOUBT]), min_size=1, max_size=3))
def test_the_same_file_dropped_again_submits_nothing(rows, ends):
    """And from the second time on it makes no entry either."""
    matches = Matches()
    matches.drop(rows)
    matches.submit(ends)
    again = matches.drop(rows)
    assert not [one for one in again if one.action in {Action.SUBMIT, Action.WAIT}]
    count = len(matches.entries)
    matches.drop(rows)
    assert len(matches.entries) == count
