"""The people of a batch: who submitted it, who approved it, and how that is known."""

from __future__ import annotations

from sqlalchemy import insert, select, update

from batch.adapters.ledger.tables import batch_people, batches
from batch.adapters.ledger.transactions import Transactions
from batch.model import UNKNOWN, Person, Proof, Way


class BatchPeople:
    """The people of the batches of one ledger."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def note_submitter(self, batch: int, person: Person) -> None:
        """Note which user of the system handed a batch in."""
        self._write(batch, submitted_name=person.name, submitted_uid=person.uid, submitted_sudo=person.sudo)

    def note_preview(self, batch: int, sha256: str) -> None:
        """Note which bytes the preview of a batch has."""
        self._write(batch, preview_sha256=sha256)

    def note_approver(self, batch: int, person: Person, way: Way) -> None:
        """Note which user of the system let a batch go, and how that is known."""
        who = {"approved_name": person.name, "approved_uid": person.uid, "approved_sudo": person.sudo}
        self._write(batch, **who, approved_way=way.value)

    def proof(self, batch: int) -> Proof:
        """Give the people of a batch; of one that was taken in by an older version only the name is known."""
        with self._transactions.read() as connection:
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

    def _write(self, batch: int, **values: str) -> None:
        changed = update(batch_people).where(batch_people.c.batch == batch).values(**values)
        with self._transactions.write() as connection:
            if connection.execute(changed).rowcount == 0:
                connection.execute(insert(batch_people).values(batch=batch, **values))
