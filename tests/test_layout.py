"""Rules of the house that no linter knows: length, broad excepts, sockets, what is loaded when."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

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


AFTER_THE_FIRST_PAINT = (
    *("hashlib", "json"),
    *("probes.vantage.local", "probes.options", "probes.engine.scheduler", "probes.session"),
    *("probes.targets", "probes.engine.thread", "probes.lab", "probes.wire.proxy"),
    *("tui.cli.credentials", "tui.cli.trust", "tui.engine_session"),
    *("tui.models.loaded_session", "tui.reports", "tui.sessions"),
    *("tui.screens.dialogs", "tui.screens.help"),
    *("tui.screens.session_browser", "tui.widgets.filter_input"),
)
"""What the usual start can do without; with what is below each of them."""

FIRST_PAINT = """
import os
os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_STATE_HOME"] = sys.argv[1]
import tui.cli.main
from tui.cli.config import configured
from tui.cli.screen import build

app = build(configured(tui.cli.main._options([])))

def painted(*_):
    sys.__stdout__.write(chr(0) + " ".join(sys.modules))
    sys.__stdout__.flush()
    os._exit(0)

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


def test_the_screen_starts_without_the_protocol_libraries() -> None:
    modules = loaded("import tui.app, tui.controller, tui.cli.screen")
    assert "textual.app" in modules
    assert {name for name in HEAVY if name in modules} == set()


def test_what_the_first_paint_can_do_without_is_loaded_after_it(tmp_path: Path) -> None:
    modules = loaded(FIRST_PAINT, str(tmp_path))
    assert {"tui.screens.main", "tui.widgets.table", "profiles.model"} <= modules
    late = (*HEAVY, *AFTER_THE_FIRST_PAINT)
    files = [ROOT / one.replace(".", "/") for one in late if one.startswith(PACKAGES)]
    assert [file for file in files if not (file.is_dir() or file.with_suffix(".py").exists())] == []
    assert {one for one in modules if any(f"{one}.".startswith(f"{it}.") for it in late)} == set()


def test_the_registry_of_probes_loads_no_protocol_library() -> None:
    modules = loaded("from probes.registry import PROBES\nassert PROBES")
    assert {name for name in (*HEAVY, "asyncio", "ssl") if name in modules} == set()


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
