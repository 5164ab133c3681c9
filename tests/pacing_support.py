"""The limiter that the provider's headers point to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Limiter:
    """Yii2's limiter: whole seconds, and a refused request starts its clock anew."""

    limit: int
    window: int
    allowance: int = -1
    last: int = 0

    def ask(self, moment: float) -> tuple[int, dict[str, str]]:
        now = int(moment)
        allowance = self.limit if self.allowance < 0 else self.allowance
        allowance = min(self.limit, allowance + int((now - self.last) * self.limit / self.window))
        if allowance < 1:
            self.allowance, self.last = 0, now
            return 429, headers(self.limit, 0, self.window)
        self.allowance, self.last = allowance - 1, now
        return 200, headers(self.limit, allowance - 1, int((self.limit - allowance) * self.window / self.limit))


def headers(limit: object, remaining: object, reset: object) -> dict[str, str]:
    return {
        "x-rate-limit-limit": str(limit),
        "x-rate-limit-remaining": str(remaining),
        "x-rate-limit-reset": str(reset),
    }
