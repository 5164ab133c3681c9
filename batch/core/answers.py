"""Read the provider's bodies, JSON or XML, into records."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import ParseError

from batch.core.identity import plain_id
from batch.model import DeliveryCount, Group, Listed, MmsTemplate

DEPTH = 16
"""How deep an XML answer may be nested; the provider's own needs four."""
_ID_DIGITS = 30
_LONGEST_ID = 10**_ID_DIGITS
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
    items = _read_objects(body, content_type, read=_read_shown)
    return tuple([item if isinstance(item, Listed) else _to_listed(item) for item in items])


def _read_shown(item: dict[str, Any]) -> dict[str, Any] | Listed:
    """Read a campaign as soon as its JSON ends: so the objects of a long list are never in memory together."""
    return _to_listed(item) if "Id" in item and "CampaignName" in item else item


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


def _read_objects(
    body: bytes, content_type: str, needed: str = "Id", read: Callable[[dict[str, Any]], Any] | None = None
) -> list[Any]:
    """Give the objects of an answer; those of JSON as `read` makes them."""
    found = _read(body, content_type, read)
    if found == "":
        return []
    items = [found] if isinstance(found, Listed) or (isinstance(found, dict) and needed in found) else found
    if not isinstance(items, list):
        raise ValueError("the answer is not a list")
    if not all(isinstance(item, dict | Listed) for item in items):
        raise ValueError("the answer is a list of something else")
    return items


def _read(body: bytes, content_type: str, read: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not text:
        raise ValueError("the answer is empty")
    if text.startswith(b"<"):
        return _read_xml(text)
    try:
        return _refuse_text(json.loads(text, object_hook=read))
    except (ValueError, RecursionError):
        raise ValueError(f"the answer is neither JSON nor XML{_announced(content_type)}") from None


def _refuse_text(found: Any) -> Any:
    # A JSON "" would read like XML's empty <response/>, which is a list of nothing.
    if isinstance(found, dict | list | Listed):
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
    shown, groups = item.get, item.get("GroupIds")
    return Listed(  # by place: a list may hold a hundred thousand, and by name each takes longer
        _to_id(shown("Id")),
        _to_text(shown("CampaignName")),
        _to_text(shown("Message")),
        _the_same(_to_text(shown("DateTime")).strip()),
        _to_ids(groups) if groups is not None else None,
        _to_number(shown("TypeRecipients")),
        _to_number(shown("ContactsCount")),
        _to_number(shown("Status_Id")),
        _the_same(_to_text(shown("Status_Description"))),
        _to_number(shown("MmsTemplateId")) or None,
        _to_text(shown("Subject")),
    )


@lru_cache(4096)
def _the_same(text: str) -> str:
    """Give one text for all that are equal: they stand in memory once."""
    return text


def _to_group(item: dict[str, Any]) -> Group:
    members = item.get("PhoneNumberIds")
    if members is None:
        return Group(_need_id(item), _to_text(item.get("Name")))
    items = _to_items(members)
    numbers = tuple(items)
    if set(map(type, items)) != {int}:  # else nothing is to be read: an account has a hundred thousand of them
        numbers = tuple(number for each in items if (number := _to_number(each)) is not None)
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
    if type(value) is int and 0 < value < _LONGEST_ID:
        return str(value)
    # Python reads true as 1 and 7.0 as 7; neither is an Id.
    if isinstance(value, bool | float) or not isinstance(value, int | str):
        return ""
    digits = str(value).strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _ID_DIGITS):
        return ""
    return digits.lstrip("0")


def _to_ids(value: Any) -> tuple[str, ...]:
    return _plain_ids(tuple([_to_text(each) for each in _to_items(value)]))


@lru_cache(4096)
def _plain_ids(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Write each Id plainly; of the same groups there is one tuple in memory."""
    return tuple([number for number in map(plain_id, texts) if number])


def _to_items(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    # PHP writes an array with gaps in its numbering as an object.
    if isinstance(value, dict):
        return list(value.values())
    return _to_text(value).replace(";", ",").split(",")


def _to_number(value: Any) -> int | None:
    if value is None or type(value) is int:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(float(value)) if "." in str(value) else int(value)
    except (ValueError, OverflowError):
        return None


def _to_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return ""
