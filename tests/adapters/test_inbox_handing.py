"""A sheet that is handed to another account's folder: who dropped it goes along, and it is handed over once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from inbox_support import NOON, drop, make, take

from batch.adapters.inbox import Inbox
from batch.adapters.inbox.handing import given_to, hand_over, handed_from


def test_a_handed_sheet_is_a_claim_of_the_other_folder(tmp_path: Path) -> None:
    """Its dropper's number comes along, since a second person is told from that one; no try is counted against it."""
    inbox = make(tmp_path)
    drop(inbox, "week.csv")
    claimed = replace(take(inbox, "week.csv"), uid=4242)
    other = Inbox(inbox.folder / "dallas")
    for _ in range(2):  # begun anew after a kill
        hand_over(claimed, "main", "dallas", other, NOON)
    [handed] = other.unfinished()
    assert (handed.name, handed.uid, handed.failures, handed_from(handed)) == ("week.csv", 4242, 0, "main")
    assert handed.path.read_bytes() == claimed.path.read_bytes()
    assert (given_to(claimed), handed_from(claimed)) == ({"dallas"}, "")
    other.file_away(handed, "done")
    assert list(other.working.iterdir()) == []
