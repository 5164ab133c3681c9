"""Whom a row's Owner cell may have a mail sent to: one plain address, at a domain that the team named."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.utils import getaddresses
from typing import TYPE_CHECKING

from batch.core.printable import printable
from batch.model import Entry
from batch.model.plurals import plural

if TYPE_CHECKING:
    from batch.adapters.config import EmailSection

_ADDRESS = re.compile(r"[a-z0-9#$&'*+/=?^_`{|}~.-]{1,64}@((?:[a-z0-9-]{1,63}\.)*[a-z0-9-]{1,63})")
"""Without `%` and `!`: an old mail server would pass `spy%evil.example@ours` on to another domain."""
_NAMED = 3
"""Owners that are named before the rest is counted."""


def allowed_domains(email: EmailSection) -> frozenset[str]:
    """Give the domains of `owner_domains`; where none is set, those of the settings' own addresses."""
    if email.owner_domains:
        return frozenset(one.casefold() for one in email.owner_domains)
    own = [email.sender, email.reply_to, *email.to, *email.attention_to, *email.digest_to, *email.approvers]
    return frozenset(address.casefold().rpartition("@")[2] for _, address in getaddresses([one for one in own if one]))


def owner_address(cell: str, domains: frozenset[str]) -> str:
    """Give the one address of a cell when it may get a mail; empty for several, for none, and for a stranger's."""
    found = _ADDRESS.fullmatch(cell.strip().casefold())
    return found[0] if found and found[1] in domains else ""


def describe_strangers(entries: Iterable[Entry], domains: frozenset[str]) -> list[str]:
    """Say which rows' owners get no mail, for those who get it in their place."""
    strangers = [entry for entry in entries if entry.owner.strip() and not owner_address(entry.owner, domains)]
    if not strangers:
        return []
    named = list(dict.fromkeys(f'"{printable(entry.owner.strip())[:60]}"' for entry in strangers))
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    where = " or ".join(sorted(domains)) or "the team's"
    who = f"{plural(len(strangers), 'row')}: the Owner ({', '.join(named[:_NAMED])}{more}) gets no mail"
    return [f"{who}, because it is not one address at {where}: tell them, or set [email] owner_domains"]
