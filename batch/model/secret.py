"""A secret that prints as stars, and the one way to remove it from a text."""

from __future__ import annotations

import functools
import json
import logging
import re
from html import escape
from typing import NoReturn
from urllib.parse import quote, quote_plus

STARS = "********"
SHORTEST = 8
"""Characters below which a secret could be part of an innocent word or Id of a body."""
_LOWER = re.compile("%[0-9A-F]{2}")
_quote_all = functools.partial(quote, safe="")


class Secret:
    """A token or password; only `reveal` gives it away, and only the room that sends it calls that."""

    __slots__ = ("_forms", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        # An environment variable that is not UTF-8 comes with lone surrogates, which quote would choke on.
        encoded = {each(value, errors="surrogateescape") for each in (_quote_all, quote, quote_plus)}
        lower = {_LOWER.sub(lambda found: found.group().lower(), form) for form in encoded}
        written = {repr(value)[1:-1], json.dumps(value)[1:-1], json.dumps(value)[1:-1].replace("/", r"\/")}
        forms = {value, escape(value)} | encoded | lower | written
        self._forms = sorted((form for form in forms if form), key=len, reverse=True)

    def reveal(self) -> str:
        """Give the secret itself."""
        return self._value

    def redact(self, text: str) -> str:
        """Put stars where the secret stands in a text, raw, URL-encoded, or as JSON and HTML write it."""
        for form in self._forms:
            text = text.replace(form, STARS)
        return text

    def redact_bytes(self, body: bytes) -> bytes:
        """Put stars where the secret stands in a body; one too short to be told from other text is left."""
        if len(self._value) < SHORTEST:
            return body
        for form in self._forms:
            body = body.replace(form.encode("utf-8", "surrogateescape"), STARS.encode("ascii"))
        return body

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return f"Secret({STARS!r})"

    def __str__(self) -> str:
        return STARS

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never written to a file or sent to another process")


class RedactingFilter(logging.Filter):
    """Take secrets out of every log record that passes a handler, message and traceback alike."""

    def __init__(self, *secrets: Secret) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place and let it pass."""
        try:
            words = record.getMessage()
        except Exception:  # a record whose arguments do not fit: logging would show both, so they are cleaned
            words = f"{record.msg} {record.args!r}"
        record.msg, record.args = self._clean(words), None
        if record.exc_info:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
            record.exc_info = None
        if record.exc_text:  # also one that an earlier handler has left here
            record.exc_text = self._clean(record.exc_text)
        if record.stack_info:
            record.stack_info = self._clean(record.stack_info)
        return True

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = secret.redact(text)
        return text
