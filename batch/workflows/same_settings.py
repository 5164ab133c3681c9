"""Let no worker read a sheet by other settings than those of the watch that hands it over.

A worker with another time zone would send an hour off, one without `[approval]` with nobody's yes, one with an older
template an old text; and whoever dropped the sheet never sees that worker's log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batch.model.errors import UsageError
from batch.workflows.context import Context

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger

_WATCH = "watch"
_PARTS = {
    "provider": {"timezone", "max_name", "tag_names"},
    "sheet": {"timezone", "date_order", "type_recipients", "name", "encoding"},
    "checks": None,
    "approval": None,
}
"""By section what decides how a sheet is read and whether its rows go; None is all of it. Limits are the machine's."""
_FREE = ("[rules]", "[groups", "template ")
"""How names begin that people choose: one that is missing is a difference, not another version of campaign-batch."""
_SHOWN = 3
OTHER = "other-settings"
"""The code of the trouble that this machine's settings are not the watch's."""


def note_settings(context: Context) -> None:
    """Write down by what the sheets of this watch are meant to be read."""
    now, journal = deciding(context.settings), context.ledger.journal
    if journal.settings(_WATCH) != now:
        journal.keep_settings(now, of=_WATCH)


def need_same_settings(context: Context) -> None:
    """Raise UsageError where the watch of the account has other settings than this machine."""
    apart = find_apart(context.settings, context.ledger)
    if apart:
        more = f"; and {len(apart) - _SHOWN} more" if len(apart) > _SHOWN else ""
        words = f"this machine's settings are not those of the watch: {'; '.join(apart[:_SHOWN])}{more}"
        raise UsageError(words, REMEDY, code=OTHER)


REMEDY = (
    "give watch and workers the same settings and templates, then start them again; until then this machine leaves "
    "this account's sheets and rows to others"
)


def find_apart(settings: Settings, ledger: Ledger) -> list[str]:
    """Say what differs from the watch; nothing where none has noted its settings yet."""
    meant, ours = ledger.journal.settings(_WATCH), deciding(settings)
    if not meant:
        return []
    names = [name for name in sorted({*meant, *ours}) if (name in meant and name in ours) or name.startswith(_FREE)]
    return [_tell(name, ours.get(name), meant.get(name)) for name in names if ours.get(name) != meant.get(name)]


def deciding(settings: Settings) -> dict[str, Any]:
    """Give the settings that decide how a sheet is read and whether its rows go, by the names that people know."""
    found = {
        f"[{part}] {key}": value
        for part, keys in _PARTS.items()
        for key, value in getattr(settings, part).model_dump(mode="json", include=keys).items()
    }
    found |= {f"[rules] {code}": weight for code, weight in settings.rules.items()}
    for name, rule in settings.groups.items():
        set_here = rule.model_dump(mode="json", exclude_defaults=True)
        found[f'[groups."{name}"]'] = "there"
        found |= {f'[groups."{name}"] {key}': one for key, one in set_here.items()}
    return found | dict(_templates(Path(settings.templates.folder)))


def _templates(folder: Path) -> Iterator[tuple[str, str]]:
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            yield f'template "{path.name}"', _mark(path)


def _mark(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError as error:
        return type(error).__name__


def _tell(name: str, ours: object, meant: object) -> str:
    if name.startswith("template "):
        how = "is missing here" if ours is None else "is only here" if meant is None else "is another one here"
        return f"{name} {how}"
    return f"{name} is {_show(ours)} here and {_show(meant)} there"


def _show(value: object) -> str:
    if isinstance(value, Mapping | list | tuple):
        return ", ".join(map(str, value)) or "empty"
    return "not set" if value is None or value == "" else f'"{value}"' if isinstance(value, str) else str(value).lower()
