"""The sandbox itself: a provider of one's own on loopback, with a face for tests and for people."""

from __future__ import annotations

import dataclasses
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from batch.adapters.sandbox.bodies import Reply
from batch.adapters.sandbox.campaigns import HeldCampaign, SandboxAccount
from batch.adapters.sandbox.endpoints import PREFIX, Application, Post, Quirks, Request
from batch.adapters.sandbox.faults import Faults
from batch.adapters.sandbox.groups import invent_group, picture_templates, store_groups
from batch.adapters.sandbox.limiter import Limiter
from batch.adapters.sandbox.pages import answer_person
from batch.adapters.sandbox.wire import Wire
from batch.model import Group, MmsTemplate

TOKEN = "sandbox-token"  # noqa: S105 - it opens nothing but the sandbox


class Sandbox:
    """A stand-in provider on 127.0.0.1.

    Seconds throughout. `clock` gives the time at which it starts to count (`advance` adds to it); `limit` requests
    in `window` seconds, 0 for no limiter; `approve_after` a campaign is Pending for so long; `deliver_after` the
    contacts of a sent one are Pending for so long; `shown_zone` the zone in which it shows times, if it is not the
    one in which it reads them; `date_offset` the `Date` header of its answers is so far ahead of its clock, or behind
    it when negative; `lenient` it knows any group and template; for the rest see `Quirks`.
    """

    def __init__(
        self, *, port: int = 0, token: str = TOKEN, zone: str = "America/New_York", shown_zone: str = "",
        groups: Iterable[Group] | None = None, templates: Iterable[MmsTemplate] | None = None, credits: int = 250_000,
        limit: int = 60, window: int = 60, faults: Faults | Iterable[str] = (), seed: int | None = None,
        name_length: int | None = None, announce_paging: bool = True, whole_list: bool = False,
        newest_first: bool = False, page_size: int = 100, latency: float = 0.0, commit_late: float = 0.0,
        late_seconds: float = 2.0, drip_seconds: float = 1.0, date_offset: float = 0.0, approve_after: float = 0.0,
        deliver_after: float = 120.0, lenient: bool = False, clock: Callable[[], float] = time.time,
        state_file: Path | None = None, tls: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        self.account = SandboxAccount(
            zone=zone, shown_zone=shown_zone, groups=store_groups() if groups is None else groups,
            templates=picture_templates() if templates is None else templates, credits=credits,
            approve_after=approve_after, deliver_after=deliver_after, lenient=lenient, clock=clock,
            state_file=state_file,
        )  # fmt: skip
        self.token = token
        self.faults = faults if isinstance(faults, Faults) else Faults(faults, seed=seed)
        self.quirks = Quirks(
            name_length, announce_paging, whole_list, newest_first, page_size, latency, commit_late, late_seconds
        )
        limiter = Limiter(limit, window, self.account.now()) if limit and window else None
        self._application = Application(self.account, token, self.faults, self.quirks, limiter, self._sleep)
        self._port = port
        self._tls = tls
        self._drip_seconds = drip_seconds
        self.date_offset = date_offset
        self._wire: Wire | None = None

    @property
    def url(self) -> str:
        """Give the base URL, without a slash at its end; the sandbox must have been started."""
        assert self._wire is not None, "the sandbox has not been started"
        return f"{self._wire.origin}{PREFIX.rstrip('/')}"

    @property
    def page(self) -> str:
        """Give the address of the page that shows what is scheduled."""
        return self.url.removesuffix(PREFIX.rstrip("/")) + "/"

    @property
    def campaigns(self) -> list[HeldCampaign]:
        """Give all it holds, scheduled and sent, the oldest Id first."""
        with self.account.lock:
            self.account.settle()
            return [self.account.held[number] for number in sorted(self.account.held)]

    @property
    def scheduled(self) -> list[HeldCampaign]:
        """Give those whose time is still to come, and those never approved."""
        return [campaign for campaign in self.campaigns if not campaign.sent]

    @property
    def sent(self) -> list[HeldCampaign]:
        """Give those that went out."""
        return [campaign for campaign in self.campaigns if campaign.sent]

    @property
    def posts(self) -> list[Post]:
        """Give the log of every schedule request that got past authentication and limiter."""
        return self._application.posts

    @property
    def asked(self) -> list[tuple[float, bool]]:
        """Give when each request came to the limiter, and whether it was let in; nothing without a limit."""
        limiter = self._application.limiter
        return list(limiter.asked) if limiter else []

    @property
    def credits(self) -> int:
        """Give the credits that are left."""
        self.account.settle()
        return self.account.credits

    def start(self) -> None:
        """Listen, and answer in threads of its own; raises OSError when the port is taken."""
        if self._wire is not None:
            return
        self._wire = Wire(self._port, self._answer, self.account.now, tls=self._tls, drip_seconds=self._drip_seconds)
        self._port = self._wire.server_address[1]
        threading.Thread(target=self._wire.serve_forever, args=(0.02,), name="sandbox", daemon=True).start()

    def stop(self) -> None:
        """Hang up on everybody; what it holds stays, and `start` takes the same port again."""
        if self._wire is not None:
            self._wire.stop()
        self._wire = None

    def close(self) -> None:
        """Stop for good, and let go of the state file."""
        self.stop()
        self.account.close()

    def serve_forever(self) -> None:
        """Answer until somebody presses Ctrl-C."""
        self.start()
        try:
            while self._wire is not None:
                time.sleep(0.5)  # an untimed wait could not be interrupted on Windows
        except KeyboardInterrupt:
            pass
        finally:
            self.close()

    def now(self) -> float:
        """Give the time at the provider's."""
        return self.account.now()

    def advance(self, seconds: float = 0.0, *, days: float = 0.0) -> float:
        """Let time pass at the provider's; gives the new time."""
        return self.account.advance(seconds + 86_400 * days)

    def create(self, **payload: Any) -> HeldCampaign:
        """Schedule a campaign as a colleague in the dashboard would, with the fields of a schedule request."""
        return self.account.create(payload)

    def edit(self, id: int | str, **fields: Any) -> HeldCampaign:
        """Change fields of a campaign (those of HeldCampaign) as a person in the dashboard would."""
        return self.account.edit(int(id), **fields)

    def rename(self, id: int | str, name: str) -> HeldCampaign:
        """Give a campaign another name."""
        return self.edit(id, name=name)

    def delete(self, id: int | str) -> bool:
        """Delete a campaign; says whether it was there."""
        return self.account.delete(int(id))

    def put_group(
        self, id: int | str, name: str, contacts: int | None = None, contact_ids: Iterable[int] = ()
    ) -> Group:
        """Add a group, or put another in its place."""
        group = Group(str(id), name, contacts, tuple(contact_ids))
        self.account.put_group(group)
        return self.account.groups[int(id)]

    def remove_group(self, id: int | str) -> None:
        """Take a group away."""
        with self.account.lock:
            self.account.groups.pop(int(id), None)

    def invent_groups(self, ids: Iterable[int | str]) -> None:
        """Make up a group for each id that it does not know, as a lenient sandbox does when it is asked for one."""
        with self.account.lock:
            for number in map(str, ids):
                if number.isascii() and number.isdigit() and int(number) not in self.account.groups:
                    self.account.put_group(invent_group(int(number)))

    def approve_template(self, id: int, status_id: int = 3) -> None:
        """Move an MMS template to another status, Approved unless said otherwise."""
        template = self.account.templates[id]
        self.account.put_template(dataclasses.replace(template, status_id=status_id, status=""))

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self, request: Request) -> Reply:
        if request.path == "/" or request.path.startswith("/sandbox/"):
            return answer_person(self._application, request)
        reply = self._application.answer(request)
        reply.date_offset += self.date_offset
        return reply

    def _sleep(self, seconds: float) -> None:
        if self._wire is not None:
            self._wire.stopping.wait(seconds)
