"""What the history of a ledger says: a sending with its numbers, and what many of them teach."""

from __future__ import annotations

from datetime import datetime

from batch.model.records import dataclass

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Sending:
    """As much of one entry as the history is asked about."""

    entry: int
    name: str
    groups: tuple[str, ...]
    """The groups' names, or their ids where no name is known."""
    local: datetime
    """Its send time by the clock of its own zone."""
    template: str
    """The template's name; empty for a text of its own."""
    parts: int
    mms: bool
    contacts: int
    credits: int
    delivered: int
    failed: int
    opted_out: int
    waited: float | None = None
    """Hours from its file's arrival until a second person approved it; None where nobody had to."""

    @property
    def known(self) -> int:
        """Texts of which it is known what became of them."""
        return self.delivered + self.failed + self.opted_out


@dataclass(frozen=True, slots=True)
class Mark:
    """One line of a picture: a share with the range in which the true one lies, or a plain number."""

    label: str
    shown: str
    value: float
    """From 0 to 1: how long the bar is."""
    low: float | None = None
    high: float | None = None
    tone: str = "wait"


@dataclass(frozen=True, slots=True)
class Insight:
    """One table of the history with its picture and one sentence; the sentence claims nothing from few texts."""

    name: str
    """Kebab-case; machines know it by this."""
    title: str
    sentence: str
    head: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    marks: tuple[Mark, ...] = ()
    shares: frozenset[int] = frozenset()
    """The columns that are shares from 0 to 1."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Insights:
    """All that one look into the history brought up."""

    title: str
    since: datetime
    made_at: datetime
    campaigns: int
    texts: int
    found: tuple[Insight, ...]
    sendings: tuple[Sending, ...] = ()
