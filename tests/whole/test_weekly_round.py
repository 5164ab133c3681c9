"""The whole weekly round, as a team lives it: drop, preview, yes, scheduled, sent, compared, told."""

from __future__ import annotations

import io
from datetime import timedelta

import openpyxl
from weekly_support import BOSS, LEAD, OPS, body, weekly

from batch.model import Status
from batch.workflows.approve import approve_batch


def test_the_whole_weekly_round() -> None:
    """A file in a folder, a second person's yes, and mails: nobody needs to look at anything else."""
    with weekly(mail=True, groups=6) as team:
        desk, box, clock = team.desk, team.box, team.desk.clock
        desk.set(approval__required="true")

        # Monday, 10:00: the sheet is dropped, with a slip in one row.
        rows = [desk.row(number) for number in range(5)]
        rows[4] |= {"DateTime": "2026-03-04"}
        team.drop(rows)
        team.watch(120)
        assert desk.sandbox.posts == []
        assert len(team.sheets("attention")) == 1
        [preview] = box.to(LEAD)
        assert (
            str(preview["Subject"]).strip()
            == 'Please approve Batch 1: "week.csv": 4 campaigns are waiting for your approval'
        )
        [page] = preview.iter_attachments()
        assert all(f"Offer number [{number}]" in page.get_content() for number in range(4))
        assert "Sale 4" in body(box.to(OPS)[0], "plain")

        # The lead says yes, and the manager reads that it is scheduled.
        tally = approve_batch(desk.settings, team.as_person("lead"), 1, frozenset())
        assert tally.counts["accepted"] == 4
        [report] = box.to(BOSS)
        assert report["Subject"] == 'Batch 1: "week.csv": 1 needs attention; 4 scheduled'
        attached, _page = report.iter_attachments()
        book = openpyxl.load_workbook(io.BytesIO(attached.get_payload(decode=True)))
        assert book.sheetnames

        # The fixed row comes back with the rest of the file: only it is new.
        team.drop([desk.row(number) for number in range(5)])
        team.watch(120)
        [page] = box.to(LEAD)[-1].iter_attachments()
        assert "4 rows were already taken in: neither shown nor sent again" in page.get_content()
        assert "Offer number [0]" not in page.get_content()
        approve_batch(desk.settings, team.as_person("lead"), 2, frozenset())
        assert [entry.status for entry in desk.entries()].count(Status.ACCEPTED) == 5
        assert len(desk.sandbox.posts) == 5

        # The days go by; the watch sees them sent, and reads what became of the texts.
        clock.advance(days=3)
        team.watch(60)
        clock.advance(hours=20)
        team.watch(60)
        sent = desk.entries(Status.SENT)
        assert len(sent) == 5
        assert "5 sent" in (desk.folder / "reports" / "latest.html").read_text(encoding="utf-8")
        with desk.ledger() as ledger:
            assert sum(
                count.contacts for found in ledger.deliveries.of_each([e.id for e in sent]).values() for count in found
            )

        # The next Monday the digest tells it all.
        box.mails.clear()
        clock.advance(days=3)
        team.watch(60)
        [digest] = [mail for mail in box.to(BOSS) if str(mail["Subject"]).startswith("Week 10")]
        assert digest["Subject"] == "Week 10 of 2026: 5 sent, all well"
        told = body(digest, "plain")
        assert "5 sent" in told
        assert 'last file: "week.csv" (batch 2)' in told
        contacts = sum(entry.contacts_count or 0 for entry in sent)
        assert f"texts: {contacts}" in told.casefold()
        assert clock.now() - sent[0].send_at < timedelta(days=7)  # type: ignore[operator]
