"""The records that every report is written from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from batch.core.standing import Standing, standing_of
from batch.model import Attempt, Batch, Change, DeliveryCount, Entry, Finding
from batch.model.records import dataclass

Kind = Literal["batch", "week", "reconciliation"]
Pair = tuple[Entry, Standing]
"""An entry beside how it stands."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The totals of one report; `rows` is the sum of `by_status`."""

    rows: int = 0
    by_status: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """Standing (`scheduled`, `unapproved`, `held`, ..., `skipped`) to rows, in the one order, none of them 0."""
    scheduled: int = 0
    """Approved and Scheduled by the provider's own status, and only that."""
    not_approved: int = 0
    """At the provider, which has not approved it yet."""
    sent: int = 0
    needs_person: int = 0
    """Rows and findings that wait for somebody, each counted once."""
    contacts: int = 0
    """Texts by the provider's ContactsCount, of what is scheduled, not yet approved or sent."""
    texts_sent: int = 0
    """Of `contacts`: of what went out. With the two that follow it adds up to `contacts`."""
    texts_scheduled: int = 0
    """Of what is approved and scheduled."""
    texts_not_going: int = 0
    """Of what is at the provider and not approved, or to be deleted there."""
    parts: int = 0
    """Texts times the parts of each, the same campaigns."""
    credits: int = 0
    """Estimated: a part is one credit, an MMS three."""
    money: float | None = None
    """Credits times the price of one; None without a price."""
    reported: int = 0
    """Contacts whose delivery status is known."""
    delivered: int = 0
    failed: int = 0
    opted_out: int = 0
    blank: int = 0
    """Blank rows of the sheet, not counted in `rows`."""
    left_out: int = 0
    """Hidden or filtered rows of the sheet, not counted in `rows`."""
    findings: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """Kind of finding to how many."""


@dataclass(frozen=True, slots=True)
class WeekFigures:
    """One week of the trend."""

    week: str
    """As ISO 8601 writes it: `2026-W48`."""
    figures: Figures


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that was already taken in: it made no entry."""

    batch: int
    row: int
    name: str
    entry: int | None
    """The entry that it met."""
    provider_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one report says, in every format."""

    title: str
    kind: Kind
    made_at: datetime
    zone: str
    """The team's zone, for times that belong to no row."""
    provider_zone: str
    batches: tuple[Batch, ...] = ()
    entries: tuple[Entry, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    findings: tuple[Finding, ...] = ()
    matched: int = 0
    """Campaigns that both books agree on; of them only those that somebody waited for are findings."""
    attempts: Mapping[int, tuple[Attempt, ...]] = dataclasses.field(default_factory=dict)
    """By the entry's number, like the two that follow."""
    history: Mapping[int, tuple[Change, ...]] = dataclasses.field(default_factory=dict)
    deliveries: Mapping[int, tuple[DeliveryCount, ...]] = dataclasses.field(default_factory=dict)
    trend: tuple[WeekFigures, ...] = ()
    """The oldest week first, this one last."""
    before: Figures | None = None
    """The totals of the same kind of report before this one."""
    quiet_hours: str = "21:00-08:00"
    blank: int = 0
    left_out: int = 0
    notes: tuple[str, ...] = ()
    """Warnings about the file or the run as a whole."""
    rehearsal: bool = False
    team: str = ""
    logo: Path | None = None
    credit_price: float | None = None
    """Money for one credit."""
    currency: str = "USD"
    account: str = ""
    """Named in the commands that it tells to type; empty where there is one only."""
    stopped: str = ""
    """Why the run stopped; empty when it did not."""
    paused: str = ""
    """By whom, since when and why nothing is submitted; empty when it is not paused."""
    compared_at: datetime | None = None
    """When the ledger was last compared with the provider's lists; None when it never was."""
    to_cancel: tuple[Entry, ...] = ()
    """What a person must delete in the provider's dashboard."""

    _stands: list[tuple[Pair, ...]] = dataclasses.field(default_factory=list, init=False, repr=False, compare=False)
    """What the two that follow give; empty as long as nobody asked. A report asks some ten times for each row."""

    def stands(self) -> tuple[Pair, ...]:
        """Give every entry beside how it stands."""
        if not self._stands:
            stands = tuple([(entry, self.standing_of(entry)) for entry in self.entries])
            self._stands.extend((stands, tuple([pair for pair in stands if pair[1].needs_attention])))
        return self._stands[0]

    def needed(self) -> tuple[Pair, ...]:
        """Give the entries that need attention, each beside how it stands."""
        self.stands()
        return self._stands[1]

    def standing_of(self, entry: Entry) -> Standing:
        """Say how an entry stands at the moment of the report."""
        return standing_of(entry, self.made_at, self.zone)
