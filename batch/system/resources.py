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


def constraints_files() -> tuple[Path, ...]:
    """Give the lists of what the program needs, and of what workers need beside, each by the hashes of its files."""
    names = ("constraints.txt", "constraints-workers.txt")
    inside = all((_PACKAGE / name).is_file() for name in names)
    return tuple((_PACKAGE if inside else _PACKAGE.parent) / name for name in names)


def _travelling(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
