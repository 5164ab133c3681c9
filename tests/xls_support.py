"""Write plain .xls files by hand: texts, merged ranges and sheets, in the oldest container that readers still open."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_WORKBOOK, _WORKSHEET = 0x0005, 0x0010
_AT_ONCE = 1_000
"""Merged ranges of one record."""


def write_xls(path: Path, sheets: Sequence[tuple[str, Sequence[Sequence[str]], int]], padding: int = 0) -> None:
    """Write sheets of a name, rows of texts, and how many ranges are merged; `padding` bytes lie behind them."""
    names = [name.encode() for name, _, _ in sheets]
    parts = [_sheet(rows, merges) for _, rows, merges in sheets]
    head = len(_bof(_WORKBOOK)) + sum(12 + len(name) for name in names) + len(_record(0x0A))
    places = [head + sum(map(len, parts[:at])) for at in range(len(parts))]
    bounds = b"".join(
        _record(0x85, struct.pack("<IBBBB", place, 0, 0, len(name), 0) + name)
        for place, name in zip(places, names, strict=True)
    )
    path.write_bytes(_contain(_bof(_WORKBOOK) + bounds + _record(0x0A) + b"".join(parts) + b"\0" * padding))


def _sheet(rows: Sequence[Sequence[str]], merges: int) -> bytes:
    wide = max(map(len, rows), default=0)
    body = [_bof(_WORKSHEET), _record(0x200, struct.pack("<IIHHH", 0, len(rows), 0, wide, 0))]
    body += [_label(at, place, text) for at, row in enumerate(rows) for place, text in enumerate(row) if text]
    for first in range(0, merges, _AT_ONCE):
        some = range(first, min(merges, first + _AT_ONCE))
        ranges = b"".join(struct.pack("<HHHH", 1 + at, 1 + at, 7, 8) for at in some)
        body.append(_record(0xE5, struct.pack("<H", len(some)) + ranges))
    return b"".join((*body, _record(0x0A)))


def _label(row: int, column: int, text: str) -> bytes:
    letters = text.encode("utf-16-le")
    return _record(0x204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + letters)


def _bof(kind: int) -> bytes:
    return _record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 1997, 0, 6))


def _record(number: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", number, len(body)) + body


def _contain(stream: bytes) -> bytes:
    """Put a workbook's stream into a compound file: header, allocation tables, directory, stream."""
    stream += b"\0" * (max(4096, -(-len(stream) // SECTOR) * SECTOR) - len(stream))
    data = len(stream) // SECTOR
    tables = next(count for count in range(1, 110) if count * SECTOR // 4 >= count + 1 + data)
    chain = [_FAT] * tables + [_END] + [*range(tables + 2, tables + 1 + data), _END]
    chain += [_FREE] * (tables * SECTOR // 4 - len(chain))
    listed = [*range(tables), *[_FREE] * (109 - tables)]
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII109I", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"",
        0, tables, tables, 0, 4096, _END, 0, _END, 0, *listed,
    )  # fmt: skip
    entries = _entry("Root Entry", 5, 1, _END, 0) + _entry("Workbook", 2, _FREE, tables + 1, len(stream))
    directory = entries + bytes(SECTOR - len(entries))
    return header + struct.pack(f"<{len(chain)}I", *chain) + directory + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    letters = name.encode("utf-16-le")
    about = struct.pack("<64sHBBIII", letters, len(letters) + 2, kind, 1, _FREE, _FREE, child)
    return about + bytes(36) + struct.pack("<IQ", start, size)
