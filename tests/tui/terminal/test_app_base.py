"""Frames and a busy terminal: the first one is always sent, a later one when there is room."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from textual.messages import TerminalSupportsSynchronizedOutput

from tests.tui.terminal.stalling import OneLine, StallingTerminal


def run(terminal: StallingTerminal, steps: Callable[[OneLine], Awaitable[None]]) -> None:
    """Run the application on a terminal until the steps are done."""

    async def main() -> None:
        app = OneLine(terminal)
        running = asyncio.create_task(app.run_async(size=(80, 24)))
        try:
            await steps(app)
        finally:
            terminal.go_on()
            app.exit(0)
            await running

    asyncio.run(main())


async def until(happened: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not happened():  # noqa: ASYNC110
            await asyncio.sleep(0)


def drawn(app: OneLine, calls: int) -> Callable[[], bool]:
    """Holds when so many frames have been drawn from now on, sent or not."""
    left = [None] * calls
    before = app._display

    def counted(screen, renderable):
        before(screen, renderable)
        if renderable is not None and left:
            left.pop()

    app._display = counted
    return lambda: not left


def test_the_first_frame_does_not_wait_for_a_terminal_that_is_still_being_prepared() -> None:
    terminal = StallingTerminal(stalled=True)

    async def steps(app: OneLine) -> None:
        for _ in range(10):
            app.output.write("\x1b[?1000h")
        await until(lambda: app.output.running)
        for _ in range(10):
            app.output.write("\x1b[?1000h")
        await until(lambda: app.output.pending > 10)
        terminal.go_on()
        await until(lambda: "before" in "".join(terminal.taken))

    run(terminal, steps)


def test_frames_are_skipped_while_the_terminal_takes_nothing_and_the_last_one_is_sent_later():
    terminal = StallingTerminal(stalled=False)

    async def steps(app: OneLine) -> None:
        await until(lambda: "before" in "".join(terminal.taken))
        terminal.stall()
        for _ in range(3):
            app.output.write("\a")
        await until(lambda: app.output.pending == 2)
        waiting = app.output.pending
        for text in ("first", "second", "third"):
            done = drawn(app, 1)
            app.put(text)
            await until(done)
        assert app.output.pending == waiting
        terminal.go_on()
        await until(lambda: "third" in "".join(terminal.taken))

    run(terminal, steps)
    sent = "".join(terminal.taken)
    assert "first" not in sent
    assert "second" not in sent


def test_nothing_changed_on_the_screen_sends_nothing() -> None:
    terminal = StallingTerminal(stalled=False)

    async def steps(app: OneLine) -> None:
        await until(lambda: "before" in "".join(terminal.taken))
        sent = len(terminal.taken)
        done = drawn(app, 1)
        app.put("before")
        await until(done)
        app.output.write("\a")
        await until(lambda: "\a" in terminal.taken)
        assert len(terminal.taken) == sent + 1

    run(terminal, steps)


def test_a_terminal_that_knows_synchronized_output_is_not_sent_it() -> None:
    terminal = StallingTerminal(stalled=False)

    async def steps(app: OneLine) -> None:
        await until(lambda: "before" in "".join(terminal.taken))
        app.post_message(TerminalSupportsSynchronizedOutput())
        app.call_later(app.put, "synced")
        await until(lambda: "synced" in "".join(terminal.taken))

    run(terminal, steps)
    assert "\x1b[?2026" not in "".join(terminal.taken)
