"""The batches: each is one spreadsheet taken in once, with what became of its rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, case, delete, func, insert, literal_column, select, update

from batch.adapters.ledger.bulk import insert_rows, is_in
from batch.adapters.ledger.cutting import cut_words
from batch.adapters.ledger.forms import read_issues, read_time, write_issues, write_time
from batch.adapters.ledger.journal import settings_of, write_settings
from batch.adapters.ledger.planning import insert_plan
from batch.adapters.ledger.tables import batch_rows, batches, entries, preview_rows
from batch.adapters.ledger.transactions import Transactions
from batch.core.guards import LEFT_OUT
from batch.model import REJECTED, WAITS, Batch, Decision, Issue, Status
from batch.model.errors import UsageError
from batch.model.places import place_of
from batch.model.records import dataclass

_WINDOW = 100
"""Batches that are counted at a time."""


@dataclass(frozen=True, slots=True)
class BatchRow:
    """What became of one row of a batch when it was planned."""

    row: int
    entry: int | None
    """The entry that it made or met."""
    what: str
    """`skipped`, `settling`, `refused` (before, and not tried again), or the status that its entry began with."""
    why: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A preview that showed a payload already."""

    batch: int
    rejected: bool
    """Whether a person said no to it."""


class Batches:
    """The batches of one ledger."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def take_in(
        self,
        decisions: Iterable[Decision],
        *,
        account: str,
        taken_in_at: datetime,
        read_with: Mapping[str, Any] | None = None,
        **batch: Any,
    ) -> int:
        """Add a batch and write its plan, both or neither; give the batch's number. The rest as in `insert_batch`.

        `read_with` are the settings with which its rows were read.
        """
        with self._transactions.write() as connection:
            number = insert_batch(connection, taken_in_at=taken_in_at, **batch)
            if read_with:
                write_settings(connection, settings_of(number), read_with)
            who = batch["submitted_by"]
            insert_plan(connection, number, decisions, account=account, now=taken_in_at, who=who)
            return number

    def get(self, id: int) -> Batch:
        """Give one batch; UsageError when there is none."""
        with self._transactions.read() as connection:
            row = connection.execute(select(batches).where(batches.c.id == id)).first()
        if row is None:
            raise _no_batch(id)
        return _batch(row)

    def all(
        self,
        *,
        ids: Collection[int] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        states: Collection[str] | None = None,
        file: str | None = None,
    ) -> tuple[Batch, ...]:
        """Give the batches that fit all that is given, the oldest first; `since` is within, `until` without."""
        statement = select(batches).order_by(batches.c.id)
        if since is not None:
            statement = statement.where(batches.c.taken_in_at >= write_time(since))
        if until is not None:
            statement = statement.where(batches.c.taken_in_at < write_time(until))
        if states is not None:
            statement = statement.where(batches.c.state.in_(states))
        if file is not None:
            statement = statement.where(batches.c.file == file)
        with self._transactions.read() as connection:
            if ids is not None:
                statement = statement.where(is_in(batches.c.id, ids, connection.dialect))
            return tuple(_batch(row) for row in connection.execute(statement))

    def ends(self) -> tuple[Batch, ...]:
        """Give the first and the last batch; none when there is none."""
        with self._transactions.read() as connection:
            found = [connection.execute(select(batches).order_by(by).limit(1)).first()
                     for by in (batches.c.id, batches.c.id.desc())]  # fmt: skip
        return tuple(_batch(row) for row in found if row is not None)

    def change(
        self,
        id: int,
        *,
        state: str | None = None,
        approved_by: str | None = None,
        note: str | None = None,
        now: datetime,
    ) -> None:
        """Change what is given of a batch; UsageError when there is none."""
        given = {"state": state, "approved_by": approved_by, "note": note}
        values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        with self._transactions.write() as connection:
            statement = update(batches).where(batches.c.id == id).values(**values, changed_at=write_time(now))
            changed = connection.execute(statement)
        if changed.rowcount != 1:
            raise _no_batch(id)

    def bind_preview(
        self, batch: int, rows: Mapping[int, str], mark: str, superseded: Collection[int], now: datetime
    ) -> None:
        """Write down what a preview shows (entry to payload hash), offer its batch, close those it supersedes."""
        shown = [(batch, entry, hash_) for entry, hash_ in sorted(rows.items())]
        offered = {"state": WAITS, "preview_mark": mark, "changed_at": write_time(now)}
        closed = {"state": "done", "superseded_by": batch, "changed_at": write_time(now)}
        with self._transactions.write() as connection:
            connection.execute(delete(preview_rows).where(preview_rows.c.batch == batch))
            insert_rows(connection, preview_rows, ("batch", "entry", "payload_hash"), shown)
            connection.execute(update(batches).where(batches.c.id == batch).values(offered))
            older = is_in(batches.c.id, superseded, connection.dialect)
            connection.execute(update(batches).where(older).values(closed))

    def previewed(self, batch: int) -> dict[int, str]:
        """Give what the preview of a batch shows: entry to the hash of its payload."""
        with self._transactions.read() as connection:
            asked = select(preview_rows.c.entry, preview_rows.c.payload_hash).where(preview_rows.c.batch == batch)
            return dict(connection.execute(asked).all())

    def shown_before(self, ids: Collection[int], batch: int) -> dict[tuple[int, str], Shown]:
        """Give the payloads (entry and hash) that another batch's preview has shown, with the newest such preview."""
        with self._transactions.read() as connection:
            asked = (
                select(preview_rows.c.entry, preview_rows.c.payload_hash, preview_rows.c.batch, batches.c.state)
                .join(batches, batches.c.id == preview_rows.c.batch)
                .where(is_in(preview_rows.c.entry, ids, connection.dialect), preview_rows.c.batch != batch)
                .where(batches.c.preview_mark != "")
                .order_by(preview_rows.c.batch)
            )
            rows = connection.execute(asked)
            return {(row.entry, row.payload_hash): Shown(row.batch, row.state == REJECTED) for row in rows}

    def note_unmailed(self, numbers: Collection[int]) -> None:
        """Remember batches that people must still hear of."""
        self._set_unmailed(numbers, waits=True)

    def note_mailed(self, numbers: Collection[int]) -> None:
        """Note that people have heard of some batches, or will by a mail in the outbox."""
        self._set_unmailed(numbers, waits=False)

    def unmailed(self) -> tuple[int, ...]:
        """Give the batches that people must still hear of, the oldest first."""
        with self._transactions.read() as connection:
            asked = select(batches.c.id).where(batches.c.unmailed == 1).order_by(batches.c.id)
            return tuple(connection.execute(asked).scalars())

    def rows(self, batch: int, *, what: str = "") -> tuple[BatchRow, ...]:
        """Give what became of each row of a batch, in the order of the sheet; with `what` only of those it became."""
        asked = select(*(batch_rows.c[field.name] for field in fields(BatchRow)))
        asked = asked.where(batch_rows.c.batch == batch).order_by(batch_rows.c.row)
        if what:
            asked = asked.where(batch_rows.c.what == what)
        with self._transactions.read() as connection:
            found = connection.execute(asked).all()
        return tuple(BatchRow(place_of(row), *line) for row, *line in found)

    def standings(self, last: int | None = None) -> Iterator[tuple[Batch, Mapping[tuple[str, str, bool], int]]]:
        """Give each batch, or the last so many, the oldest first, with how many of its rows are of a kind.

        A kind is what became of the row when it was planned, the status of its entry now ("" without one), and whether
        a second person left it out. Some batches are read at a time.
        """
        after = self._before_last(last)
        while True:
            with self._transactions.read() as connection:
                asked = select(batches).where(batches.c.id > after).order_by(batches.c.id).limit(_WINDOW)
                page = [_batch(row) for row in connection.execute(asked)]
                kinds = _count_kinds(connection, page[0].id, page[-1].id) if page else {}
            yield from ((batch, kinds.get(batch.id, {})) for batch in page)
            if len(page) < _WINDOW:
                return
            after = page[-1].id

    def _before_last(self, last: int | None) -> int:
        """Give the number after which the last so many batches begin."""
        if last is None:
            return 0
        with self._transactions.read() as connection:
            asked = select(batches.c.id).order_by(batches.c.id.desc()).offset(last).limit(1)
            return connection.execute(asked).scalar() or 0

    def rows_with_errors(self, pairs: Collection[tuple[int, int]]) -> tuple[tuple[int, int, int], ...]:
        """Give the rows with errors that made or met an entry of a batch: batch, row and entry, as the sheets are.

        `pairs` are the batches and entries that are asked for.
        """
        if not pairs:
            return ()
        by = (batch_rows.c.batch, batch_rows.c.row, batch_rows.c.entry)
        asked = select(*by).where(batch_rows.c.what == Status.INVALID.value).order_by(*by)
        with self._transactions.read() as connection:
            for column, place in ((batch_rows.c.batch, 0), (batch_rows.c.entry, 1)):
                asked = asked.where(is_in(column, {pair[place] for pair in pairs}, connection.dialect))
            found = connection.execute(asked).all()
        return tuple((batch, place_of(row), entry) for batch, row, entry in found)

    def _set_unmailed(self, numbers: Collection[int], *, waits: bool) -> None:
        with self._transactions.write() as connection:
            asked = is_in(batches.c.id, numbers, connection.dialect)
            connection.execute(update(batches).where(asked).values(unmailed=int(waits)))


def _count_kinds(connection: Connection, first: int, last: int) -> dict[int, dict[tuple[str, str, bool], int]]:
    left_out = and_(
        entries.c.status == literal_column(f"'{Status.CANCELLED.value}'"),
        entries.c.codes.like(literal_column(f"'%{LEFT_OUT}%'")),
    )
    left = case((left_out, literal_column("1")), else_=literal_column("0"))
    by = (batch_rows.c.batch, batch_rows.c.what, func.coalesce(entries.c.status, literal_column("''")), left)
    of_rows = batch_rows.outerjoin(entries, entries.c.id == batch_rows.c.entry)
    asked = select(*by, func.count()).select_from(of_rows).where(batch_rows.c.batch.between(first, last))
    found: dict[int, dict[tuple[str, str, bool], int]] = {}
    for batch, what, status, left, number in connection.execute(asked.group_by(*by).order_by(*by)):
        found.setdefault(batch, {})[what, status, bool(left)] = number
    return found


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
    state: str = "open",
    issues: Iterable[Issue] = (),
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


def _no_batch(id: int) -> UsageError:
    return UsageError(f"there is no batch {id}", '"campaign-batch ledger list" shows them all')
