"""Message templates from the folders: found by name, read as people save them, never from anywhere else."""

from __future__ import annotations

import codecs
import sys

import pytest

from batch.adapters.messages import LONGEST, MessageNotFoundError, MessageUnreadableError, load_message
from batch.model.errors import BatchError


@pytest.fixture
def folder(tmp_path):
    home = tmp_path / "my templates"
    home.mkdir()
    (home / "spring-sale.txt.j2").write_text("Save {{ Offer }}\n", encoding="utf-8")
    (home / "hours.txt").write_text("We open at 9\n", encoding="utf-8")
    (home / "notes.md").write_text("not for sending", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("outside", encoding="utf-8")
    return home


@pytest.mark.parametrize(
    "name", ["spring-sale", "spring-sale.txt", "spring-sale.txt.j2", " Spring-Sale ", "SPRING-SALE.TXT.J2"]
)
def test_a_template_is_found_by_its_name_with_or_without_the_ending(folder, name):
    """In any case, since Windows does not care either."""
    assert load_message([folder], name) == "Save {{ Offer }}"


def test_the_first_folder_that_has_it_wins(folder, tmp_path):
    """The team's own folder stands before the one that came with the program."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "hours.txt").write_text("We open at 10", encoding="utf-8")
    assert load_message([own, folder], "hours") == "We open at 10"
    assert load_message([own, folder], "spring-sale") == "Save {{ Offer }}"
    assert load_message([tmp_path / "not there", folder], "hours") == "We open at 9"


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "../secret.txt",
        "..\\secret.txt",
        "/etc/passwd",
        "C:\\secret.txt",
        "C:secret.txt",
        "sub/hours",
        ".",
        "..",
        "",
        "  ",
        "hours.txt\0",
        "notes.md",
        "notes",
        "hours.txt/",
        "./hours.txt",
        "file:///etc/passwd",
        "%2e%2e/secret",
        "//host/share/hours.txt",
        "NUL",
        "~/secret.txt",
        "*",
        "h?urs.txt",
    ],
)
def test_no_name_leads_out_of_the_folder(folder, name):
    """Names are compared with what lies there, never made into a path."""
    with pytest.raises(MessageNotFoundError):
        load_message([folder], name)


def test_an_absolute_path_to_a_template_in_the_folder_is_no_name(folder):
    """Even where it would do no harm: one rule without exceptions."""
    with pytest.raises(MessageNotFoundError):
        load_message([folder], str(folder / "hours.txt"))


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_that_leads_out_of_the_folder_is_not_followed(folder, tmp_path):
    """Whoever may put a link there must not reach what the program may read."""
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(MessageNotFoundError):
        load_message([folder], "link")


def test_an_unknown_name_gets_the_nearest_one(folder):
    """With the file's name as it lies there."""
    with pytest.raises(MessageNotFoundError) as caught:
        load_message([folder], "sprin-sale")
    assert str(caught.value) == 'there is no message template "sprin-sale": did you mean "spring-sale.txt.j2"?'
    assert isinstance(caught.value, BatchError)
    assert caught.value.code == "template-not-found"


def test_an_unknown_name_in_an_empty_folder_says_where_to_put_it(tmp_path):
    """A person can do that at once."""
    with pytest.raises(MessageNotFoundError) as caught:
        load_message([tmp_path], "weekly")
    assert caught.value.remedy == f'put a file weekly.txt into "{tmp_path}"'


def test_a_name_that_could_be_two_files_is_refused(folder):
    """Which of the two would be a guess."""
    (folder / "hours.txt.j2").write_text("We open at {{ Hour }}", encoding="utf-8")
    with pytest.raises(MessageNotFoundError, match=r"could be .hours.txt.*write the whole file name"):
        load_message([folder], "hours")
    assert load_message([folder], "hours.txt") == "We open at 9"


@pytest.mark.parametrize(
    "content",
    [
        "Café ’til 9\nbye".encode(),
        codecs.BOM_UTF8 + "Café ’til 9\nbye".encode(),
        "Café ’til 9\r\nbye\r\n".encode("cp1252"),
        codecs.BOM_UTF16_LE + "Café ’til 9\r\nbye\r\n".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "Café ’til 9\rbye\r".encode("utf-16-be"),
    ],
)
def test_a_file_is_read_right_however_notepad_saved_it(folder, content):
    """UTF-8 with and without a mark, Windows-1252, UTF-16; every kind of line end."""
    (folder / "cafe.txt").write_bytes(content)
    assert load_message([folder], "cafe") == "Café ’til 9\nbye"


def test_only_one_line_end_at_the_close_is_taken_off(folder):
    """The editor's own; what is before it, somebody wrote."""
    (folder / "two.txt").write_bytes(b"text\n\n")
    assert load_message([folder], "two") == "text\n"


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04\0\0", "no mark".encode("utf-16-le"), b"\x81\x8d\x8f", codecs.BOM_UTF16_LE + b"a"]
)
def test_a_file_that_is_no_text_is_refused(folder, content):
    """A workbook with a wrong name, and bytes that are in no encoding."""
    (folder / "odd.txt").write_bytes(content)
    with pytest.raises(MessageUnreadableError, match=r"is not a text file: save it as plain text"):
        load_message([folder], "odd")


def test_a_huge_file_is_refused_without_being_read(folder):
    """64 KB and one byte."""
    (folder / "huge.txt").write_bytes(b"a" * (LONGEST + 1))
    with pytest.raises(MessageUnreadableError, match="larger than 64 KB"):
        load_message([folder], "huge")


def test_a_folder_with_the_name_of_a_template_is_none(folder):
    """It cannot be read as one."""
    (folder / "dir.txt").mkdir()
    with pytest.raises(MessageNotFoundError):
        load_message([folder], "dir")


def test_a_very_long_name_is_cut_in_the_words(folder):
    """One line stays one line."""
    with pytest.raises(MessageNotFoundError) as caught:
        load_message([folder], "x" * 5000 + "\n\x1b[31m")
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()
