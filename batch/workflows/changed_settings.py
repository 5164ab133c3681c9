"""Say what changed settings mean for what is scheduled and what is planned, and hold what was read with others.

Name, zone and length of what is posted come from today's settings anyway. Text and moment of a row were made when its
file was read: a row that was read with another footer would go out with the old one, so it is held instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from batch.core.payload import from_provider_time, is_time, show_time
from batch.model import Entry, Issue, Level, Status, StatusChange
from batch.model.plurals import plural
from batch.model.times import span_words
from batch.workflows.context import Context, need_zone
from batch.workflows.zone_changes import find_moved

if TYPE_CHECKING:
    from batch.adapters.config import Settings

CODE = "settings-changed"
_SHOWN = 5
_POSTED_WITH = {
    "provider_zone": "[provider] timezone",
    "max_name": "[provider] max_name",
    "tag_names": "[provider] tag_names",
}
_READ_WITH = {
    "prefix": "[checks] prefix",
    "footer": "[checks] footer",
    "plain_characters": "[checks] plain_characters",
    "sheet_zone": "[sheet] timezone",
    "date_order": "[sheet] date_order",
    "type_recipients": "[sheet] type_recipients",
}


def read_with(settings: Settings) -> dict[str, Any]:
    """Give the settings that are in text and time of a row as soon as it is read."""
    return {
        "prefix": settings.checks.prefix,
        "footer": settings.checks.footer,
        "plain_characters": settings.checks.plain_characters,
        "sheet_zone": need_zone(settings, for_real=False),
        "date_order": settings.sheet.date_order,
        "type_recipients": settings.sheet.type_recipients,
    }


def in_use(settings: Settings) -> dict[str, Any]:
    """Give all settings that say what is posted."""
    return {**posted_with(settings), **read_with(settings)}


def posted_with(settings: Settings) -> dict[str, Any]:
    """Give the settings from which name and time of what is posted are made."""
    provider = settings.provider
    return {"provider_zone": provider.timezone, "max_name": provider.max_name, "tag_names": provider.tag_names}


def describe_posted(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say which of two sets of these settings differ."""
    return [
        f"{_POSTED_WITH[key]} was {_show(before[key])} and is {_show(value)} now"
        for key, value in now.items()
        if key in before and before[key] != value
    ]


def warn_of_changes(context: Context, *, look: bool = False) -> None:
    """Say once which settings changed since the last run and what it means; with `look` it counts as untold."""
    now = in_use(context.settings)
    before = context.ledger.journal.settings()
    if before == now:
        return
    for words in describe_changed(context.settings, before, len(context.ledger.entries.planned())):
        context.note(words, loud=True)
    if not look:
        context.ledger.journal.keep_settings(now)


def describe_changed(settings: Settings, before: Mapping[str, Any], planned: int) -> list[str]:
    """Say which settings are others than at the last run, and what that means for so many planned rows."""
    names = _POSTED_WITH | _READ_WITH
    return [
        f"{names[key]} was {_show(before[key])} at the last run and is {_show(value)} now: "
        f"{_tell_planned(planned, posted=key in _POSTED_WITH)}"
        for key, value in in_use(settings).items()
        if key in before and before[key] != value
    ]


def warn_of_off_time(context: Context) -> int:
    """Say which scheduled campaigns go out at another time than is meant, by today's zone; give how many."""
    apart = find_off_time(context)
    for off, entries in sorted(apart.items()):
        them = "it" if len(entries) == 1 else "them"
        ids = ", ".join(entry.provider_id for entry in entries[:_SHOWN])
        more = f" and {len(entries) - _SHOWN} more" if len(entries) > _SHOWN else ""
        late = "late" if off > timedelta(0) else "early"
        context.note(
            f"{plural(len(entries), 'scheduled campaign')} will go out {span_words(off)} {late}, by {context.zone} as "
            f"the provider's zone (Id {ids}{more}): if that zone is right, delete {them} in the "
            f'dashboard and type "campaign-batch reconcile"; if not, correct [provider] timezone',
            loud=True,
        )
    return sum(len(entries) for entries in apart.values())


def find_off_time(context: Context) -> dict[timedelta, list[Entry]]:
    """Find what is scheduled for another time than is meant, by how far it is off."""
    found: dict[timedelta, list[Entry]] = defaultdict(list)
    entries = list(context.ledger.entries.select(statuses={Status.ACCEPTED}, due_from=context.world.now()))
    moved = find_moved(context.ledger, entries)
    for entry in entries:
        moment = from_provider_time(entry.send_at_provider, context.zone)
        meant = moved.get(entry.id, entry.send_at)
        if moment is None or meant is None or is_time(entry.send_at_provider, meant, context.zone):
            continue
        found[moment - meant].append(entry)
    return found


def hold_outdated(context: Context, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Hold the entries that were read with other settings than today's; give the rest."""
    entries = tuple(entries)
    kept = {batch: context.ledger.journal.settings(batch) for batch in {entry.batch for entry in entries}}
    now = read_with(context.settings)
    moved, zones = find_moved(context.ledger, entries), {entry.id: entry.zone for entry in entries}
    outdated = {entry.id: why for entry in entries if (why := _find_outdated(entry, kept[entry.batch], now))}
    outdated |= {number: _tell_moved(moment, zones[number]) for number, moment in moved.items()}
    for entry in entries:
        if entry.id in outdated:
            why = outdated[entry.id]
            issue = Issue(entry.row, "", "", CODE, why, Level.HOLD)
            context.ledger.changes.make(StatusChange(
                entry.id, Status.HELD, expected={entry.status}, why=why, who=context.world.who, now=context.world.now(),
                issues=(*entry.issues, issue),
            ))  # fmt: skip
    if outdated:
        some = next(iter(outdated.values()))
        context.note(f"{plural(len(outdated), 'planned row is', 'planned rows are')} held: {some}", loud=True)
    return tuple(entry for entry in entries if entry.id not in outdated)


def _find_outdated(entry: Entry, kept: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Say what an entry was read with that is otherwise today; empty when nothing is."""
    old = kept or _guess(entry, now)
    changed = [
        f"{_READ_WITH[key]} is {_show(value)} now" + (f", not {_show(old[key])}" if old[key] is not None else "")
        for key, value in now.items()
        if key in old and old[key] != value and (key != "sheet_zone" or entry.zone == old[key])
    ]
    if not changed:
        return ""
    return f"read with other settings ({'; '.join(changed)}), so it is not sent: submit its file again"


def _tell_moved(meant: datetime, zone: str) -> str:
    """Say that a planned row would go at another time of the clock than its sheet says."""
    return (
        f"the clock rules of {zone} changed after its file was read, which meant {show_time(meant, zone)}, "
        f"so it is not sent: submit its file again"
    )


def _guess(entry: Entry, now: Mapping[str, Any]) -> dict[str, Any]:
    """Tell of an entry from before its settings were kept only whether it bears today's prefix and footer."""
    return {key: None for key in ("prefix", "footer") if now[key].strip() not in entry.message}


def _tell_planned(planned: int, *, posted: bool) -> str:
    rows = plural(planned, "planned row")
    if posted:
        return f"what is scheduled stays as it was posted; {rows} and all others go by the new value"
    return f"what is scheduled stays as it is; of {rows}, those that were read with the old value are held"


def _show(value: object) -> str:
    return "not set" if value is None or value == "" else f'"{value}"' if isinstance(value, str) else str(value)
