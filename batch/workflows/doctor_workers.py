"""What doctor says of the workers: whether any runs, and what waits for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from batch.adapters.queue import Queue, Seen
from batch.model.errors import BatchError
from batch.model.plurals import plural
from batch.workflows.doctor_line import Line
from batch.workflows.notices import when
from batch.workflows.same_settings import REMEDY, find_apart

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger

_PATIENCE = 600.0
"""Seconds that a job may wait while workers run and none is at work for its account."""
_START = 'type "campaign-batch worker" on one machine or more'


def worker_lines(settings: Settings, ledger: Ledger) -> Iterator[Line]:
    """Say of an account how its workers are; nothing where the watch does the work."""
    if not settings.workers.enabled:
        return
    if apart := find_apart(settings, ledger):
        yield Line("settings of the watch", "warning", "; ".join(apart), REMEDY)
    try:
        seen = Queue(settings.ledger.url).look(settings.name, settings.workers.stalled_seconds)
    except BatchError as trouble:
        yield Line("workers", "broken", trouble.words, trouble.remedy)
        return
    yield _workers(settings, ledger, seen or Seen(0, None))
    yield _jobs(ledger, seen or Seen(0, None))


def _workers(settings: Settings, ledger: Ledger, seen: Seen) -> Line:
    last = ledger.journal.last_run("worker")
    whose = " for this account" if settings.name else ""
    worked = f"last worked{whose} {when(last.at, settings)}" if last else f"none has worked{whose} yet"
    sign = f"last sign of one {_span(seen.last_sign)} ago, " if seen.last_sign is not None else ""
    if not seen.workers:
        return Line("workers", "warning", f"none runs; {sign}{worked}", _START)
    runs = "runs" if seen.workers == 1 else "run"
    return Line("workers", "fine", f"{seen.workers} {runs}, {sign}{worked}")


def _jobs(ledger: Ledger, seen: Seen) -> Line:
    parts = [f"{plural(seen.waiting, 'job')} waiting" if seen.waiting else "none waits"]
    if seen.waiting:
        parts[0] += f", the oldest for {_span(seen.oldest)}"
    parts += [f"{seen.doing} being done"] if seen.doing else []
    parts += [f"{plural(files, 'file')} waiting"] if (files := ledger.drops.waiting()) else []
    parts += [f"{plural(seen.failed, 'job')} left by a worker that died, and given to another"] if seen.failed else []
    if seen.workers and not seen.doing and seen.oldest > _PATIENCE:
        remedy = "give a worker this account's settings and token: each says in its log, and at /healthz, what it lacks"
        return Line("jobs", "warning", "; ".join(parts), remedy)
    return Line("jobs", "fine", "; ".join(parts))


def _span(seconds: float) -> str:
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return plural(int(seconds // length), unit)
    return plural(int(seconds), "second")
