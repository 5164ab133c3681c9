"""The workbook to begin with: it passes its own check, offers what there is, and explains itself."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from cli_support import NEW_YORK, Shell

from batch.adapters.sheet import KNOWN
from batch.model.codes import ALL_CODES


def start(shell: Shell, path: Path, *words: object) -> Any:
    ran = shell.run("new", path, *words)
    assert ran.code == 0, ran.err
    return openpyxl.load_workbook(path)


def choices(book: Any, name: str) -> list[Any]:
    """Give what the drop-down of a column offers."""
    sheet = book["Campaigns"]
    letter = next(cell.column_letter for cell in sheet[1] if cell.value == name)
    for one in sheet.data_validations.dataValidation:
        if one.type == "list" and str(one.sqref).startswith(f"{letter}2:"):
            place = one.formula1.removeprefix("Lists!").replace("$", "")
            return [cell.value for (cell,) in book["Lists"][place]]
    return []


def own(path: Path, *, name: str = "Weekend offer") -> Path:
    """Type a name of one's own over that of the example row."""
    book = openpyxl.load_workbook(path)
    assert book["Campaigns"]["A2"].value == "EXAMPLE: weekend offer"
    book["Campaigns"]["A2"] = name
    book.save(path)
    return path


def test_the_example_passes_its_own_check(shell: Shell, tmp_path: Path) -> None:
    """With a name of one's own it is one good row, without a warning, whose time is still to come."""
    start(shell, tmp_path / "new.xlsx")
    own(tmp_path / "new.xlsx")
    found = shell.run("check", tmp_path / "new.xlsx", "--json").json
    assert (found["rows"], found["valid"], found["errors"], found["warnings"]) == (1, 1, [], [])


@pytest.mark.parametrize("weeks", [0, 1, 3, 20])
def test_the_example_lies_in_the_week_that_the_file_is_named_for(shell: Shell, tmp_path: Path, weeks: int) -> None:
    """So that the README's own first steps end without a warning, in the week itself, too."""
    now = datetime.now(NEW_YORK)
    shell.ahead = timedelta(days=7 - now.weekday())  # a Monday: something of its week is still to come
    file = tmp_path / f"week-{now + shell.ahead + timedelta(weeks=weeks):%V}.xlsx"
    start(shell, file)
    found = shell.run("check", own(file), "--json").json
    assert (found["valid"], found["errors"], found["warnings"]) == (1, [], [])


def test_a_file_that_is_named_for_a_week_gone_by_begins_with_the_next(shell: Shell, tmp_path: Path) -> None:
    """The example stays ahead, and the check asks about the name."""
    file = tmp_path / f"week-{datetime.now(NEW_YORK) - timedelta(weeks=3):%V}.xlsx"
    start(shell, file)
    found = shell.run("check", own(file), "--json").json
    assert (found["valid"], [issue["code"] for issue in found["warnings"]]) == (1, ["file-other-week"])


def test_the_example_passes_online_too(ready: Shell, tmp_path: Path) -> None:
    """It goes to a group that the account has."""
    start(ready, tmp_path / "new.xlsx", "--online")
    found = ready.run("check", own(tmp_path / "new.xlsx"), "--online", "--json").json
    assert (found["valid"], found["errors"], found["warnings"]) == (1, [], [])


def add_row(path: Path) -> Path:
    """Fill in a row below the example: the same one under another name, and another text in the example itself."""
    book = openpyxl.load_workbook(path)
    sheet = book["Campaigns"]
    for cell in sheet[2]:
        sheet.cell(3, cell.column, cell.value).number_format = cell.number_format
    sheet["A3"], sheet["B2"] = "Weekend offer", "Nobody gets this. Reply STOP to opt out"
    book.save(path)
    return path


def as_csv(path: Path) -> Path:
    """Write the sheet of campaigns as Excel saves it as CSV."""
    sheet = openpyxl.load_workbook(path)["Campaigns"]
    rows = [[f"{v:%Y-%m-%d %H:%M}" if isinstance(v, datetime) else v for v in row] for row in sheet.values]
    file = path.with_suffix(".csv")
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)
    return file


def as_ods(path: Path) -> Path:
    """Save the workbook by LibreOffice."""
    if shutil.which("soffice") is None:
        assert not os.environ.get("CI"), "LibreOffice is needed on CI"
        pytest.skip("LibreOffice is not installed")
    command = ["soffice", f"-env:UserInstallation={(path.parent / 'office').as_uri()}", "--headless"]
    subprocess.run([*command, "--convert-to", "ods", "--outdir", path.parent, path], check=True, capture_output=True)
    return path.with_suffix(".ods")


@pytest.mark.parametrize("save", [Path, as_csv, as_ods])
def test_the_example_row_is_named_and_never_taken(shell: Shell, tmp_path: Path, save: Callable[[Path], Path]) -> None:
    """Whatever its other cells say and whatever saved the file: one row goes on, the other is counted as left out."""
    start(shell, tmp_path / "new.xlsx")
    found = shell.run("check", save(add_row(tmp_path / "new.xlsx")), "--json").json
    assert (found["rows"], found["valid"], found["left_out"], found["errors"]) == (1, 1, 1, [])
    (warning,) = found["warnings"]
    assert (warning["code"], warning["row"], warning["column"]) == ("example-row", 2, "A")


def test_submit_leaves_the_example_row_out(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """The row below it is scheduled; the example is in no count but that of the rows left out, also alone."""
    file = tmp_path / "new.xlsx"
    start(ready, file, "--online")
    alone = ready.run("submit", file, "--yes", "--json").json
    assert (alone["rows"], alone["left_out"], alone["accepted"]) == (0, 1, 0)
    tally = ready.run("submit", add_row(file), "--yes", "--json").json
    assert (tally["rows"], tally["left_out"], tally["accepted"]) == (1, 1, 1)
    again = ready.run(
        "submit", own(file, name="My own"), "--yes", "--json", "--allow", "same-text-same-groups-same-time"
    )
    assert (again.json["rows"], again.json["left_out"]) == (2, 0)


def test_the_notes_of_the_headers_stay_in_a_marked_copy(shell: Shell, tmp_path: Path) -> None:
    """They bore the name that marks are known by, and went with the marks of an earlier time."""
    start(shell, tmp_path / "new.xlsx")
    file = own(tmp_path / "new.xlsx", name="")
    assert shell.run("check", file, "--marked", tmp_path / "marked.xlsx").code == 1
    sheet = openpyxl.load_workbook(tmp_path / "marked.xlsx")["Campaigns"]
    assert all(cell.comment is not None for cell in sheet[1] if cell.value != "Problem")


def test_headers_have_notes_formats_and_stay_in_sight(shell: Shell, tmp_path: Path) -> None:
    """Every header explains itself; ids are text, the time is a date with a time of day; the header is frozen."""
    sheet = start(shell, tmp_path / "new.xlsx")["Campaigns"]
    at = {cell.value: cell for cell in sheet[1]}
    assert list(at)[:5] == ["CampaignName", "Message", "Template", "GroupIds", "DateTime"]
    assert all(cell.comment is not None and cell.comment.text for cell in at.values())
    for name in ("GroupIds", "MmsTemplateId", "Reference"):
        assert sheet.column_dimensions[at[name].column_letter].number_format == "@"
    assert sheet.column_dimensions["E"].number_format == "yyyy-mm-dd hh:mm"
    assert isinstance(sheet["E2"].value, datetime)
    assert sheet.freeze_panes == "B2"
    for one in sheet.parent:
        assert (one.page_setup.orientation, one.sheet_properties.pageSetUpPr.fitToPage) == ("landscape", True)
        assert one.print_title_rows == "$1:$1"


def test_every_column_and_code_is_explained(shell: Shell, tmp_path: Path) -> None:
    """Whatever the sheet may hold, and whatever the tool may say, stands in the workbook."""
    book = start(shell, tmp_path / "new.xlsx")
    explained = [cell.value for cell in book["How to fill it in"]["A"]]
    assert set(explained[1 : explained.index("any other column")]) == KNOWN.keys()
    assert {cell.value for cell in book["Campaigns"][1]} - KNOWN.keys() == {"Offer"}
    assert {cell.value for cell in book["What the codes mean"]["A"]} == {"Code", *ALL_CODES}


def test_drop_downs_offer_the_teams_templates(shell: Shell, tmp_path: Path) -> None:
    """The texts of the team's own folder come first; zones and types of recipients are there."""
    folder = tmp_path / "templates" / "messages"
    folder.mkdir(parents=True)
    (folder / "our-own.txt").write_text("Hello", encoding="utf-8")
    book = start(shell, tmp_path / "new.xlsx")
    assert choices(book, "Template")[0] == "our-own"
    assert choices(book, "TypeRecipients") == ["single", "double"]
    assert "America/Chicago" in choices(book, "TimeZone")
    assert choices(book, "GroupIds") == []


def test_online_the_accounts_groups_and_pictures_are_offered(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Groups by name, and only MMS templates that are approved."""
    book = start(ready, tmp_path / "new.xlsx", "--online")
    groups, pictures = choices(book, "GroupIds"), choices(book, "MmsTemplateId")
    assert len(groups) > 1
    assert all(isinstance(name, str) for name in (*groups, *pictures))
    assert pictures


def test_nothing_is_overwritten(shell: Shell, tmp_path: Path) -> None:
    """A file that is there stays, whatever it is; and a starter is an .xlsx."""
    path = tmp_path / "new.xlsx"
    path.write_text("mine", encoding="utf-8")
    assert shell.run("new", path).code == 2
    assert path.read_text(encoding="utf-8") == "mine"
    ran = shell.run("new", tmp_path / "new.csv")
    assert (ran.code, (tmp_path / "new.csv").exists()) == (2, False)


def test_the_example_is_a_week_ahead(shell: Shell, tmp_path: Path) -> None:
    """In the team's own zone, in daytime."""
    shell.set(SHEET__TIMEZONE="America/Chicago")
    sheet = start(shell, tmp_path / "new.xlsx")["Campaigns"]
    when = sheet["E2"].value
    assert (when.hour, when.minute, sheet["F2"].value) == (10, 30, "America/Chicago")
    assert timedelta(days=5) < when - datetime.now() < timedelta(days=9)  # noqa: DTZ005  a cell knows no zone
