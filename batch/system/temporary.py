"""Temporary folders that only this user can look into."""

from __future__ import annotations

import tempfile
from pathlib import Path

from batch.model.errors import MachineError


def make_temporary_folder() -> Path:
    """Make a folder that only this user can look into; whoever made it removes it. Raises MachineError."""
    try:
        return Path(tempfile.mkdtemp(prefix="campaign-batch-"))
    except OSError as error:
        raise no_room(error) from error


def no_room(error: OSError) -> MachineError:
    """Say that no temporary file can be kept."""
    why = error.strerror or type(error).__name__
    remedy = "make room in the folder for temporary files (TMPDIR names it), then try again"
    return MachineError(f"this machine cannot keep a temporary file ({why})", remedy)
