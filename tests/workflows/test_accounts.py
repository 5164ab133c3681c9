"""Several accounts: each has its identity, pause and reports; what goes wrong with one never stops another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from accounts_support import Town, open_town
from cli_support import Shell, row, write_csv
from ledger_support import IN_POSTGRESQL, ruin_ledger
from openpyxl import load_workbook

from batch.adapters.ledger import open_ledger


@pytest.fixture
def town(shell: Shell, tmp_path: Path) -> Iterator[Town]:
    with open_town(shell, tmp_path) as opened:
        yield opened


def test_identity_pause_and_reports_are_of_each_account(town: Town, tmp_path: Path) -> None:
    """One sheet for each of both is two campaigns; a pause of one holds nothing of the other."""
    sheet = write_csv(tmp_path / "week.csv", [row(1), row(2)])
    ran = town.shell.run("submit", sheet, "--yes", "--json", "--account", "dallas")
    assert (ran.code, ran.json["accepted"], ran.json["account"]) == (0, 2, "dallas")
    assert ran.json["reports"][0].startswith(str(tmp_path / "reports" / "dallas"))
    assert town.shell.run("pause", "--why", "wait", "--account", "austin").code == 0
    refused = town.shell.run("submit", sheet, "--yes", "--account", "austin").err
    assert "everything is paused" in refused
    assert '"campaign-batch unpause --account austin"' in refused
    again = town.shell.run("submit", sheet, "--yes", "--json", "--account", "dallas").json
    assert (again["accepted"], again["skipped"]) == (0, 2)
    assert town.shell.run("unpause", "--account", "austin").code == 0
    assert (town.names("dallas"), town.names("austin")) == (["Campaign 1", "Campaign 2"], [])


def test_commands_about_one_ledger_ask_for_the_account(town: Town, tmp_path: Path) -> None:
    """In one line, with the names; a settings file may name a default."""
    sheet = write_csv(tmp_path / "week.csv", [row(1)])
    asked = ["submit week.csv --yes", "resume", "pause --why x", "ledger list", "resolve 1 --drop --why x"]
    for words in [line.split() for line in asked]:
        ran = town.shell.run(*words)
        assert (ran.code, ran.err.strip().splitlines()) == (
            2,
            ["campaign-batch: which account? there are dallas, austin: type the same command with --account dallas"],
        )
    assert 'did you mean "dallas"?' in town.shell.run("resume", "--account", "dalas").err
    town.settings(top='[accounts]\ndefault = "austin"\n')
    assert town.shell.run("submit", sheet, "--yes", "--json").json["account"] == "austin"
    assert (town.names("dallas"), town.names("austin")) == ([], ["Campaign 1"])


def test_find_doctor_and_the_week_go_over_all_accounts(town: Town, tmp_path: Path) -> None:
    """Each line says whose it is; an account without a ledger or a provider keeps no other from its turn."""
    sheet = write_csv(tmp_path / "week.csv", [row(1)])
    for name in ("dallas", "austin"):
        assert town.shell.run("submit", sheet, "--yes", "--account", name).code == 0
    found = town.shell.run("find", "Campaign")
    assert [line.partition(":")[0] for line in found.out.splitlines()] == ["dallas", "austin"]
    assert [one["account"] for one in town.shell.run("find", "Campaign", "--json").lines] == ["dallas", "austin"]
    week = town.shell.run("report", "--since", "2020-01-01", "--format", "csv")
    assert [Path(line).parent.name for line in week.out.splitlines()] == ["dallas", "austin"]
    assert [line for line in week.err.splitlines() if line.startswith("account ")] == [
        "account dallas:",
        "account austin:",
    ]
    ruin_ledger(town.ledger_url("dallas"))
    found = town.shell.run("find", "Campaign")
    assert found.code == 3
    assert found.out.startswith("austin:")
    assert "campaign-batch: account dallas: " in found.err
    lines = town.shell.run("doctor", "--json").json
    assert {one["account"] for one in lines} == {"dallas", "austin"}
    broken = [(one["account"], one["line"]) for one in lines if one["state"] == "broken"]
    assert broken == [("dallas", "ledger")]
    assert "austin: ledger: whole" in town.shell.run("doctor", "--account", "austin").out


def test_a_team_of_one_account_becomes_one_of_several(ready: Shell, town: Town, tmp_path: Path) -> None:
    """Its ledger goes on as it was: what was scheduled is known, under its own name."""
    (tmp_path / "campaign-batch.toml").write_text("", encoding="utf-8")
    sheet = write_csv(tmp_path / "week.csv", [row(1), row(2)])
    assert ready.run("submit", sheet, "--yes", "--json").json["accepted"] == 2
    town.settings("[accounts.main]\n")
    again = ready.run("submit", sheet, "--yes", "--json")
    assert (again.json["account"], again.json["skipped"], again.json["accepted"]) == ("main", 2, 0)
    in_files = [] if IN_POSTGRESQL else ["ledger.sqlite3"]
    assert sorted(path.name for path in tmp_path.glob("ledger*.sqlite3")) == in_files


def test_mails_and_pages_name_the_account(town: Town, tmp_path: Path) -> None:
    """In the subject, where a page names the team, and in each command that is to be typed."""
    town.settings(top='[email]\nhost = "127.0.0.1"\nport = 9\nfrom = "a@example.com"\nto = ["b@example.com"]\n')
    sheet = write_csv(tmp_path / "week.csv", [row(1), row(2, DateTime=f"{str(row(2)['DateTime'])[:10]} 23:30")])
    ran = town.shell.run("submit", sheet, "--yes", "--json", "--account", "dallas")
    page = Path(ran.json["reports"][0]).read_text("utf-8")
    assert '<p class="brand">dallas</p>' in page
    assert "campaign-batch resolve --account dallas " in page
    cells = [str(cell) for sheet in load_workbook(ran.json["reports"][1]) for line in sheet.values for cell in line]
    assert any("campaign-batch resolve --account dallas " in cell for cell in cells)
    evidence = town.shell.run("report", "--evidence", "2", "--account", "dallas").out.strip()
    assert "campaign-batch resolve --account dallas 2" in Path(evidence).read_text("utf-8")
    with open_ledger(town.ledger_url("dallas"), now=datetime.now(UTC)) as ledger:
        assert [mail.subject.partition(": ")[0] for mail in ledger.outbox.unsent()] == ["dallas"]


def test_the_starter_workbook_has_the_column_where_there_are_several(town: Town, ready: Shell, tmp_path: Path) -> None:
    """With a drop-down of their names; a team of one account sees nothing of it."""
    assert town.shell.run("new", tmp_path / "several.xlsx").code == 0
    head = [cell.value for cell in load_workbook(tmp_path / "several.xlsx")["Campaigns"][1]]
    assert head[-2:] == ["Offer", "Account"]
    (tmp_path / "campaign-batch.toml").unlink()
    assert ready.run("new", tmp_path / "one.xlsx").code == 0
    book = load_workbook(tmp_path / "one.xlsx")
    assert "Account" not in [cell.value for sheet in book for line in sheet.iter_rows() for cell in line]


def test_two_accounts_with_one_token_are_refused(town: Town, tmp_path: Path) -> None:
    """They would be two paces and two books on one real account; the token is not shown, a third one goes on."""
    more = f'[accounts.twin]\nurl = "{town.dallas.url}"\ntoken_env = "DALLAS_TOKEN"\n'
    town.settings(more)
    sheet = write_csv(tmp_path / "week.csv", [row(1)])
    ran = town.shell.run("submit", sheet, "--yes", "--account", "twin")
    assert ran.code == 2
    assert 'the accounts "twin" and "dallas" have the same token at the same provider' in ran.err
    assert "dallas-token" not in ran.err
    assert town.shell.run("submit", sheet, "--yes", "--account", "austin").code == 0
    assert town.names("dallas") == []


def test_a_token_that_is_missing_is_told_with_the_account(town: Town, tmp_path: Path) -> None:
    """And where to put it."""
    town.settings("[accounts.plano]\nurl = 'http://127.0.0.1:9'\n")
    sheet = write_csv(tmp_path / "week.csv", [row(1)])
    ran = town.shell.run("submit", sheet, "--yes", "--account", "plano")
    assert "no access token for the provider of the account plano: name the variable that holds it" in ran.err
