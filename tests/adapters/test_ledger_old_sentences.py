"""What older ledgers said in sentences stands in columns after the migration, read once and never again."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
from ledger_support import NOW, migrate

from batch.adapters.ledger import Ledger, open_ledger
from batch.model import ChangeKind, PauseCause

AT = "2031-01-01T00:00:00+00:00"
MARKED = 'marked Cancel in row 3 of "week "48".xlsx"'
STOP = "a file named STOP lies in the watched folder"


def make_old(path: Path, revision: str) -> None:
    """Make a ledger of an older version that says its state in sentences."""
    migrate(path, revision)
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        file.executemany(
            "INSERT INTO batches (id, file, taken_in_at, state, note) VALUES (?, 'week.xlsx', ?, ?, ?)",
            [
                (1, AT, "done", "handed in again as batch 2"),
                (2, AT, "waiting-for-approval", "bound to the preview 0123456789abcdef"),
                (3, AT, "open", "said by a person"),
            ],
        )
        file.executemany(
            "INSERT INTO entries (id, batch, row, key, status, cancel_why) VALUES (?, 2, ?, ?, 'accepted', ?)",
            [(1, 2, "a", MARKED), (2, 3, "b", "marked Cancel in row 2 of the old list"), (3, 4, "c", "")],
        )
        file.executemany(
            "INSERT INTO history (entry, at, old, new, why, who) VALUES (1, ?, 'accepted', 'accepted', ?, 'ann')",
            [(AT, f"cancellation asked for: {MARKED}"), (AT, "to go out after all: no mark"), (AT, "approved by bo")],
        )
        file.executemany(
            "INSERT INTO pauses (why, who, since) VALUES (?, ?, ?)",
            [(STOP, "ann", AT), ("lettuce recall", "bo", AT), ("the list lacks it", "the watch", AT)],
        )
        if revision != "0001":
            file.executemany(
                "INSERT INTO runs (kind, at, words) VALUES ('unmailed', ?, ?)", [(AT, "1 2 3"), (AT, "2 3")]
            )


@pytest.fixture(params=["0001", "0002"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    make_old(tmp_path / "old.sqlite3", request.param)
    return open_ledger(f"sqlite:///{tmp_path / 'old.sqlite3'}", now=NOW)


def test_who_asked_for_a_cancellation(ledger: Ledger) -> None:
    """A sheet's own sentence is the sheet's, every other one a person's."""
    assert [ledger.entries.get(number).cancel_source for number in (1, 2, 3)] == ["sheet", "person", ""]


def test_what_a_line_of_history_is_about(ledger: Ledger) -> None:
    """And the history can be changed by nobody afterwards."""
    kinds = [change.kind for change in ledger.changes.of(1)]
    assert kinds == [ChangeKind.CANCEL_ASKED, ChangeKind.CANCEL_TAKEN_BACK, ChangeKind.PLAIN]
    assert ledger.path is not None
    with contextlib.closing(sqlite3.connect(ledger.path)) as file, pytest.raises(sqlite3.IntegrityError):
        file.execute("UPDATE history SET why = ''")


def test_who_paused_everything(ledger: Ledger) -> None:
    """A file named STOP, a person, the watch."""
    assert [pause.cause for pause in ledger.pauses.all()] == [
        PauseCause.STOP_FILE,
        PauseCause.PERSON,
        PauseCause.NOT_AS_ASKED,
    ]


def test_what_a_batch_is_bound_to_and_what_took_its_place(ledger: Ledger) -> None:
    """What a person noted stays a note."""
    one, two, three = (ledger.batches.get(number) for number in (1, 2, 3))
    assert one.superseded_by == 2
    assert (two.preview_mark, two.note, two.state) == ("0123456789abcdef", "", "waiting-for-approval")
    assert (three.preview_mark, three.superseded_by, three.note) == ("", None, "said by a person")
    assert ledger.batches.previewed(2) == {}


def test_which_batches_people_must_still_hear_of(ledger: Ledger, request: pytest.FixtureRequest) -> None:
    """As the last of the notes said; the first schema had none."""
    assert ledger.batches.unmailed() == (() if "0001" in request.node.name else (2, 3))
    ledger.batches.note_mailed(ledger.batches.unmailed())
    ledger.batches.note_unmailed([1])
    assert ledger.batches.unmailed() == (1,)
