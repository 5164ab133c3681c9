"""Lists that lie: nothing twice, nothing called cancelled that is there, nothing green; and whole when they recover.

Each lie of the sandbox meets a team with a lost answer, with a doubt, with a campaign to cancel, with a pause for a
recall, with a week that is under way; it resumes, drops its file again, compares, watches over a night, approves.

No story is left out. One list alone could not be told from a true one, whoever reads it: one that showed a campaign
before, shows all of the ledger's others now, older and newer ones, and hides exactly the one that a person asked to
delete. So looks a list after it was deleted; none of the lies here is that one.

A green exit over a lie is one that matters to what was compared: `reconcile` and the watch compare all that both lists
show; who submits looks for the accepted campaigns that are to come and for the rows that are open. A name in another
writing that means the same (blanks, NFD) is no lie, nor are campaigns of others in the sent history, which has no
groups: a colleague may have sent them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from lying_support import ACTIONS, LIES, SITUATIONS, Cell, Stage, play, stage

SHORT = 2
"""Cells of the suite for each lie."""
PARTS = 16
"""Of a hundred stories each, beside the matrix of 560 cells."""
WAYS: tuple[dict[str, Any], ...] = (
    {}, {"page_size": 2}, {"newest_first": True}, {"announce_paging": False}, {"newest_first": True, "page_size": 3},
)  # fmt: skip
"""How the provider gives its lists."""


@pytest.fixture(scope="module")
def on() -> Iterator[Stage]:
    """One team for all cells; each begins anew."""
    with stage() as made:
        yield made


def choose() -> Iterator[Cell]:
    """Choose two cells for each lie, so that every action and every situation comes as often."""
    for place, lie in enumerate(LIES):
        for turn in range(SHORT):
            number = place * SHORT + turn
            yield Cell((lie,), SITUATIONS[(number + place) % len(SITUATIONS)], (ACTIONS[number % len(ACTIONS)],))


STORIES = [
    Cell(("list-empty",), "lost answer", ("resume", "reconcile", "resume")),
    Cell(("list-emptyx8",), "lost answer", ("reconcile", "resume")),
    Cell(("list-empty",), "lost answer", ("watch",)),
    Cell(("list-empty",), "pause", ("reconcile",)),
    Cell(("list-other-account",), "pause", ("watch",)),
    Cell(("list-emptyx2",), "pause", ("reconcile", "reconcile")),
    Cell(("list-first-only",), "cancellation", ("reconcile",)),
    Cell(("list-empty",), "cancellation", ("watch",)),
    Cell(("list-names-upper",), "lost answer", ("resume",)),
    Cell(("sent=list-empty",), "week", ("reconcile", "submit")),
    Cell(("list-empty", "sent=list-other-account"), "week", ("watch", "approve")),
    Cell(("reads=list-other-account",), "lost answer", ("reconcile", "approve")),
]
"""What doubled, or called cancelled, before it was found."""


@pytest.mark.parametrize("cell", [*choose(), *STORIES], ids=str)
def test_a_list_that_lies_does_no_harm(on: Stage, cell: Cell) -> None:
    """The exit code, the words, the provider's books and the ledger agree, and do so again when the list recovers."""
    assert play(on, cell) == []


@pytest.mark.torture
@pytest.mark.parametrize("part", range(PARTS + len(WAYS)))
def test_no_list_does_harm_in_two_thousand_stories(part: int, record_property: Any) -> None:
    """The whole matrix, then mixes: two lies, other lists and pages, recovering after 1 to 3 readings, some actions."""
    cells = part_of_matrix(part) if part < len(WAYS) else invent(random.Random(part))
    with stage(**WAYS[part % len(WAYS)]) as on:
        wrong = [f"{cell}: {found}" for cell in cells for found in play(on, cell, to_the_end=True)]
    assert wrong == []
    record_property("figures", f"lying lists, part {part}: {len(cells)} cells, nothing doubled, lost or made up")


def part_of_matrix(part: int) -> list[Cell]:
    whole = [Cell((lie,), place, (action,)) for lie in LIES for place in SITUATIONS for action in ACTIONS]
    return whole[part :: len(WAYS)]


def invent(chance: random.Random) -> list[Cell]:
    """Make stories up."""
    return [_invent_one(chance) for _ in range(100)]


def _invent_one(chance: random.Random) -> Cell:
    lies = tuple(
        f"{chance.choice(['', '', 'sent=', 'reads='])}{lie}{chance.choice(['', 'x1', 'x2', 'x3'])}"
        for lie in chance.sample(LIES, chance.choice([1, 1, 2]))
    )
    return Cell(lies, chance.choice(SITUATIONS), tuple(chance.choices(ACTIONS, k=chance.choice([1, 2, 2, 3]))))
