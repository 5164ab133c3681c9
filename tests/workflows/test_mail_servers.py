"""Mail servers as they are: they put off, refuse one of three, take only small mails, and rewrite what they take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any

import pytest
from weekly_support import BOSS, MailBox, Round, body, weekly

from batch.adapters.mail import compose, lighten
from batch.model.errors import UsageError
from batch.workflows.mail_sending import Mailer, refused_addresses, send_due

ANN, BO = "ann@example.com", "bo@example.com"
NOTE = "Too large to attach, see the reports folder: batch-0001-week.xlsx (0.0 MB), batch-0001-week.html"


def send_again(team: Round, minutes: float) -> int:
    """Send what is due after some minutes."""
    team.desk.clock.advance(minutes=minutes)
    with team.desk.ledger() as ledger:
        return send_due(Mailer(team.desk.settings, ledger, team.desk.world))


def three(team: Round) -> None:
    """Let three people get the report."""
    team.desk.set(email__to=f"{BOSS},Ann Lee <{ANN}>,{BO}", email__attention_to="")


def test_who_is_put_off_gets_the_mail_later_and_alone() -> None:
    """Greylisting of one of three: two get it now, the third at the next try, nobody twice, and no address is wrong."""
    with weekly(mail=True) as team:
        three(team)
        team.box.later = {ANN}
        team.desk.submit(team.desk.sheet(1))
        words = team.desk.words()
        assert f"went to {BOSS}, {BO}" in words
        assert f"does not take it for Ann Lee <{ANN}> yet: it is tried again for them alone" in words
        assert (send_again(team, 0.5), send_again(team, 1), send_again(team, 600)) == (0, 1, 0)
        assert team.box.recipients == [[BOSS, BO], [ANN]]
        assert len({mail["Message-ID"] for mail in team.box.mails}) == 1
        with team.desk.ledger() as ledger:
            assert ledger.outbox.unsent() == ()
            assert refused_addresses(team.desk.settings, ledger, team.desk.clock.now()) == []


def test_one_is_put_off_and_one_refused_of_three() -> None:
    """Each is told apart: the wrong address is named until it is corrected, the other one gets its mail."""
    with weekly(mail=True) as team:
        three(team)
        team.box.later, team.box.refused = {ANN}, {BO}
        team.desk.submit(team.desk.sheet(1))
        assert f"went to {BOSS}'" in team.desk.words()
        assert send_again(team, 2) == 1
        assert team.box.recipients == [[BOSS], [ANN]]
        with team.desk.ledger() as ledger:
            assert refused_addresses(team.desk.settings, ledger, team.desk.clock.now()) == [BO]
            much_later = team.desk.clock.now() + timedelta(weeks=27)
            assert refused_addresses(team.desk.settings, ledger, much_later) == []


def test_all_are_put_off() -> None:
    """Greylisting of a new sender: nothing is given up, and each gets the mail once."""
    with weekly(mail=True) as team:
        three(team)
        team.box.later = {BOSS, ANN, BO}
        team.desk.submit(team.desk.sheet(1))
        assert "451 4.7.1 greylisted" in team.desk.words()
        assert team.box.mails == []
        assert send_again(team, 2) == 1
        assert team.box.recipients == [[BOSS, ANN, BO]]


@pytest.mark.parametrize("says", ["at the greeting", "552 5.3.4 message too big", "554 5.3.4 too large for us"])
def test_a_mail_over_the_size_of_the_server_goes_without_its_attachments(says: str) -> None:
    """Whether the server says so in its greeting or after the last byte: who reads it learns where the files lie."""
    limit = 30_000 if says == "at the greeting" else 2**25
    with weekly(mail=True, largest_mail=limit) as team:
        team.box.answers = [] if says == "at the greeting" else [says]
        team.desk.submit(team.desk.sheet(2))
        [mail] = team.box.to(BOSS)
        assert (mail["Subject"], list(mail.iter_attachments())) == ('Batch 1: "week.csv": 2 scheduled, all well', [])
        assert NOTE in body(mail, "plain")
        assert NOTE in body(mail, "html")
        assert body(mail, "html").count("<body") == 1
        assert (mail["Auto-Submitted"], bool(mail["Message-ID"])) == ("auto-generated", True)
        assert "is too large for the mail server" in team.desk.words()
        assert "so it goes without attachments" in team.desk.words()


def test_a_mail_that_is_too_large_even_so_waits_in_sight() -> None:
    """It is tried without attachments once, then shows as any mail that is refused for good."""
    with weekly(mail=True, largest_mail=200) as team:
        team.desk.submit(team.desk.sheet(1))
        assert team.box.mails == []
        with team.desk.ledger() as ledger:
            [waiting] = ledger.outbox.unsent()
            assert ("552" in waiting.words, waiting.tries) == (True, 1)
            assert waiting.next_try - team.desk.clock.now() > timedelta(days=20)
    assert lighten(b"Subject: x\r\n\r\nno attachment\r\n") is None


class Relay(MailBox):
    """Writes a Message-ID of its own, as some relays do."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content)
        mail.replace_header("Message-ID", f"<relay-{len(self.mails)}@relay.example>")
        envelope.content = mail.as_bytes()
        return await super().handle_DATA(server, session, envelope)


def test_a_relay_that_rewrites_the_message_id_gets_each_mail_once() -> None:
    """What was sent is known by our own key, never by an Id that others may change."""
    with weekly(mail=True, box=Relay()) as team:
        path = team.desk.sheet(1)
        team.desk.submit(path)
        team.desk.submit(path)
        assert (send_again(team, 600), len(team.box.mails)) == (0, 1)
        assert team.box.mails[0]["Message-ID"] == "<relay-0@relay.example>"


def test_any_name_and_subject_arrives_at_a_server_that_knows_only_ascii() -> None:
    """No SMTPUTF8 and no 8BITMIME: what leaves is ASCII, what people read is what was written."""
    with weekly(mail=True) as team:
        team.desk.set(email__to=f"Jörg Müller 😀 <{BOSS}>", email__from="Größe & Söhne <campaigns@example.com>")
        team.desk.submit(team.desk.sheet(1, "Grüße 周报 😀.csv"))
        [mail] = team.box.mails
        assert mail["Subject"] == 'Batch 1: "Grüße 周报 😀.csv": 1 scheduled, all well'
        assert [one.display_name for one in mail["To"].addresses] == ["Jörg Müller 😀"]
        assert mail["From"].addresses[0].display_name == "Größe & Söhne"
        assert all(raw.isascii() for raw in team.box.raw)


@pytest.mark.parametrize("address", ["jörg@example.com", "ops@exämple.com", "Ops <имя@example.com>"])
def test_an_address_that_needs_smtputf8_is_named_with_its_reason(address: str) -> None:
    """Many servers refuse it, so it is not tried; the words name the very address."""
    with pytest.raises(UsageError) as caught:
        compose(
            sender="a@example.com", to=[address], subject="x", text="y", now=datetime(2026, 1, 1, tzinfo=UTC),
            message_id_domain="example.com",
        )  # fmt: skip
    bare = address.rpartition("<")[2].strip(">")
    assert f'"{bare}" of [email] to has letters that many mail servers refuse' in str(caught.value)
