"""Tell a share that is away from a folder of reports that nobody has made yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from batch.model.errors import ReportError

if TYPE_CHECKING:
    from batch.adapters.config import Settings

_REMEDY = "connect the share that it lies on, or make the folder, then try again"


def need_share(settings: Settings) -> None:
    """Raise ReportError where machines share a folder of reports that is not there.

    A folder made in its place would take reports that nobody finds. One beside the settings is simply made.
    """
    if not settings.workers.enabled or settings.report_store:
        return
    own = Path(settings.reports.folder).absolute()
    folder = own.parent if settings.name and own.name == settings.name else own
    if not folder.is_dir() and not folder.is_relative_to(settings.folder.absolute()):
        raise ReportError(f'the folder of reports "{folder}", which machines share, is not there', _REMEDY)
