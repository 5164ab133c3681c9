"""Lists that lie: what was accepted is believed to be there until a person says otherwise, and nothing goes twice."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator

import pytest
from torture_support import Bench, bench, changed, write_sheet

from batch.model import FindingKind, Group, Status
from batch.model.errors import NotAsAskedError, ProviderError, UsageError
from batch.workflows.cancel import cancel_entries, pause_all
from batch.workflows.resolve import resolve_entry


@pytest.fixture
def desk() -> Iterator[Bench]:
    with bench() as found:
        yield found


def resolve(desk: Bench, *numbers: int, wish: str = "deleted") -> str:
    return "\n".join(resolve_entry(desk.settings, desk.world, number, wish, "looked") for number in numbers)


def most_of_one(desk: Bench) -> int:
    """Give how often the provider holds the campaign that it holds most often."""
    return max(Counter(one.message for one in desk.sandbox.campaigns).values(), default=0)


def statuses(desk: Bench) -> list[str]:
    return [entry.status.value for entry in desk.entries()]


def leave_an_arrived_doubt(desk: Bench, accepted: int = 3) -> None:
    """Three accepted, a fourth in doubt, which did arrive."""
    desk.submit(desk.sheet(accepted))
    desk.sandbox.faults.add("close-afterx1")
    desk.stops = lambda: len(desk.sandbox.posts) > accepted
    desk.submit(desk.sheet([desk.row(accepted)], "more.csv"))
    desk.stops = lambda: False


# A doubt.


@pytest.mark.parametrize("lie", ["list-empty", "list-first-only", "list-newest-missing", "list-oldest-missing"])
@pytest.mark.parametrize("lonely", [False, True])
def test_no_lying_list_gives_a_doubt_back_that_arrived(desk: Bench, lie: str, lonely: bool) -> None:
    """Whatever is tried, in whatever order; and when the list recovers all is whole without a hand."""
    leave_an_arrived_doubt(desk, 0 if lonely else 3)
    desk.sandbox.faults.add(f"scheduled={lie}")
    for step in (desk.resume, desk.reconcile, desk.resume, desk.reconcile, desk.resume):
        desk.clock.advance(minutes=10)
        with contextlib.suppress(ProviderError):
            step()
    assert most_of_one(desk) == 1
    desk.sandbox.faults.clear()
    desk.resume()
    desk.reconcile()
    assert set(statuses(desk)) == {"accepted"}
    assert most_of_one(desk) == 1
    assert desk.problems() == ()


def test_a_list_older_than_the_doubt_proves_nothing(desk: Bench) -> None:
    """It shows all that was accepted, an hour ago; the doubt is younger than what it shows."""
    desk.submit(desk.sheet(3))
    desk.clock.advance(hours=2)
    desk.sandbox.faults.add("close-afterx1")
    desk.sandbox.faults.add("scheduled=list-stale-3600")
    assert desk.submit(desk.sheet([desk.row(3)], "more.csv")).counts == {"in_doubt": 1}
    desk.clock.advance(minutes=30)
    assert desk.resume().counts == {"in_doubt": 1}
    assert most_of_one(desk) == 1
    assert "no campaign of this ledger from after it, so it may be an old one" in desk.words()
    assert '"campaign-batch resolve 4 --accepted ID (or --not-sent) --why ..."' in desk.words()
    desk.clock.advance(hours=1)
    assert desk.resume().counts == {"accepted": 1}


def test_the_first_campaign_of_all_waits_for_a_person_when_its_answer_is_lost(desk: Bench) -> None:
    """No list has shown anything of this ledger: absence would be taken on faith."""
    desk.sandbox.faults.add("close-beforex1")
    assert desk.submit(desk.sheet(1)).counts == {"in_doubt": 1}
    assert "so it may be the wrong one" in desk.words()
    assert len(desk.sandbox.posts) == 1
    resolve(desk, 1, wish="not-sent")
    assert desk.resume().counts == {"accepted": 1}


def test_what_was_found_missing_keeps_doubts_back_until_a_person_has_looked(desk: Bench) -> None:
    """A comparison disarms no safeguard: the list that lacks it may lack the doubt, too."""
    desk.submit(desk.sheet([desk.row(5), desk.row(6)], "first.csv"))
    lost = desk.entry("R-6")
    desk.leave_a_doubt()
    desk.sandbox.delete(lost.provider_id)
    desk.reconcile()
    assert desk.entry("R-6").status is Status.MISSING
    assert desk.resume().counts == {"in_doubt": 1}
    assert f'"campaign-batch resolve {lost.id} --deleted --why ..."' in desk.words()
    resolve(desk, lost.id)
    assert desk.resume().counts == {"accepted": 1}


def test_a_new_row_goes_though_another_one_is_missing(desk: Bench) -> None:
    """Deleted in the dashboard, compared, and the fixed row dropped: as the README has it."""
    desk.submit(desk.sheet(3))
    mended = changed(desk.row(1), Message="Offer number [1] is better. Reply STOP to opt out")
    desk.submit(desk.sheet([desk.row(0), mended, desk.row(2)]))
    desk.sandbox.delete(desk.entries()[1].provider_id)
    with pytest.raises(ProviderError, match="lack 1 campaign") as stopped:
        desk.submit(desk.folder / "week.csv")
    assert '"campaign-batch resolve 2 --deleted --why ..."' in stopped.value.remedy
    desk.reconcile()
    tally = desk.submit(desk.folder / "week.csv")
    assert tally.counts == {"accepted": 1, "skipped": 2}
    assert most_of_one(desk) == 1


# The comparison.


@pytest.mark.parametrize("lie", ["list-empty", "list-first-only", "list-other-account"])
def test_a_list_that_lacks_most_is_wrong_and_changes_nothing(desk: Bench, lie: str) -> None:
    """Never so many deletions at once."""
    desk.submit(desk.sheet(4))
    desk.sandbox.faults.add(f"scheduled={lie}")
    with pytest.raises(ProviderError, match="the list, the token or the account is wrong, and nothing was changed"):
        desk.reconcile()
    assert set(statuses(desk)) == {"accepted"}


def test_the_only_campaign_that_a_person_deleted_is_called_gone_by_that_person(desk: Bench) -> None:
    """An empty list proves nothing; the person who deleted it knows."""
    desk.submit(desk.sheet(1))
    desk.sandbox.delete(desk.entry("R-0").provider_id)
    with pytest.raises(ProviderError, match="which is most of them") as stopped:
        desk.reconcile()
    assert '"campaign-batch resolve 1 --deleted --why ..."' in stopped.value.remedy
    assert "(Id 12345) is marked as deleted" in resolve(desk, 1)
    mended = changed(desk.row(0), Message="Offer number [0] is better. Reply STOP to opt out")
    assert desk.submit(desk.sheet([mended])).counts == {"accepted": 1}
    with pytest.raises(UsageError):
        resolve(desk, 1)


def test_another_accounts_token_is_known_by_its_groups(desk: Bench) -> None:
    """Ids and names are remembered; none of them is there: exit 3 before anything is planned."""
    desk.submit(desk.sheet(2))
    with desk.ledger() as ledger:
        assert ledger.groups.of_account()["5000"] == "Group 0"
    desk.clock.advance(days=30)
    desk.sandbox.account.groups.clear()
    for number in range(3):
        desk.sandbox.put_group(str(9000 + number), f"Strange {number}", 5)
    before = len(desk.sandbox.posts)
    with pytest.raises(ProviderError, match="none of the 12 groups that it had"):
        desk.submit(desk.sheet([desk.row(3)], "more.csv"))
    assert (len(desk.sandbox.posts), len(desk.entries())) == (before, 2)


def test_a_new_group_is_no_other_account(desk: Bench) -> None:
    """The groups are read once more before a list is called another account's."""
    desk.submit(desk.sheet(1))
    desk.clock.advance(days=5)
    desk.sandbox.account.put_group(Group("7777", "New one", 4))
    fields = {"Message": "Come", "GroupIds": ["7777"], "DateTime": "2026-03-19 12:00:00"}
    desk.sandbox.create(CampaignName="Party", **fields)
    assert desk.reconcile().counts[FindingKind.UNEXPECTED] == 1


# Cancelled.


@pytest.mark.parametrize(
    "lie", ["list-empty", "list-first-only", "list-newest-missing", "list-oldest-missing", "list-other-account"]
)
@pytest.mark.parametrize("wish", ["cancel", "pause"])
def test_no_lying_list_ticks_off_a_recall(desk: Bench, lie: str, wish: str) -> None:
    """All four are there, and none is called cancelled; when the list recovers nothing was lost."""
    desk.submit(desk.sheet(4))
    if wish == "pause":
        pause_all(desk.settings, desk.world, "lettuce recall")
    else:
        cancel_entries(desk.settings, desk.world, [1, 2, 3, 4], "lettuce recall")
    desk.sandbox.faults.add(f"scheduled={lie}")
    for _ in range(2):
        if lie == "list-other-account":
            with pytest.raises(ProviderError, match="to groups that this account never had"):
                desk.reconcile()
            continue
        books = desk.reconcile()
        assert books.needs_look
        assert "not-proven" in {finding.code for finding in books.findings}
    assert set(statuses(desk)) == {"accepted"}
    desk.sandbox.faults.clear()
    desk.reconcile()
    assert set(statuses(desk)) == {"accepted"}


def test_a_manager_who_deleted_all_says_so_in_one_line(desk: Bench) -> None:
    """The list is empty then, and cannot say whether it is a lie."""
    desk.submit(desk.sheet(4))
    pause_all(desk.settings, desk.world, "lettuce recall")
    for entry in desk.entries():
        desk.sandbox.delete(entry.provider_id)
    books = desk.reconcile()
    assert [finding.code for finding in books.findings] == ["not-proven"] * 4
    resolve(desk, 1, 2, 3, 4)
    assert set(statuses(desk)) == {"cancelled"}
    assert not desk.reconcile().needs_look


def test_what_was_never_on_a_list_cannot_be_seen_to_be_gone(desk: Bench) -> None:
    """The answer to a submission is no list."""
    desk.submit(desk.sheet(1))
    desk.sandbox.faults.add("scheduled=500@3")
    desk.submit(desk.sheet(3))
    with desk.ledger() as ledger:
        unseen = set(ledger.known.unobserved(desk.clock.now()).values())
    assert unseen <= {2, 3}
    desk.sandbox.faults.clear()
    desk.reconcile()
    with desk.ledger() as ledger:
        assert ledger.known.unobserved(desk.clock.now()) == {}


# What recovers.


def test_what_was_missing_recovers_whole_with_the_rows_that_took_its_place(desk: Bench) -> None:
    """The twin that its file made, held as deleted in the dashboard, gives way to the entry that is there."""
    desk.submit(desk.sheet(4))
    desk.sandbox.faults.add("scheduled=list-oldest-missing")
    desk.reconcile()
    assert desk.submit(desk.sheet(4)).counts == {"held": 1, "skipped": 3}
    assert statuses(desk) == ["missing", "accepted", "accepted", "accepted", "held"]
    desk.sandbox.faults.clear()
    desk.reconcile()
    assert statuses(desk) == ["accepted"] * 4 + ["replaced"]
    assert desk.entries()[-1].replaced_by == 1
    assert desk.submit(desk.sheet(4)).counts == {"skipped": 4}
    assert desk.problems() == ()


def test_a_run_takes_back_what_its_list_shows_again(desk: Bench) -> None:
    """Without a comparison: an edited row that was planned in its place does not go beside it."""
    desk.submit(desk.sheet(4))
    desk.sandbox.faults.add("scheduled=list-oldest-missing")
    desk.reconcile()
    mended = changed(desk.row(0), Message="Offer number [0] is better. Reply STOP to opt out")
    desk.submit(write_sheet(desk.folder / "week.csv", [mended]), limit=0)
    assert desk.entry("R-0").status is Status.PLANNED
    desk.sandbox.faults.clear()
    desk.resume()
    older, newer = (entry for entry in desk.entries() if entry.reference == "R-0")
    assert (older.status, newer.status) == (Status.ACCEPTED, Status.HELD)
    assert newer.issues[-1].code == "edited-after-submission"
    assert len(desk.sandbox.posts) == 4


def test_what_counts_as_cancelled_and_comes_back_is_still_to_be_deleted(desk: Bench) -> None:
    """A person did not find it; the list shows it again: it stays on the list of what is to be deleted."""
    desk.submit(desk.sheet(3))
    there = next(one for one in desk.sandbox.campaigns if str(one.id) == desk.entry("R-1").provider_id)
    desk.sandbox.delete(there.id)
    resolve(desk, 2)
    desk.sandbox.account._put(there)
    for _ in range(2):
        books = desk.reconcile()
        assert [finding.code for finding in books.findings] == ["still-there"]
        assert (desk.entry("R-1").status, books.needs_look) == (Status.ACCEPTED, True)


# Look-alikes.


@pytest.mark.parametrize("sent", [False, True])
def test_our_text_to_our_groups_is_a_look_alike_at_any_time_under_any_name(desk: Bench, sent: bool) -> None:
    """Held, never sent again, and answered by a person only."""
    leave_an_arrived_doubt(desk, 3)
    arrived = desk.sandbox.campaigns[-1]
    desk.sandbox.edit(arrived.id, name="Provider's own name", send_at=arrived.send_at + 3 * 3600)
    if sent:
        desk.clock.advance(days=3)
    assert desk.resume().counts == {"held": 1}
    assert desk.entry("R-3").issues[-1].code == "looks-alike"
    assert most_of_one(desk) == 1
    if not sent:
        resolve(desk, 4, wish="not-sent")
        assert desk.resume().counts == {"accepted": 1}


def test_a_lost_ledger_does_not_send_what_stands_there_under_other_names(desk: Bench) -> None:
    """The name and the time were rewritten: text and groups are ours."""
    desk.submit(desk.sheet(4))
    for one in desk.sandbox.campaigns:
        desk.sandbox.edit(one.id, name=f"Campaign {one.id}", send_at=one.send_at + 3 * 3600)
    desk.lose_ledger()
    assert desk.submit(desk.sheet(4)).counts == {"held": 4}
    assert {entry.issues[-1].code for entry in desk.entries()} == {"looks-edited"}
    assert len(desk.sandbox.posts) == 4


def test_what_is_planned_is_held_when_its_like_appears_meanwhile(desk: Bench) -> None:
    """A restored ledger plans what was sent since; and a person's answer is asked for once."""
    desk.submit(desk.sheet(2), limit=1)
    row = desk.row(1)
    fields = {"Message": row["Message"], "GroupIds": [row["GroupIds"]], "DateTime": "2026-03-09 12:00:00"}
    desk.sandbox.create(CampaignName="By another hand", **fields)
    assert desk.resume().counts == {"held": 1}
    assert desk.entry("R-1").issues[-1].code == "looks-alike"
    resolve(desk, 2, wish="not-sent")
    assert desk.resume().counts == {"accepted": 1}


# Two ledgers.


@pytest.mark.parametrize("whose", ["planned here", "never given here"])
def test_a_second_ledger_is_found_at_one_campaign(desk: Bench, whose: str) -> None:
    """It posts between our reading and our first campaign."""
    path = desk.sheet(4)
    desk.submit(path, limit=0)
    name = desk.entry("R-2").provider_name if whose == "planned here" else "Theirs #k7f3q2m9"

    def post_elsewhere(_words: str) -> bool:
        fields = {"Message": "Theirs", "GroupIds": ["5009"], "DateTime": "2026-03-09 12:00:00"}
        desk.sandbox.create(CampaignName=name, **fields)
        return True

    desk.confirm = post_elsewhere
    tally = desk.submit(path)
    assert isinstance(tally.trouble, NotAsAskedError)
    assert name in str(tally.trouble)
    assert len(desk.sandbox.posts) == 1


def test_a_wrong_token_that_was_tried_first_is_simply_corrected() -> None:
    """Before anything was taken in nothing is at stake: the right account is not refused for the wrong one's groups."""
    with bench() as desk:
        with desk.ledger() as ledger:
            ledger.groups.remember_of_account([("900001", "Orchard friends")], desk.clock.now())
        assert desk.submit(desk.sheet(1)).trouble is None
        with desk.ledger() as ledger:
            assert "900001" not in ledger.groups.of_account()
