"""What Ctrl-C, SIGTERM and SIGHUP come to: nothing is left behind, and a run ends where it can be taken up again."""

from __future__ import annotations

import os
import signal
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from batch.cli.output import print_word

INTERRUPTED = 130
"""The exit code after Ctrl-C, and of a run that came to an orderly end because somebody asked for it."""
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
"""What ends a process: Ctrl-C, the system, a terminal that is closed, and the last two on Windows."""


class Interrupt:
    """Signals as a wish: the first one ends the run after what is on the wire, the second one at once."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self.asked_by = 0
        self._ended_by = 0
        self._listens = False

    def guard(self) -> None:
        """Have every signal end this process so that what is open is closed and taken away."""
        self._take(self._end)

    def listen(self) -> None:
        """Take the signals over; outside the main thread they stay as they are."""
        self._listens = True
        with suppress(ValueError):
            self._take(self._hear)

    @property
    def event(self) -> threading.Event:
        """The wish itself, for what waits elsewhere than in our sleep."""
        return self._asked

    @property
    def ended(self) -> bool:
        """Whether a signal ended the command before it listened to any."""
        return bool(self._ended_by)

    @property
    def code(self) -> int:
        """The exit code of what did not come to its end: 128 and the signal's number, as shells have it."""
        return 128 + self._ended_by if self._ended_by else INTERRUPTED

    @property
    def words(self) -> str:
        """Say how to go on; what does not listen has begun nothing."""
        how = '"campaign-batch resume" to go on' if self._listens else "the command again"
        return f"interrupted; nothing is lost: type {how}"

    def asked(self) -> bool:
        """Whether an end is wished."""
        return self._asked.is_set()

    def sleep(self, seconds: float) -> None:
        """Sleep until the time is over or an end is wished."""
        self._asked.wait(max(0.0, seconds))

    def _take(self, act: Callable[[int, FrameType | None], None]) -> None:
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, say, has a hangup ignored
                signal.signal(number, act)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        if self._ended_by:
            _end_now(number)
        _leave_terminal(number)
        self._ended_by = number
        raise KeyboardInterrupt

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self._asked.is_set():
            _end_now(number)
        self.asked_by = number
        self._asked.set()
        _leave_terminal(number)
        with suppress(OSError, RuntimeError):  # nobody reads any more, or a word was just being written
            print_word("")
            print_word("finishing the campaign that is on its way; press again to stop now")


def _leave_terminal(number: int) -> None:
    """Let words for a terminal that is closed go nowhere: writing there would fail."""
    if number == getattr(signal, "SIGHUP", 0):
        for handle in (1, 2):
            with suppress(OSError):
                if stat.S_ISCHR(os.fstat(handle).st_mode):
                    os.dup2(os.open(os.devnull, os.O_WRONLY), handle)


def _end_now(number: int) -> None:
    from batch.system.temporary import remove_all

    try:
        remove_all()
    finally:
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
        os._exit(128 + number)  # the first process of a container is not ended by a signal of its own
