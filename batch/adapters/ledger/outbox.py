"""The outbox: mails wait in the ledger until the mail server took them, each key once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, select, update

from batch.adapters.ledger import postgres
from batch.adapters.ledger.forms import read_texts, read_time, write_texts, write_time
from batch.adapters.ledger.tables import mails
from batch.adapters.ledger.transactions import Transactions
from batch.model.records import dataclass


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
    """What the mail server said last; empty before the first try. Of a mail that went: whom the server refused."""


class Outbox:
    """The mails that wait in one ledger."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def add(  # noqa: PLR0917
        self,
        to: Sequence[str],
        subject: str,
        body: bytes,
        kind: str,
        dedupe_key: str,
        now: datetime,
        next_try: datetime | None = None,
    ) -> bool:
        """Put a mail into the outbox, to go at once or not before `next_try`; False when one with this key is there."""
        recipients = write_texts(tuple(to))
        values = {"recipients": recipients, "subject": subject, "body": body, "kind": kind, "dedupe_key": dedupe_key}
        with self._transactions.write() as connection:
            if connection.execute(select(mails.c.id).where(mails.c.dedupe_key == dedupe_key)).first() is not None:
                return False
            connection.execute(
                insert(mails).values(**values, added_at=write_time(now), next_try=write_time(next_try or now))
            )
            return True

    def add_rest(self, mail: Mail, to: Sequence[str], next_try: datetime) -> None:
        """Let a mail wait, too, for those who did not get it yet: the same bytes, so the same Message-ID."""
        key = f"{mail.dedupe_key} to {write_texts(tuple(to))}"
        self.add(to, mail.subject, mail.body, mail.kind, key, mail.added_at, next_try)

    def replace_body(self, mail: int, body: bytes) -> None:
        """Let a mail that waits go with other bytes."""
        with self._transactions.write() as connection:
            connection.execute(update(mails).where(mails.c.id == mail, mails.c.sent_at.is_(None)).values(body=body))

    def due(self, now: datetime) -> tuple[Mail, ...]:
        """Give the mails whose next try is due, the oldest first."""
        return self._select(mails.c.next_try <= write_time(now))

    def unsent(self) -> tuple[Mail, ...]:
        """Give every mail that waits, the oldest first."""
        return self._select()

    def take(self, mail: Mail, until: datetime) -> bool:
        """Keep a mail that is about to go from others until then; False where another process was faster.

        Only in a database: its lock of the mailer ends with a connection that was cut, a file's with the process alone,
        and there a mail need not wait when that process was killed.
        """
        if self._transactions.engine.dialect.name != postgres.DIALECT:
            return True
        as_it_was = (mails.c.id == mail.id, mails.c.sent_at.is_(None), mails.c.next_try == write_time(mail.next_try))
        statement = update(mails).where(*as_it_was, mails.c.tries == mail.tries)
        with self._transactions.write() as connection:
            return connection.execute(statement.values(next_try=write_time(until))).rowcount == 1

    def note_sent(self, mail: int, now: datetime, refused: Sequence[str] = ()) -> bool:
        """Note that the server took a mail but for some recipients, and drop its body; False when it does not wait."""
        words = write_texts(tuple(refused)) if refused else ""
        return self._update(mail, {"sent_at": write_time(now), "words": words, "body": b""})

    def refusals(self, since: datetime) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Give the recipients of each mail that went since, and those whom the server refused, the oldest first."""
        went = mails.c.sent_at >= write_time(since)
        statement = select(mails.c.recipients, mails.c.words).where(went).order_by(mails.c.id)
        with self._transactions.read() as connection:
            for recipients, words in connection.execute(statement):
                yield read_texts(recipients), read_texts(words) if words else ()

    def note_failed(self, mail: int, words: str, next_try: datetime) -> bool:
        """Note why a mail did not go, and when it is tried again; False when it does not wait."""
        return self._update(mail, {"words": self._transactions.redact(words), "next_try": write_time(next_try)})

    def _select(self, *conditions: ColumnElement[bool]) -> tuple[Mail, ...]:
        statement = select(mails).where(mails.c.sent_at.is_(None), *conditions).order_by(mails.c.id)
        with self._transactions.read() as connection:
            return tuple(_mail(row) for row in connection.execute(statement))

    def _update(self, mail: int, values: dict[str, Any]) -> bool:
        waiting = (mails.c.id == mail, mails.c.sent_at.is_(None))
        statement = update(mails).where(*waiting).values(**values, tries=mails.c.tries + 1)
        with self._transactions.write() as connection:
            return connection.execute(statement).rowcount == 1


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
