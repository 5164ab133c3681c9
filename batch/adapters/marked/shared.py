"""Texts that cells share, as Excel writes them: iPhones and Numbers show no text that stands in its cell itself."""

from __future__ import annotations

import re
from html import escape

from batch.adapters.marked.package import Package
from batch.model.errors import SheetError

_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
_CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
_PART = "xl/sharedStrings.xml"
_EMPTY = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"></sst>'


class SharedTexts:
    """The shared texts of one workbook, to which ours are added; the others stay byte for byte."""

    def __init__(self, package: Package, book: str) -> None:
        """Read them; raises ValueError where they are in no form that can be counted without doubt."""
        self._package, self._book = package, book
        there = [one.target for one in package.relations(book) if one.kind == "sharedStrings"]
        self._is_new = not there
        self._part = there[0] if there else _PART
        content = _EMPTY if self._is_new else _read(package, self._part)
        root = _ROOT.search(content)
        if root is None or _DOUBTFUL.search(content) or (self._is_new and _PART in package.names):
            raise ValueError("the shared texts cannot be counted")
        self._prefix = root[1].decode()
        self._before = content[: root.start()] + b"<" + root[1] + b"sst" + _COUNTS.sub(b"", root[2]) + b">"
        self._inner, self._after = root[3] or b"", content[root.end() :]
        self._first = len(re.findall(b"<" + re.escape(root[1]) + rb"si[\s/>]", self._inner))
        self._ours: dict[str, int] = {}

    def number(self, text: str) -> int:
        """Give the number of a text, which is added when it is asked for first."""
        return self._ours.setdefault(text, self._first + len(self._ours))

    def write(self) -> None:
        """Change the part, where there is anything to add."""
        if not self._ours:
            return
        if self._is_new:
            self._package.relate(self._book, _KIND, self._part)
            self._package.declare(_CONTENT, part=self._part)
        p = self._prefix
        added = "".join(
            f'<{p}si><{p}t xml:space="preserve">{escape(text, quote=False)}</{p}t></{p}si>' for text in self._ours
        )
        end = f"</{p}sst>".encode()
        self._package.write(self._part, self._before + self._inner + added.encode() + end + self._after)


def find_shared(package: Package, book: str) -> SharedTexts | None:
    """Give the shared texts of a workbook; None where ours have to stand in their cells."""
    try:
        return SharedTexts(package, book)
    except (ValueError, KeyError, SheetError):
        return None


def _read(package: Package, part: str) -> bytes:
    return package.read(part).removeprefix(b"\xef\xbb\xbf")


_ROOT = re.compile(rb"<((?:[\w.-]+:)?)sst\b((?:\s[^<>]*?)?)(?:/>|>(.*)</\1sst\s*>)", re.DOTALL)
_COUNTS = re.compile(rb"\s(?:uniqueCount|count)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_DOUBTFUL = re.compile(rb"<!--|<!\[CDATA\[|<!DOCTYPE|<\?xml[^>]*encoding\s*=\s*[\"'](?![Uu][Tt][Ff]-8)")
