"""Settings: who wins, what is refused, and that no error ever shows what was given."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from batch.adapters.config import (
    FILE_NAME,
    Settings,
    fill_starter,
    load_settings,
    store_in_file,
    store_token,
    write_starter,
)
from batch.adapters.config.sections import SECTIONS, keys_of
from batch.model.errors import UsageError
from batch.model.secret import Secret

TOKEN = "s3cr3t-token-41f7"
CODES = {"quiet-hours": "it would go in the quiet hours", "message-too-long": "the text is too long", "name": "empty"}


def load(folder: Path, text: str = "", environ: Mapping[str, str] | None = None) -> Settings:
    if text:
        (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return load_settings(None, environ or {}, folder, CODES, {"name"})


def refusal(folder: Path, text: str = "", environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        load(folder, text, environ)
    assert caught.value.__cause__ is None
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_without_file_and_environment_the_defaults_hold(tmp_path: Path) -> None:
    """An empty folder gives the documented defaults, with the ledger in that folder."""
    settings = load(tmp_path)
    assert settings.provider.url == "https://api2.protexting.com/v1"
    assert (settings.provider.settle, settings.provider.settle_gap, settings.provider.max_name) == (300, 30, None)
    assert settings.ledger.url == f"sqlite:///{(tmp_path / 'ledger.sqlite3').resolve().as_posix()}"
    assert (settings.checks.stop_above, settings.checks.quiet_hours) == (0.2, "21:00-08:00")
    assert settings.reports.folder == tmp_path / "reports"
    assert settings.source is None
    assert set(settings.sources.values()) == {"default"}


def test_environment_wins_over_file_and_file_over_default(tmp_path: Path) -> None:
    """Each value says where it comes from."""
    settings = load(
        tmp_path,
        "[checks]\nlead_minutes = 20\nmax_parts = 2\n",
        {"CAMPAIGN_BATCH_CHECKS__LEAD_MINUTES": "30", "HOME": "/", "PATH": "x"},
    )
    assert (settings.checks.lead_minutes, settings.checks.max_parts, settings.checks.max_characters) == (30, 2, 480)
    assert settings.sources["checks.lead_minutes"] == "environment"
    assert settings.sources["checks.max_parts"] == FILE_NAME
    assert settings.sources["checks.max_characters"] == "default"


def test_paths_of_the_file_begin_at_the_file_and_others_in_the_folder(tmp_path: Path) -> None:
    """A settings file may be used from any folder, and the environment means the folder one stands in."""
    home, here = tmp_path / "team home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    file = home / "ours.toml"
    file.write_text('[ledger]\nurl = "sqlite:///books/l.sqlite3"\n[watch]\nfolder = "drop"\n', encoding="utf-8")
    settings = load_settings(file, {"CAMPAIGN_BATCH_REPORTS__FOLDER": "out"}, here)
    assert settings.ledger.url == f"sqlite:///{(home / 'books/l.sqlite3').as_posix()}"
    assert settings.watch.folder == home / "drop"
    assert settings.templates.folder == home / "templates" / "messages"
    assert settings.reports.folder == here / "out"
    assert settings.sources["watch.folder"] == "ours.toml"


@pytest.mark.parametrize("url", ["sqlite:////var/l.sqlite3", "postgresql+psycopg://u:p@db/x", "sqlite:///:memory:"])
def test_an_absolute_ledger_stays_what_it_is(tmp_path: Path, url: str) -> None:
    """Only a relative SQLite file is put beside the settings."""
    assert load(tmp_path, f'[ledger]\nurl = "{url}"\n').ledger.url == url


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    """`--config` with a wrong name is never taken for "no settings"."""
    with pytest.raises(UsageError, match="there is no settings file"):
        load_settings(tmp_path / "none.toml", {}, tmp_path)


def test_lists_take_commas_in_the_environment_and_in_the_file(tmp_path: Path) -> None:
    """A list reads the same from either place; a day of TOML is one too."""
    settings = load(
        tmp_path,
        '[email]\nto = ["a@example.com", "B <b@x.com>"]\n[checks]\nblackout = [2026-12-25, "sunday 00:00-13:00"]\n',
        {"CAMPAIGN_BATCH_EMAIL__APPROVERS": "c@example.com, d@example.com,", "CAMPAIGN_BATCH_CHECKS__WORD_LIST": ""},
    )
    assert settings.email.to == ("a@example.com", "B <b@x.com>")
    assert settings.email.approvers == ("c@example.com", "d@example.com")
    assert settings.checks.blackout == ("2026-12-25", "sunday 00:00-13:00")
    assert settings.checks.word_list == ()


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    """What a run was told stays what it was told."""
    settings = load(tmp_path, "[checks]\nmax_parts = 2\n")
    with pytest.raises(ValueError, match="frozen"):
        settings.checks.max_parts = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        settings.rules["quiet-hours"] = "off"  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "environ", "said"),
    [
        ('[provider]\nurll = "x"', {}, ['"urll" under [provider]', FILE_NAME, 'did you mean "url"']),
        ("[provder]\na = 1", {}, ["[provder]", 'did you mean "provider"']),
        ("lead_minutes = 3", {}, ["outside every section", "[checks]"]),
        ("provider = 3", {}, ["provider", "[provider]"]),
        ("", {"CAMPAIGN_BATCH_PROVIDER__URLS": "x"}, ["CAMPAIGN_BATCH_PROVIDER__URLS", "CAMPAIGN_BATCH_PROVIDER__URL"]),
        ("", {"CAMPAIGN_BATCH_PROVIDER_URL": "x"}, ["CAMPAIGN_BATCH_PROVIDER_URL is", "CAMPAIGN_BATCH_PROVIDER__URL"]),
        ("", {"CAMPAIGN_BATCH_TOKEN": TOKEN}, ["CAMPAIGN_BATCH_TOKEN"]),
        ("", {"CAMPAIGN_BATCH_GROUPS__DALLAS": "x"}, ["CAMPAIGN_BATCH_GROUPS__DALLAS", "[groups]"]),
        ("[rules]\nquiet-hour = 'off'", {}, ["[rules] quiet-hour ", 'did you mean "quiet-hours"']),
        ("[rules]\nname = 'off'", {}, ["[rules] name", "cannot be changed"]),
        ("[rules]\nquiet-hours = 'never'", {}, ["[rules] quiet-hours", "error, hold, warning or off"]),
        ("", {"CAMPAIGN_BATCH_RULES__QUIET_HOURS": "x"}, ["CAMPAIGN_BATCH_RULES__QUIET_HOURS", "warning"]),
        ('[groups."Dallas stores"]\nhour = "x"', {}, ["Dallas stores", '"hour"', 'did you mean "hours"']),
        ('[groups]\nDallas = "x"', {}, ["Dallas", "must be a section"]),
    ],
)
def test_what_is_not_known_is_named_with_the_nearest(
    tmp_path: Path, text: str, environ: dict[str, str], said: list[str]
) -> None:
    """A misspelt key, section, rule or variable is never silently ignored."""
    words = refusal(tmp_path, text, environ)
    assert [part for part in said if part not in words] == []


@pytest.mark.parametrize(
    ("section", "key", "value", "expected"),
    [
        ("provider", "url", "http://api.example.com/v1", "https://"),
        ("provider", "url", "http://127.0.0.1.example.com", "https://"),
        ("provider", "url", "ftp://x-s3cr3t", "an address such as"),
        ("provider", "url", "https://ann:pw-s3cr3t@example.com", "without a name and password"),
        ("provider", "timezone", "Mars/Base-s3cr3t", "America/Chicago"),
        ("provider", "timezone", "../../etc/passwd", "America/Chicago"),
        ("provider", "deadline", "s3cr3t", "a number"),
        ("provider", "deadline", "nan", "a number"),
        ("provider", "deadline", "-1", "above 0"),
        ("provider", "max_name", "ten-s3cr3t", "a whole number"),
        ("provider", "tag_names", "s3cr3t", "true or false"),
        ("sheet", "timezone", "EST5EDT4-s3cr3t", "America/Chicago"),
        ("sheet", "date_order", "s3cr3t", "month, day or iso"),
        ("sheet", "type_recipients", "2", "up to 1"),
        ("checks", "lead_minutes", "10.5", "a whole number"),
        ("checks", "stop_above", "20", "up to 1"),
        ("checks", "quiet_hours", "9pm-8am s3cr3t", "21:00-08:00"),
        ("checks", "quiet_hours", "21:00-21:00", "21:00-08:00"),
        ("checks", "week_start", "s3cr3t", "monday"),
        ("ledger", "url", "s3cr3t.sqlite3", "sqlite:///"),
        ("ledger", "url", "postgres://u:s3cr3t@h/d", "it takes postgresql+psycopg://user@host/database"),
        ("email", "to", "s3cr3t", "a mail address"),
        ("email", "from", "a@example.com\nBcc: s3cr3t@example.com", "a mail address"),
        ("email", "port", "70000", "up to 65535"),
        ("watch", "reconcile_at", "2am s3cr3t", "02:00"),
        ("approval", "required", "s3cr3t", "true or false"),
    ],
)
def test_a_wrong_value_is_named_and_shown_only_if_it_is_a_number(
    tmp_path: Path, section: str, key: str, value: str, expected: str
) -> None:
    """The setting's name and what it takes, from file and environment alike; what may be a secret stays unseen."""
    variable = f"CAMPAIGN_BATCH_{section.upper()}__{key.upper()}"
    by_variable = refusal(tmp_path, "", {variable: value})
    escaped = value.replace("\n", "\\n")
    by_file = refusal(tmp_path, f'[{section}]\n{key} = "{escaped}"\n')
    assert variable in by_variable
    assert f"[{section}] {key} in {FILE_NAME}" in by_file
    for words in (by_variable, by_file):
        assert expected in words
        assert "s3cr3t" not in words
        if expected.startswith(("above ", "up to ")):
            assert f"has an invalid value ({value}): it takes a number {expected}" in words
        else:
            assert value not in words.replace(expected, "")


def test_everything_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    """A line each, from file and environment, so that nobody fixes one only to hear of the next."""
    text = """
        [checks]
        lead_minutes = "ten"
        max_parts = 0
        [email]
        pasword = "x"
        [rules]
        quiet-hours = "never"
        [groups."Dallas stores"]
        hours = "9 to 5"
        purpos = ["marketing"]
    """
    with pytest.raises(UsageError) as caught:
        load(tmp_path, text, {"CAMPAIGN_BATCH_SHEET__TIMEZONE": "Chicago"})
    lines = str(caught.value).splitlines()
    assert lines[0] == "7 settings are wrong:"
    named = ("lead_minutes", "max_parts", "pasword", "quiet-hours", "hours under", "purpos", "SHEET__TIMEZONE")
    assert [name for name in named if not any(name in line for line in lines[1:])] == []
    assert len(lines) == 8


def test_a_state_needs_its_country(tmp_path: Path) -> None:
    """Without it no holiday of the state would ever be mentioned, in silence."""
    assert "[checks] state in" in refusal(tmp_path, '[checks]\nstate = "TX"\n')
    assert 'set country = "US"' in refusal(tmp_path, '[checks]\nstate = "TX"\n')
    assert load(tmp_path, '[checks]\nstate = "TX"\ncountry = "US"\n').checks.state == "TX"


@pytest.mark.parametrize("text", ["[sheet]\nname = 5", "[email]\nto = 5", "[email]\nto = [5]", "[watch]\nfolder = 7"])
def test_a_value_of_another_kind_is_refused(tmp_path: Path, text: str) -> None:
    """A number where a text belongs is not guessed at."""
    assert "has an invalid value" in refusal(tmp_path, text)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/v1/", "http://localhost:1/v1", "http://[::1]:80/v1"])
def test_plain_http_is_for_this_machine_only(tmp_path: Path, url: str) -> None:
    """The sandbox on loopback needs no certificate; the slash at the end does not count."""
    assert load(tmp_path, f'[provider]\nurl = "{url}"').provider.url == url.rstrip("/")


@pytest.mark.parametrize(
    "raw",
    [
        b"[provider\nurl = 's3cr3t'",
        b"[provider]\nurl = s3cr3t",
        b'[watch]\nfolder = "C:\\Users\\s3cr3t"',
        b"[provider]\nurl = '\xff s3cr3t'",
        b"[provider]\nurl='s3cr3t'\nurl='s3cr3t'",
        b"x = " + b"[" * 5000,
    ],
)
def test_a_broken_file_is_one_line_with_the_place(tmp_path: Path, raw: bytes) -> None:
    """Bad TOML, bad encoding, a Windows path in double quotes: named, and its text not repeated."""
    (tmp_path / FILE_NAME).write_bytes(raw)
    words = refusal(tmp_path)
    assert FILE_NAME in words
    assert "s3cr3t" not in words


def test_a_file_from_notepad_is_read(tmp_path: Path) -> None:
    """A byte-order mark and Windows line ends do no harm."""
    (tmp_path / FILE_NAME).write_bytes(b"\xef\xbb\xbf[reports]\r\nteam = 'Caf\xc3\xa9'\r\n")
    assert load(tmp_path).reports.team == "Café"


def test_the_token_comes_from_the_environment(tmp_path: Path) -> None:
    """It prints as stars wherever the settings are printed, and a line break behind it is taken off."""
    settings = load(tmp_path, "", {"CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN": f"{TOKEN}\n"})
    assert settings.provider.access_token.reveal() == TOKEN
    assert settings.provider.access_token_from == "environment"
    assert settings.sources["provider.access_token"] == "environment"
    assert [secret.reveal() for secret in settings.given_secrets()] == [TOKEN]
    assert TOKEN not in f"{settings!r} {settings} {settings.provider.model_dump()} {dict(settings.sources)}"


def test_the_token_comes_from_a_file_that_the_environment_names(tmp_path: Path) -> None:
    """The file is read when somebody asks for the token, not by a check of a sheet."""
    store_in_file(Secret(TOKEN), tmp_path / "token.txt")
    settings = load(tmp_path, "", {"CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN_FILE": "token.txt"})
    assert (settings.provider.access_token.reveal(), settings.provider.access_token_from) == (TOKEN, "file")
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "token.txt").stat().st_mode) == 0o600


def test_the_token_put_where_its_file_belongs_is_not_shown(tmp_path: Path) -> None:
    """Whoever mixes up the two variables reads the variable's name only."""
    settings = load(tmp_path, "", {"CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN_FILE": TOKEN})
    with pytest.raises(UsageError) as caught:
        _ = settings.provider.access_token
    assert "CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN_FILE" in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("variable", ["ACCESS_TOKN", "ACESS_TOKEN", "TOKEN", "ACCESS_TOKEN_FLE", "URL", "DEADLINE"])
def test_a_token_in_the_wrong_variable_is_not_shown(tmp_path: Path, variable: str) -> None:
    """Misspelt or mixed up: the variable is named, its content is not."""
    words = refusal(tmp_path, "", {f"CAMPAIGN_BATCH_PROVIDER__{variable}": TOKEN})
    assert f"CAMPAIGN_BATCH_PROVIDER__{variable}" in words
    assert TOKEN not in words


@pytest.mark.parametrize(("section", "key"), [("provider", "access_token"), ("email", "password")])
def test_a_secret_in_the_file_is_refused_by_name(tmp_path: Path, section: str, key: str) -> None:
    """Settings files are copied and mailed about; secrets are not to be in them."""
    words = refusal(tmp_path, f'[{section}]\n{key} = "{TOKEN}"\n')
    assert f"CAMPAIGN_BATCH_{section.upper()}__{key.upper()}" in words
    assert TOKEN not in words


@pytest.mark.parametrize("token", [f"{TOKEN}\nX-Header: 1", f"{TOKEN} two"])
def test_what_can_be_no_token_is_refused(tmp_path: Path, token: str) -> None:
    """A token with a break inside would be a header of its own."""
    settings = load(tmp_path, "", {"CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN": token})
    with pytest.raises(UsageError) as caught:
        _ = settings.provider.access_token
    assert TOKEN not in str(caught.value)


def test_an_empty_variable_is_none(tmp_path: Path) -> None:
    """Containers set variables to nothing; a file that holds nothing is an error anyway."""
    (tmp_path / "token.txt").write_text("\n", encoding="utf-8")
    empty = {"CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN": " "}
    assert not load(tmp_path, "", empty).provider.access_token
    file = {"CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN_FILE": "token.txt"}
    with pytest.raises(UsageError, match="is empty"):
        _ = load(tmp_path, "", empty | file).provider.access_token


def test_a_password_may_have_blanks(tmp_path: Path) -> None:
    """App passwords are shown in groups of four."""
    settings = load(tmp_path, "", {"CAMPAIGN_BATCH_EMAIL__PASSWORD": "abcd efgh ijkl"})
    assert settings.email.password.reveal() == "abcd efgh ijkl"


KEYRING = """
import keyring.backend
class Keyring(keyring.backend.KeyringBackend):
    priority = 1
    held = {}
    def get_password(self, service, user): return self.held.get((service, user))
    def set_password(self, service, user, secret): self.held[service, user] = secret
    def delete_password(self, service, user): del self.held[service, user]
class Broken(Keyring):
    def get_password(self, service, user): raise RuntimeError("no session bus")
    set_password = get_password
"""


def with_keyring(folder: Path, name: str, code: str) -> str:
    (folder / "ours.py").write_text(KEYRING, encoding="utf-8")
    environ = os.environ | {
        "PYTHON_KEYRING_BACKEND": f"ours.{name}",
        "PYTHONPATH": os.pathsep.join([str(folder), *sys.path]),
    }
    begin = "import sys\nfrom pathlib import Path\nfrom batch.adapters.config import *\n"
    begin += "from batch.model.secret import Secret\n"
    run = subprocess.run(
        [sys.executable, "-c", begin + code], env=environ, cwd=folder, capture_output=True, text=True, check=True
    )
    return run.stdout.strip()


def test_the_keyring_keeps_the_token_and_is_asked_last(tmp_path: Path) -> None:
    """Stored once, found by the next run; not even imported as long as nobody asks for the token."""
    code = (
        f"store_token(Secret({TOKEN!r}))\n"
        "del sys.modules['keyring']\n"
        "settings = load_settings(None, {}, Path())\n"
        "before = 'keyring' in sys.modules\n"
        "print(before, settings.provider.access_token.reveal(), settings.provider.access_token_from)\n"
        "there = load_settings(None, {'CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN': 'other'}, Path()).provider\n"
        "print(there.access_token.reveal())"
    )
    assert with_keyring(tmp_path, "Keyring", code).splitlines() == [f"False {TOKEN} keyring", "other"]


def test_a_keyring_that_fails_has_no_token(tmp_path: Path) -> None:
    """A server without a session bus is no reason for a traceback."""
    code = "provider = load_settings(None, {}, Path()).provider\nprint(bool(provider.access_token))"
    assert with_keyring(tmp_path, "Broken", code) == "False"


def test_storing_without_a_keyring_says_what_else_to_do(tmp_path: Path) -> None:
    """The null keyring of the tests keeps nothing, and that is noticed."""
    with pytest.raises(UsageError, match="ACCESS_TOKEN_FILE"):
        store_token(Secret(TOKEN))


def test_the_mail_port_follows_the_security(tmp_path: Path) -> None:
    """TLS from the first byte has a port of its own; a port that is said wins."""
    assert load(tmp_path, '[email]\nsecurity = "tls"').email.port == 465
    assert load(tmp_path, '[email]\nsecurity = "tls"\nport = 2465').email.port == 2465
    assert load(tmp_path, '[email]\nhost = "x"').email.port == 587


def test_groups_and_rules_keep_the_teams_own_names(tmp_path: Path) -> None:
    """Names of groups may hold blanks; codes come with hyphens from the environment too."""
    settings = load(
        tmp_path,
        '[groups."Dallas stores"]\ntimezones = "America/Chicago"\npurpose = "marketing, information"\ndays = ["Mon"]\n',
        {"CAMPAIGN_BATCH_RULES__QUIET_HOURS": "warning"},
    )
    group = settings.groups["Dallas stores"]
    assert (group.timezones, group.hours) == (("America/Chicago",), "09:00-20:00")
    assert (group.purpose, group.days) == (("marketing", "information"), ("monday",))
    assert settings.rules == {"quiet-hours": "warning"}


def test_the_starter_explains_every_setting_with_its_true_default(tmp_path: Path) -> None:
    """With every line awake the starter loads, and says what the program does without it."""
    text = fill_starter({})
    examples = {
        "provider": {"max_name", "proxy", "access_token_file", "ca_file"},
        "sheet": {"timezone"},
        "checks": {"word_list", "country", "state", "blackout"},
        "reports": {"logo"},
        "email": {
            "host",
            "password_file",
            "ca_file",
            "from",
            "reply_to",
            "to",
            "attention_to",
            "digest_to",
            "approvers",
            "owner_domains",
        },
    }
    awake = tomllib.loads(
        "\n".join(
            line[2:] if " = " in line and line[2:3].islower() else line
            for line in text.splitlines()
            if not line.startswith("# [")
            and "[provider] is" not in line
            and "timezones" not in line
            and 'hours = "09' not in line
            and "purpose" not in line
            and "days = [" not in line
        )
    )
    for name, model in SECTIONS.items():
        assert set(awake[name]) == set(keys_of(model))
        for key, field in keys_of(model).items():
            if key not in examples.get(name, set()):
                default = model.model_fields[field].default
                assert awake[name][key] == (str(default) if isinstance(default, Path) else default), f"{name}.{key}"
    load(tmp_path, text)


def test_the_starter_takes_values_and_is_never_written_over(tmp_path: Path) -> None:
    """Texts with quotes and Windows paths survive; the second time it refuses."""
    file = tmp_path / "new folder" / FILE_NAME
    values = {
        "sheet.timezone": "America/Denver",
        "sheet.date_order": "day",
        "reports.team": 'Ops "West"\n',
        "watch.folder": "C:\\Campaigns\\new",
        "email.to": ["a@example.com"],
        "approval.required": True,
        "checks.lead_minutes": 15,
    }
    write_starter(file, values)
    settings = load_settings(file, {}, tmp_path)
    assert (settings.sheet.timezone, settings.sheet.date_order) == ("America/Denver", "day")
    assert (settings.reports.team, settings.email.to) == ('Ops "West"\n', ("a@example.com",))
    assert (settings.approval.required, settings.checks.lead_minutes) == (True, 15)
    assert str(settings.watch.folder).endswith("C:\\Campaigns\\new")
    with pytest.raises(UsageError, match="already exists"):
        write_starter(file, {})
    assert [path.name for path in file.parent.iterdir()] == [FILE_NAME]
    with pytest.raises(UsageError, match="timezone in your answers has an invalid value: it takes a time zone such as"):
        write_starter(tmp_path / "other.toml", {"sheet.timezone": "Chicago"})
    assert not (tmp_path / "other.toml").exists()
    with pytest.raises(KeyError):
        fill_starter({"sheet.zone": "x"})


def test_settings_load_without_the_slow_libraries() -> None:
    """The start of every command pays for this room: no pydantic-settings, keyring or the like."""
    code = (
        "import importlib.resources, sys; from pathlib import Path; theirs = set(sys.modules);"
        "from batch.adapters.config import load_settings;"
        "load_settings(None, {}, Path()); ours = set(sys.modules) - theirs;"
        "print(sorted({'pydantic_settings', 'keyring', 'tempfile', 'requests', 'pandas'} & ours))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert run.stdout.strip() == "[]"


def test_a_remedy_sends_nobody_to_a_command_that_refuses(tmp_path: Path) -> None:
    """`init` writes over no file: what belongs into the keyring has an option of its own."""
    token = refusal(tmp_path, '[provider]\naccess_token = "x"\n')
    assert '"campaign-batch init --token"' in token
    assert '"campaign-batch init --mail-password"' in refusal(tmp_path, '[email]\npassword = "x"\n')
    many = {f"code-{number}": "" for number in range(20)}
    (tmp_path / FILE_NAME).write_text('[rules]\nzzz = "off"\n', encoding="utf-8")
    with pytest.raises(UsageError, match='"campaign-batch check"'):
        load_settings(None, {}, tmp_path, many, set())


@pytest.mark.parametrize("name", ["klingon", "", "rot13", "cp12\x0052"])
def test_an_encoding_that_nobody_knows_is_refused_before_a_file_is_read(tmp_path: Path, name: str) -> None:
    """What Python cannot decode with is no encoding of a CSV."""
    (tmp_path / FILE_NAME).write_text(f"[sheet]\nencoding = {name!a}\n".replace("\\x00", "\\u0000"), encoding="utf-8")
    with pytest.raises(UsageError, match=r"\[sheet\] encoding .* cp1252 or utf-8"):
        load_settings(None, {}, tmp_path, CODES, {"name"})
