"""A recorded session handed out as time passes, and sets of targets as files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Finished, Message, Queued, Target
from probes.session import SessionError
from probes.targets import parse
from tests.tui.watch.test_row_history import JOB
from tui.cli.options import Options
from tui.cli.prepare import load
from tui.sessions import target_sets
from tui.sessions.playback import LONGEST_GAP, Player, SpeedError, parse_speed


def said(text: str) -> Message:
    return Message(text)


def test_events_come_when_their_moment_has_passed_and_the_end_comes_once():
    player = Player([JOB], [(1.0, said("a")), (1.5, said("b")), (4.0, said("c"))], 1)
    assert player.begin() == [Queued((JOB.key,))]
    assert player.due(0.9) == []
    assert player.due(0.7) == [said("a"), said("b")]
    assert player.state == "replay 1x, 2 of 4 s"
    assert player.due(10) == [said("c"), Finished(True)]
    assert player.finished


def test_ten_times_as_fast_takes_a_tenth_of_the_time():
    player = Player([], [(10.0, said("a"))], 10)
    assert player.due(0.9) == []
    assert player.due(0.1) == [said("a"), Finished(True)]


def test_a_long_pause_is_not_waited_out():
    player = Player([], [(1.0, said("a")), (5000.0, said("b"))], 1)
    assert player.due(1.0) == [said("a")]
    assert player.due(LONGEST_GAP) == [said("b"), Finished(True)]


def test_a_session_without_results_is_over_at_once():
    player = Player([JOB], [], 1)
    assert player.due(0.0) == [Finished(True)]


@given(st.lists(st.floats(0, 1e6)), st.floats(0.1, 1000))
def test_every_event_is_handed_out_exactly_once_and_in_order(times, pace):
    events = [(at, said(str(number))) for number, at in enumerate(sorted(times))]
    player = Player([], events, pace)
    out = []
    for _ in range(len(events) + 2):
        out += player.due(LONGEST_GAP / pace + 1)
        if player.finished:
            break
    assert [event for event in out if isinstance(event, Message)] == [event for _, event in events]


@pytest.mark.parametrize(("typed", "wanted"), [("1", 1), (" 10x ", 10), ("0.5", 0.5)])
def test_a_speed_is_a_number_with_or_without_an_x(typed, wanted):
    assert parse_speed(typed) == wanted


@pytest.mark.parametrize("typed", ["", "0", "fast", "-1", "1e3", "100000"])
def test_what_is_no_speed_is_said(typed):
    with pytest.raises(SpeedError, match="How many times as fast"):
        parse_speed(typed)


TARGETS = (Target("windows.dc", "dc1"), Target("unix.target", "fe80::1%eth0", 2222))


def test_a_set_is_a_list_file_that_the_host_line_takes(tmp_path: Path):
    path = target_sets.save("Site 1", TARGETS, tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert target_sets.names(tmp_path) == ["Site 1"]
    assert target_sets.load("Site 1", tmp_path) == "windows.dc=dc1 unix.target=[fe80::1%eth0]:2222"
    target_sets.save("Site 1", TARGETS[:1], tmp_path)
    assert target_sets.load("Site 1", tmp_path) == "windows.dc=dc1"
    target_sets.delete("Site 1", tmp_path)
    assert target_sets.names(tmp_path) == []


def test_a_set_keeps_the_friendly_names_of_its_hosts(tmp_path: Path):
    named = Target("windows.dc", "dc1", friendly_name="Cellar, left")
    path = target_sets.save("Site 1", (named, TARGETS[1]), tmp_path)
    assert target_sets.load("Site 1", tmp_path) == "windows.dc=dc1 unix.target=[fe80::1%eth0]:2222"
    again = parse((f"@{path.name}",), load(Options("screen")), base=tmp_path)
    assert [one.friendly_name for one in again.targets] == ["Cellar, left", ""]


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 41, "a\x1b[m", "dot."])
def test_a_name_that_could_be_another_file_is_refused(tmp_path: Path, name: str):
    with pytest.raises(SessionError, match="is no name for a set"):
        target_sets.save(name, TARGETS, tmp_path / "sets")
    assert not (tmp_path / "sets").exists()


def test_a_set_that_is_not_there_or_no_text_is_said(tmp_path: Path):
    with pytest.raises(SessionError, match="there is no such file"):
        target_sets.load("none", tmp_path)
    (tmp_path / "bad.txt").write_bytes(b"\xff")
    with pytest.raises(SessionError, match="not UTF-8"):
        target_sets.load("bad", tmp_path)
    (tmp_path / "big.txt").write_text("x" * 300_000)
    with pytest.raises(SessionError, match="larger than 256 KiB"):
        target_sets.load("big", tmp_path)


def test_comments_and_empty_lines_of_a_set_are_left_out(tmp_path: Path):
    (tmp_path / "mine.txt").write_text("# site\nunix.target=a  # web\n\n")
    assert target_sets.load("mine", tmp_path) == "unix.target=a"


@pytest.mark.parametrize(
    "typed",
    [
        "unix.target=10.0.0.0/29",
        "unix.target=10.0.0.1-5",
        "unix.target=2001:db8::/126",
        "unix.target=[2001:db8::1]-[2001:db8::3]:2222",
        "unix.target=fe80::1%br-lan-fe80::3%br-lan",
        "unix.target=10.0.0.3 unix.target=10.0.0.0/29",
        "unix.target=10.0.0.0/29 windows.target=10.0.0.0/29",
    ],
)
def test_a_set_keeps_networks_as_networks(tmp_path: Path, typed: str):
    profile = load(Options("screen"))
    before = parse(typed.split(), profile).targets
    path = target_sets.save("Site 1", before, tmp_path)
    after = parse((f"@{path.name}",), profile, base=tmp_path)
    assert after.problems == ()

    def told(targets: tuple[Target, ...]) -> set[tuple[str, str, bool]]:
        return {(one.role, one.label, bool(one.network)) for one in targets}

    assert told(after.targets) == told(before)
    assert target_sets.load("Site 1", tmp_path).count("=") <= 4


def test_a_network_without_the_hosts_that_were_removed_stays_one(tmp_path: Path):
    profile = load(Options("screen"))
    targets = parse(["unix.target=10.0.0.1-9"], profile).targets
    kept = [one for one in targets if one.host != "10.0.0.4"]
    target_sets.save("Site 1", kept, tmp_path)
    assert target_sets.load("Site 1", tmp_path) == (
        "unix.target=10.0.0.1-10.0.0.3 unix.target=10.0.0.5-10.0.0.9"
    )


def test_a_network_that_a_forged_log_names_is_no_trouble(tmp_path: Path):
    forged = [
        Target("unix.target", host, network="x")
        for host in ("web1", "10.0.0.1", "::2", "255.255.255.255", "10.0.0.1%e")
    ]
    target_sets.save("Site 1", forged, tmp_path)
    assert target_sets.load("Site 1", tmp_path).count("unix.target=") == len(forged)
