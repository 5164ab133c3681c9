"""`check` ends with what is ready, what waits, what is wrong, which fields the texts use, and what to type next."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_support import Shell, write_csv

from batch.model.codes import widen

HEAD = ("CampaignName", "Message", "GroupIds", "DateTime", "Offer", "Store")


def row(**cells: str) -> dict[str, str]:
    good = {
        "CampaignName": "Fall", "Message": "Maple & Main: {{ Offer }} today. Reply STOP to opt out", "GroupIds": "100",
        "DateTime": "2027-03-01 10:00", "Offer": "20% off", "Store": "Plano",
    }  # fmt: skip
    return {**good, **cells}


def test_the_last_lines_say_what_to_do(shell: Shell, tmp_path: Path) -> None:
    """Ready, waiting and wrong rows are counted apart; each column is used or not."""
    rows = [
        row(CampaignName="One"),
        row(CampaignName="Two", Offer="[Discount]"),
        row(CampaignName="Three", GroupIds=""),
    ]
    ran = shell.run("check", write_csv(tmp_path / "a.csv", rows))
    assert "a.csv: 3 rows: 1 ready, 1 waiting for a decision, 1 with errors" in ran.err
    assert "fields that the texts use: Offer" in ran.err
    assert "columns that no text uses: Store" in ran.err
    assert "fix what is wrong and check again" in ran.err


@pytest.mark.parametrize(
    ("cells", "command"),
    [({}, "submit"), ({"Offer": "[Discount]"}, "--allow placeholder")],
)
def test_the_next_command_is_named(cells: dict[str, str], command: str, shell: Shell, tmp_path: Path) -> None:
    """To submit what is good; to let go what is held."""
    path = write_csv(tmp_path / "a.csv", [row(**cells)])
    ran = shell.run("check", path)
    assert f'campaign-batch submit "{path}"' in ran.err
    assert command in ran.err.splitlines()[-1]


def test_a_column_that_is_nearly_a_used_one_is_pointed_out(shell: Shell, tmp_path: Path) -> None:
    """The slip of a copied column; one with another name is listed only."""
    found = shell.run("check", write_csv(tmp_path / "a.csv", [{**row(), "Offers": "30% off"}]), "--json").json
    assert (found["fields"], found["unused"], found["held"]) == (["Offer"], ["Store", "Offers"], 0)
    (near,) = [issue for issue in found["warnings"] if issue["code"] == "field-unused"]
    assert 'no text uses the column "Offers", but "Offer" is used' in near["message"]


def test_a_column_that_is_nearly_a_known_one_is_pointed_out(shell: Shell, tmp_path: Path) -> None:
    """A mark under "Cancelled" cancelled nothing, and a "Zone" left the time in the team's own: neither was told."""
    cells = {"Zone": "CT", "Cancelled": "x", "Refernce": "R-1", "Tone": "warm", "Offers": "30% off"}
    found = shell.run("check", write_csv(tmp_path / "a.csv", [{**row(), **cells}]), "--json").json
    told = [issue["message"] for issue in found["warnings"] if "is not read" in issue["message"]]
    assert told == [
        f'the column "{name}" is not read: did you mean "{meant}"? then rename it'
        for name, meant in (("Zone", "TimeZone"), ("Cancelled", "Cancel"), ("Refernce", "Reference"))
    ]
    named = {**row(), "TimeZone": "CT", "Zone": "North"}
    assert "is not read" not in shell.run("check", write_csv(tmp_path / "b.csv", [named]), "--json").out


def test_what_has_one_cause_is_said_once(shell: Shell, tmp_path: Path) -> None:
    """Two hundred names that could not be looked up are one line."""
    rows = [row(CampaignName=f"Row {number}", GroupIds=f"Store {number} shoppers") for number in range(200)]
    ran = shell.run("check", write_csv(tmp_path / "a.csv", rows))
    assert "group names could not be looked up offline: 200 rows" in ran.err
    assert ran.err.count("could not be looked up") == 1


def test_a_mistyped_code_gets_its_neighbor(shell: Shell, tmp_path: Path) -> None:
    """The list of all would not help."""
    ran = shell.run("submit", write_csv(tmp_path / "a.csv", [row()]), "--allow", "quite-hours")
    assert 'there is no code "quite-hours" to allow' in ran.err
    assert 'did you mean "quiet-hours"?' in ran.err
    assert ran.code == 2


def test_a_code_covers_its_family() -> None:
    """Quiet hours are quiet hours, in the row's zone and in the recipients'."""
    assert widen(["quiet-hours"]) == {"quiet-hours", "quiet-hours-there"}
    assert widen(["holiday"]) == {"holiday"}


def test_a_code_without_effect_is_named(ready: Shell, tmp_path: Path) -> None:
    """Who allows what nothing is held for should know."""
    path = write_csv(tmp_path / "a.csv", [row()])
    ran = ready.run("submit", path, "--dry-run", "--allow", "quiet-hours")
    assert "--allow quiet-hours had no effect: no row is held for it" in ran.err
    assert ran.err.count("had no effect") == 1
    held = write_csv(tmp_path / "b.csv", [row(DateTime="2027-03-01 23:30")])
    assert "had no effect" not in ready.run("submit", held, "--dry-run", "--allow", "quiet-hours").err
