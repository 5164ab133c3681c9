"""Read `campaign-batch.toml` and the environment into frozen settings."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from batch.adapters.config.accounts import find_trouble, lay_over, name_team, set_apart, take_accounts, token_variables
from batch.adapters.config.given import (
    ACCOUNT,
    PREFIX,
    SECRETS,
    Given,
    list_words,
    misplaced_secret,
    nearest,
    place_of,
    unknown_key,
)
from batch.adapters.config.kept import Kept, password_user, token_user
from batch.adapters.config.kinds import BOUNDS, say_expected
from batch.adapters.config.sections import (
    SECTIONS,
    EmailSection,
    GroupSection,
    ProviderSection,
    Section,
    Settings,
    keys_of,
)
from batch.adapters.config.stores import take_store
from batch.model.codes import why_fixed
from batch.model.errors import UsageError
from batch.model.records import dataclass
from batch.model.secret import Secret

FILE_NAME = "campaign-batch.toml"
LEVELS = ("error", "hold", "warning", "off")
PATHS = {
    "provider": ("access_token_file", "ca_file"),
    "templates": ("folder",),
    "reports": ("folder", "templates", "logo"),
    "email": ("password_file", "ca_file"),
    "watch": ("folder",),
}
USUAL_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_S = TypeVar("_S", bound=Section)
_SQLITE = re.compile(r"(sqlite(?:\+\w+)?:///)([^?]*)(.*)", re.DOTALL)
_RULES_STAND = 'each problem that "campaign-batch check" reports ends with its code'


def load_settings(
    path: Path | None,
    environ: Mapping[str, str],
    folder: Path,
    codes: Mapping[str, str] | None = None,
    hard: Collection[str] = (),
    *,
    ledger: str = "",
    unused: Collection[str] = (),
) -> Settings:
    """Load the settings: environment over file over default; without a path, `campaign-batch.toml` in the folder.

    `codes` are the codes that `[rules]` may name (None: any), `hard` those whose level stays as it is; `ledger` is what
    the option of that name says, which wins over all. Relative paths of the file begin at the file, others in the
    folder. Raises UsageError for all that is wrong: file, variable or option, key and the nearest known one, and of
    values only numbers. What is wrong in sections that are `unused` by the command counts as not given.
    """
    source = _find_file(path, folder)
    base = (source.parent if source else folder).absolute()
    given = Given()
    if source is not None:
        _take_file(source, given)
    _take_environment(environ, given)
    if ledger:
        given.put("ledger", "url", ledger, "--ledger")
    for name in unused:
        _leave_out_wrong(name, given)
    origin = _Origin(source, base, folder.absolute())
    _check_rules(given, codes, hard)
    top = _build(given, origin)
    if not given.accounts:
        return top
    made = {}
    for name in given.accounts:
        laid = lay_over(given, name, origin.name, environ, own=name == top.provider.account)
        _check_rules(laid, codes, hard)
        made[name] = set_apart(_build(laid, origin), top)
    return _bind_accounts(top, made, given)


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where settings come from, and where their relative paths begin."""

    source: Path | None
    base: Path
    folder: Path

    @property
    def name(self) -> str:
        return self.source.name if self.source is not None else FILE_NAME


def _build(given: Given, origin: _Origin) -> Settings:
    """Make the settings of what is given; raise UsageError for all that is wrong."""
    store = take_store(given)
    sections = {name: _make_section(name, model, given) for name, model in SECTIONS.items()}
    groups = {name: _make_group(name, values, given) for name, values in given.values.get("groups", {}).items()}
    _check_state(given)
    given.refuse()
    sources = _name_sources(given, origin.source)
    _keep_secrets(sections, given, sources)
    settings = Settings.model_construct(
        **sections,  # type: ignore[arg-type]
        rules=MappingProxyType(given.values.get("rules", {})),
        groups=MappingProxyType(groups),
        source=origin.source,
        folder=origin.base,
        sources=MappingProxyType(sources),
        report_store=store,
    )
    return _root_paths(settings, origin.base, origin.folder)


def _bind_accounts(top: Settings, made: Mapping[str, Settings], given: Given) -> Settings:
    """Let every account know all of them; raise UsageError where two could not be told apart."""
    label = top.provider.account
    default = given.default or (label if label in made else "")
    if trouble := find_trouble(top, made, default):
        raise trouble
    known: dict[str, Settings] = {}
    shared = {"accounts": MappingProxyType(known), "default_account": default}
    known.update({name: name_team(one, name).model_copy(update=shared) for name, one in made.items()})
    return top.model_copy(update=shared)


def check_values(values: Mapping[str, object]) -> None:
    """Raise UsageError for the answers that their settings cannot take: `{"sheet.timezone": "Chicago"}`."""
    given = Given()
    for name, value in values.items():
        section, _, key = name.partition(".")
        given.put(section, key, value, "your answers")
    for section in given.values:
        _make_section(section, SECTIONS[section], given)
    given.refuse()


def _find_file(path: Path | None, folder: Path) -> Path | None:
    if path is not None:
        if not path.is_file():
            raise UsageError(f'there is no settings file "{path}"', 'check the name, or type "campaign-batch init"')
        return path.absolute()
    usual = folder / FILE_NAME
    return usual.absolute() if usual.is_file() else None


def _take_file(source: Path, given: Given) -> None:
    for section, values in _read_toml(source).items():
        if section == "accounts":
            take_accounts(values, source.name, given)
        elif section not in (*SECTIONS, "rules", "groups"):
            given.troubles.append(_unknown_section(section, values, source.name))
        elif not isinstance(values, dict):
            words = f"{section} in {source.name} must be a section"
            given.troubles.append(UsageError(words, f"write [{section}] on a line of its own"))
        else:
            _take_section(section, values, source.name, given)


def _take_section(section: str, values: Mapping[str, Any], file: str, given: Given) -> None:
    for key, value in values.items():
        if key == SECRETS.get(section):
            given.troubles.append(misplaced_secret(section, key, file))
        elif section in SECTIONS and key not in keys_of(SECTIONS[section]):
            given.troubles.append(unknown_key(section, key, file))
        else:
            given.put(section, key, value, file)


def _read_toml(source: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(source.read_bytes().decode("utf-8-sig"))
    except OSError as trouble:
        raise UsageError(f'"{source}" cannot be read: {trouble.strerror}', "check the file's permissions") from None
    except UnicodeDecodeError:
        raise UsageError(f"{source.name} is not in UTF-8", "save it again with the encoding UTF-8") from None
    except (ValueError, RecursionError) as trouble:
        # Only the place is told: the words of the parser may quote the line, and the line may hold a secret.
        found = re.search(r"line \d+, column \d+", str(trouble))
        where = f": something is wrong near {found[0]}" if found else " as TOML"
        raise UsageError(
            f"{source.name} cannot be read{where}",
            "put texts in quotes, use each key once, and put a Windows path in 'single quotes'",
        ) from None


def _take_environment(environ: Mapping[str, str], given: Given) -> None:
    tokens = token_variables(given)
    for variable, value in environ.items():
        if not variable.upper().startswith(PREFIX) or variable in tokens:
            continue
        section, separator, key = variable[len(PREFIX) :].lower().partition("__")
        if section == "rules" and key:
            given.put("rules", key.replace("_", "-"), value.strip(), variable)
            continue
        if not separator or section not in SECTIONS:
            given.troubles.append(_unknown_variable(variable))
        elif key == SECRETS.get(section):
            if value.strip():
                given.secrets[section] = Secret(value.strip())
        elif key not in keys_of(SECTIONS[section]):
            given.troubles.append(_unknown_variable(variable))
        else:
            given.put(section, key, value, variable)


def _check_rules(given: Given, codes: Mapping[str, str] | None, hard: Collection[str]) -> None:
    for code, level in given.values.get("rules", {}).items():
        place = place_of(given, "rules", code)
        if code in hard:
            words, remedy = f"{place} cannot be changed", why_fixed(code)
        elif codes is not None and code not in codes:
            words, remedy = f"{place} is not a rule", nearest(code, codes, _RULES_STAND)
        elif level not in LEVELS:
            words, remedy = f"{place} has an invalid value", f"it takes {list_words(LEVELS)}"
        else:
            continue
        given.troubles.append(UsageError(words, remedy))


def _check_state(given: Given) -> None:
    checks = given.values.get("checks", {})
    if checks.get("state") and not checks.get("country"):
        place = place_of(given, "checks", "state")
        given.troubles.append(UsageError(f"{place} needs its country", 'set country = "US", or yours, under [checks]'))


def _make_section(name: str, model: type[Section], given: Given) -> Section:
    values = dict(given.values.get(name, {}))
    if not values:
        return model.model_construct()
    if name == "email":
        values.setdefault("port", USUAL_PORTS.get(str(values.get("security")), 587))
    return _validate(model, values, lambda key: place_of(given, name, key), given)


def _leave_out_wrong(name: str, given: Given) -> None:
    try:
        with _without_plugins():
            SECTIONS[name].model_validate(given.values.get(name, {}))
    except ValidationError as trouble:
        for key in _troubles(trouble):
            del given.values[name][key], given.places[name, key]


def _make_group(name: str, values: object, given: Given) -> GroupSection:
    place = f'[groups."{name}"] in {given.places["groups", name]}'
    if not isinstance(values, dict):
        given.troubles.append(UsageError(f"{place} must be a section", f'write [groups."{name}"] on a line of its own'))
        return GroupSection.model_construct()
    known = keys_of(GroupSection)
    unknown = [
        UsageError(f'"{key}" under {place} is not a setting', nearest(key, known)) for key in values if key not in known
    ]
    given.troubles += unknown
    kept = {key: value for key, value in values.items() if key in known}
    return _validate(GroupSection, kept, lambda key: f"{key} under {place}", given)


def _validate(model: type[_S], values: Mapping[str, object], place_of: Callable[[str], str], given: Given) -> _S:
    """Make a section of its values; note the place of each wrong one, and no value that could be a secret."""
    try:
        with _without_plugins():
            return model.model_validate(values)
    except ValidationError as trouble:
        for key, (value, expected) in _troubles(trouble).items():
            given.troubles.append(UsageError(f"{place_of(key)} has an invalid value{value}", f"it takes {expected}"))
        return model.model_construct()


@contextmanager
def _without_plugins() -> Iterator[None]:
    """Keep pydantic from asking every installed package for plugins: slow, and none is to see settings."""
    switch = "PYDANTIC_DISABLE_PLUGINS"
    before = os.environ.get(switch)
    os.environ[switch] = "__all__"
    try:
        yield
    finally:
        os.environ.pop(switch)
        if before is not None:
            os.environ[switch] = before


def _troubles(trouble: ValidationError) -> dict[str, tuple[str, str]]:
    """Give each wrong key, its value if that is a number, and what it takes: pydantic's own words show any value."""
    found: dict[str, tuple[str, str]] = {}
    for one in trouble.errors(include_url=False):
        value = f" ({float(one['input']):g})" if one["type"] in BOUNDS else ""
        found.setdefault(str(one["loc"][0]), (value, say_expected(one["type"], one.get("ctx", {}))))
    return found


def _name_sources(given: Given, source: Path | None) -> dict[str, str]:
    sources = {f"{name}.{key}": "default" for name, model in SECTIONS.items() for key in keys_of(model)}
    for (section, key), place in given.places.items():
        from_file = source is not None and (place == source.name or place.startswith(ACCOUNT))
        sources[f"{section}.{key}"] = source.name if source is not None and from_file else "environment"
    return sources


def _keep_secrets(sections: Mapping[str, Section], given: Given, sources: dict[str, str]) -> None:
    provider, email = sections["provider"], sections["email"]
    assert isinstance(provider, ProviderSection)
    assert isinstance(email, EmailSection)
    for section, key in SECRETS.items():
        sources[f"{section}.{key}"] = "environment" if section in given.secrets else "default"
    nothing = Secret("")
    variable = given.token_env or f"{PREFIX}PROVIDER__ACCESS_TOKEN"
    provider._kept = Kept(
        variable, given.secrets.get("provider", nothing), None, token_user(provider.account), named_by=given.named_by
    )
    user = password_user(email.username) if email.username else ""
    email._kept = Kept(f"{PREFIX}EMAIL__PASSWORD", given.secrets.get("email", nothing), None, user, blanks=True)


def _root_paths(settings: Settings, base: Path, folder: Path) -> Settings:
    """Make every path absolute: those of the environment from the working folder on, others from the file's."""
    changed: dict[str, BaseModel] = {}
    for name, keys in PATHS.items():
        section = getattr(settings, name)
        roots = {key: folder if settings.sources[f"{name}.{key}"] == "environment" else base for key in keys}
        paths = {key: (roots[key] / path).resolve() for key in keys if (path := getattr(section, key)) is not None}
        changed[name] = section.model_copy(update=paths)
    root = folder if settings.sources["ledger.url"] == "environment" else base
    changed["ledger"] = settings.ledger.model_copy(update={"url": _root_url(settings.ledger.url, root)})
    rooted = settings.model_copy(update=changed)
    _name_secret_files(rooted)
    return rooted


def _root_url(url: str, root: Path) -> str:
    found = _SQLITE.fullmatch(url)
    if found is None or found[2] in {"", ":memory:"}:
        return url
    return f"{found[1]}{(root / Path(found[2]).expanduser()).resolve().as_posix()}{found[3]}"


def _name_secret_files(settings: Settings) -> None:
    provider, email = settings.provider, settings.email
    provider._kept = replace(provider._kept, file=provider.access_token_file)
    email._kept = replace(email._kept, file=email.password_file)


def _unknown_section(section: str, value: object, file: str) -> UsageError:
    if isinstance(value, dict):
        known = (*SECTIONS, "rules", "groups", "accounts")
        return UsageError(f"[{section}] in {file} is not a section", nearest(section, known))
    homes = [name for name, model in SECTIONS.items() if section in keys_of(model)]
    remedy = f"put it under [{homes[0]}]" if homes else "put it under the section that it belongs to"
    return UsageError(f'"{section}" in {file} is outside every section', remedy)


def _unknown_variable(variable: str) -> UsageError:
    for section in ("groups", "accounts"):
        if variable.upper().startswith(f"{PREFIX}{section.upper()}"):
            return UsageError(f"{variable} is not a setting", f"[{section}] can only be set in {FILE_NAME}")
    return UsageError(f"{variable} is not a setting", nearest(variable.upper(), _known_variables()))


def _known_variables() -> list[str]:
    keys = [(name, key) for name, model in SECTIONS.items() for key in keys_of(model)] + list(SECRETS.items())
    return [f"{PREFIX}{name.upper()}__{key.upper()}" for name, key in keys]
