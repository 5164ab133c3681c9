"""The process that makes marked workbooks: one job on standard input, one answer on standard output, and it ends."""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path

from batch.adapters.marked.marks import collect_rows, mark_workbook
from batch.adapters.marked.returned import READY, Returned
from batch.core.bounds import beyond
from batch.model.errors import SheetError
from batch.model.limits import Limits
from batch.system.confined.within import limit, limit_seconds

_MAKERS = {"mark": mark_workbook, "collect": collect_rows}
Job = tuple[str, str, list[Returned], str, Limits]
"""What to make, of which file, which rows, of which sheet, within which limits."""


def main() -> None:
    """Do one job; `=` and the workbook is the answer, or `!`, what is wrong and what to do."""
    os.write(1, READY)
    job: Job = pickle.load(sys.stdin.buffer)  # noqa: S301 the other end is this program
    limits = job[4]
    limit(RLIMIT_AS=limits.memory)
    limit_seconds(limits.seconds)
    with os.fdopen(os.dup(1), "wb") as sink:
        sink.write(answer(job))


def answer(job: Job) -> bytes:
    """Give the answer to one job."""
    what, source, rows, sheet, limits = job
    try:
        return b"=" + _MAKERS[what](Path(source), rows, sheet, limits)
    except SheetError as error:
        refusal = error
    except MemoryError:
        refusal = beyond("memory", limits)
    return b"!" + f"{refusal.words}\0{refusal.remedy}".encode()
