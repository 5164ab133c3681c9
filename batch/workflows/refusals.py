"""Say why the ledger let a row not go that was to be submitted, and record what follows from it."""

from __future__ import annotations

from collections.abc import Sequence

from batch.core.payload import hash_payload, make_payload
from batch.core.standing import standing_of
from batch.model import Change, ChangeKind, Entry, Issue, Level, Status, StatusChange
from batch.model.times import clock, zone_of
from batch.workflows.cancel import drop_unwanted
from batch.workflows.context import Context
from batch.workflows.stop_file import refuse_if_paused

_UNSURE = frozenset({Status.SUBMITTING, Status.IN_DOUBT})


def explain_refusal(context: Context, entry: Entry) -> None:
    """Say why an entry did not go; raise BatchError where nothing goes, since everything is paused.

    One that somebody wants cancelled is dropped, one that would go otherwise than it was approved is held, one whose
    time has come too near is recorded as too late. Whatever else moved it meanwhile is told as what it is.
    """
    refuse_if_paused(context)
    loud = False
    if drop_unwanted(context, entry):
        words = _tell_wish(context, entry)
    elif (found := context.ledger.entries.get(entry.id)).status is not Status.PLANNED:
        words = _tell_moved(context, found)
    elif words := _hold_unbound(context, found):
        loud = True
    elif found.send_at is not None and found.send_at <= context.world.now() + context.lead:
        words = "it got too close to its send time"
        _move(context, found, Status.EXPIRED, words)
    else:
        words = _tell_twin(context, found)
    context.note(f'"{entry.campaign_name}" (entry {entry.id}) was not submitted: {words}', loud=loud)


def _tell_moved(context: Context, entry: Entry) -> str:
    """Say what became of an entry that is planned no more: a person, or another process, was faster."""
    word = standing_of(entry, context.world.now(), context.settings.team_zone).word.text
    moved = [change for change in context.ledger.changes.of(entry.id) if change.new is entry.status != change.old]
    return f'it was set to "{word}"{_tell_change(context, moved)}'


def _tell_wish(context: Context, entry: Entry) -> str:
    asked = [one for one in context.ledger.changes.of(entry.id) if one.kind is ChangeKind.CANCEL_ASKED]
    return f"it was to be cancelled, as was asked{_tell_change(context, asked)}"


def _tell_change(context: Context, found: Sequence[Change]) -> str:
    """Say when the last of some changes was made, by whom and why."""
    if not found:
        return ""
    at, last = found[-1].at.astimezone(zone_of(context.settings.team_zone)), found[-1]
    return f" at {clock(at)}{f' by {last.who}' if last.who else ''}{f' ({last.why})' if last.why else ''}"


def _hold_unbound(context: Context, entry: Entry) -> str:
    """Hold a row that would go otherwise than a second person approved it, and say so; empty for any other."""
    batch = context.ledger.batches.get(entry.batch)
    unseen = not entry.bound_payload and not entry.approved_by and bool(batch.preview_mark)
    changed = entry.bound_payload not in {"", hash_payload(make_payload(entry, context.posting))}
    if not (unseen or changed):
        return ""
    words = "nobody has approved it" if unseen else "it would not be sent as it was approved: settings changed"
    words += "; hand the file in again, and approve the preview that comes of it"
    issue = Issue(entry.row, "", "", "not-as-approved", words, Level.HOLD)
    _move(context, entry, Status.HELD, words, (*entry.issues, issue))
    return words


def _tell_twin(context: Context, entry: Entry) -> str:
    unsure = context.ledger.entries.select(statuses=_UNSURE)
    twin = next((one for one in unsure if one.fingerprint == entry.fingerprint), None)
    if twin is None:
        return 'something kept it back a moment ago: "campaign-batch resume" submits it'
    return (
        f"nobody knows yet whether the same text for the same groups at the same time (entry {twin.id}) arrived: "
        f'"campaign-batch resume" settles that'
    )


def _move(context: Context, entry: Entry, to: Status, why: str, issues: tuple[Issue, ...] | None = None) -> None:
    who, now = context.world.who, context.world.now()
    change = StatusChange(entry.id, to, expected={Status.PLANNED}, why=why, who=who, now=now, issues=issues)
    context.ledger.changes.make(change)
