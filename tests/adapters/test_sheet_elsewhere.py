"""Every row and every tab is accounted for: what looks like a campaign is read, refused or named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cases_support import HEADER, WHEN, campaign, line, read
from sheet_support import Book, Cell, N, Sheet

from batch.adapters.sheet.child import Child

ONE = campaign("One")
TWO = campaign("Two")
REAL_DATE = N(46359.6041666667, "m/d/yyyy h:mm")


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """Give one reading process for all files."""
    with Child() as running:
        yield running


def csv(path: Path, *rows: tuple[str, ...]) -> Path:
    path.write_bytes("".join(line(*row) for row in rows).encode())
    return path


def book(path: Path, *sheets: Sheet) -> Path:
    Book(list(sheets)).save(path)
    return path


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_campaigns_above_the_header_are_an_error_that_names_the_rows(kind: str, tmp_path: Path, child: Child) -> None:
    """A sort that took the header along leaves them there."""
    rows = (ONE, TWO, HEADER, campaign("Three"))
    path = csv(tmp_path / "a.csv", *rows) if kind == "csv" else book(tmp_path / "a.xlsx", Sheet(list(rows)))
    refused = read(path, child).refused
    assert "rows 1 to 2 stand above the header in row 3" in refused
    assert "move the header row to the top" in refused


def test_a_campaign_above_a_wide_header_is_seen(tmp_path: Path, child: Child) -> None:
    """What a campaign needs is enough, however many columns stand empty."""
    wide = (*HEADER, *(f"Extra {number}" for number in range(20)))
    refused = read(book(tmp_path / "a.xlsx", Sheet([(*ONE[:3], REAL_DATE), wide, TWO])), child).refused
    assert "row 1 stands above the header in row 2" in refused


@pytest.mark.parametrize(
    "above",
    [("Week 48 campaigns",), ("Week 48", "", "", "Nov 23 to 29"), ("", "", "", WHEN),
     ("Week 48",) * 5],
)  # fmt: skip
def test_a_title_above_the_header_stays_fine(above: tuple[str, ...], tmp_path: Path, child: Child) -> None:
    """Nothing is said about one."""
    found = read(csv(tmp_path / "a.csv", above, (), HEADER, ONE), child)
    assert (found.refused, found.good, found.notes) == ("", ["One"], ())


def test_full_rows_above_the_header_that_are_no_campaigns_are_named(tmp_path: Path, child: Child) -> None:
    """Two rows of headings are usual; that the upper one is not read is said."""
    found = read(csv(tmp_path / "a.csv", ("What", "Words", "Who", "Due", "Percent"), HEADER, ONE), child)
    assert [note.code for note in found.notes] == ["rows-above-header"]
    assert "row 1 stands above the header in row 2" in found.notes[0].message
    assert found.good == ["One"]


@pytest.mark.parametrize(
    ("at", "written", "lacks"),
    [(0, "Campain", "CampaignName"), (1, "Mesage", "Message"), (2, "Grops", "GroupIds"), (3, "Date-Tme", "DateTime"),
     (1, "SMS text", "Message"), (3, "When", "DateTime"), (2, "Audience", "GroupIds")],
)  # fmt: skip
def test_a_tab_whose_header_is_a_word_away_is_named_with_what_it_lacks(
    at: int, written: str, lacks: str, tmp_path: Path, child: Child
) -> None:
    """The campaigns of that tab would be lost without a word."""
    header = list(HEADER)
    header[at] = written
    sheets = Sheet([HEADER, ONE], name="Texas"), Sheet([tuple(header), TWO, TWO], name="Florida")
    for order in (sheets, sheets[::-1]):
        refused = read(book(tmp_path / "a.xlsx", *order), child).refused
        assert '"Florida" holds 2 rows that look like campaigns' in refused
        assert f'"{lacks}"' in refused
        assert '--sheet "Texas"' in refused


@pytest.mark.parametrize("when", [WHEN, REAL_DATE])
def test_a_tab_without_a_header_is_named(when: Cell, tmp_path: Path, child: Child) -> None:
    """In the columns of the other tab, or in any order."""
    straight = (*TWO[:3], when)
    mixed = (when, "a", "100, 101", "Our sale begins today at noon, come in. Reply STOP")
    for rows in ([straight, straight], [mixed, mixed]):
        sheets = Sheet([HEADER, ONE], name="Texas"), Sheet(rows, name="Florida")
        refused = read(book(tmp_path / "a.xlsx", *sheets), child).refused
        assert '"Florida" holds 2 rows that look like campaigns, but has no header row' in refused


@pytest.mark.parametrize(
    "rows",
    [
        [("How to fill this in",), ("One row a campaign, see the example below, and ask Ann if you are unsure",)],
        [("Name", "City", "Group", "TimeZone"), ("Plano", "Plano", "100", "CT")],
        [("Group", "Id"), ("Dallas stores", "100")],
        [("Date", "Holiday"), ("2026-12-25", "Christmas")],
        [("Store", "Address", "Phone", "Opens"), ("Plano", "1 Main St, Plano", "555-0100", "9:00")],
        [],
    ],
)
def test_other_tabs_are_no_trouble(rows: list[tuple[str, ...]], tmp_path: Path, child: Child) -> None:
    """Lists, notes and empty tabs stand beside the campaigns in every team's workbook."""
    found = read(book(tmp_path / "a.xlsx", Sheet([HEADER, ONE]), Sheet(list(rows), name="Other")), child)
    assert (found.refused, found.good) == ("", ["One"])
    assert found.notes == ()


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_tab_with_campaigns_is_counted_and_named(state: str, tmp_path: Path, child: Child) -> None:
    """Somebody hid it on purpose, so the rest goes; that its rows do not is said."""
    old = Sheet([HEADER, TWO, TWO, TWO], name="Old", state=state)
    found = read(book(tmp_path / "a.xlsx", Sheet([HEADER, ONE]), old), child)
    assert found.good == ["One"]
    assert [note.code for note in found.notes] == ["other-sheet"]
    assert 'hidden sheet "Old" holds 3 rows that look like campaigns, left out' in found.notes[0].message


def test_campaigns_on_a_hidden_tab_alone_are_named(tmp_path: Path, child: Child) -> None:
    """The visible tab has none, so nothing is read."""
    path = book(
        tmp_path / "a.xlsx", Sheet([("Notes",)], name="Notes"), Sheet([HEADER, ONE], name="Old", state="hidden")
    )
    assert 'the hidden sheet "Old" has one' in read(path, child).refused


def test_a_tab_that_a_person_names_is_read_and_the_others_are_named(tmp_path: Path, child: Child) -> None:
    """Who says --sheet has chosen; what is left is said anyway."""
    typo = Sheet([("CampaignName", "Message", "Grops", "DateTime"), TWO], name="Florida")
    path = book(tmp_path / "a.xlsx", Sheet([HEADER, ONE], name="Texas"), typo)
    found = read(path, child, name="Texas")
    assert found.good == ["One"]
    assert '"Florida" holds 1 row that looks' in found.notes[0].message
