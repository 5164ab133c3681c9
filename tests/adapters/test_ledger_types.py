"""A ledger on PostgreSQL has PostgreSQL's own types, made new or migrated, and says the same as one in a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ledger_support import NOW, accept, decide, decide_invalid, doubt, migrate, open_at, plan, plan_one
from postgres_support import cluster
from sqlalchemy import MetaData, create_engine, insert
from sqlalchemy.exc import DBAPIError

from batch.adapters.glance import glance_at_pause
from batch.adapters.ledger import Ledger, columns, moving, open_ledger
from batch.adapters.ledger.tables import REVISIONS
from batch.model import DeliveryCount, Finding, FindingKind, Issue, Level, Listed
from batch.model.errors import LedgerError

TIMES = {
    "acknowledged": {"at"},
    "acknowledgements": {"at"},
    "account_groups": {"seen_at"},
    "attempts": {"started_at", "ended_at"},
    "batches": {"taken_in_at", "changed_at"},
    "delivery_readings": {"at"},
    "drops": {"handed_at", "ended_at"},
    "entries": {"send_at", "changed_at"},
    "group_names": {"seen_at"},
    "history": {"at"},
    "mails": {"added_at", "next_try", "sent_at"},
    "observations": {"at"},
    "pauses": {"since", "lifted_at"},
    "reconciliations": {"at"},
    "runs": {"at"},
    "week_totals": {"begins", "ends"},
}
FLAGS = {
    "attempts": {"counts"},
    "batches": {"unmailed"},
    "delivery_readings": {"final"},
    "drops": {"needs_look"},
    "entries": {"delivery_read"},
    "findings": {"loud", "open"},
}
JSON = {
    "batches": {"issues", "header"},
    "entries": {"group_ids", "group_names", "issues", "released"},
    "mails": {"recipients"},
    "observations": {"listed"},
    "week_totals": {"totals"},
}
PRECISE = NOW.replace(microsecond=123_457)
ODD = 'one\0two \\u0000 \U0001f44d "three"'


def columns_of(url: str, kind: str) -> dict[str, set[str]]:
    found = defaultdict(set)
    asked = f"SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND {kind}"
    for table, column in cluster().query(asked, url):
        found[table].add(column)
    return dict(found)


def test_times_flags_and_json_are_what_postgresql_calls_them(ours: Ledger, url: str) -> None:
    """Nothing that is one of them is a text or a number, and every number that it gives out is an identity."""
    assert columns_of(url, "data_type = 'timestamp with time zone'") == TIMES
    assert columns_of(url, "data_type = 'boolean'") == FLAGS
    assert columns_of(url, "data_type = 'jsonb'") == JSON
    assert columns_of(url, "data_type = 'text' AND column_name ~ '(^|_)(at|since|until|try)$'") == {}
    numbered = columns_of(url, "is_identity = 'YES'")
    assert set(numbered) == {
        "acknowledgements", "batches", "drops", "entries", "history", "mails", "observations", "pace", "pauses",
        "reconciliations", "runs",
    }  # fmt: skip
    assert columns_of(url, "column_default LIKE 'nextval%'") == {}
    assert ours.upkeep.verify(NOW) == ()


_SCHEMA = {
    "columns": """
        SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity, identity_generation
        FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2""",
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2""",
    "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    "functions": "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
    "counters": """
        SELECT sequencename, start_value, increment_by, data_type::text FROM pg_sequences
        WHERE schemaname = 'public' ORDER BY 1""",
}


def schema_of(url: str) -> dict[str, list[tuple[Any, ...]]]:
    found = {what: cluster().query(question, url) for what, question in _SCHEMA.items()}
    return {what: [row for row in rows if "alembic" not in str(row)] for what, rows in found.items()}


@pytest.mark.usefixtures("ours")
def test_a_schema_that_was_migrated_is_the_one_that_is_made_fresh(url: str) -> None:
    """From the first version on: columns, indexes, constraints, triggers, counters."""
    old = cluster().make_database()
    migrate(old, REVISIONS[0])
    open_ledger(old, now=NOW).close()
    assert schema_of(old) == schema_of(url)


def fill_in(ledger: Ledger) -> None:
    """Fill a ledger with something in every column of a type of its own."""
    issue = Issue(2, "B", "Message", "quiet-hours", ODD, Level.HOLD, ODD, ("501",))
    held = plan(ledger, decide(2, text=ODD, issues=(issue,)), decide_invalid(3), decide(4, send_at=PRECISE))
    accept(ledger, plan_one(ledger, 5), "501")
    doubt(ledger, plan_one(ledger, 6))
    ledger.lists.observe([(held[2], Listed("501", name="Sale \0", contacts_count=4, group_ids=("100",)), "sent")], NOW)
    drifted = Finding(
        FindingKind.DRIFTED, "words", "drifted", held[2], field="Message", ours="a", theirs="b", loud=True
    )
    ledger.findings.record([drifted], {held[2]}, NOW)
    ledger.findings.acknowledge("77", "why", "ana", NOW)
    ledger.findings.acknowledge_entry(held[2], [("c", "f", "t")], why="why", who="ana", now=NOW)
    ledger.deliveries.record(held[2], 1, [DeliveryCount(2, "Delivered", 4)], final=True, now=NOW)
    ledger.outbox.add(["ana@example.com"], "subject", b"\0\xff", "kind", "key", NOW, PRECISE)
    ledger.pauses.add("why", "ana", PRECISE)
    ledger.batches.note_unmailed([1])
    ledger.groups.remember_named([("VIP \0", "100")], NOW)
    ledger.groups.remember_of_account([("100", "VIP")], NOW)


def make_old(file: Ledger) -> str:
    """Put what a ledger in a file holds into PostgreSQL as the version before did: texts and numbers."""
    url = cluster().make_database()
    migrate(url, "0006")
    engine, there = create_engine(url), MetaData()
    with file._transactions.read() as old, engine.begin() as new:
        there.reflect(new)
        for table in there.sorted_tables:
            if table.name not in {"alembic_version", "notes"}:
                rows = old.exec_driver_sql(f"SELECT * FROM {table.name}").mappings().all()
                for row in rows:
                    new.execute(insert(table), {name: without_nul(value) for name, value in row.items()})
        new.exec_driver_sql("SELECT setval('history_id_seq', 1000), setval('batches_id_seq', 100)")
    engine.dispose()
    return url


def without_nul(value: object) -> object:
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def sums(ledger: Ledger) -> dict[str, Any]:
    """Give the checksum of every table but the notes, which tell of the database itself, too."""
    with ledger._transactions.read() as connection:
        return {name: found for name, found in moving._sum_up(connection).items() if name != "notes"}


def test_what_an_older_version_wrote_there_is_all_there_afterwards(tmp_path: Path) -> None:
    """Every row says what the same ledger says in a file, the counters go on, and the past cannot be rewritten."""
    with open_at(tmp_path) as file:
        fill_in(file)
        with open_ledger(make_old(file), now=NOW) as migrated:
            assert sums(migrated) == sums(file)
            assert [one | {"fields": None} for one in migrated.export()] == [
                one | {"fields": None} for one in told(file)
            ]
            assert migrated.batches.get(1).issues == file.batches.get(1).issues
            assert [one.next_try for one in migrated.outbox.unsent()] == [PRECISE]
            plan_one(migrated, 9)
            assert migrated.batches.ends()[1].id == 101
            with migrated._transactions.write() as new, pytest.raises(DBAPIError, match="an attempt is closed once"):
                new.exec_driver_sql("UPDATE attempts SET why = 'x' WHERE ended_at IS NOT NULL")


def test_an_older_ledger_that_is_only_looked_at_stays_as_it_is(url: str) -> None:
    """A database is not copied for a look: what brings it up to date is told."""
    migrate(url, "0006")
    before = schema_of(url)
    with pytest.raises(LedgerError, match=r"was made by an older campaign-batch: back the database up, then type"):
        open_ledger(url, now=NOW, look=True)
    assert schema_of(url) == before


def told(ledger: Ledger) -> Iterator[dict[str, Any]]:
    """Give what a ledger exports as PostgreSQL can hold it."""
    for one in ledger.export():
        yield {name: without_nul_in(value) for name, value in one.items()}


def without_nul_in(value: Any) -> Any:
    if isinstance(value, list):
        return [without_nul_in(one) for one in value]
    if isinstance(value, dict):
        return {name: without_nul_in(one) for name, one in value.items()}
    return without_nul(value)


def test_a_server_that_lives_elsewhere_and_writes_otherwise_changes_no_time(url: str) -> None:
    """Its zone and its way to write dates are its own: the ledger reads, compares and tells moments."""
    name = url.partition("@/")[2].partition("?")[0]
    for setting in ("timezone = 'Pacific/Auckland'", "datestyle = 'German, DMY'"):
        cluster().query(f'ALTER DATABASE "{name}" SET {setting}')
    with open_ledger(url, now=NOW) as ledger:
        entry = plan(ledger, decide(2, send_at=PRECISE))[2]
        assert ledger.entries.get(entry).send_at == PRECISE
        micro = timedelta(microseconds=1)
        for begins, ends, many in ((PRECISE, PRECISE + micro, 1), (PRECISE - micro, PRECISE, 0)):
            assert ledger.entries.count(due_from=begins, due_until=ends) == many
        ledger.pauses.add("why", "ana", PRECISE)
        with ledger._transactions.read() as connection:
            shown = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in ("timezone", "datestyle")]
        assert shown == ["UTC", "ISO, DMY"]
        assert next(iter(ledger.export()))["send_at"] == PRECISE.isoformat()
    glance = glance_at_pause(url)
    assert glance is not None
    assert (glance.since, glance.since.isoformat()) == (PRECISE, PRECISE.isoformat())


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("", "[]"),
        ('{"b":1,"a":"x"}', '{"a":"x","b":1}'),
        (r'["one\u0000two"]', '["one\ufffdtwo"]'),
        (r'["\\u0000"]', r'["\\u0000"]'),
        (r'["\\\u0000\u0000"]', '["\\\\\ufffd\ufffd"]'),
    ],
)
def test_a_json_text_has_one_form_in_both(here: str, there: str) -> None:
    """Whatever order PostgreSQL gives its keys, and without NUL."""
    assert columns.sort_keys(here) == columns.sort_keys(there)
