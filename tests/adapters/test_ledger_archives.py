"""Texts leave a ledger piece by piece, each compared with the archive before; whoever comes after a kill goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batch.adapters.ledger import Ledger, archives, open_ledger
from batch.adapters.ledger.bulk import in_chunks
from batch.model import Status, StatusChange
from benchmarks.years import fill
from tests.ledger_support import NOW

SIZE = 1_100
HOW: dict[str, Any] = {"why": "archived", "who": "dana", "now": NOW}


@pytest.fixture
def years(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """Give a ledger with some weeks, on each of the two kinds of database; 100 entries are a piece."""
    monkeypatch.setattr(archives, "PIECE", 100)
    fill(database, SIZE, NOW)
    with open_ledger(database, now=NOW) as opened:
        yield opened


def texts(ledger: Ledger) -> dict[int, str]:
    return {entry.id: entry.message for entry in ledger.entries.select() if entry.message}


def test_what_was_cut_off_goes_on_and_what_changed_stays(
    years: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two pieces others write; a text is in one place at least, and in the end in one, but for what changed."""
    place, before, forget = tmp_path / "archive.sqlite3", texts(years), archives.forget_entries
    pieces = 0

    def cut(*words: Any, **how: Any) -> int:
        nonlocal pieces
        pieces += 1
        if pieces == 3:
            raise RuntimeError
        return forget(*words, **how)

    monkeypatch.setattr(archives, "forget_entries", cut)
    with pytest.raises(RuntimeError):
        years.archives.make(place, NOW, **HOW)
    monkeypatch.setattr(archives, "forget_entries", forget)
    assert 0 < len(before) - len(texts(years)) <= 200
    assert years.archives.leaving() == ((place, NOW),)
    assert years.archives.is_unfinished()
    changed = next(entry for entry in years.entries.select(statuses={Status.SENT}) if entry.message)
    again = StatusChange(changed.id, Status.SENT, expected={Status.SENT}, why="seen", who="dana", now=NOW)
    assert years.changes.make(again)
    open_ones = {entry.id for entry in years.entries.select(due_from=NOW)}
    there = len(texts(years))
    assert years.archives.go_on(place, place, NOW, **HOW) == there - len(open_ones) - 1
    assert set(texts(years)) == open_ones | {changed.id}
    with open_ledger(f"sqlite:///{place.as_posix()}", now=NOW, look=True) as archive:
        assert texts(archive) == before
        assert archive.upkeep.verify(NOW) == years.upkeep.verify(NOW) == ()
    assert not years.archives.is_unfinished()
    assert not years.upkeep.has_freed_texts()


def test_others_write_between_the_copy_and_each_piece(
    years: Ledger, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of them waits for the whole: each piece is a transaction of its own."""
    copy, wrote = years.archives._copy, list[int]()

    def write() -> None:
        with open_ledger(database, now=NOW, busy_seconds=0.5) as other:
            other.journal.note_run("other", NOW, str(len(wrote)))
        wrote.append(1)

    def copy_and_write(draft: Path, now: Any) -> None:
        copy(draft, now)
        write()

    monkeypatch.setattr(years.archives, "_copy", copy_and_write)
    monkeypatch.setattr(archives, "in_chunks", lambda rows, size: written_between(in_chunks(rows, size), write))
    years.archives.make(tmp_path / "archive.sqlite3", NOW, **HOW)
    assert len(wrote) > 7


def written_between(chunks: Iterator[list[int]], write: Callable[[], None]) -> Iterator[list[int]]:
    for chunk in chunks:
        write()
        yield chunk
