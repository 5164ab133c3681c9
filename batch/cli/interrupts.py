"""Ctrl-C and SIGTERM: which commands end at once, which end what they have begun, and what each says then."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from batch.cli.output import print_word
from batch.cli.screen import Screen

AT_ONCE = frozenset(
    {
        "check", "doctor", "find", "insights", "ledger export", "ledger list", "ledger show", "ledger verify", "new",
        "report",
    }
)  # fmt: skip
"""What decides and sends nothing: there is nothing to wait for."""
_STAYING = frozenset({"watch", "worker"})
_SUBMITTING = _STAYING | {"approve", "demo", "resume", "submit"}
_DECIDING = frozenset({"acknowledge", "cancel", "pause", "reject", "resolve", "unpause"})


class Interrupt:
    """A wish to end: the first one ends the command after what it has begun, the second one at once."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self.asked_by = 0
        self.command = ""
        """The command at work, such as `ledger list`."""
        self.planned = False
        """Whether it took rows into the ledger."""

    def listen(self, screen: Screen) -> None:
        """Take the signals over for a command that has something to finish; they stay as they are in other threads."""
        screen.while_asking = self._asking
        with suppress(ValueError):
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.default_int_handler if self.command in AT_ONCE else self._hear)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Let Ctrl-C end the command while a person is asked: nobody answers, and nothing has begun."""
        before = signal.getsignal(signal.SIGINT)
        if before != self._hear:
            yield
            return
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    @property
    def event(self) -> threading.Event:
        """The wish itself, for what waits elsewhere than in our sleep."""
        return self._asked

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
        if self.command in _STAYING:
            return f'interrupted; nothing is lost: type "campaign-batch {self.command}" to go on'
        if self.command in _DECIDING:
            return "interrupted; only what is told above is done: for the rest type the same command again"
        left = "nothing was sent" if self.command in AT_ONCE or self.command == "submit" else "nothing is lost"
        return f"interrupted; {left}: type the same command again"

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self._asked.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self.asked_by = number
        self._asked.set()
        print_word("")
        what = "the campaign that is on its way" if self.command in _SUBMITTING else "what has begun"
        print_word(f"finishing {what}; press again to stop now")
