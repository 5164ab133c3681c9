"""Take a file in: check, plan, settle old doubts, submit, settle new ones, report. The straight line of the house."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from batch.core.guards import PlanRules, may_have_gone
from batch.core.plan import make_plan
from batch.model import NOT_SHOWN, WAITS, Account, Action, Entry, Group, Issue, Level, Plan, Status
from batch.model.errors import BatchError, ReportError
from batch.workflows.account_checks import find_short, remember_names, weigh
from batch.workflows.cancel import find_gone, how_to_go_on, note_marks
from batch.workflows.changed_settings import hold_outdated, read_with, tell_changes, tell_off_time
from batch.workflows.check import Check, check_sheet, open_file
from batch.workflows.confirm import confirm_plan
from batch.workflows.context import Rooms, World, need_zone, open_rehearsal, open_rooms, peek, tell_pause
from batch.workflows.hand_back import write_returned
from batch.workflows.listings import (
    adopt,
    find_doubts,
    find_unknown,
    read_trusted,
    settle_doubts,
    since_when,
    warn_of_other_ledger,
)
from batch.workflows.mail import mail_batches
from batch.workflows.post import Submission
from batch.workflows.proofs import prove_account, read_own_account
from batch.workflows.report import write_batch_report
from batch.workflows.row_ids import follow_row_ids, warn_of_unknown
from batch.workflows.tally import Tally, count_as, count_batch

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.sheet import Sheet
    from batch.core.settle import Reading

_ROUNDS = 4
"""Times that settling may give rows back to be submitted again; an entry has three attempts."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command says about one taking-in."""

    sheet: str = ""
    dry_run: bool = False
    rehearse: bool = False
    limit: int | None = None
    all_or_nothing: bool = False
    allow: frozenset[str] = frozenset()


def submit_file(path: Path, settings: Settings, world: World, options: Options) -> Tally:
    """Take one file in and submit what can go; raise BatchError only when nothing was begun."""
    opened = open_file(path, settings, sheet=options.sheet)
    need_zone(settings, for_real=not options.rehearse)
    with _rooms(path, settings, world, options) as rooms:
        tally = submit_in(path, rooms, options, opened)
        if tally.batch is not None and not rooms.rehearsal:
            mail_batches(settings, rooms.ledger, world, [tally.batch], stopped=str(tally.trouble or ""))
        return tally


def submit_in(path: Path, rooms: Rooms, options: Options, opened: Sheet | None = None) -> Tally:
    """Do what `submit` does in rooms that are open already."""
    with be_submitter(rooms):
        opened = opened or open_file(path, rooms.settings, sheet=options.sheet)
        reading = begin_run(rooms)
        check, plan, account, tally = _plan(opened, rooms, reading, options)
        if not rooms.rehearsal and not confirm_plan(rooms, plan, account, options.allow):
            tally.declined = True
            return tally
        tally.approval = rooms.settings.approval.required and not rooms.rehearsal
        if tally.approval:
            take_for_approval(rooms, tally, check=check, plan=plan, account=account)
        else:
            tally.batch = record_batch(rooms, check, plan)
            tally.to_do = note_marks(rooms, check, plan)
            finish_batch(rooms, tally, reading, options)
        if tally.batch is not None and tally.reports:
            tally.marked = write_returned(rooms, path, check, tally.batch, tally.reports[0])
        return tally


def take_for_approval(rooms: Rooms, tally: Tally, *, check: Check, plan: Plan, account: Account) -> None:
    """Write the batch down, then show it to those who may let it go; nothing is sent.

    Until its preview is written and bound nobody can say yes to it: a run that ends in between changes nothing.
    """
    from batch.workflows.preview import offer_batch

    tally.batch = record_batch(rooms, check, plan, waits=True)
    tally.to_do = note_marks(rooms, check, plan)
    count_batch(rooms, tally)
    tally.reports = write_batch_report(rooms, tally.batch)
    tally.preview = offer_batch(rooms, tally.batch, account)


def finish_batch(rooms: Rooms, tally: Tally, reading: Reading, options: Options) -> None:
    """Submit what the batch plans, count where its rows ended, and report."""
    assert tally.batch is not None
    _submit_batch(rooms, tally, reading, options)
    count_batch(rooms, tally)
    tally.off_time = tell_off_time(rooms)
    tally.doubled = len(rooms.doubled)
    try:
        tally.reports = write_batch_report(rooms, tally.batch, stopped=str(tally.trouble or ""))
    except ReportError as trouble:
        tally.trouble = tally.trouble or trouble  # the campaigns are on their way: where they are is told all the same


def _plan(opened: Sheet, rooms: Rooms, reading: Reading, options: Options) -> tuple[Check, Plan, Account, Tally]:
    """Check and plan a file against the account, the ledger and the provider's list."""
    settings, world = rooms.settings, rooms.world
    zone = need_zone(settings, for_real=not rooms.rehearsal)
    account = read_own_account(rooms)
    check = check_sheet(
        opened, settings, zone=zone, now=world.now(), account=account, keep=True, taking=True, tell=world.tell
    )
    plan = plan_rows(rooms, check, reading, options, account)
    gone = find_gone(rooms, check, plan)
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
    with _rooms(path, settings, world, options) as rooms:
        tell_changes(rooms, look=True)
        tell_off_time(rooms)
        _, plan, _, tally = _plan(opened, rooms, read_trusted(rooms, since_when(rooms, ())), options)
        tally.doubled = len(rooms.doubled)
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


def resume(settings: Settings, world: World, *, limit: int | None = None) -> Tally:
    """Settle what is in doubt, look again at what waits, and submit what is still planned."""
    with open_rooms(settings, world) as rooms:
        with be_submitter(rooms):
            tally = resume_in(rooms, limit=limit)
        mail_batches(settings, rooms.ledger, world, tally.moved, stopped=str(tally.trouble or ""))
        for preview in tally.previews:
            rooms.note(f"the preview that an earlier run did not come to write: {preview}")
        _tell_unapproved(rooms)
        return tally


def _tell_unapproved(rooms: Rooms) -> None:
    for batch in rooms.ledger.batches():
        if batch.state == WAITS:
            how = f'it goes when another person types "campaign-batch approve {batch.id}"'
            rooms.note(f'batch {batch.id} "{batch.file}" waits for a second person: {how}')


def resume_in(rooms: Rooms, *, limit: int | None = None) -> Tally:
    """Do what `resume` does in rooms that are open already."""
    from batch.workflows.preview import offer_batches

    open_ones = {Status.IN_DOUBT, Status.SUBMITTING, Status.PLANNED, Status.WAITING}
    before = {entry.id: entry.status for entry in rooms.ledger.entries(statuses=open_ones)}
    touched = list(before)
    tally = Tally(rows=len(touched))
    reading = begin_run(rooms, tally)
    try:
        # What is planned goes first: a list that shows something newer than a doubt can prove that it is not there.
        look_again_at_waiting(rooms)
        tally.previews = offer_batches(rooms)
        _submit_planned(rooms, tally, None, reading, limit)
    except BatchError as trouble:
        tally.trouble = trouble
    entries = list(rooms.ledger.entries(ids=touched)) if touched else []
    tally.counts = Counter(count_as("", entry) for entry in entries)
    tally.off_time = tell_off_time(rooms)
    tally.doubled = len(rooms.doubled)
    tally.moved = tuple(sorted({entry.batch for entry in entries if entry.status is not before[entry.id]}))
    rooms.ledger.note_run("resume", rooms.world.now(), f"{len(touched)} rows")
    try:
        for batch in sorted({entry.batch for entry in entries}):
            tally.reports += write_batch_report(rooms, batch)
    except ReportError as trouble:
        tally.trouble = tally.trouble or trouble
    return tally


def _rooms(path: Path, settings: Settings, world: World, options: Options) -> AbstractContextManager[Rooms]:
    """Open the rooms that the command asks for: the real ones, a rehearsal's, or the real ones only to look."""
    if options.rehearse:
        return open_rehearsal(settings, world, _name_groups(path, settings, world, options))
    return (peek if options.dry_run else open_rooms)(settings, world)


def _name_groups(path: Path, settings: Settings, world: World, options: Options) -> list[Group]:
    """Make up the groups that a file speaks of, for a rehearsal's provider."""
    opened = open_file(path, settings, sheet=options.sheet)
    zone = need_zone(settings, for_real=False)
    check = check_sheet(opened, settings, zone=zone, now=world.now(), taking=True)
    names = sorted(check.group_names - {""})
    made_up = [Group(str(900_000 + number), name, 100) for number, name in enumerate(names)]
    return [*made_up, *(Group(group, f"Group {group}", 100) for group in sorted(check.group_ids))]


@contextmanager
def be_submitter(rooms: Rooms) -> Iterator[None]:
    """Be the one submitter of this ledger, unless everything is paused."""
    with rooms.ledger.submitter(rooms.world.who, rooms.world.now()):
        if pauses := rooms.ledger.pauses():
            raise BatchError(f"everything is paused {tell_pause(pauses[0], rooms.settings)}", how_to_go_on(pauses))
        yield


def begin_run(rooms: Rooms, tally: Tally | None = None) -> Reading:
    """Bring the ledger up to date before anything is sent: dead attempts, the provider's lists, times gone by."""
    rooms.ledger.orphans(rooms.world.now(), rooms.world.who)
    doubts = [doubt.entry for doubt in find_doubts(rooms)]
    planned = rooms.ledger.planned()
    reading = read_trusted(rooms, since_when(rooms, (*doubts, *planned)))
    if planned:
        prove_account(rooms, reading)
    rooms.ledger.bind(rooms.settings.provider.account, rooms.provider.host)
    adopted = settle_doubts(rooms, wait=False, first=reading) if doubts else 0
    # Before the late ones are called too late: a ledger that was restored plans again what went out meanwhile.
    adopted += adopt(rooms, planned, reading)
    expire(rooms)
    tell_changes(rooms)
    hold_outdated(rooms, (*rooms.ledger.planned(), *rooms.ledger.entries(statuses={Status.WAITING})))
    if tally is not None:
        tally.adopted += adopted
    return reading


def expire(rooms: Rooms) -> None:
    """Record what can no longer go: planned rows within the lead time, kept-back rows whose time has passed."""
    now = rooms.world.now()
    groups = (
        (Status.PLANNED, now + rooms.lead, Status.EXPIRED, "its time came too near before it could go"),
        (Status.HELD, now, Status.EXPIRED, "its time passed while it waited for a person"),
        (Status.WAITING, now, Status.EXPIRED, "its time passed while it waited for the provider"),
        (Status.WAITING, now + rooms.lead, Status.HELD, "what it waited for did not come before its lead time"),
    )
    for status, until, to, why in groups:
        for entry in list(rooms.ledger.entries(statuses={status}, due_until=until)):
            if not may_have_gone(entry):  # else nobody knows that it is too late: it may have gone out
                _move_on(rooms, entry, to, why)


def _move_on(rooms: Rooms, entry: Entry, to: Status, why: str) -> None:
    late = Issue(entry.row, "", "", "too-late", why, Level.HOLD)
    issues = (*entry.issues, late) if to is Status.HELD else None
    rooms.ledger.change_status(
        entry.id, to, expected={entry.status}, why=why, who=rooms.world.who, now=rooms.world.now(), issues=issues
    )


def plan_rows(rooms: Rooms, check: Check, reading: Reading, options: Options, account: Account) -> Plan:
    """Plan the checked rows against the ledger and the provider's list."""
    settings, world = rooms.settings, rooms.world
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
    keys = {row.key for row in check.kept}
    fingerprints = {row.campaign.fingerprint for row in check.kept if row.campaign is not None}
    mended = follow_row_ids(rooms.ledger, check.kept)
    known = rooms.ledger.known(keys | mended.keys, fingerprints, world.now())
    unknown = find_unknown(rooms, reading)
    rows = weigh(rooms, warn_of_unknown(check.kept, mended.unknown), known, account)
    plan = make_plan(rows, known, rules=rules, now=world.now(), listed=unknown, named=mended.entries)
    warn_of_other_ledger(rooms, unknown, {decision.tag for decision in plan.decisions})
    return plan


def record_batch(rooms: Rooms, check: Check, plan: Plan, *, waits: bool = False) -> int:
    """Write the batch and what is planned for each row into the ledger, all of it or nothing.

    With `waits` nothing of it may go before its preview is written and a second person says yes.
    """
    world = rooms.world
    batch = rooms.ledger.take_in(
        plan.decisions,
        account=rooms.settings.provider.account,
        file=check.file,
        sheet=check.sheet,
        file_hash=check.file_hash,
        taken_in_at=world.now(),
        read_with=read_with(rooms.settings),
        rows=check.rows,
        blank=check.blank,
        left_out=check.left_out,
        submitted_by=world.who,
        machine=world.machine,
        state=NOT_SHOWN if waits else "open",
        issues=tuple(issue for issue in check.warnings if issue.row == 0),
    )
    rooms.ledger.note_submitter(batch, world.person)
    remember_names(rooms, plan.decisions)
    return batch


def _submit_batch(rooms: Rooms, tally: Tally, reading: Reading, options: Options) -> None:
    try:
        _submit_planned(rooms, tally, tally.batch, reading, options.limit)
    except BatchError as trouble:
        tally.trouble = trouble
    assert tally.batch is not None
    now = rooms.world.now()
    rooms.ledger.change_batch(tally.batch, state="done", now=now)
    rooms.ledger.note_run("submit", now, f'batch {tally.batch}: "{tally.file}"')


def _submit_planned(rooms: Rooms, tally: Tally, batch: int | None, reading: Reading, limit: int | None) -> None:
    """Submit what is planned, settle what is in doubt, and again for what the settling gives back."""
    submission = Submission(rooms, limit=limit)
    tally.adopted += adopt(rooms, find_planned(rooms, batch), reading)
    planned = hold_outdated(rooms, find_planned(rooms, batch))
    for _ in range(_ROUNDS):
        submission.run(planned)
        if rooms.world.stopped():
            return
        if find_doubts(rooms):
            tally.adopted += settle_doubts(rooms, wait=True)
        tried = {(entry.id, entry.changed_at) for entry in planned}
        planned = hold_outdated(rooms, find_planned(rooms, batch))
        if not {(entry.id, entry.changed_at) for entry in planned} - tried:
            break
    submission.look_at_last()


def find_planned(rooms: Rooms, batch: int | None) -> tuple[Entry, ...]:
    """Give what is planned, by send time; batches that wait for a second person are left out."""
    closed = {one.id for one in rooms.ledger.batches() if one.is_kept_back and one.id != batch}
    return tuple(entry for entry in rooms.ledger.planned(batch) if entry.batch not in closed)


def look_again_at_waiting(rooms: Rooms) -> None:
    """Let go what waited for the provider and need wait no longer."""
    from batch.core.validate import account_waits

    waiting = list(rooms.ledger.entries(statuses={Status.WAITING}))
    if not waiting:
        return
    account = read_own_account(rooms)
    ready = [entry for entry in waiting if not account_waits(entry.group_ids, entry.mms_template_id, account)]
    short = find_short(rooms, ready, account)
    for entry in ready:
        if entry.id in short:
            continue
        rooms.ledger.change_status(
            entry.id,
            Status.PLANNED,
            expected={Status.WAITING},
            why="what it waited for is there now",
            who=rooms.world.who,
            now=rooms.world.now(),
        )
