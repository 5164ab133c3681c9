"""What holds for every test: nothing leaves this machine, no settings and no ledger of the person who runs them."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from examples_support import QUICK
from hypothesis import settings

settings.register_profile("quick", max_examples=10)
if QUICK:
    settings.load_profile("quick")

_connect = socket.socket.connect
_LOOPBACK = ("127.", "localhost", "::1")


def pytest_configure() -> None:
    """Make every child process as closed as the tests themselves, and let Ctrl-C reach it.

    A shell has what it starts in the background ignore Ctrl-C, and so would all that the tests start.
    """
    os.environ.setdefault("PYTHONWARNINGS", "default")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what takes long; leave out what nobody asked for: large numbers, on PostgreSQL what is about files."""
    for item in items:
        if item.path.parent.name == "whole":
            item.add_marker(pytest.mark.proof)
    left_out = set()
    if os.environ.get("CAMPAIGN_TORTURE") != "1":
        left_out |= {item for item in items if item.get_closest_marker("torture")}
    if os.environ.get("CAMPAIGN_TEST_LEDGER") == "postgresql":
        left_out |= {item for item in items if item.get_closest_marker("in_a_file")}
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what the proofs with large numbers counted."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "figures":
                terminalreporter.write_line(value)


@pytest.fixture(autouse=True)
def _stay_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
            raise AssertionError(f"a test tried to reach {address[0]}")
        _connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(autouse=True)
def _no_settings_of_our_own(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CAMPAIGN_BATCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    # What is pure writes nothing: one empty folder will do for all of its tests, and they take half the time.
    pure = request.path.parent.name in {"core", "model"} and "tmp_path" not in request.fixturenames
    monkeypatch.chdir(request.getfixturevalue("_empty_folder" if pure else "tmp_path"))


@pytest.fixture(scope="session")
def _empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of a new ledger, on each of the two kinds of database."""
    from ledger_support import new_ledger

    return new_ledger(tmp_path, request.param)


@pytest.fixture
def url() -> str:
    """Give the URL of an empty database on PostgreSQL."""
    from postgres_support import cluster

    return cluster().make_database()


@pytest.fixture
def ledger(database: str) -> Iterator[Any]:
    """Give a new ledger, on each of the two kinds of database."""
    from ledger_support import NOW

    from batch.adapters.ledger import open_ledger

    with open_ledger(database, now=NOW) as opened:
        yield opened


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Give a shell whose settings lead nowhere yet; where the tests' ledgers are in PostgreSQL, so is its own."""
    from cli_support import Shell
    from ledger_support import IN_POSTGRESQL, new_ledger

    shell = Shell(capsys, monkeypatch, tmp_path)
    if IN_POSTGRESQL:
        shell.set(LEDGER__URL=new_ledger(tmp_path))
    return shell


@pytest.fixture
def sandbox() -> Iterator[Any]:
    """Give a sandbox without a rate limit."""
    from batch.adapters.sandbox import Sandbox

    with Sandbox(limit=0) as running:
        yield running


@pytest.fixture
def ready(shell: Any, sandbox: Any) -> Any:
    """Give a shell that is set up for the sandbox, with short waits."""
    shell.set(
        PROVIDER__URL=sandbox.url,
        PROVIDER__ACCESS_TOKEN=sandbox.token,
        PROVIDER__SETTLE="0.4",
        PROVIDER__SETTLE_GAP="0.1",
        PROVIDER__DEADLINE="1.5",
    )
    return shell
