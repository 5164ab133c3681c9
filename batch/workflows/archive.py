"""Move the texts of closed weeks into a file that reports and searches still read; nothing open is ever moved."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from batch.adapters.ledger import name_archive
from batch.model.errors import UsageError
from batch.model.plurals import plural
from batch.model.records import dataclass
from batch.workflows.archives import end_archiving
from batch.workflows.context import World, open_ledger_of
from batch.workflows.purge import closed_limit, name_day

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Archived:
    """What came of a wish to archive."""

    before: datetime
    entries: int
    mails: int
    done: bool
    path: Path | None
    """The file of the archive, once it is made."""
    lines: tuple[str, ...]


def archive_ledger(settings: Settings, world: World, before: date) -> Archived:
    """Archive what was due before a day, in weeks that are over; raises UsageError where something is open there."""
    limit = closed_limit(before, world.now(), ZoneInfo(settings.team_zone))
    day = name_day(limit, settings)
    with open_ledger_of(settings, world, create=False) as ledger:
        ended = end_archiving(settings, ledger, world)
        counted = ledger.upkeep.count_purge(limit)
        _refuse_open(ledger, limit, day)
        if not counted.entries:
            lines = (*(f'ended the archive "{path}"' for path in ended), f"nothing to archive before {day}")
            return Archived(limit, 0, 0, done=False, path=None, lines=lines)
        told = plural(counted.entries, "entry", "entries")
        if not world.confirm(f"archive {told} from before {day}?"):
            words = ("nothing was archived",)
            return Archived(limit, counted.entries, counted.mails, done=False, path=None, lines=words)
        with ledger.lock.hold(world.who, world.now()):
            _refuse_open(ledger, limit, day)
            path = _place(settings, ledger, day)
            ledger.words.forget()
            why = f"archived: archive --before {before}"
            done = ledger.archives.make(path, limit, why=why, who=world.signature, now=world.now())
            ledger.words.forget()  # a search may have made it anew meanwhile
            told = plural(done.entries, "entry", "entries")
            ledger.journal.note_run("archive", world.now(), f"{told} before {day} to {path}, by {world.signature}")
    stay = counted.entries - done.entries
    lines = (
        *(
            (f"{plural(stay, 'entry', 'entries')} changed meanwhile and stay: type the command again",)
            if stay > 0
            else ()
        ),
        f'archived {told} from before {day} in "{path}"; every row was compared',
        '"find" and "report" read this file: keep it there, and keep a copy of it elsewhere',
    )
    return Archived(limit, done.entries, done.mails, done=True, path=path, lines=lines)


def _refuse_open(ledger: Ledger, limit: datetime, day: str) -> None:
    """Refuse weeks in which anything is left to do."""
    kept = ledger.upkeep.count_purge(limit).kept
    if kept:
        some = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in sorted(kept.items()))
        remedy = (
            f'type "campaign-batch report --since" with an earlier day, do what it says, or give a day before {day}'
        )
        raise UsageError(f"campaigns from before {day} are still open: {some}", remedy)
    doubted = ledger.archives.find_doubted(limit)
    open_ones = [str(entry.id) for entry in ledger.entries.select(ids=doubted) if entry.findings] if doubted else []
    if open_ones:
        words = f"a comparison found something about entry {', '.join(open_ones[:5])} that nobody acknowledged"
        raise UsageError(words, f'type "campaign-batch acknowledge {open_ones[0]}", or give an earlier day')
    if waiting := ledger.archives.waiting_mail(limit):
        remedy = 'type "campaign-batch doctor" to see why, or give an earlier day'
        raise UsageError(f"{plural(waiting, 'mail')} from before {day} not sent yet", remedy)


def _place(settings: Settings, ledger: Ledger, day: str) -> Path:
    """Name the file: beside a ledger in a file, else in the folder of the reports."""
    if ledger.path is not None:
        return name_archive(ledger.path.parent, ledger.path.stem, day)
    folder = Path(settings.reports.folder).absolute()
    return name_archive(folder, f"ledger-{settings.name}" if settings.name else "ledger", day)
