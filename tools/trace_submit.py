"""Run `submit FILE` against the sandbox and print which module calls which, in order: python -m tools.trace_submit.

Options are those of `submit`; `--json` before them prints what was traced for a program, `--page` writes the path
into ARCHITECTURE.md anew.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType

FLOORS = ("model", "core", "system", "adapters", "workflows", "cli")
STORY = ("cli.files", "workflows.submit", "workflows.run")
"""The modules that lead the file on its way: what they call, in order, is the path."""
NO_STEP = {"workflows.context", "cli.session", "cli.screen", "cli.interrupt"}
"""Where the surroundings of a run come from: they are asked for the time again and again."""


def room_of(module: str) -> str:
    """Name the room of a module: `adapters.ledger` for all of the ledger's modules, else the module itself."""
    parts = module.split(".")[1:]
    return ".".join(parts[:2]) if parts[:1] == ["adapters"] else ".".join(parts)


def floor_of(room: str) -> int:
    """Give the floor of a room, from the ground up."""
    return FLOORS.index(room.partition(".")[0])


@dataclass
class Trace:
    """The calls between rooms of one run, in the order in which each was made first."""

    calls: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Calling room, called room, name of the function."""
    entered: Counter[str] = field(default_factory=Counter)
    """How often each function of ours was called, as `room.function`."""

    def path(self) -> list[tuple[str, str]]:
        """Give the path: what the leading modules call on their own floor and the next one, in order."""
        called = ((caller, f"{room}.{name}") for caller, room, name in self.calls if caller in STORY)
        steps = (step for step in called if step[1].startswith(("cli.", "workflows.")))
        return [step for step in steps if step[1].rpartition(".")[2] != "<lambda>" and not is_surrounding(step[1])]

    def upward(self) -> set[tuple[str, str]]:
        """Give the calls from a lower floor to a higher one: calling room, function; rows that stream are not calls."""
        called = {(a, f"{b}.{name}") for a, b, name in self.calls if floor_of(a) < floor_of(b)}
        return {step for step in called if not step[1].endswith("<genexpr>")}

    def listen(self, frame: FrameType, event: str, _: object) -> None:
        """Note one call of a function of ours by another room of ours; for sys.setprofile."""
        if event != "call" or not is_ours(frame) or is_resumed(frame):
            return
        room, name = room_of(frame.f_globals["__name__"]), name_of(frame.f_code)
        self.entered[f"{room}.{name}"] += 1
        caller = frame.f_back
        while caller is not None and not is_ours(caller):
            caller = caller.f_back
        if caller is not None and (other := room_of(caller.f_globals["__name__"])) != room:
            self.calls[other, room, name] += 1


def is_ours(frame: FrameType) -> bool:
    """Say whether a function of ours runs there; what a module does while it is imported is not a call."""
    module, code = frame.f_globals.get("__name__", ""), frame.f_code
    made = not code.co_flags & inspect.CO_OPTIMIZED or code.co_qualname.startswith(
        "__create_fn__"
    )  # classes, dataclasses
    return module.startswith("batch.") and module.count(".") > 1 and not made


def is_resumed(frame: FrameType) -> bool:
    """Say whether a generator goes on there: its start was noted already."""
    return bool(frame.f_code.co_flags & inspect.CO_GENERATOR) and frame.f_lasti > 10


def is_surrounding(called: str) -> bool:
    """Say whether a function belongs to the surroundings of a run, and is not a step of the path."""
    room, _, name = called.rpartition(".")
    return any(called.startswith(f"{one}.") for one in NO_STEP) or name.startswith("_") or room[-1:].isupper()


def name_of(code: CodeType) -> str:
    """Give a function's name within its module."""
    return code.co_qualname.replace(".<locals>", "")


def trace_submit(folder: Path, options: list[str]) -> Trace:
    """Submit the sample sheet to a sandbox, traced from the command to its report."""
    from batch import cli  # noqa: F401  it defines the commands
    from batch.adapters.samples import write_samples
    from batch.adapters.sandbox import Sandbox
    from batch.cli.session import app, run_guarded, session
    from batch.workflows.context import utc_now

    sheet = write_samples(folder, utc_now())[0]
    trace = Trace()
    with Sandbox(limit=0) as sandbox:
        session.environ = environ_for(sandbox.url, sandbox.token, folder)
        sys.argv = ["campaign-batch", "--quiet", "submit", str(sheet), "--yes", *options]
        sys.setprofile(trace.listen)
        run_guarded(app)
        sys.setprofile(None)
    return trace


def environ_for(url: str, token: str, folder: Path) -> dict[str, str]:
    """Give settings that lead to a sandbox, with everything that is written in one folder."""
    values = {
        "PROVIDER__URL": url,
        "PROVIDER__ACCESS_TOKEN": token,
        "LEDGER__URL": f"sqlite:///{(folder / 'ledger.sqlite3').as_posix()}",
        "REPORTS__FOLDER": str(folder / "reports"),
        "SHEET__TIMEZONE": "America/Chicago",
    }
    return {**os.environ, **{f"CAMPAIGN_BATCH_{name}": value for name, value in values.items()}}


def write_page(path: list[tuple[str, str]]) -> None:
    """Put the path into its place in ARCHITECTURE.md."""
    page = Path(__file__).parents[1] / "ARCHITECTURE.md"
    before, _, rest = page.read_text(encoding="utf-8").partition("<!-- path -->\n")
    lines = "".join(f"    {caller:24} -> {called}\n" for caller, called in path)
    after = rest.partition("<!-- end of path -->")[2]
    page.write_text(f"{before}<!-- path -->\n\n{lines}\n<!-- end of path -->{after}", encoding="utf-8")


def main() -> None:
    """Print the path, then the calls that go upward."""
    options = sys.argv[1:]
    form = options.pop(0) if options[:1] in (["--json"], ["--page"]) else ""
    with tempfile.TemporaryDirectory() as folder:
        trace = trace_submit(Path(folder), options)
    path, upward = trace.path(), sorted(trace.upward())
    if form == "--json":
        print(json.dumps({"path": path, "upward": upward, "entered": trace.entered}))
        return
    if form == "--page":
        write_page(path)
        return
    for caller, called in path:
        print(f"{caller:24} -> {called}")
    print("\nupward, by what was handed down:")
    for caller, called in upward:
        print(f"{caller:24} -> {called}")


if __name__ == "__main__":
    main()
