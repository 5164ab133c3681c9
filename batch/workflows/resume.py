"""Go on with what was begun: settle what is in doubt, look again at what waits, submit what is still planned."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from batch.core.validate import account_waits
from batch.model import WAITS, Status, StatusChange
from batch.model.errors import BatchError, ReportError
from batch.workflows.account_checks import find_short
from batch.workflows.changed_settings import warn_of_off_time
from batch.workflows.context import Context, World, open_context
from batch.workflows.mail import mail_batches
from batch.workflows.preview import offer_batches
from batch.workflows.proofs import read_own_account
from batch.workflows.report import write_batch_report
from batch.workflows.run import (
    be_submitter,
    begin_run,
    submit_planned,
)
from batch.workflows.tally import Tally, count_as

if TYPE_CHECKING:
    from batch.adapters.config import Settings


def resume(settings: Settings, world: World, *, limit: int | None = None) -> Tally:
    """Settle what is in doubt, look again at what waits, and submit what is still planned."""
    with open_context(settings, world) as context:
        with be_submitter(context):
            tally = resume_in(context, limit=limit)
        mail_batches(settings, context.ledger, world, tally.moved, stopped=str(tally.trouble or ""))
        for preview in tally.previews:
            context.note(f"the preview that an earlier run did not finish: {preview}")
        _tell_unapproved(context)
        return tally


def _tell_unapproved(context: Context) -> None:
    for batch in context.ledger.batches.all():
        if batch.state == WAITS:
            how = f'it goes when another person types "campaign-batch approve {batch.id}"'
            context.note(f'batch {batch.id} "{batch.file}" waits for a second person: {how}')


def resume_in(context: Context, *, limit: int | None = None) -> Tally:
    """Do what `resume` does, with a ledger and a provider that are open already."""
    open_ones = {Status.IN_DOUBT, Status.SUBMITTING, Status.PLANNED, Status.WAITING}
    before = {entry.id: entry.status for entry in context.ledger.entries.select(statuses=open_ones)}
    touched = list(before)
    tally = Tally(rows=len(touched))
    reading = begin_run(context, tally)
    try:
        # What is planned goes first: a list that shows something newer than a doubt can prove that it is not there.
        release_waiting(context)
        tally.previews = offer_batches(context)
        submit_planned(context, tally, None, reading, limit)
    except BatchError as trouble:
        tally.trouble = trouble
    entries = list(context.ledger.entries.select(ids=touched)) if touched else []
    tally.counts = Counter(count_as("", entry) for entry in entries)
    tally.off_time = warn_of_off_time(context)
    tally.doubled = len(context.doubled)
    tally.moved = tuple(sorted({entry.batch for entry in entries if entry.status is not before[entry.id]}))
    context.ledger.journal.note_run("resume", context.world.now(), f"{len(touched)} rows")
    try:
        for batch in sorted({entry.batch for entry in entries}):
            tally.reports += write_batch_report(context, batch)
    except ReportError as trouble:
        tally.trouble = tally.trouble or trouble
    return tally


def release_waiting(context: Context) -> None:
    """Let go what waited for the provider and need wait no longer."""
    waiting = list(context.ledger.entries.select(statuses={Status.WAITING}))
    if not waiting:
        return
    account = read_own_account(context)
    ready = [entry for entry in waiting if not account_waits(entry.group_ids, entry.mms_template_id, account)]
    short = find_short(context, ready, account)
    for entry in ready:
        if entry.id in short:
            continue
        context.ledger.changes.make(
            StatusChange(
                entry.id,
                Status.PLANNED,
                expected={Status.WAITING},
                why="it no longer has to wait",
                who=context.world.who,
                now=context.world.now(),
            )
        )
