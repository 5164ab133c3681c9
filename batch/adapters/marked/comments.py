"""The comments of one sheet: the words of each, and the box that shows them, a drawing in a language of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from xml.dom.minidom import Document, Element

from batch.adapters.marked.cells import SheetXml, clean
from batch.adapters.marked.package import Package, add, children, parse, serialize
from batch.model.columns import column_letter

AUTHOR = "campaign-batch"
MOST = 2_000
"""Comments in one sheet: beyond that Excel grows slow, and the Problem column says it anyway."""

_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_VML = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_LINE = 46
"""Characters of one line of a box."""


def write_comments(package: Package, part: str, sheet: SheetXml, texts: Mapping[tuple[int, int], str]) -> None:
    """Put comments on cells, by row and position; those of an earlier time go, those of people stay."""
    relations = {one.kind: one for one in package.relations(part)}
    if not texts and "comments" not in relations:
        return
    base = next((one.type for one in package.relations(_owner(package)) if one.kind == "worksheet"), _TRANSITIONAL)
    kinds = base.rpartition("/")[0]
    name = relations["comments"].target if "comments" in relations else package.free_name("xl/comments{}.xml")
    tree = package.tree(name) if name in package.names else parse(_empty(package.read(part)))
    package.judge_comments(len(_listed(tree)))
    gone = _remove_ours(tree)
    fresh = _add_all(tree, dict(list(texts.items())[:MOST]))
    package.write(name, serialize(tree))
    if "comments" not in relations:
        package.relate(part, f"{kinds}/comments", name)
        package.declare(_TYPE, part=name)
    drawing = relations.get("vmlDrawing")
    if drawing is None:
        box = package.free_name("xl/drawings/vmlDrawing{}.vml")
        package.write(box, _EMPTY_DRAWING)
        package.declare(_VML, ending="vml")
        sheet.show_drawing(package.relate(part, f"{kinds}/vmlDrawing", box), kinds)
    else:
        box = drawing.target
    package.write(box, _draw(package.read(box), gone, fresh))


def _owner(package: Package) -> str:
    return next((one.target for one in package.relations("") if one.kind == "officeDocument"), "")


def _empty(sheet: bytes) -> bytes:
    """Make an empty list of comments in the sheet's own flavour of the standard."""
    found = _NAMESPACE.search(sheet)
    space = found.group(1).decode() if found else "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<comments xmlns="{space}"><authors/><commentList/></comments>'.encode()


def _remove_ours(tree: Document) -> set[str]:
    """Take our own comments off, and our words out of other people's; give the cells whose boxes go."""
    ours = {str(number) for number, one in enumerate(_authors(tree)) if _text(one) == AUTHOR}
    gone = set()
    for group, one in _listed(tree):
        if one.getAttribute("authorId") in ours:
            gone.add(one.getAttribute("ref"))
            group.removeChild(one)
            continue
        for text in children(one, "text"):
            for run in children(text, "r"):
                if _text(run).lstrip("\n").startswith(f"{AUTHOR}: "):
                    text.removeChild(run)
    return gone


def _add_all(tree: Document, texts: Mapping[tuple[int, int], str]) -> dict[tuple[int, int], str]:
    """Add the comments; give those that need a box of their own."""
    authors = children(tree, "authors")[0]
    names = [_text(one) for one in _authors(tree)]
    if AUTHOR not in names:
        add(tree, authors, "author").appendChild(tree.createTextNode(AUTHOR))
        names.append(AUTHOR)
    there = {one.getAttribute("ref"): one for _, one in _listed(tree)}
    fresh = {}
    for (row, position), words in texts.items():
        cell = f"{column_letter(position)}{row}"
        if cell not in there:
            one = add(tree, children(tree, "commentList")[0], "comment", ref=cell, authorId=str(names.index(AUTHOR)))
            _say(tree, add(tree, one, "text"), words)
            fresh[row, position] = words
        elif not _is_threaded(there[cell], names):
            _append(tree, there[cell], words)
    return fresh


def _append(tree: Document, comment: Element, words: str) -> None:
    """Put our words below a person's own."""
    for text in children(comment, "text")[:1]:
        for plain in children(text, "t"):
            run = add(tree, text, "r")
            run.appendChild(plain)
        _say(tree, text, f"\n\n{AUTHOR}: {words}")


def _say(tree: Document, text: Element, words: str) -> None:
    written = add(tree, add(tree, text, "r"), "t", **{"xml:space": "preserve"})
    written.appendChild(tree.createTextNode(clean(words)))


def _is_threaded(comment: Element, authors: list[str]) -> bool:
    """Whether the comment stands for a conversation, whose words lie elsewhere and win over these."""
    number = comment.getAttribute("authorId")
    return number.isdigit() and int(number) < len(authors) and authors[int(number)].startswith("tc=")


def _authors(tree: Document) -> list[Element]:
    return [one for group in children(tree, "authors") for one in children(group, "author")]


def _listed(tree: Document) -> list[tuple[Element, Element]]:
    return [(group, one) for group in children(tree, "commentList") for one in children(group, "comment")]


def _text(node: Element) -> str:
    if not node.childNodes:
        return ""
    return "".join(
        child.data if child.nodeType == child.TEXT_NODE else _text(child)
        for child in node.childNodes
        if child.nodeType in (child.TEXT_NODE, child.ELEMENT_NODE)
    )


def _draw(drawing: bytes, gone: Iterable[str], fresh: Mapping[tuple[int, int], str]) -> bytes:
    """Take the boxes of some cells out and add new ones; a box that nobody knows stays."""
    without = set(gone)
    kept = _SHAPE.sub(lambda found: b"" if _cell_of(found.group(0)) in without else found.group(0), drawing)
    first = max((int(number) for number in _NUMBER.findall(kept)), default=1024) + 1
    boxes = "".join(
        _box(first + place, row, position, words) for place, ((row, position), words) in enumerate(fresh.items())
    )
    kind = "" if b"_x0000_t202" in kept else _SHAPE_TYPE
    kept = _ROOT.sub(_declare, kept, count=1)
    end = kept.rindex(b"</xml")
    return kept[:end] + (kind + boxes).encode() + kept[end:]


def _declare(root: re.Match[bytes]) -> bytes:
    """Declare the prefixes of our boxes: the program that wrote the file may have others."""
    return root.group(0) + b"".join(name for name in _VML_NAMES if name.partition(b"=")[0].strip() not in root.group(0))


def _cell_of(shape: bytes) -> str:
    row, column = _ROW.search(shape), _COLUMN.search(shape)
    return f"{column_letter(int(column.group(1)))}{int(row.group(1)) + 1}" if row and column else ""


def _box(number: int, row: int, position: int, words: str) -> str:
    """Draw one box, right of its cell and as high as its words; hidden until somebody points at the cell."""
    lines = sum(1 + len(line) // _LINE for line in words.splitlines())
    height = max(40, 14 * lines + 14)
    anchor = f"{position + 1}, 12, {max(0, row - 2)}, 6, {position + 5}, 12, {max(0, row - 2) + height // 15 + 1}, 6"
    return (
        f'<v:shape id="_x0000_s{number}" type="#_x0000_t202" style="position:absolute;margin-left:80pt;margin-top:4pt;'
        f'width:260pt;height:{height}pt;z-index:1;visibility:hidden" fillcolor="#fffbe6" o:insetmode="auto">'
        '<v:fill color2="#fffbe6"/><v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
        '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
        '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
        f"<x:Anchor>{anchor}</x:Anchor><x:AutoFill>False</x:AutoFill>"
        f"<x:Row>{row - 1}</x:Row><x:Column>{position}</x:Column></x:ClientData></v:shape>"
    )


_TRANSITIONAL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
_NAMESPACE = re.compile(rb"xmlns(?::[\w.-]+)?=[\"']([^\"']*spreadsheetml[^\"']*main)[\"']")
_SHAPE = re.compile(rb"<((?:[\w.-]+:)?)shape\s.*?</\1shape>", re.DOTALL)
_NUMBER = re.compile(rb"_x0000_s(\d{1,9})")
_ROW = re.compile(rb"<(?:[\w.-]+:)?Row>\s*(\d{1,7})\s*<")
_COLUMN = re.compile(rb"<(?:[\w.-]+:)?Column>\s*(\d{1,5})\s*<")
_VML_NAMES = (
    b' xmlns:v="urn:schemas-microsoft-com:vml"',
    b' xmlns:o="urn:schemas-microsoft-com:office:office"',
    b' xmlns:x="urn:schemas-microsoft-com:office:excel"',
)
_ROOT = re.compile(rb"<xml\b[^>]*")
_EMPTY_DRAWING = b'<xml><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout></xml>'
_SHAPE_TYPE = (
    '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
