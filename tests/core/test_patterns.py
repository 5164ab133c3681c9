"""A pattern waits for a text before it is compiled, and then is one like any other."""

from __future__ import annotations

import re

import pytest

from batch.core.patterns import pattern


def test_a_pattern_is_compiled_when_it_is_used_first() -> None:
    """What no text is held against costs nothing, not even where it is wrong."""
    late = pattern("(")
    with pytest.raises(re.error):
        late.search("")


def test_a_pattern_does_what_a_compiled_one_does() -> None:
    """The first time and the next, with its flags."""
    late = pattern(r"(?P<word>stop)\b", re.IGNORECASE)
    found = [late.search(text) for text in ("Stop it", "stopped", "STOP")]
    assert [one and one["word"] for one in found] == ["Stop", None, "STOP"]
    assert late.sub("go", "Stop") == "go"
    assert late.flags == re.compile("", re.IGNORECASE).flags
