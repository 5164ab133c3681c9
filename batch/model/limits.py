"""How large a spreadsheet may be, dimension by dimension: one record of all limits, with what they are by default.

Together they hold one promise: any file is read and checked, or refused, within 20 seconds and 600 MB of memory for all
processes together, whatever stands in it. An honest sheet of 100,000 rows and 20 columns fits. To take rows in
(plan, ledger, reports, preview) costs up to a millisecond and 15 KB each, those with errors more: `taken_rows` and
`bad_rows` bound that.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


def _limit(most: int, what: str, setting: str = "") -> Any:
    return field(default=most, metadata={"what": what, "setting": setting})


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one file may hold; what bears a setting can be raised, at the price of the promise above."""

    file_bytes: int = _limit(50 * 2**20, "size of the file", "max_megabytes")
    unpacked_bytes: int = _limit(300 * 2**20, "what a workbook unpacks to")
    part_bytes: int = _limit(32 * 2**20, "a part of a workbook that is read whole (styles, lists of sheets)")
    parts: int = _limit(10_000, "parts of a workbook")
    sheets: int = _limit(256, "sheets")
    rows: int = _limit(100_000, "rows", "max_rows")
    columns: int = _limit(1_000, "columns of the table")
    reach: int = _limit(10_000_000, "cells from the first to the last of each row, blank ones too", "max_cells")
    cells: int = _limit(2_000_000, "filled cells, repeated and merged ones each time", "max_cells")
    cell_characters: int = _limit(32_767, "characters of a cell, as in Excel")
    row_characters: int = _limit(500_000, "characters of a row")
    characters: int = _limit(40_000_000, "characters of a sheet, repeated ones each time", "max_characters")
    merges: int = _limit(10_000, "merged ranges")
    styles: int = _limit(65_490, "cell formats, as in Excel")
    number_formats: int = _limit(5_000, "number formats of its own")
    comments: int = _limit(20_000, "comments of a sheet that gets a marked copy")
    marked_bytes: int = _limit(64 * 2**20, "the XML of a sheet that gets a marked copy")
    marked_cells: int = _limit(400_000, "cells of rows that are written into a new workbook")
    marked_characters: int = _limit(10_000_000, "characters of rows that are written into a new workbook")
    elements: int = _limit(150_000, "XML elements of a part that a marked copy changes (styles, comments)")
    issues: int = _limit(250_000, "errors and warnings of a sheet")
    taken_rows: int = _limit(10_000, "rows of a file that is taken in", "max_taken_rows")
    bad_rows: int = _limit(5_000, "rows with errors of a file that is taken in", "max_bad_rows")
    seconds: int = _limit(15, "seconds for one file, all stages together", "max_seconds")
    memory: int = _limit(400 * 2**20, "memory of the process that reads the file", "max_memory")

    def plain(self) -> dict[str, int]:
        """Give the limits as plain values that travel between processes."""
        return asdict(self)


DEFAULT = Limits()
