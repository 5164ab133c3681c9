"""The whole watch: each dropped file becomes one batch, is filed with its results, and survives whatever comes."""

from __future__ import annotations

import json
import random
import shutil
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from ledger_support import IN_POSTGRESQL
from torture_support import RealClock, assert_exactly_once, changed, start, write_sheet
from weekly_support import Round, weekly

from batch.adapters.ledger.pauses import Pause, Pauses
from batch.model import PauseCause, Status
from batch.model.errors import InboxBusyError, LedgerError, UsageError
from batch.workflows.cancel import pause_all, unpause_all
from batch.workflows.stop_file import STOP_WORDS
from batch.workflows.watch import watch_folder

COPIES = 0 if IN_POSTGRESQL else 1
"""Copies of the ledger that a night makes: those of a database are its own."""


def batches(desk: Round) -> int:
    with desk.desk.ledger() as ledger:
        return len(ledger.batches.all())


def test_a_dropped_file_is_taken_in_and_filed_with_its_report() -> None:
    """The sheet, the report and a note lie in `done`; the folder is empty again."""
    with weekly() as team:
        team.drop(3)
        watched = team.watch(30)
        assert (watched.files, watched.needs_look) == (1, False)
        assert (team.sheets(), team.files("working"), team.files("attention")) == ([], [], [])
        sheet, note, report, marked = sorted(team.files("done"), key=lambda name: (len(name), name))
        assert (sheet[16:], note[16:]) == (" week.csv", " week - what happened.txt")
        assert (report.endswith("batch-0001-week.html"), marked.endswith("batch-0001-week-marked.xlsx")) == (True, True)
        said = (team.folder / "done" / note).read_text(encoding="utf-8")
        assert said == '"week.csv" is batch 1, 3 rows: 3 at the provider.\n'
        assert_exactly_once(team.desk.sandbox, team.desk.entries(), 3)
        assert (team.desk.folder / "reports" / "latest.html").exists()


def test_thirty_files_are_thirty_batches() -> None:
    """Dropped at once: each is taken once, each row sent once, one file after the other."""
    with weekly(groups=30) as team:
        for number in range(30):
            team.drop([team.desk.row(number)], f"store {number}.csv")
        watched = team.watch(30)
        assert (watched.files, batches(team), len(team.sheets("done"))) == (30, 30, 30)
        assert_exactly_once(team.desk.sandbox, team.desk.entries(), 30)


def test_a_file_that_stays_empty_lies_in_attention() -> None:
    """It does not stand in the folder for ever without a word: the note says what is wrong with it."""
    with weekly() as team:
        team.folder.mkdir()
        (team.folder / "empty.csv").touch()
        watched = team.watch(400)
        assert (watched.needs_look, team.sheets(), len(team.sheets("attention"))) == (True, [], 1)
        note = next(name for name in team.files("attention") if name.endswith("what happened.txt"))
        said = (team.folder / "attention" / note).read_text(encoding="utf-8")
        assert said.startswith('"empty.csv" cannot be taken in: ')
        assert "is empty: check that it was saved and copied completely" in said


def test_a_sheet_that_waits_beside_a_lock_is_named_once_with_the_lock() -> None:
    """A program that crashed leaves its lock for good: the sheet is not sent, and who runs the watch reads why."""
    with weekly() as team:
        team.drop(1)
        (team.folder / "~$week.csv").write_bytes(b"Ann")
        said: list[str] = []
        world = replace(team.desk.world, tell=lambda event: said.append(str(getattr(event, "words", ""))))
        team.watch(300, world=world)
        assert team.sheets() == ["week.csv", "~$week.csv"]
        told = [words for words in said if "is open in Excel or LibreOffice" in words]
        assert len(told) == 1
        assert 'delete "~$week.csv" beside it' in told[0]


def test_a_file_with_bad_rows_lies_in_attention() -> None:
    """The good rows went; the note says how many need somebody, the report lies beside it."""
    with weekly() as team:
        team.drop([team.desk.row(0), team.desk.row(1, DateTime="2026-13-45 11:00")])
        assert team.watch(30).needs_look
        assert team.sheets("done") == []
        note = next(name for name in team.files("attention") if name.endswith("what happened.txt"))
        said = (team.folder / "attention" / note).read_text(encoding="utf-8")
        assert "1 at the provider, 1 needs fixing" in said
        assert "Open the report" in said
        kinds = sorted(name.partition("batch-0001-week")[2] for name in team.files("attention") if "batch-0001" in name)
        assert kinds == ["-failed-rows.xlsx", "-marked.xlsx", ".html"]
        assert [entry.status for entry in team.desk.entries()] == [Status.ACCEPTED, Status.INVALID]


def test_a_sheet_of_which_every_row_went_comes_back_with_what_became_of_each() -> None:
    """The success file that people know from other loaders: status, Id, contacts, the provider's time."""
    with weekly() as team:
        team.drop(2)
        assert not team.watch(30).needs_look
        [marked] = [name for name in team.files("done") if name.endswith("-marked.xlsx")]
        assert not [name for name in team.files("done") if name.endswith("-failed-rows.xlsx")]
        head, *rows = openpyxl.load_workbook(team.folder / "done" / marked).active.iter_rows(values_only=True)
        told = [dict(zip(head, row, strict=True)) for row in rows]
        assert [row["Row status"] for row in told] == ["scheduled", "scheduled"]
        assert [row["Provider Id"] for row in told] == [one.provider_id for one in team.desk.entries()]


def test_a_note_speaks_of_mending_only_where_there_is_something_to_mend() -> None:
    """A row that waits for the provider goes by itself: the report says so, and the file stays as it is."""
    with weekly() as team:
        team.desk.sandbox.put_group("100", "Nobody", 0)
        team.drop([team.desk.row(0, GroupIds="100")])
        assert team.watch(30).needs_look
        note = next(name for name in team.files("attention") if name.endswith("what happened.txt"))
        said = (team.folder / "attention" / note).read_text(encoding="utf-8")
        assert "1 row: 1 waits for the provider" in said
        assert "it says row by row what to do.\n" in said


def test_a_file_that_cannot_be_read_is_put_aside_and_the_watch_goes_on() -> None:
    """A note in plain words lies beside it; the file after it is taken anyway."""
    with weekly() as team:
        team.folder.mkdir()
        (team.folder / "a.xlsx").write_bytes(b"no workbook")
        team.drop(1, "b.csv")
        assert team.watch(30).files == 2
        assert [name[17:] for name in team.sheets("attention")] == ["a.xlsx"]
        note = next(name for name in team.files("attention") if name.endswith(".txt"))
        said = (team.folder / "attention" / note).read_text(encoding="utf-8")
        assert said.startswith('"a.xlsx" cannot be taken in: it is ')
        assert said.count("a.xlsx") == 1
        assert len(team.sheets("done")) == 1


def test_the_same_content_again_is_planned_again_and_filed_as_known() -> None:
    """Nothing is sent twice, and the note says as which batch it was taken in."""
    with weekly() as team:
        team.drop(2)
        team.watch(30)
        team.drop(2, "copy of week.csv")
        team.watch(30)
        notes = list((team.folder / "done").glob("*copy*happened.txt"))
        assert notes[0].read_text(encoding="utf-8") == (
            '"copy of week.csv" was already taken in as batch 1; nothing was sent again.\n'
        )
        assert_exactly_once(team.desk.sandbox, team.desk.entries(), 2)


def test_an_outage_of_the_provider_is_waited_out() -> None:
    """The file stays in `working`, as often as it takes, and is taken when the provider is back."""
    with weekly() as team:
        team.drop(2)
        team.desk.sandbox.faults.add("reads=503")
        team.watch(1800)
        assert (team.sheets("done"), team.sheets("attention"), batches(team)) == ([], [], 0)
        assert len(list((team.folder / "working").glob("*/week.csv"))) == 1
        team.desk.sandbox.faults.clear()
        team.watch(600)
        assert_exactly_once(team.desk.sandbox, team.desk.entries(), 2)
        assert len(team.sheets("done")) == 1
        assert team.desk.words().count("503") == 1, "the trouble is told once, not every ten seconds"


def test_what_a_stopped_run_left_goes_by_itself() -> None:
    """The provider went away in the middle: the file is filed, the rest is submitted when it is back."""
    with weekly() as team:
        team.drop(4)
        team.desk.sandbox.faults.add("401@3")
        team.watch(60)
        assert len(team.sheets("attention")) == 1
        team.watch(900)
        assert_exactly_once(team.desk.sandbox, team.desk.entries(), 4)


def test_a_provider_that_does_something_else_pauses_everything() -> None:
    """A name that lost its tag: one campaign is out, no second one goes before a person looked."""
    with weekly() as team:
        team.drop(4)
        team.desk.sandbox.faults.add("rename@1")
        team.watch(3600)
        assert len(team.desk.sandbox.posts) == 1
        with team.desk.ledger() as ledger:
            pause = ledger.pauses.first()
        assert pause is not None
        assert pause.who == "campaign-batch"
        team.desk.set(provider__max_name="30")
        team.watch(3600)
        assert len(team.desk.sandbox.posts) == 4


def test_doubts_are_settled_between_files() -> None:
    """An answer that never came is settled by the lists; nothing is sent twice."""
    with weekly() as team:
        team.drop(3)
        team.desk.sandbox.faults.add("close-after@2")
        team.watch(1200)
        assert_exactly_once(team.desk.sandbox, team.desk.entries(), 3)


def test_a_file_that_failed_three_times_is_put_aside() -> None:
    """As an earlier watch left it, killed in the middle of it each time."""
    with weekly() as team:
        claim = team.folder / "working" / "20260302T150000Z-abc123"
        claim.mkdir(parents=True)
        team.desk.sheet(1).rename(claim / "week.csv")
        (claim / ".failures").write_text("2", encoding="ascii")
        team.watch(30)
        assert (len(team.sheets("attention")), team.desk.sandbox.posts) == (1, [])


def test_a_file_named_stop_pauses_until_it_is_gone() -> None:
    """What is dropped meanwhile waits in the folder; a pause of somebody else is not lifted."""
    with weekly() as team:
        team.drop(1)
        (team.folder / "STOP.txt").write_text("", encoding="utf-8")
        team.watch(60)
        with team.desk.ledger() as ledger:
            pause = ledger.pauses.first()
        assert pause is not None
        assert (pause.why, team.sheets(), team.desk.sandbox.posts) == (STOP_WORDS, ["week.csv"], [])
        (team.folder / "STOP.txt").unlink()
        team.watch(60)
        assert (team.sheets(), len(team.desk.sandbox.posts)) == ([], 1)
        with team.desk.ledger() as ledger:
            ledger.pauses.add("we look first", "bo", team.desk.clock.now())
        team.drop([team.desk.row(5)])
        team.watch(60)
        assert (team.sheets(), len(team.desk.sandbox.posts)) == (["week.csv"], 1)


def test_a_single_look_under_a_pause_ends_as_submit_does_and_says_it_once() -> None:
    """With the file named STOP, and with a pause of somebody's; lifted, the next one ends well."""
    with weekly() as team:
        team.drop(1)
        (team.folder / "STOP.txt").write_text("", encoding="utf-8")
        for _ in range(2):
            team.desk.told.clear()
            ended = watch_folder(team.desk.settings, team.desk.world, folder=team.folder, once=True)
            assert ended.trouble is not None
            assert (ended.files, ended.trouble.exit_code) == (0, 3)
            assert team.desk.words().count("everything is paused") == 1
        (team.folder / "STOP.txt").unlink()
        team.desk.told.clear()
        ended = watch_folder(team.desk.settings, team.desk.world, folder=team.folder, once=True)
        assert (ended.files, ended.trouble) == (1, None)
        assert "everything is paused" not in team.desk.words(), "it is paused no longer when the watch looks"
        assert "the pause is lifted" in team.desk.words()


def watch_other(team: Round, folder: Path, seconds: float = 60) -> None:
    """Watch another folder on the same ledger."""
    other = Round(team.desk, team.box, folder)
    other.watch(seconds)


def test_a_stop_in_one_folder_is_not_lifted_by_the_watch_of_another() -> None:
    """Two folders, one ledger: STOP lies in the first, the sheet in the second, and nothing goes."""
    with weekly() as team:
        first, second = team.folder, team.desk.folder / "second"
        first.mkdir()
        (first / "STOP").write_text("", encoding="utf-8")
        team.watch(60)
        second.mkdir()
        write_sheet(second / "week.csv", [team.desk.row(0)])
        watch_other(team, second, 600)
        assert team.desk.sandbox.posts == []
        (second / "STOP").write_text("", encoding="utf-8")
        watch_other(team, second)
        (first / "STOP").unlink()
        team.watch(60)
        with team.desk.ledger() as ledger:
            pauses = ledger.pauses.all()
        assert [(pause.cause, pause.folder) for pause in pauses] == [("stop-file", str(second.resolve()))]
        watch_other(team, second, 600)
        assert team.desk.sandbox.posts == []
        (second / "STOP").unlink()
        watch_other(team, second, 600)
        assert len(team.desk.sandbox.posts) == 1


def test_a_pause_that_trouble_caused_is_not_called_working_again() -> None:
    """The log said so two seconds after it had paused everything."""
    with weekly() as team:
        team.desk.submit(team.desk.sheet([changed(team.desk.row(number), Reference="") for number in range(3)]))
        team.desk.lose_ledger()
        team.desk.told.clear()
        team.drop([team.desk.row(7), team.desk.row(8)])
        team.watch(600)
        assert "everything is paused" in team.desk.words()
        assert "it works again" not in team.desk.words()


def test_each_pause_is_lifted_by_its_own_cause() -> None:
    """A person's, the watch's and two folders' stand beside each other; `unpause` lifts what a person may lift."""
    with weekly() as team:
        team.folder.mkdir()
        (team.folder / "STOP").write_text("", encoding="utf-8")
        team.watch(60)
        pause_all(team.desk.settings, team.desk.world, STOP_WORDS)
        with team.desk.ledger() as ledger:
            ledger.pauses.add("the list lacks it", "the watch", team.desk.clock.now(), PauseCause.NOT_AS_ASKED)
        with pytest.raises(UsageError, match=r'everything stays paused: a file named STOP is in ".*inbox"'):
            unpause_all(team.desk.settings, team.desk.world, "looked")
        with team.desk.ledger() as ledger:
            assert [pause.cause for pause in ledger.pauses.all()] == [PauseCause.STOP_FILE]
        pause_all(team.desk.settings, team.desk.world, STOP_WORDS)
        (team.folder / "STOP").unlink()
        team.watch(60)
        with team.desk.ledger() as ledger:
            assert [pause.cause for pause in ledger.pauses.all()] == [PauseCause.PERSON]
        assert "is lifted" in unpause_all(team.desk.settings, team.desk.world, "looked")


def test_a_folder_that_cannot_be_looked_into_keeps_its_pause() -> None:
    """Nobody can see whether STOP still lies there."""
    with weekly() as team:
        team.folder.mkdir()
        (team.folder / "STOP").write_text("", encoding="utf-8")
        team.watch(60)
        team.folder.rename(team.desk.folder / "away")
        with pytest.raises(UsageError, match="nobody can see whether a file named STOP is still in"):
            unpause_all(team.desk.settings, team.desk.world, "looked")


def test_a_file_named_stop_ends_a_run_that_has_begun() -> None:
    """The one on the wire is finished; the rest goes when the file is gone."""
    with weekly() as team:
        team.drop(4)
        desk = team.desk

        class Person(list[object]):
            def append(self, event: object) -> None:
                super().append(event)
                if len(desk.sandbox.posts) == 1:
                    (team.folder / "STOP").write_text("", encoding="utf-8")

        desk.told = Person()
        team.watch(60)
        assert len(desk.sandbox.posts) == 1
        desk.told = []
        (team.folder / "STOP").unlink()
        team.watch(600)
        assert_exactly_once(desk.sandbox, desk.entries(), 4)


def test_a_share_that_goes_away_is_waited_for() -> None:
    """It is told once; the file that lay on it is taken when it is back."""
    with weekly() as team:
        team.drop(1)
        away = team.desk.folder / "away"
        looks: list[int] = []

        def after_each_look() -> None:
            looks.append(len(looks))
            if looks[-1] == 0:
                team.folder.rename(away)
            if looks[-1] == 20:
                away.rename(team.folder)

        team.watch(1800, each=after_each_look)
        assert len(team.sheets("done")) == 1
        assert team.desk.words().count("cannot be reached") == 1


def test_a_short_outage_of_the_ledger_is_a_short_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file named STOP is looked for meanwhile, and each look doubled the rest, up to five minutes."""
    looks: list[int] = []
    read = Pauses.all

    def fail(pauses: Pauses) -> list[Pause]:
        if 0 < len(looks) < 10:
            raise LedgerError("the ledger is away", "wait")
        return read(pauses)

    monkeypatch.setattr(Pauses, "all", fail)
    with weekly() as team:
        team.drop(1)
        began = team.desk.clock.now()
        taken: list[timedelta] = []

        def after_each_look() -> None:
            looks.append(len(looks))
            if team.sheets("done") and not taken:
                taken.append(team.desk.clock.now() - began)

        team.watch(1800, each=after_each_look)
        assert taken[0] < timedelta(minutes=3)


def test_a_second_submitter_is_waited_for() -> None:
    """While somebody submits by hand, the file waits in `working` and does not count as failed."""
    with weekly() as team:
        team.drop(1)
        with team.desk.ledger() as ledger, ledger.lock.hold("bo", team.desk.clock.now()):
            team.watch(60)
        assert (batches(team), team.desk.sandbox.posts) == (0, [])
        team.watch(60)
        assert len(team.sheets("done")) == 1


def test_one_watcher_a_folder() -> None:
    """A second one says so at once."""
    with weekly() as team:

        def second() -> None:
            with pytest.raises(InboxBusyError, match="already being watched by ann on m"):
                watch_folder(team.desk.settings, team.desk.world, folder=team.folder, once=True)

        team.watch(5, each=second)


def test_the_night_compares_and_copies_the_ledger() -> None:
    """At the hour of the settings, by the team's zone; a machine that slept does it when it wakes."""
    with weekly() as team:
        team.drop(2)
        team.watch(60)
        lost = team.desk.sandbox.campaigns[0]
        team.desk.sandbox.delete(lost.id)
        team.desk.clock.advance(hours=26)
        team.watch(60)
        assert [entry.status for entry in team.desk.entries()].count(Status.MISSING) == 1
        assert len(list((team.desk.folder / "backups").glob("*.sqlite3"))) == COPIES


def leave_a_doubt(team: Round, rows: int) -> None:
    """Let the last of some rows end in doubt, and the watch look once at a list that shows nothing."""
    team.drop(rows)
    team.desk.sandbox.faults.add(f"close-before@{rows}")
    team.watch(20)
    team.desk.sandbox.faults.add("list-empty")
    watch_folder(team.desk.settings, team.desk.world, folder=team.folder, once=True)
    team.desk.sandbox.faults.clear()
    assert Status.IN_DOUBT in {entry.status for entry in team.desk.entries()}


def test_the_night_has_its_turn_though_the_lists_cannot_be_trusted() -> None:
    """A doubt is kept, the comparison stops, the ledger is copied anyway; and the exit code says so each time."""
    with weekly() as team:
        leave_a_doubt(team, 3)
        team.desk.clock.advance(hours=26)
        team.desk.sandbox.faults.add("list-empty")
        for _ in range(2):
            ended = watch_folder(team.desk.settings, team.desk.world, folder=team.folder, once=True)
            assert ended.trouble is not None
            assert ended.trouble.exit_code == 3
        assert len(team.desk.sandbox.posts) == 3
        assert len(list((team.desk.folder / "backups").glob("*.sqlite3"))) == COPIES


def test_the_comparison_has_its_turn_though_a_doubt_is_distrusted() -> None:
    """One campaign was deleted in the dashboard: that keeps a doubt, and is what the night is to find."""
    with weekly() as team:
        leave_a_doubt(team, 4)
        team.desk.sandbox.delete(team.desk.sandbox.campaigns[1].id)
        team.desk.clock.advance(hours=26)
        ended = watch_folder(team.desk.settings, team.desk.world, folder=team.folder, once=True)
        assert ended.trouble is not None or ended.needs_look
        assert "compared with the provider" in team.desk.words()
        assert len(team.desk.sandbox.posts) == 4


def test_half_an_hour_after_its_time_a_campaign_is_looked_up() -> None:
    """So that the page that everybody looks at says that it went."""
    with weekly() as team:
        team.drop(1)
        team.watch(60)
        send_at = team.desk.entries()[0].send_at
        assert send_at is not None
        team.desk.clock.at = send_at + timedelta(minutes=31)
        team.watch(30)
        assert [entry.status for entry in team.desk.entries()] == [Status.SENT]
        compared = team.desk.words().count("compared with the provider")
        team.watch(3600)
        assert team.desk.words().count("compared with the provider") == compared


def test_a_wrong_token_is_told_and_waited_out() -> None:
    """Nothing is sent, the file stays; the watch does not end."""
    with weekly() as team:
        team.drop(1)
        team.desk.set(provider__access_token="wrong-one-altogether")
        team.watch(120)
        assert "refused the token" in team.desk.words()
        assert "wrong-one-altogether" not in team.desk.words()
        assert len(list((team.folder / "working").glob("*/week.csv"))) == 1


def test_once_takes_what_is_whole_and_says_how_it_ended() -> None:
    """Two looks, as far apart as a file must stand still; an outage is told to whoever started it."""
    with weekly() as team:
        team.drop(1)
        before = team.desk.clock.now()
        ended = watch_folder(team.desk.settings, team.desk.world, folder=team.folder, once=True)
        assert (ended.files, ended.trouble) == (1, None)
        assert team.desk.clock.now() - before < timedelta(seconds=10)
        team.desk.sandbox.faults.add("reads=401")
        team.drop([team.desk.row(3)])
        ended = watch_folder(team.desk.settings, team.desk.world, folder=team.folder, once=True)
        assert (ended.files, ended.trouble is not None and ended.trouble.exit_code) == (0, 3)


def test_the_grace_is_kept_over_runs_of_once() -> None:
    """Taken out within it, nothing has happened; left in, the first run after it takes it."""
    with weekly() as team:
        team.desk.set(watch__grace_minutes=5)
        team.drop(1)
        for minutes in (0, 2, 2):
            team.desk.clock.advance(minutes=minutes)
            assert watch_folder(team.desk.settings, team.desk.world, folder=team.folder, once=True).files == 0
        team.desk.clock.advance(minutes=2)
        assert watch_folder(team.desk.settings, team.desk.world, folder=team.folder, once=True).files == 1


def real(team: Round) -> None:
    """Let processes of their own watch: they live in real time."""
    team.desk.set(watch__stable_seconds=0.2, watch__scan_seconds=0.2, provider__settle=0.5, provider__settle_gap=0.1)


def test_sigterm_ends_the_watch_cleanly_and_the_log_is_json() -> None:
    """Exit 0; each line is an object with its event, batch and entry."""
    with weekly(clock=RealClock()) as team:
        real(team)
        command = start(["watch", "--log-format", "json"], team.desk.environ, team.desk.folder)
        team.drop(2)
        until = time.monotonic() + 40
        while not team.sheets("done") and time.monotonic() < until:
            time.sleep(0.1)
        command.terminate()
        assert command.wait(50) == 0
        lines = [json.loads(line) for line in command.words.splitlines() if line.startswith("{")]
        assert [line["event"] for line in lines][:2] == ["watch-begun", "file-taken"]
        rows = [(line["batch"], line["entry"]) for line in lines if line["event"] == "row-accepted"]
        assert rows == [(1, 1), (1, 2)]
        assert lines[-1]["event"] == "watch-ended"


@pytest.mark.parametrize("files", [20, pytest.param(200, marks=pytest.mark.torture)])
def test_two_watchers_on_one_folder_take_each_file_once(files: int) -> None:
    """Whichever gets the folder does the work, with --once as with cron; the other one goes without a word."""
    with weekly(clock=RealClock(), groups=files) as team:
        real(team)
        for number in range(files):
            team.drop([team.desk.row(number)], f"store {number}.csv")
        pair = [start(["watch", "--once"], team.desk.environ, team.desk.folder) for _ in range(2)]
        codes = [command.wait(30 + 3 * files) for command in pair]
        while team.sheets():
            codes.append(start(["watch", "--once"], team.desk.environ, team.desk.folder).wait(30 + 3 * files))
        assert set(codes) == {0}
        assert (batches(team), len(team.sheets("done"))) == (files, files)
        assert_exactly_once(team.desk.sandbox, team.desk.entries(), files)


@pytest.mark.parametrize("kills", [10, pytest.param(300, marks=pytest.mark.torture)])
def test_killed_at_random_instants_nothing_is_lost_or_sent_twice(kills: int) -> None:
    """After each kill every file is in exactly one folder; at the end every row is at the provider once."""
    chance = random.Random(kills)
    rows = 6
    with weekly(clock=RealClock(), groups=2 * rows) as team:
        real(team)
        struck = 0
        while struck < kills:
            for name, numbers in (("a.csv", range(rows)), ("b.csv", range(rows, 2 * rows))):
                if not _places(team, name):
                    team.drop([team.desk.row(number) for number in numbers], name)
            command = start(["watch", "--once"], team.desk.environ, team.desk.folder)
            time.sleep(chance.uniform(0.05, 1.6))
            struck += command.kill()
            assert [len(_places(team, name)) for name in ("a.csv", "b.csv")] == [1, 1]
            for done in ("done", "attention"):
                _clear(team.folder / done)
        for _ in range(3):
            assert start(["watch", "--once"], team.desk.environ, team.desk.folder).wait(60) in {0, 1}
        for entry in team.desk.entries(Status.PLANNED, Status.IN_DOUBT):
            raise AssertionError(f"left over: {entry}")
        count = [campaign.message.partition("[")[2].partition("]")[0] for campaign in team.desk.sandbox.campaigns]
        assert sorted(count, key=int) == [str(number) for number in range(2 * rows)]
        assert team.desk.problems() == ()


def _places(team: Round, name: str) -> list[Path]:
    """Find a dropped sheet in all the folders, by its content: filed ones bear another name."""
    first = "[0]" if name == "a.csv" else "[6]"
    sheets = [path for path in team.folder.rglob("*.csv") if not path.name.startswith(".")]
    return [path for path in sheets if first in path.read_text(encoding="utf-8")]


def _clear(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)
        folder.mkdir()


def test_nobody_watches_the_real_provider_without_a_time_zone() -> None:
    """It ends before anything is begun."""
    with weekly() as team:
        team.desk.set(provider__url="https://api2.protexting.com/v1", sheet__timezone="")
        with pytest.raises(UsageError, match="time zone"):
            team.watch(5)
