"""Put a person's decision about one entry on the record: it arrived or it did not, send it, drop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch.core.guards import DOUBT_CODES, DROPPED_IN_DOUBT, REJECTED_BY_PERSON, find_beside, may_have_gone
from batch.core.identity import plain_id
from batch.core.payload import hash_payload, make_payload
from batch.core.settle import how_to_answer
from batch.core.standing import standing_of
from batch.model import REJECTED, ChangeKind, Entry, Issue, Level, Listed, Status, StatusChange
from batch.model.codes import NEVER_LET_GO
from batch.model.errors import UsageError
from batch.model.wording import WORDS
from batch.workflows.changed_settings import CODE
from batch.workflows.confirm import insist_on_entry
from batch.workflows.context import World, open_ledger_of, posting_rules
from batch.workflows.events import name_entry
from batch.workflows.listings import find_newer, give_way
from batch.workflows.second_person import need_second_sender

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger

_THERE = frozenset({Status.ACCEPTED, Status.MISSING})
_UNSURE = frozenset({Status.IN_DOUBT, Status.HELD})
_KEPT_BACK = frozenset({Status.HELD, Status.WAITING, Status.REJECTED, Status.EXPIRED})
_DROPPABLE = _KEPT_BACK | {Status.INVALID, Status.PLANNED, Status.IN_DOUBT, Status.MISSING}


def resolve_entry(settings: Settings, world: World, number: int, wish: str, why: str, *, provider_id: str = "") -> str:
    """Do what a person decided about one entry and give the sentence for it."""
    with open_ledger_of(settings, world, create=False) as ledger, ledger.lock.hold(world.who, world.now()):
        ledger.attempts.doubt_orphans(world.now(), world.who)
        entry = ledger.entries.get(number)
        if wish == "send" and settings.approval.required:
            shared = settings.approval.shared_users
            need_second_sender(ledger, world, ledger.batches.get(entry.batch), name_entry(entry), shared=shared)
        decide = {"accepted": _accept, "not-sent": _not_sent, "deleted": _deleted, "send": _send, "drop": _drop}[wish]
        said = decide(ledger, world, entry, why, provider_id)
        if wish == "send" and settings.approval.required:
            _bind(ledger, settings, world, entry)
        return said


def _bind(ledger: Ledger, settings: Settings, world: World, entry: Entry) -> None:
    """Let go what would be posted now, and nothing else: who sends a row where a second person is required is one."""
    payload = hash_payload(make_payload(entry, posting_rules(settings)))
    ledger.changes.make(StatusChange(
        entry.id, Status.PLANNED, expected={Status.PLANNED}, why=f"approved by {world.who}", who=world.who,
        now=world.now(), approved_by=world.who, bound_payload=payload, kind=ChangeKind.APPROVED,
    ))  # fmt: skip


def _accept(ledger: Ledger, world: World, entry: Entry, why: str, provider_id: str) -> str:
    number = plain_id(provider_id)
    if not number.isdigit() or number == "0":
        raise UsageError(f'"{provider_id}" is not an Id', "give the number that the provider's dashboard shows")
    holder = ledger.known.holder(number)
    if holder is not None and holder != entry.id:
        raise UsageError(
            f"Id {number} belongs to entry {holder} already", f'look at it: "campaign-batch ledger show {holder}"'
        )
    _move(ledger, world, entry, Status.ACCEPTED, expected=_UNSURE, why=why, listed=Listed(number))
    return f"{name_entry(entry)} is now accepted with Id {number}; reconcile will compare it"


def _not_sent(ledger: Ledger, world: World, entry: Entry, why: str, _id: str) -> str:
    if entry.status is Status.HELD and not entry.attempts and not may_have_gone(entry):
        raise UsageError(
            f"{name_entry(entry)} was never submitted, it waits for you",
            f'to send it, type "campaign-batch resolve {entry.id} --send --why ..."',
        )
    # What settling left to a person is answered with that: it is not doubt any more, and keeps nothing back.
    answered = tuple(issue for issue in entry.issues if issue.code not in DOUBT_CODES)
    for issue in entry.issues:
        if issue.code == "looks-alike" and issue.value.isdigit():
            # It is another campaign: the next run must not take it for this one again.
            ledger.findings.acknowledge(issue.value, f"not entry {entry.id}: {why}", world.signature, world.now())
    if newer := find_newer(ledger).get(entry.key):
        held = give_way(entry, newer)
        _move(ledger, world, entry, held.status, expected=_UNSURE, why=why, issues=(*answered, *held.issues))
        return (
            f"{name_entry(entry)} stays here: {held.why}; to send the older one anyway, "
            f'type "campaign-batch resolve {entry.id} --send --why ..."'
        )
    _move(ledger, world, entry, Status.PLANNED, expected=_UNSURE, why=why, issues=answered)
    return f'{name_entry(entry)} did not arrive; "campaign-batch resume" submits it'


def _deleted(ledger: Ledger, world: World, entry: Entry, why: str, _id: str) -> str:
    """Count as cancelled what a person did not find in the dashboard; should it come back, it is to be deleted."""
    if entry.status in _THERE and entry.send_at is not None and entry.send_at <= world.now():
        raise UsageError(
            f"the time of {name_entry(entry)} has passed, so it may have gone out",
            'type "campaign-batch reconcile": the sent history tells',
        )
    if entry.status in _THERE and not entry.cancel_why:
        ledger.changes.request_cancel(entry.id, f"deleted in the dashboard: {why}", world.signature, world.now())
    told = f"not in the dashboard any more: {why}"
    _move(ledger, world, entry, Status.CANCELLED, expected=_THERE, why=told)
    return f"{name_entry(entry)} (Id {entry.provider_id}) is marked as deleted; you will be told if it shows up again"


def _send(ledger: Ledger, world: World, entry: Entry, why: str, _id: str) -> str:
    if not entry.fingerprint or entry.send_at is None:
        raise UsageError(f"entry {entry.id} has errors and cannot be sent", "fix the row and hand the file in again")
    if entry.send_at <= world.now():
        remedy = "give the row a new time and hand the file in again"
        raise UsageError(f"the time of entry {entry.id} has passed", remedy)
    if any(issue.code in NEVER_LET_GO for issue in entry.issues):
        raise UsageError(
            f"entry {entry.id} waits until it is known whether its earlier version arrived",
            'settle that first ("campaign-batch resume", or resolve it), then hand the file in again',
        )
    if any(issue.code == CODE for issue in entry.issues):
        raise UsageError(
            f"entry {entry.id} was read with different settings",
            "submit its file again: it is read again with today's",
        )
    if ledger.batches.get(entry.batch).state == REJECTED:
        raise UsageError(
            f"entry {entry.id} is of batch {entry.batch}, which was rejected, so it is not submitted",
            "submit the file again",
        )
    if any(issue.code == REJECTED_BY_PERSON for issue in entry.issues):
        raise UsageError(
            f"entry {entry.id} was rejected by a second person, so it is not submitted", "submit the file again"
        )
    _refuse_doubtful(entry)
    now = world.now()
    beside = find_beside(entry, ledger.known.matching((), (entry.fingerprint,), now), now)
    if not insist_on_entry(world, entry, beside):
        return f"{name_entry(entry)} stays as it is"
    released = tuple(issue.code for issue in entry.issues if issue.level is Level.HOLD)
    ledger.changes.take_back_cancel(entry.id, why, world.signature, now)
    _move(ledger, world, entry, Status.PLANNED, expected=_KEPT_BACK, why=why, released=released)
    return f'{name_entry(entry)} may go; "campaign-batch resume" submits it'


def _refuse_doubtful(entry: Entry) -> None:
    """Let nothing go that may be there already: whoever looked says what was seen."""
    if may_have_gone(entry):
        raise UsageError(
            f"{name_entry(entry)} may be at the provider already, so it is not simply sent", how_to_answer(entry.id)
        )


def _drop(ledger: Ledger, world: World, entry: Entry, why: str, _id: str) -> str:
    unsure = entry.status is Status.IN_DOUBT or may_have_gone(entry)
    mark = Issue(entry.row, "", "", DROPPED_IN_DOUBT, "dropped although it may have arrived", Level.HOLD)
    issues = (*entry.issues, mark) if unsure else None
    _move(ledger, world, entry, Status.CANCELLED, expected=_DROPPABLE, why=why, issues=issues)
    said = f"{name_entry(entry)} is dropped and will not be submitted"
    if unsure:
        said += '; if it is at the provider after all, "campaign-batch reconcile" tells you'
    return said


def _move(
    ledger: Ledger, world: World, entry: Entry, to: Status, *, expected: frozenset[Status], why: str, **more: object
) -> None:
    who, now = world.signature, world.now()
    change = StatusChange(entry.id, to, expected=expected, why=why, who=who, now=now, **more)  # type: ignore[arg-type]
    moved = entry.status in expected and ledger.changes.make(change)
    if not moved:
        allowed = " or ".join(f'"{word.text}"' for name, word in WORDS.items() if name in expected)
        raise UsageError(
            f'{name_entry(entry)} is "{standing_of(entry, world.now()).word.text}", which this cannot change',
            f"it works for what is {allowed}; to stop one that is at the provider, type "
            f'"campaign-batch cancel {entry.id} --why ..."',
        )
