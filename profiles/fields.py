"""The keys of the form, read off the classes of the model, so that the form is written once."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal

Kind = Literal["text", "flag", "number", "table"]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table: its TOML name, the attribute it fills, and what it may hold."""

    name: str
    attribute: str
    kind: Kind
    many: bool
    required: bool
    default: object
    doc: str
    table: type[Any] | None = None
    """The class of one entry, where kind is `table`."""
    allowed: tuple[str, ...] = ()
    pattern: str = ""
    """Regular expression for the whole text, and `form`, the same in words."""
    form: str = ""
    refers: str = ""
    """Kind of entry this names by id: question, category, role or check."""
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None


def keys_of(record: type[Any]) -> tuple[Key, ...]:
    """The keys of a class of the model, in the order they are declared."""
    # A class is hashable; mypy takes a dataclass's own `__hash__` for the class's.
    hashable: Any = record
    return _keys(hashable)


# Reading the annotations of 30 checks anew would be three quarters of the time a load takes.
@functools.cache
def _keys(record: type[Any]) -> tuple[Key, ...]:
    defaults = _defaults(record)
    return tuple(
        _key(name, annotated.__origin__, annotated.__metadata__[0], defaults)
        for name, annotated in record.__annotations__.items()
        if not annotated.__metadata__[0].get("derived")
    )


def _defaults(record: type[Any]) -> dict[str, object]:
    found = {field.name: field.default for field in fields(record)}
    return {name: default for name, default in found.items() if default is not MISSING}


def _key(name: str, hint: Any, meta: Mapping[str, Any], defaults: Mapping[str, object]) -> Key:
    kind, many, allowed, table = _read(hint)
    return Key(
        name=meta.get("key", name),
        attribute=name,
        kind=kind,
        many=many,
        required=name not in defaults or bool(meta.get("required")),
        default=defaults.get(name),
        doc=meta.get("doc", ""),
        table=table,
        allowed=allowed,
        pattern=meta.get("pattern", ""),
        form=meta.get("form", ""),
        refers=meta.get("refers", ""),
        minimum=meta.get("minimum"),
        maximum=meta.get("maximum"),
        max_length=meta.get("max_length"),
    )


def _read(hint: Any) -> tuple[Kind, bool, tuple[str, ...], type[Any] | None]:
    """Parse an annotation of the model: kind, list or not, allowed words, class."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        kind, _, allowed, table = _read(arguments[0])
        return kind, True, allowed, table
    if origin is types.UnionType:
        return _read(next(one for one in arguments if one is not type(None)))
    if origin is Literal:
        return "text", False, arguments, None
    simple: dict[Any, Kind] = {str: "text", bool: "flag", int: "number"}
    kind = simple.get(hint, "table")
    return kind, False, (), hint if kind == "table" else None
