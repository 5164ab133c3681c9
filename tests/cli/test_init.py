"""The questions of `init` at a real pseudo-terminal: what is asked when, what is asked again, and where secrets go."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from terminal_support import answer_at_terminal

from batch.adapters.config import FILE_NAME, load_settings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")

ZONE, DATES, INBOX, REPORTS, TOKEN = (
    "In which time zone",
    "How do your sheets write dates",
    "Which folder should be watched",
    "Which folder should reports",
    "access token",
)


def test_init_refuses_before_it_asks(tmp_path: Path) -> None:
    """Nobody types five answers, a token among them, for a file that already exists."""
    (tmp_path / FILE_NAME).write_text("", encoding="utf-8")
    code, shown = answer_at_terminal(["init"], [], tmp_path)
    assert (code, "already exists" in shown, ZONE in shown) == (2, True, False)


def test_init_asks_again_for_an_answer_that_its_setting_cannot_take(tmp_path: Path) -> None:
    """Each answer is looked at when it is given; a token with a blank in it is none."""
    answers = [
        (ZONE, "Gotham"),
        (ZONE, "America/Chicago"),
        (DATES, "american"),
        (DATES, ""),
        (INBOX, ""),
        (REPORTS, ""),
        (TOKEN, "two words"),
        (TOKEN, "abc123"),
    ]
    code, shown = answer_at_terminal(["init"], answers, tmp_path)
    assert code == 0
    assert '"Gotham" is not valid: type ET, CT, MT or PT, a state, a large city' in shown
    assert '"american" is not valid: it takes month, day or iso' in shown
    assert "contains a space" in shown
    settings = load_settings(None, {}, tmp_path)
    assert (settings.sheet.timezone, settings.sheet.date_order) == ("America/Chicago", "month")
    assert settings.provider.access_token.reveal() == "abc123"
    assert "abc123" not in shown


@pytest.mark.parametrize(
    ("place", "offered", "zone"),
    [
        ("CT", '"CT" is in America/Chicago: press Enter', "America/Chicago"),
        ("chicago", '"chicago" is in America/Chicago: press Enter', "America/Chicago"),
        ("Texas", '"Texas" is in America/Chicago and America/Denver: press Enter', "America/Chicago"),
        ("arizona", '"arizona" is in America/Phoenix: press Enter', "America/Phoenix"),
        ("New York", '"New York" is in America/New_York: press Enter', "America/New_York"),
    ],
)
def test_init_offers_the_zone_of_a_place(tmp_path: Path, place: str, offered: str, zone: str) -> None:
    """Nobody has to know what IANA calls it."""
    answers = [(ZONE, place), (ZONE, ""), (DATES, ""), (INBOX, ""), (REPORTS, ""), (TOKEN, "")]
    code, shown = answer_at_terminal(["init"], answers, tmp_path)
    assert code == 0
    assert offered in " ".join(shown.split())
    assert load_settings(None, {}, tmp_path).sheet.timezone == zone


KEYRING = """
import json
from pathlib import Path
import keyring.backend
class Keyring(keyring.backend.KeyringBackend):
    priority = 1
    file = Path(__file__).with_name("held.json")
    def held(self): return json.loads(self.file.read_text()) if self.file.exists() else {}
    def get_password(self, service, user): return self.held().get(f"{service}: {user}")
    def set_password(self, service, user, secret):
        self.file.write_text(json.dumps({**self.held(), f"{service}: {user}": secret}))
    def delete_password(self, service, user): pass
"""
"""A keyring that keeps what it is told beside the settings."""


def test_the_mail_password_is_put_into_the_keyring(tmp_path: Path) -> None:
    """It is asked without echo, may have blanks as app passwords do, and is found under the name of who signs in."""
    (tmp_path / FILE_NAME).write_text('[email]\nhost = "mail"\nusername = "ops"\n', encoding="utf-8")
    (tmp_path / "ours.py").write_text(KEYRING, encoding="utf-8")
    answers = [("password of ops", "abcd efgh")]
    code, shown = answer_at_terminal(
        ["init", "--mail-password"], answers, tmp_path, PYTHON_KEYRING_BACKEND="ours.Keyring", PYTHONPATH=str(tmp_path)
    )
    assert (code, "the password is in the system's keyring" in shown, "abcd" in shown) == (0, True, False)
    held = json.loads((tmp_path / "held.json").read_text(encoding="utf-8"))
    assert held == {"campaign-batch: mail password of ops": "abcd efgh"}


def test_without_a_keyring_the_mail_password_lies_in_a_file_that_the_words_name(tmp_path: Path) -> None:
    """Written for its owner alone; the settings need one line more, and where they have it the file is renewed."""
    settings = tmp_path / FILE_NAME
    settings.write_text('[email]\nusername = "ops"\n', encoding="utf-8")
    code, shown = answer_at_terminal(["init", "--mail-password"], [("password of ops", "first")], tmp_path)
    line = 'password_file = "mail-password.txt"'
    assert (code, f"write {line} under [email]" in " ".join(shown.split())) == (0, True)
    assert (tmp_path / "mail-password.txt").stat().st_mode & 0o777 == 0o600
    settings.write_text(f'[email]\nusername = "ops"\n{line}\n', encoding="utf-8")
    assert answer_at_terminal(["init", "--mail-password"], [("password of ops", "second")], tmp_path)[0] == 0
    assert load_settings(None, {}, tmp_path).email.password.reveal() == "second"


def test_a_mail_password_belongs_to_who_signs_in(tmp_path: Path) -> None:
    """Without a username nothing is asked."""
    code, shown = answer_at_terminal(["init", "--mail-password"], [], tmp_path)
    assert (code, "set [email] username first" in " ".join(shown.split())) == (2, True)
