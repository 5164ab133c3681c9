"""Where the token and the mail password are kept: the environment, a file of their own, or the system's keyring."""

from __future__ import annotations

from pathlib import Path

from batch.model.errors import UsageError
from batch.model.records import dataclass
from batch.model.secret import Secret
from batch.system.disk import write_whole

KEYRING_NAME = "campaign-batch"
_NOTHING = Secret("")


@dataclass(frozen=True, slots=True)
class Kept:
    """The places in which one secret may lie."""

    variable: str = ""
    """The environment variable that may hold it; `..._FILE` may name its file."""
    given: Secret = _NOTHING
    """What the variable holds."""
    file: Path | None = None
    user: str = ""
    """The keyring's name for it."""
    blanks: bool = False
    """Whether blanks may be part of it: of a password they may."""
    named_by: str = ""
    """What names its file, where that is not `..._FILE`."""

    def find(self) -> tuple[Secret, str]:
        """Give the secret and where it lay: `environment`, `file`, `keyring`, or empty and an empty text.

        Raises UsageError when a file is named and cannot be read as a secret; a keyring that fails has none.
        """
        if self.given:
            return check_secret(self.given, self.variable, blanks=self.blanks), "environment"
        if self.file is not None:
            place = f"the file that {self.named_by or f'{self.variable}_FILE'} names"
            return check_secret(_read_file(self.file, place), place, blanks=self.blanks), "file"
        found = _ask_keyring(self.user) if self.user else Secret("")
        return found, "keyring" if found else ""


def check_secret(secret: Secret, place: str, *, blanks: bool = False) -> Secret:
    """Take the line break off that editors leave, and refuse what can be no token: blanks or breaks inside."""
    plain = secret.reveal().strip()
    if not plain:
        raise UsageError(f"{place} is empty", "put only the token or password there, on one line")
    if not plain.isprintable() or (not blanks and " " in plain):
        raise UsageError(
            f"{place} contains a space or a line break", "put only the token or password there, on one line"
        )
    return Secret(plain)


def store_token(secret: Secret, account: str = "main") -> None:
    """Put the provider's token into the system's keyring; raise UsageError when there is none."""
    _tell_keyring(token_user(account), check_secret(secret, "the token"))


def store_password(secret: Secret, username: str) -> None:
    """Put the mail password into the system's keyring, as with the token."""
    _tell_keyring(password_user(username), check_secret(secret, "the password", blanks=True))


def store_in_file(secret: Secret, path: Path) -> None:
    """Write a secret into a file that only its owner can read (0600), for a machine without a keyring."""
    try:
        write_whole(path, f"{secret.reveal()}\n".encode())
    except OSError as trouble:
        raise UsageError(f'"{path}" cannot be written: {trouble.strerror}', "name a folder of your own") from None


def token_user(account: str) -> str:
    """Give the keyring's name for the token of an account."""
    return f"access-token of {account}"


def password_user(username: str) -> str:
    """Give the keyring's name for a mail password."""
    return f"mail password of {username}"


def _read_file(path: Path, place: str) -> Secret:
    # The path is not shown: whoever mixes up the two variables has put the token itself there.
    try:
        with path.open(encoding="utf-8-sig") as file:
            return Secret(file.read(8192))
    except (OSError, ValueError):
        remedy = "point it at a file that contains only the token and that you can read"
        raise UsageError(f"{place} cannot be read", remedy) from None


def _ask_keyring(user: str) -> Secret:
    try:
        import keyring

        return Secret((keyring.get_password(KEYRING_NAME, user) or "").strip())
    except Exception:  # back ends of many systems raise what they like; none of it may stop a run
        return Secret("")


def _tell_keyring(user: str, secret: Secret) -> None:
    try:
        import keyring

        keyring.set_password(KEYRING_NAME, user, secret.reveal())
        held = keyring.get_password(KEYRING_NAME, user) == secret.reveal()
    except Exception:  # as above; its words could even hold the secret
        held = False
    if not held:
        raise UsageError(
            "this system has no working keyring",
            "put only the token or password into a file that only you can read, and let "
            "CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN_FILE or CAMPAIGN_BATCH_EMAIL__PASSWORD_FILE name it",
        )
