"""A fact known to one output is known to all: report in every format, status page, `find`, evidence, exit codes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_support import NEW_YORK, Shell, row, write_csv
from openpyxl import load_workbook

from batch.adapters.sandbox import Sandbox


def go_on(shell: Shell, sandbox: Sandbox, time: timedelta) -> None:
    """Let the time go by, for the tool and for the provider."""
    shell.ahead += time
    sandbox.advance(time.total_seconds())


@pytest.fixture
def week(ready: Shell, sandbox: Any, tmp_path: Path) -> Path:
    """Submit two campaigns that go out within the hour, at whatever hour the tests run."""
    (ready.folder / "campaign-batch.toml").write_text('[rules]\nquiet-hours = "off"\n', encoding="utf-8")
    soon = f"{datetime.now(NEW_YORK) + timedelta(minutes=40):%Y-%m-%d %H:%M}"
    path = write_csv(tmp_path / "week.csv", [row(1, DateTime=soon), row(2, GroupIds="103")])
    assert ready.run("submit", path).code == 0
    return path


def outputs(shell: Shell, name: str) -> Iterator[tuple[str, str]]:
    """Give what each output says about campaign `name`: the output's name and its words."""
    found = shell.run("find", name)
    yield "find", found.out
    yield "ledger show", shell.run("ledger", "show", "1").out
    paths = [
        Path(line)
        for line in shell.run("report", "--batch", "1", "--format", "html,xlsx,csv,json").out.split("\n")
        if line
    ]
    for path in paths:
        yield path.suffix, read(shell.folder / path, name)
    evidence = shell.run("report", "--evidence", "1").out.strip()
    yield "evidence", (shell.folder / evidence).read_text(encoding="utf-8")
    yield "status page", (shell.folder / "reports" / "status.html").read_text(encoding="utf-8")


def read(path: Path, name: str) -> str:
    """Read what a report says of one campaign, and its first line."""
    if path.suffix == ".xlsx":
        book = load_workbook(path)
        lines = [[str(cell) for cell in line] for sheet in book for line in sheet.iter_rows(values_only=True)]
        return "\n".join(" ".join(line) for line in lines if name in line) + str(book["Summary"]["A2"].value)
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        return "\n".join(str(line) for line in csv.DictReader(io.StringIO(text)) if line["campaign_name"] == name)
    if path.suffix == ".json":
        told = json.loads(text)
        return json.dumps([told["verdict"], *(one for one in told["rows"] if one["campaign_name"] == name)])
    return text


def test_what_went_out_although_cancelled_is_known_everywhere_until_it_is_acknowledged(
    ready: Shell, sandbox: Any, week: Path
) -> None:
    """Red and first in every output, also days later; a person's word on the record ends it, and stays to be read."""
    ready.run("cancel", "1", "--why", "a wrong price")
    go_on(ready, sandbox, timedelta(hours=1))
    assert ready.run("-q", "reconcile").code == 1
    go_on(ready, sandbox, timedelta(hours=20))
    ready.run("-q", "reconcile")
    for output, said in outputs(ready, "Campaign 1"):
        assert "went out although cancelled" in said, output
    report = json.loads((ready.folder / "reports" / "batch-0001-week.json").read_text(encoding="utf-8"))
    assert (report["verdict"]["words"], report["verdict"]["tone"]) == ("1 went out although cancelled.", "bad")

    ran = ready.run("acknowledge", "1", "--why", "the store was told")
    assert (ran.code, "is acknowledged" in ran.out) == (0, True)
    ready.run("report", "--batch", "1", "--format", "json")
    report = json.loads((ready.folder / "reports" / "batch-0001-week.json").read_text(encoding="utf-8"))
    assert report["verdict"]["tone"] == "good"
    assert "went out although cancelled" in dict(outputs(ready, "Campaign 1"))["evidence"]
    assert "the store was told" in ready.run("ledger", "show", "1").out
    assert ready.run("acknowledge", "1", "--why", "again").code == 2


def test_what_went_out_with_another_text_is_known_everywhere(ready: Shell, sandbox: Any, week: Path) -> None:
    """Both texts side by side, and the evidence shows the one that was sent."""
    sandbox.edit(sandbox.campaigns[0].id, message="A text that nobody approved")
    go_on(ready, sandbox, timedelta(hours=1))
    ready.run("-q", "reconcile")
    for output, said in outputs(ready, "Campaign 1"):
        assert "went out with a different text" in said, output
        assert "A text that nobody approved" in said, output


def test_what_did_not_go_in_time_is_said_in_the_past_tense_everywhere(ready: Shell, sandbox: Any, week: Path) -> None:
    """A campaign that the provider never approved: its time has passed, and no output advises before its time."""
    sandbox.edit(sandbox.campaigns[0].id, status_id=1)
    ready.run("-q", "reconcile")
    go_on(ready, sandbox, timedelta(hours=3))
    ready.run("-q", "reconcile")
    for output, said in outputs(ready, "Campaign 1"):
        assert "did not go" in said, output
        assert "before its time comes" not in said, output


def test_a_row_without_a_readable_time_is_in_the_report_of_the_current_week(
    ready: Shell, sandbox: Any, tmp_path: Path
) -> None:
    """Also weeks after its file was taken in: no week of its own would ever tell of it."""
    ready.run("submit", write_csv(tmp_path / "week.csv", [row(1), row(2, DateTime="soon")]))
    go_on(ready, sandbox, timedelta(days=21))
    paths = ready.run("report", "--format", "html,json").out.split()
    said = {Path(path).suffix: (ready.folder / path).read_text(encoding="utf-8") for path in paths}
    assert [one["campaign_name"] for one in json.loads(said[".json"])["rows"]] == ["Campaign 2"]
    assert "Also open, from files taken in" in said[".html"]


def test_a_running_week_is_not_compared_with_a_whole_one(ready: Shell, week: Path) -> None:
    """On a Tuesday "sent -30" is noise; and the trend says of this week what its report says."""
    (path,) = ready.run("report", "--format", "json").out.split()
    report = json.loads((ready.folder / path).read_text(encoding="utf-8"))
    assert report["before"] is None
    assert {name: report["trend"][-1][name] for name in report["figures"]} == report["figures"]
