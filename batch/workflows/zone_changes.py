"""Tell at which moment campaigns are meant by today's rules of their zones: a newer time-zone database may move it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from batch.core.zone_rules import Offsets, meant_by_today, note_offsets
from batch.model import Decision, Entry

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

    @cache
    def kept(batch: int) -> Offsets:
        found: Offsets = ledger.journal.settings(batch).get(OFFSETS, {})
        return found

    moved = {}
    for entry in entries:
        if entry.send_at is not None and entry.zone:
            meant = meant_by_today(entry.send_at, entry.zone, kept(entry.batch))
            if meant != entry.send_at:
                moved[entry.id] = meant
    return moved
