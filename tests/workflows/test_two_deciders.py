"""Two machines decide on the same rows at once: one decision stands, and the other machine is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from ledger_support import IN_DOUBT, OK, claim
from postgres_support import cluster, cut_off
from torture_support import Bench, bench

from batch.model import Status
from batch.model.errors import BatchError, LedgerBusyError, LedgerTakenOverError
from batch.workflows.approve import approve_batch, reject_batch
from batch.workflows.context import World
from batch.workflows.resolve import resolve_entry

pytestmark = pytest.mark.proof
Act = Callable[[Bench, World, int], object]


@pytest.fixture
def desk() -> Iterator[Bench]:
    """Give a team whose ledger two machines share."""
    with bench() as desk:
        desk.set(ledger__url=cluster().make_database(), approval__required="true")
        yield desk


def approve(desk: Bench, world: World, batch: int) -> object:
    return approve_batch(desk.settings, world, batch, frozenset())


def reject(desk: Bench, world: World, batch: int) -> object:
    return reject_batch(desk.settings, world, batch, "no")


def arrived(desk: Bench, world: World, entry: int) -> object:
    return resolve_entry(desk.settings, world, entry, "accepted", "seen", provider_id=str(70 + entry))


def not_sent(desk: Bench, world: World, entry: int) -> object:
    return resolve_entry(desk.settings, world, entry, "not-sent", "not seen")


def both(desk: Bench, first: Act, second: Act, number: int, *, cut: bool) -> list[type[BatchError] | None]:
    """Let the second decide as soon as the first holds the ledger; give what each of them was told."""
    told: list[type[BatchError] | None] = []

    def now() -> datetime:
        if not told and is_held(desk):
            if cut:
                cut_off(desk.settings.ledger.url)
            told.append(None)
            told[0] = decide(desk, second, number, replace(desk.world, who="cy"))
        return desk.clock.now()

    return [decide(desk, first, number, replace(desk.world, who="bo", now=now)), *told]


def is_held(desk: Bench) -> bool:
    """Say whether a machine has the submitter's lock: while it looks at the clock it has no other."""
    mine = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    asked = f"SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND {mine}"
    return bool(cluster().query(asked, desk.settings.ledger.url))


def decide(desk: Bench, act: Act, number: int, world: World) -> type[BatchError] | None:
    try:
        act(desk, world, number)
    except BatchError as trouble:
        return type(trouble)
    return None


@pytest.mark.parametrize(("first", "second"), [(approve, reject), (reject, approve)])
def test_a_yes_and_a_no_at_once(desk: Bench, first: Act, second: Act) -> None:
    """The first one stands; the no of one that was overtaken lets nothing go, and its yes does not either."""
    desk.submit(desk.sheet(2))
    desk.submit(desk.sheet([desk.row(5), desk.row(6)], "other.csv"))
    assert both(desk, first, second, 1, cut=False) == [None, LedgerBusyError]
    assert both(desk, first, second, 2, cut=True) == [LedgerTakenOverError, None]
    with desk.ledger() as ledger:
        found = [(batch.state, batch.approved_by) for batch in ledger.batches.all()]
    said = {approve: ("done", "bo" if first is approve else "cy"), reject: ("rejected", "")}
    assert found == [said[first], said[second]]  # type: ignore[index]
    assert len(desk.sandbox.posts) == 2
    assert desk.problems() == ()


@pytest.mark.parametrize(("first", "second"), [(arrived, not_sent), (not_sent, arrived)])
def test_two_answers_to_one_doubt(desk: Bench, first: Act, second: Act) -> None:
    """The first one stands; that of a machine which was overtaken is refused, and the other's stands."""
    desk.set(approval__required="false")
    desk.submit(desk.sheet(2), limit=0)
    with desk.ledger() as ledger:
        for entry in (1, 2):
            assert claim(ledger, entry, desk.clock.now()) == 1
            assert ledger.attempts.record_outcome(entry, 1, IN_DOUBT, OK, now=desk.clock.now(), who="ann")
    assert both(desk, first, second, 1, cut=False) == [None, LedgerBusyError]
    assert both(desk, first, second, 2, cut=True) == [LedgerTakenOverError, None]
    said = {arrived: Status.ACCEPTED, not_sent: Status.PLANNED}
    assert [entry.status for entry in desk.entries()] == [said[first], said[second]]  # type: ignore[index]
    assert desk.problems() == ()
