"""The ledger as the workflows see it: each method one transaction, each statement a function of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from batch.adapters.ledger import batches as batches_
from batch.adapters.ledger import (
    books,
    exporting,
    findings,
    knowing,
    lock,
    people,
    planning,
    purging,
    reading,
    submitting,
    upkeep,
)
from batch.adapters.ledger.bulk import in_chunks
from batch.adapters.ledger.groups import SeenGroups
from batch.adapters.ledger.journal import RunJournal, settings_of, write_settings
from batch.adapters.ledger.opening import name_of, prepare, resolve_url
from batch.adapters.ledger.outbox import Outbox
from batch.adapters.ledger.pauses import Pauses
from batch.adapters.ledger.transactions import Transactions
from batch.adapters.ledger.troubles import explained
from batch.model import (
    PERSON,
    Answer,
    Attempt,
    Batch,
    Change,
    Decision,
    DeliveryCount,
    Entry,
    Finding,
    Issue,
    KnownEntry,
    Listed,
    Outcome,
    Person,
    Proof,
    Status,
    StatusChange,
    Way,
)
from batch.model.errors import LedgerError, UsageError

if TYPE_CHECKING:
    import pandas as pd

    from batch.core.trust import Sentinel, Span

BUSY_SECONDS = 15.0


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
    """All that was planned, sent and seen; `now` is always handed in, aware."""

    def __init__(self, engine: Engine, path: Path | None, name: str, redact: Callable[[str], str]) -> None:
        self.path = path
        self._transactions = transactions = Transactions(engine, path, name, redact)
        self._held = False
        self.journal = RunJournal(transactions)
        self.pauses = Pauses(transactions)
        self.groups = SeenGroups(transactions)
        self.outbox = Outbox(transactions)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the file go; a closed ledger opens again automatically when it is used."""
        self._transactions.engine.dispose()

    # The account, and who may submit

    def submitter(self, who: str, now: datetime) -> AbstractContextManager[None]:
        """Hold the ledger as its one submitter; LedgerBusyError says at once who holds it since when."""
        return self._submit_alone(who, now)

    # Batches

    def add_batch(
        self,
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
        """Take a spreadsheet in; give the batch's number."""
        with self._transactions.write() as connection:
            return batches_.insert_batch(
                connection,
                file=file,
                sheet=sheet,
                file_hash=file_hash,
                taken_in_at=taken_in_at,
                rows=rows,
                blank=blank,
                left_out=left_out,
                submitted_by=submitted_by,
                machine=machine,
                state=state,
                issues=issues,
            )

    def batch(self, id: int) -> Batch:
        """Give one batch; UsageError when there is none."""
        with self._transactions.read() as connection:
            found = batches_.select_batch(connection, id)
        if found is None:
            raise UsageError(f"there is no batch {id}", '"campaign-batch ledger list" shows them all')
        return found

    def batches(self, *, since: datetime | None = None) -> tuple[Batch, ...]:
        """Give the batches, those taken in since a time, the oldest first."""
        with self._transactions.read() as connection:
            return batches_.select_batches(connection, since)

    def change_batch(
        self,
        id: int,
        *,
        state: str | None = None,
        approved_by: str | None = None,
        note: str | None = None,
        now: datetime,
    ) -> None:
        """Change what is given of a batch; UsageError when there is none."""
        with self._transactions.write() as connection:
            changed = batches_.update_batch(connection, id, state=state, approved_by=approved_by, note=note, now=now)
        if not changed:
            raise UsageError(f"there is no batch {id}", '"campaign-batch ledger list" shows them all')

    def bind_preview(
        self, batch: int, rows: Mapping[int, str], mark: str, superseded: Collection[int], now: datetime
    ) -> None:
        """Write down what a preview shows (entry to payload hash), offer its batch, close those it supersedes."""
        with self._transactions.write() as connection:
            batches_.bind_preview(connection, batch, rows, mark, now)
            for older in superseded:
                batches_.supersede(connection, older, batch, now)

    def previewed(self, batch: int) -> dict[int, str]:
        """Give what the preview of a batch shows: entry to the hash of its payload."""
        with self._transactions.read() as connection:
            return batches_.select_preview(connection, batch)

    def shown_before(self, entries: Collection[int], batch: int) -> dict[tuple[int, str], batches_.Shown]:
        """Give the payloads (entry and hash) that another batch's preview has shown, with the newest such preview."""
        with self._transactions.read() as connection:
            return batches_.select_shown(connection, entries, batch)

    def note_unmailed(self, numbers: Collection[int]) -> None:
        """Remember batches that people must still hear of."""
        with self._transactions.write() as connection:
            batches_.set_unmailed(connection, numbers, waits=True)

    def note_mailed(self, numbers: Collection[int]) -> None:
        """Note that people have heard of some batches, or will by a mail in the outbox."""
        with self._transactions.write() as connection:
            batches_.set_unmailed(connection, numbers, waits=False)

    def unmailed(self) -> tuple[int, ...]:
        """Give the batches that people must still hear of."""
        with self._transactions.read() as connection:
            return batches_.select_unmailed(connection)

    def note_submitter(self, batch: int, person: Person) -> None:
        """Note which user of the system handed a batch in."""
        with self._transactions.write() as connection:
            people.write_submitter(connection, batch, person)

    def note_preview(self, batch: int, sha256: str) -> None:
        """Note which bytes the preview of a batch has."""
        with self._transactions.write() as connection:
            people.write_preview_hash(connection, batch, sha256)

    def note_approver(self, batch: int, person: Person, way: Way) -> None:
        """Note which user of the system let a batch go, and how that is known."""
        with self._transactions.write() as connection:
            people.write_approver(connection, batch, person, way)

    def proof(self, batch: int) -> Proof:
        """Give the people of a batch, and how they are known."""
        with self._transactions.read() as connection:
            return people.select_proof(connection, batch)

    def batch_rows(self, batch: int) -> tuple[batches_.BatchRow, ...]:
        """Give what became of each row of a batch: row, entry, what, why."""
        with self._transactions.read() as connection:
            return batches_.select_batch_rows(connection, batch)

    # Planning

    def known(self, keys: Collection[str], fingerprints: Collection[str], now: datetime) -> tuple[KnownEntry, ...]:
        """Give the entries with one of these keys or fingerprints, and all that are still to come; none replaced."""
        with self._transactions.read() as connection:
            return knowing.select_known(connection, keys, fingerprints, now)

    def tags(self) -> set[str]:
        """Give every tag that this ledger ever gave or sent."""
        with self._transactions.read() as connection:
            return knowing.select_tags(connection)

    def planned_tags(self) -> set[str]:
        """Give the tags of what is planned: nobody else may have sent it."""
        with self._transactions.read() as connection:
            return knowing.select_planned_tags(connection)

    def provider_ids(self) -> dict[str, int]:
        """Give every Id of the provider with the entry that has it."""
        with self._transactions.read() as connection:
            return knowing.select_provider_ids(connection)

    def sentinels(self, after: datetime) -> tuple[Sentinel, ...]:
        """Give what the provider's lists must show: accepted, to come after a moment, and called gone by nobody."""
        with self._transactions.read() as connection:
            return knowing.select_sentinels(connection, after)

    def spans(self, after: datetime) -> dict[str, Span]:
        """Give when each campaign with an Id that is to come was posted and accepted, by Id."""
        with self._transactions.read() as connection:
            return knowing.select_spans(connection, after)

    def doubt_spans(self, ids: Collection[int]) -> dict[int, Span]:
        """Give when doubts came to be, by entry."""
        with self._transactions.read() as connection:
            return knowing.select_doubt_spans(connection, ids)

    def unobserved(self, after: datetime) -> dict[str, int]:
        """Give the campaigns to come that no list has shown since they were accepted: Id to entry."""
        with self._transactions.read() as connection:
            return knowing.select_unobserved(connection, after)

    def twins(self, entry: int) -> tuple[Entry, ...]:
        """Give the newer entries of the same key that are open or at the provider, the oldest first."""
        with self._transactions.read() as connection:
            ids = knowing.select_twins(connection, entry)
        return tuple(self.entries(ids=ids)) if ids else ()

    def record_plan(
        self, batch: int, decisions: Iterable[Decision], *, account: str, now: datetime, who: str
    ) -> dict[int, int]:
        """Write a plan in one transaction; give the entry of each row.

        LedgerError, and nothing is written, when an entry that it would renew or replace has moved on meanwhile.
        """
        with self._transactions.write() as connection:
            return planning.insert_plan(connection, batch, decisions, account=account, now=now, who=who)

    def take_in(
        self,
        decisions: Iterable[Decision],
        *,
        account: str,
        taken_in_at: datetime,
        read_with: Mapping[str, Any] | None = None,
        **batch: Any,
    ) -> int:
        """Add a batch and write its plan, both or neither; give the batch's number. The rest as in `add_batch`.

        `read_with` are the settings with which its rows were read.
        """
        with self._transactions.write() as connection:
            number = batches_.insert_batch(connection, taken_in_at=taken_in_at, **batch)
            if read_with:
                write_settings(connection, settings_of(number), read_with)
            who = batch["submitted_by"]
            planning.insert_plan(connection, number, decisions, account=account, now=taken_in_at, who=who)
            return number

    # Reading entries

    def entry(self, id: int) -> Entry:
        """Give one entry; UsageError when there is none."""
        for found in self.entries(ids=(id,)):
            return found
        raise UsageError(f"there is no entry {id}", '"campaign-batch find WORDS" shows entries with their numbers')

    def entries(
        self,
        *,
        batch: int | None = None,
        statuses: Collection[Status] | None = None,
        ids: Collection[int] | None = None,
        due_from: datetime | None = None,
        due_until: datetime | None = None,
        changed_since: datetime | None = None,
        words: str | Iterable[str] | None = None,
    ) -> Iterator[Entry]:
        """Stream the entries that fit all that is given, by number.

        `batch`: those that a row of it made or met; `due_from` is within, `due_until` without; `words` must all stand
        in the names, message, groups, Ids or cells. The ledger may be written to between two entries.
        """
        words = words if words is None or isinstance(words, str) else tuple(words)
        wanted = reading.Wanted(batch, statuses, ids, due_from, due_until, changed_since, words)
        after = 0
        while True:
            with self._transactions.read() as connection:
                page = reading.select_entries(connection, wanted, after=after)
            yield from page
            if len(page) < reading.PAGE:
                return
            after = page[-1].id

    def planned(self, batch: int | None = None) -> tuple[Entry, ...]:
        """Give the entries to be submitted, the earliest send time first."""
        with self._transactions.read() as connection:
            return reading.select_planned(connection, batch)

    def history(self, entry: int) -> tuple[Change, ...]:
        """Give an entry's history from its beginning."""
        return self.histories((entry,))[entry]

    def histories(self, ids: Collection[int]) -> dict[int, tuple[Change, ...]]:
        """Give the history of several entries."""
        with self._transactions.read() as connection:
            return reading.select_histories(connection, ids)

    def attempts(self, entry: int) -> tuple[Attempt, ...]:
        """Give an entry's attempts, the first one first."""
        return self.attempts_of((entry,))[entry]

    def attempts_of(self, ids: Collection[int]) -> dict[int, tuple[Attempt, ...]]:
        """Give the attempts of several entries."""
        with self._transactions.read() as connection:
            return reading.select_attempts(connection, ids)

    # Submitting

    def record_intent(
        self,
        entry: int,
        *,
        payload_hash: str,
        now: datetime,
        lead: timedelta,
        posted: Entry | None = None,
        clock_offset: float | None = None,
    ) -> int | None:
        """Claim a planned entry and write its attempt to disk, before a byte leaves; give the attempt's number.

        `posted` is the entry with the tag, name, time and zone with which it is posted, which it has from now on.
        `clock_offset` is how many seconds the provider's clock is ahead.
        None, and nothing is written, when it is no longer planned, its time is not more than `lead` away, somebody
        wants it cancelled, another entry with the same content is under way or in doubt, or submitting is paused; nor
        when a second person let another payload go than this one.
        """
        with self._transactions.write() as connection:
            return submitting.claim_entry(
                connection,
                entry,
                payload_hash=payload_hash,
                now=now,
                lead=lead,
                posted=posted,
                clock_offset=clock_offset,
            )

    def record_outcome(
        self, entry: int, attempt: int, outcome: Outcome, answer: Answer | None, *, now: datetime, who: str
    ) -> bool:
        """Write down what an attempt came to; False when the entry is no longer submitting with this attempt."""
        with self._transactions.write() as connection:
            return submitting.close_attempt(
                connection, entry, attempt, outcome, answer, redact=self._transactions.redact, now=now, who=who
            )

    def orphans(self, now: datetime, who: str) -> tuple[int, ...]:
        """Put every submitting entry in doubt and give them; only the submitter may, since no other then lives."""
        with self._transactions.write() as connection:
            return submitting.doubt_orphans(connection, now, who)

    def change_status(self, change: StatusChange) -> bool:
        """Move an entry on, with a line of history; False when it does not stand where it is expected."""
        with self._transactions.write() as connection:
            return submitting.move_entry(connection, change)

    def request_cancel(self, entry: int, why: str, who: str, now: datetime, source: str = PERSON) -> bool:
        """Note that an entry is to be deleted in the dashboard; False when it is sent, cancelled or replaced.

        `source` is `person` or `sheet`; what a person asked for stays a person's wish, whatever a sheet says.
        """
        with self._transactions.write() as connection:
            return submitting.ask_to_cancel(connection, entry, why=why, who=who, now=now, source=source)

    def take_back_cancel(self, entry: int, why: str, who: str, now: datetime) -> bool:
        """Note that an entry is to go out after all; False when nobody wanted it cancelled, or it is over."""
        with self._transactions.write() as connection:
            return submitting.take_back_cancel(connection, entry, why=why, who=who, now=now)

    def cancellations(self) -> tuple[Entry, ...]:
        """Give the entries that are to be deleted in the dashboard and may still be there."""
        with self._transactions.read() as connection:
            return reading.select_cancellations(connection)

    # The provider's books

    def observe(self, items: Iterable[tuple[int, Listed, str]], now: datetime) -> int:
        """Keep what the lists show of entries where it differs from the last time; give how many did.

        Each item is entry, campaign as listed, and the list: `scheduled` or `sent`.
        """
        with self._transactions.write() as connection:
            return books.insert_observations(connection, tuple(items), now)

    def observations(self, entry: int) -> tuple[books.Observation, ...]:
        """Give how the provider showed an entry's campaign over time."""
        with self._transactions.read() as connection:
            return books.select_observations(connection, entry)

    def shown_times(self, ids: Collection[int]) -> dict[int, str]:
        """Give the provider's own text of the time at which it showed each of these campaigns last."""
        with self._transactions.read() as connection:
            return books.select_shown_times(connection, ids)

    def acknowledge(self, provider_id: str, why: str, who: str, now: datetime) -> None:
        """Note that a person knows of a campaign that was made elsewhere."""
        with self._transactions.write() as connection:
            books.insert_acknowledgement(connection, provider_id, why=why, who=who, now=now)

    def acknowledged(self) -> set[str]:
        """Give the Ids that nobody needs to hear of again."""
        with self._transactions.read() as connection:
            return books.select_acknowledged(connection)

    def record_findings(self, found: Iterable[Finding], compared: Collection[int], now: datetime) -> int:
        """Keep the findings of one comparison of some entries; give its number."""
        with self._transactions.write() as connection:
            return books.insert_findings(connection, found, compared, now)

    def acknowledge_entry(
        self, entry: int, found: Iterable[tuple[str, str, str]], *, why: str, who: str, now: datetime
    ) -> None:
        """Note that a person knows of some findings about an entry: code, field, and what the provider showed."""
        with self._transactions.write() as connection:
            findings.insert_acknowledgements(connection, entry, found, why=why, who=who, now=now)

    def record_delivery(
        self,
        entry: int,
        page: int,
        counts: Iterable[DeliveryCount],
        final: bool,  # noqa: FBT001
        now: datetime,
    ) -> None:
        """Keep the counts of one page of contacts; page 1 begins a new count, `final` ends it for good."""
        with self._transactions.write() as connection:
            books.insert_delivery(connection, entry, page, counts, final=final, now=now)

    def deliveries(self, ids: Collection[int]) -> dict[int, tuple[DeliveryCount, ...]]:
        """Give the numbers of contacts by delivery status, all pages together."""
        with self._transactions.read() as connection:
            return books.select_deliveries(connection, ids)

    def delivery_progress(self, entry: int) -> books.DeliveryProgress | None:
        """Tell which page was read last, and whether it is final; None when none was."""
        with self._transactions.read() as connection:
            return books.select_delivery_progress(connection, entry)

    # Health and hand-over

    def verify(self, now: datetime) -> tuple[str, ...]:
        """Look for damage and broken rules; give each problem in words."""
        with self._transactions.read() as connection:
            return tuple(upkeep.find_problems(connection, now))

    def backup(self, now: datetime, keep: int = upkeep.KEEP) -> Path:
        """Write a whole copy into `backups/` beside the ledger, and keep the newest ones."""
        if self.path is None:
            name = self._transactions.name
            raise LedgerError(f"{name} is not a file, so it cannot be copied", "use the database's own backup")
        return upkeep.write_backup(self._transactions.engine, self.path, now, keep)

    def count_purge(self, limit: datetime) -> purging.Purge:
        """Count what forgetting everything closed before `limit` would take."""
        with self._transactions.read() as connection:
            return purging.count_purge(connection, limit)

    def purge(self, limit: datetime, *, why: str, who: str, now: datetime) -> purging.Purge:
        """Forget the texts of everything closed before `limit`, in the file's free pages, too."""
        with self._transactions.write() as connection:
            done = purging.forget(connection, limit, why=why, who=who, now=now)
        with explained(self._transactions.name):
            purging.overwrite_freed(self._transactions.engine)
        return done

    def export(self) -> Iterator[dict[str, Any]]:
        """Stream the entries as `ledger export` writes them, each with its attempts and its history."""
        for entries in in_chunks(self.entries()):
            ids = [entry.id for entry in entries]
            attempts, histories = self.attempts_of(ids), self.histories(ids)
            for entry in entries:
                yield exporting.as_dict(entry) | exporting.as_account(attempts[entry.id], histories[entry.id])

    def to_frame(self) -> pd.DataFrame:
        """Give all entries as a table for a notebook, one column a key of `export`."""
        return exporting.as_frame(exporting.as_dict(entry) for entry in self.entries())

    @contextmanager
    def _submit_alone(self, who: str, now: datetime) -> Iterator[None]:
        if self.path is not None:
            with lock.hold_lock(self.path, who, now):
                yield
            return
        if self._held:
            raise lock.busy(None)
        self._held = True
        try:
            with lock.hold_advisory_lock(self._transactions.engine):
                yield
        finally:
            self._held = False
