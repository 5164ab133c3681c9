"""Make one campaign for each row of a list of the row that names it: one text, many stores."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from batch.adapters.sheet.headers import FOR_EACH, map_columns, squash
from batch.core.bounds import beyond
from batch.core.near import find_near
from batch.model.columns import column_letter
from batch.model.places import FARTHEST, STEP, make_place

if TYPE_CHECKING:
    from batch.adapters.sheet.shapes import Extra, Message, RowOut
    from batch.model.limits import Limits

TIMES = ("DateTime", "Date", "Time")
FROM_LIST = ("GroupIds", *TIMES, "TimeZone", "TimeOffset", "ExpectedContacts", "Owner", "Purpose", "Cancel")
"""What a row takes from the list where its own cell is empty: to whom, when and for whom."""
NAMED = ("CampaignName", "Reference")
"""What must tell the campaigns of a list apart: without a field of the list, its row's name is put behind."""
BLOCK = 500


def expand(messages: Generator[Message], limits: Limits) -> Iterator[Message]:
    """Put the campaigns of the lists in the place of the rows that name one; a sheet without ForEach stays as it is."""
    expansion: Expansion | None = None
    with closing(messages):  # a refusal here ends what the reading process is at
        for kind, value in messages:
            if kind == "head" and FOR_EACH in map_columns(value["names"] or ()):
                expansion = Expansion(value, limits)
                yield kind, expansion.head
            elif kind == "rows" and expansion is not None:
                yield from (("rows", block) for block in expansion.blocks(value))
            else:
                yield kind, value


class _List:
    """One list, and where its columns stand behind those of the sheet."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.name: str = said["sheet"]
        self.prefix = singular(self.name)
        self.names: list[str] = said["names"]
        self.rows: list[RowOut] = said["rows"]
        self.start = 0
        known = map_columns(self.names)
        offset = next((at for at, name in enumerate(self.names) if squash(name) == "timeoffset"), None)
        self.fields = {name: known[name] for name in FROM_LIST if name in known}
        self.fields |= {"TimeOffset": offset} if offset is not None else {}
        self.label = self._find_label()
        self.columns = {squash(f"{self.prefix}.{name}"): at for at, name in enumerate(self.names) if name}

    def place(self, at: int) -> str:
        """Name one of its columns: `Stores!B`."""
        return f"{self.name}!{column_letter(at)}"

    def _find_label(self) -> int:
        """Find the column that names its rows: Name, Store or StoreName, else the first."""
        short = squash(self.prefix)
        called = [squash(name) for name in self.names]
        return next((called.index(one) for one in ("name", short, f"{short}name") if one in called), 0)


class Expansion:
    """The lists of one sheet, and the header that its rows and theirs have together."""

    def __init__(self, head: dict[str, Any], limits: Limits) -> None:
        self._limits = limits
        self._own = len(head["names"])
        names: list[str] = list(head["names"])
        sources: dict[int, str] = {}
        lists = [_List(one) for one in head["lists"]]
        own = map_columns(names)
        for field in FROM_LIST:
            places = [one.place(one.fields[field]) for one in lists if field in one.fields]
            if field not in own and (places or field == "GroupIds"):
                sources[len(names)] = (*places, column_letter(own[FOR_EACH]))[0]
                names.append(field)
        for one in lists:
            one.start = len(names)
            sources |= {one.start + at: one.place(at) for at in range(len(one.names))}
            names += [f"{one.prefix}.{name}" if name else "" for name in one.names]
        self._lists = {squash(one.name): one for one in lists}
        self._columns = map_columns(names)
        self._width = len(names)
        self._tabs = [tab for tab in head["tabs"] if tab]
        self._sheet: str = head["sheet"]
        self._rows = self._characters = 0
        prefixes = tuple(one.prefix for one in lists)
        heads = {one["sheet"]: one["row"] for one in head["lists"]}
        self.head = {**head, "names": names, "prefixes": prefixes, "sources": sources, "list_heads": heads}

    def blocks(self, rows: list[RowOut]) -> Iterator[list[RowOut]]:
        """Give the campaigns of some rows, some hundred at a time."""
        block: list[RowOut] = []
        for row in rows:
            for one in self._each(row):
                block.append(one)
                if len(block) == BLOCK:
                    yield block
                    block = []
        if block:
            yield block

    def _each(self, row: RowOut) -> Iterator[RowOut]:
        number, texts, extras = row
        at = self._columns[FOR_EACH]
        wanted = texts[at]
        blank = ("",) * (self._width - self._own)
        if not wanted:
            yield number, (*texts, *blank), extras
            return
        found = self._lists.get(squash(wanted))
        trouble = self._find_trouble(number, wanted, found)
        if trouble or found is None:
            yield number, (*texts, *blank), [*(extras or ()), (at, "list", *trouble, wanted)]
            return
        self._count(texts, found)
        yield from self._make(number, [*texts, *blank], extras or [], found)

    def _find_trouble(self, number: int, wanted: str, found: _List | None) -> tuple[str, ...]:
        if found is None:
            return "list-unknown", self._say_unknown(wanted)
        if not found.rows:
            words = f'the list "{found.name}" has no row below its header: fill in a row for each {found.prefix}'
            return "list-empty", words
        if number > FARTHEST or found.rows[-1][0] >= STEP:
            words = f"ForEach works in the first {FARTHEST:,} rows, with lists of fewer than {STEP:,}: move the row up"
            return "list-too-far", words
        return ()

    def _say_unknown(self, wanted: str) -> str:
        if len(self._tabs) < 2 and not self._sheet:
            return (
                f'ForEach names the list "{wanted}", but a text file has one sheet only: put campaigns and list into '
                "one workbook (.xlsx)"
            )
        others = [tab for tab in self._tabs if tab != self._sheet]
        near = find_near(wanted, others)
        there = ", ".join(f'"{tab}"' for tab in others[:8]) or "no other sheet"
        remedy = f'did you mean "{near}"?' if near else f"there is {there}"
        return f'ForEach names the list "{wanted}", but the workbook has no sheet with that name: {remedy}'

    def _count(self, texts: Sequence[str], found: _List) -> None:
        """Hold what a list makes to the limits of a file: rows and characters count each time."""
        count = len(found.rows)
        self._rows += count
        self._characters += count * sum(map(len, texts)) + sum(len(text) for row in found.rows for text in row[1])
        for name, size in (("rows", self._rows), ("characters", self._characters), ("reach", self._rows * self._width)):
            if size > getattr(self._limits, name):
                raise beyond(name, self._limits)

    def _make(self, number: int, cells: list[str], extras: list[Extra], found: _List) -> Iterator[RowOut]:
        gaps = self._find_gaps(cells, {extra[0] for extra in extras}, found)
        moved = {at: place for place, at in gaps}
        fills = [self._columns[name] for name in (*NAMED, "Subject") if name in self._columns]
        fills = [at for at in fills if cells[at]]
        named = {self._columns[name] for name in NAMED if name in self._columns}
        if "RowId" in self._columns:
            cells[self._columns["RowId"]] = ""  # it names one campaign, and these are many
        for list_number, texts, notes in found.rows:
            out = list(cells)
            out[found.start : found.start + len(texts)] = texts
            for place, at in gaps:
                out[place] = texts[at]
            told: list[Extra] = [*extras, *(_moved(note, moved.get(note[0]), found.start) for note in notes or ())]
            for at in fills:
                out[at], wrong = _fill(cells[at], texts, found, behind=at in named)
                told += [(at, "list", *one, cells[at]) for one in wrong]
            yield make_place(number, list_number, found.name, texts[found.label][:60]), tuple(out), told or None

    def _find_gaps(self, cells: list[str], spoken: set[int], found: _List) -> list[tuple[int, int]]:
        """Find the cells that the list fills in, each with the list's column."""
        there = [(name, self._columns[name]) for name in FROM_LIST if name in self._columns]
        filled = {name for name, at in there if cells[at] or at in spoken}
        taken = set(filled)
        if "DateTime" in filled:
            taken |= set(TIMES)
        elif filled & set(TIMES):
            taken.add("DateTime")
        return [(self._columns[name], at) for name, at in found.fields.items() if name not in taken]


def singular(name: str) -> str:
    """Say what one row of a list is called: Stores -> Store, Cities -> City; a name without an s stays."""
    if len(name) > 3 and name[-3:].casefold() == "ies":
        return name[:-3] + ("Y" if name.isupper() else "y")
    if len(name) > 1 and name[-1] in "sS" and name[-2] not in "sS":
        return name[:-1]
    return name


def _moved(note: Extra, place: int | None, start: int) -> Extra:
    return (note[0] + start if place is None else place, *note[1:])


def _fill(text: str, texts: Sequence[str], found: _List, *, behind: bool) -> tuple[str, list[tuple[str, str]]]:
    """Fill in the fields of a name; without one, the list row's own name goes behind. Say what cannot be filled in."""
    wrong: list[tuple[str, str]] = []
    if "{{" not in text:
        label = texts[found.label]
        if behind and not label:
            column = found.names[found.label]
            wrong.append(("list-row-unnamed", f'the row of "{found.name}" has no "{column}": it needs one of its own'))
        return (f"{text} - {label}" if behind and label else text), wrong

    def one(match: re.Match[str]) -> str:
        at = found.columns.get(squash(match[1]))
        if at is None:
            near = find_near(match[1].strip(), [f"{found.prefix}.{name}" for name in found.names if name])
            remedy = f"did you mean {{{{ {near} }}}}?" if near else f"{{{{ {found.prefix}.{found.names[0]} }}}} is one"
            words = f'"{match[0]}" is not a field of the list "{found.name}": {remedy}'
            wrong.append(("field-unknown", words))
            return match[0]
        if not texts[at]:
            wrong.append(("field-empty", f'"{found.prefix}.{found.names[at]}" is empty, and "{text}" uses it'))
        return texts[at]

    return _FIELD.sub(one, text), wrong


_FIELD = re.compile(r"\{\{\s*([^{}|]+?)\s*\}\}")
