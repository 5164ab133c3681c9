"""Say in one sentence how things stand: what went wrong, what did not go, what is due, what else is open."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from batch.adapters.report.contents import Figures, Report
from batch.adapters.report.figures import count, done_words, loose_findings
from batch.core.standing import UNSEEN_AFTER, Concern, Standing
from batch.model import Entry, Status
from batch.model.codes import CODES, WAIT_CODES
from batch.model.plurals import plural
from batch.model.times import local_time

MANY = 0.2
"""Share of the rows with an open question from which on a report is red, however far ahead their times are."""
USUAL = 0.5
"""Share of the usual number of campaigns below which a week is not called well."""
WEEKS = 3
"""Weeks before this one that make the usual."""
UNDER_WAY = ("planned", "submitting", "waiting")


@dataclass(frozen=True, slots=True)
class Verdict:
    """How things stand, in words and a tone."""

    words: str
    tone: str
    more: str = ""
    """A second line: what else there is to know."""


def verdict(report: Report, figures: Figures | None = None) -> Verdict:
    """Say in a sentence whether all is fine, and in a tone how bad it is."""
    figures = figures or count(report)
    stands = [(entry, report.standing_of(entry)) for entry in report.entries]
    open_words = [*_open_words(report, stands)]
    more = _more(report, figures)
    if report.stopped:
        return Verdict(_join(f"the run stopped: {report.stopped}", open_words), "bad", more)
    if report.paused:
        tone = _tone(report, stands) if open_words else "look"
        return Verdict(_join(f"paused, nothing is submitted: {report.paused}", open_words), tone, more)
    if open_words:
        return Verdict(" ".join(f"{words}." for words in open_words), _tone(report, stands), more)
    return _fine(report, figures, more)


def waits_words(report: Report) -> str:
    """Say for what campaigns wait that need nobody yet, and when the first of them is due; empty when none waits."""
    waiting = [
        entry
        for entry in report.entries
        if entry.status is Status.WAITING and not report.standing_of(entry).needs_attention
    ]
    if not waiting:
        return ""
    reasons = Counter(report.standing_of(entry).reason for entry in waiting)
    reason, often = reasons.most_common(1)[0]
    others = f" (and {len(waiting) - often:,} for something else)" if often < len(waiting) else ""
    first = min((entry.send_at for entry in waiting if entry.send_at), default=None)
    due = f"; the first is due {local_time(first, report.zone, report.made_at.year)}" if first else ""
    return f"{often:,} {'waits' if often == 1 else 'wait'}: {reason}{others}{due}"


def _join(first: str, others: Sequence[str]) -> str:
    return ". ".join((first, *others)) if others else first


def _open_words(report: Report, stands: Sequence[tuple[Entry, Standing]]) -> Iterator[str]:
    """Give what is not as it should be, in the order of how bad it is."""
    wrong = Counter(standing.word.text for _, standing in stands if standing.concern is Concern.WENT_WRONG)
    yield from (f"{number:,} {text}" for text, number in wrong.items())
    missed = [entry for entry, standing in stands if standing.concern is Concern.DID_NOT_GO]
    if missed:
        yield f"{len(missed):,} did not go{_contacts(missed)}"
    waiting = [standing for _, standing in stands if standing.concern is Concern.OPEN and not _waits(standing)]
    due = [standing for standing in waiting if standing.is_due(report.made_at)]
    if due:
        first = min(standing.by for standing in due if standing.by)
        yield f"{len(due):,} to decide by {local_time(first, report.zone, report.made_at.year)}"
    if later := len(waiting) - len(due):
        yield f"{later:,} more {_need(later)} attention" if due else f"{later:,} {_need(later)} attention"
    yield from _beside_the_rows(report)
    if any(_waits(standing) and standing.needs_attention for _, standing in stands):
        yield from _waiting_words(report)


def _waiting_words(report: Report) -> Iterator[str]:
    """Say how many rows wait for the provider, for what, and until when where that is near."""
    causes: dict[str, list[Standing]] = defaultdict(list)
    for entry in report.entries:
        if _waits(standing := report.standing_of(entry)):
            causes[standing.cause].append(standing)
    for cause, standings in causes.items():
        first = min((standing.by for standing in standings if standing.by), default=None)
        until = f" until {local_time(first, report.zone, report.made_at.year)}" if first else ""
        said = {standing.reason.partition(": ")[0] for standing in standings}
        why = said.pop() if len(said) == 1 else _MEANINGS.get(cause, standings[0].word.meaning)
        yield f"{len(standings):,} {'waits' if len(standings) == 1 else 'wait'} for the provider{until}: {why}"


def _waits(standing: Standing) -> bool:
    return standing.word.standing == "waiting"


_MEANINGS = {name: CODES[name].meaning.partition(";")[0] for name in WAIT_CODES}


def _beside_the_rows(report: Report) -> Iterator[str]:
    if loose := loose_findings(report):
        yield f"{plural(len(loose), 'difference')} from the provider's lists"
    here = {entry.id for entry in report.entries}
    if elsewhere := [entry for entry in report.to_cancel if entry.id not in here]:
        yield f"{plural(len(elsewhere), 'campaign')} to delete in the dashboard"


def _need(number: int) -> str:
    return "needs" if number == 1 else "need"


def _contacts(entries: Sequence[Entry]) -> str:
    known = sum(entry.contacts_count or entry.expected_contacts or 0 for entry in entries)
    return f" ({plural(known, 'contact')})" if known else ""


def _tone(report: Report, stands: Sequence[tuple[Entry, Standing]]) -> str:
    """Say how bad it is: what cannot be undone and what is due is red, and so is much of anything."""
    concerned = [standing for _, standing in stands if standing.needs_attention]
    past = any(standing.concern in {Concern.WENT_WRONG, Concern.DID_NOT_GO} for standing in concerned)
    urgent = any(standing.is_due(report.made_at) for standing in concerned)
    lost = any(entry.status in {Status.MISSING, Status.REJECTED} for entry, one in stands if one.needs_attention)
    loud = any(finding.loud for finding in report.findings)
    many = len(concerned) >= MANY * len(stands) and len(concerned) > 1
    return "bad" if past or urgent or lost or loud or many else "look"


def _fine(report: Report, figures: Figures, more: str) -> Verdict:
    """Call a report well only when nothing speaks against it."""
    if waiting := [*_waiting_words(report)]:
        return Verdict(". ".join(waiting), "wait", more)
    if still := sum(figures.by_status.get(standing, 0) for standing in UNDER_WAY):
        return Verdict(f"nothing wrong, {still:,} still to go to the provider", "wait", more)
    if old := _not_compared(report):
        return Verdict(old, "wait", more)
    usual = _usual(report)
    if report.kind == "week" and usual and figures.rows < USUAL * min(usual):
        return Verdict(f"{_few(figures.rows)}; the last {_weeks(usual)}", "look", more)
    if not figures.rows:
        first = report.kind == "week" and not usual
        return Verdict("no campaigns yet" if first else "all is well, there was nothing to do", "quiet", more)
    return Verdict("all is well", "good", more)


def _few(rows: int) -> str:
    return f"only {plural(rows, 'campaign')} this week" if rows else "no campaigns this week"


def _weeks(usual: Sequence[int]) -> str:
    low, high = min(usual), max(usual)
    many = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return f"week had {many}" if len(usual) == 1 else f"{_NUMBERS[len(usual)]} weeks had {many}"


_NUMBERS = {2: "two", 3: "three"}


def _usual(report: Report) -> list[int]:
    """Give the numbers of campaigns of the weeks before; empty ones at the beginning are no measure."""
    return [week.figures.rows for week in report.trend[:-1] if week.figures.rows][-WEEKS:]


def _not_compared(report: Report) -> str:
    """Say when what lies at the provider was compared last, where that is too long ago; empty when it is not."""
    at_provider = [entry for entry in report.entries if entry.status in {Status.ACCEPTED, Status.SENT}]
    oldest = min((entry.changed_at for entry in at_provider if entry.changed_at), default=report.made_at)
    since = report.made_at - UNSEEN_AFTER
    if oldest >= since or (report.compared_at and report.compared_at >= since):
        return ""
    if report.compared_at is None:
        return "nothing wrong seen, but it was never compared with the provider: run campaign-batch reconcile"
    when = local_time(report.compared_at, report.zone, report.made_at.year)
    return f"nothing wrong seen, but it was last compared with the provider {when}: run campaign-batch reconcile"


def _more(report: Report, figures: Figures) -> str:
    told = f"{plural(figures.rows, 'campaign' if report.kind == 'week' else 'row')}: {done_words(figures)}"
    return f"{told}, {figures.contacts:,} texts" if figures.contacts else told
