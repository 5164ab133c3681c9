"""Ask the reading process, and turn its death or silence into one clear line."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from batch.adapters.sheet.worker import receive, send
from batch.core.bounds import beyond
from batch.model.errors import SheetError
from batch.model.limits import Limits
from batch.system.confined.process import Confined, search_path

if TYPE_CHECKING:
    from batch.adapters.sheet.shapes import Message

_BOOT = """
import sys
sys.path[:] = sys.argv[2:]
from batch.system.confined.within import confine
confine(int(sys.argv[1]))
from batch.adapters.sheet.worker import main
main()
"""
_REMEDY = "open it in Excel or LibreOffice, save it as .xlsx and drop that"
_LARGEST = 32 * 2**20
"""Bytes of one message: a block of rows has at most some 8 MB of them, and takes many times that once it is read."""
_CROWD = 8
"""Bytes of the pipe that a character and a cell may take at most: more did not come from a reader of ours."""


class Child:
    """A reading process; it is started when it is first asked, and again after it died."""

    def __init__(self) -> None:
        self._process: Confined | None = None
        self.waited = 0.0
        """Seconds that the file took here so far, of which this process only waited."""
        self._left = 0

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the process, so that it gets ready while something else is done."""
        if self._process is not None and self._process.is_alive():
            return
        self.close()
        self._process = Confined(_BOOT, [str(os.getpid()), *search_path()])

    def ask(self, request: dict[str, Any]) -> Iterator[Message]:
        """Give the answers to one request, up to the last; raises SheetError for a failure, a death or silence.

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
            self.start()
            process = cast(Confined, self._process)
            _tell(process, request)
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
                raise SheetError("the file could not be read (the reader crashed)", _REMEDY)
            raise _TooFastError
        finally:
            if not whole:
                self.close()

    def close(self) -> None:
        """End the process."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.close()

    def _next(self, process: Confined, limits: Limits) -> Message | None:
        """Wait for a message; None when the process died."""
        late = threading.Event()

        def give_up() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(max(0.0, limits.seconds - self.waited), give_up)
        begun = time.monotonic()
        timer.start()
        try:
            size, message = receive(process.source, min(self._left, _LARGEST))
        finally:
            timer.cancel()
            self.waited += time.monotonic() - begun
        self._left -= size
        if message is None and late.is_set():
            raise beyond("seconds", limits)
        if self._left < 0 or size > _LARGEST:
            raise beyond("characters", limits)
        return cast("Message | None", message)


class _TooFastError(Exception):
    """The reader died, or will, over a file that is larger than it says."""


def _tell(process: Confined, request: dict[str, Any]) -> None:
    try:
        send(process.sink, cast("Message", request))
    except OSError as error:
        raise SheetError("the reading process could not be started", "run `campaign-batch doctor`") from error
