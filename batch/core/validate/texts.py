"""Checks the text itself, one function a check: length, opt-out, brand, slips, links, subjects, costly characters."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from batch.core.identity import fold
from batch.core.parts import costly
from batch.core.patterns import pattern
from batch.core.printable import cut
from batch.core.validate.dates_in_text import DATE_WORDS, find_misfits
from batch.core.validate.mojibake import check_doubled
from batch.core.validate.placeholders import WORDS as PLACEHOLDER_WORDS
from batch.core.validate.placeholders import find_placeholders
from batch.core.validate.terms import Terms
from batch.core.validate.trouble import NO_TROUBLE, Trouble
from batch.model import Parts

FIELD = "Message"

_STOP = r"stop(?:all)?|end|quit|unsubscribe|cancel|opt-?\s?out|revoke|alto|parar|fin|baja"
_INSTRUCTION = pattern(
    r"(?P<no>\b(?:do\s*n[o']?t|don’t|never)\s+)?"
    r"\b(?:reply|replying|text|texting|txt|send|sending|respond|write|answer|responda|responde|env[ií]a|env[ií]e|conteste|texto)"
    r"(?:\s+(?:back|us|with|the|word|a|to\s+[\d-]{5,12}|con|la|palabra))*"
    rf"[\s:]*[\"'“‘«(*]*(?:{_STOP})\b(?!\s+(?:of|the|up)\b)"
)
_UPPER_STOP = pattern(
    r"\bSTOP(?:ALL)?\b[\"'”’)]*\s*(?:=|:|-|2|to|for|and|TO|para)\s*"
    r"(?:end|quit|opt|cancel|unsub|stop|be\s+removed|no\s+more|leave|END|QUIT|OPT|CANCEL|UNSUB|salir|cancelar)"
    r"|\bSTOP2(?:END|QUIT|STOP|OUT)"
)
_SHORTENERS = (
    "bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "v.gd", "buff.ly", "cutt.ly", "shorturl.at", "rb.gy",
    "t.ly", "tiny.cc", "s.id", "lnkd.in", "adf.ly", "qr.ae", "soo.gd", "clck.ru", "shorte.st", "x.co", "dlvr.it",
    "fb.me", "wp.me", "bl.ink", "short.io", "rebrand.ly", "tiny.one", "shorturl.com", "bit.do", "mcaf.ee", "u.to",
    "trib.al", "snip.ly", "tr.im", "spr.ly", "po.st", "j.mp",
)  # fmt: skip
_DOTTED = pattern(r"\.[a-z]{2}")
_SHORT_LINK = pattern(
    rf"(?<![\w.@-])(?:https?://)?(?:www\.)?({'|'.join(re.escape(host) for host in _SHORTENERS)})(?![\w-]|\.\w)"
)
_MARKS = "!\"#$%&'()*+,./:;<=>?@[\\]^_`{|}~\n\r\t-"
_ASCII_BREAKS = bytes(ord(" ") if chr(code) in _MARKS else code for code in range(256))
# The other ASCII characters stand for themselves here, since each one that is looked up in vain costs an exception.
_BREAKS = {code: code for code in range(128)} | str.maketrans(dict.fromkeys(f"{_MARKS}’–—“”…", " "))


class Text(NamedTuple):
    """One rendered text with what the checks ask of it again and again."""

    message: str
    lowered: str
    words: frozenset[str]
    """Those of its words, in lower case, that make some rule look closer; most texts have hardly any."""
    parts: Parts
    sent: date | None
    """The send date in the row's zone; None when it could not be read."""


TextCheck = Callable[[Text, Terms], tuple[Trouble, ...]]


def signal_words(terms: Terms) -> frozenset[str]:
    """Give the words that make a rule look closer at a text."""
    return DATE_WORDS | PLACEHOLDER_WORDS | terms.forbidden_starts


def make_text(message: str, parts: Parts, sent: date | None, signals: frozenset[str]) -> Text:
    """Take a text apart once for all checks; `signals` are the words that they look for."""
    lowered = message.lower()
    if lowered.isascii():  # ten times as fast this way
        apart = lowered.encode("ascii").translate(_ASCII_BREAKS).decode("ascii")
    else:
        apart = lowered.translate(_BREAKS)
    return Text(message, lowered, signals.intersection(apart.split()), parts, sent)


def check_texts(texts: Sequence[Text | None], terms: Terms) -> list[tuple[Trouble, ...]]:
    """Give everything that is worth a word about each text, one check after the other; of none there is none."""
    found: list[tuple[Trouble, ...]] = [NO_TROUBLE] * len(texts)
    there = [(at, text) for at, text in enumerate(texts) if text is not None]
    for check in TEXT_CHECKS:
        for at, text in there:
            if troubles := check(text, terms):
                found[at] += troubles
    return found


def too_long(message: str, terms: Terms) -> tuple[Trouble, ...]:
    """Hold a text to the provider's limit of 480 characters (https://www.protexting.com, the API's page on sending)."""
    longest = terms.rules.max_characters
    if len(message) <= longest:
        return NO_TROUBLE
    words = (
        f"the text has {len(message)} characters, at most {longest} are allowed: shorten it by {len(message) - longest}"
    )
    return (Trouble("message-too-long", FIELD, words, message),)


def _brand_missing(text: Text, terms: Terms) -> tuple[Trouble, ...]:
    if not terms.brand or terms.brand in text.lowered or terms.brand in fold(text.message):
        return NO_TROUBLE
    words = f'the text does not name "{terms.rules.brand}": people must see who is writing; add it'
    return (Trouble("brand-missing", FIELD, words, text.message),)


def _no_opt_out(text: Text, _: Terms) -> tuple[Trouble, ...]:
    if _tells_how_to_stop(text):
        return NO_TROUBLE
    words = 'the text does not say how to opt out: add "Reply STOP to opt out"'
    return (Trouble("no-opt-out", FIELD, words, text.message),)


def _tells_how_to_stop(text: Text) -> bool:
    lowered = text.lowered
    if "reply stop" in lowered and "t reply stop" not in lowered:
        return True
    if any(not found["no"] for found in _INSTRUCTION.finditer(lowered)):
        return True
    return "STOP" in text.message and _UPPER_STOP.search(text.message) is not None


def _costly_characters(text: Text, _: Terms) -> tuple[Trouble, ...]:
    if text.parts.encoding != "UCS-2":
        return NO_TROUBLE
    named = "; ".join(_name_costly(one.character, one.name, one.plain) for one in costly(text.message)[:5])
    if not named:
        return NO_TROUBLE
    words = f"these characters make the text travel in smaller parts ({text.parts.count} now): {named}"
    return (Trouble("costly-characters", FIELD, words, text.message),)


def _name_costly(character: str, name: str, plain: str | None) -> str:
    if plain is None:
        return f'"{character}" ({name}), leave it out if you can'
    return f'"{character}" ({name}), write "{plain}"' if plain.strip() else f"{name}, type a plain space, or nothing"


def _doubled(text: Text, _: Terms) -> tuple[Trouble, ...]:
    return check_doubled(text.message, FIELD)


def _many_parts(text: Text, terms: Terms) -> tuple[Trouble, ...]:
    if text.parts.count <= terms.rules.max_parts:
        return NO_TROUBLE
    words = (
        f"the text travels in about {text.parts.count} parts, each paid for, more than the {terms.rules.max_parts} "
        "agreed on: shorten it, or leave out the characters that cost"
    )
    return (Trouble("many-parts", FIELD, words, text.message),)


def _placeholder(text: Text, _: Terms) -> tuple[Trouble, ...]:
    return check_placeholders(text.message, FIELD, text.words)


def check_placeholders(text: str, field: str, words: frozenset[str] | None = None) -> tuple[Trouble, ...]:
    """Hold a text with something in it that was never filled in."""
    found = find_placeholders(text, words)
    if not found:
        return NO_TROUBLE
    said = f"{_quote(found)} looks like a placeholder that was never filled in: write what belongs there"
    return (Trouble("placeholder", field, said, found[0]),)


def _date_in_text(text: Text, terms: Terms) -> tuple[Trouble, ...]:
    if text.sent is None:
        return NO_TROUBLE
    misfits = find_misfits(text.message, text.words, text.sent, terms.rules.date_order)
    if not misfits:
        return NO_TROUBLE
    return tuple(Trouble("date-in-text", FIELD, _explain_misfit(*misfit), misfit.written) for misfit in misfits)


def _explain_misfit(written: str, why: str) -> str:
    return f'"{written}" in the text {why}: fix the text or the date'


def _short_link(text: Text, _: Terms) -> tuple[Trouble, ...]:
    if not _DOTTED.search(text.lowered):
        return NO_TROUBLE
    found = _SHORT_LINK.search(text.lowered)
    if not found:
        return NO_TROUBLE
    words = f'"{found[1]}" is a link shortener that everybody shares, and carriers like to block: write the full link'
    return (Trouble("short-link", FIELD, words, found[1]),)


def _forbidden_subject(text: Text, terms: Terms) -> tuple[Trouble, ...]:
    if terms.forbidden is None or text.words.isdisjoint(terms.forbidden_starts):
        return NO_TROUBLE
    found = _find_words(terms.forbidden, text.lowered)
    if not found:
        return NO_TROUBLE
    words = f"{_quote(found)} is about a subject that carriers forbid or restrict: make sure that it may be sent"
    return (Trouble("forbidden-subject", FIELD, words, found[0]),)


def _word_listed(text: Text, terms: Terms) -> tuple[Trouble, ...]:
    found = _find_words(terms.listed, text.lowered) if terms.listed else ()
    if not found:
        return NO_TROUBLE
    words = f"{_quote(found)} is on the team's word list: write it another way"
    return (Trouble("word-listed", FIELD, words, found[0]),)


TEXT_CHECKS: tuple[TextCheck, ...] = (
    _brand_missing,
    _placeholder,
    _date_in_text,
    _no_opt_out,
    _doubled,
    _costly_characters,
    _many_parts,
    _short_link,
    _forbidden_subject,
    _word_listed,
)


def _find_words(pattern: re.Pattern[str], lowered: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(" ".join(match[0].split()) for match in pattern.finditer(lowered)))


def _quote(found: tuple[str, ...]) -> str:
    return ", ".join(f'"{cut(word, 30)}"' for word in found[:3])
