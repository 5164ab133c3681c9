"""Write a worksheet's XML anew, in the one way that quick expressions cover: slow, and right for any writer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from batch.adapters.sheet.archive import SAVE_AGAIN, parse, safe_parser
from batch.model.columns import column_letter, column_position
from batch.model.errors import SheetError


def plain_xml(blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Give the XML of a sheet as the usual programs write it: what counts of it, tag by tag.

    Raises SheetError for XML that is none, and for two cells in one place.
    """
    writer = _Writer()
    parser = safe_parser(name)
    parser.StartElementHandler, parser.EndElementHandler = writer.start, writer.end
    parser.CharacterDataHandler = writer.characters
    for block in blocks:
        parse(parser, block, name, last=False)
        yield writer.take()
    parse(parser, b"", name)
    yield writer.take()


def doubled_row(number: int) -> SheetError:
    """Make the refusal of a sheet that says two things about one row."""
    return SheetError(
        f"the workbook is damaged: row {number}, or a cell of it, appears twice or is out of place", SAVE_AGAIN
    )


def to_int(text: str | bytes) -> int:
    """Read a whole number; 0 for what is none."""
    try:
        return int(text)
    except ValueError:
        return 0


class _Writer:
    """Follows the elements of a sheet and writes down those that count."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._row = self._column = 0
        self._begun = True
        """Whether the tag of the row is written: one without a number has that of its first cell."""
        self._about: dict[str, str] = {}
        self._columns: set[int] = set()
        self._in_value = False

    def take(self) -> bytes:
        """Give what was written since the last time."""
        text = "".join(self._out).encode()
        self._out.clear()
        return text

    def start(self, tag: str, has: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "row":
            self._columns.clear()
            self._column, self._begun, self._about = 0, False, has
            if given := to_int(has.get("r", "")):
                self._begin_row(given)
        elif tag == "c":
            self._start_cell(has)
        elif tag in ("f", "v"):
            self._in_value = tag == "v"
            self._out.append(f"<{tag}>")
        elif tag in ("col", "mergeCell"):
            self._out.append(f"<{tag}" + _written(has, ("min", "max", "hidden", "width", "ref")) + "/>")

    def end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        self._in_value = False
        if tag == "row" and not self._begun:
            self._begin_row(self._row + 1)
        if tag in ("row", "c", "f", "v"):
            self._out.append(f"</{tag}>")

    def characters(self, words: str) -> None:
        if self._in_value:
            self._out.append(words.replace("&", "&amp;").replace("<", "&lt;"))

    def _begin_row(self, number: int) -> None:
        self._row, self._begun = number, True
        self._out.append(f'<row r="{number}"' + _written(self._about, ("hidden", "ht")) + ">")

    def _start_cell(self, has: dict[str, str]) -> None:
        found = CELL.fullmatch(has.get("r", "").strip().upper())
        if found:
            self._column = column_position(found[1])
        if not self._begun:
            self._begin_row(int(found[2]) if found else self._row + 1)
        if self._column in self._columns or (found and int(found[2]) != self._row):
            raise doubled_row(self._row)
        self._columns.add(self._column)
        self._out.append(f'<c r="{column_letter(self._column)}{self._row}"' + _written(has, ("s", "t")) + ">")
        self._column += 1


def _written(has: dict[str, str], names: tuple[str, ...]) -> str:
    return "".join(f' {name}="{has[name].strip()}"' for name in names if name in has and '"' not in has[name])


CELL = re.compile(r"([A-Z]{1,4})(\d{1,9})")
