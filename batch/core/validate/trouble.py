"""One thing that a check found, before it knows in which row it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from batch.core.near import find_near, find_near_ids

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


def suggest_ids(number: str, names: Mapping[str, str]) -> str:
    """Put the nearest ids and what they are called into words, ready to stand behind a sentence; empty when none is."""
    near = [f'{one} ("{names[one]}")' if names[one] else one for one in find_near_ids(number, names)]
    return f", did you mean {' or '.join(near)}?" if near else ""
