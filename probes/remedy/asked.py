"""What a command is made of: a row's host, address and ports, checked for every shell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from probes.engine.model import Job, Observation
from probes.remedy.flow import HOST
from probes.remedy.quoting import address, bracketed, name
from profiles.model import Transport


@dataclass(frozen=True, slots=True)
class Asked:
    """One row as a tool would be told it; every text is an address, a name or a placeholder."""

    probe: str
    transport: Transport
    at: str
    """The address that was measured, else the host; for what asks for a name use `host`."""
    host: str
    port: int
    ports: str
    """The ports to look at, as nmap writes them."""
    proxy: str
    """HOST:PORT of the proxy, empty without one."""
    facts: Mapping[str, object]

    @property
    def version(self) -> int:
        """The version of IP."""
        return 6 if ":" in self.at else 4

    @property
    def named(self) -> bool:
        """Whether the host was given by a name."""
        return not address(self.host)

    @property
    def place(self) -> str:
        """ADDRESS:PORT with brackets where they belong."""
        return f"{bracketed(self.at)}:{self.port}"

    def url(self, scheme: str, path: str, usual: int) -> str:
        """A URL of this host (RFC 3986); a scope is escaped (RFC 6874)."""
        host = bracketed(self.host.replace("%", "%25"))
        return f"{scheme}://{host}{'' if self.port == usual else f':{self.port}'}{path}"


def asked(job: Job, seen: Observation) -> Asked:
    """The row to ask again; through a proxy that was not reached it is the proxy that is asked."""
    host = job.target.host
    safe = address(host, scoped=True) or name(host) or HOST
    at = safe if job.via else address(seen.address, scoped=True) or safe
    port = job.port or 0
    return Asked(
        job.check.probe,
        job.check.transport,
        at,
        safe,
        port,
        _ports(job, seen) or str(port),
        _proxy(job),
        seen.facts,
    )


def _proxy(job: Job) -> str:
    if job.via is None:
        return ""
    host, port = job.via
    known = address(host, scoped=True) or name(host)
    return f"{bracketed(known)}:{port}" if known else ""


def _ports(job: Job, seen: Observation) -> str:
    """Of a range the ports that were tried, as far as they are known."""
    if not job.check.ports:
        return ""
    tried = seen.facts.get("tried")
    if not isinstance(tried, (list, tuple)):
        return job.check.ports
    numbers = [one.get("port") for one in tried if isinstance(one, Mapping)]
    kept = [str(one) for one in numbers if type(one) is int and 0 < one < 65536]
    return ",".join(kept) or job.check.ports
