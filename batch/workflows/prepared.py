"""One file as it goes through a command: opened, read, checked and planned once, and handed on as one record."""

from __future__ import annotations

from pathlib import Path

from batch.model import Account, Plan
from batch.model.records import dataclass
from batch.workflows.check import Check
from batch.workflows.tally import Tally


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is known of a file before anything is written down or sent."""

    path: Path
    """Where the file lies; what was read is the copy that the check keeps."""
    check: Check
    """What is in it, row by row, and what is wrong with it."""
    plan: Plan
    """What becomes of each row."""
    account: Account
    """The groups, templates and credits that it was checked against."""
    gone: int = 0
    """Campaigns still scheduled that an earlier version of the file had and this one has not."""

    def start_tally(self) -> Tally:
        """Begin to count where its rows end."""
        return Tally(
            file=self.check.file,
            rows=self.check.rows,
            blank=self.check.blank,
            left_out=self.check.left_out,
            decisions=self.plan.decisions,
            file_issues=tuple(issue for issue in self.check.warnings if issue.row == 0),
            gone=self.gone,
        )
