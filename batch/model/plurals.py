"""Write numbers, ranges and shares with their words, as people read them."""

from __future__ import annotations


def plural(number: int, word: str, many: str = "") -> str:
    """Write a number with its word: `1 row`, `1,204 rows`."""
    return f"{number:,} {word if number == 1 else many or word + 's'}"


def up_to(first: str, last: str) -> str:
    """Write a range: `24 to 26`; what is the same at both ends is not a range: `24`."""
    return first if first == last else f"{first} to {last}"


def from_to(first: str, last: str) -> str:
    """Write from when to when: `from Tue, Dec 1 to Thu, Dec 3`; one day is not a range: `on Tue, Dec 1`."""
    return f"on {first}" if first == last else f"from {first} to {last}"


def share_words(part: int, whole: int, places: int = 0) -> str:
    """Write a share: `39%`; only nothing is 0%, and only all of it is 100%: `<1%`, `>99.9%`."""
    least = 10.0**-places
    share = round(100 * part / whole, places)
    if part and share < least:
        return f"<{least:.{places}f}%"
    return f">{100 - least:.{places}f}%" if part < whole and share > 100 - least else f"{share:.{places}f}%"
