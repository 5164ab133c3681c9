"""Bring together what the ledger knows and what a reading shows, so that it can be said what the reading proves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from batch.core.guards import DOUBT_CODES, may_have_gone
from batch.core.identity import fold, looks_typed, split_tag
from batch.core.match import find_doubled, has_true_tag
from batch.core.payload import from_provider_time
from batch.core.settle import Reading, find_by_tag, judge_found
from batch.core.trust import (
    Evidence,
    Sentinel,
    describe_lacking,
    find_lacking,
    find_strange,
    how_to_call_gone,
    is_other_account,
    lacks_most,
    measure,
)
from batch.model import Account, Entry, Group, Issue, Level, Listed, Listing, Status, StatusChange
from batch.model.errors import OtherLedgerError, ProviderError
from batch.model.plurals import plural
from batch.workflows.context import Context, read_account, tell_lost_guards

MOVING = timedelta(minutes=2)
"""So near its time a campaign may be on its way from one list to the other."""

_NEVER_GIVEN = "with a tag that this ledger never gave"
_WHICH_ACCOUNT = "check CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN: another account needs a ledger of its own (--ledger)"


def ids_known(context: Context, *listings: Listing) -> dict[str, int]:
    """Give which campaigns of some lists are in this ledger: Id to entry."""
    return context.ledger.known.provider_ids([item.id for listing in listings for item in listing.items])


def tags_given(context: Context, items: Iterable[Listed]) -> set[str]:
    """Give which of the tags that campaigns bear this ledger ever gave."""
    return context.ledger.known.tags(list({tag for item in items if (tag := split_tag(item.name)[1])}))


def find_sentinels(context: Context) -> tuple[Sentinel, ...]:
    """Give what the lists must show: accepted, still to come, and called gone by no person."""
    return context.ledger.known.sentinels(context.world.now() + MOVING)


def reach_of(context: Context, reading: Reading) -> Reading:
    """Measure how far a reading reaches; without that it proves no absence."""
    spans = context.ledger.known.spans(context.world.now() + MOVING)
    reach = measure(reading.scheduled.items, reading.sent.items, find_sentinels(context), spans)
    return replace(reading, reach=reach)


def evidence_of(context: Context, reading: Reading) -> Evidence:
    """Collect what speaks for it that campaigns are gone which a reading does not show."""
    known = ids_known(context, reading.scheduled)
    ours = [int(item.id) for item in reading.scheduled.items if item.id in known and item.id.isdigit()]
    observed = context.ledger.known.observed(context.world.now())
    reach = measure(reading.scheduled.items, reading.sent.items, find_sentinels(context), {})
    return Evidence(reach, min(ours, default=None), max(ours, default=None), observed)


def observe_first(context: Context, listing: Listing) -> None:
    """Note which campaigns a list shows for the first time: only what stood there can be seen to be gone."""
    new = context.ledger.known.unobserved(context.world.now())
    seen = [(new[item.id], item, "scheduled") for item in listing.items if item.id in new]
    if seen:
        context.ledger.lists.observe(seen, context.world.now())


def notice_doubled(context: Context, listing: Listing) -> None:
    """Say loudly, once a run, which campaigns of ours a list shows a second time; the latest list has the word."""
    known, quiet, now = ids_known(context, listing), context.ledger.findings.acknowledged(), context.world.now()
    context.doubled.clear()
    for item, ours in find_doubled(listing.items, known):
        if item.id in quiet or not is_coming(item, context.zone, now):
            continue
        context.doubled[ours] = describe_doubled(item, ours)
        if f"doubled {item.id}" not in context.said:
            context.said.add(f"doubled {item.id}")
            context.note(context.doubled[ours], loud=True)


def describe_doubled(item: Listed, ours: str) -> str:
    """Say which of two campaigns is to be deleted."""
    return (
        f'the provider holds "{item.name}" twice, as {ours} and as {item.id}, and its people would get it twice: '
        f"delete {item.id} in the dashboard"
    )


def refuse_wrong_list(context: Context, reading: Reading) -> None:
    """Raise ProviderError where a reading lacks most of what was accepted, or is another account's."""
    refuse_strange_list(context, reading)
    sentinels = find_sentinels(context)
    lacking = find_lacking(_shown(reading), sentinels)
    if lacks_most(lacking, sentinels) and not context.ledger.pauses.first():
        new = tuple(one for one in lacking if not one.missing)
        raise ProviderError(
            f"{describe_lacking(new)}, which is most of them: the list, the token or the account is wrong, "
            f"and nothing was changed",
            how_to_call_gone(new),
        )


def refuse_strange_list(context: Context, reading: Reading) -> None:
    """Raise ProviderError where most of what is to come goes to groups that this account never had.

    The groups are read once more before that is said: somebody may have made a new one. A list that shows a campaign
    of this ledger is this account's.
    """
    known = ids_known(context, reading.scheduled)
    if context.rehearsal or any(item.id in known for item in reading.scheduled.items):
        return
    now = context.world.now()
    coming = [item for item in reading.scheduled.items if is_coming(item, context.zone, now)]
    if not find_strange(coming, context.ledger.groups.of_account()):
        return
    account = read_own_account(context)
    if account.groups is None:
        return
    groups = {*context.ledger.groups.of_account(), *(group.id for group in account.groups)}
    if strange := find_strange(coming, groups):
        some = ", ".join(sorted({group for item in strange for group in item.group_ids or ()})[:3])
        raise ProviderError(
            f"the provider's list holds {plural(len(strange), 'campaign')} to groups that this account never had "
            f"({some}): the list, the token or the account is wrong, and nothing was changed",
            _WHICH_ACCOUNT,
        )


def prove_account(context: Context, reading: Reading) -> None:
    """Raise ProviderError where nothing on the lists is ours and the groups are another account's."""
    known = ids_known(context, reading.scheduled)
    if not context.rehearsal and not any(item.id in known for item in reading.scheduled.items):
        read_own_account(context)


def read_own_account(context: Context) -> Account:
    """Read the account, and remember its groups; raise ProviderError where they are another account's."""
    account = read_account(context.provider, context.world.tell)
    if account.groups is None or context.rehearsal:
        return account
    # A ledger without a good row has nothing at stake: a wrong token that was tried first is simply corrected.
    new = not context.ledger.entries.has_good()
    if not new:
        refuse_other_groups(context, account.groups)
    pairs = [(group.id, group.name) for group in account.groups]
    account = replace(account, former=_former_names(context))
    tell_lost_guards(context.settings, account, context.world.tell)
    if not context.looking:
        _remember_guarded(context, account)
        context.ledger.groups.remember_of_account(pairs, context.world.now(), anew=new)
    return account


def _former_names(context: Context) -> dict[str, str]:
    """Give what groups were called before: by sheets and sections, and by the account itself."""
    seen, named = context.ledger.groups.of_account(), context.ledger.groups.named()
    return {fold(name): group for group, name in seen.items()} | {fold(name): group for name, group in named.items()}


def _remember_guarded(context: Context, account: Account) -> None:
    """Remember the group that each section of the settings means, so that it is known after it is renamed."""
    named = {fold(name) for name in context.ledger.groups.named()}
    today = {fold(group.name): group.id for group in account.groups or ()}
    known = {**(account.former or {}), **today}
    pairs = [(name, known[fold(name)]) for name in context.settings.groups if fold(name) in known.keys() - named]
    if pairs:
        context.ledger.groups.remember_named(pairs, context.world.now())


def refuse_other_groups(context: Context, groups: Collection[Group]) -> None:
    """Raise ProviderError where an account shows none of the groups that this one had."""
    remembered = context.ledger.groups.of_account()
    if is_other_account(remembered, {group.id for group in groups}):
        had = ", ".join(f'"{name}" ({group})' for group, name in sorted(remembered.items())[:3])
        many = plural(len(remembered), "group")
        raise ProviderError(
            f"the account shows none of the {many} that it had ({had}): the token is another "
            f"account's, and nothing was changed",
            _WHICH_ACCOUNT,
        )


def refuse_second_ledger(context: Context, listing: Listing) -> None:
    """Raise OtherLedgerError where the list shows what is planned here, or a tag that this ledger did not give."""
    known, quiet = ids_known(context, listing), context.ledger.findings.acknowledged()
    planned, given = context.ledger.known.planned_tags(), tags_given(context, listing.items)
    now, accounts = context.world.now(), {context.settings.provider.account, "main"}
    for item in listing.items:
        tag = split_tag(item.name)[1] if item.id not in known and item.id not in quiet else ""
        if not tag or not is_coming(item, context.zone, now):
            continue
        theirs = tag not in given and (not looks_typed(tag) or has_true_tag(item, context.zone, accounts))
        if not theirs and tag not in planned:
            continue
        what = "a row that is planned here, and was not sent by this ledger" if tag in planned else _NEVER_GIVEN
        raise OtherLedgerError(
            f'another ledger works on this account: the provider holds "{item.name}" (Id {item.id}), {what}',
            "find out who uses it: two ledgers on one account send twice. If this is expected, type "
            '"campaign-batch reconcile --acknowledge"',
        )


def is_coming(item: Listed, zone: str, now: datetime) -> bool:
    """Whether a listed campaign's time is still to come; one that cannot be read counts."""
    moment = from_provider_time(item.send_at, zone)
    return moment is None or moment > now


# What recovers when a list shows again what it lacked.


def recover(context: Context, reading: Reading) -> None:
    """Count as accepted again what seemed gone and stands on the scheduled list after all."""
    shown = {item.id: item for item in reading.scheduled.items}
    gone = context.ledger.entries.select(statuses={Status.MISSING, Status.CANCELLED}, due_from=context.world.now())
    for entry in list(gone):
        if entry.provider_id in shown:
            take_back(context, entry, shown[entry.provider_id])


def recognize(context: Context, reading: Reading) -> int:
    """Count as accepted what a person was to look for, where its tag stands on a list after all; give how many."""
    held = [
        entry for entry in context.ledger.entries.select(statuses={Status.HELD}) if entry.tag and may_have_gone(entry)
    ]
    by_tag = find_by_tag(reading) if held else {}
    recognized = 0
    for entry in held:
        found = by_tag.get(entry.tag, ())
        claimed = context.ledger.known.provider_ids([item.id for item in found])
        settled = judge_found(entry, found, claimed) if found else None
        if settled is not None and settled.status is Status.ACCEPTED:
            recognized += context.ledger.changes.make(StatusChange(
                entry.id, Status.ACCEPTED, expected={Status.HELD}, why=settled.why, who=context.world.who,
                now=context.world.now(), evidence=settled.evidence, listed=settled.listed,
                issues=tuple(issue for issue in entry.issues if issue.code not in DOUBT_CODES),
            ))  # fmt: skip
    return recognized


def take_back(context: Context, entry: Entry, item: Listed | None) -> bool:
    """Count one entry as accepted again; a cancelled one is still to be deleted, and what took its place gives way."""
    why = "seen on the provider's list of scheduled campaigns"
    now, who = context.world.now(), context.world.who
    moved = context.ledger.changes.make(
        StatusChange(entry.id, Status.ACCEPTED, expected={entry.status}, why=why, who=who, now=now, listed=item)
    )
    if moved:
        settle_return(context, entry)
    return moved


def settle_return(context: Context, entry: Entry) -> None:
    """Do what follows when an entry that seemed gone is there after all."""
    if entry.status is Status.CANCELLED and not entry.cancel_why:
        why = "it was marked as cancelled, but is at the provider"
        context.ledger.changes.request_cancel(entry.id, why, context.world.who, context.world.now())
    for twin in context.ledger.entries.twins(entry.id):
        _give_way(context, entry, twin)


def _give_way(context: Context, entry: Entry, twin: Entry) -> None:
    """Let what took an entry's place give way: the same content is that entry; another one would go out beside it."""
    now, who = context.world.now(), context.world.who
    there = f"entry {entry.id} (Id {entry.provider_id}), whose place it took, is at the provider after all"
    codes = {issue.code for issue in twin.issues}
    if twin.status in {Status.ACCEPTED, Status.IN_DOUBT}:
        words = (
            f'"{twin.campaign_name}" (entry {twin.id}) was submitted, and {there}: delete one of them in the dashboard'
        )
        context.note(words, loud=True)
    elif twin.fingerprint == entry.fingerprint and (twin.status is not Status.HELD or codes & _STOOD_IN):
        context.ledger.changes.make(
            StatusChange(
                twin.id, Status.REPLACED, expected={twin.status}, why=there, who=who, now=now, replaced_by=entry.id
            )
        )
    elif twin.status is not Status.HELD:
        words = f"{there}: delete Id {entry.provider_id} in the dashboard first, or drop this one"
        issue = Issue(twin.row, "", "", "edited-after-submission", words, Level.HOLD)
        context.ledger.changes.make(
            StatusChange(
                twin.id, Status.HELD, expected={twin.status}, why=words, who=who, now=now, issues=(*twin.issues, issue)
            )
        )


_STOOD_IN = frozenset({"deleted-in-dashboard", "looks-alike"})
"""Why an entry is held that says what another one said which seemed gone."""


def _shown(reading: Reading) -> set[str]:
    return {item.id for item in _items(reading)}


def _items(reading: Reading) -> Iterable[Listed]:
    yield from reading.scheduled.items
    yield from reading.sent.items
