"""The questions of `init` at a real pseudo-terminal: what is asked when, what is asked again, and where secrets go."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from terminal_support import answer_at_terminal

from batch.config import FILE_NAME, load_settings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")

ZONE, DATES, INBOX, REPORTS, TOKEN = (
    "In which time zone",
    "How do your sheets write dates",
    "Which folder shall be watched",
    "Which folder shall reports",
    "access token",
)


def test_init_refuses_before_it_asks(tmp_path: Path) -> None:
    """Nobody types five answers, a token among them, for a file that is there already."""
    (tmp_path / FILE_NAME).write_text("", encoding="utf-8")
    code, shown = answer_at_terminal(["init"], [], tmp_path)
    assert (code, "is there already" in shown, ZONE in shown) == (2, True, False)


def test_init_asks_again_for_an_answer_that_its_setting_cannot_take(tmp_path: Path) -> None:
    """Each answer is looked at when it is given; a token with a blank in it is none."""
    answers = [
        (ZONE, "Chicago"),
        (ZONE, "America/Chicago"),
        (DATES, "american"),
        (DATES, ""),
        (INBOX, ""),
        (REPORTS, ""),
        (TOKEN, "two words"),
        (TOKEN, "abc123"),
    ]
    code, shown = answer_at_terminal(["init"], answers, tmp_path)
    assert code == 0
    assert '"Chicago" will not do: it takes a time zone such as America/Chicago' in shown
    assert '"american" will not do: it takes month, day or iso' in shown
    assert "holds a blank" in shown
    settings = load_settings(None, {}, tmp_path)
    assert (settings.sheet.timezone, settings.sheet.date_order) == ("America/Chicago", "month")
    assert settings.provider.access_token.reveal() == "abc123"
    assert "abc123" not in shown
