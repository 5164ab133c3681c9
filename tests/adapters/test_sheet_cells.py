"""A cell counts as a person sees it, whatever kind of file it stands in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cases_support import HEADER, SENT, TEXT, campaign, line, read, write_csv
from sheet_support import Book, E, Sheet

from batch.adapters.sheet.child import Child
from batch.adapters.sheet.shown import judge, needs_look
from batch.model import Level

ODD = ("\u00a0", "\u202f", "\u2007", "\u3000")
UNSEEN = ("\u200b", "\ufeff", "\u2060", "\u00ad", "\u200e")


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """Give one reading process for all files."""
    with Child() as running:
        yield running


def save(folder: Path, kind: str, *rows: tuple[str, ...], header: tuple[str, ...] = HEADER) -> Path:
    """Write the same cells as texts of a CSV file or of a workbook."""
    if kind == "csv":
        return write_csv(folder / "a.csv", *rows, header=header)
    Book([Sheet([header, *rows])]).save(folder / "a.xlsx")
    return folder / "a.xlsx"


KINDS = pytest.mark.parametrize("kind", ["csv", "xlsx"])


@KINDS
@pytest.mark.parametrize(
    "shown",
    ["#N/A", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#CALC!", "#SPILL!", "#N/D", "#NV", "#ERROR!",
     "#¡REF!", "#ЗНАЧ!", "Err:508", "Err:522", "#n/a", "##", "########"],
)  # fmt: skip
@pytest.mark.parametrize("at", range(5))
def test_an_error_value_is_an_error_in_every_column(
    kind: str, shown: str, at: int, tmp_path: Path, child: Child
) -> None:
    """Named with its cell, in a text file as in a workbook."""
    cells = list(campaign())
    cells[at] = shown
    found = read(save(tmp_path, kind, tuple(cells)), child)
    issue = next(issue for issue in found.row.issues if issue.code == "cell-error")
    assert (found.good, issue.column, issue.value) == ([], "ABCDE"[at], shown)
    assert f"{'ABCDE'[at]}2 shows {shown}" in issue.message


def test_hashes_say_that_the_column_was_too_narrow(tmp_path: Path, child: Child) -> None:
    """That is what they mean in a file that was saved so."""
    issue = read(write_csv(tmp_path / "a.csv", campaign(offer="####")), child).row.issues[0]
    assert "too narrow when the file was saved" in issue.message


@pytest.mark.parametrize("fine", ["#1", "#SALE!", "#sale", "# 5", "Err", "#1 deal ###", "Error: none"])
def test_what_only_begins_like_an_error_is_a_value(fine: str) -> None:
    """Hashtags and numbers are texts."""
    assert judge([fine], None, ()) == ([fine], None)


@KINDS
@pytest.mark.parametrize(
    "formula", ["=1+1", "=A1", "=-B2", '="a"&B2', "=SUM(A1:A3)", "='My sheet'!A1", "=$A$1", "=@A1", "{=SUM(A1)}",
                "=Rate", "=Rate*2", "=(1+2)", "=#REF!"]
)  # fmt: skip
def test_a_formula_that_shows_is_an_error(kind: str, formula: str, tmp_path: Path, child: Child) -> None:
    """Nobody means it to be read by a thousand people; the remedy is to save the values."""
    found = read(save(tmp_path, kind, campaign(offer=formula)), child)
    (issue,) = [issue for issue in found.row.issues if issue.code == "formula-not-calculated"]
    assert found.good == []
    assert "save the sheet with its values" in issue.message


@pytest.mark.parametrize("fine", ["=)", "=== SALE ===", "=> here", "a=b", "=", "1+1", "+1 555 0100"])
def test_a_text_with_an_equals_sign_is_no_formula(fine: str) -> None:
    """Only what a spreadsheet would calculate is one."""
    assert judge([fine], None, ()) == ([fine], None)


@KINDS
def test_a_guarded_value_is_unwrapped(kind: str, tmp_path: Path, child: Child) -> None:
    """`="100"` is how exports keep Excel from changing 100; Excel shows 100."""
    found = read(save(tmp_path, kind, campaign(group='="100"', offer='="20% ""off"""')), child)
    assert found.row.campaign is not None
    assert found.row.campaign.group_ids == ("100",)
    assert found.row.message == 'Sale: 20% "off" today. Reply STOP to opt out'


@KINDS
@pytest.mark.parametrize("odd", [*ODD, *UNSEEN])
def test_odd_blanks_make_no_difference_in_names_ids_and_times(
    kind: str, odd: str, tmp_path: Path, child: Child
) -> None:
    """Around them and, for what shows as a blank, between their words; in headers too."""
    gap = odd if odd in ODD else f" {odd}"
    header = (f"Campaign{odd}Name", f"{odd}Message", f"Group{gap}Ids{odd}", f"Date{gap}Time", f"End{gap}date{odd}")
    name, group, when = f"Fall{gap}sale{odd}", f"{odd}100{odd},{gap}101", f"2026-12-03{gap}14:30"
    cells = campaign(name, "Sale: {{ End_date }}. Reply STOP", group, when, f"{odd}soon")
    found = read(save(tmp_path, kind, cells, header=header), child)
    good = found.row.campaign
    assert good is not None
    assert (good.name, good.group_ids, good.send_at) == ("Fall sale", ("100", "101"), SENT)
    assert good.message == "Sale: soon. Reply STOP"


@pytest.mark.parametrize("odd", ["\u202f", "\u00a0", "\u2009"])
def test_the_blank_before_pm_may_be_narrow(odd: str, tmp_path: Path, child: Child) -> None:
    """ICU 72 and later write one between the time and PM."""
    found = read(write_csv(tmp_path / "a.csv", campaign(when=f"12/3/2026 2:30{odd}PM")), child)
    assert found.row.send_at == SENT


def test_a_row_of_nothing_that_shows_is_blank(tmp_path: Path, child: Child) -> None:
    """It is counted with the blank ones."""
    found = read(write_csv(tmp_path / "a.csv", campaign(), ("\u200b", "\u00a0", "", "\ufeff", "")), child)
    assert (found.good, found.blank) == (["Fall"], 1)


def test_a_byte_order_mark_that_was_read_wrongly_is_taken_off(tmp_path: Path, child: Child) -> None:
    """Three letters before the first header are how it looks."""
    found = read(
        write_csv(tmp_path / "a.csv", campaign(), header=("\u00ef\u00bb\u00bfCampaignName", *HEADER[1:])), child
    )
    assert found.good == ["Fall"]


@pytest.mark.parametrize("end", ["\x1a", "\r\n\x1a", "\x1a\x1a"])
def test_the_end_mark_of_dos_is_no_row(end: str, tmp_path: Path, child: Child) -> None:
    """Nor is it a part of the last cell."""
    path = tmp_path / "a.csv"
    path.write_bytes((line(*HEADER) + line(*campaign()).removesuffix("\r\n") + end).encode())
    found = read(path, child)
    assert (found.good, found.blank, len(found.rows)) == (["Fall"], 0, 1)
    assert found.row.message == TEXT.replace("{{ Offer }}", "20% off")


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-le", "utf-32-be"])
def test_utf_32_is_named(encoding: str, tmp_path: Path, child: Child) -> None:
    """With its mark or without; it is not taken for UTF-16."""
    path = tmp_path / "a.csv"
    path.write_bytes((line(*HEADER) + line(*campaign())).encode(encoding))
    refused = read(path, child).refused
    assert "UTF-32" in refused
    assert "CSV UTF-8" in refused


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read(encoding: str, tmp_path: Path, child: Child) -> None:
    """It is what Excel calls Unicode text."""
    path = tmp_path / "a.csv"
    path.write_bytes((line(*HEADER) + line(*campaign())).encode(encoding))
    assert read(path, child).good == ["Fall"]


@pytest.mark.parametrize("before", [0, 64, 5000])
@pytest.mark.parametrize("behind", [16, 512, 8192])
def test_a_file_filled_up_with_nuls_is_named(before: int, behind: int, tmp_path: Path, child: Child) -> None:
    """It was cut off, or copied while it was written."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"\0" * before + (line(*HEADER) + line(*campaign())).encode() + b"\0" * behind)
    refused = read(path, child).refused
    assert ("NUL" in refused) or "is empty" in refused


def test_an_error_cell_of_a_workbook_and_its_text_read_alike(tmp_path: Path, child: Child) -> None:
    """The value that was pasted is as wrong as the one that was calculated."""
    Book([Sheet([HEADER, (*campaign()[:4], E("#SPILL!")), (*campaign()[:4], "#SPILL!")])]).save(tmp_path / "a.xlsx")
    first, second = read(tmp_path / "a.xlsx", child).rows
    assert [issue.code for issue in first.issues if issue.column == "E"] == ["cell-error"]
    assert first.issues[0].message.replace("E2", "E3") == second.issues[0].message


@pytest.mark.parametrize("cells", [["a", "b"], ["20% off", "100", "x" * 400]])
def test_plain_rows_are_not_looked_at_twice(cells: list[str]) -> None:
    """The quick look is what most rows get."""
    assert not needs_look(cells)


FOLDER = Path(__file__).parents[1] / "sheets"


@pytest.mark.parametrize(("at", "byte"), [(5321, 4), (2760, 140), (2593, 221), (547, 40)])
def test_an_xls_that_its_first_reader_refuses_is_tried_with_the_second(
    at: int, byte: int, tmp_path: Path, child: Child
) -> None:
    """That one knows no hidden rows, so each row waits for a person; its values are right."""
    content = bytearray((FOLDER / "office-ids.xls").read_bytes())
    content[at] = byte
    path = tmp_path / "a.xls"
    path.write_bytes(content)
    found = read(path, child)
    assert [row.row.texts[:3] for row in found.rows][:2] == [("a", "b", "100101"), ("a", "b", "100.5")]
    assert all("hidden-unknown" in [issue.code for issue in row.issues] for row in found.rows)
    assert {issue.level for row in found.rows for issue in row.issues if issue.code == "hidden-unknown"} == {Level.HOLD}


def test_an_xls_that_no_reader_knows_is_refused(tmp_path: Path, child: Child) -> None:
    """In one line, with what to do."""
    path = tmp_path / "a.xls"
    path.write_bytes((FOLDER / "office-ids.xls").read_bytes()[:2048])
    assert "damaged" in read(path, child).refused
