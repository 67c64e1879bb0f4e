"""The reference as Python is used for the file it was made of, and for no other."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import profiles
from profiles.builtin import CATALOG, builtin_profile, compile_catalog
from profiles.load import parse_profile

SHOW = """
import sys
from profiles.builtin import builtin_profile
profile = builtin_profile()
print("tomllib" in sys.modules, profile.name, profile.checks[0].loss, len(profile.file))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package, compiled as for a wheel."""
    copy = tmp_path / "profiles"
    left = shutil.ignore_patterns("__pycache__", "alloyscan.py")
    shutil.copytree(Path(profiles.__file__).parent, copy, ignore=left)
    python(copy, "from profiles.builtin import compile_catalog; compile_catalog()")
    return copy


def python(package: Path, code: str) -> str:
    """What some code prints that imports this copy."""
    ran = subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=package.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.strip()


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_what_was_compiled_is_what_the_file_says(probes) -> None:
    compile_catalog()
    data = CATALOG.read_bytes()
    assert repr(builtin_profile()) == repr(parse_profile(data, "alloyscan.toml", probes))
    assert builtin_profile().file == data


def test_a_compiled_reference_needs_no_reading_of_toml(package: Path) -> None:
    assert python(package, SHOW) == f"False AlloyScan blocked {CATALOG.stat().st_size}"


STALE: dict[str, tuple[Callable[[Path], None], str]] = {
    "its file was changed": (
        lambda at: edit(at / "catalog" / "alloyscan.toml", '"AlloyScan"', '"AlloyScam"'),
        "True AlloyScam blocked",
    ),
    "a default of the model was changed": (
        lambda at: edit(at / "model.py", 'Loss, {"doc"', 'str, {"doc"'),
        "True AlloyScan blocked",
    ),
    "a class of the model has another name": (
        lambda at: [
            edit(at / "model.py", "class Capability:", "class Ability:"),
            edit(at / "model.py", "tuple[Capability, ...]", "tuple[Ability, ...]"),
        ],
        "True AlloyScan blocked",
    ),
    "it is not there": (
        lambda at: (at / "catalog" / "alloyscan.py").unlink(),
        "True AlloyScan blocked",
    ),
}


@pytest.mark.parametrize("name", STALE)
def test_the_file_is_read_where(name: str, package: Path) -> None:
    change, shown = STALE[name]
    change(package)
    assert python(package, SHOW).rpartition(" ")[0] == shown


def test_a_reference_that_is_compiled_already_is_not_written_again(package: Path) -> None:
    compiled = package / "catalog" / "alloyscan.py"
    before = compiled.stat()
    python(package, "from profiles.builtin import compile_catalog; compile_catalog()")
    after = compiled.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert sorted(path.name for path in compiled.parent.iterdir()) == [
        "alloyscan.py",
        "alloyscan.toml",
    ]
