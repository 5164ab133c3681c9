"""What every kind of spreadsheet is read into before its columns have a meaning: tabs of rows of shown texts.

Light on purpose: the reading process imports it at every start.
"""

from __future__ import annotations

from batch.sheet.headers import ID_FIELDS, TIME_FIELDS, map_columns

TYPE_CHECKING = False  # `typing` itself would cost the reading process a part of its start
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from batch.sheet.shapes import Extra, Merge, RawRow, RowOut, Tab


class LyingError(Exception):
    """A sheet reaches much further than it says, and calamine is at work on it already."""


class Counts:
    """What was not handed on, and how far the rows reached."""

    __slots__ = ("blank", "left_out")

    def __init__(self) -> None:
        self.blank = 0
        self.left_out = 0


def fill_merged(tab: Tab) -> Iterator[RawRow]:
    """Give the value of a merged cell to every cell that it covers, as far as the row has something else to say."""
    if not tab.merges:
        yield from tab.rows()
        return
    waiting, width = sorted(tab.merges, reverse=True), tab.width
    active: list[tuple[Merge, str, list[Extra]]] = []
    for number, texts, hidden, extras in tab.rows():
        active = [entry for entry in active if entry[0][2] >= number]
        own = any(texts) or extras
        while waiting and waiting[-1][0] <= number:
            merge = waiting.pop()
            at = merge[1]
            text = texts[at] if at < len(texts) else ""
            active.append((merge, text, [extra for extra in extras or () if extra[0] == at]))
        if active and (own or any(entry[0][0] == number for entry in active)):
            filled, notes = _cover(texts, extras, active, width)
            yield number, filled, hidden, notes
        else:
            yield number, texts, hidden, extras


def _cover(
    texts: list[str], extras: list[Extra] | None, active: list[tuple[Merge, str, list[Extra]]], width: int
) -> tuple[list[str], list[Extra] | None]:
    out = texts + [""] * (width - len(texts))
    notes = list(extras or ())
    for (first, left, last, right), text, marks in active:
        covered = range(left, min(right + 1, width))
        notes = [note for note in notes if note[0] not in covered]
        for at in covered:
            out[at] = text
            notes.extend((at, *mark[1:]) for mark in marks)
        if len(covered) > 1 and text:
            notes.append((left, "merged", left, right, first, last))
    return out, notes or None


def body(rows: Iterable[RawRow], after: int, names: list[str], counts: Counts, *, text_only: bool) -> Iterator[RowOut]:
    """Give the visible rows below the header that say something, each as wide as the header; count the others."""
    width, meaning = len(names), _Meaning(names)
    for number, texts, hidden, extras in rows:
        if number <= after:
            continue
        size = len(texts)
        cells = texts if size == width else texts[:width] if size > width else texts + [""] * (width - size)
        notes = extras
        if extras or (text_only and size != width):
            notes = _notes(texts, extras or (), meaning, text_only=text_only)
        if not notes and not any(cells):
            counts.blank += not hidden
        elif hidden:
            counts.left_out += 1
        else:
            yield number, tuple(cells), notes


class _Meaning:
    """Which columns hold ids and times: of a number or a date that shows as it should, only these want to know."""

    __slots__ = ("ids", "times", "width")

    def __init__(self, names: list[str]) -> None:
        columns = map_columns(names)
        self.width = len(names)
        self.ids = {columns[name] for name in ID_FIELDS if name in columns}
        self.times = {columns[name] for name in TIME_FIELDS if name in columns}

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


_SHOWN = frozenset(("date", "thousands", "scientific", "long"))
"""What is to say about a number that its text shows rightly."""
