"""Settings that change between two runs: what is posted is made from today's, and what is scheduled is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from torture_support import Bench, bench

from batch.payload import from_provider_time, hash_payload, make_payload
from batch.pipeline.rooms import open_rooms

CHICAGO, NEW_YORK, LOS_ANGELES = "America/Chicago", "America/New_York", "America/Los_Angeles"


@pytest.fixture
def desk() -> Iterator[Bench]:
    with bench() as found:
        yield found


def test_what_is_planned_is_posted_by_the_zone_of_the_day_it_goes(desk: Bench) -> None:
    """The rest of a file whose zone was corrected after its first row goes at the times that the sheet says."""
    desk.set(provider__timezone=LOS_ANGELES)
    desk.submit(desk.sheet(3), limit=1)
    desk.set(provider__timezone=NEW_YORK)
    desk.resume()
    wanted = {entry.reference: entry.send_at for entry in desk.entries()}
    read = {f"R-{n}": from_provider_time(desk.sandbox.posts[n].payload["DateTime"], NEW_YORK) for n in (1, 2)}
    assert read == {"R-1": wanted["R-1"], "R-2": wanted["R-2"]}
    assert {entry.provider_zone for entry in desk.entries()} == {LOS_ANGELES, NEW_YORK}
    assert [entry.send_at_provider for entry in desk.entries()] == [
        post.payload["DateTime"] for post in desk.sandbox.posts
    ]
    with desk.ledger() as ledger:
        zones = [ledger.attempts(entry.id)[-1].provider_zone for entry in desk.entries()]
    assert zones == [LOS_ANGELES, NEW_YORK, NEW_YORK]


def test_a_longest_name_set_after_the_plan_counts_for_what_is_planned(desk: Bench) -> None:
    """No resume sends one by the older, longer name."""
    rows = [desk.row(number, CampaignName=f"The very long name of sale number {number}") for number in range(2)]
    desk.submit(desk.sheet(rows), limit=1)
    desk.set(provider__max_name="30")
    desk.resume()
    names = [post.payload["CampaignName"] for post in desk.sandbox.posts]
    assert [len(name) for name in names] == [len(rows[0]["CampaignName"]) + 10, 30]
    assert [entry.provider_name for entry in desk.entries()] == names
    assert names[1].endswith(f"#{desk.entry('R-1').tag}")


def test_tags_switched_on_after_the_plan_are_posted_and_kept(desk: Bench) -> None:
    """The tag is the one that the row would always have had, in name, entry and attempt."""
    desk.set(provider__tag_names="false")
    desk.submit(desk.sheet(2), limit=0)
    desk.set(provider__tag_names="true")
    desk.resume()
    first = desk.sandbox.posts[0].payload["CampaignName"]
    assert first == f"Sale 0 #{desk.entry('R-0').tag}"
    with desk.ledger() as ledger:
        assert ledger.attempts(desk.entry("R-0").id)[-1].tag == desk.entry("R-0").tag


def test_what_was_posted_with_a_tag_is_adopted_though_it_was_planned_without(desk: Bench) -> None:
    """A ledger that was restored from before the posting finds its campaign, whatever tag_names said at the plan."""
    desk.set(provider__tag_names="false")
    desk.submit(desk.sheet(1), limit=0)
    saved = desk.ledger_path.read_bytes()
    desk.set(provider__tag_names="true")
    desk.resume()
    desk.ledger_path.write_bytes(saved)
    tally = desk.resume()
    assert (len(desk.sandbox.posts), tally.adopted) == (1, 1)


def test_what_an_attempt_hashes_is_what_a_preview_of_the_same_settings_hashes(desk: Bench) -> None:
    """One function makes what is shown, bound and posted."""
    desk.submit(desk.sheet(1), limit=0)
    with open_rooms(desk.settings, desk.world) as rooms:
        bound = hash_payload(make_payload(rooms.ledger.entry(1), rooms.posting))
    desk.resume()
    with desk.ledger() as ledger:
        assert [one.payload_hash for one in ledger.attempts(1)] == [bound]
    assert bound == hash_payload(desk.sandbox.posts[0].payload)


def test_a_comparison_reads_the_lists_by_the_zone_of_today(desk: Bench) -> None:
    """What was scheduled by the wrong zone is drifted and loud, with both times; what came after matches."""
    desk.set(provider__timezone=LOS_ANGELES)
    desk.submit(desk.sheet(3), limit=1)
    desk.set(provider__timezone=NEW_YORK)
    desk.resume()
    books = desk.reconcile()
    assert {kind.value: number for kind, number in books.counts.items() if number} == {"matched": 2, "drifted": 1}
    (finding,) = books.findings
    assert (finding.loud, finding.entry) == (True, 1)
    assert "goes out at 2026-03-04 08:00 EST, 3 hours early: 2026-03-04 11:00 EST is meant" in finding.words
    assert books.needs_look


def test_an_echo_in_another_form_of_the_same_time_is_no_drift(desk: Bench) -> None:
    """A provider may write a T between day and time, or leave the seconds away."""
    with bench() as other:
        plain = other.sandbox.books.write_time
        other.sandbox.books.write_time = lambda moment: plain(moment).replace(" ", "T")  # type: ignore[method-assign]
        tally = other.submit(other.sheet(2))
        assert (tally.trouble, tally.attention) == (None, 0)
        assert not other.reconcile().needs_look
