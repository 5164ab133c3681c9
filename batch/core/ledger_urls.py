"""How a ledger's URL names an SQLite file, or a schema of a PostgreSQL database."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode

IN_MEMORY = "sqlite://"
ACCOUNT_SCHEMA = "account_schema"
"""The part of a PostgreSQL URL that names the account of several whose ledger is meant; ours, not the driver's."""
SCHEMA = "account_"
"""What the schema of an account's ledger begins with; its name follows."""
PROPER = "postgresql+psycopg://user@host/database"
"""How the URL of a ledger on PostgreSQL is written."""
_FILE = "sqlite:///"


def sqlite_url(path: Path) -> str:
    """Write the URL of a ledger in this file."""
    return _FILE + path.as_posix()


def sqlite_path(url: str) -> Path | None:
    """Give the file that a ledger's URL names, without what follows a question mark; None where it names none."""
    plain = url.partition("?")[0]
    return Path(plain.removeprefix(_FILE)) if plain.startswith(_FILE) and plain != _FILE else None


def account_url(url: str, account: str) -> str:
    """Give the ledger of one account of several: a file beside the configured one, or a schema in its database.

    `ledger.sqlite3` becomes `ledger.dallas.sqlite3`. On PostgreSQL each connection looks into the schema alone, so
    that whatever is asked, written and locked there is the account's by construction.
    """
    plain, mark, rest = url.partition("?")
    path = sqlite_path(url)
    if path is not None:
        return sqlite_url(path.with_name(f"{path.stem}.{account}{path.suffix}")) + mark + rest
    if not is_postgresql(url):
        return url
    return f"{plain}?{rest}{'&' if rest else ''}{ACCOUNT_SCHEMA}={account}"


def is_postgresql(url: str) -> bool:
    """Whether the ledger is in a PostgreSQL database, whatever driver the URL names."""
    return url.startswith("postgresql")


def is_misspelled(url: str) -> bool:
    """Whether PostgreSQL is meant and named otherwise than its driver is: `postgres://`, `postgresql+psycopg2://`."""
    meant = re.match(r"\s*(postgres|pgsql)[a-z0-9+]*:", url, re.IGNORECASE)
    return meant is not None and re.match(r"postgresql(\+psycopg)?://", url) is None


def libpq_url(url: str, schema: str = "") -> str:
    """Write the URL as PostgreSQL's own library reads it; it looks into `schema`, else the account's, if there is one.

    See https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS.
    """
    plain, _, query = url.partition("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    account = given.pop(ACCOUNT_SCHEMA, "")
    schema = schema or (SCHEMA + account if account else "")
    if schema:
        given["options"] = f'{given.get("options", "")} -csearch_path="{schema}"'.strip()
    return f"postgresql://{plain.partition('://')[2]}{'?' if given else ''}{urlencode(given, quote_via=quote)}"
