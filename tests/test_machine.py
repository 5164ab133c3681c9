"""Dropping, crashing, editing, deleting, restoring and waiting in any order: nothing twice, all accounted for."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import Counter
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from torture_support import Bench, Clock, Crash, Steps, bench, make_row

from batch.errors import BatchError
from batch.identity import split_tag
from batch.model import Status
from batch.pipeline.deciding import resolve_entry
from batch.sandbox import Sandbox
from batch.sandbox.bodies import Reply
from batch.sandbox.endpoints import Request

ROWS = 4
FAULTS = (
    "close-before", "close-after", "late", "error-after", "html-502", "cut", "422", "401", "empty", "same-id",
    "scheduled=500",
)  # fmt: skip
NOT_FOR_ONE_WORD = {"looks-alike", "held-twice", "in-doubt"}
"""Holds of which a person must look into the dashboard first."""


class WatchfulSandbox(Sandbox):
    """A provider that looks into the ledger at each POST: the intent must be there before the first byte."""

    ledger: Path
    unannounced: list[str]

    def _answer(self, request: Request) -> Reply:
        if request.method == "POST" and request.path.endswith("schedule-message"):
            tag = split_tag(str(json.loads(request.body)["CampaignName"]))[1]
            if not self._is_announced(tag):
                self.unannounced.append(tag)
        return super()._answer(request)

    def _is_announced(self, tag: str) -> bool:
        asked = (
            "SELECT count(*) FROM entries e JOIN attempts a ON a.entry = e.id "
            "WHERE e.tag = ? AND e.status = 'submitting' AND a.ended_at IS NULL"
        )
        with closing(sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True)) as ledger:
            return ledger.execute(asked, (tag,)).fetchone() == (1,)


class Team(RuleBasedStateMachine):
    """A team with four rows, a provider whose campaigns are the model, and a clock of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        made = bench(groups=ROWS, clock=Clock(), late_seconds=100, sandbox=WatchfulSandbox)
        self.desk: Bench = self.stack.enter_context(made)
        self.desk.sandbox.ledger, self.desk.sandbox.unannounced = self.desk.ledger_path, []
        self.steps = Steps(self.desk.folder, self._crash)
        self.start = self.desk.clock.at
        self.rows = {number: make_row(number, self.start) for number in range(ROWS)}
        self.versions = dict.fromkeys(range(ROWS), 0)
        self.copy = self.desk.folder / "copy.sqlite3"

    def teardown(self) -> None:
        self.steps.disarm()
        try:
            self._all_comes_to_rest()
        finally:
            self.stack.close()

    def _all_comes_to_rest(self) -> None:
        """When nothing goes wrong any more, no row is left open, and each is counted once."""
        self.desk.clock.advance(minutes=10)
        self.desk.reconcile()
        tally = self.desk.submit(self._sheet(), allow=frozenset({"deleted-in-dashboard"}))
        self.desk.resume()
        assert tally.trouble is None
        assert sum(tally.counts.values()) == tally.rows == ROWS
        assert self.desk.entries(Status.PLANNED, Status.SUBMITTING, Status.IN_DOUBT) == []
        self.nothing_is_there_twice()
        self.the_ledger_agrees()

    def _crash(self) -> None:
        raise Crash

    def _run(self, command: str, crash_at: int, fault: str) -> None:
        """Run a command; with `crash_at` it ends in the middle, with `fault` the next POST goes wrong."""
        if fault:
            self.desk.sandbox.faults.add(f"{fault}x1")
        self.steps.arm(crash_at)
        try:
            if command == "submit":
                self.desk.submit(self._sheet(), allow=frozenset({"deleted-in-dashboard"}))
            elif command == "resume":
                self.desk.resume()
            else:
                self.desk.reconcile()
        except (Crash, BatchError):
            pass
        finally:
            self.steps.arm(0)
            self.desk.sandbox.faults.clear()

    def _sheet(self) -> Path:
        return self.desk.sheet(list(self.rows.values()))

    @initialize()
    def begin(self) -> None:
        self.desk.resume()
        shutil.copyfile(self.desk.ledger_path, self.copy)

    @rule(crash_at=st.one_of(st.just(0), st.integers(150, 700)), fault=st.sampled_from(("", "", *FAULTS)))
    def drop(self, crash_at: int, fault: str) -> None:
        self._run("submit", crash_at, fault)

    @rule(crash_at=st.one_of(st.just(0), st.integers(50, 400)), fault=st.sampled_from(("", "", *FAULTS)))
    def resume(self, crash_at: int, fault: str) -> None:
        self._run("resume", crash_at, fault)

    @rule(crash_at=st.one_of(st.just(0), st.integers(50, 300)))
    def reconcile(self, crash_at: int) -> None:
        self._run("reconcile", crash_at, "")

    @rule(number=st.integers(0, ROWS - 1))
    def edit_row(self, number: int) -> None:
        self.versions[number] += 1
        text = f"Offer number [{number}v{self.versions[number]}] for you. Reply STOP to opt out"
        self.rows[number] = {**self.rows[number], "Message": text}

    @rule(number=st.integers(0, ROWS - 1))
    def change_back(self, number: int) -> None:
        self.rows[number] = make_row(number, self.start)

    @rule()
    def copy_the_ledger(self) -> None:
        shutil.copyfile(self.desk.ledger_path, self.copy)

    @rule()
    def restore_the_copy(self) -> None:
        self.desk.clock.advance(minutes=10)  # nobody is so quick that what was on its way has not arrived
        shutil.copyfile(self.copy, self.desk.ledger_path)

    @rule(which=st.integers(0, 100))
    def let_a_held_row_go(self, which: int) -> None:
        held = [
            entry for entry in self.desk.entries(Status.HELD)
            if not NOT_FOR_ONE_WORD & {issue.code for issue in entry.issues}
        ]  # fmt: skip
        if held:
            number = held[which % len(held)].id
            with suppress(BatchError):
                resolve_entry(self.desk.settings, self.desk.world, number, "send", "it may go")

    @precondition(lambda self: self.desk.sandbox.scheduled)
    @rule(which=st.integers(0, 100))
    def delete_in_dashboard(self, which: int) -> None:
        scheduled = self.desk.sandbox.scheduled
        campaign = scheduled[which % len(scheduled)]
        self.desk.sandbox.delete(campaign.id)

    @rule(hours=st.sampled_from((0.1, 3.0, 20.0)))
    def time_passes(self, hours: float) -> None:
        self.desk.clock.advance(hours=hours)

    @invariant()
    def nothing_is_there_twice(self) -> None:
        """No version of a row is held twice by the provider."""
        tags = Counter(split_tag(campaign.name)[1] for campaign in self.desk.sandbox.campaigns)
        texts = Counter(campaign.message for campaign in self.desk.sandbox.campaigns)
        assert [mark for counts in (tags, texts) for mark, times in counts.items() if times > 1] == []

    @invariant()
    def the_ledger_agrees(self) -> None:
        """Its own rules hold; accepted means that very campaign, claimed once; each POST has its attempt."""
        if not self.desk.ledger_path.exists():
            return
        with self.desk.ledger() as ledger:
            entries = list(ledger.entries())
            assert ledger.verify(self.desk.clock.now()) == ()
            batches = [(batch.rows, len(ledger.batch_rows(batch.id))) for batch in ledger.batches()]
        assert [stated for stated, counted in batches if stated != counted] == []
        claimed = [entry for entry in entries if entry.provider_id]
        assert len({entry.provider_id for entry in claimed}) == len(claimed)
        held = {str(campaign.id): campaign for campaign in self.desk.sandbox.campaigns}
        for entry in claimed:
            if entry.provider_id in held and entry.status in {Status.ACCEPTED, Status.SENT}:
                assert split_tag(held[entry.provider_id].name)[1] == entry.tag

    @invariant()
    def every_post_was_announced(self) -> None:
        """No POST without its intent on disk before it."""
        assert self.desk.sandbox.unannounced == []


quick = settings(
    max_examples=10,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
long = settings(quick, max_examples=300, stateful_step_count=40)


class TestTeam(Team.TestCase):  # type: ignore[misc, name-defined]
    """A few hundred steps."""

    settings = quick


@pytest.mark.torture
class TestTeamForLong(Team.TestCase):  # type: ignore[misc, name-defined]
    """Twelve thousand steps."""

    settings = long
