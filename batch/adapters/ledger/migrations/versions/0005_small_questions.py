"""Find by send time, tag, Id and wish what was looked for by reading the whole ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("entries_by_send_at", "entries", ["send_at"])
    op.create_index("entries_by_tag", "entries", ["tag"])
    op.create_index("entries_by_provider_id", "entries", ["provider_id"])
    to_cancel = sa.text("cancel_why <> ''")
    op.create_index("entries_to_cancel", "entries", ["status"], sqlite_where=to_cancel, postgresql_where=to_cancel)
    op.create_index("attempts_by_tag", "attempts", ["tag"])
