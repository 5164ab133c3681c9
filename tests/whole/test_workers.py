"""Workers under blows: nothing twice, nothing lost, whatever dies, stands still or is cut off."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from workers_support import Fleet, fleet

ACCOUNTS = ("dallas", "austin", "tulsa", "reno")
APART = (90.0, 0.0, -90.0, 0.0, 45.0, 0.0, -45.0, 0.0)
"""Seconds that the clocks of eight workers are ahead; above two minutes none of them would submit."""


def play(on: Fleet, *, workers: int, files: int, rows: int, blows: int, seconds: float) -> None:
    """Drop everything, strike while it is worked off, and wait for the end."""
    on.begin(workers)
    on.drop(files, rows)
    for _ in range(blows):
        on.wait_until_done(on.chance.uniform(0.2, 1.0))
        on.strike()
    done = on.wait_until_done(seconds, decide=True)
    log = (on.folder / "log.txt").read_text(encoding="utf-8", errors="replace")
    assert done, f"{[on.counts(name) for name in on.sandboxes]} after {on.blows}\n{log[-6000:]}"
    assert "Traceback" not in log, log[-6000:]


def test_twenty_blows_on_eight_workers_double_nothing_and_lose_nothing(tmp_path: Path) -> None:
    """Every row is at its own provider, once; the ledgers say the same."""
    with fleet(tmp_path, *ACCOUNTS, seed=1) as on:
        play(on, workers=8, files=12, rows=12, blows=20, seconds=120)
        assert on.held() == on.wanted, on.missing()
        accepted = sum(on.counts(name)["accepted"] for name in on.sandboxes)
        assert accepted == on.wanted.total()
        assert all(token not in (tmp_path / "log.txt").read_text() for token in (f"{name}-token" for name in ACCOUNTS))


def most_in(times: Sequence[float], window: float) -> int:
    """Count the most requests that any stretch of so many seconds holds."""
    first, most = 0, 0
    for last, at in enumerate(times):
        while times[first] < at - window:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.torture
def test_each_account_uses_its_allowance_and_no_two_workers_exceed_it(tmp_path: Path, record_property: Any) -> None:
    """By the record of each provider: at least 95 % of it between first and last request, and none refused."""
    limit, window = 60, 10
    with fleet(tmp_path, *ACCOUNTS, limit=limit, window=window, faults=()) as on:
        play(on, workers=8, files=8, rows=150, blows=0, seconds=300)
        assert on.held() == on.wanted, on.missing()
        used, refused = on.used(limit, window), on.refused()
        record_property("used", used)
        assert refused == dict.fromkeys(ACCOUNTS, 0)
        assert min(used.values()) >= 0.95, used
        for name, one in on.sandboxes.items():
            assert most_in([at for at, _ in one.asked], window) <= 2 * limit, name


def stand_still(folder: Path, *, fenced: bool) -> Fleet:
    """Let a worker stand still between an intent and its request until its successor is done with the rest."""
    with fleet(folder, "dallas", seed=2, fenced=fenced, delay=0.5, faults=()) as on:
        on.begin(2)
        on.drop(1, 6)
        assert on.stop_on_the_wire()
        first = on.workers
        on.workers = [on.start("worker")]
        on.wait_until_done(40)
        on.workers += first
        on.go_on()
        on.wait_until_done(3)
        on.wait_until_done(30, decide=True)
        return on


def test_the_harness_has_teeth(tmp_path: Path) -> None:
    """Without the turn in the ledger a worker that wakes up sends what its successor sent."""
    tries = []
    for number in range(6):
        (tmp_path / str(number)).mkdir()
        tries.append(max(stand_still(tmp_path / str(number), fenced=False).held().values()))
        if tries[-1] > 1:
            return
    raise AssertionError(tries)


def test_a_worker_that_wakes_up_sends_nothing_of_its_successor(tmp_path: Path) -> None:
    """The same, with it."""
    on = stand_still(tmp_path, fenced=True)
    assert on.held() == on.wanted, on.missing()


def test_a_worker_that_is_asked_to_end_finishes_what_is_on_its_way(tmp_path: Path) -> None:
    """It leaves no row half sent, and the next one goes on at once."""
    with fleet(tmp_path, "dallas", delay=0.3, faults=()) as on:
        on.begin(1)
        on.drop(1, 8)
        assert on.wait_for(lambda: on.counts("dallas")["accepted"] >= 2)
        on.workers[0].send_signal(signal.SIGTERM)
        assert on.workers[0].wait(timeout=30) == 0
        counts = on.counts("dallas")
        assert counts["planned"] > 0
        assert (counts["submitting"], counts["in_doubt"]) == (0, 0)
        assert on.wait_until_done(60)
        assert on.held() == on.wanted, on.missing()


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(10))
def test_three_hundred_blows(tmp_path: Path, seed: int, record_property: Any) -> None:
    """Thirty blows a part, on 4,000 rows in all; the clocks of four workers are apart."""
    with fleet(tmp_path, *ACCOUNTS, seed=seed, limit=20, apart=APART) as on:
        play(on, workers=8, files=40, rows=10, blows=30, seconds=600)
        record_property("blows", dict(on.blows))
        assert on.held() == on.wanted, on.missing()
