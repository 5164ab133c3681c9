"""Run the migrations on the connection, and in the transaction, that the opening of a ledger hands in."""

from __future__ import annotations

from alembic import context

from batch.adapters.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
