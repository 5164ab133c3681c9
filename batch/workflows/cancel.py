"""Take campaigns back: the wish to cancel, the pause, and the lists of what a person deletes in the dashboard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from batch.core.guards import is_from, may_have_gone
from batch.core.identity import is_test
from batch.core.standing import ALARM, standing_of
from batch.model import SHEET, Action, Entry, Issue, Level, PauseCause, Plan, Status, StatusChange
from batch.model.errors import UsageError
from batch.model.plurals import plural
from batch.model.times import clock, date_words, local_time, time_left, zone_of
from batch.model.wording import group_words
from batch.workflows.context import Context, World, describe_pause, open_ledger_of
from batch.workflows.events import name_entry
from batch.workflows.provider_times import as_they_go
from batch.workflows.stop_file import explain_staying, is_gone, unseen_stops

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger
    from batch.workflows.check import Check

_AT_PROVIDER = frozenset({Status.ACCEPTED, Status.SUBMITTING, Status.IN_DOUBT, Status.MISSING})
_NEVER_LEFT = frozenset(
    {Status.HELD, Status.WAITING, Status.REJECTED, Status.EXPIRED, Status.INVALID, Status.PLANNED}
)  # fmt: skip
_MET = frozenset({Action.SKIP, Action.SETTLE, Action.SUBMIT})
"""What is done with a row whose entry somebody may have asked to cancel before."""
_STILL = {
    Status.ACCEPTED: "is still scheduled",
    Status.PLANNED: "is still to be submitted",
    Status.WAITING: "still waits to be submitted",
}
_MAYBE_THERE = frozenset({Status.ACCEPTED, Status.IN_DOUBT, Status.SUBMITTING})
_OFF = timedelta(days=2)
"""As much later than meant a campaign may go out that was scheduled by a wrong zone."""


def cancel_entries(settings: Settings, world: World, numbers: Sequence[int], why: str) -> list[str]:
    """Drop what never went, note what must be deleted in the dashboard; give the list for the person who does it."""
    return _change_each(settings, world, numbers, why, _cancel_one)


def keep_entries(settings: Settings, world: World, numbers: Sequence[int], why: str) -> list[str]:
    """Take the wish to cancel back: the campaigns go out as they were scheduled."""
    return _change_each(settings, world, numbers, why, _keep_one)


def _change_each(
    settings: Settings,
    world: World,
    numbers: Sequence[int],
    why: str,
    change: Callable[[Ledger, World, Entry, str], str],
) -> list[str]:
    with open_ledger_of(settings, world, create=False) as ledger:
        entries = [ledger.entries.get(number) for number in dict.fromkeys(numbers)]
        lines = [change(ledger, world, entry, why) for entry in entries]
        return [*lines, *list_asked(settings, ledger, world.now())]


def _cancel_one(ledger: Ledger, world: World, entry: Entry, why: str) -> str:
    name = name_entry(entry)
    now, who = world.now(), world.signature
    # The wish stands first: should the campaign be on its way at this very moment, it is not sent again.
    asked = entry.status in _AT_PROVIDER | _NEVER_LEFT and ledger.changes.request_cancel(entry.id, why, who, now)
    if (
        entry.status in _NEVER_LEFT
        and not may_have_gone(entry)
        and ledger.changes.make(
            StatusChange(entry.id, Status.CANCELLED, expected={entry.status}, why=why, who=who, now=now)
        )
    ):
        return f"{name} was never submitted and is dropped"
    if asked:
        return f"{name} {_what_now(ledger.entries.get(entry.id), now)}"
    return f'{name} is "{_standing(ledger.entries.get(entry.id), world.now())}" and cannot be cancelled any more'


def _what_now(entry: Entry, now: datetime) -> str:
    if entry.status is Status.HELD:
        return (
            "may be at the provider anyway: look for it in the dashboard, delete it there, then type "
            f'"campaign-batch resolve {entry.id} --drop --why ..."'
        )
    if entry.status is Status.MISSING:
        return "is not at the provider any more; if it shows up again, delete it"
    if entry.status is not Status.ACCEPTED:
        return "may or may not have arrived: it is not sent again, and if you find it in the dashboard, delete it"
    if entry.send_at is not None and entry.send_at <= now:
        return "has probably gone out, since its send time has passed: run reconcile to find out"
    return "must be deleted in the provider's dashboard; reconcile checks it off"


def _keep_one(ledger: Ledger, world: World, entry: Entry, why: str) -> str:
    name = name_entry(entry)
    if ledger.changes.take_back_cancel(entry.id, why, world.signature, world.now()):
        return f"{name} will go out after all: do not delete it in the dashboard"
    return f'{name} is "{_standing(entry, world.now())}", and no one asked to cancel it'


def _standing(entry: Entry, now: datetime) -> str:
    return standing_of(entry, now).word.text


def drop_unwanted(context: Context, entry: Entry) -> bool:
    """Drop a planned entry that somebody wants cancelled; False when nobody does."""
    now = context.ledger.entries.get(entry.id)
    if not now.cancel_source:
        return False
    why = f"it never reached the provider, and was to be cancelled: {now.cancel_why}"
    return context.ledger.changes.make(
        StatusChange(
            entry.id,
            Status.CANCELLED,
            expected={Status.PLANNED},
            why=why,
            who=context.world.who,
            now=context.world.now(),
        )
    )


def alarm_is_due(ledger: Ledger, now: datetime) -> bool:
    """Say whether a campaign that is to be cancelled goes out within the hour, and nobody has looked since."""
    times = [entry.send_at for entry in ledger.entries.cancellations() if entry.send_at is not None]
    near = [time for time in times if time - ALARM <= now < time]
    last = ledger.journal.last_run("reconcile")
    return bool(near) and (last is None or last.at < max(near) - ALARM)


# What a sheet says: marks in its Cancel column, marks taken away, rows that are gone.


def note_marks(context: Context, check: Check, plan: Plan) -> list[str]:
    """Note which scheduled campaigns a sheet marks as to be cancelled, or no longer marks; give what a person does."""
    asked = {entry.id: entry for entry in context.ledger.entries.cancellations()} | _asked_before(context, plan)
    marked = 0
    lines: list[str] = []
    for decision in plan.decisions:
        campaign, entry = decision.checked.campaign, decision.entry
        if campaign is None or entry is None or decision.action not in _MET:
            continue
        if campaign.cancel:
            marked += _note_mark(context, check, campaign.row, entry, asked)
        elif entry in asked and asked[entry].cancel_source == SHEET:
            lines.append(_take_back_mark(context, check, campaign.row, entry))
        elif entry in asked:
            why = asked[entry].cancel_why
            lines.append(
                f'row {campaign.row} "{campaign.name}" is in the sheet, but is to be cancelled ({why}): if it '
                f'should go out after all, type "campaign-batch cancel {entry} --undo --why ..."'
            )
    if marked:
        lines += list_asked(context.settings, context.ledger, context.world.now())
    return lines


def preview_marks(context: Context, plan: Plan) -> list[str]:
    """Say what the marks of a sheet would ask for, or no longer ask for, once it is submitted; nothing is written."""
    asked = {entry.id: entry for entry in context.ledger.entries.cancellations()}
    lines = []
    for decision in plan.decisions:
        campaign, entry = decision.checked.campaign, decision.entry
        if campaign is None or entry is None or decision.action not in _MET:
            continue
        name, wish = f'row {campaign.row} "{campaign.name}"', asked.get(entry)
        if campaign.cancel and wish is None and _may_be_there(found := context.ledger.entries.get(entry)):
            known = f"Id {found.provider_id}" if found.provider_id else "not sure it arrived"
            lines.append(f"{name} ({known}) is to be cancelled: a person then deletes it in the dashboard")
        elif wish is not None and wish.cancel_source == SHEET and not campaign.cancel:
            lines.append(f"{name} is no longer marked Cancel: it then goes out as scheduled")
    return ["once this file is submitted:", *lines] if lines else []


def _may_be_there(entry: Entry) -> bool:
    return entry.status in _AT_PROVIDER or may_have_gone(entry)


def _asked_before(context: Context, plan: Plan) -> dict[int, Entry]:
    """Find what is planned again though it is to be cancelled: it was in doubt when somebody asked."""
    anew = {one.entry for one in plan.decisions if one.action is Action.SUBMIT and one.entry is not None}
    found = context.ledger.entries.select(ids=anew) if anew else ()
    return {entry.id: entry for entry in found if entry.cancel_source}


def _note_mark(context: Context, check: Check, row: int, entry: int, asked: Mapping[int, Entry]) -> bool:
    """Ask for the cancellation once, however often the file is dropped; give whether it is still to be deleted."""
    if entry in asked:
        return True
    why, world = f'marked Cancel in row {row} of "{check.file}"', context.world
    there = _may_be_there(context.ledger.entries.get(entry))
    return there and context.ledger.changes.request_cancel(entry, why, world.signature, world.now(), SHEET)


def _take_back_mark(context: Context, check: Check, row: int, entry: int) -> str:
    world = context.world
    context.ledger.changes.take_back_cancel(
        entry, f'no mark in row {row} of "{check.file}"', world.signature, world.now()
    )
    name = context.ledger.entries.get(entry).campaign_name
    return f'row {row} "{name}" is no longer marked Cancel: it goes out as scheduled, do not delete it in the dashboard'


def find_gone(context: Context, check: Check, plan: Plan) -> list[Issue]:
    """Name what an earlier version of this file had and this one has not, and that goes out anyway."""
    keys = {row.key for row in check.kept}
    answered = {number for one in plan.decisions for number in (one.entry, one.replaces)}
    coming = context.ledger.entries.select(statuses=set(_STILL), due_from=context.world.now())
    return [
        Issue(0, "", "", "gone-from-sheet", _explain_gone(entry), Level.WARNING)
        for entry in coming
        if is_from(entry, check.file, check.sheet, check.tabs)
        and entry.key not in keys
        and entry.id not in answered
        and not (entry.cancel_source or is_test(entry.key))
    ]


def _explain_gone(entry: Entry) -> str:
    known = f"entry {entry.id}, Id {entry.provider_id}" if entry.provider_id else f"entry {entry.id}"
    return (
        f'"{entry.campaign_name}" ({known}) {_STILL[entry.status]} though it is no longer in the sheet: if it should '
        f'not be sent, type "campaign-batch cancel {entry.id} --why ..."'
    )


# The pause, and the lists.


def pause_all(settings: Settings, world: World, why: str) -> list[str]:
    """Let nothing more be submitted by any process of this ledger; list what is scheduled anyway."""
    with open_ledger_of(settings, world, quiet=True) as ledger:
        before = next((pause for pause in ledger.pauses.all() if pause.cause is PauseCause.PERSON), None)
        # Beside whatever else pauses: who takes a file named STOP away must not lift a person's pause with it.
        ledger.pauses.add(why, world.signature, world.now())
        ledger.journal.note_run("pause", world.now(), f"{world.signature}: {why}")
        first = (
            f"paused already, {describe_pause(before, settings)}; it stays paused"
            if before
            else "paused: nothing more is submitted until somebody types campaign-batch unpause"
        )
        return [first, *list_scheduled(settings, ledger, world.now())]


def unpause_all(settings: Settings, world: World, why: str) -> str:
    """Lift every pause but those of a file named STOP that still lies there; raises UsageError where one lies."""
    with open_ledger_of(settings, world, create=False, quiet=True) as ledger:
        before = ledger.pauses.all()
        lying = unseen_stops(settings, before)
        if not (before or lying):
            return "nothing was paused"
        staying = [pause for pause in before if pause.cause is PauseCause.STOP_FILE and not is_gone(pause, settings)]
        lifted = [pause for pause in before if pause not in staying]
        for pause in lifted:
            ledger.pauses.lift(world.signature, world.now(), pause.cause, pause.folder)
        told = ", ".join(f"the pause {describe_pause(pause, settings)} is lifted" for pause in lifted)
        if lifted:
            ledger.journal.note_run("unpause", world.now(), f"{world.signature}: {why}".rstrip(": "))
        if staying or lying:
            raise UsageError(*explain_staying(staying, lying, settings, told))
        return f'{told}; "campaign-batch resume" submits what is planned'


def list_open(settings: Settings, world: World) -> list[str]:
    """Give what a person still has to do in the dashboard, and while everything is paused what is ticked off."""
    with open_ledger_of(settings, world, create=False, quiet=True) as ledger:
        now = world.now()
        if ledger.pauses.first():
            return list_scheduled(settings, ledger, now)
        return list_asked(settings, ledger, now)


def list_asked(settings: Settings, ledger: Ledger, now: datetime) -> list[str]:
    """Write what is to be cancelled and may still be there."""
    return list_to_delete(as_they_go(settings, ledger, ledger.entries.cancellations()), settings.team_zone, now)


def list_to_delete(entries: Iterable[Entry], zone: str, now: datetime) -> list[str]:
    """Write what a person must delete in the dashboard, the next to go first."""
    wanted = sorted(entries, key=lambda entry: (entry.send_at is None, entry.send_at, entry.id))
    if not wanted:
        return []
    return [
        f"to delete in the provider's dashboard ({len(wanted)}), the next to go first:",
        *(f"  [ ] {_when(entry, zone, now)} {_campaign(entry)}" for entry in wanted),
        'then type "campaign-batch reconcile": it checks off what is gone',
    ]


def list_scheduled(settings: Settings, ledger: Ledger, now: datetime) -> list[str]:
    """Write all that is still scheduled at the provider, by day and groups, and what is gone since the pause began."""
    zone, lately = settings.team_zone, ledger.entries.select(statuses=_MAYBE_THERE, due_from=now - _OFF)
    there = [entry for entry in as_they_go(settings, ledger, lately) if entry.send_at and entry.send_at >= now]
    pause = ledger.pauses.first()
    gone = ledger.entries.select(statuses={Status.CANCELLED}, due_from=now, changed_since=pause.since) if pause else ()
    entries = [*there, *(entry for entry in gone if entry.provider_id)]
    left = sum(entry.status is not Status.CANCELLED for entry in entries)
    if not entries:
        return ["nothing that this ledger knows of is scheduled at the provider"]
    if not left:
        return [f"nothing is scheduled at the provider any more: all {len(entries)} are gone"]
    head = (
        f"{plural(left, 'campaign is', 'campaigns are')} still scheduled at the provider, and sent unless deleted there"
    )
    tail = 'to stop one, delete it in the dashboard, then type "campaign-batch reconcile": it checks off what is gone'
    return [f"{head}:", *_by_day(entries, zone, now), tail]


def _by_day(entries: Iterable[Entry], zone: str, now: datetime) -> list[str]:
    ordered = sorted(entries, key=lambda entry: (_day(entry, zone), group_words(entry), entry.send_at, entry.id))
    lines: list[str] = []
    for (_, words, groups), some in groupby(ordered, key=lambda entry: (*_day(entry, zone), group_words(entry))):
        if f"  {words}" not in lines:
            lines.append(f"  {words}")
        lines.append(f"    {groups}")
        for entry in some:
            box = "[x] gone" if entry.status is Status.CANCELLED else "[ ]"
            lines.append(f"      {box} {_when(entry, zone, now, day=False)} {_campaign(entry, groups=False)}")
    return lines


def _day(entry: Entry, zone: str) -> tuple[str, str]:
    """Give a campaign's day at its own place: to sort by, and to read."""
    assert entry.send_at is not None
    local = entry.send_at.astimezone(zone_of(entry.zone or zone))
    return local.date().isoformat(), date_words(local)


def _when(entry: Entry, zone: str, now: datetime, *, day: bool = True) -> str:
    if entry.send_at is None:
        return "no time"
    if not day:
        return f"{clock(entry.send_at.astimezone(zone_of(entry.zone or zone)))}, {time_left(entry.send_at, now)}:"
    return f"{local_time(entry.send_at, entry.zone or zone, now.year)}, {time_left(entry.send_at, now)}:"


def _campaign(entry: Entry, *, groups: bool = True) -> str:
    to = f", to {group_words(entry)}" if groups else ""
    count = f", {plural(entry.contacts_count, 'contact')}" if entry.contacts_count is not None else ""
    unsure = "" if entry.provider_id else ", not sure it arrived"
    return f'Id {entry.provider_id or "?"} "{entry.provider_name}"{to}{count}{unsure}'
