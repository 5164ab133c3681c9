"""Remembers the campaigns of one file, in a few bytes each, and finds rows that repeat each other or share a key."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import NamedTuple

_BITS = 61
_LOW = (1 << _BITS) - 1


class Twin(NamedTuple):
    """An earlier row with the same key."""

    row: int
    equal: bool
    """It says the same; else it is another version."""


class Twins:
    """Key to first row and content, hashed: 100,000 rows take about 13 MB."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}

    def add_new(self, rows: Iterable[tuple[str, Hashable, int]]) -> bool:
        """Remember rows as (key, content, row), or none of them when one has a key that was there before."""
        packed = [(hash(key), row << _BITS | hash(content) & _LOW) for key, content, row in rows]
        found = dict(packed)
        if len(found) < len(packed) or not self._seen.keys().isdisjoint(found):
            return False
        self._seen.update(found)
        return True

    def meet(self, key: str, content: Hashable, row: int) -> Twin | None:
        """Remember a row, or give the first row with its key."""
        said = hash(content) & _LOW
        first = self._seen.setdefault(hash(key), packed := row << _BITS | said)
        if first is packed or first == packed:
            return None
        return Twin(first >> _BITS, first & _LOW == said)
