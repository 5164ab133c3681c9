"""Workers: what a watch hands over is taken in by any of them, once, and comes back to the folder."""

from __future__ import annotations

import os
import platform
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from accounts_support import HANDED, Town, open_town, work
from cli_support import Ran, Shell, narrowed, row, write_csv
from postgres_support import cluster
from torture_support import wait_until

from batch.adapters.config import Settings, load_settings
from batch.adapters.ledger import Ledger, open_ledger
from batch.adapters.ledger.tables import REVISIONS
from batch.adapters.queue import CLOCK, Queue, Told
from batch.core.ledger_urls import account_url
from batch.model.errors import LedgerError, ReportError
from batch.workflows.context import World, open_context
from batch.workflows.doctor_line import Line
from batch.workflows.doctor_workers import worker_lines
from batch.workflows.events import Note
from batch.workflows.figures import Gauges
from batch.workflows.options import Options
from batch.workflows.submit import submit_in
from batch.workflows.worker import make_worker


def ledger_of(url: str, account: str) -> Ledger:
    return open_ledger(account_url(url, account), now=datetime.now(UTC))


def watch(town: Town) -> Ran:
    return town.shell.run("watch", "--once", "--no-events", "--create")


def drop(town: Town, name: str, account: str, *numbers: int) -> None:
    folder = town.folder / "inbox" / account
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / name, [row(number) for number in numbers])


def names_in(folder: Path) -> list[str]:
    return sorted(path.name.partition(" ")[2] for path in folder.iterdir())


def test_a_sheet_goes_to_a_worker_and_comes_back(town: Town, url: str) -> None:
    """The watch sends nothing itself; its folder tells afterwards what became of each."""
    drop(town, "week.csv", "dallas", 1, 2)
    drop(town, "other.csv", "austin", 3)
    handed = watch(town)
    assert handed.code == 0
    assert handed.err.count("waits for a worker") == 2
    assert (town.names("dallas"), town.names("austin")) == ([], [])
    worked = town.shell.run("worker", "--once")
    assert worked.code == 0, worked.err
    assert " works for dallas, austin" in worked.err.splitlines()[0]
    assert (town.names("dallas"), town.names("austin")) == (["Campaign 1", "Campaign 2"], ["Campaign 3"])
    assert town.shell.run("worker", "--once").code == 0
    assert town.names("dallas") == ["Campaign 1", "Campaign 2"]
    inbox = town.folder / "inbox" / "dallas"
    assert names_in(inbox / "done") == []
    watch(town)
    filed = sorted(path.name for path in (inbox / "done").iterdir())
    assert len(filed) == 4, filed
    assert not list((inbox / "working").iterdir())
    with ledger_of(url, "dallas") as ledger:
        assert ledger.drops.waiting() == 0
        assert len(list(ledger.entries.select())) == 2


def test_what_cannot_be_read_comes_back_with_its_note(town: Town, url: str) -> None:
    """As a watch without workers does it; nothing of it was sent."""
    alone = f'[provider]\nurl = "{town.dallas.url}"\n{HANDED}'
    (town.folder / "campaign-batch.toml").write_text(alone, encoding="utf-8")
    town.shell.set(PROVIDER__ACCESS_TOKEN=town.dallas.token)
    folder = town.folder / "inbox"
    folder.mkdir()
    (folder / "bad.csv").write_text("Nothing,Of,This\n1,2,3\n", encoding="utf-8")
    write_csv(folder / "good.csv", [row(1)])
    assert watch(town).code == 0
    assert town.shell.run("worker", "--once").code == 0
    assert watch(town).code == 1
    notes = [path.read_text(encoding="utf-8") for path in (folder / "attention").glob("*.txt")]
    assert len(notes) == 1
    assert "Nothing of it was sent" in notes[0]
    assert town.names("dallas") == ["Campaign 1"]
    with open_ledger(url, now=datetime.now(UTC)) as ledger:
        assert ledger.drops.ended(f"{platform.node()}:{folder.resolve()}") == ()


def test_rows_of_other_accounts_go_to_their_own_workers(town: Town) -> None:
    """The watch passes them on; each account's rows are taken in once."""
    folder = town.folder / "inbox" / "dallas"
    folder.mkdir(parents=True)
    write_csv(folder / "mixed.csv", [row(1, Account="dallas"), row(2, Account="austin")])
    for _ in range(2):
        watch(town)
        assert town.shell.run("worker", "--once").code == 0
    watch(town)
    assert (town.names("dallas"), town.names("austin")) == (["Campaign 1"], ["Campaign 2"])
    notes = [path.read_text(encoding="utf-8") for path in (town.folder / "inbox").rglob("* - what happened.txt")]
    assert len(notes) == 2
    assert all(note.endswith('".\n') and "\\n" not in note for note in notes), notes


def test_a_preview_that_an_earlier_run_did_not_finish_comes_to_the_watched_folder(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that was finished at once; there it can be approved by moving it."""
    town.settings(top=f"{HANDED}\n[approval]\nrequired = true\n")
    drop(town, "week.csv", "dallas", 1)
    watch(town)
    with monkeypatch.context() as broken:
        broken.setattr("batch.workflows.preview.offer_batch", fail_to_write)
        town.shell.run("worker", "--once")
    watch(town)
    waiting = town.folder / "inbox" / "dallas" / "waiting"
    assert not waiting.exists() or not list(waiting.iterdir())
    town.shell.run("worker", "--once")
    watch(town)
    assert [path.name.partition("-week-")[0] for path in waiting.iterdir()] == ["batch-0001"]


def fail_to_write(*_: object) -> None:
    raise ReportError("the disk is full")


def test_a_worker_that_was_killed_is_followed(town: Town, url: str) -> None:
    """What it had begun is given out anew; a file that three runs began and none ended goes back with a note."""
    drop(town, "week.csv", "dallas", 1)
    watch(town)
    with ledger_of(url, "dallas") as ledger:
        for number in (1, 2, 3):
            begun = ledger.drops.next()
            assert begun is not None
            assert begun.failures == number
    assert town.shell.run("worker", "--once").code == 0
    watch(town)
    notes = list((town.folder / "inbox" / "dallas" / "attention").glob("*.txt"))
    assert "three attempts" in notes[0].read_text(encoding="utf-8")
    assert town.names("dallas") == []


def settings_of(town: Town) -> Mapping[str, Settings]:
    return load_settings(None, dict(os.environ), town.folder, (), ()).accounts


def test_a_worker_leaves_the_jobs_of_an_account_whose_token_it_lacks(town: Town) -> None:
    """It says so once in its log and at /healthz, works for the others, and another worker does the rest."""
    drop(town, "week.csv", "dallas", 1)
    drop(town, "other.csv", "austin", 2)
    watch(town)
    town.shell.set_plain(DALLAS_TOKEN="")
    lines: list[str] = []
    world = World(tell=lambda event: lines.append(getattr(event, "words", "")))
    accounts = settings_of(town)
    ours = make_worker(list(accounts.values()), lambda _: world)
    work(ours)
    ours.act(Told(CLOCK, ""))
    told = [line for line in lines if "there is no access token" in line]
    assert len(told) == 1, lines
    assert "token_env under [accounts.dallas]" in told[0]
    assert "until then it leaves these jobs to others" in told[0]
    assert (town.names("dallas"), town.names("austin")) == ([], ["Campaign 2"])
    assert ours.queue.accounts_waiting() == {"dallas"}
    with Gauges(accounts, world, lacks=lambda: ours.lacks, warnings=ours.warnings).serving("127.0.0.1:0") as port:
        code, words = ask(port, "healthz")
        assert (code, words.splitlines()[0]) == (200, "ok")
        assert "warning: dallas: there is no access token" in words
        figures = ask(port, "metrics")[1]
        assert 'campaign_batch_served{account="dallas"} 0.0' in figures
        assert 'campaign_batch_served{account="austin"} 1.0' in figures
    town.shell.set_plain(DALLAS_TOKEN=town.dallas.token)
    work(make_worker(list(settings_of(town).values()), lambda _: world))
    assert town.names("dallas") == ["Campaign 1"]


def test_a_worker_that_lacks_an_account_leaves_its_jobs_and_says_so_once(town: Town) -> None:
    """With what to do; one that was started for some accounts only lacks nothing."""
    drop(town, "week.csv", "austin", 1)
    watch(town)
    accounts = settings_of(town)
    lines: list[str] = []
    world = World(tell=lambda event: lines.append(getattr(event, "words", "")))
    work(make_worker([accounts["dallas"]], lambda _: world))
    assert lines == []
    ours = make_worker([replace_others(accounts["dallas"])], lambda _: world)
    work(ours)
    ours.act(Told(CLOCK, ""))
    assert len(lines) == 1
    assert 'jobs wait for the account "austin"' in lines[0]
    assert "give each worker the same settings" in lines[0]
    assert (ours.queue.accounts_waiting(), town.names("austin")) == ({"austin"}, [])


def test_a_queue_that_fails_is_told_once_and_is_well_again_with_the_next_tick(town: Town, url: str) -> None:
    """No job of the clock stays as failed for it."""
    lines: list[str] = []
    world = World(tell=lambda event: lines.append(getattr(event, "words", "")))
    ours = make_worker(list(settings_of(town).values()), lambda _: world)
    work(ours)
    cluster().query("ALTER SCHEMA campaign_queue RENAME TO away", url)
    for _ in range(2):
        ours.act(Told(CLOCK, ""))
    assert len([line for line in lines if "the queue of the workers" in line]) == 1, lines
    assert any("the queue of the workers" in line for line in ours.warnings())
    cluster().query("ALTER SCHEMA away RENAME TO campaign_queue", url)
    ours.act(Told(CLOCK, ""))
    assert list(ours.warnings()) == []
    assert ours.queue.depth() == {"todo": 0, "doing": 0, "failed": 0}


def test_a_worker_that_cannot_begin_is_unwell_until_it_can(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """/healthz asks over connections that are open, and said `ok` while a database that was full let no job begin."""
    seen: list[object] = []
    full = LedgerError("the queue is full", "make room")
    tries, said = iter((full, full, None)), list[str]()

    def rest(_seconds: float) -> None:
        with pytest.raises(LedgerError) as caught:
            ours.depth()
        seen.append(caught.value)

    def begin(*_given: object, stopped: Callable[[], bool], **_how: object) -> None:
        if trouble := next(tries):
            raise trouble
        stopped()
        seen.append(ours.depth()["failed"])

    world = World(sleep=rest, tell=lambda event: said.append(getattr(event, "words", "")))
    ours = make_worker(list(settings_of(town).values()), lambda _: world)
    monkeypatch.setattr(Queue, "work", begin)
    ours.run(concurrency=1, once=False, stopped=lambda: len(seen) == 3)
    assert (seen, said.count(str(full))) == ([full, full, 0], 1)


def test_a_worker_leaves_a_ledger_that_a_newer_version_has_changed(town: Town, url: str) -> None:
    """Nor an account's file whose rows may have moved from there; it says so once, and a newer worker does it."""
    drop(town, "week.csv", "dallas", 1)
    drop(town, "other.csv", "austin", 2)
    watch(town)
    lines: list[str] = []
    world = World(tell=lambda event: lines.append(getattr(event, "words", "")))
    ours = make_worker(list(settings_of(town).values()), lambda _: world)
    change = "SET search_path TO account_dallas; UPDATE alembic_version SET version_num = '{}'"
    cluster().query(change.format("9999"), url)
    work(ours)
    ours.act(Told(CLOCK, ""))
    assert (town.names("dallas"), town.names("austin")) == ([], [])
    assert "dallas" in ours.queue.accounts_waiting()
    told = [line for line in lines if "until then it leaves these jobs to others" in line]
    assert sorted(ours.lacks) == ["austin", "dallas"]
    assert len(told) == 2, lines
    assert 'was made by a newer campaign-batch (schema "9999"): install the newest campaign-batch' in told[0]
    assert "on this machine; then start this worker again" in told[0]
    cluster().query(change.format(REVISIONS[-1]), url)
    work(make_worker(list(settings_of(town).values()), lambda _: world))
    assert (town.names("dallas"), town.names("austin")) == (["Campaign 1"], ["Campaign 2"])


def replace_others(settings: Settings) -> Settings:
    return settings.model_copy(update={"accounts": {settings.name: settings}})


def test_a_worker_that_can_work_for_no_account_does_not_start(town: Town) -> None:
    """It says what it lacks."""
    town.shell.set_plain(DALLAS_TOKEN="", AUSTIN_TOKEN="")
    ran = town.shell.run("worker", "--once")
    assert ran.code == 2
    assert "there is no access token for the provider of the account dallas" in ran.err
    found = {one["line"]: one for one in town.shell.run("doctor", "--account", "dallas", "--json").json}
    assert (found["ledger"]["state"], found["ledger"]["words"]) == ("warning", "there is none yet")


def test_a_file_at_a_worker_is_taken_in_once_when_there_are_no_workers_any_more(town: Town, url: str) -> None:
    """The watch takes it in itself, and no worker finds it later."""
    drop(town, "week.csv", "dallas", 1)
    watch(town)
    town.settings(top=HANDED.replace("enabled = true", "enabled = false"))
    assert watch(town).code == 0
    assert town.names("dallas") == ["Campaign 1"]
    with ledger_of(url, "dallas") as ledger:
        assert ledger.drops.waiting() == 0


def test_doctor_tells_of_the_workers(town: Town, url: str) -> None:
    """Whether any runs, what waits and for how long, what dead ones left; and the next command where none works."""
    dallas = settings_of(town)["dallas"]
    with ledger_of(url, "dallas") as ledger:
        workers, jobs = worker_lines(dallas, ledger)
        assert (workers.state, workers.words) == ("warning", "none runs; none has worked for this account yet")
        assert workers.remedy == 'type "campaign-batch worker" on one machine or more'
        assert (jobs.state, jobs.words) == ("fine", "none waits")
        drop(town, "week.csv", "dallas", 1)
        watch(town)
        assert worker_lines_of(dallas, ledger)["jobs"].words.startswith("1 job waiting, the oldest for ")
        assert worker_lines_of(dallas, ledger)["jobs"].words.endswith("; 1 file waiting")
        sql(url, "INSERT INTO procrastinate_workers DEFAULT VALUES")
        assert worker_lines_of(dallas, ledger)["workers"].words.startswith("1 runs, last sign of one 0 seconds ago")
        sql(url, "UPDATE procrastinate_events SET at = now() - interval '3 hours'")
        late = worker_lines_of(dallas, ledger)["jobs"]
        assert (late.state, "the oldest for 3 hours" in late.words) == ("warning", True)
        assert "give a worker this account's settings and token" in late.remedy
        sql(url, "UPDATE procrastinate_jobs SET status = 'failed'")
        assert "1 job left by a worker that died" in worker_lines_of(dallas, ledger)["jobs"].words


def worker_lines_of(settings: Settings, ledger: Ledger) -> dict[str, Line]:
    return {line.line: line for line in worker_lines(settings, ledger)}


def sql(url: str, words: str) -> None:
    cluster().query(f"SET search_path TO campaign_queue; {words}", url)


def test_a_fault_of_ours_is_told(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue keeps quiet about what a job raises."""
    drop(town, "week.csv", "dallas", 1)
    watch(town)
    monkeypatch.setattr("batch.workflows.worker.take_in", lambda *_: 1 / 0)
    ran = town.shell.run("worker", "--once")
    assert "dallas: an internal error of campaign-batch (ZeroDivisionError)" in ran.err
    assert town.names("dallas") == []


def test_a_pause_holds_the_workers_too(town: Town) -> None:
    """Also one that began after the file was handed over."""
    drop(town, "week.csv", "dallas", 1)
    watch(town)
    assert town.shell.run("pause", "--why", "wait", "--account", "dallas").code == 0
    assert town.shell.run("worker", "--once").code == 0
    assert town.names("dallas") == []
    assert town.shell.run("unpause", "--account", "dallas").code == 0
    assert town.shell.run("worker", "--once").code == 0
    assert town.names("dallas") == ["Campaign 1"]


def test_figures_say_what_is_open_and_whether_all_is_well(town: Town, tmp_path: Path) -> None:
    """For Prometheus, and for whoever asks only whether it is well; neither token nor password stands in them."""
    drop(town, "week.csv", "dallas", 1, 2)
    watch(town)
    accounts = load_settings(None, dict(os.environ), tmp_path, (), ()).accounts
    figures = Gauges(accounts, World(), Queue(accounts["dallas"].ledger.url).depth)
    with figures.serving("127.0.0.1:0") as port:
        assert ask(port, "healthz") == (200, "ok\n")
        before = ask(port, "metrics")[1]
        assert 'campaign_batch_files_waiting{account="dallas"} 1.0' in before
        assert 'campaign_batch_jobs_todo{account=""} 1.0' in before
        with open_context(accounts["dallas"], figures.counted(World(), "dallas")) as context:
            submit_in(write_csv(tmp_path / "more.csv", [row(7)]), context, Options())
        after = ask(port, "metrics")[1]
        assert 'campaign_batch_posts_total{account="dallas",outcome="accepted"} 1.0' in after
        assert 'campaign_batch_planned{account="dallas"} 0.0' in after
        assert ask(port, "other")[0] == 404
        assert town.dallas.token not in before + after
        cluster().restart()
        assert wait_until(lambda: ask(port, "healthz")[0] == 200, 30)
    ran = town.shell.run("worker", "--once", "--metrics", "nowhere")
    assert (ran.code, "write HOST:PORT" in ran.err) == (2, True)


def test_what_keeps_the_watch_of_an_account_from_its_work_stands_at_healthz() -> None:
    """A share that was away, or a database that was full, was told once in the log while /healthz said `ok`."""
    figures = Gauges({}, World())
    tell = figures.counted(World(), "dallas").tell
    with replace(figures, warnings=figures.standing).serving("127.0.0.1:0") as port:
        tell(Note("the folder is away: bring it back", loud=True, event="folder-gone"))
        assert ask(port, "healthz") == (200, "ok\nwarning: dallas: the folder is away: bring it back\n")
        tell(Note("it works again", loud=False, event="recovered"))
        assert ask(port, "healthz") == (200, "ok\n")


def test_a_database_that_is_away_makes_it_unwell_in_words_that_fit_what_stays(tmp_path: Path) -> None:
    """Nobody is told to start again what tries again by itself."""
    given = {"CAMPAIGN_BATCH_LEDGER__URL": "postgresql+psycopg://ana@127.0.0.1:1/campaigns"}
    away = load_settings(None, given, tmp_path, (), ())
    with Gauges({"dallas": away}, World()).serving("127.0.0.1:0") as port:
        code, words = ask(port, "healthz")
    assert (code, "cannot be reached" in words, "it goes on automatically" in words) == (503, True, True)
    assert "run the command again" not in words


def ask(port: int, path: str) -> tuple[int, str]:
    answer = requests.get(f"http://127.0.0.1:{port}/{path}", timeout=10)
    return answer.status_code, answer.text


@pytest.mark.in_a_file  # that a file is refused is the fact
def test_workers_need_a_database_that_machines_can_share(shell: Shell, tmp_path: Path) -> None:
    """One line says so, with what to type."""
    with open_town(shell, tmp_path) as town:
        ran = town.shell.run("worker", "--once")
    assert ran.code == 2
    assert "workers need a ledger on PostgreSQL" in ran.err
    assert "ledger move --to" in ran.err


@pytest.mark.skipif(os.name != "posix", reason="a limit of POSIX stands for the full disk")
def test_a_worker_without_room_for_a_file_leaves_it_and_says_so(town: Town) -> None:
    """However often: nobody's sheet is blamed for it; the word stands at /healthz until there is room again."""
    drop(town, "week.csv", "dallas", 1)
    watch(town)
    lines: list[str] = []
    world = World(tell=lambda event: lines.append(getattr(event, "words", "")))
    accounts = settings_of(town)
    ours = make_worker(list(accounts.values()), lambda _: world)
    with Gauges(accounts, world, warnings=ours.warnings).serving("127.0.0.1:0") as port:
        with narrowed("RLIMIT_FSIZE", 0):
            for _ in range(5):
                work(ours)
            assert "warning: dallas: this machine cannot keep a temporary file" in ask(port, "healthz")[1]
        assert len([line for line in lines if "make room in the folder for temporary files" in line]) == 1, lines
        assert town.names("dallas") == []
        work(ours)
        assert town.names("dallas") == ["Campaign 1"]
        assert ask(port, "healthz") == (200, "ok\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_under_the_log_stops_no_work(town: Town) -> None:
    """The worker goes on without its log, says so at /healthz, and ends as ever."""
    drop(town, "week.csv", "dallas", 1)
    watch(town)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    line = [sys.executable, "-m", "batch", "worker", "--metrics"]
    with Path("/dev/full").open("wb") as full:
        ours = subprocess.Popen([*line, f"127.0.0.1:{port}"], cwd=town.folder, stderr=full)
    try:
        assert wait_until(lambda: town.names("dallas") == ["Campaign 1"], 60)
        code, words = ask(port, "healthz")
    finally:
        ours.send_signal(signal.SIGTERM)
    assert (code, words.splitlines()[0], ours.wait(60)) == (200, "ok", 0)
    assert "the log cannot be written (No space left on device): make room on its disk" in words
