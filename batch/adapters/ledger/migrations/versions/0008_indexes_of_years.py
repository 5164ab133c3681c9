"""Find what is still to be read, turned down or a test among the entries of years; on PostgreSQL words, too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batch.adapters.ledger import trigrams

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Write down of which entries the delivery is read, and add the indexes."""
    on_server = op.get_bind().dialect.name == "postgresql"
    (_add_flag if on_server else _add_number)()
    not_read = sa.text("status = 'sent' AND NOT delivery_read")
    by = ["delivery_read", "id"]  # by the number alone SQLite goes through the entries themselves
    op.create_index("entries_not_read", "entries", by, sqlite_where=not_read, postgresql_where=not_read)
    turned_down = sa.text("status IN ('invalid', 'replaced')")
    op.create_index(
        "entries_turned_down", "entries", ["changed_at"], sqlite_where=turned_down, postgresql_where=turned_down
    )
    looked_at = sa.text("(status <> 'sent' OR cancel_why <> '' OR contacts_count = 0)")
    op.create_index("entries_looked_at", "entries", ["send_at"], sqlite_where=looked_at, postgresql_where=looked_at)
    if on_server:
        is_test = sa.text("starts_with(key, 'TEST:')")
        op.create_index("entries_of_tests", "entries", ["id"], postgresql_where=is_test)
        op.create_index("entries_by_batch", "entries", ["batch"])
        trigrams.add_index(op.get_bind())


def _add_number() -> None:
    op.add_column("entries", sa.Column("delivery_read", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.execute("UPDATE entries SET delivery_read = 1 WHERE id IN (SELECT entry FROM delivery_readings WHERE final = 1)")


def _add_flag() -> None:
    """Write as few rows as can be: PostgreSQL gives a new column its default without writing any."""
    ask = op.get_bind().execute
    read = ask(sa.text("SELECT count(*) FROM delivery_readings WHERE final")).scalar() or 0
    every = ask(sa.text("SELECT count(*) FROM entries")).scalar() or 0
    mostly = sa.true() if 2 * read > every else sa.false()
    op.add_column("entries", sa.Column("delivery_read", sa.Boolean(), server_default=mostly, nullable=False))
    op.alter_column("entries", "delivery_read", server_default=sa.false())
    op.execute(
        "UPDATE entries SET delivery_read = NOT delivery_read WHERE delivery_read <> EXISTS"
        " (SELECT 1 FROM delivery_readings WHERE entry = entries.id AND final)"
    )
