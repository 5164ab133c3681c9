"""What the history teaches, and what it does not claim from too few texts."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from cli_support import Shell, row, write_csv
from hypothesis import given
from hypothesis import strategies as st
from torture_support import bench

from batch.adapters.report import insights_html, insights_json, insights_xlsx
from batch.core.insights import FEWEST, find_insights, robust_scores, wilson
from batch.model import Insight, Insights, Sending
from batch.workflows.cancel import cancel_entries
from batch.workflows.find import report_again
from batch.workflows.insights import learn as tell

MONDAY = datetime(2026, 9, 7, 10, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def sending(number: int, **changes: Any) -> Sending:
    """Make one sending to 1,000 people of whom 970 got it, a week after the one before."""
    made = Sending(
        entry=number, name=f"Sale {number}", groups=("Dallas stores",), local=MONDAY + timedelta(weeks=number),
        template="weekly-offer", parts=1, mms=False, contacts=1000, credits=1000, delivered=970, failed=25, opted_out=5,
    )  # fmt: skip
    return replace(made, **changes)


def learn(*sendings: Sending, **more: Any) -> dict[str, Insight]:
    found = find_insights(sendings, title="Insights", since=MONDAY, now=NOW, **more)
    return {one.name: one for one in found.found}


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        (0, 0, 0.0, 1.0), (3, 10, 0.1078, 0.6032), (200, 1000, 0.1764, 0.2259), (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
    ],
)  # fmt: skip
def test_the_range_of_a_share_is_wilson_s(part: int, whole: int, low: float, high: float) -> None:
    """Values of the published formula: 3 of 10 may be worse or better than 200 of 1,000."""
    assert wilson(part, whole) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


@given(st.integers(0, 10_000), st.integers(1, 10_000))
def test_a_range_holds_its_share_and_leaves_neither_end(part: int, whole: int) -> None:
    """0 <= low <= share <= high <= 1, whatever is counted."""
    part = min(part, whole)
    low, high = wilson(part, whole)
    assert 0.0 <= low <= part / whole + 1e-12
    assert part / whole - 1e-12 <= high <= 1.0


def test_one_wild_value_cannot_hide_itself() -> None:
    """The median and its distances do not move for it, as mean and standard deviation do."""
    scores = robust_scores([0.004, 0.005, 0.006, 0.005, 0.004, 0.09])
    assert [score > 3.5 for score in scores] == [False] * 5 + [True]
    assert robust_scores([0.5] * 4) == [0.0] * 4
    assert robust_scores([1.0] * 9 + [2.0])[-1] > 3.5
    assert robust_scores([]) == []


def test_groups_are_compared_only_where_it_is_more_than_chance() -> None:
    """700 of 1,000 against 970 of 1,000 is said; 960 against 970 is not."""
    worse = sending(2, groups=("Austin stores",), delivered=700, failed=295)
    assert learn(sending(1), worse)["by-group"].sentence == (
        "most: Austin stores, 30.0% of 1,000 texts did not arrive; least: Dallas stores, 3.0% of 1,000"
    )
    marks = learn(sending(1), worse)["by-group"].marks
    assert [(mark.label, mark.tone) for mark in marks] == [("Austin stores", "look"), ("Dallas stores", "wait")]
    close = sending(2, groups=("Austin stores",), delivered=960, failed=35)
    assert learn(sending(1), close)["by-group"].sentence == "the differences may be chance"


def test_nothing_is_claimed_from_few_texts() -> None:
    """3 of 10 is in the table, but neither drawn nor called worse."""
    few = sending(2, groups=("Waco",), contacts=10, delivered=3, failed=7, opted_out=0)
    found = learn(sending(1), few)["by-group"]
    assert found.sentence == f"too few texts to compare: at least two lines need {FEWEST:,} texts each"
    assert [mark.label for mark in found.marks] == ["Dallas stores"]
    assert {row[0]: row[2:4] for row in found.rows} == {"Dallas stores": (1000, 0.97), "Waco": (10, 0.3)}


def test_weekdays_stand_in_their_order() -> None:
    """Monday first, whatever was sent most."""
    days = [sending(number, local=MONDAY + timedelta(days=number), contacts=1000 + number) for number in (4, 0, 2)]
    assert [row[0] for row in learn(*days)["by-weekday"].rows] == ["Monday", "Wednesday", "Friday"]


def test_a_list_that_shrinks_is_pointed_out_once_its_usual_size_is_known() -> None:
    """1,000 for four weeks, then 600: shrank by 40 %. After two weeks nobody can tell."""
    weeks = [sending(number) for number in range(4)]
    shrunk = learn(*weeks, sending(4, contacts=600))["group-sizes"]
    assert shrunk.sentence == "Dallas stores shrank by 40% to 600 contacts"
    assert shrunk.rows == (("Dallas stores", 5, 1000, 600, pytest.approx(-0.4)),)
    assert learn(sending(0), sending(1, contacts=600))["group-sizes"].sentence.startswith("too early to tell")


def test_a_text_to_two_groups_says_nothing_about_either_size() -> None:
    """Its ContactsCount is one number for both."""
    assert "group-sizes" not in learn(sending(1, groups=("Dallas stores", "Waco")))


def test_campaigns_with_many_opt_outs_stand_out() -> None:
    """Five in a thousand is usual here; ninety is not."""
    usual = [sending(number, opted_out=4 + number % 3) for number in range(8)]
    found = learn(*usual, sending(9, name="Late night", opted_out=90, delivered=885))["opt-outs"]
    assert found.sentence == "1 campaign with far more opt-outs than usual; most: Late night (9.0%)"
    assert [mark.label for mark in found.marks if mark.tone == "look"] == ["Late night"]
    assert learn(*usual)["opt-outs"].sentence == "no campaign stands out"


def test_weeks_are_held_against_the_budget() -> None:
    """Two weeks at 1,000 and one at 3,000 credits, with a budget of 1,500."""
    found = learn(sending(0), sending(1), sending(2, credits=3000), weekly_budget=1500)["cost"]
    assert found.marks[0].label == f"Week {int(str(found.rows[0][0])[-2:])} of 2026"
    assert found.sentence == "about 1,667 on average; 1 of 3 weeks over the budget of 1,500"
    assert [row[1:] for row in found.rows] == [(1000, -500), (1000, -500), (3000, 1500)]


def test_problems_that_come_back_are_counted_by_sheet() -> None:
    """To fix the template sheet, not to blame."""
    found = learn(problems=[("time-missing", "dana"), ("time-missing", "dana"), ("bad-group", "bo")])["problems"]
    assert found.rows == (("time-missing", "dana", 2), ("bad-group", "bo", 1))
    assert "there is a date without a time of day (time-missing), 2 times in the sheets of dana" in found.sentence


def everything() -> Insights:
    many = [
        sending(number, groups=(f"Group {number % 4}",), local=MONDAY + timedelta(days=3 * number, hours=number % 9),
                template=("weekly-offer", "", "flash")[number % 3], parts=1 + number % 3, mms=number % 7 == 0,
                waited=1.5 + number % 5, opted_out=4 + number % 3 + (80 if number == 11 else 0))
        for number in range(30)
    ]  # fmt: skip
    return find_insights(many, problems=[("=1+1", "dana")], title="Insights <b>", since=MONDAY, now=NOW)


def test_page_workbook_and_json_say_the_same() -> None:
    """Every sentence and every row stands in all three; no text is a formula or markup."""
    insights = everything()
    page = insights_html(insights, zone="America/Chicago")
    told = json.loads(insights_json(insights))
    book = openpyxl.load_workbook(io.BytesIO(insights_xlsx(insights)))
    assert [one["name"] for one in told["insights"]] == [one.name for one in insights.found] == book.sheetnames[1:-1]
    *lines, totals = book["Sendings"].iter_rows(min_row=2)
    assert (totals[0].value, totals[4].value) == ("Total", "=SUBTOTAL(109,Sendings[Contacts])")
    sums = [sum(line[column].value or 0 for line in lines) for column in (4, 6, 7, 8)]
    assert sums == [
        sum(getattr(one, name) for one in insights.sendings)
        for name in ("contacts", "delivered", "failed", "opted_out")
    ]
    assert sums[1]
    assert len(insights.sendings) == insights.campaigns
    assert "Insights <b>" not in page
    for place, one in enumerate(insights.found, start=2):
        assert book["Overview"].cell(place, 2).value == one.sentence == told["insights"][place - 2]["sentence"]
        assert f">{one.title}</h2>" in page
        values = [[cell.value for cell in line] for line in book[one.name].iter_rows(min_row=2)]
        assert values == [
            [value if isinstance(value, str) else pytest.approx(value) for value in row] for row in one.rows
        ]
        assert [list(line.values()) for line in told["insights"][place - 2]["rows"]] == [list(row) for row in one.rows]
    assert book["problems"]["A2"].data_type == "s"


def test_the_command_writes_what_the_ledger_teaches(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Nothing was sent yet: the problems are there, the rest is left out, and the page says so."""
    ready.run("submit", write_csv(tmp_path / "a.csv", [row(1), row(2, DateTime="2026-13-45 10:00"), row(3)]))
    run = ready.run("insights", "--format", "html,xlsx,json")
    paths = [Path(line) for line in run.out.split()]
    assert (run.code, [path.suffix for path in paths]) == (0, [".html", ".xlsx", ".json"])
    told = json.loads(paths[2].read_text("utf-8"))
    assert (told["campaigns"], [one["name"] for one in told["insights"]]) == (0, ["problems"])


@pytest.mark.parametrize("words", [["--format", "pdf"], ["--format", ","], ["--weeks", "0"]])
def test_what_cannot_work_is_one_line(ready: Shell, words: list[str]) -> None:
    """A usage error, with the right words."""
    run = ready.run("insights", *words)
    assert run.code == 2
    assert "Traceback" not in run.err


def test_what_did_not_go_is_not_counted_as_sent() -> None:
    """A campaign that was never approved and one that was to be deleted: reports count neither as sent."""
    with bench() as desk:
        desk.submit(desk.sheet(3))
        first, second, _ = desk.sandbox.campaigns
        desk.sandbox.edit(first.id, status_id=2)
        desk.reconcile()
        cancel_entries(desk.settings, desk.world, [2], "a wrong price")
        desk.sandbox.delete(second.id)
        desk.clock.advance(days=8)
        desk.reconcile()
        paths = tell(desk.settings, desk.world, weeks=4, formats=("json",))
        paths += report_again(desk.settings, desk.world, batch=1, formats=("json",))
        insights, report = (json.loads(path.read_text(encoding="utf-8")) for path in paths)
        assert (report["figures"]["sent"], report["figures"]["texts_sent"]) == (1, 3)
        assert (insights["campaigns"], insights["texts"]) == (1, 3)


def test_a_campaign_that_was_moved_is_told_by_when_it_went() -> None:
    """As in every report."""
    with bench() as desk:
        desk.submit(desk.sheet(1))
        desk.sandbox.edit(desk.sandbox.campaigns[0].id, send_at=desk.sandbox.campaigns[0].send_at + 7200)
        desk.clock.advance(days=8)
        desk.reconcile()
        [path] = tell(desk.settings, desk.world, weeks=4, formats=("xlsx",))
        head, line = (
            [cell.value for cell in row] for row in islice(openpyxl.load_workbook(path)["Sendings"].iter_rows(), 2)
        )
        assert line[head.index("Goes out")] == "2026-03-04T13:00-05:00"
