"""Say no to a file that goes beyond a limit: what it has, how much is allowed, and what to do."""

from __future__ import annotations

from batch.model.errors import SheetError
from batch.model.limits import Limits

SETTINGS = {
    "rows": "max_rows",
    "cells": "max_cells",
    "reach": "max_cells",
    "characters": "max_characters",
    "file_bytes": "max_megabytes",
    "taken_rows": "max_taken_rows",
    "bad_rows": "max_bad_rows",
    "seconds": "max_seconds",
    "memory": "max_memory",
}
"""The settings of `[sheet]` that raise a limit."""
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
    "merges": ("the sheet has more than {most} merged ranges", "unmerge the cells and save it again"),
    "styles": ("the workbook has {found} cell formats, more than {most}", "copy the rows into a new workbook"),
    "number_formats": (
        "the workbook has {found} number formats, more than {most}",
        "copy the rows into a new workbook",
    ),
    "comments": ("the sheet has more than {most} comments", "delete them and save it again"),
    "marked_bytes": ("the sheet is larger than {most} unpacked, too large for a marked copy", "split it"),
    "marked_cells": ("{place} has more than {most} cells, too many for a marked copy", "split it"),
    "marked_characters": ("{place} has more than {most} characters, too many for a marked copy", "split it"),
    "elements": ("{place} has more than {most} XML elements", "copy the rows into a new workbook"),
    "issues": ("the sheet has more than {most} errors and warnings", "fix those of its first rows, or split it"),
    "taken_rows": ("the sheet has more than {most} rows, too many to take in at once", "split it into several files"),
    "bad_rows": (
        "{found} of its first rows have errors, more than {most} ({place})",
        'is it the right file and tab? "campaign-batch check FILE" lists every problem; fix the rows',
    ),
    "seconds": ("reading and checking the file takes longer than {most} seconds", "split it"),
    "memory": ("reading the file takes more than {most} of memory", "split it, or copy the rows into a new workbook"),
}


def beyond(name: str, limits: Limits, place: str = "", *, found: int = 0) -> SheetError:
    """Make the refusal of a file that goes beyond the limit `name`; `place` says where, `found` what it has."""
    most, has = _shown(name, getattr(limits, name)), _shown(name, found)
    words, remedy = _WORDS[name]
    if name in SETTINGS:
        remedy += f", or raise [sheet] {SETTINGS[name]} in campaign-batch.toml"
    return SheetError(words.format(most=most, place=place, found=has), remedy)


def _shown(name: str, value: int) -> str:
    return f"{value / 2**20:,.4g} MB" if name in _MEGABYTES else f"{value:,}"
