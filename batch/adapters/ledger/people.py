"""The statements about the people of a batch: who handed it in, who approved it, and how that is known."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from batch.adapters.ledger.tables import batch_people, batches
from batch.model import UNKNOWN, Person, Proof, Way


def write_submitter(connection: Connection, batch: int, person: Person) -> None:
    """Note who handed a batch in."""
    _write(
        connection, batch,
        submitted_name=person.name, submitted_uid=person.uid, submitted_sudo=person.sudo,
    )  # fmt: skip


def write_preview_hash(connection: Connection, batch: int, sha256: str) -> None:
    """Note which bytes the preview of a batch has."""
    _write(connection, batch, preview_sha256=sha256)


def write_approver(connection: Connection, batch: int, person: Person, way: Way) -> None:
    """Note who let a batch go, and how that is known."""
    _write(
        connection, batch,
        approved_name=person.name, approved_uid=person.uid, approved_sudo=person.sudo, approved_way=way.value,
    )  # fmt: skip


def select_proof(connection: Connection, batch: int) -> Proof:
    """Read the people of a batch; of one that was taken in by an older version only the name is known."""
    row = connection.execute(select(batch_people).where(batch_people.c.batch == batch)).first()
    if row is None or not row.submitted_name:
        name = connection.execute(select(batches.c.submitted_by).where(batches.c.id == batch)).scalar()
        return Proof(Person(name or UNKNOWN), preview_sha256=row.preview_sha256 if row else "")
    return Proof(
        Person(row.submitted_name, row.submitted_uid, row.submitted_sudo),
        Person(row.approved_name or UNKNOWN, row.approved_uid, row.approved_sudo),
        Way(row.approved_way),
        row.preview_sha256,
    )


def _write(connection: Connection, batch: int, **values: str) -> None:
    if connection.execute(update(batch_people).where(batch_people.c.batch == batch).values(**values)).rowcount == 0:
        connection.execute(insert(batch_people).values(batch=batch, **values))
