"""The kinds of value that a setting can be, each with the words for what it should have been.

No message here repeats what was given: a token pasted into the wrong place must not be shown by the error about it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from batch.core.hosts import is_loopback
from batch.core.ledger_urls import HOW, is_misspelled
from batch.model.days import WEEKDAYS, weekday_number

_HOURS = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*-\s*([01]?\d|2[0-4]):([0-5]\d)", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_DOMAIN = re.compile(r"(?:[a-z0-9-]{1,63}\.)*[a-z0-9-]{1,63}")
_ADDRESS = re.compile(r"(?:[^<>@,;\s\"]+@[^<>@,;\s\"]+|[^<>@,;\r\n\"]*<[^<>@,;\s\"]+@[^<>@,;\s\"]+>)")

BOUNDS = {"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le"}
"""Pydantic's errors about a number that is too small or too large, with the key of the bound."""


def split_list(given: object) -> object:
    """Take a text with commas, as the environment has it, for a list; days of TOML become texts."""
    if isinstance(given, str):
        return tuple(part.strip() for part in given.split(",") if part.strip())
    if isinstance(given, list):
        return tuple(item.isoformat() if isinstance(item, date) else item for item in given)
    return given


def _no_blank(given: object) -> object:
    return None if isinstance(given, str) and not given.strip() else given


@cache
def _zone_exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return False
    return True


def _zone(given: str) -> str:
    name = given.strip()
    if name and not _zone_exists(name):
        raise ValueError("a time zone such as America/Chicago")
    return name


def _sure_zone(given: str) -> str:
    if not given.strip():
        raise ValueError("a time zone such as America/Chicago")
    return _zone(given)


def _hours(given: str) -> str:
    text = given.strip()
    found = _HOURS.fullmatch(text)
    if text and (found is None or (found[1], found[2]) == (found[3], found[4])):
        raise ValueError("hours such as 21:00-08:00, or an empty text for none")
    return text


def _clock(given: str) -> str:
    if not _CLOCK.fullmatch(given.strip()):
        raise ValueError("a time of day such as 02:00")
    return given.strip()


def _weekday(given: str) -> str:
    number = weekday_number(given)
    if number is None:
        raise ValueError("a weekday such as monday")
    return WEEKDAYS[number].casefold()


def _address(given: str) -> str:
    if given and not _ADDRESS.fullmatch(given.strip()):
        raise ValueError("a mail address such as ops@example.com or Ops <ops@example.com>")
    return given.strip()


def _domain(given: str) -> str:
    name = given.strip().removeprefix("@").casefold()
    if not _DOMAIN.fullmatch(name):
        raise ValueError("a domain such as example.com")
    return name


def _provider_url(given: str) -> str:
    try:
        parts = urlsplit(given.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("an address such as https://api2.protexting.com/v1") from None
    if not host or parts.scheme not in {"https", "http"} or parts.query or parts.fragment:
        raise ValueError("an address such as https://api2.protexting.com/v1")
    if parts.username is not None:
        raise ValueError("an address without a name and password in it")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(
            "an address that begins with https:// (http:// would show the token to anybody on the network)"
        )
    return given.strip().rstrip("/")


def _home(given: Path | None) -> Path | None:
    if given is None:
        return None
    try:
        return given.expanduser()
    except RuntimeError:
        return given


def _encoding(given: str) -> str:
    try:
        "a".encode(given.strip())
    except (LookupError, ValueError):
        raise ValueError("the name of an encoding such as cp1252 or utf-8") from None
    return given.strip()


def _ledger_url(given: str) -> str:
    if is_misspelled(given):
        raise ValueError(HOW)
    if not re.match(r"[a-z][a-z0-9+]*://", given.strip()):
        raise ValueError("an address such as sqlite:///ledger.sqlite3")
    return given.strip()


Texts = Annotated[tuple[str, ...], BeforeValidator(split_list)]
Zone = Annotated[str, AfterValidator(_zone)]
SureZone = Annotated[str, AfterValidator(_sure_zone)]
Zones = Annotated[tuple[SureZone, ...], BeforeValidator(split_list)]
Hours = Annotated[str, AfterValidator(_hours)]
Clock = Annotated[str, AfterValidator(_clock)]
Weekday = Annotated[str, AfterValidator(_weekday)]
Weekdays = Annotated[tuple[Weekday, ...], BeforeValidator(split_list)]
Purposes = Annotated[tuple[Literal["marketing", "information", "emergency"], ...], BeforeValidator(split_list)]
Address = Annotated[str, AfterValidator(_address)]
Domains = Annotated[tuple[Annotated[str, AfterValidator(_domain)], ...], BeforeValidator(split_list)]
Addresses = Annotated[tuple[Address, ...], BeforeValidator(split_list)]
ProviderUrl = Annotated[str, AfterValidator(_provider_url)]
Encoding = Annotated[str, AfterValidator(_encoding)]
LedgerUrl = Annotated[str, AfterValidator(_ledger_url)]
Positive = Annotated[float, Field(gt=0, le=86_400)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
CountOrNone = Annotated[int, Field(ge=0)]
FilePath = Annotated[Path | None, BeforeValidator(_no_blank), AfterValidator(_home)]
Longest = Annotated[Annotated[int, Field(ge=20)] | None, BeforeValidator(_no_blank)]


def say_expected(kind: str, context: Mapping[str, Any]) -> str:
    """Say what a setting takes, by the kind of pydantic's error."""
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        return str(context["expected"]).replace("'", "")
    if kind.startswith(("int_", "float_", "finite_")):
        return "a whole number" if kind.startswith("int_") else "a number"
    if kind in BOUNDS:
        words = {"gt": "a number above", "ge": "a number from", "lt": "a number below", "le": "a number up to"}
        return f"{words[BOUNDS[kind]]} {context[BOUNDS[kind]]:g}"
    if kind.startswith("bool_"):
        return "true or false"
    if kind.startswith("tuple_"):
        return 'a list such as ["one", "two"]'
    if kind.startswith("string_too"):
        return "a text that is not empty" if "min_length" in context else f"at most {context['max_length']} characters"
    return "a text in quotes"
