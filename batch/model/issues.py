"""What is wrong or worth a look, and where an entry stands."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from batch.model.records import dataclass

NOTHING: Mapping[Any, Any] = MappingProxyType({})


def nothing() -> Mapping[Any, Any]:
    """Give what a field without anything in it begins with."""
    return NOTHING


class Level(StrEnum):
    """How much an issue weighs."""

    ERROR = "error"
    """The row is invalid and stays here."""
    HOLD = "hold"
    """The row is good, but a person must decide."""
    WARNING = "warning"
    """Worth a look; the row goes."""


class Status(StrEnum):
    """Where an entry stands; every entry is in exactly one."""

    INVALID = "invalid"
    HELD = "held"
    WAITING = "waiting"
    PLANNED = "planned"
    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IN_DOUBT = "in_doubt"
    EXPIRED = "expired"
    SENT = "sent"
    MISSING = "missing"
    CANCELLED = "cancelled"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong, or worth a look, about one cell, row or file."""

    row: int
    """The row as Excel numbers it (the header is usually 1); 0 for the whole file."""
    column: str
    """The column letter (`C`, `AA`); empty when no one column is meant."""
    field: str
    """The known column's name (`GroupIds`) or the header as written; empty when no one column is meant."""
    code: str
    """Stable and kebab-case: what machines and `[rules]` match on."""
    message: str
    """Words for a person: what the cell says, in quotes, and what it should say."""
    level: Level = Level.ERROR
    value: str = ""
    """What the cell says, for the marked workbook; may be cut."""
    ids: tuple[str, ...] = ()
    """The provider's Ids of the campaigns beside which this row would be a second sending."""
