"""Count what a sheet holds while it is handed on, the same for every format, and stop at a limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from batch.adapters.sheet.shapes import RawRow
from batch.core.bounds import beyond
from batch.model.columns import column_letter
from batch.model.limits import Limits

LAST_ROW = 1_048_576
LAST_COLUMN = 16_384
"""The last row and column of any sheet, in Excel as in LibreOffice."""


class SizeGuard:
    """Counts the cells and characters of one sheet as it is handed on, and refuses what goes beyond a limit."""

    __slots__ = ("_alert", "_cells", "_limits", "_reach", "characters")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._alert = min(limits.cell_characters, limits.row_characters)
        self._cells = self.characters = self._reach = 0

    def judge(self, rows: Iterable[RawRow]) -> Iterator[RawRow]:
        """Hand rows on, as long as they are within the limits."""
        for row in rows:
            self.add(row[1], row[0])
            yield row

    def add(self, texts: list[str], number: int, times: int = 1) -> None:
        """Count the cells of a row, `times` over."""
        limits = self._limits
        size = len(texts)
        if size > LAST_COLUMN:
            raise beyond("columns", limits, found=size)
        if number > max(LAST_ROW, limits.rows):
            raise beyond("rows", limits)
        characters = sum(map(len, texts))
        if characters > self._alert:
            _look_closely(texts, number, characters, limits)
        self._count((size - texts.count("")) * times, characters * times)
        self.widen(size * times)

    def widen(self, cells: int) -> None:
        """Count cells that take room, blank or not."""
        self._reach += cells
        if self._reach > self._limits.reach:
            raise beyond("reach", self._limits)

    def cover(self, cells: int, characters: int) -> None:
        """Count the cells that a merged one fills, and what it writes into them."""
        self._count(cells, characters)

    def _count(self, cells: int, characters: int) -> None:
        self._cells += cells
        self.characters += characters
        if self.characters > self._limits.characters:
            raise beyond("characters", self._limits)
        if self._cells > self._limits.cells:
            raise beyond("cells", self._limits)


def _look_closely(texts: list[str], number: int, characters: int, limits: Limits) -> None:
    """Refuse a cell that is too long, else a row."""
    at = next((at for at, text in enumerate(texts) if len(text) > limits.cell_characters), None)
    if at is not None:
        raise beyond("cell_characters", limits, f"the cell {column_letter(at)}{number}")
    if characters > limits.row_characters:
        raise beyond("row_characters", limits, f"row {number}")
