"""The sandbox's rate limiter, which counts as Yii2's does."""

from __future__ import annotations

from batch.model.records import dataclass


@dataclass(frozen=True, slots=True)
class LimiterAnswer:
    """What the limiter said to one request."""

    allowed: bool
    limit: int
    remaining: int
    reset: int
    """Seconds, not an epoch."""

    def headers(self) -> dict[str, str]:
        """Give the three headers that every answer behind the limiter bears."""
        return {
            "X-Rate-Limit-Limit": str(self.limit),
            "X-Rate-Limit-Remaining": str(self.remaining),
            "X-Rate-Limit-Reset": str(self.reset),
        }


class Limiter:
    """A leaky bucket of `limit` requests in `window` seconds, counted in whole seconds.

    https://github.com/yiisoft/yii2/blob/master/framework/filters/RateLimiter.php
    """

    def __init__(self, limit: int, window: int, now: float) -> None:
        self.limit = limit
        self.window = window
        self.asked: list[tuple[float, bool]] = []
        """When each request came, and whether it was let in."""
        self._allowance = limit
        self._last = int(now)

    def ask(self, now: float) -> LimiterAnswer:
        """Take one request in, or refuse it; a refused one sets the clock back to zero."""
        answer = self._answer(now)
        self.asked.append((now, answer.allowed))
        return answer

    def _answer(self, now: float) -> LimiterAnswer:
        second = int(now)
        allowance = self._allowance + int((second - self._last) * self.limit / self.window)
        allowance = min(self.limit, allowance)
        self._last = second
        if allowance < 1:
            self._allowance = 0
            return LimiterAnswer(allowed=False, limit=self.limit, remaining=0, reset=self.window)
        self._allowance = allowance - 1
        reset = int((self.limit - allowance) * self.window / self.limit)
        return LimiterAnswer(allowed=True, limit=self.limit, remaining=allowance - 1, reset=reset)
