"""How far a reading can be believed: what it must show, and between what it proves absence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batch.core.trust import (
    Coverage,
    Sentinel,
    Span,
    find_strange,
    how_to_call_gone,
    is_other_account,
    lacks_most,
    measure,
    question_absence,
)
from batch.model import Listed

DOUBT = Span(10, 11)
BEFORE, AFTER = Span(1, 2), Span(20, 21)


def ids(*numbers: str) -> list[Listed]:
    return [Listed(number) for number in numbers]


def test_a_reading_reaches_from_the_oldest_to_the_newest_of_our_campaigns():
    """Others on it say nothing; what this ledger did not send itself proves no newness."""
    spans = {"1": BEFORE, "2": AFTER, "3": Span(None, 30)}
    assert measure(ids("1", "2", "9"), [], (), spans) == Coverage((), 2, 20)
    assert measure(ids("3", "9"), [], (), spans) == Coverage((), 30, None)
    assert measure(ids("9"), ids("1", "2"), (), spans) == Coverage()


def test_what_is_on_neither_list_is_lacking_missing_or_not():
    """The sent history counts: a campaign may just have gone out."""
    sentinels = Sentinel(1, "1"), Sentinel(2, "2", missing=True), Sentinel(3, "3")
    assert measure(ids("1"), ids("3"), sentinels, {}).lacking == (sentinels[1],)


@pytest.mark.parametrize(
    ("reach", "why"),
    [
        (Coverage(oldest=2, newest=20), ""),
        (Coverage(oldest=9, newest=12), ""),
        (None, "nothing says how far"),
        (Coverage(), "shows none of this ledger's"),
        (Coverage(oldest=10, newest=20), "no campaign of this ledger from before it"),
        (Coverage(oldest=2, newest=11), "no campaign of this ledger from after it"),
        (Coverage(oldest=2, newest=None), "no campaign of this ledger from after it"),
        (Coverage((Sentinel(4, "77"),), 2, 20), "lack 1 campaign accepted earlier (Id 77): look for them"),
        (Coverage((Sentinel(4, "77", missing=True),), 2, 20), '"campaign-batch resolve 4 --deleted --why ..."'),
    ],
)
def test_absence_is_proven_only_between_what_is_shown(reach, why):
    """An empty list, a stale one, and one that lacks its beginning or its end prove nothing."""
    found = question_absence(reach, DOUBT)
    assert found == "" if not why else why in found


def test_a_doubt_of_which_nothing_is_known_is_not_proven_absent():
    """No line of the history says when it was."""
    reach = Coverage(oldest=2, newest=20)
    assert question_absence(reach, None)
    assert question_absence(reach, Span(None, 11))


@pytest.mark.parametrize(("accepted", "lacking", "most"), [(4, 2, False), (4, 3, True), (1, 1, True), (2, 1, False)])
def test_more_than_half_lacking_is_a_wrong_list(accepted, lacking, most):
    """What is missing already neither counts as lacking anew nor as shown."""
    sentinels = [Sentinel(number, str(number)) for number in range(accepted)]
    gone = [replace(one, missing=True) for one in sentinels]
    assert lacks_most(sentinels[:lacking], sentinels) is most
    assert lacks_most([*sentinels[:lacking], *gone], [*sentinels, *gone]) is most
    assert not lacks_most(gone, gone)


def test_a_list_to_groups_that_the_account_never_had_is_strange():
    """When most of it is; what names no groups says nothing."""
    ours, theirs, none = (Listed("1", group_ids=groups) for groups in (("100",), ("900",), None))
    assert find_strange([theirs, none], {"100"}) == (theirs,)
    assert find_strange([theirs, theirs, ours], {"100"}) == (theirs, theirs)
    assert find_strange([theirs, ours], {"100"}) == ()
    assert find_strange([none], {"100"}) == ()


def test_an_account_without_any_of_its_groups_is_another_one():
    """One group alone may have been deleted."""
    assert is_other_account({"1", "2"}, {"3"})
    assert is_other_account({"1", "2"}, set())
    assert not is_other_account({"1", "2"}, {"2", "3"})
    assert not is_other_account({"1"}, {"3"})


def test_the_remedy_names_the_entries_and_no_step_that_disarms_a_safeguard():
    """Ten by their numbers; `reconcile` is not among the words."""
    some = how_to_call_gone([Sentinel(number, "1") for number in range(1, 13)])
    assert '"campaign-batch resolve 1 2 3 4 5 6 7 8 9 10 ... --deleted --why ..."' in some
    assert "reconcile" not in some
