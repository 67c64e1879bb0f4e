"""The wheel holds everything the program reads, and the program runs from it."""

import ast
import os
import re
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from email import message_from_string
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("tui", "probes", "profiles")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel as `pip install .` builds it, made without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def unpacked(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it stands in site-packages."""
    folder = tmp_path_factory.mktemp("unpacked")
    wheel.extractall(folder)
    return folder


def run_from(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program from an unpacked wheel, away from the checkout."""
    return run_python(folder, "-m", "tui", *arguments)


def run_python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python with an unpacked wheel installed, away from the checkout."""
    return subprocess.run(
        [sys.executable, "-P", *arguments],
        cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "name",
    [
        "profiles/catalog/alloyscan.toml",
        "tui/app.tcss",
        "tui/screens/over_main.tcss",
        "probes/session/schema.json",
    ],
)
def test_the_wheel_holds_the_data_the_program_reads(wheel: zipfile.ZipFile, name: str) -> None:
    assert wheel.read(name) == (ROOT / name).read_bytes()


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(
    wheel: zipfile.ZipFile,
) -> None:
    expected = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert len(expected) > 50
    expected |= {f"tui/status/{path.name}" for path in (ROOT / "docs" / "status").iterdir()}
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == expected


def test_the_command_is_installed_under_its_name(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    entries = ConfigParser()
    entries.read_string(wheel.read(name).decode())
    assert dict(entries["console_scripts"]) == {"auditreach": "tui.start:main"}
    module, _, function = entries["console_scripts"]["auditreach"].partition(":")
    assert callable(getattr(import_module(module), function))


def requirements(wheel: zipfile.ZipFile) -> set[str]:
    """The distributions that are installed with this one."""
    (name,) = (name for name in wheel.namelist() if name.endswith("METADATA"))
    metadata = message_from_string(wheel.read(name).decode())
    assert (metadata["Name"], metadata["Requires-Python"]) == ("auditreach", ">=3.11")
    return {
        re.split("[<>=!~; ]", requirement, maxsplit=1)[0].lower()
        for requirement in metadata.get_all("Requires-Dist", [])
        if "extra ==" not in requirement
    }


def imported() -> set[str]:
    """The first names of everything the packages import, wherever in a file."""
    names = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    names |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                    names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - set(PACKAGES)


def test_everything_that_is_imported_is_installed_with_it(wheel: zipfile.ZipFile) -> None:
    # rich is textual's own and of no use in another version than textual's.
    foreign = imported() - {"rich"}
    assert "textual" in foreign
    distributions = packages_distributions()
    found = {name: {one.lower() for one in distributions.get(name, [])} for name in foreign}
    needed = requirements(wheel)
    assert {name for name, providers in found.items() if not providers & needed} == set()


def test_the_program_runs_from_the_wheel(unpacked: Path) -> None:
    ran = run_from(unpacked, "checks")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "windows.winrm" in ran.stdout
    assert "TCP 5985" in ran.stdout


def test_the_program_has_the_page_of_every_status_with_it(unpacked: Path) -> None:
    code = (
        "from probes.model import Status\n"
        "from tui.text.pages import VERDICTS, read_page, page_of\n"
        "for page in (VERDICTS, *map(page_of, Status)): print(read_page(page).splitlines()[0])\n"
    )
    ran = run_python(unpacked, "-c", code)
    assert ran.returncode == 0, ran.stderr
    assert "# blocked" in ran.stdout.splitlines()


def test_every_module_of_the_wheel_can_be_imported(unpacked: Path) -> None:
    names = [
        path.relative_to(unpacked).with_suffix("").as_posix().replace("/", ".")
        for package in PACKAGES
        for path in sorted((unpacked / package).rglob("*.py"))
        if path.name not in ("__init__.py", "__main__.py")
    ]
    code = f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\n"
    ran = run_python(unpacked, "-c", f"{code}print(sys.modules['tui.cli.main'].__file__)")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == str(unpacked / "tui" / "cli" / "main.py")


def test_the_program_knows_the_version_it_was_installed_as(
    wheel: zipfile.ZipFile, unpacked: Path
) -> None:
    ran = run_from(unpacked, "--version")
    version = Path(str(wheel.filename)).name.split("-")[1]
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"auditreach {version}\n", "")
