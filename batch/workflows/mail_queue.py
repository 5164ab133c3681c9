"""Keep the batches that people must still hear of, and mail them together; the ledger remembers them through a kill."""

from __future__ import annotations

from datetime import datetime, timedelta

from batch.workflows.mail import queue_batches, queue_digest
from batch.workflows.mail_sending import Mailer, send_due, try_to_mail
from batch.workflows.notices import last_digest_time

GATHER = timedelta(minutes=10)
"""Batches that end within it travel in one mail."""
QUIET = timedelta(minutes=1)
"""So long nothing may have come in before a mail goes: a folder full of files is one mail."""


class MailQueue:
    """The watch's mails: gathered, digested once a week, sent when due."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer
        self._since: datetime | None = None
        self._taken_at: datetime | None = None

    def add(self, *batches: int) -> None:
        """Remember batches that people must hear of."""
        self._taken_at = self._now()
        self._since = self._since or self._now()
        if batches:
            self._mailer.ledger.batches.note_unmailed(batches)

    def empty(self, *, now: bool = False, digest: bool = True) -> None:
        """Mail what has been gathered long enough, the digest when it is due, and whatever waits in the outbox."""
        if not self._mailer.is_open:
            return
        if digest:
            try_to_mail(self._mailer, self._digest_when_due)
        if (batches := self._mailer.ledger.batches.unmailed()) and (now or self._is_time()):
            try_to_mail(self._mailer, lambda: self._queue(batches))
        try_to_mail(self._mailer, lambda: send_due(self._mailer))

    def _queue(self, batches: tuple[int, ...]) -> None:
        queue_batches(self._mailer, batches)
        self._since = None
        self._mailer.ledger.batches.note_mailed(batches)
        self._mailer.ledger.journal.note_run("mailed", self._now(), " ".join(map(str, batches)))

    def _is_time(self) -> bool:
        """Whether it may go: no mail for ten minutes, and no file for one, or ten since the first file."""
        now, mailed = self._now(), self._mailer.ledger.journal.last_run("mailed")
        if mailed is not None and now - mailed.at < GATHER:
            return False
        if self._taken_at is None or now - self._taken_at >= QUIET:
            return True
        return self._since is not None and now - self._since >= GATHER

    def _digest_when_due(self) -> None:
        mailer, email = self._mailer, self._mailer.settings.email
        if not (email.digest_to or email.to):
            return
        last = mailer.ledger.journal.last_run("digest")
        if last is None:
            mailer.ledger.journal.note_run("digest", self._now(), "begun")
        elif last.at < last_digest_time(self._now(), mailer.settings):
            queue_digest(mailer)
            mailer.ledger.journal.note_run("digest", self._now())

    def _now(self) -> datetime:
        return self._mailer.world.now()
