"""Read an .xls that xlrd refuses by calamine, which knows neither hidden rows nor number formats, and say so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from batch.adapters.sheet import formats
from batch.adapters.sheet.shapes import Extra, Merge, RawRow

_UNKNOWN = "unknown"


class PlainXlsBook:
    """An .xls workbook, as far as its values go. Raises whatever calamine raises."""

    macros = False

    def __init__(self, path: str) -> None:
        from python_calamine import SheetVisibleEnum, load_workbook

        self._book = load_workbook(path)
        about = self._book.sheets_metadata
        self.tabs = [PlainXlsTab(self._book, one.name, hidden=one.visible != SheetVisibleEnum.Visible) for one in about]
        for tab in self.tabs:
            tab.load()

    def close(self) -> None:
        """Let the file go."""
        self._book.close()


class PlainXlsTab:
    """One worksheet; every row says that nobody knows whether it is hidden."""

    text_only = False
    hidden_columns: tuple[int, ...] = ()

    def __init__(self, book: Any, name: str, *, hidden: bool) -> None:
        self._book, self.name, self.hidden = book, name, hidden
        self.merges: list[Merge] = []
        self._rows: list[list[Any]] = []

    def load(self) -> None:
        """Read the values of the sheet."""
        self._rows = self._book.get_sheet_by_name(self.name).to_python(skip_empty_area=False)

    @property
    def width(self) -> int:
        """Columns up to the last that holds something."""
        return max(map(len, self._rows), default=0)

    def rows(self) -> Iterator[RawRow]:
        """Give every row, from row 1 on."""
        for number, values in enumerate(self._rows, start=1):
            texts: list[str] = []
            extras: list[Extra] = []
            for at, value in enumerate(values):
                text, extra = _show(value)
                texts.append(text)
                if extra is not None:
                    extras.append((at, *extra))
            if any(texts) or extras:
                extras.append((0, "hidden-unknown"))
            yield number, texts, False, extras or None


def _show(value: Any) -> tuple[str, tuple[Any, ...] | None]:
    if isinstance(value, bool):
        return str(value).upper(), None
    if isinstance(value, str):
        return value.strip(), ("broken",) if "\0" in value else None
    if isinstance(value, (int, float)):
        plain = formats.exact(float(value))
        return plain, ("unclear", plain, _UNKNOWN)
    serial = _serial(value)
    if serial is None:
        return str(value), None
    has_date = isinstance(value, date)
    return "", ("date", serial, False, has_date, not has_date or isinstance(value, datetime), _UNKNOWN)


def _serial(value: Any) -> float | None:
    """Count the days since 1899-12-30, as spreadsheets do."""
    if isinstance(value, datetime):
        return (value - datetime(1899, 12, 30)).total_seconds() / 86_400  # noqa: DTZ001 cells know no zone
    if isinstance(value, date):
        return float((value - date(1899, 12, 30)).days)
    if isinstance(value, time):
        return (value.hour * 3600 + value.minute * 60 + value.second) / 86_400
    return value.total_seconds() / 86_400 if isinstance(value, timedelta) else None
