"""The house stands as drawn: imports go only downward, and rooms of the outside world do not know each other."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import batch

ROOT = Path(batch.__file__).parent
FLOORS = ("model", "core", "system", "adapters", "workflows", "cli", "")
"""From the ground up; each knows its own and those below. The empty one is the package's own face."""
OPENS_THE_WORLD = {"requests", "sqlalchemy", "socket", "smtplib", "openpyxl", "sqlite3", "subprocess", "os"}
LATE = {
    "batch.workflows": "imported when the command runs: --help in 0.14 s and not 0.55, check in 0.5 and not 0.7; what "
    "reports, mails and gives back when it comes to that: a dry run loads 50 modules less",
    "batch.cli": "rich tables and the questions of init, for one command only",
    "batch.core.validate": "all checks of a row, 0.1 s, which a ledger needs only where rows are taken in",
    "batch.system.temporary": "3 ms, for a second signal only",
    "batch.adapters.ledger": "SQLAlchemy: 0.35 s that check, pause and --help do not need",
    "batch.adapters.provider": "requests: 0.1 s that check and find do not need",
    "batch.adapters.marked.marks": "5 ms, for a marked copy of what is no workbook only",
    "batch.adapters.report.compiled": "Jinja2, for a page only",
    "batch.adapters.sandbox": "an HTTP server that only a rehearsal needs",
    "batch.adapters.config": "pydantic: 0.1 s that --version and --help do not need",
    "batch.adapters.sheet": "in the reading process: 15 ms for workbooks that texts do not need",
    "alembic": "0.2 s, for a ledger that needs a migration",
    "ctypes": "on Linux and Windows only",
    "defusedxml": "for XML only",
    "fcntl": "not on Windows",
    "filelock": "for mails and watch only",
    "procrastinate": "an extra: only workers, and a watch that hands files to them, need it",
    "prometheus_client": "an extra: only who is asked for figures needs it",
    "psycopg_pool": "it comes with procrastinate",
    "psycopg": "an extra: only a ledger on PostgreSQL needs it",
    "fsspec": "an extra: only reports in an object store need it",
    "getpass": "for a question only",
    "grp": "not on Windows",
    "importlib": "6 ms of contextlib and others that no reading process of ours needs early",
    "holidays": "0.3 s, where a team names a country",
    "jinja2": "0.1 s, for a page only",
    "keyring": "0.3 s, where a token is kept there",
    "logging": "for the log file only",
    "openpyxl": "0.2 s, for a workbook that is written",
    "pandas": "0.5 s, for insights and to_frame",
    "pwd": "not on Windows",
    "python_calamine": "in the reading process, after it has given up its rights",
    "requests": "0.1 s, for one question of doctor",
    "resource": "not on Windows",
    "rich": "0.1 s, on a terminal only",
    "sqlalchemy": "its part for PostgreSQL, 30 ms, for a ledger there only",
    "watchfiles": "for watch only",
    "xlrd": "for .xls only",
    "xlsxwriter": "0.1 s, for an Excel report only",
    "xml": "for a marked copy only",
}
"""Why an import may stand inside a function, for each library and each part of ours; all others stand at the top."""
JOKES = {
    "Desk", "Hand", "Pen", "Pour", "Flight", "Brush", "Postbag", "Pulse", "Mended",
    "heed", "feel", "fly", "weigh", "furnish", "pour", "pen", "postbag", "pulse", "flight", "brush", "desk",
}  # fmt: skip
"""Words that a stranger has to guess at: no class, function or module takes one, alone or as part of its name."""
LONGEST_MODULE = 400
LONG_FUNCTION = 20
"""Lines that nine of ten functions do not pass."""


def name_of(path: Path) -> str:
    """Give a file's dotted name: `batch.core.plan`, and for a package's own file that of the package."""
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(path): path for path in ROOT.rglob("*.py") if "migrations" not in path.parts}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}


def targets(node: ast.Import | ast.ImportFrom, name: str) -> Iterator[str]:
    """Give the modules that an import statement names, in full; of ours down to the very file."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    base = node.module or ""
    if node.level:
        around = name.split(".") if FILES[name].name == "__init__.py" else name.split(".")[:-1]
        base = ".".join([*around[: len(around) - node.level + 1], *filter(None, [node.module])])
    for alias in node.names:
        yield f"{base}.{alias.name}" if f"{base}.{alias.name}" in FILES else base


def imports(name: str) -> set[str]:
    """Give all that a module imports, wherever in it, for the type checker included."""
    found = (node for node in ast.walk(TREES[name]) if isinstance(node, ast.Import | ast.ImportFrom))
    return {target for node in found for target in targets(node, name)} - {name}


def floor_of(name: str) -> int:
    parts = name.split(".")
    return FLOORS.index(parts[1]) if len(parts) > 1 and parts[1] in FLOORS else len(FLOORS) - 1


def late_imports(name: str) -> list[str]:
    """Give what a module imports inside its functions."""
    functions = [node for node in ast.walk(TREES[name]) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    nodes = {one for f in functions for one in ast.walk(f) if isinstance(one, ast.Import | ast.ImportFrom)}
    return sorted(target for node in nodes for target in targets(node, name))


def has_reason(target: str) -> bool:
    parts = target.split(".")
    return any(".".join(parts[:size]) in LATE for size in range(1, len(parts) + 1))


def test_the_house_has_no_other_rooms() -> None:
    """`ls batch/` shows the floors, and nothing beside them."""
    there = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert there - {"templates", "sample_data"} == set(FLOORS) - {""}


@pytest.mark.parametrize("name", sorted(FILES))
def test_imports_go_only_downward(name: str) -> None:
    """No module knows a higher floor; only the version is everybody's."""
    ours = {one for one in imports(name) if one.startswith("batch.")}
    assert {one for one in ours if floor_of(one) > floor_of(name)} == set()


@pytest.mark.parametrize("name", sorted(one for one in FILES if one.startswith("batch.adapters.")))
def test_no_adapter_knows_another(name: str) -> None:
    """What speaks one format or protocol speaks it alone."""
    own = name.split(".")[2]
    others = {one.split(".")[2] for one in imports(name) if one.startswith("batch.adapters.")}
    assert others - {own} == set()


@pytest.mark.parametrize("name", sorted(one for one in FILES if floor_of(one) <= FLOORS.index("core")))
def test_the_core_opens_nothing(name: str) -> None:
    """Modules that compute import nothing that reaches disk, network or another process."""
    assert {one.split(".")[0] for one in imports(name)} & OPENS_THE_WORLD == set()


def test_no_circle_between_modules() -> None:
    """All modules stand in an order in which each needs only earlier ones, imports for the type checker included."""
    others = set(FILES) - {"batch"}  # of the package's own face the version alone is everybody's: see below
    TopologicalSorter({name: imports(name) & others for name in FILES}).prepare()


def test_of_the_face_the_version_alone_is_everybodys() -> None:
    """What a program asks the package for is for programs; a module of ours goes to the module that has it."""
    found = [node for name in FILES for node in ast.walk(TREES[name]) if isinstance(node, ast.ImportFrom)]
    asked = {alias.name for node in found if node.module == "batch" for alias in node.names}
    assert {name for name in asked if f"batch.{name}" not in FILES} == {"__version__"}


@pytest.mark.parametrize("name", sorted(FILES))
def test_an_import_inside_a_function_has_its_reason(name: str) -> None:
    """Imports stand at the top; what loads late says why."""
    assert [target for target in late_imports(name) if not has_reason(target)] == []


def test_no_reason_is_left_over() -> None:
    """Each reason explains an import that is there."""
    late = {".".join(t.split(".")[:size]) for name in FILES for t in late_imports(name) for size in range(1, 5)}
    assert set(LATE) - late == set()


CLASSES = [(node.name, name) for name in FILES for node in ast.walk(TREES[name]) if isinstance(node, ast.ClassDef)]


def test_no_two_classes_have_one_name() -> None:
    """A name says which class is meant, whatever file a reader is in."""
    counted = Counter(kind for kind, _ in CLASSES)
    assert [(kind, name) for kind, name in CLASSES if counted[kind] > 1] == []


def ends_in_error(bases: Iterable[ast.expr]) -> bool:
    """Say whether a class with these bases is an exception."""
    return any(ast.unparse(base).split(".")[-1].endswith(("Error", "Exception")) for base in bases)


def test_exceptions_end_in_error() -> None:
    """Who reads a name knows that it is raised."""
    raised = [
        (node.name, name)
        for name in FILES
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.ClassDef) and ends_in_error(node.bases)
    ]
    assert [one for one in raised if not one[0].endswith("Error")] == []


def words_of(name: str) -> set[str]:
    """Give the words of a snake_case or CamelCase name, and the whole of it."""
    return {name.strip("_"), *name.split("_"), *re.findall(r"[A-Z][a-z]+", name)}


@pytest.mark.parametrize("name", sorted(FILES))
def test_names_are_words_of_the_field(name: str) -> None:
    """Things and deeds have their usual names."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    named = {node.name for node in ast.walk(TREES[name]) if isinstance(node, kinds)} | set(name.split("."))
    assert {one for one in named if words_of(one) & JOKES} == set()


def test_a_modules_first_line_says_what_it_holds() -> None:
    """And not what no other module knows."""
    first = {name: (ast.get_docstring(tree) or "").partition("\n")[0] for name, tree in TREES.items()}
    assert [
        name for name, line in first.items() if not line or re.search(r"\balone (knows|does|says|writes)", line)
    ] == []


@pytest.mark.parametrize("name", sorted(FILES))
def test_no_module_is_long(name: str) -> None:
    """A module that grows past this holds two subjects."""
    assert len(FILES[name].read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


def test_functions_are_short() -> None:
    """Nine of ten functions fit on half a screen; a command's options, one a line, are not counted."""
    functions = [
        node.end_lineno - node.body[0].lineno + 1
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    ]
    assert sorted(functions)[len(functions) * 9 // 10] <= LONG_FUNCTION


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
    "sys.stderr": {
        "batch/cli/output.py", "batch/cli/screen.py", "batch/cli/session.py", "batch/adapters/sandbox/__main__.py",
    },
    "Console": {"batch/cli/screen.py"},
    "json.dumps": {
        "batch/core/json_text.py", "batch/core/payload.py", "batch/adapters/provider/wire.py", "batch/model/secret.py",
        "batch/adapters/ledger/lock.py", "batch/adapters/sandbox/__main__.py", "batch/adapters/sandbox/bodies.py",
        "batch/adapters/sandbox/campaigns.py", "batch/adapters/sandbox/checks.py",
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
FOREIGN = {"adapters/config/loading.py", "adapters/sheet/delimited.py"}
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


@pytest.mark.parametrize("name", sorted(set(FILES) - {"batch.model.records"}))
def test_records_are_made_by_our_own_decorator(name: str) -> None:
    """The one of `dataclasses` takes three times as long to make a class, and five times to make a frozen record."""
    found = [
        alias.name
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.ImportFrom) and node.module == "dataclasses"
        for alias in node.names
    ]
    assert "dataclass" not in found
