"""Find and read the lists that a sheet of campaigns names in its column ForEach: other tabs, a row for each store."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from batch.adapters.sheet import headers
from batch.adapters.sheet.bounds import SizeGuard
from batch.adapters.sheet.elsewhere import Note
from batch.adapters.sheet.grid import Counts, body, fill_merged, note_merged
from batch.adapters.sheet.shapes import RawRow, Tab
from batch.core.bounds import beyond
from batch.model.errors import SheetError
from batch.model.limits import Limits


def find_lists(tabs: list[Tab], chosen: Tab, row: int, names: list[str], limits: Limits) -> list[Tab]:
    """Give the tabs that the column ForEach names, hidden ones too, each once."""
    at = headers.map_columns(names).get(headers.FOR_EACH)
    if at is None or len(tabs) < 2:
        return []
    said: set[str] = set()
    for number, texts, hidden, _ in fill_merged(chosen, limits, SizeGuard(limits)):
        if number > row and not hidden and at < len(texts):
            said.add(texts[at])
    wanted = {headers.squash(text) for text in said if 0 < len(text) <= _LONGEST}
    return [tab for tab in tabs if tab is not chosen and headers.squash(tab.name) in wanted]


def read_list(tab: Tab, limits: Limits) -> dict[str, Any]:
    """Read a list whole: its name, its header, and its visible rows that say something, as plain values."""
    row, texts = _find_head(list(islice(fill_merged(tab, limits, SizeGuard(limits)), headers.HEAD_ROWS)))
    names = headers.trimmed(texts)
    if len(names) > limits.columns:
        raise beyond("columns", limits, found=len(names))
    if twice := headers.doubled(names):
        raise SheetError(
            f'the list "{tab.name}" has the column "{twice[0][0]}" more than once', "rename or delete all but one"
        )
    counts = Counts()
    whole = fill_merged(tab, limits, SizeGuard(limits), counts)
    rows = list(islice(body(whole, row, names, counts, text_only=tab.text_only), limits.rows + 1)) if names else []
    if len(rows) > limits.rows:
        raise beyond("rows", limits)
    notes = list(note_merged(counts.repeated, row, names, tab.name))
    return {"sheet": tab.name, "row": row, "names": names, "rows": rows, "left_out": counts.left_out, "notes": notes}


def note_list(tab: Tab, left_out: int, notes: list[Note]) -> Iterator[Note]:
    """Say where a list stands that nobody sees, how many of its rows are left out, and what else was noted."""
    yield from notes
    if tab.hidden:
        yield "list-hidden", f'the list "{tab.name}" is on a hidden sheet and is used'
    if left_out:
        rows = "1 hidden row is" if left_out == 1 else f"{left_out:,} hidden rows are"
        yield "list-rows-left-out", f'{rows} left out of the list "{tab.name}": show what should get a campaign'


def _find_head(rows: list[RawRow]) -> tuple[int, list[str]]:
    """Find the header of a list: known columns tell it, else the first row of two cells or more; a title is none."""
    known, _ = headers.find_header([(number, texts, hidden) for number, texts, hidden, _ in rows])
    seen = [(number, texts) for number, texts, hidden, _ in rows if any(texts) and (not hidden or number == known)]
    wide = (one for one in seen if sum(map(bool, one[1])) > 1)
    named = next((one for one in seen if one[0] == known), None)
    return named or next(wide, None) or next(iter(seen), (0, []))


_LONGEST = 60
"""Characters that a cell may have and still name a sheet; Excel gives its sheets 31 at most."""
