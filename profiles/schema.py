"""The form of a profile as JSON Schema and as Markdown, generated from the model.

`python -m profiles.schema` writes both into docs/.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from profiles.errors import listed
from profiles.fields import Key, keys_of
from profiles.model import Profile
from profiles.validation import RULES

DOCS = Path(__file__).parent.parent / "docs"

_TYPES = {"text": "string", "flag": "boolean", "number": "integer"}
_WORDS = {"text": "text", "flag": "true or false", "number": "whole number", "table": "table"}

_TOP = """\
# The form of a profile

A profile is what `auditreach` checks, as a TOML file of at most 1 MiB, in the
[encodings](files.md) of every file you name. The built-in one is
`profiles/catalog/alloyscan.toml`; `--profile FILE` uses another of the same form.
This page and `profile.schema.json` are generated from `profiles/model.py` by
`python -m profiles.schema`.
"""


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a profile's TOML; what RULES say is not in it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "auditreach profile",
        **_object(Profile),
        "$defs": {table.__name__: _object(table) for _, table in _tables(Profile)},
    }


def reference() -> str:
    """Every key and every rule of a profile, as Markdown."""
    parts = [_TOP, "## At the top of the file", "", *_rows(Profile)]
    for path, table in _tables(Profile):
        parts += ["", f"## {path}", "", _doc(table), "", *_rows(table)]
    parts += ["", "## Between the keys", "", "Texts are one line of printable characters.", ""]
    parts += [f"- {_doc(rule)}" for rule in RULES]
    return "\n".join(parts) + "\n"


def write(folder: Path) -> None:
    """Write profile-form.md and profile.schema.json into a folder; raises OSError."""
    folder.mkdir(exist_ok=True)
    text = json.dumps(schema(), indent=2) + "\n"
    (folder / "profile.schema.json").write_text(text, encoding="utf-8", newline="\n")
    (folder / "profile-form.md").write_text(reference(), encoding="utf-8", newline="\n")


def _object(table: type[Any]) -> dict[str, Any]:
    keys = keys_of(table)
    return {
        "description": _doc(table),
        "type": "object",
        "additionalProperties": False,
        "required": [key.name for key in keys if key.required],
        "properties": {key.name: _property(key) for key in keys},
    }


def _property(key: Key) -> dict[str, Any]:
    one = _item(key)
    if not key.many:
        default = {} if key.required or key.default is None else {"default": key.default}
        return {"description": key.doc, **one, **default}
    unique = {"uniqueItems": True} if key.kind == "text" else {}
    return {"description": key.doc, "type": "array", "minItems": 1, **unique, "items": one}


def _item(key: Key) -> dict[str, Any]:
    if key.table is not None:
        return {"$ref": f"#/$defs/{key.table.__name__}"}
    # An empty text is the same as no key, where the key may be absent.
    optional = "" if key.required or key.many else "?"
    limits: dict[str, Any] = {
        "enum": list(key.allowed),
        "pattern": f"^(?:{key.pattern}){optional}$" if key.pattern else "",
        "minLength": 1 if key.kind == "text" and key.required and not key.allowed else None,
        "maxLength": key.max_length,
        "minimum": key.minimum,
        "maximum": key.maximum,
    }
    return {"type": _TYPES[key.kind], **{name: limit for name, limit in limits.items() if limit}}


def _tables(top: type[Any]) -> list[tuple[str, type[Any]]]:
    """Every table of the form with its heading; the form is two levels deep."""
    found: list[tuple[str, type[Any]]] = []
    for key in keys_of(top):
        if key.table is None:
            continue
        found.append((f"`[[{key.name}]]`", key.table))
        found += [
            (f"`{inner.name} = [{{…}}]` in `[[{key.name}]]`", inner.table)
            for inner in keys_of(key.table)
            if inner.table is not None
        ]
    return found


def _rows(table: type[Any]) -> Iterator[str]:
    yield "| Key | Holds | Required | Meaning |"
    yield "|---|---|---|---|"
    for key in keys_of(table):
        yield f"| `{key.name}` | {_holds(key)} | {_required(key)} | {_meaning(key)} |"


def _holds(key: Key) -> str:
    if key.allowed:
        what = listed(key.allowed)
        return f"list of {what}" if key.many else what
    return f"list of {_WORDS[key.kind]}s" if key.many else _WORDS[key.kind]


def _required(key: Key) -> str:
    if key.required:
        return "yes"
    if key.many or key.default in (None, ""):
        return "no"
    return f"no; `{json.dumps(key.default)}`"


def _meaning(key: Key) -> str:
    limits = [
        key.doc,
        f"at most {key.max_length} characters" if key.max_length else "",
        f"{key.minimum} to {key.maximum}" if key.minimum is not None else "",
        key.form,
    ]
    return "; ".join(limit for limit in limits if limit).replace("<", "\\<")


def _doc(of: object) -> str:
    return " ".join((inspect.getdoc(of) or "").split())


if __name__ == "__main__":
    write(DOCS)
