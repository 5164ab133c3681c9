"""Say how far a reading of the provider's lists can be believed: what it must show, and what it proves by showing it.

The lists may be empty, cut, stale or another account's for a while. So what the provider accepted stays a sentinel
until its time comes or a person says that it is gone; and a list proves absence only between what it shows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from batch.model import Listed
from batch.model.plurals import plural
from batch.model.records import dataclass

MOST_NAMED = 10
"""Entries that a command to type names one by one."""


@dataclass(frozen=True, slots=True)
class Sentinel:
    """A campaign that the provider accepted, whose time is to come, and of which no person said that it is gone."""

    entry: int
    provider_id: str
    missing: bool = False
    """A comparison did not find it. It must be shown anyway before anything else counts as absent."""


@dataclass(frozen=True, slots=True)
class Span:
    """When a campaign came to be, by the numbers of the lines of the ledger's history, which no clock changes."""

    begun: int | None
    """The line of its intent; None when this ledger did not send it."""
    known: int
    """The line with which it was accepted, or with which it came into doubt."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far one reading reaches: the sentinels it lacks, and the oldest and newest of our campaigns it shows."""

    lacking: tuple[Sentinel, ...] = ()
    oldest: int | None = None
    """The line with which the oldest one shown was accepted; None when it shows none."""
    newest: int | None = None
    """The line of the intent of the newest one shown; None when it shows none that this ledger sent."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for it that a campaign is gone because a reading does not show it."""

    reach: Coverage = Coverage()
    lowest: int | None = None
    """The lowest Id of this ledger's campaigns that the scheduled list shows; None when it shows none."""
    highest: int | None = None
    observed: Collection[int] = frozenset()
    """The entries that a list has shown since they were accepted: the answer to a submission is not a list."""


NO_EVIDENCE = Evidence()
"""Nothing is known of what the reading shows, so nothing counts as gone."""


def find_lacking(shown: Collection[str], sentinels: Iterable[Sentinel]) -> tuple[Sentinel, ...]:
    """Give the sentinels that are not shown."""
    return tuple(sentinel for sentinel in sentinels if sentinel.provider_id not in shown)


def measure(
    scheduled: Iterable[Listed], sent: Iterable[Listed], sentinels: Iterable[Sentinel], spans: Mapping[str, Span]
) -> Coverage:
    """Say how far a reading reaches; `spans` are those of the campaigns of this ledger that are to come, by Id."""
    on_list = {item.id for item in scheduled}
    ours = [spans[number] for number in on_list if number in spans]
    lacking = find_lacking(on_list | {item.id for item in sent}, sentinels)
    begun = [span.begun for span in ours if span.begun is not None]
    return Coverage(lacking, min((span.known for span in ours), default=None), max(begun, default=None))


def question_absence(reach: Coverage | None, doubt: Span | None) -> str:
    """Say why a reading does not prove that a campaign did not arrive; an empty text when it does.

    It must show every sentinel, and one campaign of ours from before the doubt and one from after it: a list that
    is empty, stale, or lacks its beginning or its end shows no such pair.
    """
    if reach is None or doubt is None or doubt.begun is None:
        return "nothing says how far the provider's lists reach"
    if reach.lacking:
        return f"{describe_lacking(reach.lacking)}: {how_to_call_gone(reach.lacking)}"
    if reach.oldest is None:
        return "the provider's list of scheduled campaigns shows none of this ledger's, so it may be the wrong one"
    if reach.oldest >= doubt.begun:
        return "the provider's list shows no campaign of this ledger from before it, so its beginning may be missing"
    if reach.newest is None or reach.newest <= doubt.known:
        return "the provider's list shows no campaign of this ledger from after it, so it may be an old one"
    return ""


def question_gone(provider_id: str, entry: int, evidence: Evidence, *, paused: bool) -> str:
    """Say why it is not proven that a campaign was deleted; an empty text when it is.

    While everything is paused others may be gone on purpose, too; without a pause the list must show all of them.
    """
    others = tuple(one for one in evidence.reach.lacking if one.entry != entry)
    if evidence.lowest is None or evidence.highest is None:
        return "the list shows no campaign of this ledger, so it may be the wrong one"
    if others and not paused:
        return describe_lacking(others)
    if entry not in evidence.observed:
        return "no list has ever shown it, so it may only be late"
    number = int(provider_id) if provider_id.isdigit() else 0
    if not evidence.lowest < number < evidence.highest:
        which = "first" if number < evidence.lowest else "last"
        return f"it would be the {which} of this ledger's campaigns on the list, and the list may be cut off there"
    return ""


def lacks_most(lacking: Sequence[Sentinel], sentinels: Sequence[Sentinel]) -> bool:
    """Whether a reading lacks more than half of what counts as accepted: no deletions, but a wrong list."""
    accepted = sum(not one.missing for one in sentinels)
    return 2 * sum(not one.missing for one in lacking) > accepted


def find_strange(coming: Iterable[Listed], groups: Collection[str]) -> tuple[Listed, ...]:
    """Give the campaigns that go only to groups the account never had, if they are most of those that name groups."""
    grouped = [item for item in coming if item.group_ids]
    strange = tuple(item for item in grouped if item.group_ids and set(item.group_ids).isdisjoint(groups))
    return strange if 2 * len(strange) > len(grouped) else ()


def is_other_account(remembered: Collection[str], shown: Collection[str]) -> bool:
    """Whether an account shows none of the groups that ours had; one group alone may have been deleted."""
    return len(remembered) > 1 and set(remembered).isdisjoint(shown)


def describe_lacking(lacking: Sequence[Sentinel]) -> str:
    """Say which sentinels the lists lack."""
    numbers = sorted((one.provider_id for one in lacking), key=lambda number: (len(number), number))
    some = ", ".join(numbers[:3]) + (", ..." if len(numbers) > 3 else "")
    return f"the provider's lists lack {plural(len(numbers), 'campaign')} accepted earlier (Id {some})"


def how_to_call_gone(lacking: Sequence[Sentinel]) -> str:
    """Say how a person ends it that the lists lack what was accepted; nothing else does."""
    numbers = " ".join(str(one.entry) for one in lacking[:MOST_NAMED])
    more = " ..." if len(lacking) > MOST_NAMED else ""
    return (
        "look for them in the dashboard. If they are there, the lists are wrong: try again in a while. For those that "
        f'somebody deleted there, type "campaign-batch resolve {numbers}{more} --deleted --why ..."'
    )
