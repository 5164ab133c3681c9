"""Draw the charts of a report as inline SVG, each with its numbers in words.

By hand, since libraries for pages draw with scripts, which a mail program does not run, and those for files
(matplotlib) are heavier than this whole program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from markupsafe import Markup

from batch.adapters.report.bars import draw_bar
from batch.adapters.report.contents import Figures, Report, WeekFigures
from batch.adapters.report.figures import SCHEDULED, SENT, arrivals
from batch.model import Entry
from batch.model.plurals import plural
from batch.model.times import day_words, hour_words, zone_of
from batch.model.wording import TONES, WORDS

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH = 360
"""Units of every picture: on a phone a unit is a pixel, so that its words stay readable."""
LONGEST = 14
"""Days in the calendar and bars in a picture."""
GOING = SENT | SCHEDULED
"""What went or goes: solid in the calendar, and the only texts in a bar."""
MAY_GO = frozenset({"unapproved", "to_cancel", "planned", "submitting", "waiting", "held", "in_doubt"})
"""What may go: hatched in the calendar, and in no bar."""
_HEAT = (1, 2, 4, 8)
"""Campaigns in one hour from which on its color is a step stronger, the same in every report."""
_LEFT, _TOP, _LINE = 34, 34, 17
"""Of the calendar: the room for its hours, the room for its days, the height of an hour."""


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


def charts_of(report: Report, figures: Figures) -> tuple[Chart, ...]:
    """Draw every picture for which there is something to show."""
    drawn = (
        outcome_chart(figures),
        calendar_chart(report),
        texts_chart(report),
        delivery_chart(report),
        trend_chart(report.trend),
    )
    return tuple(chart for chart in drawn if chart is not None)


def outcome_chart(figures: Figures) -> Chart | None:
    """Show how many rows ended where."""
    if not figures.rows:
        return None
    counts = [(WORDS[key].text, number, WORDS[key].tone) for key, number in figures.by_status.items()]
    return _bars("outcome", "Where every row ended", "rows", counts)


def delivery_chart(report: Report) -> Chart | None:
    """Show how many texts arrived, over all campaigns whose delivery is known."""
    counts = arrivals(report)
    if not counts:
        return None
    tones = list(TONES)
    ordered = sorted(counts.items(), key=lambda pair: (-tones.index(pair[0][1]), -pair[1]))
    return _bars("delivery", "How the texts arrived", "texts", [(word, n, tone) for (word, tone), n in ordered])


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
        (day_words(_noon(day)), hour_words(hour), f"{going[day, hour]:,}", f"{may_go[day, hour]:,}")
        for day, hour in sorted(hours)
    )
    note = f"quiet hours {report.quiet_hours} are shaded; hours are by the clock of each campaign's own zone"
    if may_go:
        note = f"solid: goes or went; hatched: {may_go.total():,} may go; {note}"
    if outside:
        note += f"; {plural(outside, 'campaign')} on other days: see the table"
    return Chart(
        "calendar", "What goes out when", _calendar_words(report, going, may_go, quiet),
        _calendar_svg(days, going, may_go, quiet), ("Day", "Hour", "Goes", "May go"), rows[:200], note=note,
    )  # fmt: skip


Hours = Counter[tuple[date, int]]


def _by_hour(report: Report, standings: Collection[str]) -> Hours:
    return Counter((local.date(), local.hour) for _, local in _timed(report, standings))


def _calendar_days(hours: Hours) -> list[date]:
    by_day: Counter[date] = Counter()
    for (day, _), number in hours.items():
        by_day[day] += number
    first = _first_day(by_day)
    return [first + timedelta(days=place) for place in range(7 if (max(by_day) - first).days < 7 else LONGEST)]


def _calendar_words(report: Report, going: Hours, may_go: Hours, quiet: frozenset[int]) -> str:
    hours = going + may_go
    (day, hour), most = max(hours.items(), key=lambda pair: pair[1])
    first, last = min(day for day, _ in hours), max(day for day, _ in hours)
    more = f", {may_go.total():,} more may go" if may_go else ""
    return (
        f"{plural(going.total(), 'campaign')} from {day_words(_noon(first))} to {day_words(_noon(last))}{more}; "
        f"the busiest hour is {day_words(_noon(day))} {hour_words(hour)} with {most:,}; "
        f"{sum(n for (_, h), n in hours.items() if h in quiet):,} in quiet hours ({report.quiet_hours})"
    )


def texts_chart(report: Report) -> Chart | None:
    """Show the texts of each day, by the provider's ContactsCount."""
    days = texts_by_day(report)
    if not any(texts for _, texts in days.values()):
        return None
    bars = [(day, texts) for day, (_, texts) in days.items()]
    labels, title = _fold_days(bars)
    most = max(labels, key=lambda pair: pair[1])
    words = f"{sum(n for _, n in labels):,} texts; the most on {most[0]}: {most[1]:,}"
    rows = tuple((label, f"{number:,}") for label, number in labels)
    return Chart("texts", title, words, _columns_svg(labels, "good"), (title.split(" by ")[1].title(), "Texts"), rows)


def texts_by_day(report: Report) -> dict[date, tuple[int, int]]:
    """Count the campaigns that went or go, and their texts, for each local day on which any goes out."""
    found: dict[date, tuple[int, int]] = {}
    for entry, local in _timed(report, GOING):
        campaigns, texts = found.get(local.date(), (0, 0))
        found[local.date()] = (campaigns + 1, texts + (entry.contacts_count or 0))
    return dict(sorted(found.items()))


def trend_chart(trend: Sequence[WeekFigures]) -> Chart | None:
    """Show the last twelve weeks: campaigns that went or go, and what needed attention."""
    weeks = trend[-12:]
    if len(weeks) < 2:
        return None
    went = [
        (_week(week.week), week.figures.scheduled + week.figures.not_approved + week.figures.sent) for week in weeks
    ]
    rows = tuple(
        (week.week, f"{number:,}", f"{week.figures.contacts:,}", f"{week.figures.needs_person:,}")
        for week, (_, number) in zip(weeks, went, strict=True)
    )
    words = (
        f"campaigns per week over {len(weeks)} weeks: from {went[0][1]:,} to {went[-1][1]:,}, "
        f"at most {max(n for _, n in went):,}; {weeks[-1].figures.needs_person:,} needed attention in the last one"
    )
    needs = [week.figures.needs_person for week in weeks]
    head = ("Week", "Campaigns", "Texts", "Needed attention")
    svg = _columns_svg(went, "wait", marked=needs)
    note = "▲ how many needed attention" if any(needs) else ""
    return Chart("trend", "The last weeks", words, svg, head, rows, note=note)


def quiet_of(quiet_hours: str) -> frozenset[int]:
    """Turn `21:00-08:00` into the hours that lie in it; nothing when it cannot be read."""
    try:
        start, end = (time.fromisoformat(part.strip().zfill(5)) for part in quiet_hours.split("-"))
    except ValueError:
        return frozenset()
    return frozenset(hour for hour in range(24) if _within(hour * 60 + 30, _minutes(start), _minutes(end)))


def _bars(name: str, title: str, what: str, counts: Sequence[tuple[str, int, str]]) -> Chart:
    whole = sum(number for _, number, _ in counts)
    most = max((number for _, number, _ in counts), default=0) or 1
    bars = tuple(
        Bar(label, f"{n:,}", f"{n / whole:.0%}" if whole else "", tone, TONES[tone].sign, draw_bar(tone, n / most))
        for label, n, tone in counts
    )
    words = ", ".join(f"{number:,} {label}" for label, number, _ in counts) + f"; {whole:,} {what} in total"
    rows = tuple((label, f"{number:,}") for label, number, _ in counts)
    return Chart(name, title, words, None, ("", what.title()), (*rows, ("total", f"{whole:,}")), bars)


def _timed(report: Report, standings: Collection[str]) -> Iterable[tuple[Entry, datetime]]:
    """Give the entries of some standings, each with its time by the row's own clock."""
    for entry in report.entries:
        if entry.send_at is not None and report.standing_of(entry).word.standing in standings:
            yield entry, entry.send_at.astimezone(zone_of(entry.zone or report.zone))


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


def _fold_days(bars: Sequence[tuple[date, int]]) -> tuple[list[tuple[str, int]], str]:
    if len(bars) <= LONGEST:
        return [(day_words(_noon(day)), number) for day, number in bars], "Texts by day"
    weeks: Counter[str] = Counter()
    for day, number in bars:
        weeks[f"W{day.isocalendar().week}"] += number
    return list(weeks.items())[:53], "Texts by week"


def _calendar_svg(days: Sequence[date], going: Hours, may_go: Hours, quiet: frozenset[int]) -> Markup:
    used = [hour for day, hour in going + may_go if day in days]
    shown = range(min([7, *used]), max([21, *used]) + 1)
    bottom, wide = _TOP + _LINE * len(shown), (WIDTH - _LEFT) / len(days)
    pieces = [_open_svg(bottom + 4), _HATCH]
    pieces += [_hour_line(hour, _TOP + place * _LINE, quiet=hour in quiet) for place, hour in enumerate(shown)]
    for place, day in enumerate(days):
        x = _LEFT + place * wide
        pieces.append(_two_lines(x + wide / 2, day_words(_noon(day)), narrow=len(days) > 7))
        pieces.append(Markup('<path class="grid" d="M{:.1f} {}V{}"/>').format(x, _TOP, bottom))
        for hour in shown:
            pieces += _cell(
                day, hour, (going[day, hour], may_go[day, hour]), (x, _TOP + (hour - shown.start) * _LINE, wide)
            )
    return Markup("").join([*pieces, Markup("</svg>")])


_HATCH = Markup(
    '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path class="hatch-line" d="M0 0V5"/></pattern></defs>'
)


def _cell(day: date, hour: int, numbers: tuple[int, int], place: tuple[float, int, float]) -> Iterable[Markup]:
    """Draw one hour of one day: what goes, and beside it what may go."""
    x, y, wide = place
    at = f"{day_words(_noon(day))}, {hour_words(hour)}"
    kinds = [(number, what) for number, what in zip(numbers, ("goes", "may go"), strict=True) if number]
    for position, (number, what) in enumerate(kinds):
        part = wide / len(kinds)
        strength = f"heat-{sum(number >= step for step in _HEAT)}" if what == "goes" else "may-go"
        words = f"{at}: {plural(number, 'campaign')}{'' if what == 'goes' else ' may go'}"
        yield _heat(x + position * part, y, part, number, strength=strength, words=words)


def _hour_line(hour: int, y: int, *, quiet: bool) -> Markup:
    shade = Markup('<rect class="quiet-hour" x="{}" y="{}" width="{}" height="{}"/>')
    name = Markup('<text class="axis" x="{}" y="{}" text-anchor="end">{}</text>')
    rule = Markup('<path class="grid" d="M{} {}H{}"/>')
    return (
        (shade.format(_LEFT, y, WIDTH - _LEFT, _LINE) if quiet else Markup(""))
        + name.format(_LEFT - 5, y + 12, f"{hour}:00")
        + rule.format(_LEFT, y, WIDTH)
    )


def _heat(x: float, y: int, wide: float, number: int, *, strength: str, words: str) -> Markup:
    """Draw one hour of one day, the stronger the more goes out in it."""
    return Markup(
        '<g class="heat {}"><title>{}</title>'
        '<rect x="{:.1f}" y="{}" width="{:.1f}" height="{}" rx="3"/>'
        '<text x="{:.1f}" y="{}" text-anchor="middle">{}</text></g>'
    ).format(strength, words, x + 1.5, y + 1.5, wide - 3, _LINE - 3, x + wide / 2, y + 12.5, number)


def _columns_svg(bars: Sequence[tuple[str, int]], tone: str, marked: Sequence[int] = ()) -> Markup:
    high, top = 120, 22 if not marked else 36
    wide = min(56.0, WIDTH / max(1, len(bars)))
    left = (WIDTH - wide * len(bars)) / 2
    most = max((number for _, number in bars), default=1) or 1
    every = 1 if wide >= 28 else 2
    pieces = [_open_svg(top + high + 32)]
    for place, (label, number) in enumerate(bars):
        x, tall = left + place * wide, max(1.0, high * number / most) if number else 0.0
        middle = x + wide / 2
        pieces.append(
            Markup(
                "<g><title>{}</title>"
                '<rect class="fill-{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"/>'
                '<text class="value" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text></g>'
            ).format(
                f"{label}: {number:,}",
                tone,
                x + wide * 0.14,
                top + high - tall,
                wide * 0.72,
                tall,
                middle,
                top + high - tall - 5,
                _short(number),
            )
        )
        if place < len(marked) and marked[place]:
            pieces.append(
                Markup('<text class="mark" x="{:.1f}" y="12" text-anchor="middle">▲{}</text>').format(
                    middle, _short(marked[place])
                )
            )
        if place % every == 0:
            pieces.append(_two_lines(middle, label, narrow=wide < 28, y=top + high + 14))
    pieces.append(Markup('<path class="axis-line" d="M0 {}H{}"/>').format(top + high, WIDTH))
    return Markup("").join([*pieces, Markup("</svg>")])


def _open_svg(height: float) -> Markup:
    return Markup('<svg class="picture" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">').format(
        WIDTH, height
    )


def _two_lines(x: float, label: str, *, narrow: bool, y: float = 13) -> Markup:
    """Write `Mon, Dec 1` as the weekday over the date, and leave out the month where it is narrow."""
    first, _, rest = label.partition(", ")
    rest = rest.rpartition(" ")[2] if narrow else rest
    text = Markup('<text class="axis" x="{:.1f}" y="{}" text-anchor="middle">{}</text>')
    return text.format(x, y, first[:1] if narrow and rest else first) + text.format(x, y + 13, rest)


def _short(number: int) -> str:
    if number < 10_000:
        return f"{number:,}"
    if number < 1_000_000:
        return f"{number / 1000:.0f}k"
    return f"{number / 1_000_000:.1f}M"


def _week(week: str) -> str:
    return week.partition("-")[2] or week


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12)  # noqa: DTZ001 - only its weekday and date are written


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _within(minute: int, start: int, end: int) -> bool:
    return start <= minute < end if start <= end else minute >= start or minute < end
