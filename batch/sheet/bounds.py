"""Say no to a file that goes beyond a limit: what it has, how much is allowed, and what to do.

Light on purpose: the reading process imports it at every start.
"""

from __future__ import annotations

from batch.errors import SheetError

TYPE_CHECKING = False  # `typing` itself would cost the reading process a part of its start
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from batch.limits import Limits
    from batch.sheet.shapes import RawRow

LAST_ROW = 1_048_576
LAST_COLUMN = 16_384
"""The last row and column of any sheet, in Excel as in LibreOffice."""
_SETTINGS = {
    "rows": "max_rows",
    "cells": "max_cells",
    "reach": "max_cells",
    "characters": "maxcharacters",
    "file_bytes": "max_megabytes",
    "seconds": "max_seconds",
    "memory": "max_memory",
}
_DELETE = "delete what lies behind the table and save it again"
_MEGABYTES = frozenset({"file_bytes", "unpacked_bytes", "part_bytes", "marked_bytes", "memory"})
_WORDS = {
    "file_bytes": ("the file has {found}, more than {most}", "split it"),
    "unpacked_bytes": ("the file unpacks to more than {most} (a zip bomb?)", "copy the rows into a new workbook"),
    "part_bytes": ("{place} is larger than {most}", "copy the rows into a new workbook"),
    "parts": ("the file holds {found} parts, more than {most}", "copy the rows into a new workbook"),
    "sheets": ("the workbook has {found} sheets, more than {most}", "delete the sheets that hold no campaigns"),
    "rows": ("the sheet has more than {most} rows", "split it"),
    "columns": (
        "the table has {found} columns, more than {most}",
        "delete the columns behind the table and save it again",
    ),
    "reach": ("the sheet has more than {most} cells, blank ones among them", "delete the columns that nobody needs"),
    "cells": ("the sheet has more than {most} filled cells", "split it"),
    "cell_characters": ("{place} has more than {most} characters", "shorten it"),
    "row_characters": ("{place} has more than {most} characters", "shorten its cells"),
    "characters": ("the sheet has more than {most} characters in all its cells", "split it"),
    "merges": ("the sheet has more than {most} merged ranges", "take the merging off and save it again"),
    "styles": ("the workbook has {found} cell formats, more than {most}", "copy the rows into a new workbook"),
    "number_formats": (
        "the workbook has {found} number formats, more than {most}",
        "copy the rows into a new workbook",
    ),
    "comments": ("the sheet has more than {most} comments", "delete them and save it again"),
    "marked_bytes": ("the sheet is larger than {most} unpacked, too large for a marked copy", "split it"),
    "elements": ("{place} has more than {most} XML elements", "copy the rows into a new workbook"),
    "seconds": ("reading and checking the file takes longer than {most} seconds", "split it"),
    "memory": ("reading the file takes more than {most} of memory", "split it, or copy the rows into a new workbook"),
}


def beyond(name: str, limits: Limits, place: str = "", *, found: int = 0) -> SheetError:
    """Make the refusal of a file that goes beyond the limit `name`; `place` says where, `found` what it has."""
    most, has = _shown(name, getattr(limits, name)), _shown(name, found)
    words, remedy = _WORDS[name]
    if name in _SETTINGS:
        remedy += f", or raise [sheet] {_SETTINGS[name]} in campaign-batch.toml"
    return SheetError(words.format(most=most, place=place, found=has), remedy)


def _shown(name: str, value: int) -> str:
    return f"{value / 2**20:,.4g} MB" if name in _MEGABYTES else f"{value:,}"


class Tally:
    """Counts the cells and characters of one sheet as it is handed on, and refuses what goes beyond a limit."""

    __slots__ = ("_cells", "_limits", "_reach", "characters")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
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
        if size > LAST_COLUMN or number > max(LAST_ROW, limits.rows):
            raise SheetError(f"row {number} goes beyond the last cell of any sheet (XFD{LAST_ROW})", _DELETE)
        characters = sum(map(len, texts))
        if characters > limits.cell_characters:
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
    from batch.columns import column_letter

    at = next((at for at, text in enumerate(texts) if len(text) > limits.cell_characters), None)
    if at is not None:
        raise beyond("cell_characters", limits, f"the cell {column_letter(at)}{number}")
    if characters > limits.row_characters:
        raise beyond("row_characters", limits, f"row {number}")
