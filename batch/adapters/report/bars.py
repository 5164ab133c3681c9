"""Draw one bar as inline SVG: a share of a whole, as reports and insights show it."""

from __future__ import annotations

from markupsafe import Markup


def draw_bar(tone: str, share: float, low: float | None = None, high: float | None = None) -> Markup:
    """Draw a bar for a share from 0 to 1, and over it the range in which the true one lies, where that is known."""
    bar = Markup(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="track" width="100" height="10"/><rect class="fill-{}" width="{:.1f}" height="10"/>'
    ).format(tone, max(0.5, 100 * share))
    if low is not None and high is not None:
        bar += Markup('<rect class="range" x="{:.2f}" y="4" width="{:.2f}" height="2"/>').format(
            100 * low, max(0.5, 100 * (high - low))
        )
    return bar + Markup("</svg>")
