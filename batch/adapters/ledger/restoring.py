"""Put a backup in a ledger's place: looked through before and after, what was there moved aside, no journal applied."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import URL

from batch.adapters.ledger import journal, lock, upkeep
from batch.adapters.ledger.forms import read_time, write_time
from batch.adapters.ledger.opening import prepare, resolve_url
from batch.adapters.ledger.places import refuse_place
from batch.adapters.ledger.tables import REVISIONS
from batch.adapters.ledger.troubles import explained
from batch.model.errors import LedgerBusyError, LedgerError, UsageError
from batch.model.records import dataclass
from batch.system.disk import flush_folder, flush_to_disk, make_private, mode_within
from batch.system.shell import to_paste

BESIDE = ("-journal", "-wal", "-shm")
"""What SQLite keeps beside a file: with another file under its name it would be applied to that one."""

_LOCKS = (0x40000000, 512)
"""The bytes that SQLite locks of a file. See https://www.sqlite.org/lockingv3.html#locking."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a backup holds, to be told before anything is done."""

    backup: Path
    account: tuple[str, str] | None
    batches: int
    entries: int
    newest: datetime | None
    """When it changed last."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore came to."""

    ledger: Path
    holding: Holding
    aside: tuple[Path, ...]
    """The old file, and what lay beside it, under their new names."""
    paused: bool
    """A pause that stood in the old ledger stands in the restored one."""
    old_was_read: bool
    """Whether the old file could still say if it was paused."""


def newest_backup(place: Path, *, before: Path | None = None) -> Path | None:
    """Give the newest backup of a ledger, or the newest one that is older than another; None when there is none."""
    copies = upkeep.list_backups(place.parent / upkeep.FOLDER, place.stem)
    older = [copy for copy in copies if before is None or copy.name < before.name]
    return older[-1] if older else None


def find_backup(url: str, wanted: Path | None) -> tuple[Path, Path]:
    """Give a ledger's file and the backup to take, the newest one by default; raise UsageError when there is none."""
    _, place = resolve_url(url)
    if place is None:
        raise UsageError("this ledger is not a file, so a backup cannot replace it", "use the database's own tools")
    if wanted is None:
        found = newest_backup(place)
        if found is None:
            words = f'there is no backup of "{place}" in "{place.parent / upkeep.FOLDER}"'
            raise UsageError(words, 'name the file: campaign-batch ledger restore "path/to/backup.sqlite3"')
        return place, found
    named = wanted if wanted.exists() else place.parent / upkeep.FOLDER / wanted
    if not named.is_file():
        raise UsageError(f'there is no backup "{wanted}"', f'look into "{place.parent / upkeep.FOLDER}"')
    if place.exists() and named.samefile(place):
        raise UsageError(f'"{wanted}" is the ledger itself', "name a backup, or none to take the newest one")
    return place, named


def look_into(place: Path, backup: Path, now: datetime) -> Holding:
    """Look through a backup without touching it; raise LedgerError when it must not become the ledger."""
    with _workroom(place) as room:
        return _look_through(backup, _copy(backup, room / "backup.sqlite3"), place, now)


def restore(place: Path, backup: Path, *, account: tuple[str, str], who: str, now: datetime) -> Restored:
    """Put a backup in the ledger's place under the submitter's lock; raise LedgerError, and nothing has changed.

    `account` is the label and the host of the settings.
    """
    refuse_place(place)
    with _words_for_the_disk(place), lock.hold_lock(place, who, now), _workroom(place) as room:
        draft = _copy(backup, room / "backup.sqlite3")
        holding = _look_through(backup, draft, place, now)
        old = _read_old(place.resolve(), room / "old.sqlite3")
        _refuse_stranger(holding, old.account if old else None, account)
        _mark(draft, old.pause if old else None, backup, place.resolve().parent, who=who, now=now)
        aside = _swap(draft, place.resolve(), now)
        return Restored(place, holding, aside, old is not None and old.pause is not None, old is not None)


@dataclass(frozen=True, slots=True)
class _Old:
    """What the old ledger could still say."""

    account: tuple[str, str] | None
    pause: sqlite3.Row | None


@contextmanager
def _words_for_the_disk(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        words = f'the ledger "{place}" could not be restored ({error.strerror or error})'
        remedy = "nothing was lost: check the folder's permissions and the free disk space, then run the command again"
        raise LedgerError(words, remedy) from None


@contextmanager
def _workroom(place: Path) -> Iterator[Path]:
    """Give a folder beside the ledger, closed to others, in which copies are looked through; gone afterwards."""
    folder = place.resolve().parent
    if not folder.is_dir():
        raise LedgerError(f'the folder of the ledger, "{folder}", is not there', "create it, or correct [ledger] url")
    with tempfile.TemporaryDirectory(dir=folder, prefix=".restore-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _copy(source: Path, target: Path) -> Path:
    """Copy a database with what lies beside it, so that SQLite ends in the copy what was under way in the source."""
    for ending in ("", *BESIDE):
        piece = source.with_name(source.name + ending)
        if piece.is_file():
            shutil.copyfile(piece, make_private(target.with_name(target.name + ending)))
    return target


def _look_through(backup: Path, draft: Path, place: Path, now: datetime) -> Holding:
    """Bring the copy of a backup to today's schema and look whether it is whole."""
    name = f'the backup "{backup}"'
    try:
        with explained(name), closing(sqlite3.connect(draft)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
            _refuse_damage(name, [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")])
            _refuse_schema(name, connection)
        engine = prepare(URL.create("sqlite", database=str(draft)), None, now=now, create=False, busy_seconds=5.0)
        try:
            with explained(name):
                return _hold(engine, backup, name)
        finally:
            engine.dispose()
    except LedgerError as trouble:
        raise LedgerError(f"nothing was restored: {trouble.words}", _another(place, backup)) from None


def _refuse_damage(name: str, found: list[str]) -> None:
    if found != ["ok"]:
        raise LedgerError(f"{name} is damaged ({'; '.join(found)})")


def _refuse_schema(name: str, connection: sqlite3.Connection) -> None:
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"alembic_version", "entries"} <= tables:
        raise LedgerError(f"{name} is not a ledger")
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if found is None or found[0] not in REVISIONS:
        raise LedgerError(f"{name} was made by a newer campaign-batch")


def _hold(engine: Engine, backup: Path, name: str) -> Holding:
    with engine.connect() as connection:
        damage = list(upkeep.find_damage(connection))
        if damage:
            raise LedgerError(f"{name} cannot be trusted: {'; '.join(damage)}")
        count = connection.exec_driver_sql
        newest = count("SELECT max(at) FROM history").scalar()
        return Holding(
            backup,
            journal.select_bound(connection),
            int(count("SELECT count(*) FROM batches").scalar() or 0),
            int(count("SELECT count(*) FROM entries").scalar() or 0),
            read_time(newest) if newest else None,
        )


def _another(place: Path, backup: Path) -> str:
    """Say what else can be restored."""
    older = newest_backup(place, before=backup)
    if older is None:
        return 'name another one: campaign-batch ledger restore "path/to/backup.sqlite3"'
    return f"take an older one: campaign-batch ledger restore {to_paste(older)}"


def _read_old(path: Path, target: Path) -> _Old | None:
    """Ask a copy of the old ledger which account it belongs to and whether it is paused; None when it cannot say."""
    if not path.is_file() or not path.stat().st_size:
        return None
    with suppress(sqlite3.Error), closing(sqlite3.connect(_copy(path, target))) as connection:
        connection.row_factory = sqlite3.Row
        known = dict(connection.execute("SELECT name, value FROM notes").fetchall())
        pause = connection.execute("SELECT * FROM pauses WHERE lifted_at IS NULL ORDER BY id").fetchone()
        return _Old((known["account"], known["host"]) if "account" in known else None, pause)
    return None


def _refuse_stranger(holding: Holding, old: tuple[str, str] | None, wanted: tuple[str, str]) -> None:
    """Refuse the backup of another account: what it says of its Ids holds for nothing here."""
    theirs = holding.account
    if theirs is None:
        return
    ours = old if old is not None and old != theirs else wanted
    if (theirs[0], _host(theirs)) != (ours[0], _host(ours)) or ours is old:
        raise UsageError(
            f'the backup "{holding.backup}" belongs to account "{theirs[0]}" at {theirs[1]}, not to "{ours[0]}" at '
            f"{ours[1]}, so nothing was restored",
            "name a backup of this account, or correct [provider] account and url",
        )


def _host(account: tuple[str, str]) -> str:
    return account[1].partition(":")[0]


def _mark(draft: Path, pause: sqlite3.Row | None, backup: Path, folder: Path, *, who: str, now: datetime) -> None:
    """Make the copy a ledger of its own, keep a pause that stood, and put the restore on its record."""
    with closing(sqlite3.connect(draft)) as connection, connection:
        connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", ("lineage", secrets.token_hex(8)))
        if pause is not None:
            there = {row[1] for row in connection.execute("PRAGMA table_info(pauses)")} - {"id"}
            kept = {name: pause[name] for name in pause.keys() if name in there}  # noqa: SIM118  it is not a dict
            connection.execute("UPDATE pauses SET lifted_at = ? WHERE lifted_at IS NULL", (write_time(now),))
            places = ", ".join("?" for _ in kept)
            connection.execute(f"INSERT INTO pauses ({', '.join(kept)}) VALUES ({places})", tuple(kept.values()))  # noqa: S608  names of columns
        words = f'from "{backup.name}" by {who}'
        connection.execute(
            "INSERT INTO runs (kind, at, words) VALUES ('restore', ?, ?)",
            (write_time(now), words),
        )
    draft.chmod(mode_within(folder))
    with draft.open("rb+") as file:
        flush_to_disk(file.fileno())


def _swap(draft: Path, path: Path, now: datetime) -> tuple[Path, ...]:
    """Move the old file and what lies beside it aside, and the draft into its place; all of it or nothing.

    The file goes first: between two steps there is no ledger, never half of one that somebody would open.
    """
    moved: list[tuple[Path, Path]] = []
    with _nobody_inside(path):
        try:
            for piece, aside in _pieces(path, now):
                piece.rename(aside)
                moved.append((piece, aside))
            draft.rename(path)
        except OSError:
            for piece, aside in reversed(moved):
                aside.rename(piece)
            raise
    flush_folder(path.parent)
    return tuple(aside for _, aside in moved)


def _pieces(path: Path, now: datetime) -> list[tuple[Path, Path]]:
    """Pair what lies there with a name that nothing bears; a journal's name still belongs to its file's."""
    there = [ending for ending in ("", *BESIDE) if path.with_name(path.name + ending).exists()]
    stamp = f"{now.astimezone(UTC):%Y%m%d-%H%M%S}"
    for more in ("", *(f"-{number}" for number in range(2, 1000))):
        stem = f"{path.name}.before-restore-{stamp}{more}"
        names = [path.with_name(stem + ending) for ending in there]
        if not any(name.exists() for name in names):
            return [(path.with_name(path.name + ending), name) for ending, name in zip(there, names, strict=True)]
    raise OSError("too many files already have this name")


@contextmanager
def _nobody_inside(path: Path) -> Iterator[None]:
    """Hold what SQLite locks of the old file, so that nobody is within a transaction; raise LedgerBusyError if so.

    Where the system has no such locks, an open file cannot be renamed, which says the same.
    """
    try:
        import fcntl
    except ImportError:
        with _words_where_open(path):
            yield
        return
    if not path.exists():
        yield
        return
    with path.open("rb+") as file:
        start, length = _LOCKS
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
        except OSError:
            raise _in_use(path) from None
        yield


@contextmanager
def _words_where_open(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError:
        if os.access(path, os.W_OK):
            raise _in_use(path) from None
        raise


def _in_use(path: Path) -> LedgerBusyError:
    return LedgerBusyError(
        f'another program has the ledger "{path}" open and is reading or writing it, so nothing was restored',
        "end it (the watch, a database viewer, another command), then run the command again",
    )
