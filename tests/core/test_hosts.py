"""Which hosts are this machine itself: a token goes to no other one unencrypted."""

from __future__ import annotations

import pytest

from batch.core.hosts import is_loopback


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_is_known(host: str) -> None:
    """By name and by any of its addresses."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "127.evil.example", "localhost.example", "10.0.0.1", "::", "127.0.0.999", "[::1]"]
)
def test_nothing_else_is(host: str) -> None:
    """A name that only begins like an address is somebody else's."""
    assert not is_loopback(host)
