"""What people read is plain American English: no idiom that sounds translated; numbers agree with their nouns."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import batch
from tools.messages import messages

ROOT = Path(batch.__file__).parent.parent
IDIOMS = {
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\bnoughts?\b": "zeros",
    r"\bshall\b": "should, or the imperative",
    r"\b(could not|cannot|to) be had\b": "could not read, is not available",
    r"\b(has|have|had|times?) gone by\b": "is in the past",
    r"\blet (it|them) go\b": "send it anyway",
    r"(?<!there\s)\b(is|are) no (?!longer\b|more\b|such\b|own\b|measure\b|yes\b|Exception)[a-z]": "is not a",
    r"\bis none of (this|our)\b": "is not in",
    r"\b(tried|tries|goes|go) (again )?by (itself|themselves)\b": "automatically",
    r"\bnot sent as it stands\b": "is not sent",
    r"\bit is not said\b": "is not set",
    r"\bexclude each other\b": "cannot be used together",
    r"\bneeds? a person\b": "needs attention",
    r"\ball the same\b(?! (day|time|text|group))": "anyway",
}
"""What is not written, in any case, and what is written instead."""
UNDECIDED = re.compile(r"[a-z](\((s|es|ies)\))")
"""A number that leaves its noun to the reader; `batch.model.plurals` knows it."""
ONE_OF_MANY = re.compile(r"\b1 (rows|files|campaigns|groups|texts|errors|contacts|parts|days|hours|minutes)\b")
NOUNS = (
    "rows|campaigns|files|days|weeks|hours|minutes|texts|contacts|parts|credits|groups|times|people|differences|mails|"
    "sheets|changes|lines|accounts|attempts|templates|batches"
)
COUNTED = re.compile(rf"(?<!than )\{{([^{{}}]*)\}} (?:more )?(?:{NOUNS})\b")
"""A number that is filled in before a noun, where it is not a bound."""
SEVERAL = {
    "0",
    "1",
    "account.credits",
    "attempts",
    "batches",
    "count",
    "entry.attempts",
    "found",
    "hours[0]",
    "len(batches)",
    "len(columns)",
    "len(found)",
    "len(report.entries)",
    "len(whole)",
    "one.known",
    "rate",
    "rows",
    "self._refusals",
    "text.parts.count",
    "times",
    "weeks",
    "where",
    "worst.known",
}
"""What is only said where it is more than one, and what the sandbox and the checks of the ledger say to programmers."""
READ = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "ARCHITECTURE.md")


def documents() -> Iterator[Path]:
    """The texts that people read: documents, templates, ready files, and the program with its comments."""
    yield from (ROOT / name for name in READ)
    for folder in ("batch", "templates"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".md", ".j2", ".toml", ".service", ".cmd"} and "migrations" not in path.parts:
                yield path


def without_names(code: str) -> str:
    """Blank out the names of a module's code, which only programmers read."""
    lines = code.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.NAME:
            row, start, end = token.start[0] - 1, token.start[1], token.end[1]
            lines[row] = lines[row][:start] + "_" * (end - start) + lines[row][end:]
    return "".join(lines)


def found_in(text: str, path: str) -> list[str]:
    """Name each idiom of a text with its line, and what to write instead; a line break is a blank."""
    flat = re.sub(r"\n[ ]*(# |#: )?", lambda one: " " * len(one[0]), text)
    return [
        f'{path}:{text.count(chr(10), 0, one.start()) + 1}: "{one[0]}": write {instead}'
        for idiom, instead in IDIOMS.items()
        for one in re.finditer(idiom.replace(" ", r"\s+"), flat, re.IGNORECASE)
    ]


@pytest.mark.parametrize("path", list(documents()), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_for_people_sounds_translated(path: Path) -> None:
    """Comments and docstrings included."""
    text = path.read_text("utf-8")
    assert found_in(without_names(text) if path.suffix == ".py" else text, path.name) == []


def test_numbers_agree_with_their_nouns() -> None:
    """No "row(s)", no "1 rows"."""
    said = list(messages(ROOT / "batch"))
    assert len(said) > 1000
    assert [one for one in said if UNDECIDED.search(one[2].replace("str(s)", "")) or ONE_OF_MANY.search(one[2])] == []


def test_a_number_that_is_filled_in_agrees_with_its_noun() -> None:
    """A week with one campaign is a week, too: `batch.model.plurals` writes each number that may be 1."""
    told = [(*one[:2], *found.group(1, 0)) for one in messages(ROOT / "batch") for found in COUNTED.finditer(one[2])]
    assert len(told) > 20
    assert [
        one for one in told if not (one[2] in SEVERAL or any(word.isupper() for word in re.findall(r"\w{4,}", one[2])))
    ] == []


@pytest.mark.parametrize(
    "text",
    [
        '"X" is no day', "mend the cell", "the list could not be had", "it has\n    gone by", "it shall go",
        "let it go", "it is tried again by itself", "3 need a person", "the row is none of this ledger",
    ],
)  # fmt: skip
def test_an_idiom_is_seen(text: str) -> None:
    """Over a line break too."""
    assert found_in(text, "") != []


@pytest.mark.parametrize(
    "text", ["there is no batch 3", "it is no longer there", "fix the amended row", "nothing is lost"]
)
def test_plain_words_are_let_be(text: str) -> None:
    """No false alarm."""
    assert found_in(text, "") == []
