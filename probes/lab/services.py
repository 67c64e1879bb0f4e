"""Every kind of service the site's hosts have, by the word the site uses for it."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from uuid import UUID

from probes.lab import (
    behaviours,
    dns,
    http,
    kerberos,
    ldap,
    netbios,
    rpc,
    site,
    smb,
    snmp,
    ssh,
    vsphere,
    winrm,
)
from probes.lab.address_map import Where
from probes.lab.certificates import YEAR, Authority
from probes.lab.transport import Reply, Talk, answer, listen

INTERFACES: tuple[UUID, ...] = (rpc.SERVICES, rpc.TASKS, rpc.REGISTRY)
"""What listens on the dynamic ports of a Windows host, in the order of site.DYNAMIC."""


@dataclass
class Ground:
    """A host's name and address of loopback, and what all hosts share."""

    name: str
    address: str
    held: AsyncExitStack
    authorities: dict[str, Authority] = field(default_factory=dict)

    @property
    def computer(self) -> str:
        """The name before its domain, as Windows writes it."""
        return self.name.partition(".")[0].upper()

    def authority(self, organisation: str) -> Authority:
        """The authority of this organisation, made when it is first needed."""
        if organisation not in self.authorities:
            self.authorities[organisation] = Authority(f"{organisation} CA", organisation)
        return self.authorities[organisation]

    async def tcp(self, talk: Talk, tls: ssl.SSLContext | None = None) -> Where:
        """Hold conversations on a free port."""
        server = await listen(talk, self.address, tls=tls)
        self.held.callback(server.close)
        return self.address, int(server.sockets[0].getsockname()[1])

    async def udp(self, reply: Reply) -> Where:
        """Answer datagrams on a free port."""
        transport = await answer(reply, self.address)
        self.held.callback(transport.close)
        return self.address, int(transport.get_extra_info("sockname")[1])


Start = Callable[..., Awaitable[Where]]


async def _winrm(ground: Ground, credssp: bool = False) -> Where:
    logins = (*winrm.LOGINS, "CredSSP") if credssp else winrm.LOGINS
    return await ground.tcp(http.talk(winrm.handler(logins=logins)))


async def _web(ground: Ground, server: str) -> Where:
    def page(request: http.Received) -> http.Reply:
        return http.Reply(404, "Not Found", (("Server", server),), b"not found\n")

    return await ground.tcp(http.talk(page))


async def _https(
    ground: Ground, issuer: str, days: float = YEAR, name: str = "", slow: float = 0
) -> Where:
    def page(request: http.Received) -> http.Reply:
        return http.Reply(200, "OK", (("Server", "nginx"),), b"a simulated service\n")

    context = ground.authority(issuer).served(name or ground.name, days=days)
    return await ground.tcp(behaviours.slow(slow, http.talk(page)), context)


async def _kdc(ground: Ground, ahead: float = 0) -> Where:
    return await ground.tcp(kerberos.kdc(site.DOMAIN.upper(), ahead=ahead))


async def _ldap(ground: Ground) -> Where:
    return await ground.tcp(ldap.directory(ldap.controller(ground.name, site.DOMAIN)))


async def _mapper(ground: Ground) -> Where:
    return await ground.tcp(rpc.mapper(tuple(zip(INTERFACES, site.DYNAMIC, strict=True))))


async def _interface(ground: Ground, number: int) -> Where:
    return await ground.tcp(rpc.interface(INTERFACES[number]))


def _files(ground: Ground, smb1: bool, signs: bool, build: int) -> Talk:
    if smb1:
        return smb.smb1_only(ground.computer, "CORP")
    mode = smb.MUST_SIGN if signs else smb.MAY_SIGN
    return smb.windows(ground.computer, site.DOMAIN, build=build, mode=mode)


async def _smb(
    ground: Ground, smb1: bool = False, signs: bool = False, build: int = 22631
) -> Where:
    return await ground.tcp(_files(ground, smb1, signs, build))


async def _session(
    ground: Ground, smb1: bool = False, signs: bool = False, build: int = 22631
) -> Where:
    return await ground.tcp(netbios.session(_files(ground, smb1, signs, build)))


async def _node(ground: Ground, mac: str) -> Where:
    return await ground.udp(netbios.node(ground.computer, "CORP", mac))


async def _ssh(ground: Ground, software: str = "") -> Where:
    server = await ssh.start(ground.address, software=software or ssh.OPENSSH)
    ground.held.callback(server.close)
    return ground.address, server.get_port()


async def _agent(ground: Ground, descr: str, kind: str, v3_only: bool = False) -> Where:
    versions = (3,) if v3_only else (0, 1)
    return await ground.udp(snmp.agent(versions, snmp.system(ground.computer.lower(), descr, kind)))


async def _printer(ground: Ground, model: str, kind: str) -> Where:
    objects = snmp.printer(ground.computer.lower(), model, kind)
    return await ground.udp(snmp.agent((0, 1), objects))


async def _dns(ground: Ground) -> Where:
    return await ground.udp(dns.server(site.addresses()))


async def _redirect(ground: Ground) -> Where:
    return await ground.tcp(http.talk(vsphere.redirect))


async def _sdk(ground: Ground) -> Where:
    return await ground.tcp(http.talk(vsphere.web()), vsphere.self_signed(ground.name))


async def _authd(ground: Ground) -> Where:
    return await ground.tcp(vsphere.daemon())


async def _mute(ground: Ground) -> Where:
    return await ground.tcp(behaviours.mute)


async def _hang_up(ground: Ground) -> Where:
    return await ground.tcp(behaviours.hang_up)


async def _slow_winrm(ground: Ground, seconds: float) -> Where:
    return await ground.tcp(behaviours.slow(seconds, http.talk(winrm.handler())))


async def _silent_tcp(ground: Ground) -> Where:
    return ground.held.enter_context(behaviours.silent_tcp(ground.address))


async def _silent_udp(ground: Ground) -> Where:
    return ground.held.enter_context(behaviours.silent_udp(ground.address))


async def _refused_tcp(ground: Ground) -> Where:
    return ground.held.enter_context(behaviours.refused_tcp(ground.address))


async def _refused_udp(ground: Ground) -> Where:
    return ground.held.enter_context(behaviours.refused_udp(ground.address))


TCP: Mapping[str, Start] = {
    "winrm": _winrm,
    "slow winrm": _slow_winrm,
    "web": _web,
    "https": _https,
    "kdc": _kdc,
    "ldap": _ldap,
    "rpc mapper": _mapper,
    "rpc": _interface,
    "smb": _smb,
    "netbios session": _session,
    "ssh": _ssh,
    "esxi redirect": _redirect,
    "esxi api": _sdk,
    "esxi authd": _authd,
    "mute": _mute,
    "hang up": _hang_up,
    "refused": _refused_tcp,
    "silent": _silent_tcp,
}
UDP: Mapping[str, Start] = {
    "netbios node": _node,
    "snmp agent": _agent,
    "snmp printer": _printer,
    "dns": _dns,
    "refused": _refused_udp,
    "silent": _silent_udp,
}
