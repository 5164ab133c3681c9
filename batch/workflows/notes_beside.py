"""What the note beside a dropped sheet says of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    counts = describe_counts(tally.counts, approval=tally.approval)
    lines = [f'"{tally.file}" is batch {tally.batch}, {plural(tally.rows, "row")}: {counts or "nothing to do"}.']
    if known:
        batches = " and ".join(map(str, known))
        lines = [f'"{tally.file}" was already taken in as batch {batches}; nothing was sent again.']
    if tally.left_out:
        lines.append(f"{plural(tally.left_out, 'hidden or example row was', 'hidden or example rows were')} left out.")
    if tally.approval:
        lines.append("Nothing is sent yet. Another person must approve it: by copying its preview from waiting to")
        lines.append(f'approved, or with "campaign-batch approve {tally.batch}".')
    lines += [*decided, *tally.to_do, *_tell_others(tally)]
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


def _tell_others(tally: Tally) -> Iterator[str]:
    """Say what needs a look beside the rows that did not go."""
    said = (
        (tally.attention, "campaign at the provider needs a look", "campaigns at the provider need a look"),
        (tally.gone, "campaign goes out though it is no longer in the sheet",
         "campaigns go out though they are no longer in the sheet"),
        (tally.off_time, "campaign goes out at another time than meant", "campaigns go out at another time than meant"),
        (tally.doubled, "campaign is at the provider twice", "campaigns are at the provider twice"),
    )  # fmt: skip
    yield from (f"{plural(number, one, many)}." for number, one, many in said if number)
