"""A campaign that a list made is one number to machines and both rows to people."""

from __future__ import annotations

import json
import pickle

from batch.model import Issue
from batch.model.places import FARTHEST, STEP, list_row, make_place, place_of, row_value, sheet_row
from batch.model.wording import cell_of


def test_a_place_says_both_rows() -> None:
    """The list and its row's name stand with them."""
    assert f"row {make_place(4, 17, 'Stores', 'Plano')}" == "row 4 for Stores row 17 (Plano)"
    assert (sheet_row(make_place(4, 17, "Stores", "")), list_row(make_place(4, 17, "Stores", ""))) == (4, 17)


def test_a_plain_row_stays_what_it_is() -> None:
    """Up to the last row that Excel has."""
    for number in (0, 1, 4, 1_048_576):
        assert (sheet_row(number), list_row(number), place_of(number), row_value(number)) == (
            number,
            None,
            number,
            number,
        )


def test_a_place_comes_back_from_a_plain_number_and_from_another_process() -> None:
    """The ledger keeps the number; the cells name the list."""
    place = make_place(4, 17, "Stores", "Plano")
    assert str(place_of(json.loads(json.dumps(place)), {"For each": "Stores"})) == "4 for Stores row 17"
    assert str(place_of(int(place))) == "4 for list row 17"
    again = pickle.loads(pickle.dumps(place))
    assert (again, str(again)) == (place, str(place))


def test_the_farthest_place_fits_the_ledger() -> None:
    """Its columns hold 31 bits on PostgreSQL."""
    assert int(make_place(FARTHEST, STEP - 1, "", "")) < 2**31


def test_a_cell_of_a_list_is_named_with_the_list() -> None:
    """A cell of the sheet as ever."""
    place = make_place(4, 17, "Stores", "Plano")
    assert cell_of(Issue(place, "Stores!B", "Store.City", "x", "")) == "Stores!B17"
    assert cell_of(Issue(place, "C", "GroupIds", "x", "")) == "C4"
