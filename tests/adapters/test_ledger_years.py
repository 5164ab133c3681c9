"""A ledger of years is asked small questions: what is counted or found by an index is what reading all of it gives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from batch.adapters.config import load_settings
from batch.adapters.ledger import Ledger, archives, batches, entries, open_ledger, weeks
from batch.adapters.ledger.forms import write_time
from batch.adapters.ledger.moving import find_same
from batch.adapters.ledger.purging import forget_batches, forget_entries
from batch.adapters.report import count_entries
from batch.core.standing import is_left_out, standing_of
from batch.model import DeliveryCount, Finding, FindingKind, Status, StatusChange
from batch.model.codes import ALL_CODES, HARD
from batch.workflows.report import _LOOKED_AT, TREND_WEEKS, _trend, each_row, week_bounds
from benchmarks.years import fill
from tests.ledger_support import NOW

SIZE = 1_100


@pytest.fixture
def years(database: str) -> Iterator[Ledger]:
    """Give a ledger with the years of an agency, on each of the two kinds of database."""
    fill(database, SIZE, NOW)
    with open_ledger(database, now=NOW) as opened:
        yield opened


def ids(found: Any) -> list[int]:
    return [entry.id for entry in found]


def test_the_generated_ledger_keeps_every_rule(years: Ledger) -> None:
    """What is measured on is a ledger as runs leave it."""
    assert years.upkeep.verify(NOW + timedelta(days=8)) == ()
    assert Counter(entry.status for entry in years.entries.select())[Status.ACCEPTED] == 300


def test_the_trend_counts_as_reading_every_campaign_does(years: Ledger, tmp_path: Path) -> None:
    """Weeks are added up by the database, and by campaign only where one needs a look: the sums are the same."""
    sent = ids(years.entries.select(statuses={Status.SENT}))[-9:]
    make = years.changes.make
    years.changes.request_cancel(years.entries.get(SIZE).id, "too late", "dana", NOW)
    drifted = Finding(FindingKind.DRIFTED, "words", "drifted", sent[0], field="Message", ours="a", theirs="b")
    years.findings.record([drifted], {sent[0]}, NOW)
    make(StatusChange(sent[1], Status.MISSING, expected={Status.SENT}, why="gone", who="", now=NOW))
    with years._transactions.write() as connection:
        connection.exec_driver_sql(f"UPDATE entries SET contacts_count = 0 WHERE id = {sent[2]}")
        connection.exec_driver_sql(f"UPDATE entries SET cancel_why = 'x' WHERE id = {sent[3]}")
        connection.exec_driver_sql(f"UPDATE entries SET mms_template_id = 7, contacts_count = 50 WHERE id = {sent[4]}")
        connection.exec_driver_sql(f"UPDATE entries SET parts = 3 WHERE id = {sent[5]}")
        connection.exec_driver_sql(f"UPDATE entries SET key = 'TEST:1' WHERE id = {sent[6]}")
        connection.exec_driver_sql(f"UPDATE entries SET contacts_count = NULL WHERE id = {sent[7]}")
    settings = load_settings(None, {"CAMPAIGN_BATCH_REPORTS__CREDIT_PRICE": "0.01"}, tmp_path, ALL_CODES, HARD)
    trend = _trend(settings, years, NOW)
    assert 3 < len(trend) <= TREND_WEEKS
    for week in trend:
        start, end = week_bounds(week.week, settings.team_zone)
        real = [one for one in years.entries.select() if one.send_at and start <= one.send_at < end]
        real = [one for one in real if not one.key.startswith("TEST:")]
        counted = count_entries(
            ((entry, standing_of(entry, NOW)) for entry in each_row(years, real)),
            years.deliveries.of_each(ids(real)), credit_price=0.01,
        )  # fmt: skip
        assert week.figures == counted, week.week


CHANGES: dict[str, Callable[[Ledger, int, int], object]] = {
    "status": lambda ledger, entry, _: ledger.changes.make(
        StatusChange(entry, Status.MISSING, expected={Status.SENT}, why="gone", who="", now=NOW)
    ),
    "is sent": lambda ledger, entry, _: ledger.changes.make(
        StatusChange(entry, Status.SENT, expected={Status.MISSING}, why="there", who="", now=NOW)
    ),
    "wish": lambda ledger, entry, _: _sql(ledger, f"UPDATE entries SET cancel_why = 'late' WHERE id = {entry}"),
    "contacts": lambda ledger, _, other: _sql(ledger, f"UPDATE entries SET contacts_count = 7 WHERE id = {other}"),
    "delivery": lambda ledger, _, other: ledger.deliveries.record(
        other, 1, [DeliveryCount(3, "Failed", 99)], final=True, now=NOW
    ),
    "finding": lambda ledger, _, other: ledger.findings.record(
        [Finding(FindingKind.DRIFTED, "words", "drifted", other, field="Message", ours="a", theirs="b")], {other}, NOW
    ),
    "closed again": lambda ledger, _, other: ledger.findings.record([], {other}, NOW),
    "time": lambda ledger, _, other: _sql(
        ledger, f"UPDATE entries SET send_at = (SELECT send_at FROM entries WHERE id = {SIZE - 700}) WHERE id = {other}"
    ),
}
"""What may become of a campaign after its week is over: each in turn, of one or another of two that were sent."""


def test_kept_totals_of_a_week_go_with_each_change_in_it(years: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a long week adds up to is kept where that pays, and never says what was true before a late change."""
    monkeypatch.setattr(weeks, "LONG", 5)
    bounds = [NOW - timedelta(weeks=back) for back in (4, 3, 2, 1, 0)]
    sent = ids(years.entries.select(statuses={Status.SENT}, due_from=bounds[1], due_until=bounds[2]))
    for what, change in CHANGES.items():
        assert years.weeks.plainly_sent(bounds) == _counted(years, bounds), what
        kept = _kept(years)
        assert years.weeks.plainly_sent(bounds) == _counted(years, bounds), what
        change(years, sent[0], sent[1])
        if years.path is None:
            assert len(kept) == 2, what
            assert len(kept - _kept(years)) == (2 if what == "time" else 1), what
        now = _counted(years, bounds)
        assert years.weeks.plainly_sent(bounds) == now, what
    _sql(years, f"UPDATE entries SET message = 'x', delivery_read = NOT delivery_read WHERE id = {sent[2]}")
    if years.path is None:
        assert len(_kept(years)) == 2
        found = years.upkeep.verify(NOW)
        _sql(years, "ALTER TABLE deliveries DISABLE TRIGGER deliveries_take_week_totals")
        gone = "the rule deliveries_take_week_totals was taken out of the ledger"
        assert set(years.upkeep.verify(NOW)) - set(found) == {gone}


def _sql(ledger: Ledger, statement: str) -> None:
    with ledger._transactions.write() as connection:
        connection.exec_driver_sql(statement)


def _kept(ledger: Ledger) -> set[Any]:
    if ledger.path is not None:
        return set()
    with ledger._transactions.read() as connection:
        return set(connection.exec_driver_sql("SELECT begins FROM week_totals").scalars())


def _counted(ledger: Ledger, bounds: list[Any]) -> tuple[Any, ...]:
    with ledger._transactions.read() as connection:
        return tuple(
            weeks._add_up(connection, {"from_": write_time(start), "until_": write_time(end)})
            for start, end in pairwise(bounds)
        )


def test_pages_give_each_entry_once_and_none_that_moved_on(years: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fits is found once; a page that is read later leaves out what no longer fits."""
    monkeypatch.setattr(entries, "PAGE", 100)
    every = list(years.entries.select())
    assert ids(every) == list(range(1, SIZE + 1))
    wanted = [one.id for one in every if one.status is Status.ACCEPTED]
    assert ids(years.entries.select(statuses={Status.ACCEPTED})) == wanted
    stream = years.entries.select(statuses={Status.ACCEPTED}, due_from=NOW)
    assert next(stream).id == wanted[0]
    gone = StatusChange(wanted[-1], Status.SENT, expected={Status.ACCEPTED}, why="", who="", now=NOW)
    assert years.changes.make(gone)
    assert ids(stream) == wanted[1:-1]
    assert ids(years.entries.select(ids={5, 3, 10_000})) == [3, 5]
    assert years.entries.count({Status.ACCEPTED}) == len(wanted) - 1


def test_the_nearest_are_those_before_and_after_now(years: Ledger) -> None:
    """The status page shows the days near now."""
    near = years.entries.nearest(NOW, 50, due_from=NOW - timedelta(weeks=8))
    by_distance = sorted(years.entries.select(), key=lambda one: abs((one.send_at or NOW) - NOW))
    assert set(near) == set(ids(by_distance[:50]))
    assert years.entries.nearest(NOW, 5_000, due_from=NOW) == ids(years.entries.select(due_from=NOW))
    begin = NOW - timedelta(weeks=8)
    looked_at = [
        one for one in by_distance if one.status in {Status.EXPIRED, Status.INVALID} and (one.send_at or NOW) > begin
    ]
    some = years.entries.nearest(NOW, 7, due_from=begin, statuses={Status.EXPIRED, Status.INVALID}, uncounted=True)
    assert some == ids(looked_at)[:7]
    invalid = [one for one in years.entries.select(statuses={Status.INVALID}) if one.changed_at]
    newest = sorted(invalid, key=lambda one: one.changed_at or NOW, reverse=True)
    found = years.entries.turned_down(3, since=begin)
    assert [years.entries.get(one).changed_at for one in found] == [one.changed_at for one in newest[:3]]
    assert set(years.entries.turned_down(1_000, since=begin)) == set(
        ids(years.entries.select(statuses={Status.INVALID}, changed_since=begin))
    )


def test_what_is_plainly_scheduled_keeps_nothing_that_needs_a_look_off_the_status_page(years: Ledger) -> None:
    """However many campaigns go before it: what needs attention is found, and no campaign that goes as it should."""
    begin = NOW - timedelta(weeks=8)
    last = max(years.entries.select(statuses={Status.ACCEPTED}), key=lambda one: one.send_at or NOW)
    change = StatusChange(last.id, Status.MISSING, expected={Status.ACCEPTED}, why="on no list", who="dana", now=NOW)
    assert years.changes.make(change)
    found = set(years.entries.nearest(NOW, 5_000, due_from=begin, statuses=_LOOKED_AT, uncounted=True))
    stands = {one.id: standing_of(one, NOW) for one in years.entries.select(due_from=begin, statuses=_LOOKED_AT)}
    assert last.id in found
    assert {one for one, stand in stands.items() if stand.needs_attention} <= found
    assert not {one for one in found if stands[one].word.standing in {"scheduled", "unseen"}}


def test_only_delivery_that_is_not_read_to_its_end_is_asked_for(years: Ledger) -> None:
    """A delivery that is final is never looked at again, however many there are."""
    unread = list(years.deliveries.unread())
    assert 15 < len(unread) <= 20
    assert unread == ids(years.entries.select(statuses={Status.SENT}))[-len(unread) :]
    years.deliveries.record(unread[0], 1, [DeliveryCount(1, "Pending", 3)], final=False, now=NOW)
    years.deliveries.record(unread[1], 1, [DeliveryCount(2, "Delivered", 3)], final=True, now=NOW)
    assert list(years.deliveries.unread()) == [unread[0], *unread[2:]]


def test_the_list_of_batches_counts_every_row(years: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row of a batch is of one kind."""
    for batch, kinds in years.batches.standings():
        lines = years.batches.rows(batch.id)
        known = {entry.id: entry for entry in years.entries.select(ids=[line.entry for line in lines if line.entry])}
        by_hand = Counter(
            (line.what, known[line.entry or 0].status.value, is_left_out(known[line.entry or 0])) for line in lines
        )
        assert kinds == by_hand
        assert sum(kinds.values()) == batch.rows
    every = list(years.batches.standings())
    assert len(every) > 10
    monkeypatch.setattr(batches, "_WINDOW", 4)
    assert list(years.batches.standings()) == every
    for last in (1, 4, 7, len(every), len(every) + 1):
        assert list(years.batches.standings(last)) == every[-last:]


def test_a_long_ledger_is_looked_at_in_part(years: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is open is checked whatever the length of the past, and it is said that it was not all."""
    late = NOW + timedelta(days=8)
    assert years.upkeep.examine(late) == ((), True)
    monkeypatch.setattr("batch.adapters.ledger.upkeep.LOOKED_THROUGH", 100)
    assert years.upkeep.examine(late) == ((), False)
    with years._transactions.write() as connection:
        connection.exec_driver_sql(f"UPDATE entries SET provider_id = '' WHERE id = {SIZE}")
    assert years.upkeep.examine(late) == ((f"entry {SIZE} is accepted without an Id",), False)


QUESTIONS: dict[str, Callable[[Ledger], object]] = {
    "tags": lambda ledger: ledger.known.tags({"abcdef"}),
    "Ids": lambda ledger: ledger.known.provider_ids(["1000005"]),
    "sentinels": lambda ledger: ledger.known.sentinels(NOW),
    "spans": lambda ledger: ledger.known.spans(NOW),
    "observed": lambda ledger: ledger.known.observed(NOW),
    "unobserved": lambda ledger: ledger.known.unobserved(NOW),
    "planned tags": lambda ledger: ledger.known.planned_tags(),
    "known rows": lambda ledger: ledger.known.matching({"a"}, {"b"}, NOW),
    "due": lambda ledger: list(ledger.entries.select(due_from=NOW, due_until=NOW + timedelta(days=7))),
    "by status": lambda ledger: list(ledger.entries.select(statuses={Status.HELD}, due_until=NOW)),
    "without a time": lambda ledger: list(ledger.entries.select(statuses={Status.INVALID}, timeless=True)),
    "of a batch": lambda ledger: list(ledger.entries.select(batch=3)),
    "planned": lambda ledger: ledger.entries.planned(),
    "to cancel": lambda ledger: ledger.entries.cancellations(),
    "tests": lambda ledger: ledger.entries.tests(),
    "twins": lambda ledger: ledger.entries.twins(3),
    "posted": lambda ledger: list(ledger.entries.posted(due_from=NOW)),
    "nearest": lambda ledger: ledger.entries.nearest(NOW, 10, due_from=NOW - timedelta(weeks=8)),
    "nearest looks": lambda ledger: ledger.entries.nearest(
        NOW, 10, due_from=NOW - timedelta(weeks=8), statuses={Status.INVALID}, uncounted=True
    ),
    "newest turned down": lambda ledger: ledger.entries.turned_down(10, since=NOW - timedelta(weeks=8)),
    "due lately": lambda ledger: ledger.entries.count(due_from=NOW - timedelta(weeks=8)),
    "trend": lambda ledger: ledger.weeks.plainly_sent([NOW - timedelta(weeks=1), NOW]),
    "looked at": lambda ledger: list(ledger.entries.select(due_from=NOW - timedelta(days=7), uncounted=True)),
    "turned down": lambda ledger: list(ledger.entries.select(statuses={Status.INVALID}, changed_since=NOW)),
    "delivery": lambda ledger: list(ledger.deliveries.unread()),
    "orphans": lambda ledger: ledger.attempts.doubt_orphans(NOW, "dana"),
}


def test_no_question_of_a_run_reads_the_whole_ledger(years: Ledger) -> None:
    """The database finds the entries of each question by an index."""
    on_server = years.path is None
    questions = QUESTIONS | (
        {"words": lambda ledger: list(ledger.entries.select(words="offer 1099"))} if on_server else {}
    )
    for name, ask in questions.items():
        for statement, values in _asked(years, ask):
            with years._transactions.read() as connection:
                if on_server:  # of so few entries it would read them all
                    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
                explain = "EXPLAIN" if on_server else "EXPLAIN QUERY PLAN"
                plan = connection.exec_driver_sql(f"{explain} {statement}", values).all()
            lines = [str(row[0 if on_server else 3]) for row in plan]
            assert not [line for line in lines if WHOLE.search(line)], (name, statement, lines)
            assert "delivery_read" not in statement or any("entries_not_read" in line for line in lines), lines


def test_what_is_forgotten_or_archived_is_found_by_indexes(years: Ledger) -> None:
    """Piece by piece of a past of millions: none of them may read a table from its begin to its end."""
    piece = [5, 6, 7]

    def ask(ledger: Ledger) -> None:
        with ledger._transactions.write() as connection:
            for column in archives._OF_AN_ENTRY:
                assert find_same(connection, connection, column, piece) == {*piece}
            assert forget_entries(connection, piece, why="privacy", who="dana", now=NOW) == len(piece)
            forget_batches(connection, NOW)

    for statement, values in _asked(years, ask):
        with years._transactions.read() as connection:
            if years.path is None:
                connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            explain = "EXPLAIN" if years.path is None else "EXPLAIN QUERY PLAN"
            plan = connection.exec_driver_sql(f"{explain} {statement}", values).all()
        lines = [str(row[0 if years.path is None else 3]) for row in plan]
        assert not [line for line in lines if SCANNED.search(line)], (statement, lines)


SCANNED = re.compile(r"Seq Scan on (?!batches)|^SCAN (?!batches|anon_1|CONSTANT ROW)")
"""Batches are gone through: there is one for hundreds of entries."""

WHOLE = re.compile(
    r"Seq Scan on (entries|history|attempts)|^SCAN (entries|history|attempts|e)$"
    r"|^SEARCH entries USING INTEGER PRIMARY KEY .rowid>"
)


def _asked(ledger: Ledger, ask: Callable[[Ledger], object]) -> list[tuple[str, Any]]:
    """Collect the statements of one question."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            seen.append((statement, values))

    engine = ledger._transactions.engine
    event.listen(engine, "before_cursor_execute", note)
    ask(ledger)
    event.remove(engine, "before_cursor_execute", note)
    return seen
