"""What the provider's lists showed is kept, mails wait in the outbox, and damage is found."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import pytest

from batch.adapters.ledger import EXPORT_KEYS, EXPORT_ONLY, Ledger, open_ledger
from batch.adapters.ledger.lists import _write_listed
from batch.adapters.report.machine import FIELDS
from batch.model import Action, DeliveryCount, Finding, FindingKind, Issue, Level, Listed, Posted, Status
from tests.ledger_support import NOW, accept, claim, decide, open_at, plan, plan_one

HOUR = timedelta(hours=1)


def test_an_observation_is_kept_only_when_it_differs(ledger: Ledger) -> None:
    """So that a status has a history, and a quiet year costs nothing."""
    entry = plan_one(ledger)
    accept(ledger, entry)
    pending = Listed("501", "Sale 2", "Hi", "2031-03-05 10:00:00", ("100", "7"), 0, 40, 1, "Pending")
    approved = Listed("501", "Sale 2", "Hi", "2031-03-05 10:00:00", ("100", "7"), 0, 42, 2, "Approved and Scheduled")
    sent = Listed("501", "Sale 2", "Hi", "2031-03-05 10:00:00", None, 0, 42, 2, "Approved and Scheduled")
    assert ledger.lists.observe([(entry, pending, "scheduled")], NOW) == 1
    assert ledger.lists.observe([(entry, pending, "scheduled")], NOW + HOUR) == 0
    assert ledger.lists.observe([(entry, approved, "scheduled")], NOW + 2 * HOUR) == 1
    assert ledger.lists.observe([(entry, sent, "sent")], NOW + 3 * HOUR) == 1
    assert ledger.lists.observe([(99, sent, "sent")], NOW) == 0
    seen = ledger.lists.observations(entry)
    assert [(one.at, one.where, one.listed) for one in seen] == [
        (NOW, "scheduled", pending),
        (NOW + 2 * HOUR, "scheduled", approved),
        (NOW + 3 * HOUR, "sent", sent),
    ]
    found = ledger.entries.get(entry)
    assert (found.contacts_count, found.provider_status_id) == (42, 2)
    assert (found.provider_status, found.changed_at) == ("Approved and Scheduled", NOW + 3 * HOUR)
    assert found.status is Status.ACCEPTED


def test_what_was_seen_is_written_to_the_letter_as_ever() -> None:
    """Its hash says whether a campaign is shown as before: in another form all of them would be seen anew."""
    odd = Listed("501", 'Sale "2" \\ é\n\x01\u2028\ud800', "", "2031-03-05 10:00:00", (), 0, 40, status="Pending")
    groups = replace(odd, group_ids=("100", "7"), type_recipients=None, mms_template_id=0, subject="So")
    for listed in (odd, groups, Listed("")):
        shown = {name: value for name, value in asdict(listed).items() if value not in {None, ""}}
        assert _write_listed(listed) == json.dumps(shown, ensure_ascii=False, separators=(",", ":"))


def test_what_a_list_does_not_show_is_not_forgotten(ledger: Ledger) -> None:
    """The sent history may lack the counts that the scheduled list had."""
    entry = plan_one(ledger)
    accept(ledger, entry)
    ledger.lists.observe([(entry, Listed("501", "Sale 2"), "sent")], NOW)
    found = ledger.entries.get(entry)
    assert (found.contacts_count, found.provider_status) == (40, "Pending")
    assert ledger.lists.observations(entry)[0].listed == Listed("501", "Sale 2")


def test_of_two_campaigns_of_an_entry_the_one_shown_last_counts(ledger: Ledger) -> None:
    """About its time a campaign may stand on both lists, each with a number of contacts, or with none."""
    entry = plan_one(ledger)
    accept(ledger, entry)
    first, second, third = (
        Listed("501", "Sale 2", contacts_count=n, status=s) for n, s in ((41, "a"), (None, "b"), (41, "c"))
    )
    assert ledger.lists.observe([(entry, one, "scheduled") for one in (first, second, third)], NOW) == 3
    assert ledger.lists.observe([(entry, third, "scheduled")], NOW) == 0
    found = ledger.entries.get(entry)
    assert (found.contacts_count, found.provider_status) == (41, "c")


def test_a_campaign_made_elsewhere_is_acknowledged_once(ledger: Ledger) -> None:
    """Twice does no harm."""
    assert ledger.findings.acknowledged() == set()
    ledger.findings.acknowledge("900", "made by marketing", "ana", NOW)
    ledger.findings.acknowledge("900", "still theirs", "bo", NOW)
    assert ledger.findings.acknowledged() == {"900"}


def test_a_finding_stays_open_on_its_campaign_until_it_is_compared_anew(ledger: Ledger) -> None:
    """A comparison that did not see the campaign leaves it open; one that finds it well closes it."""
    entry = plan_one(ledger)
    stranger = Finding(FindingKind.UNEXPECTED, "made elsewhere", provider_id="900")
    drift = Finding(FindingKind.DRIFTED, "words", "drifted", entry, "501", "Sale", "DateTime", "10:00", "11:00")
    first = ledger.findings.record([drift, stranger], {entry}, NOW)
    assert ledger.entries.get(entry).findings == (drift,)
    assert ledger.findings.record([stranger], set(), NOW + HOUR) == first + 1
    assert ledger.entries.get(entry).findings == (drift,)
    ledger.findings.record([], {entry}, NOW + 2 * HOUR)
    assert ledger.entries.get(entry).findings == ()


def test_what_a_person_acknowledged_is_not_open_any_more_and_anything_else_is(ledger: Ledger) -> None:
    """The same difference is known; the provider showing another time is news."""
    entry = plan_one(ledger)
    drift = Finding(FindingKind.DRIFTED, "words", "drifted", entry, "501", "Sale", "DateTime", "10:00", "11:00")
    ledger.findings.record([drift], {entry}, NOW)
    ledger.findings.acknowledge_entry(entry, [drift.mark], why="told the store", who="ana", now=NOW)
    found = ledger.entries.get(entry)
    assert (found.findings, found.acknowledged) == ((), {("drifted", "DateTime", "11:00")})
    later = replace(drift, theirs="12:00")
    ledger.findings.record([drift, later], {entry}, NOW + HOUR)
    assert ledger.entries.get(entry).findings == (later,)


def test_delivery_goes_on_where_it_stopped(ledger: Ledger) -> None:
    """Pages add up; one that is read again takes its own place; page 1 begins anew."""
    entry = plan_one(ledger)
    delivered, failed = DeliveryCount(2, "Delivered", 90), DeliveryCount(3, "Failed", 10)
    assert ledger.deliveries.progress(entry) is None
    ledger.deliveries.record(entry, 1, (delivered, failed), False, NOW)
    ledger.deliveries.record(entry, 2, (DeliveryCount(2, "Delivered", 50),), False, NOW)
    ledger.deliveries.record(entry, 2, (DeliveryCount(2, "Delivered", 60),), True, NOW + HOUR)
    assert ledger.deliveries.of_each((entry, 99)) == {entry: (DeliveryCount(2, "Delivered", 150), failed)}
    progress = ledger.deliveries.progress(entry)
    assert progress is not None
    assert (progress.page, progress.final, progress.at) == (2, True, NOW + HOUR)
    ledger.deliveries.record(entry, 1, (delivered,), False, NOW)
    assert ledger.deliveries.of_each((entry,)) == {entry: (delivered,)}


def test_the_pace_is_shared(ledger: Ledger, database: str) -> None:
    """Another process sees it; a shorter silence never ends a longer one."""
    assert ledger.journal.silent_until() == 0.0
    ledger.journal.set_silent_until(1_900_000_000.25)
    ledger.journal.set_silent_until(1_800_000_000.0)
    with open_ledger(database, now=NOW) as other:
        assert other.journal.silent_until() == 1_900_000_000.25


def test_the_last_run_of_each_kind_is_known(ledger: Ledger) -> None:
    """For `doctor`, and for the digest that notices a missed week."""
    assert ledger.journal.last_run("submit") is None
    ledger.journal.note_run("submit", NOW, "25 scheduled")
    ledger.journal.note_run("submit", NOW + HOUR, "1 scheduled")
    ledger.journal.note_run("file", NOW)
    found = ledger.journal.last_run("submit")
    assert found is not None
    assert (found.kind, found.at, found.words) == ("submit", NOW + HOUR, "1 scheduled")


def test_group_names_are_remembered(ledger: Ledger) -> None:
    """A name that means another id than last time is noticed; names not seen today stay."""
    assert ledger.groups.named() == {}
    ledger.groups.remember_named([("VIP", "7"), ("Café", "8")], NOW)
    ledger.groups.remember_named([("VIP", "9")], NOW + HOUR)
    assert ledger.groups.named() == {"VIP": "9", "Café": "8"}


def test_a_mail_waits_until_the_server_took_it(ledger: Ledger) -> None:
    """Tried again when it is due, with what the server said; its key goes once, also after success."""
    body = b"Subject: Week 48\r\n\r\n\xe2\x80\xa6"
    assert ledger.outbox.add(["ana@example.com", "bo@example.com"], "Week 48", body, "report", "batch-1", NOW)
    assert not ledger.outbox.add(["ana@example.com"], "Week 48", body, "report", "batch-1", NOW)
    (mail,) = ledger.outbox.due(NOW)
    assert (mail.to, mail.subject, mail.body) == (("ana@example.com", "bo@example.com"), "Week 48", body)
    assert (mail.kind, mail.dedupe_key, mail.added_at, mail.tries, mail.words) == ("report", "batch-1", NOW, 0, "")
    assert ledger.outbox.note_failed(mail.id, "451 try later", NOW + HOUR)
    assert ledger.outbox.due(NOW) == ()
    (mail,) = ledger.outbox.unsent()
    assert (mail.tries, mail.words, mail.next_try) == (1, "451 try later", NOW + HOUR)
    assert ledger.outbox.due(NOW + HOUR) == (mail,)
    assert ledger.outbox.note_sent(mail.id, NOW + HOUR)
    assert not ledger.outbox.note_sent(mail.id, NOW + HOUR)
    assert not ledger.outbox.note_failed(mail.id, "too late", NOW)
    assert ledger.outbox.unsent() == ()
    assert not ledger.outbox.add(["ana@example.com"], "Week 48", body, "report", "batch-1", NOW + 2 * HOUR)


def test_an_export_has_exactly_the_promised_keys(ledger: Ledger) -> None:
    """Lists as lists, the time in UTC, ready for JSON."""
    issue = Issue(2, "B", "Message", "no-opt-out", "add STOP", Level.WARNING)
    entry = plan(ledger, decide(2, issues=(issue,)))[2]
    accept(ledger, entry)
    (line,) = ledger.export()
    assert tuple(line) == (*EXPORT_KEYS, "attempt_log", "history")
    assert " ".join(EXPORT_KEYS) == (
        "entry batch file sheet row key reference tag campaign_name provider_name message group_ids group_names "
        "send_at send_at_provider type_recipients mms_template_id subject status provider_id contacts_count "
        "provider_status_id provider_status issues attempts submitted_by approved_by fingerprint zone "
        "mms_high_resolution expected_contacts owner purpose fields parts encoding machine cancel_why replaced_by "
        "changed_at delivered failed opted_out"
    )
    assert (line["delivered"], line["failed"], line["opted_out"]) == (None, None, None)
    assert line["group_ids"] == ["100", "7"]
    assert line["send_at"] == "2031-03-05T15:02:00+00:00"
    assert (line["status"], line["provider_id"], line["attempts"]) == ("accepted", "501", 1)
    assert line["issues"][0]["code"] == "no-opt-out"
    assert [one["outcome"] for one in line["attempt_log"]] == ["accepted"]
    assert [(one["old"], one["new"]) for one in line["history"]] == [
        (None, "planned"), ("planned", "submitting"), ("submitting", "accepted"),
    ]  # fmt: skip
    assert json.loads(json.dumps(line)) == line


def test_an_export_says_how_a_campaign_arrived(ledger: Ledger) -> None:
    """Once the provider's delivery was read, in line and table; what is pending counts in none of them."""
    entry = plan(ledger, decide(2))[2]
    counts = (DeliveryCount(2, "Delivered", 398), DeliveryCount(3, "Failed", 9), DeliveryCount(9, "Optedout", 5))
    ledger.deliveries.record(entry, 1, (*counts, DeliveryCount(1, "Pending", 7)), True, NOW)
    (line,) = ledger.export()
    assert (line["delivered"], line["failed"], line["opted_out"]) == (398, 9, 5)
    frame = ledger.to_frame()
    assert (frame["delivered"][0], frame["failed"][0], frame["opted_out"][0]) == (398, 9, 5)


def test_the_readme_explains_every_field_of_an_export() -> None:
    """Those of a report in its table, the rest below; nothing is explained that is not there."""
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert "".join(f"| `{name}` | {words} |\n" for name, words in EXPORT_ONLY.items()) in readme
    assert {*EXPORT_KEYS, "attempt_log", "history"} == set(EXPORT_ONLY) | (set(EXPORT_KEYS) & set(FIELDS))


def test_a_frame_has_one_row_an_entry(ledger: Ledger) -> None:
    """With real times, empty where there is none."""
    assert list(ledger.to_frame().columns) == list(EXPORT_KEYS)
    plan(ledger, decide(2), decide(3, Action.HOLD))
    frame = ledger.to_frame()
    assert list(frame["status"]) == ["planned", "held"]
    assert frame["send_at"].dt.hour.tolist() == [15, 15]


DAMAGE = {
    "an Id twice": (
        "DROP INDEX one_entry_an_id; UPDATE entries SET provider_id = '501' WHERE id = 2",
        "the same Id 501",
    ),
    "a key twice": (
        "DROP INDEX one_open_entry_a_key; UPDATE entries SET key = 'k' WHERE id IN (3, 4)",
        'both open with the key "k"',
    ),
    "nothing to send": ("UPDATE entries SET fingerprint = '' WHERE id = 3", "without what it would send"),
    "an attempt left open": (
        "UPDATE entries SET status = 'planned' WHERE id = 4",
        "attempt 1 of entry 4 is open, but the entry is planned",
    ),
    "no attempt": ("UPDATE entries SET status = 'submitting' WHERE id = 3", "being submitted without an open attempt"),
    "two open attempts": (
        (
            "DROP INDEX one_open_attempt_an_entry; "
            "INSERT INTO attempts (entry, number, started_at) VALUES (4, 2, '2031-03-03')"
        ),
        "entry 4 has 2 attempts that are not ended",
    ),
    "a lost attempt": ("UPDATE entries SET attempts = 3 WHERE id = 1", "entry 1 counts 3 attempts, its record shows 1"),
    "a gap in the attempts": (
        "INSERT INTO attempts (entry, number, started_at, ended_at) VALUES (1, 9, '2031-03-03', '2031-03-03')",
        "the attempts of entry 1 are not numbered",
    ),
    "an Id lost": ("UPDATE entries SET provider_id = '' WHERE id = 1", "entry 1 is accepted without an Id"),
    "a status without a change": (
        "UPDATE entries SET status = 'held' WHERE id = 3",
        "entry 3 is held, its history ends",
    ),
    "a history lost": (
        "DROP TRIGGER IF EXISTS history_is_never_deleted; DELETE FROM history WHERE entry = 3",
        "entry 3 has no history",
    ),
    "a hole in the history": (
        "DROP TRIGGER IF EXISTS history_is_never_deleted; DELETE FROM history WHERE entry = 1 AND new = 'submitting'",
        "the history of entry 1 has a gap between planned and submitting",
    ),
    "a guard taken away": ("DROP TRIGGER attempts_are_closed_once", "the rule attempts_are_closed_once was taken out"),
    "a row lost": ("DELETE FROM batch_rows WHERE row = 5", "batch 1 has 4 rows, but 3 are accounted for"),
    "a row of another entry": ("UPDATE batch_rows SET entry = 2 WHERE row = 4", "entry 3 says it is row 4 of batch 1"),
    "replaced by nothing": ("UPDATE entries SET status = 'replaced' WHERE id = 3", "nothing says by what"),
    "a wrong clock": (
        "INSERT INTO history (entry, at, old, new) VALUES (3, '2099-01-01T00:00:00+00:00', 'planned', 'planned')",
        "a clock was wrong",
    ),
}


def test_planted_damage_is_found(ledger: Ledger) -> None:
    """Each invariant catches its own breach, in words; one is planted after the other in one ledger."""
    plan(ledger, decide(2), decide(3, Action.HOLD), decide(4), decide(5))
    accept(ledger, 1)
    claim(ledger, 4)
    assert ledger.upkeep.verify(NOW) == ()
    for name, (statements, words) in DAMAGE.items():
        assert not any(words in problem for problem in ledger.upkeep.verify(NOW)), name
        change(ledger, *statements.split("; "))
        assert any(words in problem for problem in ledger.upkeep.verify(NOW)), (name, ledger.upkeep.verify(NOW))


def change(ledger: Ledger, *statements: str) -> None:
    """Change a ledger behind the program's back; PostgreSQL wants to hear of which table a trigger is."""
    with ledger._transactions.engine.begin() as connection:
        for statement in statements:
            table = re.match(r"DROP TRIGGER (?:IF EXISTS )?([a-z]+)", statement)
            on = f" ON {table[1]}" if table and ledger.path is None else ""
            connection.exec_driver_sql(statement + on)


def test_a_guard_that_is_switched_off_is_found(url: str) -> None:
    """PostgreSQL lets its owner do so, and nobody sees it by looking at the tables."""
    with open_ledger(url, now=NOW) as ledger:
        change(ledger, "ALTER TABLE history DISABLE TRIGGER history_is_never_deleted")
        assert ledger.upkeep.verify(NOW) == ("the rule history_is_never_deleted was taken out of the ledger",)


def test_a_line_that_names_nothing_is_found(tmp_path: Path) -> None:
    """A file can be written to by what does not look at its rules; a database keeps them itself."""
    open_at(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "ledger.sqlite3")
    connection.executescript("PRAGMA foreign_keys=OFF; INSERT INTO preview_rows VALUES (1, 77, 'x')")
    connection.close()
    with open_at(tmp_path) as ledger:
        assert "a line of preview_rows names a line of entries that is not there" in ledger.upkeep.verify(NOW)


def test_a_damaged_file_is_found(tmp_path: Path) -> None:
    """A page of entries overwritten in the middle."""
    with open_at(tmp_path) as ledger:
        plan(ledger, *(decide(number) for number in range(2, 300)))
    path = tmp_path / "ledger.sqlite3"
    content = bytearray(path.read_bytes())
    entries = [at for at in range(0, len(content), 4096) if content.count(b"America/", at, at + 4096) > 1]
    middle = entries[len(entries) // 2]
    content[middle : middle + 4096] = b"\x5a" * 4096
    path.write_bytes(content)
    with open_at(tmp_path) as ledger:
        assert "damaged" in ledger.upkeep.verify(NOW)[0]


def test_many_breaches_of_a_kind_are_counted(ledger: Ledger) -> None:
    """Five are shown, the rest is a number."""
    plan(ledger, *(decide(number) for number in range(2, 12)))
    change(ledger, "UPDATE entries SET attempts = 1")
    problems = ledger.upkeep.verify(NOW)
    assert len(problems) == 6
    assert problems[-1] == "... and 5 more of the same kind"


def test_what_was_posted_is_streamed_as_its_entries_have_it(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The soonest first, page by page, two at one moment too; what is not accepted, or to be cancelled, is left out."""
    monkeypatch.setattr("batch.adapters.ledger.entries.PAGE", 2)
    at = [NOW + days * timedelta(days=1) for days in (9, 2, 2, 2, 3, 4)]
    numbers = list(plan(ledger, *(decide(row, send_at=moment) for row, moment in enumerate(at, 2))).values())
    for entry in numbers[:5]:
        accept(ledger, entry, str(500 + entry))
    ledger.changes.request_cancel(numbers[4], "wrong", "ana", NOW)
    posted = list(ledger.entries.posted(due_from=NOW))
    assert [one.id for one in posted] == [*numbers[1:4], numbers[0]]
    entries = {entry.id: entry for entry in ledger.entries.select()}
    assert all(one == tuple(getattr(entries[one.id], name) for name in Posted._fields) for one in posted)
    assert list(ledger.entries.posted(due_from=at[4])) == posted[3:]
    assert ledger.entries.numbers({Status.ACCEPTED}, due_from=at[4]) == {numbers[0], numbers[4]}
