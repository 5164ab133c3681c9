"""What a person takes back stays back, whatever runs beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from torture_support import Bench, bench

from batch.errors import LedgerError
from batch.model import Status
from batch.pipeline.stopping import cancel_entries


@pytest.fixture
def desk() -> Iterator[Bench]:
    with bench(late_seconds=200) as found:
        yield found


def cancel(desk: Bench, entry: int) -> str:
    return "\n".join(cancel_entries(desk.settings, desk.world, [entry], "wrong price"))


def test_a_row_that_is_cancelled_while_a_plan_waits_for_its_yes_is_not_sent(desk: Bench) -> None:
    """The plan was made before: it is refused whole, and the next one holds the row."""
    path = desk.sheet(2)
    desk.submit(path, limit=1)

    def say_yes(_words: str) -> bool:
        assert "was never submitted and is dropped" in cancel(desk, 2)
        return True

    desk.confirm = say_yes
    with pytest.raises(LedgerError, match="entry 2 changed while the plan was made"):
        desk.submit(path)
    assert [entry.status for entry in desk.entries()] == [Status.ACCEPTED, Status.CANCELLED]
    assert len(desk.sandbox.posts) == 1
