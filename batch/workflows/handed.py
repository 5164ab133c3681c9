"""Hand dropped files to the workers, and file each away once one of them has taken it in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from batch.adapters.inbox import Claimed, Inbox
from batch.adapters.inbox.handing import handed_from
from batch.adapters.ledger import ANYWHERE, PREVIEW, Ended, Handed
from batch.adapters.queue import Queue
from batch.system.temporary import make_temporary_folder, remove_folder
from batch.workflows.context import Context
from batch.workflows.drops import DroppedFiles, dropper_of, place_of
from batch.workflows.mail_queue import MailQueue
from batch.workflows.same_settings import note_settings
from batch.workflows.shares import Shares
from batch.workflows.taking_in import TakenIn

if TYPE_CHECKING:
    from batch.adapters.config import Settings

TAKE_IN = "take-in"
"""The job of taking in one file after the other."""


def open_queue(settings: Settings) -> Queue:
    """Open the queue beside the ledger of the settings, and make it where there is none yet."""
    queue = Queue(settings.ledger.url)
    queue.prepare()
    return queue


class HandedFiles(DroppedFiles):
    """What lies in the folder, where workers take it in: the bytes go into the ledger, the file waits in `working`."""

    def __init__(self, context: Context, inbox: Inbox, mail_queue: MailQueue, queue: Queue) -> None:
        super().__init__(context, inbox, mail_queue)
        note_settings(context)
        self._queue = queue
        self._place = place_of(inbox)
        self._out: dict[str, Claimed] = {}
        """By claim, what waits for a worker."""

    def take_files(self) -> None:
        """File away what came back, then hand over what is whole, or was begun by an earlier run."""
        self._collect()
        super().take_files()
        self._collect()

    def _unfinished(self) -> Sequence[Claimed]:
        """Give what an earlier run claimed or another account passed on, but not what waits for a worker."""
        return self._inbox.unfinished(but=self._out)

    def _settle(self, claimed: Claimed, shares: Shares | None, elsewhere: str, key: str) -> TakenIn | None:
        """Leave the rows to a worker; the file is read once, as it was taken."""
        del shares, key
        claim, account = claimed.path.parent.name, self._context.settings.name
        file = Handed(
            self._place,
            claim,
            claimed.name,
            claimed.path.read_bytes(),
            dropper_of(claimed),
            handed_from(claimed),
            elsewhere,
        )
        give = self._queue.give_within
        now = self._context.world.now()
        if self._context.ledger.drops.hand_in(file, now, lambda connection: give(connection, TAKE_IN, account)):
            self._tell("file-handed-over", f'"{claimed.name}" waits for a worker', file=claimed.name)
        self._inbox.forgive(claimed)
        self._out[claim] = claimed
        return None

    def _collect(self) -> None:
        """File away what the workers are done with; of a claim that is gone the file was filed away already."""
        for ended in self._context.ledger.drops.ended(self._place):
            claimed = self._out.pop(ended.claim, None)
            if claimed is None and (self._inbox.working / ended.claim).is_dir():
                continue  # an earlier run claimed it: it is found among the unfinished
            if claimed is not None:
                self._file(claimed, ended)
            self._context.ledger.drops.forget(ended.id)
        for ended in self._context.ledger.drops.ended(ANYWHERE):
            self._offer(ended)
            self._context.ledger.drops.forget(ended.id)

    def _offer(self, ended: Ended) -> None:
        for one in ended.results:
            if one.kind == PREVIEW:
                self._inbox.offer(one.content, one.name)

    def _file(self, claimed: Claimed, ended: Ended) -> None:
        folder = make_temporary_folder()
        try:
            results = []
            self._offer(ended)
            for one in ended.results:
                if one.kind != PREVIEW:
                    results.append(folder / Path(one.name).name)
                    results[-1].write_bytes(one.content)
            self._inbox.file_away(claimed, "attention" if ended.needs_look else "done", results, ended.words)
        finally:
            remove_folder(folder)
        self.files += 1
        self.needs_look |= ended.needs_look
        self._tell("file-filed", f'"{claimed.name}" came back from a worker', batch=ended.batch, file=claimed.name)
