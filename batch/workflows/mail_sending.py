"""Hand the mails of the outbox to the mail server, one process at a time, and remember whom it refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import getaddresses
from typing import TYPE_CHECKING

from batch.adapters.mail import Server, lighten, next_try, send
from batch.model import Entry, Status
from batch.model.errors import BatchError, DeliveryError
from batch.model.records import dataclass
from batch.workflows.context import World
from batch.workflows.events import Note

if TYPE_CHECKING:
    from batch.adapters.config import EmailSection, Settings
    from batch.adapters.ledger import Ledger, Mail

_IN_HAND = timedelta(minutes=5)
"""A mail that one machine is handing over is left alone by others for so long, also when that machine was cut off."""
_REMEMBERED = timedelta(weeks=26)
"""How long it is told whom the mail server refused."""
GIVEN_UP = timedelta(days=30)
"""A mail that the server will never take is not tried again; it shows in `doctor` for as long."""


@dataclass(frozen=True, slots=True)
class Mailer:
    """Where mails are written: the settings, the outbox, the clock."""

    settings: Settings
    ledger: Ledger
    world: World

    @property
    def is_open(self) -> bool:
        """Whether mails can be written at all."""
        return bool(self.settings.email.host and self.settings.email.sender)

    def note(self, words: str, *, event: str = "", loud: bool = False) -> None:
        """Tell one line."""
        self.world.tell(Note(words, loud, event))


def try_to_mail(mailer: Mailer, act: Callable[[], object]) -> None:
    """Do something about mail; what goes wrong is told and no more, since the campaigns went anyway."""
    try:
        act()
    except (BatchError, OSError) as trouble:
        mailer.note(f"the mail is not on its way: {trouble}", event="mail-trouble", loud=True)


def send_due(mailer: Mailer) -> int:
    """Send the mails whose time has come, unless another process is at it; give how many went."""
    if not mailer.is_open:
        return 0
    sent = 0
    with mailer.ledger.lock.hold_mail() as ours:
        for mail in mailer.ledger.outbox.due(mailer.world.now()) if ours else ():
            if mailer.world.stopped():
                break
            if not mailer.ledger.outbox.take(mail, mailer.world.now() + _IN_HAND):
                continue
            gone = _send(mailer, mail)
            sent += gone is True
            if gone is None:
                break
    return sent


def mail_server_of(email: EmailSection, timeout: float) -> Server:
    """Give the mail server of the settings; asks for its password."""
    return Server(email.host, email.port, email.security, email.username, email.password, timeout, email.ca_file)


def _send(mailer: Mailer, mail: Mail) -> bool | None:
    """Hand one mail over; False when the server does not want this one, None when it wants none just now."""
    email, now = mailer.settings.email, mailer.world.now()
    server = mail_server_of(email, email.timeout)
    try:
        refused = send(mail.body, server, mail.to)
    except DeliveryError as trouble:
        if trouble.too_large and (lighter := lighten(mail.body)):
            return _send(mailer, _without_attachments(mailer, mail, lighter, trouble))
        if trouble.nobody:
            mailer.ledger.outbox.note_sent(mail.id, now, mail.to)
            _tell_who_did_not_get_it(mailer, (), mail.to)
            return False
        _note_failed(mailer, mail, trouble)
        return False if trouble.permanent else None
    for_now = _pick(mail.to, refused.for_now)
    if for_now:
        mailer.ledger.outbox.add_rest(mail, for_now, next_try(1, now))
    mailer.ledger.outbox.note_sent(mail.id, now, refused.for_good)
    took = [one for one in mail.to if one not in {*for_now, *_pick(mail.to, refused.for_good)}]
    mailer.note(f'mail "{mail.subject}" went to {", ".join(took)}', event="mail-sent")
    _tell_who_did_not_get_it(mailer, for_now, refused.for_good)
    return True


def _without_attachments(mailer: Mailer, mail: Mail, lighter: bytes, trouble: DeliveryError) -> Mail:
    """Take the attachments off a mail that the server finds too large, and say so."""
    words = f'mail "{mail.subject}" is too large for the mail server ({trouble.words}), so it goes without attachments'
    mailer.note(words, event="mail-lightened", loud=True)
    mailer.ledger.outbox.replace_body(mail.id, lighter)
    return replace(mail, body=lighter)


def _note_failed(mailer: Mailer, mail: Mail, trouble: DeliveryError) -> None:
    now = mailer.world.now()
    again = now + GIVEN_UP if trouble.permanent else next_try(mail.tries + 1, now)
    mailer.ledger.outbox.note_failed(mail.id, trouble.words, again)
    what = "may not have arrived" if trouble.unsure else "did not go"
    mailer.note(f'mail "{mail.subject}" {what}: {trouble}', event="mail-failed", loud=True)


def _tell_who_did_not_get_it(mailer: Mailer, for_now: Sequence[str], for_good: Sequence[str]) -> None:
    if for_now:
        words = f"the mail server does not take it for {', '.join(for_now)} yet: it is tried again for them alone"
        mailer.note(words, event="mail-later")
    if for_good:
        words = f"the mail server refused {', '.join(for_good)}, who did not get it: correct the address"
        mailer.note(words, event="mail-refused", loud=True)


def _pick(recipients: Sequence[str], addresses: Sequence[str]) -> tuple[str, ...]:
    """Give those recipients, as they are written, whose address is one of these."""
    wanted = set(plain_addresses(addresses))
    return tuple(one for one in recipients if set(plain_addresses([one])) & wanted)


def plain_addresses(addresses: Iterable[str]) -> list[str]:
    """Give the bare addresses, casefolded, without the names before them."""
    pairs = getaddresses([one for one in addresses if one])
    return [address.casefold() for _, address in pairs if "@" in address and address.isascii()]


def refused_addresses(settings: Settings, ledger: Ledger, now: datetime) -> list[str]:
    """Give the addresses of the settings, and of Owners, that the mail server refused when a mail last went to them.

    What it said half a year ago says nothing of today.
    """
    state: dict[str, bool] = {}
    for recipients, refused in ledger.outbox.refusals(now - _REMEMBERED):
        state |= dict.fromkeys(plain_addresses(recipients), False) | dict.fromkeys(plain_addresses(refused), True)
    wanted = _own_addresses(settings)
    if any(refused for one, refused in state.items() if one not in wanted):
        wanted += plain_addresses(entry.owner for entry in ledger.entries.select(due_from=now) if _counts(entry))
    return [one for one in dict.fromkeys(wanted) if state.get(one)]


def _own_addresses(settings: Settings) -> list[str]:
    email = settings.email
    return plain_addresses((*email.to, *email.attention_to, *email.digest_to, *email.approvers))


def _counts(entry: Entry) -> bool:
    return bool(entry.owner) and entry.status not in {Status.CANCELLED, Status.REPLACED}


def how_to_correct(settings: Settings, refused: Iterable[str]) -> str:
    """Say where refused addresses are written."""
    own = set(_own_addresses(settings))
    where = ["under [email]"] * any(one in own for one in refused)
    where += ["in the sheet's Owner column"] * any(one not in own for one in refused)
    return f"correct the address {' and '.join(where)}"
