"""The face of the room: streams rows, keeps counts, and a reader that dies or hangs is one clear line."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sheet_support import GOOD, HEADER, READY_TO, Book, N, Sheet, X

from batch.adapters.sheet import KNOWN, open_sheet
from batch.adapters.sheet import child as child_room
from batch.adapters.sheet.child import Child
from batch.model.errors import SheetError
from batch.model.limits import DEFAULT
from batch.workflows.sheet_reader import start_reader


@pytest.fixture(scope="module")
def reader() -> Iterator[Child]:
    """Give one reading process for the module."""
    with Child() as running:
        yield running


def save(path: Path, *rows: Any, **more: Any) -> Path:
    Book([Sheet([HEADER, *rows], **more)]).save(path)
    return path


def test_the_header_says_which_field_stands_where(tmp_path: Path, reader: Child) -> None:
    """Known columns by their one name, others as written, ours left out; letters as Excel writes them."""
    path = tmp_path / "a file with blanks.xlsx"
    Book([Sheet([("Name", "Message", "Send to", "Send At", "End date", "Problem", "", "Picture"), GOOD])]).save(path)
    header = open_sheet(path, child=reader).header
    assert dict(header.columns) == {
        "CampaignName": 0, "Message": 1, "GroupIds": 2, "DateTime": 3, "End date": 4, "MmsTemplateId": 7,
    }  # fmt: skip
    assert header.letter("MmsTemplateId") == "H"
    assert header.names[5:7] == ("Problem", "")
    assert {"Reference", "RowId", "Purpose"} <= set(KNOWN)


def test_counts_are_whole_after_the_last_row(tmp_path: Path, reader: Child) -> None:
    """Hidden rows and blank ones are counted apart, and the issues about the file are there before the rows."""
    sheet = open_sheet(save(tmp_path / "a.xlsx", GOOD, (), GOOD, hidden_rows=(4,), hidden_columns=(1,)), child=reader)
    assert [issue.code for issue in sheet.issues] == ["hidden-columns"]
    assert '"Message" (B)' in sheet.issues[0].message
    assert [row.number for row in sheet] == [2]
    assert (sheet.file, sheet.name, sheet.blank, sheet.left_out) == ("a.xlsx", "Campaigns", 1, 1)


def test_a_cell_that_is_merged_over_rows_counts_for_each_and_is_told(tmp_path: Path, reader: Child) -> None:
    """As it is seen in Excel: whoever merged only for the look of it reads what comes of it before anything goes."""
    rows = [GOOD, ("b", "Hi", None, GOOD[3]), ("c", "Hi", None, GOOD[3])]
    merges = ("A1:A1", "C2:C4", "E2:E3", "G2:G3")
    sheet = open_sheet(save(tmp_path / "a.xlsx", *rows, merges=merges), child=reader)
    assert [row.text("GroupIds") for row in sheet] == ["100", "100", "100"]
    (told,) = sheet.issues
    assert (told.code, told.row, told.level.value) == ("merged-down", 0, "warning")
    assert told.message.startswith('merged cells count for every row that they cover: "100" in C2:C4 (GroupIds), ')
    assert told.message.endswith("; unmerge what should count for its first row only")


def test_only_some_of_many_merged_cells_are_named(tmp_path: Path, reader: Child) -> None:
    """A merged cell whose other rows are empty is the height of one row, and nothing to tell."""
    rows = [row for at in range(8) for row in ((f"row {at}", *GOOD[1:]), (f"below {at}", GOOD[1], None, *GOOD[3:]))]
    merges = tuple(f"C{at}:C{at + 1}" for at in range(2, 18, 2))
    path = save(tmp_path / "a.xlsx", *rows, GOOD, (), merges=(*merges, "C18:C19"))
    sheet = open_sheet(path, child=reader)
    list(sheet)
    assert [issue.message.count(" in C") for issue in sheet.issues] == [5]
    assert "and 3 more; unmerge" in sheet.issues[0].message


def test_too_many_rows_stop_the_reading(tmp_path: Path, reader: Child) -> None:
    """Said with the number and the setting."""
    path = save(tmp_path / "a.xlsx", *[GOOD] * 11)
    assert len(list(open_sheet(path, max_rows=11, child=reader))) == 11
    with pytest.raises(SheetError, match=r"more than 10 rows.*max_rows"):
        list(open_sheet(path, max_rows=10, child=reader))


@pytest.mark.parametrize(("order", "shown"), [("month", "3/1/2027"), ("day", "01/03/2027"), ("iso", "2027-03-01")])
def test_the_short_date_follows_the_setting(tmp_path: Path, reader: Child, order: str, shown: str) -> None:
    """Excel shows it in each reader's own order, so the file alone cannot say."""
    path = save(tmp_path / "a.xlsx", (*GOOD[:4], N(46447, "#14")))
    (row,) = open_sheet(path, date_order=order, child=reader)
    assert row.text("Offer") == shown


@pytest.mark.parametrize(("order", "shown", "unclear"), [("month", "$1,234.50", 0), ("day", "1234.5", 1)])
def test_money_that_a_file_names_by_number_only_is_in_dollars_where_dates_are(
    tmp_path: Path, reader: Child, order: str, shown: str, unclear: int
) -> None:
    """Elsewhere Excel shows each reader's own currency, so it is not guessed."""
    path = save(tmp_path / "a.xlsx", (*GOOD[:4], N(1234.5, "#44")))
    (row,) = open_sheet(path, date_order=order, child=reader)
    assert (row.text("Offer"), len(row.unshown)) == (shown, unclear)


def test_a_sheet_whose_state_says_show_is_shown(tmp_path: Path, reader: Child) -> None:
    """Some programs write so; only `hidden` and `veryHidden` hide."""
    path = tmp_path / "a.xlsx"
    Book([Sheet([HEADER, GOOD], state="show")]).save(path)
    assert len(list(open_sheet(path, child=reader))) == 1


def test_the_words_of_an_issue_name_address_value_and_remedy(tmp_path: Path, reader: Child) -> None:
    """Somebody who never saw a terminal knows which cell to fix, and how."""
    (row,) = open_sheet(
        save(tmp_path / "a.xlsx", (*GOOD[:2], N(100101, "#,##0"), GOOD[3], N(0.5, "# ?/?"))), child=reader
    )
    (issue,) = row.issues
    assert (issue.row, issue.column, issue.field, issue.value) == (2, "C", "GroupIds", "100,101")
    assert '"100,101"' in issue.message
    assert "format the column as Text" in issue.message
    assert row.unshown[4].field == "Offer"
    assert "# ?/?" in row.unshown[4].message


def test_a_reader_that_dies_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program lives on, and the next file is read."""
    path = save(tmp_path / "a.xlsx", GOOD)
    with Child() as child:
        with monkeypatch.context() as patch:
            patch.setattr(child_room, "_BOOT", READY_TO + "os._exit(134)")
            crashed = r'"a\.xlsx": the file could not be read \(the reader crashed: exit code 134\)'
            with pytest.raises(SheetError, match=crashed):
                open_sheet(path, child=child)
        assert len(list(open_sheet(path, child=child))) == 1


def test_a_reader_for_one_file_ends_with_it(tmp_path: Path) -> None:
    """Submitting may take hours, and nobody keeps a process meanwhile that has no more to do."""
    path = save(tmp_path / "a.xlsx", GOOD)
    with Child(once=True) as child:
        process = child.get_ready()
        assert len(list(open_sheet(path, child=child))) == 1
        assert not process.is_alive()


@pytest.mark.parametrize("last", [3, 2_000, 30_000])
def test_a_sheet_that_reaches_further_than_it_says_loses_nothing(tmp_path: Path, reader: Child, last: int) -> None:
    """A large one is laid out on its word; where that ends the reader, another one looks first."""
    far = X(f'<c r="ZZ{last}"><v>1</v></c>')
    path = save(tmp_path / "a.xlsx", GOOD, (*GOOD, far), numbers={2: last}, dimension="A1:J20000")
    assert [(row.number, row.texts) for row in open_sheet(path, child=reader)] == [(2, GOOD), (last, GOOD)]
    assert len(list(open_sheet(save(tmp_path / "b.xlsx", GOOD), child=reader))) == 1


def test_a_sheet_that_lies_about_the_end_of_the_world_is_refused_by_name(tmp_path: Path, reader: Child) -> None:
    """As one that says nothing, and the next file is read."""
    far = X('<c r="XFD1048576"><v>1</v></c>')
    path = save(tmp_path / "a.xlsx", GOOD, (far,), numbers={2: 1_048_576}, dimension="A1:J20000")
    with pytest.raises(SheetError, match=r'"a\.xlsx": the sheet reaches to cell XFD1048576'):
        open_sheet(path, child=reader)
    assert len(list(open_sheet(save(tmp_path / "b.xlsx", GOOD), child=reader))) == 1


def test_a_reader_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its patience, by name."""
    monkeypatch.setattr(child_room, "_BOOT", READY_TO + "import time; time.sleep(600)")
    with pytest.raises(SheetError, match=r"longer than 1 seconds.*max_seconds"):
        open_sheet(save(tmp_path / "a.xlsx", GOOD), limits=DEFAULT._replace(seconds=1))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a process reliably")
def test_a_reader_that_swells_is_refused(tmp_path: Path) -> None:
    """The bound holds inside the reading process, and is said in words, with its setting."""
    rows = X('<c r="Z60000" t="inlineStr"><is><t>' + "x" * 9_000_000 + "</t></is></c>")
    path = save(tmp_path / "a.xlsx", (*GOOD, rows))
    with pytest.raises(SheetError, match=r"more than 64 MB of memory.*max_memory|crash"):
        list(open_sheet(path, limits=DEFAULT._replace(memory=2**26)))


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_a_text_file_is_read_in_the_confined_process(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Like a workbook: it gets no more seconds, memory and rights than that process has."""
    path = tmp_path / f"a.{ending}"
    sign = "," if ending == "csv" else "\t"
    path.write_text(f"{sign.join(HEADER)}\n{sign.join(GOOD)}\n", encoding="utf-8")
    assert [row.texts for row in open_sheet(path)] == [GOOD]
    monkeypatch.setattr(child_room, "_BOOT", READY_TO + "import time; time.sleep(600)")
    with pytest.raises(SheetError, match="longer than 1 seconds"):
        open_sheet(path, limits=DEFAULT._replace(seconds=1))


@pytest.mark.parametrize("ending", ["xlsx", "csv", "ods", "xls"])
def test_a_missing_file_and_a_folder_are_named(tmp_path: Path, ending: str) -> None:
    """Whatever the ending says."""
    with pytest.raises(SheetError, match="there is no file"):
        open_sheet(tmp_path / f"none.{ending}")
    (tmp_path / f"folder.{ending}").mkdir()
    with pytest.raises(SheetError, match="is a folder"):
        open_sheet(tmp_path / f"folder.{ending}")


@pytest.mark.skipif(os.name != "posix", reason="pipes and links of POSIX")
def test_what_is_no_plain_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    """A pipe, a link that leads to itself, a name that is too long."""
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    for name, words in (("pipe.csv", "is not a file"), ("loop.csv", "cannot be"), (f"{'a' * 300}.csv", "too long")):
        with start_reader(tmp_path / name) as reader, pytest.raises(SheetError, match=words):
            open_sheet(tmp_path / name, child=reader)


@pytest.mark.parametrize("name", ["~$week.xlsx", ".~lock.week.xlsx#"])
def test_what_lies_beside_an_open_sheet_is_no_sheet(name: str, tmp_path: Path) -> None:
    """The sheet itself is named; a whole workbook of such a name is read."""
    path = tmp_path / name
    path.write_bytes(b"\x05maria" + b" " * 159)
    with pytest.raises(SheetError, match=r'somebody has a sheet open: name "week\.xlsx" itself'):
        open_sheet(path)
    if name.endswith(".xlsx"):
        assert [row.texts for row in open_sheet(save(path, GOOD))] == [GOOD]


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    """With what to do about it."""
    path = save(tmp_path / "a.xlsx", GOOD)
    path.chmod(0)
    with pytest.raises(SheetError, match="cannot be opened"):
        open_sheet(path)


def test_malformed_xml_that_is_read_all_the_same_is_said(tmp_path: Path, reader: Child) -> None:
    """A sheet whose XML is broken behind its rows gives them, and a warning with the place."""
    good = save(tmp_path / "a.xlsx", GOOD)
    broken = tmp_path / "b.xlsx"
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, part.replace(b"</sheetData>", b"</sheetData><a></b>") if "sheet1" in name else part)
    sheet = open_sheet(broken, child=reader)
    assert [row.number for row in sheet] == [2]
    assert [issue.code for issue in sheet.issues] == ["damaged-xml"]
    assert "xl/worksheets/sheet1.xml" in sheet.issues[0].message
    whole = open_sheet(good, child=reader)
    assert (len(list(whole)), whole.issues) == (1, ())
