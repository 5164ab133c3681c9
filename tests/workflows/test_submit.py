"""A run of submitting from its first look at the lists to its end: when it stops, what it adopts, who may do it."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool
from torture_support import (
    TOKEN_FORMS,
    Bench,
    Crash,
    RealClock,
    assert_exactly_once,
    bench,
    changed,
    count_campaigns,
    crashed,
    start,
    wait_until,
)

from batch.adapters.provider import Provider
from batch.adapters.sandbox import Sandbox
from batch.adapters.sandbox.bodies import Reply
from batch.adapters.sandbox.endpoints import Request
from batch.model import Answer, Status
from batch.model.errors import BatchError, ClockError, LedgerBusyError, LedgerError, ProviderError, StoppedError
from batch.workflows import post as submitting
from batch.workflows.context import open_context
from batch.workflows.events import Note, Progress, RunEnded, Wait


@pytest.fixture
def desk() -> Iterator[Bench]:
    with bench() as found:
        yield found


@dataclass
class Listener:
    """Stands where a person would watch, and does something once."""

    when: Callable[[Any], bool]
    then: Callable[[], object]
    done: bool = False

    def append(self, told: object) -> None:
        if not self.done and self.when(told):
            self.done = True
            self.then()


def test_three_doubts_in_a_row_are_settled_before_the_next_row_goes(desk: Bench) -> None:
    """Nothing newer stands on the list, so it cannot end them: the run stops, and the next one sends the rest first."""
    desk.submit(desk.sheet([desk.row(10)], "older.csv"))
    desk.sandbox.faults.add("close-beforex3")
    begun = desk.clock.at
    tally = desk.submit(desk.sheet(5))
    assert (desk.clock.at - begun).total_seconds() >= 300
    assert (str(tally.trouble)[:23], tally.counts) == ("3 campaigns in a row ma", {"in_doubt": 3, "planned": 2})
    assert desk.resume().counts == {"accepted": 5}
    assert_exactly_once(desk.sandbox, desk.entries(), (0, 1, 2, 3, 4, 10))


def test_three_doubts_that_the_lists_cannot_end_stop_the_run(desk: Bench) -> None:
    """A list that lacks what was accepted proves nothing, and so nothing more is sent."""
    for number in (2, 3, 4):
        desk.sandbox.faults.add(f"close-before@{number}")
    first = desk.sandbox
    desk.told = Listener(  # type: ignore[assignment]
        lambda told: isinstance(told, Progress) and told.in_doubt == 3,
        lambda: first.delete(first.campaigns[0].id),
    )
    tally = desk.submit(desk.sheet(6))
    assert "3 campaigns in a row" in str(tally.trouble)
    assert len(desk.sandbox.posts) == 4
    assert tally.counts == {"accepted": 1, "in_doubt": 3, "planned": 2}


def test_a_provider_that_cannot_be_reached_is_tried_eight_times_with_pauses(desk: Bench) -> None:
    """Connection refused: planned, nothing counted, at most a minute between two tries, then the run stops."""

    def unplug(_words: str) -> bool:
        desk.sandbox.stop()
        return True

    desk.confirm = unplug
    tally = desk.submit(desk.sheet(3))
    assert "8 times in a row" in str(tally.trouble)
    assert desk.attempts("R-0") == ["planned"] * 8
    assert (desk.entry("R-0").attempts, tally.counts) == (0, {"planned": 3})
    assert 0 < desk.clock.slept <= 7 * 60
    desk.sandbox.start()
    assert desk.resume().counts == {"accepted": 3}
    assert_exactly_once(desk.sandbox, desk.entries(), 3)


def test_a_refusal_by_the_limiter_shows_that_the_provider_can_be_reached(desk: Bench) -> None:
    """Seven tries in vain, a 429, seven more: no eight in a row, and the run goes on."""
    desk.sandbox.faults.add("429@1")
    plugs = {7: desk.sandbox.start, 8: desk.sandbox.stop, 15: desk.sandbox.start}

    class Plugs(list[object]):
        def append(self, told: object) -> None:
            super().append(told)
            if isinstance(told, Progress) and (count := sum(isinstance(one, Progress) for one in self)) in plugs:
                plugs[count]()

    desk.told = Plugs()
    desk.confirm = lambda _words: desk.sandbox.stop() is None
    tally = desk.submit(desk.sheet(2))
    assert (tally.trouble, tally.counts) == (None, {"accepted": 2})
    assert desk.attempts("R-0") == ["planned"] * 15 + ["accepted"]


class RefusesPosts(Sandbox):
    """A provider whose limiter lets no submission in, whatever time has passed."""

    told: dict[str, str] = {}  # noqa: RUF012  set by the test

    def _answer(self, request: Request) -> Reply:
        if request.method != "POST":
            return super()._answer(request)
        return Reply(429, b"{}", headers=self.told)


@pytest.mark.parametrize(
    ("told", "times"),
    [({}, 10), ({"X-Rate-Limit-Limit": "60", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "3600"}, 7)],
)
def test_a_limiter_that_lets_nothing_in_ends_the_run(told: dict[str, str], times: int) -> None:
    """After ten refusals in a row, or an hour of them: exit 3, all rows planned, and the command that goes on."""
    with bench(sandbox=RefusesPosts) as desk:
        desk.sandbox.told = told  # type: ignore[attr-defined]
        begun = desk.clock.at
        tally = desk.submit(desk.sheet(2))
        assert tally.trouble is not None
        assert f"it accepted nothing {times} times in a row (429)" in str(tally.trouble)
        assert 'type "campaign-batch resume"' in str(tally.trouble)
        assert (tally.trouble.exit_code, tally.counts) == (3, {"planned": 2})
        assert (desk.attempts("R-0"), desk.attempts("R-1")) == (["planned"] * times, [])
        assert desk.clock.at - begun < timedelta(hours=2)


def test_an_interrupt_while_a_reading_waits_for_the_rate_limit_ends_the_run(desk: Bench) -> None:
    """However long the pause is: nothing is asked again, exit 130, and what makes it wait was told."""
    desk.sandbox.faults.add("scheduled=429")
    plain, stopped = desk.clock.sleep, [False]

    def sleep(seconds: float) -> None:
        plain(seconds)
        stopped[0] = len(desk.told) > 0

    desk.clock.sleep = sleep  # type: ignore[method-assign]
    desk.stops = lambda: stopped[0]
    with pytest.raises(StoppedError, match="nothing is lost") as caught:
        desk.submit(desk.sheet(1))
    assert (caught.value.exit_code, desk.entries(), desk.sandbox.posts) == (130, [], [])
    assert desk.sandbox.faults._requests["scheduled"] == 2
    assert desk.told[0] == Wait("the provider's rate limit", pytest.approx(2.02, abs=0.1))


class Crooked(Sandbox):
    """A provider whose list of scheduled campaigns shows something else than its answers."""

    def _answer(self, request: Request) -> Reply:
        if not request.path.endswith("group-schedule-messages"):
            return super()._answer(request)
        return self.bend(super()._answer(request), request)

    def bend(self, reply: Reply, _request: Request) -> Reply:
        return reply

    def show(self, reply: Reply, **fields: object) -> Reply:
        items = [{**item, **fields} for item in json.loads(reply.body)]
        reply.body = json.dumps(items).encode()
        return reply


class CutsNames(Crooked):
    def bend(self, reply: Reply, _request: Request) -> Reply:
        items = [{**item, "CampaignName": item["CampaignName"][:9]} for item in json.loads(reply.body)]
        reply.body = json.dumps(items).encode()
        return reply


class ShiftsTimes(Crooked):
    def bend(self, reply: Reply, _request: Request) -> Reply:
        return self.show(reply, DateTime="2026-03-04 10:00:00")


class SwapsGroups(Crooked):
    def bend(self, reply: Reply, _request: Request) -> Reply:
        return self.show(reply, GroupIds=["5001"])


class SwapsTexts(Crooked):
    def bend(self, reply: Reply, _request: Request) -> Reply:
        return self.show(reply, Message="Something else")


class ShowsTheFirstPageOnly(Crooked):
    """Gives two campaigns and no more, whatever page is asked for, and says nothing of it."""

    def bend(self, reply: Reply, request: Request) -> Reply:
        whole = super(Crooked, self)._answer(replace(request, query={**request.query, "page": "1"}))
        whole.headers = {}
        return whole


@pytest.mark.parametrize(
    ("kind", "word"), [(CutsNames, "name"), (ShiftsTimes, "time"), (SwapsGroups, "groups"), (SwapsTexts, "text")]
)
def test_a_list_that_shows_the_first_campaign_differently_stops_the_run(kind: type[Sandbox], word: str) -> None:
    """Found at one campaign, not at three hundred."""
    with bench(sandbox=kind) as desk:
        tally = desk.submit(desk.sheet(4))
        assert tally.trouble is not None
        assert f"shows the {word} of" in str(tally.trouble)
        assert (tally.trouble.exit_code, len(desk.sandbox.posts)) == (3, 1)
        assert tally.counts == {"accepted": 1, "planned": 3}


def test_a_provider_that_shows_times_in_another_zone_stops_the_run() -> None:
    """A shifted zone is seen at the first campaign."""
    with bench(shown_zone="America/Chicago") as desk:
        tally = desk.submit(desk.sheet(3))
        assert tally.trouble is not None
        assert len(desk.sandbox.posts) == 1


def test_a_list_that_ends_after_its_first_page_without_saying_so_stops_the_run() -> None:
    """What was accepted is not on it: the list cannot be trusted, so nothing else goes."""
    with bench(sandbox=ShowsTheFirstPageOnly, page_size=2) as desk:
        for number in (10, 11):
            fields = {"GroupIds": [f"50{number}"], "DateTime": "2026-03-09 12:00:00", "TypeRecipients": 0}
            desk.sandbox.create(CampaignName=f"Old {number}", Message="Old", **fields)
        tally = desk.submit(desk.sheet(3))
        assert "lacks it" in str(tally.trouble)
        assert len(desk.sandbox.posts) == 1


def test_a_list_in_pages_that_are_not_announced_is_read_to_its_end() -> None:
    """Page 2 is asked for as well, and a page that repeats ends it."""
    with bench(announce_paging=False, page_size=2) as desk:
        path = desk.sheet(5)
        assert desk.submit(path).counts == {"accepted": 5}
        assert desk.submit(path).counts == {"skipped": 5}


def test_a_lost_ledger_adopts_what_the_provider_holds(desk: Bench) -> None:
    """The same file into an empty ledger: 0 POSTs, the same Ids."""
    path = desk.sheet(4)
    desk.submit(path)
    desk.lose_ledger()
    tally = desk.submit(path)
    assert (tally.counts, tally.adopted, len(desk.sandbox.posts)) == ({"accepted": 4}, 4, 4)
    assert_exactly_once(desk.sandbox, desk.entries(), 4)


class LosesOneBetweenTwoPages(Crooked):
    """While page 1 is on its way, one of its campaigns is deleted and another one made: the total stays as it was."""

    def _answer(self, request: Request) -> Reply:
        reply = super()._answer(request)
        if "group-schedule-messages" in request.path and getattr(self, "armed", False):
            self.armed = False
            self.delete(self.campaigns[0].id)
            self.create(CampaignName="By hand", Message="m", GroupIds=["5000"], DateTime="2026-03-09 12:00:00")
        return reply


@pytest.mark.parametrize("announced", [True, False])
def test_a_list_that_changes_between_two_pages_hides_no_campaign(announced: bool) -> None:
    """What moved to a page that was read already is not taken for absent."""
    with bench(sandbox=LosesOneBetweenTwoPages, page_size=5, announce_paging=announced) as desk:
        path = desk.sheet(12)
        desk.submit(path)
        desk.lose_ledger()
        desk.sandbox.armed = True  # type: ignore[attr-defined]
        desk.submit(path)
        assert count_campaigns(desk.sandbox, []).doubled == []


class SendsOneBetweenTwoPages(Crooked):
    """While page 1 of the sent history is on its way, one more campaign moves to it; `armed` times."""

    armed = 0

    def _answer(self, request: Request) -> Reply:
        reply = super()._answer(request)
        if "sent-history/group-list" in request.path and self.armed and request.query.get("page", "1") == "1":
            self.armed -= 1
            self.send_now()
        return reply

    def send_now(self) -> None:
        """Let the next one that somebody scheduled by hand go out."""
        waiting = next(one for one in self.scheduled if one.name.startswith("By hand"))
        self.edit(waiting.id, send_at=self.now() - 1.0)


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize(("times", "whole"), [(1, True), (2, True), (9, False)])
def test_a_sent_history_that_grows_between_two_pages_is_read_again(times: int, whole: bool, newest_first: bool) -> None:
    """It is read until it stands still; one that never does proves nothing, and nothing is sent on its word."""
    with bench(sandbox=SendsOneBetweenTwoPages, page_size=2, newest_first=newest_first) as desk:
        for number in range(20):
            fields = {"GroupIds": ["5000"], "DateTime": "2026-03-09 12:00:00", "TypeRecipients": 0}
            desk.sandbox.create(CampaignName=f"By hand {number}", Message=f"Old {number}", **fields)
        for _ in range(4):
            desk.sandbox.send_now()  # type: ignore[attr-defined]
        desk.sandbox.armed = times  # type: ignore[attr-defined]
        path = desk.sheet(3)
        if whole:
            assert desk.submit(path).counts == {"accepted": 3}
            return
        with pytest.raises(ProviderError, match="sent history is not complete: the list changed each of the 3 times"):
            desk.submit(path)
        assert desk.sandbox.posts == []


def test_a_restored_ledger_adopts_what_went_meanwhile(desk: Bench) -> None:
    """Last week's copy is put back and the file dropped again: only what is new goes."""
    desk.submit(desk.sheet(2))
    copy = desk.keep_ledger()
    path = desk.sheet(5)
    desk.submit(path)
    desk.put_back(copy)
    tally = desk.submit(path)
    assert (tally.counts, tally.adopted, len(desk.sandbox.posts)) == ({"accepted": 3, "skipped": 2}, 3, 5)
    assert_exactly_once(desk.sandbox, desk.entries(), 5)


def test_a_restored_plan_whose_time_has_passed_is_adopted_from_the_sent_history(desk: Bench) -> None:
    """Planned in the copy, sent since: it is not called too late."""
    path = desk.sheet(2)
    desk.submit(path, limit=0)
    copy = desk.keep_ledger()
    desk.resume()
    desk.clock.advance(days=3)
    desk.put_back(copy)
    desk.resume()
    assert {entry.status for entry in desk.entries()} == {Status.ACCEPTED}
    desk.reconcile()
    assert {entry.status for entry in desk.entries()} == {Status.SENT}
    assert len(desk.sandbox.posts) == 2


def test_a_tag_that_the_provider_holds_twice_is_held(desk: Bench) -> None:
    """Doubt about a campaign that is there twice: a person decides, nothing is sent."""
    desk.sandbox.faults.add("twice@1")
    desk.submit(desk.sheet(1))
    desk.lose_ledger()
    tally = desk.submit(desk.sheet(1))
    assert (tally.counts, len(desk.sandbox.posts)) == ({"held": 1}, 1)
    assert "held-twice" in [issue.code for issue in desk.entry("R-0").issues]
    desk.clock.advance(days=30)
    desk.resume()
    assert desk.entry("R-0").status is Status.HELD, "it may have gone out: nobody may call it too late"


def test_a_campaign_thought_deleted_that_is_there_again_is_held(desk: Bench) -> None:
    """Its Id belongs to the entry that was called missing: the new one neither takes it nor is sent."""
    path = desk.sheet(3)
    desk.submit(path)
    there = desk.sandbox.campaigns[1]
    desk.sandbox.delete(there.id)
    desk.reconcile()
    desk.submit(path, allow=frozenset({"deleted-in-dashboard"}), limit=0)
    desk.sandbox.account._put(there)
    tally = desk.resume()
    assert (tally.trouble, tally.adopted) == (None, 0)
    assert len(desk.sandbox.posts) == 3
    assert Status.ACCEPTED not in {entry.status for entry in desk.entries() if entry.id > 3}


def test_no_valid_list_no_run(desk: Bench) -> None:
    """A campaign that the ledger knows as accepted is not on the list: exit 3, 0 POSTs, and the remedy named."""
    desk.submit(desk.sheet(2))
    desk.sandbox.delete(desk.sandbox.campaigns[0].id)
    with pytest.raises(ProviderError, match=r"resolve 1 --deleted") as caught:
        desk.submit(desk.sheet(3))
    assert (caught.value.exit_code, len(desk.sandbox.posts)) == (3, 2)


@pytest.mark.parametrize(
    "fault", ["scheduled=500", "sent=500", "scheduled=html-200", "sent=broken-json", "scheduled=401"]
)
def test_lists_that_cannot_be_read_stop_the_run_before_the_first_request(fault: str) -> None:
    """Exit 3 and nothing sent."""
    with bench() as desk:
        desk.sandbox.faults.add(fault)
        with pytest.raises(ProviderError):
            desk.submit(desk.sheet(1))
        assert desk.sandbox.posts == []


def test_what_may_go_at_once_is_meant_with_the_outcome_before_it(desk: Bench) -> None:
    """One commit a row from the second on; the first is looked for on the list before another is meant."""
    after: Counter[int] = Counter()

    def commit(_connection: object) -> None:
        after[len(desk.sandbox.posts)] += 1

    event.listen(Engine, "commit", commit)
    try:
        desk.submit(desk.sheet(4))
    finally:
        event.remove(Engine, "commit", commit)
    assert (after[1] > 1, after[2], after[3]) == (True, 1, 1)
    assert_exactly_once(desk.sandbox, desk.entries(), 4)


class Interferes(Sandbox):
    """A provider at which something happens from its third campaign on."""

    def _answer(self, request: Request) -> Reply:
        reply = super()._answer(request)
        if len(self.posts) >= 3:
            self.happen(reply)
        return reply

    def happen(self, reply: Reply) -> None:
        """Set by the test."""


@pytest.mark.parametrize("cause", ["limit", "interrupt", "pace", "no pace", "clock", "pause"])
def test_nothing_is_meant_that_does_not_go_at_once(cause: str) -> None:
    """What ends a run, or lets it wait, behind the third row is seen before the fourth one's intent is written."""
    with bench(sandbox=Interferes) as desk:

        def happen(reply: Reply) -> None:
            if cause == "pace":
                told = {"Limit": "20", "Remaining": "0", "Reset": "40"}
                reply.headers.update({f"X-Rate-Limit-{name}": value for name, value in told.items()})
            if cause == "no pace":
                desk.change_ledger("DROP TABLE IF EXISTS pace")
            if cause == "clock":
                reply.date_offset = 3600.0
            if cause == "pause":
                with desk.ledger() as ledger:
                    ledger.pauses.add("wait", "ann", desk.clock.now())

        desk.sandbox.happen = happen  # type: ignore[attr-defined]
        stops = {"interrupt": lambda: True, "pace": lambda: desk.clock.slept > 0}.get(cause, lambda: False)
        desk.stops = lambda: len(desk.sandbox.posts) >= 3 and stops()
        trouble = desk.submit(desk.sheet(6), limit=3 if cause == "limit" else None).trouble
        troubles = {"no pace": LedgerError, "clock": ClockError, "pause": BatchError}
        assert type(trouble) is troubles.get(cause, type(None))
        assert [desk.attempts(f"R-{row}") for row in range(4)] == [["accepted"]] * 3 + [[]]
        assert Counter(entry.status for entry in desk.entries()) == {Status.ACCEPTED: 3, Status.PLANNED: 3}


def test_a_row_that_cannot_be_made_ready_loses_no_answer_of_the_one_before(desk: Bench) -> None:
    """It fails at its own turn, when that answer is written down."""
    desk.submit(desk.sheet(4), limit=1)
    with open_context(desk.settings, desk.world) as context:
        first, second, third = context.ledger.entries.planned()
        assert third.send_at is not None
        broken = replace(third, send_at=third.send_at.replace(tzinfo=None))
        submission = submitting.Submission(context)
        submission.run([first])
        with pytest.raises(ValueError, match="a time without a zone"):
            submission.run([second, broken])
    assert [entry.status for entry in desk.entries()] == [Status.ACCEPTED] * 3 + [Status.PLANNED]


@pytest.mark.in_a_file  # those of a database are in test_database_troubles.py
def test_an_outcome_that_cannot_be_written_at_first_is_written_alone(desk: Bench) -> None:
    """The answer comes first; the next row is meant anew once the disk takes it."""

    def pragma() -> str:
        refuse = len(desk.sandbox.posts) == 2 and desk.clock.slept == 0
        return f"PRAGMA query_only={'ON' if refuse else 'OFF'}"

    with every_connection(pragma):
        tally = desk.submit(desk.sheet(4))
    assert (tally.counts, desk.clock.slept) == ({"accepted": 4}, 0.5)
    assert [desk.attempts(f"R-{row}") for row in range(4)] == [["accepted"]] * 4
    with desk.ledger() as ledger:
        assert ledger.attempts.of(desk.entry("R-2").id)[0].started_at == desk.clock.now()
    assert_exactly_once(desk.sandbox, desk.entries(), 4)


@pytest.mark.in_a_file  # a database has no lock that keeps readers out
def test_an_answer_is_kept_where_the_ledger_cannot_be_asked_for_a_moment(desk: Bench) -> None:
    """Who has an Id already is asked again, too: the answer is at hand, and no row is in doubt for it."""
    locker = sqlite3.connect(desk.ledger_path, isolation_level=None)

    def sleep(seconds: float) -> None:
        desk.clock.advance(seconds=seconds)
        desk.clock.slept += seconds
        locker.rollback()

    submit, desk.clock.sleep = Provider.submit, sleep  # type: ignore[method-assign]

    def submit_and_lock(*args: Any, **more: Any) -> Answer:
        answer = submit(*args, **more)
        if len(desk.sandbox.posts) == 2:
            locker.execute("BEGIN EXCLUSIVE")
        return answer

    with pytest.MonkeyPatch.context() as patch, every_connection(lambda: "PRAGMA busy_timeout=20"):
        patch.setattr(Provider, "submit", submit_and_lock)
        tally = desk.submit(desk.sheet(4))
    locker.close()
    assert (tally.trouble, tally.counts, desk.clock.slept) == (None, {"accepted": 4}, 0.5)
    assert_exactly_once(desk.sandbox, desk.entries(), 4)


def test_an_interrupt_finishes_the_one_on_the_wire_and_resume_goes_on(desk: Bench) -> None:
    """The wish comes while the first is on its way: that one is recorded, no other begun."""
    desk.stops = lambda: len(desk.sandbox.posts) >= 1
    tally = desk.submit(desk.sheet(3))
    assert (tally.trouble, tally.counts) == (None, {"accepted": 1, "planned": 2})
    desk.stops = lambda: False
    assert desk.resume().counts == {"accepted": 2}
    assert_exactly_once(desk.sandbox, desk.entries(), 3)


def test_an_interrupt_while_the_rate_limit_makes_it_wait_begins_nothing(desk: Bench) -> None:
    """What waits for its turn is not on the wire."""
    desk.sandbox.faults.add("429@1")
    stopped: list[bool] = []
    desk.clock.sleep = lambda _seconds: (time.sleep(0.01), stopped.append(True))[0]  # type: ignore[method-assign]
    desk.stops = lambda: bool(stopped)
    desk.submit(desk.sheet(2))
    assert (desk.attempts("R-0"), desk.attempts("R-1")) == (["planned"], [])
    assert {entry.status for entry in desk.entries()} == {Status.PLANNED}


def cut_off(desk: Bench) -> None:
    """Kill a submit of four rows behind the first one."""

    def crash() -> None:
        raise Crash

    desk.told = Listener(lambda told: isinstance(told, Progress) and told.done == 1, crash)  # type: ignore[assignment]
    assert crashed(lambda: desk.submit(desk.sheet(4)))
    desk.told = []


def states(desk: Bench) -> list[str]:
    with desk.ledger() as ledger:
        return [batch.state for batch in ledger.batches.all()]


def test_a_batch_that_was_cut_off_is_ended_by_the_next_run(desk: Bench) -> None:
    """It was open for good; whoever goes on is told what is left of it."""
    cut_off(desk)
    assert states(desk) == ["open"]
    desk.submit(desk.sheet([desk.row(9)], "other.csv"))
    words = 'batch 1 "week.csv" was cut off: 3 rows are still to be submitted; type "campaign-batch resume" for that'
    assert [note.words for note in desk.told if isinstance(note, Note) and note.loud] == [words]
    assert states(desk) == ["done", "done"]
    assert desk.resume().counts == {"accepted": 3}


def test_resume_ends_a_batch_that_was_cut_off_and_goes_on_with_it(desk: Bench) -> None:
    """Of several that were killed, too."""
    cut_off(desk)
    assert desk.resume().counts == {"accepted": 3}
    assert "3 rows are still to be submitted; this run goes on with that" in desk.words()
    assert states(desk) == ["done"]
    assert_exactly_once(desk.sandbox, desk.entries(), 4)


def test_an_interrupt_leaves_a_doubt_for_resume(desk: Bench) -> None:
    """The wait for the settling ends at once; the doubt stays and is settled later."""
    desk.sandbox.faults.add("close-after@1")
    desk.stops = lambda: len(desk.sandbox.posts) >= 1
    before = desk.clock.at
    assert desk.submit(desk.sheet(1)).counts == {"in_doubt": 1}
    assert desk.clock.at - before < timedelta(seconds=10)
    desk.stops = lambda: False
    assert desk.resume().counts == {"accepted": 1}
    assert len(desk.sandbox.posts) == 1


def test_a_row_whose_time_comes_too_near_while_it_waits_is_too_late(desk: Bench) -> None:
    """Settling takes its time; what has less than the lead time left afterwards is not sent."""
    moment = desk.clock.at + timedelta(minutes=12)
    row = changed(desk.row(0), DateTime=f"{moment - timedelta(hours=5):%Y-%m-%d %H:%M}")
    desk.submit(desk.sheet([desk.row(10)], "older.csv"))
    desk.sandbox.faults.add("close-beforex1")
    tally = desk.submit(desk.sheet([row, desk.row(11)]))
    assert (tally.counts, len(desk.sandbox.posts)) == ({"expired": 1, "accepted": 1}, 3)


def test_three_attempts_and_then_a_person(desk: Bench) -> None:
    """Each POST is lost without a trace: after the third the row is held for a person.

    Each time something newer arrives, so that the lists can prove that the row did not.
    """
    desk.leave_a_doubt()
    for newer in (8, 9):
        desk.sandbox.faults.add("close-before@" + str(len(desk.sandbox.posts) + 1))
        desk.resume()
        desk.submit(desk.sheet([desk.row(newer)], f"newer-{newer}.csv"))
    assert desk.attempts("R-0") == ["in_doubt"] * 3
    assert desk.entry("R-0").status is Status.HELD


def test_a_second_submitter_is_told_who_is_at_work_since_when(desk: Bench) -> None:
    """Exit 3 at once, and nothing sent."""
    desk.resume()
    busy = pytest.raises(LedgerBusyError, match=r"ben on .* since 2026-03-02 15:00")
    with desk.ledger() as ledger, ledger.lock.hold("ben", desk.clock.now()), busy as caught:
        desk.submit(desk.sheet(1))
    assert (caught.value.exit_code, desk.sandbox.posts) == (3, [])


@contextlib.contextmanager
def every_connection(pragma: Callable[[], str]) -> Iterator[None]:
    """Say a pragma on each connection to a ledger as it is taken up."""

    def say(connection: Any, _record: object, _proxy: object) -> None:
        if words := pragma():
            connection.execute(words)

    event.listen(Pool, "checkout", say)
    try:
        yield
    finally:
        event.remove(Pool, "checkout", say)


def trouble_of(desk: Bench, path: Path) -> BatchError | None:
    """Submit, and say what ended the run."""
    try:
        return desk.submit(path).trouble
    except BatchError as trouble:
        return trouble


@pytest.mark.in_a_file  # those of a database are in test_database_troubles.py
@pytest.mark.parametrize("where", [0, 1, 3])
@pytest.mark.parametrize(
    ("trouble", "words"), [("full", "the disk is full"), ("read-only", "read-only"), ("locked", "locked")]
)
def test_a_ledger_that_cannot_be_written_ends_the_run_with_nothing_sent_after(
    desk: Bench, monkeypatch: pytest.MonkeyPatch, trouble: str, words: str, where: int
) -> None:
    """Before the first POST, or after some: words for a person, each POST has its attempt, and resume goes on."""
    monkeypatch.setattr(submitting, "_PATIENCE", 0.0)
    struck = [False]
    locker = sqlite3.connect(desk.ledger_path, isolation_level=None) if trouble == "locked" else None

    def strike() -> None:
        struck[0] = True
        if locker is not None:
            locker.execute("BEGIN IMMEDIATE")

    def pragma() -> str:
        if not struck[0]:
            return ""
        full = f"PRAGMA max_page_count={-(-desk.ledger_path.stat().st_size // 4096)}"
        return {"full": full, "read-only": "PRAGMA query_only=ON", "locked": "PRAGMA busy_timeout=20"}[trouble]

    if where:
        desk.told = Listener(lambda told: isinstance(told, Progress) and told.done == where, strike)  # type: ignore[assignment]
    else:
        desk.confirm = lambda _words: strike() is None
    rows = [changed(desk.row(number), Message=f"Offer [{number}] " + "x" * 300) for number in range(10)]
    path = desk.sheet(rows)
    with every_connection(pragma):
        found = trouble_of(desk, path)
    assert isinstance(found, LedgerError)
    assert words in str(found)
    sent = len(desk.sandbox.posts)
    if locker is not None:
        locker.close()
    with desk.ledger() as ledger:
        made = sum(len(ledger.attempts.of(entry.id)) for entry in ledger.entries.select())
    assert where <= sent == made
    desk.told, desk.confirm = [], lambda _words: True
    desk.submit(path)
    assert_exactly_once(desk.sandbox, desk.entries(), 10)


# In processes of their own.


@contextlib.contextmanager
def real_desk(**quirks: Any) -> Iterator[Bench]:
    with bench(clock=RealClock(), **quirks) as desk:
        desk.set(provider__settle=0.5, provider__settle_gap=0.1)
        yield desk


@pytest.mark.proof
@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without asking it")
def test_sigterm_ends_with_130_after_the_one_on_the_wire_and_resume_goes_on() -> None:
    """A polite end: nothing in doubt."""
    with real_desk(latency=0.1) as desk:
        command = start(["submit", str(desk.sheet(6)), "--yes", "--json"], desk.environ, desk.folder)
        wait_until(lambda: len(desk.sandbox.posts) >= 1)
        command.terminate()
        assert command.wait() == 130
        statuses = {entry.status for entry in desk.entries()}
        assert statuses == {Status.ACCEPTED, Status.PLANNED}
        assert start(["resume", "--json"], desk.environ, desk.folder).wait() == 0
        assert_exactly_once(desk.sandbox, desk.entries(), 6)


def test_two_submits_started_together_never_send_a_row_twice() -> None:
    """One of them works, the other says who does, or finds all done."""
    with real_desk(latency=0.02) as desk:
        path = desk.sheet(5)
        both = [start(["submit", str(path), "--yes", "--json"], desk.environ, desk.folder) for _ in range(3)]
        codes = [command.wait() for command in both]
        assert 0 in codes
        assert set(codes) <= {0, 3}
        assert all("is submitting" in command.words for command, code in zip(both, codes, strict=True) if code == 3)
        assert_exactly_once(desk.sandbox, desk.entries(), 5)


@pytest.mark.proof
def test_the_token_stands_nowhere_whatever_goes_wrong() -> None:
    """0 times in output at full verbosity, ledger and reports, raw or encoded, over a run of every kind of trouble."""
    with real_desk() as desk:
        faults = ("close-after", "error-before", "html-502", "cut", "garbage", "422", "redirect")
        for number, fault in enumerate(faults, start=1):
            desk.sandbox.faults.add(f"{fault}@{number}")
        desk.sandbox.faults.add("401@12")
        for words in (["submit", str(desk.sheet(9)), "--yes"], ["resume"], ["submit", "nothing.csv"], ["reconcile"]):
            start(["-v", *words], desk.environ, desk.folder).wait()
        desk.sandbox.stop()
        assert start(["-v", "resume"], desk.environ, desk.folder).wait() == 3
        files = [path for path in desk.folder.rglob("*") if path.is_file()]
        assert len(files) > 10
        found = [path.name for path in files for form in TOKEN_FORMS if form.encode() in path.read_bytes()]
        assert found == []
        assert count_campaigns(desk.sandbox, desk.entries()).doubled == []


@pytest.mark.parametrize("command", ["submit", "resume", "reconcile"])
def test_how_a_run_ended_is_told_before_its_reports_are_written(desk: Bench, command: str) -> None:
    """Whoever watches does not wait for two files and a page; what is told is counted in full."""
    counts: list[int] = []

    def look(told: object) -> bool:
        if isinstance(told, RunEnded):
            assert list((desk.folder / "reports").glob("*")) == []
            counts.append(sum(told.outcome.counts.values()))
        return False

    sheet = desk.sheet(2)
    if command != "submit":
        desk.stops = lambda: len(desk.sandbox.posts) > 0
        desk.submit(sheet)
        desk.stops = lambda: False
        shutil.rmtree(desk.folder / "reports")
    desk.told = Listener(look, lambda: None)  # type: ignore[assignment]
    {"submit": lambda: desk.submit(sheet), "resume": desk.resume, "reconcile": desk.reconcile}[command]()
    assert counts == [{"submit": 2, "resume": 1, "reconcile": 1}[command]]
