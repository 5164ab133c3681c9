"""Mails: what is in them, that nothing can be smuggled into them, and that they travel protected or not at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from wire_support import Certificate, make_certificate

from batch.adapters.mail import Attachment, Refused, Security, Server, check_server, compose, next_try, send
from batch.model.errors import DeliveryError, UsageError
from batch.model.secret import Secret

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
PASSWORD = Secret("pa55-w0rd-9b")


@dataclass
class Box:
    """What a real SMTP server took, and what it should answer first."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    refuse: frozenset[str] = frozenset()
    signed_in: int = 0

    async def handle_RCPT(self, server: Any, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802
        if address in self.refuse:
            return "550 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        good = (data.login, data.password) == (b"ops", PASSWORD.reveal().encode())
        self.signed_in += good
        return AuthResult(success=good, handled=good)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def box() -> Box:
    return Box()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def serve(box: Box, **options: Any) -> Controller:
    controller = Controller(box, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    return controller


@pytest.fixture
def plain(box: Box) -> Iterator[int]:
    controller = serve(box)
    yield controller.port
    controller.stop()


@pytest.fixture
def guarded(box: Box, certificate: Certificate) -> Iterator[int]:
    """A server that takes mail only after STARTTLS and sign-in."""
    controller = serve(
        box,
        tls_context=certificate.context(),
        require_starttls=True,
        auth_required=True,
        authenticator=box.authenticate,
    )
    yield controller.port
    controller.stop()


def write(**changes: Any) -> EmailMessage:
    wanted: dict[str, Any] = {
        "sender": "Campaigns <campaigns@example.com>",
        "to": ["boss@example.com", "Ann Lee <ann@example.com>"],
        "reply_to": "ops@example.com",
        "subject": "Week 48: 25 scheduled, 2 need attention",
        "text": "25 scheduled – “all fine”\n",
        "html": "<html><body><p>25 scheduled – “all fine”</p></body></html>",
        "attachments": [Attachment("report week 48.xlsx", b"PK\x03\x04 workbook")],
        "message_id_domain": "example.com",
        "now": NOW,
    }
    return compose(**wanted | changes)


def at(port: int, security: Security = "none", **more: Any) -> Server:
    return Server("127.0.0.1", port, security, **more)


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.strip()


def test_a_mail_arrives_as_it_was_written(box: Box, plain: int) -> None:
    """Both bodies, the attachment, the addresses and the date come out at the other end."""
    assert send(write().as_bytes(), at(plain)) == Refused()
    [mail] = box.mails
    assert (mail["Subject"], mail["Reply-To"]) == ("Week 48: 25 scheduled, 2 need attention", "ops@example.com")
    assert mail["From"] == "Campaigns <campaigns@example.com>"
    assert mail["Date"].datetime == NOW
    assert mail["Message-ID"].endswith("@example.com>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert box.recipients == [["boss@example.com", "ann@example.com"]]
    assert body(mail, "plain") == "25 scheduled – “all fine”"
    assert "<p>25 scheduled – “all fine”</p>" in body(mail, "html")
    [attached] = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("report week 48.xlsx", b"PK\x03\x04 workbook")


SUBJECTS = (
    'Please approve Batch 1: "week.csv": 1 campaign is waiting for your approval',
    'Batch 12: "northwind week 48 last version.xlsx": the run stopped: the token was refused; 13 scheduled',
    "W" * 190,
    "Größe " * 30,
)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_long_subject_arrives_without_a_leading_blank(box: Box, plain: int, subject: str) -> None:
    """It is folded inside its text, never right behind its name."""
    send(write(subject=subject).as_bytes(), at(plain))
    assert box.mails[0]["Subject"] == subject.strip()


def test_the_bytes_are_plain_ascii_in_short_lines() -> None:
    """Servers without 8BITMIME, and the limit of 998 characters a line, do no harm."""
    raw = write(html=f"<p>{'ü' * 5000}</p>", subject="Grüße aus Köln").as_bytes()
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_large_attachments_stay_out_with_a_note() -> None:
    """The note stands in both texts and escapes the name."""
    mail = write(
        attachments=[Attachment("a<b>.xlsx", b"x" * 3000), Attachment("small.csv", b"y", "text/csv")], largest=2000
    )
    assert [one.get_filename() for one in mail.iter_attachments()] == ["small.csv"]
    assert "Too large to attach" in body(mail, "plain")
    assert "a<b>.xlsx" in body(mail, "plain")
    assert "a&lt;b&gt;.xlsx (0.0 MB)</p></body></html>" in body(mail, "html")


BREAKS = ["\r\n", "\n", "\r", "\n\n", "\r\n\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"]


@pytest.mark.parametrize("end", BREAKS)
@pytest.mark.parametrize("header", ["Bcc: thief@example.com", " folded\r\nBcc: thief@example.com"])
def test_line_breaks_add_no_header(box: Box, plain: int, end: str, header: str) -> None:
    """20 payloads in subject, file name and domain: the headers that arrive are those of an honest mail."""
    payload = f"Week 48{end}{header}{end}<script>"
    mail = write(
        subject=payload,
        attachments=[Attachment(f"{payload}.xlsx", b"x")],
        message_id_domain=f"example.com{end}{header}",
    )
    send(mail.as_bytes(), at(plain))
    [arrived] = box.mails
    honest = write()
    assert {name for name in arrived if name not in {"X-Peer", "X-MailFrom", "X-RcptTo"}} == set(honest.keys())
    assert box.recipients == [["boss@example.com", "ann@example.com"]]
    assert body(arrived, "plain") == "25 scheduled – “all fine”"
    for part in arrived.walk():
        assert "Bcc" not in part
    for place in ("sender", "reply_to"):
        with pytest.raises(UsageError):
            write(**{place: f"ops@example.com{end}{header}"})
    with pytest.raises(UsageError):
        write(to=[f"ops@example.com{end}{header}"])


@pytest.mark.parametrize("address", ["ops", "@example.com", "ops@", "a@b.com, c@d.com", "ops@exämple.com", "", "<>"])
def test_what_is_no_address_is_refused(address: str) -> None:
    """One address each, in plain characters, so that no server drops the mail later."""
    with pytest.raises(UsageError, match=r"\[email\] to"):
        write(to=[address])


def test_starttls_and_sign_in(box: Box, guarded: int, certificate: Certificate) -> None:
    """With the right authority and password the mail goes, protected."""
    send(write().as_bytes(), at(guarded, "starttls", username="ops", password=PASSWORD, ca_file=certificate.trust))
    assert (len(box.mails), box.signed_in) == (1, 1)


def test_tls_from_the_first_byte(box: Box, certificate: Certificate) -> None:
    """The other usual way works as well, and is checked as strictly."""
    controller = serve(box, ssl_context=certificate.context())
    try:
        send(write().as_bytes(), at(controller.port, "tls", ca_file=certificate.trust))
        with pytest.raises(DeliveryError, match="certificate"):
            send(write().as_bytes(), at(controller.port, "tls"))
    finally:
        controller.stop()
    assert len(box.mails) == 1


def test_a_certificate_that_nobody_vouches_for_gets_nothing(box: Box, guarded: int) -> None:
    """No mail and no password for whoever answers in the server's place."""
    with pytest.raises(DeliveryError, match="certificate") as caught:
        send(write().as_bytes(), at(guarded, "starttls", username="ops", password=PASSWORD))
    assert (box.mails, box.signed_in, caught.value.permanent) == ([], 0, False)


def test_a_server_without_starttls_gets_no_byte_of_mail_or_password() -> None:
    """All that it ever hears is a greeting."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_old_server, args=(listener, heard))
        thread.start()
        with pytest.raises(DeliveryError, match="no encrypted connection"):
            send(write().as_bytes(), at(listener.getsockname()[1], "starttls", username="ops", password=PASSWORD))
        thread.join(timeout=10)
    assert [line.split()[0].lower() for line in heard] == [b"ehlo"]


def _old_server(listener: socket.socket, heard: list[bytes]) -> None:
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as lines:
        connection.sendall(b"220 old\r\n")
        for line in lines:
            heard.append(line)
            connection.sendall(b"250-old\r\n250 AUTH PLAIN LOGIN\r\n")


def test_a_wrong_password_is_said_without_it(box: Box, guarded: int, certificate: Certificate) -> None:
    """Neither the words nor the chain of errors hold a password."""
    wrong = Secret("wr0ng-pa55")
    with pytest.raises(DeliveryError, match="refused the sign-in") as caught:
        check_server(at(guarded, "starttls", username="ops", password=wrong, ca_file=certificate.trust))
    assert wrong.reveal() not in repr(caught.value) + str(caught.value)
    assert caught.value.__suppress_context__
    assert wrong.reveal() not in repr(caught.value.__context__)


def test_signing_in_only(box: Box, guarded: int, certificate: Certificate) -> None:
    """The check of the server sends nothing."""
    check_server(at(guarded, "starttls", username="ops", password=PASSWORD, ca_file=certificate.trust))
    assert (box.signed_in, box.mails) == (1, [])


def test_a_user_without_password_is_told_where_it_belongs(plain: int) -> None:
    """The remedy names the variable."""
    with pytest.raises(DeliveryError, match="CAMPAIGN_BATCH_EMAIL__PASSWORD"):
        check_server(at(plain, username="ops", password=Secret("")))


def test_a_server_that_fails_for_a_while_gets_the_mail_once(box: Box, plain: int) -> None:
    """Tried again after each failure that may pass, and never after success."""
    box.answers = ["451 try later", "452 no room", "421 closing"]
    raw, failures, now = write().as_bytes(), 0, NOW
    while box.answers:
        with pytest.raises(DeliveryError) as caught:
            send(raw, at(plain))
        assert not caught.value.permanent
        failures += 1
        now = next_try(failures, now)
    send(raw, at(plain))
    assert (failures, now - NOW) == (3, timedelta(minutes=7))
    assert len(box.mails) == 1


def test_a_mail_that_is_refused_for_good_is_not_tried_again(box: Box, plain: int) -> None:
    """A 5xx to the mail, or to all recipients, says so; one bad recipient among good ones is only named."""
    box.answers = ["554 5.7.1 we do not like it"]
    with pytest.raises(DeliveryError, match=r"554 5\.7\.1 we do not like it") as caught:
        send(write().as_bytes(), at(plain))
    assert caught.value.permanent
    box.refuse = frozenset({"ann@example.com"})
    assert send(write().as_bytes(), at(plain)).for_good == ("ann@example.com",)
    with pytest.raises(DeliveryError, match="none of the recipients") as caught:
        send(write(to=["ann@example.com"]).as_bytes(), at(plain))
    assert caught.value.permanent
    assert box.recipients == [["boss@example.com"]]


def test_a_goodbye_that_fails_does_not_undo_success() -> None:
    """The server took the mail and then hung up: that is success, or it would be sent again."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_rude_server, args=(listener,))
        thread.start()
        assert send(write().as_bytes(), at(listener.getsockname()[1])) == Refused()
        thread.join(timeout=10)


def _rude_server(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as lines:
        connection.sendall(b"220 rude\r\n")
        in_data = False
        for line in lines:
            word = line.split()[:1]
            if in_data and line == b".\r\n":
                connection.sendall(b"250 taken\r\n")
                return
            if not in_data:
                in_data = word == [b"data"]
                connection.sendall(b"354 go\r\n" if in_data else b"250 fine\r\n")


def test_nobody_there() -> None:
    """A closed port is one line with the host."""
    with pytest.raises(DeliveryError, match=r"127\.0\.0\.1 cannot be reached") as caught:
        send(write().as_bytes(), at(free_port(), "starttls"))
    assert not caught.value.permanent


def test_tls_against_a_plain_server_says_so(plain: int) -> None:
    """The commonest slip of the settings has its own words."""
    with pytest.raises(DeliveryError, match="does not speak TLS"):
        check_server(at(plain, "tls", timeout=5))


def test_the_pauses_grow_and_end_at_six_hours() -> None:
    """1, 2, 4 ... minutes; a mail server that is away for a weekend is not hammered, nor forgotten."""
    minutes = [(next_try(failures, NOW) - NOW).total_seconds() / 60 for failures in (0, 1, 2, 3, 9, 10, 500)]
    assert minutes == [1, 1, 2, 4, 256, 360, 360]
