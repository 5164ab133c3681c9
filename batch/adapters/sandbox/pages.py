"""What a person sees and does at the sandbox: the page at `/`, and plain HTTP below `/sandbox/`."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from batch.adapters.sandbox.bodies import Reply, to_json, write
from batch.adapters.sandbox.campaigns import CAMPAIGN_STATUSES, HeldCampaign, SandboxAccount
from batch.adapters.sandbox.endpoints import Application, Request

_SHOWN = 500
"""Rows on the page; the rest is at `/sandbox/campaigns`."""


def answer_person(application: Application, request: Request) -> Reply:
    """Answer a request for the page or below `/sandbox/`; these need no token and never show it."""
    if not _comes_from_here(request):
        return write({"error": "only the sandbox's own page may do this"}, xml=False, status=403)
    application.account.settle()
    if request.method in ("GET", "HEAD"):
        return _show(application, request.path)
    deed = _DEEDS.get(request.path.removeprefix("/sandbox/"))
    if request.method != "POST" or deed is None:
        return write({"error": "no such page", "deeds": sorted(_DEEDS)}, xml=False, status=404)
    fields = {**request.query, **dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))}
    try:
        done = deed(application, fields)
    except (KeyError, ValueError, OverflowError) as error:
        return write({"error": f"{type(error).__name__}: {error}"}, xml=False, status=400)
    if "html" in request.headers.get("accept", ""):
        return Reply(303, b"", headers={"Location": "/"})
    return write(done, xml=False)


def describe(campaign: HeldCampaign, account: SandboxAccount) -> dict[str, object]:
    """Give all that is held of a campaign, as `/sandbox/campaigns` shows it."""
    status = account.status_of(campaign)
    words = "Sent" if campaign.sent else CAMPAIGN_STATUSES.get(status, "In Review")
    return {**dataclasses.asdict(campaign), "date_time": account.write_time(campaign.send_at), "status": words}


def _comes_from_here(request: Request) -> bool:
    origin = request.headers.get("origin")
    return origin in (None, request.origin, request.origin.replace("127.0.0.1", "localhost"))


def _show(application: Application, path: str) -> Reply:
    account = application.account
    if path == "/":
        page = Reply(200, _page(account).encode("utf-8", "replace"), "text/html; charset=UTF-8")
        page.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"
        return page
    with account.lock:
        if path == "/sandbox/campaigns":
            return Reply(body=to_json([describe(campaign, account) for campaign in account.held.values()]))
        if path == "/sandbox/posts":
            return Reply(body=to_json([_describe_post(post) for post in application.posts]))
        if path == "/sandbox/clock":
            return Reply(body=to_json(_clock(account)))
        if path == "/sandbox/faults":
            return Reply(body=to_json([dataclasses.asdict(fault) for fault in application.faults.orders]))
    return write({"error": "no such page"}, xml=False, status=404)


def _describe_post(post: Any) -> dict[str, object]:
    return {
        "number": post.number,
        "at": post.at,
        "payload": post.payload,
        "created": post.created,
        "status": post.status,
        "fault": post.fault,
    }


def _clock(account: SandboxAccount) -> dict[str, object]:
    return {"now": account.now(), "date_time": account.write_time(account.now()), "zone": account.shown_zone.key}


def _advance(application: Application, fields: Mapping[str, str]) -> object:
    seconds = float(fields.get("seconds", 0)) + 3_600 * float(fields.get("hours", 0))
    application.account.advance(seconds + 86_400 * float(fields.get("days", 0)))
    return _clock(application.account)


def _delete(application: Application, fields: Mapping[str, str]) -> object:
    return {"deleted": application.account.delete(int(fields["id"]))}


def _edit(application: Application, fields: Mapping[str, str]) -> object:
    account = application.account
    changes: dict[str, Any] = {name: fields[name] for name in ("name", "message", "subject") if name in fields}
    if "date_time" in fields:
        changes["send_at"] = account.read_time(fields["date_time"])
    if "group_ids" in fields:
        changes["group_ids"] = tuple(str(int(group)) for group in fields["group_ids"].split(","))
    if "status_id" in fields:
        changes["status_id"] = int(fields["status_id"])
    return describe(account.edit(int(fields["id"]), **changes), account)


def _fault(application: Application, fields: Mapping[str, str]) -> object:
    if fields.get("clear"):
        application.faults.clear()
    if "add" in fields:
        application.faults.add(fields["add"])
    return [dataclasses.asdict(fault) for fault in application.faults.orders]


def _approve(application: Application, fields: Mapping[str, str]) -> object:
    template = application.account.templates[int(fields["id"])]
    approved = dataclasses.replace(template, status_id=int(fields.get("status_id", 3)), status="")
    application.account.put_template(approved)
    return dataclasses.asdict(approved)


_DEEDS: dict[str, Callable[[Application, Mapping[str, str]], object]] = {
    "advance": _advance,
    "delete": _delete,
    "edit": _edit,
    "faults": _fault,
    "template": _approve,
}

_STYLE = """
body{font:16px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.4rem}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.45rem .6rem;border-bottom:1px solid #d0d7de;vertical-align:top}
td:nth-child(3),td:nth-child(4){max-width:26rem;overflow-wrap:anywhere}td:nth-child(2){white-space:nowrap}
form{display:inline}button{font:inherit;cursor:pointer}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}th,td{border-color:#30363d}}
"""


def _page(account: SandboxAccount) -> str:
    with account.lock:
        scheduled = sorted(
            (account.held[number] for number in account.scheduled_ids), key=lambda campaign: campaign.send_at
        )
        sent = [account.held[number] for number in account.sent_ids[: -_SHOWN - 1 : -1]]
        clock = f"{account.write_time(account.now())} {account.shown_zone.key}"
        rows = "".join(_line(campaign, account) for campaign in scheduled[:_SHOWN])
        old = "".join(_line(campaign, account) for campaign in sent)
        counts = f"{len(scheduled)} scheduled, {len(account.sent_ids)} sent, {account.credits:,} credits left"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Sandbox</title><style>{_STYLE}</style>"
        "<h1>Sandbox: what the provider would have</h1>"
        f"<p>Nothing here reaches a phone. {html.escape(counts)}. Its clock says {html.escape(clock)}. "
        f"{_button('advance', 'hours', '1', 'an hour later')} {_button('advance', 'days', '1', 'a day later')} "
        f"{_button('advance', 'days', '7', 'a week later')}</p>"
        f"<h2>Scheduled</h2>{_table(rows)}<h2>Sent</h2>{_table(old)}</html>"
    )


def _table(rows: str) -> str:
    if not rows:
        return "<p>None.</p>"
    heads = "".join(f'<th scope="col">{head}</th>' for head in _HEADS)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


_HEADS = ("Id", "When", "Name", "Text", "Groups", "Contacts", "Status", "")


def _line(campaign: HeldCampaign, account: SandboxAccount) -> str:
    shown = describe(campaign, account)
    groups = ", ".join(_group_name(group, account) for group in campaign.group_ids)
    picture = f" [picture {campaign.mms_template_id}]" if campaign.mms_template_id else ""
    cells = (shown["id"], shown["date_time"], shown["name"], f"{campaign.message}{picture}", groups)
    texts = [html.escape(str(cell)) for cell in (*cells, campaign.contacts_count, shown["status"])]
    row = "".join(f"<td>{text}</td>" for text in texts)
    return f"<tr>{row}<td>{_button('delete', 'id', str(campaign.id), 'delete')}</td></tr>"


def _group_name(group_id: str, account: SandboxAccount) -> str:
    group = account.groups.get(int(group_id))
    return f"{group.name} ({group_id})" if group else group_id


def _button(deed: str, name: str, value: str, words: str) -> str:
    return (
        f'<form method="post" action="/sandbox/{deed}"><input type="hidden" name="{name}" value="{value}">'
        f"<button>{words}</button></form>"
    )
