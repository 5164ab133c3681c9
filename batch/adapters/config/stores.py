"""`[reports] folder` as the address of an object store: `s3://bucket/path`."""

from __future__ import annotations

import re

from batch.adapters.config.given import Given, place_of
from batch.model.errors import UsageError

LOCAL = "reports"
"""The folder in which reports are made before they are put into a store."""
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://")


def take_store(given: Given) -> str:
    """Take the address out of what is given, and leave a folder there; give an empty text where it is none."""
    value = given.values.get("reports", {}).get("folder")
    if not isinstance(value, str) or not _ADDRESS.match(value.strip()):
        return ""
    if "@" in value:
        words = f"{place_of(given, 'reports', 'folder')} has a key or password in it"
        remedy = "remove it, and give it to the library by the environment, as AWS_ACCESS_KEY_ID"
        given.troubles.append(UsageError(words, remedy))
    given.values["reports"]["folder"] = LOCAL
    return value.strip().rstrip("/")
