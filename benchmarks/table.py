"""Figures as lines of a table, and the file that they are written into."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
_LIBRARIES = (
    "python-calamine", "pandas", "polars", "openpyxl", "XlsxWriter", "jinja2", "requests", "SQLAlchemy", "pydantic",
    "typer",
)  # fmt: skip
_MODULES = {"python-calamine": "python_calamine"}
_SECTION = re.compile(r"^## \((\w)\).*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Figure:
    """One comparison."""

    what: str
    ours: str
    against: str = ""
    other: str = ""
    ratio: str = ""
    target: str = ""
    reached: bool | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One group of comparisons."""

    letter: str
    title: str
    figures: tuple[Figure, ...]
    note: str = ""


def seconds(value: float) -> str:
    """Write seconds with three figures."""
    return f"{value:.3g} s" if value < 100 else f"{value:.0f} s"


def compare(what: str, ours: float, against: str, other: float, most: float | None = None) -> Figure:
    """Put two times side by side; `most` is the target of the ratio."""
    ratio = ours / other
    target = "" if most is None else f"at most {most:g}"
    reached = None if most is None else ratio <= most
    return Figure(what, seconds(ours), against, seconds(other), f"{ratio:.2f}", target, reached)


def within(what: str, ours: float, against: str, other: float, more: float) -> Figure:
    """Put two times side by side; the first may take so many seconds more."""
    reached = ours - other <= more
    return Figure(
        what, seconds(ours), against, seconds(other), f"{ours / other:.2f}", f"at most {more:g} s more", reached
    )


def limit(what: str, value: float, most: float, unit: str = "s", cpu: float | None = None) -> Figure:
    """Hold one figure to a limit; `cpu` is the processor time, which others at work on the machine stretch less."""
    beside = "" if cpu is None else f" ({seconds(cpu)} of processor time)"
    return Figure(what, f"{value:.3g} {unit}{beside}", target=f"under {most:g} {unit}", reached=value < most)


def write_section(section: Section, rounds: int) -> str:
    """Write one section, measured in so many rounds, as Markdown."""
    lines = [f"## ({section.letter}) {section.title}", "", _measured(rounds), ""]
    if section.note:
        lines += [section.note, ""]
    lines += ["| what | ours | against | takes | ratio | target | |", "|---|---|---|---|---|---|---|"]
    for one in section.figures:
        mark = {None: "", True: "reached", False: "**not reached**"}[one.reached]
        lines.append(f"| {one.what} | {one.ours} | {one.against} | {one.other} | {one.ratio} | {one.target} | {mark} |")
    return "\n".join(lines) + "\n\n"


def keep(written: dict[str, str]) -> None:
    """Put sections into the file, each in its place; the others stay as they were measured."""
    old = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    sections = {found[1]: found[0] for found in _SECTION.finditer(old)} | written
    text = _head() + "".join(sections[letter].rstrip() + "\n\n" for letter in sorted(sections))
    beside = RESULTS.with_suffix(".tmp")
    beside.write_text(text.rstrip() + "\n", encoding="utf-8")
    beside.replace(RESULTS)


def _measured(rounds: int) -> str:
    said = "one round" if rounds == 1 else f"medians of {rounds} rounds"
    load = f", at a load of {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC{load}; {said}."


def _head() -> str:
    return (
        "# What it costs\n\n"
        "Written by `make bench`; no figure here is typed by hand. Both sides of a ratio ran in turn.\n\n"
        f"Machine: {_machine()}.\n\nPython {platform.python_version()}; {', '.join(_versions())}.\n\n"
    )


def _machine() -> str:
    return f"{os.cpu_count()} processors ({_processor()}), {_memory()}, {platform.system()} {platform.release()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), sys.platform)


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB of memory"
    except (ValueError, OSError, AttributeError):
        return "memory unknown"


def _versions() -> Iterable[str]:
    return (f"{name} {version(name)}" for name in _LIBRARIES if find_spec(_MODULES.get(name, name.lower())))
