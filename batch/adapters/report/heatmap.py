"""Draw the calendar of a report: what goes out when, a day a column and an hour a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

from markupsafe import Markup

from batch.adapters.report.chart import GOING, LONGEST, MAY_GO, WIDTH, Chart, noon, open_svg, timed, two_lines
from batch.adapters.report.contents import Report
from batch.model.plurals import from_to, plural
from batch.model.times import day_words, hour_words
from batch.model.wording import Fate

if TYPE_CHECKING:
    from markupsafe import Markup

_HEAT = (1, 2, 4, 8)
"""Campaigns in one hour from which on its color is a step stronger, the same in every report."""
FAR = 0.2
"""Share of the campaigns on days outside the picture from which on it shows weekdays in place of days."""
_LEFT, _TOP, _LINE = 42, 34, 17
"""Of the calendar: the room for its hours, the room for its days, the height of an hour."""


def calendar_chart(report: Report) -> Chart | None:
    """Show what goes out when, a day a column and an hour a line, by the clock of each row's own zone."""
    going, may_go = _by_hour(report, GOING), _by_hour(report, MAY_GO)
    hours = going + may_go
    if not hours:
        return None
    days = _calendar_days(hours)
    outside = sum(number for (day, _), number in hours.items() if day not in days)
    quiet = quiet_of(report.quiet_hours)
    rows = tuple(
        (day_words(noon(day)), hour_words(hour), f"{going[day, hour]:,}", f"{may_go[day, hour]:,}")
        for day, hour in sorted(hours)
    )
    words = _calendar_words(report, going, may_go, quiet)
    notes = [f"solid: goes or went; hatched: {may_go.total():,} may go"] if may_go else []
    notes += [f"quiet hours, {quiet_words(report.quiet_hours)}, are shaded"] if quiet else []
    notes.append("by the clock of each campaign's zone")
    title, weeks = "What goes out when", 1
    if outside > FAR * hours.total():
        title, weeks = "What goes out when, by weekday", (max(hours)[0] - min(hours)[0]).days // 7 + 1
        notes.append(f"the sum of {weeks} weeks, the color by their average")
        going, may_go, days = _fold(going), _fold(may_go), _WEEKDAYS
    elif outside:
        notes.append(f"{plural(outside, 'campaign')} on other days: see the table")
    svg = _calendar_svg(days, going, may_go, quiet, weeks)
    return Chart("calendar", title, words, svg, ("Day", "Hour", "Goes", "May go"), rows[:200], note="; ".join(notes))


Hours = Counter[tuple[date, int]]


def _by_hour(report: Report, fates: Collection[Fate]) -> Hours:
    return Counter((local.date(), local.hour) for _, local in timed(report, fates))


_WEEKDAYS = [date(1, 1, day) for day in range(1, 8)]
"""Monday to Sunday without a date."""


def _fold(hours: Hours) -> Hours:
    """Put all weeks on top of one another."""
    folded: Hours = Counter()
    for (day, hour), number in hours.items():
        folded[_WEEKDAYS[day.weekday()], hour] += number
    return folded


def _day_name(day: date) -> str:
    words = day_words(noon(day))
    return words.partition(",")[0] if day in _WEEKDAYS else words


def _calendar_days(hours: Hours) -> list[date]:
    by_day: Counter[date] = Counter()
    for (day, _), number in hours.items():
        by_day[day] += number
    first = _first_day(by_day)
    return [first + timedelta(days=place) for place in range(7 if (max(by_day) - first).days < 7 else LONGEST)]


def _calendar_words(report: Report, going: Hours, may_go: Hours, quiet: frozenset[int]) -> str:
    hours = going + may_go
    (day, hour), most = max(hours.items(), key=lambda pair: pair[1])
    told = [f"{plural(going.total(), 'campaign')} {_days_of(going)}"] if going else []
    if may_go:
        number = f"{may_go.total():,} more" if going else plural(may_go.total(), "campaign")
        told.append(f"{number} may go, {_days_of(may_go)}")
    if most > 1:
        told.append(f"the busiest hour is {day_words(noon(day))} {hour_words(hour)} with {most:,}")
    if quiet:
        loud = sum(n for (_, hour), n in hours.items() if hour in quiet)
        told.append(f"{f'{loud:,}' if loud else 'none'} in quiet hours ({quiet_words(report.quiet_hours)})")
    return "; ".join(told)


def _days_of(hours: Hours) -> str:
    """Say on which days campaigns are: of those alone, and not of others beside them."""
    return from_to(*(day_words(noon(end(day for day, _ in hours))) for end in (min, max)))


def quiet_of(quiet_hours: str) -> frozenset[int]:
    """Turn `21:00-08:00` into the hours that lie in it; nothing when it cannot be read."""
    if (ends := _ends(quiet_hours)) is None:
        return frozenset()
    start, end = map(_minutes, ends)
    return frozenset(hour for hour in range(24) if _within(hour * 60 + 30, start, end))


def quiet_words(quiet_hours: str) -> str:
    """Write `21:00-08:00` as people say it: `9:00 PM to 8:00 AM`; what cannot be read, as it is."""
    ends = _ends(quiet_hours)
    return " to ".join(hour_words(end.hour, end.minute) for end in ends) if ends else quiet_hours


def _ends(quiet_hours: str) -> tuple[time, time] | None:
    try:
        start, end = (time.fromisoformat(part.strip().zfill(5)) for part in quiet_hours.split("-"))
    except ValueError:
        return None
    return start, end


def _first_day(days: Mapping[date, int]) -> date:
    """Start at the Monday of the first week, or of the fullest one when the campaigns lie far apart."""
    first, last = min(days), max(days)
    monday = first - timedelta(days=first.weekday())
    if (last - monday).days < LONGEST:
        return monday
    weeks: Counter[date] = Counter()
    for day, number in days.items():
        weeks[day - timedelta(days=day.weekday())] += number
    return max(weeks, key=lambda week: (weeks[week], -week.toordinal()))


def _calendar_svg(days: Sequence[date], going: Hours, may_go: Hours, quiet: frozenset[int], weeks: int) -> Markup:
    used = [hour for day, hour in going + may_go if day in days]
    shown = range(min([7, *used]), max([21, *used]) + 1)
    bottom, wide = _TOP + _LINE * len(shown), (WIDTH - _LEFT) / len(days)
    pieces = [open_svg(bottom + 4), _HATCH]
    pieces += [_hour_line(hour, _TOP + place * _LINE, quiet=hour in quiet) for place, hour in enumerate(shown)]
    for place, day in enumerate(days):
        x = _LEFT + place * wide
        pieces.append(two_lines(x + wide / 2, _day_name(day), wide))
        pieces.append(Markup('<path class="grid" d="M{:.1f} {}V{}"/>').format(x, _TOP, bottom))
        for hour in shown:
            place_of = (x, _TOP + (hour - shown.start) * _LINE, wide)
            pieces += _cell(day, hour, (going[day, hour], may_go[day, hour]), place_of, weeks)
    return Markup("").join([*pieces, Markup("</svg>")])


_HATCH = Markup(
    '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path class="hatch-line" d="M0 0V5"/></pattern></defs>'
)


def _cell(
    day: date, hour: int, numbers: tuple[int, int], place: tuple[float, int, float], weeks: int
) -> Iterable[Markup]:
    """Draw one hour of one day: what goes, and beside it what may go."""
    x, y, wide = place
    at = f"{_day_name(day)}, {hour_words(hour)}"
    kinds = [(number, what) for number, what in zip(numbers, ("goes", "may go"), strict=True) if number]
    for position, (number, what) in enumerate(kinds):
        part = wide / len(kinds)
        step = max(1, sum(number >= step * weeks for step in _HEAT))
        strength = f"heat-{step}" if what == "goes" else "may-go"
        words = f"{at}: {plural(number, 'campaign')}{'' if what == 'goes' else ' may go'}"
        yield _heat(x + position * part, y, part, number, strength=strength, words=words)


def _hour_line(hour: int, y: int, *, quiet: bool) -> Markup:
    shade = Markup('<rect class="quiet-hour" x="{}" y="{}" width="{}" height="{}"/>')
    name = Markup('<text class="axis" x="{}" y="{}" text-anchor="end">{}</text>')
    rule = Markup('<path class="grid" d="M{} {}H{}"/>')
    return (
        (shade.format(_LEFT, y, WIDTH - _LEFT, _LINE) if quiet else Markup(""))
        + name.format(_LEFT - 5, y + 12, f"{hour % 12 or 12} {'AM' if hour < 12 else 'PM'}")
        + rule.format(_LEFT, y, WIDTH)
    )


def _heat(x: float, y: int, wide: float, number: int, *, strength: str, words: str) -> Markup:
    """Draw one hour of one day, the stronger the more goes out in it."""
    return Markup(
        '<g class="heat {}"><title>{}</title>'
        '<rect x="{:.1f}" y="{}" width="{:.1f}" height="{}" rx="3"/>'
        '<text x="{:.1f}" y="{}" text-anchor="middle">{}</text></g>'
    ).format(strength, words, x + 1.5, y + 1.5, wide - 3, _LINE - 3, x + wide / 2, y + 12.5, number)


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _within(minute: int, start: int, end: int) -> bool:
    return start <= minute < end if start <= end else minute >= start or minute < end
