"""Judge a cell by what it shows, whatever kind of file it stands in: odd blanks, error values, formulas, hashes.

Light on purpose: the reading process imports it at every start.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False  # `typing` itself would cost the reading process a part of its start
if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from batch.sheet.shapes import Extra

ODD_BLANKS = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""What looks like a blank and is another character."""
INVISIBLE = (
    "\u00ad\u034f\u061c\u180e\u200b\u200c\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)
"""What shows nothing at all. The zero-width joiner is none of them: it holds emoji together."""

_EDGES = " \t\r\n\x0b\x0c\x1a\x1c\x1d\x1e\x1f\x85\u2028\u2029\u200d" + ODD_BLANKS + INVISIBLE
_PLAIN = str.maketrans(dict.fromkeys(ODD_BLANKS, " ") | dict.fromkeys(INVISIBLE, ""))
_LOST_MARK = "\u00ef\u00bb\u00bf"
"""A byte order mark that was read as Windows-1252."""


def strip_edges(text: str) -> str:
    """Take off what nobody sees around a text."""
    return text.removeprefix(_LOST_MARK).strip(_EDGES)


def plain_blanks(text: str) -> str:
    """Write odd blanks as plain ones and leave out what shows nothing."""
    return text if text.isascii() else strip_edges(text.translate(_PLAIN))


def needs_look(texts: Sequence[str]) -> bool:
    """Say whether any cell of a row may show something else than a plain value; quick, and never wrongly no."""
    joined = "\x1f".join(texts)
    return not joined.isascii() or "#" in joined or "=" in joined or "r:5" in joined or "\x1a" in joined


def judge(
    texts: Sequence[str], extras: list[Extra] | None, names: Container[int]
) -> tuple[list[str], list[Extra] | None]:
    """Give the cells of a row as they count, and what is to say about them; `names` are those that hold no text."""
    cells, notes = list(texts), list(extras or ())
    told = {extra[0] for extra in notes if extra[1] not in _BESIDE}
    for at, text in enumerate(texts):
        if not text:
            continue
        cell = _tidy(text, is_name=at in names)
        cells[at] = cell
        if at not in told and (found := _find_spoilt(cell)):
            cells[at] = "" if found[0] == "error" else cell
            notes.append((at, *found))
    return cells, notes or None


def _tidy(text: str, *, is_name: bool) -> str:
    text = strip_edges(text)
    if wrapped := _WRAPPED.fullmatch(text):
        text = strip_edges(wrapped[1].replace('""', '"'))
    return plain_blanks(text) if is_name else text


def _find_spoilt(text: str) -> tuple[str, str] | None:
    """Say which kind of trouble a cell shows in the place of a value."""
    sign = text[:1]
    if sign in "={" and _FORMULA.match(text):
        return "formula", text
    if sign == "#" and (text.upper() in ERRORS or _HASHES.fullmatch(text)):
        return "error", text
    if sign in "EF" and _NUMBERED.fullmatch(text):
        return "error", text
    return None


_WRITTEN = (
    "#N/A #NAME? #REF! #VALUE! #DIV/0! #NUM! #NULL! #CALC! #SPILL! #FIELD! #BLOCKED! #UNKNOWN! #CONNECT! #BUSY! "
    "#EXTERNAL! #PYTHON! #TIMEOUT! #DATA! #ERROR! #GETTING_DATA #N/D #N/D! #NV #N.V. #NOM? #VALEUR! #NOMBRE! #NUL! "
    "#CALCUL! #EPARS! #ÉPARS! #PROPAGATION! #WERT! #BEZUG! #ZAHL! #ÜBERLAUF! #KALK! #NOMBRE? #¿NOMBRE? #¡REF! "
    "#¡VALOR! #¡DIV/0! #¡NUM! #¡NULO! #¡CALC! #VALOR! #NULO! #NÚM! #NOME? #DESPEJAR! #DERRAME! #¡DESBORDAMIENTO! "
    "#VALORE! #RIF! #NULLO! #ESPANSIONE! #WAARDE! #VERW! #NAAM? #GETAL! #LEEG! #N/B #DEEL/0! #VÄRDEFEL! #REFERENS! "
    "#NAMN? #OGILTIGT! #SKÄRNING! #SAKNAS! #DIVISION/0! #VÆRDI! #REFERENCE! #NAVN? #I/T #NULL! #VERDI! #ARG! #ADR! "
    "#NAZWA? #LICZBA! #ZERO! #DZIEL/0! #N/Д #Н/Д #ЗНАЧ! #ССЫЛКА! #ИМЯ? #ДЕЛ/0! #ЧИСЛО! #ПУСТО! #NÉV? #ÉRTÉK! #HIV! "
    "#SZÁM! #HIÁNYZIK #ZÉRÓOSZTÓ! #ARVO! #VIITTAUS! #NIMI? #LUKU! #PUUTTUU #JAKO/0! #TYHJÄ! #AD? #DEĞER! #BAŞV! #SAYI! "
    "#YOK #SAYI/0! #BOŞ! #HODNOTA! #ODKAZ! #NÁZEV? #ČÍSLO! #NENÍ_K_DISPOZICI #DĚLENÍ_NULOU!"
)
ERRORS = frozenset(_WRITTEN.split())
"""What spreadsheet programs show in the place of a value, in the languages that they speak."""

NARROW = re.compile(r"#{2,}")
"""What a program shows where a column is too narrow for a number."""
_HASHES = NARROW
_NUMBERED = re.compile(r"(?:Err|Fehler):5\d\d")
_WRAPPED = re.compile(r'="((?:[^"]|"")*)"', re.S)
_FORMULA = re.compile(
    r"\{?=\s*[-+]?\s*(?:[@(\"]|\$?[A-Z]{1,3}\$?\d|\d|\.\d|'[^']+'!|#REF!|[A-Za-z_][\w.]*\s*[(!]|[A-Z_]\w*[-+*/&^<>=]|"
    r"[A-Za-z_]\w*$|\{)"
)
_BESIDE = frozenset(("merged", "ragged"))
"""What is said about the place of a cell, not about its value."""
