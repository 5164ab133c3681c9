"""A row in, a draft out: finds the text, fills in the fields, and says what is wrong with either."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

from batch.core.blanks import plain_blanks
from batch.core.parts import to_plain
from batch.core.printable import cut
from batch.model import Draft, Header, Issue, Level, Row
from batch.model.errors import BatchError
from batch.model.records import dataclass

from .faults import Fault, find_faults
from .fields import find_columns, find_nearest, is_personal, name_column, write_field
from .filters import EMPTY, FilterError
from .language import CONTROL, compile_text, make_environment
from .merge_fields import find_braced, find_foreign, find_misspelled
from .program import Kind, Program, Slot

LONGEST = 10_000
"""Characters of a rendered text: far above what may be sent, low enough that no file can fill the memory."""
_KEPT = 512
"""Programs, bindings and template files that are remembered; a sheet has seldom more than a few."""
_UNREADABLE = frozenset({"template-broken", "template-not-allowed"})
_MARK = re.compile(f"{EMPTY}(\\d+){EMPTY}")
_OPENS = re.compile(r"[\[%<«‹|#$(@~^_&](?:(?<![_&])|(?<=_)_|(?<=&)lt;)")
_CLOSES = re.compile(r"[\]%>»›|#$)@~^_&]")
_DOLLAR = re.compile(r"\$[^\W\d_]")
"""Signs around what other programs fill in; a dollar before a letter needs none behind."""
_INSIDE = re.compile(r"\{[^{}]*\}")
_ODD_ENDS = re.compile("\r\n?|[\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class _Bound:
    """A program whose fields are tied to the columns of one header."""

    program: Program
    faults: tuple[Fault, ...]
    positions: tuple[int, ...]
    """One a slot; -1 where the sheet has no such column and need not."""
    places: tuple[int, ...]
    """One a gap of the layout."""
    used: tuple[str, ...]


class Renderer:
    """Fills in the text of each row; keeps what it compiled, so a template is read once and not once a row."""

    def __init__(
        self,
        load: Callable[[str], str],
        *,
        plain: bool = False,
        prefix: str = "",
        footer: str = "",
        date_order: str = "month",
    ) -> None:
        """`load` gives the text of a template file by its name, or raises a BatchError.

        `plain` puts plain quotes, dashes and blanks in the place of typographic ones; `prefix` and `footer` go around
        every text; `date_order` (month, day, iso) says how the filter `date` reads 3/4/2026.
        """
        self._load = load
        self._plain = plain
        self._prefix = prefix
        self._footer = footer
        self._engine = make_environment(date_order)
        self._header: Header | None = None
        self._message = self._template = -1
        self._bound: dict[tuple[str, str], _Bound] = {}
        self._programs: dict[str, Program] = {}
        self._files: dict[str, str | BatchError] = {}

    def render(self, row: Row) -> tuple[Draft | None, tuple[Issue, ...]]:
        """Make the draft of a row, or say everything that keeps it from being one; warnings come with a draft."""
        if row.header is not self._header:
            self._meet(row.header)
        source = row.texts[self._message] if self._message >= 0 else ""
        name = row.texts[self._template] if self._template >= 0 else ""
        if bool(source) is bool(name):
            return None, (_one_of_two(row, source, name),)
        if name:
            loaded = self._load_file(name)
            if isinstance(loaded, BatchError):
                code = getattr(loaded, "code", "template-not-found")
                return None, (_about_text(row, "Template", code, str(loaded), name),)
            source = loaded
        return self._fill(row, source, name)

    def _meet(self, header: Header) -> None:
        if self._header is None or header.lists != self._header.lists:
            self._programs.clear()
        self._header = header
        self._message, self._template = (header.columns.get(name, -1) for name in ("Message", "Template"))
        self._bound.clear()

    def _fill(self, row: Row, source: str, name: str) -> tuple[Draft | None, tuple[Issue, ...]]:
        field = "Template" if name else "Message"
        if not source.isascii() and "{" in source:
            source = _INSIDE.sub(lambda found: plain_blanks(found[0]), source)
        if "{" not in source and "}" not in source:
            faults = _find_plain_faults(source, row.header) if _may_have_fields(source) else ()
            return self._finish(row, source, name, faults, ())
        bound = self._bind(row.header, source, field)
        if bound.faults:
            return None, tuple(_about_text(row, field, each.code, each.words, source) for each in bound.faults)
        if row.unshown and (unshown := _find_unshown(row, bound)):
            return None, unshown
        try:
            text = _run(bound, row)
        except FilterError as failed:
            return None, (_about_filter(row, failed, field),)
        if EMPTY in text and (empty := _find_empty(row, bound, text)):
            return None, empty
        return self._finish(row, text, name, (), bound.used)

    def _finish(
        self, row: Row, text: str, name: str, faults: Iterable[Fault], used: tuple[str, ...]
    ) -> tuple[Draft | None, tuple[Issue, ...]]:
        field = "Template" if name else "Message"
        message = self._tidy(text)
        troubles = tuple(faults) or _find_trouble(message)
        if troubles:
            return None, tuple(_about_text(row, field, each.code, each.words, text) for each in troubles)
        warnings = _warn_braces(row, used) if used and ("{" in message or "}" in message) else ()
        return Draft(row, self._wrap(message), name, used), warnings

    def _tidy(self, text: str) -> str:
        if not text.isascii():
            text = _ODD_ENDS.sub("\n", unicodedata.normalize("NFC", to_plain(text) if self._plain else text))
        elif self._plain:
            text = to_plain(text)
        if "\r" in text:
            text = _ODD_ENDS.sub("\n", text)
        return text.replace("\t", " ").strip()

    def _wrap(self, message: str) -> str:
        if not self._prefix and not self._footer:
            return message
        if self._prefix.strip() not in message:
            message = _join(self._prefix, message)
        if self._footer.strip() not in message:
            message = _join(message, self._footer)
        return self._tidy(message)

    def _load_file(self, name: str) -> str | BatchError:
        if name not in self._files:
            _make_room(self._files)
            try:
                self._files[name] = self._load(name)
            except BatchError as error:
                self._files[name] = error
        return self._files[name]

    def _bind(self, header: Header, source: str, field: str) -> _Bound:
        bound = self._bound.get((source, field))
        if bound is None:
            _make_room(self._bound)
            bound = self._bound[source, field] = _bind(self._compile(source, header.lists), header, field, source)
        return bound

    def _compile(self, source: str, lists: tuple[str, ...]) -> Program:
        program = self._programs.get(source)
        if program is None:
            _make_room(self._programs)
            program = self._programs[source] = compile_text(self._engine, source, lists)
        return program


def _may_have_fields(source: str) -> bool:
    """Say whether a text may have fields of other programs: "20% off" has none, nor has "$5"."""
    opens = _OPENS.search(source)
    if opens is None:
        return False
    return _CLOSES.search(source, opens.start() + 1) is not None or _DOLLAR.search(source, opens.start()) is not None


def _find_plain_faults(source: str, header: Header) -> tuple[Fault, ...]:
    return (*find_faults(source), *_find_foreign(source, header))


def _find_foreign(source: str, header: Header) -> list[Fault]:
    return [
        Fault("field-of-another-program", f'"{written}" is how other programs write a field: write {right}')
        for written, right in dict.fromkeys(find_foreign(source, header))
    ]


def _find_written_wrong(program: Program, header: Header, source: str) -> list[Fault]:
    """Give the faults of a text; where it names a column in a wrong way, the right spelling says more than the rest."""
    found = _find_foreign(source, header)
    found += [
        Fault("brace-in-text", f'"{written}" has other braces than a field: write {right}')
        for written, right in dict.fromkeys(find_braced(source, header))
    ]
    if any(fault.code in _UNREADABLE for fault in program.faults):
        found += [
            Fault("template-broken", f'"{written}" does not read as a field: write {right}')
            for written, right in dict.fromkeys(find_misspelled(source, header))
        ]
    blind = _UNREADABLE | {"brace-in-text"} if found else frozenset()
    return [*found, *(fault for fault in program.faults if fault.code not in blind)]


def _bind(program: Program, header: Header, field: str, source: str) -> _Bound:
    # What is refused for its length is not searched as well.
    faults = _find_written_wrong(program, header, source) if len(source) <= LONGEST else list(program.faults)
    optional = {slot.field for slot in program.slots if slot.kind is Kind.THERE}
    positions: list[int] = []
    for slot in program.slots:
        places = find_columns(header, slot.field)
        wanted = bool(places) or slot.field not in optional
        if len(places) != 1 and wanted and not is_personal(slot.field):
            faults.append(_no_column(header, slot, places))
        positions.append(places[0] if len(places) == 1 else -1)
    if any(place == header.columns.get(field, -2) for place in positions):
        faults.append(Fault("template-not-allowed", f'the text uses the column "{field}", which is the text itself'))
    used = tuple(dict.fromkeys(name_column(header, place) for place in positions if place >= 0))
    places = tuple(positions[number] for number in program.order)
    return _Bound(program, tuple(dict.fromkeys(faults)), tuple(positions), places, used)


def _no_column(header: Header, slot: Slot, places: tuple[int, ...]) -> Fault:
    if places:
        columns = " and ".join(f'"{header.names[place]}" (column {header.letter_at(place)})' for place in places[:3])
        return Fault("field-ambiguous", f'the text uses "{slot.field}", which could be {columns}: give them two names')
    near = find_nearest(header, slot.field)
    remedy = f"did you mean {write_field(near)}?" if near else "add such a column, or remove the field from the text"
    return Fault("field-unknown", f'the text uses "{slot.field}", but the sheet has no such column: {remedy}')


def _find_unshown(row: Row, bound: _Bound) -> tuple[Issue, ...]:
    pairs = zip(bound.program.slots, bound.positions, strict=True)
    shown = {place for slot, place in pairs if not (slot.kind is Kind.MOMENT and place in row.dates)}
    found = [row.unshown[place] for place in sorted(shown & row.unshown.keys())]
    return tuple(issue for issue in found if issue.level is Level.ERROR)


def _run(bound: _Bound, row: Row) -> str:
    program, texts = bound.program, row.texts
    if program.layout is not None:
        said = [texts[place] or f"{EMPTY}{place}{EMPTY}" for place in bound.places]
        return program.layout % tuple(said)
    assert program.run is not None
    pairs = zip(program.slots, bound.positions, strict=True)
    return program.run({slot.key: _value(slot, place, row) for slot, place in pairs})


def _value(slot: Slot, place: int, row: Row) -> Any:
    if slot.kind is Kind.THERE:
        return place >= 0
    text = row.texts[place] if place >= 0 else ""
    if slot.kind is Kind.MOMENT and place in row.dates:
        return row.dates[place]
    if slot.kind is Kind.ASKED:
        return text
    return text or f"{EMPTY}{place}{EMPTY}"


def _find_empty(row: Row, bound: _Bound, text: str) -> tuple[Issue, ...]:
    places = dict.fromkeys(int(mark) for mark in _MARK.findall(text))
    found = [place for place in places if place < len(row.texts) and not row.texts[place]]
    if -1 in bound.positions and f"{EMPTY}-1{EMPTY}" in text:
        return (_missing_optional(row, bound),)
    return tuple(_empty_cell(row, place) for place in found)


def _empty_cell(row: Row, place: int) -> Issue:
    name = name_column(row.header, place)
    default = write_field(name).replace(" }}", ' | default("...") }}')
    words = f'"{name}" is empty, and the text uses it: fill in the cell, or write {default} in the text'
    return Issue(row.number, row.header.letter_at(place), name, "field-empty", words)


def _missing_optional(row: Row, bound: _Bound) -> Issue:
    slots = zip(bound.program.slots, bound.positions, strict=True)
    name = next(slot.field for slot, place in slots if place < 0 and slot.kind is not Kind.THERE)
    words = f'the text uses "{name}", but the sheet has no such column: add it, or keep it inside the if'
    return _about_text(row, "Template" if row.text("Template") else "Message", "field-unknown", words, "")


def _find_trouble(message: str) -> tuple[Fault, ...]:
    if not message:
        return (Fault("message-missing", "the text comes out empty: write what people should read"),)
    if len(message) > LONGEST:
        words = f"the text has {len(message)} characters: shorten it, 480 are the most that can be sent"
        return (Fault("message-too-long", words),)
    # isprintable is ten times faster than the expression, and says no to line ends and odd blanks too
    unsure = not message.isprintable() or "\ufffd" in message
    if unsure and (odd := CONTROL.search(message)):
        before = message[max(0, odd.start() - 15) : odd.start()]
        words = f'the text has a character that no phone can show (U+{ord(odd[0]):04X}) after "{before}": type it again'
        return (Fault("control-character", words),)
    return ()


def _warn_braces(row: Row, used: tuple[str, ...]) -> tuple[Issue, ...]:
    return tuple(
        _about_cell(row, name, "braces-in-cell", f'"{cut(cell)}" has braces, which go out as they are', Level.WARNING)
        for name in used
        if "{" in (cell := _cell(row, name)) or "}" in cell
    )


def _about_filter(row: Row, failed: FilterError, field: str) -> Issue:
    places = find_columns(row.header, failed.field) if failed.field else ()
    words = f'"{cut(failed.value)}" {failed.words}'
    if not places:
        return _about_text(row, field, "filter-failed", words, failed.value)
    return _about_cell(row, name_column(row.header, places[0]), "filter-failed", words, Level.ERROR)


def _one_of_two(row: Row, source: str, name: str) -> Issue:
    if source:
        words = f'both Message and Template ("{cut(name)}") are filled in: empty one of the two'
        return _about_text(row, "Template", "message-and-template", words, name)
    field = "Message" if "Message" in row.header.columns else "Template"
    words = "there is no text: write one into Message, or the name of a template into Template"
    return _about_text(row, field, "message-missing", words, "")


def _about_text(row: Row, field: str, code: str, words: str, value: str) -> Issue:
    return Issue(row.number, row.header.letter(field), field, code, words, value=cut(value, 80))


def _about_cell(row: Row, name: str, code: str, words: str, level: Level) -> Issue:
    place = find_columns(row.header, name)[0]
    return Issue(row.number, row.header.letter_at(place), name, code, words, level, value=cut(row.texts[place], 80))


def _cell(row: Row, name: str) -> str:
    return row.texts[find_columns(row.header, name)[0]]


def _join(first: str, second: str) -> str:
    gap = "" if first[-1:].isspace() or second[:1].isspace() else " "
    return first + gap + second


def _make_room(kept: dict[Any, Any]) -> None:
    if len(kept) >= _KEPT:
        kept.clear()
