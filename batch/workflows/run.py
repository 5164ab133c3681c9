"""The one run that submit, resume, approve and test share: be the submitter, look first, plan, post, settle, count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING

from batch.core.guards import PlanRules, may_have_gone
from batch.core.plan import make_plan
from batch.core.settle import Reading
from batch.core.standing import standing_of
from batch.core.unchanged import Unchanged
from batch.model import NOT_SHOWN, UNDER_WAY, Account, Entry, Issue, Level, Plan, Status, StatusChange
from batch.model.errors import BatchError, NotAsAskedError, ReportError, StoppedError
from batch.model.plurals import plural
from batch.workflows.account_checks import check_account, remember_names
from batch.workflows.changed_settings import hold_outdated, read_with, warn_of_changes, warn_of_off_time
from batch.workflows.check import Check
from batch.workflows.context import Context
from batch.workflows.events import RunEnded
from batch.workflows.listings import (
    adopt,
    find_doubts,
    find_unknown,
    read_trusted,
    settle_doubts,
    since_when,
    warn_of_other_ledger,
)
from batch.workflows.moved_rows import hold_moved
from batch.workflows.not_as_asked import lift_if_corrected, pause_after
from batch.workflows.options import Options
from batch.workflows.post import Submission
from batch.workflows.proofs import prove_account
from batch.workflows.row_ids import follow_row_ids, warn_of_unknown
from batch.workflows.stop_file import AGAIN, lift_gone_stops, refuse_if_paused
from batch.workflows.tally import Tally, count_as
from batch.workflows.zone_changes import OFFSETS, offsets_of

if TYPE_CHECKING:
    from batch.adapters.ledger import Ledger

_ROUNDS = 4
"""Times that settling may give rows back to be submitted again; an entry has three attempts."""


@contextmanager
def be_submitter(context: Context) -> Iterator[None]:
    """Be the one submitter of this ledger, unless everything is paused."""
    with context.ledger.lock.hold(context.world.who, context.world.now()):
        lift_if_corrected(context)
        lift_gone_stops(context)
        refuse_if_paused(context, AGAIN)
        yield


def begin_run(context: Context, tally: Tally | None = None) -> Reading:
    """Bring the ledger up to date before anything is sent: dead attempts, the provider's lists, times passed."""
    context.ledger.attempts.doubt_orphans(context.world.now(), context.world.who)
    _end_cut_off(context, resumes=tally is not None)
    doubts = [doubt.entry for doubt in find_doubts(context)]
    planned = context.ledger.entries.planned()
    reading = read_trusted(context, since_when(context, (*doubts, *planned)))
    if planned:
        prove_account(context, reading)
    context.ledger.journal.bind(context.settings.provider.account, context.provider.host)
    adopted = settle_doubts(context, wait=False, first=reading) if doubts else 0
    # Before the late ones are called too late: a ledger that was restored plans again what went out meanwhile.
    adopted += adopt(context, planned, reading)
    expire(context)
    warn_of_changes(context)
    hold_outdated(
        context, (*context.ledger.entries.planned(), *context.ledger.entries.select(statuses={Status.WAITING}))
    )
    if tally is not None:
        tally.adopted += adopted
    return reading


def _end_cut_off(context: Context, *, resumes: bool) -> None:
    """End the batches whose run was killed, and say what is left of each: only the submitter may, no other lives."""
    then = "this run goes on with that" if resumes else 'type "campaign-batch resume" for that'
    for batch in context.ledger.batches.all(states=UNDER_WAY):
        if left := len(context.ledger.entries.planned(batch.id)):
            rows = plural(left, "row is", "rows are")
            words = f'batch {batch.id} "{batch.file}" was cut off: {rows} still to be submitted'
            context.note(f"{words}; {then}", loud=True)
        context.ledger.batches.change(batch.id, state="done", now=context.world.now())


def expire(context: Context) -> None:
    """Record what can no longer go: planned rows within the lead time, kept-back rows whose time has passed."""
    now = context.world.now()
    groups = (
        (Status.PLANNED, now + context.lead, Status.EXPIRED, "it got too close to its send time"),
        (Status.HELD, now, Status.EXPIRED, "its time passed while it waited for a person"),
        (Status.WAITING, now, Status.EXPIRED, "its time passed while it waited for the provider"),
        (Status.WAITING, now + context.lead, Status.HELD, "what it was waiting for did not happen in time"),
    )
    for status, until, to, why in groups:
        for entry in list(context.ledger.entries.select(statuses={status}, due_until=until)):
            if not may_have_gone(entry):  # else nobody knows that it is too late: it may have gone out
                _move_on(context, entry, to, why)


def _move_on(context: Context, entry: Entry, to: Status, why: str) -> None:
    late = Issue(entry.row, "", "", "too-late", why, Level.HOLD)
    issues = (*entry.issues, late) if to is Status.HELD else None
    context.ledger.changes.make(
        StatusChange(
            entry.id,
            to,
            expected={entry.status},
            why=why,
            who=context.world.who,
            now=context.world.now(),
            issues=issues,
        )
    )


def plan_rows(context: Context, check: Check, reading: Reading, options: Options, account: Account) -> Plan:
    """Plan the checked rows against the ledger and the provider's list."""
    settings, world = context.settings, context.world
    rules = PlanRules(
        file=check.file,
        sheet=check.sheet,
        tabs=check.tabs,
        account=settings.provider.account,
        tag_names=settings.provider.tag_names,
        max_name=settings.provider.max_name,
        provider_zone=settings.provider.timezone,
        close_hours=settings.checks.close_hours,
        stop_above=settings.checks.stop_above,
        all_or_nothing=options.all_or_nothing,
        allowed=options.allow,
        levels=settings.rules,
    )
    named = follow_row_ids(context.ledger, check.kept)
    rows = warn_of_unknown(check.kept, named.unknown)
    now, unknown = world.now(), find_unknown(context, reading)
    unchanged = Unchanged(rows, now, listed=unknown, named=named.entries)
    keys = chain((row.key for row in rows), named.keys)
    known = context.ledger.known.matching(keys, unchanged.fingerprints(), now, unchanged.set_aside)
    refused = context.ledger.attempts.refused(entry.id for entry in known if entry.status is Status.REJECTED)
    rows = check_account(context, rows, known, account, unchanged)
    rows = hold_moved(context, rows, known, options.also, unchanged)
    plan = make_plan(
        rows, known, rules=rules, now=now, listed=unknown, named=named.entries, unchanged=unchanged, refused=refused
    )
    warn_of_other_ledger(context, unknown, {decision.tag for decision in plan.decisions})
    return plan


def record_batch(context: Context, check: Check, plan: Plan, *, waits: bool = False) -> int:
    """Write the batch and what is planned for each row into the ledger, all of it or nothing.

    With `waits` nothing of it may go before its preview is written and a second person says yes.
    """
    world = context.world
    batch = context.ledger.batches.take_in(
        plan.decisions,
        account=context.settings.provider.account,
        file=check.file,
        sheet=check.sheet,
        file_hash=check.file_hash,
        taken_in_at=world.now(),
        read_with={**read_with(context.settings), OFFSETS: offsets_of(plan.decisions)},
        rows=check.rows,
        blank=check.blank,
        left_out=check.left_out,
        submitted_by=world.who,
        machine=world.machine,
        state=NOT_SHOWN if waits else "open",
        issues=tuple(issue for issue in check.warnings if issue.row == 0),
    )
    context.ledger.people.note_submitter(batch, world.person)
    remember_names(context, plan.decisions)
    return batch


def finish_batch(context: Context, tally: Tally, reading: Reading, options: Options) -> None:
    """Submit what the batch plans, count where its rows ended, and report."""
    from batch.workflows.report import write_batch_report

    assert tally.batch is not None
    _submit_batch(context, tally, reading, options)
    count_batch(context, tally)
    tally.off_time = warn_of_off_time(context)
    tally.doubled = len(context.doubled)
    context.world.tell(RunEnded(tally))
    try:
        tally.reports = write_batch_report(context, tally.batch, stopped=str(tally.trouble or ""))
    except ReportError as trouble:
        tally.trouble = tally.trouble or trouble  # the campaigns are on their way: where they are is told anyway


def count_batch(context: Context, tally: Tally) -> None:
    """Count where the rows of a batch stand now."""
    assert tally.batch is not None
    lines = context.ledger.batches.rows(tally.batch)
    entries = {
        entry.id: entry for entry in context.ledger.entries.select(ids={line.entry for line in lines if line.entry})
    }
    tally.counts = Counter(count_as(line.what, entries.get(line.entry or 0)) for line in lines)
    gone = [entries[line.entry] for line in lines if line.what != "skipped" and line.entry in entries]
    now, zone = context.world.now(), context.settings.team_zone
    tally.attention = sum(
        count_as("", entry) == "accepted" and standing_of(entry, now, zone).needs_attention for entry in gone
    )


def _submit_batch(context: Context, tally: Tally, reading: Reading, options: Options) -> None:
    try:
        submit_planned(context, tally, tally.batch, reading, options.limit)
    except BatchError as trouble:
        tally.trouble = trouble
    assert tally.batch is not None
    now = context.world.now()
    context.ledger.batches.change(tally.batch, state="done", now=now)
    context.ledger.journal.note_run("submit", now, f'batch {tally.batch}: "{tally.file}"')


def submit_planned(context: Context, tally: Tally, batch: int | None, reading: Reading, limit: int | None) -> None:
    """Submit what is planned, settle what is in doubt, and again for what the settling gives back."""
    try:
        _submit_and_settle(context, tally, batch, reading, limit)
    except NotAsAskedError as trouble:
        pause_after(context, trouble)
        raise
    except StoppedError:
        refuse_if_paused(context)  # that ends what a watch or a worker waits for, too
        raise


def _submit_and_settle(context: Context, tally: Tally, batch: int | None, reading: Reading, limit: int | None) -> None:
    submission = Submission(context, limit=limit)
    tally.adopted += adopt(context, find_planned(context.ledger, batch), reading)
    planned = hold_outdated(context, find_planned(context.ledger, batch))
    for _ in range(_ROUNDS):
        submission.run(planned)
        if context.world.stopped():
            return
        if find_doubts(context):
            tally.adopted += settle_doubts(context, wait=True)
        tried = {(entry.id, entry.changed_at) for entry in planned}
        planned = hold_outdated(context, find_planned(context.ledger, batch))
        if not {(entry.id, entry.changed_at) for entry in planned} - tried:
            break
    submission.read_list_at_last()


def find_planned(ledger: Ledger, batch: int | None) -> tuple[Entry, ...]:
    """Give what is planned, by send time; batches that wait for a second person are left out."""
    planned = ledger.entries.planned(batch)
    others = {entry.batch for entry in planned} - {batch}
    closed = {number for number in others if ledger.batches.get(number).is_kept_back}
    return tuple(entry for entry in planned if entry.batch not in closed)
