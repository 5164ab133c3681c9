"""The account in the commands that a person is told to type."""

from __future__ import annotations

import pytest

from batch.core.hints import COMMANDS, name_account, say_it_retries


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ('type "campaign-batch resume"', 'type "campaign-batch resume --account dallas"'),
        (
            'campaign-batch resolve 17 --send --why "..." (or --drop)',
            'campaign-batch resolve --account dallas 17 --send --why "..." (or --drop)',
        ),
        ('see "campaign-batch ledger show 3"', 'see "campaign-batch ledger show --account dallas 3"'),
        (
            "cancel it (campaign-batch cancel 3 --account austin), or run campaign-batch resume",
            "cancel it (campaign-batch cancel 3 --account austin), or run campaign-batch resume --account dallas",
        ),
        ('"campaign-batch find WORDS" shows entries', '"campaign-batch find WORDS" shows entries'),
        ("campaign-batch cannot continue on its own", "campaign-batch cannot continue on its own"),
        ("type campaign-batch reports", "type campaign-batch reports"),
        ("see my-campaign-batch resume", "see my-campaign-batch resume --account dallas"),
        ("see mycampaign-batch resume", "see mycampaign-batch resume"),
        ("campaign-batch resume", "campaign-batch resume --account dallas"),
    ],
)
def test_the_account_stands_behind_each_command_that_names_none(words: str, told: str) -> None:
    """Once; what is about all accounts, and what is no command, stays as it is."""
    assert name_account(words, "dallas") == told
    assert name_account(told, "dallas") == told
    assert name_account(words, "") == words


def test_each_is_a_command() -> None:
    """A renamed one would be forgotten here."""
    from typer.main import get_command

    from batch.cli.session import app

    top = get_command(app)
    for name in COMMANDS:
        first, _, second = name.partition(" ")
        command = top.get_command(None, first)  # type: ignore[attr-defined]
        assert command is not None
        assert second in {"", "FILE"} or command.get_command(None, second) is not None, name


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "wait until the database is back, then run the command again",
            "wait until the database is back; then it goes on",
        ),
        ("changed by another process: run the command again", "changed by another process: it goes on automatically"),
        ('run "campaign-batch ledger verify"', 'run "campaign-batch ledger verify"'),
    ],
)
def test_a_process_that_stays_goes_on_by_itself(words: str, told: str) -> None:
    """Nobody needs to start a watch or a worker anew once the database is back."""
    assert say_it_retries(words).startswith(told)
    assert "run the command again" not in say_it_retries(words)
