"""Thousands of spoilt workbooks: each is read or refused in words, and nothing crashes, hangs or swells."""

from __future__ import annotations

import os
import random
import time
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from batch.adapters.sheet import open_sheet
from batch.adapters.sheet.child import Child
from batch.model.errors import SheetError

FOLDER = Path(__file__).parents[1] / "sheets"
SEEDS = (
    "plain.xlsx", "numbers-formatted.xlsx", "dates-formatted.xlsx", "errors.xlsx", "hidden-rows.xlsx",
    "merged-down.xlsx", "two-sheets-one-named.xlsx", "prefixed-xml.xlsx", "openpyxl.xlsx", "office-formats.xlsx",
    "cells-far-apart.xlsx", "office-formats.ods", "office-merged.ods", "office-hidden.ods", "office-formats.xls",
    "office-merged.xls", "macros.xlsm",
)  # fmt: skip
TORTURE = bool(os.environ.get("CAMPAIGN_TORTURE"))
ROUNDS = 10_000 if TORTURE else 2_000
NASTY = (
    b"1048576", b"XFD1048576", b"16384", b"-1", b"4294967296", b"99999999999999999999", b"1e999", b"NaN", b"", b"\0",
    b"\xff\xfe", b"]]>", b"<![CDATA[", b"<!--", b'"', b"&#0;", b"&lt;", b"\xed\xa0\x80", b"A0", b"0", b"  ", b"true",
)  # fmt: skip


@pytest.mark.proof
def test_spoilt_workbooks_are_read_or_refused(tmp_path: Path) -> None:
    """Each ends in rows or in a SheetError of one line within 20 seconds."""
    chance = random.Random(20_270_301)
    ends: Counter[str] = Counter()
    with Child() as child:
        for number in range(ROUNDS):
            name = chance.choice(SEEDS)
            path = tmp_path / f"spoilt{Path(name).suffix}"
            path.write_bytes(_spoil((FOLDER / name).read_bytes(), chance))
            started = time.monotonic()
            ends[_end(path, child)] += 1
            assert time.monotonic() - started < 20, f"round {number} on {name}"
    assert ends["read"] > ROUNDS / 20
    assert ends["read"] + ends["refused"] == ROUNDS


def _end(path: Path, child: Child) -> str:
    try:
        for row in open_sheet(path, child=child):
            assert len(row.texts) == len(row.header.names)
    except SheetError as error:
        return "refused" if error.words and error.remedy and "\n" not in str(error) else "refused without a word"
    return "read"


def _spoil(content: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.3 or not content.startswith(b"PK"):
        return _spoil_bytes(content, chance)
    return _spoil_part(content, chance)


def _spoil_bytes(content: bytes, chance: random.Random) -> bytes:
    spoilt = bytearray(content)
    if chance.random() < 0.2:
        return bytes(spoilt[: chance.randrange(len(spoilt))])
    for _ in range(chance.choice((1, 3, 20))):
        spoilt[chance.randrange(8, len(spoilt))] = chance.randrange(256)
    return bytes(spoilt)


def _spoil_part(content: bytes, chance: random.Random) -> bytes:
    """Spoil one part and zip the whole anew, so that the harm gets past the archive's checks."""
    import io

    source = zipfile.ZipFile(io.BytesIO(content))
    names = [name for name in source.namelist() if name.endswith((".xml", ".rels"))]
    victim = chance.choice(names)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = source.read(name)
            target.writestr(name, _spoil_xml(part, chance) if name == victim else part)
    return out.getvalue()


def _spoil_xml(part: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 2, 5))):
        if len(part) < 10:
            return part
        at, end = sorted(chance.randrange(len(part)) for _ in range(2))
        end = min(end, at + chance.choice((1, 5, 50, 500)))
        part = chance.choice((_swap_number, _drop, _repeat, _insert))(part, at, end, chance)
    return part


def _swap_number(part: bytes, at: int, _end: int, chance: random.Random) -> bytes:
    """Put something nasty in the place of the next attribute."""
    first = part.find(b'="', at)
    last = part.find(b'"', first + 2)
    return part if first < 0 or last < 0 else part[: first + 2] + chance.choice(NASTY) + part[last:]


def _drop(part: bytes, at: int, end: int, _chance: random.Random) -> bytes:
    return part[:at] + part[end:]


def _repeat(part: bytes, at: int, end: int, chance: random.Random) -> bytes:
    return part[:end] + part[at:end] * chance.choice((1, 3, 1000)) + part[end:]


def _insert(part: bytes, at: int, _end: int, chance: random.Random) -> bytes:
    return part[:at] + chance.choice(NASTY) + part[at:]
