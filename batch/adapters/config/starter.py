"""Write the settings file that a team begins with: every setting explained, the known ones filled in."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from batch.adapters.config.loading import check_values
from batch.model.errors import UsageError
from batch.system.disk import make_folder, write_whole

TEXT = Path(__file__).with_name("starter_settings.toml")


def write_starter(path: Path, values: Mapping[str, object], *, overwrite: bool = False) -> None:
    """Write a settings file with some values set: `{"sheet.timezone": "America/Chicago"}`.

    Values are texts, numbers, true or false, paths and lists of texts. A file that is there stays, unless `overwrite`;
    UsageError says so, and names a value that its setting cannot take. Raises KeyError for an unknown setting.
    """
    if not overwrite:
        refuse_other(path)
    text = fill_starter(values).replace("\n", os.linesep)  # people open it in their system's own editor
    check_values(values)
    try:
        make_folder(path.parent)
        write_whole(path, text.encode())
    except OSError as trouble:
        raise UsageError(f'"{path}" cannot be written: {trouble.strerror}', "choose a folder of your own") from None


def refuse_other(path: Path) -> None:
    """Raise UsageError when there is a settings file already."""
    if path.exists():
        raise UsageError(f'"{path}" already exists', "move it first, or edit it in a text editor")


def fill_starter(values: Mapping[str, object]) -> str:
    """Give the text of the starter settings with some values set, the other settings asleep with their defaults."""
    lines, section, left = [], "", dict(values)
    for line in TEXT.read_text(encoding="utf-8").splitlines():
        if found := re.fullmatch(r"\[(\w+)\]", line):
            section = found[1]
        found = re.fullmatch(r"# ([\w-]+) = .*", line)
        name = f"{section}.{found[1]}" if found else ""
        lines.append(f"{name.partition('.')[2]} = {_as_toml(left.pop(name))}" if name in left else line)
    if left:
        raise KeyError(", ".join(left))
    return "\n".join(lines) + "\n"


def _as_toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_as_toml(item) for item in value)}]"
    text = str(value)
    if "\\" in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    return f'"{"".join(_escape(character) for character in text)}"'


def _escape(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\u{ord(character):04x}"
