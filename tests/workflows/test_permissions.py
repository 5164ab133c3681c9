"""What is written is read by its owner alone, or by one group: whatever the umask, and whatever was there before."""

from __future__ import annotations

import grp
import os
import re
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_support import Shell, row, write_csv

from batch.adapters.sandbox import Sandbox
from tests.ledger_support import ROOT

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(os.name != "posix", reason="the system has no such modes"),
]
ROOT_ONLY = pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives files away")
SHARED = ("inbox", "running")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes(folder: Path) -> dict[str, int]:
    """Read the modes of everything below a folder, by its name there."""
    return {str(path.relative_to(folder)): mode(path) for path in folder.rglob("*") if not path.is_symlink()}


def run(folder: Path, umask: int, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a process of its own with a umask of its own."""
    return subprocess.run(
        [sys.executable, "-m", "batch", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def environ(sandbox: Sandbox) -> dict[str, str]:
    return {
        "CAMPAIGN_BATCH_PROVIDER__URL": sandbox.url,
        "CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN": sandbox.token,
        "CAMPAIGN_BATCH_PROVIDER__SETTLE": "0.4",
        "CAMPAIGN_BATCH_PROVIDER__SETTLE_GAP": "0.1",
        "CAMPAIGN_BATCH_SHEET__TIMEZONE": "America/New_York",
        "CAMPAIGN_BATCH_WATCH__STABLE_SECONDS": "0.1",
        "CAMPAIGN_BATCH_WATCH__GRACE_MINUTES": "0",
    }


def write_rows(folder: Path, name: str, *numbers: int) -> None:
    bad = {**row(99), "Message": ""}
    write_csv(folder / name, [*(row(number) for number in numbers), bad])


def go_through_everything(folder: Path, umask: int, environ: dict[str, str]) -> None:
    """Write all that the tool writes: settings, ledger, lock, reports, marked copies, previews, backups, exports."""
    folder.mkdir()
    write_rows(folder, "week.csv", 1, 2, 3, 4, 5, 6)
    for words, codes in (
        (("init",), {0}),
        (("check", "week.csv", "--preview", "page.html", "--marked", "marked.xlsx"), {0, 1}),
        (("submit", "week.csv"), {1}),
        (("reconcile",), {0, 1}),
        (("report", "--format", "html,xlsx,csv,json"), {0}),
        (("report", "--evidence", "1"), {0}),
        (("ledger", "backup"), {0}),
        (("ledger", "export", "-o", "all.jsonl"), {0}),
        (("ledger", "restore", "--yes"), {0}),
        (("resume",), {0, 1}),
    ):
        ran = run(folder, umask, *words, **environ)
        assert ran.returncode in codes, (words, ran.stderr)


@pytest.mark.parametrize("umask", [0o000, *(pytest.param(umask, marks=pytest.mark.proof) for umask in (0o022, 0o077))])
def test_nobody_else_reads_what_is_written_whatever_the_umask(
    tmp_path: Path, environ: dict[str, str], umask: int
) -> None:
    """Files 0600, folders 0700; only the sheet that was there is as it was."""
    folder = tmp_path / "ops"
    go_through_everything(folder, umask, environ)
    found = modes(folder)
    del found["week.csv"]
    assert {"ledger.sqlite3", "ledger.sqlite3.lock", "campaign-batch.toml", "reports/latest.html"} <= found.keys()
    assert any(name.startswith("backups/ledger-") for name in found)
    assert any(".before-restore-" in name for name in found)
    for name, shown in found.items():
        assert shown == (0o700 if (folder / name).is_dir() else 0o600), name


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_those_who_share_the_watched_folder_read_what_is_written_into_it(
    tmp_path: Path, environ: dict[str, str], umask: int
) -> None:
    """Its folders and notes have its own rights, not those of the reports that are copied into it."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    inbox.chmod(0o2775)
    write_rows(inbox, "week.csv", 1, 2, 3, 4, 5, 6)
    (inbox / "week.csv").chmod(0o664)
    ran = run(tmp_path, umask, "watch", "--once", **environ)
    assert ran.returncode == 1, ran.stderr
    found = modes(inbox)
    assert any(name.endswith("what happened.txt") for name in found)
    assert any("failed-rows" in name for name in found)
    assert found.pop("working") & 0o077 == 0, "what is taken is the tool's alone while it is read"
    for name, shown in found.items():
        assert shown == (0o2775 if (inbox / name).is_dir() else 0o664), name
    assert mode(tmp_path / "ledger.sqlite3") == 0o600


@pytest.mark.in_a_file  # it looks at the modes of the ledger's file
def test_what_was_open_to_others_is_taken_from_them_with_a_word(ready: Shell, tmp_path: Path) -> None:
    """Once: ledger, backups, reports, settings. The doctor says it before."""
    (tmp_path / "campaign-batch.toml").write_text('[sheet]\ntimezone = "America/New_York"\n')
    ready.set(WATCH__FOLDER=tmp_path.parent / "elsewhere")
    write_csv(tmp_path / "week.csv", [row(1)])
    assert ready.run("submit", "week.csv").code == 0
    assert ready.run("ledger", "backup").code == 0
    for path in (tmp_path, *tmp_path.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    ran = ready.run("doctor")
    assert "others may read or change" in ran.out + ran.err
    assert mode(tmp_path / "ledger.sqlite3") == 0o666
    ran = ready.run("ledger", "list")
    assert (ran.code, bool(re.search(r"others could read or change .* and \d+ more: now only this user", ran.err))) == (
        0,
        True,
    )
    found = modes(tmp_path)
    del found["week.csv"]
    assert set(found.values()) == {0o600, 0o700}
    assert mode(tmp_path) == 0o700
    assert "others" not in ready.run("ledger", "list").err


@pytest.mark.in_a_file  # it looks at the modes of the ledger's file
def test_a_folder_within_which_people_drop_stays_open_to_them(ready: Shell, tmp_path: Path) -> None:
    """They must get through; what else is in it they neither read nor change."""
    (tmp_path / "campaign-batch.toml").write_text('[sheet]\ntimezone = "America/New_York"\n')
    (tmp_path / "inbox").mkdir()
    tmp_path.chmod(0o777)
    (tmp_path / "inbox").chmod(0o777)
    write_csv(tmp_path / "week.csv", [row(1)])
    assert ready.run("submit", "week.csv").code == 0
    assert (mode(tmp_path), mode(tmp_path / "inbox"), mode(tmp_path / "ledger.sqlite3")) == (0o755, 0o777, 0o600)


@pytest.mark.in_a_file  # it looks at the modes of the ledger's file
def test_everybodys_folder_keeps_its_rights(ready: Shell, tmp_path: Path) -> None:
    """`/tmp` is no folder of ours, and a folder without our settings is not either; our files in it are."""
    tmp_path.chmod(0o1777)
    write_csv(tmp_path / "week.csv", [row(1)])
    ready.set(LEDGER__GROUP="")
    assert ready.run("submit", "week.csv").code == 0
    assert (mode(tmp_path), mode(tmp_path / "ledger.sqlite3")) == (0o1777, 0o600)


def test_a_link_is_not_followed(ready: Shell, tmp_path: Path) -> None:
    """What it leads to is somebody else's."""
    write_csv(tmp_path / "week.csv", [row(1)])
    assert ready.run("submit", "week.csv").code == 0
    stranger = tmp_path / "stranger.html"
    stranger.write_text("mine")
    stranger.chmod(0o644)
    (tmp_path / "reports" / "link.html").symlink_to(stranger)
    assert ready.run("ledger", "list").code == 0
    assert mode(stranger) == 0o644


def test_a_group_that_is_not_there_is_exit_2(ready: Shell) -> None:
    """Nothing is opened, so nothing is shared with nobody."""
    ready.set(LEDGER__GROUP="no-such-group")
    ran = ready.run("ledger", "list")
    assert (ran.code, '"no-such-group"' in ran.err) == (2, True)


def test_everybody_who_may_approve_is_a_warning_of_the_doctor(ready: Shell, tmp_path: Path) -> None:
    """Whoever writes into `approved/` says yes."""
    (tmp_path / "inbox" / "approved").mkdir(parents=True)
    (tmp_path / "inbox" / "approved").chmod(0o777)
    ran = ready.run("doctor")
    assert "everybody on this machine may write into" in ran.out + ran.err


@pytest.fixture
def shared() -> Iterator[Path]:
    """Give a folder that other users can get to: pytest's own are closed to them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "ops"
        folder.mkdir()
        Path(name).chmod(0o755)
        yield folder


@ROOT_ONLY
@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_a_group_shares_all_of_it_and_nobody_else_does(shared: Path, environ: dict[str, str], umask: int) -> None:
    """Ledger and folder 0660 and 2770; another user of the group goes on with it, a stranger does not."""
    group = grp.getgrgid(1)
    environ |= {"CAMPAIGN_BATCH_LEDGER__GROUP": group.gr_name, "CAMPAIGN_BATCH_WATCH__FOLDER": "/nowhere/inbox"}
    write_rows(shared, "week.csv", 1, 2, 3, 4, 5, 6)
    for words in (("submit", "week.csv"), ("ledger", "backup"), ("reconcile",)):
        ran = run(shared, umask, *words, **environ)
        assert ran.returncode in {0, 1}, ran.stderr
    found = modes(shared)
    del found["week.csv"]
    for name, shown in found.items():
        path = shared / name
        assert shown == (0o2770 if path.is_dir() else 0o660), name
        assert path.stat().st_gid == group.gr_gid, name
    assert (mode(shared), shared.stat().st_gid) == (0o2770, group.gr_gid)
    assert as_another(shared, 12345, group.gr_gid) == "7 entries, noted"
    assert as_another(shared, 12345, 12345) in {"PermissionError", "LedgerError", "UsageError"}


def as_another(folder: Path, user: int, group: int) -> str:
    """Open the ledger as another user, write into it, and go on with it as its submitter."""
    code = (
        "import os, sys\nfrom datetime import UTC, datetime\nfrom pathlib import Path\n"
        "import sqlalchemy.dialects.sqlite, filelock, batch.adapters.ledger.lock\n"
        "from batch.adapters.ledger import open_ledger\n"
        f"os.setgroups([]); os.setgid({group}); os.setuid({user})\nos.umask(0o077)\nnow = datetime.now(UTC)\n"
        "try:\n"
        f"    with open_ledger('sqlite:///{folder}/ledger.sqlite3', now=now) as ledger, ledger.lock.hold('bo', now):\n"
        "        ledger.journal.note_run('test', now)\n        ledger.upkeep.backup(now)\n"
        "        print(len(list(ledger.entries.select())), 'entries, noted')\n"
        "except Exception as trouble:\n    print(type(trouble).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.stdout.strip()


def test_the_units_close_what_the_service_needs_not(shell: Shell, tmp_path: Path) -> None:
    """Its rights, its memory, its view of the system, the families of addresses that it speaks."""
    assert shell.run("init", "--running", "systemd").code == 0
    for name in ("campaign-batch-watch.service", "campaign-batch-once.service"):
        lines = set((tmp_path / "running" / name).read_text(encoding="utf-8").splitlines())
        assert {
            "UMask=0077", "MemoryMax=2G", "PrivateTmp=true", "ProtectSystem=full", "NoNewPrivileges=true",
            "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        } <= lines  # fmt: skip
    assert shell.run("init", "--running", "cron").code == 0
    assert "umask 077" in (tmp_path / "running" / "crontab").read_text(encoding="utf-8")
