"""How a ledger's URL names an SQLite file, or a schema of a PostgreSQL database."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode

IN_MEMORY = "sqlite://"
ACCOUNT_SCHEMA = "account_schema"
"""The part of a PostgreSQL URL that names the account of several whose ledger is meant; ours, not the driver's."""
SCHEMA = "account_"
"""What the schema of an account's ledger begins with; its name follows."""
ACCOUNT = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
"""How an account is called: PostgreSQL cuts a longer name of a schema, and others had to be quoted everywhere."""
PROPER = "postgresql+psycopg://user@host/database"
"""How the URL of a ledger on PostgreSQL is written."""
HOW = f"{PROPER} for a database on PostgreSQL, with an @ in its password as %40"
_FILE = "sqlite:///"
PATIENCE = 10
"""Seconds to wait for a server that does not answer; the system itself waits for minutes."""


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
    path = sqlite_path(url)
    if path is not None:
        _plain, mark, rest = url.partition("?")
        return sqlite_url(path.with_name(f"{path.stem}.{account}{path.suffix}")) + mark + rest
    if not is_postgresql(url):
        return url
    return f"{url}{'?' if _split(url)['query'] is None else '&'}{ACCOUNT_SCHEMA}={account}"


def is_postgresql(url: str) -> bool:
    """Whether the ledger is in a PostgreSQL database, whatever driver the URL names."""
    return url.startswith("postgresql")


def is_misspelled(url: str) -> bool:
    """Whether PostgreSQL is meant and written otherwise than its driver takes it.

    As `postgres://` or `postgresql+psycopg2://`, or with an @ in the password, which would be read as part of the host.
    """
    meant = re.match(r"\s*(postgres|pgsql)[a-z0-9+]*:", url, re.IGNORECASE)
    if meant is None:
        return False
    return re.match(r"postgresql(\+psycopg)?://", url) is None or "@" in str(_split(url)["place"])


def names_no_account(url: str) -> bool:
    """Whether a PostgreSQL URL names as its account what is none, or an account twice.

    Whoever reads it could take either of two, or the ledger of the top for an empty one.
    """
    asked = parse_qsl((_split(url)["query"] or "") if is_postgresql(url) else "", keep_blank_values=True)
    named = [value for key, value in asked if key == ACCOUNT_SCHEMA]
    return len(named) > 1 or not all(ACCOUNT.fullmatch(one) for one in named)


def libpq_url(url: str, schema: str = "") -> str:
    """Write the URL as PostgreSQL's own library reads it; it looks into `schema`, else the account's, if there is one.

    See https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS.
    """
    parts = _split(url)
    given = _options(url) | {"client_encoding": "UTF8"}  # whatever the user's own is
    account = given.pop(ACCOUNT_SCHEMA, "")
    schema = schema or (SCHEMA + account if account else "")
    if schema:
        given["options"] = f'{given.get("options", "")} -csearch_path="{schema}"'.strip()
    login = ":".join(quote(unquote(one), safe="") for one in (parts["user"], parts["password"]) if one is not None)
    at = "" if parts["user"] is None else "@"
    return f"postgresql://{login}{at}{parts['there']}?{urlencode(given, quote_via=quote)}"


def password_of(url: str) -> str:
    """Give the password of a database, empty where there is none: no log shows it."""
    return unquote(_split(url)["password"] or "") or _options(url).get("password", "") if is_postgresql(url) else ""


_PARTS = re.compile(
    r"[\w+]+://(?:(?P<user>[^:/]*)(?::(?P<password>[^@]*))?@)?(?P<there>(?P<place>[^/?]*)(?:/[^?]*)?)(?:\?(?P<query>.*))?",
    re.DOTALL,
)
"""A URL in its parts, as SQLAlchemy takes it apart: any sign but @ may stand in a password as it is."""


def _split(url: str) -> dict[str, str | None]:
    found = _PARTS.fullmatch(url)
    assert found is not None
    return found.groupdict()


def _options(url: str) -> dict[str, str]:
    """Give what stands behind the question mark."""
    return dict(parse_qsl(_split(url)["query"] or "", keep_blank_values=True))
