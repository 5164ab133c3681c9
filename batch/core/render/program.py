"""What a template becomes once it is read: its fields, what is wrong with it, or how it runs."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from batch.model.records import dataclass

from .faults import Fault


class Kind(Enum):
    """What a field's place in the text asks of the cell."""

    SAID = "s"
    """It goes into the text, and so must not be empty."""
    ASKED = "a"
    """It is tested or has a stand-in, and so may be empty."""
    MOMENT = "m"
    """As SAID, and a real date is taken as one, not as what it shows."""
    THERE = "t"
    """It is asked whether the sheet has such a column."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One field in one kind of place."""

    key: str
    """Its name in the tree that runs."""
    field: str
    """As the template writes it."""
    kind: Kind
    line: int


@dataclass(frozen=True, slots=True)
class Program:
    """A template that was read once, for all rows."""

    slots: tuple[Slot, ...] = ()
    faults: tuple[Fault, ...] = ()
    layout: str | None = None
    """The text with `%s` for each field, when there is nothing to decide: filled in five times faster than Jinja2."""
    order: tuple[int, ...] = ()
    """The numbers of the slots in the layout."""
    run: Callable[[dict[str, Any]], str] | None = None
    """Takes the values by the slots' keys; raises FilterError."""
