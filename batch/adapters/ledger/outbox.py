"""The outbox: mails wait in the ledger until the mail server took them, each key once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from batch.adapters.ledger.forms import read_texts, read_time, write_texts, write_time
from batch.adapters.ledger.tables import mails


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail that waits to be sent."""

    id: int
    to: tuple[str, ...]
    subject: str
    body: bytes
    """The whole RFC 822 message."""
    kind: str
    dedupe_key: str
    added_at: datetime
    next_try: datetime
    tries: int
    words: str
    """What the mail server said last; empty before the first try."""


def insert_mail(
    connection: Connection, to: Sequence[str], subject: str, body: bytes, *, kind: str, dedupe_key: str, now: datetime
) -> bool:
    """Put a mail into the outbox; False when one with its key waits there or was sent."""
    if connection.execute(select(mails.c.id).where(mails.c.dedupe_key == dedupe_key)).first() is not None:
        return False
    at = write_time(now)
    recipients = write_texts(tuple(to))
    values = {"recipients": recipients, "subject": subject, "body": body, "kind": kind, "dedupe_key": dedupe_key}
    connection.execute(insert(mails).values(**values, added_at=at, next_try=at))
    return True


def select_unsent(connection: Connection, due: datetime | None = None) -> tuple[Mail, ...]:
    """Read the mails that wait, or only those whose next try is due, the oldest first."""
    statement = select(mails).where(mails.c.sent_at.is_(None)).order_by(mails.c.id)
    if due is not None:
        statement = statement.where(mails.c.next_try <= write_time(due))
    return tuple(_mail(row) for row in connection.execute(statement))


def update_sent(connection: Connection, mail: int, now: datetime) -> bool:
    """Note that the server took a mail; its body is kept no longer."""
    waiting = (mails.c.id == mail, mails.c.sent_at.is_(None))
    values = {"sent_at": write_time(now), "tries": mails.c.tries + 1, "words": "", "body": b""}
    return connection.execute(update(mails).where(*waiting).values(values)).rowcount == 1


def update_failed(connection: Connection, mail: int, words: str, next_try: datetime) -> bool:
    """Note why a mail did not go and when it is tried again."""
    waiting = (mails.c.id == mail, mails.c.sent_at.is_(None))
    values = {"words": words, "next_try": write_time(next_try), "tries": mails.c.tries + 1}
    return connection.execute(update(mails).where(*waiting).values(values)).rowcount == 1


def _mail(row: Row[Any]) -> Mail:
    return Mail(
        id=row.id,
        to=read_texts(row.recipients),
        subject=row.subject,
        body=bytes(row.body),
        kind=row.kind,
        dedupe_key=row.dedupe_key,
        added_at=read_time(row.added_at),
        next_try=read_time(row.next_try),
        tries=row.tries,
        words=row.words,
    )
