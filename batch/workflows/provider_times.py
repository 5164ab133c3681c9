"""Show campaigns at the time at which they really go out: as the provider has them, in its zone of today."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from batch.core.payload import from_provider_time, is_time, show_time
from batch.model import Entry, Issue, Level, Status
from batch.model.times import span_words
from batch.workflows.zone_changes import find_moved

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger

_THERE = frozenset({Status.ACCEPTED, Status.SENT})


def as_they_go(settings: Settings, ledger: Ledger, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Give entries with the time that the provider showed last, or was given: a zone that was corrected since changes
    what that text means, and somebody may have moved the campaign in the dashboard. What differs becomes an issue.
    """
    entries = tuple(entries)
    there = [entry.id for entry in entries if _is_there(entry)]
    shown = ledger.lists.shown_times(there) if there else {}
    zone, moved = settings.provider.timezone, find_moved(ledger, entries)
    return tuple(
        _as_it_goes(entry, shown.get(entry.id) or entry.send_at_provider, zone, moved.get(entry.id, entry.send_at))
        if _is_there(entry)
        else entry
        for entry in entries
    )


def _is_there(entry: Entry) -> bool:
    return entry.status in _THERE and bool(entry.provider_id)


def _as_it_goes(entry: Entry, text: str, zone: str, meant: datetime | None) -> Entry:
    if meant is None or is_time(text, meant, zone):
        return entry
    moment = from_provider_time(text, zone)
    if moment is None:
        return entry
    place = entry.zone or zone
    goes = "went out" if entry.status is Status.SENT else "goes out"
    words = (
        f"{goes} on {show_time(moment, place)}, {span_words(moment - meant)} {'late' if moment > meant else 'early'}: "
        f"{show_time(meant, place)} {'was' if entry.status is Status.SENT else 'is'} meant"
    )
    issue = Issue(entry.row, "", "DateTime", "drifted", words, Level.WARNING, text)
    return replace(entry, send_at=moment, issues=(*entry.issues, issue))
