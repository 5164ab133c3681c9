"""What the tests of a ledger on PostgreSQL share: its ledger as two machines see it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ledger_support import NOW
from postgres_support import cluster

from batch.adapters.ledger import Ledger, open_ledger


@pytest.fixture
def ours(url: str) -> Iterator[Ledger]:
    """Give a new ledger in it."""
    with open_ledger(url, now=NOW) as opened:
        yield opened


@pytest.fixture
def theirs(ours: Ledger, url: str) -> Iterator[Ledger]:
    """Give the same ledger as another machine sees it."""
    with open_ledger(url, now=NOW) as opened:
        yield opened


@pytest.fixture
def url_of_a_guest(url: str) -> str:
    """Give a database whose user may make tables in it, and nothing else."""
    name = url.partition("@/")[2].partition("?")[0]
    guest = f"guest_{name}"
    cluster().query(f'CREATE ROLE "{guest}" LOGIN')
    cluster().query(f'GRANT ALL ON SCHEMA public TO "{guest}"', url)
    return url.replace("postgres@/", f"{guest}@/")
