"""Keep a finding open on its campaign until a comparison or a person says otherwise."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Call the last comparison's findings open, and make a place for what a person acknowledges."""
    op.add_column("findings", sa.Column("open", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_index("open_findings", "findings", ["entry"], sqlite_where=sa.text("open = 1"))
    op.execute(
        "UPDATE findings SET open = 1 WHERE kind = 'drifted' AND entry IS NOT NULL"
        " AND reconciliation = (SELECT max(id) FROM reconciliations)"
    )
    op.create_table(
        "acknowledgements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Text(), server_default=sa.text("''"), nullable=False)
            for name in ("code", "field", "theirs", "why", "who", "at")
        ),
        sa.ForeignKeyConstraint(["entry"], ["entries.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("acknowledgements_by_entry", "acknowledgements", ["entry"])
