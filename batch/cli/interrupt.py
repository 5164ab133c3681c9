"""Ctrl-C, SIGTERM and SIGHUP: what ends at once, what ends after what has begun, and what is said; nothing is left."""

from __future__ import annotations

import os
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from batch.cli.output import print_word
from batch.cli.screen import Screen

INTERRUPTED = 130
"""The exit code after Ctrl-C, and of a run that came to an orderly end because somebody asked for it."""
AT_ONCE = frozenset(
    {
        "check", "doctor", "find", "insights", "ledger export", "ledger list", "ledger show", "ledger verify", "new",
        "report",
    }
)  # fmt: skip
"""What decides and sends nothing: there is nothing to wait for."""
_SUBMITTING = frozenset({"approve", "demo", "resume", "submit", "watch", "worker"})
_DECIDING = frozenset({"acknowledge", "cancel", "pause", "reject", "resolve", "unpause"})
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
"""What ends a process: Ctrl-C, the system, a terminal that is closed, and the last two on Windows."""


class Interrupt:
    """A wish to end: the first one ends the command after what it has begun, the second one at once."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self.asked_by = 0
        self._ended_by = 0
        self.command = ""
        """The command at work, such as `ledger list`."""
        self.planned = False
        """Whether it took rows into the ledger."""

    def guard(self) -> None:
        """Have every signal end this process so that what is open is closed and taken away."""
        self._take(self._end)

    def listen(self, screen: Screen) -> None:
        """Take the signals over for a command that has something to finish; they stay as they are in other threads."""
        screen.while_asking = self._asking
        if self.command not in AT_ONCE:
            with suppress(ValueError):
                self._take(self._hear)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Let Ctrl-C end the command while a person is asked: nobody answers, and nothing has begun."""
        before = signal.getsignal(signal.SIGINT)
        if before != self._hear:
            yield
            return
        signal.signal(signal.SIGINT, self._end)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    @property
    def event(self) -> threading.Event:
        """The wish itself, for what waits elsewhere than in our sleep."""
        return self._asked

    @property
    def ended(self) -> bool:
        """Whether a signal ended the command at once."""
        return bool(self._ended_by)

    @property
    def code(self) -> int:
        """The exit code of what did not come to its end: 128 and the signal's number, as shells have it."""
        return 128 + self._ended_by if self._ended_by else INTERRUPTED

    def asked(self) -> bool:
        """Whether an end is wished."""
        return self._asked.is_set()

    def sleep(self, seconds: float) -> None:
        """Sleep until the time is over or an end is wished."""
        self._asked.wait(max(0.0, seconds))

    def tell(self, screen: Screen) -> None:
        """Say what an interruption left behind, below the sign of Ctrl-C that the terminal shows."""
        if screen.interactive and not self.asked():
            print_word("")
        screen.say(self._words(), loud=True)

    def _words(self) -> str:
        """Say what an interruption left behind, and what to type."""
        if self.planned or self.command in {"approve", "resume"}:
            return 'interrupted; nothing is lost: type "campaign-batch resume" to go on'
        if self.command in _DECIDING:
            return "interrupted; only what is told above is done: for the rest type the same command again"
        left = "nothing was sent" if self.command in AT_ONCE or self.command == "submit" else "nothing is lost"
        return f"interrupted; {left}: type the same command again"

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
        what = "the campaign that is on its way" if self.command in _SUBMITTING else "what has begun"
        with suppress(OSError, RuntimeError):  # nobody reads any more, or a word was just being written
            print_word("")
            print_word(f"finishing {what}; press again to stop now")


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
