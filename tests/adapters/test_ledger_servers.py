"""The ledgers of many accounts share a process's connections to their database, and nothing else."""

from __future__ import annotations

import time
from contextlib import ExitStack
from threading import Thread

from ledger_support import NOW, migrate, plan_one
from postgres_support import cluster

from batch.adapters.ledger import Ledger, keep_connections, open_ledger
from batch.core.ledger_urls import account_url

ACCOUNTS = [f"store{number}" for number in range(12)]


def connections(url: str) -> int:
    """Count the connections to a database."""
    rows = cluster().query("SELECT datname FROM pg_stat_activity WHERE datname IS NOT NULL")
    return sum(f"/{row[0]}?" in url for row in rows)


def all_end(url: str, but: int = 0) -> bool:
    """Say whether no connection is left but so many, once the server's processes had the time to end."""
    deadline = time.monotonic() + 10
    while connections(url) > but and time.monotonic() < deadline:
        time.sleep(0.02)
    return connections(url) == but


def test_the_ledgers_of_many_accounts_hold_no_more_connections_than_one(url: str) -> None:
    """Each sees its own rows, whoever had the connection before it."""
    with ExitStack() as stack:
        ledgers = [stack.enter_context(open_ledger(account_url(url, name), now=NOW)) for name in ACCOUNTS]
        for ledger in ledgers[::2]:
            plan_one(ledger)
        assert [len(ledger.entries.planned()) for ledger in ledgers] == [1, 0] * (len(ACCOUNTS) // 2)
        assert connections(url) == 1
    assert all_end(url)


def test_threads_that_work_for_several_accounts_at_once_see_their_own(url: str) -> None:
    """Also where a connection goes from hand to hand in the middle of it."""
    wrong: list[str] = []

    def work(name: str) -> None:
        with open_ledger(account_url(url, name), now=NOW) as ledger:
            for number in range(15):
                ledger.pauses.add(name, str(number), NOW)
                found = ledger.pauses.first()
                if found is None or (found.why, found.who) != (name, str(number)):
                    wrong.append(f"{name}: {found}")
                ledger.pauses.lift(name, NOW)

    threads = [Thread(target=work, args=(name,)) for name in ACCOUNTS[:6]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_ledger_that_is_closed_leaves_the_others_theirs(url: str) -> None:
    """Closed twice, too; what is kept open is there for the next one."""

    def count(ledger: Ledger) -> int:
        return len(ledger.entries.planned())

    with keep_connections(url):
        first, second = (open_ledger(account_url(url, name), now=NOW) for name in ("dallas", "austin"))
        first.close()
        first.close()
        assert count(second) == 0
        second.close()
        assert connections(url) == 1
        with open_ledger(account_url(url, "dallas"), now=NOW) as again:
            plan_one(again)
            assert (count(again), count(first), count(second)) == (1, 1, 0)
        assert connections(url) == 1
    assert all_end(url)


def test_connections_that_the_server_ended_are_made_anew(url: str) -> None:
    """Kept ones are looked at before they are used."""
    with keep_connections(url), open_ledger(account_url(url, "dallas"), now=NOW) as ledger:
        cluster().query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname <> 'postgres'")
        plan_one(ledger)
        assert len(ledger.entries.planned()) == 1


def test_a_closed_ledger_that_was_used_again_is_closed_again(url: str) -> None:
    """Its connection does not stay; where others use the database meanwhile, theirs do."""
    ledger = open_ledger(account_url(url, "dallas"), now=NOW)
    ledger.close()
    assert ledger.entries.planned() == ()
    with open_ledger(account_url(url, "austin"), now=NOW) as other:
        ledger.close()
        assert other.entries.planned() == ()
        assert all_end(url, but=1)
    assert all_end(url)


def test_accounts_of_different_age_share_connections(url: str) -> None:
    """A statement that the server prepared for one is asked for the other, whose columns an older version made."""
    cluster().query("CREATE SCHEMA account_old", url)
    migrate(f"{url}&options=-csearch_path%3Daccount_old", "0001")
    with keep_connections(url):
        for number in range(2, 14):
            for name in ("old", "new"):
                with open_ledger(account_url(url, name), now=NOW) as ledger:
                    plan_one(ledger, number)
                    assert len(ledger.entries.planned()) == number - 1
        assert connections(url) == 1
