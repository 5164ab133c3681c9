"""Say what is wrong with a template, in words for people who know no template engine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinja2 import TemplateSyntaxError

from batch.core.printable import cut
from batch.model.records import dataclass

from .fields import find_personal
from .filters import FILTERS
from .merge_fields import find_curly, straighten

PERSONAL = (
    "one row is one text to a whole group, and everybody in it would read the same name: "
    "remove it, or write a word that suits all"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a template cannot be used, whatever the row says."""

    code: str
    words: str


class RefusedError(Exception):
    """Ends the reading of a template at once; `fault` says why."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.fault = Fault(code, words)


_SPAN = re.compile(r"\{\{.{0,500}?\}\}|\{%.{0,500}?%\}|\{#.{0,500}?#\}", re.S)
"""A span has an end: one without would be looked for to the end of the text, again for each brace."""


def find_faults(text: str) -> Iterator[Fault]:
    """Find what must not stand in the plain part of a template: braces, and marks of other tools for a name."""
    for name in find_personal(text):
        yield Fault("personal-field", f'the text says "{name}": {PERSONAL}')
    if brace := re.search(r"[{}]+", text):
        around = text[max(0, brace.start() - 12) : brace.end() + 12].replace("\n", " ").strip()
        words = f'the text has a stray "{brace[0]}" at "{around}": a field is written {{{{ Offer }}}}, with two braces'
        yield Fault("brace-in-text", f"{words} on both sides")


def explain(error: TemplateSyntaxError, source: str) -> Fault:
    """Say what a syntax error of the engine comes from."""
    stray = next((fault for fault in find_faults(_SPAN.sub("", source)) if fault.code == "brace-in-text"), None)
    if stray:
        return stray
    return Fault("template-broken", say_plainly(error.message or "", source) + at_line(error.lineno, source))


def say_plainly(said: str, source: str) -> str:
    """Put what the engine says into words for people who know no engine."""
    if curly := find_curly(source):
        return f'"{curly}" has curly quotes: write {straighten(curly)}'
    if "unknown tag" in said and ("endif" in said or "else" in said or "elif" in said):
        return "the text has {% else %} or {% endif %} without an {% if ... %} before it: add the if, or remove it"
    if "looking for the following tags" in said:
        return "the text has an {% if ... %} without its end: write {% endif %} where it ends"
    if spoilt := next((found[0] for found in _FIELD.finditer(source) if not _reads(found[0])), ""):
        return f'"{cut(spoilt)}" does not read as a field: write the header of a column, like {{{{ Offer }}}}'
    if spoilt := next((found[0] for found in _TAG.finditer(source)), ""):
        return f'"{cut(spoilt)}" cannot be read: write it like {{% if Offer %}} ... {{% endif %}}'
    return "a brace or a percent sign is missing or too many: a field is written {{ Offer }}"


def _reads(field: str) -> bool:
    return _SIMPLE.fullmatch(field[2:-2].strip()) is not None


_FIELD = re.compile(r"\{\{.{0,500}?\}\}", re.S)
_TAG = re.compile(r"\{%.{0,500}?%\}", re.S)
_SIMPLE = re.compile(r"[^\W\d]\w*(?:\s*\|.*)?", re.S)


def too_deep() -> Fault:
    """Refuse a template nested deeper than anybody writes one."""
    return Fault("template-not-allowed", "the template is nested too deeply: make it simpler")


def not_allowed(what: str, line: int, source: str) -> Fault:
    """Refuse a word of the engine that is not on the list, and say what is."""
    allowed = "a text may have fields, if/elif/else, comparisons and the filters " + ", ".join(FILTERS)
    if what == "a dot":
        allowed = 'a field is written {{ Offer }} or {{ row["End date"] }}'
    return Fault("template-not-allowed", f"{what} is not allowed in a template{at_line(line, source)}: {allowed}")


def at_line(line: int, source: str) -> str:
    """Name a line, where the template has several."""
    return f" (line {line})" if "\n" in source.strip() else ""
