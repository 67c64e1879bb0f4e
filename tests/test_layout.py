"""Rules of the house that no linter knows: length, broad excepts, sockets, what is loaded when."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tui import screens

ROOT = Path(__file__).parent.parent
PACKAGES = ("tui", "probes", "profiles")
MOST_LINES = 600

HEAVY = ("asyncssh", "pysnmp", "dns", "icmplib", "cryptography", "h11", "defusedxml")
"""Protocol libraries: a second of start that only a job of that protocol should pay."""

MAY_CATCH_EVERYTHING = "probes/engine/scheduler.py"
MAY_OPEN_SOCKETS = ("probes/vantage/local/", "probes/lab/")
OPENS_SOCKETS = frozenset(
    (
        "socket",
        "socketpair",
        "create_connection",
        "create_server",
        "create_datagram_endpoint",
        "open_connection",
        "start_server",
        "sock_connect",
        "getaddrinfo",
        "getnameinfo",
        "gethostbyname",
        "gethostbyname_ex",
        "gethostbyaddr",
        "getfqdn",
    )
)
"""Calls by which a program reaches the network or the resolver."""


QUESTIONS = ("What", "Whether", "How", "Who", "Where", "Which")
"""Words that no docstring begins with: it is a noun phrase or an imperative."""

DOORS = {
    "tui/start.py": "everything, once an interrupt is quiet",
    "tui/cli/main.py": "subcommands: each loads what it needs itself",
    "tui/cli/screen.py": "the application, behind the first lines of the screen",
    "tui/screens/__init__.py": "what comes over the main screen, and what its first frame lacks",
    "tui/cli/prepare.py": "the registry of probes, to check a profile of one's own",
    "tui/controller.py": "the engine and the demo, for which the first frame does not wait",
    "tui/reports/__init__.py": "report formats: each is loaded when it is written",
    "probes/registry/probe.py": "probes: each is loaded, with its protocol's library, by a job",
    "probes/registry/commands.py": "defusedxml, for a row of WinRM only",
    "probes/vantage/local/dns_servers.py": "dnspython, loaded in a thread by the first look-up",
    "probes/model.py": "importlib.metadata, which brings a parser of mail, for the version",
}
"""Files that may import inside a function, or by a name in a text, and why."""

FIRST_PAINT = """
import os
os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_STATE_HOME"] = sys.argv[1]
from tui.cli.screen import build
from tui.cli.options import Options

def painted(*_):
    sys.__stdout__.write(chr(0) + " ".join(sys.modules))
    sys.__stdout__.flush()
    os._exit(0)

app = build(Options("screen"))
type(app)._display = painted
app.run(headless=True)
"""


def opens_a_socket(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in OPENS_SOCKETS


def holds_a_socket(node: ast.AST) -> bool:
    """By its type, by the usual name of one, or by asking a transport for its own."""
    match node:
        case ast.Attribute(attr="sock") | ast.Name(id="sock"):
            return True
        case ast.keyword(arg="sock") | ast.arg(arg="sock") | ast.Constant(value="socket"):
            return True
        case ast.Attribute(value=ast.Name(id="socket"), attr="socket"):
            return True
    return False


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def loaded(code: str, *arguments: str) -> set[str]:
    """The modules of a fresh interpreter after some code."""
    ran = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(chr(0), *sys.modules)", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(ran.stdout.rpartition("\0")[2].split())


def test_no_file_is_so_long_that_it_must_be_two_things() -> None:
    lengths = {
        name_of(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources(*PACKAGES, "bench", "tests")
    }
    assert lengths, "no sources found"
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_only_the_run_catches_everything() -> None:
    broad = []
    for path in sources(*PACKAGES):
        if name_of(path) == MAY_CATCH_EVERYTHING:
            continue
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = ast.unparse(node.type).strip("()").split(", ") if node.type else ["Exception"]
            last = node.body[-1]
            passed_on = isinstance(last, ast.Raise) and last.exc is None
            if {"Exception", "BaseException"} & set(caught) and not passed_on:
                broad.append(f"{name_of(path)}:{node.lineno}")
    assert broad == []


def test_the_run_has_one_place_that_catches_everything() -> None:
    text = (ROOT / MAY_CATCH_EVERYTHING).read_text(encoding="utf-8")
    assert text.count("except Exception") == 1


def test_sockets_are_opened_behind_the_vantage_only() -> None:
    opened = [
        f"{name_of(path)}:{node.lineno} {ast.unparse(node.func)}"
        for path in sources(*PACKAGES)
        if not name_of(path).startswith(MAY_OPEN_SOCKETS)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and opens_a_socket(node)
    ]
    assert opened == []


def test_sockets_are_held_behind_the_vantage_only() -> None:
    held = [
        f"{name_of(path)}:{getattr(node, 'lineno', 0)} {ast.unparse(node)}"
        for path in sources(*PACKAGES)
        if not name_of(path).startswith(MAY_OPEN_SOCKETS)
        for node in ast.walk(tree_of(path))
        if holds_a_socket(node)
    ]
    assert held == []


@pytest.mark.parametrize(
    "code",
    [
        "def send(sock): ...",
        "def send(where: socket.socket): ...",
        "outcome.sock.close()",
        "loop.create_connection(factory, sock=one)",
        "sock = one",
        "transport.get_extra_info('socket')",
    ],
)
def test_a_socket_is_found_in_whatever_way_it_is_held(code: str) -> None:
    assert any(holds_a_socket(node) for node in ast.walk(ast.parse(code)))


def test_the_program_makes_its_vantage_in_one_place() -> None:
    makers = {
        name_of(path)
        for path in sources("tui")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.alias) and node.name in ("LocalVantage", "LabVantage")
    }
    assert makers == {"tui/cli/vantage.py"}


def test_nothing_hides_a_socket_behind_a_name_of_its_own() -> None:
    hidden = [
        f"{name_of(path)}:{node.lineno}"
        for path in sources(*PACKAGES)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.module in ("socket", "_socket")
    ]
    assert hidden == []


@pytest.mark.parametrize("folder", ["probes", "profiles"])
def test_no_screen_below_the_screen(folder: str) -> None:
    names = [
        name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in sources(folder)
    ]
    modules = loaded(f"import {', '.join(names)}")
    assert names[0] in modules
    assert {"textual", "rich", "tui"} & modules == set()


def late_imports(path: Path) -> list[int]:
    """The lines of a file that import where it is not read: in a function, or by a text."""
    tree = tree_of(path)
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    inside = {
        node.lineno
        for function in ast.walk(tree)
        if isinstance(function, functions)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    by_text = {
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in ("import_module", "__import__")
    }
    return sorted(inside | by_text)


def test_only_the_doors_import_inside_a_function() -> None:
    late = {name_of(path): late_imports(path) for path in sources(*PACKAGES)}
    outside = [
        f"{name}:{line}" for name, lines in late.items() if name not in DOORS for line in lines
    ]
    assert outside == [], "import at the top of the file, or open it by one of the doors"
    assert {name for name in DOORS if not late[name]} == set(), "these are doors no more"


def docstrings(path: Path) -> Iterator[ast.Constant]:
    """The docstrings of a file, those below constants and fields as well."""
    for node in ast.walk(tree_of(path)):
        match node:
            case ast.Expr(value=ast.Constant(value=str()) as docstring):
                yield docstring


def test_no_docstring_begins_as_a_question() -> None:
    questions = [
        f"{name_of(path)}:{docstring.lineno}"
        for path in sources(*PACKAGES, "bench", "tests")
        for docstring in docstrings(path)
        if str(docstring.value).split(maxsplit=1)[0] in QUESTIONS
    ]
    assert questions == []


def test_the_door_of_the_screens_opens_on_what_a_type_checker_sees() -> None:
    tree = tree_of(ROOT / "tui" / "screens" / "__init__.py")
    typed = {
        alias.name: node.module
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == screens.MODULE_OF
    # A module of the folder stands there under its own name once it is loaded.
    assert {path.stem for path in sources("tui/screens")} & typed.keys() == set()
    for name, module in typed.items():
        assert getattr(screens, name) is getattr(import_module(module), name)


def test_the_first_paint_needs_no_library_of_a_protocol(tmp_path: Path) -> None:
    modules = loaded(FIRST_PAINT, str(tmp_path))
    assert {"textual.app", "tui.screens.main", "profiles.model"} <= modules
    assert {name for name in HEAVY if name in modules} == set()
    assert "probes.session.reader" not in modules, "an old session is read when one is opened"
    assert "probes.judging.recognition" not in modules, "a role is decided when something answers"


def test_the_registry_of_probes_loads_no_protocol_library() -> None:
    modules = loaded("from probes.registry import PROBES\nassert PROBES")
    assert {name for name in (*HEAVY, "asyncio", "ssl") if name in modules} == set()


def test_the_first_lines_are_written_before_the_libraries_of_the_screen_are_loaded() -> None:
    modules = loaded("import tui.cli.screen")
    assert "tui.terminal.splash" in modules
    assert {name for name in (*HEAVY, "textual", "rich") if name in modules} == set()


def test_a_run_without_a_screen_starts_without_its_libraries() -> None:
    modules = loaded("import tui.cli.run")
    assert {name for name in (*HEAVY, "textual", "rich") if name in modules} == set()


def test_the_list_of_checks_is_printed_without_the_libraries_of_screen_and_network() -> None:
    modules = loaded("from tui.cli.main import main\nassert main(['checks']) == 0")
    assert "tui.cli.checks" in modules
    assert {name for name in (*HEAVY, "textual", "rich") if name in modules} == set()


def test_bad_usage_is_found_before_anything_big_is_loaded() -> None:
    modules = loaded("from tui.cli.main import main\nassert main(['run', '--timeout', 'x']) == 2")
    assert {name for name in (*HEAVY, "textual", "rich", "asyncio") if name in modules} == set()


@pytest.mark.parametrize(
    "package",
    sorted(
        ".".join(path.relative_to(ROOT).parent.parts)
        for name in PACKAGES
        for path in (ROOT / name).rglob("__init__.py")
    ),
)
def test_no_module_asks_the_package_that_imports_it(package: str) -> None:
    """Two threads that import such a package from two sides wait for each other.

    Python ends that by showing one of them a module that is not whole.
    """
    folder = ROOT.joinpath(*package.split("."))
    if not any(one.startswith(f"{package}.") for one in imported_from(folder / "__init__.py")):
        return
    asking = [
        path.name
        for path in folder.rglob("*.py")
        if path.name != "__init__.py" and package in imported_from(path)
    ]
    assert asking == []


def imported_from(path: Path) -> set[str]:
    """Modules of which something is imported from in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
