"""Let an action happen, or not, and turn its answer into what a fault makes of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from batch.adapters.sandbox.bodies import Reply, ReplyMode, write, write_error, write_page


def spoil(fault: str, act: Callable[[], Reply], *, xml: bool) -> Reply:
    """Let the action happen, or not, and turn its answer into what the fault makes of it."""
    if fault.endswith("-after") or fault in _ACTING:
        reply = act()
        return _turn(fault.removesuffix("-after"), reply, xml=xml)
    return _turn(fault.removesuffix("-before"), Reply(), xml=xml)


def _turn(fault: str, reply: Reply, *, xml: bool) -> Reply:
    if fault in _WAYS:
        return dataclasses.replace(reply, how=_WAYS[fault])
    if fault.startswith("html-"):
        return write_page(int(fault.removeprefix("html-")))
    if fault == "error":
        return write_error(500, xml=xml)
    if fault == "empty":
        return Reply(200, b"")
    if fault == "broken-json":
        return dataclasses.replace(reply, body=reply.body[: max(1, len(reply.body) * 2 // 3)])
    if fault == "redirect" or fault[:1] == "3":
        status = int(fault) if fault.isdigit() else 302
        return Reply(status, b"", headers={"Location": "/v1/sms/moved"})
    if fault == "422":
        return write([{"field": "Message", "message": "Message is not accepted."}], xml=xml, status=422)
    if fault.isdigit():
        return write_error(int(fault), xml=xml) if int(fault) >= 400 else Reply(int(fault), b"")
    return reply


_WAYS = {
    "close": ReplyMode.CLOSE,
    "reset": ReplyMode.RESET,
    "hang": ReplyMode.HANG,
    "cut": ReplyMode.CUT,
    "garbage": ReplyMode.GARBAGE,
    "drip": ReplyMode.DRIP,
    "rewrite-lost": ReplyMode.CLOSE,
}
_ACTING = frozenset(
    {"", "late", "broken-json", "cut", "empty", "garbage", "drip", "no-id", "same-id", "object", "xml", "rename"}
    | {"twice", "pending", "action-required", "rewrite", "rewrite-lost"}
)
"""The faults that let the action happen; `-after` says so by its name."""
