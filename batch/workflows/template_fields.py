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
_PLAIN = frozenset({"CampaignName", "Message", "Template", "GroupIds", "DateTime", "Date", "Time", "RowId"})
"""Columns of which one is needed, or that nobody types."""
_SHORT = {"zone": "TimeZone", "tz": "TimeZone"}


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


def find_misnamed(header: Header, unused: Sequence[str]) -> Iterator[Issue]:
    """Warn of columns whose name is close to one that says what is sent, or when, and that the sheet does not have."""
    known = {fold_field(name): name for name in KNOWN if name not in _PLAIN and name not in header.columns}
    for name in unused:
        typed = fold_field(_SHORT.get(fold_field(name), name))
        if near := difflib.get_close_matches(typed, known, n=1, cutoff=_CLOSE):
            words = f'the column "{name}" is not read: did you mean "{known[near[0]]}"? then rename it'
            yield Issue(0, "", name, "field-unused", words, Level.WARNING, name)
