"""Watch the folder: take in what is dropped, look after what was begun, mail; it never asks, nor ends on its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from batch.adapters.inbox import Inbox, InboxGoneError, has_stop, wake
from batch.model import PauseCause
from batch.model.errors import BatchError, ClockError, LedgerBusyError, LedgerReplacedError, StoppedError, UsageError
from batch.model.records import dataclass
from batch.workflows.context import Context, World, describe_pause, need_zone, open_context, say_if_paused
from batch.workflows.drops import DroppedFiles, place_of
from batch.workflows.events import Note
from batch.workflows.mail import queue_words
from batch.workflows.mail_queue import MailQueue
from batch.workflows.mail_sending import Mailer, try_to_mail
from batch.workflows.not_as_asked import lift_if_corrected
from batch.workflows.stop_file import STOP_WORDS, how_to_go_on
from batch.workflows.timetable import Timetable

if TYPE_CHECKING:
    from batch.adapters.config import Settings

_NO_EVENTS = (
    "the system does not report new files here (its limit of watched folders may be reached): "
    "the watch looks every {seconds} seconds instead, and misses none"
)
ALIVE = timedelta(minutes=15)
"""Between two notes in the ledger that somebody watches."""
LONGEST_REST = timedelta(minutes=5)
SILENCE = timedelta(minutes=30)
"""Trouble that lasts longer is mailed; what settings or a wrong clock cause is mailed at once."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What one watch came to."""

    files: int
    needs_look: bool
    trouble: BatchError | None = None
    """What still was in the way at its end; what another submitter holds is none."""


def watch_folder(
    settings: Settings,
    world: World,
    *,
    folder: Path | None = None,
    once: bool = False,
    events: bool = True,
    stop: threading.Event | None = None,
    wait: Callable[[float], object] | None = None,
) -> Watched:
    """Watch until somebody asks for an end, or with `once` take what is whole and go.

    `wait` sleeps between two looks; by default until something is dropped. Raises InboxBusyError when the folder is
    already being watched, and whatever makes it useless to begin: no token, no zone, no ledger.
    """
    need_zone(settings, for_real=True)
    place = folder or Path(settings.watch.folder)
    watched = settings.watch.model_copy(update={"folder": place})
    settings = settings.model_copy(update={"watch": watched})  # a run looks for a file named STOP where it watches
    inbox = make_inbox(settings, place)
    _reach(inbox, world, once=once)
    with inbox.only_watcher(f"{world.who} on {world.machine}"), open_context(settings, world, quiet=True) as context:
        lift_if_corrected(context)
        watch = Watch(context, inbox, wait or _wait_for_drops(context, place, stop, events=events))
        return watch.run_once() if once else watch.run()


def rest_after(before: int, settings: Settings) -> timedelta:
    """Say how long to leave alone what fails, and failed so many times before: longer each time."""
    return min(timedelta(seconds=settings.watch.scan_seconds * 2 ** min(before, 10)), LONGEST_REST)


def make_inbox(settings: Settings, place: Path) -> Inbox:
    """Make the inbox of an account: folders of other accounts within it are theirs, a STOP above it counts for all."""
    inner = [one.watch.folder.name for one in settings.accounts.values() if one.watch.folder.parent == place]
    return Inbox(
        place,
        stable_seconds=settings.watch.stable_seconds,
        grace_seconds=settings.watch.grace_minutes * 60,
        zone=ZoneInfo(settings.team_zone),
        others=inner,
        above=settings.root,
    )


def _wait_for_drops(
    context: Context, place: Path, stop: threading.Event | None, *, events: bool
) -> Callable[[float], object]:
    """Wait until something is dropped; where the system gives no word of it, say so once, and only wait."""
    told: list[Note] = []

    def tell() -> None:
        words = _NO_EVENTS.format(seconds=f"{context.settings.watch.scan_seconds:g}")
        if not told:
            told.append(Note(words, loud=True, event="no-events"))
            context.world.tell(told[0])

    return lambda seconds: wake(place, seconds, stop, events=events, refused=tell)


def _reach(inbox: Inbox, world: World, *, once: bool) -> None:
    """Make the folder, or wait for the share it lies on."""
    told = False
    while True:
        try:
            inbox.prepare()
        except InboxGoneError as gone:
            if once or world.stopped():
                raise
            if not told:
                world.tell(Note(str(gone), loud=True, event="folder-gone"))
            told = True
            world.sleep(10.0)
        else:
            return


def _make_drops(context: Context, inbox: Inbox, mail_queue: MailQueue) -> DroppedFiles:
    """Let the files be taken in here, or where the settings say so by the workers."""
    if not context.settings.workers.enabled:
        context.ledger.drops.take_back(place_of(inbox))
        return DroppedFiles(context, inbox, mail_queue)
    from batch.workflows.handed import HandedFiles, open_queue

    return HandedFiles(context, inbox, mail_queue, open_queue(context.settings))


class Watch:
    """One watch at work, in context that stay open."""

    def __init__(self, context: Context, inbox: Inbox, wait: Callable[[float], object]) -> None:
        self._context = context
        self._inbox = inbox
        self._wait = wait
        self._mailer = Mailer(context.settings, context.ledger, context.world)
        self._mail_queue = MailQueue(self._mailer)
        submitting = replace(context, world=replace(context.world, stopped=self._must_halt))
        self._handing = context.settings.workers.enabled
        self._drops = _make_drops(submitting, inbox, self._mail_queue)
        self._timetable = Timetable(
            context, submitting, self._mail_queue, lambda preview: inbox.offer(preview.read_bytes(), preview.name)
        )
        self._trouble: BatchError | None = None
        self._troubles = 0
        self._trouble_since: datetime | None = None
        self._rest_until: datetime | None = None
        self._told = ""
        self._alive_at: datetime | None = None
        self._told_pause = False

    def run(self) -> Watched:
        """Look, work, wait, until somebody asks for an end."""
        self._tell("watch-begun", f'watching "{self._inbox.folder}"')
        while not self._stopped():
            self.look()
            if not self._stopped():
                self._wait(self._context.settings.watch.scan_seconds)
        self._tell("watch-ended", "the watch is stopping; what is left continues at its next start")
        return self._watched()

    def run_once(self) -> Watched:
        """Take what is whole: look, wait as long as a file must stand still, and look again."""
        self.look()
        if not self._stopped():
            self._context.world.sleep(self._context.settings.watch.stable_seconds + 0.05)
            self.look()
        if not self._handing:
            with self._resting():
                self._mail_queue.empty(now=True)
        with self._resting():
            self._note_pause()
        return self._watched()

    def _note_pause(self) -> None:
        """Count a pause as trouble, as `submit` does: whoever started one look reads its exit code."""
        if pauses := self._context.ledger.pauses.all():
            words = f"everything is paused {describe_pause(pauses[0], self._context.settings)}"
            self._trouble = self._trouble or BatchError(words, how_to_go_on(pauses))

    def _watched(self) -> Watched:
        return Watched(self._drops.files, self._drops.needs_look or self._timetable.needs_look, self._trouble)

    def look(self) -> None:
        """Do everything that there is to do just now; trouble is told, and tried again after a rest."""
        with self._resting():
            self._obey_stop_sign()
            self._note_alive()
            if not self._is_resting():
                self._work()
                self._recover()
        if not self._handing:
            with self._resting():
                self._mail_queue.empty(digest=not self._is_resting())

    def _work(self) -> None:
        """Give each step its turn, whatever stood in the way of one before it; then raise the first of it."""
        troubles: list[BatchError] = []
        for step in self._steps():
            if self._stopped():
                break
            try:
                step()
            except (StoppedError, LedgerReplacedError):
                raise
            except BatchError as trouble:
                troubles.append(trouble)
        if troubles:
            raise min(troubles, key=lambda one: isinstance(one, LedgerBusyError))

    def _steps(self) -> Iterator[Callable[[], None]]:
        """Give what is to be done in a look; what has no folder is left to the workers where there are some."""
        if self._context.ledger.pauses.first() is None:
            yield from (self._drops.take_files, self._drops.let_approved_go)
            if not self._handing:
                yield self._timetable.submit_open_rows
        yield self._drops.tidy_waiting
        if not self._handing:
            yield from (self._timetable.compare_when_due, self._timetable.back_up_when_due)

    @contextmanager
    def _resting(self) -> Iterator[None]:
        """Turn trouble that may pass into a rest: the watch itself never ends for it."""
        try:
            yield
        except StoppedError:
            return  # no trouble: the watch itself sees the wish, and ends
        except LedgerReplacedError:
            raise  # no rest brings this file back: who starts the watch again opens the one that lies there now
        except LedgerBusyError as trouble:
            self._rest_until = self._now() + timedelta(seconds=self._context.settings.watch.scan_seconds)
            self._tell_once("busy", trouble)
        except BatchError as trouble:
            self._rest(trouble)

    def _rest(self, trouble: BatchError) -> None:
        """Leave the provider, the ledger or the share alone for a while, longer each time; tell people if it lasts."""
        now = self._now()
        self._trouble = trouble
        self._trouble_since = self._trouble_since or now
        if not self._is_resting():  # the sign to stop is looked for meanwhile, and what fails there is no new attempt
            self._rest_until = now + rest_after(self._troubles, self._context.settings)
            self._troubles += 1
        self._tell_once("folder-gone" if isinstance(trouble, InboxGoneError) else "trouble", trouble)
        if isinstance(trouble, UsageError | ClockError) or now - self._trouble_since >= SILENCE:
            try_to_mail(self._mailer, lambda: self._call_for_help(trouble, now))

    def _call_for_help(self, trouble: BatchError, now: datetime) -> None:
        """Mail that the watch cannot go on: once a day for each trouble."""
        words = (f"The watch cannot go on: {trouble}.", "Nothing is lost, and it retries automatically.")
        key = f"trouble:{now:%Y-%m-%d}:{trouble.kind}"
        queue_words(self._mailer, "campaign-batch cannot continue on its own", words, kind="trouble", key=key)

    def _tell_once(self, event: str, trouble: BatchError) -> None:
        if trouble.kind != self._told:
            self._tell(event, str(trouble), loud=True)
        self._told = trouble.kind

    def _is_resting(self) -> bool:
        return self._rest_until is not None and self._now() < self._rest_until

    def _recover(self) -> None:
        if self._told and not self._context.ledger.pauses.first():  # a pause that the trouble caused still stands
            self._tell("recovered", "it works again")
        self._trouble, self._troubles, self._trouble_since, self._rest_until, self._told = None, 0, None, None, ""

    def _note_alive(self) -> None:
        if self._alive_at is None or self._now() >= self._alive_at:
            self._context.ledger.journal.note_run("watch", self._now(), str(self._inbox.folder))
            self._alive_at = self._now() + ALIVE

    def _obey_stop_sign(self) -> None:
        """Pause everything while a file named STOP is in the folder, or in that of all; lift only what it caused."""
        ledger, who = self._context.ledger, self._context.world.who
        watched, lying = (
            {str(folder.resolve()) for folder in folders} for folders in (self._inbox.stops, self._inbox.stopped_in())
        )
        paused = {one.folder for one in ledger.pauses.all() if one.cause is PauseCause.STOP_FILE} & watched
        added = [
            ledger.pauses.add(STOP_WORDS, who, self._now(), PauseCause.STOP_FILE, folder)
            for folder in sorted(lying - paused)
        ]
        if any(added) and not paused:
            self._tell("paused", f"everything is paused: {STOP_WORDS}", loud=True)
            self._told_pause = True
        gone = [folder for folder in sorted(paused - lying) if has_stop(Path(folder)) is False]
        if gone and self._inbox.working.is_dir():
            for folder in gone:
                ledger.pauses.lift(who, self._now(), PauseCause.STOP_FILE, folder)
            self._tell_lifted()
        if not self._told_pause:
            say_if_paused(ledger, self._context.settings, self._context.world)
        self._told_pause = True

    def _tell_lifted(self) -> None:
        still = "; another pause still stands" if self._context.ledger.pauses.first() else ""
        self._tell("unpaused", f"the pause is lifted: the file named STOP is gone{still}")

    def _stopped(self) -> bool:
        return self._context.world.stopped()

    def _must_halt(self) -> bool:
        """Whether no further campaign may go: an end is wished, or a file named STOP lies there, long run or not."""
        return self._stopped() or self._inbox.stop_requested()

    def _now(self) -> datetime:
        return self._context.world.now()

    def _tell(self, event: str, words: str, *, loud: bool = False) -> None:
        self._context.world.tell(Note(words, loud, event))
