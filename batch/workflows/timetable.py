"""Do what is due: look after rows that were begun, compare every night and after each sending, copy the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from batch.model import NOT_SHOWN, Status
from batch.model.plurals import plural
from batch.workflows.approve import expire_unapproved
from batch.workflows.archives import left_out_of_backups
from batch.workflows.cancel import alarm_is_due
from batch.workflows.clock import ask_clock
from batch.workflows.context import Context
from batch.workflows.drops import raise_trouble
from batch.workflows.events import Note
from batch.workflows.mail import queue_comparison
from batch.workflows.mail_queue import MailQueue
from batch.workflows.mail_sending import Mailer, try_to_mail
from batch.workflows.notices import last_time_of_day
from batch.workflows.reconcile import reconcile_in
from batch.workflows.resume import resume_in
from batch.workflows.run import be_submitter, expire, find_planned

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger

UPKEEP = timedelta(minutes=5)
"""Between two looks, the first of which went well, at what is in doubt, still planned, or waits for the provider."""
LOOKED_UP = timedelta(minutes=30)
"""After its send time a campaign is looked up, so that the status page says that it went."""
LOOK_BACK = timedelta(days=3)


class Timetable:
    """What the watch does by the clock."""

    def __init__(
        self, context: Context, submitting: Context, mail_queue: MailQueue, offer: Callable[[Path], object]
    ) -> None:
        """`submitting` is the same context, in which a file named STOP ends a run; `offer` shows previews to people."""
        self.needs_look = False
        self._context = context
        self._submitting = submitting
        self._mail_queue = mail_queue
        self._offer = offer
        self._upkeep_at: datetime | None = None

    def submit_open_rows(self) -> None:
        """Settle doubts and submit what is still planned, now and then, while there is something of the kind.

        What fails is due again at the next look: a look in which nothing is due would count as one that went well.
        """
        if self._upkeep_at is not None and self._now() < self._upkeep_at:
            return
        self._expire_unapproved()
        if has_open_rows(self._context.ledger):
            self._go_on()
        self._upkeep_at = self._now() + UPKEEP

    def _go_on(self) -> None:
        with be_submitter(self._submitting):
            tally = resume_in(self._submitting)
        for preview in tally.previews:
            self._offer(preview)
        self._mail_queue.add(*tally.moved)
        raise_trouble(tally)

    def _expire_unapproved(self) -> None:
        late = expire_unapproved(self._context)
        if not late:
            return
        with be_submitter(self._context):
            ask_clock(self._context)
            expire(self._context)
        for batch in late:
            words = f"rows of batch {batch} were not approved in time"
            self._context.world.tell(Note(words, loud=True, event="expired", batch=batch))
        self._mail_queue.add(*late)

    def compare_when_due(self) -> None:
        """Compare every night, once after each send time, and before what is to be cancelled goes out."""
        settings, ledger, now = self._context.settings, self._context.ledger, self._now()
        nightly = _is_due("nightly", settings, ledger, now)
        if not (nightly or _is_to_look_up(ledger, now)):
            return
        with self._context.ledger.lock.hold(self._context.world.who, self._now()):
            comparison = reconcile_in(self._context, delivery=True)
        words = f"compared with the provider: {plural(sum(comparison.counts.values()), 'campaign')}"
        self._context.world.tell(Note(words, loud=False, event="compared"))
        self.needs_look |= comparison.needs_look
        mailer = Mailer(self._context.settings, self._context.ledger, self._context.world)
        if mailer.is_open:
            try_to_mail(mailer, lambda: queue_comparison(mailer, comparison))
        if nightly:
            self._context.ledger.journal.note_run("nightly", self._now())

    def back_up_when_due(self) -> None:
        """Copy the ledger every night, whatever the comparison came to, and bring its index of words up to date."""
        if _is_due("backup", self._context.settings, self._context.ledger, self._now()):
            self._context.ledger.upkeep.overwrite_freed()
            self._back_up()
            self._context.ledger.words.refresh()
            self._context.ledger.journal.note_run("backup", self._now())

    def _back_up(self) -> None:
        if self._context.ledger.path is not None:
            path = self._context.ledger.upkeep.backup(self._now())
            rest = left_out_of_backups(self._context.ledger)
            words = f"the ledger was copied to {path}{f'; {rest}' if rest else ''}"
            self._context.world.tell(Note(words, loud=False, event="backed-up"))

    def _now(self) -> datetime:
        return self._context.world.now()


def has_open_rows(ledger: Ledger) -> bool:
    """Say whether something is planned, in doubt, or waits for the provider, or a preview is still to be shown."""
    open_ones = {Status.IN_DOUBT, Status.SUBMITTING, Status.WAITING}
    if ledger.batches.all(states=(NOT_SHOWN,)):
        return True
    return any(True for _ in ledger.entries.select(statuses=open_ones)) or bool(find_planned(ledger, None))


def is_to_compare(settings: Settings, ledger: Ledger, now: datetime) -> bool:
    """Say whether a comparison with the provider is due."""
    return _is_due("nightly", settings, ledger, now) or _is_to_look_up(ledger, now)


def _is_due(run: str, settings: Settings, ledger: Ledger, now: datetime) -> bool:
    """Whether the hour of the night has passed since it ran last; the first is the night after the first batch."""
    last = ledger.journal.last_run(run)
    if last is None:
        if ledger.batches.ends():
            ledger.journal.note_run(run, now, "begun")
        return False
    return last.at < last_time_of_day(now, settings, settings.watch.reconcile_at)


def _is_to_look_up(ledger: Ledger, now: datetime) -> bool:
    """Whether a campaign's time passed half an hour ago and nobody has looked since, or one is to be cancelled."""
    if alarm_is_due(ledger, now):
        return True
    went = ledger.entries.select(statuses={Status.ACCEPTED}, due_from=now - LOOK_BACK, due_until=now - LOOKED_UP)
    times = [entry.send_at for entry in went if entry.send_at is not None]
    last = ledger.journal.last_run("reconcile")
    return bool(times) and (last is None or last.at < max(times) + LOOKED_UP)
