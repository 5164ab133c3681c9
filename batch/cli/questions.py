"""Ask on a terminal what the settings need; without one, take the defaults and say so."""

from __future__ import annotations

from pathlib import Path

from batch.adapters.config import FILE_NAME, check_secret, check_values, store_in_file, store_password, store_token
from batch.adapters.config.starter import refuse_other, write_starter
from batch.cli.session import Session, need
from batch.core.printable import printable
from batch.core.validate.zone_places import zones_of_place
from batch.model.errors import UsageError
from batch.model.secret import Secret

KEPT_IN, PASSWORD_KEPT_IN = "access-token.txt", "mail-password.txt"
"""Beside the settings, where the system has no keyring."""


def settings_path(session: Session) -> Path:
    """Give the place of the settings file."""
    return session.config or Path.cwd() / FILE_NAME


def ask_and_write(session: Session, *, overwrite: bool) -> Path:
    """Write `campaign-batch.toml` here, with what a person answered; one that is there stays, unless `overwrite`."""
    path = settings_path(session)
    if not overwrite:
        refuse_other(path)
    answers: dict[str, object] = {}
    token = Secret("")
    if session.screen.interactive:
        answers = {setting: _ask(session, setting, question, default) for setting, question, default in _QUESTIONS}
        token = _ask_token(session)
    write_starter(path, answers, overwrite=overwrite)
    if token and (file := keep_token(session, token, path.parent)):
        write_starter(path, {**answers, "provider.access_token_file": file.name}, overwrite=True)
    return path


def renew_token(session: Session) -> None:
    """Ask for a new token and keep it where the old one is."""
    need(session.screen.interactive, "a token is only asked for on a terminal", "use one, or write it into its file")
    settings = session.settings()
    token = _ask_token(session)
    need(token, "no token was given")
    place = settings.provider.access_token_file
    if place is not None:
        store_in_file(token, place)
        session.screen.say("the token is in its file")
    elif file := keep_token(session, token, settings.folder, settings.provider.account, of=settings.name):
        setting = (
            f"token_file under [accounts.{settings.name}]" if settings.name else "access_token_file under [provider]"
        )
        name, _, section = setting.partition(" ")
        session.screen.say(f'write {name} = "{file.name}" {section}', loud=True)


def renew_password(session: Session) -> None:
    """Ask for the mail server's password and keep it where the settings have it, else in the system's keyring."""
    need(session.screen.interactive, "a password is only asked for on a terminal", "use one, or write it into its file")
    settings = session.settings()
    email = settings.email
    need(email.username, "the mail server has no username", "set [email] username first")
    password = _ask_secret(session, f"The mail server's password of {email.username}", blanks=True)
    need(password, "no password was given")
    if email.password_file is not None:
        store_in_file(password, email.password_file)
        session.screen.say("the password is in its file")
        return
    try:
        store_password(password, email.username)
    except UsageError:
        _write_beside(session, password, settings.folder / PASSWORD_KEPT_IN, "password")
        session.screen.say(f'write password_file = "{PASSWORD_KEPT_IN}" under [email]', loud=True)
    else:
        session.screen.say("the password is in the system's keyring")


def keep_token(session: Session, token: Secret, folder: Path, account: str = "main", *, of: str = "") -> Path | None:
    """Put a token into the system's keyring, or where there is none into a file; give that file.

    `of` is the account's name where there are several: each has a file of its own.
    """
    try:
        store_token(token, account)
    except UsageError:
        name = f"access-token.{of}.txt" if of else KEPT_IN
        return _write_beside(session, token, folder / name, "token")
    session.screen.say("the token is in the system's keyring")
    return None


def _write_beside(session: Session, secret: Secret, file: Path, what: str) -> Path:
    store_in_file(secret, file)
    session.screen.say(f'there is no keyring here; the {what} is in "{file}", which only you can read')
    return file


_QUESTIONS = (
    ("sheet.timezone", "In which time zone do your sheets write times?", "America/New_York"),
    ("sheet.date_order", "How do your sheets write dates: month, day or iso?", "month"),
    ("watch.folder", "Which folder should be watched for sheets?", "inbox"),
    ("reports.folder", "Which folder should reports go to?", "reports"),
)
_ZONES = "type ET, CT, MT or PT, a state, a large city, or a time zone such as America/Chicago"


def _ask(session: Session, setting: str, question: str, default: str) -> str:
    """Ask until the setting can take the answer."""
    while True:
        answer = session.screen.ask(f"{question} [{default}] ").strip() or default
        if setting == "sheet.timezone" and (zones := zones_of_place(answer)) and answer not in zones:
            default = zones[0]
            session.screen.say(f'"{answer}" is in {" and ".join(zones)}: press Enter to take {default}')
            continue
        try:
            check_values({setting: answer})
        except UsageError as trouble:
            remedy = _ZONES if setting == "sheet.timezone" else trouble.remedy
            session.screen.say(f'"{answer}" is not valid: {remedy}', loud=True)
        else:
            return answer


def _ask_token(session: Session) -> Secret:
    return _ask_secret(
        session, "The provider's access token (kept in the system's keyring; leave empty to do it later)"
    )


def _ask_secret(session: Session, question: str, *, blanks: bool = False) -> Secret:
    """Ask without echo until it can be a secret, or nothing is typed."""
    from getpass import getpass

    while given := getpass(printable(f"{question}: ")).strip():
        try:
            return check_secret(Secret(given), "what was typed", blanks=blanks)
        except UsageError as trouble:
            session.screen.say(str(trouble), loud=True)
    return Secret("")
