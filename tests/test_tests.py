"""Tests to the team's own group, and rows that a newer version of the file no longer has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cli_support import Shell, row, write_csv

from batch.payload import from_provider_time


def test_a_test_goes_to_the_test_group_a_quarter_of_an_hour_ahead(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Marked in name and text, to that group alone, soon."""
    file = write_csv(tmp_path / "a.csv", [row(1), row(2)])
    ran = ready.run("submit", file, "--test", "115", "--row", "3", "--json")
    assert (ran.code, ran.json["accepted"]) == (0, 1)
    payload = sandbox.posts[0].payload
    assert payload["CampaignName"].startswith("TEST Campaign 2 #")
    assert payload["Message"].startswith("TEST: Maple & Main: offer 2")
    assert payload["GroupIds"] == ["115"]
    moment = from_provider_time(payload["DateTime"], "America/New_York")
    assert timedelta(minutes=14) < moment - datetime.now(UTC) < timedelta(minutes=17)


def test_a_test_is_never_counted_as_the_campaign(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """The campaigns themselves go as if nothing had been tried, and a test can be sent again."""
    file = write_csv(tmp_path / "a.csv", [row(1), row(2)])
    assert ready.run("submit", file, "--test", "115", "--json").json["accepted"] == 2
    assert ready.run("submit", file, "--test", "115", "--json").json["accepted"] == 2
    ran = ready.run("submit", file, "--json")
    assert (ran.code, ran.json["accepted"], ran.json["held"]) == (0, 2, 0)
    assert len(sandbox.campaigns) == 6
    assert ready.run("reconcile", "--json").json["matched"] == 6


def test_a_test_group_that_is_not_there_is_named(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Nothing goes to a group that nobody knows."""
    ran = ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]), "--test", "Our testers")
    assert (ran.code, '"Our testers"' in ran.err, sandbox.posts) == (2, True, [])


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
