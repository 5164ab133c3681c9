"""Post what a ledger plans with bare requests and bare sqlite3: `URL TOKEN LEDGER`; puts out the seconds.

The least that keeps the promise: one durable commit a row before its request, with what the one before it came to.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Sequence
from contextlib import closing

import requests

PRAGMAS = ("foreign_keys = ON", "journal_mode = DELETE", "synchronous = EXTRA")
PLANNED = """SELECT id, provider_name, message, send_at_provider, group_ids, tag FROM entries
    WHERE status = 'planned' ORDER BY send_at, id"""
CLAIM = "UPDATE entries SET status = 'submitting', tag = ?, changed_at = ? WHERE id = ? AND status = 'planned'"
BEGIN = "INSERT INTO attempts (entry, number, started_at, payload_hash, tag) VALUES (?, 1, ?, hex(zeroblob(32)), ?)"
END = "UPDATE attempts SET ended_at = ?, outcome = 'accepted', http_status = 200, answer = ? WHERE entry = ?"
ACCEPT = "UPDATE entries SET status = 'accepted', attempts = 1, changed_at = ?, provider_id = ? WHERE id = ?"
NOTE = "INSERT INTO history (entry, at, old, new, why, kind) VALUES (?, ?, ?, ?, ?, 'status')"


def main() -> None:
    """Post each row, its intent on disk before and its outcome after it."""
    url, token, ledger = sys.argv[1:]
    address = f"{url}/sms/send-group-schedule-message?access_token={token}"
    with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        rows = connection.execute(PLANNED).fetchall()
        begun = time.perf_counter()
        answered: tuple[int, str, str] | None = None
        for entry, name, message, moment, groups, tag in rows:
            write_down(connection, answered, (entry, tag))
            sent = {
                "CampaignName": name, "Message": message, "DateTime": moment, "GroupIds": json.loads(groups),
                "TypeRecipients": 0,
            }  # fmt: skip
            answer = requests.post(address, json=sent, headers={"Accept": "application/json"}, timeout=30)
            answer.raise_for_status()
            answered = (entry, str(answer.json()[0]["Id"]), answer.text)
        write_down(connection, answered, None)
    sys.stdout.write(f"{time.perf_counter() - begun}\n")


def write_down(
    connection: sqlite3.Connection, answered: tuple[int, str, str] | None, following: Sequence[object] | None
) -> None:
    """Record what one row came to and that the next one goes, with one commit."""
    at = f"{time.time():.3f}"
    connection.execute("BEGIN IMMEDIATE")
    if answered is not None:
        entry, number, body = answered
        connection.execute(END, (at, body, entry))
        connection.execute(ACCEPT, (at, number, entry))
        connection.execute(NOTE, (entry, at, "submitting", "accepted", "accepted"))
    if following is not None:
        entry, tag = following  # type: ignore[assignment]
        connection.execute(CLAIM, (tag, at, entry))
        connection.execute(BEGIN, (entry, at, tag))
        connection.execute(NOTE, (entry, at, "planned", "submitting", "attempt 1 begins"))
    connection.execute("COMMIT")


if __name__ == "__main__":
    main()
