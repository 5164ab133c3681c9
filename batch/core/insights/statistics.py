"""The two formulas behind the insights: the range of a share, and how far a value lies from its kind."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import median

FEWEST = 200
"""Texts with a known delivery below which nothing is claimed about a group, an hour or a campaign."""
FAR = 3.5
"""A modified z-score beyond this is an outlier (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993)."""
_Z = 1.96
_SCALE = 0.6745


def wilson(part: int, whole: int) -> tuple[float, float]:
    """Give the range in which the true share lies with 95% confidence; (0, 1) when nothing was counted.

    Wilson's score interval: 3 of 10 is far wider than 300 of 1,000, and no range leaves 0 to 1.
    See https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval.
    """
    if not whole:
        return 0.0, 1.0
    share, z2 = part / whole, _Z * _Z
    middle = share + z2 / (2 * whole)
    reach = _Z * sqrt(share * (1 - share) / whole + z2 / (4 * whole * whole))
    bottom = 1 + z2 / whole
    return max(0.0, (middle - reach) / bottom), min(1.0, (middle + reach) / bottom)


def robust_scores(values: Sequence[float]) -> list[float]:
    """Give each value's modified z-score: its distance from the median in units of the median distance.

    One wild value cannot hide itself by widening the scale, as it does with the standard deviation. Where more than
    half of the values are equal the mean distance stands in, as its authors advise; all equal: all 0.
    """
    if not values:
        return []
    middle = median(values)
    distances = [abs(value - middle) for value in values]
    if spread := median(distances):
        return [_SCALE * (value - middle) / spread for value in values]
    mean = sum(distances) / len(distances)
    return [(value - middle) / (1.253314 * mean) if mean else 0.0 for value in values]
