"""Reads the cells about the kind of sending: recipients, MMS template, subject, expected size, purpose, cancel."""

from __future__ import annotations

import re
from typing import NamedTuple

from batch.core.identity import fold, plain_id
from batch.core.printable import cut
from batch.core.validate.rules import PURPOSES
from batch.core.validate.terms import Terms
from batch.core.validate.trouble import NO_TROUBLE, Trouble, suggest, suggest_ids
from batch.model import Row

FIELDS = (
    "TypeRecipients", "MmsTemplateId", "MmsHighResolution", "Subject", "ExpectedContacts", "Purpose", "Cancel",
)  # fmt: skip
"""The cells that `read_sending` takes, in this order."""

_NO_CELLS = ("",) * len(FIELDS)
_RECIPIENTS = {"0": 0, "single": 0, "single opt-in": 0, "1": 1, "double": 1, "double opt-in": 1}
_YES_NO = {"0": 0, "no": 0, "false": 0, "n": 0, "1": 1, "yes": 1, "true": 1, "y": 1}
_COUNT = re.compile(r"\d{1,9}|\d{1,3}(?:,\d{3}){1,2}", re.ASCII)
_NO_MARK = frozenset({"", "0", "no", "false", "n", "-"})


class SendingCells(NamedTuple):
    """What kind of sending a row is, as far as its cells could be read."""

    type_recipients: int = 0
    template: int | None = None
    high_resolution: int | None = None
    subject: str = ""
    expected: int | None = None
    purpose: str = ""
    cancel: bool = False
    troubles: tuple[Trouble, ...] = NO_TROUBLE


def sending_cells(row: Row) -> tuple[str, ...]:
    """Give the texts of the cells that `read_sending` takes."""
    columns, texts = row.header.columns, row.texts
    if columns.keys().isdisjoint(FIELDS):
        return _NO_CELLS
    return tuple([texts[columns[field]] if field in columns else "" for field in FIELDS])


def read_sending(cells: tuple[str, ...], terms: Terms) -> SendingCells:
    """Turn the cells into numbers and words, or say everything that is wrong with them."""
    recipients, template, high, subject, expected, purpose, cancel = cells
    found: list[Trouble] = []
    sending = SendingCells(
        _read_recipients(recipients, terms, found),
        _read_template(template, terms, found),
        _read_high_resolution(high, found),
        subject.strip(),
        _read_expected(expected, found),
        _read_purpose(purpose, found),
        fold(cancel) not in _NO_MARK,
    )
    if not template.strip():
        sending = _without_picture(sending, high, found)
    return sending._replace(troubles=tuple(found))


def _read_recipients(cell: str, terms: Terms, found: list[Trouble]) -> int:
    plain = plain_id(fold(cell)) if cell.strip() else ""
    if not plain:
        return terms.rules.type_recipients
    if plain in _RECIPIENTS:
        return _RECIPIENTS[plain]
    words = (
        f'"{cut(cell)}" is not a type of recipients: write 0 or single for single opt-in, 1 or double for double opt-in'
    )
    found.append(Trouble("type-recipients-invalid", "TypeRecipients", words, cell))
    return terms.rules.type_recipients


def _read_template(cell: str, terms: Terms, found: list[Trouble]) -> int | None:
    plain = plain_id(cell)
    if not plain:
        return None
    if plain.isascii() and plain.isdigit() and 0 < int(plain[:20]) < 10**18:
        return _known_template(int(plain), terms, found)
    namesakes = terms.templates_by_name.get(fold(cell), [])
    if len(namesakes) == 1:
        return namesakes[0].id
    code, words = _explain_template(cell, [template.id for template in namesakes], terms)
    found.append(Trouble(code, "MmsTemplateId", words, cell))
    return None


def _known_template(number: int, terms: Terms, found: list[Trouble]) -> int:
    """Give an id that the account has, or that nobody could look up; what is there but not approved waits, later."""
    templates = terms.account.templates if terms.account else None
    if templates is None or any(template.id == number for template in templates):
        return number
    near = suggest_ids(str(number), {str(template.id): template.name for template in templates})
    words = f"no MMS template of the account has the id {number}{near or ': write the id as the dashboard shows it'}"
    found.append(Trouble("template-unknown", "MmsTemplateId", words, str(number)))
    return number  # a row may have gone before its template was deleted


def _explain_template(cell: str, ids: list[int], terms: Terms) -> tuple[str, str]:
    if ids:
        which = " and ".join(str(one) for one in ids)
        return "template-ambiguous", f'"{cut(cell)}" is the name of {len(ids)} MMS templates: write the id ({which})'
    if not any(character.isalpha() for character in cell):
        return "template-unknown", f'"{cut(cell)}" is not an MMS template id: an id is a whole number above 0'
    if terms.account is None:
        words = f'"{cut(cell)}" could not be looked up: check again with --online to see whether the account has it'
        return "template-not-looked-up", words
    if terms.account.templates is None:
        words = f'"{cut(cell)}" could not be looked up, since the MMS templates could not be read: write the id'
        return "templates-not-readable", words
    near = suggest(cell, [template.name for template in terms.account.templates])
    return "template-unknown", f'no MMS template is named "{cut(cell)}"{near or ": write its name or id"}'


def _read_high_resolution(cell: str, found: list[Trouble]) -> int | None:
    plain = plain_id(fold(cell))
    if not plain:
        return None
    if plain in _YES_NO:
        return _YES_NO[plain]
    words = f'"{cut(cell)}" is neither 0 nor 1: write 1 to add a link to the picture, 0 or nothing for none'
    found.append(Trouble("mms-high-resolution-invalid", "MmsHighResolution", words, cell))
    return None


def _read_expected(cell: str, found: list[Trouble]) -> int | None:
    plain = plain_id(cell)
    if not plain:
        return None
    if _COUNT.fullmatch(plain):
        return int(plain.replace(",", ""))
    words = f'"{cut(cell)}" is not a number of contacts: write it in digits, like 1200'
    found.append(Trouble("expected-contacts-invalid", "ExpectedContacts", words, cell))
    return None


def _read_purpose(cell: str, found: list[Trouble]) -> str:
    plain = fold(cell)
    if not plain or plain in PURPOSES:
        return plain
    near = suggest(plain, PURPOSES)
    words = f'"{cut(cell)}" is not a purpose{near or ":"} write marketing, information or emergency'
    found.append(Trouble("purpose-invalid", "Purpose", words, cell))
    return ""


def _without_picture(sending: SendingCells, high: str, found: list[Trouble]) -> SendingCells:
    if sending.subject:
        words = f'only an MMS has a subject, "{cut(sending.subject)}": name an MMS template, or empty this cell'
        found.append(Trouble("mms-only", "Subject", words, sending.subject))
    if sending.high_resolution:
        words = f'only an MMS has a picture to link to, "{cut(high)}": name an MMS template, or empty this cell'
        found.append(Trouble("mms-only", "MmsHighResolution", words, high))
    return sending._replace(high_resolution=None)
