"""Look for a file named STOP, and for pauses, where something is about to be submitted; say how to go on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from batch.adapters.inbox import Inbox, has_stop
from batch.core.ledger_urls import sqlite_path
from batch.model import PauseCause
from batch.model.errors import BatchError
from batch.workflows.context import Context, describe_pause

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Pause

STOP_WORDS = "a file named STOP is in the watched folder"
"""Why the watch pauses everything, for people; what lifts it is told by the pause's cause and folder."""
AGAIN = "to go on, remove it and type the same command again"
RESUME = 'to go on, remove it; where no watch runs, type "campaign-batch resume" then'
_OTHER_WAYS = {
    PauseCause.NOT_AS_ASKED: "correct that setting under [provider], or ",
    PauseCause.OTHER_LEDGER: 'find out who uses the account and type "campaign-batch reconcile --acknowledge", or ',
}


def stopped_folders(settings: Settings) -> tuple[Path, ...]:
    """Give the watched folders of the settings in which a file named STOP lies: the account's, and that of all."""
    return tuple(folder for folder in (Path(settings.watch.folder), settings.root) if folder and has_stop(folder))


def unseen_stops(settings: Settings, pauses: Iterable[Pause]) -> list[Path]:
    """Give those in which one lies that no watch has seen yet."""
    seen = {pause.folder for pause in pauses}
    return [folder for folder in stopped_folders(settings) if str(folder.resolve()) not in seen]


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


def how_to_go_on(pauses: Sequence[Pause]) -> str:
    """Say how the pauses that stand are lifted."""
    steps = [f'remove it from "{one.folder}"' for one in pauses if one.folder]
    if len(steps) == len(pauses):
        return f'to go on, {", and ".join(steps)}; where no watch runs, type "campaign-batch unpause" then'
    steps = [f'take the file named STOP out of "{one.folder}"' for one in pauses if one.folder]
    corrected = _OTHER_WAYS.get(pauses[0].cause, "")
    return f'to go on, {corrected}{" and ".join((*steps, "type"))} "campaign-batch unpause"'


def lift_gone_stops(context: Context) -> None:
    """Lift the pauses of files named STOP that are gone, as the watch that set them would if it had not ended.

    Only where the ledger is a file, and so this machine's alone: on a server, a folder of that name may be another's.
    """
    if sqlite_path(context.settings.ledger.url) is None:
        return
    pauses, world = context.ledger.pauses, context.world
    for pause in pauses.all():
        if pause.cause is PauseCause.STOP_FILE and _is_gone_from_here(pause, context.settings):
            pauses.lift(world.who, world.now(), pause.cause, pause.folder)
            context.note(f'the pause is lifted: the file named STOP is gone from "{pause.folder}"', loud=True)


def _is_gone_from_here(pause: Pause, settings: Settings) -> bool:
    """Whether nobody needs to be asked: it is gone, and what a watch made there shows that the disk is in its place."""
    folder = Path(pause.folder)
    of_all = settings.root is not None and settings.root.resolve() == folder
    watched = Path(settings.watch.folder) if of_all else folder
    return bool(pause.folder) and Inbox(watched).working.is_dir() and has_stop(folder) is False


def is_gone(pause: Pause, settings: Settings) -> bool:
    """Whether the file named STOP is gone for sure: a folder that cannot be looked into proves nothing."""
    return has_stop(_stop_folder(pause, settings)) is False


def _stop_folder(pause: Pause, settings: Settings) -> Path:
    """Give the folder in which it lies: that of all accounts, or the one that was watched."""
    if settings.root is not None and has_stop(settings.root):
        return settings.root
    return Path(pause.folder or settings.watch.folder)


def explain_staying(
    staying: Iterable[Pause], unseen: Iterable[Path], settings: Settings, lifted: str
) -> tuple[str, str]:
    """Say which files named STOP keep everything paused after `lifted`, and how to go on."""
    noted = [_stop_folder(pause, settings) for pause in staying]
    folders = dict.fromkeys((*noted, *unseen))
    hidden = [folder for folder in folders if has_stop(folder) is None]
    lying = [f'a file named STOP is in "{folder}"' for folder in folders if folder not in hidden]
    unknown = [f'nobody can see whether a file named STOP is still in "{folder}"' for folder in hidden]
    words = f"everything stays paused: {'; '.join((*lying, *unknown))}"
    remedy = 'remove it, then type "campaign-batch unpause" where no watch runs' if noted else RESUME
    if hidden:
        remedy += "; bring the folder back first, or make an empty one in its place"
    return (f"{lifted}, but {words}" if lifted else words), remedy
