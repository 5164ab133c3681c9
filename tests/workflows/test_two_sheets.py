"""A batch is a file and a sheet: what one sheet of a workbook says is nothing that another one takes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import openpyxl
import pytest
from torture_support import COLUMNS, Bench, bench

from batch.model import Status
from batch.workflows.tally import Tally


@pytest.fixture
def desk() -> Iterator[Bench]:
    with bench() as found:
        yield found


def write_book(desk: Bench, **sheets: Sequence[Mapping[str, str]]) -> Path:
    """Write `week.xlsx` with these sheets."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append(COLUMNS)
        for row in rows:
            sheet.append([row[column] for column in COLUMNS])
    path = desk.folder / "week.xlsx"
    book.save(path)
    return path


def codes(tally: Tally) -> set[str]:
    """Give the codes of a file's issues and its rows'; that there is another sheet is no matter here."""
    rows = {issue.code for one in tally.decisions for issue in one.issues}
    return (rows | {issue.code for issue in tally.file_issues}) - {"other-sheet"}


def test_the_next_sheet_of_a_workbook_takes_nothing_back(desk: Bench) -> None:
    """Monday's campaigns are not gone because Tuesday's sheet has others."""
    path = write_book(desk, Mon=[desk.row(0), desk.row(1)], Tue=[desk.row(2), desk.row(3)])
    desk.submit(path, sheet="Mon")
    tally = desk.submit(path, sheet="Tue")
    assert (tally.gone, tally.counts, codes(tally)) == (0, {"accepted": 2}, set())


def test_a_row_that_is_gone_from_its_own_sheet_is_named(desk: Bench) -> None:
    """The other sheet's rows do not stand in for it."""
    path = write_book(desk, Mon=[desk.row(0), desk.row(1)], Tue=[desk.row(2)])
    desk.submit(path, sheet="Mon")
    desk.submit(path, sheet="Tue")
    path = write_book(desk, Mon=[desk.row(0)], Tue=[desk.row(2)])
    tally = desk.submit(path, sheet="mon")
    assert (tally.gone, codes(tally)) == (1, {"gone-from-sheet"})


def test_a_daily_campaign_is_no_moved_one(desk: Bench) -> None:
    """The same name to the same groups on another day: a sheet a day, not an edit."""
    row = desk.row(0, Reference="")
    later = row | {
        "DateTime": row["DateTime"].replace("-04 ", "-05 "),
        "Message": "Another offer. Reply STOP to opt out",
    }
    assert later["DateTime"] != row["DateTime"]
    path = write_book(desk, Mon=[row], Tue=[later])
    desk.submit(path, sheet="Mon")
    assert desk.submit(path, sheet="Tue").counts == {"accepted": 1}
    moved = row | {"DateTime": row["DateTime"].replace("11:00", "15:00")}
    tally = desk.submit(write_book(desk, Mon=[moved], Tue=[later]), sheet="Mon")
    assert "same-campaign-other-time" in codes(tally)


def test_a_double_in_another_sheet_is_named_with_its_sheet(desk: Bench) -> None:
    """`row 2 of "week.xlsx"` would be looked for in the wrong one."""
    path = write_book(desk, Mon=[desk.row(0)], Tue=[desk.row(0, CampaignName="Twin", Reference="T")])
    desk.submit(path, sheet="Mon")
    desk.submit(path, sheet="Tue")
    [held] = desk.entries(Status.HELD)
    assert 'row 2 of sheet "Mon" of "week.xlsx"' in held.issues[-1].message


def test_a_sheet_that_was_renamed_is_the_same_sheet(desk: Bench) -> None:
    """A moved row in it is held as it was before, and a row that is gone is named: nothing goes twice for a new tab."""
    row, other = desk.row(0, Reference=""), desk.row(1)
    desk.submit(write_book(desk, Mon=[row, other], Tue=[desk.row(2)]), sheet="Mon")
    desk.submit(desk.folder / "week.xlsx", sheet="Tue")
    moved = row | {"DateTime": row["DateTime"].replace("11:00", "15:00")}
    tally = desk.submit(write_book(desk, Monday=[moved], Tue=[desk.row(2)]), sheet="Monday")
    assert codes(tally) == {"same-campaign-other-time", "gone-from-sheet"}
    assert len(desk.sandbox.posts) == 3
