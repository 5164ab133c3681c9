"""Keep the compiled templates of reports where Python keeps our compiled modules: compiling them takes 50 ms of a run.

Who can write there can change the program itself. Where this user cannot, they are compiled each time.
"""

from __future__ import annotations

import hashlib
import sys
from contextlib import suppress
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import BytecodeCache, compiler

from batch.system.disk import Readers, write_whole

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.bccache import Bucket


class CompiledTemplates(BytecodeCache):
    """What templates were compiled to, a file each.

    Jinja2 compares it with the template and with Python; its name tells which Jinja2 compiled it, and how.
    """

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what is kept; whatever is wrong with it, the template is compiled anew."""
        with suppress(Exception):
            bucket.bytecode_from_string(_place(bucket).read_bytes())

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled, unless Python keeps nothing either."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                write_whole(_place(bucket), bucket.bytecode_to_string(), Readers.UMASK)


def _place(bucket: Bucket) -> Path:
    key = hashlib.sha256(f"{bucket.key} {_how(bucket.environment)} {_jinja2()}".encode()).hexdigest()[:16]
    return Path(cache_from_source(__file__)).with_suffix(f".{key}")


def _how(environment: Environment) -> tuple[object, ...]:
    return environment.autoescape, environment.trim_blocks, environment.lstrip_blocks, environment.optimized


@cache
def _jinja2() -> tuple[int, int]:
    state = Path(compiler.__file__).stat()
    return state.st_mtime_ns, state.st_size
