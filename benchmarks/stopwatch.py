"""Run a program as a process of its own and say what it took: seconds, processor time, memory. POSIX only.

Linux lets a process inherit the peak of the one that started it, so this one must stay small itself.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOUSE = Path(__file__).resolve().parents[1]
PYTHON = sys.executable
PROGRAM = str(Path(sys.executable).with_name("campaign-batch"))
_MEGABYTE = 2**20
_UNIT = 1 if sys.platform == "darwin" else 1024
"""What getrusage counts memory in."""


@dataclass(frozen=True, slots=True)
class Took:
    """What one run took, or the medians of several."""

    seconds: float
    """By the clock on the wall."""
    cpu: float
    """Of all its processes together."""
    memory: float
    """The largest of its processes at its peak, in MB."""
    said: Any = None
    """What a job put out."""


def run(
    words: Sequence[str | Path], folder: Path, given: Mapping[str, str] | None = None, fine: Sequence[int] = (0,)
) -> Took:
    """Run a program to its end in `folder`; raise RuntimeError with its last words when it fails."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CAMPAIGN_BATCH_")}
    path = os.pathsep.join(filter(None, (str(HOUSE), kept.get("PYTHONPATH", ""))))
    with (folder / "said").open("w+b") as said, (folder / "complained").open("w+b") as complained:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in words], cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=complained,
            env={**kept, "PYTHONPATH": path, **(given or {})},
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        complained.seek(0)
        if process.returncode not in fine:
            raise RuntimeError(f"{words}: {complained.read().decode(errors='replace')[-2000:]}")
        return Took(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * _UNIT / _MEGABYTE, said.read())


def run_module(name: str, *words: str | Path, folder: Path) -> Took:
    """Run a module of this package."""
    return run([PYTHON, "-m", f"benchmarks.{name}", *words], folder)


def run_job(name: str, *words: str | Path, folder: Path) -> Took:
    """Run one of our jobs, which times itself: its start and what it needs beforehand do not count."""
    took = run_module("jobs", name, *words, folder=folder)
    said = json.loads(took.said.splitlines()[-1])
    return Took(said["seconds"], said["cpu"], took.memory, said)


def median(runs: Sequence[Took]) -> Took:
    """Give the medians of several runs."""
    return Took(
        statistics.median(run.seconds for run in runs),
        statistics.median(run.cpu for run in runs),
        statistics.median(run.memory for run in runs),
        runs[-1].said,
    )
