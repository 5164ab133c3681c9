"""Several accounts: the table `[accounts.NAME]` of each is laid over the top, for a record of settings of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batch.adapters.config.given import SECRETS, Given, misplaced_secret, nearest, unknown_key
from batch.adapters.config.sections import SECTIONS, Settings, keys_of
from batch.core.ledger_urls import ACCOUNT, account_url, sqlite_path
from batch.model.errors import UsageError
from batch.model.secret import Secret

SHORT = {
    "url": ("provider", "url"),
    "token_file": ("provider", "access_token_file"),
    "timezone": ("sheet", "timezone"),
    "quiet_hours": ("checks", "quiet_hours"),
    "reports": ("reports", "folder"),
    "mail_to": ("email", "to"),
}
"""What a table says in one line, and the setting that it is; all others stand in a section of the account."""
SHARED = ("ledger", "watch", "workers")
"""What all accounts have together."""
FOLDERS = frozenset({"approved", "attention", "done", "waiting", "working", "default"})
"""Names of the watched folder's own subfolders, and of a key: no account may have one."""
_OWN_KEYS = (*SHORT, "token_env", *(name for name in SECTIONS if name not in SHARED), "rules", "groups")


def take_accounts(values: object, file: str, given: Given) -> None:
    """Take the tables of all accounts, and which of them is the default."""
    if not isinstance(values, dict):
        given.troubles.append(UsageError(f"accounts in {file} must be a section", "write [accounts.NAME] for each"))
        return
    for name, table in values.items():
        if name == "default" and isinstance(table, str):
            given.default = table
        elif not isinstance(table, dict):
            words = f'"{name}" under [accounts] in {file} is not an account'
            given.troubles.append(UsageError(words, f"write [accounts.{name}] on a line of its own"))
        else:
            given.accounts[name] = table


def token_variables(given: Given) -> set[str]:
    """Give the variables that hold the accounts' tokens."""
    return {str(table.get("token_env")) for table in given.accounts.values() if table.get("token_env")}


def lay_over(given: Given, name: str, file: str, environ: Mapping[str, str], *, own: bool) -> Given:
    """Lay an account's table over the top; `own` is the account that the top itself is about.

    Another account has neither the top's token nor its groups: those are the provider's of one account.
    """
    values = {section: dict(keys) for section, keys in given.values.items()}
    laid = Given(values, dict(given.places), dict(given.secrets))
    if not own:
        _leave_out(laid, "provider")
        _leave_out(laid, "groups", *laid.values.get("groups", {}))
        _leave_out(laid, "provider", "access_token_file")
        laid.put("provider", "account", name, _place(name, "account", file))
        laid.named_by = f"[accounts.{name}] token_file"
    for key, value in given.accounts[name].items():
        _take(laid, name, key, value, file)
    if laid.token_env and environ.get(laid.token_env, "").strip():
        laid.secrets["provider"] = Secret(environ[laid.token_env].strip())
    return laid


def _leave_out(laid: Given, section: str, *keys: str) -> None:
    """Forget what the top says and no other account may have; without keys the section's secret."""
    for key in keys:
        laid.values.get(section, {}).pop(key, None)
        laid.places.pop((section, key), None)
    if not keys:
        laid.secrets.pop(section, None)


def _place(name: str, key: str, file: str) -> str:
    return f"[accounts.{name}] {key} in {file}"


def _take(laid: Given, name: str, key: str, value: object, file: str) -> None:
    if key in SHORT:
        _put(laid, *SHORT[key], value, _place(name, key, file))
    elif key == "token_env" and isinstance(value, str) and value.strip():
        laid.token_env = value.strip()
        laid.secrets.pop("provider", None)
    elif key in {"token", *SECRETS.values()}:
        laid.troubles.append(_misplaced_token(name, key, file))
    elif key in SHARED:
        words = f'"{key}" cannot be set under [accounts.{name}] in {file}'
        laid.troubles.append(UsageError(words, f"all accounts share it: set it under [{key}]"))
    elif key in _OWN_KEYS and isinstance(value, dict):
        _take_section(laid, name, key, value, file)
    else:
        words = f'"{key}" under [accounts.{name}] in {file} is not a setting'
        laid.troubles.append(UsageError(words, nearest(key, _OWN_KEYS, f"it takes {', '.join(SHORT)} and sections")))


def _take_section(laid: Given, name: str, section: str, values: Mapping[str, Any], file: str) -> None:
    for key, value in values.items():
        path = f"accounts.{name}.{section}"
        if key == SECRETS.get(section):
            laid.troubles.append(misplaced_secret(section, key, file))
        elif (section, key) == ("provider", "account"):
            words = f"[{path}] account cannot be set in {file}"
            laid.troubles.append(UsageError(words, f'the label of this account is its name, "{name}"'))
        elif section in SECTIONS and key not in keys_of(SECTIONS[section]):
            laid.troubles.append(unknown_key(section, key, file))
        else:
            _put(laid, section, key, value, f"[{path}] {key} in {file}")


def _put(laid: Given, section: str, key: str, value: object, place: str) -> None:
    """Take a value; another mail server or user never gets the top's password."""
    if section == "email" and key in {"host", "username"} and value != laid.values.get("email", {}).get(key):
        _leave_out(laid, "email")
        if not laid.places.get(("email", "password_file"), "").startswith("[accounts."):
            _leave_out(laid, "email", "password_file")
    laid.put(section, key, value, place)


def _misplaced_token(name: str, key: str, file: str) -> UsageError:
    return UsageError(
        f"[accounts.{name}] {key} does not belong in {file}",
        "remove it (and have it replaced if others could read it), and name the variable that holds it with "
        f'token_env, or its file with token_file, or type "campaign-batch init --token --account {name}"',
    )


def set_apart(settings: Settings, top: Settings) -> Settings:
    """Give an account its own ledger, reports and folder; the account of the top keeps the top's."""
    name = settings.provider.account
    if name == top.provider.account:
        return settings
    changed: dict[str, object] = {
        "root": top.watch.folder,
        "ledger": top.ledger.model_copy(update={"url": account_url(top.ledger.url, name)}),
        "watch": top.watch.model_copy(update={"folder": top.watch.folder / name}),
    }
    if settings.report_store or settings.reports.folder == top.reports.folder:
        changed["reports"] = settings.reports.model_copy(update={"folder": top.reports.folder / name})
        inherited = f"{top.report_store}/{name}" if top.report_store else ""
        changed["report_store"] = settings.report_store or inherited
    return settings.model_copy(update=changed)


def name_team(settings: Settings, name: str) -> Settings:
    """Let every report, page and mail name the account where it names the team."""
    team = settings.reports.team
    if name.casefold() in team.casefold():
        return settings
    named = f"{team} ({name})" if team else name
    return settings.model_copy(update={"reports": settings.reports.model_copy(update={"team": named})})


def find_trouble(top: Settings, made: Mapping[str, Settings], default: str) -> UsageError | None:
    """Say what keeps the accounts from being told apart."""
    if default and default not in made:
        return UsageError(f'[accounts] default names "{default}", which is not an account', nearest(default, made))
    label, path = top.provider.account, sqlite_path(top.ledger.url)
    if wrong := [name for name in made if name != label and (name in FOLDERS or not ACCOUNT.fullmatch(name))]:
        words, remedy = f'an account cannot have the name "{wrong[0]}"', "use small letters, digits, - and _"
        if wrong[0] in FOLDERS:
            remedy = "it means something here already: use another"
        return UsageError(words, f"{remedy}, as in [accounts.dallas]")
    if label not in made and path is not None and path.exists():
        words = f'the ledger "{path}" belongs to the account "{label}", which has no section under [accounts]'
        return UsageError(words, f"add [accounts.{label}] (it may be empty), so that its campaigns stay looked after")
    if label not in made and top.groups:
        words = "[groups] belong to one account, and the top of the settings is about none"
        return UsageError(words, f'write [accounts.{next(iter(made))}.groups."NAME"], for each account its own')
    seen: dict[object, str] = {}
    for name, one in made.items():
        for place in {one.reports.folder, one.report_store} - {""}:
            if place in seen:
                words = f'the accounts "{seen[place]}" and "{name}" have the same folder of reports'
                return UsageError(words, "give each its own: their reports have the same names")
            seen[place] = name
    return None


def choose_account(settings: Settings, name: str = "") -> Settings:
    """Give the settings of the account that is named, else of the default one; raise UsageError where there is none."""
    if not settings.accounts:
        if name and name != settings.provider.account:
            words = f'there is no account "{name}"'
            raise UsageError(words, f'there is only "{settings.provider.account}": leave --account out')
        return settings
    wanted = name.casefold() or settings.default_account
    found = [one for known, one in settings.accounts.items() if known.casefold() == wanted.casefold()]
    if found:
        return found[0]
    if wanted:
        raise UsageError(f'there is no account "{name}"', nearest(wanted, settings.accounts))
    names = ", ".join(settings.accounts)
    first = next(iter(settings.accounts))
    raise UsageError(f"which account? there are {names}", f"type the same command with --account {first}")
