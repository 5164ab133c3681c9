"""Forget old texts on request: say how many, ask, do it alone on the ledger, say what still holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from batch.model.plurals import plural
from batch.model.records import dataclass
from batch.workflows.archives import count_archived, end_archiving, purge_archives
from batch.workflows.context import World, open_ledger_of

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger, Purge


@dataclass(frozen=True, slots=True)
class Purged:
    """What came of a wish to forget."""

    before: datetime
    """What lies before this moment is meant: the day asked for, or the begin of this week if that is earlier."""
    counted: Purge
    done: bool
    lines: tuple[str, ...] = ()
    """What was done and what still holds the texts, in words."""


def purge_ledger(settings: Settings, world: World, before: date) -> Purged:
    """Forget the texts of closed weeks; a person at a terminal is asked."""
    limit = closed_limit(before, world.now(), ZoneInfo(settings.team_zone))
    with open_ledger_of(settings, world, create=False) as ledger:
        end_archiving(settings, ledger, world)
        counted = _count_all(ledger, world, limit)
        if not counted.entries and not counted.mails:
            return Purged(limit, counted, done=False, lines=(f"nothing to forget before {name_day(limit, settings)}",))
        if not world.confirm(f"forget {_count(counted)} from before {name_day(limit, settings)}, for good?"):
            return Purged(limit, counted, done=False, lines=("nothing was forgotten",))
        with ledger.lock.hold(world.who, world.now()):
            ledger.words.forget()
            why = f"forgotten: purge --before {before}"
            gone = purge_archives(ledger, world, limit, why)
            ledger.upkeep.purge(limit, why=why, who=world.signature, now=world.now())
            done = counted
            words = f"{_count(done)} from before {name_day(limit, settings)}, by {world.signature}"
            ledger.words.forget()  # a search may have made it anew meanwhile
            ledger.journal.note_run("purge", world.now(), words)
        return Purged(limit, done, done=True, lines=(*_lines(ledger, done, limit, settings), *_name_gone(gone)))


def _count_all(ledger: Ledger, world: World, limit: datetime) -> Purge:
    """Count what the ledger and its archives hold from before `limit`."""
    counted = ledger.upkeep.count_purge(limit)
    return replace(counted, entries=counted.entries + count_archived(ledger, world, limit))


def _name_gone(gone: Iterable[Path]) -> Iterator[str]:
    for path in gone:
        yield f'deleted the archive "{path}": all it held is from before that day'


def closed_limit(before: date, now: datetime, zone: ZoneInfo) -> datetime:
    """Give the moment up to which weeks are closed: never later than the begin of this one."""
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    return datetime.combine(min(before, monday), time(), zone).astimezone(UTC)


def name_day(limit: datetime, settings: Settings) -> str:
    return f"{limit.astimezone(ZoneInfo(settings.team_zone)):%Y-%m-%d}"


def _count(found: Purge) -> str:
    told = plural(found.entries, "entry", "entries")
    return f"texts, cells and owners of {told} and the addresses of {plural(found.mails, 'mail')}"


def _places(settings: Settings) -> str:
    store = f' and "{settings.report_store}"' if settings.report_store else ""
    return f'"{settings.reports.folder}"{store}'


def _lines(ledger: Ledger, done: Purge, limit: datetime, settings: Settings) -> list[str]:
    day = name_day(limit, settings)
    lines = [f"forgot {_count(done)} from before {day}; numbers, Ids, times, statuses and hashes stay"]
    if done.kept:
        some = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in sorted(done.kept.items()))
        lines.append(f"left alone, since somebody must still look at them: {some}")
    held = f'"{ledger.path.parent / "backups"}"' if ledger.path is not None else "backups of the database"
    lines.append(
        f"the texts still stand in {held}, in the reports of {_places(settings)} and in the sheets of "
        f'"{settings.watch.folder}": delete the older ones there as well'
    )
    return lines
