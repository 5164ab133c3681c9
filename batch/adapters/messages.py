"""Find and read message templates, in the encodings that people save them in."""

from __future__ import annotations

import codecs
import difflib
from collections.abc import Sequence
from pathlib import Path

from batch.core.printable import cut, printable
from batch.model.errors import BatchError

ENDINGS = (".txt.j2", ".txt")
LONGEST = 64 * 1024
"""Bytes: a hundred times of what a text message can hold."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class MessageNotFoundError(BatchError):
    """No message template of that name lies in the folders."""

    name = "MessageNotFound"
    code = "template-not-found"


class MessageUnreadableError(BatchError):
    """The template is there, but it is not text that anybody could send."""

    name = "MessageUnreadable"
    code = "template-unreadable"


def load_message(folders: Sequence[Path], name: str) -> str:
    """Read the template of that name from the first folder that has it.

    The name is `spring-sale`, `spring-sale.txt` or `spring-sale.txt.j2`, in any case. It is only ever compared with
    what lies in the folders, never made into a path: so no name can lead out of them.
    Raises MessageNotFoundError or MessageUnreadableError.
    """
    known: list[str] = []
    for folder in folders:
        files = _list_messages(folder)
        if found := _pick(files, name):
            return _read(found)
        known += [file.name for file in files]
    raise MessageNotFoundError(f'there is no message template "{cut(printable(name))}"', _suggest(name, known, folders))


def decode(content: bytes) -> str:
    """Read a text file's bytes: a byte order mark decides, else UTF-8, else Windows-1252; line ends become `\\n`.

    One line end at the close is taken off. Raises ValueError.
    """
    text = _decode(content).replace("\r\n", "\n").replace("\r", "\n")
    return text.removesuffix("\n")


def _list_messages(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    try:
        home = folder.resolve()
        files = sorted(path for path in folder.iterdir() if path.name.casefold().endswith(ENDINGS))
        return [path for path in files if path.is_file() and path.resolve().parent == home]
    except OSError as error:
        words = f'the folder of message templates "{folder}" cannot be read ({error.strerror})'
        raise MessageUnreadableError(words, "check who can read it") from error


def _pick(files: list[Path], name: str) -> Path | None:
    wanted = name.strip().casefold()
    names = (wanted, *(wanted + ending for ending in (*ENDINGS, ".j2"))) if wanted else ()
    exact = [path for path in files if path.name == name.strip()]
    found = exact or [path for path in files if path.name.casefold() in names]
    if len(found) > 1:
        both = " and ".join(f'"{path.name}"' for path in found[:2])
        raise MessageNotFoundError(f'"{cut(printable(name))}" could be {both}', "write the whole file name")
    return found[0] if found else None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
    except OSError as error:
        words = f'the message template "{path.name}" cannot be opened ({error.strerror})'
        raise MessageUnreadableError(words, "check whether somebody else has it open and who can read it") from error
    if len(content) > LONGEST:
        raise MessageUnreadableError(
            f'the message template "{path.name}" is larger than 64 KB', "it holds one text only"
        )
    try:
        return decode(content)
    except ValueError as error:
        words = f'the message template "{path.name}" is not a text file'
        raise MessageUnreadableError(words, "save it as plain text, encoding UTF-8") from error


def _decode(content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding)
    if b"\0" in content:
        raise ValueError("a zero byte: it is not text, or UTF-16 without its mark")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def _suggest(name: str, known: list[str], folders: Sequence[Path]) -> str:
    if not known:
        where = " or ".join(f'"{folder}"' for folder in folders)
        return (
            f"put a file {cut(printable(name))}.txt into {where}"
            if _is_plain(name) and where
            else "there are no templates"
        )
    stems = {_stem(file): file for file in reversed(known)}
    near = difflib.get_close_matches(_stem(name), stems, n=1, cutoff=0.5)
    if near:
        return f'did you mean "{stems[near[0]]}"?'
    return "there are " + ", ".join(f'"{file}"' for file in known[:5])


def _is_plain(name: str) -> bool:
    return bool(name.strip()) and not any(letter in name for letter in '/\\:*?"<>|\0') and ".." not in name


def _stem(name: str) -> str:
    stem = name.strip().replace("\\", "/").rpartition("/")[2].casefold()
    for ending in ENDINGS:
        stem = stem.removesuffix(ending)
    return stem
