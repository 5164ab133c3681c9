"""Checks the send time against now, the quiet hours, the team's own blackout days and the public holidays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from batch.core.validate.terms import Terms, holiday_names
from batch.core.validate.times import SendTime, TimeCells, read_moment
from batch.core.validate.trouble import NO_TROUBLE, Trouble
from batch.model.plurals import plural
from batch.model.times import date_words, wall_time

LAW = "47 CFR 64.1200(c)(1): 8 a.m. to 9 p.m. at the called party's location"
"""https://www.ecfr.gov/current/title-47/section-64.1200"""

MomentCheck = Callable[[datetime, datetime, Terms], tuple[str, str] | None]


class When(NamedTuple):
    """A send time with all that holds for every row that has it."""

    moment: SendTime
    past: bool = False
    troubles: tuple[Trouble, ...] = NO_TROUBLE
    """Of reading it, and against now."""
    days: tuple[Trouble, ...] = NO_TROUBLE
    """Of blackouts and holidays."""
    quiet: tuple[Trouble, ...] = NO_TROUBLE
    """Of the quiet hours of its own zone; not every row has to keep them."""


def read_when(cells: TimeCells, terms: Terms) -> When:
    """Read the time cells and hold the result to the calendar and the clock."""
    rules = terms.rules
    moment = read_moment(cells, rules.zone, rules.provider_zone, rules.date_order, rules.used_zones)
    if moment.send_at is None or moment.local is None:
        return When(moment, troubles=moment.troubles)
    return When(
        moment,
        moment.send_at <= terms.now,
        _run((_past, _lead_time, _too_far_ahead), moment, cells.field, terms),
        _run((_blackout, _holiday), moment, cells.field, terms),
        _run((_quiet_hours,), moment, cells.field, terms),
    )


def _run(checks: tuple[MomentCheck, ...], moment: SendTime, field: str, terms: Terms) -> tuple[Trouble, ...]:
    assert moment.send_at is not None
    assert moment.local is not None
    found = (check(moment.send_at, moment.local, terms) for check in checks)
    return tuple(Trouble(code, field, words, moment.raw) for code, words in filter(None, found))


def _past(send_at: datetime, local: datetime, terms: Terms) -> tuple[str, str] | None:
    if send_at > terms.now:
        return None
    return "time-past", f"{wall_time(local)} ({_zone(local)}) is in the past; enter a future time"


def _lead_time(send_at: datetime, local: datetime, terms: Terms) -> tuple[str, str] | None:
    if send_at <= terms.now or send_at >= terms.earliest:
        return None
    words = (
        f"{wall_time(local)} ({_zone(local)}) is less than {plural(terms.rules.lead_minutes, 'minute')} away: "
        "enter a later time, so that there is time to check it"
    )
    return "lead-time", words


def _too_far_ahead(send_at: datetime, local: datetime, terms: Terms) -> tuple[str, str] | None:
    if send_at <= terms.latest:
        return None
    words = f"{wall_time(local)} is more than {plural(terms.rules.horizon_days, 'day')} ahead: is the year right?"
    return "too-far-ahead", words


def _blackout(_: datetime, local: datetime, terms: Terms) -> tuple[str, str] | None:
    for blackout in terms.blackouts:
        if blackout.hold(local):
            return (
                "blackout-day",
                f'{wall_time(local)} is in the team\'s own blackout "{blackout.written}": choose another time',
            )
    return None


def _holiday(_: datetime, local: datetime, terms: Terms) -> tuple[str, str] | None:
    rules = terms.rules
    if not rules.holiday_country:
        return None
    name = holiday_names(rules.holiday_country, rules.holiday_state, local.year).get(local.date())
    return ("holiday", f"{date_words(local)} is a public holiday ({name}): is that intended?") if name else None


def _quiet_hours(_: datetime, local: datetime, terms: Terms) -> tuple[str, str] | None:
    if terms.quiet is None or not terms.quiet.hold(local):
        return None
    forgotten = ", midnight: was the time forgotten?" if (local.hour, local.minute) == (0, 0) else ""
    words = (
        f"{wall_time(local)} ({_zone(local)}) is in the quiet hours, {terms.quiet}{forgotten}: "
        f"choose a time outside them ({LAW})"
    )
    return "quiet-hours", words


def _zone(local: datetime) -> str:
    return getattr(local.tzinfo, "key", "") or str(local.tzinfo)
