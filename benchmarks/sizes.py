"""What a ledger of years costs beside one of weeks: each command on both, in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from benchmarks.servers import server, size_of
from benchmarks.stopwatch import PROGRAM, Took, run, run_job, run_module
from benchmarks.table import Figure, Section, seconds, within

ZONE = "America/New_York"
RECENT, A_WEEK, COMING = 1_000, 300, 300
"""Entries that every ledger has, how many of them a week has, and how many of them are to come."""
SMALL, LARGE, ON_SERVER, QUICK = 1_000, 500_000, 1_000_000, 5_000
STATE, SHEET = "provider.state", "again.csv"
"""What lies in a ledger's folder."""
MOST = 2.0
"""Seconds that a command may take beyond what it takes on the small one."""

Provider = Callable[..., AbstractContextManager[tuple[str, str]]]
Run = Callable[[], Took]


class World:
    """One ledger of a size, the folder of its own, and how commands meet it."""

    def __init__(self, folder: Path, size: int, url: str = "") -> None:
        self.folder = folder
        self.size = size
        self.url = url or f"sqlite:///{(folder / 'ledger.sqlite3').as_posix()}"
        self.state, self.sheet = folder / STATE, folder / SHEET
        if not self.sheet.exists():
            self.folder.mkdir(exist_ok=True)
            run_module("years", self.url, str(size), folder, folder=folder)
        self._environment = {
            "CAMPAIGN_BATCH_LEDGER__URL": self.url,
            "CAMPAIGN_BATCH_SHEET__TIMEZONE": ZONE,
            "CAMPAIGN_BATCH_REPORTS__FOLDER": str(self.folder / "reports"),
        }

    def meet(self, url: str, token: str) -> None:
        """Know the provider that holds what is still to come."""
        self._environment |= {
            "CAMPAIGN_BATCH_PROVIDER__URL": url, "CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN": token
        }  # fmt: skip

    def run(self, *words: str) -> Took:
        """Run a command; what it finds to look at is no failure here."""
        return run([PROGRAM, *words], self.folder, self._environment, fine=(0, 1))

    def job(self, name: str) -> Took:
        """Run one of our jobs on the ledger."""
        return run_job(name, self.url, folder=self.folder)


def cases_of(world: World) -> dict[str, Run]:
    """Give what is measured on one ledger."""
    newest = str(world.size)
    return {
        "start: `ledger show` of one entry": partial(world.run, "ledger", "show", newest),
        "`check` of 300 rows": partial(world.run, "check", str(world.sheet)),
        "`submit --dry-run` of 300 rows, one of them new": partial(world.run, "submit", str(world.sheet), "--dry-run"),
        "`find` of one campaign by its name": partial(world.run, "find", f"offer {newest}"),
        "`find` of a word that every tenth campaign bears": partial(world.run, "find", "Dallas"),
        "`report` of the week, HTML": partial(world.run, "report", "--format", "html"),
        "the status page": partial(world.job, "status"),
        "`doctor`": partial(world.run, "doctor"),
        "what the nightly reading of delivery asks": partial(world.job, "undelivered"),
        "`ledger list`": partial(world.run, "ledger", "list"),
    }


def measure(folder: Path, sandbox: Provider, rounds: int, size: int) -> Section:
    """Compare every command on a large ledger in a file with the same on a small one."""
    small, large = (World(folder / f"years-{entries}", entries) for entries in (SMALL, size))
    indexed = [world.job("words") for world in (large, small)]
    what = f"the night's index of words, made anew for {size:,} entries"
    figures = (Figure(what, seconds(indexed[0].seconds)), *_compare(large, small, sandbox, rounds))
    used = (large.folder / "ledger.sqlite3").stat().st_size
    return Section("i", "A ledger of years", figures, _note(size, used))


def measure_on_server(folder: Path, sandbox: Provider, rounds: int, size: int) -> Section:
    """Do the same with both ledgers in a PostgreSQL of our own, as its installation sets it up."""
    with server() as database:
        small, large = (
            World(folder / f"on-server-{entries}", entries, database(f"years_{entries}")) for entries in (SMALL, size)
        )
        figures = tuple(_compare(large, small, sandbox, rounds))
        note = _note(size, size_of(large.url))
    return Section("k", "A ledger of years on PostgreSQL", figures, note)


def _compare(large: World, small: World, sandbox: Provider, rounds: int) -> Iterator[Figure]:
    with _with_provider(small, sandbox), _with_provider(large, sandbox):
        pairs = zip(cases_of(large).items(), cases_of(small).values(), strict=True)
        for (what, on_large), on_small in pairs:
            if rounds > 1:
                on_large(), on_small()  # the first time, files are read from the disk
            ours, other = _medians([(on_large(), on_small()) for _ in range(rounds)])
            yield within(what, ours, f"with {small.size:,} entries", other, MOST)


@contextmanager
def _with_provider(world: World, sandbox: Provider) -> Iterator[World]:
    with sandbox("--limit", "0", "--state-file", str(world.state)) as (url, token):
        world.meet(url, token)
        yield world


def _note(size: int, used: int) -> str:
    return (
        f"A ledger of {size:,} entries over three years ({used / 2**20:,.0f} MB) beside one of {SMALL:,}; "
        f"the last {SMALL:,} entries are alike in both."
    )


def _medians(pairs: list[tuple[Took, Took]]) -> tuple[float, float]:
    def middle(side: int) -> float:
        return sorted(pair[side].seconds for pair in pairs)[len(pairs) // 2]

    return middle(0), middle(1)
