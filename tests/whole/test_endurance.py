"""A watch that runs for weeks: no growth of memory, open files or threads, and a ledger whose size is known."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ledger_support import IN_POSTGRESQL
from torture_support import assert_exactly_once
from weekly_support import Round, weekly

from batch.workflows.doctor import examine

MEGABYTE = 2**20


@dataclass
class Gauge:
    """What the process holds, measured when a tenth of the files were taken, and at the end."""

    team: Round
    files: int
    every: int
    cycle: int = 0
    dropped: int = 0
    first: dict[str, int] = field(default_factory=dict)

    def __call__(self) -> None:
        """Count a look, and drop the next file when it is time."""
        self.cycle += 1
        if self.cycle % self.every == 0 and self.dropped < self.files:
            self.team.drop([self.team.desk.row(self.dropped)], f"store {self.dropped}.csv")
            self.dropped += 1
            if self.dropped == self.files // 5:
                self.first = self.measure()

    def measure(self) -> dict[str, int]:
        """Give what is held now."""
        self.team.desk.told.clear()  # the test's own list of events
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return {
            "files": len(list(Path("/proc/self/fd").iterdir())), "threads": threading.active_count(),
            "memory": pages * os.sysconf("SC_PAGE_SIZE") // MEGABYTE,
        }  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux says what a process holds")
@pytest.mark.parametrize(("cycles", "files"), [(300, 20), pytest.param(10_000, 1_000, marks=pytest.mark.torture)])
def test_a_long_watch_grows_nowhere(cycles: int, files: int, record_property: Callable[[str, object], None]) -> None:
    """Each file is taken once; what the process holds stays, and `doctor` says how large a ledger in a file is."""
    with weekly(groups=files) as team:
        team.folder.mkdir()
        gauge = Gauge(team, files, cycles // (files + 5))
        watched = team.watch(10.0 * cycles, each=gauge)
        last = gauge.measure()
        assert (watched.files, watched.trouble, gauge.dropped) == (files, None, files)
        assert_exactly_once(team.desk.sandbox, team.desk.entries(), files)
        assert last["threads"] <= gauge.first["threads"] + 1
        assert last["files"] <= gauge.first["files"] + 3
        assert last["memory"] - gauge.first["memory"] < 40 + files * 0.06, (gauge.first, last)
        [line] = [one for one in examine(team.desk.settings, team.desk.world) if one.line == "ledger"]
        assert line.words.startswith("whole")
        told = f"{gauge.cycle:,} looks, {files:,} files: first {gauge.first}, last {last}, ledger {line.words}"
        record_property("figures", told)
        if not IN_POSTGRESQL:
            size = team.desk.ledger_path.stat().st_size / MEGABYTE
            assert size < 2 + files * 0.05
            assert line.words == f"whole, {size:.1f} MB"
