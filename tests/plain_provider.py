"""A second provider for the tests, written from the provider's documentation and from nothing of ours.

It keeps every request as it came, raw, and answers with the documented bodies; it has no quirks and no faults.
`python tests/plain_provider.py --port 0` prints its URL and answers until it is killed.
"""

from __future__ import annotations

import argparse
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

GROUPS = {100: 412, 101: 388, 102: 205, 103: 176, 104: 231, 105: 634, 106: 289, 107: 198, 108: 527, 109: 341, 110: 298,
          111: 712, 112: 264, 113: 303, 114: 187, 115: 142, 120: 400, 121: 960, 122: 1480}  # fmt: skip
TEMPLATES = {500: 3, 501: 3, 502: 3, 503: 2}
PER_PAGE = 100


class PlainProvider:
    """A provider on 127.0.0.1: `requests` is what came in, `scheduled` and `sent` what it holds."""

    def __init__(self, token: str = "plain-token", port: int = 0) -> None:
        self.token = token
        self.requests: list[dict] = []
        self.scheduled: list[dict] = []
        self.sent: list[dict] = []
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", port), type("Bound", (Answering,), {"provider": self}))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    @property
    def payloads(self) -> list[dict]:
        """Give the JSON bodies of the schedule requests, in the order in which they came."""
        return [json.loads(request["body"]) for request in self.requests if request["method"] == "POST"]

    def send(self, campaign_id: str) -> None:
        """Move a scheduled campaign to the sent history, in the sent history's own shape."""
        with self.lock:
            campaign = next(one for one in self.scheduled if one["Id"] == campaign_id)
            self.scheduled.remove(campaign)
            kept = ("CampaignName", "Message", "DateTime", "Type_Id", "Type_Description", "MmsTemplateId", "Subject")
            moved = {"Id": int(campaign["Id"]), "ContactsCount": int(campaign["ContactsCount"])}
            self.sent.append({**moved, **{name: campaign[name] for name in kept}})

    def __enter__(self) -> PlainProvider:
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


class Answering(BaseHTTPRequestHandler):
    """One connection to the plain provider."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    provider: PlainProvider

    def do_GET(self) -> None:
        """Answer the documented lists."""
        path, query = self._note(b"")
        if not self._knows(query):
            return
        provider = self.provider
        with provider.lock:
            lists = {
                "/v1/sms/group-schedule-messages": list(provider.scheduled),
                "/v1/sent-history/group-list": list(provider.sent),
                "/v1/sent-history/group-contacts": _contacts(query.get("id", "")),
                "/v1/groups/index": [_group(number) for number in GROUPS],
                "/v1/mms-template/index": [_template(number) for number in TEMPLATES],
            }
        if path == "/v1/credits/balance":
            self._answer(200, {"AvailableCredits": 1000000})
        elif path == "/v1/groups/view" and int(query.get("id", 0)) in GROUPS:
            self._answer(200, _group(int(query["id"])))
        elif path in lists:
            self._answer_page(lists[path], int(query.get("page", 1)), paged="schedule" not in path)
        else:
            self._answer(404, {"name": "Not Found", "message": "Page not found.", "code": 0, "status": 404})

    def do_POST(self) -> None:
        """Schedule one campaign, or say with 422 what is wrong with it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path, query = self._note(body)
        if not self._knows(query):
            return
        if path != "/v1/sms/send-group-schedule-message":
            self._answer(404, {"name": "Not Found", "message": "Page not found.", "code": 0, "status": 404})
            return
        asked = json.loads(body)
        wrong = [name for name in ("Message", "GroupIds") if not asked.get(name)]
        wrong += ["GroupIds" for group in asked.get("GroupIds", []) if int(group) not in GROUPS][:1]
        if wrong:
            self._answer(422, [{"field": name, "message": f"{name} cannot be blank."} for name in wrong])
            return
        with self.provider.lock:
            held = _scheduled(str(70001 + len(self.provider.scheduled) + len(self.provider.sent)), asked)
            self.provider.scheduled.append(held)
        self._answer(200, [held])

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def _note(self, body: bytes) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        seen = {"method": self.command, "target": self.path, "path": parts.path, "query": query,
                "headers": list(self.headers.items()), "body": body}  # fmt: skip
        with self.provider.lock:
            self.provider.requests.append(seen)
        return parts.path, query

    def _knows(self, query: dict[str, str]) -> bool:
        if query.get("access_token") == self.provider.token:
            return True
        words = "Your request was made with invalid credentials."
        self._answer(401, {"name": "Unauthorized", "message": words, "code": 0, "status": 401})
        return False

    def _answer_page(self, whole: list, page: int, *, paged: bool) -> None:
        if not paged:
            self._answer(200, whole)
            return
        pages = max(1, -(-len(whole) // PER_PAGE))
        page = min(page, pages)
        headers = {"X-Pagination-Current-Page": page, "X-Pagination-Page-Count": pages,
                   "X-Pagination-Per-Page": PER_PAGE, "X-Pagination-Total-Count": len(whole)}  # fmt: skip
        self._answer(200, whole[(page - 1) * PER_PAGE : page * PER_PAGE], headers)

    def _answer(self, status: int, body: object, headers: dict | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(data)


def _scheduled(number: str, asked: dict) -> dict:
    picture = asked.get("MmsTemplateId", "")
    return {
        "Id": number,
        "CampaignName": asked.get("CampaignName", ""),
        "Message": asked["Message"],
        "DateTime": asked.get("DateTime", ""),
        "GroupIds": [str(group) for group in asked["GroupIds"]],
        "TypeRecipients": asked.get("TypeRecipients", 0),
        "ContactsCount": str(sum(GROUPS[int(group)] for group in asked["GroupIds"])),
        "Status_Id": 3,
        "Status_Description": "Approved and Scheduled",
        "Type_Id": 2 if picture else 1,
        "Type_Description": "MMS" if picture else "SMS",
        "MmsTemplateId": picture,
        "Subject": asked.get("Subject", ""),
    }


def _group(number: int) -> dict:
    first = number * 10000
    return {"Id": number, "Name": f"Plain group {number}", "Note": "", "KeywordId": 0, "ParentId": 0,
            "DateCreated": "2015-01-20 10:21:29", "DateUpdated": "2015-01-20 10:41:29",
            "PhoneNumberIds": list(range(first, first + GROUPS[number]))}  # fmt: skip


def _template(number: int) -> dict:
    status = TEMPLATES[number]
    return {"Id": number, "Name": f"Plain picture {number}", "Url": "https://plain.example/1.jpg",
            "DateCreated": "2015-01-20 10:21:29", "Status_Id": status,
            "Status_Description": "Approved" if status == 3 else "Processed pending approval"}  # fmt: skip


def _contacts(campaign: str) -> list[dict]:
    number = {"Number": "1646595xxxx", "DeliveryStatus_Id": 2, "DeliveryStatus_Description": "Delivered"}
    return [number] * 10 if campaign else []


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default="plain-token")
    options = parser.parse_args()
    plain = PlainProvider(options.token, options.port)
    print(plain.url, flush=True)
    plain.server.serve_forever()
