"""Count where the rows of one run ended, so that the counts add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from batch.core.standing import is_left_out, needs_look
from batch.model import Action, Decision, Entry, Finding, FindingKind, Issue, Status
from batch.model.errors import BatchError
from batch.model.plurals import plural
from batch.model.records import dataclass
from batch.model.wording import COUNT_WORDS

DECIDED_AS: Mapping[Action, str] = {
    Action.SUBMIT: "planned",
    Action.SKIP: "skipped",
    Action.HOLD: "held",
    Action.WAIT: "waiting",
    Action.INVALID: "invalid",
    Action.CANCEL: "cancelled",
    Action.SETTLE: "in_doubt",
    Action.REFUSED: "refused_before",
}
"""The count of a row before anything is sent, by what was decided about it."""

_COUNTED_AS = {
    Status.SUBMITTING: "in_doubt",
    Status.SENT: "accepted",
    Status.MISSING: "held",
}


@dataclass(slots=True)
class Tally:
    """Where the rows of one run ended; the counts add up to `rows`."""

    batch: int | None = None
    file: str = ""
    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    adopted: int = 0
    blank: int = 0
    left_out: int = 0
    reports: list[Path] = field(default_factory=list)
    marked: list[Path] = field(default_factory=list)
    """The user's own workbook with its bad cells marked, and one of only the rows to fix."""
    trouble: BatchError | None = None
    """Why the run stopped before its end; what was done until then stands."""
    decisions: tuple[Decision, ...] = ()
    file_issues: tuple[Issue, ...] = ()
    attention: int = 0
    """Rows that went but want a look anyway: drifted, not yet approved, or nobody to get them."""
    gone: int = 0
    """Campaigns still scheduled that an earlier version of the file had and this one has not."""
    off_time: int = 0
    """Campaigns that are scheduled for another time than is meant, by the provider's zone of today."""
    doubled: int = 0
    """Campaigns that the provider holds a second time: their people would get two texts."""
    approval: bool = False
    """The batch waits for a second person."""
    preview: Path | None = None
    """What the second person looks at."""
    previews: list[Path] = field(default_factory=list)
    """The previews that an earlier run did not come to write."""
    moved: tuple[int, ...] = ()
    """The batches of which a row moved on, when the run is about several."""
    to_do: list[str] = field(default_factory=list)
    """What a person must delete in the dashboard, or must not any more: the sheet says so, or somebody meanwhile."""
    declined: bool = False
    """A person said no before the first request."""

    @property
    def needs_look(self) -> bool:
        """Whether a row needs attention."""
        wanted = ("invalid", "held", "waiting", "rejected", "refused_before", "in_doubt", "expired")
        return (
            self.attention > 0
            or self.gone > 0
            or self.off_time > 0
            or self.doubled > 0
            or bool(self.to_do)
            or any(self.counts[name] for name in wanted)
        )


def describe_counts(counts: Mapping[str, int], *, approval: bool = False) -> str:
    """Say where rows ended: `3 at the provider, 1 needs fixing`; with `approval` the planned ones wait for it."""
    words = {**COUNT_WORDS, "planned": ("waits for approval", "wait for approval")} if approval else COUNT_WORDS
    return ", ".join(plural(counts[name], *said) for name, said in words.items() if counts[name])


def count_as(what: str, entry: Entry | None) -> str:
    """Name the count that a row of a batch belongs to."""
    if entry is None:
        return "skipped"
    return count_kind(what, entry.status, left_out=is_left_out(entry))


def count_kind(what: str, status: Status, *, left_out: bool) -> str:
    """Name the count that rows of a kind belong to; `left_out` by a second person."""
    if what == "skipped":
        return "skipped"
    if what == "refused" and status is Status.REJECTED:
        return "refused_before"
    return "left_out_by_approver" if left_out else _COUNTED_AS.get(status, status.value)


@dataclass(slots=True)
class Comparison:
    """What one reconciliation brought up."""

    counts: Counter[FindingKind] = field(default_factory=Counter)
    findings: tuple[Finding, ...] = ()
    moves: int = 0
    adopted: int = 0
    reports: list[Path] = field(default_factory=list)
    open: int = 0
    """What needs attention on the comparison's page: also what an earlier one found and nobody acknowledged."""

    @property
    def needs_look(self) -> bool:
        """Whether this comparison brought up something that needs attention."""
        return any(map(needs_look, self.findings))
