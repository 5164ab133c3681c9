"""The command line's manners: one clear line, the exit code, nothing lost, no traceback, nothing heavy imported."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from cli_support import Shell, coming, row, write_csv
from ledger_support import IN_POSTGRESQL
from sqlalchemy import make_url

import batch
from batch.adapters import config
from batch.adapters.ledger import open_ledger
from batch.cli.session import session
from batch.cli.unattended import Journal
from batch.workflows.events import Note


def lines_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def make_bad_files(folder: Path) -> None:
    (folder / "folder.xlsx").mkdir()
    (folder / "picture.xlsx").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 100)
    (folder / "empty.xlsx").write_bytes(b"")
    (folder / "empty.csv").write_bytes(b"")
    (folder / "headless.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (folder / "old.xlsb").write_bytes(b"PK\x03\x04")
    with zipfile.ZipFile(folder / "hollow.xlsx", "w") as archive:
        archive.writestr("hello.txt", "no workbook")


BAD_FILES = [
    "missing.xlsx", "folder.xlsx", "picture.xlsx", "empty.xlsx", "empty.csv", "headless.csv", "old.xlsb", "hollow.xlsx",
]  # fmt: skip


@pytest.mark.parametrize("command", ["check", "submit"])
@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_cannot_be_read_is_one_line_and_exit_3(
    ready: Shell, sandbox: Any, tmp_path: Path, command: str, name: str
) -> None:
    """The line names the file and says what to do; nothing was sent."""
    make_bad_files(tmp_path)
    ran = ready.run(command, name)
    assert (ran.code, len(lines_of(ran.err)), ran.out) == (3, 1, "")
    assert name in ran.err
    assert sandbox.posts == []


def test_an_unreadable_file_is_an_object_with_json(shell: Shell) -> None:
    """`{file, error}`, and the code anyway."""
    ran = shell.run("check", "missing.xlsx", "--json")
    assert (ran.code, set(ran.json), ran.json["file"]) == (3, {"file", "error"}, "missing.xlsx")


def test_several_files_give_one_object_a_line(shell: Shell, tmp_path: Path) -> None:
    """A bad file among good ones takes nothing from them."""
    good = write_csv(tmp_path / "a.csv", [row(1)])
    ran = shell.run("check", good, "missing.xlsx", good, "--json")
    assert (ran.code, [set(line) >= {"rows"} for line in ran.lines]) == (3, [True, False, True])


def test_check_says_what_is_wrong_and_exits_1(shell: Shell, tmp_path: Path) -> None:
    """Row, column letter, field and code stand in the object; a hold is a warning that says so."""
    rows = [row(1, GroupIds="-5"), row(2, DateTime=coming(4, 23)), row(3)]
    ran = shell.run("check", write_csv(tmp_path / "a.csv", rows), "--json")
    assert (ran.code, ran.json["rows"], ran.json["valid"]) == (1, 3, 2)
    error = ran.json["errors"][0]
    assert {**error, "message": ""} == {
        "row": 2, "column": "C", "field": "GroupIds", "code": "group-id-invalid", "message": "",
    }  # fmt: skip
    assert [(one["code"], one.get("level")) for one in ran.json["warnings"]] == [("quiet-hours", "hold")]
    assert (ran.json["credits"], ran.json["parts"] > 0) == (None, True)


def test_the_command_after_a_check_can_be_typed_as_it_stands(shell: Shell, tmp_path: Path) -> None:
    """It names the sheet that was checked, and sends nobody on with a file that is too long to take in."""
    book = openpyxl.Workbook()
    for day, rows in (("Mon", [row(1)]), ("Tue", [row(2), row(3, GroupIds="-5")])):
        sheet = book.create_sheet(day)
        for line in (list(rows[0]), *(list(one.values()) for one in rows)):
            sheet.append(line)
    book.save(tmp_path / "a.xlsx")
    file = f'"{tmp_path / "a.xlsx"}"'
    assert f'submit {file} --sheet "Mon"' in shell.run("check", tmp_path / "a.xlsx", "--sheet", "Mon").err
    assert f'check {file} --sheet "Tue" --marked' in shell.run("check", tmp_path / "a.xlsx", "--sheet", "Tue").err
    shell.set(SHEET__MAX_TAKEN_ROWS="2")
    ran = shell.run("check", write_csv(tmp_path / "a.csv", [row(number) for number in range(3)]))
    assert ("split it into several files" in ran.err, "submit" in ran.err) == (True, False)


def test_no_token_is_exit_2(shell: Shell, sandbox: Any, tmp_path: Path) -> None:
    """It says where the token may stand."""
    shell.set(PROVIDER__URL=sandbox.url)
    ran = shell.run("submit", write_csv(tmp_path / "a.csv", [row(1)]))
    assert (ran.code, len(lines_of(ran.err))) == (2, 1)
    assert "CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN" in ran.err


def test_a_wrong_token_stops_the_run_and_is_not_shown(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Exit 3, nothing recorded, nothing lost, the token nowhere."""
    ready.set(PROVIDER__ACCESS_TOKEN="not-the-right-one")
    ran = ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]))
    assert (ran.code, "not-the-right-one" in ran.err, sandbox.posts) == (3, False, [])
    assert len(lines_of(ran.err)) == 1


def test_a_provider_that_is_not_there_stops_the_run(ready: Shell, tmp_path: Path) -> None:
    """Three tries, one line, exit 3."""
    ready.set(PROVIDER__URL="http://127.0.0.1:9/v1")
    ran = ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]))
    assert (ran.code, len(lines_of(ran.err))) == (3, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROVIDER__ACESS_TOKEN", "s3cret"),
        ("PROVIDER__DEADLINE", "s3cret"),
        ("NONSENSE", "s3cret"),
        ("PROVIDER__URL", "http://s3cret.example/v1"),
        ("SHEET__TIMEZONE", "Mars/s3cret"),
    ],
)
def test_a_wrong_setting_is_named_but_its_value_is_not_shown(
    shell: Shell, tmp_path: Path, name: str, value: str
) -> None:
    """A misspelt token variable must not show the token."""
    shell.set(**{name: value})
    ran = shell.run("check", write_csv(tmp_path / "a.csv", [row(1)]))
    assert (ran.code, len(lines_of(ran.err)), "s3cret" in ran.err) == (2, 1, False)
    assert name in ran.err


def test_an_unknown_key_of_the_file_is_named_with_the_nearest(shell: Shell, tmp_path: Path) -> None:
    """`urll` is met with `url`."""
    (tmp_path / "campaign-batch.toml").write_text('[provider]\nurll = "x"\n', encoding="utf-8")
    ran = shell.run("check", write_csv(tmp_path / "a.csv", [row(1)]))
    assert (ran.code, '"url"' in ran.err or " url" in ran.err) == (2, True)


def test_the_real_provider_needs_a_time_zone(shell: Shell, tmp_path: Path) -> None:
    """Nobody may guess in which zone a sheet's times are meant when real people get the text."""
    shell.set(PROVIDER__ACCESS_TOKEN="x")
    ran = shell.run("submit", write_csv(tmp_path / "a.csv", [row(1)]))
    assert (ran.code, "[sheet]" in ran.err) == (2, True)


def test_init_writes_settings_and_never_over_others(shell: Shell, tmp_path: Path) -> None:
    """The file it writes is one that it reads; a second init leaves it alone."""
    assert shell.run("init").code == 0
    before = (tmp_path / "campaign-batch.toml").read_text(encoding="utf-8")
    assert shell.run("check", write_csv(tmp_path / "a.csv", [row(1)])).code == 0
    assert shell.run("init").code == 2
    assert (tmp_path / "campaign-batch.toml").read_text(encoding="utf-8") == before


def test_verify_calls_a_fresh_ledger_whole(ready: Shell, tmp_path: Path) -> None:
    """After a submit nothing is wrong with it."""
    ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]), "--json")
    assert ready.run("ledger", "verify", "--json").json == {"problems": []}


def test_a_ledger_belongs_to_one_account_and_host(ready: Shell, tmp_path: Path) -> None:
    """With another account label, nothing is sent and the exit code is 2."""
    ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]), "--json")
    ready.set(PROVIDER__ACCOUNT="another")
    assert ready.run("submit", write_csv(tmp_path / "b.csv", [row(2)])).code == 2


def test_a_paused_ledger_submits_nothing(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Until somebody lifts the pause, which every command names."""
    file = write_csv(tmp_path / "a.csv", [row(1)])
    assert ready.run("pause", "--why", "recall").code == 0
    ran = ready.run("submit", file)
    assert (ran.code, "recall" in ran.err, sandbox.posts) == (3, True, [])
    assert ready.run("unpause").code == 0
    assert ready.run("submit", file).code == 0


@pytest.mark.parametrize(
    ("words", "forbidden"),
    [
        (["--help"], {"pandas", "openpyxl", "sqlalchemy", "requests", "jinja2", "pydantic", "alembic", "xlsxwriter"}),
        (["check", "a.csv"], {"pandas", "openpyxl", "sqlalchemy", "requests", "alembic", "xlsxwriter"}),
    ],
)
def test_nothing_heavy_is_imported_that_is_not_used(tmp_path: Path, words: list[str], forbidden: set[str]) -> None:
    """Start-up time is a feature."""
    write_csv(tmp_path / "a.csv", [row(1)])
    assert imported(tmp_path, words, forbidden) == set()


@pytest.mark.proof
@pytest.mark.parametrize(
    "words", [["resume"], ["reconcile"], ["ledger", "list"], ["find", "Dallas"], ["submit", "a.csv"]]
)
def test_what_only_some_commands_need_is_imported_by_these(ready: Shell, tmp_path: Path, words: list[str]) -> None:
    """On a ledger that is there, nothing migrates, and no notebook or marked workbook is asked for."""
    write_csv(tmp_path / "a.csv", [row(1)])
    assert ready.run("submit", "a.csv").code == 0
    assert imported(tmp_path, words, {"pandas", "openpyxl", "alembic"}) == set()


def test_a_dry_run_loads_nothing_that_writes_or_mails(ready: Shell, tmp_path: Path) -> None:
    """Reports, marked copies and mails come after it, if at all."""
    write_csv(tmp_path / "a.csv", [row(1)])
    writers = {"batch.adapters.mail", "batch.adapters.marked", "batch.adapters.report", "smtplib", "xlsxwriter"}
    assert ready.run("submit", "--dry-run", "a.csv").code == 0
    assert imported(tmp_path, ["submit", "--dry-run", "a.csv"], writers) == set()


def imported(folder: Path, words: list[str], among: set[str]) -> set[str]:
    """Run a command in a process of its own and name the modules of `among` that it imported."""
    code = (
        "import sys\nfrom batch.cli.session import app, run_guarded\nimport batch.cli\n"
        f"run_guarded(lambda: app({words!r}))\nprint(*sorted({among!r} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    return set(ran.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("words", [["check", "a.csv"], ["reconcile"], ["submit", "--dry-run", "a.csv"]])
def test_a_command_reads_its_settings_once(
    ready: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str]
) -> None:
    """A file that changes meanwhile cannot give one command two answers."""
    write_csv(tmp_path / "a.csv", [row(1)])
    asked: list[Path | None] = []
    load = config.load_settings

    def load_and_note(given: Path | None, *more: Any, **others: Any) -> Any:
        asked.append(given)
        return load(given, *more, **others)

    monkeypatch.setattr(config, "load_settings", load_and_note)
    assert ready.run(*words).code == 0
    assert len(asked) == 1


def test_help_and_version_are_words_too(shell: Shell) -> None:
    """What people type first; of any command, and a word that is none is told as ever."""
    assert shell.run("version") == shell.run("--version")
    assert shell.run("help") == shell.run("--help")
    assert shell.run("help", "submit") == shell.run("submit", "--help")
    assert shell.run("help", "ledger", "show") == shell.run("ledger", "show", "--help")
    assert (shell.run("help", "submitt").code, "submitt" in shell.run("help", "submitt").err) == (2, True)


def test_it_runs_as_a_module_and_says_its_version() -> None:
    """`python -m batch --version`."""
    ran = subprocess.run([sys.executable, "-m", "batch", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == f"campaign-batch {batch.__version__}"


@pytest.mark.parametrize(("fault", "words"), [("401@1", "the provider refused the token"), ("redirect@1", "302")])
def test_why_a_run_stopped_is_said_once(ready: Shell, sandbox: Any, tmp_path: Path, fault: str, words: str) -> None:
    """Neither the object nor the line says it twice; a token that was refused is not one that is missing."""
    sandbox.faults.add(fault)
    ran = ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]), "--json")
    assert (ran.code, ran.json["error"].count(words), ran.err.count(words)) == (3, 1, 1)
    assert (ran.err.count("the run stopped"), "campaign-batch init" in ran.err) == (1, False)


@pytest.mark.parametrize("fault", ["pending@1", "action-required@1"])
def test_a_campaign_that_is_not_yet_approved_asks_for_a_look(
    ready: Shell, sandbox: Any, tmp_path: Path, fault: str
) -> None:
    """Exit code 1, as the report says that it needs attention."""
    sandbox.faults.add(fault)
    ran = ready.run("submit", write_csv(tmp_path / "a.csv", [row(1), row(2)]), "--json")
    assert (ran.code, ran.json["accepted"]) == (1, 2)


def test_find_gives_the_time_as_every_other_command_does(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """ISO 8601 with a T, as in the export; null where a row has none."""
    ready.run("submit", write_csv(tmp_path / "a.csv", [row(1), *(row(n) for n in range(3, 7)), row(2, DateTime="")]))
    found = {one["name"]: one["send_at"] for one in ready.run("find", "campaign", "--json").lines}
    exported = {one["campaign_name"]: one["send_at"] for one in ready.run("ledger", "export").lines}
    assert found == exported
    assert "T" in found["Campaign 1"]
    assert found["Campaign 2"] is None


def test_a_report_in_no_format_is_refused(ready: Shell, sandbox: Any) -> None:
    """It would write nothing, and say that all is done."""
    assert ready.run("report", "--format", ",").code == 2


def test_the_name_that_is_proposed_for_a_marked_copy_can_be_taken(shell: Shell, tmp_path: Path) -> None:
    """Never the name of the file itself, which is refused."""
    from openpyxl import Workbook

    book = Workbook()
    assert book.active is not None
    for line in (list(row(1)), list(row(1, GroupIds="-5").values())):
        book.active.append(line)
    book.save(tmp_path / "a.xlsx")
    ran = shell.run("check", tmp_path / "a.xlsx", "--marked", tmp_path / "a.csv")
    assert (ran.code, 'name it "a-marked.xlsx"' in ran.err) == (2, True)
    assert shell.run("check", tmp_path / "a.xlsx", "--marked", tmp_path / "a-marked.xlsx").code == 1


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["ledger", "show", "99"], "campaign-batch find WORDS"),
        (["report", "--evidence", "99"], "campaign-batch find WORDS"),
        (["cancel", "99", "--why", "x"], "campaign-batch find WORDS"),
        (["resolve", "99", "--drop", "--why", "x"], "campaign-batch find WORDS"),
        (["report", "--batch", "99"], "campaign-batch ledger list"),
        (["approve", "99"], "campaign-batch ledger list"),
        (["reject", "99", "--why", "x"], "campaign-batch ledger list"),
    ],
)
def test_a_number_that_is_not_there_is_a_slip_of_the_command(
    ready: Shell, tmp_path: Path, words: list[str], remedy: str
) -> None:
    """Exit 2, and the command that lists what was asked for."""
    ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]))
    ran = ready.run(*words)
    assert (ran.code, " 99: " in ran.err, remedy in ran.err) == (2, True, True)


@pytest.mark.parametrize(
    "words",
    [
        ["report"],
        ["report", "--evidence", "1"],
        ["find", "dallas"],
        ["ledger", "list"],
        ["ledger", "show", "1"],
        ["ledger", "export"],
        ["ledger", "export", "-o", "all.jsonl"],
        ["ledger", "verify"],
    ],
)
def test_a_question_makes_no_ledger(ready: Shell, tmp_path: Path, words: list[str]) -> None:
    """In another folder than the ledger's an empty one would answer that nothing ever went."""
    ran = ready.run(*words)
    assert (ran.code, ran.out) == (2, "")
    name = make_url(ready.ledger_url).database
    assert f'there is no ledger "{name if IN_POSTGRESQL else tmp_path / "ledger.sqlite3"}"' in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("word", ["geheim", "ge?heim", "p%geheim", "ge/heim", "ge@heim"])
def test_the_password_of_a_database_stands_nowhere(ready: Shell, tmp_path: Path, word: str) -> None:
    """Whatever signs it has, whoever reads the URL: the ledger, the queue of the workers, a log; an @ is refused."""
    write_csv(tmp_path / "a.csv", [row(1)])
    ready.set(LEDGER__URL=f"postgresql+psycopg://ana:{word}@127.0.0.1:1/texts", WORKERS__ENABLED="true")
    told = "with an @ in its password as %40" if "@" in word else "Connection refused"
    for words in (("-v", "ledger", "list"), ("-v", "submit", "a.csv"), ("doctor", "--json"), ("worker",)):
        ran = ready.run(*words)
        assert (told in ran.out + ran.err, "heim" in ran.out + ran.err) == (True, False), words
    assert "heim" not in session.redact(f"what a library logs: {word}") or "@" in word


def test_a_file_that_cannot_be_read_stops_a_submit_and_only_wants_a_look_in_the_watch(
    ready: Shell, sandbox: Any, tmp_path: Path
) -> None:
    """The watch puts it aside and takes the others: 1 says to look into `attention/`, 3 that the run stopped."""
    ready.set(WATCH__STABLE_SECONDS="0.1", WATCH__GRACE_MINUTES="0")
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.xlsx").write_bytes(b"no workbook")
    assert ready.run("submit", inbox / "a.xlsx").code == 3
    write_csv(inbox / "b.csv", [row(1)])
    assert (ready.run("watch", "--once").code, len(sandbox.posts)) == (1, 1)
    assert [path.name[17:] for path in (inbox / "attention").glob("*.xlsx")] == ["a.xlsx"]


@pytest.mark.proof
def test_a_long_wait_is_told_in_a_pipe_too(ready: Shell, tmp_path: Path) -> None:
    """In one line, not every second: nobody has to guess why nothing happens."""
    ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]))
    with open_ledger(ready.ledger_url, now=datetime.now(UTC)) as ledger:
        ledger.journal.set_silent_until(time.time() + 4)
    ran = ready.run("reconcile")
    assert ran.code == 0
    assert len(re.findall(r"^the provider's rate limit: [34] s left$", ran.err, re.MULTILINE)) == 1


def test_a_wrong_ledger_is_blamed_on_the_option_that_named_it(ready: Shell) -> None:
    """Nobody looks for an environment variable that was never set."""
    ran = ready.run("--ledger", "foo", "find", "x")
    assert ran.code == 2
    assert ran.err.startswith("campaign-batch: --ledger has an invalid value: it takes an address")


def test_what_a_decision_cannot_change_is_said_in_the_words_of_the_report(
    ready: Shell, sandbox: Any, tmp_path: Path
) -> None:
    """No status of the ledger, and no empty name: people never read either."""
    ready.run("submit", write_csv(tmp_path / "a.csv", [row(1), row(2, CampaignName="")]))
    ran = ready.run("resolve", "1", "--not-sent", "--why", "x")
    assert 'entry 1 "Campaign 1" is "scheduled", which this cannot change' in ran.err
    assert 'it works for what is "not sure it arrived" or "waiting for a decision"' in ran.err
    said = 'entry 2 "(no name)" was never submitted and is dropped\n'
    assert ready.run("cancel", "2", "--why", "x").out == said


def test_a_line_of_history_has_no_empty_places(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Neither a reason nor a person is left out as a bare colon or a pair of brackets."""
    ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]))
    lines = ready.run("ledger", "show", "1").out.partition("history:")[2].splitlines()
    assert "new > planned: taken in (" in lines[1]
    assert lines[2].endswith("planned > submitting: attempt 1 begins")


def test_the_doctor_sends_nobody_to_the_doctor(ready: Shell, sandbox: Any) -> None:
    """What to do next is something else than what was just done."""
    sandbox.faults.add("groups=503")
    line = next(one for one in ready.run("doctor").out.splitlines() if one.startswith(" BAD  provider: "))
    assert line.endswith("-> try again in a few minutes")


def test_the_log_names_a_batch_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the words name it the line does not do so before them."""
    journal = Journal(as_json=False)
    journal.tell(Note("batch 3 was approved by moving its preview", batch=3))
    journal.tell(Note("the approval came too late for batch 31", batch=3))
    said = [line.split("Z ", 1)[1] for line in capsys.readouterr().err.splitlines()]
    assert said == ["batch 3 was approved by moving its preview", "batch 3 the approval came too late for batch 31"]


def test_the_usage_line_names_the_command_however_it_is_started() -> None:
    """`python -m batch` shows what a person can type."""
    done = subprocess.run(
        [sys.executable, "-m", "batch", "submit", "--help"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("Usage: campaign-batch submit ")


@pytest.mark.parametrize("command", [["watch", "--once"], ["doctor"]])
def test_a_wrong_setting_of_the_watch_stops_only_what_watches(ready: Shell, tmp_path: Path, command: list[str]) -> None:
    """One line names the variable, the value and what is allowed; a submit goes on."""
    ready.set(WATCH__STABLE_SECONDS=0)
    ran = ready.run(*command)
    wanted = "campaign-batch: CAMPAIGN_BATCH_WATCH__STABLE_SECONDS has an invalid value (0): it takes a number above 0"
    assert (ran.code, ran.err.strip()) == (2, wanted)
    assert ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)])).code == 0


def test_an_offset_is_answered_with_the_zone_that_the_team_used_before(ready: Shell, tmp_path: Path) -> None:
    """The ledger's latest rows name it, also for `check`, which opens no ledger."""
    before = row(1, TimeZone="Asia/Yekaterinburg", DateTime=coming(4, 12))
    ready.run("submit", write_csv(tmp_path / "a.csv", [before]))
    ran = ready.run("check", write_csv(tmp_path / "b.csv", [row(2, TimeZone="UTC+5")]))
    assert "write the zone, like Asia/Yekaterinburg or" in " ".join(ran.err.split())
