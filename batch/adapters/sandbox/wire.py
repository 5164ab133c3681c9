"""The sandbox's HTTP server on loopback, which can close, reset, hang or drip a connection."""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from batch.adapters.sandbox.bodies import NAMES, Reply, ReplyMode, write_error
from batch.adapters.sandbox.endpoints import Request
from batch.core.hosts import is_loopback

_LONGEST = 1 << 20
_HOST = re.compile(r"(\[[^\[\]]+\]|[^:\[\]]+)(?::[0-9]{1,5})?")


class Wire(socketserver.ThreadingTCPServer):
    """The listening socket, with one thread a connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    allow_reuse_address = os.name != "nt"  # Windows would let two sandboxes share a port

    def __init__(
        self,
        port: int,
        answer: Callable[[Request], Reply],
        clock: Callable[[], float],
        *,
        tls: ssl.SSLContext | None = None,
        drip_seconds: float = 1.0,
    ) -> None:
        self.answer = answer
        self.clock = clock
        self.tls = tls
        self.drip_seconds = drip_seconds
        self.stopping = threading.Event()
        self.open_sockets: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Conversation)
        self.origin = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_address[1]}"

    def stop(self) -> None:
        """Close the listening socket and every connection."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        for connection in list(self.open_sockets):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when a caller hangs up: that is what these tests are about."""


class Conversation(BaseHTTPRequestHandler):
    """One connection, kept alive until either side has had enough."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 600
    server: Wire

    def setup(self) -> None:
        """Shake hands in this connection's own thread, so that a slow one holds up nobody else."""
        if self.server.tls is not None:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()
        self.server.open_sockets.add(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        self.server.open_sockets.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()
        if self.server.tls is not None:
            with contextlib.suppress(OSError):
                self.connection.close()

    def answer_one(self) -> None:
        """Read one request whole, have it answered, and let the answer leave as it says."""
        xml = "json" not in self.headers.get("Accept", "").lower()
        if not self._is_meant():
            return self._refuse(421, xml=xml)
        length = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding"):
            return self._refuse(411, xml=xml)
        if not (length.isascii() and length.isdigit()):
            return self._refuse(400, xml=xml)
        if int(length) > _LONGEST:
            return self._refuse(413, xml=xml)
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return None  # the caller died while it wrote: no application sees such a request
        self._leave(self.server.answer(self._request(body)))
        return None

    do_GET = answer_one  # noqa: N815 - http.server wants these names
    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer_one  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Write no log: its lines would carry the token."""

    def _request(self, body: bytes) -> Request:
        parts = urlsplit(self.path)
        return Request(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            origin=self.server.origin,
            gone=self._caller_is_gone,
        )

    def _is_meant(self) -> bool:
        """Say whether the caller asked for this machine: a page on the web may give its own name our address."""
        asked = [*self.headers.get_all("Host", []), *filter(None, [urlsplit(self.path).netloc])]
        found = [_HOST.fullmatch(host.strip()) for host in asked]
        return all(host and is_loopback(host[1].strip("[]")) for host in found)

    def _refuse(self, status: int, *, xml: bool) -> None:
        self.close_connection = True
        self._leave(write_error(status, xml=xml))

    def _leave(self, reply: Reply) -> None:
        if reply.how in (ReplyMode.CLOSE, ReplyMode.RESET, ReplyMode.HANG):
            return self._end(reply.how)
        if reply.how is ReplyMode.GARBAGE:
            self.connection.sendall(b"\x16\x03\x01\x00\xffnothing like HTTP\r\n\r\n" * 3)
            return self._end(ReplyMode.CLOSE)
        whole = self._head(reply) + (b"" if self.command == "HEAD" else reply.body)
        if reply.how is ReplyMode.CUT:
            self.connection.sendall(whole[: -max(1, len(reply.body) // 2)])
            return self._end(ReplyMode.CLOSE)
        if reply.how is ReplyMode.DRIP:
            return self._drip(whole)
        self.connection.sendall(whole)
        return None

    def _head(self, reply: Reply) -> bytes:
        """Write status line and headers; they leave with the body in one packet."""
        lines = [
            f"HTTP/1.1 {reply.status} {NAMES.get(reply.status, 'OK')}",
            "Server: nginx",
            f"Date: {formatdate(self.server.clock() + reply.date_offset, usegmt=True)}",
            f"Content-Type: {reply.content_type}",
            f"Content-Length: {len(reply.body)}",
            *(f"{name}: {value}" for name, value in reply.headers.items()),
            f"Connection: {'close' if self.close_connection else 'keep-alive'}",
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")

    def _end(self, how: ReplyMode) -> None:
        self.close_connection = True
        if how is ReplyMode.HANG:
            while not self.server.stopping.wait(0.05) and not self._caller_is_gone():
                pass
        if how is ReplyMode.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _drip(self, whole: bytes) -> None:
        for place in range(len(whole)):
            self.connection.sendall(whole[place : place + 1])
            if self.server.stopping.wait(self.server.drip_seconds) or self._caller_is_gone():
                break
        self._end(ReplyMode.CLOSE)

    def _caller_is_gone(self) -> bool:
        try:
            readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(readable) and self._peeks_nothing()
        except (OSError, ValueError):
            return True

    def _peeks_nothing(self) -> bool:
        if isinstance(self.connection, ssl.SSLSocket):
            return True  # on TLS nothing but a farewell comes before the answer
        return not self.connection.recv(1, socket.MSG_PEEK)
