"""Line of a session log: a JSON object from and to typed values."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import TypeGuard

MAX_LINE = 1024 * 1024
"""Bytes of one record; a longer one is not read."""
MAX_HEADER = 64 * 1024 * 1024
"""Bytes of the first line, which names every target."""
MAX_DEPTH = 32
"""Nesting of objects and lists."""

_EMPTY: Mapping[str, object] = {}

# ASCII keeps DEL, C1 controls, bidirectional overrides and lone surrogates out of the file: it can
# be shown with cat.
_encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode


class BadLine(ValueError):
    """Line that is not a record; the message gives the reason without content of the line."""


def _no_constant(name: str) -> object:
    raise BadLine(f"{name} is not a JSON number")


_decode = json.JSONDecoder(parse_constant=_no_constant).raw_decode


def encode_record(record: Mapping[str, object]) -> str:
    """Encode a record as one line of ASCII without its newline.

    Values that JSON cannot carry are replaced: a number that is not finite by null, bytes by their
    hex, anything else by its text.
    """
    try:
        text = _encode(record)
        if text.count("[") + text.count("{") > MAX_DEPTH and nesting_depth(record) > MAX_DEPTH:
            text = _encode(to_json_types(record))
    except (TypeError, ValueError, RecursionError):
        text = _encode(to_json_types(record))
    return text


def decode_record(line: bytes) -> dict[str, object]:
    """Decode the object on one line; raises BadLine."""
    try:
        text = line.decode("utf-8").strip(" \t\r\n")
        value, end = _decode(text)
    except UnicodeDecodeError:
        raise BadLine("it is not UTF-8") from None
    except RecursionError:
        raise BadLine("it is nested too deeply") from None
    except json.JSONDecodeError:
        raise BadLine("it is not JSON") from None
    except BadLine:
        raise
    except ValueError:
        raise BadLine("it holds a number that is too long") from None
    if not isinstance(value, dict) or end != len(text):
        raise BadLine("it is not one JSON object")
    if line.count(b"[") + line.count(b"{") > MAX_DEPTH and nesting_depth(value) > MAX_DEPTH:
        raise BadLine("it is nested too deeply")
    return value


def get_text(record: Mapping[str, object], key: str) -> str:
    """String under a key, empty if it is absent; raises BadLine."""
    value = record.get(key, "")
    if not isinstance(value, str):
        raise BadLine(f"its {key} is not a string")
    return value


def get_texts(record: Mapping[str, object], key: str) -> tuple[str, ...]:
    """List of strings under a key, empty if it is absent; raises BadLine."""
    value = record.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadLine(f"its {key} is not a list of strings")
    return tuple(value)


def get_mapping(record: Mapping[str, object], key: str) -> Mapping[str, object]:
    """Object under a key, empty if it is absent; raises BadLine."""
    value = record.get(key, _EMPTY)
    if not isinstance(value, dict):
        if value is _EMPTY:
            return _EMPTY
        raise BadLine(f"its {key} is not an object")
    return value


def get_items(record: Mapping[str, object], key: str) -> list[dict[str, object]]:
    """List of objects under a key, empty if it is absent; raises BadLine."""
    value = record.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise BadLine(f"its {key} is not a list of objects")
    return value


def get_integer(
    record: Mapping[str, object], key: str, default: int, least: int = 0, most: int = 2**31 - 1
) -> int:
    """Integer from `least` to `most` under a key; raises BadLine."""
    value = record.get(key, default)
    if type(value) is not int or not least <= value <= most:
        raise BadLine(f"its {key} is not a number from {least} to {most}")
    return value


def get_number(record: Mapping[str, object], key: str, default: float, least: float = 0.0) -> float:
    """Finite number of at least `least` under a key; raises BadLine."""
    value = record.get(key, default)
    if not is_finite_number(value) or value < least:
        raise BadLine(f"its {key} is not a number of at least {least:g}")
    return float(value)


def is_finite_number(value: object) -> TypeGuard[float]:
    """True for a JSON number that can be calculated with."""
    if isinstance(value, float):
        return math.isfinite(value)
    return type(value) is int and -(2**63) <= value < 2**63


def to_json_types(value: object, max_depth: int = MAX_DEPTH) -> object:
    """Value in JSON types, with objects and lists nested at most `max_depth` deep."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else hex(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if max_depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {str(key): to_json_types(item, max_depth - 1) for key, item in value.items()}
    if isinstance(value, Iterable):
        return [to_json_types(item, max_depth - 1) for item in value]
    return str(value)


def nesting_depth(value: object) -> int:
    """Depth of nested objects and lists, counted up to just beyond the limit."""
    level = [value]
    for depth in range(MAX_DEPTH + 1):
        children: list[object] = []
        for item in level:
            if isinstance(item, Mapping):
                children.extend(item.values())
                children.append(None)
            elif isinstance(item, (list, tuple)):
                children.extend(item)
                children.append(None)
        if not children:
            return depth
        level = children
    return MAX_DEPTH + 1
