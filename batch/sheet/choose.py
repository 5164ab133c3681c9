"""Choose the sheet of a file that holds the campaigns, find its header, and hand its rows on.

Light on purpose: the reading process imports it at every start.
"""

from __future__ import annotations

from itertools import islice

from batch.columns import column_letter
from batch.errors import SheetError
from batch.sheet import headers
from batch.sheet.bounds import Tally, beyond
from batch.sheet.grid import Counts, body, fill_merged

TYPE_CHECKING = False  # `typing` itself would cost the reading process a part of its start
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from batch.limits import Limits
    from batch.sheet.shapes import Message, RawRow, RowOut, Tab

BLOCK = 500
THICK = 1_000_000
"""Characters of a block that is handed on before it has as many rows."""


def read_tabs(tabs: list[Tab], name: str, *, with_header: bool, limits: Limits) -> Iterator[Message]:
    """Give what one sheet of a file says, as messages that travel between processes."""
    if len(tabs) > limits.sheets:
        raise beyond("sheets", limits, found=len(tabs))
    if not with_header:
        tab = _named(tabs, name) if name else _first(tabs)
        yield from _read(tab, 0, limits)
        return
    tab, row, names = _with_header(tabs, name, limits)
    if len(names) > limits.columns:
        raise beyond("columns", limits, found=len(names))
    yield from _read(tab, row, limits, names)


def _read(tab: Tab, row: int, limits: Limits, names: list[str] | None = None) -> Iterator[Message]:
    yield "head", {"sheet": tab.name, "row": row, "names": names, "hidden": sorted(set(tab.hidden_columns))}
    counts, tally = Counts(), Tally(limits)
    whole = fill_merged(tab, limits, tally)
    found = body(whole, row, names, counts, text_only=tab.text_only) if names is not None else _every(whole, counts)
    total = 0
    for block in _blocks(found, tally):
        total += len(block)
        if total > limits.rows:
            raise beyond("rows", limits)
        yield "rows", block
    yield "end", {"blank": counts.blank, "left_out": counts.left_out}


def _blocks(rows: Iterator[RowOut], tally: Tally) -> Iterator[list[RowOut]]:
    """Cut rows into blocks of no more than a number of rows and, about, of characters."""
    while block := list(islice(rows, 1)):
        start = tally.characters
        for row in rows:
            block.append(row)
            if len(block) == BLOCK or tally.characters - start > THICK:
                break
        tally.widen(len(block) * len(block[0][1]))
        yield block


def _every(rows: Iterator[RawRow], counts: Counts) -> Iterator[RowOut]:
    for number, texts, hidden, extras in rows:
        if not any(texts) and not extras:
            counts.blank += not hidden
        elif hidden:
            counts.left_out += 1
        else:
            yield number, tuple(texts), extras


def _first(tabs: list[Tab]) -> Tab:
    visible = _visible(tabs)
    return next((tab for tab in visible if any(any(row[1]) for row in tab.rows())), visible[0])


def _visible(tabs: list[Tab]) -> list[Tab]:
    visible = [tab for tab in tabs if not tab.hidden]
    if not visible:
        raise SheetError("the workbook has no visible sheet", "unhide the sheet with the campaigns and save it again")
    return visible


def _named(tabs: list[Tab], name: str) -> Tab:
    found = [tab for tab in tabs if tab.name == name] or [
        t for t in tabs if headers.squash(t.name) == headers.squash(name)
    ]
    if found and found[0].hidden:
        raise SheetError(f'the sheet "{found[0].name}" is hidden', "unhide it, or name another one")
    if found:
        return found[0]
    import difflib

    names = [tab.name for tab in tabs if not tab.hidden]
    near = difflib.get_close_matches(name, names, n=1)
    there = f'did you mean "{near[0]}"?' if near else f"there are {_list(names)}"
    raise SheetError(f'no sheet is named "{name}"', there)


def _with_header(tabs: list[Tab], name: str, limits: Limits) -> tuple[Tab, int, list[str]]:
    candidates = [_named(tabs, name)] if name else _visible(tabs)
    found: list[tuple[Tab, int, int, list[str]]] = [(tab, *_header(tab, limits)) for tab in candidates]
    whole = [entry for entry in found if entry[2] >= 100]
    if len(whole) > 1:
        said = _list([tab.name for tab, _, _, _ in whole])
        raise SheetError(
            f"{len(whole)} sheets hold campaigns: {said}", "say which one with --sheet NAME, or hide the others"
        )
    tab, row, _, texts = whole[0] if whole else max(found, key=lambda entry: entry[2])
    if not row:
        raise _no_header(found)
    names = _trimmed(texts)
    _complain(tab, row, names)
    return tab, row, names


def _header(tab: Tab, limits: Limits) -> tuple[int, int, list[str]]:
    """Give the row number of the header, its score and what is written in it."""
    rows = [(number, texts, hidden) for number, texts, hidden, _ in islice(_head(tab, limits), headers.HEAD_ROWS)]
    row, points = headers.find_header(rows)
    texts = next((texts for number, texts, _ in rows if number == row), [])
    return row, points, texts


def _head(tab: Tab, limits: Limits) -> Iterator[RawRow]:
    return fill_merged(tab, limits, Tally(limits))


def _trimmed(texts: list[str]) -> list[str]:
    names = [" ".join(text.split()) for text in texts]
    while names and not names[-1]:
        names.pop()
    return names


def _no_header(found: list[Any]) -> SheetError:
    if all(not any(any(row[1]) for row in entry[0].rows()) for entry in found):
        return SheetError(
            "the sheet is empty", "fill one row a campaign below a header row; `campaign-batch new` makes a starter"
        )
    return SheetError(
        f"no header row was found in the first {headers.HEAD_ROWS} rows",
        "name the columns CampaignName, Message or Template, GroupIds, DateTime; `campaign-batch new` makes a starter",
    )


def _complain(tab: Tab, row: int, names: list[str]) -> None:
    place = f"in row {row}" + (f' of sheet "{tab.name}"' if tab.name else "")
    twice = headers.doubled(names)
    if twice:
        raise SheetError(
            "; ".join(_doubled(field, columns, names) for field, columns in twice) + f" {place}",
            "rename or delete all but one",
        )
    lacking = headers.missing(headers.map_columns(names))
    if lacking:
        words = ", ".join(lacking)
        hints = [_hint(wanted, names) for wanted in lacking]
        raise SheetError(
            f"no column {words} {place}",
            "; ".join(filter(None, hints)) or f"the columns there are {_list([n for n in names if n])}; add it",
        )


def _doubled(field: str, columns: list[int], names: list[str]) -> str:
    where = " and ".join(f'"{names[at]}" (column {column_letter(at)})' for at in columns)
    return f'the column "{field}" stands there {"twice" if len(columns) == 2 else f"{len(columns)} times"}: {where}'


def _hint(wanted: str, names: list[str]) -> str:
    at = headers.nearest(wanted, names)
    if at is None:
        return ""
    return f'did you mean "{names[at]}" in column {column_letter(at)}? then rename it to {wanted.partition(" or ")[0]}'


def _list(names: list[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:12])
    return shown + (f" and {len(names) - 12} more" if len(names) > 12 else "")
