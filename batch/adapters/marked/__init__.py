"""Write a copy of a user's workbook with its bad cells marked, or one with only its failed rows.

By hand, since openpyxl drops shapes, extensions and the last values of formulas of a workbook that it writes again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from batch.adapters.marked.child import ask
from batch.adapters.marked.returned import ROW_ID, Returned
from batch.core.bounds import beyond
from batch.model.columns import PROBLEM
from batch.model.errors import SheetError
from batch.model.issues import NOTHING
from batch.model.limits import DEFAULT, Limits
from batch.system.disk import replacing

__all__ = ["PROBLEM", "ROW_ID", "Returned", "ending_for", "write_failed_rows", "write_marked"]


def ending_for(source: Path) -> str:
    """Give the ending that a file's marked copy must have: `.xlsm` when there are macros in it.

    The names of a zip archive's parts stand in it as they are, so nothing is unpacked for this.
    """
    try:
        with source.open("rb") as file:
            if not file.read(4).startswith(b"PK"):
                return ".xlsx"
            tail = b""
            while block := file.read(2**20):
                if _MACROS in tail + block:
                    return ".xlsm"
                tail = block[-len(_MACROS) :]
    except OSError:
        return ".xlsx"
    return ".xlsx"


def write_marked(
    source: Path, path: Path, rows: Sequence[Returned], *, sheet: str = "", limits: Limits = DEFAULT, seconds: float = 0
) -> Path:
    """Write a file back with its bad cells coloured, a comment in each, and a Problem column.

    A workbook (.xlsx, .xlsm) stays otherwise as it is; any other file becomes one of the rows as they were read.
    `seconds` are what is left for the file, where it took some already. Raises SheetError when it cannot be made or
    written.
    """
    said = [_without_texts(one) for one in rows if one.issues or one.result] or [
        _without_texts(one) for one in rows[:1]
    ]
    if content := ask(("mark", source, said, sheet, limits), seconds):
        return _save(content, path)
    from batch.adapters.marked.marks import mark_plain

    _judge("the sheet", rows, limits)
    return _save(mark_plain(rows), path)


def write_failed_rows(
    source: Path, path: Path, rows: Sequence[Returned], *, sheet: str = "", limits: Limits = DEFAULT, seconds: float = 0
) -> Path:
    """Write a workbook of some rows only, their cells as they were, with RowId and Problem at the end.

    Raises SheetError when it cannot be made or written.
    """
    _judge("the sheet of failed rows", rows, limits)
    return _save(ask(("collect", source, rows, sheet, limits), seconds), path)


def _without_texts(one: Returned) -> Returned:
    """Leave out what the marks in a workbook do not need."""
    return replace(one, row=replace(one.row, texts=(), dates=NOTHING, unshown=NOTHING))


def _judge(what: str, rows: Sequence[Returned], limits: Limits) -> None:
    """Refuse to write more rows anew than a person fixes: each cell costs time and memory."""
    if sum(len(one.row.texts) for one in rows) > limits.marked_cells:
        raise beyond("marked_cells", limits, what)
    if sum(len(text) for one in rows for text in one.row.texts) > limits.marked_characters:
        raise beyond("marked_characters", limits, what)


def _save(content: bytes, path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(content)
    except OSError as error:
        why = error.strerror or type(error).__name__
        words = f'"{path}" cannot be written ({why})'
        raise SheetError(words, "if it is open in Excel, close it and try again") from error
    return path


_MACROS = b"vbaProject.bin"
