"""Judge a cell by what it shows, whatever kind of file it stands in: odd blanks, error values, formulas, hashes."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from batch.adapters.sheet.shapes import Extra
from batch.core.blanks import plain_blanks, strip_edges


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
