"""Know the fill-in fields of other programs, and fields that are nearly written right, and say how to write them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from batch.model import Header

from .fields import find_columns, fold_field, name_column, write_field

_NAME = r"[^\W\d_][\w .\'’/&-]{0,40}?"
_LOOSE = (
    (r"<<", r">>"), (r"«", r"»"), (r"\(\(", r"\)\)"), (r"\[\[", r"\]\]"), (r"\*\|", r"\|\*"), (r"<%=?", r"%>"),
    (r"\[%", r"%\]"), (r"%\[", r"\]%?"), (r"&lt;", r"&gt;"), (r"\[\$?", r"\]"), (r"<\$?", r"/?>"), (r"‹", r"›"),
)  # fmt: skip
_TIGHT = ("%%", "##", "@@", "__", "~~", "%", "#", "@", r"\|", r"\$", "~", r"\^")
"""What stands before and behind a field in Word, Outlook, Mailchimp, ExactTarget, Twilio and text message programs.

Within the tight ones stands no blank: "50% to 70%" is not a field.
"""
_PAIRED = re.compile(
    "|".join(
        (
            *(rf"{left}\s*({_NAME})\s*{right}" for left, right in _LOOSE),
            *(rf"(?<!\w){sign}({_NAME})(?<!\s){sign}(?!\w)" for sign in _TIGHT),
        )
    )
)
_START = re.compile(r"(?:[<«\[%#@~‹|$^(]|\*\||__|&lt;)[\s$%=\[(<#@~]{0,3}[^\W\d_]")
_DOLLAR = re.compile(r"\$([^\W\d_]\w{1,40})")
_WELL = re.compile(r"\{\{[^{}]*\}\}(?!\})|\{%[^{}]*%\}|\{#.{0,500}?#\}", re.S)
_FIELD = re.compile(r"(?<!\{)\{\{([^{}]*)\}\}(?!\})")
_BRACED = re.compile(rf"[$#@%]?\{{[\s{{]{{0,5}}[$!#@%]?\s{{0,5}}({_NAME}[?!.]?)[}}\s]{{0,5}}\}}")
"""Every gap has an end: what repeats without one takes the square of a text's length, and a sheet has many texts."""
_PLAIN = re.compile(r"[^\W\d]\w*")
_CURLY = str.maketrans("“”„‟«»‘’‚‛", '""""""\'\'\'\'')


def find_braced(text: str, header: Header) -> Iterator[tuple[str, str]]:
    """Find columns between too few or too many braces: what is written, and the right spelling."""
    if "{" in text:
        for found in _BRACED.finditer(_WELL.sub(" ", text)):
            if column := _column(header, found[1]):
                yield found[0].strip(), write_field(column)


def find_foreign(text: str, header: Header) -> Iterator[tuple[str, str]]:
    """Find the columns that a text names as other programs write fields: what is written, and the right spelling."""
    rest = _BRACED.sub(" ", _WELL.sub(" ", text)) if "{" in text else text
    done = 0
    for start in _START.finditer(rest):
        at = start.start()
        found = _PAIRED.match(rest, at) or _DOLLAR.match(rest, at) if at >= done else None
        name = next((name for name in found.groups() if name is not None), "") if found else ""
        if found and (column := _column(header, name)):
            done = found.end()
            yield found[0], write_field(column)


def find_misspelled(text: str, header: Header) -> Iterator[tuple[str, str]]:
    """Find columns between two braces that do not read as they are written: what is written, and the right spelling."""
    for found in _FIELD.finditer(text):
        name, bar, tail = found[1].strip().partition("|")
        plain = name.translate(_CURLY).strip()
        column = _column(header, plain) or _column(header, _bare(plain))
        if column and (not _PLAIN.fullmatch(name.strip()) or tail != tail.translate(_CURLY)):
            behind = f" | {tail.strip().translate(_CURLY)} }}}}" if bar else " }}"
            yield found[0], write_field(column).removesuffix(" }}") + behind


def find_curly(text: str) -> str:
    """Give the first field or statement with curly quotes in it; they are not quotes to a template."""
    return next((found[0] for found in _WELL.finditer(text) if found[0] != found[0].translate(_CURLY)), "")


def straighten(text: str) -> str:
    """Write curly quotes as straight ones."""
    return text.translate(_CURLY)


def _bare(name: str) -> str:
    """Take off what surrounds a name by mistake: quotes, `row[...]`, a question mark."""
    inside = _ROW.fullmatch(name)
    return (inside[1] if inside else name).strip(" \"'?!.,;:`$#@%*")


def _column(header: Header, name: str) -> str:
    """Give the field of the column that a name means, or nearly means: case, blanks or one letter apart."""
    name = " ".join(name.split()).strip(" ?!.")
    if places := find_columns(header, name):
        return name_column(header, places[0])
    wanted = fold_field(name)
    if len(wanted) < 4:
        return ""
    for position, written in enumerate(header.names):
        for one in (written, name_column(header, position) if written else ""):
            if one and _is_near(wanted, fold_field(one)):
                return name_column(header, position)
    return ""


def _is_near(one: str, other: str) -> bool:
    """Say whether two words differ by one letter, or by two that changed places."""
    if abs(len(one) - len(other)) > 1 or len(other) < 4:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rests = one[start:], other[start:]
    if rests[0][1:] == rests[1][1:] or rests[0][1:] == rests[1] or rests[0] == rests[1][1:]:
        return True
    return rests[0][:2] == rests[1][1::-1] and rests[0][2:] == rests[1][2:]


_ROW = re.compile(r"row\s*\[\s*[\"'](.*?)[\"']\s*\]")
