"""Decide whether a yes is another person's: by the system's users, never by what somebody claims to be called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch.model import Batch, Person, Way
from batch.model.errors import UsageError
from batch.model.records import dataclass
from batch.workflows.context import Context, World

_KNOWN_BY = {
    Way.COMMAND: "by the system's user who typed the command",
    Way.COPY: "by the owner of the preview's copy in the folder approved",
    Way.MOVED: "by the rights of the folder approved: who submitted it may not write there",
    Way.SHARED: "NOT proven: people share one system user here, and [approval] shared_users allows it",
}

if TYPE_CHECKING:
    from batch.adapters.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Approver:
    """Who says yes, and how that is known."""

    person: Person
    way: Way = Way.COMMAND

    @property
    def shown(self) -> str:
        """Give the name for the record."""
        return 'whoever may write to the folder "approved"' if self.way is Way.MOVED else self.person.shown


def describe_way(way: Way) -> str:
    """Say how it is known who let a batch go; empty where nobody was asked."""
    return _KNOWN_BY.get(way, "")


def need_second(context: Context, batch: Batch, approver: Approver) -> Way:
    """Give how it is known that it is another person who says yes; raise UsageError where it is not."""
    submitter = context.ledger.people.proof(batch.id).submitter
    words = f"batch {batch.id} was submitted by {submitter.shown}, so somebody else must approve it"
    one_user = _is_one_user(context.world, batch, submitter, approver.person)
    return _need_other(submitter, approver, words, one_user=one_user, shared=context.settings.approval.shared_users)


def need_second_sender(ledger: Ledger, world: World, batch: Batch, what: str, *, shared: bool) -> None:
    """Raise UsageError where a held row would be let go by who handed it in."""
    submitter = ledger.people.proof(batch.id).submitter
    words = f"{what} needs a second person, and {submitter.shown} submitted it"
    one_user = _is_one_user(world, batch, submitter, world.person)
    _need_other(submitter, Approver(world.person), words, one_user=one_user, shared=shared)


def _is_one_user(world: World, batch: Batch, submitter: Person, person: Person) -> bool:
    return submitter.has_user_of(person) and batch.machine == world.machine


def _need_other(submitter: Person, approver: Approver, words: str, *, one_user: bool, shared: bool) -> Way:
    person = approver.person
    if approver.way in {Way.MOVED, Way.SHARED}:
        return approver.way
    alike = submitter.is_named_like(person)
    proven = not one_user and person.is_known and submitter.is_known
    if proven and not alike:
        return approver.way
    # Whoever shares a user may still be told apart by who became it with sudo.
    if shared and not (alike and (person.sudo or not one_user)):
        return Way.SHARED
    raise UsageError(f"{words}{'' if proven else _tell_unproven(submitter, person, one_user=one_user)}", _OTHER_WAYS)


_OTHER_WAYS = (
    "ask a colleague with another system user to type the same command, or to put a copy of the preview into "
    '"approved"; where everybody shares one user, set shared_users = true under [approval], and the evidence says so'
)


def _tell_unproven(submitter: Person, person: Person, *, one_user: bool) -> str:
    if one_user:
        return f" ({submitter.name} is the same system user, which proves no second person)"
    return f" (the system does not say who {'types this' if not person.is_known else 'submitted it'})"
