"""What only a ledger on PostgreSQL can get wrong: its locks, lost connections, NUL, words, an empty database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from ledger_support import NOW, accept, claim, decide, finish, plan, plan_one
from postgres_support import cluster

from batch.adapters.ledger import Ledger, open_ledger
from batch.model import Status
from batch.model.errors import BatchError, LedgerBusyError, LedgerError, LedgerTakenOverError

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def url() -> str:
    return cluster().make_database()


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with open_ledger(url, now=NOW) as opened:
        yield opened


@pytest.fixture
def other(ledger: Ledger, url: str) -> Iterator[Ledger]:
    """Give the same ledger as another machine sees it."""
    with open_ledger(url, now=NOW) as opened:
        yield opened


def cut_off(url: str) -> None:
    """End every connection to the database, as an administrator or a dead network does."""
    name = url.partition("@/")[2].partition("?")[0]
    cluster().query(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


def test_one_machine_submits_and_the_other_is_told_who(ledger: Ledger, other: Ledger) -> None:
    """At once; and when the first is done, the second may."""
    busy = pytest.raises(LedgerBusyError, match=r"ana on .* is submitting")
    with ledger.lock.hold("ana", NOW), busy, other.lock.hold("bo", NOW):
        pass
    with other.lock.hold("bo", NOW):
        pass


def test_the_lock_is_free_when_its_holder_is_done_though_its_ledger_stays_open(ledger: Ledger, other: Ledger) -> None:
    """A watch that keeps its connections locks nobody out."""
    for number in range(2, 18, 2):
        with ledger.lock.hold("ana", NOW):
            plan_one(ledger, number)
        with other.lock.hold("bo", NOW):
            plan_one(other, number + 1)


def test_who_was_cut_off_and_overtaken_claims_nothing_more(ledger: Ledger, other: Ledger, url: str) -> None:
    """Its row on the wire becomes the other's doubt, and it can neither claim nor write an outcome over that."""
    first, second = plan(ledger, decide(2), decide(3)).values()
    with ledger.lock.hold("ana", NOW):
        attempt = claim(ledger, first)
        assert attempt is not None
        cut_off(url)
        with other.lock.hold("bo", LATER):
            assert other.attempts.doubt_orphans(LATER, "bo") == (first,)
            with pytest.raises(LedgerTakenOverError):
                claim(ledger, second)
            with pytest.raises(LedgerTakenOverError):
                finish(ledger, first, attempt)
    assert other.entries.get(first).status is Status.IN_DOUBT
    assert other.entries.get(second).status is Status.PLANNED


def test_who_was_cut_off_and_not_overtaken_goes_on(ledger: Ledger, url: str) -> None:
    """A restart of the server costs a run nothing but its connections."""
    with ledger.lock.hold("ana", NOW):
        entry = plan_one(ledger)
        cut_off(url)
        accept(ledger, entry)
    assert ledger.entries.get(entry).status is Status.ACCEPTED


def test_one_process_sends_mail_at_a_time(ledger: Ledger, other: Ledger) -> None:
    """Two would send the same mail."""
    with ledger.lock.hold_mail() as ours, other.lock.hold_mail() as theirs:
        assert (ours, theirs) == (True, False)
    with other.lock.hold_mail() as theirs:
        assert theirs


def test_a_nul_in_a_cell_is_kept_as_a_broken_character(ledger: Ledger) -> None:
    """PostgreSQL has no place for it; the row is told, the file goes on."""
    entry = plan(ledger, decide(2, text="one\0two"))[2]
    assert ledger.entries.get(entry).message == "one\ufffdtwo"


def test_to_look_makes_no_ledger_of_an_empty_database(url: str) -> None:
    """A dry run leaves nothing behind."""
    with open_ledger(url, now=NOW, look=True) as ledger:
        assert list(ledger.batches.all()) == []
    name = url.partition("@/")[2].partition("?")[0]
    assert cluster().query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", name) == [(0,)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda url: url.replace("@/ledger", "@/nothere"), "does not exist"),
        (lambda url: url.replace("host=", "host=/nowhere"), "cannot be reached"),
        (lambda url: url.replace("postgres@/", "stranger:geheim@/"), "cannot be reached|refuses this user"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_in_words_without_its_password(url: str, change, words: str) -> None:
    """With what to do, and no word of SQLite."""
    with pytest.raises(LedgerError, match=words) as raised:
        open_ledger(change(url), now=NOW)
    assert "geheim" not in str(raised.value)
    assert "SQLite" not in f"{raised.value} {raised.value.remedy}"


def test_a_backup_is_the_databases_own(ledger: Ledger) -> None:
    """It says so, instead of writing none in silence."""
    with pytest.raises(BatchError, match="use the database's own backup"):
        ledger.upkeep.backup(NOW)
