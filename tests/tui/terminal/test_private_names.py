"""Names that are no public interface of Textual and Rich: the listed ones, and in one package."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from pkgutil import resolve_name, walk_packages
from types import ModuleType

import pytest
from textual.app import App

import tui
from tui.terminal import PRIVATE_NAMES

ROOT = Path(tui.__file__).parent
OURS = "tui.terminal"
LIBRARIES = ("textual", "rich")
OF_PYTHON = {"os._exit"}
OF_ANY_CLASS = {
    "_abc_impl",
    "_computes",
    "_css_type_name",
    "_css_type_names",
    "_decorated_handlers",
    "_inherit_bindings",
    "_inherit_component_classes",
    "_inherit_css",
    "_merged_bindings",
    "_reactives",
}
"""Python and Textual put these into every class that is derived from another."""


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def missing(listed: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Names that the installed libraries have not, each with what it is for."""
    gone = []
    for place, names in listed.items():
        try:
            owner = resolve_name(place)
        except (ImportError, AttributeError):
            gone.append(f"{place} is not in Textual {version('textual')}")
            continue
        has = fields(owner) if inspect.isclass(owner) else set(vars(owner))
        gone += [f"{place}.{name}: {why}" for name, why in names.items() if name not in has]
    return gone


@cache
def fields(cls: type) -> set[str]:
    """The attributes of a class and those it gives to its instances."""
    found = set(vars(cls))
    try:
        source = textwrap.dedent(inspect.getsource(cls))
    except (OSError, TypeError):
        return found
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in (
            "self",
            "cls",
            "super()",
        ):
            found.add(node.attr)
    return found


def uses(tree: ast.AST) -> Iterator[str]:
    """Private names of other objects and modules in some code."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass
            case ast.Attribute(attr=name) if private(name):
                yield ast.unparse(node)
            case ast.Call(
                func=ast.Name(id="getattr" | "setattr" | "hasattr" | "delattr"),
                args=[ast.expr(), ast.Constant(value=str(name)), *_],
            ) if private(name):
                yield name
            case ast.ImportFrom(module=str(module), names=names):
                yield from (f"{module}.{one.name}" for one in names if hidden(module, one.name))
            case ast.Import(names=names):
                yield from (one.name for one in names if hidden(one.name))


def hidden(*path: str) -> bool:
    parts = ".".join(path).split(".")
    return parts[0] in LIBRARIES and any(map(private, parts))


def shared(cls: type) -> set[str]:
    """Private names of a class of ours that a class of the libraries below it has as well."""
    bases = [one for one in cls.__mro__[1:] if one.__module__.split(".")[0] in LIBRARIES]
    theirs = set().union(*map(fields, bases))
    reactive = {f"_default_{name}" for name in getattr(cls, "_reactives", {})}
    return {name for name in fields(cls) & theirs - OF_ANY_CLASS - reactive if private(name)}


def modules() -> Iterator[ModuleType]:
    for found in walk_packages([str(ROOT)], "tui."):
        if not found.name.endswith("__main__"):
            yield import_module(found.name)


def within(module: str) -> bool:
    return f"{module}.".startswith(f"{OURS}.")


def last(name: str) -> str:
    return name.rpartition(".")[2]


LISTED = {f"{place}.{name}" for place, names in PRIVATE_NAMES.items() for name in names}
ATTRIBUTES = {last(one) for one in LISTED}


def test_the_installed_textual_has_every_name_that_is_used() -> None:
    assert missing(PRIVATE_NAMES) == []


@pytest.mark.parametrize(
    ("place", "name", "said"),
    [
        ("textual.app.App", "_show", "textual.app.App._show: draws"),
        ("textual._compositor.ChopsUpdate", "cuts", "textual._compositor.ChopsUpdate.cuts: draws"),
        ("textual._compositor", "Frame", "textual._compositor.Frame: draws"),
        ("textual._frames", "Frame", f"textual._frames is not in Textual {version('textual')}"),
    ],
)
def test_a_name_that_is_gone_is_told_with_what_it_is_for(place, name, said) -> None:
    assert missing({place: {name: "draws"}}) == [said]


def test_a_frame_is_handed_over_as_the_screen_diff_takes_it() -> None:
    assert list(inspect.signature(App._display).parameters) == ["self", "screen", "renderable"]


def test_private_names_are_used_in_one_package_and_listed_there() -> None:
    unlisted = []
    for path in ROOT.rglob("*.py"):
        module = ".".join(("tui", *path.relative_to(ROOT).with_suffix("").parts))
        known = OF_PYTHON | (LISTED if within(module) else set())
        unlisted += [
            f"{module}: {one}"
            for one in uses(ast.parse(path.read_text(encoding="utf-8")))
            if one not in known and not (within(module) and last(one) in ATTRIBUTES)
        ]
    assert unlisted == []


def test_no_class_has_a_private_name_of_the_class_of_textual_below_it() -> None:
    found = {
        f"{module.__name__}.{cls.__name__}.{name}"
        for module in modules()
        for cls in vars(module).values()
        if inspect.isclass(cls) and cls.__module__ == module.__name__
        for name in shared(cls)
    }
    assert {one for one in found if not within(one) or last(one) not in ATTRIBUTES} == set()
    assert any(one.endswith("._display") for one in found)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("app._driver.write('')", "app._driver"),
        ("getattr(driver, '_writer_thread', None)", "_writer_thread"),
        ("super()._display(screen, update)", "super()._display"),
        ("from textual._compositor import Compositor", "textual._compositor.Compositor"),
        ("from textual.app import _NullFile", "textual.app._NullFile"),
        ("import rich._loop", "rich._loop"),
        ("def f():\n    from textual.drivers._writer_thread import WriterThread",
         "textual.drivers._writer_thread.WriterThread"),
    ],
)  # fmt: skip
def test_a_private_name_is_found_in_whatever_way_it_is_used(code: str, name: str) -> None:
    assert list(uses(ast.parse(code))) == [name]


@pytest.mark.parametrize(
    "code",
    ["self._mine", "from textual.app import App", "import rich", "from tui import _x", "x.y"],
)
def test_names_of_ones_own_and_public_ones_are_not(code: str) -> None:
    assert list(uses(ast.parse(code))) == []
