"""What other programs ask of a watch or a worker: `/healthz` whether it is well, `/metrics` the figures for Prometheus.

An extra, `campaign-batch[metrics]`: prometheus-client writes the format, the standard library's WSGI server serves it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from batch.core.hints import say_it_retries
from batch.model.errors import BatchError, UsageError
from batch.model.records import dataclass

_PREFIX = "campaign_batch_"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, as it is now; what ends in `_total` only ever grows."""

    name: str
    """In snake_case, with its unit where it has one: `oldest_planned_seconds`."""
    help: str
    value: float
    account: str = ""
    outcome: str = ""


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Keep still: each reading would be a line in the log."""


class _Gathered:
    """What prometheus-client asks for the figures at each reading."""

    def __init__(self, gather: Callable[[], Iterable[Figure]]) -> None:
        self._gather = gather

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        families: dict[str, Any] = {}
        for one in self._gather():
            labels = ["account", "outcome"] if one.outcome else ["account"]
            kind = CounterMetricFamily if one.name.endswith("_total") else GaugeMetricFamily
            family = families.setdefault(one.name, kind(_PREFIX + one.name, one.help, labels=labels))
            family.add_metric([one.account, one.outcome][: len(labels)], one.value)
        return iter(families.values())


@contextmanager
def serving(
    address: str, gather: Callable[[], Iterable[Figure]], warn: Callable[[], Iterable[str]] = tuple
) -> Iterator[int]:
    """Answer at `HOST:PORT` in a thread; give the port. Raises UsageError for an address that is not free.

    What `warn` gives stands behind the `ok` of /healthz: who balances load need not send it elsewhere.
    """
    host, _, port = address.rpartition(":")
    if not (host and port.isdigit()):
        raise UsageError(f'"{address}" is not an address', "write HOST:PORT, as 127.0.0.1:9464")
    try:
        server = make_server(host, int(port), _application(gather, warn), handler_class=_Quiet)
    except OSError as trouble:
        words = f'nothing can listen at "{address}" ({trouble.strerror})'
        raise UsageError(words, "choose another port, or stop the program that has it") from None
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _application(
    gather: Callable[[], Iterable[Figure]], warn: Callable[[], Iterable[str]]
) -> Callable[..., Iterable[bytes]]:
    try:
        from prometheus_client import CollectorRegistry, generate_latest
    except ImportError:
        words = "the figures' part of campaign-batch is not installed"
        raise UsageError(words, "pip install 'campaign-batch[metrics]'") from None
    registry = CollectorRegistry(auto_describe=False)

    def answer(environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path not in {"/healthz", "/metrics"}:
            start("404 Not Found", [_PLAIN])
            return [b"there are /healthz and /metrics\n"]
        try:
            body = _health(gather, warn) if path == "/healthz" else generate_latest(registry)
        except BatchError as trouble:
            start("503 Service Unavailable", [_PLAIN])
            return [f"{say_it_retries(str(trouble))}\n".encode()]
        start("200 OK", [_PLAIN])
        return [body]

    registry.register(_Gathered(gather))
    return answer


def _health(gather: Callable[[], Iterable[Figure]], warn: Callable[[], Iterable[str]]) -> bytes:
    list(gather())
    return "".join(f"{line}\n" for line in ("ok", *map(say_it_retries, warn()))).encode()


_PLAIN = ("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
