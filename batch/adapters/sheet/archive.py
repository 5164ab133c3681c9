"""Open a zipped workbook without letting it hurt: limits, no DTD, no entity.

Deflate packs at most
1032 to 1 (https://zlib.net/zlib_tech.html), an honest sheet 10 to 40 to 1.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from xml.parsers import expat

from batch.adapters.sheet.shapes import Element
from batch.core.bounds import beyond
from batch.model.errors import SheetError
from batch.model.limits import Limits

RATIO_FROM = 16 * 2**20
MAX_RATIO = 150
CHUNK = 2**20

SAVE_AGAIN = "open it in Excel or LibreOffice, save it as .xlsx and drop that"


class Archive:
    """A zipped workbook whose entries were all looked at before anything was believed."""

    def __init__(self, path: str, limits: Limits) -> None:
        self._limits = limits
        self._left = 4 * limits.unpacked_bytes  # parts are read more than once
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise SheetError("the file is damaged or was cut off in transit", SAVE_AGAIN) from error
        self.plain: set[str] = set()
        """Parts that were searched and have no comment, no CDATA section and no NUL in them."""
        self._entries = self._zip.infolist()
        self._by_name = {_plain_name(entry.filename): entry for entry in self._entries}
        self.names = set(self._by_name)
        self._measure()

    def close(self) -> None:
        """Let the file go, so that it can be moved on Windows too."""
        self._zip.close()

    def refuse_kind(self, wanted: str) -> SheetError:
        """Say what else it is than was wanted."""
        from batch.adapters.sheet.kinds import kind_of_zip

        found, remedy = kind_of_zip("\n".join(self.names).encode("utf-8", "replace"))
        if found and found != wanted:
            return SheetError(f"the file is {found} by its content", remedy)
        return SheetError(f"the file is a zip archive, but not {wanted}", SAVE_AGAIN)

    def search(self, *, for_text: bytes) -> bool:
        """Unpack every part once, refuse DTDs and entities, and say whether a text stands in any."""
        found = False
        for entry in self._entries:
            name = _plain_name(entry.filename)
            if not name.endswith(_PICTURES):
                found = self._search_entry(name, for_text) or found
        return found

    def read(self, name: str) -> bytes:
        """Give a small part whole."""
        parts: list[bytes] = []
        size = 0
        for block in self.blocks(name):
            size += len(block)
            if size > self._limits.part_bytes:
                raise beyond("part_bytes", self._limits, f'the part "{name}"')
            parts.append(block)
        return b"".join(parts)

    def blocks(self, name: str) -> Iterator[bytes]:
        """Unpack a part block by block."""
        try:
            with self._zip.open(self._by_name[name]) as part:
                while block := part.read(CHUNK):
                    self._left -= len(block)
                    if self._left < 0:
                        raise beyond("unpacked_bytes", self._limits)
                    yield block
        except KeyError as error:
            raise SheetError(f'the workbook lacks its part "{name}": it is damaged', SAVE_AGAIN) from error
        except RuntimeError as error:
            raise SheetError("the file is protected by a password", "save it without one") from error
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, ValueError) as error:
            raise SheetError(f'the part "{name}" of the workbook is damaged', SAVE_AGAIN) from error

    def size(self, name: str) -> int:
        """Give the bytes that a part unpacks to, by the archive's own list, beyond which none is unpacked."""
        return self._by_name[name].file_size

    def elements(self, name: str) -> list[Element]:
        """List the elements of a small part as (parent's name, name, attributes), prefixes taken off."""
        return elements(self.read(name), name)

    def _measure(self) -> None:
        if len(self._entries) > self._limits.parts:
            raise beyond("parts", self._limits, found=len(self._entries))
        if len(self.names) != len(self._entries):
            raise SheetError("the file holds two parts of one name", SAVE_AGAIN)
        if sum(entry.file_size for entry in self._entries) > self._limits.unpacked_bytes:
            raise beyond("unpacked_bytes", self._limits)
        for entry in self._entries:
            if entry.file_size > RATIO_FROM and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
                raise SheetError(
                    f'the part "{entry.filename}" is compressed suspiciously tightly (a zip bomb?)', SAVE_AGAIN
                )

    def _search_entry(self, name: str, wanted: bytes) -> bool:
        tail, found, plain = b"", False, True
        for block in self.blocks(name):
            text = tail + block
            if b"<!" in text or b"\0" in text:
                plain = False
                _refuse_dtd(text, name)
            found = found or wanted in text
            tail = text[-32:]
        if plain:
            self.plain.add(name)
        return found


def _plain_name(name: str) -> str:
    """Write a part's name with slashes: some programs put backslashes into the archive, which Excel opens too."""
    return name.replace("\\", "/").lstrip("/")


def elements(xml: bytes, name: str) -> list[Element]:
    """List the elements of an XML text as (parent's name, name, attributes), prefixes taken off."""
    found: list[Element] = []
    path = [""]

    def start(tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(":")[2]
        found.append((path[-1], local, attributes))
        path.append(local)

    def end(_tag: str) -> None:
        path.pop()

    parser = safe_parser(name)
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parse(parser, xml, name)
    return found


def safe_parser(name: str) -> expat.XMLParserType:
    """Make a parser that refuses every DTD."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise _dtd(name)

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    return parser


def parse(parser: expat.XMLParserType, xml: bytes, name: str, *, last: bool = True) -> None:
    """Feed a parser; broken XML is a damaged workbook."""
    try:
        parser.Parse(xml, last)
    except expat.ExpatError as error:
        raise SheetError(f'the part "{name}" of the workbook is damaged', SAVE_AGAIN) from error


def _refuse_dtd(text: bytes, name: str) -> None:
    plain = text.replace(b"\0", b"").upper()
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise _dtd(name)


def _dtd(name: str) -> SheetError:
    return SheetError(f'the part "{name}" declares a DTD or entities, which no spreadsheet needs', SAVE_AGAIN)


_PICTURES = (".png", ".jpeg", ".jpg", ".gif", ".emf", ".wmf", ".bin", ".tiff", ".ttf", ".odttf")
