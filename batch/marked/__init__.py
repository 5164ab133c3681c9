"""Hand a user's own workbook back with its bad cells marked, or its failed rows; it knows a workbook's insides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from batch.disk import replacing
from batch.errors import SheetError
from batch.limits import DEFAULT, Limits
from batch.marked.child import ask
from batch.marked.marks import PROBLEM, ROW_ID, Returned, mark_plain

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
    source: Path, path: Path, rows: Sequence[Returned], *, sheet: str = "", limits: Limits = DEFAULT
) -> Path:
    """Write a file back with its bad cells coloured, a comment in each, and a Problem column.

    A workbook (.xlsx, .xlsm) stays otherwise as it is; any other file becomes one of the rows as they were read.
    Raises SheetError when it cannot be made or written.
    """
    said = [one for one in rows if one.issues] or list(rows[:1])
    return _save(ask("mark", source, said, sheet, limits) or mark_plain(rows), path)


def write_failed_rows(
    source: Path, path: Path, rows: Sequence[Returned], *, sheet: str = "", limits: Limits = DEFAULT
) -> Path:
    """Write a workbook of some rows only, their cells as they were, with RowId and Problem at the end.

    Raises SheetError when it cannot be made or written.
    """
    return _save(ask("collect", source, rows, sheet, limits), path)


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
