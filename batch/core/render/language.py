"""The language of the messages: what of Jinja2 a template may use, held by an allow-list over the parsed tree.

Allowed are texts, fields (`{{ Offer }}`, `{{ row["End date"] }}`), constants, `if`/`elif`/`else`, comparisons, `and`,
`or`, `not`, `is defined` and the filters of FILTERS. What is not on the list is refused by name and line, so that no
template can loop, call, compute, reach an object or grow: a new word of Jinja2's is refused until somebody allows it
here. The tree that runs is built anew from allowed nodes only, and runs in Jinja2's sandbox anyway.

By hand, since Jinja2's sandbox bounds what a template may reach, but neither its loops, nor how much it writes, nor the
words of its errors.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, NoReturn

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from .faults import (
    PERSONAL,
    Fault,
    RefusedError,
    at_line,
    explain,
    find_faults,
    not_allowed,
    say_plainly,
    too_deep,
)
from .fields import fold_field, is_personal
from .filters import FILTERS, NEEDS_FIELD, make_filters
from .program import Kind, Program, Slot

LONGEST = 10_000
"""Characters of a template."""
DEEPEST = 40
"""Levels of an expression or of `if` inside `if`; Python itself gives up at about 100."""
MOST_FIELDS = 200
"""Fields in one template."""

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffd\ufffe\uffff]")
"""What no phone can show, halves of characters, and the mark of a lost one; not the tab and the line end."""


class _Dots(NodeTransformer):
    """Reads `Store.City` as `row["Store.City"]` where Store is a list: a field like any other, and no attribute."""

    def __init__(self, lists: tuple[str, ...]) -> None:
        self._lists = {fold_field(name) for name in lists}

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:  # noqa: N802 the name that Jinja2 asks for
        if not isinstance(node.node, nodes.Name) or fold_field(node.node.name) not in self._lists:
            return node
        name = nodes.Const(f"{node.node.name}.{node.attr}", lineno=node.lineno)
        return nodes.Getitem(nodes.Name("row", "load", lineno=node.lineno), name, "load", lineno=node.lineno)


class _Place(Enum):
    SAID = 1
    """It will be read by people."""
    ASKED = 2
    """It is compared or has a stand-in."""
    TEST = 3
    """It is true or false."""


_TAGS = {"if", "elif", "else", "endif"}
_TOKENS = {"raw_begin": '"raw"', "linestatement_begin": "a line statement"}
_NAMES: dict[type[nodes.Node], str] = {
    nodes.Call: "a call", nodes.Getattr: "a dot", nodes.Getitem: "square brackets", nodes.Slice: "square brackets",
    nodes.Concat: '"~"', nodes.Add: '"+"', nodes.Sub: '"-"', nodes.Mul: '"*"', nodes.Div: '"/"', nodes.FloorDiv: '"//"',
    nodes.Mod: '"%"', nodes.Pow: '"**"', nodes.Neg: '"-"', nodes.Pos: '"+"', nodes.Dict: "braces inside a field",
    nodes.List: "a list", nodes.Tuple: "a comma", nodes.Test: "a test", nodes.TemplateData: "text",
}  # fmt: skip


def make_environment(date_order: str = "month") -> ImmutableSandboxedEnvironment:
    """Make the engine: sandboxed, without globals and tests, nothing undefined, and nothing escaped.

    No autoescaping: a text message is not HTML, and `&` must reach the phone as `&`, not as `&amp;`.
    """
    engine = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, cache_size=0)
    engine.globals.clear()
    engine.tests.clear()
    engine.filters.clear()
    engine.filters.update(make_filters(date_order))
    return engine


def compile_text(engine: ImmutableSandboxedEnvironment, source: str, lists: tuple[str, ...] = ()) -> Program:
    """Read a template; never raises, whatever it holds: what is wrong with it stands in the program's faults.

    `lists` are the names before a dot (`Store` in `{{ Store.City }}`), where the sheet uses lists.
    """
    try:
        if faults := tuple(dict.fromkeys(_find_early(engine, source))):
            return Program(faults=faults)
        parsed = engine.parse(source)
        if lists:
            _Dots(lists).visit(parsed)
        return _Reading(source).read(engine, parsed)
    except RefusedError as refused:
        return Program(faults=(refused.fault,))
    except TemplateSyntaxError as error:
        return Program(faults=(explain(error, source),))
    except (RecursionError, MemoryError, SyntaxError):
        return Program(faults=(too_deep(),))
    except (TemplateError, ValueError, OverflowError) as error:
        return Program(faults=(Fault("template-broken", say_plainly(str(error), source)),))


def _find_early(engine: ImmutableSandboxedEnvironment, source: str) -> Iterator[Fault]:
    """What the words of the template show before it is parsed: everything at once, by its own name."""
    if len(source) > LONGEST:
        raise RefusedError("template-not-allowed", f"the template has {len(source)} characters, {LONGEST} are allowed")
    before = ""
    for line, kind, value in engine.lex(source):
        if kind in _TOKENS:
            yield not_allowed(_TOKENS[kind], line, source)
        if before == "block_begin" and kind == "name" and value not in _TAGS and not value.startswith("end"):
            yield not_allowed(f'"{value}"', line, source)
        if kind != "whitespace":
            before = kind


class _Reading:
    """One pass over one tree: it collects the slots and builds the tree that may run."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.slots: dict[tuple[str, Kind], Slot] = {}
        self.faults: dict[Fault, None] = {}
        self.uses = 0

    def read(self, engine: ImmutableSandboxedEnvironment, parsed: nodes.Template) -> Program:
        body = self._body(parsed.body, 0)
        slots = tuple(self.slots.values())
        if self.faults:
            return Program(slots, tuple(self.faults))
        if (flat := self._flatten(body)) is not None:
            return Program(slots, layout=flat[0], order=flat[1])
        tree = nodes.Template(body, lineno=1)
        tree.set_environment(engine)
        return Program(slots, run=_runner(engine, tree))

    def _flatten(self, body: list[nodes.Node]) -> tuple[str, tuple[int, ...]] | None:
        numbers = {slot.key: number for number, slot in enumerate(self.slots.values())}
        layout, order = "", []
        for child in (child for node in body for child in (node.nodes if isinstance(node, nodes.Output) else [node])):
            if isinstance(child, nodes.TemplateData):
                layout += child.data.replace("%", "%%")
            elif isinstance(child, nodes.Name):
                layout += "%s"
                order.append(numbers[child.name])
            else:
                return None
        return layout, tuple(order)

    def _body(self, body: list[nodes.Node], depth: int) -> list[nodes.Node]:
        return [self._statement(node, depth) for node in body]

    def _statement(self, node: nodes.Node, depth: int) -> nodes.Node:
        self._bound(depth)
        if isinstance(node, nodes.Output):
            said = [self._output(child, depth) for child in node.nodes]
            return nodes.Output(said, lineno=node.lineno)
        if isinstance(node, nodes.If):
            return self._if(node, depth)
        return self._refuse(node)

    def _if(self, node: nodes.If, depth: int) -> nodes.If:
        test = self._expression(node.test, _Place.TEST, depth + 1)
        body, other = self._body(node.body, depth + 1), self._body(node.else_, depth + 1)
        elifs = [self._if(each, depth + 1) for each in node.elif_]
        return nodes.If(test, body, elifs, other, lineno=node.lineno)

    def _output(self, node: nodes.Expr, depth: int) -> nodes.Expr:
        if not isinstance(node, nodes.TemplateData):
            return self._expression(node, _Place.SAID, depth + 1)
        self.faults.update(dict.fromkeys(find_faults(node.data)))
        return node

    def _expression(self, node: nodes.Node, place: _Place, depth: int) -> nodes.Expr:
        self._bound(depth)
        if (name := _field_name(node)) is not None:
            return self._field(name, Kind.SAID if place is _Place.SAID else Kind.ASKED, node.lineno)
        rule = _RULES.get(type(node))
        if rule is None:
            self._refuse(node)
        return rule(self, node, place, depth + 1)

    def _field(self, name: str, kind: Kind, line: int) -> nodes.Name:
        self.uses += 1
        if self.uses > MOST_FIELDS:
            raise RefusedError("template-not-allowed", f"the template uses more than {MOST_FIELDS} fields")
        if is_personal(name) or _is_of_a_person(name):
            hint = " ({{ CampaignName }} is the campaign's)" if name.casefold() == "name" else ""
            words = f'the text uses "{name}"{hint}{at_line(line, self.source)}: {PERSONAL}'
            self.faults[Fault("personal-field", words)] = None
        slot = self.slots.setdefault((name, kind), Slot(f"{kind.value}{len(self.slots)}", name, kind, line))
        return nodes.Name(slot.key, "load", lineno=line)

    def _constant(self, node: nodes.Const, place: _Place, _depth: int) -> nodes.Const:
        value = node.value
        if value is None or (isinstance(value, bool) and place is _Place.SAID):
            raise RefusedError(
                "template-not-allowed", f'the template says "{value}"{at_line(node.lineno, self.source)}'
            )
        if isinstance(value, (int, float)) and not abs(value) < 10**15:
            raise RefusedError(
                "template-not-allowed", f"the template has too large a number{at_line(node.lineno, self.source)}"
            )
        if isinstance(value, str):
            self.faults.update(dict.fromkeys(find_faults(value)))
            if CONTROL.search(value):
                self.faults[Fault("control-character", "the template has a character that no phone can show")] = None
        return nodes.Const(value, lineno=node.lineno)

    def _filter(self, node: nodes.Filter, place: _Place, depth: int) -> nodes.Expr:
        known = FILTERS.get(node.name)
        if node.node is None or known is None:
            raise RefusedError("template-not-allowed", self._unknown_filter(node))
        self._check_arguments(node)
        inner = place if place is _Place.SAID and node.name != "default" else _Place.ASKED
        name = _innermost(node)
        if node.name == "date" and inner is _Place.SAID and _field_name(node.node):
            value: nodes.Expr = self._field(name, Kind.MOMENT, node.lineno)
        else:
            value = self._expression(node.node, inner, depth)
        other = _Place.SAID if place is _Place.SAID else _Place.ASKED
        arguments = [self._expression(each, other, depth) for each in node.args]
        return _call_filter(node.name, value, arguments, name, node.lineno)

    def _check_arguments(self, node: nodes.Filter) -> None:
        known = FILTERS[node.name]
        if node.kwargs or node.dyn_args or node.dyn_kwargs or len(node.args) > known.arguments:
            words = f'the filter "{node.name}" is written {known.example}'
            raise RefusedError("template-not-allowed", words + at_line(node.lineno, self.source))
        if node.name == "default":
            return
        if not all(isinstance(each, nodes.Const) for each in node.args):
            words = f'the filter "{node.name}" takes only fixed values, as in {known.example}'
            raise RefusedError("template-not-allowed", words + at_line(node.lineno, self.source))
        if complaint := known.complain(*[each.value for each in node.args if isinstance(each, nodes.Const)]):
            raise RefusedError("template-not-allowed", complaint + at_line(node.lineno, self.source))

    def _unknown_filter(self, node: nodes.Filter) -> str:
        near = difflib.get_close_matches(node.name, FILTERS, n=1)
        remedy = f'did you mean "{near[0]}"?' if near else "there are " + ", ".join(FILTERS)
        return f'the filter "{node.name}" is not allowed{at_line(node.lineno, self.source)}: {remedy}'

    def _either(self, node: nodes.BinExpr, place: _Place, depth: int) -> nodes.Expr:
        left = self._expression(node.left, _Place.ASKED if place is _Place.SAID else place, depth)
        return type(node)(left, self._expression(node.right, place, depth), lineno=node.lineno)

    def _choice(self, node: nodes.CondExpr, place: _Place, depth: int) -> nodes.Expr:
        test = self._expression(node.test, _Place.TEST, depth)
        first = self._expression(node.expr1, place, depth)
        other = self._expression(node.expr2, place, depth) if node.expr2 else nodes.Const("", lineno=node.lineno)
        return nodes.CondExpr(test, first, other, lineno=node.lineno)

    def _not(self, node: nodes.Not, place: _Place, depth: int) -> nodes.Expr:
        self._only_in_test(place, '"not"', node)
        return nodes.Not(self._expression(node.node, _Place.TEST, depth), lineno=node.lineno)

    def _compare(self, node: nodes.Compare, place: _Place, depth: int) -> nodes.Expr:
        self._only_in_test(place, "a comparison", node)
        left = node.expr
        pairs: list[nodes.Expr] = []
        for operand in node.ops:
            sides = [self._side(left, operand.op, depth), self._side(operand.expr, operand.op, depth)]
            sign = nodes.Const(operand.op, lineno=node.lineno)
            field = _innermost(left) or _innermost(operand.expr)
            pairs.append(_call_filter("compare", sides[0], [sign, sides[1]], field, node.lineno))
            left = operand.expr
        return functools.reduce(lambda first, second: nodes.And(first, second, lineno=node.lineno), pairs)

    def _side(self, node: nodes.Expr, sign: str, depth: int) -> nodes.Expr:
        if isinstance(node, (nodes.List, nodes.Tuple)) and sign in ("in", "notin"):
            items = [self._expression(each, _Place.ASKED, depth) for each in node.items]
            return nodes.List(items, lineno=node.lineno)
        return self._expression(node, _Place.ASKED, depth)

    def _negative(self, node: nodes.Neg, place: _Place, depth: int) -> nodes.Expr:
        value = node.node.value if isinstance(node.node, nodes.Const) else None
        if place is _Place.SAID or isinstance(value, bool) or not isinstance(value, (int, float)):
            self._refuse(node)
        return self._constant(nodes.Const(-value, lineno=node.lineno), place, depth)

    def _defined(self, node: nodes.Test, place: _Place, _depth: int) -> nodes.Expr:
        name = _field_name(node.node)
        if node.name != "defined" or name is None or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            words = f'the test "is {node.name}" is not allowed{at_line(node.lineno, self.source)}'
            raise RefusedError("template-not-allowed", words + ": only {% if Offer is defined %} is")
        self._only_in_test(place, '"is defined"', node)
        return self._field(name, Kind.THERE, node.lineno)

    def _only_in_test(self, place: _Place, what: str, node: nodes.Node) -> None:
        if place is not _Place.TEST:
            words = f"{what} is allowed only in {{% if ... %}}{at_line(node.lineno, self.source)}"
            raise RefusedError("template-not-allowed", words)

    def _bound(self, depth: int) -> None:
        if depth > DEEPEST:
            raise RefusedError("template-not-allowed", too_deep().words)

    def _refuse(self, node: nodes.Node) -> NoReturn:
        if isinstance(node, nodes.Getattr) and is_personal(node.attr):
            words = f'the text uses "{node.attr}"{at_line(node.lineno, self.source)}: {PERSONAL}'
            raise RefusedError("personal-field", words)
        name = _NAMES.get(type(node), f'"{type(node).__name__.lower()}"')
        fault = not_allowed(name, node.lineno, self.source)
        raise RefusedError(fault.code, fault.words)


_RULES: dict[type[nodes.Node], Callable[..., nodes.Expr]] = {
    nodes.Const: _Reading._constant,
    nodes.Filter: _Reading._filter,
    nodes.Or: _Reading._either,
    nodes.And: _Reading._either,
    nodes.CondExpr: _Reading._choice,
    nodes.Not: _Reading._not,
    nodes.Compare: _Reading._compare,
    nodes.Neg: _Reading._negative,
    nodes.Test: _Reading._defined,
}


def _field_name(node: nodes.Node) -> str | None:
    if isinstance(node, nodes.Name):
        return node.name
    if not isinstance(node, nodes.Getitem) or not isinstance(node.arg, nodes.Const):
        return None
    of_row = isinstance(node.node, nodes.Name) and node.node.name == "row"
    return node.arg.value if of_row and isinstance(node.arg.value, str) else None


def _is_of_a_person(name: str) -> bool:
    """Say whether a field of a list is about one person; its Name is a store's."""
    _, dot, last = name.rpartition(".")
    return bool(dot) and last.casefold() != "name" and is_personal(last)


def _innermost(node: nodes.Node) -> str:
    while isinstance(node, nodes.Filter) and node.node is not None:
        node = node.node
    return _field_name(node) or ""


def _call_filter(name: str, value: nodes.Expr, arguments: list[nodes.Expr], field: str, line: int) -> nodes.Filter:
    told = [nodes.Keyword("field", nodes.Const(field, lineno=line), lineno=line)] if name in NEEDS_FIELD else []
    return nodes.Filter(value, name, arguments, told, None, None, lineno=line)


def _runner(engine: ImmutableSandboxedEnvironment, tree: nodes.Template) -> Callable[[dict[str, Any]], str]:
    template = engine.from_string(tree)
    # not template.render: it rewrites the traceback of every FilterError, which a bad column raises on each row
    root, context = template.root_render_func, template.new_context
    return lambda values: "".join(root(context(values, shared=True)))
