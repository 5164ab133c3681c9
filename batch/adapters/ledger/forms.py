"""How values stand in the ledger's columns: times as UTC text, lists and issues as JSON."""

from __future__ import annotations

import json
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from batch.model import ChangeKind, Issue, Level, Status
from batch.model.places import place_of

STATUSES = {status.value: status for status in Status}
"""Faster than calling the enum, a hundred thousand times over."""
KINDS = {kind.value: kind for kind in ChangeKind}

_UNIT = "\x1f"

write_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def write_time(moment: datetime) -> str:
    """Write an aware time as ISO 8601 in UTC; such texts sort as the times do."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone never enters the ledger")
    return moment.astimezone(UTC).isoformat()


def write_time_or_none(moment: datetime | None) -> str | None:
    """Write a time that may be unknown."""
    return None if moment is None else write_time(moment)


def read_time(text: str) -> datetime:
    """Read what `write_time` wrote."""
    return datetime.fromisoformat(text)


def read_time_or_none(text: str | None) -> datetime | None:
    """Read a time that may be unknown."""
    return datetime.fromisoformat(text) if text else None


@lru_cache(4096)
def write_texts(texts: tuple[str, ...]) -> str:
    """Write a few texts as a JSON list; empty when there are none."""
    return write_json(texts) if texts else ""


@lru_cache(4096)
def read_texts(text: str) -> tuple[str, ...]:
    """Read what `write_texts` wrote."""
    return tuple(json.loads(text)) if text else ()


def write_cells(texts: Sequence[str]) -> str:
    """Write the cells of a row, parted by ASCII's unit separator; their headers stand once, in the batch.

    As a JSON object a row costs 20 times as long, which a hundred thousand rows would feel.
    """
    line = _UNIT.join(texts)
    if line.count(_UNIT) < len(texts):
        return line
    return _UNIT.join(text.replace(_UNIT, " ") for text in texts)


class Cells(Mapping[str, str]):
    """The cells of a row by their headers, taken apart when somebody asks: few who read an entry do.

    It reads what `write_cells` wrote, by the batch's header; columns without a name are left out.
    """

    __slots__ = ("_header", "_line")

    def __init__(self, header: str, line: str) -> None:
        self._header, self._line = header, line

    def __getitem__(self, name: str) -> str:
        return self._apart()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._apart())

    def __len__(self) -> int:
        return len(self._apart())

    def __repr__(self) -> str:
        return repr(self._apart())

    def items(self) -> ItemsView[str, str]:
        """Give the pairs, taken apart once for all of them."""
        return self._apart().items()

    def _apart(self) -> dict[str, str]:
        pairs = zip(read_texts(self._header), self._line.split(_UNIT), strict=False)
        return {name: text for name, text in pairs if name}


def write_issues(issues: Iterable[Issue]) -> str:
    """Write issues as a JSON list of objects; empty when there are none."""
    written = [issue_as_dict(issue) for issue in issues]
    return write_json(written) if written else ""


def read_issues(text: str) -> tuple[Issue, ...]:
    """Read what `write_issues` wrote."""
    return tuple(_read_issue(item) for item in json.loads(text)) if text else ()


def issue_as_dict(issue: Issue) -> dict[str, Any]:
    """Give an issue the keys that machines read."""
    return {
        "row": int(issue.row),
        "column": issue.column,
        "field": issue.field,
        "code": issue.code,
        "message": issue.message,
        "level": issue.level.value,
        "value": issue.value,
        **({"ids": list(issue.ids)} if issue.ids else {}),
    }


def write_codes(issues: Iterable[Issue]) -> str:
    """Write the codes alone, parted by blanks: the plan asks for no more of a hundred thousand entries."""
    return " ".join(dict.fromkeys(issue.code for issue in issues))


def _read_issue(item: dict[str, Any]) -> Issue:
    return Issue(
        row=place_of(item["row"]),
        column=item["column"],
        field=item["field"],
        code=item["code"],
        message=item["message"],
        level=Level(item["level"]),
        value=item["value"],
        ids=tuple(item.get("ids", ())),
    )
