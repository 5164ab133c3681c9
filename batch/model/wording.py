"""The words, order and colours of every standing; the report, the preview, the mail and the terminal all ask here.

A standing is an entry's status as people see it: `accepted` is two of them, since only Approved and Scheduled may be
called scheduled, and a row already taken in, which has no entry, is one too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache

from batch.model import Campaign, DeliveryCount, Entry, FindingKind, Issue
from batch.model.places import list_row, sheet_row
from batch.model.plurals import plural
from batch.model.records import dataclass

APPROVED = 3
"""The provider's id of Approved and Scheduled."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A colour and the sign that goes with it, so that colour is never alone."""

    name: str
    sign: str
    light: str
    """Strong enough for text on the tone's own wash and on white, 4.5 to 1."""
    light_wash: str
    dark: str
    dark_wash: str


TONES: Mapping[str, Tone] = {
    tone.name: tone
    for tone in (
        Tone("bad", "✕", "#a8201a", "#fdeceb", "#ff9d94", "#451a1a"),
        Tone("look", "▲", "#8a4b00", "#fff3dc", "#ffc56b", "#40290a"),
        Tone("wait", "◷", "#1b5c9e", "#e6f1fb", "#8ec5ff", "#14304d"),
        Tone("good", "✓", "#116a3c", "#e4f5eb", "#7bdba5", "#123824"),
        Tone("quiet", "–", "#565f6c", "#eef0f3", "#b4bdc9", "#2a303a"),
    )
}
"""The worst first."""


class Fate(StrEnum):
    """Whether a campaign went or goes: what is counted, drawn and summed asks it."""

    WENT = "went"
    GOES = "goes"
    STOPPED = "stopped"
    """At the provider, and it does not go as things stand."""
    MAY_GO = "may-go"
    """Not at the provider as far as is known; it goes when what it waits for happens."""
    NOT = "not"

    @property
    def is_there(self) -> bool:
        """Whether it is or was at the provider."""
        return self in _THERE


_THERE = frozenset({Fate.WENT, Fate.GOES, Fate.STOPPED})


@dataclass(frozen=True, slots=True)
class Word:
    """What people read for one standing."""

    standing: str
    text: str
    tone: str
    meaning: str
    next: str = ""
    """What a person does about it; `{entry}` and `{id}` are filled in."""
    fate: Fate = Fate.NOT

    @property
    def sign(self) -> str:
        """Give the sign of its tone."""
        return TONES[self.tone].sign


WORDS: Mapping[str, Word] = {
    word.standing: word
    for word in (
        Word(
            "went_out",
            "went out although cancelled",
            "bad",
            "somebody asked to cancel it, it was not deleted in the dashboard, and it went out",
            "tell those who asked to cancel it, then put it on the record: "
            'campaign-batch acknowledge {entry} --why "..."',
            fate=Fate.WENT,
        ),
        Word(
            "went_wrong",
            "went out differently",
            "bad",
            "what the provider sent is not what the sheet says",
            "ask whoever planned it whether those who got it need a correction, then put it on the record: "
            'campaign-batch acknowledge {entry} --why "..."',
            fate=Fate.WENT,
        ),
        Word(
            "did_not_go",
            "did not go",
            "bad",
            "its time has passed, and it was not sent",
            "{was_due}: give it a new time and hand the file in again, or close it without sending: "
            'campaign-batch resolve {entry} --drop --why "..."',
        ),
        Word(
            "missing",
            "not found at the provider",
            "bad",
            "the provider lists it neither as scheduled nor as sent",
            "look for Id {id} in the dashboard: if somebody deleted it on purpose, type campaign-batch resolve {entry} "
            '--deleted --why "..."; if it should still go out, campaign-batch submit FILE --allow deleted-in-dashboard',
        ),
        Word(
            "rejected",
            "refused by the provider",
            "bad",
            "the provider refused it, field by field",
            "change what the provider names and hand the file in again; rows already scheduled are not sent twice",
        ),
        Word(
            "invalid",
            "needs fixing",
            "bad",
            "a check failed; it was never submitted",
            "fix the cell and hand the file in again; rows already scheduled are not sent twice",
        ),
        Word(
            "expired",
            "too late",
            "bad",
            "its time passed before it could go",
            "give it a new time and hand the file in again",
        ),
        Word(
            "in_doubt",
            "not sure it arrived",
            "look",
            "the provider's answer never came; it is not sent again until its lists say that it is not there",
            "run campaign-batch resume; if that cannot tell, look for it in the dashboard and say what you saw: "
            'campaign-batch resolve {entry} --accepted ID (or --not-sent) --why "..."',
            fate=Fate.MAY_GO,
        ),
        Word(
            "held",
            "waiting for a decision",
            "look",
            "good, but a person must decide",
            'decide: campaign-batch resolve {entry} --send --why "..." (or --drop)',
            fate=Fate.MAY_GO,
        ),
        Word(
            "unapproved",
            "at the provider, not yet approved",
            "look",
            "the provider has it but will not send it before it is approved",
            "open Id {id} in the dashboard and see what the provider asks for, before its time comes",
            fate=Fate.STOPPED,
        ),
        Word(
            "to_cancel",
            "to be cancelled, still scheduled",
            "look",
            "somebody wants it cancelled, and the provider still has it",
            "delete Id {id} in the dashboard, then run campaign-batch reconcile",
            fate=Fate.STOPPED,
        ),
        Word(
            "waiting",
            "waiting for the provider",
            "look",
            "the cause is outside the sheet; it is tried again",
            "see to what it waits for, then run campaign-batch resume",
            fate=Fate.MAY_GO,
        ),
        Word("to_approve", "waiting for approval", "wait", "it goes when a second person says yes", fate=Fate.MAY_GO),
        Word("planned", "will be submitted", "wait", "checked and ready", fate=Fate.MAY_GO),
        Word("submitting", "being submitted", "wait", "on its way to the provider", fate=Fate.MAY_GO),
        Word("scheduled", "scheduled", "good", "Approved and Scheduled at the provider", fate=Fate.GOES),
        Word(
            "unseen",
            "due, not yet seen as sent",
            "wait",
            "its time has passed; the next comparison checks whether it went out",
            "run campaign-batch reconcile: it says whether it went out",
            fate=Fate.GOES,
        ),
        Word("sent", "sent", "good", "seen in the provider's sent history", fate=Fate.WENT),
        Word("skipped", "already taken in", "quiet", "the same row was taken in before; nothing was sent again"),
        Word("left_out", "left out by the approver", "quiet", "whoever approved the file left this row out"),
        Word("cancelled", "cancelled", "quiet", "deleted in the dashboard because we asked, or dropped before it went"),
        Word("replaced", "fixed in another row", "quiet", "a fixed row replaced it"),
    )
}
"""What needs attention first, then what is under way, then what is done: the order everywhere."""

ORDER: Mapping[str, int] = {standing: place for place, standing in enumerate(WORDS)}


def left_out_words(rows: int) -> tuple[str, ...]:
    """Say that rows of a file were not taken; nothing where there are none."""
    one, many = "hidden, filtered or example row was NOT taken", "hidden, filtered or example rows were NOT taken"
    return (plural(rows, one, many),) if rows else ()


def kind_words(standing: str, text: str) -> str:
    """Give what rows are counted by: their own words, less the row that each fixed one names."""
    return WORDS[standing].text if standing == "replaced" else text


COUNT_WORDS: Mapping[str, tuple[str, str]] = {
    "accepted": ("at the provider", "at the provider"),
    "skipped": ("already taken in", "already taken in"),
    "left_out_by_approver": ("left out by the approver", "left out by the approver"),
    "cancelled": ("cancelled", "cancelled"),
    "replaced": ("fixed in another row", "fixed in other rows"),
    "planned": ("still to be submitted", "still to be submitted"),
    "invalid": ("needs fixing", "need fixing"),
    "held": ("waits for a decision", "wait for a decision"),
    "waiting": ("waits for the provider", "wait for the provider"),
    "rejected": ("refused by the provider", "refused by the provider"),
    "refused_before": ("refused by the provider before", "refused by the provider before"),
    "in_doubt": ("not sure it arrived", "not sure they arrived"),
    "expired": ("too late", "too late"),
}
"""Where the rows of a file ended, behind a number: one, and several."""

COMPARED_WORDS: Mapping[FindingKind, tuple[str, str]] = {
    FindingKind.MATCHED: ("agrees", "agree"),
    FindingKind.MISSING: ("is not found at the provider", "are not found at the provider"),
    FindingKind.DRIFTED: ("differs from what was submitted", "differ from what was submitted"),
    FindingKind.IN_DOUBT: ("may not have arrived", "may not have arrived"),
    FindingKind.UNEXPECTED: ("is at the provider, not in our ledger", "are at the provider, not in our ledger"),
}
"""How campaigns compare with the provider's lists, behind a number: one, and several."""

FINDING_WORDS: Mapping[FindingKind, tuple[str, str]] = {
    FindingKind.MISSING: ("not found at the provider", "bad"),
    FindingKind.UNEXPECTED: ("at the provider, not in our ledger", "look"),
    FindingKind.DRIFTED: ("differs from what was submitted", "look"),
    FindingKind.IN_DOUBT: ("not sure it arrived", "look"),
    FindingKind.MATCHED: ("agrees", "good"),
}

DELIVERY_WORDS: Mapping[int, tuple[str, str]] = {
    1: ("pending", "wait"),
    2: ("delivered", "good"),
    3: ("failed", "bad"),
    4: ("buffered", "wait"),
    5: ("rejected", "bad"),
    6: ("opted out", "look"),
    7: ("unknown", "quiet"),
    8: ("disconnected", "bad"),
    9: ("opted out", "look"),
    10: ("processed", "wait"),
    11: ("retrieved", "good"),
    12: ("expired", "bad"),
}
"""The provider's delivery ids in plain English (its own spelling is `Bufered`, `Disconected`, `Optedout`)."""

DELIVERED = frozenset({2})
FAILED = frozenset({3, 5, 8, 12})
OPTED_OUT = frozenset({6, 9})


def named_groups(one: Campaign | Entry) -> list[tuple[str, str]]:
    """Give each group's id and name, as far as names are known."""
    return list(_named(one.group_ids, one.group_names))


def _named(ids: tuple[str, ...], names: tuple[str, ...]) -> Iterable[tuple[str, str]]:
    return zip(ids, (*names, *[""] * len(ids)), strict=False)


def group_words(entry: Entry) -> str:
    """Name the groups, each by its name and, where the name is not known, by its id."""
    return _group_words(entry.group_ids, entry.group_names)


@lru_cache(4096)
def _group_words(ids: tuple[str, ...], names: tuple[str, ...]) -> str:
    """Name the same groups once: a few stand for thousands of rows."""
    return ", ".join(name or f"group {group}" for group, name in _named(ids, names))


def cell_of(issue: Issue) -> str:
    """Name the cell of an issue as Excel does: `C7`, `row 7`, or nothing for the whole file."""
    if not issue.row:
        return ""
    if not issue.column:
        return f"row {issue.row}"
    number = list_row(issue.row) if "!" in issue.column else sheet_row(issue.row)
    return f"{issue.column}{number}"


def money_words(money: float, currency: str) -> str:
    """Write an amount: `$1,204.50`, `EUR 12.00`."""
    return f"${money:,.2f}" if currency == "USD" else f"{currency} {money:,.2f}".strip()


def delivery_word(item: DeliveryCount) -> tuple[str, str]:
    """Give the word and the tone of a delivery status; one that nobody knows has the provider's own word."""
    return DELIVERY_WORDS.get(item.status_id, (item.status or "unknown", "quiet"))


def counted(delivery: Sequence[DeliveryCount], ids: frozenset[int]) -> int:
    """Add up the contacts of some delivery statuses."""
    return sum(count.contacts for count in delivery if count.status_id in ids)


def delivery_words(delivery: Sequence[DeliveryCount]) -> str:
    """Say how a sent campaign arrived: `398 delivered, 9 failed, 5 opted out`."""
    if not delivery:
        return ""
    told = (
        (counted(delivery, DELIVERED), "delivered"),
        (counted(delivery, FAILED), "failed"),
        (counted(delivery, OPTED_OUT), "opted out"),
    )
    rest = sum(count.contacts for count in delivery) - sum(number for number, _ in told)
    return ", ".join(f"{number:,} {word}" for number, word in (*told, (rest, "not yet known")) if number)
