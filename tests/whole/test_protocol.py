"""Every cell of the outcome table through the whole pipeline: the status, whether the run stops, what follows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from torture_support import Bench, assert_exactly_once, bench, count_campaigns
from wire_support import make_certificate

from batch.model import Status
from batch.workflows.options import Options
from batch.workflows.submit import plan_file

SETTLED = (Status.ACCEPTED, 2)
"""It did not arrive: two readings prove it, and it is sent once more."""
ADOPTED = (Status.ACCEPTED, 1)
"""It arrived: the list says so, and nothing is sent again."""

DOUBTS = {
    "close-before": SETTLED,
    "close-after": ADOPTED,
    "reset-before": SETTLED,
    "reset-after": ADOPTED,
    "late": ADOPTED,
    "error-before": SETTLED,
    "error-after": ADOPTED,
    "html-502": SETTLED,
    "html-502-after": ADOPTED,
    "html-504-after": ADOPTED,
    "html-200": SETTLED,
    "broken-json": ADOPTED,
    "cut": ADOPTED,
    "empty": ADOPTED,
    "empty-before": SETTLED,
    "garbage": ADOPTED,
    "no-id": ADOPTED,
    "500": SETTLED,
    "502": SETTLED,
    "503": SETTLED,
    "503-after": ADOPTED,
    "504": SETTLED,
    "504-after": ADOPTED,
    "520": SETTLED,
    "522": SETTLED,
    "524-after": ADOPTED,
    "408": SETTLED,
    "408-after": ADOPTED,
    "409": SETTLED,
    "418": SETTLED,
    "423": SETTLED,
    "451": SETTLED,
    "201": SETTLED,
    "201-after": ADOPTED,
    "202": SETTLED,
    "202-after": ADOPTED,
    "204": SETTLED,
    "206-after": ADOPTED,
}
STOPPED = {
    "401": "planned",
    "402": "planned",
    "403": "planned",
    "404": "planned",
    "405": "planned",
    "406": "planned",
    "415": "planned",
    "301": "in_doubt",
    "302": "in_doubt",
    "303": "in_doubt",
    "307": "in_doubt",
    "308": "in_doubt",
    "redirect": "in_doubt",
}
REFUSED = ("400", "410", "413", "414", "422", "431")
TAKEN = ("object", "xml", "pending", "action-required", "twice")


@pytest.fixture
def desk() -> Iterator[Bench]:
    with bench(late_seconds=60) as found:
        yield found


def posts_an_attempt(desk: Bench, rows: int) -> bool:
    """Whether no attempt made more than one POST."""
    with desk.ledger() as ledger:
        made = sum(len(ledger.attempts.of(entry.id)) for entry in ledger.entries.select())
    return len(desk.sandbox.posts) <= made


def test_every_answer_that_proves_nothing_leaves_a_doubt_that_the_lists_end() -> None:
    """One row a cell: in doubt, settled, held once; a second POST only where two readings lacked the first.

    Between each two of them one arrives: the list then shows campaigns from before and from after each doubt.
    """
    rows = 2 * len(DOUBTS) + 1
    with bench(groups=rows, late_seconds=60) as desk:
        for place, fault in enumerate(DOUBTS, start=1):
            desk.sandbox.faults.add(f"{fault}@{2 * place}")
        tally = desk.submit(desk.sheet(rows))
        assert (tally.trouble, tally.counts) == (None, {"accepted": rows})
        attempts = {fault: desk.attempts(f"R-{2 * place - 1}") for place, fault in enumerate(DOUBTS, start=1)}
        again = {ADOPTED: ["in_doubt"], SETTLED: ["in_doubt", "accepted"]}
        assert attempts == {fault: again[wanted] for fault, wanted in DOUBTS.items()}
        assert len(desk.sandbox.posts) == sum(posts for _, posts in DOUBTS.values()) + len(DOUBTS) + 1
        assert_exactly_once(desk.sandbox, desk.entries(), rows)
        assert desk.problems() == ()


@pytest.mark.parametrize("fault", ["hang", "hang-after", "drip"])
def test_a_silent_or_dripping_provider_is_cut_and_leaves_a_doubt(fault: str) -> None:
    """The deadline ends it, and what it came to is a doubt."""
    with bench(drip_seconds=0.02) as desk:
        desk.set(provider__deadline=0.3)
        desk.sandbox.faults.add(f"{fault}@2")
        tally = desk.submit(desk.sheet(3))
        assert (tally.trouble, desk.attempts("R-1")[0]) == (None, "in_doubt")
        assert len(desk.sandbox.posts) == (4 if fault == "hang" else 3)
        assert_exactly_once(desk.sandbox, desk.entries(), 3)


@pytest.mark.parametrize("fault", STOPPED)
def test_an_answer_about_token_address_or_place_stops_the_run(desk: Bench, fault: str) -> None:
    """The row is planned or in doubt, no second row goes, the run ends with exit code 3, and resume goes on."""
    desk.sandbox.faults.add(f"{fault}@1")
    tally = desk.submit(desk.sheet(3))
    assert tally.trouble is not None
    assert tally.trouble.exit_code == 3
    assert desk.attempts("R-0") == [STOPPED[fault]]
    assert desk.entry("R-0").status == STOPPED[fault]
    assert len(desk.sandbox.posts) == 1


@pytest.mark.parametrize("fault", ["401", "redirect"])
def test_a_run_that_stopped_goes_on_with_resume(desk: Bench, fault: str) -> None:
    """What was planned is submitted, what was in doubt is settled, each row once."""
    desk.sandbox.faults.add(f"{fault}@2")
    desk.submit(desk.sheet(3))
    assert desk.resume().trouble is None
    assert_exactly_once(desk.sandbox, desk.entries(), 3)


def test_a_refused_row_is_rejected_once_and_keeps_the_providers_words(desk: Bench) -> None:
    """Rejected, never repeated unedited; the other rows go."""
    for place, fault in enumerate(REFUSED, start=1):
        desk.sandbox.faults.add(f"{fault}@{place}")
    path = desk.sheet(len(REFUSED) + 1)
    tally = desk.submit(path)
    entries = [desk.entry(f"R-{row}") for row in range(len(REFUSED))]
    assert (tally.trouble, tally.counts) == (None, {"rejected": len(REFUSED), "accepted": 1})
    assert {(entry.status, entry.issues[-1].code) for entry in entries} == {(Status.REJECTED, "refused")}
    assert all("the provider says" in entry.issues[-1].message for entry in entries)
    assert desk.submit(path).counts == {"refused_before": len(REFUSED), "skipped": 1}
    assert len(desk.sandbox.posts) == len(REFUSED) + 1


def test_every_shape_of_an_acceptance_is_read(desk: Bench) -> None:
    """A bare object, XML, another status: accepted with the Id that the provider gave."""
    for place, fault in enumerate(TAKEN, start=1):
        desk.sandbox.faults.add(f"{fault}@{place}")
    tally = desk.submit(desk.sheet(len(TAKEN)))
    assert (tally.trouble, tally.counts) == (None, {"accepted": len(TAKEN)})
    ids = [desk.entry(f"R-{row}").provider_id for row in range(len(TAKEN))]
    assert ids == [str(post.created) for post in desk.sandbox.posts]


def test_a_campaign_that_the_provider_made_twice_is_said_loudly(desk: Bench) -> None:
    """One POST, two campaigns: reconcile names the second one first of all."""
    desk.sandbox.faults.add("twice@1")
    desk.submit(desk.sheet(1))
    books = desk.reconcile()
    assert [(finding.code, finding.loud) for finding in books.findings] == [("held-twice", True)]


@pytest.mark.parametrize("tagged", [True, False])
def test_a_first_campaign_that_was_made_twice_ends_the_run(desk: Bench, *, tagged: bool) -> None:
    """A provider that makes two of one would do so with each: nothing else goes, and the second Id is named."""
    desk.set(provider__tag_names=tagged)
    desk.sandbox.faults.add("twice@1")
    tally = desk.submit(desk.sheet(3))
    assert tally.trouble is not None
    first = str(desk.sandbox.campaigns[0].id)
    assert (len(desk.sandbox.posts), tally.trouble.exit_code) == (1, 3)
    assert f"delete {first} in the dashboard" in str(tally.trouble)


def test_no_run_that_read_a_list_with_a_campaign_twice_is_green(desk: Bench) -> None:
    """The list after the last one shows it, and each later run's list, until it is deleted."""
    desk.sandbox.faults.add("twice@3")
    path = desk.sheet(3)
    tally = desk.submit(path)
    assert (tally.trouble, tally.counts, tally.doubled, tally.needs_look) == (None, {"accepted": 3}, 1, True)
    later = [desk.submit(path), desk.resume(), plan_file(path, desk.settings, desk.world, Options(dry_run=True))]
    assert [(one.doubled, one.needs_look) for one in later] == [(1, True)] * 3
    desk.sandbox.delete(desk.sandbox.campaigns[2].id)
    assert [(one.doubled, one.needs_look) for one in (desk.submit(path), desk.resume())] == [(0, False), (0, False)]
    assert len(desk.sandbox.posts) == 3


def test_a_pause_that_the_provider_asks_for_is_no_attempt(desk: Bench) -> None:
    """429: planned, the account is left alone, and the same row goes afterwards."""
    desk.sandbox.faults.add("429x1")
    tally = desk.submit(desk.sheet(1))
    assert (tally.trouble, tally.counts) == (None, {"accepted": 1})
    assert desk.attempts("R-0") == ["planned", "accepted"]
    assert desk.entry("R-0").attempts == 1


def test_a_name_that_loses_its_tag_stops_the_run_after_one_campaign(desk: Bench) -> None:
    """Accepted, since time and text are ours; but tags do not survive here, so nothing else goes."""
    desk.sandbox.faults.add("rename")
    tally = desk.submit(desk.sheet(3))
    assert tally.trouble is not None
    assert "max_name" in str(tally.trouble)
    assert (len(desk.sandbox.posts), desk.entry("R-0").status) == (1, Status.ACCEPTED)
    assert "drifted" in [issue.code for issue in desk.entry("R-0").issues]


def test_an_id_that_another_row_has_is_a_doubt(desk: Bench) -> None:
    """The provider answers with the campaign before: in doubt, found nowhere, and sent once more."""
    desk.sandbox.faults.add("same-id@2")
    tally = desk.submit(desk.sheet(3))
    assert (tally.trouble, desk.attempts("R-1")) == (None, ["in_doubt", "accepted"])
    assert_exactly_once(desk.sandbox, desk.entries(), 3)


def test_the_id_of_a_broken_answer_is_held_for_a_person_when_the_list_has_it_without_our_tag(desk: Bench) -> None:
    """The answer names a campaign made elsewhere: perhaps ours, so it is never sent again by itself."""
    desk.sandbox.create(
        CampaignName="Staff party", Message="Come", GroupIds=["5009"], DateTime="2026-03-09 12:00:00", TypeRecipients=0
    )
    desk.sandbox.faults.add("same-id@1")
    tally = desk.submit(desk.sheet(1))
    assert (tally.counts, len(desk.sandbox.posts)) == ({"held": 1}, 1)
    assert "looks-alike" in [issue.code for issue in desk.entry("R-0").issues]


@pytest.mark.parametrize("fault", ["close-after", "reset-before", "cut", "garbage", "422", "401", "redirect", "xml"])
def test_the_table_holds_over_tls(tmp_path: Path, fault: str) -> None:
    """The same cells over https, with a certificate made here."""
    certificate = make_certificate(tmp_path)
    with bench(tls=certificate.context()) as desk:
        desk.set(provider__ca_file=certificate.trust)
        desk.sandbox.faults.add(f"{fault}@1")
        tally = desk.submit(desk.sheet(2))
        wanted = {"422": "rejected", "401": "planned", "redirect": "in_doubt", "xml": "accepted"}
        assert desk.attempts("R-0")[0] == wanted.get(fault, "in_doubt")
        assert (tally.trouble is not None) == (fault in {"401", "redirect"})
        assert posts_an_attempt(desk, 2)
        assert count_campaigns(desk.sandbox, desk.entries()).doubled == []
