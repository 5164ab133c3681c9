"""What the account's groups were called: a name that means another group today is told before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, select

from batch.adapters.ledger.bulk import insert_rows, is_in
from batch.adapters.ledger.forms import write_time
from batch.adapters.ledger.tables import account_groups, group_names
from batch.adapters.ledger.transactions import Transactions


class SeenGroups:
    """The groups that one ledger has seen: those that sheets named, and those that the account showed."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def named(self) -> dict[str, str]:
        """Give which id each group's name meant when it was last seen."""
        with self._transactions.read() as connection:
            return {row.name: row.group_id for row in connection.execute(select(group_names))}

    def remember_named(self, pairs: Iterable[tuple[str, str]], now: datetime) -> None:
        """Remember which id each group's name means today: pairs of name and id."""
        seen, at = dict(pairs), write_time(now)
        with self._transactions.write() as connection:
            known = is_in(group_names.c.name, list(seen), connection.dialect)
            connection.execute(delete(group_names).where(known))
            rows = [(name, group_id, at) for name, group_id in seen.items()]
            insert_rows(connection, group_names, ("name", "group_id", "seen_at"), rows)

    def of_account(self) -> dict[str, str]:
        """Give every group that the account was ever seen to have: id to the name it had last."""
        with self._transactions.read() as connection:
            return _select_of_account(connection)

    def remember_of_account(self, pairs: Iterable[tuple[str, str]], now: datetime, *, anew: bool = False) -> None:
        """Remember the groups that the account shows, id and name; what it showed before is forgotten only `anew`."""
        shown, at = dict(pairs), write_time(now)
        with self._transactions.write() as connection:
            if anew:
                connection.execute(delete(account_groups))
            known = _select_of_account(connection)
            seen = {group: name for group, name in shown.items() if known.get(group) != name}
            gone = is_in(account_groups.c.group_id, list(seen), connection.dialect)
            connection.execute(delete(account_groups).where(gone))
            rows = [(group, name, at) for group, name in seen.items()]
            insert_rows(connection, account_groups, ("group_id", "name", "seen_at"), rows)


def _select_of_account(connection: Connection) -> dict[str, str]:
    return {row.group_id: row.name for row in connection.execute(select(account_groups))}
