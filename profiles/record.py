"""Frozen dataclasses that cost the start little: what they can do is made when it is first used.

`dataclass(frozen=True, slots=True)` writes six functions as text and compiles them, and makes the
class twice: a millisecond for every class. Here `__init__` is compiled when more than a few of a
class are made, the other functions are the same for all, and what `dataclasses` knows of a class
is found out when it is asked (`fields`, `replace`, `asdict`).
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from inspect import get_annotations
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")

_FEW = 3
"""Records of a class that are made in the slow way, which together takes less than compiling."""


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(plain: type[T]) -> type[T]:
    """The class as `dataclass(frozen=True, slots=True)` makes it, except that nothing is compiled.

    Not for classes with bases, `InitVar`, `__post_init__` or fields that `__init__` does not take.
    """
    hints = get_annotations(plain)
    names = tuple(hints)
    body = {name: value for name, value in plain.__dict__.items() if name not in _OF_INSTANCES}
    defaults = {name: body.pop(name) for name in names if name in body}
    compared = [name for name in names if _flag(defaults, name, "compare")]
    content: Callable[[object], object] = attrgetter(*compared) if compared else lambda _: ()

    made_so_far = 0

    def init(self: T, *given: Any, **named: Any) -> None:
        nonlocal made_so_far
        made_so_far += 1
        if made_so_far > _FEW or not _filled(self, made, names, defaults, given, named):
            made.__init__ = _init(made, names, defaults)
            made.__init__(self, *given, **named)

    def equal(self: T, other: object) -> Any:
        return content(self) == content(other) if other.__class__ is made else NotImplemented

    def hashed(self: T) -> int:
        return hash(content(self))

    methods = {"__init__": init, "__eq__": equal, "__hash__": hashed, **_SHARED}
    described = {"__dataclass_fields__": _Fields(defaults), "__match_args__": names}
    made: Any = type(plain.__name__, (), {**body, **methods, **described, "__slots__": names})
    made.__qualname__ = plain.__qualname__
    kept: type[T] = made
    return kept


def _flag(defaults: Mapping[str, object], name: str, flag: str) -> bool:
    default = defaults.get(name)
    return not isinstance(default, Field) or bool(getattr(default, flag))


def _filled(
    self: object,
    made: Any,
    names: tuple[str, ...],
    defaults: Mapping[str, object],
    given: tuple[Any, ...],
    named: Mapping[str, Any],
) -> bool:
    """Do what `_init` compiles; false where it has something to complain about."""
    values = {**dict(zip(names, given, strict=False)), **named}
    if len(values) != len(given) + len(named) or not values.keys() <= set(names):
        return False
    for name in names:
        value = values[name] if name in values else defaults.get(name, MISSING)
        if isinstance(value, Field) and name not in values:
            made_anew = value.default_factory
            value = value.default if made_anew is MISSING else made_anew()
        if value is MISSING:
            return False
        getattr(made, name).__set__(self, value)
    return True


def _init(made: Any, names: tuple[str, ...], defaults: Mapping[str, object]) -> Callable[..., None]:
    """What `dataclass` would have made of these fields, but that it passes by `__setattr__`."""
    given: dict[str, Any] = {"MISSING": MISSING}
    arguments, body = [], []
    for name in names:
        given[f"set_{name}"] = getattr(made, name).__set__
        default, value = defaults.get(name, MISSING), name
        if isinstance(default, Field) and default.default_factory is not MISSING:
            given[f"make_{name}"] = default.default_factory
            default = MISSING
            arguments.append(f"{name}=MISSING")
            value = f"make_{name}() if {name} is MISSING else {name}"
        elif (default := default.default if isinstance(default, Field) else default) is MISSING:
            arguments.append(name)
        else:
            given[f"default_{name}"] = default
            arguments.append(f"{name}=default_{name}")
        body.append(f" set_{name}(self, {value})")
    exec(f"def __init__(self, {', '.join(arguments)}):\n" + "\n".join(body or [" pass"]), given)
    init: Callable[..., None] = given["__init__"]
    init.__qualname__ = f"{made.__qualname__}.__init__"
    return init


class _Fields:
    """What `dataclasses` knows of a class, found out when it asks."""

    def __init__(self, defaults: Mapping[str, object]) -> None:
        self._defaults = defaults

    def __get__(self, instance: object, made: Any) -> dict[str, Field[Any]]:
        # With a text, or `dataclass` would write one.
        body = {"__doc__": "Shown to nobody.", "__module__": made.__module__, **self._defaults}
        body["__annotations__"] = get_annotations(made)
        plain: Any = dataclass(init=False, repr=False, eq=False)(type(made.__name__, (), body))
        found: dict[str, Field[Any]] = plain.__dataclass_fields__
        made.__dataclass_fields__ = found
        return found


def _shown(self: Any) -> str:
    parts = [f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr]
    return f"{type(self).__qualname__}({', '.join(parts)})"


def _taken_apart(self: Any) -> tuple[type, tuple[object, ...]]:
    """How it is copied and pickled: made anew with what it holds."""
    return type(self), tuple(getattr(self, one.name) for one in fields(self))


def _refused(self: object, name: str, value: object = None) -> NoReturn:
    raise FrozenInstanceError(f"cannot change field {name!r}")


_SHARED = {
    "__repr__": _shown,
    "__reduce__": _taken_apart,
    "__setattr__": _refused,
    "__delattr__": _refused,
}
_OF_INSTANCES = frozenset({"__dict__", "__weakref__"})
"""What a class without slots has for its instances."""
