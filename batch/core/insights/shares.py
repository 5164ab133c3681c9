"""Compare shares of texts that arrived, failed or opted out, each with the range in which the true share lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from batch.core.insights.statistics import FEWEST, wilson
from batch.model import Insight, Mark
from batch.model.insights import Value
from batch.model.plurals import plural
from batch.model.records import dataclass

if TYPE_CHECKING:
    import pandas as pd

_PARTS = ("delivered", "failed", "opted_out")
_RANGES = tuple(word for name in ("Delivered", "Failed", "Opted out") for word in (name, f"{name} from", f"{name} to"))
_HEAD = ("Campaigns", "Texts known", *_RANGES)
_SHARES = frozenset(range(3, 12))
_NOTE = (
    "the bar is the share that did not arrive, the thin line its 95% range; a text counts once its end is known; "
    f"not drawn: fewer than {FEWEST:,} texts"
)


@dataclass(frozen=True, slots=True)
class Share:
    """What became of the texts of one group, hour, template, ..."""

    label: str
    campaigns: int
    known: int
    delivered: int
    failed: int
    opted_out: int

    @property
    def arrived(self) -> float:
        """The share delivered."""
        return self.delivered / self.known

    @property
    def reach(self) -> tuple[float, float]:
        """The 95% range of the share delivered."""
        return wilson(self.delivered, self.known)


def compare_shares(
    frame: pd.DataFrame, key: str, *, name: str, title: str, what: str, order: Sequence[str] = ()
) -> Insight | None:
    """Give the shares for each value of a column of the frame; None when no delivery is known.

    In the order given, else the one that loses most first, those with few texts last.
    """
    places = {label: place for place, label in enumerate(order)}
    shares = sorted(_sum_up(frame, key), key=lambda share: (places.get(share.label, 0), *_lost_most(share)))
    if not shares:
        return None
    ends = _apart(shares)
    worst = ends[0] if ends else None
    drawn = [share for share in shares if share.known >= FEWEST][: max(12, len(order))]
    longest = max((1 - share.reach[0] for share in drawn), default=1.0)
    marks = tuple(_mark(share, longest, worst=share is worst) for share in drawn)
    rows = tuple(_row(share) for share in shares)
    return Insight(name, title, describe_shares(shares), (what, *_HEAD), rows, marks, _SHARES, _NOTE)


def describe_shares(shares: Sequence[Share]) -> str:
    """Name the worst and the best, by the share that the picture shows, where the difference is more than chance."""
    if sum(share.known >= FEWEST for share in shares) < 2:
        return f"too few texts to compare: at least two lines need {FEWEST:,} texts each"
    ends = _apart(shares)
    if not ends:
        return "the differences may be chance"
    worst, best = ends
    return (
        f"most: {worst.label}, {1 - worst.arrived:.1%} of {worst.known:,} texts did not arrive; "
        f"least: {best.label}, {1 - best.arrived:.1%} of {best.known:,}"
    )


def _apart(shares: Sequence[Share]) -> tuple[Share, Share] | None:
    """Give the worst and the best, if the whole range of the worst lies below the best one's."""
    enough = [share for share in shares if share.known >= FEWEST]
    if len(enough) < 2:
        return None
    best = max(enough, key=lambda share: share.arrived)
    worst = min(enough, key=lambda share: share.arrived)
    return (worst, best) if worst.reach[1] < best.reach[0] else None


def _lost_most(share: Share) -> tuple[bool, float, int]:
    return share.known < FEWEST, share.arrived, -share.known


def _sum_up(frame: pd.DataFrame, key: str) -> list[Share]:
    known = frame[frame["known"] > 0]
    summed = known.groupby(key)[["known", *_PARTS]].sum()
    summed.insert(0, "campaigns", known.groupby(key).size())
    return [Share(str(label), *map(int, numbers)) for label, *numbers in summed.itertuples()]


def _row(share: Share) -> tuple[Value, ...]:
    parts: Mapping[str, int] = {part: getattr(share, part) for part in _PARTS}
    ranges = [value for part in parts.values() for value in (part / share.known, *wilson(part, share.known))]
    return (share.label, share.campaigns, share.known, *ranges)


def _mark(share: Share, longest: float, *, worst: bool) -> Mark:
    """Draw what did not arrive: of bars that are all nearly full nobody sees the difference."""
    low, high = share.reach
    lost = 1 - share.arrived
    shown = f"{lost:.1%} of {plural(share.known, 'text')}"
    tone = "look" if worst else "wait"
    return Mark(share.label, shown, lost / longest, (1 - high) / longest, (1 - low) / longest, tone)
