"""Who has to do what by when: the rows that need attention, put together by their cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from urllib.parse import urlencode

from batch.adapters.report.contents import Pair, Report
from batch.adapters.report.figures import contacts_words, owners_words, worst
from batch.core.standing import Concern, Standing
from batch.model import Entry
from batch.model.codes import CODES
from batch.model.plurals import plural
from batch.model.records import dataclass
from batch.model.times import local_time, time_left
from batch.model.wording import TONES

CONCERN_ORDER = {concern: place for place, concern in enumerate(Concern)}
NOW = "as soon as possible"
UNDATED = "without a time"
DID_NOT_GO_STEP = "they were due and did not go: give each a new time and hand the file in again, or close it"
FEW = 3
"""Rows of one task up to which their campaigns are named."""
CARDS = 300
"""Rows told one by one under all tasks together, shared evenly; the others are in the table."""


@dataclass(frozen=True, slots=True)
class Card:
    """One row that needs attention."""

    where: str
    anchor: str
    """Leads to the row in the table."""
    id_here: str
    """By which the row leads back."""
    name: str
    when: str
    left: str
    urgent: bool
    reasons: tuple[tuple[str, str], ...]
    """Cell and words."""
    next: str
    id: str
    owner: str


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that somebody has to do, for all the rows that need it."""

    concern: Concern
    tone: str
    cause: str
    """The code that the rows have in common, or their standing."""
    words: str
    """What is wrong with them."""
    brief: str
    """The same in short: of one row only what became of it and which it is."""
    why: str
    """The reason of one row, where it says more than what became of it; the campaigns of a few."""
    next: str
    """What to do, where it is the same for all."""
    who: str
    """Whose rows they are, in words; empty when the sheet names nobody."""
    owner: str
    """The owner of the first row."""
    by: str
    """Until when, in words; empty when there is no deadline, or it has passed."""
    left: str
    urgent: bool
    due: int
    """How many rows are due within a day."""
    rows: int
    contacts: str
    link: str
    """The part of the page's address that shows these rows alone."""
    cards: tuple[Card, ...]
    undated: bool = False
    """Whether the time of these rows cannot be read: they belong to no week."""

    @property
    def rows_words(self) -> str:
        """Say how many rows it is about."""
        return plural(self.rows, "row")

    @property
    def deadline(self) -> str:
        """Say until when: `by Wed 10:15`, `2 of them by Wed 10:15`; what has passed has no deadline but now."""
        if not self.by:
            return UNDATED if self.undated else NOW
        if self.rows in {1, self.due}:
            return f"by {self.by}"
        return f"{self.due:,} of them by {self.by}" if self.due else f"the first by {self.by}"

    @property
    def sign(self) -> str:
        """Give the sign of its tone."""
        return TONES[self.tone].sign


def tasks_of(report: Report) -> tuple[Task, ...]:
    """Put together what needs attention: what went wrong first, then what did not go, then by deadline."""
    grouped = _grouped(report)
    cards = max(3, CARDS // max(1, len(grouped)))
    alike = Counter(_found_by(group) for group in grouped)
    return tuple(_task(group, report, cards, alone=alike[_found_by(group)] == 1) for group in grouped)


def in_task_order(report: Report) -> list[Pair]:
    """Give the entries that need attention, each beside how it stands, in the order of the tasks."""
    return [pair for group in _grouped(report) for pair in group]


def task_of(entry: Entry, standing: Standing) -> str:
    """Tell the rows of one task from those of another one with the same status and cause."""
    return f"{standing.concern} {standing.word.text}{'' if entry.send_at else f' {UNDATED}'}"


def meaning_of(cause: str, standing: Standing) -> str:
    """Say what a cause means where it is a code; else what the standing means."""
    return CODES[cause].meaning if cause in CODES else standing.word.meaning


def _grouped(report: Report) -> list[list[Pair]]:
    ordered = sorted(report.needed(), key=lambda pair: _kind(*pair))
    groups = [list(group) for _, group in groupby(ordered, key=lambda pair: _kind(*pair))]
    return sorted(groups, key=lambda group: _order(group, report))


def _kind(entry: Entry, standing: Standing) -> tuple[int, str, str, bool]:
    return CONCERN_ORDER[standing.concern], standing.word.text, standing.cause, entry.send_at is None


def _order(group: Sequence[Pair], report: Report) -> tuple[int, bool, float, int]:
    """Put first what went wrong, then what is due within a day, then what may be due: its time cannot be read."""
    first = min((standing.by.timestamp() for _, standing in group if standing.by), default=float("inf"))
    due = any(standing.is_due(report.made_at) for _, standing in group)
    if group[0][0].send_at is None and report.kind != "week":
        first = 0
    return CONCERN_ORDER[group[0][1].concern], not due, first, group[0][0].row


def _found_by(group: Sequence[Pair]) -> tuple[str, str]:
    standing = group[0][1]
    return standing.word.standing, standing.cause


def _task(group: Sequence[Pair], report: Report, cards: int, *, alone: bool) -> Task:
    entry, standing = group[0]
    owners = {one.owner for one, _ in group}
    wanted = {
        "status": standing.word.standing,
        "cause": standing.cause,
        "owner": entry.owner if len(owners) == 1 else "",
        "task": "" if alone else task_of(entry, standing),
    }
    first = min((one.by for _, one in group if one.by), default=None)
    return Task(
        concern=standing.concern,
        tone=worst(*(one.word.tone for _, one in group)),
        cause=standing.cause,
        words=_words(group),
        brief=f"{standing.word.text}: {_which(entry, standing)}" if len(group) == 1 else _words(group),
        why=_why(group, report),
        next=_common_next(group),
        who=owners_words(one.owner for one, _ in group),
        owner=entry.owner,
        by=local_time(first, report.zone, report.made_at.year) if first else "",
        left=time_left(first, report.made_at) if first else "",
        urgent=any(one.is_due(report.made_at) for _, one in group),
        due=sum(one.is_due(report.made_at) for _, one in group),
        rows=len(group),
        contacts=contacts_words(one for one, _ in group),
        link="#" + urlencode({name: value for name, value in wanted.items() if value}, errors="replace"),
        cards=tuple(_card(one, stands, report) for one, stands in group[:cards]),
        undated=entry.send_at is None,
    )


def _why(group: Sequence[Pair], report: Report) -> str:
    entry, standing = group[0]
    if len(group) > 1:
        return ", ".join(one.campaign_name for one, _ in group) if len(group) <= FEW else ""
    went = standing.concern is Concern.WENT_WRONG and entry.send_at
    when = (
        f"{local_time(entry.send_at, entry.zone or report.zone, report.made_at.year)}: "
        if went and entry.send_at
        else ""
    )
    return f"{when}{standing.reason}" if standing.reason != standing.word.text else ""


def _words(group: Sequence[Pair]) -> str:
    """Say what is wrong: in the row's own words when all say the same, else by what the code means."""
    standing = group[0][1]
    said = {one.reason for _, one in group}
    meaning = said.pop() if len(said) == 1 else meaning_of(standing.cause, standing)
    words = f"{standing.word.text}: {meaning}" if meaning != standing.word.text else meaning
    return f"{_which(*group[0])}: {words}" if len(group) == 1 else words


def _which(entry: Entry, standing: Standing) -> str:
    """Name a row as a person finds it: by its campaign, and by its cell or its number."""
    cells = [cause.cell for cause in standing.causes if cause.cell]
    return f"{entry.campaign_name or '(no name)'} ({cells[0] if cells else f'row {entry.row}'})"


def _common_next(group: Iterable[Pair]) -> str:
    """Give what to do when it is the same for all of them; each card has its own."""
    said = {standing.next for _, standing in group}
    if len(said) == 1:
        return said.pop()
    standing = next(iter(group))[1]
    if standing.word.standing == "did_not_go":
        return DID_NOT_GO_STEP
    code = CODES.get(standing.cause)
    return code.step if code else ""


def _card(entry: Entry, standing: Standing, report: Report) -> Card:
    told = [(cause.cell, cause.words) for cause in standing.causes]
    moment = entry.send_at
    return Card(
        where=f"row {entry.row}" + (f" of {entry.file}" if len(report.batches) != 1 else ""),
        anchor=f"#entry-{entry.id}",
        id_here=f"task-{entry.id}-{entry.row}",
        name=entry.campaign_name or "(no name)",
        when=local_time(moment, entry.zone or report.zone, report.made_at.year) if moment else "",
        left=time_left(moment, report.made_at) if moment else "",
        urgent=standing.is_due(report.made_at),
        reasons=tuple(told or [("", standing.reason)]),
        next=standing.next,
        id=entry.provider_id,
        owner=entry.owner,
    )
