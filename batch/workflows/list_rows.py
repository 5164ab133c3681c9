"""Bring what is said about the campaigns of a list back to the row of the sheet that made them, to mark it there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from batch.model import Header, Issue, Row
from batch.model.issues import NOTHING
from batch.model.places import FOR_EACH, list_row, sheet_row
from batch.model.wording import cell_of
from batch.workflows.row_results import fold_results

if TYPE_CHECKING:
    from batch.adapters.marked import Returned

_NAMED = 3
"""Rows of a list that are named with what is wrong with them all."""


def fold_lists(rows: Iterable[Returned]) -> Iterator[Returned]:
    """Give each row of the sheet once; the campaigns that a list made of it have no RowId, their names tell them."""
    for number, same in groupby(rows, key=lambda one: sheet_row(one.row.number)):
        every = list(same)
        if list_row(every[0].row.number) is None:
            yield replace(every[0], row=_as_filed(every[0].row, number))
            continue
        issues = tuple(_say_once(issue for one in every for issue in one.issues))
        result = fold_results(one.result for one in every)
        yield replace(every[0], row=_as_filed(every[0].row, number), issues=issues, row_id="", result=result)


def rows_of_lists(rows: Iterable[Returned]) -> dict[str, list[Returned]]:
    """Give the rows of each list that something is said about, by the list's sheet, to mark them there as well."""
    said: dict[str, dict[int, dict[Issue, Returned]]] = {}
    for one in rows:
        for issue in one.issues:
            sheet, _, letter = issue.column.rpartition("!")
            number = list_row(issue.row)
            if sheet and number is not None:
                there = replace(issue, row=number, column=letter)
                said.setdefault(sheet, {}).setdefault(number, {})[there] = one
    return {
        sheet: [_in_list(sheet, number, found) for number, found in sorted(of_sheet.items())]
        for sheet, of_sheet in said.items()
    }


def _in_list(sheet: str, number: int, found: dict[Issue, Returned]) -> Returned:
    """Make the row of the list; of its campaigns one is enough, since all have the list's columns."""
    one = next(iter(found.values()))
    header = one.row.header
    named = {place: header.names[at] for at, place in header.sources.items() if place.startswith(f"{sheet}!")}
    names = tuple(named[place] for place in sorted(named, key=lambda place: (len(place), place)))
    of_list = Header(header.list_heads.get(sheet, 1), names, {})
    row = replace(one.row, number=number, header=of_list, texts=(), dates=NOTHING, issues=(), unshown=NOTHING)
    return replace(one, row=row, issues=tuple(found), row_id="", result=())


def _as_filed(row: Row, number: int) -> Row:
    """Take off the columns that stand in lists."""
    header = row.header
    if not header.sources:
        return row
    width = min(header.sources)
    columns = {name: at for name, at in header.columns.items() if at < width}
    own = Header(header.row, header.names[:width], columns, header.hidden)
    dates = {at: moment for at, moment in row.dates.items() if at < width}
    return replace(row, number=number, header=own, texts=row.texts[:width], dates=dates)


def _say_once(issues: Iterable[Issue]) -> Iterator[Issue]:
    """Say once what many rows of a list have in common, with the rows; what lies in the list is said at ForEach."""
    found: dict[tuple[str, ...], list[Issue]] = {}
    for issue in issues:
        found.setdefault((issue.level.value, issue.code, issue.column, issue.message), []).append(issue)
    for same in found.values():
        first = same[0]
        in_list = "!" in first.column
        places = [cell_of(one) if in_list else f"{one.row}".partition(" for ")[2] for one in same[:_NAMED]]
        more = f" and {len(same) - _NAMED} more" if len(same) > _NAMED else ""
        words = f"{', '.join(places)}{more}: {first.message}"
        column, field = ("", FOR_EACH) if in_list else (first.column, first.field)
        yield replace(first, row=sheet_row(first.row), column=column, field=field, message=words)
