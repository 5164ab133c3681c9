"""Ask a person before something is sent: with the totals, and by name where it may be a second sending."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

from batch.core.guards import SECOND_CODES
from batch.core.totals import GOES, tell_totals
from batch.model import Account, Action, Entry, Issue, KnownEntry, Level, Plan
from batch.model.plurals import plural
from batch.workflows.context import Context, World
from batch.workflows.events import Planned
from batch.workflows.tally import DECIDED_AS


def confirm_plan(
    context: Context, plan: Plan, account: Account, allowed: Collection[str], issues: tuple[Issue, ...] = ()
) -> bool:
    """Show what does not go, then ask before the first request; what may go a second time is asked for first."""
    context.world.tell(Planned(plan.decisions, issues))
    return _insist_on_plan(context, plan, allowed) and _confirm_totals(context, plan, account)


def insist_on_entry(world: World, entry: Entry, beside: Iterable[KnownEntry] = ()) -> bool:
    """Ask before an entry is sent beside what the provider has, or had, already.

    `beside` are those that came since it was kept back.
    """
    seconds = [issue for issue in entry.issues if issue.level is Level.HOLD and _is_second(issue)]
    told = {number for issue in seconds for number in issue.ids}
    named = [_tell_second(entry.campaign_name, issue) for issue in seconds]
    named += [_tell_beside(one) for one in beside if not one.provider_id or one.provider_id not in told]
    if not named:
        return True
    return world.insist(f"entry {entry.id} may be sent a second time ({'; '.join(named)}); send it anyway?")


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


def _tell_beside(one: KnownEntry) -> str:
    place = f"Id {one.provider_id}" if one.provider_id else "one that is to be submitted, or on its way"
    return f'beside {place}: "{one.name}", entry {one.id}'


def _confirm_totals(context: Context, plan: Plan, account: Account) -> bool:
    going = [one.checked.campaign for one in plan.decisions if one.action is Action.SUBMIT and one.checked.campaign]
    if not going:
        return True
    # Without an account a size is unknown, not 0.
    known = [one if account.groups else replace(one, contacts=None) for one in going]
    counts = Counter(_COUNTED_AS[one.action] for one in plan.decisions)
    settings = context.settings
    reports = settings.reports
    words = tell_totals(known, counts, context.world.now().year, reports.credit_price, reports.currency)
    if settings.approval.required:
        return context.world.confirm(f"{words}. Hand them to a second person for approval?")
    return context.world.confirm(f"{words}. Submit {plural(len(going), 'campaign')}?")


_COUNTED_AS = {**DECIDED_AS, Action.SUBMIT: GOES}
