"""Compare this machine's clock with the provider's: by a wrong one nothing is planned and nothing sent."""

from __future__ import annotations

from datetime import timedelta

from batch.core.settle import Instant
from batch.model.errors import ClockError
from batch.model.times import span_words
from batch.workflows.context import Context

SKEW = timedelta(minutes=2)
"""How far the provider's clock and ours may lie apart."""


def check_clock(context: Context) -> None:
    """Raise ClockError when our clock and the provider's lie apart, as far as its answers bore a date.

    A clock may be set while a run goes on: it is compared again before every submission, by the last answer and what
    has passed since on the clock that nobody can set. That one stands still while a machine sleeps, so the provider is
    asked once more before a clock is called wrong.
    """
    if context.provider.offset() is None:
        _say_unknown(context)
        return
    if not _is_apart(context):
        return
    context.provider.ask_date()
    if _is_apart(context):
        raise ClockError(*describe_offset(context.provider.offset() or 0.0))


def clocks_agree(context: Context) -> bool:
    """Whether the clocks could be compared and do not lie apart, as far as is known without asking."""
    return context.provider.offset() is not None and not _is_apart(context)


def ask_clock(context: Context) -> None:
    """Ask the provider for its time first: for what is decided by the clock alone."""
    context.provider.ask_date()
    check_clock(context)


def describe_offset(offset: float) -> tuple[str, str]:
    """Say how far our clock is off and in which direction, and what to do."""
    where = "behind" if offset > 0 else "ahead of"
    span = span_words(timedelta(seconds=offset))
    words = f"this machine's clock is {span} {where} the provider's, so nothing is planned and nothing is sent"
    return words, "set the clock, then run the command again"


def provider_now(context: Context) -> Instant:
    """Give the time by the provider's clock, and by the one that nobody can set."""
    return Instant(context.world.now() + timedelta(seconds=context.provider.offset() or 0.0), context.world.monotonic())


def _is_apart(context: Context) -> bool:
    offset = context.provider.offset()
    return offset is not None and timedelta(seconds=abs(offset)) > SKEW


def _say_unknown(context: Context) -> None:
    if "clock" not in context.said:
        context.said.add("clock")
        context.note(
            "the provider's answers have no date, so this machine's clock could not be compared with it: make sure "
            "that it is right; a doubt of an earlier run waits the full settling time again"
        )
