"""What every kind of spreadsheet is read into before its columns have a meaning: tabs of rows of shown texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from batch.adapters.sheet.bounds import SizeGuard
from batch.adapters.sheet.headers import EXAMPLE, ID_FIELDS, TEXT_FIELDS, TIME_FIELDS, is_known, map_columns
from batch.adapters.sheet.shapes import Extra, Merge, RawRow, RowOut, Tab
from batch.adapters.sheet.shown import judge, needs_look
from batch.core.bounds import beyond
from batch.core.printable import cut
from batch.model.columns import column_letter
from batch.model.limits import Limits

_Filled = tuple[Merge, str, list[Extra]]
"""A merged range that reaches the row, what its first cell shows, and what is to say about that cell."""


class LyingError(Exception):
    """A sheet reaches much further than it says, and calamine is at work on it already."""


class Counts:
    """What was not handed on, and how far the rows reached."""

    __slots__ = ("blank", "examples", "left_out", "repeated")

    def __init__(self) -> None:
        self.blank = 0
        self.left_out = 0
        self.examples: list[int] = []
        self.repeated: dict[Merge, str] = {}
        """The merged ranges that fill cells of later rows than their first, each with what it shows."""


def fill_merged(tab: Tab, limits: Limits, tally: SizeGuard, counts: Counts | None = None) -> Iterator[RawRow]:
    """Give the value of a merged cell to every cell that it covers, as far as the row has something else to say.

    `counts` notes which of them reach into another row.
    """
    if len(tab.merges) > limits.merges:
        raise beyond("merges", limits)
    rows = tally.judge(tab.rows())
    if not tab.merges:
        yield from rows
        return
    waiting, width = sorted(tab.merges, reverse=True), tab.width
    active: list[_Filled] = []
    until = 0  # the first row that one of the active ones does not reach is behind it
    for number, texts, hidden, extras in rows:
        begun = len(waiting)
        while waiting and waiting[-1][0] <= number:
            merge = waiting.pop()
            at = merge[1]
            text = texts[at] if at < len(texts) else ""
            active.append((merge, text, [extra for extra in extras or () if extra[0] == at]))
        if number > until or len(waiting) < begun:
            active = [entry for entry in active if entry[0][2] >= number]
            until = min((entry[0][2] for entry in active), default=LAST)
        if active and (any(texts) or extras or any(entry[0][0] == number for entry in active)):
            for merge, text, _ in active:
                spanned = max(0, min(merge[3] + 1, width) - merge[1])
                tally.cover(spanned, spanned * len(text))
                if counts is not None and text and merge[0] < number and not hidden:
                    counts.repeated[merge] = text
            filled, notes = _cover(texts, extras, active, width)
            yield number, filled, hidden, notes
        else:
            yield number, texts, hidden, extras


def _cover(
    texts: list[str], extras: list[Extra] | None, active: list[_Filled], width: int
) -> tuple[list[str], list[Extra] | None]:
    out = texts + [""] * (width - len(texts))
    notes: dict[int, list[Extra]] = {}
    for extra in extras or ():
        notes.setdefault(extra[0], []).append(extra)
    for (first, left, last, right), text, marks in active:
        covered = range(left, min(right + 1, width))
        for at in covered:
            out[at] = text
            notes[at] = [(at, *mark[1:]) for mark in marks]
        if len(covered) > 1 and text:
            notes[left].append((left, "merged", left, right, first, last))
    return out, [extra for at in notes for extra in notes[at]] or None


def note_merged(repeated: dict[Merge, str], row: int, names: list[str], tab: str = "") -> Iterator[tuple[str, str]]:
    """Say which merged cells below a header count for several rows: people merge for the look of it, too."""
    told = [
        f'"{cut(text[:200], _EXCERPT)}" in {tab and f"{tab}!"}{column_letter(left)}{top}:'
        f"{column_letter(right)}{bottom} ({names[left]})"
        for (top, left, bottom, right), text in repeated.items()
        if top > row and left < len(names) and names[left]
    ]
    if told:
        more = f" and {len(told) - _TOLD:,} more" if len(told) > _TOLD else ""
        words = f"merged cells count for every row that they cover: {', '.join(told[:_TOLD])}{more}"
        yield "merged-down", f"{words}; unmerge what should count for its first row only"


def body(
    rows: Iterable[RawRow], after: int, names: list[str], counts: Counts, *, text_only: bool, name: int | None = None
) -> Iterator[RowOut]:
    """Give the visible rows below the header that say something, each as wide as the header; count the others.

    `name` is the column that may mark a row as the starter's example.
    """
    width, meaning = len(names), _Meaning(names)
    for number, texts, hidden, extras in rows:
        if number <= after:
            continue
        if needs_look(texts):
            texts, extras = judge(texts, extras, meaning.names)  # noqa: PLW2901 the same row, as it counts
        size = len(texts)
        cells = texts if size == width else texts[:width] if size > width else texts + [""] * (width - size)
        notes = extras
        if extras or (text_only and size != width):
            notes = _notes(texts, extras or (), meaning, text_only=text_only)
        if not notes and not any(cells):
            counts.blank += not hidden
        elif hidden:
            counts.left_out += 1
        elif name is not None and cells[name].startswith(EXAMPLE):
            counts.left_out += 1
            counts.examples.append(number)
        else:
            yield number, tuple(cells), notes


class _Meaning:
    """Which columns hold ids, times and other names.

    Of a number or a date that shows as it should, only those of ids and times want to know.
    """

    __slots__ = ("ids", "names", "times", "width")

    def __init__(self, names: list[str]) -> None:
        columns = map_columns(names)
        self.width = len(names)
        self.ids = {columns[name] for name in ID_FIELDS if name in columns}
        self.times = {columns[name] for name in TIME_FIELDS if name in columns}
        self.names = frozenset(at for name, at in columns.items() if is_known(name) and name not in TEXT_FIELDS)

    def needs(self, extra: Extra) -> bool:
        at, kind = extra[0], extra[1]
        if at in self.ids or kind not in _SHOWN:
            return bool(at < self.width)
        return kind == "date" and (at in self.times or (extra[6] != "" and at < self.width))


def _notes(texts: list[str], extras: Iterable[Extra], meaning: _Meaning, *, text_only: bool) -> list[Extra] | None:
    """Keep what is to say about the header's columns; a row of a text file with other cells than these is ragged."""
    notes = [extra for extra in extras if meaning.needs(extra)]
    size = len(texts)
    if text_only and size != meaning.width and any(texts) and (size < meaning.width or any(texts[meaning.width :])):
        notes.append((0, "ragged", size))
    return notes or None


LAST = 2**31
_TOLD, _EXCERPT = 5, 40
"""Merged cells that are named, and characters of each."""
_SHOWN = frozenset(("date", "thousands", "scientific", "long"))
"""What is to say about a number that its text shows rightly."""
