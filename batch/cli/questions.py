"""Ask on a terminal what the settings need; without one, take the defaults and say so."""

from __future__ import annotations

from pathlib import Path

from batch.cli.session import Session


def ask_and_write(session: Session, *, overwrite: bool) -> Path:
    """Write `campaign-batch.toml` here, with what a person answered; one that is there stays, unless `overwrite`."""
    from batch.config import FILE_NAME, store_token
    from batch.config.starter import write_starter
    from batch.secret import Secret

    path = session.config or Path.cwd() / FILE_NAME
    answers: dict[str, object] = {}
    token = ""
    if session.screen.interactive:
        answers = {setting: _ask(session, question, default) for setting, question, default in _QUESTIONS}
        token = _ask_token()
    write_starter(path, answers, overwrite=overwrite)
    if token:
        store_token(Secret(token))
        session.screen.say("the token is in the system's keyring")
    return path


_QUESTIONS = (
    ("sheet.timezone", "In which time zone do your sheets write times?", "America/New_York"),
    ("sheet.date_order", "How do your sheets write dates: month, day or iso?", "month"),
    ("watch.folder", "Which folder shall be watched for sheets?", "inbox"),
    ("reports.folder", "Which folder shall reports go to?", "reports"),
)


def _ask(session: Session, question: str, default: str) -> str:
    return session.screen.ask(f"{question} [{default}] ").strip() or default


def _ask_token() -> str:
    from getpass import getpass

    return getpass("The provider's access token (kept in the system's keyring; leave empty to do it later): ").strip()
