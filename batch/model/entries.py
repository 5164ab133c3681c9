"""What the ledger keeps, and what comparing it with the provider brought up."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from batch.model.answers import Listed
from batch.model.issues import Issue, Status, nothing
from batch.model.records import dataclass

NOT_SHOWN = "not-shown"
"""A batch that needs a second person and has no preview yet: there is nothing to say yes to."""
WAITS = "waiting-for-approval"
REJECTED = "rejected"
UNDER_WAY = ("open", "approved")
"""A run submits the batch, or was cut off: the next run ends what no other can be at work on."""


class PauseCause(StrEnum):
    """Who paused everything; each pause is lifted by its own cause only."""

    PERSON = "person"
    STOP_FILE = "stop-file"
    """A file named STOP in a watched folder."""
    NOT_AS_ASKED = "watch"
    """The provider did not do as it was asked; a corrected setting lifts it, too."""
    OTHER_LEDGER = "other-ledger"
    """Another ledger seems to work on the account; acknowledging what it made lifts it, too."""


class ChangeKind(StrEnum):
    """What a line of the history is about, where the status does not say it."""

    PLAIN = ""
    CANCEL_ASKED = "cancel-asked"
    CANCEL_TAKEN_BACK = "cancel-taken-back"
    APPROVED = "approved"
    ACKNOWLEDGED = "acknowledged"


PERSON, SHEET = "person", "sheet"
"""Who wants a campaign cancelled: what a person asked for, no sheet takes back."""


class FindingKind(StrEnum):
    """What comparing the ledger with the provider's lists brought up."""

    MATCHED = "matched"
    MISSING = "missing"
    UNEXPECTED = "unexpected"
    DRIFTED = "drifted"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison of an entry with the provider's books, or of a listed campaign with none of ours."""

    kind: FindingKind
    words: str
    """What differs, both values side by side, and what to do."""
    code: str = ""
    """Kebab-case: `contacts-differ`, `other-ledger`, `made-elsewhere`, ..."""
    entry: int | None = None
    provider_id: str = ""
    name: str = ""
    field: str = ""
    ours: str = ""
    theirs: str = ""
    loud: bool = False
    """Stands first in every report."""

    @property
    def mark(self) -> tuple[str, str, str]:
        """Give what a person acknowledges: the same difference, shown by the provider in the same way."""
        return self.code, self.field, self.theirs


@dataclass(frozen=True, slots=True)
class Batch:
    """One spreadsheet taken in once."""

    id: int
    file: str
    """The file's name without its folder."""
    sheet: str
    taken_in_at: datetime
    rows: int
    blank: int
    left_out: int
    submitted_by: str
    machine: str
    state: str = ""
    """`open`, `not-shown`, `waiting-for-approval`, `approved`, `rejected` or `done`."""
    approved_by: str = ""
    note: str = ""
    file_hash: str = ""
    """Of the file's bytes, as handed in."""
    issues: tuple[Issue, ...] = ()
    """About the file as a whole (row 0)."""
    preview_mark: str = ""
    """What its preview is bound to: the hash of all that its yes releases; empty while it has none."""
    superseded_by: int | None = None
    """The batch that took over all its rows; its preview counts, and this one's no more."""

    @property
    def is_kept_back(self) -> bool:
        """Whether nothing of it may go: no second person has said yes, or one has said no."""
        return self.state in {NOT_SHOWN, WAITS, REJECTED}


@dataclass(frozen=True, slots=True)
class Change:
    """One line of an entry's append-only history."""

    at: datetime
    old: Status | None
    new: Status
    why: str
    who: str
    evidence: str = ""
    kind: ChangeKind = ChangeKind.PLAIN


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A change of an entry's status that is asked of the ledger; what is None stays as it is."""

    entry: int
    to: Status
    _: dataclasses.KW_ONLY
    expected: Collection[Status]
    """Where the entry must stand, else nothing is changed."""
    why: str
    who: str
    now: datetime
    evidence: str = ""
    listed: Listed | None = None
    """The campaign as the provider shows it; its Id, ContactsCount and status are kept."""
    issues: tuple[Issue, ...] | None = None
    released: tuple[str, ...] | None = None
    approved_by: str | None = None
    bound_payload: str | None = None
    kind: ChangeKind = ChangeKind.PLAIN
    replaced_by: int | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST that was, or was about to be, made for an entry."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    payload_hash: str
    outcome: str
    http_status: int | None
    why: str
    answer: str = ""
    """The body that came back, cut at 4,000 characters, the token taken out."""
    tag: str = ""
    """As it stood in the name that was posted."""
    provider_zone: str = ""
    """The provider's zone by the settings of that moment."""
    clock_offset: float | None = None
    """Seconds that the provider's clock was ahead of ours; None when its answers bore no date."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row's place in the ledger: everything that is known about it."""

    id: int
    batch: int
    file: str
    sheet: str
    row: int
    key: str
    fingerprint: str
    tag: str
    reference: str
    campaign_name: str
    """As in the sheet."""
    provider_name: str
    """As sent: the name with the tag. Of what was never sent, as it was planned."""
    message: str
    group_ids: tuple[str, ...]
    group_names: tuple[str, ...]
    send_at: datetime | None
    """Aware, UTC."""
    send_at_provider: str
    """As sent, in the provider's zone of that time. Of what was never sent, as it was planned."""
    zone: str
    type_recipients: int
    status: Status
    mms_template_id: int | None = None
    mms_high_resolution: int | None = None
    subject: str = ""
    expected_contacts: int | None = None
    owner: str = ""
    purpose: str = ""
    fields: Mapping[str, str] = dataclasses.field(default_factory=nothing)
    """Every cell of the row as shown, by header, so that a campaign can be found by its store or city."""
    parts: int = 0
    encoding: str = ""
    provider_id: str = ""
    contacts_count: int | None = None
    provider_status_id: int | None = None
    provider_status: str = ""
    issues: tuple[Issue, ...] = ()
    attempts: int = 0
    """Those that count."""
    submitted_by: str = ""
    machine: str = ""
    approved_by: str = ""
    cancel_why: str = ""
    """Why a person wants it deleted in the dashboard; empty when nobody does."""
    replaced_by: int | None = None
    changed_at: datetime | None = None
    provider_zone: str = ""
    """The zone in which `send_at_provider` was written when it was sent; empty when it never was."""
    cancel_source: str = ""
    """`person` or `sheet`; empty when nobody wants it cancelled."""
    bound_payload: str = ""
    """The hash of the payload that a second person let go; empty when nobody was asked."""
    to_approve: bool = False
    """Whether it goes as soon as a second person says yes, and nobody has."""
    findings: tuple[Finding, ...] = ()
    """What comparing it with the provider's lists brought up, and nobody has acknowledged yet."""
    acknowledged: frozenset[tuple[str, str, str]] = frozenset()
    """What a person has acknowledged about it: a finding's code (or `went-out`, `did-not-go`), its field, and what the
    provider showed there."""


@dataclass(frozen=True, slots=True)
class Intent:
    """An attempt that is to begin: what is about to be posted of an entry, by whose clock."""

    entry: int
    payload_hash: str
    now: datetime
    lead: timedelta
    """How long before its time it must be at the provider."""
    posted: Entry | None = None
    """The entry with the tag, name, time and zone with which it is posted, which it has from then on."""
    clock_offset: float | None = None
    """Seconds that the provider's clock is ahead of ours; None when its answers bore no date."""


class Posted(NamedTuple):
    """What of an accepted entry the provider's list must show: enough to see that nothing is different.

    A tuple, and no more of the entry than that: a comparison reads one of it for every campaign that is to come.
    """

    id: int
    batch: int
    tag: str
    provider_id: str
    provider_name: str
    message: str
    subject: str
    mms_template_id: int | None
    type_recipients: int
    contacts_count: int | None
    expected_contacts: int | None
    provider_status_id: int | None
    send_at_provider: str
    zone: str
    group_ids: tuple[str, ...]
    send_at: datetime
