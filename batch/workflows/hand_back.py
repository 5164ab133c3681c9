"""Give a file back: as a preview of what its recipients will read, and as workbooks to fix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from batch.adapters.marked import Returned, ending_for, write_failed_rows, write_marked
from batch.adapters.report import Previewed, write_preview
from batch.core.identity import make_row_id
from batch.model import Account, Checked, Issue, Level, Status
from batch.model.errors import AlreadyThereError, BatchError, MachineError, SheetError, UsageError
from batch.model.limits import Limits
from batch.model.places import list_row
from batch.model.wording import left_out_words
from batch.workflows.check import Check, seconds_left
from batch.workflows.context import Context, World, open_ledger_of
from batch.workflows.list_rows import fold_lists, rows_of_lists
from batch.workflows.provider_times import as_they_go
from batch.workflows.report import in_row, report_templates, writing
from batch.workflows.row_results import tell_result

if TYPE_CHECKING:
    from batch.adapters.config import Settings

_FIXABLE = frozenset({Status.INVALID, Status.HELD, Status.WAITING, Status.EXPIRED, Status.REJECTED})
"""Entries of which nothing ever left: a fixed row may take their place."""
_NOT_ITS_OWN = frozenset({"skipped", "settling"})
"""What a batch notes of rows that another batch's entry answers for."""
_WORKBOOKS = frozenset({".xlsx", ".xlsm"})
"""What stays a workbook with all its sheets when it is marked; any other file becomes one sheet."""
_TO_FIX = frozenset({Status.INVALID, Status.HELD, Status.REJECTED})


def write_preview_of(check: Check, path: Path, settings: Settings, account: Account | None = None) -> Path:
    """Write the preview of a checked file whose rows were kept, with the groups' sizes when the account is known."""
    sizes = {group.id: group.contacts for group in (account.groups if account else None) or () if group.contacts}
    with writing(path, settings):
        return write_preview(
            [Previewed(row, sizes) for row in check.kept],
            path,
            title=check.file,
            zone=settings.team_zone,
            provider_zone=settings.provider.timezone,
            notes=(*left_out_words(check.left_out), *(i.message for i in check.warnings if i.row == 0)),
            templates=report_templates(settings),
            account=settings.name,
        )


def refuse_to_overwrite(source: Path, path: Path, *, force: bool) -> None:
    """Raise UsageError when a marked copy would take the place of the file itself, or of another without `force`."""
    wanted = ending_for(source)
    if path.suffix.casefold() != wanted:
        better = path.with_suffix(wanted)
        if better.name == source.name:
            better = path.with_name(f"{path.stem}-marked{wanted}")
        raise UsageError(f'the marked copy of "{source.name}" must end in {wanted}', f'name it "{better.name}"')
    for target in (path, failed_rows_beside(path)):
        if target.exists() and source.exists() and target.samefile(source):
            raise UsageError(f'"{target}" is the file itself, which is never overwritten', "give it another name")
        if target.exists() and not force:
            raise AlreadyThereError(f'"{target}" already exists', "choose another name, or overwrite it with --force")


def failed_rows_beside(path: Path) -> Path:
    """Name the workbook of failed rows that goes with a marked one."""
    return path.with_name(f"{path.stem}-failed-rows.xlsx")


def write_marked_copy(check: Check, source: Path, path: Path, settings: Settings, world: World) -> list[Path]:
    """Write the user's own workbook with its bad cells marked, and beside it one of only the failed rows."""
    ids = _ids_by_key(check, settings, world)
    rows = [Returned(one.row, _all_issues(one), one.row.text("RowId") or ids.get(one.key, "")) for one in check.kept]
    failed = [one for one in rows if any(issue.level is Level.ERROR for issue in one.issues)]
    written, troubles = _write_copies(check, source, (path, failed_rows_beside(path)), (rows, failed), settings)
    if troubles:
        others = "".join(f'; written is "{one}"' for one in written)
        raise type(troubles[0])(troubles[0].words, f"{troubles[0].remedy}{others}")
    return written


def _write_copies(
    check: Check,
    source: Path,
    paths: tuple[Path, Path],
    rows: tuple[list[Returned], list[Returned]],
    settings: Settings,
) -> tuple[list[Path], list[SheetError | MachineError]]:
    """Write all rows marked, and beside it the failed ones alone where there are any; give the troubles."""
    (marked, beside), (every, failed) = paths, (rows[0], _alone(rows[1]))
    source = _as_read(check, source)
    left = settings.sheet.limits, seconds_left(check, settings)
    wanted = [(write_marked, marked, list(fold_lists(every))), (write_failed_rows, beside, failed)]
    written, troubles = _write_each(wanted if failed else wanted[:1], source, check.sheet, left)
    if marked in written and source.suffix.casefold() in _WORKBOOKS:
        for sheet, of_list in rows_of_lists(every).items():
            troubles += _write_each([(write_marked, marked, of_list)], marked, sheet, left)[1]
    return written, troubles


def _write_each(
    wanted: Sequence[tuple[Callable[..., Path], Path, list[Returned]]],
    source: Path,
    sheet: str,
    left: tuple[Limits, float],
) -> tuple[list[Path], list[SheetError | MachineError]]:
    """Write what can be written of some workbooks; give the others' troubles."""
    written: list[Path] = []
    troubles: list[SheetError | MachineError] = []
    for write, path, rows in wanted:
        try:
            written.append(write(source, path, rows, sheet=sheet, limits=left[0], seconds=left[1]))
        except (SheetError, MachineError) as trouble:
            troubles.append(type(trouble)(f'"{path.name}" could not be written: {trouble.words}', trouble.remedy))
    return written, troubles


def write_returned(
    context: Context, check: Check, source: Path, batch: int, report: Path, *, always: bool = False
) -> list[Path]:
    """Write a batch's sheet back beside its report, with what became of each row and what is to be fixed.

    Where every row went only `always` writes it: people who drop files look for it, on a terminal the answer stands.

    A workbook that cannot be written is said and stops nothing: the campaigns are on their way.
    """
    rows, failed = _returned_rows(context, check, batch)
    if not (failed or always):
        return []
    marked = report.with_name(f"{report.stem}-marked{ending_for(_as_read(check, source))}")
    paths = marked, failed_rows_beside(report)
    written, troubles = _write_copies(check, source, paths, (rows, failed), context.settings)
    for trouble in troubles:
        context.note(str(trouble), loud=bool(failed))
    return written


def _as_read(check: Check, source: Path) -> Path:
    """Give the copy that was read: what is marked and given back is what was checked."""
    return check.snapshot.path if check.snapshot is not None else source


def _returned_rows(context: Context, check: Check, batch: int) -> tuple[list[Returned], list[Returned]]:
    """Put beside each row what its entry says now, the provider's own words too; give all rows, and the failed."""
    taken = context.ledger.batches.rows(batch)
    lines = {line.row: line.entry for line in taken}
    others = {line.row for line in taken if line.what in _NOT_ITS_OWN}
    wanted = {entry for entry in lines.values() if entry is not None}
    found = as_they_go(context.settings, context.ledger, context.ledger.entries.select(ids=wanted)) if wanted else ()
    entries = {one.id: one for one in found}
    rows, failed = [], []
    for one in check.kept:
        entry = entries.get(lines.get(one.row.number) or 0)
        known = one.row.number in others
        own = entry is not None and entry.row == one.row.number and not (context.rehearsal or known)
        row_id = make_row_id(entry.id, entry.key) if entry is not None and own else ""
        issues = in_row(entry.issues, one.row.number) if entry is not None and not known else _all_issues(one)
        result = tell_result(context, entry) if entry is not None else ()
        returned = Returned(one.row, issues, row_id, result)
        rows.append(returned)
        if entry is not None and not known and entry.status in _TO_FIX:
            failed.append(returned)
    return rows, failed


def _alone(failed: Iterable[Returned]) -> list[Returned]:
    """Leave out the campaigns of a list: without the list, which stands in the whole workbook, they cannot go."""
    return list(fold_lists(one for one in failed if list_row(one.row.number) is None))


def _all_issues(one: Checked) -> tuple[Issue, ...]:
    return (*one.issues, *(one.campaign.waits if one.campaign is not None else ()))


def _ids_by_key(check: Check, settings: Settings, world: World) -> dict[str, str]:
    """Find the places that rows have from an earlier submit, when there is a ledger; the newest of a key counts."""
    keys = {one.key for one in check.kept if one.key}
    with suppress(BatchError), open_ledger_of(settings, world, create=False) as ledger:
        known = ledger.known.with_keys(keys)
        return {one.key: make_row_id(one.id, one.key) for one in known if one.status in _FIXABLE}
    return {}
