"""The way of one file through the house: down from the command and back, each thing once."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HANDED_DOWN = {
    "cli.screen.Screen.tell": "world.tell: what happens, for whoever watches",
    "cli.interrupt.Interrupt.asked": "world.stopped: whether a person wants it to end",
    "cli.interrupt.Interrupt.sleep": "world.sleep",
    "cli.session.Session.world.<lambda>": "world.confirm and world.insist: a person's yes",
    "workflows.context.redactor.redact": "takes secrets out of what the ledger writes",
    "workflows.context.make_provider.<lambda>": "the provider's clock, and its waits for the rate limit",
    "workflows.context.utc_now": "world.now",
    "workflows.post.Submission._attempt.still_good": "asked by the provider once the connection is open",
    "adapters.ledger.RunJournal.silent_until": "the silence that the ledger's processes share",
    "adapters.messages.load_message": "gives the renderer a template by its name",
}
"""What a lower floor may call of a higher one, and as what it was handed down."""
ONCE = (
    "workflows.check.open_file", "workflows.snapshots.take_snapshot", "adapters.sheet.open_sheet",
    "workflows.check.check_sheet", "workflows.run.begin_run", "workflows.run.plan_rows", "core.plan.make_plan",
    "workflows.run.record_batch", "workflows.run.finish_batch", "workflows.report.write_batch_report",
)  # fmt: skip


@pytest.fixture(scope="module", params=["", "--sandbox"], ids=["real", "rehearsal"])
def traced(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Trace one submit from the command to its report, in a process of its own."""
    command = [sys.executable, "-m", "tools.trace_submit", "--json", *filter(None, [request.param])]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def test_a_file_is_opened_read_checked_and_planned_once(traced: dict[str, Any]) -> None:
    """A rehearsal too, which makes the groups up that the file speaks of."""
    assert {name: traced["entered"].get(name) for name in ONCE} == dict.fromkeys(ONCE, 1)


def test_no_call_goes_up_but_by_what_was_handed_down(traced: dict[str, Any]) -> None:
    """A lower floor calls a higher one only through a function that it was given."""
    assert [step for step in traced["upward"] if step[1] not in HANDED_DOWN] == []


def test_the_path_leads_from_the_command_to_the_report_and_back(traced: dict[str, Any]) -> None:
    """No step is taken from two places, and the leading modules call in one direction."""
    steps = [called for _, called in traced["path"]]
    assert [called for called in steps if steps.count(called) > 1] == []
    order = ["cli.files", "workflows.submit", "workflows.run"]
    between = [(caller, called) for caller, called in traced["path"] for lead in order if called.startswith(f"{lead}.")]
    assert all(order.index(caller) < order.index(called.rpartition(".")[0]) for caller, called in between)


def test_the_architecture_page_shows_the_path_as_it_is(traced: dict[str, Any]) -> None:
    """Each step that the page names is taken, in this order; `python -m tools.trace_submit --page` writes them anew."""
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    block = page.partition("<!-- path -->")[2].partition("<!-- end of path -->")[0]
    shown = re.findall(r"^ +(\S+) +-> (\S+)$", block, re.MULTILINE)
    taken = [tuple(step) for step in traced["path"]]
    assert len(shown) > 20
    if ("workflows.submit", "workflows.mail.mail_batches") in taken:  # a rehearsal mails nothing, and reads less
        assert shown == taken
