"""Choose the sheet of a file that holds the campaigns, find its header, and hand its rows on."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from batch.adapters.sheet import headers
from batch.adapters.sheet.bounds import SizeGuard
from batch.adapters.sheet.elsewhere import Head, Note, holds_campaigns, note_above, note_other_tabs, read_head
from batch.adapters.sheet.grid import Counts, body, fill_merged, note_merged
from batch.adapters.sheet.lists import find_lists, note_list, read_list
from batch.adapters.sheet.shapes import Message, RowOut, Tab
from batch.core.bounds import beyond
from batch.model.columns import column_letter
from batch.model.errors import SheetError
from batch.model.limits import Limits

_Chosen = tuple[Tab, int, list[str], list[Note], list[Tab]]
"""The tab of campaigns, its header's row and names, what is worth a look, and the tabs that it uses as lists."""

BLOCK = 500
THICK = 200_000
"""Characters of a block that is handed on before it has as many rows: after each one the seconds are looked at."""


def read_tabs(tabs: list[Tab], name: str, limits: Limits) -> Iterator[Message]:
    """Give what one sheet of a file says, as messages that travel between processes."""
    if len(tabs) > limits.sheets:
        raise beyond("sheets", limits, found=len(tabs))
    tab, row, names, notes, lists = _with_header(tabs, name, limits)
    if len(names) > limits.columns:
        raise beyond("columns", limits, found=len(names))
    whole = [read_list(one, limits) for one in lists]
    notes += [
        note for one, said in zip(lists, whole, strict=True) for note in note_list(one, said["left_out"], said["notes"])
    ]
    yield from _read(tab, row, limits, names, notes, tabs=[one.name for one in tabs], lists=whole)


def _read(
    tab: Tab,
    row: int,
    limits: Limits,
    names: list[str],
    notes: list[Note],
    *,
    tabs: list[str],
    lists: list[dict[str, Any]],
) -> Iterator[Message]:
    hidden = sorted(set(tab.hidden_columns))
    head = {"sheet": tab.name, "row": row, "names": names, "hidden": hidden, "notes": notes, "tabs": tabs}
    head["lists"] = lists
    yield "head", head
    counts, tally = Counts(), SizeGuard(limits)
    whole = fill_merged(tab, limits, tally, counts)
    name = headers.map_columns(names)["CampaignName"]
    found = body(whole, row, names, counts, text_only=tab.text_only, name=name)
    total = 0
    for block in _blocks(found, tally):
        total += len(block)
        if total > limits.rows:
            raise beyond("rows", limits)
        yield "rows", block
    end = {"blank": counts.blank, "left_out": counts.left_out, "examples": counts.examples}
    notes = list(note_merged(counts.repeated, row, names))
    yield "end", end | {"damage": getattr(tab, "damage", ""), "notes": notes}


def _blocks(rows: Iterator[RowOut], tally: SizeGuard) -> Iterator[list[RowOut]]:
    """Cut rows into blocks of no more than a number of rows and, about, of characters."""
    while block := list(islice(rows, 1)):
        start = tally.characters
        for row in rows:
            block.append(row)
            if len(block) == BLOCK or tally.characters - start > THICK:
                break
        tally.widen(len(block) * len(block[0][1]))
        yield block


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
    names = [tab.name for tab in tabs if not tab.hidden]
    near = difflib.get_close_matches(name, names, n=1)
    there = f'did you mean "{near[0]}"?' if near else f"there are {_list(names)}"
    raise SheetError(f'no sheet is named "{name}"', there)


def _with_header(tabs: list[Tab], name: str, limits: Limits) -> _Chosen:
    candidates = [_named(tabs, name)] if name else _visible(tabs)
    heads = [read_head(tab, limits) for tab in candidates]
    whole = [head for head in heads if head.points >= headers.WHOLE]
    if len(whole) > 1:
        said = _list([head.tab.name for head in whole])
        raise SheetError(
            f"{len(whole)} sheets hold campaigns: {said}", "say which one with --sheet NAME, or hide the others"
        )
    head = whole[0] if whole else max(heads, key=lambda head: head.points)
    if not head.row:
        raise _no_header(heads, tabs, limits)
    names = headers.trimmed(head.texts)
    _complain(head.tab, head.row, names)
    lists = find_lists(tabs, head.tab, head.row, names, limits)
    rest = [tab for tab in tabs if tab not in lists]
    others = note_other_tabs(rest, heads, head, names, limits=limits, by_name=bool(name))
    notes = [*note_above(head, names), *others]
    return head.tab, head.row, names, notes, lists


def _no_header(heads: list[Head], tabs: list[Tab], limits: Limits) -> SheetError:
    hidden = [tab.name for tab in tabs if tab.hidden and holds_campaigns(tab, limits)]
    if hidden:
        return SheetError(
            f"no visible sheet has a header row, but the hidden sheet {_list(hidden)} has one",
            "unhide it and save the workbook again",
        )
    if all(not any(any(row[1]) for row in head.tab.rows()) for head in heads):
        return SheetError(
            "the sheet is empty", "enter one row per campaign below a header row; `campaign-batch new` makes a starter"
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
