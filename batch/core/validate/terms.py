"""What the rules come down to, made once for all rows: hours as numbers, words as patterns, groups by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from batch.core.identity import fold, plain_id
from batch.core.validate.hours import Hours, parse_blackout, parse_hours, parse_weekday
from batch.core.validate.lost_guards import find_lost
from batch.core.validate.rules import PURPOSES, GroupRule, Rules
from batch.core.validate.zones import find_zone
from batch.model import Account, Group, Level, MmsTemplate
from batch.model.codes import CODES, HARD, why_fixed
from batch.model.errors import UsageError

T = TypeVar("T", Group, MmsTemplate)


class Window(NamedTuple):
    """What holds for the people of one group, made ready."""

    zones: tuple[ZoneInfo, ...]
    hours: Hours
    purposes: frozenset[str]
    days: frozenset[int]


class Terms:
    """The rules of one run, the moment it is checked for, and what the account holds."""

    def __init__(self, rules: Rules, now: datetime, account: Account | None) -> None:
        self.rules = rules
        self.now = now
        self.earliest = now + timedelta(minutes=rules.lead_minutes)
        self.latest = now + timedelta(days=rules.horizon_days)
        self.levels = _read_levels(rules.levels)
        self.quiet = parse_hours(rules.quiet_hours, "quiet_hours") if rules.quiet_hours.strip() else None
        self.blackouts = tuple(parse_blackout(str(text), "blackout") for text in rules.blackout)
        self.windows = {_group_key(name): _read_window(name, rule) for name, rule in rules.groups.items()}
        self.brand = fold(rules.brand)
        self.forbidden = word_pattern(rules.forbidden_subjects)
        self.forbidden_starts = frozenset(re.split(r"\W", fold(word))[0] for word in rules.forbidden_subjects)
        self.listed = word_pattern(rules.words)
        self.account = account
        self.groups_by_name = _by_name(account.groups if account else None)
        self.groups_by_id = {group.id: group for group in (account.groups if account else None) or ()}
        self.lost = find_lost(rules.groups, account)
        self.windows |= {one.renamed.id: self.windows[_group_key(one.name)] for one in self.lost if one.renamed}
        self.templates_by_name = _by_name(account.templates if account else None)
        self._check_words()

    def window_of(self, group_id: str, name: str) -> Window | None:
        """Find what holds for a group, by its id or its name."""
        if not self.windows:
            return None
        return self.windows.get(group_id) or self.windows.get(fold(name))

    def _check_words(self) -> None:
        rules = self.rules
        for setting, zone in (("timezone", rules.zone), ("provider timezone", rules.provider_zone)):
            if find_zone(zone) is None:
                raise UsageError(f'"{zone}" is not a time zone', f"set {setting} to a name like America/New_York")
        if rules.date_order not in {"month", "day", "iso"}:
            raise UsageError(f'date_order "{rules.date_order}" is not known', "set it to month, day or iso")


@lru_cache(maxsize=32)
def holiday_names(country: str, state: str, year: int) -> Mapping[date, str]:
    """Give the public holidays of one year, day to name; raises UsageError for a place that nobody knows."""
    import holidays

    try:
        found = holidays.country_holidays(country.upper(), subdiv=state.upper() or None, years=year)
    except NotImplementedError:
        place = f"{country}, {state}" if state else country
        raise UsageError(
            f'no public holidays are known for "{place}"', "write country and state like US and TX"
        ) from None
    return {day: str(name) for day, name in found.items()}


def word_pattern(words: Iterable[str]) -> re.Pattern[str] | None:
    """Make one case-blind pattern that finds any of the words as a whole word."""
    plain = sorted({fold(word) for word in words if word.strip()}, key=len, reverse=True)
    if not plain:
        return None
    branches = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in plain)
    return re.compile(rf"(?<!\w)(?:{branches})(?!\w)")


def _read_levels(levels: Mapping[str, str]) -> dict[str, Level | None]:
    known: dict[str, Level | None] = {}
    for code, wish in levels.items():
        if code in HARD:
            raise UsageError(f"[rules] {code} cannot be changed", why_fixed(code))
        if wish not in {"error", "hold", "warning", "off"}:
            raise UsageError(f"[rules] {code} has a level that is not known", "set it to error, hold, warning or off")
        known[code] = None if wish == "off" else Level(wish)
    return known


def _read_window(name: str, rule: GroupRule) -> Window:
    where = f'[groups."{name}"]'
    zones = []
    for text in rule.timezones:
        zone = find_zone(text)
        if zone is None:
            raise UsageError(f'"{text}" in {where} is not a time zone', "write it like America/Chicago")
        zones.append(zone)
    purposes = frozenset(fold(purpose) for purpose in rule.purpose)
    if unknown := purposes.difference(PURPOSES):
        raise UsageError(f'"{min(unknown)}" in {where} is not a purpose', f"write {', '.join(PURPOSES)}")
    days = frozenset(parse_weekday(day, where) for day in rule.days)
    return Window(tuple(zones), parse_hours(rule.hours, f"hours in {where}"), purposes, days)


def _group_key(name: str) -> str:
    return plain_id(name) if name.strip().isdigit() else fold(name)


def _by_name(items: Iterable[T] | None) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for item in items or ():
        found.setdefault(fold(item.name), []).append(item)
    return found


def level_of(code: str, levels: Mapping[str, Level | None]) -> Level | None:
    """Say how much a code weighs under the team's own levels; None when it is switched off."""
    return levels[code] if code in levels else CODES[code].level
