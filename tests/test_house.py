"""The house stands as drawn: imports go only downward, and rooms of the outside world do not know each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import batch

ROOT = Path(batch.__file__).parent
FLOORS = {
    0: {
        "blanks", "bounds", "csv_text", "file_names", "json_text", "model", "near",
        "printable",
    },
    1: {
        "identity", "parts", "render", "validate", "guards", "plan", "payload", "answers", "classify", "pacing",
        "settle", "match", "reconcile", "trust",
    },
    2: {
        "confined", "disk", "person", "resources", "config", "sheet", "messages", "provider", "ledger", "report",
        "mailer", "inbox", "insights", "sandbox", "samples", "marked", "starter", "glance",
    },
    3: {"pipeline"},
    4: {"cli"},
    5: {"__init__", "__main__"},
}  # fmt: skip
FLOOR_OF = {room: floor for floor, rooms in FLOORS.items() for room in rooms}
OPENS_THE_WORLD = {"requests", "sqlalchemy", "socket", "smtplib", "openpyxl", "pandas", "sqlite3", "subprocess", "os"}
FOR_ALL_ROOMS = {"confined", "disk", "resources"}
"""A process without rights, how a file is written, what travels inside: the rooms of the outside world share these."""


def rooms() -> list[str]:
    return sorted({path.relative_to(ROOT).parts[0].removesuffix(".py") for path in ROOT.rglob("*.py")})


def imports(room: str) -> Iterator[str]:
    files = [ROOT / f"{room}.py"] if (ROOT / f"{room}.py").exists() else list((ROOT / room).rglob("*.py"))
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                if node.module == "batch":
                    yield from (f"batch.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)


def rooms_used(room: str) -> set[str]:
    used = {name.split(".")[1] for name in imports(room) if name.startswith("batch.")}
    return used - {room, "__version__"}


def test_every_room_has_a_floor() -> None:
    """A new module is put on a floor before it can be used."""
    assert [room for room in rooms() if room not in FLOOR_OF] == []


@pytest.mark.parametrize("room", rooms())
def test_imports_go_only_downward(room: str) -> None:
    """No room knows a higher one; rooms of the outside world do not know each other, but for what all share."""
    floor = FLOOR_OF[room]
    higher = {other for other in rooms_used(room) if FLOOR_OF[other] > floor}
    beside = {other for other in rooms_used(room) if floor == 2 and FLOOR_OF[other] == 2} - FOR_ALL_ROOMS
    assert (higher, beside) == (set(), set())


@pytest.mark.parametrize("room", sorted(FLOORS[0] | FLOORS[1]))
def test_the_core_opens_nothing(room: str) -> None:
    """Rooms that compute import nothing that reaches disk, network or another process."""
    assert {name.split(".")[0] for name in imports(room)} & OPENS_THE_WORLD == set()


def test_floor_one_has_no_circle() -> None:
    """The pure rooms can be put in an order in which each needs only earlier ones."""
    left = {room: rooms_used(room) & FLOORS[1] for room in FLOORS[1]}
    while free := [room for room, needs in left.items() if not needs]:
        left = {room: needs - set(free) for room, needs in left.items() if room not in free}
    assert left == {}


WRITES = {
    "csv.writer": {"batch/core/csv_text.py", "batch/adapters/samples.py"},
    "csv.DictWriter": set(),
    "to_csv": {"batch/adapters/report/machine.py", "batch/workflows/report.py"},
    "print": set(),
    "input": set(),
    "typer.echo": set(),
    "typer.secho": set(),
    "click.echo": set(),
    "sys.stdout": {"batch/cli/output.py", "batch/cli/session.py", "batch/adapters/sandbox/__main__.py"},
    "sys.stderr": {"batch/cli/output.py", "batch/cli/screen.py", "batch/cli/session.py", "batch/adapters/sandbox/__main__.py"},
    "Console": {"batch/cli/screen.py"},
    "json.dumps": {
        "batch/core/json_text.py", "batch/core/payload.py", "batch/adapters/provider/wire.py", "batch/model/secret.py",
        "batch/adapters/ledger/lock.py", "batch/adapters/sandbox/__main__.py", "batch/adapters/sandbox/bodies.py", "batch/adapters/sandbox/campaigns.py", "batch/adapters/sandbox/checks.py",
    },
    "json.dump": set(),
}  # fmt: skip
"""What puts a text where people or their programs read it, and the one room that may: `output` for terminal and log,
`csv_text`, `json_text`. Beside them only what is no text for people: a sample sheet to be read in again, the JSON of
the wire with its fixed form, the forms of a secret, the stand-in provider."""


def written(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return ""


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_there_is_one_way_out_for_each_kind_of_text(path: Path) -> None:
    """Only these rooms print, and write CSV and JSON; `json` and `csv` bear no other name anywhere."""
    tree, place = ast.parse(path.read_text(encoding="utf-8")), f"batch/{path.relative_to(ROOT).as_posix()}"
    used = {written(node) for node in ast.walk(tree)}
    assert [name for name, allowed in WRITES.items() if name in used and place not in allowed] == []
    renamed = [
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name in {"json", "csv", "sys"} and alias.asname
    ]
    froms = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert (renamed, {"json", "csv", "click"} & set(froms)) == ([], set())


FOR_PEOPLE = {"why", "words", "note", "remedy", "cancel_why"}
"""Attributes that hold words for people, whoever has them."""
SPEAKERS = {"issue", "finding", "trouble", "error", "change", "note"}
"""Whose `message` is words for people, and not the text of a campaign."""
FOREIGN = {"config/loading.py", "sheet/delimited.py"}
"""Where the words of a library (tomllib's, csv's) are all that it tells of a trouble."""
LOOKS = {"startswith", "endswith", "removeprefix", "removesuffix", "split", "partition", "rpartition", "find", "index"}
SEARCHES = {"search", "match", "fullmatch", "findall"}


def is_for_people(node: ast.AST, sentences: set[str]) -> bool:
    """Say whether an expression is words for people: such an attribute, a trouble as text, a constant sentence."""
    if isinstance(node, ast.Attribute):
        of = node.value.id if isinstance(node.value, ast.Name) else ""
        return node.attr in FOR_PEOPLE or (node.attr == "message" and of in SPEAKERS)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str":
        return any(isinstance(one, ast.Name) and one.id in SPEAKERS for one in node.args)
    return isinstance(node, ast.Name) and node.id in sentences


def sentences_of(tree: ast.Module) -> set[str]:
    """Name the module's constants that hold a sentence, in parts or whole."""
    found = set()
    for node in tree.body:
        value = node.value.value if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) else None
        if isinstance(value, str) and value.count(" ") >= 2:
            found |= {one.id for one in node.targets if isinstance(one, ast.Name)}
    return found


def reads_words(node: ast.AST, sentences: set[str]) -> bool:
    """Say whether a piece of code decides by words for people; whether there are any may be asked."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        empty = any(isinstance(side, ast.Constant) and side.value in {"", None} for side in sides)
        return not empty and any(is_for_people(side, sentences) for side in sides)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "split" and not node.args:
            return False  # how blanks are counted
        asked = [node.func.value] if node.func.attr in LOOKS else []
        asked += node.args if node.func.attr in LOOKS | SEARCHES else []
        return any(is_for_people(one, sentences) for one in asked)
    return False


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_decides_by_words_meant_for_people(path: Path) -> None:
    """State lives in columns, statuses, codes and classes; who rewrites a sentence changes nothing but the sentence.

    The migrations alone read old sentences, once.
    """
    if "migrations" in path.parts or str(path.relative_to(ROOT)) in FOREIGN:
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    sentences = sentences_of(tree)
    assert [node.lineno for node in ast.walk(tree) if reads_words(node, sentences)] == []


@pytest.mark.parametrize(
    "code",
    [
        'change.why.startswith("cancellation asked for")',
        'trouble.remedy.removesuffix("; see doctor")',
        "pause.why == STOP_WORDS",
        "if trouble.words != told: pass",
        '"--force" in trouble.remedy',
        'run.words.split(" ")',
        're.search("batch 1", note.words)',
        'str(trouble).removeprefix("x")',
        'SAID = "a file lies there"\nfound = text == SAID',
        "issue.message in known",
    ],
)
def test_deciding_by_words_is_noticed(code: str) -> None:
    """The check sees each form in which it once stood in the code."""
    tree = ast.parse(code)
    assert any(reads_words(node, sentences_of(tree)) for node in ast.walk(tree))
