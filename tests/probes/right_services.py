"""Servers of the lab that are what each TCP probe asks for, without those that want TLS or keys."""

from __future__ import annotations

from probes.lab import http, kerberos, ldap, netbios, rpc, smb, vsphere, winrm
from probes.lab.transport import ConnectionHandler

OVER_TCP: dict[str, ConnectionHandler] = {
    "authd": vsphere.authd_handler(),
    "http_redirect": http.connection_handler(vsphere.redirect),
    "kerberos": kerberos.kdc("CORP.EXAMPLE"),
    "ldap": ldap.root_dse_server(ldap.controller_root_dse("dc1", "corp.example")),
    "netbios": netbios.session(smb.windows("PC-1", "corp.example")),
    "rpc": rpc.mapper({}),
    "smb": smb.windows("PC-1", "corp.example"),
    "winrm": http.connection_handler(winrm.handler()),
}
