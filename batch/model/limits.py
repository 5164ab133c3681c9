"""How large a spreadsheet may be, dimension by dimension: one record of all limits, with what they are by default.

Together they hold one promise: any file is read and checked, or refused, within 20 seconds and 600 MB of memory for all
processes together, whatever stands in it. An honest sheet of 100,000 rows and 20 columns fits. To take rows in
(plan, ledger, reports, preview) costs up to a millisecond and 15 KB each, those with errors more: `taken_rows` and
`bad_rows` bound that.
"""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """The most that one file may hold; what bears a setting can be raised, at the price of the promise above.

    No dataclass: the process that reads a file loads this, and would load `inspect` with it (10 ms).
    """

    file_bytes: int = 50 * 2**20
    """size of the file"""
    unpacked_bytes: int = 300 * 2**20
    """what a workbook unpacks to"""
    part_bytes: int = 32 * 2**20
    """a part of a workbook that is read whole (styles, lists of sheets)"""
    parts: int = 10_000
    """parts of a workbook"""
    sheets: int = 256
    """sheets"""
    rows: int = 100_000
    """rows"""
    columns: int = 1_000
    """columns of the table"""
    reach: int = 10_000_000
    """cells from the first to the last of each row, blank ones too"""
    cells: int = 2_000_000
    """filled cells, repeated and merged ones each time"""
    cell_characters: int = 32_767
    """characters of a cell, as in Excel"""
    row_characters: int = 500_000
    """characters of a row"""
    characters: int = 40_000_000
    """characters of a sheet, repeated ones each time"""
    merges: int = 10_000
    """merged ranges"""
    styles: int = 65_490
    """cell formats, as in Excel"""
    number_formats: int = 5_000
    """number formats of its own"""
    comments: int = 20_000
    """comments of a sheet that gets a marked copy"""
    marked_bytes: int = 64 * 2**20
    """the XML of a sheet that gets a marked copy"""
    marked_cells: int = 400_000
    """cells of rows that are written into a new workbook"""
    marked_characters: int = 10_000_000
    """characters of rows that are written into a new workbook"""
    elements: int = 150_000
    """XML elements of a part that a marked copy changes (styles, comments)"""
    issues: int = 250_000
    """errors and warnings of a sheet"""
    taken_rows: int = 10_000
    """rows of a file that is taken in"""
    bad_rows: int = 5_000
    """rows with errors of a file that is taken in"""
    seconds: int = 15
    """seconds for one file, all stages together"""
    memory: int = 400 * 2**20
    """memory of the process that reads the file"""

    def plain(self) -> dict[str, int]:
        """Give the limits as plain values that travel between processes."""
        return self._asdict()


DEFAULT = Limits()
