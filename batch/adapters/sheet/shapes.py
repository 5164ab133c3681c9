"""The shapes of what is read, for the type checker only: nothing imports this while the program runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

Extra = tuple[Any, ...]
"""What is to say about one cell beside its text, as plain values that travel between processes:
(position, "date", serial, 1904?, has a date?, has a time?, format if it cannot be shown),
(position, "error", "#N/A"), (position, "uncalculated"), (position, "formula", as written),
(position, "unclear", number, format), (position, "thousands" or "scientific" or "long", number), (position, "broken"),
(position, "merged", left, right, top, bottom), (position, "ragged", cells found)."""

RawRow = tuple[int, list[str], bool, "list[Extra] | None"]
"""Number as Excel shows it, texts as shown and stripped, hidden?, extras."""

RowOut = tuple[int, tuple[str, ...], "list[Extra] | None"]
"""A visible row that says something."""

Merge = tuple[int, int, int, int]
"""First row, first position, last row, last position; rows as Excel numbers them."""

Message = tuple[str, Any]
"""("note", about the file), ("head", about the sheet), ("rows", block), ("end", counts), ("fail", words and remedy),
("again", nothing): ask another reader, who is careful."""

Element = tuple[str, str, dict[str, str]]
"""Parent's name, name, attributes."""


class Tab(Protocol):
    """One sheet of a file, which can be read from its top more than once."""

    @property
    def name(self) -> str: ...
    @property
    def hidden(self) -> bool: ...
    @property
    def hidden_columns(self) -> tuple[int, ...]: ...
    @property
    def merges(self) -> list[Merge]: ...
    @property
    def width(self) -> int:
        """Columns up to the last that holds something."""

    @property
    def text_only(self) -> bool:
        """A text file: a row with too many or too few cells is ragged."""

    def rows(self) -> Iterator[RawRow]:
        """Give every row, from row 1 on, blank and hidden ones too."""
