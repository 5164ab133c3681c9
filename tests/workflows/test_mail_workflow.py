"""Mails of the pipeline: the right people, the ledger's own totals, once, and never in the way of a campaign."""

from __future__ import annotations

import io
from datetime import timedelta

import openpyxl
import pytest
from torture_support import bench
from weekly_support import BOSS, LEAD, OPS, Round, body, weekly

from batch.model import Status
from batch.model.errors import DeliveryError, UsageError
from batch.workflows.approve import approve_batch
from batch.workflows.doctor import examine
from batch.workflows.find import report_again
from batch.workflows.mail import queue_digest
from batch.workflows.mail_sending import Mailer, refused_addresses, send_due
from batch.workflows.notices import last_digest_time


def test_after_a_submit_the_report_goes_with_both_bodies_and_the_workbook() -> None:
    """The subject says the outcome; texts, page and workbook have the ledger's totals; answers go to ops."""
    with weekly(mail=True) as team:
        team.desk.submit(team.desk.sheet(5))
        [mail] = team.box.to(BOSS)
        assert mail["Subject"] == 'Batch 1: "week.csv": 5 scheduled, all well'
        assert (mail["Reply-To"], mail["From"]) == (OPS, "Campaigns <campaigns@example.com>")
        plain, page = body(mail, "plain"), body(mail, "html")
        assert "5 in total" in plain
        assert f"texts: {totals(team)}" in plain.casefold()
        assert "<script" not in page
        assert "5 scheduled" in page
        attached, page_attached = mail.iter_attachments()
        assert attached.get_filename() == "batch-0001-week.xlsx"
        assert page_attached.get_filename() == "batch-0001-week.html"
        book = openpyxl.load_workbook(io.BytesIO(attached.get_payload(decode=True)))
        names = {cell.value for sheet in book for line in sheet.iter_rows() for cell in line}
        assert {entry.campaign_name for entry in team.desk.entries()} <= names


def test_what_needs_a_person_goes_to_ops_and_to_the_owner_of_the_row() -> None:
    """Each owner reads of the own rows only; an address at a stranger's domain gets nothing."""
    with weekly(mail=True) as team:
        header = ["CampaignName", "Message", "GroupIds", "DateTime", "Owner"]
        owners = ["ann@example.com", "bo@example.com", "spy@evil.example", "Ann"]
        lines = [",".join(header)]
        for number, owner in enumerate(owners):
            lines.append(
                f"Sale {number},Offer [{number}]. Reply STOP to opt out,{5000 + number},2026-13-45 11:00,{owner}"
            )
        path = team.desk.folder / "bad.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        team.desk.submit(path)
        subjects = {str(mail["To"]): str(mail["Subject"]) for mail in team.box.mails}
        assert set(subjects) == {BOSS, OPS, "ann@example.com", "bo@example.com"}
        [to_ann] = team.box.to("ann@example.com")
        assert "Sale 0" in body(to_ann, "plain")
        assert "Sale 1" not in body(to_ann, "plain")
        assert all(f"Sale {number}" in body(team.box.to(OPS)[0], "plain") for number in range(4))


def test_who_looks_after_it_gets_no_second_mail_of_the_same() -> None:
    """Somebody on both lists reads the report only."""
    with weekly(mail=True) as team:
        team.desk.set(email__attention_to=f"Boss <{BOSS.upper()}>")
        team.desk.submit(team.desk.sheet([team.desk.row(0, DateTime="2026-13-45 11:00")]))
        assert len(team.box.mails) == 1


def test_a_file_of_known_rows_is_no_news() -> None:
    """The same file again sends no mail."""
    with weekly(mail=True) as team:
        path = team.desk.sheet(2)
        team.desk.submit(path)
        team.desk.submit(path)
        assert len(team.box.mails) == 1


def test_no_mail_without_a_server() -> None:
    """Nothing is composed, nothing waits; by hand it is said what is missing."""
    with bench() as desk:
        desk.submit(desk.sheet(1))
        with desk.ledger() as ledger:
            assert ledger.outbox.unsent() == ()
        with pytest.raises(UsageError, match="no mail server is set"):
            report_again(desk.settings, desk.world, batch=1, email=True)


def test_a_mail_server_that_fails_for_a_while_gets_the_mail_once() -> None:
    """No batch fails for it; it is tried again later and later, and never after success."""
    with weekly(mail=True) as team:
        team.box.answers = ["451 try later", "452 no room", "421 closing"]
        tally = team.desk.submit(team.desk.sheet(2))
        assert (tally.trouble, tally.counts["accepted"], team.box.mails) == (None, 2, [])
        assert "did not go" in team.desk.words()
        with team.desk.ledger() as ledger:
            [waiting] = ledger.outbox.unsent()
            assert (waiting.tries, "451 try later" in waiting.words) == (1, True)
            mailer = Mailer(team.desk.settings, ledger, team.desk.world)
            assert send_due(mailer) == 0, "not before its time"
            for _ in range(40):
                team.desk.clock.advance(minutes=1)
                send_due(mailer)
            assert ledger.outbox.unsent() == ()
        assert len(team.box.mails) == 1


def test_a_mail_that_is_refused_for_good_does_not_block_the_next() -> None:
    """It waits, visible, and the others go."""
    with weekly(mail=True) as team:
        team.box.answers = ["554 we do not like it"]
        team.desk.submit(team.desk.sheet(1, "a.csv"))
        team.desk.submit(team.desk.sheet([team.desk.row(5)], "b.csv"))
        assert team.box.subjects == ['Batch 2: "b.csv": 1 scheduled, all well']
        with team.desk.ledger() as ledger:
            [waiting] = ledger.outbox.unsent()
            assert waiting.next_try > team.desk.clock.now() + timedelta(days=20)


def test_an_address_that_the_server_refuses_is_named_until_it_is_corrected() -> None:
    """Only who got the mail is said to have got it; doctor and digest keep the other."""
    with weekly(mail=True) as team:
        team.box.refused = {"gone@example.com"}
        team.desk.set(email__to=f"{BOSS},gone@example.com", email__attention_to="", email__digest_to=BOSS)
        team.desk.submit(team.desk.sheet(1))
        words = team.desk.words()
        assert f"1 scheduled, all well\" went to {BOSS}'" in words
        assert "refused gone@example.com, who did not get it" in words
        with team.desk.ledger() as ledger:
            mailer = Mailer(team.desk.settings, ledger, team.desk.world)
            assert refused_addresses(team.desk.settings, ledger, team.desk.clock.now()) == ["gone@example.com"]
            queue_digest(mailer)
            send_due(mailer)
        assert "the mail server refuses gone@example.com" in body(team.box.mails[-1], "plain")
        [line] = [one for one in examine(team.desk.settings, team.desk.world) if one.line == "unsent mails"]
        assert (line.state, "gone@example.com" in line.words) == ("warning", True)
        team.desk.set(email__to=f"{BOSS},here@example.com")
        with team.desk.ledger() as ledger:
            assert refused_addresses(team.desk.settings, ledger, team.desk.clock.now()) == []


def test_an_owner_whom_the_server_refuses_is_named_until_the_sheet_is_corrected() -> None:
    """The mail went to that address alone; doctor and digest say where to correct it."""
    with weekly(mail=True) as team:
        team.box.refused = {"gone@example.com"}
        wrong = {"Message": "{{ Offr }}", "Owner": "gone@example.com"}
        team.desk.submit(team.desk.sheet([team.desk.row(0, Owner=""), team.desk.row(1, **wrong)]))
        assert "refused gone@example.com, who did not get it" in team.desk.words()
        [line] = [one for one in examine(team.desk.settings, team.desk.world) if one.line == "unsent mails"]
        assert (line.words, line.remedy) == (
            "none; the mail server refuses gone@example.com, who get nothing",
            "correct the address in the sheet's Owner column",
        )
        with team.desk.ledger() as ledger:
            mailer = Mailer(team.desk.settings, ledger, team.desk.world)
            queue_digest(mailer)
            send_due(mailer)
        said = " ".join(body(team.box.mails[-1], "plain").split())
        assert "refuses gone@example.com: correct the address in the sheet's Owner column" in said
        team.desk.submit(team.desk.sheet([team.desk.row(0, Owner=""), team.desk.row(1, Owner="here@example.com")]))
        [line] = [one for one in examine(team.desk.settings, team.desk.world) if one.line == "unsent mails"]
        assert line.words == "none"


def test_a_server_that_hangs_up_after_the_mail_may_have_it() -> None:
    """It is said so, and the second copy bears the same Message-ID."""
    with weekly(mail=True) as team:
        team.box.drops = 1
        team.desk.submit(team.desk.sheet(1))
        assert "may not have arrived: " in team.desk.words()
        assert "it may have arrived, and is tried again under the same Message-ID" in team.desk.words()
        team.desk.clock.advance(minutes=2)
        with team.desk.ledger() as ledger:
            assert send_due(Mailer(team.desk.settings, ledger, team.desk.world)) == 1
        first, second = team.box.mails
        assert first["Message-ID"] == second["Message-ID"]


def test_a_wrong_address_in_the_settings_fails_no_batch() -> None:
    """It is told, and the campaigns went."""
    with weekly(mail=True) as team:
        team.desk.set(email__to="boss@exämple.com")
        tally = team.desk.submit(team.desk.sheet(1))
        assert (tally.trouble, tally.counts["accepted"]) == (None, 1)
        assert "[email] to" in team.desk.words()


@pytest.mark.proof
def test_twenty_names_with_line_breaks_add_no_header() -> None:
    """Whatever stands in file and campaign names, the mail has the headers it had."""
    with weekly(mail=True) as team:
        team.desk.submit(team.desk.sheet(1, "plain.csv"))
        usual = set(team.box.mails[0].keys())
        ends = ("\n", "\r", "\r\n", "\u2028", "\x0b", "\x0c", "\x1c", "\x85", "\u2029", "\n\n")
        for place, end in enumerate(ends):
            payload = f"x{end}Bcc: all@example.com"
            named = ((10 + place, "CampaignName"), (30 + place, "Reference"))
            rows = [team.desk.row(number, GroupIds="5000", **{name: payload}) for number, name in named]
            team.desk.submit(team.desk.sheet(rows, f"f{place}.csv"))
        assert len(team.box.mails) > len(ends)
        assert {key for mail in team.box.mails for key in mail} == usual
        assert not team.box.to("all@example.com")


def test_a_report_too_large_for_a_mail_is_left_out_with_a_note() -> None:
    """Both texts say where it lies."""
    with weekly(mail=True) as team:
        team.desk.set(email__max_attachment_mb=0)
        team.desk.submit(team.desk.sheet(1))
        [mail] = team.box.mails
        assert list(mail.iter_attachments()) == []
        assert "Too large to attach" in body(mail, "plain")
        assert "Too large to attach" in body(mail, "html")


def test_an_excel_report_that_is_too_large_sends_a_csv_of_what_needs_attention() -> None:
    """And the mail names what stayed out."""
    with weekly(mail=True) as team:
        team.desk.set(email__max_attachment_mb=0.005)
        team.desk.submit(team.desk.sheet([team.desk.row(0), team.desk.row(1, DateTime="2026-13-45 11:00")]))
        [mail] = team.box.to(BOSS)
        [table] = mail.iter_attachments()
        assert table.get_filename() == "batch-0001-week-needs-attention.csv"
        assert len(table.get_payload(decode=True).decode().splitlines()) == 2
        assert "Too large to attach" in body(mail, "plain")
        assert "batch-0001-week.xlsx" in body(mail, "html")


def test_a_report_by_hand_goes_now_or_says_why_not() -> None:
    """`report --email`: the week to those of the digest; a failure is an error, and the mail waits."""
    with weekly(mail=True) as team:
        team.desk.submit(team.desk.sheet(2))
        report_again(team.desk.settings, team.desk.world, week="2026-W10", email=True)
        assert team.box.subjects[-1] == "Week 10 of 2026: 2 scheduled, all well"
        team.box.answers = ["451 try later"]
        with pytest.raises(DeliveryError, match="451 try later"):
            report_again(team.desk.settings, team.desk.world, batch=1, email=True)
        with team.desk.ledger() as ledger:
            assert len(ledger.outbox.unsent()) == 1


def test_reconcile_mails_only_when_something_needs_a_person_and_once() -> None:
    """All well: no mail. A campaign that is gone: one mail, not one every night."""
    with weekly(mail=True) as team:
        team.desk.submit(team.desk.sheet(3))
        team.box.mails.clear()
        team.desk.reconcile()
        assert team.box.mails == []
        team.desk.sandbox.delete(team.desk.sandbox.campaigns[0].id)
        team.desk.reconcile()
        team.desk.clock.advance(days=1)
        team.desk.reconcile()
        [mail] = team.box.mails
        assert mail["To"] == OPS
        assert "Sale 0" in body(mail, "plain")


@pytest.mark.proof
def test_under_watch_a_folder_of_files_is_one_mail() -> None:
    """Several batches within ten minutes go together, with the totals of all of them."""
    with weekly(mail=True) as team:
        for number in range(5):
            team.drop([team.desk.row(number)], f"store {number}.csv")
        team.watch(300)
        assert team.box.subjects == ["Batches 1 to 5, 5 files: 5 scheduled, all well"]
        team.drop([team.desk.row(6)], "late.csv")
        team.watch(120)
        assert len(team.box.mails) == 1, "ten minutes have not gone by"
        team.watch(600)
        assert team.box.subjects[1] == 'Batch 6: "late.csv": 1 scheduled, all well'


def test_a_kill_before_the_mail_does_not_lose_the_word() -> None:
    """The next watch mails what this one did not come to."""
    with weekly(mail=True) as team:
        team.drop(1)
        team.watch(10)
        assert team.box.mails == []
        team.watch(120)
        assert team.box.subjects == ['Batch 1: "week.csv": 1 scheduled, all well']


def test_the_digest_always_goes_also_when_nothing_happened() -> None:
    """Once a week at its hour, or when the machine wakes; it says when the last file came in, and what is missing."""
    with weekly(mail=True) as team:
        team.drop(2)
        team.watch(120)
        team.box.mails.clear()
        for days in (7, 7, 7):
            team.desk.clock.advance(days=days)
            team.watch(30)
            team.watch(30)
        digests = [mail for mail in team.box.mails if mail["Subject"].startswith("Week")]
        assert [mail["Subject"].partition(" of")[0] for mail in digests] == ["Week 10", "Week 11", "Week 12"]
        assert {mail["To"] for mail in digests} == {BOSS}
        first, last = body(digests[0], "plain"), body(digests[-1], "plain")
        assert 'last file: "week.csv" (batch 1), Mon, Mar 2, ' in first
        assert "no file has arrived for" not in first
        assert "no file has arrived for 21 days" in last
        assert "no file has arrived for 21 days" in body(digests[-1], "html")


def test_the_digest_is_due_at_its_hour_in_the_team_zone() -> None:
    """Monday 07:00 in New York, before and after the change of the clocks."""
    with weekly(mail=True) as team:
        settings, clock = team.desk.settings, team.desk.clock
        assert last_digest_time(clock.now(), settings).isoformat() == "2026-03-02T12:00:00+00:00"
        clock.advance(days=7)
        assert last_digest_time(clock.now(), settings).isoformat() == "2026-03-09T11:00:00+00:00"


@pytest.mark.proof
def test_trouble_that_lasts_is_mailed_once_a_day() -> None:
    """Silence must never mean both fine and broken."""
    with weekly(mail=True) as team:
        team.drop(1)
        team.desk.set(watch__scan_seconds=60)
        team.desk.sandbox.faults.add("reads=401")
        team.watch(3 * 3600)
        [mail] = team.box.mails
        assert (mail["To"], mail["Subject"]) == (OPS, "campaign-batch cannot continue on its own")
        assert "refused the token" in body(mail, "plain")


def test_approvers_get_the_preview_and_managers_only_the_outcome() -> None:
    """The preview is attached, with how to approve in the text; invalid rows are told to ops at once."""
    with weekly(mail=True) as team:
        team.desk.set(approval__required="true")
        team.desk.submit(team.desk.sheet([team.desk.row(0), team.desk.row(1, DateTime="2026-13-45 11:00")]))
        [mail] = team.box.to(LEAD)
        assert mail["Subject"] == 'Please approve Batch 1: "week.csv": 1 campaign is waiting for your approval'
        assert "campaign-batch approve 1" in body(mail, "plain")
        assert "1 of 2 rows goes (1 needs fixing): 1 campaign to " in body(mail, "plain")
        assert "“Offer number [0] for you." in " ".join(body(mail, "plain").split())
        [page] = list(mail.iter_attachments())
        assert page.get_content_type() == "text/html"
        assert "Offer number [0]" in page.get_content()
        assert (team.box.to(BOSS), len(team.box.to(OPS))) == ([], 1)
        assert team.desk.entries(Status.ACCEPTED) == []


def test_preview_and_mails_say_that_rows_were_left_out() -> None:
    """Hidden rows were told beside the sheet and in the report alone: who only reads mails never heard of them."""
    with weekly(mail=True) as team:
        team.desk.set(approval__required="true")
        path = team.desk.folder / "week.xlsx"
        book = openpyxl.Workbook()
        rows = [team.desk.row(number) for number in range(3)]
        for line in (rows[0].keys(), *(one.values() for one in rows)):
            book.active.append(list(line))
        book.active.row_dimensions[3].hidden = True
        book.save(path)
        tally = team.desk.submit(path)
        approve_batch(team.desk.settings, team.as_person("bo"), 1, frozenset())
        words = "1 hidden, filtered or example row was NOT taken"
        assert tally.preview is not None
        assert words in tally.preview.read_text(encoding="utf-8")
        assert [words in " ".join(body(mail, "plain").split()) for mail in team.box.mails] == [True, True]


def totals(team: Round) -> int:
    return sum(entry.contacts_count or 0 for entry in team.desk.entries(Status.ACCEPTED))
