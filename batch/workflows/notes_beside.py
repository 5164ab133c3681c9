"""What the note beside a dropped sheet says of it."""

from __future__ import annotations

from collections.abc import Sequence

from batch.core.printable import printable
from batch.model.errors import ReportError, SheetError
from batch.model.plurals import plural
from batch.workflows.tally import Tally, describe_counts

_TO_FIX = ("invalid", "held", "rejected", "refused_before", "expired")
"""What can be fixed in the sheet."""


def describe_unread(file: str, trouble: SheetError) -> str:
    """Say why a file cannot be taken in, with its name once."""
    remedy = f": {trouble.remedy}" if trouble.remedy else ""
    return printable(f'"{file}" cannot be taken in: {trouble.bare or trouble.words}{remedy}')


def describe_file(tally: Tally, known: tuple[int, ...] = (), decided: Sequence[str] = ()) -> str:
    """Say in plain words what became of a file, for the note beside it; `decided` are the second person's words."""
    if known:
        batches = " and ".join(map(str, known))
        return printable(f'"{tally.file}" was already taken in as batch {batches}; nothing was sent again.')
    counts = describe_counts(tally.counts, approval=tally.approval)
    lines = [f'"{tally.file}" is batch {tally.batch}, {plural(tally.rows, "row")}: {counts or "nothing to do"}.']
    if tally.left_out:
        lines.append(f"{plural(tally.left_out, 'hidden or example row was', 'hidden or example rows were')} left out.")
    if tally.approval:
        lines.append("Nothing is sent yet. Another person must approve it: by copying its preview from waiting to")
        lines.append(f'approved, or with "campaign-batch approve {tally.batch}".')
    lines += [*decided, *tally.to_do]
    if isinstance(tally.trouble, ReportError) and not tally.approval:
        lines.append(f"Its report is missing: {tally.trouble}.")
        lines.append(
            f'The rows are as said above. Then type "campaign-batch report --batch {tally.batch}" for the report.'
        )
    elif tally.trouble is not None:
        lines.append(f"The run stopped: {tally.trouble}.")
        lines.append("Nothing is lost; the rest is sent automatically as soon as possible.")
    if tally.needs_look:
        then = " Then drop the fixed file again." if any(tally.counts[name] for name in _TO_FIX) else ""
        lines.append(f"Open the report beside this note: it says row by row what to do.{then}")
    return "\n".join(map(printable, lines))
