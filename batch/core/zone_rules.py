"""Notice that a zone's rules changed: keep its distance from UTC at each time that was read, and compare it later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from batch.model.times import zone_of

Offsets = Mapping[str, Sequence[tuple[str, float]]]
"""By zone: from which moment on it was how many seconds from UTC, as far as moments were asked for."""


def note_offsets(moments: Iterable[tuple[str, datetime]]) -> dict[str, list[tuple[str, float]]]:
    """Note by today's rules how far zones are from UTC at some moments; each is aware."""
    noted: dict[str, list[tuple[str, float]]] = {}
    for name, moment in sorted(set(moments)):
        steps, offset = noted.setdefault(name, []), _offset(moment, name).total_seconds()
        if not steps or steps[-1][1] != offset:
            steps.append((moment.astimezone(UTC).isoformat(), offset))
    return noted


def meant_by_today(moment: datetime, zone: str, noted: Offsets) -> datetime:
    """Give the moment at which clocks of a zone show by today's rules what they were to show at `moment`, in UTC."""
    since = [offset for at, offset in noted.get(zone, ()) if datetime.fromisoformat(at) <= moment]
    if not since or timedelta(seconds=since[-1]) == _offset(moment, zone):
        return moment
    shown = (moment + timedelta(seconds=since[-1])).replace(tzinfo=zone_of(zone))
    return shown.astimezone(UTC)


def _offset(moment: datetime, zone: str) -> timedelta:
    return moment.astimezone(zone_of(zone)).utcoffset() or timedelta()
