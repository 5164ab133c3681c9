"""Weigh checked rows against the account and the other sendings: moved names, credits, people texted too often."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from batch.core.identity import fold, is_test
from batch.core.validate import find_moved_names, find_same_offers, find_short_credits, often_texted
from batch.core.validate.account import MMS_CREDITS, count_contacts
from batch.model import Account, Action, Campaign, Checked, Decision, Entry, Issue, KnownEntry, Level, Parts, Status
from batch.workflows.context import Context

if TYPE_CHECKING:
    from batch.adapters.config import Settings

_OUT = frozenset({Status.ACCEPTED, Status.SENT, Status.SUBMITTING, Status.IN_DOUBT})
_SURE = frozenset({Action.SUBMIT, Action.SKIP, Action.WAIT})
_UNKNOWN = "group-unknown"
_WEEK = timedelta(days=7)
_OFFERED = timedelta(days=10)
"""So far back an offer counts as the one of the week before."""


def check_account(
    context: Context,
    rows: Sequence[Checked],
    known: Iterable[KnownEntry],
    account: Account,
    unchanged: Container[Checked],
) -> list[Checked]:
    """Give the rows with what only account and ledger together can tell; rows that went before are left as they are.

    Of these are the `unchanged` ones, whose entries are not among the known.
    """
    rows = _explain_renamed(context, rows, account)
    gone = {entry.fingerprint for entry in known if entry.status in _OUT}
    others = [row.campaign for row in rows if row.campaign is not None and row not in unchanged]
    new = [campaign for campaign in others if campaign.fingerprint not in gone]
    if not new:
        return list(rows)
    moved = _moved(context, new)
    short = find_short_credits(new, account.credits, _reserved(context)) if account.groups else {}
    often = _often(context.settings, new, account, _others(context))
    same = _same_offers(context, rows, {campaign.row for campaign in new})
    levels = context.settings.rules
    return [_add(row, short, (moved, often, same), levels) for row in rows]


def check_account_alone(rows: Sequence[Checked], settings: Settings, account: Account) -> list[Checked]:
    """Give the rows with what the account tells of this file alone, without a ledger."""
    campaigns = [row.campaign for row in rows if row.campaign is not None]
    short = find_short_credits(campaigns, account.credits) if account.groups else {}
    often = _often(settings, campaigns, account, ())
    return [_add(row, short, (often,), settings.rules) for row in rows]


def remember_names(context: Context, decisions: Iterable[Decision]) -> None:
    """Remember which id each group's name means, so that a name that moves is noticed next week.

    What is held does not count: else the question whether a name moved would be gone when the file is dropped again.
    """
    pairs = {
        (name, group)
        for one in decisions
        if one.checked.campaign is not None and one.action in _SURE
        for name, group in zip(one.checked.campaign.group_names, one.checked.campaign.group_ids, strict=False)
        if name
    }
    context.ledger.groups.remember_named(sorted(pairs), context.world.now())


def find_short(context: Context, waiting: Iterable[Entry], account: Account) -> Mapping[int, tuple[Issue, ...]]:
    """Give the waiting entries that the credits still do not reach for, each with its cause."""
    by_id = {group.id: group for group in account.groups or ()}
    campaigns = [_as_campaign(entry, count_contacts(entry.group_ids, by_id)) for entry in waiting]
    short = find_short_credits(campaigns, account.credits, _reserved(context)) if by_id else {}
    return {entry: (issue,) for entry, issue in short.items()}


def _as_campaign(entry: Entry, contacts: int | None) -> Campaign:
    """Make of an entry what the credits are counted by; its number stands for the row."""
    assert entry.send_at is not None
    return Campaign(
        entry.id, entry.campaign_name, entry.message, entry.group_ids, entry.group_names, entry.send_at, entry.zone,
        entry.type_recipients, entry.mms_template_id, parts=Parts(entry.encoding, 0, entry.parts), contacts=contacts,
    )  # fmt: skip


def _explain_renamed(context: Context, rows: Sequence[Checked], account: Account) -> Sequence[Checked]:
    """Say of a group's name that nobody knows any more what the group is called now."""
    if not any(issue.code == _UNKNOWN for row in rows for issue in row.issues):
        return rows
    before = {fold(name): group for name, group in context.ledger.groups.named().items()}
    now = {group.id: group.name for group in account.groups or ()}

    def explain(issue: Issue) -> Issue:
        group = before.get(fold(issue.value), "") if issue.code == _UNKNOWN else ""
        if group not in now:
            return issue
        words = f'"{issue.value}" was group {group}, which is called "{now[group]}" now: write that name, or {group}'
        return replace(issue, message=words)

    return [replace(row, issues=tuple(map(explain, row.issues))) if row.issues else row for row in rows]


def _moved(context: Context, campaigns: Iterable[Campaign]) -> dict[int, tuple[Issue, ...]]:
    before = {fold(name): group for name, group in context.ledger.groups.named().items()}
    found = {one.row: find_moved_names(one.group_ids, one.group_names, before) for one in campaigns}
    return {row: issues for row, issues in found.items() if issues}


def _reserved(context: Context) -> int:
    """Estimate the credits that what is scheduled already will take."""
    coming = context.ledger.entries.select(statuses={Status.ACCEPTED}, due_from=context.world.now())
    return sum(
        (entry.contacts_count or 0) * (MMS_CREDITS if entry.mms_template_id is not None else entry.parts or 1)
        for entry in coming
    )


def _others(context: Context) -> Iterator[Entry]:
    yield from context.ledger.entries.select(statuses=_OUT | {Status.PLANNED}, due_from=context.world.now() - _WEEK)


def _often(
    settings: Settings, campaigns: Sequence[Campaign], account: Account, others: Iterable[Entry]
) -> Mapping[int, tuple[Issue, ...]]:
    checks = settings.checks
    if not account.groups or not (checks.texts_per_day and checks.texts_per_week):
        return {}
    return often_texted(campaigns, list(others), account, checks.texts_per_day, checks.texts_per_week)


def _same_offers(context: Context, rows: Sequence[Checked], new: set[int]) -> Mapping[int, tuple[Issue, ...]]:
    """Find the offers that went out a week before, too: a copied row that was not changed."""
    fresh = [row for row in rows if row.row.number in new and "Offer" in row.row.header.columns]
    if not fresh:
        return {}
    first = min(row.send_at for row in fresh if row.send_at is not None)
    last = max(row.send_at for row in fresh if row.send_at is not None)
    earlier = context.ledger.entries.select(statuses=_OUT, due_from=first - _OFFERED, due_until=last)
    before = (entry for entry in earlier if not is_test(entry.key))
    return {row: (issue,) for row, issue in find_same_offers(fresh, before).items()}


def _add(
    row: Checked,
    short: Mapping[int, Issue],
    remarks: Sequence[Mapping[int, tuple[Issue, ...]]],
    levels: Mapping[str, str],
) -> Checked:
    number = row.row.number
    extra = [issue for found in remarks for issue in found.get(number, ())]
    if row.campaign is None or not (extra or number in short):
        return row
    campaign = row.campaign
    if number in short:
        campaign = replace(campaign, waits=(*campaign.waits, short[number]))
    weighed = [weighed for issue in extra if (weighed := _set_levels(_place(issue, row), levels)) is not None]
    return replace(row, campaign=campaign, issues=(*row.issues, *weighed))


def _place(issue: Issue, row: Checked) -> Issue:
    return replace(issue, row=row.row.number, column=row.row.header.letter(issue.field))


def _set_levels(issue: Issue, levels: Mapping[str, str]) -> Issue | None:
    wish = levels.get(issue.code, issue.level.value)
    return None if wish == "off" else replace(issue, level=Level(wish))
