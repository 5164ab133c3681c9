"""The doctor: each line fine, a warning or broken, with what to do; never a secret, never a traceback."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cli_support import Shell, row, write_csv
from postgres_support import cluster
from torture_support import TOKEN_FORMS
from weekly_support import Round, weekly

from batch.adapters.ledger import open_ledger
from batch.workflows.doctor import examine
from batch.workflows.doctor_line import Line


def lines(team: Round) -> dict[str, Line]:
    return {one.line: one for one in examine(team.desk.settings, team.desk.world)}


def states(team: Round) -> dict[str, str]:
    return {name: one.state for name, one in lines(team).items()}


def test_a_team_that_is_set_up_is_fine() -> None:
    """Settings, token, folders, zone, ledger, provider, groups, templates, credits, clock, mail, disk."""
    with weekly(mail=True) as team:
        team.desk.clock.at = real_now()
        team.drop(1)
        team.watch(30)
        found = states(team)
        assert {name for name, state in found.items() if state == "broken"} == set()
        wanted = {
            "token", "folder of reports", "watched folder", "time zone", "ledger", "account", "last file", "last run",
            "watch", "last comparison", "pause", "doubts", "unsent mails", "groups", "MMS templates", "credits",
            "clock", "mail server", "disk", "reader of files",
        }  # fmt: skip
        assert wanted <= set(found)


def real_now() -> Any:
    from batch.workflows.context import utc_now

    return utc_now()


def test_each_setting_says_where_it_comes_from_and_no_secret_is_shown() -> None:
    """Neither the token nor the ledger's or the proxy's address, which may hold a password."""
    with weekly(mail=True) as team:
        team.desk.set(
            provider__proxy="http://user:pa55word@127.0.0.1:9", email__username="ops", email__password="s3cretpw"
        )
        found = lines(team)
        assert found["setting sheet.timezone"].words == "America/New_York, from environment"
        assert found["setting ledger.url"].words == "(not shown), from environment"
        said = " ".join(f"{one.words} {one.remedy}" for one in found.values())
        for secret in (*TOKEN_FORMS, "pa55word", "s3cretpw"):
            assert secret not in said


def test_a_wrong_token_is_broken_with_what_to_do() -> None:
    """One line, at once, and no further question."""
    with weekly() as team:
        team.desk.set(provider__access_token="not-the-right-one")
        found = lines(team)
        assert found["provider"].state == "broken"
        assert "refused the token" in found["provider"].words
        assert "not-the-right-one" not in str(found)
        assert "credits" not in found


def test_a_provider_that_is_not_there_is_asked_once() -> None:
    """Broken, not tried again and again."""
    with weekly() as team:
        team.desk.sandbox.faults.add("groups=503x1")
        assert lines(team)["provider"].state == "broken"
        assert "groups" in lines(team), "the second time it is there"


def test_no_token_at_all() -> None:
    """The remedy names every place where it may be kept."""
    with weekly() as team:
        del team.desk.environ["CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN"]
        found = lines(team)
        assert found["token"].state == "broken"
        assert "keyring" in found["token"].remedy


@pytest.mark.in_a_file  # it overwrites pages of the file
def test_a_damaged_ledger_is_broken() -> None:
    """With where to read how to restore it."""
    with weekly() as team:
        team.desk.submit(team.desk.sheet(1))
        content = team.desk.ledger_path.read_bytes()
        team.desk.ledger_path.write_bytes(content[:4096] + b"\xff" * 8192 + content[12288:])
        assert lines(team)["ledger"].state == "broken"


def test_a_database_without_an_index_of_words_is_a_warning() -> None:
    """With what its administrator types; a ledger in a file keeps its own index, and no line says so."""
    with weekly() as team:
        assert "search" not in lines(team)
        url = cluster().make_database()
        team.desk.set(ledger__url=url)
        team.desk.submit(team.desk.sheet(1))
        assert "search" not in lines(team)
        cluster().query("DROP EXTENSION pg_trgm CASCADE", url)
        found = lines(team)["search"]
        assert found.state == "warning"
        assert "CREATE EXTENSION pg_trgm" in found.remedy


def test_a_database_that_may_only_be_read_is_broken() -> None:
    """A standby answers every question, and no run goes on it."""
    with weekly() as team:
        url = cluster().make_database()
        team.desk.set(ledger__url=url)
        team.desk.submit(team.desk.sheet(1))
        assert lines(team)["ledger"].state == "fine"
        name = url.partition("@/")[2].partition("?")[0]
        cluster().query(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        found = lines(team)["ledger"]
        assert (found.state, "is read-only" in found.words) == ("broken", True)
        assert "use the primary server" in found.remedy


def test_a_missed_week_a_dead_watch_and_a_pause_are_warnings() -> None:
    """What does not happen is noticed."""
    with weekly() as team:
        team.drop(1)
        team.watch(30)
        with team.desk.ledger() as ledger:
            ledger.pauses.add("stock-taking", "bo", team.desk.clock.now())
        team.desk.clock.advance(days=9)
        found = states(team)
        noticed = ("last file", "watch", "last comparison", "pause")
        assert [found[name] for name in noticed] == ["warning"] * 4


def test_doubts_approvals_and_unsent_mails_are_warnings() -> None:
    """Each with the command that goes on."""
    with weekly(mail=True) as team:
        team.box.answers = ["451 later"] * 5
        team.desk.sandbox.faults.add("hang-after@1")
        team.desk.set(provider__deadline=0.3, provider__settle=0, approval__required="true")
        team.desk.submit(team.desk.sheet(1))
        found = lines(team)
        assert found["unsent mails"].state == "warning"
        assert "451 later" in found["unsent mails"].words
        assert "campaign-batch approve 1" in found["approval"].remedy


@pytest.mark.skipif(os.name == "nt", reason="rights are other things there")
def test_a_folder_that_may_not_be_written_is_broken() -> None:
    """Tried with a real file, since rights on shares are not what they seem."""
    with weekly() as team:
        team.desk.set(watch__folder="/no/such/share/inbox", reports__folder="/proc")
        found = states(team)
        assert (found["watched folder"], found["folder of reports"]) == ("broken", "broken")


def test_a_clock_that_is_wrong_is_broken() -> None:
    """Send times depend on it: compared with the Date that the provider's answers bear."""
    with weekly() as team:
        team.desk.sandbox.advance(600)
        found = lines(team)["clock"]
        assert found.state == "broken"
        assert "set this machine's clock" in found.remedy


def test_a_ledger_of_another_account_is_broken() -> None:
    """As every run would say, but before one is begun."""
    with weekly() as team:
        team.desk.submit(team.desk.sheet(1))
        team.desk.set(provider__account="other")
        assert lines(team)["account"].state == "broken"


def test_a_mail_server_that_is_not_there_is_broken() -> None:
    """Signed in only; no mail is sent."""
    with weekly(mail=True) as team:
        assert states(team)["mail server"] == "fine"
        assert team.box.mails == []
        team.desk.set(email__port=9)
        assert states(team)["mail server"] == "broken"


def test_the_command_exits_1_when_something_is_broken_and_speaks_json(ready: Shell, tmp_path: Path) -> None:
    """`{line, state, words, remedy}`, on one line."""
    ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]), "--json")
    good = ready.run("doctor", "--json")
    assert (good.code, set(good.json[0])) == (0, {"line", "state", "words", "remedy"})
    ready.set(PROVIDER__ACCESS_TOKEN="not-the-right-one")
    bad = ready.run("doctor")
    assert bad.code == 1
    assert " BAD  provider: the provider refused the token" in bad.out


def test_each_remedy_can_be_typed_as_it_stands(shell: Shell, tmp_path: Path) -> None:
    """With a settings file, `init` alone refuses: neither the token's nor the zone's line names it."""
    (tmp_path / "campaign-batch.toml").write_text("[sheet]\n", encoding="utf-8")
    told = {one["line"]: one["remedy"] for one in shell.run("doctor", "--json").json}
    assert 'type "campaign-batch init --token"' in told["token"]
    assert "init" not in told["time zone"]


def test_what_the_settings_name_and_is_not_there_is_said(ready: Shell, tmp_path: Path) -> None:
    """A picture, a certificate, a group whose hours hold for nobody, and a folder that cannot be made."""
    (tmp_path / "taken").write_text("", encoding="utf-8")
    (tmp_path / "campaign-batch.toml").write_text(
        '[reports]\nlogo = "logo.png"\nfolder = "taken"\n[provider]\nca_file = "own.pem"\n'
        '[groups."Dalas stores"]\nhours = "10:00-18:00"\n[groups."0101"]\nhours = "10:00-18:00"\n',
        encoding="utf-8",
    )
    told = {one["line"]: one for one in ready.run("doctor", "--json").json}
    assert told["folder of reports"]["state"] == "broken"
    assert {told[f"file of {name}"]["state"] for name in ("reports.logo", "provider.ca_file")} == {"warning"}
    assert told["groups of the settings"]["words"] == 'the account has no "Dalas stores"'


def test_doctor_tells_of_a_batch_that_was_cut_off(ready: Shell) -> None:
    """A run may be at work on it; where none is, resume goes on."""
    ready.run("submit", write_csv(ready.folder / "week.csv", [row(1)]), "--yes")
    with open_ledger(ready.ledger_url, now=datetime.now(UTC)) as ledger:
        ledger.batches.change(1, state="open", now=datetime.now(UTC))
    [line] = [line for line in ready.run("doctor", "--json").json if line["line"] == "batch"]
    assert line["words"] == 'batch 1 "week.csv" is being submitted, or was cut off'
    assert "campaign-batch resume" in line["remedy"]
    ready.run("resume")
    assert not [line for line in ready.run("doctor", "--json").json if line["line"] == "batch"]


def planned_of(team: Round) -> tuple[str, str] | None:
    line = lines(team).get("planned")
    return (line.words, line.remedy) if line else None


@pytest.mark.parametrize("shared", [False, True], ids=["file", "database"])
def test_rows_that_a_limit_left_are_named_unless_a_run_is_at_work_or_all_is_paused(shared: bool) -> None:
    """However the run ended, and whatever the state of its batch."""
    with weekly() as team:
        if shared:
            team.desk.set(ledger__url=cluster().make_database())
        team.desk.submit(team.desk.sheet(3), limit=1)
        left = "2 campaigns are still to be submitted, the first is due "
        found = planned_of(team)
        assert found is not None
        assert found[0].startswith(left)
        assert found[1] == 'type "campaign-batch resume"'
        with team.desk.ledger() as ledger:
            with ledger.lock.hold("bo", team.desk.clock.now()):
                assert planned_of(team) is None
            assert planned_of(team) == found
            ledger.pauses.add("stock-taking", "bo", team.desk.clock.now())
            assert planned_of(team) is None
            ledger.pauses.lift("bo", team.desk.clock.now())
        team.desk.resume()
        assert planned_of(team) is None


@pytest.mark.in_a_file
def test_rows_that_a_killed_run_left_are_named() -> None:
    """Its note stays beside the ledger; its lock does not."""
    with weekly() as team:
        team.desk.submit(team.desk.sheet(2), limit=1)
        with team.desk.ledger() as ledger:
            assert ledger.path is not None
            note = ledger.path.with_name(f"{ledger.path.name}.owner")
            with ledger.lock.hold("bo", team.desk.clock.now()):
                written = note.read_bytes()
        note.write_bytes(written)
        assert planned_of(team) is not None


def test_rows_that_wait_for_a_second_person_are_not_to_resume() -> None:
    """The line of the approval names them."""
    with weekly() as team:
        team.desk.set(approval__required="true")
        team.desk.submit(team.desk.sheet(2))
        assert planned_of(team) is None
        assert "approval" in lines(team)
