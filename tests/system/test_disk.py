"""What lies under a name on the disk is there whole or not at all, and no draft stays behind."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from batch.system.disk import Readers, copy_whole, replacing, write_whole


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_in_one_step(tmp_path: Path) -> None:
    """Over an older one too, byte for byte, and the path comes back."""
    path = tmp_path / "report.html"
    path.write_bytes(b"older and longer")
    assert write_whole(path, b"line\r\nline\n") == path
    assert path.read_bytes() == b"line\r\nline\n"
    assert listed(tmp_path) == ["report.html"]


def test_until_the_block_ends_the_old_file_stands(tmp_path: Path) -> None:
    """Whoever opens it meanwhile reads the old one whole."""
    path = write_whole(tmp_path / "report.html", b"old")
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("trouble", [OSError("the disk is full"), KeyboardInterrupt()])
def test_a_block_that_fails_changes_nothing(tmp_path: Path, trouble: BaseException) -> None:
    """Neither the file that was there nor the folder."""
    path = write_whole(tmp_path / "report.html", b"old")
    with pytest.raises(type(trouble)), replacing(path) as file:  # noqa: PT012
        file.write(b"half of the ne")
        raise trouble
    assert path.read_bytes() == b"old"
    assert listed(tmp_path) == ["report.html"]


def test_a_place_that_cannot_be_taken_leaves_no_draft(tmp_path: Path) -> None:
    """As where a folder has the name; on Windows also a file that is open in Excel."""
    (tmp_path / "report.html").mkdir()
    with pytest.raises(OSError, match=r"report\.html"):
        write_whole(tmp_path / "report.html", b"new")
    assert listed(tmp_path) == ["report.html"]


def test_a_folder_that_is_away_is_not_made(tmp_path: Path) -> None:
    """It may be a share that is not mounted just now."""
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "share" / "note.txt", b"new")
    assert listed(tmp_path) == []


def test_a_name_may_be_as_long_as_the_disk_allows(tmp_path: Path) -> None:
    """The draft's own name does not grow with it."""
    path = tmp_path / ("x" * 255)
    assert write_whole(path, b"new").read_bytes() == b"new"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_its_owner_reads_a_private_file(tmp_path: Path) -> None:
    """From its first byte on, and so is whatever is not said to be for others; those have the system's mode."""
    with replacing(tmp_path / "token.txt"):
        [draft] = tmp_path.iterdir()
        assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "token.txt").stat().st_mode) == 0o600
    (tmp_path / "usual").touch()
    assert write_whole(tmp_path / "page.html", b"", Readers.UMASK).stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_copy_comes_in_one_step(tmp_path: Path) -> None:
    """A source that is not there costs the older copy nothing."""
    source, path = write_whole(tmp_path / "week.html", b"week"), tmp_path / "latest.html"
    assert copy_whole(source, path).read_bytes() == b"week"
    source.unlink()
    with pytest.raises(FileNotFoundError):
        copy_whole(source, path)
    assert path.read_bytes() == b"week"
    assert listed(tmp_path) == ["latest.html"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_kill_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    """What it leaves beside it bears a name that the watch takes for no sheet."""
    path = write_whole(tmp_path / "report.html", b"old")
    code = (
        "import os, pathlib, signal, sys\n"
        "from batch.system.disk import replacing\n"
        "with replacing(pathlib.Path(sys.argv[1])) as file:\n"
        "    file.write(b'half of the ne')\n"
        "    file.flush()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(path)], env=dict(os.environ), check=False)
    assert ended.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    [draft, name] = listed(tmp_path)
    assert (name, draft[0], Path(draft).suffix) == ("report.html", ".", ".tmp")
