"""The ledger as the workflows see it: the parts, each with its own statements, over the same transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from batch.adapters.ledger.archives import Archives
from batch.adapters.ledger.attempts import Attempts
from batch.adapters.ledger.batches import Batches
from batch.adapters.ledger.bulk import in_chunks
from batch.adapters.ledger.changes import Changes
from batch.adapters.ledger.deliveries import Deliveries
from batch.adapters.ledger.drops import Drops
from batch.adapters.ledger.entries import Entries
from batch.adapters.ledger.exporting import as_account, as_dict, as_frame
from batch.adapters.ledger.findings import Findings
from batch.adapters.ledger.groups import SeenGroups
from batch.adapters.ledger.journal import RunJournal
from batch.adapters.ledger.known import Known
from batch.adapters.ledger.lists import ProviderLists
from batch.adapters.ledger.lock import SubmitterLock
from batch.adapters.ledger.moving import Sums, move_all
from batch.adapters.ledger.opening import name_of, prepare, resolve_url
from batch.adapters.ledger.outbox import Outbox
from batch.adapters.ledger.pauses import Pauses
from batch.adapters.ledger.people import BatchPeople
from batch.adapters.ledger.searching import WordIndex
from batch.adapters.ledger.servers import let_go
from batch.adapters.ledger.transactions import Transactions
from batch.adapters.ledger.upkeep import Upkeep
from batch.adapters.ledger.weeks import Weeks
from batch.model import Attempt, Change, Entry

if TYPE_CHECKING:
    import pandas as pd

BUSY_SECONDS = 15.0
Accounts = tuple[dict[int, tuple[Attempt, ...]], dict[int, tuple[Change, ...]]]


def _as_it_is(text: str) -> str:
    return text


def open_ledger(
    url: str,
    *,
    now: datetime,
    create: bool = True,
    folder: Path | None = None,
    busy_seconds: float = BUSY_SECONDS,
    redact: Callable[[str], str] = _as_it_is,
    look: bool = False,
) -> Ledger:
    """Open a ledger, make it when it is new, migrate it (after a backup) when it is old.

    With `look` the file of an old one stays as it is: a migrated copy in memory is opened in its place.

    A relative path in `url` is relative to `folder`, else to the working folder. `redact` takes the token out of
    what the provider answered before it is kept. Raises LedgerError, or UsageError for a URL that is none.
    """
    parsed, path = resolve_url(url, folder)
    engine = prepare(parsed, path, now=now, create=create, busy_seconds=busy_seconds, look=look)
    return Ledger(engine, path, name_of(parsed, path), redact)


def throw_away_ledger(now: datetime, redact: Callable[[str], str] = _as_it_is) -> Ledger:
    """Make a ledger in memory for a rehearsal; it is gone when it is closed."""
    return open_ledger("sqlite://", now=now, redact=redact)


class Ledger:
    """All that was planned, sent and seen, in parts; `now` is always handed in, aware."""

    def __init__(self, engine: Engine, path: Path | None, name: str, redact: Callable[[str], str]) -> None:
        self.path = path
        self.name = name
        """How it is called in words to people, never with a password."""
        self._transactions = transactions = Transactions(engine, path, name, redact)
        self.lock = SubmitterLock(transactions, path)
        self.journal = RunJournal(transactions)
        self.groups = SeenGroups(transactions)
        self.pauses = Pauses(transactions)
        self.known = Known(transactions)
        self.batches = Batches(transactions)
        self.people = BatchPeople(transactions)
        self.words = WordIndex(transactions, path)
        self.entries = Entries(transactions, self.words)
        self.changes = Changes(transactions)
        self.attempts = Attempts(transactions)
        self.lists = ProviderLists(transactions)
        self.findings = Findings(transactions)
        self.deliveries = Deliveries(transactions)
        self.weeks = Weeks(transactions)
        self.outbox = Outbox(transactions)
        self.drops = Drops(transactions)
        self.upkeep = Upkeep(transactions, path)
        self.archives = Archives(transactions, path)
        self.fill: Callable[[Iterable[Entry]], Iterable[Entry]] = tuple
        """Gives entries the texts that archives hold of them, once somebody opened these."""
        self.accounts: Callable[[Sequence[Entry]], Accounts] | None = None
        """The same for their attempts and their history."""

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the file go; a closed ledger opens again automatically when it is used."""
        let_go(self._transactions.engine)

    def move_to(self, target: Ledger) -> Sums:
        """Copy all of it into a new ledger, which is the ledger from then on; give what each table has.

        Raises LedgerBusyError while somebody submits, UsageError where the target holds another ledger.
        """
        return move_all(self._transactions, target._transactions)

    def export(self) -> Iterator[dict[str, Any]]:
        """Stream the entries as `ledger export` writes them, each with its attempts and its history."""
        for entries in in_chunks(self.entries.select()):
            attempts, histories = (self.accounts or self.accounts_of)(entries)
            fared = self.deliveries.of_each([entry.id for entry in entries])
            for entry in self.fill(entries):
                yield as_dict(entry, fared.get(entry.id, ())) | as_account(attempts[entry.id], histories[entry.id])

    def accounts_of(self, entries: Sequence[Entry]) -> Accounts:
        """Give the attempts and the history of each of some entries, as this ledger has them."""
        ids = [entry.id for entry in entries]
        return self.attempts.of_each(ids), self.changes.of_each(ids)

    def to_frame(self) -> pd.DataFrame:
        """Give all entries as a table for a notebook, one column a key of `export`."""
        return as_frame(
            as_dict(entry, fared.get(entry.id, ()))
            for entries in in_chunks(self.entries.select())
            for fared in (self.deliveries.of_each([entry.id for entry in entries]),)
            for entry in self.fill(entries)
        )
