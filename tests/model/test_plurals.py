"""Numbers, ranges and shares with their words."""

from __future__ import annotations

import pytest

from batch.model.plurals import from_to, plural, share_words, up_to


def test_a_number_agrees_with_its_word() -> None:
    """Where the plural is another word, it is given."""
    assert [plural(number, "row") for number in (0, 1, 1204)] == ["0 rows", "1 row", "1,204 rows"]
    assert plural(1, "waits", "wait") == "1 waits"


def test_a_range_of_one_is_not_a_range() -> None:
    """Nobody reads `from Tue, Dec 1 to Tue, Dec 1`."""
    assert (up_to("24", "26"), up_to("24", "24")) == ("24 to 26", "24")
    assert from_to("Tue, Dec 1", "Thu, Dec 3") == "from Tue, Dec 1 to Thu, Dec 3"
    assert from_to("Tue, Dec 1", "Tue, Dec 1") == "on Tue, Dec 1"


@pytest.mark.parametrize(
    ("part", "whole", "places", "words"),
    [
        (0, 3443, 0, "0%"), (9, 3443, 0, "<1%"), (31, 3443, 0, "1%"), (3443, 3443, 0, "100%"),
        (3442, 3443, 0, ">99%"), (1, 2, 0, "50%"), (1, 10_000, 1, "<0.1%"), (9_999, 10_000, 1, ">99.9%"),
        (973, 1000, 1, "97.3%"), (999, 1000, 1, "99.9%"), (10, 10, 1, "100.0%"),
    ],
)  # fmt: skip
def test_only_nothing_is_0_percent_and_only_all_is_100(part: int, whole: int, places: int, words: str) -> None:
    """Ten that failed are not "0%", and "100%" is not said where one is missing."""
    assert share_words(part, whole, places) == words
