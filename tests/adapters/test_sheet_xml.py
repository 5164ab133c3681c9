"""The same workbook in other legal XML reads the same: what a fast path does not know goes the slow way."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cases_support import HEADER, WHEN, campaign, read
from sheet_support import B, Book, E, F, N, Sheet, X, pack
from xml_variations import VARIATIONS, vary

from batch.adapters.sheet import open_sheet
from batch.adapters.sheet.child import Child
from batch.model.errors import SheetError

NO_VALUE = '<c r="{r}" t="str"><f>A1</f></c>'
BLANK = NO_VALUE.replace("</c>", "<v></v></c>")
PIECES = '<c r="{r}" t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r><rPh sb="0" eb="1"><t>no</t></rPh></is></c>'
LINK = "A & B <c> 'x'"


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """Give one reading process for all files."""
    with Child() as running:
        yield running


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write one workbook with everything that the XML alone says."""
    path = tmp_path_factory.mktemp("plain") / "plain.xlsx"
    when = N(46359.6041666667, "m/d/yyyy h:mm")
    rows: list[tuple[Any, ...]] = [
        (*HEADER, "Percent", "Sum", "More", "Wide"),
        ("One", LINK, "100", WHEN, N(0.2, "0%"), N(0.125, "0.0%"), N(5, '"$"0.00'), B(value=True), N(1, "000")),
        ("Two", "Hello", 101, when, F("1+1", 2), F("A1", "shown"), F("A1"), E("#N/A"), X('<c r="{r}"/>')),
        ("Hidden", "Hello", 102, when, "x", "y", "z", "u", "v"),
        ("Three", "Hello", 103, when, X(NO_VALUE), X(BLANK), X(PIECES), "", N(7, "0")),
        (),
        ("Merged", "Hello", 104, when, "wide", None, "end", X('<c r="{r}"><v>12</v></c>'), "_x0041_b"),
    ]  # fmt: skip
    old = Sheet([HEADER, campaign("Old")], name="Old", state="hidden")
    Book([Sheet(rows, hidden_rows=(4,), hidden_columns=(6,), merges=("E7:F7",)), old]).save(path)
    return path


def everything(path: Path, child: Child) -> Any:
    """Give all that reading a file tells."""
    sheet = open_sheet(path, child=child)
    rows = [(row.number, row.texts, dict(row.dates), row.issues, dict(row.unshown)) for row in sheet]
    notes = [(note.code, note.message) for note in sheet.issues]
    return sheet.name, sheet.header.names, sheet.header.hidden, rows, sheet.blank, sheet.left_out, notes


def test_the_plain_one_says_what_it_should(plain: Path, child: Child) -> None:
    """Nothing is compared with what is wrong itself."""
    _, _, hidden, rows, blank, left_out, notes = everything(plain, child)
    assert [row[0] for row in rows] == [2, 3, 5, 7]
    assert rows[0][1] == ("One", LINK, "100", WHEN, "20%", "12.5%", "$5.00", "TRUE", "001")
    assert rows[2][1][5:] == ("", "inline", "", "7")
    assert rows[3][1][4:] == ("wide", "wide", "end", "12", "Ab")
    assert {issue.column: issue.code for issue in rows[1][3]} == {"G": "formula-not-calculated", "H": "cell-error"}
    assert {issue.column: issue.code for issue in rows[2][3]} == {"E": "formula-not-calculated"}
    assert (hidden, blank, left_out, [code for code, _ in notes]) == ((6,), 1, 1, ["other-sheet", "hidden-columns"])


@pytest.mark.parametrize("only", ["", "worksheets/", "workbook", "styles", "sharedStrings"])
@pytest.mark.parametrize("name", VARIATIONS)
def test_every_legal_way_to_write_it_reads_alike(
    name: str, only: str, plain: Path, tmp_path: Path, child: Child
) -> None:
    """One way at a time, in one part and in all."""
    if name == "a prefix for the cells" and only not in ("", "worksheets/"):
        return
    assert everything(vary(plain, tmp_path / "plain.xlsx", name, only=only), child) == everything(plain, child)


@pytest.mark.parametrize("seed", range(40))
def test_ways_together_read_alike(seed: int, plain: Path, tmp_path: Path, child: Child) -> None:
    """Two or three of them, one over the other."""
    chance = Random(seed)
    tags = [name for name in VARIATIONS if name not in ("comments", "sections of plain text", "instructions")]
    names = chance.sample(tags[1:15], chance.randint(1, 2)) + chance.sample(["comments", "instructions"], 1)
    names = [name for name in names if name != "single quotes"]
    assert everything(vary(plain, tmp_path / "plain.xlsx", *names, seed=seed), child) == everything(plain, child)


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_other_encodings_of_a_sheet_read_alike(encoding: str, plain: Path, tmp_path: Path, child: Child) -> None:
    """XML may be written in any that it names."""
    path = vary(plain, tmp_path / "plain.xlsx", "as it is", encoding=encoding)
    assert everything(path, child) == everything(plain, child)


def sheet_with(path: Path, cells: str) -> Path:
    """Write a workbook whose rows below the header are XML written by hand."""
    Book([Sheet([HEADER])]).save(path)
    with zipfile.ZipFile(path) as package:
        parts: dict[str, str | bytes] = {name: package.read(name) for name in package.namelist()}
    part = "xl/worksheets/sheet1.xml"
    parts[part] = parts[part].replace(b"</sheetData>", cells.encode() + b"</sheetData>")  # type: ignore[union-attr]
    pack(path, parts)
    return path


def inline(address: str, text: str) -> str:
    return f'<c r="{address}" t="inlineStr"><is><t>{text}</t></is></c>'


def row(number: int, name: str, attributes: str = "", at: int = 0) -> str:
    texts = (name, "Hello. Reply STOP", "100", WHEN, "x")
    cells = "".join(inline(f"{'ABCDE'[place]}{at or number}", text) for place, text in enumerate(texts))
    return f'<row r="{number}"{attributes}>{cells}</row>'


@pytest.mark.parametrize(
    "cells",
    [row(2, "One") + row(2, "Two"), row(3, "One") + row(2, "Two"), row(2, "One") + row(3, "Two", at=2),
     row(2, "One", " odd='1'") + row(2, "Two")],
)  # fmt: skip
def test_two_rows_with_one_number_are_refused(cells: str, tmp_path: Path, child: Child) -> None:
    """The later one would take the place of the earlier one, without a word."""
    with pytest.raises(SheetError, match=r"row \d, or a cell of it, appears twice or is out of place"):
        list(open_sheet(sheet_with(tmp_path / "a.xlsx", cells), child=child))


@pytest.mark.parametrize("again", ["A2", "E2", "AA2"])
@pytest.mark.parametrize("attributes", ["", " odd='1'"])
def test_two_cells_in_one_place_are_refused(again: str, attributes: str, tmp_path: Path, child: Child) -> None:
    """On the fast way as on the slow one: nobody can say which of them counts."""
    first = row(2, "One", attributes).replace("</row>", inline("AA2", "y") + "</row>")
    cells = first.replace("</row>", inline(again, "Two") + "</row>") + row(3, "Three")
    with pytest.raises(SheetError, match="row 2, or a cell of it, appears twice"):
        list(open_sheet(sheet_with(tmp_path / "a.xlsx", cells), child=child))


def test_rows_without_numbers_count_on(tmp_path: Path, child: Child) -> None:
    """As programs write that leave out what can be left out; a number is taken from the first cell."""
    bare = row(0, "One", at=2).replace(' r="0"', "") + row(0, "Two", at=5).replace(' r="0"', ' hidden="1"')
    nothing = row(0, "Six").replace(' r="0"', "").replace(' r="A0"', "").replace(' r="B0"', "")
    nothing = nothing.replace(' r="C0"', "").replace(' r="D0"', "").replace(' r="E0"', "")
    found = read(sheet_with(tmp_path / "a.xlsx", bare + nothing), child)
    assert [one.row.number for one in found.rows] == [2, 6]
    assert (found.good, found.left_out) == (["One", "Six"], 1)
