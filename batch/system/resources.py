"""Where the files that travel with the program lie: in the installed package, or at the top of a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def templates_folder() -> Path:
    """Give the folder that holds `messages/` and `reports/`."""
    return _travelling("templates")


def samples_folder() -> Path:
    """Give the folder of the sample workbooks."""
    return _travelling("sample_data")


def constraints_file() -> Path:
    """Give the list of all that the program needs, each by the hashes of its files."""
    inside = _PACKAGE / "constraints.txt"
    return inside if inside.is_file() else _PACKAGE.parent / "constraints.txt"


def _travelling(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
