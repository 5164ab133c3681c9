"""The weeks of an ops lead, at the shell: nothing is sent twice, nothing lost, and a sentence says what to do."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cli_support import NEW_YORK, Shell, coming, row, write_csv

from batch.adapters.ledger import open_ledger
from batch.adapters.sandbox import Sandbox
from batch.model import Intent, MmsTemplate
from batch.workflows.cancel import alarm_is_due
from batch.workflows.send_test import try_zone

DAY = timedelta(days=1)


@pytest.fixture
def week(tmp_path: Path) -> Path:
    """Give the path of the week's sheet."""
    return tmp_path / "week.csv"


def go_on(shell: Shell, sandbox: Any, time: timedelta) -> None:
    """Let the time go by, for the tool and for the provider."""
    shell.ahead += time
    sandbox.advance(time.total_seconds())


def soon(minutes: int) -> str:
    """Write a time some minutes ahead, as a sheet would."""
    return f"{datetime.now(NEW_YORK) + timedelta(minutes=minutes):%Y-%m-%d %H:%M}"


def at_any_hour(shell: Shell) -> None:
    """Let campaigns go at the hour at which the tests happen to run."""
    (shell.folder / "campaign-batch.toml").write_text('[rules]\nquiet-hours = "off"\n', encoding="utf-8")


def once_each(sandbox: Any) -> bool:
    """Whether the provider never took the same text for the same groups and time twice."""
    seen = Counter((post.payload["Message"], str(post.payload["GroupIds"]), post.payload["DateTime"])
                   for post in sandbox.posts)  # fmt: skip
    return max(seen.values(), default=0) <= 1


def statuses(shell: Shell) -> list[str]:
    """Give the status of each entry, by number."""
    return [line["status"] for line in shell.run("ledger", "export").lines]


# A late change


def test_a_late_change_is_held_with_old_and_new_and_goes_once_the_old_one_is_deleted(
    ready: Shell, sandbox: Any, week: Path
) -> None:
    """The provider cannot change a campaign: a person deletes it, reconcile sees it, the fixed row goes."""
    rows = [row(1), row(2), row(3)]
    ready.run("submit", write_csv(week, rows))
    rows[1]["Message"] = "Maple & Main: 25% off for you. Reply STOP to opt out"
    ran = ready.run("submit", write_csv(week, rows))
    assert (ran.code, len(sandbox.posts)) == (1, 3)
    assert 'text was "Maple & Main: offer 2 for you. Reply STOP to opt out", now "Maple & Main: 25% off' in ran.err
    assert 'delete 12346 in the dashboard, run "campaign-batch reconcile" and hand the file in again' in ran.err
    ready.run("cancel", "2", "--why", "the price was fixed")
    sandbox.delete(12346)
    assert ready.run("reconcile").code == 0
    assert ready.run("submit", week, "--json").json["accepted"] == 1
    assert [one.message[:20] for one in sandbox.scheduled] == ["Maple & Main: offer "] * 2 + ["Maple & Main: 25% of"]
    assert once_each(sandbox)


# A cancelled campaign


def test_a_cancel_mark_makes_a_line_on_the_to_do_list_and_reconcile_ticks_it_off(
    ready: Shell, sandbox: Any, week: Path
) -> None:
    """Name, Id, groups by name, local time and what is left; dropped again it stays cancelled."""
    rows = [row(5, Cancel=""), row(1, Cancel=""), row(2, Cancel="")]
    rows[0]["DateTime"] = coming(2, 9)  # it goes first: what is gone is proven to be gone only between two others
    ready.run("submit", write_csv(week, rows))
    rows[1]["Cancel"] = "x"
    ran = ready.run("submit", write_csv(week, rows))
    assert ran.code == 1
    assert 'Id 12346 "Campaign 1 #' in ran.err
    assert 'to Dallas stores, 412 contacts\nthen type "campaign-batch reconcile": it checks off what is gone' in ran.err
    assert "in 3 days" in ran.err or "in 2 days" in ran.err
    report = Path(ready.run("submit", week, "--json").json["reports"][0]).read_text(encoding="utf-8")
    assert "Delete in the dashboard" in report
    sandbox.delete(12346)
    ran = ready.run("reconcile")
    assert (ran.code, "is cancelled: it is gone from the provider, as asked" in ran.err) == (0, True)
    assert statuses(ready) == ["accepted", "cancelled", "accepted"]
    assert ready.run("submit", week, "--json").json["skipped"] == 3
    rows[1]["Cancel"] = ""
    ran = ready.run("submit", write_csv(week, rows))
    assert (ran.code, len(sandbox.posts)) == (1, 3)
    assert 'to send it after all, type "campaign-batch submit FILE --allow deleted-in-dashboard"' in ran.err


def test_a_cancel_mark_on_a_row_that_never_went_drops_it(ready: Shell, sandbox: Any, week: Path) -> None:
    """It is counted as already taken in, nothing is sent, and there is nothing to delete."""
    ran = ready.run("submit", write_csv(week, [row(1, Cancel="yes"), row(2, Cancel="")]), "--json")
    assert (ran.code, ran.json["skipped"], ran.json["accepted"], len(sandbox.posts)) == (0, 1, 1, 1)
    assert statuses(ready) == ["cancelled", "accepted"]


def test_a_cancel_mark_that_is_taken_away_takes_the_wish_back(ready: Shell, sandbox: Any, week: Path) -> None:
    """But not one that a person typed: that one only a person takes back."""
    rows = [row(1, Cancel="x"), row(2, Cancel="")]
    ready.run("submit", write_csv(week, [row(1), row(2)]))
    ready.run("submit", write_csv(week, rows))
    ready.run("cancel", "2", "--why", "the store burned down")
    rows[0]["Cancel"] = ""
    ran = ready.run("submit", write_csv(week, rows))
    assert 'row 2 "Campaign 1" is no longer marked Cancel: it goes out as scheduled, do not delete it' in ran.err
    assert "(the store burned down): if it should go out after all, type" in ran.err
    assert '"campaign-batch cancel 2 --undo --why ..."' in ran.err
    ran = ready.run("cancel", "2", "--undo", "--why", "it did not")
    assert ran.out == 'entry 2 "Campaign 2" will go out after all: do not delete it in the dashboard\n'
    assert ready.run("reconcile").code == 0


def test_a_cancelled_campaign_that_is_still_there_within_the_hour_is_an_alarm(
    ready: Shell, sandbox: Any, week: Path
) -> None:
    """And when it went out anyway, that is said once, loudly."""
    at_any_hour(ready)
    ready.run("submit", write_csv(week, [row(1, DateTime=soon(40)), row(2)]))
    ready.run("cancel", "1", "2", "--why", "a wrong price")
    ran = ready.run("-q", "reconcile")
    assert (ran.code, "delete it in the dashboard NOW, it goes out within the hour" in ran.err) == (1, True)
    assert "Campaign 2" not in ran.err
    go_on(ready, sandbox, timedelta(hours=1))
    ran = ready.run("-q", "reconcile")
    assert '"Campaign 1" was to be cancelled (a wrong price), but it went out: tell those who asked' in ran.err
    assert statuses(ready)[0] == "sent"
    assert "went out" not in ready.run("-q", "reconcile").err
    assert (
        'is "went out although cancelled" and cannot be cancelled any more'
        in ready.run("cancel", "1", "--why", "late").out
    )


def test_a_campaign_in_doubt_that_is_to_be_cancelled_is_never_sent_again(
    ready: Shell, sandbox: Any, week: Path
) -> None:
    """The settling finds that it did not arrive: then it is dropped, not repeated."""
    ready.run("submit", write_csv(week.with_name("older.csv"), [row(5, GroupIds="103")]))
    file = write_csv(week, [row(1), row(2, GroupIds="101")])
    ready.run("submit", file, "--limit", "0")
    with open_ledger(ready.ledger_url, now=datetime.now(UTC)) as ledger:
        now = datetime.now(UTC)
        assert ledger.attempts.record_intent(Intent(2, "x", now, timedelta())) == 1
        ledger.attempts.doubt_orphans(now, "test")
    ran = ready.run("cancel", "2", "--why", "not needed")
    assert (
        "may or may not have arrived: it is not sent again, and if you find it in the dashboard, delete it" in ran.out
    )
    ran = ready.run("resume")
    assert "was not submitted: it was to be cancelled" in ran.err
    assert (statuses(ready), len(sandbox.posts)) == (["accepted", "cancelled", "accepted"], 2)


# A copied row, overlapping sheets, a typo


def test_a_date_that_was_not_changed_on_one_copied_row_is_pointed_out(ready: Shell, sandbox: Any, week: Path) -> None:
    """A week later: the new rows go, the old one asks for its date, and nothing goes twice."""
    old = row(1)
    ready.run("submit", write_csv(week, [old, row(2)]))
    go_on(ready, sandbox, 7 * DAY)
    ready.run("reconcile")
    ran = ready.run("submit", write_csv(week.with_name("next.csv"), [old, row(3, DateTime=coming(10, 14))]))
    assert (ran.code, len(sandbox.posts)) == (1, 3)
    assert "did you forget to change its date? Fix the date, or remove the row from the sheet" in ran.err
    assert once_each(sandbox)


def test_two_colleagues_with_overlapping_sheets_send_each_campaign_once(
    ready: Shell, sandbox: Any, tmp_path: Path
) -> None:
    """The same row is skipped, the same text under another name is held and says which file has it."""
    ready.run("submit", write_csv(tmp_path / "ana.csv", [row(1), row(2)]))
    twin = row(1, CampaignName="Offer one", DateTime=coming(3, 10))
    ran = ready.run("submit", write_csv(tmp_path / "bo.csv", [row(2), twin, row(5, GroupIds="103")]))
    assert (ran.code, len(sandbox.posts)) == (1, 3)
    assert "row 2 Campaign 2: already scheduled as 12346 (entry 2)" in ran.err
    assert 'row 2 of "ana.csv" (entry 1, "Campaign 1") already has this text for these groups at this time' in ran.err
    assert once_each(sandbox)


def test_a_typo_mended_in_name_and_price_at_once_does_not_go_beside_the_old_one(
    ready: Shell, sandbox: Any, week: Path
) -> None:
    """The fixed row is held, the old one is named with the command that takes it back."""
    ready.run("submit", write_csv(week, [row(1, CampaignName="Lettuse sale"), row(2, GroupIds="101")]))
    mended = row(1, CampaignName="Lettuce sale", Message="Maple & Main: lettuce $2. Reply STOP to opt out")
    ran = ready.run("submit", write_csv(week, [mended, row(2, GroupIds="101")]))
    assert (ran.code, len(sandbox.posts)) == (1, 2)
    assert '"Lettuse sale" (entry 1, Id 12345) is still scheduled though it is no longer in the sheet' in ran.err
    assert 'type "campaign-batch cancel 1 --why ..."' in ran.err
    ready.run("cancel", "1", "--why", "typo")
    sandbox.delete(12345)
    ran = ready.run("reconcile")  # the first of the list: it may lack its beginning, so a person says what is so
    assert (ran.code, "that does not prove that it is deleted: it would be the first" in ran.err) == (1, True)
    assert ready.run("resolve", "1", "--deleted", "--why", "it is not in the dashboard").code == 0
    assert ready.run("submit", week, "--json").json["accepted"] == 1
    assert [one.name.split(" #")[0] for one in sandbox.scheduled] == ["Campaign 2", "Lettuce sale"]


# Templates and groups


def test_a_template_that_is_approved_a_day_later_lets_its_row_go(ready: Shell, week: Path) -> None:
    """Until then the row waits for the provider; resume sends it, once."""
    template = MmsTemplate(77, "Autumn leaves", 1, "Pending")
    with Sandbox(limit=0, templates=[template]) as sandbox:
        ready.set(PROVIDER__URL=sandbox.url, PROVIDER__ACCESS_TOKEN=sandbox.token)
        ran = ready.run("submit", write_csv(week, [row(1, MmsTemplateId="77")]))
        assert (ran.code, sandbox.posts) == (1, [])
        assert "1 waits for the provider" in ran.err
        assert "the row waits until it is approved" in ran.err
        assert 'to submit what no longer has to wait, type "campaign-batch resume" later' in ran.err
        assert ready.run("resume", "--json").json["waiting"] == 1
        go_on(ready, sandbox, DAY)
        sandbox.approve_template(77)
        assert ready.run("resume", "--json").json["accepted"] == 1
        assert ready.run("submit", week, "--json").json["skipped"] == 1
        assert len(sandbox.posts) == 1


def test_a_group_that_was_renamed_is_an_error_that_names_it(ready: Shell, sandbox: Any, week: Path) -> None:
    """And a name that means another group than last week is held."""
    ready.run("submit", write_csv(week, [row(1, GroupIds="Dallas stores")]))
    sandbox.put_group("100", "Dallas and Plano", 412)
    ran = ready.run("submit", write_csv(week, [row(2, GroupIds="Dallas stores")]))
    assert (ran.code, len(sandbox.posts)) == (1, 1)
    assert '"Dallas stores" was group 100, which is called "Dallas and Plano" now: write that name, or 100' in ran.err
    sandbox.put_group("900", "Dallas stores", 7)
    for _ in range(2):
        ran = ready.run("submit", week)
        assert (ran.code, len(sandbox.posts)) == (1, 1)
        assert '"Dallas stores" was group 100 before and is group 900 now: make sure' in ran.err
    ran = ready.run("submit", week, "--allow", "group-name-moved", "--json")
    assert (ran.json["accepted"], sandbox.posts[1].payload["GroupIds"]) == (1, ["900"])


# The wrong tab, a clock change


def test_the_wrong_tab_is_refused_with_what_is_missing(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """A sheet of shifts is no sheet of campaigns; the right one is named by --sheet."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "Shifts"
    book.active.append(["Who", "When"])
    book.active.append(["Ana", "Monday"])
    sheet = book.create_sheet("Campaigns")
    sheet.append(list(row(1)))
    sheet.append(list(row(1).values()))
    book.save(tmp_path / "week.xlsx")
    ran = ready.run("submit", tmp_path / "week.xlsx", "--sheet", "Shifts")
    assert (ran.code, sandbox.posts) == (3, [])
    assert "CampaignName" in ran.err
    assert ready.run("submit", tmp_path / "week.xlsx", "--sheet", "Campaigns", "--json").json["accepted"] == 1


def test_an_hour_that_the_clock_change_skips_or_repeats_is_an_error_that_says_so(ready: Shell, week: Path) -> None:
    """Nobody guesses which of the two hours was meant."""
    ready.ahead = datetime(2031, 3, 1, tzinfo=UTC) - datetime.now(UTC)
    ran = ready.run("check", write_csv(week, [row(1, DateTime="2031-03-09 02:30")]))
    assert (ran.code, "time-in-gap" in ran.err) == (1, True)
    ran = ready.run("check", write_csv(week, [row(1, DateTime="2031-11-02 01:30")]))
    assert (ran.code, "time-doubled" in ran.err) == (1, True)


def test_a_time_after_the_clock_change_goes_out_at_that_hour_of_the_clock(
    ready: Shell, sandbox: Any, week: Path
) -> None:
    """9:00 in Dallas is 10:00 at the provider, whatever the clocks do in between."""
    zone = ZoneInfo("America/Chicago")
    moment = datetime.now(zone) + 200 * DAY
    text = f"{moment:%Y-%m-%d} 09:00"
    ready.run("submit", write_csv(week, [row(1, DateTime=text, TimeZone="CT")]))
    assert sandbox.posts[0].payload["DateTime"] == f"{moment:%Y-%m-%d} 10:00:00"
    zone_word = f"{moment.replace(hour=9):%Z}"
    assert f"9:00 AM {zone_word}" in ready.run("find", "Campaign").out


# A recall on Saturday morning


def test_a_recall_stops_everything_lists_what_is_scheduled_and_ticks_it_off(
    ready: Shell, sandbox: Any, week: Path
) -> None:
    """By day and group; what is deleted is ticked off; nothing goes before somebody lifts it."""
    rows = [row(1), row(2, GroupIds="101"), row(3, DateTime=coming(5, 9))]
    ready.run("submit", write_csv(week, rows))
    ran = ready.run("pause", "--why", "lettuce recall")
    assert "3 campaigns are still scheduled at the provider, and sent unless deleted there" in ran.out
    lines = [line.strip() for line in ran.out.splitlines()]
    assert lines.index("Dallas stores") < lines.index("Houston stores")
    assert sum(line.startswith("[ ]") for line in lines) == 3
    for command in (("check", week), ("find", "dallas"), ("report", "--batch", "1"), ("ledger", "list")):
        told = ready.run(*command).err.splitlines()[0]
        assert told.startswith("everything is paused by ")
        assert '("lettuce recall")' in told
    ran = ready.run("submit", write_csv(week.with_name("more.csv"), [row(7, GroupIds="103")]))
    assert (ran.code, len(sandbox.posts)) == (3, 3)
    assert 'to go on, type "campaign-batch unpause"' in ran.err
    sandbox.delete(12345)
    sandbox.delete(12347)
    ran = ready.run("reconcile")
    assert (ran.code, ran.err.count("[x] gone"), ran.err.count("does not prove that it is deleted")) == (1, 0, 2)
    assert ready.run("resolve", "1", "3", "--deleted", "--why", "not in the dashboard any more").code == 0
    ran = ready.run("reconcile")
    assert (ran.code, ran.err.count("[x] gone"), ran.err.count("[ ]")) == (0, 2, 1)
    assert "1 campaign is still scheduled" in ran.err
    assert statuses(ready) == ["cancelled", "accepted", "cancelled"]
    assert "paused" in (ready.folder / "reports" / "status.html").read_text(encoding="utf-8")
    ran = ready.run("unpause", "--why", "all clear")
    assert ran.out.endswith('is lifted; "campaign-batch resume" submits what is planned\n')
    ran = ready.run("submit", week, "--json")
    assert (ran.code, ran.json["held"], ran.json["skipped"], len(sandbox.posts)) == (1, 2, 1, 3)


def test_a_file_named_stop_is_taken_away_and_no_command_lifts_its_pause(
    ready: Shell, sandbox: Any, week: Path, tmp_path: Path
) -> None:
    """The watch would only pause again; a person's own pause stays when the file goes."""
    inbox = tmp_path / "inbox"
    ready.set(WATCH__FOLDER=inbox, WATCH__STABLE_SECONDS="0.1")
    ready.run("watch", "--once")
    (inbox / "STOP").write_text("", encoding="utf-8")
    ready.run("watch", "--once")
    assert "to go on, remove it" in ready.run("submit", write_csv(week, [row(1)])).err
    ran = ready.run("unpause")
    assert (ran.code, "a file named STOP is in" in ran.err) == (2, True)
    assert ready.run("pause", "--why", "lettuce recall").out.startswith("paused: nothing more is submitted")
    (inbox / "STOP").unlink()
    ready.run("watch", "--once")
    assert (ready.run("submit", week).code, sandbox.posts) == (3, [])
    assert ready.run("unpause").code == 0
    assert ready.run("submit", week).code == 0


def test_a_second_pause_leaves_the_first_ones_words(ready: Shell, sandbox: Any, week: Path) -> None:
    """And unpause without a pause says so."""
    assert ready.run("pause", "--why", "one").code == 0
    assert '("one"); it stays paused' in ready.run("pause", "--why", "two").out
    assert ready.run("unpause").code == 0
    assert ready.run("unpause").out == "nothing was paused\n"


# Finding, accounting, trying out


def test_find_answers_in_sentences_by_store_file_group_and_words_with_accents(
    ready: Shell, sandbox: Any, week: Path
) -> None:
    """Groups by the name they had; several words must all be there; nothing found is said, with exit 0."""
    rows = [row(1, Store="Niños Café"), row(2, GroupIds="101", Store="Plano")]
    ready.run("submit", write_csv(week, rows))
    sandbox.put_group("100", "Texas north", 412)
    assert ready.run("find", "NIÑOS", "dallas").out.startswith(
        '"Campaign 1" to Dallas stores (entry 1, Id 12345): scheduled for '
    )
    assert ready.run("find", "week.csv").out.splitlines()[0] == "week.csv: 2 scheduled"
    assert "388 contacts" in ready.run("find", "12346").out
    ran = ready.run("find", "plano", "dallas")
    assert (ran.code, ran.out, ran.err) == (0, "", 'nothing is known about "plano dallas"\n')
    go_on(ready, sandbox, 8 * DAY)
    ready.run("reconcile", "--delivery")
    told = ready.run("find", "plano").out
    assert "): sent " in told
    assert " to 388 contacts, " in told
    assert " delivered" in told


def test_who_did_what_and_where_stands_in_history_export_and_evidence(ready: Shell, sandbox: Any, week: Path) -> None:
    """Prepared, submitted, asked to be cancelled, seen to be gone; the export holds it all."""
    ready.run("submit", write_csv(week, [row(1, Owner="Ana Ortiz"), row(2)]))
    ready.run("cancel", "1", "--why", "the store closes")
    sandbox.delete(12345)
    ready.run("resolve", "1", "--deleted", "--why", "it is not in the dashboard")
    line = ready.run("ledger", "export").lines[0]
    assert (line["owner"], line["status"], line["cancel_why"]) == ("Ana Ortiz", "cancelled", "the store closes")
    assert line["machine"]
    asked = next(one for one in line["history"] if "cancellation asked for" in one["why"])
    assert asked["who"].endswith(f" on {line['machine']}")
    assert line["attempt_log"][0]["outcome"] == "accepted"
    page = Path(ready.run("report", "--evidence", "1").out.strip()).read_text(encoding="utf-8")
    for told in ("Ana Ortiz", "the store closes", "the text says how to opt out", "Taken in", line["machine"]):
        assert told in page


def test_a_test_that_goes_out_in_time_proves_the_zone(ready: Shell, sandbox: Any, week: Path) -> None:
    """Before it is due the tool says what to look at; afterwards it knows."""
    ready.run("submit", write_csv(week, [row(1)]), "--test", "130")
    assert "came back as it was submitted: if the text reaches the testers then, the zone is right" in ask_zone(ready)
    go_on(ready, sandbox, timedelta(minutes=20))
    ready.run("reconcile")
    assert "fits: it went out when it was due" in ask_zone(ready)


def test_a_test_that_does_not_go_out_in_time_shows_a_wrong_zone(ready: Shell, week: Path) -> None:
    """The provider's clock is an hour behind: the test is still on its list."""
    with Sandbox(limit=0, zone="America/Chicago") as sandbox:
        ready.set(PROVIDER__URL=sandbox.url, PROVIDER__ACCESS_TOKEN=sandbox.token)
        ready.run("submit", write_csv(week, [row(1)]), "--test", "130")
        go_on(ready, sandbox, timedelta(minutes=40))
        ready.run("reconcile")
        assert "it had not gone out: correct [provider] timezone, and try again" in ask_zone(ready)


def test_without_a_test_the_zone_is_not_tried(ready: Shell, sandbox: Any, week: Path) -> None:
    """And the command that tries it is named."""
    ready.run("submit", write_csv(week, [row(1)]))
    assert ask_zone(ready).startswith('not tried yet: "campaign-batch submit FILE --test GROUP --row N"')


def ask_zone(shell: Shell) -> str:
    """Ask what the tests told about the provider's zone."""
    with open_ledger(shell.ledger_url, now=datetime.now(UTC)) as ledger:
        return try_zone(ledger, "America/New_York").words


# Slips, calendar, windows and words, through the settings


def test_the_slips_of_a_copied_sheet_are_pointed_out(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """The file's name, last week's offer, a weekday in the text, a placeholder."""
    old = row(1, Offer="20% off", Message="Maple & Main: {{ Offer }}. Reply STOP to opt out")
    ready.run("submit", write_csv(tmp_path / "a.csv", [old]))
    new = {**old, "DateTime": coming(9, 10)}
    wrong = row(2, Offer="x", Message="Maple & Main: [STORE] {{ Offer }}. Reply STOP to opt out", DateTime=coming(9))
    ran = ready.run("submit", write_csv(tmp_path / "week 2001-01-03.csv", [new, wrong]), "--dry-run")
    assert "is named for the week of Mon, Jan 1, 2001" in ran.err
    file = ready.run("check", tmp_path / "week 2001-01-03.csv", "--json").json
    assert {"file-other-week", "placeholder"} <= {issue["code"] for issue in file["warnings"]}
    ran = ready.run("submit", tmp_path / "week 2001-01-03.csv", "--json")
    codes = [issue["code"] for line in ready.run("ledger", "export").lines for issue in line["issues"]]
    assert "offer-as-before" in codes


def test_settings_make_holidays_blackouts_windows_and_words_count(ready: Shell, week: Path) -> None:
    """Each names its rule, and each can be switched off."""
    ready.ahead = datetime(2031, 6, 20, tzinfo=UTC) - datetime.now(UTC)
    settings = ready.folder / "campaign-batch.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    text = "Deal at bit.ly/x, free wine! Don't stop shopping"
    file = write_csv(week, [
        row(1, DateTime="2031-07-04 11:00", Message=text),
        row(2, DateTime="2031-06-30 20:30", Purpose="marketing"),
        row(3, DateTime="2031-07-05 12:00"),
    ])  # fmt: skip
    ran = ready.run("check", file, "--json")
    found = {(issue["row"], issue["code"]) for issue in (*ran.json["errors"], *ran.json["warnings"])}
    assert {
        (2, "holiday"), (2, "no-opt-out"), (2, "short-link"), (2, "forbidden-subject"), (2, "word-listed"),
        (2, "brand-missing"), (3, "quiet-hours-there"), (4, "blackout-day"),
    } <= found  # fmt: skip
    told = "\n".join(issue["message"] for issue in ran.json["warnings"])
    assert "Independence Day" in told
    codes = sorted({code for _, code in found})
    off = "\n".join(f'{code} = "off"' for code in codes)
    settings.write_text(f"{SETTINGS}\n[rules]\n{off}\n", encoding="utf-8")
    ran = ready.run("check", file, "--json")
    assert (ran.code, ran.json["errors"], ran.json["warnings"]) == (0, [], [])


SETTINGS = """
[checks]
brand = "Maple & Main"
country = "US"
state = "TX"
blackout = ["2031-07-05"]
word_list = ["free"]

[groups."100"]
timezones = ["America/New_York", "America/Chicago"]
hours = "9:00-20:00"
purpose = ["marketing"]
"""


def test_what_breaks_the_law_names_its_rule(ready: Shell, week: Path) -> None:
    """47 CFR 64.1200(c)(1): 8 a.m. to 9 p.m. at the called party's location."""
    (ready.folder / "campaign-batch.toml").write_text(
        '[groups."100"]\ntimezones = ["America/Los_Angeles"]\n', encoding="utf-8"
    )
    ran = ready.run("check", write_csv(week, [row(1, DateTime=coming(3, 10))]))
    assert 'for "100" it is' in ran.err
    assert "47 CFR 64.1200(c)(1)" in ran.err


def test_the_watch_looks_once_when_what_is_to_be_cancelled_goes_out_within_the_hour(
    ready: Shell, sandbox: Any, week: Path
) -> None:
    """Not before, and not again after a look."""
    at_any_hour(ready)
    ready.run("submit", write_csv(week, [row(1, DateTime=soon(130)), row(2, DateTime=soon(200))]))
    ready.run("reconcile")
    ready.run("cancel", "1", "--why", "a wrong price")
    with open_ledger(ready.ledger_url, now=datetime.now(UTC)) as ledger:
        assert not alarm_is_due(ledger, datetime.now(UTC) + timedelta(minutes=60))
        assert alarm_is_due(ledger, datetime.now(UTC) + timedelta(minutes=80))
    go_on(ready, sandbox, timedelta(minutes=80))
    assert "NOW, it goes out within the hour" in ready.run("-q", "reconcile").err
    with open_ledger(ready.ledger_url, now=datetime.now(UTC)) as ledger:
        assert not alarm_is_due(ledger, datetime.now(UTC) + timedelta(minutes=90))


def test_doctor_says_what_the_tests_told_of_the_zone(ready: Shell, sandbox: Any, week: Path) -> None:
    """And that everything is paused."""
    ready.run("submit", write_csv(week, [row(1)]))
    ready.run("pause", "--why", "recall")
    ran = ready.run("doctor")
    told = ran.out + ran.err
    assert "not tried yet" in told
    assert '("recall")' in told


def test_find_prefers_what_is_called_so(ready: Shell, sandbox: Any, week: Path) -> None:
    """Name, group, Reference or Id with the very words stand alone; only where there are none, all words anywhere."""
    names = ("Store 1", "Store 10", "Opening of store 1", "Spring sale")
    texts = ("Store news", "Store news", "Store news", "Visit a store, 1 day only")
    rows = [row(number, CampaignName=name, Message=f"Maple & Main: {text} {number}. Reply STOP to opt out")
            for number, (name, text) in enumerate(zip(names, texts, strict=True), start=1)]  # fmt: skip
    ready.run("submit", write_csv(week, rows))

    def found(*words: str) -> list[str]:
        return [one["name"] for one in ready.run("find", *words, "--json").lines]

    assert found("store", "1") == ["Store 1", "Opening of store 1"]
    assert found("tore", "1") == ["Store 1", "Store 10", "Opening of store 1"]
    assert found("visit", "day") == ["Spring sale"]
    assert found("12346") == ["Store 10"]


# The report of a week


def monday(shell: Shell, sandbox: Any) -> datetime:
    """Let the time go by until the next Monday at eight; give it."""
    now = datetime.now(NEW_YORK)
    morning = (now + timedelta(days=7 - now.weekday())).replace(hour=8, minute=0, second=0, microsecond=0)
    go_on(shell, sandbox, morning - now)
    return morning


def due(number: int, moment: datetime, **changes: object) -> dict[str, object]:
    """Make a row of a day, at eleven, to a group of its own."""
    return row(number, **{"DateTime": f"{moment:%Y-%m-%d} 11:00", "GroupIds": str(100 + number), **changes})


def read_week(shell: Shell, moment: datetime) -> Any:
    """Give the report of a moment's week as machines read it."""
    path = shell.run("report", "--week", f"{moment:%G-W%V}", "--format", "json").out.strip()
    return json.loads(Path(path).read_text(encoding="utf-8"))


def test_the_report_of_a_week_counts_each_campaign_once(ready: Shell, sandbox: Any, week: Path) -> None:
    """The file was dropped three times, a row of it was fixed, and a test went out: there are three campaigns."""
    morning = monday(ready, sandbox)
    rows = [due(number, morning + number * DAY) for number in (1, 2, 3)]
    ready.run("submit", write_csv(week, [*rows[:2], {**rows[2], "Message": "{{ Nothing }}"}]))
    ready.run("submit", write_csv(week, rows))
    ready.run("submit", week)
    ready.run("submit", week, "--test", "130")
    found = read_week(ready, morning)
    assert (found["figures"]["rows"], found["figures"]["by_status"]) == (3, {"scheduled": 3})
    assert [one["row"] for one in found["rows"]] == [2, 3, 4]


def test_a_week_is_compared_with_what_went_out_in_the_week_before(ready: Shell, sandbox: Any, week: Path) -> None:
    """Not with what was dropped in that week for this one: only what it left open stands in its report, too."""
    morning = monday(ready, sandbox)
    later = morning + 7 * DAY
    rows = [due(1, morning + DAY), due(2, later + DAY), due(3, later + 2 * DAY), due(4, later + 3 * DAY, GroupIds="0")]
    ready.run("submit", write_csv(week, rows))
    first, second = read_week(ready, morning), read_week(ready, later)
    assert (first["figures"]["by_status"], first["before"]) == ({"invalid": 1, "scheduled": 1}, None)
    assert second["figures"]["by_status"] == {"invalid": 1, "scheduled": 2}
    assert second["before"] is None  # it has not come yet, and half a week is not compared with a whole one
    go_on(ready, sandbox, later + 8 * DAY - datetime.now(UTC))
    assert read_week(ready, later)["before"]["rows"] == 1
