"""What a sheet said, what the template and the checks made of it, and the account that it was checked against."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime, time

from batch.model.columns import column_letter
from batch.model.issues import Issue, nothing
from batch.model.records import dataclass


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
    lists: tuple[str, ...] = ()
    """What one row of each list is called that the sheet uses (`Store`): `Store.City` is a field."""
    sources: Mapping[int, str] = dataclasses.field(default_factory=dict)
    """The columns that stand in a list, by position, each with its place there: `Stores!B`."""
    list_heads: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """The row of each list's own header, by the name of its sheet."""

    def letter(self, name: str) -> str:
        """Give the column letter of a field, or an empty text when the sheet has no such column."""
        position = self.columns.get(name)
        return "" if position is None else self.letter_at(position)

    def letter_at(self, position: int) -> str:
        """Give the letter of a column, with the list's name before it where it stands in one."""
        return self.sources.get(position) or column_letter(position)


@dataclass(frozen=True, slots=True)
class Row:
    """What the sheet said in one row, each cell as a person sees it."""

    number: int
    """As Excel numbers it."""
    header: Header
    texts: tuple[str, ...]
    """One text a column, as shown: `20%`, `$5.00`, `00123`; blanks around it taken off; as long as `header.names`."""
    dates: Mapping[int, datetime | date | time] = dataclasses.field(default_factory=nothing)
    """The cells of the time columns that hold a real date or time, by position."""
    issues: tuple[Issue, ...] = ()
    """Trouble found while reading that counts whoever uses the cell (`#N/A`, a ragged row)."""
    unshown: Mapping[int, Issue] = dataclasses.field(default_factory=nothing)
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
    former: Mapping[str, str] | None = None
    """What groups were called before, as far as the ledger remembers: folded name to id; None where nobody asked it."""


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
    """For a row with errors as good a key as its cells allow, so that the fixed row meets it again."""
    send_at: datetime | None = None
    past: bool = False
    """Its time has passed: an error for a new row, no trouble for one that was sent long ago; the plan decides."""
