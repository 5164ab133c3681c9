"""This machine's clock against the provider's: by a wrong one nothing is planned, sent or settled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import formatdate
from typing import Any

import pytest
from cli_support import row, write_csv
from torture_support import Bench, Clock, assert_exactly_once, bench, changed
from weekly_support import weekly

from batch.adapters.sandbox import Sandbox
from batch.model import Intent, Status
from batch.model.errors import ClockError
from batch.workflows.approve import approve_batch
from batch.workflows.events import Progress
from batch.workflows.options import Options
from batch.workflows.submit import plan_file


@pytest.fixture
def desk() -> Iterator[Bench]:
    """Give a team whose own clock can be set: the provider's goes on as it is."""
    clock = Clock()
    start = clock.seconds()
    with bench(clock=clock) as found:
        found.sandbox.account._clock = lambda: start + clock.ticks
        yield found


def _submit(desk: Bench) -> None:
    desk.submit(desk.folder / "week.csv")


def _dry_run(desk: Bench) -> None:
    plan_file(desk.folder / "week.csv", desk.settings, desk.world, Options(dry_run=True))


def _resume(desk: Bench) -> None:
    desk.resume()


def _reconcile(desk: Bench) -> None:
    desk.reconcile()


@pytest.mark.parametrize("run", [_submit, _dry_run, _resume, _reconcile])
@pytest.mark.parametrize(
    ("span", "says"),
    [
        ({"days": 40}, "40 days ahead of the provider's"),
        ({"hours": -3}, "3 hours behind the provider's"),
        ({"minutes": 3}, "3 minutes ahead of the provider's"),
    ],
)
def test_every_run_refuses_a_wrong_clock_in_both_directions(
    desk: Bench, run: Callable[[Bench], None], span: dict[str, float], says: str
) -> None:
    """Exit 3, one line that says how far off and what to do; nothing is planned, sent or moved on."""
    desk.submit(desk.sheet(4), limit=1)
    desk.sheet([desk.row(0), desk.row(1, Message="Another text. Reply STOP to opt out"), desk.row(5)])
    before = desk.entries()
    desk.clock.set_forward(**span)
    with pytest.raises(ClockError) as caught:
        run(desk)
    assert says in str(caught.value)
    assert (caught.value.exit_code, caught.value.remedy) == (3, "set the clock, then run the command again")
    assert (desk.entries(), len(desk.sandbox.posts)) == (before, 1)
    desk.clock.set_forward(**{unit: -number for unit, number in span.items()})
    run(desk)


@pytest.mark.parametrize("seconds", [100, -100])
def test_a_small_difference_is_none(desk: Bench, seconds: float) -> None:
    """Two minutes are let pass, and each attempt notes what they were."""
    desk.clock.set_forward(seconds=seconds)
    assert desk.submit(desk.sheet(2)).counts == {"accepted": 2}
    with desk.ledger() as ledger:
        offsets = [ledger.attempts.of(entry.id)[0].clock_offset for entry in desk.entries()]
    assert all(offset is not None and abs(offset + seconds) <= 1 for offset in offsets)


def test_an_approval_by_a_wrong_clock_is_none(desk: Bench) -> None:
    """The batch waits on, and goes with the right clock."""
    desk.set(approval__required="true")
    batch = desk.submit(desk.sheet(2)).batch
    assert batch is not None
    world = desk.world
    other = type(world)(**{name: getattr(world, name) for name in world.__slots__} | {"who": "bob"})
    desk.clock.set_forward(hours=3)
    with pytest.raises(ClockError):
        approve_batch(desk.settings, other, batch, frozenset())
    with desk.ledger() as ledger:
        assert ledger.batches.get(batch).state == "waiting-for-approval"
    desk.clock.set_forward(hours=-3)
    assert approve_batch(desk.settings, other, batch, frozenset()).counts == {"accepted": 2}


class SetsClock(list[object]):
    """Sets the clock when the first campaign is accepted."""

    def __init__(self, clock: Clock, **span: float) -> None:
        super().__init__()
        self.clock, self.span = clock, span

    def append(self, told: object) -> None:
        super().append(told)
        if isinstance(told, Progress) and told.accepted == 1 and told.status == "accepted":
            self.clock.set_forward(**self.span)


@pytest.mark.parametrize("hours", [3, -3, 24 * 40])
def test_a_clock_that_is_set_while_a_run_goes_on_stops_it(desk: Bench, hours: float) -> None:
    """Between two campaigns nobody asks the provider; what has passed on the other clock tells."""
    desk.told = SetsClock(desk.clock, hours=hours)
    tally = desk.submit(desk.sheet(3))
    assert isinstance(tally.trouble, ClockError)
    assert len(desk.sandbox.posts) == 1
    desk.told = []
    desk.clock.set_forward(hours=-hours)
    desk.resume()
    assert_exactly_once(desk.sandbox, desk.entries(), 3)


def test_a_machine_that_slept_is_not_taken_for_one_whose_clock_was_set(desk: Bench) -> None:
    """Its own clock that nobody can set stood still meanwhile: the provider is asked, and agrees."""

    class Sleeps(SetsClock):
        def append(self, told: object) -> None:
            before = self.clock.at
            super().append(told)
            desk.sandbox.advance((self.clock.at - before).total_seconds())

    desk.told = Sleeps(desk.clock, hours=3)
    tally = desk.submit(desk.sheet(2))
    assert (tally.trouble, tally.counts) == (None, {"accepted": 2})


def test_moved_and_edited_rows_are_not_sent_by_a_clock_that_is_weeks_ahead(desk: Bench) -> None:
    """What was scheduled seems to have gone out by then, and its new version seems to be another sending."""
    rows = [desk.row(0), desk.row(1)]
    desk.submit(desk.sheet(rows))
    later = desk.row(1, DateTime=desk.row(9)["DateTime"])
    path = desk.sheet([changed(rows[0], Message="Another text. Reply STOP to opt out"), later])
    desk.clock.set_forward(days=40)
    with pytest.raises(ClockError):
        desk.submit(path)
    desk.clock.set_forward(days=-40)
    assert desk.submit(path).counts == {"held": 2}
    assert len(desk.sandbox.posts) == 2


@dataclass
class Dates:
    """Whether the provider's answers bear a date."""

    shown: bool = False

    def write(self, seconds: float, *, usegmt: bool) -> str:
        return formatdate(seconds, usegmt=usegmt) if self.shown else ""


@pytest.fixture
def dates(monkeypatch: pytest.MonkeyPatch) -> Dates:
    """Make the far side of the wire leave its dates empty."""
    found = Dates()
    monkeypatch.setattr("batch.adapters.sandbox.wire.formatdate", found.write)
    return found


@pytest.fixture
def dateless(dates: Dates) -> Iterator[Bench]:
    clock = Clock()
    start = clock.seconds()
    with bench(clock=clock, late_seconds=200) as found:
        found.sandbox.account._clock = lambda: start + clock.ticks
        yield found


def test_a_clock_that_cannot_be_compared_is_told_once(dateless: Bench) -> None:
    """No date in any answer: the run goes on, and says so; the attempts know no offset."""
    assert dateless.submit(dateless.sheet(2)).counts == {"accepted": 2}
    assert dateless.words().count("could not be compared") == 1
    with dateless.ledger() as ledger:
        assert [ledger.attempts.of(entry.id)[0].clock_offset for entry in dateless.entries()] == [None, None]


def leave_a_late_doubt(desk: Bench) -> None:
    desk.sandbox.faults.add("latex1")
    desk.stops = lambda: len(desk.sandbox.posts) >= 1
    desk.submit(desk.sheet(1))
    desk.stops = lambda: False
    assert desk.entry("R-0").status is Status.IN_DOUBT


def test_a_clock_that_was_behind_at_the_attempt_skips_no_settling_time(dateless: Bench, dates: Dates) -> None:
    """Nobody could compare it then; set right before the resume, hours seem to have passed, but it was seconds."""
    dateless.clock.set_forward(hours=-3)
    leave_a_late_doubt(dateless)
    dateless.clock.set_forward(hours=3)
    dates.shown = True
    assert dateless.resume().counts == {"accepted": 1}
    assert len(dateless.sandbox.posts) == 1
    assert_exactly_once(dateless.sandbox, dateless.entries(), 1)


@pytest.mark.parametrize("hours", [3, -3])
def test_without_dates_the_settling_time_begins_anew_with_each_run(dateless: Bench, hours: float) -> None:
    """No clock tells how old the doubt is: the run that meets it counts for itself."""
    leave_a_late_doubt(dateless)
    dateless.clock.set_forward(hours=hours)
    assert dateless.resume().counts == {"accepted": 1}
    assert len(dateless.sandbox.posts) == 1


def test_settling_counts_by_the_clock_of_the_provider(desk: Bench) -> None:
    """Ours was a minute and a half behind at the attempt and is as much ahead at the resume: three minutes, not six."""
    desk.clock.set_forward(seconds=-90)
    desk.leave_a_doubt()
    begun = desk.clock.ticks
    desk.clock.set_forward(seconds=180)
    desk.clock.advance(seconds=150)
    desk.resume()
    assert len(desk.sandbox.posts) == 4
    assert desk.clock.ticks - begun >= 328  # a date has whole seconds


@pytest.mark.parametrize("settle", [60.0, 300.0])
def test_a_provider_whose_clock_stands_still_holds_no_run_up(desk: Bench, settle: float) -> None:
    """Its lists may stand still as well, so no doubt is settled by them; the clocks soon lie too far apart."""
    desk.set(provider__settle=settle, provider__settle_gap=0.1)
    desk.leave_a_doubt()
    begun, stands_at = desk.clock.ticks, desk.sandbox.account.now()
    desk.sandbox.account._clock = lambda: stands_at
    assert isinstance(desk.resume().trouble, ClockError)
    assert desk.clock.ticks - begun < 330
    assert (len(desk.sandbox.posts), desk.entry("R-0").status) == (3, Status.IN_DOUBT)


@pytest.mark.parametrize(("fault", "says"), [("date-behind-10800", "3 hours ahead of"), ("date-ahead-600", "behind")])
def test_the_commands_end_with_3_and_one_line(ready: Any, sandbox: Sandbox, fault: str, says: str) -> None:
    """Whatever is typed, the clock is the first thing that is said."""
    file = write_csv(ready.folder / "week.csv", [row(1)])
    sandbox.faults.add(fault)
    for words in (("submit", file), ("submit", file, "--dry-run"), ("resume",), ("reconcile",)):
        ran = ready.run(*words)
        assert (ran.code, says in ran.err, "set the clock" in ran.err) == (3, True, True)
    assert sandbox.posts == []
    sandbox.faults.clear()
    assert ready.run("submit", file).code == 0


def test_a_watch_sends_nothing_by_a_wrong_clock_and_goes_on_with_the_right_one() -> None:
    """The file stays where it is; when the clock is set, it goes by itself, once."""
    clock = Clock()
    start = clock.seconds()
    with weekly(clock=clock) as team:
        team.desk.sandbox.account._clock = lambda: start + clock.ticks
        team.drop(2)
        clock.set_forward(days=40)
        watched = team.watch(600)
        assert isinstance(watched.trouble, ClockError)
        assert "40 days ahead of the provider's" in team.desk.words()
        assert (team.desk.sandbox.posts, team.desk.entries()) == ([], [])
        clock.set_forward(days=-40)
        team.watch(600)
        assert_exactly_once(team.desk.sandbox, team.desk.entries(), 2)


def test_a_clock_that_is_set_during_a_long_watch_expires_nothing() -> None:
    """A batch that waits for a second person is not called too late by a clock that is weeks ahead."""
    clock = Clock()
    start = clock.seconds()
    with weekly(clock=clock) as team:
        team.desk.sandbox.account._clock = lambda: start + clock.ticks
        team.desk.set(approval__required="true")
        team.drop(2)
        done: list[bool] = []

        def set_clock() -> None:
            if not done and team.desk.entries(Status.PLANNED):
                done.append(True)
                clock.set_forward(days=40)

        team.watch(24 * 3600, each=set_clock)
        assert done
        assert {entry.status for entry in team.desk.entries()} == {Status.PLANNED}


def test_an_attempt_that_a_clock_far_ahead_closed_is_settled_all_the_same(desk: Bench) -> None:
    """`resolve` asks no provider: by a clock that is 40 days ahead it calls the attempt of a dead run ended."""
    desk.submit(desk.sheet(3), limit=1)
    with desk.ledger() as ledger:
        entry = ledger.entries.get(2)
        now = desk.clock.now()
        assert ledger.attempts.record_intent(Intent(2, "x", now, timedelta(), entry, clock_offset=0.0)) == 1
        ledger.attempts.doubt_orphans(now + timedelta(days=40), "ann")
    assert desk.resume().counts == {"accepted": 2}
    assert desk.clock.slept < 600
