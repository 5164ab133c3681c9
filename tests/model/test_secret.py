"""A secret prints as stars, whatever is done to it."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
from html import escape
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_support import TOKEN, TOKEN_FORMS

from batch.model.secret import STARS, RedactingFilter, Secret

SECRET = Secret(TOKEN)
FORMS = [
    TOKEN,
    quote(TOKEN),
    quote(TOKEN, safe=""),
    quote_plus(TOKEN),
    quote(TOKEN, safe="").lower(),
    json.dumps(TOKEN)[1:-1],
    json.dumps(TOKEN)[1:-1].replace("/", r"\/"),
    escape(TOKEN),
]


def test_only_reveal_gives_it_away():
    """Neither printing nor formatting nor a look inside a container."""
    assert SECRET.reveal() == TOKEN
    assert [str(SECRET), f"{SECRET}", "%s" % SECRET, repr(SECRET)] == [STARS, STARS, STARS, f"Secret('{STARS}')"]  # noqa: UP031
    assert TOKEN not in repr({"token": SECRET, "more": [SECRET]})


def test_an_empty_secret_is_none():
    """So that a missing token can be asked for; and it takes nothing out."""
    assert not Secret("")
    assert SECRET
    assert Secret("").redact("a text") == "a text"
    assert Secret("").redact_bytes(b"a text") == b"a text"


@pytest.mark.parametrize("write", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_is_never_written_to_a_file_or_another_process(write):
    """A pickle would hold it plain."""
    with pytest.raises(TypeError, match="never written"):
        write(SECRET)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_it_is_taken_out_of_texts_and_bodies(form):
    """Raw, URL-encoded in both cases of the hexadecimals, as JSON (PHP's too) and as HTML write it."""
    assert SECRET.redact(f"a {form} b {form}") == f"a {STARS} b {STARS}"
    assert SECRET.redact_bytes(f"a {form} b".encode()) == f"a {STARS} b".encode()


@given(st.text(st.characters(codec="utf-8"), min_size=8, max_size=30))
def test_any_token_is_gone_from_any_url(token):
    """Whatever characters somebody's token has."""
    secret = Secret(token)
    for form in (token, urlencode({"access_token": token}), quote(token), json.dumps(token)):
        left = secret.redact(f"<{form}>").replace(STARS, "")
        assert token not in left
        assert quote(token, safe="") not in left
        assert secret.redact_bytes(f"<{form}>".encode()).replace(STARS.encode(), b"").find(token.encode()) == -1


def test_a_token_with_quotes_and_backslashes_is_gone_as_python_shows_it():
    """An exception's repr doubles the backslash."""
    secret = Secret("it\\s a token\n")
    assert secret.redact(repr("<it\\s a token\n>")) == f"'<{STARS}>'"


def test_a_token_of_letters_alone_is_gone_too():
    """All its forms are one."""
    assert Secret("plaintoken123").redact("access_token=plaintoken123&page=2") == f"access_token={STARS}&page=2"


def test_the_longest_form_goes_first():
    """Else its end would be left to be read."""
    assert Secret("ends-in-and&").redact("<ends-in-and&amp;>") == f"<{STARS}>"


def test_a_token_that_is_no_text_is_still_a_token():
    """The environment hands over bytes that are no UTF-8 as lone surrogates."""
    secret = Secret("abcdefgh\udcff")
    assert secret.redact("x abcdefgh%FF y") == f"x {STARS} y"
    assert secret.redact_bytes(b"x abcdefgh\xff y") == f"x {STARS} y".encode()


def test_a_short_secret_does_not_eat_the_ids_of_a_body():
    """A token `12` would turn Id 12345 into stars; texts are cleaned anyway."""
    assert Secret("1234567").redact_bytes(b'{"Id":12345678}') == b'{"Id":12345678}'
    assert Secret("12345678").redact_bytes(b'{"Id":12345678}') == f'{{"Id":{STARS}}}'.encode()
    assert Secret("1234567").redact("Id 12345678") == f"Id {STARS}8"


def listen(*secrets: Secret) -> tuple[logging.Logger, io.StringIO]:
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    handler.addFilter(RedactingFilter(*secrets))
    logger = logging.Logger("test", logging.DEBUG)
    logger.addHandler(handler)
    return logger, heard


def test_a_log_record_is_cleaned_in_message_arguments_and_traceback():
    """And says all the rest."""
    logger, heard = listen(SECRET, Secret("hush-hush"))
    logger.debug("GET %s with %r and %s", f"/v1?access_token={TOKEN_FORMS[1]}", SECRET, "hush-hush")
    try:
        raise ValueError(f"cannot open {TOKEN}")
    except ValueError:
        logger.exception("it broke", stack_info=True)
    said = heard.getvalue()
    assert said.startswith(f"DEBUG GET /v1?access_token={STARS} with Secret('{STARS}') and {STARS}\nERROR it broke\n")
    assert f"ValueError: cannot open {STARS}" in said
    assert "Stack (most recent call last)" in said
    assert said.count("Traceback") == 1
    assert not [form for form in TOKEN_FORMS if form in said]


def test_the_stack_of_a_record_is_cleaned():
    """It shows lines of source, and those may hold a token in a test or a notebook."""
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "words", None, None)
    record.stack_info = f"Stack:\n  use({TOKEN})"
    record.exc_text = f"Traceback: {TOKEN}"
    assert RedactingFilter(SECRET).filter(record) is True
    assert record.stack_info == f"Stack:\n  use({STARS})"
    assert (record.exc_info, record.exc_text, record.args) == (None, f"Traceback: {STARS}", None)


def test_a_record_whose_arguments_do_not_fit_is_cleaned_too():
    """Logging would print both of them to standard error, token and all."""
    logger, heard = listen(SECRET)
    logger.info("%d of %d", TOKEN)  # noqa: PLE1206  that is the point
    assert heard.getvalue() == f"INFO %d of %d ('{STARS}',)\n"
