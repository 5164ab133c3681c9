"""Cut two long texts down to where they differ, for people who compare them on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

SHORT = 80
"""Characters up to which a text is told whole."""
AROUND = 3
"""Words told before and after what differs."""


def excerpts(first: str, second: str) -> tuple[str, str]:
    """Give of two texts the words that differ, with some before and after; short ones whole."""
    if max(len(first), len(second)) <= SHORT:
        return first, second
    words, others = first.split(), second.split()
    begin = _alike(words, others)
    end = min(_alike(words[::-1], others[::-1]), min(len(words), len(others)) - begin)
    return _cut(words, begin, end), _cut(others, begin, end)


def _alike(words: Sequence[str], others: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(words, others, strict=False)))


def _cut(words: Sequence[str], begin: int, end: int) -> str:
    """Leave out what is alike, but for a few words at both sides of what is not."""
    start, stop = max(0, begin - AROUND), min(len(words), len(words) - end + AROUND)
    before, after = "… " if start else "", " …" if stop < len(words) else ""
    return f"{before}{' '.join(words[start:stop])}{after}"
