"""Read a worksheet whose cells lie so far apart that calamine could not lay them out in memory.

Slower than calamine for each cell, but a cell in column QQQ costs no more than one in column A.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from batch.adapters.sheet.archive import Archive, parse, safe_parser
from batch.adapters.sheet.plain import CELL, to_int
from batch.core.bounds import beyond
from batch.model.limits import Limits

Value = str | float | bool


class FarSheet:
    """The cells of one worksheet, kept by row; stands in for calamine's sheet."""

    def __init__(
        self, archive: Archive, part: str, strings: str, position: Callable[[bytes], int], limits: Limits
    ) -> None:
        self._limits = limits
        self._shared = shared_texts(archive, strings, limits) if strings in archive.names else []
        self._position = position
        self._rows: dict[int, dict[int, Value]] = {}
        self._cells = self._long = 0
        self._read(archive, part)
        far = max((max(row) for row in self._rows.values()), default=0)
        self.start = (0, 0)
        self.end = (max(self._rows, default=1) - 1, far)

    def iter_rows(self) -> Iterator[list[Value]]:
        """Give every row, from row 1 on, each as long as its last cell says."""
        for number in range(1, max(self._rows, default=0) + 1):
            row = self._rows.get(number, {})
            values: list[Value] = [""] * (max(row, default=-1) + 1)
            for at, value in row.items():
                values[at] = value
            yield values

    def _read(self, archive: Archive, part: str) -> None:
        row = column = 0
        kind = ""
        text: list[str] | None = None
        path = [""]

        def start(tag: str, has: dict[str, str]) -> None:
            nonlocal row, column, kind, text
            path.append(tag.rpartition(":")[2])
            if path[-1] == "row":
                row, column = to_int(has.get("r", "")) or row + 1, 0
            elif path[-1] == "c":
                found = CELL.fullmatch(has.get("r", "").strip().upper())
                column = self._position(found[1].encode()) if found else column
                row = int(found[2]) if found else row
                kind, text = has.get("t", "n").strip(), None
            elif path[-1] in ("v", "is"):
                text, self._long = [], 0

        def end(_tag: str) -> None:
            nonlocal column, text
            if path.pop() == "c":
                if text is not None:
                    self._keep(row, column, kind, "".join(text))
                column += 1
                text = None

        def characters(words: str) -> None:
            if text is not None and (path[-1] == "v" or (path[-1] == "t" and "rPh" not in path)):
                self._long += len(words)
                if self._long > self._limits.cell_characters:
                    raise beyond("cell_characters", self._limits, f"a cell of row {row}")
                text.append(words)

        parser = safe_parser(part)
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
        for block in archive.blocks(part):
            parse(parser, block, part, last=False)
        parse(parser, b"", part)

    def _keep(self, row: int, column: int, kind: str, text: str) -> None:
        self._cells += 1
        if self._cells > self._limits.cells:
            raise beyond("cells", self._limits)
        value: Value = unescape(text)
        if kind == "s":
            value = self._shared[int(text)] if text.strip() else ""
        elif kind == "b":
            value = text.strip() in ("1", "true")
        elif kind == "n" and text:
            value = _number(text)
        elif kind == "e":
            value = ""
        self._rows.setdefault(row, {})[column] = value


def _number(text: str) -> Value:
    try:
        return float(text)
    except ValueError:
        return text


def unescape(text: str) -> str:
    """Write out the characters that a workbook writes as `_x000D_` (ECMA-376 part 1, 22.4.2.4, ST_Xstring)."""
    if "_x" not in text:
        return text
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def shared_texts(archive: Archive, part: str, limits: Limits) -> list[str]:
    """List the shared texts, the readings of Chinese and Japanese words left out."""
    found: list[str] = []
    pieces: list[str] = []
    path: list[str] = []
    long = 0

    def start(tag: str, _has: dict[str, str]) -> None:
        nonlocal long
        path.append(tag.rpartition(":")[2])
        if path[-1] == "si":
            pieces.clear()
            long = 0

    def end(_tag: str) -> None:
        if path.pop() == "si":
            found.append(unescape("".join(pieces)))

    def characters(words: str) -> None:
        nonlocal long
        if path[-1] == "t" and "rPh" not in path:
            pieces.append(words)
            long += len(words)
            if long > limits.cell_characters:
                raise beyond("cell_characters", limits, f"the shared text {len(found) + 1}")

    parser = safe_parser(part)
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    for block in archive.blocks(part):
        parse(parser, block, part, last=False)
    parse(parser, b"", part)
    return found


_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
