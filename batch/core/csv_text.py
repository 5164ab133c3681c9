"""Write CSV so that no text becomes a formula or splits its record."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from batch.core.json_text import write_json
from batch.core.printable import printable_lines

END = "\r\n"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet program takes for the beginning of a formula; some take the wide forms, too."""


def csv_record(values: Iterable[object]) -> str:
    """Write one record with its end; a text of two lines stays one record, a list is written as JSON.

    A text that could be taken for a formula gets an apostrophe in front: people open these files by double click.
    """
    out = io.StringIO()
    csv.writer(out, lineterminator=END).writerow([_cell(value) for value in values])
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    text = write_json(value) if isinstance(value, (list, tuple, dict)) else str(value)
    guard = "'" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else ""
    return guard + printable_lines(text)
