"""Look for campaigns where nobody would read them: above the header, on other tabs, on hidden ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from batch.adapters.sheet import headers
from batch.adapters.sheet.bounds import SizeGuard
from batch.adapters.sheet.grid import fill_merged
from batch.adapters.sheet.shapes import RawRow, Tab
from batch.model.columns import column_letter
from batch.model.days import SHORT_MONTHS
from batch.model.errors import SheetError
from batch.model.limits import Limits

Note = tuple[str, str]
"""Code and words of what is worth a look about the file."""

MOST = 1_000
"""Rows of another tab that are counted."""


class Head:
    """The first rows of a tab, and its likeliest header."""

    __slots__ = ("points", "row", "rows", "tab", "texts")

    def __init__(self, tab: Tab, rows: list[RawRow]) -> None:
        self.tab, self.rows = tab, rows
        self.row, self.points = headers.find_header([(number, texts, hidden) for number, texts, hidden, _ in rows])
        self.texts = next((texts for number, texts, _, _ in rows if number == self.row), [])


def read_head(tab: Tab, limits: Limits) -> Head:
    """Read the rows of a tab among which its header is looked for."""
    return Head(tab, list(islice(fill_merged(tab, limits, SizeGuard(limits)), headers.HEAD_ROWS)))


def holds_campaigns(tab: Tab, limits: Limits) -> bool:
    """Say whether a tab has a whole header; one that cannot be read has none."""
    try:
        return read_head(tab, limits).points >= headers.WHOLE
    except SheetError:
        return False


def note_above(head: Head, names: list[str]) -> Iterator[Note]:
    """Refuse a sheet with campaigns above its header, as sorting leaves them; point out other full rows there."""
    above = [row for row in head.rows if row[0] < head.row and not row[2]]
    columns = headers.map_columns(names)
    lost = [row[0] for row in above if _is_campaign(row, columns, names)]
    if lost:
        raise SheetError(
            f"{_rows(lost)} above the header in row {head.row} and would not be read",
            "move the header row to the top (a sort may have moved it), then hand the file in again",
        )
    full = [row[0] for row in above if _is_full(row, names) and headers.score(row[1]) < 2]
    if full:
        yield "rows-above-header", f"{_rows(full)} above the header in row {head.row}: they are left out"


def note_other_tabs(
    tabs: Sequence[Tab], heads: Sequence[Head], chosen: Head, names: list[str], *, limits: Limits, by_name: bool
) -> Iterator[Note]:
    """Refuse a workbook with a visible tab that looks like campaigns and is not read; name the hidden ones.

    Where a person said which tab to read (`by_name`), the others are named only.
    """
    known = {id(head.tab): head for head in heads}
    columns = headers.map_columns(names)
    for tab in tabs:
        if tab is chosen.tab:
            continue
        try:
            head = known.get(id(tab)) or read_head(tab, limits)
            row = find_campaigns(head, columns, names)
            count = _count_below(tab, row, limits) if row is not None else 0
        except SheetError as trouble:
            yield "other-sheet", f'the {_state(tab)}sheet "{tab.name}" could not be read ({trouble.words})'
            continue
        if row is None or not count:
            continue
        if tab.hidden or by_name:
            yield _left_out(tab, count, by_name=by_name)
        else:
            raise _looks_like_campaigns(head, chosen, row, count)


def find_campaigns(head: Head, columns: dict[str, int], names: list[str]) -> int | None:
    """Give the row below which a tab holds what looks like campaigns (0: it has no header); None when it has none."""
    if head.points >= headers.WHOLE:
        return head.row
    likely = [(headers.count_likely(texts), -number) for number, texts, _, _ in head.rows if _is_wordy(texts)]
    best, number = max(likely, default=(0, 0))
    if best >= 3:
        return -number
    if any(_is_campaign(row, columns, names) and _is_dated(row, columns) for row in head.rows if not row[2]):
        return 0
    return 0 if any(_says_campaign(row) for row in head.rows if not row[2]) else None


def _is_wordy(texts: Sequence[str]) -> bool:
    filled = [text for text in texts if text]
    return len(filled) > 2 and not any(len(text) > 60 or text[:4].isdigit() for text in filled)


def _is_campaign(row: RawRow, columns: dict[str, int], names: Sequence[str]) -> bool:
    """Say whether a row holds most of what a campaign needs, in the columns of a header."""
    there = _filled(row)
    if not _says_much(row, there):
        return False
    ways = [ways for ways in headers.NEEDED if any(columns.get(name, -1) in there for way in ways for name in way)]
    return (len(ways) > 2 or _is_full(row, names)) and (_is_timed(row, columns) or _has_ids(row, columns))


def _is_full(row: RawRow, names: Sequence[str]) -> bool:
    there = _filled(row)
    wanted = [at for at, name in enumerate(names) if name]
    return _says_much(row, there) and 2 * sum(at in there for at in wanted) > len(wanted)


def _says_much(row: RawRow, there: set[int]) -> bool:
    """Say whether a row is more than a title, which says one thing, be it in every cell that it was merged over."""
    return len({row[1][at] if at < len(row[1]) else at for at in there}) > 2


def _is_timed(row: RawRow, columns: dict[str, int]) -> bool:
    places = {columns[name] for name in headers.TIME_FIELDS if name in columns}
    if any(extra[0] in places for extra in row[3] or ()):
        return True
    return any(at < len(row[1]) and _DIGIT.search(row[1][at]) for at in places)


def _is_dated(row: RawRow, columns: dict[str, int]) -> bool:
    places = {columns[name] for name in headers.TIME_FIELDS if name in columns}
    if any(extra[0] in places and extra[1] == "date" for extra in row[3] or ()):
        return True
    return any(at < len(row[1]) and _DATE.search(row[1][at]) for at in places)


def _has_ids(row: RawRow, columns: dict[str, int]) -> bool:
    at = columns.get("GroupIds", -1)
    return 0 <= at < len(row[1]) and _IDS.fullmatch(row[1][at]) is not None


def _says_campaign(row: RawRow) -> bool:
    """Say whether a row without any header has a moment, group ids and a text to read."""
    texts, dated = row[1], {extra[0] for extra in row[3] or () if extra[1] == "date"}
    moment = any(_DATE.search(text) for text in texts) or bool(dated)
    ids = any(_IDS.fullmatch(text) for at, text in enumerate(texts) if at not in dated)
    words = any(len(text) >= 20 and text.count(" ") > 2 for text in texts)
    return moment and ids and words


def _filled(row: RawRow) -> set[int]:
    return {at for at, text in enumerate(row[1]) if text} | {extra[0] for extra in row[3] or () if extra[1] != "merged"}


def _count_below(tab: Tab, row: int, limits: Limits) -> int:
    found = (
        1
        for number, texts, _, extras in fill_merged(tab, limits, SizeGuard(limits))
        if number > row and (any(texts) or extras)
    )
    return sum(islice(found, MOST + 1))


def _left_out(tab: Tab, count: int, *, by_name: bool) -> Note:
    how = "name it with --sheet if they should go" if by_name and not tab.hidden else "show it if they should go"
    return (
        "other-sheet",
        f'the {_state(tab)}sheet "{tab.name}" holds {_many(count)}, left out: {how}',
    )


def _looks_like_campaigns(head: Head, chosen: Head, row: int, count: int) -> SheetError:
    name, words = head.tab.name, f'the sheet "{head.tab.name}" holds {_many(count)}'
    how = f'or hide it, or say which sheet to read with --sheet "{chosen.tab.name}"'
    if not row:
        return SheetError(f"{words}, but has no header row", f'give "{name}" a header, {how}')
    texts = next((texts for number, texts, _, _ in head.rows if number == row), [])
    names = [headers.clean(text) for text in texts]
    lacking = headers.missing(headers.map_columns(names))
    hints = [_rename(wanted, names) for wanted in lacking]
    said = f", but its header in row {row} has no column {', '.join(lacking)}"
    return SheetError(words + said, f"{'; '.join(filter(None, hints)) or 'fix its header'}, {how}")


def _rename(wanted: str, names: list[str]) -> str:
    at = headers.nearest(wanted, names)
    return (
        f'rename "{names[at]}" in column {column_letter(at)} to {wanted.partition(" or ")[0]}' if at is not None else ""
    )


def _rows(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"row {numbers[0]} stands"
    if numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"rows {numbers[0]} to {numbers[-1]} stand"
    return f"rows {', '.join(map(str, numbers))} stand"


def _many(count: int) -> str:
    if count > MOST:
        return f"more than {MOST:,} rows that look like campaigns"
    return f"{count} rows that look like campaigns" if count > 1 else "1 row that looks like a campaign"


def _state(tab: Tab) -> str:
    return "hidden " if tab.hidden else ""


_DIGIT = re.compile(r"\d")
_IDS = re.compile(r"\d{1,9}(?:\s*[,;|]\s*\d{1,9})*")
_MONTH = f"(?:{'|'.join(SHORT_MONTHS)})"
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
    rf"|\b{_MONTH}[a-z]*\.? \d{{1,2}}\b|\b\d{{1,2}}[a-z]{{0,2}}[ -]{_MONTH}",
    re.IGNORECASE,
)
