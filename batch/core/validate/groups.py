"""Reads the GroupIds cell: ids or names, looked up in the account when there is one to ask."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from batch.core.identity import fold, plain_id
from batch.core.printable import cut
from batch.core.validate.terms import Terms
from batch.core.validate.trouble import NO_TROUBLE, Trouble, suggest, suggest_ids
from batch.model import Group

FIELD = "GroupIds"

_BETWEEN_IDS = re.compile(r"[,;\n]+")
_BETWEEN_NAMES = re.compile(r"[;\n]+")
_NUMBER_LIKE = re.compile(r"[-+]?\.?\d[\d.]*(?:e[-+]?\d+)?", re.IGNORECASE)
_LONGEST_ID = 18


class Groups(NamedTuple):
    """Whom a row goes to, as far as the cell could be read."""

    ids: tuple[str, ...] = ()
    """Plain digits, each once; empty when there is an error, or a name that could not be looked up.

    Ids that the account does not have are among them: a row may have gone before its group was deleted.
    """
    names: tuple[str, ...] = ()
    """Beside `ids`; or the names as written when they could not be looked up."""
    troubles: tuple[Trouble, ...] = NO_TROUBLE


def read_groups(cell: str, terms: Terms) -> Groups:
    """Turn the cell into ids with names, or say everything that is wrong with it."""
    pieces = [piece.strip() for piece in _BETWEEN_IDS.split(cell) if piece.strip()]
    if not pieces:
        words = "no group is named: write the ids or names of the groups that get this text"
        return Groups(troubles=(Trouble("groups-missing", FIELD, words, cell),))
    if all(_NUMBER_LIKE.fullmatch(piece) for piece in pieces):
        return _read_ids(pieces, terms)
    return _read_names(cell, terms)


def spell_groups(cells: Iterable[str]) -> tuple[set[str], set[str]]:
    """Give the ids and the names that cells speak of, whether or not there are such groups."""
    ids: set[str] = set()
    names: set[str] = set()
    for cell in cells:
        pieces = [piece.strip() for piece in _BETWEEN_IDS.split(cell) if piece.strip()]
        if all(_NUMBER_LIKE.fullmatch(piece) for piece in pieces):
            ids.update(plain for piece in pieces if _is_id(plain := plain_id(piece)))
        else:
            names.update(_split_names(cell))
    return ids, names


def _is_id(plain: str) -> bool:
    return plain.isascii() and plain.isdigit() and plain != "0" and len(plain) <= _LONGEST_ID


def _read_ids(pieces: list[str], terms: Terms) -> Groups:
    wrong = tuple(trouble for piece in pieces if (trouble := _find_wrong_id(piece, terms)) is not None)
    if any(trouble.code != "group-unknown" for trouble in wrong):
        return Groups(troubles=wrong)
    groups = _each_once([plain_id(piece) for piece in pieces], terms)
    return groups._replace(troubles=(*wrong, *groups.troubles))


def _find_wrong_id(piece: str, terms: Terms) -> Trouble | None:
    plain = plain_id(piece)
    if not _is_id(plain):
        words = f'"{cut(piece)}" is not a group id: an id is a whole number above 0, separate several by commas'
        return Trouble("group-id-invalid", FIELD, words, piece)
    namesakes = [group for group in terms.groups_by_name.get(fold(piece), ()) if group.id != plain]
    if plain in terms.groups_by_id and namesakes:
        words = (
            f'"{cut(piece)}" is the id of "{terms.groups_by_id[plain].name}" and the name of group {namesakes[0].id}: '
            "rename that group in the provider's dashboard"
        )
        return Trouble("group-ambiguous", FIELD, words, piece)
    if terms.groups_by_id and plain not in terms.groups_by_id:
        return Trouble("group-unknown", FIELD, _explain_unknown_id(plain, namesakes, terms), piece)
    return None


def _explain_unknown_id(plain: str, namesakes: list[Group], terms: Terms) -> str:
    """Say that no group has an id, with those that may be meant: a row to it would never reach anybody."""
    if len(namesakes) == 1:
        return f"no group of the account has the id {plain}, but group {namesakes[0].id} has that name: write its id"
    near = suggest_ids(plain, {group.id: group.name for group in terms.groups_by_id.values()})
    return f"no group of the account has the id {plain}{near or ': write the id as the dashboard shows it'}"


def _read_names(cell: str, terms: Terms) -> Groups:
    account = terms.account
    names = [cell.strip()] if fold(cell) in terms.groups_by_name else _split_names(cell)
    if account is None:
        words = f'"{cut(cell)}" could not be looked up: check again with --online to see whether the account has it'
        return Groups((), tuple(names), (Trouble("group-not-looked-up", FIELD, words, cell),))
    if not account.groups:
        words = f'"{cut(cell)}" could not be looked up, since the account\'s groups could not be read: write the id'
        return Groups((), tuple(names), (Trouble("groups-not-readable", FIELD, words, cell),))
    found = [_look_up(name, terms) for name in names]
    troubles = tuple(one for one in found if isinstance(one, Trouble))
    if troubles:
        return Groups(troubles=troubles)
    return _each_once([one for one in found if isinstance(one, str)], terms)


def _split_names(cell: str) -> list[str]:
    return [piece.strip() for piece in _BETWEEN_NAMES.split(cell) if piece.strip()]


def _look_up(name: str, terms: Terms) -> str | Trouble:
    found = terms.groups_by_name.get(fold(name), [])
    if len(found) == 1:
        return found[0].id
    if found:
        ids = " and ".join(group.id for group in found)
        words = f'"{cut(name)}" is the name of {len(found)} groups: write the id of the one that is meant ({ids})'
        return Trouble("group-ambiguous", FIELD, words, name)
    if _NUMBER_LIKE.fullmatch(name):
        return _find_wrong_id(name, terms) or plain_id(name)
    return _unknown(name, terms)


def _unknown(name: str, terms: Terms) -> Trouble:
    pieces = [piece.strip() for piece in name.split(",") if piece.strip()]
    named = [fold(piece) in terms.groups_by_name for piece in pieces]
    if len(pieces) > 1 and any(named):
        like = f', as "{cut("; ".join(pieces))}"' if all(named) else ""
        words = f'no group of the account is named "{cut(name)}": put a semicolon between two names{like}'
        return Trouble("group-unknown", FIELD, words, name)
    near = suggest(name, [group.name for group in terms.groups_by_id.values()])
    apart = "; put a semicolon between two names" if "," in name and not near else ""
    words = (
        f'no group of the account is named "{cut(name)}"{near or ": write the name as the dashboard shows it"}{apart}'
    )
    return Trouble("group-unknown", FIELD, words, name)


def _each_once(ids: list[str], terms: Terms) -> Groups:
    once = tuple(dict.fromkeys(ids))
    names = tuple(terms.groups_by_id[one].name if one in terms.groups_by_id else "" for one in once)
    return Groups(once, names, tuple(_find_doubles(ids, terms)))


def _find_doubles(ids: list[str], terms: Terms) -> Iterator[Trouble]:
    for one in dict.fromkeys(ids):
        if ids.count(one) > 1:
            name = f' ("{terms.groups_by_id[one].name}")' if one in terms.groups_by_id else ""
            words = f"group {one}{name} appears twice; its people get one text: remove one of them"
            yield Trouble("group-twice", FIELD, words, one)
