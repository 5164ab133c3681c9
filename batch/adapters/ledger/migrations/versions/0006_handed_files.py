"""Keep the files that a watch hands to the workers, and what they give back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=sa.text("''"))


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default=sa.text("0"))


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "drops",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("place"),
        _text("claim"),
        _text("name"),
        _text("dropper"),
        _text("uid"),
        _text("came_from"),
        _text("elsewhere"),
        sa.Column("content", sa.LargeBinary, nullable=False),
        _text("handed_at"),
        _number("failures"),
        sa.Column("ended_at", sa.Text),
        sa.Column("batch", sa.Integer),
        _number("needs_look"),
        _text("words"),
        sa.UniqueConstraint("place", "claim"),
    )
    op.create_table(
        "drop_results",
        sa.Column("drop", sa.Integer, sa.ForeignKey("drops.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        _text("kind"),
        _text("name"),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
