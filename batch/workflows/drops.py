"""Deal with what people put into the watched folder: sheets to take in, previews to approve."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from batch.adapters.inbox import Claimed, Inbox, OddFileError, Ready, Settling, hash_offer
from batch.core.printable import printable, whole_text
from batch.model import WAITS, Person, Way
from batch.model.errors import BatchError, SheetError, UsageError
from batch.system.person import may_write, my_uid, person_of
from batch.workflows.approve import approve_in, read_offer
from batch.workflows.context import Context
from batch.workflows.decided import retell
from batch.workflows.events import Note
from batch.workflows.mail import queue_words
from batch.workflows.mail_queue import MailQueue
from batch.workflows.mail_sending import Mailer, try_to_mail
from batch.workflows.notes_beside import describe_file, describe_unread
from batch.workflows.passing_on import describe_passed, share_dropped
from batch.workflows.run import Options
from batch.workflows.second_person import Approver
from batch.workflows.submit import submit_in, take_share
from batch.workflows.tally import Tally

_COPY = (
    'let another person COPY the file from "waiting" to "approved" (a copy is owned by whoever made it), or type '
    "campaign-batch approve"
)


class DroppedFiles:
    """What lies in the folder; trouble that is nobody's fault leaves a file where it is, and is raised."""

    def __init__(self, context: Context, inbox: Inbox, mail_queue: MailQueue) -> None:
        self.files = 0
        self.needs_look = False
        self._context = context
        self._inbox = inbox
        self._mail_queue = mail_queue
        self._open: set[str] = set()
        """What was said to be open, and is still."""

    def take_files(self) -> None:
        """Go on with what an earlier run began, then take what is whole, one file after the other."""
        unfinished = list(self._inbox.unfinished())
        self._tell_refused()
        try:
            while unfinished and not self._context.world.stopped():
                self._take(unfinished.pop(0))
        finally:
            for left in unfinished:
                self._inbox.forgive(left)
        scanned = self._inbox.scan(self._context.world.now())
        self._tell_open({one.name: one.note for one in scanned if isinstance(one, Settling) and one.lock})
        for found in scanned:
            if self._context.world.stopped():
                return
            claimed = self._inbox.claim(found, self._context.world.now()) if isinstance(found, Ready) else None
            if claimed is not None:
                self._take(claimed)
            self._tell_refused()

    def _tell_open(self, words: Mapping[str, str]) -> None:
        """Say once of each file that waits because it is open: a lock that a crash left would keep it for good."""
        for name in words.keys() - self._open:
            self._tell("file-open", words[name], file=name)
        self._open = set(words)
        told, self._inbox.left_alone.told = self._inbox.left_alone.told, []
        for why in told:
            if why not in words.values():
                self._tell("file-left", why)

    def _tell_refused(self) -> None:
        while self._inbox.refused:
            self.files += 1
            self.needs_look = True
            self._tell("file-refused", self._inbox.refused.pop(0), loud=True)

    def _take(self, claimed: Claimed) -> None:
        """Take one file in and file it away; one that a fault of ours keeps from that is tried three times."""
        self._tell("file-taken", f'taking in "{claimed.name}"', file=claimed.name)
        try:
            tally, elsewhere = self._submit(claimed)
        except SheetError as trouble:
            self._refuse(claimed, trouble)
            return
        except BatchError:
            self._inbox.forgive(claimed)
            raise
        except Exception as fault:
            words = f'an internal error of campaign-batch with "{claimed.name}" ({type(fault).__name__})'
            self._tell("fault", words, file=claimed.name, loud=True)
            return
        if tally is None:
            self._finish_passed(claimed, elsewhere)
        else:
            self._finish(claimed, tally, elsewhere)

    def _submit(self, claimed: Claimed) -> tuple[Tally | None, str]:
        """Submit this account's rows; give what a note says of those that were passed on to others.

        They are passed on first: what is in this account's way is not in theirs. None where no row is this account's.
        """
        context, options = self._as_dropper(claimed), Options(give_back=True)
        settings = context.settings
        if not settings.accounts:
            return submit_in(claimed.path, context, options), ""
        shares = share_dropped(claimed, settings, context.world)
        elsewhere = describe_passed(shares, settings.provider.account)
        if elsewhere and not shares.counts[settings.provider.account]:
            return None, elsewhere
        opened, options = take_share(claimed.path, settings, context.world, options, shares)
        return submit_in(claimed.path, context, options, opened), elsewhere

    def _finish_passed(self, claimed: Claimed, elsewhere: str) -> None:
        self._inbox.file_away(claimed, "done", (), elsewhere)
        self._tell("file-passed-on", f'"{claimed.name}": {elsewhere.strip()}', file=claimed.name)
        self._count(claimed, "passed on", look=False)

    def _as_dropper(self, claimed: Claimed) -> Context:
        """Let the batch bear the name of the person whose file it is, where the system tells."""
        if claimed.uid is None:
            return self._context
        user = person_of(claimed.uid)
        return replace(self._context, world=replace(self._context.world, who=user.shown, user=user))

    def _refuse(self, claimed: Claimed, trouble: SheetError) -> None:
        words = describe_unread(claimed.name, trouble)
        note = f"{words}.\nNothing of it was sent. Fix it and drop it again.\n"
        self._inbox.file_away(claimed, "attention", (), note)
        self._tell("file-refused", words, file=claimed.name, loud=True)
        self._count(claimed, f"could not be read: {trouble.words}", look=True)
        told = (f"{words}.", "None of it was sent. It is in the folder attention: fix it and drop it again.")
        key = f"unread:{whole_text(claimed.name)}:{claimed.claimed_at.isoformat()}:{claimed.mark}"
        mailer = Mailer(self._context.settings, self._context.ledger, self._context.world)
        subject = f'"{whole_text(claimed.name)}" cannot be taken in'
        try_to_mail(mailer, lambda: queue_words(mailer, subject, told, kind="attention", key=key))

    def _finish(self, claimed: Claimed, tally: Tally, elsewhere: str = "") -> None:
        """Note what must be mailed, show the preview, and only then file the sheet away."""
        assert tally.batch is not None
        look = tally.needs_look or tally.trouble is not None
        words = describe_file(tally, known=self._known_as(tally))
        if claimed.failures or not _is_known(tally):
            self._mail_queue.add(tally.batch)
        if tally.preview is not None:
            self._inbox.offer(tally.preview.read_bytes(), tally.preview.name)
        results = [path for path in tally.reports if path.suffix == ".html"] + tally.marked
        self._inbox.file_away(claimed, "attention" if look else "done", results, f"{words}\n{elsewhere}")
        self._tell("file-done", words.replace("\n", " "), batch=tally.batch, file=claimed.name)
        self._count(claimed, f"batch {tally.batch}", look=look)
        raise_trouble(tally)

    def _count(self, claimed: Claimed, words: str, *, look: bool) -> None:
        self.files += 1
        self.needs_look |= look
        told = whole_text(f'"{claimed.name}": {words}')
        self._context.ledger.journal.note_run("file", self._context.world.now(), told)

    def _known_as(self, tally: Tally) -> tuple[int, ...]:
        """Give the batches from which every row of a file is known; none when one is new."""
        if not _is_known(tally) or tally.batch is None:
            return ()
        ids = {line.entry for line in self._context.ledger.batches.rows(tally.batch) if line.entry is not None}
        return tuple(sorted({entry.batch for entry in self._context.ledger.entries.select(ids=ids)})) if ids else ()

    def let_approved_go(self) -> None:
        """Let go what a person moved to `approved`; what cannot go comes back with a note."""
        for path in self._inbox.approvals():
            if self._context.world.stopped():
                return
            self._let_go(path)

    def _let_go(self, path: Path) -> None:
        found = read_offer(path)
        try:
            if found is None:
                raise UsageError(f'"{path.name}" is not one of our previews', "move a file from waiting to approved")
            by = self._who_approves(path, found[0])
            tally = approve_in(self._context, found[0], seen=found[1], by=by)
        except UsageError as trouble:
            self._inbox.put_aside(path, printable(f"Not approved: {trouble}.") + "\n", self._context.world.now())
            self._tell("approval-refused", str(trouble), batch=found[0] if found else None, loud=True)
            return
        retell(self._context, self._inbox, found[0])
        with suppress(OSError):
            path.unlink()
        self._tell("approved", f"batch {tally.batch} was approved by moving its preview", batch=tally.batch)
        self.needs_look |= tally.needs_look
        self._mail_queue.add(found[0])
        raise_trouble(tally)

    def _who_approves(self, path: Path, batch: int) -> Approver:
        """Name who approved: the owner of the very file, which must be the preview that was written, byte for byte."""
        try:
            offered = hash_offer(path)
        except (OSError, OddFileError) as trouble:
            words = trouble if isinstance(trouble, OddFileError) else "a file that cannot be read"
            raise UsageError(f'"{path.name}" is {words}, which does not show who approves', _COPY) from None
        proof = self._context.ledger.people.proof(batch)
        if offered.sha256 != proof.preview_sha256:
            raise UsageError(f'"{path.name}" is not the original preview of batch {batch} as it was written', _COPY)
        if offered.uid != my_uid() and not offered.open_to_all:
            return Approver(person_of(offered.uid), Way.COPY)
        # Moved, not copied, so it is still ours: then only the rights of the folder tell who it was not.
        submitter = proof.submitter
        if submitter.uid.isdigit() and not may_write(self._inbox.approved, int(submitter.uid)):
            return Approver(Person(), Way.MOVED)
        if self._context.settings.approval.shared_users:
            return Approver(Person(), Way.SHARED)
        raise UsageError(
            f"nothing says who moved the preview of batch {batch}: {submitter.shown}, who submitted it, could have",
            _COPY,
        )

    def tidy_waiting(self) -> None:
        """Take away the previews of batches that wait no longer, and say beside each sheet what was decided."""
        offers = {path: found for path in self._inbox.waiting.glob("batch-*.html") if (found := read_offer(path))}
        states = {batch.id: batch.state for batch in self._context.ledger.batches.all()} if offers else {}
        for path, (batch, _) in offers.items():
            if states.get(batch) != WAITS:
                if batch in states:
                    retell(self._context, self._inbox, batch)
                with suppress(OSError):
                    path.unlink()

    def _tell(self, event: str, words: str, *, batch: int | None = None, file: str = "", loud: bool = False) -> None:
        self._context.world.tell(Note(words, loud, event, batch, None, file))


def raise_trouble(tally: Tally) -> None:
    """Raise why a run stopped."""
    if tally.trouble is not None:
        raise tally.trouble


def _is_known(tally: Tally) -> bool:
    return tally.rows > 0 and tally.counts["skipped"] == tally.rows
