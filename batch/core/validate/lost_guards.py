"""Finds `[groups."NAME"]` of the settings that are the name of no group: what they guard must not go unguarded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from batch.core.identity import fold, plain_id
from batch.core.near import find_near
from batch.model import Account, Group


class LostGuard(NamedTuple):
    """A section of the settings that names no group of today."""

    name: str
    renamed: Group | None = None
    """The group that was called so: the section holds for it."""
    near: Group | None = None
    """The group that is probably meant, where nobody was ever called so."""
    is_gone: bool = False
    """The group that was called so is not in the account any more."""

    @property
    def holds(self) -> bool:
        """Whether nobody knows whom it guards, so that rows are held."""
        return self.renamed is None and not self.is_gone


def find_lost(names: Iterable[str], account: Account | None) -> tuple[LostGuard, ...]:
    """Find the sections that guard nobody by their names; none while nobody knows the account's groups, old and new."""
    if account is None or not account.groups or account.former is None:
        return ()
    by_id = {group.id: group for group in account.groups}
    by_name = {fold(group.name): group for group in account.groups}
    wanted = {name: fold(name) for name in names}
    free = {key: group for key, group in by_name.items() if key not in wanted.values()}
    return tuple(
        _look_for(name, account.former, by_id, free)
        for name, key in wanted.items()
        if key not in by_name and plain_id(name) not in by_id
    )


def _look_for(name: str, former: Mapping[str, str], by_id: Mapping[str, Group], free: Mapping[str, Group]) -> LostGuard:
    if group := former.get(fold(name)):
        return LostGuard(name, renamed=by_id.get(group), is_gone=group not in by_id)
    near = find_near(fold(name), free, close=0.7)
    return LostGuard(name, near=free[near] if near else None)


def describe_lost(guard: LostGuard) -> str:
    """Say of a section what it guards today and what to write."""
    section = f'[groups."{guard.name}"]'
    if guard.renamed is not None:
        now = f'this group is called "{guard.renamed.name}" today, and the section still applies to it'
        return f"{section}: {now}: write the new name"
    if guard.is_gone:
        return f"{section} guards nobody: its group is not in the account any more; remove the section"
    meant = f' (did you mean "{guard.near.name}"?)' if guard.near else ""
    held = "rows to that group are held" if guard.near else "rows to groups without a section of their own are held"
    return f"{section} matches no group of the account{meant}: {held}; write it as the dashboard shows it"
