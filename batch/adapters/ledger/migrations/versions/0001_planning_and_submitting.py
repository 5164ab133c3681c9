"""Make the tables of planning and submitting."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of planning and submitting."""
    op.create_table(
        "batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("sheet", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("file_hash", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("taken_in_at", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("rows", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("blank", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("left_out", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("submitted_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("machine", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("approved_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("issues", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("header", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("changed_at", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "notes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "pace",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("silent_until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "pauses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("who", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("since", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("lifted_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("lifted_at", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("account", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("key", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("fingerprint", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("tag", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("reference", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("campaign_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("provider_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("message", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("group_ids", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("group_names", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("send_at", sa.Text(), nullable=True),
        sa.Column("send_at_provider", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("zone", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("type_recipients", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("mms_template_id", sa.Integer(), nullable=True),
        sa.Column("mms_high_resolution", sa.Integer(), nullable=True),
        sa.Column("subject", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("expected_contacts", sa.Integer(), nullable=True),
        sa.Column("owner", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("purpose", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("cells", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("parts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("encoding", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("issues", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("codes", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("released", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("provider_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("contacts_count", sa.Integer(), nullable=True),
        sa.Column("provider_status_id", sa.Integer(), nullable=True),
        sa.Column("provider_status", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("observed", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("approved_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("cancel_why", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("replaced_by", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch"],
            ["batches.id"],
        ),
        sa.ForeignKeyConstraint(["replaced_by"], ["entries.id"], initially="DEFERRED", deferrable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("entries_by_fingerprint", "entries", ["fingerprint"], unique=False)
    op.create_index("entries_by_key", "entries", ["key"], unique=False)
    op.create_index("entries_by_status", "entries", ["status", "send_at"], unique=False)
    op.create_index(
        "one_entry_an_id",
        "entries",
        ["account", "provider_id"],
        unique=True,
        sqlite_where=sa.text("provider_id <> ''"),
        postgresql_where=sa.text("provider_id <> ''"),
    )
    op.create_index(
        "one_open_entry_a_key",
        "entries",
        ["account", "key"],
        unique=True,
        sqlite_where=sa.text("status IN ('planned', 'submitting', 'in_doubt')"),
        postgresql_where=sa.text("status IN ('planned', 'submitting', 'in_doubt')"),
    )
    op.create_table(
        "attempts",
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=True),
        sa.Column("payload_hash", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("tag", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("outcome", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("why", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("answer", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("counts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry"],
            ["entries.id"],
        ),
        sa.PrimaryKeyConstraint("entry", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "one_open_attempt_an_entry",
        "attempts",
        ["entry"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "batch_rows",
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=True),
        sa.Column("what", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("why", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch"],
            ["batches.id"],
        ),
        sa.ForeignKeyConstraint(
            ["entry"],
            ["entries.id"],
        ),
        sa.PrimaryKeyConstraint("batch", "row"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("at", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("old", sa.Text(), nullable=True),
        sa.Column("new", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("why", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("who", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("evidence", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry"],
            ["entries.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("history_by_entry", "history", ["entry"], unique=False)
    write = _write_for_postgresql if op.get_bind().dialect.name == "postgresql" else _write_for_sqlite
    for name, (what, when, words) in _REFUSALS.items():
        for statement in write(name, what, when, words):
            op.execute(statement)


_REFUSALS = {
    "history_is_never_changed": ("UPDATE ON history", "", "history is append-only"),
    "history_is_never_deleted": ("DELETE ON history", "", "history is append-only"),
    "attempts_are_closed_once": ("UPDATE ON attempts", "WHEN (OLD.ended_at IS NOT NULL)", "an attempt is closed once"),
    "attempts_are_never_deleted": ("DELETE ON attempts", "", "attempts are append-only"),
    "entries_are_never_deleted": ("DELETE ON entries", "", "entries are never deleted"),
}


def _write_for_sqlite(name: str, what: str, when: str, words: str) -> tuple[str, ...]:
    return (f"CREATE TRIGGER {name} BEFORE {what} {when} BEGIN SELECT RAISE(ABORT, '{words}'); END",)


def _write_for_postgresql(name: str, what: str, when: str, words: str) -> tuple[str, ...]:
    raising = f"$$ BEGIN RAISE EXCEPTION '{words}'; END $$"
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS {raising}",
        f"CREATE TRIGGER {name} BEFORE {what} FOR EACH ROW {when} EXECUTE FUNCTION {name}()",
    )
