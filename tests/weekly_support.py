"""A watched folder and a mailbox for the weekly round: time is handed in, mails arrive at a real SMTP server."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from torture_support import Bench, bench, write_sheet

from batch.workflows.context import World, name_person
from batch.workflows.watch import Watched, watch_folder

BOSS, OPS, LEAD = "boss@example.com", "ops@example.com", "lead@example.com"


@dataclass
class MailBox:
    """What a real SMTP server took; `answers` are what it says to the next mails instead of taking them."""

    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    """Addresses that it does not know."""
    later: set[str] = field(default_factory=set)
    """Addresses for which it takes a mail only at the second try, as greylisting does."""
    drops: int = 0
    """How many mails it takes and then hangs up, without a word."""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address in self.refused:
            return "550 no such user here"
        if address in self.later:
            self.later.remove(address)
            return "451 4.7.1 greylisted, try again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        self.raw.append(envelope.content)
        self.recipients.append(list(envelope.rcpt_tos))
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        if self.drops:
            self.drops -= 1
            server.transport.abort()
        return "250 OK"

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]

    def to(self, address: str) -> list[EmailMessage]:
        """Give the mails that went to an address."""
        return [mail for mail in self.mails if address in str(mail["To"])]


@contextlib.contextmanager
def mailbox(box: MailBox, largest: int) -> Iterator[int]:
    """Run an SMTP server on a free port, which takes mails up to so many bytes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, data_size_limit=largest)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def body(mail: EmailMessage, kind: str) -> str:
    """Give the plain or the html text of a mail."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@dataclass
class Round:
    """A team with a watched folder."""

    desk: Bench
    box: MailBox
    place: Path | None = None

    @property
    def folder(self) -> Path:
        return self.place or self.desk.folder / "inbox"

    def drop(self, rows: Sequence[Mapping[str, str]] | int, name: str = "week.csv") -> Path:
        """Drop a sheet; only a csv of the columns that every row has."""
        self.folder.mkdir(exist_ok=True)
        if isinstance(rows, int):
            rows = [self.desk.row(number) for number in range(rows)]
        return write_sheet(self.folder / name, rows)

    def watch(
        self, seconds: float = 0.0, *, world: World | None = None, each: Callable[[], object] | None = None
    ) -> Watched:
        """Watch for a span of the handed-in time; `each` is called after every look."""
        clock = self.desk.clock
        end = clock.now() + timedelta(seconds=seconds)

        def wait(pause: float) -> None:
            clock.sleep(pause)
            if each is not None:
                each()

        world = replace(world or self.desk.world, stopped=lambda: clock.now() > end)
        return watch_folder(self.desk.settings, world, folder=self.folder, wait=wait)

    @property
    def service(self) -> World:
        """Give the world of a watch that runs under the system's own user, as it does in life."""
        return self.as_person(name_person())

    def as_person(self, name: str) -> World:
        """Give the world as another person's."""
        return replace(self.desk.world, who=name)

    def files(self, where: str = "") -> list[str]:
        """Name the files of one of the folders, our own notes and hidden ones left out."""
        place = self.folder / where
        found = sorted(path.name for path in place.iterdir() if path.is_file()) if place.is_dir() else []
        return [name for name in found if not name.startswith(".")]

    def sheets(self, where: str = "") -> list[str]:
        """Name the sheets of one of the folders."""
        return [name for name in self.files(where) if name.endswith((".csv", ".xlsx")) and " - batch-" not in name]


@contextlib.contextmanager
def weekly(
    *, mail: bool = False, box: MailBox | None = None, largest_mail: int = 2**25, **quirks: Any
) -> Iterator[Round]:
    """Set up a watched folder, with a mailbox when asked for."""
    with bench(**quirks) as desk, contextlib.ExitStack() as stack:
        desk.set(watch__grace_minutes=0, watch__folder=desk.folder / "inbox", checks__texts_per_day=0)
        box = box or MailBox()
        if mail:
            port = stack.enter_context(mailbox(box, largest_mail))
            desk.set(
                email__host="127.0.0.1", email__port=port, email__security="none", email__to=BOSS,
                email__attention_to=OPS, email__digest_to=BOSS, email__approvers=LEAD, email__reply_to=OPS,
                email__from="Campaigns <campaigns@example.com>",
            )  # fmt: skip
        yield Round(desk, box)
