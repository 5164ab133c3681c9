"""Write numbers with their words, as people read them."""

from __future__ import annotations

from datetime import timedelta


def plural(number: int, word: str, many: str = "") -> str:
    """Write a number with its word: `1 row`, `1,204 rows`."""
    return f"{number:,} {word if number == 1 else many or word + 's'}"


def tell_span(span: timedelta) -> str:
    """Say how long a span is, in the unit that people would use: `40 seconds`, `3 hours`, `2 hours 30 minutes`."""
    seconds = round(abs(span.total_seconds()))
    if seconds < 60:
        return plural(seconds, "second")
    minutes = round(seconds / 60)
    if minutes < 60:
        return plural(minutes, "minute")
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return plural(hours, "hour") + (f" {plural(rest, 'minute')}" if rest else "")
    return plural(round(hours / 24), "day")
