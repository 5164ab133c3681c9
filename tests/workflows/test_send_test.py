"""Tests to the team's own group, and rows that a newer version of the file no longer has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_support import Shell, row, write_csv
from wire_support import WireServer, answer

from batch.core.payload import from_provider_time


def test_a_test_goes_to_the_test_group_a_quarter_of_an_hour_ahead(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Marked in name and text, to that group alone, soon."""
    file = write_csv(tmp_path / "a.csv", [row(1), row(2)])
    ran = ready.run("submit", file, "--test", "130", "--row", "3", "--json")
    assert (ran.code, ran.json["accepted"]) == (0, 1)
    payload = sandbox.posts[0].payload
    assert payload["CampaignName"].startswith("TEST Campaign 2 #")
    assert payload["Message"].startswith("TEST: Maple & Main: offer 2")
    assert payload["GroupIds"] == ["130"]
    moment = from_provider_time(payload["DateTime"], "America/New_York")
    assert timedelta(minutes=14) < moment - datetime.now(UTC) < timedelta(minutes=17)


def test_a_test_is_never_counted_as_the_campaign(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """The campaigns themselves go as if nothing had been tried, and a test can be sent again."""
    file = write_csv(tmp_path / "a.csv", [row(1), row(2)])
    assert ready.run("submit", file, "--test", "130", "--json").json["accepted"] == 2
    assert ready.run("submit", file, "--test", "130", "--json").json["accepted"] == 2
    ran = ready.run("submit", file, "--json")
    assert (ran.code, ran.json["accepted"], ran.json["held"]) == (0, 2, 0)
    assert len(sandbox.campaigns) == 6
    assert ready.run("reconcile", "--json").json["matched"] == 6


def test_a_test_group_that_is_not_there_is_named(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Nothing goes to a group that nobody knows."""
    ran = ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]), "--test", "Our testers")
    assert (ran.code, '"Our testers"' in ran.err, sandbox.posts) == (2, True, [])


@pytest.mark.parametrize("group", ["New York stores", "111"])
def test_a_test_goes_to_no_group_that_is_more_than_a_handful(
    ready: Shell, sandbox: Any, tmp_path: Path, group: str
) -> None:
    """It needs no second person, so it cannot text customers: the words say how many, and what may be set."""
    ready.set(APPROVAL__REQUIRED="true")
    ran = ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]), "--test", group)
    assert (ran.code, sandbox.posts) == (2, [])
    assert '"New York stores" has 712 contacts, and a test goes to at most 25' in ran.err
    assert "test_contacts under [checks]" in ran.err


def test_a_team_may_set_how_many_people_a_test_reaches(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """A larger test group is the team's own decision."""
    ready.set(CHECKS__TEST_CONTACTS=712)
    assert ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]), "--test", "111").code == 0
    assert sandbox.posts[0].payload["GroupIds"] == ["111"]


def test_a_group_of_unknown_size_gets_no_test(ready: Shell, tmp_path: Path) -> None:
    """What the provider does not count may be everybody."""
    nothing, credits = answer(200, b"[]"), answer(200, b'{"AvailableCredits": 9}')
    groups = answer(200, b'[{"Id": 115, "Name": "Minneapolis stores"}]')
    with WireServer([nothing, nothing, groups, nothing, nothing, credits]) as server:
        ready.set(PROVIDER__URL=server.url)
        ran = ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]), "--test", "115")
    assert (ran.code, "an unknown number of contacts" in ran.err) == (2, True)
    assert {seen.method for seen in server.requests} == {"GET"}


def test_no_test_goes_while_the_groups_cannot_be_read(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Without the list nobody knows whom an id means."""
    sandbox.faults.add("groups=404")
    ran = ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]), "--test", "130")
    assert (ran.code, sandbox.posts) == (2, [])
    assert "nobody knows how many people the test would reach" in ran.err


def test_a_row_that_is_no_longer_in_the_sheet_is_named(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """It is still scheduled: the command to cancel it is said, and the exit code asks for a look."""
    file = tmp_path / "week.csv"
    ready.run("submit", write_csv(file, [row(1), row(2)]), "--json")
    ran = ready.run("submit", write_csv(file, [row(2)]))
    assert (ran.code, len(sandbox.posts)) == (1, 2)
    assert "still scheduled though it is no longer in the sheet" in ran.err
    assert "campaign-batch cancel 1" in ran.err
    assert ready.run("cancel", "1", "--why", "taken out").code == 0
    assert ready.run("submit", file).code == 0
