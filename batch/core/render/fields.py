"""Which column a fill-in field means, and which names mean a single person."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator

from batch.model import Header

_PEOPLE = "contact|customer|client|recipient|subscriber|member|user|your|shopper|person|patient"
_PERSONAL = re.compile(
    rf"(?:{_PEOPLE})?s?(?:first|last|full|middle|given|family|fore|nick|sur|maiden)?name"
    rf"|[fl]name|(?:first|last|full)?nameof(?:the)?(?:{_PEOPLE})s?"
    rf"|(?:{_PEOPLE})s?(?:id|email|mobile|birthday)|dateofbirth|birthday|salutation"
)
_PLACEHOLDER = re.compile(r"[\[%<«|{#]\s*(?=([^\W\d_][\w .-]{1,30}?)\s*[\]%>»|}#])|\$(?=([^\W\d_]\w{2,30}))")
_GAPS = re.compile(r"[\s_\-]+")
_NO_LETTER = re.compile(r"[\W_]+")


def is_personal(name: str) -> bool:
    """Say whether a field is about one person: FirstName, last_name, Customer Name and their like."""
    return _PERSONAL.fullmatch(_NO_LETTER.sub("", name).casefold()) is not None


def find_personal(text: str) -> Iterator[str]:
    """Find what other tools fill in for each contact: `[FirstName]`, `%First Name%`, `<<fname>>`, `$firstname`."""
    for found in _PLACEHOLDER.finditer(text):
        if is_personal(name := found[1] or found[2]):
            yield name


def find_columns(header: Header, name: str) -> tuple[int, ...]:
    """Give the positions of the columns that a field may mean: one is right, none or several is trouble.

    A header as written counts first, then a known column's one name, then either without regard to case, blanks,
    underscores and hyphens: `{{ End_date }}` and `{{ enddate }}` both mean a column `End date`.
    """
    written = {position for position, header_name in enumerate(header.names) if header_name == name}
    if exact := written or {header.columns[known] for known in header.columns if known == name}:
        return tuple(sorted(exact))
    wanted = fold_field(name)
    loose = {position for position, header_name in enumerate(header.names) if fold_field(header_name) == wanted}
    loose |= {position for known, position in header.columns.items() if fold_field(known) == wanted}
    return tuple(sorted(loose)) if wanted else ()


def find_nearest(header: Header, name: str) -> str:
    """Give the header that looks most like a name, or an empty text."""
    known = {fold_field(each): each for each in (*header.columns, *header.names) if each}
    near = difflib.get_close_matches(fold_field(name), known, n=1, cutoff=0.6)
    return known[near[0]] if near else ""


def name_column(header: Header, position: int) -> str:
    """Give the field's name of a column: a known column's one name, else the header as written."""
    names = [name for name, place in header.columns.items() if place == position]
    return names[0] if names else header.names[position]


def write_field(name: str) -> str:
    """Write a field as it stands in a text: `{{ Offer }}`, or `{{ row["Offer %"] }}`."""
    plain = name.replace(" ", "_")
    if plain.replace(".", "", 1).isidentifier() and "__" not in plain and plain[-1] != ".":
        return "{{ " + plain + " }}"
    return "{{ row[" + ('"' + name + '"' if '"' not in name else "'" + name + "'") + "] }}"


def fold_field(name: str) -> str:
    """Bring a header or field into the form in which its spellings are one."""
    return _GAPS.sub("", unicodedata.normalize("NFC", name)).casefold()
