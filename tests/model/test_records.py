"""The decorator of all records does what that of `dataclasses` does, frozen only to the type checker."""

from __future__ import annotations

import dataclasses
import pickle

import pytest

from batch.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A frozen record."""

    x: int
    y: int = 0
    label: str = dataclasses.field(default="", compare=False)
    secret: str = dataclasses.field(default="hush", repr=False)


@dataclass(frozen=True, slots=True)
class Other:
    """A record of the same fields."""

    x: int
    y: int = 0


@dataclass(frozen=True, slots=True)
class Nothing:
    """A record without a field."""


@dataclass(slots=True)
class Tally:
    """A record that changes."""

    seen: list[int] = dataclasses.field(default_factory=list)


def test_records_of_one_kind_are_equal_by_their_fields():
    """A field that is not compared counts for neither equality nor hash."""
    assert Point(1, 2, "a") == Point(1, 2, "b")
    assert Point(1, 2) != Point(2, 1)
    assert Point(1) != Other(1)
    assert len({Point(1, 2, "a"), Point(1, 2, "b"), Point(2, 1), Nothing(), Nothing()}) == 3


def test_a_record_shows_its_fields():
    """In the form that dataclasses have, without what is kept out of it."""
    assert repr(Point(1, 2, "a")) == "Point(x=1, y=2, label='a')"
    assert repr(Nothing()) == "Nothing()"


def test_a_record_that_changes_has_no_hash():
    """Its hash would change with it."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(Tally())


def test_a_record_is_a_dataclass_with_slots():
    """What `dataclasses` offers, and pickle, work with it; there is no room for another name."""
    point = Point(1, 2, "a")
    assert dataclasses.replace(point, y=3) == Point(1, 3)
    assert [field.name for field in dataclasses.fields(point)] == ["x", "y", "label", "secret"]
    assert pickle.loads(pickle.dumps(point)) == point
    assert not hasattr(point, "__dict__")
