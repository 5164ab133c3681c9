"""What doctor says of rows that no run is at work on: an interruption, a limit or a kill left them planned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from batch.model.plurals import plural
from batch.workflows.doctor_line import Line
from batch.workflows.notices import when
from batch.workflows.run import find_planned
from batch.workflows.stop_file import stopped_folders

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger


def planned_lines(settings: Settings, ledger: Ledger) -> Iterator[Line]:
    """Say what is still to be submitted, however its run ended; nothing while all is paused or a run is at work."""
    planned = find_planned(ledger, None)
    if not planned or ledger.pauses.first() or any(stopped_folders(settings)) or ledger.lock.is_held():
        return
    words = f"{plural(len(planned), 'campaign is', 'campaigns are')} still to be submitted"
    first = planned[0].send_at
    due = f", the first is due {when(first, settings)}" if first is not None else ""
    yield Line("planned", "warning", f"{words}{due}", 'type "campaign-batch resume"')
