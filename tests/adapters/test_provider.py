"""The provider over real sockets, http and https: every cell of the outcome table, its lists, its secret."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import threading
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import urllib3
import wire_support as wire
from pacing_support import Limiter
from wire_support import TOKEN, TOKEN_FORMS, WireServer, accepted, answer, make_entry, make_object

from batch.adapters.provider import AddressError, Provider, TokenError
from batch.core.classify import classify
from batch.core.pacing import Pace
from batch.core.payload import PostingRules, make_payload
from batch.model import Answer, DeliveryCount, Failure, Group, Listing, MmsTemplate, Outcome, Status, Stop
from batch.model.errors import LedgerError, ProviderError, UsageError
from batch.model.secret import Secret

ENTRY = make_entry()
PAYLOAD = make_payload(ENTRY, PostingRules())
DEADLINE = 0.6
JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ECHO = json.dumps({"name": "x", "message": f"bad token {TOKEN}", "url": f"/v1?access_token={TOKEN_FORMS[1]}"}).encode()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> wire.Certificate:
    return wire.make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=["http", "https"])
def tls(request: pytest.FixtureRequest) -> wire.Certificate | None:
    return request.getfixturevalue("certificate") if request.param == "https" else None


@pytest.fixture(autouse=True)
def heard(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Listen to all loggers at DEBUG, and without any filter find the token in none of it."""
    caplog.set_level(logging.DEBUG)
    yield caplog
    shows_no_token(caplog.text, *(repr(vars(record)) for record in caplog.records))


def shows_no_token(*texts: str) -> None:
    for text in texts:
        assert not [form for form in TOKEN_FORMS if form in text]


def make_provider(url: str, trust: Path | None = None, **changes: Any) -> Provider:
    settings: dict[str, Any] = {"connect_timeout": 0.5, "deadline": DEADLINE, "sleep": lambda _seconds: None}
    if trust is not None:
        settings["verify"] = str(trust)
    return Provider(url, Secret(TOKEN), **(settings | changes))


def submit(url: str, trust: Path | None = None, **changes: Any) -> tuple[Answer, Outcome]:
    got = make_provider(url, trust, **changes).submit(PAYLOAD)
    outcome = classify(got, ENTRY, {"777"})
    shows_no_token(repr(got), repr(outcome), got.words, got.body.decode("latin-1"))
    return got, outcome


def post(
    reply: wire.Reply, tls: wire.Certificate | None, *, before: bool = False
) -> tuple[Answer, Outcome, WireServer]:
    with WireServer([reply], tls.context() if tls else None, before) as server:
        got, outcome = submit(server.url, tls.trust if tls else None)
    assert server.connections == 1
    return got, outcome, server


BY_STATUS = [
    (200, Status.IN_DOUBT, Stop.NO),
    (201, Status.IN_DOUBT, Stop.NO),
    (202, Status.IN_DOUBT, Stop.NO),
    (204, Status.IN_DOUBT, Stop.NO),
    (301, Status.IN_DOUBT, Stop.REDIRECT),
    (302, Status.IN_DOUBT, Stop.REDIRECT),
    (303, Status.IN_DOUBT, Stop.REDIRECT),
    (304, Status.IN_DOUBT, Stop.REDIRECT),
    (307, Status.IN_DOUBT, Stop.REDIRECT),
    (308, Status.IN_DOUBT, Stop.REDIRECT),
    (400, Status.REJECTED, Stop.NO),
    (401, Status.PLANNED, Stop.TOKEN),
    (402, Status.PLANNED, Stop.TOKEN),
    (403, Status.PLANNED, Stop.TOKEN),
    (404, Status.PLANNED, Stop.ADDRESS),
    (405, Status.PLANNED, Stop.ADDRESS),
    (406, Status.PLANNED, Stop.ADDRESS),
    (407, Status.IN_DOUBT, Stop.NO),
    (408, Status.IN_DOUBT, Stop.NO),
    (409, Status.IN_DOUBT, Stop.NO),
    (410, Status.REJECTED, Stop.NO),
    (413, Status.REJECTED, Stop.NO),
    (414, Status.REJECTED, Stop.NO),
    (415, Status.PLANNED, Stop.ADDRESS),
    (418, Status.IN_DOUBT, Stop.NO),
    (422, Status.REJECTED, Stop.NO),
    (429, Status.PLANNED, Stop.NO),
    (431, Status.REJECTED, Stop.NO),
    (500, Status.IN_DOUBT, Stop.NO),
    (502, Status.IN_DOUBT, Stop.NO),
    (503, Status.IN_DOUBT, Stop.NO),
    (504, Status.IN_DOUBT, Stop.NO),
    (520, Status.IN_DOUBT, Stop.NO),
]


@pytest.mark.parametrize(("status", "becomes", "stop"), BY_STATUS)
def test_every_status_of_the_table_with_the_token_in_its_body_and_headers(status, becomes, stop, tls):
    """One POST, the status that the table names, and the echoed token nowhere."""
    head = {"Location": f"http://127.0.0.1:1/?access_token={TOKEN_FORMS[1]}", "Link": f"<{TOKEN_FORMS[1]}>; rel=self"}
    head |= {"X-Echo": TOKEN_FORMS[2], "Retry-After": "0", "Set-Cookie": f"t={TOKEN_FORMS[1]}"}
    got, outcome, server = post(answer(status, b"" if status in (204, 304) else ECHO, head), tls)
    assert got.status == status
    assert (outcome.status, outcome.stop) == (becomes, stop)
    assert server.posts == 1
    assert "link" not in got.headers
    assert "location" not in got.headers


def test_an_acceptance_over_the_wire(tls):
    """The request is exactly what the documentation asks for, and the answer is kept."""
    got, outcome, server = post(answer(200, accepted(), {"X-Rate-Limit-Limit": "60"}), tls)
    assert (outcome.status, outcome.why, outcome.issues) == (Status.ACCEPTED, "scheduled as 12345", ())
    assert (got.failure, got.words, got.body) == (None, "", accepted())
    assert got.headers["x-rate-limit-limit"] == "60"
    assert got.at is not None
    assert got.at.tzinfo is UTC
    assert 0 < got.seconds < 5
    (seen,) = server.requests
    assert seen.method == "POST"
    assert seen.target == f"/v1/sms/send-group-schedule-message?access_token={TOKEN_FORMS[1]}"
    assert json.loads(seen.body) == PAYLOAD
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["accept"] == "application/json"
    assert "authorization" not in seen.headers


GZIPPED = {"Content-Encoding": "gzip"}
BAD_BODIES = {
    "empty": answer(200),
    "cut short without a length": wire.raw(JSON_HEAD + b"\r\n" + accepted()[:-5]),
    "cut short": answer(200, accepted()[:-5], length=len(accepted())),
    "cut short in a chunk": wire.raw(JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\nfff\r\n" + accepted()),
    "no last chunk": wire.raw(JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n"),
    "nonsense for a chunk": wire.raw(JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n" + accepted()),
    "garbage": wire.raw(b"\x00\xff\x00garbage\r\n\r\n"),
    "another protocol": wire.raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "status that is none": wire.raw(b"HTTP/1.1 abc Words\r\n\r\n"),
    "head cut short": wire.raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "a head without end": wire.raw(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(500)) + b"\r\n"),
    "a line without end": wire.raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n"),
    "html": answer(200, b"<html><body>Welcome</body></html>", {"Content-Type": "text/html"}),
    "too long": answer(200, b" " * (1 << 20) + accepted()),
    "too long without a length": wire.raw(JSON_HEAD + b"\r\n" + b" " * (1 << 20) + accepted()),
    "a small bomb": answer(200, gzip.compress(b" " * (1 << 20) + accepted()), GZIPPED),
    "packed and cut short": answer(200, gzip.compress(accepted())[:-12], GZIPPED),
    "packed but not": answer(200, accepted(), GZIPPED),
    "an unknown packing": answer(200, gzip.compress(accepted()), {"Content-Encoding": "br"}),
    "closed without a word": wire.close,
    "reset before the head": wire.reset,
    "reset within the head": wire.then(b"HTTP/1.1 200 OK\r\nConte", wire.reset),
    "reset after the head": wire.then(JSON_HEAD + b"Content-Length: 500\r\n\r\n", wire.reset),
    "reset within the body": wire.then(JSON_HEAD + b"Content-Length: 500\r\n\r\n" + accepted()[:50], wire.reset),
    "closed after the head": wire.raw(JSON_HEAD + b"Content-Length: 500\r\n\r\n"),
    "hangs": wire.hang,
    "hangs within the head": wire.then(b"HTTP/1.1 200 OK\r\nConte", wire.hang),
    "hangs after the head": wire.then(JSON_HEAD + b"Content-Length: 500\r\n\r\n", wire.hang),
    "hangs within the body": wire.then(JSON_HEAD + b"Content-Length: 500\r\n\r\n" + accepted()[:50], wire.hang),
    "drips its head": wire.drip(JSON_HEAD + b"Content-Length: 2\r\n\r\n[]"),
    "drips its body": wire.then(JSON_HEAD + b"\r\n", wire.drip(accepted())),
    "continues for ever": wire.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 9, 0.01),
}


@pytest.mark.parametrize("body", BAD_BODIES)
def test_an_answer_that_is_none_is_a_doubt_and_no_second_post(body, tls):
    """Whatever comes after the first byte has left: one POST, in doubt, within the deadline."""
    got, outcome, server = post(BAD_BODIES[body], tls)
    assert outcome.status is Status.IN_DOUBT
    assert outcome.stop is Stop.NO
    assert server.posts == 1
    assert got.seconds < DEADLINE + 1


@pytest.mark.parametrize("reply", [wire.close, wire.reset])
def test_a_connection_that_breaks_as_it_is_accepted(reply, tls):
    """Plain: the request was being written. With TLS the handshake never ended, so that nothing left.

    A reset may come so early that the system says it of the connecting itself: nothing left then, either.
    """
    got, outcome, server = post(reply, tls, before=True)
    if tls or (reply is wire.reset and got.failure is Failure.NOT_SENT):
        assert (got.failure, outcome.status, outcome.unreachable) == (Failure.NOT_SENT, Status.PLANNED, True)
        assert server.posts == 0
    else:
        assert (got.failure, outcome.status) == (Failure.UNKNOWN, Status.IN_DOUBT)


def test_a_word_beside_the_deadline_says_so(tls):
    """People read why."""
    got, outcome, _ = post(wire.hang, tls)
    assert got.words == "no complete answer within 0.6 s"
    assert outcome.why == "no complete answer came: no complete answer within 0.6 s; it may have arrived or not"
    got, _, _ = post(answer(200, b" " * (2 << 20)), tls)
    assert got.words == "the answer is longer than 1,048,576 bytes"
    got, _, _ = post(wire.reset, tls)
    assert got.words.startswith("the connection broke before the whole answer was there (")


def test_a_packed_answer_is_unpacked(tls):
    """Nobody asked for it, but a proxy may pack anyway."""
    _, outcome, _ = post(answer(200, gzip.compress(accepted()), GZIPPED), tls)
    assert outcome.status is Status.ACCEPTED


def test_an_answer_that_comes_before_the_body_was_read(tls):
    """A gateway that refuses early: the answer counts."""

    def refuse(talk: socket.socket) -> None:
        answer(401, b"{}")(talk)

    _, outcome, _ = post(refuse, tls)
    assert (outcome.status, outcome.stop) == (Status.PLANNED, Stop.TOKEN)


def test_tls_that_breaks_after_the_handshake_is_a_doubt(certificate):
    """urllib3's own Retry posted again here, four times."""
    got, outcome, server = post(wire.break_record, certificate)
    assert (got.failure, outcome.status, server.posts) == (Failure.UNKNOWN, Status.IN_DOUBT, 1)


def test_tls_that_is_cut_after_half_an_answer_is_a_doubt(certificate):
    """Without the closing word of TLS a short body is not trusted."""

    def cut(talk: socket.socket) -> None:
        talk.sendall(JSON_HEAD + b"\r\n" + accepted()[:-3])
        beneath = socket.socket(fileno=talk.detach())
        beneath.shutdown(socket.SHUT_RDWR)
        beneath.close()

    _, outcome, server = post(cut, certificate)
    assert (outcome.status, server.posts) == (Status.IN_DOUBT, 1)


@pytest.mark.parametrize("kind", ["unknown", "expired", "other address", "other name"])
def test_a_wrong_certificate_stops_the_run_and_nothing_was_sent(kind, certificate, tmp_path):
    """Found in the handshake, before a byte of the request left."""
    made = {
        "unknown": lambda: wire.make_certificate(tmp_path),
        "expired": lambda: wire.make_certificate(tmp_path, expired=True),
        "other address": lambda: wire.make_certificate(tmp_path, name="127.0.0.2"),
        "other name": lambda: wire.make_certificate(tmp_path, name="api2.protexting.com"),
    }[kind]()
    trust = certificate.trust if kind == "unknown" else made.trust
    with WireServer([answer(200, accepted())], made.context()) as server:
        got, outcome = submit(server.url, trust)
    assert got.failure is Failure.CERTIFICATE
    assert (outcome.status, outcome.stop, outcome.counts) == (Status.PLANNED, Stop.CERTIFICATE, False)
    assert server.posts == 0


def test_whom_a_file_of_certificates_trusts_is_asked_of_it_before_each_request(certificate, tmp_path):
    """It is read again only where it changed: a watch runs for weeks, and somebody may take a certificate away."""
    trust, other = tmp_path / "trust.pem", wire.make_certificate(tmp_path)
    replies = [answer(200, accepted())] * 3
    with WireServer(replies, certificate.context()) as server:
        provider = make_provider(server.url, trust)
        failures = []
        for trusted in (certificate, certificate, other, certificate):
            trust.write_bytes(trusted.trust.read_bytes())
            failures.append(provider.submit(PAYLOAD).failure)
        trust.write_text("nothing")
        failures.append(provider.submit(PAYLOAD).failure)
    assert failures == [None, None, Failure.CERTIFICATE, None, Failure.NOT_SENT]
    assert server.posts == 3


def test_a_certificate_that_nobody_here_knows_is_refused_by_default(certificate):
    """Without a setting the usual authorities count."""
    with WireServer([answer(200, accepted())], certificate.context()) as server:
        got, _ = submit(server.url)
        assert got.failure is Failure.CERTIFICATE
        with pytest.raises(ProviderError, match=r"the certificate of 127\.0\.0\.1:") as caught:
            make_provider(server.url).credits()
    assert server.requests == []
    shows_no_token(str(caught.value))


def test_plain_http_behind_an_https_address_was_not_sent():
    """The handshake fails, so that nothing left."""
    with WireServer([wire.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")], before=True) as server:
        got, outcome = submit(server.url.replace("http:", "https:"))
    assert (got.failure, outcome.status) == (Failure.NOT_SENT, Status.PLANNED)
    assert got.words.startswith("no secure connection could be made")


def test_a_handshake_that_hangs_or_drips_was_not_sent(certificate):
    """It ends with the connect time-out."""
    for reply in (wire.hang, wire.drip(b"\x16\x03\x03\x40\x00" + b"\x02" * 60)):
        got, outcome, _ = post(reply, certificate, before=True)
        assert (got.failure, outcome.status, outcome.unreachable) == (Failure.NOT_SENT, Status.PLANNED, True)
        assert got.seconds < DEADLINE + 1


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_refused_connection_was_not_sent(scheme):
    """Again after a while."""
    got, outcome = submit(f"{scheme}://127.0.0.1:{free_port()}/v1")
    assert (got.failure, got.words) == (Failure.NOT_SENT, "the connection was refused")
    assert (outcome.status, outcome.unreachable, outcome.counts) == (Status.PLANNED, True, False)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_connection_that_does_not_come_about_was_not_sent(scheme):
    """A listener whose queue is full lets nobody in."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        got, outcome = submit(f"{scheme}://127.0.0.1:{port}/v1", connect_timeout=0.3)
        for each in waiting:
            each.close()
    assert (got.failure, outcome.status) == (Failure.NOT_SENT, Status.PLANNED)


def test_a_name_that_nobody_knows_was_not_sent(monkeypatch):
    """The resolver's answer is made here, so that nothing leaves this machine."""

    def unknown(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    got, outcome = submit("https://nowhere.invalid/v1")
    assert (got.failure, got.words) == (Failure.NOT_SENT, "its name could not be resolved")
    assert outcome.status is Status.PLANNED


@pytest.mark.parametrize(
    "reply",
    [
        wire.raw(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
        wire.raw(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
        wire.raw(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"),
        wire.raw(b"garbage\r\n\r\n"),
        wire.close,
        wire.reset,
        wire.hang,
        wire.drip(b"HTTP/1.1 200 Connection established\r\n\r\n"),
    ],
)
def test_a_proxy_that_refuses_let_nothing_through(reply, certificate):
    """It learns host and port, not the token."""
    with WireServer([reply]) as proxy:
        got, outcome = submit("https://127.0.0.1:9/v1", certificate.trust, proxy=proxy.url)
    assert (got.failure, outcome.status, outcome.unreachable) == (Failure.NOT_SENT, Status.PLANNED, True)
    assert [seen.method for seen in proxy.requests] == ["CONNECT"]
    shows_no_token(repr(proxy.requests))


def test_a_proxy_that_is_not_there_let_nothing_through(certificate):
    """Neither is its password shown."""
    got, outcome = submit(
        "https://127.0.0.1:9/v1", certificate.trust, proxy=f"http://joe:hush-hush@127.0.0.1:{free_port()}"
    )
    assert (got.failure, outcome.status) == (Failure.NOT_SENT, Status.PLANNED)
    assert "hush" not in repr(got)


def test_a_proxy_carries_the_request_and_never_sees_the_token(certificate):
    """Through CONNECT, with TLS to the provider inside."""

    def relay(talk: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", server.port)) as far:
            talk.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(far, talk))
            back.start()
            pump(talk, far)
            back.join()

    with WireServer([answer(200, accepted())], certificate.context()) as server, WireServer([relay]) as proxy:
        _, outcome = submit(server.url, certificate.trust, proxy=proxy.url)
    assert outcome.status is Status.ACCEPTED
    assert server.posts == 1
    assert [seen.target for seen in proxy.requests] == [f"127.0.0.1:{server.port}"]


def pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while said := source.recv(65536):
            target.sendall(said)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_the_clocks_are_asked_with_the_connection_open_and_before_a_byte(tls):
    """False writes nothing; the question comes once."""
    asked: list[int] = []
    with WireServer([answer(200, accepted())], tls.context() if tls else None) as server:
        provider = make_provider(server.url, tls.trust if tls else None)

        def too_late() -> bool:
            asked.append(len(server.requests))
            return False

        got = provider.submit(PAYLOAD, still_good=too_late)
        assert (got.failure, got.status) == (Failure.TOO_LATE, None)
        assert asked == [0]
        assert provider.submit(PAYLOAD, still_good=lambda: not asked.append(9)).status == 200
        assert asked == [0, 9]
    assert server.posts == 1
    assert classify(got, ENTRY, set()).status is Status.PLANNED


def test_a_question_that_outlasts_the_deadline_lets_nothing_leave(tls):
    """A machine that slept in between: not a byte was written, and that is proven."""
    with WireServer([answer(200, accepted())], tls.context() if tls else None) as server:
        provider = make_provider(server.url, tls.trust if tls else None)
        got = provider.submit(PAYLOAD, still_good=lambda: time.sleep(DEADLINE + 0.05) is None)
    assert (got.failure, got.words, server.posts) == (Failure.NOT_SENT, "connecting took too long", 0)


def test_even_a_library_that_retries_makes_no_second_post(monkeypatch, tls):
    """A connection belongs to one request, and a request connects once."""
    plain = urllib3.HTTPConnectionPool.urlopen

    def stubborn(self: Any, *args: Any, **kwargs: Any) -> Any:
        if "retries" in kwargs:  # the first time; later it comes by position
            kwargs["retries"] = urllib3.Retry(4, allowed_methods=None)
        return plain(self, *args, **kwargs)

    monkeypatch.setattr(urllib3.HTTPConnectionPool, "urlopen", stubborn)
    got, outcome, server = post(wire.reset, tls)
    assert (got.failure, outcome.status, server.posts) == (Failure.UNKNOWN, Status.IN_DOUBT, 1)


def test_a_fault_of_a_library_after_the_first_byte_is_a_doubt(monkeypatch):
    """Whatever it raises: the campaign may be scheduled."""

    def broken(_self: object) -> None:
        time.sleep(0.1)
        raise RuntimeError("a bug")

    monkeypatch.setattr("urllib3.connection.HTTPConnection.getresponse", broken)
    got, outcome, server = post(answer(200, accepted()), None)
    assert (got.failure, outcome.status, server.posts) == (Failure.UNKNOWN, Status.IN_DOUBT, 1)


def test_trouble_in_the_question_itself_comes_out_and_nothing_was_written():
    """A ledger that fails at this instant stops the run."""

    def fail() -> bool:
        raise LookupError("ledger")

    with WireServer([answer(200, accepted())]) as server, pytest.raises(LookupError, match="ledger"):
        make_provider(server.url).submit(PAYLOAD, still_good=fail)
    assert server.posts == 0


def test_the_environments_proxies_netrc_and_certificates_are_not_asked(monkeypatch, tmp_path):
    """What is not in the settings does not count."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login joe password hush\n", encoding="utf-8")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with WireServer([answer(200, accepted())]) as server:
        _, outcome = submit(server.url)
    assert outcome.status is Status.ACCEPTED
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://api2.protexting.com/v1", "in plain text"),
        ("http://127.0.0.1.example.com/v1", "in plain text"),
        ("http://10.0.0.5/v1", "in plain text"),
        ("ftp://127.0.0.1/v1", "not a web address"),
        ("https:///v1", "not a web address"),
        ("api2.protexting.com/v1", "not a web address"),
        ("", "not a web address"),
        ("https://joe:hush@api2.protexting.com/v1", "more than host and path"),
        ("https://api2.protexting.com/v1?access_token=hush", "more than host and path"),
        ("https://api2.protexting.com:port/v1", "cannot be read"),
    ],
)
def test_an_address_that_would_not_do_is_refused_in_words(url, words):
    """Before anything is sent; and nothing secret in it is repeated."""
    with pytest.raises(UsageError, match=words) as caught:
        make_provider(url)
    assert "hush" not in str(caught.value)


def test_no_token_and_no_verifying_are_refused():
    """Each with the setting to fix."""
    with pytest.raises(UsageError, match="CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN"):
        Provider("https://127.0.0.1/v1", Secret(""))
    with pytest.raises(UsageError, match="always verified"):
        Provider("https://127.0.0.1/v1", Secret(TOKEN), verify=False)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://api2.protexting.com/v1/", "api2.protexting.com"),
        ("https://API2.protexting.com:443/v1", "api2.protexting.com"),
        ("http://localhost:8080/v1", "localhost:8080"),
        ("http://[::1]:8080/v1", "[::1]:8080"),
        ("http://127.0.0.2/v1", "127.0.0.2"),
    ],
)
def test_the_host_is_who_a_ledger_belongs_to(url, host):
    """With the port only where it is an unusual one."""
    assert make_provider(url).host == host


# lists


def paged(pages: list[list[Any]], total: int | None = None, *, announced: bool = True) -> list[wire.Reply]:
    replies = []
    for number, items in enumerate(pages, start=1):
        head = {
            "X-Pagination-Current-Page": str(number),
            "X-Pagination-Page-Count": str(len(pages)),
            "X-Pagination-Per-Page": "2",
            "X-Pagination-Total-Count": str(sum(map(len, pages)) if total is None else total),
        }
        replies.append(answer(200, json.dumps(items).encode(), head if announced else {}))
    return replies


def campaigns(*ids: int, **changes: Any) -> list[dict[str, Any]]:
    return [make_object(Id=id, **changes) for id in ids]


def read_scheduled(replies: list[wire.Reply], *, steady: bool = False, **changes: Any) -> tuple[Listing, WireServer]:
    with WireServer(replies) as server:
        listing = make_provider(server.url, **changes).scheduled(steady=steady)
    return listing, server


def ids(listing: Listing) -> list[str]:
    return [item.id for item in listing.items]


def test_announced_pages_are_read_to_the_last_and_not_beyond():
    """A page past the end would be the last one again."""
    listing, server = read_scheduled(paged([campaigns(1, 2), campaigns(3, 4), campaigns(5)]))
    assert (ids(listing), listing.complete, listing.why) == (["1", "2", "3", "4", "5"], True, "")
    assert [seen.target.partition("access_token")[0] for seen in server.requests] == [
        "/v1/sms/group-schedule-messages?",
        "/v1/sms/group-schedule-messages?page=2&",
        "/v1/sms/group-schedule-messages?page=3&",
    ]
    assert listing.read_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("replies", "found", "why"),
    [
        (paged([campaigns(1, 2), campaigns(2, 3)]), 3, "4 objects are announced, 3 different ones came"),
        (paged([campaigns(1)], total=2), 1, "2 objects are announced, 1 different ones came"),
        (
            [paged([campaigns(1), []], total=2)[0], paged([[], campaigns(2)], total=3)[1]],
            2,
            "the list changed while it was read",
        ),
        (paged([[make_object(Id="")], campaigns(2)]), 1, "the list has an object without an Id"),
    ],
)
def test_a_list_that_is_not_whole_says_so(replies, found, why):
    """It proves nothing about what is not on it."""
    listing, _ = read_scheduled(replies)
    assert (len(listing.items), listing.complete, listing.why) == (found, False, why)


@pytest.mark.parametrize(
    ("pages", "found", "asked"),
    [
        ([campaigns(1, 2)], 2, 2),  # one page, which is the last one again
        ([campaigns(1, 2), campaigns(3)], 3, 3),
        ([campaigns(1, 2), []], 2, 2),
        ([campaigns(1, 2), campaigns(2, 3), campaigns(3)], 3, 3),
        ([[]], 0, 1),
    ],
)
def test_a_list_that_announces_nothing_is_read_until_a_page_brings_nothing_new(pages, found, asked):
    """Page 2 is always asked for."""
    listing, server = read_scheduled(paged(pages, announced=False))
    assert (len(listing.items), listing.complete, len(server.requests)) == (found, True, asked)


def test_an_empty_page_in_the_middle_does_not_end_an_announced_list():
    """What is announced is asked for."""
    listing, server = read_scheduled(paged([campaigns(1), [], campaigns(3)]))
    assert (ids(listing), listing.complete, len(server.requests)) == (["1", "3"], True, 3)


@pytest.mark.parametrize("announced", [True, False])
def test_a_list_that_must_be_steady_is_looked_at_once_more(announced):
    """All pages but the last; where one shows something else, all of it is read again with today's."""
    before = paged([campaigns(1, 2), campaigns(3, 4)], announced=announced)
    moved = paged([campaigns(2, 3), campaigns(4, 5)], announced=announced)
    end = [] if announced else [before[1]]
    listing, server = read_scheduled([*before, *end, before[0]], steady=True)
    assert (ids(listing), len(server.requests)) == (["1", "2", "3", "4"], 3 + len(end))
    end = [] if announced else [moved[1]]
    listing, _ = read_scheduled([before[0], moved[1], *end, moved[0], *moved, *end, moved[0]], steady=True)
    assert (ids(listing), listing.complete) == (["2", "3", "4", "5"], True)
    restless = [before[0], moved[1], *end, moved[0]] * 3
    listing, _ = read_scheduled(restless, steady=True)
    assert (listing.complete, listing.why) == (False, "the list changed each of the 3 times that it was read")


def test_an_empty_list_that_is_announced_is_whole():
    """No campaign is scheduled: a fine state."""
    listing, _ = read_scheduled(paged([[]]))
    assert (listing.items, listing.complete) == ((), True)


def test_a_list_without_end_is_bounded(monkeypatch):
    """A server that makes up campaigns does not hold the run for ever."""
    monkeypatch.setattr("batch.adapters.provider.pages.MOST_PAGES", 3)
    listing, server = read_scheduled(paged([campaigns(n) for n in range(1, 9)], announced=False))
    assert (len(server.requests), listing.complete, listing.why) == (3, False, "the list goes on after 3 pages")
    listing, server = read_scheduled(paged([campaigns(n) for n in range(1, 9)]))
    assert (len(server.requests), listing.complete, listing.why) == (3, False, "the list goes on after 3 pages")
    listing, server = read_scheduled(paged([campaigns(n) for n in range(1, 4)]))
    assert (len(server.requests), listing.complete) == (3, True)


def sent(id: int, day: int) -> dict[str, Any]:
    return {"Id": id, "CampaignName": "x", "DateTime": f"2026-11-{day:02} 12:00:00"}


def read_sent(pages: list[list[dict[str, Any]]], since: datetime | None, asked: int) -> tuple[list[str], int, bool]:
    """Read `asked` pages of the sent history; all but the last of them are then looked at once more."""
    replies = paged(pages)[:asked]
    with WireServer([*replies, *replies[:-1]]) as server:
        listing = make_provider(server.url).sent(since, zone="America/New_York")
    return ids(listing), len(server.requests), listing.complete


def test_the_sent_history_is_read_only_as_far_back_as_needed_where_its_order_is_plain():
    """From new to old, and one whole page lies before the day: the rest is older still."""
    pages = [[sent(9, 20), sent(8, 19)], [sent(7, 18), sent(6, 15)], [sent(5, 14), sent(4, 13)], [sent(3, 2)]]
    since = datetime(2026, 11, 16, tzinfo=UTC)
    assert read_sent(pages, since, 3) == (["9", "8", "7", "6", "5", "4"], 3 + 2, True)
    assert read_sent(pages, None, 4)[1:] == (4 + 3, True)


@pytest.mark.parametrize(
    "pages",
    [
        [[sent(1, 2), sent(2, 3)], [sent(3, 14)], [sent(4, 20)]],  # from old to new
        [[sent(9, 2), sent(8, 1)], [sent(7, 18)], [sent(6, 1)]],  # one page of it looked sorted
        [[sent(9, 20), sent(8, 2)], [sent(7, 19)], [sent(6, 1)], [sent(5, 20)]],
        [[sent(9, 2) | {"DateTime": ""}], [sent(7, 2)], [sent(6, 1)]],
    ],
)
def test_a_sent_history_in_another_order_is_read_whole(pages):
    """Nothing about its order is documented."""
    found, asked, complete = read_sent(pages, datetime(2026, 11, 16, tzinfo=UTC), len(pages))
    assert (asked, complete) == (2 * len(pages) - 1, True) or asked == 1
    assert len(found) >= 1


@pytest.mark.parametrize("which", ["scheduled", "sent"])
def test_a_list_whose_total_changes_between_two_pages_is_read_again(which):
    """Both lists alike; one that never stands still is not whole, and says how often it was read."""
    before, grown = paged([[sent(2, 20)], [sent(1, 19)]]), paged([[sent(3, 21)], [sent(2, 20)], [sent(1, 19)]])
    with WireServer([before[0], grown[1], *grown, *grown[:2]]) as server:
        listing = getattr(make_provider(server.url), which)()
    assert (ids(listing), listing.complete, listing.why) == (["3", "2", "1"], True, "")
    assert len(server.requests) == 2 + 3 + 2
    with WireServer([before[0], grown[1]] * 3) as server:
        listing = getattr(make_provider(server.url), which)()
    assert (listing.complete, listing.why) == (False, "the list changed each of the 3 times that it was read")
    assert len(server.requests) == 6


def test_a_sent_history_that_lost_one_after_its_first_page_is_read_again():
    """However early its reading ends: what moves to a page that was read already is not overlooked."""
    before = paged([[sent(9, 20), sent(8, 19)], [sent(6, 15), sent(5, 14)], [sent(4, 3)]])
    moved = paged([[sent(8, 19), sent(7, 18)], [sent(6, 15), sent(5, 14)], [sent(4, 3)]])
    with WireServer([before[0], moved[1], moved[0], *moved[:2], moved[0]]) as server:
        listing = make_provider(server.url).sent(datetime(2026, 11, 16, tzinfo=UTC), zone="America/New_York")
    assert (ids(listing), listing.complete) == (["8", "7", "6", "5"], True)


def test_groups_templates_and_credits_are_read():
    """Each from its address."""
    replies = [
        *paged([[{"Id": 1, "Name": "A, B", "PhoneNumberIds": [1, 2]}], [{"Id": 2, "Name": "C"}]]),
        *paged([[{"Id": 10586, "Name": "My Image", "Status_Id": 3, "Status_Description": "Approved"}]]),
        answer(200, b'{"AvailableCredits": 1000}'),
    ]
    with WireServer(replies) as server:
        provider = make_provider(server.url)
        assert provider.groups() == (Group("1", "A, B", 2, (1, 2)), Group("2", "C"))
        assert provider.templates() == (MmsTemplate(10586, "My Image", 3, "Approved"),)
        assert provider.credits() == 1000
    paths = [seen.target.partition("?")[0] for seen in server.requests]
    assert paths == ["/v1/groups/index", "/v1/groups/index", "/v1/mms-template/index", "/v1/credits/balance"]


def test_half_a_list_of_groups_is_trouble():
    """A good row would look wrong."""
    with (
        WireServer(paged([[{"Id": 1}]], total=2)) as server,
        pytest.raises(ProviderError, match="is not complete: 2 objects"),
    ):
        make_provider(server.url).groups()


def test_delivery_is_counted_page_by_page_without_a_number():
    """Whether a page is the last is told by the headers, else by its length."""
    contacts = [
        {"Number": f"1646595{n:04}", "DeliveryStatus_Id": 2, "DeliveryStatus_Description": "Delivered"}
        for n in range(100)
    ]
    replies = [*paged([contacts, contacts[:2]]), *paged([contacts, contacts[:2]], announced=False)]
    with WireServer(replies) as server:
        provider = make_provider(server.url)
        first, second, unsaid, short = (provider.delivery("7", page) for page in (1, 2, 1, 2))
    assert first.counts == (DeliveryCount(2, "Delivered", 100),)
    assert (first.page, first.pages, first.last) == (1, 2, False)
    assert (second.page, second.pages, second.last) == (2, 2, True)
    assert (unsaid.pages, unsaid.last, short.last) == (None, False, True)
    assert first.mark == unsaid.mark != second.mark
    assert "1646" not in repr(first)
    assert server.requests[1].target.startswith("/v1/sent-history/group-contacts?id=7&page=2&access_token=")


GOOD = answer(200, json.dumps(campaigns(1)).encode(), {"X-Pagination-Page-Count": "1"})


@pytest.mark.proof
@pytest.mark.parametrize(
    "bad",
    [
        wire.close,
        wire.reset,
        wire.hang,
        answer(500),
        answer(503, b"<html>busy</html>"),
        answer(408),
        answer(200, b"<html>login</html>"),
        answer(200, b""),
        answer(200, b'{"name":"odd"}'),
        answer(200, accepted()[:-1]),
    ],
)
def test_a_reading_is_tried_three_times(bad):
    """Two failures are borne, three are not."""
    slept: list[float] = []
    patient = {"patience": 9.0, "sleep": slept.append}
    listing, server = read_scheduled([bad, bad, GOOD], **patient)
    assert (ids(listing), len(server.requests)) == (["1"], 3)
    assert len(slept) == 2
    with WireServer([bad]) as server, pytest.raises(ProviderError) as caught:
        make_provider(server.url, **patient).scheduled()
    assert len(server.requests) == 3
    where = f"127.0.0.1:{server.port}/v1/sms/group-schedule-messages"
    assert caught.value.words.startswith(where)
    assert caught.value.remedy
    assert caught.value.__context__ is None
    shows_no_token(str(caught.value), "".join(traceback.format_exception(caught.value)))


def test_a_reading_gives_up_when_its_time_is_up():
    """Three tries within 15 s by default; here within half a second."""
    with WireServer([wire.hang]) as server, pytest.raises(ProviderError):
        make_provider(server.url, patience=0.5).scheduled()
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, TokenError, "CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN"),
        (402, TokenError, "the account"),
        (403, TokenError, "CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN"),
        (404, AddressError, "does not have this address"),
        (405, AddressError, r"\[provider\] url"),
        (302, AddressError, "is not followed"),
        (422, ProviderError, "refused the question"),
    ],
)
def test_what_no_second_try_can_mend_is_said_at_once(status, kind, words):
    """One request, and the setting to look at."""
    with (
        WireServer([answer(status, ECHO, {"Location": "/elsewhere"})]) as server,
        pytest.raises(kind, match=words) as caught,
    ):
        make_provider(server.url).scheduled()
    assert len(server.requests) == 1
    shows_no_token(str(caught.value), repr(caught.value))


LIMITED = answer(429, b"{}", {"X-Rate-Limit-Limit": "60", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "60"})


def test_a_refusal_by_the_limiter_waits_its_turn_and_is_no_failed_try():
    """The silence is the pace's; sleeping is handed in."""
    slept: list[float] = []
    listing, server = read_scheduled([LIMITED, LIMITED, LIMITED, LIMITED, GOOD], sleep=slept.append)
    assert (ids(listing), len(server.requests)) == (["1"], 5)
    assert [round(seconds) for seconds in slept] == [1, 2, 4, 8]


def test_refusals_without_end_end():
    """After eight in a row something else is wrong."""
    with WireServer([LIMITED]) as server, pytest.raises(ProviderError, match="answered 429"):
        make_provider(server.url).scheduled()
    assert len(server.requests) == 9


@pytest.mark.parametrize(("window", "waits"), [("60", [1, 2, 4, 8, 16, 32, 60, 60]), ("3600", [60, 120, 240])])
def test_refusals_without_end_are_waited_for_a_quarter_of_an_hour_at_most(window, waits):
    """However long a pause the limiter asks for."""
    slept: list[float] = []
    told = {"X-Rate-Limit-Limit": "60", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": window}
    with WireServer([answer(429, b"{}", told)]) as server, pytest.raises(ProviderError, match="answered 429"):
        make_provider(server.url, sleep=slept.append, clock=lambda: 1_000.0).scheduled()
    assert [round(seconds) for seconds in slept] == waits


def test_a_submission_teaches_the_pace_and_never_waits_for_it():
    """Waiting comes before the intent is recorded."""
    slept: list[float] = []
    with WireServer([LIMITED, answer(200, accepted())]) as server:
        provider = make_provider(server.url, sleep=slept.append, pace=Pace())
        assert classify(provider.submit(PAYLOAD), ENTRY, set()).refused
        assert slept == []
        provider.wait_turn()
        assert [round(seconds) for seconds in slept] == [1]
        assert provider.submit(PAYLOAD).status == 200
    assert server.posts == 2


def test_a_ledger_that_cannot_note_the_silence_does_not_lose_the_answer(heard):
    """The campaign is scheduled: that must reach the ledger, or the log, or a person."""

    def full(_until: float) -> None:
        raise LedgerError("the disk is full")

    head = {"X-Rate-Limit-Limit": "60", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "59"}
    with WireServer([answer(200, accepted(), head)]) as server:
        _, outcome = submit(server.url, pace=Pace(lambda: 0.0, full))
    assert outcome.status is Status.ACCEPTED
    assert "the pace could not be shared: the disk is full" in heard.text


def test_a_long_list_is_read_and_an_endless_one_is_not(monkeypatch):
    """More than a POST may answer, less than would fill the memory."""
    long = json.dumps(campaigns(1, Message="x" * (2 << 20))).encode()
    listing, _ = read_scheduled([answer(200, long, {"X-Pagination-Page-Count": "1"})], deadline=5.0)
    assert ids(listing) == ["1"]
    monkeypatch.setattr("batch.adapters.provider.api.LONGEST_LIST", 1000)
    with pytest.raises(ProviderError, match="longer than 1,000 bytes"):
        read_scheduled([answer(200, long)])


@pytest.mark.proof
def test_for_real_the_allowance_is_used_and_hardly_a_request_is_refused():
    """20 in 5 s over a socket, against the limiter that counts whole seconds, with the real clock."""
    limiter = Limiter(20, 5)
    ended = time.time() + 6

    def limited(talk: socket.socket) -> None:
        status, told = limiter.ask(time.time())
        answer(status, b"[]", told)(talk)

    statuses: list[int | None] = []
    with WireServer([limited]) as server:
        provider = make_provider(server.url, sleep=time.sleep)
        while time.time() < ended:
            provider.wait_turn()
            statuses.append(provider.submit(PAYLOAD).status)
    assert statuses.count(200) >= 0.9 * (20 + 6 * 4)
    assert statuses.count(429) <= 1
