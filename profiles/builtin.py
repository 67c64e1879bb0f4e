"""The built-in reference: as Python where that was made of its file as it is now, or read from it.

Reading TOML and checking each key costs a twentieth of the screen's start, so the package holds
what comes of it as well, made when it is built (`hatch_build.py`). A checkout may lack it.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from importlib.util import source_hash
from pathlib import Path

from profiles.model import Profile

_HERE = Path(__file__).parent
# importlib.resources would find them in a zip file too, and costs the start more than this.
CATALOG = _HERE / "catalog" / "alloyscan.toml"
_READING = ("model.py", "build.py", "keys.py")
"""What decides, beside the file, how it is read."""
COMPILED = CATALOG.with_suffix(".py")


def builtin_profile() -> Profile:
    """The reference; not checked by the rules between its keys, which tests do."""
    data = CATALOG.read_bytes()
    return _compiled(data) or replace(_read(data), file=data)


def compile_catalog() -> None:
    """Write the reference as Python beside its file, unless it stands there already."""
    data = CATALOG.read_bytes()
    text = (
        '"""Made of alloyscan.toml by profiles/builtin.py, which uses it for that file only."""\n'
        "from profiles.model import *\n"
        f"MADE_FROM = {_made_from(data)!r}\n"
        f"def profile(file: bytes) -> Profile:\n    return {repr(_read(data))[:-1]}, file=file)\n"
    )
    if not COMPILED.exists() or COMPILED.read_text(encoding="utf-8") != text:
        # Whoever starts meanwhile reads the one or the other.
        whole = COMPILED.with_suffix(".new")
        whole.write_text(text, encoding="utf-8")
        whole.replace(COMPILED)


def _compiled(data: bytes) -> Profile | None:
    try:
        module = import_module("profiles.catalog.alloyscan")
        if _made_from(data) != module.MADE_FROM:
            return None
    except (ImportError, OSError):
        return None
    profile: Profile = module.profile(data)
    return profile


def _made_from(data: bytes) -> bytes:
    """A hash of the file and of what reads it, as Python keeps one of sources."""
    return source_hash(b"".join([data, *((_HERE / name).read_bytes() for name in _READING)]))


def _read(data: bytes) -> Profile:
    # Only where it was not compiled.
    import tomllib

    from profiles.build import build

    return build(Profile, tomllib.loads(data.decode()), "", "a profile")
