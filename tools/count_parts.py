"""Ask two public counters how many parts 10,000 texts have, and keep their answers: python -m tools.count_parts.

Needs `npm`, `node` and `pip`. The counters are fetched into a folder that is removed; the project depends on neither.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

KEPT = Path(__file__).parents[1] / "tests" / "core" / "counted_parts.json"
MANY = 10_000
NPM, PYPI = "sms-segments-calculator@1.3.0", "smsutil==1.1.3"
WORDS = ("Sale", "today", "20% off", "at 5th & Main", "Reply STOP to opt out", "\n", "Señor", "Ärger", "@home", "£5")
EXTENDED = ("€", "[", "]", "{", "}", "^", "~", "|", "\\", "[VIP]", "€€€", "\f")
TYPED = ("’", "“now”", "–", "…", "\u00a0", "\t", "`", "ç", "á", "ё", "½", "\r\n", "\u200b")
EMOJI = ("😀", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇺🇸", "❤️", "1️⃣", "👩🏾‍🚀", "\u200d", "\ufe0f")
MARKS = ("e\u0301", "a\u0308", "n\u0303", "Z\u0351\u036b\u0343", "का", "한", "ก็", "x\u20dd")
_POOLS = (WORDS, EXTENDED, TYPED, EMOJI, MARKS)
_MIXES = ((0,), (0, 1), (0, 1), (0, 1, 2), (0, 3), (0, 1, 3), (0, 4), (2, 3, 4), (3,), (0, 1, 2, 3, 4))
_EDGES = (70, 67, 134, 160, 153, 306, 201, 459)
_NODE = """
const { SegmentedMessage } = require("sms-segments-calculator");
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
const one = (text) => { const m = new SegmentedMessage(text); return m.encodingName[0] + m.segmentsCount; };
console.log(JSON.stringify(texts.map(one)));
"""
_PYTHON = """
import json, sys, smsutil
split = [smsutil.split(text) for text in json.load(sys.stdin)]
print(json.dumps([("G" if one.encoding == "gsm0338" else "U") + str(len(one.parts)) for one in split]))
"""


def make_texts() -> list[str]:
    """Make the same texts each time: many end, or have an odd character, at the edge of a part."""
    chance = Random(2026)  # noqa: S311 no secret
    return [_make(chance) for _ in range(MANY)]


def hash_of(texts: Sequence[str]) -> str:
    """Mark the texts, so that answers are never compared with others'."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def main() -> int:
    """Ask both and write their answers."""
    texts = make_texts()
    with tempfile.TemporaryDirectory() as place:
        answers = {NPM: _ask_npm(texts, place), PYPI: _ask_pypi(texts, place)}
    kept = {"sha256": hash_of(texts), **{name: " ".join(found) for name, found in answers.items()}}
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return 0


def _make(chance: Random) -> str:
    mix = _MIXES[int(chance.random() * len(_MIXES))]
    wanted = int(chance.random() * 500)
    text = ""
    while len(text) < wanted:
        pool = _POOLS[mix[int(chance.random() * len(mix))]]
        text += pool[int(chance.random() * len(pool))] + ("" if chance.random() < 0.3 else " ")
    if chance.random() < 0.5:
        return text
    pool = _POOLS[mix[-1]]
    edge = _EDGES[int(chance.random() * len(_EDGES))] - 2 + int(chance.random() * 4)
    return (text + "a" * edge)[:edge] + pool[int(chance.random() * len(pool))] + text[: int(chance.random() * 160)]


def _ask_npm(texts: Sequence[str], place: str) -> list[str]:
    _run("npm", "install", "--silent", "--ignore-scripts", "--prefix", place, NPM)
    return _run("node", "-e", _NODE, given=json.dumps(texts), folder=place)


def _ask_pypi(texts: Sequence[str], place: str) -> list[str]:
    _run(sys.executable, "-m", "pip", "install", "--quiet", "--target", place, PYPI)
    return _run(sys.executable, "-c", _PYTHON, given=json.dumps(texts), folder=place)


def _run(*words: str, given: str = "", folder: str = ".") -> list[str]:
    said = subprocess.run(words, check=True, capture_output=True, text=True, input=given, cwd=folder)  # noqa: S603 ours
    return list(json.loads(said.stdout)) if given else []


if __name__ == "__main__":
    sys.exit(main())
