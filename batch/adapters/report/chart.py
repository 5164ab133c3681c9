"""One picture of a report: its record, and the strokes and words that all of them share."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

from markupsafe import Markup

from batch.adapters.report.contents import Report
from batch.model import Entry
from batch.model.records import dataclass
from batch.model.times import zone_of
from batch.model.wording import Fate

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH = 360
"""Units of every picture: on a phone a unit is a pixel, so that its words stay readable."""
_WEEKDAY, _WITH_MONTH = 28, 44
"""Units that `Mon` and `Nov 21` need beside their neighbors."""
LONGEST = 14
"""Days in the calendar and bars in a picture."""
GOING = frozenset({Fate.WENT, Fate.GOES})
"""What went or goes: solid in the calendar, and the only texts in a bar."""
MAY_GO = frozenset({Fate.STOPPED, Fate.MAY_GO})
"""What may go: hatched in the calendar, and in no bar."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture with its words and its numbers."""

    name: str
    title: str
    words: str
    """What the picture says, for those who do not see it."""
    svg: Markup | None
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    bars: tuple[Bar, ...] = ()
    """For a table that is its own picture."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a table that is its own picture."""

    label: str
    shown: str
    share: str
    tone: str
    sign: str
    svg: Markup


def timed(report: Report, fates: Collection[Fate]) -> Iterable[tuple[Entry, datetime]]:
    """Give the entries of some fates, each with its time by the row's own clock."""
    for entry, standing in report.stands():
        if entry.send_at is not None and standing.word.fate in fates:
            yield entry, entry.send_at.astimezone(zone_of(entry.zone or report.zone))


def open_svg(height: float) -> Markup:
    """Begin a picture of a height."""
    return Markup('<svg class="picture" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">').format(
        WIDTH, height
    )


def two_lines(x: float, label: str, wide: float, y: float = 13) -> Markup:
    """Write `Mon, Dec 1` as the weekday over the date, as much of it as there is room for."""
    first, _, rest = label.partition(", ")
    rest = rest if wide >= _WITH_MONTH else rest.rpartition(" ")[2]
    text = Markup('<text class="axis" x="{:.1f}" y="{}" text-anchor="middle">{}</text>')
    return text.format(x, y, first[:1] if wide < _WEEKDAY and rest else first) + text.format(x, y + 13, rest)


def noon(day: date) -> datetime:
    """Give a moment of a day, for its name."""
    return datetime(day.year, day.month, day.day, 12)  # noqa: DTZ001 - only its weekday and date are written
