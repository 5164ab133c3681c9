"""Let a second person decide: show exactly what would go, and let exactly that go, or nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from batch.errors import UsageError
from batch.model import Account, Action, Batch, Entry, Issue, Level, Plan, Status
from batch.pipeline.counting import Tally
from batch.pipeline.mailing import Desk, mail_batches, queue_preview, safely
from batch.pipeline.reporting import batch_scope, report_templates, team_zone, write_batch_report, writing
from batch.pipeline.rooms import Rooms, World, open_rooms
from batch.pipeline.taking import Options, be_submitter, begin_run, finish_batch
from batch.pipeline.telling import Note
from batch.spell import plural

if TYPE_CHECKING:
    from batch.config import Settings
    from batch.pipeline.checking import Check

WAITS = "waiting-for-approval"
_KEPT = frozenset({Status.PLANNED, Status.HELD, Status.WAITING})
_MAY_GO = frozenset(status.value for status in _KEPT)
_NOTE = "bound to the preview "
_OFFER = re.compile(r"batch-(\d+)-(?:.*-)?([0-9a-f]{16})\.html?", re.IGNORECASE)
_DECIDED = {
    Action.HOLD: "stays here until somebody decides",
    Action.WAIT: "goes as soon as the provider is ready for it",
    Action.INVALID: "stays here",
    Action.CANCEL: "marked Cancel, dropped",
}


@dataclass(frozen=True, slots=True)
class Unchanged:
    """What a file says that an earlier preview has shown already."""

    by_batch: Mapping[int, frozenset[int]]
    """Batch that showed it to rows of this file."""

    @property
    def rows(self) -> frozenset[int]:
        """All of these rows."""
        return frozenset().union(*self.by_batch.values())


def find_unchanged(rooms: Rooms, plan: Plan) -> Unchanged:
    """Find the rows that wait for approval already, word for word; asked before the plan is written down."""
    waiting = {batch.id for batch in rooms.ledger.batches() if batch.state == WAITS}
    ids = {one.entry for one in plan.decisions if one.action is Action.SUBMIT and one.entry is not None}
    entries = {entry.id: entry for entry in rooms.ledger.entries(ids=ids)} if ids and waiting else {}
    found: dict[int, set[int]] = {}
    for one in plan.decisions:
        entry, campaign = entries.get(one.entry or 0), one.checked.campaign
        if entry is None or campaign is None or one.action is not Action.SUBMIT or entry.batch not in waiting:
            continue
        if entry.status is Status.PLANNED and entry.fingerprint == campaign.fingerprint:
            found.setdefault(entry.batch, set()).add(one.checked.row.number)
    return Unchanged({batch: frozenset(rows) for batch, rows in found.items()})


def ask_approval(rooms: Rooms, tally: Tally, check: Check, account: Account, unchanged: Unchanged) -> None:
    """Bind a batch to its content, write the preview of what is new in it, and mail it to those who may say yes."""
    assert tally.batch is not None
    batch = rooms.ledger.batch(tally.batch)
    mark = content_mark(rooms, batch.id)
    rooms.ledger.change_batch(batch.id, note=f"{_NOTE}{mark}", now=rooms.world.now())
    _close_emptied(rooms, batch)
    tally.preview = _write_preview(rooms, tally, check, account, unchanged)
    desk = Desk(rooms.settings, rooms.ledger, rooms.world)
    how = [
        f"Nothing has been sent. Another person than {batch.submitted_by} may let it go.",
        f"On a terminal: campaign-batch approve {batch.id} [--except ROWS]",
        'Without a terminal: move the preview from "waiting" to "approved" in the watched folder.',
        f'To stop it: campaign-batch reject {batch.id} --why "..."',
    ]
    preview = tally.preview
    if desk.is_open:
        safely(desk, lambda: queue_preview(desk, batch.id, preview, how))


def content_mark(rooms: Rooms, batch: int) -> str:
    """Mark what a batch would send, whatever became of its rows since: numbers and fingerprints, in order."""
    lines = [f"{entry.id}:{entry.fingerprint}" for entry in _contents(rooms, batch)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _contents(rooms: Rooms, batch: int) -> list[Entry]:
    ids = {line.entry for line in rooms.ledger.batch_rows(batch) if line.entry is not None and line.what in _MAY_GO}
    return sorted(rooms.ledger.entries(ids=ids), key=lambda entry: entry.id) if ids else []


def _close_emptied(rooms: Rooms, batch: Batch) -> None:
    """Close the batches whose rows this one has all taken over: two previews of the same thing confuse."""
    for older in rooms.ledger.batches():
        if older.state == WAITS and older.id < batch.id:
            left = [entry for entry in _contents(rooms, older.id) if entry.batch == older.id]
            if not any(entry.status in _KEPT for entry in left):
                words = f"handed in again as batch {batch.id}"
                rooms.ledger.change_batch(older.id, state="done", note=words, now=rooms.world.now())


def _write_preview(rooms: Rooms, tally: Tally, check: Check, account: Account, unchanged: Unchanged) -> Path:
    from batch.report import Previewed, write_preview

    assert tally.batch is not None
    sizes = {group.id: group.contacts for group in account.groups or () if group.contacts is not None}
    shown = [
        Previewed(replace(one.checked, issues=one.issues), sizes, _DECIDED.get(one.action, ""))
        for one in tally.decisions
        if one.action not in {Action.SKIP, Action.SETTLE} and one.checked.row.number not in unchanged.rows
    ]
    settings = rooms.settings
    stem, mark = batch_scope(rooms.ledger, tally.batch).stem, content_mark(rooms, tally.batch)
    path = Path(settings.reports.folder) / f"{stem}-{mark}.html"
    with writing(path):
        return write_preview(
            shown,
            path,
            title=f'Batch {tally.batch} "{check.file}" waits for a second person',
            zone=team_zone(settings),
            provider_zone=settings.provider.timezone,
            notes=_preview_notes(tally, unchanged),
            templates=report_templates(settings),
            team=settings.reports.team,
            made_at=rooms.world.now(),
        )


def _preview_notes(tally: Tally, unchanged: Unchanged) -> list[str]:
    notes = [issue.message for issue in tally.file_issues]
    for batch, rows in sorted(unchanged.by_batch.items()):
        same, so = plural(len(rows), "row is", "rows are"), "it, and goes" if len(rows) == 1 else "them, and go"
        notes.append(f"{same} as the preview of batch {batch} shows {so} with the same yes")
    skipped = sum(one.action in {Action.SKIP, Action.SETTLE} for one in tally.decisions)
    if skipped:
        known = plural(skipped, "row is", "rows are")
        notes.append(f"{known} known from before: neither shown nor sent again")
    return notes


def read_offer(path: Path) -> tuple[int, str] | None:
    """Read from a preview's name which batch it shows and what it is bound to; None when it is no preview of ours."""
    found = _OFFER.fullmatch(path.name)
    return (int(found[1]), found[2].lower()) if found else None


def approve_batch(settings: Settings, world: World, batch: int, rows: frozenset[int]) -> Tally:
    """Let a batch go that waits for a second person, except for some rows; raises UsageError when it may not."""
    with open_rooms(settings, world) as rooms:
        tally = approve_in(rooms, batch, rows)
        mail_batches(settings, rooms.ledger, world, [batch], stopped=str(tally.trouble or ""))
        return tally


def approve_in(rooms: Rooms, number: int, rows: frozenset[int] = frozenset(), *, seen: str = "", by: str = "") -> Tally:
    """Do what `approve` does in rooms that are open already; `seen` is the mark of the preview that was looked at."""
    with be_submitter(rooms):
        batch = rooms.ledger.batch(number)
        who = by or rooms.world.who
        _refuse_approval(rooms, batch, seen, who)
        _refuse_unknown_rows(rooms, number, rows)
        reading = begin_run(rooms)
        _leave_out(rooms, number, rows, who)
        _record_approval(rooms, number, who)
        tally = Tally(number, batch.file, batch.rows, blank=batch.blank, left_out=batch.left_out)
        finish_batch(rooms, tally, reading, Options())
        _tell_late(rooms, tally)
        return tally


def _refuse_approval(rooms: Rooms, batch: Batch, seen: str, who: str) -> None:
    _refuse_unless_waiting(batch)
    if who.casefold() == batch.submitted_by.casefold():
        raise UsageError(
            f"batch {batch.id} was handed in by {batch.submitted_by}, so somebody else must approve it",
            "ask a colleague to look at the preview",
        )
    bound = batch.note.removeprefix(_NOTE)
    if content_mark(rooms, batch.id) != bound or (seen and seen != bound):
        raise UsageError(
            f"batch {batch.id} no longer says what its preview showed",
            "drop the file again, and approve the preview that comes of it",
        )


def _refuse_unless_waiting(batch: Batch) -> None:
    if batch.state == WAITS:
        return
    by = f" by {batch.approved_by}" if batch.approved_by else ""
    ends = {"approved": f"is approved{by} already", "rejected": "was rejected", "done": f"is done{by}"}
    again = batch.note.startswith("handed in again")
    told = f"was {batch.note}" if again else ends.get(batch.state, "needs no approval")
    raise UsageError(f"batch {batch.id} does not wait for approval: it {told}", 'see "campaign-batch ledger list"')


def _refuse_unknown_rows(rooms: Rooms, batch: int, rows: frozenset[int]) -> None:
    there = {entry.row for entry in _contents(rooms, batch) if entry.batch == batch}
    if unknown := sorted(rows - there):
        raise UsageError(
            f"batch {batch} has no row {', '.join(map(str, unknown))} that waits",
            "look at the row numbers in its preview",
        )


def _leave_out(rooms: Rooms, batch: int, rows: frozenset[int], who: str) -> None:
    for entry in _contents(rooms, batch):
        if entry.batch == batch and entry.row in rows:
            rooms.ledger.change_status(
                entry.id, Status.CANCELLED, expected=_KEPT, why=f"left out of the approval by {who}",
                who=rooms.world.who, now=rooms.world.now(),
            )  # fmt: skip


def _record_approval(rooms: Rooms, batch: int, who: str) -> None:
    """Write down who said yes, row by row and then for the batch: only with that does anything go."""
    for entry in _contents(rooms, batch):
        if entry.batch == batch and entry.status in _KEPT:
            rooms.ledger.change_status(
                entry.id, entry.status, expected={entry.status}, why=f"approved by {who}", who=rooms.world.who,
                now=rooms.world.now(), approved_by=who,
            )  # fmt: skip
    rooms.ledger.change_batch(batch, state="approved", approved_by=who, now=rooms.world.now())


def _tell_late(rooms: Rooms, tally: Tally) -> None:
    if late := tally.counts["expired"]:
        words = f"the approval came too late for {late} row(s) of batch {tally.batch}: their time has come too near"
        words += "; give them a new time and drop the file again"
        rooms.world.tell(Note(words, loud=True, event="expired", batch=tally.batch))


def reject_batch(settings: Settings, world: World, batch: int, why: str) -> str:
    """Do not let a batch go; its rows stay here, held, and the same file may be mended and handed in again."""
    with open_rooms(settings, world) as rooms, rooms.ledger.submitter(world.who, world.now()):
        taken = rooms.ledger.batch(batch)
        _refuse_unless_waiting(taken)
        held = _hold(rooms, _contents(rooms, batch), batch, f"rejected by {world.who}: {why}")
        rooms.ledger.change_batch(batch, state="rejected", approved_by="", now=world.now())
        write_batch_report(rooms, batch)
    stay = plural(held, "row stays", "rows stay")
    return f'batch {batch} "{taken.file}" is rejected: its {stay} here; mend the file and hand it in again'


def _hold(rooms: Rooms, entries: Iterable[Entry], batch: int, why: str) -> int:
    held = 0
    for entry in entries:
        if entry.batch != batch or entry.status not in _KEPT:
            continue
        issue = Issue(
            entry.row, "", "", "rejected-by-person", f"{why}; mend the row and drop the file again", Level.HOLD
        )
        held += rooms.ledger.change_status(
            entry.id, Status.HELD, expected={entry.status}, why=why, who=rooms.world.who, now=rooms.world.now(),
            issues=(*entry.issues, issue),
        )  # fmt: skip
    return held


def expire_unapproved(rooms: Rooms) -> tuple[int, ...]:
    """Give the batches that wait for a second person while a row of theirs has come too near its time."""
    until = rooms.world.now() + rooms.lead
    late = {entry.batch for entry in rooms.ledger.entries(statuses={Status.PLANNED}, due_until=until)}
    return tuple(batch.id for batch in rooms.ledger.batches() if batch.state == WAITS and batch.id in late)
