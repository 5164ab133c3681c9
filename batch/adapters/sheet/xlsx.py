"""Read .xlsx and .xlsm: cells by calamine, and what calamine cannot see by `scan`, both at once on two cores."""

from __future__ import annotations

import posixpath
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from batch.adapters.sheet import formats
from batch.adapters.sheet.archive import Archive
from batch.adapters.sheet.cell_numbers import show_general, show_number, show_plain, to_serial
from batch.adapters.sheet.far import FarSheet, shared_texts
from batch.adapters.sheet.grid import LyingError
from batch.adapters.sheet.plain import to_int
from batch.adapters.sheet.scan import END, MAX_CELLS, STRINGS, Cell, Scan, XmlCheck, claimed_cells, position
from batch.adapters.sheet.shapes import Extra, Merge, RawRow
from batch.core.bounds import beyond
from batch.model.errors import SheetError
from batch.model.limits import Limits

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

MAX_SEEN = 60_000
"""Shown numbers remembered, so that the same date is not written out twice."""

MANY_CELLS = 100_000
"""A sheet that claims as many is laid out at once, on its word."""
_HIDDEN = ("hidden", "veryHidden")
_OTHER_ROOTS = ("word/", "ppt/", "xl/workbook.bin")
"""Where other documents of Office begin."""
Shown = tuple[str, "Extra | None"]
"""What a cell shows, and what is to say about it beside that."""


class XlsxBook:
    """An .xlsx workbook: its sheets, its number formats and its date system.

    One that is not read `carefully` is believed how far its large sheets reach. Should one reach further, LyingError
    is raised, if calamine has not ended the process before.
    """

    def __init__(self, path: str, *, date_order: str = "month", careful: bool = True, limits: Limits) -> None:
        self._path = path
        self._careful = careful
        self._limits = limits
        self._archive = Archive(path, limits)
        self.nuls = self._archive.search(for_text=b"_x0000_")
        root = self._root()
        workbook = self._archive.elements(root)
        relations = self._relations(root)
        self._calamine: CalamineWorkbook | None = None
        self._strings = next((target for kind, target in relations.values() if kind == "sharedStrings"), "")
        self.epoch_1904 = any(name == "workbookPr" and _true(has.get("date1904", "")) for _, name, has in workbook)
        self.recalculates = any(name == "calcPr" and _true(has.get("fullCalcOnLoad", "")) for _, name, has in workbook)
        self.macros = any(name.endswith("vbaProject.bin") for name in self._archive.names)
        self.formats = self._formats(relations, date_order)
        self.tabs = [
            SheetTab(self, has.get("name", ""), relations[key][1], hidden=has.get("state", "") in _HIDDEN)
            for parent, name, has in workbook
            if parent == "sheets" and name == "sheet" and (key := _relation(has)) in relations
            if relations[key][0] == "worksheet"
        ]
        if len(self.tabs) > limits.sheets:
            raise beyond("sheets", limits, found=len(self.tabs))

    def scan(self, part: str) -> Scan:
        """Look through the XML of one sheet."""
        return Scan(self._archive, part, self.formats, recalculates=self.recalculates, limits=self._limits)

    @property
    def damage(self) -> str:
        """Where the XML of the shared texts is malformed."""
        if self._strings not in self._archive.names:
            return ""
        watch = XmlCheck(self._strings)
        for _ in watch.over(self._archive.blocks(self._strings)):
            if watch.damage:
                break
        return watch.damage

    def judge_texts(self, scan: Scan) -> None:
        """Refuse a sheet whose cells show shared texts so often that they would not fit, before they are laid out.

        One that is laid out on its word needs it not: what does not fit ends the process, and another one is careful.
        """
        if self._strings not in self._archive.names or scan.shared < 2:
            return
        if self._archive.size(self._strings) * scan.shared <= self._limits.characters:
            return  # even if all its texts were one
        if scan.shared * self._longest() <= self._limits.characters:
            return
        lengths = [len(text) for text in shared_texts(self._archive, self._strings, self._limits)]
        if scan.expand(lengths) > self._limits.characters:
            raise beyond("characters", self._limits)

    def _longest(self) -> int:
        """Give the bytes of the longest shared text, or more."""
        longest, carried = 0, 0
        for block in self._archive.blocks(self._strings):
            first, *others = block.split(b"</si>")
            longest = max(longest, carried + len(first), *map(len, others), 0)
            carried = len(others[-1]) if others else carried + len(first)
        return longest

    def cells(self, name: str) -> CalamineSheet:
        """Let calamine lay out one sheet."""
        if self._calamine is None:
            from python_calamine import load_workbook

            self._calamine = load_workbook(str(self._path))
        return self._calamine.get_sheet_by_name(name)

    def is_believed(self, part: str) -> bool:
        """Say whether a sheet may be laid out on its word: it is large, and says that it fits."""
        return (
            not self._careful and MANY_CELLS <= claimed_cells(next(self._archive.blocks(part), b"")[:4096]) <= MAX_CELLS
        )

    def far_cells(self, part: str) -> FarSheet:
        """Read one sheet without laying it out."""
        return FarSheet(self._archive, part, self._strings, position, self._limits)

    def close(self) -> None:
        """Let the file go."""
        self._archive.close()
        if self._calamine is not None:
            self._calamine.close()

    def _root(self) -> str:
        if "EncryptedPackage" in self._archive.names:
            raise SheetError("the file is protected by a password", "save it without one")
        if "_rels/.rels" in self._archive.names:
            for _, _, has in self._archive.elements("_rels/.rels"):
                if has.get("Type", "").endswith("/officeDocument"):
                    root = posixpath.normpath(has.get("Target", "").lstrip("/"))
                    if not root.startswith(_OTHER_ROOTS):
                        return root
        raise self._archive.refuse_kind("an Excel workbook")

    def _relations(self, root: str) -> dict[str, tuple[str, str]]:
        folder, name = posixpath.split(root)
        part = posixpath.join(folder, "_rels", name + ".rels")
        return {
            has.get("Id", ""): (has.get("Type", "").rpartition("/")[2], _target(folder, has.get("Target", "")))
            for _, tag, has in self._archive.elements(part)
            if tag == "Relationship"
        }

    def _formats(self, relations: dict[str, tuple[str, str]], date_order: str) -> list[formats.Format | None]:
        """Give the format of each style; None for one that shows any number as General does."""
        part = next((target for kind, target in relations.values() if kind == "styles"), "")
        if part not in self._archive.names:
            return []
        found = self._archive.elements(part)
        codes = formats.BUILT_IN | formats.REGIONAL[date_order]
        own = [has for parent, tag, has in found if parent == "numFmts" and tag == "numFmt"]
        if len(own) > self._limits.number_formats:
            raise beyond("number_formats", self._limits, found=len(own))
        codes |= {to_int(has.get("numFmtId", "")): has.get("formatCode", "") for has in own}
        made: dict[int, formats.Format | None] = {}
        styles = [to_int(has.get("numFmtId", "0")) for parent, tag, has in found if parent == "cellXfs" and tag == "xf"]
        if len(styles) > self._limits.styles:
            raise beyond("styles", self._limits, found=len(styles))
        for number in set(styles):
            code = codes.get(number, "") or ("General" if number not in codes else "")
            code = formats.UNKNOWN if number not in codes and number > 22 else code
            plain = code.lower() in ("", "general", "@")
            made[number] = None if plain else formats.Format(code, epoch_1904=self.epoch_1904)
        return [made[number] for number in styles]


class SheetTab:
    """One worksheet of a workbook."""

    text_only = False

    def __init__(self, book: XlsxBook, name: str, part: str, *, hidden: bool) -> None:
        self._book, self._part = book, part
        self.name, self.hidden = name, hidden
        self._found: Scan | None = None
        self._loading: _Loading | None = None
        self._sheet: CalamineSheet | FarSheet | None = None
        self._seen: dict[Cell, Shown] = {}

    @property
    def hidden_columns(self) -> tuple[int, ...]:
        """Positions of the hidden columns."""
        return tuple(self._scan.hidden_columns)

    @property
    def merges(self) -> list[Merge]:
        """Give the merged ranges."""
        return self._scan.merges

    @property
    def damage(self) -> str:
        """Where its XML is malformed, or that of the texts that sheets share."""
        return self._scan.damage or self._book.damage

    @property
    def width(self) -> int:
        """Columns up to the last that holds something."""
        end = self._cells().end
        return end[1] + 1 if end else 0

    def rows(self) -> Iterator[RawRow]:
        """Give every row, from row 1 on."""
        scan, sheet, nuls = self._scan, self._cells(), self._book.nuls
        special, hidden = scan.cells, scan.hidden_rows
        start = sheet.start
        lead: list[str | None] = [""] * (start[1] if start else 0)
        number = 0
        for values in sheet.iter_rows():
            number += 1
            if number > scan.read_to:
                scan.read_on(to=number)
            texts = [value.strip() if type(value) is str else show_plain(value) for value in values]
            if lead:
                texts = lead + texts
            care = special.get(number)
            if care is not None or None in texts or nuls:
                filled, extras = self._care(texts, care or (), values, len(lead))
                yield number, filled, number in hidden, extras
            else:
                yield number, texts, number in hidden, None  # type: ignore[misc]
        yield from self._below(number)

    @property
    def _scan(self) -> Scan:
        if self._found is None:
            if self._book.is_believed(self._part):
                self._loading = self._load()
            self._found = self._book.scan(self._part)
            if self._found.far and self._loading is not None:
                raise LyingError
            if not self._found.far and self._loading is None:
                self._book.judge_texts(self._found)
        return self._found

    def _load(self) -> _Loading:
        return _Loading(lambda: self._book.cells(self.name))

    def _cells(self) -> CalamineSheet | FarSheet:
        if self._sheet is None:
            scan = self._scan
            if self._loading is None and not scan.far and not scan.unusual:
                self._loading = self._load()
            while self._loading is not None and self._loading.is_alive() and scan.read_to < END:
                scan.read_on()
            self._sheet = self._laid_out()
        return self._sheet

    def _laid_out(self) -> CalamineSheet | FarSheet:
        """Wait for calamine; where it stumbles over something beside the cells, or might, read them without it."""
        from python_calamine import CalamineError

        with suppress(CalamineError):
            if self._loading is not None and not self._scan.unusual:
                return self._loading.wait()
        return self._book.far_cells(self._part)

    def _below(self, number: int) -> Iterator[RawRow]:
        """Give the rows that hold nothing but errors, which calamine does not see."""
        self._scan.read_on(to=END)
        for row in sorted(row for row in self._scan.cells if row > number):
            texts, extras = self._care([], self._scan.cells[row], [], 0)
            if extras or any(texts):
                yield from ((blank, [], False, None) for blank in range(number + 1, row))
                yield row, texts, row in self._scan.hidden_rows, extras
                number = row

    def _care(
        self, texts: list[str | None], care: Iterable[Cell], values: list[Any], lead: int
    ) -> tuple[list[str], list[Extra] | None]:
        extras: list[Extra] = []
        for cell in care:
            at = cell[0]
            if at >= len(texts):
                texts.extend([""] * (at + 1 - len(texts)))
            texts[at], extra = self._seen.get(cell) or self._show(cell, texts[at] or "")
            if extra is not None:
                extras.append(extra)
        if None in texts or self._book.nuls:
            self._mend(texts, extras, values, lead)
        return texts, extras or None  # type: ignore[return-value]

    def _mend(self, texts: list[str | None], extras: list[Extra], values: list[Any], lead: int) -> None:
        for at, text in enumerate(texts):
            if text is None:
                texts[at], extra = show_general(values[at - lead])
                if extra is not None:
                    extras.append((at, *extra))
            elif "\0" in text:
                extras.append((at, "broken"))

    def _show(self, cell: Cell, text: str) -> Shown:
        """Give what a cell shows, `text` by calamine, and what is to say about it; a number's is remembered."""
        at, style, kind, raw = cell
        if kind == b"e":
            return "", (at, "error", raw.decode("utf-8", "replace") or "#N/A")
        if kind == b"f":
            return "", (at, "uncalculated")
        styles, number = self._book.formats, int(style or 0)
        shape = styles[number] if number < len(styles) else None
        if kind in STRINGS:
            return (shape.show_text(text).strip() if shape and text else text), None
        if kind == b"b" or not raw:
            return text, None
        words = raw.decode("utf-8", "replace")
        if kind == b"d":
            words = to_serial(words, epoch_1904=self._book.epoch_1904)
        shown, extra = show_number(words, shape, epoch_1904=self._book.epoch_1904)
        known = shown, (at, *extra) if extra is not None else None
        if len(self._seen) < MAX_SEEN:
            self._seen[cell] = known
        return known


class _Loading(threading.Thread):
    """Lets calamine, which needs no Python for it, lay out a sheet while this process is at work on something else."""

    def __init__(self, load: Callable[[], CalamineSheet]) -> None:
        super().__init__(daemon=True)
        self._load = load
        self._trouble: BaseException | None = None
        self._sheet: CalamineSheet | None = None
        try:
            self.start()
        except RuntimeError:  # this machine allows no thread more
            self.run()

    def run(self) -> None:
        try:
            self._sheet = self._load()
        except BaseException as error:  # calamine's panics are no Exception
            self._trouble = error

    def wait(self) -> CalamineSheet:
        """Give the sheet once it is laid out; raises what calamine raised."""
        if self.ident is not None:
            self.join()
        if self._sheet is None:
            raise self._trouble or RuntimeError("no sheet")
        return self._sheet


def _target(folder: str, target: str) -> str:
    if target.startswith("/"):
        return posixpath.normpath(target.lstrip("/"))
    return posixpath.normpath(posixpath.join(folder, target))


def _relation(has: dict[str, str]) -> str:
    return next((value for key, value in has.items() if key.endswith(":id")), "")


def _true(text: str) -> bool:
    return text in ("1", "true", "on")
