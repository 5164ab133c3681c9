"""Decide which request goes wrong, and how; it alone knows the words of `--fault`."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass

KINDS = {
    "close-before": "close the connection, create nothing",
    "close-after": "create the campaign, then close the connection without an answer",
    "reset-before": "reset the connection, create nothing",
    "reset-after": "create the campaign, then reset the connection",
    "hang": "create nothing and never answer",
    "hang-after": "create the campaign and never answer",
    "late": "close the connection; create the campaign only a while later",
    "error-before": "answer 500, create nothing",
    "error-after": "create the campaign, then answer 500",
    "html-502": "answer with a gateway's page, create nothing",
    "html-502-after": "create the campaign, then answer with a gateway's page (502)",
    "html-504-after": "create the campaign, then answer with a gateway's page (504)",
    "html-200": "answer 200 with a page of HTML, create nothing",
    "broken-json": "create the campaign, answer with JSON that ends in the middle",
    "cut": "create the campaign, send less than the announced length, then close",
    "empty": "create the campaign, answer 200 with nothing in it",
    "empty-before": "create nothing, answer 200 with nothing in it",
    "garbage": "create the campaign, answer with what is no HTTP",
    "drip": "create the campaign, answer with one byte a second",
    "redirect": "answer 302, create nothing",
    "no-id": "create the campaign, leave the Id out of the answer",
    "same-id": "create nothing, answer with the campaign before",
    "object": "create the campaign, answer with a bare object instead of a list",
    "xml": "create the campaign, answer with XML whatever was asked for",
    "rename": "create the campaign under a name that lost its end",
    "twice": "create the campaign twice, answer with the second one",
    "pending": "create the campaign, not yet approved",
    "action-required": "create the campaign with the status Action Required",
}
"""Beside these, a bare HTTP status (`401`, `429`, `503`): answer it, create nothing; `503-after` creates first."""

TARGETS = {
    "posts": "sms/send-group-schedule-message",
    "scheduled": "sms/group-schedule-messages",
    "sent": "sent-history/group-list",
    "delivery": "sent-history/group-contacts",
    "groups": "groups/",
    "templates": "mms-template/index",
    "credits": "credits/balance",
    "reads": "",
    "all": "",
}
_SPEC = re.compile(
    r"(?:(?P<target>[a-z]+)=)?(?P<kind>[1-5]\d\d(?:-after)?|[a-z][a-z0-9-]*?)"
    r"(?:@(?P<nth>\d+)|:(?P<chance>\d*\.?\d+)|x(?P<next>\d+))?"
)


@dataclass(slots=True)
class Fault:
    """One order: what goes wrong, with which requests, how often."""

    kind: str
    target: str = "posts"
    """A key of TARGETS."""
    nth: int = 0
    """The number of the one request of that target, counted from the start; 0 for any."""
    chance: float = 1.0
    next: int = 0
    """How many more times; 0 for without an end."""

    def meets(self, path: str, *, post: bool) -> bool:
        """Say whether a request is one of those that this order is about."""
        if self.target == "all":
            return True
        if self.target == "reads":
            return not post
        return path.startswith(TARGETS[self.target])


class Faults:
    """The orders of one sandbox; they may be added to and cleared while it runs."""

    def __init__(self, specs: Iterable[str] = (), *, seed: int | None = None) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)  # noqa: S311 - it picks accidents, not secrets
        self._counts: dict[str, int] = {}
        self.orders: list[Fault] = [parse_fault(spec) for spec in specs]

    def add(self, spec: str) -> Fault:
        """Put an order, as `--fault` writes it, behind those that are there; the first that fits counts.

        `@N` counts from the start of the sandbox; `x1` is "the next one". Raises ValueError.
        """
        fault = parse_fault(spec)
        with self._lock:
            self.orders.append(fault)
        return fault

    def clear(self) -> None:
        """Let everything go well from now on."""
        with self._lock:
            self.orders.clear()

    def pick(self, path: str, *, post: bool) -> str:
        """Count one request and say what goes wrong with it; an empty text when nothing does."""
        with self._lock:
            for target in TARGETS:
                if Fault("", target).meets(path, post=post):
                    self._counts[target] = self._counts.get(target, 0) + 1
            for fault in self.orders:
                if fault.meets(path, post=post) and self._strikes(fault):
                    return fault.kind
        return ""

    def _strikes(self, fault: Fault) -> bool:
        if fault.nth and fault.nth != self._counts[fault.target]:
            return False
        if fault.chance < 1 and self._random.random() >= fault.chance:
            return False
        if fault.next:
            fault.next -= 1
            if not fault.next:
                self.orders.remove(fault)
        return True


def parse_fault(spec: str) -> Fault:
    """Read an order: `[target=]kind[@N | :P | xN]`; raises ValueError with words for a person.

    `close-after@3` is the third POST, `html-502:0.1` one POST in ten, `429x2` the next two, `sent=500` every
    reading of the sent history.
    """
    found = _SPEC.fullmatch(spec.strip())
    kind = found["kind"] if found else ""
    if found is None or not (kind in KINDS or kind[:3].isdigit()):
        raise ValueError(f'there is no fault "{spec}": write one of {", ".join(KINDS)}, or an HTTP status')
    target = found["target"] or "posts"
    if target not in TARGETS:
        raise ValueError(f'there is nothing called "{target}" to go wrong: write one of {", ".join(TARGETS)}')
    chance = float(found["chance"]) if found["chance"] else 1.0
    return Fault(kind, target, int(found["nth"] or 0), chance, int(found["next"] or 0))
