"""Deal with what people put into the watched folder: sheets to take in, previews to approve."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

from batch.adapters.inbox import Claimed, Inbox, OddFileError, Ready, Settling, hash_offer
from batch.core.printable import printable, whole_text
from batch.model import WAITS, Person, Way
from batch.model.errors import BatchError, SheetError, UsageError
from batch.system.person import may_write, my_uid, person_of
from batch.workflows.approve import approve_in, read_offer
from batch.workflows.context import Context
from batch.workflows.decided import retell
from batch.workflows.events import Note
from batch.workflows.mail_queue import MailQueue
from batch.workflows.passing_on import describe_passed, share_dropped
from batch.workflows.second_person import Approver
from batch.workflows.shares import Shares
from batch.workflows.taking_in import TakenIn, key_of, refuse, take_in, tell_outcome
from batch.workflows.tally import Tally

_COPY = (
    'let another person COPY the file from "waiting" to "approved" (a copy is owned by whoever made it), or type '
    "campaign-batch approve {batch}"
)


def place_of(inbox: Inbox) -> str:
    """Name a watched folder, with its machine."""
    return f"{platform.node()}:{inbox.folder.resolve()}"


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
        unfinished = list(self._unfinished())
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

    def _unfinished(self) -> Sequence[Claimed]:
        return self._inbox.unfinished()

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
            self._take_or_pass(claimed)
        except BatchError:
            raise
        except Exception as fault:
            words = f'an internal error of campaign-batch with "{claimed.name}" ({type(fault).__name__})'
            self._tell("fault", words, file=claimed.name, loud=True)

    def _take_or_pass(self, claimed: Claimed) -> None:
        """Take this account's rows in; those of others are passed on first: what is in our way is not in theirs."""
        settings, world = self._context.settings, self._context.world
        key, elsewhere, shares = key_of(claimed.name, claimed.claimed_at, claimed.mark), "", None
        try:
            if settings.accounts:
                shares = share_dropped(claimed, settings, world)
                elsewhere = describe_passed(shares, settings.provider.account)
                if elsewhere and not shares.counts[settings.provider.account]:
                    self._finish_passed(claimed, elsewhere)
                    return
            outcome = self._settle(claimed, shares, elsewhere, key)
        except SheetError as trouble:
            outcome = refuse(self._context, claimed.name, trouble, key)
        except BatchError:
            self._inbox.forgive(claimed)
            raise
        if outcome is not None:
            self._finish(claimed, outcome)

    def _settle(self, claimed: Claimed, shares: Shares | None, elsewhere: str, key: str) -> TakenIn | None:
        """Take the rows in here and now; None where that is left to others."""
        outcome = take_in(self._context, claimed.path, dropper_of(claimed), shares, key)
        return outcome if outcome.batch is None else replace(outcome, words=f"{outcome.words}\n{elsewhere}")

    def _finish_passed(self, claimed: Claimed, elsewhere: str) -> None:
        self._inbox.file_away(claimed, "done", (), elsewhere)
        self._tell("file-passed-on", f'"{claimed.name}": {elsewhere.strip()}', file=claimed.name)
        self.files += 1
        told = whole_text(f'"{claimed.name}": passed on')
        self._context.ledger.journal.note_run("file", self._context.world.now(), told)

    def _finish(self, claimed: Claimed, outcome: TakenIn) -> None:
        """Note what must be mailed, show the preview, and only then file the sheet away."""
        if outcome.batch is not None and (claimed.failures or not outcome.known):
            self._mail_queue.add(outcome.batch)
        if outcome.preview is not None:
            self._inbox.offer(outcome.preview.read_bytes(), outcome.preview.name)
        where: Literal["done", "attention"] = "attention" if outcome.needs_look else "done"
        self._inbox.file_away(claimed, where, outcome.results, outcome.words)
        self.files += 1
        self.needs_look |= outcome.needs_look
        tell_outcome(self._context, claimed.name, outcome)
        if outcome.trouble is not None:
            raise outcome.trouble

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
                raise UsageError(f'"{path.name}" is not one of our previews', "copy a file from waiting to approved")
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
        copy = _COPY.format(batch=batch)
        try:
            offered = hash_offer(path)
        except (OSError, OddFileError) as trouble:
            words = trouble if isinstance(trouble, OddFileError) else "a file that cannot be read"
            raise UsageError(f'"{path.name}" is {words}, which does not show who approves', copy) from None
        proof = self._context.ledger.people.proof(batch)
        if offered.sha256 != proof.preview_sha256:
            raise UsageError(f'"{path.name}" is not the original preview of batch {batch} as it was written', copy)
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
            copy,
        )

    def tidy_waiting(self) -> None:
        """Take away the previews of batches that wait no longer, and say beside each sheet what was decided."""
        offers = {path: found for path in self._inbox.waiting.glob("batch-*.html") if (found := read_offer(path))}
        wanted = {batch for batch, _ in offers.values()}
        states = {batch.id: batch.state for batch in self._context.ledger.batches.all(ids=wanted)}
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


def dropper_of(claimed: Claimed) -> Person | None:
    """Name the person whose file it is, where the system tells: the batch bears that name."""
    return None if claimed.uid is None else person_of(claimed.uid)
