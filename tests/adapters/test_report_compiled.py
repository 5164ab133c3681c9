"""Compiled templates of reports are kept beside our compiled modules, and never taken for another template."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, Environment

from batch.adapters.report import compiled, page
from batch.adapters.report.compiled import CompiledTemplates


class Refusing(Environment):
    """Compiles nothing."""

    def compile(self, *_: Any, **__: Any) -> Any:
        raise AssertionError


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have compiled modules kept elsewhere, and give that folder."""
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    folder = Path(importlib.util.cache_from_source(compiled.__file__)).parent
    folder.mkdir(parents=True)
    return folder


def render(text: str, kind: type[Environment] = Environment, **how: Any) -> str:
    made = kind(loader=DictLoader({"a": text}), autoescape=True, bytecode_cache=CompiledTemplates(), **how)
    return made.get_template("a").render(name="<you>")


def test_a_template_is_compiled_once(kept: Path) -> None:
    """The next process takes what the first one kept."""
    assert render("hello {{ name }}") == "hello &lt;you&gt;"
    assert len(list(kept.iterdir())) == 1
    assert render("hello {{ name }}", Refusing) == "hello &lt;you&gt;"


def test_another_text_is_compiled_anew(kept: Path) -> None:
    """A team that changes its template sees the change at once."""
    render("hello {{ name }}")
    assert render("good day {{ name }}") == "good day &lt;you&gt;"


def test_what_is_compiled_in_another_way_is_kept_apart(kept: Path) -> None:
    """An update may change how templates are compiled, and leaves what was kept."""
    text = "{% if name %}\nhello{% endif %}"
    assert (render(text), render(text, trim_blocks=True)) == ("\nhello", "hello")
    assert len(list(kept.iterdir())) == 2


@pytest.mark.parametrize("damage", [lambda content: b"", lambda content: content[:-9], lambda content: content[:30]])
def test_what_is_damaged_is_compiled_anew(kept: Path, damage: Any) -> None:
    """As a full disk or a power cut may leave it."""
    render("hello {{ name }}")
    (path,) = kept.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert render("hello {{ name }}") == "hello &lt;you&gt;"
    assert render("hello {{ name }}", Refusing) == "hello &lt;you&gt;"


def test_where_nothing_can_be_kept_templates_are_compiled(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder that is not there or not ours, and where Python keeps no modules either."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert render("hello {{ name }}") == "hello &lt;you&gt;"
    assert list(kept.iterdir()) == []
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    kept.rmdir()
    assert render("hello {{ name }}") == "hello &lt;you&gt;"


def test_our_filters_say_what_they_say_when_a_page_is_rendered() -> None:
    """What one makes of a constant is not kept with the template: an update may change it."""
    compiled_to = page._environment(()).compile('{{ 2|plural("row") }} {{ "campaign-batch find"|typed }}', raw=True)
    assert "2 rows" not in compiled_to
    assert "code>" not in compiled_to
