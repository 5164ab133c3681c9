"""Who did something, as the system knows it; and how it is known that a second person said yes."""

from __future__ import annotations

from enum import StrEnum

from batch.model.records import dataclass

UNKNOWN = "unknown"
"""The name of somebody whom the system does not name."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the system."""

    name: str = UNKNOWN
    uid: str = ""
    """The system's number of that user, or what Windows has in its place; empty when nobody knows it."""
    sudo: str = ""
    """Who became that user with sudo, by sudo's word."""

    @property
    def shown(self) -> str:
        """Give the name for the record: `root (sudo by dana)`."""
        return f"{self.name} (sudo by {self.sudo})" if self.sudo else self.name

    @property
    def is_known(self) -> bool:
        """Whether the system says who it is."""
        return self.name.casefold() != UNKNOWN

    def is_named_like(self, other: Person) -> bool:
        """Whether both bear a name of the other's, the one before sudo counted too."""
        return bool(self._names & other._names)

    def has_user_of(self, other: Person) -> bool:
        """Whether both are the same user of one system."""
        return bool(self.uid) and self.uid.casefold() == other.uid.casefold()

    @property
    def _names(self) -> frozenset[str]:
        if self.sudo:  # whoever has become somebody else is known by the own name
            return frozenset({self.sudo.casefold()})
        return frozenset({self.name.casefold()}) if self.is_known else frozenset()


class Way(StrEnum):
    """How it is known that another person let a batch go."""

    NONE = ""
    COMMAND = "command"
    """By the system's user who typed it."""
    COPY = "copy"
    """By the owner of the preview's copy in `approved/`."""
    MOVED = "moved"
    """By the rights of `approved/`: who handed the batch in may not write there."""
    SHARED = "shared"
    """By nothing: people share one user of the system, and a setting allows that."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the ledger holds about the people of one batch."""

    submitter: Person = Person()
    approver: Person = Person()
    way: Way = Way.NONE
    preview_sha256: str = ""
    """Of the bytes of the preview that was written."""
