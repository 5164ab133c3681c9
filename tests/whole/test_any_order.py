"""Dropping, crashing, editing, lying, approving, restoring, waiting in any order: nothing twice, all accounted for."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from ledger_support import put_back
from machine_support import SEEN_THROUGH, WatchfulSandbox, Word, mark_of
from torture_support import Bench, Clock, Crash, Steps, bench, crashed, make_row, write_sheet

from batch.core.identity import split_tag
from batch.model import Batch, Status
from batch.model.errors import BatchError
from batch.workflows.approve import approve_batch, reject_batch
from batch.workflows.cancel import unpause_all
from batch.workflows.resolve import resolve_entry
from batch.workflows.watch import watch_folder

ROWS = 4
FAULTS = (
    "close-before", "close-after", "late", "error-after", "html-502", "cut", "422", "401", "empty", "same-id",
    "scheduled=500",
)  # fmt: skip
NOT_FOR_ONE_WORD = {"looks-alike", "held-twice", "in-doubt"}
"""Holds of which a person must look into the dashboard first."""
PLAIN = {"provider__timezone": "America/New_York", "provider__max_name": "", "checks__footer": ""}
CHANGES = (
    {"provider__timezone": "America/Chicago"}, {"provider__max_name": "30"}, {"checks__footer": " Call 555 for help"},
    PLAIN,
)  # fmt: skip
CRASHES = st.one_of(st.just(0), st.integers(150, 700))
FOLDERS = ("north", "south")
COMMANDS = st.sampled_from(("submit", "resume", "reconcile", "resume"))


class Team(RuleBasedStateMachine):
    """A team with four rows, a provider whose campaigns are the model, and a clock of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        made = bench(groups=ROWS, clock=Clock(), late_seconds=100, sandbox=WatchfulSandbox)
        self.desk: Bench = self.stack.enter_context(made)
        self.word = Word(self.desk.folder / "reports")
        self.desk.sandbox.follow(self.desk.clock, self.desk.settings.ledger.url, self.word)
        self.desk.set(watch__grace_minutes=0, checks__texts_per_day=0)
        self.steps = Steps(self.desk.folder, self._crash)
        self.start = self.desk.clock.at
        self.rows = {number: make_row(number, self.start) for number in range(ROWS)}
        self.versions = dict.fromkeys(range(ROWS), 0)
        self.copy = ""
        self.lies: tuple[str, ...] = ()
        self.approval = False

    def teardown(self) -> None:
        self.steps.disarm()
        try:
            self._all_comes_to_rest()
        finally:
            self.stack.close()

    def _all_comes_to_rest(self) -> None:
        """When nothing goes wrong any more, no row is left open, and each is counted once."""
        self.approval = False
        self.desk.set(approval__required="false", **PLAIN)
        with suppress(BatchError):
            unpause_all(self.desk.settings, self.desk.world, "all is well")
        self.desk.clock.advance(minutes=10)
        self._somebody_looks_into_the_dashboard()
        self.desk.reconcile()
        self._may_go()
        tally = self.desk.submit(self._sheet(), allow=frozenset({"deleted-in-dashboard"}))
        self.desk.resume()
        self._somebody_looks_into_the_dashboard()
        self.desk.resume()
        assert tally.trouble is None
        assert sum(tally.counts.values()) == tally.rows == ROWS
        assert self.desk.entries(Status.PLANNED, Status.SUBMITTING, Status.IN_DOUBT) == []
        self.nothing_is_there_twice()
        self.the_ledger_agrees()
        self.every_post_was_in_order()

    def _somebody_looks_into_the_dashboard(self) -> None:
        """Say what is there and what was deleted: no list proves that most of the campaigns are gone."""
        there = {str(campaign.id): split_tag(campaign.name)[1] for campaign in self.desk.sandbox.campaigns}
        by_tag = {tag: number for number, tag in there.items()}
        for entry in self.desk.entries(Status.ACCEPTED, Status.MISSING, Status.IN_DOUBT):
            number = by_tag.get(entry.tag, "")
            doubt = entry.status is Status.IN_DOUBT
            wish = ("accepted" if number else "not-sent") if doubt else "" if entry.provider_id in there else "deleted"
            if wish:
                with suppress(BatchError):
                    resolve_entry(self.desk.settings, self.desk.world, entry.id, wish, "looked", provider_id=number)

    def _crash(self) -> None:
        raise Crash

    def _run(self, command: str, crash_at: int, fault: str) -> None:
        """Run a command; with `crash_at` it ends in the middle, with `fault` the next POST goes wrong."""
        for order in (*self.lies, *([f"{fault}x1"] if fault else [])):
            self.desk.sandbox.faults.add(order)
        self.steps.arm(crash_at)
        crashed(lambda: self._start(command))
        self.steps.arm(0)
        self.desk.sandbox.faults.clear()

    def _start(self, command: str) -> None:
        with suppress(BatchError):
            if command == "submit":
                self._may_go()
                self.desk.submit(self._sheet(), allow=frozenset({"deleted-in-dashboard"}))
            elif command == "resume":
                self.desk.resume()
            elif command in FOLDERS:
                watch_folder(self.desk.settings, self.desk.world, folder=self.desk.folder / command, once=True)
            else:
                self.desk.reconcile()

    def _sheet(self) -> Path:
        return self.desk.sheet(list(self.rows.values()))

    def _may_go(self) -> None:
        """Let what the sheet says go by its being dropped, where nobody must approve."""
        if not self.approval:
            self.word.free |= {mark_of(row["Message"]) for row in self.rows.values()}

    @initialize()
    def begin(self) -> None:
        self.desk.resume()
        self.copy = self.desk.keep_ledger()

    @rule(crash_at=CRASHES, fault=st.sampled_from(("", "", *FAULTS)))
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
        put_back(self.desk.settings.ledger.url, self.copy)

    @rule()
    def restore_the_copy(self) -> None:
        self.desk.clock.advance(minutes=10)  # nobody is so quick that what was on its way has not arrived
        self.desk.put_back(self.copy)

    @rule(which=st.integers(0, 100))
    def let_a_held_row_go(self, which: int) -> None:
        there = {mark_of(campaign.message) for campaign in self.desk.sandbox.campaigns}
        held = [
            entry for entry in self.desk.entries(Status.HELD)
            if not NOT_FOR_ONE_WORD & {issue.code for issue in entry.issues} and mark_of(entry.message) not in there
        ]  # fmt: skip
        if held:
            entry = held[which % len(held)]
            with suppress(BatchError):
                resolve_entry(self.desk.settings, replace(self.desk.world, who="cy"), entry.id, "send", "it may go")
                self.word.free.add(mark_of(entry.message))

    @precondition(lambda self: self.desk.sandbox.scheduled)
    @rule(which=st.integers(0, 100))
    def delete_in_dashboard(self, which: int) -> None:
        scheduled = self.desk.sandbox.scheduled
        campaign = scheduled[which % len(scheduled)]
        self.desk.sandbox.delete(campaign.id)

    @rule(hours=st.sampled_from((0.1, 3.0, 20.0)))
    def time_passes(self, hours: float) -> None:
        self.desk.clock.advance(hours=hours)

    # Lists, clock, settings

    @rule(
        lie=st.sampled_from(SEEN_THROUGH), name=st.sampled_from(("scheduled", "scheduled", "reads")),
        commands=st.lists(COMMANDS, min_size=1, max_size=4), fault=st.sampled_from(("", *FAULTS)),
    )  # fmt: skip
    def the_lists_lie(self, lie: str, name: str, commands: list[str], fault: str) -> None:
        """They do while some commands run, of which the first one may meet a fault, too."""
        self.lies = (f"{name}={lie}",)
        for place, command in enumerate(commands):
            self._run(command, 0, "" if place else fault)
        self.lies = ()

    @rule(hours=st.sampled_from((-3.0, -0.5, 0.2, 9.0, 960.0)), commands=st.lists(COMMANDS, min_size=1, max_size=2))
    def somebody_sets_the_clock(self, hours: float, commands: list[str]) -> None:
        """Forth or back; and right again when some commands have run."""
        self.desk.clock.set_forward(hours=hours)
        for command in commands:
            self._run(command, 0, "")
        self.desk.clock.set_forward(hours=-hours)

    @rule(change=st.sampled_from(CHANGES))
    def the_settings_change(self, change: dict[str, str]) -> None:
        self.desk.set(**change)

    # A second person

    @rule()
    def somebody_must_approve(self) -> None:
        self.approval = True
        self.desk.set(approval__required="true")

    @precondition(lambda self: self.approval)
    @rule()
    def nobody_must_approve(self) -> None:
        self.approval = False
        self.desk.set(approval__required="false")

    def _waiting(self) -> list[Batch]:
        with self.desk.ledger() as ledger:
            return [batch for batch in ledger.batches.all() if batch.state == "waiting-for-approval"]

    @precondition(lambda self: self._waiting())
    @rule(which=st.integers(0, 100))
    def approve(self, which: int) -> None:
        waiting = self._waiting()
        batch = waiting[which % len(waiting)].id
        before = set(self.word.free)
        self.word.free |= self.word.shown(batch)
        try:
            approve_batch(self.desk.settings, replace(self.desk.world, who="bo"), batch, frozenset())
        except BatchError:
            if any(one.id == batch for one in self._waiting()):
                self.word.free = before

    @precondition(lambda self: self._waiting())
    @rule(which=st.integers(0, 100))
    def reject(self, which: int) -> None:
        waiting = self._waiting()
        batch = waiting[which % len(waiting)].id
        shown = self.word.shown(batch)
        with suppress(BatchError):
            reject_batch(self.desk.settings, replace(self.desk.world, who="bo"), batch, "not like this")
            self.word.free -= shown

    # Two watched folders

    def _stop_sign(self, folder: str) -> Path:
        return self.desk.folder / folder / "STOP"

    @rule(folder=st.sampled_from(FOLDERS), dropped=st.booleans())
    def watch(self, folder: str, dropped: bool) -> None:
        (self.desk.folder / folder).mkdir(exist_ok=True)
        if dropped:
            write_sheet(self.desk.folder / folder / "week.csv", list(self.rows.values()))
            self._may_go()
        self._run(folder, 0, "")

    @rule(
        folder=st.sampled_from(FOLDERS), commands=st.lists(st.sampled_from((*FOLDERS, "submit", "resume")), max_size=3)
    )
    def stop_lies_in_one_folder(self, folder: str, commands: list[str]) -> None:
        """From when its watch saw it until its watch sees that it is gone nothing goes, whatever else is done."""
        self.watch(folder, dropped=False)
        self._stop_sign(folder).touch()
        self._run(folder, 0, "")
        self.word.stopped.add(folder)
        for command in commands:
            self._run(command, 0, "")
        self.word.stopped.clear()
        self._stop_sign(folder).unlink()
        self._run(folder, 0, "")

    @invariant()
    def nothing_is_there_twice(self) -> None:
        """No version of a row is held twice by the provider."""
        tags = Counter(split_tag(campaign.name)[1] for campaign in self.desk.sandbox.campaigns)
        texts = Counter(campaign.message for campaign in self.desk.sandbox.campaigns)
        assert [mark for counts in (tags, texts) for mark, times in counts.items() if times > 1] == []

    @invariant()
    def the_ledger_agrees(self) -> None:
        """Its own rules hold; accepted means that very campaign, claimed once; each POST has its attempt."""
        if not self.desk.has_ledger():
            return
        with self.desk.ledger() as ledger:
            entries = list(ledger.entries.select())
            assert ledger.upkeep.verify(self.desk.clock.now()) == ()
            batches = [(batch.rows, len(ledger.batches.rows(batch.id))) for batch in ledger.batches.all()]
        assert [stated for stated, counted in batches if stated != counted] == []
        claimed = [entry for entry in entries if entry.provider_id]
        assert len({entry.provider_id for entry in claimed}) == len(claimed)
        held = {str(campaign.id): campaign for campaign in self.desk.sandbox.campaigns}
        for entry in claimed:
            if entry.provider_id in held and entry.status in {Status.ACCEPTED, Status.SENT}:
                assert split_tag(held[entry.provider_id].name)[1] == entry.tag

    @invariant()
    def every_post_was_in_order(self) -> None:
        """No POST without its intent on disk, without somebody's word for it, or while a STOP lies in a folder."""
        assert self.desk.sandbox.wrong == []


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
