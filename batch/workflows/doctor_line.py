"""One line of doctor: what was examined, whether it works, and what to do if not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from batch.model.errors import BatchError, ProviderError
from batch.model.records import dataclass

State = Literal["fine", "warning", "broken"]
MOST_SECONDS = 10.0
"""A line takes no longer than this."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was examined."""

    line: str
    state: State
    words: str
    remedy: str = ""


def examine_line(line: str, act: Callable[[], Line]) -> Line:
    """Turn whatever goes wrong into a broken line."""
    try:
        return act()
    except BatchError as trouble:
        return Line(line, "broken", trouble.words, trouble.remedy)
    except OSError as trouble:
        return Line(
            line, "broken", str(trouble.strerror or trouble), "check the folder's permissions and the free disk space"
        )


def examine_softly(line: str, act: Callable[[], Line]) -> Line:
    """Only warn where campaigns can go without this answer."""
    try:
        return act()
    except ProviderError as trouble:
        return Line(line, "warning", trouble.words, trouble.remedy)
