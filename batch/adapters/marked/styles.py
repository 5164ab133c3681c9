"""The styles of a workbook: each cell's own look with one of our colours laid over it."""

from __future__ import annotations

from enum import StrEnum
from xml.dom.minidom import Element

from batch.adapters.marked.package import add, children, parse, serialize


class Paint(StrEnum):
    """What a cell is marked as."""

    ERROR = "error"
    HOLD = "hold"
    WARNING = "warning"
    WORDS = "words"
    """A cell of the Problem column: one line, so that no row of the user's grows."""
    LINES = "lines"
    """The same in a sheet of ours: as many lines as it takes."""
    CLEAN = "clean"
    """A mark of ours from an earlier time is taken off."""


COLOURS = {Paint.ERROR: "FFFFC4C9", Paint.HOLD: "FFFFD99A", Paint.WARNING: "FFFFF5B8"}
"""Light red, amber and yellow that no palette of Excel has, so that ours are known again."""
_RESERVED = 2
"""Excel shows the first two fills as none and grey dots, whatever the file says of them."""


class Styles:
    """The cell formats of one workbook; a new one is made only when somebody needs it."""

    def __init__(self, content: bytes) -> None:
        self._tree = parse(content)
        self._fills = children(self._tree, "fills")[0]
        self._formats = children(self._tree, "cellXfs")[0]
        self._all = children(self._formats, "xf")
        self._codes = {
            one.getAttribute("numFmtId"): one.getAttribute("formatCode")
            for group in children(self._tree, "numFmts")
            for one in children(group, "numFmt")
        }
        self._made: dict[tuple[int, Paint], int] = {}
        self._colours: dict[Paint, str] = {}
        self.ours = self._find_ours()

    def paint(self, style: int, paint: Paint) -> int:
        """Give the style that looks like another but bears a mark."""
        if (style, paint) not in self._made:
            self._made[style, paint] = self._make(style, paint)
        return self._made[style, paint]

    def code(self, style: int) -> str | int:
        """Give a style's number format: as written, or the number of one that Excel brings along."""
        if not 0 <= style < len(self._all):
            return "General"
        number = self._all[style].getAttribute("numFmtId") or "0"
        return self._codes.get(number) or int(number) or "General"

    def write(self) -> bytes:
        """Give the part."""
        self._fills.setAttribute("count", str(len(children(self._fills, "fill"))))
        self._formats.setAttribute("count", str(len(self._all)))
        return serialize(self._tree)

    def _find_ours(self) -> frozenset[int]:
        fills = [_colour(fill) for fill in children(self._fills, "fill")]
        numbers = {str(number) for number, colour in enumerate(fills) if colour in COLOURS.values()}
        return frozenset(number for number, one in enumerate(self._all) if one.getAttribute("fillId") in numbers)

    def _make(self, style: int, paint: Paint) -> int:
        base = self._all[style if 0 <= style < len(self._all) else 0]
        one = base.cloneNode(deep=True)
        assert one is not None
        if paint in (Paint.WORDS, Paint.LINES):
            self._make_words(one, wrap=paint is Paint.LINES)
        else:
            one.setAttribute("fillId", self._fill(paint))
            one.setAttribute("applyFill", "1" if paint is not Paint.CLEAN else "0")
        self._formats.appendChild(one)
        self._all.append(one)
        return len(self._all) - 1

    def _make_words(self, one: Element, *, wrap: bool) -> None:
        """Make a cell of text: it stays one when somebody types into it, so that nothing becomes a formula."""
        for old in children(one, "alignment"):
            one.removeChild(old)
        for name in ("applyNumberFormat", "applyAlignment", "quotePrefix"):
            one.setAttribute(name, "1")
        one.setAttribute("numFmtId", "49")
        after = one.firstChild
        alignment = add(self._tree, one, "alignment", vertical="top", wrapText="1" if wrap else "0")
        if after is not None:
            one.insertBefore(alignment, after)

    def _fill(self, paint: Paint) -> str:
        if paint is Paint.CLEAN:
            return "0"
        if paint not in self._colours:
            while len(children(self._fills, "fill")) < _RESERVED:
                add(self._tree, add(self._tree, self._fills, "fill"), "patternFill", patternType="gray125")
            fill = add(self._tree, self._fills, "fill")
            pattern = add(self._tree, fill, "patternFill", patternType="solid")
            add(self._tree, pattern, "fgColor", rgb=COLOURS[paint])
            add(self._tree, pattern, "bgColor", indexed="64")
            self._colours[paint] = str(len(children(self._fills, "fill")) - 1)
        return self._colours[paint]


def _colour(fill: Element) -> str:
    for pattern in children(fill, "patternFill"):
        for colour in children(pattern, "fgColor"):
            return colour.getAttribute("rgb").upper()
    return ""
