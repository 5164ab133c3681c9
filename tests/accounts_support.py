"""Two accounts at two stand-in providers, in one settings file; a row names its account where it wants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli_support import Shell

from batch.adapters.config import FILE_NAME
from batch.adapters.sandbox import Sandbox
from batch.core.ledger_urls import account_url
from batch.workflows.worker import Worker

QUICK = "[provider]\nsettle = 0.4\nsettle_gap = 0.1\ndeadline = 1.5\n"
HANDED = "[watch]\nstable_seconds = 0.1\ngrace_minutes = 0\n\n[workers]\nenabled = true\n"
"""Settings of a watch that hands its sheets to workers."""


@dataclass
class Town:
    """Two accounts, the shell that works with them, and what each provider holds."""

    shell: Shell
    dallas: Sandbox
    austin: Sandbox
    folder: Path

    def names(self, account: str) -> list[str]:
        """Give the names of the campaigns at an account's provider, without their marks."""
        sandbox: Sandbox = getattr(self, account)
        return sorted(str(one.name).partition(" #")[0] for one in sandbox.account.held.values())

    def ledger_url(self, account: str) -> str:
        """Give where an account has its ledger."""
        return account_url(self.shell.ledger_url, account)

    def settings(self, more: str = "", top: str = "") -> None:
        """Write the settings file; `more` stands behind the accounts, `top` before them."""
        accounts = "".join(
            f'[accounts.{name}]\nurl = "{one.url}"\ntoken_env = "{name.upper()}_TOKEN"\n'
            for name, one in (("dallas", self.dallas), ("austin", self.austin))
        )
        text = f"{QUICK}{top}\n{accounts}{more}"
        (self.folder / FILE_NAME).write_text(text, encoding="utf-8")


@contextmanager
def open_town(shell: Shell, folder: Path) -> Iterator[Town]:
    """Start both providers and write the settings."""
    with Sandbox(limit=0, token="dallas-token-1") as dallas, Sandbox(limit=0, token="austin-token-2") as austin:
        shell.set_plain(DALLAS_TOKEN=dallas.token, AUSTIN_TOKEN=austin.token)
        town = Town(shell, dallas, austin, folder)
        town.settings()
        yield town


def work(ours: Worker) -> None:
    """Let a worker do what is due, and end."""
    ours.run(concurrency=1, once=True, stopped=lambda: False)
