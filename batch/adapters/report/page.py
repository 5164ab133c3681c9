"""Put a page together into one self-contained file: the templates, the style, the script and the policy over them."""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from batch.core.hints import name_account
from batch.core.json_text import write_json
from batch.model.plurals import plural
from batch.model.wording import TONES
from batch.system.disk import make_folder, write_whole
from batch.system.resources import templates_folder

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

LOGO_LIMIT = 200_000
"""Bytes; a larger picture would make every mail heavy, so it is left out."""
PACKED_FROM = 1_000_000
"""Characters of JSON from which on a page holds it compressed."""
_PICTURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


def render_page(name: str, templates: Sequence[Path], script: str = "", **content: object) -> str:
    """Render a template into a whole page.

    `templates` are folders that are looked in before our own, so that a team can put its own partial in place of
    ours. The policy lets nothing run but this very style and script, and nothing load at all.
    """
    environment = _environment(tuple(templates))
    style = _tones() + _source(environment, "look.css")
    code = _source(environment, script) if script else ""
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(code)}'" if code else "script-src 'none'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    page = environment.get_template(name).render(
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(code),  # noqa: S704 - our own file
        policy=policy,
        **content,
    )
    return page.lstrip() + "\n"


_TYPED = re.compile(
    r"campaign-batch [a-z]+(?: show)?(?: (?:--[a-z-]+(?: [\w-]+)?|[A-Z]+|\d+|&#34;[^&]*&#34;|\(or [^)]*\)))*"
)


def mark_commands(words: str) -> Markup:
    """Set apart what is to be typed, so that those who do not run the tool read over it."""
    return Markup(_TYPED.sub(lambda found: f"<code>{found[0]}</code>", str(escape(words))))  # noqa: S704 - escaped


def render_part(name: str, templates: Sequence[Path], **content: object) -> str:
    """Render a template that brings its own style (the mail)."""
    return _environment(tuple(templates)).get_template(name).render(**content)


def write_page(text: str, path: Path, account: str) -> Path:
    """Write a page, and the folder that it lies in; its commands name the account, half a surrogate becomes a mark."""
    make_folder(path.parent)
    return write_whole(path, name_account(text, account).encode("utf-8", "replace"))


def embed(content: object, account: str = "") -> Markup:
    """Write values as JSON that can stand inside a script element: no text in it can end the element.

    A long one becomes a JSON text that holds the JSON compressed, which the script unpacks: a tenth of its size.
    """
    text = name_account(write_json(content, short=True), account)
    if len(text) > PACKED_FROM:
        packed = zlib.compress(text.encode("utf-8", "surrogatepass"), 6)
        return Markup(f'"{base64.b64encode(packed).decode()}"')  # noqa: S704 - letters and digits
    for character, escaped in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(character, escaped)
    return Markup(text)  # noqa: S704 - nothing of it is markup any more


def embed_logo(path: Path | None) -> str:
    """Turn the team's picture into a data address; empty when there is none that can be shown."""
    if path is None or not path.is_file() or path.stat().st_size > LOGO_LIMIT:
        return ""
    content = path.read_bytes()
    kind = next((kind for start, kind in _PICTURES.items() if content.startswith(start)), "")
    if not kind and path.suffix.lower() == ".svg":
        kind = "image/svg+xml"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}" if kind else ""


@lru_cache(maxsize=8)
def _environment(folders: tuple[Path, ...]) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from batch.adapters.report.compiled import CompiledTemplates

    searched = [*folders, templates_folder() / "reports"]
    environment = Environment(
        loader=FileSystemLoader(searched),
        autoescape=True,  # said: select_autoescape() does not know the ending .html.j2
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=CompiledTemplates(),
    )
    environment.filters |= {"typed": _at_run_time(mark_commands), "plural": _at_run_time(plural)}
    return environment


def _at_run_time(filter: Callable[..., object]) -> Callable[..., object]:
    """Keep a filter of ours from being applied to constants while a template is compiled: what it says may change."""
    from jinja2 import pass_context

    return pass_context(lambda _context, *values, **named: filter(*values, **named))


def _source(environment: Environment, name: str) -> str:
    loader: Any = environment.loader
    text: str = loader.get_source(environment, name)[0]
    return text.replace("\r\n", "\n")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _tones() -> str:
    light = _properties({name: (tone.light, tone.light_wash) for name, tone in TONES.items()})
    dark = _properties({name: (tone.dark, tone.dark_wash) for name, tone in TONES.items()})
    rules = "".join(
        f".{name}{{--tone:var(--{name});--wash:var(--{name}-wash)}}.fill-{name}{{fill:var(--{name})}}" for name in TONES
    )
    return f":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}{rules}\n"


def _properties(colours: Mapping[str, tuple[str, str]]) -> str:
    return "".join(f"--{name}:{strong};--{name}-wash:{wash};" for name, (strong, wash) in colours.items())
