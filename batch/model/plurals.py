"""Write numbers with their words, as people read them."""

from __future__ import annotations


def plural(number: int, word: str, many: str = "") -> str:
    """Write a number with its word: `1 row`, `1,204 rows`."""
    return f"{number:,} {word if number == 1 else many or word + 's'}"
