"""Break the deciding rooms in every small way and see whether a test notices: `make mutants`.

    python tests/mutants.py [ROOM ...] [--jobs N] [--every N]

Each mutant is one change of one expression or statement, run against the room's own tests without their properties
(those would be luck). A mutant that no test notices survives and is printed with its line. The score is what share
was noticed; below 90 % of any room the exit code is 1. Forks, so it needs Linux or macOS.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import importlib.abc
import importlib.util
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
ROOMS = {
    "core/identity": ["core/test_identity.py"],
    "core/guards": ["core/test_guards.py", "core/test_plan.py"],
    "core/plan": ["core/test_plan.py", "core/test_guards.py"],
    "core/plan_issues": ["core/test_plan.py"],
    "core/settle": ["core/test_settle.py"],
    "core/match": ["core/test_reconcile.py"],
    "core/reconcile": ["core/test_reconcile.py"],
    "core/classify": ["core/test_classify.py"],
    "core/pacing": ["core/test_pacing.py"],
    "model/secret": ["model/test_secret.py"],
}
WANTED = 0.9
LONGEST = 60
"""Seconds after which a mutant that does not end counts as noticed."""

COMPARED = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,), ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}  # fmt: skip
COMPUTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.Mod: ast.Add, ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.RShift: ast.LShift, ast.LShift: ast.RShift,
    ast.FloorDiv: ast.Mult,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One broken version of a room."""

    line: int
    was: str
    now: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """Break a source in one place after the other."""
    tree = ast.parse(source)
    seen = {ast.unparse(tree)}
    declared = {
        id(node) for each in ast.walk(tree) for mark in getattr(each, "decorator_list", ()) for node in ast.walk(mark)
    }
    for place, node in enumerate(ast.walk(tree)):
        for change in () if id(node) in declared else changes(node):
            broken = copy.deepcopy(tree)
            spot = next(other for number, other in enumerate(ast.walk(broken)) if number == place)
            was = ast.unparse(spot)
            change(spot)
            text = ast.unparse(ast.fix_missing_locations(broken))
            if text not in seen:
                seen.add(text)
                yield Mutant(getattr(node, "lineno", 0), was, ast.unparse(spot), text)


def changes(node: ast.AST) -> Iterator:
    """Give the ways to break one node, each a function that changes it in place."""
    match node:
        case ast.Compare(ops=[op]):
            for other in COMPARED[type(op)]:
                yield lambda spot, other=other: setattr(spot, "ops", [other()])
        case ast.BoolOp(op=op):
            other = ast.Or if isinstance(op, ast.And) else ast.And
            yield lambda spot: setattr(spot, "op", other())
            for dropped in range(len(node.values)):
                yield lambda spot, dropped=dropped: spot.values.pop(dropped)
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if not is_annotation(node):
            yield lambda spot: setattr(spot, "op", COMPUTED[type(op)]())
        case ast.If() | ast.IfExp() | ast.While():
            for value in (True, False):
                yield lambda spot, value=value: setattr(spot, "test", ast.Constant(value))
            yield lambda spot: setattr(spot, "test", ast.UnaryOp(ast.Not(), spot.test))
        case ast.comprehension(ifs=[_, *_]):
            yield lambda spot: setattr(spot, "ifs", [])
        case ast.Constant(value=bool() as value):
            yield lambda spot: setattr(spot, "value", not value)
        case ast.Constant(value=int() | float() as value):
            for other in (value + 1, value - 1):
                yield lambda spot, other=other: setattr(spot, "value", other)
        case ast.Return(value=ast.expr()):
            yield lambda spot: setattr(spot, "value", ast.Constant(None))
    if isinstance(node, ast.FunctionDef | ast.If | ast.For | ast.With | ast.While):
        for place, statement in enumerate(node.body):
            if isinstance(statement, ast.Expr | ast.AugAssign | ast.Continue | ast.Break) and not is_words(statement):
                yield lambda spot, place=place: spot.body.__setitem__(place, ast.Allowance())


def is_words(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def is_annotation(node: ast.AST) -> bool:
    """Whether a `|` only joins types, which nothing runs."""
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return ("None" in ast.unparse(node) and isinstance(node, ast.BinOp)) or names <= {"str", "int", "float", "bool"}


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Hands out the broken source when the room is imported."""

    def __init__(self, room: str, source: str) -> None:
        self.name, self.source = "batch." + room.replace("/", "."), source

    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_loader(name, self) if name == self.name else None

    def exec_module(self, module) -> None:
        exec(compile(self.source, f"{self.name} (broken)", "exec"), module.__dict__)


def is_noticed(room: str, source: str) -> bool:
    """Run the room's tests on a source in a process of their own."""
    child = os.fork()
    if child == 0:
        run_tests(room, source)
    _, status = os.waitpid(child, 0)
    return status != 0


def run_tests(room: str, source: str) -> None:
    """Run the room's tests and end this process: 0 when all is well."""
    import pytest

    signal.alarm(LONGEST)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    sys.meta_path.insert(0, Finder(room, source))
    tests = [str(HERE / name) for name in ROOMS[room]]
    wanted = ["-x", "-q", "-m", "not hypothesis", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov"]
    os._exit(int(pytest.main([*wanted, *tests])))


def warm_up() -> None:
    """Import what takes long once, before the first fork; nothing of our own."""
    for name in ("zoneinfo", "hypothesis.strategies", "pytest", "requests", "defusedxml.ElementTree"):
        importlib.import_module(name)
    sys.path[:0] = [str(ROOT), str(HERE)]


def judge(room: str, jobs: int, every: int) -> bool:
    """Break one room in every way and print what survived."""
    source = (ROOT / "batch" / f"{room}.py").read_text(encoding="utf-8")
    if is_noticed(room, ast.unparse(ast.parse(source))):
        print(f"{room}: its own tests fail, so they prove nothing")
        return False
    found = list(mutants(source))[::every]
    with ThreadPoolExecutor(jobs) as pool:
        noticed = list(pool.map(lambda mutant: is_noticed(room, mutant.source), found))
    survivors = [mutant for mutant, seen in zip(found, noticed, strict=True) if not seen]
    score = 1 - len(survivors) / len(found)
    print(f"{room}: {len(found) - len(survivors)} of {len(found)} mutants noticed, {score:.1%}", flush=True)
    for mutant in survivors:
        print(f"    {mutant.line}: {mutant.was[:90]!r} -> {mutant.now[:90]!r}", flush=True)
    return score >= WANTED


def main() -> int:
    """Judge the rooms that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"one of {', '.join(ROOMS)}")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--every", type=int, default=1, help="take only each n-th mutant: a quick look")
    wanted = parser.parse_args()
    warm_up()
    good = [judge(room, wanted.jobs, wanted.every) for room in wanted.rooms or ROOMS]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
