"""A row with a list, from the workbook to the provider: each store once, whatever happens to the run or the list."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from cli_support import Shell, coming
from ods_support import write_ods
from python_calamine import CalamineWorkbook
from sheet_support import Book, Sheet
from xls_support import write_xls

HEADER = ("CampaignName", "Message", "DateTime", "ForEach")
TEXT = "Maple & Main {{ Store.City }}: 20% off today. Reply STOP to opt out"
PLANO, MIAMI, WACO = ("Plano", "Plano TX", "100"), ("Miami", "Miami FL", "101"), ("Waco", "Waco TX", "102")


def save(path: Path, *stores: tuple[str, ...], text: str = TEXT) -> Path:
    campaigns = Sheet([HEADER, ("Sale", text, coming(), "Stores")])
    Book([campaigns, Sheet([("Name", "City", "GroupIds"), *stores], name="Stores")]).save(path)
    return path


def sent(sandbox: Any) -> list[str]:
    return sorted(post.payload["Message"] for post in sandbox.posts if post.payload and post.created)


def test_three_stores_are_three_campaigns_once(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Dropped again, sorted, with one store more: only the new one goes."""
    path = save(tmp_path / "week.xlsx", PLANO, MIAMI, WACO)
    assert ready.run("submit", path).code == 0
    assert [text[13:21] for text in sent(sandbox)] == ["Miami FL", "Plano TX", "Waco TX:"]
    save(path, WACO, PLANO, ("Tyler", "Tyler TX", "103"), MIAMI)
    assert ready.run("submit", path).code == 0
    assert len(sandbox.posts) == 4
    assert "row: 2\nlist_row: 2\n" in ready.run("ledger", "show", 1).out
    assert '"row":2,"list_row":2,' in ready.run("find", "Sale", "--json").out.replace(" ", "")


def test_a_lost_answer_is_settled_and_nothing_goes_twice(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Resume finds each store by its tag."""
    sandbox.faults.add("hang-after:2")
    path = save(tmp_path / "week.xlsx", PLANO, MIAMI, WACO)
    ready.run("submit", path)
    ready.run("resume")
    ready.run("submit", path)
    assert len(sent(sandbox)) == 3


def test_a_store_that_is_taken_out_is_named(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """As a row that is taken out of the sheet."""
    path = save(tmp_path / "week.xlsx", PLANO, MIAMI)
    ready.run("submit", path)
    ran = ready.run("submit", save(path, PLANO))
    assert "Sale - Miami" in ran.out + ran.err
    assert len(sandbox.posts) == 2


def test_an_edited_store_is_held_as_an_edited_row(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """The old text is at the provider."""
    path = save(tmp_path / "week.xlsx", PLANO, MIAMI)
    ready.run("submit", path)
    ran = ready.run("submit", save(path, PLANO, ("Miami", "Miami Beach", "101")), "--json")
    assert (ran.json["held"], ran.json["skipped"], len(sandbox.posts)) == (1, 1, 2)


def test_the_preview_shows_each_store_and_the_marked_copy_the_row(shell: Shell, tmp_path: Path) -> None:
    """What is wrong in the list is said at the row that uses it."""
    path = save(tmp_path / "week.xlsx", PLANO, ("Miami", "", "101"), WACO)
    ran = shell.run("check", path, "--preview", tmp_path / "p.html", "--marked", tmp_path / "m.xlsx", "--json")
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "2 for Stores row 2 (Plano)" in page
    assert "Sale - Waco" in page
    (error,) = ran.json["errors"]
    assert (error["row"], error["list_row"], error["column"]) == (2, 3, "Stores!B")
    header, row = CalamineWorkbook.from_path(tmp_path / "m.xlsx").get_sheet_by_index(0).to_python()[:2]
    assert str(row[-1]).startswith("Stores!B3: ")
    assert header[-1] == "Problem"
    assert not (tmp_path / "m-failed-rows.xlsx").exists()


@pytest.mark.parametrize("heads", [1, 3])
def test_the_cells_of_the_list_are_marked_in_the_list(shell: Shell, tmp_path: Path, heads: int) -> None:
    """Each in its own row and column, with a Problem column there as well, once however many campaigns use it."""
    title = [("Our stores", "", "")] * (heads - 1)
    stores = [*title, ("Name", "City", "GroupIds"), PLANO, ("Miami", "", "101"), ("Waco", "Waco TX", "1O2")]
    campaigns = [(name, TEXT, coming(), "Stores") for name in ("Sale", "Sale again")]
    path = tmp_path / "week.xlsx"
    Book([Sheet([HEADER, *campaigns]), Sheet(stores, name="Stores")]).save(path)
    assert shell.run("check", path, "--marked", tmp_path / "m.xlsx").code == 1
    first, *_ = (number for number, row in enumerate(stores) if row == PLANO)
    book = CalamineWorkbook.from_path(tmp_path / "m.xlsx")
    head, *rows = book.get_sheet_by_name("Stores").to_python()[first - 1 :]
    assert [row[:3] for row in rows] == [list(row) for row in stores[first:]]
    assert head[3:] == ["Problem"]
    assert [bool(row[3]) for row in rows] == [False, True, True]
    assert "Store.City" in str(rows[1][3])
    assert book.get_sheet_by_index(0).to_python()[0][-1] == "Problem"
    with zipfile.ZipFile(tmp_path / "m.xlsx") as package:
        comments = [package.read(name).decode() for name in package.namelist() if "comments" in name]
    assert any(f'ref="B{first + 2}"' in one and f'ref="C{first + 3}"' in one for one in comments)


@pytest.mark.parametrize("ending", [".ods", ".xls"])
def test_a_list_works_in_every_kind_of_workbook(ready: Shell, sandbox: Any, tmp_path: Path, ending: str) -> None:
    """As LibreOffice and old Excel write them; what is wrong in the list is said at the row that uses it."""
    campaigns = [HEADER, ("Sale", TEXT, coming(), "Stores")]
    stores = [("Name", "City", "GroupIds"), PLANO, ("Miami", "", "101"), WACO]
    path = tmp_path / f"week{ending}"
    write = write_xls if ending == ".xls" else write_ods
    write(path, [("Campaigns", campaigns, 0), ("Stores", stores, 0)])
    assert ready.run("submit", path).code == 1
    assert [text[13:21] for text in sent(sandbox)] == ["Plano TX", "Waco TX:"]
    assert ready.run("check", path, "--marked", tmp_path / "m.xlsx").code == 1
    book = CalamineWorkbook.from_path(tmp_path / "m.xlsx")
    assert len(book.sheet_names) == 1
    said = " ".join(map(str, book.get_sheet_by_index(0).to_python()[1]))
    assert "Stores row 3 (Miami)" in said or "Stores!B3" in said


def test_where_the_marked_copy_cannot_be_written_the_failed_rows_stay_as_they_are(shell: Shell, tmp_path: Path) -> None:
    """The marks of a list belong into the whole workbook, and into no other."""
    campaigns = [("Sale", TEXT, coming(), "Stores"), ("Plain", "", coming(), "")]
    stores = [("Name", "City", "GroupIds"), PLANO, ("Miami", "", "101")]
    path = tmp_path / "week.xlsx"
    Book([Sheet([HEADER, *campaigns]), Sheet(stores, name="Stores")]).save(path)
    (tmp_path / "m.xlsx").mkdir()
    ran = shell.run("check", path, "--marked", tmp_path / "m.xlsx", "--force")
    assert (ran.code, '"m.xlsx" could not be written' in ran.err) == (3, True)
    head, row = CalamineWorkbook.from_path(tmp_path / "m-failed-rows.xlsx").get_sheet_by_index(0).to_python()
    assert [name for name in head if name in {"RowId", "Problem"}] == ["RowId", "Problem"]
    assert "Stores" not in str(row[-1])
    assert row[0] == "Plain"
