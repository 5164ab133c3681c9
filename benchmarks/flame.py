"""Draw where the time of `check` goes, as a flame graph: `python -m benchmarks.flame FILE OUT.svg`.

All of it in one process: the file is read here and not in a process of its own, and the rows are not shared with a
second one, so the width of a box is processor time of Python and its libraries. Needs nothing but POSIX.
"""

from __future__ import annotations

import hashlib
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from html import escape
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.ledgers import ZONE, settings_of

EVERY = 0.002
"""Seconds of processor time between two looks; the system's own clock may tick more slowly."""
WIDTH, HEIGHT, TEXT = 1600, 17, 6.6
"""Pixels of the picture, of a box and of a letter."""
LEAST = 0.0008
"""The share below which a box is left out."""

Stack = tuple[str, ...]


class Sampler:
    """Looks at the stack again and again while processor time is used."""

    def __init__(self) -> None:
        self.stacks: Counter[Stack] = Counter()
        self.seconds = 0.0
        """Of processor time, while it looked."""

    def __enter__(self) -> Sampler:
        signal.signal(signal.SIGPROF, self._look)
        self.seconds = -time.process_time()
        signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        self.seconds += time.process_time()

    def _look(self, _number: int, frame: FrameType | None) -> None:
        found: list[str] = []
        while frame is not None:
            found.append(_name(frame))
            frame = frame.f_back
        self.stacks[tuple(reversed(found))] += 1


def _name(frame: FrameType) -> str:
    module = str(frame.f_globals.get("__name__", "?")).removeprefix("batch.")
    return f"{module}.{frame.f_code.co_qualname}"


def check_here(path: Path) -> int:
    """Read and check a file in this process, and give its rows."""
    from datetime import UTC, datetime

    from batch.adapters.sheet import worker
    from batch.adapters.sheet.child import Child
    from batch.workflows.check import how_to_render, make_rules, open_file
    from batch.workflows.check_blocks import BlockChecker

    class Here(Child):
        def ask(self, request: dict[str, Any]) -> Iterator[Any]:
            yield from worker.answers({**request, "careful": False})

    settings, now = settings_of(path.parent), datetime.now(UTC)
    opened = open_file(path, settings, reader=Here())
    checker = BlockChecker(opened.header, make_rules(settings, ZONE), now, how_to_render(settings))
    return sum(found.rows for found in checker.check_all(opened.blocks()))


def draw(stacks: Counter[Stack], title: str) -> str:
    """Give the picture: each box is a function, as wide as its share, on top of the one that called it."""
    all_of_them = stacks.total()
    places: dict[Stack, list[float]] = {}
    at = 0.0
    for stack, count in sorted(stacks.items()):
        for depth in range(1, len(stack) + 1):
            box = places.setdefault(stack[:depth], [at, 0.0])
            box[1] += count / all_of_them
        at += count / all_of_them
    shown = {stack: box for stack, box in places.items() if box[1] >= LEAST}
    deepest = max(map(len, shown), default=1)
    height = (deepest + 2) * HEIGHT
    look = f'viewBox="0 0 {WIDTH} {height}" font-family="monospace" font-size="11"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {look}><rect width="100%" height="100%" fill="#fff"/>'
    boxes = (_box(stack, at, share, height) for stack, (at, share) in shown.items())
    lines = [head, f'<text x="4" y="13">{escape(title)}</text>', *boxes]
    return "\n".join([*lines, "</svg>\n"])


def _box(stack: Stack, at: float, share: float, height: int) -> str:
    name, wide = stack[-1], share * WIDTH
    hue = int(hashlib.sha256(name.rpartition(".")[0].encode()).hexdigest()[:4], 16) % 60
    words = name[: max(0, int(wide / TEXT) - 1)]
    top = height - (len(stack) + 1) * HEIGHT
    return (
        f'<g><title>{escape(name)}: {share:.1%}</title><rect x="{at * WIDTH:.1f}" y="{top}" width="{wide:.1f}" '
        f'height="{HEIGHT - 1}" fill="hsl({hue} 80% 70%)"/>'
        f'<text x="{at * WIDTH + 2:.1f}" y="{top + 12}">{escape(words)}</text></g>'
    )


def slowest(stacks: Counter[Stack], seconds: float, most: int = 25) -> Iterator[str]:
    """List the functions in which most time is spent themselves, the callees not counted."""
    alone: Counter[str] = Counter()
    for stack, count in stacks.items():
        alone[stack[-1]] += count
    for name, count in alone.most_common(most):
        share = count / stacks.total()
        yield f"{share:6.1%}  {share * seconds:7.2f} s  {name}"


def main() -> None:
    """Check a file, draw the picture, and list the slowest functions."""
    path, out = Path(sys.argv[1]), Path(sys.argv[2])
    with Sampler() as sampler:
        rows = check_here(path.resolve())
    title = f"check of {path.name}, {rows:,} rows, {sampler.seconds:.2f} s of processor time"
    out.write_text(draw(sampler.stacks, title), encoding="utf-8")
    sys.stdout.write("\n".join([title, *slowest(sampler.stacks, sampler.seconds)]) + "\n")


if __name__ == "__main__":
    main()
