"""What is read, hashed, planned and given back marked are the very same bytes, whoever saves the file meanwhile."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest
from torture_support import Bench, bench, write_sheet

from batch.model.errors import SheetError
from batch.workflows.check import check_file
from batch.workflows.snapshots import take_snapshot


@pytest.fixture
def desk() -> Iterator[Bench]:
    with bench() as found:
        yield found


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def swap(path: Path, content: bytes) -> None:
    """Put another file in its place, as Excel saves."""
    other = path.with_suffix(".tmp")
    other.write_bytes(content)
    other.replace(path)


def overwrite(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def remove(path: Path, _content: bytes) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [swap, overwrite, remove])
def test_the_ledger_keeps_the_hash_of_what_was_read(desk: Bench, change: Callable[[Path, bytes], None]) -> None:
    """The file is saved anew while a person is asked for a yes: text and hash are those of before."""
    path = desk.sheet(2)
    read = path.read_bytes()
    other = write_sheet(desk.folder / "other.csv", [desk.row(5)]).read_bytes()

    def say_yes(_words: str) -> bool:
        change(path, other)
        return True

    desk.confirm = say_yes
    assert desk.submit(path).counts == {"accepted": 2}
    with desk.ledger() as ledger:
        assert ledger.batches.get(1).file_hash == sha256(read)


def test_the_marked_copy_is_made_of_what_was_read(desk: Bench) -> None:
    """A row that was added meanwhile does not stand in it, unchecked."""
    path = desk.sheet([desk.row(0), desk.row(1, GroupIds="nobody")])

    def say_yes(_words: str) -> bool:
        write_sheet(path, [desk.row(7), desk.row(8), desk.row(9)])
        return True

    desk.confirm = say_yes
    tally = desk.submit(path)
    sheet = openpyxl.load_workbook(tally.marked[0]).worksheets[0]
    said = " ".join(str(value) for row in sheet.iter_rows(values_only=True) for value in row)
    assert ("Offer number [1]" in said, "Offer number [7]" in said) == (True, False)


def test_a_copy_lives_as_long_as_somebody_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, desk: Bench
) -> None:
    """Nothing is left in the folder for temporary files, and nobody else can look into it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = desk.sheet(1)
    held = take_snapshot(path, 10_000)
    assert held is not None
    assert (held.path.read_bytes(), held.path.name, held.hash) == (
        path.read_bytes(),
        path.name,
        sha256(path.read_bytes()),
    )
    if os.name == "posix":
        assert held.path.parent.stat().st_mode & 0o077 == 0
    del held
    check, _ = check_file(path, desk.settings, desk.world)
    del check
    desk.submit(path)
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith("campaign-batch-")] == []


def test_what_is_no_plain_file_is_not_copied(tmp_path: Path, desk: Bench) -> None:
    """A folder, a pipe that nobody writes to, nothing at all, more than may be read: reading it says what is wrong."""
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "large.csv").write_bytes(b"x" * 11)
    names = ["folder.csv", "large.csv", "none.csv"]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.csv")
        names.append("pipe.csv")
    assert [take_snapshot(tmp_path / name, 10) for name in names] == [None] * len(names)
    with pytest.raises(SheetError, match="there is no file"):
        desk.submit(tmp_path / "none.csv")
