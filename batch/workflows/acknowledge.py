"""Put on the record that a person knows what went wrong with a campaign: it is no longer called open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from batch.core.standing import DID_NOT_GO, NO_CONTACTS, WENT_OUT, Concern, Standing, standing_of
from batch.model import ChangeKind, Entry, Status, StatusChange
from batch.model.errors import UsageError
from batch.workflows.context import World, open_ledger_of
from batch.workflows.events import name_entry

if TYPE_CHECKING:
    from batch.adapters.config import Settings

Mark = tuple[str, str, str]


def acknowledge_entries(settings: Settings, world: World, numbers: Sequence[int], why: str) -> list[str]:
    """Acknowledge what is open on some campaigns and give a sentence for each; raise UsageError when nothing is.

    A difference that shows up later is open again: what is acknowledged is what the provider showed until now.
    """
    with open_ledger_of(settings, world, create=False) as ledger:
        entries = [ledger.entries.get(number) for number in dict.fromkeys(numbers)]
        open_ones = [(entry, *_need_open(entry, world)) for entry in entries]
        lines = []
        for entry, standing, marks in open_ones:
            ledger.findings.acknowledge_entry(entry.id, marks, why=why, who=world.signature, now=world.now())
            ledger.changes.make(StatusChange(
                entry.id, entry.status, expected={entry.status}, why=f"acknowledged: {why}", who=world.signature,
                now=world.now(), kind=ChangeKind.ACKNOWLEDGED,
            ))  # fmt: skip
            lines.append(f"{name_entry(entry)} is acknowledged: {standing.reason}")
        return lines


def _need_open(entry: Entry, world: World) -> tuple[Standing, tuple[Mark, ...]]:
    """Give how an entry stands and what is open on it; raise UsageError when nothing is."""
    standing = standing_of(entry, world.now())
    marks = tuple(dict.fromkeys(_open_marks(entry, standing.concern)))
    if not marks:
        raise UsageError(
            f'{name_entry(entry)} is "{standing.word.text}": there is nothing to acknowledge',
            f'to decide about it, see "campaign-batch ledger show {entry.id}"' if standing.needs_attention else "",
        )
    return standing, marks


def _open_marks(entry: Entry, concern: Concern) -> Iterator[Mark]:
    """Give what a person can acknowledge: what is over and cannot be changed, and what the lists show."""
    yield from (finding.mark for finding in entry.findings)
    if concern is Concern.WENT_WRONG and entry.cancel_why:
        yield WENT_OUT, "", ""
    if concern is Concern.DID_NOT_GO:
        yield DID_NOT_GO, "", ""
    if entry.status is Status.SENT and entry.contacts_count == 0 and NO_CONTACTS not in entry.acknowledged:
        yield NO_CONTACTS
