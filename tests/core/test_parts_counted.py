"""Parts of 10,000 random texts, against two public counters: every difference has its reason."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from itertools import pairwise

from batch.core.parts import measure, split
from tools.count_parts import KEPT, NPM, PYPI, hash_of, make_texts

NOTHING = "an empty text is no part for us, and one for the counter"
TOGETHER = "the counter keeps the code points of one shown character in one part; the standard only keeps pairs"
REASONS = {(NPM, NOTHING), (NPM, TOGETHER), (PYPI, NOTHING)}
"""All differences that there are. Where a character is shown as one, ours is the smaller count, by one part at most."""


def explain(text: str, theirs: str) -> str:
    """Give the reason for another count; empty when there is none."""
    encoding, count = theirs[0], int(theirs[1:])
    ours = measure(text)
    if not text and count == 1:
        return NOTHING
    if encoding == ours.encoding[0] == "U" and count == ours.count + 1 and cuts_a_character(split(text)):
        return TOGETHER
    return ""


def cuts_a_character(parts: tuple[str, ...]) -> bool:
    """Whether some part ends within what a phone shows as one character."""
    return any(joins(before[-1], after[0]) for before, after in pairwise(parts))


def joins(before: str, after: str) -> bool:
    """Whether two code points are shown as one: marks, joiners, skin tones, halves of a flag."""
    flags = all("\U0001f1e6" <= one <= "\U0001f1ff" for one in (before, after))
    tone = "\U0001f3fb" <= after <= "\U0001f3ff"
    return flags or tone or "\u200d" in {before, after} or unicodedata.category(after) in {"Mn", "Me", "Mc"}


def test_each_difference_from_two_public_counters_has_its_reason() -> None:
    """The answers were written down by `python -m tools.count_parts`; neither counter is part of the project."""
    kept, texts = json.loads(KEPT.read_text(encoding="utf-8")), make_texts()
    assert kept["sha256"] == hash_of(texts), "the texts changed: run python -m tools.count_parts"
    found: Counter[tuple[str, str]] = Counter()
    for counter in (NPM, PYPI):
        for text, theirs in zip(texts, kept[counter].split(), strict=True):
            ours = measure(text)
            if theirs != f"{ours.encoding[0]}{ours.count}":
                found[counter, explain(text, theirs)] += 1
    assert set(found) == REASONS, found


def test_the_texts_meet_every_edge() -> None:
    """Both encodings, one part to many, pairs and escapes that stand just where a part ends."""
    texts = make_texts()
    assert {(measure(one).encoding, min(measure(one).count, 4)) for one in texts} >= {
        (encoding, count) for encoding in ("GSM-7", "UCS-2") for count in (1, 2, 3, 4)
    }
    moved = [one for one in texts if measure(one).encoding == "GSM-7" and measure(one).units % 153 in {1, 0, 152}]
    assert len(moved) > 50
    assert any(cuts_a_character(split(one)) for one in texts)
