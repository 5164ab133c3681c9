"""The changes of an entry: each moves its status, or says what somebody wants, and is a line of its history."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, insert, literal, select, update

from batch.adapters.ledger.bulk import ask_one, is_in, run_one
from batch.adapters.ledger.forms import KINDS, STATUSES, read_time, write_codes, write_issues, write_texts, write_time
from batch.adapters.ledger.tables import attempts, entries, history
from batch.adapters.ledger.transactions import Transactions
from batch.model import PERSON, Change, ChangeKind, Listed, Status, StatusChange


class EntryState(NamedTuple):
    """How an entry stands before it is changed."""

    status: str
    attempts: int
    issues: str
    cancel_why: str
    cancel_source: str


_NOT_CANCELLABLE = frozenset({Status.SENT, Status.CANCELLED, Status.REPLACED})
# Statements of every single submission are built once: building them anew takes longer than running them.
_STANDING = select(*(entries.c[name] for name in EntryState._fields)).where(entries.c.id == bindparam("entry_"))
_NOTE = insert(history).values({column.name: bindparam(column.name) for column in history.c if column.name != "id"})
_LINES = select(history.c.entry, *(history.c[field.name] for field in fields(Change)))


class Changes:
    """The changes of the entries of one ledger, and their history."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def make(self, change: StatusChange) -> bool:
        """Move an entry on, with a line of history; False when it does not stand where it is expected."""
        with self._transactions.write() as connection:
            found = read_standing(connection, change.entry)
            if found is None or STATUSES[found.status] not in change.expected:
                return False
            change_entry(connection, change, STATUSES[found.status], _given(change))
            return True

    def request_cancel(self, entry: int, why: str, who: str, now: datetime, source: str = PERSON) -> bool:
        """Note that an entry is to be deleted in the dashboard; False when it is sent, cancelled or replaced.

        `source` is `person` or `sheet`; what a person asked for stays a person's wish, whatever a sheet says.
        """
        told = f"cancellation asked for: {why}"
        with self._transactions.write() as connection:
            found = read_standing(connection, entry)
            if found is None or STATUSES[found.status] in _NOT_CANCELLABLE:
                return False
            if found.cancel_source != PERSON or source == PERSON:
                values = {"cancel_why": why or "asked for", "cancel_source": source}
                asked = _in_place(entry, found, ChangeKind.CANCEL_ASKED, why=told, who=who, now=now)
                change_entry(connection, asked, asked.to, values)
            return True

    def take_back_cancel(self, entry: int, why: str, who: str, now: datetime) -> bool:
        """Note that an entry is to go out after all; False when nobody wanted it cancelled, or it is over."""
        told = f"to go out after all: {why}"
        with self._transactions.write() as connection:
            found = read_standing(connection, entry)
            if found is None or not found.cancel_why or STATUSES[found.status] in _NOT_CANCELLABLE:
                return False
            taken_back = _in_place(entry, found, ChangeKind.CANCEL_TAKEN_BACK, why=told, who=who, now=now)
            change_entry(connection, taken_back, taken_back.to, {"cancel_why": "", "cancel_source": ""})
            return True

    def of(self, entry: int) -> tuple[Change, ...]:
        """Give an entry's history from its beginning."""
        return self.of_each((entry,))[entry]

    def of_each(self, ids: Collection[int]) -> dict[int, tuple[Change, ...]]:
        """Give the history of each of several entries."""
        found: dict[int, list[Change]] = {entry: [] for entry in ids}
        with self._transactions.read() as connection:
            asked = is_in(history.c.entry, ids, connection.dialect)
            for entry, *line in connection.execute(_LINES.where(asked).order_by(history.c.id)).all():
                found[entry].append(_read(*line))
        return {entry: tuple(changes) for entry, changes in found.items()}


def read_standing(connection: Connection, entry: int) -> EntryState | None:
    """Read how an entry stands; None when there is none."""
    found = ask_one(connection, _STANDING, {"entry_": entry})
    return EntryState._make(found) if found else None


def change_entry(connection: Connection, change: StatusChange, old: Status, values: dict[str, Any]) -> None:
    """Change an entry with a line of history; an attempt that was open ends with it, and counts."""
    at = write_time(change.now)
    if old is Status.SUBMITTING and change.to is not Status.SUBMITTING:
        still_open = (attempts.c.entry == change.entry, attempts.c.ended_at.is_(None))
        ending = update(attempts).where(*still_open)
        ended = connection.execute(ending.values(ended_at=at, outcome=change.to.value, why=change.why, counts=1))
        values = {**values, "attempts": entries.c.attempts + literal(ended.rowcount)}
    moved = update(entries).where(entries.c.id == change.entry)
    connection.execute(moved.values(status=change.to.value, changed_at=at, **values))
    note_change(connection, change, old)


def note_change(connection: Connection, change: StatusChange, old: Status) -> None:
    """Write a line of history."""
    line = {
        "entry": change.entry,
        "at": write_time(change.now),
        "old": old.value,
        "new": change.to.value,
        "why": change.why,
        "who": change.who,
        "evidence": change.evidence,
        "kind": change.kind.value,
    }
    run_one(connection, _NOTE, line)


def shown_values(listed: Listed) -> dict[str, Any]:
    """Take what the provider shows of a campaign, as far as it shows it."""
    shown = {
        "provider_id": listed.id or None,
        "contacts_count": listed.contacts_count,
        "provider_status_id": listed.status_id,
        "provider_status": listed.status or None,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _given(change: StatusChange) -> dict[str, Any]:
    """Take what a change brings with it besides the status."""
    values: dict[str, Any] = shown_values(change.listed) if change.listed is not None else {}
    if change.issues is not None:
        values |= {"issues": write_issues(change.issues), "codes": write_codes(change.issues)}
    if change.released is not None:
        values["released"] = write_texts(change.released)
    as_it_is = {name: getattr(change, name) for name in ("approved_by", "bound_payload", "replaced_by")}
    return values | {name: value for name, value in as_it_is.items() if value is not None}


def _in_place(entry: int, found: EntryState, kind: ChangeKind, *, why: str, who: str, now: datetime) -> StatusChange:
    """Make a change that leaves the status as it is."""
    status = STATUSES[found.status]
    return StatusChange(entry, status, expected=(status,), why=why, who=who, now=now, kind=kind)


def _read(*line: Any) -> Change:
    at, old, new, why, who, evidence, kind = line
    return Change(read_time(at), STATUSES[old] if old else None, STATUSES[new], why, who, evidence, KINDS[kind])
