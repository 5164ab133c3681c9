"""Read `campaign-batch.toml` and the environment into frozen settings."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

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
from batch.model.codes import why_fixed
from batch.model.errors import UsageError
from batch.model.secret import Secret

FILE_NAME = "campaign-batch.toml"
PREFIX = "CAMPAIGN_BATCH_"
LEVELS = ("error", "hold", "warning", "off")
SECRETS = {"provider": "access_token", "email": "password"}
"""What no settings file may hold: section to key."""
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
_SETTINGS_STAND = '"campaign-batch init" in an empty folder writes a file that explains them all'


@dataclass(slots=True)
class _Given:
    """What file and environment say, section by section, before anything is believed of it."""

    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    places: dict[tuple[str, str], str] = field(default_factory=dict)
    """Section and key to the variable, or the file, that says so: the name under which trouble is reported."""
    secrets: dict[str, Secret] = field(default_factory=dict)
    """Section to what its secret variable holds."""
    troubles: list[UsageError] = field(default_factory=list)

    def put(self, section: str, key: str, value: object, place: str) -> None:
        self.values.setdefault(section, {})[key] = value
        self.places[section, key] = place

    def refuse(self) -> None:
        """Raise UsageError that names everything that is wrong, a line each."""
        if len(self.troubles) == 1:
            raise self.troubles[0]
        if self.troubles:
            lines = "".join(f"\n  {trouble}" for trouble in self.troubles)
            raise UsageError(f"{len(self.troubles)} settings are wrong:{lines}")


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
    given = _Given()
    if source is not None:
        _take_file(source, given)
    _take_environment(environ, given)
    if ledger:
        given.put("ledger", "url", ledger, "--ledger")
    _check_rules(given, codes, hard)
    for name in unused:
        _leave_out_wrong(name, given)
    sections = {name: _make_section(name, model, given) for name, model in SECTIONS.items()}
    groups = {name: _make_group(name, values, given) for name, values in given.values.get("groups", {}).items()}
    _check_state(given)
    given.refuse()
    sources = _name_sources(given, source)
    _keep_secrets(sections, given, sources)
    settings = Settings.model_construct(
        **sections,  # type: ignore[arg-type]
        rules=MappingProxyType(given.values.get("rules", {})),
        groups=MappingProxyType(groups),
        source=source,
        folder=base,
        sources=MappingProxyType(sources),
    )
    return _root_paths(settings, base, folder.absolute())


def check_values(values: Mapping[str, object]) -> None:
    """Raise UsageError for the answers that their settings cannot take: `{"sheet.timezone": "Chicago"}`."""
    given = _Given()
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


def _take_file(source: Path, given: _Given) -> None:
    for section, values in _read_toml(source).items():
        if section not in (*SECTIONS, "rules", "groups"):
            given.troubles.append(_unknown_section(section, values, source.name))
        elif not isinstance(values, dict):
            words = f"{section} in {source.name} must be a section"
            given.troubles.append(UsageError(words, f"write [{section}] on a line of its own"))
        else:
            _take_section(section, values, source.name, given)


def _take_section(section: str, values: Mapping[str, Any], file: str, given: _Given) -> None:
    for key, value in values.items():
        if key == SECRETS.get(section):
            given.troubles.append(_misplaced_secret(section, key, file))
        elif section in SECTIONS and key not in keys_of(SECTIONS[section]):
            given.troubles.append(_unknown_key(section, key, file))
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
        where = f" ({found[0]})" if found else ""
        raise UsageError(
            f"{source.name} cannot be read as TOML{where}",
            "put texts in quotes, use each key once, and put a Windows path in 'single quotes'",
        ) from None


def _take_environment(environ: Mapping[str, str], given: _Given) -> None:
    for variable, value in environ.items():
        if not variable.upper().startswith(PREFIX):
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


def _check_rules(given: _Given, codes: Mapping[str, str] | None, hard: Collection[str]) -> None:
    for code, level in given.values.get("rules", {}).items():
        place = _place(given, "rules", code)
        if code in hard:
            words, remedy = f"{place} cannot be changed", why_fixed(code)
        elif codes is not None and code not in codes:
            words, remedy = f"{place} is not a rule", _nearest(code, codes, _RULES_STAND)
        elif level not in LEVELS:
            words, remedy = f"{place} has an invalid value", f"it takes {_list_words(LEVELS)}"
        else:
            continue
        given.troubles.append(UsageError(words, remedy))


def _check_state(given: _Given) -> None:
    checks = given.values.get("checks", {})
    if checks.get("state") and not checks.get("country"):
        place = _place(given, "checks", "state")
        given.troubles.append(UsageError(f"{place} needs its country", 'set country = "US", or yours, under [checks]'))


def _make_section(name: str, model: type[Section], given: _Given) -> Section:
    values = given.values.get(name)
    if not values:
        return model.model_construct()
    if name == "email":
        values.setdefault("port", USUAL_PORTS.get(str(values.get("security")), 587))
    return _validate(model, values, lambda key: _place(given, name, key), given)


def _leave_out_wrong(name: str, given: _Given) -> None:
    try:
        with _without_plugins():
            SECTIONS[name].model_validate(given.values.get(name, {}))
    except ValidationError as trouble:
        for key in _troubles(trouble):
            del given.values[name][key], given.places[name, key]


def _make_group(name: str, values: object, given: _Given) -> GroupSection:
    place = f'[groups."{name}"] in {given.places["groups", name]}'
    if not isinstance(values, dict):
        given.troubles.append(UsageError(f"{place} must be a section", f'write [groups."{name}"] on a line of its own'))
        return GroupSection.model_construct()
    known = keys_of(GroupSection)
    unknown = [
        UsageError(f'"{key}" under {place} is not a setting', _nearest(key, known))
        for key in values
        if key not in known
    ]
    given.troubles += unknown
    kept = {key: value for key, value in values.items() if key in known}
    return _validate(GroupSection, kept, lambda key: f"{key} under {place}", given)


def _validate(model: type[_S], values: Mapping[str, object], place_of: Callable[[str], str], given: _Given) -> _S:
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


def _place(given: _Given, section: str, key: str) -> str:
    place = given.places.get((section, key), "")
    return place if place.upper().startswith((PREFIX, "--")) else f"[{section}] {key} in {place}"


def _name_sources(given: _Given, source: Path | None) -> dict[str, str]:
    sources = {f"{name}.{key}": "default" for name, model in SECTIONS.items() for key in keys_of(model)}
    for (section, key), place in given.places.items():
        from_file = source is not None and place == source.name
        sources[f"{section}.{key}"] = place if from_file else "environment"
    return sources


def _keep_secrets(sections: Mapping[str, Section], given: _Given, sources: dict[str, str]) -> None:
    provider, email = sections["provider"], sections["email"]
    assert isinstance(provider, ProviderSection)
    assert isinstance(email, EmailSection)
    for section, key in SECRETS.items():
        sources[f"{section}.{key}"] = "environment" if section in given.secrets else "default"
    nothing = Secret("")
    provider._kept = Kept(
        f"{PREFIX}PROVIDER__ACCESS_TOKEN", given.secrets.get("provider", nothing), None, token_user(provider.account)
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


def _misplaced_secret(section: str, key: str, file: str) -> UsageError:
    variable = f"{PREFIX}{section.upper()}__{key.upper()}"
    option = "--token" if section == "provider" else "--mail-password"
    return UsageError(
        f"[{section}] {key} does not belong in {file}",
        f"remove it (and have it replaced if others could read it), and set {variable} or {variable}_FILE, "
        f'or put it into the keyring with "campaign-batch init {option}"',
    )


def _unknown_section(section: str, value: object, file: str) -> UsageError:
    if isinstance(value, dict):
        return UsageError(f"[{section}] in {file} is not a section", _nearest(section, (*SECTIONS, "rules", "groups")))
    homes = [name for name, model in SECTIONS.items() if section in keys_of(model)]
    remedy = f"put it under [{homes[0]}]" if homes else "put it under the section that it belongs to"
    return UsageError(f'"{section}" in {file} is outside every section', remedy)


def _unknown_key(section: str, key: str, file: str) -> UsageError:
    return UsageError(
        f'"{key}" under [{section}] in {file} is not a setting', _nearest(key, keys_of(SECTIONS[section]))
    )


def _unknown_variable(variable: str) -> UsageError:
    if variable.upper().startswith(f"{PREFIX}GROUPS"):
        return UsageError(f"{variable} is not a setting", f"[groups] can only be set in {FILE_NAME}")
    return UsageError(f"{variable} is not a setting", _nearest(variable.upper(), _known_variables()))


def _known_variables() -> list[str]:
    keys = [(name, key) for name, model in SECTIONS.items() for key in keys_of(model)] + list(SECRETS.items())
    return [f"{PREFIX}{name.upper()}__{key.upper()}" for name, key in keys]


def _nearest(word: str, known: Iterable[str], elsewhere: str = _SETTINGS_STAND) -> str:
    choices = sorted(known)
    if found := difflib.get_close_matches(word, choices, n=1, cutoff=0.6):
        return f'did you mean "{found[0]}"?'
    if len(choices) <= 12:
        return f"there are {_list_words(choices)}"
    return elsewhere


def _list_words(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
