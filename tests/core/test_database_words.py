"""What PostgreSQL says when it fails is told in plain words, by its code or, before anybody is let in, by its text."""

from __future__ import annotations

import pytest

from batch.core.database_words import explain_postgresql

WHERE = 'the ledger "campaigns" on db1'
AT_THE_DOOR = 'connection failed: connection to server at "10.0.0.7", port 5432 failed: FATAL:  '


class ServerError(Exception):
    """What the driver raises: a text, and a code where the server gave one."""

    def __init__(self, text: str, sqlstate: str | None = None) -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("08006", "cannot be reached"),
        ("57P01", "shut down or restarted: wait until the database is back"),
        ("57014", "stopped what this command asked for (words): if that was a time limit of the database"),
        ("28P01", "refuses this user or password"),
        ("3D000", "does not exist: create the database"),
        ("42501", "denies this user what the command needs (words): ask the database's administrator"),
        ("53100", "the disk of the ledger"),
        ("53200", "has no room for this command"),
        ("53300", "has too many connections open (words): end some of them, or raise the limit"),
        ("58030", "failed (words): check the server's disks"),
        ("25006", "is read-only: use the primary server, or let this user write there (default_transaction_read_only)"),
        ("25P03", "stood still for too long"),
        ("40001", "changed by another process"),
        ("XX001", "is damaged (words): restore the database"),
        ("XX000", 'failed (words): run "campaign-batch ledger verify"'),
    ],
)
def test_a_code_has_its_words(code: str, words: str) -> None:
    """With what to do; only what is broken for good is called damaged."""
    told = str(explain_postgresql(ServerError("words\nLINE 1: SELECT", code), WHERE))
    assert words in told
    assert WHERE in told
    assert "LINE 1" not in told


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ('database "campaigns" does not exist', "does not exist: create the database"),
        ('password authentication failed for user "ana"', "refuses this user or password"),
        ("fe_sendauth: no password supplied", "asks for a password, and there is none: put it into ~/.pgpass"),
        ('role "ana" is not permitted to log in', "refuses this user or password"),
        ('no pg_hba.conf entry for host "10.0.0.9", user "ana"', "refuses this user or password"),
        ("sorry, too many clients already", "has too many connections open (sorry, too many clients already)"),
        ('too many connections for role "ana"', "has too many connections open"),
        ("remaining connection slots are reserved for roles", "has too many connections open"),
        ('permission denied for database "campaigns"', "denies this user what the command needs"),
        ("the database system is starting up", "shut down or restarted: wait"),
        ('database "campaigns" is not currently accepting connections', "takes no connections"),
        ("etwas, das niemand kennt", "cannot be reached (etwas, das niemand kennt)"),
    ],
)
def test_what_is_said_at_the_door_has_its_words(said: str, words: str) -> None:
    """It comes without a code; where it is known, nobody is sent to look for the host and the port."""
    told = str(explain_postgresql(ServerError(f"{AT_THE_DOOR}{said}"), WHERE))
    assert words in told
    assert ("host and port" in told) == ("cannot be reached" in told)


@pytest.mark.parametrize(
    "said",
    [
        'connection is bad: invalid port number: "99999"',
        'connection is bad: definition of service "nope" not found',
        'invalid connection option "nonsense"',
        "bad value for connect_timeout: 'abc'",
    ],
)
def test_what_no_server_was_asked_for_is_the_url(said: str) -> None:
    """Neither the server nor the ledger is to blame."""
    for lost in (True, False):
        assert f"cannot be opened as its URL stands ({said}): correct [ledger] url" in str(
            explain_postgresql(ServerError(said), WHERE, lost=lost)
        )


def test_a_text_without_a_code_that_cut_nothing_is_not_called_lost() -> None:
    """The database answers: what is wrong is with the question."""
    assert "failed (odd)" in str(explain_postgresql(ServerError("odd"), WHERE, lost=False))
