"""Hosts in a real terminal at 80x24: without a role, the drawer, an old session retested."""

from __future__ import annotations

import shlex

DRAWER = "Right Unfold"


def test_a_host_without_a_role_is_looked_at_and_its_session_retested(terminal, program) -> None:
    terminal.start(program)
    terminal.until(lambda text: "type ROLE=HOST" in text)
    terminal.press("-l", "127.0.0.1")
    terminal.press("Enter")
    # What answers decides: the first of the roles.
    _answer(terminal, "Enter", "What is 127.0.0.1?")
    terminal.until(lambda text: "saved" in text and "no role is said" in " ".join(text.split()))
    terminal.press("1")
    terminal.until(lambda text: DRAWER in text and "Hosts without a role" in text)
    terminal.press("Enter")
    terminal.until(lambda text: DRAWER not in text)
    terminal.press("q")
    terminal.until(lambda text: "ended with 0" in text)
    (log,) = terminal.logs()
    before = log.read_bytes()
    terminal.tmux("kill-server")

    terminal.start(f"{program} open {shlex.quote(str(log))}")
    terminal.until(lambda text: "old session" in text and "r Retest" in text)
    terminal.press("g")
    _answer(terminal, "y", "y or Enter yes")
    terminal.until(lambda text: "old session" not in text and "saved" in text)
    terminal.press("q")
    terminal.until(lambda text: "ended with 0" in text)
    assert log.read_bytes() == before
    assert len(terminal.logs()) == 2


def _answer(terminal, key: str, question: str) -> None:
    """Press a key until the question is gone: one that comes before it is drawn does not count."""

    def answered(text: str) -> bool:
        if question in text:
            terminal.press(key)
        return question not in text

    terminal.until(lambda text: question in text)
    terminal.until(answered)
