"""A second person lets exactly what was previewed go, or nothing; nobody lets the own batch go."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from cli_support import Shell, row, write_csv
from torture_support import Crash, Steps, assert_exactly_once, crashed
from weekly_support import Round, weekly

from batch.adapters.report.preview import CARD_LIMIT
from batch.cli.shapes import shape_tally
from batch.model import Action, Status
from batch.model.columns import PROBLEM, RESULTS, column_letter
from batch.model.errors import ReportError, UsageError
from batch.workflows.approve import approve_batch, reject_batch
from batch.workflows.find import find_entries, write_evidence_of
from batch.workflows.resolve import resolve_entry
from batch.workflows.tally import Tally, describe_counts


def ask(team: Round, rows: object = 3, name: str = "week.csv") -> Tally:
    """Submit as ann where a second person is required."""
    team.desk.set(approval__required="true")
    return team.desk.submit(team.desk.sheet(rows, name))  # type: ignore[arg-type]


def approve(team: Round, batch: int = 1, *, who: str = "bo", rows: frozenset[int] = frozenset()) -> Tally:
    return approve_batch(team.desk.settings, team.as_person(who), batch, rows)


def state(team: Round, batch: int = 1) -> tuple[str, str]:
    with team.desk.ledger() as ledger:
        found = ledger.batches.get(batch)
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


def test_what_waits_for_approval_is_never_called_well() -> None:
    """Report, mail and `find` said that it will be submitted and nobody needs to act, until its time had passed."""
    with weekly() as team:
        tally = ask(team)
        (page,) = [path for path in tally.reports if path.suffix == ".html"]
        text = page.read_text(encoding="utf-8")
        assert "3 wait for approval." in text
        assert "a second person must approve 3 rows in time, the first by" in text
        assert "nobody needs to act" not in text
        told = [words for _, words in find_entries(team.desk.settings, team.desk.world, "offer")]
        assert all("waiting for approval (batch 1), for " in words for words in told)
        approve(team)
        assert not any("approval" in words for _, words in find_entries(team.desk.settings, team.desk.world, "offer"))


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
    """They are dropped, named as such everywhere, and held when they come again; an unknown row is said first."""
    with weekly() as team:
        ask(team)
        with pytest.raises(UsageError, match="no row 9"):
            approve(team, rows=frozenset({2, 9}))
        tally = approve(team, rows=frozenset({2}))
        assert (tally.counts["accepted"], tally.counts["left_out_by_approver"]) == (2, 1)
        assert describe_counts(tally.counts) == "2 at the provider, 1 left out by the approver"
        shape = shape_tally(tally)
        assert (shape["skipped"], shape["left_out_by_approver"]) == (1, 1)
        [(_, sentence)] = find_entries(team.desk.settings, team.desk.world, "Sale 0")
        assert sentence.startswith("left out by the approver (bo), was for ")
        assert [entry.status for entry in team.desk.entries()] == [
            Status.CANCELLED, Status.ACCEPTED, Status.ACCEPTED,
        ]  # fmt: skip
        again = ask(team)
        assert again.counts == {"skipped": 2, "held": 1}
        held = next(one for one in again.decisions if one.action is Action.HOLD)
        assert [issue.code for issue in held.issues] == ["left-out-by-approver"]
        assert "the approver of batch 1 left this row out (entry 1)" in held.why


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
        team.desk.change_ledger("UPDATE entries SET fingerprint = 'another' WHERE id = 2")
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


def test_the_same_file_again_shows_what_changed_first_and_all_else_below() -> None:
    """One yes lets both go, so both are shown, marked which is which; the older batch is closed."""
    with weekly() as team:
        ask(team)
        rows = [team.desk.row(0), team.desk.row(1), team.desk.row(2, Message="Mended text. Reply STOP to opt out")]
        tally = ask(team, rows)
        assert tally.preview is not None
        page = tally.preview.read_text(encoding="utf-8")
        new, _, before = page.partition("Shown before, and released by the same yes")
        assert ("Mended text" in new, "Offer number [0]" in new, "Offer number [0]" in before) == (True, False, True)
        assert before.count("shown before, word for word, in the preview of batch 1") == 2
        with pytest.raises(UsageError, match="it was submitted again as batch 2"):
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
        assert "came too late for 1 row of" in team.desk.words()


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


def offer(team: Round, *, dropped_by: int | None = None) -> Path:
    team.desk.set(approval__required="true")
    sheet = team.drop(3)
    if dropped_by is not None:
        os.chown(sheet, dropped_by, -1)
    team.watch(30, world=team.service)
    [page] = (team.folder / "waiting").glob("*.html")
    return page


def put_as_another(team: Round, page: Path) -> None:
    """Put a preview into `approved/` as another user's file; who may not do that lets users be shared."""
    place = page.rename(team.folder / "approved" / page.name)
    if os.name == "posix" and os.geteuid() == 0:
        os.chown(place, 4321, -1)
    else:
        team.desk.set(approval__shared_users="true")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may give a file to another user")
def test_moving_the_preview_lets_it_go_without_a_terminal() -> None:
    """From `waiting` to `approved`, where who dropped the sheet may not write: all goes, and the preview is gone."""
    with weekly() as team:
        page = offer(team, dropped_by=4321)
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


def test_a_no_is_told_beside_the_sheet_which_lies_in_attention_then() -> None:
    """After a no at the command line nothing is left to be moved, and note and marked copy say it."""
    with weekly() as team:
        offer(team)
        reject_batch(team.desk.settings, team.as_person("bo"), 1, "not now")
        team.watch(30, world=team.service)
        assert (team.files("waiting"), team.files("done"), len(team.sheets("attention"))) == ([], [], 1)
        assert note_in(team, "attention").splitlines()[:2] == [
            '"week.csv" is batch 1, 3 rows: 3 wait for a decision.',
            "Rejected by bo: not now; fix the row and hand the file in again. Nothing of it was sent.",
        ]
        assert [line[:3] for line in marked_in(team, "attention")] == [("waiting for a decision", None, None)] * 3


def test_a_yes_to_some_rows_is_told_beside_the_sheet() -> None:
    """The note and the marked copy say of each row what became of it: Id, contacts and time at the provider."""
    with weekly() as team:
        team.desk.set(approval__required="true")
        team.drop([*map(team.desk.row, (0, 1)), team.desk.row(2, Message="{{ Offr }}")])
        team.watch(30, world=team.service)
        approve(team, rows=frozenset({3}))
        team.watch(30, world=team.service)
        assert note_in(team, "attention").splitlines()[:2] == [
            '"week.csv" is batch 1, 3 rows: 1 at the provider, 1 left out by the approver, 1 needs fixing.',
            "Approved by bo.",
        ]
        assert marked_in(team, "attention") == [
            ("scheduled", team.desk.entry("R-0").provider_id, "3", "Wed, Mar 4, 11:00 AM EST"),
            ("left out by the approver", None, None, None),
            ("needs fixing", None, None, None),
        ]


def note_in(team: Round, where: str) -> str:
    [note] = (team.folder / where).glob("*what happened.txt")
    return note.read_text("utf-8")


def marked_in(team: Round, where: str) -> list[tuple[str | None, ...]]:
    """Read the columns of results of the one marked copy."""
    [path] = (team.folder / where).glob("*-marked.xlsx")
    sheet = openpyxl.load_workbook(path).worksheets[0]
    header, *rows = sheet.iter_rows(values_only=True)
    at = [header.index(name) for name in RESULTS]
    widths = [sheet.column_dimensions[column_letter(one)].width for one in (*at, header.index(PROBLEM))]
    assert widths == [24, 24, 24, 24, 90]  # none of our columns is cut
    assert header[-1] == PROBLEM  # nothing stands beside the words that may be long
    return [tuple(str(row[one]) if row[one] else None for one in at) for row in rows]


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


# A yes covers what the approver saw, and nothing else.


def shown(tally: Tally) -> tuple[str, str]:
    """Give the page of a preview: what is new, and what was shown before."""
    assert tally.preview is not None
    new, _, before = tally.preview.read_text(encoding="utf-8").partition("Shown before, and released by the same yes")
    return new, before


def sent(team: Round) -> list[str]:
    """Name the rows that the provider got, by the number in their text."""
    return sorted(one.message.partition("[")[2].partition("]")[0] for one in team.desk.sandbox.campaigns)


def block_reports(team: Round) -> Path:
    """Put a file where the folder of reports would be."""
    folder = team.desk.folder / "reports"
    folder.write_text("in the way", encoding="utf-8")
    return folder


def test_the_report_of_a_run_says_that_its_batch_waits_for_approval() -> None:
    """As the one that is written again a moment later: its preview is there already."""
    with weekly() as team:
        page = ask(team, 1).reports[0].read_text(encoding="utf-8")
        assert "1 row, by ann on m, waiting for approval" in page


def test_what_no_preview_showed_is_new_to_the_next_one() -> None:
    """The first run ended before it could write its preview: the second shows every row as new, and only then asks."""
    with weekly() as team:
        blocked = block_reports(team)
        assert isinstance(ask(team, 4).trouble, ReportError)
        assert state(team)[0] == "not-shown"
        with pytest.raises(UsageError, match="has no preview yet"):
            approve(team)
        blocked.unlink()
        new, before = shown(ask(team, 4))
        assert ([f"Offer number [{row}]" in new for row in range(4)], before) == ([True] * 4, "")
        with pytest.raises(UsageError, match="submitted again as batch 2"):
            approve(team, 1)
        assert approve(team, 2).counts["accepted"] == 4


def test_resume_writes_the_preview_that_a_run_did_not_come_to_write() -> None:
    """It is made of the ledger alone; until then nobody can say yes, and no other run sends a row."""
    with weekly() as team:
        blocked = block_reports(team)
        assert isinstance(ask(team, 2).trouble, ReportError)
        blocked.unlink()
        tally = team.desk.resume()
        assert (state(team)[0], team.desk.sandbox.posts) == ("waiting-for-approval", [])
        [page] = tally.previews
        assert "Offer number [1]" in page.read_text(encoding="utf-8")
        assert approve(team).counts["accepted"] == 2


def test_a_watch_shows_the_preview_that_a_run_did_not_come_to_write() -> None:
    """In the folder `waiting`, where it can be moved to `approved`."""
    with weekly() as team:
        blocked = block_reports(team)
        assert isinstance(ask(team, 2).trouble, ReportError)
        blocked.unlink()
        team.watch(30, world=team.service)
        [page] = (team.folder / "waiting").glob("batch-*.html")
        put_as_another(team, page)
        team.watch(30, world=team.service)
        assert sent(team) == ["0", "1"]


@pytest.mark.parametrize("part", [0.0, 0.25, 0.5, 0.75, 0.9, 1.0])
def test_killed_anywhere_on_the_way_to_a_preview_nothing_unseen_can_go(part: float) -> None:
    """Whatever is left, a row counts as shown only where a bound preview holds it."""
    with weekly() as team:
        team.desk.set(approval__required="true")
        steps = Steps(team.desk.folder, lambda: None)
        steps.arm(0)
        team.desk.submit(team.desk.sheet(3))
        steps.disarm()
    begun = next(at for at, what in enumerate(steps.log) if "INSERT INTO batch_rows" in what)
    with weekly() as team:
        team.desk.set(approval__required="true")
        path = team.desk.sheet(3)
        bomb = Steps(team.desk.folder, crash)
        bomb.arm(begun + round(part * (len(steps.log) - begun)))
        crashed(lambda: team.desk.submit(path))
        bomb.disarm()
        with team.desk.ledger() as ledger:
            offered = any(batch.state == "waiting-for-approval" for batch in ledger.batches.all())
        tally = team.desk.submit(path)
        new, before = shown(tally)
        assert all(f"Offer number [{row}]" in (before if offered else new) for row in range(3))
        assert approve(team, tally.batch or 0).counts["accepted"] == 3


def crash() -> None:
    raise Crash


def test_a_sheet_with_one_row_more_shows_all_that_its_yes_lets_go() -> None:
    """The old preview goes away, so the new one shows what it showed, too."""
    with weekly() as team:
        page = offer(team)
        team.drop(4)
        team.watch(30, world=team.service)
        assert not page.exists()
        [newer] = (team.folder / "waiting").glob("*.html")
        text = newer.read_text(encoding="utf-8")
        assert [f"Offer number [{row}]" in text for row in range(4)] == [True] * 4
        put_as_another(team, newer)
        team.watch(30, world=team.service)
        assert sent(team) == ["0", "1", "2", "3"]


def test_a_no_follows_its_rows_into_the_batch_that_took_them_over() -> None:
    """Batch 1 shows rows 0, 1 and 3, batch 2 takes over 0 and 1 and shows 2: the no to 1 holds 0 and 1 there."""
    with weekly() as team:
        row = team.desk.row
        ask(team, [row(0), row(1), row(3)])
        ask(team, [row(0), row(1), row(2)], "other.csv")
        words = reject_batch(team.desk.settings, team.as_person("bo"), 1, "wrong prices")
        assert "its 3 rows stay here" in words
        approve(team, 2, who="carl")
        assert sent(team) == ["2"]
        held = {entry.reference: entry for entry in team.desk.entries(Status.HELD)}
        assert set(held) == {"R-0", "R-1", "R-3"}
        with pytest.raises(UsageError, match="was rejected by a second person"):
            resolve_entry(team.desk.settings, team.as_person("bo"), held["R-0"].id, "send", "anyway")
        team.desk.resume()
        assert sent(team) == ["2"]


def test_a_no_reaches_the_batch_that_took_all_rows_over() -> None:
    """Who looked at the older preview says no to it, though another one stands in its place by now."""
    with weekly() as team:
        ask(team, 2)
        ask(team, 3)
        reject_batch(team.desk.settings, team.as_person("bo"), 1, "wrong prices")
        approve(team, 2)
        assert sent(team) == ["2"]


def test_what_was_rejected_is_shown_as_new_and_marked_when_it_comes_again() -> None:
    """A yes after a no is asked for openly."""
    with weekly() as team:
        ask(team, 2)
        reject_batch(team.desk.settings, team.as_person("bo"), 1, "wrong prices")
        new, before = shown(ask(team, 2))
        assert (new.count("rejected before, as part of batch 1"), before) == (2, "")
        approve(team, 2)
        assert sent(team) == ["0", "1"]


def test_a_yes_to_the_older_preview_leaves_the_rows_that_a_later_one_took_over() -> None:
    """They wait for the preview that shows them last, and it is said."""
    with weekly() as team:
        row = team.desk.row
        ask(team, [row(0), row(1), row(3)])
        ask(team, [row(0), row(1), row(2)], "other.csv")
        approve(team, 1)
        assert sent(team) == ["3"]
        assert "they wait for the preview of batch 2" in team.desk.words()
        approve(team, 2)
        assert sent(team) == ["0", "1", "2", "3"]


CHANGES = {
    "line breaks": ("Message", "Offer number [0] for you.\nReply STOP to opt out"),
    "a no-break space": ("Message", "Offer number [0] for\u00a0you. Reply STOP to opt out"),
    "the name under a Reference": ("CampaignName", "Another name"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_row_that_changed_in_the_least_is_shown_anew(what: str) -> None:
    """The yes is bound to what is posted, not to what rows are matched by."""
    with weekly() as team:
        team.desk.set(checks__plain_characters="false")
        ask(team, 2)
        field, text = CHANGES[what]
        tally = ask(team, [team.desk.row(0, **{field: text}), team.desk.row(1)])
        new, before = (re.sub(r"<[^>]+>", "", part) for part in shown(tally))
        assert (text in new, "Offer number [1]" in before) == (True, True)
        with pytest.raises(UsageError, match="submitted again"):
            approve(team, 1)
        approve(team, 2)
        posted = [post.payload for post in team.desk.sandbox.posts]
        assert any(text in str(payload["Message" if field == "Message" else "CampaignName"]) for payload in posted)


@pytest.mark.proof
def test_a_preview_of_many_rows_leaves_none_out() -> None:
    """Behind the last phone they stand in a list, text and groups whole."""
    with weekly(groups=CARD_LIMIT + 3) as team:
        [tail] = shown(ask(team, CARD_LIMIT + 2))[0].split("The other rows")[1:]
        assert [f"Offer number [{row}]" in tail for row in (CARD_LIMIT, CARD_LIMIT + 1)] == [True, True]


SETTINGS = {"provider__timezone": "America/Chicago", "provider__tag_names": "false"}


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_that_changes_what_is_posted_makes_the_yes_worthless(setting: str) -> None:
    """The time, the name: what was shown is no longer what would go."""
    with weekly() as team:
        ask(team)
        team.desk.set(**{setting: SETTINGS[setting]})
        with pytest.raises(UsageError, match="no longer says what its preview showed"):
            approve(team)
        assert sent(team) == []
        new, before = shown(ask(team))
        assert ("Offer number [0]" in new, before) == (True, "")
        assert approve(team, 2).counts["accepted"] == 3


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_that_changes_after_the_yes_holds_what_has_not_gone(setting: str) -> None:
    """Looked at once more when a row is claimed: it would not be sent as it was approved."""
    with weekly() as team:
        ask(team)
        team.desk.sandbox.faults.add("401@2")
        assert approve(team).trouble is not None
        team.desk.sandbox.faults.clear()
        team.desk.set(**{setting: SETTINGS[setting]})
        team.desk.resume()
        held = team.desk.entries(Status.HELD)
        assert (sent(team)[:1], len(held)) == (["0"], 2)
        assert {entry.issues[-1].code for entry in held} == {"not-as-approved"}
        ask(team)
        approve(team, 2)
        assert sent(team) == ["0", "1", "2"]


def test_the_evidence_says_that_a_campaign_waits_for_a_second_person() -> None:
    """Not that nobody was asked; afterwards it names who said yes, or that somebody said no."""
    with weekly() as team:
        ask(team, 1)
        assert "not yet: it waits for a second person" in evidence(team, 1)
        approve(team)
        page = evidence(team, 1)
        assert ("waits for a second person" in page, "<dd>bo</dd>" in page or ">bo<" in page) == (False, True)
        ask(team, [team.desk.row(1)], "b.csv")
        reject_batch(team.desk.settings, team.as_person("bo"), 2, "no")
        assert "no: a second person said no" in evidence(team, 2)


def evidence(team: Round, entry: int) -> str:
    return write_evidence_of(team.desk.settings, team.desk.world, entry).read_text(encoding="utf-8")
