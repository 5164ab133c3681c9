"""Check the fields of a schedule request as the provider would."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from batch.adapters.sandbox.campaigns import SandboxAccount

Problem = dict[str, str]
_DIGITS = re.compile(r"[1-9][0-9]{0,17}")


def read_payload(body: bytes) -> dict[str, Any]:
    """Read the body of a POST; raises ValueError when it is not JSON object."""
    payload = json.loads(body.decode("utf-8"))
    if not isinstance(payload, dict):
        raise ValueError("not an object")
    json.dumps(payload, ensure_ascii=False).encode("utf-8")  # half an emoji is not JSON for PHP
    return payload


def find_problems(payload: Mapping[str, Any], account: SandboxAccount) -> list[Problem]:
    """Give all that is wrong, a field and a sentence each, as the body of a 422 shows it."""
    found = [check(payload, account) for check in _CHECKS]
    return [{"field": field, "message": words} for field, words in found if words]


def _message(payload: Mapping[str, Any], _account: SandboxAccount) -> tuple[str, str]:
    value = payload.get("Message")
    if value is None or value == "" or (isinstance(value, str) and not value.strip()):
        return "Message", "Message cannot be blank."
    if not isinstance(value, str):
        return "Message", "Message must be a string."
    return "Message", "Message should contain at most 480 characters." if len(value) > 480 else ""


def _groups(payload: Mapping[str, Any], account: SandboxAccount) -> tuple[str, str]:
    value = payload.get("GroupIds")
    if value is None or value in ("", []):
        return "GroupIds", "Group Ids cannot be blank."
    if not isinstance(value, list):
        return "GroupIds", "Group Ids must be an array."
    for group in value:
        number = _whole(group)
        if number is None or account.find_group(number) is None:
            return "GroupIds", "Group Ids is invalid."
    return "GroupIds", ""


def _name(payload: Mapping[str, Any], _account: SandboxAccount) -> tuple[str, str]:
    value = payload.get("CampaignName", "")
    return "CampaignName", "" if isinstance(value, str) else "Campaign Name must be a string."


def _time(payload: Mapping[str, Any], account: SandboxAccount) -> tuple[str, str]:
    value = payload.get("DateTime", "")
    if value == "":
        return "DateTime", ""
    try:
        moment = account.read_time(str(value))
    except (ValueError, OverflowError):
        return "DateTime", "The format of Date Time is invalid."
    return "DateTime", "Date Time must not be in the past." if moment < account.now() else ""


def _template(payload: Mapping[str, Any], account: SandboxAccount) -> tuple[str, str]:
    value = payload.get("MmsTemplateId", "")
    if value in ("", None):
        return "MmsTemplateId", ""
    number = _whole(value)
    if number is None:
        return "MmsTemplateId", "Mms Template Id must be an integer."
    template = account.find_template(number)
    if template is None:
        return "MmsTemplateId", "Mms Template Id is invalid."
    return "MmsTemplateId", "" if template.status_id == 3 else "The MMS template is not approved."


def _high_resolution(payload: Mapping[str, Any], _account: SandboxAccount) -> tuple[str, str]:
    return "MmsHighResolution", _flag(payload.get("MmsHighResolution", 0), "Mms High Resolution")


def _subject(payload: Mapping[str, Any], _account: SandboxAccount) -> tuple[str, str]:
    value = payload.get("Subject", "")
    return "Subject", "" if isinstance(value, str) else "Subject must be a string."


def _recipients(payload: Mapping[str, Any], _account: SandboxAccount) -> tuple[str, str]:
    return "TypeRecipients", _flag(payload.get("TypeRecipients", 0), "Type Recipients")


def _flag(value: object, label: str) -> str:
    return "" if value in (0, 1, "0", "1") else f"{label} is invalid."


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not _DIGITS.fullmatch(str(value)):
        return None
    return int(str(value))


_CHECKS: tuple[Callable[[Mapping[str, Any], SandboxAccount], tuple[str, str]], ...] = (
    _message,
    _groups,
    _name,
    _time,
    _template,
    _high_resolution,
    _subject,
    _recipients,
)
