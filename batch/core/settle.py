"""Say what the provider's lists prove about an entry that may or may not have arrived, and what they leave open."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from batch.core.identity import collapse, split_tag
from batch.core.trust import Coverage, Span, question_absence
from batch.model import Entry, Issue, Level, Listed, Listing, Status
from batch.model.plurals import plural
from batch.model.records import dataclass

_ANY_ZONE = timedelta(days=2)
"""More than two zones lie apart: what was sent so long before an attempt did not come of it, whatever zone it is in."""

MOST_ATTEMPTS = 3
"""POSTs that one entry may have before a person must decide."""


@dataclass(frozen=True, slots=True)
class Instant:
    """A point in time by the wall clock and, where this process saw it, by a clock that nobody can set."""

    at: datetime
    ticks: float | None = None
    """Monotonic seconds; None for what another process saw."""

    def since(self, earlier: Instant) -> timedelta:
        """Say how much time has passed for certain: a wall clock may have been set forward meanwhile."""
        by_wall = self.at - earlier.at
        if self.ticks is None or earlier.ticks is None:
            return by_wall
        return min(by_wall, timedelta(seconds=self.ticks - earlier.ticks))


@dataclass(frozen=True, slots=True)
class Reading:
    """Both lists, the scheduled ones read first: a campaign that moves meanwhile is then on one of them at least."""

    scheduled: Listing
    sent: Listing
    ticks: float | None = None
    """Monotonic seconds when the reading began."""
    reach: Coverage | None = None
    """How far it reaches, where that was measured; without it a reading proves presence only."""

    @property
    def begun(self) -> Instant:
        """When the reading began."""
        return Instant(self.scheduled.read_at, self.ticks)


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a doubt ends, or that it does not yet."""

    entry: int
    status: Status
    """accepted, planned, held, expired; in_doubt where nothing is proven yet."""
    why: str
    listed: Listed | None = None
    issues: tuple[Issue, ...] = ()
    evidence: str = ""
    unproven: bool = False
    """It is on neither list, but they show too little to prove anything, however long one waits."""


def distrust(reading: Reading, sentinels: Collection[str]) -> str:
    """Say why a reading proves nothing; an empty text when it can be trusted.

    `sentinels` are the Ids of all campaigns that the ledger knows as accepted and still to come: a list that lacks
    one of them may lack others too.
    """
    for words, listing in (("scheduled campaigns", reading.scheduled), ("sent history", reading.sent)):
        if not listing.complete:
            return f"the list of the {words} is not complete: {listing.why}"
    held = {item.id for item in reading.scheduled.items} | {item.id for item in reading.sent.items}
    lacking = sorted(set(sentinels) - held)
    if lacking:
        some = ", ".join(lacking[:3]) + (", ..." if len(lacking) > 3 else "")
        return f"the provider's lists lack {plural(len(lacking), 'campaign')} accepted earlier (Id {some})"
    return ""


def find_by_tag(reading: Reading) -> Mapping[str, tuple[Listed, ...]]:
    """Group what both lists hold by tag; a campaign that stands on both lists counts once.

    Two items of one list with one tag are two campaigns. One on each list is one campaign on its way from scheduled to
    sent: whether its Id stays the same is not documented.
    """
    scheduled, sent = (_by_tag(listing.items) for listing in (reading.scheduled, reading.sent))
    return {tag: max(scheduled.get(tag, ()), sent.get(tag, ()), key=len) for tag in scheduled.keys() | sent.keys()}


def _by_tag(items: Iterable[Listed]) -> dict[str, tuple[Listed, ...]]:
    found: dict[str, dict[str, Listed]] = {}
    for place, item in enumerate(items):
        if tag := split_tag(item.name)[1]:
            found.setdefault(tag, {})[item.id or f"?{place}"] = item
    return {tag: tuple(by_id.values()) for tag, by_id in found.items()}


def settle(
    entry: Entry,
    readings: Sequence[Reading],
    *,
    ended: Instant,
    claimed: Collection[str],
    now: datetime,
    wait: timedelta,
    gap: timedelta,
    lead: timedelta,
    broken_id: str = "",
    tags: Collection[str] = (),
    span: Span | None = None,
) -> Settlement:
    """Settle one doubt on readings that can be trusted, the oldest first.

    `ended` is when the attempt ended, `claimed` the Ids that other entries hold, `broken_id` an Id that stood in an
    answer which could not be read whole, `tags` all that this ledger gave: another one of them is another row's. Our
    tag is proof as soon as one reading shows it; everything else is judged by two readings, the first not before `wait`
    after the attempt, the second not before `gap` after the first. `span` is when the doubt came to be: both readings
    must reach from before it to after it, else they prove nothing.
    """
    if found := _tagged(entry, readings):
        return judge_found(entry, found, claimed)
    late = _late(readings, ended, wait)
    if not late:
        return _too_early(entry)
    far = next((why for reading in (late[0], late[-1]) if (why := question_absence(reading.reach, span))), "")
    if late[-1].begun.since(late[0].begun) < gap and not far:
        return _too_early(entry)
    if item := _find_alike(entry, _free(readings, claimed), tags=tags, ended=ended, broken_id=broken_id):
        return judge_alike(entry, item)
    if not entry.tag:
        words = "names carry no tags here, so the lists cannot prove that it did not arrive"
        return _held(entry, "no-tag", f"{words}: {how_to_answer(entry.id)}")
    return _not_there(entry, now, lead, far)


def how_to_answer(entry: int) -> str:
    """Say how a person ends a doubt that no list can end."""
    command = f"campaign-batch resolve {entry} --accepted ID (or --not-sent) --why ..."
    return f'look for it in the dashboard and say what you saw: "{command}"'


def time_left(
    readings: Sequence[Reading], *, ended: Instant, now: Instant, wait: timedelta, gap: timedelta
) -> timedelta:
    """Say how long it takes until another reading can prove absence: the settling time, and then the gap."""
    late = _late(readings, ended, wait)
    return gap - now.since(late[0].begun) if late else wait - now.since(ended)


def judge_found(entry: Entry, found: Sequence[Listed], claimed: Collection[str] = ()) -> Settlement:
    """Say what it means that the lists show these campaigns with an entry's tag."""
    ids = ", ".join(item.id or "none" for item in found)
    if len(found) > 1:
        words = (
            f"the provider holds this campaign {len(found)} times (Ids {ids}): delete all but one in the dashboard and "
            f'type "campaign-batch resolve {entry.id} --accepted ID --why ..." with the Id of the one that stays'
        )
        return _held(entry, "held-twice", words, found[0], ids)
    if not found[0].id or found[0].id in claimed:
        words = (
            f"the provider holds it already (Id {ids}), but this Id cannot be used: another row already has it, or "
            f"it is not valid. Look at it in the dashboard"
        )
        return _held(entry, "looks-alike", words, found[0], ids)
    why = f"found at the provider as {ids} by its tag; nothing was sent again"
    return Settlement(entry.id, Status.ACCEPTED, why, found[0], evidence=ids)


def judge_alike(entry: Entry, item: Listed) -> Settlement:
    """Leave to a person whether a campaign without our tag is this one."""
    words = (
        f'the provider holds "{item.name}" (Id {item.id}), which may be this campaign, but does not have our tag: '
        f'if it is this one, type "campaign-batch resolve {entry.id} --accepted {item.id} --why ..."; '
        f"if not, the same with --not-sent"
    )
    return _held(entry, "looks-alike", words, item, item.id)


def _late(readings: Sequence[Reading], ended: Instant, wait: timedelta) -> list[Reading]:
    """Give those readings that would show a campaign which arrived late."""
    return [reading for reading in readings if reading.begun.since(ended) >= wait]


def _too_early(entry: Entry) -> Settlement:
    return Settlement(entry.id, Status.IN_DOUBT, "not yet settled: too early to rule out that it arrives late")


def _tagged(entry: Entry, readings: Sequence[Reading]) -> tuple[Listed, ...]:
    """Find what bears the entry's tag; of several readings the one that shows most, else the newest."""
    if not entry.tag:
        return ()
    found = [find_by_tag(_only(reading, entry.tag)).get(entry.tag, ()) for reading in reversed(readings)]
    return max(found, key=len, default=())


def _only(reading: Reading, tag: str) -> Reading:
    """Keep of a reading what can bear a tag: a hundred doubts must not take every name apart a hundred times."""
    scheduled, sent = (
        replace(listing, items=tuple(item for item in listing.items if tag in item.name))
        for listing in (reading.scheduled, reading.sent)
    )
    return replace(reading, scheduled=scheduled, sent=sent)


def _find_alike(
    entry: Entry, items: Iterable[Listed], *, tags: Collection[str], ended: Instant, broken_id: str
) -> Listed | None:
    """Find what may be this campaign under another name or at another time, and is not another entry's."""
    since = f"{ended.at - _ANY_ZONE:%Y-%m-%d}"
    for item in items:
        if broken_id and item.id == broken_id:
            return item
        if not _is_another(entry, item, tags) and _looks_like(entry, item, since):
            return item
    return None


def _free(readings: Sequence[Reading], claimed: Collection[str]) -> Iterator[Listed]:
    """Give what the readings show that no entry has, the newest reading first."""
    for reading in reversed(readings):
        for item in (*reading.scheduled.items, *reading.sent.items):
            if item.id not in claimed:
                yield item


def _looks_like(entry: Entry, item: Listed, since: str) -> bool:
    """Whether a campaign without our tag may be this one anyway.

    Our text to our groups is, at any time and under any name; a list without groups shows the text alone, which counts
    from the day `since`. At our very minute our text, our groups, or our name is enough, cut or not.
    """
    same_groups = item.group_ids is not None and set(item.group_ids) == set(entry.group_ids)
    if same_groups and is_same_text(entry, item):
        return True
    if item.group_ids is None and item.send_at >= since and is_same_text(entry, item):
        return True
    if item.send_at[:16] != entry.send_at_provider[:16]:
        return False
    name = collapse(item.name)
    return same_groups or is_same_text(entry, item) or (name != "" and collapse(entry.provider_name).startswith(name))


def is_same_text(entry: Entry, item: Listed) -> bool:
    """Whether a campaign says what the entry says; without any text the picture must be the same."""
    if not item.message and not entry.message:
        return item.mms_template_id == entry.mms_template_id
    return item.message == entry.message or collapse(item.message) == collapse(entry.message)


def _is_another(entry: Entry, item: Listed, tags: Collection[str]) -> bool:
    tag = split_tag(item.name)[1]
    return tag in tags and tag not in {"", entry.tag}


def _not_there(entry: Entry, now: datetime, lead: timedelta, far: str) -> Settlement:
    """Give back what did not arrive; `far` says why the readings do not prove that."""
    if far and entry.send_at is not None and entry.send_at > now:
        words = f"it is on neither of the provider's lists, but they do not prove that it did not arrive: {far}"
        return Settlement(entry.id, Status.IN_DOUBT, f"{words}. {how_to_answer(entry.id)}", unproven=True)
    proof = "it is on neither of the provider's lists, in two readings"
    if entry.send_at is None or entry.send_at <= now + lead:
        return Settlement(entry.id, Status.EXPIRED, f"{proof}, and its time is too near to send it again")
    if entry.attempts >= MOST_ATTEMPTS:
        return _held(entry, "tried-often", f"{proof}, after {entry.attempts} attempts: {how_to_answer(entry.id)}")
    return Settlement(entry.id, Status.PLANNED, f"{proof}: it did not arrive and can be sent")


def _held(entry: Entry, code: str, words: str, listed: Listed | None = None, evidence: str = "") -> Settlement:
    issue = Issue(entry.row, "", "", code, words, Level.HOLD, evidence)
    return Settlement(entry.id, Status.HELD, words, listed, (issue,), evidence)
