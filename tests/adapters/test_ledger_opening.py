"""The ledger is opened whole, durable and in a safe place, or not at all.

What asks for `tmp_path` alone is about a file: its modes, its journal, its place, its lock and its copies beside it.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from sqlalchemy import Engine, create_engine, inspect

from batch.adapters.ledger import Ledger, open_ledger, read_owner, throw_away_ledger
from batch.adapters.ledger.opening import PRAGMAS
from batch.adapters.ledger.places import refuse_place, unsafe_place
from batch.adapters.ledger.tables import REVISIONS
from batch.model.errors import LedgerBusyError, LedgerError, UsageError
from tests.ledger_support import ACCEPTED, NOW, ROOT, accept, claim, decide, finish, migrate, open_at, plan, plan_one


def schema_of(path: Path) -> dict[str, str]:
    """Read every table, index and trigger as SQL, blanks evened out."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name, coalesce(sql, '') FROM sqlite_master WHERE name <> 'alembic_version'")
        return {name: " ".join(sql.split()) for name, sql in rows if not name.startswith("sqlite_autoindex_alembic")}


def engine_of(ledger: Ledger) -> Engine:
    """Give the engine below a ledger."""
    return ledger._transactions.engine


def test_durability_stands_on_every_connection(tmp_path: Path) -> None:
    """Foreign keys on, journal deleted, synchronous extra, as the database itself reads it back."""
    with open_at(tmp_path) as ledger, engine_of(ledger).connect() as one, engine_of(ledger).connect() as two:
        for connection in (one, two):
            shown = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS}
            assert shown == {"foreign_keys": 1, "synchronous": 3, "journal_mode": "delete"}
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 15_000


def test_a_ledger_in_another_journal_mode_is_brought_back(tmp_path: Path) -> None:
    """Somebody's database viewer may leave it in WAL."""
    open_at(tmp_path).close()
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    with open_at(tmp_path) as ledger, engine_of(ledger).connect() as opened:
        assert opened.exec_driver_sql("PRAGMA journal_mode").scalar() == "delete"


def test_a_fresh_schema_is_the_migrated_one(tmp_path: Path) -> None:
    """What create_all makes and what the migrations make is the same, statement by statement."""
    open_at(tmp_path, "fresh.sqlite3").close()
    migrate(tmp_path / "migrated.sqlite3", "head")
    assert schema_of(tmp_path / "fresh.sqlite3") == schema_of(tmp_path / "migrated.sqlite3")


def test_the_revisions_known_to_the_code_are_those_of_the_migrations() -> None:
    """A forgotten entry would let a ledger be opened with the wrong schema."""
    files = sorted((ROOT / "batch" / "adapters" / "ledger" / "migrations" / "versions").glob("0*.py"))
    assert tuple(file.name[:4] for file in files) == REVISIONS


def test_opening_imports_neither_alembic_nor_pandas(tmp_path: Path) -> None:
    """Either costs half a second."""
    code = (
        "import sys; from datetime import datetime, UTC; from batch.adapters.ledger import open_ledger\n"
        f"open_ledger('sqlite:///{(tmp_path / 'l.sqlite3').as_posix()}', now=datetime.now(UTC)).close()\n"
        "print(sorted({'alembic', 'pandas'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def make_old(folder: Path) -> Path:
    """Make a ledger of the first schema with one batch in it."""
    path = folder / "old.sqlite3"
    migrate(path, "0001")
    with sqlite3.connect(path) as connection:
        connection.execute(
            "INSERT INTO batches (id, file, taken_in_at) VALUES (7, 'old.xlsx', '2030-01-01T00:00:00+00:00')"
        )
    connection.close()
    return path


def test_an_older_schema_is_migrated_after_a_backup(tmp_path: Path) -> None:
    """Its entries stay, the new tables are there, and the copy is as it was before."""
    path = make_old(tmp_path)
    before = schema_of(path)
    with open_at(tmp_path, "old.sqlite3") as ledger:
        assert ledger.batches.get(7).file == "old.xlsx"
        assert ledger.journal.last_run("submit") is None
    copies = list((tmp_path / "backups").glob("old-*.sqlite3"))
    assert [copy.name for copy in copies] == ["old-20310303-150000.sqlite3"]
    assert schema_of(copies[0]) == before
    open_at(tmp_path, "fresh.sqlite3").close()
    assert schema_of(path) == schema_of(tmp_path / "fresh.sqlite3")


def test_an_older_ledger_that_is_only_looked_at_stays_as_it_is(tmp_path: Path) -> None:
    """A dry run reads its entries in a copy: not a byte of the file changes, and no backup is made."""
    path = make_old(tmp_path)
    before = path.read_bytes()
    with open_ledger(f"sqlite:///{path}", now=NOW, look=True) as ledger:
        assert (ledger.batches.get(7).file, ledger.journal.last_run("submit")) == ("old.xlsx", None)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["old.sqlite3"]
    with open_ledger(f"sqlite:///{path}", now=NOW) as ledger:
        assert ledger.batches.get(7).file == "old.xlsx"
    assert path.read_bytes() != before


def change(url: str, statement: str) -> None:
    """Change a database behind the program's back."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def columns_of(url: str) -> dict[str, set[str]]:
    """Give the columns of every table."""
    engine = create_engine(url)
    seen = inspect(engine)
    found = {table: {str(one["name"]) for one in seen.get_columns(table)} for table in seen.get_table_names()}
    engine.dispose()
    return found


def test_a_migration_that_fails_leaves_the_old_ledger(database: str) -> None:
    """All of it or nothing: a table in the way undoes those that were made before it."""
    migrate(database, "0001")
    change(database, "CREATE TABLE observations (something TEXT)")
    before = columns_of(database)
    with pytest.raises(LedgerError):
        open_ledger(database, now=NOW)
    assert columns_of(database) == before


def test_a_newer_schema_is_refused(database: str) -> None:
    """An old program must not write into a ledger that it does not understand."""
    open_ledger(database, now=NOW).close()
    change(database, "UPDATE alembic_version SET version_num = '0999'")
    with pytest.raises(LedgerError, match="newer campaign-batch") as caught:
        open_ledger(database, now=NOW)
    assert "install the newest" in caught.value.remedy


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """A workbook given as ledger stays as it is."""
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(b"PK\x03\x04" + b"not a database " * 400)
    content = path.read_bytes()
    with pytest.raises(LedgerError, match="is not a ledger"):
        open_at(tmp_path)
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_refused(database: str) -> None:
    """No table is added to it."""
    change(database, "CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(LedgerError, match="is not a ledger"):
        open_ledger(database, now=NOW)
    assert columns_of(database) == {"bookmarks": {"url"}}


def test_a_folder_or_a_missing_folder_is_refused(tmp_path: Path) -> None:
    """A drive that is not mounted must not get a second, empty ledger."""
    with pytest.raises(LedgerError, match="is a folder"):
        open_ledger(f"sqlite:///{tmp_path}", now=NOW)
    with pytest.raises(LedgerError, match="is not there"):
        open_ledger(f"sqlite:///{tmp_path / 'gone' / 'ledger.sqlite3'}", now=NOW)
    assert not (tmp_path / "gone").exists()


def test_a_ledger_that_is_not_there_is_only_made_when_asked(database: str, tmp_path: Path) -> None:
    """Reports and lists never make one."""
    with pytest.raises(UsageError, match="there is no ledger"):
        open_ledger(database, now=NOW, create=False)
    assert list(tmp_path.iterdir()) == []
    assert columns_of(database) == {}


def test_a_relative_url_is_relative_to_the_settings(tmp_path: Path) -> None:
    """So is a bare path, with a blank in it too."""
    with open_ledger("sqlite:///ledger.sqlite3", now=NOW, folder=tmp_path) as ledger:
        assert ledger.path == tmp_path / "ledger.sqlite3"
    with open_ledger("my ledger.db", now=NOW, folder=tmp_path) as ledger:
        assert ledger.path == tmp_path / "my ledger.db"


@pytest.mark.parametrize("url", ["nonsense://x/y", "://", "sqlite+nothing:///x", "postgresql+nothing://me:secret@db/x"])
def test_a_url_that_cannot_be_used_is_a_usage_error(url: str) -> None:
    """And no password shows."""
    with pytest.raises(UsageError) as caught:
        open_ledger(url, now=NOW)
    assert "secret" not in str(caught.value)


def test_a_locked_ledger_says_so(tmp_path: Path) -> None:
    """After the busy time, with nothing written."""
    with open_at(tmp_path) as ledger:
        entry = plan_one(ledger)
    other = sqlite3.connect(tmp_path / "ledger.sqlite3", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LedgerError, match="locked by another program"):
        open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", now=NOW, busy_seconds=0.05)
    other.execute("ROLLBACK")
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", now=NOW, busy_seconds=0.05) as ledger:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="locked by another program"):
            claim(ledger, entry)
        other.execute("ROLLBACK")
        assert ledger.entries.get(entry).status == "planned"
    other.close()


def run_child(code: str, folder: Path, prepare: object = None) -> str:
    """Run Python code against a folder in a process of its own; give its last line."""
    child = subprocess.run(
        [sys.executable, "-c", f"FOLDER = {str(folder)!r}\nfrom pathlib import Path\n{code}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=prepare,
    )
    return child.stdout.strip().splitlines()[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_full_disk_writes_nothing_and_says_so(tmp_path: Path) -> None:
    """The intent fails, the entry stays planned, the ledger verifies."""
    with open_at(tmp_path) as ledger:
        entry = plan_one(ledger)
    size = (tmp_path / "ledger.sqlite3").stat().st_size
    code = (
        "from tests.ledger_support import *\n"
        "from batch.model.errors import LedgerError\n"
        "ledger = open_at(Path(FOLDER))\n"
        "try:\n"
        "    plan(ledger, *(decide(n, text='x' * 400 + str(n)) for n in range(10, 400)))\n"
        "except LedgerError as error:\n"
        "    print(error)\n"
    )

    def no_more_room() -> None:
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 8192, size + 8192))

    words = run_child(code, tmp_path, no_more_room)
    assert "disk" in words
    assert "then run the command again" in words
    with open_at(tmp_path) as ledger:
        assert [found.id for found in ledger.entries.select()] == [entry]
        assert ledger.upkeep.verify(NOW) == ()


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can become nobody")
def test_a_read_only_ledger_says_so_before_anything_is_done() -> None:
    """Also when the folder is the one that may not be written to."""
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to nobody
        folder = Path(name)
        with open_at(folder) as ledger:
            plan_one(ledger)
        folder.chmod(0o755)
        (folder / "ledger.sqlite3").chmod(0o644)
        code = (
            "import os\nfrom tests.ledger_support import *\nfrom batch.model.errors import LedgerError\n"
            "os.seteuid(65534)\nos.access = lambda path, mode: True\n"
            "try:\n    print(claim(open_at(Path(FOLDER)), 1))\nexcept LedgerError as error:\n    print(error)\n"
        )
        assert "is read-only" in run_child(code, folder)
        looked_at = code.replace(
            "os.access = lambda path, mode: True", "os.setuid(65534) if os.seteuid(0) is None else 0"
        )
        assert "is read-only" in run_child(looked_at, folder)


def test_a_place_on_a_share_or_in_a_synchronised_folder_is_known() -> None:
    """By the path on Windows and macOS, by the mount table on Linux."""
    assert "network share" in unsafe_place(PureWindowsPath(r"\\server\ops\ledger.sqlite3"))
    assert "OneDrive" in unsafe_place(PureWindowsPath(r"C:\Users\ana\OneDrive - Contoso\ledger.sqlite3"))
    assert "Dropbox" in unsafe_place(PurePosixPath("/home/ana/Dropbox (Team)/ledger.sqlite3"))
    assert "iCloud" in unsafe_place(PurePosixPath("/Users/a/Library/Mobile Documents/com~apple~CloudDocs/l.sqlite3"))
    assert "Google Drive" in unsafe_place(PurePosixPath("/Users/a/Library/CloudStorage/GoogleDrive-a@b.c/l.sqlite3"))
    assert "OneDrive" in unsafe_place(PurePosixPath("/Users/a/Library/CloudStorage/OneDrive-Contoso/l.sqlite3"))
    mounts = [("/", "ext4"), ("/srv", "nfs4"), ("/srv/local", "xfs"), ("/win", "cifs"), ("/far", "fuse.sshfs")]
    assert "nfs4" in unsafe_place(PurePosixPath("/srv/team/l.sqlite3"), mounts)
    assert "cifs" in unsafe_place(PurePosixPath("/win/l.sqlite3"), mounts)
    assert "sshfs" in unsafe_place(PurePosixPath("/far/l.sqlite3"), mounts)
    assert unsafe_place(PurePosixPath("/srv/local/l.sqlite3"), mounts) == ""
    assert unsafe_place(PurePosixPath("/home/ana/ledger.sqlite3"), mounts) == ""
    assert unsafe_place(PureWindowsPath(r"C:\campaigns\ledger.sqlite3")) == ""


def test_an_unsafe_place_is_refused_by_name(tmp_path: Path) -> None:
    """And no file is made there."""
    folder = tmp_path / "OneDrive - Contoso"
    folder.mkdir()
    with pytest.raises(LedgerError, match="OneDrive syncs") as caught:
        open_at(folder)
    assert "local disk" in caught.value.remedy
    assert list(folder.iterdir()) == []
    refuse_place(tmp_path / "ledger.sqlite3")


def test_a_throw_away_ledger_does_all_that_a_file_does() -> None:
    """Rehearsals run on it; only a backup makes no sense."""
    with throw_away_ledger(NOW) as ledger:
        entry = plan_one(ledger)
        with ledger.lock.hold("ana", NOW):
            accept(ledger, entry)
            with pytest.raises(LedgerBusyError), ledger.lock.hold("bo", NOW):
                pass
        assert ledger.entries.get(entry).provider_id == "501"
        assert ledger.path is None
        assert ledger.upkeep.verify(NOW) == ()
        with pytest.raises(LedgerError, match="is not a file"):
            ledger.upkeep.backup(NOW)


def test_one_submitter_at_a_time(tmp_path: Path) -> None:
    """The second one hears who holds it since when; readers are never kept out."""
    with open_at(tmp_path) as ledger, open_at(tmp_path) as other:
        with ledger.lock.hold("ana", NOW):
            owner = read_owner(tmp_path / "ledger.sqlite3")
            assert owner is not None
            assert (owner.who, owner.pid, owner.since) == ("ana", os.getpid(), NOW)
            with (
                pytest.raises(LedgerBusyError, match=r"ana on .* since 2031-03-03 15:00 UTC"),
                other.lock.hold("bo", NOW),
            ):
                pass
            assert list(other.entries.select()) == []
        assert read_owner(tmp_path / "ledger.sqlite3") is None
        with other.lock.hold("bo", NOW + timedelta(minutes=1)):
            pass


def test_a_link_to_a_ledger_shares_its_lock(tmp_path: Path) -> None:
    """Two names of one file are one ledger."""
    link = tmp_path / "link.sqlite3"
    with open_at(tmp_path) as ledger:
        link.symlink_to(tmp_path / "ledger.sqlite3")
        with (
            open_at(tmp_path, link.name) as linked,
            ledger.lock.hold("ana", NOW),
            pytest.raises(LedgerBusyError, match="ana"),
            linked.lock.hold("bo", NOW),
        ):
            pass
        with linked.lock.hold("bo", NOW):
            owners = [read_owner(path) for path in (link, tmp_path / "ledger.sqlite3")]
        assert [owner and owner.who for owner in owners] == ["bo", "bo"]


def test_a_dead_owners_lock_frees_itself(tmp_path: Path) -> None:
    """Killed with the lock in hand, its note still lying there."""
    code = (
        "import os, signal\nfrom tests.ledger_support import *\n"
        "ledger = open_at(Path(FOLDER))\n"
        "with ledger.lock.hold('ana', NOW):\n    print('held', flush=True)\n    os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    with pytest.raises(subprocess.CalledProcessError):
        run_child(code, tmp_path)
    assert read_owner(tmp_path / "ledger.sqlite3") is not None
    with open_at(tmp_path) as ledger, ledger.lock.hold("bo", NOW):
        owner = read_owner(tmp_path / "ledger.sqlite3")
        assert owner is not None
        assert owner.who == "bo"


def test_a_backup_is_a_whole_ledger_and_the_newest_stay(tmp_path: Path) -> None:
    """Dated, fourteen kept, made while others read; strangers in the folder are left alone."""
    with open_at(tmp_path) as ledger:
        entry = plan_one(ledger)
        (tmp_path / "backups").mkdir()
        stranger = tmp_path / "backups" / "ledger-before-the-move.sqlite3"
        stranger.write_text("mine")
        copies = [ledger.upkeep.backup(NOW + timedelta(days=day)) for day in range(16)]
    left = sorted((tmp_path / "backups").iterdir())
    assert left == sorted([*copies[2:], stranger])
    assert copies[0].name == "ledger-20310303-150000.sqlite3"
    with open_ledger(str(copies[-1]), now=NOW) as restored:
        assert restored.entries.get(entry).campaign_name == "Sale 2"
        assert restored.upkeep.verify(NOW) == ()


def test_a_ledger_belongs_to_one_account(ledger: Ledger, database: str) -> None:
    """From its first submission on; another account or host is a usage error that names both."""
    assert ledger.journal.bound() is None
    ledger.journal.bind("main", "api.example.com")
    ledger.journal.bind("main", "api.example.com")
    with open_ledger(database, now=NOW) as again:
        assert again.journal.bound() == ("main", "api.example.com")
        for account, host in (("main", "other.example.com"), ("second", "api.example.com")):
            with pytest.raises(UsageError, match=r'belongs to account "main" at api\.example\.com'):
                again.journal.bind(account, host)


def test_the_answer_is_kept_without_the_token(database: str) -> None:
    """The caller hands in what takes it out."""
    with open_ledger(database, now=NOW, redact=lambda text: text.replace("501", "***")) as ledger:
        entry = plan(ledger, decide(2))[2]
        attempt = claim(ledger, entry)
        assert attempt is not None
        finish(ledger, entry, attempt, ACCEPTED)
        assert ledger.attempts.of(entry)[0].answer == '{"Id": "***"}'


def test_two_processes_never_claim_one_row(ledger: Ledger, database: str) -> None:
    """Each row is claimed once, however the two interleave."""
    plan(ledger, *(decide(number) for number in range(2, 62)))
    code = (
        "from tests.ledger_support import *\n"
        f"ledger = open_ledger({database!r}, now=NOW)\n"
        "print(','.join(str(e.id) for e in ledger.entries.planned() if claim(ledger, e.id)))\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    children = [subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    claimed = [[one for one in child.communicate()[0].strip().split(",") if one] for child in children]
    assert sorted(map(int, claimed[0] + claimed[1])) == list(range(1, 61))
    assert all(len(made) == 1 for made in ledger.attempts.of_each(range(1, 61)).values())
    assert ledger.upkeep.verify(NOW) == ()


def test_a_kill_between_intent_and_outcome_ends_in_doubt(ledger: Ledger, database: str, tmp_path: Path) -> None:
    """SIGKILL leaves `submitting` on disk; the next submitter makes it `in_doubt`, never `planned`."""
    entry = plan_one(ledger)
    code = (
        "import os, signal\nfrom tests.ledger_support import *\n"
        f"print(claim(open_ledger({database!r}, now=NOW), {entry}), flush=True)\n"
        "os.kill(os.getpid(), getattr(signal, 'SIGKILL', signal.SIGTERM))\n"
    )
    with pytest.raises(subprocess.CalledProcessError) as killed:
        run_child(code, tmp_path)
    assert killed.value.stdout.strip() == "1"
    assert ledger.entries.get(entry).status == "submitting"
    assert ledger.attempts.doubt_orphans(NOW, "bo") == (entry,)
    assert ledger.attempts.doubt_orphans(NOW, "bo") == ()
    found = ledger.entries.get(entry)
    assert (found.status, found.attempts) == ("in_doubt", 1)
    assert ledger.attempts.of(entry)[0].ended_at == NOW
    assert not finish(ledger, entry, 1)
    assert ledger.upkeep.verify(NOW) == ()


def test_a_ledger_closes_twice(tmp_path: Path) -> None:
    """And the file is free afterwards."""
    ledger: Ledger = open_at(tmp_path)
    ledger.close()
    ledger.close()
    (tmp_path / "ledger.sqlite3").rename(tmp_path / "moved.sqlite3")


@pytest.mark.parametrize("url", ["postgres://ana:geheim@h/d", "postgresql+psycopg://ana:geheim@[::bad/d"])
def test_a_url_that_cannot_be_read_is_not_shown(url: str) -> None:
    """It may hold a password; how it is written is said in its place."""
    with pytest.raises(UsageError, match=r"postgresql\+psycopg://user@host/database") as raised:
        open_ledger(url, now=NOW)
    assert "geheim" not in str(raised.value)
