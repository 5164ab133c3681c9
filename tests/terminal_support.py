"""Run the command line at a pseudo-terminal of its own and answer what it asks, as a person would."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

PATIENCE = 60.0
"""Seconds in which a command must say something more."""


def answer_at_terminal(
    words: Iterable[str],
    answers: Iterable[tuple[str, str]],
    folder: Path,
    program: Sequence[str] = (sys.executable, "-m", "batch"),
    **environ: str,
) -> tuple[int, str]:
    """Run a command in a folder; type each answer once its question stands there; give the exit code and the screen."""
    import pty

    child, terminal = pty.fork()
    if child == 0:
        with suppress(OSError):
            os.chdir(folder)
            os.execvpe(program[0], [*program, *words], {**os.environ, **environ})
        os._exit(127)
    shown = ""
    for question, answer in answers:
        seen = len(shown)
        while question not in shown[seen:] and (said := _read(terminal)):
            shown += said
        os.write(terminal, f"{answer}\n".encode())
    while said := _read(terminal):
        shown += said
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.replace("\r\n", "\n")


def _read(terminal: int) -> str:
    ready, _, _ = select.select([terminal], [], [], PATIENCE)
    if not ready:
        raise AssertionError("the command waits for an answer that nobody gives")
    try:
        return os.read(terminal, 65_536).decode("utf-8", "replace")
    except OSError:  # the way in which Linux says that the other end is closed
        return ""
