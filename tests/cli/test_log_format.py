"""A log of JSON holds nothing but JSON, whoever writes the line."""

from __future__ import annotations

import json
import logging

import pytest
from cli_support import Shell

from batch.adapters.sandbox import Sandbox
from batch.cli.unattended import Journal
from batch.workflows.events import Note


def test_what_a_library_says_is_json_too(ready: Shell, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collector that reads objects would stumble over a bare line; the token is taken out as anywhere."""

    def obey(*_: object) -> None:
        logging.getLogger("fsspec").warning("odd:\n%s", sandbox.token)

    monkeypatch.setattr("batch.workflows.watch.Watch._obey_stop_sign", obey)
    ran = ready.run("watch", "--once", "--create", "--log-format", "json")
    said = [line for line in map(json.loads, ran.err.splitlines()) if line["event"] == "library"]
    assert [(line["level"], line["message"].splitlines()[0]) for line in said][:1] == [("warning", "fsspec: odd:")]
    assert sandbox.token not in ran.err


@pytest.mark.parametrize(("stays", "told"), [(True, "; then it goes on"), (False, ", then run")])
def test_a_process_that_stays_tells_nobody_to_run_it_again(
    capsys: pytest.CaptureFixture[str], stays: bool, told: str
) -> None:
    """With `--once` it is the next command that tries again."""
    Journal(as_json=False, stays=stays).tell(Note("wait, then run the command again", loud=True))
    assert told in capsys.readouterr().err
