"""Keep what a row may say within bounds: cells longer than anybody means, more issues than anybody reads."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from batch.model import Issue, Level, Row

CODE = "cell-too-long"
LONGEST = {"CampaignName": 250, "Reference": 250, "Subject": 250, "Owner": 250, "Purpose": 250, "GroupIds": 4_000}
"""Characters of the cells that go into the ledger, beside the text, which has a limit of its own."""
_SHORT = min(LONGEST.values())
MOST_ISSUES = 20
"""Issues of one row."""
_LONGEST_KEY = 800


def check_lengths(row: Row) -> tuple[Issue, ...]:
    """Refuse cells that are far too long."""
    if sum(map(len, row.texts)) <= _SHORT:
        return ()
    return tuple(
        Issue(
            row.number, row.header.letter(field), field, CODE,
            f"the cell has {size:,} characters, at most {longest:,} are allowed: shorten it",
        )
        for field, longest in LONGEST.items()
        if (size := len(row.text(field))) > longest
    )  # fmt: skip


def keep_few(issues: tuple[Issue, ...]) -> tuple[Issue, ...]:
    """Keep as many issues of a row as a person reads, errors before others, and say how many more there are."""
    if len(issues) <= MOST_ISSUES:
        return issues
    weighty = sorted(range(len(issues)), key=lambda at: (issues[at].level is not Level.ERROR, at))
    kept = [issues[at] for at in sorted(weighty[:MOST_ISSUES])]
    more = f"{kept[-1].message} (and {len(issues) - MOST_ISSUES:,} more issues in this row)"
    return (*kept[:-1], replace(kept[-1], message=more))


def shorten_key(key: str) -> str:
    """Give a key that fits into the ledger; only a row with a cell that is too long has a longer one."""
    if len(key) <= _LONGEST_KEY:
        return key
    return f"{key[:100]}…{sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
