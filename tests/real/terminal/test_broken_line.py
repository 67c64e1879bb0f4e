"""A line that breaks or stalls, and signals: the process, its log and the terminal afterwards."""

from __future__ import annotations

import json
import os
import signal

import pytest

from tests.real.terminal.program import MANY, SITE


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_it_soon_with_a_complete_log_and_a_clean_terminal(
    terminal, program, closed, number
) -> None:
    terminal.start(f"{program} --run unix.target=127.0.0.1:{closed}")
    terminal.until(lambda text: "1/1" in text and "saved" in text)
    (pid,) = terminal.pids()
    os.kill(pid, number)
    text = terminal.until(lambda text: f"ended with {128 + number}" in text)
    assert "AlloyScan" not in text
    (log,) = terminal.logs()
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert [record["type"] for record in records] == ["session", "result", "verdict", "end"]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_measuring_completes_the_log(line, mute, number) -> None:
    one = line("--run", MANY, f"unix.target=127.0.0.1:{mute}")
    one.rows(254)
    one.signal(number)
    one.terminal.read(0.5)
    one.gone(128 + number)
    session = one.session()
    assert not session.complete
    assert len(session.results) == 254
    assert one.leftover() == []
    assert b"Traceback" not in one.terminal.output


@pytest.mark.parametrize("stalled", [False, True])
def test_a_hang_up_ends_it_and_completes_the_log(line, mute, stalled) -> None:
    one = line("--run", MANY, f"unix.target=127.0.0.1:{mute}")
    one.until("blocked")
    if stalled:
        one.terminal.fill()
    one.rows(254)
    one.terminal.hang_up()
    one.gone(128 + signal.SIGHUP)
    assert len(one.session().results) == 254


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_it_though_the_terminal_takes_nothing(line, mute, number) -> None:
    one = line("--run", MANY, f"unix.target=127.0.0.1:{mute}")
    one.until("blocked")
    one.terminal.fill()
    one.rows(254)
    one.signal(number)
    one.gone(128 + number)
    assert len(one.session().results) == 254
    # Whoever looks at the terminal again finds it usable, and still in blocking mode.
    assert one.leftover() == []
    assert b"Traceback" not in one.terminal.output


def test_an_old_session_at_rest_ends_at_a_signal(line) -> None:
    """Nothing wakes its loop: no clock, no engine."""
    old = line("open", str(SITE))
    old.until("blocked")
    old.terminal.read(0.5)
    old.signal(signal.SIGTERM)
    old.gone(128 + signal.SIGTERM)
    assert old.leftover() == []


@pytest.mark.parametrize("controlling", [True, False], ids=["ignored", "not controlling"])
def test_a_lost_line_ends_it_where_hang_ups_are_ignored_or_not_sent(
    line, closed, controlling
) -> None:
    ignoring = ("sh", "-c", 'trap "" HUP; exec "$@"', "sh")
    one = line("--run", f"unix.target=127.0.0.1:{closed}", before=ignoring, controlling=controlling)
    one.until("blocked")
    one.terminal.hang_up()
    one.gone(128 + signal.SIGHUP)
    assert one.session().complete


def test_a_stall_bends_no_measurement(line, mute, banner) -> None:
    """States, reasons and whose latency it is equal those of another run."""
    targets = (MANY, f"unix.target=127.0.0.1:{mute},127.0.0.1:{banner}", "--timeout", "1")
    smooth = line("--run", *targets)
    smooth.until("saved")
    smooth.terminal.type(b"q")
    smooth.gone(0)
    stalled = line(*targets)
    stalled.until("127.77.0.0/24")
    stalled.terminal.type(b"\r")
    stalled.terminal.fill()
    stalled.rows(256)
    assert not stalled.spins()
    stalled.until("saved")
    stalled.terminal.type(b"q")
    stalled.gone(0)
    one, other = smooth.session(), stalled.session()
    assert one.complete and other.complete
    assert measured(one) == measured(other)


def measured(session) -> dict[str, tuple[object, ...]]:
    return {
        result.job.key: (seen.state, seen.reason, seen.service, result.status, seen.latency_source)
        for result in session.results
        for seen in (result.observation,)
    }
