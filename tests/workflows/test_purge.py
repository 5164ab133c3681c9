"""What old campaigns said and who owned them is forgotten on request; what must be accounted for stays."""

from __future__ import annotations

import csv
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cli_support import Shell, row, write_csv
from ledger_support import IN_POSTGRESQL
from sqlalchemy.exc import DBAPIError
from terminal_support import answer_at_terminal
from torture_support import Bench, bench

from batch.adapters.ledger import open_ledger
from batch.adapters.ledger.tables import entries
from batch.model import Status, StatusChange
from batch.workflows.purge import Purged, purge_ledger

SECRETS = ("pumpkin", "ana@example.com", "Cellar 77")
"""In texts, owners and cells of what is over."""


PAST_ONES = "SELECT id FROM entries WHERE batch = 1 AND send_at IS NOT NULL ORDER BY id"


def sheet(desk: Bench, name: str, *rows: dict[str, str]) -> Path:
    """Write a sheet with owners and a column of the team's own."""
    with (desk.folder / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for one in rows for key in one)))
        writer.writeheader()
        writer.writerows(rows)
    return desk.folder / name


def secret_row(desk: Bench, number: int, **changes: str) -> dict[str, str]:
    words = {"Message": f'pumpkin "{number}" pies. Reply STOP to opt out', "Owner": "ana@example.com"}
    return desk.row(number, **words) | {"Store": "Cellar 77"} | changes


@pytest.fixture
def desk() -> Iterator[Bench]:
    """Give a team whose week is over: sent, refused, cancelled, edited and wrong rows, all with texts."""
    with bench(groups=40) as found:
        rows = [secret_row(found, number) for number in range(6)]
        rows.append(secret_row(found, 6, DateTime="pumpkin o'clock"))
        rows.append(secret_row(found, 7, Message="pumpkin {{ Nothing }}"))
        found.sandbox.faults.add("422x1")
        found.submit(sheet(found, "week.csv", *rows))
        found.resume()
        found.submit(sheet(found, "week.csv", *(one | {"Message": one["Message"] + " NOW"} for one in rows[:2])))
        found.reconcile()
        found.clock.advance(days=4)
        found.reconcile()
        found.clock.advance(days=10)
        with found.ledger() as ledger:
            ledger.outbox.add(["ana@example.com"], "Your row", b"pumpkin", "owner", "k1", found.clock.now())
            ledger.outbox.note_sent(1, found.clock.now())
            ledger.outbox.add(["bo@example.com"], "Yours", b"waits", "owner", "k2", found.clock.now())
        found.clock.advance(days=14)
        yield found


def purge(desk: Bench, ahead: int = 0) -> Purged:
    return purge_ledger(desk.settings, desk.world, (desk.clock.now() + timedelta(days=ahead)).date())


def dump(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}


def close_open_ones(desk: Bench) -> None:
    """Let a person decide about what is held: nothing may be left that is open to somebody."""
    with desk.ledger() as ledger:
        for entry in list(ledger.entries.select(statuses={Status.HELD, Status.WAITING})):
            ledger.changes.make(
                StatusChange(
                    entry.id, Status.CANCELLED, expected={entry.status}, why="dropped", who="ana", now=desk.clock.now()
                )
            )


@pytest.mark.in_a_file  # it reads the file's free pages; what a database keeps of a row it clears away itself
def test_no_text_no_cell_and_no_owner_is_left_in_the_file(desk: Bench) -> None:
    """Not in issues, findings, history or observations, nor in a page of the file that is free."""
    close_open_ones(desk)
    content = desk.ledger_path.read_bytes()
    assert all(secret.encode() in content for secret in SECRETS)
    assert purge(desk).done
    content = desk.ledger_path.read_bytes()
    assert [secret for secret in SECRETS if secret.encode() in content] == []


def test_numbers_ids_times_statuses_and_hashes_stay(desk: Bench) -> None:
    """Everything that a count, a report or a proof against doubles needs; the record says who forgot how much."""
    close_open_ones(desk)
    with desk.ledger() as ledger:
        before, attempts = (
            list(ledger.entries.select()),
            [ledger.attempts.of(entry.id) for entry in ledger.entries.select()],
        )
    done = purge(desk)
    with desk.ledger() as ledger:
        after = list(ledger.entries.select())
        assert ledger.upkeep.verify(desk.clock.now()) == ()
        for one, other in zip(before, after, strict=True):
            for name in (
                "id", "batch", "row", "key", "fingerprint", "tag", "reference", "campaign_name", "provider_name",
                "group_ids", "send_at", "send_at_provider", "status", "provider_id", "contacts_count", "attempts",
                "parts", "replaced_by",
            ):  # fmt: skip
                assert getattr(one, name) == getattr(other, name), name
            assert [issue.code for issue in one.issues] == [issue.code for issue in other.issues]
            assert (other.message, other.subject, other.owner, any(other.fields.values())) == ("", "", "", False)
            assert ledger.changes.of(other.id)[-1].who == "ann on m"
            assert "purge --before" in ledger.changes.of(other.id)[-1].why
        for one_made, entry in zip(attempts, after, strict=True):
            made = ledger.attempts.of(entry.id)
            assert [(a.number, a.payload_hash, a.http_status, a.started_at) for a in made] == [
                (a.number, a.payload_hash, a.http_status, a.started_at) for a in one_made
            ]
            assert {a.answer for a in made} <= {""}
        run = ledger.journal.last_run("purge")
        assert run is not None
        assert "by ann on m" in run.words
        assert f"{len(after)} entries" in run.words
        assert [mail.body for mail in ledger.outbox.unsent()] == [b"waits"]
    assert done.counted.entries == len(before)
    assert done.counted.mails == 1


def test_the_rules_of_the_past_stand_again_afterwards(desk: Bench) -> None:
    """They made way for this one thing."""
    purge(desk)
    for statement in ("UPDATE history SET why = 'x'", "DELETE FROM history", "UPDATE attempts SET answer = 'x'"):
        with pytest.raises(DBAPIError):
            desk.change_ledger(statement)


def test_what_is_open_to_somebody_or_still_to_come_is_never_touched(desk: Bench) -> None:
    """Held, waiting, in doubt, planned, accepted, missing: whatever the day says."""
    desk.submit(sheet(desk, "next.csv", *(secret_row(desk, number, Store="soon") for number in range(20, 23))))
    statuses = ("held", "waiting", "in_doubt", "missing", "accepted")
    with desk.ledger() as ledger, ledger._transactions.read() as connection:
        numbers = [row[0] for row in connection.exec_driver_sql(f"{PAST_ONES} LIMIT 5")]
    for number, status in zip(numbers, statuses, strict=True):
        desk.change_ledger(f"UPDATE entries SET status = '{status}' WHERE id = {number}")
    with desk.ledger() as ledger:
        kept = [e for e in ledger.entries.select() if e.id in numbers or (e.send_at and e.send_at > desk.clock.now())]
    assert len(kept) == 8
    done = purge(desk, ahead=1000)
    assert done.counted.kept.keys() >= {"held", "waiting", "in_doubt", "missing", "accepted"}
    with desk.ledger() as ledger:
        assert [ledger.entries.get(entry.id) for entry in kept] == kept


def test_this_week_is_not_closed(desk: Bench) -> None:
    """Nor is what comes after the day that was asked for."""
    desk.submit(sheet(desk, "this.csv", *(secret_row(desk, number) for number in range(30, 32))))
    desk.clock.advance(days=3)
    desk.reconcile()
    assert [entry.status for entry in desk.entries()][-2:] == [Status.SENT] * 2
    before = desk.entries()[-2:]
    long_ago = date(2020, 1, 1)
    assert not purge_ledger(desk.settings, desk.world, long_ago).done
    assert purge(desk, ahead=1).done
    assert desk.entries()[-2:] == before


def test_what_was_forgotten_is_compared_and_never_sent_again(desk: Bench) -> None:
    """The lists still show it, and no text differs from none; the same file dropped again sends nothing."""
    close_open_ones(desk)
    posts = len(desk.sandbox.posts)
    findings = desk.reconcile().findings
    purge(desk)
    assert [finding.code for finding in desk.reconcile().findings] == [finding.code for finding in findings]
    with desk.ledger() as ledger:
        assert not any(
            "pumpkin" in str(seen) for entry in ledger.entries.select() for seen in ledger.lists.observations(entry.id)
        )
    desk.submit(desk.folder / "week.csv")
    assert len(desk.sandbox.posts) == posts


def test_forgetting_twice_finds_nothing(desk: Bench) -> None:
    """And says so."""
    assert purge(desk).done
    again = purge(desk)
    assert (again.done, "nothing to forget" in again.lines[0]) == (False, True)


def test_the_words_say_what_still_holds_the_texts(desk: Bench) -> None:
    """Backups, reports, the sheets themselves; and what was left alone."""
    desk.change_ledger(f"UPDATE entries SET status = 'held' WHERE id = ({PAST_ONES} LIMIT 1)")
    lines = "\n".join(purge(desk).lines)
    assert ("backups of the database" if IN_POSTGRESQL else str(desk.folder / "backups")) in lines
    assert str(desk.settings.reports.folder) in lines
    assert re.search(r"left alone, since somebody must still look at them: \d held", lines)


def old_week(ready: Shell, tmp_path: Path) -> None:
    """Let a submitted row have gone out three weeks ago."""
    write_csv(tmp_path / "week.csv", [row(1)])
    assert ready.run("submit", "week.csv").code == 0
    past = (datetime.now(UTC) - timedelta(days=21)).isoformat()
    with open_ledger(ready.ledger_url, now=datetime.now(UTC)) as ledger, ledger._transactions.write() as connection:
        connection.execute(entries.update().values(status="sent", send_at=past))


def test_the_command_forgets_and_says_so_to_machines(ready: Shell, tmp_path: Path) -> None:
    """One object; a day that is none, or no day at all, is exit 2."""
    old_week(ready, tmp_path)
    assert ready.run("ledger", "purge").code == 2
    assert ready.run("ledger", "purge", "--before", "last week").code == 2
    ran = ready.run("ledger", "purge", "--before", "2099-01-01", "--json")
    assert (ran.code, ran.json["purged"], ran.json["entries"]) == (0, True, 1)
    exported = json.loads(ready.run("ledger", "export").out)
    assert (exported["message"], exported["campaign_name"]) == ("", "Campaign 1")
    assert ready.run("report", "--since", "2020-01-01").code == 0
    assert ready.run("report", "--evidence", "1").code == 0
    assert ready.run("ledger", "show", "1").code == 0


def test_a_person_at_a_terminal_is_asked(ready: Shell, tmp_path: Path) -> None:
    """A no forgets nothing, --yes asks nobody."""
    old_week(ready, tmp_path)
    environ = {name: value for name, value in os.environ.items() if name.startswith("CAMPAIGN_BATCH_")}
    words = ["ledger", "purge", "--before", "2099-01-01"]
    code, shown = answer_at_terminal(words, [("[y/N]", "n")], tmp_path, **environ)
    assert (code, "for good?" in shown, "nothing was forgotten" in shown) == (0, True, True), shown
    with open_ledger(ready.ledger_url, now=datetime.now(UTC)) as ledger:
        assert ledger.entries.get(1).message
    code, shown = answer_at_terminal([*words, "--yes"], [], tmp_path, **environ)
    assert (code, "forgot texts" in shown) == (0, True), shown


def test_nothing_is_forgotten_while_somebody_submits(ready: Shell, tmp_path: Path) -> None:
    """It would take the text from under a run."""
    old_week(ready, tmp_path)
    now = datetime.now(UTC)
    with open_ledger(ready.ledger_url, now=now) as ledger, ledger.lock.hold("ana", now):
        assert ready.run("ledger", "purge", "--before", "2099-01-01").code == 3
        assert ledger.entries.get(1).message


def test_the_index_of_words_is_forgotten_with_the_texts(desk: Bench) -> None:
    """Which entries have which three letters would tell what they said."""
    with desk.ledger() as ledger:
        if ledger.path is None:
            pytest.skip("a database has no index of words beside it")
        index = ledger.path.with_name(f"{ledger.path.name}-words")
        assert list(ledger.entries.select(words="pumpkin"))
        assert index.exists()
    assert purge(desk).done
    assert not index.exists()
    with desk.ledger() as ledger:
        assert not list(ledger.entries.select(words="pumpkin", statuses={Status.SENT}))
