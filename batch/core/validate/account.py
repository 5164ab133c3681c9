"""Compares campaigns with what the account holds: groups, templates, sizes, credits, how often people are texted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Protocol
from zoneinfo import ZoneInfo

from batch.core.identity import fold, plain_id
from batch.core.validate.trouble import suggest_ids
from batch.model import Account, Campaign, Group, Issue, Level
from batch.model.plurals import plural

APPROVED = 3
"""Status_Id of an MMS template that may be used (the provider's page on MMS templates)."""
MMS_CREDITS = 3
"""Credits of one MMS in the USA, by the provider's price page; one SMS part costs one."""


class HasSendTime(Protocol):
    """As much of a campaign or a ledger entry as counts for how often people are texted."""

    @property
    def send_at(self) -> datetime | None: ...
    @property
    def zone(self) -> str: ...
    @property
    def group_ids(self) -> tuple[str, ...]: ...


def account_waits(group_ids: Sequence[str], mms_template_id: int | None, account: Account) -> tuple[Issue, ...]:
    """Name what is not in the sheet's power: empty groups, a template not approved.

    What the account does not have is nothing to wait for (`find_gone`). The issues bear no row.
    """
    by_id = {group.id: group for group in account.groups or ()}
    return (*_group_waits(group_ids, by_id), *_template_waits(mms_template_id, account))


def find_gone(group_ids: Sequence[str], mms_template_id: int | None, account: Account) -> tuple[Issue, ...]:
    """Name the ids that the account has no more, and the near ones; the issues bear no row.

    A list that could not be read, and an empty list of groups, prove nothing.
    """
    groups = {group.id: group.name for group in account.groups or ()}
    templates = {str(template.id): template.name for template in account.templates or ()}
    template = [str(mms_template_id)] if mms_template_id is not None and account.templates is not None else []
    wanted = (
        ("group", "group-missing", "GroupIds", group_ids if groups else (), groups),
        ("MMS template", "template-unknown", "MmsTemplateId", template, templates),
    )
    return tuple(
        Issue(0, "", field, code, f"{what} {one} is not in the account{suggest_ids(one, names)}", Level.HOLD, one)
        for what, code, field, ids, names in wanted
        for one in ids
        if one not in names
    )


def count_contacts(group_ids: Sequence[str], groups_by_id: Mapping[str, Group]) -> int | None:
    """Count the people of some groups, each once where the members are known; None when no size is known."""
    groups = [groups_by_id[one] for one in group_ids if one in groups_by_id]
    if not groups or len(groups) < len(group_ids):
        return None
    if len(groups) > 1 and all(group.contact_ids for group in groups):
        return len(set().union(*(group.contact_ids for group in groups)))
    sizes = [group.contacts if group.contacts is not None else len(group.contact_ids) or None for group in groups]
    return None if None in sizes else sum(size for size in sizes if size is not None)


def credits_needed(campaign: Campaign) -> int:
    """Estimate the credits of a campaign: contacts x parts, or x 3 for an MMS; 0 while the contacts are not known."""
    each = MMS_CREDITS if campaign.mms_template_id is not None else campaign.parts.count
    return (campaign.contacts or 0) * each


def find_short_credits(campaigns: Iterable[Campaign], credits: int | None, reserved: int = 0) -> dict[int, Issue]:
    """Find the rows that the credits do not reach for when rows go by send time; row to its cause for waiting.

    `reserved` are the credits that what is already scheduled will take. No balance known: nothing is short.
    """
    if credits is None:
        return {}
    left, short = credits - reserved, {}
    for campaign in sorted(campaigns, key=lambda one: (one.send_at, one.row)):
        need = credits_needed(campaign)
        if need > left:
            rest = plural(max(left, 0), "is left", "are left")
            words = f"it needs about {plural(need, 'credit')} and {rest} by then: buy credits, and it continues"
            short[campaign.row] = Issue(campaign.row, "", "", "credits-short", words, Level.WARNING)
            continue
        left -= need
    return short


def find_moved_names(group_ids: Sequence[str], names: Sequence[str], before: Mapping[str, str]) -> tuple[Issue, ...]:
    """Find the groups whose name meant another id before (`before`: name, folded by `identity.fold`, to id)."""
    moved = []
    for group_id, name in zip(group_ids, names, strict=False):
        was = before.get(fold(name), group_id) if name else group_id
        if plain_id(was) != plain_id(group_id):
            words = (
                f'"{name}" was group {was} before and is group {group_id} now: make sure that it is the one you mean'
            )
            moved.append(Issue(0, "", "GroupIds", "group-name-moved", words, Level.HOLD, name))
    return tuple(moved)


def often_texted(
    campaigns: Iterable[Campaign], known: Iterable[HasSendTime], account: Account, per_day: int = 1, per_week: int = 4
) -> dict[int, tuple[Issue, ...]]:
    """Find the rows whose people get more than so many texts in a day, or in seven days on end; row to warnings.

    `known` are other sendings, past week and future. Groups overlap by their members' ids; a group whose members are
    not known counts nobody.
    """
    rows = [(campaign, _day(campaign)) for campaign in campaigns]
    by_day: dict[date, Counter[frozenset[str]]] = defaultdict(Counter)
    for sending, day in [*rows, *((one, _day(one)) for one in known)]:
        if day is not None:
            by_day[day][frozenset(sending.group_ids)] += 1
    used = frozenset(chain.from_iterable(chain.from_iterable(by_day.values())))
    members, sizes = _sort_people(group for group in account.groups or () if group.id in used)
    found: dict[int, list[Issue]] = defaultdict(list)
    for days, limit, what in ((1, per_day, "on one day"), (7, per_week, "within seven days")):
        crowded = _crowds(by_day, days, limit, members)
        seen: dict[tuple[date | None, tuple[str, ...]], int] = {}
        for campaign, day in rows:
            same = (day, campaign.group_ids)
            if same not in seen:
                crowds = _around(day, days, crowded)
                theirs = _union(campaign.group_ids, members)
                seen[same] = max((sum(sizes[kind] for kind in crowd & theirs) for crowd in crowds), default=0)
            people = seen[same]
            if people:
                crowd = plural(people, "person of this row gets", "people of this row get")
                words = f"{crowd} more than {plural(limit, 'text')} {what}: spread them out"
                found[campaign.row].append(Issue(campaign.row, "", "GroupIds", "often-texted", words, Level.WARNING))
    return {row: tuple(issues) for row, issues in found.items()}


def _group_waits(group_ids: Sequence[str], by_id: Mapping[str, Group]) -> tuple[Issue, ...]:
    found = []
    for group in (by_id[one] for one in group_ids if one in by_id):
        if group.contacts == 0:
            words = f'group {group.id} ("{group.name}") has no contacts: the row waits until it has some'
            found.append(Issue(0, "", "GroupIds", "group-empty", words, Level.WARNING, group.id))
    return tuple(found)


def _template_waits(template_id: int | None, account: Account) -> tuple[Issue, ...]:
    if template_id is None or account.templates is None:
        return ()
    found = next((template for template in account.templates if template.id == template_id), None)
    if found is None or found.status_id == APPROVED:
        return ()
    state = f'("{found.name}") is {found.status or "not approved yet"}'
    words = f"MMS template {template_id} {state}: the row waits until it is approved"
    return (Issue(0, "", "MmsTemplateId", "template-not-approved", words, Level.WARNING, str(template_id)),)


def _day(sending: HasSendTime) -> date | None:
    if sending.send_at is None:
        return None
    return sending.send_at.astimezone(ZoneInfo(sending.zone or "UTC")).date()


def _sort_people(groups: Iterable[Group]) -> tuple[dict[str, frozenset[int]], list[int]]:
    """Give the kinds of people in each group, and how many are of each kind: those in the very same groups are one.

    Everybody of a kind gets the same texts, and an account has far fewer kinds than people.
    """
    groups_of: dict[int, tuple[str, ...]] = {}
    for group in groups:
        for person in frozenset(group.contact_ids):
            groups_of[person] = (*groups_of.get(person, ()), group.id)
    kinds: dict[str, set[int]] = defaultdict(set)
    counted = Counter(groups_of.values())
    for number, same in enumerate(counted):
        for group_id in same:
            kinds[group_id].add(number)
    return {group_id: frozenset(found) for group_id, found in kinds.items()}, list(counted.values())


def _crowds(
    by_day: Mapping[date, Counter[frozenset[str]]], days: int, limit: int, members: Mapping[str, frozenset[int]]
) -> dict[date, frozenset[int]]:
    """Give for each first day of a stretch the kinds of people who get more than `limit` texts in it."""
    crowds = {}
    for first in by_day:
        sets: Counter[frozenset[str]] = Counter()
        for step in range(days):
            sets.update(by_day.get(first + timedelta(days=step), Counter()))
        if sets.total() > limit:
            texts: Counter[int] = Counter()
            for groups, times in sets.items():
                for kind in _union(groups, members):
                    texts[kind] += times
            crowds[first] = frozenset(kind for kind, times in texts.items() if times > limit)
    return crowds


def _around(day: date | None, days: int, crowded: Mapping[date, frozenset[int]]) -> list[frozenset[int]]:
    if day is None:
        return []
    firsts = (day - timedelta(days=step) for step in range(days))
    return [crowded[first] for first in firsts if crowded.get(first)]


def _union(groups: Iterable[str], members: Mapping[str, frozenset[int]]) -> frozenset[int]:
    empty: frozenset[int] = frozenset()
    return empty.union(*(members.get(one, empty) for one in groups))
