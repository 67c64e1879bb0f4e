"""One flow as a rule of each firewall, ready to paste."""

from __future__ import annotations

from probes.registry.shell import Snippet, posix, powershell
from probes.remediation.model import Flow


def windows(flow: Flow, title: str, where: str) -> Snippet:
    """A rule of Windows Defender Firewall that lets this source in (New-NetFirewallRule)."""
    named = f"auditreach: {title} {flow.port_text} from {flow.source}"
    words = ["-DisplayName", powershell(named), "-Direction Inbound -Action Allow"]
    if flow.transport == "icmp":
        kind = "128" if flow.version == 6 else "8"
        words.append(f"-Protocol ICMPv{flow.version} -IcmpType {kind}")
    else:
        words.append(f"-Protocol {flow.transport.upper()} -LocalPort {powershell(flow.ports)}")
    words += ["-RemoteAddress", powershell(flow.source)]
    return Snippet(
        f"PowerShell, as administrator on {where}", (_line("New-NetFirewallRule", words),)
    )


def policy(flow: Flow, starts: tuple[str, ...]) -> Snippet:
    """The same rule for many computers (Group Policy), after `starts`, which start the service."""
    rule = (
        "Windows Settings > Security Settings > Windows Defender Firewall with Advanced Security"
        f" > Inbound Rules: allow {flow.port_text} from {flow.source}"
    )
    return Snippet("or by Group Policy, under Computer Configuration > Policies", (*starts, rule))


def nft(flow: Flow, where: str, *, outbound: bool = False) -> Snippet:
    """A rule for nftables (nft(8)); table and chain are those of its usual examples."""
    chain = "output" if outbound else "input"
    rule = ["inet filter", chain, *_nft_match(flow, outbound=outbound), "accept"]
    return Snippet(
        f"nft, as root on {where}; table and chain as `nft list ruleset` names them",
        (_line("nft insert rule", rule),),
    )


def iptables(flow: Flow, where: str, *, outbound: bool = False) -> Snippet:
    """A rule for iptables or ip6tables (iptables(8))."""
    program = "ip6tables" if flow.version == 6 else "iptables"
    chain = "OUTPUT" if outbound else "INPUT"
    side = ["-d", posix(flow.destination)] if outbound else ["-s", posix(flow.source)]
    if flow.transport == "icmp":
        match = ["-p icmp --icmp-type echo-request"]
        if flow.version == 6:
            match = ["-p ipv6-icmp --icmpv6-type echo-request"]
    else:
        match = [f"-p {flow.transport} --dport", posix(flow.ports.replace("-", ":"))]
    return Snippet(
        f"or {program}, as root on {where}",
        (_line(f"{program} -I {chain}", [*side, *match, "-j ACCEPT"]),),
    )


def firewalld(flow: Flow, where: str) -> Snippet:
    """A rich rule for firewalld's default zone (firewalld.richlanguage(5))."""
    what = f'port port="{flow.ports}" protocol="{flow.transport}"'
    if flow.transport == "icmp":
        what = 'icmp-type name="echo-request"'
    rule = f'rule family="ipv{flow.version}" source address="{flow.source}" {what} accept'
    return Snippet(
        f"or firewalld, as root on {where}",
        (
            f"firewall-cmd --permanent --add-rich-rule={posix(rule)}",
            "firewall-cmd --reload",
        ),
    )


_RULESETS = {"80": "webAccess", "443": "vSphereClient", "902": "vSphereClient"}


def esxi(flow: Flow, where: str) -> tuple[Snippet, ...]:
    """The ruleset of ESXi's firewall that the port belongs to; none for other ports."""
    ruleset = _RULESETS.get(flow.ports)
    if flow.transport != "tcp" or ruleset is None:
        return ()
    esxcli = "esxcli network firewall ruleset"
    return (
        Snippet(
            f"ESXi shell on {where}; the last line only if the list does not say All",
            (
                f"{esxcli} set --ruleset-id {ruleset} --enabled true",
                f"{esxcli} allowedip list --ruleset-id {ruleset}",
                f"{esxcli} allowedip add --ruleset-id {ruleset} --ip-address {posix(flow.source)}",
            ),
        ),
    )


def request(flow: Flow, device: str) -> Snippet:
    """The flow for a firewall whose kind is not known."""
    whose = f"rule for {device}" if device else "rule for any firewall in between"
    return Snippet(whose, (flow.text,))


def _nft_match(flow: Flow, *, outbound: bool) -> list[str]:
    family = "ip6" if flow.version == 6 else "ip"
    side = ["daddr", posix(flow.destination)] if outbound else ["saddr", posix(flow.source)]
    if flow.transport == "icmp":
        kind = "icmpv6" if flow.version == 6 else "icmp"
        return [family, *side, f"{kind} type echo-request"]
    return [family, *side, flow.transport, "dport", posix(flow.ports)]


def _line(command: str, words: list[str]) -> str:
    return " ".join([command, *words])
