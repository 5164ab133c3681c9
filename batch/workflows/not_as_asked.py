"""Pause everything when the provider did not do as it was asked, until a person or a corrected setting lifts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch.model import PauseCause
from batch.model.errors import OtherLedgerError
from batch.workflows.changed_settings import describe_posted, posted_with
from batch.workflows.events import Note

if TYPE_CHECKING:
    from batch.model.errors import NotAsAskedError
    from batch.workflows.context import Context

_WHO = "campaign-batch"
_KEPT = "pause"
"""The name under which the settings of that moment are kept."""


def pause_after(context: Context, trouble: NotAsAskedError) -> None:
    """Let nothing more go: the next campaign would be changed in the same way, whoever runs the next command."""
    if context.rehearsal:
        return
    world = context.world
    other = isinstance(trouble, OtherLedgerError)
    cause = PauseCause.OTHER_LEDGER if other else PauseCause.NOT_AS_ASKED
    if context.ledger.pauses.add(trouble.words, _WHO, world.now(), cause):
        context.ledger.journal.keep_settings(posted_with(context.settings), of=_KEPT)
        until = "it is acknowledged" if other else "the setting is corrected"
        words = f"everything is paused until {until}, or somebody types campaign-batch unpause"
        world.tell(Note(words, loud=True, event="paused"))


def lift_if_acknowledged(context: Context) -> None:
    """Lift the pause for another ledger: a person has just said that what it made is known."""
    world = context.world
    if context.ledger.pauses.lift(world.signature, world.now(), PauseCause.OTHER_LEDGER):
        world.tell(Note("the pause is lifted: what was made elsewhere is acknowledged", loud=True, event="unpaused"))


def lift_if_corrected(context: Context) -> None:
    """Lift that pause where what is posted comes from other settings than those with which it happened."""
    if all(pause.cause is not PauseCause.NOT_AS_ASKED for pause in context.ledger.pauses.all()):
        return
    before = context.ledger.journal.settings(_KEPT)
    changed = describe_posted(before, posted_with(context.settings))
    if before and changed:
        world = context.world
        context.ledger.pauses.lift(world.signature, world.now(), PauseCause.NOT_AS_ASKED)
        world.tell(Note(f"the pause is lifted: {'; '.join(changed)}", loud=True, event="unpaused"))
