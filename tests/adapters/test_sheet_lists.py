"""One text, many stores: a row whose ForEach names a list is one campaign for each row of that list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sheet_support import Book, E, N, Sheet

from batch.adapters.sheet import open_sheet
from batch.adapters.sheet.child import Child
from batch.adapters.sheet.expand import singular
from batch.core.render import Renderer
from batch.core.validate import Checker, Rules
from batch.model import Checked, Issue
from batch.model.errors import SheetError
from batch.model.limits import Limits

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HEADER = ("CampaignName", "Message", "GroupIds", "DateTime", "TimeZone", "ForEach")
TEXT = "{{ Store.City }}: 20% off today. Reply STOP to opt out"
WHEN = "2026-12-01 14:00"
SALE = ("Sale", TEXT, "", WHEN, "", "Stores")
STORES = (
    ("Name", "City", "GroupIds", "TimeZone"),
    ("Plano", "Plano TX", "101", "CT"),
    ("Miami", "Miami FL", "102", "ET"),
)


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """Give one reading process for all files."""
    with Child() as running:
        yield running


class Read(NamedTuple):
    rows: list[Checked]
    notes: tuple[Issue, ...]

    @property
    def good(self) -> list[tuple[str, str, tuple[str, ...], datetime]]:
        found = [one.campaign for one in self.rows if one.campaign is not None]
        return [(one.name, one.message, one.group_ids, one.send_at) for one in found]

    @property
    def errors(self) -> list[tuple[str, str, str]]:
        return [
            (f"{one.row}", one.code, one.message) for row in self.rows for one in row.issues if one.level == "error"
        ]


def read(
    path: Path, child: Child, rows: Sequence[tuple[object, ...]], *lists: Sheet, header: tuple[str, ...] = HEADER,
    limits: Limits | None = None,
) -> Read:  # fmt: skip
    Book([Sheet([header, *rows]), *lists]).save(path)  # type: ignore[list-item]
    sheet = open_sheet(path, child=child, limits=limits or Limits())
    renderer, checker = Renderer(lambda _: ""), Checker(Rules(zone="America/Chicago", provider_zone="UTC"), NOW)
    found = checker.check([(row, *renderer.render(row)) for row in sheet])
    return Read(found, sheet.issues)


def stores(*rows: tuple[object, ...], name: str = "Stores", state: str = "") -> Sheet:
    return Sheet(list(rows or STORES), name=name, state=state)  # type: ignore[arg-type]


def test_a_row_is_one_campaign_for_each_store(tmp_path: Path, child: Child) -> None:
    """Group and zone come from the list, and the store's name stands behind the campaign's."""
    found = read(tmp_path / "a.xlsx", child, [SALE], stores())
    assert found.errors == []
    assert found.good == [
        ("Sale - Plano", TEXT.replace("{{ Store.City }}", "Plano TX"), ("101",), datetime(2026, 12, 1, 20, tzinfo=UTC)),
        ("Sale - Miami", TEXT.replace("{{ Store.City }}", "Miami FL"), ("102",), datetime(2026, 12, 1, 19, tzinfo=UTC)),
    ]  # fmt: skip


def test_what_the_row_says_itself_wins_over_the_list(tmp_path: Path, child: Child) -> None:
    """A filled cell is meant for every store."""
    row = ("Sale", TEXT, "100", WHEN, "PT", "stores")
    assert {(one[2], one[3].hour) for one in read(tmp_path / "a.xlsx", child, [row], stores()).good} == {(("100",), 22)}


def test_a_group_that_is_merged_over_stores_is_told(tmp_path: Path, child: Child) -> None:
    """It is each store's, and the cell is named with its sheet."""
    rows = [STORES[0], STORES[1], ("Miami", "Miami FL", None, "ET")]
    merged = Sheet(rows, name="Stores", merges=("C2:C3",))  # type: ignore[arg-type]
    found = read(tmp_path / "a.xlsx", child, [SALE], merged)
    assert [one[2] for one in found.good] == [("101",), ("101",)]
    assert [note.message.partition(": ")[2] for note in found.notes if note.code == "merged-down"] == [
        '"101" in Stores!C2:C3 (GroupIds); unmerge what should count for its first row only'
    ]


def test_what_is_merged_for_its_look_alone_is_no_second_campaign(tmp_path: Path, child: Child) -> None:
    """Remarks beside one merged campaign make rows that say the same: the second is an error, and it goes once."""
    first = ("Sale", "Hi. Reply STOP to opt out", "100", WHEN, "", "", "one")
    rows = [(*HEADER, "Notes"), first, (None,) * 6 + ("two",)]
    Book([Sheet(rows, merges=("A2:A3", "B2:B3", "C2:C3", "D2:D3"))]).save(tmp_path / "a.xlsx")  # type: ignore[arg-type]
    renderer, checker = Renderer(lambda _: ""), Checker(Rules(zone="America/Chicago", provider_zone="UTC"), NOW)
    drafted = [(row, *renderer.render(row)) for row in open_sheet(tmp_path / "a.xlsx", child=child)]
    assert [[issue.level.value for issue in one.issues] for one in checker.check(drafted)] == [[], ["error"]]


def test_plain_rows_stand_beside_rows_with_a_list(tmp_path: Path, child: Child) -> None:
    """And two rows may use one list."""
    plain = ("Plain", "Hello. Reply STOP to opt out", "100", WHEN, "", "")
    later = ("Late", TEXT, "", "2026-12-02 14:00", "", "Stores")
    found = read(tmp_path / "a.xlsx", child, [plain, SALE, later], stores())
    names = ["Plain", "Sale - Plano", "Sale - Miami", "Late - Plano", "Late - Miami"]
    assert [one[0] for one in found.good] == names


def test_keys_do_not_hang_on_the_order_of_the_list(tmp_path: Path, child: Child) -> None:
    """Sorted, or with a store put in between, each campaign is still the same one."""
    first = read(tmp_path / "a.xlsx", child, [SALE], stores())
    other = read(
        tmp_path / "b.xlsx", child, [SALE], stores(STORES[0], STORES[2], ("Dallas", "D", "103", "CT"), STORES[1])
    )
    keys = {one.name: (one.key, one.campaign.fingerprint) for one in other.rows if one.campaign}
    assert [(one.key, one.campaign.fingerprint) for one in first.rows if one.campaign] == [
        keys["Sale - Plano"], keys["Sale - Miami"],
    ]  # fmt: skip


def test_a_name_may_use_the_fields_of_the_list(tmp_path: Path, child: Child) -> None:
    """Then nothing is put behind it."""
    row = ("Sale in {{ Store.City }}", TEXT, "", WHEN, "", "Stores")
    assert [one[0] for one in read(tmp_path / "a.xlsx", child, [row], stores()).good] == [
        "Sale in Plano TX", "Sale in Miami FL",
    ]  # fmt: skip


def test_a_reference_is_told_apart_too(tmp_path: Path, child: Child) -> None:
    """One Reference on the row is one for each store."""
    found = read(tmp_path / "a.xlsx", child, [(*SALE, "R1")], stores(), header=(*HEADER, "Reference"))
    assert [one.reference for one in found.rows] == ["R1 - Plano", "R1 - Miami"]


def test_a_store_has_its_own_time_or_an_offset(tmp_path: Path, child: Child) -> None:
    """Later or earlier than the row's time; what nobody can read is an error."""
    listed = stores(
        ("Name", "GroupIds", "TimeOffset"), ("A", "1", "30"), ("B", "2", "-1:30"), ("C", "3", ""), ("D", "4", "soon")
    )
    found = read(tmp_path / "a.xlsx", child, [("Sale", "Hello. Reply STOP to opt out", "", WHEN, "", "Stores")], listed)
    assert [f"{one[3]:%H:%M}" for one in found.good] == ["20:30", "18:30", "20:00"]
    assert [(where, code) for where, code, _ in found.errors] == [("2 for Stores row 5 (D)", "time-unreadable")]
    own = stores(("Name", "GroupIds", "Time"), ("A", "1", "10:00"), ("B", "2", "11:00"))
    header = ("CampaignName", "Message", "Date", "ForEach")
    found = read(
        tmp_path / "b.xlsx",
        child,
        [("Sale", "Hello. Reply STOP to opt out", "2026-12-01", "Stores")],
        own,
        header=header,
    )
    assert [f"{one[3]:%H:%M}" for one in found.good] == ["16:00", "17:00"]


def test_the_sheet_needs_no_column_that_the_list_has(tmp_path: Path, child: Child) -> None:
    """GroupIds may stand in the list alone; the list may look like campaigns itself, and is none."""
    listed = stores(("Store", "Group", "DateTime"), ("Plano", "101", WHEN), ("Miami", "102", WHEN))
    row = ("Sale", "{{ Store.Store }}: hello. Reply STOP to opt out", "Stores")
    found = read(tmp_path / "a.xlsx", child, [row], listed, header=("CampaignName", "Message", "ForEach"))
    assert ([one[2] for one in found.good], found.errors, found.notes) == ([("101",), ("102",)], [], ())


@pytest.mark.parametrize(
    ("wanted", "code", "words"),
    [("Storse", "list-unknown", 'did you mean "Stores"?'), ("Regions", "list-unknown", 'there is "Stores"'),
     ("Campaigns", "list-unknown", "the workbook has no sheet with that name")],
)  # fmt: skip
def test_a_list_that_is_not_there_is_an_error_with_the_nearest(
    wanted: str, code: str, words: str, tmp_path: Path, child: Child
) -> None:
    """Nothing goes out of such a row."""
    found = read(tmp_path / "a.xlsx", child, [("Sale", TEXT, "1", WHEN, "", wanted)], stores())
    assert found.good == []
    assert [(one[0], one[1]) for one in found.errors][:1] == [("2", code)]
    assert words in found.errors[0][2]


def test_an_empty_list_is_an_error(tmp_path: Path, child: Child) -> None:
    """A campaign to nobody would look as if it had gone."""
    found = read(tmp_path / "a.xlsx", child, [SALE], stores(("Name", "City")))
    assert "list-empty" in {code for _, code, _ in found.errors}


def test_a_store_that_stands_twice_is_one_campaign(tmp_path: Path, child: Child) -> None:
    """The second is named with the first; with other content, both are."""
    found = read(tmp_path / "a.xlsx", child, [SALE], stores(*STORES, STORES[1]))
    assert [one[0] for one in found.good] == ["Sale - Plano", "Sale - Miami"]
    assert found.errors[0][:2] == ("2 for Stores row 4 (Plano)", "row-repeated")
    assert "row 2 for Stores row 2:" in found.errors[0][2]


def test_fields_of_the_list_are_checked_like_others(tmp_path: Path, child: Child) -> None:
    """A slip gets the nearest, a blank cell its place in the list, an error value too."""
    slip = ("A", "{{ Store.Citty }} Reply STOP to opt out", "1", WHEN, "", "Stores")
    assert "{{ Store.City }}" in read(tmp_path / "a.xlsx", child, [slip], stores()).errors[0][2]
    blank = stores(STORES[0], ("Plano", "", "101", "CT"), ("Miami", E("#N/A"), "102", "ET"))
    found = read(tmp_path / "b.xlsx", child, [SALE], blank)
    cells = [(issue.column, issue.code) for one in found.rows for issue in one.issues if issue.level == "error"]
    assert (found.good, cells) == ([], [("Stores!B", "field-empty"), ("Stores!B", "cell-error")])
    assert "Stores!B3 shows #N/A" in found.errors[1][2]
    named = ("{{ Store.Citty }} sale", TEXT, "1", WHEN, "", "Stores")
    assert "did you mean {{ Store.City }}?" in read(tmp_path / "c.xlsx", child, [named], stores()).errors[0][2]


def test_a_store_without_a_name_is_an_error(tmp_path: Path, child: Child) -> None:
    """Its campaign could not be told from the others."""
    found = read(tmp_path / "a.xlsx", child, [SALE], stores(*STORES, ("", "Waco", "103", "CT")))
    assert [one[:2] for one in found.errors] == [("2 for Stores row 4", "list-row-unnamed")]


def test_hidden_lists_are_used_and_hidden_rows_left_out_with_a_word(tmp_path: Path, child: Child) -> None:
    """Where nobody can miss it."""
    listed = stores(*STORES, state="hidden")
    listed.hidden_rows = (3,)
    found = read(tmp_path / "a.xlsx", child, [SALE], listed)
    assert [one[0] for one in found.good] == ["Sale - Plano"]
    assert [one.code for one in found.notes] == ["list-hidden", "list-rows-left-out"]


def test_a_text_file_has_no_list_and_says_so(tmp_path: Path) -> None:
    """An empty ForEach is as good as none."""
    path = tmp_path / "a.csv"
    path.write_text(f"CampaignName,Message,GroupIds,DateTime,ForEach\nA,Hi,1,{WHEN},Stores\nB,Hi,1,{WHEN},\n")
    first, second = open_sheet(path)
    assert "put campaigns and list into one workbook" in first.issues[0].message
    assert second.issues == ()


def test_numbers_of_groups_are_read_as_ids(tmp_path: Path, child: Child) -> None:
    """A mangled one in the list is an error as in the sheet."""
    listed = stores(("Name", "City", "GroupIds"), ("Plano", "P", N(101)), ("Miami", "M", N(100101, "#,##0")))
    found = read(tmp_path / "a.xlsx", child, [SALE], listed)
    assert [one[2] for one in found.good] == [("101",)]
    assert [one[:2] for one in found.errors] == [("2 for Stores row 3 (Miami)", "number-mangled")]


@pytest.mark.parametrize(("limit", "most"), [("rows", 5), ("characters", 600), ("reach", 60)])
def test_what_a_list_makes_counts_against_the_limits(limit: str, most: int, tmp_path: Path, child: Child) -> None:
    """Two rows times four stores are eight; the reading process is ready for the next file."""
    listed = stores(STORES[0], *((f"Store {n}", "City", "1", "CT") for n in range(4)))
    rows = [(f"Sale {n}", TEXT, "", WHEN, "", "Stores") for n in range(2)]
    with pytest.raises(SheetError, match="more than"):
        read(tmp_path / "a.xlsx", child, rows, listed, limits=Limits(**{limit: most}))
    assert len(read(tmp_path / "b.xlsx", child, rows, listed).good) == 8


def test_a_row_of_a_list_is_called_by_the_singular() -> None:
    """By one rule: an s at the end falls away."""
    called = {"Stores": "Store", "Cities": "City", "Team": "Team", "Address": "Address", "STORES": "STORE"}
    assert {name: singular(name) for name in called} == called


def test_a_dot_without_a_list_is_refused_as_before(tmp_path: Path, child: Child) -> None:
    """A sheet without ForEach reads as it always did."""
    row = ("A", "{{ Store.City }} Reply STOP to opt out", "1", WHEN)
    found = read(tmp_path / "a.xlsx", child, [row], stores(("x",)), header=HEADER[:4])
    assert [code for _, code, _ in found.errors] == ["template-not-allowed"]


WORD = st.text("abcdefgh '&é", min_size=1, max_size=12).map(str.strip).filter(bool)
STORE = st.tuples(WORD, WORD, st.integers(1, 999).map(str), st.sampled_from(["CT", "ET", "America/Denver"]))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STORE, min_size=1, max_size=6, unique_by=lambda one: one[0].casefold()))
def test_n_stores_are_n_rows_written_by_hand(tmp_path: Path, child: Child, listed: list[tuple[str, ...]]) -> None:
    """Key, fingerprint, text, groups and time are the same: whoever changes over sends nothing twice."""
    made = read(tmp_path / "a.xlsx", child, [SALE], stores(STORES[0], *listed))
    header = (*HEADER[:5], "City")
    text = TEXT.replace("Store.City", "City")
    rows = [(f"Sale - {name}", text, group, WHEN, zone, city) for name, city, group, zone in listed]
    by_hand = read(tmp_path / "b.xlsx", child, rows, header=header)
    assert made.good == by_hand.good
    assert [one.key for one in made.rows] == [one.key for one in by_hand.rows]
    prints = [[one.campaign.fingerprint for one in each.rows if one.campaign] for each in (made, by_hand)]
    assert prints[0] == prints[1]
