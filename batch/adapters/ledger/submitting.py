"""The statements of one submission: the intent, its outcome, and every other change of an entry's status."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, exists, func, insert, literal, or_, select, update

from batch.adapters.ledger.forms import STATUSES, read_issues, write_codes, write_issues, write_texts, write_time
from batch.adapters.ledger.tables import attempts, batches, entries, history, pauses
from batch.model import PERSON, Answer, ChangeKind, Entry, Issue, Listed, Outcome, Status, StatusChange

LONGEST_ANSWER = 4_000
"""Characters that are kept of what the provider answered."""

_other = entries.alias("other")
_UNCERTAIN = (Status.SUBMITTING.value, Status.IN_DOUBT.value)
_TWIN_UNDER_WAY = exists().where(
    _other.c.fingerprint == entries.c.fingerprint, _other.c.id != entries.c.id, _other.c.status.in_(_UNCERTAIN)
)
_PAUSED = exists().where(pauses.c.lifted_at.is_(None))
_NEEDS_A_YES = exists().where(
    batches.c.id == entries.c.batch, batches.c.preview_mark != "", entries.c.approved_by == ""
)
"""Of a batch that was previewed, only what a second person let go is sent."""
_NOT_CANCELLABLE = frozenset({Status.SENT, Status.CANCELLED, Status.REPLACED})

# Statements of every single submission are built once: building them anew takes longer than running them.
_CLAIM = (
    update(entries)
    .where(entries.c.id == bindparam("entry_"), entries.c.status == Status.PLANNED.value, entries.c.fingerprint != "")
    .where(entries.c.send_at > bindparam("earliest"), entries.c.cancel_why == "", ~_TWIN_UNDER_WAY, ~_PAUSED)
    .where(or_(entries.c.bound_payload == bindparam("hash_"), and_(entries.c.bound_payload == "", ~_NEEDS_A_YES)))
    .values(status=Status.SUBMITTING.value, changed_at=bindparam("at"))
)
_LATEST = select(func.max(attempts.c.number)).where(attempts.c.entry == bindparam("entry_"))
_BEGIN = insert(attempts).values(
    entry=bindparam("entry_"),
    number=bindparam("number_"),
    started_at=bindparam("at"),
    payload_hash=bindparam("hash_"),
    tag=select(entries.c.tag).where(entries.c.id == bindparam("entry_")).scalar_subquery(),
    provider_zone=select(entries.c.provider_zone).where(entries.c.id == bindparam("entry_")).scalar_subquery(),
    clock_offset=bindparam("offset_"),
)
_POSTED = ("tag", "provider_name", "send_at_provider", "provider_zone")
_ADDRESS = (
    update(entries).where(entries.c.id == bindparam("entry_")).values({name: bindparam(f"{name}_") for name in _POSTED})
)
"""What is posted is made at that moment, by the settings of that moment: with the intent it is what the entry has."""
_STANDING = select(entries.c.status, entries.c.attempts, entries.c.issues, entries.c.cancel_source).where(
    entries.c.id == bindparam("entry_")
)
_END = (
    update(attempts)
    .where(attempts.c.entry == bindparam("entry_"), attempts.c.number == bindparam("number_"))
    .where(attempts.c.ended_at.is_(None))
    .values({name: bindparam(f"{name}_") for name in ("ended_at", "outcome", "http_status", "why", "answer", "counts")})
)
_NOTE = insert(history)


def claim_entry(
    connection: Connection,
    entry: int,
    *,
    payload_hash: str,
    now: datetime,
    lead: timedelta,
    posted: Entry | None = None,
    clock_offset: float | None = None,
) -> int | None:
    """Turn `planned` into `submitting` with a new attempt, if all that must hold still holds; give its number."""
    at = write_time(now)
    asked = {"entry_": entry, "earliest": write_time(now + lead), "at": at, "hash_": payload_hash}
    if connection.execute(_CLAIM, asked).rowcount != 1:
        return None
    if posted is not None:
        connection.execute(_ADDRESS, {"entry_": entry, **{f"{name}_": getattr(posted, name) for name in _POSTED}})
    number = int(connection.execute(_LATEST, {"entry_": entry}).scalar() or 0) + 1
    begun = {"entry_": entry, "number_": number, "at": at, "hash_": payload_hash, "offset_": clock_offset}
    connection.execute(_BEGIN, begun)
    why = f"attempt {number} begins"
    begins = StatusChange(entry, Status.SUBMITTING, expected=(Status.PLANNED,), why=why, who="", now=now)
    _note(connection, begins, Status.PLANNED)
    return number


def close_attempt(
    connection: Connection,
    entry: int,
    attempt: int,
    outcome: Outcome,
    answer: Answer | None,
    *,
    redact: Callable[[str], str],
    now: datetime,
    who: str,
) -> bool:
    """Write down what an attempt came to; False when the entry is no longer submitting with this very attempt."""
    found = _standing(connection, entry)
    if found is None or found.status != Status.SUBMITTING.value:
        return False
    if not _end_attempt(connection, entry, attempt, outcome, answer, redact=redact, now=now):
        return False
    values = {
        "status": outcome.status.value,
        "attempts": found.attempts + (1 if outcome.counts else 0),
        "changed_at": write_time(now),
        **_with_issues(found, outcome.issues),
        **(_seen(outcome.listed) if outcome.listed is not None else {}),
    }
    connection.execute(update(entries).where(entries.c.id == entry).values(values))
    why, expected = redact(outcome.why), (Status.SUBMITTING,)
    ended = StatusChange(entry, outcome.status, expected=expected, why=why, who=who, now=now)
    _note(connection, ended, Status.SUBMITTING)
    return True


def doubt_orphans(connection: Connection, now: datetime, who: str) -> tuple[int, ...]:
    """Put every `submitting` entry in doubt: its owner is gone, and nobody knows how far it came."""
    statement = select(entries.c.id).where(entries.c.status == Status.SUBMITTING.value).order_by(entries.c.id)
    orphaned = tuple(connection.execute(statement).scalars())
    why = "the run ended before an answer was written down"
    for entry in orphaned:
        doubted = StatusChange(entry, Status.IN_DOUBT, expected=(Status.SUBMITTING,), why=why, who=who, now=now)
        _change(connection, doubted, Status.SUBMITTING, {})
    return orphaned


def move_entry(connection: Connection, change: StatusChange) -> bool:
    """Change an entry's status and what comes with it; False when it does not stand where it is expected."""
    found = _standing(connection, change.entry)
    if found is None or STATUSES[found.status] not in change.expected:
        return False
    _change(connection, change, STATUSES[found.status], _given(change))
    return True


def _given(change: StatusChange) -> dict[str, Any]:
    """Take what a change brings with it besides the status."""
    values: dict[str, Any] = _seen(change.listed) if change.listed is not None else {}
    if change.issues is not None:
        values |= {"issues": write_issues(change.issues), "codes": write_codes(change.issues)}
    if change.released is not None:
        values["released"] = write_texts(change.released)
    as_it_is = {name: getattr(change, name) for name in ("approved_by", "bound_payload", "replaced_by")}
    return values | {name: value for name, value in as_it_is.items() if value is not None}


def ask_to_cancel(connection: Connection, entry: int, *, why: str, who: str, now: datetime, source: str) -> bool:
    """Note who wants an entry deleted in the dashboard; False when there is nothing to delete any more.

    What a person asked for stays as it is when a sheet asks, too.
    """
    found = _standing(connection, entry)
    if found is None or STATUSES[found.status] in _NOT_CANCELLABLE:
        return False
    if found.cancel_source == PERSON and source != PERSON:
        return True
    status = STATUSES[found.status]
    values = {"cancel_why": why or "asked for", "cancel_source": source}
    told = f"cancellation asked for: {why}"
    kind = ChangeKind.CANCEL_ASKED
    asked = StatusChange(entry, status, expected=(status,), why=told, who=who, now=now, kind=kind)
    _change(connection, asked, status, values)
    return True


def take_back_cancel(connection: Connection, entry: int, *, why: str, who: str, now: datetime) -> bool:
    """Note that an entry is to go out after all; False when nobody asked for its cancellation, or it is over."""
    asked = connection.execute(select(entries.c.cancel_why, entries.c.status).where(entries.c.id == entry)).first()
    if asked is None or not asked.cancel_why or STATUSES[asked.status] in _NOT_CANCELLABLE:
        return False
    status, kept = STATUSES[asked.status], {"cancel_why": "", "cancel_source": ""}
    told = f"to go out after all: {why}"
    kind = ChangeKind.CANCEL_TAKEN_BACK
    taken_back = StatusChange(entry, status, expected=(status,), why=told, who=who, now=now, kind=kind)
    _change(connection, taken_back, status, kept)
    return True


def _standing(connection: Connection, entry: int) -> Row[Any] | None:
    found: Row[Any] | None = connection.execute(_STANDING, {"entry_": entry}).first()  # type: ignore[assignment]
    return found


def _end_attempt(
    connection: Connection,
    entry: int,
    attempt: int,
    outcome: Outcome,
    answer: Answer | None,
    *,
    redact: Callable[[str], str],
    now: datetime,
) -> bool:
    """Close the open attempt of this number; False when there is none."""
    body = redact(answer.body.decode("utf-8", "replace"))[:LONGEST_ANSWER] if answer is not None else ""
    values = {
        "entry_": entry,
        "number_": attempt,
        "ended_at_": write_time(now),
        "outcome_": outcome.status.value,
        "http_status_": answer.status if answer is not None else None,
        "why_": redact(outcome.why),
        "answer_": body,
        "counts_": int(outcome.counts),
    }
    return connection.execute(_END, values).rowcount == 1


def _with_issues(found: Row[Any], new: Iterable[Issue]) -> dict[str, str]:
    """Add what the provider said to an entry's issues, each thing once."""
    before = read_issues(found.issues)
    added = tuple(issue for issue in new if issue not in before)
    if not added:
        return {}
    issues = before + added
    return {"issues": write_issues(issues), "codes": write_codes(issues)}


def _seen(listed: Listed) -> dict[str, Any]:
    """Take what the provider shows of a campaign, as far as it shows it."""
    shown = {
        "provider_id": listed.id or None,
        "contacts_count": listed.contacts_count,
        "provider_status_id": listed.status_id,
        "provider_status": listed.status or None,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _change(connection: Connection, change: StatusChange, old: Status, values: dict[str, Any]) -> None:
    """Change an entry with a line of history; an attempt that was open ends with it, and counts."""
    at = write_time(change.now)
    if old is Status.SUBMITTING and change.to is not Status.SUBMITTING:
        still_open = (attempts.c.entry == change.entry, attempts.c.ended_at.is_(None))
        ending = update(attempts).where(*still_open)
        ended = connection.execute(ending.values(ended_at=at, outcome=change.to.value, why=change.why, counts=1))
        values = {**values, "attempts": entries.c.attempts + literal(ended.rowcount)}
    moved = update(entries).where(entries.c.id == change.entry)
    connection.execute(moved.values(status=change.to.value, changed_at=at, **values))
    _note(connection, change, old)


def _note(connection: Connection, change: StatusChange, old: Status) -> None:
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
    connection.execute(_NOTE, line)
