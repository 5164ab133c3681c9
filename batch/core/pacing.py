"""Keep to the provider's rate limit.

The limiter behind the provider's headers is Yii2's (https://www.yiiframework.com/doc/api/2.0/yii-filters-ratelimiter):
it counts in whole seconds and starts anew at every refused request, so asking too often may never get in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from batch.model.records import dataclass

MARGIN = 1.02
"""Two in a hundred slower than allowed: what the network's jitter may eat."""
GRACE = 0.02
"""Seconds more than a silence needs."""
LONGEST_INTERVAL = 3600.0
"""More seconds a request than anybody allows: such a header is nonsense."""
LONGEST_BURST = 30.0
"""Seconds at most that requests are gathered for."""
LONGEST_BLIND_SILENCE = 600.0
"""Where doubling stops when refusals come without headers."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the headers of one answer say, when they make sense."""

    limit: int
    remaining: int
    reset: int
    """Seconds until the allowance is full again; after a refusal the whole window."""


class Pace:
    """When the next request may go; times are wall-clock seconds (`time.time`), handed in.

    `read_shared` and `write_shared` are the `silent until` that all processes of one ledger keep in common.
    """

    def __init__(
        self,
        read_shared: Callable[[], float] | None = None,
        write_shared: Callable[[float], None] | None = None,
    ) -> None:
        self._read_shared = read_shared
        self._write_shared = write_shared
        self._interval = 0.0
        self._refusals = 0
        self._blind = 0.0
        self._started = 0.0
        self._silent_until = 0.0

    @property
    def interval(self) -> float:
        """Seconds in which the provider gives back one request, as far as it is known; 0 is not known."""
        return self._interval

    @property
    def silent_until(self) -> float:
        """When the next request may go, by this process's own knowledge."""
        return self._silent_until

    def wait(self, now: float) -> float:
        """Say how many seconds the next request must wait; 0 when it may go."""
        own = min(self._silent_until - now, self._longest_wait())
        shared = self._read_shared() - now if self._read_shared is not None else 0.0
        if shared > LONGEST_INTERVAL * MARGIN:  # the clock was set back, or somebody wrote nonsense
            shared = 0.0
        return max(0.0, own, shared)

    def start(self, now: float) -> None:
        """Note that a request goes out: the limiter counts from about here, not from its answer."""
        self._started = now

    def learn(self, status: int | None, headers: Mapping[str, str], now: float) -> None:
        """Take in the status and headers (lower-case names) of an answer that has just come."""
        allowance = read_allowance(headers)
        if status == 429:
            self._be_refused(allowance, _seconds(headers.get("retry-after")), now)
            return
        if self._refusals and allowance is None:
            self._interval = max(self._interval, self._blind)  # this silence was long enough
        self._refusals = 0
        if allowance is not None:
            self._interval = learn_interval(self._interval, allowance)
        self._be_silent(self._next(allowance, now))

    def _be_refused(self, allowance: Allowance | None, retry_after: float, now: float) -> None:
        self._refusals += 1
        doubled = 2.0 ** min(self._refusals - 1, 20)
        if allowance is None:
            self._blind = min(max(1.0, self._interval) * doubled, LONGEST_BLIND_SILENCE)
            silence = self._blind
        else:
            self._interval = allowance.reset / allowance.limit
            once = _whole(self._interval)
            silence = min(once * doubled, max(once, float(allowance.reset)))
        self._be_silent(now + max(silence, retry_after) + GRACE)

    def _next(self, allowance: Allowance | None, now: float) -> float:
        if not self._interval and (allowance is None or allowance.remaining):
            return 0.0
        if allowance is None:
            return self._started + self._interval * MARGIN
        if not allowance.remaining:
            return now + _whole(self._interval) + GRACE
        if allowance.remaining > _one_second(self._interval):
            return 0.0
        return (self._started or now) + _spacing(self._interval)

    def _be_silent(self, until: float) -> None:
        self._silent_until = until
        if until and self._write_shared is not None:
            self._write_shared(until)

    def _longest_wait(self) -> float:
        # A clock that was set back must not turn a second of silence into an hour of it.
        return max(LONGEST_BLIND_SILENCE, LONGEST_INTERVAL * MARGIN)


def read_allowance(headers: Mapping[str, str]) -> Allowance | None:
    """Read the three `X-Rate-Limit` headers; None when one is absent, empty or nonsense."""
    values = [_whole_number(headers.get(f"x-rate-limit-{name}", "")) for name in ("limit", "remaining", "reset")]
    limit, remaining, reset = values
    if limit is None or remaining is None or reset is None:
        return None
    if not 1 <= limit <= 1_000_000 or remaining > limit or reset > limit * LONGEST_INTERVAL:
        return None
    return Allowance(limit, remaining, reset)


def learn_interval(known: float, allowance: Allowance) -> float:
    """Take from an answer how many seconds one request is worth: the largest seen that nothing contradicts.

    The limiter cuts `used * interval` to whole seconds, so an answer bounds the interval from both sides.
    """
    used = allowance.limit - allowance.remaining - 1
    if used < 1:
        return known
    seen = min(allowance.reset / used, LONGEST_INTERVAL)
    most = (allowance.reset + 1) / used
    return seen if seen > known or known >= most else known


def backoff(n: int, random: Callable[[float, float], float]) -> float:
    """Give the seconds to wait after the n-th (from 1) request in a row that provably was not sent: full jitter.

    `random(low, high)` is `random.uniform`. At most a minute.
    """
    return random(0.0, float(min(60, 2 ** min(n, 6))))


def _one_second(interval: float) -> float:
    return max(1.0, 1.0 / interval) if interval else 1.0


def _spacing(interval: float) -> float:
    # The limiter counts whole seconds: of 2 s at an interval of 1.1 s it gives back one request, of 10 s nine.
    if interval < 1:
        return interval * MARGIN
    seconds = _whole(interval)
    while int(seconds / interval + 1e-9) * interval < 0.95 * seconds and seconds < LONGEST_BURST:
        seconds += 1
    return max(interval * MARGIN, seconds + GRACE)


def _whole(interval: float) -> float:
    return float(max(1, math.ceil(interval - 1e-9)))


def _whole_number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _seconds(text: str | None) -> float:
    number = _whole_number(text or "")
    return float(min(number, LONGEST_INTERVAL)) if number is not None else 0.0
