"""Start a process that has nothing, and end it with all that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from batch.model.errors import MachineError
from batch.system.temporary import make_temporary_folder, remove_folder

PIPE = 2**20
"""Bytes that may be under way, where the system lets us say so: it reads on while what it read is still worked at."""
_KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "SYSTEMDRIVE")
"""What an interpreter may need to find its own libraries; everything else of the environment stays here."""


ENDED = "the system ended it"
"""Why a process ended that the system killed: it does so when memory is short."""


class Confined:
    """A running process of ours, in a session, a folder and an environment of its own.

    Raises MachineError where none can be started.
    """

    def __init__(self, boot: str, arguments: Sequence[str]) -> None:
        self.folder = str(make_temporary_folder())
        try:
            self._process = subprocess.Popen(  # noqa: S603 our own interpreter and module
                [sys.executable, "-I", "-S", "-X", "utf8", "-c", boot, *arguments],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pipesize=PIPE,
                env=_environment(self.folder), cwd=self.folder, start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )  # fmt: skip
        except OSError as error:
            remove_folder(self.folder)
            raise cannot_start(error.strerror or type(error).__name__) from error
        self.pid = self._process.pid

    @property
    def source(self) -> BinaryIO:
        """What the process says."""
        return cast(BinaryIO, self._process.stdout)

    @property
    def sink(self) -> BinaryIO:
        """Where it listens."""
        return cast(BinaryIO, self._process.stdin)

    def is_alive(self) -> bool:
        """Say whether it still runs."""
        return self._process.poll() is None

    @contextmanager
    def ending_after(self, seconds: float) -> Iterator[threading.Event]:
        """Kill it when the block takes longer; the event says whether that happened."""
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self.kill()

        timer = threading.Timer(max(0.0, seconds), give_up)
        try:
            timer.start()
        except RuntimeError as error:
            raise cannot_start(str(error)) from error
        try:
            yield late
        finally:
            timer.cancel()

    def why_it_ended(self) -> str:
        """Say how it ended, of itself or by the system; for people."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        self.kill()
        code = self._process.wait()
        return ENDED if code == -signal.SIGKILL else f"exit code {code}"

    def kill(self) -> None:
        """End it and all that it started, at once; it is still to be closed."""
        if self._process.returncode is None:
            _kill_group(self._process)

    def close(self) -> None:
        """End it, and take its folder away."""
        self.kill()
        for pipe in (self.sink, self.source):
            _shut(pipe)
        self._process.wait()
        remove_folder(self.folder)


def cannot_start(why: str) -> MachineError:
    """Say that this machine does not let us start what a file is read with: the file itself was not looked at."""
    remedy = "end other programs, or raise what this user or service may have (memory, processes, open files)"
    return MachineError(f"this machine cannot start the process that reads files ({why})", f"{remedy}, then try again")


def search_path() -> list[str]:
    """Give where a confined process finds our modules and the libraries."""
    return [str(Path(__file__).resolve().parents[3]), *(path for path in sys.path if path)]


def _environment(folder: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    # One arena for two threads: each would claim 64 MB of the address space that is counted.
    return {**kept, "TMPDIR": folder, "TEMP": folder, "TMP": folder, "MALLOC_ARENA_MAX": "1"}


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
        return
    process.kill()


def _shut(pipe: BinaryIO) -> None:
    try:
        pipe.close()
    except OSError:
        return
