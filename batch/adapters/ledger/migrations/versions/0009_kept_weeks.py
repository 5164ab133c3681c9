"""Find the rows and findings of an entry; on PostgreSQL keep what long weeks add up to."""

from __future__ import annotations

from alembic import op

from batch.adapters.ledger.week_totals import add_week_totals

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes, and what keeps the totals."""
    op.create_index("batch_rows_by_entry", "batch_rows", ["entry"])
    op.create_index("findings_by_entry", "findings", ["entry"])
    add_week_totals(op.get_bind())
