"""A provider, a ledger and a clock for the proofs: runs in this process with time handed in, or killed in another."""

from __future__ import annotations

import contextlib
import csv
import faulthandler
import gc
import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ledger_support import copy_ledger, lose_ledger, new_ledger, put_back

from batch.adapters.config import Settings, load_settings
from batch.adapters.ledger import Ledger, open_ledger
from batch.adapters.sandbox import Sandbox
from batch.core.identity import split_tag
from batch.model import Entry, Group, Status
from batch.model.codes import ALL_CODES, HARD
from batch.workflows.context import World
from batch.workflows.options import Options
from batch.workflows.reconcile import reconcile_books
from batch.workflows.resolve import resolve_entry
from batch.workflows.resume import resume
from batch.workflows.submit import submit_file
from batch.workflows.tally import Comparison, Tally

TOKEN = "t0k/en+with=odd&chars%"
TOKEN_FORMS = (TOKEN, "t0k%2Fen%2Bwith%3Dodd%26chars%25", "t0k%2fen%2bwith%3dodd%26chars%25", "t0k/en%2Bwith%3Dodd")
ZONE = "America/New_York"
COLUMNS = ("CampaignName", "Message", "GroupIds", "DateTime", "Reference")
ENDED = frozenset({Status.ACCEPTED, Status.SENT})
FIRST_GROUP = 5_000


class Clock:
    """A clock that only moves when somebody sleeps or says so."""

    def __init__(self, at: datetime = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)) -> None:
        self.at = at
        self.slept = 0.0
        self.ticks = 0.0

    def now(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        return self.at.timestamp()

    def monotonic(self) -> float:
        return self.ticks

    def sleep(self, seconds: float) -> None:
        self.slept += max(0.0, seconds)
        self.advance(seconds=max(0.0, seconds))

    def advance(self, **span: float) -> None:
        """Let time pass."""
        self.at += timedelta(**span)
        self.ticks += timedelta(**span).total_seconds()

    def set_forward(self, **span: float) -> None:
        """Let somebody set the wall clock; no time passes."""
        self.at += timedelta(**span)


class RealClock(Clock):
    """For runs in other processes: the provider's clock goes on in real time; rows keep the times of the beginning.

    A provider whose clock stands still settles no doubt: the time that has to pass first does not pass there.
    """

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC).replace(microsecond=0))

    def seconds(self) -> float:
        return time.time()


def make_row(number: int, start: datetime, **changes: str) -> dict[str, str]:
    """Make a good row: its number stands in every cell, and no two share a group."""
    later = timedelta(days=2 + number // 500, minutes=number % 500)  # never in the quiet hours
    moment = start.astimezone(ZoneInfo(ZONE)).replace(hour=11, minute=0) + later
    row = {
        "CampaignName": f"Sale {number}",
        "Message": f"Offer number [{number}] for you. Reply STOP to opt out",
        "GroupIds": str(FIRST_GROUP + number),
        "DateTime": f"{moment:%Y-%m-%d %H:%M}",
        "Reference": f"R-{number}",
    }
    return row | changes


def write_sheet(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """Write rows as a .csv sheet."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, dict.fromkeys((*COLUMNS, *(name for one in rows for name in one))))
        writer.writeheader()
        writer.writerows(rows)
    return path


def small_groups(count: int) -> list[Group]:
    """Make the groups of rows 0 to count - 1, three contacts each."""
    return [Group(str(FIRST_GROUP + number), f"Group {number}", 3) for number in range(count)]


@contextlib.contextmanager
def fast_folder() -> Iterator[Path]:
    """Give a folder in memory where the system has one: these proofs sync the disk thousands of times."""
    memory = Path("/dev/shm")
    where = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="campaign-batch-test-", dir=where))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Bench:
    """One team's set-up: a provider, a ledger, settings, and a clock that all of them share."""

    folder: Path
    sandbox: Sandbox
    clock: Clock
    environ: dict[str, str]
    stops: Callable[[], bool] = lambda: False
    confirm: Callable[[str], bool] = lambda _words: True
    insist: Callable[[str], bool] = lambda _words: True
    told: list[object] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return load_settings(None, self.environ, self.folder, ALL_CODES, HARD)

    @property
    def world(self) -> World:
        return World(
            now=self.clock.now,
            monotonic=self.clock.monotonic,
            sleep=self.clock.sleep,
            stopped=self.stops,
            tell=self.told.append,
            confirm=self.confirm,
            insist=self.insist,
            who="ann",
            machine="m",
        )

    @property
    def ledger_path(self) -> Path:
        """Where the ledger lies that is a file; what asks for it is marked `in_a_file`."""
        return self.folder / "ledger.sqlite3"

    def keep_ledger(self) -> str:
        """Copy the ledger as it is now; give the copy's URL."""
        return copy_ledger(self.settings.ledger.url)

    def put_back(self, copy: str) -> None:
        """Put a copy in the ledger's place, as a person would who restores last week's."""
        put_back(copy, self.settings.ledger.url)

    def lose_ledger(self) -> None:
        """Leave no ledger, as after a disk failed."""
        lose_ledger(self.settings.ledger.url)

    def has_ledger(self) -> bool:
        """Whether anything was written down yet."""
        return "sqlite" not in self.settings.ledger.url or self.ledger_path.exists()

    def change_ledger(self, *statements: str) -> None:
        """Change the ledger behind the program's back."""
        with self.ledger() as ledger, ledger._transactions.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def set(self, **values: object) -> None:
        """Change settings, as `provider__settle=60`."""
        self.environ |= {f"CAMPAIGN_BATCH_{name.upper()}": str(value) for name, value in values.items()}

    def row(self, number: int, **changes: str) -> dict[str, str]:
        return make_row(number, self.clock.at, **changes)

    def sheet(self, rows: Sequence[Mapping[str, str]] | int, name: str = "week.csv") -> Path:
        if isinstance(rows, int):
            rows = [self.row(number) for number in range(rows)]
        return write_sheet(self.folder / name, rows)

    def submit(self, path: Path, **options: Any) -> Tally:
        return submit_file(path, self.settings, self.world, Options(**options))

    def leave_a_doubt(self, fault: str = "close-before", row: int = 0) -> Path:
        """Leave one row in doubt between one that was accepted before it and one that was after it; nothing settles."""
        posts = len(self.sandbox.posts)
        self.submit(self.sheet([self.row(10)], "older.csv"))
        self.sandbox.faults.add(f"{fault}x1")
        self.stops = lambda: len(self.sandbox.posts) >= posts + 3
        path = self.sheet([self.row(row), self.row(11)])
        self.submit(path)
        self.stops = lambda: False
        assert self.entry(f"R-{row}").status is Status.IN_DOUBT
        return path

    def look_and_say(self) -> int:
        """Look for every doubt in the dashboard and say what is there, as a person would; give how many there were."""
        doubts = self.entries(Status.IN_DOUBT)
        for entry in doubts:
            found = [one.id for one in self.sandbox.campaigns if one.name.endswith(f"#{entry.tag}")]
            wish = "accepted" if found else "not-sent"
            number = str(found[0]) if found else ""
            resolve_entry(self.settings, self.world, entry.id, wish, "looked", provider_id=number)
        return len(doubts)

    def resume(self, **options: Any) -> Tally:
        return resume(self.settings, self.world, **options)

    def reconcile(self, **options: Any) -> Comparison:
        return reconcile_books(self.settings, self.world, **options)

    @contextlib.contextmanager
    def ledger(self) -> Iterator[Ledger]:
        with open_ledger(self.settings.ledger.url, now=self.clock.now()) as ledger:
            yield ledger

    def entries(self, *statuses: Status) -> list[Entry]:
        with self.ledger() as ledger:
            return list(ledger.entries.select(statuses=set(statuses) or None))

    def entry(self, reference: str) -> Entry:
        """Give the newest entry of a reference."""
        return [entry for entry in self.entries() if entry.reference == reference][-1]

    def attempts(self, reference: str) -> list[str]:
        """Give what each attempt of a row came to."""
        with self.ledger() as ledger:
            return [attempt.outcome for attempt in ledger.attempts.of(self.entry(reference).id)]

    def words(self) -> str:
        return "\n".join(str(event) for event in self.told)

    def problems(self) -> tuple[str, ...]:
        with self.ledger() as ledger:
            return ledger.upkeep.verify(self.clock.now())


@contextlib.contextmanager
def bench(
    *, groups: int = 12, clock: Clock | None = None, sandbox: type[Sandbox] = Sandbox, **quirks: Any
) -> Iterator[Bench]:
    """Set a team up, the provider at the same clock."""
    clock = clock or Clock()
    quirks = {"limit": 0, "token": TOKEN, "clock": clock.seconds, "groups": small_groups(groups), **quirks}
    with fast_folder() as folder, sandbox(**quirks) as provider:
        yield Bench(folder, provider, clock, environ_for(provider, folder))


def environ_for(sandbox: Sandbox, folder: Path, **more: str) -> dict[str, str]:
    """Say all settings by the environment."""
    values = {
        "PROVIDER__URL": sandbox.url,
        "PROVIDER__ACCESS_TOKEN": sandbox.token,
        "LEDGER__URL": new_ledger(folder),
        "REPORTS__FOLDER": str(folder / "reports"),
        "SHEET__TIMEZONE": ZONE,
        "PROVIDER__DEADLINE": "5",
        **more,
    }
    return {f"CAMPAIGN_BATCH_{name}": value for name, value in values.items()}


@dataclass
class Count:
    """How often the provider holds each row, and what the ledger says of it."""

    held: Counter[str]
    """By reference: how many campaigns bear its text."""
    tags: Counter[str]
    entries: dict[str, Entry]

    @property
    def doubled(self) -> list[str]:
        return sorted(
            {name for name, times in self.held.items() if times > 1} | {t for t, n in self.tags.items() if n > 1}
        )


def count_campaigns(sandbox: Sandbox, entries: Sequence[Entry]) -> Count:
    """Count what the provider holds, by tag and by the row's own number in the text."""
    campaigns = sandbox.campaigns
    held = Counter(f"R-{campaign.message.partition('[')[2].partition(']')[0]}" for campaign in campaigns)
    tags = Counter(split_tag(campaign.name)[1] for campaign in campaigns)
    newest = {entry.reference: entry for entry in entries}
    return Count(held, tags, newest)


def assert_exactly_once(sandbox: Sandbox, entries: Sequence[Entry], rows: int | Iterable[int]) -> None:
    """Hold that every row is at the provider once and the ledger has exactly that Id for it."""
    count = count_campaigns(sandbox, entries)
    assert count.doubled == []
    assert count.held == {f"R-{number}": 1 for number in (range(rows) if isinstance(rows, int) else rows)}
    ids = {f"R-{c.message.partition('[')[2].partition(']')[0]}": str(c.id) for c in sandbox.campaigns}
    assert {name: entry.provider_id for name, entry in count.entries.items()} == ids
    assert {entry.status for entry in count.entries.values()} <= ENDED


# Runs in a process of their own, which can be killed.

_PRELOADED = (
    "batch.cli",
    "batch.adapters.config",
    "batch.adapters.ledger",
    "batch.adapters.messages",
    "batch.model.codes",
    "batch.workflows.resolve",
    "batch.workflows.reconcile",
    "batch.workflows.submit",
    "batch.adapters.provider",
    "batch.adapters.report",
    "batch.adapters.sandbox",
    "batch.adapters.sheet",
    "batch.adapters.sheet.delimited",
    "batch.core.validate",
    "pandas",
    "pydantic.plugin._loader",
    "pytest",
    "requests",
    "rich.console",
    "sqlalchemy.dialects.sqlite",
    "tzdata",
    "xlsxwriter",
)


def _context() -> Any:
    """Fork from a process that has imported everything once; where there is no fork, start anew each time."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_PRELOADED))
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return context


@dataclass
class Command:
    """One `campaign-batch ...` in a process of its own."""

    process: Any
    out: Path
    err: Path

    def kill(self) -> bool:
        """End it with SIGKILL; say whether it still lived."""
        self.process.kill()
        self.process.join(30)
        return self.process.exitcode not in (0, 1, 2, 3, 130)

    def terminate(self) -> None:
        os.kill(self.process.pid, signal.SIGTERM)

    def wait(self, seconds: float = 60) -> int:
        self.process.join(seconds)
        if self.process.exitcode is None:
            self._show_stack()
            self.process.kill()
            raise AssertionError(f"it hangs: {self.err.read_text(encoding='utf-8')}")
        return self.process.exitcode

    def _show_stack(self) -> None:
        """Let it write to its standard error where it is."""
        if hasattr(signal, "SIGUSR1"):
            os.kill(self.process.pid, signal.SIGUSR1)
            time.sleep(0.5)

    @property
    def alive(self) -> bool:
        return bool(self.process.is_alive())

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out.read_text(encoding="utf-8").splitlines()[-1])

    @property
    def words(self) -> str:
        return self.err.read_text(encoding="utf-8")


def start(arguments: Sequence[str], environ: Mapping[str, str], folder: Path, *, bomb: int = 0) -> Command:
    """Start `campaign-batch ARGUMENTS`; with `bomb` it kills itself at that step (-1: it lists them)."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix="run-", suffix=".out", delete=False) as file:
        out = Path(file.name)
    err = out.with_suffix(".err")
    process = _context().Process(
        target=_run_command, args=(list(arguments), dict(environ), (str(folder), str(out), str(err)), bomb), daemon=True
    )
    process.start()
    return Command(process, out, err)


def _run_command(arguments: list[str], environ: dict[str, str], places: tuple[str, str, str], bomb: int) -> None:
    folder, out, err = places
    for number, path in ((1, out), (2, err)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False, buffering=1)
    if hasattr(signal, "SIGUSR1"):
        faulthandler.register(signal.SIGUSR1)
    os.chdir(folder)
    os.environ |= environ
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    import batch.cli  # noqa: F401  it defines the commands
    from batch.cli.session import app, run_guarded, session

    session.environ = dict(environ)
    sys.argv = ["campaign-batch", *arguments]
    steps = Steps(folder, lambda: os.kill(os.getpid(), signal.SIGKILL)) if bomb else None
    if steps is not None:
        steps.arm(max(0, bomb))
    code = run_guarded(app)
    if steps is not None:
        steps.disarm()
        Path(folder, "steps.json").write_text(json.dumps(steps.log), encoding="utf-8")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


# Steps: every statement and commit, every file touched, every byte sent and read, before and after.


class Crash(BaseException):
    """The end of the world for one run: nothing in the project may catch it."""


def crashed(run: Callable[[], object]) -> bool:
    """Whether a run ended in a crash; what it held open is let go then, as the system does for a killed process.

    Without it, a crash right behind ``BEGIN`` leaves the ledger locked until a collection happens to come by.
    """
    struck = False
    try:
        run()
    except Crash:
        struck = True
    if struck:
        gc.collect()  # out here: inside, the exception still holds every frame
    return struck


class Steps:
    """Counts the steps of a run in this thread, and does something at one of them."""

    def __init__(self, folder: str | Path, strike: Callable[[], None]) -> None:
        import threading

        self.folder = str(folder)
        self.strike = strike
        self.count = 0
        self.at = 0
        self.log: list[str] = []
        self._thread = threading.get_ident()
        self._ident = threading.get_ident
        _wrap_once()
        _LISTENERS.append(self)

    def arm(self, at: int) -> None:
        """Strike at that step, counted from 1; 0 only counts."""
        self.count, self.at, self.log = 0, at, []

    def disarm(self) -> None:
        _LISTENERS.remove(self)

    def step(self, what: str) -> None:
        if self._ident() != self._thread:
            return
        self.count += 1
        self.log.append(what)
        if self.at and self.count == self.at:
            self.strike()


_LISTENERS: list[Steps] = []
_WRAPPED: list[bool] = []
_FILES = frozenset({"open", "os.rename", "os.remove", "os.mkdir", "sqlite3.connect", "os.truncate"})


def _announce(what: str) -> None:
    for listener in _LISTENERS:
        listener.step(what)


def _watch_files(event: str, arguments: tuple[Any, ...]) -> None:
    if not _LISTENERS or event not in _FILES:
        return
    place = str(arguments[0])
    for listener in _LISTENERS:
        if listener.folder in place:
            listener.step(f"{event} {place.removeprefix(listener.folder)}")


def _wrap_once() -> None:
    import socket

    # Each time: what a fixture of another test put back since takes its wrapping along.
    for name in ("connect", "sendall", "recv_into"):
        _wrap(socket.socket, name, name)
    if _WRAPPED:
        return
    _WRAPPED.append(True)
    from sqlalchemy import Engine, event
    from sqlalchemy.engine.default import DefaultDialect

    sys.addaudithook(_watch_files)
    event.listen(Engine, "before_cursor_execute", lambda _c, _u, sql, *_: _announce(f"before {sql[:30]}"))
    event.listen(Engine, "after_cursor_execute", lambda _c, _u, sql, *_: _announce(f"after {sql[:30]}"))
    _wrap(DefaultDialect, "do_commit", "commit")


def _wrap(owner: type, name: str, what: str) -> None:
    plain = getattr(owner, name)
    if getattr(plain, "__name__", "") == "watched":
        return

    def watched(*args: Any, **kwargs: Any) -> Any:
        _announce(f"before {what}")
        found = plain(*args, **kwargs)
        _announce(f"after {what}")
        return found

    setattr(owner, name, watched)


def one_submission(log: Sequence[str]) -> range:
    """Give the steps, from 1, of the first submission of a run: from its intent to what follows its outcome."""
    attempt = next(place for place, what in enumerate(log) if what.startswith("before INSERT INTO attempts"))
    begins = max(place for place in range(attempt) if log[place].startswith("before UPDATE entries SET"))
    ends = next(place for place, what in enumerate(log) if what.startswith("after UPDATE attempts"))
    return range(begins - 2, next(place for place in range(ends, len(log)) if log[place] == "after commit") + 14)


def between_two(log: Sequence[str]) -> range:
    """Give the steps, from 1, from the outcome of the second submission of a run to that of the third."""
    _, second, third, *_ = (place for place, what in enumerate(log) if what.startswith("before UPDATE attempts"))
    return range(second, next(place for place in range(third, len(log)) if log[place] == "after commit") + 2)


def changed(row: Mapping[str, str], **changes: str) -> dict[str, str]:
    """Edit a row of a sheet."""
    return {**row, **changes}


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Wait until something holds; False when it never does."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.003)
    return condition()
