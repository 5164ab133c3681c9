"""Which rows of a file that is dropped again are set aside; that the plan is the same, every test of it holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from core_support import NOW, PAST, SOON, in_brief, know, make_bad_row, make_issue, make_row

from batch.core.unchanged import Unchanged
from batch.model import Action, Checked, KnownEntry, Level, Listed, Status

ROW = make_row(reference="R1")
ABOUT = make_row(reference="R1", subject="A B")
OTHER = make_row("Summer sale", message="30% off", number=3)


def set_aside(rows: list[Checked], *known: KnownEntry, **how) -> set[int]:
    return Unchanged(rows, NOW, **how).set_aside([in_brief(entry) for entry in known])


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.SENT])
def test_a_row_that_is_there_and_says_the_same_is_set_aside(status: Status) -> None:
    """With the decision that the plan would come to."""
    warned = replace(ROW, issues=(make_issue("no-opt-out", Level.WARNING), make_issue("quiet-hours")))
    unchanged = Unchanged([OTHER, warned], NOW)
    assert unchanged.set_aside([in_brief(know(ROW, status, 7, batch=4))]) == {7}
    assert (warned in unchanged, OTHER in unchanged, unchanged.batches) == (True, False, {4})
    assert list(unchanged.fingerprints()) == [OTHER.campaign.fingerprint]
    decision = unchanged.decide(warned)
    assert decision is not None
    assert (decision.action, decision.entry, decision.replaces) == (Action.SKIP, 7, None)
    assert decision.why == f"already {'scheduled' if status is Status.ACCEPTED else 'sent'} as 9007 (entry 7)"
    assert [issue.code for issue in decision.issues] == ["no-opt-out"]
    assert unchanged.decide(OTHER) is None


def test_a_row_that_a_later_check_remarked_on_is_decided_as_it_stands_then() -> None:
    """Its warnings are told."""
    unchanged = Unchanged([ROW], NOW)
    unchanged.set_aside([in_brief(know(ROW, Status.ACCEPTED))])
    remarked = replace(ROW, issues=(make_issue("row-id-unknown", Level.WARNING),))
    decision = unchanged.decide(remarked)
    assert decision is not None
    assert (decision.checked, decision.issues) == (remarked, remarked.issues)


@pytest.mark.parametrize("status", [one for one in Status if one not in {Status.ACCEPTED, Status.SENT}])
def test_what_is_not_there_is_for_the_plan(status: Status) -> None:
    """It may go, or may have gone, or somebody has to decide."""
    assert set_aside([ROW], know(ROW, status)) == set()


@pytest.mark.parametrize(
    ("rows", "entry"),
    [
        ([make_row(message="30% off", reference="R1")], know(ROW, Status.ACCEPTED)),
        ([make_row(message="20%\noff", reference="R1")], know(ROW, Status.ACCEPTED)),
        ([make_row(reference="R1", subject="A\nB")], know(ABOUT, Status.ACCEPTED, subject=ABOUT.campaign.subject)),
        ([replace(ROW, campaign=replace(ROW.campaign, cancel=True))], know(ROW, Status.ACCEPTED)),
        ([make_row(at=PAST, reference="R1")], know(make_row(at=PAST, reference="R1"), Status.SENT)),
        ([ROW, make_bad_row(number=3, reference="R1")], know(ROW, Status.ACCEPTED)),
        ([ROW, make_row(number=3, reference="R2")], know(ROW, Status.ACCEPTED)),
        ([make_bad_row(reference="R1")], know(ROW, Status.ACCEPTED)),
    ],
    ids=["edited", "line break", "subject", "cancel", "past", "key twice", "text twice", "wrong"],
)
def test_a_row_with_anything_unusual_about_it_is_for_the_plan(rows: list[Checked], entry: KnownEntry) -> None:
    """Edits, marks to cancel, times in the past, rows that repeat one another, errors."""
    assert set_aside(rows, entry) == set()


def test_a_key_of_two_entries_is_for_the_plan() -> None:
    """It weighs them."""
    assert set_aside([ROW], know(ROW, Status.ACCEPTED, 1), know(ROW, Status.EXPIRED, 2)) == set()


def test_a_row_id_of_another_entry_is_for_the_plan() -> None:
    """One of its own says nothing new."""
    entry = know(ROW, Status.ACCEPTED, 5)
    assert set_aside([ROW], entry, named={2: 6}) == set()
    assert set_aside([ROW], entry, named={2: 5, 3: 6}) == {5}


def test_an_entry_whose_tag_an_unknown_campaign_bears_is_for_the_plan() -> None:
    """The plan takes that campaign for the entry's; and it asks for the fingerprints of all rows."""
    listed = [Listed("77", "Spring sale #abcd2345", "20% off", "2026-02-05 10:00:00", ("100",))]
    assert set_aside([ROW], know(ROW, Status.ACCEPTED, tag="abcd2345"), listed=listed) == set()
    unchanged = Unchanged([ROW], NOW, listed=listed)
    assert unchanged.set_aside([in_brief(know(ROW, Status.ACCEPTED, tag="other234"))]) == {1}
    assert list(unchanged.fingerprints()) == [ROW.campaign.fingerprint]


def test_a_campaign_without_a_tag_is_no_entry_s() -> None:
    """Somebody made it in the dashboard, and names of ours may bear no tags either."""
    listed = [Listed("77", "Spring sale", "20% off", "2026-02-05 10:00:00", ("100",))]
    unchanged = Unchanged([ROW], NOW, listed=listed)
    assert unchanged.set_aside([in_brief(know(ROW, Status.ACCEPTED))]) == {1}
    assert list(unchanged.fingerprints()) == []


def test_the_time_is_that_of_the_plan() -> None:
    """What is over when it is planned may be a copied row."""
    assert Unchanged([ROW], SOON).set_aside([in_brief(know(ROW, Status.SENT))]) == set()
