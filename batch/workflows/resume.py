"""Go on with what was begun: settle what is in doubt, look again at what waits, submit what is still planned."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from batch.core.validate import account_waits, find_gone
from batch.model import WAITS, Entry, Issue, Status, StatusChange
from batch.model.codes import WAIT_CODES
from batch.model.errors import BatchError, ReportError
from batch.model.plurals import plural
from batch.workflows.account_checks import find_short
from batch.workflows.changed_settings import warn_of_off_time
from batch.workflows.context import Context, World, open_context
from batch.workflows.events import RunEnded
from batch.workflows.mail import mail_batches
from batch.workflows.preview import offer_batches
from batch.workflows.proofs import read_own_account
from batch.workflows.report import write_batch_report
from batch.workflows.run import (
    be_submitter,
    begin_run,
    list_asked_since,
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
    for batch in context.ledger.batches.all(states=(WAITS,)):
        how = f'it goes when another person types "campaign-batch approve {batch.id}"'
        context.note(f'batch {batch.id} "{batch.file}" waits for a second person: {how}')


def resume_in(context: Context, *, limit: int | None = None) -> Tally:
    """Do what `resume` does, with a ledger and a provider that are open already."""
    open_ones = {Status.IN_DOUBT, Status.SUBMITTING, Status.PLANNED, Status.WAITING}
    before = {entry.id: entry.status for entry in context.ledger.entries.select(statuses=open_ones)}
    touched = list(before)
    tally = Tally(rows=len(touched))
    asked = context.ledger.entries.cancellations()
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
    tally.to_do = list_asked_since(context, asked, None)
    tally.off_time = warn_of_off_time(context)
    tally.doubled = len(context.doubled)
    tally.moved = tuple(sorted({entry.batch for entry in entries if entry.status is not before[entry.id]}))
    context.ledger.journal.note_run("resume", context.world.now(), plural(len(touched), "row"))
    context.world.tell(RunEnded(tally))
    try:
        for batch in sorted({entry.batch for entry in entries}):
            tally.reports += write_batch_report(context, batch)
    except ReportError as trouble:
        tally.trouble = tally.trouble or trouble
    return tally


def release_waiting(context: Context) -> None:
    """Let go what waited for the provider and need wait no longer; ask about what waits for an id that is gone."""
    waiting = list(context.ledger.entries.select(statuses={Status.WAITING}))
    if not waiting:
        return
    account = read_own_account(context)
    found = {entry.id: find_gone(entry.group_ids, entry.mms_template_id, account) for entry in waiting}
    gone = {entry: issues for entry, issues in found.items() if issues}
    waits = {entry.id: account_waits(entry.group_ids, entry.mms_template_id, account) for entry in waiting}
    short = find_short(context, [one for one in waiting if one.id not in gone and not waits[one.id]], account)
    for entry in waiting:
        others = tuple(issue for issue in entry.issues if issue.code not in WAIT_CODES)
        if entry.id in gone:
            issues = tuple(replace(one, row=entry.row) for one in gone[entry.id])
            _move(context, entry, Status.HELD, issues[0].message, (*others, *issues))
            continue
        now = tuple(replace(one, row=entry.row) for one in (*waits[entry.id], *short.get(entry.id, ())))
        if not now:
            _move(context, entry, Status.PLANNED, "it no longer has to wait", others)
        elif {one.code for one in now} != {one.code for one in entry.issues} & WAIT_CODES:
            _move(context, entry, Status.WAITING, now[0].message, (*others, *now))


def _move(context: Context, entry: Entry, to: Status, why: str, issues: tuple[Issue, ...]) -> None:
    who, now = context.world.who, context.world.now()
    change = StatusChange(entry.id, to, expected={Status.WAITING}, why=why, who=who, now=now, issues=issues)
    context.ledger.changes.make(change)
