"""How a campaign stands is decided in one place: no other module holds a set of statuses to tell it by."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch.model.codes import FOUND
from batch.model.wording import WORDS

ROOT = Path(__file__).parents[2] / "batch"
TELLING = sorted((ROOT / "adapters" / "report").glob("*.py")) + [
    ROOT / "workflows" / f"{name}.py" for name in ("find", "mail", "notices", "report", "status", "tally", "timetable")
    if (ROOT / "workflows" / f"{name}.py").exists()
] + sorted((ROOT / "cli").glob("*.py"))  # fmt: skip
NAMES = frozenset(WORDS) | {code.name for code in FOUND}
ALLOWED = {
    ("figures.py", "scheduled sent"): "names of totals, in the order of the page",
    ("report.py", "CANCELLED INVALID"): "where the rows of one entry with the same errors are",
    ("report.py", "CANCELLED REPLACED"): "selects what the status page looks at",
    ("notices.py", "IN_DOUBT SUBMITTING"): "selects from the ledger what a run left open",
    ("timetable.py", "IN_DOUBT SUBMITTING WAITING"): "selects from the ledger what a run left open",
    ("evidence.py", "PLANNED HELD WAITING"): "what a second person can still decide about",
    ("shapes.py", "invalid held waiting skipped planned rejected in_doubt expired"): "keys of the JSON of a run",
    ("shapes.py", "cancelled replaced"): "keys of the JSON of a run",
    ("tally.py", "in_doubt invalid held rejected waiting expired"): "names of counts",
}
"""Module and names, and why they tell nobody how a campaign stands."""


def sets_of_statuses(path: Path) -> Iterator[str]:
    """Give the names in each set, tuple or list that holds two statuses, standings or findings at least."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Set | ast.Tuple | ast.List):
            names = {name for element in node.elts if (name := name_of(element))}
            if len(names) > 1:
                yield " ".join(sorted(names))


def name_of(node: ast.expr) -> str:
    """Give the status, the standing or the finding that an expression names."""
    if (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in {"Status", "FindingKind"}
    ):
        return node.attr
    return node.value if isinstance(node, ast.Constant) and node.value in NAMES else ""


@pytest.mark.parametrize("path", TELLING, ids=[path.stem for path in TELLING])
def test_no_output_decides_by_statuses_of_its_own(path: Path) -> None:
    """Tone, `went` and `did not go` are asked of the standing and its fate; a set beside it tells another truth."""
    allowed = {" ".join(sorted(names.split())) for module, names in ALLOWED if module == path.name}
    assert set(sets_of_statuses(path)) <= allowed


def test_every_exception_is_still_there() -> None:
    """What is allowed and gone is struck from the table."""
    found = {(path.name, names) for path in TELLING for names in sets_of_statuses(path)}
    assert {(module, " ".join(sorted(names.split()))) for module, names in ALLOWED} <= found
