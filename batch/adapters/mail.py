"""Build mails and send them over SMTP, encrypted unless the settings say otherwise."""

from __future__ import annotations

import html as markup
import smtplib
import ssl
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import EmailPolicy
from email.utils import format_datetime, getaddresses, make_msgid
from pathlib import Path
from typing import Any, Literal, NamedTuple

from batch.core.file_names import safe_name
from batch.model.errors import DeliveryError, UsageError
from batch.model.records import dataclass
from batch.model.secret import Secret

Security = Literal["starttls", "tls", "none"]

LARGEST = 5 * 1024 * 1024
"""Bytes of all attachments together; many mail servers refuse a mail that is much larger."""
_TOO_LARGE, _TOO_LARGE_TOO = 552, " 5.3.4 "
"""How a server says that a mail is larger than it takes (RFC 1870, RFC 3463)."""
_LONGEST_PAUSE = timedelta(hours=6)
_NO_PASSWORD = Secret("")


class _Folding(EmailPolicy):
    """Folds a header inside its text only.

    Python puts some long texts on a line of their own behind the name, and the text arrives with a leading blank.
    """

    def fold(self, name: str, value: Any) -> str:
        """Fold for a text."""
        folded: str = super().fold(name, value)
        return folded.replace(f"{name}:{self.linesep} ", f"{name}: ", 1)

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Fold for the wire."""
        empty, joined = f"{name}:{self.linesep} ".encode(), f"{name}: ".encode()
        folded: bytes = super().fold_binary(name, value)
        return folded.replace(empty, joined, 1)


_POLICY = _Folding(linesep="\r\n", cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file that goes with a mail."""

    name: str
    content: bytes
    kind: str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    """Its MIME type."""


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server, and as whom to sign in to it."""

    host: str
    port: int
    security: Security
    username: str = ""
    """Empty: nobody signs in."""
    password: Secret = _NO_PASSWORD
    timeout: float = 30.0
    """Seconds."""
    ca_file: Path | None = None
    """The authority that vouches for it, where it is none of the system's."""


def compose(
    *,
    sender: str,
    to: Sequence[str],
    subject: str,
    text: str,
    now: datetime,
    message_id_domain: str,
    html: str = "",
    reply_to: str = "",
    attachments: Sequence[Attachment] = (),
    largest: int = LARGEST,
) -> EmailMessage:
    """Compose a mail with a plain text and, beside it, the same as HTML.

    Line breaks in the subject become blanks, so that no text can add a header; an address that holds one, or is none,
    raises UsageError. Attachments over `largest` bytes together stay out, with a note in both texts. `now` is aware.
    """
    fitting, left_out = _fit(attachments, largest)
    note = _note(left_out)
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _read_address(sender, "from")
    mail["To"] = [_read_address(one, "to") for one in to]
    if reply_to:
        mail["Reply-To"] = _read_address(reply_to, "reply_to")
    mail["Subject"] = clean(subject)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = make_msgid(domain=clean(message_id_domain).strip(" <>@") or "localhost")
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday note answers this
    mail.set_content(f"{text.rstrip()}\n\n{note}\n" if note else text, cte="quoted-printable")
    if html:
        mail.add_alternative(_add_note(html, note), subtype="html", cte="quoted-printable")
    for one in fitting:
        main, _, sub = one.kind.partition("/")
        mail.add_attachment(one.content, maintype=main, subtype=sub, filename=safe_name(clean(one.name)))
    return mail


def clean(text: str) -> str:
    """Turn line breaks and every other control character into single blanks."""
    plain = "".join(" " if unicodedata.category(one) in {"Cc", "Zl", "Zp", "Cs"} else one for one in text)
    return " ".join(plain.split())


class Refused(NamedTuple):
    """The recipients for whom the server did not take a mail, while it took it for others."""

    for_good: tuple[str, ...] = ()
    for_now: tuple[str, ...] = ()
    """Servers with greylisting take it for these later."""


def send(message: bytes, server: Server, to: Sequence[str] = ()) -> Refused:
    """Hand a mail to the server, for all whom it is to or only some; give those for whom it was refused.

    Raises DeliveryError. A broken connection after the last byte may mean that it was taken anyway; a second
    copy then bears the same Message-ID.
    """
    mail = BytesParser(policy=policy.SMTP).parsebytes(message, headersonly=True)
    named = to or [str(one) for one in mail.get_all("To", [])]
    recipients = [address for _, address in getaddresses(named) if address]
    [(_, sender)] = getaddresses([str(mail["From"])])
    with _telling(server), _signed_in(server) as session:
        refused = session.sendmail(sender, recipients, message)
    for_now = tuple(one for one, (code, _) in refused.items() if code < 500)
    return Refused(tuple(one for one in refused if one not in for_now), for_now)


def lighten(message: bytes) -> bytes | None:
    """Give a mail without its attachments, with a note in both texts; None when it has none.

    It keeps its Message-ID.
    """
    mail: Any = BytesParser(policy=_POLICY).parsebytes(message)
    attached = [_reread(one) for one in mail.iter_attachments()]
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    if not attached or text is None:
        return None
    note = _note(attached)
    plain = f"{text.get_content().rstrip()}\n\n{note}\n"
    html = _add_note(page.get_content(), note) if page is not None else ""
    mail.clear_content()
    mail.set_content(plain, cte="quoted-printable")
    if html:
        mail.add_alternative(html, subtype="html", cte="quoted-printable")
    lighter: bytes = mail.as_bytes()
    return lighter


def _reread(part: Any) -> Attachment:
    return Attachment(part.get_filename("attachment"), part.get_payload(decode=True) or b"")


class _Unsure(smtplib.SMTP):
    """A session that says when it broke with the mail under way: then the server may have taken it."""

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Hand over the mail itself; raise DeliveryError where no answer came."""
        try:
            return super().data(msg)
        except (smtplib.SMTPServerDisconnected, TimeoutError, ConnectionError, ssl.SSLError):
            raise DeliveryError(
                "the connection broke before the mail server confirmed the mail",
                "it may have arrived, and is tried again under the same Message-ID",
                unsure=True,
            ) from None


class _UnsureOverTls(_Unsure, smtplib.SMTP_SSL):
    """The same on a port that speaks TLS from the start."""


def check_server(server: Server) -> None:
    """Connect and sign in, nothing more; raises DeliveryError."""
    with _telling(server), _signed_in(server) as session:
        session.noop()


def next_try(failures: int, now: datetime) -> datetime:
    """Say when a mail that failed so many times is tried again: after 1 minute, then twice as long, 6 hours at most."""
    minutes = 2 ** min(max(failures, 1) - 1, 20)
    return now + min(timedelta(minutes=minutes), _LONGEST_PAUSE)


def _fit(attachments: Sequence[Attachment], largest: int) -> tuple[list[Attachment], list[Attachment]]:
    fitting: list[Attachment] = []
    left_out: list[Attachment] = []
    room = largest
    for one in attachments:
        fits = len(one.content) <= room
        (fitting if fits else left_out).append(one)
        room -= len(one.content) if fits else 0
    return fitting, left_out


def _note(left_out: Sequence[Attachment]) -> str:
    if not left_out:
        return ""
    names = ", ".join(f"{clean(one.name)} ({len(one.content) / 1_048_576:.1f} MB)" for one in left_out)
    return f"Too large to attach, see the reports folder: {names}"


def _add_note(html: str, note: str) -> str:
    if not note:
        return html
    look = "margin:0;padding:8px 16px;color:#565f6c;font-family:Arial,sans-serif;font-size:13px"
    paragraph = f'<p class="grey" style="{look}">{markup.escape(note)}</p>'
    place = html.lower().rfind("</body>")
    return f"{html[:place]}{paragraph}{html[place:]}" if place >= 0 else html + paragraph


def _read_address(text: str, setting: str) -> Address:
    remedy = "write it like ops@example.com or Ops <ops@example.com>"
    if clean(text) != text.strip():
        raise UsageError(f"a mail address of [email] {setting} holds a line break", remedy)
    found = getaddresses([text])
    try:
        [(name, address)] = found
        user, _, domain = address.rpartition("@")
        if not user or not domain:
            raise ValueError
        if address.isascii():
            return Address(display_name=name, addr_spec=address)
    except (ValueError, IndexError):
        raise UsageError(f'"{text.strip()}" of [email] {setting} is not a mail address', remedy) from None
    words = f'the mail address "{address}" of [email] {setting} has letters that many mail servers refuse'
    raise UsageError(words, "use an address with plain letters only, such as ops@example.com")


@contextmanager
def _signed_in(server: Server) -> Iterator[smtplib.SMTP]:
    session = _connect(server)
    try:
        session.ehlo_or_helo_if_needed()
        if server.username:
            _sign_in(session, server)
        yield session
        # What was taken stays taken, however the goodbye goes: a failure here must not send the mail again.
        with suppress(smtplib.SMTPException, OSError):
            session.quit()
    finally:
        session.close()


def _connect(server: Server) -> smtplib.SMTP:
    if server.security == "tls":
        return _UnsureOverTls(server.host, server.port, timeout=server.timeout, context=_verifying(server.ca_file))
    session = _Unsure(server.host, server.port, timeout=server.timeout)
    if server.security == "none":
        return session
    try:
        session.ehlo()
        if not session.has_extn("starttls"):
            raise DeliveryError(
                f"the mail server {server.host} offers no encrypted connection, so nothing was sent to it",
                'set [email] security = "tls" with its port, or ask whoever runs the server',
            )
        code, _ = session.starttls(context=_verifying(server.ca_file))
        if code != 220:
            raise DeliveryError(f"the mail server {server.host} refused to encrypt the connection", "try again later")
    except BaseException:
        session.close()
        raise
    return session


def _verifying(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError):
            raise DeliveryError("the file of [email] ca_file holds no certificate", "name a .pem file") from None
    return context


def _sign_in(session: smtplib.SMTP, server: Server) -> None:
    if not server.password:
        raise DeliveryError(
            "there is no password for the mail server",
            'set CAMPAIGN_BATCH_EMAIL__PASSWORD or CAMPAIGN_BATCH_EMAIL__PASSWORD_FILE, type "campaign-batch init '
            "--mail-password\" to keep it in the system's keyring, or leave username empty",
        )
    if not session.has_extn("auth"):
        raise DeliveryError(
            "the mail server does not accept sign-in on this connection",
            "check [email] port and security, or leave username empty",
        )
    session.login(server.username, server.password.reveal())


@contextmanager
def _telling(server: Server) -> Iterator[None]:
    """Turn what smtplib, ssl and the network raise into one line without the password."""
    try:
        yield
    except DeliveryError:
        raise
    except Exception as trouble:
        if not isinstance(trouble, smtplib.SMTPException | OSError | ValueError):
            raise
        told = _tell(server, trouble)
    else:
        return
    raise told from None


def _tell(server: Server, trouble: Exception) -> DeliveryError:
    name = f"the mail server {server.host}"
    if isinstance(trouble, smtplib.SMTPAuthenticationError):
        return DeliveryError(f"{name} refused the sign-in", "check [email] username and the password")
    if isinstance(trouble, smtplib.SMTPRecipientsRefused):
        answers = [(code, said) for code, said in trouble.recipients.values()]
        permanent = all(_for_good(code) for code, _ in answers)
        said = _said(*answers[0], server.password) if answers else "no recipient"
        words = f"{name} accepted none of the recipients: {said}"
        return DeliveryError(words, "check the addresses", permanent=permanent, nobody=permanent)
    if isinstance(trouble, smtplib.SMTPResponseException):
        code, answer = trouble.smtp_code, trouble.smtp_error
        permanent = _for_good(code) and isinstance(trouble, smtplib.SMTPDataError | smtplib.SMTPSenderRefused)
        remedy = "ask whoever runs the server" if permanent else "it is retried automatically"
        said = _said(code, answer, server.password)
        too_large = permanent and (code == _TOO_LARGE or _TOO_LARGE_TOO in said)
        return DeliveryError(f"{name} refused: {said}", remedy, permanent=permanent, too_large=too_large)
    if isinstance(trouble, ssl.SSLCertVerificationError):
        return DeliveryError(
            f"the certificate of {name} is not trusted ({trouble.verify_message})",
            "check [email] host, or name the company's own authority as [email] ca_file",
        )
    if isinstance(trouble, ssl.SSLError):
        return DeliveryError(f"{name} does not speak TLS on this port", "check [email] port and security")
    if isinstance(trouble, TimeoutError):
        return DeliveryError(f"{name} did not answer in time", "check [email] host and port")
    return DeliveryError(f"{name} cannot be reached", "check [email] host and port, and the connection")


def _for_good(code: int) -> bool:
    """Say whether a refusal is about this very mail; 530 and its like are about the sign-in, which can be fixed."""
    return 550 <= code < 560


def _said(code: int, answer: bytes | str, password: Secret) -> str:
    words = clean(answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer)
    return f"{code} {password.redact(words)[:200]}".strip()
