"""A sheet with rows of several accounts: each row goes to one of them, once, and every one is accounted for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from accounts_support import Town, open_town
from cli_support import Shell, row, write_csv


@pytest.fixture
def town(shell: Shell, tmp_path: Path) -> Iterator[Town]:
    with open_town(shell, tmp_path) as opened:
        yield opened


def mixed(town: Town, *accounts: str) -> Path:
    """Write a sheet, a row for each account named, `Campaign 1` first."""
    rows = [row(number, Account=account) for number, account in enumerate(accounts, 1)]
    return write_csv(town.folder / "week.csv", rows)


def test_each_row_goes_to_its_account_and_is_told_in_the_others(town: Town) -> None:
    """In any spelling of the name; terminal, JSON and report say where the rest went. Dropped again nothing goes."""
    sheet = mixed(town, "dallas", "Austin", " DALLAS ")
    ran = town.shell.run("submit", sheet, "--yes", "--json")
    assert ran.code == 0, ran.err
    shown = {one["account"]: (one["rows"], one["accepted"]) for one in ran.lines}
    assert shown == {"dallas": (2, 2), "austin": (1, 1)}
    assert (town.names("dallas"), town.names("austin")) == (["Campaign 1", "Campaign 3"], ["Campaign 2"])
    page = Path(next(one["reports"][0] for one in ran.lines if one["account"] == "dallas")).read_text("utf-8")
    assert "1 row goes to account austin" in page
    again = town.shell.run("submit", sheet, "--yes")
    assert "2 rows go to account dallas" in again.err
    assert "account dallas:" in again.err
    assert [town.shell.run("submit", sheet, "--yes", "--json").lines[at]["skipped"] for at in (0, 1)] == [2, 1]
    assert (len(town.names("dallas")), len(town.names("austin"))) == (2, 1)


def test_a_cell_that_names_no_account_is_an_error_of_its_row(town: Town) -> None:
    """With the near name, once, in the batch of whoever takes the file in; a row without one takes the default."""
    sheet = mixed(town, "dallas", "austn", "")
    ran = town.shell.run("check", sheet, "--json")
    assert ran.code == 1
    [dallas] = ran.lines
    assert [(one["row"], one["code"]) for one in dallas["errors"]] == [(3, "account-unknown"), (4, "account-unknown")]
    assert '"austn" is not an account: did you mean austin?' in dallas["errors"][0]["message"]
    assert "no account is named, and none is the default: write one of dallas, austin" in dallas["errors"][1]["message"]
    lines = town.shell.run("check", sheet, "--json", "--account", "austin").lines
    assert [(one["account"], one["rows"]) for one in lines] == [("dallas", 1), ("austin", 2)]
    assert "which" not in town.shell.run("check", mixed(town, "x"), "--account", "austin").err
    ran = town.shell.run("submit", mixed(town, "x", ""), "--yes")
    assert (ran.code, "no row names an account: write one of dallas, austin into each row's Account" in ran.err) == (
        3,
        True,
    )


@pytest.mark.proof
def test_a_row_that_moves_to_another_account_is_held_with_a_word(town: Town) -> None:
    """Not doubled in silence; who means it says so. The same campaign in both accounts at once is meant."""
    town.shell.run("submit", mixed(town, "dallas", "dallas"), "--yes")
    ran = town.shell.run("submit", mixed(town, "dallas", "austin"), "--yes", "--json")
    austin = next(one for one in ran.lines if one["account"] == "austin")
    assert (austin["held"], austin["accepted"], town.names("austin")) == (1, 0, [])
    told = town.shell.run("ledger", "show", "1", "--account", "austin").out
    assert "this row was scheduled in account dallas before (entry 2, Id " in told
    assert town.shell.run("submit", mixed(town, "dallas", "austin"), "--yes").code == 1
    assert town.names("austin") == []
    ran = town.shell.run("submit", mixed(town, "dallas", "austin"), "--yes", "--allow", "other-account")
    assert town.names("austin") == ["Campaign 2"]
    both = [row(5, Account="dallas"), row(5, Account="austin")]
    assert town.shell.run("submit", write_csv(town.folder / "both.csv", both), "--yes").code == 0
    assert [town.names(name).count("Campaign 5") for name in ("dallas", "austin")] == [1, 1]


def test_trouble_of_one_account_stops_no_row_of_another(town: Town) -> None:
    """What is wrong is told with its name; when it is over, the same file brings the rest, and nothing twice."""
    sheet = mixed(town, "dallas", "austin")
    town.shell.run("pause", "--why", "wait", "--account", "dallas")
    ran = town.shell.run("submit", sheet, "--yes", "--json")
    assert ran.code == 3
    assert [(one["account"], one.get("accepted")) for one in ran.lines] == [("dallas", None), ("austin", 1)]
    town.shell.run("unpause", "--account", "dallas")
    assert town.shell.run("submit", sheet, "--yes").code == 0
    assert (town.names("dallas"), town.names("austin")) == (["Campaign 1"], ["Campaign 2"])


def test_a_list_may_name_the_account_of_each_store(town: Town, tmp_path: Path) -> None:
    """One text, many stores, each in its own account."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet, stores = book.active, book.create_sheet("Stores")
    plain = row(1)
    sheet.append(["CampaignName", "Message", "DateTime", "ForEach"])
    sheet.append([plain["CampaignName"], plain["Message"], plain["DateTime"], "Stores"])
    for line in (["Name", "GroupIds", "Account"], ["Plano", "100", "dallas"], ["Round Rock", "101", "austin"]):
        stores.append(line)
    book.save(tmp_path / "lists.xlsx")
    ran = town.shell.run("submit", tmp_path / "lists.xlsx", "--yes")
    assert ran.code == 0, ran.err
    assert (town.names("dallas"), town.names("austin")) == (["Campaign 1 - Plano"], ["Campaign 1 - Round Rock"])


def test_one_account_reads_a_column_account_as_any_other(ready: Shell, tmp_path: Path) -> None:
    """A team of one account that has such a column keeps it as a fill-in field."""
    text = "Maple & Main: {{ Account }} sale. Reply STOP to opt out"
    sheet = write_csv(tmp_path / "week.csv", [row(1, Account="Plano", Message=text)])
    ran = ready.run("submit", sheet, "--yes", "--json")
    assert (ran.code, ran.json["accepted"], "account" in ran.json) == (0, 1, False)
