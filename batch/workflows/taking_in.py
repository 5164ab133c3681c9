"""Take in one sheet that was dropped, and say what its note, its mail and its folder need to know of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from batch.core.hints import name_account
from batch.core.printable import whole_text
from batch.model import Person
from batch.model.errors import BatchError, SheetError
from batch.model.records import dataclass
from batch.workflows.context import Context
from batch.workflows.events import Note
from batch.workflows.mail import queue_words
from batch.workflows.mail_sending import Mailer, try_to_mail
from batch.workflows.notes_beside import describe_file, describe_unread
from batch.workflows.options import Options
from batch.workflows.shares import Shares
from batch.workflows.submit import submit_in, take_share
from batch.workflows.tally import Tally


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What taking one sheet in came to; of one that could not be read there is no batch."""

    words: str
    """For the note beside it."""
    told: str
    """For the record, in a few words."""
    needs_look: bool
    line: str
    """For whoever reads the log."""
    batch: int | None = None
    results: tuple[Path, ...] = ()
    """What is to lie beside it."""
    preview: Path | None = None
    """What is to be shown to those who can approve."""
    known: bool = False
    """Whether every row of it was taken in before."""
    trouble: BatchError | None = None
    """Why the run stopped; nothing is lost."""


def take_in(context: Context, path: Path, by: Person | None, shares: Shares | None, key: str) -> TakenIn:
    """Submit this account's rows of a sheet, in the name of whoever dropped it; `key` tells this drop from others.

    Raises BatchError for what is nobody's fault, as from a provider that is away: it is tried again.
    """
    if by is not None:
        context = replace(context, world=replace(context.world, who=by.shown, user=by))
    options = Options(give_back=True)
    try:
        if shares is None:
            return _tell_taken(context, submit_in(path, context, options))
        opened, options = take_share(path, context.settings, context.world, options, shares)
        return _tell_taken(context, submit_in(path, context, options, opened))
    except SheetError as trouble:
        return refuse(context, path.name, trouble, key)


def refuse(context: Context, name: str, trouble: SheetError, key: str) -> TakenIn:
    """Say that a sheet cannot be read, in its note and in a mail."""
    words = describe_unread(name, trouble)
    told = (f"{words}.", "None of it was sent. It is in the folder attention: fix it and drop it again.")
    mailer = Mailer(context.settings, context.ledger, context.world)
    subject = f'"{whole_text(name)}" cannot be taken in'
    try_to_mail(mailer, lambda: queue_words(mailer, subject, told, kind="attention", key=key))
    note = f"{words}.\nNothing of it was sent. Fix it and drop it again.\n"
    return TakenIn(note, f"could not be read: {trouble.words}", needs_look=True, line=words)


def tell_outcome(context: Context, name: str, outcome: TakenIn) -> None:
    """Tell what became of a sheet, and keep it on the record."""
    read = outcome.batch is not None
    event = "file-done" if read else "file-refused"
    context.world.tell(Note(outcome.line, not read, event, outcome.batch, None, name))
    context.ledger.journal.note_run("file", context.world.now(), whole_text(f'"{name}": {outcome.told}'))


def key_of(name: str, claimed_at: datetime, mark: str) -> str:
    """Name the mail about one drop of a file that cannot be read."""
    return f"unread:{whole_text(name)}:{claimed_at.isoformat()}:{mark}"


def _tell_taken(context: Context, tally: Tally) -> TakenIn:
    assert tally.batch is not None
    look = tally.needs_look or tally.trouble is not None
    words = name_account(describe_file(tally, known=_known_as(context, tally)), context.settings.name)
    results = [path for path in tally.reports if path.suffix == ".html"] + tally.marked
    return TakenIn(
        words,
        f"batch {tally.batch}",
        needs_look=look,
        line=words.replace("\n", " "),
        batch=tally.batch,
        results=tuple(results),
        preview=tally.preview,
        known=_is_known(tally),
        trouble=tally.trouble,
    )


def _known_as(context: Context, tally: Tally) -> tuple[int, ...]:
    """Give the batches from which every row of a file is known; none when one is new."""
    if not _is_known(tally) or tally.batch is None:
        return ()
    ids = {line.entry for line in context.ledger.batches.rows(tally.batch) if line.entry is not None}
    return tuple(sorted({entry.batch for entry in context.ledger.entries.select(ids=ids)})) if ids else ()


def _is_known(tally: Tally) -> bool:
    return tally.rows > 0 and tally.counts["skipped"] == tally.rows
