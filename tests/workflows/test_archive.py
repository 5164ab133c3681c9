"""Closed weeks move into a file that is read as before; a row of theirs is never sent again, and no kill loses one."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from cli_support import Shell, row, write_csv
from ledger_support import IN_POSTGRESQL, NOW
from torture_support import bench

from batch.adapters.config import load_settings
from batch.adapters.ledger import open_ledger
from batch.adapters.sandbox import Sandbox
from batch.model.codes import ALL_CODES, HARD
from batch.workflows import library
from batch.workflows.archive import archive_ledger
from batch.workflows.find import find_entries, report_again, write_evidence_of

BEFORE = ("--before", "2099-01-01")
ARCHIVE = ("ledger", "archive", *BEFORE, "--json")
DIE_AT = """
import os, runpy, signal, sys
step, sys.argv = sys.argv[1], ["campaign-batch", *sys.argv[2:]]
def die(frame, event, _):
    if event == "call" and frame.f_code.co_name == step:
        os.kill(os.getpid(), signal.SIGKILL)
sys.setprofile(die)
runpy.run_module("batch", run_name="__main__")
"""
STEPS = ("_copy", "flush_folder", "note_archive", "forget_entries", "_note", "forget_batches", "overwrite_freed")
"""Functions that archiving calls, in their order: a process is killed where each begins."""


def change(shell: Shell, statement: str) -> None:
    with open_ledger(shell.ledger_url, now=NOW) as ledger, ledger._transactions.engine.begin() as connection:
        connection.exec_driver_sql(statement)


@pytest.fixture
def old(ready: Shell, tmp_path: Path) -> Shell:
    """Give a team whose two rows went out three weeks ago."""
    write_csv(tmp_path / "week.csv", [row(1), row(2)])
    assert ready.run("submit", "week.csv").code == 0
    past = (datetime.now(UTC) - timedelta(days=21)).isoformat()
    change(ready, f"UPDATE entries SET status = 'sent', send_at = '{past}'")
    line = f"id, CAST('{past}' AS {'timestamptz' if IN_POSTGRESQL else 'text'}), 'accepted', 'sent'"
    change(ready, f"INSERT INTO history (entry, at, old, new) SELECT {line} FROM entries")
    return ready


def exported(shell: Shell) -> list[str]:
    return [json.loads(line)["message"] for line in shell.run("ledger", "export").out.splitlines()]


def own_texts(shell: Shell) -> set[str]:
    with open_ledger(shell.ledger_url, now=NOW) as ledger:
        return {entry.message for entry in ledger.entries.select()}


def test_an_archived_week_is_read_as_before(old: Shell, tmp_path: Path) -> None:
    """By find, report, evidence, show and export; the ledger itself holds no text of it, and stays whole."""
    texts = exported(old)
    shown = old.run("find", "Campaign 1").out
    answers = json.loads(old.run("ledger", "show", "1", "--json").out)["attempts"]
    ran = old.run(*ARCHIVE)
    assert (ran.code, ran.json["archived"], ran.json["entries"]) == (0, True, 2), ran.err
    assert own_texts(old) == {""}
    assert exported(old) == texts
    assert all(texts)
    assert old.run("find", "Campaign 1").out == shown
    assert old.run("find", texts[0][:12]).out == shown or texts[0][:12] in texts[1]
    told = json.loads(old.run("ledger", "show", "1", "--json").out)
    assert (told["message"], told["attempts"]) == (texts[0], answers)
    for words in (("--since", "2020-01-01", "--format", "json"), ("--batch", "1", "--format", "json")):
        path = Path(old.run("report", *words).out.split()[-1])
        assert all(json.dumps(text)[1:-1] in path.read_text(encoding="utf-8") for text in texts)
    assert old.run("report", "--evidence", "1").code == 0
    assert old.run("ledger", "verify").code == 0
    assert stat.S_IMODE(Path(ran.json["file"]).stat().st_mode) == 0o600
    assert (old.run(*ARCHIVE).json["archived"], len(list(tmp_path.rglob("ledger-archive-*.sqlite3")))) == (False, 1)


def test_the_report_of_an_archived_batch_is_as_before(tmp_path: Path) -> None:
    """Also what was said of the file as a whole, and which row of which list made a campaign."""
    with bench() as desk:
        plain, book = desk.row(0), openpyxl.Workbook()
        sheet, stores = book.active, book.create_sheet("Stores")
        sheet.append(["CampaignName", "Message", "DateTime", "ForEach"])
        sheet.append([plain["CampaignName"], plain["Message"], plain["DateTime"], "Stores"])
        for line in (["Name", "GroupIds"], ["Plano", "5000"], ["Waco", "5001"]):
            stores.append(line)
        book.save(tmp_path / "week-1.xlsx")
        desk.submit(tmp_path / "week-1.xlsx")
        desk.clock.advance(days=5)
        desk.reconcile()
        desk.clock.advance(days=30)
        told = []
        for _ in range(2):
            paths = report_again(desk.settings, desk.world, batch=1, formats=("html", "json"))
            page = paths[0].read_text(encoding="utf-8")
            report = json.loads(paths[1].read_text(encoding="utf-8"))
            evidence = write_evidence_of(desk.settings, desk.world, 1).read_text(encoding="utf-8")
            seen = page.count("<pre>"), "(forgotten)" in page, "for Stores row 2" in evidence
            told.append((report["notes"], report["rows"], seen))
            archive_ledger(desk.settings, desk.world, (desk.clock.at - timedelta(days=14)).date())
        assert told[0] == told[1]
        assert "is named for the week of" in told[1][0][0]
        assert told[1][2] == (2, False, True)


def test_an_archived_row_is_never_sent_again(old: Shell, sandbox: Sandbox, tmp_path: Path) -> None:
    """Its sheet dropped again, as it was and under another name, sends nothing."""
    posts = len(sandbox.posts)
    assert old.run(*ARCHIVE).json["archived"]
    (tmp_path / "again.csv").write_bytes((tmp_path / "week.csv").read_bytes())
    for name in ("week.csv", "again.csv"):
        old.run("submit", name)
    old.run("resume")
    assert len(sandbox.posts) == posts


def test_a_ledger_in_a_database_is_archived_into_a_file() -> None:
    """In the folder of the reports; the sheet dropped again sends nothing, and a search finds the text."""
    with bench() as desk:
        desk.submit(desk.sheet(2))
        desk.clock.advance(days=4)
        desk.reconcile()
        desk.clock.advance(days=21)
        posts, texts = len(desk.sandbox.posts), [entry.message for entry in desk.entries()]
        done = archive_ledger(desk.settings, desk.world, desk.clock.now().date())
        assert (done.done, done.entries) == (True, 2), done.lines
        assert [entry.message for entry in desk.entries()] == ["", ""]
        found = find_entries(desk.settings, desk.world, desk.entries()[0].campaign_name)
        assert found[0][0].message in texts
        desk.submit(desk.folder / "week.csv")
        assert len(desk.sandbox.posts) == posts


@pytest.mark.parametrize("status", ["planned", "in_doubt", "held", "waiting", "missing", "accepted"])
def test_a_week_with_something_open_is_refused(old: Shell, tmp_path: Path, status: str) -> None:
    """In a plain sentence, and nothing changes."""
    change(old, f"UPDATE entries SET status = '{status}' WHERE id = 1")
    ran = old.run(*ARCHIVE)
    assert (ran.code, f"1 {status.replace('_', ' ')}" in ran.err) == (2, True), ran.err
    assert own_texts(old) != {""}
    assert list(tmp_path.rglob("*archive*")) == []


def test_a_waiting_mail_is_refused(old: Shell) -> None:
    """What is not sent yet is not over."""
    past = datetime.now(UTC) - timedelta(days=20)
    with open_ledger(old.ledger_url, now=past) as ledger:
        ledger.outbox.add(["ana@example.com"], "Your row", b"words", "owner", "k1", past)
    ran = old.run(*ARCHIVE)
    assert (ran.code, "1 mail" in ran.err) == (2, True), ran.err


def test_an_open_finding_is_refused_until_it_is_acknowledged(old: Shell) -> None:
    """A difference that nobody looked at is not over."""
    change(old, "INSERT INTO reconciliations (id, at) VALUES (99, '2026-01-01T00:00:00+00:00')")
    statement = "INSERT INTO findings (reconciliation, number, kind, code, entry, field, theirs, open) VALUES "
    change(old, f"{statement} (99, 1, 'drifted', 'drifted', 1, 'Message', 'other', {'true' if IN_POSTGRESQL else '1'})")
    ran = old.run(*ARCHIVE)
    assert (ran.code, "nobody acknowledged" in ran.err) == (2, True), ran.err
    assert old.run("acknowledge", "1", "--why", "as agreed").code == 0
    assert old.run(*ARCHIVE).json["archived"]


def test_a_purge_forgets_in_the_archives_too(old: Shell, tmp_path: Path) -> None:
    """The file goes, since all that it held is meant; its rows are known as before."""
    file = Path(old.run(*ARCHIVE).json["file"])
    old.run("find", "Campaign 1")
    ran = old.run("ledger", "purge", *BEFORE, "--json")
    assert (ran.json["purged"], ran.json["entries"]) == (True, 2)
    assert list(tmp_path.rglob(f"{file.name}*")) == []
    assert exported(old) == ["", ""]
    assert old.run("find", "Campaign 1").err == ""


def test_a_lost_archive_is_told(old: Shell) -> None:
    """Nothing else stops for it."""
    file = Path(old.run(*ARCHIVE).json["file"])
    aside = file.rename(file.with_suffix(".aside"))
    ran = old.run("find", "Campaign 1")
    assert (ran.code, "put it back" in ran.err, "Campaign 1" in ran.out) == (0, True, True)
    assert doctors_word(old, "archive")["state"] == "broken"
    verified = old.run("ledger", "verify")
    assert (verified.code, "it is not there" in verified.err) == (1, True)
    aside.rename(file)
    assert "keep a copy" in doctors_word(old, "archives")["words"]
    assert old.run("ledger", "verify").code == 0


def test_a_damaged_archive_is_told(old: Shell) -> None:
    """By the doctor, and by who looks through the whole ledger."""
    file = Path(old.run(*ARCHIVE).json["file"])
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xff" * 8192 + content[12288:])
    assert doctors_word(old, "archive")["state"] == "broken"
    assert old.run("ledger", "verify").code == 1


def doctors_word(shell: Shell, line: str) -> dict[str, str]:
    """Give a line of the doctor."""
    return next(one for one in shell.run("doctor", "--json").json if one["line"] == line)


def test_an_export_a_table_and_insights_have_what_is_archived(old: Shell, tmp_path: Path) -> None:
    """The answers and the reasons, too; who copies the ledger is told that an archive is not in it."""
    before = [json.loads(line) for line in old.run("ledger", "export").out.splitlines()]
    old.run("insights", "--format", "json")
    page = next(tmp_path.rglob("insights-*.json"))
    learned = json.loads(page.read_bytes())
    assert old.run(*ARCHIVE).json["archived"]
    after = [json.loads(line) for line in old.run("ledger", "export").out.splitlines()]
    for one, other in zip(before, after, strict=True):
        lines = other.pop("history")
        assert lines[: len(one["history"])] == one.pop("history")
        assert lines[-1]["why"].startswith("archived")
        assert other == one
    settings = load_settings(None, {"CAMPAIGN_BATCH_LEDGER__URL": old.ledger_url}, tmp_path, ALL_CODES, HARD)
    with library.open_ledger(settings) as ledger:
        assert list(ledger.to_frame()["message"]) == [one["message"] for one in before]
    old.run("insights", "--format", "json")
    again = json.loads(page.read_bytes())
    moments = {"made_at": "", "since": ""}
    assert again | moments == learned | moments
    if not IN_POSTGRESQL:
        assert "1 archive not in the backups" in old.run("ledger", "backup").err


@pytest.mark.proof
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
# Only a file is copied beside itself and put in its own place.
@pytest.mark.parametrize("step", [pytest.param("make_beside", marks=pytest.mark.in_a_file), *STEPS])
def test_a_kill_at_any_step_loses_no_text(old: Shell, sandbox: Sandbox, tmp_path: Path, step: str) -> None:
    """What was readable stays readable, the command typed again goes on, and nothing is sent twice."""
    texts, posts = exported(old), len(sandbox.posts)
    command = [sys.executable, "-c", DIE_AT, step, *ARCHIVE]
    died = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert exported(old) == texts
    assert old.run(*ARCHIVE).code == 0
    assert exported(old) == texts
    assert own_texts(old) == {""}
    assert list(tmp_path.rglob("*.part*")) == []
    assert len(list(tmp_path.rglob("ledger-archive-*.sqlite3"))) == 1
    if not IN_POSTGRESQL:
        assert not any(text.encode() in (tmp_path / "ledger.sqlite3").read_bytes() for text in texts)
    old.run("submit", "week.csv")
    assert len(sandbox.posts) == posts
    assert old.run("ledger", "verify").code == 0
