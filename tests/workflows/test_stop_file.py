"""A file named STOP stops whatever submits, whether a watch has seen it or none runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from accounts_support import Town, open_town
from cli_support import Shell, row, write_csv
from torture_support import Bench, assert_exactly_once, bench
from weekly_support import weekly

from batch.adapters.sandbox import Sandbox
from batch.adapters.sandbox.bodies import Reply
from batch.adapters.sandbox.endpoints import Request
from batch.model import PauseCause, Status
from batch.model.errors import BatchError
from batch.workflows.approve import approve_batch
from batch.workflows.cancel import pause_all
from batch.workflows.context import open_context
from batch.workflows.stop_file import STOP_WORDS, lift_gone_stops
from batch.workflows.watch import watch_folder


class Stops(Sandbox):
    """A provider at which somebody puts a file named STOP into a folder as the third campaign arrives."""

    folder: Path | None = None

    def _answer(self, request: Request) -> Reply:
        reply = super()._answer(request)
        if self.folder is not None and len(self.posts) == 3:
            stop(self.folder)
        return reply


@pytest.fixture
def desk() -> Iterator[Bench]:
    with bench(sandbox=Stops) as found:
        yield found


def stop(folder: Path, name: str = "STOP") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("", encoding="utf-8")
    return folder / name


@pytest.mark.parametrize("name", ["STOP", "stop.txt"])
@pytest.mark.parametrize(
    "act",
    [lambda desk: desk.submit(desk.folder / "week.csv"), lambda desk: desk.resume()],
    ids=["submit", "resume"],
)
def test_nothing_begins_while_it_lies_there(desk: Bench, act: Callable[[Bench], object], name: str) -> None:
    """Exit 3 with the folder and what to do; nothing is written down, and once it is gone all goes."""
    path = desk.sheet(2)
    desk.submit(path, limit=1)
    lying = stop(desk.folder / "inbox", name)
    with pytest.raises(BatchError, match=r"everything is paused: a file named STOP is in \".*inbox\": ") as caught:
        act(desk)
    assert (caught.value.exit_code, caught.value.remedy) == (
        3,
        "to go on, remove it and type the same command again",
    )
    with desk.ledger() as ledger:
        assert ([one.id for one in ledger.batches.all()], ledger.pauses.all()) == ([1], ())
    lying.unlink()
    act(desk)
    assert_exactly_once(desk.sandbox, desk.entries(), 2)


def test_no_row_goes_after_it_was_put_there(desk: Bench) -> None:
    """The one on the wire is written down, the intent of the next is not; the report says why, and resume goes on."""
    desk.sandbox.folder = desk.folder / "inbox"  # type: ignore[attr-defined]
    tally = desk.submit(desk.sheet(6))
    assert (tally.counts, len(desk.sandbox.posts)) == ({"accepted": 3, "planned": 3}, 3)
    assert [desk.attempts(f"R-{number}") for number in (2, 3)] == [["accepted"], []]
    assert tally.trouble is not None
    assert 'a file named STOP is in "' in tally.trouble.words
    assert 'where no watch runs, type "campaign-batch resume" then' in tally.trouble.remedy
    assert "a file named STOP is in" in tally.reports[0].read_text(encoding="utf-8")
    desk.sandbox.folder = None  # type: ignore[attr-defined]
    (desk.folder / "inbox" / "STOP").unlink()
    assert desk.resume().counts == {"accepted": 3}
    assert_exactly_once(desk.sandbox, desk.entries(), 6)


def test_a_rehearsal_does_not_mind_it(desk: Bench) -> None:
    """Nothing of it goes to people."""
    stop(desk.folder / "inbox")
    assert desk.submit(desk.sheet(2), rehearse=True).counts == {"accepted": 2}


def test_an_approval_lets_nothing_go_while_it_lies_there() -> None:
    """The batch goes on waiting for its yes."""
    with weekly() as team:
        team.desk.set(approval__required="true")
        team.desk.submit(team.desk.sheet(2))
        lying = stop(team.folder)
        with pytest.raises(BatchError, match="a file named STOP is in"):
            approve_batch(team.desk.settings, team.as_person("bo"), 1, frozenset())
        lying.unlink()
        assert approve_batch(team.desk.settings, team.as_person("bo"), 1, frozenset()).counts == {"accepted": 2}


def test_a_sheet_that_is_taken_in_meanwhile_has_the_reason_beside_it() -> None:
    """Its rows wait; once the file is gone the watch sends the rest by itself."""
    with weekly(sandbox=Stops) as team:
        team.drop(6)
        team.desk.sandbox.folder = team.folder  # type: ignore[attr-defined]
        team.watch(60)
        assert len(team.desk.sandbox.posts) == 3
        [note] = (team.folder / "attention").glob("*what happened.txt")
        words = note.read_text(encoding="utf-8")
        assert "3 at the provider, 3 still to be submitted." in words
        assert "The run stopped: everything is paused: a file named STOP is in" in words
        assert "the rest is sent automatically as soon as possible" in words
        assert [entry.status for entry in team.desk.entries()] == [Status.ACCEPTED] * 3 + [Status.PLANNED] * 3
        team.desk.sandbox.folder = None  # type: ignore[attr-defined]
        (team.folder / "STOP").unlink()
        team.watch(900)
        assert_exactly_once(team.desk.sandbox, team.desk.entries(), 6)


@pytest.fixture
def town(shell: Shell, tmp_path: Path) -> Iterator[Town]:
    with open_town(shell, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(("folder", "stopped"), [("inbox", ["dallas", "austin"]), ("inbox/dallas", ["dallas"])])
def test_the_one_of_all_accounts_stops_each_and_an_accounts_own_only_that(
    town: Town, folder: str, stopped: list[str]
) -> None:
    """As a watch takes them, without one."""
    (town.folder / "inbox").mkdir()
    stop(town.folder / folder)
    sheet = write_csv(town.folder / "week.csv", [row(1, Account="dallas"), row(2, Account="austin")])
    ran = town.shell.run("submit", sheet, "--yes", "--account", "dallas")
    assert ran.code == 3
    assert f'a file named STOP is in "{town.folder / folder}"' in ran.err
    assert [name for name in ("dallas", "austin") if not town.names(name)] == stopped


def test_doctor_tells_of_it(ready: Shell) -> None:
    """No watch runs that would have written a pause down; it was called fine."""
    ready.run("submit", write_csv(ready.folder / "week.csv", [row(1)]), "--yes")
    lying = stop(ready.folder / "inbox")
    pauses = [line["words"] for line in ready.run("doctor", "--json").json if line["line"] == "pause"]
    assert pauses == [f'a file named STOP is in "{lying.parent}": nothing is submitted']


def test_unpause_tells_of_one_that_no_watch_has_seen(ready: Shell) -> None:
    """It said that nothing was paused, or that resume submits, which was refused then."""
    ready.run("submit", write_csv(ready.folder / "week.csv", [row(1)]), "--yes")
    lying = stop(ready.folder / "inbox")
    staying = f'everything stays paused: a file named STOP is in "{lying.parent}"'
    alone = ready.run("unpause")
    assert (alone.code, staying in alone.err, "nothing was paused" in alone.out) == (2, True, False)
    ready.run("pause", "--why", "recall")
    beside = ready.run("unpause")
    assert (beside.code, '("recall") is lifted, but ' + staying in beside.err) == (2, True)
    assert 'where no watch runs, type "campaign-batch resume" then' in beside.err
    lying.unlink()
    assert ready.run("unpause").out.startswith("nothing was paused")
    assert ready.run("resume").code == 0


@pytest.fixture
def ended(desk: Bench) -> Path:
    """A file named STOP that a watch has seen which is over; one of two rows is still to go."""
    desk.submit(desk.sheet(2), limit=1)
    lying = stop(desk.folder / "inbox")
    assert watch_folder(desk.settings, desk.world, once=True).trouble is not None
    desk.told.clear()
    return lying


def causes(desk: Bench) -> list[PauseCause]:
    with desk.ledger() as ledger:
        return [pause.cause for pause in ledger.pauses.all()]


@pytest.mark.in_a_file  # on a server the folder may be another machine's of the same name
@pytest.mark.parametrize(
    "act",
    [lambda desk: desk.submit(desk.folder / "week.csv"), lambda desk: desk.resume()],
    ids=["submit", "resume"],
)
def test_a_run_lifts_what_a_watch_that_is_over_has_set(
    desk: Bench, ended: Path, act: Callable[[Bench], object]
) -> None:
    """It said that the file is to be removed, which was done, and that unpause is to be typed."""
    with pytest.raises(BatchError, match="everything is paused by ann"):
        act(desk)
    ended.unlink()
    act(desk)
    assert f'the pause is lifted: the file named STOP is gone from "{ended.parent}"' in desk.words()
    assert causes(desk) == []
    assert_exactly_once(desk.sandbox, desk.entries(), 2)


@pytest.mark.in_a_file
def test_a_run_lifts_nobody_elses_pause_with_it(desk: Bench, ended: Path) -> None:
    """A person's, and one set because the provider did something else, though their words are those of a STOP."""
    pause_all(desk.settings, desk.world, STOP_WORDS)
    with desk.ledger() as ledger:
        ledger.pauses.add(STOP_WORDS, "the watch", desk.clock.now(), PauseCause.OTHER_LEDGER, str(ended.parent))
    ended.unlink()
    with pytest.raises(BatchError, match="everything is paused by ann on m"):
        desk.resume()
    assert causes(desk) == [PauseCause.PERSON, PauseCause.OTHER_LEDGER]
    assert len(desk.sandbox.posts) == 1


@pytest.mark.parametrize("empty", [False, True])
def test_a_folder_that_is_not_in_its_place_keeps_its_pause(desk: Bench, ended: Path, *, empty: bool) -> None:
    """Neither one that is missing nor the empty one on which a disk is mounted shows that the file is gone."""
    ended.parent.rename(desk.folder / "away")
    if empty:
        ended.parent.mkdir()
    with pytest.raises(BatchError, match="everything is paused"):
        desk.resume()
    assert causes(desk) == [PauseCause.STOP_FILE]
    assert len(desk.sandbox.posts) == 1


def test_a_ledger_that_machines_share_keeps_its_pause(desk: Bench, ended: Path) -> None:
    """A folder of that name may be here, too, and be another one."""
    ended.unlink()
    with open_context(desk.settings, desk.world) as context:
        shared = context.settings.ledger.model_copy(update={"url": "postgresql://db/ledger"})
        lift_gone_stops(replace(context, settings=context.settings.model_copy(update={"ledger": shared})))
    assert causes(desk) == [PauseCause.STOP_FILE]


@pytest.mark.in_a_file
def test_the_pause_of_all_accounts_is_lifted_once_that_folder_is_seen_without_it(town: Town) -> None:
    """The folder of the account, within it, shows that it is in its place; while it is missing the pause stays."""
    run, inbox, away = town.shell.run, town.folder / "inbox", town.folder / "away"
    sheet = write_csv(town.folder / "week.csv", [row(1, Account="dallas")])
    inbox.mkdir()
    lying = stop(inbox)
    submit = ("submit", sheet, "--yes", "--account", "dallas")
    assert run("watch", "--once", "--account", "dallas").code == 3
    inbox.rename(away)
    assert run(*submit).code == 3
    away.rename(inbox)
    lying.unlink()
    ran = run(*submit)
    assert (ran.code, f'the file named STOP is gone from "{inbox}"' in ran.err) == (0, True)
    assert town.names("dallas") == ["Campaign 1"]
