"""Reports that cannot be written: one line says so, and what was submitted is told anyway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli_support import Shell, row, write_csv
from weekly_support import weekly


@pytest.fixture
def blocked(ready: Shell, tmp_path: Path) -> Shell:
    """Give a shell whose folder of reports is a file."""
    (tmp_path / "taken").write_text("no folder", encoding="utf-8")
    ready.set(REPORTS__FOLDER=tmp_path / "taken")
    return ready


def test_a_report_that_cannot_be_written_does_not_hide_what_was_submitted(
    blocked: Shell, sandbox: Any, tmp_path: Path
) -> None:
    """The object is printed with its counts; `error` names the file and the remedy, and the run is no fault of ours."""
    ran = blocked.run("submit", write_csv(tmp_path / "a.csv", [row(1), row(2)]), "--json")
    assert (ran.code, ran.json["accepted"], ran.json["reports"]) == (3, 2, [])
    assert "batch-0001-a.html" in ran.json["error"]
    assert "cannot be written" in ran.json["error"]
    assert len(sandbox.posts) == 2


@pytest.mark.parametrize("command", [["report"], ["report", "--evidence", "1"]])
def test_a_report_that_cannot_be_written_is_one_line(blocked: Shell, tmp_path: Path, command: list[str]) -> None:
    """It stops the run with exit code 3."""
    blocked.run("submit", write_csv(tmp_path / "a.csv", [row(1)]))
    ran = blocked.run(*command)
    assert (ran.code, len(ran.err.splitlines())) == (3, 1)
    assert "cannot be written" in ran.err


def test_the_verdict_is_told_before_the_reports_are_written(blocked: Shell, tmp_path: Path) -> None:
    """What a run found out is on the screen although its report fails, and once only."""
    ran = blocked.run("submit", write_csv(tmp_path / "a.csv", [row(1)]))
    lines = [line.partition(":")[0] for line in ran.err.splitlines() if not line.startswith("others could")]
    assert lines == ['batch 1 "a.csv"', "the run stopped"]
    ran = blocked.run("reconcile")
    compared, stopped = ran.err.splitlines()
    assert (ran.code, compared) == (3, "compared with the provider: 1 agrees")
    assert "cannot be written" in stopped


def test_a_preview_that_cannot_be_written_is_one_line(blocked: Shell, tmp_path: Path) -> None:
    """The place is named."""
    ran = blocked.run("check", write_csv(tmp_path / "a.csv", [row(1)]), "--preview", tmp_path / "taken" / "a.html")
    assert (ran.code, len(ran.err.splitlines())) == (3, 1)
    assert "a.html" in ran.err


@pytest.mark.parametrize("required", ["false", "true"])
def test_a_watch_takes_a_file_in_once_though_no_report_can_be_written(required: str) -> None:
    """It retries the reports, not the file; when they can be written, the preview comes."""
    with weekly() as team:
        (team.desk.folder / "taken").write_text("no folder", encoding="utf-8")
        team.desk.set(approval__required=required, reports__folder=team.desk.folder / "taken")
        team.drop(2)
        team.watch(1200)
        with team.desk.ledger() as ledger:
            assert len(ledger.batches.all()) == 1
        assert (team.sheets(), len(team.sheets("done") + team.sheets("attention"))) == ([], 1)
        notes = "".join(path.read_text("utf-8") for path in team.desk.folder.rglob("*what happened.txt"))
        assert ('Then type "campaign-batch report --batch 1"' in notes) == (required == "false")
        team.desk.set(reports__folder=team.desk.folder / "reports")
        team.watch(1200)
        assert len(team.files("waiting")) == (required == "true")
