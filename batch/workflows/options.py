"""What a command says about one taking-in; a module of its own, since a command knows it before it loads the run."""

from __future__ import annotations

from collections.abc import Callable

from batch.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """What the command says about one taking-in."""

    sheet: str = ""
    dry_run: bool = False
    rehearse: bool = False
    limit: int | None = None
    all_or_nothing: bool = False
    allow: frozenset[str] = frozenset()
    also: Callable[[str], frozenset[str]] = lambda _account: frozenset()
    """The keys of the rows that the same file has for another account."""
    give_back: bool = False
    """Whether the sheet is written back with what became of each row, though none is to be fixed."""
