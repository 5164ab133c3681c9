"""The names of weekdays and months, as people write them."""

from __future__ import annotations

import re

import pytest

from batch.model.days import MONTH_PATTERN, MONTHS, WEEKDAYS, month_number, weekday_number


@pytest.mark.parametrize(
    ("written", "number"), [("monday", 0), (" Tues ", 1), ("SUN", 6), ("mo", None), ("mondays", None)]
)
def test_a_weekday_is_read_whole_or_by_its_first_letters(written: str, number: int | None) -> None:
    """Three letters do; fewer, or more than the name, are none."""
    assert weekday_number(written) == number


@pytest.mark.parametrize("nothing", ["", " ", "...", "day"])
def test_what_begins_no_weekday_is_none(nothing: str) -> None:
    """Nothing is taken for a Monday by chance."""
    assert weekday_number(nothing) is None


def test_every_name_has_its_number() -> None:
    """Whole and short, in any case."""
    assert [weekday_number(day) for day in WEEKDAYS] == list(range(7))
    written = [name for month in MONTHS for name in (month, month[:3], month.upper(), month[:3].lower())]
    assert [month_number(name) for name in written] == [number for number in range(1, 13) for _ in range(4)]
    assert all(re.fullmatch(MONTH_PATTERN, name, re.IGNORECASE) for name in [*written, "sept"])
