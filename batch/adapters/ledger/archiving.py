"""Archive closed weeks: a whole, compared copy in a file of its own, then the ledger lets go of their texts.

What decides whether a row was sent before (key, fingerprint, tag, Id, status, time) stays in the ledger for good.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, insert, or_, select

from batch.adapters.ledger.forms import read_time, write_time
from batch.adapters.ledger.purging import closed_before
from batch.adapters.ledger.tables import entries, findings, mails, notes

_NOTE = "archive "
"""What the name of a note about an archive begins with; the path of the file follows."""
_BEGUN = "archive-begun "
"""The same of one that is being made: whoever finds it later was preceded by somebody who was killed."""


_LEAVING = "archive-leaving "
"""The same of one that is whole, as long as its texts are in the ledger, too."""


def name_archive(folder: Path, stem: str, day: str) -> Path:
    """Name the file of an archive as none is named yet: no archive ever takes the place of another one."""
    number, path = 1, folder / f"{stem}-archive-{day}.sqlite3"
    while path.exists():
        number += 1
        path = folder / f"{stem}-archive-{day}-{number}.sqlite3"
    return path


def draft_of(place: Path) -> Path:
    """Name the file that an archive is written to until it is whole; what a killed try left there goes."""
    draft = place.with_name(f"{place.name}.part")
    for path in (draft, draft.with_name(f"{draft.name}-journal")):
        path.unlink(missing_ok=True)
    return draft


def note_begun(connection: Connection, place: Path) -> None:
    """Write down that a file is about to become an archive: until it is one, its texts are in the ledger, too."""
    connection.execute(insert(notes).values(name=f"{_BEGUN}{place}", value=""))


def remove_begun(connection: Connection) -> None:
    """Take away what killed tries left: a copy that no note names would keep texts that a purge is to forget."""
    asked = notes.c.name.startswith(_BEGUN)
    for name in connection.execute(select(notes.c.name).where(asked)).scalars().all():
        place = Path(name.removeprefix(_BEGUN))
        place.unlink(missing_ok=True)
        draft_of(place)
    connection.execute(delete(notes).where(asked))


def note_archive(connection: Connection, place: Path, limit: datetime) -> None:
    """Write down where an archive lies, and that its texts are still in the ledger, too."""
    connection.execute(delete(notes).where(notes.c.name == f"{_BEGUN}{place}"))
    for kind in (_NOTE, _LEAVING):
        connection.execute(insert(notes).values(name=f"{kind}{place}", value=write_time(limit)))


def note_left(connection: Connection, place: Path) -> None:
    """Write down that no text of an archive is left in the ledger."""
    connection.execute(delete(notes).where(notes.c.name == f"{_LEAVING}{place}"))


def list_leaving(connection: Connection) -> tuple[tuple[Path, datetime], ...]:
    """Give the archives whose texts are still in the ledger, too: somebody was killed while they went."""
    return _list(connection, _LEAVING)


def has_unfinished(connection: Connection) -> bool:
    """Say whether an archive was begun and not ended."""
    asked = or_(*(notes.c.name.startswith(kind) for kind in (_BEGUN, _LEAVING)))
    return connection.execute(select(notes.c.name).where(asked).limit(1)).first() is not None


def list_archives(connection: Connection) -> tuple[tuple[Path, datetime], ...]:
    """Give the file and the limit of each archive, the oldest limit first."""
    return _list(connection, _NOTE)


def _list(connection: Connection, kind: str) -> tuple[tuple[Path, datetime], ...]:
    asked = select(notes.c.name, notes.c.value).where(notes.c.name.startswith(kind))
    rows = connection.execute(asked.order_by(notes.c.value, notes.c.name))
    return tuple((Path(name.removeprefix(kind)), read_time(value)) for name, value in rows)


def drop_note(connection: Connection, place: Path) -> None:
    """Know of an archive no more, once its file is gone."""
    connection.execute(delete(notes).where(notes.c.name.in_((f"{_NOTE}{place}", f"{_LEAVING}{place}"))))


def doubted(connection: Connection, limit: datetime) -> list[int]:
    """Give the closed entries before `limit` with a finding that the last comparison left open."""
    closed = select(entries.c.id).where(closed_before(limit))
    asked = select(findings.c.entry).where(findings.c.open == 1, findings.c.entry.in_(closed)).distinct()
    return list(connection.execute(asked).scalars())


def count_waiting_mail(connection: Connection, limit: datetime) -> int:
    """Count the mails from before `limit` that no server took yet."""
    asked = select(mails.c.id).where(mails.c.sent_at.is_(None), mails.c.added_at < write_time(limit))
    return len(connection.execute(asked).all())
