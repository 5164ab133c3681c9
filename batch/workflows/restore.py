"""Restore the ledger from a backup: say what it holds, ask, put it in place, look through it, say what to do next."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from batch.adapters.ledger import find_backup, look_into, open_ledger, restore
from batch.model.plurals import plural
from batch.model.records import dataclass
from batch.workflows.context import World

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Holding, Restored

NEXT = "campaign-batch resume"


@dataclass(frozen=True, slots=True)
class Restoring:
    """What came of a wish to restore."""

    restored: Restored | None
    """None when a person said no."""
    problems: tuple[str, ...] = ()
    """What is wrong with the restored ledger, in words."""
    lines: tuple[str, ...] = ()
    """What was done and what to do next, in words."""


def restore_ledger(settings: Settings, world: World, wanted: Path | None) -> Restoring:
    """Put a backup (by default the newest one) in the ledger's place; raise BatchError, and nothing has changed."""
    place, backup = find_backup(settings.ledger.url, wanted)
    holding = look_into(place, backup, world.now())
    if not world.confirm(f'restore "{place}" from {_tell(holding)}?'):
        return Restoring(None)
    account = (settings.provider.account, urlsplit(settings.provider.url).hostname or "")
    done = restore(place, backup, account=account, who=world.signature, now=world.now())
    with open_ledger(settings.ledger.url, now=world.now(), create=False) as ledger:
        problems = ledger.upkeep.verify(world.now())
    return Restoring(done, problems, tuple(_lines(done)))


def _tell(holding: Holding) -> str:
    changed = f"last changed {_minute(holding.newest)}" if holding.newest is not None else "never changed"
    rows = f"{plural(holding.batches, 'batch', 'batches')}, {plural(holding.entries, 'entry', 'entries')}"
    return f'"{holding.backup}" ({rows}, {changed})'


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _lines(done: Restored) -> list[str]:
    since = _minute(done.holding.newest) if done.holding.newest is not None else "it was made"
    lines = [f'restored "{done.ledger}" from {_tell(done.holding)}']
    if done.aside:
        lines.append(f"what was there before is kept as {', '.join(str(path) for path in done.aside)}")
    if done.paused:
        lines.append("everything stays paused, as it was in the old ledger")
    elif not done.old_was_read:
        lines.append("the old ledger could not say whether everything was paused: if it was, pause it again now")
    lines.append(
        f"what people did after {since} is not in it: cancel, reject, approve or resolve it again before you go on"
    )
    lines.append(
        f'then type "{NEXT}": it reads the provider\'s lists and adopts what went out since, and sends nothing twice; '
        f"drop the files that came in after {since} again, with the same result"
    )
    return lines
