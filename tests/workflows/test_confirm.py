"""The moment before the first request: the problems first, then one question that says all."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from cli_support import Shell, coming, row, write_csv
from terminal_support import answer_at_terminal


def ask(folder: Path, path: Path, answer: str, *more: str, question: str = "[y/N]") -> tuple[int, str]:
    """Submit a file at a terminal and answer what it asks."""
    environ = {name: value for name, value in os.environ.items() if name.startswith("CAMPAIGN_BATCH_")}
    asked = [(question, answer)] if answer else []
    code, shown = answer_at_terminal(["submit", str(path), *more], asked, folder, COLUMNS="400", **environ)
    return code, " ".join(shown.split())


def week(folder: Path) -> Path:
    """Write six rows: four go, one lacks its text, one is a text that names no brand."""
    good = [row(number, DateTime=coming(3 + number)) for number in range(1, 5)]
    bad, held = row(5, Message=""), row(6, Message="[STORE] sale. Reply STOP to opt out")
    return write_csv(folder / "week.csv", [*good, bad, held])


def test_the_question_comes_after_the_problems_and_says_all(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """How many of how many, why not the others, to whom, for how much, when; a no sends nothing."""
    ready.set(REPORTS__CREDIT_PRICE="0.02", SHEET__TIMEZONE="America/Chicago")
    code, shown = ask(tmp_path, week(tmp_path), "n")
    people = sum(sandbox.account.count_contacts(("100",)) for _ in range(4))
    assert (code, sandbox.posts) == (0, []), shown
    asked = shown.index("4 of 6 rows go (1 needs fixing, 1 waits for a decision): 4 campaigns to ")
    assert shown.index("placeholder") < asked
    assert shown.index("message-missing") < asked
    assert shown.count("message-missing") == 1
    words = shown[asked:]
    assert (
        f"4 campaigns to {people:,} contacts, {people:,} SMS parts, about {people:,} credits (${people / 50:,.2f})"
        in words
    )
    assert re.search(r"first \w{3}, \w{3} \d+, (\d{4}, )?11:00 AM C[SD]T, last \w{3}, \w{3} \d+, ", words)
    assert "Submit 4 campaigns? [y/N]" in words
    assert "nothing was submitted" in words


@pytest.mark.proof
def test_a_yes_sends_what_was_said(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """Nobody is told the problems twice, and --yes asks nothing."""
    _, shown = ask(tmp_path, week(tmp_path), "y")
    assert len(sandbox.posts) == 4
    assert shown.count("message-missing") == 1
    _, shown = ask(tmp_path, write_csv(tmp_path / "b.csv", [row(9, DateTime=coming(12))]), "", "--yes")
    assert (len(sandbox.posts), "[y/N]" in shown) == (5, False)


def test_one_row_is_said_in_the_singular(ready: Shell, tmp_path: Path) -> None:
    """No first and last where there is one; with a second person the question says so."""
    ready.set(APPROVAL__REQUIRED="true")
    _, shown = ask(tmp_path, write_csv(tmp_path / "b.csv", [row(9)]), "n")
    assert "1 row goes: 1 campaign to " in shown
    assert "first " not in shown
    assert "Hand them to a second person for approval? [y/N]" in shown
