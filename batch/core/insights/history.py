"""Ask the history of a ledger its questions, one function each; the tuple of them is the table of contents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING

from batch.core.insights.shares import compare_shares
from batch.core.insights.statistics import FAR, FEWEST, robust_scores
from batch.model import Insight, Insights, Mark, Sending
from batch.model.codes import ALL_CODES
from batch.model.days import WEEKDAYS
from batch.model.plurals import plural
from batch.model.records import dataclass
from batch.model.times import week_words

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 12
"""Lines of a picture; the table holds all."""
_MOVED = 0.2
"""A group that differs by more than this share from its own usual size has shrunk or jumped."""
_USUAL = 3
"""Earlier weeks that make a usual size."""


@dataclass(frozen=True, slots=True)
class History:
    """What is asked: the sendings, as records and as a table, and the problems of rows that never went."""

    sendings: tuple[Sending, ...]
    frame: pd.DataFrame
    problems: Sequence[tuple[str, str]]
    """Code and who handed the row in, once a problem."""
    weekly_budget: int
    """Credits a week; 0 when nobody set one."""


def find_insights(
    sendings: Iterable[Sending],
    *,
    problems: Sequence[tuple[str, str]] = (),
    title: str,
    since: datetime,
    now: datetime,
    weekly_budget: int = 0,
) -> Insights:
    """Find what the sendings since a day teach; what has nothing to show is left out."""
    every = tuple(sendings)
    history = History(every, _as_frame(every), problems, weekly_budget)
    found = tuple(insight for ask in QUESTIONS if (insight := ask(history)) is not None)
    return Insights(title, since, now, len(every), sum(one.contacts for one in every), found, every)


def _as_frame(sendings: Sequence[Sending]) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame(
        {
            "entry": [one.entry for one in sendings],
            "name": [one.name for one in sendings],
            "groups": [one.groups for one in sendings],
            "week": [f"{one.local.isocalendar().year}-W{one.local.isocalendar().week:02d}" for one in sendings],
            "weekday": [one.local.weekday() for one in sendings],
            "hour": [one.local.hour for one in sendings],
            "template": [one.template or "own text" for one in sendings],
            "length": ["MMS" if one.mms else f"SMS, {plural(one.parts or 1, 'part')}" for one in sendings],
            "contacts": [one.contacts for one in sendings],
            "credits": [one.credits for one in sendings],
            "delivered": [one.delivered for one in sendings],
            "failed": [one.failed for one in sendings],
            "opted_out": [one.opted_out for one in sendings],
        }
    )
    frame["known"] = frame["delivered"] + frame["failed"] + frame["opted_out"]
    return frame


def _by_group(history: History) -> Insight | None:
    groups = history.frame.explode("groups")
    return compare_shares(groups, "groups", name="by-group", title="What did not arrive, by group", what="Group")


def _by_weekday(history: History) -> Insight | None:
    days = history.frame.assign(day=history.frame["weekday"].map(dict(enumerate(WEEKDAYS))))
    title = "What did not arrive, by weekday"
    return compare_shares(days, "day", name="by-weekday", title=title, what="Weekday", order=WEEKDAYS)


def _by_hour(history: History) -> Insight | None:
    names = [f"{hour:02d}:00" for hour in range(24)]
    hours = history.frame.assign(at=history.frame["hour"].map(dict(enumerate(names))))
    return compare_shares(hours, "at", name="by-hour", title="What did not arrive, by hour", what="Hour", order=names)


def _by_template(history: History) -> Insight | None:
    title = "What did not arrive, by template"
    return compare_shares(history.frame, "template", name="by-template", title=title, what="Template")


def _by_length(history: History) -> Insight | None:
    title = "What did not arrive, by length"
    lengths = sorted(set(history.frame["length"]))
    return compare_shares(history.frame, "length", name="by-length", title=title, what="Length", order=lengths)


@dataclass(frozen=True, slots=True)
class _Size:
    group: str
    weeks: int
    usual: float | None
    last: int

    @property
    def change(self) -> float | None:
        return self.last / self.usual - 1 if self.usual else None

    @property
    def moved(self) -> bool:
        return self.change is not None and abs(self.change) > _MOVED


def _sizes(history: History) -> Insight | None:
    """Compare each group's last size with its own usual one; a text to several groups cannot be told apart."""
    sizes = sorted(_group_sizes(history.frame), key=lambda size: -abs(size.change or 0))
    if not sizes:
        return None
    most = max(size.last for size in sizes)
    marks = tuple(
        Mark(size.group, _tell_size(size), size.last / most, tone="look" if size.moved else "wait")
        for size in sizes[:_SHOWN]
    )
    head = ("Group", "Weeks", "Usual contacts", "Last contacts", "Change")
    rows = tuple((size.group, size.weeks, size.usual, size.last, size.change) for size in sizes)
    return Insight("group-sizes", "Lists that shrink or jump", _tell_moved(sizes), head, rows, marks, frozenset({4}))


def _group_sizes(frame: pd.DataFrame) -> Iterator[_Size]:
    alone = frame[(frame["groups"].map(len) == 1) & (frame["contacts"] > 0)].explode("groups")
    weekly = alone.groupby(["groups", "week"])["contacts"].max()
    for group in sorted(set(alone["groups"])):
        sizes = [int(size) for size in weekly.loc[group]]
        yield _Size(str(group), len(sizes), median(sizes[:-1]) if len(sizes) > _USUAL else None, sizes[-1])


def _tell_size(size: _Size) -> str:
    changed = f" ({size.change:+.0%})" if size.change and round(size.change, 2) else ""
    return f"{plural(size.last, 'contact')}{changed}"


def _tell_moved(sizes: Sequence[_Size]) -> str:
    if all(size.usual is None for size in sizes):
        return f"too early to tell: a usual size takes more than {_USUAL} weeks"
    moved = [_tell_change(size) for size in sizes if size.moved]
    return "; ".join(moved[:3]) or "every group is about its usual size"


def _tell_change(size: _Size) -> str:
    change = size.change or 0
    return f"{size.group} {'grew' if change > 0 else 'shrank'} by {abs(change):.0%} to {plural(size.last, 'contact')}"


def _cost(history: History) -> Insight | None:
    """Add up the credits of each week, against the budget where there is one."""
    summed = history.frame.groupby("week")["credits"].sum()
    weeks = [(str(week), int(number)) for week, number in summed.items()]
    if not any(number for _, number in weeks):
        return None
    budget = history.weekly_budget
    most = max(budget, *(number for _, number in weeks))
    marks = tuple(
        Mark(week_words(week), f"{number:,}", number / most, tone="look" if budget and number > budget else "wait")
        for week, number in weeks
    )
    rows = tuple((week, number, number - budget if budget else None) for week, number in weeks)
    head = ("Week", "Credits", "Over the budget")
    note = "estimated: parts times contacts; an MMS is three credits a contact"
    return Insight("cost", "Credits a week", _tell_cost(weeks, budget), head, rows, marks[-26:], note=note)


def _tell_cost(weeks: Sequence[tuple[str, int]], budget: int) -> str:
    mean = f"about {sum(number for _, number in weeks) / len(weeks):,.0f} on average"
    if not budget:
        return mean
    over = sum(number > budget for _, number in weeks)
    return f"{mean}; {over} of {plural(len(weeks), 'week')} over the budget of {budget:,}"


def _often(history: History) -> Insight | None:
    groups = history.frame.explode("groups")
    if groups.empty:
        return None
    counted = groups.groupby("groups").agg({"entry": "size", "week": "nunique", "opted_out": "sum"})
    rows = [
        (str(group), int(campaigns), int(weeks), int(campaigns) / int(weeks), int(opted_out))
        for group, campaigns, weeks, opted_out in counted.itertuples()
    ]
    rows.sort(key=lambda row: (-row[3], -row[1], row[0]))
    group, campaigns, _, rate, _ = rows[0]
    sentence = f"{group} gets most: {rate:.1f} texts in a week with any ({plural(campaigns, 'campaign')})"
    marks = tuple(Mark(row[0], f"{row[3]:.1f} a week", row[3] / rate) for row in rows[:_SHOWN])
    head = ("Group", "Campaigns", "Weeks with any", "Campaigns a week", "Opted out")
    return Insight("most-texted", "Groups texted most often", sentence, head, tuple(rows), marks)


def _slow(history: History) -> Insight | None:
    waited = sorted((one for one in history.sendings if one.waited is not None), key=lambda one: -(one.waited or 0))
    if not waited:
        return None
    hours = [one.waited or 0.0 for one in waited]
    middle = median(hours)
    rows = tuple((one.entry, one.name, f"{one.local:%Y-%m-%d}", one.waited) for one in waited)
    sentence = f"approval usually takes {middle:.1f} h; the slowest took {hours[0]:.1f} h"
    marks = tuple(Mark(one.name, f"{one.waited:.1f} h", (one.waited or 0) / (hours[0] or 1)) for one in waited[:_SHOWN])
    return Insight(
        "slowest-approved", "Slowest to be approved", sentence, ("Entry", "Campaign", "Sent on", "Hours"), rows, marks
    )


def _opt_outs(history: History) -> Insight | None:
    """Point out the campaigns after which far more people left than after others."""
    known = [one for one in history.sendings if one.known >= FEWEST]
    if len(known) < 5:
        return None
    shares = [one.opted_out / one.known for one in known]
    scored = sorted(zip(known, shares, robust_scores(shares), strict=True), key=lambda item: -item[2])
    far = [item for item in scored if item[2] > FAR]
    sentence = "no campaign stands out"
    if far:
        one, share, _ = far[0]
        sentence = f"{plural(len(far), 'campaign')} with far more opt-outs than usual; most: {one.name} ({share:.1%})"
    rows = tuple(
        (one.entry, one.name, f"{one.local:%Y-%m-%d}", one.known, one.opted_out, share, score)
        for one, share, score in scored
    )
    most = scored[0][1] or 1
    marks = tuple(
        Mark(one.name, f"{share:.2%} of {one.known:,} texts", share / most, tone="look" if score > FAR else "wait")
        for one, share, score in scored[:_SHOWN]
    )
    head = ("Entry", "Campaign", "Sent on", "Texts known", "Opted out", "Share", "Robust z-score")
    note = f"only campaigns with at least {FEWEST:,} texts of which the end is known"
    return Insight("opt-outs", "Campaigns with many opt-outs", sentence, head, rows, marks, frozenset({5}), note)


def _problems(history: History) -> Insight | None:
    """Count which problems come back, and from whose sheets: to fix the template sheet, not to blame."""
    import pandas as pd

    if not history.problems:
        return None
    frame = pd.DataFrame(history.problems, columns=["code", "who"])
    counted = frame.groupby(["code", "who"]).size().reset_index(name="rows")
    rows = tuple((str(code), str(who), int(number)) for _, code, who, number in counted.itertuples())
    rows = tuple(sorted(rows, key=lambda row: (-row[2], row)))
    code, who, number = rows[0]
    times, whose = plural(number, "time"), who or "nobody known"
    meaning = ALL_CODES.get(code, code)
    sentence = f"most often {meaning} ({code}), {times} in the sheets of {whose}: fix the template sheet"
    marks = tuple(Mark(f"{row[0]}, {row[1]}", f"{row[2]:,}", row[2] / number, tone="look") for row in rows[:_SHOWN])
    return Insight("problems", "Problems that come back", sentence, ("Problem", "Handed in by", "Rows"), rows, marks)


QUESTIONS: tuple[Callable[[History], Insight | None], ...] = (
    _opt_outs, _by_group, _by_weekday, _by_hour, _by_template, _by_length, _sizes, _often, _cost, _slow, _problems,
)  # fmt: skip
"""The table of contents, in the order of the page."""
