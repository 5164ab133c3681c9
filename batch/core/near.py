"""Find the name that a mistyped one was meant to be, by the words that distinguish; none is better than a wrong one."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable

CLOSE = 0.8
"""How alike what is left must be: `Phenix` and `Phoenix` are, `Plano` and `Atlanta` are not."""
_LONGEST = 80
_WORDS = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d+")


def find_near(word: str, choices: Iterable[str], close: float = CLOSE) -> str:
    """Give the choice that a word most likely means; empty when none is near.

    Words that both share tell nothing: "Plano stores" is not "Atlanta stores". A number must be the same.
    """
    by_fold = {choice.casefold(): choice for choice in choices if choice}
    wanted = word[:_LONGEST].casefold()
    if wanted in by_fold:
        return by_fold[wanted]
    common = Counter(one for choice in by_fold for one in set(_WORDS.findall(choice)))
    likely = difflib.get_close_matches(wanted, by_fold, n=8, cutoff=0.4)
    scored = [(_likeness(wanted, choice, common), choice) for choice in likely]
    best, found = max(scored, default=(0.0, ""))
    return by_fold[found] if best >= close else ""


def find_near_ids(number: str, choices: Iterable[str]) -> list[str]:
    """Give the ids, three at most, that a mistyped one may mean: a digit is wrong, missing or in another place."""
    likely = difflib.get_close_matches(number, choices, n=6, cutoff=0.75)
    return [one for one in likely if abs(len(one) - len(number)) < 2][:3]


def _likeness(word: str, choice: str, common: Counter[str]) -> float:
    ours, theirs = _WORDS.findall(word), _WORDS.findall(choice)
    shared = set(ours) & set(theirs)
    left = "".join(one for one in ours if one not in shared)
    right = "".join(one for one in theirs if one not in shared)
    if _DIGITS.findall(left) != _DIGITS.findall(right):
        return 0.0
    if left and sorted(left) == sorted(right):
        return 0.95  # two letters changed places
    if left and right:
        return difflib.SequenceMatcher(None, left, right).ratio()
    if not left and not right:
        return 1.0
    if not shared:
        return 0.0
    names = common[theirs[0]] == 1 and theirs[0] in shared  # "Dallas" is enough for "Dallas stores", "stores" is not
    return 0.9 if names else 0.0
