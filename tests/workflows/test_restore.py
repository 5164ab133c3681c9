"""A backup takes the ledger's place whole, whatever lies beside the old file, and nothing of the old one is lost."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli_support import Shell, row, write_csv
from terminal_support import answer_at_terminal

from batch.adapters.ledger import open_ledger
from batch.adapters.sandbox import Sandbox
from tests.ledger_support import migrate

pytestmark = pytest.mark.in_a_file  # on PostgreSQL the database restores its own backups
LEDGER = "ledger.sqlite3"
DIE_IN_A_TRANSACTION = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size=1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE entries SET message = 'half written ' || hex(randomblob(3000))")
connection.execute("UPDATE entries SET subject = 'half written ' || hex(randomblob(3000))")
os.kill(os.getpid(), signal.SIGKILL)
"""


def submit(ready: Shell, name: str, *numbers: int) -> None:
    """Submit a file of these rows."""
    write_csv(ready.folder / name, (row(number) for number in numbers))
    assert ready.run("submit", name).code == 0


def backup(ready: Shell, ahead: int = 0) -> Path:
    """Make a backup, as of so many days from now."""
    with open_ledger(f"sqlite:///{ready.folder / LEDGER}", now=datetime.now(UTC)) as ledger:
        return ledger.upkeep.backup(datetime.now(UTC) + timedelta(days=ahead))


def die_in_a_transaction(path: Path) -> None:
    """Leave a hot journal: a process is killed with half of its changes in the file."""
    done = subprocess.run([sys.executable, "-c", DIE_IN_A_TRANSACTION, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.with_name(f"{path.name}-journal").stat().st_size > 512


def messages(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [text for (text,) in connection.execute("SELECT message FROM entries ORDER BY id")]


def aside(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{LEDGER}.before-restore-*"))


def test_a_hot_journal_is_never_applied_to_the_restored_file(ready: Shell, sandbox: Sandbox, tmp_path: Path) -> None:
    """It stays with the file that it belongs to, which it still makes whole."""
    submit(ready, "week.csv", *range(1, 30))
    copy = backup(ready)
    content = copy.read_bytes()
    submit(ready, "more.csv", 40)
    die_in_a_transaction(tmp_path / LEDGER)

    ran = ready.run("ledger", "restore", "--yes")
    assert (ran.code, "campaign-batch resume" in ran.err) == (0, True), ran.err
    assert copy.read_bytes() == content
    assert not (tmp_path / f"{LEDGER}-journal").exists()
    assert len(messages(tmp_path / LEDGER)) == 29
    assert ready.run("ledger", "verify").code == 0
    old, journal = aside(tmp_path)
    assert journal.name == f"{old.name}-journal"
    assert len(messages(old)) == 30
    assert not any(text.startswith("half") for text in messages(old))


def test_what_went_out_since_is_adopted_and_nothing_is_sent_twice(ready: Shell, sandbox: Sandbox) -> None:
    """Rows that the backup holds as planned by resume, files that it never saw when they are dropped again."""
    write_csv(ready.folder / "week.csv", (row(number) for number in range(1, 5)))
    assert ready.run("submit", "week.csv", "--limit", 1).code == 0
    backup(ready)
    assert ready.run("resume").code == 0
    submit(ready, "more.csv", 11, 12)
    assert len(sandbox.posts) == 6

    assert ready.run("ledger", "restore", "--yes").code == 0
    resumed = ready.run("resume", "--json")
    assert (resumed.code, resumed.json["adopted"]) == (0, 3), resumed.err
    again = ready.run("submit", "more.csv", "--json")
    assert (again.code, again.json["adopted"]) == (0, 2), again.err
    assert len(sandbox.posts) == 6


def test_the_newest_backup_is_taken_and_another_by_its_name(ready: Shell, tmp_path: Path) -> None:
    """Relative to here, or to the folder of the backups; the object says what was done."""
    submit(ready, "week.csv", 1)
    first = backup(ready)
    submit(ready, "more.csv", 11)
    second = backup(ready, ahead=1)
    submit(ready, "last.csv", 21)

    done = ready.run("ledger", "restore", "--yes", "--json").json
    assert (done["backup"], done["entries"], done["problems"]) == (str(second), 2, [])
    assert done["next"] == "campaign-batch resume"
    assert [Path(name) for name in done["moved_aside"]] == aside(tmp_path)
    assert ready.run("ledger", "restore", "--yes", first.name, "--json").json["entries"] == 1
    assert ready.run("ledger", "restore", "--yes", f"backups/{second.name}", "--json").json["entries"] == 2
    assert len(aside(tmp_path)) == 3
    assert ready.run("ledger", "restore", "--yes", aside(tmp_path)[0].name, "--json").json["entries"] == 3


def test_a_ledger_that_is_gone_is_restored(ready: Shell, tmp_path: Path) -> None:
    """And one that is no database any more, which is kept anyway."""
    submit(ready, "week.csv", 1)
    backup(ready)
    (tmp_path / LEDGER).unlink()
    assert ready.run("ledger", "restore", "--yes").code == 0
    assert aside(tmp_path) == []
    (tmp_path / LEDGER).write_bytes(b"lorem ipsum " * 1000)
    ran = ready.run("ledger", "list")
    assert (ran.code, "campaign-batch ledger restore" in ran.err) == (3, True)
    ran = ready.run("ledger", "restore", "--yes")
    assert (ran.code, "pause it again now" in ran.err) == (0, True)
    assert aside(tmp_path)[0].read_bytes().startswith(b"lorem")
    assert ready.run("ledger", "verify").code == 0


def test_damage_names_the_command_everywhere(ready: Shell, tmp_path: Path) -> None:
    """Whoever finds it: a command, the doctor, verify."""
    submit(ready, "week.csv", *range(1, 30))
    content = bytearray((tmp_path / LEDGER).read_bytes())
    with (tmp_path / LEDGER).open("r+b") as file:
        file.seek(4096 * 4)
        file.write(os.urandom(len(content) - 4096 * 6))
    for words in (("ledger", "verify"), ("doctor",), ("resume",)):
        ran = ready.run(*words)
        assert ran.code in {1, 3}
        assert "campaign-batch ledger restore" in ran.err + ran.out, words


@pytest.mark.parametrize("how", ["reading", "writing"])
def test_nothing_is_restored_while_another_program_is_inside(ready: Shell, tmp_path: Path, how: str) -> None:
    """It would go on with the file that was moved aside; the words say what to do."""
    submit(ready, "week.csv", 1)
    backup(ready)
    content = (tmp_path / LEDGER).read_bytes()
    code = (
        "import sqlite3, sys\nconnection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute(sys.argv[2])\nconnection.execute('SELECT * FROM entries').fetchone()\n"
        "print('inside', flush=True)\nsys.stdin.read()\n"
    )
    begin = {"reading": "BEGIN", "writing": "BEGIN IMMEDIATE"}[how]
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / LEDGER), begin], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        ran = ready.run("ledger", "restore", "--yes")
        child.communicate()
    assert (ran.code, "another program has the ledger" in ran.err) == (3, True), ran.err
    assert (tmp_path / LEDGER).read_bytes() == content
    assert aside(tmp_path) == []
    assert list(tmp_path.glob(".restore-*")) == []


def test_nothing_is_restored_while_somebody_submits(ready: Shell, tmp_path: Path) -> None:
    """The line says who."""
    submit(ready, "week.csv", 1)
    backup(ready)
    now = datetime.now(UTC)
    with open_ledger(f"sqlite:///{tmp_path / LEDGER}", now=now) as ledger, ledger.lock.hold("ana", now):
        ran = ready.run("ledger", "restore", "--yes")
    assert (ran.code, "ana on" in ran.err) == (3, True)
    assert aside(tmp_path) == []


def test_a_backup_that_cannot_be_trusted_changes_nothing(ready: Shell, tmp_path: Path) -> None:
    """Damaged, no ledger, of a newer program, with a rule taken out: refused by name, with an older one named."""
    submit(ready, "week.csv", *range(1, 30))
    good = backup(ready)
    content = (tmp_path / LEDGER).read_bytes()
    bad = good.with_name("ledger-20990101-000000.sqlite3")
    broken = bytearray(good.read_bytes())
    broken[4096 * 3 : -4096 * 3] = os.urandom(len(broken) - 4096 * 6)
    bad.write_bytes(broken)
    ran = ready.run("ledger", "restore", "--yes")
    assert (ran.code, "nothing was restored" in ran.err, good.name in ran.err) == (3, True, True), ran.err

    for change in (
        "UPDATE alembic_version SET version_num = '0999'",
        "DROP TABLE entries",
        "DROP TRIGGER history_is_never_changed",
    ):
        shutil.copy(good, bad)
        with closing(sqlite3.connect(bad)) as connection, connection:
            connection.execute("PRAGMA foreign_keys=OFF")
            connection.execute(change)
        assert ready.run("ledger", "restore", "--yes").code == 3
    bad.write_bytes(b"")
    assert ready.run("ledger", "restore", "--yes").code == 3
    assert ready.run("ledger", "restore", "--yes", "gone.sqlite3").code == 2
    assert ready.run("ledger", "restore", "--yes", LEDGER).code == 2
    assert (tmp_path / LEDGER).read_bytes() == content
    assert aside(tmp_path) == []


def test_no_backup_at_all_is_exit_2(ready: Shell) -> None:
    """And the words say how to name a file."""
    submit(ready, "week.csv", 1)
    ran = ready.run("ledger", "restore", "--yes")
    assert (ran.code, "there is no backup" in ran.err) == (2, True)


@pytest.mark.parametrize("note", ["account", "host"])
def test_the_backup_of_another_account_is_refused(ready: Shell, tmp_path: Path, note: str) -> None:
    """Its Ids are another account's: every one of them would count as missing."""
    submit(ready, "week.csv", 1)
    copy = backup(ready)
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE notes SET value = 'other.example.com' WHERE name = ?", (note,))
    for lost in (False, True):
        if lost:
            (tmp_path / LEDGER).unlink()
        ran = ready.run("ledger", "restore", "--yes")
        assert (ran.code, "other.example.com" in ran.err) == (2, True), ran.err
    assert not (tmp_path / LEDGER).exists()


def test_a_pause_that_stands_is_not_lifted_by_a_restore(ready: Shell) -> None:
    """It was said after the backup was made, and holds."""
    submit(ready, "week.csv", 1)
    backup(ready)
    assert ready.run("pause", "--why", "lettuce recall").code == 0
    ran = ready.run("ledger", "restore", "--yes", "--json")
    assert ran.json["paused"] is True
    ran = ready.run("resume")
    assert (ran.code, "lettuce recall" in ran.err) == (3, True), ran.err


def test_a_backup_of_an_older_version_is_brought_up_to_date(ready: Shell, tmp_path: Path) -> None:
    """In a copy: the backup stays as it is."""
    (tmp_path / "backups").mkdir()
    old = tmp_path / "backups" / "ledger-20200101-000000.sqlite3"
    migrate(old, "0002")
    content = old.read_bytes()
    assert ready.run("ledger", "restore", "--yes").code == 0
    assert old.read_bytes() == content
    assert ready.run("ledger", "verify").code == 0


def test_a_link_stays_a_link(ready: Shell, tmp_path: Path) -> None:
    """The file that it leads to is the one that is replaced."""
    submit(ready, "week.csv", 1)
    (tmp_path / "disk").mkdir()
    (tmp_path / LEDGER).rename(tmp_path / "disk" / "real.sqlite3")
    (tmp_path / LEDGER).symlink_to(tmp_path / "disk" / "real.sqlite3")
    assert ready.run("ledger", "backup").code == 0
    assert ready.run("ledger", "restore", "--yes").code == 0
    assert (tmp_path / LEDGER).is_symlink()
    assert len(list((tmp_path / "disk").glob("real.sqlite3.before-restore-*"))) == 1
    assert ready.run("ledger", "verify").code == 0


def test_a_person_at_a_terminal_is_asked(ready: Shell, tmp_path: Path) -> None:
    """With what the backup holds; a no changes nothing."""
    submit(ready, "week.csv", 1)
    backup(ready)
    environ = {name: value for name, value in os.environ.items() if name.startswith("CAMPAIGN_BATCH_")}
    code, shown = answer_at_terminal(["ledger", "restore"], [("[y/N]", "n")], tmp_path, **environ)
    assert (code, "1 batch, 1 entry" in shown, "nothing was restored" in shown) == (1, True, True), shown
    assert aside(tmp_path) == []
    code, shown = answer_at_terminal(["ledger", "restore"], [("[y/N]", "y")], tmp_path, **environ)
    assert (code, len(aside(tmp_path))) == (0, 1), shown


def test_without_a_terminal_nothing_is_restored_unless_yes_is_said(ready: Shell) -> None:
    """Nobody can be asked, so nobody has agreed."""
    submit(ready, "week.csv", 1)
    backup(ready)
    refused = ready.run("ledger", "restore")
    assert (refused.code, "add --yes" in refused.err) == (2, True), refused.err
    assert aside(ready.folder) == []
    assert ready.run("ledger", "restore", "--yes").code == 0
