"""Cut what the ledger keeps of a row to a bound, so that no sheet can fill the disk: 2 KB a row, all tables together.

A row that can go keeps its text, its groups and all that is sent; a row that cannot keeps what a person needs to find
and fix it. Their other cells, for which people look a campaign up, keep as much as fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from batch.model import Campaign, Issue, Level

CELLS = 500
"""Bytes of a row's cells together."""
CELLS_OF_INVALID = 250
TEXT = 200
"""Bytes of the text, the name, ... of a row that cannot go."""
WORDS = 200
"""Characters of an issue, and of why something was done."""
VALUE = 60
MOST_ISSUES = 3
"""Issues of one row; the codes of all are kept."""
NAME = 120
"""Bytes of a column's name."""
_LEAST = 5
"""Bytes of a cell that is shortened, with what parts it from the next: where not all have room, the last ones go."""
_MARK = "…"
_COMMAND = re.compile(r'"campaign-batch [^"]*')


def cut(text: str, most: int) -> str:
    """Shorten a text to so many bytes, with a mark that shows it."""
    if len(text) * 4 <= most or len(coded := text.encode("utf-8", "surrogatepass")) <= most:
        return text
    return coded[: most - 3].decode("utf-8", "ignore") + _MARK


def cut_cells(texts: Sequence[str], most: int) -> Sequence[str]:
    """Shorten the longest cells of a row, so that all together take no more than so many bytes."""
    if sum(map(len, texts)) * 4 + len(texts) <= most:
        return texts
    texts = texts[: _last_filled(texts)]
    sizes = [len(text.encode("utf-8", "surrogatepass")) for text in texts]
    if sum(sizes) + len(texts) <= most:
        return texts
    many = most // _LEAST
    if len(texts) > many:
        texts, sizes = texts[:many], sizes[:many]
    each = _share(sizes, most - len(texts))
    return [text if size <= each else cut(text, each) for text, size in zip(texts, sizes, strict=True)]


def cut_issues(issues: Sequence[Issue]) -> Sequence[Issue]:
    """Shorten the issues of a row: the weightiest, each in its first words."""
    kept: Iterable[Issue] = issues
    if len(issues) > MOST_ISSUES:
        order = sorted(range(len(issues)), key=lambda at: (list(Level).index(issues[at].level), at))
        kept = [issues[at] for at in sorted(order[:MOST_ISSUES])]
    cut_ones = [
        one
        if len(one.message) <= WORDS and len(one.value) <= VALUE
        else replace(one, message=_cut_message(one.message), value=cut(one.value, VALUE))
        for one in kept
    ]
    if more := len(issues) - len(cut_ones):
        last = cut_ones[-1]
        cut_ones[-1] = replace(last, message=f"{last.message} (and {more} more in this row)")
    return cut_ones


def _cut_message(message: str) -> str:
    """Shorten a message; half a command is none, and nobody should type it."""
    short = cut(message, WORDS)
    for command in _COMMAND.finditer(message) if short != message else ():
        if command.start() < len(short) <= command.end():
            return f"{message[: command.start()].rstrip()} {_MARK}"
    return short


def cut_words(issues: Iterable[Issue]) -> list[Issue]:
    """Shorten the issues of a file, and keep them all."""
    return [replace(one, message=cut(one.message, 4 * WORDS), value=cut(one.value, 4 * VALUE)) for one in issues]


def cut_campaign(campaign: Campaign) -> Campaign:
    """Shorten what stands for a row that cannot go."""
    if len(campaign.message) + len(campaign.name) + len(campaign.reference) + len(campaign.owner) < TEXT // 4:
        return campaign
    return replace(
        campaign,
        name=cut(campaign.name, TEXT),
        message=cut(campaign.message, TEXT),
        reference=cut(campaign.reference, VALUE),
        owner=cut(campaign.owner, VALUE),
        purpose=cut(campaign.purpose, VALUE),
    )


def _last_filled(texts: Sequence[str]) -> int:
    return next((at for at in range(len(texts), 0, -1) if texts[at - 1]), 0)


def _share(sizes: Sequence[int], most: int) -> int:
    """Give how many bytes each cell may keep, so that short ones stay whole; at least a few."""
    left, many = most, len(sizes)
    for size in sorted(sizes):
        if size * many > left:
            break
        left -= size
        many -= 1
    return max(left // max(many, 1), _LEAST - 1)
