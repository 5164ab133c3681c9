"""A fact known to one output is known to all: page, workbook, CSV, JSON, mail, status page, `find`, evidence."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from weekly_support import Round, body, weekly

from batch.workflows.acknowledge import acknowledge_entries
from batch.workflows.cancel import cancel_entries
from batch.workflows.find import find_entries, report_again, write_evidence_of

FORMATS = ("html", "xlsx", "csv", "json")


def told_by(team: Round, name: str) -> Iterator[tuple[str, str]]:
    """Give what each output says of a campaign: the output's name, and its words."""
    desk = team.desk
    entry = next(one for one in desk.entries() if one.campaign_name == name)
    yield "find", " ".join(words for _, words in find_entries(desk.settings, desk.world, name))
    yield "evidence", write_evidence_of(desk.settings, desk.world, entry.id).read_text(encoding="utf-8")
    before = len(team.box.mails)
    for path in report_again(desk.settings, desk.world, batch=entry.batch, formats=FORMATS, email=True):
        yield path.suffix, read(path, name)
    for mail in team.box.mails[before:]:
        yield "mail", f"{mail['Subject']}\n{body(mail, 'plain')}\n{body(mail, 'html')}"
    assert len(team.box.mails) > before
    yield "status page", (desk.settings.reports.folder / "status.html").read_text(encoding="utf-8")


def read(path: Path, name: str) -> str:
    """Read what a report says of one campaign."""
    if path.suffix == ".xlsx":
        book = load_workbook(path)
        lines = [[str(cell) for cell in line] for sheet in book for line in sheet.iter_rows(values_only=True)]
        return "\n".join(" ".join(line) for line in lines if name in line)
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        return "\n".join(str(line) for line in csv.DictReader(io.StringIO(text)) if line["campaign_name"] == name)
    if path.suffix == ".json":
        return json.dumps([one for one in json.loads(text)["rows"] if one["campaign_name"] == name])
    return text


def verdict_of(team: Round, **scope: Any) -> dict[str, str]:
    """Give the verdict of a report: its words and its tone."""
    [path] = report_again(team.desk.settings, team.desk.world, formats=("json",), **scope)
    return dict(json.loads(path.read_text(encoding="utf-8"))["verdict"])


def wait_for_people(team: Round) -> None:
    """A group that nobody is in."""
    team.desk.sandbox.put_group("100", "Nobody", 0)
    team.drop([team.desk.row(0, GroupIds="100"), team.desk.row(1)])
    team.watch(30)


def cancel_in_vain(team: Round) -> None:
    """A cancellation that nobody did in the dashboard."""
    team.drop(2)
    team.watch(30)
    cancel_entries(team.desk.settings, team.desk.world, [1], "a wrong price")
    team.desk.reconcile()


def go_out_cancelled(team: Round) -> None:
    """And then it goes out."""
    cancel_in_vain(team)
    team.desk.clock.advance(days=8)
    team.desk.reconcile()


def be_late(team: Round) -> None:
    """A row that a person was to decide about, and nobody did."""
    team.desk.set(checks__quiet_hours="00:00-24:00")
    team.drop([team.desk.row(0), team.desk.row(1)])
    team.watch(30)
    team.desk.clock.advance(days=8)
    team.desk.reconcile()


def be_unreadable(team: Round) -> None:
    """A time that nobody can read."""
    team.drop([team.desk.row(0, DateTime="2026-13-45 11:00"), team.desk.row(1)])
    team.watch(30)


def differ(team: Round) -> None:
    """Somebody edited it in the dashboard before it went."""
    team.drop(2)
    team.watch(30)
    team.desk.sandbox.edit(team.desk.sandbox.campaigns[0].id, message="A text that nobody approved")
    team.desk.clock.advance(days=8)
    team.desk.reconcile()


def differ_after_it_was_known(team: Round) -> None:
    """A person knows that it went out although cancelled; only later a comparison shows another text."""
    go_out_cancelled(team)
    acknowledge_entries(team.desk.settings, team.desk.world, [1], "the store was told")
    team.desk.sandbox.edit(team.desk.sandbox.campaigns[0].id, message="A text that nobody approved")
    team.desk.reconcile()


def send_to_nobody(team: Round) -> None:
    """Somebody took its people away before it went."""
    team.drop(2)
    team.watch(30)
    team.desk.sandbox.edit(team.desk.sandbox.campaigns[0].id, group_ids=("999999",))
    team.desk.clock.advance(days=8)
    team.desk.reconcile()


def run_out_of_credits(team: Round) -> None:
    """It waited for credits until its time had passed."""
    team.desk.sandbox.account.credits = 0
    team.drop(2)
    team.watch(30)
    team.desk.clock.advance(days=8)
    team.desk.reconcile()


def stay_to_be_cancelled(team: Round) -> None:
    """Nobody deleted it, the provider never approved it, and its time has passed."""
    team.drop(2)
    team.watch(30)
    team.desk.sandbox.edit(team.desk.sandbox.campaigns[0].id, status_id=1)
    cancel_entries(team.desk.settings, team.desk.world, [1], "a wrong price")
    team.desk.clock.advance(days=8)
    team.desk.reconcile()


STEPS_IN_VAIN = {
    run_out_of_credits: ("buy credits",),
    stay_to_be_cancelled: ("run campaign-batch reconcile: it says", "within the hour"),
    send_to_nobody: ("nobody would get it",),
}
"""What no output may say of a time that has passed."""


@pytest.mark.parametrize(
    ("happens", "words", "tones"),
    [
        (wait_for_people, "has no contacts", {"wait", "look", "bad"}),
        (cancel_in_vain, "to be cancelled", {"look", "bad"}),
        (go_out_cancelled, "went out although cancelled", {"bad"}),
        (be_late, "did not go", {"bad"}),
        (be_unreadable, "2026-13-45 11:00", {"look", "bad"}),
        (differ, "went out with a different text", {"bad"}),
        (differ_after_it_was_known, "went out with a different text", {"bad"}),
        (send_to_nobody, "0 contacts", {"bad"}),
        (run_out_of_credits, "did not go", {"bad"}),
        (stay_to_be_cancelled, "to be cancelled", {"bad"}),
    ],
)
def test_a_fact_known_to_one_is_known_to_all(happens: Callable[[Round], None], words: str, tones: set[str]) -> None:
    """In the same words, and never under a green verdict; what no output may say in the past, none says."""
    with weekly(mail=True) as team:
        happens(team)
        name = team.desk.entry("R-0").campaign_name
        for output, said in told_by(team, name):
            assert words in said, output
            assert not (happens is be_late and "before its time comes" in said), output
            if output in {"find", ".csv", "mail"}:  # the others tell the history, too, in the words of its time
                assert not any(step in said for step in STEPS_IN_VAIN.get(happens, ())), output
        verdict = verdict_of(team, batch=1)
        assert verdict["tone"] in tones, verdict


@pytest.mark.parametrize("date", ["2026-13-45 11:00", ""])
def test_a_file_of_which_every_row_failed_is_never_green(date: str) -> None:
    """Whatever the dates in it: red in the batch and in the week, in the mail's subject and on the status page."""
    with weekly(mail=True) as team:
        team.drop([team.desk.row(number, DateTime=date) for number in range(12)])
        watched = team.watch(30)
        assert watched.needs_look
        for scope in ({"batch": 1}, {}):
            verdict = verdict_of(team, **scope)
            assert verdict["tone"] == "bad", (scope, verdict)
            assert "12" in verdict["words"]
        report_again(team.desk.settings, team.desk.world, batch=1, formats=("html",), email=True)
        assert team.box.subjects
        assert all("12 of 12 rows will not go" in one or "12 did not go" in one for one in team.box.subjects)
        page = (team.desk.settings.reports.folder / "status.html").read_text(encoding="utf-8")
        assert page.count("needs fixing") >= 12


def test_a_week_without_campaigns_after_busy_ones_is_not_green() -> None:
    """Somebody may have forgotten the sheet: it says how many there were."""
    with weekly() as team:
        for week in range(3):
            team.drop([team.desk.row(number) for number in range(week * 8, week * 8 + 8)], f"week{week}.csv")
            team.watch(30)
            team.desk.clock.advance(days=7)
            team.desk.reconcile()
        team.desk.clock.advance(days=7)
        team.desk.reconcile()
        verdict = verdict_of(team)
        assert verdict["tone"] != "good", verdict
        assert "no campaigns this week" in verdict["words"]


def test_a_comparison_of_yesterday_but_one_is_not_green() -> None:
    """Nothing seen to be wrong is no proof that nothing is."""
    with weekly() as team:
        team.drop(2)
        team.watch(30)
        team.desk.reconcile()
        assert verdict_of(team, batch=1)["tone"] == "good"
        team.desk.clock.at += timedelta(hours=27)
        verdict = verdict_of(team, batch=1)
        assert verdict["tone"] != "good", verdict
        assert "compared" in verdict["words"]
