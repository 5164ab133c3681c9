"""Have a confined process make a workbook of a stranger's file, and take nothing from it but the bytes."""

from __future__ import annotations

import copyreg
import os
import pickle
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from batch.adapters.marked.returned import READY
from batch.core.bounds import beyond
from batch.model.errors import SheetError
from batch.model.limits import Limits
from batch.system.confined.process import Confined, cannot_start, search_path

if TYPE_CHECKING:
    from batch.adapters.marked.returned import Returned

Job = tuple[str, Path, "Sequence[Returned]", str, Limits]
"""What to make (`mark` or `collect`), of which file, which rows, of which sheet, within which limits."""
LARGEST = 100 * 2**20
"""Bytes that a made workbook may have."""
WRITTEN = 300 * 2**20
"""Bytes that may go into files of its own folder while it is made."""
_BOOT = """
import sys
sys.path[:] = sys.argv[3:]
from batch.system.confined.within import confine
confine(int(sys.argv[1]), written=int(sys.argv[2]))
face = sys.modules["batch.adapters.marked"] = type(sys)("batch.adapters.marked")
face.__path__ = [sys.argv[3] + "/batch/adapters/marked"]
from batch.adapters.marked.worker import main
main()
"""
"""The face of the package stays out: it loads what starts processes, a quarter of the time of a start."""


def ask(job: Job, seconds: float = 0) -> bytes:
    """Give the workbook that is made of a file within `seconds`; nothing where the file is not a workbook.

    Raises SheetError where that would go beyond a limit, or the process dies; MachineError where there is none to ask.
    """
    what, source, rows, sheet, limits = job
    running = Confined(_BOOT, [str(os.getpid()), str(WRITTEN), *search_path()])
    try:
        with running.ending_after(seconds or limits.seconds) as late:
            _tell(running, (what, str(source.resolve()), list(rows), sheet, limits))
            is_ready = running.source.read(1) == READY
            answer = running.source.read(LARGEST + 1)
        if not is_ready:
            raise cannot_start("it takes too long" if late.is_set() else running.why_it_ended())
    finally:
        running.close()
    if late.is_set():
        raise beyond("seconds", limits)
    return _understand(answer)


def _tell(running: Confined, job: Any) -> None:
    try:
        pickler = pickle.Pickler(running.sink)
        pickler.dispatch_table = {**copyreg.dispatch_table, MappingProxyType: lambda proxy: (dict, (dict(proxy),))}
        pickler.dump(job)
        running.sink.close()
    except OSError:
        return  # it died: its answer is none


def _understand(answer: bytes) -> bytes:
    kind, content = answer[:1], answer[1:]
    if len(answer) > LARGEST:
        raise SheetError("its marked copy would be too large", "split it")
    if kind == b"=":
        return content
    if kind == b"!":
        words, _, remedy = content.decode("utf-8", "replace").partition("\0")
        raise SheetError(words, remedy)
    raise SheetError("the file makes the maker of its marked copy crash", _REMEDY)


_REMEDY = "save it again as .xlsx in Excel, and check that file"
