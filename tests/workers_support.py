"""Real workers and a real watch under blows: killed, stopped for long, cut off, their database restarted.

The lease is made short, and with it how long a request may be on its way: what holds of a minute holds of 3 s.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cli_support import row, write_csv
from postgres_support import cluster

from batch.adapters.config import FILE_NAME
from batch.adapters.ledger import open_ledger
from batch.adapters.sandbox import Sandbox
from batch.core.ledger_urls import account_url
from batch.model import Entry, Status
from batch.model.errors import BatchError

LEASE = 3.0
FAULTS = ("posts=close-after:0.05", "posts=503:0.04", "list-empty:0.05", "list-newest-missing:0.05")
BLOWS = ("kill", "kill", "stop", "cut", "kill the watch", "restart")
START = f"""
import sys
from batch.adapters.ledger import postgres
postgres.LEASE = {LEASE}
import batch.workflows.listings as listings, batch.workflows.post as post, batch.workflows.worker as worker
from datetime import timedelta
listings.ON_THE_WIRE = post.ON_THE_WIRE = timedelta(seconds={LEASE / 2})
worker.UPKEEP = timedelta(seconds=2)
fenced, delay, ahead = sys.argv.pop(1) == "fenced", float(sys.argv.pop(1)), float(sys.argv.pop(1))
if ahead:
    import time
    from datetime import UTC, datetime
    from batch.cli.session import session
    ours = time.time
    time.time = lambda: ours() + ahead
    session.clock = lambda: datetime.fromtimestamp(time.time(), UTC)
if delay:
    import time
    from batch.adapters.provider.api import Provider
    submit = Provider.submit
    Provider.submit = lambda self, *given, **more: (time.sleep(delay), submit(self, *given, **more))[1]
if not fenced:
    from batch.adapters.ledger.transactions import Transactions
    from contextlib import contextmanager
    @contextmanager
    def take_turn(self, holder, *, free=True):
        yield True
    Transactions.take_turn = take_turn
    post.ON_THE_WIRE = timedelta(days=1)
from batch.cli import main
main()
"""
"""What a worker's process runs: the command line, with the times of the harness."""


@dataclass
class Fleet:
    """Some accounts, each with its provider, and the processes that work for them."""

    folder: Path
    url: str
    sandboxes: dict[str, Sandbox]
    chance: random.Random
    fenced: bool = True
    apart: Sequence[float] = (0.0,)
    """How many seconds the clock of each worker is ahead."""
    delay: float = 0.0
    """Seconds between the intent in the ledger and its request, to be stopped in."""
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    watch: subprocess.Popen[bytes] | None = None
    blows: Counter[str] = field(default_factory=Counter)
    wanted: Counter[str] = field(default_factory=Counter)

    def start(self, *words: str, ahead: float = 0.0) -> subprocess.Popen[bytes]:
        """Start a command as a real process, with a clock that is ahead."""
        log = (self.folder / "log.txt").open("ab")
        with log:
            how = "fenced" if self.fenced else "without fence"
            line = [sys.executable, "-c", START, how, str(self.delay), str(ahead), *words]
            return subprocess.Popen(line, cwd=self.folder, stdout=log, stderr=log, env=self._environ())

    def _environ(self) -> dict[str, str]:
        tokens = {f"{name.upper()}_TOKEN": one.token for name, one in self.sandboxes.items()}
        return {**os.environ, **tokens, "CAMPAIGN_BATCH_LEDGER__URL": self.url, "PYTHONWARNINGS": "ignore"}

    def begin(self, workers: int) -> None:
        """Start the watch and the workers."""
        self.watch = self.start("watch", "--no-events", "--create")
        self.workers = [self._worker(number) for number in range(workers)]

    def _worker(self, number: int) -> subprocess.Popen[bytes]:
        return self.start("worker", "--concurrency", "2", ahead=self.apart[number % len(self.apart)])

    def drop(self, files: int, rows: int) -> None:
        """Drop all files at once, spread over the accounts."""
        names = list(self.sandboxes)
        for number in range(files):
            account = names[number % len(names)]
            first = number * rows
            path = self.folder / f"week {number}.csv"
            write_csv(path, [_row(one) for one in range(first, first + rows)])
            self.wanted.update({f"{account}: Campaign {one}": 1 for one in range(first, first + rows)})
            folder = self.folder / "inbox" / account
            folder.mkdir(parents=True, exist_ok=True)
            path.replace(folder / path.name)

    def strike(self, blow: str = "") -> None:
        """Do one blow, and put a new process in the place of one that died of it."""
        blow = blow or self.chance.choice(BLOWS)
        self.blows[blow] += 1
        at = self.chance.randrange(len(self.workers))
        match blow:
            case "kill":
                self.workers[at].kill()
                self.workers[at].wait()
                self.workers[at] = self._worker(at)
            case "stop":
                self._stop(self.workers[at])
            case "cut":
                cluster().query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname <> 'postgres'")
            case "kill the watch":
                assert self.watch is not None
                self.watch.kill()
                self.watch.wait()
                self.watch = self.start("watch", "--no-events", "--create")
            case "restart":
                cluster().restart()

    def wait_for(self, happened: Callable[[], bool], seconds: float = 30) -> bool:
        """Wait until something is so; False when that did not come."""
        end = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def stop_on_the_wire(self) -> bool:
        """Let all workers stand still while a row's intent is written and its request is not; False if none comes.

        Two rows went before it: whoever settles it can prove by an older and a newer one that it did not arrive.
        """
        name = next(iter(self.sandboxes))
        if not self.wait_for(lambda: (found := self.counts(name))["submitting"] > 0 and found["accepted"] >= 2):
            return False
        for process in self.workers:
            process.send_signal(signal.SIGSTOP)
        return True

    def go_on(self) -> None:
        """Let them go on."""
        for process in self.workers:
            process.send_signal(signal.SIGCONT)

    def _stop(self, process: subprocess.Popen[bytes]) -> None:
        """Let a worker stand still for longer than its lease, while the others go on."""
        process.send_signal(signal.SIGSTOP)
        time.sleep(LEASE * 1.5)
        process.send_signal(signal.SIGCONT)

    def replace_the_dead(self) -> None:
        """Start anew what ended on its own, as systemd does."""
        self.workers = [one if one.poll() is None else self._worker(number) for number, one in enumerate(self.workers)]
        if self.watch is not None and self.watch.poll() is not None:
            self.watch = self.start("watch", "--no-events", "--create")

    def is_filed(self) -> bool:
        """Whether every file is filed away."""
        inboxes = [self.folder / "inbox" / name for name in self.sandboxes]
        waiting = [path for inbox in inboxes for path in inbox.glob("*.csv")]
        return not waiting and not any(path for inbox in inboxes for path in inbox.glob("working/*/*.csv"))

    def open_rows(self) -> int:
        """Count the rows that are not at their provider yet; -1 while a ledger cannot be asked."""
        with suppress(BatchError):
            return sum(self.counts(name)["open"] for name in self.sandboxes)
        return -1

    def counts(self, account: str) -> Counter[str]:
        """Count an account's entries: those at the provider, and those that are open."""
        statuses = [entry.status.value for entry in self.entries(account)]
        opened = sum(one in {"planned", "submitting", "in_doubt", "held"} for one in statuses)
        return Counter(statuses) + Counter({"open": opened})

    def entries(self, account: str) -> list[Entry]:
        """Give the entries of an account's ledger."""
        with open_ledger(account_url(self.url, account), now=datetime.now(UTC)) as ledger:
            return list(ledger.entries.select())

    def wait_until_done(self, seconds: float, *, decide: bool = False) -> bool:
        """Wait for the end of all of it; False when that did not come."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.replace_the_dead()
            if self.is_filed() and (not self.open_rows() or (decide and not self.decide())):
                return True
            time.sleep(0.5)
        return False

    def decide(self) -> int:
        """Say what a person sees at the provider of what no list can prove; give how many rows are still open."""
        for name in self.sandboxes:
            with suppress(BatchError):
                for entry in self.entries(name):
                    tired = entry.status is Status.HELD and "tried-often" in {issue.code for issue in entry.issues}
                    if entry.status is Status.IN_DOUBT or tired:
                        self._say(name, entry, ["--send"] if tired else self._look(name, entry))
        return self.open_rows()

    def _look(self, account: str, entry: Entry) -> list[str]:
        there = [one for one in self.sandboxes[account].account.held.values() if entry.tag in str(one.name)]
        return ["--accepted", str(there[0].id)] if there else ["--not-sent"]

    def _say(self, account: str, entry: Entry, what: list[str]) -> None:
        self.start("resolve", str(entry.id), *what, "--why", "looked", "--account", account).wait()

    def held(self) -> Counter[str]:
        """Count each campaign at its provider, by its account and plain name."""
        return Counter(
            f"{name}: {str(one.name).partition(' #')[0]}"
            for name, sandbox in self.sandboxes.items()
            for one in sandbox.account.held.values()
        )

    def missing(self) -> list[str]:
        """Say of each campaign that is not at its provider what its ledger says."""
        found = []
        for wanted in self.wanted - self.held():
            account, name = wanted.split(": ", 1)
            for one in self.entries(account):
                if one.campaign_name == name:
                    codes = [issue.code for issue in one.issues]
                    found.append(f"{wanted}, entry {one.id}: {one.status.value} {codes} {one.provider_id}")
        return found

    def refused(self) -> dict[str, int]:
        """Count what each provider's limiter refused."""
        return {name: sum(not allowed for _, allowed in one.asked) for name, one in self.sandboxes.items()}

    def used(self, limit: int, window: int) -> dict[str, float]:
        """Give how much of its allowance each account used, by its provider's own record, from first to last request.

        The first `limit` requests may come at once; each further one takes its part of the window.
        """
        shares = {}
        for name, one in self.sandboxes.items():
            times = [at for at, allowed in one.asked if allowed]
            shares[name] = (len(times) - limit) * window / limit / (times[-1] - times[0])
        return shares

    def end(self) -> None:
        """End every process."""
        for process in [*self.workers, *([self.watch] if self.watch else [])]:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()


FIRST_GROUP = 9000
"""Of groups of the tests' own."""


def _row(number: int) -> dict[str, object]:
    """Make a row; a group gets one text an hour, eight a day over eight days, then it is another group's turn."""
    text = f"Maple & Main: offer {number} for you. Reply STOP to opt out"
    group = FIRST_GROUP + number // 64
    return row(number % 64, CampaignName=f"Campaign {number}", Message=text, GroupIds=str(group))


@contextmanager
def fleet(
    folder: Path, *accounts: str, seed: int = 1, fenced: bool = True, limit: int = 0, window: int = 1,
    delay: float = 0.0, faults: Sequence[str] = FAULTS, apart: Sequence[float] = (0.0,),
) -> Iterator[Fleet]:  # fmt: skip
    """Start a provider for each account, and write the settings; `limit` requests in a window for each, 0 for none."""
    url = cluster().make_database()
    with ExitStack() as stack:
        sandboxes = {
            name: stack.enter_context(
                Sandbox(
                    limit=limit,
                    window=window,
                    token=f"{name}-token",
                    faults=faults,
                    seed=seed,
                    late_seconds=0.3,
                    credits=100_000_000,
                )
            )
            for name in accounts
        }
        for one in sandboxes.values():
            one.invent_groups(range(FIRST_GROUP, FIRST_GROUP + 64))
        sections = "".join(
            f'[accounts.{name}]\nurl = "{one.url}"\ntoken_env = "{name.upper()}_TOKEN"\n'
            for name, one in sandboxes.items()
        )
        (folder / FILE_NAME).write_text(f"{_TOP}\n{sections}", encoding="utf-8")
        made = Fleet(folder, url, sandboxes, random.Random(seed), fenced, apart, delay)
        stack.callback(made.end)
        yield made


_TOP = """
[provider]
settle = 0.4
settle_gap = 0.1
deadline = 1.0
[checks]
close_hours = 0
[watch]
stable_seconds = 0.1
scan_seconds = 0.5
grace_minutes = 0
[workers]
enabled = true
every_seconds = 1
stalled_seconds = 2
"""
