"""What a person sees while a command works: words and progress on standard error, nothing in a pipe but what matters."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from batch.cli.output import print_word, readable
from batch.core.printable import printable
from batch.workflows.events import Checking, Event, Note, Planned, Progress, RunEnded, Wait

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.table import Table


class Screen:
    """Standard error, as a terminal or as a pipe."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self.interactive = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
        self.show_plan: Callable[[Planned], None] | None = None
        """Shows the plan of the file at hand before a question; None once it was shown, or where nobody is asked."""
        self.show_end: Callable[[Any], None] | None = None
        """Shows how the run at hand ended; None once it was shown, or where a program reads along."""
        self._bar: Bar | None = None
        self._task: Any = None
        self._longest: dict[str, float] = {}
        """What was waited for, and the longest wait that was said in a pipe."""

    @property
    def moving(self) -> bool:
        """Whether progress may be drawn."""
        return sys.stderr.isatty() and not self.quiet

    def say(self, words: str, *, loud: bool = False) -> None:
        """Write one line for a person; only a loud one when the command is to be quiet."""
        if self.quiet and not loud:
            return
        if self.moving:
            style = "bold red" if loud else ""
            self.console().print(readable(words), style=style, markup=False, highlight=False, emoji=False)
        else:
            print_word(words)

    def show(self, table: Table) -> None:
        """Show a table on the terminal."""
        self.console().print(table)

    def tell(self, event: Event) -> None:
        """Show an event of a workflow."""
        if isinstance(event, Note):
            self.say(event.words, loud=event.loud)
        elif isinstance(event, Planned):
            self._show_plan(event)
        elif isinstance(event, RunEnded):
            self._show_end(event)
        elif self.moving:
            self._draw(event)
        elif isinstance(event, Wait):
            self._say_longer(event)

    def _show_plan(self, plan: Planned) -> None:
        """Show what does not go before the question, so that it is answered in the light of it."""
        if self.interactive and self.show_plan is not None:
            self.close()
            self.show_plan(plan)
            self.show_plan = None

    def _show_end(self, ended: RunEnded) -> None:
        """Show the verdict once, as soon as it is known."""
        if self.show_end is not None:
            self.close()
            self.show_end(ended.outcome)
            self.show_end = None

    def confirm(self, words: str) -> bool:
        """Ask a person on a terminal; without one the answer is yes, since nobody could give another."""
        if not self.interactive:
            return True
        self.close()
        return self.ask(f"{words} [y/N] ").strip().lower() in {"y", "yes"}

    def ask(self, question: str) -> str:
        """Ask on standard error and read one line."""
        print_word(question, end="")
        return sys.stdin.readline()

    def close(self) -> None:
        """Take the progress away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def console(self) -> Console:
        """Give rich's face of standard error."""
        from rich.console import Console

        if self._bar is not None:
            return self._bar.console
        return Console(stderr=True)

    def _say_longer(self, wait: Wait) -> None:
        """Say in a pipe what is waited for, and again only when it takes much longer: it is told every second."""
        if wait.words and wait.seconds_left > 1.5 * self._longest.get(wait.words, 0.0):
            self._longest[wait.words] = wait.seconds_left
            self.say(f"{wait.words}: {wait.seconds_left:.0f} s left")

    def _draw(self, event: Progress | Wait | Checking) -> None:
        bar = self._bar or self._start()
        if isinstance(event, Progress):
            words = f"accepted {event.accepted}, refused {event.rejected}, in doubt {event.in_doubt}"
            count = f"{event.done}/{event.total}"
            bar.update(self._task, total=event.total, completed=event.done, description=words, count=count)
        elif isinstance(event, Checking):
            bar.update(self._task, total=None, description=f"{event.rows:,} rows checked")
        elif event.words:
            bar.update(self._task, description=f"{printable(event.words)}: {event.seconds_left:.0f} s left")

    def _start(self) -> Bar:
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[count]}"),
            TimeRemainingColumn(),
        )
        self._bar = Bar(*columns, console=self.console(), transient=True)
        self._task = self._bar.add_task("", total=None, count="")
        self._bar.start()
        return self._bar
