"""Work for any number of accounts, beside any number of other workers: the queue says what, the ledger who may.

Every job is one that `watch` does where there are no workers, and may be done twice or left half done: what decides
whether a campaign goes is the turn in the account's ledger, never the queue. The jobs of an account are done one after
the other, those of several at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from batch.adapters.inbox import GIVEN_UP, MOST_FAILURES
from batch.adapters.ledger import BESIDE, PREVIEW, Drop, Ended, Result, keep_connections
from batch.adapters.queue import CLOCK, Queue, Told
from batch.model.errors import (
    BatchError,
    ClockError,
    LedgerBusyError,
    LedgerError,
    NewerLedgerError,
    StoppedError,
    UsageError,
)
from batch.model.records import dataclass
from batch.system.temporary import keep_temporarily, make_temporary_folder, remove_folder
from batch.workflows.context import Context, World, need_token, need_zone, open_context, open_ledger_of
from batch.workflows.events import Note
from batch.workflows.figures import warn_of
from batch.workflows.handed import TAKE_IN
from batch.workflows.mail import queue_words
from batch.workflows.mail_queue import MailQueue
from batch.workflows.mail_sending import Mailer, try_to_mail
from batch.workflows.not_as_asked import lift_if_corrected
from batch.workflows.passing_on import home_of
from batch.workflows.same_settings import OTHER, find_apart, need_same_settings
from batch.workflows.shares import Shares, share_out
from batch.workflows.taking_in import TakenIn, key_of, take_in, tell_outcome
from batch.workflows.timetable import UPKEEP, Timetable, has_open_rows, is_to_compare
from batch.workflows.watch import SILENCE

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger

SUBMIT, COMPARE, MAIL = "submit", "compare", "mail"
KINDS = (TAKE_IN, SUBMIT, COMPARE, MAIL)
_REST = 5.0
"""Seconds before a queue that cannot be reached is tried again."""
_REPEAT = 900.0
"""Seconds in which the same trouble of an account is told once, whichever job meets it."""
_WORKED = timedelta(minutes=1)
"""How old the last time that a worker worked for an account may become, as doctor tells it, while it works."""
_PAUSE_SEEN = 1.0
"""Seconds after which a run looks again whether everything was paused meanwhile."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One process that works off the queue; it has the settings of every account."""

    accounts: Mapping[str, Settings]
    """By name; where there is one account only, by an empty name."""
    queue: Queue
    world_of: Callable[[str], World]
    lacks: dict[str, str] = field(default_factory=dict)
    """By account that this worker cannot work for, what it lacks; its jobs are left to others."""
    troubles: dict[tuple[str, str], BatchError] = field(default_factory=dict)
    """By account and kind of job, what went wrong when it was done last."""
    unwell: list[LedgerError] = field(default_factory=list)
    """Why it can work for nobody just now, if it cannot."""
    said: dict[tuple[str, str], float] = field(default_factory=dict)
    """By account and words, when a trouble was told last."""

    def run(self, *, concurrency: int, once: bool, stopped: Callable[[], bool]) -> None:
        """Work until an end is wished, or with `once` until nothing is due any more."""
        self.queue.prepare()
        for account, words in self.lacks.items():
            self.world_of(account).tell(Note(f"{words}; {_LEFT}", loud=True, event="account-lacking"))
        with keep_connections(next(iter(self.accounts.values())).ledger.url), self.queue.kept_open():
            self._run(concurrency, once=once, stopped=stopped)

    def _run(self, concurrency: int, *, once: bool, stopped: Callable[[], bool]) -> None:
        while True:
            try:
                self._work(concurrency, once=once, stopped=stopped)
            except LedgerError as trouble:
                if once:
                    raise
                self.unwell[:] = [trouble]
                if self._is_news("", str(trouble)):
                    self.world_of("").tell(Note(str(trouble), loud=True, event="trouble"))
                self.world_of("").sleep(_REST)
            if once or stopped():
                return

    def _work(self, concurrency: int, *, once: bool, stopped: Callable[[], bool]) -> None:
        section = next(iter(self.accounts.values())).workers
        every, stalled = section.every_seconds, section.stalled_seconds
        self._give_due()
        served = [name for name in self.accounts if name not in self.lacks]

        def must_end() -> bool:
            self.unwell.clear()
            return stopped() or not self.lacks.keys().isdisjoint(served)

        self.queue.work(
            self.act, KINDS, served, concurrency=concurrency, every=every, stalled=stalled, once=once, stopped=must_end
        )

    def depth(self) -> Mapping[str, int]:
        """Give how many jobs wait, are being done, and failed; raise what keeps this worker from all of them."""
        for trouble in list(self.unwell):
            raise trouble
        return self.queue.depth()

    def warnings(self) -> Iterator[str]:
        """Say what this worker lacks, and what goes wrong in what is due; what works goes on."""
        standing = {account: str(trouble) for (account, _), trouble in list(self.troubles.items())}
        return warn_of({**standing, **self.lacks})

    def act(self, told: Told) -> None:
        """Do one job; its trouble is told, and it is given out again while it is due."""
        if told.kind == CLOCK:
            self._tick()
            return
        settings = self.accounts.get(told.account)
        if settings is None:
            self._tell_unknown(told.account)
            return
        world = self.world_of(told.account)
        try:
            with open_context(settings, world, quiet=True) as context:
                if told.kind != MAIL:
                    need_same_settings(context)
                self._try(told.kind, replace(context, world=replace(world, stopped=_until_paused(context))))
        except BatchError as trouble:  # no token, no ledger, other settings: the queue itself tells nobody
            self._tell_once(told, world, trouble)
        except Exception as fault:
            words = f"an internal error of campaign-batch ({type(fault).__name__}); nothing is lost: report it"
            world.tell(Note(words, loud=True, event="fault"))

    def _tick(self) -> None:
        """Give out what is due; while the queue fails the next tick does, and no job of this kind stays as failed."""
        told = Told(CLOCK, "")
        try:
            self._give_due()
        except LedgerError as trouble:
            self._tell_once(told, self.world_of(""), trouble)
        else:
            self.troubles.pop((told.account, told.kind), None)

    def _give_due(self) -> None:
        """Give out what is due in each account; one whose ledger cannot be opened is told and keeps no other back.

        Also one that this worker lacks the token of: another has it.
        """
        due: list[tuple[str, str]] = []
        for name, settings in self.accounts.items():
            world = self.world_of(name)
            try:
                with open_ledger_of(settings, world, quiet=True) as ledger:
                    kinds = list(find_due(settings, ledger, world))
                due += [(kind, name) for kind in kinds]
                self._forget(name, kinds, ledger)
            except BatchError as trouble:
                self._tell_once(Told(CLOCK, name), world, trouble)
        self.queue.give(due)
        known = {*self.accounts, *next(iter(self.accounts.values())).others}
        for account in self.queue.accounts_waiting() - known:
            self._tell_unknown(account)

    def _tell_unknown(self, account: str) -> None:
        """Say once that these settings lack an account; its jobs are left to others."""
        self._leave(account, _unknown(account), "account-unknown", self.world_of(""))

    def _leave(self, account: str, words: str, event: str, world: World) -> None:
        if account not in self.lacks:
            self.lacks[account] = words
            world.tell(Note(f"{words}; {_LEFT}", loud=True, event=event))

    def _tell_once(self, job: Told, world: World, trouble: BatchError) -> None:
        """Tell of a trouble that did not stand already when such a job was done last."""
        if isinstance(trouble, NewerLedgerError):
            self._leave(job.account, str(trouble), "account-newer", world)
            return
        before = self.troubles.get((job.account, job.kind))
        self.troubles[job.account, job.kind] = trouble
        if (before is None or before.kind != trouble.kind) and self._is_news(job.account, str(trouble)):
            world.tell(Note(str(trouble), loud=True, event="trouble"))

    def _is_news(self, account: str, words: str) -> bool:
        """Whether the log does not say so already: what other workers do meanwhile is due, done and due again."""
        now = time.monotonic()
        for old in [said for said, at in list(self.said.items()) if now - at >= _REPEAT]:
            self.said.pop(old, None)
        is_news = (account, words) not in self.said
        self.said.setdefault((account, words), now)
        return is_news

    def _forget(self, account: str, due: Collection[str], ledger: Ledger) -> None:
        """Forget the troubles of what is not due any more: another worker did it. Other settings stay a trouble."""
        for (name, kind), trouble in list(self.troubles.items()):
            if name != account or kind in due:
                continue
            if trouble.code != OTHER or not find_apart(self.accounts[account], ledger):
                self.troubles.pop((name, kind), None)

    def _try(self, kind: str, context: Context) -> None:
        try:
            _ACTS[kind](context)
        except StoppedError:
            return
        except LedgerBusyError as busy:
            context.world.tell(Note(str(busy), loud=False, event="busy"))
            return
        except BatchError as trouble:
            self._tell_once(Told(kind, context.settings.name), context.world, trouble)
            _call_for_help(context, trouble)
            return
        self.troubles.pop((context.settings.name, kind), None)
        _note_alive(context)
        if kind == TAKE_IN and context.ledger.drops.waiting():
            self.queue.give([(TAKE_IN, context.settings.name)])


def _until_paused(context: Context) -> Callable[[], bool]:
    """Give whether a run is to end: an end is wished, or somebody paused everything on whatever machine."""
    seen, paused = [0.0], [False]

    def must_end() -> bool:
        if time.monotonic() - seen[0] >= _PAUSE_SEEN:
            paused[0], seen[0] = context.ledger.pauses.first() is not None, time.monotonic()
        return paused[0] or context.world.stopped()

    return must_end


def find_due(settings: Settings, ledger: Ledger, world: World) -> Iterator[str]:
    """Give the kinds of job that are due in an account just now."""
    now = world.now()
    if ledger.pauses.first() is None:
        if ledger.drops.waiting():
            yield TAKE_IN
        if _is_to_submit(ledger, now):
            yield SUBMIT
    if is_to_compare(settings, ledger, now):
        yield COMPARE
    if Mailer(settings, ledger, world).is_open:
        yield MAIL


def _is_to_submit(ledger: Ledger, now: datetime) -> bool:
    """Say whether rows are open that nobody looked at for a while."""
    last = ledger.journal.last_run("resume")
    return (last is None or now - last.at >= UPKEEP) and has_open_rows(ledger)


def _timetable(context: Context, mail_queue: MailQueue) -> Timetable:
    return Timetable(context, context, mail_queue, lambda preview: _offer(context, preview))


def _mail_queue(context: Context) -> MailQueue:
    return MailQueue(Mailer(context.settings, context.ledger, context.world))


def _submit(context: Context) -> None:
    _timetable(context, _mail_queue(context)).submit_open_rows()


def _compare(context: Context) -> None:
    _timetable(context, _mail_queue(context)).compare_when_due()


def _mail(context: Context) -> None:
    _mail_queue(context).empty()


def _take_in(context: Context) -> None:
    """Take in the file that waits longest; one that failed three times goes back with a note."""
    lift_if_corrected(context)
    drop = context.ledger.drops.next()
    if drop is None:
        return
    if drop.failures > MOST_FAILURES:
        context.ledger.drops.end(drop.id, context.world.now(), Ended(None, needs_look=True, words=GIVEN_UP))
        return
    context.world.tell(Note(f'taking in "{drop.handed.name}"', loud=False, event="file-taken", file=drop.handed.name))
    folder = make_temporary_folder()
    try:
        outcome = _take(context, drop, folder)
    except BatchError:
        context.ledger.drops.forgive(drop.id)
        raise
    finally:
        remove_folder(folder)
    if outcome.trouble is not None:
        raise outcome.trouble


def _take(context: Context, drop: Drop, folder: Path) -> TakenIn:
    need_zone(context.settings, for_real=True)
    path = folder / drop.handed.name
    keep_temporarily(path, drop.handed.content)
    key = key_of(drop.handed.name, drop.handed_at, drop.handed.claim)
    outcome = take_in(context, path, drop.handed.dropper, _shares(context, drop, path), key)
    if outcome.batch is not None and (drop.failures > 1 or not outcome.known):
        context.ledger.batches.note_unmailed([outcome.batch])
    words = outcome.words if outcome.batch is None else f"{outcome.words}\n{drop.handed.elsewhere}"
    ended = Ended(outcome.batch, outcome.needs_look, words, _results(outcome))
    if context.ledger.drops.end(drop.id, context.world.now(), ended):
        tell_outcome(context, drop.handed.name, outcome)
    return outcome


def _shares(context: Context, drop: Drop, path: Path) -> Shares | None:
    """See whose the rows are, as the watch did that passed the others' on."""
    if not context.settings.accounts:
        return None
    return share_out(path, home_of(context.settings, drop.handed.came_from))


def _results(outcome: TakenIn) -> tuple[Result, ...]:
    found = [Result(BESIDE, path.name, path.read_bytes()) for path in outcome.results if path.is_file()]
    if outcome.preview is not None:
        found.append(Result(PREVIEW, outcome.preview.name, outcome.preview.read_bytes()))
    return tuple(found)


def _offer(context: Context, preview: Path) -> None:
    """Bring a preview that an earlier run did not finish to whichever watch looks first."""
    context.ledger.drops.offer(Result(PREVIEW, preview.name, preview.read_bytes()), context.world.now())
    context.note(f"the preview that an earlier run did not finish: {preview}", loud=True)


_ACTS: Mapping[str, Callable[[Context], None]] = {TAKE_IN: _take_in, SUBMIT: _submit, COMPARE: _compare, MAIL: _mail}


def _note_alive(context: Context) -> None:
    now, last = context.world.now(), context.ledger.journal.last_run("worker")
    if last is None or now - last.at >= _WORKED:
        context.ledger.journal.note_run("worker", now, context.world.machine)


def _call_for_help(context: Context, trouble: BatchError) -> None:
    """Mail that an account cannot go on, if that lasts or no time heals it: once a day for each trouble."""
    now, last = context.world.now(), context.ledger.journal.last_run("worker")
    lasts = last is not None and now - last.at >= SILENCE
    if not (lasts or isinstance(trouble, UsageError | ClockError)):
        return
    words = (f"The workers cannot go on: {trouble}.", "Nothing is lost, and they retry automatically.")
    key, mailer = f"trouble:{now:%Y-%m-%d}:{trouble.kind}", Mailer(context.settings, context.ledger, context.world)
    subject = "campaign-batch cannot continue on its own"
    try_to_mail(mailer, lambda: queue_words(mailer, subject, words, kind="trouble", key=key))


_LEFT = "then start this worker again; until then it leaves these jobs to others"


def _unknown(account: str) -> str:
    which = f'the account "{account}"' if account else "an account without a name"
    return f"jobs wait for {which}, which these settings lack: give each worker the same settings"


def make_worker(accounts: Sequence[Settings], world_of: Callable[[str], World]) -> Worker:
    """Make the worker of these accounts; raise UsageError where it could work for none."""
    queue = Queue(accounts[0].ledger.url)
    found = {settings.name: _find_lack(settings) for settings in accounts}
    lacking = {name: trouble for name, trouble in found.items() if trouble is not None}
    if len(lacking) == len(found):
        raise next(iter(lacking.values()))
    lacks = {name: str(trouble) for name, trouble in lacking.items()}
    return Worker({settings.name: settings for settings in accounts}, queue, world_of, lacks)


def _find_lack(settings: Settings) -> BatchError | None:
    try:
        need_zone(settings, for_real=True)
        need_token(settings)
    except BatchError as trouble:
        return trouble
    return None
