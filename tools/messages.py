"""Print every sentence that the program can show to a person, with its place: python -m tools.messages [folder].

A sentence is any string of the code that holds words, but for docstrings. What an f-string fills in stands as {field}.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

_WORDS = re.compile(r"[A-Za-z'\u2019]+[,:;.\"]* [A-Za-z'\u2019\"{]+")
_NOT_FOR_PEOPLE = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|BEGIN|WITH|AND|WHERE|FROM) ")
_MIGRATIONS = "batch/adapters/ledger/migrations"


def messages(folder: Path) -> Iterator[tuple[str, int, str]]:
    """The sentences of the modules of a folder: file, line, words."""
    for path in sorted(folder.rglob("*.py")):
        if _MIGRATIONS in path.as_posix():
            continue
        for line, words in _of_module(ast.parse(path.read_text("utf-8"))):
            yield path.as_posix(), line, words


def _of_module(tree: ast.Module) -> Iterator[tuple[int, str]]:
    passed_over = _docstrings(tree) | _inside_f_strings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in passed_over:
            words = " ".join(_text(node).split())
            if _WORDS.search(words) and not _NOT_FOR_PEOPLE.match(words):
                yield node.lineno, words


def _docstrings(tree: ast.Module) -> set[int]:
    """Strings that stand alone are docstrings."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def _inside_f_strings(tree: ast.Module) -> set[int]:
    whole = (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr))
    return {id(part) for node in whole for part in node.values}


def _text(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(_text(p) if isinstance(p, ast.Constant) else _field(p) for p in node.values)


def _field(part: ast.expr) -> str:
    return "{" + ast.unparse(part.value) + "}" if isinstance(part, ast.FormattedValue) else ""


def main() -> None:
    """Print them all, one a line."""
    for path, line, words in messages(Path(*sys.argv[1:2] or ["batch"])):
        sys.stdout.write(f"{path}:{line}: {words}\n")


if __name__ == "__main__":
    main()
