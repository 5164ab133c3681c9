"""What comes back: the user's own workbook marked, the rows to fix, and a fixed row in the old one's place."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
import xlsxwriter
from cli_support import Shell, coming, row, write_csv
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from batch.adapters.marked import Returned, ending_for, write_failed_rows, write_marked
from batch.adapters.marked.package import Package
from batch.adapters.marked.shared import find_shared
from batch.adapters.sheet import open_sheet
from batch.adapters.sheet.child import Child
from batch.model import Issue
from batch.model.errors import SheetError

RELATED = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" '
    b'Target="sharedStrings.xml"/></Relationships>'
)
RED, AMBER, YELLOW = "FFFFC4C9", "FFFFD99A", "FFFFF5B8"
COUNTS = (
    "invalid", "held", "waiting", "skipped", "planned", "accepted", "rejected", "in_doubt", "expired",
)  # fmt: skip


def write_book(path: Path, rows: Sequence[Mapping[str, object]], *, change: Any = None) -> Path:
    """Write rows into a workbook as a person would have it: formats, a filter, a drop-down, hidden things."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Week 48"
    header = list(dict.fromkeys(name for one in rows for name in one))
    sheet.append(header)
    for one in rows:
        sheet.append([one.get(name) for name in header])
    if change is not None:
        change(book, sheet)
    book.save(path)
    return path


def headers(sheet: Any) -> dict[str, int]:
    return {cell.value: cell.column for cell in sheet[1] if cell.value}


def fill(cell: Any) -> str:
    return cell.fill.fgColor.rgb if cell.fill.fill_type else ""


def check(shell: Shell, path: Path, *words: object) -> Any:
    out = path.with_name("out.xlsx")
    ran = shell.run("check", path, "--marked", out, "--json", *words)
    assert ran.code in (0, 1), ran.err
    return openpyxl.load_workbook(out).worksheets[0]


def test_bad_cells_are_coloured_commented_and_told_in_a_problem_column(shell: Shell, tmp_path: Path) -> None:
    """Error red, hold amber, warning yellow; each bears a comment, and the last column says it all in one line."""
    rows = [
        row(1),
        row(2, GroupIds="abc1.5x;-3"),
        row(3, DateTime=coming(4, 22)),
        row(4, Message="Maple & Main: no way out"),
        row(5, GroupIds="", DateTime="tomorrow"),
    ]
    path = write_book(tmp_path / "a.xlsx", [*rows[:1], row(2, GroupIds="-3"), *rows[2:]])
    sheet = check(shell, path)
    at = headers(sheet)
    assert list(at)[-1] == "Problem"
    assert [fill(sheet.cell(2, column)) for column in at.values()] == [""] * 5
    assert fill(sheet.cell(3, at["GroupIds"])) == RED
    assert fill(sheet.cell(4, at["DateTime"])) == AMBER
    assert fill(sheet.cell(5, at["Message"])) == YELLOW
    assert "is not a group id" in sheet.cell(3, at["GroupIds"]).comment.text
    assert "is not a group id" in sheet.cell(3, at["Problem"]).value
    assert sheet.cell(4, at["Problem"]).value.startswith("to decide: ")
    assert sheet.cell(5, at["Problem"]).value.startswith("worth a look: ")
    both = sheet.cell(6, at["Problem"]).value
    assert "no group is named" in both
    assert "tomorrow" in both
    assert sheet.cell(2, at["Problem"]).value is None


def test_all_else_stays_as_it_was(shell: Shell, tmp_path: Path) -> None:
    """Every part of the file but the sheet, its comments and the styles is the same, byte for byte; so are its rows."""

    def change(book: Any, sheet: Any) -> None:
        sheet["F1"], sheet["F2"], sheet["F3"] = "Offer", "=1+1", "20% off"
        sheet["G1"], sheet["G3"] = "Price", 0.2
        sheet["G3"].number_format = "0%"
        sheet.column_dimensions["B"].width = 51
        sheet.column_dimensions["G"].hidden = True
        sheet.row_dimensions[4].hidden = True
        sheet.auto_filter.ref = "A1:G4"
        choice = DataValidation(type="list", formula1="Lists!$A$1:$A$3")
        choice.add("C2:C99")
        sheet.add_data_validation(choice)
        sheet["A3"].comment = Comment("ask Ann", "Ben")
        sheet["B3"].fill = PatternFill("solid", fgColor="FF00FF00")
        book.create_sheet("Lists").append(["100"])
        book["Lists"].sheet_state = "hidden"

    path = write_book(tmp_path / "a.xlsx", [row(1), row(2, GroupIds=""), row(3)], change=change)
    sheet = check(shell, path)
    book = sheet.parent
    assert sheet["F2"].value == "=1+1"
    assert (sheet["G3"].value, sheet["G3"].number_format) == (0.2, "0%")
    assert (sheet.column_dimensions["B"].width, sheet.column_dimensions["G"].hidden) == (51, True)
    assert (sheet.row_dimensions[4].hidden, sheet.auto_filter.ref) == (True, "A1:G4")
    assert sheet.data_validations.dataValidation[0].formula1 == "Lists!$A$1:$A$3"
    assert (sheet["A3"].comment.text, book["Lists"].sheet_state) == ("ask Ann", "hidden")
    assert fill(sheet["B3"]) == "FF00FF00"
    assert headers(sheet)["Problem"] == 8
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(tmp_path / "out.xlsx") as after:
        changed = {name for name in before.namelist() if before.read(name) != after.read(name)}
    assert changed <= {
        "xl/worksheets/sheet1.xml",
        "xl/styles.xml",
        "xl/comments/comment1.xml",
        "xl/drawings/commentsDrawing1.vml",
        "xl/drawings/legacyDrawing1.vml",
        "xl/_rels/workbook.xml.rels",
        "[Content_Types].xml",
    }


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_our_words_are_shared_texts_as_excel_writes_them(shell: Shell, tmp_path: Path, ending: str) -> None:
    """iPhones and Numbers show no text that stands in its cell; the texts that were there keep their numbers."""
    rows = [row(1, Message="  Come in & see <this>. Reply STOP to opt out"), row(2, GroupIds=""), row(2, GroupIds="")]
    path = tmp_path / f"a.{ending}"
    if ending == "csv":
        write_csv(path, rows)
    else:
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            for number, cells in enumerate([[*rows[0]], *([*one.values()] for one in rows)]):
                sheet.write_row(number, 0, [str(cell) for cell in cells])
    assert shell.run("check", path, "--marked", tmp_path / "out.xlsx").code == 1
    for name in ("out.xlsx", "out-failed-rows.xlsx"):
        with zipfile.ZipFile(tmp_path / name) as file:
            assert b"inlineStr" not in file.read("xl/worksheets/sheet1.xml")
            after = file.read("xl/sharedStrings.xml")
        found = openpyxl.load_workbook(tmp_path / name).worksheets[0]
        assert "no group is named" in str(found.cell(3, headers(found)["Problem"]).value)
    if ending == "xlsx":
        with zipfile.ZipFile(path) as file, zipfile.ZipFile(tmp_path / "out.xlsx") as marked:
            before, after = file.read("xl/sharedStrings.xml"), marked.read("xl/sharedStrings.xml")
        assert after.partition(b"<si>")[2].startswith(before.partition(b"<si>")[2].removesuffix(b"</sst>"))
        assert after.count(b"no group is named") == 1


@pytest.mark.parametrize("doubtful", [b"<!-- <si/> -->", b"<si><t><![CDATA[<si>]]></t></si>"], ids=["comment", "cdata"])
def test_shared_texts_that_cannot_be_counted_are_left_alone(doubtful: bytes) -> None:
    """A wrong number would show a stranger's words in place of ours: then they stand in their cells."""
    sound, parts = BytesIO(), {"[Content_Types].xml": b"<Types/>", "xl/_rels/workbook.xml.rels": RELATED}
    for extra, there in ((b"<si><t>a</t></si><si/>", True), (doubtful, False)):
        with zipfile.ZipFile(sound, "w") as file:
            for name, content in {**parts, "xl/sharedStrings.xml": b"<sst>" + extra + b"</sst>"}.items():
                file.writestr(name, content)
        shared = find_shared(Package(sound), "xl/workbook.xml")
        assert (shared is not None) is there
        assert shared is None or [shared.number(text) for text in ("x", "y", "x")] == [2, 3, 2]


def test_our_words_stand_below_those_of_a_person(shell: Shell, tmp_path: Path) -> None:
    """A cell that bears somebody's comment keeps it; ours is added once, however often the file goes round."""

    def change(_: Any, sheet: Any) -> None:
        sheet["C2"].comment = Comment("ask Ann", "Ben")

    path = write_book(tmp_path / "a.xlsx", [row(1, GroupIds="-3")], change=change)
    check(shell, path)
    again = (tmp_path / "out.xlsx").rename(tmp_path / "b.xlsx")
    text = check(shell, again, "--force")["C2"].comment.text
    assert text.startswith("ask Ann")
    assert text.count("is not a group id") == 1


def test_boxes_are_drawn_in_a_drawing_with_other_prefixes(shell: Shell, tmp_path: Path) -> None:
    """The copy of a file that a program had written held broken XML: openpyxl has the prefixes ns0, ns1."""

    def change(_: Any, sheet: Any) -> None:
        sheet["A1"].comment = Comment("the name", "Ben")

    def boxes(path: Path) -> int:
        with zipfile.ZipFile(path) as package:
            (name,) = [name for name in package.namelist() if name.endswith(".vml")]
            return sum(one.tag.endswith("}shape") for one in ElementTree.fromstring(package.read(name)))

    path = write_book(tmp_path / "a.xlsx", [row(1, GroupIds="-3")], change=change)
    assert boxes(path) == 1
    check(shell, path)
    again = (tmp_path / "out.xlsx").rename(tmp_path / "b.xlsx")
    assert boxes(again) == 2
    check(shell, again, "--force")
    assert boxes(tmp_path / "out.xlsx") == 2


def test_marks_go_when_the_cell_is_mended(shell: Shell, tmp_path: Path) -> None:
    """The marked workbook, fixed in place and marked again, bears neither colour, comment nor problem any more."""
    path = write_book(tmp_path / "a.xlsx", [row(1, GroupIds="-3"), row(2, GroupIds="")])
    check(shell, path)
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    book.worksheets[0]["C2"] = "100"
    book.save(tmp_path / "b.xlsx")
    sheet = check(shell, tmp_path / "b.xlsx", "--force")
    assert (fill(sheet["C2"]), sheet["C2"].comment, sheet["E2"].value) == ("", None, None)
    assert (fill(sheet["C3"]), headers(sheet)["Problem"]) == (RED, 5)
    assert list(headers(sheet)) == ["CampaignName", "Message", "GroupIds", "DateTime", "Problem"]


def test_our_problem_column_is_ignored_when_it_comes_back(shell: Shell, tmp_path: Path) -> None:
    """A marked workbook is checked like the original: the same errors in the same cells."""
    path = write_book(tmp_path / "a.xlsx", [row(1, GroupIds="-3"), row(2)])
    first = shell.run("check", path, "--marked", tmp_path / "b.xlsx", "--json").json
    second = shell.run("check", tmp_path / "b.xlsx", "--json").json
    assert (first["errors"], first["warnings"]) == (second["errors"], second["warnings"])


def test_what_a_formula_last_showed_is_kept(shell: Shell, tmp_path: Path) -> None:
    """Cached values survive, so that the marked workbook can be dropped without opening it in Excel first."""
    path = write_book(tmp_path / "a.xlsx", [row(1, GroupIds=""), row(2, Message="{{ Offer }} STOP", Offer="x")])
    content = {}
    with zipfile.ZipFile(path) as package:
        content = {name: package.read(name) for name in package.namelist()}
    part = "xl/worksheets/sheet1.xml"
    old = content[part]
    start = old.index(b'<c r="E3"')
    end = old.index(b"</c>", start)
    content[part] = old[:start] + b'<c r="E3" t="str"><f>1&amp;"x"</f><v>1x' + b"</v>" + old[end:]
    with zipfile.ZipFile(path, "w") as package:
        for name, data in content.items():
            package.writestr(name, data)
    shell.run("check", path, "--marked", tmp_path / "b.xlsx")
    assert openpyxl.load_workbook(tmp_path / "b.xlsx", data_only=True).worksheets[0]["E3"].value == "1x"
    assert shell.run("check", tmp_path / "b.xlsx", "--json").json["valid"] == 1


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "@SUM(1)", "+1+1", "-2"])
def test_nothing_that_was_read_becomes_a_formula(shell: Shell, tmp_path: Path, text: str) -> None:
    """Texts that a spreadsheet would run stay texts in every workbook that is written."""
    path = write_csv(tmp_path / "a.csv", [row(1, DateTime=text, CampaignName=text)])
    shell.run("check", path, "--marked", tmp_path / "out.xlsx")
    for name in ("out.xlsx", "out-failed-rows.xlsx"):
        cells = [cell for line in openpyxl.load_workbook(tmp_path / name).worksheets[0] for cell in line]
        assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}
        assert text in {cell.value for cell in cells}


@pytest.mark.parametrize("text", ["<r>a & b</r>", "<r><t>a</t></r>"])
def test_a_text_that_looks_like_xlsxwriters_own_markup_comes_back_as_a_text(
    shell: Shell, tmp_path: Path, text: str
) -> None:
    """It writes what stands between <r> and </r> as it is: the file was broken, or the cell said less."""
    sheet = check(shell, write_csv(tmp_path / "a.csv", [row(Message=text)]))
    assert sheet.cell(2, headers(sheet)["Message"]).value.strip() == text


def test_a_csv_becomes_a_workbook_with_the_same_rows(shell: Shell, tmp_path: Path) -> None:
    """What is no workbook comes back as one, each row under its own number."""
    path = write_csv(tmp_path / "a.csv", [row(1, Store="00123"), row(2, GroupIds="")])
    sheet = check(shell, path)
    at = headers(sheet)
    assert (sheet.cell(2, at["Store"]).value, fill(sheet.cell(3, at["GroupIds"]))) == ("00123", RED)


def test_failed_rows_stand_alone_with_their_own_cells(shell: Shell, tmp_path: Path) -> None:
    """Same headers, values and number formats as in the user's file; RowId and Problem at the end."""
    moment = datetime.fromisoformat(coming(5, 10))

    def change(_: Any, sheet: Any) -> None:
        sheet["D3"], sheet["E1"], sheet["E3"] = moment, "Price", 0.2
        sheet["D3"].number_format, sheet["E3"].number_format = "m/d/yyyy h:mm", "0%"

    long = "Sale today and tomorrow at all our stores. " * 3 + "Reply STOP to opt out"
    path = write_book(tmp_path / "a.xlsx", [row(1), row(2, GroupIds="", Message=long)], change=change)
    check(shell, path)
    sheet = openpyxl.load_workbook(tmp_path / "out-failed-rows.xlsx").worksheets[0]
    assert (sheet["B2"].alignment.wrap_text, sheet.row_dimensions[2].height) == (True, 45)  # nothing cuts it
    at = headers(sheet)
    assert list(at) == ["CampaignName", "Message", "GroupIds", "DateTime", "Price", "RowId", "Problem"]
    assert (sheet.max_row, sheet["A2"].value) == (2, "Campaign 2")
    assert (sheet["D2"].value, sheet["D2"].number_format) == (moment, "m/d/yyyy h:mm")
    assert (sheet["E2"].value, sheet["E2"].number_format) == (0.2, "0%")
    assert sheet.cell(2, at["Problem"]).value.startswith("row 3: no group is named")
    assert fill(sheet.cell(2, at["GroupIds"])) == RED


def test_an_error_value_comes_back_as_one_and_not_as_a_blank(shell: Shell, tmp_path: Path) -> None:
    """Else the row would be a good one that goes without what the cell should say; a formula without a value, too."""
    text = "{% if Offer %}{{ Offer }}{% else %}10% off{% endif %} today. Reply STOP to opt out"
    path = write_csv(tmp_path / "a.csv", [row(1, Message=text, Offer="#N/A"), row(2, Message=text, Offer="5% off")])
    check(shell, path)
    for written in ("out.xlsx", "out-failed-rows.xlsx"):
        said = shell.run("check", tmp_path / written, "--json")
        assert [issue["code"] for issue in said.json["errors"]] == ["cell-error"], written

    def change(_: Any, sheet: Any) -> None:
        sheet.cell(2, headers(sheet)["Offer"]).value = "=1+1"

    (folder := tmp_path / "other").mkdir()
    check(shell, write_book(folder / "b.xlsx", [row(1, Message=text, Offer="x")], change=change))
    assert shell.run("check", folder / "out-failed-rows.xlsx", "--json").json["errors"]


def test_a_sheet_without_errors_has_no_failed_rows(shell: Shell, tmp_path: Path) -> None:
    """The marked copy is written anyway, without a Problem column."""
    sheet = check(shell, write_book(tmp_path / "a.xlsx", [row(1)]))
    assert "Problem" not in headers(sheet)
    assert not (tmp_path / "out-failed-rows.xlsx").exists()


def test_nothing_is_overwritten_by_surprise(shell: Shell, tmp_path: Path) -> None:
    """The file itself never, another one only with --force; the ending must fit what is inside."""
    path = write_book(tmp_path / "a.xlsx", [row(1, GroupIds="")])
    before = path.read_bytes()
    assert shell.run("check", path, "--marked", path, "--force").code == 2
    assert path.read_bytes() == before
    assert shell.run("check", path, "--marked", tmp_path / "b.xlsx").code == 1
    assert shell.run("check", path, "--marked", tmp_path / "b.xlsx").code == 2
    assert shell.run("check", path, "--marked", tmp_path / "b.xlsx", "--force").code == 1
    ran = shell.run("check", path, "--marked", tmp_path / "c.csv")
    assert (ran.code, ".xlsx" in ran.err) == (2, True)


def test_a_macro_workbook_keeps_its_macros(shell: Shell, tmp_path: Path) -> None:
    """What has macros stays an .xlsm, macros and all; they are copied, never looked at."""
    path = write_book(tmp_path / "a.xlsx", [row(1, GroupIds="")])
    with zipfile.ZipFile(path, "a") as package:
        package.writestr("xl/vbaProject.bin", b"macros")
    macros = path.rename(tmp_path / "a.xlsm")
    assert shell.run("check", macros, "--marked", tmp_path / "b.xlsx").code == 2
    assert shell.run("check", macros, "--marked", tmp_path / "b.xlsm").code == 1
    assert zipfile.ZipFile(tmp_path / "b.xlsm").read("xl/vbaProject.bin") == b"macros"


def test_a_problem_column_of_somebody_elses_is_left_alone(shell: Shell, tmp_path: Path) -> None:
    """A column of that name which holds formulas is the user's own: ours stands behind it."""

    def change(_: Any, sheet: Any) -> None:
        sheet["E1"], sheet["E2"] = "Problem", "=1+1"

    sheet = check(shell, write_book(tmp_path / "a.xlsx", [row(1, GroupIds="")], change=change))
    assert (sheet["E2"].value, sheet["F1"].value) == ("=1+1", "Problem")


def test_many_rows_keep_their_place(shell: Shell, tmp_path: Path) -> None:
    """Of a thousand rows the right ones are marked, in column AB too."""
    wide = {f"Field {number}": "x" for number in range(23)}
    rows = [row(number, **wide, GroupIds="" if number % 100 == 7 else "100", Last="y") for number in range(1, 401)]
    sheet = check(shell, write_book(tmp_path / "a.xlsx", rows))
    marked = [number for number in range(2, 402) if fill(sheet.cell(number, 3)) == RED]
    assert marked == [8, 108, 208, 308]
    assert get_column_letter(headers(sheet)["Problem"]) == "AC"


# The way back: a fixed row takes the old one's place.


def mend(path: Path, **cells: object) -> Path:
    """Fix every row of a workbook of failed rows, as somebody would in Excel."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    at = headers(sheet)
    for number in range(2, sheet.max_row + 1):
        for name, value in cells.items():
            sheet.cell(number, at[name]).value = value(number) if callable(value) else value
    book.save(path.with_name("fixed.xlsx"))
    return path.with_name("fixed.xlsx")


def entries(shell: Shell) -> dict[int, Any]:
    return {one["entry"]: one for one in shell.run("ledger", "export").lines}


def test_mended_rows_take_the_place_of_the_failed_ones(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Name and time were wrong, so the key changes: RowId brings the row to its entry, which becomes `replaced`."""
    rows = [row(number) for number in range(1, 11)] + [row(11, CampaignName=""), row(12, DateTime="tomorrow")]
    first = ready.run("submit", write_book(tmp_path / "a.xlsx", rows), "--json").json
    assert (first["invalid"], first["accepted"], sum(first[name] for name in COUNTS)) == (2, 10, 12)
    marked, failed = (Path(name) for name in first["marked"])
    assert marked.exists()
    assert failed.name.endswith("failed-rows.xlsx")
    old = [number for number, one in entries(ready).items() if one["status"] == "invalid"]
    mended = mend(failed, CampaignName=lambda n: f"Mended {n}", DateTime=lambda n: coming(6, 9 + n))
    second = ready.run("submit", mended, "--json").json
    assert (second["accepted"], second["rows"], len(sandbox.posts)) == (2, 2, 12)
    after = entries(ready)
    assert [after[number]["status"] for number in old] == ["replaced", "replaced"]
    assert sorted(one["status"] for one in after.values()) == ["accepted"] * 12 + ["replaced"] * 2
    fixed_week = datetime.fromisoformat(coming(6, 9))
    assert ready.run("report", "--week", f"{fixed_week:%G-W%V}", "--format", "json").code == 0
    week = json.loads(next(tmp_path.rglob("week*.json")).read_text(encoding="utf-8"))
    assert (week["figures"]["needs_person"], week["verdict"]["tone"]) == (0, "good")


def test_the_old_sheet_after_its_fixed_rows_sends_nothing_more(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Text, name, Reference and time were fixed: the row as it was is held beside what went in its place."""
    sheet = write_book(tmp_path / "a.xlsx", [row(1), row(2, Reference="R2"), row(3, Reference="")])
    sandbox.faults.add("422@2")
    sandbox.faults.add("422@3")
    first = ready.run("submit", sheet, "--json").json
    assert (first["accepted"], first["rejected"]) == (1, 2)
    text = "Another text altogether. Reply STOP to opt out"
    changes = {"CampaignName": lambda n: f"Fixed {n}", "DateTime": lambda n: coming(6, 9 + n)}
    fixed = mend(Path(first["marked"][1]), Message=text, Reference=lambda n: f"F{n}", **changes)
    assert ready.run("submit", fixed, "--json").json["accepted"] == 2
    again = ready.run("submit", sheet, "--json").json
    assert (again["accepted"], again["held"], again["skipped"], len(sandbox.campaigns)) == (0, 2, 1, 3)
    assert "was changed after it was scheduled" in ready.run("submit", sheet, "--dry-run").err


def test_a_row_mended_badly_twice_still_finds_its_place(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """The first workbook of failed rows, used again after a first attempt, leads to what took the old entry's place."""
    sheet = write_book(tmp_path / "a.xlsx", [row(1), row(2, CampaignName="", GroupIds="")])
    failed = Path(ready.run("submit", sheet, "--json").json["marked"][1])
    half = ready.run("submit", mend(failed, CampaignName="Half"), "--json").json
    assert half["invalid"] == 1
    whole = ready.run("submit", mend(failed, CampaignName="Whole", GroupIds="102"), "--json").json
    assert (whole["accepted"], whole["invalid"]) == (1, 0)
    statuses = [one["status"] for one in entries(ready).values()]
    assert sorted(statuses) == ["accepted", "accepted", "replaced", "replaced"]


def test_a_held_row_that_is_mended_is_no_double(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """A Reference added to a held row changes its key alone: the old entry neither holds it nor stays."""
    sheet = write_book(tmp_path / "a.xlsx", [row(1, DateTime=coming(4, 22), Reference="")])
    first = ready.run("submit", sheet, "--json").json
    assert first["held"] == 1
    mended = mend(Path(first["marked"][1]), Reference="R1")
    second = ready.run("submit", mended, "--json", "--allow", "quiet-hours").json
    assert entries(ready)[1]["status"] == "replaced"
    assert second["held"] + second["accepted"] == 1


def test_what_the_provider_refused_comes_back_with_its_words(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """A refused row stands among the rows to fix, and fixed it takes the refused one's place."""
    ready.set(CHECKS__MAX_CHARACTERS="600")
    sheet = write_book(tmp_path / "a.xlsx", [row(1, Message="Maple & Main STOP " + "x" * 500)])
    ran = ready.run("submit", sheet, "--json").json
    assert ran["rejected"] == 1
    failed = openpyxl.load_workbook(ran["marked"][1]).worksheets[0]
    assert "at most 480" in failed.cell(2, headers(failed)["Problem"]).value
    again = ready.run("submit", mend(Path(ran["marked"][1]), Message="Short, STOP"), "--json").json
    assert again["accepted"] == 1
    assert sorted(one["status"] for one in entries(ready).values()) == ["accepted", "replaced"]


@pytest.mark.parametrize("row_id", ["e1-zzzz", "e99-zzzz", "99", "what is this?"])
def test_a_row_id_of_another_ledger_is_ignored_with_a_warning(ready: Shell, tmp_path: Path, row_id: str) -> None:
    """It touches no entry, however its number reads; the row goes as a new one."""
    ready.run("submit", write_csv(tmp_path / "a.csv", [row(1, GroupIds="")]), "--json")
    ran = ready.run("submit", write_csv(tmp_path / "b.csv", [row(2, RowId=row_id)]), "--json")
    assert ran.json["accepted"] == 1
    both = entries(ready)
    assert [one["status"] for one in both.values()] == ["invalid", "accepted"]
    assert [issue["code"] for issue in both[2]["issues"]] == ["row-id-unknown"]


def test_a_row_id_of_a_scheduled_campaign_replaces_nothing(ready: Shell, tmp_path: Path) -> None:
    """Only what never left can be replaced: the row counts as one that was edited after it was scheduled."""
    ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]), "--json")
    ready.run("submit", write_csv(tmp_path / "b.csv", [row(2, GroupIds="102", RowId="1")]), "--json")
    first, second = entries(ready).values()
    assert (first["status"], second["status"]) == ("accepted", "held")
    assert [issue["code"] for issue in second["issues"]] == ["edited-after-submission"]


def test_checking_after_submitting_names_the_rows_places(ready: Shell, tmp_path: Path) -> None:
    """The workbook of failed rows that `check` writes leads to the entries of an earlier submit of the same file."""
    path = write_csv(tmp_path / "a.csv", [row(1), row(2, GroupIds="")])
    ready.run("submit", path, "--json")
    ready.run("check", path, "--marked", tmp_path / "out.xlsx")
    ready.run("submit", mend(tmp_path / "out-failed-rows.xlsx", CampaignName="New name", GroupIds="102"), "--json")
    assert [one["status"] for one in entries(ready).values()] == ["accepted", "replaced", "accepted"]


def test_a_rehearsal_gives_no_places(ready: Shell, tmp_path: Path) -> None:
    """Entries of a temporary ledger must never be met in the real one."""
    path = write_csv(tmp_path / "a.csv", [row(1), row(2, GroupIds="")])
    failed = Path(ready.run("submit", path, "--sandbox", "--json").json["marked"][1])
    sheet = openpyxl.load_workbook(failed).worksheets[0]
    assert sheet.cell(2, headers(sheet)["RowId"]).value is None


def test_marked_paths_are_named_beside_the_reports(ready: Shell, tmp_path: Path) -> None:
    """`marked` of submit --json is empty when every row went, and holds two paths when one did not."""
    good = ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]), "--json").json
    bad = ready.run("submit", write_csv(tmp_path / "b.csv", [row(2), row(3, GroupIds="")]), "--json").json
    assert (good["marked"], len(bad["marked"]), len(bad["reports"])) == ([], 2, 2)
    assert {Path(one).parent for one in bad["marked"]} == {Path(bad["reports"][0]).parent}
    with write_csv(tmp_path / "c.csv", [row(4)]).open(encoding="utf-8") as file:
        assert next(csv.reader(file))[0] == "CampaignName"


# Every kind of workbook.

SHEETS = sorted((Path(__file__).parents[1] / "sheets").rglob("*.xls[xm]"))


@pytest.mark.proof
@pytest.mark.parametrize("part", range(4))
def test_every_workbook_of_the_corpus_reads_as_before(tmp_path: Path, part: int) -> None:
    """Marked in every row, or cut down to its rows, it still says what it said: cell by cell, row by row."""
    with Child() as child:
        told = [_comes_back(path, tmp_path, child) for path in SHEETS[part::4]]
    assert sum(told) > 7


def _comes_back(path: Path, folder: Path, child: Child) -> bool:
    try:
        opened = open_sheet(path, child=child)
        rows = list(opened)
    except SheetError:
        return False
    if not rows or path.stem in {"newline-and-escape", "nul-character"}:
        return False
    trouble = [(Issue(one.number, "", "GroupIds", "wrong", "=1+1 is wrong"),) for one in rows]
    returned = [Returned(*pair) for pair in zip(rows, trouble, strict=True)]
    marked = write_marked(path, folder / f"{path.stem}-marked{ending_for(path)}", returned, sheet=opened.name)
    failed = write_failed_rows(path, folder / f"{path.stem}-failed.xlsx", returned, sheet=opened.name)
    fields = [name for name in opened.header.columns if name != "RowId"]
    wanted = [[one.text(name) for name in fields] for one in rows]
    again = list(open_sheet(marked, child=child))
    assert [one.number for one in again] == [one.number for one in rows], path.name
    assert [[one.text(name) for name in fields] for one in again] == wanted, path.name
    assert [[one.text(name) for name in fields] for one in open_sheet(failed, child=child)] == wanted, path.name
    return True


def test_a_workbook_that_cannot_be_marked_comes_back_as_its_rows(shell: Shell, tmp_path: Path) -> None:
    """Without a part that marks need, the rows are written into a workbook of ours, marked."""
    path = write_book(tmp_path / "a.xlsx", [row(1, GroupIds="")])
    with zipfile.ZipFile(path) as package:
        content = {name: package.read(name) for name in package.namelist() if name != "xl/styles.xml"}
    relations = "xl/_rels/workbook.xml.rels"
    content[relations] = content[relations].replace(b"/styles", b"/stiles")
    with zipfile.ZipFile(path, "w") as package:
        for name, data in content.items():
            package.writestr(name, data)
    sheet = check(shell, path)
    assert (sheet["A2"].value, fill(sheet["C2"])) == ("Campaign 1", RED)
