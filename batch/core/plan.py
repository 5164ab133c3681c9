"""Decide for every checked row whether to submit, skip or hold it: what the ledger knows, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from batch.core.guards import (
    FRESH,
    GOING,
    GONE,
    GUARDS,
    LEFT_OUT,
    THERE,
    PlanRules,
    Surroundings,
    held_for,
    is_coming,
    is_doubtful,
)
from batch.core.payload import hash_campaign, to_provider_time
from batch.core.plan_issues import deleted_before, edited_after, how_to_settle, in_doubt
from batch.core.unchanged import Unchanged, already, reads_same, warnings_of
from batch.model import NOTHING, Action, Campaign, Checked, Decision, Issue, KnownEntry, Level, Listed, Plan, Status
from batch.model.codes import HARD, NEVER_LET_GO, PLAN_CODES
from batch.model.plurals import plural
from batch.model.records import dataclass

__all__ = ["PlanRules", "make_plan"]

_FREE = frozenset({Action.SUBMIT, Action.WAIT})


def make_plan(
    rows: Sequence[Checked],
    known: Iterable[KnownEntry],
    *,
    rules: PlanRules,
    now: datetime,
    listed: Iterable[Listed] = (),
    named: Mapping[int, int] = NOTHING,
    unchanged: Unchanged | None = None,
    refused: Mapping[int, str] = NOTHING,
) -> Plan:
    """Decide on each row of one file.

    `known` are the ledger's entries with a key or fingerprint of the file and all that are still to come;
    `listed` are campaigns on the provider's list that the ledger does not know; `named` says which entry a row's
    RowId speaks of, by row number; `unchanged` has the rows whose entries were set aside; `refused` are the entries
    that the provider refused, each with the hash of what it refused.
    """
    unchanged = unchanged or Unchanged((), now)
    around = Surroundings(rows, known, listed, rules, now, named=named, batches=unchanged.batches, refused=refused)
    decided = [unchanged.decide(row) for row in rows]
    cases = [_open_case(row, around) for row, done in zip(rows, decided, strict=True) if done is None]
    decisions = [_decide(case) for case in cases]
    has_new = any(_is_new(*pair) for pair in zip(cases, decisions, strict=True))
    others = (_point_out_old_date(*pair, has_new=has_new) for pair in zip(cases, decisions, strict=True))
    return Plan(tuple(_stop_for_errors([done or next(others) for done in decided], rules)))


@dataclass(frozen=True, slots=True)
class _Case:
    """One row and what it meets."""

    row: Checked
    around: Surroundings
    met: KnownEntry | None
    """The ledger's entry of its key that it is compared with."""
    own: KnownEntry | None
    """The entry that holds this very content and never left: the row is planned again in it."""
    old: KnownEntry | None
    """The entry of another version that never left: the row takes its place."""

    @property
    def fingerprint(self) -> str:
        return self.row.campaign.fingerprint if self.row.campaign is not None else ""

    @property
    def same(self) -> bool:
        """Whether the row says what the entry that it meets said."""
        return self.met is not None and _is_same(self.met, self.row.key, self.fingerprint)

    @property
    def edited(self) -> bool:
        """Whether a row that is the same otherwise would look different on a phone: in its line breaks or blanks."""
        return self.met is not None and self.row.campaign is not None and not _reads_same(self.met, self.row.campaign)

    @property
    def released(self) -> tuple[str, ...]:
        """What a person let go for this very content; a planned entry has nothing left that was not let go."""
        if self.own is None:
            return ()
        codes = self.own.last_codes if self.own.status is Status.PLANNED else ()
        return (*self.own.released, *codes)


def _open_case(row: Checked, around: Surroundings) -> _Case:
    entries = _find_entries(row, around)
    if not entries:
        return _Case(row, around, None, None, None)
    fingerprint = row.campaign.fingerprint if row.campaign is not None else ""
    met = _find_met(entries, row, fingerprint, around.now)
    if all(entry.status in THERE for entry in entries):
        return _Case(row, around, met, None, None)  # none of them has a place to give
    free = [entry for entry in entries if entry.id not in around.taken]
    own = _newest(_find_own(free, row, fingerprint, around))
    old = _find_old(free, own)
    if _is_same(met, row.key, fingerprint) and around.keys[row.key] > 1:
        old = None  # this row needs no other place, but another one of its key may
    around.taken.update(entry.id for entry in (own, old) if entry is not None)
    return _Case(row, around, met, own, old)


def _find_own(free: Sequence[KnownEntry], row: Checked, fingerprint: str, around: Surroundings) -> list[KnownEntry]:
    """Find the entries that hold this content and never left.

    Rows with errors may share key and all else, so the place tells them apart: none takes that of another.
    """
    same = [entry for entry in free if _never_left(entry) and _is_same(entry, row.key, fingerprint)]
    if fingerprint:
        return same
    here = [entry for entry in same if entry.row == row.row.number]
    return here or [entry for entry in same if entry.row not in around.places[row.key]]


def _find_entries(row: Checked, around: Surroundings) -> Sequence[KnownEntry]:
    """Find what the ledger has of a row: the entries of its key, and the one that its RowId, or all it says, speaks of.

    A fixed row may have another key than the entry that it fixes. A RowId that was copied along with its row speaks
    of the row that it was copied from.
    """
    entries = around.by_key.get(row.key, [])
    named = around.named.get(row.row.number) or (None if entries else around.find_renamed(row))
    if named is None or named.key in around.keys:
        return entries
    return [named, *entries]


def _is_same(entry: KnownEntry, key: str, fingerprint: str) -> bool:
    return entry.fingerprint == fingerprint and entry.key == key


def _reads_same(entry: KnownEntry, campaign: Campaign) -> bool:
    return reads_same(entry.message, entry.subject, campaign)


def _find_met(entries: Sequence[KnownEntry], row: Checked, fingerprint: str, now: datetime) -> KnownEntry:
    if len(entries) == 1:
        return entries[0]

    def weight(entry: KnownEntry) -> tuple[int, bool, int]:
        alike = row.campaign is not None and _reads_same(entry, row.campaign)
        return _rank(entry, row.key, fingerprint, now), alike, entry.id

    return max(entries, key=weight)


def _rank(entry: KnownEntry, key: str, fingerprint: str, now: datetime) -> int:
    """Say how much an entry decides about a row: the same sending first, then whatever may yet go out."""
    same = _is_same(entry, key, fingerprint)
    if same and (entry.status in THERE or is_doubtful(entry)):
        return 5
    if is_doubtful(entry):
        return 4
    if entry.status in THERE and is_coming(entry, now):
        return 3
    if same and entry.status in GONE:
        return 2
    return 1 if same else 0


def _find_old(free: Sequence[KnownEntry], own: KnownEntry | None) -> KnownEntry | None:
    """Find the other version that must give way: one that would still be sent, else the newest if there is no own."""
    others = [entry for entry in free if entry is not own and _never_left(entry)]
    if going := _newest(entry for entry in others if entry.status in GOING):
        return going
    if own is not None:
        return None
    if others:
        return others[-1]
    return free[-1] if free and free[-1].status is Status.REJECTED else None


def _newest(entries: Iterable[KnownEntry]) -> KnownEntry | None:
    return max(entries, key=lambda entry: entry.id, default=None)


def _never_left(entry: KnownEntry) -> bool:
    return entry.status is Status.PLANNED or (entry.status in FRESH and not is_doubtful(entry))


def _decide(case: _Case) -> Decision:
    row = case.row
    if row.campaign is None:
        return _place(case, Action.INVALID, row.issues)
    if row.campaign.cancel:
        return _cancel(case)
    if case.met is not None and (decided := _decide_known(case, row.campaign, case.met)):
        return decided
    if row.past:
        return _place(case, Action.INVALID, row.issues)
    return _decide_new(case, row.campaign)


def _decide_known(case: _Case, campaign: Campaign, met: KnownEntry) -> Decision | None:
    """Decide where the entry that is met already decides; None when the row goes on like a new one."""
    if is_doubtful(met):
        same = case.same and not case.edited
        return _settle(case, met) if same else _decide_new(case, campaign, in_doubt(case.row, met))
    if met.status in THERE and case.same and not (case.edited and is_coming(met, case.around.now)):
        return _skip(case, met, _already(case, met))
    if met.status in THERE and is_coming(met, case.around.now):
        return _decide_new(case, campaign, edited_after(case.row, campaign, met))
    if met.status is Status.REJECTED and case.same and not _goes_otherwise(case, campaign, met):
        return _leave_refused(case, met)
    if met.status in GONE and case.same and (case.row.past or not case.edited):
        return _decide_gone(case, campaign, met)
    return None


def _settle(case: _Case, met: KnownEntry) -> Decision:
    words = f"entry {met.id} may or may not have arrived at the provider: {how_to_settle(met)}"
    decision = _skip(case, met, words)
    return replace(decision, action=Action.SETTLE)


def _already(case: _Case, met: KnownEntry) -> str:
    coming = met.status is Status.ACCEPTED and is_coming(met, case.around.now)
    return already(met.id, met.provider_id, coming=coming)


def _goes_otherwise(case: _Case, campaign: Campaign, met: KnownEntry) -> bool:
    """Whether the provider would see something else than it refused: whatever cell, or setting, was changed."""
    before, around = case.around.refused.get(met.id), case.around
    if case.row.past or before is None:
        return case.edited
    return hash_campaign(campaign, around.posting, met.tag) != before


def _leave_refused(case: _Case, met: KnownEntry) -> Decision:
    """Leave what would be refused again to a person; what is over is told by the report of the batch that it was of."""
    before = f"the provider refused it before (entry {met.id})"
    if case.row.past:
        return _skip(case, met, f"{before}: its time has passed")
    words = f'{before}: fix the row, or type "campaign-batch resolve {met.id} --send --why ..."'
    return replace(_skip(case, met, words), action=Action.REFUSED)


def _decide_gone(case: _Case, campaign: Campaign, met: KnownEntry) -> Decision:
    if case.row.past:
        what = "left out by the approver" if LEFT_OUT in met.last_codes else "cancelled before"
        return _skip(case, met, f"it was {what} (entry {met.id}), and its time has passed")
    return _decide_new(case, campaign, deleted_before(case.row, met))


def _skip(case: _Case, met: KnownEntry, why: str) -> Decision:
    """Leave a row alone that a known entry answers for; what another version left open here is done with."""
    obsolete = next((entry.id for entry in (case.old, case.own) if entry is not None and entry is not met), None)
    return Decision(case.row, Action.SKIP, entry=met.id, replaces=obsolete, issues=warnings_of(case.row), why=why)


def _cancel(case: _Case) -> Decision:
    met = case.met
    if met is None:
        return _place(case, Action.CANCEL, case.row.issues, "marked Cancel before it was submitted")
    there = met.status in THERE and (case.same or is_coming(met, case.around.now))
    if there or is_doubtful(met):
        why = f"marked Cancel; it is at the provider as {met.provider_id or 'not sure'} (entry {met.id})"
        return _skip(case, met, why)
    if met.status in GONE and case.own is None and case.old is None:
        return _skip(case, met, f"marked Cancel; it was cancelled before (entry {met.id})")
    return _place(case, Action.CANCEL, case.row.issues, "marked Cancel before it was submitted")


def _decide_new(case: _Case, campaign: Campaign, reason: Issue | None = None) -> Decision:
    """Let a row go unless something holds it: the entry that it meets (`reason`), a guard, or one of the checks."""
    found = (reason, *(guard(case.row, campaign, case.around) for guard in GUARDS))
    case.around.seen.setdefault(campaign.fingerprint, case.row)
    issues = _apply_guards([*case.row.issues, *(issue for issue in found if issue is not None)], case)
    return _place(case, _action(issues, campaign), issues)


def _action(issues: Iterable[Issue], campaign: Campaign) -> Action:
    levels = {issue.level for issue in issues}
    if Level.ERROR in levels:
        return Action.INVALID
    if Level.HOLD in levels:
        return Action.HOLD
    return Action.WAIT if campaign.waits else Action.SUBMIT


def _apply_guards(issues: Sequence[Issue], case: _Case) -> tuple[Issue, ...]:
    """Give each of the plan's issues the level of the rules, and soften what a person let go."""
    if not issues:
        return ()
    rules, released = case.around.rules, case.released
    weighed = [_apply_one_guard(issue, rules, released) for issue in issues]
    return tuple(issue for issue in weighed if issue is not None)


def _apply_one_guard(issue: Issue, rules: PlanRules, released: Sequence[str]) -> Issue | None:
    level = issue.level
    if issue.code in PLAN_CODES and issue.code not in HARD:
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
    campaign, around = case.row.campaign, case.around
    return Decision(
        case.row,
        action,
        entry=case.own.id if case.own is not None else None,
        replaces=case.old.id if case.old is not None else None,
        issues=issues,
        tag=around.tag(campaign) if campaign is not None else "",
        provider_name=around.provider_name(campaign) if campaign is not None else "",
        send_at_provider=to_provider_time(campaign.send_at, around.zone) if campaign is not None else "",
        why=why or _reason(action, issues, campaign),
    )


def _reason(action: Action, issues: Iterable[Issue], campaign: Campaign | None) -> str:
    """Say why a row does not go; of several holds the plan's own says most."""
    if action is Action.WAIT and campaign is not None:
        return campaign.waits[0].message
    level = {Action.INVALID: Level.ERROR, Action.HOLD: Level.HOLD}.get(action)
    found = [issue for issue in issues if issue.level is level]
    return min(found, key=lambda issue: issue.code not in PLAN_CODES).message if found else ""


def _is_new(case: _Case, decision: Decision) -> bool:
    """Whether a row is one that the ledger has never met, or a key used again for another sending."""
    used_again = case.met is not None and case.met.status in THERE and not is_coming(case.met, case.around.now)
    kept = case.own is not None or case.old is not None
    return decision.action in _FREE | {Action.HOLD} and not kept and (case.met is None or used_again)


def _point_out_old_date(case: _Case, decision: Decision, *, has_new: bool) -> Decision:
    """Ask about a row of the past while others of the file are new: a copied row whose date was not changed.

    The question stays open when the file is dropped again and nothing of it is new any more.
    """
    campaign = case.row.campaign
    if decision.action is not Action.SKIP or campaign is None or campaign.cancel or not _is_over(case, campaign):
        return decision
    asked = case.own is not None and "date-not-changed" in case.own.last_codes
    if not has_new and not asked:
        return decision
    words = (
        f"this row is old ({decision.why}), while other rows of the file are new: "
        f"did you forget to change its date? Fix the date, or remove the row from the sheet"
    )
    issue = held_for(case.row, "DateTime", "date-not-changed", words, case.row.row.text("DateTime"))
    issues = (*decision.issues, *_apply_guards((issue,), case))
    action = _action(issues, campaign)
    return _place(case, action, issues) if action not in _FREE else replace(decision, issues=issues)


def _is_over(case: _Case, campaign: Campaign) -> bool:
    return campaign.send_at <= case.around.now


def _stop_for_errors(decisions: list[Decision], rules: PlanRules) -> list[Decision]:
    """Hold every good row when too many of the file's rows have errors."""
    bad = sum(decision.action is Action.INVALID for decision in decisions)
    too_many = bad >= 3 and bad > rules.stop_above * len(decisions)
    if not too_many and not (rules.all_or_nothing and bad):
        return decisions
    words = (
        f"{bad} of {plural(len(decisions), 'row')} {'has' if bad == 1 else 'have'} errors, so none of this file "
        f'is sent: fix them and hand the file in again, or send the good rows with "campaign-batch submit FILE --allow '
        f'too-many-errors"'
    )
    return [_stop_one(decision, words, rules) for decision in decisions]


def _stop_one(decision: Decision, words: str, rules: PlanRules) -> Decision:
    campaign = decision.checked.campaign
    if campaign is None or decision.action not in _FREE:
        return decision
    issue = _apply_one_guard(held_for(decision.checked, "", "too-many-errors", words), rules, ())
    if issue is None:
        return decision
    issues = (*decision.issues, issue)
    action = _action(issues, campaign)
    return replace(decision, action=action, issues=issues, why=decision.why if action in _FREE else words)
