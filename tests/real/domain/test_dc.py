"""The domain controller of these tests, from the client's side."""

from __future__ import annotations

import subprocess
import sys


def test_the_controller_keeps_its_names_and_its_services_in_dns(samba_dc) -> None:
    script = (
        "import socket, dns.resolver as r\n"
        f"print(socket.gethostbyname('{samba_dc.name}'))\n"
        f"print(r.resolve('_ldap._tcp.dc._msdcs.{samba_dc.realm.lower()}', 'SRV')[0].to_text())\n"
    )
    done = subprocess.run(
        samba_dc.command(sys.executable, "-c", script), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [samba_dc.address, "0", "100", "389", f"{samba_dc.name}."]
