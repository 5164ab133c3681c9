"""Read .xls, the format of Excel before 2007, by xlrd, which knows hidden rows and number formats."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from batch.adapters.sheet import formats
from batch.adapters.sheet import xls_second as second
from batch.adapters.sheet.archive import SAVE_AGAIN
from batch.adapters.sheet.cell_numbers import show_number
from batch.adapters.sheet.shapes import Extra, Merge, RawRow
from batch.core.bounds import beyond
from batch.model.errors import SheetError
from batch.model.limits import Limits

TEXT, NUMBER, DATE, BOOLEAN, ERROR = 1, 2, 3, 4, 5
"""The types of cells, as xlrd numbers them."""


def open_book(path: str, *, date_order: str, limits: Limits) -> XlsBook | second.PlainXlsBook:
    """Open an .xls workbook with its first reader; what that one refuses is tried with the second.

    Every sheet is read at once: a damaged one shows only then. Raises SheetError when neither can read it.
    """
    try:
        book = XlsBook(path, date_order=date_order, limits=limits)
        book.load()
    except (SheetError, MemoryError):
        raise
    except Exception as error:
        if _is_encrypted(error):
            raise SheetError("the file is protected by a password", "save it without one") from error
        return _try_second(path)
    return book


def _try_second(path: str) -> second.PlainXlsBook:
    try:
        return second.PlainXlsBook(path)
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as other:  # calamine's panics are no Exception
        raise SheetError("the file is damaged or not an Excel workbook", SAVE_AGAIN) from other


class XlsBook:
    """An .xls workbook; raises whatever xlrd raises."""

    macros = False

    def __init__(self, path: str, *, date_order: str = "month", limits: Limits) -> None:
        import xlrd

        self._book: Any = xlrd.open_workbook(
            str(path),
            formatting_info=True,
            on_demand=True,
            ragged_rows=True,
            logfile=io.StringIO(),
            ignore_workbook_corruption=True,  # a directory that is out of order, which Excel minds as little
        )
        self._judge(limits)
        self._epoch_1904 = self._book.datemode == 1
        self._short = {number: formats.REGIONAL[date_order][number] for number in (14, 22)}  # the others it spells out
        self._made: dict[int, formats.Format | None] = {}
        self.tabs = [XlsTab(self, self._book, number, name) for number, name in enumerate(self._book.sheet_names())]

    def load(self) -> None:
        """Read every sheet."""
        for tab in self.tabs:
            tab.load()

    def close(self) -> None:
        """Let the file go."""
        self._book.release_resources()

    def _judge(self, limits: Limits) -> None:
        """Refuse a workbook with more sheets or formats than a limit."""
        for name, found in (
            ("sheets", self._book.nsheets),
            ("styles", len(self._book.xf_list)),
            ("number_formats", len(self._book.format_map)),
        ):
            if found > getattr(limits, name):
                raise beyond(name, limits, found=found)

    def show(self, value: float, style: int) -> tuple[str, Any]:
        """Give what a number shows in its cell, and what is to say about it."""
        if style not in self._made:
            self._made[style] = self._format(style)
        return show_number(repr(value), self._made[style], epoch_1904=self._epoch_1904)

    def _format(self, style: int) -> formats.Format | None:
        if not 0 <= style < len(self._book.xf_list):
            return None
        key = self._book.xf_list[style].format_key
        found = self._book.format_map.get(key)
        code = self._short.get(key) or (found.format_str if found else "General") or formats.UNKNOWN
        if code.lower() in ("", "general", "@"):
            return None
        return formats.Format(code, epoch_1904=self._epoch_1904)


class XlsTab:
    """One worksheet."""

    text_only = False

    def __init__(self, book: XlsBook, source: Any, number: int, name: str) -> None:
        self._book, self._source, self._number = book, source, number
        self.name = name
        self.hidden = source._sheet_visibility[number] != 0  # known before the sheet is read
        self._loaded: Any = None

    def load(self) -> None:
        """Read the sheet."""
        self._loaded = self._sheet

    @property
    def _sheet(self) -> Any:
        if self._loaded is None:
            self._loaded = self._source.sheet_by_index(self._number)
        return self._loaded

    @property
    def hidden_columns(self) -> tuple[int, ...]:
        """Positions of the hidden columns."""
        found = self._sheet.colinfo_map.items()
        return tuple(sorted(at for at, column in found if column.hidden or column.width == 0))

    @property
    def merges(self) -> list[Merge]:
        """Give the merged ranges."""
        return [(top + 1, left, bottom, right - 1) for top, bottom, left, right in self._sheet.merged_cells]

    @property
    def width(self) -> int:
        """Columns up to the last that holds something."""
        return int(self._sheet.ncols)

    def rows(self) -> Iterator[RawRow]:
        """Give every row, from row 1 on."""
        sheet = self._sheet
        about = sheet.rowinfo_map
        for at in range(sheet.nrows):
            texts, extras = self._row(sheet.row_types(at), sheet.row_values(at), at)
            hidden = at in about and _hidden(about[at])
            yield at + 1, texts, hidden, extras

    def _row(self, kinds: Any, values: list[Any], row: int) -> tuple[list[str], list[Extra] | None]:
        texts: list[str] = []
        extras: list[Extra] = []
        for at, (kind, value) in enumerate(zip(kinds, values, strict=True)):
            text, extra = self._cell(kind, value, row, at)
            texts.append(text)
            if extra is not None:
                extras.append((at, *extra))
        return texts, extras or None

    def _cell(self, kind: int, value: Any, row: int, at: int) -> tuple[str, Any]:
        if kind == TEXT:
            text = value.strip()
            return text, ("broken",) if "\0" in text else None
        if kind in (NUMBER, DATE):
            return self._book.show(value, self._sheet.cell_xf_index(row, at))
        if kind == BOOLEAN:
            return "TRUE" if value else "FALSE", None
        if kind == ERROR:
            return "", ("error", _ERRORS.get(value, "#N/A"))
        return "", None


def _hidden(row: Any) -> bool:
    """Say whether a row is hidden; one of the usual height may have a height of zero written beside it."""
    return bool(row.hidden or (row.height == 0 and not row.has_default_height))


def _is_encrypted(error: Exception) -> bool:
    return "encrypted" in str(error).lower() or "password" in str(error).lower()


_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
