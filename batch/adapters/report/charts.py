"""Draw the charts of a report as inline SVG, each with its numbers in words.

By hand, since libraries for pages draw with scripts, which a mail program does not run, and those for files
(matplotlib) are heavier than this whole program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from markupsafe import Markup

from batch.adapters.report.bars import draw_bar
from batch.adapters.report.chart import GOING, LONGEST, WIDTH, Bar, Chart, noon, open_svg, timed, two_lines
from batch.adapters.report.contents import Report, WeekFigures
from batch.adapters.report.figures import arrivals, outcomes
from batch.adapters.report.heatmap import calendar_chart
from batch.model.plurals import plural, share_words, up_to
from batch.model.times import day_words
from batch.model.wording import TONES

if TYPE_CHECKING:
    from markupsafe import Markup

_MARGIN = 8
"""Units at both sides of a picture, so that no label is cut."""
_LABEL = 30
"""Units that a label needs: where bars are narrower, only some of them have one."""


def charts_of(report: Report) -> tuple[Chart, ...]:
    """Draw every picture for which there is something to show."""
    drawn = (
        outcome_chart(report),
        calendar_chart(report),
        texts_chart(report),
        delivery_chart(report),
        trend_chart(report.trend),
    )
    return tuple(chart for chart in drawn if chart is not None)


def outcome_chart(report: Report) -> Chart | None:
    """Show how many rows ended where; where all ended the same, the total says it."""
    ended = outcomes(report)
    if len(ended) < 2:
        return None
    return _bars(
        "outcome", "Where every row ended", "rows", [(one.text, rows, one.tone) for one, rows in ended.items()]
    )


def delivery_chart(report: Report) -> Chart | None:
    """Show how many texts arrived, over all campaigns whose delivery is known."""
    counts = arrivals(report)
    if not counts:
        return None
    tones = list(TONES)
    ordered = sorted(counts.items(), key=lambda pair: (-tones.index(pair[0][1]), -pair[1]))
    return _bars("delivery", "How the texts arrived", "texts", [(word, n, tone) for (word, tone), n in ordered])


def texts_chart(report: Report) -> Chart | None:
    """Show the texts of each day, by the provider's ContactsCount."""
    days = texts_by_day(report)
    if not any(texts for _, texts in days.values()):
        return None
    bars = [(day, texts) for day, (_, texts) in days.items()]
    labels, title = _fold_days(bars)
    most = max(labels, key=lambda pair: pair[1])
    named = f"{'on' if labels[0][0].count(' ') else 'in'} {most[0]}"
    words = f"{plural(sum(n for _, n in labels), 'text')}, all {named}"
    if len(labels) > 1:
        words = f"{plural(sum(n for _, n in labels), 'text')}; the most {named}: {most[1]:,}"
    rows = tuple((label, f"{number:,}") for label, number in labels)
    return Chart("texts", title, words, _columns_svg(labels, "good"), (title.split(" by ")[1].title(), "Texts"), rows)


def texts_by_day(report: Report) -> dict[date, tuple[int, int]]:
    """Count the campaigns that went or go, and their texts, for each local day on which any goes out."""
    found: dict[date, tuple[int, int]] = {}
    for entry, local in timed(report, GOING):
        campaigns, texts = found.get(local.date(), (0, 0))
        found[local.date()] = (campaigns + 1, texts + (entry.contacts_count or 0))
    return dict(sorted(found.items()))


def trend_chart(trend: Sequence[WeekFigures]) -> Chart | None:
    """Show the last twelve weeks: their campaigns, counted as the report counts its own, and what needed attention."""
    weeks = trend[-12:]
    if len(weeks) < 2:
        return None
    went = [(_week(week.week), week.figures.rows) for week in weeks]
    rows = tuple(
        (week.week, f"{number:,}", f"{week.figures.contacts:,}", f"{week.figures.needs_person:,}")
        for week, (_, number) in zip(weeks, went, strict=True)
    )
    low, high = (f"{end(n for _, n in went):,}" for end in (min, max))
    words = (
        f"campaigns a week over {plural(len(weeks), 'week')}: {up_to(low, high)}; in the last one {went[-1][1]:,}, and "
        f"{weeks[-1].figures.needs_person:,} needed attention"
    )
    needs = [week.figures.needs_person for week in weeks]
    head = ("Week", "Campaigns", "Texts", "Needed attention")
    svg = _columns_svg(went, "wait", marked=needs)
    note = "▲ how many needed attention" if any(needs) else ""
    return Chart("trend", "The last weeks", words, svg, head, rows, note=note)


def _bars(name: str, title: str, what: str, counts: Sequence[tuple[str, int, str]]) -> Chart:
    whole = sum(number for _, number, _ in counts)
    most = max((number for _, number, _ in counts), default=0) or 1
    bars = tuple(
        Bar(label, f"{n:,}", share_words(n, whole) if whole else "", tone, TONES[tone].sign, draw_bar(tone, n / most))
        for label, n, tone in counts
    )
    words = ", ".join(f"{number:,} {label}" for label, number, _ in counts) + f"; {whole:,} {what} in total"
    rows = tuple((label, f"{number:,}") for label, number, _ in counts)
    return Chart(name, title, words, None, ("", what.title()), (*rows, ("total", f"{whole:,}")), bars)


def _fold_days(bars: Sequence[tuple[date, int]]) -> tuple[list[tuple[str, int]], str]:
    if len(bars) <= LONGEST:
        return [(day_words(noon(day)), number) for day, number in bars], "Texts by day"
    weeks: Counter[str] = Counter()
    for day, number in bars:
        weeks[f"W{day.isocalendar().week}"] += number
    return list(weeks.items())[:53], "Texts by week"


def _columns_svg(bars: Sequence[tuple[str, int]], tone: str, marked: Sequence[int] = ()) -> Markup:
    high, top = 120, 22 if not marked else 36
    wide = min(56.0, (WIDTH - 2 * _MARGIN) / max(1, len(bars)))
    left = (WIDTH - wide * len(bars)) / 2
    most = max((number for _, number in bars), default=1) or 1
    every = -(-_LABEL // int(wide)) if len(bars) > LONGEST else 1
    pieces = [open_svg(top + high + 32)]
    for place, (label, number) in enumerate(bars):
        named = (len(bars) - 1 - place) % every == 0
        x, tall = left + place * wide, max(1.0, high * number / most) if number else 0.0
        pieces.append(_column(label, number, tone, (x, wide, top + high, tall), named=named))
        if place < len(marked) and marked[place]:
            mark = f"▲{_short(marked[place])}" if every == 1 else "▲"
            shape = Markup('<text class="mark" x="{:.1f}" y="12" text-anchor="middle">{}</text>')
            pieces.append(shape.format(x + wide / 2, mark))
        if named:
            pieces.append(two_lines(x + wide / 2, label, wide * every, y=top + high + 14))
    pieces.append(Markup('<path class="axis-line" d="M0 {}H{}"/>').format(top + high, WIDTH))
    return Markup("").join([*pieces, Markup("</svg>")])


def _column(label: str, number: int, tone: str, place: tuple[float, float, int, float], *, named: bool) -> Markup:
    x, wide, bottom, tall = place
    bar = Markup(
        '<g><title>{}</title><rect class="fill-{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"/>{}</g>'
    )
    value = Markup('<text class="value" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>')
    said = value.format(x + wide / 2, bottom - tall - 5, _short(number)) if named else ""
    return bar.format(f"{label}: {number:,}", tone, x + wide * 0.14, bottom - tall, wide * 0.72, tall, said)


def _short(number: int) -> str:
    if number < 10_000:
        return f"{number:,}"
    if number < 1_000_000:
        return f"{number / 1000:.0f}k"
    return f"{number / 1_000_000:.1f}M"


def _week(week: str) -> str:
    return week.partition("-")[2] or week
