"""Decide which requests to the sandbox fail, and how: the faults of `--fault`."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Iterable, Mapping

from batch.model.records import dataclass

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
    "garbage": "create the campaign, answer with something that is not HTTP",
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
    "rewrite": "create the campaign under a name without its tag, three hours later than asked",
    "rewrite-lost": "do the same, then close the connection without an answer",
    "list-empty": "show a list with nothing on it",
    "list-first-only": "show only the oldest of the list",
    "list-newest-missing": "leave the newest out of the list",
    "list-oldest-missing": "leave the oldest out of the list",
    "list-other-account": "show the list of another account, with groups that this one never had",
    "list-stale-N": "show the list as it was N seconds ago",
    "list-total-off": "announce one more than there are on the list",
    "list-cut-pages": "leave out the second half of each page",
    "list-last-page-missing": "let the list end one page early, and announce that number of pages and campaigns",
    "list-names-upper": "show names in capital letters",
    "list-names-cut": "show names that lost their last five characters",
    "list-names-trim": "show names without outer, doubled or no-break blanks",
    "list-names-html": "show names with the signs of HTML escaped, the number sign and the apostrophe too",
    "list-names-nfd": "show names with each accent as a character of its own (Unicode NFD)",
    "list-times-zone": "show times in a zone three hours to the west",
    "date-ahead-N": "put a Date header on the answer that is N seconds ahead",
    "date-behind-N": "put a Date header on the answer that is N seconds behind",
}
"""Beside these, a bare HTTP status (`401`, `429`, `503`): answer it, create nothing; `503-after` creates first.

`N` stands for a number. What begins with `list-` lies about a list, by default that of scheduled campaigns; it counts
readings of the list, and a reading is all of its pages. What begins with `date-` is, by default, about all answers.
"""

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
_NUMBER = re.compile(r"-[0-9]+$")
_LISTS = ("scheduled", "sent", "groups")
_SPEC = re.compile(
    r"(?:(?P<target>[a-z]+)=)?(?P<kind>[1-5]\d\d(?:-after)?|[a-z][a-z0-9-]*?)"
    r"(?:@(?P<nth>\d+)|:(?P<chance>\d*\.?\d+)|x(?P<next>\d+))?"
)


@dataclass(slots=True)
class FaultRule:
    """One order: what goes wrong, with which requests, how often."""

    kind: str
    target: str = "posts"
    """A key of TARGETS."""
    nth: int = 0
    """The number of the one request of that target, counted from the start; 0 for any."""
    chance: float = 1.0
    next: int = 0
    """How many more times; 0 for without an end."""

    @property
    def bends(self) -> bool:
        """Say whether the request goes well and only the answer is bent, so that several orders go together."""
        return self.kind.startswith(("list-", "date-"))

    def meets(self, path: str, *, post: bool) -> bool:
        """Say whether a request is one of those that this order is about."""
        if self.kind.startswith("list-") and not path.startswith(tuple(TARGETS[name] for name in _LISTS)):
            return False
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
        self._requests: dict[str, int] = {}
        self._readings: dict[str, int] = {}
        self._bent: dict[str, tuple[str, ...]] = {}
        self.orders: list[FaultRule] = [parse_fault(spec) for spec in specs]

    def add(self, spec: str) -> FaultRule:
        """Put an order, as `--fault` writes it, behind those that are there; the first that fits counts.

        Those that only bend an answer (`list-...`, `date-...`) all count, in their order. `@N` counts from the start
        of the sandbox; `x1` is "the next one". Raises ValueError.
        """
        fault = parse_fault(spec)
        with self._lock:
            self.orders.append(fault)
        return fault

    def clear(self) -> None:
        """Let everything go well from now on."""
        with self._lock:
            self.orders.clear()
            self._bent.clear()

    def pick(self, path: str, *, post: bool) -> str:
        """Count one request and say what goes wrong with it; an empty text when nothing does."""
        with self._lock:
            _count(self._requests, path, post=post)
            for fault in self.orders:
                if not fault.bends and fault.meets(path, post=post) and self._strikes(fault, self._requests):
                    return fault.kind
        return ""

    def bend(self, path: str, *, post: bool, first: bool) -> tuple[str, ...]:
        """Count one reading and say how its answers are bent; `first` is false for the further pages of one."""
        with self._lock:
            if first:
                _count(self._readings, path, post=post)
                due = [fault for fault in self.orders if fault.bends and fault.meets(path, post=post)]
                self._bent[path] = tuple(fault.kind for fault in due if self._strikes(fault, self._readings))
            return self._bent.get(path, ())

    def _strikes(self, fault: FaultRule, counts: Mapping[str, int]) -> bool:
        if fault.nth and fault.nth != counts[fault.target]:
            return False
        if fault.chance < 1 and self._random.random() >= fault.chance:
            return False
        if fault.next:
            fault.next -= 1
            if not fault.next:
                self.orders.remove(fault)
        return True


def parse_fault(spec: str) -> FaultRule:
    """Read an order: `[target=]kind[@N | :P | xN]`; raises ValueError with words for a person.

    `close-after@3` is the third POST, `html-502:0.1` one POST in ten, `429x2` the next two, `sent=500` every
    reading of the sent history, `list-emptyx2` the next two readings of the scheduled campaigns.
    """
    found = _SPEC.fullmatch(spec.strip())
    kind = found["kind"] if found else ""
    if found is None or not (is_kind(kind) or kind[:3].isdigit()):
        raise ValueError(f'there is no fault "{spec}": write one of {", ".join(KINDS)}, or an HTTP status')
    target = found["target"] or _target_of(kind)
    if target not in TARGETS:
        raise ValueError(f'there is nothing called "{target}" to go wrong: write one of {", ".join(TARGETS)}')
    if kind.startswith("list-") and target not in (*_LISTS, "reads", "all"):
        raise ValueError(f'"{target}" is not a list: write one of {", ".join(_LISTS)}')
    chance = float(found["chance"]) if found["chance"] else 1.0
    return FaultRule(kind, target, int(found["nth"] or 0), chance, int(found["next"] or 0))


def is_kind(kind: str) -> bool:
    """Say whether a word is one of KINDS; a number stands where they have `N`."""
    return kind in KINDS or _NUMBER.sub("-N", kind) in KINDS


def number_in(kind: str) -> float:
    """Give the number of a fault that has one."""
    return float(kind.rpartition("-")[2])


def _target_of(kind: str) -> str:
    if kind.startswith("list-"):
        return "scheduled"
    return "all" if kind.startswith("date-") else "posts"


def _count(counts: dict[str, int], path: str, *, post: bool) -> None:
    for target in TARGETS:
        if FaultRule("", target).meets(path, post=post):
            counts[target] = counts.get(target, 0) + 1
