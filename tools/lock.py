"""Make the three constraints files: every package by its version and the hashes of all its files.

Needs the program `uv`. Pins that are there stay as they are: take one out to have it looked up again.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILDS = ("hatchling", "editables")
_PLAIN = re.compile(r"[-_.]+")
_HEAD = "# {}\n# Every file of each version by its hash: pip takes no other. `make lock` makes this file.\n"


def main() -> int:
    """Look all up and write the files."""
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?(==[^ ;\\]+)", _read(), re.MULTILINE)
    pins = "\n".join(name + version for name, version in found)
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "kept.txt"
        kept.write_text(pins, encoding="utf-8")
        build = Path(folder) / "build.in"
        build.write_text("\n".join(BUILDS), encoding="utf-8")
        run = _blocks(_compile(kept, str(ROOT / "pyproject.toml"), str(build)))
        extras = ("--extra", "workers", "--extra", "metrics")
        workers = _blocks(_compile(kept, str(ROOT / "pyproject.toml"), str(build), *extras))
        every = _blocks(_compile(kept, str(ROOT / "pyproject.toml"), str(build), *extras, "--group", "dev"))
    _write("constraints.txt", "What the program needs, and what builds it.", run)
    more = {name: block for name, block in workers.items() if name not in run}
    _write("constraints-workers.txt", "What the extras [workers] and [metrics] need beside constraints.txt.", more)
    dev = {name: block for name, block in every.items() if name not in workers}
    _write("constraints-dev.txt", "What working on it needs beside the other two.", dev)
    return 0


def _read() -> str:
    files = [ROOT / f"constraints{which}.txt" for which in ("", "-workers", "-dev")]
    return "\n".join(path.read_text(encoding="utf-8") for path in files if path.exists())


def _compile(kept: Path, *wanted: str) -> str:
    words = [
        "uv", "pip", "compile", *wanted, "--constraint", str(kept), "--universal", "--python-version", "3.11",
        "--quiet", "--generate-hashes", "--no-annotate", "--no-header", "--no-emit-index-url", "--no-strip-extras",
    ]  # fmt: skip
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout  # noqa: S603 our own words


def _blocks(text: str) -> dict[str, str]:
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    return {
        re.split(r"[\[= ;]", block, maxsplit=1)[0].lower().replace("_", "-").replace(".", "-"): block
        for block in blocks
    }


def _write(name: str, words: str, blocks: dict[str, str]) -> None:
    lines = "\n".join(blocks[one] for one in sorted(blocks))
    (ROOT / name).write_text(f"{_HEAD.format(words)}{lines}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
