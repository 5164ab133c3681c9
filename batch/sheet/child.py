"""Ask the reading process, and turn its death or silence into one clear line."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from batch.errors import SheetError
from batch.sheet.worker import receive, send

if TYPE_CHECKING:
    from batch.sheet.shapes import Message

PATIENCE = 15.0
"""Seconds without an answer that a small file gets; a larger one gets a second more for each half megabyte."""

PIPE = 2**20
"""Bytes that may be under way, where the system lets us say so: it reads on while what it read is still worked at."""

_BOOT = """
import sys
sys.path[:] = sys.argv[2:]
room = type(sys)("batch.sheet")
room.__path__ = [sys.argv[1]]
sys.modules["batch.sheet"] = room
from batch.sheet.worker import main
main()
"""
"""The room's face is left out: the records and what they import would be half of the start."""
_REMEDY = "open it in Excel or LibreOffice, save it as .xlsx and drop that"


class Child:
    """A reading process; it is started when it is first asked, and again after it died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the process, so that it gets ready while something else is done."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        here = Path(__file__).resolve()
        paths = [str(here.parent), str(here.parents[2]), *(path for path in sys.path if path)]
        self._process = subprocess.Popen(  # noqa: S603 our own interpreter and module
            [sys.executable, "-I", "-S", "-X", "utf8", "-c", _BOOT, *paths],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pipesize=PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )  # fmt: skip

    def ask(self, request: dict[str, Any]) -> Iterator[Message]:
        """Give the answers to one request, up to the last; raises SheetError for a failure, a death or silence.

        A reader that dies before it says anything believed the file too much: another one is asked to be careful.
        """
        try:
            yield from self._ask({**request, "careful": False})
        except _TooFastError:
            yield from self._ask({**request, "careful": True})

    def _ask(self, request: dict[str, Any]) -> Iterator[Message]:
        self.start()
        process = cast("subprocess.Popen[bytes]", self._process)
        patience = PATIENCE + Path(request["path"]).stat().st_size / 500_000
        said = whole = False
        try:
            _tell(process, request)
            while (message := self._next(process, patience)) is not None:
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
                raise SheetError("the file makes its reader crash", _REMEDY)
            raise _TooFastError
        finally:
            if not whole:
                self.close()

    def close(self) -> None:
        """End the process."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.kill()
        for pipe in (process.stdin, process.stdout):
            _shut(cast(BinaryIO, pipe))
        process.wait()

    def _next(self, process: subprocess.Popen[bytes], patience: float) -> Message | None:
        """Wait for a message; None when the process died."""
        late = threading.Event()

        def give_up() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(patience, give_up)
        timer.start()
        try:
            message = receive(cast(BinaryIO, process.stdout))
        finally:
            timer.cancel()
        if message is None and late.is_set():
            raise SheetError(f"reading the file took longer than {patience:.0f} seconds", _REMEDY)
        return cast("Message | None", message)


class _TooFastError(Exception):
    """The reader died, or will, over a file that is larger than it says."""


def _tell(process: subprocess.Popen[bytes], request: dict[str, Any]) -> None:
    try:
        send(cast(BinaryIO, process.stdin), cast("Message", request))
    except OSError as error:
        raise SheetError("the reading process could not be started", "run `campaign-batch doctor`") from error


def _shut(pipe: BinaryIO) -> None:
    try:
        pipe.close()
    except OSError:
        return
