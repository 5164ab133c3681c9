"""Find which campaign of the provider's lists each entry of the ledger is, one to one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain

from batch.core.identity import collapse, fold, make_fingerprint, make_key, make_tag, split_tag
from batch.core.payload import from_provider_time, minute_of, to_provider_time
from batch.core.settle import Reading
from batch.model import Entry, Listed, Status

MOVING = timedelta(minutes=5)
"""So near its time, a campaign may stand on both lists; earlier, the second one is a second sending."""

UNSURE = frozenset({Status.IN_DOUBT, Status.SUBMITTING})
TRACKED = (Status.ACCEPTED, Status.SENT, Status.MISSING, Status.CANCELLED, Status.IN_DOUBT, Status.SUBMITTING)
"""The statuses that are compared. Where two entries would fit a campaign, the one that stands first here has it."""


class Matches:
    """Both lists, and which entry each of their campaigns belongs to: one to one."""

    found: dict[int, tuple[Listed, str]]
    """Entry to its campaign and the list that it stands on."""

    def __init__(self, reading: Reading, zone: str, plain: Sequence[tuple[int, Listed]] = ()) -> None:
        """`zone` is the provider's, by today's settings; `plain` is what `find_plain` found: that is claimed."""
        self.found = {}
        self._zone = zone
        self._items: list[tuple[Listed, str]] = []
        self.plain = plain
        self._claimed: set[int] = set()
        self._by_id: dict[tuple[str, str], int] = {}
        self._passed: dict[tuple[str, str], int] = {}
        """How many of a mark's campaigns, the first ones, are claimed already."""
        known = {item.id for _, item in plain}
        for item in reading.scheduled.items:
            if item.id not in known:
                self._index(item, "scheduled")
        for item in reading.sent.items:
            self._index(item, "sent")

    def _index(self, item: Listed, where: str) -> None:
        if item.id and (where, item.id) in self._by_id:
            return  # the same one twice: the list moved between two pages
        self._by_id[where, item.id] = len(self._items)
        self._items.append((item, where))

    # Where each entry is found by its Id, as nearly always, nobody asks for these two.

    @cached_property
    def _by_mark(self) -> dict[tuple[str, str], list[int]]:
        places: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, (item, where) in enumerate(self._items):
            for mark in marks_of_item(item):
                places[where, mark].append(place)
        return places

    @cached_property
    def _alike(self) -> Counter[tuple[str, str]]:
        all_items = chain(self._items, ((item, "scheduled") for _, item in self.plain))
        return Counter((where, marks_of_item(item)[0]) for item, where in all_items)

    def match(self, entries: Sequence[Entry]) -> None:
        """Find each entry's campaign: for all of them by Id first, then by tag, then by name, time and text."""
        for entry in entries:
            self._match_id(entry)
        for entry in sorted(entries, key=lambda entry: TRACKED.index(entry.status)):
            if entry.id not in self.found:
                self._claim_first(entry, ("scheduled", "sent"))

    def claim_twins(self, entries: Iterable[Entry], now: datetime) -> None:
        """Claim the same campaign on the other list, too: about its time it may stand on both for a moment."""
        for entry in entries:
            coming = entry.send_at is not None and entry.send_at > now + MOVING
            if not coming and entry.id in self.found and self.found[entry.id][1] == "scheduled":
                self._claim_first(entry, ("sent",))

    def unclaimed(self) -> Iterator[tuple[Listed, str]]:
        """Give what belongs to no entry."""
        return (pair for place, pair in enumerate(self._items) if place not in self._claimed)

    def alike(self, item: Listed, where: str) -> int:
        """Count the campaigns of one list with the same tag, or without one with the same name, time and text."""
        return self._alike[where, marks_of_item(item)[0]]

    def _match_id(self, entry: Entry) -> None:
        if not entry.provider_id or entry.status in UNSURE:
            return
        for where in ("scheduled", "sent"):
            place = self._by_id.get((where, entry.provider_id))
            if place is None or place in self._claimed:
                continue
            if where == "scheduled" or _is_surely(entry, self._items[place][0]):
                self._claim(entry.id, place)

    def _claim_first(self, entry: Entry, lists: Sequence[str]) -> None:
        """Claim the first campaign with a mark of the entry that nobody has claimed."""
        for mark in marks_of(entry, self._zone):
            for where in lists:
                if (place := self._first_free(where, mark)) is not None:
                    self._claim(entry.id, place)
                    return

    def _first_free(self, where: str, mark: str) -> int | None:
        places, passed = self._by_mark.get((where, mark), ()), self._passed.get((where, mark), 0)
        while passed < len(places) and places[passed] in self._claimed:
            passed += 1
        if passed:
            self._passed[where, mark] = passed
        return places[passed] if passed < len(places) else None

    def _claim(self, entry: int, place: int) -> None:
        self._claimed.add(place)
        self.found.setdefault(entry, self._items[place])


def marks_of_item(item: Listed) -> tuple[str, ...]:
    """Give what tells a campaign from others when its Id does not: its tag, and its whole name with time and text.

    What looks like a tag may have been typed by hand, so the whole name counts beside it.
    """
    tag = split_tag(item.name)[1]
    content = _content(item.name, item.send_at, item.message)
    return (tag, content) if tag else (content,)


def find_doubled(items: Iterable[Listed], known: Collection[str]) -> list[tuple[Listed, str]]:
    """Give the campaigns that say what one of ours says and have another Id, each with the Id of ours."""
    pairs = [(item, _sameness(item)) for item in items]
    ours = {mark: item.id for item, mark in pairs if item.id in known}
    return [(item, ours[mark]) for item, mark in pairs if item.id not in known and mark in ours]


def _sameness(item: Listed) -> tuple[str, ...]:
    """Give the tag; without one the name, time, text and groups."""
    tag = split_tag(item.name)[1]
    return (tag,) if tag else (_content(item.name, item.send_at, item.message), *sorted(item.group_ids or ()))


def has_true_tag(item: Listed, zone: str, accounts: Iterable[str]) -> bool:
    """Whether a campaign's tag is the one that a ledger makes of its name, time, text and groups: no hand types that.

    False proves nothing: the tag of a row with a Reference, and of a name that was cut, cannot be made again.
    """
    name, tag = split_tag(item.name)
    moment = from_provider_time(item.send_at, zone)
    if not tag or moment is None or item.group_ids is None:
        return False
    key = make_key("", name, moment)
    types = (0, 1) if item.type_recipients is None else (item.type_recipients,)
    prints = {
        make_fingerprint(
            message=item.message,
            group_ids=item.group_ids,
            send_at=moment,
            mms_template_id=item.mms_template_id,
            mms_high_resolution=high,
            subject=item.subject,
            type_recipients=type_,
        )
        for high in (None, 1)
        for type_ in types
    }
    return any(make_tag(account, key, one) == tag for account in accounts for one in prints)


def marks_of_plain(item: Listed) -> tuple[str, ...]:
    """Give what `marks_of` gives of the entry that a campaign shows as it was posted."""
    name, tag = split_tag(item.name)
    return (tag, _content(name, item.send_at, item.message)) if tag else marks_of_item(item)


def marks_of(entry: Entry, zone: str) -> tuple[str, ...]:
    """Give the marks that an entry's campaign may bear on a list, the surest first.

    A campaign may stand there at the time that was posted, by the zone of that day, or at the one that was meant.
    """
    name = split_tag(entry.provider_name)[0] if entry.tag else entry.provider_name
    meant = to_provider_time(entry.send_at, zone) if entry.send_at is not None else entry.send_at_provider
    times = dict.fromkeys((minute_of(entry.send_at_provider), minute_of(meant)))
    contents = tuple(_content(name, moment, entry.message) for moment in times)
    return (entry.tag, *contents) if entry.tag else contents


def _content(name: str, send_at: str, message: str) -> str:
    return f"{fold(name)}|{minute_of(send_at)}|{collapse(message)}"


def _is_surely(entry: Entry, item: Listed) -> bool:
    """Whether a sent campaign with our Id is ours: that Ids stay the same from list to list is not documented."""
    tag = split_tag(item.name)[1] if entry.tag else ""
    if tag:
        return tag == entry.tag
    if not entry.message:  # it was forgotten
        return fold(item.name) == fold(entry.provider_name)
    return collapse(item.message) == collapse(entry.message)
