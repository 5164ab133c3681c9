"""A row with errors tells its time by its own clock, where its zone can be read."""

from __future__ import annotations

import json
from pathlib import Path

from cli_support import Shell, coming, row, write_csv

TIMES = (("PT", "9:00 AM P"), ("America/Denver", "9:00 AM M"), ("", "9:00 AM E"), ("Dallas", "no readable time"))
"""A TimeZone cell, and how the time is shown; the team is in New York."""


def test_the_time_of_a_row_with_errors_is_its_own(ready: Shell, tmp_path: Path) -> None:
    """In the ledger, the report of every format, `find` and the preview: it was shown by the team's clock."""
    rows = [row(number, Message="", DateTime=coming(3, 9), TimeZone=zone) for number, (zone, _) in enumerate(TIMES, 1)]
    path = write_csv(tmp_path / "a.csv", rows)
    ready.set(SHEET__TIMEZONE="America/New_York")
    preview = tmp_path / "preview.html"
    ready.run("check", path, "--preview", preview)
    ready.run("submit", path, "--yes")
    entries = [json.loads(line) for line in ready.run("ledger", "export").out.splitlines()]
    assert [one["zone"] for one in entries] == ["America/Los_Angeles", "America/Denver", "", ""]
    assert {one["status"] for one in entries} == {"invalid"}
    ready.run("report", "--batch", "1", "--format", "html,json")
    [report] = (tmp_path / "reports").glob("batch*.json")
    told = json.loads(report.read_text("utf-8"))["rows"]
    assert [one["send_at_local"][11:16] for one in told if one["send_at_local"]] == ["09:00"] * 3
    for number, (_, shown) in enumerate(TIMES[:3], 1):
        assert f"{shown}" in ready.run("find", f"Campaign {number}").out
        assert shown in preview.read_text("utf-8")
        assert shown in report.with_suffix(".html").read_text("utf-8")
