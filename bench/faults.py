"""Faults of a watched network at random moments, and the record of what each row was meanwhile."""

from __future__ import annotations

import asyncio
import heapq
import random
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bench import servers
from bench.routed import (
    FAR,
    NAME,
    ROUTER,
    Closing,
    Listener,
    Network,
    Process,
    Service,
    accepts,
)
from probes.lab import snmp, ssh, vsphere, winrm
from probes.lab.behaviours import accept_silently
from probes.lab.transport import listen_tcp, listen_udp
from probes.model import AVAILABLE, Reason, Result, State, Status
from probes.model import Service as Answer

EVERYWHERE = "0.0.0.0"
_MAIL = b"220 mail.watch.test ESMTP ready\r\n"


@dataclass(frozen=True)
class Seen:
    """A truth about a row, and the results that say so."""

    name: str
    fits: Callable[[Result], bool]
    lost: bool = False
    """A round without an answer."""
    loses: bool = False
    """Packets are lost, which looks like silence until the next one is answered."""


def _by(code: int) -> Callable[[Result], bool]:
    def fits(result: Result) -> bool:
        icmp = result.observation.icmp
        return icmp is not None and (icmp.type, icmp.code, icmp.offender) == (3, code, ROUTER)

    return fits


def _silent(result: Result) -> bool:
    return result.observation.reason is Reason.NO_RESPONSE


OK = Seen("ok", lambda row: row.status in AVAILABLE)
LOSSY = Seen("ok with loss", lambda row: OK.fits(row) or _silent(row), loses=True)
REFUSED = Seen("refused", lambda row: row.observation.state is State.CLOSED)
DROPPED = Seen("dropped", _silent, lost=True)
PROHIBITED = Seen("rejected 3/13", _by(13))
HOST_PROHIBITED = Seen("rejected 3/10", _by(10))
DOWN = Seen("gone", lambda row: _silent(row) or _by(1)(row), lost=True)
"""Its cable is pulled: silence until the router knows, then its host-unreachable."""
MUTE = Seen("mute", lambda row: row.observation.service is Answer.SILENT)
WRONG = Seen("wrong service", lambda row: row.observation.service is Answer.UNEXPECTED)
UNSURE = Seen(
    "refused, the host is up", lambda row: REFUSED.fits(row) and row.status is Status.UNVERIFIABLE
)
LACKING = Seen(
    "refused, the ping is lost", lambda row: REFUSED.fits(row) and row.status is Status.BLOCKED
)
"""The meaning of a refused datagram hangs on the ping of the host."""
NAMELESS = Seen("no name", lambda row: row.observation.reason is Reason.NAME_NOT_RESOLVED)
NOT_NEEDED = Seen("not needed", lambda row: row.status is Status.NOT_NEEDED)
NEEDED = Seen("needed", lambda row: row.status is not Status.NOT_NEEDED)


@dataclass(frozen=True)
class Fault:
    """Something that is done to a host, how it is undone, and what its rows are meanwhile."""

    name: str
    begin: Callable[[], None]
    end: Callable[[], None]
    rows: Mapping[str, Seen]
    flaps: bool = False
    """It also happens for less than an interval."""


@dataclass(frozen=True)
class Span:
    """State of a row from some moment between `earliest` and `latest` on (seconds since 1970)."""

    earliest: float
    latest: float
    seen: Seen
    what: str


@dataclass
class Record:
    """States of every row, in the order of time."""

    rows: dict[str, list[Span]] = field(default_factory=dict)

    def begin(self, rows: Mapping[str, Seen]) -> None:
        """Note how rows are before anything is done."""
        self.rows |= {key: [Span(0.0, 0.0, seen, "start")] for key, seen in rows.items()}

    def done(self, began: float, what: str, rows: Mapping[str, Seen]) -> None:
        """Note an action that is over, and the state of its rows from then on."""
        now = time.time()
        for key, seen in rows.items():
            if self.rows[key][-1].seen is not seen:
                self.rows[key].append(Span(began, now, seen, what))


@dataclass
class Host:
    """A host: its targets as they are typed, its rows as they are at rest, and its faults."""

    target: str
    rest: Mapping[str, Seen]
    faults: Sequence[Fault]


class Script:
    """Faults of all hosts at random moments; `hold` is the least time a fault lasts."""

    def __init__(self, hosts: Sequence[Host], seed: int, hold: float, interval: float) -> None:
        self._chance = random.Random(seed)
        self._hold, self._interval = hold, interval
        self._hosts = hosts
        self.record = Record()
        for host in hosts:
            self.record.begin(host.rest)

    def play(self, seconds: float) -> int:
        """Do things for so long, undo the last ones; returns the number of things done."""
        ends = time.time() + seconds
        due: list[tuple[float, int]] = []
        for number in range(len(self._hosts)):
            first = self._chance.uniform(0, min(self._hold, seconds))
            heapq.heappush(due, (time.time() + first, number))
        under_way: dict[int, Fault] = {}
        waiting = {number: self._shuffled(host) for number, host in enumerate(self._hosts)}
        done = 0
        while due:
            at, number = heapq.heappop(due)
            time.sleep(max(0.0, at - time.time()))
            last = time.time() > ends
            done += 1
            pause = self._chance.uniform(self._hold, 1.3 * self._hold)
            fault = under_way.pop(number, None)
            if not last and (fault is None or self._chance.random() < 0.4):
                if not waiting[number]:
                    waiting[number] = self._shuffled(self._hosts[number])
                other = waiting[number].pop()
                self._do(self._hosts[number], fault, other)
                under_way[number] = other
                if other.flaps and self._chance.random() < 0.3:
                    pause = self._chance.uniform(0.1, 0.8) * self._interval
            elif fault is not None:
                self._do(self._hosts[number], fault, None)
            if not last or number in under_way:
                heapq.heappush(due, (time.time() + pause, number))
        time.sleep(self._hold)
        return done

    def _shuffled(self, host: Host) -> list[Fault]:
        return self._chance.sample(list(host.faults), len(host.faults))

    def _do(self, host: Host, before: Fault | None, after: Fault | None) -> None:
        began = time.time()
        if after is not None and before is after:
            return
        if after is not None and before is not None and after.name.split()[0] == "rule":
            # A rule that takes the place of another one leaves no moment between them.
            after.begin()
            if before.name.split()[0] != "rule":
                before.end()
        else:
            if before is not None:
                before.end()
            if after is not None:
                after.begin()
        rows = {**host.rest, **(after.rows if after else {})}
        what = after.name if after else f"end of {before.name}" if before else ""
        self.record.done(began, what, rows)


def hosts(network: Network) -> list[Host]:
    """The hosts of the bench, serving."""
    network.set_name(16)
    return [
        _openssh(network, 11),
        _ssh(network, 12),
        _winrm(network, 13),
        _snmp(network, 14),
        _windows(network, 15),
        _moving(network, 16, 17),
        _esxi(network, 18),
        _pinged(network, 19),
        _printer(network, 20),
    ]


def _listening(network: Network, last: int, listen: Callable[[], Awaitable[Closing]]) -> Listener:
    made = Listener(network.host(last), listen)
    network.serve(made)
    return made


def _tcp(start: Callable[[], Awaitable[asyncio.Server]]) -> Callable[[], Awaitable[Closing]]:
    async def listen() -> Closing:
        return (await start()).close

    return listen


def _stopped(service: Service, key: str, seen: Seen = REFUSED, *more: str) -> Fault:
    rows = dict.fromkeys((key, *more), seen)
    return Fault("stop", service.stop, service.start, rows, flaps=True)


def _replaced(service: Service, other: Service, name: str, key: str, seen: Seen) -> Fault:
    def begin() -> None:
        service.stop()
        other.start()

    def end() -> None:
        other.stop()
        service.start()

    return Fault(name, begin, end, {key: seen})


def _rules(
    network: Network, last: int, match: str, keys: Sequence[str], *, tcp: bool = True
) -> list[Fault]:
    """Faults of the router: drop, the ways to reject, and packets that are lost now and then."""
    where = f"ip daddr {FAR}.{last} {match}"

    def fault(name: str, rule: str, seen: Seen) -> Fault:
        def end() -> None:
            network.set_rule(str(last), "")

        def begin() -> None:
            network.set_rule(str(last), f"{where} {rule}")

        return Fault(f"rule {name}", begin, end, dict.fromkeys(keys, seen), flaps=seen is DROPPED)

    made = [
        fault("drop", "drop", DROPPED),
        fault("reject 3/13", "reject with icmp admin-prohibited", PROHIBITED),
        fault("reject 3/10", "reject with icmp host-prohibited", HOST_PROHIBITED),
    ]
    if tcp:
        made += [
            fault("reject reset", "reject with tcp reset", REFUSED),
            fault("one SYN", "tcp flags syn limit rate 1/hour burst 1 packets drop", LOSSY),
            fault("lose SYN", "tcp flags syn numgen random mod 4 == 0 drop", LOSSY),
        ]
    return made


def _cable(network: Network, last: int, keys: Sequence[str]) -> Fault:
    return Fault(
        "cable",
        lambda: network.set_link(last, up=False),
        lambda: network.set_link(last, up=True),
        dict.fromkeys(keys, DOWN),
    )


def _openssh(network: Network, last: int) -> Host:
    """OpenSSH, which is also stopped by a signal, so that its port is open and silent."""
    name, key = network.host(last), f"unix.ssh|{FAR}.{last}"
    (network.folder / str(last)).mkdir()
    (server,) = servers.sshd(network.folder / str(last), "")
    process = Process(name, server, lambda: accepts(name, 22))
    network.serve(process)
    hangs = Fault(
        "hang",
        lambda: process.signal(signal.SIGSTOP),
        lambda: process.signal(signal.SIGCONT),
        {key: MUTE},
    )
    faults = [_stopped(process, key), hangs, *_rules(network, last, "tcp dport 22", [key])]
    return Host(f"unix.target={FAR}.{last}", {key: OK}, faults)


def _ssh(network: Network, last: int) -> Host:
    key = f"unix.ssh|{FAR}.{last}"
    server = _listening(network, last, lambda: _ssh_server())
    faults = [_stopped(server, key), _cable(network, last, [key])]
    faults += _rules(network, last, "tcp dport 22", [key])
    return Host(f"unix.target={FAR}.{last}", {key: OK}, faults)


async def _ssh_server() -> Closing:
    return (await ssh.start(EVERYWHERE, 22)).close


def _winrm(network: Network, last: int) -> Host:
    """WinRM that is replaced by another service, by one that says nothing, and by a slow one."""
    name, key = network.host(last), f"hyperv.winrm|{FAR}.{last}"
    server = _listening(network, last, _tcp(lambda: winrm.start(EVERYWHERE, 5985)))
    wrong = Listener(name, _tcp(lambda: vsphere.start_authd(EVERYWHERE, 5985)))
    mute = Listener(name, _tcp(lambda: listen_tcp(accept_silently, EVERYWHERE, 5985)))
    faults = [
        _stopped(server, key),
        _replaced(server, wrong, "wrong service", key, WRONG),
        _replaced(server, mute, "mute", key, MUTE),
        *_rules(network, last, "tcp dport 5985", [key]),
    ]
    return Host(f"hyperv.host={FAR}.{last}", {key: OK}, faults)


def _snmp(network: Network, last: int) -> Host:
    key = f"snmp.snmp|{FAR}.{last}"
    server = _agent(network, last)
    faults = [_stopped(server, key), _cable(network, last, [key])]
    faults += _rules(network, last, "udp dport 161", [key], tcp=False)
    return Host(f"snmp.device={FAR}.{last}", {key: OK}, faults)


def _agent(network: Network, last: int) -> Listener:
    async def listen() -> Closing:
        objects = snmp.system("switch", "A switch", "1.3.6.1.4.1.9.1.1")
        return (await listen_udp(snmp.agent((1,), objects), EVERYWHERE, 161)).close

    return _listening(network, last, listen)


def _windows(network: Network, last: int) -> Host:
    """A Windows computer whose other ports are needed only while its WinRM is gone."""
    key = f"windows.winrm|{FAR}.{last}"
    names = ("rpc", "smb", "netbios", "rpc_dynamic", "udp135", "udp139")
    others = [f"enable.{name}|{FAR}.{last}" for name in names]
    server = _listening(network, last, _tcp(lambda: winrm.start(EVERYWHERE, 5985)))
    needed = dict.fromkeys(others, NEEDED)
    faults = [
        Fault("stop", server.stop, server.start, {key: REFUSED} | needed),
        *(
            Fault(one.name, one.begin, one.end, {key: one.rows[key]} | needed)
            for one in _rules(network, last, "tcp dport 5985", [key])[:3]
        ),
    ]
    return Host(
        f"windows.target={FAR}.{last}", {key: OK, **dict.fromkeys(others, NOT_NEEDED)}, faults
    )


def _moving(network: Network, last: int, other: int) -> Host:
    """A name that leads to a host without SSH, or nowhere."""
    key = f"unix.ssh|{NAME}"
    _listening(network, last, lambda: _ssh_server())
    network.host(other)

    def back() -> None:
        network.set_name(last)

    faults = [
        Fault("name moves", lambda: network.set_name(other), back, {key: REFUSED}),
        Fault("name is gone", lambda: network.set_name(None), back, {key: NAMELESS}),
    ]
    return Host(f"unix.target={NAME}", {key: OK}, faults)


def _esxi(network: Network, last: int) -> Host:
    """Three ports of one host, which go one by one or all at once."""
    name = network.host(last)
    keys = [f"esxi.{check}|{FAR}.{last}" for check in ("http", "https", "authd")]
    http = _listening(network, last, _tcp(lambda: vsphere.start_http(EVERYWHERE, 80)))
    https = _listening(network, last, _tcp(lambda: vsphere.start_https(EVERYWHERE, 443)))
    authd = _listening(network, last, _tcp(lambda: vsphere.start_authd(EVERYWHERE, 902)))
    mail = Listener(name, _tcp(lambda: vsphere.start_authd(EVERYWHERE, 902, greeting=_MAIL)))
    faults = [
        _stopped(http, keys[0]),
        _stopped(https, keys[1]),
        _replaced(authd, mail, "wrong service", keys[2], WRONG),
        _cable(network, last, keys),
        *_rules(network, last, "tcp dport { 80, 443, 902 }", keys),
    ]
    return Host(f"esxi.host={FAR}.{last}", dict.fromkeys(keys, OK), faults)


def _pinged(network: Network, last: int) -> Host:
    network.host(last)
    key = f"discovery.ping|{FAR}.{last}"
    datagrams = [f"discovery.{name}|{FAR}.{last}" for name in ("nbns", "nbdgm")]
    faults = [
        _cable(network, last, [key, *datagrams]),
        *(
            Fault(one.name, one.begin, one.end, {**one.rows, datagrams[0]: LACKING})
            for one in _rules(network, last, "icmp type echo-request", [key], tcp=False)
        ),
    ]
    rest = {key: OK, **dict.fromkeys(datagrams, UNSURE)}
    return Host(f"discovery.host={FAR}.{last}", rest, faults)


def _printer(network: Network, last: int) -> Host:
    """Raw printing: the connect is all that is asked."""
    raw, agent = (f"printer.{name}|{FAR}.{last}" for name in ("raw", "snmp"))
    server = _listening(network, last, _tcp(lambda: listen_tcp(accept_silently, EVERYWHERE, 9100)))
    faults = [_stopped(server, raw), *_rules(network, last, "tcp dport 9100", [raw])]
    return Host(f"printer={FAR}.{last}", {raw: OK, agent: REFUSED}, faults)
