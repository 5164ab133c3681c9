"""Say in one sentence how things stand: what went wrong, what did not go, what is due, what else is open."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from batch.adapters.report.contents import Figures, Report
from batch.adapters.report.figures import contacts_words, count, done_words, loose_findings, owners_words
from batch.core.standing import UNSEEN_AFTER, Concern, Standing
from batch.model import Entry
from batch.model.codes import CODES, WAIT_CODES
from batch.model.plurals import plural
from batch.model.times import local_time
from batch.model.wording import WORDS, Fate

MANY = 0.2
"""Share of the rows with an open question from which on a report is red, however far ahead their times are."""
USUAL = 0.5
"""Share of the usual number of campaigns below which a week is not called well."""
WEEKS = 3
"""Weeks before this one that make the usual."""


Pair = tuple[Entry, Standing]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How things stand, in words and a tone."""

    words: str
    tone: str
    more: str = ""
    """A second line: what else there is to know."""
    next: str = ""
    """Who does what by when, where no task says it; `nobody needs to act` where that is so."""


def verdict(report: Report, figures: Figures | None = None) -> Verdict:
    """Say in a sentence whether all is fine, and in a tone how bad it is."""
    figures = figures or count(report)
    stands = [(entry, report.standing_of(entry)) for entry in report.entries]
    open_words = [*_open_words(report, stands)]
    quiet = [pair for pair in stands if _waits(pair[1]) and not pair[1].needs_attention]
    waits = "; ".join(": ".join(filter(None, told)) for told in _waiting_words(report, quiet))
    more = _more(report, figures)
    if report.stopped:
        return Verdict(_join(f"the run stopped: {report.stopped}", open_words), "bad", more, waits)
    if report.paused:
        tone = _tone(report, stands) if open_words else "look"
        return Verdict(_join(f"paused, nothing is submitted: {report.paused}", open_words), tone, more, waits)
    if open_words:
        return Verdict(" ".join(f"{words}." for words in open_words), _tone(report, stands), more, waits)
    return _fine(report, figures, more, quiet)


def _join(first: str, others: Sequence[str]) -> str:
    return ". ".join((first, *others)) if others else first


def _open_words(report: Report, stands: Sequence[Pair]) -> Iterator[str]:
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
    waits = [pair for pair in stands if _waits(pair[1]) and pair[1].needs_attention]
    yield from (words for words, _ in _waiting_words(report, waits))


def _waiting_words(report: Report, waiting: Sequence[Pair]) -> Iterator[tuple[str, str]]:
    """Say how many rows wait for the provider and for what; and who does what about it until when."""
    causes: dict[str, list[Pair]] = defaultdict(list)
    for entry, standing in waiting:
        causes[standing.cause].append((entry, standing))
    for cause, pairs in causes.items():
        said = {standing.reason.partition(": ")[::2] for _, standing in pairs}
        why, step = said.pop() if len(said) == 1 else (_MEANINGS.get(cause, pairs[0][1].word.meaning), "")
        first = min((entry.send_at for entry, _ in pairs if entry.send_at), default=None)
        until = f"until {local_time(first, report.zone, report.made_at.year)}" if first else ""
        who = owners_words(entry.owner for entry, _ in pairs)
        act = " ".join(filter(None, (f"{who} can act" if who else "to be done", until)))
        yield f"{len(pairs):,} {'waits' if len(pairs) == 1 else 'wait'} for the provider: {why}", _colon(act, step)


def _colon(first: str, second: str) -> str:
    return f"{first}: {second}" if second else first


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
    words = contacts_words(entries)
    return f" ({words})" if words else ""


def _tone(report: Report, stands: Sequence[Pair]) -> str:
    """Say how bad it is: what cannot be undone and what is due is red, and so is much of anything."""
    concerned = [standing for _, standing in stands if standing.needs_attention]
    grave = any(standing.is_grave(report.made_at) for standing in concerned)
    loud = any(finding.loud for finding in report.findings)
    many = len(concerned) >= MANY * len(stands) and len(concerned) > 1
    return "bad" if grave or loud or many else "look"


def _fine(report: Report, figures: Figures, more: str, waiting: Sequence[Pair]) -> Verdict:
    """Call a report well only when nothing speaks against it."""
    if told := [*_waiting_words(report, waiting)]:
        return Verdict(". ".join(words for words, _ in told), "wait", more, "; ".join(step for _, step in told))
    if still := sum(n for name, n in figures.by_status.items() if WORDS[name].fate is Fate.MAY_GO):
        return Verdict(f"nothing wrong, {still:,} still to go to the provider", "wait", more, NOBODY)
    if old := _not_compared(report):
        return Verdict(old, "wait", more)
    usual = _usual(report)
    if report.kind == "week" and usual and figures.rows < USUAL * min(usual):
        return Verdict(f"{_few(figures.rows)}; the last {_weeks(usual)}", "look", more, SHEET_MISSING)
    if not figures.rows:
        first = report.kind == "week" and not usual
        return Verdict("no campaigns yet" if first else "all is well, there was nothing to do", "quiet", more, NOBODY)
    return Verdict("all is well", "good", more, NOBODY)


NOBODY = "nobody needs to act"
SHEET_MISSING = "nothing is due; if a sheet is missing, whoever fills it in drops it now"


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
    there = [entry for entry in report.entries if report.standing_of(entry).word.fate.is_there]
    since = report.made_at - UNSEEN_AFTER
    if report.compared_at is None:
        fresh = all(entry.changed_at is None or entry.changed_at >= since for entry in there)
    else:
        fresh = not there or report.compared_at >= since
    if fresh:
        return ""
    if report.compared_at is None:
        return "nothing wrong seen, but it was never compared with the provider: run campaign-batch reconcile"
    when = local_time(report.compared_at, report.zone, report.made_at.year)
    return f"nothing wrong seen, but it was last compared with the provider {when}: run campaign-batch reconcile"


def _more(report: Report, figures: Figures) -> str:
    told = f"{plural(figures.rows, 'campaign' if report.kind == 'week' else 'row')}: {done_words(figures)}"
    return f"{told}, {figures.contacts:,} texts" if figures.contacts else told
