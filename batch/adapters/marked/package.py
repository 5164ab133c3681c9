"""Open a workbook as its parts and write it again, with every part that nobody changed copied as it is."""

from __future__ import annotations

import posixpath
import shutil
import zipfile
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from xml.dom.minidom import Document, Element

from batch.core.bounds import beyond
from batch.model.limits import DEFAULT, Limits

CONTENT_TYPES = "[Content_Types].xml"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"


class Relation(NamedTuple):
    """How one part speaks of another."""

    id: str
    type: str
    """A long address; only its last word says what it is."""
    target: str
    """The name of the other part."""

    @property
    def kind(self) -> str:
        """Give the last word of the type: `worksheet`, `comments`, ..."""
        return self.type.rpartition("/")[2]


class Package:
    """The parts of one .xlsx or .xlsm file."""

    def __init__(self, source: Path | BytesIO, limits: Limits = DEFAULT) -> None:
        self._limits = limits
        self._zip = zipfile.ZipFile(source)
        self._changed: dict[str, bytes] = {}
        self.names = set(self._zip.namelist())
        self._measure()

    def close(self) -> None:
        """Let the file go."""
        self._zip.close()

    def read(self, name: str) -> bytes:
        """Give a part as it stands now; KeyError when there is none."""
        if name in self._changed:
            return self._changed[name]
        if self._zip.getinfo(name).file_size > self._limits.marked_bytes:
            raise beyond("marked_bytes", self._limits)
        return self._zip.read(name)

    def write(self, name: str, content: bytes) -> None:
        """Change a part, or add one."""
        self._changed[name] = content
        self.names.add(name)

    def tree(self, name: str) -> Document:
        """Parse a part; a DTD and entities are refused, and what would make a tree beyond all measure."""
        return parse(self.read_judged(name))

    def read_judged(self, name: str) -> bytes:
        """Give a part that is to become a tree, in which each element takes a kilobyte and more."""
        content = self.read(name)
        if content.count(b"<") > 2 * self._limits.elements:
            raise beyond("elements", self._limits, f'the part "{name}"')
        return content

    def relations(self, part: str) -> list[Relation]:
        """Give what a part speaks of; `""` is the package itself."""
        name, folder = _relations_of(part), posixpath.dirname(part)
        if name not in self.names:
            return []
        return [
            Relation(one.getAttribute("Id"), one.getAttribute("Type"), _resolve(folder, one.getAttribute("Target")))
            for one in children(self.tree(name), "Relationship")
            if one.getAttribute("TargetMode") != "External"
        ]

    def relate(self, part: str, kind: str, target: str) -> str:
        """Make a part speak of another; give the relation's id."""
        name = _relations_of(part)
        empty = f'<Relationships xmlns="{_RELATIONS}"/>'.encode()
        tree = self.tree(name) if name in self.names else parse(empty)
        there = {one.getAttribute("Id") for one in children(tree, "Relationship")}
        id = next(f"rIdM{number}" for number in range(1, len(there) + 2) if f"rIdM{number}" not in there)
        add(tree, root_of(tree), "Relationship", Id=id, Type=kind, Target=f"/{target}")
        self.write(name, serialize(tree))
        return id

    def declare(self, content_type: str, *, part: str = "", ending: str = "") -> None:
        """Say what kind of content a part, or every part with an ending, has."""
        tree = self.tree(CONTENT_TYPES)
        tag, key, value = ("Override", "PartName", f"/{part}") if part else ("Default", "Extension", ending)
        if all(one.getAttribute(key).casefold() != value.casefold() for one in children(tree, tag)):
            first = root_of(tree).firstChild
            one = add(tree, root_of(tree), tag, **{key: value, "ContentType": content_type})
            if tag == "Default" and first is not None:
                root_of(tree).insertBefore(one, first)
            self.write(CONTENT_TYPES, serialize(tree))

    def free_name(self, pattern: str) -> str:
        """Give the first name of a pattern (`xl/comments{}.xml`) that no part has."""
        taken = {name.casefold() for name in self.names}
        return next(name for number in range(1, 100_000) if (name := pattern.format(number)).casefold() not in taken)

    def judge_comments(self, count: int) -> None:
        """Refuse a sheet with more comments than anybody reads."""
        if count > self._limits.comments:
            raise beyond("comments", self._limits)

    def pack(self) -> bytes:
        """Give the file: all parts, the changed ones as they are now."""
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
            for info in self._zip.infolist():
                if info.filename in self._changed:
                    out.writestr(info.filename, self._changed[info.filename])
                else:
                    self._copy(info, out)
            for name in self._changed.keys() - set(self._zip.namelist()):
                out.writestr(name, self._changed[name])
        return packed.getvalue()

    def _copy(self, info: zipfile.ZipInfo, out: zipfile.ZipFile) -> None:
        with self._zip.open(info) as part, out.open(info.filename, "w") as copy:
            shutil.copyfileobj(part, copy, 2**20)

    def _measure(self) -> None:
        entries = self._zip.infolist()
        if len(entries) > self._limits.parts:
            raise beyond("parts", self._limits, found=len(entries))
        if sum(one.file_size for one in entries) > self._limits.unpacked_bytes:
            raise beyond("unpacked_bytes", self._limits)


def parse(content: bytes) -> Document:
    """Parse XML into a tree that keeps every prefix as it was written; a DTD and entities are refused."""
    from defusedxml.minidom import parseString

    tree: Document = parseString(content, forbid_dtd=True)  # type: ignore[arg-type]  # bytes say their encoding
    return tree


def root_of(tree: Document) -> Element:
    """Give the outermost element."""
    assert tree.documentElement is not None
    return tree.documentElement


def check_whole(content: bytes) -> None:
    """Raise ExpatError when a part is not well-formed."""
    from xml.parsers.expat import ParserCreate

    ParserCreate().Parse(content, True)  # noqa: FBT003  it takes no keyword


def serialize(tree: Document) -> bytes:
    """Write a tree as a part."""
    return tree.toxml(encoding="UTF-8", standalone=True)


def children(parent: Document | Element, name: str) -> list[Element]:
    """Give the children of an element (of a document: of its root) by name, whatever their prefix."""
    above = root_of(parent) if isinstance(parent, Document) else parent
    return [node for node in above.childNodes if isinstance(node, Element) and node.localName == name]


def add(tree: Document, parent: Element, name: str, **attributes: str) -> Element:
    """Add an element behind the others, with the prefix of its parent."""
    prefix = parent.tagName.rpartition(":")[0]
    one = tree.createElement(f"{prefix}:{name}" if prefix else name)
    for key, value in attributes.items():
        one.setAttribute(key, value)
    parent.appendChild(one)
    return one


def _relations_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _resolve(folder: str, target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
