"""The number of a campaign that a list made: one whole number that holds both rows, and says both."""

from __future__ import annotations

from collections.abc import Mapping

STEP = 100_000
"""List rows that a number has room for; the row of the sheet stands before them, as in 2,400,017 for row 4 and 17."""
FIRST = 2_000_000
"""Above every row of a workbook, so that no number of a plain row is taken for one of these."""
FARTHEST = 21_000
"""The last row of a sheet whose number fits, in the ledger's columns too."""
FOR_EACH = "ForEach"
"""The column that names the list."""


class RowPlace(int):
    """Row 4 for row 17 of the list: a plain number to machines, which tells apart and sorts; to people both rows."""

    list_name: str
    label: str

    def __new__(cls, value: int, list_name: str = "", label: str = "") -> RowPlace:
        """Make one of the number alone, or with the words that name the list and its row."""
        self = super().__new__(cls, value)
        self.list_name, self.label = list_name, label
        return self

    def __str__(self) -> str:
        """Say both rows: `4 for Stores row 17 (Plano)`."""
        label = f" ({self.label})" if self.label else ""
        return f"{sheet_row(self)} for {self.list_name or 'list'} row {list_row(self)}{label}"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec.replace(",", ""))


def make_place(row: int, of_list: int, list_name: str, label: str) -> RowPlace:
    """Number the campaign that row `row` of the sheet makes for row `of_list` of a list."""
    return RowPlace(FIRST + row * STEP + of_list, list_name, label)


def place_of(number: int, fields: Mapping[str, str] | None = None) -> int:
    """Give a number that was written down its words back; `fields` are the cells, which name the list."""
    if number < FIRST + STEP:
        return number
    named = (text for name, text in (fields or {}).items() if _fold(name) == _fold(FOR_EACH))
    return RowPlace(number, next(named, ""))


def sheet_row(number: int) -> int:
    """Give the row of the sheet of campaigns."""
    return int(number) if number < FIRST + STEP else (number - FIRST) // STEP


def list_row(number: int) -> int | None:
    """Give the row of the list; None for a plain row."""
    return None if number < FIRST + STEP else (number - FIRST) % STEP


def rows_of(number: int) -> dict[str, int]:
    """Give what machines read: `row`, and `list_row` where a list made the campaign."""
    of_list = list_row(number)
    return {"row": sheet_row(number), **({"list_row": of_list} if of_list is not None else {})}


def row_value(number: int) -> int | str:
    """Give what stands in a cell of a report: a number, or both rows in words."""
    return number if list_row(number) is None else str(number)


def _fold(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())
