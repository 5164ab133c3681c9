"""No output of any command obeys a cell, forges a line of a log, or holds a formula: words, JSON, CSV, log, files."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from cli_support import Ran, Shell, row, write_csv
from printable_support import FORGED, SEQUENCES, obeyed

from batch.adapters.ledger import EXPORT_KEYS
from batch.cli.session import app

pytestmark = pytest.mark.proof


def assert_harmless(ran: Ran, command: tuple[object, ...]) -> None:
    said = ran.out + ran.err
    assert (command, obeyed(said)) == (command, [])
    if command[-2:] == ("--format", "csv"):  # its texts of two lines stay within their quotes
        assert {len(record) for record in csv.reader(io.StringIO(ran.out, newline=""))} <= {len(EXPORT_KEYS) + 2}
        return
    assert (command, [line for line in said.splitlines() if line.strip().strip("\"'").startswith(FORGED)]) == (
        command,
        [],
    )


def hostile_sheet(folder: Path, sequence: str, number: int) -> Path:
    """Write a workbook or CSV whose cells, tab and name are hostile, and whose last row is good."""
    rows = [
        row(1, CampaignName=f"One{sequence}", Reference=f"R{sequence}", Owner=f"o{sequence}@example.com"),
        row(2, Message=f"Maple & Main: {sequence} Reply STOP to opt out"),
        row(3, GroupIds=f"Dallas{sequence}"),
        row(4, DateTime=f"some{sequence}day"),
        row(5, Template=f"no{sequence}.txt", Message=""),
        row(6, CampaignName=f"Held{sequence}", DateTime=row(6)["DateTime"], Purpose=f"x{sequence}"),
        row(7),
    ]
    name = f"w{number}{sequence}".replace("/", "_").replace("\0", "")
    return write_csv(folder / f"{name}.csv", rows)


def commands(sheet: Path, sequence: str, folder: Path) -> Iterator[tuple[object, ...]]:
    """Give every command with every way of writing, the reasons hostile too."""
    out = folder / f"out{sequence}".replace("/", "_")
    yield ("check", sheet)
    yield ("check", sheet, "--json")
    yield ("check", sheet, "--preview", f"{out}.html", "--marked", f"{out}.xlsx", "--sheet", "")
    yield ("check", sheet, "--sheet", f"Tab{sequence}")
    yield ("check", f"{sheet}-missing{sequence}")
    yield ("submit", sheet, "--dry-run")
    yield ("submit", sheet, "--dry-run", "--json")
    yield ("submit", sheet, "--yes", "--allow", f"no{sequence}")
    yield ("submit", sheet, "--test", f"No{sequence}", "--yes")
    yield ("submit", sheet, "--yes", "--limit", "1", "--allow", "too-many-errors")
    yield ("submit", sheet, "--json", "--limit", "0")
    yield ("resume", "--limit", "0")
    yield ("resume", "--json", "--limit", "0")
    yield ("ledger", "list")
    yield ("ledger", "list", "--json")
    for entry in range(1, 9):
        yield ("ledger", "show", entry)
        yield ("ledger", "show", entry, "--json")
    yield ("find", "One")
    yield ("find", "One", "--json")
    yield ("find", f"nobody{sequence}")
    yield ("resolve", 3, "--drop", "--why", f"because{sequence}")
    yield ("resolve", 8, "--send", "--why", f"because{sequence}")
    yield ("cancel", 1, 2, 7, "--why", f"because{sequence}")
    yield ("cancel", 1, "--undo", "--why", f"not{sequence}")
    yield ("cancel", 7, "--why", f"because{sequence}")
    yield ("approve", 1, "--except", f"3{sequence}")
    yield ("reject", 1, "--why", f"no{sequence}")
    yield ("pause", "--why", f"stop{sequence}")
    yield ("ledger", "list")
    yield ("doctor",)
    yield ("doctor", "--json")
    yield ("watch", f"{folder / 'inbox'}", "--once", "--no-events")
    yield ("unpause", "--why", f"go{sequence}")
    yield ("reconcile",)
    yield ("reconcile", "--json")
    yield ("ledger", "export")
    yield ("ledger", "export", "--format", "csv")
    yield ("ledger", "export", "--format", f"no{sequence}")
    yield ("ledger", "verify")
    yield ("ledger", "verify", "--json")
    yield ("ledger", "backup")
    yield ("insights",)
    yield ("insights", "--json")
    yield ("report", "--since", f"never{sequence}")
    yield ("report", "--week", f"never{sequence}")
    yield ("report", "--batch", 1, "--format", "html,xlsx,csv,json")
    yield ("report", "--evidence", 1)
    yield ("new", f"{out}-new.xlsx")
    yield ("new", f"{out}.doc")
    yield ("init", "--running", f"no{sequence}")
    yield ("sandbox", "--fault", f"no{sequence}")
    yield ("--config", f"{out}.toml", "check", sheet)
    yield ("--ledger", f"no{sequence}", "ledger", "list")
    yield ("acknowledge", 1, "--why", f"seen{sequence}")
    yield ("ledger", "purge", "--before", f"never{sequence}")
    yield ("ledger", "purge", "--before", "2020-01-01", "--yes")
    yield ("ledger", "archive", "--before", f"never{sequence}")
    yield ("ledger", "archive", "--before", "2020-01-01", "--yes")
    yield ("ledger", "restore", f"no{sequence}")
    yield ("ledger", "move", "--to", f"sqlite:///no{sequence}/no.sqlite3", "--yes")
    yield ("help",)
    yield ("help", f"no{sequence}")
    yield ("version",)
    yield ("demo", f"--no{sequence}")
    yield (f"no{sequence}",)
    yield ("check", f"--no{sequence}")


def names_of(command: click.Command, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Give the words of every command that the application has."""
    if isinstance(command, click.Group):
        for name, one in command.commands.items():
            yield from names_of(one, (*before, name))
    else:
        yield before


def test_no_command_is_left_out(tmp_path: Path) -> None:
    """A new command is proved here too, or this fails."""
    lines = list(commands(tmp_path / "a.csv", "\x1b[31m", tmp_path))
    there = set(names_of(typer.main.get_command(app)))
    assert [name for name in sorted(there) if not any(line[: len(name)] == name for line in lines)] == []


def test_there_are_thirty_sequences() -> None:
    """Each of another kind: C0, C1, forged lines, turned and unseen writing."""
    assert len(set(SEQUENCES)) == 30


@pytest.mark.parametrize("number", range(0, len(SEQUENCES), 5))
def test_no_output_of_any_command_obeys_a_cell(ready: Shell, tmp_path: Path, number: int) -> None:
    """Cells, file name, reasons, options: every command, as words and as JSON, and what it writes for programs."""
    sequence = "|".join(SEQUENCES[number : number + 5])
    ready.set(CHECKS__STOP_ABOVE=1, SHEET__TIMEZONE="America/New_York", WATCH__STABLE_SECONDS="0.01")
    ready.set(WATCH__GRACE_MINUTES=0, REPORTS__TEAM=f"Team{sequence}".replace("\0", ""), WATCH__SCAN_SECONDS="0.05")
    sheet = hostile_sheet(tmp_path, sequence, number)
    for command in commands(sheet, sequence, tmp_path):
        ran = ready.run(*command)
        assert_harmless(ran, command)
        assert "an internal error of campaign-batch" not in ran.err, (command, ran.err)
        if "--json" in command:
            assert [json.loads(line) for line in ran.out.splitlines()] != [None]
    assert_files_harmless(tmp_path)


def assert_files_harmless(folder: Path) -> None:
    """Look through what was written for programs and as notes."""
    for path in folder.rglob("*"):
        if path.suffix in {".json", ".txt"} or (path.suffix == ".csv" and path.parent.name == "reports"):
            assert (path, obeyed(path.read_bytes().decode())) == (path, [])


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.parametrize("number", range(0, len(SEQUENCES), 10))
def test_the_log_of_the_watch_is_a_line_an_event(ready: Shell, tmp_path: Path, number: int, style: str) -> None:
    """Whatever the dropped file and its cells are called; as JSON each line is an object."""
    sequence = "|".join(SEQUENCES[number : number + 10])
    ready.set(CHECKS__STOP_ABOVE=1, SHEET__TIMEZONE="America/New_York", WATCH__STABLE_SECONDS="0.01")
    ready.set(WATCH__GRACE_MINUTES=0, WATCH__FOLDER=tmp_path / "inbox", WATCH__SCAN_SECONDS="0.05")
    (tmp_path / "inbox").mkdir()
    hostile_sheet(tmp_path / "inbox", sequence, number)
    (tmp_path / "inbox" / f"bad{sequence.replace('/', '_')}.doc").write_bytes(b"\x1b[31mno sheet")
    ran = ready.run("watch", "--once", "--no-events", "--log-format", style)
    assert_harmless(ran, ("watch",))
    assert "batch 1" in ran.err or '"batch": 1' in ran.err
    if style == "json":
        assert all(isinstance(json.loads(line), dict) for line in ran.err.splitlines())
    else:
        assert all(line[:2] == "20" for line in ran.err.splitlines())
    assert_files_harmless(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="only there a file's name may be no text")
def test_a_file_name_that_is_no_text_is_shown(ready: Shell, tmp_path: Path) -> None:
    """Bytes that are no UTF-8: the file is taken anyway, and every output can be written."""
    ready.set(SHEET__TIMEZONE="America/New_York")
    sheet = write_csv(tmp_path / os.fsdecode(b"caf\xe9.csv"), [row(1)])
    runs: list[tuple[Any, ...]] = [
        ("check", sheet), ("check", sheet, "--json"), ("submit", sheet, "--yes"), ("ledger", "list"),
        ("find", "Campaign"), ("find", "Campaign", "--json"), ("ledger", "export"),
        ("ledger", "export", "--format", "csv"),
        ("report", "--batch", 1, "--format", "html,xlsx,csv,json"), ("ledger", "list", "--json"),
    ]  # fmt: skip
    for command in runs:
        ran = ready.run(*command)
        assert (command, ran.code, ran.err if ran.code else "") == (command, 0, "")
        assert_harmless(ran, command)


@pytest.mark.skipif(os.name != "posix", reason="only there a file's name may be no text")
@pytest.mark.parametrize("ending", [b"csv", b"doc"])
def test_a_dropped_file_whose_name_is_no_text_is_dealt_with(ready: Shell, tmp_path: Path, ending: bytes) -> None:
    """Sent, or told as unreadable, and filed away; the watch goes on."""
    ready.set(SHEET__TIMEZONE="America/New_York", WATCH__STABLE_SECONDS="0.01", WATCH__GRACE_MINUTES=0)
    ready.set(WATCH__FOLDER=tmp_path / "inbox", WATCH__SCAN_SECONDS="0.05")
    (tmp_path / "inbox").mkdir()
    write_csv(tmp_path / "inbox" / os.fsdecode(b"caf\xe9." + ending), [row(1)])
    ran = ready.run("watch", "--once", "--no-events")
    assert_harmless(ran, ("watch",))
    assert "fault" not in ran.err
    where = "done" if ending == b"csv" else "attention"
    assert [path.suffix for path in (tmp_path / "inbox" / where).iterdir()].count(f".{ending.decode()}") == 1


def test_an_exported_csv_reads_back_as_it_was_recorded(ready: Shell, tmp_path: Path) -> None:
    """Two lines stay one record; a live formula does not come through; a file says the same as standard output."""
    ready.set(SHEET__TIMEZONE="America/New_York", CHECKS__STOP_ABOVE=1)
    text = "Maple & Main, line one\nline two. Reply STOP to opt out"
    ready.run("submit", write_csv(tmp_path / "week.csv", [row(1, Message=text), row(2, CampaignName="=1+1")]), "--yes")
    ran = ready.run("ledger", "export", "--format", "csv")
    records = list(csv.DictReader(io.StringIO(ran.out, newline="")))
    assert [one["message"] for one in records] == [text, row(2)["Message"]]
    assert [one["campaign_name"] for one in records] == ["Campaign 1", "'=1+1"]
    ready.run("ledger", "export", "--format", "csv", "--output", tmp_path / "all.csv")
    assert (tmp_path / "all.csv").read_bytes().decode().replace("\r\n", "\n") == ran.out.replace("\r\n", "\n")
