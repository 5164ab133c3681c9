"""Run commands as other users of the system, on a machine where the tool is installed for all."""

from __future__ import annotations

import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

import batch

_RIGHTS = "+dac_override,+dac_read_search"
"""Another user may not look into the folder of root in which this Python may lie: the kernel lets this one read it."""


def become(uid: int, group: int | None = None) -> list[str]:
    """Give the words that start a program as a user, by its number, who may be in one more group."""
    user = [f"--reuid={uid}", f"--regid={uid}", "--clear-groups" if group is None else f"--groups={group}"]
    return ["setpriv", *user, f"--inh-caps={_RIGHTS}", f"--ambient-caps={_RIGHTS}"]


@contextmanager
def reachable_code() -> Iterator[None]:
    """Let every user reach the Python and the code that run here, as on a machine where the tool is installed for all.

    The reading process gives up all rights, so that it reads only what everybody may.
    """
    needed = [Path(sys.base_prefix), Path(sys.prefix), Path(batch.__file__)]
    with FileLock(Path(tempfile.gettempdir()) / "campaign-batch-open-to-all.lock"):
        closed = {one: one.stat().st_mode for path in needed for one in path.parents if not one.stat().st_mode & 0o001}
        for folder, mode in closed.items():
            folder.chmod(stat.S_IMODE(mode) | 0o011)
        yield
        for folder, mode in closed.items():
            folder.chmod(stat.S_IMODE(mode))
