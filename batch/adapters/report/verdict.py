"""Say in one sentence how things stand: what went wrong, what did not go, what is due, what else is open."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from batch.adapters.report.contents import Figures, Pair, Report
from batch.adapters.report.figures import (
    OWNERS,
    contacts_words,
    count,
    loose_findings,
)
from batch.core.standing import TO_APPROVE, UNSEEN_AFTER, Concern, Standing
from batch.model import Entry
from batch.model.plurals import plural, up_to
from batch.model.records import dataclass
from batch.model.times import local_time, time_left
from batch.model.wording import WORDS, Fate

MANY = 0.2
"""Share of the rows with an open question from which on a report is red, however far ahead their times are."""
MOST = 0.5
"""Share of the rows from which on the verdict begins with how many do not go."""
USUAL = 0.5
"""Share of the usual number of campaigns below which a week is not called well."""
WEEKS = 3
"""Weeks before this one that make the usual."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How things stand, in words and a tone."""

    words: str
    tone: str
    more: str = ""
    """A second line: what else there is to know."""
    next: tuple[str, ...] = ()
    """Who acts by when, a line each; `nobody needs to act` where that is so."""


def verdict(report: Report, figures: Figures | None = None) -> Verdict:
    """Say in a sentence whether all is fine, and in a tone how bad it is."""
    figures = figures or count(report)
    stands = report.stands()
    open_words = [*_open_words(report, stands)]
    more, act = _more(report, figures), who_acts(report)
    if report.stopped:
        return Verdict(_join(f"the run stopped: {report.stopped}", open_words), "bad", more, act)
    if report.paused:
        tone = _tone(report, stands) if open_words else "look"
        return Verdict(_join(f"paused, nothing is submitted: {report.paused}", open_words), tone, more, act)
    if open_words:
        return Verdict(" ".join(f"{words}." for words in open_words), _tone(report, stands), more, act)
    return _fine(report, figures, more)


def _join(first: str, others: Sequence[str]) -> str:
    return ". ".join((first, *others)) if others else first


def _open_words(report: Report, stands: Sequence[Pair]) -> Iterator[str]:
    """Give what is not as it should be, in the order of how bad it is."""
    wrong = Counter(standing.word.text for _, standing in stands if standing.concern is Concern.WENT_WRONG)
    yield from (f"{number:,} {text}" for text, number in wrong.items())
    missed = [entry for entry, standing in stands if standing.concern is Concern.DID_NOT_GO]
    if missed:
        yield f"{len(missed):,} did not go{_contacts(missed)}"
    waiting = [standing for _, standing in stands if standing.concern is Concern.OPEN]
    yield from _undecided(report, waiting, more=bool(wrong or missed))
    if asked := _to_approve(report):
        yield f"{len(asked):,} {'waits' if len(asked) == 1 else 'wait'} for approval"
    yield from _beside_the_rows(report)


def _undecided(report: Report, waiting: Sequence[Standing], *, more: bool) -> Iterator[str]:
    """Say how many rows and differences somebody must see to: those that are due first, unless most do not go.

    `more` says that others were told before: all numbers together are those that the total counts.
    """
    loose = len(loose_findings(report))
    stuck = [standing for standing in waiting if _waits(standing)]
    if stuck and len(stuck) == len(waiting) and len({standing.reason for standing in stuck}) == 1:
        yield _one_wait(report, stuck)
        yield from _rest_words(0, loose, more=True)
        return
    told = list(waiting)
    staying = [standing for standing in told if standing.stays]
    due = [standing for standing in told if standing.is_due(report.made_at)]
    lead = len(staying) > max(1, MOST * len(report.entries)) and len(due) < len(staying) / 2
    if lead:
        yield f"{len(staying):,} of {len(report.entries):,} rows will not go as they stand{_first_due(report, staying)}"
        told = [standing for standing in told if not standing.stays]
        due = [standing for standing in due if not standing.stays]
    if due:
        yield _due_words(due, _time(report, _first(due)))
    later = len(told) - len(due)
    if later and {standing.word.standing for standing in told} == {"unseen"}:
        yield f"{later:,} {WORDS['unseen'].text}"
        later = 0
    yield from _rest_words(later, loose, more=more or bool(lead or due))
    yield from _waiting_words(stuck)


def _rest_words(rows: int, loose: int, *, more: bool) -> Iterator[str]:
    """Say how many are left, rows and differences as one number."""
    number = rows + loose
    if rows:
        what = "a difference" if loose == 1 else "differences"
        beside = f", {loose:,} of them {what} from the provider's lists" if loose else ""
        yield f"{number:,} {'more to look at' if more else f'{_need(number)} attention'}{beside}"
    elif loose:
        yield f"{plural(loose, 'difference')} from the provider's lists"


def _due_words(due: Sequence[Standing], by: str) -> str:
    """Say what comes of it if nobody acts: a refusal is nothing to decide, and a cancellation goes out."""
    names, number = {standing.word.standing for standing in due}, len(due)
    if names == {"held"}:
        return f"{number:,} to decide by {by}"
    if names == {"to_cancel"}:
        return f"{number:,} to delete in the dashboard by {by}, or {'it goes' if number == 1 else 'they go'} out"
    if all(standing.stays for standing in due):
        return f"{number:,} will not go: act by {by}"
    return f"{number:,} {_need(number)} action by {by}"


def _first_due(report: Report, standings: Sequence[Standing]) -> str:
    first, every = _first(standings), all(standing.by for standing in standings)
    return f", the first {'' if every else 'that has a time '}is due {_time(report, first)}" if first else ""


def _deadline(report: Report, standings: Sequence[Standing]) -> str:
    return f"{'by' if len(standings) == 1 else 'in time, the first by'} {_time(report, _first(standings))}"


def _first(standings: Iterable[Standing]) -> datetime | None:
    return min((standing.by for standing in standings if standing.by), default=None)


def _time(report: Report, moment: datetime | None) -> str:
    return local_time(moment, report.zone, report.made_at.year) if moment else ""


def _one_wait(report: Report, stuck: Sequence[Standing]) -> str:
    """Say what all that is open waits for, and until when it helps."""
    until = f" {_deadline(report, stuck)}" if _first(stuck) else ""
    before, _, after = stuck[0].reason.rpartition(": ")
    return f"{len(stuck):,} will not go unless this changes{until}: {before or after}"


def _waiting_words(stuck: Sequence[Standing]) -> Iterator[str]:
    for cause, number in Counter(standing.cause for standing in stuck).items():
        verb = "waits" if number == 1 else "wait"
        yield f"{number:,} of these {verb} for {_WAITED_FOR.get(cause, 'the provider')}"


def _waits(standing: Standing) -> bool:
    return standing.word.standing == "waiting"


_WAITED_FOR = {
    "credits-short": "credits",
    "group-empty": "contacts in an empty group",
    "template-not-approved": "the approval of an MMS template",
}
"""What rows wait for, in short, by the code."""


def who_acts(report: Report) -> tuple[str, ...]:
    """Say who acts by when: `maria@x.example must act on 3 rows: 1 now, 2 by Mon, Nov 23, 3:30 PM CST`."""
    owners: dict[str, list[Pair]] = defaultdict(list)
    for entry, standing in report.needed():
        owners[entry.owner or SOMEBODY].append((entry, standing))
    ordered = sorted(owners.items(), key=lambda pair: _urgency(pair[1]))
    told = [f"{owner} must act on {_by_when(report, pairs)}" for owner, pairs in ordered[:OWNERS]]
    if rest := ordered[OWNERS:]:
        told.append(f"and {plural(len(rest), 'more owner')}, see below")
    if asked := _to_approve(report):
        told.append(f"a second person must approve {plural(len(asked), 'row')} {_deadline(report, asked)}")
    return tuple(told)


def _to_approve(report: Report) -> list[Standing]:
    return [standing for _, standing in report.stands() if standing.word.standing == TO_APPROVE]


def _urgency(pairs: Sequence[Pair]) -> tuple[bool, float, int]:
    first = _first(standing for _, standing in pairs)
    now = any(entry.send_at and not standing.by for entry, standing in pairs)
    return not now, first.timestamp() if first else float("inf"), -len(pairs)


def _by_when(report: Report, pairs: Sequence[Pair]) -> str:
    """Split rows into what is to be done at once, what is due within a day, and the rest: `3 rows: 1 now, 2 later`."""
    timed = [standing for _, standing in pairs if standing.by]
    due = [standing for standing in timed if standing.is_due(report.made_at)]
    undated = sum(entry.send_at is None for entry, _ in pairs)
    told = [(len(pairs) - len(timed) - undated, "now")]
    if first := _first(due):
        told += [(len(due), f"by {_time(report, first)} ({time_left(first, report.made_at)})")]
    told += [(len(timed) - len(due), "later" if due else _from_then(report, timed)), (undated, "without a time")]
    told, rows = [part for part in told if part[0]], plural(len(pairs), "row")
    if len(told) == 1:
        return f"{rows} {told[0][1]}".replace(" later,", ",")
    return f"{rows}: {', '.join(f'{number:,} {when}' for number, when in told)}"


def _from_then(report: Report, timed: Sequence[Standing]) -> str:
    first = _time(report, _first(timed))
    return f"by {first}" if len(timed) == 1 else f"later, the first by {first}"


def _beside_the_rows(report: Report) -> Iterator[str]:
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
    grave = grave or any(standing.is_due(report.made_at) for standing in _to_approve(report))
    loud = any(finding.loud for finding in report.findings)
    return "bad" if grave or loud or _is_much(len(concerned), report) else "look"


def _is_much(number: int, report: Report) -> bool:
    return number > 1 and number >= MANY * len(report.entries)


def _fine(report: Report, figures: Figures, more: str) -> Verdict:
    """Call a report well only when nothing speaks against it."""
    if still := sum(n for name, n in figures.by_status.items() if WORDS[name].fate is Fate.MAY_GO):
        return Verdict(f"nothing wrong, {still:,} still to go to the provider", "wait", more, (NOBODY,))
    if old := _not_compared(report):
        return Verdict(old, "wait", more)
    usual = _usual(report)
    if report.kind == "week" and usual and figures.rows < USUAL * min(usual):
        return Verdict(f"{_few(figures.rows)}; the last {_weeks(usual)}", "look", more, (SHEET_MISSING,))
    if not figures.rows:
        first = report.kind == "week" and not usual
        return Verdict(
            "no campaigns yet" if first else "all is well, there was nothing to do", "quiet", more, (NOBODY,)
        )
    return Verdict("all is well", "good", more, (NOBODY,))


NOBODY = "nobody needs to act"
SOMEBODY = "somebody (no owner named)"
SHEET_MISSING = "if campaigns were planned, whoever prepares their sheet hands it in today; if not, nobody needs to act"


def _few(rows: int) -> str:
    return f"only {plural(rows, 'campaign')} this week" if rows else "no campaigns this week"


def _weeks(usual: Sequence[int]) -> str:
    low, high = min(usual), max(usual)
    many = up_to(f"{low:,}", f"{high:,}")
    return f"week had {many}" if len(usual) == 1 else f"{_NUMBERS[len(usual)]} weeks had {many}"


_NUMBERS = {2: "two", 3: "three"}


def _usual(report: Report) -> list[int]:
    """Give the numbers of campaigns of the weeks before; empty ones at the beginning are no measure."""
    return [week.figures.rows for week in report.trend[:-1] if week.figures.rows][-WEEKS:]


def _not_compared(report: Report) -> str:
    """Say when what lies at the provider was compared last, where that is too long ago; empty when it is not."""
    there = [entry for entry, standing in report.stands() if standing.word.fate.is_there]
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
    if not figures.rows:
        return ""
    fates = Counter(standing.word.fate for _, standing in report.needed())
    went, goes = fates.pop(Fate.WENT, 0), fates.pop(Fate.GOES, 0)
    rest = figures.rows - figures.sent - figures.scheduled
    neither = "neither" if figures.sent and figures.scheduled else "not"
    told = [(figures.sent, "sent", went), (figures.scheduled, "scheduled", goes), (rest, neither, fates.total())]
    rows = plural(figures.rows, "campaign" if report.kind == "week" else "row")
    words = f"{rows}: {', '.join(_with_needed(*part) for part in told if part[0])}"
    if rest == figures.rows:
        words = f"{rows}: none sent, none scheduled"
    return f"{words}; {plural(figures.contacts, 'text')}" if figures.contacts else words


def _with_needed(number: int, what: str, needed: int) -> str:
    """Say how many of them need attention, where not all do: `13 scheduled (2 need attention)`."""
    return f"{number:,} {what}" + (f" ({needed:,} {_need(needed)} attention)" if 0 < needed < number else "")
