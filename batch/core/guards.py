"""Look for every way in which a row that seems new would be a second sending, one guard each."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from functools import cached_property

from batch.core.identity import collapse, fold, is_test, split_tag, to_minute
from batch.core.payload import PostingRules, make_tag_by, minute_of, name_by, show_time, to_provider_time
from batch.model import NOTHING, Campaign, Checked, Entry, Issue, KnownEntry, Level, Listed, Status
from batch.model.records import dataclass
from batch.model.times import span_words

FRESH = frozenset({Status.HELD, Status.WAITING, Status.INVALID, Status.EXPIRED})
BEING_SENT = frozenset({Status.SUBMITTING, Status.IN_DOUBT})
THERE = frozenset({Status.ACCEPTED, Status.SENT})
GONE = frozenset({Status.MISSING, Status.CANCELLED})
REJECTED_BY_PERSON = "rejected-by-person"
"""The code of a row that a second person did not let go: only what is handed in again may go after all."""
DOUBT_CODES = frozenset({"held-twice", "looks-alike", "no-tag", "tried-often"})
"""What settling leaves to a person: such an entry is held, but it may be at the provider anyway."""
LEFT_OUT = "left-out-by-approver"
"""On an entry that a second person left out of an approval, and on the row that is handed in again."""
SECOND_CODES = frozenset({"edited-after-submission", "deleted-in-dashboard", "looks-edited"})
"""What is held for one of these was scheduled before: to send it may be a second sending, and asks for a yes."""
DROPPED_IN_DOUBT = "dropped-in-doubt"
"""On an entry that a person dropped while nobody knew whether it had arrived."""
GOING = frozenset({Status.PLANNED, Status.WAITING})
"""What is sent automatically sooner or later, without anybody's word."""
COMING = GOING | BEING_SENT | {Status.ACCEPTED}


@dataclass(frozen=True, slots=True)
class PlanRules:
    """What the settings and the command say about planning."""

    file: str = ""
    """The name of the file that the rows come from."""
    sheet: str = ""
    """The sheet of it: both together say which rows an earlier version of these is about."""
    tabs: tuple[str, ...] = ()
    """Every sheet that the file has now: what came from one that is not among them came from this one, renamed."""
    account: str = "main"
    tag_names: bool = True
    max_name: int | None = None
    provider_zone: str = "America/New_York"
    close_hours: float = 2.0
    stop_above: float = 0.2
    all_or_nothing: bool = False
    allowed: frozenset[str] = frozenset()
    """Codes that a person lets go for this run."""
    levels: Mapping[str, str] = field(default_factory=dict)
    """A code's level where `[rules]` changes it: error, hold, warning or off."""

    @property
    def posting(self) -> PostingRules:
        """What decides about name and time of what is posted."""
        return PostingRules(self.account, self.provider_zone, self.tag_names, self.max_name)


class Surroundings:
    """What one file is planned against, indexed so that each row is a look-up."""

    keys: Counter[str]
    """How many rows of the file bear each key."""
    taken: set[int]
    """The known entries whose place a row of the file has taken: no second row may take it."""
    seen: dict[str, Checked]
    """Fingerprint to the first row of the file that was planned with it."""

    def __init__(
        self,
        rows: Sequence[Checked],
        known: Iterable[KnownEntry],
        listed: Iterable[Listed],
        rules: PlanRules,
        now: datetime,
        *,
        named: Mapping[int, int] = NOTHING,
        batches: Collection[int] = (),
        refused: Mapping[int, str] = NOTHING,
    ) -> None:
        """`batches` are those of known entries of the file's keys that are not among the known ones here."""
        self.refused = refused
        self.rules = rules
        self.now = now
        self.zone = rules.provider_zone
        self.posting = rules.posting
        self.keys = Counter(row.key for row in rows)
        self._rows = rows
        self.taken = set()
        self.seen = {}
        self.by_key: dict[str, list[KnownEntry]] = defaultdict(list)
        self.by_fingerprint: dict[str, list[KnownEntry]] = defaultdict(list)
        self.by_group: dict[str, list[tuple[datetime, KnownEntry]]] = defaultdict(list)
        self.by_campaign: dict[tuple[str, ...], list[tuple[datetime, KnownEntry]]] = defaultdict(list)
        """By name and groups, and only from earlier versions of this file."""
        self.listed: dict[tuple[str, ...], list[Listed]] = defaultdict(list)
        """Campaigns there that are unknown here: by name and time, by name and groups, by text and groups."""
        self._tags: dict[tuple[str, str], str] = {}
        in_order = sorted(known, key=lambda entry: entry.id)
        wanted = set(named.values())
        by_id = {entry.id: entry for entry in in_order if entry.id in wanted}
        self.named = {row: by_id[entry] for row, entry in named.items() if entry in by_id}
        """Row to the entry that its RowId speaks of."""
        self._index_known(in_order, by_id, batches)
        self._index_listed(listed, rows, in_order)

    @cached_property
    def places(self) -> dict[str, set[int]]:
        """The numbers of the rows that bear each key; only rows with errors ask."""
        places: dict[str, set[int]] = defaultdict(set)
        for row in self._rows:
            places[row.key].add(row.row.number)
        return places

    def find_renamed(self, row: Checked) -> KnownEntry | None:
        """Find what the provider refused of this file and a row says again, under another name or Reference."""
        for entry in self.by_fingerprint.get(row.campaign.fingerprint, ()) if row.campaign is not None else ():
            refused = entry.status is Status.REJECTED and is_coming(entry, self.now)
            if refused and entry.key not in self.keys and entry.file == self.rules.file and entry.id not in self.taken:
                return entry
        return None

    def tag(self, campaign: Campaign) -> str:
        """Give a campaign's tag, made when it is first asked for; empty when names carry none."""
        what = campaign.key, campaign.fingerprint
        if what not in self._tags:
            self._tags[what] = make_tag_by(self.posting, *what)
        return self._tags[what]

    def provider_name(self, campaign: Campaign) -> str:
        """Give the name as the provider would get it today."""
        return name_by(self.posting, campaign.name, self.tag(campaign))

    def _index_known(self, known: Sequence[KnownEntry], named: Container[int], batches: Iterable[int]) -> None:
        for entry in known:
            self.by_key[entry.key].append(entry)
            if entry.fingerprint:
                self.by_fingerprint[entry.fingerprint].append(entry)
        related = {*batches, *(entry.batch for key in self.keys for entry in self.by_key.get(key, ()))}
        for entry in known:
            moment = entry.send_at
            if moment is None or moment <= self.now or entry.key in self.keys:
                continue
            if entry.id in named or is_test(entry.key) or (entry.status not in COMING and not is_doubtful(entry)):
                continue
            for group in entry.group_ids:
                self.by_group[group].append((moment, entry))
            if entry.batch in related or is_from(entry, self.rules.file, self.rules.sheet, self.rules.tabs):
                self.by_campaign[(fold(entry.name), *sorted(entry.group_ids))].append((moment, entry))
        for times in self.by_group.values():
            times.sort(key=lambda pair: pair[0])

    def _index_listed(self, listed: Iterable[Listed], rows: Iterable[Checked], known: Iterable[KnownEntry]) -> None:
        """Leave out what bears the tag of a row of this file: that one is the row itself, and will be adopted.

        What bears the tag of another known row is that row, though it says the same to the same groups.
        """
        named = [(item, *split_tag(item.name)) for item in listed]
        others = {entry.tag for entry in known if entry.tag} if named else ()
        own = {self.tag(row.campaign) for row in rows if row.campaign is not None} if named else ()
        for item, name, tag in named:
            if tag and tag in own:
                continue
            for called in dict.fromkeys((fold(name), fold(item.name))):  # the tag may be a word that a hand typed
                self.listed["at", called, minute_of(item.send_at)].append(item)
                if item.group_ids is not None:
                    self.listed[("to", called, *sorted(item.group_ids))].append(item)
            if item.group_ids is not None and tag not in others:
                self.listed[("says", collapse(item.message), *sorted(item.group_ids))].append(item)


# The guards: each looks for one way in which a row that seems new would be a second sending.


def _same_sending(row: Checked, campaign: Campaign, around: Surroundings) -> Issue | None:
    code = "same-text-same-groups-same-time"
    for entry in reversed(around.by_fingerprint.get(campaign.fingerprint, ())):
        if entry.key != row.key and _stands_in_the_way(entry, around):
            words = (
                f'{_place(entry, around.rules)} (entry {entry.id}, "{entry.name}") already has this text for '
                f"these groups at this time: delete one of them, or {_let_go(code)}"
            )
            return held_for(row, "CampaignName", code, words, campaign.name, ids=(entry.provider_id,))
    twin = around.seen.get(campaign.fingerprint)
    if twin is None or twin.key == row.key:
        return None
    words = (
        f'row {twin.row.number} ("{twin.name}") sends the same text to the same groups at the same time: '
        f"delete one of them, or {_let_go(code)}"
    )
    return held_for(row, "CampaignName", code, words, campaign.name)


def _stands_in_the_way(entry: KnownEntry, around: Surroundings) -> bool:
    """Whether an entry went or may still go; one that a row of this file replaces is planned again with it."""
    if entry.status in THERE or is_doubtful(entry):
        return True
    return entry.status in {Status.PLANNED, Status.HELD, Status.WAITING} and entry.id not in around.taken


def _close_to_another(row: Checked, campaign: Campaign, around: Surroundings) -> Issue | None:
    reach = timedelta(hours=around.rules.close_hours)
    for group in campaign.group_ids:
        times = around.by_group.get(group, [])
        place = bisect_left(times, campaign.send_at - reach, key=lambda pair: pair[0])
        if place == len(times) or times[place][0] > campaign.send_at + reach:
            continue
        moment, entry = times[place]
        words = (
            f'group {group} also gets "{entry.name}" (entry {entry.id}, {_place(entry, around.rules)}) at '
            f"{show_time(moment, campaign.zone)}, within {span_words(reach)}: move one, "
            f"or {_let_go('close-to-another')}"
        )
        return held_for(row, "DateTime", "close-to-another", words, show_time(campaign.send_at, campaign.zone))
    return None


def _same_campaign(row: Checked, campaign: Campaign, around: Surroundings) -> Issue | None:
    if row.reference:
        return None
    for moment, entry in around.by_campaign.get((fold(campaign.name), *sorted(campaign.group_ids)), ()):
        if to_minute(moment) == to_minute(campaign.send_at):
            continue
        where = f"is at the provider as {entry.provider_id}" if entry.provider_id else "is about to be submitted"
        how = "delete that one in the dashboard first"
        if entry.status in GOING:
            how = f'cancel that one first with "campaign-batch cancel {entry.id} --why ..."'
        words = (
            f'"{entry.name}" to these groups {where} for {show_time(moment, campaign.zone)} (entry {entry.id}, '
            f"{_place(entry, around.rules)}): if this row moves it, {how}; if it "
            f"is another sending, give it another name or a Reference, or {_let_go('same-campaign-other-time')}"
        )
        value = show_time(campaign.send_at, campaign.zone)
        return held_for(row, "DateTime", "same-campaign-other-time", words, value, ids=(entry.provider_id,))
    return None


def _looks_edited(row: Checked, campaign: Campaign, around: Surroundings) -> Issue | None:
    item = next(_find_listed(campaign, around), None)
    if item is None:
        return None
    words = (
        f'the provider already holds "{item.name}" (Id {item.id}) for {item.send_at} ({around.zone}), which this '
        f"ledger does not know: if it is an earlier version of this row, delete it in the dashboard; "
        f"else {_let_go('looks-edited')}"
    )
    return held_for(row, "CampaignName", "looks-edited", words, campaign.name, ids=(item.id,))


def _find_listed(campaign: Campaign, around: Surroundings) -> Iterator[Listed]:
    """Find unknown campaigns there that may be this one.

    With this name, as the provider would have got it, at this time or to these groups; or with this text to these
    groups, at any time and under any name.
    """
    if not around.listed:
        return
    name = fold(split_tag(around.provider_name(campaign))[0])
    yield from around.listed.get(("at", name, to_provider_time(campaign.send_at, around.zone)[:16]), ())
    groups = sorted(campaign.group_ids)
    yield from around.listed.get(("to", name, *groups), ())
    if campaign.message:
        yield from around.listed.get(("says", collapse(campaign.message), *groups), ())


GUARDS: tuple[Callable[[Checked, Campaign, Surroundings], Issue | None], ...] = (
    _same_sending,
    _same_campaign,
    _close_to_another,
    _looks_edited,
)


def _let_go(code: str) -> str:
    return f'send it anyway with "campaign-batch submit FILE --allow {code}"'


def is_from(entry: Entry | KnownEntry, file: str, sheet: str, tabs: Iterable[str]) -> bool:
    """Whether a row came from this sheet of this file, or from an earlier version of it.

    A sheet that the file has no more may have been renamed to this one: then a moved row would go twice.
    """
    if fold(entry.file) != fold(file):
        return False
    others = {fold(tab) for tab in tabs} - {fold(sheet)}
    return fold(entry.sheet) not in others


def _place(entry: KnownEntry, rules: PlanRules) -> str:
    """Say where a known row stands; its sheet where the file alone leaves that open."""
    other = fold(entry.file) == fold(rules.file) and fold(entry.sheet) != fold(rules.sheet)
    sheet = f'sheet "{entry.sheet}" of ' if other and entry.sheet else ""
    return f'row {entry.row} of {sheet}"{entry.file}"'


def held_for(row: Checked, name: str, code: str, words: str, value: str = "", *, ids: tuple[str, ...] = ()) -> Issue:
    """Say why a row is held, at the cell that it is about.

    `ids` are the provider's Ids beside which it would be a second sending.
    """
    held = tuple(one for one in ids if one)
    return Issue(row.row.number, row.row.header.letter(name), name, code, words, Level.HOLD, value[:200], held)


def find_beside(entry: Entry, known: Iterable[KnownEntry], now: datetime) -> tuple[KnownEntry, ...]:
    """Give the entries beside which one that was kept back would be a second sending by what is known now.

    Those are the ones that say the same to the same groups at the same time, under whatever name, and, unless a
    Reference tells the two apart, those that bear its name and go to its groups at another time.
    """
    ours = fold(entry.campaign_name), sorted(entry.group_ids)
    return tuple(
        one
        for one in known
        if one.id != entry.id
        and not is_test(one.key)
        and (one.status in THERE | GOING or is_doubtful(one))
        and (
            one.fingerprint == entry.fingerprint
            or (not entry.reference and is_coming(one, now) and (fold(one.name), sorted(one.group_ids)) == ours)
        )
    )


def is_coming(entry: KnownEntry, now: datetime) -> bool:
    """Whether an entry's time is still to come."""
    return entry.send_at is not None and entry.send_at > now


def is_doubtful(entry: KnownEntry) -> bool:
    """Whether nobody is sure that an entry is not at the provider: it is being sent, or the settling gave it up."""
    if entry.status in BEING_SENT:
        return True
    return entry.status is Status.HELD and not DOUBT_CODES.isdisjoint(entry.last_codes)


def may_have_gone(entry: Entry) -> bool:
    """Whether settling left an entry to a person: it is held, but it may be at the provider anyway."""
    return entry.status is Status.HELD and any(issue.code in DOUBT_CODES for issue in entry.issues)
