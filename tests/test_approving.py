"""A second person lets exactly what was previewed go, or nothing; nobody lets the own batch go."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from cli_support import Shell, row, write_csv
from torture_support import assert_exactly_once
from weekly_support import Round, weekly

from batch.errors import UsageError
from batch.model import Status
from batch.pipeline.approving import approve_batch, reject_batch
from batch.pipeline.counting import Tally
from batch.pipeline.deciding import resolve_entry


def ask(team: Round, rows: object = 3, name: str = "week.csv") -> Tally:
    """Submit as ann where a second person is required."""
    team.desk.set(approval__required="true")
    return team.desk.submit(team.desk.sheet(rows, name))  # type: ignore[arg-type]


def approve(team: Round, batch: int = 1, *, who: str = "bo", rows: frozenset[int] = frozenset()) -> Tally:
    return approve_batch(team.desk.settings, team.as_person(who), batch, rows)


def state(team: Round, batch: int = 1) -> tuple[str, str]:
    with team.desk.ledger() as ledger:
        found = ledger.batch(batch)
        return found.state, found.approved_by


def test_nothing_goes_before_a_second_person_says_so() -> None:
    """Planned, previewed, reported; neither resume nor another file sends it."""
    with weekly() as team:
        tally = ask(team)
        assert (tally.approval, tally.counts["planned"], team.desk.sandbox.posts) == (True, 3, [])
        assert tally.preview is not None
        assert "Offer number [2]" in tally.preview.read_text(encoding="utf-8")
        team.desk.resume()
        team.desk.clock.advance(hours=1)
        team.watch(600)
        assert team.desk.sandbox.posts == []


def test_another_person_lets_it_go() -> None:
    """All of it goes, and ledger and batch say who said yes."""
    with weekly() as team:
        ask(team)
        tally = approve(team)
        assert (tally.counts["accepted"], state(team)) == (3, ("done", "bo"))
        assert {entry.approved_by for entry in team.desk.entries()} == {"bo"}
        assert_exactly_once(team.desk.sandbox, team.desk.entries(), 3)
        assert team.desk.problems() == ()


@pytest.mark.parametrize("who", ["ann", "ANN"])
def test_who_handed_it_in_may_not_approve_it(who: str) -> None:
    """However the name is written; nothing is sent, and the batch waits on."""
    with weekly() as team:
        ask(team)
        with pytest.raises(UsageError, match="somebody else must approve"):
            approve(team, who=who)
        assert (team.desk.sandbox.posts, state(team)[0]) == ([], "waiting-for-approval")


def test_rows_can_be_left_out() -> None:
    """They are dropped for good; an unknown row is said before anything is done."""
    with weekly() as team:
        ask(team)
        with pytest.raises(UsageError, match="no row 9"):
            approve(team, rows=frozenset({2, 9}))
        tally = approve(team, rows=frozenset({2}))
        assert (tally.counts["accepted"], tally.counts["skipped"]) == (2, 1)
        assert [entry.status for entry in team.desk.entries()] == [
            Status.CANCELLED, Status.ACCEPTED, Status.ACCEPTED,
        ]  # fmt: skip


def test_a_batch_is_approved_once() -> None:
    """The second yes says that it is done, and by whom."""
    with weekly() as team:
        ask(team)
        approve(team)
        with pytest.raises(UsageError, match="is done by bo"):
            approve(team, who="carl")
        assert len(team.desk.sandbox.posts) == 3


def test_a_yes_is_bound_to_what_was_previewed() -> None:
    """A row whose text is not the one that was shown makes the yes worthless."""
    with weekly() as team:
        ask(team)
        with contextlib.closing(sqlite3.connect(team.desk.ledger_path)) as ledger, ledger:
            ledger.execute("UPDATE entries SET fingerprint = 'another' WHERE id = 2")
        with pytest.raises(UsageError, match="no longer says what its preview showed"):
            approve(team, 1)
        assert team.desk.sandbox.posts == []


def test_a_row_that_a_later_file_changed_waits_for_that_one() -> None:
    """The old yes lets go what is as it was shown, and nothing else."""
    with weekly() as team:
        ask(team)
        ask(team, [team.desk.row(0, Message="Another text altogether. Reply STOP to opt out")], "fix.csv")
        approve(team, 1)
        assert sorted(post.payload["Message"][:16] for post in team.desk.sandbox.posts) == [
            "Offer number [1]", "Offer number [2]",
        ]  # fmt: skip
        approve(team, 2)
        assert team.desk.sandbox.posts[-1].payload["Message"].startswith("Another text")


def test_the_same_file_again_shows_only_what_changed() -> None:
    """Unchanged rows are counted and go with the same yes; the older batch is closed."""
    with weekly() as team:
        ask(team)
        rows = [team.desk.row(0), team.desk.row(1), team.desk.row(2, Message="Mended text. Reply STOP to opt out")]
        tally = ask(team, rows)
        assert tally.preview is not None
        page = tally.preview.read_text(encoding="utf-8")
        assert ("Mended text" in page, "Offer number [0]" in page) == (True, False)
        assert "2 rows are as the preview of batch 1 shows them" in page
        with pytest.raises(UsageError, match="it was handed in again as batch 2"):
            approve(team, 1)
        approve(team, 2)
        assert len(team.desk.sandbox.posts) == 3


def test_a_yes_comes_too_late_for_a_row_whose_time_is_near() -> None:
    """That row is too late, and it is said; the others go."""
    with weekly() as team:
        ask(team, [team.desk.row(0, DateTime="2026-03-02 11:30"), team.desk.row(1)])
        team.desk.clock.advance(hours=2)
        tally = approve(team)
        assert (tally.counts["expired"], tally.counts["accepted"]) == (1, 1)
        assert "came too late for 1 row(s)" in team.desk.words()


def test_a_batch_that_nobody_approves_in_time_is_told_under_watch() -> None:
    """Its rows become too late by themselves."""
    with weekly() as team:
        ask(team, [team.desk.row(0, DateTime="2026-03-02 11:30")])
        team.desk.clock.advance(hours=2)
        team.watch(30)
        assert [entry.status for entry in team.desk.entries()] == [Status.EXPIRED]
        assert "not approved in time" in team.desk.words()


def test_a_rejected_batch_stays_here_and_can_be_mended() -> None:
    """Its rows are held with the reason; resume sends none; the same file handed in again is previewed anew."""
    with weekly() as team:
        ask(team)
        words = reject_batch(team.desk.settings, team.as_person("bo"), 1, "wrong prices")
        assert 'batch 1 "week.csv" is rejected: its 3 rows stay here' in words
        assert {entry.status for entry in team.desk.entries()} == {Status.HELD}
        assert "wrong prices" in team.desk.entries()[0].issues[-1].message
        team.desk.resume()
        with pytest.raises(UsageError, match="was rejected"):
            approve(team)
        with pytest.raises(UsageError, match="entry 1 is of batch 1, which was rejected"):
            resolve_entry(team.desk.settings, team.as_person("bo"), 1, "send", "it would never go")
        ask(team)
        assert team.desk.sandbox.posts == []
        assert approve(team, 2).counts["accepted"] == 3


def test_an_approval_that_is_killed_before_it_sends_goes_on_with_resume() -> None:
    """The yes is on disk before anything goes."""
    with weekly() as team:
        ask(team)
        team.desk.sandbox.faults.add("401")
        assert approve(team).trouble is not None
        team.desk.sandbox.faults.clear()
        team.desk.resume()
        assert_exactly_once(team.desk.sandbox, team.desk.entries(), 3)


def offer(team: Round) -> Path:
    team.desk.set(approval__required="true")
    team.drop(3)
    team.watch(30, world=team.service)
    [page] = (team.folder / "waiting").glob("*.html")
    return page


def test_moving_the_preview_lets_it_go_without_a_terminal() -> None:
    """From `waiting` to `approved`: all goes, the preview is gone, and the sheet was filed when it was taken in."""
    with weekly() as team:
        page = offer(team)
        assert (len(team.sheets("done")), team.desk.sandbox.posts) == (1, [])
        page.rename(team.folder / "approved" / page.name)
        team.watch(30, world=team.service)
        assert_exactly_once(team.desk.sandbox, team.desk.entries(), 3)
        assert (team.files("waiting"), team.files("approved")) == ([], [])
        assert "approved" in state(team)[1]


def test_an_old_preview_that_is_moved_comes_back_with_a_note() -> None:
    """What it showed is no longer what would go."""
    with weekly() as team:
        page = offer(team)
        content = page.read_bytes()
        team.drop([team.desk.row(0, Message="Another text. Reply STOP to opt out"), *map(team.desk.row, (1, 2))])
        team.watch(30, world=team.service)
        (team.folder / "approved" / page.name).write_bytes(content)
        (team.folder / "approved" / "cat.html").write_bytes(b"meow")
        team.watch(30, world=team.service)
        assert team.desk.sandbox.posts == []
        assert team.files("approved") == []
        notes = [path.read_text(encoding="utf-8") for path in (team.folder / "attention").glob("*happened.txt")]
        assert sum("Not approved" in note for note in notes) == 2


def test_previews_of_batches_that_no_longer_wait_are_taken_away() -> None:
    """After a yes or no at the command line nothing is left to be moved."""
    with weekly() as team:
        offer(team)
        reject_batch(team.desk.settings, team.as_person("bo"), 1, "not now")
        team.watch(30, world=team.service)
        assert team.files("waiting") == []


def test_at_the_command_line(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Submit says what comes next, resume what it waits for; the own batch is refused in a line; a no has a reason."""
    ready.set(APPROVAL__REQUIRED="true")
    ran = ready.run("submit", write_csv(tmp_path / "a.csv", [row(1), row(2)]))
    assert (ran.code, sandbox.posts) == (0, [])
    assert 'another person types "campaign-batch approve 1"' in ran.err
    again = ready.run("resume")
    assert (again.code, sandbox.posts) == (0, [])
    assert 'batch 1 "a.csv" waits for a second person: it goes when another person types' in again.err
    own = ready.run("approve", 1, "--except", "2")
    assert (own.code, "somebody else must approve it" in own.err) == (2, True)
    assert ready.run("approve", 7).code == 2
    assert ready.run("approve", 1, "--except", "two").code == 2
    assert ready.run("reject", 1).code == 2
    assert ready.run("reject", 1, "--why", "wrong prices").code == 0
    assert sandbox.posts == []


def test_a_held_row_is_let_go_by_another_person_only() -> None:
    """`resolve --send` is no way around the second person."""
    with weekly() as team:
        ask(team, [team.desk.row(0, DateTime="2026-03-04 23:00"), team.desk.row(1)])
        approve(team)
        held = next(entry for entry in team.desk.entries() if entry.status is Status.HELD)
        for name in ("ann", "Ann"):  # Windows gives the name as it was typed at the door
            with pytest.raises(UsageError, match="needs a second person"):
                resolve_entry(team.desk.settings, team.as_person(name), held.id, "send", "it is fine")
        resolve_entry(team.desk.settings, team.as_person("bo"), held.id, "send", "it is fine")
        assert {entry.status for entry in team.desk.entries()} == {Status.PLANNED, Status.ACCEPTED}
