"""How fast workers submit for many accounts, each as fast as its provider lets it: `(l)` of the measurements.

The stand-in providers run in a process of their own (`python -m benchmarks.agency ACCOUNTS LIMIT`), and their own
record of requests is what counts.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from batch.adapters.config import FILE_NAME
from batch.adapters.sandbox import Sandbox
from benchmarks.servers import server
from benchmarks.stopwatch import PROGRAM, PYTHON
from benchmarks.table import Figure, Section, seconds

ACCOUNTS = (1, 5, 10, 25, 50)
LIMIT = 20
"""Requests a second that each account is allowed."""
ROWS, WORKERS = 100, 2
CONCURRENCY = 8
"""Accounts at once in each worker, as a worker has it unasked. With 4 the processors were half idle; 25 took twice the
processor time for each campaign."""
_SETTINGS = """
[sheet]
timezone = "America/New_York"
[checks]
close_hours = 0
[watch]
stable_seconds = 0.1
scan_seconds = 1
grace_minutes = 0
[workers]
enabled = true
every_seconds = 1
"""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What workers came to for so many accounts."""

    accounts: int
    posts: int
    took: float
    """Seconds from the first campaign that arrived to the last, of all accounts."""
    share: float
    """The part of its allowance that an account used while it submitted, the median of all."""
    cpu: float
    """Seconds of processor time of the workers, for all of it."""
    busy: float
    """The part of this machine's processors that was in use meanwhile."""

    @property
    def rate(self) -> float:
        """Campaigns a second, of all accounts."""
        return self.posts / self.took


def agency(folder: Path, *, quick: bool) -> Section:
    """Measure each number of accounts once, and say how the rate grows with them."""
    counts, rows = (ACCOUNTS[:2], 20) if quick else (ACCOUNTS, ROWS)
    with server() as database:
        found = [_push(folder / str(count), database(f"agency_{count}"), count, rows) for count in counts]
    note = (
        f"{WORKERS} workers, each account with a sheet of {rows} rows and {LIMIT} requests a second allowed; workers, "
        "database and the stand-ins of all providers share this machine. Beside its campaigns an account's allowance "
        "goes into reading the provider's lists. Where the processors are in use throughout, further accounts bring no "
        "more campaigns a second: another machine does."
    )
    return Section("l", "Workers for many accounts", tuple(_tell(one, found[0]) for one in found), note)


def write_settings(folder: Path, urls: Mapping[str, str]) -> None:
    """Write the settings of accounts, each with the address of its provider, whose sheets workers take in."""
    sections = (f'[accounts.{name}]\nurl = "{url}"\ntoken_env = "{name.upper()}_TOKEN"\n' for name, url in urls.items())
    (folder / FILE_NAME).write_text(_SETTINGS + "".join(sections), encoding="utf-8")


def _tell(one: Pushed, first: Pushed) -> Figure:
    spent = f"{seconds(one.cpu / one.posts)} of processor time in a worker for each, processors {one.busy:.0%} in use"
    return Figure(
        f"{one.posts:,} campaigns of {one.accounts} accounts, {one.rate:.0f} a second ({spent})",
        seconds(one.took),
        f"as many times what one account gets; each used {one.share:.0%} of its allowance",
        seconds(first.took * one.posts / first.posts / one.accounts),
        f"{one.rate / first.rate / one.accounts:.2f} of the rate",
    )


def _push(folder: Path, url: str, count: int, rows: int) -> Pushed:
    folder.mkdir()
    with _providers(count) as (urls, record):
        names = [f"store{number:02}" for number in range(count)]
        write_settings(folder, dict(zip(names, urls, strict=True)))
        environ = {**os.environ, **{f"{name.upper()}_TOKEN": f"{name}-token" for name in names}}
        environ["CAMPAIGN_BATCH_LEDGER__URL"] = url
        for name in names:
            _write_sheet(folder / "inbox" / name / "week.csv", rows)
        _run(folder, environ, "watch", "--once", "--create").wait()
        before = os.times()
        busy = _work(folder, environ, lambda: len(_arrived(record())) >= count * rows)
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return _sum_up(record(), count, cpu, busy)


def _work(folder: Path, environ: dict[str, str], is_done: Callable[[], bool]) -> float:
    """Let workers do it; give how much of the machine's processors was in use meanwhile."""
    used, idle = _processors()
    workers = [_run(folder, environ, "worker", "--concurrency", str(CONCURRENCY)) for _ in range(WORKERS)]
    end = time.monotonic() + 900
    while not is_done() and time.monotonic() < end:
        time.sleep(1)
    used, idle = _processors()[0] - used, _processors()[1] - idle
    for one in workers:
        one.send_signal(signal.SIGTERM)
    for one in workers:
        one.wait()
    return used / (used + idle)


def _processors() -> tuple[int, int]:
    """Give how long all processors worked and rested since the start, in ticks. See proc_stat(5)."""
    user, nice, system, idle, waiting, *others = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9])
    return user + nice + system + sum(others), idle + waiting


def _run(folder: Path, environ: dict[str, str], *words: str) -> subprocess.Popen[bytes]:
    with (folder / f"{words[0]}.log").open("ab") as log:
        return subprocess.Popen([PROGRAM, *words], cwd=folder, env=environ, stdout=log, stderr=log)


def _write_sheet(path: Path, rows: int) -> None:
    path.parent.mkdir(parents=True)
    first = datetime.now(UTC) + timedelta(days=3)
    with path.open("w", newline="", encoding="utf-8") as sheet:
        lines = csv.writer(sheet)
        lines.writerow(("CampaignName", "Message", "GroupIds", "DateTime"))
        for number in range(rows):
            day = first + timedelta(days=number % 20)
            text = f"Maple & Main: offer {number} for you. Reply STOP to opt out"
            lines.writerow((f"Campaign {number}", text, "100", f"{day:%Y-%m-%d} {9 + number % 8}:00"))


Records = list[dict[str, list[float]]]


def _arrived(records: Records) -> list[float]:
    return sorted(at for one in records for at in one["posts"])


def _sum_up(records: Records, count: int, cpu: float, busy: float) -> Pushed:
    posts = _arrived(records)
    shares = sorted(map(_share, records))
    return Pushed(count, len(posts), posts[-1] - posts[0], shares[len(shares) // 2], cpu, busy)


def _share(one: dict[str, list[float]]) -> float:
    """Say what part of its allowance an account used between its first campaign and its last."""
    first, last = one["posts"][0], one["posts"][-1]
    return sum(first < at <= last for at in one["asked"]) / LIMIT / (last - first)


@contextmanager
def _providers(count: int) -> Iterator[tuple[list[str], Callable[[], Records]]]:
    """Start the stand-ins; give their addresses, and what reads their records."""
    line = [PYTHON, "-m", "benchmarks.agency", str(count), str(LIMIT)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asked, said = process.stdin, process.stdout

        def record() -> Records:
            asked.write("tell\n")
            asked.flush()
            return list(json.loads(said.readline()))

        yield json.loads(said.readline()), record
        asked.close()


def main() -> None:
    """Be so many providers, and tell their records for each line that is read."""
    count, limit = int(sys.argv[1]), int(sys.argv[2])
    with ExitStack() as stack:
        made = [Sandbox(limit=limit, window=1, token=f"store{number:02}-token") for number in range(count)]
        for one in made:
            stack.enter_context(one)
        print(json.dumps([one.url for one in made]), flush=True)
        for _ in sys.stdin:
            told = [{"posts": [post.at for post in one.posts], "asked": [at for at, _ in one.asked]} for one in made]
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
