"""Whatever a team fills in: every campaign that is put in comes out, or is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cases_support import Read, read
from sheet_generator import Made, Maker

from batch.adapters.sheet.child import Child

MANY = 2_500
TEXT = "Sale: deal {} today. Reply STOP to opt out"
SAMPLE = 250


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """Give one reading process for all files."""
    with Child() as running:
        yield running


def explain(made: Made, found: Read) -> str:
    """Say what is wrong about what came of a file; nothing when every campaign is accounted for."""
    if made.lost:
        return "" if any(words in found.refused for words in made.lost) else f"{made.lost} not in {found.refused!r}"
    if found.refused:
        return f"refused: {found.refused}"
    out = {row.campaign.name: row.campaign.group_ids for row in found.rows if row.campaign is not None}
    if out != {name: (group,) for name, group in made.good.items()}:
        return f"good {sorted(made.good)}, came out {out}"
    wrong = {row.name for row in found.rows if any(issue.level == "error" for issue in row.issues)}
    if wrong != made.spoilt:
        return f"spoilt {made.spoilt}, named {wrong}"
    if any(row.message != TEXT.format(row.name.partition(" - ")[0]) for row in found.rows if row.campaign):
        return "a text differs"
    if found.left_out != made.hidden:
        return f"{made.hidden} hidden, {found.left_out} counted"
    said = " ".join(note.message for note in found.notes)
    tabs = [name for name, count in made.tabs.items() if f'hidden sheet "{name}" holds {count} row' not in said]
    return f"not named: {tabs}" if tabs else ""


def check(seeds: range, folder: Path, child: Child) -> dict[int, str]:
    """Make and read the files of some seeds; give what is wrong."""
    wrong = {}
    for seed in seeds:
        made = Maker(seed, folder).make()
        if why := explain(made, read(made.path, child)):
            wrong[seed] = why
        made.path.unlink()
    return wrong


def test_every_campaign_comes_out_or_is_named(tmp_path: Path, child: Child) -> None:
    """A sample of the files; `make torture` reads them all."""
    assert check(range(SAMPLE), tmp_path, child) == {}


@pytest.mark.torture
def test_every_campaign_of_thousands_of_files_comes_out_or_is_named(tmp_path: Path, child: Child) -> None:
    """Workbooks and text files, with titles, hidden rows, other tabs, odd blanks and spoilt cells."""
    assert check(range(MANY), tmp_path, child) == {}


def test_the_generator_makes_every_kind_of_file(tmp_path: Path) -> None:
    """A proof over files of one kind would prove little."""
    kinds: set[str] = set()
    for seed in range(SAMPLE):
        made = Maker(seed, tmp_path).make()
        kinds |= {made.path.suffix, *made.lost, *made.tabs, *(["hidden"] * (made.hidden > 0))}
        kinds |= {"spoilt"} if made.spoilt else set()
        kinds |= {"a list"} if any(" - " in name for name in made.good) else set()
    assert kinds >= {".csv", ".xlsx", "above the header", '"Typo"', '"Bare"', "2 sheets hold campaigns", "Old"}
    assert kinds >= {"hidden", "spoilt", "a list", ".xls", ".ods"}
