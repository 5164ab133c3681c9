"""Killed at any instant, or at every step of one submission: started again, each row is at the provider once."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from torture_support import (
    TOKEN_FORMS,
    Bench,
    Command,
    Crash,
    RealClock,
    Steps,
    assert_exactly_once,
    bench,
    between_two,
    count_campaigns,
    crashed,
    one_submission,
    start,
    wait_until,
)

from batch.model import Status

SETTLE, GAP, LATE = 1.2, 0.2, 0.3
FAULTS = (
    "close-after:0.05",
    "close-before:0.03",
    "error-after:0.05",
    "html-502:0.03",
    "html-504-after:0.03",
    "late:0.03",
    "cut:0.03",
    "hang-after:0.02",
    "empty:0.02",
    "scheduled=500:0.02",
)
UNSETTLED = ("planned", "in_doubt", "waiting")


@dataclass
class Figures:
    """What a series of kills brought up."""

    kills: int = 0
    rows: int = 0
    doubled: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)


@contextmanager
def desk_under_fire(
    seed: int, rows: int, *, settle: float = SETTLE, gap: float = GAP, late: float = LATE, **quirks: object
) -> Iterator[Bench]:
    """Set up a team whose provider is slow, fails, and saves late what it took before the caller died."""
    quirks = {"latency": 0.02, "commit_late": late, "late_seconds": late, "faults": FAULTS, "seed": seed, **quirks}
    with bench(groups=rows, clock=RealClock(), **quirks) as desk:  # type: ignore[arg-type]
        desk.set(provider__settle=settle, provider__settle_gap=gap, provider__deadline=0.6)
        yield desk


def run(desk: Bench, *arguments: str) -> Command:
    return start(["-v", *arguments, "--json"], desk.environ, desk.folder)


def kill_somewhere(desk: Bench, command: Command, chance: random.Random) -> bool:
    """Kill a command at a random instant, or a moment after one of its next POSTs has arrived."""
    if chance.random() < 0.4:
        time.sleep(chance.uniform(0.0, 1.0))
    else:
        target = len(desk.sandbox.posts) + chance.randint(1, 5)
        wait_until(lambda: len(desk.sandbox.posts) >= target or not command.alive, 10)
        time.sleep(chance.choice((0.0, chance.uniform(0.0, 0.04))))
    return command.kill()


def finish(desk: Bench) -> None:
    """Go on as a person would until nothing is open: resume, and let go what three attempts did not bring there.

    What no list can prove not to be there, since nothing newer or nothing older stands on it, that person looks for.
    """
    for _ in range(12):
        command = run(desk, "resume")
        code = command.wait()
        if code in (0, 1) and desk.entries(Status.IN_DOUBT):
            time.sleep(3 * LATE)  # what was taken before its caller died is saved by now
            desk.look_and_say()
        entries = [entry for entry in desk.entries() if entry.status in UNSETTLED]
        tired = [
            entry for entry in desk.entries(Status.HELD) if "tried-often" in {issue.code for issue in entry.issues}
        ]
        for entry in tired:
            decided = start(["resolve", str(entry.id), "--send", "--why", "torture"], desk.environ, desk.folder)
            assert decided.wait() == 0, decided.words
        if code in (0, 1) and not entries and not tired:
            return
    raise AssertionError(f"it does not come to an end: {command.words}")


def under_fire(seed: int, kills: int, rows: int = 24) -> Figures:
    """Kill `submit` and `resume` of one file again and again, then let them finish; count what came of it."""
    chance = random.Random(seed)
    figures = Figures()
    while figures.kills < kills:
        with desk_under_fire(seed + figures.kills, rows) as desk:
            path = desk.sheet(rows)
            for _ in range(14):
                words = ("submit", str(path), "--yes") if chance.random() < 0.8 else ("resume",)
                figures.kills += kill_somewhere(desk, run(desk, *words), chance)
                if figures.kills >= kills or len(desk.sandbox.campaigns) >= rows:
                    break
            if not desk.has_ledger() or len(desk.entries()) < rows:
                run(desk, "submit", str(path), "--yes").wait()
            finish(desk)
            gather(desk, rows, figures)
    return figures


def gather(desk: Bench, rows: int, figures: Figures) -> None:
    entries = desk.entries()
    counted = count_campaigns(desk.sandbox, entries)
    figures.rows += rows
    figures.doubled += counted.doubled
    figures.lost += [f"R-{row}" for row in range(rows) if not counted.held[f"R-{row}"]]
    figures.problems += desk.problems()
    figures.leaks += leaks(desk.folder)
    with desk.ledger() as ledger:
        for batch in ledger.batches.all():
            lines = ledger.batches.rows(batch.id)
            if len(lines) != batch.rows:
                figures.problems.append(f"batch {batch.id}: {batch.rows} rows, {len(lines)} accounted for")
    if not figures.doubled and not figures.lost:
        assert_exactly_once(desk.sandbox, entries, rows)


def leaks(folder: Path) -> list[str]:
    """Name every file of a run in which the token stands, raw or encoded."""
    forms = [form.encode() for form in TOKEN_FORMS]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(form in path.read_bytes() for form in forms)]


def assert_nothing_wrong(figures: Figures) -> None:
    assert (figures.doubled, figures.lost, figures.problems, figures.leaks) == ([], [], [], [])


@pytest.mark.parametrize("seed", [11, 22, *(pytest.param(seed, marks=pytest.mark.torture) for seed in (33, 44))])
def test_killed_at_random_instants_every_row_is_there_once(seed: int) -> None:
    """15 kills a seed, against a provider that is slow, fails and saves late: 0 twice, 0 lost, the ledger whole."""
    figures = under_fire(seed, 15)
    assert figures.kills >= 15
    assert_nothing_wrong(figures)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(1000, 1020))
def test_a_thousand_kills(seed: int, record_property: Callable[[str, object], None]) -> None:
    """50 kills a seed, twenty seeds."""
    figures = under_fire(seed, 50)
    assert_nothing_wrong(figures)
    record_property("figures", f"{figures.kills} kills over {figures.rows} rows: 0 twice, 0 lost")


def test_the_harness_has_teeth() -> None:
    """With settling's waits at zero and a provider that saves late, kills while it works do make doubles."""
    doubled: list[str] = []
    for seed in range(12):  # on a busy machine a kill may come late: the first double is enough
        with desk_under_fire(seed, 6, settle=0, gap=0, late=8.0, latency=0.15, faults=()) as desk:
            command = run(desk, "submit", str(desk.sheet(6)), "--yes")
            wait_until(lambda: len(desk.sandbox.posts) >= 2 or not command.alive)  # noqa: B023
            time.sleep(0.08)
            command.kill()
            run(desk, "resume").wait()
            desk.sandbox.advance(10)
            doubled += count_campaigns(desk.sandbox, desk.entries()).doubled
        if doubled:
            break
    assert doubled != []


# One submission, step by step: each statement, each commit, each file, each byte sent and read, before and after.


@contextmanager
def step_by_step(rows: int = 1500) -> Iterator[tuple[Bench, Steps]]:
    def strike() -> None:
        raise Crash

    with bench(groups=rows) as desk:
        steps = Steps(desk.folder, strike)
        try:
            yield desk, steps
        finally:
            steps.disarm()


def crash_at(desk: Bench, steps: Steps, row: int, step: int, rows: int = 1) -> tuple[bool, list[str]]:
    """Submit new rows, crash at a step, start again; give whether it crashed, and the steps until then."""
    path = desk.sheet([desk.row(number) for number in range(row, row + rows)], f"row{row}.csv")
    steps.arm(step)
    struck = crashed(lambda: desk.submit(path))
    log = steps.log
    steps.arm(0)
    if struck and any(entry.reference == f"R-{row}" for entry in desk.entries()):
        assert desk.resume().trouble is None
        if desk.look_and_say():
            assert desk.resume().trouble is None
    elif struck:
        assert desk.submit(path).trouble is None
    return struck, log


def _first(log: list[str], what: str) -> int:
    return next(place for place, step in enumerate(log) if step.startswith(what))


def test_a_crash_at_every_step_of_one_submission_leaves_the_row_there_once() -> None:
    """From the intent to the outcome and a little beyond: started again, exactly one campaign a row.

    Just before a step is the same as just after the one before it, so only the latter is tried here.
    """
    with step_by_step() as (desk, steps):
        crash_at(desk, steps, 0, 0)
        _, log = crash_at(desk, steps, 1, 0)
        taking_in = range(_first(log, "after INSERT INTO batches"), _first(log, "after INSERT INTO attempts"))
        window = [*list(taking_in)[1::6], *(step for step in one_submission(log) if log[step - 1][:6] != "before")]
        told = " ".join(log[step - 1] for step in window)
        assert all(word in told for word in ("INSERT INTO attempts", "commit", "connect", "sendall", "recv_into"))
        crashes = [crash_at(desk, steps, row, step)[0] for row, step in enumerate(window, start=2)]
        assert all(crashes)
        with desk.ledger() as ledger:
            assert all(batch.rows == len(ledger.batches.rows(batch.id)) for batch in ledger.batches.all())
        assert_exactly_once(desk.sandbox, desk.entries(), len(crashes) + 2)
        assert desk.problems() == ()


def test_a_crash_at_every_step_between_two_rows_leaves_each_there_once() -> None:
    """From the outcome of the second row, with which the third's intent is written, to the outcome of the third."""
    with step_by_step() as (desk, steps):
        _, log = crash_at(desk, steps, 0, 0, rows=3)
        window = [step for step in between_two(log) if log[step - 1][:6] != "before"]
        told = " ".join(log[step - 1] for step in window)
        assert [told.count(word) for word in ("INSERT INTO attempts", "connect", "after commit")] == [1, 1, 2]
        crashes = [crash_at(desk, steps, 3 * turn, step, rows=3)[0] for turn, step in enumerate(window, start=1)]
        assert all(crashes)
        assert_exactly_once(desk.sandbox, desk.entries(), 3 * len(crashes) + 3)
        assert desk.problems() == ()


@pytest.mark.torture
def test_a_crash_at_every_step_of_a_whole_run(record_property: Callable[[str, object], None]) -> None:
    """From opening the ledger to the last report: every single step."""
    with step_by_step() as (desk, steps):
        crash_at(desk, steps, 0, 0)
        rows = 1
        for step in count(1):
            rows += 1
            if not crash_at(desk, steps, rows - 1, step)[0]:
                break
        record_property("figures", f"a crash at each of {rows - 2} steps of a run: 0 twice, 0 lost")
        assert_exactly_once(desk.sandbox, desk.entries(), rows)
        assert desk.problems() == ()


def killed_at_steps(picked: int) -> int:
    """Let a real process kill itself at steps of one submission (0: at every step of its run); give their number."""
    with bench(groups=1500, clock=RealClock()) as desk:
        desk.set(provider__settle=0.3, provider__settle_gap=0.05)
        rows = count()

        def submit(bomb: int) -> int:
            row = next(rows)
            path = desk.sheet([desk.row(row)], f"row{row}.csv")
            ended = start(["submit", str(path), "--yes", "--json"], desk.environ, desk.folder, bomb=bomb).wait()
            if ended < 0:
                known = any(entry.reference == f"R-{row}" for entry in desk.entries())
                again = ["resume", "--json"] if known else ["submit", str(path), "--yes", "--json"]
                code = start(again, desk.environ, desk.folder).wait()
                if desk.look_and_say():  # the newest of all: no list can prove that it is not there
                    code = start(["resume", "--json"], desk.environ, desk.folder).wait()
                assert code == 0
            return ended

        assert (submit(0), submit(-1)) == (0, 0)
        log = json.loads((desk.folder / "steps.json").read_text(encoding="utf-8"))
        window = one_submission(log)
        steps = window[:: max(1, len(window) // picked)] if picked else range(1, len(log) + 1)
        ends = [submit(step) for step in steps]
        assert_exactly_once(desk.sandbox, desk.entries(), len(ends) + 2)
        assert desk.problems() == ()
        return ends.count(-signal.SIGKILL)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_real_kill_at_steps_of_one_submission_leaves_the_row_there_once() -> None:
    """SIGKILL by its own hand, at a dozen steps between intent and outcome."""
    assert killed_at_steps(12) >= 12


@pytest.mark.torture
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_real_kill_at_every_step_of_a_run(record_property: Callable[[str, object], None]) -> None:
    """SIGKILL at each step of a whole run."""
    killed = killed_at_steps(0)
    assert killed > 300
    record_property("figures", f"SIGKILL at each of {killed} steps of a run: 0 twice, 0 lost")
