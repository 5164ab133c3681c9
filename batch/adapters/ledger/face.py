"""The ledger as the workflows see it: each method one transaction, each statement a function of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine

from batch.adapters.ledger import batches as batches_
from batch.adapters.ledger import (
    books,
    exporting,
    findings,
    knowing,
    lock,
    notes,
    outbox,
    people,
    planning,
    purging,
    reading,
    submitting,
    upkeep,
)
from batch.adapters.ledger.bulk import in_chunks
from batch.adapters.ledger.opening import name_of, prepare, resolve_url
from batch.adapters.ledger.troubles import explained
from batch.adapters.ledger.witness import Witness
from batch.model import (
    PERSON,
    Answer,
    Attempt,
    Batch,
    Change,
    ChangeKind,
    Decision,
    DeliveryCount,
    Entry,
    Finding,
    Issue,
    KnownEntry,
    Listed,
    Outcome,
    PauseCause,
    Person,
    Proof,
    Status,
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


def _settings_of(batch: int | None) -> str:
    return "settings" if batch is None else f"settings:{batch}"


class Ledger:
    """All that was planned, sent and seen; `now` is always handed in, aware."""

    def __init__(self, engine: Engine, path: Path | None, name: str, redact: Callable[[str], str]) -> None:
        self.path = path
        self._engine = engine
        self._writer = engine.execution_options(writing=True)
        self._name = name
        self._redact = redact
        self._held = False
        self._witness = Witness(path)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the file go; a closed ledger opens again automatically when it is used."""
        self._engine.dispose()

    # The account, and who may submit

    def bind(self, account: str, host: str) -> None:
        """Tie the ledger to an account at a host at its first call; UsageError when it belongs to another."""
        if self.bound() != (account, host):
            with self._write() as connection:
                notes.bind_account(connection, account, host)

    def bound(self) -> tuple[str, str] | None:
        """Tell which account at which host it belongs to."""
        with self._read() as connection:
            return notes.select_bound(connection)

    def kept_settings(self, batch: int | None = None) -> dict[str, Any]:
        """Give the settings with which a batch was read, or those of the last run; empty when nobody kept them."""
        with self._read() as connection:
            return notes.select_settings(connection, _settings_of(batch))

    def keep_settings(self, values: Mapping[str, Any]) -> None:
        """Keep the settings of this run."""
        with self._write() as connection:
            notes.write_settings(connection, _settings_of(None), values)

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
        with self._write() as connection:
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
        with self._read() as connection:
            found = batches_.select_batch(connection, id)
        if found is None:
            raise UsageError(f"there is no batch {id}", '"campaign-batch ledger list" shows them all')
        return found

    def batches(self, *, since: datetime | None = None) -> tuple[Batch, ...]:
        """Give the batches, those taken in since a time, the oldest first."""
        with self._read() as connection:
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
        with self._write() as connection:
            changed = batches_.update_batch(connection, id, state=state, approved_by=approved_by, note=note, now=now)
        if not changed:
            raise UsageError(f"there is no batch {id}", '"campaign-batch ledger list" shows them all')

    def bind_preview(
        self, batch: int, rows: Mapping[int, str], mark: str, superseded: Collection[int], now: datetime
    ) -> None:
        """Write down what a preview shows (entry to payload hash), offer its batch, close those it supersedes."""
        with self._write() as connection:
            batches_.bind_preview(connection, batch, rows, mark, now)
            for older in superseded:
                batches_.supersede(connection, older, batch, now)

    def previewed(self, batch: int) -> dict[int, str]:
        """Give what the preview of a batch shows: entry to the hash of its payload."""
        with self._read() as connection:
            return batches_.select_preview(connection, batch)

    def shown_before(self, entries: Collection[int], batch: int) -> dict[tuple[int, str], batches_.Shown]:
        """Give the payloads (entry and hash) that another batch's preview has shown, with the newest such preview."""
        with self._read() as connection:
            return batches_.select_shown(connection, entries, batch)

    def note_unmailed(self, numbers: Collection[int]) -> None:
        """Remember batches that people must still hear of."""
        with self._write() as connection:
            batches_.set_unmailed(connection, numbers, waits=True)

    def note_mailed(self, numbers: Collection[int]) -> None:
        """Note that people have heard of some batches, or will by a mail in the outbox."""
        with self._write() as connection:
            batches_.set_unmailed(connection, numbers, waits=False)

    def unmailed(self) -> tuple[int, ...]:
        """Give the batches that people must still hear of."""
        with self._read() as connection:
            return batches_.select_unmailed(connection)

    def note_submitter(self, batch: int, person: Person) -> None:
        """Note which user of the system handed a batch in."""
        with self._write() as connection:
            people.write_submitter(connection, batch, person)

    def note_preview(self, batch: int, sha256: str) -> None:
        """Note which bytes the preview of a batch has."""
        with self._write() as connection:
            people.write_preview_hash(connection, batch, sha256)

    def note_approver(self, batch: int, person: Person, way: Way) -> None:
        """Note which user of the system let a batch go, and how that is known."""
        with self._write() as connection:
            people.write_approver(connection, batch, person, way)

    def proof(self, batch: int) -> Proof:
        """Give the people of a batch, and how they are known."""
        with self._read() as connection:
            return people.select_proof(connection, batch)

    def batch_rows(self, batch: int) -> tuple[batches_.BatchRow, ...]:
        """Give what became of each row of a batch: row, entry, what, why."""
        with self._read() as connection:
            return batches_.select_batch_rows(connection, batch)

    # Planning

    def known(self, keys: Collection[str], fingerprints: Collection[str], now: datetime) -> tuple[KnownEntry, ...]:
        """Give the entries with one of these keys or fingerprints, and all that are still to come; none replaced."""
        with self._read() as connection:
            return knowing.select_known(connection, keys, fingerprints, now)

    def tags(self) -> set[str]:
        """Give every tag that this ledger ever gave or sent."""
        with self._read() as connection:
            return knowing.select_tags(connection)

    def planned_tags(self) -> set[str]:
        """Give the tags of what is planned: nobody else may have sent it."""
        with self._read() as connection:
            return knowing.select_planned_tags(connection)

    def provider_ids(self) -> dict[str, int]:
        """Give every Id of the provider with the entry that has it."""
        with self._read() as connection:
            return knowing.select_provider_ids(connection)

    def sentinels(self, after: datetime) -> tuple[Sentinel, ...]:
        """Give what the provider's lists must show: accepted, to come after a moment, and called gone by nobody."""
        with self._read() as connection:
            return knowing.select_sentinels(connection, after)

    def spans(self, after: datetime) -> dict[str, Span]:
        """Give when each campaign with an Id that is to come was posted and accepted, by Id."""
        with self._read() as connection:
            return knowing.select_spans(connection, after)

    def doubt_spans(self, ids: Collection[int]) -> dict[int, Span]:
        """Give when doubts came to be, by entry."""
        with self._read() as connection:
            return knowing.select_doubt_spans(connection, ids)

    def unobserved(self, after: datetime) -> dict[str, int]:
        """Give the campaigns to come that no list has shown since they were accepted: Id to entry."""
        with self._read() as connection:
            return knowing.select_unobserved(connection, after)

    def twins(self, entry: int) -> tuple[Entry, ...]:
        """Give the newer entries of the same key that are open or at the provider, the oldest first."""
        with self._read() as connection:
            ids = knowing.select_twins(connection, entry)
        return tuple(self.entries(ids=ids)) if ids else ()

    def record_plan(
        self, batch: int, decisions: Iterable[Decision], *, account: str, now: datetime, who: str
    ) -> dict[int, int]:
        """Write a plan in one transaction; give the entry of each row.

        LedgerError, and nothing is written, when an entry that it would renew or replace has moved on meanwhile.
        """
        with self._write() as connection:
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
        with self._write() as connection:
            number = batches_.insert_batch(connection, taken_in_at=taken_in_at, **batch)
            if read_with:
                notes.write_settings(connection, _settings_of(number), read_with)
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
            with self._read() as connection:
                page = reading.select_entries(connection, wanted, after=after)
            yield from page
            if len(page) < reading.PAGE:
                return
            after = page[-1].id

    def planned(self, batch: int | None = None) -> tuple[Entry, ...]:
        """Give the entries to be submitted, the earliest send time first."""
        with self._read() as connection:
            return reading.select_planned(connection, batch)

    def history(self, entry: int) -> tuple[Change, ...]:
        """Give an entry's history from its beginning."""
        return self.histories((entry,))[entry]

    def histories(self, ids: Collection[int]) -> dict[int, tuple[Change, ...]]:
        """Give the history of several entries."""
        with self._read() as connection:
            return reading.select_histories(connection, ids)

    def attempts(self, entry: int) -> tuple[Attempt, ...]:
        """Give an entry's attempts, the first one first."""
        return self.attempts_of((entry,))[entry]

    def attempts_of(self, ids: Collection[int]) -> dict[int, tuple[Attempt, ...]]:
        """Give the attempts of several entries."""
        with self._read() as connection:
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
        with self._write() as connection:
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
        with self._write() as connection:
            return submitting.close_attempt(
                connection, entry, attempt, outcome, answer, redact=self._redact, now=now, who=who
            )

    def orphans(self, now: datetime, who: str) -> tuple[int, ...]:
        """Put every submitting entry in doubt and give them; only the submitter may, since no other then lives."""
        with self._write() as connection:
            return submitting.doubt_orphans(connection, now, who)

    def change_status(
        self,
        entry: int,
        to: Status,
        *,
        expected: Collection[Status],
        why: str,
        who: str,
        now: datetime,
        evidence: str = "",
        listed: Listed | None = None,
        issues: tuple[Issue, ...] | None = None,
        released: tuple[str, ...] | None = None,
        approved_by: str | None = None,
        bound_payload: str | None = None,
        kind: ChangeKind = ChangeKind.PLAIN,
        replaced_by: int | None = None,
    ) -> bool:
        """Move an entry on, with a line of history; False when it does not stand where it is expected.

        What is None stays as it is; of `listed` the Id, ContactsCount and status are kept.
        """
        with self._write() as connection:
            return submitting.move_entry(
                connection,
                entry,
                to,
                expected=expected,
                why=why,
                who=who,
                now=now,
                evidence=evidence,
                listed=listed,
                issues=issues,
                released=released,
                approved_by=approved_by,
                bound_payload=bound_payload,
                kind=kind,
                replaced_by=replaced_by,
            )

    def request_cancel(self, entry: int, why: str, who: str, now: datetime, source: str = PERSON) -> bool:
        """Note that an entry is to be deleted in the dashboard; False when it is sent, cancelled or replaced.

        `source` is `person` or `sheet`; what a person asked for stays a person's wish, whatever a sheet says.
        """
        with self._write() as connection:
            return submitting.ask_to_cancel(connection, entry, why=why, who=who, now=now, source=source)

    def take_back_cancel(self, entry: int, why: str, who: str, now: datetime) -> bool:
        """Note that an entry is to go out after all; False when nobody wanted it cancelled, or it is over."""
        with self._write() as connection:
            return submitting.take_back_cancel(connection, entry, why=why, who=who, now=now)

    def cancellations(self) -> tuple[Entry, ...]:
        """Give the entries that are to be deleted in the dashboard and may still be there."""
        with self._read() as connection:
            return reading.select_cancellations(connection)

    # The provider's books

    def observe(self, items: Iterable[tuple[int, Listed, str]], now: datetime) -> int:
        """Keep what the lists show of entries where it differs from the last time; give how many did.

        Each item is entry, campaign as listed, and the list: `scheduled` or `sent`.
        """
        with self._write() as connection:
            return books.insert_observations(connection, tuple(items), now)

    def observations(self, entry: int) -> tuple[books.Observation, ...]:
        """Give how the provider showed an entry's campaign over time."""
        with self._read() as connection:
            return books.select_observations(connection, entry)

    def shown_times(self, ids: Collection[int]) -> dict[int, str]:
        """Give the provider's own text of the time at which it showed each of these campaigns last."""
        with self._read() as connection:
            return books.select_shown_times(connection, ids)

    def acknowledge(self, provider_id: str, why: str, who: str, now: datetime) -> None:
        """Note that a person knows of a campaign that was made elsewhere."""
        with self._write() as connection:
            books.insert_acknowledgement(connection, provider_id, why=why, who=who, now=now)

    def acknowledged(self) -> set[str]:
        """Give the Ids that nobody needs to hear of again."""
        with self._read() as connection:
            return books.select_acknowledged(connection)

    def record_findings(self, found: Iterable[Finding], compared: Collection[int], now: datetime) -> int:
        """Keep the findings of one comparison of some entries; give its number."""
        with self._write() as connection:
            return books.insert_findings(connection, found, compared, now)

    def acknowledge_entry(
        self, entry: int, found: Iterable[tuple[str, str, str]], *, why: str, who: str, now: datetime
    ) -> None:
        """Note that a person knows of some findings about an entry: code, field, and what the provider showed."""
        with self._write() as connection:
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
        with self._write() as connection:
            books.insert_delivery(connection, entry, page, counts, final=final, now=now)

    def deliveries(self, ids: Collection[int]) -> dict[int, tuple[DeliveryCount, ...]]:
        """Give the numbers of contacts by delivery status, all pages together."""
        with self._read() as connection:
            return books.select_deliveries(connection, ids)

    def delivery_progress(self, entry: int) -> books.DeliveryProgress | None:
        """Tell which page was read last, and whether it is final; None when none was."""
        with self._read() as connection:
            return books.select_delivery_progress(connection, entry)

    # Pace, pauses, runs, groups

    def silent_until(self) -> float:
        """Tell until when the account is left alone, in seconds since the epoch."""
        with self._read() as connection:
            return notes.select_silence(connection)

    def set_silent_until(self, until: float) -> None:
        """Leave the account alone until then, for every process of this ledger; a longer silence stays."""
        with self._write() as connection:
            notes.raise_silence(connection, until)

    def pause(self, why: str, who: str, now: datetime, cause: PauseCause = PauseCause.PERSON, folder: str = "") -> bool:
        """Let nothing be submitted until it is lifted; False when one of its cause and folder stands, which stays."""
        with self._write() as connection:
            return notes.insert_pause(connection, notes.Pause(why, who, now, cause, folder))

    def unpause(self, who: str, now: datetime, cause: PauseCause | None = None, folder: str = "") -> bool:
        """Lift the pauses of one cause and folder, or without a cause all of them; False when there was none."""
        with self._write() as connection:
            return notes.lift_pauses(connection, who, now, cause, folder)

    def paused(self) -> notes.Pause | None:
        """Tell why, by whom and since when nothing is submitted: the oldest of the pauses that stand."""
        return next(iter(self.pauses()), None)

    def pauses(self) -> tuple[notes.Pause, ...]:
        """Tell every pause that stands, the oldest first; all must be lifted before anything is submitted."""
        with self._read() as connection:
            return notes.select_pauses(connection)

    def note_run(self, kind: str, now: datetime, words: str = "") -> None:
        """Note that something ran: `submit`, `reconcile`, `watch`, `file` or any other word."""
        with self._write() as connection:
            notes.insert_run(connection, kind, now, words)

    def last_run(self, kind: str) -> notes.Run | None:
        """Tell when something ran last."""
        with self._read() as connection:
            return notes.select_last_run(connection, kind)

    def group_names_seen(self) -> dict[str, str]:
        """Give which id each group's name meant when it was last seen."""
        with self._read() as connection:
            return notes.select_groups(connection)

    def remember_groups(self, pairs: Iterable[tuple[str, str]], now: datetime) -> None:
        """Remember which id each group's name means today."""
        with self._write() as connection:
            notes.replace_groups(connection, pairs, now)

    def account_groups(self) -> dict[str, str]:
        """Give every group that the account was ever seen to have: id to the name it had last."""
        with self._read() as connection:
            return notes.select_account_groups(connection)

    def remember_account_groups(self, pairs: Iterable[tuple[str, str]], now: datetime) -> None:
        """Remember the groups that the account shows, id and name."""
        with self._write() as connection:
            notes.insert_account_groups(connection, pairs, now)

    # The outbox

    def add_mail(  # noqa: PLR0917
        self, to: Sequence[str], subject: str, body: bytes, kind: str, dedupe_key: str, now: datetime
    ) -> bool:
        """Put a mail into the outbox; False when one with this key waits there or was sent."""
        with self._write() as connection:
            return outbox.insert_mail(connection, to, subject, body, kind=kind, dedupe_key=dedupe_key, now=now)

    def due_mails(self, now: datetime) -> tuple[outbox.Mail, ...]:
        """Give the mails whose next try is due."""
        with self._read() as connection:
            return outbox.select_unsent(connection, now)

    def unsent_mails(self) -> tuple[outbox.Mail, ...]:
        """Give every mail that waits."""
        with self._read() as connection:
            return outbox.select_unsent(connection)

    def mail_sent(self, id: int, now: datetime) -> bool:
        """Note that the server took a mail; False when it does not wait."""
        with self._write() as connection:
            return outbox.update_sent(connection, id, now)

    def mail_failed(self, id: int, words: str, next_try: datetime, now: datetime) -> bool:  # noqa: ARG002
        """Note why a mail did not go, and when it is tried again."""
        with self._write() as connection:
            return outbox.update_failed(connection, id, self._redact(words), next_try)

    # Health and hand-over

    def verify(self, now: datetime) -> tuple[str, ...]:
        """Look for damage and broken rules; give each problem in words."""
        with self._read() as connection:
            return tuple(upkeep.find_problems(connection, now))

    def backup(self, now: datetime, keep: int = upkeep.KEEP) -> Path:
        """Write a whole copy into `backups/` beside the ledger, and keep the newest ones."""
        if self.path is None:
            raise LedgerError(f"{self._name} is not a file, so it cannot be copied", "use the database's own backup")
        return upkeep.write_backup(self._engine, self.path, now, keep)

    def count_purge(self, limit: datetime) -> purging.Purge:
        """Count what forgetting everything closed before `limit` would take."""
        with self._read() as connection:
            return purging.count_purge(connection, limit)

    def purge(self, limit: datetime, *, why: str, who: str, now: datetime) -> purging.Purge:
        """Forget the texts of everything closed before `limit`, in the file's free pages, too."""
        with self._write() as connection:
            done = purging.forget(connection, limit, why=why, who=who, now=now)
        with explained(self._name):
            purging.overwrite_freed(self._engine)
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
    def _read(self) -> Iterator[Connection]:
        # Rolled back at its end: there is nothing to commit, and a damaged file cannot even commit nothing.
        self._witness.look()
        with explained(self._name), self._engine.connect() as connection:
            self._witness.compare(connection)
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        self._witness.look()
        with explained(self._name), self._writer.begin() as connection:
            self._witness.compare(connection)
            yield connection
            left = self._witness.keep(connection)
        self._witness.remember(left)
        self._witness.look()  # what went into a file that lies elsewhere by now was not written down

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
            with lock.hold_advisory_lock(self._engine):
                yield
        finally:
            self._held = False
