"""Two connections to one PostgreSQL, interleaved at the worst moment: what decides sees what was decided before it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from ledger_support import NOW, claim, decide, finish, plan, plan_one
from postgres_support import cluster
from sqlalchemy import func, select
from torture_support import wait_until

from batch.adapters.ledger import Ledger
from batch.adapters.ledger.tables import entries
from batch.model import Listed, Status, StatusChange

Act = Callable[[Ledger, int], Any]


def waits(ledger: Ledger) -> bool:
    """Say whether somebody waits for the writer before it."""
    asked = "SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE NOT l.granted AND d.datname = "
    name = ledger._transactions.engine.url.database
    return bool(cluster().query(f"{asked}'{name}'"))


def interleave(first: Ledger, act: Act, second: Ledger, react: Act, entry: int) -> tuple[Any, Any]:
    """Let the first act and hold its transaction open until the second, which began in between, waits for it."""
    begin = first._transactions.write
    with ThreadPoolExecutor(1) as pool, begin() as connection:
        first._transactions.write = lambda: _Joined(connection)  # type: ignore[assignment,method-assign,return-value]
        try:
            done = act(first, entry)
        finally:
            first._transactions.write = begin  # type: ignore[method-assign]
        reacting = pool.submit(react, second, entry)
        assert wait_until(lambda: waits(first))
        connection.commit()
        return done, reacting.result(20)


class _Joined:
    """A transaction that ends with the one around it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __enter__(self) -> Any:
        return self._connection

    def __exit__(self, *error: object) -> None:
        pass


def cancel(ledger: Ledger, entry: int) -> bool:
    return ledger.changes.request_cancel(entry, "sold out", "bo", NOW)


def pause(ledger: Ledger, _entry: int) -> bool:
    return ledger.pauses.add("stop", "bo", NOW)


def drop(ledger: Ledger, entry: int) -> bool:
    expected = (Status.PLANNED,)
    gone = StatusChange(entry, Status.CANCELLED, expected=expected, why="not wanted", who="bo", now=NOW)
    return ledger.changes.make(gone)


def mail(ledger: Ledger, _entry: int) -> bool:
    return ledger.outbox.add(["bo@example.com"], "Report", b"bytes", "report", "week 9", NOW)


@pytest.mark.parametrize("act", [claim, cancel, pause, drop])
def test_a_claim_sees_what_was_decided_while_it_waited(ours: Ledger, theirs: Ledger, act: Act) -> None:
    entry = plan_one(ours)
    done, claimed = interleave(ours, act, theirs, claim, entry)
    assert done
    assert claimed is None
    assert len(ours.attempts.of(entry)) == (act is claim)


def test_a_claim_sees_its_twin_under_way(ours: Ledger, theirs: Ledger) -> None:
    """The same content under two keys is sent once."""
    first, second = plan(ours, decide(2), decide(3)).values()
    with ours._transactions.write() as connection:
        same = select(entries.c.fingerprint).where(entries.c.id == first).scalar_subquery()
        connection.execute(entries.update().where(entries.c.id == second).values(fingerprint=same))
    done, claimed = interleave(ours, claim, theirs, lambda ledger, _: claim(ledger, second), first)
    assert (done, claimed) == (1, None)


@pytest.mark.parametrize("act", [pause, drop, mail])
def test_of_two_who_decide_the_same_one_does(ours: Ledger, theirs: Ledger, act: Act) -> None:
    assert interleave(ours, act, theirs, act, plan_one(ours)) == (True, False)


def test_a_cancellation_that_comes_during_a_claim_is_kept(ours: Ledger, theirs: Ledger) -> None:
    entry = plan_one(ours)
    assert interleave(ours, claim, theirs, cancel, entry) == (1, True)
    found = ours.entries.get(entry)
    assert (found.status, found.cancel_why) == (Status.SUBMITTING, "sold out")


def test_a_reader_sees_one_moment_whoever_writes_meanwhile(ours: Ledger, theirs: Ledger) -> None:
    """Totals and rows of one report are two questions, and tie."""
    plan_one(ours)
    counting = select(func.count()).select_from(entries)
    with ours._transactions.read() as connection:
        assert connection.execute(counting).scalar() == 1
        plan_one(theirs, 3)
        assert connection.execute(counting).scalar() == 1
    with ours._transactions.read() as connection:
        assert connection.execute(counting).scalar() == 2


def test_two_mailers_hand_one_mail_over_once(ours: Ledger, theirs: Ledger) -> None:
    """The second one, whose lock is worth nothing after a cut connection, leaves it alone for a while."""
    ours.outbox.add(["bo@example.com"], "Report", b"bytes", "report", "week 9", NOW)
    mine, other = ours.outbox.due(NOW)[0], theirs.outbox.due(NOW)[0]
    later = NOW + timedelta(minutes=5)
    taken = interleave(
        ours, lambda one, _: one.outbox.take(mine, later), theirs, lambda one, _: one.outbox.take(other, later), 0
    )
    assert taken == (True, False)
    assert theirs.outbox.due(NOW) == ()
    assert [mail.id for mail in theirs.outbox.due(later)] == [mine.id]


def outcome(ledger: Ledger, entry: int) -> bool:
    return finish(ledger, entry, 1)


def arrived(ledger: Ledger, entry: int) -> bool:
    return _decide(ledger, entry, Status.ACCEPTED)


def not_sent(ledger: Ledger, entry: int) -> bool:
    return _decide(ledger, entry, Status.PLANNED)


def _decide(ledger: Ledger, entry: int, to: Status) -> bool:
    expected = (Status.SUBMITTING, Status.IN_DOUBT)
    listed = Listed("77") if to is Status.ACCEPTED else None
    seen = StatusChange(entry, to, expected=expected, why="looked", who="bo", now=NOW, listed=listed)
    return ledger.changes.make(seen)


def orphan(ledger: Ledger, _entry: int) -> tuple[int, ...]:
    return ledger.attempts.doubt_orphans(NOW, "bo")


@pytest.mark.parametrize("act", [outcome, arrived, not_sent])
@pytest.mark.parametrize("react", [outcome, arrived, not_sent])
def test_of_two_who_end_an_attempt_one_is_told_no(ours: Ledger, theirs: Ledger, act: Act, react: Act) -> None:
    """A late answer and what a person saw meanwhile, whichever comes first: it stands, and is one line of history."""
    entry = plan_one(ours)
    claim(ours, entry)
    assert interleave(ours, act, theirs, react, entry) == (True, False)
    assert len(ours.changes.of(entry)) == 3
    assert ours.upkeep.verify(NOW) == ()


def test_a_late_answer_never_takes_a_doubt_back(ours: Ledger, theirs: Ledger) -> None:
    entry = plan_one(ours)
    claim(ours, entry)
    assert interleave(ours, orphan, theirs, outcome, entry) == ((entry,), False)
    assert ours.entries.get(entry).status is Status.IN_DOUBT
