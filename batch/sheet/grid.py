"""What every kind of spreadsheet is read into before its columns have a meaning: tabs of rows of shown texts.

Light on purpose: the reading process imports it at every start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

Extra = tuple[Any, ...]
"""What is to say about one cell beside its text, as plain values that travel between processes:
(position, "date", serial, 1904?, has a date?, has a time?), (position, "error", "#N/A"),
(position, "uncalculated"), (position, "unclear", number, format), (position, "thousands", number),
(position, "scientific", number), (position, "long", number), (position, "merged", "B3:D3"),
(position, "ragged", cells found), (position, "broken")."""

RawRow = tuple[int, list[str], bool, "list[Extra] | None"]
"""Number as Excel shows it, texts as shown and stripped, hidden?, extras."""

Merge = tuple[int, int, int, int]
"""First row, first position, last row, last position; rows as Excel numbers them."""

GUESS = frozenset({"merged"})


class Tab(Protocol):
    """One sheet of a file, which can be read from its top more than once."""

    name: str
    hidden: bool
    hidden_columns: tuple[int, ...]
    merges: list[Merge]
    text_only: bool
    """A text file: a row with too many or too few cells is ragged."""

    def rows(self) -> Iterator[RawRow]:
        """Give every row, from row 1 on, blank and hidden ones too."""
        ...


class Counts:
    """What was not handed on, and how far the rows reached."""

    __slots__ = ("blank", "left_out")

    def __init__(self) -> None:
        self.blank = 0
        self.left_out = 0


def fill_merged(rows: Iterable[RawRow], merges: list[Merge]) -> Iterator[RawRow]:
    """Give the value of a merged cell to every cell that it covers, as far as the row has something else to say."""
    if not merges:
        yield from rows
        return
    waiting = sorted(merges, reverse=True)
    active: list[tuple[Merge, str, list[Extra]]] = []
    for number, texts, hidden, extras in rows:
        active = [entry for entry in active if entry[0][2] >= number]
        own = any(texts) or extras
        while waiting and waiting[-1][0] <= number:
            merge = waiting.pop()
            at = merge[1]
            text = texts[at] if at < len(texts) else ""
            active.append((merge, text, [extra for extra in extras or () if extra[0] == at]))
        if active and (own or any(entry[0][0] == number for entry in active)):
            yield number, *_cover(number, texts, extras, active, hidden)
        else:
            yield number, texts, hidden, extras


def _cover(
    number: int,
    texts: list[str],
    extras: list[Extra] | None,
    active: list[tuple[Merge, str, list[Extra]]],
    hidden: bool,
) -> tuple[list[str], bool, list[Extra] | None]:
    out = list(texts)
    notes = list(extras or ())
    for merge, text, marks in active:
        first, left, last, right = merge
        right = min(right, max(len(out) - 1, left + 64))
        out.extend([""] * (right + 1 - len(out)))
        notes = [note for note in notes if not left <= note[0] <= right]
        for at in range(left, right + 1):
            out[at] = text
            notes.extend((at, *mark[1:]) for mark in marks)
        if right > left and text:
            notes.append((left, "merged", left, right, first, last))
    return out, hidden, notes or None


def body(
    rows: Iterable[RawRow], after: int, width: int, counts: Counts, *, text_only: bool
) -> Iterator[tuple[int, tuple[str, ...], list[Extra] | None]]:
    """Give the visible rows below the header that say something, each as wide as the header; count the others."""
    for number, texts, hidden, extras in rows:
        if number <= after:
            continue
        size = len(texts)
        cells = texts if size == width else texts[:width] if size > width else texts + [""] * (width - size)
        if not any(cells) and (not extras or all(extra[0] >= width for extra in extras)):
            if text_only and size > width and any(texts):
                extras = [(width, "ragged", size)]
            else:
                counts.blank += not hidden
                continue
        if hidden:
            counts.left_out += 1
            continue
        if text_only and size != width and (size < width or any(texts[width:])):
            extras = [*(extras or ()), (min(size, width), "ragged", size)]
        if extras:
            extras = [extra for extra in extras if extra[0] < width or extra[1] == "ragged"] or None
        yield number, tuple(cells), extras
