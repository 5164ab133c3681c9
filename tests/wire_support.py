"""A scripted server on a raw socket, http and https, an entry to submit, and a certificate made on the spot."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from batch.model import Entry, Listed, Status

TAG = "k7f3q2m9"
TOKEN = "s3cr/et+tok en=ß&9"
TOKEN_FORMS = (
    TOKEN,
    "s3cr%2Fet%2Btok%20en%3D%C3%9F%269",
    "s3cr%2fet%2btok%20en%3d%c3%9f%269",
    "s3cr/et%2Btok",
    "s3cr%2Fet%2Btok+",
)

Reply = Callable[[socket.socket], None]


def make_entry(**changes: Any) -> Entry:
    """Make an entry that is being submitted."""
    entry = Entry(
        id=1,
        batch=1,
        file="week.xlsx",
        sheet="Campaigns",
        row=7,
        key="row:spring sale|2026-12-01T15:00Z",
        fingerprint="f" * 32,
        tag=TAG,
        reference="",
        campaign_name="Spring sale",
        provider_name=f"Spring sale #{TAG}",
        message="20% off until Sunday",
        group_ids=("100", "101"),
        group_names=("", ""),
        send_at=dt.datetime(2026, 12, 1, 15, 0, tzinfo=dt.UTC),
        send_at_provider="2026-12-01 10:00:00",
        zone="America/New_York",
        type_recipients=0,
        status=Status.SUBMITTING,
    )
    return replace(entry, **changes)


def make_object(**changes: Any) -> dict[str, Any]:
    """Make the provider's object for `make_entry()`, as its documentation shows one."""
    return {
        "Id": "12345",
        "CampaignName": f"Spring sale #{TAG}",
        "Message": "20% off until Sunday",
        "DateTime": "2026-12-01 10:00:00",
        "GroupIds": ["100", "101"],
        "TypeRecipients": 0,
        "ContactsCount": "150",
        "Status_Id": 3,
        "Status_Description": "Approved and Scheduled",
        "Type_Id": 1,
        "Type_Description": "SMS",
        "MmsTemplateId": "",
        "Subject": "",
    } | changes


def make_listed(**changes: Any) -> Listed:
    """Make what `make_object()` is read as."""
    listed = Listed(
        id="12345",
        name=f"Spring sale #{TAG}",
        message="20% off until Sunday",
        send_at="2026-12-01 10:00:00",
        group_ids=("100", "101"),
        type_recipients=0,
        contacts_count=150,
        status_id=3,
        status="Approved and Scheduled",
    )
    return replace(listed, **changes)


def accepted(**changes: Any) -> bytes:
    """Make the body of an acceptance."""
    return json.dumps([make_object(**changes)]).encode()


@dataclass
class Seen:
    """One request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class WireServer:
    """Answer each connection with the next of its replies, the last one for ever; count what came in."""

    replies: list[Reply]
    tls: ssl.SSLContext | None = None
    before: bool = False
    """Whether the reply comes without reading the request (and, with `tls`, before the handshake)."""
    requests: list[Seen] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    def __enter__(self) -> WireServer:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/v1"

    @property
    def posts(self) -> int:
        """How many POSTs came in, whole or begun."""
        return sum(seen.method == "POST" for seen in self.requests)

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            reply = self.replies[min(self.connections, len(self.replies) - 1)]
            self.connections += 1
            threading.Thread(target=self._serve, args=(plain, reply), daemon=True).start()

    def _serve(self, plain: socket.socket, reply: Reply) -> None:
        plain.settimeout(5)
        with contextlib.suppress(OSError, ValueError), plain:
            if self.before:
                reply(plain)
                return
            talk = self.tls.wrap_socket(plain, server_side=True) if self.tls else plain
            with talk:
                if (seen := read_request(talk)) is not None:
                    self.requests.append(seen)
                    reply(talk)


def read_request(talk: socket.socket) -> Seen | None:
    """Read one request, its body too; None when the other side leaves first."""
    got = b""
    while b"\r\n\r\n" not in got:
        more = talk.recv(65536)
        if not more:
            return None
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _version = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += talk.recv(65536)
    return Seen(method, target, headers, body)


def answer(
    status: int, body: bytes = b"", headers: dict[str, str] | None = None, *, length: int | None = None
) -> Reply:
    """Answer with a status and a body; `length` announces another length than the body has."""
    named = {"Content-Type": "application/json", "Content-Length": str(len(body) if length is None else length)}
    lines = [f"{name}: {value}" for name, value in (named | (headers or {})).items() if value]
    return raw("\r\n".join([f"HTTP/1.1 {status} Words", *lines, "", ""]).encode() + body)


def raw(said: bytes) -> Reply:
    """Write bytes and close in good order."""

    def reply(talk: socket.socket) -> None:
        talk.sendall(said)
        if not isinstance(talk, ssl.SSLSocket):
            talk.shutdown(socket.SHUT_WR)

    return reply


def close(_talk: socket.socket) -> None:
    """Close without a word."""


def reset(talk: socket.socket) -> None:
    """Break the connection off hard."""
    linger(talk)
    talk.close()


def hang(talk: socket.socket) -> None:
    """Say nothing until the other side leaves."""
    with contextlib.suppress(OSError):
        talk.recv(1)


def then(said: bytes, end: Reply) -> Reply:
    """Write bytes, then do something else."""

    def reply(talk: socket.socket) -> None:
        talk.sendall(said)
        time.sleep(0.05)
        end(talk)

    return reply


def drip(said: bytes, every: float = 0.1) -> Reply:
    """Write byte by byte, so that no single wait is long."""

    def reply(talk: socket.socket) -> None:
        for place in range(len(said)):
            talk.sendall(said[place : place + 1])
            time.sleep(every)

    return reply


def break_record(talk: socket.socket) -> None:
    """Write something that is no TLS record beneath the TLS of a connection."""
    beneath = socket.socket(fileno=talk.fileno())
    beneath.sendall(b"\x17\x03\x03\x00\x20" + b"\x00" * 32)
    time.sleep(0.05)
    beneath.detach()


def linger(talk: socket.socket) -> None:
    """Make closing a reset."""
    talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@dataclass(frozen=True)
class Certificate:
    """A certificate with its key in one file, and what a client must trust to believe it."""

    chain: Path
    trust: Path

    def context(self) -> ssl.SSLContext:
        """Make the server's side of it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain)
        return context


def make_certificate(folder: Path, *, name: str = "127.0.0.1", expired: bool = False) -> Certificate:
    """Make a certificate for a name or address of this machine, and put it into a folder."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"campaign-batch test {name}")])
    now = dt.datetime.now(dt.UTC)
    until = now - dt.timedelta(days=1) if expired else now + dt.timedelta(days=1)
    try:
        alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        alternative = x509.DNSName(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=2))
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    stem = f"{name.replace('.', '-')}{'-expired' if expired else ''}"
    (folder / f"{stem}.pem").write_bytes(pem + secret)
    (folder / f"{stem}-trust.pem").write_bytes(pem)
    return Certificate(folder / f"{stem}.pem", folder / f"{stem}-trust.pem")
