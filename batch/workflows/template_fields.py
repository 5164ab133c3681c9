"""Say which columns of a sheet the texts use, and which none does."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence

from batch.adapters.sheet import KNOWN
from batch.core.render import fold_field
from batch.model import Header, Issue, Level
from batch.model.columns import OURS

_OUR_FIELDS = frozenset(map(fold_field, OURS))
_CLOSE = 0.75


def sort_fields(header: Header, used: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the fields that the texts use, and the columns of one's own that they do not, in the sheet's order."""
    own = [
        name for name, at in header.columns.items()
        if name not in KNOWN and at not in header.sources and fold_field(name) not in _OUR_FIELDS
    ]  # fmt: skip
    return tuple(name for name in header.columns if name in used), tuple(name for name in own if name not in used)


def find_near_misses(used: Sequence[str], unused: Sequence[str]) -> Iterator[Issue]:
    """Warn of columns that no text uses and whose name is close to one that is used; the issues are of row 0."""
    by_fold = {fold_field(name): name for name in used}
    for name in unused:
        near = difflib.get_close_matches(fold_field(name), by_fold, n=1, cutoff=_CLOSE)
        if near:
            words = (
                f'no text uses the column "{name}", but "{by_fold[near[0]]}" is used: is that the one that is meant?'
            )
            yield Issue(0, "", name, "field-unused", words, Level.WARNING, name)
