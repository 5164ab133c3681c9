"""Write the page that always tells what went, goes or did not go, the same for everyone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from batch.adapters.report.html import PLAIN_LIMIT, chips
from batch.adapters.report.page import embed, embed_logo, render_page, write_page
from batch.adapters.report.rows import FACTS, View, pack, show_entry
from batch.core.standing import standing_of
from batch.model import NOTHING, DeliveryCount, Entry
from batch.model.times import local_time, zone_of, zone_word
from batch.model.wording import TONES

LIMIT = 20_000
"""The most entries on the page: those nearest to now; `campaign-batch find` looks through all of them."""
COLUMNS = (
    ("status", "Status"),
    ("name", "Campaign"),
    ("sentence", "What became of it"),
    ("groups", "Groups"),
    ("contacts", "Texts"),
    ("id", "Id"),
)


def write_status(
    entries: Iterable[Entry],
    path: Path,
    *,
    made_at: datetime,
    zone: str,
    total: int = 0,
    deliveries: Mapping[int, Sequence[DeliveryCount]] = NOTHING,
    paused: str = "",
    templates: Sequence[Path] = (),
    provider_zone: str = "America/New_York",
    team: str = "",
    logo: Path | None = None,
    account: str = "",
) -> Path:
    """Write the status page; what is still to come stands first, the soonest on top, then the past.

    `total` are those of which `entries` are the nearest.
    """
    every = list(entries)
    chosen = sorted(every, key=lambda entry: _distance(entry, made_at))[:LIMIT]
    view = View(zone, provider_zone, made_at, {entry.id: entry for entry in chosen})
    ordered = sorted(chosen, key=lambda entry: _place(entry, made_at))
    rows = [
        show_entry(entry, view, standing_of(entry, made_at, zone), delivery=deliveries.get(entry.id, ()))
        for entry in ordered
    ]
    page = render_page(
        "status.html.j2",
        templates,
        "rows.js",
        team=team,
        logo=embed_logo(logo),
        paused=paused,
        made_at=local_time(made_at, zone, 0),
        clocks=_clocks(chosen, zone),
        tones=TONES,
        needs=sum(row.needs for row in rows),
        total=max(total, len(every)),
        shown=len(rows),
        columns=COLUMNS,
        facts=FACTS,
        plain=rows[:PLAIN_LIMIT],
        standings=chips(rows),
        packed=embed(pack(rows), account),
    )
    return write_page(page, path, account)


def _clocks(entries: Iterable[Entry], zone: str) -> list[str]:
    """Name the clocks of the rows' times: `CST`, `EST`."""
    return sorted(
        {zone_word(entry.send_at.astimezone(zone_of(entry.zone or zone))) for entry in entries if entry.send_at}
    )


def _distance(entry: Entry, now: datetime) -> float:
    return abs((entry.send_at - now).total_seconds()) if entry.send_at else float("inf")


def _place(entry: Entry, now: datetime) -> tuple[int, float]:
    if entry.send_at is None:
        return (2, -entry.id)
    seconds = (entry.send_at - now).total_seconds()
    return (0, seconds) if seconds >= 0 else (1, -seconds)
