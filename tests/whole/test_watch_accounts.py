"""One watch for several accounts: what is wrong with one keeps no file of another waiting."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from accounts_support import Town, open_town
from cli_support import Shell, row, write_csv

from batch.adapters.sandbox import Sandbox

SOON = "[watch]\nstable_seconds = 0.2\ngrace_minutes = 0\n"


@pytest.fixture
def town(shell: Shell, tmp_path: Path) -> Iterator[Town]:
    with open_town(shell, tmp_path) as opened:
        opened.settings(top=SOON)
        yield opened


def drop(town: Town, account: str, name: str = "week.csv", count: int = 1) -> None:
    folder = town.folder / "inbox" / account
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / name, [row(number + 1) for number in range(count)])


def done(town: Town, account: str) -> list[str]:
    folder = town.folder / "inbox" / account / "done"
    return [path.name[17:] for path in folder.glob("*.csv")] if folder.is_dir() else []


def test_each_folder_is_its_accounts(town: Town) -> None:
    """The same file in both is two campaigns; results, reports and log say whose they are."""
    drop(town, "dallas")
    drop(town, "austin")
    ran = town.shell.run("watch", "--once", "--log-format", "json")
    assert ran.code == 0, ran.err
    assert (town.names("dallas"), town.names("austin")) == (["Campaign 1"], ["Campaign 1"])
    assert (done(town, "dallas"), done(town, "austin")) == (["week.csv"], ["week.csv"])
    lines = [json.loads(line) for line in ran.err.splitlines() if line.startswith("{")]
    assert {line["account"] for line in lines if line["event"] == "file-done"} == {"dallas", "austin"}


def test_trouble_of_one_account_stops_no_other(town: Town) -> None:
    """One is paused, one has no token, one's provider is down, one's refuses the token: the fifth goes at once."""
    with Sandbox(limit=0, token="right") as sandbox:
        url = sandbox.url
        town.settings(
            f"""
            [accounts.dead]
            url = "http://127.0.0.1:9/v1"
            token_env = "AUSTIN_TOKEN"
            [accounts.refused]
            url = "{url}"
            token_env = "DALLAS_TOKEN"
            [accounts.tokenless]
            url = "{url}"
            """,
            top=SOON,
        )
        for account in ("dallas", "austin", "dead", "refused", "tokenless"):
            drop(town, account)
        assert town.shell.run("pause", "--why", "wait", "--account", "dallas").code == 0
        ran = town.shell.run("watch", "--once")
    assert ran.code != 0
    assert (town.names("dallas"), town.names("austin"), done(town, "austin")) == ([], ["Campaign 1"], ["week.csv"])
    words = {"dead": "cannot", "refused": "token", "tokenless": "no access token", "dallas": "paused"}
    for account, told in words.items():
        assert [line for line in ran.err.splitlines() if f"{account}: " in line and told in line], (account, ran.err)
    waiting = ("dead", "refused", "tokenless", "dallas")
    assert not [account for account in waiting if done(town, account)]
    assert "Traceback" not in ran.err


def test_stop_in_the_folder_of_all_stops_all_and_one_in_an_accounts_only_that(town: Town) -> None:
    """And each goes on when it is taken out."""
    drop(town, "dallas")
    drop(town, "austin")
    (town.folder / "inbox" / "STOP").touch()
    town.shell.run("watch", "--once")
    assert (town.names("dallas"), town.names("austin")) == ([], [])
    told = town.shell.run("doctor", "--account", "dallas").out
    assert f'to go on, remove it from "{town.folder}/inbox"' in told
    shutil.move(town.folder / "inbox" / "STOP", town.folder / "inbox" / "dallas" / "STOP")
    town.shell.run("watch", "--once")
    assert (town.names("dallas"), town.names("austin")) == ([], ["Campaign 1"])
    (town.folder / "inbox" / "dallas" / "STOP").unlink()
    assert town.shell.run("watch", "--once").code == 0
    assert town.names("dallas") == ["Campaign 1"]


def test_a_sheet_for_several_is_passed_on_to_each_folder(town: Town) -> None:
    """Dropped into one account's folder: its rows go there, the others are taken in their own, each once."""
    rows = [row(1, Account=""), row(2, Account="austin"), row(3, Account="dallas"), row(4, Account="nowhere")]
    folder = town.folder / "inbox" / "dallas"
    folder.mkdir(parents=True)
    for _ in range(2):  # dropped again it sends nothing
        write_csv(folder / "week.csv", rows)
        for _ in range(2):
            ran = town.shell.run("watch", "--once")
    assert (town.names("dallas"), town.names("austin")) == (["Campaign 1", "Campaign 3"], ["Campaign 2"])
    assert len(list(folder.glob("attention/*week*.csv"))) == 2
    assert len(done(town, "austin")) == 2
    [note, *_] = sorted(folder.glob("attention/*what happened.txt"))
    assert f'1 row goes to account austin: what becomes of them is told in "{town.folder}/inbox/austin".' in (
        note.read_text("utf-8")
    )
    shown = town.shell.run("ledger", "list", "--account", "austin", "--json").lines
    assert [one["rows"] for one in shown] == [1, 1]
    assert "Traceback" not in ran.err


def test_a_dead_account_keeps_no_row_of_a_sheet_from_the_others(town: Town) -> None:
    """Its own rows wait for it, in its folder; they go when it works again."""
    write_csv(_make(town.folder / "inbox" / "dallas") / "week.csv", [row(1), row(2, Account="austin")])
    town.shell.run("pause", "--why", "wait", "--account", "austin")
    town.shell.run("watch", "--once")
    assert (town.names("dallas"), town.names("austin")) == (["Campaign 1"], [])
    town.shell.run("unpause", "--account", "austin")
    assert town.shell.run("watch", "--once").code == 0
    assert (town.names("dallas"), town.names("austin"), done(town, "austin")) == (
        ["Campaign 1"],
        ["Campaign 2"],
        ["week.csv"],
    )


def test_the_folder_of_all_passes_each_sheet_on(town: Town) -> None:
    """By the column, else to the default account; where nothing says whose it is, the note does."""
    inbox = _make(town.folder / "inbox")
    write_csv(inbox / "both.csv", [row(1, Account="dallas"), row(2, Account="austin"), row(3, Account="")])
    write_csv(inbox / "whose.csv", [row(12)])
    ran = town.shell.run("watch", "--once")
    assert (town.names("dallas"), town.names("austin")) == (["Campaign 1"], ["Campaign 2"]), ran.err
    assert [path.name[17:] for path in inbox.glob("done/*.csv")] == ["both.csv"]
    [note] = inbox.glob("attention/*what happened.txt")
    assert "nothing says whose it is: drop it into the folder of one of dallas, austin" in note.read_text("utf-8")
    taken = [
        town.shell.run("ledger", "list", "--account", name, "--json").json["rows"] for name in ("dallas", "austin")
    ]
    assert taken == [2, 1]
    town.settings(top=f'{SOON}[accounts]\ndefault = "austin"\n')
    write_csv(inbox / "whose.csv", [row(12)])
    ran = town.shell.run("watch", "--once")
    assert town.names("austin") == ["Campaign 12", "Campaign 2"], ran.err


def _make(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
