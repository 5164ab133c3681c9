"""What file and environment say, before anything is believed of it, and the words for what is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import field
from typing import Any

from batch.adapters.config.sections import SECTIONS, keys_of
from batch.model.errors import SettingsError, UsageError
from batch.model.records import dataclass
from batch.model.secret import Secret

PREFIX = "CAMPAIGN_BATCH_"
SECRETS = {"provider": "access_token", "email": "password"}
"""What no settings file may hold: section to key."""
ACCOUNT = "[accounts."
"""How the place of a setting begins that one account has for itself."""
_SETTINGS_STAND = '"campaign-batch init" in an empty folder writes a file that explains them all'


@dataclass(slots=True)
class Given:
    """What file and environment say, section by section, before anything is believed of it."""

    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    places: dict[tuple[str, str], str] = field(default_factory=dict)
    """Section and key to the variable, or the file, that says so: the name under which trouble is reported."""
    secrets: dict[str, Secret] = field(default_factory=dict)
    """Section to what its secret variable holds."""
    troubles: list[UsageError] = field(default_factory=list)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Name of an account to its own table."""
    default: str = ""
    """The account of whatever names none."""
    token_env: str = ""
    """The variable that holds an account's token."""
    named_by: str = ""
    """What names the file of the token, where that is not a variable."""

    def put(self, section: str, key: str, value: object, place: str) -> None:
        """Take one value, and where it was said."""
        self.values.setdefault(section, {})[key] = value
        self.places[section, key] = place

    def refuse(self) -> None:
        """Raise UsageError that names everything that is wrong, a line each."""
        if len(self.troubles) == 1:
            raise self.troubles[0]
        if self.troubles:
            raise SettingsError(self.troubles)


def place_of(given: Given, section: str, key: str) -> str:
    """Name a setting as people find it."""
    place = given.places.get((section, key), "")
    return place if place.upper().startswith((PREFIX, "--", ACCOUNT.upper())) else f"[{section}] {key} in {place}"


def misplaced_secret(section: str, key: str, file: str) -> UsageError:
    """Refuse a secret that stands in the file, without showing it."""
    variable = f"{PREFIX}{section.upper()}__{key.upper()}"
    option = "--token" if section == "provider" else "--mail-password"
    return UsageError(
        f"[{section}] {key} does not belong in {file}",
        f"remove it (and have it replaced if others could read it), and set {variable} or {variable}_FILE, "
        f'or put it into the keyring with "campaign-batch init {option}"',
    )


def unknown_key(section: str, key: str, file: str) -> UsageError:
    """Refuse a key that its section does not know, with the nearest one."""
    return UsageError(f'"{key}" under [{section}] in {file} is not a setting', nearest(key, keys_of(SECTIONS[section])))


def nearest(word: str, known: Iterable[str], elsewhere: str = _SETTINGS_STAND) -> str:
    """Say which known name was meant, or which there are."""
    choices = sorted(known)
    if found := difflib.get_close_matches(word, choices, n=1, cutoff=0.6):
        return f'did you mean "{found[0]}"?'
    if len(choices) <= 12:
        return f"there are {list_words(choices)}"
    return elsewhere


def list_words(words: Iterable[str]) -> str:
    """Write a list as a sentence has it."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
