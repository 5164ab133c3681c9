"""What the report says: words, totals, verdict, and the same numbers in every format."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from report_support import (
    CHICAGO,
    HOLD,
    NEW_YORK,
    NOW,
    PAYLOADS,
    SHORT,
    WRONG_TIME,
    attempt_of,
    history_of,
    hostile_entry,
    hostile_report,
    large_report,
    make_entry,
    previewed,
    sample_report,
    week_report,
)
from report_worlds import WORLDS

from batch.adapters.report import (
    FIELDS,
    Figures,
    Report,
    WeekFigures,
    count,
    key_figures,
    mail_html,
    mail_text,
    subject,
    to_csv,
    to_json,
    verdict,
    write_evidence,
    write_html,
    write_preview,
    write_status,
    write_xlsx,
)
from batch.adapters.report.advice import without_commands
from batch.adapters.report.charts import charts_of, outcome_chart, texts_by_day, trend_chart
from batch.adapters.report.figures import loose_findings
from batch.adapters.report.heatmap import calendar_chart, quiet_of
from batch.adapters.report.mail import IN_THE_REPORT
from batch.adapters.report.page import mark_commands
from batch.adapters.report.tasks import tasks_of
from batch.adapters.report.verdict import who_acts
from batch.model import Batch, DeliveryCount, Finding, FindingKind, Status
from batch.model.codes import NEXT_BY_CODE
from batch.model.times import local_time, time_left
from batch.model.wording import TONES, WORDS


def batch_of(*entries: object, **changes: object) -> Report:
    """Make a plain report of some entries."""
    return replace(
        Report("week48.xlsx", "batch", NOW, CHICAGO, NEW_YORK, entries=entries),  # type: ignore[arg-type]
        **changes,  # type: ignore[arg-type]
    )


# Words


@pytest.mark.parametrize("tone", TONES.values(), ids=list(TONES))
def test_every_tone_can_be_read_on_its_wash(tone: object) -> None:
    """Text in a tone on its own wash has a contrast of 4.5 to 1 at least (WCAG 2.2, 1.4.3), light and dark."""
    assert contrast(tone.light, tone.light_wash) >= 4.5  # type: ignore[attr-defined]
    assert contrast(tone.dark, tone.dark_wash) >= 4.5  # type: ignore[attr-defined]


def contrast(one: str, other: str) -> float:
    """Compute the contrast of two colours by WCAG's formula."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Compute how bright a colour is."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_an_unknown_zone_does_not_stop_a_report() -> None:
    """A zone that the system does not know is read as UTC, and a zone without a short name as its distance."""
    assert local_time(NOW, "Mars/Olympus") == "Mon, Nov 23, 3:30 PM UTC"
    assert local_time(NOW, "America/Sao_Paulo") == "Mon, Nov 23, 12:30 PM UTC-03"


def test_the_time_left_is_told_in_the_unit_people_would_use() -> None:
    """Two days and more in days, two hours and more in hours, else minutes."""
    assert time_left(NOW + timedelta(days=3), NOW) == "in 3 days"
    assert time_left(NOW + timedelta(hours=33), NOW) == "in 33 hours"
    assert time_left(NOW + timedelta(minutes=20), NOW) == "in 20 minutes"
    assert time_left(NOW - timedelta(days=2), NOW) == "2 days ago"


# Totals and verdict

GONE = make_entry(6, Status.SENT, cancel_why="wrong price", send_at=NOW - timedelta(hours=3))
OLD = make_entry(1, changed_at=NOW - timedelta(days=3))
NEW = make_entry(1, changed_at=NOW - timedelta(hours=3))
NEEDED_OF_EACH = "28 campaigns: 2 sent, 13 scheduled (2 need attention), 13 neither (9 need attention); 23,829 texts"
NEEDS_AND_WAITS = "2 of 2 rows will not go as they stand, the first is due Thu, Nov 26, 1:30 PM CST. 1 of these waits"


def week_of_rows(rows: int) -> Report:
    """Make the report of a week with so many scheduled campaigns, after weeks of 24, 25 and 26."""
    trend = tuple(WeekFigures(f"2026-W{44 + place}", Figures(rows=n)) for place, n in enumerate((24, 25, 26, rows)))
    return batch_of(*(make_entry(number) for number in range(1, rows + 1)), kind="week", trend=trend)


def test_the_rows_are_the_sum_of_their_standings() -> None:
    """Every row is counted once, those already taken in too."""
    figures = count(week_report())
    assert figures.rows == sum(figures.by_status.values()) == 28
    assert figures.by_status["skipped"] == 2
    assert (figures.scheduled, figures.not_approved, figures.sent) == (13, 1, 2)


def test_texts_parts_and_credits_are_those_at_the_provider() -> None:
    """A held row costs nothing; an MMS costs three credits a contact, a long text its parts."""
    report = batch_of(
        make_entry(1, contacts_count=10, parts=2),
        make_entry(2, contacts_count=100, mms_template_id=7, parts=3),
        make_entry(3, Status.HELD, contacts_count=None, parts=4),
        make_entry(4, Status.MISSING, contacts_count=999),
        credit_price=0.5,
    )
    figures = count(report)
    assert (figures.contacts, figures.parts, figures.credits, figures.money) == (110, 120, 320, 160.0)


def test_texts_split_into_sent_scheduled_and_not_going() -> None:
    """The three add up to the texts, and the tile says so."""
    report = week_report()
    figures = count(report)
    split = (figures.texts_sent, figures.texts_scheduled, figures.texts_not_going)
    assert (sum(split), all(split)) == (figures.contacts, True)
    note = {tile.name: tile.note for tile in key_figures(report, figures)}["contacts"]
    assert note == " + ".join(
        f"{n:,} {word}" for n, word in zip(split, ("sent", "scheduled", "not going"), strict=True)
    )


def test_what_may_go_is_in_no_bar_and_hatched_in_the_calendar() -> None:
    """Held, waiting, in doubt, not approved, to be deleted: none of it counts as what goes out."""
    may_go = (
        make_entry(2, Status.HELD, contacts_count=50),
        make_entry(3, Status.WAITING),
        make_entry(4, Status.IN_DOUBT),
        make_entry(5, provider_status_id=2),
        make_entry(6, cancel_why="wrong price"),
    )
    report = batch_of(make_entry(1), *may_go)
    assert sum(texts for _, texts in texts_by_day(report).values()) == count(report).texts_scheduled == 1203
    drawn = calendar_chart(report)
    assert drawn is not None
    assert [sum(int(row[column]) for row in drawn.rows) for column in (2, 3)] == [1, 5]
    assert str(drawn.svg).count('class="heat may-go"') == 5
    assert drawn.words.startswith(
        "1 campaign on Tue, Nov 24; 5 more may go, from Wed, Nov 25 to Sun, Nov 29; none in quiet hours"
    )
    held = calendar_chart(replace(report, entries=may_go[:1], quiet_hours=""))
    assert held is not None
    assert held.words == "1 campaign may go, on Wed, Nov 25"
    assert "quiet" not in held.note


def test_a_long_range_is_drawn_by_weekday_with_thin_labels() -> None:
    """Half a year: a column for each weekday, a color by the week's average, and no label over another or cut."""
    past = [make_entry(n, Status.SENT, send_at=NOW - timedelta(weeks=26) + timedelta(days=n)) for n in range(1, 181)]
    report = batch_of(*past)
    drawn = {chart.name: chart for chart in charts_of(report)}
    assert drawn["calendar"].title == "What goes out when, by weekday"
    assert set(re.findall(r"heat-\d", str(drawn["calendar"].svg))) == {"heat-1"}
    places = [float(x) for x in re.findall(r'class="value" x="([\d.]+)"', str(drawn["texts"].svg))]
    assert min(places) >= 12
    assert max(places) <= 348
    assert all(later - one >= 30 for one, later in pairwise(places))


def test_the_trend_counts_as_the_report_does() -> None:
    """The bar of this week is the number of campaigns under the verdict."""
    report = week_report()
    trend = trend_chart(report.trend)
    assert trend is not None
    assert trend.rows[-1][1] == f"{count(report).rows:,}"


def test_one_outcome_needs_no_picture() -> None:
    """Where every row ended the same, the total says it."""
    for report, shown in ((sample_report(), True), (batch_of(make_entry(1)), False)):
        assert (outcome_chart(report) is not None) is shown


def test_parts_and_credits_are_shown_only_where_they_are_not_the_texts(tmp_path: Path) -> None:
    """The same number under two names makes a reader look for the difference."""
    page = write_html(sample_report(), tmp_path / "a.html").read_text("utf-8")
    assert not {"parts", "credits"} & set(html_figures(page))
    priced = replace(sample_report(), credit_price=0.02)
    assert "of the 24 scheduled, about $" in write_html(priced, tmp_path / "a.html").read_text("utf-8")
    assert "</span> parts" not in mail_html(priced)


def test_a_share_is_never_rounded_to_nothing_or_to_all(tmp_path: Path) -> None:
    """ "10 0%" puzzles; a share has a head of its own, and few of many are less than 1%."""
    arrived = (DeliveryCount(2, "Delivered", 9_990), DeliveryCount(3, "Failed", 10))
    report = batch_of(make_entry(1, Status.SENT, send_at=NOW - timedelta(days=1)), deliveries={1: arrived})
    chart = next(one for one in charts_of(report) if one.name == "delivery")
    assert [(bar.shown, bar.share) for bar in chart.bars] == [("9,990", ">99%"), ("10", "<1%")]
    tiles = {tile.name: tile.shown for tile in key_figures(report, count(report))}
    assert (tiles["delivered"], tiles["failed"]) == ("99.9%", "0.1%")
    page = write_html(report, tmp_path / "a.html").read_text("utf-8")
    assert '<th scope="col" class="num share">share</th>' in page


def test_delivery_is_counted_by_the_providers_ids() -> None:
    """Failed, rejected, disconnected and expired failed; both spellings of opted out are one."""
    counts = tuple(DeliveryCount(number, "?", 10) for number in range(1, 13))
    figures = count(batch_of(make_entry(1, Status.SENT), deliveries={1: counts}))
    assert (figures.reported, figures.delivered, figures.failed, figures.opted_out) == (120, 10, 40, 20)


def test_a_row_with_several_findings_needs_one_person() -> None:
    """An entry counts once, whatever was found about it; a campaign made in the dashboard is news, no trouble."""
    differs = Finding(FindingKind.DRIFTED, "differs", entry=1)
    stranger = Finding(FindingKind.UNEXPECTED, "made in the dashboard", provider_id="9")
    report = batch_of(make_entry(1, contacts_count=0), findings=(differs, differs, stranger))
    assert count(report).needs_person == 1
    loud = replace(report, findings=(replace(stranger, loud=True),))
    assert count(loud).needs_person == 2


@pytest.mark.parametrize(
    ("report", "words", "tone"),
    [
        (batch_of(make_entry(1)), "all is well", "good"),
        (batch_of(), "all is well, there was nothing to do", "quiet"),
        (batch_of(make_entry(1), make_entry(2, Status.PLANNED)), "nothing wrong, 1 still to go", "wait"),
        (batch_of(make_entry(5, Status.HELD)), "1 needs attention.", "look"),
        (batch_of(make_entry(5, Status.MISSING)), "1 needs attention.", "bad"),
        (
            batch_of(make_entry(7, provider_status_id=1)),
            "1 will not go: act by Mon, Nov 23, 5:30 PM CST.",
            "bad",
        ),
        (batch_of(make_entry(1), stopped="the token was refused"), "the run stopped: the token was refused", "bad"),
        (batch_of(make_entry(1), paused="by dana"), "paused, nothing is submitted: by dana", "look"),
        (batch_of(make_entry(1), to_cancel=(make_entry(9),)), "1 campaign to delete in the dashboard", "look"),
        (
            batch_of(GONE, make_entry(8, Status.EXPIRED, contacts_count=729)),
            "1 went out although cancelled. 1 did not go (729 contacts).",
            "bad",
        ),
        (
            batch_of(*(make_entry(number, Status.INVALID) for number in range(1, 4))),
            "3 of 3 rows will not go as they",
            "bad",
        ),
        (batch_of(make_entry(7, cancel_why="wrong price")), "1 to delete in the dashboard by Mon, Nov 23,", "bad"),
        (batch_of(make_entry(1, send_at=NOW - timedelta(days=2))), "1 due, not yet seen as sent.", "look"),
        (batch_of(make_entry(5, Status.HELD), make_entry(3, Status.WAITING, issues=(SHORT,))), NEEDS_AND_WAITS, "bad"),
        (week_of_rows(0), "no campaigns this week; the last three weeks had 24 to 26", "look"),
        (week_of_rows(9), "only 9 campaigns this week; the last three weeks had 24 to 26", "look"),
        (week_of_rows(22), "all is well", "good"),
        (batch_of(OLD), "nothing wrong seen, but it was never compared with the provider", "wait"),
        (batch_of(OLD, compared_at=NOW - timedelta(hours=30)), "nothing wrong seen, but it was last compared", "wait"),
        (batch_of(OLD, compared_at=NOW - timedelta(hours=20)), "all is well", "good"),
        (batch_of(NEW, compared_at=NOW - timedelta(hours=30)), "nothing wrong seen, but it was last compared", "wait"),
        (batch_of(NEW, compared_at=NOW - timedelta(hours=20)), "all is well", "good"),
    ],
)
def test_the_verdict_says_in_a_line_how_things_stand(report: Report, words: str, tone: str) -> None:
    """The worst decides, in words and in tone."""
    said = verdict(report)
    assert said.words.startswith(words)
    assert said.tone == tone


def test_the_verdict_counts_what_the_tile_beside_it_counts(tmp_path: Path) -> None:
    """Rows and what only the lists show are one number; two findings about one campaign are one."""
    apart = [Finding(FindingKind.DRIFTED, words, entry=88, name="Early bird") for words in ("another time", "no text")]
    strange = Finding(FindingKind.UNEXPECTED, "not ours", "other-ledger", provider_id="9", loud=True)
    report = batch_of(
        make_entry(8, Status.EXPIRED, contacts_count=729), make_entry(5, Status.HELD), findings=(*apart, strange)
    )
    said = "1 did not go (729 contacts). 3 more to look at, 2 of them differences from the provider's lists."
    assert verdict(report).words == said
    tile = next(one for one in key_figures(report, count(report)) if one.name == "needs_person")
    assert (tile.shown, tile.note) == ("4", "2 rows + 2 differences from the provider's lists")
    assert [one.words for one in loose_findings(report)] == ["not ours", "another time; no text"]
    page = html.unescape(write_html(report, tmp_path / "a.html").read_text("utf-8"))
    for text in (page, " ".join(html.unescape(mail_html(report)).split()), " ".join(mail_text(report).split())):
        assert said in text
    assert tile.note in page
    held = batch_of(make_entry(5, Status.HELD), findings=(strange,))
    assert verdict(held).words == "2 need attention, 1 of them a difference from the provider's lists."
    assert verdict(batch_of(make_entry(1), findings=apart)).words == "1 difference from the provider's lists."


def test_page_and_mail_say_for_what_campaigns_wait(tmp_path: Path) -> None:
    """A manager reads what is not there yet, and by when, though nothing is wrong."""
    report = batch_of(*(make_entry(n) for n in range(4, 14)), make_entry(3, Status.WAITING, issues=(SHORT,)))
    said = "1 will not go unless this changes by Thu, Nov 26, 1:30 PM CST: it needs about 892 credits and 500 are left"
    assert verdict(report).tone == "look"
    assert verdict(report).next == ("maria@northwind.example must act on 1 row by Thu, Nov 26, 1:30 PM CST",)
    assert tasks_of(report)[0].next == "buy credits, then run campaign-batch resume"
    for text in (write_html(report, tmp_path / "a.html").read_text("utf-8"), mail_html(report), mail_text(report)):
        assert said in html.unescape(" ".join(text.split()))


def test_a_reader_sees_who_acts_by_when() -> None:
    """Each owner's rows add up: at once, within a day, later; those who must act first stand first."""
    lee = "lee@northwind.example"
    entries = (
        make_entry(1, Status.INVALID, send_at=None),
        make_entry(2, Status.INVALID, send_at=NOW + timedelta(days=2)),
        make_entry(3, Status.EXPIRED, owner=lee),
        make_entry(4, Status.HELD, owner=lee, send_at=NOW + timedelta(hours=3)),
        make_entry(5, Status.HELD, owner=lee, send_at=NOW + timedelta(days=3)),
        make_entry(6, Status.HELD, owner=""),
    )
    assert who_acts(batch_of(*entries)) == (
        f"{lee} must act on 3 rows: 1 now, 1 by Mon, Nov 23, 12:30 PM CST (in 3 hours), 1 later",
        "maria@northwind.example must act on 2 rows: 1 by Wed, Nov 25, 9:30 AM CST, 1 without a time",
        "somebody (no owner named) must act on 1 row by Sun, Nov 29, 4:30 PM CST",
    )
    more = (make_entry(n, Status.HELD, owner=f"{n}@northwind.example") for n in range(7, 10))
    assert who_acts(batch_of(*entries, *more))[3:] == ("and 3 more owners, see below",)


def test_the_line_under_the_verdict_adds_up() -> None:
    """Each row is counted once, by the numbers that the tiles and the mail show."""
    assert verdict(week_report()).more == NEEDED_OF_EACH
    assert verdict(batch_of(make_entry(1), make_entry(5, Status.HELD))).more.startswith("2 rows: 1 scheduled, 1 not;")
    assert verdict(batch_of(make_entry(5, Status.HELD))).more == "1 row: none sent, none scheduled"
    tiles = {tile.name: tile for tile in key_figures(week_report(), count(week_report()))}
    assert (tiles["scheduled"].shown, tiles["scheduled"].note) == ("13", "2 of them need attention")
    assert (tiles["sent"].tone, tiles["sent"].note) == ("good", "")
    gone = batch_of(GONE)
    sent = next(tile for tile in key_figures(gone, count(gone)) if tile.name == "sent")
    assert (sent.tone, sent.note) == ("bad", "1 of them needs attention")


def test_what_is_to_be_typed_stands_apart(tmp_path: Path) -> None:
    """Those who do not run the tool read over it; nothing in it becomes markup."""
    page = write_html(batch_of(GONE), tmp_path / "a.html").read_text("utf-8")
    assert "on the record: <code>campaign-batch acknowledge 6 --why &#34;...&#34;</code>" in page
    assert (
        mark_commands("run campaign-batch reconcile: it <b>")
        == "run <code>campaign-batch reconcile</code>: it &lt;b&gt;"
    )


def test_every_figure_shows_its_change() -> None:
    """With a report before, each total says what it was more or less; without, nothing."""
    report = week_report()
    tiles = {tile.name: tile for tile in key_figures(report, count(report))}
    assert tiles["scheduled"].change == "−4 from the week before"
    assert tiles["needs_person"].change == "+8 from the week before"
    assert tiles["delivered"].change.endswith("points from the week before")
    assert not any(tile.change for tile in key_figures(sample_report(), count(sample_report())))
    same = replace(report, before=Figures(scheduled=13))
    assert {t.name: t.change for t in key_figures(same, count(same))}["scheduled"] == "as many as the week before"


def test_quiet_hours_that_cannot_be_read_shade_nothing() -> None:
    """Quiet hours may cross midnight."""
    assert quiet_of("21:00-08:00") == {21, 22, 23, 0, 1, 2, 3, 4, 5, 6, 7}
    assert quiet_of("9:00-11:00") == {9, 10}
    assert quiet_of("none") == frozenset()


# The same numbers everywhere


@pytest.mark.parametrize("world", WORLDS)
def test_the_numbers_are_equal_in_every_format(world: str, tmp_path: Path) -> None:
    """HTML, Excel, both mails and JSON are read back and say the same, in ten worlds."""
    report = WORLDS[world]()
    tiles = {tile.name: tile for tile in key_figures(report, count(report))}
    expected = {name: tile.shown for name, tile in tiles.items()}
    untold = {name for name, tile in tiles.items() if not tile.value or tile.shown == expected["contacts"]}
    shown = html_figures(write_html(report, tmp_path / "a.html").read_text("utf-8"))
    for told in (shown, excel_figures(write_xlsx(report, tmp_path / "a.xlsx"), report)):
        assert told == {name: expected[name] for name in told}
        assert expected.keys() - told.keys() <= untold
    assert json.loads(to_json(report))["shown"] == expected
    for name in shown:
        words = re.escape(f"{expected[name]}"), re.escape(tiles[name].label)
        assert f"{tiles[name].label}: {tiles[name].shown}" in mail_text(report) or name in untold
        assert re.search(rf">{words[0]}</span> {words[1]}", mail_html(report)) or name in untold | IN_THE_REPORT


def html_figures(page: str) -> dict[str, str]:
    """Read the tiles of a page."""
    return dict(re.findall(r'data-figure="(\w+)".*?class="value">([^<]+)<', page))


def excel_figures(path: Path, report: Report) -> dict[str, str]:
    """Read the key figures of the summary sheet."""
    names = {tile.label: tile.name for tile in key_figures(report, count(report))}
    found: dict[str, str] = {}
    for label, value, *_ in load_workbook(path)["Summary"].iter_rows(values_only=True):
        if label in names and names[label] not in found:
            found[names[label]] = f"{value:.1%}" if isinstance(value, float) else f"{value:,}"
    return found


@pytest.mark.parametrize("world", WORLDS)
def test_the_rows_add_up_in_every_format(world: str, tmp_path: Path) -> None:
    """The statuses of the rows, read back row by row, are the totals, in ten worlds."""
    report = WORLDS[world]()
    figures = count(report)
    rows = json.loads(to_json(report))["rows"]
    assert len(rows) == figures.rows
    assert sum(row["needs_a_person"] for row in rows) == figures.needs_person
    assert len(list(csv.DictReader(io.StringIO(to_csv(report))))) == figures.rows
    book = load_workbook(write_xlsx(report, tmp_path / "a.xlsx"))
    *statuses, total = [row[0] for row in book["Rows"].iter_rows(min_row=2, values_only=True)] or ["Total"]
    assert total == "Total"
    assert len(statuses) == figures.rows
    listed = list(book["Summary"].iter_rows(values_only=True, max_col=2))
    first, end = (
        place for place, (label, _) in enumerate(listed) if label in {"Where every row ended", "rows in total"}
    )
    assert dict(listed[first + 1 : end]) == Counter(
        re.sub(r"fixed in row .*", "fixed in another row", one) for one in statuses
    )
    going = ("scheduled", "due, not yet seen as sent")
    told = [one for one in statuses if "cancelled" not in one and any(word in one for word in going)]
    assert len(told) == figures.scheduled
    assert book["Needs attention"].max_row - 1 == figures.needs_person
    packed = re.search(r'id="packed">(.*?)</script>', write_html(report, tmp_path / "a.html").read_text("utf-8"))
    assert packed is not None
    assert len(json.loads(packed.group(1))["rows"]) == figures.rows


def test_machines_get_the_documented_fields() -> None:
    """The CSV's columns and the JSON rows' keys are exactly those that are documented."""
    report = week_report()
    assert list(csv.DictReader(io.StringIO(to_csv(report))).fieldnames or ()) == list(FIELDS)
    assert all(list(row) and set(row) == set(FIELDS) for row in json.loads(to_json(report))["rows"])
    row = next(row for row in json.loads(to_json(report))["rows"] if row["entry"] == 21)
    assert (row["delivered"], row["failed"], row["opted_out"]) == (1160, 31, 12)
    assert row["send_at"] == "2026-11-22T13:30:00Z"


def test_the_rows_of_the_csv_add_up_to_the_totals() -> None:
    """Texts, parts, credits, cost and delivery are the totals; times bear their distance from UTC."""
    report = week_report()
    figures, rows = count(report), list(csv.DictReader(io.StringIO(to_csv(report))))
    for name in ("texts", "parts", "credits", "cost", "delivered", "failed", "opted_out"):
        total = getattr(figures, {"texts": "contacts", "cost": "money"}.get(name, name))
        assert sum(float(row[name] or 0) for row in rows) == pytest.approx(total), name
    row = next(row for row in rows if row["entry"] == "21")
    assert (row["send_at_local"], row["cost"], row["currency"]) == ("2026-11-22T07:30:00-06:00", "24.06", "USD")
    assert {row["cause"] for row in rows if row["needs_a_person"] == "true"} >= {"quiet-hours", "not-approved"}
    free = replace(report, credit_price=None)
    assert {(row["cost"], row["currency"]) for row in csv.DictReader(io.StringIO(to_csv(free)))} == {("", "")}


def test_the_readme_explains_every_field() -> None:
    """The table of the CSV's columns and the JSON rows' keys is the one that the program has."""
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert "".join(f"| `{name}` | {words} |\n" for name, words in FIELDS.items()) in readme


def test_the_csv_keeps_a_formula_a_text() -> None:
    """A text that a spreadsheet program would run gets an apostrophe; JSON has it untouched."""
    report = batch_of(make_entry(1, campaign_name="=1+1"))
    assert next(csv.DictReader(io.StringIO(to_csv(report))))["campaign_name"] == "'=1+1"
    assert json.loads(to_json(report))["rows"][0]["campaign_name"] == "=1+1"


# HTML


def test_the_page_is_one_file_that_asks_nobody(tmp_path: Path) -> None:
    """No address, no foreign script, a policy that allows only the hashes of what is there."""
    page = write_html(week_report(), tmp_path / "a.html").read_text("utf-8")
    assert "http:" not in page
    assert "https:" not in page
    assert not re.search(r'\b(src|href)="(?!#|data:)', page)
    assert re.search(r"default-src &#39;none&#39;; style-src &#39;sha256-[\w+/=]+&#39;; script-src &#39;sha256-", page)
    assert " style=" not in page


def test_the_page_of_25_rows_is_small(tmp_path: Path) -> None:
    """It can be mailed: under 250 kB."""
    assert write_html(sample_report(), tmp_path / "a.html").stat().st_size < 250_000


def test_without_a_script_everything_can_be_read(tmp_path: Path) -> None:
    """Every row, with its message, attempts, history and the provider's answer, stands in the page itself."""
    page = write_html(week_report(), tmp_path / "a.html").read_text("utf-8")
    plain = re.sub(r"<script.*?</script>", "", page, flags=re.S)
    for entry in week_report().entries:
        assert entry.campaign_name in plain
        assert entry.message[:30] in plain
    assert "&#34;Id&#34;:&#34;50017&#34;" in plain


def test_above_the_limit_the_page_points_to_the_csv(tmp_path: Path) -> None:
    """Above 20,000 rows only what needs attention is on the page, and it says where the rest is."""
    page = write_html(large_report(20_050), tmp_path / "a.html").read_text("utf-8")
    assert "20,050 rows are too many for a page: here is what needs attention, and the CSV file" in page
    packed = re.search(r'id="packed">(.*?)</script>', page)
    assert packed is not None
    assert len(json.loads(packed.group(1))["rows"]) == 401
    assert len(page) < 2_500_000


def test_above_the_limit_of_what_needs_attention_the_page_says_that_there_is_more(tmp_path: Path) -> None:
    """It holds 2,000 of them and counts all; what it has not is not said to stand below."""
    held = (make_entry(n, Status.HELD, issues=(HOLD,)) for n in range(1, 20_051))
    page = write_html(replace(large_report(1), entries=tuple(held)), tmp_path / "a.html").read_text("utf-8")
    assert "here are the first 2,000 of those that need attention, and the CSV file" in page
    assert 'Rows that need attention <span class="count">20,050</span>' in page
    assert "the others are in the Excel file" in page


def test_what_needs_a_person_says_reason_cell_and_next_step(tmp_path: Path) -> None:
    """Each card has them, and one campaign is not told twice when a finding is about it too."""
    page = write_html(week_report(), tmp_path / "a.html").read_text("utf-8")
    cards = page.split('id="needs"')[1].split("</section>")[0]
    assert '<span class="cell">D12</span>' in cards
    assert "has no hour" in cards
    assert cards.count("<b>Black Friday Denver Cherry Creek 23</b>") == 1
    assert "in 6 hours" in cards
    assert cards.index("refused by the provider") < cards.index("not found at the provider")


def test_what_is_to_be_cancelled_is_a_list_to_tick_off(tmp_path: Path) -> None:
    """Name as at the provider, Id, groups by name, both clocks, and how long is left."""
    page = write_html(week_report(), tmp_path / "a.html").read_text("utf-8")
    part = page.split('id="cancel"')[1].split("</section>")[0]
    for words in (
        "Black Friday Austin Domain 26 #00000026",
        "50026",
        "Austin stores",
        "6:30 PM CST",
        "7:30 PM EST",
        "5 days",
    ):
        assert words in part


def test_a_team_can_put_its_own_partial_in_place_of_ours(tmp_path: Path) -> None:
    """A file of the same name in the team's folder is taken instead; its fields are escaped anyway."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "about.html.j2").write_text("<p>ours: {{ report.title }}</p>", encoding="utf-8")
    report = batch_of(make_entry(1), title="<b>week</b>")
    page = write_html(report, tmp_path / "a.html", templates=[tmp_path / "own"]).read_text("utf-8")
    assert "<p>ours: &lt;b&gt;week&lt;/b&gt;</p>" in page


def test_the_teams_logo_travels_in_the_page(tmp_path: Path) -> None:
    """A picture becomes part of the file; what is no picture, or too heavy, is left out."""
    logo = tmp_path / "logo.png"
    logo.write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 20)
    assert "data:image/png;base64," in write_html(batch_of(logo=logo), tmp_path / "a.html").read_text("utf-8")
    logo.write_bytes(b"<script>")
    assert "<img" not in write_html(batch_of(logo=logo), tmp_path / "a.html").read_text("utf-8")


def test_a_rehearsal_says_so_everywhere(tmp_path: Path) -> None:
    """Nobody takes a rehearsal for the real thing."""
    report = batch_of(make_entry(1), rehearsal=True)
    assert "rehearsal: nothing went" in write_html(report, tmp_path / "a.html").read_text("utf-8")
    assert "REHEARSAL" in mail_html(report)
    assert mail_text(report).startswith("REHEARSAL")
    assert subject(report).startswith("REHEARSAL week48.xlsx: ")
    sheet = load_workbook(write_xlsx(report, tmp_path / "a.xlsx"))["Summary"]
    assert sheet["A1"].value == "REHEARSAL: week48.xlsx"


def test_an_empty_report_is_a_report(tmp_path: Path) -> None:
    """A week in which nothing happened is told, in every format."""
    report = batch_of(kind="week", title="Week 48", credit_price=0.02)
    page = write_html(report, tmp_path / "a.html").read_text("utf-8")
    assert not [words for words in ("All rows", "What the words mean", "$0.00") if words in page]
    assert "What to do" not in write_html(report, tmp_path / "a.html").read_text("utf-8")
    assert load_workbook(write_xlsx(report, tmp_path / "a.xlsx"))["Rows"].max_row >= 1
    assert subject(report) == "Week 48: no campaigns yet"
    assert json.loads(to_json(report))["figures"]["rows"] == 0


def test_no_half_written_file_is_left(tmp_path: Path) -> None:
    """Only the finished file lies in the folder."""
    write_html(sample_report(), tmp_path / "new" / "a.html")
    write_xlsx(sample_report(), tmp_path / "new" / "a.xlsx")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["a.html", "a.xlsx"]


# Mail


def test_the_subject_says_the_outcome() -> None:
    """Scheduled, and how many need attention; a stop and a pause stand first."""
    entries = [make_entry(number) for number in range(1, 26)]
    report = batch_of(*entries, make_entry(30, Status.HELD), make_entry(31, Status.HELD), title="Week 48")
    assert subject(report) == "Week 48: 2 need attention; 25 scheduled"
    assert subject(batch_of(make_entry(1), title="Week 48")) == "Week 48: 1 scheduled, all well"
    assert "the run stopped" in subject(replace(report, stopped="token"))
    assert "paused" in subject(replace(report, paused="by dana"))


def test_no_subject_can_add_a_header() -> None:
    """No line break and no control character survives."""
    line = subject(batch_of(title="Week\r\nBcc: x@example.com\x00\u2028end"))
    assert line == "Week Bcc: x@example.com end: all is well, there was nothing to do"


def test_the_mail_needs_no_style_sheet_and_no_script() -> None:
    """Mail programs know tables and inline styles; 600 px wide. The one style sheet only turns colors dark."""
    mail = mail_html(week_report())
    assert "<script" not in mail
    assert re.findall(r"<style>(.{38})", mail) == ["@media (prefers-color-scheme:dark){.gr"]
    assert "http" not in mail
    assert 'width="600"' in mail
    assert len(mail) < 100_000  # Gmail cuts what is longer than 102 kB


def test_both_mails_name_what_to_do_and_what_goes_next() -> None:
    """Five causes at most, the worst first, and how many more there are; the plain twin says what the HTML says."""
    report = replace(week_report(), to_cancel=(make_entry(99, cancel_why="wrong price"),))
    tasks = tasks_of(report)
    assert tasks[0].cause == "expired"
    for mail in (html.unescape(mail_html(report)), " ".join(mail_text(report).split())):
        for task in tasks[:5]:
            assert task.words[:90] in mail
        for words in ("Black Friday Miami Brickell 99 #00000099", "hidden row", "more in the report"):
            assert words in mail
    assert "GOES OUT NEXT" in mail_text(report)


@pytest.mark.parametrize(
    ("advice", "told"),
    [
        ("stopped: token refused; run campaign-batch doctor. 2 did not go.", "stopped: token refused. 2 did not go."),
        ('choose another hour, or send it anyway: campaign-batch resolve 8 --send --why "..."', "choose another hour"),
        ("delete the Id, run campaign-batch reconcile, then drop the file", "delete the Id, then drop the file"),
        ("run campaign-batch resume, then hand the file in again", "hand the file in again"),
        ("run campaign-batch reconcile: it says whether it went out", ""),
        ('tell them, then put it on the record: campaign-batch acknowledge 21 --why "..."', "tell them"),
        ("fix the cell and hand the file in again", "fix the cell and hand the file in again"),
    ],
)  # fmt: skip
def test_a_command_is_taken_out_and_the_rest_stays(advice: str, told: str) -> None:
    """What stands behind the command is kept, and what only leads to it or explains it goes with it."""
    assert without_commands(advice) == told


def test_no_advice_leaves_a_command_to_a_manager() -> None:
    """Whatever the words of a standing or a code say."""
    advice = {word.next for word in WORDS.values()} | set(NEXT_BY_CODE.values())
    assert not [one for one in advice if "campaign-batch" in without_commands(one) or " --" in without_commands(one)]


def test_a_mail_says_what_to_type_only_to_those_who_run_the_tool() -> None:
    """A manager reads what to do; the command stays in the mail to the operators."""
    report = batch_of(make_entry(1, Status.EXPIRED), replace(GONE, id=2), OLD)
    for write in (mail_html, mail_text):
        told, plain = (write(report, commands=commands).replace("\n", " ") for commands in (True, False))
        assert "campaign-batch acknowledge" in told
        assert "campaign-batch" not in plain


def test_a_mail_links_to_the_page() -> None:
    """The verdict, what to do, what goes next, then the button; the totals come after it."""
    mail = mail_html(week_report(), url="https://reports.example/week-48.html")
    places = [mail.index(words) for words in ("more to look at", "Goes out next", "Open the report", "credits, est")]
    assert places == sorted(places)
    assert 'href="https://reports.example/week-48.html"' in mail
    assert "https://reports.example/week-48.html" in mail_text(
        week_report(), url="https://reports.example/week-48.html"
    )


def test_what_is_to_be_deleted_never_goes_out_next() -> None:
    """Neither does what the provider has not approved."""
    soon = NOW + timedelta(hours=2)
    report = batch_of(
        make_entry(1, send_at=soon, cancel_why="wrong price"), make_entry(2, send_at=soon, provider_status_id=1)
    )
    assert "Goes out next" not in mail_html(report)
    assert "GOES OUT NEXT" not in mail_text(report)


def test_rows_with_one_cause_are_one_task() -> None:
    """Held for one reason they are one line, with all owners, contacts, the deadline and a link to them."""
    sixteen = [make_entry(n, Status.HELD, issues=(HOLD,), send_at=NOW + timedelta(hours=n)) for n in range(1, 17)]
    other = make_entry(17, Status.HELD, issues=(HOLD,), owner="joe@northwind.example", send_at=NOW + timedelta(days=3))
    [task] = tasks_of(batch_of(*sixteen, other))
    assert task.who == "maria@northwind.example (16 rows), joe@northwind.example (1 row)"
    assert (task.rows, task.due, task.deadline) == (17, 16, "16 of them by Mon, Nov 23, 10:30 AM CST")
    assert verdict(batch_of(*sixteen, other)).words.startswith("16 to decide by Mon, Nov 23, 10:30 AM CST. 1 more")
    assert task.link == "#status=held&cause=quiet-hours"
    [alone] = tasks_of(batch_of(other))
    assert alone.link == "#status=held&cause=quiet-hours&owner=joe%40northwind.example"
    assert (alone.deadline, alone.who) == ("by Thu, Nov 26, 9:30 AM CST", "joe@northwind.example")
    assert alone.words.startswith("Black Friday Boston Back Bay 17 (D9): waiting for a decision")


def test_what_is_too_late_or_partly_known_is_said_so() -> None:
    """A past deadline is `as soon as possible`, and contacts that are known of some rows only are `at least`."""
    report = batch_of(
        make_entry(8, Status.EXPIRED, contacts_count=729),
        make_entry(9, Status.EXPIRED, contacts_count=None, expected_contacts=None),
    )
    [task] = tasks_of(report)
    assert (task.deadline, task.contacts) == ("as soon as possible", "at least 729 contacts")
    assert verdict(report).words == "2 did not go (at least 729 contacts)."


# Preview, status page, evidence


def test_the_preview_shows_each_text_with_what_it_costs(tmp_path: Path) -> None:
    """Groups by name with sizes, local time, provider's time, parts and credits, totals by day, costly characters."""
    items = [previewed(2), previewed(3, "Northwind’s sale. Reply STOP"), previewed(9, issues=(WRONG_TIME,))]
    page = write_preview(
        items, tmp_path / "p.html", title="week48.xlsx", zone=CHICAGO, provider_zone=NEW_YORK, notes=("3 hidden",)
    ).read_text("utf-8")
    for words in ("2 of 3 rows are ready to go", "Boston stores", "2,240 contacts", "about 2,240 credits", "3 hidden"):
        assert words in page
    assert '<mark title="RIGHT SINGLE QUOTATION MARK">’</mark>' in page.replace(
        'right single quotation mark"', 'RIGHT SINGLE QUOTATION MARK"'
    )
    assert "has no hour" in page


def test_previews_and_evidence_name_the_account(tmp_path: Path) -> None:
    """Where the settings have several, in each command that is to be typed."""
    note, held = 'type "campaign-batch submit FILE --allow left-out"', make_entry(2, Status.HELD)
    clocks: dict[str, Any] = {"zone": CHICAGO, "provider_zone": NEW_YORK, "account": "dallas"}
    preview = write_preview([previewed(2)], tmp_path / "p.html", title="t", notes=(note,), **clocks)
    evidence = write_evidence(held, (), (), tmp_path / "e.html", made_at=NOW, **clocks)
    assert "campaign-batch submit FILE --account dallas --allow left-out" in preview.read_text("utf-8")
    assert "campaign-batch resolve --account dallas 2" in evidence.read_text("utf-8")


def test_a_held_row_is_not_ready(tmp_path: Path) -> None:
    """The preview counts as ready only what would go without a decision."""
    page = write_preview(
        [previewed(2), previewed(3, issues=(HOLD,))],
        tmp_path / "p.html",
        title="t",
        zone=CHICAGO,
        provider_zone=NEW_YORK,
    ).read_text("utf-8")
    assert "1 waits for a decision. 1 of 2 rows is ready to go" in page
    assert "ready: 1 campaign, 2,240 texts" in page
    assert "not counted: 1 campaign that waits (880 texts)" in page


def test_the_status_page_puts_what_is_still_to_come_first(tmp_path: Path) -> None:
    """The soonest on top, then the past, the latest first."""
    moments = {1: 5, 2: 1, 3: -1, 4: -9}
    entries = [
        make_entry(n, send_at=NOW + timedelta(hours=h), fields={"Store": f"Dallas {n}"}) for n, h in moments.items()
    ]
    page = write_status(entries, tmp_path / "s.html", made_at=NOW, zone=CHICAGO, paused="by dana").read_text("utf-8")
    packed = json.loads(re.search(r'id="packed">(.*?)</script>', page).group(1))  # type: ignore[union-attr]
    entry = packed["keys"].index("entry")
    assert [row[entry] for row in packed["rows"]] == [2, 1, 3, 4]
    assert "Store: Dallas 2" in page
    assert "paused, nothing is submitted: by dana" in page


def test_a_chip_of_the_status_page_never_makes_sent_look_like_not_sent(tmp_path: Path) -> None:
    """What needs a look, and what stands otherwise since its time has passed, has a chip of its own."""
    entries = [
        make_entry(1, Status.SENT), make_entry(2, Status.SENT, contacts_count=0),
        make_entry(3, cancel_why="wrong price", send_at=NOW - timedelta(hours=2)),
    ]  # fmt: skip
    page = write_status(entries, tmp_path / "s.html", made_at=NOW, zone=CHICAGO).read_text("utf-8")
    chips = re.findall(r'class="chip (\w+)" data-standing="(\w+)" data-words="([^"]+)"', page)
    assert chips == [
        ("bad", "to_cancel", "to be cancelled, and its time has passed"),
        ("good", "sent", "sent"),
        ("bad", "sent", "sent to nobody"),
    ]
    assert "each row’s time is by its own clock" in page


def test_the_evidence_accounts_for_one_campaign(tmp_path: Path) -> None:
    """Text, groups and counts, times in three clocks, who did what, checks, answers, history."""
    entry = make_entry(21, Status.SENT, approved_by="lee")
    batch = Batch(7, "week48.xlsx", "Campaigns", NOW, 1, 0, 0, "dana", "ops-pc", "done")
    page = write_evidence(
        entry, (attempt_of(21),), history_of(21), tmp_path / "e.html", made_at=NOW, zone=CHICAGO,
        provider_zone=NEW_YORK, delivery=(DeliveryCount(2, "Delivered", 7),), checks=("quiet hours kept",),
        batch=batch,
    ).read_text("utf-8")  # fmt: skip
    for words in (
        entry.message, "Austin stores", "1,203", "CST", "UTC", "lee", "dana on ops-pc", "quiet hours kept", "50021",
        entry.fingerprint, "ab" * 32, "delivered", "taken by the provider",
    ):  # fmt: skip
        assert words in page


def test_the_evidence_shows_what_was_sent(tmp_path: Path) -> None:
    """Where the provider sent another text, that one stands first, also after a person acknowledged it."""
    text = Finding(
        FindingKind.DRIFTED, "it differs", "drifted", 21, "50021", "Sale", "Message", "ours", "Sent, not approved"
    )
    hour = replace(text, field="DateTime", ours="10:00", theirs="11:00")
    entry = make_entry(21, Status.SENT, send_at=NOW, findings=(text, hour))
    known = replace(entry, findings=(), acknowledged=frozenset({text.mark}))
    for one, others in ((entry, "What differs"), (known, "")):
        page = write_evidence(
            one, (), (), tmp_path / "e.html", made_at=NOW, zone=CHICAGO, provider_zone=NEW_YORK
        ).read_text("utf-8")  # fmt: skip
        assert 'What was sent</h2><p class="bubble">Sent, not approved</p>' in page
        assert page.index("Sent, not approved</p>") < page.index("What the sheet says")
        assert ("What differs" in page) == bool(others)


def test_hostile_texts_stay_texts_in_every_page(tmp_path: Path) -> None:
    """No payload closes a tag anywhere: each page holds exactly its own elements."""
    report = hostile_report()
    mild = replace(report, **{name: getattr(report, name) for name in ("title",)})
    pages = {
        "report": write_html(mild, tmp_path / "r.html").read_text("utf-8"),
        "mail": mail_html(report),
        "evidence": write_evidence(
            hostile_entry(2, PAYLOADS[1]), report.attempts[2], report.history[2], tmp_path / "e.html",
            made_at=NOW, zone=CHICAGO, provider_zone=NEW_YORK,
        ).read_text("utf-8"),
        "preview": write_preview(
            [previewed(n, text, text) for n, text in enumerate(PAYLOADS, 2)], tmp_path / "p.html", title=PAYLOADS[1],
            zone=CHICAGO, provider_zone=NEW_YORK, notes=PAYLOADS,
        ).read_text("utf-8"),
    }  # fmt: skip
    for page in pages.values():
        assert "<script>window" not in page
        assert "<img src=x" not in page
        assert "<iframe" not in page
