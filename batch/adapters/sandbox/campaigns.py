"""The sandbox's state: campaigns, groups, templates and credits, and how time changes them."""

from __future__ import annotations

import bisect
import dataclasses
import heapq
import json
import re
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from batch.adapters.sandbox.groups import fill_group, invent_group, invent_template
from batch.model import Group, MmsTemplate
from batch.model.records import dataclass

CAMPAIGN_STATUSES = {1: "Pending", 2: "Action Required", 3: "Approved and Scheduled"}
DELIVERY_STATUSES = {
    1: "Pending",
    2: "Delivered",
    3: "Failed",
    4: "Bufered",
    5: "Rejected",
    6: "Optout",
    7: "Unknown",
    8: "Disconected",
    9: "Optedout",
    10: "Processed",
    11: "Retrieved",
    12: "Expired",
}
"""In the provider's own spelling."""
_FIRST_ID = 12_345
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_FATES = ((940, 2), (965, 3), (972, 5), (985, 8), (997, 9), (1000, 12))
"""Of 1,000 contacts: 940 get it, 25 fail, 7 are rejected, 13 numbers are dead, 12 opted out, 3 expire."""


@dataclass(frozen=True, slots=True)
class HeldCampaign:
    """One group campaign that the provider holds, scheduled or sent."""

    id: int
    name: str
    message: str
    send_at: float
    """When, in seconds since 1970."""
    group_ids: tuple[str, ...]
    type_recipients: int
    contacts_count: int
    mms_template_id: int | None = None
    mms_high_resolution: int | None = None
    subject: str = ""
    created_at: float = 0.0
    status_id: int | None = None
    """As a person set it; None while approval takes its course."""
    sent: bool = False


class SandboxAccount:
    """Everything the provider knows, changed by requests, by people in the dashboard, and by time."""

    def __init__(
        self,
        *,
        zone: str,
        shown_zone: str,
        groups: Iterable[Group],
        templates: Iterable[MmsTemplate],
        credits: int,
        approve_after: float,
        deliver_after: float,
        lenient: bool,
        clock: Callable[[], float],
        state_file: Path | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.zone = ZoneInfo(zone)
        self.shown_zone = ZoneInfo(shown_zone or zone)
        self.groups = {int(group.id): fill_group(group) for group in groups}
        self.templates = {template.id: template for template in templates}
        self.credits = credits
        self.shift = 0.0
        self.held: dict[int, HeldCampaign] = {}
        self.scheduled_ids: list[int] = []
        self.sent_ids: list[int] = []
        self._approve_after = approve_after
        self._deliver_after = deliver_after
        self._lenient = lenient
        self._clock = clock
        self._due: list[tuple[float, int]] = []
        self._history: list[tuple[float, int, HeldCampaign | None]] = []
        self._late: list[tuple[float, int, Mapping[str, Any]]] = []
        self._next_id = _FIRST_ID
        self._sizes: dict[tuple[str, ...], int] = {}
        self._journal: IO[str] | None = None
        if state_file is not None:
            self._open_state(state_file)

    def now(self) -> float:
        """Give the time at the provider's, in seconds since 1970."""
        return self._clock() + self.shift

    def advance(self, seconds: float) -> float:
        """Let time pass; gives the new time."""
        with self.lock:
            self._note("shift", self.shift + seconds)
            self.shift += seconds
            self.settle()
            return self.now()

    def create(self, payload: Mapping[str, Any], created_at: float | None = None) -> HeldCampaign:
        """Hold a campaign that passed the checks."""
        with self.lock:
            now = self.now() if created_at is None else created_at
            group_ids = tuple(str(int(group)) for group in payload["GroupIds"])
            campaign = HeldCampaign(
                id=self._next_id,
                name=str(payload.get("CampaignName") or ""),
                message=payload["Message"],
                send_at=self.read_time(payload["DateTime"]) if payload.get("DateTime") else now,
                group_ids=group_ids,
                type_recipients=int(payload.get("TypeRecipients") or 0),
                contacts_count=self.count_contacts(group_ids),
                mms_template_id=int(payload["MmsTemplateId"]) if payload.get("MmsTemplateId") else None,
                mms_high_resolution=int(payload["MmsHighResolution"]) if payload.get("MmsHighResolution") else None,
                subject=str(payload.get("Subject") or ""),
                created_at=now,
                status_id=payload.get("Status_Id"),
            )
            self._put(campaign)
            return campaign

    def create_late(self, payload: Mapping[str, Any], seconds: float) -> None:
        """Hold a campaign only once some time has passed."""
        with self.lock:
            heapq.heappush(self._late, (self.now() + seconds, len(self._late), dict(payload)))

    def edit(self, id: int, **fields: Any) -> HeldCampaign:
        """Change a campaign as a person in the dashboard would; raises KeyError for one that is not held."""
        with self.lock:
            campaign = dataclasses.replace(self.held[id], **fields)
            if "group_ids" in fields and "contacts_count" not in fields:
                campaign = dataclasses.replace(campaign, contacts_count=self.count_contacts(campaign.group_ids))
            self._put(campaign)
            return campaign

    def delete(self, id: int) -> bool:
        """Delete a scheduled or sent campaign; says whether it was there."""
        with self.lock:
            self.settle()
            return self._remove(id)

    def put_group(self, group: Group) -> None:
        """Add a group, or put another in its place."""
        with self.lock:
            filled = fill_group(group)
            self.groups[int(group.id)] = filled
            self._sizes.clear()
            self._note("group", [filled.id, filled.name, list(filled.contact_ids)])

    def put_template(self, template: MmsTemplate) -> None:
        """Add an MMS template, or put another in its place."""
        with self.lock:
            self.templates[template.id] = template
            self._note("template", dataclasses.astuple(template))

    def find_group(self, number: int) -> Group | None:
        """Give a group; a lenient provider makes one up for any positive id."""
        if number not in self.groups and self._lenient and number > 0:
            self.groups[number] = invent_group(number)
        return self.groups.get(number)

    def find_template(self, number: int) -> MmsTemplate | None:
        """Give an MMS template; a lenient provider makes one up for any positive id."""
        known = self.templates.get(number)
        if self._lenient and number > 0 and (known is None or known.status_id != 3):
            known = self.templates[number] = invent_template(number)
        return known

    def settle(self) -> None:
        """Bring the books up to now: late campaigns come in, approved ones whose time has come go out."""
        with self.lock:
            now = self.now()
            while self._late and self._late[0][0] <= now:
                due, _, payload = heapq.heappop(self._late)
                self.create(payload, created_at=due)
            self._send_due(now)

    def as_of(self, moment: float) -> dict[int, HeldCampaign]:
        """Give all campaigns as they were held at an earlier moment."""
        then: dict[int, HeldCampaign] = {}
        with self.lock:
            for changed_at, number, campaign in self._history:
                if changed_at > moment:
                    continue
                if campaign is None:
                    then.pop(number, None)
                else:
                    then[number] = campaign
        return {number: self._at(campaign, moment) for number, campaign in then.items()}

    def status_of(self, campaign: HeldCampaign) -> int:
        """Give the status a scheduled campaign has now."""
        if campaign.status_id is not None:
            return campaign.status_id
        return 3 if self.now() >= campaign.created_at + self._approve_after else 1

    def count_contacts(self, group_ids: tuple[str, ...]) -> int:
        """Count the contacts of some groups together, each once."""
        known = self._sizes.get(group_ids)
        if known is None:
            known = self._sizes[group_ids] = len(self._contacts(group_ids))
        return known

    def delivery(self, campaign: HeldCampaign) -> list[tuple[int, int]]:
        """Give the contacts of a sent campaign, each with its delivery status, in the order of their ids."""
        contacts = sorted(self._contacts(campaign.group_ids))[: campaign.contacts_count]
        if self.now() < campaign.send_at + self._deliver_after:
            return [(contact, 1) for contact in contacts]
        return [(contact, _fate(contact, campaign.id)) for contact in contacts]

    def read_time(self, text: str) -> float:
        """Read `YYYY-MM-DD HH:MM:SS` in the provider's zone; raises ValueError."""
        if not _TIME.fullmatch(text):
            raise ValueError(f'"{text}" is not written as YYYY-MM-DD HH:MM:SS')
        return datetime.fromisoformat(text).replace(tzinfo=self.zone).timestamp()

    def write_time(self, moment: float) -> str:
        """Write a time as the provider shows it."""
        return datetime.fromtimestamp(moment, self.shown_zone).strftime("%Y-%m-%d %H:%M:%S")

    def close(self) -> None:
        """Let go of the state file."""
        with self.lock:
            if self._journal is not None:
                self._journal.close()
            self._journal = None

    def _at(self, campaign: HeldCampaign, moment: float) -> HeldCampaign:
        went = campaign.status_id in (None, 3) and self._goes_at(campaign) <= moment
        return dataclasses.replace(campaign, sent=campaign.sent or went)

    def _put(self, campaign: HeldCampaign) -> None:
        changed_at = self.now() if campaign.id in self.held else campaign.created_at
        self._history.append((changed_at, campaign.id, campaign))
        if campaign.id not in self.held:
            ids = self.sent_ids if campaign.sent else self.scheduled_ids
            bisect.insort(ids, campaign.id)
        self.held[campaign.id] = campaign
        self._next_id = max(self._next_id, campaign.id + 1)
        if not campaign.sent:
            heapq.heappush(self._due, (self._goes_at(campaign), campaign.id))
        self._note("campaign", campaign)

    def _remove(self, id: int) -> bool:
        campaign = self.held.pop(id, None)
        if campaign is None:
            return False
        self._history.append((self.now(), id, None))
        ids = self.sent_ids if campaign.sent else self.scheduled_ids
        del ids[bisect.bisect_left(ids, id)]
        self._note("delete", id)
        return True

    def _goes_at(self, campaign: HeldCampaign) -> float:
        if campaign.status_id is not None:
            return campaign.send_at
        return max(campaign.send_at, campaign.created_at + self._approve_after)

    def _send_due(self, now: float) -> None:
        gone = set()
        while self._due and self._due[0][0] <= now:
            _, number = heapq.heappop(self._due)
            campaign = self.held.get(number)
            if campaign is None or campaign.sent or self._goes_at(campaign) > now or self.status_of(campaign) != 3:
                continue
            self.held[number] = dataclasses.replace(campaign, sent=True)
            self.credits = max(0, self.credits - _price(campaign))
            gone.add(number)
        if gone:
            self.scheduled_ids = [number for number in self.scheduled_ids if number not in gone]
            self.sent_ids = sorted([*self.sent_ids, *gone])

    def _contacts(self, group_ids: Iterable[str]) -> set[int]:
        contacts: set[int] = set()
        for group_id in group_ids:
            group = self.find_group(int(group_id))
            contacts.update(group.contact_ids if group else ())
        return contacts

    def _note(self, what: str, value: object) -> None:
        if self._journal is None:
            return
        plain = dataclasses.asdict(value) if isinstance(value, HeldCampaign) else value
        self._journal.write(json.dumps([what, plain]) + "\n")
        self._journal.flush()

    def _open_state(self, path: Path) -> None:
        """Play the journal back, write it anew in one piece, and go on at its end.

        One JSON line a change: a file rewritten at each campaign would cost the square of their number.
        """
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                what, value = json.loads(line)
            except ValueError:
                continue  # the last line of a process that was killed
            self._play(what, value)
        fresh = path.with_name(f"{path.name}.new")
        self._journal = fresh.open("w", encoding="utf-8")
        self._write_whole()
        self._journal.close()
        fresh.replace(path)
        self._journal = path.open("a", encoding="utf-8")

    def _play(self, what: str, value: Any) -> None:
        if what == "campaign":
            fields = {**value, "group_ids": tuple(value["group_ids"]), "sent": False}
            self._put(HeldCampaign(**fields))
        elif what == "delete":
            self._remove(value)
        elif what == "shift":
            self.shift = value
        elif what == "next":
            self._next_id = value
        elif what == "group":
            self.put_group(Group(value[0], value[1], len(value[2]), tuple(value[2])))
        elif what == "template":
            self.put_template(MmsTemplate(*value))

    def _write_whole(self) -> None:
        self._note("shift", self.shift)
        self._note("next", self._next_id)
        for group in self.groups.values():
            self._note("group", [group.id, group.name, list(group.contact_ids)])
        for template in self.templates.values():
            self._note("template", dataclasses.astuple(template))
        for campaign in self.held.values():
            self._note("campaign", campaign)


def _price(campaign: HeldCampaign) -> int:
    """Estimate the credits: 1 a part and contact, 3 for an MMS; how the provider counts is not documented."""
    if campaign.mms_template_id:
        return 3 * campaign.contacts_count
    length = len(campaign.message)
    parts = 1 if length <= 160 else -(-length // 153)
    return parts * campaign.contacts_count


def _fate(contact: int, campaign: int) -> int:
    lot = zlib.crc32(f"{contact}/{campaign}".encode()) % 1_000
    return next(status for bound, status in _FATES if lot < bound)
