"""How many single messages a text is cut into.

The alphabet and its extension table are those of ETSI TS 123 038, 6.2.1
(https://www.etsi.org/deliver/etsi_ts/123000_123099/123038/), the lengths those of TS 123 040, 9.2.3.24.1: a text in
several parts gives up 6 octets of each part to the header that joins them again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from batch.core.patterns import pattern
from batch.model import Parts
from batch.model.records import dataclass

GSM = "GSM-7"
UCS = "UCS-2"
SINGLE = {GSM: 160, UCS: 70}
"""Units that fit into a text of one part."""
JOINED = {GSM: 153, UCS: 67}
"""Units that fit into each part of a longer one."""

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""One septet each. The 128th code is the escape to the extension table, no character of its own."""
EXTENSION = "\f^{}\\[~]|€"
"""Two septets each: the escape and the code."""

_OUTSIDE = pattern(f"[^{re.escape(BASIC + EXTENSION)}]")
_EXTENDED = pattern(f"[{re.escape(EXTENSION)}]")
_BASIC_ONLY = pattern(f"[{re.escape(BASIC)}]+")
_BASIC_ASCII = BASIC.encode("ascii", "ignore")
_ESCAPED = {ord(character): "\x1b" + character for character in EXTENSION}
_BEYOND = pattern("[\U00010000-\U0010ffff]")
_OPENS_PAIR = pattern("[\x1b\ud800-\udbff]")

_PLAIN = {
    **dict.fromkeys("‘’‚‛′‵ʹʻʼʽˈ`´‹›＇", "'"),
    **dict.fromkeys("“”„‟″‶«»〝〞＂", '"'),
    **dict.fromkeys("‐‑‒–—―−⁃﹘﹣－", "-"),
    **dict.fromkeys("\t\u00a0\u1680\u202f\u205f\u3000", " "),
    **{chr(code): " " for code in range(0x2000, 0x200B)},
    **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),
    "\u2028": "\n",
    "\u2029": "\n",
    "…": "...",
    "‥": "..",
}
"""What Word, Outlook and phones put in by themselves: nobody misses it."""
_WOULD_DO = {
    "•": "-", "·": "-", "‣": "-", "×": "x", "÷": "/", "⁄": "/", "™": "TM", "®": "(R)", "©": "(C)", "¢": "c", "°": "deg",
    "¼": "1/4", "½": "1/2", "¾": "3/4", "⅓": "1/3", "⅔": "2/3", "¹": "1", "²": "2", "³": "3", "ª": "a", "º": "o",
    "→": "->", "←": "<-", "≤": "<=", "≥": ">=", "≠": "!=", "Œ": "OE", "œ": "oe", "ı": "i", "Ł": "L", "ł": "l",
}  # fmt: skip
"""What a person may choose to write instead; never replaced by itself, since something is lost."""
_TO_PLAIN = str.maketrans(_PLAIN)
_TYPOGRAPHIC = pattern(f"[{re.escape(''.join(_PLAIN))}]")


@dataclass(frozen=True, slots=True)
class Costly:
    """One character that pushes a whole text to UCS-2, where a part holds 70 units, not 160."""

    character: str
    name: str
    """As Unicode calls it, in lower case: `right single quotation mark`."""
    plain: str | None
    """What would do in its place (empty: it can just go); None when nothing would."""


def measure(text: str) -> Parts:
    """Count the units and the parts of a text, by the standard; an empty text has none."""
    if len(text) <= SINGLE[GSM] and _is_basic(text):
        return _one_part(len(text))
    encoding = _encoding(text)
    units = _to_units(text, encoding)
    if len(units) <= SINGLE[encoding]:
        return Parts(encoding, len(units), 1 if text else 0)
    return Parts(encoding, len(units), sum(1 for _ in _cut(units, encoding)))


def split(text: str) -> tuple[str, ...]:
    """Cut a text into its parts; neither an escape pair nor a surrogate pair is ever torn apart."""
    encoding = _encoding(text)
    units = _to_units(text, encoding)
    if len(units) <= SINGLE[encoding]:
        return (text,) if text else ()
    return tuple(_to_text(piece, encoding) for piece in _cut(units, encoding))


def costly(text: str) -> tuple[Costly, ...]:
    """Name the characters that push a text to UCS-2, each once, in the order of the text."""
    return tuple(_describe(character) for character in dict.fromkeys(_OUTSIDE.findall(text)))


def to_plain(text: str) -> str:
    """Put plain quotes, dashes, dots and blanks in the place of typographic ones; nothing else changes."""
    return text.translate(_TO_PLAIN) if _TYPOGRAPHIC.search(text) else text


def _is_basic(text: str) -> bool:
    if text.isascii():  # six times as fast as the expression
        return bool(text) and not text.encode("ascii").translate(None, _BASIC_ASCII)
    return _BASIC_ONLY.fullmatch(text) is not None


@lru_cache(maxsize=SINGLE[GSM])
def _one_part(units: int) -> Parts:
    return Parts(GSM, units, 1)


def _encoding(text: str) -> str:
    return UCS if _OUTSIDE.search(text) else GSM


def _to_units(text: str, encoding: str) -> str:
    """Write a text so that each character is one unit: an escape before the extended, or a surrogate pair."""
    if encoding == GSM:
        return text.translate(_ESCAPED) if _EXTENDED.search(text) else text
    return _BEYOND.sub(lambda found: _to_pair(ord(found[0]) - 0x10000), text)


def _to_pair(code: int) -> str:
    return chr(0xD800 + (code >> 10)) + chr(0xDC00 + (code & 0x3FF))


def _cut(units: str, encoding: str) -> Iterator[str]:
    start = 0
    while start < len(units):
        end = start + JOINED[encoding]
        if end < len(units) and _OPENS_PAIR.match(units, end - 1):
            end -= 1
        yield units[start:end]
        start = end


def _to_text(units: str, encoding: str) -> str:
    if encoding == GSM:
        return units.replace("\x1b", "")
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _describe(character: str) -> Costly:
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    return Costly(character, name if name.startswith("U+") else name.lower(), _plain(character))


def _plain(character: str) -> str | None:
    for table in (_PLAIN, _WOULD_DO):
        if character in table:
            return table[character]
    letters = "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    return letters if letters and not _OUTSIDE.search(letters) else None
