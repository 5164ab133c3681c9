"""Both books against each other through the pipeline: what is found, what moves, what a person decides."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from torture_support import Bench, bench

from batch.adapters.sandbox import Sandbox
from batch.adapters.sandbox.bodies import Reply
from batch.adapters.sandbox.endpoints import Request
from batch.model import FindingKind, Group, Status
from batch.model.errors import UsageError
from batch.workflows.acknowledge import acknowledge_entries
from batch.workflows.resolve import resolve_entry
from batch.workflows.tally import Comparison


@pytest.fixture
def desk() -> Iterator[Bench]:
    with bench() as found:
        found.submit(found.sheet(4))
        yield found


def codes(books: Comparison) -> list[str]:
    return sorted(finding.code for finding in books.findings)


def held(desk: Bench, reference: str) -> str:
    return desk.entry(reference).provider_id


def test_books_that_agree_match_one_to_one(desk: Bench) -> None:
    """Four matched, nothing else, and the totals tie."""
    books = desk.reconcile()
    assert (+books.counts, books.findings, books.needs_look) == ({FindingKind.MATCHED: 4}, (), False)


def test_the_report_says_how_many_agree(desk: Bench) -> None:
    """As many as were counted, not as many as are worth a line."""
    desk.sandbox.delete(held(desk, "R-1"))
    books = desk.reconcile()
    assert books.counts[FindingKind.MATCHED] == 3
    assert "<p>3 agree." in books.reports[0].read_text("utf-8")


def test_a_deleted_campaign_is_missing_after_two_readings(desk: Bench) -> None:
    """Asked a second time after the gap; the entry then says so and needs attention."""
    desk.sandbox.delete(held(desk, "R-1"))
    before = desk.clock.at
    books = desk.reconcile()
    assert (desk.clock.at - before).total_seconds() >= 30
    assert (books.counts[FindingKind.MISSING], books.counts[FindingKind.MATCHED]) == (1, 3)
    assert (desk.entry("R-1").status, books.needs_look) == (Status.MISSING, True)


def test_one_reading_that_lacks_a_campaign_calls_nothing_missing(desk: Bench) -> None:
    """It was gone for a moment: the second reading shows it."""
    there = next(one for one in desk.sandbox.campaigns if str(one.id) == held(desk, "R-1"))
    desk.sandbox.delete(there.id)
    sleep = desk.clock.sleep

    def put_back(seconds: float) -> None:
        desk.sandbox.account._put(there)
        sleep(seconds)

    desk.clock.sleep = put_back  # type: ignore[method-assign]
    assert +desk.reconcile().counts == {FindingKind.MATCHED: 4}
    assert desk.entry("R-1").status is Status.ACCEPTED


def test_what_only_the_second_reading_lacks_is_not_missing_yet(desk: Bench) -> None:
    """One was lacking before, another vanishes in between: two readings are needed for each."""
    desk.sandbox.delete(held(desk, "R-1"))
    other = held(desk, "R-2")
    sleep = desk.clock.sleep

    def vanish(seconds: float) -> None:
        desk.sandbox.delete(other)
        sleep(seconds)

    desk.clock.sleep = vanish  # type: ignore[method-assign]
    desk.reconcile()
    assert {entry.reference: entry.status for entry in desk.entries()} == {
        "R-0": Status.ACCEPTED, "R-1": Status.MISSING, "R-2": Status.ACCEPTED, "R-3": Status.ACCEPTED,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"message": "Something else"}, "Message"),
        ({"send_at": 1_772_900_000.0}, "DateTime"),
        ({"group_ids": ("5009",)}, "GroupIds"),
        ({"type_recipients": 1}, "TypeRecipients"),
        ({"contacts_count": 30}, "ContactsCount"),
        ({"contacts_count": 0}, "ContactsCount"),
    ],
)
def test_what_was_changed_in_the_dashboard_is_drifted_with_both_values(
    desk: Bench, fields: dict[str, Any], field: str
) -> None:
    """Field by field, ours beside theirs."""
    desk.sandbox.edit(held(desk, "R-0"), **fields)
    books = desk.reconcile()
    drifted = [finding for finding in books.findings if finding.kind is FindingKind.DRIFTED]
    assert field in {finding.field for finding in drifted}
    assert all(finding.ours != finding.theirs for finding in drifted)
    assert (books.counts[FindingKind.DRIFTED], books.counts[FindingKind.MATCHED]) == (1, 3)


def test_what_is_theirs_is_unexpected_once_and_quiet_when_acknowledged(desk: Bench) -> None:
    """Made elsewhere: named, acknowledged, and never again."""
    desk.sandbox.create(CampaignName="Party", Message="Come", GroupIds=["5009"], DateTime="2026-03-09 12:00:00")
    assert codes(desk.reconcile(acknowledge=True)) == ["made-elsewhere"]
    assert codes(desk.reconcile()) == []


def test_a_tag_that_this_ledger_never_gave_is_loud(desk: Bench) -> None:
    """Another ledger may be at work: a person knows, and says so."""
    fields = {"Message": "Theirs", "GroupIds": ["5009"], "DateTime": "2026-03-09 12:00:00"}
    desk.sandbox.create(CampaignName="Theirs #k7f3q2m9", **fields)
    books = desk.reconcile()
    assert [(finding.code, finding.loud) for finding in books.findings] == [("maybe-other-ledger", True)]
    assert books.needs_look
    desk.reconcile(acknowledge=True)
    assert not desk.reconcile().needs_look


def test_a_status_that_moves_is_seen_and_kept(desk: Bench) -> None:
    """As it was when it was submitted, pending, then approved: each observation once, the newest in the entry."""
    number = held(desk, "R-0")
    desk.sandbox.edit(number, status_id=1)
    assert "not-approved" in codes(desk.reconcile())
    desk.sandbox.edit(number, status_id=3)
    desk.reconcile()
    desk.reconcile()
    entry = desk.entry("R-0")
    with desk.ledger() as ledger:
        seen = [one.listed.status_id for one in ledger.lists.observations(entry.id)]
    assert (seen, entry.provider_status_id) == ([3, 1, 3], 3)


def test_what_went_out_is_sent(desk: Bench) -> None:
    """Seen in the sent history once its time has passed."""
    desk.clock.advance(days=3)
    books = desk.reconcile()
    assert (books.moves, books.counts[FindingKind.MATCHED]) == (4, 4)
    assert {entry.status for entry in desk.entries()} == {Status.SENT}
    assert desk.reconcile().moves == 0


def test_what_an_earlier_comparison_found_stays_open_until_it_is_acknowledged(desk: Bench) -> None:
    """Page and exit code agree: it went out although cancelled, also where this comparison has no news of it."""
    entry = desk.entry("R-1")
    with desk.ledger() as ledger:
        ledger.changes.request_cancel(entry.id, "wrong price", "ann", desk.clock.now())
    desk.clock.advance(days=3)
    assert "went-out" in codes(desk.reconcile())
    again = desk.reconcile()
    assert (again.needs_look, again.open) == (False, 1)
    acknowledge_entries(desk.settings, desk.world, [entry.id], "the store was told")
    assert desk.reconcile().open == 0


def test_a_cancelled_campaign_is_ticked_off_when_it_is_gone(desk: Bench) -> None:
    """Still there: named. Gone from between others that are shown: cancelled, and nothing is missing."""
    entry = desk.entry("R-1")
    with desk.ledger() as ledger:
        ledger.changes.request_cancel(entry.id, "wrong price", "ann", desk.clock.now())
    assert "still-there" in codes(desk.reconcile())
    desk.sandbox.delete(entry.provider_id)
    books = desk.reconcile()
    assert (books.counts[FindingKind.MISSING], desk.entry("R-1").status) == (0, Status.CANCELLED)


def test_a_row_sent_anew_after_its_deletion_keeps_its_own_campaign(desk: Bench) -> None:
    """The entry that was called missing bears the same tag: it must not claim the new one's campaign."""
    desk.sandbox.delete(held(desk, "R-0"))
    desk.reconcile()
    desk.submit(desk.sheet(4), allow=frozenset({"deleted-in-dashboard"}))
    books = desk.reconcile()
    assert books.counts[FindingKind.MATCHED] >= 4
    assert len({entry.provider_id for entry in desk.entries()}) == len(desk.entries())
    assert desk.entry("R-0").status is Status.ACCEPTED
    assert desk.problems() == ()


def test_a_doubt_is_counted_and_settled_where_the_list_shows_it(desk: Bench) -> None:
    """Reconcile adopts what it sees, and leaves the rest to resume."""
    desk.sandbox.faults.add("close-after@5")
    desk.sandbox.faults.add("close-before@6")
    desk.stops = lambda: len(desk.sandbox.posts) >= 6
    desk.submit(desk.sheet([desk.row(number) for number in (5, 6)], "more.csv"))
    desk.stops = lambda: False
    books = desk.reconcile()
    assert (books.adopted, books.counts[FindingKind.IN_DOUBT], books.counts[FindingKind.MATCHED]) == (1, 1, 5)


class NumbersSentOnesAnew(Sandbox):
    """A provider whose sent history gives Ids of its own, which other campaigns have on the other list."""

    def _answer(self, request: Request) -> Reply:
        if request.path.endswith("group-contacts"):
            request = dataclasses.replace(request, query={**request.query, "id": str(int(request.query["id"]) - 1)})
        reply = super()._answer(request)
        if request.path.endswith("group-list"):
            reply.body = json.dumps([{**item, "Id": item["Id"] + 1} for item in json.loads(reply.body)]).encode()
        return reply


def test_a_sent_history_with_ids_of_its_own_is_matched_by_tag() -> None:
    """Whether the Ids are the same is not documented: ours stay, nothing drifts, and the delivery is found."""
    with bench(sandbox=NumbersSentOnesAnew) as desk:
        desk.submit(desk.sheet(3))
        before = {entry.reference: entry.provider_id for entry in desk.entries()}
        desk.clock.advance(days=2, hours=1.02)
        assert +desk.reconcile().counts == {FindingKind.MATCHED: 3}
        assert Counter(entry.status for entry in desk.entries()) == {Status.SENT: 2, Status.ACCEPTED: 1}
        desk.clock.advance(hours=2)
        assert +desk.reconcile(delivery=True).counts == {FindingKind.MATCHED: 3}
        assert {entry.reference: entry.provider_id for entry in desk.entries()} == before
        assert [delivered(desk, f"R-{row}") for row in range(3)] == [(3, True)] * 3


# Delivery


@pytest.fixture
def sent_desk() -> Iterator[Bench]:
    groups = [Group("5000", "Big", 25), Group("5001", "Small", 3)]
    with bench(page_size=10) as found:
        for group in groups:
            found.sandbox.account.put_group(group)
        found.submit(found.sheet(2))
        found.clock.advance(days=2, hours=2)
        yield found


def delivered(desk: Bench, reference: str) -> tuple[int, bool]:
    """Give how many contacts are counted, and whether that is final."""
    entry = desk.entry(reference)
    with desk.ledger() as ledger:
        counts, progress = (
            ledger.deliveries.of_each((entry.id,)).get(entry.id, ()),
            ledger.deliveries.progress(entry.id),
        )
    return sum(count.contacts for count in counts), progress is not None and progress.final


def contacts_read(desk: Bench) -> int:
    return desk.sandbox.faults._requests.get("delivery", 0)


def test_delivery_is_read_within_its_budget_goes_on_and_is_not_read_again_when_final(sent_desk: Bench) -> None:
    """Three pages and one: two requests, then two more, then none."""
    desk = sent_desk
    desk.reconcile(delivery=True, budget=2)
    assert (contacts_read(desk), delivered(desk, "R-0")) == (2, (20, False))
    desk.reconcile(delivery=True, budget=2)
    assert (contacts_read(desk), delivered(desk, "R-0")) == (4, (25, True))
    assert delivered(desk, "R-1") == (3, True)
    desk.reconcile(delivery=True, budget=10)
    assert contacts_read(desk) == 4


def test_a_delivery_still_under_way_on_an_early_page_is_read_again() -> None:
    """The last page is final, the first is not: the campaign is not, either."""

    with bench(page_size=10) as desk:
        desk.sandbox.account.put_group(Group("5000", "Big", 25))
        desk.submit(desk.sheet(1))
        desk.clock.advance(days=2, hours=2)
        plain = desk.sandbox.account.delivery
        waiting = [True]

        def some_pending(campaign: Any) -> list[tuple[int, int]]:
            contacts = plain(campaign)
            return [(one, 1 if waiting[0] and place < 3 else status) for place, (one, status) in enumerate(contacts)]

        desk.sandbox.account.delivery = some_pending  # type: ignore[method-assign]
        desk.reconcile(delivery=True)
        assert delivered(desk, "R-0") == (25, False)
        waiting[0] = False
        desk.reconcile(delivery=True)
        assert delivered(desk, "R-0") == (25, True)


@pytest.mark.parametrize("listed", [0, 2])
def test_a_delivery_that_lists_too_few_contacts_is_read_again(listed: int) -> None:
    """Right after a sending the provider knows nobody's delivery yet, or not everybody's."""
    with bench() as desk:
        desk.sandbox.account.put_group(Group("5000", "Small", 3))
        desk.submit(desk.sheet(1))
        desk.clock.advance(days=2, hours=2)
        plain = desk.sandbox.account.delivery
        desk.sandbox.account.delivery = lambda campaign: plain(campaign)[:listed]  # type: ignore[method-assign]
        desk.reconcile(delivery=True)
        assert delivered(desk, "R-0") == (listed, False)
        desk.sandbox.account.delivery = plain  # type: ignore[method-assign]
        desk.reconcile(delivery=True)
        assert delivered(desk, "R-0") == (3, True)


def test_a_campaign_whose_delivery_is_not_to_be_had_does_not_end_the_others(sent_desk: Bench) -> None:
    """404 for one: said, and the next one is read."""
    desk = sent_desk
    desk.reconcile()
    desk.sandbox.faults.add("delivery=404@1")
    desk.reconcile(delivery=True)
    assert delivered(desk, "R-1") == (3, True)
    assert "could not be read" in desk.words()


# What a person decides


def decide(desk: Bench, reference: str, wish: str, provider_id: str = "") -> str:
    number = desk.entry(reference).id
    return resolve_entry(desk.settings, desk.world, number, wish, "because", provider_id=provider_id)


@pytest.fixture
def doubt() -> Iterator[Bench]:
    """One row accepted, one in doubt that did not arrive, one that did."""
    with bench() as found:
        found.sandbox.faults.add("close-before@2")
        found.sandbox.faults.add("close-after@3")
        found.stops = _after(found, 3)
        found.submit(found.sheet(3))
        found.stops = lambda: False
        yield found


def _after(desk: Bench, posts: int) -> Any:
    return lambda: len(desk.sandbox.posts) >= posts


def test_a_person_may_say_that_it_arrived(doubt: Bench) -> None:
    """Accepted with that Id, on the record; reconcile compares it from then on."""
    number = str(doubt.sandbox.campaigns[-1].id)
    assert "is now accepted" in decide(doubt, "R-2", "accepted", number)
    assert (doubt.entry("R-2").status, doubt.entry("R-2").provider_id) == (Status.ACCEPTED, number)
    with doubt.ledger() as ledger:
        last = ledger.changes.of(doubt.entry("R-2").id)[-1]
    assert (last.why, last.new) == ("because", Status.ACCEPTED)


def test_an_id_that_another_entry_has_is_refused(doubt: Bench) -> None:
    """Each Id is claimed once."""
    with pytest.raises(UsageError, match="belongs to entry 1 already"):
        decide(doubt, "R-2", "accepted", doubt.entry("R-0").provider_id)
    with pytest.raises(UsageError, match="is not an Id"):
        decide(doubt, "R-2", "accepted", "soon")
    assert doubt.entry("R-2").status is Status.IN_DOUBT


def test_a_person_may_say_that_it_did_not_arrive_and_is_not_believed_blindly(doubt: Bench) -> None:
    """Planned again; but the list is read first, and what is there after all is adopted."""
    decide(doubt, "R-1", "not-sent")
    decide(doubt, "R-2", "not-sent")
    assert doubt.resume().counts == {"accepted": 2}
    assert len(doubt.sandbox.posts) == 4
    assert Counter(campaign.message for campaign in doubt.sandbox.campaigns).most_common(1)[0][1] == 1


def test_what_did_not_arrive_and_was_edited_since_stays_here(doubt: Bench) -> None:
    """The older text does not go by itself; the newer one goes when its file comes again, and only once."""
    newer = doubt.row(1, Message="Offer number [1] is better. Reply STOP to opt out")
    doubt.stops = lambda: True
    path = doubt.sheet([newer])
    doubt.submit(path)
    doubt.stops = lambda: False
    older, held = (entry for entry in doubt.entries() if entry.reference == "R-1")
    assert (older.status, held.issues[-1].code) == (Status.IN_DOUBT, "in-doubt")
    said = resolve_entry(doubt.settings, doubt.world, older.id, "not-sent", "looked")
    assert f'row 2 of "week.csv" (entry {held.id}) has replaced it since then: drop that file again' in said
    assert f'"campaign-batch resolve {older.id} --send --why ..."' in said
    doubt.resume()
    older = next(entry for entry in doubt.entries() if entry.id == older.id)
    assert (older.status, older.issues[-1].code) == (Status.HELD, "edited-since")
    assert doubt.submit(path).counts == {"accepted": 1}
    assert [one.message for one in doubt.sandbox.campaigns if "[1]" in one.message] == [newer["Message"]]


def test_what_a_person_saw_not_to_have_arrived_is_no_doubt_any_more() -> None:
    """What settling left to a person keeps the newer version back until then, and no longer."""
    with bench() as desk:
        desk.set(provider__tag_names="false")
        desk.sandbox.faults.add("close-before@1")
        desk.submit(desk.sheet(1))
        path = desk.sheet([desk.row(0, Message="Offer number [0] is better. Reply STOP to opt out")])
        desk.submit(path)
        resolve_entry(desk.settings, desk.world, 1, "not-sent", "looked")
        assert [issue.code for issue in desk.entries()[0].issues] == ["edited-since"]
        assert desk.submit(path).counts == {"accepted": 1}


def test_a_person_may_drop_a_doubt_or_what_is_held_and_nothing_is_sent(doubt: Bench) -> None:
    """Cancelled; resume leaves it alone."""
    assert '"campaign-batch reconcile" tells you' in decide(doubt, "R-1", "drop")
    doubt.resume()
    assert doubt.entry("R-1").status is Status.CANCELLED
    assert len(doubt.sandbox.posts) == 3


def test_a_refused_row_goes_when_a_person_says_so() -> None:
    """Rejected stays until then."""
    with bench() as desk:
        desk.sandbox.faults.add("422@1")
        desk.submit(desk.sheet(1))
        decide(desk, "R-0", "send")
        assert desk.resume().counts == {"accepted": 1}


@pytest.mark.parametrize(
    ("reference", "wish"), [("R-0", "send"), ("R-0", "drop"), ("R-0", "not-sent"), ("R-1", "send")]
)
def test_what_cannot_be_decided_is_refused_in_words(doubt: Bench, reference: str, wish: str) -> None:
    """What is at the provider is neither sent again nor dropped; a doubt is not sent."""
    before = doubt.entry(reference)
    with pytest.raises(UsageError, match="which this cannot change") as caught:
        decide(doubt, reference, wish)
    assert caught.value.exit_code == 2
    assert dataclasses.replace(doubt.entry(reference)) == before


def test_what_was_never_submitted_cannot_have_failed_to_arrive() -> None:
    """A row held for its hour is let go by --send, which says what it lets go, and by nothing else."""
    with bench() as desk:
        desk.submit(desk.sheet([desk.row(0, DateTime="2026-03-04 23:30")]))
        with pytest.raises(UsageError, match="was never submitted"):
            decide(desk, "R-0", "not-sent")
        decide(desk, "R-0", "send")
        assert desk.resume().counts == {"accepted": 1}


def test_an_edited_row_is_not_let_go_beside_a_doubt_that_settling_left_to_a_person() -> None:
    """Not even by a person: the older version may be at the provider."""
    with bench() as desk:
        desk.set(provider__tag_names="false")
        desk.sandbox.faults.add("close-after@1")
        desk.submit(desk.sheet(1))
        desk.submit(desk.sheet([desk.row(0, Message="Offer number [0] is better. Reply STOP to opt out")]))
        assert [entry.status for entry in desk.entries()] == [Status.HELD, Status.HELD]
        with pytest.raises(UsageError, match="until it is known whether its earlier version arrived"):
            decide(desk, "R-0", "send")
        desk.resume()
        assert len(desk.sandbox.campaigns) == 1


def test_what_has_no_time_left_is_not_let_go() -> None:
    """Its time has passed: a new time is needed."""
    with bench() as desk:
        desk.sandbox.faults.add("422@1")
        desk.submit(desk.sheet(1))
        desk.clock.advance(days=9)
        with pytest.raises(UsageError, match="has passed"):
            decide(desk, "R-0", "send")
