"""Let a second person decide: show exactly what would go, and let exactly that go, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from batch.core.guards import LEFT_OUT, REJECTED_BY_PERSON
from batch.model import NOT_SHOWN, REJECTED, WAITS, Batch, ChangeKind, Entry, Issue, Level, Status, StatusChange, Way
from batch.model.errors import UsageError
from batch.model.places import sheet_row
from batch.model.plurals import plural
from batch.workflows.context import Context, World, open_context
from batch.workflows.events import Note
from batch.workflows.mail import mail_batches
from batch.workflows.options import Options
from batch.workflows.preview import ELSEWHERE, KEPT, gather_contents, hash_of, make_mark
from batch.workflows.report import write_batch_report
from batch.workflows.run import be_submitter, begin_run, finish_batch
from batch.workflows.second_person import Approver, need_second
from batch.workflows.tally import Tally

if TYPE_CHECKING:
    from batch.adapters.config import Settings

_AT_PROVIDER = frozenset({Status.SUBMITTING, Status.IN_DOUBT, Status.ACCEPTED, Status.SENT})
_OFFER = re.compile(r"batch-(\d+)-(?:.*-)?([0-9a-f]{16})\.html?", re.IGNORECASE)


def read_offer(path: Path) -> tuple[int, str] | None:
    """Read from a preview's name which batch it shows and what it is bound to; None for any other file."""
    found = _OFFER.fullmatch(path.name)
    return (int(found[1]), found[2].lower()) if found else None


def approve_batch(settings: Settings, world: World, batch: int, rows: frozenset[int]) -> Tally:
    """Let a batch go that waits for a second person, except for some rows; raises UsageError when it may not."""
    with open_context(settings, world) as context:
        tally = approve_in(context, batch, rows)
        mail_batches(settings, context.ledger, world, [batch], stopped=str(tally.trouble or ""))
        return tally


def approve_in(
    context: Context, number: int, rows: frozenset[int] = frozenset(), *, seen: str = "", by: Approver | None = None
) -> Tally:
    """Do what `approve` does, with a ledger and a provider that are open already.

    `seen` is the mark of the preview that was looked at.
    """
    with be_submitter(context):
        batch = context.ledger.batches.get(number)
        approver = by or Approver(context.world.person)
        who = approver.shown
        way = _need_waiting(context, batch, approver)
        released = _find_released(context, batch, seen)
        _refuse_unknown_rows(batch, released, rows)
        reading = begin_run(context)
        _leave_out(context, [entry for entry, _ in released if {entry.row, sheet_row(entry.row)} & rows], who)
        context.ledger.people.note_approver(number, approver.person, way)
        _record_approval(context, number, released, who)
        _tell_elsewhere(context, number)
        tally = Tally(number, batch.file, batch.rows, blank=batch.blank, left_out=batch.left_out)
        finish_batch(context, tally, reading, Options())
        _tell_late(context, tally)
        return tally


def _need_waiting(context: Context, batch: Batch, approver: Approver) -> Way:
    _refuse_unless_waiting(batch)
    return need_second(context, batch, approver)


def _find_released(context: Context, batch: Batch, seen: str) -> list[tuple[Entry, str]]:
    """Give what a yes to the preview of a batch lets go, with the hash of each payload; raise UsageError for a no.

    What a later preview has taken over waits for that one; all else must be, to the letter, as it was shown.
    """
    shown = context.ledger.batches.previewed(batch.id)
    entries = list(context.ledger.entries.select(ids=set(shown))) if shown else []
    ours = [entry for entry in entries if entry.batch == batch.id and entry.status in KEPT]
    now = {entry.id: hash_of(context, entry) for entry in ours}
    mark = make_mark(shown | now, entries)
    if mark != batch.preview_mark or (seen and seen != batch.preview_mark) or _find_unshown(context, batch, shown):
        raise UsageError(
            f"batch {batch.id} no longer says what its preview showed",
            "hand the file in again, and approve the preview that comes of it",
        )
    return [(entry, now[entry.id]) for entry in ours]


def _find_unshown(context: Context, batch: Batch, shown: Mapping[int, str]) -> bool:
    """Whether a row of the batch would go that its preview did not show."""
    return any(entry not in shown for entry in gather_contents(context, batch).hashes)


def _refuse_unless_waiting(batch: Batch) -> None:
    if batch.state == WAITS:
        return
    if batch.state == NOT_SHOWN:
        raise UsageError(
            f"batch {batch.id} has no preview yet, so it cannot be approved",
            'type "campaign-batch resume": it writes the preview',
        )
    by = f" by {batch.approved_by}" if batch.approved_by else ""
    ends = {"approved": f"is approved{by} already", REJECTED: "was rejected", "done": f"is done{by}"}
    told = ends.get(batch.state, "needs no approval")
    if batch.superseded_by is not None:
        told = f"was submitted again as batch {batch.superseded_by}"
    raise UsageError(f"batch {batch.id} does not wait for approval: it {told}", 'see "campaign-batch ledger list"')


def _refuse_unknown_rows(batch: Batch, released: Iterable[tuple[Entry, str]], rows: frozenset[int]) -> None:
    there = {number for entry, _ in released for number in (entry.row, sheet_row(entry.row))}
    if unknown := sorted(rows - there):
        raise UsageError(
            f"batch {batch.id} has no row {', '.join(map(str, unknown))} that waits",
            "look at the row numbers in its preview",
        )


def _leave_out(context: Context, entries: Iterable[Entry], who: str) -> None:
    for entry in entries:
        why = f"left out by the approver ({who})"
        mark = Issue(entry.row, "", "", LEFT_OUT, why, Level.HOLD)
        context.ledger.changes.make(StatusChange(
            entry.id, Status.CANCELLED, expected=KEPT, why=why, who=context.world.who, now=context.world.now(),
            issues=(*entry.issues, mark),
        ))  # fmt: skip


def _record_approval(context: Context, batch: int, released: Iterable[tuple[Entry, str]], who: str) -> None:
    """Write down who said yes and to which payload, row by row and then for the batch: only with that anything goes."""
    for entry, payload in released:
        found = context.ledger.entries.get(entry.id)
        if found.status in KEPT:
            context.ledger.changes.make(StatusChange(
                entry.id, found.status, expected={found.status}, why=f"approved by {who}", who=context.world.who,
                now=context.world.now(), approved_by=who, bound_payload=payload, kind=ChangeKind.APPROVED,
            ))  # fmt: skip
    context.ledger.batches.change(batch, state="approved", approved_by=who, now=context.world.now())


def _tell_elsewhere(context: Context, batch: int) -> None:
    """Say which rows of the preview wait for another one: they were handed in again since."""
    shown = context.ledger.batches.previewed(batch)
    entries = context.ledger.entries.select(ids=set(shown), statuses=KEPT) if shown else ()
    later = sorted({entry.batch for entry in entries if entry.batch != batch})
    for number in later:
        context.note(f"some rows of batch {batch} were submitted again: they wait for the preview of batch {number}")


def _tell_late(context: Context, tally: Tally) -> None:
    if late := tally.counts["expired"]:
        words = (
            f"the approval came too late for {plural(late, 'row')} of batch {tally.batch}: too close to the send time"
        )
        words += "; give them a new time and hand the file in again"
        context.world.tell(Note(words, loud=True, event="expired", batch=tally.batch))


def reject_batch(settings: Settings, world: World, batch: int, why: str) -> str:
    """Do not let a batch go; its rows stay here, held, and the same file may be fixed and handed in again.

    The no follows the rows into whatever batch has taken them over since.
    """
    with open_context(settings, world) as context, context.ledger.lock.hold(world.who, world.now()):
        taken = context.ledger.batches.get(batch)
        if taken.state != NOT_SHOWN and taken.superseded_by is None:
            _refuse_unless_waiting(taken)
        entries = _rows_of(context, batch)
        held = _hold(context, entries, f"rejected by {world.who}: {why}")
        context.ledger.batches.change(batch, state=REJECTED, approved_by="", now=world.now())
        for number in sorted({batch, *(entry.batch for entry in entries)}):
            write_batch_report(context, number)
    stay = plural(held, "row stays", "rows stay")
    words = f'batch {batch} "{taken.file}" is rejected: its {stay} here; fix the file and submit it again'
    gone = sum(entry.status in _AT_PROVIDER for entry in entries)
    return f"{words}{_tell_gone(gone)}"


def _tell_gone(gone: int) -> str:
    if not gone:
        return ""
    rows = plural(gone, "row of it is", "rows of it are")
    return f'; {rows} at the provider already, approved in another batch: "campaign-batch cancel" lists them'


def _rows_of(context: Context, batch: int) -> list[Entry]:
    """Give all that a batch showed or would have shown, wherever it stands by now."""
    lines = context.ledger.batches.rows(batch)
    ids = {line.entry for line in lines if line.entry is not None and line.what not in ELSEWHERE}
    ids |= set(context.ledger.batches.previewed(batch))
    return list(context.ledger.entries.select(ids=ids)) if ids else []


def _hold(context: Context, entries: Iterable[Entry], why: str) -> int:
    held = 0
    for entry in entries:
        if entry.status not in KEPT:
            continue
        words = f"{why}; fix the row and hand the file in again"
        issue = Issue(entry.row, "", "", REJECTED_BY_PERSON, words, Level.HOLD)
        held += context.ledger.changes.make(StatusChange(
            entry.id, Status.HELD, expected={entry.status}, why=why, who=context.world.who, now=context.world.now(),
            issues=(*entry.issues, issue), approved_by="", bound_payload="",
        ))  # fmt: skip
    return held


def expire_unapproved(context: Context) -> tuple[int, ...]:
    """Give the batches that wait for a second person while a row of theirs has come too near its time."""
    until = context.world.now() + context.lead
    late = {entry.batch for entry in context.ledger.entries.select(statuses={Status.PLANNED}, due_until=until)}
    return tuple(batch.id for batch in context.ledger.batches.all(states=(NOT_SHOWN, WAITS)) if batch.id in late)
