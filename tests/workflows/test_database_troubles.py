"""A database that fails in the middle of a run ends it with words, nothing goes after it, and the next run goes on."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from postgres_support import cluster, cut_off
from torture_support import Bench, assert_exactly_once, bench, wait_until

from batch.model.errors import BatchError, LedgerError
from batch.workflows import post
from batch.workflows.events import Progress

pytestmark = pytest.mark.proof
ROWS = 6


class Trouble(NamedTuple):
    """What an administrator or a machine does to a database, how it is undone, and what people are told."""

    words: str
    strike: str
    heal: str
    within: bool = False
    """Whether it is said in the database itself."""


FULL = "BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END"
TROUBLES = {
    "full": Trouble(
        r"the disk of the ledger .* is full: free some space there",
        f"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ {FULL} $$; "
        "CREATE TRIGGER full_disk BEFORE INSERT ON history EXECUTE FUNCTION full_disk()",
        "DROP FUNCTION full_disk() CASCADE",
        within=True,
    ),
    "read-only": Trouble(
        "is read-only: use the primary server",
        'ALTER DATABASE "{}" SET default_transaction_read_only = on',
        'ALTER DATABASE "{}" RESET default_transaction_read_only',
    ),
    "gone": Trouble(
        r"takes no connections \(.*\): ask the database's administrator",
        'ALTER DATABASE "{}" ALLOW_CONNECTIONS false',
        'ALTER DATABASE "{}" ALLOW_CONNECTIONS true',
    ),
}


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Give a team with a ledger on PostgreSQL, and no patience with one that fails."""
    monkeypatch.setattr(post, "_PATIENCE", 0.0)
    with bench(latency=0.05) as desk:
        desk.set(ledger__url=cluster().make_database())
        yield desk


class Listener(list[object]):
    """Stands where a person would watch, and does something once when so many rows are through."""

    def __init__(self, rows: int, act: Callable[[], object]) -> None:
        self._rows, self._act = rows, act

    def append(self, told: object) -> None:
        if isinstance(told, Progress) and told.done == self._rows:
            self._rows = -1
            self._act()


def say(desk: Bench, statement: str, *, within: bool) -> None:
    url = desk.settings.ledger.url
    name = url.partition("@/")[2].partition("?")[0]
    cluster().query(statement.format(name), url if within else "postgres")
    if not within:
        cut_off(url)


def trouble_of(desk: Bench) -> BatchError | None:
    """Submit, and say what ended the run."""
    try:
        return desk.submit(desk.sheet(ROWS)).trouble
    except BatchError as trouble:
        return trouble


@pytest.mark.parametrize("name", TROUBLES)
def test_between_two_rows_nothing_goes_but_what_has_its_intent_on_disk(desk: Bench, name: str) -> None:
    """The fourth row's was written with the outcome of the third; each request has its attempt, the rest goes later."""
    trouble = TROUBLES[name]
    desk.told = Listener(3, lambda: say(desk, trouble.strike, within=trouble.within))
    found = trouble_of(desk)
    assert isinstance(found, LedgerError)
    assert re.search(trouble.words, str(found)), str(found)
    assert len(desk.sandbox.posts) == 4
    say(desk, trouble.heal, within=trouble.within)
    desk.told = []
    assert [len(desk.attempts(f"R-{number}")) for number in range(5)] == [1, 1, 1, 1, 0]
    assert trouble_of(desk) is None
    assert_exactly_once(desk.sandbox, desk.entries(), ROWS)


def test_under_a_request_it_becomes_a_doubt_that_the_lists_settle(desk: Bench) -> None:
    """What came of it cannot be written down: the next run looks, and sends nothing twice."""
    trouble = TROUBLES["gone"]
    striker = threading.Thread(target=_strike_under_way, args=(desk, trouble))
    striker.start()
    found = trouble_of(desk)
    striker.join()
    assert isinstance(found, LedgerError), found
    sent = len(desk.sandbox.posts)
    assert sent < ROWS
    say(desk, trouble.heal, within=trouble.within)
    assert trouble_of(desk) is None
    assert_exactly_once(desk.sandbox, desk.entries(), ROWS)
    assert desk.problems() == ()


def _strike_under_way(desk: Bench, trouble: Trouble) -> None:
    assert wait_until(lambda: len(desk.sandbox.posts) >= 3)
    say(desk, trouble.strike, within=trouble.within)


def test_a_restart_of_the_server_costs_a_run_its_connections_alone(desk: Bench) -> None:
    """The next row opens another one."""
    desk.told = Listener(3, cluster().restart)
    assert trouble_of(desk) is None
    assert_exactly_once(desk.sandbox, desk.entries(), ROWS)
