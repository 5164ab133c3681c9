"""The shapes that machines read: JSON objects and lines; their keys are an interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batch.model import Finding, FindingKind, Issue
from batch.model.errors import BatchError
from batch.model.places import list_row, sheet_row

if TYPE_CHECKING:
    from batch.workflows.archive import Archived
    from batch.workflows.check import Check
    from batch.workflows.doctor_line import Line
    from batch.workflows.move import Moved
    from batch.workflows.purge import Purged
    from batch.workflows.restore import Restoring
    from batch.workflows.tally import Comparison, Tally

_COUNTS = (
    "invalid", "held", "waiting", "skipped", "planned", "accepted", "rejected", "in_doubt", "expired",
)  # fmt: skip

_SKIPPED_FOR = ("left_out_by_approver", "cancelled", "replaced", "refused_before")
"""Told besides, and part of what is skipped: so `_COUNTS` add up to the rows, as they always did."""


def shape_issue(issue: Issue) -> dict[str, Any]:
    """Give an issue as machines read it; a hold says so in `level`."""
    shape: dict[str, Any] = {
        "row": sheet_row(issue.row),
        "column": issue.column,
        "field": issue.field,
        "code": issue.code,
        "message": issue.message,
        **({"list_row": of_list} if (of_list := list_row(issue.row)) is not None else {}),
    }
    return shape if issue.level.value != "hold" else {**shape, "level": "hold"}


def shape_check(check: Check) -> dict[str, Any]:
    """Give the object of `check --json`."""
    return {
        "file": check.file,
        "sheet": check.sheet,
        "rows": check.rows,
        "valid": check.valid,
        "held": check.held,
        "errors": [shape_issue(issue) for issue in check.errors],
        "warnings": [shape_issue(issue) for issue in check.warnings],
        "blank": check.blank,
        "left_out": check.left_out,
        "fields": list(check.fields),
        "unused": list(check.unused),
        "parts": check.parts,
        "credits": check.credits,
    }


def shape_tally(tally: Tally) -> dict[str, Any]:
    """Give the object of `submit --json` and `resume --json`."""
    shape: dict[str, Any] = {
        "batch": tally.batch,
        "file": tally.file,
        "rows": tally.rows,
        **{name: tally.counts[name] for name in _COUNTS},
        "skipped": tally.counts["skipped"] + sum(tally.counts[name] for name in _SKIPPED_FOR),
        **{name: tally.counts[name] for name in _SKIPPED_FOR},
        "adopted": tally.adopted,
        "blank": tally.blank,
        "left_out": tally.left_out,
        "reports": [str(path) for path in tally.reports],
        "marked": [str(path) for path in tally.marked],
        "to_do": list(tally.to_do),
    }
    if tally.trouble is not None:
        shape["error"] = str(tally.trouble)
    return shape


def shape_books(comparison: Comparison) -> dict[str, Any]:
    """Give the object of `reconcile --json`."""
    return {
        **{kind.value: comparison.counts[kind] for kind in FindingKind},
        "findings": [shape_finding(finding) for finding in comparison.findings],
        "moved": comparison.moves,
        "adopted": comparison.adopted,
        "reports": [str(path) for path in comparison.reports],
    }


def shape_finding(finding: Finding) -> dict[str, Any]:
    """Give one finding as machines read it."""
    return {
        "kind": finding.kind.value,
        "code": finding.code,
        "entry": finding.entry,
        "provider_id": finding.provider_id,
        "name": finding.name,
        "field": finding.field,
        "ours": finding.ours,
        "theirs": finding.theirs,
        "message": finding.words,
    }


def shape_restoring(done: Restoring) -> dict[str, Any]:
    """Give the object of `ledger restore --json`."""
    from batch.workflows.restore import NEXT

    if done.restored is None:
        return {"restored": False}
    holding = done.restored.holding
    return {
        "restored": True,
        "ledger": str(done.restored.ledger),
        "backup": str(holding.backup),
        "batches": holding.batches,
        "entries": holding.entries,
        "last_change": holding.newest.isoformat() if holding.newest is not None else None,
        "moved_aside": [str(path) for path in done.restored.aside],
        "paused": done.restored.paused,
        "problems": list(done.problems),
        "next": NEXT,
    }


def shape_purged(done: Purged) -> dict[str, Any]:
    """Give the object of `ledger purge --json`."""
    return {
        "purged": done.done,
        "before": done.before.isoformat(),
        "entries": done.counted.entries,
        "mails": done.counted.mails,
        "left_alone": dict(done.counted.kept),
    }


def shape_archived(done: Archived) -> dict[str, Any]:
    """Give the object of `ledger archive --json`."""
    return {
        "archived": done.done,
        "before": done.before.isoformat(),
        "entries": done.entries,
        "mails": done.mails,
        "file": str(done.path) if done.path is not None else None,
    }


def shape_moved(done: Moved) -> dict[str, Any]:
    """Give the object of `ledger move --json`."""
    return {"moved": done.done, "rows": done.rows}


def shape_line(line: Line, account: str = "") -> dict[str, Any]:
    """Give one line of `doctor --json`."""
    shape = {"line": line.line, "state": line.state, "words": line.words, "remedy": line.remedy}
    return {**shape, "account": account} if account else shape


def shape_trouble(file: str, trouble: BatchError) -> dict[str, Any]:
    """Give the object for a file that could not be taken at all."""
    return {"file": file, "error": str(trouble)}
