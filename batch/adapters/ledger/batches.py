"""The statements about batches: one spreadsheet taken in once, and its rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from batch.adapters.ledger.bulk import in_list, insert_rows
from batch.adapters.ledger.cutting import cut_words
from batch.adapters.ledger.forms import read_issues, read_time, write_issues, write_time
from batch.adapters.ledger.tables import batch_rows, batches, preview_rows
from batch.model import REJECTED, WAITS, Batch, Issue
from batch.model.places import place_of


@dataclass(frozen=True, slots=True)
class BatchRow:
    """What became of one row of a batch when it was planned."""

    row: int
    entry: int | None
    """The entry that it made or met."""
    what: str
    """`skipped`, `settling`, or the status that its entry began with."""
    why: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A preview that showed a payload already."""

    batch: int
    rejected: bool
    """Whether a person said no to it."""


def insert_batch(
    connection: Connection,
    *,
    file: str,
    sheet: str,
    file_hash: str,
    taken_in_at: datetime,
    rows: int,
    blank: int,
    left_out: int,
    submitted_by: str,
    machine: str,
    state: str,
    issues: Iterable[Issue],
) -> int:
    """Write a new batch; give its number."""
    moment = write_time(taken_in_at)
    values = {
        "file": file,
        "sheet": sheet,
        "file_hash": file_hash,
        "taken_in_at": moment,
        "rows": rows,
        "blank": blank,
        "left_out": left_out,
        "submitted_by": submitted_by,
        "machine": machine,
        "state": state,
        "issues": write_issues(cut_words(issues)),
        "changed_at": moment,
    }
    key = connection.execute(insert(batches).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def select_batch(connection: Connection, batch: int) -> Batch | None:
    """Read one batch."""
    row = connection.execute(select(batches).where(batches.c.id == batch)).first()
    return None if row is None else _batch(row)


def select_batches(connection: Connection, since: datetime | None) -> tuple[Batch, ...]:
    """Read all batches, or those taken in at or after a time, the oldest first."""
    statement = select(batches).order_by(batches.c.id)
    if since is not None:
        statement = statement.where(batches.c.taken_in_at >= write_time(since))
    return tuple(_batch(row) for row in connection.execute(statement))


def update_batch(
    connection: Connection, batch: int, *, state: str | None, approved_by: str | None, note: str | None, now: datetime
) -> bool:
    """Change what is given of a batch; False when there is none."""
    given = {"state": state, "approved_by": approved_by, "note": note}
    values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    statement = update(batches).where(batches.c.id == batch).values(**values, changed_at=write_time(now))
    return connection.execute(statement).rowcount == 1


def supersede(connection: Connection, batch: int, by: int, now: datetime) -> None:
    """Close a batch whose rows another one has all taken over."""
    values = {"state": "done", "superseded_by": by, "changed_at": write_time(now)}
    connection.execute(update(batches).where(batches.c.id == batch).values(values))


def bind_preview(connection: Connection, batch: int, rows: Mapping[int, str], mark: str, now: datetime) -> None:
    """Write down what the preview of a batch shows, and offer it to a second person."""
    connection.execute(delete(preview_rows).where(preview_rows.c.batch == batch))
    shown = [(batch, entry, hash_) for entry, hash_ in sorted(rows.items())]
    insert_rows(connection, preview_rows, ("batch", "entry", "payload_hash"), shown)
    values = {"state": WAITS, "preview_mark": mark, "changed_at": write_time(now)}
    connection.execute(update(batches).where(batches.c.id == batch).values(values))


def select_preview(connection: Connection, batch: int) -> dict[int, str]:
    """Read what the preview of a batch shows: entry and the hash of its payload."""
    asked = select(preview_rows.c.entry, preview_rows.c.payload_hash).where(preview_rows.c.batch == batch)
    return dict(connection.execute(asked).all())


def select_shown(connection: Connection, entries: Collection[int], but: int) -> dict[tuple[int, str], Shown]:
    """Read which payloads of these entries another bound preview has shown: entry and hash to the newest showing."""
    asked = (
        select(preview_rows.c.entry, preview_rows.c.payload_hash, preview_rows.c.batch, batches.c.state)
        .join(batches, batches.c.id == preview_rows.c.batch)
        .where(preview_rows.c.entry.in_(in_list(entries, connection.dialect)), preview_rows.c.batch != but)
        .where(batches.c.preview_mark != "")
        .order_by(preview_rows.c.batch)
    )
    rows = connection.execute(asked)
    return {(entry, hash_): Shown(batch, rejected=state == REJECTED) for entry, hash_, batch, state in rows}


def set_unmailed(connection: Connection, numbers: Collection[int], *, waits: bool) -> None:
    """Note that people must still hear of some batches, or have."""
    asked = batches.c.id.in_(in_list(numbers, connection.dialect))
    connection.execute(update(batches).where(asked).values(unmailed=int(waits)))


def select_unmailed(connection: Connection) -> tuple[int, ...]:
    """Read the batches that people must still hear of, the oldest first."""
    asked = select(batches.c.id).where(batches.c.unmailed == 1).order_by(batches.c.id)
    return tuple(connection.execute(asked).scalars())


def select_batch_rows(connection: Connection, batch: int) -> tuple[BatchRow, ...]:
    """Read what became of each row of a batch, in the order of the sheet."""
    columns = (batch_rows.c.row, batch_rows.c.entry, batch_rows.c.what, batch_rows.c.why)
    statement = select(*columns).where(batch_rows.c.batch == batch).order_by(batch_rows.c.row)
    return tuple(BatchRow(place_of(row), *rest) for row, *rest in connection.execute(statement))


def _batch(row: Row[Any]) -> Batch:
    return Batch(
        id=row.id,
        file=row.file,
        sheet=row.sheet,
        taken_in_at=read_time(row.taken_in_at),
        rows=row.rows,
        blank=row.blank,
        left_out=row.left_out,
        submitted_by=row.submitted_by,
        machine=row.machine,
        state=row.state,
        approved_by=row.approved_by,
        note=row.note,
        file_hash=row.file_hash,
        issues=read_issues(row.issues),
        preview_mark=row.preview_mark,
        superseded_by=row.superseded_by,
    )
