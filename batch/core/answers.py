"""Read the provider's bodies, JSON or XML, into records."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from xml.etree.ElementTree import ParseError

from batch.core.identity import plain_id
from batch.model import DeliveryCount, Group, Listed, MmsTemplate

DEPTH = 16
"""How deep an XML answer may be nested; the provider's own needs four."""
LONGEST_WORDS = 500
"""How much of one of the provider's error texts is kept."""


def parse_one(body: bytes, content_type: str = "") -> Listed | None:
    """Read the answer to a POST: one object, or a list of exactly one; None when it is anything else."""
    try:
        objects = _read_objects(body, content_type)
    except ValueError:
        return None
    return _to_listed(objects[0]) if len(objects) == 1 else None


def parse_list(body: bytes, content_type: str = "") -> tuple[Listed, ...]:
    """Read one page of campaigns; raise ValueError, in words, when it is not such a page."""
    items = _read_objects(body, content_type)[::-1]
    return tuple([_to_listed(items.pop()) for _ in range(len(items))])  # frees each as it is read


def parse_groups(body: bytes, content_type: str = "") -> tuple[Group, ...]:
    """Read one page of groups; raise ValueError, in words, when it is not such a page."""
    return tuple(_to_group(item) for item in _read_objects(body, content_type))


def parse_templates(body: bytes, content_type: str = "") -> tuple[MmsTemplate, ...]:
    """Read one page of MMS templates; raise ValueError, in words, when it is not such a page."""
    return tuple(_to_template(item) for item in _read_objects(body, content_type))


def parse_credits(body: bytes, content_type: str = "") -> int:
    """Read the balance in whole credits; raise ValueError, in words, when it says none."""
    found = _single(_read(body, content_type))
    balance = _to_number(found.get("AvailableCredits")) if isinstance(found, dict) else None
    if balance is None:
        raise ValueError("the answer names no AvailableCredits")
    return balance


def parse_delivery(body: bytes, content_type: str = "") -> tuple[DeliveryCount, ...]:
    """Count the contacts of one page by delivery status, by the provider's id; no phone number is kept.

    Raise ValueError, in words, when it is not such a page. A contact without a status counts as 7, Unknown.
    """
    counts: Counter[int] = Counter()
    names: dict[int, str] = {}
    for item in _read_objects(body, content_type, needed="DeliveryStatus_Id"):
        number = _to_number(item.get("DeliveryStatus_Id"))
        status = 7 if number is None else number
        counts[status] += 1
        names.setdefault(status, _to_text(item.get("DeliveryStatus_Description")))
    return tuple(DeliveryCount(status, names[status], counts[status]) for status in sorted(counts))


def parse_errors(body: bytes) -> tuple[tuple[str, str], ...]:
    """Read what the provider has against a request: (field, words) pairs, the field empty for the whole of it.

    Two shapes of Yii2: `[{"field", "message"}, ...]` of a 422, `{"name", "message", ...}` of everything else.
    Nothing readable gives nothing; never raises.
    """
    try:
        found = _read(body, "")
    except ValueError:
        return ()
    items = found if isinstance(found, list) else [found]
    pairs = [_to_error(item) for item in items[:50] if isinstance(item, dict)]
    return tuple(pair for pair in pairs if pair[1])


def _read_objects(body: bytes, content_type: str, needed: str = "Id") -> list[dict[str, Any]]:
    found = _read(body, content_type)
    if found == "":
        return []
    items = [found] if isinstance(found, dict) and needed in found else found
    if not isinstance(items, list):
        raise ValueError("the answer is not a list")
    if not all(isinstance(item, dict) for item in items):
        raise ValueError("the answer is a list of something else")
    return items


def _read(body: bytes, content_type: str) -> Any:
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not text:
        raise ValueError("the answer is empty")
    if text.startswith(b"<"):
        return _read_xml(text)
    try:
        return _refuse_text(json.loads(text))
    except (ValueError, RecursionError):
        raise ValueError(f"the answer is neither JSON nor XML{_announced(content_type)}") from None


def _refuse_text(found: Any) -> Any:
    # A JSON "" would read like XML's empty <response/>, which is a list of nothing.
    if isinstance(found, dict | list):
        return found
    raise ValueError


def _announced(content_type: str) -> str:
    plain = content_type.partition(";")[0].strip()[:60]
    return f" (it says it is {plain})" if plain else ""


def _read_xml(text: bytes) -> Any:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise ValueError("the answer is neither JSON nor XML") from None
    if root.tag != "response":
        raise ValueError("the answer is a page for a browser, or some other XML")
    return _from_element(root, DEPTH)


def _from_element(element: Any, depth: int) -> Any:
    if not depth:
        raise ValueError("the answer is nested too deep")
    if not len(element):
        return element.text or ""
    if all(child.tag == "item" for child in element):
        return [_from_element(child, depth - 1) for child in element]
    found: dict[str, Any] = {}
    for child in element:
        found.setdefault(child.tag, _from_element(child, depth - 1))
    return found


def _single(found: Any) -> Any:
    return found[0] if isinstance(found, list) and len(found) == 1 else found


def _to_listed(item: dict[str, Any]) -> Listed:
    return Listed(
        id=_to_id(item.get("Id")),
        name=_to_text(item.get("CampaignName")),
        message=_to_text(item.get("Message")),
        send_at=_to_text(item.get("DateTime")).strip(),
        group_ids=_to_ids(item["GroupIds"]) if item.get("GroupIds") is not None else None,
        type_recipients=_to_number(item.get("TypeRecipients")),
        contacts_count=_to_number(item.get("ContactsCount")),
        status_id=_to_number(item.get("Status_Id")),
        status=_to_text(item.get("Status_Description")),
        mms_template_id=_to_number(item.get("MmsTemplateId")) or None,
        subject=_to_text(item.get("Subject")),
    )


def _to_group(item: dict[str, Any]) -> Group:
    members = item.get("PhoneNumberIds")
    if members is None:
        return Group(_need_id(item), _to_text(item.get("Name")))
    numbers = tuple(number for each in _to_items(members) if (number := _to_number(each)) is not None)
    return Group(_need_id(item), _to_text(item.get("Name")), len(numbers), numbers)


def _to_template(item: dict[str, Any]) -> MmsTemplate:
    status = _to_text(item.get("Status_Description"))
    return MmsTemplate(int(_need_id(item)), _to_text(item.get("Name")), _to_number(item.get("Status_Id")), status)


def _need_id(item: dict[str, Any]) -> str:
    found = _to_id(item.get("Id"))
    if not found:
        raise ValueError("the list has an object without an Id")
    return found


def _to_error(item: dict[str, Any]) -> tuple[str, str]:
    words = " ".join(_to_text(item.get("message")).split()) or _to_text(item.get("name"))
    return _to_text(item.get("field")).strip()[:100], words[:LONGEST_WORDS]


def _to_id(value: Any) -> str:
    # Python reads true as 1 and 7.0 as 7; neither is an Id.
    if isinstance(value, bool | float) or not isinstance(value, int | str):
        return ""
    digits = str(value).strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 30):
        return ""
    return digits.lstrip("0")


def _to_ids(value: Any) -> tuple[str, ...]:
    texts = [plain_id(_to_text(each)) for each in _to_items(value)]
    return tuple([text for text in texts if text])


def _to_items(value: Any) -> list[Any]:
    # PHP writes an array with gaps in its numbering as an object.
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return value
    return _to_text(value).replace(";", ",").split(",")


def _to_number(value: Any) -> int | None:
    if type(value) is int:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(float(value)) if "." in str(value) else int(value)
    except (ValueError, OverflowError):
        return None


def _to_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return ""
