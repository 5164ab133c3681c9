"""What the tests of workers share: two accounts whose sheets are handed to them, with ledgers in one database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from accounts_support import HANDED, Town, open_town
from cli_support import Shell


@pytest.fixture
def town(shell: Shell, tmp_path: Path, url: str) -> Iterator[Town]:
    """Give both accounts, and a watch that hands over."""
    shell.set(LEDGER__URL=url)
    with open_town(shell, tmp_path) as opened:
        opened.settings(top=HANDED)
        yield opened
