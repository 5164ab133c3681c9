"""The sample workbooks: right today and in ten years, and the plain provider that reads them as a stranger."""

from __future__ import annotations

import csv
import http.client
import importlib.util
import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from openpyxl import load_workbook
from plain_provider import PlainProvider

from batch.adapters.samples import MISTAKES, MMS, WEEKLY, WRITTEN_FOR, move_text, write_samples
from batch.adapters.sandbox import picture_templates, store_groups
from batch.system.resources import samples_folder, templates_folder

NOW = datetime(2033, 7, 7, 15, 30, tzinfo=UTC)


def rows_of(path: Path) -> list[dict[str, object]]:
    """Read the first sheet of a workbook, a dictionary a row."""
    header, *rows = load_workbook(path).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.fixture
def written(tmp_path: Path) -> dict[str, Path]:
    """Write the samples for a day in 2033."""
    return {path.name: path for path in write_samples(tmp_path / "a folder", NOW)}


def test_the_three_samples_are_written_and_nothing_else(written, tmp_path):
    """Names as committed; no workshop is left behind."""
    assert set(written) == {WEEKLY, MMS, MISTAKES}
    assert {path.name for path in (tmp_path / "a folder").iterdir()} == set(written)


@pytest.mark.parametrize("day", [(3, 0), (4, 0), (4, 23), (10, 23)])
def test_the_first_campaign_goes_out_on_the_monday_after(tmp_path, day):
    """On a Monday it is the next one, so that the time never lies behind."""
    now = NOW.replace(day=day[0], hour=day[1])
    weekly, *_ = write_samples(tmp_path, now)
    first = min(row["DateTime"] for row in rows_of(weekly))
    assert first.weekday() == 0
    assert timedelta(0) < first - now.replace(tzinfo=None) < timedelta(days=8)


def test_weekday_and_time_of_day_stay(written):
    """All dates move by the same number of whole weeks."""
    for name in (WEEKLY, MISTAKES):
        before, after = rows_of(samples_folder() / name), rows_of(written[name])
        moves = set()
        for old, new in zip(before, after, strict=True):
            moves |= {new[field] - old[field] for field in old if isinstance(old[field], datetime)}
            others = [field for field in old if not isinstance(old[field], datetime)]
            assert [old[field] for field in others] == [new[field] for field in others]
        assert len(moves) == 1
        assert moves.pop() % timedelta(days=7) == timedelta(0)


def test_the_dates_of_the_csv_move_with_them(written):
    """ISO texts move; everything else stays, byte for byte."""
    with (
        (samples_folder() / MMS).open(encoding="utf-8", newline="") as old,
        written[MMS].open(encoding="utf-8", newline="") as new,
    ):
        pairs = list(zip(csv.DictReader(old), csv.DictReader(new), strict=True))
    assert len(pairs) == 6
    for before, after in pairs:
        days = {date.fromisoformat(after[name]) - date.fromisoformat(before[name]) for name in ("Date", "EndDate")}
        assert days == {date(2033, 7, 11) - WRITTEN_FOR}
        assert {k: v for k, v in before.items() if "Date" not in k} == {
            k: v for k, v in after.items() if "Date" not in k
        }


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("2026-01-31", "2026-02-07"),
        ("2026-01-31 09:05", "2026-02-07 09:05"),
        ("2026-12-31T09:05:30", "2027-01-07T09:05:30"),
        ("1/31/2026 9:05 AM", "2/7/2026 9:05 AM"),
        ("2026-02-30 10:00", "2026-02-30 10:00"),
        ("25/01/2026", "25/01/2026"),
        ("until 2026-01-31", "until 2026-01-31"),
        ("100, 101", "100, 101"),
    ],
)
def test_only_a_text_that_is_a_date_moves(text, moved):
    """A date inside a sentence, or one that no calendar has, stays as it is."""
    assert move_text(text, timedelta(days=7)) == moved


def test_the_weekly_workbook_is_a_real_week(written):
    """At least 25 rows, several zones, decent hours, groups that exist with as many contacts as expected."""
    rows = rows_of(written[WEEKLY])
    sizes = {group.id: set(group.contact_ids) for group in store_groups()}
    assert len(rows) >= 25
    assert len({row["TimeZone"] for row in rows}) >= 5
    assert len({row["CampaignName"] for row in rows}) == len({row["Reference"] for row in rows}) == len(rows)
    for row in rows:
        assert "09:00" <= f"{row['DateTime']:%H:%M}" <= "19:30"
        assert bool(row["Message"]) != bool(row["Template"])
        assert row["Message"] is None or "Reply STOP to opt out" in row["Message"]
        assert row["Template"] is None or (templates_folder() / "messages" / row["Template"]).is_file()
        people = set().union(*(sizes[group] for group in row["GroupIds"].split(", ")))
        assert len(people) == row["ExpectedContacts"]
        assert row["EndDate"] > row["DateTime"]


def test_nobody_gets_two_texts_on_one_day_or_five_in_a_week(written):
    """Groups overlap, and the week is laid out so that their members do not notice."""
    members = {group.id: group.contact_ids for group in store_groups()}
    days: dict[int, list[date]] = {}
    for row in rows_of(written[WEEKLY]):
        for group in row["GroupIds"].split(", "):
            for contact in members[group]:
                days.setdefault(contact, []).append(row["DateTime"].date())
    assert max(len(sent) for sent in days.values()) <= 4
    assert all(len(sent) == len(set(sent)) for sent in days.values())


def test_cells_are_formatted_as_people_format_them(written):
    """Percent, dollars, short dates and ids kept as text survive the copy; so do widths and the frozen header."""
    sheet = load_workbook(written[WEEKLY]).worksheets[0]
    columns = {cell.value: cell.column_letter for cell in sheet[1]}
    formats = {cell.number_format for cell in sheet[columns["Offer"]]}
    assert {"0%", "0.0%", "$#,##0.00", "$0.00", "@"} <= formats
    assert sheet[f"{columns['EndDate']}2"].number_format == "mmm d"
    assert sheet[f"{columns['GroupIds']}2"].data_type == "s"
    assert (sheet.freeze_panes, sheet.column_dimensions[columns["Message"]].width) == ("C2", 62)


def test_the_pictures_of_the_mms_file_are_approved_in_the_sandbox():
    """What the sample uses may be used there."""
    approved = {str(template.id) for template in picture_templates() if template.status_id == 3}
    with (samples_folder() / MMS).open(encoding="utf-8", newline="") as stream:
        assert {row["MmsTemplateId"] for row in csv.DictReader(stream)} <= approved


def test_every_mistake_says_what_it_is(written):
    """One a row, no two alike in words; error cell, bare formula, hidden row and number formats are really there."""
    sheet = load_workbook(written[MISTAKES]).worksheets[0]
    rows = rows_of(written[MISTAKES])
    words = [row["What is wrong here"] for row in rows]
    assert len(rows) > 40
    assert len(set(words)) == len(words)
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
    assert [cell.value for cell in cells if cell.data_type == "e"] == ["#N/A"]
    assert len([cell for cell in cells if cell.data_type == "f"]) == 1
    hidden = [number for number, size in sheet.row_dimensions.items() if size.hidden]
    assert [words[number - 2] for number in hidden] == ["This row is hidden, and so it is left out"]


def test_the_committed_files_are_what_the_script_makes(tmp_path):
    """Nobody edited them by hand."""
    script = samples_folder() / "make_samples.py"
    spec = importlib.util.spec_from_file_location("make_samples", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(tmp_path)
    for name in (WEEKLY, MISTAKES):
        assert rows_of(tmp_path / name) == rows_of(samples_folder() / name)
    assert (tmp_path / MMS).read_bytes() == (samples_folder() / MMS).read_bytes()


# the plain provider

PAYLOAD = {"Message": "Hello", "GroupIds": ["100", "101"], "DateTime": "2033-07-11 10:00:00", "TypeRecipients": 0}


def ask(url: str, method: str, path: str, payload: object = None, token: str = "plain-token"):
    """Make one request and read the JSON."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    body = None if payload is None else json.dumps(payload)
    mark = "&" if "?" in path else "?"
    connection.request(method, f"/v1/{path}{mark}access_token={token}", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    found = json.loads(answer.read())
    connection.close()
    return answer.status, found


def test_the_plain_provider_keeps_requests_raw_and_answers_as_documented():
    """What came is kept to the byte; what was scheduled stands in the list, then in the history."""
    with PlainProvider() as plain:
        status, (held,) = ask(plain.url, "POST", "sms/send-group-schedule-message", PAYLOAD)
        assert (status, held["Id"], held["ContactsCount"], held["Status_Id"]) == (200, "70001", "800", 3)
        assert plain.payloads == [PAYLOAD]
        assert json.loads(plain.requests[0]["body"]) == PAYLOAD
        assert ask(plain.url, "GET", "sms/group-schedule-messages") == (200, [held])
        plain.send("70001")
        assert ask(plain.url, "GET", "sms/group-schedule-messages") == (200, [])
        assert ask(plain.url, "GET", "sent-history/group-list?page=1")[1][0]["ContactsCount"] == 800
        assert ask(plain.url, "GET", "groups/view?id=100")[1]["Name"] == "Plain group 100"
        assert ask(plain.url, "GET", "credits/balance")[1] == {"AvailableCredits": 1000000}
        assert ask(plain.url, "GET", "credits/balance", token="x")[0] == 401
        assert ask(plain.url, "POST", "sms/send-group-schedule-message", {})[0] == 422


def test_the_plain_provider_knows_nothing_of_ours():
    """It imports nothing from the package, and runs as a process of its own."""
    script = Path(__file__).parents[1] / "plain_provider.py"
    text = script.read_text(encoding="utf-8")
    assert "import batch" not in text
    assert "from batch" not in text
    with subprocess.Popen([sys.executable, str(script), "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().strip()
            assert ask(url, "GET", "mms-template/index")[1][0]["Status_Description"] == "Approved"
        finally:
            process.kill()
