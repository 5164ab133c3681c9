"""The tables of the ledger: their columns, and what must be unique (`triggers` refuses to rewrite the past)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from batch.adapters.ledger.columns import Time
from batch.adapters.ledger.columns import flag_column as _flag
from batch.adapters.ledger.columns import id_column as _id
from batch.adapters.ledger.columns import json_column as _json
from batch.adapters.ledger.columns import number_column as _number
from batch.adapters.ledger.columns import text_column as _text
from batch.adapters.ledger.columns import time_column as _time

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
"""The migrations in their order; the last is the schema below. It is kept here so that opening a ledger need not
import alembic, which costs half a second."""

metadata = MetaData()


def _entry(name: str = "entry", **more: Any) -> Column[int]:
    return Column(name, Integer, ForeignKey("entries.id"), nullable=False, **more)


alembic_version = Table("alembic_version", metadata, Column("version_num", Text, primary_key=True))

notes = Table("notes", metadata, Column("name", Text, primary_key=True), _text("value"))
"""One value a name: the account it belongs to, until when the account is left alone."""

batches = Table(
    "batches",
    metadata,
    _id(),
    _text("file"),
    _text("sheet"),
    _text("file_hash"),
    _time("taken_in_at"),
    _number("rows"),
    _number("blank"),
    _number("left_out"),
    _text("submitted_by"),
    _text("machine"),
    _text("state"),
    _text("approved_by"),
    _text("note"),
    _json("issues"),
    _json("header"),
    _time("changed_at"),
    _text("preview_mark"),
    Column("superseded_by", Integer),
    _flag("unmailed"),
)

entries = Table(
    "entries",
    metadata,
    _id(),
    Column("batch", Integer, ForeignKey("batches.id"), nullable=False),
    _number("row"),
    _text("account"),
    _text("key"),
    _text("fingerprint"),
    _text("tag"),
    _text("reference"),
    _text("campaign_name"),
    _text("provider_name"),
    _text("message"),
    _json("group_ids"),
    _json("group_names"),
    Column("send_at", Time),
    _text("send_at_provider"),
    _text("zone"),
    _number("type_recipients"),
    Column("mms_template_id", Integer),
    Column("mms_high_resolution", Integer),
    _text("subject"),
    Column("expected_contacts", Integer),
    _text("owner"),
    _text("purpose"),
    _text("cells"),
    _number("parts"),
    _text("encoding"),
    _text("status"),
    _json("issues"),
    _text("codes"),
    _json("released"),
    _text("provider_id"),
    Column("contacts_count", Integer),
    Column("provider_status_id", Integer),
    _text("provider_status"),
    _text("observed"),
    _number("attempts"),
    _text("approved_by"),
    _text("cancel_why"),
    # Deferred, since the old entry must leave its key before the new one can take it.
    Column("replaced_by", Integer, ForeignKey("entries.id", deferrable=True, initially="DEFERRED")),
    _time("changed_at"),
    _text("cancel_source"),
    _text("provider_zone"),
    _text("bound_payload"),
    _flag("delivery_read"),
)
Index("entries_by_key", entries.c.key)
Index("entries_by_fingerprint", entries.c.fingerprint)
Index("entries_by_status", entries.c.status, entries.c.send_at)
Index("entries_by_send_at", entries.c.send_at)
Index("entries_by_tag", entries.c.tag)
Index("entries_by_provider_id", entries.c.provider_id)
IS_TO_CANCEL = text("cancel_why <> ''")
"""Written out in a question, too: an index that holds a part of the rows serves only who names that part."""
Index("entries_to_cancel", entries.c.status, sqlite_where=IS_TO_CANCEL)
NOT_READ = text("status = 'sent' AND NOT delivery_read")
Index("entries_not_read", entries.c.delivery_read, entries.c.id, sqlite_where=NOT_READ)
TURNED_DOWN = text("status IN ('invalid', 'replaced')")
Index("entries_turned_down", entries.c.changed_at, sqlite_where=TURNED_DOWN)
LOOKED_AT = text("(status <> 'sent' OR cancel_why <> '' OR contacts_count = 0)")
"""What is not plainly sent, by its own columns: of years that are over, few."""
Index("entries_looked_at", entries.c.send_at, sqlite_where=LOOKED_AT)
IS_TEST = text("starts_with(key, 'TEST:')")
"""PostgreSQL sorts texts in a way of its own, so that the index of keys does not find what begins so."""
Index("entries_of_tests", entries.c.id, sqlite_where=IS_TEST).ddl_if(dialect="postgresql")
Index("entries_by_batch", entries.c.batch).ddl_if(dialect="postgresql")  # for the search, which is a file in SQLite
_HAS_ID = text("provider_id <> ''")
_IS_OPEN = text("status IN ('planned', 'submitting', 'in_doubt')")
Index(
    "one_entry_an_id",
    entries.c.account,
    entries.c.provider_id,
    unique=True,
    sqlite_where=_HAS_ID,
)
Index(
    "one_open_entry_a_key",
    entries.c.account,
    entries.c.key,
    unique=True,
    sqlite_where=_IS_OPEN,
)

batch_rows = Table(
    "batch_rows",
    metadata,
    Column("batch", Integer, ForeignKey("batches.id"), primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("entry", Integer, ForeignKey("entries.id")),
    _text("what"),
    _text("why"),
    sqlite_with_rowid=False,
)
"""Every row of every batch and the entry it met or made, the skipped ones too."""
Index("batch_rows_by_entry", batch_rows.c.entry)

history = Table(
    "history",
    metadata,
    _id(),
    _entry(),
    _time("at"),
    Column("old", Text),
    _text("new"),
    _text("why"),
    _text("who"),
    _text("evidence"),
    _text("kind"),
)
Index("history_by_entry", history.c.entry)

attempts = Table(
    "attempts",
    metadata,
    _entry(primary_key=True),
    Column("number", Integer, primary_key=True),
    _time("started_at"),
    Column("ended_at", Time),
    _text("payload_hash"),
    _text("tag"),
    _text("outcome"),
    Column("http_status", Integer),
    _text("why"),
    _text("answer"),
    _flag("counts"),
    _text("provider_zone"),
    Column("clock_offset", Float),
    sqlite_with_rowid=False,
)
Index("attempts_by_tag", attempts.c.tag)
_NOT_ENDED = text("ended_at IS NULL")
Index(
    "one_open_attempt_an_entry",
    attempts.c.entry,
    unique=True,
    sqlite_where=_NOT_ENDED,
)

observations = Table(
    "observations",
    metadata,
    _id(),
    _entry(),
    _time("at"),
    _text("place"),
    _json("listed"),
)
Index("observations_by_entry", observations.c.entry)

acknowledged = Table(
    "acknowledged",
    metadata,
    Column("provider_id", Text, primary_key=True),
    _text("why"),
    _text("who"),
    _time("at"),
)

reconciliations = Table("reconciliations", metadata, _id(), _time("at"))

findings = Table(
    "findings",
    metadata,
    Column("reconciliation", Integer, ForeignKey("reconciliations.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    _text("kind"),
    _text("words"),
    _text("code"),
    Column("entry", Integer),
    _text("provider_id"),
    _text("name"),
    _text("field"),
    _text("ours"),
    _text("theirs"),
    _flag("loud"),
    _flag("open"),
    sqlite_with_rowid=False,
)
Index("findings_by_entry", findings.c.entry)
Index("open_findings", findings.c.entry, sqlite_where=text("open = 1"), info={"postgresql": text("open")})

acknowledgements = Table(
    "acknowledgements",
    metadata,
    _id(),
    _entry(),
    _text("code"),
    _text("field"),
    _text("theirs"),
    _text("why"),
    _text("who"),
    _time("at"),
)
Index("acknowledgements_by_entry", acknowledgements.c.entry)

pauses = Table(
    "pauses",
    metadata,
    _id(),
    _text("why"),
    _text("who"),
    _time("since"),
    _text("lifted_by"),
    Column("lifted_at", Time),
    _text("cause"),
    _text("folder"),
)

pace = Table("pace", metadata, _id(), Column("silent_until", Float, nullable=False))

runs = Table(
    "runs",
    metadata,
    _id(),
    _text("kind"),
    _time("at"),
    _text("words"),
)
Index("runs_by_kind", runs.c.kind, runs.c.at)

deliveries = Table(
    "deliveries",
    metadata,
    _entry(primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("status_id", Integer, primary_key=True),
    _text("status"),
    _number("contacts"),
    sqlite_with_rowid=False,
)

delivery_readings = Table(
    "delivery_readings", metadata, _entry(primary_key=True), _number("page"), _flag("final"), _time("at")
)

mails = Table(
    "mails",
    metadata,
    _id(),
    _text("dedupe_key"),
    _text("kind"),
    _json("recipients"),
    _text("subject"),
    Column("body", LargeBinary, nullable=False),
    _time("added_at"),
    _time("next_try"),
    _number("tries"),
    _text("words"),
    Column("sent_at", Time),
    UniqueConstraint("dedupe_key"),
)

group_names = Table(
    "group_names", metadata, Column("name", Text, primary_key=True), _text("group_id"), _time("seen_at")
)

account_groups = Table(
    "account_groups", metadata, Column("group_id", Text, primary_key=True), _text("name"), _time("seen_at")
)
"""Every group that the account was ever seen to have: a list that speaks of others is not this account's."""

batch_people = Table(
    "batch_people",
    metadata,
    Column("batch", Integer, ForeignKey("batches.id"), primary_key=True),
    _text("submitted_name"),
    _text("submitted_uid"),
    _text("submitted_sudo"),
    _text("approved_name"),
    _text("approved_uid"),
    _text("approved_sudo"),
    _text("approved_way"),
    _text("preview_sha256"),
)
"""Who handed a batch in and who approved it, by the system's own numbers, and how that is known."""

preview_rows = Table(
    "preview_rows",
    metadata,
    Column("batch", Integer, ForeignKey("batches.id"), primary_key=True),
    Column("entry", Integer, ForeignKey("entries.id"), primary_key=True),
    _text("payload_hash"),
    sqlite_with_rowid=False,
)
"""What the preview of a batch shows, as it would be posted: its yes releases this and nothing else."""

drops = Table(
    "drops",
    metadata,
    _id(),
    _text("place"),
    _text("claim"),
    _text("name"),
    _text("dropper"),
    _text("uid"),
    _text("came_from"),
    _text("elsewhere"),
    Column("content", LargeBinary, nullable=False),
    _time("handed_at"),
    _number("failures"),
    Column("ended_at", Time),
    Column("batch", Integer),
    _flag("needs_look"),
    _text("words"),
    UniqueConstraint("place", "claim"),
)
"""The files that a watch handed to the workers, each until the watch that took it has filed it away."""

drop_results = Table(
    "drop_results",
    metadata,
    Column("drop", Integer, ForeignKey("drops.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    _text("kind"),
    _text("name"),
    Column("content", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""What is to be laid beside such a file, and the previews that people are to see."""
