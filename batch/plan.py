"""Decide for every checked row whether to submit, skip or hold it: what the ledger knows, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from batch.guards import (
    BEING_SENT,
    FRESH,
    GONE,
    GUARDS,
    NEVER_LET_GO,
    PLAN_CODES,
    PLAN_HARD_CODES,
    THERE,
    PlanRules,
    Surroundings,
    held_for,
    is_coming,
)
from batch.identity import add_tag, make_tag, to_minute
from batch.model import Action, Campaign, Checked, Decision, Issue, KnownEntry, Level, Listed, Plan, Status
from batch.payload import to_provider_time


def make_plan(
    rows: Sequence[Checked],
    known: Iterable[KnownEntry],
    *,
    rules: PlanRules,
    now: datetime,
    listed: Iterable[Listed] = (),
) -> Plan:
    """Decide on each row of one file.

    `known` are the ledger's entries with a key or fingerprint of the file and all that are still to come;
    `listed` are campaigns on the provider's list that the ledger does not know.
    """
    around = Surroundings(rows, known, listed, rules, now)
    cases = [_open_case(row, around) for row in rows]
    decisions = [_decide(case) for case in cases]
    if any(decision.action in {Action.SUBMIT, Action.WAIT, Action.HOLD} for decision in decisions):
        decisions = [_point_out_old_date(*pair) for pair in zip(cases, decisions, strict=True)]
    return Plan(tuple(_stop_for_errors(decisions, rules)))


@dataclass(frozen=True, slots=True)
class _Case:
    """One row and what it meets."""

    row: Checked
    around: Surroundings
    entries: Sequence[KnownEntry]
    """The ledger's entries of its key, the oldest first."""
    met: KnownEntry | None
    """The one that it is compared with."""
    slot: KnownEntry | None
    """The one whose place it may take, since nothing of that one ever left."""

    @property
    def fingerprint(self) -> str:
        return self.row.campaign.fingerprint if self.row.campaign else ""

    @property
    def released(self) -> tuple[str, ...]:
        same = self.slot is not None and self.slot.fingerprint == self.fingerprint
        return self.slot.released if self.slot is not None and same else ()


def _open_case(row: Checked, around: Surroundings) -> _Case:
    entries = around.by_key.get(row.key, [])
    fingerprint = row.campaign.fingerprint if row.campaign else ""
    slot = _slot(entries, around.taken)
    if slot is not None:
        around.taken.add(slot.id)
    return _Case(row, around, entries, _meet(fingerprint, entries, around.now), slot)


def _meet(fingerprint: str, entries: Sequence[KnownEntry], now: datetime) -> KnownEntry | None:
    """Find the entry to compare with: the same sending, else one on its way or scheduled, else the newest."""
    ranks = [_rank(entry, fingerprint, now) for entry in entries]
    best = max(ranks, default=0)
    return next((entry for entry, rank in zip(reversed(entries), reversed(ranks), strict=True) if rank == best), None)


def _rank(entry: KnownEntry, fingerprint: str, now: datetime) -> int:
    same = entry.fingerprint == fingerprint
    if same and entry.status in THERE | BEING_SENT:
        return 4
    if entry.status in BEING_SENT:
        return 3
    if entry.status is Status.ACCEPTED and is_coming(entry, now):
        return 2
    return 1 if same else 0


def _slot(entries: Sequence[KnownEntry], taken: set[int]) -> KnownEntry | None:
    for entry in reversed(entries):
        if (entry.status in FRESH or entry.status is Status.PLANNED) and entry.id not in taken:
            return entry
    newest = entries[-1] if entries else None
    refused = newest is not None and newest.status is Status.REJECTED and newest.id not in taken
    return newest if refused else None


def _decide(case: _Case) -> Decision:
    row = case.row
    if row.campaign is None:
        return _place(case, Action.INVALID, row.issues)
    if row.campaign.cancel:
        return _cancel(case)
    if decided := _decide_known(case, row.campaign):
        return decided
    if row.past:
        return _place(case, Action.INVALID, row.issues)
    return _decide_new(case, row.campaign)


def _decide_known(case: _Case, campaign: Campaign) -> Decision | None:
    """Decide where the entry that is met already decides; None when the row goes on like a new one."""
    row, met, now = case.row, case.met, case.around.now
    if met is None:
        return None
    same = met.fingerprint == campaign.fingerprint
    if met.status in BEING_SENT and same:
        why = f"entry {met.id} may or may not have arrived; it is being settled"
        return Decision(row, Action.SETTLE, entry=met.id, issues=row.issues, why=why)
    if met.status in BEING_SENT:
        return _hold(case, _in_doubt(row, met))
    if met.status in THERE and same:
        return _skip(case, met)
    if met.status is Status.ACCEPTED and is_coming(met, now):
        return _hold(case, _edited(row, campaign, met))
    if met.status is Status.REJECTED and same:
        why = (
            f'the provider refused it before: mend the row, or type "campaign-batch resolve {met.id} --send --why ..."'
        )
        return Decision(row, Action.SKIP, entry=met.id, issues=row.issues, why=why)
    if met.status in GONE and same and not row.past:
        return _hold(case, _deleted(row, met))
    return None


def _skip(case: _Case, met: KnownEntry) -> Decision:
    """Leave a row alone that is at the provider already; what an older version left open here is done with."""
    coming = met.status is Status.ACCEPTED and is_coming(met, case.around.now)
    obsolete = case.slot if case.around.keys[case.row.key] == 1 else None
    return Decision(
        case.row,
        Action.SKIP,
        entry=met.id,
        replaces=obsolete.id if obsolete is not None else None,
        issues=tuple(issue for issue in case.row.issues if issue.level is Level.WARNING),
        why=f"already {'scheduled' if coming else 'sent'} as {met.provider_id} (entry {met.id})",
    )


def _cancel(case: _Case) -> Decision:
    met = case.met
    if met is not None and met.status in THERE | BEING_SENT:
        why = f"marked Cancel; it is at the provider as {met.provider_id or 'not sure'} (entry {met.id})"
        return Decision(case.row, Action.SKIP, entry=met.id, issues=case.row.issues, why=why)
    return _place(case, Action.CANCEL, case.row.issues, "marked Cancel before it was submitted")


def _decide_new(case: _Case, campaign: Campaign) -> Decision:
    found = [guard(case.row, campaign, case.around) for guard in GUARDS]
    case.around.seen.setdefault(campaign.fingerprint, case.row)
    issues = (*case.row.issues, *(issue for issue in found if issue is not None))
    issues = _weigh(issues, case.around.rules, case.released)
    return _place(case, _action(issues, campaign), issues)


def _hold(case: _Case, issue: Issue) -> Decision:
    """Hold a row for one reason; when the rules or a person let that reason go, the row goes."""
    assert case.row.campaign is not None
    issues = _weigh((*case.row.issues, issue), case.around.rules, case.released)
    return _place(case, _action(issues, case.row.campaign), issues, issue.message)


def _action(issues: Sequence[Issue], campaign: Campaign) -> Action:
    levels = {issue.level for issue in issues}
    if Level.ERROR in levels:
        return Action.INVALID
    if Level.HOLD in levels:
        return Action.HOLD
    return Action.WAIT if campaign.waits else Action.SUBMIT


def _weigh(issues: Iterable[Issue], rules: PlanRules, released: Sequence[str] = ()) -> tuple[Issue, ...]:
    """Give each of the plan's issues the level of the rules, and soften what a person let go."""
    weighed = (_weigh_one(issue, rules, released) for issue in issues)
    return tuple(issue for issue in weighed if issue is not None)


def _weigh_one(issue: Issue, rules: PlanRules, released: Sequence[str]) -> Issue | None:
    level = issue.level
    if issue.code in PLAN_CODES and issue.code not in PLAN_HARD_CODES:
        wish = rules.levels.get(issue.code, level.value)
        if wish == "off":
            return None
        level = Level(wish)
    let_go = (issue.code in rules.allowed or issue.code in released) and issue.code not in NEVER_LET_GO
    if level is Level.HOLD and let_go:
        level = Level.WARNING
    return issue if level is issue.level else replace(issue, level=level)


def _place(case: _Case, action: Action, issues: tuple[Issue, ...], why: str = "") -> Decision:
    """Write the decision down, in the entry that held the same row or in place of an older version of it."""
    slot = case.slot
    same = slot is not None and slot.fingerprint == case.fingerprint and slot.status is not Status.REJECTED
    decision = Decision(
        case.row,
        action,
        entry=slot.id if slot is not None and same else None,
        replaces=slot.id if slot is not None and not same else None,
        issues=issues,
        why=why or _reason(action, issues, case.row.campaign),
    )
    return _name(decision, case.row.campaign, case.around) if case.row.campaign else decision


def _name(decision: Decision, campaign: Campaign, around: Surroundings) -> Decision:
    """Add the tag, and the name and time as the provider will get them."""
    rules = around.rules
    tag = make_tag(rules.account, campaign.key, campaign.fingerprint) if rules.tag_names else ""
    name = add_tag(campaign.name, tag, rules.max_name) if tag else campaign.name[: rules.max_name].rstrip()
    moment = to_provider_time(campaign.send_at, around.zone)
    return replace(decision, tag=tag, provider_name=name, send_at_provider=moment)


def _reason(action: Action, issues: Sequence[Issue], campaign: Campaign | None) -> str:
    if action is Action.HOLD:
        return next(issue.message for issue in issues if issue.level is Level.HOLD)
    if action is Action.INVALID:
        return next((issue.message for issue in issues if issue.level is Level.ERROR), "")
    return campaign.waits[0].message if campaign is not None and action is Action.WAIT else ""


def _in_doubt(row: Checked, met: KnownEntry) -> Issue:
    words = (
        f"an earlier version of this row (entry {met.id}) may or may not have arrived at the provider: "
        f'wait until it is settled ("campaign-batch resume"), then drop the file again'
    )
    return held_for(row, "CampaignName", "in-doubt", words, row.name)


def _edited(row: Checked, campaign: Campaign, met: KnownEntry) -> Issue:
    words = (
        f"this row was changed after it was scheduled as {met.provider_id} (entry {met.id}): "
        f"{_differences(campaign, met)}. For a new sending give it a new Reference; for a correction delete "
        f'{met.provider_id} in the dashboard, run "campaign-batch reconcile" and drop the file again'
    )
    return held_for(row, "Message", "edited-after-submission", words, campaign.message)


def _differences(campaign: Campaign, met: KnownEntry) -> str:
    pairs = [
        ("text", met.message, campaign.message),
        ("groups", ", ".join(sorted(met.group_ids)), ", ".join(sorted(campaign.group_ids))),
        ("time", to_minute(met.send_at) if met.send_at else "", to_minute(campaign.send_at)),
    ]
    changed = [f'{what} was "{old}", now "{new}"' for what, old, new in pairs if old != new]
    return "; ".join(changed) or "subject, picture or type of recipients differ"


def _deleted(row: Checked, met: KnownEntry) -> Issue:
    words = (
        f"this campaign was scheduled as {met.provider_id} (entry {met.id}) and somebody deleted it at the provider: "
        f"to send it after all, drop the file again with --allow deleted-in-dashboard; else take the row out"
    )
    return held_for(row, "CampaignName", "deleted-in-dashboard", words, row.name)


def _point_out_old_date(case: _Case, decision: Decision) -> Decision:
    """Ask about a row that went out before while others of the file are new: the date of a copied row, unchanged."""
    campaign = case.row.campaign
    went = case.met is not None and case.met.status in THERE and not is_coming(case.met, case.around.now)
    if decision.action is not Action.SKIP or campaign is None or campaign.cancel or not went:
        return decision
    words = (
        f"this row is {decision.why}, while other rows of the file are new: was its date not changed? "
        f"Mend the date, or take the row out of the sheet"
    )
    issue = held_for(case.row, "DateTime", "date-not-changed", words, case.row.row.text("DateTime"))
    issues = _weigh((*decision.issues, issue), case.around.rules)
    if not any(found.level is Level.HOLD for found in issues):
        return replace(decision, issues=issues)
    return _place(case, Action.HOLD, issues, words)


def _stop_for_errors(decisions: list[Decision], rules: PlanRules) -> list[Decision]:
    """Hold every good row when too many of the file's rows have errors."""
    bad = sum(decision.action is Action.INVALID for decision in decisions)
    too_many = bad >= 3 and bad > rules.stop_above * len(decisions)
    if not too_many and not (rules.all_or_nothing and bad):
        return decisions
    words = (
        f"{bad} of {len(decisions)} rows have errors, so nothing of this file goes: "
        f"mend them and drop the file again, or let the good rows go with --allow too-many-errors"
    )
    return [_hold_for_errors(one, words, rules) for one in decisions]


def _hold_for_errors(decision: Decision, words: str, rules: PlanRules) -> Decision:
    if decision.action not in {Action.SUBMIT, Action.WAIT}:
        return decision
    issues = _weigh((*decision.issues, held_for(decision.checked, "", "too-many-errors", words)), rules)
    if not any(issue.level is Level.HOLD for issue in issues):
        return replace(decision, issues=issues)
    return replace(decision, action=Action.HOLD, issues=issues, why=words)
