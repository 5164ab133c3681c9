"""What the provider's lists prove about a doubt, and what they leave open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from torture_support import Bench, Clock, assert_exactly_once, bench, changed, write_sheet

from batch.adapters.sandbox import Sandbox
from batch.adapters.sandbox.bodies import Reply
from batch.adapters.sandbox.endpoints import Request
from batch.model import Status
from batch.model.errors import ClockError, ProviderError


@pytest.fixture
def desk() -> Iterator[Bench]:
    with bench(late_seconds=200) as found:
        yield found


def leave_a_doubt(desk: Bench, fault: str = "close-before") -> None:
    """Submit one row that ends in doubt, and leave before it is settled."""
    desk.sandbox.faults.add(f"{fault}x1")
    desk.stops = lambda: len(desk.sandbox.posts) >= 1
    desk.submit(desk.sheet(1))
    desk.stops = lambda: False
    assert desk.entry("R-0").status is Status.IN_DOUBT


def test_absence_is_proven_by_two_readings_after_the_settling_time(desk: Bench) -> None:
    """Not before 300 s after the attempt, then once more 30 s later; only then it is sent again."""
    desk.leave_a_doubt()
    begun = desk.clock.at
    assert desk.resume().counts == {"accepted": 1}
    again = desk.sandbox.posts[3].at - begun.timestamp()
    assert 330 <= again <= 335
    assert desk.attempts("R-0") == ["in_doubt", "accepted"]


def test_a_campaign_that_arrives_late_is_adopted_and_not_sent_again(desk: Bench) -> None:
    """It is saved 200 s after the connection broke: the settling time outlasts it."""
    leave_a_doubt(desk, "late")
    assert desk.resume().counts == {"accepted": 1}
    assert len(desk.sandbox.posts) == 1
    assert_exactly_once(desk.sandbox, desk.entries(), 1)


def test_presence_is_proven_by_one_reading(desk: Bench) -> None:
    """The tag is on the list: no waiting."""
    leave_a_doubt(desk, "close-after")
    begun = desk.clock.at
    tally = desk.resume()
    assert (tally.counts, tally.adopted) == ({"accepted": 1}, 1)
    assert desk.clock.at - begun < timedelta(seconds=1)
    assert desk.entry("R-0").contacts_count == 3


@pytest.mark.proof
@pytest.mark.parametrize("when", ["after the attempt", "between the readings"])
@pytest.mark.parametrize("hours", [3, -3])
def test_a_clock_that_is_set_while_a_doubt_is_settled_ends_the_run(when: str, hours: int) -> None:
    """The doubt stays as it was, and the right clock settles it: what is saved minutes late is not sent again."""
    clock = Clock()
    start = clock.seconds()
    with bench(clock=clock, late_seconds=200 if when == "after the attempt" else 310) as desk:
        desk.sandbox.account._clock = lambda: start + clock.ticks
        desk.submit(desk.sheet([desk.row(10)], "older.csv"))
        desk.sandbox.faults.add("latex1")
        jump_at = 10 if when == "after the attempt" else 301
        plain = clock.sleep

        def sleep(seconds: float) -> None:
            before = clock.ticks
            plain(seconds)
            if before < jump_at <= clock.ticks:
                clock.set_forward(hours=hours)

        clock.sleep = sleep  # type: ignore[method-assign]
        tally = desk.submit(desk.sheet([desk.row(0), desk.row(11)]))
        assert isinstance(tally.trouble, ClockError)
        assert tally.counts == {"in_doubt": 1, "accepted": 1}
        clock.set_forward(hours=-hours)
        assert desk.resume().counts == {"accepted": 1}
        assert len(desk.sandbox.posts) == 3
        assert_exactly_once(desk.sandbox, desk.entries(), (0, 10, 11))


@pytest.mark.proof
def test_a_campaign_that_went_out_while_in_doubt_is_found_in_the_sent_history(desk: Bench) -> None:
    """Scheduled or sent, the tag is the same."""
    leave_a_doubt(desk, "close-after")
    desk.clock.advance(days=5)
    assert desk.resume().counts == {"accepted": 1}
    assert len(desk.sandbox.posts) == 1


@pytest.mark.parametrize("fault", ["scheduled=500", "sent=500", "scheduled=html-200", "sent=cut"])
def test_a_reading_that_fails_settles_nothing(desk: Bench, fault: str) -> None:
    """The doubt stays, nothing is sent in its place, the run ends with exit 3."""
    leave_a_doubt(desk)
    desk.sandbox.faults.add(fault)
    with pytest.raises(ProviderError):
        desk.resume()
    assert (desk.entry("R-0").status, len(desk.sandbox.posts)) == (Status.IN_DOUBT, 1)


def test_a_list_that_lacks_what_was_accepted_settles_nothing(desk: Bench) -> None:
    """A sentinel is missing, so the absence of others proves nothing."""
    desk.submit(desk.sheet([desk.row(1)], "other.csv"))
    desk.sandbox.faults.add("close-beforex1")
    desk.stops = lambda: len(desk.sandbox.posts) >= 2
    desk.submit(desk.sheet(1))
    desk.stops = lambda: False
    desk.sandbox.delete(desk.sandbox.campaigns[0].id)
    with pytest.raises(ProviderError, match="lack 1 campaign"):
        desk.resume()
    assert (desk.entry("R-0").status, len(desk.sandbox.posts)) == (Status.IN_DOUBT, 2)


def test_a_near_match_without_our_tag_is_held(desk: Bench) -> None:
    """Our text at our time under a name that lost its tag: a person decides, and may say that it is the one."""
    leave_a_doubt(desk, "close-after")
    held = desk.sandbox.campaigns[0]
    desk.sandbox.rename(held.id, "Sale 0")
    assert desk.resume().counts == {"held": 1}
    assert "looks-alike" in [issue.code for issue in desk.entry("R-0").issues]
    assert len(desk.sandbox.posts) == 1


class CutsNamesAndAltersTexts(Sandbox):
    """A provider that keeps nine characters of a name and puts a word of its own behind every text."""

    def _answer(self, request: Request) -> Reply:
        reply = super()._answer(request)
        if reply.body and ("schedule" in request.path or "sent-history" in request.path):
            items = json.loads(reply.body)
            for item in items:
                item |= {"CampaignName": item["CampaignName"][:9], "Message": f"{item['Message']} Msg rates apply"}
            reply.body = json.dumps(items).encode()
        return reply


@pytest.mark.parametrize("days", [0, 3])
def test_a_near_match_to_the_same_groups_or_of_our_name_is_held_whatever_its_text(days: int) -> None:
    """Scheduled it shows its groups; once it went out its name alone is left, cut short."""
    with bench(sandbox=CutsNamesAndAltersTexts) as desk:
        desk.sandbox.faults.add("close-afterx1")
        desk.stops = lambda: len(desk.sandbox.posts) >= 1
        desk.submit(desk.sheet(1))
        desk.stops = lambda: False
        desk.clock.advance(days=days)
        assert desk.resume().counts == {"held": 1}
        assert "looks-alike" in [issue.code for issue in desk.entry("R-0").issues]
        assert len(desk.sandbox.posts) == 1


def test_a_doubt_without_tags_is_held_when_nothing_looks_like_it(desk: Bench) -> None:
    """With tag_names off the lists prove no absence."""
    desk.set(provider__tag_names="false")
    leave_a_doubt(desk)
    assert desk.resume().counts == {"held": 1}
    assert [issue.code for issue in desk.entry("R-0").issues][-1] == "no-tag"


def test_the_same_file_dropped_again_leaves_a_doubt_to_be_settled(desk: Bench) -> None:
    """Settled at the end of that run, and there once."""
    leave_a_doubt(desk, "close-after")
    tally = desk.submit(desk.sheet(2))
    assert tally.trouble is None
    assert_exactly_once(desk.sandbox, desk.entries(), 2)


@pytest.mark.proof
def test_an_edited_row_does_not_overtake_the_doubt_about_its_older_version(desk: Bench) -> None:
    """Held until the doubt is settled; the older version is never sent beside the new one."""
    leave_a_doubt(desk)
    row = changed(desk.row(0), Message="Offer number [0] is better now. Reply STOP to opt out")
    tally = desk.submit(desk.sheet([row]))
    assert tally.counts["held"] == 1
    texts = [campaign.message for campaign in desk.sandbox.campaigns]
    assert row["Message"] not in texts


def test_a_doubt_that_did_not_arrive_gives_way_to_its_newer_version(desk: Bench) -> None:
    """The older text never goes out by itself after the sheet was fixed; the fixed one goes when it comes again."""
    desk.leave_a_doubt()
    edited = changed(desk.row(0), Message="Offer number [0] is better. Reply STOP to opt out")
    desk.submit(desk.sheet([edited]))
    desk.resume()
    older, newer = (entry for entry in desk.entries() if entry.reference == "R-0")
    assert (older.status, newer.status) == (Status.HELD, Status.HELD)
    assert older.issues[-1].code == "edited-since"
    assert len(desk.sandbox.posts) == 3
    path = write_sheet(desk.folder / "week.csv", [edited])
    assert desk.submit(path).counts == {"accepted": 1}
    assert [one.message for one in desk.sandbox.campaigns if "[0]" in one.message] == [edited["Message"]]


def test_another_ledger_on_the_account_is_said_loudly(desk: Bench) -> None:
    """Its tags come from their names, times, texts and groups, and this ledger never gave them."""
    desk.submit(desk.sheet([changed(desk.row(number), Reference="") for number in range(3)]))
    desk.lose_ledger()
    desk.submit(desk.sheet([desk.row(7)]))
    assert "another ledger works on this account: the provider holds 3 campaigns" in desk.words()


def test_what_may_be_another_ledgers_is_a_question(desk: Bench) -> None:
    """A tag of our kind that nothing proves: a person says that it was typed by hand, and is not asked again."""
    theirs = {"Message": "Theirs", "GroupIds": ["5009"], "DateTime": "2026-03-09 12:00:00"}
    desk.sandbox.create(CampaignName="Theirs #k7f3q2m9", **theirs)
    desk.submit(desk.sheet(1))
    assert "if nobody typed these names, another ledger works on this account" in desk.words()
    desk.reconcile(acknowledge=True)
    desk.told.clear()
    desk.submit(desk.sheet([desk.row(7)]))
    assert "another ledger" not in desk.words()


def test_a_campaign_that_a_hand_named_like_one_of_ours_claims_no_other_ledger(desk: Bench) -> None:
    """`#save2024` has the letters and the length of a tag."""
    theirs = {"Message": "Theirs", "GroupIds": ["5009"], "DateTime": "2026-03-09 12:00:00"}
    desk.sandbox.create(CampaignName="Spring Sale #save2024", **theirs)
    desk.submit(desk.sheet(1))
    books = desk.reconcile()
    assert "another ledger" not in desk.words()
    assert [finding.code for finding in books.findings] == ["made-elsewhere"]
    assert not books.needs_look


@pytest.mark.proof
def test_a_hand_made_copy_of_a_row_is_seen_whatever_its_name_ends_with(desk: Bench) -> None:
    """Its name, whole or without its last word, and its time are the row's."""
    row = desk.row(0)
    for name in (f"{row['CampaignName']} #save2024", row["CampaignName"]):
        with bench(late_seconds=200) as other:
            row = changed(other.row(0), Reference="")
            fields = {"Message": "By hand", "GroupIds": [row["GroupIds"]], "DateTime": f"{row['DateTime']}:00"}
            other.sandbox.create(CampaignName=name, **fields)
            other.submit(other.sheet([changed(row, CampaignName=name)]))
            assert [entry.status for entry in other.entries()] == [Status.HELD]
            assert [issue.code for issue in other.entries()[0].issues][-1] == "looks-edited"
