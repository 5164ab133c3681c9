"""The comparisons, one function a letter; each gives its section of the table."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from benchmarks import opening, sizes
from benchmarks.agency import agency
from benchmarks.inputs import write_groups
from benchmarks.stopwatch import HOUSE, PROGRAM, PYTHON, Took, median, run, run_job, run_module
from benchmarks.table import Figure, Section, compare, limit, seconds

MOST_MEMORY = 300.0
MOST_A_ROW = 250.0
STARTS = {
    "`check` of 200 rows, xlsx": 0.7, "`submit --dry-run` of 1 row": 1.0,
    "`submit` of 1 rows and its reports": 1.5, "`submit` of 200 rows and its reports": 2.0,
}  # fmt: skip
"""How often the time of `import pandas` a command on a small file may take."""
HAS_POLARS = all(map(find_spec, ("polars", "fastexcel")))
"""Of the group `bench`; without them that rival is left out."""
_MOST = {"rows": 2_000_000, "megabytes": 400, "cells": 20_000_000, "characters": 400_000_000, "seconds": 600}
MANY_ROWS = {f"CAMPAIGN_BATCH_SHEET__MAX_{name}".upper(): str(most) for name, most in _MOST.items()}
"""Limits that let a file of a million rows through."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the files lie, and how much is measured."""

    folder: Path
    quick: bool = False
    wanted: int = 3
    years: int = 0
    """Entries of the ledgers of years; 0 for as many as usual."""

    @property
    def rows(self) -> int:
        """Rows of the large files."""
        return 5_000 if self.quick else 100_000

    @property
    def rounds(self) -> int:
        """How often each side runs."""
        return 1 if self.quick else self.wanted

    def entries(self, usual: int) -> int:
        """Give the entries of a ledger of years."""
        return self.years or (sizes.QUICK if self.quick else usual)

    def sheet(self, rows: int, ending: str, kind: str = "") -> Path:
        """Give a sheet of so many rows; each is made once. Of the kinds there are `stores` and `stores-listed`."""
        path = self.folder / f"{kind}{rows}.{ending}"
        if not path.exists():
            run_module("inputs", path, str(rows), folder=self.folder)
        return path

    def fresh(self, name: str) -> Path:
        """Give the path of a file that is not there."""
        for path in self.folder.glob(f"{name}*"):
            path.unlink()
        return self.folder / name

    def side_by_side(self, *sides: Callable[[], Took]) -> list[Took]:
        """Run each side in turn, some rounds, and give their medians."""
        rounds = [[side() for side in sides] for _ in range(self.rounds)]
        return [median(column) for column in zip(*rounds, strict=True)]

    def check(self, path: Path) -> Took:
        """Check a sheet as a process."""
        return run([PROGRAM, "check", path], self.folder, MANY_ROWS)

    def filled(self, rows: int) -> Path:
        """Give a ledger in which so many campaigns were accepted; each is made once."""
        path = self.folder / f"filled-{rows}.sqlite3"
        if not path.exists():
            run_job("drop", self.sheet(rows, "csv"), path, folder=self.folder)
            run_job("accept", path, folder=self.folder)
        return path


def checking(bench: Bench) -> Section:
    """Compare `check` with what a user would write, and with the floor."""
    figures = [_reading(bench)]
    for ending, engines, most in (("xlsx", ("openpyxl", "calamine"), (2.0, 3.0)), ("csv", ("csv",), (5.0, 9.0))):
        path = bench.sheet(bench.rows, ending)
        rivals = [_rival(bench, path, engine) for engine in engines]
        if HAS_POLARS:
            rivals.append(partial(run_module, "rivals.with_polars", path, folder=bench.folder))
        ours, floor, *others = bench.side_by_side(partial(bench.check, path), partial(_floor, bench, path), *rivals)
        what = f"`check` of {bench.rows:,} rows, {ending}"
        if HAS_POLARS:
            figures.append(compare(what, ours.seconds, "polars and jinja2, no checks", others.pop().seconds))
        for engine, other in zip(engines, others, strict=True):
            words = f"pandas ({engine}) and jinja2, no checks"
            figures.append(compare(what, ours.seconds, words, other.seconds, None if engine == "calamine" else 0.2))
        figures.append(compare(what, ours.seconds, "bare reading and sqlite3 insert", floor.seconds, most[0]))
        figures.append(compare(f"{what}, processor time", ours.cpu, "the same", floor.cpu, most[1]))
        figures.append(limit(f"{what}, memory", ours.memory, MOST_MEMORY, "MB"))
    return Section("a", "Checking a large file", tuple(figures))


def _reading(bench: Bench) -> Figure:
    """Compare the reading of a workbook alone, hidden rows, formats and the protection against crashes included."""
    path = bench.sheet(bench.rows, "xlsx")

    def bare() -> Took:
        took = run_module("rivals.cells", path, folder=bench.folder)
        return Took(float(took.said), took.cpu, took.memory)

    ours, theirs = bench.side_by_side(partial(run_job, "cells", path, folder=bench.folder), bare)
    what = f"reading {bench.rows:,} rows of 10 cells, two of them dates, xlsx"
    return compare(what, ours.seconds, "bare python-calamine", theirs.seconds, 3.0)


def _floor(bench: Bench, path: Path) -> Took:
    return run_module("rivals.floor", path, bench.fresh("floor.sqlite3"), folder=bench.folder)


def _rival(bench: Bench, path: Path, engine: str) -> Callable[[], Took]:
    return partial(run_module, "rivals.with_pandas", path, engine, folder=bench.folder)


def planning(bench: Bench) -> Section:
    """Compare the first drop of a file with the second."""
    path = bench.sheet(bench.rows, "csv")
    firsts, seconds_ = [], []
    for _ in range(bench.rounds):
        ledger = bench.fresh("plan.sqlite3")
        firsts.append(run_job("drop", path, ledger, folder=bench.folder))
        run_job("accept", ledger, folder=bench.folder)
        seconds_.append(run_job("drop", path, ledger, folder=bench.folder))
    first, second = median(firsts), median(seconds_)
    assert second.said["skipped"] == bench.rows
    figures = (
        compare(f"planning {bench.rows:,} known rows again", second.seconds, "the first time", first.seconds, 0.35),
        compare("the same with reading and checking", second.said["whole"], "the first time", first.said["whole"]),
        Figure("memory of the first drop, all rows kept", f"{first.memory:.0f} MB"),
        limit("memory of the second", second.memory, 200, "MB"),
    )
    return Section("b", "Planning into the ledger", figures)


def submitting(bench: Bench) -> Section:
    """Compare submitting with a bare loop of requests.post, and with the limiter's allowance."""
    rows = 50 if bench.quick else 300
    figures = [*_against_loop(bench, rows, 0.0, 0.5), *_against_loop(bench, rows, 0.05, 0.85)]
    # Long enough that the second of allowance that the pace keeps in reserve is small beside it.
    figures.append(_against_allowance(bench, rows=120 if bench.quick else 600, allowed=60, window=5))
    return Section("c", "Submitting over loopback", tuple(figures))


def _against_allowance(bench: Bench, *, rows: int, allowed: int, window: int) -> Figure:
    with _sandbox("--limit", str(allowed), "--window", str(window)) as (url, token):
        took = run_job("submit", _planned(bench, rows), url, token, folder=bench.folder)
    assert took.said["accepted"] == rows
    least = (rows - allowed) * window / allowed
    rate = least / took.seconds
    return Figure(
        f"{rows} rows under a limit of {allowed} in {window} s",
        seconds(took.seconds),
        "what the limit allows at the fastest",
        seconds(least),
        f"{rate:.2f} of the rate",
        "at least 0.95",
        rate >= 0.95,
    )


def _against_loop(bench: Bench, rows: int, latency: float, least: float) -> list[Figure]:
    """Compare with loops of bare requests: without a record, and with the least that keeps the promise.

    Each meets a provider of its own: on a list that shows the rows of another round each would be there twice.
    """
    options = ("--limit", "0", "--latency", str(latency))

    def ours() -> Took:
        with _sandbox(*options) as provider:
            return run_job("submit", _planned(bench, rows), *provider, folder=bench.folder)

    def bare() -> Took:
        with _sandbox(*options) as provider:
            took = run_module("rivals.post_loop", *provider, str(rows), folder=bench.folder)
        return Took(float(took.said), took.cpu, took.memory)

    def durable() -> Took:
        with _sandbox(*options) as provider:
            took = run_module("rivals.durable_loop", *provider, _planned(bench, rows), folder=bench.folder)
        return Took(float(took.said), took.cpu, took.memory)

    mine, theirs, floor = bench.side_by_side(ours, bare, durable)
    rate, highest = theirs.seconds / mine.seconds, floor.seconds / mine.seconds
    what = f"{rows} rows, {latency * 1000:.0f} ms latency, each on disk before and after"
    return [
        Figure(
            what, seconds(mine.seconds), "requests.post in a loop, no record", seconds(theirs.seconds),
            f"{rate:.2f} of the rate", f"at least {least:g}", rate >= least,
        ),
        Figure(
            what, seconds(mine.seconds), "the same loop with one bare commit of sqlite3 a row", seconds(floor.seconds),
            f"{highest:.2f} of the rate",
        ),
    ]  # fmt: skip


def _planned(bench: Bench, rows: int) -> Path:
    ledger = bench.fresh("submit.sqlite3")
    run_job("drop", bench.sheet(rows, "csv"), ledger, folder=bench.folder)
    return ledger


@contextmanager
def _sandbox(*options: str) -> Iterator[tuple[str, str]]:
    words = [PYTHON, "-m", "batch.adapters.sandbox", "--lenient", *options]
    with subprocess.Popen(words, cwd=HOUSE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        try:
            yield told["url"], told["token"]
        finally:
            process.terminate()


def reconciling(bench: Bench) -> Section:
    """Time the comparison of the ledger with a list of the same length."""
    figures = []
    sizes = (bench.rows // 10, bench.rows)
    times = []
    for rows in sizes:
        [took] = bench.side_by_side(partial(_reconcile, bench, rows))
        assert took.said["matched"] == rows, took.said
        times.append(took.seconds)
        most = 3.0 * rows / 100_000
        figures.append(limit(f"reconciling {rows:,} entries with as many listed", took.seconds, most, cpu=took.cpu))
        figures.append(limit("its memory", took.memory, 200, "MB"))
    figures.append(compare("ten times the entries", times[1], "ten times the time of a tenth", 10 * times[0], 1.3))
    return Section("d", "Reconciling", tuple(figures))


def _reconcile(bench: Bench, rows: int) -> Took:
    listed = bench.folder / f"listed-{rows}.json"
    if not listed.exists():
        run_job("listing", bench.filled(rows), listed, folder=bench.folder)
    return run_job("reconcile", _copy(bench, rows), listed, folder=bench.folder)


def _copy(bench: Bench, rows: int) -> Path:
    copy = bench.fresh("copy.sqlite3")
    return Path(shutil.copyfile(bench.filled(rows), copy))


def reporting(bench: Bench) -> Section:
    """Time the reports."""
    figures = []
    limits = {(10_000, "html"): 0.7, (10_000, "xlsx"): 0.7, (100_000, "html"): 10.0, (100_000, "xlsx"): 30.0}
    for rows in (bench.rows // 10, bench.rows):
        for format in ("html", "xlsx"):
            words = (bench.filled(rows), bench.folder, format)
            [took] = bench.side_by_side(partial(run_job, "report", *words, folder=bench.folder))
            what = f"{format} report of {rows:,} entries"
            figures.append(limit(what, took.seconds, limits.get((rows, format), 30.0), cpu=took.cpu))
            figures.append(limit(f"{what}, memory", took.memory, 600, "MB"))
    return Section("e", "Reports", tuple(figures))


def opened(bench: Bench) -> Section:
    """Time a browser that opens the page."""
    rows = bench.rows // 10
    return opening.open_pages(bench.folder, bench.filled(rows), rows, bench.rounds)


def starting(bench: Bench) -> Section:
    """Time the commands on small files as processes."""
    pandas = partial(run, [PYTHON, "-c", "import pandas"], bench.folder)
    rounds = 3 * bench.rounds
    figures = []
    cases = {"`--help`": partial(run, [PROGRAM, "--help"], bench.folder)}
    for rows in (1, 25, 200):
        sheet = bench.sheet(rows, "xlsx")
        cases[f"`check` of {rows} rows, xlsx"] = partial(bench.check, sheet)
        cases[f"`submit` of {rows} rows and its reports"] = partial(_submit, bench, sheet)
    cases["`submit --dry-run` of 1 row"] = partial(_submit, bench, bench.sheet(1, "xlsx"), "--dry-run")
    for what, command in cases.items():
        pairs = [(command(), pandas()) for _ in range(rounds)]
        ours, other = (median([pair[side] for pair in pairs]) for side in (0, 1))
        figures.append(compare(what, ours.seconds, "`import pandas`", other.seconds, STARTS.get(what)))
        figures.append(compare(f"{what}, processor time", ours.cpu, "the same", other.cpu))
        if what == "`--help`":
            figures.append(limit(what, ours.seconds, 0.3))
    return Section("f", "Starting", tuple(figures), "Every row is posted: each run meets a provider of its own.")


def _submit(bench: Bench, sheet: Path, *words: str) -> Took:
    """Submit a file to a provider that has its groups and holds no campaign yet, into a ledger of its own."""
    ledger, state = bench.fresh("small.sqlite3"), bench.fresh("small.state")
    write_groups(state)
    with _sandbox("--limit", "0", "--state-file", str(state)) as (url, token):
        environment = {
            "CAMPAIGN_BATCH_PROVIDER__URL": url,
            "CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN": token,
            "CAMPAIGN_BATCH_LEDGER__URL": f"sqlite:///{ledger.as_posix()}",
            "CAMPAIGN_BATCH_REPORTS__FOLDER": str(bench.folder / "reports"),
        }
        return run([PROGRAM, "submit", sheet, "--yes", *words], bench.folder, environment)


def growing(bench: Bench) -> Section:
    """Watch the memory grow with the rows."""
    figures = []
    sizes = (bench.rows // 10, bench.rows, bench.rows * (2 if bench.quick else 10))
    memory = {rows: bench.check(bench.sheet(rows, "csv")).memory for rows in sizes}
    for rows, used in memory.items():
        figures.append(
            limit(f"`check` of {rows:,} rows, csv", used, MOST_MEMORY, "MB")
            if rows <= bench.rows
            else Figure(f"`check` of {rows:,} rows, csv", f"{used:.3g} MB")
        )
    a_row = (memory[sizes[2]] - memory[sizes[1]]) * 2**20 / (sizes[2] - sizes[1])
    figures.append(limit("growth beyond", a_row, MOST_A_ROW, "bytes a row"))
    xlsx = bench.check(bench.sheet(bench.rows, "xlsx")).memory
    figures.append(limit(f"`check` of {bench.rows:,} rows, xlsx, the larger of its two processes", xlsx, 300, "MB"))
    return Section("g", "Memory", tuple(figures), "The memory of the other comparisons stands beside them.")


def expanding(bench: Bench) -> Section:
    """Compare one text for many stores with a row for each of them."""
    stores = 200 if bench.quick else 2_000
    sides = (partial(bench.check, bench.sheet(stores, "xlsx", kind)) for kind in ("stores-listed", "stores"))
    ours, plain = bench.side_by_side(*sides)
    what, against = f"`check` of 1 row for {stores:,} stores", f"{stores:,} plain rows"
    figures = (
        compare(what, ours.seconds, against, plain.seconds, 1.2),
        compare(f"{what}, processor time", ours.cpu, "the same", plain.cpu, 1.2),
    )
    return Section("h", "One text, many stores", figures)


def years(bench: Bench) -> Section:
    """Compare a ledger of years with one of weeks."""
    return sizes.measure(bench.folder, _sandbox, bench.rounds, bench.entries(sizes.LARGE))


def years_on_server(bench: Bench) -> Section:
    """Do the same on PostgreSQL."""
    return sizes.measure_on_server(bench.folder, _sandbox, bench.rounds, bench.entries(sizes.ON_SERVER))


MEASURES: dict[str, Callable[[Bench], Section]] = {
    "a": checking, "b": planning, "c": submitting, "d": reconciling, "e": reporting, "f": starting, "g": growing,
    "h": expanding, "i": years, "j": opened, "k": years_on_server,
    "l": lambda bench: agency(bench.folder, quick=bench.quick),
}  # fmt: skip
