"""Read a small spreadsheet to the end: what it says, whether it goes, and every word about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from batch.adapters.sheet import open_sheet
from batch.adapters.sheet.child import Child
from batch.core.render import Renderer
from batch.core.validate import Checker, Rules
from batch.model import Account, Checked, Issue, Level
from batch.model.errors import BatchError, SheetError

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HEADER = ("CampaignName", "Message", "GroupIds", "DateTime", "Offer")
TEXT = "Sale: {{ Offer }} today. Reply STOP to opt out"
WHEN = "2026-12-03 14:30"
SENT = datetime(2026, 12, 3, 19, 30, tzinfo=UTC)


@dataclass
class Read:
    """What came of one file."""

    rows: list[Checked] = field(default_factory=list)
    notes: tuple[Issue, ...] = ()
    refused: str = ""
    blank: int = 0
    left_out: int = 0

    @property
    def row(self) -> Checked:
        """Give the only row."""
        (row,) = self.rows
        return row

    @property
    def good(self) -> list[str]:
        """Give the names of the campaigns that go."""
        return [row.campaign.name for row in self.rows if row.campaign is not None]

    def codes(self, *levels: Level) -> list[str]:
        """List what was found about the rows."""
        return [issue.code for row in self.rows for issue in row.issues if not levels or issue.level in levels]


def no_template(name: str) -> str:
    """Know no template file."""
    raise BatchError(f'there is no message template "{name}"', "write one")


def read(path: Path, child: Child, rules: Rules | None = None, account: Account | None = None, name: str = "") -> Read:
    """Read, render and check a file as `check` does."""
    try:
        sheet = open_sheet(path, child=child, name=name)
        checker, renderer = Checker(rules or Rules(zone="America/New_York"), NOW, account), Renderer(no_template)
        rows = checker.check([(row, *renderer.render(row)) for row in sheet])
    except SheetError as error:
        return Read(refused=str(error))
    return Read(rows, sheet.issues, "", sheet.blank, sheet.left_out)


def line(*cells: str) -> str:
    """Write a line of a CSV file, every cell in quotes."""
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\r\n"


def write_csv(path: Path, *rows: tuple[str, ...], header: tuple[str, ...] = HEADER) -> Path:
    """Write a CSV file with a header."""
    path.write_bytes("".join(line(*row) for row in (header, *rows)).encode())
    return path


def campaign(
    name: str = "Fall", message: str = TEXT, group: str = "100", when: str = WHEN, offer: str = "20% off"
) -> tuple[str, ...]:
    """Give the cells of one good campaign."""
    return name, message, group, when, offer
