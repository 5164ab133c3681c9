"""A suggestion compares the words that distinguish; none is better than a wrong one."""

from __future__ import annotations

import pytest

from batch.core.near import find_near

STORES = ("Atlanta stores", "Dallas stores", "Houston stores", "Store 12", "Store 13", "Vip customers")


@pytest.mark.parametrize(
    ("word", "meant"),
    [("Dalas stores", "Dallas stores"), ("dallas store", "Dallas stores"), ("Huston stores", "Houston stores"),
     ("stores Dallas", "Dallas stores"), ("Dallas", "Dallas stores"), ("VIP custmers", "Vip customers")],
)  # fmt: skip
def test_a_slip_finds_its_name(word: str, meant: str) -> None:
    """A letter, an order, a word left out."""
    assert find_near(word, STORES) == meant


@pytest.mark.parametrize(
    "word", ["Plano stores", "Austin stores", "stores", "Store 14", "Store", "x", "", "New stores"]
)
def test_another_name_finds_none(word: str) -> None:
    """What is shared with every store tells nothing, and a number is a number."""
    assert find_near(word, STORES) == ""
    assert find_near(word, ["Atlanta stores"]) == ""
