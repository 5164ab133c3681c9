"""The decorator of all records: what `dataclasses` makes of a class, without what that costs at run time.

A frozen dataclass writes each field through `object.__setattr__`, so making one takes five times as long, and its
class three times. That a frozen record stays as it is made, the type checker holds; here it costs nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(**how: bool) -> Callable[[type], type]:
        """Do as `dataclasses.dataclass` does; what is frozen can be hashed, and only the type checker guards it."""
        frozen = how.pop("frozen", False)

        def make(cls: type) -> type:
            made = dataclasses.dataclass(cls, eq=False, repr=False, **how)
            values = _getter([one.name for one in dataclasses.fields(made) if one.compare])
            own = {"__eq__": _equality(values), "__hash__": _hash(values) if frozen else None, "__repr__": _show}
            for name, method in own.items():
                if name not in cls.__dict__:
                    setattr(made, name, method)
            return made

        return make


__all__ = ["dataclass"]


def _getter(names: list[str]) -> Callable[[Any], Any]:
    return attrgetter(*names) if names else type


def _equality(values: Callable[[Any], Any]) -> Callable[[Any, object], Any]:
    def is_equal(self: Any, other: object) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return is_equal


def _hash(values: Callable[[Any], Any]) -> Callable[[Any], int]:
    return lambda self: hash(values(self))


def _show(self: Any) -> str:
    shown = (f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self) if one.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"
