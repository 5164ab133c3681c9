"""The main job through the command line: a sheet in, campaigns scheduled, everything written down, nothing twice."""

from __future__ import annotations

import csv
import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from cli_support import NEW_YORK, TOKEN, Shell, coming, row, write_csv
from ledger_support import migrate
from plain_provider import PlainProvider

from batch.adapters.samples import write_samples

COUNTS = (
    "invalid", "held", "waiting", "skipped", "planned", "accepted", "rejected", "in_doubt", "expired",
)  # fmt: skip


def total(shape: dict[str, Any]) -> int:
    return sum(shape[name] for name in COUNTS)


@pytest.fixture
def weekly(tmp_path: Path) -> Path:
    return write_samples(tmp_path, datetime.now(UTC))[0]


def export(shell: Shell) -> list[dict[str, Any]]:
    return shell.run("ledger", "export").lines


def test_each_valid_row_is_accepted_with_id_count_and_status(ready: Shell, sandbox: Any, weekly: Path) -> None:
    """The weekly sample: ledger, provider and both reports hold each row with its Id, ContactsCount and status."""
    ran = ready.run("submit", weekly, "--json")
    assert (ran.code, ran.json["accepted"], total(ran.json)) == (0, ran.json["rows"], ran.json["rows"])
    held = {str(one.id): one for one in sandbox.campaigns}
    entries = export(ready)
    assert {entry["provider_id"] for entry in entries} == set(held)
    for entry in entries:
        assert entry["contacts_count"] == held[entry["provider_id"]].contacts_count
        assert (entry["status"], entry["provider_status"]) == ("accepted", "Approved and Scheduled")
    html, xlsx = (Path(path) for path in ran.json["reports"])
    page = html.read_text(encoding="utf-8")
    cells = {str(cell) for line in openpyxl.load_workbook(xlsx)["Rows"].iter_rows(values_only=True) for cell in line}
    assert all(number in page and number in cells for number in held)


def test_the_same_file_again_sends_nothing(ready: Shell, sandbox: Any, weekly: Path) -> None:
    """A second submit posts nothing and says for each row which Id it has."""
    rows = ready.run("submit", weekly, "--json").json["rows"]
    ran = ready.run("submit", weekly)
    assert (ran.code, len(sandbox.posts)) == (0, rows)
    assert all(f"as {campaign.id} " in ran.err for campaign in sandbox.campaigns)


def test_a_copy_under_another_name_in_another_order_sends_nothing(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """What a row is does not hang on the file's name or on its place in it."""
    rows = [row(number) for number in range(1, 11)]
    assert ready.run("submit", write_csv(tmp_path / "a.csv", rows), "--json").json["accepted"] == 10
    random.Random(7).shuffle(rows)
    ran = ready.run("submit", write_csv(tmp_path / "b.csv", rows), "--json")
    assert (ran.json["skipped"], len(sandbox.posts)) == (10, 10)


def test_a_strange_server_sees_exactly_the_documented_payload(shell: Shell, tmp_path: Path) -> None:
    """Groups as strings, the time in the provider's zone, no key for what is absent, both content headers."""
    rows = [
        row(1, GroupIds="100, 101", DateTime=coming(4, 10), TimeZone="CT"),
        row(2, MmsTemplateId="500", Subject="News", TypeRecipients="double"),
    ]
    with PlainProvider() as plain:
        shell.set(PROVIDER__URL=plain.url, PROVIDER__ACCESS_TOKEN=plain.token, PROVIDER__TAG_NAMES="false")
        ran = shell.run("submit", write_csv(tmp_path / "a.csv", rows), "--json")
        assert ran.code == 0, ran.err
        sms = next(payload for payload in plain.payloads if payload["CampaignName"] == "Campaign 1")
        mms = next(payload for payload in plain.payloads if payload["CampaignName"] == "Campaign 2")
        posts = [request for request in plain.requests if request["method"] == "POST"]
    assert sms["GroupIds"] == ["100", "101"]
    assert sms["DateTime"] == f"{coming(4, 11)}:00"
    assert sms["TypeRecipients"] == 0
    assert mms == {
        "CampaignName": "Campaign 2",
        "Message": rows[1]["Message"],
        "GroupIds": ["100"],
        "DateTime": f"{rows[1]['DateTime']}:00",
        "TypeRecipients": 1,
        "MmsTemplateId": 500,
        "Subject": "News",
    }
    for post in posts:
        headers = {name.lower(): value for name, value in dict(post["headers"]).items()}
        assert (headers["accept"], headers["content-type"]) == ("application/json", "application/json")


def test_rows_go_out_by_send_time(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """The earliest campaign is submitted first, wherever it stands in the sheet."""
    rows = [row(1, DateTime=coming(6)), row(2, DateTime=coming(4)), row(3, DateTime=coming(5))]
    ready.run("submit", write_csv(tmp_path / "a.csv", rows), "--json")
    names = [post.payload["CampaignName"].split(" #")[0] for post in sandbox.posts]
    assert names == ["Campaign 2", "Campaign 3", "Campaign 1"]


def test_a_dry_run_writes_nothing_and_sends_nothing(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Not even a ledger is made."""
    file = write_csv(tmp_path / "a.csv", [row(1)])
    before = sorted(path.name for path in tmp_path.iterdir())
    ran = ready.run("submit", file, "--dry-run", "--json")
    assert (ran.code, ran.json["planned"], sandbox.posts) == (0, 1, [])
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.in_a_file  # a database is not copied for a look: test_ledger_types.py says what is told there
def test_a_dry_run_leaves_the_ledger_of_an_older_version_as_it_is(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """It is the first thing that a careful person does after an update."""
    migrate(tmp_path / "ledger.sqlite3", "0001")
    before = (tmp_path / "ledger.sqlite3").read_bytes()
    ran = ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]), "--dry-run", "--json")
    assert (ran.code, ran.json["planned"], sandbox.posts) == (0, 1, [])
    assert (tmp_path / "ledger.sqlite3").read_bytes() == before
    assert not (tmp_path / "backups").exists()


def test_a_rehearsal_leaves_ledger_and_provider_alone(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """`--sandbox` accepts groups that nobody knows, and its report says that it is a rehearsal."""
    file = write_csv(tmp_path / "a.csv", [row(1, GroupIds="4711"), row(2, GroupIds="Our best friends")])
    ran = ready.run("submit", file, "--sandbox", "--json")
    assert (ran.code, ran.json["accepted"], sandbox.posts) == (0, 2, [])
    assert "REHEARSAL" in Path(ran.json["reports"][0]).read_text(encoding="utf-8")
    assert not (tmp_path / "ledger.sqlite3").exists()


def test_a_rehearsal_makes_up_each_name_once(ready: Shell, tmp_path: Path) -> None:
    """A group of the stand-in provider's own, or one name typed in two ways, was the name of two groups."""
    groups = ["Our friends", "our  Friends", "Dallas stores", "100", "Group 4711", "4711"]
    rows = [row(number, GroupIds=name) for number, name in enumerate(groups, 1)]
    ran = ready.run("submit", write_csv(tmp_path / "a.csv", rows), "--sandbox", "--json")
    assert (ran.code, ran.json["accepted"]) == (0, len(groups))


def test_a_limit_leaves_the_rest_planned_and_resume_goes_on(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """What was not submitted is not lost."""
    file = write_csv(tmp_path / "a.csv", [row(number) for number in range(1, 6)])
    ran = ready.run("submit", file, "--limit", 2, "--json")
    assert (ran.json["accepted"], ran.json["planned"]) == (2, 3)
    assert ready.run("resume", "--json").json["accepted"] == 3
    assert len(sandbox.campaigns) == 5


def test_bad_rows_stay_and_good_ones_go(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Two bad rows of ten do not stop the others; the totals tie; the exit code asks for a look."""
    rows = [row(number) for number in range(1, 9)] + [row(9, GroupIds="-1"), row(10, DateTime="soon")]
    ran = ready.run("submit", write_csv(tmp_path / "a.csv", rows), "--json")
    assert (ran.code, ran.json["accepted"], ran.json["invalid"], total(ran.json)) == (1, 8, 2, 10)
    codes = {entry["row"]: [issue["code"] for issue in entry["issues"]] for entry in export(ready)}
    assert "group-id-invalid" in codes[10]
    assert "time-unreadable" in codes[11]


def test_too_many_bad_rows_hold_the_good_ones(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Three of ten: nothing goes, unless a person lets it."""
    rows = [row(number) for number in range(1, 8)] + [row(number, GroupIds="x" * 3 + ";") for number in range(8, 11)]
    file = write_csv(tmp_path / "a.csv", rows)
    ran = ready.run("submit", file, "--json")
    assert (ran.json["held"], ran.json["invalid"], sandbox.posts) == (7, 3, [])
    ran = ready.run("submit", file, "--allow", "too-many-errors", "--json")
    assert (ran.json["accepted"], ran.json["invalid"]) == (7, 3)


def test_all_or_nothing_means_one_row(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """With --all-or-nothing one bad row holds all others."""
    file = write_csv(tmp_path / "a.csv", [row(number) for number in range(1, 9)] + [row(9, GroupIds="0")])
    ran = ready.run("submit", file, "--all-or-nothing", "--json")
    assert (ran.json["held"], ran.json["invalid"], sandbox.posts) == (8, 1, [])


def test_all_or_nothing_and_letting_errors_pass_exclude_each_other(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Either all wait for one bad row, or none does: together they are refused before the file is read."""
    file = write_csv(tmp_path / "a.csv", [row(1), row(2, GroupIds="0")])
    ran = ready.run("submit", file, "--all-or-nothing", "--allow", "too-many-errors")
    assert (ran.code, sandbox.posts) == (2, [])
    assert (
        ran.err
        == "campaign-batch: --all-or-nothing and --allow too-many-errors cannot be used together: leave one out\n"
    )


def test_one_is_one_in_the_words(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """No "1 rows", neither in a check nor in what a submit says."""
    file = write_csv(tmp_path / "a.csv", [row(1, GroupIds="0")])
    assert (
        "a.csv: 1 row: 0 ready, 0 waiting for a decision, 1 with errors; total SMS parts per contact: 0"
        in ready.run("check", file).err
    )
    assert 'batch 1 "a.csv": 1 row: 1 needs fixing' in ready.run("submit", file).err
    assert ' 1 row  "a.csv"' in ready.run("ledger", "list").out


def test_hostile_cells_stay_text_in_both_reports(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """A name that is markup or a formula is shown, never run."""
    names = ["<script>alert(1)</script>", '=HYPERLINK("http://x","y")', "+1+1", "@SUM(A1)"]
    rows = [row(number, CampaignName=name) for number, name in enumerate(names, start=1)]
    ran = ready.run("submit", write_csv(tmp_path / "a.csv", rows), "--json")
    html, xlsx = (Path(path) for path in ran.json["reports"])
    assert "<script>alert" not in html.read_text(encoding="utf-8")
    sheets = openpyxl.load_workbook(xlsx)
    kinds = {cell.data_type for sheet in sheets for line in sheet.iter_rows() for cell in line if cell.value in names}
    assert kinds == {"s"}


def test_the_token_is_nowhere(shell: Shell, tmp_path: Path) -> None:
    """Raw or URL-encoded, it stands in no output at full verbosity, no report and no byte of the ledger."""
    from urllib.parse import quote

    from batch.adapters.sandbox import Sandbox

    with Sandbox(limit=0, token=TOKEN) as running:
        shell.set(PROVIDER__URL=running.url, PROVIDER__ACCESS_TOKEN=TOKEN)
        file = write_csv(tmp_path / "a.csv", [row(1), row(2, GroupIds="9999")])
        said = [shell.run("-v", "submit", file), shell.run("-v", "reconcile"), shell.run("ledger", "export")]
        running.faults.add("401")
        said.append(shell.run("-v", "submit", write_csv(tmp_path / "b.csv", [row(3)])))
    texts = [ran.out + ran.err for ran in said]
    texts += [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    forms = {TOKEN, quote(TOKEN, safe=""), quote(TOKEN)}
    assert [form for form in forms for text in texts if form in text] == []
    assert len(texts) > 6


def test_the_export_has_the_documented_keys_in_both_formats(ready: Shell, tmp_path: Path) -> None:
    """One entry a line, lists as lists in JSON, the time in UTC."""
    ready.run("submit", write_csv(tmp_path / "a.csv", [row(1, DateTime=coming(5, 12))]), "--json")
    entry = export(ready)[0]
    assert list(entry)[:27] == [
        "entry", "batch", "file", "sheet", "row", "key", "reference", "tag", "campaign_name", "provider_name",
        "message", "group_ids", "group_names", "send_at", "send_at_provider", "type_recipients", "mms_template_id",
        "subject",
        "status", "provider_id", "contacts_count", "provider_status_id", "provider_status", "issues", "attempts",
        "submitted_by", "approved_by",
    ]  # fmt: skip
    assert {"owner", "machine", "cancel_why", "fields", "attempt_log", "history"} <= set(entry)
    local = datetime.fromisoformat(entry["send_at"]).astimezone(NEW_YORK)
    assert f"{local:%Y-%m-%d %H:%M:%S}" == entry["send_at_provider"]
    table = list(csv.DictReader(ready.run("ledger", "export", "--format", "csv").out.splitlines()))
    assert (table[0]["provider_id"], json.loads(table[0]["group_ids"])) == (entry["provider_id"], entry["group_ids"])
