"""Values of a foreign JSON object, with their types checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeGuard

from probes.engine.session.line import BadLine

_NONE: Mapping[str, object] = {}


def text(record: Mapping[str, object], key: str) -> str:
    """A string, empty if the key is absent; raises BadLine."""
    value = record.get(key, "")
    if not isinstance(value, str):
        raise BadLine(f"its {key} is not a string")
    return value


def texts(record: Mapping[str, object], key: str) -> tuple[str, ...]:
    """A list of strings, empty if the key is absent; raises BadLine."""
    value = record.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadLine(f"its {key} is not a list of strings")
    return tuple(value)


def mapping(record: Mapping[str, object], key: str) -> Mapping[str, object]:
    """An object, empty if the key is absent; raises BadLine."""
    value = record.get(key, _NONE)
    if not isinstance(value, dict):
        if value is _NONE:
            return _NONE
        raise BadLine(f"its {key} is not an object")
    return value


def items(record: Mapping[str, object], key: str) -> list[dict[str, object]]:
    """A list of objects, empty if the key is absent; raises BadLine."""
    value = record.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise BadLine(f"its {key} is not a list of objects")
    return value


def integer(
    record: Mapping[str, object], key: str, default: int, least: int = 0, most: int = 2**31 - 1
) -> int:
    """An integer from `least` to `most`; raises BadLine."""
    value = record.get(key, default)
    if type(value) is not int or not least <= value <= most:
        raise BadLine(f"its {key} is not a number from {least} to {most}")
    return value


def number(record: Mapping[str, object], key: str, default: float, least: float = 0.0) -> float:
    """A finite number of at least `least`; raises BadLine."""
    value = record.get(key, default)
    if not finite(value) or value < least:
        raise BadLine(f"its {key} is not a number of at least {least:g}")
    return float(value)


def finite(value: object) -> TypeGuard[float]:
    """Whether a JSON value is a number that can be calculated with."""
    if isinstance(value, float):
        return math.isfinite(value)
    return type(value) is int and -(2**63) <= value < 2**63
