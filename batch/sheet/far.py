"""Read a worksheet whose cells lie so far apart that calamine could not lay them out in memory.

Slower than calamine for each cell, but a cell in column QQQ costs no more than one in column A.
"""

from __future__ import annotations

from batch.errors import SheetError
from batch.sheet.archive import SAVE_AGAIN, Archive, parse, safe_parser

TYPE_CHECKING = False  # `typing` itself would cost the reading process a part of its start
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Value = str | float | bool

MAX_CELLS = 2_000_000


class FarSheet:
    """The cells of one worksheet, kept by row; stands in for calamine's sheet."""

    def __init__(self, archive: Archive, part: str, strings: str, position: Callable[[bytes], int]) -> None:
        self._shared = _strings(archive, strings) if strings in archive.names else []
        self._position = position
        self._rows: dict[int, dict[int, Value]] = {}
        self._cells = 0
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

        def start(tag: str, has: dict[str, str]) -> None:
            nonlocal row, column, kind, text
            local = tag.rpartition(":")[2]
            if local == "row":
                row, column = int(has.get("r", row + 1)), 0
            elif local == "c":
                letters = has.get("r", "").rstrip("0123456789")
                column = self._position(letters.encode()) if letters else column
                row = int(has["r"][len(letters) :]) if letters else row
                kind, text = has.get("t", "n"), None
            elif local in ("v", "is"):
                text = []

        def end(tag: str) -> None:
            nonlocal column, text
            local = tag.rpartition(":")[2]
            if local == "c":
                if text is not None:
                    self._keep(row, column, kind, "".join(text))
                column += 1
                text = None

        def characters(words: str) -> None:
            if text is not None:
                text.append(words)

        parser = safe_parser(part)
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
        for block in archive.blocks(part):
            parse(parser, block, part, last=False)
        parse(parser, b"", part)

    def _keep(self, row: int, column: int, kind: str, text: str) -> None:
        self._cells += 1
        if self._cells > MAX_CELLS:
            raise SheetError("the sheet has too many cells too far apart", SAVE_AGAIN)
        value: Value = text
        if kind == "s":
            value = self._shared[int(text)]
        elif kind == "b":
            value = text == "1"
        elif kind == "n" and text:
            value = float(text)
        elif kind == "e":
            value = ""
        self._rows.setdefault(row, {})[column] = value


def _strings(archive: Archive, part: str) -> list[str]:
    """List the shared strings, the readings of Chinese and Japanese words left out."""
    found: list[str] = []
    path: list[str] = []

    def start(tag: str, _has: dict[str, str]) -> None:
        path.append(tag.rpartition(":")[2])
        if path[-1] == "si":
            found.append("")

    def end(_tag: str) -> None:
        path.pop()

    def characters(words: str) -> None:
        if found and path[-1] == "t" and "rPh" not in path:
            found[-1] += words

    parser = safe_parser(part)
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    for block in archive.blocks(part):
        parse(parser, block, part, last=False)
    parse(parser, b"", part)
    return found
