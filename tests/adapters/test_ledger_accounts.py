"""Several accounts in one ledger: each has its own books, locks and pauses, on both kinds of database."""

from __future__ import annotations

from pathlib import Path

import pytest
from ledger_support import NOW, plan_one
from postgres_support import cluster

from batch.adapters.ledger import open_ledger
from batch.adapters.queue import Queue
from batch.core.ledger_urls import account_url
from batch.model.errors import BatchError, LedgerBusyError, LedgerError, UsageError


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


@pytest.mark.parametrize(
    "name", ["Dallas", 'dal"las', "50%", "%s", "", "x y", "a" * 41, "dallas&account_schema=austin"]
)
def test_what_is_no_name_of_an_account_is_refused_before_any_database_is_asked(name: str) -> None:
    """PostgreSQL cuts long names, an empty one would be the ledger of the top, and of two each reader takes another."""
    with pytest.raises(UsageError, match=r'must name one account .*"account_schema=": leave .* out, and name .*--acc'):
        open_ledger(account_url("postgresql://ana:geheim@nowhere.invalid/x", name), now=NOW)


def as_administrator(url: str, sql: str) -> None:
    """Change a database of a guest; `{guest}` stands for who that is."""
    cluster().query(sql.format(guest=url.split("/")[2].rstrip("@")), url)


def test_who_may_make_no_schema_uses_those_that_were_made_for_him(url_of_a_guest: str) -> None:
    """PostgreSQL asks for the right to make one even where it is there already; the queue's, too."""
    dallas = account_url(url_of_a_guest, "dallas")
    with pytest.raises(LedgerError, match="permission denied for database"):
        open_ledger(dallas, now=NOW)
    for schema in ("account_dallas", "campaign_queue"):
        as_administrator(url_of_a_guest, f'CREATE SCHEMA {schema} AUTHORIZATION "{{guest}}"')
    with open_ledger(dallas, now=NOW) as ledger:
        plan_one(ledger)
    queue = Queue(url_of_a_guest)
    queue.prepare()
    assert queue.give([("submit", "dallas")]) == 1


@pytest.mark.parametrize("how", [{}, {"create": False}, {"look": True}], ids=str)
def test_a_schema_that_the_user_may_not_use_is_never_taken_for_an_empty_one(url_of_a_guest: str, how: dict) -> None:
    """A dry run would show every row as new."""
    as_administrator(url_of_a_guest, "CREATE SCHEMA account_dallas")
    with pytest.raises(LedgerError, match=r'account "dallas" has no schema .*\(schema "account_dallas"\): ask .*GRANT'):
        open_ledger(account_url(url_of_a_guest, "dallas"), now=NOW, **how)


@pytest.mark.parametrize("how", [{}, {"create": False}, {"look": True}], ids=str)
def test_a_user_whose_search_path_leads_nowhere_is_told(url_of_a_guest: str, how: dict) -> None:
    """An account's ledger needs none."""
    as_administrator(url_of_a_guest, "ALTER ROLE \"{guest}\" SET search_path = ''")
    with pytest.raises(LedgerError, match=r"has no schema .*\(its search_path names none\): ask .* set search_path"):
        open_ledger(url_of_a_guest, now=NOW, **how)
    as_administrator(url_of_a_guest, 'CREATE SCHEMA account_dallas AUTHORIZATION "{guest}"')
    with open_ledger(account_url(url_of_a_guest, "dallas"), now=NOW) as ledger:
        plan_one(ledger)


@pytest.mark.parametrize("path", ["account_dallas", "public, account_dallas", '"$user", public, account_dallas'])
def test_a_search_path_of_the_users_own_leads_nobody_into_an_account(url: str, path: str) -> None:
    """Its rows would be taken for those of the top, under another lock; the account's own ledger goes on."""
    cluster().query(f"ALTER DATABASE {url.partition('@/')[2].partition('?')[0]} SET search_path = {path}")
    with open_ledger(account_url(url, "dallas"), now=NOW) as dallas:
        with pytest.raises(BatchError, match=r"leads the ledger .* into .* account_dallas: take that schema out"):
            open_ledger(url, now=NOW)
        plan_one(dallas)


def test_a_ledger_that_is_not_there_is_named_with_its_account(url: str) -> None:
    """There are others in the same database."""
    with pytest.raises(BatchError, match=r'^there is no ledger "ledger_.*" of account "dallas": correct'):
        open_ledger(account_url(url, "dallas"), now=NOW, create=False)
