"""Whom, when and how: what is remembered of equal cells gives for each row what reading it alone gives."""

from __future__ import annotations

import random
from datetime import date, datetime, time
from typing import Any

from validate_support import ACCOUNT, NOW

from batch.core.validate import Drafted, Rules, check_all
from batch.core.validate.checker import Checker
from batch.model import Checked, Draft, Header, Row

CELLS: dict[str, tuple[Any, ...]] = {
    "CampaignName": ("Winter sale", "Boots", ""),
    "GroupIds": ("100", "100, 101", "104", "999", ""),
    "Date": ("2026-02-05", date(2026, 2, 5), date(2026, 2, 6), "someday", ""),
    "Time": ("14:30", time(14, 30), time(23, 15), datetime(1900, 1, 1, 14, 30), ""),  # noqa: DTZ001 - as a cell has it
    "TimeZone": ("ET", "PT", "Mars", ""),
    "MmsTemplateId": ("", "7", "8", "77"),
    "Subject": ("", "Coats", "[Subject]", "donâ€™t"),
    "ExpectedContacts": ("", "5", "500", "many"),
    "Purpose": ("", "emergency", "fun"),
}
HEADER = Header(1, tuple(CELLS), {field: place for place, field in enumerate(CELLS)})


def _row(number: int, chance: random.Random) -> Row:
    said = [chance.choice(choices) for choices in CELLS.values()]
    real = {place: cell for place, cell in enumerate(said) if not isinstance(cell, str)}
    # What a real date shows is the same for two of them where its format leaves something out.
    return Row(number, HEADER, tuple("as shown" if place in real else cell for place, cell in enumerate(said)), real)


def test_a_row_among_others_is_read_as_alone() -> None:
    """Also where cells look the same and hold different dates, and where some have no text or one that is wrong."""
    chance = random.Random(18)
    drafted = [_drafted(_row(number, chance), chance) for number in range(2, 1_500)]
    alone = [check_all([one], Rules(), NOW, ACCOUNT)[0] for one in drafted]
    assert check_alone(Checker(Rules(), NOW, ACCOUNT), drafted) == alone
    assert len({issue.code for checked in alone for issue in checked.issues}) > 10


def check_alone(checker: Checker, drafted: list[Drafted]) -> list[Checked]:
    """Check rows as one block, each held against none of the others."""
    return [Checker(Rules(), NOW, ACCOUNT).judge([one])[0] for one in checker.examine(drafted)]


def _drafted(row: Row, chance: random.Random) -> Drafted:
    """Give the row a text, seldom none, and often one that something is to say about."""
    odd = ("", " See bit.ly/x", " on 2020-01-02", " [Offer]", " this weekend", " donâ€™t", " “now”", " casino" * 9)
    text = f"Acme: {row.number} coats{chance.choice(odd)}.{chance.choice((' Reply STOP to opt out.', ''))}"
    return row, chance.choice((None, *[Draft(row, text)] * 9)), ()


def test_columns_of_another_header_are_found_anew() -> None:
    """Each account's share of a file, and each sheet, has its own."""
    checker = Checker(Rules(), NOW, ACCOUNT)
    turned = tuple(reversed(HEADER.names))
    header = Header(1, turned, {field: place for place, field in enumerate(turned)})
    chance = random.Random(1)
    for number in range(2, 200):
        row = _row(number, chance)
        last = len(turned) - 1
        other = Row(number, header, row.texts[::-1], {last - place: cell for place, cell in row.dates.items()})
        drafted = [(one, Draft(one, "Acme: coats. Reply STOP to opt out."), ()) for one in (row, other)]
        first, second = check_alone(checker, drafted)
        assert (first.key, first.send_at, first.past) == (second.key, second.send_at, second.past)
        assert [issue.code for issue in first.issues] == [issue.code for issue in second.issues]
