"""Look for every way in which a row that seems new would be a second sending, one guard each."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from batch.identity import fold, make_tag, split_tag, to_minute
from batch.model import Campaign, Checked, Issue, KnownEntry, Level, Listed, Status
from batch.payload import to_provider_time

PLAN_CODES: Mapping[str, str] = {
    "same-text-same-groups-same-time": "another row already sends this text to these groups at this time",
    "close-to-another": "a group would get two texts shortly after one another",
    "same-campaign-other-time": "a campaign of this name to these groups is scheduled for another time",
    "date-not-changed": "this row went out before, while others in the file are new",
    "edited-after-submission": "the row was changed after it was scheduled",
    "deleted-in-dashboard": "this campaign was scheduled and then deleted at the provider",
    "in-doubt": "an earlier version of this row may or may not have arrived",
    "looks-edited": "the provider holds a campaign that looks like an earlier version of this row",
    "too-many-errors": "too many rows of the file have errors, so nothing goes",
}
"""Every code that the plan can give, each a hold unless `[rules]` says otherwise."""

PLAN_HARD_CODES = frozenset({"in-doubt", "edited-after-submission"})
"""The ones that no rule softens: behind each stands a possible double."""

NEVER_LET_GO = frozenset({"in-doubt"})
"""The ones that not even a person lets go before the doubt is settled."""

FRESH = frozenset({Status.HELD, Status.WAITING, Status.INVALID, Status.EXPIRED})
BEING_SENT = frozenset({Status.SUBMITTING, Status.IN_DOUBT})
THERE = frozenset({Status.ACCEPTED, Status.SENT})
GONE = frozenset({Status.MISSING, Status.CANCELLED})
COMING = frozenset({Status.PLANNED, Status.SUBMITTING, Status.IN_DOUBT, Status.ACCEPTED})


@dataclass(frozen=True, slots=True)
class PlanRules:
    """What the settings and the command say about planning."""

    file: str = ""
    """The name of the file that the rows come from."""
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


class Surroundings:
    """What one file is planned against, indexed so that each row is a look-up."""

    keys: Counter[str]
    """How many rows of the file bear each key."""
    taken: set[int]
    """The known entries whose place a row of the file has taken: no second row may take it."""
    akin: set[int]
    """The batches that share a row with this file: earlier versions of it."""

    def __init__(
        self,
        rows: Sequence[Checked],
        known: Iterable[KnownEntry],
        listed: Iterable[Listed],
        rules: PlanRules,
        now: datetime,
    ) -> None:
        self.rules = rules
        self.now = now
        self.zone = rules.provider_zone
        self.keys = Counter(row.key for row in rows)
        self.taken: set[int] = set()
        self.by_key: dict[str, list[KnownEntry]] = defaultdict(list)
        self.by_fingerprint: dict[str, list[KnownEntry]] = defaultdict(list)
        self.by_group: dict[str, list[tuple[datetime, KnownEntry]]] = defaultdict(list)
        self.by_name: dict[str, list[KnownEntry]] = defaultdict(list)
        self.listed_by_name: dict[str, list[Listed]] = defaultdict(list)
        self.seen: dict[str, Checked] = {}
        for entry in sorted(known, key=lambda entry: entry.id):
            self._index(entry)
        for times in self.by_group.values():
            times.sort(key=lambda pair: pair[0])
        for item in listed:
            self.listed_by_name[fold(split_tag(item.name)[0])].append(item)
        self.akin = {entry.batch for key in self.keys for entry in self.by_key.get(key, ())}

    def _index(self, entry: KnownEntry) -> None:
        self.by_key[entry.key].append(entry)
        if entry.fingerprint:
            self.by_fingerprint[entry.fingerprint].append(entry)
        if entry.key in self.keys or entry.send_at is None or entry.send_at <= self.now or entry.status not in COMING:
            return
        self.by_name[fold(entry.name)].append(entry)
        for group in entry.group_ids:
            self.by_group[group].append((entry.send_at, entry))


# The guards: each looks for one way in which a row that seems new would be a second sending.


def _same_sending(row: Checked, campaign: Campaign, around: Surroundings) -> Issue | None:
    for entry in reversed(around.by_fingerprint.get(campaign.fingerprint, ())):
        if entry.key != row.key and entry.status in COMING | THERE | {Status.HELD, Status.WAITING}:
            words = (
                f'row {entry.row} of "{entry.file}" (entry {entry.id}, "{entry.name}") already sends this text to '
                f"these groups at this time: delete one of them, "
                f"or let it go with --allow same-text-same-groups-same-time"
            )
            return held_for(row, "CampaignName", "same-text-same-groups-same-time", words, campaign.name)
    twin = around.seen.get(campaign.fingerprint)
    if twin is None or twin.key == row.key:
        return None
    words = f'row {twin.row.number} ("{twin.name}") sends the same text to the same groups at the same time: delete one'
    return held_for(row, "CampaignName", "same-text-same-groups-same-time", words, campaign.name)


def _close_to_another(row: Checked, campaign: Campaign, around: Surroundings) -> Issue | None:
    reach = timedelta(hours=around.rules.close_hours)
    for group in campaign.group_ids:
        times = around.by_group.get(group, [])
        place = bisect_left(times, campaign.send_at - reach, key=lambda pair: pair[0])
        for moment, entry in times[place:]:
            if moment > campaign.send_at + reach:
                break
            if entry.key == row.key:
                continue
            words = (
                f'group {group} also gets "{entry.name}" (entry {entry.id}, row {entry.row} of "{entry.file}") at '
                f"{to_minute(moment)}, within {around.rules.close_hours:g} hours: move one, "
                f"or let it go with --allow close-to-another"
            )
            return held_for(row, "DateTime", "close-to-another", words, to_minute(campaign.send_at))
    return None


def _same_campaign(row: Checked, campaign: Campaign, around: Surroundings) -> Issue | None:
    if row.reference:
        return None
    groups = sorted(campaign.group_ids)
    for entry in around.by_name.get(fold(campaign.name), ()):
        akin = fold(entry.file) == fold(around.rules.file) or entry.batch in around.akin
        if (
            akin
            and sorted(entry.group_ids) == groups
            and entry.send_at is not None
            and entry.send_at != campaign.send_at
        ):
            words = (
                f'"{entry.name}" is already at the provider for {to_minute(entry.send_at)} (entry {entry.id}, '
                f"Id {entry.provider_id or 'not yet known'}): if this row moves it, delete that one in the dashboard "
                f"first; if it is another sending, give it another name or a Reference"
            )
            return held_for(row, "DateTime", "same-campaign-other-time", words, to_minute(campaign.send_at))
    return None


def _looks_edited(row: Checked, campaign: Campaign, around: Surroundings) -> Issue | None:
    moment = to_provider_time(campaign.send_at, around.zone)
    groups = sorted(campaign.group_ids)
    tag = make_tag(around.rules.account, campaign.key, campaign.fingerprint) if around.rules.tag_names else ""
    for item in around.listed_by_name.get(fold(campaign.name), ()):
        same_time = item.send_at[:16] == moment[:16]
        same_groups = item.group_ids is not None and sorted(item.group_ids) == groups
        if (same_time or same_groups) and (not tag or split_tag(item.name)[1] != tag):
            words = (
                f'the provider already holds "{item.name}" (Id {item.id}) for {item.send_at}, which this ledger '
                f"does not know: if it is an earlier version of this row, delete it in the dashboard; "
                f"else let it go with --allow looks-edited"
            )
            return held_for(row, "CampaignName", "looks-edited", words, campaign.name)
    return None


GUARDS: tuple[Callable[[Checked, Campaign, Surroundings], Issue | None], ...] = (
    _same_sending,
    _same_campaign,
    _close_to_another,
    _looks_edited,
)


def held_for(row: Checked, name: str, code: str, words: str, value: str = "") -> Issue:
    return Issue(row.row.number, row.row.header.letter(name), name, code, words, Level.HOLD, value[:200])


def is_coming(entry: KnownEntry, now: datetime) -> bool:
    return entry.send_at is not None and entry.send_at > now
