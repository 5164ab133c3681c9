"""Answer one request as the provider's application would, in the order in which a Yii2 back end looks at it."""

from __future__ import annotations

import dataclasses
import hmac
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, TypeVar
from urllib.parse import urlencode

from batch.adapters.sandbox.bodies import Reply, ReplyMode, wants_xml, write, write_error
from batch.adapters.sandbox.campaigns import CAMPAIGN_STATUSES, DELIVERY_STATUSES, HeldCampaign, SandboxAccount
from batch.adapters.sandbox.checks import find_problems, read_payload
from batch.adapters.sandbox.faults import Faults
from batch.adapters.sandbox.groups import TEMPLATE_STATUSES
from batch.adapters.sandbox.lies import (
    cut_page,
    invent_campaigns,
    leave_out,
    lie_about_date,
    lose_tag,
    miscount,
    reword,
    staleness,
    strange_groups,
)
from batch.adapters.sandbox.limiter import Limiter
from batch.adapters.sandbox.spoiling import spoil
from batch.model import Group, MmsTemplate
from batch.model.records import dataclass

_T = TypeVar("_T")
PREFIX = "/v1/"
POST_PATH = "sms/send-group-schedule-message"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came over the wire."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """With lower-case names."""
    body: bytes
    origin: str
    """Where the sandbox was called: `http://127.0.0.1:8025`."""
    lies: tuple[str, ...] = ()
    """How its answer is bent on order."""
    gone: Callable[[], bool] = lambda: False
    """Asks whether the caller has hung up in the meantime."""


@dataclass(slots=True)
class Post:
    """One schedule request that got past authentication, for the tests and the page."""

    number: int
    at: float
    headers: Mapping[str, str]
    body: bytes
    payload: Mapping[str, Any] | None = None
    """What was asked for; None when the body could not be read."""
    created: int | None = None
    """The Id of the campaign that it made."""
    status: int = 0
    """The HTTP status of the answer that was meant to go out."""
    fault: str = ""


@dataclass(slots=True)
class Quirks:
    """What this provider does that its documentation does not say."""

    name_length: int | None = None
    """Names are cut at this length."""
    announce_paging: bool = True
    """Whether the list of scheduled campaigns has paging headers; it is paged in either case."""
    whole_list: bool = False
    """The list of scheduled campaigns comes in one piece."""
    newest_first: bool = False
    """Both lists of campaigns begin with the newest."""
    page_size: int = 100
    latency: float = 0.0
    """Seconds, before anything is done."""
    commit_late: float = 0.0
    """Seconds after which a campaign is created whose caller hung up while it waited."""
    late_seconds: float = 2.0
    """The same for the fault `late`."""


@dataclass(slots=True)
class Application:
    """The provider's application: routes, verbs, authentication, limiter, action."""

    account: SandboxAccount
    token: str
    faults: Faults
    quirks: Quirks
    limiter: Limiter | None
    sleep: Callable[[float], object]
    posts: list[Post] = field(default_factory=list)

    def answer(self, request: Request) -> Reply:
        """Answer a request below `/v1/`."""
        xml = wants_xml(request.headers.get("accept", ""))
        path = request.path.removeprefix(PREFIX).strip("/")
        action = _ACTIONS.get(path)
        if action is None or not request.path.startswith(PREFIX):
            return write_error(404, xml=xml)
        allowed = ("POST",) if path == POST_PATH else ("GET", "HEAD")
        if request.method not in allowed:
            return _refuse_method(allowed, xml=xml)
        if not hmac.compare_digest(request.query.get("access_token", "").encode(), self.token.encode()):
            return write_error(401, xml=xml)
        with self.account.lock:
            passed = self.limiter.ask(self.account.now()) if self.limiter else None
        limits = passed.headers() if passed else {}
        if passed and not passed.allowed:
            reply = write_error(429, xml=xml)
        else:
            reply = self._act(action, path, request, xml=xml)
        reply.headers = {**reply.headers, **limits}
        return reply

    def _act(self, action: _Action, path: str, request: Request, *, xml: bool) -> Reply:
        if self.quirks.latency:
            self.sleep(self.quirks.latency)
        post = path == POST_PATH
        fault = self.faults.pick(path, post=post)
        lies = self.faults.bend(path, post=post, first=request.query.get("page", "") in ("", "1"))
        request = dataclasses.replace(request, lies=lies)
        if post:
            reply = self._schedule(request, fault, xml=xml)
        else:
            self.account.settle()
            with self.account.lock:
                reply = spoil(fault, lambda: action(self, request, xml), xml=xml)
        reply.date_offset = lie_about_date(lies)
        return reply

    def _schedule(self, request: Request, fault: str, *, xml: bool) -> Reply:
        with self.account.lock:
            post = Post(len(self.posts) + 1, self.account.now(), request.headers, request.body, fault=fault)
            self.posts.append(post)
        self.account.settle()
        reply = spoil(fault, lambda: self._create(request, post, xml=xml and fault != "object"), xml=xml)
        post.status = reply.status
        return reply

    def _create(self, request: Request, post: Post, *, xml: bool) -> Reply:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return write_error(415, xml=xml)
        try:
            payload = post.payload = read_payload(request.body)
        except ValueError:
            return write_error(400, xml=xml, words="Invalid JSON data in request body: Syntax error.")
        with self.account.lock:
            problems = find_problems(payload, self.account)
            if problems:
                return write(problems, xml=xml, status=422)
            return self._hold(request, post, self._as_held(payload, post.fault), xml=xml)

    def _as_held(self, payload: Mapping[str, Any], fault: str) -> dict[str, Any]:
        name = str(payload.get("CampaignName") or "")
        if fault == "rename":
            name = name[: max(1, len(name) - 5)]
        kept = {key: value for key, value in payload.items() if key != "Status_Id"}
        status = {"pending": 1, "action-required": 2}.get(fault)
        return {**kept, "CampaignName": name[: self.quirks.name_length], "Status_Id": status}

    def _hold(self, request: Request, post: Post, payload: Mapping[str, Any], *, xml: bool) -> Reply:
        if post.fault == "late" or (self.quirks.commit_late and request.gone()):
            seconds = self.quirks.late_seconds if post.fault == "late" else self.quirks.commit_late
            self.account.create_late(payload, seconds)
            return Reply(how=ReplyMode.CLOSE)
        if post.fault == "same-id" and self.account.held:
            return write([self._show_scheduled(self.account.held[max(self.account.held)])], xml=xml)
        if post.fault == "twice":
            self.account.create(payload)
        campaign = self.account.create(payload)
        if post.fault.startswith("rewrite"):
            campaign = self.account.edit(campaign.id, name=lose_tag(campaign.name), send_at=campaign.send_at + 3 * 3600)
        post.created = campaign.id
        shown = self._show_scheduled(campaign)
        if post.fault == "no-id":
            del shown["Id"]
        return write(shown if post.fault == "object" else [shown], xml=xml or post.fault == "xml")

    def _list_scheduled(self, request: Request, xml: bool) -> Reply:  # noqa: FBT001 - one of the table of actions
        ids, held = self._seen(request, sent=False)
        if self.quirks.whole_list:
            whole = self._ordered(leave_out(ids, request.lies, self.quirks.page_size))
            shown = [self._show_scheduled(held[number]) for number in cut_page(whole, request.lies)]
            return write([reword(one, request.lies) for one in shown], xml=xml)
        show = lambda number: self._show_scheduled(held[number])  # noqa: E731
        reply = self._list(request, ids, show, xml=xml, newest_first=self.quirks.newest_first)
        reply.headers = reply.headers if self.quirks.announce_paging else {}
        return reply

    def _list_sent(self, request: Request, xml: bool) -> Reply:  # noqa: FBT001
        ids, held = self._seen(request, sent=True)
        show = lambda number: self._show_sent(held[number])  # noqa: E731
        return self._list(request, ids, show, xml=xml, newest_first=self.quirks.newest_first)

    def _seen(self, request: Request, *, sent: bool) -> tuple[Sequence[int], Mapping[int, HeldCampaign]]:
        """Give the campaigns of a list as it is, as it was, or as another account has them."""
        ids = self.account.sent_ids if sent else self.account.scheduled_ids
        if "list-other-account" in request.lies:
            held = invent_campaigns(self.account.now(), len(ids), sent=sent)
            return sorted(held), held
        ago = staleness(request.lies)
        if not ago:
            return ids, self.account.held
        held = self.account.as_of(self.account.now() - ago)
        return sorted(number for number, campaign in held.items() if campaign.sent is sent), held

    def _list(
        self,
        request: Request,
        ids: Sequence[int],
        show: Callable[[int], dict[str, object]],
        *,
        xml: bool,
        newest_first: bool = False,
    ) -> Reply:
        kept = leave_out(ids, request.lies, self.quirks.page_size)
        page, headers = self._page(request, kept, newest_first=newest_first)
        reply = write([reword(show(number), request.lies) for number in cut_page(page, request.lies)], xml=xml)
        reply.headers = miscount(headers, request.lies)
        return reply

    def _list_contacts(self, request: Request, xml: bool) -> Reply:  # noqa: FBT001
        number = _number(request.query.get("id", ""))
        if not number:
            return write_error(400, xml=xml, words="Missing required parameters: id")
        campaign = self.account.held.get(number)
        if campaign is None or not campaign.sent:
            return write_error(404, xml=xml, words=f"Object not found: {number}")
        contacts = self.account.delivery(campaign)
        if wanted := request.query.get("number"):
            contacts = [(contact, status) for contact, status in contacts if str(_phone(contact)) == wanted]
        page, headers = self._page(request, contacts)
        reply = write([_show_contact(contact, status) for contact, status in page], xml=xml)
        reply.headers = headers
        return reply

    def _list_groups(self, request: Request, xml: bool) -> Reply:  # noqa: FBT001
        groups = strange_groups() if "list-other-account" in request.lies else self.account.groups
        return self._list(request, sorted(groups), lambda number: self._show_group(groups[number]), xml=xml)

    def _view_group(self, request: Request, xml: bool) -> Reply:  # noqa: FBT001
        number = _number(request.query.get("id", ""))
        if not number:
            return write_error(400, xml=xml, words="Missing required parameters: id")
        group = self.account.find_group(number)
        if group is None:
            return write_error(404, xml=xml, words=f"Object not found: {number}")
        return write(self._show_group(group), xml=xml)

    def _list_templates(self, request: Request, xml: bool) -> Reply:  # noqa: FBT001
        page, headers = self._page(request, sorted(self.account.templates))
        reply = write([self._show_template(self.account.templates[number]) for number in page], xml=xml)
        reply.headers = headers
        return reply

    def _show_credits(self, request: Request, xml: bool) -> Reply:  # noqa: FBT001, ARG002
        return write({"AvailableCredits": self.account.credits}, xml=xml)

    def _ordered(self, ids: Sequence[int]) -> Sequence[int]:
        return ids[::-1] if self.quirks.newest_first else ids

    def _page(
        self, request: Request, items: Sequence[_T], *, newest_first: bool = False
    ) -> tuple[Sequence[_T], dict[str, str]]:
        """Cut out the page that was asked for; past the end it is the last one again, as in Yii2.

        https://github.com/yiisoft/yii2/blob/master/framework/data/Pagination.php
        """
        size = self.quirks.page_size
        pages = math.ceil(len(items) / size)
        page = max(1, min(_number(request.query.get("page", "")) or 1, pages))
        start, end = (page - 1) * size, page * size
        part = items[max(0, len(items) - end) : len(items) - start][::-1] if newest_first else items[start:end]
        headers = {
            "X-Pagination-Current-Page": str(page),
            "X-Pagination-Page-Count": str(pages),
            "X-Pagination-Per-Page": str(size),
            "X-Pagination-Total-Count": str(len(items)),
            "Link": _links(request, page, pages),
        }
        return part, headers

    def _show_scheduled(self, campaign: HeldCampaign) -> dict[str, object]:
        status = self.account.status_of(campaign)
        return {
            "Id": str(campaign.id),
            "CampaignName": campaign.name,
            "Message": campaign.message,
            "DateTime": self.account.write_time(campaign.send_at),
            "GroupIds": list(campaign.group_ids),
            "TypeRecipients": campaign.type_recipients,
            "ContactsCount": str(campaign.contacts_count),
            "Status_Id": status,
            "Status_Description": CAMPAIGN_STATUSES.get(status, "In Review"),
            **_show_media(campaign),
        }

    def _show_sent(self, campaign: HeldCampaign) -> dict[str, object]:
        return {
            "Id": campaign.id,
            "CampaignName": campaign.name,
            "Message": campaign.message,
            "DateTime": self.account.write_time(campaign.send_at),
            "ContactsCount": campaign.contacts_count,
            **_show_media(campaign),
        }

    def _show_group(self, group: Group) -> dict[str, object]:
        return {
            "Id": int(group.id),
            "Name": group.name,
            "Note": "",
            "KeywordId": 0,
            "ParentId": 0,
            "DateCreated": "2015-01-20 10:21:29",
            "DateUpdated": "2015-01-20 10:41:29",
            "PhoneNumberIds": list(group.contact_ids),
        }

    def _show_template(self, template: MmsTemplate) -> dict[str, object]:
        status = 0 if template.status_id is None else template.status_id
        return {
            "Id": template.id,
            "Name": template.name,
            "Url": f"https://media.example.com/{template.id}.jpg",
            "DateCreated": "2015-01-20 10:21:29",
            "Status_Id": status,
            "Status_Description": template.status or TEMPLATE_STATUSES.get(status, ""),
        }


_Action = Callable[[Application, Request, bool], Reply]

_ACTIONS: dict[str, _Action] = {
    POST_PATH: lambda _application, _request, xml: write_error(405, xml=xml),
    "sms/group-schedule-messages": Application._list_scheduled,
    "sent-history/group-list": Application._list_sent,
    "sent-history/group-contacts": Application._list_contacts,
    "groups/index": Application._list_groups,
    "groups/view": Application._view_group,
    "mms-template/index": Application._list_templates,
    "credits/balance": Application._show_credits,
}


def _refuse_method(allowed: tuple[str, ...], *, xml: bool) -> Reply:
    words = f"Method Not Allowed. This URL can only handle the following request methods: {', '.join(allowed)}."
    reply = write_error(405, xml=xml, words=words)
    reply.headers = {"Allow": ", ".join(allowed)}
    return reply


def _links(request: Request, page: int, pages: int) -> str:
    """Write the Link header; it carries the token, as the provider's does."""
    targets = {"self": page, "first": 1, "prev": page - 1, "next": page + 1, "last": max(1, pages)}
    if page <= 1:
        del targets["prev"]
    if page >= pages:
        del targets["next"]
    url = f"{request.origin}{request.path}"
    return ", ".join(f"<{url}?{urlencode({**request.query, 'page': to})}>; rel={name}" for name, to in targets.items())


def _show_media(campaign: HeldCampaign) -> dict[str, object]:
    return {
        "Type_Id": 2 if campaign.mms_template_id else 1,
        "Type_Description": "MMS" if campaign.mms_template_id else "SMS",
        "MmsTemplateId": campaign.mms_template_id or "",
        "Subject": campaign.subject,
    }


def _show_contact(contact: int, status: int) -> dict[str, object]:
    number = _phone(contact)
    shown: object = number if contact % 7 == 0 else str(number)
    return {"Number": shown, "DeliveryStatus_Id": status, "DeliveryStatus_Description": DELIVERY_STATUSES[status]}


def _phone(contact: int) -> int:
    """Make up a number of the area code 555, which nobody has."""
    return 1_555_000_0000 + contact % 10_000_000


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
