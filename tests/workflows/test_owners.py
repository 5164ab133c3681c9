"""Whoever fills in a sheet cannot have the tool write to whom they please."""

from __future__ import annotations

import pytest
from cli_support import write_csv
from weekly_support import OPS, body, weekly

from batch.workflows.owners import owner_address

OURS = frozenset({"example.com"})


@pytest.mark.parametrize("cell", ["ann@example.com", " Ann@Example.com ", "a.b+c@example.com"])
def test_one_address_at_a_domain_of_ours_counts(cell: str) -> None:
    """In whatever letters."""
    assert owner_address(cell, OURS) == cell.strip().casefold()


@pytest.mark.parametrize(
    "cell",
    ["", "Ann", "ann@evil.example", "ann@example.com, bo@example.com", "ann@example.com;bo@example.com",
     "Ann <ann@example.com>",
     "ann@example.com\nBcc: spy@evil.example", "ann@example.com\r\n\r\nHello", "ann@example.com@evil.example",
     "ann@evil.example(@example.com)", "ann@sub.example.com", "ann@example.com.", "ann@example.com\0",
     "a b@example.com",
     "ann@exampl\u0435.com", "\u202eann@example.com", '"ann"@example.com', "<ann@example.com>", "@example.com", "ann@",
     "spy%evil.example@example.com", "evil.example!spy@example.com"],
)  # fmt: skip
def test_everything_else_gets_no_mail(cell: str) -> None:
    """Several addresses, strangers, subdomains, line breaks, comments, other alphabets."""
    assert owner_address(cell, OURS) == ""


def test_a_domain_that_is_set_counts_and_no_other() -> None:
    """The address gets its row, also where it is none of the settings' own; ops hear of who gets nothing."""
    with weekly(mail=True) as team:
        team.desk.set(email__owner_domains="stores.example")
        owners = ["ann@stores.example", "bo@example.com", "spy@evil.example\nBcc: more@evil.example"]
        rows = [team.desk.row(number, DateTime="2026-13-45 11:00", Owner=owner) for number, owner in enumerate(owners)]
        team.desk.submit(write_csv(team.desk.folder / "bad.csv", rows))
        got = {str(mail["To"]) for mail in team.box.mails}
        assert ("ann@stores.example" in got, any("evil" in to or "bo@" in to for to in got)) == (True, False)
        [to_ops] = team.box.to(OPS)
        assert to_ops["Bcc"] is None
        words = " ".join(body(to_ops, "plain").split())
        assert '2 rows: the Owner ("bo@example.com", "spy@evil.example\\nBcc: more@evil.example") gets no mail' in words
        assert "Bcc: more@evil.example" not in [line.strip() for line in body(to_ops, "plain").splitlines()]
