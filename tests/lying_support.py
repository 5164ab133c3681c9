"""A team whose provider's lists lie: situations to be in, things to do, and what must hold after each of them."""

from __future__ import annotations

import contextlib
import copy
import json
import re
import shutil
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from torture_support import Bench, Clock, make_row
from weekly_support import Round, weekly

from batch.adapters.sandbox import HeldCampaign, Sandbox
from batch.adapters.sandbox.bodies import Reply
from batch.adapters.sandbox.endpoints import Request
from batch.cli.files import show_tally
from batch.core.identity import split_tag
from batch.model import Entry, Status
from batch.model.errors import BatchError, UsageError
from batch.workflows.approve import approve_batch
from batch.workflows.cancel import cancel_entries, list_open, pause_all, unpause_all
from batch.workflows.watch import watch_folder

LIES = (
    "list-empty", "list-first-only", "list-newest-missing", "list-oldest-missing", "list-other-account",
    "list-stale-90", "list-stale-900", "list-total-off", "list-cut-pages", "list-last-page-missing",
    "list-names-upper", "list-names-cut", "list-names-trim", "list-names-html", "list-names-nfd", "list-times-zone",
)  # fmt: skip
SITUATIONS = ("lost answer", "doubt", "late doubt", "rewritten", "cancellation", "pause", "week")
_DOUBTS = {
    "lost answer": "close-after", "doubt": "close-before", "late doubt": "late", "rewritten": "rewrite-lost",
}  # fmt: skip
ACTIONS = ("resume", "submit", "reconcile", "watch", "approve")
ROWS = 6
NEW = 6
"""The row that only the file dropped again has."""
ASKED = 1
"""The row that somebody asked to cancel."""
OPEN = 2
"""The row in doubt."""
WAITING = 7
"""The row of another file, which waits for a second person."""
NIGHT = timedelta(hours=20)
LISTS = {"/v1/sms/group-schedule-messages": "scheduled", "/v1/sent-history/group-list": "sent"}
_OPEN = frozenset({Status.PLANNED, Status.SUBMITTING, Status.IN_DOUBT, Status.WAITING})
_NAMES = {0: "Café  opening", 3: "Ann & Bob's", 4: "\u00a0Sale  4"}
"""What capital letters, blanks, signs of HTML and accents can happen to."""


@dataclass
class Read:
    """One reading of a list: what it showed, and what is so."""

    shown: dict[int, dict[str, Any]] = field(default_factory=dict)
    true: dict[int, dict[str, Any]] = field(default_factory=dict)
    total: str | None = None
    page: int = 0
    pages: int = 0
    """How many are announced."""

    @property
    def hidden(self) -> set[str]:
        """The texts of the campaigns that it kept back."""
        return {str(one["Message"]) for number, one in self.true.items() if number not in self.shown}

    @property
    def invented(self) -> bool:
        return bool(self.shown.keys() - self.true.keys())

    @property
    def reworded(self) -> bool:
        """Whether it says something else of a campaign; blanks and accents are compared in one form."""
        both = self.shown.keys() & self.true.keys()
        return any(_plain(self.shown[number]) != _plain(self.true[number]) for number in both)

    @property
    def miscounted(self) -> bool:
        """Whether more or fewer are announced than came, and than there are; who stops halfway cannot know."""
        whole = self.page == self.pages and self.total is not None
        return whole and int(self.total or 0) not in {len(self.true), len(self.shown)}


class LyingSandbox(Sandbox):
    """A provider that remembers what each reading of its lists showed, and what would have been true."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.readings: dict[str, list[Read]] = {"scheduled": [], "sent": []}

    def listen_anew(self) -> None:
        """Forget what was read."""
        self.readings = {"scheduled": [], "sent": []}

    def last(self, name: str) -> Read:
        """Give the last reading of a list; who looks at its pages once more does not read the last one again."""
        *earlier, read = self.readings[name] or [Read()]
        if read.page < read.pages and earlier and earlier[-1].page == earlier[-1].pages:
            return replace(earlier[-1], shown=earlier[-1].shown | read.shown, true=read.true)
        return read

    def _answer(self, request: Request) -> Reply:
        reply = super()._answer(request)
        if (name := LISTS.get(request.path)) and reply.status == 200:
            self._note(name, request, reply)
        return reply

    def _note(self, name: str, request: Request, reply: Reply) -> None:
        page = int(request.query.get("page", "1"))
        if page == 1:
            self.readings[name].append(Read())
        read, books, show = self.readings[name][-1], self.account, self._application
        with books.lock:
            ids = books.sent_ids if name == "sent" else books.scheduled_ids
            write = show._show_sent if name == "sent" else show._show_scheduled
            read.true |= {number: write(books.held[number]) for number in ids}
        read.shown |= {int(one["Id"]): one for one in json.loads(reply.body)}
        read.total = reply.headers.get("X-Pagination-Total-Count")
        read.page, read.pages = page, int(reply.headers.get("X-Pagination-Page-Count", 0))


def _plain(one: dict[str, Any]) -> dict[str, Any]:
    return {**one, "CampaignName": " ".join(unicodedata.normalize("NFC", one["CampaignName"]).split())}


@dataclass(frozen=True)
class Cell:
    """One field of the matrix, or a longer story: what the lists say, in which situation, while what is done."""

    lies: tuple[str, ...]
    """Orders, as `sent=list-emptyx2`."""
    situation: str
    actions: tuple[str, ...]

    def __str__(self) -> str:
        return f"{'+'.join(self.lies)} | {self.situation} | {', '.join(self.actions)}"


@dataclass
class Scene:
    """How a situation was left: the provider's books, the ledger, the clock."""

    books: dict[str, Any]
    ledger: bytes
    at: datetime
    ticks: float
    rows: list[dict[str, str]]


@dataclass
class Done:
    """What one action came to."""

    action: str
    code: int
    words: str
    before: list[Entry]
    """What the ledger held before it."""


_BOOKS = (
    "held", "scheduled_ids", "sent_ids", "credits", "shift", "_due", "_late", "_next_id", "_history", "groups",
)  # fmt: skip


@dataclass
class Stage:
    """One team, put into any situation within milliseconds."""

    team: Round
    scenes: dict[tuple[str, bool], Scene] = field(default_factory=dict)
    start: datetime = field(default_factory=lambda: Clock().at)
    rows: list[dict[str, str]] = field(default_factory=list)
    """What the team's file says."""

    @property
    def desk(self) -> Bench:
        return self.team.desk

    @property
    def sandbox(self) -> LyingSandbox:
        assert isinstance(self.desk.sandbox, LyingSandbox)
        return self.desk.sandbox

    def enter(self, situation: str, *, approval: bool) -> None:
        """Bring a situation about, or back."""
        if (situation, approval) not in self.scenes:
            self._enter_base(approval=approval)
            self._bring_about(situation)
            self.scenes[situation, approval] = self._keep()
        self._restore(self.scenes[situation, approval])

    def _enter_base(self, *, approval: bool) -> None:
        if ("", approval) not in self.scenes:
            if approval:
                self._enter_base(approval=False)
                self._hand_in()
            else:
                self._clear()
                self._have_accepted()
            self.scenes["", approval] = self._keep()
        self._restore(self.scenes["", approval])

    def _clear(self) -> None:
        for path in self.desk.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        books = self.sandbox.account
        for name, value in (("held", {}), ("scheduled_ids", []), ("sent_ids", []), ("_due", []), ("_late", [])):
            setattr(books, name, value)
        books._history = []
        self.sandbox.faults.clear()
        self.sandbox.posts.clear()
        self.sandbox.listen_anew()
        self.desk.told.clear()
        self.desk.clock.at, self.desk.clock.ticks = self.start, 0.0

    def _keep(self) -> Scene:
        books = {name: copy.copy(getattr(self.sandbox.account, name)) for name in _BOOKS}
        clock = self.desk.clock
        return Scene(books, self.desk.keep_ledger(), clock.at, clock.ticks, self.rows)

    def _restore(self, scene: Scene) -> None:
        self._clear()
        for name, value in scene.books.items():
            setattr(self.sandbox.account, name, copy.copy(value))
        self.desk.put_back(scene.ledger)
        self.desk.clock.at, self.desk.clock.ticks = scene.at, scene.ticks
        self.rows = scene.rows

    # The situations

    def _have_accepted(self) -> None:
        """Let five rows be accepted, some minutes apart; two of them are for the next day."""
        rows = [self._row(number) for number in range(ROWS)]
        self.rows = [row for number, row in enumerate(rows) if number != OPEN]
        for some in (rows[:2], rows[3:5], rows[5:]):
            self.desk.submit(self.desk.sheet(some))
            self.desk.clock.advance(minutes=1)

    def _bring_about(self, situation: str) -> None:
        if fault := _DOUBTS.get(situation):
            self._leave_doubt(fault)
        elif situation == "cancellation":
            entry = self.desk.entry(f"R-{ASKED}")
            cancel_entries(self.desk.settings, self.desk.world, [entry.id], "the store is closed")
        elif situation == "pause":
            pause_all(self.desk.settings, self.desk.world, "recall")
        else:
            self.desk.clock.advance(days=1, hours=4)

    def _row(self, number: int) -> dict[str, str]:
        days = 1 if number < 2 else -1 if number >= NEW else 0
        row = make_row(number, self.start - timedelta(days=days))
        return row | {"CampaignName": _NAMES.get(number, row["CampaignName"])}

    def _hand_in(self) -> None:
        self.desk.set(approval__required="true")
        self.desk.submit(self.desk.sheet([self._row(WAITING)], "other.csv"))
        self.desk.set(approval__required="false")

    def _leave_doubt(self, fault: str) -> None:
        self.rows = [*self.rows, self._row(OPEN)]
        self.sandbox.faults.add(f"{fault}x1")
        posts = len(self.sandbox.posts)
        self.desk.stops = lambda: len(self.sandbox.posts) > posts
        self.desk.submit(self.desk.sheet(self.rows[-1:]))
        self.desk.stops = lambda: False

    # The actions

    def act(self, action: str) -> Done:
        """Do something as the command line would; give its exit code and all that it said."""
        self.desk.told.clear()
        self.sandbox.listen_anew()
        before, _ = self._look()
        said: list[str] = []
        try:
            code = getattr(self, f"_do_{action}")(said)
        except BatchError as trouble:
            code = trouble.exit_code
            said.append(str(trouble))
        words = "\n".join([self.desk.words(), *said])
        return Done(action, code, words, before)

    def _do_resume(self, said: list[str]) -> int:
        tally = self.desk.resume()
        said.append(str(tally.trouble or ""))
        return show_tally(tally, quiet=True)

    def _do_submit(self, said: list[str]) -> int:
        rows = [*self.rows, self._row(NEW)]
        tally = self.desk.submit(self.desk.sheet(rows))
        said += [*tally.to_do, str(tally.trouble or "")]
        return show_tally(tally, quiet=True)

    def _do_reconcile(self, said: list[str]) -> int:
        books = self.desk.reconcile()
        said += [finding.words for finding in books.findings]
        said += list_open(self.desk.settings, self.desk.world)
        return 1 if books.needs_look else 0

    def _do_watch(self, said: list[str]) -> int:
        clock = self.desk.clock
        end = clock.at + NIGHT
        world = replace(self.desk.world, stopped=lambda: clock.at > end)
        watched = watch_folder(
            self.desk.settings, world, folder=self.team.folder, wait=lambda _pause: clock.advance(minutes=40)
        )
        said.append(str(watched.trouble or ""))
        if watched.trouble is not None:
            return watched.trouble.exit_code
        return 1 if watched.needs_look else 0

    def _do_approve(self, said: list[str]) -> int:
        with self.desk.ledger() as ledger:
            waiting = [batch.id for batch in ledger.batches.all() if batch.state == "waiting-for-approval"]
        if not waiting:
            raise UsageError("nothing waits for approval")
        tally = approve_batch(self.desk.settings, self.team.as_person("bo"), waiting[-1], frozenset())
        said.append(str(tally.trouble or ""))
        return show_tally(tally, quiet=True)

    # What must hold

    def wrongs(self, done: Done) -> Iterator[str]:
        """Say what is wrong after an action."""
        yield from self.doubles()
        there = {campaign.message for campaign in self.sandbox.campaigns}
        entries, problems = self._look()
        for entry in entries:
            if entry.status is Status.CANCELLED and entry.message in there:
                yield f'"{entry.campaign_name}" counts as cancelled, and is at the provider'
        yield from self._boasts(done.words)
        if done.code == 0 and self._matters(done):
            yield "the exit is green over a lie"
        yield from problems

    def _look(self) -> tuple[list[Entry], list[str]]:
        with self.desk.ledger() as ledger:
            problems = ledger.upkeep.verify(self.desk.clock.now())
            return list(ledger.entries.select()), [f"the ledger is not complete: {problem}" for problem in problems]

    def doubles(self) -> Iterator[str]:
        texts = Counter(campaign.message for campaign in self.sandbox.campaigns)
        tags = Counter(split_tag(campaign.name)[1] for campaign in self.sandbox.campaigns)
        for counts in (texts, tags):
            for mark, times in counts.items():
                if times > 1:
                    yield f'"{mark}" is at the provider {times} times'

    def _boasts(self, words: str) -> Iterator[str]:
        """Find what is said to be cancelled or gone, and is there."""
        names = {split_tag(campaign.name)[0].strip() for campaign in self.sandbox.campaigns}
        for found in re.finditer(r'\[x\] gone [^"\n]*"([^"\n]*)"|"([^"\n]*)" \(Id \d+\) is cancelled', words):
            if (name := found[1] or found[2]) in names:
                yield f'"{name}" is said to be gone, and is there'
        for found in re.finditer(r"all (\d+) are gone|(\d+) of \2 [a-z ]*(?:cancelled|gone)", words):
            if self.sandbox.scheduled:
                yield f'"{found[0]}" is said, and {len(self.sandbox.scheduled)} are there'

    def _matters(self, done: Done) -> bool:
        """Whether the last reading of a list lied about what the action compares.

        `reconcile` and the watch compare all that is shown. Who submits looks for what was accepted and is to come,
        and for the rows that are open; what a list calls them is nothing to it while nothing is open. Campaigns of
        others in the sent history may be a colleague's: no list says whose groups they went to.
        """
        scheduled, sent = self.sandbox.last("scheduled"), self.sandbox.last("sent")
        if scheduled.hidden or scheduled.miscounted or sent.miscounted:
            return True
        if done.action in {"reconcile", "watch"}:
            return bool(sent.hidden) or scheduled.reworded or scheduled.invented or sent.reworded
        return bool(sent.hidden & {entry.message for entry in done.before if entry.status in _OPEN})

    def rest(self) -> Iterator[str]:
        """Let the lists tell the truth and compare once more; say what is not whole then."""
        self.sandbox.faults.clear()
        self.sandbox.listen_anew()
        self.desk.clock.advance(minutes=10)
        with contextlib.suppress(BatchError):
            self._do_reconcile([])
        entries, problems = self._look()
        yield from problems
        there = {campaign.message: campaign for campaign in self.sandbox.campaigns}
        for message, campaign in there.items():
            yield from self._unlike(campaign, [entry for entry in entries if entry.message == message])
        for entry in entries:
            if entry.status in {Status.ACCEPTED, Status.SENT} and entry.message not in there:
                yield f'"{entry.campaign_name}" counts as {entry.status.value}, and is not at the provider'

    def _unlike(self, campaign: HeldCampaign, entries: Sequence[Entry]) -> Iterator[str]:
        wanted = Status.SENT if campaign.sent else Status.ACCEPTED
        known = [(entry.status, entry.provider_id) for entry in entries]
        if not _bears_tag(campaign) and any(entry.status in {Status.HELD, Status.IN_DOUBT} for entry in entries):
            return  # the provider rewrote its name: a person must say which one it is
        if (wanted, str(campaign.id)) not in known:
            said = ", ".join(entry.status.value for entry in entries)
            yield f'"{campaign.name}" is {wanted.value} as {campaign.id}, and the ledger says: {said or "nothing"}'

    def end(self) -> Iterator[str]:
        """Let everything go on as it should; say what is doubled or lost then."""
        with contextlib.suppress(BatchError):
            unpause_all(self.desk.settings, self.desk.world, "over")
        for action in ("resume", "submit", "resume"):
            self.desk.clock.advance(minutes=10)
            self.act(action)
        yield from self.doubles()
        there = {campaign.message: campaign for campaign in self.sandbox.campaigns}
        for entry in self.desk.entries(Status.PLANNED, Status.SUBMITTING, Status.IN_DOUBT, Status.MISSING):
            told = entry.status is Status.IN_DOUBT and not _bears_tag(there.get(entry.message))
            if not told and entry.reference != f"R-{WAITING}":
                yield f'"{entry.campaign_name}" stays {entry.status.value}'
        wanted = {row["Message"] for row in [*self.rows, self._row(NEW)]}
        kept = {entry.message for entry in self.desk.entries(Status.HELD, Status.IN_DOUBT)}
        for message in wanted - there.keys() - kept:
            yield f'"{message}" is lost'


def _bears_tag(campaign: HeldCampaign | None) -> bool:
    return campaign is not None and split_tag(campaign.name)[1] != ""


@contextlib.contextmanager
def stage(**quirks: Any) -> Iterator[Stage]:
    """Set a stage up."""
    with weekly(groups=10, sandbox=LyingSandbox, late_seconds=200, **quirks) as team:
        yield Stage(team)


def play(on: Stage, cell: Cell, *, to_the_end: bool = False) -> list[str]:
    """Play one cell; give what went wrong."""
    on.enter(cell.situation, approval="approve" in cell.actions)
    for lie in cell.lies:
        on.sandbox.faults.add(lie)
    found = []
    for action in cell.actions:
        done = on.act(action)
        found += [f"{action} (exit {done.code}): {wrong}" for wrong in on.wrongs(done)]
    found += [f"afterwards: {wrong}" for wrong in on.rest()]
    if to_the_end:
        found += [f"in the end: {wrong}" for wrong in on.end()]
    return found
