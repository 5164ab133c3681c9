"""Read spreadsheets as a person sees them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batch.adapters.sheet.child import Child
from batch.adapters.sheet.expand import expand
from batch.adapters.sheet.headers import EXAMPLE, KNOWN, NEEDED, map_columns
from batch.adapters.sheet.kinds import find_kind
from batch.adapters.sheet.rows import RowMaker
from batch.core.bounds import beyond
from batch.core.printable import whole_text
from batch.model import Header, Issue, Level, Row
from batch.model.columns import column_letter
from batch.model.errors import SheetError
from batch.model.limits import DEFAULT, Limits

if TYPE_CHECKING:
    from batch.adapters.sheet.shapes import Message, RowOut

__all__ = ["KNOWN", "NEEDED", "RowMaker", "Sheet", "open_sheet"]


class Sheet:
    """The sheet of campaigns of one file: its header, and its rows, which stream once.

    `blank` and `left_out` (hidden and filtered-out rows, and examples) are whole only after the last row.
    """

    def __init__(
        self, file: str, head: dict[str, Any], notes: list[Issue], messages: Iterator[Message], child: Child
    ) -> None:
        names = tuple(head["names"])
        hidden = tuple(at for at in head["hidden"] if at < len(names) and names[at])
        self.file = file
        self.name: str = head["sheet"]
        self.tabs: tuple[str, ...] = tuple(head["tabs"])
        """Every sheet of the file, this one and the hidden ones too."""
        of_lists = head.get("prefixes", ()), head.get("sources", {}), head.get("list_heads", {})
        self.header = Header(head["row"], names, map_columns(names), hidden, *of_lists)
        told = (Issue(0, "", "", code, words, Level.WARNING) for code, words in head["notes"])
        self.issues = (*notes, *told, *_hidden_note(self.header))
        self.blank = 0
        self.left_out = 0
        self.kept: Any = None
        """What must live as long as its rows are read: the copy that they are read from."""
        self._messages: Iterable[Message] = messages
        self._child = child
        self._take: Callable[[RowOut], RowOut | None] | None = None

    @property
    def waited(self) -> float:
        """Seconds that its reading took in another process, while this one waited."""
        return self._child.waited

    def __iter__(self) -> Iterator[Row]:
        maker = RowMaker(self.header)
        for block in self.blocks():
            yield from maker.make(block)

    def look_ahead(self) -> Iterator[Row]:
        """Read all rows and keep them, so that they stream once more; memory grows with the sheet."""
        self._messages = list(self._messages)
        return RowMaker(self.header).make(self.keep())

    def keep(self) -> Iterator[RowOut]:
        """Read all rows and keep them, plain, as with `look_ahead`."""
        self._messages = list(self._messages)
        for kind, value in self._messages:
            yield from value if kind == "rows" else ()

    def part(self, take: Callable[[RowOut], RowOut | None]) -> Sheet:
        """Give the same sheet, kept before, with those rows alone that `take` gives back."""
        part = copy(self)
        part._take = take
        return part

    def blocks(self) -> Iterator[list[RowOut]]:
        """Give the rows as they come, some hundred at a time, in plain values; a RowMaker turns them into rows."""
        for kind, value in self._messages:
            if kind == "rows" and self._take is not None:
                yield [taken for row in value if (taken := self._take(row)) is not None]
            elif kind == "rows":
                yield value
            elif kind == "end":
                self.blank, self.left_out = value["blank"], value["left_out"]
                told = (Issue(0, "", "", code, words, Level.WARNING) for code, words in value["notes"])
                self.issues += (*_damage_note(value["damage"]), *told, *_example_notes(self.header, value["examples"]))


def open_sheet(
    path: Path, *, name: str = "", encoding: str = "cp1252", max_rows: int = 0, date_order: str = "month",
    child: Child | None = None, limits: Limits = DEFAULT,
) -> Sheet:  # fmt: skip
    """Open the sheet of campaigns of a file and read its header; the rows follow while it is iterated.

    `name` says which sheet, needed only when several have our columns; `encoding` is tried for text
    files that are not Unicode. `date_order` (`month`, `day`, `iso`) is how Excel's short date, which
    follows each reader's own settings, is shown. `max_rows` is a shorter way to say it in `limits`. Raises
    SheetError, with the file's name in it.
    """
    request = _request(path, name, _with_rows(limits, max_rows), date_order, encoding)
    notes: list[Issue] = []
    asked = child or Child(once=True)
    read = expand(_messages(path, request, asked), Limits(**request["limits"]))
    messages = _named(path.name, read)
    head = _head(messages, notes, encoding)
    return Sheet(whole_text(path.name), head, notes, messages, asked)


def _with_rows(limits: Limits, max_rows: int) -> Limits:
    return limits._replace(rows=max_rows) if max_rows else limits


def _request(path: Path, name: str, limits: Limits, date_order: str, encoding: str) -> dict[str, Any]:
    return {
        "path": str(path.absolute()), "kind": "", "name": name, "limits": limits.plain(), "date_order": date_order,
        "encoding": encoding,
    }  # fmt: skip


def _messages(path: Path, request: dict[str, Any], child: Child) -> Generator[Message]:
    request["kind"] = find_kind(path)
    limits = Limits(**request["limits"])
    if (size := path.stat().st_size) > limits.file_bytes:
        raise beyond("file_bytes", limits, found=size)
    yield from child.ask(request)


def _named(file: str, messages: Iterator[Message]) -> Iterator[Message]:
    """Put the file's name before what is wrong with it."""
    try:
        yield from messages
    except SheetError as error:
        if error.file:
            raise
        raise SheetError(f'"{file}": {error.words}', error.remedy, bare=error.words, file=file) from error


def _head(messages: Iterator[Message], notes: list[Issue], encoding: str) -> dict[str, Any]:
    for kind, value in messages:
        if kind == "head":
            return dict(value)
        if kind == "note" and value["macros"]:
            words = "the workbook has macros: they were not run; the saved values of the cells are used"
            notes.append(Issue(0, "", "", "macros-ignored", words, Level.WARNING))
        if kind == "note" and value["legacy"]:
            notes.append(_legacy_note(encoding))
    raise SheetError("the file gave no answer", "save it again as .xlsx")


def _hidden_note(header: Header) -> Iterator[Issue]:
    if header.hidden:
        names = ", ".join(f'"{header.names[at]}" ({column_letter(at)})' for at in header.hidden)
        words = f"hidden columns are read like the others: {names}"
        yield Issue(0, "", "", "hidden-columns", words, Level.WARNING)


def _damage_note(place: str) -> Iterator[Issue]:
    if place:
        words = (
            f"the workbook is damaged ({place} is malformed XML) and was read anyway: compare its rows with the "
            "preview, or open it in Excel and save it again"
        )
        yield Issue(0, "", "", "damaged-xml", words, Level.WARNING)


def _example_notes(header: Header, rows: Iterable[int]) -> Iterator[Issue]:
    for row in rows:
        words = f'the name begins with "{EXAMPLE}", so this row is not taken: to send it, type a name of your own'
        yield Issue(row, header.letter("CampaignName"), "CampaignName", "example-row", words, Level.WARNING, EXAMPLE)


def _legacy_note(encoding: str) -> Issue:
    words = (
        f"the file is not Unicode text and was read as {encoding}: look at accents and quotes in the preview, "
        'or save it in Excel as "CSV UTF-8"'
    )
    return Issue(0, "", "", "legacy-encoding", words, Level.WARNING)
