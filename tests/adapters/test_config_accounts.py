"""Several accounts in one settings file: what each inherits, what it never does, and what is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.adapters.config import FILE_NAME, Settings, choose_account, load_settings
from batch.model.codes import ALL_CODES, HARD
from batch.model.errors import UsageError

TOKENS = {"DALLAS_TOKEN": "d4ll4s-secret", "AUSTIN_TOKEN": "4ustin-secret"}
TWO = """
[accounts.dallas]
url = "https://dallas.example.com/v1"
token_env = "DALLAS_TOKEN"
timezone = "America/Chicago"
quiet_hours = "20:00-09:00"
mail_to = ["dallas@example.com"]
[accounts.austin]
url = "https://austin.example.com/v1"
token_env = "AUSTIN_TOKEN"
checks.max_parts = 2
[accounts.austin.rules]
no-opt-out = "error"
"""


def load(folder: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return load_settings(None, {**TOKENS, **(environ or {})}, folder, ALL_CODES, HARD)


def refusal(folder: Path, text: str, account: str = "") -> str:
    with pytest.raises(UsageError) as caught:
        choose_account(load(folder, text), account)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)
    return str(caught.value)


def test_each_account_has_the_top_with_its_own_table_over_it(tmp_path: Path) -> None:
    """Values it does not set come from the top; ledger, folder and reports are its own."""
    top = '[provider]\nproxy = "http://proxy:1"\n[checks]\nmax_parts = 3\nquiet_hours = "21:00-08:00"\n'
    top += '[email]\nto = ["all@example.com"]\n[reports]\nteam = "Ops"\n'
    settings = load(tmp_path, top + TWO)
    dallas, austin = choose_account(settings, "dallas"), choose_account(settings, "AUSTIN")
    assert (dallas.provider.url, dallas.provider.account) == ("https://dallas.example.com/v1", "dallas")
    assert (dallas.provider.access_token.reveal(), dallas.provider.access_token_from) == (
        "d4ll4s-secret",
        "environment",
    )
    assert (dallas.sheet.timezone, dallas.checks.quiet_hours, dallas.checks.max_parts) == (
        "America/Chicago",
        "20:00-09:00",
        3,
    )
    assert (austin.checks.max_parts, austin.checks.quiet_hours, dict(austin.rules)) == (
        2,
        "21:00-08:00",
        {"no-opt-out": "error"},
    )
    assert (dallas.email.to, austin.email.to) == (("dallas@example.com",), ("all@example.com",))
    assert [one.provider.proxy for one in (dallas, austin)] == ["http://proxy:1"] * 2
    assert dallas.ledger.url.endswith("/ledger.dallas.sqlite3")
    assert (dallas.watch.folder, dallas.reports.folder) == (tmp_path / "inbox/dallas", tmp_path / "reports/dallas")
    assert (dallas.reports.team, austin.name, list(austin.others)) == ("Ops (dallas)", "austin", ["dallas"])


def test_the_account_of_the_top_keeps_its_ledger_folders_and_token(tmp_path: Path) -> None:
    """A team of one account adds others, and its own goes on as it was, by default too."""
    (tmp_path / "ledger.sqlite3").touch()
    environ = {"CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN": "m41n-secret"}
    settings = load(tmp_path, '[groups."100"]\ndays = ["monday"]\n[accounts.main]\n' + TWO, environ)
    main, dallas = choose_account(settings), choose_account(settings, "dallas")
    assert main.ledger.url.endswith("/ledger.sqlite3")
    assert (main.watch.folder, main.reports.folder) == (tmp_path / "inbox", tmp_path / "reports")
    assert (main.name, main.provider.access_token.reveal(), list(main.groups)) == ("main", "m41n-secret", ["100"])
    assert (dallas.provider.access_token.reveal(), list(dallas.groups)) == ("d4ll4s-secret", [])
    assert {secret.reveal() for secret in main.given_secrets() if secret} == {"m41n-secret", *TOKENS.values()}


def test_a_file_of_one_account_means_what_it_meant(tmp_path: Path) -> None:
    """No name to be told, no other ledger; the label itself may be named."""
    settings = load(tmp_path, '[sheet]\ntimezone = "America/Chicago"\n')
    assert (settings.name, settings.others, choose_account(settings, "main")) == ("", {}, settings)
    assert refusal(tmp_path, "[sheet]\n", "dallas").startswith('there is no account "dallas": there is only "main"')


def test_no_account_gets_the_token_of_the_top(tmp_path: Path) -> None:
    """Nor the password for another mail server; it has its own, or none."""
    environ = {"CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN": "m41n-secret", "CAMPAIGN_BATCH_EMAIL__PASSWORD": "mail-secret"}
    text = '[email]\nhost = "mail"\n[accounts.dallas]\nemail.host = "other"\n[accounts.austin]\n'
    settings = load(tmp_path, text, environ)
    dallas, austin = choose_account(settings, "dallas"), choose_account(settings, "austin")
    assert not dallas.provider.access_token
    assert (dallas.email.password.reveal(), austin.email.password.reveal()) == ("", "mail-secret")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (TWO, "which account? there are dallas, austin: type the same command with --account dallas"),
        (f'[accounts]\ndefault = "dalas"\n{TWO}', 'names "dalas", which is not an account: did you mean "dallas"?'),
        ("[accounts.dallas]\nurll = 'x'\n", '"urll" under [accounts.dallas] in campaign-batch.toml is not a setting'),
        ("[accounts.dallas]\ntoken = 'x-secret'\n", "[accounts.dallas] token does not belong in campaign-batch.toml"),
        ("[accounts.dallas.provider]\naccess_token = 'x-secret'\n", "access_token does not belong"),
        ("[accounts.dallas]\nurl = 'nowhere'\n", "[accounts.dallas] url in campaign-batch.toml has an invalid value"),
        ("[accounts.dallas.checks]\nlead_minutes = -4\n", "[accounts.dallas.checks] lead_minutes in"),
        ("[accounts.dallas.rules]\nno-such = 'off'\n", "no-such in campaign-batch.toml is not a rule"),
        ("[accounts.dallas.ledger]\nurl = 'x'\n", "all accounts share it"),
        ("[accounts.Dallas]\n", 'an account cannot have the name "Dallas": use small letters'),
        ("[accounts.done]\n", 'an account cannot have the name "done": it means something here already: use another'),
        ("[accounts]\ndallas = 3\n", '"dallas" under [accounts] in campaign-batch.toml is not an account'),
        ('[groups."VIP"]\nhours = "9:00-20:00"\n[accounts.dallas]\n', "[groups] belong to one account"),
        ("[accounts.dallas]\nreports = 'r'\n[accounts.austin]\nreports = 'r'\n", "have the same folder of reports"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    """With the place, and without the value."""
    assert told in refusal(tmp_path, text)


def test_a_ledger_that_no_account_has_is_never_left_alone(tmp_path: Path) -> None:
    """Else its campaigns would be looked after by nobody."""
    (tmp_path / "ledger.sqlite3").touch()
    assert "add [accounts.main]" in refusal(tmp_path, TWO)
