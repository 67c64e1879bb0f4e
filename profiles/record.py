"""Frozen dataclasses that cost the start little: of what they can do nothing is compiled at once.

`dataclass(frozen=True, slots=True)` writes six functions as text and compiles them, a millisecond
for every class. Here `__init__` is compiled when the first record of a class is made, and the
others are the same for all.
"""

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(plain: type[T]) -> type[T]:
    """The class as `dataclass(frozen=True, slots=True)` makes it, except that nothing is compiled.

    Not for classes with bases, `InitVar`, `__post_init__` or fields that `__init__` does not take.
    """
    # Its own slots, and no text of a signature, which would compile `__init__`.
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True)(plain)
    known = fields(made)
    compared = [one.name for one in known if one.compare]
    content = _content(compared)

    def init(self: T, *given: Any, **named: Any) -> None:
        made.__init__ = _init(made, known)
        made.__init__(self, *given, **named)

    def equal(self: T, other: object) -> Any:
        return content(self) == content(other) if other.__class__ is made else NotImplemented

    def hashed(self: T) -> int:
        return hash(content(self))

    made.__init__, made.__eq__, made.__hash__ = init, equal, hashed
    made.__repr__, made.__reduce__ = _shown, _taken_apart
    made.__setattr__ = made.__delattr__ = _refused
    kept: type[T] = made
    return kept


def _content(names: list[str]) -> Callable[[object], object]:
    # With one name it gives that attribute itself, which compares and hashes as well.
    return attrgetter(*names) if names else lambda _: ()


def _init(made: Any, known: tuple[Field[Any], ...]) -> Callable[..., None]:
    """What `dataclass` would have made of these fields, but that it passes by `__setattr__`."""
    given: dict[str, Any] = {"MISSING": MISSING}
    arguments, body = [], []
    for one in known:
        given[f"set_{one.name}"] = getattr(made, one.name).__set__
        value = one.name
        if one.default is not MISSING:
            given[f"default_{one.name}"] = one.default
            arguments.append(f"{one.name}=default_{one.name}")
        elif one.default_factory is not MISSING:
            given[f"make_{one.name}"] = one.default_factory
            arguments.append(f"{one.name}=MISSING")
            value = f"make_{one.name}() if {one.name} is MISSING else {one.name}"
        else:
            arguments.append(one.name)
        body.append(f" set_{one.name}(self, {value})")
    exec(f"def __init__(self, {', '.join(arguments)}):\n" + "\n".join(body or [" pass"]), given)
    init: Callable[..., None] = given["__init__"]
    init.__qualname__ = f"{made.__qualname__}.__init__"
    return init


def _shown(self: Any) -> str:
    parts = [f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr]
    return f"{type(self).__qualname__}({', '.join(parts)})"


def _taken_apart(self: Any) -> tuple[type, tuple[object, ...]]:
    """How it is copied and pickled: made anew with what it holds."""
    return type(self), tuple(getattr(self, one.name) for one in fields(self))


def _refused(self: object, name: str, value: object = None) -> NoReturn:
    raise FrozenInstanceError(f"cannot change field {name!r}")
