"""Take a file in: check, plan, settle old doubts, submit, settle new ones, report. The straight line of the house."""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from batch.model import Account, Action, Group, Plan
from batch.workflows.cancel import find_gone, note_marks
from batch.workflows.changed_settings import tell_changes, tell_off_time
from batch.workflows.check import Check, check_sheet, open_file
from batch.workflows.confirm import confirm_plan
from batch.workflows.context import Context, World, need_zone, open_context, open_rehearsal, peek
from batch.workflows.hand_back import write_returned
from batch.workflows.listings import (
    read_trusted,
    since_when,
)
from batch.workflows.mail import mail_batches
from batch.workflows.preview import offer_batch
from batch.workflows.proofs import read_own_account
from batch.workflows.report import write_batch_report
from batch.workflows.run import (
    Options,
    be_submitter,
    begin_run,
    finish_batch,
    plan_rows,
    record_batch,
)
from batch.workflows.tally import Tally, count_batch

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.sheet import Sheet
    from batch.core.settle import Reading


def submit_file(path: Path, settings: Settings, world: World, options: Options) -> Tally:
    """Take one file in and submit what can go; raise BatchError only when nothing was begun."""
    opened = open_file(path, settings, sheet=options.sheet)
    need_zone(settings, for_real=not options.rehearse)
    with _open(path, settings, world, options) as context:
        tally = submit_in(path, context, options, opened)
        if tally.batch is not None and not context.rehearsal:
            mail_batches(settings, context.ledger, world, [tally.batch], stopped=str(tally.trouble or ""))
        return tally


def submit_in(path: Path, context: Context, options: Options, opened: Sheet | None = None) -> Tally:
    """Do what `submit` does, with a ledger and a provider that are open already."""
    with be_submitter(context):
        opened = opened or open_file(path, context.settings, sheet=options.sheet)
        reading = begin_run(context)
        check, plan, account, tally = _plan(opened, context, reading, options)
        if not context.rehearsal and not confirm_plan(context, plan, account, options.allow):
            tally.declined = True
            return tally
        tally.approval = context.settings.approval.required and not context.rehearsal
        if tally.approval:
            take_for_approval(context, tally, check=check, plan=plan, account=account)
        else:
            tally.batch = record_batch(context, check, plan)
            tally.to_do = note_marks(context, check, plan)
            finish_batch(context, tally, reading, options)
        if tally.batch is not None and tally.reports:
            tally.marked = write_returned(context, path, check, tally.batch, tally.reports[0])
        return tally


def take_for_approval(context: Context, tally: Tally, *, check: Check, plan: Plan, account: Account) -> None:
    """Write the batch down, then show it to those who may let it go; nothing is sent.

    Until its preview is written and bound nobody can say yes to it: a run that ends in between changes nothing.
    """
    tally.batch = record_batch(context, check, plan, waits=True)
    tally.to_do = note_marks(context, check, plan)
    count_batch(context, tally)
    tally.reports = write_batch_report(context, tally.batch)
    tally.preview = offer_batch(context, tally.batch, account)


def _plan(opened: Sheet, context: Context, reading: Reading, options: Options) -> tuple[Check, Plan, Account, Tally]:
    """Check and plan a file against the account, the ledger and the provider's list."""
    settings, world = context.settings, context.world
    zone = need_zone(settings, for_real=not context.rehearsal)
    account = read_own_account(context)
    check = check_sheet(
        opened, settings, zone=zone, now=world.now(), account=account, keep=True, taking=True, tell=world.tell
    )
    plan = plan_rows(context, check, reading, options, account)
    gone = find_gone(context, check, plan)
    check.warnings[:0] = gone
    tally = Tally(file=check.file, rows=check.rows, blank=check.blank, left_out=check.left_out)
    tally.decisions = plan.decisions
    tally.file_issues = tuple(issue for issue in check.warnings if issue.row == 0)
    tally.gone = len(gone)
    return check, plan, account, tally


def plan_file(path: Path, settings: Settings, world: World, options: Options) -> Tally:
    """Say what would be done with each row of a file; nothing is written and nothing sent."""
    opened = open_file(path, settings, sheet=options.sheet)
    need_zone(settings, for_real=not options.rehearse)
    with _open(path, settings, world, options) as context:
        tell_changes(context, look=True)
        tell_off_time(context)
        _, plan, _, tally = _plan(opened, context, read_trusted(context, since_when(context, ())), options)
        tally.doubled = len(context.doubled)
    tally.counts = Counter(_DRY[decision.action] for decision in plan.decisions)
    return tally


_DRY = {
    Action.SUBMIT: "planned",
    Action.SKIP: "skipped",
    Action.HOLD: "held",
    Action.WAIT: "waiting",
    Action.INVALID: "invalid",
    Action.CANCEL: "skipped",
    Action.SETTLE: "in_doubt",
}


def _open(path: Path, settings: Settings, world: World, options: Options) -> AbstractContextManager[Context]:
    """Open the context that the command asks for: the real ones, a rehearsal's, or the real ones only to look."""
    if options.rehearse:
        return open_rehearsal(settings, world, _name_groups(path, settings, world, options))
    return (peek if options.dry_run else open_context)(settings, world)


def _name_groups(path: Path, settings: Settings, world: World, options: Options) -> list[Group]:
    """Make up the groups that a file speaks of, for a rehearsal's provider."""
    opened = open_file(path, settings, sheet=options.sheet)
    zone = need_zone(settings, for_real=False)
    check = check_sheet(opened, settings, zone=zone, now=world.now(), taking=True)
    names = sorted(check.group_names - {""})
    made_up = [Group(str(900_000 + number), name, 100) for number, name in enumerate(names)]
    return [*made_up, *(Group(group, f"Group {group}", 100) for group in sorted(check.group_ids))]
