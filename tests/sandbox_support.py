"""A caller that asks a sandbox over a socket as a client would, and sandboxes that stand at noon of a day in 2031."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from batch.adapters.sandbox import Sandbox

NOON = datetime(2031, 3, 3, 12, 0, tzinfo=ZoneInfo("America/New_York")).timestamp()
PAYLOAD = {
    "CampaignName": "Sale #k7f3q2m9",
    "Message": "Half price <today> & tomorrow. Reply STOP to opt out",
    "GroupIds": ["100", "101"],
    "DateTime": "2031-03-04 10:00:00",
    "TypeRecipients": 0,
}
POST = "sms/send-group-schedule-message"
SCHEDULED = "sms/group-schedule-messages"
SENT = "sent-history/group-list"
JSON = {"Accept": "application/json", "Content-Type": "application/json"}


class Caller:
    """Asks a sandbox as a client would, a new connection each time."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def ask(self, method, path, body=None, headers=JSON, *, token=None, seconds=5.0, **query):
        parts = urlsplit(self.sandbox.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=seconds)
        query = {"access_token": self.sandbox.token if token is None else token, **query}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        try:
            connection.request(method, f"{parts.path}/{path}?{urlencode(query)}", data, headers)
            answer = connection.getresponse()
            answer.content = answer.read()
            return answer
        finally:
            connection.close()

    def get(self, path, **query):
        return self.ask("GET", path, **query)

    def post(self, **changes):
        payload = {name: value for name, value in {**PAYLOAD, **changes}.items() if value is not None}
        return self.ask("POST", POST, payload)

    def read(self, path, **query):
        answer = self.get(path, **query)
        assert answer.status == 200
        return json.loads(answer.content)


@contextlib.contextmanager
def sandboxes() -> Iterator[Callable[..., Caller]]:
    """Start sandboxes whose clock stands at noon of a day in 2031, and stop them all."""
    started: list[Sandbox] = []

    def start(**options) -> Caller:
        sandbox = Sandbox(**{"clock": lambda: NOON, "limit": 0, **options})
        started.append(sandbox)
        sandbox.start()
        return Caller(sandbox)

    yield start
    for sandbox in started:
        sandbox.close()
