"""The attempts: what was about to leave, written to disk before a byte does, and what it came to."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Update, and_, bindparam, exists, func, insert, or_, select, update

from batch.adapters.ledger.bulk import ask_one, is_in, run_one
from batch.adapters.ledger.changes import EntryState, change_entry, note_change, read_standing, shown_values
from batch.adapters.ledger.forms import read_issues, read_time, read_time_or_none, write_codes, write_issues, write_time
from batch.adapters.ledger.tables import attempts, batches, entries, pauses
from batch.adapters.ledger.transactions import Transactions
from batch.model import Answer, Attempt, Intent, Issue, Outcome, Status, StatusChange

LONGEST_ANSWER = 4_000
"""Characters that are kept of what the provider answered."""

_other = entries.alias("other")
_UNCERTAIN = or_(_other.c.status == Status.SUBMITTING.value, _other.c.status == Status.IN_DOUBT.value)
_TWIN_UNDER_WAY = exists().where(_other.c.fingerprint == entries.c.fingerprint, _other.c.id != entries.c.id, _UNCERTAIN)
_PAUSED = exists().where(pauses.c.lifted_at.is_(None))
_NEEDS_A_YES = exists().where(
    batches.c.id == entries.c.batch, batches.c.preview_mark != "", entries.c.approved_by == ""
)
"""Of a batch that was previewed, only what a second person let go is sent."""

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
_CLAIM_AS_POSTED = _CLAIM.values({name: bindparam(f"{name}_") for name in _POSTED})
"""What is posted is made at that moment, by the settings of that moment: with the intent it is what the entry has."""
_END = (
    update(attempts)
    .where(attempts.c.entry == bindparam("entry_"), attempts.c.number == bindparam("number_"))
    .where(attempts.c.ended_at.is_(None))
    .values({name: bindparam(f"{name}_") for name in ("ended_at", "outcome", "http_status", "why", "answer", "counts")})
)


class Attempts:
    """The attempts of one ledger at the provider: the intent, its outcome, and what nobody lived to write down."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def of(self, entry: int) -> tuple[Attempt, ...]:
        """Give an entry's attempts, the first one first."""
        return self.of_each((entry,))[entry]

    def of_each(self, ids: Collection[int]) -> dict[int, tuple[Attempt, ...]]:
        """Give the attempts of each of several entries."""
        found: dict[int, list[Attempt]] = {entry: [] for entry in ids}
        with self._transactions.read() as connection:
            asked = is_in(attempts.c.entry, ids, connection.dialect)
            ordered = select(attempts).where(asked).order_by(attempts.c.entry, attempts.c.number)
            for row in connection.execute(ordered).all():
                found[row.entry].append(_read(row))
        return {entry: tuple(made) for entry, made in found.items()}

    def refused(self, ids: Iterable[int]) -> dict[int, str]:
        """Give the hash of what the provider refused last, of those of the entries that it refused."""
        found = self.of_each(wanted) if (wanted := set(ids)) else {}
        last = {entry: made[-1] for entry, made in found.items() if made}
        return {entry: one.payload_hash for entry, one in last.items() if one.outcome == Status.REJECTED.value}

    def record_intent(self, intent: Intent) -> int | None:
        """Claim a planned entry and write its attempt to disk, before a byte leaves; give the attempt's number.

        None, and nothing is written, when it is no longer planned, its time is not more than the lead away, somebody
        wants it cancelled, another entry with the same content is under way or in doubt, or submitting is paused; nor
        when a second person let another payload go than this one.
        """
        with self._transactions.write() as connection:
            return _claim(connection, intent)

    def record_outcome(
        self, entry: int, attempt: int, outcome: Outcome, answer: Answer | None, *, now: datetime, who: str
    ) -> bool:
        """Write down what an attempt came to; False when the entry is no longer submitting with this attempt."""
        with self._transactions.write() as connection:
            return self._end(connection, entry, attempt, outcome, answer, now, who)

    def pass_on(
        self, entry: int, attempt: int, outcome: Outcome, answer: Answer | None, following: Intent, *, who: str
    ) -> int | None:
        """Write down what an attempt came to and, with the same commit, the intent of the entry that goes at once.

        Gives the number of the following attempt. None when that must not go, as `record_intent` says: then only the
        outcome is written. None, and nothing is written, when the entry is no longer submitting with this attempt.
        """
        with self._transactions.write() as connection:
            if not self._end(connection, entry, attempt, outcome, answer, following.now, who):
                return None
            return _claim(connection, following)

    def doubt_orphans(self, now: datetime, who: str) -> tuple[int, ...]:
        """Put every submitting entry in doubt and give them; only the submitter may, since no other then lives."""
        asked = select(entries.c.id).where(entries.c.status == Status.SUBMITTING.value).order_by(entries.c.id)
        why, expected = "the run ended before an answer was written down", (Status.SUBMITTING,)
        with self._transactions.write() as connection:
            orphaned = tuple(connection.execute(asked).scalars())
            for entry in orphaned:
                doubted = StatusChange(entry, Status.IN_DOUBT, expected=expected, why=why, who=who, now=now)
                change_entry(connection, doubted, Status.SUBMITTING, {})
        return orphaned

    def _end(  # noqa: PLR0917
        self,
        connection: Connection,
        entry: int,
        attempt: int,
        outcome: Outcome,
        answer: Answer | None,
        now: datetime,
        who: str,
    ) -> bool:
        outcome = dataclasses.replace(outcome, why=self._transactions.redact(outcome.why))
        body = answer.body.decode("utf-8", "replace") if answer is not None else ""
        kept = self._transactions.redact(body)[:LONGEST_ANSWER]
        found = read_standing(connection, entry)
        if found is None or found.status != Status.SUBMITTING.value:
            return False
        status = answer.status if answer is not None else None
        if not _close(connection, entry, attempt, outcome, status, kept, now):
            return False
        _move_on(connection, entry, outcome, found, now, who)
        return True


def _claim(connection: Connection, intent: Intent) -> int | None:
    """Take an entry that may go and begin its attempt; None when it must not go."""
    at, earliest, posted = write_time(intent.now), write_time(intent.now + intent.lead), intent.posted
    asked = {"entry_": intent.entry, "earliest": earliest, "at": at, "hash_": intent.payload_hash}
    if posted is not None:
        asked |= {f"{name}_": getattr(posted, name) for name in _POSTED}
    if run_one(connection, _CLAIM if posted is None else _CLAIM_AS_POSTED, asked) != 1:
        return None
    return _begin(connection, intent)


def _begin(connection: Connection, intent: Intent) -> int:
    [latest] = ask_one(connection, _LATEST, {"entry_": intent.entry}) or [None]
    number = (latest or 0) + 1
    begun = {"at": write_time(intent.now), "hash_": intent.payload_hash, "offset_": intent.clock_offset}
    run_one(connection, _BEGIN, {"entry_": intent.entry, "number_": number, **begun})
    why = f"attempt {number} begins"
    begins = StatusChange(intent.entry, Status.SUBMITTING, expected=(Status.PLANNED,), why=why, who="", now=intent.now)
    note_change(connection, begins, Status.PLANNED)
    return number


def _close(  # noqa: PLR0917
    connection: Connection,
    entry: int,
    attempt: int,
    outcome: Outcome,
    http_status: int | None,
    answer: str,
    now: datetime,
) -> bool:
    """Close the open attempt of this number; False when there is none."""
    values = {
        "entry_": entry,
        "number_": attempt,
        "ended_at_": write_time(now),
        "outcome_": outcome.status.value,
        "http_status_": http_status,
        "why_": outcome.why,
        "answer_": answer,
        "counts_": int(outcome.counts),
    }
    return run_one(connection, _END, values) == 1


def _move_on(connection: Connection, entry: int, outcome: Outcome, found: EntryState, now: datetime, who: str) -> None:  # noqa: PLR0917
    """Give an entry the status, and all else, that its attempt came to."""
    values = {
        "status": outcome.status.value,
        "attempts": found.attempts + (1 if outcome.counts else 0),
        "changed_at": write_time(now),
        **_with_issues(found, outcome.issues),
        **(shown_values(outcome.listed) if outcome.listed is not None else {}),
    }
    run_one(connection, _move(tuple(values)), {"entry_": entry, **{f"{name}_": values[name] for name in values}})
    expected = (Status.SUBMITTING,)
    ended = StatusChange(entry, outcome.status, expected=expected, why=outcome.why, who=who, now=now)
    note_change(connection, ended, Status.SUBMITTING)


@lru_cache(64)
def _move(names: tuple[str, ...]) -> Update:
    moved: dict[str, Any] = {name: bindparam(f"{name}_") for name in names}
    return update(entries).where(entries.c.id == bindparam("entry_")).values(moved)


def _with_issues(found: EntryState, new: Iterable[Issue]) -> dict[str, str]:
    """Add what the provider said to an entry's issues, each thing once."""
    before = read_issues(found.issues)
    added = tuple(issue for issue in new if issue not in before)
    if not added:
        return {}
    issues = before + added
    return {"issues": write_issues(issues), "codes": write_codes(issues)}


def _read(row: Row[Any]) -> Attempt:
    return Attempt(
        number=row.number,
        started_at=read_time(row.started_at),
        ended_at=read_time_or_none(row.ended_at),
        payload_hash=row.payload_hash,
        outcome=row.outcome,
        http_status=row.http_status,
        why=row.why,
        answer=row.answer,
        tag=row.tag,
        provider_zone=row.provider_zone,
        clock_offset=row.clock_offset,
    )
