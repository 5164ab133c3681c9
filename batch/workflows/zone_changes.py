"""Tell at which moment campaigns are meant by today's rules of their zones: a newer time-zone database may move it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from batch.core.zone_rules import Offsets, meant_by_today, note_offsets
from batch.model import Decision, Entry, Posted

if TYPE_CHECKING:
    from batch.adapters.ledger import Ledger

OFFSETS = "zone_offsets"
"""The name under which a batch keeps them, beside the settings that it was read with."""


def offsets_of(decisions: Iterable[Decision]) -> dict[str, list[tuple[str, float]]]:
    """Note how far the zones of rows are from UTC at their times, by the rules with which they are read now."""
    campaigns = [one.checked.campaign for one in decisions if one.checked.campaign is not None]
    return note_offsets((one.zone, one.send_at) for one in campaigns if one.zone)


def find_moved(ledger: Ledger, entries: Iterable[Entry]) -> dict[int, datetime]:
    """Give by entry the moment that is meant today, where another one was meant when its file was read."""
    meant = _meant_by(ledger)
    now = ((entry, meant(entry)) for entry in entries)
    return {entry.id: moment for entry, moment in now if moment is not None and moment != entry.send_at}


def leave_out_moved(ledger: Ledger, posted: Iterable[Posted]) -> Iterator[Posted]:
    """Give what is still meant for the moment that was meant when its file was read."""
    meant = _meant_by(ledger)
    return (one for one in posted if meant(one) == one.send_at)


def _meant_by(ledger: Ledger) -> Callable[[Entry | Posted], datetime | None]:
    """Give what tells the moment that is meant today; the settings of each batch are read once."""

    @cache
    def kept(batch: int) -> Offsets:
        found: Offsets = ledger.journal.settings(batch).get(OFFSETS, {})
        return found

    @cache  # a batch of ten thousand campaigns has some dozens of times
    def meant_then(moment: datetime, zone: str, batch: int) -> datetime:
        return meant_by_today(moment, zone, kept(batch))

    def meant(one: Entry | Posted) -> datetime | None:
        if one.send_at is None or not one.zone:
            return one.send_at
        return meant_then(one.send_at, one.zone, one.batch)

    return meant
