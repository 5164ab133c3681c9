"""Have the process that reads workbooks ready early: it starts while the rest of the program is still being loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from batch.adapters.sheet.child import Child

if TYPE_CHECKING:
    from batch.adapters.sheet.child import Child

_TEXT_FILES = frozenset({".csv", ".tsv"})


@contextmanager
def start_reader(path: Path) -> Iterator[Child | None]:
    """Give the process that will read a workbook, at work on its start; None for a text file, which needs none."""
    if path.suffix.casefold() in _TEXT_FILES or not path.is_file():
        yield None
        return
    with Child() as child:
        with suppress(OSError):  # whoever asks it starts it again, and says what is wrong
            child.start()
        yield child
