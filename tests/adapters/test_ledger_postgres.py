"""What only a ledger on PostgreSQL can get wrong: its locks, lost connections, NUL, words, an empty database."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from ledger_support import NOW, ROOT, accept, claim, decide, finish, finish_and_claim, open_at, plan, plan_one
from postgres_support import cluster, cut_off
from torture_support import wait_until

from batch.adapters.ledger import Ledger, open_ledger, postgres
from batch.adapters.ledger.purging import note_freed
from batch.adapters.queue import Queue
from batch.model import Status
from batch.model.errors import BatchError, LedgerBusyError, LedgerError, LedgerTakenOverError, UsageError

LATER = NOW + timedelta(minutes=5)


def test_one_machine_submits_and_the_other_is_told_who(ours: Ledger, theirs: Ledger) -> None:
    """At once; and when the first is done, the second may."""
    busy = pytest.raises(LedgerBusyError, match=r"ana on .* is submitting")
    with ours.lock.hold("ana", NOW), busy, theirs.lock.hold("bo", NOW):
        pass
    with theirs.lock.hold("bo", NOW):
        pass


def test_the_lock_is_free_when_its_holder_is_done_though_its_ledger_stays_open(ours: Ledger, theirs: Ledger) -> None:
    """A watch that keeps its connections locks nobody out."""
    for number in range(2, 18, 2):
        with ours.lock.hold("ana", NOW):
            plan_one(ours, number)
        with theirs.lock.hold("bo", NOW):
            plan_one(theirs, number + 1)


def test_who_was_cut_off_and_overtaken_claims_nothing_more(ours: Ledger, theirs: Ledger, url: str) -> None:
    """Its row on the wire becomes the other's doubt, and it can neither claim nor write an outcome over that."""
    first, second = plan(ours, decide(2), decide(3)).values()
    with ours.lock.hold("ana", NOW):
        attempt = claim(ours, first)
        assert attempt is not None
        cut_off(url)
        with theirs.lock.hold("bo", LATER):
            assert theirs.attempts.doubt_orphans(LATER, "bo") == (first,)
            with pytest.raises(LedgerTakenOverError):
                claim(ours, second)
            with pytest.raises(LedgerTakenOverError):
                finish(ours, first, attempt)
            with pytest.raises(LedgerTakenOverError):
                finish_and_claim(ours, first, second)
    assert theirs.entries.get(first).status is Status.IN_DOUBT
    assert theirs.entries.get(second).status is Status.PLANNED


def test_who_was_cut_off_and_not_overtaken_goes_on(ours: Ledger, url: str) -> None:
    """A restart of the server costs a run nothing but its connections."""
    with ours.lock.hold("ana", NOW):
        entry = plan_one(ours)
        cut_off(url)
        accept(ours, entry)
    assert ours.entries.get(entry).status is Status.ACCEPTED


def test_one_process_sends_mail_at_a_time(ours: Ledger, theirs: Ledger) -> None:
    """Two would send the same mail."""
    with ours.lock.hold_mail() as first, theirs.lock.hold_mail() as second:
        assert (first, second) == (True, False)
    with theirs.lock.hold_mail() as second:
        assert second


def test_a_nul_in_a_cell_is_kept_as_a_broken_character(ours: Ledger) -> None:
    """PostgreSQL has no place for it; the row is told, the file goes on."""
    entry = plan(ours, decide(2, text="one\0two"))[2]
    assert ours.entries.get(entry).message == "one\ufffdtwo"


def connections(url: str) -> int:
    """Count those to a database, the one that asks left out."""
    asked = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    return len(cluster().query(asked, url))


def test_to_look_makes_no_ledger_of_an_empty_database(url: str) -> None:
    """A dry run leaves nothing behind, not even a connection."""
    with open_ledger(url, now=NOW, look=True) as ledger:
        assert list(ledger.batches.all()) == []
        assert wait_until(lambda: not connections(url), 5)
    assert cluster().query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", url) == [(0,)]


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


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('REVOKE CONNECT ON DATABASE "{name}" FROM public', r"denies this user .*\(permission denied for database"),
        ('REVOKE ALL ON SCHEMA public FROM "{user}"', r"denies this user .*\(permission denied for schema"),
        ('ALTER ROLE "{user}" CONNECTION LIMIT 0', r"too many connections open \(.*\): end some of them"),
        ('ALTER ROLE "{user}" NOLOGIN', "refuses this user or password"),
        ('ALTER DATABASE "{name}" SET default_transaction_read_only = on', "is read-only: use the primary"),
        (
            'ALTER ROLE "{user}" SET statement_timeout = 1',
            r"stopped what .* \(canceling statement due to",
        ),
    ],
)
def test_what_an_administrator_took_away_is_told_in_words(url_of_a_guest: str, change: str, words: str) -> None:
    """By the ledger and by the queue of the workers alike: neither sends anybody to look for host and port."""
    name, user = url_of_a_guest.partition("@/")[2].partition("?")[0], url_of_a_guest.split("/")[2].rstrip("@")
    cluster().query(f'GRANT CREATE ON DATABASE "{name}" TO "{user}"')
    cluster().query(change.format(name=name, user=user), name)
    with pytest.raises(LedgerError, match=words):
        open_ledger(url_of_a_guest, now=NOW)
    if "SCHEMA public" not in change:  # the queue has a schema of its own
        with pytest.raises(LedgerError, match=f"the queue of the workers.*{words}"):
            Queue(url_of_a_guest).prepare()


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_hold_every_text_is_refused(url: str, encoding: str) -> None:
    """As one is that was made where the system knew no language: an internal error came of it with the first text."""
    name = f"{encoding.lower()}_{url.partition('@/')[2].partition('?')[0]}"
    cluster().query(f"CREATE DATABASE \"{name}\" ENCODING '{encoding}' TEMPLATE template0 LOCALE 'C'")
    narrow, words = url.replace("@/", f"@/{encoding.lower()}_"), f'"{name}" is encoded in {encoding}, which cannot'
    with pytest.raises(LedgerError, match=words) as raised:
        open_ledger(narrow, now=NOW)
    assert "ENCODING 'UTF8'" in str(raised.value)
    with pytest.raises(LedgerError, match=words):
        Queue(narrow).prepare()


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_texts_are_whole_whatever_encoding_the_user_has(url_of_a_guest: str, encoding: str) -> None:
    """As an old program leaves it with ALTER ROLE, or PGCLIENTENCODING: an internal error came of it with a ☕."""
    name, user = url_of_a_guest.partition("@/")[2].partition("?")[0], url_of_a_guest.split("/")[2].rstrip("@")
    cluster().query(f'GRANT CREATE ON DATABASE "{name}" TO "{user}"')
    cluster().query(f"ALTER ROLE \"{user}\" SET client_encoding = '{encoding}'")
    with open_ledger(url_of_a_guest, now=NOW) as ledger:
        ledger.pauses.add("Größe ☕", "ana", NOW)
        found = ledger.pauses.first()
    assert found is not None
    assert found.why == "Größe ☕"
    Queue(url_of_a_guest).prepare()


def test_a_full_disk_leaves_the_row_planned(ours: Ledger, url: str) -> None:
    """Nothing of the intent is kept, and it is the server's disk that is named."""
    entry = plan_one(ours)
    full = "BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END"
    cluster().query(f"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ {full} $$", url)
    cluster().query("CREATE TRIGGER full_disk BEFORE INSERT ON attempts EXECUTE FUNCTION full_disk()", url)
    with pytest.raises(LedgerError, match=r"the disk of the ledger .* is full: free some space there"):
        claim(ours, entry)
    assert (ours.entries.get(entry).status, ours.attempts.of(entry)) == (Status.PLANNED, ())


def test_a_backup_is_the_databases_own(ours: Ledger) -> None:
    """It says so, instead of writing none in silence."""
    with pytest.raises(BatchError, match="use the database's own backup"):
        ours.upkeep.backup(NOW)


def test_a_ledger_is_not_moved_onto_itself_under_another_url(ours: Ledger, url: str) -> None:
    """Who writes to both ends would wait for his own turn without an end."""
    itself = pytest.raises(UsageError, match="is the ledger itself, under another URL: name the URL of a new ledger")
    with (
        open_ledger(f"{url}&options=-clock_timeout%3D3000", now=NOW) as theirs,
        ours.lock.hold("ana", NOW),
        itself,
    ):
        ours.move_to(theirs)
    assert ours.entries.planned() == ()


def test_what_stands_in_free_pages_of_a_file_is_nothing_to_a_database(ours: Ledger, tmp_path: Path) -> None:
    """A file that is moved before its pages are overwritten leaves that behind; where an older version did not, too."""
    with open_at(tmp_path) as file:
        with file._transactions.write() as connection:
            note_freed(connection)
        file.move_to(ours)
    assert not ours.upkeep.has_freed_texts()
    with ours._transactions.write() as connection:
        connection.exec_driver_sql("INSERT INTO notes (name, value) VALUES ('texts-in-free-pages', '')")
    assert ours.upkeep.has_freed_texts()
    ours.upkeep.overwrite_freed()
    assert not ours.upkeep.has_freed_texts()


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
def stopped(url: str, ours: Ledger, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """Start another process that holds the ledger, and stop it."""
    plan_one(ours)
    words = [sys.executable, "-c", STOPPED, str(ROOT / "tests"), url, request.param]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        process.send_signal(signal.SIGSTOP)
        yield process
        process.kill()


@pytest.mark.parametrize("stopped", ["", "in a transaction"], indirect=True)
def test_who_is_stopped_for_a_lease_is_overtaken_and_claims_nothing_more(
    stopped: subprocess.Popen[str], ours: Ledger
) -> None:
    """Its connection stays, and so does its lock, but it renews nothing; continued, its first word is refused."""
    assert wait_until(lambda: is_free(ours), 20)
    with ours.lock.hold("bo", LATER):
        stopped.send_signal(signal.SIGCONT)
        said, _ = stopped.communicate("go on\n")
    assert "still ours" not in said
    assert ours.entries.get(1).status is Status.PLANNED


@pytest.mark.parametrize("stopped", [""], indirect=True)
def test_who_overtook_is_busy_itself_until_it_is_done(stopped: subprocess.Popen[str], ours: Ledger, url: str) -> None:
    """The stopped one still has the database's lock; the turn alone says whose the ledger is."""
    assert wait_until(lambda: is_free(ours), 20)
    with open_ledger(url, now=NOW) as third:
        with (
            ours.lock.hold("bo", LATER),
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


def test_who_waits_for_long_renews_its_turn(ours: Ledger, theirs: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long rest between two rows is no stop: nobody overtakes."""
    monkeypatch.setattr(postgres, "LEASE", 1.0)
    with ours.lock.hold("ana", NOW):
        assert not wait_until(lambda: is_free(theirs), 2.5)


def test_a_silence_is_kept_by_the_clock_that_all_machines_share(
    ours: Ledger, theirs: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine whose clock is a minute behind neither waits a minute longer nor asks too early."""
    until, now = time.time() + 30, time.time
    ours.journal.set_silent_until(until)
    monkeypatch.setattr("batch.adapters.ledger.journal.time.time", lambda: now() - 60)
    assert theirs.journal.silent_until() == pytest.approx(until - 60, abs=5)
    theirs.journal.set_silent_until(until - 60 + 100)
    monkeypatch.undo()
    assert ours.journal.silent_until() == pytest.approx(until + 100, abs=5)
