"""Checks a sending at its recipients' place: hours, weekdays and purpose of every group of the row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from batch.core.validate.calendar import LAW
from batch.core.validate.groups import Groups
from batch.core.validate.hours import Hours
from batch.core.validate.lost_guards import describe_lost
from batch.core.validate.terms import Terms, Window
from batch.core.validate.times import SendTime
from batch.core.validate.trouble import Trouble
from batch.model.days import WEEKDAYS
from batch.model.times import wall_time

LAWFUL = Hours(8 * 60, 21 * 60)


def keep_quiet_here(groups: Groups, purpose: str, terms: Terms) -> bool:
    """Say whether the quiet hours of the row's own zone hold: not in an emergency, nor where every group has zones."""
    if purpose == "emergency":
        return False
    if not terms.windows or not groups.names:
        return True
    windows = [window for _, window in _windows(groups, terms)]
    return not all(window is not None and window.zones for window in windows)


def check_windows(groups: Groups, purpose: str, moment: SendTime, field: str, terms: Terms) -> tuple[Trouble, ...]:
    """Find every group that must not get this, or not then."""
    if not terms.windows:
        return ()
    found: list[Trouble] = []
    for name, window in _windows(groups, terms):
        if window is not None:
            found.extend(_check_window(name, window, purpose, moment, field))
    return tuple(found)


def check_guards(groups: Groups, terms: Terms) -> tuple[Trouble, ...]:
    """Hold what a section that names no group may be meant to guard: a typo must not switch a guard off."""
    held = [guard for guard in terms.lost if guard.holds]
    if not held:
        return ()
    bare = any(window is None for _, window in _windows(groups, terms))
    return tuple(
        Trouble("group-guard-unknown", "GroupIds", describe_lost(guard), guard.name)
        for guard in held
        if (guard.near.id in groups.ids if guard.near else bare)
    )


def _windows(groups: Groups, terms: Terms) -> Iterator[tuple[str, Window | None]]:
    if not groups.ids:
        yield from ((name, terms.window_of("", name)) for name in groups.names)
        return
    for group_id, name in zip(groups.ids, groups.names, strict=True):
        yield name or group_id, terms.window_of(group_id, name)


def _check_window(name: str, window: Window, purpose: str, moment: SendTime, field: str) -> Iterator[Trouble]:
    wanted = purpose or "marketing"
    if window.purposes and wanted not in window.purposes:
        agreed = ", ".join(sorted(window.purposes))
        words = f'the people of "{name}" agreed to {agreed}, not to {wanted}: remove the group, or fix Purpose'
        yield Trouble("purpose-not-agreed", "Purpose" if purpose else "GroupIds", words, purpose)
    if wanted == "emergency" or moment.send_at is None or moment.local is None:
        return
    zones = window.zones or (ZoneInfo(moment.zone),)
    yield from _check_hours(name, window, [moment.send_at.astimezone(zone) for zone in zones], field)


def _check_hours(name: str, window: Window, clocks: list[datetime], field: str) -> Iterator[Trouble]:
    for there in clocks:
        if not window.hours.hold(there):
            yield Trouble("quiet-hours-there", field, _explain(name, window, there), wall_time(there))
            break
    for there in clocks:
        if window.days and there.weekday() not in window.days:
            days = ", ".join(WEEKDAYS[day] for day in sorted(window.days))
            local = wall_time(there)
            words = f'for "{name}" it is {local} then, and the group is texted on {days} only: choose another day'
            yield Trouble("day-not-allowed", field, words, local)
            break


def _explain(name: str, window: Window, there: datetime) -> str:
    place = getattr(there.tzinfo, "key", "")
    law = f" ({LAW})" if not LAWFUL.hold(there) else ""
    local = f"{wall_time(there)} ({place})"
    return f'for "{name}" it is {local} then, outside its hours {window.hours}{law}: choose another time'
