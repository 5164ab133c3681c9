"""What only a ledger on PostgreSQL can get wrong: its locks, lost connections, NUL, words, an empty database."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from ledger_support import NOW, ROOT, accept, claim, decide, finish, plan, plan_one
from postgres_support import cluster
from torture_support import wait_until

from batch.adapters.ledger import Ledger, open_ledger, postgres
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
        (
            lambda url: url.replace("@/ledger", "@/nothere"),
            '^the ledger "nothere[^"]*" does not exist: create the data',
        ),
        (lambda url: url.replace("host=", "host=/nowhere"), "cannot be reached .*: check that .* host and port"),
        (lambda url: url.replace("postgres@/", "stranger:geheim@/"), "refuses this user or password: check the user"),
        (lambda _: "postgresql+psycopg://ana:geheim@nowhere.invalid/x", "on nowhere.invalid cannot be reached"),
        (lambda _: "postgresql+psycopg://ana:geheim@127.0.0.1:1/", "in the user's own database on 127.0.0.1 cannot be"),
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


STOPPED = """
import sys
from datetime import datetime
from batch.adapters.ledger import open_ledger, postgres
from batch.model.errors import LedgerTakenOverError
sys.path.insert(0, sys.argv[1])
from ledger_support import NOW, claim
postgres.LEASE = 2.0
with open_ledger(sys.argv[2], now=NOW) as ledger, ledger.lock.hold("ana", NOW):
    if sys.argv[3] == "in a transaction":
        with ledger._transactions.write():
            print("held", flush=True)
            sys.stdin.readline()
    else:
        print("held", flush=True)
        sys.stdin.readline()
    try:
        claim(ledger, 1)
    except LedgerTakenOverError:
        print("taken over")
    else:
        print("still ours")
"""


@pytest.fixture
def stopped(url: str, ledger: Ledger, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """Start another process that holds the ledger, and stop it."""
    plan_one(ledger)
    words = [sys.executable, "-c", STOPPED, str(ROOT / "tests"), url, request.param]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        process.send_signal(signal.SIGSTOP)
        yield process
        process.kill()


@pytest.mark.parametrize("stopped", ["", "in a transaction"], indirect=True)
def test_who_is_stopped_for_a_lease_is_overtaken_and_claims_nothing_more(
    stopped: subprocess.Popen[str], ledger: Ledger
) -> None:
    """Its connection stays, and so does its lock, but it renews nothing; continued, its first word is refused."""
    assert wait_until(lambda: is_free(ledger), 20)
    with ledger.lock.hold("bo", LATER):
        stopped.send_signal(signal.SIGCONT)
        said, _ = stopped.communicate("go on\n")
    assert "still ours" not in said
    assert ledger.entries.get(1).status is Status.PLANNED


@pytest.mark.parametrize("stopped", [""], indirect=True)
def test_who_overtook_is_busy_itself_until_it_is_done(stopped: subprocess.Popen[str], ledger: Ledger, url: str) -> None:
    """The stopped one still has the database's lock; the turn alone says whose the ledger is."""
    assert wait_until(lambda: is_free(ledger), 20)
    with open_ledger(url, now=NOW) as third:
        with (
            ledger.lock.hold("bo", LATER),
            pytest.raises(LedgerBusyError, match=r"bo on"),
            third.lock.hold("cy", LATER),
        ):
            pass
        with third.lock.hold("cy", LATER):
            pass


def is_free(ledger: Ledger) -> bool:
    """Whether somebody may submit."""
    try:
        with ledger.lock.hold("bo", LATER):
            return True
    except LedgerBusyError as busy:
        assert "ana on" in str(busy)  # noqa: PT017
        return False


def test_who_waits_for_long_renews_its_turn(ledger: Ledger, other: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long rest between two rows is no stop: nobody overtakes."""
    monkeypatch.setattr(postgres, "LEASE", 1.0)
    with ledger.lock.hold("ana", NOW):
        assert not wait_until(lambda: is_free(other), 2.5)


def test_a_silence_is_kept_by_the_clock_that_all_machines_share(
    ledger: Ledger, other: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine whose clock is a minute behind neither waits a minute longer nor asks too early."""
    until, ours = time.time() + 30, time.time
    ledger.journal.set_silent_until(until)
    monkeypatch.setattr("batch.adapters.ledger.journal.time.time", lambda: ours() - 60)
    assert other.journal.silent_until() == pytest.approx(until - 60, abs=5)
    other.journal.set_silent_until(until - 60 + 100)
    monkeypatch.undo()
    assert ledger.journal.silent_until() == pytest.approx(until + 100, abs=5)
