"""Look for a file named STOP, and for pauses, where something is about to be submitted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from batch.adapters.inbox import Inbox
from batch.model.errors import BatchError
from batch.workflows.cancel import how_to_go_on
from batch.workflows.context import Context, describe_pause

if TYPE_CHECKING:
    from batch.adapters.config import Settings

AGAIN = "to go on, remove it and type the same command again"
RESUME = 'to go on, remove it; where no watch runs, type "campaign-batch resume" then'


def stopped_folders(settings: Settings) -> tuple[Path, ...]:
    """Give the watched folders of the settings in which a file named STOP lies: the account's, and that of all."""
    return Inbox(Path(settings.watch.folder), above=settings.root).stopped_in()


def find_stops(context: Context) -> tuple[Path, ...]:
    """Give the folders in which a file named STOP lies that keeps a run from submitting; a rehearsal minds none."""
    return () if context.rehearsal else stopped_folders(context.settings)


def refuse_if_stopped(context: Context, then: str = RESUME) -> None:
    """Raise BatchError while a file named STOP lies there, whether a watch has seen it or none runs; `then` goes on."""
    if folders := find_stops(context):
        raise BatchError(f'everything is paused: a file named STOP is in "{folders[0]}"', then)


def refuse_if_paused(context: Context, then: str = RESUME) -> None:
    """Raise BatchError while everything is paused: by a person, by the watch, or by a file named STOP."""
    if pauses := context.ledger.pauses.all():
        raise BatchError(f"everything is paused {describe_pause(pauses[0], context.settings)}", how_to_go_on(pauses))
    refuse_if_stopped(context, then)
