"""What the state machine knows besides the ledger: a provider that looks before it takes, and who said yes to what."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool
from torture_support import Clock

from batch.adapters.sandbox import Sandbox
from batch.adapters.sandbox.bodies import Reply
from batch.adapters.sandbox.endpoints import Request
from batch.core.identity import split_tag

_MARK = re.compile(r"\[(\d+(?:v\d+)?)\]")
_PREVIEW = re.compile(r"batch-(\d+)-(?:.*-)?[0-9a-f]{16}\.html")
SEEN_THROUGH = (
    "list-empty", "list-other-account", "list-total-off", "list-cut-pages", "list-names-upper", "list-names-html",
    "list-times-zone",
)  # fmt: skip
"""Lies that no list could tell in good faith; see test_lying_lists.py for those that it could."""


def mark_of(text: str) -> str:
    """Give the row's number and version, which stand in each text."""
    found = _MARK.search(text)
    return found[1] if found else ""


@dataclass
class Word:
    """Whose word lets a text go: a file dropped where nobody must approve, or a yes to a preview that showed it."""

    folder: Path
    free: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    """The watched folders in which a watch saw a file named STOP, and has not yet seen that it is gone."""

    def shown(self, batch: int) -> set[str]:
        """Give the rows that the previews of a batch show."""
        pages = [
            path for path in self.folder.glob("*.html")
            if (found := _PREVIEW.fullmatch(path.name)) and int(found[1]) == batch
        ]  # fmt: skip
        return {mark for page in pages for mark in _MARK.findall(html.unescape(page.read_text(encoding="utf-8")))}

    def forbids(self, text: str) -> str:
        """Say why a text must not go just now."""
        if self.stopped:
            return f"{text}: STOP lies in {', '.join(sorted(self.stopped))}"
        return "" if mark_of(text) in self.free else f"{text}: nobody said yes to it"


class WatchfulSandbox(Sandbox):
    """A provider that looks into the ledger at each POST: the intent must be there before the first byte.

    Its clock is the true one, whatever somebody sets the team's clock to.
    """

    ledger: Engine
    word: Word
    wrong: list[str]

    def follow(self, clock: Clock, ledger: str, word: Word) -> None:
        """Begin to look into the ledger at a URL."""
        start = clock.seconds() - clock.ticks
        self.account._clock = lambda: start + clock.ticks
        self.ledger = create_engine(ledger, poolclass=NullPool)
        self.word, self.wrong = word, []

    def _answer(self, request: Request) -> Reply:
        if request.method == "POST" and request.path.endswith("schedule-message"):
            payload = json.loads(request.body)
            if not self._is_announced(split_tag(str(payload["CampaignName"]))[1]):
                self.wrong.append(f"{payload['CampaignName']}: no intent on disk")
            if why := self.word.forbids(str(payload["Message"])):
                self.wrong.append(why)
        return super()._answer(request)

    def _is_announced(self, tag: str) -> bool:
        asked = (
            "SELECT count(*) FROM entries e JOIN attempts a ON a.entry = e.id "
            "WHERE e.tag = :tag AND e.status = 'submitting' AND a.ended_at IS NULL"
        )
        with self.ledger.connect() as ledger:
            return ledger.execute(text(asked), {"tag": tag}).scalar() == 1
