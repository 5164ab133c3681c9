"""Write what a person is to paste into a shell, so that it is taken for what it is, whatever a file is called."""

from __future__ import annotations

import os
import sys
from pathlib import PurePath

from batch.core.patterns import pattern
from batch.core.printable import printable

_WINDOWS = sys.platform == "win32"
_OBEYED = pattern(r"[$`\"\\!]")
"""What sh, and an interactive bash or zsh, obeys within double quotes too."""
_OBEYED_BY_POWERSHELL = pattern('[$`"\u201c-\u201f]')
_SINGLE = pattern("['\u2018-\u201b]")
"""What PowerShell takes for a single quote."""


def to_paste(value: PurePath | str, *, windows: bool = _WINDOWS) -> str:
    r"""Quote a file's name or another value for sh (Linux, macOS) or for PowerShell (Windows): one printable word.

    What cannot be seen, and a line break, is written as `$'\n'`, which bash, zsh and POSIX.1-2024 know. A path never
    begins with a dash, which would be taken for an option.
    """
    text = str(value)
    if isinstance(value, PurePath) and text.startswith("-"):
        text = f".\\{text}" if windows else f"./{text}"
    if windows:
        return "'" + _SINGLE.sub(r"\g<0>\g<0>", text) + "'" if _OBEYED_BY_POWERSHELL.search(text) else f'"{text}"'
    if printable(text) != text:
        return "$'" + "".join(map(_as_bytes, text)) + "'"
    return "'" + text.replace("'", "'\\''") + "'" if _OBEYED.search(text) else f'"{text}"'


def _as_bytes(letter: str) -> str:
    """Write a letter within `$'...'`: what is hidden as its bytes, what ends or escapes there behind a backslash."""
    if printable(letter) != letter:
        return "".join(f"\\x{byte:02x}" for byte in os.fsencode(letter))
    return f"\\{letter}" if letter in "'\\" else letter
