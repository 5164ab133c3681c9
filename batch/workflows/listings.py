"""Read the provider's lists, trust them or not, and let them end doubts and adopt what already exists."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from batch.core.identity import looks_typed, split_tag
from batch.core.match import has_true_tag
from batch.core.payload import make_tag_by
from batch.core.settle import (
    Instant,
    Reading,
    Settlement,
    distrust,
    find_by_tag,
    is_same_text,
    judge_alike,
    judge_found,
    settle,
    time_left,
)
from batch.core.trust import Span, find_lacking, how_to_call_gone
from batch.model import Attempt, Entry, Issue, Level, Listed, Status, StatusChange
from batch.model.errors import ProviderError
from batch.model.plurals import plural
from batch.model.records import dataclass
from batch.workflows.clock import check_clock, provider_now
from batch.workflows.context import Context
from batch.workflows.events import Wait
from batch.workflows.proofs import (
    find_sentinels,
    ids_known,
    is_coming,
    notice_doubled,
    observe_first,
    reach_of,
    recognize,
    recover,
    refuse_strange_list,
    tags_given,
)

if TYPE_CHECKING:
    from batch.adapters.ledger import Ledger

_BACK = timedelta(days=1)

ON_THE_WIRE = timedelta(seconds=10)
"""How old an intent may be when the first byte leaves."""

_ID = re.compile(r"""["<]Id["']?\s*[:>]\s*"?([1-9]\d{0,29})\b""")
"""The Id in what is left of an answer, JSON or XML."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """An entry in doubt and when its last attempt ended, at the latest."""

    entry: Entry
    ended: Instant
    broken_id: str = ""
    """The Id that stands in what is left of a broken answer."""


def read_lists(context: Context, since: datetime | None = None) -> Reading:
    """Read both lists, the scheduled campaigns first, whole or not; they are dated by the provider's clock.

    Raises ClockError when ours is another: every run begins with this.
    """
    at, ticks = context.world.now(), context.world.monotonic()
    scheduled = context.provider.scheduled()
    check_clock(context)
    begun = at + timedelta(seconds=context.provider.offset() or 0.0)
    return Reading(replace(scheduled, read_at=begun), context.provider.sent(since, zone=context.zone), ticks)


def read_trusted(context: Context, since: datetime | None = None) -> Reading:
    """Read both lists and raise ProviderError when they prove nothing; what seemed gone and is there counts again."""
    reading = read_lists(context, since)
    if why := _distrust(context, reading):
        raise ProviderError(f"nothing was submitted, because {why[0]}", why[1])
    refuse_strange_list(context, reading)
    notice_doubled(context, reading.scheduled)
    if not context.looking:
        recover(context, reading)
        recognize(context, reading)
        observe_first(context, reading.scheduled)
    return reading


def _distrust(context: Context, reading: Reading) -> tuple[str, str] | None:
    """Say why a reading proves nothing, and what to do; None where it shows all that counts as accepted.

    What a comparison found missing keeps nothing new back: that no doubt is given back without it is the settling's.
    """
    accepted = [one for one in find_sentinels(context) if not one.missing]
    why = distrust(reading, {one.provider_id for one in accepted})
    if not why:
        return None
    shown = {item.id for item in (*reading.scheduled.items, *reading.sent.items)}
    lacking = find_lacking(shown, accepted)
    whole = reading.scheduled.complete and reading.sent.complete
    return why, how_to_call_gone(lacking) if whole else 'try again in a while: "campaign-batch resume"'


def since_when(context: Context, entries: Iterable[Entry]) -> datetime:
    """Say how far back the sent history matters for these entries."""
    now = context.world.now()
    return min([now, *(entry.send_at for entry in entries if entry.send_at is not None)]) - _BACK


def find_unknown(context: Context, reading: Reading) -> tuple[Listed, ...]:
    """Give the campaigns that are to come at the provider and not in the ledger."""
    known = ids_known(context, reading.scheduled)
    now = context.world.now()
    return tuple(
        item for item in reading.scheduled.items if item.id not in known and is_coming(item, context.zone, now)
    )


def warn_of_other_ledger(context: Context, unknown: Sequence[Listed], own_tags: set[str]) -> None:
    """Say loudly when campaigns to come bear tags that this ledger never gave; a name that a hand typed bears none."""
    tags, quiet = own_tags | tags_given(context, unknown), context.ledger.findings.acknowledged()
    foreign = [item for item in unknown if (tag := split_tag(item.name)[1]) and tag not in tags]
    accounts = {context.settings.provider.account, "main"}
    proven = [item for item in foreign if has_true_tag(item, context.zone, accounts)]
    if proven:
        context.note(
            f"another ledger works on this account: the provider holds "
            f"{plural(len(proven), 'campaign')} with tags that this ledger never gave ({_some(proven)}). "
            f"Two ledgers cannot see each other's rows: find out who, before going on{_restored(context)}",
            loud=True,
        )
    asked = [item for item in foreign if item not in proven and item.id not in quiet and not _typed(item)]
    if asked:
        context.note(
            f"{plural(len(asked), 'campaign ends', 'campaigns end')} like ours at the provider, with tags "
            f"that this ledger never gave ({_some(asked)}): if nobody typed these names, "
            f"another ledger works on this account, find out who; "
            f'else type "campaign-batch reconcile --acknowledge"{_restored(context)}',
            loud=True,
        )


def _typed(item: Listed) -> bool:
    return looks_typed(split_tag(item.name)[1])


def _some(items: Sequence[Listed]) -> str:
    return ", ".join(f'"{item.name}"' for item in items[:3]) + (", ..." if len(items) > 3 else "")


def _restored(context: Context) -> str:
    """Say what such tags are, too, after a restore: of files that came in after the backup was made."""
    run = context.ledger.journal.last_run("restore")
    if run is None:
        return ""
    return f" (this ledger was restored on {run.at:%Y-%m-%d}: drop the files again that came in after its backup)"


def adopt(context: Context, entries: Iterable[Entry], reading: Reading) -> int:
    """Take what the provider already holds under a planned entry's tag as that entry's; nothing is sent for it.

    What says the same to the same groups under another name, or at another time, is left to a person.
    """
    entries = tuple(entries)
    adopted = 0
    by_tag = find_by_tag(reading)
    tagged = replace(
        context.posting, tag_names=True
    )  # it may have been posted while names bore tags, planned while not
    for entry in entries:
        if found := by_tag.get(make_tag_by(tagged, entry.key, entry.fingerprint, entry.tag), ()):
            done = _conclude(context, entry, judge_found(entry, found), Status.PLANNED)
            adopted += done is not None and done.status is Status.ACCEPTED
    _hold_alike(context, entries, reading)
    return adopted


def _hold_alike(context: Context, entries: Sequence[Entry], reading: Reading) -> None:
    """Hold what is planned where an unknown campaign to come has its text and its groups, unless a person was asked."""
    if not entries or context.settings.rules.get("looks-edited") in {"off", "warning"}:
        return
    tags, known = tags_given(context, reading.scheduled.items), context.ledger.findings.acknowledged()
    unknown: dict[tuple[str, ...], list[Listed]] = {}
    for item in find_unknown(context, reading):
        if item.group_ids and item.id not in known and split_tag(item.name)[1] not in tags:
            unknown.setdefault(tuple(sorted(item.group_ids)), []).append(item)
    for entry in entries if unknown else ():
        near = unknown.get(tuple(sorted(entry.group_ids)), ())
        alike = next((item for item in near if is_same_text(entry, item)), None)
        if alike is not None and not any(issue.code == "looks-edited" for issue in entry.issues):
            _conclude(context, entry, judge_alike(entry, alike), Status.PLANNED)


def find_doubts(context: Context) -> list[Doubt]:
    """Give every entry in doubt, with the end of its last attempt."""
    entries = list(context.ledger.entries.select(statuses={Status.IN_DOUBT}))
    attempts = context.ledger.attempts.of_each([entry.id for entry in entries])
    return [_doubt(context, entry, attempts.get(entry.id, ())) for entry in entries]


def _doubt(context: Context, entry: Entry, attempts: Sequence[Attempt]) -> Doubt:
    last = attempts[-1] if attempts else None
    found = _ID.search(last.answer) if last is not None else None
    return Doubt(entry, _ended(context, entry, last), found[1] if found else "")


def _ended(context: Context, entry: Entry, last: Attempt | None) -> Instant:
    """Say when an attempt ended at the latest, by the provider's clock.

    Where that clock was not seen, then or now, the age of a doubt that another run left is nobody's knowledge: its
    settling time begins when this run meets it.
    """
    ours = context.ended.get(entry.id)
    if last is None or (ours is None and (last.clock_offset is None or context.provider.offset() is None)):
        return context.met.setdefault(entry.id, provider_now(context))
    ended = last.ended_at
    if ended is None or ended < last.started_at:  # it is open, or another clock closed it
        ended = last.started_at + timedelta(seconds=context.settings.provider.deadline) + ON_THE_WIRE
    ended += timedelta(seconds=last.clock_offset or 0.0)
    now = provider_now(context)
    if ours is None and ended > now.at:  # a clock that is ahead closed it
        return context.met.setdefault(entry.id, now)
    return Instant(ended, ours)


def settle_doubts(context: Context, *, wait: bool, first: Reading | None = None) -> int:
    """Settle what is in doubt; with `wait` stay until the lists can prove absence too. Gives how many were adopted.

    A reading that proves nothing settles nothing: what it leaves stays in doubt, for `resume` or for a person.
    """
    adopted = 0
    readings: list[Reading] = []
    reading = reach_of(context, first) if first is not None else _read(context)
    while reading is not None:
        readings.append(reading)
        settled, open_ones = _settle_all(context, readings)
        adopted += settled
        reading = _read_again(context, readings, open_ones) if wait else None
    return adopted


def _read(context: Context) -> Reading | None:
    """Read both lists for the doubts there are; an untrusted reading is told and left out."""
    doubts = find_doubts(context)
    if not doubts:
        return None
    reading = read_lists(context, since_when(context, (doubt.entry for doubt in doubts)))
    if why := _distrust(context, reading):
        context.note(f"the doubts stay, because {why[0]}: {why[1]}", loud=True)
        return None
    notice_doubled(context, reading.scheduled)
    observe_first(context, reading.scheduled)
    return reach_of(context, reading)


def _settle_all(context: Context, readings: Sequence[Reading]) -> tuple[int, list[Doubt]]:
    """Settle each doubt that these readings can; give how many were adopted, and for which it is too early."""
    doubts = find_doubts(context)
    if not doubts:
        return 0, []
    listings = [listing for reading in readings for listing in (reading.scheduled, reading.sent)]
    claimed = ids_known(context, *listings)
    tags = tags_given(context, (item for listing in listings for item in listing.items))
    spans = context.ledger.known.doubt_spans([doubt.entry.id for doubt in doubts])
    newer = find_newer(context.ledger)
    adopted = 0
    early: list[Doubt] = []
    for doubt in doubts:
        settled = _settle_one(context, doubt, readings, claimed=claimed, tags=tags, span=spans.get(doubt.entry.id))
        if settled.status is Status.PLANNED and doubt.entry.key in newer:
            settled = give_way(doubt.entry, newer[doubt.entry.key])
        told = f'"{doubt.entry.campaign_name}" (entry {doubt.entry.id})'
        if settled.status is Status.IN_DOUBT:
            if settled.unproven:
                context.note(f"{told}: {settled.why}", loud=True)
            else:
                early.append(doubt)
        elif done := _conclude(context, doubt.entry, settled, Status.IN_DOUBT):
            adopted += done.status is Status.ACCEPTED
            context.note(f"{told}: {done.why}")
    return adopted, early


def _settle_one(
    context: Context,
    doubt: Doubt,
    readings: Sequence[Reading],
    *,
    claimed: Collection[str],
    tags: Collection[str],
    span: Span | None,
) -> Settlement:
    provider = context.settings.provider
    return settle(
        doubt.entry,
        readings,
        ended=doubt.ended,
        claimed=claimed,
        now=context.world.now(),
        wait=timedelta(seconds=provider.settle),
        gap=timedelta(seconds=provider.settle_gap),
        lead=context.lead,
        broken_id=doubt.broken_id,
        span=span,
        tags=tags,
    )


def find_newer(ledger: Ledger) -> dict[str, Entry]:
    """Give the rows that were edited while their older version was in doubt, and wait for its end; by key."""
    held = ledger.entries.select(statuses={Status.HELD})
    return {entry.key: entry for entry in held if any(issue.code == "in-doubt" for issue in entry.issues)}


def give_way(entry: Entry, newer: Entry) -> Settlement:
    """Hold a row that did not arrive and that its sheet says otherwise since: it would go out as nobody wants it."""
    words = (
        f'it did not arrive, and row {newer.row} of "{newer.file}" (entry {newer.id}) has replaced it since then: '
        f"drop that file again"
    )
    return Settlement(
        entry.id, Status.HELD, words, None, (Issue(entry.row, "", "", "edited-since", words, Level.HOLD),)
    )


def _read_again(context: Context, readings: Sequence[Reading], doubts: Sequence[Doubt]) -> Reading | None:
    """Wait until another reading can end a doubt, then read; None where waiting ends none."""
    if not doubts:
        return None
    words = f"{plural(len(doubts), 'campaign')} may or may not have arrived: waiting for the provider's lists to tell"
    while (seconds := _seconds_left(context, doubts, readings)) > 0:
        if context.world.stopped():
            return None
        context.world.tell(Wait(words, seconds))
        context.world.sleep(min(seconds, 1.0))
    context.world.tell(Wait("", 0.0))
    return None if context.world.stopped() else _read(context)


def _seconds_left(context: Context, doubts: Sequence[Doubt], readings: Sequence[Reading]) -> float:
    provider, now = context.settings.provider, provider_now(context)
    wait, gap = timedelta(seconds=provider.settle), timedelta(seconds=provider.settle_gap)
    left = (time_left(readings, ended=doubt.ended, now=now, wait=wait, gap=gap) for doubt in doubts)
    return min(left).total_seconds()


def _conclude(context: Context, entry: Entry, settled: Settlement, expected: Status) -> Settlement | None:
    """Write a settlement down and give it; None when the entry has moved on meanwhile."""
    settled = _respect_claim(context, entry, settled)
    issues = (*entry.issues, *settled.issues) if settled.issues else None
    moved = context.ledger.changes.make(
        StatusChange(
            entry.id,
            settled.status,
            expected={expected},
            why=settled.why,
            who=context.world.who,
            now=context.world.now(),
            evidence=settled.evidence,
            listed=settled.listed if settled.status is Status.ACCEPTED else None,
            issues=issues,
        )
    )
    return settled if moved else None


def _respect_claim(context: Context, entry: Entry, settled: Settlement) -> Settlement:
    """Let a person decide where the campaign that was found is another entry's: it was thought deleted, and is not."""
    if settled.listed is None or settled.status is not Status.ACCEPTED:
        return settled
    holder = context.ledger.known.holder(settled.listed.id)
    if holder in {None, entry.id}:
        return settled
    words = (
        f"the provider still holds this campaign as {settled.listed.id}, which entry {holder} has: delete it in the "
        f'dashboard and type "campaign-batch resolve {entry.id} --not-sent --why ...", or drop this one'
    )
    issue = Issue(entry.row, "", "", "looks-alike", words, Level.HOLD, settled.listed.id)
    return Settlement(entry.id, Status.HELD, words, None, (issue,), settled.listed.id)
