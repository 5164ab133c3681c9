"""Read .csv and .tsv: which encoding, which delimiter, and the rows; nothing is guessed about a cell.

Light on purpose: the reading process imports it.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from batch.adapters.sheet import headers
from batch.adapters.sheet.shapes import Extra, Merge, RawRow
from batch.core.bounds import beyond
from batch.model.errors import SheetError
from batch.model.limits import Limits

DELIMITERS = (",", ";", "\t", "|")
SAMPLE = 2**16
_QUOTE = 'look for a quotation mark (") that is opened and never closed'
DOS_END = "\x1a"
"""Ends a text in DOS and CP/M; some exports still write it."""


class TextBook:
    """A text file as a workbook of one sheet."""

    def __init__(self, path: str, legacy: str, *, tabs: bool, limits: Limits) -> None:
        tab = TextTab(path, legacy, tabs=tabs, limits=limits)
        self.tabs = [tab]
        self.legacy = tab.legacy
        """Whether it is not Unicode text, and was read in the encoding that the settings name."""

    def close(self) -> None:
        """Nothing stays open between two readings of its rows."""


class TextTab:
    """A text file as a sheet without a name."""

    name = ""
    hidden = False
    width = 0
    hidden_columns: tuple[int, ...] = ()
    text_only = True

    def __init__(self, path: str, legacy: str, *, tabs: bool = False, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        self.merges: list[Merge] = []
        self.encoding, self.legacy = _find_encoding(path, legacy)
        sample = self._sample()
        self._skip, self.delimiter = _find_delimiter(sample, "\t" if tabs else ",")
        self._nuls = self.encoding.startswith("utf-16") or _has_nul(path)

    def rows(self) -> Iterator[RawRow]:
        """Give every record; one with newlines in it is one row, as in Excel."""
        with self._open() as file:
            if self._skip:
                file.readline()
            number = self._since = 0
            records = csv.reader(self._lines(file), delimiter=self.delimiter)
            try:
                for record in records:
                    number += 1
                    self._since = 0
                    texts = [text.strip() for text in record]
                    if texts and DOS_END in texts[-1]:
                        texts[-1] = texts[-1].rstrip(DOS_END).rstrip()
                        if not any(texts):
                            continue
                    yield number, texts, False, _broken(texts) if self._nuls else None
            except csv.Error as error:
                if "field limit" in str(error):
                    raise self._too_long("cell_characters", f"a cell of row {number + 1}") from error
                raise SheetError(
                    f"row {number + 1} of the file cannot be read ({error})",
                    _QUOTE,
                ) from error

    def _lines(self, file: io.TextIOWrapper) -> Iterator[str]:
        """Give the lines of the file, as long as those of one row are within the limit."""
        while line := file.readline(self._limits.row_characters + 1):
            self._since += len(line)
            if self._since > self._limits.row_characters:
                raise self._too_long("row_characters", "a row")
            yield line

    def _too_long(self, limit: str, place: str) -> SheetError:
        refusal = beyond(limit, self._limits, place)
        return SheetError(refusal.words, f"{refusal.remedy}, or {_QUOTE}")

    def _open(self) -> io.TextIOWrapper:
        csv.field_size_limit(self._limits.cell_characters)
        return open(self._path, encoding=self.encoding, newline="")

    def _sample(self) -> str:
        with self._open() as file:
            return file.read(SAMPLE)


def _find_encoding(path: str, legacy: str) -> tuple[str, bool]:
    """Give the encoding, and whether it is the legacy one because nothing else fits."""
    with open(path, "rb") as file:
        start = file.read(4096)
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)) or _is_utf32(start):
        raise SheetError("the file is UTF-32 text, which no spreadsheet program reads", _SAVE_AS)
    if start.startswith(codecs.BOM_UTF8):
        return _sure(path, "utf-8-sig"), False
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _sure(path, "utf-16"), False
    text = start.rstrip(b"\0")
    _refuse_padding(path, max(len(start) - len(text), len(start) - len(start.lstrip(b"\0"))))
    if text[1::2].count(0) > len(text) // 4:
        return _sure(path, "utf-16-le"), False
    if text[::2].count(0) > len(text) // 4:
        return _sure(path, "utf-16-be"), False
    if _fits(path, "utf-8") is None:
        return "utf-8", False
    return _legacy(path, legacy), True


def _is_utf32(start: bytes) -> bool:
    """Say whether a text without a mark is written in four bytes a character."""
    quarter = len(start) // 4
    if quarter < 4:
        return False
    empty = [start[at::4].count(0) > quarter * 0.9 for at in range(4)]
    return empty in ([False, True, True, True], [True, True, True, False])


def _refuse_padding(path: str, over: int) -> None:
    """Refuse a text that is filled up with NULs: it was cut off, or copied while it was written."""
    size = os.stat(path).st_size
    with open(path, "rb") as file:
        file.seek(max(0, size - 8))
        end = file.read()
    if over > _SOME_NULS or (len(end) == 8 and not end.strip(b"\0")):
        raise SheetError(
            "the file is padded with NUL characters, so its end may be lost", "copy or export it again, then drop it"
        )


def _sure(path: str, encoding: str) -> str:
    line = _fits(path, encoding)
    if line is None:
        return encoding
    raise SheetError(
        f"line {line} of the file has a broken character ({encoding} text with half a character in it)",
        "type that character again and save the file as CSV UTF-8",
    )


def _legacy(path: str, legacy: str) -> str:
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            if b"\xed" in line and _half(line):
                raise SheetError(
                    f"line {number} of the file has half a character in it (a lone surrogate)",
                    "type that character again and save the file as CSV UTF-8",
                )
    line_number = _fits(path, legacy)
    if line_number is None:
        return legacy
    raise SheetError(
        f"line {line_number} of the file is neither UTF-8 nor {legacy}",
        _SAVE_AS,
    )


def _half(line: bytes) -> bool:
    """Say whether a line that is UTF-8 otherwise holds a lone surrogate."""
    try:
        return any(0xD800 <= ord(sign) <= 0xDFFF for sign in line.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        return False


def _fits(path: str, encoding: str) -> int | None:
    """Give the first line that is not in an encoding; None when all are."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    lines = 1
    with open(path, "rb") as file:
        while block := file.read(2**20):
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                return lines + block[: error.start].count(b"\n")
            lines += block.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return lines
    return None


def _has_nul(path: str) -> bool:
    with open(path, "rb") as file:
        return any(b"\0" in block for block in iter(lambda: file.read(2**20), b""))


def _find_delimiter(sample: str, usual: str) -> tuple[bool, str]:
    """Give whether the first line is `sep=`, and the delimiter: the one that makes the header match best."""
    first = sample.partition("\n")[0].strip().strip('"')
    if first[:4].lower() == "sep=":
        sign = first[4:5] or ("\t" if sample[4:5] == "\t" else "")
        if sign:
            return True, sign
    order = (usual, *(sign for sign in DELIMITERS if sign != usual))
    scores = [(_score(sample, sign), sign) for sign in order]
    best = max(points for points, _ in scores)
    return False, next(sign for points, sign in scores if points == best)


def _score(sample: str, delimiter: str) -> tuple[int, int]:
    """Count the known columns of the best row; without any, how many columns most rows have."""
    rows: list[list[str]] = []
    with suppress(csv.Error):  # the rows above one that cannot be read say enough
        rows.extend(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), headers.HEAD_ROWS))
    points = max((headers.score(row) for row in rows), default=0)
    widths = [len(row) for row in rows[:-1] or rows if len(row) > 1]
    return (points if points > 1 else 0), max(map(widths.count, widths), default=0)


_SAVE_AS = "save it in Excel as CSV UTF-8 (comma delimited)"
_SOME_NULS = 3
"""NULs at the end of a text that its encoding may explain."""


def _broken(texts: list[str]) -> list[Extra] | None:
    return [(at, "broken") for at, text in enumerate(texts) if "\0" in text] or None
