"""Wait for the next look at the folder, woken early by its events where there are any."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from batch.adapters.inbox.names import may_be_sheet


def wake(
    folder: Path,
    seconds: float,
    stop: threading.Event | None = None,
    *,
    events: bool = True,
    refused: Callable[[], object] = lambda: None,
) -> bool:
    """Wait that long, or until something is dropped or `stop` is set; say whether something was dropped.

    Shares give no events, and some systems none at all: then it just waits, and the scan finds what is there.
    `refused` is called when the system refuses to give them for a folder that is there, as inotify does at its limit.
    """
    stop = stop or threading.Event()
    if events and not stop.is_set():
        woken = _wait_for_event(folder, seconds, stop)
        if woken is not None:
            return woken
        if folder.is_dir():
            refused()
    stop.wait(seconds)
    return False


def _wait_for_event(folder: Path, seconds: float, stop: threading.Event) -> bool | None:
    """Give None when events are not available."""
    try:
        from watchfiles import watch

        changes = watch(
            folder,
            watch_filter=lambda _, path: may_be_sheet(Path(path).name),
            debounce=200,
            step=50,
            stop_event=stop,
            rust_timeout=max(1, int(seconds * 1000)),
            yield_on_timeout=True,
            recursive=False,
        )
        return bool(next(changes, set()))
    except (ImportError, OSError, RuntimeError):
        return None
