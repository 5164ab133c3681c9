"""Write the same XML in other legal ways, as other programs may; every reader must understand all of them alike."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

from sheet_support import pack

_TOKEN = re.compile(r"<\?.*?\?>|<[^>]+>|[^<]+", re.S)
_TAG = re.compile(r"<(/?)([\w:.-]+)((?:\s+[\w:.-]+=\"[^\"]*\")*)\s*(/?)>", re.S)
_PAIR = re.compile(r"([\w:.-]+)=\"([^\"]*)\"")

_BETWEEN = re.compile(r"(</?(?:row|c|v|sheetData|cols|col|mergeCells|f|is|si)\b[^>]*>)(?=<)")

Vary = Callable[[str, Random], str]
"""Takes the text of one part."""


def _tags(write: Callable[[str, list[tuple[str, str]], str, Random], str]) -> Vary:
    """Rewrite each opening tag from its name, its attributes and its end (`/` or nothing)."""

    def vary(text: str, chance: Random) -> str:
        def one(found: re.Match[str]) -> str:
            if found[1]:
                return found[0]
            return write(found[2], _PAIR.findall(found[3]), found[4], chance)

        return _TAG.sub(one, text)

    return vary


def _join(
    name: str, pairs: list[tuple[str, str]], end: str, *, equals: str = "=", quote: str = '"', gap: str = " "
) -> str:
    said = "".join(f"{gap}{key}{equals}{quote}{_in(value, quote)}{quote}" for key, value in pairs)
    return f"<{name}{said}{end}>"


def _in(value: str, quote: str) -> str:
    return value.replace("'", "&apos;") if quote == "'" else value


def _shuffled(name: str, pairs: list[tuple[str, str]], end: str, chance: Random) -> str:
    chance.shuffle(pairs)
    return _join(name, pairs, end)


def _refer(text: str, chance: Random) -> str:
    """Write some letters as references to them."""
    pieces = re.split(r"(&[^;]+;)", text)
    return "".join(
        piece if piece.startswith("&") else "".join(_reference(sign, chance) for sign in piece) for piece in pieces
    )


def _reference(sign: str, chance: Random) -> str:
    return f"&#{ord(sign)};" if sign.isalnum() and chance.random() < 0.5 else sign


def _entities(text: str, chance: Random) -> str:
    text = _tags(
        lambda name, pairs, end, _: _join(
            name, [(key, value if key.startswith("xmlns") else _refer(value, chance)) for key, value in pairs], end
        )
    )(text, chance)
    return _texts(text, lambda words: _refer(words, chance))


def _texts(text: str, write: Callable[[str], str]) -> str:
    """Rewrite what stands between tags."""
    return "".join(
        token if token.startswith("<") or not token.strip() else write(token) for token in _TOKEN.findall(text)
    )


def _commented(text: str, _: Random) -> str:
    text = re.sub(r"(<(?:row|c|v|is|t|si|xf|sheet|numFmt)\b[^>]*[^/]>)", r"\1<!-- <row r='9'/> & -->", text)
    return _texts(text, lambda words: words[:1] + "<!-- a remark -->" + words[1:] if "&" not in words else words)


def _cdata(text: str, _: Random) -> str:
    return _texts(text, lambda words: f"<![CDATA[{words}]]>" if "&" not in words else words)


def _closed(text: str, _: Random) -> str:
    """Write empty elements with two tags."""
    return re.sub(r"<([\w:]+)((?:\s[^<>]*)?)/>", r"<\1\2></\1>", text)


def _self_closed(text: str, _: Random) -> str:
    return re.sub(r"<([\w:]+)([^<>/]*)></\1>", r"<\1\2 />", text)


def _prefixed(text: str, _: Random) -> str:
    """Bind the namespace of the part to a prefix."""
    text = re.sub(r"<(/?)([A-Za-z]+)(?=[\s/>])", r"<\1x:\2", text)
    return text.replace(" xmlns=", " xmlns:x=", 1)


def _prefixed_inside(text: str, _: Random) -> str:
    """Bind it to a prefix for the cells only, deep inside."""
    text = re.sub(
        r"<(row)(?=[\s>])", r'<y:\1 xmlns:y="http://schemas.openxmlformats.org/spreadsheetml/2006/main"', text
    )
    text = re.sub(r"<(/?)(c|v|f)(?=[\s/>])", r"<\1y:\2", text)
    return text.replace("</row>", "</y:row>")


def _extra(name: str, pairs: list[tuple[str, str]], end: str, chance: Random) -> str:
    if name in ("worksheet", "workbook", "styleSheet", "sst"):
        return _join(name, [*pairs, ("xmlns:odd", "urn:odd")], end)
    if name in ("row", "c", "col", "mergeCell", "xf", "sheet", "v", "f", "si", "t"):
        pairs.insert(chance.randint(0, len(pairs)), ("odd:hidden", "1"))
        pairs.insert(chance.randint(0, len(pairs)), ("odd:s", "0"))
    return _join(name, pairs, end)


def _instructed(text: str, _: Random) -> str:
    return re.sub(r"(<(?:row|v|c)\b[^>/]*>)", r'\1<?odd <c r="A9"> ?>', text)


VARIATIONS: dict[str, Vary] = {
    "as it is": lambda text, _: text,
    "attributes in another order": _tags(_shuffled),
    "blanks around the equals sign": _tags(lambda name, pairs, end, _: _join(name, pairs, end, equals=" = ")),
    "line breaks around the equals sign": _tags(lambda name, pairs, end, _: _join(name, pairs, end, equals="\n=\n\t")),
    "blanks before the equals sign": _tags(lambda name, pairs, end, _: _join(name, pairs, end, equals=" =")),
    "blanks behind the equals sign": _tags(lambda name, pairs, end, _: _join(name, pairs, end, equals="= ")),
    "line breaks between attributes": _tags(lambda name, pairs, end, _: _join(name, pairs, end, gap="\n")),
    "tabs between attributes": _tags(lambda name, pairs, end, _: _join(name, pairs, end, gap="\t")),
    "two blanks between attributes": _tags(lambda name, pairs, end, _: _join(name, pairs, end, gap="  ")),
    "single quotes": _tags(lambda name, pairs, end, _: _join(name, pairs, end, quote="'")),
    "blanks before the end of a tag": _tags(lambda name, pairs, end, _: _join(name, pairs, f"\n{end}")),
    "blanks in closing tags": lambda text, _: re.sub(r"</([\w:]+)>", r"</\1 >", text),
    "line breaks in closing tags": lambda text, _: re.sub(r"</([\w:]+)>", "</\\1\n>", text),
    "a prefix": _prefixed,
    "a prefix for the cells": _prefixed_inside,
    "extra attributes": _tags(_extra),
    "references": _entities,
    "comments": _commented,
    "sections of plain text": _cdata,
    "two tags for an empty element": _closed,
    "one tag for an empty element": _self_closed,
    "instructions": _instructed,
    "lines between tags": lambda text, _: _BETWEEN.sub("\\1\n  ", text),
}  # fmt: skip


def vary(source: Path, target: Path, *names: str, seed: int = 0, only: str = "", encoding: str = "utf-8") -> Path:
    """Copy a workbook with its XML written in other ways; `only` names the part that is changed."""
    chance = Random(seed)
    parts: dict[str, str | bytes] = {}
    with zipfile.ZipFile(source) as package:
        for name in package.namelist():
            text = package.read(name).decode()
            if name.endswith((".xml", ".rels")) and name != "[Content_Types].xml" and only in name:
                for one in names:
                    text = VARIATIONS[one](text, chance)
                text = text.replace('encoding="UTF-8"', f'encoding="{encoding}"')
            parts[name] = text.encode(encoding if only in name and name.startswith("xl/worksheets") else "utf-8")
            if not (only in name and name.startswith("xl/worksheets")):
                parts[name] = text.replace(f'encoding="{encoding}"', 'encoding="UTF-8"').encode()
    pack(target, parts)
    return target
