"""The records and enums that travel between the rooms; they know no rule and open nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from batch.columns import column_letter

NOTHING: Mapping[Any, Any] = MappingProxyType({})


def _nothing() -> Mapping[Any, Any]:
    return NOTHING


class Level(StrEnum):
    """How much an issue weighs."""

    ERROR = "error"
    """The row is invalid and stays here."""
    HOLD = "hold"
    """The row is good, but a person must decide."""
    WARNING = "warning"
    """Worth a look; the row goes."""


class Status(StrEnum):
    """Where an entry stands; every entry is in exactly one."""

    INVALID = "invalid"
    HELD = "held"
    WAITING = "waiting"
    PLANNED = "planned"
    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IN_DOUBT = "in_doubt"
    EXPIRED = "expired"
    SENT = "sent"
    MISSING = "missing"
    CANCELLED = "cancelled"
    REPLACED = "replaced"


NEEDS_A_PERSON = frozenset(
    {Status.INVALID, Status.HELD, Status.REJECTED, Status.IN_DOUBT, Status.EXPIRED, Status.MISSING}
)
"""The statuses that end in somebody's hands (`accepted` joins them while the provider has not approved it)."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong, or worth a look, about one cell, row or file."""

    row: int
    """The row as Excel numbers it (the header is usually 1); 0 for the whole file."""
    column: str
    """The column letter (`C`, `AA`); empty when no one column is meant."""
    field: str
    """The known column's name (`GroupIds`) or the header as written; empty when no one column is meant."""
    code: str
    """Stable and kebab-case: what machines and `[rules]` match on."""
    message: str
    """Words for a person: what the cell says, in quotes, and what it should say."""
    level: Level = Level.ERROR
    value: str = ""
    """What the cell says, for the marked workbook; may be cut."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header row: which field stands in which column."""

    row: int
    """The row it stands in, as Excel numbers it."""
    names: tuple[str, ...]
    """What is written, column by column; empty where nothing is."""
    columns: Mapping[str, int]
    """Field to position (0 is column A): known columns by their one name (`GroupIds`), all others as written."""
    hidden: tuple[int, ...] = ()
    """Positions of hidden columns, which are read like the others."""

    def letter(self, name: str) -> str:
        """Give the column letter of a field, or an empty text when the sheet has no such column."""
        position = self.columns.get(name)
        return "" if position is None else column_letter(position)


@dataclass(frozen=True, slots=True)
class Row:
    """What the sheet said in one row, each cell as a person sees it."""

    number: int
    """As Excel numbers it."""
    header: Header
    texts: tuple[str, ...]
    """One text a column, as shown: `20%`, `$5.00`, `00123`; blanks around it taken off; as long as `header.names`."""
    dates: Mapping[int, datetime | date | time] = dataclasses.field(default_factory=_nothing)
    """The cells of the time columns that hold a real date or time, by position."""
    issues: tuple[Issue, ...] = ()
    """Trouble found while reading that counts whoever uses the cell (`#N/A`, a ragged row)."""
    unshown: Mapping[int, Issue] = dataclasses.field(default_factory=_nothing)
    """Trouble that counts only when the text uses the cell (a format nobody can show faithfully), by position."""

    def text(self, name: str) -> str:
        """Give what the cell of a field shows; empty when the sheet has no such column."""
        position = self.header.columns.get(name)
        return "" if position is None else self.texts[position]


@dataclass(frozen=True, slots=True)
class Draft:
    """What the template made of a row."""

    row: Row
    message: str
    """The text as its recipients will read it."""
    template: str = ""
    """The name of the template file; empty when the text stands in the sheet."""
    used: tuple[str, ...] = ()
    """The fields that the text uses, for warnings and the preview."""


@dataclass(frozen=True, slots=True)
class Parts:
    """How a text travels: an estimate by the GSM standard, the provider's own count is not documented."""

    encoding: str
    """`GSM-7` or `UCS-2`."""
    units: int
    """Septets in GSM-7 (an extension character is two), UTF-16 units in UCS-2."""
    count: int
    """Single messages that the text is cut into."""


@dataclass(frozen=True, slots=True)
class Group:
    """One group of the account."""

    id: str
    name: str
    contacts: int | None = None
    """Members by the provider's list; None when it did not say."""
    contact_ids: tuple[int, ...] = ()
    """Who they are, by the provider's ids: the only way to see that groups overlap."""


@dataclass(frozen=True, slots=True)
class MmsTemplate:
    """One MMS template of the account."""

    id: int
    name: str
    status_id: int | None
    """3 is Approved."""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """What the provider says of the account, read once a run; None where it could not be read."""

    groups: tuple[Group, ...] | None = None
    templates: tuple[MmsTemplate, ...] | None = None
    credits: int | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """One row that passed every check: one scheduled sending to one or more groups."""

    row: int
    name: str
    message: str
    group_ids: tuple[str, ...]
    """Plain digits, in the order of the sheet, each once."""
    group_names: tuple[str, ...]
    """The names as of now, beside `group_ids`; empty texts when the account was not asked."""
    send_at: datetime
    """Aware, UTC."""
    zone: str
    """The IANA name of the zone that the sheet's time was read in."""
    type_recipients: int
    """0 single opt-in, 1 double opt-in."""
    mms_template_id: int | None = None
    mms_high_resolution: int | None = None
    subject: str = ""
    reference: str = ""
    expected_contacts: int | None = None
    owner: str = ""
    purpose: str = ""
    cancel: bool = False
    """The row's Cancel cell bears a mark."""
    parts: Parts = Parts("GSM-7", 0, 0)
    contacts: int | None = None
    """Members of its groups together by the provider's list, when known: an estimate of the texts."""
    key: str = ""
    """Which campaign this is."""
    fingerprint: str = ""
    """What it says, to whom, when."""
    waits: tuple[Issue, ...] = ()
    """Causes outside the sheet (template not approved, group empty): it waits at the ledger, it is not wrong."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One row after the checks, with a campaign when no error forbids it."""

    row: Row
    campaign: Campaign | None
    issues: tuple[Issue, ...]
    """All of it: errors, holds and warnings, the most basic first."""
    name: str = ""
    reference: str = ""
    message: str = ""
    key: str = ""
    """For a row with errors as good a key as its cells allow, so that the mended row meets it again."""
    send_at: datetime | None = None
    past: bool = False
    """Its time has gone by: an error for a new row, no trouble for one that was sent long ago; the plan decides."""


class Action(StrEnum):
    """What the plan does with a row."""

    SUBMIT = "submit"
    SKIP = "skip"
    HOLD = "hold"
    WAIT = "wait"
    INVALID = "invalid"
    CANCEL = "cancel"
    """Its Cancel cell bears a mark and it never went: dropped."""
    SETTLE = "settle"
    """It meets an entry that nobody is sure of: nothing is sent, the settling decides."""


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """As much of a ledger entry as the plan needs to know."""

    id: int
    batch: int
    file: str
    row: int
    key: str
    fingerprint: str
    tag: str
    name: str
    group_ids: tuple[str, ...]
    send_at: datetime | None
    status: Status
    provider_id: str = ""
    message: str = ""
    last_codes: tuple[str, ...] = ()
    """The codes of its issues."""
    released: tuple[str, ...] = ()
    """Codes that a person let go for this very fingerprint (`resolve --send`)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the plan makes of one row."""

    checked: Checked
    action: Action
    entry: int | None = None
    """The known entry that this row meets: skipped for it, or planned anew in it."""
    replaces: int | None = None
    """The known entry whose place this row takes (its status becomes `replaced`)."""
    issues: tuple[Issue, ...] = ()
    """All issues of the row, those of the plan included."""
    tag: str = ""
    provider_name: str = ""
    """The name as the provider will get it, with the tag."""
    send_at_provider: str = ""
    """The time as the provider will get it, `YYYY-MM-DD HH:MM:SS` in its zone."""
    why: str = ""
    """One sentence for the history and the terminal: `already scheduled as 12345`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done with each row of one sheet, nothing left over."""

    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """One campaign as the provider shows it, in an answer or a list, its quirks taken off."""

    id: str
    """Digits; empty when the object has no usable Id."""
    name: str = ""
    message: str = ""
    send_at: str = ""
    """The provider's own text, `YYYY-MM-DD HH:MM:SS` in the provider's zone."""
    group_ids: tuple[str, ...] | None = None
    """None where the list does not carry them (the sent history)."""
    type_recipients: int | None = None
    contacts_count: int | None = None
    status_id: int | None = None
    status: str = ""
    type_id: int | None = None
    mms_template_id: int | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """One of the provider's lists, read whole."""

    items: tuple[Listed, ...]
    read_at: datetime
    """When the reading began, aware, UTC."""
    complete: bool = True
    """Every page was read and the distinct Ids are as many as announced."""
    why: str = ""
    """What was wrong with it, when it is not complete."""


class Failure(StrEnum):
    """How a request ended when no whole answer came."""

    NOT_SENT = "not_sent"
    """Proven: not a byte of the request left (name not found, refused, unreachable, connect time-out, proxy)."""
    CERTIFICATE = "certificate"
    """Certificate or host name wrong, found before a byte of the request left."""
    TOO_LATE = "too_late"
    """Connected, but the clocks said no: nothing was written."""
    UNKNOWN = "unknown"
    """Anything else: it may have arrived."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from one request: an HTTP answer, or how it failed; never the token."""

    status: int | None
    """The HTTP status; None when none came."""
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """With lower-case names; `link` is left out, since it carries the token."""
    body: bytes = b""
    failure: Failure | None = None
    words: str = ""
    """How it failed, for a person and without the URL's query."""
    at: datetime | None = None
    seconds: float = 0.0


class Stop(StrEnum):
    """Why a run must go no further after an outcome."""

    NO = ""
    CERTIFICATE = "certificate"
    TOKEN = "token"
    ADDRESS = "address"
    REDIRECT = "redirect"
    TAG_LOST = "tag-lost"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer, or its absence, means for the entry."""

    status: Status
    """planned, accepted, rejected or in_doubt."""
    why: str
    """One sentence for history, report and terminal."""
    listed: Listed | None = None
    """The provider's object, when accepted."""
    stop: Stop = Stop.NO
    issues: tuple[Issue, ...] = ()
    """The provider's words field by field, or what it echoed differently (code `drifted`, a warning)."""
    counts: bool = True
    """Whether the attempt counts towards the three that an entry has (a 429 does not)."""
    refused: bool = False
    """A 429: the account must be left alone for a while."""
    unreachable: bool = False
    """Nothing was sent because the provider could not be reached: again after a while, 8 in a row stop the run."""


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
    """As sent: the name with the tag."""
    message: str
    group_ids: tuple[str, ...]
    group_names: tuple[str, ...]
    send_at: datetime | None
    """Aware, UTC."""
    send_at_provider: str
    """As sent, in the provider's zone."""
    zone: str
    type_recipients: int
    status: Status
    mms_template_id: int | None = None
    mms_high_resolution: int | None = None
    subject: str = ""
    expected_contacts: int | None = None
    owner: str = ""
    purpose: str = ""
    fields: Mapping[str, str] = dataclasses.field(default_factory=_nothing)
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


@dataclass(frozen=True, slots=True)
class DeliveryCount:
    """How many contacts of one sent campaign have one delivery status; never their numbers."""

    status_id: int
    """The provider's id: 2 Delivered, 3 Failed, 9 Optedout, ..."""
    status: str
    contacts: int
