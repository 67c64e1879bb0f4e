"""The lines that stand there before the screen is loaded."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from textual.widgets import Static

from tui.cli.options import UsageError
from tui.cli.parser import parse_options
from tui.cli.screen import build
from tui.terminal.splash import HOSTS, Splash, first_lines
from tui.widgets.host_input import HostInput


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    size = os.terminal_size((80, 24))
    monkeypatch.setattr(os, "get_terminal_size", lambda descriptor=1: size)
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def opened(capsys: pytest.CaptureFixture[str]) -> str:
    with Splash("starting", hosts=True):
        pass
    return capsys.readouterr().err


def test_a_start_that_succeeds_leaves_the_lines_for_the_screen_to_replace(capsys) -> None:
    text = opened(capsys)
    assert text.startswith("\x1b[?1049h")
    assert "starting" in text
    assert "\x1b[?1049l" not in text


def test_a_start_that_fails_gives_the_terminal_back_before_the_sentence(capsys) -> None:
    with pytest.raises(UsageError), Splash("starting", hosts=True):
        raise UsageError("wrong")
    assert capsys.readouterr().err.endswith("\x1b[?1049l")


def test_what_is_typed_early_is_echoed_where_the_host_line_will_be(capsys) -> None:
    assert opened(capsys).endswith(f"\x1b[3H\x1b[1m{HOSTS}\x1b[m ")


async def test_the_screen_has_its_host_line_where_the_first_lines_have_it(
    tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    app = build(parse_options([]))
    async with app.run_test(size=(80, 24)):
        entry = app.query_one(HostInput).region
        label = app.query_one("#entry-label", Static)
        assert (entry.x, entry.y) == (len(HOSTS) + 1, 2)
        assert str(label.render()) == HOSTS


def test_the_first_line_fits_a_narrow_terminal() -> None:
    assert first_lines("reading a/very/long/name.jsonl", 20, hosts=False) == (
        "\x1b[1mauditreach\x1b[m reading a"
    )
