"""The intent is on disk before a byte leaves, the outcome changes only what it may, and the past is never rewritten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import DBAPIError

from batch.adapters.ledger import Ledger
from batch.adapters.ledger.entries import PAGE
from batch.adapters.ledger.forms import write_time
from batch.adapters.ledger.tables import attempts, entries
from batch.model import Action, Answer, Issue, Level, Listed, Outcome, Status, StatusChange
from batch.model.errors import LedgerError, UsageError
from tests.ledger_support import (
    ACCEPTED,
    BACK_TO_PLANNED,
    IN_DOUBT,
    LEAD,
    NOW,
    accept,
    claim,
    decide,
    doubt,
    finish,
    finish_and_claim,
    make_campaign,
    plan,
    plan_one,
)


def change(ledger: Ledger, entry: int, to: Status, expected: Status, **more) -> bool:
    """Change a status by hand."""
    return ledger.changes.make(StatusChange(entry, to, expected=(expected,), why="because", who="bo", now=NOW, **more))


def test_an_intent_is_an_attempt_and_a_change(ledger: Ledger) -> None:
    """Number, time and hash of the payload, before anything is sent."""
    entry = plan_one(ledger)
    assert claim(ledger, entry) == 1
    (attempt,) = ledger.attempts.of(entry)
    assert (attempt.number, attempt.started_at, attempt.ended_at, attempt.payload_hash) == (1, NOW, None, "hash")
    assert ledger.entries.get(entry).status is Status.SUBMITTING
    assert [change.new for change in ledger.changes.of(entry)] == [Status.PLANNED, Status.SUBMITTING]
    assert ledger.entries.get(entry).attempts == 0


def test_a_second_intent_writes_nothing(ledger: Ledger) -> None:
    """An entry is claimed once."""
    entry = plan_one(ledger)
    assert claim(ledger, entry) == 1
    assert claim(ledger, entry) is None
    assert len(ledger.attempts.of(entry)) == 1


def test_an_outcome_and_the_next_intent_are_what_both_are_apart(ledger: Ledger) -> None:
    """The first is accepted, the second under way, and the history tells it in this order."""
    first, second = plan(ledger, decide(2), decide(3)).values()
    claim(ledger, first)
    assert finish_and_claim(ledger, first, second) == 1
    assert ledger.entries.get(first).status is Status.ACCEPTED
    (attempt,) = ledger.attempts.of(second)
    assert (attempt.started_at, attempt.ended_at, attempt.payload_hash) == (NOW, None, "hash")
    assert ledger.entries.get(second).status is Status.SUBMITTING
    assert finish(ledger, second, 1, BACK_TO_PLANNED)
    assert ledger.upkeep.verify(NOW) == ()


def test_an_outcome_is_written_whether_the_next_entry_may_go_or_not(ledger: Ledger) -> None:
    """Whoever pauses or cancels meanwhile stops the next one, and loses no answer."""
    first, second = plan(ledger, decide(2), decide(3)).values()
    claim(ledger, first)
    ledger.pauses.add("wait", "ann", NOW)
    assert finish_and_claim(ledger, first, second) is None
    assert [ledger.entries.get(entry).status for entry in (first, second)] == [Status.ACCEPTED, Status.PLANNED]
    assert ledger.attempts.of(second) == ()


def test_nothing_goes_on_an_outcome_that_comes_too_late(ledger: Ledger) -> None:
    """Somebody else ended the attempt: the run that made it begins nothing with it."""
    first, second = plan(ledger, decide(2), decide(3)).values()
    claim(ledger, first)
    ledger.attempts.doubt_orphans(NOW, "ann")
    assert finish_and_claim(ledger, first, second) is None
    assert [ledger.entries.get(entry).status for entry in (first, second)] == [Status.IN_DOUBT, Status.PLANNED]


def test_an_outcome_and_the_next_intent_are_written_both_or_not_at_all(ledger: Ledger) -> None:
    """What fails between the two leaves the first under way, to be written again."""
    first, second = plan(ledger, decide(2), decide(3)).values()
    claim(ledger, first)
    with ledger._transactions.engine.begin() as connection:
        connection.execute(insert(attempts).values(entry=second, number=7, started_at=write_time(NOW)))  # still open
    with pytest.raises(LedgerError):
        finish_and_claim(ledger, first, second)
    assert [ledger.entries.get(entry).status for entry in (first, second)] == [Status.SUBMITTING, Status.PLANNED]
    assert finish(ledger, first, 1)


@pytest.mark.parametrize("action", [Action.HOLD, Action.WAIT, Action.CANCEL])
def test_only_a_planned_entry_is_claimed(ledger: Ledger, action: Action) -> None:
    """A held or waiting one never goes by accident."""
    entry = plan(ledger, decide(2, action))[2]
    assert claim(ledger, entry) is None
    assert ledger.attempts.of(entry) == ()


def test_the_lead_time_is_kept_to_the_second(ledger: Ledger) -> None:
    """At exactly the lead time it is too late."""
    entry = plan_one(ledger)
    send_at = make_campaign(2).send_at
    assert claim(ledger, entry, send_at - LEAD) is None
    assert claim(ledger, entry, send_at + LEAD) is None
    assert claim(ledger, entry, send_at - LEAD - timedelta(seconds=1)) == 1


@pytest.mark.parametrize("bring", [claim, doubt], ids=["submitting", "in_doubt"])
def test_no_twin_goes_while_the_first_is_uncertain(ledger: Ledger, bring) -> None:
    """The same text to the same groups at the same time under another key waits."""
    first = plan_one(ledger, 2)
    second = plan_one(ledger, 3)
    bring(ledger, first)
    fingerprint = ledger.entries.get(first).fingerprint
    with ledger._transactions.write() as connection:
        connection.execute(update(entries).where(entries.c.id == second).values(fingerprint=fingerprint))
    assert claim(ledger, second) is None
    assert change(ledger, first, Status.HELD, ledger.entries.get(first).status)
    assert claim(ledger, second) == 1


def test_nothing_is_claimed_while_submitting_is_paused(ledger: Ledger) -> None:
    """Until somebody lifts it; the first pause's words stay."""
    entry = plan_one(ledger)
    assert ledger.pauses.first() is None
    ledger.pauses.add("storm in the north", "ana", NOW)
    ledger.pauses.add("something else", "bo", NOW + timedelta(hours=1))
    found = ledger.pauses.first()
    assert found is not None
    assert (found.why, found.who, found.since) == ("storm in the north", "ana", NOW)
    assert claim(ledger, entry) is None
    assert ledger.pauses.lift("bo", NOW)
    assert not ledger.pauses.lift("bo", NOW)
    assert ledger.pauses.first() is None
    assert claim(ledger, entry) == 1


def test_an_acceptance_is_kept_whole(ledger: Ledger) -> None:
    """Id, ContactsCount, status, the answer and one attempt."""
    entry = plan_one(ledger)
    attempt = claim(ledger, entry)
    assert attempt == 1
    assert finish(ledger, entry, 1)
    found = ledger.entries.get(entry)
    assert (found.status, found.provider_id, found.contacts_count) == (Status.ACCEPTED, "501", 40)
    assert (found.provider_status_id, found.provider_status, found.attempts) == (1, "Pending", 1)
    (made,) = ledger.attempts.of(entry)
    assert (made.ended_at, made.outcome, made.http_status) == (NOW, "accepted", 200)
    assert (made.why, made.answer) == ("accepted", '{"Id": "501"}')
    last = ledger.changes.of(entry)[-1]
    assert (last.old, last.new, last.why, last.who) == (Status.SUBMITTING, Status.ACCEPTED, "accepted", "ana")
    assert ledger.upkeep.verify(NOW) == ()


def test_an_outcome_counts_only_for_its_own_attempt(ledger: Ledger) -> None:
    """A late answer to an older attempt changes nothing."""
    entry = plan_one(ledger)
    assert claim(ledger, entry) == 1
    assert finish(ledger, entry, 1, BACK_TO_PLANNED)
    assert not finish(ledger, entry, 1)
    assert claim(ledger, entry) == 2
    assert not finish(ledger, entry, 1)
    assert not finish(ledger, entry, 3)
    assert not finish(ledger, 99, 1)
    assert ledger.entries.get(entry).status is Status.SUBMITTING
    assert finish(ledger, entry, 2)
    assert ledger.upkeep.verify(NOW) == ()


def test_a_refusal_for_now_is_no_attempt_that_counts(ledger: Ledger) -> None:
    """A 429 leaves the three that an entry has."""
    entry = plan_one(ledger)
    for number in (1, 2, 3, 4):
        assert claim(ledger, entry) == number
        assert finish(ledger, entry, number, BACK_TO_PLANNED)
    assert ledger.entries.get(entry).attempts == 0
    assert claim(ledger, entry) == 5
    assert finish(ledger, entry, 5, IN_DOUBT)
    assert ledger.entries.get(entry).attempts == 1
    assert ledger.upkeep.verify(NOW) == ()


def test_the_providers_words_join_the_issues_once(ledger: Ledger) -> None:
    """What the checks found stays beside them."""
    ours = Issue(2, "B", "Message", "no-opt-out", "add STOP", Level.WARNING)
    theirs = Issue(2, "C", "GroupIds", "refused", "Group is invalid.", Level.ERROR)
    entry = plan(ledger, decide(2, issues=(ours,)))[2]
    assert claim(ledger, entry) == 1
    ledger.attempts.record_outcome(
        entry, 1, Outcome(Status.REJECTED, "refused", issues=(theirs, ours)), Answer(422), now=NOW, who="ana"
    )
    assert ledger.entries.get(entry).issues == (ours, theirs)
    assert ledger.known.matching(["ref:r2"], [], NOW)[0].last_codes == ("no-opt-out", "refused")


def test_a_long_answer_is_cut_and_none_is_none(ledger: Ledger) -> None:
    """4,000 characters are enough to see what it was; broken letters do no harm."""
    first, second = plan(ledger, decide(2), decide(3)).values()
    assert claim(ledger, first) == 1
    ledger.attempts.record_outcome(first, 1, IN_DOUBT, Answer(502, body=b"\xff" + b"x" * 9_000), now=NOW, who="ana")
    assert claim(ledger, second) == 1
    ledger.attempts.record_outcome(second, 1, IN_DOUBT, None, now=NOW, who="ana")
    assert ledger.attempts.of(first)[0].answer == "\ufffd" + "x" * 3_999
    assert (ledger.attempts.of(second)[0].http_status, ledger.attempts.of(second)[0].answer) == (None, "")


def test_one_id_belongs_to_one_entry(ledger: Ledger) -> None:
    """The database refuses the second; it stays as it was, to be doubted."""
    first, second = plan(ledger, decide(2), decide(3)).values()
    accept(ledger, first, "501")
    assert claim(ledger, second) == 1
    with pytest.raises(LedgerError, match="refused a change"):
        finish(ledger, second, 1, ACCEPTED)
    assert ledger.entries.get(second).status is Status.SUBMITTING
    assert ledger.attempts.doubt_orphans(NOW, "ana") == (second,)
    assert ledger.upkeep.verify(NOW) == ()


def test_a_status_moves_only_from_where_it_is_expected(ledger: Ledger) -> None:
    """With why, who and evidence on the record; what is not given stays."""
    entry = plan_one(ledger)
    doubt(ledger, entry)
    listed = Listed("777", contacts_count=41, status_id=3, status="Approved and Scheduled")
    assert not change(ledger, entry, Status.ACCEPTED, Status.HELD, listed=listed)
    assert not change(ledger, 99, Status.ACCEPTED, Status.HELD)
    assert ledger.entries.get(entry).provider_id == ""
    assert change(ledger, entry, Status.ACCEPTED, Status.IN_DOUBT, listed=listed, evidence="list of 15:05")
    found = ledger.entries.get(entry)
    assert (found.provider_id, found.contacts_count, found.provider_status) == ("777", 41, "Approved and Scheduled")
    last = ledger.changes.of(entry)[-1]
    assert (last.why, last.who, last.evidence, last.at) == ("because", "bo", "list of 15:05", NOW)
    assert change(ledger, entry, Status.SENT, Status.ACCEPTED, listed=Listed(""))
    assert ledger.entries.get(entry).provider_id == "777"
    assert ledger.upkeep.verify(NOW) == ()


def test_a_decision_of_a_person_brings_issues_and_releases(ledger: Ledger) -> None:
    """Given ones take the place of the old ones."""
    issue = Issue(2, "", "", "expired", "its time has passed", Level.ERROR)
    entry = plan(ledger, decide(2, Action.HOLD, issues=(Issue(2, "", "", "quiet-hours", "at night", Level.HOLD),)))[2]
    assert change(ledger, entry, Status.PLANNED, Status.HELD, released=("quiet-hours",), approved_by="bo", issues=())
    assert (ledger.entries.get(entry).issues, ledger.entries.get(entry).approved_by) == ((), "bo")
    assert change(ledger, entry, Status.EXPIRED, Status.PLANNED, issues=(issue,))
    assert ledger.entries.get(entry).issues == (issue,)
    known = ledger.known.matching(["ref:r2"], [], NOW)[0]
    assert (known.released, known.last_codes) == (("quiet-hours",), ("expired",))


def test_a_submitting_entry_that_is_moved_ends_its_attempt(ledger: Ledger) -> None:
    """So that no attempt is left open for ever."""
    entry = plan_one(ledger)
    assert claim(ledger, entry) == 1
    assert change(ledger, entry, Status.HELD, Status.SUBMITTING)
    assert (ledger.attempts.of(entry)[0].ended_at, ledger.attempts.of(entry)[0].outcome) == (NOW, "held")
    assert ledger.entries.get(entry).attempts == 1
    assert ledger.upkeep.verify(NOW) == ()


def test_a_cancellation_is_listed_until_it_is_confirmed(ledger: Ledger) -> None:
    """What is sent, cancelled or replaced cannot be cancelled."""
    entry = plan_one(ledger)
    accept(ledger, entry)
    assert ledger.entries.cancellations() == ()
    assert ledger.changes.request_cancel(entry, "wrong price", "ana", NOW)
    assert [found.id for found in ledger.entries.cancellations()] == [entry]
    assert ledger.entries.get(entry).cancel_why == "wrong price"
    assert ledger.changes.of(entry)[-1].why == "cancellation asked for: wrong price"
    assert change(ledger, entry, Status.CANCELLED, Status.ACCEPTED)
    assert ledger.entries.cancellations() == ()
    assert not ledger.changes.request_cancel(entry, "again", "ana", NOW)
    assert not ledger.changes.request_cancel(99, "none", "ana", NOW)
    assert ledger.upkeep.verify(NOW) == ()


def test_planned_entries_come_by_send_time(ledger: Ledger) -> None:
    """The earliest first, of one batch or of all."""
    later = plan(ledger, decide(2, send_at=NOW + timedelta(days=3)), decide(3, send_at=NOW + timedelta(days=1)))
    sooner = plan(ledger, decide(4, send_at=NOW + timedelta(days=2)), decide(5, Action.HOLD))
    assert [entry.id for entry in ledger.entries.planned()] == [later[3], sooner[4], later[2]]
    assert [entry.id for entry in ledger.entries.planned(batch=2)] == [sooner[4]]


def test_entries_are_narrowed_by_all_that_is_given(ledger: Ledger) -> None:
    """Status, number, due time (from within, until without), change, batch."""
    first = plan(ledger, decide(2, send_at=NOW + timedelta(days=1)), decide(3, send_at=NOW + timedelta(days=2)))
    second = plan(ledger, decide(4, Action.HOLD, send_at=NOW + timedelta(days=3)))
    ids = [first[2], first[3], second[4]]

    def found(**wanted) -> list[int]:
        return [entry.id for entry in ledger.entries.select(**wanted)]

    assert found() == ids
    assert found(batch=1) == ids[:2]
    assert found(statuses=(Status.HELD,)) == ids[2:]
    assert found(statuses=()) == []
    assert found(ids=(ids[2], ids[0], 99)) == [ids[0], ids[2]]
    assert found(due_from=NOW + timedelta(days=2)) == ids[1:]
    assert found(due_from=NOW, due_until=NOW + timedelta(days=2)) == ids[:1]
    assert found(changed_since=NOW + timedelta(seconds=1)) == []
    assert found(changed_since=NOW, statuses=(Status.PLANNED,), batch=1) == ids[:2]
    with pytest.raises(UsageError, match="there is no entry 99"):
        ledger.entries.get(99)


def test_words_find_a_campaign_by_whatever_people_remember(ledger: Ledger) -> None:
    """Store, group, name, Id, in capitals or not, letters of every language, all words together."""
    entry = plan(ledger, decide(2, store="Café Zürich 100%"), decide(3, store="Bern"))[2]
    accept(ledger, entry, "98765")

    def found(words) -> list[int]:
        return [one.id for one in ledger.entries.select(words=words)]

    for words in ("CAFÉ", "zürich sale", "98765", "R2", "100%", ["Café Zürich"], ledger.entries.get(entry).tag.upper()):
        assert found(words) == [entry], words
    assert found("été vip") == [1, 2]
    assert found("zürich bern") == []
    assert found("1_0%") == []
    assert found("") == [1, 2]


def test_the_ledger_is_written_to_while_it_is_read(ledger: Ledger) -> None:
    """No transaction stays open between two entries, though there are more than a page of them."""
    plan(ledger, *(decide(number) for number in range(2, PAGE + 12)))
    seen = 0
    for entry in ledger.entries.select():
        if seen % 500 == 0:
            assert claim(ledger, entry.id) == 1
        seen += 1
    assert seen == PAGE + 10
    assert len(list(ledger.entries.select(statuses=(Status.SUBMITTING,)))) == 5


def test_histories_and_attempts_come_in_bulk(ledger: Ledger) -> None:
    """An entry without any has an empty one."""
    first, second = plan(ledger, decide(2), decide(3)).values()
    accept(ledger, first)
    assert {entry: len(changes) for entry, changes in ledger.changes.of_each((first, second)).items()} == {
        first: 3,
        second: 1,
    }
    assert {entry: len(made) for entry, made in ledger.attempts.of_each((first, second)).items()} == {
        first: 1,
        second: 0,
    }
    assert ledger.changes.of_each(()) == {}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history SET why = 'nicer'",
        "DELETE FROM history",
        "UPDATE attempts SET outcome = 'accepted'",
        "DELETE FROM attempts",
        "DELETE FROM entries",
    ],
)
def test_the_past_is_never_rewritten(ledger: Ledger, statement: str) -> None:
    """Not even by somebody with a database tool."""
    accept(ledger, plan_one(ledger))
    refused = pytest.raises(DBAPIError, match=r"append-only|closed once|never deleted")
    with ledger._transactions.engine.begin() as connection, refused:
        connection.exec_driver_sql(statement)


def test_a_time_without_a_zone_never_enters(ledger: Ledger) -> None:
    """It would be read as UTC, hours off."""
    entry = plan_one(ledger)
    with pytest.raises(ValueError, match="without a zone"):
        claim(ledger, entry, NOW.replace(tzinfo=None))
