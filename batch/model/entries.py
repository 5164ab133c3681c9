"""What the ledger keeps, and what comparing it with the provider brought up."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from batch.model.issues import Issue, Status, nothing


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
    """`open`, `waiting-for-approval`, `approved`, `rejected` or `done`."""
    approved_by: str = ""
    note: str = ""
    file_hash: str = ""
    """Of the file's bytes, as handed in."""
    issues: tuple[Issue, ...] = ()
    """About the file as a whole (row 0)."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of an entry's append-only history."""

    at: datetime
    old: Status | None
    new: Status
    why: str
    who: str
    evidence: str = ""


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
