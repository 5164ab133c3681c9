"""Folders and files as teams really have them: odd names, wrong times, slow shares, two disks, no events."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from inbox_support import NOON, after, drop, make
from torture_support import RealClock, Steps, assert_exactly_once, wait_until
from weekly_support import Round, weekly

from batch.adapters.inbox import Inbox, Ready
from batch.model.errors import BatchError

NAMES = (
    "week 48 (Dana's conflicted copy 2026-11-23).csv",
    "week 48 (1).csv",
    "week 48-DESKTOP-4F7.csv",
    "week 48.sync-conflict-20261123-101500-ABCDEFG.csv",
    "Kopie von week 48 - Copy (2).csv",
    unicodedata.normalize("NFD", "Résumé für Köln.csv"),
    "w" * 240 + ".csv",
    "-rf.csv",
    "--allow.csv",
    "CON.csv",
    "aux.csv",
    "COM1.csv",
    'Dana "D" O\'Neil & co; $(rm -rf) `id`.csv',
    "50% off {{ Offer }} %s.csv",
    "week 48. .csv",
    "Woche 48 \u202eslx.csv",
    "周报 48 😀.csv",
    "周" * 80 + ".csv",
    "𝒜" * 60 + ".csv",
)


def test_whatever_a_file_is_called_it_is_taken_once_and_told_by_its_name() -> None:
    """Copies of sync clients, NFD, 240 characters, options, reserved words, quotes: each is a batch, and is filed."""
    with weekly(groups=len(NAMES), mail=True) as team:
        for number, name in enumerate(NAMES):
            team.drop([team.desk.row(number)], name)
        watched = team.watch(60)
        assert (watched.files, watched.trouble, team.sheets(), team.sheets("attention")) == (len(NAMES), None, [], [])
        assert_exactly_once(team.desk.sandbox, team.desk.entries(), len(NAMES))
        assert len(team.sheets("done")) == len(NAMES)
        assert not any(letter in name for name in team.files("done") for letter in '<>:"/\\|?*\u202e')
        assert max(len(name.encode()) for name in team.files("done")) <= 255
        with team.desk.ledger() as ledger:
            assert {batch.file for batch in ledger.batches.all()} == set(NAMES)
        assert len(list((team.desk.folder / "reports").glob("batch-*.html"))) == len(NAMES)


@pytest.mark.parametrize("years", [-60, 30])
def test_the_time_of_a_file_says_nothing_about_when_it_is_whole(years: int) -> None:
    """A server's clock may be decades off, ahead too: what counts is when the file was seen to stand still."""
    with weekly() as team:
        path = team.drop(1)
        stamp = time.time() + years * 365.25 * 86_400
        os.utime(path, (stamp, stamp))
        watched = team.watch(30)
        assert (watched.files, watched.trouble, len(team.sheets("done"))) == (1, None, 1)


class SlowShare(Steps):
    """A share that takes half a minute over each file that is opened, moved or removed."""

    def __init__(self, team: Round) -> None:
        super().__init__(team.folder, lambda: None)
        self._team = team

    def step(self, what: str) -> None:
        """Let the time pass."""
        if what.startswith(("open ", "os.")):
            self.count += 1
            self._team.desk.clock.advance(seconds=30)


def test_a_share_that_answers_after_half_a_minute_loses_and_doubles_nothing() -> None:
    """Every step takes its time; each row is sent once, and nobody is told of trouble."""
    with weekly() as team:
        team.drop(3)
        share = SlowShare(team)
        try:
            watched = team.watch(3600)
        finally:
            share.disarm()
        assert share.count > 10
        assert (watched.files, watched.trouble, team.sheets(), len(team.sheets("done"))) == (1, None, [], 1)
        assert_exactly_once(team.desk.sandbox, team.desk.entries(), 3)


@pytest.fixture
def two_disks(tmp_path: Path) -> Iterator[Inbox]:
    """Give a watched folder whose `done` and `working` are another disk's."""
    inbox = make(tmp_path)
    mounted = []
    try:
        for name in ("working", "done"):
            place = str(inbox.folder / name)
            if subprocess.run(["mount", "-t", "tmpfs", "none", place], capture_output=True, check=False).returncode:
                pytest.skip("only root may mount")
            mounted.append(place)
        yield inbox
    finally:
        for place in mounted:
            subprocess.run(["umount", place], check=True)


@pytest.mark.skipif(not shutil.which("mount") or os.name != "posix" or os.geteuid() != 0, reason="only root may mount")
def test_a_folder_on_another_disk_is_named_and_the_file_stays(two_disks: Inbox) -> None:
    """No rename reaches it in one step: said with the remedy, at taking as at filing, and no file is in two places."""
    path = drop(two_disks, "week.csv")
    two_disks.scan(NOON)
    [found] = two_disks.scan(after(5))
    assert isinstance(found, Ready)
    with pytest.raises(BatchError, match="on different disks, so no file can be moved there in one step: keep"):
        two_disks.claim(found, after(5))
    assert (path.exists(), list(two_disks.working.iterdir())) == (True, [])
    subprocess.run(["umount", str(two_disks.working)], check=True)
    try:
        claimed = two_disks.claim(found, after(5))
        assert claimed is not None
        with pytest.raises(BatchError, match="on different disks"):
            two_disks.file_away(claimed, "done")
        assert (claimed.path.exists(), list(two_disks.done.iterdir())) == (True, [])
    finally:
        subprocess.run(["mount", "-t", "tmpfs", "none", str(two_disks.working)], check=True)


LIMITED = 'echo 0 > /proc/sys/user/max_inotify_{limit} && exec "$@"'


@pytest.mark.skipif(not Path("/proc/sys/user/max_inotify_instances").exists(), reason="this system has no inotify")
@pytest.mark.parametrize("limit", ["instances", "watches"])
def test_where_inotify_is_at_its_limit_the_watch_looks_by_itself_and_says_so_once(limit: str) -> None:
    """The system refuses in two ways; whatever is dropped is taken, and one line says how it is found."""
    with weekly(clock=RealClock()) as team:
        team.desk.set(watch__stable_seconds=0.2, watch__scan_seconds=0.2)
        words = [
            "unshare",
            "-Ur",
            "sh",
            "-c",
            LIMITED.format(limit=limit),
            "sh",
            sys.executable,
            "-m",
            "batch",
            "watch",
        ]
        environ = os.environ | team.desk.environ
        watch = subprocess.Popen(words, cwd=team.desk.folder, env=environ, stderr=subprocess.PIPE, text=True)
        team.drop(1)
        filed = wait_until(lambda: bool(team.sheets("done")), 40)
        watch.terminate()
        _, said = watch.communicate(timeout=40)
        assert (filed, watch.returncode, said.count("does not report new files here")) == (True, 0, 1), said
