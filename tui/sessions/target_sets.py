"""Named sets of targets: list files, one ROLE=HOST a line, that `@FILE` takes as well."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_address
from itertools import groupby
from pathlib import Path

from probes.model import Target
from probes.session import SessionError
from probes.session.paths import error_text
from probes.state_directory import state_directory
from profiles.errors import printable_path
from profiles.files import FileError, FileKind, read_text
from tui.storage.files import write_private

MAX_NAME = 40
_KIND = FileKind("a set with a host a line, a longer one as @FILE", 256 * 1024, may_be_empty=True)
_NAME = re.compile(r"\w[\w .-]{0,39}")


def folder() -> Path:
    """Folder of the sets; it may not exist yet."""
    return state_directory() / "targets"


def names(place: Path | None = None) -> list[str]:
    """The names of the sets, in alphabetical order."""
    try:
        found = [path.stem for path in (place or folder()).iterdir() if path.suffix == ".txt"]
    except OSError:
        return []
    return sorted((name for name in found if _NAME.fullmatch(name)), key=str.casefold)


def save(name: str, targets: Iterable[Target], place: Path | None = None) -> Path:
    """Write a set, over one of the same name, mode 0600; raises SessionError."""
    path = _path(name, place)
    text = "".join(f"{line}\n" for line in _lines(targets))
    try:
        write_private(path, text)
    except OSError as error:
        raise SessionError(f"Cannot keep {printable_path(path)}: {error_text(error)}.") from None
    return path


def _lines(targets: Iterable[Target]) -> Iterator[str]:
    """A line for each target, and for those of a network or range one for all that stand together.

    So they stay what they were: addresses of a network, of which not each has a host.
    """
    for _, group in groupby(targets, key=lambda one: one.network and (one.role, one.port)):
        yield from _range_lines([*group])


def _range_lines(targets: Sequence[Target]) -> Iterator[str]:
    """Lines of targets of one network, or of any that were named singly."""
    runs: list[tuple[Target, Target]] = []
    for target in targets:
        if target.network and runs and _is_next(runs[-1][1].host, target.host):
            runs[-1] = runs[-1][0], target
        else:
            runs.append((target, target))
    for first, last in runs:
        if first is last:
            yield _line(first)
        else:
            ends = replace(first, host=f"{first.host}-{last.host}", friendly_name="")
            if first.port is not None and ":" in first.host:
                yield f"{first.role}=[{first.host}]-[{last.host}]:{first.port}"
            else:
                yield _line(ends)


def _is_next(one: str, other: str) -> bool:
    """True if an address follows another one of its scope; False for what is no address."""
    (first, _, scope), (second, _, its) = one.partition("%"), other.partition("%")
    try:
        numbers = ip_address(first), ip_address(second)
    except ValueError:
        return False
    same = scope == its and numbers[0].version == numbers[1].version
    return same and int(numbers[0]) + 1 == int(numbers[1])


def _line(target: Target) -> str:
    friendly = f"  # {target.friendly_name}" if target.friendly_name else ""
    return f"{target.role}={target.label}{friendly}"


def load(name: str, place: Path | None = None) -> str:
    """The targets of a set as one line of hosts; raises SessionError."""
    path = _path(name, place)
    try:
        text = read_text(path, _KIND)
    except FileError as error:
        raise SessionError(f"{printable_path(path)}: {error}.") from None
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return " ".join(line for line in lines if line)


def delete(name: str, place: Path | None = None) -> None:
    """Delete a set; raises SessionError."""
    path = _path(name, place)
    try:
        path.unlink()
    except OSError as error:
        raise SessionError(f"Cannot delete {printable_path(path)}: {error_text(error)}.") from None


def _path(name: str, place: Path | None) -> Path:
    name = name.strip()
    if not _NAME.fullmatch(name) or name.endswith("."):
        raise SessionError(
            f"'{printable_path(name[:60])}' is no name for a set: letters, digits, spaces, dots "
            f"and dashes, at most {MAX_NAME}."
        )
    return (place or folder()) / f"{name}.txt"
