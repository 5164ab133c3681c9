"""What is to be done with each row."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from batch.model.issues import Issue, Status
from batch.model.records import dataclass
from batch.model.rows import Checked


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
    REFUSED = "refused"
    """The provider refused it before, just as it would go now: nothing is sent, and a person must fix it."""


class KnownEntry(NamedTuple):
    """As much of a ledger entry as the plan needs to know; a tuple, since a plan reads one for every row and more."""

    id: int
    batch: int
    file: str
    key: str
    fingerprint: str
    tag: str
    name: str
    row: int
    group_ids: tuple[str, ...]
    send_at: datetime | None
    status: Status
    provider_id: str = ""
    message: str = ""
    subject: str = ""
    sheet: str = ""
    """With the file it says where the row came from: one workbook may hold a sheet a day."""
    last_codes: tuple[str, ...] = ()
    """The codes of its issues."""
    released: tuple[str, ...] = ()
    """Codes that a person let go for this very fingerprint (`resolve --send`)."""


Brief = tuple[int, int, str, str, str, str, bool, str, str, str]
"""A KnownEntry in brief, as a plan reads it first for every row of a file: id, batch, key, fingerprint, tag, status,
whether it is still to come, the provider's Id, message, subject."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the plan makes of one row."""

    checked: Checked
    action: Action
    entry: int | None = None
    """The known entry that this row meets: skipped for it, or planned again in it."""
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
