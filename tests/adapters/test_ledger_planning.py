"""A plan becomes entries: each row accounted for, nothing that may have gone ever renewed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import timedelta

import pytest

from batch.adapters.ledger import BatchRow, Ledger
from batch.adapters.ledger.cutting import cut_issues
from batch.model import Action, Brief, Issue, Level, Status, StatusChange
from batch.model.errors import LedgerError, UsageError
from tests.ledger_support import (
    HEADER,
    NOW,
    accept,
    add_batch,
    claim,
    decide,
    decide_invalid,
    doubt,
    make_batch,
    make_campaign,
    plan,
    plan_one,
    record_plan,
)


def test_a_batch_is_read_back_as_it_was_taken_in(ledger: Ledger) -> None:
    """Who, where, how many rows, what was wrong with the file."""
    issue = Issue(0, "", "", "hidden-columns", 'column "F" is hidden', Level.WARNING)
    number = add_batch(
        ledger,
        file="week 48.xlsx",
        sheet="Campaigns",
        file_hash="abc",
        taken_in_at=NOW,
        rows=25,
        blank=3,
        left_out=1,
        submitted_by="ana",
        machine="ops-pc",
        issues=(issue,),
    )
    found = ledger.batches.get(number)
    assert (found.file, found.sheet, found.file_hash, found.rows) == ("week 48.xlsx", "Campaigns", "abc", 25)
    assert (found.blank, found.left_out, found.submitted_by, found.machine) == (3, 1, "ana", "ops-pc")
    assert (found.taken_in_at, found.state, found.issues) == (NOW, "open", (issue,))


def test_batches_are_changed_and_listed(ledger: Ledger) -> None:
    """What is not given stays; a number that is none is an error."""
    first = make_batch(ledger, 1)
    second = add_batch(
        ledger,
        file="b.csv",
        sheet="",
        file_hash="",
        taken_in_at=NOW + timedelta(days=1),
        rows=0,
        blank=0,
        left_out=0,
        submitted_by="",
        machine="",
        state="waiting-for-approval",
    )
    ledger.batches.change(second, state="approved", approved_by="bo", now=NOW)
    ledger.batches.change(second, note="fine", now=NOW)
    found = ledger.batches.get(second)
    assert (found.state, found.approved_by, found.note) == ("approved", "bo", "fine")
    assert [batch.id for batch in ledger.batches.all()] == [first, second]
    assert [batch.id for batch in ledger.batches.all(since=NOW + timedelta(hours=1))] == [second]
    with pytest.raises(UsageError, match="there is no batch 99"):
        ledger.batches.get(99)
    with pytest.raises(UsageError, match="there is no batch 99"):
        ledger.batches.change(99, state="done", now=NOW)


def test_every_field_of_a_campaign_comes_back(ledger: Ledger) -> None:
    """As it was planned, with every cell of its row by header.

    A new field of a campaign is asked for too, unless the ledger keeps it under another name or not at all.
    """
    issue = Issue(2, "B", "Message", "no-opt-out", 'add "STOP"', Level.WARNING, "Sale")
    entry = ledger.entries.get(plan(ledger, decide(2, issues=(issue,)))[2])
    campaign = make_campaign(2)
    kept = {one.name for one in fields(campaign)} - {"name", "cancel", "parts", "contacts", "waits"}
    for name in sorted(kept):
        assert getattr(entry, name) == getattr(campaign, name), name
    assert (entry.campaign_name, entry.provider_name) == ("Sale 2", f"Sale 2 #{campaign.fingerprint[:8]}")
    assert (entry.tag, entry.send_at_provider) == (campaign.fingerprint[:8], "2031-03-05 10:00:00")
    assert (entry.parts, entry.encoding, entry.status, entry.issues) == (1, "GSM-7", Status.PLANNED, (issue,))
    assert entry.fields == {
        "CampaignName": "Sale 2",
        "Message": "text",
        "GroupIds": "100, 7",
        "DateTime": "3/5/2031 10:00 AM",
        "Store": "Store 2",
    }
    assert (entry.file, entry.sheet, entry.submitted_by, entry.machine) == ("week.xlsx", "Campaigns", "ana", "ops-pc")
    assert entry.changed_at == NOW


def test_each_action_has_its_status_and_the_totals_tie(ledger: Ledger) -> None:
    """Rows of the batch are as many as rows of the sheet, whatever became of them."""
    known = plan_one(ledger, 2)
    accept(ledger, known)
    unsure = plan_one(ledger, 3)
    doubt(ledger, unsure)
    batch = make_batch(ledger, 7)
    placed = record_plan(
        ledger,
        batch,
        [
            decide(2, Action.SKIP, entry=known, why="already scheduled as 501"),
            decide(3, Action.SETTLE, entry=unsure, why="being settled"),
            decide(4),
            decide(5, Action.HOLD, why="quiet hours"),
            decide(6, Action.WAIT, why="group empty"),
            decide(7, Action.CANCEL),
            decide_invalid(8),
        ],
        account="main",
        now=NOW,
        who="ana",
    )
    assert sorted(placed) == [2, 3, 4, 5, 6, 7, 8]
    rows = ledger.batches.rows(batch)
    assert [row.what for row in rows] == ["skipped", "settling", "planned", "held", "waiting", "cancelled", "invalid"]
    assert rows[0] == BatchRow(2, known, "skipped", "already scheduled as 501")
    assert {row.row: row.entry for row in rows} == placed
    assert [entry.id for entry in ledger.entries.select(batch=batch)] == sorted(placed.values())
    assert len(list(ledger.entries.select())) == 7
    assert ledger.entries.get(known).batch != batch
    assert ledger.upkeep.verify(NOW) == ()


def test_a_row_with_errors_keeps_what_can_be_read(ledger: Ledger) -> None:
    """So that people find it, and its fixed version meets it by its key."""
    entry = ledger.entries.get(plan(ledger, decide_invalid(8))[8])
    assert (entry.status, entry.campaign_name, entry.message) == (Status.INVALID, "Sale 8", "some text")
    assert (entry.fingerprint, entry.send_at, entry.key) == ("", None, "row:sale 8|")
    assert entry.fields["Store"] == "Store 8"
    assert entry.issues[0].code == "time-missing"


def test_no_half_command_is_kept_of_a_long_message() -> None:
    """`send it anyway with "campaign-batch submit FILE --allow close-…` is nothing that anybody could type."""
    long = f'{"x" * 150}: move one, or send it anyway with "campaign-batch submit FILE --allow close-to-another"'
    whole = f'type "campaign-batch resume", then {"x" * 200}'
    kept = [issue.message for issue in cut_issues([Issue(2, "", "", "close-to-another", one) for one in (long, whole)])]
    assert kept[0] == f"{'x' * 150}: move one, or send it anyway with …"
    assert kept[1].startswith('type "campaign-batch resume", then xxx')
    assert kept[1].endswith("x…")


def test_a_cancelled_row_without_an_entry_is_accounted_for(ledger: Ledger) -> None:
    """A skipped row may have met none."""
    batch = make_batch(ledger, 1)
    assert record_plan(ledger, batch, [decide(2, Action.SKIP)], account="main", now=NOW, who="ana") == {}
    assert ledger.batches.rows(batch) == (BatchRow(2, None, "skipped", ""),)
    assert ledger.upkeep.verify(NOW) == ()


def test_a_held_row_is_planned_anew_in_its_own_entry(ledger: Ledger) -> None:
    """Its attempts and history stay; batch, row and issues are those of the newest file."""
    issue = Issue(2, "D", "DateTime", "quiet-hours", "at night", Level.HOLD)
    entry = plan(ledger, decide(2, Action.HOLD, issues=(issue,)))[2]
    moved = replace(decide(2, entry=entry, store="Store new"), why="allowed")
    moved = replace(moved, checked=replace(moved.checked, row=replace(moved.checked.row, number=9)))
    batch = make_batch(ledger, 1, "second.xlsx")
    assert record_plan(ledger, batch, [moved], account="main", now=NOW + timedelta(hours=1), who="bo") == {9: entry}
    found = ledger.entries.get(entry)
    assert (found.status, found.batch, found.file, found.row) == (Status.PLANNED, batch, "second.xlsx", 9)
    assert (found.issues, found.fields["Store"]) == ((), "Store new")
    changes = ledger.changes.of(entry)
    assert [(change.old, change.new, change.who) for change in changes] == [
        (None, Status.HELD, "ana"),
        (Status.HELD, Status.PLANNED, "bo"),
    ]
    assert changes[1].why == "allowed"
    assert ledger.upkeep.verify(NOW) == ()


def test_what_a_person_let_go_counts_for_that_content_only(ledger: Ledger) -> None:
    """Released codes and the approval stay with the same fingerprint and fall with another."""
    entry = plan(ledger, decide(2, Action.HOLD))[2]
    ledger.changes.make(
        StatusChange(
            entry,
            Status.HELD,
            expected=(Status.HELD,),
            why="fine",
            who="bo",
            now=NOW,
            released=("quiet-hours",),
            approved_by="bo",
        )
    )
    plan(ledger, decide(2, Action.HOLD, entry=entry))
    (known,) = ledger.known.matching([f"ref:r{2}"], [], NOW)
    assert known.released == ("quiet-hours",)
    assert ledger.entries.get(entry).approved_by == "bo"
    plan(ledger, decide(2, Action.HOLD, entry=entry, text="something else"))
    (known,) = ledger.known.matching([f"ref:r{2}"], [], NOW)
    assert known.released == ()
    assert ledger.entries.get(entry).approved_by == ""


def test_a_mended_row_takes_the_place_of_the_old_one(ledger: Ledger) -> None:
    """The old entry is `replaced` and says by what, though both have the same key."""
    old = plan_one(ledger, 2)
    new = plan(ledger, decide(2, replaces=old, text="fixed"), file="fixed.xlsx")[2]
    assert new != old
    assert (ledger.entries.get(old).status, ledger.entries.get(old).replaced_by) == (Status.REPLACED, new)
    assert ledger.changes.of(old)[-1].why == "fixed in row 2 of batch 2"
    assert ledger.entries.get(new).status is Status.PLANNED
    assert [known.id for known in ledger.known.matching(["ref:r2"], [], NOW)] == [new]
    assert ledger.upkeep.verify(NOW) == ()


def test_a_skipped_row_may_clear_a_stale_version_away(ledger: Ledger) -> None:
    """The held edit of a campaign is dropped when the file shows the scheduled text again."""
    there = plan_one(ledger, 2)
    accept(ledger, there)
    edited = plan(ledger, decide(2, Action.HOLD, text="edited"))[2]
    plan(ledger, decide(2, Action.SKIP, entry=there, replaces=edited))
    assert (ledger.entries.get(edited).status, ledger.entries.get(edited).replaced_by) == (Status.REPLACED, there)
    assert ledger.entries.get(there).status is Status.ACCEPTED
    assert ledger.upkeep.verify(NOW) == ()


def take_back(ledger: Ledger, entry: int) -> None:
    """Let a colleague drop an entry, as `cancel` does beside a submitter that is at work."""
    why, who = "wrong price", "bo"
    ledger.changes.make(StatusChange(entry, Status.CANCELLED, expected={Status.PLANNED}, why=why, who=who, now=NOW))


@pytest.mark.parametrize(
    "bring", [accept, doubt, claim, take_back], ids=["accepted", "in_doubt", "submitting", "cancelled"]
)
@pytest.mark.parametrize("how", ["entry", "replaces"])
def test_what_may_have_gone_or_was_taken_back_is_neither_renewed_nor_replaced(ledger: Ledger, bring, how: str) -> None:
    """A plan that was made before it moved on is refused whole."""
    entry = plan_one(ledger, 2)
    bring(ledger, entry)
    before = ledger.entries.get(entry)
    with pytest.raises(LedgerError, match=f"entry {entry} changed while the plan was made"):
        plan(ledger, decide(5), decide(2, text="new", **{how: entry}))
    assert list(ledger.entries.select()) == [before]
    assert ledger.upkeep.verify(NOW) == ()


def test_an_entry_that_two_rows_claim_goes_to_the_first(ledger: Ledger) -> None:
    """The second one gets its own, so that no row is lost."""
    entry = plan(ledger, decide_invalid(8))[8]
    batch = make_batch(ledger, 2)
    both = [replace(decide_invalid(8), entry=entry), replace(decide_invalid(9), entry=entry)]
    placed = record_plan(ledger, batch, both, account="main", now=NOW, who="ana")
    assert placed[8] == entry
    assert placed[9] != entry
    assert ledger.upkeep.verify(NOW) == ()


def test_two_open_entries_never_share_a_key(ledger: Ledger) -> None:
    """The database itself refuses; nothing of the plan is written."""
    plan_one(ledger, 2)
    with pytest.raises(LedgerError, match="refused a change"):
        plan(ledger, decide(3), decide(2, text="same key, other text"))
    assert len(list(ledger.entries.select())) == 1


@pytest.mark.proof
def test_a_plan_longer_than_a_chunk_ties(ledger: Ledger) -> None:
    """Numbers of entries run on, and the header is kept once."""
    placed = plan(ledger, *(decide(number) for number in range(2, 5_103)))
    assert len(placed) == 5_101
    assert sorted(placed.values()) == list(range(1, 5_102))
    assert ledger.entries.get(5_101).fields["Store"] == "Store 5102"
    assert [entry.id for entry in ledger.entries.select()] == list(range(1, 5_102))
    again = plan(ledger, *(decide(number, entry=placed[number]) for number in range(2, 5_103)))
    assert again == placed
    assert ledger.upkeep.verify(NOW) == ()


def test_a_separator_in_a_cell_shifts_nothing(ledger: Ledger) -> None:
    """The character that parts the cells in the ledger is a blank to people."""
    entry = plan(ledger, decide(2, store="North\x1fSouth"))[2]
    assert ledger.entries.get(entry).fields["Store"] == "North South"
    assert ledger.entries.get(entry).fields.keys() == set(HEADER.names)


def test_the_plan_learns_what_is_known(ledger: Ledger) -> None:
    """By key, by fingerprint, and everything that is still to come; past and replaced ones only when asked for."""
    gone = NOW - timedelta(days=9)
    past = plan(ledger, decide(2, send_at=gone))[2]
    coming = plan(ledger, decide(3))[3]
    cancelled = plan(ledger, decide(4, Action.CANCEL))[4]
    replaced = plan(ledger, decide(5, Action.HOLD))[5]
    newest = plan(ledger, decide(5, replaces=replaced, text="fixed"))[5]
    assert [known.id for known in ledger.known.matching([], [], NOW)] == [coming, newest]
    assert [known.id for known in ledger.known.matching(["ref:r2", "ref:r5", "ref:none"], [], NOW)] == [
        past,
        coming,
        newest,
    ]
    keyed = ledger.known.with_keys(["ref:r2", "ref:r5", "ref:none"])
    assert [known.id for known in keyed] == [past, newest]  # for who compares nothing with what is to come
    fingerprint = ledger.entries.get(cancelled).fingerprint
    assert [known.id for known in ledger.known.matching([], [fingerprint, ""], NOW)] == [coming, cancelled, newest]
    found = ledger.known.matching(["ref:r3"], [], NOW + timedelta(days=99))[0]
    entry = ledger.entries.get(coming)
    assert (found.id, found.batch, found.file, found.row, found.key) == (coming, 2, "week.xlsx", 3, "ref:r3")
    assert (found.fingerprint, found.tag, found.name) == (entry.fingerprint, entry.tag, "Sale 3")
    assert (found.group_ids, found.send_at, found.status) == (("100", "7"), entry.send_at, Status.PLANNED)
    assert (found.provider_id, found.message, found.last_codes) == ("", entry.message, ())


@pytest.mark.parametrize("unknown", [0, 50], ids=["by their keys", "in a scan"])
@pytest.mark.parametrize("size", [1, 100])
def test_what_is_set_aside_is_not_read_whole(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, unknown: int, size: int
) -> None:
    """Of each key all entries but replaced ones are shown together, whether some or most of the ledger is asked for."""
    monkeypatch.setattr("batch.adapters.ledger.known._BLOCK", size)
    gone = plan(ledger, decide(2, Action.CANCEL))[2]
    there = [plan(ledger, decide(number))[number] for number in range(3, 9)]
    again = plan(ledger, decide(2, text="Once more"))[2]
    replaced = plan(ledger, decide(9, Action.HOLD))[9]
    newest = plan(ledger, decide(9, replaces=replaced, text="Fixed"))[9]
    keys = ["ref:r2", "ref:r3", "ref:r9", *(f"none {number}" for number in range(unknown))]
    shown: list[list[tuple[int, str, str, bool]]] = []

    def set_aside(block: Sequence[Brief]) -> set[int]:
        shown.append([(entry[0], entry[2], entry[5], bool(entry[6])) for entry in block])
        return {there[0], newest}

    found = [entry.id for entry in ledger.known.matching(keys, [], NOW, set_aside)]
    assert found == sorted([gone, again, *there[1:]])
    of_two = [(gone, "ref:r2", "cancelled", False), (again, "ref:r2", "planned", True)]
    assert [[one for one in block if one[1] == "ref:r2"] for block in shown if of_two[0] in block] == [of_two]
    every = {(there[0], "ref:r3", "planned", True), (newest, "ref:r9", "planned", True), *of_two}
    assert sorted(entry for block in shown for entry in block) == sorted(every)


def test_known_entries_bear_their_codes(ledger: Ledger) -> None:
    """Each once, in their order."""
    issues = tuple(
        Issue(2, "", "", code, "words", Level.HOLD) for code in ("quiet-hours", "close-to-another", "quiet-hours")
    )
    plan(ledger, decide(2, Action.HOLD, issues=issues))
    assert ledger.known.matching(["ref:r2"], [], NOW)[0].last_codes == ("quiet-hours", "close-to-another")


def test_tags_and_ids_of_all_time_are_known(ledger: Ledger) -> None:
    """The tag of an attempt stays known though its entry got another."""
    entry = plan_one(ledger, 2)
    first = ledger.entries.get(entry).tag
    accept(ledger, entry, "501")
    other = plan_one(ledger, 3)
    doubt(ledger, other)
    sent_tag = ledger.entries.get(other).tag
    ledger.changes.make(StatusChange(other, Status.HELD, expected=(Status.IN_DOUBT,), why="", who="bo", now=NOW))
    plan(ledger, decide(3, entry=other, text="new text"))
    third = ledger.entries.get(other).tag
    assert ledger.known.tags({first, sent_tag, third, "foreign"}) == {first, sent_tag, third}
    assert ledger.known.tags({"foreign"}) == set()
    assert ledger.known.provider_ids(["501", "502"]) == {"501": entry}
    assert ledger.known.provider_ids([]) == {}


def test_a_ledger_of_wrong_rows_alone_has_no_good_one(ledger: Ledger) -> None:
    """Nothing of it can be at a provider, so an account that was tried first by mistake may still be corrected."""
    assert not ledger.entries.has_good()
    plan(ledger, decide(2, Action.INVALID))
    assert not ledger.entries.has_good()
    plan_one(ledger, 3)
    assert ledger.entries.has_good()
