"""Let a PostgreSQL fill itself with the past of a ledger of years: the rows of `years`, written by the server alone.

Ten million of them take minutes so, and hours one by one. Tags and fingerprints are as long as real ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from benchmarks.sizes import A_WEEK, ZONE


@dataclass(frozen=True, slots=True)
class Week:
    """One week of the ledger: its entries by number, and its first sheet."""

    begins: datetime
    numbers: range
    batch: int


_ROWS = f"""
CREATE TEMP TABLE filled AS
WITH placed AS (
  SELECT n, (n - %(first)s) %% {A_WEEK} AS place, %(batch)s + (n - %(first)s) / {A_WEEK} AS batch,
         least({A_WEEK}, %(end)s - (n - (n - %(first)s) %% {A_WEEK})) AS rows
  FROM generate_series(%(first)s, %(end)s - 1) n
), timed AS (
  SELECT n, place, batch, rows, (100 + n %% 25)::text AS "group", substr(md5('tag' || n), 1, 8) AS tag,
         (%(shops)s::text[])[n %% 10 + 1] AS shop, (%(offers)s::text[])[n %% 5 + 1] AS offer,
         CASE n %% 100 WHEN 7 THEN 'invalid' WHEN 27 THEN 'cancelled' WHEN 47 THEN 'expired' ELSE 'sent' END AS status,
         %(begins)s::timestamptz + make_interval(mins => (place + 1) * 10080 / (rows + 1)) AS went
  FROM placed
)
SELECT *, shop || ' offer ' || n AS name, status = 'sent' AS there, (1000000 + n)::text AS id,
       shop || ': ' || offer || ', code ' || n || '. Reply STOP to opt out' AS message,
       to_char(went AT TIME ZONE '{ZONE}', 'YYYY-MM-DD HH24:MI:SS') AS shown
FROM timed
"""
_LISTED = """jsonb_build_object('id', id, 'name', name || ' #' || tag, 'message', message, 'send_at', shown)"""
_TABLES = (
    """INSERT INTO batches (id, file, sheet, file_hash, taken_in_at, rows, submitted_by, machine, state, header,
        changed_at)
    SELECT batch, 'sheet-' || lpad(batch::text, 5, '0') || '.xlsx', 'Campaigns', lpad(to_hex(batch), 64, '0'), %(at)s,
           count(*), 'dana', 'desk', 'done', '["CampaignName","Message","GroupIds","DateTime","Owner"]', %(at)s
    FROM filled GROUP BY batch ORDER BY batch""",
    f"""INSERT INTO entries (id, batch, row, account, key, fingerprint, tag, campaign_name, provider_name, message,
        group_ids, group_names, send_at, send_at_provider, zone, cells, parts, encoding, status, provider_id,
        contacts_count, provider_status_id, provider_status, observed, attempts, changed_at, provider_zone, issues,
        codes, delivery_read)
    SELECT n, batch, place + 2, 'main',
        'row:' || lower(name) || '|' || to_char(went AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'), md5(message || n),
        tag, name, name || ' #' || tag, message, jsonb_build_array("group"), jsonb_build_array('Store ' || "group"),
        went, shown, '{ZONE}', concat_ws(chr(31), name, message, "group", shown, 'dana'), 1, 'GSM-7', status,
        CASE WHEN there THEN id ELSE '' END, CASE WHEN there THEN 100 END, CASE WHEN there THEN 3 END,
        CASE WHEN there THEN 'Approved and Scheduled' ELSE '' END, CASE WHEN there THEN 'seen' ELSE '' END, there::int,
        CASE WHEN there THEN went ELSE %(at)s END, '{ZONE}',
        CASE WHEN status = 'invalid' THEN jsonb_build_array(jsonb_build_object('row', place + 2, 'column', '', 'field',
            'GroupIds', 'code', 'group-unknown', 'message', 'no such group', 'level', 'error', 'value', ''))
            ELSE '[]' END, CASE WHEN status = 'invalid' THEN 'group-unknown' ELSE '' END, there
    FROM filled ORDER BY n""",
    """INSERT INTO batch_rows (batch, row, entry, what, why)
    SELECT batch, place + 2, n, CASE status WHEN 'invalid' THEN 'invalid' ELSE 'planned' END, ''
    FROM filled ORDER BY n""",
    """INSERT INTO history (entry, at, old, new, why, who, kind)
    SELECT n, CASE new WHEN 'sent' THEN went ELSE %(at)s END, old, new, '', 'dana', ''
    FROM filled JOIN (VALUES ('invalid', 1, NULL, 'invalid'), ('sent', 1, NULL, 'planned'),
        ('sent', 2, 'planned', 'submitting'), ('sent', 3, 'submitting', 'accepted'), ('sent', 4, 'accepted', 'sent'),
        ('cancelled', 1, NULL, 'planned'), ('cancelled', 2, 'planned', 'cancelled'),
        ('expired', 1, NULL, 'planned'), ('expired', 2, 'planned', 'expired')) AS course (status, step, old, new)
        USING (status) ORDER BY n, step""",
    f"""INSERT INTO attempts (entry, number, started_at, ended_at, tag, outcome, http_status, answer, counts,
        provider_zone)
    SELECT n, 1, %(at)s, %(at)s, tag, 'accepted', 200, '{{"Id": ' || id || '}}', true, '{ZONE}'
    FROM filled WHERE there ORDER BY n""",
    f"""INSERT INTO observations (entry, at, place, listed)
    SELECT n, CASE place_ WHEN 'sent' THEN went ELSE %(at)s END, place_, {_LISTED}
    FROM filled, (VALUES (1, 'scheduled'), (2, 'sent')) AS lists (step, place_) WHERE there ORDER BY n, step""",
    """INSERT INTO deliveries (entry, page, status_id, status, contacts)
    SELECT n, 1, number, words, contacts
    FROM filled, (VALUES (2, 'Delivered', 94), (3, 'Failed', 5), (9, 'Optedout', 1)) AS fared (number, words, contacts)
    WHERE there ORDER BY n, number""",
    """INSERT INTO delivery_readings (entry, page, final, at)
    SELECT n, 1, true, went FROM filled WHERE there ORDER BY n""",
)  # fmt: skip
_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes i WHERE schemaname = current_schema()
AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)
"""
_UNGUARDED = "SELECT set_config('session_replication_role', %s, true) WHERE current_setting('is_superuser') = 'on'"
"""No reference is looked up, and no trigger runs, where the user may say so."""


def fill_week(cursor: Any, week: Week, *, shops: tuple[str, ...], offers: tuple[str, ...]) -> None:
    """Write all that hangs on the entries of one week that is over, their delivery read."""
    given = {
        "first": week.numbers.start, "end": week.numbers.stop, "batch": week.batch, "begins": week.begins,
        "at": week.begins - timedelta(days=2), "shops": [*shops], "offers": [*offers],
    }  # fmt: skip
    for statement in ("DROP TABLE IF EXISTS filled", _ROWS, *_TABLES):
        cursor.execute(statement, given)
    cursor.execute("DROP TABLE filled")


@contextmanager
def indexes_made_after(cursor: Any) -> Iterator[None]:
    """Let rows in without looking any of them up; what finds them is made once they are all there."""
    found = cursor.execute(_INDEXES).fetchall()
    cursor.execute(_UNGUARDED, ("replica",))
    for name, _ in found:
        cursor.execute(f"DROP INDEX {name}")
    yield
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no index is made while a check waits
    cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
    for _, statement in found:
        cursor.execute(statement)
    cursor.execute(_UNGUARDED, ("origin",))
