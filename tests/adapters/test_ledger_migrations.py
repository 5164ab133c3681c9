"""Ledgers of every older version are brought up to date without loss, and their sentences are read once.

Column for column this is about files: what becomes of one on PostgreSQL, where types change, is in
test_ledger_types.py, and its sentences, on both, in test_ledger_old_sentences.py.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text

from batch.adapters.ledger import open_ledger
from batch.adapters.ledger.tables import REVISIONS, metadata
from batch.model import Status
from tests.ledger_support import NOW, migrate, open_at

OLD = REVISIONS[:2]
"""Versions that kept state in sentences."""
DROPPED = {"absences", "readings"}
"""Tables that no settling ever used."""
AT = NOW.isoformat()
LATER = (NOW + timedelta(days=2)).isoformat()
MARKED = 'marked Cancel in row 7 of "week "48".xlsx"'
TYPED = "marked Cancel in row 2 of the old list"
STOP = "a file named STOP lies in the watched folder"
MARK = "0123456789abcdef"
NOTES = {
    "waiting-for-approval": f"bound to the preview {MARK}",
    "done": "handed in again as batch 1",
    "rejected": "bound to the preview, said Robin: no",
    "open": "",
}
THERE = {"accepted", "sent", "missing", "cancelled"}
TRIED = {"submitting", "accepted", "rejected", "in_doubt", "sent", "missing"}
ISSUE = {
    "row": 2,
    "column": "B",
    "field": "Message",
    "code": "quiet-hours",
    "message": "too late",
    "level": "hold",
    "value": "x",
}


def connect(path: Path) -> closing[sqlite3.Connection]:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    return closing(connection)


def put(connection: sqlite3.Connection, table: str, **values: Any) -> None:
    """Insert one row; columns that are not named get a value that no default has."""
    for _, name, kind, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
        if name not in values:
            values[name] = {"INTEGER": 3, "FLOAT": 1.5, "BLOB": b"\x00\xff"}.get(kind, f"{table} {name}")
    places = ", ".join(f":{name}" for name in values)
    connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", values)


def fill(path: Path) -> None:
    """Fill a ledger as an older version would have, with an entry in every status and every sentence it wrote."""
    with connect(path) as connection, connection:
        for name, value in (("account", "main"), ("host", "api.example.com")):
            connection.execute("INSERT INTO notes VALUES (?, ?)", (name, value))
        connection.execute("INSERT INTO pace VALUES (1, 1234.5)")
        for number, (why, lifted) in enumerate([(STOP, AT), ("lettuce recall", AT), (STOP, None)], start=1):
            put(connection, "pauses", id=number, why=why, since=AT, lifted_at=lifted)
        for number, (state, note) in enumerate(NOTES.items(), start=1):
            issues = json.dumps([ISSUE])
            put(connection, "batches", id=number, state=state, note=note, issues=issues, header='["Store"]',
                taken_in_at=AT, changed_at=AT)  # fmt: skip
        for number, status in enumerate(Status, start=1):
            _fill_entry(connection, number, status.value)
        _fill_later_tables(connection)


def _fill_entry(connection: sqlite3.Connection, number: int, status: str) -> None:
    batch = 1 + number % len(NOTES)
    put(
        connection, "entries", id=number, batch=batch, row=number, account="main", key=f"ref:r{number}", status=status,
        provider_id=f"50{number}" if status in THERE else "", group_ids='["100","7"]', group_names='["VIP","Été"]',
        send_at=LATER, issues=json.dumps([ISSUE]), codes="quiet-hours", released='["holiday"]', cells="Store 7",
        cancel_why=["", MARKED, TYPED][number % 3], replaced_by=1 if status == "replaced" else None, changed_at=AT,
        attempts=int(status in TRIED), type_recipients=1, mms_high_resolution=1,
    )  # fmt: skip
    put(connection, "batch_rows", batch=batch, row=number, entry=number, what=status)
    put(connection, "history", entry=number, id=2 * number - 1, at=AT, old=None, new="planned")
    put(connection, "history", entry=number, id=2 * number, at=AT, old="planned", new=status)
    if status in TRIED:
        ended = None if status == "submitting" else AT
        put(connection, "attempts", entry=number, number=1, started_at=AT, ended_at=ended, counts=1, outcome=status)


def _fill_later_tables(connection: sqlite3.Connection) -> None:
    if "runs" not in tables(connection):
        return
    put(connection, "acknowledged", provider_id="77")
    put(connection, "group_names", name="VIP", group_id="100", seen_at=AT)
    put(connection, "mails", id=1, recipients='["ana@example.com"]', added_at=AT, next_try=AT, sent_at=None)
    put(connection, "readings", id=1)
    put(connection, "absences", entry=1, attempt=1, at=AT)
    put(connection, "reconciliations", id=1, at=AT)
    put(connection, "findings", reconciliation=1, number=1, kind="missing", entry=2, loud=1)
    put(connection, "deliveries", entry=2, page=1, status_id=2, contacts=40)
    put(connection, "delivery_readings", entry=2, page=1, final=1, at=AT)
    put(connection, "observations", id=1, entry=2, at=AT, place="scheduled", listed='{"name":"A"}')
    for number, (kind, words) in enumerate([("unmailed", "1"), ("submit", "batch 1"), ("unmailed", "2 4")], start=1):
        put(connection, "runs", id=number, kind=kind, at=AT, words=words)


def tables(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def dump(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Read every row of every table."""
    with connect(path) as connection:
        names = tables(connection) - {"alembic_version"}
        return {name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")] for name in names}


@pytest.fixture(params=OLD)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite3"
    migrate(path, request.param)
    fill(path)
    return path


def test_every_row_of_an_older_ledger_is_there_afterwards_as_it_was(old: Path, tmp_path: Path) -> None:
    """Column for column; only a note that became a column may be gone, and what no settling ever used."""
    before = dump(old)
    assert {row["status"] for row in before["entries"]} == {status.value for status in Status}
    with open_at(tmp_path) as ledger:
        assert ledger.journal.bound() == ("main", "api.example.com")
    after = dump(old)
    assert set(before) - set(after) <= DROPPED
    for name in before.keys() - DROPPED:
        kept = [{column: row[column] for column in before[name][0]} for row in after[name]] if before[name] else []
        for one, other in zip(before[name], kept, strict=name != "notes"):
            if name == "batches" and other["note"] == "":
                other["note"] = one["note"]
            assert one == other, name


def test_the_old_sentences_are_columns_afterwards(old: Path, tmp_path: Path) -> None:
    """Who wants a cancellation, what a pause is for, what a preview showed, what nobody was mailed yet."""
    open_at(tmp_path).close()
    after = dump(old)
    wishes = {row["cancel_why"]: row["cancel_source"] for row in after["entries"]}
    assert wishes == {"": "", MARKED: "sheet", TYPED: "person"}
    assert [row["cause"] for row in after["pauses"]] == ["stop-file", "person", "stop-file"]
    found = {row["state"]: (row["preview_mark"], row["superseded_by"]) for row in after["batches"]}
    assert found == {
        "waiting-for-approval": (MARK, None), "done": ("", 1), "rejected": ("", None), "open": ("", None),
    }  # fmt: skip
    unmailed = {row["id"] for row in after["batches"] if row["unmailed"]}
    assert unmailed == ({2, 4} if after["runs"] else set())
    assert "bound to the preview, said Robin: no" in {row["note"] for row in after["batches"]}


def test_what_was_brought_up_to_date_is_read_like_any_other(old: Path, tmp_path: Path) -> None:
    """Every entry, its history and its attempts, and nothing that its rules forbid."""
    with open_at(tmp_path) as ledger:
        entries = list(ledger.entries.select())
        assert [entry.status for entry in entries] == list(Status)
        assert {entry.group_names for entry in entries} == {("VIP", "Été")}
        assert all(len(ledger.changes.of(entry.id)) == 2 for entry in entries)
        made = {entry.status for entry in entries if ledger.attempts.of(entry.id)}
        assert made == {Status(name) for name in TRIED}
        assert [batch.state for batch in ledger.batches.all()] == list(NOTES)
        assert ledger.pauses.first() is not None
        assert len(list(ledger.export())) == len(Status)
        damage = [problem for problem in ledger.upkeep.verify(NOW) if "taken out" in problem or "not there" in problem]
        assert damage == []


@pytest.mark.parametrize("read", [1, 3])
def test_what_was_read_to_its_end_is_known_to_be_read(read: int, database: str) -> None:
    """Of four deliveries, whether few or most of them were; one that is sent later is still to be read."""
    migrate(database, "0007")
    engine = create_engine(database)
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO batches (id, taken_in_at, changed_at) VALUES (1, '{AT}', '{AT}')"))
        for number in range(1, 5):
            _insert_sent(connection, number)
            reading = f"({number}, 1, '{int(number <= read)}', '{AT}')"
            connection.execute(text(f"INSERT INTO delivery_readings (entry, page, final, at) VALUES {reading}"))
    open_ledger(database, now=NOW).close()
    with engine.begin() as connection:
        _insert_sent(connection, 5)
    with open_ledger(database, now=NOW) as ledger:
        assert list(ledger.deliveries.unread()) == list(range(read + 1, 6))
    engine.dispose()


def _insert_sent(connection: Connection, number: int) -> None:
    values = f"({number}, 1, 'key{number}', 'sent', '{AT}', '{AT}')"
    connection.execute(text(f"INSERT INTO entries (id, batch, key, status, send_at, changed_at) VALUES {values}"))


def test_an_older_ledger_is_copied_before_and_the_copy_is_the_old_one(old: Path, tmp_path: Path) -> None:
    """Whoever goes back to the older version has it."""
    before = dump(old)
    open_at(tmp_path).close()
    (copy,) = (tmp_path / "backups").iterdir()
    assert dump(copy) == before


def test_the_sentences_are_read_once(old: Path, tmp_path: Path) -> None:
    """What is written afterwards says nothing by its words."""
    open_at(tmp_path).close()
    with connect(old) as connection, connection:
        connection.execute("UPDATE entries SET cancel_source = 'person' WHERE cancel_source = 'sheet'")
        connection.execute("UPDATE pauses SET cause = 'person'")
    before = dump(old)
    open_at(tmp_path).close()
    assert dump(old) == before


def schema_of(path: Path) -> dict[str, Any]:
    """Read tables with their columns, foreign keys, indexes and triggers: by what they mean, not by their SQL."""
    with connect(path) as connection:
        found: dict[str, Any] = {}
        for name in tables(connection):
            columns = sorted(tuple(row)[1:] for row in connection.execute(f"PRAGMA table_info({name})"))
            strangers = sorted(tuple(row)[2:] for row in connection.execute(f"PRAGMA foreign_key_list({name})"))
            indexes = sorted(tuple(row)[1:] for row in connection.execute(f"PRAGMA index_list({name})"))
            found[name] = (columns, strangers, [index for index in indexes if name != "alembic_version"])
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'index')")
        found |= {row["name"]: " ".join((row["sql"] or "").split()) for row in triggers if "alembic" not in row["name"]}
        found.pop("alembic_version")
        return found


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_a_schema_that_was_migrated_is_the_one_that_is_made_fresh(revision: str, tmp_path: Path) -> None:
    """Tables, columns with their types and defaults, foreign keys, indexes and triggers."""
    migrate(tmp_path / "old.sqlite3", revision)
    open_ledger(str(tmp_path / "old.sqlite3"), now=NOW).close()
    open_ledger(str(tmp_path / "fresh.sqlite3"), now=NOW).close()
    assert schema_of(tmp_path / "old.sqlite3") == schema_of(tmp_path / "fresh.sqlite3")
    assert set(metadata.tables) <= set(schema_of(tmp_path / "fresh.sqlite3")) | {"alembic_version"}


ONLY_ADDED_SINCE = "0007"
"""A later step that takes away or changes moves this on, and the changelog says that workers must be stopped for it."""


def test_steps_only_add_so_that_an_older_worker_can_end_what_it_has_begun(tmp_path: Path) -> None:
    """Its columns stay as they are, and a new one needs nothing of who does not know it."""
    migrate(tmp_path / "old.sqlite3", ONLY_ADDED_SINCE)
    older = schema_of(tmp_path / "old.sqlite3")
    open_ledger(str(tmp_path / "old.sqlite3"), now=NOW).close()
    newer = schema_of(tmp_path / "old.sqlite3")
    for name, (columns, *_) in ((name, found) for name, found in older.items() if isinstance(found, tuple)):
        kept = set(newer[name][0])
        assert set(columns) <= kept
        for _column, _kind, required, default, _key in kept - set(columns):
            assert not required or default is not None


def test_the_findings_of_the_last_comparison_are_open_afterwards(tmp_path: Path) -> None:
    """What differed when the ledger was compared last stays with its campaign; what an earlier one found does not."""
    path = tmp_path / "old.sqlite3"
    migrate(path, "0003")
    with connect(path) as connection, connection:
        put(connection, "batches", id=1, issues="[]", taken_in_at=AT, changed_at=AT)
        for entry in (1, 2):
            put(connection, "entries", id=entry, batch=1, status="accepted", group_ids="", group_names="", issues="",
                send_at=LATER, changed_at=AT, key=f"row:{entry}", provider_id=f"50{entry}")  # fmt: skip
        for number, entry in ((1, 1), (2, 2)):
            put(connection, "reconciliations", id=number, at=AT)
            put(connection, "findings", reconciliation=number, number=1, kind="drifted", entry=entry, code="drifted")
    with open_ledger(f"sqlite:///{path.as_posix()}", now=NOW) as ledger:
        assert [len(ledger.entries.get(entry).findings) for entry in (1, 2)] == [0, 1]
