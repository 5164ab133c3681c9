"""What keeps every file of a watched folder from being taken or filed away, in words."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

from batch.model.errors import BatchError

_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG})
"""What a system says where there is no room: on the disk, for this user, for one file."""


def explain(trouble: OSError, folder: Path, within: Sequence[str]) -> BatchError | None:
    """Say what is wrong with the folder, which has others `within`; None where it may be one file's own trouble."""
    if trouble.errno == errno.EXDEV:
        inner = ", ".join(f'"{name}"' for name in within)
        words = f'"{folder}" and a folder within it are on different disks, so no file can be moved there in one step'
        return BatchError(words, f"keep {inner} on the same disk, without a mount or link of their own")
    if trouble.errno in _FULL:
        words = f'no file can be taken from "{folder}" or filed away ({trouble.strerror})'
        return BatchError(words, "make room on its disk; until then the files wait where they are")
    return None
