"""After a second person decided: say so beside the sheet that lies in the watched folder, and mark its copy anew."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from batch.core.file_names import safe_name
from batch.core.guards import REJECTED_BY_PERSON
from batch.core.hints import name_account
from batch.model import REJECTED, Batch
from batch.model.errors import BatchError
from batch.workflows.check import check_sheet
from batch.workflows.context import Context, need_zone
from batch.workflows.hand_back import write_returned
from batch.workflows.notes_beside import describe_file
from batch.workflows.report import batch_stem
from batch.workflows.run import count_batch
from batch.workflows.shares import open_own
from batch.workflows.tally import Tally

if TYPE_CHECKING:
    from batch.adapters.inbox import Inbox


def retell(context: Context, inbox: Inbox, number: int) -> None:
    """Write note, report and marked copy beside the sheet of a batch anew; a rejected one lies in `attention`.

    What cannot be written is said and stops nothing: the decision stands in the ledger.
    """
    batch = context.ledger.batches.get(number)
    stem = batch_stem(batch)
    try:
        sheet = inbox.find_filed(f" - {stem}.html", Path(safe_name(batch.file)).suffix)
        if sheet is not None:
            _retell(context, inbox, batch, sheet, stem)
    except BatchError as trouble:
        context.note(f"the note beside batch {number} could not be written anew: {trouble}")


def _retell(context: Context, inbox: Inbox, batch: Batch, sheet: Path, stem: str) -> None:
    tally = Tally(batch.id, batch.file, batch.rows, blank=batch.blank, left_out=batch.left_out)
    count_batch(context, tally)
    report = Path(context.settings.reports.folder) / f"{stem}.html"
    results = [report, *_mark(context, batch, sheet, report)]
    look = tally.needs_look or batch.state == REJECTED
    words = name_account(describe_file(tally, decided=_say_decision(context, batch)), context.settings.name)
    old = [f"{stem}{ending}" for ending in (".html", "-marked.xlsx", "-marked.xlsm", "-failed-rows.xlsx")]
    inbox.refile(sheet, "attention" if look else "done", results, f"{words}\n", old)


def _say_decision(context: Context, batch: Batch) -> list[str]:
    if batch.superseded_by is not None:
        return [f"It was submitted again as batch {batch.superseded_by}, whose preview counts."]
    if batch.state != REJECTED:
        return [f"Approved by {batch.approved_by}."] if batch.approved_by else []
    entries = context.ledger.entries.select(batch=batch.id)
    whys = [one.message for entry in entries for one in entry.issues if one.code == REJECTED_BY_PERSON]
    why = whys[-1] if whys else "rejected"
    return [f"{why[:1].upper()}{why[1:]}. Nothing of it was sent."]


def _mark(context: Context, batch: Batch, sheet: Path, report: Path) -> list[Path]:
    """Mark the sheet as it was filed; what cannot be read any more has no marked copy."""
    settings = context.settings
    with suppress(BatchError):
        opened = open_own(sheet, settings, sheet=batch.sheet)
        zone = need_zone(settings, for_real=False)
        check = check_sheet(opened, settings, zone=zone, now=context.world.now(), keep=True)
        return write_returned(context, check, sheet, batch.id, report, always=True)
    return []
