"""What the team has agreed on: the numbers, words, days and hours that the checks go by."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from batch.model import NOTHING
from batch.model.records import dataclass

PURPOSES = ("marketing", "information", "emergency")

FORBIDDEN_SUBJECTS = (
    "cannabis", "marijuana", "weed", "cbd", "thc", "kratom", "vape", "vapes", "vaping", "e-cig", "e-cigs",
    "tobacco", "cigarette", "cigarettes", "cigar", "cigars", "hookah", "nicotine",
    "gun", "guns", "firearm", "firearms", "ammo", "ammunition", "rifle", "rifles", "pistol", "pistols", "fireworks",
    "porn", "escort", "escorts", "nude", "nudes", "sex", "viagra",
    "alcohol", "beer", "wine", "liquor", "vodka", "whiskey", "tequila",
    "casino", "gambling", "betting", "payday loan", "payday loans", "cash advance", "debt relief",
    "debt consolidation", "credit repair", "loan forgiveness", "get rich", "work from home", "crypto", "bitcoin",
)  # fmt: skip
"""Sex, hate, alcohol, firearms, tobacco and the lending and earning schemes that US carriers block or restrict:
CTIA Messaging Principles and Best Practices, section 5.3 (https://www.ctia.org/messaging-principles)."""


def _no_levels() -> Mapping[str, str]:
    return NOTHING


def _no_groups() -> Mapping[str, Any]:
    return NOTHING


@dataclass(frozen=True, slots=True)
class GroupRule:
    """What holds for the people of one group."""

    timezones: tuple[str, ...] = ()
    """Where they live; empty: in the row's own zone."""
    hours: str = "09:00-20:00"
    """When they may be texted, by their own clocks; the end is no longer part of it."""
    purpose: tuple[str, ...] = ()
    """What they opted in to, of marketing, information, emergency; empty: nobody wrote it down."""
    days: tuple[str, ...] = ()
    """The weekdays on which they may be texted (`monday` or `mon`); empty: all."""


@dataclass(frozen=True, slots=True)
class Rules:
    """All that the checks need to be told."""

    zone: str = "America/New_York"
    """The zone of a row without a TimeZone."""
    used_zones: tuple[str, ...] = ()
    """Zones that the team's settings or rows named before, the latest first: what an offset most likely means."""
    provider_zone: str = "America/New_York"
    """The zone in which the provider reads times."""
    date_order: str = "month"
    """`month`, `day` or `iso`: how 3/4/2026 reads; under `iso` it is refused."""
    type_recipients: int = 0
    lead_minutes: int = 10
    horizon_days: int = 365
    quiet_hours: str = "21:00-08:00"
    """Empty: none. The end is no longer part of it."""
    max_characters: int = 480
    max_parts: int = 3
    contacts_tolerance: float = 0.1
    brand: str = ""
    levels: Mapping[str, str] = dataclasses.field(default_factory=_no_levels)
    """Code to error, hold, warning or off, for every code but the hard ones."""
    groups: Mapping[str, GroupRule] = dataclasses.field(default_factory=_no_groups)
    """By a group's name or id."""
    blackout: tuple[str, ...] = ()
    """`2026-12-25`, `12-25` (every year), `2026-12-24..2026-12-26`, `sunday`; each may have hours behind it:
    `sunday 00:00-13:00`."""
    holiday_country: str = ""
    """ISO 3166-1 (`US`); empty: holidays are not looked at."""
    holiday_state: str = ""
    """`TX`; empty: the country's holidays only."""
    words: tuple[str, ...] = ()
    """The team's own word list, case-blind; a phrase may have blanks."""
    forbidden_subjects: tuple[str, ...] = FORBIDDEN_SUBJECTS
    week_start: str = "monday"
