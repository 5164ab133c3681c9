"""Put finished reports into an object store, or whatever else fsspec reaches by an address such as `s3://bucket/path`.

An extra, `campaign-batch[object-store]`. Keys are the library's affair: they come from the environment or its files.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from batch.model.errors import ReportError

_OPTIONS: dict[str, dict[str, Any]] = {
    "s3": {"config_kwargs": {"connect_timeout": 10, "read_timeout": 30, "retries": {"max_attempts": 2}}},
    "file": {"auto_mkdir": True},
}
"""By the address's first word; a store that does not answer must not hold a run for minutes."""


def put(path: Path, store: str, name: str) -> None:
    """Put a file into a store under a name; raises ReportError where that cannot be."""
    with _explained(f'"{name}" cannot be put into "{store}"'):
        system, root = _reach(store)
        system.put_file(str(path), f"{root}/{name}")


def probe(store: str) -> None:
    """Put something small into a store, read it and take it away; raises ReportError where that cannot be."""
    with _explained(f'"{store}" cannot be used'):
        system, root = _reach(store)
        name = f"{root}/.doctor-{secrets.token_hex(4)}"
        system.pipe_file(name, b"x")
        system.cat_file(name)
        system.rm_file(name)


def _reach(store: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    system, root = url_to_fs(store, **_OPTIONS.get(store.partition("://")[0], {}))
    return system, str(root).rstrip("/")


@contextmanager
def _explained(words: str) -> Iterator[None]:
    """Turn what goes wrong into words: each kind of store raises what its own libraries do."""
    try:
        yield
    except ImportError as missing:
        remedy = "pip install 'campaign-batch[object-store]'"
        raise ReportError(f"{words}: what reaches it is not installed ({missing})", remedy) from None
    except Exception as trouble:
        detail = " ".join(str(trouble).split())[:200] or type(trouble).__name__
        remedy = "check [reports] folder, the network, and the store's keys (for s3 AWS_ACCESS_KEY_ID and the like)"
        raise ReportError(f"{words} ({detail})", remedy) from None
