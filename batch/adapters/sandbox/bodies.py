"""Write the provider's answers as JSON or XML."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum

from batch.model.records import dataclass

NAMES = {
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    411: "Length Required",
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    415: "Unsupported Media Type",
    421: "Misdirected Request",
    422: "Data Validation Failed.",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Time-out",
}
_WORDS = {
    401: "Your request was made with invalid credentials.",
    404: "Page not found.",
    415: "The requested content type is not supported.",
    429: "Rate limit exceeded.",
    500: "An internal server error occurred.",
}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class ReplyMode(StrEnum):
    """How a reply leaves, or does not."""

    SEND = "send"
    CLOSE = "close"
    RESET = "reset"
    HANG = "hang"
    DRIP = "drip"
    CUT = "cut"
    GARBAGE = "garbage"


@dataclass(slots=True)
class Reply:
    """One answer before it is written to the socket."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)
    how: ReplyMode = ReplyMode.SEND
    date_offset: float = 0.0
    """By how many seconds its Date header is ahead of the provider's clock."""


def wants_xml(accept: str) -> bool:
    """Say whether the answer goes out as XML: whenever JSON was not asked for by name."""
    return "json" not in accept.lower()


def write(value: object, *, xml: bool, status: int = 200) -> Reply:
    """Write a list or an object as the body of a reply."""
    if xml:
        return Reply(status, to_xml(value), "application/xml; charset=UTF-8")
    return Reply(status, to_json(value))


def write_error(status: int, *, xml: bool, words: str = "") -> Reply:
    """Write the error object of a stock Yii2 back end.

    https://www.yiiframework.com/doc/guide/2.0/en/rest-error-handling
    """
    name = NAMES.get(status, "Error")
    kind = re.sub(r"[^A-Za-z]", "", name.title())
    error = {
        "name": name,
        "message": words or _WORDS.get(status, name),
        "code": 0,
        "status": status,
        "type": f"yii\\web\\{kind}HttpException",
    }
    return write(error, xml=xml, status=status)


def write_page(status: int) -> Reply:
    """Write the HTML page of a gateway in front of the application."""
    title = f"{status} {NAMES.get(status, 'Error')}"
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Reply(status, page.encode(), "text/html")


def to_json(value: object) -> bytes:
    """Write a value as compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def to_xml(value: object) -> bytes:
    """Write a value as Yii2 does: `response` around it, `item` around each member of a list."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<response>{_inside(value)}</response>\n'.encode("utf-8", "replace")


def _inside(value: object) -> str:
    if isinstance(value, Mapping):
        return "".join(_element(str(name), part) for name, part in _doubled(value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "".join(_element("item", part) for part in value)
    return html.escape(_CONTROL.sub("", str(value)), quote=False)


def _element(name: str, value: object) -> str:
    if value in ("", None):
        return f"<{name}/>"
    return f"<{name}>{_inside(value)}</{name}>"


def _doubled(value: Mapping[object, object]) -> list[tuple[object, object]]:
    """Let ContactsCount stand twice in a scheduled campaign, as it does in the provider's sample."""
    pairs = list(value.items())
    if "GroupIds" not in value or "ContactsCount" not in value:
        return pairs
    place = list(value).index("GroupIds")
    return [*pairs[:place], ("ContactsCount", value["ContactsCount"]), *pairs[place:]]
