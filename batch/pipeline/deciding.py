"""Put a person's decisions on the record: resolve a doubt, let a held row go, cancel, pause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from batch.errors import UsageError
from batch.identity import plain_id
from batch.model import Entry, Level, Status
from batch.pipeline.reporting import team_zone
from batch.pipeline.rooms import World, open_ledger_of

if TYPE_CHECKING:
    from batch.config import Settings
    from batch.ledger import Ledger

_UNSURE = frozenset({Status.IN_DOUBT, Status.HELD})
_KEPT_BACK = frozenset({Status.HELD, Status.WAITING, Status.REJECTED, Status.EXPIRED})
_DROPPABLE = _KEPT_BACK | {Status.INVALID, Status.PLANNED, Status.IN_DOUBT, Status.MISSING}
_AT_PROVIDER = frozenset({Status.ACCEPTED, Status.SUBMITTING, Status.IN_DOUBT})


def resolve_entry(settings: Settings, world: World, number: int, wish: str, why: str, *, provider_id: str = "") -> str:
    """Do what a person decided about one entry and give the sentence for it."""
    with open_ledger_of(settings, world, create=False) as ledger, ledger.submitter(world.who, world.now()):
        ledger.orphans(world.now(), world.who)
        entry = ledger.entry(number)
        decide = {"accepted": _accept, "not-sent": _not_sent, "send": _send, "drop": _drop}[wish]
        return decide(ledger, world, entry, why, provider_id)


def _accept(ledger: Ledger, world: World, entry: Entry, why: str, provider_id: str) -> str:
    from batch.model import Listed

    number = plain_id(provider_id)
    if not number.isdigit() or number == "0":
        raise UsageError(f'"{provider_id}" is no Id', "give the number that the provider's dashboard shows")
    holder = ledger.provider_ids().get(number)
    if holder is not None and holder != entry.id:
        raise UsageError(
            f"Id {number} belongs to entry {holder} already", f'look at it: "campaign-batch ledger show {holder}"'
        )
    _move(ledger, world, entry, Status.ACCEPTED, expected=_UNSURE, why=why, listed=Listed(number))
    return f'entry {entry.id} "{entry.campaign_name}" counts as accepted with Id {number}; reconcile will compare it'


def _not_sent(ledger: Ledger, world: World, entry: Entry, why: str, _id: str) -> str:
    _move(ledger, world, entry, Status.PLANNED, expected=_UNSURE, why=why)
    return f'entry {entry.id} "{entry.campaign_name}" did not arrive; "campaign-batch resume" submits it'


def _send(ledger: Ledger, world: World, entry: Entry, why: str, _id: str) -> str:
    if not entry.fingerprint or entry.send_at is None:
        raise UsageError(f"entry {entry.id} has errors and cannot be sent", "mend the row and drop the file again")
    if entry.send_at <= world.now():
        raise UsageError(f"the time of entry {entry.id} has gone by", "give the row a new time and drop the file again")
    released = tuple(issue.code for issue in entry.issues if issue.level is Level.HOLD)
    _move(ledger, world, entry, Status.PLANNED, expected=_KEPT_BACK, why=why, released=released)
    return f'entry {entry.id} "{entry.campaign_name}" may go; "campaign-batch resume" submits it'


def _drop(ledger: Ledger, world: World, entry: Entry, why: str, _id: str) -> str:
    _move(ledger, world, entry, Status.CANCELLED, expected=_DROPPABLE, why=why)
    return f'entry {entry.id} "{entry.campaign_name}" is dropped and will not be submitted'


def _move(
    ledger: Ledger, world: World, entry: Entry, to: Status, *, expected: frozenset[Status], why: str, **more: object
) -> None:
    moved = entry.status in expected and ledger.change_status(
        entry.id, to, expected=expected, why=why, who=world.who, now=world.now(), **more  # type: ignore[arg-type]
    )  # fmt: skip
    if not moved:
        allowed = ", ".join(sorted(expected))
        raise UsageError(
            f'entry {entry.id} "{entry.campaign_name}" is {entry.status}, which this cannot change',
            f"it works for {allowed}; to stop one that is at the provider use campaign-batch cancel {entry.id}",
        )


def cancel_entries(settings: Settings, world: World, numbers: Sequence[int], why: str) -> list[str]:
    """Drop what never went, note what must be deleted in the dashboard; give the list for the person who does it."""
    with open_ledger_of(settings, world, create=False) as ledger:
        entries = [ledger.entry(number) for number in numbers]
        lines = [_cancel_one(ledger, world, entry, why) for entry in entries]
        return [*lines, *to_do_list(ledger, settings)]


def _cancel_one(ledger: Ledger, world: World, entry: Entry, why: str) -> str:
    name = f'entry {entry.id} "{entry.campaign_name}"'
    if entry.status in _AT_PROVIDER:
        ledger.request_cancel(entry.id, why, world.who, world.now())
        return f"{name} is to be deleted in the provider's dashboard; reconcile checks it off"
    if entry.status in _DROPPABLE:
        _move(ledger, world, entry, Status.CANCELLED, expected=_DROPPABLE, why=why)
        return f"{name} was never submitted and is dropped"
    return f"{name} is {entry.status} and cannot be cancelled any more"


def to_do_list(ledger: Ledger, settings: Settings) -> list[str]:
    """Write what a person must delete in the dashboard, the next to go first."""
    from batch.report import local_time

    entries = sorted(ledger.cancellations(), key=lambda entry: (entry.send_at is None, entry.send_at))
    lines = []
    for entry in entries:
        groups = ", ".join(name or group for name, group in zip(entry.group_names, entry.group_ids, strict=False))
        when = local_time(entry.send_at, entry.zone or team_zone(settings)) if entry.send_at else ""
        lines.append(f'  [ ] delete "{entry.provider_name}", Id {entry.provider_id or "?"}, to {groups}, {when}')
    return ["to delete in the provider's dashboard:", *lines] if lines else []


def pause_all(settings: Settings, world: World, why: str) -> list[str]:
    """Let nothing more be submitted by any process of this ledger; list what is scheduled all the same."""
    with open_ledger_of(settings, world) as ledger:
        ledger.pause(why, world.who, world.now())
        scheduled = sorted(
            ledger.entries(statuses={Status.ACCEPTED}, due_from=world.now()),
            key=lambda entry: (entry.send_at, entry.id),
        )
        return [
            "paused: nothing more is submitted until somebody types campaign-batch unpause",
            *_still(scheduled, settings),
        ]


def _still(entries: Sequence[Entry], settings: Settings) -> list[str]:
    from batch.report import local_time

    if not entries:
        return ["nothing is scheduled at the provider"]
    lines = [f"{len(entries)} campaign(s) are still scheduled there; to stop one, delete it in the dashboard:"]
    for entry in entries:
        when = local_time(entry.send_at, entry.zone or team_zone(settings)) if entry.send_at else ""
        groups = ", ".join(entry.group_names if any(entry.group_names) else entry.group_ids)
        lines.append(f"  [ ] {when}  {entry.provider_name}, Id {entry.provider_id}, to {groups}")
    return lines


def unpause_all(settings: Settings, world: World, _why: str) -> str:
    """Let submitting go on."""
    with open_ledger_of(settings, world, create=False) as ledger:
        lifted = ledger.unpause(world.who, world.now())
    return "the pause is lifted; campaign-batch resume submits what is planned" if lifted else "nothing was paused"
