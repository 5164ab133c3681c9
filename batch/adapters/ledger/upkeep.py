"""The ledger's health: backups, and the invariants that nothing but damage can break."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, false, func, select, text, update
from sqlalchemy.exc import DatabaseError

from batch.adapters.ledger import postgres
from batch.adapters.ledger.forms import write_time
from batch.adapters.ledger.purging import Purge, count_purge, forget, is_freed, overwrite_freed
from batch.adapters.ledger.tables import history, metadata, notes
from batch.adapters.ledger.transactions import Transactions
from batch.adapters.ledger.triggers import TRIGGERS
from batch.adapters.ledger.troubles import explained
from batch.adapters.ledger.week_totals import WATCHERS
from batch.model.errors import LedgerError
from batch.model.plurals import plural
from batch.system.disk import make_folder, make_private

FOLDER = "backups"
"""Beside the ledger."""

KEEP = 14
"""Backups that stay: two weeks of daily ones, or a quarter of weekly ones."""

LOOKED_THROUGH = 5_000
"""Entries up to which a ledger is looked through whole in a moment."""

_SHOWN = 5
_CLOCK_LEEWAY = timedelta(days=1)

_OF_WHAT_IS_OPEN = (
    (
        "entry {0} has {1} attempts that are not ended",
        "SELECT entry, count(*) FROM attempts WHERE ended_at IS NULL GROUP BY entry HAVING count(*) > 1",
    ),
    (
        "entry {0} is being submitted without an open attempt",
        (
            "SELECT id FROM entries e WHERE status = 'submitting' AND NOT EXISTS "
            "(SELECT 1 FROM attempts a WHERE a.entry = e.id AND a.ended_at IS NULL)"
        ),
    ),
    (
        "attempt {1} of entry {0} is open, but the entry is {2}",
        (
            "SELECT e.id, a.number, e.status FROM attempts a JOIN entries e ON e.id = a.entry "
            "WHERE a.ended_at IS NULL AND e.status <> 'submitting'"
        ),
    ),
    ("entry {0} is {1} without an Id", "SELECT id, status FROM entries WHERE status = 'accepted' AND provider_id = ''"),
    (
        "entry {0} is {1} without what it would send or sent",
        (
            "SELECT id, status FROM entries WHERE status IN ('planned', 'submitting', 'in_doubt', 'accepted') "
            "AND (fingerprint = '' OR send_at IS NULL)"
        ),
    ),
)
"""Rules of what may still go out or is on its way: indexes answer them, however long the past is."""

INVARIANTS = (
    *_OF_WHAT_IS_OPEN,
    (
        "entry {0} and entry {1} have the same Id {2}",
        (
            "SELECT min(id), max(id), provider_id FROM entries WHERE provider_id <> '' "
            "GROUP BY account, provider_id HAVING count(*) > 1"
        ),
    ),
    (
        'entries {0} and {1} are both open with the key "{2}"',
        (
            "SELECT min(id), max(id), key FROM entries WHERE status IN ('planned', 'submitting', 'in_doubt') "
            "GROUP BY account, key HAVING count(*) > 1"
        ),
    ),
    (
        "entry {0} counts {1} attempts, its record shows {2}",
        (
            "SELECT * FROM (SELECT e.id, e.attempts AS counted, coalesce(a.made, 0) AS made FROM entries e LEFT JOIN "
            "(SELECT entry, count(*) AS made FROM attempts WHERE counts GROUP BY entry) a ON a.entry = e.id) x "
            "WHERE counted <> made"
        ),
    ),
    (
        "the attempts of entry {0} are not numbered from 1 to {1}",
        "SELECT entry, count(*) FROM attempts GROUP BY entry HAVING max(number) <> count(*) OR min(number) <> 1",
    ),
    (
        "entry {0} is {1}, but nothing says how it was submitted or found",
        (
            "SELECT id, status FROM entries e WHERE status IN ('accepted', 'rejected', 'in_doubt') AND NOT EXISTS "
            "(SELECT 1 FROM attempts a WHERE a.entry = e.id) AND NOT EXISTS "
            "(SELECT 1 FROM history h WHERE h.entry = e.id AND h.new = e.status)"
        ),
    ),
    (
        "entry {0} has no history",
        "SELECT id FROM entries e WHERE NOT EXISTS (SELECT 1 FROM history WHERE entry = e.id)",
    ),
    (
        "entry {0} is {1}, its history ends with {2}",
        (
            "SELECT e.id, e.status, h.new FROM entries e JOIN history h ON h.id = "
            "(SELECT max(id) FROM history WHERE entry = e.id) WHERE h.new <> e.status"
        ),
    ),
    (
        "the history of entry {0} has a gap between {1} and {2}",
        (
            "SELECT entry, before, old FROM (SELECT entry, old, lag(new) OVER (PARTITION BY entry ORDER BY id) "
            "AS before FROM history) x WHERE coalesce(before, '') <> coalesce(old, '')"
        ),
    ),
    (
        "entry {0} is replaced, but nothing says by what",
        "SELECT id FROM entries WHERE status = 'replaced' AND replaced_by IS NULL",
    ),
    (
        "batch {0} has {1} rows, but {2} are accounted for",
        (
            "SELECT * FROM (SELECT b.id, b.rows AS stated, count(r.row) AS found FROM batches b "
            "JOIN batch_rows r ON r.batch = b.id GROUP BY b.id, b.rows) x WHERE stated <> found"
        ),
    ),
    (
        "entry {0} says it is row {2} of batch {1}, the batch does not know it",
        (
            "SELECT e.id, e.batch, e.row FROM entries e WHERE NOT EXISTS (SELECT 1 FROM batch_rows r "
            "WHERE r.batch = e.batch AND r.row = e.row AND r.entry = e.id)"
        ),
    ),
)
"""What must hold, each as the words for a breach and the statement that finds the breaches."""


class Upkeep:
    """The care of one ledger: its checks, its backups, and what it forgets."""

    def __init__(self, transactions: Transactions, path: Path | None) -> None:
        self._transactions = transactions
        self._path = path

    def verify(self, now: datetime) -> tuple[str, ...]:
        """Look for damage and broken rules; give each problem in words."""
        with self._transactions.read() as connection:
            return tuple(_find_problems(connection, now))

    def examine(self, now: datetime) -> tuple[tuple[str, ...], bool]:
        """Look for problems as far as a moment is enough; say, too, whether that was the whole ledger."""
        with self._transactions.read() as connection:
            newest = connection.execute(text("SELECT max(id) FROM entries")).scalar() or 0
            if newest <= LOOKED_THROUGH:
                return tuple(_find_problems(connection, now)), True
            rules = _find_missing_rules(connection)
            breaches = [_find_breaches(connection, *invariant) for invariant in _OF_WHAT_IS_OPEN]
            return (*rules, *(words for found in breaches for words in found)), False

    def try_to_write(self) -> None:
        """Raise LedgerError where a database may only be read; of a file that is known since it was opened."""
        if self._path is None:
            with self._transactions.write() as connection:
                connection.execute(update(notes).where(false()).values(value=""))

    def backup(self, now: datetime, keep: int = KEEP) -> Path:
        """Write a whole copy into `backups/` beside the ledger, and keep the newest ones."""
        if self._path is None:
            name = self._transactions.name
            raise LedgerError(f"{name} is not a file, so it cannot be copied", "use the database's own backup")
        return write_backup(self._transactions.engine, self._path, now, keep)

    def count_purge(self, limit: datetime) -> Purge:
        """Count what forgetting everything closed before `limit` would take."""
        with self._transactions.read() as connection:
            return count_purge(connection, limit)

    def purge(self, limit: datetime, *, why: str, who: str, now: datetime) -> Purge:
        """Forget the texts of everything closed before `limit`, in the file's free pages, too."""
        return forget(self._transactions, limit, why=why, who=who, now=now)

    def overwrite_freed(self) -> None:
        """Overwrite what was forgotten in the file's free pages, where somebody was killed before it."""
        overwrite_freed(self._transactions)

    def has_freed_texts(self) -> bool:
        """Say whether forgotten texts still stand in the file's free pages."""
        with self._transactions.read() as connection:
            return is_freed(connection)


def _find_problems(connection: Connection, now: datetime) -> Iterator[str]:
    """Look for damage; give each problem in words, none when all is well."""
    if connection.dialect.name == "sqlite":
        for damage in _find_damage(connection):
            yield damage
            return
        yield from _find_strangers(connection)
    yield from _find_missing_rules(connection)
    for words, statement in INVARIANTS:
        yield from _find_breaches(connection, words, statement)
    yield from _find_future(connection, now)


def find_damage(connection: Connection) -> Iterator[str]:
    """Look for what no ledger can be trusted with: a broken file, lines that name nothing, rules taken out."""
    if connection.dialect.name != "sqlite":
        return
    if damage := _find_damage(connection):
        yield from damage
        return
    yield from _find_strangers(connection)
    yield from _find_missing_rules(connection)


def list_backups(folder: Path, stem: str) -> list[Path]:
    """Give the backups of a ledger, the oldest first: their names sort as their times do."""
    digits = "[0-9]"
    return sorted(folder.glob(f"{_literal(stem)}-{digits * 8}-{digits * 6}.sqlite3"))


def write_backup(engine: Engine, path: Path, now: datetime, keep: int = KEEP) -> Path:
    """Write a whole copy into `backups/` beside the ledger and drop all but the newest `keep`."""
    folder = path.parent / FOLDER
    copy = folder / f"{path.stem}-{now.astimezone(UTC):%Y%m%d-%H%M%S}.sqlite3"
    temporary = copy.with_name(f".{copy.name}.tmp")
    try:
        make_folder(folder)
        temporary.unlink(missing_ok=True)
        make_private(temporary)  # an empty file is one that SQLite copies into
        with explained(f'the backup "{copy}"'):
            _vacuum_into(engine, temporary)
        temporary.replace(copy)
        _drop_old(folder, path.stem, keep)
    except OSError as error:
        words = f'the backup "{copy}" cannot be written ({error.strerror})'
        raise LedgerError(words, "check the folder's permissions and the free disk space") from None
    finally:
        temporary.unlink(missing_ok=True)
    return copy


def _find_damage(connection: Connection) -> list[str]:
    try:
        found = connection.exec_driver_sql("PRAGMA integrity_check(5)").scalars().all()
    except DatabaseError as error:
        return [f"the file is damaged: {error.orig}"]
    if list(found) == ["ok"]:
        return []
    return ["the file is damaged: " + "; ".join(str(line) for line in found)]


def _find_strangers(connection: Connection) -> list[str]:
    found = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return [f"a line of {table} names a line of {parent} that is not there" for table, _, parent, _ in found[:_SHOWN]]


def _find_missing_rules(connection: Connection) -> list[str]:
    """Look whether an index that keeps things unique, or a guard of the history, was taken away or switched off."""
    on_server = connection.dialect.name == postgres.DIALECT
    asked = postgres.RULES if on_server else "SELECT name FROM sqlite_master"
    there = set(connection.execute(text(asked)).scalars())
    unique = {str(index.name) for table in metadata.sorted_tables for index in table.indexes if index.unique}
    wanted = unique | {*TRIGGERS, *(WATCHERS if on_server else ())}
    return [f"the rule {name} was taken out of the ledger" for name in sorted(wanted - there)]


def _find_breaches(connection: Connection, words: str, statement: str) -> list[str]:
    found = connection.execute(text(statement)).all()
    told = [words.format(*row) for row in found[:_SHOWN]]
    rest = len(found) - _SHOWN
    return [*told, f"... and {rest} more of the same kind"] if rest > 0 else told


def _find_future(connection: Connection, now: datetime) -> list[str]:
    """Look for changes later than now: a clock was wrong, then or today, and times decide what may still be sent."""
    later = history.c.at > write_time(now + _CLOCK_LEEWAY)
    count, latest = connection.execute(select(func.count(), func.max(history.c.at)).where(later)).one()
    dated = plural(count, "change is", "changes are")
    return [f"{dated} dated later than now (up to {latest}): a clock was wrong"] if count else []


def _vacuum_into(engine: Engine, copy: Path) -> None:
    """Copy the database by SQLite itself: one consistent state, whatever is being written meanwhile."""
    with closing(engine.raw_connection()) as connection:
        connection.cursor().execute("VACUUM INTO ?", (str(copy),))


def _drop_old(folder: Path, stem: str, keep: int) -> None:
    copies = list_backups(folder, stem)
    for old in copies[: max(0, len(copies) - keep)]:
        old.unlink(missing_ok=True)


def _literal(stem: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in stem)
