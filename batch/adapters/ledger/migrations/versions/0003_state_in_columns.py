"""Put into columns what sentences said: who wants a cancellation, what a pause is for, what a preview showed."""

from __future__ import annotations

import re
import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TEXTS = {
    "entries": ("cancel_source", "provider_zone", "bound_payload"),
    "batches": ("preview_mark",),
    "pauses": ("cause", "folder"),
    "attempts": ("provider_zone",),
    "history": ("kind",),
}
_MARKED = re.compile(r'marked Cancel in row \d+ of ".*"', re.DOTALL)
_BOUND = re.compile(r"bound to the preview ([0-9a-f]{16})")
_AGAIN = re.compile(r"handed in again as batch (\d+)")
_STOP = "a file named STOP lies in the watched folder"
_WATCH = "the watch"
_ASKED = "cancellation asked for: "
_KEPT = "to go out after all: "
_HELD_STILL = "history_is_never_changed"


def upgrade() -> None:
    """Add the columns, read the old sentences once, and drop what no settling ever used."""
    for table, names in _TEXTS.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("attempts", sa.Column("clock_offset", sa.Float(), nullable=True))
    op.add_column("batches", sa.Column("superseded_by", sa.Integer(), nullable=True))
    op.add_column("batches", sa.Column("unmailed", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_table(
        "account_groups",
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("seen_at", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("group_id"),
    )
    op.create_table(
        "preview_rows",
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("payload_hash", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"]),
        sa.ForeignKeyConstraint(["entry"], ["entries.id"]),
        sa.PrimaryKeyConstraint("batch", "entry"),
        sqlite_with_rowid=False,
    )
    texts = ("submitted_name", "submitted_uid", "submitted_sudo", "approved_name", "approved_uid", "approved_sudo")
    op.create_table(
        "batch_people",
        sa.Column("batch", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Text(), server_default=sa.text("''"), nullable=False)
            for name in (*texts, "approved_way", "preview_sha256")
        ),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"]),
        sa.PrimaryKeyConstraint("batch"),
    )
    op.drop_table("absences")
    op.drop_table("readings")
    lineage = sa.text("INSERT INTO notes (name, value) VALUES ('lineage', :value)")
    op.get_bind().execute(lineage, {"value": secrets.token_hex(8)})
    _read_sentences(op.get_bind())


def _read_sentences(connection: sa.Connection) -> None:
    _read_cancellations(connection)
    _read_history(connection)
    _read_pauses(connection)
    _read_notes(connection)
    _read_unmailed(connection)


def _read_cancellations(connection: sa.Connection) -> None:
    for entry, why in connection.execute(sa.text("SELECT id, cancel_why FROM entries WHERE cancel_why <> ''")).all():
        source = "sheet" if _MARKED.fullmatch(why) else "person"
        connection.execute(
            sa.text("UPDATE entries SET cancel_source = :source WHERE id = :id"), {"source": source, "id": entry}
        )


def _read_history(connection: sa.Connection) -> None:
    """Name the lines about a cancellation; the trigger that keeps the past as it is makes way for it, this once."""
    held = _take_trigger_away(connection)
    for kind, start in (("cancel-asked", _ASKED), ("cancel-taken-back", _KEPT)):
        values = {"kind": kind, "start": start, "long": len(start)}
        words = "UPDATE history SET kind = :kind WHERE old = new AND substr(why, 1, :long) = :start"
        connection.execute(sa.text(words), values)
    for statement in held:
        connection.execute(sa.text(statement))


def _take_trigger_away(connection: sa.Connection) -> tuple[str, ...]:
    """Drop the trigger that refuses changes of the history; give what makes it again."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text(f"ALTER TABLE history DISABLE TRIGGER {_HELD_STILL}"))
        return (f"ALTER TABLE history ENABLE TRIGGER {_HELD_STILL}",)
    asked = sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name")
    found = connection.execute(asked, {"name": _HELD_STILL}).scalars().all()
    connection.execute(sa.text(f"DROP TRIGGER IF EXISTS {_HELD_STILL}"))
    return tuple(found)


def _read_pauses(connection: sa.Connection) -> None:
    connection.execute(
        sa.text("UPDATE pauses SET cause = CASE WHEN why = :stop THEN 'stop-file' ELSE 'person' END"), {"stop": _STOP}
    )
    connection.execute(
        sa.text("UPDATE pauses SET cause = 'watch' WHERE cause = 'person' AND who = :watch"), {"watch": _WATCH}
    )


def _read_notes(connection: sa.Connection) -> None:
    for batch, note in connection.execute(sa.text("SELECT id, note FROM batches WHERE note <> ''")).all():
        if found := _BOUND.fullmatch(note):
            values = {"id": batch, "mark": found[1]}
            connection.execute(sa.text("UPDATE batches SET preview_mark = :mark, note = '' WHERE id = :id"), values)
        elif found := _AGAIN.fullmatch(note):
            values = {"id": batch, "by": int(found[1])}
            connection.execute(sa.text("UPDATE batches SET superseded_by = :by WHERE id = :id"), values)


def _read_unmailed(connection: sa.Connection) -> None:
    last = connection.execute(
        sa.text("SELECT words FROM runs WHERE kind = 'unmailed' ORDER BY id DESC LIMIT 1")
    ).scalar()
    for batch in (last or "").split():
        connection.execute(sa.text("UPDATE batches SET unmailed = 1 WHERE id = :id"), {"id": int(batch)})
