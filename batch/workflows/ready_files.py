"""Write files that run the watch in a folder: for Windows, systemd, cron, a container."""

from __future__ import annotations

import html
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from batch import __version__
from batch.model.errors import UsageError
from batch.system.disk import Readers, make_folder, write_whole
from batch.system.person import name_ids
from batch.system.resources import constraints_files, templates_folder
from batch.workflows.context import name_person

KINDS = ("windows", "systemd", "cron", "docker")
_ESCAPES: dict[str, Callable[[str], str]] = {
    ".xml": html.escape,
    ".yaml": lambda text: text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$"),
    ".cmd": lambda text: text.replace("%", "%%"),
    ".service": lambda text: text.replace("%", "%%").replace("\\", "\\\\"),
    "": lambda text: re.sub(r'[\\"$`]', r"\\\g<0>", text).replace("%", "\\%"),
}
"""How a path is written into a file of this ending; a crontab has none."""


def write_running(kind: str, folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Write the ready files of one kind and the guide into `running/` of a folder, filled in for this machine."""
    if kind not in KINDS:
        raise UsageError(f'there are no ready files for "{kind}"', f"choose one of {', '.join(KINDS)}")
    source, target = templates_folder() / "running", folder / "running"
    wanted = {target / path.name: path for path in (*sorted((source / kind).iterdir()), source / "GUIDE.md")}
    if kind == "docker":
        wanted |= {target / path.name: path for path in constraints_files()}
    there = [path for path in wanted if path.exists() and path.name != "GUIDE.md"]
    if there and not overwrite:
        raise UsageError(f'"{there[0]}" already exists', "move it first, or overwrite it with --force")
    try:
        make_folder(target, Readers.UMASK)
        for path, template in wanted.items():
            write_whole(path, _fill(template, folder.resolve()), Readers.UMASK)
    except OSError as trouble:
        raise UsageError(f'"{target}" cannot be written: {trouble.strerror}', "choose a folder of your own") from None
    return list(wanted)


def find_command() -> str:
    """Give the place of `campaign-batch` on this machine: beside this very Python first, as pipx puts it."""
    beside = Path(sys.executable).parent / ("campaign-batch.exe" if sys.platform == "win32" else "campaign-batch")
    return str(beside) if beside.exists() else shutil.which("campaign-batch") or "campaign-batch"


def _fill(template: Path, folder: Path) -> bytes:
    """Fill a template in; bytes, since the lines of a .cmd end as Windows wants them."""
    escape = _ESCAPES.get(template.suffix, str)
    text = template.read_bytes().decode("utf-8")
    for mark, value in (
        ("@FOLDER@", str(folder)), ("@COMMAND@", find_command()), ("@USER@", name_person()), ("@VERSION@", __version__),
        ("@IDS@", name_ids()),
    ):  # fmt: skip
        text = text.replace(mark, escape(value))
    return text.encode("utf-8")
