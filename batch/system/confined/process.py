"""Start a process that has nothing, and end it with all that it started."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, cast

PIPE = 2**20
"""Bytes that may be under way, where the system lets us say so: it reads on while what it read is still worked at."""
_KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "SYSTEMDRIVE")
"""What an interpreter may need to find its own libraries; everything else of the environment stays here."""


class Confined:
    """A running process of ours, in a session, a folder and an environment of its own."""

    def __init__(self, boot: str, arguments: Sequence[str]) -> None:
        self.folder = tempfile.mkdtemp(prefix="campaign-batch-")
        try:
            self._process = subprocess.Popen(  # noqa: S603 our own interpreter and module
                [sys.executable, "-I", "-S", "-X", "utf8", "-c", boot, *arguments],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pipesize=PIPE,
                env=_environment(self.folder), cwd=self.folder, start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )  # fmt: skip
        except OSError:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
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
        shutil.rmtree(self.folder, ignore_errors=True)


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
