"""Factories of the services of the site's hosts, by their kind in the site."""

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
from probes.lab.address_map import Endpoint
from probes.lab.certificates import YEAR_DAYS, CertificateAuthority
from probes.lab.transport import ConnectionHandler, DatagramHandler, listen_tcp, listen_udp

INTERFACES: tuple[UUID, ...] = (rpc.SERVICE_CONTROL, rpc.TASK_SCHEDULER, rpc.REMOTE_REGISTRY)
"""Interfaces on the dynamic ports of a Windows host, in the order of site.DYNAMIC."""


@dataclass
class HostContext:
    """Context of a host's services: its name and loopback address, and what all hosts share."""

    name: str
    address: str
    resources: AsyncExitStack
    authorities: dict[str, CertificateAuthority] = field(default_factory=dict)

    @property
    def computer(self) -> str:
        """The name before its domain, as Windows writes it."""
        return self.name.partition(".")[0].upper()

    def authority(self, organisation: str) -> CertificateAuthority:
        """The authority of this organisation, made when it is first needed."""
        if organisation not in self.authorities:
            self.authorities[organisation] = CertificateAuthority(
                f"{organisation} CA", organisation
            )
        return self.authorities[organisation]

    async def tcp(self, handler: ConnectionHandler, tls: ssl.SSLContext | None = None) -> Endpoint:
        """Serve TCP connections on a free port."""
        server = await listen_tcp(handler, self.address, tls=tls)
        self.resources.callback(server.close)
        return self.address, int(server.sockets[0].getsockname()[1])

    async def udp(self, handler: DatagramHandler) -> Endpoint:
        """Answer datagrams on a free port."""
        transport = await listen_udp(handler, self.address)
        self.resources.callback(transport.close)
        return self.address, int(transport.get_extra_info("sockname")[1])


ServiceFactory = Callable[..., Awaitable[Endpoint]]


async def _winrm(ground: HostContext, credssp: bool = False) -> Endpoint:
    logins = (*winrm.LOGINS, "CredSSP") if credssp else winrm.LOGINS
    return await ground.tcp(http.connection_handler(winrm.handler(logins=logins)))


async def _web(ground: HostContext, server: str) -> Endpoint:
    def page(request: http.Request) -> http.Response:
        return http.Response(404, "Not Found", (("Server", server),), b"not found\n")

    return await ground.tcp(http.connection_handler(page))


async def _https(
    ground: HostContext, issuer: str, days: float = YEAR_DAYS, name: str = "", delay: float = 0
) -> Endpoint:
    def page(request: http.Request) -> http.Response:
        return http.Response(200, "OK", (("Server", "nginx"),), b"a simulated service\n")

    context = ground.authority(issuer).server_context(name or ground.name, days=days)
    return await ground.tcp(behaviours.delayed(delay, http.connection_handler(page)), context)


async def _kdc(ground: HostContext, clock_offset: float = 0) -> Endpoint:
    return await ground.tcp(kerberos.kdc(site.DOMAIN.upper(), clock_offset=clock_offset))


async def _ldap(ground: HostContext) -> Endpoint:
    return await ground.tcp(
        ldap.root_dse_server(ldap.controller_root_dse(ground.name, site.DOMAIN))
    )


async def _mapper(ground: HostContext) -> Endpoint:
    return await ground.tcp(rpc.mapper(tuple(zip(INTERFACES, site.DYNAMIC, strict=True))))


async def _interface(ground: HostContext, number: int) -> Endpoint:
    return await ground.tcp(rpc.interface(INTERFACES[number]))


def _smb_handler(ground: HostContext, smb1: bool, signs: bool, build: int) -> ConnectionHandler:
    if smb1:
        return smb.smb1_only(ground.computer, "CORP")
    mode = smb.SIGNING_REQUIRED if signs else smb.SIGNING_ENABLED
    return smb.windows(ground.computer, site.DOMAIN, build=build, mode=mode)


async def _smb(
    ground: HostContext, smb1: bool = False, signs: bool = False, build: int = 22631
) -> Endpoint:
    return await ground.tcp(_smb_handler(ground, smb1, signs, build))


async def _session(
    ground: HostContext, smb1: bool = False, signs: bool = False, build: int = 22631
) -> Endpoint:
    return await ground.tcp(netbios.session(_smb_handler(ground, smb1, signs, build)))


async def _node(ground: HostContext, mac: str) -> Endpoint:
    return await ground.udp(netbios.node(ground.computer, "CORP", mac))


async def _ssh(ground: HostContext, software: str = "") -> Endpoint:
    server = await ssh.start(ground.address, software=software or ssh.OPENSSH)
    ground.resources.callback(server.close)
    return ground.address, server.get_port()


async def _agent(ground: HostContext, descr: str, kind: str, v3_only: bool = False) -> Endpoint:
    versions = (3,) if v3_only else (0, 1)
    return await ground.udp(snmp.agent(versions, snmp.system(ground.computer.lower(), descr, kind)))


async def _printer(ground: HostContext, model: str, kind: str) -> Endpoint:
    objects = snmp.printer(ground.computer.lower(), model, kind)
    return await ground.udp(snmp.agent((0, 1), objects))


async def _dns(ground: HostContext) -> Endpoint:
    return await ground.udp(dns.server(site.addresses()))


async def _redirect(ground: HostContext) -> Endpoint:
    return await ground.tcp(http.connection_handler(vsphere.redirect))


async def _sdk(ground: HostContext) -> Endpoint:
    return await ground.tcp(
        http.connection_handler(vsphere.api_handler()), vsphere.self_signed(ground.name)
    )


async def _authd(ground: HostContext) -> Endpoint:
    return await ground.tcp(vsphere.authd_handler())


async def _accept_silently(ground: HostContext) -> Endpoint:
    return await ground.tcp(behaviours.accept_silently)


async def _close_at_once(ground: HostContext) -> Endpoint:
    return await ground.tcp(behaviours.close_at_once)


async def _slow_winrm(ground: HostContext, seconds: float) -> Endpoint:
    return await ground.tcp(behaviours.delayed(seconds, http.connection_handler(winrm.handler())))


async def _filtered_tcp(ground: HostContext) -> Endpoint:
    return ground.resources.enter_context(behaviours.filtered_tcp(ground.address))


async def _filtered_udp(ground: HostContext) -> Endpoint:
    return ground.resources.enter_context(behaviours.filtered_udp(ground.address))


async def _closed_tcp(ground: HostContext) -> Endpoint:
    return ground.resources.enter_context(behaviours.closed_tcp(ground.address))


async def _closed_udp(ground: HostContext) -> Endpoint:
    return ground.resources.enter_context(behaviours.closed_udp(ground.address))


TCP: Mapping[str, ServiceFactory] = {
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
    "mute": _accept_silently,
    "hang up": _close_at_once,
    "refused": _closed_tcp,
    "silent": _filtered_tcp,
}
UDP: Mapping[str, ServiceFactory] = {
    "netbios node": _node,
    "snmp agent": _agent,
    "snmp printer": _printer,
    "dns": _dns,
    "refused": _closed_udp,
    "silent": _filtered_udp,
}
