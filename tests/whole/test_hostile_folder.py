"""Nothing in the watched folder can hang the watch, or make it read or write anywhere else."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from pathlib import Path

import pytest
from inbox_support import NOON, after, drop, listed, make, take
from weekly_support import weekly

from batch.adapters.inbox import Ready, hash_offer
from batch.adapters.inbox.plain_files import OddFileError, name_kind, read_small
from batch.model.errors import BatchError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes, sockets and links are POSIX's")
ODD = ("pipe", "socket", "link", "dangling", "folder link", "device link", "hard link")


def put(path: Path, what: str, outside: Path) -> None:
    """Put something there that is no plain file."""
    outside.mkdir(exist_ok=True)
    (outside / "secret.csv").write_text("not yours", encoding="utf-8")
    if what == "pipe":
        os.mkfifo(path)
    elif what == "socket":
        here = Path.cwd()
        os.chdir(path.parent)  # a socket's name must be short
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
        os.chdir(here)
    elif what == "hard link":
        os.link(outside / "secret.csv", path)
    else:
        targets = {"link": outside / "secret.csv", "dangling": outside / "new.csv", "folder link": outside}
        path.symlink_to(targets.get(what, Path("/dev/zero")))


@pytest.mark.parametrize("what", ODD)
def test_what_is_no_plain_file_is_never_read(tmp_path: Path, what: str) -> None:
    """Neither as a sheet nor as a note, a marker, or a preview; nothing waits for it."""
    path = tmp_path / "odd.csv"
    put(path, what, tmp_path / "outside")
    assert read_small(path) == b""
    assert name_kind(path)
    with pytest.raises(OddFileError):
        hash_offer(path)


@pytest.mark.parametrize("what", ODD)
def test_it_is_no_sheet_and_the_one_beside_it_is_taken(tmp_path: Path, what: str) -> None:
    """The watch goes on; a hard link, which looks like a file, is put aside unread with a note."""
    inbox = make(tmp_path)
    put(inbox.folder / "odd.csv", what, tmp_path / "outside")
    drop(inbox, "week.csv")
    inbox.scan(NOON)
    claims = [inbox.claim(one, after(60)) for one in inbox.scan(after(60)) if isinstance(one, Ready)]
    assert [one.name for one in claims if one] == ["week.csv"]
    assert (tmp_path / "outside" / "secret.csv").read_text(encoding="utf-8") == "not yours"
    if what == "hard link":
        assert [name for name in listed(inbox.attention) if "what happened" in name]
        assert inbox.refused == ['"odd.csv" is a file with a second name (a hard link), so it was not read']
    else:
        assert name_kind(inbox.folder / "odd.csv")


@pytest.mark.parametrize("what", ODD)
@pytest.mark.parametrize(
    "name",
    [
        ".watcher.txt",
        ".watcher.lock",
        "march.xlsx - will be taken at 06.05.txt",
        "other.csv - will be taken at 07.00.txt",
    ],
)
def test_no_marker_of_ours_is_followed_or_waited_for(tmp_path: Path, what: str, name: str) -> None:
    """Whatever somebody put in the place of a note or marker: the watch runs, and nothing outside is written."""
    inbox = make(tmp_path, grace=300)
    put(inbox.folder / name, what, tmp_path / "outside")
    drop(inbox, "march.xlsx")
    with inbox.only_watcher("ann on desk"):
        inbox.scan(NOON)
        inbox.scan(after(5))
        inbox.scan(after(100))
    assert sorted(path.name for path in (tmp_path / "outside").iterdir()) == ["secret.csv"]
    assert (tmp_path / "outside" / "secret.csv").read_text(encoding="utf-8") == "not yours"


@pytest.mark.parametrize("name", ["working", "done", "attention", "waiting", "approved"])
def test_a_folder_of_the_watch_that_is_a_link_is_refused(tmp_path: Path, name: str) -> None:
    """Before it starts and while it runs: nothing lands where the link leads to."""
    inbox, outside = make(tmp_path), tmp_path / "outside"
    outside.mkdir()
    drop(inbox, "week.csv")
    claimed = None if name == "working" else take(inbox, "week.csv")
    for path in (inbox.folder / name).iterdir():
        path.unlink()
    (inbox.folder / name).rmdir()
    (inbox.folder / name).symlink_to(outside)
    acts = {
        "working": lambda: inbox.claim(Ready("week.csv", 0, 0), NOON),
        "done": lambda: inbox.file_away(claimed, "done", (), "words"),  # type: ignore[arg-type]
        "attention": lambda: inbox.file_away(claimed, "attention", (), "words"),  # type: ignore[arg-type]
        "waiting": lambda: inbox.offer(b"page", "batch-0001-a-0123456789abcdef.html"),
        "approved": inbox.approvals,
    }
    for act in (acts[name], inbox.prepare):
        with pytest.raises(BatchError, match="is a link or a file"):
            act()
    assert list(outside.iterdir()) == []


def test_only_the_copy_is_read_and_filed(tmp_path: Path) -> None:
    """Whoever has the file open goes on writing to what nobody reads; what was written comes back as a new file."""
    inbox = make(tmp_path)
    path = drop(inbox, "week.csv", "file one\n")
    with path.open("a", encoding="utf-8") as writer:
        claimed = take(inbox, "week.csv")
        seen = hashlib.sha256(claimed.path.read_bytes()).hexdigest()
        writer.write("a row more\n")
        writer.flush()
        assert hashlib.sha256(claimed.path.read_bytes()).hexdigest() == seen
        filed = inbox.file_away(claimed, "done")
    assert filed.read_text(encoding="utf-8") == "file one\n"
    assert path.read_text(encoding="utf-8") == "file one\na row more\n"


def test_a_writer_that_never_stops_changes_nothing(tmp_path: Path) -> None:
    """A thread that writes on and on: the file either is not taken, or stays as it was when it was."""
    inbox, stop = make(tmp_path), threading.Event()
    path = drop(inbox, "week.csv", "file one\n")

    file = path.open("r+b", buffering=0)

    def write() -> None:
        with file:
            while not stop.is_set():
                file.seek(0)
                file.write(os.urandom(9))

    thread = threading.Thread(target=write)
    inbox.scan(NOON)
    [found] = inbox.scan(after(5))
    assert isinstance(found, Ready)
    thread.start()
    try:
        claimed = inbox.claim(found, after(5))
        if claimed is not None:
            first = claimed.path.read_bytes()
            assert all(claimed.path.read_bytes() == first for _ in range(200))
    finally:
        stop.set()
        thread.join()


def test_a_file_swapped_for_another_is_not_taken(tmp_path: Path) -> None:
    """Between the look and the claim: it is looked at anew."""
    inbox = make(tmp_path)
    path = drop(inbox, "week.csv", "file one\n")
    inbox.scan(NOON)
    [found] = inbox.scan(after(5))
    path.unlink()
    drop(inbox, "week.csv", "another one\n")
    assert isinstance(found, Ready)
    assert inbox.claim(found, after(5)) is None
    assert path.exists()


def test_what_is_taken_is_nobody_elses(tmp_path: Path) -> None:
    """The folder of a claim, and the one above it, are closed to others whatever the umask."""
    old = os.umask(0)
    try:
        inbox = make(tmp_path)
        drop(inbox, "week.csv")
        claimed = take(inbox, "week.csv")
    finally:
        os.umask(old)
    assert [oct(path.stat().st_mode & 0o777) for path in (inbox.working, claimed.path.parent)] == ["0o700", "0o700"]


def test_the_owner_is_that_of_the_very_file(tmp_path: Path) -> None:
    """Also after a kill, when the copy, which is the watch's own, is all that is left."""
    inbox = make(tmp_path)
    path = drop(inbox, "week.csv")
    if os.geteuid() == 0:
        os.chown(path, 4321, -1)
    owner = path.stat().st_uid
    assert take(inbox, "week.csv").uid == owner
    [again] = make(tmp_path).unfinished()
    assert again.uid == owner


@pytest.mark.parametrize("what", ODD)
def test_the_whole_watch_goes_on(what: str) -> None:
    """With something odd as a sheet, as a STOP that is none, and in `approved/`: the good sheet is sent and filed."""
    with weekly() as team:
        tmp_path = team.desk.folder
        team.drop(2)
        team.watch(1)
        put(team.folder / "odd.csv", what, tmp_path / "outside")
        put(team.folder / "approved" / "batch-0001-week-0123456789abcdef.html", what, tmp_path / "outside2")
        put(team.folder / "attention" / ".watcher.txt", what, tmp_path / "outside3")
        team.watch(60)
        assert (len(team.desk.sandbox.posts), len(team.sheets("done"))) == (2, 1)
        assert team.files("approved") == []
        assert [sorted(path.name for path in (tmp_path / f"outside{n}").iterdir()) for n in ("", "2", "3")] == [
            ["secret.csv"]
        ] * 3


def test_a_preview_is_told_by_its_bytes(tmp_path: Path) -> None:
    """What is looked at in `approved/` is one opening: its hash, its owner, whether anybody may write into it."""
    path = tmp_path / "page.html"
    path.write_bytes(b"page")
    path.chmod(0o602)
    offered = hash_offer(path)
    assert (offered.sha256, offered.uid) == (hashlib.sha256(b"page").hexdigest(), os.geteuid())
    assert offered.open_to_all
