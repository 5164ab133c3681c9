"""Several accounts in one ledger: each has its own books, locks and pauses, on both kinds of database."""

from __future__ import annotations

from pathlib import Path

import pytest
from ledger_support import NOW, plan_one
from postgres_support import cluster

from batch.adapters.ledger import open_ledger
from batch.core.ledger_urls import account_url
from batch.model.errors import LedgerBusyError, UsageError


def test_each_account_has_its_own_books_locks_and_pause(database: str) -> None:
    """What one account plans, holds or pauses is not seen in another, nor in the ledger of the top."""
    urls = [database, account_url(database, "dallas"), account_url(database, "new-york_2")]
    for url in urls:
        with open_ledger(url, now=NOW) as ledger:
            assert ledger.entries.planned() == ()
            plan_one(ledger)
    with open_ledger(urls[0], now=NOW) as main, open_ledger(urls[1], now=NOW) as dallas:
        with main.lock.hold("ana", NOW), dallas.lock.hold("ana", NOW), dallas.lock.hold_mail() as ours:
            assert ours
            with pytest.raises(LedgerBusyError), open_ledger(urls[1], now=NOW) as again, again.lock.hold("bo", NOW):
                pass
        dallas.pauses.add("wait", "ana", NOW)
        assert (main.pauses.first(), dallas.pauses.first() is None) == (None, False)
        assert [len(one.entries.planned()) for one in (main, dallas)] == [1, 1]
        assert main.upkeep.verify(NOW) == dallas.upkeep.verify(NOW) == ()


def test_an_account_of_a_file_has_a_file_beside_it(tmp_path: Path) -> None:
    """Its name is the ledger's with the account's in it; options behind a question mark stay."""
    url = f"sqlite:///{tmp_path.as_posix()}/ledger.sqlite3"
    assert account_url(url, "dallas") == f"sqlite:///{tmp_path.as_posix()}/ledger.dallas.sqlite3"
    assert account_url(f"{url}?timeout=3", "dallas").endswith("/ledger.dallas.sqlite3?timeout=3")


def test_an_account_of_a_database_has_a_schema_in_it(url: str) -> None:
    """The public one, which the account of the top has, stays empty."""
    with open_ledger(account_url(url, "dallas"), now=NOW) as ledger:
        plan_one(ledger)
    found = cluster().query("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename = 'entries'", url)
    assert found == [("account_dallas",)]


@pytest.mark.parametrize("name", ["Dallas", 'dal"las', "50%", "%s", "", "x y", "a" * 41, "dallas&account_schema=austin"])
def test_what_is_no_name_of_an_account_is_refused_before_any_database_is_asked(name: str) -> None:
    """PostgreSQL cuts long names, an empty one would be the ledger of the top, and of two each reader takes another."""
    with pytest.raises(UsageError, match=r'must name one account .*"account_schema=": leave .* out, and name .*--acc'):
        open_ledger(account_url("postgresql://ana:geheim@nowhere.invalid/x", name), now=NOW)
