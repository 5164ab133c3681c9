"""What a store asks on the phone: what went to it, and just as much what did not."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_support import Shell, coming, row, write_csv

from batch.workflows import find


def week(ready: Shell, folder: Path) -> None:
    """Submit one good row of Dallas, one with a wrong group, one that waits for a person, and one of Plano."""
    rows = [
        row(1, GroupIds="103", Store="Dallas North", CampaignName="Opening", DateTime=coming(3)),
        row(2, GroupIds="Dallas store", Store="", CampaignName="Closing", DateTime=coming(5)),
        row(
            3,
            GroupIds="102",
            City="DALLAS",
            CampaignName="Sale",
            Message="[STORE] sale. Reply STOP to opt out",
            DateTime=coming(7),
        ),
        row(
            4,
            GroupIds="101",
            Store="Plano",
            CampaignName="Party",
            Message="Not in Dallas. STOP to opt out",
            DateTime=coming(9),
        ),
    ]
    ready.run("submit", write_csv(folder / "week.csv", rows), "--yes")


def test_find_says_what_will_not_go_before_its_time_has_passed(ready: Shell, tmp_path: Path) -> None:
    """A group that nobody has, a store, a city: kept as written and found; a text that only speaks of it is not."""
    week(ready, tmp_path)
    ran = ready.run("find", "Dallas")
    first, *lines = ran.out.splitlines()
    assert first == "Dallas: 2 will not go as things stand, 1 scheduled"
    assert len(lines) == 3
    assert ran.err.startswith("to do for entr")
    assert "fix the cell" in ran.err
    assert "did not go" not in ran.out
    assert all(f'"{name}"' in ran.out for name in ("Opening", "Closing", "Sale"))
    assert "Party" not in ran.out


def test_find_of_one_campaign_is_one_sentence(ready: Shell, tmp_path: Path) -> None:
    """Nothing to sum up; and machines get objects only."""
    week(ready, tmp_path)
    assert ready.run("find", "Plano").out.count("\n") == 1
    assert [one["name"] for one in ready.run("find", "Dallas", "--json").lines] == ["Opening", "Closing", "Sale"]


def test_of_very_many_the_newest_are_shown(ready: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is said that there are more; what is called just so is found, however old it is."""
    week(ready, tmp_path)
    monkeypatch.setattr(find, "MOST", 1)
    ran = ready.run("find", "Dallas", "--json")
    assert [one["name"] for one in ran.lines] == ["Party"]
    assert "these are the newest 1; at least 3 more bear these words: add a word to see fewer" in ran.err
    ran = ready.run("find", "Dallas North")
    assert ('"Opening"' in ran.out, ran.out.count("\n"), "newest" in ran.err) == (True, 1, False)
