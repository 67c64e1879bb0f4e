"""The output queue: everything in order, and nobody waits for a terminal that takes nothing."""

from __future__ import annotations

from tests.tui.terminal.stalling import StallingTerminal
from tui.terminal.driver import OutputQueue


def test_writes_are_made_in_their_order_and_all_of_them_before_it_stops() -> None:
    terminal = StallingTerminal(stalled=False)
    queue = OutputQueue(terminal)
    queue.start()
    for number in range(100):
        queue.write(f"{number};")
    queue.stop()
    assert terminal.taken == [f"{number};" for number in range(100)]
    assert terminal.flushed == 100


def test_a_terminal_that_takes_nothing_blocks_no_write_and_the_queue_tells_how_far_it_is() -> None:
    terminal = StallingTerminal(stalled=True)
    queue = OutputQueue(terminal)
    queue.start()
    for _ in range(1000):
        queue.write("x")
    assert queue.pending >= 999
    terminal.go_on()
    queue.stop()
    assert queue.pending == 0
    assert len(terminal.taken) == 1000


def test_what_is_written_while_no_screen_is_on_the_terminal_is_dropped() -> None:
    terminal = StallingTerminal(stalled=False)
    queue = OutputQueue(terminal)
    queue.write("early")
    queue.start()
    queue.start()
    queue.write("first")
    queue.stop()
    queue.stop()
    queue.write("between")
    queue.start()
    assert queue.running
    queue.write("second")
    queue.stop()
    assert not queue.running
    assert terminal.taken == ["first", "second"]


def test_an_empty_write_is_none() -> None:
    terminal = StallingTerminal(stalled=False)
    queue = OutputQueue(terminal)
    queue.start()
    queue.write("")
    queue.stop()
    assert terminal.taken == []


def test_a_line_that_is_gone_ends_the_writing_without_a_word(capfd) -> None:
    class Gone(StallingTerminal):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error")

    queue = OutputQueue(Gone(stalled=False))
    queue.start()
    for _ in range(100):
        queue.write("x")
    queue.stop()
    assert capfd.readouterr().err == ""


def test_a_process_without_a_terminal_draws_nothing() -> None:
    queue = OutputQueue(None)
    queue.start()
    queue.write("x")
    queue.stop()
    assert not queue.running
    assert queue.pending == 0
