"""The watch folder: whole files only, each taken once, and never in two places or in none, whatever is killed when."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli_support import narrowed
from inbox_support import NOON, after, drop, listed, make, take

from batch.adapters.inbox import Inbox, InboxGoneError, Ready, Settling, has_stop, wake
from batch.adapters.inbox.names import claim_name, make_mark, may_be_sheet, split_claim
from batch.core.file_names import cut_name
from batch.model.errors import BatchError, InboxBusyError


def ready(inbox: Inbox, now: datetime) -> list[str]:
    return [one.name for one in inbox.scan(now) if isinstance(one, Ready)]


def where(inbox: Inbox) -> Counter[str]:
    """Count the dropped files by their content, over all folders, our own files left out."""
    places: Counter[str] = Counter()
    for path in inbox.folder.rglob("*"):
        if path.is_file() and not path.name.startswith(".") and path.read_text(encoding="utf-8").startswith("file "):
            places[path.read_text(encoding="utf-8")] += 1
    return places


def test_a_file_is_whole_when_it_stood_still(tmp_path: Path) -> None:
    """Also one that was there before the start; the same look twice within the time is not enough."""
    inbox = make(tmp_path)
    drop(inbox, "march.xlsx")
    assert inbox.scan(NOON) == (Settling("march.xlsx", "may still be growing", after(5)),)
    assert ready(inbox, after(4.9)) == []
    assert ready(inbox, after(5)) == ["march.xlsx"]


def test_a_slow_copy_is_never_ready_early(tmp_path: Path) -> None:
    """Gaps of up to four seconds, 50 times, in size or in mtime alone."""
    inbox = make(tmp_path)
    path = drop(inbox, "slow.csv")
    for second in range(0, 200, 4):
        if second % 8:
            with path.open("a", encoding="utf-8") as file:
                file.write("x" * 100)
        else:
            os.utime(path, ns=(second, second))
        assert ready(inbox, after(second)) == []
        assert ready(inbox, after(second + 3.9)) == []
    assert ready(inbox, after(196 + 4.9)) == []
    assert ready(inbox, after(196 + 5)) == ["slow.csv"]


@pytest.mark.parametrize("lock", ["~$March.xlsx", "~$march.XLSX", ".~lock.March.xlsx#"])
def test_a_file_that_is_open_in_an_office_waits(tmp_path: Path, lock: str) -> None:
    """However long it stands still; and it must stand still anew once it is closed."""
    inbox = make(tmp_path)
    drop(inbox, "March.xlsx")
    drop(inbox, lock, "Ann")
    drop(inbox, "other.xlsx")
    inbox.scan(NOON)
    found = inbox.scan(after(3600))
    assert [type(one).__name__ for one in found] == ["Settling", "Ready"]
    assert isinstance(found[0], Settling)
    assert (found[0].why, found[0].lock) == ("still open in Excel or LibreOffice", lock)
    (inbox.folder / lock).unlink()
    assert ready(inbox, after(3604)) == ["other.xlsx"]
    assert ready(inbox, after(3605)) == ["March.xlsx", "other.xlsx"]


@pytest.mark.parametrize(
    "name",
    ["~$a.xlsx", ".~lock.a.xlsx#", "a.xlsx.tmp", "A.TMP", "a.part", "a.xlsx.crdownload", ".a.xlsx", "STOP", "stop.txt",
     "STOP.xlsx", "Stop (1).csv", "desktop.ini", "a.xlsx - will be taken at 14.05.txt"],
)  # fmt: skip
def test_what_never_counts(tmp_path: Path, name: str) -> None:
    """Locks, halves of downloads, hidden files, the stop sign and our own notes stay where they are."""
    inbox = make(tmp_path)
    drop(inbox, name, "x")
    inbox.scan(NOON)
    assert inbox.scan(after(3600)) == ()
    assert (inbox.folder / name).exists()


def test_an_empty_file_is_taken_only_after_minutes(tmp_path: Path) -> None:
    """Its copy may have only begun; one that stays empty is told in a note and then dealt with, restart or not."""
    inbox = make(tmp_path)
    path = drop(inbox, "empty.csv", "")
    inbox.scan(NOON)
    assert ready(inbox, after(5)) == []
    assert [name for name in listed(inbox.folder) if "will be taken at" in name]
    path.write_text("CampaignName,Message\n", encoding="utf-8")
    assert ready(inbox, after(299)) == []
    path.write_text("", encoding="utf-8")
    inbox.scan(after(300))
    inbox.scan(after(305))
    assert ready(make(tmp_path), after(604)) == []
    assert ready(make(tmp_path), after(605)) == ["empty.csv"]


def test_folders_and_links_never_count(tmp_path: Path) -> None:
    """Only a file that was dropped itself is taken."""
    inbox = make(tmp_path)
    (inbox.folder / "old").mkdir()
    drop(inbox, "real.xlsx")
    if os.name == "posix":
        (inbox.folder / "link.xlsx").symlink_to(inbox.folder / "real.xlsx")
    inbox.scan(NOON)
    assert ready(inbox, after(60)) == ["real.xlsx"]


def test_the_grace_is_told_in_a_note_beside_the_file(tmp_path: Path) -> None:
    """The note says until when, by the team's clock, and goes away when the file is taken."""
    inbox = make(tmp_path, grace=300)
    drop(inbox, "march.xlsx")
    inbox.scan(NOON)
    assert inbox.scan(after(5)) == (Settling("march.xlsx", "in its grace", after(305)),)
    assert listed(inbox.folder) == ["march.xlsx", "march.xlsx - will be taken at 06.05.txt"]
    note = (inbox.folder / "march.xlsx - will be taken at 06.05.txt").read_text(encoding="utf-8")
    assert note.startswith('"march.xlsx" will be taken at 06:05.')
    assert ready(inbox, after(304)) == []
    [one] = inbox.scan(after(305))
    assert isinstance(one, Ready)
    assert inbox.claim(one, after(305)) is not None
    assert listed(inbox.folder) == []


def test_taken_out_in_its_grace_nothing_happens(tmp_path: Path) -> None:
    """The note goes with the file, and nobody finds the file ready later."""
    inbox = make(tmp_path, grace=300)
    path = drop(inbox, "march.xlsx")
    inbox.scan(NOON)
    inbox.scan(after(5))
    shutil.move(path, tmp_path / "march.xlsx")
    assert inbox.scan(after(10)) == ()
    assert listed(inbox.folder) == []
    shutil.move(tmp_path / "march.xlsx", path)
    assert ready(inbox, after(400)) == []
    assert ready(inbox, after(405)) == []
    assert ready(inbox, after(704)) == []
    assert ready(inbox, after(705)) == ["march.xlsx"]


def test_a_change_in_the_grace_begins_it_anew(tmp_path: Path) -> None:
    """Somebody is still at work on it; the note says the new time."""
    inbox = make(tmp_path, grace=300)
    drop(inbox, "march.xlsx")
    inbox.scan(NOON)
    inbox.scan(after(5))
    drop(inbox, "march.xlsx", "another text\n")
    inbox.scan(after(290))
    inbox.scan(after(360))
    assert listed(inbox.folder) == ["march.xlsx", "march.xlsx - will be taken at 06.11.txt"]
    assert ready(inbox, after(659)) == []
    assert ready(inbox, after(660)) == ["march.xlsx"]


def test_a_restart_goes_on_with_the_grace(tmp_path: Path) -> None:
    """So that one run after another, by cron, takes the file at the time that the note says."""
    first = make(tmp_path, grace=300)
    drop(first, "march.xlsx")
    first.scan(NOON)
    first.scan(after(5))
    assert ready(make(tmp_path, grace=300), after(304)) == []
    assert ready(make(tmp_path, grace=300), after(305)) == ["march.xlsx"]
    drop(first, "march.xlsx", "changed meanwhile\n")
    assert ready(make(tmp_path, grace=300), after(310)) == []
    assert listed(first.folder) == ["march.xlsx"]


def test_a_note_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    """Only what we wrote is ours to remove."""
    inbox = make(tmp_path, grace=300)
    drop(inbox, "x - will be taken at 09.00.txt", "call Ann before")
    inbox.scan(NOON)
    assert listed(inbox.folder) == ["x - will be taken at 09.00.txt"]


def test_a_claim_keeps_the_name_in_a_folder_of_its_own(tmp_path: Path) -> None:
    """Dated and marked, so that the same name can be dropped again at once."""
    inbox = make(tmp_path)
    drop(inbox, "march offers.xlsx")
    claimed = take(inbox, "march offers.xlsx")
    assert (claimed.name, claimed.path.name) == ("march offers.xlsx", "march offers.xlsx")
    assert claimed.path.parent.name == f"20261123T120005Z-{claimed.mark}"
    drop(inbox, "march offers.xlsx")
    again = take(inbox, "march offers.xlsx", after(60))
    assert again.path != claimed.path
    assert [one.path for one in make(tmp_path).unfinished()] == [claimed.path, again.path]


def test_of_two_watchers_one_gets_the_file(tmp_path: Path) -> None:
    """The loser is told None, and leaves nothing behind."""
    one, two = make(tmp_path), make(tmp_path)
    drop(one, "march.xlsx")
    for inbox in (one, two):
        inbox.scan(NOON)
    [for_one], [for_two] = one.scan(after(5)), two.scan(after(5))
    assert isinstance(for_one, Ready)
    assert isinstance(for_two, Ready)
    assert one.claim(for_one, after(5)) is not None
    assert two.claim(for_two, after(5)) is None
    assert len(list(one.working.iterdir())) == 1


def test_a_file_that_changes_before_the_claim_is_not_taken(tmp_path: Path) -> None:
    """What was judged whole is not what lies there now."""
    inbox = make(tmp_path)
    drop(inbox, "march.xlsx")
    inbox.scan(NOON)
    [one] = inbox.scan(after(5))
    assert isinstance(one, Ready)
    drop(inbox, "march.xlsx", "newer\n")
    assert inbox.claim(one, after(5)) is None
    assert listed(inbox.folder) == ["march.xlsx"]
    assert list(inbox.working.iterdir()) == []


def test_filed_with_its_results_beside_it(tmp_path: Path) -> None:
    """Dated by the team's clock; the results are copies, and what happened stands in words."""
    inbox = make(tmp_path)
    drop(inbox, "march.xlsx", "file march")
    report = tmp_path / "batch-12.html"
    report.write_text("<p>report</p>", encoding="utf-8")
    claimed = take(inbox, "march.xlsx")
    place = inbox.file_away(claimed, "done", [report, tmp_path / "not made.xlsx"], "taken in as batch 12\n")
    assert place == inbox.done / "2026-11-23 06.00 march.xlsx"
    assert listed(inbox.done) == [
        "2026-11-23 06.00 march - batch-12.html",
        "2026-11-23 06.00 march - what happened.txt",
        "2026-11-23 06.00 march.xlsx",
    ]
    assert report.exists()
    assert list(inbox.working.iterdir()) == []
    assert inbox.unfinished() == ()


def test_nothing_that_was_filed_is_ever_covered(tmp_path: Path) -> None:
    """The same name in the same minute gets a mark; a name of 240 characters still fits."""
    inbox = make(tmp_path)
    for text in ("file one", "file two"):
        drop(inbox, "march.xlsx", text)
        inbox.file_away(take(inbox, "march.xlsx"), "attention")
    assert where(inbox) == {"file one": 1, "file two": 1}
    long = f"{'ä' * 120}.xlsx"
    drop(inbox, long, "file three")
    place = inbox.file_away(take(inbox, long), "attention", [], "words")
    assert place.suffix == ".xlsx"
    assert where(inbox)["file three"] == 1
    assert cut_name("short.csv") == "short.csv"


def test_two_kinds_of_one_name_keep_a_note_each(tmp_path: Path) -> None:
    """A note is named for its sheet without the ending: the second covered the first."""
    inbox = make(tmp_path)
    for name, words in (("week.csv", "of csv"), ("WEEK.tsv", "of tsv")):
        drop(inbox, name, name)
        inbox.file_away(take(inbox, name), "done", [], words)
    notes = [note.read_text(encoding="utf-8") for note in inbox.done.glob("* - what happened.txt")]
    assert sorted(note.strip() for note in notes) == ["of csv", "of tsv"]


def test_a_killed_run_is_gone_on_with_and_three_times_is_enough(tmp_path: Path) -> None:
    """A file on which the program dies is put aside with a note, and the watch goes on."""
    inbox = make(tmp_path)
    drop(inbox, "bad.xlsx", "file bad")
    take(inbox, "bad.xlsx")
    assert [(one.name, one.failures) for one in make(tmp_path).unfinished()] == [("bad.xlsx", 1)]
    assert [one.failures for one in make(tmp_path).unfinished()] == [2]
    assert make(tmp_path).unfinished() == ()
    assert listed(inbox.attention) == ["2026-11-23 06.00 bad - what happened.txt", "2026-11-23 06.00 bad.xlsx"]
    assert where(inbox) == {"file bad": 1}
    assert list(inbox.working.iterdir()) == []


def test_an_outage_of_the_provider_is_no_failure_of_the_file(tmp_path: Path) -> None:
    """A file may be begun any number of times as long as nothing is wrong with it."""
    inbox = make(tmp_path)
    drop(inbox, "good.xlsx")
    inbox.forgive(take(inbox, "good.xlsx"))
    for _ in range(8):
        [claimed] = make(tmp_path).unfinished()
        assert claimed.failures == 0
        inbox.forgive(claimed)


def test_a_share_that_goes_away_is_told_apart(tmp_path: Path) -> None:
    """It raises its own error, makes no folder in the share's place, and goes on when it is back."""
    inbox = make(tmp_path)
    drop(inbox, "march.xlsx", "file march")
    claimed = take(inbox, "march.xlsx")
    inbox.folder.rename(tmp_path / "away")
    for call in (lambda: inbox.scan(NOON), inbox.unfinished, lambda: inbox.file_away(claimed, "done"), inbox.approvals):
        with pytest.raises(InboxGoneError, match="cannot be reached"):
            call()
    assert not inbox.stop_requested()
    inbox.folder.mkdir()  # the bare mount point
    with pytest.raises(InboxGoneError):
        inbox.scan(NOON)
    inbox.folder.rmdir()
    (tmp_path / "away").rename(inbox.folder)
    assert inbox.file_away(claimed, "done").exists()
    with pytest.raises(InboxGoneError):
        Inbox(tmp_path / "no share" / "inbox").prepare()


def test_one_file_that_cannot_be_moved_is_another_trouble(tmp_path: Path) -> None:
    """The folder is there, the file is not: said so, without a traceback."""
    inbox = make(tmp_path)
    drop(inbox, "march.xlsx")
    claimed = take(inbox, "march.xlsx")
    claimed.path.unlink()
    with pytest.raises(BatchError, match="cannot be written or moved") as caught:
        inbox.file_away(claimed, "done")
    assert not isinstance(caught.value, InboxGoneError)


@pytest.mark.skipif(os.name != "posix", reason="a limit of POSIX stands for the full disk")
def test_a_full_disk_is_said_and_every_file_waits_where_it_is(tmp_path: Path) -> None:
    """What is dropped stays in the folder, what was taken stays taken; it goes on when there is room."""
    inbox = make(tmp_path)
    drop(inbox, "march.xlsx", "file march")
    taken = take(inbox, "march.xlsx")
    drop(inbox, "april.xlsx", "file april")
    inbox.scan(NOON)
    [ready] = [one for one in inbox.scan(NOON + timedelta(seconds=5)) if isinstance(one, Ready)]
    with narrowed("RLIMIT_FSIZE", 0):
        for call in (lambda: inbox.claim(ready, NOON), inbox.unfinished):
            with pytest.raises(BatchError, match=r"no file can be taken .* \(File too large\): make room on its disk"):
                call()
    assert (inbox.folder / "april.xlsx").read_text() == "file april"
    assert [one.path for one in inbox.unfinished()] == [taken.path]


NEARLY_STOP = (
    "STOP.txt.txt", "STOP.docx", "stop.rtf", "STOP.xlsx", "Stop (1).txt", "STOP(2)", "STOP - Copy.txt",
    "stop copy 2.txt", "STOP - Copy (2).txt", "Copy of STOP.txt", ".STOP", "STOP ",
    " stop .txt", "STOP.", "STOP!", "STOP.crdownload",
)  # fmt: skip
NO_STOP = (
    "STOPPED.xlsx", "STOP sale week.xlsx", "stopwatch.xlsx", "nonstop.csv", "STOP-1.xlsx", "copy.csv", "~$STOP.docx",
    "._STOP", "STOP.txt~", "STOP.xlsx - not taken yet.txt", "STOP.xlsx - will be taken at 14.05.txt",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "asked"),
    [("STOP", True), ("stop.txt", True), *((name, True) for name in NEARLY_STOP), *((name, False) for name in NO_STOP)],
)
def test_the_stop_sign(tmp_path: Path, name: str, *, asked: bool) -> None:
    """It counts even when it is empty, whatever an editor or a copy made of its name; a word in a name does not."""
    inbox = make(tmp_path)
    assert not inbox.stop_requested()
    drop(inbox, name, "")
    assert inbox.stop_requested() is asked


def test_nobody_can_see_a_stop_sign_where_there_is_no_folder(tmp_path: Path) -> None:
    """That is neither yes nor no: a pause is lifted only where the file is gone for sure."""
    inbox = make(tmp_path)
    (tmp_path / "file").touch()
    assert [has_stop(one) for one in (inbox.folder, tmp_path / "away", tmp_path / "file")] == [False, None, None]


def test_one_watcher_a_folder(tmp_path: Path) -> None:
    """The second is told who the first is; afterwards the folder is free."""
    inbox = make(tmp_path)
    with inbox.only_watcher("ann on pc-7 since 9:00"):
        with pytest.raises(InboxBusyError, match="by ann on pc-7"), make(tmp_path).only_watcher("bob"):
            pass
        assert inbox.scan(NOON) == ()
    with make(tmp_path).only_watcher("bob"):
        pass


def test_previews_wait_and_come_back_approved(tmp_path: Path) -> None:
    """Moved by a person from one folder to the other; an editor's lock beside it does not count."""
    inbox = make(tmp_path)
    offered = inbox.offer(b"<p>preview</p>", "batch 12 abcd.html")
    assert inbox.approvals() == ()
    shutil.move(offered, inbox.approved)
    (inbox.approved / "~$batch.html").write_text("x", encoding="utf-8")
    assert inbox.approvals() == (inbox.approved / "batch 12 abcd.html",)


def test_a_thousand_files_are_each_taken_once(tmp_path: Path) -> None:
    """Without any event, by two scans; the working folder then holds each of them."""
    inbox = make(tmp_path)
    for number in range(1000):
        drop(inbox, f"sheet {number:04}.csv", f"file {number}")
    inbox.scan(NOON)
    claims = [inbox.claim(one, after(5)) for one in inbox.scan(after(5)) if isinstance(one, Ready)]
    assert len({claimed.path for claimed in claims if claimed}) == 1000
    assert inbox.scan(after(60)) == ()
    assert where(inbox) == Counter({f"file {number}": 1 for number in range(1000)})


@pytest.mark.parametrize("make", [lambda: "0a1b2c", make_mark], ids=["of before", "of today"])
def test_a_claim_of_this_version_and_of_those_before_is_known(make: Callable[[], str]) -> None:
    """Six digits were too short: of a thousand files in a second two shared a mark in three of a hundred runs."""
    mark = make()
    assert split_claim(claim_name(NOON, mark)) == (NOON.replace(microsecond=0), mark)
    assert len({make_mark() for _ in range(20_000)}) >= 19_998


RACER = """
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from batch.adapters.inbox import Inbox, Ready
inbox, now = Inbox(Path(sys.argv[1]), stable_seconds=1, grace_seconds=0), datetime(2026, 11, 23, tzinfo=timezone.utc)
inbox.scan(now)
print("there", flush=True)
sys.stdin.readline()
for round in range(1, 20):
    for one in inbox.scan(now + timedelta(seconds=round)):
        if isinstance(one, Ready) and inbox.claim(one, now):
            print(one.name)
"""


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environ,
    )


def test_two_processes_share_200_files_without_a_double(tmp_path: Path) -> None:
    """Both see all of them ready at the same moment; each file is claimed once in total."""
    inbox = make(tmp_path)
    for number in range(200):
        drop(inbox, f"sheet {number:03}.csv", f"file {number}")
    racers = [start(RACER, str(inbox.folder)) for _ in range(2)]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "there\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    told = [racer.communicate(timeout=60) for racer in racers]
    assert [errors for _, errors in told] == ["", ""]
    claimed = "".join(names for names, _ in told).splitlines()
    assert sorted(claimed) == [f"sheet {number:03}.csv" for number in range(200)]
    assert set(where(inbox).values()) == {1}


KILLED = """
import os, sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from batch.adapters.inbox import Inbox, Ready
inbox, now = Inbox(Path(sys.argv[1]), stable_seconds=1, grace_seconds=60), datetime(2026, 11, 23, tzinfo=timezone.utc)
report, left = Path(sys.argv[2]), int(sys.argv[3])
TOUCHES = {"os.rename", "os.mkdir", "os.rmdir", "os.remove", "open"}
def strike(event, arguments):
    global left
    if event in TOUCHES and str(inbox.folder) in str(arguments[0]):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9) if os.name == "posix" else os._exit(9)
sys.addaudithook(strike)
inbox.prepare()
def finish(claimed):
    inbox.file_away(claimed, "done", [report], "taken in")
for claimed in inbox.unfinished():
    finish(claimed)
for second in (0, 1, 61):
    for one in inbox.scan(now + timedelta(seconds=second)):
        if isinstance(one, Ready) and (claimed := inbox.claim(one, now)):
            finish(claimed)
"""


@pytest.mark.parametrize("first", [1, 11, 21, 31])
def test_killed_at_any_file_operation_a_file_is_in_exactly_one_place(tmp_path: Path, first: int) -> None:
    """Struck before each of 40 operations on disk, one after another; then a whole run finishes what is left."""
    inbox = make(tmp_path)
    report = tmp_path / "report.html"
    report.write_text("<p>report</p>", encoding="utf-8")
    for instant in range(first, first + 10):
        for letter in "abc":
            drop(inbox, f"sheet {instant}{letter}.csv", f"file {instant}{letter}")
        killed = start(KILLED, str(inbox.folder), str(report), str(instant))
        _, errors = killed.communicate(timeout=60)
        assert (killed.returncode in {-9, 9}, errors) == (True, "")
        expected = Counter({f"file {number}{letter}": 1 for number in range(first, instant + 1) for letter in "abc"})
        assert where(inbox) == expected
    for _ in range(2):
        assert start(KILLED, str(inbox.folder), str(report), "-1").wait(timeout=60) == 0
    assert where(inbox) == expected
    assert listed(inbox.folder) == []
    assert [path for path in inbox.working.rglob("*") if not path.name.startswith(".")] == []


def test_a_drop_wakes_early_and_a_note_of_ours_does_not(tmp_path: Path) -> None:
    """Events save waiting; without them the wait just ends."""
    inbox = make(tmp_path)
    assert wake(inbox.folder, 0.01) is False
    assert wake(inbox.folder, 0.01, events=False) is False
    assert wake(tmp_path / "not there", 0.01) is False
    dropper = threading.Timer(0.3, drop, (inbox, "march.xlsx"))
    dropper.start()
    woken = wake(inbox.folder, 30)
    dropper.join()
    assert woken


def test_a_stop_ends_the_wait() -> None:
    """SIGTERM is not to wait for the next look."""
    stop = threading.Event()
    stop.set()
    assert wake(Path.cwd(), 600, stop) is False


def test_names_that_may_be_sheets() -> None:
    """Anything else that people drop is taken, so that it can be refused in words."""
    assert all(map(may_be_sheet, ["march.xlsx", "photo.png", "stop sign.xlsx", "a.tmp.xlsx", "will be taken at 9.txt"]))


def test_what_is_not_taken_has_a_note_after_a_minute_and_only_while_it_is_so(tmp_path: Path) -> None:
    """A file that is open, one that grows, a sheet in a subfolder, a link, an unfinished copy: each says why, once."""
    inbox = make(tmp_path)
    drop(inbox, "open.csv")
    lock = drop(inbox, ".~lock.open.csv#", "ann")
    (inbox.folder / "Week 49").mkdir()
    drop(inbox, "Week 49/a.xlsx")
    (inbox.folder / "empty").mkdir()
    drop(inbox, "half.xlsx.crdownload")
    (inbox.folder / "linked.csv").symlink_to(tmp_path / "elsewhere.csv")
    grown = ""
    for second in range(0, 61, 4):
        grown += "CampaignName,Message\n"
        drop(inbox, "grows.csv", grown)
        inbox.scan(after(second))
        if second < 60:
            assert [name for name in listed(inbox.folder) if "not taken" in name] == []
    said = {
        name.removesuffix(" - not taken yet.txt"): (inbox.folder / name).read_text("utf-8")
        for name in listed(inbox.folder) if "not taken" in name
    }  # fmt: skip
    assert said.keys() == {"open.csv", "grows.csv", "Week 49", "half.xlsx.crdownload", "linked.csv"}
    assert 'delete ".~lock.open.csv#" beside it' in said["open.csv"]
    assert "is still being written" in said["grows.csv"]
    assert "is a folder, and sheets in it are not taken: move them out of it" in said["Week 49"]
    assert "is an unfinished copy or download" in said["half.xlsx.crdownload"]
    assert "is a link, so it is not taken" in said["linked.csv"]
    assert len(inbox.left_alone.told) == 5
    inbox.scan(after(64))
    assert len(inbox.left_alone.told) == 5, "never twice"
    lock.unlink()
    (inbox.folder / "Week 49" / "a.xlsx").rename(inbox.folder / "a.xlsx")
    inbox.scan(after(68))
    names = [name for name in listed(inbox.folder) if "not taken" in name]
    assert names == ["half.xlsx.crdownload - not taken yet.txt", "linked.csv - not taken yet.txt"]


def test_a_single_look_tells_by_the_age_of_the_lock(tmp_path: Path) -> None:
    """A scheduler starts a new watch every few minutes; none of them looks for a minute."""
    drop(make(tmp_path), "open.csv")
    drop(make(tmp_path), "~$open.csv", "ann")
    now = datetime.now(UTC)
    make(tmp_path).scan(now + timedelta(seconds=30))
    assert not (tmp_path / "inbox" / "open.csv - not taken yet.txt").exists()
    make(tmp_path).scan(now + timedelta(seconds=90))
    assert (tmp_path / "inbox" / "open.csv - not taken yet.txt").exists()
