"""The pace, tried against the limiter that the provider's headers point to, with a clock that is handed in."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from pacing_support import Limiter, headers

from batch.core.pacing import Allowance, Pace, backoff, learn_interval, read_allowance

START = 1_900_000_000.3


@dataclass
class Run:
    """What a client that never rests got out of a limiter."""

    allowed: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def share(self, limiter: Limiter, seconds: float) -> float:
        return len(self.allowed) / (limiter.limit + seconds * limiter.limit / limiter.window)

    def most_refusals_in(self, window: float) -> int:
        return max((sum(0 <= each - first < window for each in self.refused) for first in self.refused), default=0)


def drive(pace: Pace, limiter: Limiter, seconds: float, *, latency: float = 0.05, hide: bool = False) -> Run:
    run = Run()
    now = START
    jitter = random.Random(7)
    while now < START + seconds:
        now += pace.wait(now)
        if now >= START + seconds:
            break
        pace.start(now)
        there = jitter.uniform(0.2, 0.8) * latency
        status, told = limiter.ask(now + there)
        (run.refused if status == 429 else run.allowed).append(now)
        now += latency
        pace.learn(status, {} if hide else told, now)
    return run


@pytest.mark.parametrize(("limit", "window"), [(60, 60), (60, 600), (60, 3600), (5, 10), (20, 5), (60, 10)])
@pytest.mark.parametrize("latency", [0.0, 0.02, 0.1])
def test_a_pace_uses_nearly_all_of_the_allowance_and_is_hardly_ever_refused(limit, window, latency):
    """At least 95 % of what is allowed, and at most one refusal a window."""
    limiter = Limiter(limit, window)
    run = drive(Pace(), limiter, 12 * window, latency=latency)
    assert run.share(limiter, 12 * window) >= 0.95
    assert run.most_refusals_in(window) <= 1


@pytest.mark.parametrize(("limit", "window"), [(100, 3600), (7, 10), (1, 30), (9, 10), (45, 60), (1000, 3600)])
def test_windows_that_do_not_divide_evenly_are_never_hammered(limit, window):
    """An interval of 1.43 s is no whole number of seconds: the requests go in small bursts then."""
    limiter = Limiter(limit, window)
    run = drive(Pace(), limiter, 12 * window)
    assert run.share(limiter, 12 * window) >= 0.75
    assert run.most_refusals_in(window) <= 1


def test_an_account_that_hides_its_headers_is_still_used_and_not_hammered():
    """Without headers the silence after a refusal doubles until it is long enough, and that one is kept."""
    limiter = Limiter(60, 3600)
    run = drive(Pace(), limiter, 4 * 3600, hide=True)
    assert len(run.refused) <= 8
    assert len(run.allowed) >= 60 + 0.8 * 3 * 60


def test_two_processes_of_one_ledger_share_one_silence():
    """What one of them learns from a refusal the other keeps to."""
    shared = [0.0]
    one = Pace(lambda: shared[0], lambda until: shared.__setitem__(0, until))
    other = Pace(lambda: shared[0], lambda until: shared.__setitem__(0, until))
    one.learn(429, headers(60, 0, 600), 1000.0)
    assert shared == [1010.02]
    assert other.wait(1000.0) == pytest.approx(10.02)
    assert one.silent_until == 1010.02
    assert other.wait(1010.5) == 0.0


def test_a_shared_silence_of_more_than_an_hour_is_nonsense():
    """A clock that was set back does not stop everything for a day."""
    pace = Pace(lambda: 90_000.0)
    assert pace.wait(0.0) == 0.0
    assert pace.wait(90_000.0 - 3_672.0) == 3_672.0
    assert pace.wait(90_000.0 - 3_673.0) == 0.0


def test_a_clock_set_back_does_not_lengthen_our_own_silence_beyond_reason():
    """An hour and a little is the most that any limit known can ask for."""
    pace = Pace()
    pace.learn(429, headers(60, 0, 60), 1_000_000.0)
    assert pace.wait(0.0) == 3_672.0


def test_while_much_is_left_nothing_waits():
    """The burst that the provider allows is used."""
    pace = Pace()
    pace.start(10.0)
    pace.learn(200, headers(60, 30, 29), 10.1)
    assert pace.interval == 1.0
    assert pace.wait(10.1) == 0.0
    pace.learn(200, headers(60, 2, 57), 10.1)
    assert pace.wait(10.1) == 0.0


@pytest.mark.parametrize(
    ("told", "waits"),
    [
        (headers(60, 1, 58), 0.92),  # one second's worth is left: 1.02 s from the start of the last request
        (headers(60, 1, 580), 10.1),
        (headers(60, 0, 59), 1.02),  # nothing is left: from the answer on
        (headers(60, 0, 590), 10.02),
        (headers(20, 4, 3), 0.104),  # 0.2 s: below five a second's worth
        (headers(20, 6, 3), 0.0),
    ],
)
def test_the_less_is_left_the_slower_it_goes(told, waits):
    """The interval counts from the start of the request, the silence from its answer."""
    pace = Pace()
    pace.start(9.9)
    pace.learn(200, told, 10.0)
    assert pace.wait(10.0) == pytest.approx(waits)


def test_nothing_left_and_nothing_known_of_the_window_waits_a_second():
    """With a limit of one there is never a second request to learn the interval from."""
    pace = Pace()
    pace.learn(200, headers(1, 0, 0), 10.0)
    assert pace.wait(10.0) == pytest.approx(1.02)


def test_refusals_in_a_row_wait_longer_up_to_the_whole_window():
    """A limiter of another kind than Yii2's is not asked every second until its window ends."""
    pace = Pace()
    waits = []
    for _ in range(9):
        pace.learn(429, headers(60, 0, 60), 0.0)
        waits.append(round(pace.wait(0.0), 2))
    assert waits == [1.02, 2.02, 4.02, 8.02, 16.02, 32.02, 60.02, 60.02, 60.02]
    pace.learn(200, headers(60, 59, 0), 0.0)
    assert pace.wait(0.0) == 0.0
    pace.learn(429, headers(60, 0, 60), 0.0)
    assert pace.wait(0.0) == pytest.approx(1.02)


def test_refusals_without_headers_double_up_to_ten_minutes():
    """Then somebody has to look."""
    pace = Pace()
    waits = []
    for _ in range(12):
        pace.learn(429, {}, 0.0)
        waits.append(round(pace.wait(0.0), 2))
    assert waits == [1.02, 2.02, 4.02, 8.02, 16.02, 32.02, 64.02, 128.02, 256.02, 512.02, 600.02, 600.02]
    pace.start(5.0)
    pace.learn(200, {}, 5.0)
    assert pace.interval == 600.0
    assert pace.wait(5.0) == pytest.approx(612.0)


@pytest.mark.parametrize(
    ("text", "waits"), [("30", 30.02), ("99999", 3600.02), ("soon", 1.02), ("", 1.02), ("-5", 1.02)]
)
def test_a_retry_after_is_kept_to_where_it_makes_sense(text, waits):
    """Yii2 sends none; something in front of it may."""
    pace = Pace()
    pace.learn(429, {"retry-after": text}, 0.0)
    assert pace.wait(0.0) == pytest.approx(waits)


def test_a_refusal_corrects_an_interval_that_was_too_long():
    """A refusal tells the whole window, exactly."""
    pace = Pace()
    pace.learn(200, headers(60, 58, 500), 0.0)
    assert pace.interval == 500.0
    pace.learn(429, headers(60, 0, 120), 0.0)
    assert pace.interval == 2.0


@pytest.mark.parametrize(
    "told",
    [
        {},
        headers("", "", ""),
        headers("60", "", "0"),
        headers("sixty", 59, 0),
        headers(60, 61, 0),
        headers(0, 0, 0),
        headers(60, -1, 0),
        headers(60, 1.5, 0),
        headers(60, 59, 1_900_000_000),
        headers(60, 59, 216_001),
        headers(1_000_001, 59, 0),
        headers("６０", 59, 0),
    ],
)
def test_headers_that_make_no_sense_are_as_good_as_none(told):
    """An epoch where seconds belong, a negative rest, nothing at all: none of it stops anything."""
    assert read_allowance(told) is None
    pace = Pace()
    pace.learn(200, told, 0.0)
    assert pace.wait(0.0) == 0.0
    assert pace.interval == 0.0


def test_headers_that_make_sense_are_read():
    """Blanks around them do not matter, and the bounds belong to it."""
    assert read_allowance(headers(" 60 ", 60, 216_000)) == Allowance(60, 60, 216_000)
    assert read_allowance(headers(1_000_000, 0, 0)) == Allowance(1_000_000, 0, 0)
    assert read_allowance(headers(1, 0, 0)) == Allowance(1, 0, 0)


@pytest.mark.parametrize(
    ("known", "allowance", "learned"),
    [
        (0.0, Allowance(60, 59, 0), 0.0),  # nothing used yet: nothing to learn
        (7.0, Allowance(60, 60, 5), 7.0),
        (0.0, Allowance(60, 58, 1), 1.0),
        (1.0, Allowance(7, 3, 4), 4 / 3),  # the largest seen
        (1.43, Allowance(7, 3, 4), 1.43),  # 3 x 1.43 = 4.3, cut to 4: no contradiction
        (2.0, Allowance(7, 3, 4), 4 / 3),  # 3 x 2 would have been 6
        (5 / 3, Allowance(7, 3, 4), 4 / 3),
        (0.0, Allowance(3, 1, 9_000), 3600.0),
    ],
)
def test_the_interval_is_the_largest_that_no_answer_contradicts(known, allowance, learned):
    """The limiter cuts to whole seconds, so an answer bounds the interval from both sides."""
    assert learn_interval(known, allowance) == learned


def test_the_pause_after_a_request_that_was_not_sent_has_full_jitter_up_to_a_minute():
    """random(0, min(60, 2^n))."""
    assert [backoff(n, lambda _low, high: high) for n in (1, 2, 3, 5, 6, 7, 10_000)] == [2, 4, 8, 32, 60, 60, 60]
    assert backoff(3, lambda low, _high: low) == 0.0


def test_a_number_of_nine_digits_is_the_longest_that_is_read():
    """A longer one is nonsense."""
    assert read_allowance(headers(1_000_000, 5, 999_999_999)) is not None
    assert read_allowance(headers(1_000_000, 5, 1_000_000_000)) is None


def test_a_guess_made_without_headers_ends_with_the_first_headers():
    """What they say counts, not how long the silence was."""
    pace = Pace()
    pace.learn(429, {}, 100.0)
    pace.learn(200, headers(60, 59, 0), 102.0)
    assert pace.interval == 0.0


def test_the_last_requests_are_spaced_from_the_answer_when_nobody_said_when_it_began():
    """Two in a hundred slower than allowed, or a whole second and a little."""
    pace = Pace()
    pace.learn(200, headers(60, 1, 58), 1000.0)
    assert pace.interval == 1.0
    assert pace.wait(1000.0) == pytest.approx(1.02)
