"""What the tests of the ledger share: a moment, rows, decisions, and a ledger in a file."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from batch.adapters.ledger import Ledger, open_ledger
from batch.adapters.ledger.batches import insert_batch
from batch.adapters.ledger.planning import insert_plan
from batch.model import (
    Action,
    Answer,
    Campaign,
    Checked,
    Decision,
    Header,
    Intent,
    Issue,
    Level,
    Listed,
    Outcome,
    Parts,
    Row,
    Status,
)

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2031, 3, 3, 15, 0, tzinfo=UTC)
LEAD = timedelta(minutes=10)
NAMES = ("CampaignName", "Message", "GroupIds", "DateTime", "Store")
HEADER = Header(1, NAMES, {name: place for place, name in enumerate(NAMES)})
ACCEPTED = Outcome(Status.ACCEPTED, "accepted", listed=Listed("501", contacts_count=40, status_id=1, status="Pending"))
IN_DOUBT = Outcome(Status.IN_DOUBT, "no answer came")
BACK_TO_PLANNED = Outcome(Status.PLANNED, "refused for now", counts=False, refused=True)
OK = Answer(200, body=b'{"Id": "501"}')
IN_POSTGRESQL = os.environ.get("CAMPAIGN_TEST_LEDGER") == "postgresql"
"""Whether the ledgers of the tests are there, where a test does not say."""


def open_at(folder: Path, name: str = "ledger.sqlite3") -> Ledger:
    """Open the ledger of a test."""
    return open_ledger(f"sqlite:///{folder / name}", now=NOW)


def new_ledger(folder: Path, database: str = os.environ.get("CAMPAIGN_TEST_LEDGER", "sqlite")) -> str:
    """Give the URL of a new ledger: a file of the folder, or a database of the tests' own PostgreSQL."""
    if database == "postgresql":
        return _cluster().make_database()
    return f"sqlite:///{(folder / 'ledger.sqlite3').as_posix()}"


def _cluster() -> Any:
    from postgres_support import cluster  # not for the child processes of tests, which find this module alone

    return cluster()


@cache
def _copies() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="campaign-batch-copies-")


def copy_ledger(url: str) -> str:
    """Copy a ledger as it is; give the URL of the copy."""
    if url.startswith("postgresql"):
        return _cluster().copy_database(url)
    copy = Path(tempfile.mkdtemp(dir=_copies().name)) / "copy.sqlite3"
    shutil.copyfile(sqlite_path(url), copy)
    return f"sqlite:///{copy.as_posix()}"


def put_back(copy: str, url: str) -> None:
    """Put a copy in a ledger's place; the copy may be put back again."""
    if url.startswith("postgresql"):
        _cluster().replace_database(url, copy)
    else:
        shutil.copyfile(sqlite_path(copy), sqlite_path(url))


def lose_ledger(url: str) -> None:
    """Leave nothing of a ledger but its place."""
    if url.startswith("postgresql"):
        _cluster().replace_database(url, "template0")
    else:
        sqlite_path(url).unlink()


def ruin_ledger(url: str) -> None:
    """Leave in a ledger's place what is none."""
    if not url.startswith("postgresql"):
        sqlite_path(url).write_bytes(b"no ledger at all, but long enough to be read as one" * 99)
        return
    with open_ledger(url, now=NOW) as ledger, ledger._transactions.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE entries CASCADE")


def sqlite_path(url: str) -> Path:
    """Give the file of a ledger."""
    return Path(url.removeprefix("sqlite:///"))


def migrate(place: Path | str, revision: str) -> None:
    """Make a ledger as an older version would have left it, in a file or at a URL."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(ROOT / "batch" / "adapters" / "ledger" / "migrations"))
    engine = create_engine(place if isinstance(place, str) else f"sqlite:///{place}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def add_batch(ledger: Ledger, **batch: Any) -> int:
    """Take in a sheet without a plan."""
    with ledger._transactions.write() as connection:
        return insert_batch(connection, **batch)


def record_plan(ledger: Ledger, batch: int, decisions: Iterable[Decision], **how: Any) -> dict[int, int]:
    """Write the plan of a batch in a transaction of its own; give the entry of each row."""
    with ledger._transactions.write() as connection:
        insert_plan(connection, batch, decisions, **how)
    return {line.row: line.entry for line in ledger.batches.rows(batch) if line.entry is not None}


def make_batch(ledger: Ledger, rows: int, file: str = "week.xlsx") -> int:
    """Take in a sheet of so many rows."""
    return add_batch(
        ledger,
        file=file,
        sheet="Campaigns",
        file_hash="abc",
        taken_in_at=NOW,
        rows=rows,
        blank=1,
        left_out=2,
        submitted_by="ana",
        machine="ops-pc",
    )


def make_campaign(number: int, *, text: str = "", send_at: datetime | None = None) -> Campaign:
    """Make the campaign of a row; `text` makes another content under the same key."""
    message = text or f"Sale number {number} is on. Reply STOP to end"
    fingerprint = hashlib.md5(f"{number} {message} {send_at}".encode()).hexdigest()
    return Campaign(
        row=number,
        name=f"Sale {number}",
        message=message,
        group_ids=("100", "7"),
        group_names=("VIP, north", "Été"),
        send_at=send_at or NOW + timedelta(days=2, minutes=number),
        zone="America/New_York",
        type_recipients=0,
        mms_template_id=9,
        mms_high_resolution=1,
        subject="Look",
        reference=f"R{number}",
        expected_contacts=40,
        owner="bo@example.com",
        purpose="marketing",
        parts=Parts("GSM-7", 30, 1),
        key=f"ref:r{number}",
        fingerprint=fingerprint,
    )


def make_row(number: int, store: str = "") -> Row:
    """Make the row of a sheet."""
    texts = (f"Sale {number}", "text", "100, 7", "3/5/2031 10:00 AM", store or f"Store {number}")
    return Row(number, HEADER, texts)


def decide(
    number: int,
    action: Action = Action.SUBMIT,
    *,
    entry: int | None = None,
    replaces: int | None = None,
    text: str = "",
    send_at: datetime | None = None,
    store: str = "",
    issues: tuple[Issue, ...] = (),
    why: str = "",
) -> Decision:
    """Make the plan's decision on a good row."""
    campaign = make_campaign(number, text=text, send_at=send_at)
    checked = Checked(make_row(number, store), campaign, issues, campaign.name, campaign.reference, campaign.message)
    return Decision(
        checked,
        action,
        entry=entry,
        replaces=replaces,
        issues=issues,
        tag=campaign.fingerprint[:8],
        provider_name=f"{campaign.name} #{campaign.fingerprint[:8]}",
        send_at_provider="2031-03-05 10:00:00",
        why=why,
    )


def decide_invalid(number: int) -> Decision:
    """Make the plan's decision on a row with an error, which has no campaign."""
    issue = Issue(number, "D", "DateTime", "time-missing", 'it says "3/5/2031": add the hour', Level.ERROR, "3/5/2031")
    checked = Checked(make_row(number), None, (issue,), f"Sale {number}", "", "some text", f"row:sale {number}|")
    return Decision(checked, Action.INVALID, issues=(issue,), why=issue.message)


def plan(ledger: Ledger, *decisions: Decision, file: str = "week.xlsx") -> dict[int, int]:
    """Take in a sheet and write its plan; give the entry of each row."""
    batch = make_batch(ledger, len(decisions), file)
    return record_plan(ledger, batch, decisions, account="main", now=NOW, who="ana")


def plan_one(ledger: Ledger, number: int = 2) -> int:
    """Plan one row; give its entry."""
    return plan(ledger, decide(number))[number]


def claim(ledger: Ledger, entry: int, now: datetime = NOW) -> int | None:
    """Record the intent of an entry."""
    return ledger.attempts.record_intent(Intent(entry, "hash", now, LEAD))


def finish(ledger: Ledger, entry: int, attempt: int, outcome: Outcome = ACCEPTED) -> bool:
    """Record the outcome of an attempt."""
    return ledger.attempts.record_outcome(entry, attempt, outcome, OK, now=NOW, who="ana")


def finish_and_claim(ledger: Ledger, entry: int, following: int) -> int | None:
    """Record the acceptance of an entry's first attempt and the intent of another entry with it."""
    return ledger.attempts.pass_on(entry, 1, ACCEPTED, OK, Intent(following, "hash", NOW, LEAD), who="ana")


def accept(ledger: Ledger, entry: int, provider_id: str = "501") -> None:
    """Bring a planned entry to `accepted`."""
    attempt = claim(ledger, entry)
    assert attempt is not None
    listed = Listed(provider_id, contacts_count=40, status_id=1, status="Pending")
    assert finish(ledger, entry, attempt, Outcome(Status.ACCEPTED, "accepted", listed=listed))


def doubt(ledger: Ledger, entry: int) -> None:
    """Bring a planned entry to `in_doubt`."""
    attempt = claim(ledger, entry)
    assert attempt is not None
    assert finish(ledger, entry, attempt, IN_DOUBT)
