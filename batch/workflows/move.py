"""Move the ledger to another database: ask, copy and compare it while nobody else works on it, say what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch.adapters.ledger import open_ledger, resolve_url
from batch.model.errors import LedgerBusyError, LedgerMovedError, UsageError
from batch.model.plurals import plural
from batch.model.records import dataclass
from batch.workflows.context import World, open_ledger_of

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of a wish to move."""

    done: bool
    rows: dict[str, int]
    """By table, how many were copied and compared."""
    lines: tuple[str, ...]
    """What was done and what to do next, in words."""


def move_ledger(settings: Settings, world: World, url: str) -> Moved:
    """Move the ledger of the settings to `url`; raises BatchError, and the ledger stays where it is."""
    if resolve_url(url) == resolve_url(settings.ledger.url):
        raise UsageError("the ledger is already there", "name the URL of a new ledger")
    with open_ledger_of(settings, world, create=False) as ledger, _open_new(url, world) as target:
        if not world.confirm(f"move {ledger.name} to {target.name}?"):
            return Moved(done=False, rows={}, lines=("nothing was moved",))
        with ledger.lock.hold(world.who, world.now()), ledger.lock.hold_mail() as ours:
            if not ours:
                raise LedgerBusyError("mail is being sent just now", "wait until it is done, then try again")
            rows = {name: count for name, (count, _) in ledger.move_to(target).items()}
        target.journal.note_run("move", world.now(), f"from {ledger.name}, by {world.signature}")
        return Moved(
            done=True, rows=rows, lines=_lines(ledger.name, target.name, rows, in_file=target.path is not None)
        )


def _open_new(url: str, world: World) -> Ledger:
    try:
        return open_ledger(url, now=world.now())
    except LedgerMovedError as moved:
        words = f"{moved.where} is there still: its content was moved away, and it is kept as it was"
        raise UsageError(words, "name a file that does not exist yet, or an empty database") from None


def _lines(old: str, new: str, rows: dict[str, int], *, in_file: bool) -> tuple[str, ...]:
    told = f"{plural(rows['batches'], 'batch', 'batches')}, {plural(rows['entries'], 'entry', 'entries')}"
    lines = [f"moved {old} to {new}: {told}; all {len(rows)} tables were compared row by row"]
    lines.append("now put its URL into [ledger] url: until then every command stops and says that the ledger was moved")
    if not in_file:
        lines.append("back the database up with its own tools (pg_dump): campaign-batch backs up files only")
    return tuple(lines)
