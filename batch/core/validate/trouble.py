"""One thing that a check found, before it knows in which row it stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from batch.core.near import find_near

NO_TROUBLE: tuple[Trouble, ...] = ()


class Trouble(NamedTuple):
    """What is wrong with a cell's content; the same for every row that says the same."""

    code: str
    field: str
    words: str
    value: str = ""


def suggest(word: str, choices: Iterable[str]) -> str:
    """Put the nearest choice into words, ready to stand behind a sentence; empty when none is near."""
    near = find_near(word, choices)
    return f', did you mean "{near}"?' if near else ""
