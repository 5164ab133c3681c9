"""What older ledgers said in sentences stands in columns after the migration, read once and never again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ledger_support import NOW, migrate
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError

from batch.adapters.ledger import Ledger, open_ledger
from batch.model import ChangeKind, PauseCause

AT = "2031-01-01T00:00:00+00:00"
MARKED = 'marked Cancel in row 3 of "week "48".xlsx"'
STOP = "a file named STOP lies in the watched folder"


def make_old(url: str, revision: str) -> None:
    """Make a ledger of an older version that says its state in sentences."""
    migrate(url, revision)
    engine = create_engine(url)
    with engine.begin() as connection:
        for number, state, note in (
            (1, "done", "handed in again as batch 2"),
            (2, "waiting-for-approval", "bound to the preview 0123456789abcdef"),
            (3, "open", "said by a person"),
        ):
            put(
                connection,
                "batches",
                id=number,
                file="week.xlsx",
                taken_in_at=AT,
                changed_at=AT,
                state=state,
                note=note,
            )
        for number, why in enumerate((MARKED, "marked Cancel in row 2 of the old list", ""), start=1):
            told = {"status": "accepted", "cancel_why": why, "changed_at": AT}
            put(connection, "entries", id=number, batch=2, row=number, key=f"k{number}", **told)
        for why in (f"cancellation asked for: {MARKED}", "to go out after all: no mark", "approved by bo"):
            put(connection, "history", entry=1, at=AT, old="accepted", new="accepted", why=why, who="ann")
        for why, who in ((STOP, "ann"), ("lettuce recall", "bo"), ("the list lacks it", "the watch")):
            put(connection, "pauses", why=why, who=who, since=AT)
        for words in ("1 2 3", "2 3") if revision != "0001" else ():
            put(connection, "runs", kind="unmailed", at=AT, words=words)
    engine.dispose()


def put(connection: Connection, table: str, **values: Any) -> None:
    """Insert one row; the rest has its defaults."""
    places = ", ".join(f":{name}" for name in values)
    connection.execute(text(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})"), values)


@pytest.fixture(params=["0001", "0002"])
def ledger(request: pytest.FixtureRequest, database: str) -> Iterator[Ledger]:
    """Give such a ledger brought up to date, on each of the two kinds of database."""
    make_old(database, request.param)
    with open_ledger(database, now=NOW) as opened:
        yield opened


def test_who_asked_for_a_cancellation(ledger: Ledger) -> None:
    """A sheet's own sentence is the sheet's, every other one a person's."""
    assert [ledger.entries.get(number).cancel_source for number in (1, 2, 3)] == ["sheet", "person", ""]


def test_what_a_line_of_history_is_about(ledger: Ledger) -> None:
    """And the history can be changed by nobody afterwards."""
    kinds = [change.kind for change in ledger.changes.of(1)]
    assert kinds == [ChangeKind.CANCEL_ASKED, ChangeKind.CANCEL_TAKEN_BACK, ChangeKind.PLAIN]
    refused = pytest.raises(DBAPIError, match="append-only")
    with ledger._transactions.engine.begin() as connection, refused:
        connection.exec_driver_sql("UPDATE history SET why = ''")


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
