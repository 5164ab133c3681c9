"""Make files that go to a limit, one beyond it, or far beyond it, in every dimension and every format."""

from __future__ import annotations

import contextlib
import csv
import os
import random
import threading
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from sheet_support import Book, N, Sheet, letters
from xls_support import write_xls

from batch.model.limits import DEFAULT, Limits

HEADER = ("CampaignName", "Message", "GroupIds", "DateTime", "Offer")
GOOD = ("Spring sale", "Hello", "100", "2027-03-01 10:00", "two for one")
ZIPPED = ("xlsx", "xlsm", "ods")
TEXTS = ("csv", "tsv")
EVERY = (*ZIPPED, *TEXTS, "xls")
LIMITS: dict[str, tuple[int, tuple[str, ...]]] = {
    "rows": (30, EVERY),
    "columns": (12, EVERY),
    "cells": (120, EVERY),
    "reach": (395, EVERY),
    "cell_characters": (300, EVERY),
    "row_characters": (900, EVERY),
    "characters": (6_000, EVERY),
    "merges": (7, (*ZIPPED, "xls")),
    "sheets": (4, (*ZIPPED, "xls")),
    "styles": (12, ("xlsx", "xlsm")),
    "number_formats": (9, ("xlsx", "xlsm")),
    "parts": (20, ZIPPED),
    "unpacked_bytes": (40_000, ZIPPED),
    "file_bytes": (20_000, EVERY),
}
"""Each dimension with a limit that is quick to reach, and the formats that have it."""
PLACES = (-1, 0, 1, "far")
"""Where a file lies, beside a limit."""


@dataclass
class Table:
    """What goes into a file, format by format as it can be said there."""

    rows: list[list[str]] = field(default_factory=lambda: [list(HEADER), list(GOOD)])
    times: dict[int, int] = field(default_factory=dict)
    """Position of a row to how often it is repeated, where the format has a word for that."""
    merges: int = 0
    sheets: int = 1
    styles: int = 0
    padding: dict[str, bytes] = field(default_factory=dict)

    def expanded(self) -> list[list[str]]:
        """Give the rows as a person sees them."""
        return [row for at, row in enumerate(self.rows) for _ in range(self.times.get(at, 1))]

    def save(self, path: Path) -> Path:
        """Write it in the format that the file's ending says."""
        kind = path.suffix[1:]
        if kind in TEXTS:
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, delimiter="," if kind == "csv" else "\t").writerows(self.expanded())
        elif kind == "ods":
            self._save_ods(path)
        elif kind == "xls":
            others = [(f"S{at}", [("note",)], 0) for at in range(1, self.sheets)]
            write_xls(path, [("S0", self.expanded(), self.merges), *others], len(b"".join(self.padding.values())))
        else:
            self._save_xlsx(path)
        return path

    def _save_xlsx(self, path: Path) -> None:
        rows: list[tuple[Any, ...]] = [tuple(text or None for text in row) for row in self.expanded()]
        if self.styles:
            cells = tuple(N(1, "0." + "0" * at) for at in range(1, self.styles))
            rows[1] = (*rows[1], *cells)
        merges = tuple(f"{letters(8)}{at}:{letters(9)}{at}" for at in range(2, 2 + self.merges))
        others = [Sheet([("note",)], name=f"S{at}") for at in range(1, self.sheets)]
        book = Book([Sheet(rows, merges=merges), *others])
        book.parts.update(self.padding)
        book.save(path)

    def _save_ods(self, path: Path) -> None:
        name = "urn:oasis:names:tc:opendocument:xmlns"
        tables = "".join(
            f'<table:table table:name="S{at}">{self._ods_rows() if at == 0 else _ods_row(["note"], 1, 0)}</table:table>'
            for at in range(self.sheets)
        )
        content = (
            f'<office:document-content xmlns:office="{name}:office:1.0" xmlns:table="{name}:table:1.0" '
            f'xmlns:text="{name}:text:1.0"><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>'
            "</office:document-content>"
        )
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("content.xml", content)
            for part, text in self.padding.items():
                archive.writestr(part, text)

    def _ods_rows(self) -> str:
        return "".join(
            _ods_row(row, self.times.get(at, 1), self.merges if at == 1 else 0) for at, row in enumerate(self.rows)
        )


def _ods_row(row: Sequence[str], times: int, merges: int) -> str:
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{escape(text)}</text:p></table:table-cell>'
        if text
        else "<table:table-cell/>"
        for text in row
    )
    cells += '<table:table-cell table:number-columns-spanned="2"/><table:covered-table-cell/>' * merges
    return f'<table:table-row table:number-rows-repeated="{times}">{cells}</table:table-row>'


def fat_files(folder: Path, good: Sequence[str]) -> list[Path]:
    """Write the small files that swell: what they say is a few hundred bytes, repeated, merged or packed."""
    name, message, groups, when = good
    row = [name, message, groups, when]
    tables = {
        "one-row-repeated.ods": Table([list(HEADER), [*row, "x" * 30_000]], {1: 150_000}),
        "rows-repeated.ods": Table([list(HEADER), ["", *row[1:], "x" * 20_000]], {1: 1_500}),
        "long-cell-repeated.ods": Table([list(HEADER), [*row, "y" * 400_000]], {1: 100}),
        "shared-text.xlsx": Table([list(HEADER), *([f"{name} {at}", *row[1:], "z" * 30_000] for at in range(2_000))]),
        "shared-text-far.xlsx": Table([list(HEADER), [*row, "z" * 1_700_000], [*[""] * 9_000, "1"]]),
        "merges.xlsx": Table([list(HEADER), *([f"{name} {at}", *row[1:], "o"] for at in range(3_000))], merges=12_000),
        "many-cells-of-a-row.ods": Table(
            [[*HEADER, *(f"X{at}" for at in range(900))], [*row, *["u"] * 901]], {1: 2_100}
        ),
    }
    for file, table in tables.items():
        table.save(folder / file)
    (folder / "wide.csv").write_text(
        ",".join(HEADER) + "," * 60_000 + "\n" + (",".join(row) + "," * 60_000 + "\n") * 300
    )
    (folder / "commas.csv").write_text(",".join(HEADER) + "\n" + "," * 20_000_000)
    (folder / "merged-in-40-kb.xlsx").write_bytes(_overlapping(folder, row))
    (folder / "comments.xlsx").write_bytes(with_comments(folder, row, 200_000))
    return [*(folder / file for file in tables), folder / "wide.csv", folder / "commas.csv",
            folder / "merged-in-40-kb.xlsx", folder / "comments.xlsx"]  # fmt: skip


def _overlapping(folder: Path, row: Sequence[str]) -> bytes:
    path = folder / "tmp.bin"
    rows: list[tuple[Any, ...]] = [HEADER, *((f"{row[0]} {at}", *row[1:], "o") for at in range(300))]
    Book([Sheet(rows, merges=tuple(f"A2:Z{at + 10}" for at in range(3_000)))]).save(path)
    content = path.read_bytes()
    path.unlink()
    return content


def with_comments(folder: Path, row: Sequence[str], count: int) -> bytes:
    """Give a workbook with a bad row and a part of so many comments."""
    from openpyxl import Workbook
    from openpyxl.comments import Comment

    path = folder / "tmp.xlsx"
    book = Workbook()
    book.active.append(HEADER)
    book.active.append(["", *row[1:], "o"])
    book.active["E2"].comment = Comment("hi", "me")
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    one = b'<comment ref="E2" authorId="0"><text><t>x</t></text></comment>'
    fat = {
        name: text.replace(b"</commentList>", one * count + b"</commentList>")
        for name, text in parts.items()
        if name.startswith("xl/comments")
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (parts | fat).items():
            archive.writestr(name, text)
    content = path.read_bytes()
    path.unlink()
    return content


class Peak(threading.Thread):
    """Measures the most memory that this process and all below it take together, beyond what it had at first."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.bytes = 0
        self._done = threading.Event()
        self._parents: dict[int, int] = {}
        self._command = _command(os.getpid())
        """A child that is just being started still bears it, and shows this process's own memory a second time."""

    def __enter__(self) -> Peak:
        self._begun = self._memory_of_tree()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.join()

    def run(self) -> None:
        while not self._done.wait(0.05):
            self.bytes = max(self.bytes, self._memory_of_tree() - self._begun)

    def _memory_of_tree(self) -> int:
        here = {int(place.name) for place in Path("/proc").iterdir() if place.name.isdigit()}
        # Only what is new is asked for its parent: on a busy machine all of them would cost a tenth of a processor.
        self._parents = {one: self._parents.get(one) or _parent(one) for one in here}
        tree = [os.getpid()]
        for one in tree:
            tree += [child for child, parent in self._parents.items() if parent == one]
        return sum(map(_memory, [one for one in tree if one == tree[0] or _command(one) != self._command]))


def _command(process: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


def _parent(process: int) -> int:
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    return 0


def _memory(process: int) -> int:
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{process}/statm").read_text(encoding="utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


@dataclass(frozen=True)
class Case:
    """One file: what it goes beyond, if anything."""

    name: str
    kind: str
    table: Table
    limits: Limits
    beyond: tuple[str, ...]
    """The limits that it goes beyond; the refusal names one of them."""


def cases(dimension: str, folder: Path) -> Iterator[Case]:
    """Give one dimension in every format at each place beside its limit."""
    most, kinds = LIMITS[dimension]
    for kind in kinds:
        for place in PLACES:
            yield _case(f"{dimension}-{place}.{kind}", kind, [(dimension, most, place)], folder)


def combined(folder: Path, count: int, seed: int) -> Iterator[Case]:
    """Give files that lie at several limits at once."""
    chance = random.Random(seed)
    for number in range(count):
        kind = chance.choice(EVERY)
        possible = [name for name, (_, kinds) in LIMITS.items() if kind in kinds and name not in _MEASURED]
        chosen = chance.sample(possible, chance.randint(2, 3))
        wanted = [(name, LIMITS[name][0], chance.choice(PLACES)) for name in chosen]
        yield _case(f"combined-{number}.{kind}", kind, wanted, folder, grown=True)


def all_at_once(folder: Path, count: int, seed: int) -> Iterator[Case]:
    """Give files that lie at several limits at once, all of them within one set of limits: `SMALL`."""
    chance = random.Random(seed)
    for number in range(count):
        kind = chance.choice(EVERY)
        possible = [name for name, (_, kinds) in LIMITS.items() if kind in kinds and name not in _MEASURED]
        table = Table()
        for name in chance.sample(possible, chance.randint(1, 3)):
            place = chance.choice(PLACES)
            most = LIMITS[name][0]
            _grow(table, name, most + (place if isinstance(place, int) else 3 * most), kind)
        path = table.save(folder / f"hostile-{seed}-{number}.{kind}")
        yield Case(path.name, kind, table, SMALL, _over(table, SMALL, kind, path))


_MEASURED = frozenset({"parts", "unpacked_bytes", "file_bytes"})
"""What is known only of the file itself: its limit is set to what the file has."""
SMALL = DEFAULT._replace(**{name: most for name, (most, _) in LIMITS.items() if name not in _MEASURED})
"""Limits that are quick to reach, all of them together."""


def _case(
    name: str, kind: str, wanted: Sequence[tuple[str, int, int | str]], folder: Path, *, grown: bool = False
) -> Case:
    table = Table()
    for dimension, most, place in wanted:
        _grow(table, dimension, most + (place if isinstance(place, int) else 3 * most), kind)
    limits = DEFAULT._replace(**{dimension: most for dimension, most, _ in wanted if dimension not in _MEASURED})
    path = table.save(folder / name)
    for dimension, _, place in wanted:
        if dimension in _MEASURED:
            has = _measure(path, dimension)
            limits = limits._replace(**{dimension: has - place if isinstance(place, int) else has // 4})
    over = _over(table, limits, kind, path) if grown else tuple(d for d, _, place in wanted if place in (1, "far"))
    return Case(name, kind, table, limits, over)


def _grow(table: Table, dimension: str, size: int, kind: str) -> None:
    """Let a table reach `size` in one dimension and in no other more than it must."""
    if dimension == "rows":
        _repeat(table, size, kind)
    elif dimension == "columns":
        table.rows[0] += [f"X{at}" for at in range(len(table.rows[0]), size)]
    elif dimension == "cells":
        have = sum(1 for row in table.expanded() for text in row if text)
        if size > have:
            table.rows.append(["x"])
            _fill(table, size - have)
    elif dimension == "reach":
        _reach(table, size)
    elif dimension == "cell_characters":
        table.rows[1][4] = "y" * size
    elif dimension == "row_characters":
        _widen_row(table, size, kind)
    elif dimension == "characters":
        have = sum(len(text) for row in table.expanded() for text in row)
        while size > have:
            table.rows.append(["z" * min(200, size - have)])
            have += len(table.rows[-1][0])
    elif dimension in ("merges", "sheets", "styles"):
        setattr(table, dimension, size)
    elif dimension == "number_formats":
        table.styles = size + 1
    elif dimension == "parts":
        table.padding |= {f"docProps/p{at}.txt": b"" for at in range(size)}
    else:
        table.padding["docProps/p.txt"] = b"pad " * (size // 4)


def _repeat(table: Table, size: int, kind: str) -> None:
    have = len(table.expanded()) - 1
    if kind == "ods":
        table.times[1] = table.times.get(1, 1) + max(0, size - have)
    else:
        table.rows += [[f"{GOOD[0]} {at}", *GOOD[1:]] for at in range(max(0, size - have))]


def _fill(table: Table, count: int) -> None:
    table.rows.pop()
    while count > 0:
        table.rows.append([f"c{at}" for at in range(min(5, count))])
        count -= 5


def _reach(table: Table, size: int) -> None:
    """Cells that are read (each row to its last) and handed on (each as wide as the header) count together."""
    while _reached(table) < size:
        table.rows.append(["c", "", "", "", "c"])


def _reached(table: Table, *, laid_out: bool = False) -> int:
    """Count the cells that are read and handed on; a workbook is laid out as wide as its widest row."""
    rows = table.expanded()
    wide = len(rows[0])
    sizes = [len(row) for row in rows]
    sizes[1] += table.styles and table.styles - 1
    read = max(sizes) * len(sizes) if laid_out else sum(sizes)
    return read + wide * (len(rows) - 1)


def _widen_row(table: Table, size: int, kind: str) -> None:
    row = table.rows[1]
    have = len(",".join(row)) + 2 if kind in TEXTS else sum(map(len, row))
    if size > have:
        extra = size - have
        row[1] += "w" * (extra // 2)
        row[4] += "w" * (extra - extra // 2)


def _measure(path: Path, dimension: str) -> int:
    if dimension == "file_bytes":
        return path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    return len(entries) if dimension == "parts" else sum(one.file_size for one in entries)


def _covered(table: Table, rows: list[list[str]], kind: str) -> int:
    """Count the cells that merged ranges take within the width of the table: they count as filled."""
    if kind == "xls":
        return 2 * min(table.merges, len(rows) - 1)
    wide = len(rows[0])
    if kind == "ods":
        firsts = [len(table.rows[1]) + 2 * at for at in range(table.merges)] * table.times.get(1, 1)
    else:
        firsts = [8] * min(table.merges, sum(map(any, rows[1:])))
    return sum(max(0, min(first + 2, wide) - first) for first in firsts)


def _over(table: Table, limits: Limits, kind: str, path: Path) -> tuple[str, ...]:
    """Say which limits a table goes beyond, where it grew in several dimensions at once."""
    rows = table.expanded()
    long = [",".join(row) for row in rows] if kind in TEXTS else ["".join(row) for row in rows]
    covered = _covered(table, rows, kind)
    shown = sum(at + 2 for at in range(1, table.styles))
    has = {
        "rows": sum(1 for row in rows[1:] if any(row)),
        "columns": len(rows[0]),
        "cells": sum(1 for row in rows for text in row if text) + (table.styles and table.styles - 1) + covered,
        "reach": _reached(table, laid_out=kind in ("xlsx", "xlsm")),
        "cell_characters": max(len(text) for row in rows for text in row),
        "row_characters": max(*map(len, long), len(long[1]) + shown) + (2 if kind in TEXTS else 0),
        "characters": sum(len(text) for row in rows for text in row) + shown,
        "merges": table.merges,
        "sheets": table.sheets,
        "styles": table.styles,
        "number_formats": max(0, table.styles - 1),
    }
    return tuple(name for name, found in has.items() if found > getattr(limits, name))
