"""Settings that change between two runs: what is posted is made from today's, and what is scheduled is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape

import pytest
from torture_support import Bench, bench

from batch.core.identity import split_tag
from batch.core.payload import from_provider_time, hash_payload, make_payload
from batch.model import Level
from batch.model.errors import BatchError, NotAsAskedError, UsageError
from batch.workflows.cancel import pause_all
from batch.workflows.check import check_file
from batch.workflows.context import open_context
from batch.workflows.find import find_entries, report_again, show_entry, write_evidence_of
from batch.workflows.options import Options
from batch.workflows.resolve import resolve_entry
from batch.workflows.submit import plan_file

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
        zones = [ledger.attempts.of(entry.id)[-1].provider_zone for entry in desk.entries()]
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
        assert ledger.attempts.of(desk.entry("R-0").id)[-1].tag == desk.entry("R-0").tag


def test_what_was_posted_with_a_tag_is_adopted_though_it_was_planned_without(desk: Bench) -> None:
    """A ledger that was restored from before the posting finds its campaign, whatever tag_names said at the plan."""
    desk.set(provider__tag_names="false")
    desk.submit(desk.sheet(1), limit=0)
    saved = desk.keep_ledger()
    desk.set(provider__tag_names="true")
    desk.resume()
    desk.put_back(saved)
    tally = desk.resume()
    assert (len(desk.sandbox.posts), tally.adopted) == (1, 1)


def test_what_an_attempt_hashes_is_what_a_preview_of_the_same_settings_hashes(desk: Bench) -> None:
    """One function makes what is shown, bound and posted."""
    desk.submit(desk.sheet(1), limit=0)
    with open_context(desk.settings, desk.world) as context:
        bound = hash_payload(make_payload(context.ledger.entries.get(1), context.posting))
    desk.resume()
    with desk.ledger() as ledger:
        assert [one.payload_hash for one in ledger.attempts.of(1)] == [bound]
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
    assert (
        "goes out on Wed, Mar 4, 2026, 8:00 AM EST, 3 hours early: Wed, Mar 4, 2026, 11:00 AM EST is meant"
        in finding.words
    )
    assert books.needs_look


def test_an_echo_in_another_form_of_the_same_time_is_no_drift(desk: Bench) -> None:
    """A provider may write a T between day and time, or leave the seconds away."""
    with bench() as other:
        plain = other.sandbox.account.write_time
        other.sandbox.account.write_time = lambda moment: plain(moment).replace(" ", "T")  # type: ignore[method-assign]
        tally = other.submit(other.sheet(2))
        assert (tally.trouble, tally.attention) == (None, 0)
        assert not other.reconcile().needs_look


def test_a_corrected_zone_is_told_with_what_it_means(desk: Bench) -> None:
    """At the next command: what changed, what goes by the new value, which Ids are off and how far; exit 1."""
    desk.set(provider__timezone=LOS_ANGELES)
    desk.submit(desk.sheet(3), limit=1)
    number = desk.entry("R-0").provider_id
    desk.told.clear()
    desk.set(provider__timezone=NEW_YORK)
    tally = desk.resume()
    words = desk.words()
    assert f'[provider] timezone was "{LOS_ANGELES}" at the last run and is "{NEW_YORK}" now' in words
    assert "2 planned rows and all others go by the new value" in words
    assert f"1 scheduled campaign will go out 3 hours early, by {NEW_YORK}" in words
    assert f"(Id {number})" in words
    assert (tally.off_time, tally.needs_look) == (1, True)
    desk.told.clear()
    assert desk.resume().off_time == 1
    assert "at the last run" not in desk.words()
    assert "3 hours early" in desk.words()


def test_check_a_dry_run_and_reconcile_tell_a_change_too(desk: Bench) -> None:
    """The first two write nothing, so that the next command tells it again."""
    path = desk.sheet(1)
    desk.submit(path)
    desk.set(provider__max_name="40")
    for run in (
        lambda: check_file(path, desk.settings, desk.world),
        lambda: plan_file(path, desk.settings, desk.world, Options(dry_run=True)),
        desk.reconcile,
    ):
        desk.told.clear()
        run()
        assert "[provider] max_name was not set at the last run and is 40 now" in desk.words()
    desk.told.clear()
    desk.reconcile()
    assert "max_name" not in desk.words()


OLD, NEW = " Reply STOP to opt out", " Text STOP to end"


@pytest.mark.parametrize(
    ("setting", "old", "new"),
    [
        ("checks__footer", OLD, NEW),
        ("checks__footer", OLD, ""),
        ("checks__prefix", "Maple:", "Main:"),
        ("checks__plain_characters", "false", "true"),
        ("sheet__timezone", CHICAGO, NEW_YORK),
        ("sheet__date_order", "month", "iso"),
        ("sheet__type_recipients", "0", "1"),
    ],
)
def test_what_was_read_with_other_settings_is_held_and_goes_when_its_file_comes_again(
    desk: Bench, setting: str, old: str, new: str
) -> None:
    """Its text or time is that of the old ones: it is never silently sent with them."""
    desk.set(**{setting: old})
    path = desk.sheet([desk.row(n) for n in range(3)])
    desk.submit(path, limit=1)
    desk.set(**{setting: new})
    tally = desk.resume()
    assert (tally.counts, len(desk.sandbox.posts)) == ({"held": 2}, 1)
    assert "2 planned rows are held: read with other settings" in desk.words()
    held = desk.entry("R-1")
    assert [issue.code for issue in held.issues if issue.level is Level.HOLD] == ["settings-changed"]
    with pytest.raises(UsageError, match="submit its file again"):
        resolve_entry(desk.settings, desk.world, held.id, "send", "never mind")
    again = desk.submit(path)
    assert again.counts["accepted"] == 2
    assert len(desk.sandbox.posts) == 3


def test_a_doubt_that_did_not_arrive_is_not_sent_again_with_an_older_text(desk: Bench) -> None:
    """It is given back by the settling and held: its text is not today's."""
    desk.set(checks__footer=OLD)
    desk.leave_a_doubt()
    desk.set(checks__footer=NEW)
    assert desk.resume().counts == {"held": 1}
    assert len(desk.sandbox.posts) == 3


def test_what_is_told_of_a_campaign_is_when_it_really_goes(desk: Bench) -> None:
    """`find`, the report and the list of a recall say the time of the provider, and that another one was meant."""
    desk.set(provider__timezone=LOS_ANGELES)
    desk.submit(desk.sheet(1))
    ((_, sentence),) = find_entries(desk.settings, desk.world, "Sale 0")
    assert "11:00 AM EST" in sentence
    assert "meant" not in sentence
    desk.set(provider__timezone=NEW_YORK)
    ((_, sentence),) = find_entries(desk.settings, desk.world, "Sale 0")
    assert "scheduled for Wed, Mar 4, 8:00 AM EST" in sentence
    assert (
        "; goes out on Wed, Mar 4, 2026, 8:00 AM EST, 3 hours early: Wed, Mar 4, 2026, 11:00 AM EST is meant"
        in sentence
    )
    pages = report_again(desk.settings, desk.world, batch=1, formats=("html",))
    page = pages[0].read_text(encoding="utf-8")
    assert "3 hours early" in page
    assert any("8:00 AM EST" in line for line in pause_all(desk.settings, desk.world, "lettuce"))


def test_what_is_told_of_one_campaign_is_what_the_report_tells(desk: Bench) -> None:
    """`ledger show` and the evidence page say when it really goes and what to do, and the trend counts it as wrong."""
    desk.set(provider__timezone=LOS_ANGELES)
    desk.submit(desk.sheet(1))
    desk.set(provider__timezone=NEW_YORK)
    [path] = report_again(desk.settings, desk.world, batch=1, formats=("json",))
    report = json.loads(path.read_text(encoding="utf-8"))
    [row], shown = report["rows"], show_entry(desk.settings, desk.world, 1)
    assert (shown["standing"], shown["next_step"]) == (row["shown_as"], row["next_step"])
    assert datetime.fromisoformat(shown["send_at"]) == datetime.fromisoformat(row["send_at"])
    evidence = write_evidence_of(desk.settings, desk.world, 1).read_text(encoding="utf-8")
    assert "scheduled for Wed, Mar 4, 8:00 AM EST" in unescape(evidence)
    assert "scheduled, but look at it" in evidence
    [week] = [one for one in report["trend"] if one["rows"]]
    assert week["needs_person"] == report["figures"]["needs_person"] == 1


def test_a_campaign_that_goes_later_than_meant_is_still_on_the_list_of_a_recall(desk: Bench) -> None:
    """Its own time has passed, and yet it will go out."""
    desk.submit(desk.sheet(1))
    desk.set(provider__timezone=LOS_ANGELES)
    desk.clock.at = desk.entry("R-0").send_at + timedelta(hours=1)  # type: ignore[operator]
    assert any(
        "11:00 AM PST" in line or "2:00 PM EST" in line for line in pause_all(desk.settings, desk.world, "lettuce")
    )


def test_a_campaign_that_was_moved_in_the_dashboard_is_told_as_it_goes(desk: Bench) -> None:
    """After a comparison saw it there."""
    desk.submit(desk.sheet(1))
    campaign = desk.sandbox.campaigns[0]
    with desk.sandbox.account.lock:
        desk.sandbox.account.held[campaign.id] = replace(campaign, send_at=campaign.send_at + 7200)
    desk.reconcile()
    ((_, sentence),) = find_entries(desk.settings, desk.world, "Sale 0")
    assert "scheduled for Wed, Mar 4, 1:00 PM EST" in sentence
    assert "2 hours late" in sentence


def test_after_the_tag_was_lost_a_longest_name_that_is_set_sends_no_other_one_too_long() -> None:
    """The stop asks for it; from then on every name is short enough, and bears its tag."""
    with bench(name_length=30) as desk:
        rows = [desk.row(number, CampaignName=f"The very long name of sale number {number}") for number in range(4)]
        tally = desk.submit(desk.sheet(rows))
        assert isinstance(tally.trouble, NotAsAskedError)
        with pytest.raises(BatchError, match="everything is paused by campaign-batch"):
            desk.resume()
        assert len(desk.sandbox.posts) == 1
        desk.told.clear()
        desk.set(provider__max_name="30")
        assert desk.resume().trouble is None
        assert "the pause is lifted: [provider] max_name was not set and is 30 now" in desk.words()
        names = [post.payload["CampaignName"] for post in desk.sandbox.posts]
        assert [len(name) for name in names[1:]] == [30, 30, 30]
        assert [entry.status.value for entry in desk.entries()] == ["accepted"] * 4
        assert [split_tag(name)[1] for name in names[1:]] == [entry.tag for entry in desk.entries()[1:]]
