"""Keep the batches that people must still hear of, and mail them together; the ledger remembers them through a kill."""

from __future__ import annotations

from datetime import datetime, timedelta

from batch.workflows.mail import Desk, queue_batches, queue_digest, safely, send_due
from batch.workflows.notices import last_digest_time

GATHER = timedelta(minutes=10)
"""Batches that end within it travel in one mail."""
QUIET = timedelta(minutes=1)
"""So long nothing may have come in before a mail goes: a folder full of files is one mail."""


class Postbag:
    """The watch's mails: gathered, digested once a week, sent when due."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._since: datetime | None = None
        self._taken_at: datetime | None = None

    def add(self, *batches: int) -> None:
        """Remember batches that people must hear of."""
        self._taken_at = self._now()
        self._since = self._since or self._now()
        if batches:
            self._desk.ledger.note_unmailed(batches)

    def empty(self, *, now: bool = False, digest: bool = True) -> None:
        """Mail what has been gathered long enough, the digest when it is due, and whatever waits in the outbox."""
        if not self._desk.is_open:
            return
        if digest:
            safely(self._desk, self._digest_when_due)
        if (batches := self._desk.ledger.unmailed()) and (now or self._is_time()):
            safely(self._desk, lambda: self._queue(batches))
        safely(self._desk, lambda: send_due(self._desk))

    def _queue(self, batches: tuple[int, ...]) -> None:
        queue_batches(self._desk, batches)
        self._since = None
        self._desk.ledger.note_mailed(batches)
        self._desk.ledger.note_run("mailed", self._now(), " ".join(map(str, batches)))

    def _is_time(self) -> bool:
        """Whether it may go: no mail for ten minutes, and no file for one, or ten since the first file."""
        now, mailed = self._now(), self._desk.ledger.last_run("mailed")
        if mailed is not None and now - mailed.at < GATHER:
            return False
        if self._taken_at is None or now - self._taken_at >= QUIET:
            return True
        return self._since is not None and now - self._since >= GATHER

    def _digest_when_due(self) -> None:
        desk, email = self._desk, self._desk.settings.email
        if not (email.digest_to or email.to):
            return
        last = desk.ledger.last_run("digest")
        if last is None:
            desk.ledger.note_run("digest", self._now(), "begun")
        elif last.at < last_digest_time(self._now(), desk.settings):
            queue_digest(desk)
            desk.ledger.note_run("digest", self._now())

    def _now(self) -> datetime:
        return self._desk.world.now()
