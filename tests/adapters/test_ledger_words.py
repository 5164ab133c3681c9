"""The index of words beside a ledger finds what reading every entry finds, and is never trusted further than that."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from postgres_support import cluster
from sqlalchemy import update

from batch.adapters.ledger import Ledger, open_ledger, searching, tables, trigrams
from batch.model import Listed, Status, StatusChange
from benchmarks.years import fill
from tests.ledger_support import NOW

SIZE = 1_000
ASKED = (
    "Dallas", "offer 777", "sheet-00002.xlsx", "1000777", "straße", "STRASSE", "Strasse", "ÉTÉ", "été", "7",
    "code 77", "50%", "a_b", 'say "hi"', "no such thing", "store 104 miami", "1000_777", "xyzxyz",
)  # fmt: skip


@pytest.fixture
def years(tmp_path: Path) -> Iterator[Ledger]:
    """Give a ledger in a file, with some words that are hard to find."""
    url = f"sqlite:///{(tmp_path / 'ledger.sqlite3').as_posix()}"
    fill(url, SIZE, NOW)
    with open_ledger(url, now=NOW) as opened:
        change(opened, 11, "Neue Stra\u00dfe \u00e9t\u00e9 50% off a_b")
        change(opened, 12, 'NEUE STRASSE \u00c9T\u00c9 say "hi"')
        yield opened


@pytest.fixture
def on_server(url: str) -> Iterator[Ledger]:
    """Give the same in PostgreSQL."""
    fill(url, SIZE, NOW)
    with open_ledger(url, now=NOW) as opened:
        change(opened, 11, "Neue Stra\u00dfe \u00e9t\u00e9 50% off a_b")
        change(opened, 12, 'NEUE STRASSE \u00c9T\u00c9 say "hi"')
        yield opened


def change(ledger: Ledger, entry: int, name: str, at: int = 0) -> None:
    """Change what an entry is called, with the line of history that every change has."""
    with ledger._transactions.write() as connection:
        connection.execute(update(tables.entries).where(tables.entries.c.id == entry).values(campaign_name=name))
    there = ledger.entries.get(entry).status
    now = NOW + timedelta(seconds=at)
    assert ledger.changes.make(StatusChange(entry, there, expected={there}, why="renamed", who="dana", now=now))


def place_of(ledger: Ledger) -> Path:
    assert ledger.path is not None
    return ledger.path.with_name("ledger.sqlite3-words")


def find(ledger: Ledger, words: str) -> list[int]:
    return [entry.id for entry in ledger.entries.select(words=words)]


def read_all(ledger: Ledger, words: str, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Find without the index."""
    with monkeypatch.context() as patched:
        patched.setattr(ledger.words, "candidates", lambda _words: None)
        return find(ledger, words)


def test_it_finds_what_reading_every_entry_finds(years: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """In capitals or not, accented or not, by a part of a word, and by short ones."""
    counts = {words: len(read_all(years, words, monkeypatch)) for words in ASKED}
    assert {words: len(find(years, words)) for words in ASKED} == counts
    assert counts["Dallas"] == 100
    assert counts["Strasse"] == 2
    assert place_of(years).stat().st_mode & 0o077 == 0
    assert years.words.candidates([["xyzxyz"]]) == []


def test_postgresql_finds_what_reading_every_entry_finds(on_server: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its index of trigrams, and by the names of files; where every file is called so, the word narrows nothing."""
    assert not on_server.words.lacks_index()
    monkeypatch.setattr(trigrams, "_MOST_FILES", 3)
    for words in (*ASKED, "sheet-0 1000777", "sheet-0", "sheet-00002 777"):
        assert find(on_server, words) == read_all(on_server, words, monkeypatch), words
    assert on_server.words.candidates([["xyzxyz"], ["sheet-0"]]) == []
    assert on_server.words.candidates([["7"], ["sheet-0"]]) is None


@pytest.mark.parametrize("kind", ["years", "on_server"])
def test_the_newest_that_bear_a_word_are_found_first(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many bear it: as many as are asked for, and whether there are more; all of them where all are wanted."""
    ledger: Ledger = request.getfixturevalue(kind)
    monkeypatch.setattr(searching, "NEWEST", 70)
    monkeypatch.setattr(searching, "_WINDOW", 40)
    for words in (*ASKED, "sheet-0 777"):
        every = find(ledger, words)
        found, left, _ = ledger.entries.newest(words, SIZE)
        assert ([entry.id for entry in found], left) == (every, 0), words
        for most in (1, 30):
            found, left, _ = ledger.entries.newest(words, most)
            assert [entry.id for entry in found] == every[-most:], words
            assert (left > 0, left <= len(every)) == (len(every) > most, True), words
    assert [entry.id for entry in ledger.entries.newest(("offer 99",), 3).entries] == [997, 998, 999]
    monkeypatch.setattr(searching, "REACH", 300)
    assert ledger.entries.newest("@@", 5) == ((), 0, SIZE - 300)
    found = ledger.entries.newest("6", SIZE)
    assert ([entry.id for entry in found.entries], found.left, found.unseen) == (
        [number for number in find(ledger, "6") if number > SIZE - 300], 0, SIZE - 300
    )  # fmt: skip
    assert ledger.entries.newest("6 offer", SIZE).unseen == 0
    monkeypatch.setattr(ledger.words, "lacks_index", lambda: True)
    assert ledger.entries.newest("@@", 5).unseen == 0


def test_a_database_that_refuses_the_extension_is_searched_without(url_of_a_guest: str) -> None:
    """Who may not add pg_trgm has a ledger all the same; once it is there, the next night makes the index."""
    fill(url_of_a_guest, SIZE, NOW)
    with open_ledger(url_of_a_guest, now=NOW) as ledger:
        assert ledger.words.lacks_index()
        assert find(ledger, "offer 777") == [777]
        ledger.words.refresh()
        assert ledger.words.lacks_index()
        cluster().query("CREATE EXTENSION pg_trgm", url_of_a_guest)
        ledger.words.refresh()
        assert not ledger.words.lacks_index()
        assert find(ledger, "offer 777") == [777]


def test_what_changed_since_is_found_by_its_new_words(years: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new line in its history brings an entry into the index anew; an Id given by the provider is one."""
    assert find(years, "pumpkin") == []
    change(years, 5, "Pumpkin week")
    entry = years.entries.get(SIZE)
    listed = Listed("987654321", name=entry.provider_name)
    moved = StatusChange(SIZE, Status.SENT, expected={entry.status}, why="", who="", now=NOW, listed=listed)
    assert years.changes.make(moved)
    assert find(years, "pumpkin") == [5]
    assert find(years, "987654321") == [SIZE]
    change(years, 5, "No more")
    assert find(years, "pumpkin") == []


def test_what_it_does_not_know_yet_is_read(years: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """One search takes in a part of a long ledger; the rest is read as ever, and the night takes it in."""
    monkeypatch.setattr(searching, "_WINDOW", 100)
    monkeypatch.setattr(searching, "MOST", 300)
    assert len(find(years, "Dallas")) == 100
    assert years.words.candidates([["xyzxyz"]]) == list(range(601, SIZE + 1))
    years.words.refresh()
    assert years.words.candidates([["xyzxyz"]]) == []
    assert len(find(years, "Dallas")) == 100


def test_an_index_of_another_state_is_made_anew(years: Ledger) -> None:
    """After a backup took the ledger's place, its history goes on with other lines under the same numbers."""
    backup = years.upkeep.backup(NOW)
    change(years, 5, "Pumpkin week", at=1)
    assert find(years, "pumpkin") == [5]
    path = years.path
    assert path is not None
    years.close()
    path.write_bytes(backup.read_bytes())
    with open_ledger(f"sqlite:///{path.as_posix()}", now=NOW) as restored:
        change(restored, 7, "Turkey week", at=2)
        change(restored, 8, "Turkey month", at=3)
        assert find(restored, "turkey") == [7, 8]
        assert find(restored, "pumpkin") == []


def test_a_damaged_index_does_no_harm(years: Ledger) -> None:
    """It is taken away, and made anew by the next search."""
    place_of(years).write_bytes(b"no database at all" * 100)
    assert len(find(years, "Dallas")) == 100
    assert not place_of(years).exists()
    assert len(find(years, "Dallas")) == 100
    assert place_of(years).exists()
    years.words.forget()
    assert not place_of(years).exists()


@pytest.mark.skipif(os.name != "posix", reason="this system has no file modes")
def test_who_may_use_the_ledger_may_use_its_index(years: Ledger) -> None:
    """It is made with the ledger's own rights: a group that shares the ledger shares it, and nothing is tightened."""
    assert years.path is not None
    years.path.chmod(0o660)
    find(years, "Dallas")
    index = place_of(years)
    assert (index.stat().st_mode & 0o777, index.stat().st_gid) == (0o660, years.path.stat().st_gid)
