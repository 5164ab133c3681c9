"""Ask a person before something is sent: with the totals, and by name where it may be a second sending."""

from __future__ import annotations

from collections.abc import Collection

from batch.core.guards import SECOND_CODES
from batch.model import Account, Action, Entry, Issue, Level, Plan
from batch.model.plurals import plural
from batch.workflows.context import Context, World


def confirm_plan(context: Context, plan: Plan, account: Account, allowed: Collection[str]) -> bool:
    """Ask before the first request; what --allow lets go beside what the provider has already is asked for first."""
    return _insist_on_plan(context, plan, allowed) and _confirm_totals(context, plan, account)


def insist_on_entry(world: World, entry: Entry) -> bool:
    """Ask before an entry is sent beside what the provider has, or had, already."""
    seconds = [issue for issue in entry.issues if issue.level is Level.HOLD and _is_second(issue)]
    if not seconds:
        return True
    named = "; ".join(_tell_second(entry.campaign_name, issue) for issue in seconds)
    return world.insist(f"entry {entry.id} may be sent a second time ({named}); send it anyway?")


def _insist_on_plan(context: Context, plan: Plan, allowed: Collection[str]) -> bool:
    seconds = [
        (one.checked, issue)
        for one in plan.decisions
        if one.action in {Action.SUBMIT, Action.WAIT}
        for issue in one.issues
        if issue.code in allowed and _is_second(issue)
    ]
    if not seconds:
        return True
    rows = len({row.row.number for row, _ in seconds})
    named = "; ".join(_tell_second(row.name, issue) for row, issue in seconds)
    return context.world.insist(f"{plural(rows, 'row')} may be sent a second time ({named}); send them anyway?")


def _is_second(issue: Issue) -> bool:
    return bool(issue.ids) or issue.code in SECOND_CODES


def _tell_second(name: str, issue: Issue) -> str:
    beside = f"Id {', '.join(issue.ids)}" if issue.ids else "one that may be there"
    return f'"{name or "(no name)"}" beside {beside}: {issue.code}'


def _confirm_totals(context: Context, plan: Plan, account: Account) -> bool:
    going = [one.checked.campaign for one in plan.decisions if one.action is Action.SUBMIT and one.checked.campaign]
    if not going:
        return True
    groups = {group for campaign in going for group in campaign.group_ids}
    first, last = min(one.send_at for one in going), max(one.send_at for one in going)
    texts = sum((one.contacts or 0) for one in going)
    parts = sum(one.parts.count * (one.contacts or 1) for one in going)
    words = (
        f"submit {plural(len(going), 'campaign')} to {plural(len(groups), 'group')}, "
        + (f"about {plural(texts, 'text')} in {plural(parts, 'part')}, " if account.groups else "")
        + f"the first at {first:%Y-%m-%d %H:%M} UTC and the last at {last:%Y-%m-%d %H:%M} UTC?"
    )
    return context.world.confirm(words)
