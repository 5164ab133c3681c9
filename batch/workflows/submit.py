"""Take a file in: check, plan, settle old doubts, submit, settle new ones, report."""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

# What every run opens is loaded here, while the process that reads the file still starts.
from batch.adapters import ledger, provider  # noqa: F401
from batch.core.settle import Reading
from batch.core.validate.groups import FIELD as GROUPS
from batch.core.validate.groups import spell_groups
from batch.model import Group
from batch.model.errors import ReportError
from batch.workflows.cancel import find_gone, note_marks, preview_marks
from batch.workflows.changed_settings import warn_of_changes, warn_of_off_time
from batch.workflows.check import check_sheet
from batch.workflows.confirm import confirm_plan
from batch.workflows.context import Context, World, need_zone, open_context, open_rehearsal, peek
from batch.workflows.listings import (
    read_trusted,
    since_when,
)
from batch.workflows.options import Options
from batch.workflows.prepared import Prepared
from batch.workflows.proofs import read_own_account
from batch.workflows.run import (
    be_submitter,
    begin_run,
    count_batch,
    finish_batch,
    plan_rows,
    record_batch,
)
from batch.workflows.shares import Shares, share_out
from batch.workflows.tally import DECIDED_AS, Tally

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.sheet import Sheet


def submit_file(path: Path, settings: Settings, world: World, options: Options, shares: Shares | None = None) -> Tally:
    """Take one file in and submit what can go; raise BatchError only when nothing was begun.

    `shares` is the file, open already, and whose its rows are.
    """
    opened, options = take_share(path, settings, world, options, shares)
    need_zone(settings, for_real=not options.rehearse)
    with _open(opened, settings, world, options) as context:
        tally = submit_in(path, context, options, opened)
        if tally.batch is not None and not context.rehearsal:
            from batch.workflows.mail import mail_batches

            mail_batches(settings, context.ledger, world, [tally.batch], stopped=str(tally.trouble or ""))
        return tally


def submit_in(path: Path, context: Context, options: Options, opened: Sheet | None = None) -> Tally:
    """Do what `submit` does, with a ledger and a provider that are open already."""
    with be_submitter(context):
        if opened is None:
            opened, options = take_share(path, context.settings, context.world, options)
        reading = begin_run(context)
        prepared = _prepare(path, opened, context, reading, options)
        tally = prepared.start_tally()
        if not (context.rehearsal or _confirm(context, prepared, tally, options)):
            tally.declined = True
            return tally
        tally.approval = context.settings.approval.required and not context.rehearsal
        if tally.approval:
            _take_for_approval(context, tally, prepared)
        else:
            tally.batch = record_batch(context, prepared.check, prepared.plan)
            tally.to_do = note_marks(context, prepared.check, prepared.plan)
            finish_batch(context, tally, reading, options)
        if tally.batch is not None and tally.reports:
            from batch.workflows.hand_back import write_returned

            tally.marked = write_returned(
                context, prepared.check, path, tally.batch, tally.reports[0], always=options.give_back
            )
        return tally


def take_share(
    path: Path, settings: Settings, world: World, options: Options, shares: Shares | None = None
) -> tuple[Sheet, Options]:
    """Open this account's part of a file, and let the plan ask what the same file has for the others."""
    shares = shares or share_out(path, settings, sheet=options.sheet)
    found = shares
    also = cache(lambda account: found.keys(account, world.now()))
    return shares.part(settings.provider.account), replace(options, also=also)


def _confirm(context: Context, prepared: Prepared, tally: Tally, options: Options) -> bool:
    return confirm_plan(context, prepared.plan, prepared.account, options.allow, tally.file_issues)


def _take_for_approval(context: Context, tally: Tally, prepared: Prepared) -> None:
    """Write the batch down, then show it to those who can approve it; nothing is sent.

    Until its preview is written and bound nobody can say yes to it: a run that ends in between changes nothing.
    """
    from batch.workflows.preview import offer_batch
    from batch.workflows.report import write_batch_report

    tally.batch = record_batch(context, prepared.check, prepared.plan, waits=True)
    tally.to_do = note_marks(context, prepared.check, prepared.plan)
    count_batch(context, tally)
    try:
        tally.preview = offer_batch(context, tally.batch, prepared.account)
        tally.reports = write_batch_report(context, tally.batch)
    except ReportError as trouble:
        tally.trouble = trouble  # the file is taken in: who takes it again would only make another batch


def _prepare(path: Path, opened: Sheet, context: Context, reading: Reading, options: Options) -> Prepared:
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
    return Prepared(path, check, plan, account, len(gone))


def plan_file(path: Path, settings: Settings, world: World, options: Options, shares: Shares | None = None) -> Tally:
    """Say what would be done with each row of a file; nothing is written and nothing sent."""
    opened, options = take_share(path, settings, world, options, shares)
    need_zone(settings, for_real=not options.rehearse)
    with _open(opened, settings, world, options) as context:
        warn_of_changes(context, look=True)
        warn_of_off_time(context)
        reading = read_trusted(context, since_when(context, ()))
        prepared = _prepare(path, opened, context, reading, options)
        tally = prepared.start_tally()
        tally.to_do = preview_marks(context, prepared.plan)
        tally.doubled = len(context.doubled)
    tally.counts = Counter(DECIDED_AS[decision.action] for decision in tally.decisions)
    return tally


def _open(opened: Sheet, settings: Settings, world: World, options: Options) -> AbstractContextManager[Context]:
    """Open the context that the command asks for: the real ones, a rehearsal's, or the real ones only to look."""
    if options.rehearse:
        return open_rehearsal(settings, world, _make_up_groups(opened))
    return (peek if options.dry_run else open_context)(settings, world)


def _make_up_groups(opened: Sheet) -> list[Group]:
    """Make up the groups that a file speaks of, for a rehearsal's provider."""
    ids, names = spell_groups(row.text(GROUPS) for row in opened.look_ahead())
    made_up = [Group(str(900_000 + number), name, 100) for number, name in enumerate(sorted(names))]
    return [*made_up, *(Group(group, f"Group {group}", 100) for group in sorted(ids))]
