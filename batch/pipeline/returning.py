"""Give a checked file back: as a preview of what its recipients will read, and as a workbook to mend."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from batch.pipeline.checking import Check
from batch.pipeline.reporting import report_templates, team_zone

if TYPE_CHECKING:
    from batch.config import Settings


def write_preview_of(check: Check, path: Path, settings: Settings) -> Path:
    """Write the preview of a checked file whose rows were kept."""
    from batch.report import Previewed, write_preview

    path.parent.mkdir(parents=True, exist_ok=True)
    return write_preview(
        [Previewed(row) for row in check.kept],
        path,
        title=check.file,
        zone=team_zone(settings),
        provider_zone=settings.provider.timezone,
        notes=tuple(issue.message for issue in check.warnings if issue.row == 0),
        templates=report_templates(settings),
    )


def write_marked_copy(check: Check, source: Path, path: Path) -> list[Path]:
    """Write the user's own workbook with its bad cells marked, and beside it one of only the failed rows."""
    from batch.marked import write_failed_rows, write_marked

    issues = [*check.errors, *check.warnings]
    written = [write_marked(source, path, issues, sheet=check.sheet)]
    if check.errors:
        failed = path.with_name(f"{path.stem}-failed-rows.xlsx")
        written.append(write_failed_rows(check.kept, failed))
    return written
