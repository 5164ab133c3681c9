"""Make one HTTP request on one connection of its own.

The libraries below are kept from all they do unasked: no retries, no redirects, no proxy or netrc of the
environment. The token joins the URL only as the request line is written, so that no exception, log record
or response object of theirs ever holds it.
"""

from __future__ import annotations

import functools
import http.client
import io
import json
import logging
import os
import socket
import ssl
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import field
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError
from urllib3.util import create_urllib3_context

from batch import __version__
from batch.model import Answer, Failure
from batch.model.records import dataclass
from batch.model.secret import Secret

log = logging.getLogger("batch.adapters.provider")

CHUNK = 65_536
LEFT_OUT = frozenset({"link", "location", "set-cookie", "refresh", "content-location"})
"""Headers that may carry the URL, and so the token, back."""
HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": f"campaign-batch/{__version__}",
}


class TooLateError(Exception):
    """The connection is open, but the clocks said no: nothing was written."""


class TooBigError(Exception):
    """The answer is longer than anybody needs."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to make."""

    method: str
    url: str
    """Without the token."""
    payload: Mapping[str, object] | None = None
    still_good: Callable[[], bool] = lambda: True
    """Asked once, with the connection open and before a byte is written."""
    connect_timeout: float = 10.0
    silence: float = 45.0
    """Seconds without a byte after which the answer is given up."""
    deadline: float = 45.0
    """Seconds for all of it, however steadily the answer drips."""
    longest: int = 1 << 20
    """Bytes of answer at most, as sent and as unpacked."""
    verify: str | bool = True
    """True, or the path of a file of certificates to trust."""
    proxy: str = ""


@dataclass(slots=True)
class RequestState:
    """How far a request has come."""

    call: Call
    token: Secret
    until: float
    connecting: bool = False
    connected: bool = False
    written: bool = False
    trouble: BaseException | None = None
    """What connecting failed at."""

    def left(self) -> float:
        """Give the seconds that the next wait for the network may last."""
        rest = self.until - monotonic()
        if rest <= 0:
            raise TimeoutError("deadline")
        return min(rest, self.call.silence)


@dataclass(slots=True)
class _Received:
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    failure: Failure | None = None
    words: str = ""


def make_request(call: Call, token: Secret) -> Answer:
    """Make one request, once, and say what came of it; never raises for the network's sake."""
    at, begun = datetime.now(UTC), monotonic()
    state = RequestState(call, token, begun + call.deadline)
    received = _Received()
    try:
        _exchange(state, received)
    except TooLateError:
        received.failure, received.words = Failure.TOO_LATE, "the moment had passed when the connection was open"
    except (
        requests.RequestException,
        HTTPError,
        http.client.HTTPException,
        OSError,
        zlib.error,
        TooBigError,
    ) as trouble:
        received.failure, received.words = _explain(state, trouble)
    except Exception as trouble:
        # After the first byte nothing may be lost in a traceback: whatever it is, the campaign may be scheduled.
        if not state.written:
            raise
        received.failure, received.words = _explain(state, trouble)
    seconds = monotonic() - begun
    log.debug("%s %s: %s in %.3f s", call.method, call.url, received.failure or received.status, seconds)
    words, body = token.redact(received.words), token.redact_bytes(received.body)
    return Answer(received.status, received.headers, body, received.failure, words, at, seconds)


def _exchange(state: RequestState, received: _Received) -> None:
    call = state.call
    prepared = _prepare(call.method, call.url).copy()
    if call.payload is not None:
        prepared.prepare_body(json.dumps(call.payload).encode("ascii"), None)
    adapter = _OneRequestAdapter(state)
    # The adapter is called itself: a Session would read the whole body of a redirect, of any size, to be rid of it.
    try:
        response = adapter.send(
            prepared,
            stream=True,
            timeout=(min(call.connect_timeout, call.deadline), call.silence),
            verify=call.verify,
            proxies={"http": call.proxy, "https": call.proxy} if call.proxy else {},
        )
        received.status = response.status_code
        received.headers = _plain_headers(response.headers, state.token)
        received.body = _read_body(response, call.longest)
    finally:
        adapter.close()


@functools.lru_cache(16)
def _prepare(method: str, url: str) -> requests.PreparedRequest:
    """Make what all requests to one address have in common."""
    return requests.Request(method, url, headers=HEADERS).prepare()


def _plain_headers(headers: Mapping[str, str], token: Secret) -> dict[str, str]:
    lower = {name.lower(): token.redact(value) for name, value in headers.items()}
    return {name: value for name, value in lower.items() if name not in LEFT_OUT}


def _read_body(response: requests.Response, longest: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := response.raw.read(min(CHUNK, longest + 1 - size), decode_content=False):
        size += len(chunk)
        chunks.append(chunk)
        if size > longest:
            raise TooBigError
    return _unpack(b"".join(chunks), response.headers.get("Content-Encoding", ""), longest)


def _unpack(body: bytes, encoding: str, longest: int) -> bytes:
    # Nothing packed was asked for; if it comes anyway, a small bomb must not fill the memory.
    if encoding.strip().lower() not in {"gzip", "x-gzip", "deflate"} or not body:
        return body
    packed = zlib.decompressobj(wbits=47)
    plain = packed.decompress(body, longest + 1)
    if len(plain) > longest:
        raise TooBigError
    if not packed.eof:
        raise zlib.error("cut short")
    return plain


def _explain(state: RequestState, trouble: BaseException) -> tuple[Failure, str]:
    if isinstance(state.trouble, ssl.SSLCertVerificationError) and not state.written:
        return Failure.CERTIFICATE, _plain(state.trouble.verify_message or "it does not hold")
    if not state.written:
        return Failure.NOT_SENT, _explain_connecting(state.trouble or trouble)
    if isinstance(trouble, TooBigError):
        return Failure.UNKNOWN, f"the answer is longer than {state.call.longest:,} bytes"
    if monotonic() >= state.until:
        return Failure.UNKNOWN, f"no complete answer within {state.call.deadline:g} s"
    return Failure.UNKNOWN, f"the connection broke before the whole answer was there ({type(_root(trouble)).__name__})"


def _explain_connecting(trouble: BaseException) -> str:
    if isinstance(trouble, NameResolutionError):
        return "its name could not be resolved"
    root = _root(trouble)
    if isinstance(root, TimeoutError | ConnectTimeoutError):
        return "connecting took too long"
    if isinstance(root, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(root, ssl.SSLError):
        return f"no secure connection could be made ({_plain(root.reason or 'TLS')})"
    if isinstance(root, OSError) and root.strerror:
        return _plain(root.strerror)
    if isinstance(root, OSError) and "unnel" in str(root):
        return f"the proxy refused ({_plain(str(root))})"
    return f"the connection failed ({type(root).__name__})"


def _root(trouble: BaseException) -> BaseException:
    seen: set[int] = set()
    while (deeper := trouble.__cause__ or trouble.__context__) is not None and id(deeper) not in seen:
        seen.add(id(trouble))
        trouble = deeper
    return trouble


def _plain(text: str) -> str:
    return " ".join(text.split())[:200]


class _OneRequestAdapter(HTTPAdapter):
    """A transport that makes its connections for one request only."""

    def __init__(self, state: RequestState) -> None:
        self._state = state
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Give the pool of the URL, made to build watched connections."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        kind = _WatchedTls if pool.scheme == "https" else _WatchedPlain
        pool.ConnectionCls = functools.partial(kind, state=self._state)
        return pool


class _Watched(HTTPConnection):
    """A connection that knows whether a byte of the request has left, and that keeps the deadline."""

    def __init__(self, *args: Any, state: RequestState, **kwargs: Any) -> None:
        self._state = state
        super().__init__(*args, **kwargs)

    def connect(self) -> None:
        """Connect, once: through the proxy and the TLS handshake, where there are such."""
        state = self._state
        if state.connecting:
            raise ConnectionError("a request has one connection")
        state.connecting = True
        try:
            super().connect()
        except Exception as trouble:
            state.trouble = trouble
            raise
        self.sock = _TimedSocket(self.sock, state)
        state.connected = True

    def _tunnel(self) -> None:
        # A proxy that drips its answer to CONNECT is cut as well.
        plain = self.sock
        self.sock = _TimedSocket(plain, self._state)
        super()._tunnel()
        self.sock = plain

    def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        """Begin the request line, which is where the token joins it."""
        joint = "&" if "?" in url else "?"
        token = quote(self._state.token.reveal(), safe="", errors="surrogateescape")
        super().putrequest(method, f"{url}{joint}access_token={token}", *args, **kwargs)

    def send(self, data: Any) -> None:
        """Write; before the first byte of the request, ask whether it is still wanted."""
        state = self._state
        if self.sock is None:
            self.connect()
        if state.connected and not state.written:
            if not state.call.still_good():
                raise TooLateError
            state.left()
            state.written = True
        super().send(data)


class _WatchedPlain(_Watched):
    pass


class _WatchedTls(_Watched, HTTPSConnection):
    def connect(self) -> None:
        """Connect, trusting authorities that were read once: for each connection anew it takes 13 ms."""
        if self.ca_certs and self.proxy is None:
            with suppress(OSError):  # what is wrong with the file is said below
                self.ssl_context, self.ca_certs = _trust(self.ca_certs, _version_of(self.ca_certs)), None
        super().connect()


@functools.lru_cache(8)
def _trust(authorities: str, _version: tuple[int, ...]) -> ssl.SSLContext:
    """Make what verifies a server, as urllib3 makes it for one connection."""
    context = create_urllib3_context()
    context.load_verify_locations(authorities)
    return context


def _version_of(file: str) -> tuple[int, ...]:
    found = os.stat(file)  # noqa: PTH116  asked before each request
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


class _TimedSocket:
    """A socket whose every wait ends at the request's deadline."""

    def __init__(self, plain: Any, state: RequestState) -> None:
        self._plain = plain
        self._state = state

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    def sendall(self, data: Any) -> None:
        """Write all of it within what is left of the deadline."""
        self._plain.settimeout(self._state.left())
        self._plain.sendall(data)

    def makefile(self, *_args: Any, **_kwargs: Any) -> io.BufferedReader:
        """Give the file that the answer is read from."""
        return io.BufferedReader(_TimedReader(self._plain, self._state))


class _TimedReader(io.RawIOBase):
    def __init__(self, plain: socket.socket, state: RequestState) -> None:
        self._plain = plain
        self._raw = plain.makefile("rb", buffering=0)
        self._state = state

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._plain.settimeout(self._state.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
