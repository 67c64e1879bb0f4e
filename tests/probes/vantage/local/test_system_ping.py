"""The system's `ping`: how it is called, and what its output means."""

import pytest

from probes.model import Icmp, Reason, State
from probes.vantage.local import system_ping as system_ping_module
from probes.vantage.local.system_ping import command, parse_output, program, system_ping


@pytest.mark.parametrize(
    ("text", "state", "reason", "ms", "icmp"),
    [
        (
            "PING 10.0.0.1 (10.0.0.1) 56(84) bytes of data.\n"
            "64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.045 ms\n",
            State.OPEN,
            Reason.ECHO_REPLY,
            0.045,
            None,
        ),
        (
            "Antwort von 10.0.0.1: Bytes=32 Zeit<1ms TTL=64\n",
            State.OPEN,
            Reason.ECHO_REPLY,
            1.0,
            None,
        ),
        (
            "64 bytes from 10.0.0.9: icmp_seq=1 ttl=64 time=0.045 ms\n",
            State.FILTERED,
            Reason.NO_RESPONSE,
            None,
            None,
        ),
        (
            "From 10.0.0.254 icmp_seq=1 Destination Host Unreachable\n",
            State.UNREACHABLE,
            Reason.HOST_UNREACH,
            None,
            Icmp(3, 1, "10.0.0.254"),
        ),
        (
            "From 10.0.0.254 icmp_seq=1 Packet filtered\n",
            State.FILTERED,
            Reason.ADMIN_PROHIBITED,
            None,
            Icmp(3, 13, "10.0.0.254"),
        ),
        (
            "ping: connect: Network is unreachable\n",
            State.UNREACHABLE,
            Reason.NET_UNREACH,
            None,
            None,
        ),
        ("", State.FILTERED, Reason.NO_RESPONSE, None, None),
    ],
)
def test_the_output_of_ping_is_understood(text, state, reason, ms, icmp):
    outcome = parse_output("10.0.0.1", text)
    assert (outcome.state, outcome.reason) == (state, reason)
    assert (outcome.latency_ms, outcome.icmp) == (ms, icmp)


def test_a_ping_that_is_not_allowed_is_no_way_to_ask():
    assert (
        parse_output("10.0.0.1", "ping: socktype: SOCK_RAW\nping: socket: Operation not permitted")
        is None
    )


@pytest.mark.parametrize(
    ("complaint", "said"),
    [
        ("ping: \x1b[31mAddress family not supported", "does not speak that version of IP"),
        ("ping: connect: Invalid argument", "cannot send to that address"),
        ("ping: connect: Cannot assign requested address", "no address or no free port"),
        ("ping: Do you want to ping broadcast? Then -b.", "the broadcast address of a network"),
        ("ping: unknown iface: nope", "no such interface"),
        ("ping: something \x1b[2J else", "the ping program of this machine cannot ask it"),
    ],
)
def test_what_else_ping_complains_of_is_told_without_its_words(complaint, said):
    outcome = parse_output("10.0.0.1", f"{complaint}\n")
    assert (outcome.state, outcome.reason) == (State.ERROR, Reason.LOCAL_ERROR)
    assert said in outcome.problem
    assert complaint.partition(": ")[2] not in outcome.problem and "\x1b" not in outcome.problem


@pytest.mark.parametrize(
    ("platform", "address", "expected"),
    [
        ("linux", "10.0.0.1", "ping -4 -n -c 1 -W 2 10.0.0.1"),
        ("linux", "fe80::1%eth0", "ping -6 -n -c 1 -W 2 fe80::1%eth0"),
        ("darwin", "10.0.0.1", "ping -n -c 1 -W 1500 10.0.0.1"),
        ("darwin", "::1", "ping6 -n -c 1 ::1"),
        ("win32", "::1", "ping -6 -n 1 -w 1500 ::1"),
    ],
)
def test_each_platforms_ping_is_called_its_own_way(platform, address, expected):
    assert " ".join(command(address, 1.5, platform)) == expected


async def test_without_the_program_there_is_no_way_to_ask(monkeypatch):
    monkeypatch.setattr(system_ping_module, "FOLDERS", ("/nonexistent",))
    assert await system_ping("127.0.0.1", 1) is None


async def test_a_program_that_floods_or_hangs_is_ended(tmp_path, monkeypatch):
    fake = tmp_path / "ping"
    fake.write_text("#!/bin/sh\nwhile :; do echo 'no news'; done\n")
    fake.chmod(0o755)
    monkeypatch.setattr(system_ping_module, "FOLDERS", (str(tmp_path),))
    outcome = await system_ping("127.0.0.1", 1)
    assert (outcome.state, outcome.reason) == (State.FILTERED, Reason.NO_RESPONSE)


def test_ping_is_taken_from_the_systems_folders_whatever_stands_in_path(tmp_path, monkeypatch):
    (tmp_path / "ping").write_text("#!/bin/sh\n")
    (tmp_path / "ping").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program("ping") != str(tmp_path / "ping")
    assert program("ping") in (None, *(f"{folder}/ping" for folder in system_ping_module.FOLDERS))


def test_the_ping_of_windows_stands_in_its_system_folder(monkeypatch):
    monkeypatch.setenv("SYSTEMROOT", r"D:\Windows")
    assert program("ping", "win32") == r"D:\Windows\System32\ping.exe"
