"""A watch of several accounts that cannot begin: it tries again, soon at first, then ever more rarely."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from batch.adapters.config import load_settings
from batch.model.codes import ALL_CODES, HARD
from batch.model.errors import LedgerError
from batch.workflows import watch_accounts as room
from batch.workflows.context import World
from batch.workflows.watch import Watched


class Patience(threading.Event):
    """The wish to end, that nobody has; it notes how long it was waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for nothing."""
        self.waited.append(timeout)
        return False


def test_a_brief_outage_at_the_start_keeps_no_watch_resting_for_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nine tries fail; after one that watched for an hour the rests are short again."""
    tries, clock, told = iter(range(20)), [0.0], list[str]()

    def watch(*_: Any, **__: Any) -> Watched:
        number = next(tries)
        clock[0] += 3_600 if number == 9 else 1
        if number == 11:
            return Watched(0, needs_look=False)
        raise LedgerError("the database was restarted", "wait")

    monkeypatch.setattr(room, "watch_folder", watch)
    settings = load_settings(None, {"CAMPAIGN_BATCH_WATCH__SCAN_SECONDS": "2"}, tmp_path, ALL_CODES, HARD)
    world = World(monotonic=lambda: clock[0], tell=lambda event: told.append(getattr(event, "words", "")))
    stop = Patience()
    room.watch_accounts([settings], lambda _: world, stop=stop)
    assert stop.waited == [2, 4, 8, 16, 32, 64, 128, 256, 300, 2, 4]
    assert told == ["the database was restarted: wait"]
