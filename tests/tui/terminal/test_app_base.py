"""Frames and a busy terminal: the first one is always sent, a later one when there is room."""

from __future__ import annotations

import asyncio
from queue import Queue
from types import SimpleNamespace

from tui.terminal.app_base import LeanApp


class Terminal:
    """A driver whose terminal takes nothing until it is told to."""

    def __init__(self, waiting: int) -> None:
        self.sent: list[str] = []
        self._writer_thread = SimpleNamespace(_queue=Queue())
        for _ in range(waiting):
            self._writer_thread._queue.put("")

    def write(self, text: str) -> None:
        self.sent.append(text)

    def flush(self) -> None:
        pass

    def take(self) -> None:
        self._writer_thread._queue = Queue()


def test_the_first_frame_does_not_wait_for_the_terminal_to_be_prepared_and_later_ones_do() -> None:
    async def main() -> None:
        app = LeanApp()
        app._driver = terminal = Terminal(waiting=10)
        late = []
        app.set_timer = lambda _, do: late.append(do)
        app._send()
        assert len(terminal.sent) == 1
        app._frame.forget()
        app._send()
        app._send()
        assert len(terminal.sent) == 1
        assert len(late) == 1
        terminal.take()
        late[0]()
        assert len(terminal.sent) == 2

    asyncio.run(main())
