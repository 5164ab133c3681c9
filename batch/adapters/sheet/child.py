"""Ask the reading process, and turn its death or silence into one clear line."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from batch.adapters.sheet.worker import READY, receive, send
from batch.core.bounds import beyond
from batch.model.errors import SheetError
from batch.model.limits import Limits
from batch.system.confined.process import ENDED, Confined, cannot_start, search_path

if TYPE_CHECKING:
    from batch.adapters.sheet.shapes import Message

_BOOT = """
import sys
sys.path[:] = sys.argv[3:]
from batch.system.confined.within import confine
confine(int(sys.argv[1]))
for name in ("batch.model", "batch.adapters.sheet"):
    face = sys.modules[name] = type(sys)(name)
    face.__path__ = [sys.argv[3] + "/" + name.replace(".", "/")]
from batch.adapters.sheet.worker import main
main(sys.argv[2])
"""
"""The faces of two packages stay out: they load what the whole program needs, a third of the time of a start."""
_REMEDY = "open it in Excel or LibreOffice, save it as .xlsx and drop that"
_LARGEST = 32 * 2**20
"""Bytes of one message: a block of rows has at most some 8 MB of them, and takes many times that once it is read."""
_START = 30.0
"""Seconds within which the process must say that it is ready; no file has a part in that."""
_CROWD = 8
"""Bytes of the pipe that a character and a cell may take at most: more did not come from a reader of ours."""


class Child:
    """A reading process; it is started when it is first asked, and again after it died."""

    def __init__(self, *, once: bool = False) -> None:
        self._once = once
        """Whether it ends with the first file: nobody keeps a process that has no more to do."""
        self._process: Confined | None = None
        self._is_ready = False
        self.waited = 0.0
        """Seconds that the file took here so far, of which this process only waited."""
        self._left = 0

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, kind: str = "xlsx") -> None:
        """Start the process, so that it gets ready for a file of `kind` meanwhile; raises MachineError."""
        if self._process is not None and self._process.is_alive():
            return
        self.close()
        self._process = Confined(_BOOT, [str(os.getpid()), kind, *search_path()])

    def get_ready(self, kind: str = "xlsx") -> Confined:
        """Give the process once it can be asked; raises MachineError for one that does not come that far."""
        self.start(kind)
        process = cast(Confined, self._process)
        if self._is_ready:
            return process
        with process.ending_after(_START) as late:
            self._is_ready = receive(process.source, _LARGEST)[1] == READY
        if not self._is_ready:
            why = f"it is not ready within {_START:.0f} seconds" if late.is_set() else process.why_it_ended()
            self.close()
            raise cannot_start(why)
        return process

    def ask(self, request: dict[str, Any]) -> Iterator[Message]:
        """Give the answers to one request, up to the last; raises SheetError for a failure, a death or silence.

        Raises MachineError where there is no process to ask.
        A reader that dies before it says anything believed the file too much: another one is asked to be careful.
        """
        self.waited = 0.0
        try:
            yield from self._ask({**request, "careful": False})
        except _TooFastError:
            yield from self._ask({**request, "careful": True})

    def _ask(self, request: dict[str, Any]) -> Iterator[Message]:
        limits = Limits(**request["limits"])
        self._left = _CROWD * (limits.characters + limits.reach)
        said = whole = False
        try:
            process = self.get_ready(request["kind"])
            with suppress(OSError):  # it died: it gives no answer
                send(process.sink, cast("Message", request))
            while (message := self._next(process, limits)) is not None:
                if message[0] == "fail":
                    whole = True
                    raise SheetError(*message[1])
                if message[0] == "again":
                    raise _TooFastError
                said, whole = True, message[0] == "end"
                yield message
                if whole:
                    return
            if said or request["careful"]:
                raise _crash(process)
            raise _TooFastError
        finally:
            if self._once or not whole:
                self.close()

    def close(self) -> None:
        """End the process."""
        if self._process is None:
            return
        process, self._process, self._is_ready = self._process, None, False
        process.close()

    def _next(self, process: Confined, limits: Limits) -> Message | None:
        """Wait for a message; None when the process died."""
        begun = time.monotonic()
        with process.ending_after(limits.seconds - self.waited) as late:
            size, message = receive(process.source, min(self._left, _LARGEST))
        self.waited += time.monotonic() - begun
        self._left -= size
        if message is None and late.is_set():
            raise beyond("seconds", limits)
        if self._left < 0 or size > _LARGEST:
            raise beyond("characters", limits)
        return cast("Message | None", message)


class _TooFastError(Exception):
    """The reader died, or will, over a file that is larger than it says."""


def _crash(process: Confined) -> SheetError:
    """Say that the process died over a file that it had begun with."""
    why = process.why_it_ended()
    if why == ENDED:
        words = "the file could not be read (the system ended the reader, most likely because memory is short)"
        return SheetError(words, "make more memory free, or split the file, and drop it again")
    return SheetError(f"the file could not be read (the reader crashed: {why})", _REMEDY)
